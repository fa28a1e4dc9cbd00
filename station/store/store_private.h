/* What the files of this folder share; nobody else includes it. */
#ifndef STN_STORE_PRIVATE_H
#define STN_STORE_PRIVATE_H

#include "base/uuid.h"
#include "crypt/keyfile.h"
#include "roll/standing.h"
#include "roll/word.h"
#include "store/ballast.h"
#include "store/db.h"
#include "store/eventlog.h"
#include "store/store.h"
#include "store/store_sync.h"

enum {
    STN_STORE_VERSION =
        3, /* 2: pairing, what is the server's, uploads; 3: words, coverage, rolls of the server */
    STN_TEMPLATES_MAX = 100, /* of one student */
    STN_SESSION_KEY_MAX = 4 + CM_ID_SIZE,
};

/* Of a roll entry: the event is in a log before the present one (stn_store_renew), and at the server. */
#define STN_SEQ_EARLIER ((uint64_t)INT64_MAX)

enum stn_table {
    STN_TABLE_META,       /* word → bytes */
    STN_TABLE_CLASSES,    /* id → class */
    STN_TABLE_STUDENTS,   /* id → student */
    STN_TABLE_KEYS,       /* student id → wrapped key */
    STN_TABLE_TEMPLATES,  /* student id ‖ 0 ‖ number (2 bytes) → sealed template */
    STN_TABLE_EVENTS,     /* eventlog.h */
    STN_TABLE_SIGNATURES, /* eventlog.h */
    STN_TABLE_ROLL,       /* date (4 bytes) ‖ class id ‖ 0 ‖ student id → roll entry */
    STN_TABLE_SERVED,    /* kind (1 byte) ‖ id → the beginning under which the server sent it (8 bytes) */
    STN_TABLE_UPLOADS,   /* student id → how his templates stand that are to go up */
    STN_TABLE_WORDS,     /* date (4 bytes) ‖ class id → struct stn_own_word */
    STN_TABLE_COVERAGE,  /* hour of UTC (4) ‖ from (8) → to (8), able (1): of the last 60 days */
    STN_TABLE_ROLLS,     /* date (4) ‖ class id → what the server has: struct cm_roll_news as it came */
    STN_TABLE_STANDINGS, /* student id → points, runs, last date (4 each), as the server said last */
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
enum cm_code stn_store_put_identity(struct cm_txn *txn, const uint8_t public_key[CM_PUBLIC_KEY_SIZE],
                                    struct cm_err *err);
/* A renewal that a power cut interrupted: its key file, beside the old one, becomes the key file when the database has
 * taken its key, else it goes. */
enum cm_code stn_renewal_recover(struct stn_store *store, struct cm_err *err);
enum cm_code stn_roll_decode(struct cm_bytes value, struct cm_roll_entry *ret_entry, struct cm_err *err);
enum cm_code stn_roll_put(struct cm_txn *txn, const struct cm_roll_entry *entry, struct cm_err *err);
/* `pair --renew` in another process may have given the log a new key: takes it. Before anything that signs, or that writes
 * the key file. */
enum cm_code stn_store_follow_identity(struct stn_store *store, struct cm_txn *txn, struct cm_err *err);
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

/* ---- within a transaction ---- */
/* Words of the meta table. A number that is not there is 0. */
enum cm_code stn_meta_get(struct cm_txn *txn, const char *word, struct cm_bytes *ret_value,
                          struct cm_err *err);
enum cm_code stn_meta_put(struct cm_txn *txn, const char *word, const void *value, size_t size,
                          struct cm_err *err);
enum cm_code stn_meta_get_number(struct cm_txn *txn, const char *word, uint64_t *ret_number,
                                 struct cm_err *err);
enum cm_code stn_meta_put_number(struct cm_txn *txn, const char *word, uint64_t number, struct cm_err *err);

/* A student's templates in place of those that he had; the key is made when there is none. */
enum cm_code stn_templates_write(struct stn_store *store, struct cm_txn *txn, const char *student_id,
                                 const struct cm_template *templates, size_t count, struct cm_err *err);
/* At most `capacity`; those that do not open are left out. */
enum cm_code stn_templates_read(struct stn_store *store, struct cm_txn *txn, const char *student_id,
                                struct cm_template *ret_templates, size_t capacity, size_t *ret_count,
                                struct cm_err *err);
/* Templates and key. *ret_had: there were any. */
enum cm_code stn_templates_delete(struct cm_txn *txn, const char *student_id, bool *ret_had,
                                  struct cm_err *err);

/* ---- store_words.c ---- */
void stn_put_u32(uint32_t number, uint8_t *bytes); /* big endian */
uint32_t stn_get_u32(const uint8_t *bytes);
size_t stn_session_key(int32_t date, const char *class_id, uint8_t key[STN_SESSION_KEY_MAX]);
struct stn_own_word { /* what was said here of a session and counts among that; {0}: nothing */
    struct cm_word word;
    uint64_t seq;
    struct cm_extra extra;
};
enum cm_code stn_word_get(struct cm_txn *txn, int32_t date, const char *class_id,
                          struct stn_own_word *ret_word, struct cm_err *err);
enum cm_code stn_word_decode(struct cm_bytes value, struct stn_own_word *ret_word, struct cm_err *err);
/* The log begins again with what was first_seq. */
enum cm_code stn_words_renumber(struct cm_txn *txn, uint64_t first_seq, struct cm_err *err);
enum cm_code stn_coverage_put(struct cm_txn *txn, const struct cm_coverage *span, struct cm_err *err);
enum cm_code stn_coverage_able_ms(struct cm_txn *txn, const struct cm_session *times, int64_t *ret_able_ms,
                                  struct cm_err *err);
/* Up to which of this station's events the last pull holds what the server makes of them; 0: none. */
uint64_t stn_txn_pulled(struct cm_txn *txn);
enum cm_code stn_txn_put_pulled(struct cm_txn *txn, uint64_t seq, struct cm_err *err);
/* A server begins anew, or another one does. */
enum cm_code stn_rolls_forget(struct cm_txn *txn, struct cm_err *err);
enum cm_code stn_rolls_put(struct cm_txn *txn, const char *class_id, const struct cm_roll_news *news,
                           struct cm_span body, struct cm_err *err);
enum cm_code stn_standing_get(struct cm_txn *txn, const char *student_id, struct cm_standing *ret_standing,
                              struct cm_err *err); /* CM_NOTFOUND */

/* ---- store_school.c; CM_NOTFOUND: the server has not said ---- */
enum cm_code stn_txn_school(struct cm_txn *txn, struct cm_school *ret_school, struct cm_err *err);
enum cm_code stn_txn_calendar(struct cm_txn *txn, struct cm_calendar **ret_calendar,
                              struct cm_err *err); /* free it */

bool stn_txn_is_paired(struct cm_txn *txn);
enum cm_code stn_txn_put_pairing(struct cm_txn *txn, const struct stn_pairing *pairing,
                                 const uint8_t public_key[CM_PUBLIC_KEY_SIZE], const char *ca_pem,
                                 struct cm_err *err);
enum cm_code stn_txn_server_name(struct cm_txn *txn, char ret_url[STN_SERVER_URL_SIZE], struct cm_err *err);
enum cm_code stn_txn_rename_station(struct cm_txn *txn, const char *name, struct cm_err *err);
bool stn_txn_has_cursor(struct cm_txn *txn); /* something was pulled of this server */
enum cm_code stn_txn_put_cursor(struct cm_txn *txn, const char *cursor, struct cm_err *err);
enum cm_code stn_txn_count_applied(struct cm_txn *txn, struct cm_err *err);

enum stn_served { STN_SERVED_CLASS = 1, STN_SERVED_STUDENT = 2, STN_SERVED_TEMPLATES = 3 };
bool stn_served_is(struct cm_txn *txn, enum stn_served kind, const char *id);

enum cm_code stn_uploads_begin(struct cm_txn *txn, struct cm_err *err);
enum cm_code stn_upload_add(struct cm_txn *txn, const char *student_id, uint64_t number, struct cm_err *err);
/* The templates go up (once more), even if a push under way is answered well. */
enum cm_code stn_upload_again(struct cm_txn *txn, const char *student_id, struct cm_err *err);
/* Another student has this face; other_id empty: he was un-enrolled, and nothing waits any more. *ret_current: it is still
 * what was sent. */
enum cm_code stn_upload_refuse(struct cm_txn *txn, const struct stn_upload *sent, const char *other_id,
                               bool *ret_current, struct cm_err *err);
enum cm_code stn_upload_forget(struct cm_txn *txn, const char *student_id, struct cm_err *err);
bool stn_upload_waits(struct cm_txn *txn, const char *student_id); /* also for the server to know him */
/* The server knows the student (again), and whether there is consent: what waited for that goes up. */
enum cm_code stn_upload_known(struct cm_txn *txn, const char *student_id, enum cm_consent_state consent,
                              struct cm_err *err);

/* When the server last took away the student's templates, as it said; 0: never. Templates that are here and do not wait to go
 * up are from after that. An earlier time than is known changes nothing. */
enum cm_code stn_unenrolled_get(struct cm_txn *txn, const char *student_id, int64_t *ret_at_ms,
                                struct cm_err *err);
enum cm_code stn_unenrolled_put(struct cm_txn *txn, const char *student_id, int64_t at_ms,
                                struct cm_err *err);
enum cm_code stn_unenrolled_forget(struct cm_txn *txn, const char *student_id, struct cm_err *err);

/* ---- store_consent.c ---- */
struct stn_consent {
    enum cm_consent_state state;
    int64_t said_wall_ms; /* 0: nobody was asked */
};
/* What counts here of the student. */
enum cm_code stn_consent_get(struct cm_txn *txn, const char *student_id, struct stn_consent *ret_consent,
                             struct cm_err *err);
/* The same into a record as the server sent it. */
enum cm_code stn_consent_merge(struct cm_txn *txn, struct cm_student *student, struct cm_err *err);
/* Whether templates may be made, by it and by the school's settings. CM_INVALID. */
enum cm_code stn_consent_check(struct cm_txn *txn, const char *student_id, struct cm_err *err);
/* Logs the word, whose envelope is made, at an instant after the one that is known. */
enum cm_code stn_consent_say(struct stn_store *store, struct cm_txn *txn, struct cm_event *event,
                             struct cm_err *err);
/* The server, which has this station's events up to acked_seq, says how it stands. */
enum cm_code stn_consent_settled(struct cm_txn *txn, const char *student_id, uint64_t acked_seq,
                                 struct cm_err *err);
enum cm_code stn_consent_forget(struct cm_txn *txn, const char *student_id, struct cm_err *err);
enum cm_code stn_consent_renumber(struct cm_txn *txn, uint64_t first_seq, struct cm_err *err);

struct stn_erased {
    int64_t at_ms; /* as the server says it */
    uint64_t seq;  /* the log speaks of somebody else up to here */
};
enum cm_code stn_erased_get(struct cm_txn *txn, const char *student_id, struct stn_erased *ret_erased,
                            struct cm_err *err); /* CM_NOTFOUND */
/* The roll forgets him. */
enum cm_code stn_erased_put(struct stn_store *store, struct cm_txn *txn, const char *student_id,
                            int64_t at_ms, struct cm_err *err);
/* The log begins again with what was first_seq. */
enum cm_code stn_erased_renumber(struct cm_txn *txn, uint64_t first_seq, struct cm_err *err);

/* A walk during which the table may change. Begin with size 0; CM_EOF at the end. */
struct stn_key {
    uint8_t bytes[CM_DB_KEY_MAX + 1];
    size_t size;
    bool found;
};
enum cm_code stn_table_next(struct cm_txn *txn, enum stn_table table, struct stn_key *key,
                            struct cm_err *err);

#endif
