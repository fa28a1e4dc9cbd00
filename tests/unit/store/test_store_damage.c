/* Stored data that was changed, cut, lost or written by another program: found, told, and nothing made worse. */
#include "crypt/keyfile.h"
#include "raw_db.h"
#include "store/store.h"
#include "store_fixture.h"
#include "unit.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct cm_consent given = {.state = CM_CONSENT_GIVEN, .given_by = "Latha Nair"};

static char store_dir[512];

static int setup(void **state)
{
    static struct fixture fixture;
    fixture_init(&fixture);
    snprintf(store_dir, sizeof store_dir, "%s/store", fixture.dir);
    *state = &fixture;
    return 0;
}

static int teardown(void **state)
{
    fixture_finish(*state);
    return 0;
}

/* A store with a student's templates, two marks, a correction and an activity; closed. */
static void fill(struct fixture *f)
{
    struct cm_template templates[2];
    struct cm_correction correction = fixture_correction("s1", CM_ROLL_EXCUSED, 77);
    struct cm_mark mark = fixture_mark("s1");
    struct cm_roll_entry entry = fixture_entry(&mark);
    struct cm_activity activity = fixture_activity("a face nobody knows");
    fixture_open(f);
    for (int i = 0; i < 3; i++) {
        char id[16];
        snprintf(id, sizeof id, "s%d", i);
        fixture_templates(id, templates, 2);
        assert_int_equal(stn_store_put_templates(f->store, id, templates, 2, &given, NULL), CM_OK);
    }
    assert_int_equal(fixture_append_mark(f->store, "s1", NULL, NULL), CM_OK);
    assert_int_equal(fixture_append_mark(f->store, "s2", NULL, NULL), CM_OK);
    assert_int_equal(stn_store_append_correction(f->store, &correction, &entry, NULL, NULL), CM_OK);
    assert_int_equal(stn_store_append_activity(f->store, &activity, NULL), CM_OK);
    assert_int_equal(fixture_check(f), 10);
    fixture_close(f);
}

static enum cm_code check_closed(struct fixture *f, struct cm_err *err)
{
    uint64_t events;
    enum cm_code code = fixture_try_open(f, true, 0, err);
    if (code == CM_OK)
        code = stn_store_check(f->store, &events, err);
    fixture_close(f);
    return code;
}

static void expect_verdict(struct fixture *f, enum cm_code code, const char *words)
{
    struct cm_err err = CM_ERR_INIT;
    assert_int_equal(check_closed(f, &err), code);
    if (words != NULL && strstr(err.msg, words) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", err.msg, words);
}

static void every_flipped_byte_of_the_log_is_found(void **state)
{
    static const char *const tables[] = {"events", "signatures", "templates", "keys"};
    static struct raw_value value;
    struct fixture *f = *state;
    fill(f);
    for (size_t t = 0; t < sizeof tables / sizeof tables[0]; t++) {
        size_t count = raw_read(store_dir, tables[t], 0, &value);
        assert_true(count > 0);
        for (size_t i = 0; i < count; i++) {
            raw_read(store_dir, tables[t], i, &value);
            size_t step = t < 2 ? 3 : 29; /* all hashes, ids and texts are longer than three bytes */
            for (size_t at = i % step; at < value.size; at += step) {
                struct cm_err err = CM_ERR_INIT;
                value.value[at] ^= 1;
                raw_write(store_dir, tables[t], &value);
                if (check_closed(f, &err) != CM_CORRUPT)
                    fail_msg("%s %zu, byte %zu: %s", tables[t], i, at, err.msg);
                value.value[at] ^= 1;
            }
            raw_write(store_dir, tables[t], &value);
        }
    }
    expect_verdict(f, CM_OK, NULL);
}

static void what_is_missing_is_found(void **state)
{
    static const struct {
        const char *table;
        size_t index;
        const char *words;
    } cases[] = {
        {"events", 0, "event 1 of the log is missing"},
        {"events", 3, "event 4 of the log is missing"},
        {"events", 9, "the log's end is missing"},
        {"signatures", 9, "not signed behind event 9"},
        {"roll", 0, "missing on the roll"},
        {"keys", 1, "2 templates do not open"},
    };
    static struct raw_value value;
    struct fixture *f = *state;
    fill(f);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        raw_read(store_dir, cases[i].table, cases[i].index, &value);
        raw_delete(store_dir, cases[i].table, &value);
        expect_verdict(f, CM_CORRUPT, cases[i].words);
        raw_write(store_dir, cases[i].table, &value);
    }
    expect_verdict(f, CM_OK, NULL);
}

