/*
 * The store of store.h on a seam of ordered keys and values (kv.h): what the files of this folder share. Private to it.
 *
 * Tables. Numbers in keys are big endian; texts end with a NUL, so that one key is never the beginning of another; dates
 * and logs take 4 bytes, instants 8 with the sign turned (they order as numbers). A log is a number for one station's
 * events: 0 is the server's own.
 */
#ifndef SRV_KVSTORE_H
#define SRV_KVSTORE_H

#include "base/uuid.h"
#include "store/ballast.h"
#include "store/keyvault.h"
#include "store/kv.h"
#include "store/store.h"
#include "store/store_ops.h"
#include <pthread.h>
#include <stdatomic.h>

/* 2: what people say of sessions and of consent are events; half days; rows of version 1 are brought up to date by
 * srv_derive_at_open. */
enum { SRV_KVS_VERSION = 2 };

enum srv_table {
    /* primary */
    /* 'm' ‖ word, 's' ‖ setting, 'e' ‖ erased student id, 'n' ‖ student id ‖ feed of a review; the vault's and the
     * counters' words */
    SRV_T_META,
    SRV_T_CLASSES, /* id → class */
    SRV_T_CLOSURES, /* date ‖ class ("" all) → label, and of a half day behind it its start and its minutes (2 bytes each) */
    SRV_T_STUDENTS,    /* id → student */
    SRV_T_MEMBERSHIPS, /* student ‖ from → to ‖ class */
    SRV_T_MEMBERS,     /* the same by class: class ‖ student ‖ from → to */
    SRV_T_KEYS,        /* student id (no NUL) → wrapped key */
    SRV_T_TEMPLATES,   /* student ‖ number (2 bytes) → sealed template */
    SRV_T_USERS,       /* name → user */
    SRV_T_LOGINS,      /* id (16) → login session */
    SRV_T_CODES,       /* hash (32) → code */
    SRV_T_STATIONS,    /* id → station, without what its log says */
    SRV_T_INDEX, /* 't' ‖ token hash → station id; 'u' ‖ student → user name; 'l' ‖ user ‖ login id → nothing */
    SRV_T_SERVICES, /* class ("" all) ‖ log ‖ from (instant) → to (instant): when a station served it */
    SRV_T_LOGS,     /* log → struct srv_log */
    SRV_T_EVENTS,   /* log ‖ seq (8) → hash of the chain (32) ‖ event as encoded */
    SRV_T_FEED,     /* number of the first of a batch (8) → log, first seq, count, received */
    SRV_T_REVIEWS,  /* feed (8) → review */
    SRV_T_CLOSINGS, /* of version 1: class ‖ date → a person's closing or reopening; empty since then */
    SRV_T_CHANGES,  /* number (8) → kind, erased, id */
    SRV_T_ALERTS,   /* alerts, their messages, cursors: store_alert.c */
    SRV_T_ALERT_WAYS, /* ways to find them */
    SRV_T_CHANGE_OF,  /* kind ‖ erased ‖ id, and of a roll ‖ date → number */
    /* derived */
    SRV_T_DAYS,       /* class ‖ date ‖ student → struct srv_day_row */
    SRV_T_SESSIONS,   /* class ‖ date → struct srv_session_info; where there is anything to say */
    SRV_T_STANDINGS,  /* student → struct cm_standing */
    SRV_T_ACTIVITIES, /* feed (8) → log, seq, received */
    SRV_T_HISTORY,  /* student ‖ date ‖ feed (8) → log, seq, received: what SRV_T_DAYS does not name */
    SRV_T_SEEN,     /* student ‖ class → nothing: where there are marks and corrections of his */
    SRV_T_COVERAGE, /* log ‖ hour of UTC (4) ‖ from ‖ seq (8) → to, able: cut at the hours */
    SRV_T_WORDS,    /* class ‖ date → struct cm_word: what a person said last of the session */
    SRV_T_CONSENTS, /* student → the word that counts; student ‖ feed (8) → log, seq, received: every word */
    SRV_TABLES,
    SRV_T_DERIVED = SRV_T_DAYS
};

struct srv_work;

