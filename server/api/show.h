/*
 * How what the store holds is shown. The store's derivation never looks at the clock, what people see must: a session
 * that is over without anything that settled it is "unjudged", and so is who was not seen in it; before its end he is
 * "none".
 */
#ifndef SRV_API_SHOW_H
#define SRV_API_SHOW_H

#include "api/api.h"
#include "roll/session.h"

/* ---- words ---- */
const char *srv_show_state(enum srv_session_state state); /* "open" … */
const char *srv_show_review(enum srv_review_state state); /* "open", "confirmed", "dismissed" */
bool srv_show_status_parse(const char *word, enum cm_roll_status *ret_status); /* what a correction may say */

/* ---- state and status at an instant; session: the times of that class and date ---- */
enum srv_session_state srv_show_state_at(enum srv_session_state state, const struct cm_session *session,
                                         int64_t now_ms);
enum cm_roll_status srv_show_status_at(const struct srv_day *day, const struct cm_session *session,
                                       int64_t now_ms);

/* ---- times and rules, by the calendar, what people said and the school's settings; those of any day when the store cannot
 * be read ---- */
struct cm_session srv_show_times(struct srv_store *store, const struct cm_zone *zone,
                                 const struct cm_class *class_, int32_t date);
struct srv_show_rules { /* what explains the points of a day; not to be copied */
    struct cm_points_rules points;
    struct srv_school_day day;
    struct cm_roll_rules rules;
};
void srv_show_rules_of(const struct srv_app *app, const struct cm_class *class_, int32_t date,
                       struct srv_show_rules *ret_rules);

/* ---- how many ---- */
struct srv_counts {
    int64_t students, present, late, excused, absent, unjudged, pending, none;
};
void srv_counts_add(struct srv_counts *counts, enum cm_roll_status status);
void srv_counts_sum(struct srv_counts *counts, const struct srv_counts *more);
/* Of a session as it is at that instant. */
struct srv_counts srv_counts_of(const struct srv_session_info *info, const struct cm_session *session,
                                int64_t now_ms);
/* (present + late) / (present + late + absent); NaN when that is none. */
double srv_show_rate(int64_t present, int64_t late, int64_t absent);
/* "present" … "none" and "rate". */
void srv_counts_out(struct srv_reply *out, const struct srv_counts *counts);

/* {state,start,late_after,close,closed_by,closed_at,able_min,window_min,school,word:{word,by,reason,at}} */
void srv_show_session(struct srv_reply *out, const char *name, const struct srv_app *app,
                      const struct srv_session_info *info, const struct cm_session *session, int64_t now_ms);

/* {id,name,last_event} of a station that is waited for; station NULL: it is not known any more. */
void srv_show_silent(struct srv_reply *out, const struct srv_app *app, const char *id,
                     const struct srv_station *station);

/* half_day: the label of the half day that a class meets on, null on other days. */
void srv_show_half_day(struct srv_reply *out, const struct srv_school_day *day);

/* ---- what is behind a day: the mark and the correction that count ---- */
struct srv_evidence {
    bool has_mark, has_correction;
    uint8_t mark_id[16];
    struct cm_mark mark;
    struct cm_correction correction;
    char station_id[40]; /* of the mark; "" the server's */
};
enum cm_code srv_show_evidence(struct srv_store *store, const struct cm_roll_entry *roll,
                               struct srv_evidence *ret_evidence, struct cm_err *err);
/* captured, method, points, points_text, receipt, corrected_by, reason */
void srv_show_evidence_out(struct srv_reply *out, const struct srv_app *app, const struct cm_class *class_,
                           const struct cm_roll_entry *roll, const struct srv_evidence *evidence);

#endif
