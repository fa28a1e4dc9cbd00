/*
 * Consent, and card and PIN.
 *
 * What was said here stands in the log and as a word of the meta table (consent:ID), beside what the server says in the
 * student's record: of the two the later one counts, of one instant the more careful. Once the server has the event, the next
 * record of the student that it sends says how it stands, and the word goes.
 */
#include "store/store.h"

#include "lane/rule.h"
#include "record/codec.h"
#include "store/store_private.h"
#include "store/vault.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char prefix[] = "consent:";
enum { WORD_SIZE = sizeof prefix + CM_ID_SIZE, ROW_SIZE = 1 + 8 + 8, VALUE_MAX = 2048 };

/* ---- the words ---- */

struct own {
    struct stn_consent word;
    uint64_t seq; /* of its event */
};

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

static enum cm_code load(struct cm_txn *txn, const char *word, struct own *ret_own, struct cm_err *err)
{
    struct cm_bytes value;
    enum cm_code code = stn_meta_get(txn, word, &value, err);
    if (code != CM_OK)
        return code;
    const uint8_t *bytes = value.data;
    if (value.size != ROW_SIZE || bytes[0] < CM_CONSENT_GIVEN || bytes[0] > CM_CONSENT_WITHDRAWN)
        return cm_fail(err, CM_CORRUPT, "the store's note of a consent is damaged");
    ret_own->word.state = (enum cm_consent_state)bytes[0];
    ret_own->word.said_wall_ms = (int64_t)get_number(bytes + 1);
    ret_own->seq = get_number(bytes + 9);
    return CM_OK;
}

static enum cm_code save(struct cm_txn *txn, const char *word, const struct own *own, struct cm_err *err)
{
    uint8_t row[ROW_SIZE];
    row[0] = (uint8_t)own->word.state;
    put_number((uint64_t)own->word.said_wall_ms, row + 1);
    put_number(own->seq, row + 9);
    return stn_meta_put(txn, word, row, sizeof row, err);
}

static bool is_later(const struct stn_consent *a, const struct stn_consent *b)
{
    if (a->said_wall_ms != b->said_wall_ms)
        return a->said_wall_ms > b->said_wall_ms;
    return b->state == CM_CONSENT_GIVEN;
}

enum cm_code stn_consent_merge(struct cm_txn *txn, struct cm_student *student, struct cm_err *err)
{
    char word[WORD_SIZE];
    struct own own;
    struct stn_consent server = {student->consent, student->consent_wall_ms};
    word_of(student->id, word);
    enum cm_code code = load(txn, word, &own, err);
    if (code == CM_OK && (server.state == CM_CONSENT_NONE || is_later(&own.word, &server))) {
        student->consent = own.word.state;
        student->consent_wall_ms = own.word.said_wall_ms;
    }
    return code == CM_NOTFOUND ? CM_OK : code;
}

enum cm_code stn_consent_get(struct cm_txn *txn, const char *student_id, struct stn_consent *ret_consent,
                             struct cm_err *err)
{
    struct cm_bytes value;
    struct cm_student student = {.consent = CM_CONSENT_NONE};
    struct cm_err why = CM_ERR_INIT;
    enum cm_code code = cm_txn_get(txn, STN_TABLE_STUDENTS, student_id, strlen(student_id), &value, err);
    if (code == CM_OK && cm_record_decode(CM_RECORD_STUDENT, value.data, value.size, &student, &why) != CM_OK)
        return cm_fail(err, CM_CORRUPT, "the record of %.63s does not decode: %s", student_id, why.msg);
    if (code != CM_OK && code != CM_NOTFOUND)
        return code;
    snprintf(student.id, sizeof student.id, "%s", student_id);
    code = stn_consent_merge(txn, &student, err);
    *ret_consent = (struct stn_consent){student.consent, student.consent_wall_ms};
    return code;
}

