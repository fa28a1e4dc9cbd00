/* The bodies of what a station pulls, as they are now. Private to pull.c. */
#ifndef SRV_SYNC_ITEMS_H
#define SRV_SYNC_ITEMS_H

#include "sync/core.h"

struct srv_items { /* one answer in the making, within one read of the store */
    struct srv_sync_core *core;
    struct srv_station station;
    uint8_t box_key[CM_BOX_KEY_SIZE]; /* the station's */
    bool rolls;                       /* the station takes them */
    bool silent;                      /* what does not concern the station is left out */
    struct cm_changes *changes;
    size_t offsets[CM_SYNC_ITEMS_MAX]; /* of each item's body in `bodies`, which may move until the end */
    struct cm_buf bodies;
};

/* Adds what the change means for the station: nothing, or one item, or two (a student and his templates). Room for two must
 * be left. */
enum cm_code srv_items_add(struct srv_items *items, const struct srv_change *change, struct cm_err *err);

#endif
