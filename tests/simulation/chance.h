/* Random numbers of one run: the same seed, the same run, keys, nonces and ids included (libsodium draws from here too). */
#ifndef SIM_CHANCE_H
#define SIM_CHANCE_H

#include <stdbool.h>
#include <stdint.h>

void sim_chance_begin(uint64_t seed);
/* 0 … below - 1. */
int sim_draw(int below);
bool sim_happens(int percent);
/* 0 … 1. */
double sim_part(void);

#endif
