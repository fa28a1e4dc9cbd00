/* What must survive: a restart, a killed process, a backup, a damaged row, a newer version, an erasure. */
#include "unit.h"
#include "world.h"

#include "store/db.h"
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void fill(struct world *w, struct station_log *log, int days)
{
    uint32_t id = 0;
    put_class(w->store, "10-A", 540);
    for (int i = 0; i < 5; i++) {
        char student[16];
        snprintf(student, sizeof student, "S-%d", i);
        put_student(w->store, student, "10-A", WORLD_MONDAY);
    }
    for (int32_t day = 0; day < days; day++) {
        int32_t date = WORLD_MONDAY + day;
        station_cover(log, at(w, date, 530), at(w, date, 601), true, ++id);
        for (int i = 0; i < 5; i++) {
            char student[16];
            snprintf(student, sizeof student, "S-%d", i);
            if ((day + i) % 4 != 0)
                station_mark(log, student, "10-A", date, at(w, date, 541), ++id);
        }
        station_activity(log, CM_ACTIVITY_LOCKOUT, at(w, date, 605), ++id);
        push_all(w->store, log);
    }
}

static void restarts(void **state)
{
    struct world w;
    uint8_t epoch[16], again[16];
    (void)state;
    world_init(&w, "lmdb:");
    struct station_log *log = station_create(&w, "g", NULL);
    fill(&w, log, 4);
    assert_int_equal(srv_store_epoch(w.store, epoch, NULL), CM_OK);
    struct srv_standing before = standing_of(w.store, "S-1"), after;
    world_reopen(&w);
    after = standing_of(w.store, "S-1");
    assert_memory_equal(&before, &after, sizeof before);
    assert_int_equal(srv_store_epoch(w.store, again, NULL), CM_OK);
    assert_memory_equal(epoch, again, sizeof epoch);
    check(w.store);
    free(log);
    world_finish(&w);
}

static void another_zone(void **state)
{
    struct world w;
    (void)state;
    world_init(&w, "lmdb:");
    struct station_log *log = station_create(&w, "g", NULL);
    fill(&w, log, 1);
    assert_int_equal(status_of(w.store, "S-1", WORLD_MONDAY), CM_ROLL_PRESENT);
    world_close(&w);
    cm_zone_close(w.zone);
    assert_int_equal(cm_zone_open("Asia/Karachi", &w.zone, NULL),
                     CM_OK); /* half an hour west: 09:00 comes later */
    world_open(&w);
    assert_int_equal(info_of(w.store, "10-A", WORLD_MONDAY).able_min, 31);
    check(w.store);
    free(log);
    world_finish(&w);
}

static const struct srv_session login = {
    .id = {7}, .user = "admin", .created_wall_ms = 1, .expires_wall_ms = INT64_MAX};
static const struct srv_code pairing = {
    .hash = {8}, .kind = "pair", .subject = "door", .expires_wall_ms = INT64_MAX};

static enum cm_code log_in(struct srv_store *store, void *arg, struct cm_err *err)
{
    (void)arg;
    enum cm_code code = srv_store_put_session(store, &login, err);
    return code == CM_OK ? srv_store_put_code(store, &pairing, err) : code;
}

