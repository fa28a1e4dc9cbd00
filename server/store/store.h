/*
 * The server's store in verbs of the domain. Backends: "lmdb:DIR" and "memory:" (for tests); one conformance suite holds
 * them to the same answers.
 *
 * Two kinds of data:
 * - primary: classes, students, memberships, users, stations, their events, calendar, settings, sealed templates, reviews,
 *   alerts and their messages;
 * - derived: the roll of each class and day, the days of each student, standings, session states. They are kept up to date
 *   by the verbs that change primary data and can be made anew from it with equal result (srv_store_rebuild,
 *   srv_store_check). Derivation is pure (server/store/derive.h, common/roll) and never looks at the clock.
 *
 * Threads: reading verbs run on any thread. Writing verbs run within srv_store_write, of which one runs at a time; the
 * server does that on its writer thread (writer.h), a command on its own. Everything within one srv_store_write is one
 * synced commit: all of it survives a power cut, or nothing of it happened.
 * fn may be run more than once (a map that grows): it must change nothing but the store and what it sets anew each time.
 * A writing verb that fails with CM_INVALID, CM_NOTFOUND or CM_EXISTS wrote nothing; the transaction may go on.
 * CM_NOSPACE: disk full, everything from before is intact. CM_NEWER: written by a newer version, not touched.
 *
 * What a visit function gets is borrowed until it returns; it must not call the store. Lists go in order of their key;
 * `after` ("" from the start) is the last key of the page before.
 */
#ifndef SRV_STORE_H
#define SRV_STORE_H

#include "base/clock.h"
#include "base/err.h"
#include "base/localdate.h"
#include "crypt/chain.h"
#include "record/record.h"
#include "roll/calendar.h"
#include "roll/roll.h"
#include "roll/standing.h"
#include "roll/word.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct srv_store;

struct srv_store_options {
    const char *url; /* "lmdb:DIR" (the folder is made, 0700) or "memory:" */
    const struct cm_clock *clock;
    const struct cm_zone
        *zone;              /* the school's; borrowed. Another than last time: what is derived is made anew */
    bool read_only;         /* CM_NOTFOUND: there is no store yet */
    uint64_t map_bytes_max; /* 0: 64 GiB of address space */
};
enum cm_code srv_store_open(const struct srv_store_options *options, struct srv_store **ret_store,
                            struct cm_err *err);
void srv_store_close(struct srv_store *store);

typedef enum cm_code srv_store_fn(struct srv_store *store, void *arg, struct cm_err *err);
enum cm_code srv_store_write(struct srv_store *store, srv_store_fn *fn, void *arg, struct cm_err *err);
/* How many changes of primary data the write that goes on has made so far: whoever runs several jobs in one write sees by it
 * which of them may have failed halfway. Only within srv_store_write. */
uint64_t srv_store_written(const struct srv_store *store);
/* Several reads that see one state. Reads outside of it each see the newest. */
enum cm_code srv_store_read(struct srv_store *store, srv_store_fn *fn, void *arg, struct cm_err *err);
/* Grows with every commit, also of other processes: for caches of answers. */
uint64_t srv_store_version(const struct srv_store *store);

/* ---- settings: words and their values; the school's are in settings.h ---- */
enum { SRV_SETTING_SIZE = 1024 };
enum cm_code srv_store_get_setting(struct srv_store *store, const char *name,
                                   char ret_value[SRV_SETTING_SIZE], struct cm_err *err); /* CM_NOTFOUND */
enum cm_code srv_store_put_setting(struct srv_store *store, const char *name, const char *value,
                                   struct cm_err *err);
/* Small secrets and marks of the program (signing secret, sealing key, epoch); never listed by any API. */
enum cm_code srv_store_get_meta(struct srv_store *store, const char *name, uint8_t *ret_bytes,
                                size_t capacity, size_t *ret_size, struct cm_err *err);
enum cm_code srv_store_put_meta(struct srv_store *store, const char *name, const uint8_t *bytes, size_t size,
                                struct cm_err *err);

/* ---- classes (cm_class; shared with stations) and calendar ---- */
enum cm_code srv_store_get_class(struct srv_store *store, const char *id, struct cm_class *ret_class,
                                 struct cm_err *err);
enum cm_code srv_store_put_class(struct srv_store *store, const struct cm_class *class_, struct cm_err *err);
enum cm_code srv_store_delete_class(struct srv_store *store, const char *id,
                                    struct cm_err *err); /* CM_EXISTS: it still has students */
typedef bool srv_class_visit_fn(void *arg, const struct cm_class *class_);
enum cm_code srv_store_each_class(struct srv_store *store, srv_class_visit_fn *visit, void *arg,
                                  struct cm_err *err);

/* Days without school and half days (roll/calendar.h). CM_INVALID: an entry that makes no sense. */
enum cm_code srv_store_put_closure(struct srv_store *store, const struct cm_closure *closure,
                                   struct cm_err *err);
enum cm_code srv_store_delete_closure(struct srv_store *store, int32_t date, const char *class_id,
                                      struct cm_err *err);
