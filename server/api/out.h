/*
 * JSON written straight into a buffer: for answers, of which some are made ten thousand times a second. Names are ours
 * and need no escaping; texts are escaped. A failure (no memory, larger than SRV_OUT_MAX) is remembered: whoever answers
 * with it answers 500.
 *
 *     struct srv_out out;
 *     srv_out_init(&out);
 *     srv_out_begin(&out, NULL);
 *     srv_out_text(&out, "name", student.name);
 *     srv_out_end(&out);
 *     srv_out_answer(call, 200, &out);
 *
 * In a list the name is NULL. One thread.
 */
#ifndef SRV_OUT_H
#define SRV_OUT_H

#include "base/buf.h"
#include "base/localdate.h"
#include "http/http.h"
#include <stdbool.h>
#include <stdint.h>

enum { SRV_OUT_MAX = 32 << 20 };

struct srv_out {
    struct cm_buf buf;
    bool failed;
    bool comma; /* private: the next value follows another one */
};

void srv_out_init(struct srv_out *out);
void srv_out_finish(struct srv_out *out); /* instead of an answer */

void srv_out_begin(struct srv_out *out, const char *name); /* an object */
void srv_out_end(struct srv_out *out);
void srv_out_list(struct srv_out *out, const char *name);
void srv_out_list_end(struct srv_out *out);

void srv_out_null(struct srv_out *out, const char *name);
void srv_out_bool(struct srv_out *out, const char *name, bool value);
void srv_out_int(struct srv_out *out, const char *name, int64_t value);
/* With so many decimals (at most 6); not a number: null. */
void srv_out_real(struct srv_out *out, const char *name, double value, int decimals);
void srv_out_text(struct srv_out *out, const char *name, const char *text);  /* NULL: null */
void srv_out_words(struct srv_out *out, const char *name, const char *text); /* "" too: null */
void srv_out_instant(struct srv_out *out, const char *name, const struct cm_zone *zone,
                     int64_t wall_ms);                                      /* 0: null */
void srv_out_date(struct srv_out *out, const char *name, int32_t date);     /* 0: null */
void srv_out_minute(struct srv_out *out, const char *name, int32_t minute); /* "08:45" */

/* Answers with what was written, and finishes it. */
void srv_out_answer(struct srv_call *call, int status, struct srv_out *out);

#endif
