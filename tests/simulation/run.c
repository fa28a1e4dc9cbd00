/*
 * A server and one to three stations live through a random time: people edit on both sides, the network misbehaves,
 * processes die at any write, now and then a disk is put back to an old backup. Then everything heals, and both sides must
 * become equal: see judge().
 */
#include "simulation/sim.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* ---- what happens ---- */

static void arm(struct sim *sim)
{
    int process = sim_draw(sim->device_count + 1);
    sim_die_at(process, 1 + sim_draw(6), sim_happens(50));
}

static void back_up_server(struct sim *sim)
{
    if (sim->server == NULL || sim->totals->copies > sim->copies_before)
        return;
    sim_remove_folder(sim->server_backup);
    sim->server_has_backup = sim_server_backup(sim->server, sim->server_backup);
    sim_tell(sim, "the server is backed up");
    sim_bury(sim);
}

static void restore_server(struct sim *sim)
{
    char store[SIM_FOLDER_SIZE + 8];
    if (!sim->server_has_backup)
        return;
    if (sim->server != NULL)
        sim_server_down(sim);
    sim_revive(SIM_SERVER_PROCESS);
    snprintf(store, sizeof store, "%s/store", sim->server_dir);
    sim_remove_folder(store);
    if (!sim_server_restore(sim->server_backup, sim->server_dir))
        sim->broken = true;
    sim->server_went_back = true;
    sim->totals->restored_servers++;
    sim_tell(sim, "the server is restored from its backup");
}

static void back_up_device(struct sim *sim, struct sim_device *device)
{
    if (device->station != NULL)
        sim_device_down(sim, device);
    sim_copy_folder(device->dir, device->backup);
    device->has_backup = true;
    sim_tell(sim, "station %d is backed up", device->process);
}

static void restore_device(struct sim *sim, struct sim_device *device)
{
    if (!device->has_backup)
        return;
    if (device->station != NULL)
        sim_device_down(sim, device);
    sim_copy_folder(device->backup, device->dir);
    device->known_seq = 0;
    sim_revive(device->process);
    bool broken;
    if (!sim_station_open(device->process, device->dir, &device->clock.base, &device->station, &broken)) {
        sim->broken = true;
        return;
    }
    sim_note_events(sim, device);
    sim_ledger_went_back(&sim->ledger, device->process, device->known_seq);
    sim->totals->restored_stations++;
    sim_tell(sim, "station %d is restored from its backup, with %" PRIu64 " events", device->process,
             device->known_seq);
}

/* Its disk is copied into another machine, and both go on. Not together with a server that goes back: two copies that get new
 * identities then send what they have in common once each, for nobody has it any more (a known limit). */
static void clone_device(struct sim *sim, struct sim_device *device)
{
    if (sim->device_count == SIM_DEVICES_MAX || sim->server_has_backup)
        return;
    if (device->station != NULL)
        sim_device_down(sim, device);
    struct sim_device *copy = &sim->devices[sim->device_count];
    copy->process = sim->device_count + 1;
    snprintf(copy->dir, sizeof copy->dir, "%s/station%d", sim->dir, sim->device_count);
    snprintf(copy->backup, sizeof copy->backup, "%s/station%d-backup", sim->dir, sim->device_count);
    copy->skew_ms = device->skew_ms;
    cm_clock_manual_init(&copy->clock, SIM_START_MS, 0);
    memcpy(copy->ids, device->ids, sizeof copy->ids);
    copy->id_count = device->id_count;
    copy->up_us = sim->now_us + sim_some_time_us(SIM_MINUTE_US);
    sim_copy_folder(device->dir, copy->dir);
    sim_revive(copy->process);
    sim->device_count++;
    sim_set_clocks(sim);
    sim->totals->copies++;
    sim_tell(sim, "station %d is copied: station %d", device->process, copy->process);
}

