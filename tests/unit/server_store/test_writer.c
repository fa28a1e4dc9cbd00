/* Group commits: many jobs in one, each told on its loop, nobody fails for another. And readers beside it. */
#include "unit.h"
#include "world.h"

#include "store/writer.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { JOBS = 300, READERS = 3, DAYS = 10 };

/* ---- a loop that runs what is posted when it is asked to ---- */

struct srv_loop {
    pthread_mutex_t lock;
    pthread_cond_t posted;
    struct {
        srv_loop_fn *fn;
        void *arg;
    } queue[1024];
    size_t count, taken;
};

static struct srv_loop loop = {.lock = PTHREAD_MUTEX_INITIALIZER, .posted = PTHREAD_COND_INITIALIZER};

void srv_loop_post_node(struct srv_loop *to, struct srv_post *node, srv_loop_fn *fn, void *arg)
{
    (void)node;
    pthread_mutex_lock(&to->lock);
    to->queue[to->count].fn = fn;
    to->queue[to->count++].arg = arg;
    pthread_cond_signal(&to->posted);
    pthread_mutex_unlock(&to->lock);
}

static void run_posted(size_t wanted)
{
    for (; loop.taken < wanted; loop.taken++) {
        pthread_mutex_lock(&loop.lock);
        while (loop.count == loop.taken)
            pthread_cond_wait(&loop.posted, &loop.lock);
        srv_loop_fn *fn = loop.queue[loop.taken].fn;
        void *arg = loop.queue[loop.taken].arg;
        pthread_mutex_unlock(&loop.lock);
        fn(arg);
    }
}

static void reset_loop(void)
{
    loop.count = loop.taken = 0;
}

/* ---- jobs ---- */

struct job {
    struct srv_write write; /* first */
    int number;
    enum cm_code fails; /* after it wrote */
    bool done;
    enum cm_code code;
    pthread_t thread;
};

static enum cm_code run_job(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct job *job = arg;
    char name[32];
    if (job->number % 7 == 3)
        return cm_fail(err, CM_INVALID, "job %d is wrong", job->number);
    snprintf(name, sizeof name, "job-%d", job->number);
    enum cm_code code = srv_store_put_setting(store, name, "1", err);
    return code == CM_OK && job->fails != CM_OK ? cm_fail(err, job->fails, "job %d broke", job->number)
                                                : code;
}

static void job_done(struct srv_write *write, enum cm_code code, const struct cm_err *err)
{
    struct job *job = (struct job *)write;
    assert_true(pthread_equal(pthread_self(), job->thread));
    assert_false(job->done);
    job->done = true;
    job->code = code;
    if (code != CM_OK)
        assert_non_null(strstr(err->msg, "job"));
}

static void jobs_are_grouped(void **state)
{
    static struct job jobs[JOBS];
    struct world w;
    struct srv_writer *writer;
    struct srv_writer_stats stats;
    (void)state;
    world_init(&w, "lmdb:");
    reset_loop();
    assert_int_equal(srv_writer_create(w.store, &writer, NULL), CM_OK);
    for (int i = 0; i < JOBS; i++) {
        jobs[i] = (struct job){.write = {.run = run_job, .done = job_done, .loop = &loop},
                               .number = i,
                               .fails = i == 100 ? CM_BACKEND : CM_OK,
                               .thread = pthread_self()};
        assert_int_equal(srv_writer_submit(writer, &jobs[i].write), CM_OK);
    }
    run_posted(JOBS);
    srv_writer_stats(writer, &stats);
    for (int i = 0; i < JOBS; i++) {
        char name[32], value[SRV_SETTING_SIZE];
        enum cm_code wanted = i % 7 == 3 ? CM_INVALID : i == 100 ? CM_BACKEND : CM_OK;
        snprintf(name, sizeof name, "job-%d", i);
        assert_true(jobs[i].done);
        assert_int_equal(jobs[i].code, wanted);
        assert_int_equal(srv_store_get_setting(w.store, name, value, NULL),
                         wanted == CM_OK ? CM_OK : CM_NOTFOUND);
    }
    assert_true(stats.commits < JOBS);
    srv_writer_destroy(writer);
    srv_writer_destroy(NULL);
    world_finish(&w);
}

/* ---- jobs that look first ---- */

struct looking {
    struct srv_write write; /* first */
    pthread_mutex_t *hold;  /* its preparing waits for this; NULL: it does not */
    enum cm_code fails;
    /* noted on the writer's threads, judged on the test's */
    int prepared, ran, prepared_when_ran;
    enum cm_code read;
    bool done;
    enum cm_code code;
};

static enum cm_code look_first(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct looking *job = arg;
    char value[SRV_SETTING_SIZE];
    job->prepared++;
    if (job->hold != NULL) {
        pthread_mutex_lock(job->hold);
        pthread_mutex_unlock(job->hold);
    }
    job->read = srv_store_get_setting(store, "none", value, NULL);
    return job->fails != CM_OK ? cm_fail(err, job->fails, "nothing to do") : CM_OK;
}

static enum cm_code write_seen(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct looking *job = arg;
    job->ran++;
    job->prepared_when_ran = job->prepared;
    return srv_store_put_setting(store, "seen", "1", err);
}

static void looking_done(struct srv_write *write, enum cm_code code, const struct cm_err *err)
{
    struct looking *job = (struct looking *)write;
    (void)err;
    job->done = true;
    job->code = code;
}

