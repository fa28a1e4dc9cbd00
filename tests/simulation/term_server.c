#include "simulation/term_server.h"

#include "simulation/chance.h"

#include "alerts/claim.h"
#include "alerts/night.h"
#include "crypt/chain.h"
#include "http/http.h"
#include "record/codec.h"
#include "store/settings.h"
#include "store/store.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct term_server {
    char url[256];
    struct cm_clock_manual clock;
    struct cm_zone *zone;
    struct srv_store *store;
};

static const char number_text[] = "+911112223334";

/* ---- names and dates ---- */

int term_date(int day)
{
    time_t seconds = (time_t)day * 86400;
    struct tm tm;
    gmtime_r(&seconds, &tm);
    return (tm.tm_year + 1900) * 10000 + (tm.tm_mon + 1) * 100 + tm.tm_mday;
}

int term_day(int date)
{
    struct tm tm = {.tm_year = date / 10000 - 1900, .tm_mon = date / 100 % 100 - 1, .tm_mday = date % 100};
    return (int)(timegm(&tm) / 86400);
}

static void name(char *out, size_t size, const char *kind, int number)
{
    if (number == REF_NO_CLASS)
        out[0] = '\0';
    else
        snprintf(out, size, "%s%02d", kind, number);
}

static int number_of(const char *id)
{
    size_t size = strlen(id);
    return size < 2 ? REF_NO_CLASS : atoi(id + size - 2);
}

static enum ref_status status_from(enum cm_roll_status status)
{
    static const enum ref_status table[] = {
        [CM_ROLL_NONE] = REF_NOTHING,    [CM_ROLL_PRESENT] = REF_THERE, [CM_ROLL_LATE] = REF_THERE,
        [CM_ROLL_EXCUSED] = REF_EXCUSED, [CM_ROLL_ABSENT] = REF_ABSENT, [CM_ROLL_UNJUDGED] = REF_UNJUDGED,
        [CM_ROLL_PENDING] = REF_PENDING,
    };
    return table[status];
}

static enum cm_roll_status status_to(enum ref_status status, uint32_t id)
{
    static const enum cm_roll_status table[] = {
        [REF_NOTHING] = CM_ROLL_NONE,  [REF_THERE] = CM_ROLL_PRESENT,     [REF_EXCUSED] = CM_ROLL_EXCUSED,
        [REF_ABSENT] = CM_ROLL_ABSENT, [REF_UNJUDGED] = CM_ROLL_UNJUDGED, [REF_PENDING] = CM_ROLL_PENDING,
    };
    return status == REF_THERE && id % 3 == 0 ? CM_ROLL_LATE : table[status];
}

static void event_id(uint32_t number, uint8_t ret_id[16])
{
    memset(ret_id, 0, 16);
    ret_id[6] = 0x70;
    ret_id[8] = 0x80;
    for (int i = 0; i < 4; i++)
        ret_id[12 + i] = (uint8_t)(number >> (24 - 8 * i));
}

/* ---- one thing in one write ---- */

struct job {
    enum cm_code (*verb)(struct srv_store *store, struct job *job, struct cm_err *err);
    const void *record;
    const char *text, *other;
    int32_t date;
    int64_t wall_ms;
    const uint8_t *id, *other_id;
    bool flag;
    bool crash; /* at its end: nothing of it comes to be */
    const struct term_log *log;
    int first, count;
    void *result;
};

static enum cm_code run_job(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct job *job = arg;
    enum cm_code code = job->verb(store, job, err);
    return code == CM_OK && job->crash ? cm_fail(err, CM_BACKEND, "the process died") : code;
}

static enum cm_code try(struct term_server *server, struct job *job)
{
    return srv_store_write(server->store, run_job, job, NULL);
}

static void give_up(const char *what, const char *why)
{
    fprintf(stderr, "%s: %s\n", what, why);
    abort();
}