typedef bool srv_closure_visit_fn(void *arg, const struct cm_closure *closure);
enum cm_code srv_store_each_closure(struct srv_store *store, int32_t from, int32_t to,
                                    srv_closure_visit_fn *visit, void *arg, struct cm_err *err);

struct srv_school_day { /* of a class on a date, by the calendar and by what people said */
    struct cm_day day;
    struct cm_closure closure; /* the entry that counts; date 0: none */
    bool no_session;           /* a person said so */
};
enum cm_code srv_store_get_school_day(struct srv_store *store, const struct cm_class *class_, int32_t date,
                                      struct srv_school_day *ret_day, struct cm_err *err);
/* The school's rules for points: SRV_SETTING_POINTS, or the default ones. */
enum cm_code srv_store_get_points(struct srv_store *store, struct cm_points_rules *ret_rules,
                                  struct cm_err *err);

/* ---- students ---- */
enum { SRV_PHONE_SIZE = 20, SRV_EMAIL_SIZE = 128 }; /* with the NUL; as of roster/fields.h */
struct srv_student {
    struct cm_student base; /* what stations get; its consent follows from the events, card and PIN change by
                               srv_store_put_credentials: read only */
    char roll_number[16];
    char nickname[64];   /* shown on the board instead of the name; empty: the name */
    bool board_hidden;   /* stays off the board */
    bool archived;       /* left: no roll from left_date on, no templates, history stays */
    int32_t joined_date; /* of the present class; no roll before it */
    int32_t left_date;   /* 0: still there */
    char parent_name[CM_NAME_SIZE];
    char parent_phone[SRV_PHONE_SIZE]; /* E.164 "+919876543210"; empty: none */
    char parent_email[SRV_EMAIL_SIZE]; /* empty: none */
    char note[CM_TEXT_SIZE];
    int32_t template_count; /* read only: 0 not enrolled */
    int64_t created_wall_ms, changed_wall_ms;
    /* read only */
    int64_t given_again_wall_ms; /* somebody else had the id until then, and was erased; 0: nobody */
    int64_t unenrolled_wall_ms;  /* when his templates were last taken away; 0: never */
    int64_t
        consent_refused_wall_ms; /* the instant of the last refusal or withdrawal, whatever came then; 0: none */
};
enum cm_code srv_store_get_student(struct srv_store *store, const char *id, struct srv_student *ret_student,
                                   struct cm_err *err);
/* When the last one who had the id was erased; he may have been the only one. CM_NOTFOUND: nobody was. */
enum cm_code srv_store_erased_when(struct srv_store *store, const char *id, int64_t *ret_wall_ms,
                                   struct cm_err *err);
/* New, or replaces all but the read-only fields. A change of class ends one membership and begins another at joined_date. */
enum cm_code srv_store_put_student(struct srv_store *store, const struct srv_student *student,
                                   struct cm_err *err);
typedef bool srv_student_visit_fn(void *arg, const struct srv_student *student);
/* class_id NULL: all. */
enum cm_code srv_store_each_student(struct srv_store *store, const char *class_id, const char *after,
                                    srv_student_visit_fn *visit, void *arg, struct cm_err *err);
/* Everything that names the student goes: record, login, templates and their key, contact, notes, derived days. Every
 * station is told. Events that hold the id stay in the chain, and those that a station still sends come to it; but they count
 * nowhere, and nothing shows the id in them. When the id is given again, marks and corrections of a station that has carried
 * out the erasure are about the new student, and other events that were captured after that; they must also come after that. */
enum cm_code srv_store_erase_student(struct srv_store *store, const char *id, const char *by,
                                     struct cm_err *err);
enum cm_code srv_store_count(struct srv_store *store, size_t *ret_students, size_t *ret_classes,
                             size_t *ret_enrolled, struct cm_err *err);

struct srv_membership { /* which class a student was in, when */
    char class_id[CM_ID_SIZE];
    int32_t from, to; /* to: the first day after it; 0 open */
};
typedef bool srv_membership_visit_fn(void *arg, const struct srv_membership *membership);
enum cm_code srv_store_each_membership(struct srv_store *store, const char *student_id,
                                       srv_membership_visit_fn *visit, void *arg, struct cm_err *err);

/* Addresses whose owners wrote that they want no messages. Kept as long as somebody has the number. CM_NOTFOUND: none of them. */
enum cm_code srv_store_get_stopped(struct srv_store *store, const char *phone, int64_t *ret_wall_ms,
                                   struct cm_err *err);
enum cm_code srv_store_put_stopped(struct srv_store *store, const char *phone, int64_t wall_ms,
                                   struct cm_err *err);
enum cm_code srv_store_delete_stopped(struct srv_store *store, const char *phone, struct cm_err *err);
/* A card's tag (lane/card.h) and a PIN's hash (lane/pin.h); NULL: as it was. All zero and "" take them away. */
enum cm_code srv_store_put_credentials(struct srv_store *store, const char *student_id,
                                       const uint8_t *card_tag, const char *pin_hash, struct cm_err *err);

