/*
 * Sealing bytes with a key, and one key with another (libsodium).
 *
 * - A sealed value is secretbox (XSalsa20-Poly1305) under a random nonce that stands before it. Whoever has
 * the key reads it; any changed byte makes it CM_CORRUPT.
 * - A wrapped key is XChaCha20-Poly1305 (IETF) under a random nonce, with the owner's id as associated data:
 * secretbox has none, and without it a wrapped key could be moved from one owner to another and would still
 * open.
 *
 * Both nonces are 24 bytes, long enough to be drawn at random. Pure but for the random bytes; any thread.
 * cm_crypt_init() must have been called.
 */
#ifndef CM_SEAL_H
#define CM_SEAL_H

#include "base/err.h"
#include <stddef.h>
#include <stdint.h>

enum {
    CM_KEY_SIZE = 32,
    CM_SEAL_OVERHEAD = 24 + 16,
    CM_WRAPPED_SIZE = 24 + CM_KEY_SIZE + 16,
};

/* Starts libsodium; any number of times, any thread. CM_BACKEND: this machine gives no random numbers. */
enum cm_code cm_crypt_init(struct cm_err *err);

void cm_key_random(uint8_t ret_key[CM_KEY_SIZE]);
/* Wipes in a way that the compiler does not optimise away. */
void cm_wipe(void *bytes, size_t size);

/* sealed must have room for size + CM_SEAL_OVERHEAD bytes. */
void cm_seal(const uint8_t key[CM_KEY_SIZE], const uint8_t *plain, size_t size, uint8_t *sealed);
/* plain must have room for size - CM_SEAL_OVERHEAD bytes. CM_CORRUPT: another key, or changed. */
enum cm_code cm_seal_open(const uint8_t key[CM_KEY_SIZE], const uint8_t *sealed, size_t size, uint8_t *plain,
                          struct cm_err *err);

void cm_key_wrap(const uint8_t master[CM_KEY_SIZE], const char *owner, const uint8_t key[CM_KEY_SIZE],
                 uint8_t ret_wrapped[CM_WRAPPED_SIZE]);
/* CM_CORRUPT: another master key, another owner, or changed. */
enum cm_code cm_key_unwrap(const uint8_t master[CM_KEY_SIZE], const char *owner,
                           const uint8_t wrapped[CM_WRAPPED_SIZE], uint8_t ret_key[CM_KEY_SIZE],
                           struct cm_err *err);

#endif