static void a_roll_entry_that_disagrees_is_found(void **state)
{
    static struct raw_value s1, moved;
    struct fixture *f = *state;
    fill(f);
    raw_read(store_dir, "roll", 0, &s1);
    moved = s1;
    moved.key[moved.key_size - 1] = '9'; /* s9 was never marked */
    raw_write(store_dir, "roll", &moved);
    expect_verdict(f, CM_CORRUPT, "another's place");
    raw_delete(store_dir, "roll", &moved);
    moved = s1;
    moved.value[moved.size - 1] = 0x07; /* correction_seq: event 7 is a mark */
    raw_write(store_dir, "roll", &moved);
    expect_verdict(f, CM_CORRUPT, "does not agree");
}

static void a_swapped_wrapped_key_does_not_open(void **state)
{
    static struct raw_value a, b;
    struct fixture *f = *state;
    fill(f);
    raw_read(store_dir, "keys", 0, &a);
    raw_read(store_dir, "keys", 1, &b);
    memcpy(b.value, a.value, a.size);
    raw_write(store_dir, "keys", &b);
    expect_verdict(f, CM_CORRUPT, "2 templates do not open");
}

static bool ignore_template(void *arg, const struct cm_template *template_)
{
    ++*(int *)arg;
    return template_ != NULL;
}

static void a_damaged_template_is_passed_over_and_counted(void **state)
{
    static struct raw_value value;
    struct fixture *f = *state;
    size_t damaged = 0;
    int good = 0;
    fill(f);
    raw_read(store_dir, "templates", 2, &value);
    value.value[100] ^= 0x80;
    raw_write(store_dir, "templates", &value);
    fixture_open(f);
    assert_int_equal(stn_store_each_template(f->store, ignore_template, &good, &damaged, NULL), CM_OK);
    assert_int_equal(good, 5);
    assert_int_equal(damaged, 1);
}

static uint8_t *read_all(const char *path, size_t *ret_size)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    uint8_t *bytes = malloc(1 << 20);
    assert_non_null(bytes);
    *ret_size = fread(bytes, 1, 1 << 20, file);
    fclose(file);
    return bytes;
}

static void write_all(const char *path, const uint8_t *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    fclose(file);
}

static void a_newer_store_is_left_alone(void **state)
{
    static struct raw_value value;
    struct fixture *f = *state;
    struct cm_err err = CM_ERR_INIT;
    size_t before_size, after_size;
    fill(f);
    raw_read(store_dir, "db", 0, &value);
    assert_memory_equal(value.key, "version", 7);
    value.value[3]++;
    raw_write(store_dir, "db", &value);
    uint8_t *before = read_all(fixture_path(f, "store/data.mdb"), &before_size);
    assert_int_equal(fixture_try_open(f, false, 0, &err), CM_NEWER);
    assert_non_null(strstr(err.msg, "newer version"));
    assert_int_equal(fixture_try_open(f, true, 0, &err), CM_NEWER);
    uint8_t *after = read_all(fixture_path(f, "store/data.mdb"), &after_size);
    assert_int_equal(before_size, after_size);
    assert_memory_equal(before, after, before_size);
    free(before);
    free(after);
}

static void a_file_that_is_no_store_is_told(void **state)
{
    struct fixture *f = *state;
    struct cm_err err = CM_ERR_INIT;
    static const uint8_t garbage[16384] = "this is not a database";
    assert_int_equal(mkdir(store_dir, 0700), 0);
    write_all(fixture_path(f, "store/data.mdb"), garbage, sizeof garbage);
    assert_int_equal(fixture_try_open(f, false, 0, &err), CM_CORRUPT);
    assert_int_equal(fixture_try_open(f, true, 0, &err), CM_CORRUPT);
}

/* Reading behind the end of a mapped file would be SIGBUS. */
static void a_store_that_lost_its_end_is_told(void **state)
{
    struct fixture *f = *state;
    size_t size;
    fill(f);
    uint8_t *whole = read_all(fixture_path(f, "store/data.mdb"), &size);
    for (size_t keep = 8192; keep < size; keep += 4096 + 512) {
        struct cm_err err = CM_ERR_INIT;
        uint64_t events;
        write_all(fixture_path(f, "store/data.mdb"), whole, keep);
        assert_int_equal(fixture_try_open(f, true, 0, &err), CM_CORRUPT);
        enum cm_code code = fixture_try_open(f, false, 0, &err);
        if (code == CM_OK)
            code = stn_store_check(f->store, &events, &err);
        fixture_close(f);
        if (code != CM_CORRUPT && code != CM_OK) /* pages that nothing uses may be lost */
            fail_msg("%zu of %zu bytes: %s", keep, size, err.msg);
    }
    write_all(fixture_path(f, "store/data.mdb"), whole, size);
    free(whole);
    expect_verdict(f, CM_OK, NULL);
}

