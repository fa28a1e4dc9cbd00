/*
 * A new identity for a log that forked. The new key file is written beside the old one, then one commit makes the database
 * the new key's, then the new file takes the old one's name. A power cut before the commit leaves the old identity, after
 * it the next start finishes the rename (stn_renewal_recover), or whoever writes next does (stn_store_follow_identity).
 */
#include "store/store_sync.h"

#include "record/codec.h"
#include "store/store_private.h"
#include "store/vault.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { SEQ_SIZE = 8 };

static void next_path(const struct stn_store *store, char path[PATH_MAX])
{
    snprintf(path, PATH_MAX, "%s.next", store->key_path);
}

static void put_seq(uint64_t seq, uint8_t key[SEQ_SIZE])
{
    for (int i = 0; i < SEQ_SIZE; i++)
        key[i] = (uint8_t)(seq >> (8 * (SEQ_SIZE - 1 - i)));
}

static enum cm_code take_name(const struct stn_store *store, const char *path, struct cm_err *err)
{
    char folder[PATH_MAX];
    snprintf(folder, sizeof folder, "%s", store->key_path);
    char *slash = strrchr(folder, '/');
    if (slash != NULL)
        slash[1] = '\0';
    if (rename(path, store->key_path) != 0)
        return cm_fail(err, CM_BACKEND, "cannot rename %s: %s", path, strerror(errno));
    int fd = open(slash != NULL ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool synced = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0)
        close(fd);
    return synced ? CM_OK : cm_fail(err, CM_BACKEND, "cannot sync the folder of %s", store->key_path);
}

enum cm_code stn_renewal_recover(struct stn_store *store, struct cm_err *err)
{
    char path[PATH_MAX];
    struct cm_keys *keys = NULL;
    next_path(store, path);
    enum cm_code code = cm_keys_left_over(path) ? cm_keys_clean(path, err) : CM_OK;
    if (code == CM_OK)
        code = cm_keys_load(path, &keys, err);
    if (code == CM_NOTFOUND)
        return CM_OK;
    bool taken =
        code == CM_OK && memcmp(cm_keys_public(keys), store->log.public_key, CM_PUBLIC_KEY_SIZE) == 0;
    cm_keys_destroy(keys);
    if (taken)
        return take_name(store, path, err);
    if (unlink(path) != 0 && errno != ENOENT)
        return cm_fail(err, CM_BACKEND, "cannot remove %s: %s", path, strerror(errno));
    return CM_OK;
}

enum cm_code stn_store_new_keys(struct stn_store *store, struct cm_keys **ret_keys, struct cm_err *err)
{
    struct cm_keys *keys;
    enum cm_code code = cm_keys_load(store->key_path, &keys, err);
    if (code != CM_OK)
        return code;
    cm_keys_renew(keys);
    *ret_keys = keys;
    return CM_OK;
}

struct renew {
    struct stn_store *store;
    const struct stn_renewal *renewal;
    uint64_t events;
};

/* Event number first_seq + i of the old log becomes number 1 + i of the new one, in the same table: what is read lies never
 * before what is written. */
static enum cm_code move_event(struct renew *r, struct cm_txn *txn, uint64_t seq, uint8_t hash[CM_HASH_SIZE],
                               struct cm_err *err)
{
    struct cm_event event;
    uint8_t key[SEQ_SIZE], value[CM_HASH_SIZE + CM_EVENT_MAX];
    size_t size;
    enum cm_code code = cm_eventlog_get(txn, &r->store->log, r->renewal->first_seq + seq - 1, &event, err);
    if (code != CM_OK)
        return code;
    event.seq = seq;
    code = cm_event_encode(&event, value + CM_HASH_SIZE, CM_EVENT_MAX, &size, err);
    if (code != CM_OK)
        return code;
    cm_chain_next(hash, value + CM_HASH_SIZE, size, value);
    memcpy(hash, value, CM_HASH_SIZE);
    put_seq(seq, key);
    return cm_txn_put(txn, STN_TABLE_EVENTS, key, sizeof key, value, CM_HASH_SIZE + size, err);
}

static enum cm_code empty_table(struct cm_txn *txn, enum stn_table table, uint64_t after_seq,
                                struct cm_err *err)
{
    struct stn_key key = {.size = after_seq > 0 ? SEQ_SIZE : 0};
    put_seq(after_seq, key.bytes);
    enum cm_code code;
    while ((code = stn_table_next(txn, table, &key, err)) == CM_OK)
        if ((code = cm_txn_delete(txn, (int)table, key.bytes, key.size, err)) != CM_OK)
            return code;
    return code == CM_EOF ? CM_OK : code;
}