/* ---- templates: sealed under the student's key, plain only in memory ---- */
/* Replaces; stations that serve the class are told. count 0 shreds the key. CM_INVALID: among others, no consent. */
enum cm_code srv_store_put_templates(struct srv_store *store, const char *student_id,
                                     const struct cm_template *templates, size_t count, struct cm_err *err);
typedef bool srv_template_visit_fn(void *arg, const struct cm_template *template_);
/* student_id NULL: of all. */
enum cm_code srv_store_each_template(struct srv_store *store, const char *student_id,
                                     srv_template_visit_fn *visit, void *arg, struct cm_err *err);

/* ---- users and their sessions ---- */
enum { SRV_PASSWORD_HASH_SIZE = 128 };
struct srv_user {
    char name[64]; /* the key; lower case */
    char full_name[CM_NAME_SIZE];
    uint32_t role; /* one of enum srv_role: admin, coordinator, student */
    char student_id[CM_ID_SIZE];
    int class_count;
    char classes[32][CM_ID_SIZE];               /* of a coordinator */
    char password_hash[SRV_PASSWORD_HASH_SIZE]; /* empty: no password yet */
    bool must_change_password, disabled;
    int64_t password_expires_ms; /* a one-time password; 0: does not */
    int64_t created_wall_ms, password_changed_ms;
    char phone[SRV_PHONE_SIZE], email[SRV_EMAIL_SIZE]; /* for alerts and reset codes; E.164; empty: none */
};
enum cm_code srv_store_get_user(struct srv_store *store, const char *name, struct srv_user *ret_user,
                                struct cm_err *err);
enum cm_code srv_store_user_of_student(struct srv_store *store, const char *student_id,
                                       struct srv_user *ret_user, struct cm_err *err);
enum cm_code srv_store_put_user(struct srv_store *store, const struct srv_user *user, struct cm_err *err);
enum cm_code srv_store_delete_user(struct srv_store *store, const char *name,
                                   struct cm_err *err); /* and its sessions */
typedef bool srv_user_visit_fn(void *arg, const struct srv_user *user);
enum cm_code srv_store_each_user(struct srv_store *store, const char *after, srv_user_visit_fn *visit,
                                 void *arg, struct cm_err *err);

struct srv_session {
    uint8_t id[16];
    char user[64];
    int64_t created_wall_ms, expires_wall_ms;
    char agent[128], address[64];
};
enum cm_code srv_store_get_session(struct srv_store *store, const uint8_t id[16],
                                   struct srv_session *ret_session, struct cm_err *err);
enum cm_code srv_store_put_session(struct srv_store *store, const struct srv_session *session,
                                   struct cm_err *err);
enum cm_code srv_store_delete_session(struct srv_store *store, const uint8_t id[16], struct cm_err *err);
/* All of a user's but `keep` (NULL: all). */
enum cm_code srv_store_delete_sessions(struct srv_store *store, const char *user, const uint8_t *keep,
                                       struct cm_err *err);
enum cm_code srv_store_purge(struct srv_store *store, int64_t now_ms, size_t *ret_purged,
                             struct cm_err *err); /* sessions and codes that are over */

/* One-time codes: of pairing, of a password reset. Kept as keyed hashes. */
struct srv_code {
    uint8_t hash[32]; /* the key */
    char kind[16];    /* "pair", "reset" */
    char subject[64]; /* station id, user name */
    int64_t expires_wall_ms;
    int32_t failures;
};
enum cm_code srv_store_put_code(struct srv_store *store, const struct srv_code *code, struct cm_err *err);
enum cm_code srv_store_get_code(struct srv_store *store, const uint8_t hash[32], struct srv_code *ret_code,
                                struct cm_err *err);
enum cm_code srv_store_delete_code(struct srv_store *store, const uint8_t hash[32], struct cm_err *err);

/* ---- stations ---- */
struct srv_station {
    char id[40]; /* UUID; given by the server at `station add` */
    char name[CM_NAME_SIZE];
    int class_count;
    char classes[32][CM_ID_SIZE]; /* none: every class */
    bool paired, revoked;
    uint8_t public_key[CM_PUBLIC_KEY_SIZE]; /* Ed25519, of its log */
    uint8_t token_hash[32];                 /* BLAKE2b of the token; the token itself is nowhere */
    int64_t created_wall_ms;
    int64_t paired_wall_ms; /* when it was first paired: from then on it is awaited; 0: never was */
    /* of its log as the server has it */
    uint64_t acked_seq;
    uint8_t head_hash[CM_HASH_SIZE];
    int64_t last_event_wall_ms; /* of the newest event */
    bool
        forked; /* another copy of it (restored from an old backup, or cloned) sent other events: srv_store_put_fork */
    uint64_t forked_seq;
    int64_t forked_wall_ms; /* the last time */
    char forked_address[64];
    /* as it last said */
    int64_t last_seen_wall_ms;
    char version[16], camera[64];
    int64_t clock_offset_ms;
};
enum {
    SRV_STATIONS_MAX = 4096
}; /* ever, revoked ones and the server's own log included: what one list holds */
bool srv_station_serves(const struct srv_station *station, const char *class_id); /* pure */
enum cm_code srv_store_get_station(struct srv_store *store, const char *id, struct srv_station *ret_station,
                                   struct cm_err *err);
