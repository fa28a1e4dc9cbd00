/* What the handlers of alerts share. */
#ifndef SRV_API_ALERT_H
#define SRV_API_ALERT_H

#include "api/api.h"

/* A coordinator sees alerts of his classes, and of students who are in them now. */
bool srv_api_sees_alert(struct srv_call *call, const struct srv_alert *alert);
/* The alert of the path's ":id", if the caller sees it; else it is answered. */
bool srv_api_find_alert(struct srv_call *call, struct srv_alert *ret_alert);
/* The alert with its messages; whole: the evidence, every step and what people did too. */
enum cm_code srv_api_put_alert(struct srv_reply *out, const char *name, const struct srv_app *app,
                               const struct srv_alert *alert, bool whole, struct cm_err *err);
void srv_api_answer_alert(struct srv_call *call, const struct srv_alert *alert);

#endif