struct srv_kvstore {
    struct srv_store base; /* first */
    struct srv_kv *kv;
    const struct cm_clock *clock;
    const struct cm_zone *zone;
    bool read_only, in_memory;
    char dir[1024], key_path[1056], ballast_path[1056];
    bool ballast_gone;
    _Atomic uint64_t commits;
    pthread_mutex_t vault_lock;
    struct cm_keyvault vault; /* under the lock */
    bool forget_keys;         /* the write that goes on shredded somebody's key; writer only */
    uint64_t written;         /* changes of primary tables in the write that goes on; writer only */
    uint64_t
        written_erasing;     /* those of erasing and un-enrolling, which may use the reserve of a full disk */
    uint64_t written_logins; /* those of sessions, which may use half of it */
    struct srv_work *work;   /* of the one that writes, as the rest */
    struct cm_event *decoded; /* of the batch under way */
    size_t decoded_room;
};

/* A transaction as the verbs see it. The innermost one of a thread and store is what verbs on that thread use. */
struct srv_tx {
    struct srv_kvstore *store;
    struct srv_kv_txn primary, derived; /* the same but in a check */
    bool write;
    bool own;             /* begun by the verb itself */
    bool replay;          /* everything is derived anew: standings come at the end */
    struct srv_tx *outer; /* of this thread, of whatever store */
};

/* ---- kvstore.c ---- */
/* Without a look at what is derived. */
enum cm_code srv_kvstore_open_as_it_is(const struct srv_store_options *options, struct srv_store **ret_store,
                                       struct cm_err *err);
enum cm_code srv_new_epoch(struct srv_store *store, void *arg, struct cm_err *err); /* a srv_store_fn */
/* For a reading verb: the transaction of this thread, or *own for the time of the verb. srv_tx_end(own) ends what began. */
enum cm_code srv_tx_begin(struct srv_tx *own, struct srv_store *store, struct srv_tx **ret_tx,
                          struct cm_err *err);
void srv_tx_end(struct srv_tx *own);
/* For a writing verb: CM_BACKEND outside of srv_store_write. */
enum cm_code srv_tx_writing(struct srv_store *store, struct srv_tx **ret_tx, struct cm_err *err);
void srv_tx_push(struct srv_tx *tx);
void srv_tx_pop(struct srv_tx *tx);

/* ---- keys ---- */
enum { SRV_KEY_MAX = 160 };
struct srv_key {
    size_t size;
    uint8_t bytes[SRV_KEY_MAX];
};
void srv_key_text(struct srv_key *key, const char *text); /* with its NUL */
void srv_key_bytes(struct srv_key *key, const void *bytes, size_t size);
void srv_key_byte(struct srv_key *key, uint8_t byte);
void srv_key_u32(struct srv_key *key, uint32_t number);
void srv_key_u64(struct srv_key *key, uint64_t number);
void srv_key_instant(struct srv_key *key, int64_t wall_ms);
static inline struct cm_bytes srv_key_all(const struct srv_key *key)
{
    return (struct cm_bytes){key->bytes, key->size};
}
uint16_t srv_get_u16(const uint8_t *bytes);
uint32_t srv_get_u32(const uint8_t *bytes);
uint64_t srv_get_u64(const uint8_t *bytes);
int64_t srv_get_instant(const uint8_t *bytes);
void srv_put_u16(uint8_t *bytes, uint16_t number);
void srv_put_u32(uint8_t *bytes, uint32_t number);
void srv_put_u64(uint8_t *bytes, uint64_t number);
/* The text at *at, and moves behind its NUL. NULL: there is none that fits into `max` bytes with its NUL. */
const char *srv_take_text(const uint8_t **at, const uint8_t *end, size_t max);

/* ---- tables; CM_NOTFOUND comes without a sentence ---- */
enum cm_code srv_get(struct srv_tx *tx, enum srv_table table, const struct srv_key *key,
                     struct cm_bytes *ret_value, struct cm_err *err);
enum cm_code srv_put(struct srv_tx *tx, enum srv_table table, const struct srv_key *key, const void *value,
                     size_t size, struct cm_err *err);
enum cm_code srv_delete(struct srv_tx *tx, enum srv_table table, const struct srv_key *key,
                        struct cm_err *err); /* it is no failure when there is none */
enum cm_code srv_delete_prefix(struct srv_tx *tx, enum srv_table table, const struct srv_key *prefix,
                               struct cm_err *err);
enum cm_code srv_clear(struct srv_tx *tx, enum srv_table table, struct cm_err *err);
enum cm_code srv_last(struct srv_tx *tx, enum srv_table table, struct cm_bytes *ret_key,
                      struct cm_bytes *ret_value, struct cm_err *err);
