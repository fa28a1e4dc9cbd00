#include "store/db.h"

#include "crypt/seal.h"
#include "store/eventlog.h"
#include "store_fixture.h"
#include "unit.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LEFT, RIGHT, EVENTS, SIGNATURES, TABLES };
static const char *const tables[TABLES] = {"left", "right", "events", "signatures"};

struct db_fixture {
    struct fixture folder;
    struct cm_db_options options;
    struct cm_db *db;
};

static int setup(void **state)
{
    static struct db_fixture f;
    memset(&f, 0, sizeof f);
    fixture_init(&f.folder);
    f.options = (struct cm_db_options){.dir = f.folder.dir,
                                       .tables = tables,
                                       .table_count = TABLES,
                                       .version = 1,
                                       .map_bytes_first = 64 * 1024,
                                       .map_bytes_max = 64 << 20};
    assert_int_equal(cm_crypt_init(NULL), CM_OK);
    assert_int_equal(cm_db_open(&f.options, &f.db, NULL), CM_OK);
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct db_fixture *f = *state;
    cm_db_close(f->db);
    fixture_finish(&f->folder);
    return 0;
}

static enum cm_code put_text(struct cm_txn *txn, int table, const char *key, const char *value,
                             struct cm_err *err)
{
    return cm_txn_put(txn, table, key, strlen(key), value, strlen(value), err);
}

/* ---- tables ---- */

struct pairs {
    const char *const *keys; /* NULL ends */
    enum cm_code then;       /* what the function returns after it has written */
    int runs;
};

static enum cm_code put_pairs(struct cm_txn *txn, void *arg, struct cm_err *err)
{
    struct pairs *pairs = arg;
    enum cm_code code = CM_OK;
    pairs->runs++;
    for (const char *const *key = pairs->keys; *key != NULL && code == CM_OK; key++)
        code = put_text(txn, LEFT, *key, *key, err);
    return code == CM_OK ? pairs->then : code;
}

struct walked {
    const char *first;
    size_t prefix_size;
    char keys[256];
    int stop_after;
};

static enum cm_code see_key(void *arg, struct cm_bytes key, struct cm_bytes value, struct cm_err *err)
{
    struct walked *walked = arg;
    (void)err;
    assert_int_equal(key.size, value.size);
    strncat(walked->keys, key.data, key.size);
    strcat(walked->keys, " ");
    return --walked->stop_after == 0 ? CM_EOF : CM_OK;
}

static enum cm_code walk_left(struct cm_txn *txn, void *arg, struct cm_err *err)
{
    struct walked *walked = arg;
    struct cm_bytes first = {walked->first, strlen(walked->first)};
    return cm_txn_walk(txn, LEFT, first, walked->prefix_size, see_key, walked, err);
}

static void expect_walk(struct db_fixture *f, const char *first, size_t prefix_size, int stop_after,
                        const char *expected)
{
    struct walked walked = {.first = first, .prefix_size = prefix_size, .stop_after = stop_after};
    assert_int_equal(cm_db_read(f->db, walk_left, &walked, NULL), CM_OK);
    assert_string_equal(walked.keys, expected);
}

static void a_walk_goes_in_order_and_stays_within_the_prefix(void **state)
{
    struct db_fixture *f = *state;
    static const char *const keys[] = {"b2", "a", "b1", "b", "c", "b10", NULL};
    struct pairs pairs = {.keys = keys};
    expect_walk(f, "", 0, 0, "");
    assert_int_equal(cm_db_write(f->db, put_pairs, &pairs, NULL), CM_OK);
    expect_walk(f, "", 0, 0, "a b b1 b10 b2 c ");
    expect_walk(f, "b1", 0, 0, "b1 b10 b2 c ");
    expect_walk(f, "b1", 1, 0, "b1 b10 b2 ");
    expect_walk(f, "b1", 2, 0, "b1 b10 ");
    expect_walk(f, "bb", 2, 0, "");
    expect_walk(f, "x", 0, 0, "");
    expect_walk(f, "", 0, 2, "a b ");
}

static void a_transaction_that_fails_leaves_nothing(void **state)
{
    struct db_fixture *f = *state;
    static const char *const keys[] = {"a", "b", NULL}, *const bad[] = {"c", "", NULL};
    struct pairs refused = {.keys = keys, .then = CM_INVALID}, broken = {.keys = bad};
    assert_int_equal(cm_db_write(f->db, put_pairs, &refused, NULL), CM_INVALID);
    assert_int_equal(cm_db_write(f->db, put_pairs, &broken, NULL), CM_INVALID); /* an empty key */
    expect_walk(f, "", 0, 0, "");
}

