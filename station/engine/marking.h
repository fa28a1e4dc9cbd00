/*
 * From "this student is here", by whatever lane, to a mark in the store: session, status, points, commit. And from "it is
 * otherwise" to a correction. The store's calls are synced: what comes back as MARKED, or as a correction, survives a power cut.
 */
#ifndef STN_MARKING_H
#define STN_MARKING_H

#include "base/localdate.h"
#include "engine/event.h"
#include "engine/lane.h"
#include "store/store.h"
#include "store/store_roll.h"

struct stn_marking {
    struct stn_store *store; /* borrowed, as the zone */
    const struct cm_zone *zone;
    enum stn_policy policy;
};

enum stn_marking_outcome {
    STN_MARKING_MARKED,
    STN_MARKING_ALREADY, /* there was a mark in this session: it stays as it is */
    STN_MARKING_NO_SESSION, /* the student's class has none at the capture time: err says when the next one opens */
    STN_MARKING_FAILED, /* nothing was written; the same call may be tried again: err says why */
};

/* That a student is here, and how that is known. */
struct stn_claim {
    enum cm_method method;
    int64_t captured_wall_ms;
    bool clock_suspect;
    uint32_t track_id;        /* of method face; else 0 */
    struct stn_accept accept; /* of method face; else its scores are NaN */
    const char *by, *reason;  /* of method manual: who saw him; reason may be NULL */
};
/* By card or PIN; by hand when by is filled in. */
struct stn_claim stn_claim_without_face(enum cm_method method, int64_t captured_wall_ms, bool clock_suspect);

/*
 * Fills *ret_marked on MARKED and ALREADY (latency_ms is the caller's): status and points as the roll has them, which knows the
 * marks of other doors too; the capture time is of the mark just made, and on ALREADY of the mark that counts.
 */
enum stn_marking_outcome stn_marking_mark(const struct stn_marking *marking, const char *student_id,
                                          const struct stn_claim *claim, struct stn_ev_marked *ret_marked,
                                          struct cm_err *err);

/* A person says what it is. The class is the correction's; *ret_entry is the entry as it stands then. */
enum cm_code stn_marking_correct(const struct stn_marking *marking, const struct cm_correction *correction,
                                 struct cm_roll_entry *ret_entry, struct cm_err *err);

/* The session that is open, else today's (or its times, had the class one today). */
enum cm_code stn_marking_session(const struct stn_marking *marking, const struct cm_class *class_,
                                 int64_t wall_ms, struct cm_session *ret_session, bool *ret_open,
                                 struct cm_err *err);
/* A person's word about a session. CM_INVALID: it makes no sense as things stand; err says why. *ret_session: as it is then. */
enum cm_code stn_marking_say(const struct stn_marking *marking, const struct cm_session_said *said,
                             struct stn_session *ret_session, struct cm_err *err);
/* What a mark of now would mean for a student of the class: present, late, or none without an open session. */
enum cm_roll_status stn_marking_now(const struct stn_marking *marking, const struct cm_class *class_,
                                    int64_t wall_ms);

#endif