enum cm_code stn_consent_settled(struct cm_txn *txn, const char *student_id, uint64_t acked_seq,
                                 struct cm_err *err)
{
    char word[WORD_SIZE];
    struct own own;
    word_of(student_id, word);
    enum cm_code code = load(txn, word, &own, err);
    if (code != CM_OK)
        return code == CM_NOTFOUND ? CM_OK : code;
    return own.seq <= acked_seq ? stn_consent_forget(txn, student_id, err) : CM_OK;
}

enum cm_code stn_consent_forget(struct cm_txn *txn, const char *student_id, struct cm_err *err)
{
    char word[WORD_SIZE];
    word_of(student_id, word);
    enum cm_code code = cm_txn_delete(txn, STN_TABLE_META, word, strlen(word), err);
    return code == CM_NOTFOUND ? CM_OK : code;
}

enum cm_code stn_consent_renumber(struct cm_txn *txn, uint64_t first_seq, struct cm_err *err)
{
    struct stn_key key = {.size = sizeof prefix - 1};
    enum cm_code code;
    memcpy(key.bytes, prefix, key.size);
    while ((code = stn_table_next(txn, STN_TABLE_META, &key, err)) == CM_OK) {
        struct own own;
        char word[WORD_SIZE];
        if (key.size >= sizeof word || memcmp(key.bytes, prefix, sizeof prefix - 1) != 0)
            return CM_OK;
        memcpy(word, key.bytes, key.size);
        word[key.size] = '\0';
        if ((code = load(txn, word, &own, err)) != CM_OK)
            return code;
        own.seq = own.seq < first_seq ? 0 : own.seq - first_seq + 1;
        if ((code = save(txn, word, &own, err)) != CM_OK)
            return code;
    }
    return code == CM_EOF ? CM_OK : code;
}

/* ---- saying ---- */

enum cm_code stn_consent_say(struct stn_store *store, struct cm_txn *txn, struct cm_event *event,
                             struct cm_err *err)
{
    struct cm_consent *consent = &event->body.consent;
    struct stn_erased erased = {.at_ms = 0};
    struct stn_consent known;
    char word[WORD_SIZE];
    enum cm_code code = stn_erased_get(txn, consent->student_id, &erased, err);
    if (code != CM_OK && code != CM_NOTFOUND)
        return code;
    code = stn_consent_get(txn, consent->student_id, &known, err);
    if (code != CM_OK)
        return code;
    consent->erased_wall_ms = erased.at_ms;
    consent->said_wall_ms = cm_consent_instant(event->wall_ms, known.said_wall_ms);
    if ((code = stn_store_log(store, txn, event, err)) != CM_OK)
        return code;
    word_of(consent->student_id, word);
    return save(txn, word, &(struct own){{consent->state, consent->said_wall_ms}, event->seq}, err);
}

struct say {
    struct stn_store *store;
    struct cm_event *consents, *enrolled; /* an envelope for each of either */
    size_t count;
    bool shred;
};

/* Gone at once, also without a network; a running engine follows the log and forgets the face. */
static enum cm_code take_templates_away(struct say *say, struct cm_txn *txn, struct cm_event *enrolled,
                                        struct cm_err *err)
{
    bool had = false;
    const char *student_id = enrolled->body.enrolled.student_id;
    enum cm_code code = stn_templates_delete(txn, student_id, &had, err);
    if (code != CM_OK || !had)
        return code;
    say->shred = true;
    code = stn_upload_forget(txn, student_id, err); /* the server takes its own away by the word itself */
    return code == CM_OK ? stn_store_log(say->store, txn, enrolled, err) : code;
}

static enum cm_code say_all(struct cm_txn *txn, void *arg, struct cm_err *err)
{
    struct say *say = arg;
    enum cm_code code = CM_OK;
    say->shred = false;
    for (size_t i = 0; i < say->count && code == CM_OK; i++) {
        code = stn_consent_say(say->store, txn, &say->consents[i], err);
        if (code == CM_OK && say->consents[i].body.consent.state != CM_CONSENT_GIVEN)
            code = take_templates_away(say, txn, &say->enrolled[i], err);
    }
    return code == CM_OK && say->shred ? stn_vault_rotate(say->store, txn, err) : code;
}

