#include "recognition/identity.h"

#include <math.h>
#include <string.h>

const struct stn_identity_rules stn_identity_rules_default = {
    .threshold = -1,     /* nobody is known before somebody has set it, not even at distance 0 */
    .margin_min = 0.06f, /* starting value; screens and operators see it */
    .same_person_max = 0.45f,
};

void stn_identity_init(struct stn_identity *identity)
{
    explicit_bzero(identity, sizeof *identity);
}

bool stn_identity_add(struct stn_identity *identity, int64_t captured_us,
                      const float embedding[CM_EMBEDDING_DIM], const struct stn_gallery *gallery)
{
    if (identity->count >= STN_IDENTITY_SAMPLES)
        return false;
    struct stn_identity_sample *sample = &identity->samples[identity->count++];
    sample->captured_us = captured_us;
    memcpy(sample->embedding, embedding, sizeof sample->embedding);
    sample->match = stn_gallery_match(gallery, embedding);
    return true;
}

/* With one student enrolled nobody can be second: the margin is then no evidence and no obstacle. */
static float margin_of(const struct stn_match *match)
{
    return match->second < 0 ? INFINITY : match->second_distance - match->distance;
}

/* One frame within the threshold, folded into what the earlier ones say. */
static void fold_near(struct stn_identity_result *result, const struct stn_match *match, int near,
                      bool *agree)
{
    float margin = margin_of(match);
    if (near == 1) {
        result->student = match->student;
        result->distance = match->distance;
        result->margin = margin;
        return;
    }
    *agree = *agree && match->student == result->student;
    result->distance = fmaxf(result->distance, match->distance);
    result->margin = fminf(result->margin, margin);
}

struct stn_identity_result stn_identity_decide(const struct stn_identity *identity,
                                               const struct stn_identity_rules *rules)
{
    struct stn_identity_result result = {
        .kind = STN_IDENTITY_NOTHING, .student = -1, .distance = NAN, .margin = NAN};
    int near = 0, far = 0;
    bool agree = true;
    for (int i = 0; i < identity->count; i++) {
        const struct stn_match *match = &identity->samples[i].match;
        if (match->student >= 0 && match->distance <= rules->threshold)
            fold_near(&result, match, ++near, &agree);
        else
            far++;
    }
    if (identity->count == 0)
        return result;
    if (near == 0) { /* for "why": how far the nearest was */
        const struct stn_match *latest = &identity->samples[identity->count - 1].match;
        result.distance = latest->distance;
        result.margin = margin_of(latest);
    }
    if (near >= 2 && near >= 3 * far && agree && result.margin >= rules->margin_min)
        result.kind = STN_IDENTITY_KNOWN;
    else if (far >= 3 && near == 0)
        result.kind = STN_IDENTITY_UNKNOWN;
    else
        result.kind = STN_IDENTITY_UNSURE;
    return result;
}

static bool all_one_person(const struct stn_identity *identity, float same_person_max)
{
    for (int i = 0; i < identity->count; i++)
        for (int k = 0; k < i; k++) {
            float distance =
                stn_embedding_distance(identity->samples[i].embedding, identity->samples[k].embedding);
            if (!(distance <= same_person_max)) /* NaN is not the same person */
                return false;
        }
    return true;
}

enum stn_swap stn_identity_swap(const struct stn_identity *identity, const struct stn_identity_rules *rules,
                                int64_t start_us, int64_t end_us, int64_t window_us)
{
    if (!all_one_person(identity, rules->same_person_max))
        return STN_SWAP_DIFFERENT;
    bool before = false, after = false;
    for (int i = 0; i < identity->count; i++) {
        int64_t at_us = identity->samples[i].captured_us;
        before = before || (at_us <= start_us && at_us >= start_us - window_us);
        after = after || (at_us >= end_us && at_us <= end_us + window_us);
    }
    return before && after ? STN_SWAP_SAME : STN_SWAP_OPEN;
}
