#include "crypt/seal.h"

#include <sodium.h>
#include <string.h>

enum {
    SEAL_NONCE = crypto_secretbox_NONCEBYTES,
    WRAP_NONCE = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
};
_Static_assert(CM_SEAL_OVERHEAD == crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES,
               "libsodium's sizes");
_Static_assert(CM_WRAPPED_SIZE == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES + CM_KEY_SIZE +
                                      crypto_aead_xchacha20poly1305_ietf_ABYTES,
               "libsodium's sizes");
_Static_assert(CM_KEY_SIZE == crypto_secretbox_KEYBYTES &&
                   CM_KEY_SIZE == crypto_aead_xchacha20poly1305_ietf_KEYBYTES,
               "libsodium's sizes");

enum cm_code cm_crypt_init(struct cm_err *err)
{
    if (sodium_init() < 0)
        return cm_fail(err, CM_BACKEND, "libsodium does not start: this machine gives no random numbers");
    return CM_OK;
}

void cm_key_random(uint8_t ret_key[CM_KEY_SIZE])
{
    randombytes_buf(ret_key, CM_KEY_SIZE);
}

void cm_wipe(void *bytes, size_t size)
{
    sodium_memzero(bytes, size);
}

void cm_seal(const uint8_t key[CM_KEY_SIZE], const uint8_t *plain, size_t size, uint8_t *sealed)
{
    randombytes_buf(sealed, SEAL_NONCE);
    crypto_secretbox_easy(sealed + SEAL_NONCE, plain, size, sealed, key);
}

enum cm_code cm_seal_open(const uint8_t key[CM_KEY_SIZE], const uint8_t *sealed, size_t size, uint8_t *plain,
                          struct cm_err *err)
{
    if (size < CM_SEAL_OVERHEAD ||
        crypto_secretbox_open_easy(plain, sealed + SEAL_NONCE, size - SEAL_NONCE, sealed, key) != 0)
        return cm_fail(err, CM_CORRUPT, "a seal does not open: the bytes were changed or the key is another");
    return CM_OK;
}

void cm_key_wrap(const uint8_t master[CM_KEY_SIZE], const char *owner, const uint8_t key[CM_KEY_SIZE],
                 uint8_t ret_wrapped[CM_WRAPPED_SIZE])
{
    randombytes_buf(ret_wrapped, WRAP_NONCE);
    crypto_aead_xchacha20poly1305_ietf_encrypt(ret_wrapped + WRAP_NONCE, NULL, key, CM_KEY_SIZE,
                                               (const uint8_t *)owner, strlen(owner), NULL, ret_wrapped,
                                               master);
}

enum cm_code cm_key_unwrap(const uint8_t master[CM_KEY_SIZE], const char *owner,
                           const uint8_t wrapped[CM_WRAPPED_SIZE], uint8_t ret_key[CM_KEY_SIZE],
                           struct cm_err *err)
{
    uint8_t key[CM_KEY_SIZE];
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(key, NULL, NULL, wrapped + WRAP_NONCE,
                                                   CM_WRAPPED_SIZE - WRAP_NONCE, (const uint8_t *)owner,
                                                   strlen(owner), wrapped, master) != 0)
        return cm_fail(err, CM_CORRUPT, "the key of %s does not open: it was changed or belongs elsewhere",
                       owner);
    memcpy(ret_key, key, sizeof key);
    sodium_memzero(key, sizeof key);
    return CM_OK;
}