static enum cm_code move_log(struct renew *r, struct cm_txn *txn, struct cm_err *err)
{
    const uint8_t *public_key = cm_keys_public(r->renewal->new_keys);
    struct cm_eventlog_head head;
    uint8_t hash[CM_HASH_SIZE], key[SEQ_SIZE], signature[CM_SIGNATURE_SIZE];
    enum cm_code code = cm_eventlog_head(txn, &r->store->log, &head, err);
    if (code != CM_OK)
        return code;
    r->events = head.seq >= r->renewal->first_seq ? head.seq - r->renewal->first_seq + 1 : 0;
    cm_chain_start(public_key, hash);
    for (uint64_t seq = 1; seq <= r->events && code == CM_OK; seq++)
        code = move_event(r, txn, seq, hash, err);
    if (code == CM_OK)
        code = empty_table(txn, STN_TABLE_EVENTS, r->events, err);
    if (code == CM_OK)
        code = empty_table(txn, STN_TABLE_SIGNATURES, 0, err);
    if (code != CM_OK || r->events == 0)
        return code;
    cm_head_sign(r->renewal->new_keys, r->events, hash, signature);
    put_seq(r->events, key);
    return cm_txn_put(txn, STN_TABLE_SIGNATURES, key, sizeof key, signature, sizeof signature, err);
}

static uint64_t new_number(const struct renew *r, uint64_t seq)
{
    if (seq == 0 || seq == STN_SEQ_EARLIER)
        return seq;
    return seq < r->renewal->first_seq ? STN_SEQ_EARLIER : seq - r->renewal->first_seq + 1;
}

static enum cm_code renumber_roll(const struct renew *r, struct cm_txn *txn, struct cm_err *err)
{
    struct stn_key key = {.size = 0};
    enum cm_code code;
    while ((code = stn_table_next(txn, STN_TABLE_ROLL, &key, err)) == CM_OK) {
        struct cm_bytes value;
        struct cm_roll_entry entry;
        code = cm_txn_get(txn, STN_TABLE_ROLL, key.bytes, key.size, &value, err);
        if (code == CM_OK)
            code = stn_roll_decode(value, &entry, err);
        if (code != CM_OK)
            return code;
        entry.mark_seq = new_number(r, entry.mark_seq);
        entry.correction_seq = new_number(r, entry.correction_seq);
        if ((code = stn_roll_put(txn, &entry, err)) != CM_OK)
            return code;
    }
    return code == CM_EOF ? CM_OK : code;
}

/* The new keys have the master keys of the time when they were made. An erasure since then, in a running engine, changed
 * them: under the old ones nobody's templates would open, and what was destroyed would be in a file again. */
static enum cm_code check_master_key(const struct renew *r, struct cm_txn *txn, struct cm_err *err)
{
    const struct cm_keys *keys = r->renewal->new_keys;
    enum cm_code code = stn_vault_ready(r->store, txn, err);
    if (code != CM_OK)
        return code;
    if (cm_keys_generation(keys) != cm_keys_generation(r->store->keys) || cm_keys_has_previous(keys))
        return cm_fail(err, CM_INVALID,
                       "somebody was erased at this station meanwhile, which changed its keys: nothing else "
                       "was changed; try again with a new code");
    return CM_OK;
}

static enum cm_code renew(struct cm_txn *txn, void *arg, struct cm_err *err)
{
    struct renew *r = arg;
    const uint8_t *public_key = cm_keys_public(r->renewal->new_keys);
    char path[PATH_MAX];
    next_path(r->store, path);
    enum cm_code code = check_master_key(r, txn, err);
    if (code == CM_OK)
        code = cm_keys_save(r->renewal->new_keys, path, err);
    if (code == CM_OK)
        code = move_log(r, txn, err);
    if (code == CM_OK)
        code = renumber_roll(r, txn, err);
    if (code == CM_OK)
        code = stn_words_renumber(txn, r->renewal->first_seq, err);
    if (code == CM_OK)
        code = stn_erased_renumber(txn, r->renewal->first_seq, err);
    if (code == CM_OK)
        code = stn_consent_renumber(txn, r->renewal->first_seq, err);
    if (code == CM_OK)
        code = stn_store_put_identity(txn, public_key, err);
    if (code == CM_OK)
        code = stn_txn_put_pairing(txn, r->renewal->pairing, public_key, r->renewal->ca_pem, err);
    return code;
}

static enum cm_code take_new_file(struct cm_txn *txn, void *arg, struct cm_err *err)
{
    (void)txn; /* which keeps others from writing the key file */
    return stn_renewal_recover(arg, err);
}

enum cm_code stn_store_renew(struct stn_store *store, const struct stn_renewal *renewal, uint64_t *ret_events,
                             struct cm_err *err)
{
    struct renew r = {.store = store, .renewal = renewal};
    char path[PATH_MAX];
    if (renewal->first_seq == 0)
        return cm_fail(err, CM_INVALID, "events begin with 1");
    next_path(store, path);
    enum cm_code code = stn_store_commit(store, renew, &r, false, err);
    if (code != CM_OK) {
        (void)unlink(path);
        return code;
    }
    memcpy(store->log.public_key, cm_keys_public(renewal->new_keys), CM_PUBLIC_KEY_SIZE);
    code =
        stn_store_commit(store, take_new_file, store, true, err); /* should it fail, the next start does it */
    if (code == CM_OK)
        code = stn_vault_open(store, err);
    if (code == CM_OK)
        *ret_events = r.events;
    return code;
}
