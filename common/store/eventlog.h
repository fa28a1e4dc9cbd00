/*
 * The append-only log: events 1, 2, 3 … in two tables of a cm_db, each chained to the one before by a hash, each commit
 * signed at its last event (crypt/chain.h).
 *
 *   events      seq (8 bytes big endian) → hash of the chain up to here (32 bytes) ‖ the event as encoded
 *   signatures  seq of a commit's last event → signature over that head (64 bytes)
 *
 * Everything runs within a transaction of the caller, so what an event changes elsewhere is committed with it or not at
 * all. A transaction appends any number of events and then calls cm_eventlog_sign once.
 */
#ifndef CM_EVENTLOG_H
#define CM_EVENTLOG_H

#include "base/err.h"
#include "crypt/chain.h"
#include "crypt/keyfile.h"
#include "record/record.h"
#include "store/db.h"
#include <stdint.h>

struct cm_eventlog {            /* plain values, the caller's; nothing to release */
    int events, signatures;     /* tables */
    const struct cm_keys *keys; /* NULL where nothing is appended */
    uint8_t public_key[CM_PUBLIC_KEY_SIZE];
};

struct cm_eventlog_head {
    uint64_t seq; /* 0: the log is empty */
    uint8_t hash[CM_HASH_SIZE];
};

enum cm_code cm_eventlog_head(struct cm_txn *txn, const struct cm_eventlog *log,
                              struct cm_eventlog_head *ret_head, struct cm_err *err);

/* Gives the event the next seq, encodes and appends it. Everything else of it is the caller's to fill. */
enum cm_code cm_eventlog_append(struct cm_txn *txn, const struct cm_eventlog *log, struct cm_event *event,
                                struct cm_err *err);
/* Signs the head. Once per transaction that appended, at its end. */
enum cm_code cm_eventlog_sign(struct cm_txn *txn, const struct cm_eventlog *log, struct cm_err *err);

/* CM_NOTFOUND without a sentence; CM_CORRUPT when it does not decode. */
enum cm_code cm_eventlog_get(struct cm_txn *txn, const struct cm_eventlog *log, uint64_t seq,
                             struct cm_event *ret_event, struct cm_err *err);

/* Visits the events from first_seq on. visit: CM_EOF ends the walk, other failures end it and are returned. */
typedef enum cm_code cm_eventlog_visit_fn(void *arg, const struct cm_event *event, struct cm_err *err);
enum cm_code cm_eventlog_each(struct cm_txn *txn, const struct cm_eventlog *log, uint64_t first_seq,
                              cm_eventlog_visit_fn *visit, void *arg, struct cm_err *err);

/* Walks the whole log: seq without gaps, each event decodes and holds its own seq, the hash chain, every signature, and
 * that the last event is signed. visit (may be NULL) sees each event that passed. CM_CORRUPT names the first event that
 * does not verify. */
enum cm_code cm_eventlog_verify(struct cm_txn *txn, const struct cm_eventlog *log,
                                cm_eventlog_visit_fn *visit, void *arg, struct cm_eventlog_head *ret_head,
                                struct cm_err *err);

#endif