enum cm_code srv_count(struct srv_tx *tx, enum srv_table table, size_t *ret_count, struct cm_err *err);
/* From the first key >= first, as long as the first prefix_size bytes are shared; CM_EOF from visit ends it. */
enum cm_code srv_walk(struct srv_tx *tx, enum srv_table table, const struct srv_key *first,
                      size_t prefix_size, cm_txn_visit_fn *visit, void *arg, struct cm_err *err);
enum cm_code srv_walk_back(struct srv_tx *tx, enum srv_table table, const struct srv_key *last,
                           size_t prefix_size, cm_txn_visit_fn *visit, void *arg, struct cm_err *err);

enum cm_code srv_check_id(const char *what, const char *id, struct cm_err *err); /* 1 … 63 bytes */
enum cm_code srv_damaged(const char *what, struct cm_err *err);                  /* CM_CORRUPT */

/* A number under a word of SRV_T_META; 0 when it is not there. */
enum cm_code srv_get_counter(struct srv_tx *tx, const char *word, uint64_t *ret_number, struct cm_err *err);
enum cm_code srv_put_counter(struct srv_tx *tx, const char *word, uint64_t number, struct cm_err *err);

/* ---- store_session.c ---- */
enum cm_code srv_check_session(const char *class_id, int32_t date, struct cm_err *err);
/* The session's row; CM_NOTFOUND: no event speaks of it yet. */
enum cm_code srv_session_load(struct srv_tx *tx, const char *class_id, int32_t date,
                              struct srv_session_info *ret_info, struct cm_err *err);

/* ---- store_change.c ---- */
/* What counts in the session, its state, or the standing of somebody in it changed. Of one further back than
 * SRV_ROLL_BACK_DAYS only that standings did. */
enum cm_code srv_note_roll(struct srv_tx *tx, const char *class_id, int32_t date, struct cm_err *err);
/* Every session of the class (NULL: of all) within these days that has a row. */
enum cm_code srv_note_rolls(struct srv_tx *tx, const char *class_id, struct cm_err *err);
enum cm_code srv_note_change(struct srv_tx *tx, enum srv_change_kind kind, const char *id,
                             struct cm_err *err);
/* Everything that was said of the student is replaced by this, which stays for good. */
enum cm_code srv_note_erased(struct srv_tx *tx, const char *student_id, struct cm_err *err);

/* ---- store_class.c, store_student.c ---- */
enum cm_code srv_load_class(struct srv_tx *tx, const char *id, struct cm_class *ret_class,
                            struct cm_err *err);
enum cm_code srv_closure_decode(struct cm_bytes key, struct cm_bytes value, struct cm_closure *ret_closure,
                                struct cm_err *err);
enum cm_code srv_load_student(struct srv_tx *tx, const char *id, struct srv_student *ret_student,
                              struct cm_err *err);
/* His templates were taken away, now: later than the time before, also when the clock was set back. */
void srv_note_unenrolled(struct srv_student *student);
enum cm_code srv_save_student(struct srv_tx *tx, const struct srv_student *student, struct cm_err *err);

/* ---- store_consent.c ---- */
/* After srv_derive_consent of an event that is new: whoever refused or withdrew has no templates. */
enum cm_code srv_consent_obey(struct srv_tx *tx, const struct cm_event *event, struct cm_err *err);

/* ---- store_erased.c: events about somebody who was erased say nothing, whenever they come ---- */
enum cm_code srv_erased_put(struct srv_tx *tx, const char *student_id, struct cm_err *err);
/* When the last one who had the id was erased. */
enum cm_code srv_erased_when(struct srv_tx *tx, const char *student_id, int64_t *ret_wall_ms,
                             struct cm_err *err);
/* The id is given to somebody: what comes from now on of who knows that is his (store_erased.c). *ret_again: it was
 * another's. */
enum cm_code srv_erased_given_again(struct srv_tx *tx, const char *student_id, int64_t wall_ms,
                                    bool *ret_again, struct cm_err *err);
/* A correction, or a word of consent, that is made here, about whoever has the id now. */
enum cm_code srv_erased_stamp(struct srv_tx *tx, struct cm_event *event, struct cm_err *err);
/* Does the id, in this event, mean somebody who was erased? */
enum cm_code srv_erased_is(struct srv_tx *tx, const char *student_id, uint64_t feed,
                           const struct cm_event *event, bool *ret_erased, struct cm_err *err);