static void must(struct term_server *server, struct job *job, const char *what)
{
    struct cm_err err = CM_ERR_INIT;
    if (srv_store_write(server->store, run_job, job, &err) != CM_OK)
        give_up(what, err.msg);
}

static void good(enum cm_code code, const char *what)
{
    if (code != CM_OK)
        give_up(what, cm_code_name(code));
}

/* ---- the server ---- */

static void open_store(struct term_server *server)
{
    struct cm_err err = CM_ERR_INIT;
    struct srv_store_options options = {
        .url = server->url, .clock = &server->clock.base, .zone = server->zone, .map_bytes_max = 1 << 28};
    if (srv_store_open(&options, &server->store, &err) != CM_OK)
        give_up("open", err.msg);
}

struct term_server *term_server_open(const char *url, const char *zone, int64_t now_ms)
{
    struct term_server *server = calloc(1, sizeof *server);
    if (server == NULL)
        abort();
    snprintf(server->url, sizeof server->url, "%s", url);
    cm_clock_manual_init(&server->clock, now_ms, 1000000);
    good(cm_zone_open(zone, &server->zone, NULL), "zone");
    open_store(server);
    return server;
}

void term_server_close(struct term_server *server)
{
    srv_store_close(server->store);
    cm_zone_close(server->zone);
    free(server);
}

void term_server_restart(struct term_server *server)
{
    if (strcmp(server->url, "memory:") == 0)
        return;
    srv_store_close(server->store);
    open_store(server);
}

void term_server_at(struct term_server *server, int64_t now_ms)
{
    server->clock.now_wall_ms = now_ms;
}

/* ---- what people set up ---- */

static enum cm_code do_class(struct srv_store *store, struct job *job, struct cm_err *err)
{
    return srv_store_put_class(store, job->record, err);
}

void term_put_class(struct term_server *server, int class_, const struct ref_class *as)
{
    struct cm_class record = {.coordinator = "Meera Nair",
                              .start_minute = as->start_minute,
                              .late_after_min = 10,
                              .close_after_min = as->close_after_min,
                              .weekdays = as->weekdays};
    struct job job = {.verb = do_class, .record = &record};
    name(record.id, sizeof record.id, "C-", class_);
    must(server, &job, "class");
}

static enum cm_code do_closure(struct srv_store *store, struct job *job, struct cm_err *err)
{
    return job->record != NULL ? srv_store_put_closure(store, job->record, err)
                               : srv_store_delete_closure(store, job->date, job->text, err);
}

void term_put_closure(struct term_server *server, int class_, int day, const struct ref_entry *entry)
{
    struct cm_closure closure = {.date = term_date(day), .label = "Diwali"};
    struct job job = {.verb = do_closure, .text = closure.class_id, .date = closure.date};
    name(closure.class_id, sizeof closure.class_id, "C-", class_);
    if (entry->kind != REF_AS_EVER)
        job.record = &closure;
    if (entry->kind == REF_HALF) {
        closure.kind = CM_CLOSURE_SHORT;
        closure.start_minute = entry->start_minute;
        closure.close_after_min = entry->close_after_min;
    }
    must(server, &job, "closure");
}

static enum cm_code do_student(struct srv_store *store, struct job *job, struct cm_err *err)
{
    return srv_store_put_student(store, job->record, err);
}

void term_put_student(struct term_server *server, int student, const struct term_student *as)
{
    struct srv_student record = {.joined_date = term_date(as->joined), .archived = as->left};
    struct job job = {.verb = do_student, .record = &record};
    name(record.base.id, sizeof record.base.id, "S-", student);
    name(record.base.class_id, sizeof record.base.class_id, "C-", as->class_);
    snprintf(record.base.name, sizeof record.base.name, "Student %d", student);
    if (as->left)
        record.left_date = term_date(as->left_day);
    if (as->parent_phone)
        snprintf(record.parent_phone, sizeof record.parent_phone, "+9198765432%02d", student);
    must(server, &job, "student");
}

