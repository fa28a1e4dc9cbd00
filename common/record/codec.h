/*
 * The records of record.h as msgpack and back; the form is told in table.h. Store, sync and control socket
 * use this one. Hash and sign the bytes as they were sent, and keep those bytes: never encode again to
 * verify.
 *
 * Output goes into the caller's array; the largest record fits into CM_EVENT_MAX. Pure functions, any thread.
 */
#ifndef CM_CODEC_H
#define CM_CODEC_H

#include "base/err.h"
#include "record/record.h"
#include <stddef.h>
#include <stdint.h>

enum cm_record_kind {
    CM_RECORD_CLASS,
    CM_RECORD_STUDENT,
    CM_RECORD_TEMPLATE,
    CM_RECORD_EVENT,
    CM_RECORD_KINDS,
};

/* `record` points to the kind's struct. CM_INVALID: a field breaks its rule (the message names it). CM_NOMEM:
 * larger than capacity. */
enum cm_code cm_record_encode(enum cm_record_kind kind, const void *record, uint8_t *bytes, size_t capacity,
                              size_t *ret_size, struct cm_err *err);
/* CM_INVALID: cut short, not canonical, a field that breaks its rule or is missing. CM_NOMEM: too many
 * unknown fields. CM_NEWER: an event type that only a newer version knows. */
enum cm_code cm_record_decode(enum cm_record_kind kind, const uint8_t *bytes, size_t size, void *ret_record,
                              struct cm_err *err);

/* The same for events, with the type checked by the compiler. */
enum cm_code cm_event_encode(const struct cm_event *event, uint8_t *bytes, size_t capacity, size_t *ret_size,
                             struct cm_err *err);
enum cm_code cm_event_decode(const uint8_t *bytes, size_t size, struct cm_event *ret_event,
                             struct cm_err *err);

#endif
