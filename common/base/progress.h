/*
 * The progress of long work, for a person: one line on stderr when that is a terminal, nothing otherwise. At most ten times a
 * second, so it may be called for every item. One thread of one program: its main thread.
 */
#ifndef CM_PROGRESS_H
#define CM_PROGRESS_H

#include <stdint.h>

/* of 0: how much there is in all is not known. */
void cm_progress(const char *what, uint64_t done, uint64_t of);
/* Removes the line. Before anything else is written. */
void cm_progress_end(void);

#endif