static void looking_holds_nobody_up(void **state)
{
    struct world w;
    struct srv_writer *writer;
    struct srv_writer_stats stats;
    pthread_mutex_t hold = PTHREAD_MUTEX_INITIALIZER;
    struct looking slow = {.hold = &hold}, wrong = {.fails = CM_INVALID}, dry = {.fails = CM_OK};
    struct job quick = {.number = 1, .thread = pthread_self()};
    (void)state;
    world_init(&w, "lmdb:");
    reset_loop();
    assert_int_equal(srv_writer_create(w.store, &writer, NULL), CM_OK);
    slow.write = wrong.write =
        (struct srv_write){.prepare = look_first, .run = write_seen, .done = looking_done, .loop = &loop};
    dry.write = (struct srv_write){.prepare = look_first, .done = looking_done, .loop = &loop};
    quick.write = (struct srv_write){.run = run_job, .done = job_done, .loop = &loop};
    pthread_mutex_lock(&hold);
    assert_int_equal(srv_writer_submit(writer, &slow.write), CM_OK);
    assert_int_equal(srv_writer_submit(writer, &quick.write), CM_OK);
    run_posted(1);
    assert_true(quick.done);
    assert_false(slow.done);
    srv_writer_stats(writer, &stats);
    assert_int_equal(stats.waiting, 1);
    pthread_mutex_unlock(&hold);
    run_posted(2);
    assert_true(slow.done);
    assert_int_equal(slow.code, CM_OK);
    assert_int_equal(slow.ran, 1);
    assert_int_equal(slow.prepared_when_ran, 1);
    assert_int_equal(slow.read, CM_NOTFOUND); /* preparing may read */
    assert_int_equal(srv_writer_submit(writer, &wrong.write), CM_OK);
    assert_int_equal(srv_writer_submit(writer, &dry.write), CM_OK);
    srv_writer_stop(writer); /* what waits is looked at, and done */
    run_posted(4);
    assert_int_equal(wrong.code, CM_INVALID);
    assert_int_equal(wrong.ran, 0);
    assert_true(dry.done);
    assert_int_equal(dry.code, CM_OK);
    srv_writer_stats(writer, &stats);
    assert_int_equal(stats.waiting, 0);
    assert_int_equal(srv_writer_submit(writer, &dry.write), CM_AGAIN);
    srv_writer_destroy(writer);
    world_finish(&w);
}

/* ---- readers beside the writer see whole states ---- */

struct reader {
    struct srv_store *store;
    _Atomic bool *end;
    int reads;
    const char *problem;
};

struct counted {
    int32_t present, members;
};

static bool count_day(void *arg, const struct srv_day *day)
{
    struct counted *counted = arg;
    counted->present += day->roll.status == CM_ROLL_PRESENT;
    counted->members++;
    return true;
}

static enum cm_code look(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct reader *reader = arg;
    int32_t date = WORLD_MONDAY + reader->reads % DAYS;
    struct counted counted = {0};
    struct srv_session_info info;
    struct srv_standing standing;
    enum cm_code code = srv_store_each_roll(store, "10-A", date, count_day, &counted, err);
    if (code != CM_OK)
        return code;
    code = srv_store_get_session_info(store, "10-A", date, &info, err);
    if (code == CM_NOTFOUND)
        return counted.present == 0 ? CM_OK : CM_CORRUPT;
    if (code == CM_OK &&
        (info.present != counted.present || info.present + info.none + info.absent != counted.members))
        return cm_fail(err, CM_CORRUPT, "the roll and its numbers are of two times");
    return code == CM_OK ? srv_store_get_standing(store, "S-1", &standing, err) : code;
}

static void *read_on(void *arg)
{
    struct reader *reader = arg;
    for (; !atomic_load(reader->end) && reader->problem == NULL; reader->reads++) {
        struct cm_err err = CM_ERR_INIT;
        if (srv_store_read(reader->store, look, reader, &err) != CM_OK)
            reader->problem = "a reader saw half a write";
    }
    return NULL;
}

static void readers_see_whole_states(void **state)
{
    struct world w;
    struct reader readers[READERS] = {{0}};
    pthread_t threads[READERS];
    _Atomic bool end = false;
    uint32_t id = 0;
    (void)state;
    world_init(&w, "lmdb:");
    struct station_log *log = station_create(&w, "g", NULL);
    put_class(w.store, "10-A", 540);
    for (int i = 0; i < 20; i++) {
        char student[16];
        snprintf(student, sizeof student, "S-%d", i);
        put_student(w.store, student, "10-A", WORLD_MONDAY);
    }
    for (int i = 0; i < READERS; i++) {
        readers[i] = (struct reader){.store = w.store, .end = &end};
        assert_int_equal(pthread_create(&threads[i], NULL, read_on, &readers[i]), 0);
    }
    for (int32_t day = 0; day < DAYS; day++) {
        for (int i = 0; i < 20; i++) {
            char student[16];
            snprintf(student, sizeof student, "S-%d", i);
            station_mark(log, student, "10-A", WORLD_MONDAY + day, at(&w, WORLD_MONDAY + day, 541), ++id);
            if (i % 3 == 2)
                push_all(w.store, log);
        }
        close_session(w.store, "10-A", WORLD_MONDAY + day, at(&w, WORLD_MONDAY + day, 610));
        reopen_session(w.store, "10-A", WORLD_MONDAY + day, at(&w, WORLD_MONDAY + day, 611));
    }
    push_all(w.store, log);
    atomic_store(&end, true);
    for (int i = 0; i < READERS; i++) {
        pthread_join(threads[i], NULL);
        if (readers[i].problem != NULL)
            fail_msg("%s", readers[i].problem);
        assert_true(readers[i].reads > 0);
    }
    check(w.store);
    free(log);
    world_finish(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(jobs_are_grouped),
        cmocka_unit_test(looking_holds_nobody_up),
        cmocka_unit_test(readers_see_whole_states),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