static void backups(void **state)
{
    struct world w, copy;
    struct cm_err err = CM_ERR_INIT;
    char backup[300], target[300];
    uint8_t epoch[16], other[16];
    (void)state;
    world_init(&w, "lmdb:");
    struct station_log *log = station_create(&w, "g", NULL);
    fill(&w, log, 3);
    snprintf(backup, sizeof backup, "%s/backup", w.dir);
    snprintf(target, sizeof target, "lmdb:%s/restored", w.dir);
    assert_int_equal(srv_store_write(w.store, log_in, NULL, NULL), CM_OK);
    char own_key[340], own_aside[360];
    snprintf(own_key, sizeof own_key, "%s/data/server.key", w.dir);
    snprintf(own_aside, sizeof own_aside, "%s.aside", own_key);
    assert_int_equal(rename(own_key, own_aside), 0);
    assert_int_not_equal(srv_store_backup(w.store, backup, &err), CM_OK);
    assert_int_not_equal(access(backup, F_OK), 0); /* nothing is in the way … */
    assert_int_equal(rename(own_aside, own_key), 0);
    if (srv_store_backup(w.store, backup, &err) != CM_OK) /* … of the next try */
        fail_msg("%s", err.msg);
    assert_int_equal(srv_store_backup(w.store, backup, &err), CM_EXISTS);
    close_session(w.store, "10-A", 20260109, at(&w, 20260109, 700)); /* not in the backup */
    if (srv_store_restore(backup, target, &err) != CM_OK)
        fail_msg("%s", err.msg);
    assert_int_equal(srv_store_restore(backup, target, &err), CM_EXISTS);
    assert_int_equal(srv_store_restore(w.dir, target, &err), CM_NOTFOUND);
    char key[320], key_aside[340], again[300];
    snprintf(key, sizeof key, "%s/server.key", backup);
    snprintf(key_aside, sizeof key_aside, "%s.aside", key);
    snprintf(again, sizeof again, "lmdb:%s/again", w.dir);
    assert_int_equal(rename(key, key_aside), 0); /* half a backup */
    assert_int_not_equal(srv_store_restore(backup, again, &err), CM_OK);
    assert_int_not_equal(access(again + 5, F_OK), 0); /* nothing is left in the way … */
    assert_int_equal(rename(key_aside, key), 0);
    assert_int_equal(srv_store_restore(backup, again, &err), CM_OK); /* … of the next try */
    copy = w;
    snprintf(copy.url, sizeof copy.url, "%s", target);
    world_open(&copy);
    assert_int_equal(check(copy.store), log->last);
    assert_int_equal(srv_store_epoch(w.store, epoch, NULL), CM_OK);
    assert_int_equal(srv_store_epoch(copy.store, other, NULL), CM_OK);
    assert_memory_not_equal(epoch, other, sizeof epoch);
    struct srv_session session;
    struct srv_code code;
    assert_int_equal(srv_store_get_session(w.store, login.id, &session, NULL), CM_OK);
    assert_int_equal(srv_store_get_session(copy.store, login.id, &session, NULL), CM_NOTFOUND);
    assert_int_equal(srv_store_get_code(w.store, pairing.hash, &code, NULL), CM_OK);
    assert_int_equal(srv_store_get_code(copy.store, pairing.hash, &code, NULL), CM_NOTFOUND);
    assert_int_equal(info_of(copy.store, "10-A", 20260109).state, SRV_SESSION_OPEN);
    world_close(&copy);
    free(log);
    world_finish(&w);
}

/* ---- a store of version 1 ---- */

enum { OLD_META, OLD_CLOSINGS };

/* As version 1 wrote it: class ‖ date → said (8, sign turned) ‖ closed ‖ by. */
static enum cm_code put_closing(struct cm_txn *txn, int32_t date, int64_t wall_ms, bool closed,
                                struct cm_err *err)
{
    uint8_t key[16] = "10-A", value[16] = {0};
    for (int i = 0; i < 4; i++)
        key[5 + i] = (uint8_t)((uint32_t)date >> (24 - 8 * i));
    for (int i = 0; i < 8; i++)
        value[i] = (uint8_t)((uint64_t)wall_ms >> (56 - 8 * i));
    value[0] ^= 0x80;
    value[8] = closed;
    memcpy(value + 9, "Meera", 6);
    return cm_txn_put(txn, OLD_CLOSINGS, key, 9, value, 15, err);
}

static enum cm_code make_old(struct cm_txn *txn, void *arg, struct cm_err *err)
{
    const struct world *w = arg;
    static const char format[] = "cderived_format"; /* not there in version 1 */
    enum cm_code code = cm_txn_delete(txn, OLD_META, format, sizeof format, err);
    if (code == CM_OK)
        code = put_closing(txn, WORLD_MONDAY, at(w, WORLD_MONDAY, 610), true, err);
    if (code == CM_OK)
        code = put_closing(txn, 20260106, at(w, 20260106, 611), false, err);
    return code;
}

