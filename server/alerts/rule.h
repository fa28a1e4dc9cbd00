/*
 * Is an absence to be told? The rule, word for word. Pure: days in, a decision out.
 *
 * The run. A student's school days, in the classes that he was in, are looked at from the newest one, of the date D that is
 * decided, back. Days without school are not there. Of a school day
 * - `present` or `late` ends the run, whatever the session's state: somebody saw him;
 * - `absent` in a CLOSED session counts;
 * - `excused`, `unjudged`, and `absent` in a session that is UNJUDGED, neither count nor end it;
 * - what is not settled HOLDS: a mark that is PENDING, and in an OPEN session whatever is not present, late or excused. Then
 *   there is no decision, also when enough other days count: being unsure never sends.
 * A day of a class of which nothing is known, before the first session of the class of which anything was, is not there:
 * nobody watched yet (decide.h leaves these days out).
 * The run begins at the first day that counts; it ends at the newest one that counts, the trigger date. No more than
 * SRV_RULE_BACK_DAYS days back are looked at; a run that reaches further begins there.
 *
 * Told before. Of the student's alerts that were not withdrawn, the one with the latest trigger date from the run's first
 * day to D is the one that told of this run. A person's cancelling counts as told.
 *
 * Due.
 * - None told of it: when at least alert_days days count.
 * - One did: when at least alert_repeat_days days count after its trigger date.
 *
 * D is a day on which alerts were switched on. Days that passed while they were off are never D, but they are in the run like
 * any others: switched on again, a run that still goes on at the newest settled day is told, whole, and one that ended
 * meanwhile is not (night.h).
 *
 * So it is once per streak and again every alert_repeat_days days absent; and no second time for a streak whose beginning
 * was corrected after it was told.
 */
#ifndef SRV_RULE_H
#define SRV_RULE_H

#include "store/store.h"

enum { SRV_RULE_BACK_DAYS = 400, SRV_RULE_TEXT_SIZE = 256 };

struct srv_rule_settings {
    int32_t alert_days, repeat_days;
};

enum srv_rule_verdict {
    SRV_RULE_DUE,
    SRV_RULE_THERE,   /* present or late on his last school day that counts, or never absent: no run */
    SRV_RULE_SHORT,   /* not enough days yet */
    SRV_RULE_TOLD,    /* this run was told, and not enough days came after it */
    SRV_RULE_OPEN,    /* held by a session that is not settled */
    SRV_RULE_PENDING, /* held by a mark that waits for a person */
};

struct srv_rule_date {
    int32_t date;
    char class_id[CM_ID_SIZE];
};
struct srv_decision {
    enum srv_rule_verdict verdict;
    int32_t count;                                  /* days of the run; of a hold: as far as it was seen */
    int32_t first_date, trigger_date;               /* of the run; 0 none */
    int32_t held_date;                              /* OPEN, PENDING: by which day */
    char held_class_id[CM_ID_SIZE];                 /* and of which class */
    bool told;                                      /* an alert told of this run */
    int32_t told_date;                              /* its trigger date */
    int32_t count_after;                            /* days that count after it */
    int32_t date_count;                             /* of the newest days that count, which are listed */
    struct srv_rule_date dates[SRV_ALERT_DAYS_MAX]; /* the newest first */
};

struct srv_rule { /* under way */
    struct srv_rule_settings settings;
    int32_t told_date;
    bool ended;
    struct srv_decision decision;
};
/* told_date: the latest trigger date, not after D, of the student's alerts that were not withdrawn; 0 none. */
void srv_rule_begin(struct srv_rule *rule, const struct srv_rule_settings *settings, int32_t told_date);
/* The student's next session, the newest first; of several on one date in any order. False: no more are needed. */
bool srv_rule_day(struct srv_rule *rule, const struct srv_day *day);
void srv_rule_end(struct srv_rule *rule, struct srv_decision *ret_decision);

/* Is what an alert says still so? Its listed days must count, and between the oldest listed and the trigger date nothing else
 * may count, hold, or end the run; older ones than are listed must still be as many. */
struct srv_claim_check {
    const struct srv_alert *alert;
    int32_t counted;
    int listed; /* how many of them were found */
    bool done, contradicted;
    bool
        doubtful; /* contradicted by what is not settled, or by more days than it says: nobody was told what is not so */
    char reason[CM_TEXT_SIZE];
};
void srv_claim_check_begin(struct srv_claim_check *check, const struct srv_alert *alert);
/* From the trigger date back; days after it are passed over. False: no more are needed. */
bool srv_claim_check_day(struct srv_claim_check *check, const struct srv_day *day);
/* False, with a sentence in check->reason: it is not so any more. */
bool srv_claim_check_end(struct srv_claim_check *check);

/* The decision as a sentence for a person: "Absent on 2 school days in a row; parents are told from 3 on." Returns out. */
char *srv_decision_text(const struct srv_decision *decision, const struct srv_rule_settings *settings,
                        char out[static SRV_RULE_TEXT_SIZE]);
const char *srv_rule_verdict_name(enum srv_rule_verdict verdict); /* "due", "there" … */

#endif
