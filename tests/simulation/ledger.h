/*
 * What stations promised: every event that was in a station's log once. At the end each must be at the server exactly once,
 * as it was made, and nothing else.
 */
#ifndef SIM_LEDGER_H
#define SIM_LEDGER_H

#include "simulation/server_side.h"

enum { SIM_PROMISES_MAX = 20000 };

struct sim_promise {
    int device;
    struct sim_fact fact;
    bool may_be_lost; /* the station's disk was put back to a time before it */
    int seen;
};

struct sim_ledger {
    struct sim_promise *promises; /* malloc */
    int count;
};

/* What is there already is passed over. */
void sim_ledger_add(struct sim_ledger *ledger, int device, const struct sim_fact *fact);
/* The device's disk went back: what its log held behind last_seq may be lost, unless the server has it. */
void sim_ledger_went_back(struct sim_ledger *ledger, int device, uint64_t last_seq);
/* NULL: never promised by this device. */
struct sim_promise *sim_ledger_find(struct sim_ledger *ledger, int device, const uint8_t id[16]);
void sim_ledger_finish(struct sim_ledger *ledger);

#endif
