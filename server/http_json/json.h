/*
 * JSON for handlers: reading a body against a table of its fields, answering, pages of lists, times. jansson does the
 * parsing and printing; its json_t is what handlers build their answers from.
 *
 * Functions that return bool and take a call answer it themselves when they return false (400, 422, …): the handler then
 * only cleans up and returns. Loop thread; nothing is kept between calls.
 */
#ifndef SRV_JSON_H
#define SRV_JSON_H

#include "base/err.h"
#include "base/localdate.h"
#include "http/http.h"
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- memory ---- */
/* From here on jansson wipes what it frees: bodies and answers hold passwords. Once, before anything uses jansson. */
void srv_json_wipe_memory(void);

/* ---- bodies ---- */
enum { SRV_JSON_DEPTH_MAX = 16, SRV_JSON_SIZE_MAX = 8 * 1024 * 1024 };

/* One JSON value, strictly: UTF-8, no name twice in an object, no NUL in texts, nothing after it, at most
 * SRV_JSON_DEPTH_MAX deep. CM_INVALID, and the sentence says where. */
enum cm_code srv_json_load(const uint8_t *bytes, size_t size, json_t **ret_value, struct cm_err *err);

enum srv_json_type {
    SRV_JSON_LINE,   /* char[size]; printable (base/utf8.h), spaces around it are cut; min, max characters */
    SRV_JSON_NOTE,   /* the same with line breaks and tabs */
    SRV_JSON_SECRET, /* char[size]; any text without control characters, as it is: passwords, codes */
    SRV_JSON_BOOL,   /* bool */
    SRV_JSON_INT,    /* int64_t, min … max */
    SRV_JSON_DATE,   /* int32_t; "2026-11-23" */
    SRV_JSON_MINUTE, /* int32_t; "08:45" */
    SRV_JSON_LINES, /* char[max][size]: a list of lines; how many goes to ret_count; none may be empty or twice there */
    SRV_JSON_VALUE, /* json_t *, any value; a new reference for the caller */
};
struct srv_json_field {
    const char *name;
    enum srv_json_type type;
    bool required;
    bool nullable; /* null counts as "", 0, an empty list; without it null is refused */
    void *ret;     /* by type; untouched when the field is not given */
    size_t
        size; /* bytes of a text with its NUL: a longer one is refused, never cut; how much fits is said in characters */
    int64_t min, max; /* INT: both 0 is no limit. Texts: characters; max 0 is no limit but size */
    int *ret_count;   /* of LINES */
    bool *ret_given;  /* may be NULL */
};

struct srv_json_problem { /* what an answer says */
    int status;           /* 400: not JSON, not an object; 422: a field */
    char field[64];       /* empty with 400 */
    char message[200];
};
/* Pure. An object with exactly these fields: an unknown one is refused by name. On failure no ret is touched.
 * An empty body counts as {} when no field is required. */
enum cm_code srv_json_read(const uint8_t *bytes, size_t size, const struct srv_json_field *fields,
                           size_t count, struct srv_json_problem *ret_problem);
/* The same for a call's body; on failure answers {"error":{"code":"invalid"|"bad_json","message","field"}}. */
bool srv_json_body(struct srv_call *call, const struct srv_json_field *fields, size_t count);
#define SRV_JSON_BODY(call, fields) srv_json_body(call, fields, sizeof(fields) / sizeof((fields)[0]))

/* ---- answers ---- */
/* Takes the reference. NULL (out of memory, a text that is not UTF-8): 500. */
void srv_json_answer(struct srv_call *call, int status, json_t *value);
/* The same for what holds a password, a token or a code: the body is wiped when it was sent. */
void srv_json_answer_secret(struct srv_call *call, int status, json_t *value);
/* 204. */
void srv_json_answer_empty(struct srv_call *call);
/* 422 {"error":{"code":"invalid","message","field"}} */
void srv_json_invalid(struct srv_call *call, const char *field, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* What a failure of store or writer is to the client: NOTFOUND 404 not_found, EXISTS 409 exists, INVALID 422 invalid, AGAIN
 * 503 busy with Retry-After, NOSPACE 507 no_space, else 500 internal, which is logged and not told. */
void srv_json_failed(struct srv_call *call, enum cm_code code, const struct cm_err *err);

/* ---- values; a new reference each ---- */
json_t *srv_json_text(const char *text);                               /* "" and NULL: null */
json_t *srv_json_instant(const struct cm_zone *zone, int64_t wall_ms); /* 0: null */
json_t *srv_json_date(int32_t date);                                   /* 0: null */
/* A list of texts that lie in an array of rows. */
json_t *srv_json_texts(const void *rows, size_t row_size, int count);

/* ---- what stands in the query; `otherwise` when it is not there; false: answered with 422 ---- */
bool srv_json_query_date(struct srv_call *call, const char *name, int32_t otherwise, int32_t *ret_date);
bool srv_json_query_int(struct srv_call *call, const char *name, int64_t min, int64_t max, int64_t otherwise,
                        int64_t *ret_number);
bool srv_json_query_bool(struct srv_call *call, const char *name, bool otherwise, bool *ret_value); /* 0, 1 */

/* ---- pages: ?after=CURSOR&limit=N → {"items":[…],"next":CURSOR|null} ---- */
enum { SRV_PAGE_LIMIT = 100, SRV_PAGE_LIMIT_MAX = 500, SRV_PAGE_KEY_SIZE = 128 };
struct srv_json_page {
    char after[SRV_PAGE_KEY_SIZE]; /* the last key of the page before; "" at the first */
    int limit;
    /* private */
    json_t *items;
    char last[SRV_PAGE_KEY_SIZE];
    bool more, failed;
};
/* Reads the query; then srv_json_page_answer or srv_json_page_finish must follow. */
bool srv_json_page_begin(struct srv_call *call, struct srv_json_page *page);
/* The same of another default and maximum. */
bool srv_json_page_begin_of(struct srv_call *call, int limit, int limit_max, struct srv_json_page *page);
/* Whether another item would be one too many; notes that there are more. For visit functions, before they make the item:
 * `if (srv_json_page_full(page)) return false;` */
bool srv_json_page_full(struct srv_json_page *page);
/* Takes the reference of item. false: stop (out of memory; the answer will be 500). */
bool srv_json_page_add(struct srv_json_page *page, const char *key, json_t *item);
void srv_json_page_answer(struct srv_call *call, struct srv_json_page *page);
void srv_json_page_finish(struct srv_json_page *page); /* instead of an answer; drops the items */

#endif
