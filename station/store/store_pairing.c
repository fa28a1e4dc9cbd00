/* With whom the station is paired, and how far the server has the log. */
#include "store/store_sync.h"

#include "crypt/box.h"
#include "record/table.h"
#include "store/store_private.h"
#include "store/vault.h"
#include <stdio.h>
#include <string.h>

enum { RECORD_MAX = 2048, SEALED_TOKEN_SIZE = CM_SYNC_TOKEN_SIZE + CM_BOX_OVERHEAD };

static const char pairing_key[] = "pairing", ca_key[] = "server_ca", acked_key[] = "acked_seq",
                  cursor_key[] = "cursor", applied_key[] = "applied", note_key[] = "sync_note";

/* ---- words of the meta table ---- */

enum cm_code stn_meta_get(struct cm_txn *txn, const char *word, struct cm_bytes *ret_value,
                          struct cm_err *err)
{
    return cm_txn_get(txn, STN_TABLE_META, word, strlen(word), ret_value, err);
}

enum cm_code stn_meta_put(struct cm_txn *txn, const char *word, const void *value, size_t size,
                          struct cm_err *err)
{
    return cm_txn_put(txn, STN_TABLE_META, word, strlen(word), value, size, err);
}

enum cm_code stn_meta_get_number(struct cm_txn *txn, const char *word, uint64_t *ret_number,
                                 struct cm_err *err)
{
    struct cm_bytes value;
    uint64_t number = 0;
    enum cm_code code = stn_meta_get(txn, word, &value, err);
    if (code == CM_NOTFOUND) {
        *ret_number = 0;
        return CM_OK;
    }
    if (code == CM_OK && value.size != sizeof number)
        return cm_fail(err, CM_CORRUPT, "the store's \"%s\" is damaged", word);
    if (code != CM_OK)
        return code;
    for (size_t i = 0; i < sizeof number; i++)
        number = number << 8 | ((const uint8_t *)value.data)[i];
    *ret_number = number;
    return CM_OK;
}

enum cm_code stn_meta_put_number(struct cm_txn *txn, const char *word, uint64_t number, struct cm_err *err)
{
    uint8_t bytes[sizeof number];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(number >> (8 * (sizeof bytes - 1 - i)));
    return stn_meta_put(txn, word, bytes, sizeof bytes, err);
}

/* ---- the pairing ---- */

struct pairing_record { /* as stored */
    struct stn_pairing pairing;
    uint8_t sealed_token[SEALED_TOKEN_SIZE];
    struct cm_extra extra;
};

static const struct cm_field pairing_rows[] = {
    CM_ROW(struct pairing_record, 1, 1, TEXT, pairing.url),
    CM_ROW(struct pairing_record, 2, 1, TEXT, pairing.station_id),
    CM_ROW(struct pairing_record, 3, 1, TEXT, pairing.name),
    CM_ROW(struct pairing_record, 4, 1, BYTES, sealed_token),
    CM_ROW(struct pairing_record, 5, 1, BYTES, pairing.server_key),
    CM_ROW(struct pairing_record, 6, 1, TEXT, pairing.pin),
    CM_ROW_RANGE(struct pairing_record, 7, 1, INTEGER, pairing.paired_wall_ms, INT64_MIN, INT64_MAX),
};
static const struct cm_table pairing_table = {
    .name = "pairing",
    .fields = pairing_rows,
    .count = sizeof pairing_rows / sizeof pairing_rows[0],
    .size = sizeof(struct pairing_record),
    .extra = offsetof(struct pairing_record, extra),
};

static enum cm_code read_pairing(struct cm_txn *txn, struct pairing_record *ret_record, struct cm_err *err)
{
    struct cm_bytes value;
    struct cm_err why = CM_ERR_INIT;
    enum cm_code code = stn_meta_get(txn, pairing_key, &value, err);
    if (code == CM_NOTFOUND)
        return cm_fail(err, CM_NOTFOUND, "this station is not paired: rollcall-station pair URL CODE");
    if (code == CM_OK && cm_table_decode(&pairing_table, value.data, value.size, ret_record, &why) != CM_OK)
        code = cm_fail(err, CM_CORRUPT, "the pairing does not decode (%s): pair the station again", why.msg);
    return code;
}

