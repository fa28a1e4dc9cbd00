/*
 * JSON web tokens: HS256 by libjwt, and everything that libjwt does not check. Nothing of libjwt passes this header.
 *
 * A token is {"alg":"HS256","kid":…,"typ":"JWT"} and {"exp","iat","role","sid","sub"}; whole numbers of seconds; nothing
 * else may stand in either. It names a session and proves that we said so; whether the session still lives is asked of the
 * store each time (session.h). Pure but for memory; any thread.
 */
#ifndef SRV_AUTH_TOKEN_H
#define SRV_AUTH_TOKEN_H

#include "auth/auth.h"

enum {
    SRV_JWT_MAX = 4096,  /* bytes of a token that is looked at */
    SRV_JWT_SIZE = 1024, /* of one of ours, with the NUL */
    SRV_JWT_KEYS = 2,    /* the present one and the one before it */
    SRV_JWT_KEY_MAX = 512,
    SRV_JWT_SKEW_S = 60, /* iat may be so far in the future */
};

struct srv_jwt_key {
    char id[16]; /* "kid": derived from the key */
    uint8_t bytes[SRV_JWT_KEY_MAX];
    size_t size;
};
struct srv_jwt_keys {
    struct srv_jwt_key keys[SRV_JWT_KEYS]; /* [0] signs */
    int count;
};
/* CM_INVALID: shorter than 32 bytes, or longer than SRV_JWT_KEY_MAX. */
enum cm_code srv_jwt_add_key(struct srv_jwt_keys *keys, const void *secret, size_t size, struct cm_err *err);

struct srv_claims {
    char user[64];
    uint32_t role;
    uint8_t session[16];
    int64_t issued_s, expires_s;
};
enum cm_code srv_jwt_make(const struct srv_jwt_keys *keys, const struct srv_claims *claims,
                          char ret_token[SRV_JWT_SIZE], struct cm_err *err);
/* CM_INVALID with the reason (for the log, not for the client): anything that srv_jwt_make did not make, or that is over. */
enum cm_code srv_jwt_verify(const struct srv_jwt_keys *keys, const char *token, int64_t now_s,
                            struct srv_claims *ret_claims, struct cm_err *err);

#endif
