/*
 * The second opinion: what the rules demand, written from their words alone and as simply as can be. It shares nothing with
 * the product: structs, dates, zones (libc's, by TZ) and arithmetic are its own. It is told what happened and what has
 * arrived at the server when, and makes everything anew from that whenever it is asked.
 *
 * The rules: a day is open, closed or unjudged by what people said, by how far the stations' logs reach, and by how much of
 * the window they could judge; a student's day is by the first mark, or the last correction; the run of days absent is looked
 * at backwards; it is told once, and again every so many days; what is not settled holds; what is not so any more is not sent.
 *
 * Days are numbered from 1970-01-01, of the school's zone; instants are UTC milliseconds. A class, a student, a station and a
 * coordinator are numbers; their order is that of their ids.
 */
#ifndef TERM_REFERENCE_H
#define TERM_REFERENCE_H

#include <stdbool.h>
#include <stdint.h>

enum {
    REF_CLASSES = 72,
    REF_STUDENTS = 12,
    REF_STATIONS = 7,
    REF_COORDINATORS = 3,
    REF_TERM_DAYS = 128,
    REF_FACTS = 24,   /* marks, or corrections, of a student on a day */
    REF_ALERTS = 160, /* of a student */
    REF_LISTED = 32,  /* days that an alert names at most */
    REF_MINUTES = REF_TERM_DAYS * 1440,
    REF_WORDS = 512,
    REF_SERVICES = 64,
    REF_MOVES = 16,
};
#define REF_NO_CLASS (-1)

enum ref_status {
    REF_NOTHING, /* nobody knows yet */
    REF_THERE,
    REF_EXCUSED,
    REF_ABSENT,
    REF_UNJUDGED,
    REF_PENDING,
};
enum ref_state { REF_OPEN, REF_CLOSED, REF_NOT_JUDGED };

/* ---- what is known ---- */
enum ref_kind { REF_AS_EVER, REF_OFF, REF_HALF };
struct ref_entry { /* of the calendar */
    enum ref_kind kind;
    int start_minute, close_after_min; /* of a half day */
};
struct ref_class {
    int start_minute, close_after_min;
    unsigned weekdays; /* bit 0 Monday */
    struct ref_entry entries[REF_TERM_DAYS];
};
struct ref_move { /* from that day on he is in that class */
    int day, class_;
};
struct ref_fact { /* about a student on a day; a mark or a correction */
    int class_;   /* that it names */
    int64_t wall_ms;
    uint32_t id;
    bool suspect;           /* of a mark */
    enum ref_status status; /* of a correction */
};
struct ref_facts {
    int count;
    struct ref_fact list[REF_FACTS];
};
struct ref_student {
    int move_count;
    struct ref_move moves[REF_MOVES];
    bool exists, left, erased, parent_phone;
    int left_day;
    struct ref_facts *marks, *corrections; /* [day] */
};
struct ref_station { /* as far as its log has arrived */
    bool any, revoked;
    int64_t paired_ms; /* 0: it is not */
    int64_t created_ms, first_ms, reach_ms;
    uint8_t *able, *unable; /* [minute of the term] */
};
struct ref_service {
    int station, class_; /* REF_NO_CLASS: every class */
    int64_t from_ms, to_ms;
};
enum ref_said { REF_SAID_CLOSED, REF_SAID_REOPENED, REF_SAID_NO_SESSION };
struct ref_word {
    int class_, day;
    enum ref_said said;
    int64_t wall_ms;
};
struct ref_coordinator {
    bool enabled, phone, email;
    bool has[REF_CLASSES];
};

/* ---- what is demanded ---- */
enum ref_way {
    REF_QUEUED,
    REF_SENDING,
    REF_SENT,
    REF_DELIVERED,
    REF_READ,
    REF_FAILED,
    REF_CANCELLED,
    REF_UNKNOWN
};
enum { REF_TO_PARENT = 0, REF_TO_NUMBER = 1, REF_TO_COORDINATOR = 2, REF_RECIPIENTS = 2 + REF_COORDINATORS };
struct ref_message {
    bool exists;
    enum ref_way way;
    bool may_have_left; /* and it is not known that it failed */
    int64_t next_try_ms;
};
enum ref_alert_state { REF_ACTIVE, REF_WITHDRAWN, REF_CONTRADICTED, REF_CANCELLED_ALERT };
struct ref_listed {
    int day, class_;
};
struct ref_alert {
    int student, class_, trigger, generation, count, listed_count;
    int64_t made_ms;
    bool seen;                            /* a person looked at it */
    struct ref_listed listed[REF_LISTED]; /* the newest first */
    bool repeat;
    enum ref_alert_state state;
    struct ref_message messages[REF_RECIPIENTS];
};
struct ref_cursor {
    bool known;
    int first_day;     /* the first session of which anything was known */
    int day, held_day; /* -1: not held */
};