static enum cm_code delete_b(struct cm_txn *txn, void *arg, struct cm_err *err)
{
    size_t *counts = arg;
    struct cm_bytes key, value;
    assert_int_equal(cm_txn_delete(txn, LEFT, "nobody", 6, err), CM_NOTFOUND);
    assert_int_equal(cm_txn_delete_prefix(txn, LEFT, "b", 1, &counts[0], err), CM_OK);
    assert_int_equal(cm_txn_count(txn, LEFT, &counts[1], err), CM_OK);
    assert_int_equal(cm_txn_last(txn, LEFT, &key, &value, err), CM_OK);
    assert_memory_equal(key.data, "c", 1);
    assert_int_equal(cm_txn_last(txn, RIGHT, &key, &value, err), CM_NOTFOUND);
    assert_int_equal(cm_txn_get(txn, LEFT, "b1", 2, &value, err), CM_NOTFOUND);
    return cm_txn_delete(txn, LEFT, "c", 1, err);
}

static void a_prefix_can_be_deleted(void **state)
{
    struct db_fixture *f = *state;
    static const char *const keys[] = {"a", "b", "b1", "b2", "b22", "c", NULL};
    struct pairs pairs = {.keys = keys};
    size_t counts[2];
    assert_int_equal(cm_db_write(f->db, put_pairs, &pairs, NULL), CM_OK);
    assert_int_equal(cm_db_write(f->db, delete_b, counts, NULL), CM_OK);
    assert_int_equal(counts[0], 4);
    assert_int_equal(counts[1], 2);
    expect_walk(f, "", 0, 0, "a ");
}

static void keys_have_a_size(void **state)
{
    struct db_fixture *f = *state;
    char longest[CM_DB_KEY_MAX + 2];
    memset(longest, 'k', sizeof longest);
    longest[CM_DB_KEY_MAX + 1] = '\0';
    const char *keys[] = {longest, NULL};
    struct pairs pairs = {.keys = keys};
    assert_int_equal(cm_db_write(f->db, put_pairs, &pairs, NULL), CM_INVALID);
    longest[CM_DB_KEY_MAX] = '\0';
    assert_int_equal(cm_db_write(f->db, put_pairs, &pairs, NULL), CM_OK);
}

/* ---- the map ---- */

enum { BIG = 60000 };

static enum cm_code put_big(struct cm_txn *txn, void *arg, struct cm_err *err)
{
    static const uint8_t value[BIG];
    struct pairs *pairs = arg;
    pairs->runs++;
    for (uint8_t i = 0; i < 20; i++) {
        enum cm_code code = cm_txn_put(txn, LEFT, &i, 1, value, sizeof value, err);
        if (code != CM_OK)
            return code;
    }
    return CM_OK;
}

static void a_full_map_grows_and_the_function_runs_again(void **state)
{
    struct db_fixture *f = *state;
    struct pairs pairs = {.runs = 0};
    struct cm_db_stats stats;
    assert_int_equal(cm_db_write(f->db, put_big, &pairs, NULL), CM_OK);
    assert_true(pairs.runs > 3);
    assert_int_equal(cm_db_stats(f->db, &stats, NULL), CM_OK);
    assert_true(stats.bytes_used > 20 * BIG && stats.map_bytes >= stats.bytes_used);
}

static void a_map_has_a_limit(void **state)
{
    struct db_fixture *f = *state;
    static const char *const keys[] = {"small", NULL};
    struct pairs pairs = {.keys = keys};
    struct cm_err err = CM_ERR_INIT;
    cm_db_close(f->db);
    f->options.map_bytes_max = 512 * 1024;
    assert_int_equal(cm_db_open(&f->options, &f->db, NULL), CM_OK);
    assert_int_equal(cm_db_write(f->db, put_big, &pairs, &err), CM_NOSPACE);
    assert_non_null(strstr(err.msg, "limit"));
    assert_int_equal(cm_db_write(f->db, put_pairs, &pairs, &err), CM_OK); /* and goes on with what fits */
    expect_walk(f, "", 0, 0, "small ");
}

/* ---- another process ---- */

static enum cm_code hold_and_wait(struct cm_txn *txn, void *arg, struct cm_err *err)
{
    const int *fds = arg;
    char byte = 'r';
    (void)txn;
    (void)err;
    if (write(fds[1], &byte, 1) != 1)
        return CM_BACKEND;
    pause(); /* until killed */
    return CM_OK;
}

static void a_reader_that_died_does_not_pin_the_file(void **state)
{
    struct db_fixture *f = *state;
    struct pairs pairs = {.runs = 0};
    struct cm_db_stats before, after;
    int fds[2], status;
    char byte;
    cm_db_close(f->db);
    f->db = NULL;
    assert_int_equal(pipe(fds), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct cm_db *db;
        f->options.read_only = true;
        if (cm_db_open(&f->options, &db, NULL) != CM_OK)
            _exit(1);
        _exit(cm_db_read(db, hold_and_wait, fds, NULL) == CM_OK ? 0 : 1);
    }
    assert_int_equal(read(fds[0], &byte, 1), 1);
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(cm_db_open(&f->options, &f->db, NULL), CM_OK); /* clears its slot */
    for (int i = 0; i < 3; i++)
        assert_int_equal(cm_db_write(f->db, put_big, &pairs, NULL), CM_OK);
    assert_int_equal(cm_db_stats(f->db, &before, NULL), CM_OK);
    for (int i = 0; i < 10; i++)
        assert_int_equal(cm_db_write(f->db, put_big, &pairs, NULL), CM_OK);
    assert_int_equal(cm_db_stats(f->db, &after, NULL), CM_OK);
    assert_true(after.bytes_used < before.bytes_used * 2); /* old pages are used again */
    close(fds[0]);
    close(fds[1]);
}

