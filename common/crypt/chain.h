/*
 * The hash chain of an append-only log, and the signature over its head.
 *
 *   hash(0) = BLAKE2b-256("rollcall log 1" ‖ public key)      so that two stations' logs never share a hash
 *   hash(n) = BLAKE2b-256(hash(n-1) ‖ event n as encoded)
 *   signature = Ed25519("rollcall head 1" ‖ n as 8 bytes big endian ‖ hash(n)), after each batch
 *
 * A signature therefore covers every event up to its own, their order and their number. The label keeps it
 * from being taken for a signature over anything else. Pure functions, any thread; cm_crypt_init() must have
 * been called.
 */
#ifndef CM_CHAIN_H
#define CM_CHAIN_H

#include "base/err.h"
#include "crypt/keyfile.h"
#include <stddef.h>
#include <stdint.h>

enum { CM_HASH_SIZE = 32 };

void cm_chain_start(const uint8_t public_key[CM_PUBLIC_KEY_SIZE], uint8_t ret_hash[CM_HASH_SIZE]);
void cm_chain_next(const uint8_t previous[CM_HASH_SIZE], const uint8_t *event, size_t size,
                   uint8_t ret_hash[CM_HASH_SIZE]);

void cm_head_sign(const struct cm_keys *keys, uint64_t seq, const uint8_t hash[CM_HASH_SIZE],
                  uint8_t ret_signature[CM_SIGNATURE_SIZE]);
/* CM_CORRUPT: not signed by that key, or over another head. */
enum cm_code cm_head_verify(const uint8_t public_key[CM_PUBLIC_KEY_SIZE], uint64_t seq,
                            const uint8_t hash[CM_HASH_SIZE], const uint8_t signature[CM_SIGNATURE_SIZE],
                            struct cm_err *err);

#endif
