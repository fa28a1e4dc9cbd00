#include "world.h"

#include "unit.h"

#include "crypt/chain.h"
#include "record/codec.h"
#include <ftw.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const int64_t start_wall_ms = 1767571200000; /* 2026-01-05 00:00 UTC */
static const int64_t now_wall_ms = 1775001600000;   /* 2026-04-01: events are behind it */

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

void world_init(struct world *world, const char *kind)
{
    const char *base = getenv("TMPDIR");
    struct cm_err err = CM_ERR_INIT;
    memset(world, 0, sizeof *world);
    snprintf(world->url, sizeof world->url, "%s", kind);
    if (strcmp(kind, "lmdb:") == 0) {
        snprintf(world->dir, sizeof world->dir, "%s/rollcall-server-XXXXXX", base != NULL ? base : "/tmp");
        assert_non_null(mkdtemp(world->dir));
        snprintf(world->url, sizeof world->url, "lmdb:%s/data", world->dir);
    }
    cm_clock_manual_init(&world->clock, now_wall_ms, 1000000);
    if (cm_zone_open(CM_ZONE_DEFAULT, &world->zone, &err) != CM_OK)
        fail_msg("%s", err.msg);
    world_open(world);
}

void world_finish(struct world *world)
{
    world_close(world);
    cm_zone_close(world->zone);
    if (world->dir[0] != '\0')
        remove_folder(world->dir);
}

void world_open(struct world *world)
{
    struct cm_err err = CM_ERR_INIT;
    struct srv_store_options options = {.url = world->url, .clock = &world->clock.base, .zone = world->zone};
    if (srv_store_open(&options, &world->store, &err) != CM_OK)
        fail_msg("cannot open (%s): %s", cm_code_name(err.code), err.msg);
}

void world_close(struct world *world)
{
    srv_store_close(world->store);
    world->store = NULL;
}

void world_reopen(struct world *world)
{
    world_close(world);
    world_open(world);
}

int64_t at(const struct world *world, int32_t date, int32_t minute)
{
    return cm_zone_instant(world->zone, date, minute);
}

/* ---- one thing in one write ---- */

struct job {
    enum cm_code (*verb)(struct srv_store *store, struct job *job, struct cm_err *err);
    const char *text, *other;
    int32_t date, number;
    int64_t wall_ms;
    const void *record;
    uint64_t feed;
    uint64_t first;
    size_t count;
    const struct station_log *log;
    struct srv_append append;
};

static enum cm_code run_job(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct job *job = arg;
    return job->verb(store, job, err);
}

static void must(struct srv_store *store, struct job *job)
{
    struct cm_err err = CM_ERR_INIT;
    if (srv_store_write(store, run_job, job, &err) != CM_OK)
        fail_msg("%s", err.msg);
}

static enum cm_code do_class(struct srv_store *store, struct job *job, struct cm_err *err)
{
    return srv_store_put_class(store, job->record, err);
}

static struct cm_class class_of(const char *id, int32_t start_minute)
{
    struct cm_class class_ = {.coordinator = "Meera Nair",
                              .start_minute = start_minute,
                              .late_after_min = 10,
                              .close_after_min = 60,
                              .weekdays = 0x1f};
    snprintf(class_.id, sizeof class_.id, "%s", id);
    return class_;
}

enum cm_code try_class(struct srv_store *store, const char *id, int32_t start_minute)
{
    struct cm_class class_ = class_of(id, start_minute);
    struct job job = {.verb = do_class, .record = &class_};
    return srv_store_write(store, run_job, &job, NULL);
}

void put_class(struct srv_store *store, const char *id, int32_t start_minute)
{
    struct cm_class class_ = class_of(id, start_minute);
    struct job job = {.verb = do_class, .record = &class_};
    must(store, &job);
}

static enum cm_code do_student(struct srv_store *store, struct job *job, struct cm_err *err)
{
    return srv_store_put_student(store, job->record, err);
}

static struct srv_student student_of(const char *id, const char *class_id, int32_t joined)
{
    struct srv_student student = {.joined_date = joined};
    snprintf(student.base.id, sizeof student.base.id, "%s", id);
    snprintf(student.base.name, sizeof student.base.name, "Student %.40s", id);
    snprintf(student.base.class_id, sizeof student.base.class_id, "%s", class_id);
    return student;
}

