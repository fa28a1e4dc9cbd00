#include "simulation/sim.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define HEAL_MAX_US (180 * SIM_MINUTE_US) /* both sides are equal by then, or never */

/* ---- the end ---- */

static void everybody_up(struct sim *sim)
{
    sim->healing = true;
    sim->network.weather = (struct sim_weather){.delay_max_us = 5000};
    sim_die_at(SIM_SERVER_PROCESS, 0, false);
    for (int i = 0; i < sim->device_count; i++)
        sim_die_at(sim->devices[i].process, 0, false);
    if (sim->server == NULL)
        sim_server_up(sim);
    for (int i = 0; i < sim->device_count && !sim->broken; i++)
        if (sim->devices[i].station == NULL)
            sim_device_up(sim, &sim->devices[i]);
}

struct comparing { /* of one device's log with what the server has under its present id */
    const char *id;
    struct sim_fact facts[SIM_PROMISES_MAX];
    int count;
};

static void keep_fact(void *arg, const char *station_id, const struct sim_fact *fact)
{
    struct comparing *comparing = arg;
    if ((comparing->id == NULL || strcmp(comparing->id, station_id) == 0) &&
        comparing->count < SIM_PROMISES_MAX)
        comparing->facts[comparing->count++] = *fact;
}

/* From which number on the server does not have what the station has; pair --renew finds it by asking for hashes. */
static uint64_t first_different(struct sim *sim, struct sim_device *device)
{
    static struct comparing theirs, ours;
    theirs.id = device->ids[device->id_count - 1];
    ours.id = NULL;
    theirs.count = ours.count = 0;
    sim_server_each_fact(sim->server, keep_fact, &theirs);
    sim_station_each_fact(device->station, 1, keep_fact, &ours);
    for (int i = 0; i < ours.count; i++)
        if (i >= theirs.count || memcmp(ours.facts[i].id, theirs.facts[i].id, 16) != 0)
            return ours.facts[i].seq;
    return (uint64_t)ours.count + 1;
}

/* When another device goes on under the id, a person says there that it is settled. */
static void give_up_id(struct sim *sim, struct sim_device *device)
{
    const char *id = device->ids[device->id_count - 1];
    for (int i = 0; i < sim->device_count; i++) {
        const struct sim_device *other = &sim->devices[i];
        if (other != device && strcmp(other->ids[other->id_count - 1], id) == 0) {
            sim_server_settle(sim->server, id);
            return;
        }
    }
    sim_server_revoke(sim->server, id);
}

/* A person sees "forked" and does what it says; the power may fail meanwhile, then he does it again. */
static void renew(struct sim *sim, struct sim_device *device)
{
    uint8_t key[32], server_key[32];
    char token[64], name[32];
    for (int i = 0; i < 4 && device->id_count < SIM_IDS_MAX; i++) {
        uint64_t first_seq = first_different(sim, device);
        char *id = device->ids[device->id_count];
        snprintf(name, sizeof name, "station %d-%d", device->process, device->id_count);
        if (!sim_station_new_key(device->station, key) ||
            !sim_server_pair(sim->server, name, key, id, token, server_key)) {
            sim->broken = true;
            return;
        }
        if (i == 0 && sim_happens(50))
            sim_die_at(device->process, 1 + sim_draw(3), sim_happens(50));
        bool done = sim_station_renew(device->station, first_seq, id, token, server_key);
        sim_tell(sim, "station %d renewed from event %" PRIu64 ": %s", device->process, first_seq,
                 done ? "done" : "not done");
        if (!done) {
            sim_device_down(sim, device);
            device->known_seq = 0;
            sim_device_up(sim, device);
            if (device->station == NULL) {
                sim->broken = true;
                return;
            }
            uint8_t now[32];
            sim_station_public_key(device->station, now);
            done = memcmp(now, key, sizeof now) == 0;
        }
        if (!done) {
            sim_server_revoke(sim->server, id);
            continue;
        }
        give_up_id(sim, device);
        device->id_count++;
        device->known_seq = 0;
        sim_poke(device);
        memset(device->exchanges, 0, sizeof device->exchanges);
        sim->totals->renewed++;
        return;
    }
}

static bool all_idle(struct sim *sim)
{
    bool idle = true;
    uint64_t seq;
    for (int i = 0; i < sim->device_count && !sim->broken; i++) {
        struct sim_device *device = &sim->devices[i];
        if (device->station != NULL && sim_station_forked(device->station, &seq)) {
            renew(sim, device);
            idle = false;
        }
        idle = idle && device->station != NULL && sim_station_idle(device->station);
    }
    return idle;
}

/* What was on its way when everything healed may be the first that the server hears of a copy, or of a station before it was
 * restored: that is shown, and a person who sees that all stations work settles it. Once it has arrived, all stays settled. */
#define ON_ITS_WAY_MAX_US SIM_MINUTE_US

