/*
 * Who was erased: a row for each id, primary like the events, that says up to where nothing that names the id counts.
 *
 * From the erasure on that is everything: stations that were offline still send events about him, and their chain must keep
 * them. When the id is given to somebody else, it is what was in the feed by then, and every mark, correction and word of consent of a station
 * that had not carried out the erasure when it wrote it: that station still knew the one before. Other events, and those of
 * programs that did not say so yet, are his if they were captured after that. So it depends on these rows and on the event
 * alone, and a rebuild finds the same.
 */
#include "store/kvstore.h"
#include "store/kvstore_verbs.h"
#include "store/records.h"

#include <stdlib.h>
#include <string.h>

struct cut { /* nothing counts up to here, by either */
    uint64_t feed;
    int64_t wall_ms;
    int64_t erased_wall_ms; /* the last time */
};
enum {
    CUT_SIZE = 24,
    CUT_SIZE_1 = 8 /* of the first format: the feed alone, and everything counts for nobody */
};

static struct srv_key cut_key(const char *student_id)
{
    struct srv_key key = {0};
    srv_key_byte(&key, 'e');
    srv_key_text(&key, student_id);
    return key;
}

static enum cm_code decode_cut(struct cm_bytes value, struct cut *ret_cut, struct cm_err *err)
{
    const uint8_t *at = value.data;
    if (value.size != CUT_SIZE && value.size != CUT_SIZE_1)
        return srv_damaged("an erasure does not say when", err);
    *ret_cut = (struct cut){.feed = srv_get_u64(at), .wall_ms = INT64_MAX};
    if (value.size == CUT_SIZE) {
        ret_cut->wall_ms = srv_get_instant(at + 8);
        ret_cut->erased_wall_ms = srv_get_instant(at + 16);
    }
    return CM_OK;
}

static enum cm_code load_cut(struct srv_tx *tx, const char *student_id, struct cut *ret_cut,
                             struct cm_err *err)
{
    struct srv_key key = cut_key(student_id);
    struct cm_bytes value;
    enum cm_code code = srv_get(tx, SRV_T_META, &key, &value, err);
    return code == CM_OK ? decode_cut(value, ret_cut, err) : code;
}

static enum cm_code pass_cut(void *arg, struct cm_bytes key, struct cm_bytes value, struct cm_err *err)
{
    struct cut cut;
    (void)arg, (void)key;
    return decode_cut(value, &cut, err);
}

enum cm_code srv_erased_check(struct srv_tx *tx, struct cm_err *err)
{
    struct srv_key prefix = {0};
    srv_key_byte(&prefix, 'e');
    return srv_walk(tx, SRV_T_META, &prefix, prefix.size, pass_cut, NULL, err);
}

static enum cm_code put_cut(struct srv_tx *tx, const char *student_id, struct cut *cut, struct cm_err *err)
{
    struct srv_key key = cut_key(student_id);
    uint8_t bytes[CUT_SIZE];
    enum cm_code code = srv_kvs_feed_last(&tx->store->base, &cut->feed, err);
    if (code != CM_OK)
        return code;
    srv_put_u64(bytes, cut->feed);
    srv_put_u64(bytes + 8, (uint64_t)cut->wall_ms ^ UINT64_C(1) << 63);
    srv_put_u64(bytes + 16, (uint64_t)cut->erased_wall_ms ^ UINT64_C(1) << 63);
    return srv_put(tx, SRV_T_META, &key, bytes, sizeof bytes, err);
}

enum cm_code srv_erased_put(struct srv_tx *tx, const char *student_id, struct cm_err *err)
{
    struct cut cut = {.wall_ms = INT64_MAX, .erased_wall_ms = cm_wall_ms(tx->store->clock)};
    return put_cut(tx, student_id, &cut, err);
}

enum cm_code srv_erased_when(struct srv_tx *tx, const char *student_id, int64_t *ret_wall_ms,
                             struct cm_err *err)
{
    struct cut cut;
    enum cm_code code = load_cut(tx, student_id, &cut, err);
    if (code == CM_NOTFOUND)
        return srv_damaged("an erasure has no row", err);
    if (code == CM_OK)
        *ret_wall_ms = cut.erased_wall_ms;
    return code;
}

enum cm_code srv_kvs_erased_when(struct srv_store *store, const char *student_id, int64_t *ret_wall_ms,
                                 struct cm_err *err)
{
    struct srv_tx own, *tx;
    struct cut cut;
    enum cm_code code = srv_tx_begin(&own, store, &tx, err);
    if (code != CM_OK)
        return code;
    code = load_cut(tx, student_id, &cut, err);
    srv_tx_end(&own);
    if (code == CM_OK)
        *ret_wall_ms = cut.erased_wall_ms;
    return code;
}

