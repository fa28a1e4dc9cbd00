#include "roll/word.h"

#include "roll/evidence.h"
#include <string.h>

static bool counts(const struct cm_word *word, int64_t said_wall_ms, const uint8_t id[16])
{
    return word->word == 0 || cm_evidence_order(said_wall_ms, id, word->said_wall_ms, word->id) > 0;
}

bool cm_word_add(struct cm_word *word, const struct cm_session_said *said, const uint8_t id[16])
{
    if (!counts(word, said->said_wall_ms, id))
        return false;
    *word = (struct cm_word){.word = said->word, .said_wall_ms = said->said_wall_ms};
    memcpy(word->id, id, sizeof word->id);
    memcpy(word->by, said->by, sizeof word->by);
    memcpy(word->reason, said->reason, sizeof word->reason);
    return true;
}

void cm_word_merge(struct cm_word *word, const struct cm_word *other)
{
    if (other->word != 0 && counts(word, other->said_wall_ms, other->id))
        *word = *other;
}

static int consent_order(const struct cm_consent_word *a, const struct cm_consent_word *b)
{
    bool a_gives = a->state == CM_CONSENT_GIVEN, b_gives = b->state == CM_CONSENT_GIVEN;
    if (a->said_wall_ms == b->said_wall_ms && a_gives != b_gives)
        return a_gives ? -1 : 1;
    return cm_evidence_order(a->said_wall_ms, a->id, b->said_wall_ms, b->id);
}

bool cm_consent_add(struct cm_consent_word *word, const struct cm_consent *consent, const uint8_t id[16])
{
    struct cm_consent_word new_ = {.state = consent->state, .said_wall_ms = consent->said_wall_ms};
    memcpy(new_.id, id, sizeof new_.id);
    if (word->state != CM_CONSENT_NONE && consent_order(&new_, word) <= 0)
        return false;
    *word = new_;
    return true;
}