static void closings_of_version_1_become_events(void **state)
{
    static const char *const old_tables[] = {"meta", "closings"};
    struct world w;
    struct cm_err err = CM_ERR_INIT;
    struct cm_db *db;
    char dir[300];
    (void)state;
    world_init(&w, "lmdb:");
    struct station_log *log = station_create(&w, "g", NULL);
    fill(&w, log, 2);
    uint64_t events = check(w.store);
    world_close(&w);
    snprintf(dir, sizeof dir, "%s/data/store", w.dir);
    struct cm_db_options options = {.dir = dir,
                                    .tables = old_tables,
                                    .table_count = 2,
                                    .version = 2,
                                    .map_bytes_first = (size_t)1 << 20,
                                    .map_bytes_max = (size_t)1 << 30};
    assert_int_equal(cm_db_open(&options, &db, NULL), CM_OK);
    if (cm_db_write(db, make_old, &w, &err) != CM_OK)
        fail_msg("%s", err.msg);
    cm_db_close(db);
    for (int again = 0; again < 2; again++) { /* once is enough */
        world_open(&w);
        struct srv_session_info info = info_of(w.store, "10-A", WORLD_MONDAY);
        assert_int_equal(info.state, SRV_SESSION_CLOSED);
        assert_string_equal(info.closed_by, "Meera");
        assert_int_equal(info.closed_wall_ms, at(&w, WORLD_MONDAY, 610));
        info = info_of(w.store, "10-A", 20260106);
        assert_int_equal(info.state, SRV_SESSION_OPEN); /* it has enough coverage, but was opened again */
        assert_int_equal(info.word.word, CM_WORD_REOPENED);
        assert_int_equal(check(w.store), events + 2);
        world_close(&w);
    }
    world_open(&w);
    free(log);
    world_finish(&w);
}

/* ---- damage ---- */

static const char *const tables[] = {"days", "events", "sessions", "logs"};
enum { DAYS, EVENTS, SESSIONS, LOGS };

struct damage {
    int table;
    bool delete;
    uint8_t key[511], value[4096];
    size_t key_size, value_size;
};

static enum cm_code take_first(void *arg, struct cm_bytes key, struct cm_bytes value, struct cm_err *err)
{
    struct damage *d = arg;
    (void)err;
    memcpy(d->key, key.data, d->key_size = key.size);
    memcpy(d->value, value.data, d->value_size = value.size);
    return CM_EOF;
}

static enum cm_code do_damage(struct cm_txn *txn, void *arg, struct cm_err *err)
{
    struct damage *d = arg;
    enum cm_code code = cm_txn_walk(txn, d->table, (struct cm_bytes){NULL, 0}, 0, take_first, d, err);
    if (code != CM_OK)
        return code;
    if (d->delete)
        return cm_txn_delete(txn, d->table, d->key, d->key_size, err);
    /* of a log the chain's hash, which stands in front: what a copy tried is nobody's evidence */
    d->value[d->table == LOGS ? 20 : d->value_size / 2] ^= 1;
    return cm_txn_put(txn, d->table, d->key, d->key_size, d->value, d->value_size, err);
}

