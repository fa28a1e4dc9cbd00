/*
 * What sync needs of the station's store: with whom it is paired, what the server has of the log, what it sent, which
 * templates are to go up. The rules of store.h hold: one thread, one synced commit a call, nothing on failure.
 *
 * Where things come from:
 * - Everything that the server sent is noted as the server's. When the server begins anew (`reset`: the first pull, or it
 *   was restored) what it does not name again until the last page is removed. What was made here before the pairing and
 *   the server does not know stays, and its templates wait to go up.
 * - A reset in answer to a cursor: the server was put back to a backup. Then templates that it does not have, and did not
 *   take away, stay and go up again, and a student whom it does not know stays with them as one of this station's own;
 *   `gone` and `erased` items, which such a server sends for everybody whom this station is not to have, remove as ever.
 * - An erased student is on no roll any more either; his events stay in the log, and go up. The same erasure said again (by
 *   a server that begins anew) leaves alone whoever has the id now.
 * - Templates that were made here and are not up yet win over what the server sends for that student: they are newer.
 * - On a paired station the roster is the server's: stn_store_put_roster refuses.
 */
#ifndef STN_STORE_SYNC_H
#define STN_STORE_SYNC_H

#include "base/buf.h"
#include "crypt/keyfile.h"
#include "store/store.h"
#include "sync/message.h"

enum { STN_SERVER_URL_SIZE = 256, STN_PIN_SIZE = 256, STN_CA_MAX = 64 * 1024 };

struct stn_pairing {               /* holds a secret: wipe it after use */
    char url[STN_SERVER_URL_SIZE]; /* "https://rollcall.school.example", without a slash at its end */
    char station_id[CM_SYNC_STATION_ID_SIZE]; /* by which the server knows this station */
    char name[CM_NAME_SIZE];
    char token[CM_SYNC_TOKEN_SIZE];
    uint8_t server_key[CM_BOX_KEY_SIZE];
    char pin[STN_PIN_SIZE]; /* "sha256//…" of the server's public key; empty: none */
    int64_t paired_wall_ms;
};

/* CM_NOTFOUND with what to do: not paired. Read-only stores without a key file give it without the token. */
enum cm_code stn_store_get_pairing(struct stn_store *store, struct stn_pairing *ret_pairing,
                                   struct cm_err *err);
bool stn_store_is_paired(struct stn_store *store);
/* The certificates that may vouch for the server, as PEM, appended; nothing: those of the system. */
enum cm_code stn_store_get_ca(struct stn_store *store, struct cm_buf *pem, struct cm_err *err);
/* Begins with this server: nothing is acknowledged, everything is to be pulled, all templates made here go up. The token is
 * sealed to the station's own key. ca_pem may be NULL. */
enum cm_code stn_store_put_pairing(struct stn_store *store, const struct stn_pairing *pairing,
                                   const char *ca_pem, struct cm_err *err);

/* Way out of a fork (design.md §5): the log begins again under the key of new_keys with the events from first_seq on, which
 * keep their ids and times; those before are the server's already. Roster, roll and templates stay. The pairing is the one
 * that was made with the new key. The caller saved the old log. */
struct stn_renewal {
    struct cm_keys *new_keys; /* stn_store_new_keys; borrowed */
    uint64_t first_seq;
    const struct stn_pairing *pairing;
    const char *ca_pem; /* may be NULL */
};
/* stn_store_renew: CM_INVALID when the master key changed since stn_store_new_keys (an erasure); nothing was changed. */
enum cm_code stn_store_new_keys(struct stn_store *store, struct cm_keys **ret_keys, struct cm_err *err);
enum cm_code stn_store_renew(struct stn_store *store, const struct stn_renewal *renewal, uint64_t *ret_events,
                             struct cm_err *err);

/* ---- the log ---- */
/* The station's public key, by which the server knows the log. Valid as long as the store. */
const uint8_t *stn_store_public_key(const struct stn_store *store);
/* The newest event's number; 0: none. */
enum cm_code stn_store_last_seq(struct stn_store *store, uint64_t *ret_seq, struct cm_err *err);
/* The chain's hash at seq; 0 is its start. CM_NOTFOUND. */
enum cm_code stn_store_hash_at(struct stn_store *store, uint64_t seq, uint8_t ret_hash[CM_HASH_SIZE],
                               struct cm_err *err);
/* Appends the body of a push with the events from first_seq on, as many as fit, signed over the last of them. version,
 * camera and wall_ms are the caller's, in *push, which is scratch otherwise. CM_EOF without a sentence: no such events. */
enum cm_code stn_store_encode_push(struct stn_store *store, uint64_t first_seq, struct cm_push *push,
                                   struct cm_buf *body, uint64_t *ret_last_seq, struct cm_err *err);