static enum cm_code do_erase(struct srv_store *store, struct job *job, struct cm_err *err)
{
    return srv_store_erase_student(store, job->text, "admin", err);
}

void term_erase_student(struct term_server *server, int student)
{
    char id[CM_ID_SIZE];
    struct job job = {.verb = do_erase, .text = id};
    name(id, sizeof id, "S-", student);
    must(server, &job, "erase");
}

static enum cm_code do_user(struct srv_store *store, struct job *job, struct cm_err *err)
{
    return srv_store_put_user(store, job->record, err);
}

void term_put_coordinator(struct term_server *server, int coordinator, const struct ref_coordinator *as,
                          int class_count)
{
    struct srv_user user = {.role = SRV_ROLE_COORDINATOR, .disabled = !as->enabled};
    struct job job = {.verb = do_user, .record = &user};
    name(user.name, sizeof user.name, "u", coordinator);
    snprintf(user.full_name, sizeof user.full_name, "Coordinator %d", coordinator);
    if (as->phone)
        snprintf(user.phone, sizeof user.phone, "+9199999999%02d", coordinator);
    if (as->email)
        snprintf(user.email, sizeof user.email, "c%d@school.example", coordinator);
    for (int i = 0; i < class_count; i++)
        if (as->has[i])
            name(user.classes[user.class_count++], CM_ID_SIZE, "C-", i);
    must(server, &job, "user");
}

static enum cm_code do_station(struct srv_store *store, struct job *job, struct cm_err *err)
{
    return srv_store_put_station(store, job->record, err);
}

void term_put_station(struct term_server *server, int station, const struct term_log *log,
                      const struct term_duty *duty)
{
    struct srv_station record;
    char id[40];
    struct job job = {.verb = do_station, .record = &record};
    name(id, sizeof id, "station-", station);
    if (srv_store_get_station(server->store, id, &record, NULL) != CM_OK) {
        record = (struct srv_station){.created_wall_ms = server->clock.now_wall_ms};
        memcpy(record.id, id, sizeof record.id);
        memcpy(record.name, id, sizeof id);
        memcpy(record.public_key, log->key, sizeof record.public_key);
        memcpy(record.token_hash, log->key, sizeof record.token_hash);
    }
    record.paired = duty->paired_ms != 0;
    record.paired_wall_ms = duty->paired_ms;
    record.revoked = duty->revoked;
    record.class_count = 0;
    for (int i = 0; i < duty->class_count && duty->classes != NULL; i++)
        if (duty->classes[i])
            name(record.classes[record.class_count++], CM_ID_SIZE, "C-", i);
    must(server, &job, "station");
}

static enum cm_code do_setting(struct srv_store *store, struct job *job, struct cm_err *err)
{
    return srv_store_put_setting(store, job->text, job->other, err);
}

void term_put_number(struct term_server *server, const char *setting, int number)
{
    char value[16];
    struct job job = {.verb = do_setting, .text = setting, .other = value};
    snprintf(value, sizeof value, "%d", number);
    must(server, &job, "setting");
}

/* ---- logs ---- */

void term_log_begin(struct term_log *log, int station)
{
    memset(log, 0, sizeof *log);
    for (size_t i = 0; i < sizeof log->key; i++)
        log->key[i] = (uint8_t)sim_draw(256);
    log->key[0] = (uint8_t)station;
    cm_chain_start(log->key, log->start);
}

static struct cm_correction correction_of(int student, int class_, int day, enum ref_status status,
                                          int64_t said_ms, uint32_t id)
{
    struct cm_correction correction = {.date = term_date(day),
                                       .status = status_to(status, id),
                                       .by = "Meera Nair",
                                       .reason = "was at the sports meet",
                                       .corrected_wall_ms = said_ms};
    name(correction.student_id, sizeof correction.student_id, "S-", student);
    name(correction.class_id, sizeof correction.class_id, "C-", class_);
    return correction;
}

