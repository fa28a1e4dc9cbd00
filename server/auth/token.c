#include "auth/token.h"

#include "http_json/json.h"
#include <assert.h>
#include <jwt.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SESSION_TEXT_SIZE = 23, BASE64URL = sodium_base64_VARIANT_URLSAFE_NO_PADDING };

const char *srv_role_name(uint32_t role)
{
    switch (role) {
    case SRV_ROLE_ADMIN:
        return "admin";
    case SRV_ROLE_COORDINATOR:
        return "coordinator";
    case SRV_ROLE_STUDENT:
        return "student";
    case SRV_ROLE_STATION:
        return "station";
    default:
        return "";
    }
}

uint32_t srv_role_parse(const char *name)
{
    static const uint32_t roles[] = {SRV_ROLE_ADMIN, SRV_ROLE_COORDINATOR, SRV_ROLE_STUDENT};
    for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
        if (strcmp(srv_role_name(roles[i]), name) == 0)
            return roles[i];
    }
    return 0;
}

enum cm_code srv_jwt_add_key(struct srv_jwt_keys *keys, const void *secret, size_t size, struct cm_err *err)
{
    if (size < SRV_AUTH_SECRET_SIZE)
        return cm_fail(err, CM_INVALID,
                       "SECRET_KEY has %zu bytes, it takes at least %d: set it to the output of "
                       "\"openssl rand -base64 48\", or unset it to use the one that the store keeps",
                       size, SRV_AUTH_SECRET_SIZE);
    if (size > SRV_JWT_KEY_MAX)
        return cm_fail(err, CM_INVALID, "SECRET_KEY is longer than %d bytes", SRV_JWT_KEY_MAX);
    assert(keys->count < SRV_JWT_KEYS);
    struct srv_jwt_key *key = &keys->keys[keys->count++];
    memcpy(key->bytes, secret, size);
    key->size = size;
    static const char label[] = "rollcall key id 1";
    uint8_t hash[crypto_generichash_BYTES];
    uint8_t short_key[32]; /* BLAKE2b takes keys of at most 64 bytes */
    crypto_generichash(short_key, sizeof(short_key), secret, size, NULL, 0);
    crypto_generichash(hash, sizeof(hash), (const uint8_t *)label, strlen(label), short_key,
                       sizeof(short_key));
    sodium_bin2base64(key->id, sizeof(key->id), hash, 9, BASE64URL);
    sodium_memzero(short_key, sizeof(short_key));
    return CM_OK;
}

/* ---- making ---- */
static int fill(jwt_t *jwt, const struct srv_jwt_key *key, const struct srv_claims *claims)
{
    char session[SESSION_TEXT_SIZE];
    sodium_bin2base64(session, sizeof(session), claims->session, sizeof(claims->session), BASE64URL);
    int failed = jwt_add_header(jwt, "kid", key->id);
    failed |= jwt_add_header(jwt, "typ", "JWT"); /* older ones add it by themselves, newer ones not always */
    failed |= jwt_add_grant(jwt, "sub", claims->user);
    failed |= jwt_add_grant(jwt, "role", srv_role_name(claims->role));
    failed |= jwt_add_grant(jwt, "sid", session);
    failed |= jwt_add_grant_int(jwt, "iat", (long)claims->issued_s);
    failed |= jwt_add_grant_int(jwt, "exp", (long)claims->expires_s);
    failed |= jwt_set_alg(jwt, JWT_ALG_HS256, key->bytes, (int)key->size);
    return failed;
}

enum cm_code srv_jwt_make(const struct srv_jwt_keys *keys, const struct srv_claims *claims,
                          char ret_token[SRV_JWT_SIZE], struct cm_err *err)
{
    jwt_t *jwt = NULL;
    char *token = NULL;
    enum cm_code code = CM_NOMEM;
    if (jwt_new(&jwt) != 0 || fill(jwt, &keys->keys[0], claims) != 0)
        goto out;
    token = jwt_encode_str(jwt);
    if (token == NULL || strlen(token) >= SRV_JWT_SIZE)
        goto out;
    memcpy(ret_token, token, strlen(token) + 1);
    code = CM_OK;
out:
    free(token);
    jwt_free(jwt);
    return code == CM_OK ? CM_OK : cm_fail(err, code, "a token could not be made");
}

/* ---- verifying ---- */
struct part { /* between the dots */
    const char *text;
    size_t size;
};

/* Exactly three parts of the alphabet of base64url: nothing of a token means anything else to libjwt than to us. */
static bool split(const char *token, struct part parts[3])
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    for (int i = 0; i < 3; i++) {
        parts[i] = (struct part){token, strspn(token, alphabet)};
        token += parts[i].size;
        if (parts[i].size == 0 || *token != (i < 2 ? '.' : '\0'))
            return false;
        token++;
    }
    return true;
}