enum cm_code srv_erased_stamp(struct srv_tx *tx, struct cm_event *event, struct cm_err *err)
{
    struct cut cut = {.erased_wall_ms = 0};
    bool correction = event->type == CM_EVENT_CORRECTION;
    if (!correction && event->type != CM_EVENT_CONSENT)
        return CM_OK;
    enum cm_code code = load_cut(
        tx, correction ? event->body.correction.student_id : event->body.consent.student_id, &cut, err);
    if (correction)
        event->body.correction.erased_wall_ms = cut.erased_wall_ms;
    else
        event->body.consent.erased_wall_ms = cut.erased_wall_ms;
    return code == CM_NOTFOUND ? CM_OK : code;
}

enum cm_code srv_erased_given_again(struct srv_tx *tx, const char *student_id, int64_t wall_ms,
                                    bool *ret_again, struct cm_err *err)
{
    struct cut cut;
    enum cm_code code = load_cut(tx, student_id, &cut, err);
    *ret_again = code == CM_OK;
    if (code != CM_OK)
        return code == CM_NOTFOUND ? CM_OK : code;
    cut.wall_ms = wall_ms;
    return put_cut(tx, student_id, &cut, err);
}

/* When what the event says was so. A clock that is not to be believed may have been ahead: then it says nothing for sure,
 * and of an id that was somebody else's it does not count. */
static int64_t said_wall_ms(const struct cm_event *event)
{
    switch (event->type) {
    case CM_EVENT_MARK:
        return event->body.mark.clock_suspect ? INT64_MIN : event->body.mark.captured_wall_ms;
    case CM_EVENT_CORRECTION:
        return event->body.correction.corrected_wall_ms;
    case CM_EVENT_ACTIVITY:
        return event->body.activity.started_wall_ms;
    case CM_EVENT_CONSENT:
        return event->body.consent.said_wall_ms;
    case CM_EVENT_ENROLLED:
    case CM_EVENT_ROSTER:
    case CM_EVENT_COVERAGE:
    case CM_EVENT_SESSION:
        break;
    }
    return event->wall_ms;
}

/* Marks, corrections and words of consent say of whose id they are. NULL: the event does not. */
static const int64_t *said_erasure(const struct cm_event *event)
{
    if (event->version < CM_RECORD_SAYS_WHOSE)
        return NULL;
    switch (event->type) {
    case CM_EVENT_MARK:
        return &event->body.mark.erased_wall_ms;
    case CM_EVENT_CORRECTION:
        return &event->body.correction.erased_wall_ms;
    case CM_EVENT_CONSENT:
        return &event->body.consent.erased_wall_ms;
    case CM_EVENT_ACTIVITY:
    case CM_EVENT_ENROLLED:
    case CM_EVENT_ROSTER:
    case CM_EVENT_COVERAGE:
    case CM_EVENT_SESSION:
        break;
    }
    return NULL;
}

static bool is_of_another(const struct cut *cut, const struct cm_event *event)
{
    const int64_t *said = said_erasure(event);
    if (cut->wall_ms == INT64_MAX) /* nobody has the id */
        return true;
    return said != NULL ? *said != cut->erased_wall_ms : said_wall_ms(event) <= cut->wall_ms;
}

enum cm_code srv_erased_is(struct srv_tx *tx, const char *student_id, uint64_t feed,
                           const struct cm_event *event, bool *ret_erased, struct cm_err *err)
{
    struct cut cut;
    *ret_erased = false;
    if (student_id[0] == '\0')
        return CM_OK;
    enum cm_code code = load_cut(tx, student_id, &cut, err);
    if (code != CM_OK)
        return code == CM_NOTFOUND ? CM_OK : code;
    *ret_erased = feed <= cut.feed || is_of_another(&cut, event);
    return CM_OK;
}

/* ---- what is shown ---- */

/* The ids that an event holds of students; NULL: none. */
static void ids_of(struct cm_event *event, char *ret_ids[2])
{
    ret_ids[0] = ret_ids[1] = NULL;
    switch (event->type) {
    case CM_EVENT_MARK:
        ret_ids[0] = event->body.mark.student_id;
        break;
    case CM_EVENT_CORRECTION:
        ret_ids[0] = event->body.correction.student_id;
        break;
    case CM_EVENT_ACTIVITY:
        ret_ids[0] = event->body.activity.student_id;
        ret_ids[1] = event->body.activity.other_id;
        break;
    case CM_EVENT_ENROLLED:
        ret_ids[0] = event->body.enrolled.student_id;
        break;
    case CM_EVENT_CONSENT:
        ret_ids[0] = event->body.consent.student_id;
        break;
    case CM_EVENT_ROSTER:
    case CM_EVENT_COVERAGE:
    case CM_EVENT_SESSION:
        break;
    }
}

