/* A store of one test, and stations that write logs for it. Failures end the test. */
#ifndef TEST_SERVER_STORE_WORLD_H
#define TEST_SERVER_STORE_WORLD_H

#include "base/clock.h"
#include "base/localdate.h"
#include "crypt/keyfile.h"
#include "store/store.h"
#include <stdbool.h>

enum { WORLD_MONDAY = 20260105, WORLD_EVENTS_MAX = 4096 };

struct world {
    char dir[256]; /* "" in memory */
    char url[300];
    struct cm_clock_manual clock;
    struct cm_zone *zone;
    struct srv_store *store;
};

void world_init(struct world *world, const char *kind); /* "memory:" or "lmdb:" */
void world_finish(struct world *world);
void world_open(struct world *world);
void world_close(struct world *world);
void world_reopen(struct world *world);

struct log_event {
    uint8_t bytes[1024];
    size_t size;
};
struct station_log { /* as the station keeps it */
    struct srv_station station;
    uint8_t hash[WORLD_EVENTS_MAX + 1][CM_HASH_SIZE]; /* [seq] */
    struct log_event events[WORLD_EVENTS_MAX + 1];    /* [seq] */
    uint64_t last;                                    /* seq */
    int64_t wall_ms;                                  /* of the last event */
    int64_t erased_ms; /* what the next marks and corrections say: the erasure that it has carried out */
};
/* A station with a key of its own, added to the store unless `store` is NULL. classes: "" every class. */
struct station_log *station_create(struct world *world, const char *id, const char *const *classes);
void station_add_to(struct station_log *log, struct srv_store *store);
/* Appends to the log. Ids come from the numbers, so that the same event has the same id everywhere. */
uint64_t station_mark(struct station_log *log, const char *student, const char *class_id, int32_t date,
                      int64_t captured_wall_ms, uint32_t id);
uint64_t station_correct(struct station_log *log, const char *student, const char *class_id, int32_t date,
                         enum cm_roll_status status, int64_t wall_ms, uint32_t id);
uint64_t station_cover(struct station_log *log, int64_t from_wall_ms, int64_t to_wall_ms, bool able,
                       uint32_t id);
/* By card: no_face. */
uint64_t station_card(struct station_log *log, const char *student, const char *class_id, int32_t date,
                      int64_t captured_wall_ms, uint32_t id);
uint64_t station_say(struct station_log *log, const char *class_id, int32_t date, enum cm_session_word word,
                     int64_t wall_ms, uint32_t id);
uint64_t station_activity(struct station_log *log, enum cm_activity_kind kind, int64_t wall_ms, uint32_t id);
void event_id(uint32_t number, uint8_t ret_id[16]);

/* Each in a write of its own. */
enum cm_code push(struct srv_store *store, const struct station_log *log, uint64_t first, uint64_t last,
                  struct srv_append *ret_append, struct cm_err *err);
void push_all(struct srv_store *store, const struct station_log *log);
enum cm_code try_class(struct srv_store *store, const char *id, int32_t start_minute);
enum cm_code try_student(struct srv_store *store, const char *id, const char *class_id, int32_t joined);
void put_class(struct srv_store *store, const char *id,
               int32_t start_minute); /* late 10, close 60, Mon … Fri */
void put_student(struct srv_store *store, const char *id, const char *class_id, int32_t joined);
void erase_student(struct srv_store *store, const char *id);
void put_closure(struct srv_store *store, int32_t date, const char *class_id);
void put_short(struct srv_store *store, int32_t date, const char *class_id, int32_t start_minute,
               int32_t close_after_min);
void delete_closure(struct srv_store *store, int32_t date, const char *class_id);
void close_session(struct srv_store *store, const char *class_id, int32_t date, int64_t wall_ms);
void reopen_session(struct srv_store *store, const char *class_id, int32_t date, int64_t wall_ms);
void say_session(struct srv_store *store, const char *class_id, int32_t date, enum cm_session_word word,
                 const char *reason, int64_t wall_ms);
void set_setting(struct srv_store *store, const char *name, const char *value);
uint64_t correct(struct srv_store *store, const char *student, const char *class_id, int32_t date,
                 enum cm_roll_status status, int64_t wall_ms, uint32_t id);

/* Within a write: consent is given, at the store's time. */
enum cm_code give_consent(struct srv_store *store, const char *student, struct cm_err *err);
/* In a write of its own; the id comes from the number. */
uint64_t say_consent(struct srv_store *store, const char *student, enum cm_consent_state state,
                     int64_t wall_ms, uint32_t id);
/* What a station was told. */
uint64_t station_consent(struct station_log *log, const char *student, enum cm_consent_state state,
                         int64_t wall_ms, uint32_t id);

int64_t at(const struct world *world, int32_t date,
           int32_t minute); /* minutes since midnight, school's zone */
enum cm_roll_status status_of(struct srv_store *store, const char *student, int32_t date);
struct srv_standing standing_of(struct srv_store *store, const char *student);
struct srv_session_info info_of(struct srv_store *store, const char *class_id, int32_t date);
uint64_t check(struct srv_store *store);
void remove_folder(const char *path);

#endif
