/*
 * The students' keys: each student's templates are sealed under a key of the student's own, which is kept in a table
 * wrapped by the master key of a key file (crypt/keyfile.h). Station and server use this one.
 *
 * Erasing destroys in three steps, each durable before the next:
 *   1. the key file gets a new master key and keeps the old one beside it;
 *   2. one commit deletes the student's key and templates, wraps all other keys with the new master key and notes its
 *      generation;
 *   3. the key file forgets the old master key.
 * After that the old pages of the database, where the student's wrapped key may survive for long, open with no key that
 * exists. A power cut after 1 or 2 is made good at the next start (cm_keyvault_recover); until 2 nothing is erased, and
 * every reader uses the master key of the generation that the database names.
 *
 * The vault reaches its rows through the caller's transaction by way of `io`, so it works on any store of keys and
 * values. Rows: in table `meta` the word "key_generation" (4 bytes big endian); in table `keys` student id → wrapped key.
 *
 * A cm_keyvault is plain values of the caller, who destroys `keys` at the end. One thread at a time.
 */
#ifndef CM_KEYVAULT_H
#define CM_KEYVAULT_H

#include "base/err.h"
#include "crypt/keyfile.h"
#include "record/record.h"
#include "store/db.h"

typedef enum cm_code cm_keyvault_fn(void *txn, void *arg, struct cm_err *err);

struct cm_keyvault_io { /* as the calls of the same name in db.h */
    enum cm_code (*get)(void *txn, int table, const void *key, size_t key_size, struct cm_bytes *ret_value,
                        struct cm_err *err);
    enum cm_code (*put)(void *txn, int table, const void *key, size_t key_size, const void *value,
                        size_t value_size, struct cm_err *err);
    enum cm_code (*walk)(void *txn, int table, struct cm_bytes first, size_t prefix_size,
                         cm_txn_visit_fn *visit, void *arg, struct cm_err *err);
    /* A commit of its own, for what cannot wait for another's. */
    enum cm_code (*commit)(void *db, cm_keyvault_fn *fn, void *arg, struct cm_err *err);
};

struct cm_keyvault {
    const struct cm_keyvault_io *io;
    void *db; /* for io->commit */
    int meta, keys_table;
    const char *key_path; /* NULL: the keys live in memory alone (tests) */
    const char *whose;    /* "station": for messages */
    struct cm_keys *keys; /* NULL: not loaded */
    uint8_t public_key[CM_PUBLIC_KEY_SIZE];
};

/* First start: makes the key file, or takes the one that a first start before left. Fills keys and public_key. */
enum cm_code cm_keyvault_create(struct cm_keyvault *vault, void *txn, struct cm_err *err);
/* Later starts, with public_key as the database has it: loads the key file and compares. */
enum cm_code cm_keyvault_open(struct cm_keyvault *vault, struct cm_err *err);
/* Ends what a power cut interrupted. */
enum cm_code cm_keyvault_recover(struct cm_keyvault *vault, struct cm_err *err);

/* Within a transaction: has keys in memory that serve the state which it sees, or says why not. */
enum cm_code cm_keyvault_ready(struct cm_keyvault *vault, void *txn, struct cm_err *err);

/* The student's key; with `create` a new one when there is none, else CM_NOTFOUND without a sentence. Wipe it after use. */
enum cm_code cm_keyvault_key(struct cm_keyvault *vault, void *txn, const char *student_id, bool create,
                             uint8_t ret_key[CM_KEY_SIZE], struct cm_err *err);

/* Step 1 and 2, within a write; the caller deletes the student's key before. Step 3 after the commit. */
enum cm_code cm_keyvault_rotate(struct cm_keyvault *vault, void *txn, struct cm_err *err);
enum cm_code cm_keyvault_forget(struct cm_keyvault *vault, struct cm_err *err);

#endif