enum cm_code try_student(struct srv_store *store, const char *id, const char *class_id, int32_t joined)
{
    struct srv_student student = student_of(id, class_id, joined);
    struct job job = {.verb = do_student, .record = &student};
    return srv_store_write(store, run_job, &job, NULL);
}

void put_student(struct srv_store *store, const char *id, const char *class_id, int32_t joined)
{
    struct srv_student student = student_of(id, class_id, joined);
    struct job job = {.verb = do_student, .record = &student};
    must(store, &job);
}

static enum cm_code do_erase(struct srv_store *store, struct job *job, struct cm_err *err)
{
    return srv_store_erase_student(store, job->text, "admin", err);
}

void erase_student(struct srv_store *store, const char *id)
{
    struct job job = {.verb = do_erase, .text = id};
    must(store, &job);
}

static enum cm_code do_put_closure(struct srv_store *store, struct job *job, struct cm_err *err)
{
    struct cm_closure closure = {.date = job->date, .label = "Diwali"};
    snprintf(closure.class_id, sizeof closure.class_id, "%s", job->text);
    return srv_store_put_closure(store, &closure, err);
}

static enum cm_code do_delete_closure(struct srv_store *store, struct job *job, struct cm_err *err)
{
    return srv_store_delete_closure(store, job->date, job->text, err);
}

void put_closure(struct srv_store *store, int32_t date, const char *class_id)
{
    struct job job = {.verb = do_put_closure, .text = class_id, .date = date};
    must(store, &job);
}

static enum cm_code do_put_short(struct srv_store *store, struct job *job, struct cm_err *err)
{
    return srv_store_put_closure(store, job->record, err);
}

void put_short(struct srv_store *store, int32_t date, const char *class_id, int32_t start_minute,
               int32_t close_after_min)
{
    struct cm_closure closure = {.date = date,
                                 .label = "half day",
                                 .kind = CM_CLOSURE_SHORT,
                                 .start_minute = start_minute,
                                 .close_after_min = close_after_min};
    struct job job = {.verb = do_put_short, .record = &closure};
    snprintf(closure.class_id, sizeof closure.class_id, "%s", class_id);
    must(store, &job);
}

static enum cm_code do_say(struct srv_store *store, struct job *job, struct cm_err *err)
{
    return srv_store_say_session(store, job->record, err);
}

void say_session(struct srv_store *store, const char *class_id, int32_t date, enum cm_session_word word,
                 const char *reason, int64_t wall_ms)
{
    struct cm_session_said said = {.date = date, .word = word, .by = "Meera", .said_wall_ms = wall_ms};
    struct job job = {.verb = do_say, .record = &said};
    snprintf(said.class_id, sizeof said.class_id, "%s", class_id);
    snprintf(said.reason, sizeof said.reason, "%s", reason);
    must(store, &job);
}

static enum cm_code do_setting(struct srv_store *store, struct job *job, struct cm_err *err)
{
    return srv_store_put_setting(store, job->text, job->record, err);
}

void set_setting(struct srv_store *store, const char *name, const char *value)
{
    struct job job = {.verb = do_setting, .text = name, .record = value};
    must(store, &job);
}

void delete_closure(struct srv_store *store, int32_t date, const char *class_id)
{
    struct job job = {.verb = do_delete_closure, .text = class_id, .date = date};
    must(store, &job);
}

static enum cm_code do_close(struct srv_store *store, struct job *job, struct cm_err *err)
{
    return srv_store_close_session(store, job->text, job->date, "Meera", job->wall_ms, err);
}

static enum cm_code do_reopen(struct srv_store *store, struct job *job, struct cm_err *err)
{
    return srv_store_reopen_session(store, job->text, job->date, "Meera", job->wall_ms, err);
}

void close_session(struct srv_store *store, const char *class_id, int32_t date, int64_t wall_ms)
{
    struct job job = {.verb = do_close, .text = class_id, .date = date, .wall_ms = wall_ms};
    must(store, &job);
}

void reopen_session(struct srv_store *store, const char *class_id, int32_t date, int64_t wall_ms)
{
    struct job job = {.verb = do_reopen, .text = class_id, .date = date, .wall_ms = wall_ms};
    must(store, &job);
}

