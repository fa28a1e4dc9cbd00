/* One letter on its way, and what its end means: for its message, and for all others. */
#include "notify/private.h"

#include "base/log.h"
#include "base/uuid.h"
#include "roster/fields.h"
#include <sodium.h>
#include <stdio.h>
#include <string.h>

enum { PAUSE_BASE_MS = 5000, PAUSE_CAP_MS = 5 * 60 * 1000, WAIT_CAP_MS = 3600 * 1000 };

struct srv_flight *srv_flight_free(struct srv_notify *notify)
{
    for (int i = 0; i < SRV_PROVIDER_FLIGHTS_MAX; i++)
        if (notify->flights[i].state == SRV_FLIGHT_FREE)
            return &notify->flights[i];
    return NULL;
}

bool srv_notify_paused(const struct srv_notify *notify, enum srv_letter_kind kind, int64_t mono_ms)
{
    return mono_ms < notify->pause_all.until_mono_ms || mono_ms < notify->pause_kind[kind].until_mono_ms;
}

/* ---- the outcome ---- */

static int64_t longer(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* Holds all, or all of the kind. How long. */
static int64_t pause_for(struct srv_flight *flight, const struct srv_carriage *carriage, int64_t mono_ms,
                         uint32_t random)
{
    struct srv_notify *notify = flight->notify;
    struct srv_pause *pause =
        carriage->scope == SRV_SCOPE_ALL ? &notify->pause_all : &notify->pause_kind[flight->kind];
    int64_t base_ms = notify->retry_ms < PAUSE_BASE_MS ? notify->retry_ms : PAUSE_BASE_MS;
    pause->failures += pause->failures < INT32_MAX;
    int64_t wait_ms =
        longer(carriage->after_ms, srv_backoff_ms(pause->failures, base_ms, PAUSE_CAP_MS, random));
    pause->until_mono_ms = longer(pause->until_mono_ms, mono_ms + wait_ms);
    return wait_ms;
}

static void end_pauses(struct srv_flight *flight)
{
    struct srv_notify *notify = flight->notify;
    notify->pause_all = notify->pause_kind[flight->kind] = (struct srv_pause){0};
    srv_notify_trouble(notify, NULL);
}

static void give_up(struct srv_flight *flight, const char *why)
{
    char text[CM_TEXT_SIZE];
    memcpy(text, flight->text, sizeof text);
    snprintf(flight->text, sizeof flight->text, "%s: %.200s", why, text);
    flight->outcome.event = SRV_OUTBOX_REFUSED;
}

static void judge_again(struct srv_flight *flight, const struct srv_carriage *carriage, int64_t wall_ms,
                        int64_t mono_ms, uint32_t random)
{
    const struct srv_notify *notify = flight->notify;
    bool alone = carriage->scope == SRV_SCOPE_MESSAGE;
    int64_t wait_ms = alone ? longer(carriage->after_ms,
                                     srv_backoff_ms(flight->tries, notify->retry_ms, WAIT_CAP_MS, random))
                            : pause_for(flight, carriage, mono_ms, random);
    flight->outcome.event = SRV_OUTBOX_AGAIN;
    flight->outcome.next_try_wall_ms = wall_ms + wait_ms;
    if (alone && flight->tries >= notify->max_tries)
        give_up(flight, "given up after many tries");
    else if (flight->outcome.next_try_wall_ms > flight->created_wall_ms + notify->max_age_ms)
        give_up(flight, "too late to be sent");
    if (!alone)
        srv_notify_trouble(flight->notify, carriage);
}

void srv_flight_judge(struct srv_flight *flight, const struct srv_carriage *carriage, int64_t wall_ms,
                      int64_t mono_ms, uint32_t random)
{
    snprintf(flight->provider_id, sizeof flight->provider_id, "%s", carriage->id);
    snprintf(flight->text, sizeof flight->text, "%s", carriage->text);
    flight->outcome = (struct srv_outcome){.provider_id = flight->provider_id,
                                           .error_text = flight->text,
                                           .error_code = carriage->code,
                                           .wall_ms = wall_ms};
    switch (carriage->what) {
    case SRV_CARRIED_SENT:
        flight->outcome.event = SRV_OUTBOX_TAKEN;
        end_pauses(flight);
        break;
    case SRV_CARRIED_FINAL:
        flight->outcome.event = SRV_OUTBOX_REFUSED;
        end_pauses(flight);
        break;
    case SRV_CARRIED_UNKNOWN:
        flight->outcome.event = SRV_OUTBOX_LOST;
        break;
    case SRV_CARRIED_RETRY:
    case SRV_CARRIED_NOT_SENT:
        judge_again(flight, carriage, wall_ms, mono_ms, random);
        break;
    }
}

/* ---- its way ---- */

static void log_end(const struct srv_flight *flight, const struct srv_carriage *carriage)
{
    static const char *const words[] = {[SRV_CARRIED_SENT] = "taken",
                                        [SRV_CARRIED_RETRY] = "refused for now",
                                        [SRV_CARRIED_FINAL] = "refused",
                                        [SRV_CARRIED_UNKNOWN] = "nobody knows",
                                        [SRV_CARRIED_NOT_SENT] = "not sent"};
    char id[CM_UUID_TEXT_SIZE], shown[CM_PHONE_SIZE] = "";
    if (flight->address[0] == '+')
        cm_phone_shown(flight->address, shown);
    cm_log(carriage->what == SRV_CARRIED_SENT ? CM_LOG_INFO : CM_LOG_WARN, "notify", "a message",
           CM_STR("outcome", words[carriage->what]), CM_STR("kind", srv_letter_kind_name(flight->kind)),
           CM_STR("id", cm_uuid_text(flight->id, id)), CM_STR("to", shown), CM_INT("code", carriage->code),
           CM_STR("reason", carriage->text));
}

void srv_flight_land(struct srv_flight *flight, const struct srv_carriage *carriage)
{
    struct srv_notify *notify = flight->notify;
    struct srv_pace_now now = srv_notify_now(notify);
    log_end(flight, carriage);
    srv_pace_end(notify->pace, flight->address);
    if (flight->post != NULL) {
        struct srv_notify_post *post = flight->post;
        *flight = (struct srv_flight){.notify = notify};
        srv_post_landed(notify, post, carriage);
    } else {
        srv_flight_judge(flight, carriage, now.wall_ms, now.mono_ms, randombytes_random());
        flight->state = SRV_FLIGHT_LANDED;
        notify->look_mono_ms = 0;
    }
    srv_notify_soon(notify, 2); /* several that land together are recorded together */
}

static void on_carried(void *arg, const struct srv_carriage *carriage)
{
    srv_flight_land(arg, carriage);
}

void srv_flight_begin(struct srv_flight *flight, const struct srv_letter *letter)
{
    struct srv_notify *notify = flight->notify;
    memcpy(flight->id, letter->id, sizeof flight->id);
    flight->kind = letter->kind;
    snprintf(flight->address, sizeof flight->address, "%s", letter->to);
    flight->state = SRV_FLIGHT_FLYING;
    struct srv_provider *provider = letter->to[0] == '+' ? notify->by_phone : notify->by_email;
    if (provider != NULL) {
        srv_provider_send(provider, letter, on_carried, flight);
        return;
    }
    const struct srv_carriage dry = {.what = SRV_CARRIED_RETRY,
                                     .after_ms = INT64_C(24) * 3600 * 1000,
                                     .id = "",
                                     .text = "dry run: it would have been sent"};
    srv_flight_land(flight, &dry);
}