/* ---- the key file ---- */

static void a_lost_key_file_closes_the_store(void **state)
{
    struct fixture *f = *state;
    struct cm_err err = CM_ERR_INIT;
    char key[512], kept[512];
    snprintf(key, sizeof key, "%s", fixture_path(f, "station.key"));
    snprintf(kept, sizeof kept, "%s", fixture_path(f, "kept.key"));
    fill(f);
    assert_int_equal(rename(key, kept), 0);
    assert_int_equal(fixture_try_open(f, false, 0, &err), CM_CORRUPT);
    assert_non_null(strstr(err.msg, "station.key is missing"));
    assert_int_equal(access(key, F_OK), -1); /* no new one that would hide the loss */
    assert_int_equal(rename(kept, key), 0);
    expect_verdict(f, CM_OK, NULL);
}

static void a_key_file_that_others_may_read_is_refused(void **state)
{
    struct fixture *f = *state;
    struct cm_err err = CM_ERR_INIT;
    fill(f);
    assert_int_equal(chmod(fixture_path(f, "station.key"), 0640), 0);
    assert_int_equal(fixture_try_open(f, false, 0, &err), CM_INVALID);
    assert_non_null(strstr(err.msg, "0640"));
    assert_int_equal(chmod(fixture_path(f, "station.key"), 0600), 0);
    expect_verdict(f, CM_OK, NULL);
}

static void another_stations_key_file_is_refused(void **state)
{
    struct fixture *f = *state;
    struct cm_err err = CM_ERR_INIT;
    struct cm_keys *other;
    fill(f);
    assert_int_equal(cm_keys_create(&other, NULL), CM_OK);
    assert_int_equal(cm_keys_save(other, fixture_path(f, "station.key"), NULL), CM_OK);
    cm_keys_destroy(other);
    assert_int_equal(fixture_try_open(f, false, 0, &err), CM_CORRUPT);
    assert_non_null(strstr(err.msg, "another station"));
}

static void status_works_without_the_key_file(void **state)
{
    struct fixture *f = *state;
    struct cm_err err = CM_ERR_INIT;
    struct stn_store_summary summary;
    size_t damaged;
    int good = 0;
    assert_int_equal(fixture_try_open(f, true, 0, &err), CM_NOTFOUND);
    assert_int_equal(access(store_dir, F_OK), -1); /* and creates nothing */
    fill(f);
    assert_int_equal(unlink(fixture_path(f, "station.key")), 0);
    assert_int_equal(fixture_try_open(f, true, 0, &err), CM_OK);
    assert_int_equal(stn_store_summary(f->store, &summary, NULL), CM_OK);
    assert_int_equal(summary.last_seq, 10);
    assert_int_equal(stn_store_each_template(f->store, ignore_template, &good, &damaged, &err), CM_NOTFOUND);
    assert_non_null(strstr(err.msg, "station.key is missing"));
    assert_int_equal(fixture_append_mark(f->store, "s8", NULL, &err), CM_BACKEND);
    assert_non_null(strstr(err.msg, "reading only"));
}

/* ---- erasing ---- */

static int count_templates(struct fixture *f, size_t expect_damaged)
{
    size_t damaged = 0;
    int good = 0;
    struct cm_err err = CM_ERR_INIT;
    if (stn_store_each_template(f->store, ignore_template, &good, &damaged, &err) != CM_OK)
        fail_msg("%s", err.msg);
    assert_int_equal(damaged, expect_damaged);
    return good;
}

static bool opens(const struct cm_keys *keys, const struct raw_value *wrapped)
{
    uint8_t key[CM_KEY_SIZE];
    for (uint32_t generation = 0; generation <= cm_keys_generation(keys) + 1; generation++) {
        if (cm_keys_unwrap(keys, generation, "s1", wrapped->value, key, NULL) == CM_OK)
            return true;
    }
    return false;
}

