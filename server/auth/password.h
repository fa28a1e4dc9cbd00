/*
 * Passwords: Argon2id by libsodium (2 passes, 19 MiB: OWASP's least for it), some 35 ms each, on one thread of its own with
 * a bounded queue. One thread, because two would take both cores of a small server from everyone else.
 */
#ifndef SRV_AUTH_PASSWORD_H
#define SRV_AUTH_PASSWORD_H

#include "auth/auth.h"

/* ---- blocking; for the thread below and for commands ---- */
/* CM_NOMEM: 19 MiB are not to be had. */
enum cm_code srv_password_hash(const char *password, char ret_hash[SRV_PASSWORD_HASH_SIZE],
                               struct cm_err *err);
/* An empty or damaged hash takes as long as any other and never matches. */
bool srv_password_matches(const char *hash, const char *password);

/* NULL: good enough; else why not, as a sentence. Checks what a user chose; pure. */
const char *srv_password_weakness(const char *password, const char *user_name);

/* ---- the thread ---- */
struct srv_passwords;

/* What is asked and what came out; first member of the asker's struct, which must live until done. done runs on the loop;
 * when the server ends before it was its turn, with code CM_CANCELED. */
struct srv_password_job {
    char password[SRV_PASSWORD_MAX + 1]; /* verified against `hash` when that is asked; wiped afterwards */
    char fresh[SRV_PASSWORD_MAX + 1];    /* hashed when not empty, unless a verification failed; wiped */
    char hash[SRV_PASSWORD_HASH_SIZE];
    bool verify;
    struct srv_loop *loop;
    void (*done)(struct srv_password_job *job);
    /* what came out */
    enum cm_code code;
    bool matches;
    char new_hash
        [SRV_PASSWORD_HASH_SIZE]; /* of `fresh`; or of `password` when its hash is of weaker settings; or empty */
    /* private */
    struct srv_password_job *next;
    struct srv_post post;
};

enum cm_code srv_passwords_create(struct srv_passwords **ret_passwords, struct cm_err *err);
/* Any thread. CM_AGAIN: the queue is full (429); done is not called. */
enum cm_code srv_passwords_submit(struct srv_passwords *passwords, struct srv_password_job *job);
/* What still waits is given back as canceled. */
void srv_passwords_destroy(struct srv_passwords *passwords);

#endif