/* What people wrote, and what this version does not know, may name him too. */
static void blank_texts(struct cm_event *event)
{
    memset(&event->extra, 0, sizeof event->extra);
    switch (event->type) {
    case CM_EVENT_MARK:
        memset(&event->body.mark.extra, 0, sizeof event->body.mark.extra);
        break;
    case CM_EVENT_CORRECTION:
        memset(event->body.correction.reason, 0, sizeof event->body.correction.reason);
        memset(&event->body.correction.extra, 0, sizeof event->body.correction.extra);
        break;
    case CM_EVENT_ACTIVITY:
        memset(event->body.activity.reason, 0, sizeof event->body.activity.reason);
        memset(&event->body.activity.extra, 0, sizeof event->body.activity.extra);
        break;
    case CM_EVENT_ENROLLED:
        memset(&event->body.enrolled.extra, 0, sizeof event->body.enrolled.extra);
        break;
    case CM_EVENT_CONSENT:
        memset(event->body.consent.given_by, 0, sizeof event->body.consent.given_by);
        memset(event->body.consent.words, 0, sizeof event->body.consent.words);
        memset(&event->body.consent.extra, 0, sizeof event->body.consent.extra);
        break;
    case CM_EVENT_ROSTER:
    case CM_EVENT_COVERAGE:
    case CM_EVENT_SESSION:
        break;
    }
}

enum cm_code srv_erased_conceal(struct srv_tx *tx, uint64_t feed, struct cm_event *event, bool *ret_erased,
                                struct cm_err *err)
{
    char *ids[2];
    bool erased[2] = {false, false};
    enum cm_code code = CM_OK;
    ids_of(event, ids);
    for (int i = 0; i < 2 && code == CM_OK; i++)
        if (ids[i] != NULL)
            code = srv_erased_is(tx, ids[i], feed, event, &erased[i], err);
    if (code != CM_OK)
        return code;
    for (int i = 0; i < 2; i++)
        if (erased[i])
            memset(ids[i], 0, CM_ID_SIZE);
    *ret_erased = erased[0] || erased[1];
    if (*ret_erased)
        blank_texts(event);
    return CM_OK;
}

/* ---- notes of reviews, which are nobody's evidence: they go; a row for each student whom the activity names leads there ---- */

static struct srv_key note_key(const char *student_id)
{
    struct srv_key key = {0};
    srv_key_byte(&key, 'n');
    srv_key_text(&key, student_id);
    return key;
}

struct named {
    char ids[2][CM_ID_SIZE];
};

static bool look_whom(void *arg, const struct srv_feed_item *item)
{
    struct named *named = arg;
    memcpy(named->ids[0], item->event->body.activity.student_id, CM_ID_SIZE);
    memcpy(named->ids[1], item->event->body.activity.other_id, CM_ID_SIZE);
    return false;
}

enum cm_code srv_erased_note_review(struct srv_tx *tx, uint64_t feed, struct cm_err *err)
{
    struct named named = {{""}};
    enum cm_code code = srv_kvs_get_feed(&tx->store->base, feed, look_whom, &named, err);
    for (int i = 0; i < 2 && code == CM_OK; i++) {
        struct srv_key key = note_key(named.ids[i]);
        srv_key_u64(&key, feed);
        if (named.ids[i][0] != '\0')
            code = srv_put(tx, SRV_T_META, &key, "", 1, err);
    }
    return code;
}

struct noted { /* feed numbers */
    size_t prefix_size;
    uint64_t *list;
    size_t count, room;
};

static enum cm_code take_noted(void *arg, struct cm_bytes key, struct cm_bytes value, struct cm_err *err)
{
    struct noted *noted = arg;
    (void)value;
    if (key.size != noted->prefix_size + 8)
        return srv_damaged("the key of a note has the wrong size", err);
    if (noted->count == noted->room) {
        size_t room = noted->room > 0 ? noted->room * 2 : 64;
        uint64_t *list = realloc(noted->list, room * sizeof *list);
        if (list == NULL)
            return cm_fail(err, CM_NOMEM, "no memory for the reviews");
        noted->list = list;
        noted->room = room;
    }
    noted->list[noted->count++] = srv_get_u64((const uint8_t *)key.data + noted->prefix_size);
    return CM_OK;
}

static enum cm_code forget_note(struct srv_tx *tx, uint64_t feed, struct cm_err *err)
{
    struct srv_key key = {0};
    struct cm_bytes value;
    struct srv_review review;
    uint8_t row[SRV_ROW_MAX];
    size_t size;
    srv_key_u64(&key, feed);
    enum cm_code code = srv_get(tx, SRV_T_REVIEWS, &key, &value, err);
    if (code == CM_OK)
        code = srv_review_decode(value, &review, err);
    if (code != CM_OK)
        return code;
    memset(review.note, 0, sizeof review.note);
    code = srv_review_encode(&review, row, &size, err);
    return code == CM_OK ? srv_put(tx, SRV_T_REVIEWS, &key, row, size, err) : code;
}

enum cm_code srv_erased_forget_notes(struct srv_tx *tx, const char *student_id, struct cm_err *err)
{
    struct srv_key prefix = note_key(student_id);
    struct noted noted = {.prefix_size = prefix.size};
    enum cm_code code = srv_walk(tx, SRV_T_META, &prefix, prefix.size, take_noted, &noted, err);
    for (size_t i = 0; i < noted.count && code == CM_OK; i++)
        code = forget_note(tx, noted.list[i], err);
    free(noted.list);
    return code == CM_OK ? srv_delete_prefix(tx, SRV_T_META, &prefix, err) : code;
}