/* ---- events ---- */

void event_id(uint32_t number, uint8_t ret_id[16])
{
    memset(ret_id, 0, 16);
    ret_id[6] = 0x70;
    ret_id[8] = 0x80;
    for (int i = 0; i < 4; i++)
        ret_id[12 + i] = (uint8_t)(number >> (24 - 8 * i));
}

static struct cm_correction correction_of(const char *student, const char *class_id, int32_t date,
                                          enum cm_roll_status status, int64_t wall_ms)
{
    struct cm_correction correction = {.date = date,
                                       .status = status,
                                       .by = "Meera Nair",
                                       .reason = "was at the sports meet",
                                       .corrected_wall_ms = wall_ms};
    snprintf(correction.student_id, sizeof correction.student_id, "%s", student);
    snprintf(correction.class_id, sizeof correction.class_id, "%s", class_id);
    return correction;
}

static enum cm_code do_own(struct srv_store *store, struct job *job, struct cm_err *err)
{
    struct cm_event event = *(const struct cm_event *)job->record;
    return srv_store_append_own(store, &event, &job->feed, err);
}

uint64_t correct(struct srv_store *store, const char *student, const char *class_id, int32_t date,
                 enum cm_roll_status status, int64_t wall_ms, uint32_t id)
{
    struct cm_event event = {.version = CM_RECORD_VERSION, .type = CM_EVENT_CORRECTION, .wall_ms = wall_ms};
    struct job job = {.verb = do_own, .record = &event};
    event_id(id, event.id);
    event.body.correction = correction_of(student, class_id, date, status, wall_ms);
    must(store, &job);
    return job.feed;
}

static struct cm_consent consent_of(const char *student, enum cm_consent_state state, int64_t wall_ms)
{
    struct cm_consent consent = {
        .state = state, .by = "office", .given_by = "Latha Nair, mother", .text_version = "2026-1"};
    snprintf(consent.student_id, sizeof consent.student_id, "%s", student);
    consent.said_wall_ms = wall_ms;
    return consent;
}

uint64_t say_consent(struct srv_store *store, const char *student, enum cm_consent_state state,
                     int64_t wall_ms, uint32_t id)
{
    struct cm_event event = {.version = CM_RECORD_VERSION, .type = CM_EVENT_CONSENT, .wall_ms = wall_ms};
    struct job job = {.verb = do_own, .record = &event};
    event_id(id, event.id);
    event.body.consent = consent_of(student, state, wall_ms);
    must(store, &job);
    return job.feed;
}

enum cm_code give_consent(struct srv_store *store, const char *student, struct cm_err *err)
{
    static uint32_t number = 0x70000000;
    struct srv_student known;
    struct cm_event event = {.version = CM_RECORD_VERSION, .type = CM_EVENT_CONSENT, .wall_ms = now_wall_ms};
    if (srv_store_get_student(store, student, &known, NULL) != CM_OK ||
        known.base.consent == CM_CONSENT_GIVEN)
        return CM_OK;
    event_id(number++, event.id);
    event.body.consent = consent_of(student, CM_CONSENT_GIVEN, now_wall_ms);
    return srv_store_append_own(store, &event, NULL, err);
}

static enum cm_code do_station(struct srv_store *store, struct job *job, struct cm_err *err)
{
    return srv_store_put_station(store, job->record, err);
}

void station_add_to(struct station_log *log, struct srv_store *store)
{
    struct job job = {.verb = do_station, .record = &log->station};
    must(store, &job);
}

struct station_log *station_create(struct world *world, const char *id, const char *const *classes)
{
    struct station_log *log = calloc(1, sizeof *log);
    struct cm_keys *keys;
    assert_non_null(log);
    assert_int_equal(cm_keys_create(&keys, NULL), CM_OK);
    memcpy(log->station.public_key, cm_keys_public(keys), CM_PUBLIC_KEY_SIZE);
    cm_keys_destroy(keys);
    snprintf(log->station.id, sizeof log->station.id, "%s", id);
    snprintf(log->station.name, sizeof log->station.name, "Station %.20s", id);
    for (; classes != NULL && *classes != NULL; classes++)
        snprintf(log->station.classes[log->station.class_count++], CM_ID_SIZE, "%s", *classes);
    log->station.paired = true;
    log->station.created_wall_ms = start_wall_ms;
    log->station.token_hash[0] = 1;
    snprintf((char *)log->station.token_hash + 1, 31, "%s", id);
    cm_chain_start(log->station.public_key, log->hash[0]);
    if (world != NULL)
        station_add_to(log, world->store);
    return log;
}

