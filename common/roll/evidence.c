#include "roll/evidence.h"

#include <string.h>

int cm_evidence_order(int64_t a_wall_ms, const uint8_t a_id[16], int64_t b_wall_ms, const uint8_t b_id[16])
{
    if (a_wall_ms != b_wall_ms)
        return a_wall_ms < b_wall_ms ? -1 : 1;
    return memcmp(a_id, b_id, 16);
}

/* The first mark counts. */
static bool mark_precedes(const struct cm_evidence *evidence, int64_t wall_ms, const uint8_t id[16],
                          uint64_t number)
{
    if (!evidence->has_mark)
        return true;
    int order = cm_evidence_order(wall_ms, id, evidence->captured_wall_ms, evidence->mark_id);
    return order < 0 || (order == 0 && number < evidence->mark_number);
}

/* The last correction counts. */
static bool correction_follows(const struct cm_evidence *evidence, int64_t wall_ms, const uint8_t id[16],
                               uint64_t number)
{
    if (!evidence->has_correction)
        return true;
    int order = cm_evidence_order(wall_ms, id, evidence->corrected_wall_ms, evidence->correction_id);
    return order > 0 || (order == 0 && number < evidence->correction_number);
}

bool cm_evidence_add_mark(struct cm_evidence *evidence, const struct cm_mark *mark, const uint8_t id[16],
                          uint64_t number)
{
    if (!mark_precedes(evidence, mark->captured_wall_ms, id, number))
        return false;
    evidence->has_mark = true;
    evidence->first_try = mark->first_try;
    evidence->eye_contact = mark->eye_contact;
    evidence->clock_suspect = mark->clock_suspect;
    evidence->no_face = mark->method != CM_METHOD_FACE;
    evidence->captured_wall_ms = mark->captured_wall_ms;
    memcpy(evidence->mark_id, id, sizeof evidence->mark_id);
    evidence->mark_number = number;
    return true;
}

bool cm_evidence_add_correction(struct cm_evidence *evidence, const struct cm_correction *correction,
                                const uint8_t id[16], uint64_t number)
{
    if (!correction_follows(evidence, correction->corrected_wall_ms, id, number))
        return false;
    evidence->has_correction = true;
    evidence->corrected = correction->status;
    evidence->corrected_wall_ms = correction->corrected_wall_ms;
    memcpy(evidence->correction_id, id, sizeof evidence->correction_id);
    evidence->correction_number = number;
    return true;
}

void cm_evidence_merge(struct cm_evidence *evidence, const struct cm_evidence *other)
{
    struct cm_evidence before = *evidence;
    if (other->has_mark &&
        mark_precedes(&before, other->captured_wall_ms, other->mark_id, other->mark_number)) {
        evidence->has_mark = true;
        evidence->first_try = other->first_try;
        evidence->eye_contact = other->eye_contact;
        evidence->clock_suspect = other->clock_suspect;
        evidence->no_face = other->no_face;
        evidence->captured_wall_ms = other->captured_wall_ms;
        memcpy(evidence->mark_id, other->mark_id, sizeof evidence->mark_id);
        evidence->mark_number = other->mark_number;
    }
    if (other->has_correction && correction_follows(&before, other->corrected_wall_ms, other->correction_id,
                                                    other->correction_number)) {
        evidence->has_correction = true;
        evidence->corrected = other->corrected;
        evidence->corrected_wall_ms = other->corrected_wall_ms;
        memcpy(evidence->correction_id, other->correction_id, sizeof evidence->correction_id);
        evidence->correction_number = other->correction_number;
    }
}

struct cm_points_facts cm_evidence_facts(const struct cm_evidence *evidence, const struct cm_session *session)
{
    struct cm_points_facts facts = {.status = CM_ROLL_NONE};
    if (evidence->has_mark) {
        facts.first_try = evidence->first_try;
        facts.eye_contact = evidence->eye_contact;
        facts.no_face = evidence->no_face;
        if (session != NULL)
            facts.status = cm_session_status(session, evidence->captured_wall_ms, evidence->clock_suspect);
        else
            facts.status = evidence->clock_suspect ? CM_ROLL_PENDING : CM_ROLL_PRESENT;
    }
    if (evidence->has_correction)
        facts.status = evidence->corrected;
    return facts;
}
