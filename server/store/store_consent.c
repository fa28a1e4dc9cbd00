/* Consent: who said what, and that nobody's templates outlast it. */
#include "store/derive_kv.h"
#include "store/kvstore.h"
#include "store/kvstore_verbs.h"
#include "store/settings.h"

#include <string.h>

/* ---- what follows from a word ---- */

/* Stations are told in any case: also whoever said a word that does not count learns how it stands. */
enum cm_code srv_consent_obey(struct srv_tx *tx, const struct cm_event *event, struct cm_err *err)
{
    struct srv_student student;
    struct cm_consent_word word;
    int64_t refused_wall_ms;
    const char *student_id = event->body.consent.student_id;
    if (event->type != CM_EVENT_CONSENT)
        return CM_OK;
    enum cm_code code = srv_load_student(tx, student_id, &student, err);
    if (code != CM_OK)
        return code == CM_NOTFOUND ? CM_OK : code;
    code = srv_note_change(tx, SRV_CHANGE_STUDENT, student_id, err);
    if (code == CM_OK)
        code = srv_consent_load(tx, student_id, &word, &refused_wall_ms, err);
    bool counts = code == CM_OK && memcmp(word.id, event->id, sizeof word.id) == 0;
    if (code != CM_OK || !counts || word.state == CM_CONSENT_GIVEN)
        return code;
    return srv_withdraw_templates(tx, &student, err);
}

/* ---- reading ---- */

struct each {
    struct srv_tx *tx;
    srv_feed_visit_fn *visit;
    void *arg;
    size_t prefix;
};

static enum cm_code visit_word(void *arg, struct cm_bytes key, struct cm_bytes value, struct cm_err *err)
{
    const struct each *each = arg;
    struct srv_place place;
    bool more = true;
    if (key.size == each->prefix) /* the one that counts, which stands among them */
        return CM_OK;
    if (key.size != each->prefix + 8)
        return srv_damaged("the key of a word of consent has the wrong size", err);
    enum cm_code code = srv_place_get(value, &place, err);
    if (code == CM_OK)
        code = srv_show_event(each->tx, srv_get_u64((const uint8_t *)key.data + each->prefix), &place,
                              each->visit, each->arg, &more, err);
    return code == CM_OK && !more ? CM_EOF : code;
}

enum cm_code srv_kvs_each_consent(struct srv_store *store, const char *student_id, srv_feed_visit_fn *visit,
                                  void *arg, struct cm_err *err)
{
    struct srv_tx own, *tx;
    struct each each = {.visit = visit, .arg = arg};
    struct srv_key prefix = {0};
    enum cm_code code = srv_check_id("student", student_id, err);
    if (code == CM_OK)
        code = srv_tx_begin(&own, store, &tx, err);
    if (code != CM_OK)
        return code;
    each.tx = tx;
    srv_key_text(&prefix, student_id);
    each.prefix = prefix.size;
    code = srv_walk(tx, SRV_T_CONSENTS, &prefix, prefix.size, visit_word, &each, err);
    srv_tx_end(&own);
    return code;
}

/* ---- card and PIN ---- */

enum cm_code srv_kvs_put_credentials(struct srv_store *store, const char *student_id, const uint8_t *card_tag,
                                     const char *pin_hash, struct cm_err *err)
{
    struct srv_tx *tx;
    struct srv_student student;
    enum cm_code code = srv_tx_writing(store, &tx, err);
    if (code == CM_OK)
        code = srv_load_student(tx, student_id, &student, err);
    if (code == CM_NOTFOUND)
        return cm_fail(err, CM_NOTFOUND, "there is no student %.63s", student_id);
    if (code != CM_OK)
        return code;
    if (pin_hash != NULL && strlen(pin_hash) >= sizeof student.base.pin_hash)
        return cm_fail(err, CM_INVALID, "a PIN's hash is too long");
    if (card_tag != NULL)
        memcpy(student.base.card_tag, card_tag, sizeof student.base.card_tag);
    if (pin_hash != NULL)
        strcpy(student.base.pin_hash, pin_hash);
    student.changed_wall_ms = cm_wall_ms(tx->store->clock);
    code = srv_save_student(tx, &student, err);
    return code == CM_OK ? srv_note_change(tx, SRV_CHANGE_STUDENT, student_id, err) : code;
}
