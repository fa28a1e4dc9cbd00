/*
 * A reader for msgpack that trusts nothing: the bytes may come from a disk that failed or a peer that lies.
 *
 * It accepts the canonical form alone, the one that our encoder writes, so that one value has one encoding:
 * - integers and lengths in their shortest form; no floats, no extension types;
 * - strings are UTF-8 without a NUL;
 * - map keys are unsigned integers in ascending order, so no key comes twice;
 * - no container claims more elements than there are bytes left.
 *
 * Nothing is allocated or copied: a token points into the input. Pure functions, any thread.
 */
#ifndef CM_SCAN_H
#define CM_SCAN_H

#include "base/err.h"
#include <stddef.h>
#include <stdint.h>

enum {
    CM_SCAN_DEPTH_MAX = 8,            /* containers within containers */
    CM_SCAN_OBJECTS_MAX = 100 * 1000, /* of one message */
};

struct cm_cursor {
    const uint8_t *at, *end;
};

enum cm_token_kind {
    CM_TOKEN_NIL,
    CM_TOKEN_BOOL,
    CM_TOKEN_UNSIGNED,
    CM_TOKEN_NEGATIVE,
    CM_TOKEN_TEXT,
    CM_TOKEN_BYTES,
    CM_TOKEN_ARRAY,
    CM_TOKEN_MAP,
};

struct cm_token {
    enum cm_token_kind kind;
    uint64_t number;      /* BOOL 0 or 1, UNSIGNED; elements of ARRAY, pairs of MAP */
    int64_t negative;     /* NEGATIVE */
    const uint8_t *bytes; /* TEXT, BYTES: borrowed from the input */
    size_t size;
};

/* Reads one token and moves the cursor past it (past the header of a container). CM_INVALID: cut short or not
 * canonical; the cursor is then anywhere. */
enum cm_code cm_scan_next(struct cm_cursor *cursor, struct cm_token *ret_token, struct cm_err *err);

/* Reads one whole value with everything in it, in at most `objects_max` objects and CM_SCAN_DEPTH_MAX levels.
 */
enum cm_code cm_scan_value(struct cm_cursor *cursor, size_t objects_max, struct cm_err *err);

/* The same for a whole message: trailing bytes are CM_INVALID too. */
enum cm_code cm_scan_message(const uint8_t *bytes, size_t size, size_t objects_max, struct cm_err *err);

#endif
