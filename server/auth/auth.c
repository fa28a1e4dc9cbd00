#include "auth/private.h"

#include "base/log.h"
#include "crypt/seal.h"
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the secret ---- */
static const char secret_name[] = "auth_secret";

static enum cm_code make_secret(struct srv_store *store, void *arg, struct cm_err *err)
{
    size_t size;
    enum cm_code code = srv_store_get_meta(store, secret_name, arg, SRV_AUTH_SECRET_SIZE, &size, err);
    if (code != CM_NOTFOUND)
        return code; /* another process made it meanwhile */
    randombytes_buf(arg, SRV_AUTH_SECRET_SIZE);
    return srv_store_put_meta(store, secret_name, arg, SRV_AUTH_SECRET_SIZE, err);
}

static enum cm_code load_keys(struct srv_auth *auth, const struct srv_auth_options *options,
                              struct cm_err *err)
{
    if (options->secret_key != NULL) {
        enum cm_code code =
            srv_jwt_add_key(&auth->keys, options->secret_key, strlen(options->secret_key), err);
        if (code != CM_OK || options->previous_key == NULL)
            return code;
        return srv_jwt_add_key(&auth->keys, options->previous_key, strlen(options->previous_key), err);
    }
    uint8_t secret[SRV_AUTH_SECRET_SIZE] = {0};
    size_t size = 0;
    enum cm_code code = srv_store_get_meta(auth->store, secret_name, secret, sizeof(secret), &size, err);
    if (code == CM_NOTFOUND) {
        code = srv_store_write(auth->store, make_secret, secret, err);
        size = sizeof(secret);
    }
    if (code == CM_OK && size != sizeof(secret))
        code = cm_fail(err, CM_CORRUPT, "the store's signing secret is damaged");
    if (code == CM_OK)
        code = srv_jwt_add_key(&auth->keys, secret, sizeof(secret), err);
    sodium_memzero(secret, sizeof(secret));
    return code;
}

/* ---- delivery ---- */
static enum cm_code deliver_nowhere(void *arg, const struct srv_user *user, const char *code,
                                    struct cm_err *err)
{
    (void)arg;
    (void)user;
    (void)code;
    return cm_fail(err, CM_NOTFOUND,
                   "no channel is set up that could bring a reset code to a person: an admin "
                   "gives a new one-time password");
}

void srv_auth_set_delivery(struct srv_auth *auth, srv_auth_deliver_fn *deliver, void *arg)
{
    auth->deliver = deliver != NULL ? deliver : deliver_nowhere;
    auth->deliver_arg = arg;
}

/* ---- open, close ---- */
enum cm_code srv_auth_open(const struct srv_auth_options *options, struct srv_auth **ret_auth,
                           struct cm_err *err)
{
    uint8_t throttle_key[16];
    enum cm_code code = cm_crypt_init(err);
    if (code != CM_OK)
        return code;
    struct srv_auth *auth = calloc(1, sizeof(*auth));
    if (auth == NULL)
        return cm_fail(err, CM_NOMEM, "out of memory");
    pthread_mutex_init(&auth->throttle_lock, NULL);
    auth->store = options->store;
    auth->writer = options->writer;
    auth->clock = options->clock;
    auth->lifetime_ms =
        (options->token_minutes > 0 ? options->token_minutes : SRV_SESSION_MINUTES) * INT64_C(60000);
    srv_auth_set_delivery(auth, NULL, NULL);
    randombytes_buf(throttle_key, sizeof(throttle_key));
    srv_throttle_init(&auth->throttle, throttle_key);
    auth->seen = srv_seen_create();
    if (auth->seen == NULL)
        code = cm_fail(err, CM_NOMEM, "out of memory");
    if (code == CM_OK)
        code = load_keys(auth, options, err);
    if (code == CM_OK && auth->writer != NULL)
        code = srv_passwords_create(&auth->passwords, err);
    if (code != CM_OK) {
        srv_auth_close(auth);
        return code;
    }
    *ret_auth = auth;
    return CM_OK;
}

void srv_auth_stop(struct srv_auth *auth)
{
    if (auth == NULL)
        return;
    srv_passwords_destroy(auth->passwords);
    auth->passwords = NULL;
}

void srv_auth_close(struct srv_auth *auth)
{
    if (auth == NULL)
        return;
    srv_auth_stop(auth);
    srv_seen_destroy(auth->seen);
    pthread_mutex_destroy(&auth->throttle_lock);
    sodium_memzero(&auth->keys, sizeof(auth->keys));
    free(auth);
}

/* ---- throttling ---- */
static int64_t mono_ms(const struct srv_auth *auth)
{
    return cm_mono_us(auth->clock) / 1000;
}

int srv_auth_try(struct srv_auth *auth, const char *door, const char *account, const char *address)
{
    pthread_mutex_lock(&auth->throttle_lock);
    int wait_s = srv_throttle_try(&auth->throttle, door, account, address, mono_ms(auth));
    pthread_mutex_unlock(&auth->throttle_lock);
    return wait_s;
}

int srv_auth_count_session(struct srv_auth *auth, const char *account)
{
    pthread_mutex_lock(&auth->throttle_lock);
    int wait_s = srv_throttle_session(&auth->throttle, account, mono_ms(auth));
    pthread_mutex_unlock(&auth->throttle_lock);
    return wait_s;
}

void srv_auth_succeeded(struct srv_auth *auth, const char *door, const char *account, const char *address)
{
    pthread_mutex_lock(&auth->throttle_lock);
    srv_throttle_succeeded(&auth->throttle, door, account, address, mono_ms(auth));
    pthread_mutex_unlock(&auth->throttle_lock);
}

void srv_answer_wait(struct srv_call *call, int seconds)
{
    char text[16];
    snprintf(text, sizeof(text), "%d", seconds);
    srv_answer_header(call, "retry-after", text);
    srv_answer_error(call, 429, "too_many_tries", "too many tries: wait %d s", seconds);
}