enum cm_code srv_store_station_of_token(struct srv_store *store, const uint8_t token_hash[32],
                                        struct srv_station *ret_station, struct cm_err *err);
/* All but the log's fields, which srv_store_append_events keeps. A new station serves its classes from ever; a change of
 * them holds from now on, and a session is judged by the stations that served its class when it began. CM_INVALID: another
 * key for a log that has events, or more stations than there may be. */
enum cm_code srv_store_put_station(struct srv_store *store, const struct srv_station *station,
                                   struct cm_err *err);
typedef bool srv_station_visit_fn(void *arg, const struct srv_station *station);
enum cm_code srv_store_each_station(struct srv_store *store, srv_station_visit_fn *visit, void *arg,
                                    struct cm_err *err);

/* ---- events ---- */
struct srv_event_bytes { /* one event as its station encoded, hashed and signed it */
    const uint8_t *bytes;
    size_t size;
};
struct srv_append {
    uint64_t acked_seq; /* of the station after this */
    uint64_t feed;      /* number of the last event in the feed; 0 when nothing was new */
    size_t appended;    /* how many were new */
    bool gap;           /* first_seq is beyond acked_seq + 1: nothing was taken */
    bool forked;        /* an event that we have differs, or previous_hash is not ours: nothing was taken */
    uint64_t forked_seq;
};
/* Consecutive events first_seq, first_seq + 1, …; previous_hash is the chain's before the first of them. The caller has
 * verified the signature over the last one; hashes are chained again here. What the store has already is compared, not
 * written. CM_INVALID: an event does not decode, or holds another seq. */
enum cm_code srv_store_append_events(struct srv_store *store, const char *station_id, uint64_t first_seq,
                                     const uint8_t previous_hash[CM_HASH_SIZE],
                                     const struct srv_event_bytes *events, size_t count,
                                     struct srv_append *ret_append, struct cm_err *err);
enum { SRV_FORK_REQUEST_SIZE = 8 };
struct srv_fork { /* what was refused of a copy of a station */
    uint64_t seq; /* of the first event that differs; 0: it is settled */
    int64_t wall_ms;
    char address[64];
    uint8_t
        request[SRV_FORK_REQUEST_SIZE]; /* which one it was: hash of its body, which says when it was made */
};
/* Shown with the station until it is settled. Events that continue the known log are taken all the same. CM_EXISTS: one of
 * the last requests that were refused before it was settled, come twice or late: nothing is written, for it is no news. */
enum cm_code srv_store_put_fork(struct srv_store *store, const char *station_id, const struct srv_fork *fork,
                                struct cm_err *err);
/* The chain's hash at seq (0: its start). CM_NOTFOUND. */
enum cm_code srv_store_hash_at(struct srv_store *store, const char *station_id, uint64_t seq,
                               uint8_t ret_hash[CM_HASH_SIZE], struct cm_err *err);

/* The server's own events: corrections and activities by people and by the server itself (station id ""), with an id and
 * times given by the caller in the envelope; seq is filled. */
enum cm_code srv_store_append_own(struct srv_store *store, struct cm_event *event, uint64_t *ret_feed,
                                  struct cm_err *err);

/* The feed: every event of every log in the order in which the server took it, numbered 1, 2, 3 … */
struct srv_feed_item {
    uint64_t feed;
    const char *station_id; /* "" the server's */
    const struct cm_event *event;
    int64_t received_wall_ms;
    bool
        erased; /* it was about somebody who was erased: ids, reasons and unknown fields are left out of `event` */
};
/* Whose log it is in or, of an activity that the server wrote, whom it is about; "" nobody. log: the item's station_id. */
const char *srv_feed_station(const char *log, const struct cm_event *event);
typedef bool srv_feed_visit_fn(void *arg, const struct srv_feed_item *item);
enum cm_code srv_store_each_feed(struct srv_store *store, uint64_t after, srv_feed_visit_fn *visit, void *arg,
                                 struct cm_err *err);
enum cm_code srv_store_feed_last(struct srv_store *store, uint64_t *ret_feed, struct cm_err *err);
/* One event by its feed number. CM_NOTFOUND. */
enum cm_code srv_store_get_feed(struct srv_store *store, uint64_t feed, srv_feed_visit_fn *visit, void *arg,
                                struct cm_err *err);

/* Activities alone, newest first, with what was said about them in review. */
enum srv_review_state { SRV_REVIEW_OPEN, SRV_REVIEW_CONFIRMED, SRV_REVIEW_DISMISSED };
struct srv_review {
    enum srv_review_state state;
    char by[CM_NAME_SIZE], note[CM_TEXT_SIZE];
    int64_t reviewed_wall_ms;
};
typedef bool srv_activity_visit_fn(void *arg, const struct srv_feed_item *item,
                                   const struct srv_review *review);
