/*
 * Derivation on the tables: what must be made anew when something changed, and making it. Private to this folder.
 *
 * Writing verbs tell what changed (srv_derive_…); rows of single students follow at once, whole sessions and standings
 * when the write ends or something is read in it (srv_work_flush). The order in which things are told never shows in the
 * result: it is a function of the primary tables.
 */
#ifndef SRV_DERIVE_KV_H
#define SRV_DERIVE_KV_H

#include "roll/word.h"
#include "store/derive.h"
#include "store/kvstore.h"

/* Scratch of the one that writes. */
enum cm_code srv_work_create(struct srv_work **ret_work, struct cm_err *err);
void srv_work_destroy(struct srv_work *work);
void srv_work_reset(
    struct srv_work *work,
    uint64_t number); /* at the beginning of each try of a write; number: of the write (kv.h) */
void srv_work_committed(struct srv_work *work);
bool srv_work_pending(const struct srv_work *work);
enum cm_code srv_work_flush(struct srv_tx *tx, struct cm_err *err);
/* Classes, closures, services or logs changed: what was cached of them is read again. */
void srv_work_forget(struct srv_work *work);

/* An event was taken: marks and corrections reach the day, coverage its table, activities and the history their index. */
enum cm_code srv_derive_event(struct srv_tx *tx, uint64_t feed, const struct srv_place *place,
                              const struct cm_event *event, struct cm_err *err);
/* ---- derive_consent.c ---- */
enum cm_code srv_derive_consent(struct srv_tx *tx, uint64_t feed, const struct srv_place *place,
                                const struct cm_event *event, struct cm_err *err);
/* The word that counts (state NONE: nobody was asked), and the instant of the last one that refused or withdrew (0: none). */
enum cm_code srv_consent_load(struct srv_tx *tx, const char *student_id, struct cm_consent_word *ret_word,
                              int64_t *ret_refused_wall_ms, struct cm_err *err);
enum cm_code srv_consent_forget(struct srv_tx *tx, const char *student_id, struct cm_err *err);

/* A log now begins or reaches elsewhere than before. */
enum cm_code srv_derive_reach(struct srv_tx *tx, uint32_t log, const struct srv_log *before,
                              const struct srv_log *after, struct cm_err *err);
enum cm_code srv_derive_class(struct srv_tx *tx, const char *class_id, struct cm_err *err);
enum cm_code srv_derive_closure(struct srv_tx *tx, const char *class_id, int32_t date, struct cm_err *err);
enum cm_code srv_derive_session(struct srv_tx *tx, const char *class_id, int32_t date, struct cm_err *err);
/* The student was not, or is, a member of the class from `from` to before `to` (0: open). */
enum cm_code srv_derive_membership(struct srv_tx *tx, const char *student_id, const char *class_id,
                                   int32_t from, int32_t to, struct cm_err *err);
/* The student is new: what was kept of the id counts now. */
enum cm_code srv_derive_student(struct srv_tx *tx, const char *student_id, struct cm_err *err);
/* Stations serve the class ("" all) otherwise from that date on. */
enum cm_code srv_derive_service(struct srv_tx *tx, const char *class_id, int32_t from, struct cm_err *err);
enum cm_code srv_derive_all_sessions(struct srv_tx *tx, struct cm_err *err);
/* Every day of every class, also of classes that are gone: the rules for points are others. */
enum cm_code srv_derive_all_days(struct srv_tx *tx, struct cm_err *err);
/* Before his memberships and his standing go: the rows of the student. */
enum cm_code srv_derive_erase(struct srv_tx *tx, const char *student_id, struct cm_err *err);

/* Rebuilding, with tx->replay and empty derived tables: srv_derive_event with every event of the feed, then every class,
 * then every student; each in any number of writes, in order of id. *ret_last is the last one that was done, "" when
 * there is none left. */
enum cm_code srv_derive_next_class(struct srv_tx *tx, const char *after, char ret_last[CM_ID_SIZE],
                                   struct cm_err *err);
enum cm_code srv_derive_next_students(struct srv_tx *tx, const char *after, size_t count,
                                      char ret_last[CM_ID_SIZE], struct cm_err *err);
/* At the start: a rebuild that was cut short, or another zone, is made good. */
enum cm_code srv_derive_at_open(struct srv_kvstore *store, struct cm_err *err);

/* ---- rows (derive_rows.c) ---- */
enum { SRV_DAY_ROW_MAX = 128, SRV_SESSION_ROW_MAX = 1024 };
void srv_day_key(const char *class_id, int32_t date, const char *student_id, struct srv_key *ret_key);
enum cm_code srv_day_load(struct srv_tx *tx, const struct srv_key *key, struct srv_day_row *ret_row,
                          struct cm_err *err); /* CM_NOTFOUND */
