#include "actor.h"

#include <stddef.h>

float actor_open_at(const struct actor_key *keys, int count, int at_ms)
{
    if (count == 0)
        return 1.0f;
    if (at_ms <= keys[0].at_ms)
        return keys[0].open;
    for (int i = 1; i < count; i++) {
        if (at_ms > keys[i].at_ms)
            continue;
        float share = (float)(at_ms - keys[i - 1].at_ms) / (float)(keys[i].at_ms - keys[i - 1].at_ms);
        return keys[i - 1].open + share * (keys[i].open - keys[i - 1].open);
    }
    return keys[count - 1].open;
}

struct stn_face actor_face(float open_right, float open_left, const struct actor_head *head)
{
    struct actor_head rest = {0};
    if (head == NULL)
        head = &rest;
    float span = 100.0f * (1.0f + head->scale_change);
    float x = 320.0f + 100.0f * head->move_x, y = 220.0f + 100.0f * head->move_y;
    return (struct stn_face){
        .track_id = 1,
        .box = {x - 0.8f * span, y - 0.8f * span, 1.6f * span, 2.0f * span},
        .presence = 1.0f,
        .eye_outer = {{x - span / 2, y}, {x + span / 2, y}},
        .nose_bridge = {x, y},
        .nose_tip = {x + head->tip_along * span, y + (0.35f + head->tip_across) * span},
        .eye_span_px = span,
        .ear = {ACTOR_EAR * open_right, ACTOR_EAR * open_left},
        .yaw_deg = head->yaw_deg,
        .sharpness = 200.0f,
        .luma = 120.0f,
    };
}

uint32_t actor_random_below(struct actor_random *random, uint32_t bound)
{
    random->state = random->state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(random->state >> 33) % bound;
}

float actor_random_noise(struct actor_random *random)
{
    float sum = 0.0f;
    for (int i = 0; i < 12; i++)
        sum += (float)actor_random_below(random, 10001) / 10000.0f;
    return sum - 6.0f > 3.5f ? 3.5f : sum - 6.0f < -3.5f ? -3.5f : sum - 6.0f;
}
