#include "auth/password.h"

#include "crypt/seal.h"
#include "unit.h"
#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* The loop of this test: what is posted is counted and run at once, on the thread that posts. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int done_count, canceled_count;
static bool held; /* done waits: the thread is busy */

void srv_loop_post_node(struct srv_loop *loop, struct srv_post *node, srv_loop_fn *fn, void *arg)
{
    (void)loop;
    (void)node;
    fn(arg);
}

static void done(struct srv_password_job *job)
{
    pthread_mutex_lock(&lock);
    if (job->code == CM_CANCELED)
        canceled_count++;
    else
        done_count++;
    pthread_cond_broadcast(&changed);
    while (held)
        pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
}

static void wait_for(int count)
{
    pthread_mutex_lock(&lock);
    while (done_count < count)
        pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
}

static void set_held(bool on)
{
    pthread_mutex_lock(&lock);
    held = on;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

static int start(void **state)
{
    (void)state;
    return cm_crypt_init(NULL);
}

static int clear(void **state)
{
    (void)state;
    done_count = canceled_count = 0;
    return 0;
}

static void a_hash_is_argon2id_of_our_settings(void **state)
{
    (void)state;
    char hash[SRV_PASSWORD_HASH_SIZE], again[SRV_PASSWORD_HASH_SIZE];
    assert_int_equal(srv_password_hash("kolam tiger", hash, NULL), CM_OK);
    assert_int_equal(srv_password_hash("kolam tiger", again, NULL), CM_OK);
    assert_memory_equal(hash, "$argon2id$v=19$m=19456,t=2,p=1$", 31);
    assert_string_not_equal(hash, again);
    assert_true(srv_password_matches(hash, "kolam tiger"));
    assert_false(srv_password_matches(hash, "kolam tigeR"));
    assert_false(srv_password_matches("", ""));
    assert_false(srv_password_matches("", "kolam tiger"));
    assert_false(srv_password_matches("$argon2id$damaged", "kolam tiger"));
    assert_false(srv_password_matches("plain", "plain"));
}

static int64_t now_us(void)
{
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time); /* other programs do not count */
    return (int64_t)time.tv_sec * 1000000 + time.tv_nsec / 1000;
}

/* Loosely: what matters is that nobody answers in a hundredth of the time. */
static void nobody_takes_as_long_as_somebody(void **state)
{
    (void)state;
    char hash[SRV_PASSWORD_HASH_SIZE];
    assert_int_equal(srv_password_hash("kolam tiger", hash, NULL), CM_OK);
    int64_t t0 = now_us();
    for (int i = 0; i < 5; i++)
        srv_password_matches(hash, "wrong");
    int64_t t1 = now_us();
    for (int i = 0; i < 5; i++)
        srv_password_matches("", "wrong");
    int64_t t2 = now_us();
    int64_t somebody = t1 - t0, nobody = t2 - t1;
    print_message("a wrong password %lld us, nobody's %lld us\n", (long long)somebody / 5,
                  (long long)nobody / 5);
    assert_true(nobody > somebody / 2 && nobody < somebody * 2);
}

static void the_thread_verifies_and_hashes(void **state)
{
    (void)state;
    struct srv_passwords *passwords;
    assert_int_equal(srv_passwords_create(&passwords, NULL), CM_OK);
    struct srv_password_job make = {.fresh = "kolam tiger", .done = done};
    assert_int_equal(srv_passwords_submit(passwords, &make), CM_OK);
    wait_for(1);
    assert_int_equal(make.code, CM_OK);
    assert_true(srv_password_matches(make.new_hash, "kolam tiger"));
    assert_string_equal(make.fresh, ""); /* wiped */

    struct srv_password_job right = {.password = "kolam tiger", .verify = true, .done = done};
    struct srv_password_job wrong = {
        .password = "kolam tigre", .fresh = "another one", .verify = true, .done = done};
    struct srv_password_job change = {
        .password = "kolam tiger", .fresh = "another one", .verify = true, .done = done};
    memcpy(right.hash, make.new_hash, sizeof(right.hash));
    memcpy(wrong.hash, make.new_hash, sizeof(wrong.hash));
    memcpy(change.hash, make.new_hash, sizeof(change.hash));
    assert_int_equal(srv_passwords_submit(passwords, &right), CM_OK);
    assert_int_equal(srv_passwords_submit(passwords, &wrong), CM_OK);
    assert_int_equal(srv_passwords_submit(passwords, &change), CM_OK);
    wait_for(4);
    assert_true(right.matches);
    assert_string_equal(right.new_hash, "");
    assert_string_equal(right.password, "");
    assert_false(wrong.matches);
    assert_string_equal(wrong.new_hash, "");
    assert_true(change.matches);
    assert_true(srv_password_matches(change.new_hash, "another one"));
    srv_passwords_destroy(passwords);
}

static void a_weaker_hash_is_made_anew(void **state)
{
    (void)state;
    struct srv_passwords *passwords;
    struct srv_password_job job = {.password = "kolam tiger", .verify = true, .done = done};
    assert_int_equal(
        crypto_pwhash_str_alg(job.hash, "kolam tiger", 11, 1, 8192 * 1024, crypto_pwhash_ALG_ARGON2ID13), 0);
    assert_int_equal(srv_passwords_create(&passwords, NULL), CM_OK);
    assert_int_equal(srv_passwords_submit(passwords, &job), CM_OK);
    wait_for(1);
    assert_true(job.matches);
    assert_memory_equal(job.new_hash, "$argon2id$v=19$m=19456,t=2,p=1$", 31);
    srv_passwords_destroy(passwords);
}

static void the_queue_is_bounded_and_given_back(void **state)
{
    (void)state;
    static struct srv_password_job jobs[SRV_AUTH_QUEUE_MAX + 2];
    struct srv_passwords *passwords;
    assert_int_equal(srv_passwords_create(&passwords, NULL), CM_OK);
    set_held(true);
    jobs[0] = (struct srv_password_job){.password = "x", .verify = true, .done = done};
    assert_int_equal(srv_passwords_submit(passwords, &jobs[0]), CM_OK);
    wait_for(1); /* it is out of the queue and the thread does not go on */
    for (int i = 1; i <= SRV_AUTH_QUEUE_MAX; i++) {
        jobs[i] = (struct srv_password_job){.password = "x", .verify = true, .done = done};
        assert_int_equal(srv_passwords_submit(passwords, &jobs[i]), CM_OK);
    }
    jobs[SRV_AUTH_QUEUE_MAX + 1] = (struct srv_password_job){.password = "x", .verify = true, .done = done};
    assert_int_equal(srv_passwords_submit(passwords, &jobs[SRV_AUTH_QUEUE_MAX + 1]), CM_AGAIN);
    set_held(false);
    srv_passwords_destroy(passwords);
    assert_int_equal(done_count + canceled_count, SRV_AUTH_QUEUE_MAX + 1); /* everybody hears, once */
    assert_true(canceled_count > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_hash_is_argon2id_of_our_settings, clear),
        cmocka_unit_test_setup(nobody_takes_as_long_as_somebody, clear),
        cmocka_unit_test_setup(the_thread_verifies_and_hashes, clear),
        cmocka_unit_test_setup(a_weaker_hash_is_made_anew, clear),
        cmocka_unit_test_setup(the_queue_is_bounded_and_given_back, clear),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
