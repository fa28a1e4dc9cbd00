#include "crypt/box.h"

#include "crypt/seal.h"
#include <sodium.h>
#include <string.h>

_Static_assert(CM_BOX_KEY_SIZE == crypto_box_PUBLICKEYBYTES && CM_BOX_KEY_SIZE == crypto_box_SECRETKEYBYTES &&
                   CM_BOX_OVERHEAD == crypto_box_SEALBYTES,
               "libsodium's sizes");

void cm_box_create(struct cm_box *ret_box)
{
    crypto_box_keypair(ret_box->public_key, ret_box->secret_key);
}

void cm_box_from_secret(const uint8_t secret_key[CM_BOX_KEY_SIZE], struct cm_box *ret_box)
{
    memcpy(ret_box->secret_key, secret_key, CM_BOX_KEY_SIZE);
    crypto_scalarmult_base(ret_box->public_key, ret_box->secret_key);
}

enum cm_code cm_box_key_of_signer(const uint8_t public_key[CM_PUBLIC_KEY_SIZE],
                                  uint8_t ret_key[CM_BOX_KEY_SIZE], struct cm_err *err)
{
    uint8_t key[CM_BOX_KEY_SIZE];
    if (crypto_sign_ed25519_pk_to_curve25519(key, public_key) != 0)
        return cm_fail(err, CM_INVALID, "this is no public key of a station");
    memcpy(ret_key, key, sizeof key);
    return CM_OK;
}

enum cm_code cm_box_seal(const uint8_t key[CM_BOX_KEY_SIZE], const uint8_t *plain, size_t size,
                         uint8_t *sealed, struct cm_err *err)
{
    if (crypto_box_seal(sealed, plain, size, key) != 0)
        return cm_fail(err, CM_INVALID, "nothing can be sealed to this key");
    return CM_OK;
}

enum cm_code cm_box_open(const void *box, const uint8_t *sealed, size_t size, uint8_t *plain,
                         struct cm_err *err)
{
    const struct cm_box *own = box;
    if (size < CM_BOX_OVERHEAD ||
        crypto_box_seal_open(plain, sealed, size, own->public_key, own->secret_key) != 0)
        return cm_fail(err, CM_CORRUPT, "a sealed message does not open: it was changed, or is not for us");
    return CM_OK;
}
