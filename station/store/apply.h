/*
 * One page of the server's changes on its way into the store, within its transaction: what the files that carry it in share
 * (store_changes.c, store_faces.c, store_school.c). Private to this folder.
 */
#ifndef STN_APPLY_H
#define STN_APPLY_H

#include "store/store_private.h"
#include "store/store_sync.h"

#define STN_GENERATION_KEY "served_generation"

struct stn_apply {
    struct stn_store *store;
    const struct cm_changes *changes;
    struct cm_txn *txn;
    uint64_t generation;
    bool went_back; /* this page is of a beginning after the server was put back to a backup */
    bool shred;     /* an erased student had a key: the master key must change */
    bool any;       /* something is other than before */
    struct stn_applied applied;
    struct cm_template templates[CM_SYNC_TEMPLATES_MAX];
};

/* The id is the server's, under this beginning; or not any more. */
enum cm_code stn_apply_note_served(struct stn_apply *a, enum stn_served kind, const char *id,
                                   struct cm_err *err);
enum cm_code stn_apply_forget_served(struct stn_apply *a, enum stn_served kind, const char *id,
                                     struct cm_err *err);
/* CM_INVALID, with what is wrong with the item. */
enum cm_code stn_apply_wrong(const struct cm_item *item, const char *why, struct cm_err *err);

enum cm_code stn_apply_templates(struct stn_apply *a, const struct cm_item *item, struct cm_err *err);
/* shred: the key must never open anything again. */
enum cm_code stn_apply_remove_templates(struct stn_apply *a, const char *id, bool shred, struct cm_err *err);
/* The server, put back to a backup, has no templates of him: those here go up. *ret_kept: there are any. */
enum cm_code stn_apply_keep_enrolment(struct stn_apply *a, const char *id, bool *ret_kept,
                                      struct cm_err *err);

/* Whoever refused or withdrew, here or anywhere, has no templates here, whatever waits to go up: *ret_said_no. */
enum cm_code stn_apply_consent(struct stn_apply *a, const char *id, bool *ret_said_no, struct cm_err *err);

enum cm_code stn_apply_calendar(struct stn_apply *a, const struct cm_item *item, struct cm_err *err);
enum cm_code stn_apply_settings(struct stn_apply *a, const struct cm_item *item, struct cm_err *err);

#endif