static struct cm_session_said said_of(int class_, int day, enum ref_said said, int64_t said_ms)
{
    static const enum cm_session_word table[] = {[REF_SAID_CLOSED] = CM_WORD_CLOSED,
                                                 [REF_SAID_REOPENED] = CM_WORD_REOPENED,
                                                 [REF_SAID_NO_SESSION] = CM_WORD_NO_SESSION};
    struct cm_session_said record = {
        .date = term_date(day), .word = table[said], .by = "Meera Nair", .said_wall_ms = said_ms};
    name(record.class_id, sizeof record.class_id, "C-", class_);
    return record;
}

static struct cm_mark mark_of(const struct term_event *event)
{
    struct cm_mark mark = {.date = term_date(event->day),
                           .captured_wall_ms = event->wall_ms,
                           .method = CM_METHOD_FACE,
                           .policy = "strict",
                           .live_reason = "clean_blink",
                           .distance = 0.25f,
                           .margin = 0.125f,
                           .threshold = 0.5f,
                           .blink_ms = 180,
                           .first_try = true,
                           .clock_suspect = event->suspect};
    name(mark.student_id, sizeof mark.student_id, "S-", event->student);
    name(mark.class_id, sizeof mark.class_id, "C-", event->class_);
    return mark;
}

static struct cm_event record_of(const struct term_event *event, uint64_t seq)
{
    struct cm_event record = {.version = CM_RECORD_VERSION, .seq = seq, .wall_ms = event->wall_ms};
    event_id(event->id, record.id);
    switch (event->kind) {
    case TERM_MARK:
        record.type = CM_EVENT_MARK;
        record.body.mark = mark_of(event);
        break;
    case TERM_CORRECTION:
        record.type = CM_EVENT_CORRECTION;
        record.body.correction = correction_of(event->student, event->class_, event->day, event->status,
                                               event->wall_ms, event->id);
        break;
    case TERM_WORD:
        record.type = CM_EVENT_SESSION;
        record.body.session = said_of(event->class_, event->day, event->word, event->wall_ms);
        break;
    case TERM_COVERAGE:
        record.type = CM_EVENT_COVERAGE;
        record.body.coverage = (struct cm_coverage){
            .from_wall_ms = event->from_ms, .to_wall_ms = event->wall_ms, .able = event->able};
        break;
    }
    return record;
}

void term_log_append(struct term_log *log, const struct term_event *event)
{
    uint8_t bytes[CM_EVENT_MAX];
    struct cm_event record = record_of(event, (uint64_t)log->count + 1);
    if (log->count == log->room) {
        log->room = log->room > 0 ? log->room * 2 : 256;
        log->events = realloc(log->events, (size_t)log->room * sizeof *log->events);
        if (log->events == NULL)
            abort();
    }
    struct term_event *kept = &log->events[log->count];
    *kept = *event;
    good(cm_event_encode(&record, bytes, sizeof bytes, &kept->size, NULL), "encode");
    kept->bytes = malloc(kept->size);
    if (kept->bytes == NULL)
        abort();
    memcpy(kept->bytes, bytes, kept->size);
    cm_chain_next(log->count > 0 ? log->events[log->count - 1].hash : log->start, bytes, kept->size,
                  kept->hash);
    log->count++;
}

void term_log_free(struct term_log *log)
{
    for (int i = 0; i < log->count; i++)
        free(log->events[i].bytes);
    free(log->events);
    memset(log, 0, sizeof *log);
}

static enum cm_code do_push(struct srv_store *store, struct job *job, struct cm_err *err)
{
    struct srv_event_bytes bytes[1024];
    const struct term_log *log = job->log;
    for (int i = 0; i < job->count; i++) {
        const struct term_event *event = &log->events[job->first - 1 + i];
        bytes[i] = (struct srv_event_bytes){event->bytes, event->size};
    }
    return srv_store_append_events(store, job->text, (uint64_t)job->first,
                                   job->first > 1 ? log->events[job->first - 2].hash : log->start, bytes,
                                   (size_t)job->count, job->result, err);
}

