#include "store_fixture.h"

#include "unit.h"
#include <ftw.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const int64_t start_wall_ms = 1767597600000; /* 2026-01-05 07:20 UTC */

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *walk)
{
    (void)info;
    (void)type;
    (void)walk;
    return remove(path);
}

void remove_folder(const char *path)
{
    nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

void fixture_init(struct fixture *fixture)
{
    const char *base = getenv("TMPDIR");
    memset(fixture, 0, sizeof *fixture);
    snprintf(fixture->dir, sizeof fixture->dir, "%s/rollcall-store-XXXXXX", base != NULL ? base : "/tmp");
    assert_non_null(mkdtemp(fixture->dir));
    cm_clock_manual_init(&fixture->clock, start_wall_ms, 1000000);
}

void fixture_finish(struct fixture *fixture)
{
    fixture_close(fixture);
    remove_folder(fixture->dir);
}

enum cm_code fixture_try_open(struct fixture *fixture, bool read_only, size_t map_bytes, struct cm_err *err)
{
    struct stn_store_options options = {
        .dir = fixture->dir,
        .clock = &fixture->clock.base,
        .read_only = read_only,
        .map_bytes_first = map_bytes,
    };
    return stn_store_open(&options, &fixture->store, err);
}

void fixture_open(struct fixture *fixture)
{
    struct cm_err err = CM_ERR_INIT;
    if (fixture_try_open(fixture, false, 0, &err) != CM_OK)
        fail_msg("cannot open: %s", err.msg);
}

void fixture_close(struct fixture *fixture)
{
    stn_store_close(fixture->store);
    fixture->store = NULL;
}

void fixture_reopen(struct fixture *fixture)
{
    fixture_close(fixture);
    fixture_open(fixture);
}

const char *fixture_path(const struct fixture *fixture, const char *name)
{
    static char path[512];
    snprintf(path, sizeof path, "%s/%s", fixture->dir, name);
    return path;
}

struct cm_mark fixture_mark(const char *student_id)
{
    struct cm_mark mark = {
        .class_id = "10-B",
        .date = FIXTURE_DATE,
        .captured_wall_ms = start_wall_ms + 1234,
        .method = CM_METHOD_FACE,
        .policy = "basic",
        .live_reason = "clean_blink",
        .distance = 0.375f,
        .margin = 0.25f,
        .threshold = 0.5f,
        .blink_ms = 180,
        .first_try = true,
    };
    snprintf(mark.student_id, sizeof mark.student_id, "%s", student_id);
    return mark;
}

struct cm_correction fixture_correction(const char *student_id, enum cm_roll_status status, int64_t wall_ms)
{
    struct cm_correction correction = {
        .class_id = "10-B",
        .date = FIXTURE_DATE,
        .status = status,
        .by = "Meera Nair",
        .reason = "was at the sports meet",
        .corrected_wall_ms = wall_ms,
    };
    snprintf(correction.student_id, sizeof correction.student_id, "%s", student_id);
    return correction;
}

struct cm_activity fixture_activity(const char *reason)
{
    struct cm_activity activity = {
        .kind = CM_ACTIVITY_UNKNOWN_FACE, .started_wall_ms = start_wall_ms, .distance = NAN};
    snprintf(activity.reason, sizeof activity.reason, "%s", reason);
    return activity;
}

struct cm_roll_entry fixture_entry(const struct cm_mark *mark)
{
    struct cm_roll_entry entry = {.date = mark->date, .status = CM_ROLL_PRESENT, .points = 17};
    snprintf(entry.student_id, sizeof entry.student_id, "%s", mark->student_id);
    snprintf(entry.class_id, sizeof entry.class_id, "%s", mark->class_id);
    return entry;
}

enum cm_code fixture_append_mark(struct stn_store *store, const char *student_id,
                                 struct cm_roll_entry *ret_entry, struct cm_err *err)
{
    struct cm_mark mark = fixture_mark(student_id);
    struct cm_roll_entry entry = fixture_entry(&mark);
    return stn_store_append_mark(store, &mark, &entry, ret_entry, err);
}

void fixture_templates(const char *student_id, struct cm_template *templates, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        templates[i] = (struct cm_template){
            .model = "dlib_resnet_v1", .quality = 0.75f, .created_wall_ms = start_wall_ms + (int64_t)i};
        snprintf(templates[i].student_id, sizeof templates[i].student_id, "%s", student_id);
        for (int j = 0; j < CM_EMBEDDING_DIM; j++)
            templates[i].embedding[j] = (float)(j + 1) / (float)(i + 100);
    }
}

uint64_t fixture_check(struct fixture *fixture)
{
    struct cm_err err = CM_ERR_INIT;
    uint64_t events = 0;
    if (stn_store_check(fixture->store, &events, &err) != CM_OK)
        fail_msg("check: %s", err.msg);
    return events;
}
