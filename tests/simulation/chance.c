#include "simulation/chance.h"

#include <sodium.h>
#include <string.h>

static uint64_t ours, sodiums; /* apart: how often libsodium draws does not bend the run */

static uint64_t next(uint64_t *state) /* splitmix64 */
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static const char *name(void)
{
    return "simulation";
}

static uint32_t random_number(void)
{
    return (uint32_t)next(&sodiums);
}

static void random_bytes(void *const bytes, const size_t size)
{
    uint8_t *at = bytes;
    for (size_t i = 0; i < size; i++)
        at[i] = (uint8_t)(next(&sodiums) >> 32);
}

void sim_chance_begin(uint64_t seed)
{
    static randombytes_implementation implementation = {
        .implementation_name = name, .random = random_number, .buf = random_bytes};
    ours = seed;
    sodiums = ~seed;
    randombytes_set_implementation(&implementation);
}

int sim_draw(int below)
{
    return (int)(next(&ours) % (uint64_t)below);
}

bool sim_happens(int percent)
{
    return sim_draw(100) < percent;
}

double sim_part(void)
{
    return (double)(next(&ours) >> 11) / (double)(UINT64_C(1) << 53);
}
