/*
 * Erased students, at the station. The log keeps its events, for the chain; the roll forgets them, so that whoever is given
 * the id next is marked like everybody else. A word in the meta table says which erasure was the last, and up to which event
 * the log speaks of somebody who is not there any more.
 */
#include "store/store_private.h"

#include "store/store_sync.h"
#include <stdio.h>
#include <string.h>

static const char prefix[] = "erased:";
enum { WORD_SIZE = sizeof prefix + CM_ID_SIZE, ROW_SIZE = 16, DATE_SIZE = 4 };

static void word_of(const char *student_id, char word[WORD_SIZE])
{
    snprintf(word, WORD_SIZE, "%s%s", prefix, student_id);
}

static void put_number(uint64_t number, uint8_t *bytes)
{
    for (int i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(number >> (8 * (7 - i)));
}

static uint64_t get_number(const uint8_t *bytes)
{
    uint64_t number = 0;
    for (int i = 0; i < 8; i++)
        number = number << 8 | bytes[i];
    return number;
}

static enum cm_code load(struct cm_txn *txn, const char *word, struct stn_erased *ret_erased,
                         struct cm_err *err)
{
    struct cm_bytes value;
    enum cm_code code = stn_meta_get(txn, word, &value, err);
    if (code != CM_OK)
        return code;
    if (value.size != ROW_SIZE)
        return cm_fail(err, CM_CORRUPT, "the store's note of an erasure is damaged");
    ret_erased->at_ms = (int64_t)get_number(value.data);
    ret_erased->seq = get_number((const uint8_t *)value.data + 8);
    return CM_OK;
}

static enum cm_code save(struct cm_txn *txn, const char *word, const struct stn_erased *erased,
                         struct cm_err *err)
{
    uint8_t row[ROW_SIZE];
    put_number((uint64_t)erased->at_ms, row);
    put_number(erased->seq, row + 8);
    return stn_meta_put(txn, word, row, sizeof row, err);
}

enum cm_code stn_erased_get(struct cm_txn *txn, const char *student_id, struct stn_erased *ret_erased,
                            struct cm_err *err)
{
    char word[WORD_SIZE];
    word_of(student_id, word);
    return load(txn, word, ret_erased, err);
}

/* Keys of the roll are date ‖ class ‖ NUL ‖ student. */
static bool is_of(const struct stn_key *key, const char *student_id)
{
    size_t length = strlen(student_id);
    return key->size > DATE_SIZE + length + 1 && key->bytes[key->size - length - 1] == 0 &&
           memcmp(key->bytes + key->size - length, student_id, length) == 0;
}

enum cm_code stn_erased_put(struct stn_store *store, struct cm_txn *txn, const char *student_id,
                            int64_t at_ms, struct cm_err *err)
{
    struct stn_key key = {.size = 0};
    struct cm_eventlog_head head;
    char word[WORD_SIZE];
    enum cm_code code;
    while ((code = stn_table_next(txn, STN_TABLE_ROLL, &key, err)) == CM_OK)
        if (is_of(&key, student_id) &&
            (code = cm_txn_delete(txn, STN_TABLE_ROLL, key.bytes, key.size, err)) != CM_OK)
            return code;
    if (code == CM_EOF)
        code = cm_eventlog_head(txn, &store->log, &head, err);
    if (code != CM_OK)
        return code;
    word_of(student_id, word);
    return save(txn, word, &(struct stn_erased){at_ms, head.seq}, err);
}

enum cm_code stn_erased_renumber(struct cm_txn *txn, uint64_t first_seq, struct cm_err *err)
{
    struct stn_key key = {.size = sizeof prefix - 1};
    enum cm_code code;
    memcpy(key.bytes, prefix, key.size);
    while ((code = stn_table_next(txn, STN_TABLE_META, &key, err)) == CM_OK) {
        struct stn_erased erased;
        char word[WORD_SIZE];
        if (key.size >= sizeof word || memcmp(key.bytes, prefix, sizeof prefix - 1) != 0)
            return CM_OK;
        memcpy(word, key.bytes, key.size);
        word[key.size] = '\0';
        if ((code = load(txn, word, &erased, err)) != CM_OK)
            return code;
        erased.seq = erased.seq < first_seq ? 0 : erased.seq - first_seq + 1;
        if ((code = save(txn, word, &erased, err)) != CM_OK)
            return code;
    }
    return code == CM_EOF ? CM_OK : code;
}