void term_push(struct term_server *server, int station, struct term_log *log, int first, int count)
{
    char id[40];
    struct srv_append append;
    struct job job = {.verb = do_push,
                      .text = id,
                      .log = log,
                      .first = first,
                      .count = count > 1024 ? 1024 : count,
                      .result = &append};
    name(id, sizeof id, "station-", station);
    must(server, &job, "push");
    if (append.gap || append.forked)
        give_up("push", "a gap, or a fork");
    log->acked = (int)append.acked_seq;
}

static enum cm_code do_own(struct srv_store *store, struct job *job, struct cm_err *err)
{
    struct cm_event event = *(const struct cm_event *)job->record;
    return srv_store_append_own(store, &event, NULL, err);
}

void term_correct(struct term_server *server, int student, int class_, int day, enum ref_status status,
                  int64_t said_ms, uint32_t id)
{
    struct cm_event event = {.version = CM_RECORD_VERSION, .type = CM_EVENT_CORRECTION, .wall_ms = said_ms};
    struct job job = {.verb = do_own, .record = &event};
    event_id(id, event.id);
    event.body.correction = correction_of(student, class_, day, status, said_ms, id);
    must(server, &job, "correction");
}

static enum cm_code do_say(struct srv_store *store, struct job *job, struct cm_err *err)
{
    return srv_store_say_session(store, job->record, err);
}

void term_say(struct term_server *server, int class_, int day, enum ref_said said, int64_t said_ms)
{
    struct cm_session_said record = said_of(class_, day, said, said_ms);
    struct job job = {.verb = do_say, .record = &record};
    must(server, &job, "word");
}

/* ---- the night ---- */

struct term_night {
    struct srv_night *night;
    struct srv_night_options options;
};

struct term_night *term_night_begin(struct term_server *server, int64_t now_ms, bool school_number)
{
    struct term_night *night = calloc(1, sizeof *night);
    if (night == NULL)
        abort();
    night->options = (struct srv_night_options){
        .zone = server->zone, .now_ms = now_ms, .coordinator_phone = school_number ? number_text : NULL};
    good(srv_night_begin(server->store, &night->options, &night->night, NULL), "night");
    return night;
}

static enum cm_code do_part(struct srv_store *store, struct job *job, struct cm_err *err)
{
    return srv_night_part(store, job->result, err);
}

bool term_night_part(struct term_server *server, struct term_night *night, bool crash)
{
    struct job job = {.verb = do_part, .result = night->night, .crash = crash};
    if (srv_night_is_done(night->night))
        return false;
    if (crash)
        (void)try(server, &job);
    else
        must(server, &job, "night");
    if (!crash)
        srv_night_committed(night->night);
    return !srv_night_is_done(night->night);
}

int term_night_end(struct term_night *night)
{
    int made = srv_night_totals_of(night->night).alerts;
    srv_night_destroy(night->night);
    free(night);
    return made;
}

/* ---- sending ---- */

static enum ref_way way_of(enum srv_message_state state)
{
    static const enum ref_way table[] = {
        [SRV_MESSAGE_QUEUED] = REF_QUEUED,       [SRV_MESSAGE_SENDING] = REF_SENDING,
        [SRV_MESSAGE_SENT] = REF_SENT,           [SRV_MESSAGE_DELIVERED] = REF_DELIVERED,
        [SRV_MESSAGE_READ] = REF_READ,           [SRV_MESSAGE_FAILED] = REF_FAILED,
        [SRV_MESSAGE_CANCELLED] = REF_CANCELLED, [SRV_MESSAGE_UNKNOWN] = REF_UNKNOWN,
    };
    return table[state];
}

