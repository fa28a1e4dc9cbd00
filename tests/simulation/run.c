/*
 * A server and one to three stations live through a random time: people edit on both sides, the network misbehaves,
 * processes die at any write, now and then a disk is put back to an old backup. Then everything heals, and both sides must
 * become equal: see judge().
 */
#include "simulation/run.h"

#include "simulation/chance.h"
#include "simulation/death.h"
#include "simulation/ledger.h"
#include "simulation/network.h"
#include "simulation/station_side.h"
#include "simulation/world.h"
#include <ftw.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DEVICES_MAX = 3, IDS_MAX = 8, PULLS_MAX = 64, OPEN_TRIES = 40, PATH_SIZE = 300 };

#define SECOND_US   INT64_C(1000000)
#define MINUTE_US   (60 * SECOND_US)
#define HEAL_MAX_US (180 * MINUTE_US) /* both sides are equal by then, or never */

struct exchange { /* of a channel */
    long number;  /* 0: none under way */
    int64_t deadline_us;
};

struct device {
    int process; /* 1 … */
    char dir[PATH_SIZE], backup[PATH_SIZE];
    struct cm_clock_manual clock;
    int64_t skew_ms;
    struct sim_station *station; /* NULL: down */
    int64_t up_us;               /* when it starts again */
    struct exchange exchanges[SIM_CHANNELS];
    int64_t quiet_until_us[SIM_CHANNELS];
    char ids[IDS_MAX][40]; /* under which the server knows it, or knew it */
    int id_count;
    uint64_t known_seq; /* of the log, in the ledger */
    bool has_backup;
};

struct waiting_pull {
    struct sim_parcel parcel;
    int64_t until_us;
};

struct sim {
    uint64_t seed;
    bool tell;
    char server_dir[PATH_SIZE], server_backup[PATH_SIZE];
    int64_t now_us;
    struct cm_clock_manual clock; /* the server's */
    struct sim_server *server;    /* NULL: down */
    int64_t server_up_us;
    bool server_has_backup;
    struct device devices[DEVICES_MAX];
    int device_count;
    struct sim_network network;
    struct sim_ledger ledger;
    struct waiting_pull pulls[PULLS_MAX];
    int pull_count;
    long exchanges;
    int crash_percent;
    bool healing, broken;
    struct sim_totals *totals;
};