static enum cm_code make_events(struct stn_store *store, const struct cm_consent *consents, struct say *say,
                                struct cm_err *err)
{
    for (size_t i = 0; i < say->count; i++) {
        enum cm_code code = stn_store_check_id("student", consents[i].student_id, err);
        if (code != CM_OK)
            return code;
        stn_store_envelope(store, CM_EVENT_CONSENT, &say->consents[i]);
        say->consents[i].body.consent = consents[i];
        stn_store_envelope(store, CM_EVENT_ENROLLED, &say->enrolled[i]);
        strcpy(say->enrolled[i].body.enrolled.student_id, consents[i].student_id);
    }
    return CM_OK;
}

enum cm_code stn_store_say_consents(struct stn_store *store, const struct cm_consent *consents, size_t count,
                                    struct cm_err *err)
{
    struct say say = {.store = store, .count = count};
    if (count == 0)
        return CM_OK;
    say.consents = calloc(count, sizeof *say.consents);
    say.enrolled = calloc(count, sizeof *say.enrolled);
    enum cm_code code = say.consents == NULL || say.enrolled == NULL
                            ? cm_fail(err, CM_NOMEM, "no memory for %zu words of consent", count)
                            : make_events(store, consents, &say, err);
    if (code == CM_OK)
        code = stn_store_commit(store, say_all, &say, true, err);
    free(say.consents);
    free(say.enrolled);
    return code == CM_OK && say.shred ? stn_vault_forget(store, err) : code;
}

/* ---- what the school's settings say ---- */

enum cm_code stn_consent_check(struct cm_txn *txn, const char *student_id, struct cm_err *err)
{
    struct stn_consent consent;
    struct cm_school school = {.consent_optional = false};
    enum cm_code code = stn_consent_get(txn, student_id, &consent, err);
    if (code != CM_OK)
        return code;
    (void)stn_txn_school(txn, &school, NULL); /* a server that has not said yet, or none: consent is needed */
    if (cm_consent_allows_face(consent.state, !school.consent_optional))
        return CM_OK;
    if (consent.state == CM_CONSENT_NONE)
        return cm_fail(
            err, CM_INVALID,
            "there is no consent to keep the face of %.60s: ask, then add --consent-by NAME, or use "
            "card or PIN",
            student_id);
    return cm_fail(err, CM_INVALID,
                   "consent to keep the face of %.60s was %s: card and PIN are open; if that changed, "
                   "rollcall-station consent %.60s given --by NAME",
                   student_id, cm_consent_name(consent.state), student_id);
}

struct checked {
    const char *student_id;
};

static enum cm_code check_consent(struct cm_txn *txn, void *arg, struct cm_err *err)
{
    const struct checked *checked = arg;
    return stn_consent_check(txn, checked->student_id, err);
}

enum cm_code stn_store_check_consent(struct stn_store *store, const char *student_id, struct cm_err *err)
{
    struct checked checked = {student_id};
    enum cm_code code = stn_store_check_id("student", student_id, err);
    return code == CM_OK ? cm_db_read(store->db, check_consent, &checked, err) : code;
}

/* ---- which lanes are open ---- */

struct lanes {
    const char *student_id;
    struct stn_lanes lanes;
};

