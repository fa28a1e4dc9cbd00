/*
 * A student as JSON, for all handlers that answer with one.
 */
#ifndef SRV_API_STUDENT_H
#define SRV_API_STUDENT_H

#include "api/api.h"

/* The fields of a row of the list. */
void srv_student_row(struct srv_reply *out, const struct srv_student *student);
/* All of one student as an object: the row, contact, memberships, standing. */
enum cm_code srv_student_whole(struct srv_reply *out, const char *name, const struct srv_app *app,
                               const struct srv_student *student, bool for_himself, struct cm_err *err);
/* Answers with the student of that id as he is now. */
void srv_student_answer(struct srv_call *call, int status, const char *id);

struct srv_memberships {
    int count;
    struct srv_membership list[SRV_API_MEMBERSHIPS_MAX];
};
/* In order of time. */
enum cm_code srv_student_memberships(struct srv_store *store, const char *student_id,
                                     struct srv_memberships *ret_memberships, struct cm_err *err);
/* Of that date; NULL: of no class then. */
const struct srv_membership *srv_membership_at(const struct srv_memberships *memberships, int32_t date);

#endif