static struct term_message message_of(const struct srv_message *m)
{
    struct term_message message = {
        .student = number_of(m->student_id), .way = way_of(m->state), .next_try_ms = m->next_try_wall_ms};
    memcpy(message.id, m->id, sizeof message.id);
    message.recipient = m->recipient == SRV_RECIPIENT_PARENT ? REF_TO_PARENT
                        : m->user[0] == '\0'                 ? REF_TO_NUMBER
                                                             : REF_TO_COORDINATOR + number_of(m->user);
    return message;
}

struct messages {
    struct term_message *list;
    uint8_t (*alerts)[16];
    int count, room;
};

static bool take_message(void *arg, const struct srv_message *m)
{
    struct messages *messages = arg;
    if (messages->count == messages->room)
        give_up("messages", "more than can be");
    if (messages->alerts != NULL)
        memcpy(messages->alerts[messages->count], m->alert_id, 16);
    messages->list[messages->count++] = message_of(m);
    return true;
}

int term_due(struct term_server *server, int64_t now_ms, struct term_message *ret_list, int room)
{
    uint8_t alerts[512][16];
    struct messages messages = {ret_list, alerts, 0, room < 512 ? room : 512};
    good(srv_store_each_due_message(server->store, now_ms, take_message, &messages, NULL), "due");
    for (int i = 0; i < messages.count; i++) {
        struct srv_alert alert;
        good(srv_store_get_alert(server->store, alerts[i], &alert, NULL), "the alert of a message");
        ret_list[i].trigger = term_day(alert.trigger_date);
        ret_list[i].generation = alert.generation;
    }
    return messages.count;
}

static enum cm_code do_recover(struct srv_store *store, struct job *job, struct cm_err *err)
{
    size_t count;
    return srv_alerts_recover(store, job->wall_ms, &count, err);
}

void term_recover(struct term_server *server, int64_t now_ms)
{
    struct job job = {.verb = do_recover, .wall_ms = now_ms};
    must(server, &job, "recover");
}

static enum cm_code do_verify(struct srv_store *store, struct job *job, struct cm_err *err)
{
    size_t count;
    return srv_alerts_verify_queued(store, job->wall_ms, &count, err);
}

void term_verify(struct term_server *server, int64_t now_ms)
{
    struct job job = {.verb = do_verify, .wall_ms = now_ms};
    must(server, &job, "verify");
}

static enum cm_code do_claim(struct srv_store *store, struct job *job, struct cm_err *err)
{
    return srv_alerts_claim(store, job->record, job->id, job->wall_ms, job->result, err);
}

enum ref_claim term_claim(struct term_server *server, const uint8_t id[16], int64_t now_ms,
                          bool school_number, bool email_way, bool crash)
{
    static const enum ref_claim table[] = {
        [SRV_CLAIM_SEND] = REF_CLAIM_SEND,
        [SRV_CLAIM_NOT_DUE] = REF_CLAIM_NOT_DUE,
        [SRV_CLAIM_QUIET] = REF_CLAIM_QUIET,
        [SRV_CLAIM_WITHDRAWN] = REF_CLAIM_WITHDRAWN,
        [SRV_CLAIM_NO_ADDRESS] = REF_CLAIM_NO_ADDRESS,
    };
    struct srv_claim claim;
    struct srv_claim_options options = {.zone = server->zone,
                                        .coordinator_phone = school_number ? number_text : "",
                                        .phone_provider = "whatsapp",
                                        .email_provider = email_way ? "smtp" : NULL};
    struct job job = {
        .verb = do_claim, .record = &options, .id = id, .wall_ms = now_ms, .result = &claim, .crash = crash};
    if (crash)
        (void)try(server, &job);
    else
        must(server, &job, "claim");
    return table[claim.result];
}

static enum cm_code do_news(struct srv_store *store, struct job *job, struct cm_err *err)
{
    return srv_alerts_record(store, job->id, job->record, NULL, err);
}

