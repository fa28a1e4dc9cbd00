/* What people said of sessions at this station, its own coverage by the hour, and what the server has of recent rolls. */
#include "store/store_roll.h"

#include "record/table.h"
#include "store/store_private.h"
#include "store/store_sync.h"
#include <stdlib.h>
#include <string.h>

enum { DATE_SIZE = 4, VALUE_MAX = 1024, HOUR_SIZE = 4, SPAN_KEY = HOUR_SIZE + 8, STANDING_SIZE = 6 * 4 };
static const int64_t hour_ms = 60 * 60 * 1000;
static const int64_t coverage_kept_ms = INT64_C(60) * 24 * 60 * 60 * 1000;
static const char pulled_key[] = "pulled_acked";

void stn_put_u32(uint32_t number, uint8_t *bytes)
{
    for (int i = 0; i < 4; i++)
        bytes[i] = (uint8_t)(number >> (8 * (3 - i)));
}

uint32_t stn_get_u32(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static void put_u64(uint64_t number, uint8_t *bytes)
{
    stn_put_u32((uint32_t)(number >> 32), bytes);
    stn_put_u32((uint32_t)number, bytes + 4);
}

static uint64_t get_u64(const uint8_t *bytes)
{
    return (uint64_t)stn_get_u32(bytes) << 32 | stn_get_u32(bytes + 4);
}

size_t stn_session_key(int32_t date, const char *class_id, uint8_t key[STN_SESSION_KEY_MAX])
{
    size_t size = strnlen(class_id, CM_ID_SIZE - 1);
    stn_put_u32((uint32_t)date, key);
    memcpy(key + DATE_SIZE, class_id, size);
    return DATE_SIZE + size;
}

/* ---- words ---- */

static const struct cm_field word_rows[] = {
    CM_ROW_RANGE(struct stn_own_word, 1, 1, INTEGER, word.word, CM_WORD_CLOSED, CM_WORD_NO_SESSION),
    CM_ROW_RANGE(struct stn_own_word, 2, 1, INTEGER, word.said_wall_ms, 0, INT64_MAX),
    CM_ROW(struct stn_own_word, 3, 1, BYTES, word.id),
    CM_ROW(struct stn_own_word, 4, 1, TEXT, word.by),
    CM_ROW(struct stn_own_word, 5, 1, TEXT, word.reason),
    CM_ROW_RANGE(struct stn_own_word, 6, 1, INTEGER, seq, 1, INT64_MAX),
};
static const struct cm_table word_table = {
    .name = "word about a session",
    .fields = word_rows,
    .count = sizeof word_rows / sizeof word_rows[0],
    .size = sizeof(struct stn_own_word),
    .extra = offsetof(struct stn_own_word, extra),
};

enum cm_code stn_word_decode(struct cm_bytes value, struct stn_own_word *ret_word, struct cm_err *err)
{
    struct cm_err why = CM_ERR_INIT;
    if (cm_table_decode(&word_table, value.data, value.size, ret_word, &why) != CM_OK)
        return cm_fail(err, CM_CORRUPT, "the store's note of a word does not decode: %s", why.msg);
    return CM_OK;
}

enum cm_code stn_word_get(struct cm_txn *txn, int32_t date, const char *class_id,
                          struct stn_own_word *ret_word, struct cm_err *err)
{
    uint8_t key[STN_SESSION_KEY_MAX];
    struct cm_bytes value;
    memset(ret_word, 0, sizeof *ret_word);
    enum cm_code code =
        cm_txn_get(txn, STN_TABLE_WORDS, key, stn_session_key(date, class_id, key), &value, err);
    if (code != CM_OK)
        return code == CM_NOTFOUND ? CM_OK : code;
    return stn_word_decode(value, ret_word, err);
}

static enum cm_code put_word(struct cm_txn *txn, const void *key, size_t key_size,
                             const struct stn_own_word *word, struct cm_err *err)
{
    uint8_t value[VALUE_MAX];
    size_t size;
    enum cm_code code = cm_table_encode(&word_table, word, value, sizeof value, &size, err);
    return code == CM_OK ? cm_txn_put(txn, STN_TABLE_WORDS, key, key_size, value, size, err) : code;
}

struct say {
    struct stn_store *store;
    struct cm_event event;
};

static enum cm_code say(struct cm_txn *txn, void *arg, struct cm_err *err)
{
    struct say *s = arg;
    const struct cm_session_said *said = &s->event.body.session;
    struct stn_own_word word;
    uint8_t key[STN_SESSION_KEY_MAX];
    enum cm_code code = stn_word_get(txn, said->date, said->class_id, &word, err);
    if (code == CM_OK)
        code = stn_store_log(s->store, txn, &s->event, err);
    if (code != CM_OK || !cm_word_add(&word.word, said, s->event.id))
        return code;
    word.seq = s->event.seq;
    return put_word(txn, key, stn_session_key(said->date, said->class_id, key), &word, err);
}

enum cm_code stn_store_append_session(struct stn_store *store, const struct cm_session_said *said,
                                      struct cm_err *err)
{
    struct say s = {.store = store};
    enum cm_code code = stn_store_check_id("class", said->class_id, err);
    if (code != CM_OK)
        return code;
    stn_store_envelope(store, CM_EVENT_SESSION, &s.event);
    s.event.body.session = *said;
    return stn_store_commit(store, say, &s, false, err);
}

enum cm_code stn_words_renumber(struct cm_txn *txn, uint64_t first_seq, struct cm_err *err)
{
    struct stn_key key = {.size = 0};
    enum cm_code code;
    while ((code = stn_table_next(txn, STN_TABLE_WORDS, &key, err)) == CM_OK) {
        struct cm_bytes value;
        struct stn_own_word word;
        code = cm_txn_get(txn, STN_TABLE_WORDS, key.bytes, key.size, &value, err);
        if (code == CM_OK)
            code = stn_word_decode(value, &word, err);
        if (code != CM_OK)
            return code;
        if (word.seq != STN_SEQ_EARLIER)
            word.seq = word.seq < first_seq ? STN_SEQ_EARLIER : word.seq - first_seq + 1;
        if ((code = put_word(txn, key.bytes, key.size, &word, err)) != CM_OK)
            return code;
    }
    return code == CM_EOF ? CM_OK : code;
}

/* ---- coverage: spans cut at the hours of UTC, so that those of a session are found ---- */

static enum cm_code drop_old_coverage(struct cm_txn *txn, int64_t before_ms, struct cm_err *err)
{
    struct stn_key key = {.size = 0};
    enum cm_code code;
    while ((code = stn_table_next(txn, STN_TABLE_COVERAGE, &key, err)) == CM_OK &&
           (int64_t)stn_get_u32(key.bytes) * hour_ms < before_ms)
        if ((code = cm_txn_delete(txn, STN_TABLE_COVERAGE, key.bytes, key.size, err)) != CM_OK)
            return code;
    return code == CM_EOF ? CM_OK : code;
}

enum cm_code stn_coverage_put(struct cm_txn *txn, const struct cm_coverage *span, struct cm_err *err)
{
    enum cm_code code = drop_old_coverage(txn, span->from_wall_ms - coverage_kept_ms, err);
    if (span->to_wall_ms - span->from_wall_ms >
        24 * hour_ms) /* as at the server: it says nothing to rely on */
        return code;
    for (int64_t from = span->from_wall_ms, to; code == CM_OK && from < span->to_wall_ms; from = to) {
        uint8_t key[SPAN_KEY], value[9];
        int64_t hour = from / hour_ms;
        to = (hour + 1) * hour_ms < span->to_wall_ms ? (hour + 1) * hour_ms : span->to_wall_ms;
        stn_put_u32((uint32_t)hour, key);
        put_u64((uint64_t)from, key + HOUR_SIZE);
        put_u64((uint64_t)to, value);
        value[8] = span->able;
        code = cm_txn_put(txn, STN_TABLE_COVERAGE, key, sizeof key, value, sizeof value, err);
    }
    return code;
}

struct edges {
    struct cm_edge *list;
    size_t count, room;
};

static enum cm_code take_span(void *arg, struct cm_bytes key, struct cm_bytes value, struct cm_err *err)
{
    struct edges *edges = arg;
    if (key.size != SPAN_KEY || value.size != 9)
        return cm_fail(err, CM_CORRUPT, "a span of coverage does not decode");
    if (edges->count + 2 > edges->room) {
        size_t room = edges->room > 0 ? edges->room * 2 : 64;
        struct cm_edge *list = realloc(edges->list, room * sizeof *list);
        if (list == NULL)
            return cm_fail(err, CM_NOMEM, "no memory for the coverage");
        edges->list = list;
        edges->room = room;
    }
    int32_t able = ((const uint8_t *)value.data)[8] != 0;
    edges->list[edges->count++] =
        (struct cm_edge){(int64_t)get_u64((const uint8_t *)key.data + HOUR_SIZE), able, !able};
    edges->list[edges->count++] = (struct cm_edge){(int64_t)get_u64(value.data), -able, -!able};
    return CM_OK;
}

enum cm_code stn_coverage_able_ms(struct cm_txn *txn, const struct cm_session *times, int64_t *ret_able_ms,
                                  struct cm_err *err)
{
    struct edges edges = {.count = 0};
    enum cm_code code = CM_OK;
    int64_t last = times->close_wall_ms / hour_ms;
    for (int64_t hour = times->start_wall_ms / hour_ms; hour <= last && code == CM_OK; hour++) {
        uint8_t prefix[HOUR_SIZE];
        stn_put_u32((uint32_t)hour, prefix);
        code = cm_txn_walk(txn, STN_TABLE_COVERAGE, (struct cm_bytes){prefix, sizeof prefix}, sizeof prefix,
                           take_span, &edges, err);
    }
    if (code == CM_OK)
        *ret_able_ms = cm_able_ms(edges.list, edges.count, times->start_wall_ms, times->close_wall_ms);
    free(edges.list);
    return code;
}

/* ---- what the server has ---- */

uint64_t stn_txn_pulled(struct cm_txn *txn)
{
    uint64_t seq = 0;
    return stn_meta_get_number(txn, pulled_key, &seq, NULL) == CM_OK ? seq : 0;
}

enum cm_code stn_txn_put_pulled(struct cm_txn *txn, uint64_t seq, struct cm_err *err)
{
    return stn_txn_pulled(txn) == seq ? CM_OK : stn_meta_put_number(txn, pulled_key, seq, err);
}

enum cm_code stn_rolls_forget(struct cm_txn *txn, struct cm_err *err)
{
    enum cm_code code = cm_txn_clear(txn, STN_TABLE_ROLLS, err);
    if (code == CM_OK)
        code = cm_txn_clear(txn, STN_TABLE_STANDINGS, err);
    return code == CM_OK ? stn_txn_put_pulled(txn, 0, err) : code;
}

static void standing_encode(const struct cm_standing *standing, uint8_t bytes[STANDING_SIZE])
{
    const int32_t numbers[] = {standing->points,     standing->before.streak, standing->before.best,
                               standing->now.streak, standing->now.best,      standing->last_date};
    for (int i = 0; i < 6; i++)
        stn_put_u32((uint32_t)numbers[i], bytes + 4 * i);
}

enum cm_code stn_standing_get(struct cm_txn *txn, const char *student_id, struct cm_standing *ret_standing,
                              struct cm_err *err)
{
    struct cm_bytes value;
    enum cm_code code = cm_txn_get(txn, STN_TABLE_STANDINGS, student_id, strlen(student_id), &value, err);
    if (code != CM_OK)
        return code;
    if (value.size != STANDING_SIZE)
        return cm_fail(err, CM_CORRUPT, "a standing does not decode");
    int32_t numbers[6];
    for (int i = 0; i < 6; i++)
        numbers[i] = (int32_t)stn_get_u32((const uint8_t *)value.data + 4 * i);
    *ret_standing = (struct cm_standing){.points = numbers[0],
                                         .before = {numbers[1], numbers[2]},
                                         .now = {numbers[3], numbers[4]},
                                         .last_date = numbers[5]};
    return CM_OK;
}

static enum cm_code put_standing(struct cm_txn *txn, const struct cm_roll_line *line, struct cm_err *err)
{
    uint8_t bytes[STANDING_SIZE];
    struct cm_bytes before;
    size_t size = strlen(line->student_id);
    standing_encode(&line->standing, bytes);
    enum cm_code code = cm_txn_get(txn, STN_TABLE_STANDINGS, line->student_id, size, &before, err);
    if (code == CM_OK && before.size == sizeof bytes && memcmp(before.data, bytes, sizeof bytes) == 0)
        return CM_OK;
    if (code != CM_OK && code != CM_NOTFOUND)
        return code;
    return cm_txn_put(txn, STN_TABLE_STANDINGS, line->student_id, size, bytes, sizeof bytes, err);
}

static enum cm_code drop_old_rolls(struct cm_txn *txn, int32_t before, struct cm_err *err)
{
    struct stn_key key = {.size = 0};
    enum cm_code code;
    while ((code = stn_table_next(txn, STN_TABLE_ROLLS, &key, err)) == CM_OK &&
           (int32_t)stn_get_u32(key.bytes) < before)
        if ((code = cm_txn_delete(txn, STN_TABLE_ROLLS, key.bytes, key.size, err)) != CM_OK)
            return code;
    return code == CM_EOF ? CM_OK : code;
}

enum cm_code stn_rolls_put(struct cm_txn *txn, const char *class_id, const struct cm_roll_news *news,
                           struct cm_span body, struct cm_err *err)
{
    uint8_t key[STN_SESSION_KEY_MAX];
    enum cm_code code = CM_OK;
    for (int i = 0; i < news->count && code == CM_OK; i++) {
        code = stn_store_check_id("student", news->lines[i].student_id, err);
        if (code == CM_OK)
            code = put_standing(txn, &news->lines[i], err);
    }
    if (code != CM_OK || news->date == 0)
        return code;
    if (!cm_date_valid(news->date))
        return cm_fail(err, CM_INVALID, "%d is no date", (int)news->date);
    code = drop_old_rolls(txn, cm_date_add(news->date, -2 * STN_ROLL_DAYS), err);
    return code == CM_OK ? cm_txn_put(txn, STN_TABLE_ROLLS, key, stn_session_key(news->date, class_id, key),
                                      body.data, body.size, err)
                         : code;
}