static void edit_server(struct sim *sim)
{
    const char *ids[SIM_DEVICES_MAX];
    for (int i = 0; i < sim->device_count; i++)
        ids[i] = sim->devices[i].ids[sim->devices[i].id_count - 1];
    if (sim->server == NULL)
        return;
    sim_tell(sim, "the server: %s", sim_server_edit(sim->server, ids, sim->device_count));
    sim_bury(sim);
    sim_wake_pulls(sim);
}

static void edit_device(struct sim *sim, struct sim_device *device)
{
    if (device->station == NULL)
        return;
    sim_tell(sim, "station %d: %s", device->process, sim_station_edit(device->station));
    sim_note_events(sim, device);
    sim_poke(device);
    sim_bury(sim);
}

static void something_happens(struct sim *sim, int disasters)
{
    struct sim_device *device = &sim->devices[sim_draw(sim->device_count)];
    if (sim_happens(sim->crash_percent))
        arm(sim);
    int what = sim_draw(1000);
    if (what < 15 * disasters)
        sim_happens(50) ? back_up_server(sim) : back_up_device(sim, device);
    else if (what < 30 * disasters)
        sim_happens(50) ? restore_server(sim) : restore_device(sim, device);
    else if (what < 33 * disasters)
        clone_device(sim, device);
    else if (what < 400)
        edit_server(sim);
    else if (what < 430 && sim->server != NULL)
        sim_server_make_job(sim->server), sim_wake_pulls(sim);
    else
        edit_device(sim, device);
}

/* ---- time passes ---- */

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t next_time_us(const struct sim *sim)
{
    int64_t next_us = sim_network_next_us(&sim->network);
    if (sim->server == NULL)
        next_us = least(next_us, sim->server_up_us);
    for (int i = 0; i < sim->pull_count; i++)
        next_us = least(next_us, sim->pulls[i].until_us);
    for (int i = 0; i < sim->device_count; i++) {
        const struct sim_device *device = &sim->devices[i];
        if (device->station == NULL) {
            next_us = least(next_us, device->up_us);
            continue;
        }
        for (int c = 0; c < SIM_CHANNELS; c++)
            next_us = least(next_us, device->exchanges[c].number != 0 ? device->exchanges[c].deadline_us
                                                                      : device->quiet_until_us[c]);
    }
    return next_us;
}

void sim_go_on_until(struct sim *sim, int64_t until_us)
{
    while (!sim->broken) {
        struct sim_parcel parcel;
        for (int i = 0; i < sim->device_count; i++)
            sim_send_requests(sim, &sim->devices[i]);
        int64_t next_us = next_time_us(sim);
        if (next_us > until_us)
            break;
        sim->now_us = next_us > sim->now_us ? next_us : sim->now_us;
        sim_set_clocks(sim);
        if (sim->server == NULL && sim->server_up_us <= sim->now_us)
            sim_server_up(sim);
        sim_wake_pulls(sim);
        for (int i = 0; i < sim->device_count; i++) {
            struct sim_device *device = &sim->devices[i];
            if (device->station == NULL && device->up_us <= sim->now_us)
                sim_device_up(sim, device);
            sim_give_up_exchanges(sim, device);
        }
        while (sim_network_receive(&sim->network, sim->now_us, &parcel))
            sim_deliver(sim, &parcel);
    }
    sim->now_us = until_us;
    sim_set_clocks(sim);
}

/* ---- the beginning ---- */

static bool pair(struct sim *sim, struct sim_device *device)
{
    uint8_t key[32], server_key[32];
    char token[64], name[32];
    snprintf(name, sizeof name, "station %d", device->process);
    sim_station_public_key(device->station, key);
    return sim_server_pair(sim->server, name, key, device->ids[device->id_count++], token, server_key) &&
           sim_station_pair(device->station, device->ids[device->id_count - 1], token, server_key);
}

