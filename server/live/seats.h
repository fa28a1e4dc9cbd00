/*
 * How many streams are open, by session and by user: whoever opens more than his share is told so, and the others still
 * find room. Any thread.
 */
#ifndef SRV_LIVE_SEATS_H
#define SRV_LIVE_SEATS_H

#include "base/err.h"
#include <stdbool.h>
#include <stdint.h>

struct srv_seats;
enum cm_code srv_seats_create(int per_session, int per_user, struct srv_seats **ret_seats,
                              struct cm_err *err);
void srv_seats_destroy(struct srv_seats *seats); /* all were given back */
/* Before anything is taken. */
void srv_seats_limit(struct srv_seats *seats, int per_session, int per_user);

/* CM_AGAIN: this session or this user has as many as he may. */
enum cm_code srv_seats_take(struct srv_seats *seats, const char *user, const uint8_t session[16],
                            struct cm_err *err);
void srv_seats_give(struct srv_seats *seats, const char *user, const uint8_t session[16]);

#endif
