#include "simulation/ledger.h"

#include <stdlib.h>
#include <string.h>

struct sim_promise *sim_ledger_find(struct sim_ledger *ledger, int device, const uint8_t id[16])
{
    for (int i = ledger->count - 1; i >= 0; i--)
        if (ledger->promises[i].device == device && memcmp(ledger->promises[i].fact.id, id, 16) == 0)
            return &ledger->promises[i];
    return NULL;
}

void sim_ledger_add(struct sim_ledger *ledger, int device, const struct sim_fact *fact)
{
    if (ledger->promises == NULL)
        ledger->promises = calloc(SIM_PROMISES_MAX, sizeof *ledger->promises);
    if (ledger->count == SIM_PROMISES_MAX || sim_ledger_find(ledger, device, fact->id) != NULL)
        return;
    ledger->promises[ledger->count++] = (struct sim_promise){.device = device, .fact = *fact};
}

void sim_ledger_went_back(struct sim_ledger *ledger, int device, uint64_t last_seq)
{
    for (int i = 0; i < ledger->count; i++)
        if (ledger->promises[i].device == device && ledger->promises[i].fact.seq > last_seq)
            ledger->promises[i].may_be_lost = true;
}

void sim_ledger_finish(struct sim_ledger *ledger)
{
    free(ledger->promises);
    *ledger = (struct sim_ledger){.count = 0};
}
