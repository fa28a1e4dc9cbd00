/*
 * What the handlers of this folder share: finding what a call speaks of, with its caller's eyes; writes; refusals.
 *
 * Who sees what: admins all, coordinators their classes, students themselves. What the caller may not see is answered
 * like what does not exist (404), so that nobody learns which ids there are.
 *
 * Functions that return bool and take a call have answered it when they return false.
 */
#ifndef SRV_API_H
#define SRV_API_H

#include "api/reply.h"
#include "app/app.h"
#include "record/record.h"
#include "write/call_write.h"
#include <stdbool.h>
#include <stdint.h>

enum {
    SRV_API_CLASSES_MAX = 1000,    /* in one answer */
    SRV_API_MEMBERSHIPS_MAX = 64,  /* of one student: what comes later is not shown */
    SRV_API_SCHOOL_DAYS_MAX = 800, /* of one student in one answer */
};

/* ---- what a call speaks of ---- */
int64_t srv_api_now(const struct srv_app *app);
int32_t srv_api_today(const struct srv_app *app);
void srv_api_not_found(struct srv_call *call, const char *what);
/* The student of the path's ":id". */
bool srv_api_find_student(struct srv_call *call, struct srv_student *ret_student);
/* A class by its id. */
bool srv_api_find_class(struct srv_call *call, const char *class_id, struct cm_class *ret_class);
/* The date of the path's ":date". */
bool srv_api_find_date(struct srv_call *call, int32_t *ret_date);
/* "?from=&to=": at most days_max days; what is not given is as put in. */
bool srv_api_find_span(struct srv_call *call, int days_max, int32_t *from, int32_t *to);

/* "?month=2026-11": its first date; this month where none is given. */
bool srv_api_find_month(struct srv_call *call, int32_t *ret_first);
int32_t srv_api_month_end(int32_t first); /* its last date */

/* The classes that the caller sees, in order; at most SRV_API_CLASSES_MAX. only (may be NULL): that one, if he sees it. */
struct srv_api_classes { /* free(list) */
    struct cm_class *list;
    int count;
};
enum cm_code srv_api_load_classes(struct srv_store *store, const struct srv_identity *who, const char *only,
                                  struct srv_api_classes *ret_classes, struct cm_err *err);
/* The same, answered where it fails; with "?class=" where it is given: 404 for an unknown one. */
bool srv_api_find_classes(struct srv_call *call, struct srv_api_classes *ret_classes);

/* Is the caller a student (then he sees only himself, and less of that)? */
bool srv_api_is_student(const struct srv_call *call);

/* ---- events of the server's own log ---- */
/* Fills the envelope of one. */
void srv_api_stamp(const struct srv_app *app, enum cm_event_type type, struct cm_event *event);
/* With an Idempotency-Key (letters, digits, "-" and "_", 8 to 64 of them) the event's id follows from it, from who calls, from
 * the path and from the subject: the same sent again has the same id. ret_keyed: there was one. */
enum { SRV_API_KEY_MIN = 8, SRV_API_KEY_MAX = 64 };
bool srv_api_key_event(struct srv_call *call, const char *subject, struct cm_event *event, bool *ret_keyed);

#endif