static enum cm_code write_pairing(struct cm_txn *txn, struct pairing_record *record, struct cm_err *err)
{
    uint8_t bytes[RECORD_MAX];
    size_t size;
    cm_wipe(record->pairing.token, sizeof record->pairing.token); /* only its sealed form is in the table */
    enum cm_code code = cm_table_encode(&pairing_table, record, bytes, sizeof bytes, &size, err);
    return code == CM_OK ? stn_meta_put(txn, pairing_key, bytes, size, err) : code;
}

struct get_pairing {
    struct stn_store *store;
    struct pairing_record record;
};

static enum cm_code open_token(struct get_pairing *get, struct cm_txn *txn, struct cm_err *err)
{
    char *token = get->record.pairing.token;
    enum cm_code code = stn_vault_ready(get->store, txn, err);
    if (code != CM_OK && get->store->read_only)
        return CM_OK;
    if (code == CM_OK)
        code = cm_keys_box_open(get->store->keys, get->record.sealed_token, SEALED_TOKEN_SIZE,
                                (uint8_t *)token, err);
    if (code == CM_OK && memchr(token, '\0', CM_SYNC_TOKEN_SIZE) == NULL)
        code = CM_CORRUPT;
    if (code == CM_CORRUPT)
        return cm_fail(err, CM_CORRUPT, "the token of the pairing does not open: pair the station again");
    return code;
}

static enum cm_code get_pairing(struct cm_txn *txn, void *arg, struct cm_err *err)
{
    struct get_pairing *get = arg;
    enum cm_code code = read_pairing(txn, &get->record, err);
    return code == CM_OK ? open_token(get, txn, err) : code;
}

enum cm_code stn_store_get_pairing(struct stn_store *store, struct stn_pairing *ret_pairing,
                                   struct cm_err *err)
{
    struct get_pairing get = {.store = store};
    enum cm_code code = cm_db_read(store->db, get_pairing, &get, err);
    if (code == CM_OK)
        *ret_pairing = get.record.pairing;
    cm_wipe(&get, sizeof get);
    return code;
}

bool stn_txn_is_paired(struct cm_txn *txn)
{
    struct cm_bytes value;
    return stn_meta_get(txn, pairing_key, &value, NULL) == CM_OK;
}

static enum cm_code is_paired(struct cm_txn *txn, void *arg, struct cm_err *err)
{
    (void)err;
    *(bool *)arg = stn_txn_is_paired(txn);
    return CM_OK;
}

bool stn_store_is_paired(struct stn_store *store)
{
    bool paired = false;
    return cm_db_read(store->db, is_paired, &paired, NULL) == CM_OK && paired;
}

enum cm_code stn_txn_server_name(struct cm_txn *txn, char ret_url[STN_SERVER_URL_SIZE], struct cm_err *err)
{
    struct pairing_record record;
    enum cm_code code = read_pairing(txn, &record, err);
    if (code == CM_OK)
        memcpy(ret_url, record.pairing.url, STN_SERVER_URL_SIZE);
    return code;
}

enum cm_code stn_txn_rename_station(struct cm_txn *txn, const char *name, struct cm_err *err)
{
    struct pairing_record record;
    enum cm_code code = read_pairing(txn, &record, err);
    if (code != CM_OK || strcmp(record.pairing.name, name) == 0)
        return code;
    snprintf(record.pairing.name, sizeof record.pairing.name, "%s", name);
    return write_pairing(txn, &record, err);
}

struct put_pairing {
    struct pairing_record record;
    const char *ca_pem;
};

static enum cm_code seal_token(struct put_pairing *put, const uint8_t public_key[CM_PUBLIC_KEY_SIZE],
                               const char *token, struct cm_err *err)
{
    uint8_t padded[CM_SYNC_TOKEN_SIZE] = {0}, key[CM_BOX_KEY_SIZE];
    snprintf((char *)padded, sizeof padded, "%s", token);
    enum cm_code code = cm_box_key_of_signer(public_key, key, err);
    if (code == CM_OK)
        code = cm_box_seal(key, padded, sizeof padded, put->record.sealed_token, err);
    cm_wipe(padded, sizeof padded);
    return code;
}