struct stn_sync_marks {
    uint64_t acked_seq; /* the server has everything up to here, durably */
    char cursor[CM_SYNC_CURSOR_SIZE];
    int64_t paired_wall_ms; /* 0: not paired */
    uint64_t
        applied; /* grows with every page that changed something: other processes see by it that they must look */
};
enum cm_code stn_store_get_sync_marks(struct stn_store *store, struct stn_sync_marks *ret_marks,
                                      struct cm_err *err);
enum cm_code stn_store_set_acked(struct stn_store *store, uint64_t acked_seq, struct cm_err *err);

/* What `status` shows of the engine's sync, from another process. Written when it changes, not at each contact. */
struct stn_sync_note {
    char trouble[16]; /* stn_sync_trouble_name */
    char text[CM_TEXT_SIZE];
    int64_t since_wall_ms, last_contact_wall_ms;
};
enum cm_code stn_store_get_sync_note(struct stn_store *store, struct stn_sync_note *ret_note,
                                     struct cm_err *err); /* CM_NOTFOUND */
enum cm_code stn_store_put_sync_note(struct stn_store *store, const struct stn_sync_note *note,
                                     struct cm_err *err);

/* ---- what the server sent ---- */
struct stn_applied { /* what a page changed */
    size_t classes, students, enrolments, gone;
    size_t kept;    /* enrolments that a server lacks which was put back to a backup: they go up again */
    size_t damaged; /* templates that do not open: the student is not recognised until they come again */
    size_t erased;  /* students: nothing shows them any more */
    size_t rolls;   /* sessions of which the server told what it has (store_roll.h) */
    bool calendar, revoked;
};
/* All items of an answer and its cursor in one commit. CM_INVALID: an item does not decode; nothing was taken. An erased
 * student's key is destroyed beyond recovery (vault.h). */
enum cm_code stn_store_apply_changes(struct stn_store *store, const struct cm_changes *changes,
                                     struct stn_applied *ret_applied, struct cm_err *err);

enum cm_code stn_store_get_school(struct stn_store *store, struct cm_school *ret_school,
                                  struct cm_err *err); /* CM_NOTFOUND: the server has not said yet */
/* Students who are not from the server: on no roster but this station's. */
enum cm_code stn_store_count_own_students(struct stn_store *store, size_t *ret_count, struct cm_err *err);

/* ---- templates that go up ---- */
enum stn_upload_state {
    STN_UPLOAD_WAITING,
    STN_UPLOAD_UNKNOWN,    /* the server does not know the student; waits until he comes with a pull */
    STN_UPLOAD_DUPLICATE,  /* another student of the school has this face; waits for a new enrolment */
    STN_UPLOAD_NO_CONSENT, /* the server knows of no consent; waits until it says that there is one */
    STN_UPLOAD_DONE,       /* only for stn_store_settle_upload: forgets it */
};
struct stn_upload {
    char student_id[CM_ID_SIZE];
    enum stn_upload_state state;
    char other_id[CM_ID_SIZE]; /* of DUPLICATE */
    int64_t number;            /* grows with each enrolment: an answer to an older one settles nothing */
    int64_t
        erased_ms; /* of stn_store_next_upload: the last erasure of the id that was carried out here; 0: none */
    int64_t
        unenrolled_ms; /* the last withdrawal by the server that was known here when they were made; 0: none */
    int64_t consent_ms; /* the instant of the word of consent under which they were made; 0: there was none */
};
/* The first that waits, with its templates (none: he is enrolled no more); wipe them after use. CM_NOTFOUND without a
 * sentence. */
enum cm_code stn_store_next_upload(struct stn_store *store, struct stn_upload *ret_upload,
                                   struct cm_template ret_templates[CM_SYNC_TEMPLATES_MAX], size_t *ret_count,
                                   struct cm_err *err);
enum cm_code stn_store_settle_upload(struct stn_store *store, const struct stn_upload *upload,
                                     enum stn_upload_state state, const char *other_id, struct cm_err *err);
/* The server says when it last took away the student's templates: what is made here from now on is made knowing that. */
enum cm_code stn_store_note_unenrolled(struct stn_store *store, const char *student_id, int64_t at_ms,
                                       struct cm_err *err);
/* Another student of the school has this face, or (other_id empty) the student was un-enrolled at the server before we knew:
 * what the server has of this student instead (sealed to our key; empty: none) takes the place of what was refused, unless he
 * was enrolled again meanwhile. */
enum cm_code stn_store_refuse_upload(struct stn_store *store, const struct stn_upload *upload,
                                     const char *other_id, struct cm_span sealed, struct cm_err *err);
typedef bool stn_upload_visit_fn(void *arg, const struct stn_upload *upload);
enum cm_code stn_store_each_upload(struct stn_store *store, stn_upload_visit_fn *visit, void *arg,
                                   struct cm_err *err);

#endif
