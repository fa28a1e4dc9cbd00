/*
 * Processes that die. The simulation links the stores as they are, with what writes to the disk wrapped (the linker's
 * --wrap): the commit of a database, and the key file. A process that is told to die at its n-th write either does not get
 * that write done, or gets it done and never hears of it; from then on it reads and writes nothing any more, and what it
 * says is not heard. So what is on the disk is what a process leaves that was killed there. Opening its folder again is
 * its new start.
 */
#ifndef SIM_DEATH_H
#define SIM_DEATH_H

#include <stdbool.h>

enum { SIM_PROCESSES_MAX = 16 };

/* Whose code runs from now on. */
void sim_process(int process);
/* It dies at its n-th write from now on (1: the next). */
void sim_die_at(int process, int writes, bool after_the_write);
bool sim_is_dead(int process);
/* For a new start. */
void sim_revive(int process);
/* How many writes all processes did, and how many deaths there were. */
long sim_writes(void);
long sim_deaths(void);

#endif