static bool read_part(struct part part, const struct srv_json_field *fields, size_t count)
{
    uint8_t bytes[SRV_JWT_MAX];
    size_t size;
    struct srv_json_problem problem;
    return sodium_base642bin(bytes, sizeof(bytes), part.text, part.size, NULL, &size, NULL, BASE64URL) == 0 &&
           srv_json_read(bytes, size, fields, count, &problem) == CM_OK;
}

static const struct srv_jwt_key *key_of(const struct srv_jwt_keys *keys, struct part header)
{
    char alg[16] = "", kid[32] = "", typ[16] = "";
    const struct srv_json_field fields[] = {
        {.name = "alg", .type = SRV_JSON_SECRET, .required = true, .ret = alg, .size = sizeof(alg)},
        {.name = "kid", .type = SRV_JSON_SECRET, .required = true, .ret = kid, .size = sizeof(kid)},
        {.name = "typ", .type = SRV_JSON_SECRET, .ret = typ, .size = sizeof(typ)},
    };
    if (!read_part(header, fields, sizeof(fields) / sizeof(fields[0])) || strcmp(alg, "HS256") != 0)
        return NULL;
    for (int i = 0; i < keys->count; i++) {
        if (strcmp(keys->keys[i].id, kid) == 0)
            return &keys->keys[i];
    }
    return NULL;
}

/* The one place that calls jwt_decode. Without a key it would take any token; with one it would also take HS512. */
static bool signed_by(const struct srv_jwt_key *key, const char *token)
{
    assert(key->size >= SRV_AUTH_SECRET_SIZE);
    jwt_t *jwt = NULL;
    bool ok = jwt_decode(&jwt, token, key->bytes, (int)key->size) == 0 && jwt_get_alg(jwt) == JWT_ALG_HS256;
    jwt_free(jwt);
    return ok;
}

static bool read_claims(struct part payload, struct srv_claims *claims)
{
    char role[16] = "", session[SESSION_TEXT_SIZE] = "";
    int64_t not_before = 0;
    const struct srv_json_field fields[] = {
        {.name = "sub", .type = SRV_JSON_SECRET, .required = true, .ret = claims->user, .size = 64, .min = 1},
        {.name = "role", .type = SRV_JSON_SECRET, .required = true, .ret = role, .size = sizeof(role)},
        {.name = "sid", .type = SRV_JSON_SECRET, .required = true, .ret = session, .size = sizeof(session)},
        {.name = "iat",
         .type = SRV_JSON_INT,
         .required = true,
         .ret = &claims->issued_s,
         .min = 1,
         .max = INT32_MAX * 4LL},
        {.name = "exp",
         .type = SRV_JSON_INT,
         .required = true,
         .ret = &claims->expires_s,
         .min = 1,
         .max = INT32_MAX * 4LL},
        {.name = "nbf", .type = SRV_JSON_INT, .ret = &not_before, .min = 1, .max = INT32_MAX * 4LL},
    };
    size_t size;
    if (!read_part(payload, fields, sizeof(fields) / sizeof(fields[0])))
        return false;
    claims->role = srv_role_parse(role);
    if (not_before >
        claims->issued_s) /* one that we never set; then it must not promise more than iat does */
        claims->issued_s = not_before;
    return claims->role != 0 &&
           sodium_base642bin(claims->session, sizeof(claims->session), session, strlen(session), NULL, &size,
                             NULL, BASE64URL) == 0 &&
           size == sizeof(claims->session);
}

enum cm_code srv_jwt_verify(const struct srv_jwt_keys *keys, const char *token, int64_t now_s,
                            struct srv_claims *ret_claims, struct cm_err *err)
{
    struct part parts[3];
    if (strnlen(token, SRV_JWT_MAX) >= SRV_JWT_MAX)
        return cm_fail(err, CM_INVALID, "the token is too long");
    if (!split(token, parts))
        return cm_fail(err, CM_INVALID, "not a token");
    const struct srv_jwt_key *key = key_of(keys, parts[0]);
    if (key == NULL)
        return cm_fail(err, CM_INVALID, "not a token of ours: algorithm or key");
    if (!signed_by(key, token))
        return cm_fail(err, CM_INVALID, "the token's signature is wrong");
    struct srv_claims claims = {.role = 0};
    if (!read_claims(parts[1], &claims))
        return cm_fail(err, CM_INVALID, "the token's claims are not ours");
    if (claims.issued_s > now_s + SRV_JWT_SKEW_S)
        return cm_fail(err, CM_INVALID, "the token is from the future");
    if (now_s >= claims.expires_s)
        return cm_fail(err, CM_INVALID, "the token is over");
    *ret_claims = claims;
    return CM_OK;
}