static void damage_is_found(void **state)
{
    static const struct {
        int table;
        bool delete, derived;
    } cases[] = {
        {DAYS, false, true},    {DAYS, true, true},    {SESSIONS, true, true},
        {EVENTS, false, false}, {EVENTS, true, false}, {LOGS, false, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct world w;
        struct cm_err err = CM_ERR_INIT;
        struct damage damage = {.table = cases[i].table, .delete = cases[i].delete};
        struct cm_db *db;
        uint64_t events;
        char dir[300];
        world_init(&w, "lmdb:");
        struct station_log *log = station_create(&w, "g", NULL);
        fill(&w, log, 3);
        world_close(&w);
        snprintf(dir, sizeof dir, "%s/data/store", w.dir);
        struct cm_db_options options = {.dir = dir,
                                        .tables = tables,
                                        .table_count = 4,
                                        .version = 2,
                                        .map_bytes_first = (size_t)1 << 20,
                                        .map_bytes_max = (size_t)1 << 30};
        assert_int_equal(cm_db_open(&options, &db, NULL), CM_OK);
        assert_int_equal(cm_db_write(db, do_damage, &damage, NULL), CM_OK);
        cm_db_close(db);
        world_open(&w);
        assert_int_equal(srv_store_check(w.store, NULL, NULL, &events, &err), CM_CORRUPT);
        if (cases[i].derived) {
            assert_int_equal(srv_store_rebuild(w.store, NULL, NULL, NULL), CM_OK);
            check(w.store);
        }
        free(log);
        world_finish(&w);
    }
}

struct erased_row {
    const void *value;
    size_t size;
};

static enum cm_code put_erased(struct cm_txn *txn, void *arg, struct cm_err *err)
{
    const struct erased_row *row = arg;
    static const char key[] = "eS-1"; /* with its NUL */
    struct cm_bytes before;
    enum cm_code code = cm_txn_get(txn, 0, key, sizeof key, &before, err);
    return code == CM_OK ? cm_txn_put(txn, 0, key, sizeof key, row->value, row->size, err) : code;
}

static bool see_erased(void *arg, const struct srv_change *change)
{
    *(int *)arg += change->erased;
    return true;
}

/* Who was erased is primary: a row of the first format (the feed's number alone) still says it, a damaged one is found. */
static void rows_of_the_erased_are_read_and_checked(void **state)
{
    static const uint8_t first_format[8] = {0, 0, 0, 0, 0, 0, 0, 1};
    static const struct {
        struct erased_row row;
        enum cm_code code;
    } cases[] = {{{first_format, 8}, CM_OK}, {{first_format, 5}, CM_CORRUPT}};
    static const char *const meta[] = {"meta"};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct world w;
        struct cm_db *db;
        struct erased_row row = cases[i].row;
        uint64_t events;
        char dir[300];
        int erased = 0;
        world_init(&w, "lmdb:");
        put_class(w.store, "10-A", 540);
        put_student(w.store, "S-1", "10-A", WORLD_MONDAY);
        erase_student(w.store, "S-1");
        world_close(&w);
        snprintf(dir, sizeof dir, "%s/data/store", w.dir);
        struct cm_db_options options = {.dir = dir,
                                        .tables = meta,
                                        .table_count = 1,
                                        .version = 2,
                                        .map_bytes_first = (size_t)1 << 20,
                                        .map_bytes_max = (size_t)1 << 30};
        assert_int_equal(cm_db_open(&options, &db, NULL), CM_OK);
        assert_int_equal(cm_db_write(db, put_erased, &row, NULL), CM_OK);
        cm_db_close(db);
        world_open(&w);
        assert_int_equal(srv_store_check(w.store, NULL, NULL, &events, NULL), cases[i].code);
        if (cases[i].code == CM_OK) {
            assert_int_equal(srv_store_each_change(w.store, 0, see_erased, &erased, NULL), CM_OK);
            assert_int_equal(erased, 1);
            put_student(w.store, "S-1", "10-A", WORLD_MONDAY); /* and it is given again */
            check(w.store);
        }
        world_finish(&w);
    }
}

static void newer_is_refused(void **state)
{
    struct world w;
    struct cm_err err = CM_ERR_INIT;
    struct srv_store *store;
    struct cm_db *db;
    char dir[300];
    (void)state;
    world_init(&w, "lmdb:");
    world_close(&w);
    snprintf(dir, sizeof dir, "%s/data/store", w.dir);
    struct cm_db_options db_options = {.dir = dir,
                                       .tables = tables,
                                       .table_count = 4,
                                       .version = 99,
                                       .map_bytes_first = (size_t)1 << 20,
                                       .map_bytes_max = (size_t)1 << 30};
    assert_int_equal(cm_db_open(&db_options, &db, NULL), CM_OK);
    cm_db_close(db);
    struct srv_store_options options = {.url = w.url, .clock = &w.clock.base, .zone = w.zone};
    assert_int_equal(srv_store_open(&options, &store, &err), CM_NEWER);
    world_finish(&w);
}

static void urls(void **state)
{
    static const struct {
        const char *url;
        bool read_only;
        enum cm_code code;
    } cases[] = {
        {"", false, CM_INVALID},
        {"lmdb:", false, CM_INVALID},
        {"postgres://x", false, CM_INVALID},
        {"lmdb:/nonexistent/rollcall", true, CM_NOTFOUND},
    };
    struct world w;
    (void)state;
    world_init(&w, "memory:");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct srv_store *store;
        struct srv_store_options options = {
            .url = cases[i].url, .clock = &w.clock.base, .zone = w.zone, .read_only = cases[i].read_only};
        assert_int_equal(srv_store_open(&options, &store, NULL), cases[i].code);
    }
    world_finish(&w);
}

/* ---- erasing beyond recovery ---- */

