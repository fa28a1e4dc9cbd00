/* One line of a roll as JSON, for the roll and for what a correction answers. */
#ifndef SRV_API_ROLL_H
#define SRV_API_ROLL_H

#include "api/api.h"

enum cm_code srv_roll_item(struct srv_reply *out, const struct srv_app *app, const struct cm_class *class_,
                           const struct srv_day *day, int64_t now_ms, struct cm_err *err);

#endif
