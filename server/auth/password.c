#include "auth/password.h"

#include "crypt/seal.h"
#include <ctype.h>
#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum { PASSES = 2, MEMORY = 19 * 1024 * 1024 };
_Static_assert(SRV_PASSWORD_HASH_SIZE >= crypto_pwhash_STRBYTES, "a hash fits");

/* ---- blocking ---- */
enum cm_code srv_password_hash(const char *password, char ret_hash[SRV_PASSWORD_HASH_SIZE],
                               struct cm_err *err)
{
    char hash[SRV_PASSWORD_HASH_SIZE] = "";
    if (crypto_pwhash_str_alg(hash, password, strlen(password), PASSES, MEMORY,
                              crypto_pwhash_ALG_ARGON2ID13) != 0)
        return cm_fail(err, CM_NOMEM, "no memory to hash a password (it takes 19 MiB)");
    memcpy(ret_hash, hash, sizeof(hash));
    return CM_OK;
}

bool srv_password_matches(const char *hash, const char *password)
{
    /* of nobody's password: so that a user who does not exist takes as long as one who does */
    static const char dummy[] = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$"
                                "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    bool real = crypto_pwhash_str_needs_rehash(hash, PASSES, MEMORY) != -1;
    bool matches = crypto_pwhash_str_verify(real ? hash : dummy, password, strlen(password)) == 0;
    return real && matches;
}

const char *srv_password_weakness(const char *password, const char *user_name)
{
    size_t characters = 0, different = 0;
    bool seen[256] = {false};
    for (const unsigned char *c = (const unsigned char *)password; *c != '\0'; c++) {
        characters += (*c & 0xc0) != 0x80;
        different += !seen[*c];
        seen[*c] = true;
    }
    if (characters < SRV_PASSWORD_MIN)
        return "a password has at least 10 characters; a few words that belong to nobody are good";
    if (different < 5)
        return "this password repeats too few characters";
    if (strlen(user_name) >= 4 && strcasestr(password, user_name) != NULL)
        return "a password must not hold the user name";
    return NULL;
}

/* ---- the thread ---- */
struct srv_passwords {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct srv_password_job *first, **last;
    int waiting;
    bool stop;
};

static void run(struct srv_password_job *job)
{
    if (job->verify) {
        job->matches = srv_password_matches(job->hash, job->password);
        if (!job->matches)
            return;
    }
    const char *hash_this = NULL;
    if (job->fresh[0] != '\0')
        hash_this = job->fresh;
    else if (job->verify && crypto_pwhash_str_needs_rehash(job->hash, PASSES, MEMORY) == 1)
        hash_this = job->password;
    if (hash_this != NULL)
        job->code = srv_password_hash(hash_this, job->new_hash, NULL);
}

static void call_done(void *arg)
{
    struct srv_password_job *job = arg;
    job->done(job);
}

static void give_back(struct srv_password_job *job)
{
    cm_wipe(job->password, sizeof(job->password));
    cm_wipe(job->fresh, sizeof(job->fresh));
    srv_loop_post_node(job->loop, &job->post, call_done, job);
}

static struct srv_password_job *take(struct srv_passwords *passwords)
{
    struct srv_password_job *job = passwords->first;
    if (job != NULL) {
        passwords->first = job->next;
        if (passwords->first == NULL)
            passwords->last = &passwords->first;
        passwords->waiting--;
    }
    return job;
}

static void *work(void *arg)
{
    struct srv_passwords *passwords = arg;
    pthread_mutex_lock(&passwords->lock);
    while (!passwords->stop) {
        struct srv_password_job *job = take(passwords);
        if (job == NULL) {
            pthread_cond_wait(&passwords->wake, &passwords->lock);
            continue;
        }
        pthread_mutex_unlock(&passwords->lock);
        run(job);
        give_back(job);
        pthread_mutex_lock(&passwords->lock);
    }
    pthread_mutex_unlock(&passwords->lock);
    return NULL;
}

enum cm_code srv_passwords_create(struct srv_passwords **ret_passwords, struct cm_err *err)
{
    struct srv_passwords *passwords = calloc(1, sizeof(*passwords));
    if (passwords == NULL)
        return cm_fail(err, CM_NOMEM, "out of memory");
    pthread_mutex_init(&passwords->lock, NULL);
    pthread_cond_init(&passwords->wake, NULL);
    passwords->last = &passwords->first;
    int failed = pthread_create(&passwords->thread, NULL, work, passwords);
    if (failed != 0) {
        pthread_cond_destroy(&passwords->wake);
        pthread_mutex_destroy(&passwords->lock);
        free(passwords);
        return cm_fail(err, CM_BACKEND, "no thread for passwords: %s", strerror(failed));
    }
    *ret_passwords = passwords;
    return CM_OK;
}

enum cm_code srv_passwords_submit(struct srv_passwords *passwords, struct srv_password_job *job)
{
    job->next = NULL;
    job->code = CM_OK;
    job->matches = false;
    job->new_hash[0] = '\0';
    enum cm_code code = CM_OK;
    pthread_mutex_lock(&passwords->lock);
    if (passwords->waiting >= SRV_AUTH_QUEUE_MAX) {
        code = CM_AGAIN;
    } else {
        *passwords->last = job;
        passwords->last = &job->next;
        passwords->waiting++;
        pthread_cond_signal(&passwords->wake);
    }
    pthread_mutex_unlock(&passwords->lock);
    return code;
}

void srv_passwords_destroy(struct srv_passwords *passwords)
{
    if (passwords == NULL)
        return;
    pthread_mutex_lock(&passwords->lock);
    passwords->stop = true;
    pthread_cond_signal(&passwords->wake);
    pthread_mutex_unlock(&passwords->lock);
    pthread_join(passwords->thread, NULL);
    for (struct srv_password_job *job = take(passwords); job != NULL; job = take(passwords)) {
        job->code = CM_CANCELED;
        give_back(job);
    }
    pthread_cond_destroy(&passwords->wake);
    pthread_mutex_destroy(&passwords->lock);
    free(passwords);
}
