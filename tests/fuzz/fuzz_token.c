/* Tokens from anywhere. With an odd first byte the rest is a token as a client sends it: none may be taken, since nobody
 * but us has the key. With an even one the rest is a header and a payload with a zero byte between them, which are signed
 * here with the right key: what a libjwt, ours or another program's, might have made. */
#include "auth/token.h"

#include "base/utf8.h"
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { NOW_S = 1795404000, BASE64URL = sodium_base64_VARIANT_URLSAFE_NO_PADDING, PART_MAX = 3000 };

static const char secret[] = "0123456789abcdef0123456789abcdef";
static struct srv_jwt_keys keys;

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void start(void)
{
    if (keys.count > 0)
        return;
    must(sodium_init() >= 0);
    must(srv_jwt_add_key(&keys, secret, strlen(secret), NULL) == CM_OK);
}

/* "$" in a header stands for the id of our key, which a seed cannot know otherwise. */
static size_t with_key_id(const uint8_t *data, size_t size, uint8_t *out)
{
    size_t used = 0;
    for (size_t i = 0; i < size; i++)
        if (data[i] == '$') {
            memcpy(out + used, keys.keys[0].id, strlen(keys.keys[0].id));
            used += strlen(keys.keys[0].id);
        } else {
            out[used++] = data[i];
        }
    return used;
}

static size_t add_part(char *token, size_t room, const uint8_t *data, size_t size)
{
    must(sodium_base64_encoded_len(size, BASE64URL) <= room);
    sodium_bin2base64(token, room, data, size, BASE64URL);
    return strlen(token);
}

static void try_signed(const uint8_t *data, size_t size)
{
    static uint8_t header[16 * PART_MAX];
    static char token[32 * PART_MAX];
    uint8_t mac[crypto_auth_hmacsha256_BYTES];
    crypto_auth_hmacsha256_state state;
    struct srv_claims claims;
    const uint8_t *zero = memchr(data, '\0', size);
    if (zero == NULL || size > PART_MAX)
        return;
    size_t header_size = with_key_id(data, (size_t)(zero - data), header);
    size_t used = add_part(token, sizeof token, header, header_size);
    token[used++] = '.';
    used += add_part(token + used, sizeof token - used, zero + 1, size - (size_t)(zero + 1 - data));
    crypto_auth_hmacsha256_init(&state, keys.keys[0].bytes, keys.keys[0].size);
    crypto_auth_hmacsha256_update(&state, (const uint8_t *)token, used);
    crypto_auth_hmacsha256_final(&state, mac);
    token[used++] = '.';
    add_part(token + used, sizeof token - used, mac, sizeof mac);
    if (srv_jwt_verify(&keys, token, NOW_S, &claims, NULL) != CM_OK)
        return;
    must(memmem(header, header_size, "HS256", 5) != NULL);
    must(claims.role == SRV_ROLE_ADMIN || claims.role == SRV_ROLE_COORDINATOR ||
         claims.role == SRV_ROLE_STUDENT);
    must(claims.issued_s <= NOW_S + SRV_JWT_SKEW_S && claims.expires_s > NOW_S);
    must(claims.user[0] != '\0' && cm_utf8_valid(claims.user, strlen(claims.user)));
}

static void try_foreign(const uint8_t *data, size_t size)
{
    struct srv_claims claims;
    char *token = calloc(1, size + 1);
    must(token != NULL);
    memcpy(token, data, size);
    must(srv_jwt_verify(&keys, token, NOW_S, &claims, NULL) == CM_INVALID);
    free(token);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    start();
    if (data[0] % 2 == 0)
        try_signed(data + 1, size - 1);
    else
        try_foreign(data + 1, size - 1);
    return 0;
}
