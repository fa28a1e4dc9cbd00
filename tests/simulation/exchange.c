#include "simulation/sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void sim_poke(struct sim_device *device)
{
    memset(device->quiet_until_us, 0, sizeof device->quiet_until_us);
}

static void answer_exchange(struct sim *sim, struct sim_device *device, int channel,
                            const struct sim_reply *reply)
{
    device->exchanges[channel].number = 0;
    sim_station_answer(device->station, channel, sim->now_us, reply);
    sim_note_events(sim, device);
    sim_poke(device);
    sim_bury(sim);
}

void sim_send_requests(struct sim *sim, struct sim_device *device)
{
    for (int channel = 0; channel < SIM_CHANNELS && device->station != NULL; channel++) {
        struct sim_parcel parcel = {.to_server = true, .device = device->process - 1, .channel = channel};
        int32_t timeout_ms;
        if (device->exchanges[channel].number != 0 || device->quiet_until_us[channel] > sim->now_us)
            continue;
        if (!sim_station_next(device->station, channel, sim->now_us, &parcel.request, &timeout_ms)) {
            int64_t due_us = sim_station_due_us(device->station, channel);
            device->quiet_until_us[channel] =
                due_us > sim->now_us + SIM_SECOND_US / 5 ? due_us : sim->now_us + SIM_SECOND_US / 5;
            sim_bury(sim);
            continue;
        }
        parcel.exchange = ++sim->exchanges;
        device->exchanges[channel] =
            (struct sim_exchange){parcel.exchange, sim->now_us + timeout_ms * INT64_C(1000)};
        sim_tell(sim, "station %d sends %s (%zu bytes)", device->process, parcel.request.path,
                 parcel.request.size);
        sim_network_send(&sim->network, sim->now_us, &parcel);
        sim_parcel_finish(&parcel);
        sim_bury(sim);
    }
}

void sim_give_up_exchanges(struct sim *sim, struct sim_device *device)
{
    static const struct sim_reply none = {.status = 0};
    for (int channel = 0; channel < SIM_CHANNELS && device->station != NULL; channel++)
        if (device->exchanges[channel].number != 0 && device->exchanges[channel].deadline_us <= sim->now_us)
            answer_exchange(sim, device, channel, &none);
}

static void send_answer(struct sim *sim, const struct sim_parcel *request, struct sim_reply *reply)
{
    struct sim_parcel parcel = {.device = request->device,
                                .channel = request->channel,
                                .exchange = request->exchange,
                                .reply = *reply};
    sim_tell(sim, "the server answers %d to %s", reply->status, request->request.path);
    sim_network_send(&sim->network, sim->now_us, &parcel);
    free(reply->body);
}

/* ---- a notice that was settled does not come back by a request that came before ---- */

static bool was_refused(const struct sim *sim, const struct sim_parcel *parcel)
{
    for (int i = 0; i < SIM_REFUSED_MAX; i++)
        if (sim->refused[i].exchange == parcel->exchange && sim->refused[i].size == parcel->request.size)
            return true;
    return false;
}

static void judge_notice(struct sim *sim, const struct sim_parcel *parcel, bool forked_before)
{
    if (!sim_server_is_forked(sim->server, parcel->request.station_id))
        return;
    if (!was_refused(sim, parcel)) {
        sim->refused[sim->refused_next].exchange = parcel->exchange;
        sim->refused[sim->refused_next].size = parcel->request.size;
        sim->refused_next = (sim->refused_next + 1) % SIM_REFUSED_MAX;
    } else if (!forked_before && !sim->server_went_back) {
        fprintf(stderr, "a push of station %d that came twice is shown as a new fork\n", parcel->device + 1);
        sim->broken = true;
    }
}

/* True: it was answered, or the server died of it. */
static bool ask_server(struct sim *sim, const struct sim_parcel *parcel, bool must)
{
    struct sim_reply reply;
    bool forked = sim_server_is_forked(sim->server, parcel->request.station_id);
    switch (sim_server_answer(sim->server, &parcel->request, must, &reply)) {
    case SIM_ANSWERED:
        if (reply.status == 409 && strcmp(parcel->request.path, "/sync/v1/events") == 0)
            judge_notice(sim, parcel, forked);
        send_answer(sim, parcel, &reply);
        return true;
    case SIM_DIED:
        sim_bury(sim);
        return true;
    case SIM_WAITS:
        break;
    }
    return false;
}

void sim_wake_pulls(struct sim *sim)
{
    for (int i = 0; i < sim->pull_count && sim->server != NULL;) {
        struct sim_waiting_pull pull = sim->pulls[i];
        if (!ask_server(sim, &pull.parcel, pull.until_us <= sim->now_us)) {
            i++;
            continue;
        }
        if (sim->server == NULL) /* died: all pulls are gone */
            return;
        sim_parcel_finish(&pull.parcel);
        sim->pulls[i] = sim->pulls[--sim->pull_count];
    }
}

static int wait_of(const char *path)
{
    const char *wait = strstr(path, "&wait=");
    return wait != NULL ? atoi(wait + 6) : 0;
}

static void deliver_to_server(struct sim *sim, struct sim_parcel *parcel)
{
    struct sim_reply refused = {.status = 0};
    if (sim->server == NULL) {
        send_answer(sim, parcel, &refused);
        sim_parcel_finish(parcel);
        return;
    }
    bool last = sim->pull_count == SIM_PULLS_MAX;
    if (!ask_server(sim, parcel, last)) {
        sim->pulls[sim->pull_count++] =
            (struct sim_waiting_pull){*parcel, sim->now_us + wait_of(parcel->request.path) * SIM_SECOND_US};
        return;
    }
    sim_parcel_finish(parcel);
    sim_wake_pulls(sim);
}

void sim_deliver(struct sim *sim, struct sim_parcel *parcel)
{
    struct sim_device *device = &sim->devices[parcel->device];
    if (parcel->to_server) {
        deliver_to_server(sim, parcel);
        return;
    }
    /* an answer belongs to its request: one that comes late, or again, reaches nobody */
    if (device->station != NULL && device->exchanges[parcel->channel].number == parcel->exchange)
        answer_exchange(sim, device, parcel->channel, &parcel->reply);
    sim_parcel_finish(parcel);
}