enum cm_code srv_store_each_activity(struct srv_store *store, uint64_t before, srv_activity_visit_fn *visit,
                                     void *arg, struct cm_err *err);
enum cm_code srv_store_put_review(struct srv_store *store, uint64_t feed, const struct srv_review *review,
                                  struct cm_err *err);

/* What concerns one student, newest date first and within a date newest feed number first: marks (also those that do not
 * count), corrections, disputes. before: only dates before it (0: from the newest on), so a page ends with a date. */
enum cm_code srv_store_each_history(struct srv_store *store, const char *student_id, int32_t before,
                                    srv_feed_visit_fn *visit, void *arg, struct cm_err *err);

/* What was said of one student's consent, oldest receipt first: events of type CM_EVENT_CONSENT. Which of them counts is in
 * srv_student.base. An event that refuses or withdraws takes the templates away in the same commit, for good: none that was
 * made before it is taken any more. */
enum cm_code srv_store_each_consent(struct srv_store *store, const char *student_id, srv_feed_visit_fn *visit,
                                    void *arg, struct cm_err *err);

/* ---- derived: rolls ---- */
enum srv_session_state { /* as roll/judge.h says */
                         SRV_SESSION_OPEN = CM_VERDICT_OPEN,
                         SRV_SESSION_CLOSED = CM_VERDICT_CLOSED,
                         SRV_SESSION_UNJUDGED = CM_VERDICT_UNJUDGED,
};
struct srv_session_info { /* one class on one date */
    char class_id[CM_ID_SIZE];
    int32_t date;
    enum srv_session_state state;
    char closed_by[CM_NAME_SIZE]; /* empty: by itself */
    int64_t closed_wall_ms;       /* 0: by itself or not */
    struct cm_word word;          /* what a person said last; word.word 0: nobody said anything */
    bool
        school; /* false: the class does not meet, or there is no session; it may have been marked all the same */
    int32_t able_min, window_min; /* coverage: the best of the stations that serve the class */
    int32_t present, late, excused, absent, unjudged, pending, none; /* how many students */
};
/* CM_NOTFOUND: the class has no school that day, nobody was marked and nobody said anything. */
enum cm_code srv_store_get_session_info(struct srv_store *store, const char *class_id, int32_t date,
                                        struct srv_session_info *ret_info, struct cm_err *err);
typedef bool srv_session_info_visit_fn(void *arg, const struct srv_session_info *info);
enum cm_code srv_store_each_session_info(struct srv_store *store, const char *class_id, int32_t from,
                                         int32_t to, srv_session_info_visit_fn *visit, void *arg,
                                         struct cm_err *err);
/* What a person says of a session is an event like any other, from a station or appended here to the server's own; the
 * latest word counts. A session that a person opened again stays open, whatever its coverage, until a person closes it:
 * nobody is absent by it. Of one without session nothing counts. The id follows from what is said, so that the same word
 * twice is one. */
enum cm_code srv_store_say_session(struct srv_store *store, const struct cm_session_said *said,
                                   struct cm_err *err);
enum cm_code srv_store_close_session(struct srv_store *store, const char *class_id, int32_t date,
                                     const char *by, int64_t wall_ms, struct cm_err *err);
enum cm_code srv_store_reopen_session(struct srv_store *store, const char *class_id, int32_t date,
                                      const char *by, int64_t wall_ms, struct cm_err *err);

/* Stations for which the session waits, or would, had no person spoken (roll/judge.h: cm_judge_awaits); none where there is no
 * school. CM_NOTFOUND: no such class. */
enum cm_code srv_store_each_awaited(struct srv_store *store, const char *class_id, int32_t date,
                                    srv_station_visit_fn *visit, void *arg, struct cm_err *err);

/* When a station could judge, as it said: spans that touch from … to (instants), the earliest first, cut at the hours of UTC.
 * What nothing speaks of it could not. CM_NOTFOUND: no such station. */
struct srv_span {
    int64_t from_wall_ms, to_wall_ms;
    bool able;
    char reason[32]; /* a stable word of why not: "covered", "locked" … */
};
typedef bool srv_span_visit_fn(void *arg, const struct srv_span *span);
enum cm_code srv_store_each_span(struct srv_store *store, const char *station_id, int64_t from_wall_ms,
                                 int64_t to_wall_ms, srv_span_visit_fn *visit, void *arg, struct cm_err *err);

struct srv_day { /* one student in one session */
    struct cm_roll_entry
        roll; /* its mark_seq and correction_seq are feed numbers here; status NONE: not yet seen */
    enum srv_session_state session;
    bool school; /* false: no school day; what was seen on it counts for no streak */
};
/* Every member of the class on that date, in order of id; and students of the school who have a mark or a correction in
 * that session but were in no class then. What names a class that the student was not in counts in the session of the
 * class that he was in, if nothing names that one. */
