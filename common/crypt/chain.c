#include "crypt/chain.h"

#include <sodium.h>
#include <string.h>

static const char log_label[] = "rollcall log 1", head_label[] = "rollcall head 1";

enum { HEAD_MESSAGE_SIZE = sizeof head_label - 1 + 8 + CM_HASH_SIZE };

static void hash_two(const void *first, size_t first_size, const void *second, size_t second_size,
                     uint8_t ret_hash[CM_HASH_SIZE])
{
    crypto_generichash_state state;
    crypto_generichash_init(&state, NULL, 0, CM_HASH_SIZE);
    crypto_generichash_update(&state, first, first_size);
    crypto_generichash_update(&state, second, second_size);
    crypto_generichash_final(&state, ret_hash, CM_HASH_SIZE);
}

void cm_chain_start(const uint8_t public_key[CM_PUBLIC_KEY_SIZE], uint8_t ret_hash[CM_HASH_SIZE])
{
    hash_two(log_label, sizeof log_label - 1, public_key, CM_PUBLIC_KEY_SIZE, ret_hash);
}

void cm_chain_next(const uint8_t previous[CM_HASH_SIZE], const uint8_t *event, size_t size,
                   uint8_t ret_hash[CM_HASH_SIZE])
{
    hash_two(previous, CM_HASH_SIZE, event, size, ret_hash);
}

static void head_message(uint64_t seq, const uint8_t hash[CM_HASH_SIZE], uint8_t message[HEAD_MESSAGE_SIZE])
{
    uint8_t *at = message;
    memcpy(at, head_label, sizeof head_label - 1);
    at += sizeof head_label - 1;
    for (int shift = 56; shift >= 0; shift -= 8)
        *at++ = (uint8_t)(seq >> shift);
    memcpy(at, hash, CM_HASH_SIZE);
}

void cm_head_sign(const struct cm_keys *keys, uint64_t seq, const uint8_t hash[CM_HASH_SIZE],
                  uint8_t ret_signature[CM_SIGNATURE_SIZE])
{
    uint8_t message[HEAD_MESSAGE_SIZE];
    head_message(seq, hash, message);
    cm_keys_sign(keys, message, sizeof message, ret_signature);
}

enum cm_code cm_head_verify(const uint8_t public_key[CM_PUBLIC_KEY_SIZE], uint64_t seq,
                            const uint8_t hash[CM_HASH_SIZE], const uint8_t signature[CM_SIGNATURE_SIZE],
                            struct cm_err *err)
{
    uint8_t message[HEAD_MESSAGE_SIZE];
    head_message(seq, hash, message);
    if (crypto_sign_verify_detached(signature, message, sizeof message, public_key) != 0)
        return cm_fail(err, CM_CORRUPT, "the signature at event %llu does not verify",
                       (unsigned long long)seq);
    return CM_OK;
}
