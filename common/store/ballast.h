/*
 * A file that takes room on the disk in order to give it back. A copy-on-write database needs free pages even to delete,
 * so on a disk that is full to the brim nothing could be erased and not even the record "the disk is full" written.
 *
 * The ballast is given up for what must still go through on a full disk: erasing a student, and recording an activity or
 * a coverage. Marks never get it: a mark that finds the disk full is refused on the screen, where a person sees it; if
 * marks used the ballast up, nobody would. So while it is gone and less than its size is free, the owner refuses other
 * writes. It is laid in again when there is room enough.
 */
#ifndef CM_BALLAST_H
#define CM_BALLAST_H

#include "base/err.h"
#include <stdbool.h>

enum {
    CM_BALLAST_BYTES = 1024 * 1024,
    CM_BALLAST_LEAST_FREE = 16 * 1024 * 1024, /* what must stay free beside it for it to be laid in */
};

/* Lays it in if it is not there and the disk has room. No room is no failure: then *ret_gone is true. */
enum cm_code cm_ballast_lay(const char *path, bool *ret_gone, struct cm_err *err);
/* Gives it back. False: there was none. */
bool cm_ballast_drop(const char *path);

#endif
