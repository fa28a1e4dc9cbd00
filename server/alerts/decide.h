/*
 * The rule on the store's days: the decision about one student on one date, and what an alert is made of.
 */
#ifndef SRV_DECIDE_H
#define SRV_DECIDE_H

#include "alerts/rule.h"
#include "base/clock.h"

struct srv_decide_terms {
    struct srv_rule_settings rule;
    /* What a dry run knows and the store does not; 0 and NULL: nothing. */
    int32_t told_also;       /* the trigger date of an alert */
    const char *begun_class; /* a class that begins … */
    int32_t begun_date;      /* … with that session */
};
/* The decision for D = date. Reads only. */
enum cm_code srv_decide(struct srv_store *store, const struct srv_decide_terms *terms, const char *student_id,
                        int32_t date, struct srv_decision *ret_decision, struct cm_err *err);
/* Is what the alert says still so? False: check->reason says what is not. */
enum cm_code srv_still_true(struct srv_store *store, const struct srv_alert *alert, bool *ret_true,
                            char ret_reason[CM_TEXT_SIZE], struct cm_err *err);
/* Was it wrong to tell it? Only what is settled says so, and that somebody left the school does not. */
enum cm_code srv_is_wrong(struct srv_store *store, const struct srv_alert *alert, bool *ret_wrong,
                          char ret_reason[CM_TEXT_SIZE], struct cm_err *err);
/* Is the student a member of the class on that date, and of the school today? *ret_student is filled when he is known. */
enum cm_code srv_is_told_of(struct srv_store *store, const char *student_id, const char *class_id,
                            int32_t date, bool *ret_is, struct srv_student *ret_student, struct cm_err *err);

/* An id of version 8 (RFC 9562) that is a function of the texts and numbers: the same alert or message made twice has it. */
void srv_alert_id(const char *student_id, int32_t trigger_date, int32_t generation, uint8_t ret_id[16]);
void srv_message_id(const uint8_t alert_id[16], enum srv_recipient recipient, const char *user,
                    uint8_t ret_id[16]);

/* Adds a note; of many the first and the newest stay. by, reason: NULL none. */
void srv_alert_add_note(struct srv_alert *alert, enum srv_alert_word word, int64_t wall_ms, const char *by,
                        const char *reason);

#endif
