/*
 * Sealing to a public key: whoever has the key seals, only the owner of the secret opens (libsodium's crypto_box_seal:
 * X25519 with a key pair made for the one message, XSalsa20-Poly1305). It hides, and shows changes; it does not say who
 * sealed: that is the connection's or a signature's business.
 *
 * A station's X25519 key is derived from the Ed25519 key that signs its log (keyfile.h: cm_keys_box_open); the server has a
 * pair of its own. Pure but for the random bytes; any thread. cm_crypt_init() must have been called.
 */
#ifndef CM_BOX_H
#define CM_BOX_H

#include "base/err.h"
#include "crypt/keyfile.h"
#include <stddef.h>
#include <stdint.h>

enum { CM_BOX_KEY_SIZE = 32, CM_BOX_OVERHEAD = 32 + 16 };

struct cm_box { /* wipe it when it is no longer needed */
    uint8_t public_key[CM_BOX_KEY_SIZE];
    uint8_t secret_key[CM_BOX_KEY_SIZE];
};

void cm_box_create(struct cm_box *ret_box);
/* The pair of a secret key that was kept. */
void cm_box_from_secret(const uint8_t secret_key[CM_BOX_KEY_SIZE], struct cm_box *ret_box);

/* The X25519 key that belongs to an Ed25519 public key. CM_INVALID: it is none (a point that no key pair has). */
enum cm_code cm_box_key_of_signer(const uint8_t public_key[CM_PUBLIC_KEY_SIZE],
                                  uint8_t ret_key[CM_BOX_KEY_SIZE], struct cm_err *err);

/* sealed must have room for size + CM_BOX_OVERHEAD bytes. CM_INVALID: a key that cannot be sealed to. */
enum cm_code cm_box_seal(const uint8_t key[CM_BOX_KEY_SIZE], const uint8_t *plain, size_t size,
                         uint8_t *sealed, struct cm_err *err);
/* box is a struct cm_box. plain must have room for size - CM_BOX_OVERHEAD bytes. CM_CORRUPT: sealed to another key, or
 * changed. */
enum cm_code cm_box_open(const void *box, const uint8_t *sealed, size_t size, uint8_t *plain,
                         struct cm_err *err);

#endif
