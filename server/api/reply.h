/*
 * JSON written straight into a buffer: for answers, of which some are made ten thousand times a second. Names are ours
 * and need no escaping; texts are escaped. A failure (no memory, larger than SRV_REPLY_MAX) is remembered: whoever answers
 * with it answers 500.
 *
 *     struct srv_reply out;
 *     srv_reply_init(&out);
 *     srv_reply_begin(&out, NULL);
 *     srv_reply_text(&out, "name", student.name);
 *     srv_reply_end(&out);
 *     srv_reply_answer(call, 200, &out);
 *
 * In a list the name is NULL. One thread.
 */
#ifndef SRV_REPLY_H
#define SRV_REPLY_H

#include "base/buf.h"
#include "base/localdate.h"
#include "http/http.h"
#include <stdbool.h>
#include <stdint.h>

enum { SRV_REPLY_MAX = 32 << 20 };

struct srv_reply {
    struct cm_buf buf;
    bool failed;
    bool comma; /* private: the next value follows another one */
};

void srv_reply_init(struct srv_reply *out);
void srv_reply_finish(struct srv_reply *out); /* instead of an answer */

void srv_reply_begin(struct srv_reply *out, const char *name); /* an object */
void srv_reply_end(struct srv_reply *out);
void srv_reply_list(struct srv_reply *out, const char *name);
void srv_reply_list_end(struct srv_reply *out);

void srv_reply_null(struct srv_reply *out, const char *name);
void srv_reply_bool(struct srv_reply *out, const char *name, bool value);
void srv_reply_int(struct srv_reply *out, const char *name, int64_t value);
/* With so many decimals (at most 6); not a number: null. */
void srv_reply_real(struct srv_reply *out, const char *name, double value, int decimals);
void srv_reply_text(struct srv_reply *out, const char *name, const char *text);  /* NULL: null */
void srv_reply_words(struct srv_reply *out, const char *name, const char *text); /* "" too: null */
void srv_reply_instant(struct srv_reply *out, const char *name, const struct cm_zone *zone,
                       int64_t wall_ms);                                        /* 0: null */
void srv_reply_date(struct srv_reply *out, const char *name, int32_t date);     /* 0: null */
void srv_reply_minute(struct srv_reply *out, const char *name, int32_t minute); /* "08:45" */

/* Answers with what was written, and finishes it. */
void srv_reply_answer(struct srv_call *call, int status, struct srv_reply *out);

#endif
