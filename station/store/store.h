/*
 * The station's store: roster, sealed templates, the event log and today's roll, in one LMDB environment.
 *
 * - One handle per folder and process; all calls from one thread (the engine's, or a command's main thread). Other
 *   processes (status, doctor) may open the same folder at the same time.
 * - A call that writes returns after a synced commit: what it reports as done survives a power cut. A call that fails
 *   wrote nothing. CM_NOSPACE: disk full, everything from before is intact, the same call may be tried again.
 *   CM_NEWER: the folder was written by a newer version and was not touched. CM_CORRUPT: the log's hash chain, a seal or
 *   a record does not verify.
 * - What an event changes (the roll entry of a mark) is committed in the transaction that appends the event.
 * - Verbs of our domain only; no cursor, transaction or MDB type escapes.
 * - Borrowed pointers given to a visit function are valid until it returns. It may read from the store, not write to it
 *   (CM_BACKEND).
 * - In the folder: station.key (keyfile.h; mode 0600, and refused when others may read it), store/ (LMDB), ballast
 *   (ballast.h: room for erasures, activities and coverage on a full disk; marks are refused there). A key file that is
 *   missing, damaged or another station's closes the store (CM_CORRUPT, CM_INVALID) and nothing is changed; read_only
 *   opens it nevertheless, and only the templates give that error.
 */
#ifndef STN_STORE_H
#define STN_STORE_H

#include "base/clock.h"
#include "base/err.h"
#include "lane/rule.h"
#include "record/record.h"
#include "roll/roll.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct stn_store;

struct stn_store_options {
    const char *dir; /* made (0700) when missing */
    const struct cm_clock *clock;
    bool read_only;         /* status and doctor: never creates, never writes */
    size_t map_bytes_first; /* 0: default (64 MiB); grows by itself */
};

enum cm_code stn_store_open(const struct stn_store_options *options, struct stn_store **ret_store,
                            struct cm_err *err);
void stn_store_close(struct stn_store *store);

/* ---- roster ---- */
/* All or nothing, one commit, with one CM_EVENT_ROSTER. Existing ids are replaced, others stay; of a student that is there
 * already name and class alone are replaced. */
enum cm_code stn_store_put_roster(struct stn_store *store, const struct cm_class *classes, size_t class_count,
                                  const struct cm_student *students, size_t student_count, const char *source,
                                  struct cm_err *err);
enum cm_code stn_store_get_class(struct stn_store *store, const char *id, struct cm_class *ret_class,
                                 struct cm_err *err); /* CM_NOTFOUND */
/* Students come with the consent that counts here, of what the server said and what was said at this station. */
enum cm_code stn_store_get_student(struct stn_store *store, const char *id, struct cm_student *ret_student,
                                   struct cm_err *err);                    /* CM_NOTFOUND */
typedef bool stn_class_visit_fn(void *arg, const struct cm_class *class_); /* false ends the walk */
typedef bool stn_student_visit_fn(void *arg, const struct cm_student *student);
enum cm_code stn_store_each_class(struct stn_store *store, stn_class_visit_fn *visit, void *arg,
                                  struct cm_err *err);
enum cm_code stn_store_each_student(struct stn_store *store, stn_student_visit_fn *visit, void *arg,
                                    struct cm_err *err); /* in order of id */

/* ---- templates (sealed at rest; plain only in memory) ---- */
/* Replaces the student's templates; with one CM_EVENT_ENROLLED. Creates the student's key when there is none. consent: given
 * with the enrolment, logged in the same commit (as by stn_store_say_consents); NULL: it was given before. CM_INVALID: no
 * consent. */
enum cm_code stn_store_put_templates(struct stn_store *store, const char *student_id,
                                     const struct cm_template *templates, size_t count,
                                     const struct cm_consent *consent, struct cm_err *err);
typedef bool stn_template_visit_fn(void *arg, const struct cm_template *template_);
/* A template whose seal does not open is skipped and counted in *ret_damaged (may be NULL). */
enum cm_code stn_store_each_template(struct stn_store *store, stn_template_visit_fn *visit, void *arg,
                                     size_t *ret_damaged, struct cm_err *err);
/* Destroys the student's key and templates, beyond recovery from what the disk still holds of them (vault.h). CM_NOTFOUND
 * when there were none. Another code after the erasure itself means that the old master key could not be removed from
 * the key file yet: the next start does it. */
enum cm_code stn_store_erase_templates(struct stn_store *store, const char *student_id, struct cm_err *err);