static void a_map_that_another_process_grew_is_followed(void **state)
{
    struct db_fixture *f = *state;
    static const char *const keys[] = {"a", NULL};
    struct pairs pairs = {.keys = keys};
    int status;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child ==
        0) { /* must not use the parent's handle, and may not open the folder beside it: another program does */
        char path[512];
        snprintf(path, sizeof path, "%s", f->folder.dir);
        setenv("TEST_DB_GROW", path, 1);
        execl("/proc/self/exe", "test_db", (char *)NULL);
        _exit(1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    assert_int_equal(cm_db_write(f->db, put_pairs, &pairs, NULL), CM_OK);
    struct walked walked = {.first = "a", .prefix_size = 1};
    assert_int_equal(cm_db_read(f->db, walk_left, &walked, NULL), CM_OK);
    assert_string_equal(walked.keys, "a ");
}

static int grow_in(const char *dir)
{
    struct cm_db_options options = {.dir = dir,
                                    .tables = tables,
                                    .table_count = TABLES,
                                    .version = 1,
                                    .map_bytes_first = 64 * 1024,
                                    .map_bytes_max = 64 << 20};
    struct pairs pairs = {.runs = 0};
    struct cm_db *db;
    if (cm_db_open(&options, &db, NULL) != CM_OK)
        return 1;
    enum cm_code code = cm_db_write(db, put_big, &pairs, NULL);
    cm_db_close(db);
    return code == CM_OK ? 0 : 1;
}

/* ---- the event log ---- */

struct log_writer {
    struct cm_eventlog log;
    int events;
    uint64_t last_seq;
};

static enum cm_code append_many(struct cm_txn *txn, void *arg, struct cm_err *err)
{
    struct log_writer *writer = arg;
    for (int i = 0; i < writer->events; i++) {
        struct cm_event event = {.version = CM_RECORD_VERSION, .type = CM_EVENT_ACTIVITY};
        event.body.activity = fixture_activity("somebody passed by");
        enum cm_code code = cm_eventlog_append(txn, &writer->log, &event, err);
        if (code != CM_OK)
            return code;
        writer->last_seq = event.seq;
    }
    return cm_eventlog_sign(txn, &writer->log, err);
}

static enum cm_code verify_log(struct cm_txn *txn, void *arg, struct cm_err *err)
{
    struct log_writer *writer = arg;
    struct cm_eventlog_head head;
    enum cm_code code = cm_eventlog_verify(txn, &writer->log, NULL, NULL, &head, err);
    writer->last_seq = code == CM_OK ? head.seq : 0;
    return code;
}

static void thousands_of_events_in_a_map_that_was_tiny(void **state)
{
    struct db_fixture *f = *state;
    struct cm_keys *keys;
    struct log_writer writer = {.log = {.events = EVENTS, .signatures = SIGNATURES}, .events = 2500};
    struct cm_err err = CM_ERR_INIT;
    assert_int_equal(cm_keys_create(&keys, NULL), CM_OK);
    writer.log.keys = keys;
    memcpy(writer.log.public_key, cm_keys_public(keys), CM_PUBLIC_KEY_SIZE);
    assert_int_equal(cm_db_read(f->db, verify_log, &writer, &err), CM_OK); /* an empty one is fine */
    assert_int_equal(writer.last_seq, 0);
    for (int batch = 1; batch <= 3; batch++) {
        assert_int_equal(cm_db_write(f->db, append_many, &writer, &err), CM_OK);
        assert_int_equal(writer.last_seq, batch * 2500);
    }
    if (cm_db_read(f->db, verify_log, &writer, &err) != CM_OK)
        fail_msg("%s", err.msg);
    assert_int_equal(writer.last_seq, 7500);
    writer.log.public_key[3] ^= 1; /* whose log it is matters */
    assert_int_equal(cm_db_read(f->db, verify_log, &writer, &err), CM_CORRUPT);
    cm_keys_destroy(keys);
}

int main(void)
{
    const char *dir = getenv("TEST_DB_GROW");
    if (dir != NULL)
        return grow_in(dir);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_walk_goes_in_order_and_stays_within_the_prefix, setup, teardown),
        cmocka_unit_test_setup_teardown(a_transaction_that_fails_leaves_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(a_prefix_can_be_deleted, setup, teardown),
        cmocka_unit_test_setup_teardown(keys_have_a_size, setup, teardown),
        cmocka_unit_test_setup_teardown(a_full_map_grows_and_the_function_runs_again, setup, teardown),
        cmocka_unit_test_setup_teardown(a_map_has_a_limit, setup, teardown),
        cmocka_unit_test_setup_teardown(a_reader_that_died_does_not_pin_the_file, setup, teardown),
        cmocka_unit_test_setup_teardown(a_map_that_another_process_grew_is_followed, setup, teardown),
        cmocka_unit_test_setup_teardown(thousands_of_events_in_a_map_that_was_tiny, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