struct ref {
    int first_day, last_day; /* what is behind the last one is not looked at */
    int class_count, student_count, station_count, coordinator_count, word_count, service_count;
    int alert_days, repeat_days, coverage_percent, send_from, send_to;
    bool alerts_off, school_number, email_way;
    struct ref_entry entries[REF_TERM_DAYS]; /* for all classes that have none of their own */
    struct ref_class classes[REF_CLASSES];
    struct ref_student students[REF_STUDENTS];
    struct ref_station stations[REF_STATIONS];
    struct ref_coordinator coordinators[REF_COORDINATORS];
    struct ref_word words[REF_WORDS];
    struct ref_service services[REF_SERVICES];
    struct ref_cursor cursors[REF_CLASSES];
    int made; /* alerts, ever */
    int alert_counts[REF_STUDENTS];
    struct ref_alert alerts[REF_STUDENTS][REF_ALERTS];
    /* made anew when something came */
    bool stale;
    enum ref_state state[REF_CLASSES][REF_TERM_DAYS];
    enum ref_status status[REF_STUDENTS][REF_TERM_DAYS]; /* in the class that he was in */
};

struct ref *ref_create(const char *zone, int first_day);
void ref_destroy(struct ref *ref);

/* ---- time ---- */
int64_t ref_instant(int day, int minute);
int ref_day_of(int64_t wall_ms);
int ref_minute_of(int64_t wall_ms);

/* ---- what arrives at the server ---- */
void ref_today(struct ref *ref, int day);
void ref_move(struct ref *ref, int student, int day, int class_);
void ref_mark(struct ref *ref, int student, int class_, int day, int64_t captured_ms, uint32_t id,
              bool suspect, int64_t arrived_ms);
void ref_correct(struct ref *ref, int student, int class_, int day, enum ref_status status, int64_t said_ms,
                 uint32_t id, int64_t arrived_ms);
void ref_cover(struct ref *ref, int station, int64_t from_ms, int64_t to_ms, bool able, int64_t arrived_ms);
/* Any event of a station's log: how far the log reaches. from_ms: when what it says began. */
void ref_reach(struct ref *ref, int station, int64_t wall_ms, int64_t from_ms, int64_t arrived_ms);
void ref_say(struct ref *ref, int class_, int day, enum ref_said said, int64_t said_ms, int64_t arrived_ms);
void ref_pair(struct ref *ref, int station, int64_t wall_ms);
void ref_revoke(struct ref *ref, int station);
void ref_serve(struct ref *ref, int station, int class_, int64_t from_ms);
void ref_serve_end(struct ref *ref, int station, int class_, int64_t to_ms);

/* ---- what follows ---- */
int ref_class_on(const struct ref *ref, int student, int day);
/* When the session of that day is, if there is one. */
void ref_times(const struct ref *ref, int class_, int day, int *ret_start_minute, int *ret_close_after_min);
/* Somebody is on the roll. */
bool ref_anybody(const struct ref *ref, int class_, int day);
bool ref_school(const struct ref *ref, int class_, int day);
enum ref_state ref_state(struct ref *ref, int class_, int day);
enum ref_status ref_status(struct ref *ref, int student, int day);

/* ---- the night, and sending ---- */
void ref_night(struct ref *ref, int through, int64_t now_ms);
bool ref_still_true(struct ref *ref, const struct ref_alert *alert);
void ref_verify_queued(struct ref *ref, int64_t now_ms);
enum ref_claim {
    REF_CLAIM_SEND,
    REF_CLAIM_NOT_DUE,
    REF_CLAIM_QUIET,
    REF_CLAIM_WITHDRAWN,
    REF_CLAIM_NO_ADDRESS
};
enum ref_claim ref_claim(struct ref *ref, struct ref_alert *alert, int recipient, int64_t now_ms);
enum ref_news {
    REF_TAKEN,
    REF_AGAIN,
    REF_REFUSED,
    REF_LOST,
    REF_TOLD_SENT,
    REF_TOLD_DELIVERED,
    REF_TOLD_READ,
    REF_TOLD_FAILED
};
void ref_news(struct ref_alert *alert, int recipient, enum ref_news news, int64_t next_try_ms);
void ref_recover(struct ref *ref);
/* What a person does; false: there is nothing to do, or it is too late. */
bool ref_cancel(struct ref_alert *alert);
bool ref_retry(const struct ref *ref, struct ref_alert *alert, int64_t now_ms);
bool ref_resolve(struct ref_alert *alert, int recipient, bool was_sent, int64_t now_ms);
void ref_erase(struct ref *ref, int student);

#endif
