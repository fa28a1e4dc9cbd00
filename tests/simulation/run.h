/* One run of the simulation: a seed in, "both sides are equal" or what is wrong out. */
#ifndef SIM_RUN_H
#define SIM_RUN_H

#include <stdbool.h>
#include <stdint.h>

struct sim_totals {
    long runs, events, requests, lost, doubled, cut, writes, deaths, restored_servers, restored_stations,
        renewed, copies;
    double virtual_hours;
};

/* dir: an empty folder, emptied again at the end. Says on stderr what is wrong. */
bool sim_run(uint64_t seed, const char *dir, bool tell, struct sim_totals *totals);

#endif