typedef bool srv_day_visit_fn(void *arg, const struct srv_day *day);
enum cm_code srv_store_each_roll(struct srv_store *store, const char *class_id, int32_t date,
                                 srv_day_visit_fn *visit, void *arg, struct cm_err *err);
/* One student's sessions of from … to (both dates), in order of date; school days that nobody speaks of yet are among
 * them, with status NONE. */
enum cm_code srv_store_each_day(struct srv_store *store, const char *student_id, int32_t from, int32_t to,
                                srv_day_visit_fn *visit, void *arg, struct cm_err *err);

struct
    srv_day_evidence { /* what is behind a student's day in one session, for a station to merge with its own */
    char student_id[CM_ID_SIZE];
    bool member;                 /* of the class on that date */
    struct cm_evidence evidence; /* that counts; its numbers are feed numbers */
    struct cm_standing standing; /* of all his days */
};
typedef bool srv_day_evidence_visit_fn(void *arg, const struct srv_day_evidence *day);
/* Of those whom srv_store_each_roll shows, in order of id. date 0: the present members of the class, without evidence. */
enum cm_code srv_store_each_evidence(struct srv_store *store, const char *class_id, int32_t date,
                                     srv_day_evidence_visit_fn *visit, void *arg, struct cm_err *err);

struct srv_standing { /* all time, of one student */
    char student_id[CM_ID_SIZE], class_id[CM_ID_SIZE];
    int32_t points, present, late, excused, absent, unjudged, pending;
    int32_t
        streak; /* school days in a row present or late, up to the newest settled one; excused and unjudged
                            neither count nor break */
    int32_t best_streak;
    int64_t first_seen_wall_ms, last_seen_wall_ms;
};
enum cm_code srv_store_get_standing(struct srv_store *store, const char *student_id,
                                    struct srv_standing *ret_standing, struct cm_err *err);
typedef bool srv_standing_visit_fn(void *arg, const struct srv_standing *standing);
/* Of the class's present members, in order of id. */
enum cm_code srv_store_each_standing(struct srv_store *store, const char *class_id,
                                     srv_standing_visit_fn *visit, void *arg, struct cm_err *err);

/* ---- alerts: who was absent too long, whom it is told, and how far every class was looked at (server/alerts) ---- */
/* An alert is true of the days that it lists when it is made; whoever sends verifies it again (alerts/claim.h). */
enum srv_alert_state {
    SRV_ALERT_ACTIVE = 1,
    SRV_ALERT_WITHDRAWN,    /* the days said otherwise before anything was sent: it counts as never made */
    SRV_ALERT_CONTRADICTED, /* the days said otherwise after something was sent; or may have been */
    SRV_ALERT_CANCELLED,    /* by a person; the streak counts as told */
};
enum {
    SRV_ALERT_DAYS_MAX = 32, /* the newest are listed; absent_count says of how many */
    SRV_ALERT_NOTES_MAX = 16 /* the newest are kept, and always the first */
};
struct srv_alert_day { /* a day that counts, and what closed its session when the alert was made */
    int32_t date;
    char class_id[CM_ID_SIZE];
    char closed_by[CM_NAME_SIZE]; /* empty: by itself, with this coverage */
    int64_t closed_wall_ms;       /* 0: by itself */
    int32_t able_min, window_min;
};
enum srv_alert_word { /* what was done with it */
                      SRV_ALERT_MADE = 1,
                      SRV_ALERT_WAS_WITHDRAWN,
                      SRV_ALERT_WAS_CONTRADICTED,
                      SRV_ALERT_WAS_CANCELLED,
                      SRV_ALERT_WAS_ACKNOWLEDGED,
                      SRV_ALERT_WAS_RETRIED,  /* messages that had failed */
                      SRV_ALERT_WAS_RESOLVED, /* a message of which nobody knew whether it was sent */
};
struct srv_alert_note {
    enum srv_alert_word word;
    int64_t wall_ms;
    char by[CM_NAME_SIZE]; /* empty: the server itself */
    char reason[CM_TEXT_SIZE];
};
struct srv_alert {
    uint8_t id[16]; /* of student, trigger date and generation: made twice it is the same */
    char student_id[CM_ID_SIZE];
    char class_id[CM_ID_SIZE]; /* whose coordinators are told */
    int32_t trigger_date;      /* the last day absent */
    int32_t generation;        /* how many alerts of that student and date were before it */
    int32_t absent_count;      /* days of the run */
    bool repeat;               /* of a streak that was told before */
    enum srv_alert_state state;
    int64_t created_wall_ms;
    int64_t acknowledged_wall_ms; /* 0: not yet */
    int day_count, note_count;
    struct srv_alert_day days[SRV_ALERT_DAYS_MAX];    /* in order of date */
    struct srv_alert_note notes[SRV_ALERT_NOTES_MAX]; /* in order of time */
};
/* CM_NOTFOUND. */
enum cm_code srv_store_get_alert(struct srv_store *store, const uint8_t id[16], struct srv_alert *ret_alert,
                                 struct cm_err *err);
/* New, or replaces; student, class, trigger date and creation of a known one stay (else CM_INVALID). CM_NOTFOUND: there is no
 * such student. */