static bool begin(struct sim *sim, const char *dir)
{
    static const int64_t delays_us[] = {10 * 1000, SIM_SECOND_US, 40 * SIM_SECOND_US};
    snprintf(sim->server_dir, sizeof sim->server_dir, "%s/server", dir);
    snprintf(sim->server_backup, sizeof sim->server_backup, "%s/server-backup", dir);
    mkdir(sim->server_dir, 0700);
    snprintf(sim->dir, sizeof sim->dir, "%s", dir);
    sim->device_count = 1 + sim_draw(SIM_STATIONS_MAX);
    cm_clock_manual_init(&sim->clock, SIM_START_MS, 0);
    for (int i = 0; i < sim->device_count; i++) {
        struct sim_device *device = &sim->devices[i];
        device->process = i + 1;
        snprintf(device->dir, sizeof device->dir, "%s/station%d", dir, i);
        snprintf(device->backup, sizeof device->backup, "%s/station%d-backup", dir, i);
        device->skew_ms = sim_happens(30) ? sim_draw(20 * 60 * 1000) - 10 * 60 * 1000 : 0;
        cm_clock_manual_init(&device->clock, SIM_START_MS, 0);
    }
    sim_set_clocks(sim);
    sim_server_up(sim);
    for (int i = 0; i < sim->device_count && sim->server != NULL; i++) {
        sim_device_up(sim, &sim->devices[i]);
        if (sim->devices[i].station == NULL || !pair(sim, &sim->devices[i]))
            return false;
    }
    sim->crash_percent = sim_happens(70) ? sim_draw(30) : 0;
    sim->network.weather = (struct sim_weather){.loss = sim_happens(70) ? sim_draw(50) : 0,
                                                .doubling = sim_happens(70) ? sim_draw(40) : 0,
                                                .cutting = sim_happens(50) ? sim_draw(30) : 0,
                                                .delay_max_us = delays_us[sim_draw(3)]};
    return sim->server != NULL;
}

static void live(struct sim *sim)
{
    int disasters = sim_happens(40) ? 1 + sim_draw(4) : 0;
    int64_t pace_us = 1 + sim_draw(60) * SIM_SECOND_US;
    struct sim_weather weather = sim->network.weather;
    for (int i = 20 + sim_draw(120); i > 0 && !sim->broken; i--) {
        if (sim_happens(3)) /* the cable is pulled, and put back */
            sim->network.weather.loss = sim->network.weather.loss == 100 ? weather.loss : 100;
        something_happens(sim, disasters);
        sim_go_on_until(sim, sim->now_us + sim_some_time_us(pace_us));
    }
}

static void finish(struct sim *sim)
{
    struct sim_totals *totals = sim->totals;
    totals->runs++;
    totals->events += sim->ledger.count;
    totals->requests += sim->exchanges;
    totals->lost += sim->network.lost;
    totals->doubled += sim->network.doubled;
    totals->cut += sim->network.cut;
    totals->virtual_hours += (double)sim->now_us / 3600e6;
    for (int i = 0; i < sim->pull_count; i++)
        sim_parcel_finish(&sim->pulls[i].parcel);
    for (int i = 0; i < sim->device_count; i++) {
        sim_station_close(sim->devices[i].station);
        sim_remove_folder(sim->devices[i].dir);
        sim_remove_folder(sim->devices[i].backup);
    }
    sim_server_close(sim->server);
    sim_remove_folder(sim->server_dir);
    sim_remove_folder(sim->server_backup);
    sim_network_finish(&sim->network);
    sim_ledger_finish(&sim->ledger);
}

bool sim_run(uint64_t seed, const char *dir, bool say, struct sim_totals *totals)
{
    struct sim *sim = calloc(1, sizeof *sim);
    sim_chance_begin(seed);
    sim_server_people_begin();
    for (int i = 0; i <= SIM_DEVICES_MAX; i++)
        sim_revive(i);
    sim->seed = seed;
    sim->tell = say;
    sim->totals = totals;
    sim->copies_before = totals->copies;
    bool good = begin(sim, dir);
    if (good) {
        live(sim);
        good = sim_end_well(sim);
    } else {
        fprintf(stderr, "the run does not begin\n");
    }
    finish(sim);
    free(sim);
    totals->writes = sim_writes();
    totals->deaths = sim_deaths();
    return good;
}