static enum cm_code enrol(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct cm_template template_ = {.model = "dlib", .quality = 0.5f};
    snprintf(template_.student_id, sizeof template_.student_id, "%s", (const char *)arg);
    enum cm_code code = give_consent(store, arg, err);
    return code == CM_OK ? srv_store_put_templates(store, arg, &template_, 1, err) : code;
}

static size_t read_key_file(const struct world *w, uint8_t bytes[512])
{
    char path[300];
    snprintf(path, sizeof path, "%s/data/server.key", w->dir);
    int fd = open(path, O_RDONLY);
    assert_true(fd >= 0);
    ssize_t size = read(fd, bytes, 512);
    close(fd);
    return (size_t)size;
}

static bool count_template(void *arg, const struct cm_template *template_)
{
    (void)template_;
    ++*(int *)arg;
    return true;
}

static void an_erasure_turns_the_key(void **state)
{
    struct world w;
    uint8_t before[512], after[512];
    struct stat st;
    char path[300];
    int count = 0;
    (void)state;
    world_init(&w, "lmdb:");
    put_class(w.store, "10-A", 540);
    put_student(w.store, "S-1", "10-A", WORLD_MONDAY);
    put_student(w.store, "S-2", "10-A", WORLD_MONDAY);
    assert_int_equal(srv_store_write(w.store, enrol, (void *)"S-1", NULL), CM_OK);
    assert_int_equal(srv_store_write(w.store, enrol, (void *)"S-2", NULL), CM_OK);
    size_t size = read_key_file(&w, before);
    erase_student(w.store, "S-1");
    assert_int_equal(read_key_file(&w, after), size);
    assert_memory_not_equal(before, after, size);
    world_reopen(&w);
    assert_int_equal(srv_store_each_template(w.store, NULL, count_template, &count, NULL), CM_OK);
    assert_int_equal(count, 1);
    snprintf(path, sizeof path, "%s/data/server.key", w.dir);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 077, 0);
    check(w.store);
    world_finish(&w);
}

/* ---- a killed writer ---- */

static void write_until_killed(struct world *w, int told)
{
    struct station_log *log = station_create(w, "g", NULL);
    put_class(w->store, "10-A", 540);
    put_student(w->store, "S-1", "10-A", WORLD_MONDAY);
    for (uint32_t i = 1; i < WORLD_EVENTS_MAX - 20; i++) {
        int32_t date = cm_date_add(WORLD_MONDAY, (int32_t)(i / 20));
        station_mark(log, i % 2 == 0 ? "S-1" : "S-2", "10-A", date, at(w, date, 530 + (int32_t)i % 60), i);
        if (i % 7 == 0) {
            push_all(w->store, log);
            if (write(told, &log->last, sizeof log->last) != sizeof log->last)
                break;
        }
    }
    _exit(0);
}

static void a_killed_writer_loses_nothing(void **state)
{
    (void)state;
    for (int round = 0; round < 6; round++) {
        struct world w;
        struct srv_station station;
        uint64_t last = 0, told;
        int pipes[2], status;
        world_init(&w, "lmdb:");
        world_close(&w); /* a child must not use an environment of its parent */
        assert_int_equal(pipe(pipes), 0);
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            close(pipes[0]);
            world_open(&w);
            write_until_killed(&w, pipes[1]);
        }
        close(pipes[1]);
        for (int i = 0; i < 3 + round * 5 && read(pipes[0], &told, sizeof told) == sizeof told; i++)
            last = told;
        kill(child, SIGKILL);
        waitpid(child, &status, 0);
        close(pipes[0]);
        world_open(&w);
        assert_int_equal(srv_store_get_station(w.store, "g", &station, NULL), CM_OK);
        assert_true(station.acked_seq >= last);
        assert_int_equal(check(w.store), station.acked_seq);
        world_finish(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(restarts),
        cmocka_unit_test(another_zone),
        cmocka_unit_test(closings_of_version_1_become_events),
        cmocka_unit_test(backups),
        cmocka_unit_test(damage_is_found),
        cmocka_unit_test(rows_of_the_erased_are_read_and_checked),
        cmocka_unit_test(newer_is_refused),
        cmocka_unit_test(urls),
        cmocka_unit_test(an_erasure_turns_the_key),
        cmocka_unit_test(a_killed_writer_loses_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
