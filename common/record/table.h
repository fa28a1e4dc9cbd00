/*
 * How a struct becomes a msgpack map and back, said as a table: one row per field. One encoder and one
 * decoder serve every table, so a record gets its bounds, its error messages and its unknown fields right by
 * having a table.
 *
 * The form of a record, which hashes and signatures rely on:
 * - A map with small integer keys in ascending order. Key 0 is the version of the record format; a map within
 * a record has none of its own. Keys are never used again, and a new field gets a larger key than all before
 * it.
 * - Integers as msgpack integers, flags as booleans, text as str, ids and hashes as bin.
 * - A float as 4 bytes little endian in a bin, NaN ("there is none") as nil; an array of floats as one bin.
 * Infinite values are refused both ways, and NaN within an array.
 * - Every field that the record's version has is written, in canonical form (scan.h): encoding what was decoded gives the
 * same bytes again.
 *
 * A record with a larger version is read as far as it is known; keys behind the last known one are kept in
 * `extra` as they are. More of them than fit is CM_NOMEM. A field that the record's version should have and
 * that is missing is CM_INVALID; one that came later is zero (a float: NaN).
 *
 * Pure functions, any thread.
 */
#ifndef CM_TABLE_H
#define CM_TABLE_H

#include "base/err.h"
#include "record/record.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum cm_field_type {
    CM_FIELD_INTEGER, /* 4 or 8 bytes, signed or not, or an enum; in min … max, which the signed type of that
                         size holds */
    CM_FIELD_BOOL,
    CM_FIELD_FLOAT,
    CM_FIELD_FLOATS, /* an array */
    CM_FIELD_TEXT,   /* a char array with its NUL */
    CM_FIELD_BYTES,  /* exactly as many as the array has */
    CM_FIELD_NESTED, /* a map whose table the record itself tells */
};

struct cm_table;

struct cm_field {
    const char *name; /* for messages */
    uint8_t key;      /* 1 … */
    uint8_t since;    /* version in which it appeared */
    enum cm_field_type type;
    uint16_t offset, size;
    int64_t min, max;                                     /* INTEGER */
    const struct cm_table *(*nested)(const void *record); /* NESTED; NULL from it: of an unknown type */
};

struct cm_table {
    const char *name;
    const struct cm_field *fields; /* in ascending order of key */
    uint8_t count;                 /* at most 32 */
    uint16_t size;                 /* of the struct; at most CM_TABLE_RECORD_MAX */
    uint16_t extra;                /* offset of its struct cm_extra */
    bool holds_version;            /* else it is written as CM_RECORD_VERSION */
    uint16_t version;              /* offset of the uint32_t that holds it */
};
enum { CM_TABLE_RECORD_MAX = 3072, CM_TABLE_OBJECTS_MAX = 1000 };

/* Rows: CM_ROW(struct, key, since, TYPE, member) and the same with bounds. */
#define CM_ROW(struct_, key_, since_, type_, member_)                                                        \
    {                                                                                                        \
        .name = #member_, .key = (key_), .since = (since_), .type = CM_FIELD_##type_,                        \
        .offset = offsetof(struct_, member_), .size = sizeof(((struct_ *)0)->member_)                        \
    }
#define CM_ROW_RANGE(struct_, key_, since_, type_, member_, min_, max_)                                      \
    {                                                                                                        \
        .name = #member_, .key = (key_), .since = (since_), .type = CM_FIELD_##type_,                        \
        .offset = offsetof(struct_, member_), .size = sizeof(((struct_ *)0)->member_), .min = (min_),        \
        .max = (max_)                                                                                        \
    }

/* CM_INVALID: a field that breaks its rule. CM_NOMEM: larger than capacity. */
enum cm_code cm_table_encode(const struct cm_table *table, const void *record, uint8_t *bytes,
                             size_t capacity, size_t *ret_size, struct cm_err *err);
/* CM_INVALID: not a canonical record of that table. CM_NEWER: a nested type that only a newer version knows.
 */
enum cm_code cm_table_decode(const struct cm_table *table, const uint8_t *bytes, size_t size,
                             void *ret_record, struct cm_err *err);

#endif
