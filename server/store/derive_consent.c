/*
 * What people said of consent: the word that counts for each student, and all of them for whoever asks.
 *
 * A station's clock is believed up to a day beyond the receipt. A consent that says more than that counts for nothing, or it
 * would undo a withdrawal that it did not know of; a refusal or a withdrawal counts as said a day after the receipt, which is
 * after every consent that its station can have known of.
 */
#include "store/derive_kv.h"

#include <string.h>

static const int64_t day_ms = 24 * 60 * 60 * 1000;

enum { WORD_SIZE = 1 + 8 + 16 + 8 };

static struct srv_key word_key(const char *student_id)
{
    struct srv_key key = {0};
    srv_key_text(&key, student_id);
    return key;
}

enum cm_code srv_consent_load(struct srv_tx *tx, const char *student_id, struct cm_consent_word *ret_word,
                              int64_t *ret_refused_wall_ms, struct cm_err *err)
{
    struct srv_key key = word_key(student_id);
    struct cm_bytes value;
    *ret_word = (struct cm_consent_word){.state = CM_CONSENT_NONE};
    *ret_refused_wall_ms = 0;
    enum cm_code code = srv_get(tx, SRV_T_CONSENTS, &key, &value, err);
    if (code != CM_OK)
        return code == CM_NOTFOUND ? CM_OK : code;
    const uint8_t *bytes = value.data;
    if (value.size != WORD_SIZE || bytes[0] < CM_CONSENT_GIVEN || bytes[0] > CM_CONSENT_WITHDRAWN)
        return srv_damaged("a word of consent does not decode", err);
    ret_word->state = (enum cm_consent_state)bytes[0];
    ret_word->said_wall_ms = srv_get_instant(bytes + 1);
    memcpy(ret_word->id, bytes + 9, sizeof ret_word->id);
    *ret_refused_wall_ms = srv_get_instant(bytes + 25);
    return CM_OK;
}

static enum cm_code save(struct srv_tx *tx, const char *student_id, const struct cm_consent_word *word,
                         int64_t refused_wall_ms, struct cm_err *err)
{
    struct srv_key key = word_key(student_id);
    uint8_t bytes[WORD_SIZE];
    bytes[0] = (uint8_t)word->state;
    srv_put_u64(bytes + 1, (uint64_t)word->said_wall_ms ^ UINT64_C(1) << 63);
    memcpy(bytes + 9, word->id, sizeof word->id);
    srv_put_u64(bytes + 25, (uint64_t)refused_wall_ms ^ UINT64_C(1) << 63);
    return srv_put(tx, SRV_T_CONSENTS, &key, bytes, sizeof bytes, err);
}

static enum cm_code keep_in_history(struct srv_tx *tx, const char *student_id, uint64_t feed,
                                    const struct srv_place *place, struct cm_err *err)
{
    struct srv_key key = word_key(student_id);
    uint8_t bytes[SRV_PLACE_SIZE];
    srv_key_u64(&key, feed);
    srv_place_put(place, bytes);
    return srv_put(tx, SRV_T_CONSENTS, &key, bytes, sizeof bytes, err);
}

enum cm_code srv_derive_consent(struct srv_tx *tx, uint64_t feed, const struct srv_place *place,
                                const struct cm_event *event, struct cm_err *err)
{
    struct cm_consent consent = event->body.consent;
    struct cm_consent_word word;
    int64_t latest_ms = place->received_wall_ms + day_ms, refused_ms;
    bool erased;
    if (consent.student_id[0] == '\0')
        return CM_OK;
    enum cm_code code = srv_erased_is(tx, consent.student_id, feed, event, &erased, err);
    if (code != CM_OK || erased)
        return code;
    code = keep_in_history(tx, consent.student_id, feed, place, err);
    if (code != CM_OK || (consent.state == CM_CONSENT_GIVEN && consent.said_wall_ms > latest_ms))
        return code;
    if (consent.said_wall_ms > latest_ms)
        consent.said_wall_ms = latest_ms;
    code = srv_consent_load(tx, consent.student_id, &word, &refused_ms, err);
    if (code != CM_OK)
        return code;
    if (consent.state != CM_CONSENT_GIVEN && consent.said_wall_ms > refused_ms)
        refused_ms = consent.said_wall_ms;
    cm_consent_add(&word, &consent, event->id);
    return save(tx, consent.student_id, &word, refused_ms, err);
}

enum cm_code srv_consent_forget(struct srv_tx *tx, const char *student_id, struct cm_err *err)
{
    struct srv_key prefix = word_key(student_id);
    return srv_delete_prefix(tx, SRV_T_CONSENTS, &prefix, err);
}