static void tell(const struct sim *sim, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void tell(const struct sim *sim, const char *fmt, ...)
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

static void remove_folder(const char *path)
{
    nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void copy_folder(const char *from, const char *to)
{
    char command[2 * PATH_SIZE + 32];
    remove_folder(to);
    snprintf(command, sizeof command, "cp -a '%s' '%s'", from, to);
    if (system(command) != 0)
        fprintf(stderr, "cannot copy %s\n", from);
}

/* ---- time ---- */

static void set_clocks(struct sim *sim)
{
    sim->clock.now_mono_us = sim->now_us;
    sim->clock.now_wall_ms = SIM_START_MS + sim->now_us / 1000;
    for (int i = 0; i < sim->device_count; i++) {
        sim->devices[i].clock.now_mono_us = sim->now_us;
        sim->devices[i].clock.now_wall_ms = SIM_START_MS + sim->now_us / 1000 + sim->devices[i].skew_ms;
    }
}

/* ---- processes ---- */

static int64_t some_time_us(int64_t longest_us)
{
    return (int64_t)(sim_part() * (double)longest_us);
}

struct noting {
    struct sim *sim;
    struct device *device;
};

static void note_fact(void *arg, const char *station_id, const struct sim_fact *fact)
{
    struct noting *noting = arg;
    (void)station_id;
    sim_ledger_add(&noting->sim->ledger, noting->device->process, fact);
    noting->device->known_seq = fact->seq;
}

/* What is new in its log is promised from now on. */
static void note_events(struct sim *sim, struct device *device)
{
    struct noting noting = {sim, device};
    if (device->station != NULL && !sim_is_dead(device->process))
        sim_station_each_fact(device->station, device->known_seq + 1, note_fact, &noting);
}

static void device_down(struct sim *sim, struct device *device)
{
    sim_station_close(device->station);
    device->station = NULL;
    memset(device->exchanges, 0, sizeof device->exchanges);
    device->up_us = sim->now_us + some_time_us(MINUTE_US);
    tell(sim, "station %d is down", device->process);
}

static void device_up(struct sim *sim, struct device *device)
{
    bool broken;
    sim_revive(device->process);
    if (!sim->healing && sim_happens(sim->crash_percent))
        sim_die_at(device->process, 1 + sim_draw(3), sim_happens(50));
    device->clock.base.boot_id[0]++;
    if (sim_station_open(device->process, device->dir, &device->clock.base, &device->station, &broken)) {
        tell(sim, "station %d is up", device->process);
        memset(device->quiet_until_us, 0, sizeof device->quiet_until_us);
        note_events(sim, device);
        return;
    }
    sim->broken = sim->broken || broken;
    device->station = NULL;
    device->up_us = sim->now_us + some_time_us(10 * SECOND_US);
}

static void server_down(struct sim *sim)
{
    sim_server_close(sim->server);
    sim->server = NULL;
    sim->server_up_us = sim->now_us + some_time_us(MINUTE_US);
    for (int i = 0; i < sim->pull_count; i++)
        sim_parcel_finish(&sim->pulls[i].parcel);
    sim->pull_count = 0; /* who waits hears nothing, until his time is over */
    tell(sim, "the server is down");
}

static void server_up(struct sim *sim)
{
    bool broken;
    sim_revive(SIM_SERVER_PROCESS);
    if (!sim->healing && sim_happens(sim->crash_percent))
        sim_die_at(SIM_SERVER_PROCESS, 1 + sim_draw(3), sim_happens(50));
    if (sim_server_open(sim->server_dir, &sim->clock.base, &sim->server, &broken)) {
        tell(sim, "the server is up");
        return;
    }
    sim->broken = sim->broken || broken;
    sim->server = NULL;
    sim->server_up_us = sim->now_us + some_time_us(10 * SECOND_US);
}

/* After each call: who died in it goes down. */
static void bury(struct sim *sim)
{
    if (sim->server != NULL && sim_is_dead(SIM_SERVER_PROCESS))
        server_down(sim);
    for (int i = 0; i < sim->device_count; i++)
        if (sim->devices[i].station != NULL && sim_is_dead(sim->devices[i].process))
            device_down(sim, &sim->devices[i]);
}

/* ---- exchanges ---- */

static void poke(struct device *device)
{
    memset(device->quiet_until_us, 0, sizeof device->quiet_until_us);
}

static void answer_exchange(struct sim *sim, struct device *device, int channel,
                            const struct sim_reply *reply)
{
    device->exchanges[channel].number = 0;
    sim_station_answer(device->station, channel, sim->now_us, reply);
    note_events(sim, device);
    poke(device);
    bury(sim);
}

static void send_requests(struct sim *sim, struct device *device)
{
    for (int channel = 0; channel < SIM_CHANNELS && device->station != NULL; channel++) {
        struct sim_parcel parcel = {.to_server = true, .device = device->process - 1, .channel = channel};
        int32_t timeout_ms;
        if (device->exchanges[channel].number != 0 || device->quiet_until_us[channel] > sim->now_us)
            continue;
        if (!sim_station_next(device->station, channel, sim->now_us, &parcel.request, &timeout_ms)) {
            int64_t due_us = sim_station_due_us(device->station, channel);
            device->quiet_until_us[channel] =
                due_us > sim->now_us + SECOND_US / 5 ? due_us : sim->now_us + SECOND_US / 5;
            bury(sim);
            continue;
        }
        parcel.exchange = ++sim->exchanges;
        device->exchanges[channel] =
            (struct exchange){parcel.exchange, sim->now_us + timeout_ms * INT64_C(1000)};
        tell(sim, "station %d sends %s (%zu bytes)", device->process, parcel.request.path,
             parcel.request.size);
        sim_network_send(&sim->network, sim->now_us, &parcel);
        sim_parcel_finish(&parcel);
        bury(sim);
    }
}

static void give_up_exchanges(struct sim *sim, struct device *device)
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
    tell(sim, "the server answers %d to %s", reply->status, request->request.path);
    sim_network_send(&sim->network, sim->now_us, &parcel);
    free(reply->body);
}

/* True: it was answered, or the server died of it. */
static bool ask_server(struct sim *sim, const struct sim_parcel *parcel, bool must)
{
    struct sim_reply reply;
    switch (sim_server_answer(sim->server, &parcel->request, must, &reply)) {
    case SIM_ANSWERED:
        send_answer(sim, parcel, &reply);
        return true;
    case SIM_DIED:
        bury(sim);
        return true;
    case SIM_WAITS:
        break;
    }
    return false;
}

/* After everything that may have changed something. */
static void wake_pulls(struct sim *sim)
{
    for (int i = 0; i < sim->pull_count && sim->server != NULL;) {
        struct waiting_pull pull = sim->pulls[i];
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
    bool last = sim->pull_count == PULLS_MAX;
    if (!ask_server(sim, parcel, last)) {
        sim->pulls[sim->pull_count++] =
            (struct waiting_pull){*parcel, sim->now_us + wait_of(parcel->request.path) * SECOND_US};
        return;
    }
    sim_parcel_finish(parcel);
    wake_pulls(sim);
}

static void deliver(struct sim *sim, struct sim_parcel *parcel)
{
    struct device *device = &sim->devices[parcel->device];
    if (parcel->to_server) {
        deliver_to_server(sim, parcel);
        return;
    }
    /* an answer belongs to its request: one that comes late, or again, reaches nobody */
    if (device->station != NULL && device->exchanges[parcel->channel].number == parcel->exchange)
        answer_exchange(sim, device, parcel->channel, &parcel->reply);
    sim_parcel_finish(parcel);
}

/* ---- what happens ---- */

static void arm(struct sim *sim)
{
    int process = sim_draw(sim->device_count + 1);
    sim_die_at(process, 1 + sim_draw(6), sim_happens(50));
}

static void back_up_server(struct sim *sim)
{
    if (sim->server == NULL)
        return;
    remove_folder(sim->server_backup);
    sim->server_has_backup = sim_server_backup(sim->server, sim->server_backup);
    tell(sim, "the server is backed up");
    bury(sim);
}

static void restore_server(struct sim *sim)
{
    char store[PATH_SIZE + 8];
    if (!sim->server_has_backup)
        return;
    if (sim->server != NULL)
        server_down(sim);
    sim_revive(SIM_SERVER_PROCESS);
    snprintf(store, sizeof store, "%s/store", sim->server_dir);
    remove_folder(store);
    if (!sim_server_restore(sim->server_backup, sim->server_dir))
        sim->broken = true;
    sim->totals->restored_servers++;
    tell(sim, "the server is restored from its backup");
}

static void back_up_device(struct sim *sim, struct device *device)
{
    if (device->station != NULL)
        device_down(sim, device);
    copy_folder(device->dir, device->backup);
    device->has_backup = true;
    tell(sim, "station %d is backed up", device->process);
}

static void restore_device(struct sim *sim, struct device *device)
{
    if (!device->has_backup)
        return;
    if (device->station != NULL)
        device_down(sim, device);
    copy_folder(device->backup, device->dir);
    device->known_seq = 0;
    sim_revive(device->process);
    bool broken;
    if (!sim_station_open(device->process, device->dir, &device->clock.base, &device->station, &broken)) {
        sim->broken = true;
        return;
    }
    note_events(sim, device);
    sim_ledger_went_back(&sim->ledger, device->process, device->known_seq);
    sim->totals->restored_stations++;
    tell(sim, "station %d is restored from its backup, with %" PRIu64 " events", device->process,
         device->known_seq);
}

static void edit_server(struct sim *sim)
{
    const char *ids[DEVICES_MAX];
    for (int i = 0; i < sim->device_count; i++)
        ids[i] = sim->devices[i].ids[sim->devices[i].id_count - 1];
    if (sim->server == NULL)
        return;
    tell(sim, "the server: %s", sim_server_edit(sim->server, ids, sim->device_count));
    bury(sim);
    wake_pulls(sim);
}

static void edit_device(struct sim *sim, struct device *device)
{
    if (device->station == NULL)
        return;
    tell(sim, "station %d: %s", device->process, sim_station_edit(device->station));
    note_events(sim, device);
    poke(device);
    bury(sim);
}

static void something_happens(struct sim *sim, int disasters)
{
    struct device *device = &sim->devices[sim_draw(sim->device_count)];
    if (sim_happens(sim->crash_percent))
        arm(sim);
    int what = sim_draw(1000);
    if (what < 15 * disasters)
        sim_happens(50) ? back_up_server(sim) : back_up_device(sim, device);
    else if (what < 30 * disasters)
        sim_happens(50) ? restore_server(sim) : restore_device(sim, device);
    else if (what < 400)
        edit_server(sim);
    else if (what < 430 && sim->server != NULL)
        sim_server_make_job(sim->server), wake_pulls(sim);
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
        const struct device *device = &sim->devices[i];
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

static void go_on_until(struct sim *sim, int64_t until_us)
{
    while (!sim->broken) {
        struct sim_parcel parcel;
        for (int i = 0; i < sim->device_count; i++)
            send_requests(sim, &sim->devices[i]);
        int64_t next_us = next_time_us(sim);
        if (next_us > until_us)
            break;
        sim->now_us = next_us > sim->now_us ? next_us : sim->now_us;
        set_clocks(sim);
        if (sim->server == NULL && sim->server_up_us <= sim->now_us)
            server_up(sim);
        wake_pulls(sim);
        for (int i = 0; i < sim->device_count; i++) {
            struct device *device = &sim->devices[i];
            if (device->station == NULL && device->up_us <= sim->now_us)
                device_up(sim, device);
            give_up_exchanges(sim, device);
        }
        while (sim_network_receive(&sim->network, sim->now_us, &parcel))
            deliver(sim, &parcel);
    }
    sim->now_us = until_us;
    set_clocks(sim);
}

/* ---- the beginning ---- */

static bool pair(struct sim *sim, struct device *device)
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
    static const int64_t delays_us[] = {10 * 1000, SECOND_US, 40 * SECOND_US};
    snprintf(sim->server_dir, sizeof sim->server_dir, "%s/server", dir);
    snprintf(sim->server_backup, sizeof sim->server_backup, "%s/server-backup", dir);
    mkdir(sim->server_dir, 0700);
    sim->device_count = 1 + sim_draw(DEVICES_MAX);
    cm_clock_manual_init(&sim->clock, SIM_START_MS, 0);
    for (int i = 0; i < sim->device_count; i++) {
        struct device *device = &sim->devices[i];
        device->process = i + 1;
        snprintf(device->dir, sizeof device->dir, "%s/station%d", dir, i);
        snprintf(device->backup, sizeof device->backup, "%s/station%d-backup", dir, i);
        device->skew_ms = sim_happens(30) ? sim_draw(20 * 60 * 1000) - 10 * 60 * 1000 : 0;
        cm_clock_manual_init(&device->clock, SIM_START_MS, 0);
    }
    set_clocks(sim);
    server_up(sim);
    for (int i = 0; i < sim->device_count && sim->server != NULL; i++) {
        device_up(sim, &sim->devices[i]);
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
    int64_t pace_us = 1 + sim_draw(60) * SECOND_US;
    struct sim_weather weather = sim->network.weather;
    for (int i = 20 + sim_draw(120); i > 0 && !sim->broken; i--) {
        if (sim_happens(3)) /* the cable is pulled, and put back */
            sim->network.weather.loss = sim->network.weather.loss == 100 ? weather.loss : 100;
        something_happens(sim, disasters);
        go_on_until(sim, sim->now_us + some_time_us(pace_us));
    }
}

/* ---- the end ---- */

static void everybody_up(struct sim *sim)
{
    sim->healing = true;
    sim->network.weather = (struct sim_weather){.delay_max_us = 5000};
    sim_die_at(SIM_SERVER_PROCESS, 0, false);
    for (int i = 0; i < sim->device_count; i++)
        sim_die_at(sim->devices[i].process, 0, false);
    if (sim->server == NULL)
        server_up(sim);
    for (int i = 0; i < sim->device_count && !sim->broken; i++)
        if (sim->devices[i].station == NULL)
            device_up(sim, &sim->devices[i]);
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
static uint64_t first_different(struct sim *sim, struct device *device)
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

/* A person sees "forked" and does what it says; the power may fail meanwhile, then he does it again. */
static void renew(struct sim *sim, struct device *device)
{
    uint8_t key[32], server_key[32];
    char token[64], name[32];
    for (int i = 0; i < 4 && device->id_count < IDS_MAX; i++) {
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
        tell(sim, "station %d renewed from event %" PRIu64 ": %s", device->process, first_seq,
             done ? "done" : "not done");
        if (!done) {
            device_down(sim, device);
            device->known_seq = 0;
            device_up(sim, device);
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
        sim_server_revoke(sim->server, device->ids[device->id_count - 1]);
        device->id_count++;
        device->known_seq = 0;
        poke(device);
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
        struct device *device = &sim->devices[i];
        if (device->station != NULL && sim_station_forked(device->station, &seq)) {
            renew(sim, device);
            idle = false;
        }
        idle = idle && device->station != NULL && sim_station_idle(device->station);
    }
    return idle;
}

static bool same_view(struct sim *sim, struct device *device, bool say)
{
    struct cm_buf ours, theirs;
    cm_buf_init(&ours, SIM_VIEW_MAX);
    cm_buf_init(&theirs, SIM_VIEW_MAX);
    cm_buf_append_text(&ours, "");
    cm_buf_append_text(&theirs, "");
    sim_station_view(device->station, &ours);
    sim_server_view(sim->server, device->ids[device->id_count - 1], &theirs);
    bool same = strcmp((char *)ours.data, (char *)theirs.data) == 0;
    if (!same && say)
        fprintf(stderr, "station %d has\n%sand should have\n%s", device->process, (char *)ours.data,
                (char *)theirs.data);
    cm_buf_finish(&ours);
    cm_buf_finish(&theirs);
    return same;
}

struct judging {
    struct sim *sim;
    bool good;
};

static void judge_fact(void *arg, const char *station_id, const struct sim_fact *fact)
{
    struct judging *judging = arg;
    struct sim *sim = judging->sim;
    for (int i = 0; i < sim->device_count; i++)
        for (int k = 0; k < sim->devices[i].id_count; k++) {
            if (strcmp(sim->devices[i].ids[k], station_id) != 0)
                continue;
            struct sim_promise *promise = sim_ledger_find(&sim->ledger, i + 1, fact->id);
            if (promise == NULL || promise->fact.wall_ms != fact->wall_ms ||
                promise->fact.captured_wall_ms != fact->captured_wall_ms || promise->fact.type != fact->type)
                judging->good = false;
            else
                promise->seen++;
        }
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
    return good;
}

static bool end_well(struct sim *sim)
{
    char text[400];
    int64_t end_us = sim->now_us + HEAL_MAX_US;
    everybody_up(sim);
    while (!sim->broken && sim->now_us < end_us) {
        go_on_until(sim, sim->now_us + 10 * SECOND_US);
        if (!sim->broken && all_idle(sim) && !sim->broken && judge(sim, false))
            break;
    }
    bool good = !sim->broken && judge(sim, true) && sim_server_check(sim->server);
    for (int i = 0; i < sim->device_count; i++) {
        struct device *device = &sim->devices[i];
        good = good && sim_station_check(device->station);
        if (good || device->station == NULL)
            continue;
        sim_station_describe(device->station, text, sizeof text);
        fprintf(stderr, "station %d: %s\n", device->process, text);
    }
    return good;
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
        remove_folder(sim->devices[i].dir);
        remove_folder(sim->devices[i].backup);
    }
    sim_server_close(sim->server);
    remove_folder(sim->server_dir);
    remove_folder(sim->server_backup);
    sim_network_finish(&sim->network);
    sim_ledger_finish(&sim->ledger);
}

bool sim_run(uint64_t seed, const char *dir, bool say, struct sim_totals *totals)
{
    struct sim *sim = calloc(1, sizeof *sim);
    sim_chance_begin(seed);
    for (int i = 0; i <= DEVICES_MAX; i++)
        sim_revive(i);
    sim->seed = seed;
    sim->tell = say;
    sim->totals = totals;
    bool good = begin(sim, dir);
    if (good) {
        live(sim);
        good = end_well(sim);
    } else {
        fprintf(stderr, "the run does not begin\n");
    }
    finish(sim);
    free(sim);
    totals->writes = sim_writes();
    totals->deaths = sim_deaths();
    return good;
}