enum cm_code srv_store_put_alert(struct srv_store *store, const struct srv_alert *alert, struct cm_err *err);
typedef bool srv_alert_visit_fn(void *arg, const struct srv_alert *alert);
struct srv_alert_filter {       /* {0}: all from the newest on */
    const char *class_id;       /* NULL: of all */
    enum srv_alert_state state; /* 0: in any */
    /* the last one of the page before; 0 and zeros: from the newest on */
    int64_t before_wall_ms;
    uint8_t before_id[16];
};
/* The newest made first. */
enum cm_code srv_store_each_alert(struct srv_store *store, const struct srv_alert_filter *filter,
                                  srv_alert_visit_fn *visit, void *arg, struct cm_err *err);
/* Of a student, the latest trigger date first, of one date the highest generation. */
enum cm_code srv_store_each_alert_of_student(struct srv_store *store, const char *student_id,
                                             srv_alert_visit_fn *visit, void *arg, struct cm_err *err);

/* Of all students, in order of student and trigger date; those of before `from` are passed over without a look at them. `after`
 * is the one that the walk goes on behind; {0}: from the first on. */
struct srv_alert_place {
    char student_id[CM_ID_SIZE];
    int32_t trigger_date, generation;
    uint8_t id[16];
};
enum cm_code srv_store_each_alert_by_student(struct srv_store *store, const struct srv_alert_place *after,
                                             int32_t from, srv_alert_visit_fn *visit, void *arg,
                                             struct cm_err *err);

/* The outbox. States change by the table of alerts/outbox.h alone. */
enum srv_message_state {
    SRV_MESSAGE_QUEUED = 1, /* goes out from next_try_wall_ms on */
    SRV_MESSAGE_SENDING,    /* committed before the provider is asked */
    SRV_MESSAGE_SENT,       /* the provider took it */
    SRV_MESSAGE_DELIVERED,
    SRV_MESSAGE_READ,
    SRV_MESSAGE_FAILED,    /* for good: error_code and error_text say why */
    SRV_MESSAGE_CANCELLED, /* was not sent */
    SRV_MESSAGE_UNKNOWN, /* it may have been sent: a webhook or a person resolves it, never the server itself */
};
enum srv_recipient { SRV_RECIPIENT_PARENT = 1, SRV_RECIPIENT_COORDINATOR };
enum { SRV_PROVIDER_ID_SIZE = 160, SRV_MESSAGE_STEPS_MAX = 32 };
struct srv_message_step {
    enum srv_message_state state;
    int64_t wall_ms;
};
struct srv_message {
    uint8_t id[16]; /* of alert and recipient; what the provider is told as ours */
    uint8_t alert_id[16];
    char student_id[CM_ID_SIZE];
    enum srv_recipient recipient;
    char user[64];           /* of a coordinator; empty: the school's number for coordinators */
    char name[CM_NAME_SIZE]; /* of the recipient, as far as it is known */
    char phone[SRV_PHONE_SIZE],
        email[SRV_EMAIL_SIZE];              /* E.164; as they were when it was last queued or claimed */
    char provider[16];                      /* "whatsapp", "smtp"; empty: none was asked yet */
    char provider_id[SRV_PROVIDER_ID_SIZE]; /* what the provider calls it; empty: not known */
    enum srv_message_state state;
    int32_t tries; /* how often it was claimed */
    int64_t next_try_wall_ms;
    int64_t created_wall_ms, changed_wall_ms; /* changed: when it came to its state */
    int32_t error_code;                       /* of the provider; 0 none */
    char error_text[CM_TEXT_SIZE];            /* why it failed, waits, was cancelled */
    int step_count;
    struct srv_message_step steps[SRV_MESSAGE_STEPS_MAX]; /* the newest, and always the first */
};
enum cm_code srv_store_get_message(struct srv_store *store, const uint8_t id[16],
                                   struct srv_message *ret_message, struct cm_err *err);
/* New, or replaces; its alert stays. CM_NOTFOUND: there is no such alert. CM_EXISTS: another message has the provider's id. */
enum cm_code srv_store_put_message(struct srv_store *store, const struct srv_message *message,
                                   struct cm_err *err);
enum cm_code srv_store_message_of_provider_id(struct srv_store *store, const char *provider_id,
                                              struct srv_message *ret_message, struct cm_err *err);
typedef bool srv_message_visit_fn(void *arg, const struct srv_message *message);
/* In order of id. */
enum cm_code srv_store_each_message_of_alert(struct srv_store *store, const uint8_t alert_id[16],
                                             srv_message_visit_fn *visit, void *arg, struct cm_err *err);
/* Queued ones whose time has come, the longest due first. */
enum cm_code srv_store_each_due_message(struct srv_store *store, int64_t now_ms, srv_message_visit_fn *visit,
                                        void *arg, struct cm_err *err);
/* Queued ones by their time, others by when they came to the state; the earliest first. */
enum cm_code srv_store_each_message_in_state(struct srv_store *store, enum srv_message_state state,
                                             srv_message_visit_fn *visit, void *arg, struct cm_err *err);

