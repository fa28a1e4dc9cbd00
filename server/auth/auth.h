/*
 * Who calls, and may he: passwords, tokens, sessions, throttling. The authorize hook of the HTTP server.
 *
 * - Passwords: Argon2id by libsodium (2 passes, 19 MiB), hashed on a thread of its own with a queue of at most
 *   SRV_AUTH_QUEUE_MAX; a full queue answers 429. Unknown user and wrong password take the same time and say the same.
 * - Tokens: JWT (HS256) with session id, user, role; at most 12 h; the session is looked up in the store at each call, so
 *   logout, password change, a disabled or erased user end it at once. Only HS256 with our 32-byte secret verifies.
 * - A browser has the token in a cookie (HttpOnly, SameSite=Strict; Secure and __Host- under TLS); its writes must come
 *   from our own origin (Sec-Fetch-Site, else Origin). A program sends it as a bearer; then the cookie is ignored.
 * - A station's bearer is 32 random bytes; the store has its hash.
 * - Throttling: by account and by address, slower and slower, with Retry-After; a stranger can slow an account down from
 *   his address, not lock its owner out from another.
 *
 * Threads: any loop thread. Handlers of /api/auth/… and /api/me are here too (handlers.h).
 */
#ifndef SRV_AUTH_H
#define SRV_AUTH_H

#include "app/app.h"
#include "write/call_write.h"

enum {
    SRV_AUTH_QUEUE_MAX = 64,
    SRV_AUTH_SECRET_SIZE = 32, /* least; SECRET_KEY may be longer */
    SRV_PASSWORD_MIN = 10,     /* characters that a chosen password has at least */
    SRV_PASSWORD_MAX = 256,    /* bytes */
    SRV_TOKEN_TEXT_SIZE = 64,  /* a station's token, base64url, with the NUL */
    SRV_CODE_TEXT_SIZE = 16,   /* "7K2Q-9DXM" */
};

struct srv_auth_options {
    struct srv_store *store;
    struct srv_writer *writer; /* NULL in commands: then only the functions that say so work */
    const struct cm_clock *clock;
    const char *secret_key;   /* of the environment; NULL: the store's, made at the first start */
    const char *previous_key; /* the SECRET_KEY before it, still believed while it is changed; NULL: none */
    int token_minutes;        /* 0: 720 */
};
/* CM_INVALID: SECRET_KEY shorter than 32 bytes. */
enum cm_code srv_auth_open(const struct srv_auth_options *options, struct srv_auth **ret_auth,
                           struct cm_err *err);
/* After srv_http_run has returned, before the writer and the HTTP server are destroyed: ends the password thread and gives
 * back what waits for it. Then srv_auth_close after them. */
void srv_auth_stop(struct srv_auth *auth);
void srv_auth_close(struct srv_auth *auth);

/* The hook (http.h); app is a struct srv_app. A handler of a route for anyone may call it to learn who comes, if it is
 * somebody: then it never refuses, and role 0 is nobody. */
int srv_auth_authorize(void *app, struct srv_call *call, const struct srv_route *route,
                       struct srv_identity *ret_identity);

/* May this person see that class, that student? Admins all, coordinators their classes, students themselves and no whole
 * class, stations the classes that they serve. */
bool srv_auth_sees_class(const struct srv_identity *who, const char *class_id);
bool srv_auth_sees_student(const struct srv_identity *who, const struct srv_student *student);

/* ---- users with their rules; within srv_store_write ---- */
/* CM_INVALID and a refusal whose status is not 0: a rule says no, the sentence says which, and an API answers it so. */
/* The classes of a coordinator and the student of a student's login exist, and he has no other. */
enum cm_code srv_auth_add_user(struct srv_store *store, const struct srv_user *user,
                               struct srv_refusal *ret_refusal, struct cm_err *err);
/* user: as he is to be. His sessions end when he is disabled or got another role or password. The last admin who can log
 * in stays one. CM_NOTFOUND. */
enum cm_code srv_auth_change_user(struct srv_store *store, const struct srv_user *user,
                                  struct srv_refusal *ret_refusal, struct cm_err *err);
enum cm_code srv_auth_delete_user(struct srv_store *store, const char *name, struct srv_refusal *ret_refusal,
                                  struct cm_err *err);
/* Lower-cases what was typed: [a-z0-9._@-]{1,63}, the first a letter or digit. False: not a user name. Pure. */
bool srv_auth_user_name(const char *typed, char ret_name[64]);
const char *srv_role_name(uint32_t role);  /* "admin", "coordinator", "student", "station"; "" of another */
uint32_t srv_role_parse(const char *name); /* of a person; 0: none of these */

/* ---- for commands and for pairing; within srv_store_write where they write ---- */
/* A random password that is easy to type ("kolam-tiger-rain-42"-like, ≥ 50 bits), hashed into the user, to be changed at
 * the first login and worthless after valid_minutes (0: does not expire). Blocks for the hash. */
enum { SRV_ONE_TIME_SIZE = 40 };
enum cm_code srv_auth_one_time(struct srv_user *user, const struct cm_clock *clock, int valid_minutes,
                               char ret_password[SRV_ONE_TIME_SIZE], struct cm_err *err);
/* The first start: makes "admin" with a one-time password when there is no admin at all; else CM_EXISTS. */
enum cm_code srv_auth_first_admin(struct srv_store *store, const struct cm_clock *clock,
                                  char ret_password[SRV_ONE_TIME_SIZE], struct cm_err *err);
/* A code for a kind and subject, valid so long, used once; older ones of the same are void. */
enum cm_code srv_auth_make_code(struct srv_store *store, const char *kind, const char *subject,
                                int64_t now_ms, int valid_minutes, char ret_code[SRV_CODE_TEXT_SIZE],
                                struct cm_err *err);
/* Takes the code: CM_NOTFOUND when it is unknown, used or over. The subject is told. Dashes, spaces and case of what was
 * typed do not matter. */
enum cm_code srv_auth_take_code(struct srv_store *store, const char *kind, const char *typed, int64_t now_ms,
                                char ret_subject[64], struct cm_err *err);
/* A new station token and its hash. */
void srv_auth_make_token(char ret_token[SRV_TOKEN_TEXT_SIZE], uint8_t ret_hash[32]);
void srv_auth_hash_token(const char *token, uint8_t ret_hash[32]);

/* Throttling for other doors (pairing), by address and by what is guessed at there from wherever (account; NULL: nothing):
 * 0, or the seconds to wait. A try counts as a failure until it is said to have succeeded, so that a hundred at once are a
 * hundred. The rules are those of a login (throttle.h). */
int srv_auth_try(struct srv_auth *auth, const char *door, const char *account, const char *address);
void srv_auth_succeeded(struct srv_auth *auth, const char *door, const char *account, const char *address);

/* Delivery of a reset code (six digits) to a person, on a loop thread: it must not block. Set before the server runs. The
 * default writes nothing anywhere and says that no channel is set up. */
typedef enum cm_code srv_auth_deliver_fn(void *arg, const struct srv_user *user, const char *code,
                                         struct cm_err *err);
void srv_auth_set_delivery(struct srv_auth *auth, srv_auth_deliver_fn *deliver, void *arg);

#endif