static enum cm_code forget_words(struct cm_txn *txn, struct cm_err *err)
{
    static const char *const words[] = {ca_key, acked_key, cursor_key, note_key};
    enum cm_code code = CM_OK;
    for (size_t i = 0; i < sizeof words / sizeof words[0] && (code == CM_OK || code == CM_NOTFOUND); i++)
        code = cm_txn_delete(txn, STN_TABLE_META, words[i], strlen(words[i]), err);
    return code == CM_NOTFOUND ? CM_OK : code;
}

static enum cm_code prepare_pairing(struct put_pairing *put, const struct stn_pairing *pairing,
                                    const uint8_t public_key[CM_PUBLIC_KEY_SIZE], const char *ca_pem,
                                    struct cm_err *err)
{
    *put = (struct put_pairing){.record = {.pairing = *pairing}, .ca_pem = ca_pem};
    if (pairing->url[0] == '\0' || pairing->token[0] == '\0')
        return cm_fail(err, CM_INVALID, "a pairing needs the server's URL and a token");
    if (ca_pem != NULL && strlen(ca_pem) > STN_CA_MAX)
        return cm_fail(err, CM_INVALID, "the certificate file is larger than %d KiB", STN_CA_MAX / 1024);
    enum cm_code code = seal_token(put, public_key, pairing->token, err);
    cm_wipe(put->record.pairing.token, sizeof put->record.pairing.token);
    return code;
}

static enum cm_code put_pairing(struct cm_txn *txn, void *arg, struct cm_err *err)
{
    struct put_pairing *put = arg;
    enum cm_code code = forget_words(txn, err);
    if (code == CM_OK)
        code = stn_rolls_forget(txn, err);
    if (code == CM_OK)
        code = write_pairing(txn, &put->record, err);
    if (code == CM_OK && put->ca_pem != NULL)
        code = stn_meta_put(txn, ca_key, put->ca_pem, strlen(put->ca_pem), err);
    return code == CM_OK ? stn_uploads_begin(txn, err) : code;
}

enum cm_code stn_store_put_pairing(struct stn_store *store, const struct stn_pairing *pairing,
                                   const char *ca_pem, struct cm_err *err)
{
    struct put_pairing put;
    enum cm_code code = prepare_pairing(&put, pairing, store->log.public_key, ca_pem, err);
    return code == CM_OK ? stn_store_commit(store, put_pairing, &put, false, err) : code;
}

enum cm_code stn_txn_put_pairing(struct cm_txn *txn, const struct stn_pairing *pairing,
                                 const uint8_t public_key[CM_PUBLIC_KEY_SIZE], const char *ca_pem,
                                 struct cm_err *err)
{
    struct put_pairing put;
    enum cm_code code = prepare_pairing(&put, pairing, public_key, ca_pem, err);
    return code == CM_OK ? put_pairing(txn, &put, err) : code;
}

static enum cm_code get_ca(struct cm_txn *txn, void *arg, struct cm_err *err)
{
    struct cm_bytes value;
    enum cm_code code = stn_meta_get(txn, ca_key, &value, err);
    if (code == CM_NOTFOUND)
        return CM_OK;
    if (code == CM_OK && cm_buf_append(arg, value.data, value.size) != CM_OK)
        code = cm_fail(err, CM_NOMEM, "no memory for the server's certificate");
    return code;
}

enum cm_code stn_store_get_ca(struct stn_store *store, struct cm_buf *pem, struct cm_err *err)
{
    return cm_db_read(store->db, get_ca, pem, err);
}

/* ---- marks ---- */

static enum cm_code get_marks(struct cm_txn *txn, void *arg, struct cm_err *err)
{
    struct stn_sync_marks *marks = arg;
    struct cm_bytes value;
    enum cm_code code = stn_meta_get_number(txn, acked_key, &marks->acked_seq, err);
    if (code == CM_OK)
        code = stn_meta_get_number(txn, applied_key, &marks->applied, err);
    if (code == CM_OK && stn_txn_is_paired(txn)) {
        struct pairing_record record;
        code = read_pairing(txn, &record, err);
        marks->paired_wall_ms = code == CM_OK ? record.pairing.paired_wall_ms : 0;
    }
    if (code == CM_OK)
        code = stn_meta_get(txn, cursor_key, &value, err);
    if (code == CM_NOTFOUND)
        return CM_OK;
    if (code == CM_OK && value.size >= sizeof marks->cursor)
        return cm_fail(err, CM_CORRUPT, "the store's cursor is damaged");
    if (code == CM_OK) {
        memcpy(marks->cursor, value.data, value.size);
        marks->cursor[value.size] = '\0';
    }
    return code;
}