bool term_news(struct term_server *server, const uint8_t id[16], enum ref_news news, const char *provider_id,
               int64_t next_try_ms, int64_t now_ms)
{
    static const enum srv_outbox_event table[] = {
        [REF_TAKEN] = SRV_OUTBOX_TAKEN,         [REF_AGAIN] = SRV_OUTBOX_AGAIN,
        [REF_REFUSED] = SRV_OUTBOX_REFUSED,     [REF_LOST] = SRV_OUTBOX_LOST,
        [REF_TOLD_SENT] = SRV_OUTBOX_TOLD_SENT, [REF_TOLD_DELIVERED] = SRV_OUTBOX_TOLD_DELIVERED,
        [REF_TOLD_READ] = SRV_OUTBOX_TOLD_READ, [REF_TOLD_FAILED] = SRV_OUTBOX_TOLD_FAILED,
    };
    struct srv_outcome outcome = {.event = table[news],
                                  .provider_id = provider_id,
                                  .next_try_wall_ms = next_try_ms,
                                  .error_code = news == REF_REFUSED ? 131026 : 0,
                                  .wall_ms = now_ms};
    struct job job = {.verb = do_news, .id = id, .record = &outcome};
    enum cm_code code = try(server, &job);
    if (code != CM_OK && code != CM_NOTFOUND && code != CM_INVALID)
        give_up("record", cm_code_name(code));
    return code == CM_OK;
}

static enum cm_code do_person(struct srv_store *store, struct job *job, struct cm_err *err)
{
    switch (job->count) {
    case 0:
        return srv_alerts_cancel(store, job->id, "Meera", "spoke with them", job->wall_ms, err);
    case 1:
        return srv_alerts_retry(store, job->id, "Meera", job->wall_ms, err);
    case 2:
        return srv_alerts_acknowledge(store, job->id, "Meera", job->wall_ms, err);
    default:
        return srv_alerts_resolve(store, job->id, job->other_id, job->flag, "Meera", job->wall_ms, err);
    }
}

static bool person(struct term_server *server, struct job job)
{
    job.verb = do_person;
    enum cm_code code = try(server, &job);
    if (code != CM_OK && code != CM_INVALID)
        give_up("what a person does", cm_code_name(code));
    return code == CM_OK;
}

bool term_cancel(struct term_server *server, const uint8_t alert[16], int64_t now_ms)
{
    return person(server, (struct job){.count = 0, .id = alert, .wall_ms = now_ms});
}

bool term_retry(struct term_server *server, const uint8_t alert[16], int64_t now_ms)
{
    return person(server, (struct job){.count = 1, .id = alert, .wall_ms = now_ms});
}

void term_acknowledge(struct term_server *server, const uint8_t alert[16], int64_t now_ms)
{
    person(server, (struct job){.count = 2, .id = alert, .wall_ms = now_ms});
}

bool term_resolve(struct term_server *server, const uint8_t alert[16], const uint8_t message[16],
                  bool was_sent, int64_t now_ms)
{
    return person(
        server,
        (struct job){.count = 3, .id = alert, .other_id = message, .flag = was_sent, .wall_ms = now_ms});
}

/* ---- reading ---- */

struct alerts {
    struct term_alert *list;
    int count, room;
};

static bool take_alert(void *arg, const struct srv_alert *a)
{
    struct alerts *alerts = arg;
    if (alerts->count == alerts->room)
        give_up("alerts", "more than can be");
    struct term_alert *alert = &alerts->list[alerts->count++];
    *alert = (struct term_alert){
        .student = number_of(a->student_id),
        .class_ = number_of(a->class_id),
        .trigger = term_day(a->trigger_date),
        .generation = a->generation,
        .count = a->absent_count,
        .listed_count = a->day_count,
        .repeat = a->repeat,
        .state = a->state == SRV_ALERT_ACTIVE      ? REF_ACTIVE
                 : a->state == SRV_ALERT_WITHDRAWN ? REF_WITHDRAWN
                 : a->state == SRV_ALERT_CANCELLED ? REF_CANCELLED_ALERT
                                                   : REF_CONTRADICTED,
    };
    memcpy(alert->id, a->id, sizeof alert->id);
    for (int i = 0; i < a->day_count; i++)
        alert->listed[i] = (struct ref_listed){term_day(a->days[a->day_count - 1 - i].date),
                                               number_of(a->days[a->day_count - 1 - i].class_id)};
    return true;
}

