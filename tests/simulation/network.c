#include "simulation/network.h"

#include "simulation/chance.h"
#include <stdlib.h>
#include <string.h>

static uint8_t *copy_bytes(const uint8_t *bytes, size_t size)
{
    uint8_t *copy = malloc(size > 0 ? size : 1);
    if (size > 0)
        memcpy(copy, bytes, size);
    return copy;
}

void sim_parcel_finish(struct sim_parcel *parcel)
{
    free(parcel->request.body);
    free(parcel->reply.body);
}

static void put(struct sim_network *network, int64_t now_us, const struct sim_parcel *parcel)
{
    if (network->parcels == NULL)
        network->parcels = calloc(SIM_PARCELS_MAX, sizeof *network->parcels);
    if (network->count == SIM_PARCELS_MAX)
        return;
    struct sim_parcel *copy = &network->parcels[network->count++];
    *copy = *parcel;
    copy->request.body = copy_bytes(parcel->request.body, parcel->request.size);
    copy->reply.body = copy_bytes(parcel->reply.body, parcel->reply.size);
    copy->at_us = now_us + 1000 + (int64_t)(sim_part() * sim_part() * (double)network->weather.delay_max_us);
    if (!sim_happens(network->weather.cutting))
        return;
    network->cut++;
    if (copy->request.size > 0)
        copy->request.size = (size_t)sim_draw((int)copy->request.size);
    if (copy->reply.size > 0)
        copy->reply.size = (size_t)sim_draw((int)copy->reply.size);
}

void sim_network_send(struct sim_network *network, int64_t now_us, const struct sim_parcel *parcel)
{
    network->carried++;
    if (sim_happens(network->weather.loss)) {
        network->lost++;
        return;
    }
    put(network, now_us, parcel);
    if (!sim_happens(network->weather.doubling))
        return;
    network->doubled++;
    put(network, now_us, parcel);
}

static int find_first(const struct sim_network *network)
{
    int first = -1;
    for (int i = 0; i < network->count; i++)
        if (first < 0 || network->parcels[i].at_us < network->parcels[first].at_us)
            first = i;
    return first;
}

int64_t sim_network_next_us(const struct sim_network *network)
{
    int first = find_first(network);
    return first < 0 ? INT64_MAX : network->parcels[first].at_us;
}

bool sim_network_receive(struct sim_network *network, int64_t now_us, struct sim_parcel *ret_parcel)
{
    int first = find_first(network);
    if (first < 0 || network->parcels[first].at_us > now_us)
        return false;
    *ret_parcel = network->parcels[first];
    network->parcels[first] = network->parcels[--network->count];
    return true;
}

void sim_network_finish(struct sim_network *network)
{
    for (int i = 0; i < network->count; i++)
        sim_parcel_finish(&network->parcels[i]);
    free(network->parcels);
    *network = (struct sim_network){.count = 0};
}
