#include "lane/rule.h"

#include <stddef.h>

static const int64_t instant_last_ms = INT64_C(253402300799999); /* as records bound it */

bool cm_consent_allows_face(enum cm_consent_state consent, bool consent_required)
{
    return consent == CM_CONSENT_GIVEN || (consent == CM_CONSENT_NONE && !consent_required);
}

int64_t cm_consent_instant(int64_t now_wall_ms, int64_t known_wall_ms)
{
    int64_t instant = now_wall_ms > known_wall_ms ? now_wall_ms : known_wall_ms + 1;
    return instant < 0 ? 0 : instant > instant_last_ms ? instant_last_ms : instant;
}

enum cm_lane_reason cm_lane_card_open(const struct cm_lane_facts *facts)
{
    if (!cm_consent_allows_face(facts->consent, facts->consent_required))
        return CM_LANE_NO_CONSENT;
    if (!facts->has_templates)
        return CM_LANE_NO_TEMPLATES;
    if (facts->accommodation)
        return CM_LANE_ACCOMMODATION;
    return facts->card_for_all ? CM_LANE_CARD_FOR_ALL : CM_LANE_CLOSED;
}

const char *cm_lane_reason_name(enum cm_lane_reason reason)
{
    static const char *const names[] = {
        [CM_LANE_CLOSED] = "closed",
        [CM_LANE_NO_CONSENT] = "no_consent",
        [CM_LANE_NO_TEMPLATES] = "no_templates",
        [CM_LANE_ACCOMMODATION] = "accommodation",
        [CM_LANE_CARD_FOR_ALL] = "card_for_all",
    };
    _Static_assert(sizeof names / sizeof names[0] == CM_LANE_REASONS, "a reason has no name");
    size_t index = (size_t)reason;
    return index < CM_LANE_REASONS ? names[index] : "unknown";
}
