#include "simulation/sim.h"

#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void sim_tell(const struct sim *sim, const char *fmt, ...)
{
    va_list args;
    if (!sim->tell)
        return;
    fprintf(stderr, "%10.3f  ", (double)sim->now_us / 1e6);
    va_start(args, fmt);
    vfprintf(stderr, fmt, args);
    va_end(args);
    fputc('\n', stderr);
}

/* ---- folders ---- */

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

void sim_remove_folder(const char *path)
{
    nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

void sim_copy_folder(const char *from, const char *to)
{
    char command[2 * SIM_FOLDER_SIZE + 32];
    sim_remove_folder(to);
    snprintf(command, sizeof command, "cp -a '%s' '%s'", from, to);
    if (system(command) != 0)
        fprintf(stderr, "cannot copy %s\n", from);
}

/* ---- time ---- */

void sim_set_clocks(struct sim *sim)
{
    sim->clock.now_mono_us = sim->now_us;
    sim->clock.now_wall_ms = SIM_START_MS + sim->now_us / 1000;
    for (int i = 0; i < sim->device_count; i++) {
        sim->devices[i].clock.now_mono_us = sim->now_us;
        sim->devices[i].clock.now_wall_ms = SIM_START_MS + sim->now_us / 1000 + sim->devices[i].skew_ms;
    }
}

/* ---- processes ---- */

int64_t sim_some_time_us(int64_t longest_us)
{
    return (int64_t)(sim_part() * (double)longest_us);
}

struct noting {
    struct sim *sim;
    struct sim_device *device;
};

static void note_fact(void *arg, const char *station_id, const struct sim_fact *fact)
{
    struct noting *noting = arg;
    (void)station_id;
    sim_ledger_add(&noting->sim->ledger, noting->device->process, fact);
    noting->device->known_seq = fact->seq;
}

void sim_note_events(struct sim *sim, struct sim_device *device)
{
    struct noting noting = {sim, device};
    if (device->station != NULL && !sim_is_dead(device->process))
        sim_station_each_fact(device->station, device->known_seq + 1, note_fact, &noting);
}

void sim_device_down(struct sim *sim, struct sim_device *device)
{
    sim_station_close(device->station);
    device->station = NULL;
    memset(device->exchanges, 0, sizeof device->exchanges);
    device->up_us = sim->now_us + sim_some_time_us(SIM_MINUTE_US);
    sim_tell(sim, "station %d is down", device->process);
}

void sim_device_up(struct sim *sim, struct sim_device *device)
{
    bool broken;
    sim_revive(device->process);
    if (!sim->healing && sim_happens(sim->crash_percent))
        sim_die_at(device->process, 1 + sim_draw(3), sim_happens(50));
    device->clock.base.boot_id[0]++;
    if (sim_station_open(device->process, device->dir, &device->clock.base, &device->station, &broken)) {
        sim_tell(sim, "station %d is up", device->process);
        memset(device->quiet_until_us, 0, sizeof device->quiet_until_us);
        sim_note_events(sim, device);
        return;
    }
    sim->broken = sim->broken || broken;
    device->station = NULL;
    device->up_us = sim->now_us + sim_some_time_us(10 * SIM_SECOND_US);
}

void sim_server_down(struct sim *sim)
{
    sim_server_close(sim->server);
    sim->server = NULL;
    sim->server_up_us = sim->now_us + sim_some_time_us(SIM_MINUTE_US);
    for (int i = 0; i < sim->pull_count; i++)
        sim_parcel_finish(&sim->pulls[i].parcel);
    sim->pull_count = 0; /* who waits hears nothing, until his time is over */
    sim_tell(sim, "the server is down");
}

void sim_server_up(struct sim *sim)
{
    bool broken;
    sim_revive(SIM_SERVER_PROCESS);
    if (!sim->healing && sim_happens(sim->crash_percent))
        sim_die_at(SIM_SERVER_PROCESS, 1 + sim_draw(3), sim_happens(50));
    if (sim_server_open(sim->server_dir, &sim->clock.base, &sim->server, &broken)) {
        sim_tell(sim, "the server is up");
        return;
    }
    sim->broken = sim->broken || broken;
    sim->server = NULL;
    sim->server_up_us = sim->now_us + sim_some_time_us(10 * SIM_SECOND_US);
}

void sim_bury(struct sim *sim)
{
    if (sim->server != NULL && sim_is_dead(SIM_SERVER_PROCESS))
        sim_server_down(sim);
    for (int i = 0; i < sim->device_count; i++)
        if (sim->devices[i].station != NULL && sim_is_dead(sim->devices[i].process))
            sim_device_down(sim, &sim->devices[i]);
}
