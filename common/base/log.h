/*
 * The program's log: one event is one line, whatever the values hold.
 *
 *     cm_log(CM_LOG_WARN, "capture", "camera lost", CM_STR("camera", name), CM_INT("frames", count));
 *     cm_trace("vision", "face found", CM_INT("track", id), CM_REAL("quality", quality));
 *
 *     2026-11-23T03:22:07.123Z warn capture: camera lost camera="Front door" frames=1023
 *
 * - A line is at most CM_LOG_LINE_MAX bytes with its newline; what does not fit is cut and ends in "...".
 *   Quotes, control characters, line breaks, invisible characters and bytes that are not UTF-8 are escaped.
 * - Where the systemd journal reads the stream ($JOURNAL_STREAM names it), a line begins with "<4>" instead
 *   of time and level: the journal has its own.
 * - Any thread; one write(2) per line. A line that cannot be written is dropped: logging never fails and
 *   never waits longer than that write.
 * - Below the level, arguments are still evaluated: nothing expensive belongs into them.
 *
 * Never logged: keys, tokens, passwords, templates (embeddings), pixels. There is no way to log bytes, and
 * none is to be made. Ids of students may appear; names only where a person must act on them.
 *
 * Until told otherwise the log goes to stderr, from level info up. CM_TRACE=vision,store in the environment
 * (or "all") lets debug events of these components through whatever the level; it is read once.
 */
#ifndef CM_LOG_H
#define CM_LOG_H

#include "base/err.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CM_LOG_LINE_MAX = 1024 };

enum cm_log_level { CM_LOG_ERROR, CM_LOG_WARN, CM_LOG_INFO, CM_LOG_DEBUG };
extern const char *const cm_log_level_names[]; /* in this order, NULL behind them */

enum cm_log_style {
    CM_LOG_STYLE_AUTO,    /* journal where $JOURNAL_STREAM names this very stream, else timed */
    CM_LOG_STYLE_TIMED,   /* RFC 3339 UTC and level */
    CM_LOG_STYLE_JOURNAL, /* "<priority>" */
};

/* ---- set up: by the program, at start ---- */
void cm_log_set_level(enum cm_log_level level);

/* The descriptor stays the caller's and must stay open until the log goes elsewhere. */
void cm_log_to_fd(int fd, enum cm_log_style style);

/* Appends to the file (made with mode 0600), which the log owns and closes when it goes elsewhere. On failure
 * the log stays where it was. A full-screen interface logs here: the terminal is taken. Calling it again with
 * the same path opens the file anew (rotation). */
enum cm_code cm_log_to_file(const char *path, struct cm_err *err);

/* ---- events ---- */
struct cm_log_field {
    const char *key; /* a plain word, ours */
    enum { CM_LOG_FIELD_STR, CM_LOG_FIELD_INT, CM_LOG_FIELD_REAL } type;
    union {
        const char *str; /* NULL is written as "" */
        int64_t integer;
        double real;
    } value;
};

#define CM_STR(key_, value_)                                                                                 \
    ((struct cm_log_field){.key = (key_), .type = CM_LOG_FIELD_STR, .value.str = (value_)})
#define CM_INT(key_, value_)                                                                                 \
    ((struct cm_log_field){.key = (key_), .type = CM_LOG_FIELD_INT, .value.integer = (int64_t)(value_)})
#define CM_REAL(key_, value_)                                                                                \
    ((struct cm_log_field){.key = (key_), .type = CM_LOG_FIELD_REAL, .value.real = (double)(value_)})

/* The event is a constant sentence fragment; what varies goes into fields, so that events can be counted. */
#define cm_log(level, component, event, ...)                                                                 \
    cm_log_write(level, component, event, (const struct cm_log_field[]){{.key = NULL}, ##__VA_ARGS__},       \
                 sizeof((const struct cm_log_field[]){{.key = NULL}, ##__VA_ARGS__}) /                       \
                     sizeof(struct cm_log_field))
#define cm_trace(component, event, ...) cm_log(CM_LOG_DEBUG, component, event, ##__VA_ARGS__)

/* An error with the sentence of err, where the decision about it is made. */
void cm_log_err(enum cm_log_level level, const char *component, const char *event, const struct cm_err *err);

bool cm_log_enabled(enum cm_log_level level, const char *component);

/* Behind the macros. Fields without a key are skipped. */
void cm_log_write(enum cm_log_level level, const char *component, const char *event,
                  const struct cm_log_field *fields, size_t count);

#endif
