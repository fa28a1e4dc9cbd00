/*
 * The students' keys in the station's store: common/store/keyvault.h over its tables and its key file, so erasing destroys in
 * the three steps told there. Private to this folder.
 */
#ifndef STN_VAULT_H
#define STN_VAULT_H

#include "store/store_private.h"

/* First start: makes the key file, or takes the one that a first start before left. */
enum cm_code stn_vault_create(struct stn_store *store, struct cm_txn *txn, struct cm_err *err);
/* Later starts: loads the key file and compares it with the public key that the database has. */
enum cm_code stn_vault_open(struct stn_store *store, struct cm_err *err);
/* Ends what a power cut interrupted. */
enum cm_code stn_vault_recover(struct stn_store *store, struct cm_err *err);

/* Within a transaction: has keys in memory that serve the state which it sees, or says why not. */
enum cm_code stn_vault_ready(struct stn_store *store, struct cm_txn *txn, struct cm_err *err);

/* The student's key; with `create` a new one when there is none, else CM_NOTFOUND without a sentence. Wipe it after use. */
enum cm_code stn_vault_key(struct stn_store *store, struct cm_txn *txn, const char *student_id, bool create,
                           uint8_t ret_key[CM_KEY_SIZE], struct cm_err *err);

/* Step 1 and 2, within a write; the caller deletes the student's key before. Step 3 after the commit. */
enum cm_code stn_vault_rotate(struct stn_store *store, struct cm_txn *txn, struct cm_err *err);
enum cm_code stn_vault_forget(struct stn_store *store, struct cm_err *err);

#endif