int term_alerts(struct term_server *server, int student, struct term_alert *ret_list, int room)
{
    char id[CM_ID_SIZE];
    struct alerts alerts = {ret_list, 0, room};
    name(id, sizeof id, "S-", student);
    good(srv_store_each_alert_of_student(server->store, id, take_alert, &alerts, NULL), "alerts");
    for (int i = 0; i < alerts.count; i++) {
        struct messages messages = {ret_list[i].messages, NULL, 0, REF_RECIPIENTS + 1};
        good(srv_store_each_message_of_alert(server->store, ret_list[i].id, take_message, &messages, NULL),
             "messages");
        ret_list[i].message_count = messages.count;
    }
    return alerts.count;
}

bool term_cursor(struct term_server *server, int class_, struct ref_cursor *ret_cursor)
{
    char id[CM_ID_SIZE];
    struct srv_alert_cursor cursor;
    name(id, sizeof id, "C-", class_);
    enum cm_code code = srv_store_get_alert_cursor(server->store, id, &cursor, NULL);
    if (code != CM_NOTFOUND)
        good(code, "cursor");
    if (code != CM_OK)
        return false;
    *ret_cursor = (struct ref_cursor){true, term_day(cursor.first_date), term_day(cursor.date),
                                      cursor.held_date != 0 ? term_day(cursor.held_date) : -1};
    if ((cursor.hold == SRV_HOLD_NONE) != (cursor.held_date == 0))
        give_up("cursor", "held at a date without a reason, or for a reason without a date");
    return true;
}

bool term_session(struct term_server *server, int class_, int day, enum ref_state *ret_state,
                  bool *ret_school)
{
    char id[CM_ID_SIZE];
    struct srv_session_info info;
    name(id, sizeof id, "C-", class_);
    enum cm_code code = srv_store_get_session_info(server->store, id, term_date(day), &info, NULL);
    if (code != CM_NOTFOUND)
        good(code, "session");
    if (code != CM_OK)
        return false;
    *ret_school = info.school;
    *ret_state = info.state == SRV_SESSION_OPEN     ? REF_OPEN
                 : info.state == SRV_SESSION_CLOSED ? REF_CLOSED
                                                    : REF_NOT_JUDGED;
    return true;
}

struct days {
    int first;
    enum ref_status *status;
};

static bool take_day(void *arg, const struct srv_day *day)
{
    struct days *days = arg;
    enum ref_status *status = &days->status[term_day(day->roll.date) - days->first];
    if (*status == REF_NOTHING)
        *status = status_from(day->roll.status);
    return true;
}

void term_days(struct term_server *server, int student, int first, int last, enum ref_status *ret_status)
{
    char id[CM_ID_SIZE];
    struct days days = {first, ret_status};
    name(id, sizeof id, "S-", student);
    for (int i = 0; i <= last - first; i++)
        ret_status[i] = REF_NOTHING;
    good(srv_store_each_day(server->store, id, term_date(first), term_date(last), take_day, &days, NULL),
         "days");
}

void term_why(struct term_server *server, int student, int day, char *out, size_t size)
{
    char id[CM_ID_SIZE];
    struct srv_why why;
    name(id, sizeof id, "S-", student);
    good(srv_night_why(server->store, id, term_date(day), &why, NULL), "why");
    snprintf(out, size, "%s", why.text);
}

void term_check(struct term_server *server)
{
    struct cm_err err = CM_ERR_INIT;
    uint64_t events;
    if (srv_store_check(server->store, NULL, NULL, &events, &err) != CM_OK)
        give_up("check", err.msg);
}
