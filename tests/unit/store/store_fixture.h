/* A data folder of one test, and short ways to make records. Failures end the test. */
#ifndef TEST_STORE_FIXTURE_H
#define TEST_STORE_FIXTURE_H

#include "base/clock.h"
#include "record/record.h"
#include "store/store.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fixture {
    char dir[256];
    struct cm_clock_manual clock;
    struct stn_store *store; /* NULL: closed */
};

enum { FIXTURE_DATE = 20260105 };

void fixture_init(struct fixture *fixture); /* makes the folder */
void fixture_finish(struct fixture *fixture);
void fixture_open(struct fixture *fixture);
void fixture_reopen(struct fixture *fixture);
enum cm_code fixture_try_open(struct fixture *fixture, bool read_only, size_t map_bytes, struct cm_err *err);
void fixture_close(struct fixture *fixture);
/* The path of something in the folder; valid until the next call. */
const char *fixture_path(const struct fixture *fixture, const char *name);

struct cm_mark fixture_mark(const char *student_id);
struct cm_correction fixture_correction(const char *student_id, enum cm_roll_status status, int64_t wall_ms);
struct cm_activity fixture_activity(const char *reason);
struct cm_roll_entry fixture_entry(const struct cm_mark *mark);
enum cm_code fixture_append_mark(struct stn_store *store, const char *student_id,
                                 struct cm_roll_entry *ret_entry, struct cm_err *err);
void fixture_templates(const char *student_id, struct cm_template *templates, size_t count);
/* The events of the log, by a walk of stn_store_check. */
uint64_t fixture_check(struct fixture *fixture);

void remove_folder(const char *path);

#endif
