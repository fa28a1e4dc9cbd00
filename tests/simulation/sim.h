/*
 * One run as it stands: the server, the stations, what is under way between them, what was promised. Shared by the files
 * that make a run: process.c (start and death), exchange.c (requests and answers), run.c (what happens, and when), judge.c
 * (the end).
 */
#ifndef SIM_SIM_H
#define SIM_SIM_H

#include "simulation/chance.h"
#include "simulation/death.h"
#include "simulation/ledger.h"
#include "simulation/network.h"
#include "simulation/run.h"
#include "simulation/station_side.h"
#include "simulation/world.h"

enum {
    SIM_STATIONS_MAX = 3,
    SIM_DEVICES_MAX = 4 /* with a copy */,
    SIM_IDS_MAX = 8,
    SIM_PULLS_MAX = 64,
    SIM_REFUSED_MAX = 16,
    SIM_FOLDER_SIZE = 300
};

#define SIM_SECOND_US INT64_C(1000000)
#define SIM_MINUTE_US (60 * SIM_SECOND_US)

struct sim_exchange { /* of a channel */
    long number;      /* 0: none under way */
    int64_t deadline_us;
};

struct sim_device {
    int process; /* 1 … */
    char dir[SIM_FOLDER_SIZE], backup[SIM_FOLDER_SIZE];
    struct cm_clock_manual clock;
    int64_t skew_ms;
    struct sim_station *station; /* NULL: down */
    int64_t up_us;               /* when it starts again */
    struct sim_exchange exchanges[SIM_CHANNELS];
    int64_t quiet_until_us[SIM_CHANNELS];
    char ids[SIM_IDS_MAX][40]; /* under which the server knows it, or knew it */
    int id_count;
    uint64_t known_seq; /* of the log, in the ledger */
    bool has_backup;
};

struct sim_waiting_pull {
    struct sim_parcel parcel;
    int64_t until_us;
};

struct sim {
    uint64_t seed;
    bool tell;
    char dir[SIM_FOLDER_SIZE - 32], server_dir[SIM_FOLDER_SIZE], server_backup[SIM_FOLDER_SIZE];
    int64_t now_us;
    struct cm_clock_manual clock; /* the server's */
    struct sim_server *server;    /* NULL: down */
    int64_t server_up_us;
    bool server_has_backup, server_went_back;
    struct sim_device devices[SIM_DEVICES_MAX];
    int device_count;
    struct sim_network network;
    struct sim_ledger ledger;
    struct sim_waiting_pull pulls[SIM_PULLS_MAX];
    int pull_count;
    long exchanges;
    struct {
        long exchange;
        size_t size;            /* one that was cut short is another request */
    } refused[SIM_REFUSED_MAX]; /* the last pushes of copies that the server noted */
    int refused_next;
    int crash_percent;
    bool healing, broken;
    struct sim_totals *totals;
    long copies_before; /* this run */
};

/* ---- process.c ---- */
/* With --tell. */
void sim_tell(const struct sim *sim, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void sim_remove_folder(const char *path);
void sim_copy_folder(const char *from, const char *to);
/* All clocks show sim->now_us. */
void sim_set_clocks(struct sim *sim);
int64_t sim_some_time_us(int64_t longest_us);
/* What is new in its log is promised from now on. */
void sim_note_events(struct sim *sim, struct sim_device *device);
void sim_device_down(struct sim *sim, struct sim_device *device);
void sim_device_up(struct sim *sim, struct sim_device *device);
void sim_server_down(struct sim *sim);
void sim_server_up(struct sim *sim);
/* After each call: who died in it goes down. */
void sim_bury(struct sim *sim);

/* ---- exchange.c ---- */
/* Something happened at the station: its channels are asked again. */
void sim_poke(struct sim_device *device);
void sim_send_requests(struct sim *sim, struct sim_device *device);
void sim_give_up_exchanges(struct sim *sim, struct sim_device *device);
/* After everything that may have changed something at the server. */
void sim_wake_pulls(struct sim *sim);
/* Takes over the parcel's bytes. */
void sim_deliver(struct sim *sim, struct sim_parcel *parcel);

/* ---- run.c ---- */
void sim_go_on_until(struct sim *sim, int64_t until_us);

/* ---- judge.c ---- */
/* Everything heals; true when both sides became equal. */
bool sim_end_well(struct sim *sim);

#endif