enum cm_code srv_day_save(struct srv_tx *tx, const struct srv_key *key, const struct srv_day_row *row,
                          struct cm_err *err); /* deletes what says nothing */
enum cm_code srv_day_decode(struct cm_bytes value, struct srv_day_row *ret_row, struct cm_err *err);
bool srv_day_says_nothing(const struct srv_day_row *row);
void srv_session_key(const char *class_id, int32_t date, struct srv_key *ret_key);
enum cm_code srv_session_decode(struct cm_bytes key, struct cm_bytes value, struct srv_session_info *ret_info,
                                struct cm_err *err);
bool srv_session_meets(struct cm_bytes value); /* a school day, by the row alone */
enum srv_session_state srv_session_state_of(struct cm_bytes value);
enum cm_code srv_session_save(struct srv_tx *tx, const struct srv_session_info *info, struct cm_err *err);
/* What a person said last; {0}: nothing. */
enum cm_code srv_word_load(struct srv_tx *tx, const char *class_id, int32_t date, struct cm_word *ret_word,
                           struct cm_err *err);
enum cm_code srv_word_save(struct srv_tx *tx, const char *class_id, int32_t date, const struct cm_word *word,
                           struct cm_err *err);
/* Adds what is in other classes' rows to the evidence of a member of whom his own class's row has none. */
enum cm_code srv_borrow(struct srv_tx *tx, const char *student_id, const char *class_id, int32_t date,
                        struct cm_evidence *counts, struct cm_err *err);
enum cm_code srv_standing_load(struct srv_tx *tx, const char *student_id, struct cm_standing *ret_standing,
                               struct cm_err *err); /* zeros when there is none */
enum cm_code srv_standing_save(struct srv_tx *tx, const char *student_id, const struct cm_standing *standing,
                               struct cm_err *err); /* deletes what says nothing */

/* ---- membership (derive_member.c) ---- */
struct srv_member {
    char student_id[CM_ID_SIZE];
    int32_t from, to;
};
struct srv_members {
    struct srv_member *list;
    size_t count, room;
};
/* Everybody who ever was in the class, in order of id. Reuses the list's memory; the caller frees `list`. */
enum cm_code srv_members_load(struct srv_tx *tx, const char *class_id, struct srv_members *members,
                              struct cm_err *err);
static inline bool srv_member_on(const struct srv_member *member, int32_t date)
{
    return date >= member->from && (member->to == 0 || date < member->to);
}
/* The class of the student on that date, "" none. *ret_known: there is such a student. */
enum cm_code srv_class_on(struct srv_tx *tx, const char *student_id, int32_t date,
                          char ret_class_id[CM_ID_SIZE], bool *ret_known, struct cm_err *err);

enum cm_code srv_school_day(struct srv_tx *tx, const struct cm_class *class_, int32_t date,
                            struct srv_school_day *ret_day, struct cm_err *err);
/* The percentage from which a session closes by itself. */
enum cm_code srv_coverage_percent(struct srv_tx *tx, int32_t *ret_percent, struct cm_err *err);
enum cm_code srv_points_rules(struct srv_tx *tx, struct cm_points_rules *ret_rules, struct cm_err *err);
/* The classes in whose sessions there are marks or corrections of his. */
enum cm_code srv_note_seen(struct srv_tx *tx, const char *student_id, const char *class_id,
                           struct cm_err *err);
typedef enum cm_code srv_seen_fn(void *arg, const char *class_id, struct cm_err *err);
enum cm_code srv_each_seen(struct srv_tx *tx, const char *student_id, srv_seen_fn *visit, void *arg,
                           struct cm_err *err);
/* The rows of one student, from … to, in order of date. CM_EOF from visit ends it. */
struct srv_student_day {
    const char *class_id;
    int32_t date;
    bool school;
    enum srv_session_state state;
    const struct srv_day_row *row;
};
typedef enum cm_code srv_student_day_fn(void *arg, const struct srv_student_day *day, struct cm_err *err);
enum cm_code srv_each_student_day(struct srv_tx *tx, const char *student_id, int32_t from, int32_t to,
                                  srv_student_day_fn *visit, void *arg, struct cm_err *err);
/* The class in whose sessions all his rows are; "" none, or several. */
enum cm_code srv_only_class(struct srv_tx *tx, const char *student_id, char ret_class_id[CM_ID_SIZE],
                            struct cm_err *err);
static inline struct cm_day_fact srv_day_fact_of(const struct srv_day_row *row)
{
    return (struct cm_day_fact){row->status, row->points,
                                row->status != CM_ROLL_NONE ? row->captured_wall_ms : 0};
}

#endif