static void settle_what_is_shown(struct sim *sim)
{
    for (int i = 0; i < sim->device_count; i++) {
        struct sim_device *device = &sim->devices[i];
        const char *id = device->ids[device->id_count - 1];
        uint64_t seq;
        if (device->station == NULL || sim_station_forked(device->station, &seq) ||
            !sim_server_is_forked(sim->server, id))
            continue;
        sim_tell(sim, "a person settles the fork of station %d", device->process);
        sim_server_settle(sim->server, id);
    }
}

/* A server that was put back to a backup may not know students any more who keep their faces at the station. */
static bool same_view(struct sim *sim, struct sim_device *device, bool say)
{
    struct cm_buf ours, theirs, known;
    cm_buf_init(&ours, SIM_VIEW_MAX);
    cm_buf_init(&theirs, SIM_VIEW_MAX);
    cm_buf_init(&known, SIM_VIEW_MAX);
    cm_buf_append_text(&known, "");
    cm_buf_append_text(&ours, "");
    cm_buf_append_text(&theirs, "");
    sim_server_view(sim->server, device->ids[device->id_count - 1], &theirs);
    sim_server_known(sim->server, &known);
    sim_station_view(device->station, sim->server_went_back ? (char *)known.data : NULL, &ours);
    bool same = strcmp((char *)ours.data, (char *)theirs.data) == 0;
    if (!same && say)
        fprintf(stderr, "station %d has\n%sand should have\n%s", device->process, (char *)ours.data,
                (char *)theirs.data);
    cm_buf_finish(&ours);
    cm_buf_finish(&theirs);
    cm_buf_finish(&known);
    return same;
}

struct judging {
    struct sim *sim;
    bool good;
};

/* A copy shares the beginning of its log with the station that it is of. */
static void judge_fact(void *arg, const char *station_id, const struct sim_fact *fact)
{
    struct judging *judging = arg;
    struct sim *sim = judging->sim;
    bool ours = false, promised = false;
    for (int i = 0; i < sim->device_count; i++)
        for (int k = 0; k < sim->devices[i].id_count; k++) {
            if (strcmp(sim->devices[i].ids[k], station_id) != 0)
                continue;
            ours = true;
            struct sim_promise *promise = sim_ledger_find(&sim->ledger, i + 1, fact->id);
            if (promise == NULL)
                continue;
            promised = true;
            promise->seen++;
            if (promise->fact.wall_ms != fact->wall_ms ||
                promise->fact.captured_wall_ms != fact->captured_wall_ms ||
                promise->fact.type != fact->type ||
                !sim_server_shows_rightly(sim->server, &promise->fact, fact))
                judging->good = false;
        }
    if (ours && !promised)
        judging->good = false;
}

/* Every event of every station is at the server exactly once, as it was made. */
static bool judge_events(struct sim *sim, bool say)
{
    struct judging judging = {sim, true};
    for (int i = 0; i < sim->ledger.count; i++)
        sim->ledger.promises[i].seen = 0;
    sim_server_each_fact(sim->server, judge_fact, &judging);
    if (!judging.good && say)
        fprintf(stderr, "the server has an event that no station made so\n");
    for (int i = 0; i < sim->ledger.count; i++) {
        const struct sim_promise *promise = &sim->ledger.promises[i];
        if (promise->seen == 1 || (promise->seen == 0 && promise->may_be_lost))
            continue;
        if (say)
            fprintf(stderr, "event %" PRIu64 " of station %d is at the server %d times\n", promise->fact.seq,
                    promise->device, promise->seen);
        judging.good = false;
    }
    return judging.good;
}

static bool judge(struct sim *sim, bool say)
{
    bool good = judge_events(sim, say);
    for (int i = 0; i < sim->device_count; i++)
        good = same_view(sim, &sim->devices[i], say) && good;
    for (int i = 0; i < sim->device_count; i++) {
        const struct sim_device *device = &sim->devices[i];
        if (sim->server_went_back || !sim_server_is_forked(sim->server, device->ids[device->id_count - 1]))
            continue;
        if (say)
            fprintf(stderr, "station %d is shown as forked although it is settled\n", device->process);
        good = false;
    }
    good = sim_server_obeys_consent(sim->server) && good;
    return sim_server_forgot_the_erased(sim->server) && good;
}

bool sim_end_well(struct sim *sim)
{
    char text[400];
    int64_t end_us = sim->now_us + HEAL_MAX_US, arrived_us = sim->now_us + ON_ITS_WAY_MAX_US;
    everybody_up(sim);
    while (!sim->broken && sim->now_us < end_us) {
        sim_go_on_until(sim, sim->now_us + 10 * SIM_SECOND_US);
        if (!sim->broken && sim->now_us <= arrived_us)
            settle_what_is_shown(sim);
        if (!sim->broken && all_idle(sim) && !sim->broken && judge(sim, false))
            break;
    }
    bool good = !sim->broken && judge(sim, true) && sim_server_check(sim->server);
    for (int i = 0; i < sim->device_count; i++) {
        struct sim_device *device = &sim->devices[i];
        good = good && sim_station_check(device->station);
        if (good || device->station == NULL)
            continue;
        sim_station_describe(device->station, text, sizeof text);
        fprintf(stderr, "station %d: %s\n", device->process, text);
    }
    return good;
}