/* How far the nightly job is with a class. */
enum srv_hold {
    SRV_HOLD_NONE,
    SRV_HOLD_STATIONS, /* stations that serve it are awaited: srv_store_each_awaited */
    SRV_HOLD_REOPENED, /* a person opened the session again */
    SRV_HOLD_NOBODY,   /* no station was there to judge, and no person closed it */
};
enum { SRV_HOLD_STATIONS_MAX = 8 };
struct srv_alert_cursor {
    char class_id[CM_ID_SIZE];
    int32_t first_date; /* its first session of which anything was known */
    int32_t date;       /* the last date that was evaluated */
    enum srv_hold hold;
    int32_t held_date;     /* the date at which it is held; 0: it is not */
    int64_t held_wall_ms;  /* since when */
    int32_t station_count; /* all of them; the first are listed */
    int listed_count;
    char stations[SRV_HOLD_STATIONS_MAX][40];
};
enum cm_code srv_store_get_alert_cursor(struct srv_store *store, const char *class_id,
                                        struct srv_alert_cursor *ret_cursor, struct cm_err *err);
/* CM_NOTFOUND: there is no such class. It goes with the class. */
enum cm_code srv_store_put_alert_cursor(struct srv_store *store, const struct srv_alert_cursor *cursor,
                                        struct cm_err *err);
typedef bool srv_alert_cursor_visit_fn(void *arg, const struct srv_alert_cursor *cursor);
enum cm_code srv_store_each_alert_cursor(struct srv_store *store, srv_alert_cursor_visit_fn *visit, void *arg,
                                         struct cm_err *err);

/* ---- what stations pull: one row per thing that changed, newest change only ---- */
enum srv_change_kind {
    SRV_CHANGE_CLASS = 1, /* id: class */
    SRV_CHANGE_STUDENT, /* id: student; also when he left the station's classes, or was erased: then he is gone */
    SRV_CHANGE_TEMPLATES, /* id: student */
    SRV_CHANGE_CALENDAR,  /* id: "" (the whole, it is small) */
    SRV_CHANGE_SETTINGS,  /* id: "" */
    SRV_CHANGE_STATION,   /* id: station: its classes, or its revocation */
    SRV_CHANGE_ROLL, /* id: class, date: what counts in its session, its state, or a standing; date 0: standings alone, by
                      * what is further back than SRV_ROLL_BACK_DAYS, to which these are kept */
};
enum { SRV_ROLL_BACK_DAYS = 14 };
struct srv_change {
    uint64_t number; /* the cursor */
    enum srv_change_kind kind;
    char id[CM_ID_SIZE];
    int32_t date; /* of ROLL */
    bool erased;  /* of a student: destroy the key */
    int64_t erased_wall_ms;
};
typedef bool srv_change_visit_fn(void *arg, const struct srv_change *change);
enum cm_code srv_store_each_change(struct srv_store *store, uint64_t after, srv_change_visit_fn *visit,
                                   void *arg, struct cm_err *err);
enum cm_code srv_store_last_change(struct srv_store *store, uint64_t *ret_number, struct cm_err *err);
/* Makes stations get these again (a station's classes changed). */
enum cm_code srv_store_touch_class(struct srv_store *store, const char *class_id, struct cm_err *err);
/* Random, made with the store and anew by a restore: a cursor of another epoch is worth nothing. */
enum cm_code srv_store_epoch(struct srv_store *store, uint8_t ret_epoch[16], struct cm_err *err);

/* ---- care ---- */
typedef void srv_store_progress_fn(void *arg, uint64_t done, uint64_t total);
/* Drops what is derived and makes it anew. */
enum cm_code srv_store_rebuild(struct srv_store *store, srv_store_progress_fn *progress, void *arg,
                               struct cm_err *err);
/* Walks everything: chains, signed heads, records, seals; derives anew in memory and compares. CM_CORRUPT with the first
 * thing that is wrong. */
enum cm_code srv_store_check(struct srv_store *store, srv_store_progress_fn *progress, void *arg,
                             uint64_t *ret_events, struct cm_err *err);
/* A consistent copy in a new folder while the server runs; it opens as a store. */
enum cm_code srv_store_backup(struct srv_store *store, const char *dir, struct cm_err *err);
/* Makes a store from a backup; the target must not exist. It gets a new epoch, and has no
 * login sessions and one-time codes. A copy or a backup that fails leaves nothing. */
enum cm_code srv_store_restore(const char *backup_dir, const char *url, struct cm_err *err);

struct srv_store_stats {
    uint64_t bytes_used, bytes_free_on_disk, events, commits;
    bool
        disk_low; /* too little is free to lay the reserve for erasures in again: make room before a write fails */
};
enum cm_code srv_store_stats(struct srv_store *store, struct srv_store_stats *ret_stats, struct cm_err *err);
/* A hint after a walk through much of the store: memory that holds what was read may go. Any thread. */
void srv_store_trim(struct srv_store *store);

#endif