static enum cm_code read_lanes(struct cm_txn *txn, void *arg, struct cm_err *err)
{
    struct lanes *l = arg;
    struct cm_student student;
    struct cm_bytes value;
    struct cm_err why = CM_ERR_INIT;
    struct cm_school school = {.consent_optional = false};
    enum cm_code code =
        cm_txn_get(txn, STN_TABLE_STUDENTS, l->student_id, strlen(l->student_id), &value, err);
    if (code != CM_OK)
        return code;
    if (cm_record_decode(CM_RECORD_STUDENT, value.data, value.size, &student, &why) != CM_OK)
        return cm_fail(err, CM_CORRUPT, "the record of %.63s does not decode: %s", l->student_id, why.msg);
    code = stn_consent_merge(txn, &student, err);
    if (code != CM_OK)
        return code;
    (void)stn_txn_school(txn, &school, NULL);
    code = cm_txn_get(txn, STN_TABLE_KEYS, l->student_id, strlen(l->student_id), &value, err);
    if (code != CM_OK && code != CM_NOTFOUND)
        return code;
    struct cm_lane_facts facts = {.consent = student.consent,
                                  .consent_required = !school.consent_optional,
                                  .card_for_all = school.card_for_all,
                                  .has_templates = code == CM_OK,
                                  .accommodation = student.accommodation};
    l->lanes = (struct stn_lanes){.face = cm_consent_allows_face(facts.consent, facts.consent_required),
                                  .card = cm_lane_card_open(&facts)};
    return CM_OK;
}

enum cm_code stn_store_get_lanes(struct stn_store *store, const char *student_id, struct stn_lanes *ret_lanes,
                                 struct cm_err *err)
{
    struct lanes lanes = {.student_id = student_id};
    enum cm_code code = student_id[0] == '\0' ? CM_NOTFOUND : cm_db_read(store->db, read_lanes, &lanes, err);
    if (code == CM_NOTFOUND)
        return cm_fail(err, CM_NOTFOUND, "there is no student \"%.63s\" on the roster", student_id);
    if (code == CM_OK)
        *ret_lanes = lanes.lanes;
    return code;
}

/* ---- card and PIN of a station without a server ---- */

struct credentials {
    const char *student_id, *pin_hash;
    const uint8_t *card_tag;
};

static enum cm_code put_credentials(struct cm_txn *txn, void *arg, struct cm_err *err)
{
    const struct credentials *c = arg;
    struct cm_student student;
    struct cm_bytes value;
    struct cm_err why = CM_ERR_INIT;
    uint8_t bytes[VALUE_MAX];
    size_t size;
    if (stn_txn_is_paired(txn))
        return cm_fail(err, CM_INVALID,
                       "cards and PINs of this station come from its server: make them there");
    enum cm_code code =
        cm_txn_get(txn, STN_TABLE_STUDENTS, c->student_id, strlen(c->student_id), &value, err);
    if (code == CM_NOTFOUND)
        return cm_fail(err, CM_NOTFOUND, "there is no student \"%.63s\" on the roster", c->student_id);
    if (code != CM_OK)
        return code;
    if (cm_record_decode(CM_RECORD_STUDENT, value.data, value.size, &student, &why) != CM_OK)
        return cm_fail(err, CM_CORRUPT, "the record of %.63s does not decode: %s", c->student_id, why.msg);
    if (c->card_tag != NULL)
        memcpy(student.card_tag, c->card_tag, sizeof student.card_tag);
    if (c->pin_hash != NULL)
        snprintf(student.pin_hash, sizeof student.pin_hash, "%s", c->pin_hash);
    code = cm_record_encode(CM_RECORD_STUDENT, &student, bytes, sizeof bytes, &size, err);
    return code == CM_OK
               ? cm_txn_put(txn, STN_TABLE_STUDENTS, c->student_id, strlen(c->student_id), bytes, size, err)
               : code;
}

enum cm_code stn_store_put_credentials(struct stn_store *store, const char *student_id,
                                       const uint8_t *card_tag, const char *pin_hash, struct cm_err *err)
{
    struct credentials c = {student_id, pin_hash, card_tag};
    enum cm_code code = stn_store_check_id("student", student_id, err);
    return code == CM_OK ? stn_store_commit(store, put_credentials, &c, false, err) : code;
}
