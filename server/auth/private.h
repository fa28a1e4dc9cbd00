/* What the files of this folder share. */
#ifndef SRV_AUTH_PRIVATE_H
#define SRV_AUTH_PRIVATE_H

#include "auth/auth.h"
#include "auth/password.h"
#include "auth/seen.h"
#include "auth/throttle.h"
#include "auth/token.h"
#include <jansson.h>
#include <pthread.h>

struct srv_auth {
    struct srv_store *store;
    struct srv_writer *writer;
    const struct cm_clock *clock;
    struct srv_jwt_keys keys;
    int64_t lifetime_ms; /* of a session, from its last renewal */
    struct srv_passwords *passwords;
    struct srv_seen *seen;
    pthread_mutex_t throttle_lock;
    struct srv_throttle throttle;
    srv_auth_deliver_fn *deliver;
    void *deliver_arg;
};

enum {
    SRV_SESSION_MINUTES = 12 * 60,
    SRV_SESSION_DAYS_MAX = 30, /* however often it is renewed */
};

/* ---- names and words (rules.c); pure ---- */
/* "kolam-tiger-rain-garden-427" */
void srv_one_time_text(char ret_password[SRV_ONE_TIME_SIZE]);
/* As srv_auth_one_time does, with a hash that was made elsewhere. */
void srv_user_set_one_time(struct srv_user *user, const char *hash, int64_t now_ms, int valid_minutes);

/* ---- writes origin (origin.c); pure ---- */
struct srv_origin_facts { /* NULL: not sent */
    const char *sec_fetch_site, *origin, *host;
    bool secure;
};
enum srv_origin { SRV_ORIGIN_OWN, SRV_ORIGIN_FOREIGN, SRV_ORIGIN_UNKNOWN };
enum srv_origin srv_origin_of(const struct srv_origin_facts *facts);
enum srv_origin srv_call_origin(const struct srv_call *call);

/* ---- sessions (session.c) ---- */
/* A fresh one with a random id, of the caller's address and agent; not yet in the store. */
void srv_session_new(const struct srv_auth *auth, const struct srv_call *call, const char *user,
                     struct srv_session *ret_session);
enum cm_code srv_session_token(const struct srv_auth *auth, const struct srv_session *session, uint32_t role,
                               char ret_token[SRV_JWT_SIZE], struct cm_err *err);
/* Whom a token stands for, by cache or store. CM_INVALID: nobody (any more). */
enum cm_code srv_session_identify(struct srv_auth *auth, const char *token, struct srv_seen_entry *ret_entry,
                                  struct cm_err *err);
const char *srv_cookie_name(const struct srv_call *call);
void srv_cookie_set(struct srv_call *call, const char *token, int64_t seconds);
void srv_cookie_clear(struct srv_call *call);
/* Gives a browser's session that is half over another lifetime, and the browser the token for it. */
void srv_session_renew(struct srv_auth *auth, struct srv_call *call, const struct srv_seen_entry *entry);

/* ---- throttling under its lock ---- */
int srv_auth_count_session(struct srv_auth *auth, const char *account);
/* 429 too_many_tries */
void srv_answer_wait(struct srv_call *call, int seconds);

/* ---- codes (codes.c); within a write ---- */
struct srv_code_terms {
    int valid_minutes;
    int64_t again_after_ms; /* no new one sooner */
};
/* Six digits that are good for this subject alone; one before is void. CM_EXISTS: that one was made a moment ago, and is still
 * good. */
enum cm_code srv_code_make_digits(struct srv_store *store, const char *kind, const char *subject,
                                  int64_t now_ms, const struct srv_code_terms *terms,
                                  char ret_code[SRV_CODE_TEXT_SIZE], struct cm_err *err);
/* Takes the digits if they are this subject's; wrong ones count against the subject's code, which the fifth voids.
 * CM_NOTFOUND: not taken. Writes on failure too: the write must not be undone. */
enum cm_code srv_code_confirm_digits(struct srv_store *store, const char *kind, const char *subject,
                                     const char *typed, int64_t now_ms, struct cm_err *err);

/* ---- a request that waits for the password thread and the writer (task.c) ---- */
struct srv_task {
    struct srv_call_write base; /* first */
    struct srv_password_job job;
    struct srv_auth *auth;
    struct srv_user user;       /* as it was read, or is to be written */
    struct srv_session session; /* to be written */
    struct srv_seen_entry entry;
    char text[SRV_ONE_TIME_SIZE]; /* a code, a one-time password */
    struct srv_user patch;        /* of a PATCH: what was given */
    struct {
        bool full_name, classes, disabled, phone, email;
    } given; /* which fields of a PATCH were there */
};

/* NULL: no memory, answered. */
struct srv_task *srv_task_create(struct srv_call *call);
/* Both: when they cannot, the call is answered and the task dropped. */
void srv_task_password(struct srv_task *task, void (*done)(struct srv_password_job *job));
void srv_task_write(struct srv_task *task, srv_store_fn *run, void (*answer)(struct srv_call_write *write));

/* In a write, before it wrote anything: notes why not, and returns the code that lets it fail alone. */
enum cm_code srv_task_refuse(struct srv_task *task, struct srv_refusal refusal, struct cm_err *err,
                             const char *message);
static inline struct srv_task *srv_task_of_job(struct srv_password_job *job)
{
    return (struct srv_task *)((char *)job - offsetof(struct srv_task, job));
}
static inline struct srv_task *srv_task_of(struct srv_call_write *write)
{
    return (struct srv_task *)write;
}

/* ---- users ---- */
enum {
    SRV_ONE_TIME_MINUTES = 7 * 24 * 60,
    SRV_RESET_CODE_MINUTES = 10,
    SRV_RESET_CODE_AGAIN_MS = 60 * 1000,
};

#endif
