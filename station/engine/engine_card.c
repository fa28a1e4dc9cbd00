/* The card lane: a QR code in the picture becomes a mark, or a refusal that says what to do. */
#include "engine/engine_private.h"

#include "base/log.h"
#include "crypt/seal.h"
#include "lane/card.h"

#include <math.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

struct owner {
    uint8_t tag[CM_CARD_TAG_SIZE];
    bool any;
    struct cm_student student;
};

static bool is_owner(void *arg, const struct cm_student *student)
{
    struct owner *owner = arg;
    if (!cm_card_tag_given(student->card_tag) ||
        sodium_memcmp(student->card_tag, owner->tag, sizeof owner->tag) != 0)
        return true;
    owner->any = true;
    owner->student = *student;
    return false;
}

static void say_no(struct stn_engine *engine, const char *reason, const char *text)
{
    engine_refuse(engine, 0, reason, text, NAN, NAN, NAN);
}

static void lock(struct stn_engine *engine)
{
    engine_activity(engine, CM_ACTIVITY_LOCKOUT, "too many cards in a row that nobody knows: cards wait 30 s",
                    NAN);
    say_no(engine, "card_locked", "too many unknown cards in a row: cards are not read for 30 s");
}

bool engine_card_open(struct stn_engine *engine, const char *student_id)
{
    struct stn_lanes lanes;
    return stn_store_get_lanes(engine->options.store, student_id, &lanes, NULL) == CM_OK &&
           lanes.card != CM_LANE_CLOSED;
}

static void take_card(struct stn_engine *engine, const struct owner *owner,
                      const struct stn_observation *seen)
{
    struct cm_class class_;
    if (!engine_card_open(engine, owner->student.id)) {
        say_no(engine, "use_face",
               "this card's student is to use the face: card and PIN are not open to him");
        return;
    }
    if (stn_store_get_class(engine->options.store, owner->student.class_id, &class_, NULL) != CM_OK) {
        say_no(engine, "not_this_class",
               "this card's student is of a class that this station does not serve");
        return;
    }
    struct stn_claim claim =
        stn_claim_without_face(CM_METHOD_CARD, seen->captured_wall_ms, engine->clock_watch.suspect);
    engine_mark(engine, owner->student.id, &claim);
}

static void look_up(struct stn_engine *engine, const struct cm_card *card, const struct stn_observation *seen)
{
    struct owner owner = {.any = false};
    int64_t now_us = seen->captured_mono_us;
    cm_card_tag(card, owner.tag);
    if (!stn_card_gate_see(&engine->card_gate, owner.tag, now_us) ||
        stn_card_gate_locked(&engine->card_gate, now_us))
        return;
    struct cm_err err = CM_ERR_INIT;
    if (stn_store_each_student(engine->options.store, is_owner, &owner, &err) != CM_OK) {
        engine_store_result(engine, STORE_READ, err.code, &err);
        return;
    }
    if (stn_card_gate_result(&engine->card_gate, owner.any, now_us))
        lock(engine);
    else if (owner.any)
        take_card(engine, &owner, seen);
    else
        say_no(engine, "card_unknown", "nobody here has this card: it may have been replaced by a newer one");
    explicit_bzero(&owner, sizeof owner);
}

/* Something else, or a card that was not read well: said once while it is in the picture, and no try at guessing. */
static void not_a_card(struct stn_engine *engine, const struct stn_observation *seen, enum cm_code code)
{
    uint8_t digest[CM_CARD_TAG_SIZE];
    crypto_generichash(digest, sizeof digest, (const uint8_t *)seen->code, strlen(seen->code), NULL, 0);
    if (!stn_card_gate_see(&engine->card_gate, digest, seen->captured_mono_us) ||
        stn_card_gate_locked(&engine->card_gate, seen->captured_mono_us))
        return;
    if (code == CM_INVALID)
        say_no(engine, "card_damaged", "a card that cannot be read: dirty, bent or scratched");
    else
        say_no(engine, "not_a_card", "a code that is no card of this school");
}

void engine_see_code(struct stn_engine *engine, struct stn_observation *seen)
{
    struct cm_card card;
    if (seen->code[0] == '\0')
        return;
    enum cm_code code = cm_card_parse(seen->code, strnlen(seen->code, sizeof seen->code), &card, NULL);
    if (code == CM_OK)
        look_up(engine, &card, seen);
    else
        not_a_card(engine, seen, code);
    cm_wipe(&card, sizeof card);
    explicit_bzero(seen->code, sizeof seen->code);
}

struct sessions {
    struct stn_engine *engine;
    bool any;
};

static bool has_session(void *arg, const struct cm_class *class_)
{
    struct sessions *sessions = arg;
    struct stn_engine *engine = sessions->engine;
    sessions->any = stn_marking_now(&engine->marking, class_, engine_wall_ms(engine)) != CM_ROLL_NONE;
    return !sessions->any;
}

void engine_watch_cards(struct stn_engine *engine)
{
    struct sessions sessions = {.engine = engine};
    stn_store_each_class(engine->options.store, has_session, &sessions, NULL);
    stn_vision_worker_look_for_cards(engine->vision, sessions.any);
}