enum cm_code stn_store_get_sync_marks(struct stn_store *store, struct stn_sync_marks *ret_marks,
                                      struct cm_err *err)
{
    struct stn_sync_marks marks = {0};
    enum cm_code code = cm_db_read(store->db, get_marks, &marks, err);
    if (code == CM_OK)
        *ret_marks = marks;
    return code;
}

bool stn_txn_has_cursor(struct cm_txn *txn)
{
    struct cm_bytes value;
    return stn_meta_get(txn, cursor_key, &value, NULL) == CM_OK && value.size > 0;
}

enum cm_code stn_txn_put_cursor(struct cm_txn *txn, const char *cursor, struct cm_err *err)
{
    size_t size = strlen(cursor);
    if (size > 0)
        return stn_meta_put(txn, cursor_key, cursor, size, err);
    enum cm_code code = cm_txn_delete(txn, STN_TABLE_META, cursor_key, sizeof cursor_key - 1, err);
    return code == CM_NOTFOUND ? CM_OK : code;
}

enum cm_code stn_txn_count_applied(struct cm_txn *txn, struct cm_err *err)
{
    uint64_t applied;
    enum cm_code code = stn_meta_get_number(txn, applied_key, &applied, err);
    return code == CM_OK ? stn_meta_put_number(txn, applied_key, applied + 1, err) : code;
}

static enum cm_code set_acked(struct cm_txn *txn, void *arg, struct cm_err *err)
{
    return stn_meta_put_number(txn, acked_key, *(const uint64_t *)arg, err);
}

enum cm_code stn_store_set_acked(struct stn_store *store, uint64_t acked_seq, struct cm_err *err)
{
    return stn_store_commit(store, set_acked, &acked_seq, false, err);
}

/* ---- the note for other processes ---- */

struct note_record {
    struct stn_sync_note note;
    struct cm_extra extra;
};

static const struct cm_field note_rows[] = {
    CM_ROW(struct note_record, 1, 1, TEXT, note.trouble),
    CM_ROW(struct note_record, 2, 1, TEXT, note.text),
    CM_ROW_RANGE(struct note_record, 3, 1, INTEGER, note.since_wall_ms, INT64_MIN, INT64_MAX),
    CM_ROW_RANGE(struct note_record, 4, 1, INTEGER, note.last_contact_wall_ms, INT64_MIN, INT64_MAX),
};
static const struct cm_table note_table = {
    .name = "sync note",
    .fields = note_rows,
    .count = sizeof note_rows / sizeof note_rows[0],
    .size = sizeof(struct note_record),
    .extra = offsetof(struct note_record, extra),
};

static enum cm_code get_note(struct cm_txn *txn, void *arg, struct cm_err *err)
{
    struct cm_bytes value;
    enum cm_code code = stn_meta_get(txn, note_key, &value, err);
    return code == CM_OK ? cm_table_decode(&note_table, value.data, value.size, arg, err) : code;
}

enum cm_code stn_store_get_sync_note(struct stn_store *store, struct stn_sync_note *ret_note,
                                     struct cm_err *err)
{
    struct note_record record = {0};
    enum cm_code code = cm_db_read(store->db, get_note, &record, err);
    if (code == CM_OK)
        *ret_note = record.note;
    return code;
}

static enum cm_code put_note(struct cm_txn *txn, void *arg, struct cm_err *err)
{
    struct note_record record = {.note = *(const struct stn_sync_note *)arg};
    uint8_t bytes[RECORD_MAX];
    size_t size;
    enum cm_code code = cm_table_encode(&note_table, &record, bytes, sizeof bytes, &size, err);
    return code == CM_OK ? stn_meta_put(txn, note_key, bytes, size, err) : code;
}

enum cm_code stn_store_put_sync_note(struct stn_store *store, const struct stn_sync_note *note,
                                     struct cm_err *err)
{
    struct stn_sync_note copy = *note;
    return stn_store_commit(store, put_note, &copy, false, err);
}
