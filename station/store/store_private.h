/* What the files of this folder share; nobody else includes it. */
#ifndef STN_STORE_PRIVATE_H
#define STN_STORE_PRIVATE_H

#include "base/uuid.h"
#include "crypt/keyfile.h"
#include "store/ballast.h"
#include "store/db.h"
#include "store/eventlog.h"
#include "store/store.h"

enum {
    STN_STORE_VERSION = 1,
    STN_TEMPLATES_MAX = 100, /* of one student */
};

enum stn_table {
    STN_TABLE_META,       /* word → bytes */
    STN_TABLE_CLASSES,    /* id → class */
    STN_TABLE_STUDENTS,   /* id → student */
    STN_TABLE_KEYS,       /* student id → wrapped key */
    STN_TABLE_TEMPLATES,  /* student id ‖ 0 ‖ number (2 bytes) → sealed template */
    STN_TABLE_EVENTS,     /* eventlog.h */
    STN_TABLE_SIGNATURES, /* eventlog.h */
    STN_TABLE_ROLL,       /* date (4 bytes) ‖ class id ‖ 0 ‖ student id → roll entry */
    STN_TABLES
};

struct stn_store {
    struct cm_db *db;
    const struct cm_clock *clock;
    struct cm_uuid_generator uuids;
    struct cm_eventlog log;
    char key_path[1024], ballast_path[1024];
    char station_id[CM_UUID_TEXT_SIZE];
    struct cm_keys *keys; /* NULL only when read_only and the file could not be used */
    bool read_only;
    bool ballast_gone;
};

/* Commits. What is `vital` (an erasure, an activity, a coverage) gets the ballast when the disk is full. */
enum cm_code stn_store_commit(struct stn_store *store, cm_db_fn *fn, void *arg, bool vital,
                              struct cm_err *err);

/* A new envelope around nothing yet: the id and the times are of now, so make it once, not in a retried function. */
void stn_store_envelope(struct stn_store *store, enum cm_event_type type, struct cm_event *ret_event);
/* Appends the event and signs the log: the last thing of its transaction. */
enum cm_code stn_store_log(struct stn_store *store, struct cm_txn *txn, struct cm_event *event,
                           struct cm_err *err);

/* An id that can be part of a key: 1 … CM_ID_SIZE - 1 bytes. */
enum cm_code stn_store_check_id(const char *what, const char *id, struct cm_err *err);

/* Within a read of `store`, so that several look-ups see one state. CM_NOTFOUND without a sentence. */
enum cm_code stn_roll_get(struct cm_txn *txn, int32_t date, const char *class_id, const char *student_id,
                          struct cm_roll_entry *ret_entry, struct cm_err *err);
typedef enum cm_code stn_roll_each_fn(void *arg, const struct cm_roll_entry *entry, struct cm_err *err);
/* Of one date, or of all with date 0. */
enum cm_code stn_roll_each(struct cm_txn *txn, int32_t date, stn_roll_each_fn *visit, void *arg,
                           struct cm_err *err);

#endif