/* ---- consent, and the lanes that are open by it ---- */
/* One commit, with one CM_EVENT_CONSENT each; the store sets said_wall_ms and erased_wall_ms. Whoever refuses or withdraws has
 * no templates any more when it returns, beyond recovery (as stn_store_erase_templates). The student need not be on the
 * roster yet. */
enum cm_code stn_store_say_consents(struct stn_store *store, const struct cm_consent *consents, size_t count,
                                    struct cm_err *err);
/* Whether templates of the student may be made, by consent and the school's settings. CM_INVALID says what to do. */
enum cm_code stn_store_check_consent(struct stn_store *store, const char *student_id, struct cm_err *err);
struct stn_lanes {
    bool face;                /* templates of him may be made */
    enum cm_lane_reason card; /* card and PIN: CM_LANE_CLOSED, or why they are open */
};
enum cm_code stn_store_get_lanes(struct stn_store *store, const char *student_id, struct stn_lanes *ret_lanes,
                                 struct cm_err *err); /* CM_NOTFOUND */
/* Of a station without a server (CM_INVALID with one): a card's tag, a PIN's hash; NULL: as it was. */
enum cm_code stn_store_put_credentials(struct stn_store *store, const char *student_id,
                                       const uint8_t *card_tag, const char *pin_hash, struct cm_err *err);

/* ---- events ---- */
/* Appends a mark unless the student has one in that session: then CM_EXISTS. *ret_entry (which may be NULL) is the entry
 * as written, or with CM_EXISTS the existing one. The roll entry is *entry with its mark filled in; where a person corrected it
 * before and *entry was not made with that correction (its correction_seq differs), status and points stay. Fills mark-independent parts of the envelope (seq, id, times). */
enum cm_code stn_store_append_mark(struct stn_store *store, const struct cm_mark *mark,
                                   const struct cm_roll_entry *entry, struct cm_roll_entry *ret_entry,
                                   struct cm_err *err);
/* Appends a correction and writes the recomputed entry, with the status that the correction says and the mark that was
 * there. An earlier correction than the one that counts (of two at one instant the smaller id) changes no entry. */
enum cm_code stn_store_append_correction(struct stn_store *store, const struct cm_correction *correction,
                                         const struct cm_roll_entry *entry, struct cm_roll_entry *ret_entry,
                                         struct cm_err *err);
enum cm_code stn_store_append_activity(struct stn_store *store, const struct cm_activity *activity,
                                       struct cm_err *err);
enum cm_code stn_store_append_coverage(struct stn_store *store, const struct cm_coverage *coverage,
                                       struct cm_err *err);

enum cm_code stn_store_get_roll(struct stn_store *store, int32_t date, const char *class_id,
                                const char *student_id, struct cm_roll_entry *ret_entry,
                                struct cm_err *err); /* CM_NOTFOUND */
typedef bool stn_roll_visit_fn(void *arg, const struct cm_roll_entry *entry);
enum cm_code stn_store_each_roll(struct stn_store *store, int32_t date, stn_roll_visit_fn *visit, void *arg,
                                 struct cm_err *err);

typedef bool stn_event_visit_fn(void *arg, const struct cm_event *event);
enum cm_code stn_store_each_event(struct stn_store *store, uint64_t first_seq, stn_event_visit_fn *visit,
                                  void *arg, struct cm_err *err);

/* A person says that the clock is right now, although the log holds later times (it was ahead once). Logged; from now on
 * the clock is measured against this moment. */
enum cm_code stn_store_trust_clock(struct stn_store *store, const char *by, struct cm_err *err);

/* Grows with every commit, also of other processes. */
uint64_t stn_store_version(struct stn_store *store);

struct stn_store_summary {
    uint64_t last_seq;
    int64_t last_wall_ms; /* of the newest event; 0 when the log is empty */
    int64_t
        latest_wall_ms; /* the latest time of any event: what a clock that was set back is measured against */
    size_t classes, students, templates, students_with_templates;
    uint64_t bytes_used, bytes_free_on_disk;
    char station_id[40]; /* UUID, made on first start */
};
enum cm_code stn_store_summary(struct stn_store *store, struct stn_store_summary *ret_summary,
                               struct cm_err *err);

/* Walks the whole log: sequence without gaps, hash chain, signatures, every record decodes, roll entries agree with their
 * events (points, and the status of an entry without a correction, follow from the class's rules, which the store does
 * not know), every template opens. CM_CORRUPT with the first thing that is wrong. */
enum cm_code stn_store_check(struct stn_store *store, uint64_t *ret_events, struct cm_err *err);

#endif