static uint64_t append(struct station_log *log, struct cm_event *event, uint32_t id)
{
    uint64_t seq = ++log->last;
    assert_true(seq <= WORLD_EVENTS_MAX);
    struct log_event *stored = &log->events[seq];
    struct cm_err err = CM_ERR_INIT;
    event->version = CM_RECORD_VERSION;
    event->seq = seq;
    event_id(id, event->id);
    if (cm_event_encode(event, stored->bytes, sizeof stored->bytes, &stored->size, &err) != CM_OK)
        fail_msg("%s", err.msg);
    cm_chain_next(log->hash[seq - 1], stored->bytes, stored->size, log->hash[seq]);
    log->wall_ms = event->wall_ms;
    return seq;
}

uint64_t station_mark(struct station_log *log, const char *student, const char *class_id, int32_t date,
                      int64_t captured_wall_ms, uint32_t id)
{
    struct cm_event event = {.type = CM_EVENT_MARK, .wall_ms = captured_wall_ms};
    struct cm_mark *mark = &event.body.mark;
    *mark = (struct cm_mark){.date = date,
                             .captured_wall_ms = captured_wall_ms,
                             .method = CM_METHOD_FACE,
                             .policy = "strict",
                             .live_reason = "clean_blink",
                             .distance = 0.25f,
                             .margin = 0.125f,
                             .threshold = 0.5f,
                             .blink_ms = 180,
                             .first_try = true,
                             .eye_contact = true,
                             .erased_wall_ms = log->erased_ms};
    snprintf(mark->student_id, sizeof mark->student_id, "%s", student);
    snprintf(mark->class_id, sizeof mark->class_id, "%s", class_id);
    return append(log, &event, id);
}

uint64_t station_card(struct station_log *log, const char *student, const char *class_id, int32_t date,
                      int64_t captured_wall_ms, uint32_t id)
{
    struct cm_event event = {.type = CM_EVENT_MARK, .wall_ms = captured_wall_ms};
    struct cm_mark *mark = &event.body.mark;
    *mark = (struct cm_mark){.date = date,
                             .captured_wall_ms = captured_wall_ms,
                             .method = CM_METHOD_CARD,
                             .distance = NAN,
                             .margin = NAN,
                             .threshold = NAN};
    snprintf(mark->student_id, sizeof mark->student_id, "%s", student);
    snprintf(mark->class_id, sizeof mark->class_id, "%s", class_id);
    return append(log, &event, id);
}

uint64_t station_say(struct station_log *log, const char *class_id, int32_t date, enum cm_session_word word,
                     int64_t wall_ms, uint32_t id)
{
    struct cm_event event = {.type = CM_EVENT_SESSION, .wall_ms = wall_ms};
    struct cm_session_said *said = &event.body.session;
    *said = (struct cm_session_said){
        .date = date, .word = word, .by = "Ravi", .reason = "at the door", .said_wall_ms = wall_ms};
    snprintf(said->class_id, sizeof said->class_id, "%s", class_id);
    return append(log, &event, id);
}

uint64_t station_correct(struct station_log *log, const char *student, const char *class_id, int32_t date,
                         enum cm_roll_status status, int64_t wall_ms, uint32_t id)
{
    struct cm_event event = {.type = CM_EVENT_CORRECTION, .wall_ms = wall_ms};
    event.body.correction = correction_of(student, class_id, date, status, wall_ms);
    event.body.correction.erased_wall_ms = log->erased_ms;
    return append(log, &event, id);
}

uint64_t station_consent(struct station_log *log, const char *student, enum cm_consent_state state,
                         int64_t wall_ms, uint32_t id)
{
    struct cm_event event = {.type = CM_EVENT_CONSENT, .wall_ms = wall_ms};
    event.body.consent = consent_of(student, state, wall_ms);
    event.body.consent.erased_wall_ms = log->erased_ms;
    return append(log, &event, id);
}