/* Decodes every row of one that was erased. */
enum cm_code srv_erased_check(struct srv_tx *tx, struct cm_err *err);
/* Takes out of the event whoever was erased, and what people wrote about it. */
enum cm_code srv_erased_conceal(struct srv_tx *tx, uint64_t feed, struct cm_event *event, bool *ret_erased,
                                struct cm_err *err);
/* Before srv_erased_put: notes of reviews of activities that name him. */
enum cm_code srv_erased_note_review(struct srv_tx *tx, uint64_t feed, struct cm_err *err); /* there is one */
enum cm_code srv_erased_forget_notes(struct srv_tx *tx, const char *student_id, struct cm_err *err);

/* ---- store_user.c ---- */
/* Every login session and one-time code. */
enum cm_code srv_forget_logins(struct srv_tx *tx, struct cm_err *err);

/* ---- store_alert.c ---- */
enum cm_code srv_alerts_forget_class(struct srv_tx *tx, const char *class_id, struct cm_err *err);
enum cm_code srv_alerts_erase(struct srv_tx *tx, const char *student_id, struct cm_err *err);
enum cm_code srv_alerts_check(struct srv_tx *tx, struct cm_err *err);

/* ---- store_template.c ---- */
enum cm_code srv_shred_templates(struct srv_tx *tx, const char *student_id, bool *ret_any,
                                 struct cm_err *err);
/* He withdrew: the templates go, and none that was made before comes back. Saves *student. */
enum cm_code srv_withdraw_templates(struct srv_tx *tx, struct srv_student *student, struct cm_err *err);
/* The end of a write in which somebody was shredded: a new master key (store/keyvault.h). */
enum cm_code srv_rotate_keys(struct srv_tx *tx, struct cm_err *err);
extern const struct cm_keyvault_io srv_vault_io;

/* ---- store_station.c ---- */
struct srv_log { /* what the server has of one log */
    char station_id[40];
    uint64_t acked_seq;
    uint8_t head_hash[CM_HASH_SIZE];
    int64_t first_wall_ms, last_wall_ms; /* of the first and the newest event */
    int64_t reach_wall_ms;  /* of the newest event, but no further than a day beyond its receipt */
    int64_t latest_wall_ms; /* of any event, with the same bound: where there may be coverage */
    bool forked;
    uint64_t forked_seq;
    int64_t forked_wall_ms;
    char forked_address[64];
    uint8_t
        refused[SRV_FORK_REQUEST_SIZE * 8]; /* the last requests of copies, the newest first; zero: none */
};
enum cm_code srv_load_log(struct srv_tx *tx, uint32_t log, struct srv_log *ret_log, struct cm_err *err);
enum cm_code srv_save_log(struct srv_tx *tx, uint32_t log, const struct srv_log *row, struct cm_err *err);
/* The station's log number, and its record. CM_NOTFOUND with a sentence. */
enum cm_code srv_load_station(struct srv_tx *tx, const char *id, struct srv_station *ret_station,
                              uint32_t *ret_log, struct cm_err *err);

/* ---- store_event.c, store_append.c ---- */
struct srv_place { /* of an event */
    uint32_t log;
    uint64_t seq;
    int64_t received_wall_ms;
};
enum { SRV_PLACE_SIZE = 4 + 8 + 8 };
void srv_place_put(const struct srv_place *place, uint8_t bytes[SRV_PLACE_SIZE]);
enum cm_code srv_place_get(struct cm_bytes value, struct srv_place *ret_place, struct cm_err *err);
/* The event there, shown to visit as a feed item. *ret_more: what visit said. */
enum cm_code srv_show_event(struct srv_tx *tx, uint64_t feed, const struct srv_place *place,
                            srv_feed_visit_fn *visit, void *arg, bool *ret_more, struct cm_err *err);
enum cm_code srv_find_feed(struct srv_tx *tx, uint64_t feed, struct srv_place *ret_place, struct cm_err *err);
/* Every event of the feed from `first` on, decoded, in order. CM_EOF from visit ends it. */
typedef enum cm_code srv_replay_fn(void *arg, uint64_t feed, const struct srv_place *place,
                                   const struct cm_event *event, struct cm_err *err);
enum cm_code srv_replay(struct srv_tx *tx, uint64_t first, srv_replay_fn *visit, void *arg,
                        struct cm_err *err);

#endif