static void an_erased_student_is_beyond_recovery(void **state)
{
    static struct raw_value wrapped;
    struct fixture *f = *state;
    struct cm_keys *keys;
    struct cm_err err = CM_ERR_INIT;
    size_t size, damaged;
    int good = 0;
    fill(f);
    uint8_t *old_pages = read_all(fixture_path(f, "store/data.mdb"), &size);
    raw_read(store_dir, "keys", 1, &wrapped);
    assert_int_equal(cm_keys_load(fixture_path(f, "station.key"), &keys, NULL), CM_OK);
    assert_true(opens(keys, &wrapped));
    cm_keys_destroy(keys);

    fixture_open(f);
    assert_int_equal(stn_store_erase_templates(f->store, "s1", NULL), CM_OK);
    assert_int_equal(stn_store_erase_templates(f->store, "s1", NULL), CM_NOTFOUND);
    assert_int_equal(stn_store_erase_templates(f->store, "nobody", NULL), CM_NOTFOUND);
    assert_int_equal(count_templates(f, 0), 4); /* the others are as they were */
    fixture_reopen(f);
    assert_int_equal(count_templates(f, 0), 4);
    assert_int_equal(fixture_check(f), 11); /* the erasure is an event, too */
    fixture_close(f);

    /* What the disk still remembers opens with nothing that exists. */
    assert_int_equal(cm_keys_load(fixture_path(f, "station.key"), &keys, NULL), CM_OK);
    assert_false(opens(keys, &wrapped));
    assert_false(cm_keys_has_previous(keys));
    cm_keys_destroy(keys);
    write_all(fixture_path(f, "store/data.mdb"), old_pages, size);
    free(old_pages);
    assert_int_equal(fixture_try_open(f, true, 0, &err), CM_OK);
    assert_int_equal(stn_store_each_template(f->store, ignore_template, &good, &damaged, &err), CM_CORRUPT);
    assert_int_equal(good, 0);
}

static void expect_settled(struct fixture *f, uint32_t generation)
{
    struct cm_keys *keys;
    assert_int_equal(cm_keys_load(fixture_path(f, "station.key"), &keys, NULL), CM_OK);
    assert_int_equal(cm_keys_generation(keys), generation);
    assert_false(cm_keys_has_previous(keys));
    cm_keys_destroy(keys);
}

static void an_interrupted_erasure_is_made_good(void **state)
{
    struct fixture *f = *state;
    struct cm_keys *keys;
    size_t size;
    fill(f);
    expect_settled(f, 1);
    /* The power went after the key file got its new master key: nothing was erased. */
    assert_int_equal(cm_keys_load(fixture_path(f, "station.key"), &keys, NULL), CM_OK);
    cm_keys_rotate(keys);
    assert_int_equal(cm_keys_save(keys, fixture_path(f, "station.key"), NULL), CM_OK);
    cm_keys_destroy(keys);
    uint8_t *both = read_all(fixture_path(f, "station.key"), &size);
    expect_verdict(f, CM_OK, NULL); /* a reader gets along meanwhile */
    fixture_open(f);
    assert_int_equal(count_templates(f, 0), 6);
    fixture_close(f);
    expect_settled(f, 2);
    /* The power went after the commit, before the key file forgot the old one. */
    write_all(fixture_path(f, "station.key"), both, size);
    free(both);
    fixture_open(f);
    assert_int_equal(count_templates(f, 0), 6);
    fixture_close(f);
    expect_settled(f, 2);
    fixture_open(f);
    assert_int_equal(stn_store_erase_templates(f->store, "s2", NULL), CM_OK);
    assert_int_equal(count_templates(f, 0), 4);
    fixture_close(f);
    expect_settled(f, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_flipped_byte_of_the_log_is_found, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_missing_is_found, setup, teardown),
        cmocka_unit_test_setup_teardown(a_roll_entry_that_disagrees_is_found, setup, teardown),
        cmocka_unit_test_setup_teardown(a_swapped_wrapped_key_does_not_open, setup, teardown),
        cmocka_unit_test_setup_teardown(a_damaged_template_is_passed_over_and_counted, setup, teardown),
        cmocka_unit_test_setup_teardown(a_newer_store_is_left_alone, setup, teardown),
        cmocka_unit_test_setup_teardown(a_file_that_is_no_store_is_told, setup, teardown),
        cmocka_unit_test_setup_teardown(a_store_that_lost_its_end_is_told, setup, teardown),
        cmocka_unit_test_setup_teardown(a_lost_key_file_closes_the_store, setup, teardown),
        cmocka_unit_test_setup_teardown(a_key_file_that_others_may_read_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(another_stations_key_file_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(status_works_without_the_key_file, setup, teardown),
        cmocka_unit_test_setup_teardown(an_erased_student_is_beyond_recovery, setup, teardown),
        cmocka_unit_test_setup_teardown(an_interrupted_erasure_is_made_good, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