uint64_t station_cover(struct station_log *log, int64_t from_wall_ms, int64_t to_wall_ms, bool able,
                       uint32_t id)
{
    struct cm_event event = {.type = CM_EVENT_COVERAGE, .wall_ms = to_wall_ms};
    event.body.coverage =
        (struct cm_coverage){.from_wall_ms = from_wall_ms, .to_wall_ms = to_wall_ms, .able = able};
    strcpy(event.body.coverage.reason, able ? "" : "dark");
    return append(log, &event, id);
}

uint64_t station_activity(struct station_log *log, enum cm_activity_kind kind, int64_t wall_ms, uint32_t id)
{
    struct cm_event event = {.type = CM_EVENT_ACTIVITY, .wall_ms = wall_ms};
    event.body.activity =
        (struct cm_activity){.kind = kind, .started_wall_ms = wall_ms, .distance = NAN, .reason = "seen"};
    return append(log, &event, id);
}

static enum cm_code do_push(struct srv_store *store, struct job *job, struct cm_err *err)
{
    static struct srv_event_bytes bytes[WORLD_EVENTS_MAX];
    for (size_t i = 0; i < job->count; i++)
        bytes[i] = (struct srv_event_bytes){job->log->events[job->first + i].bytes,
                                            job->log->events[job->first + i].size};
    return srv_store_append_events(store, job->log->station.id, job->first, job->log->hash[job->first - 1],
                                   bytes, job->count, &job->append, err);
}

enum cm_code push(struct srv_store *store, const struct station_log *log, uint64_t first, uint64_t last,
                  struct srv_append *ret_append, struct cm_err *err)
{
    struct job job = {.verb = do_push, .log = log, .first = first, .count = (size_t)(last + 1 - first)};
    enum cm_code code = srv_store_write(store, run_job, &job, err);
    if (code == CM_OK && ret_append != NULL)
        *ret_append = job.append;
    return code;
}

void push_all(struct srv_store *store, const struct station_log *log)
{
    struct cm_err err = CM_ERR_INIT;
    struct srv_append result;
    struct srv_station station;
    assert_int_equal(srv_store_get_station(store, log->station.id, &station, &err), CM_OK);
    if (station.acked_seq == log->last)
        return;
    if (push(store, log, station.acked_seq + 1, log->last, &result, &err) != CM_OK)
        fail_msg("%s", err.msg);
    assert_false(result.gap);
    assert_false(result.forked);
    assert_int_equal(result.acked_seq, log->last);
}

/* ---- reading ---- */

struct find {
    int32_t date;
    enum cm_roll_status status;
    int count;
};

static bool take_status(void *arg, const struct srv_day *day)
{
    struct find *find = arg;
    find->status = day->roll.status;
    find->count++;
    return true;
}

enum cm_roll_status status_of(struct srv_store *store, const char *student, int32_t date)
{
    struct find find = {.status = CM_ROLL_NONE};
    struct cm_err err = CM_ERR_INIT;
    if (srv_store_each_day(store, student, date, date, take_status, &find, &err) != CM_OK)
        fail_msg("%s", err.msg);
    return find.status;
}

struct srv_standing standing_of(struct srv_store *store, const char *student)
{
    struct srv_standing standing = {0};
    struct cm_err err = CM_ERR_INIT;
    if (srv_store_get_standing(store, student, &standing, &err) != CM_OK)
        fail_msg("no standing of %s: %s", student, err.msg);
    return standing;
}

struct srv_session_info info_of(struct srv_store *store, const char *class_id, int32_t date)
{
    struct srv_session_info info = {0};
    struct cm_err err = CM_ERR_INIT;
    if (srv_store_get_session_info(store, class_id, date, &info, &err) != CM_OK)
        fail_msg("no session of %s on %d: %s", class_id, (int)date, err.msg);
    return info;
}

uint64_t check(struct srv_store *store)
{
    struct cm_err err = CM_ERR_INIT;
    uint64_t events = 0;
    if (srv_store_check(store, NULL, NULL, &events, &err) != CM_OK)
        fail_msg("check: %s", err.msg);
    return events;
}
