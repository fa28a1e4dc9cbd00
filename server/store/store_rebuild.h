/* Deriving everything anew in parts: a rebuild commits each, a check makes them in memory. Private to this folder. */
#ifndef SRV_STORE_REBUILD_H
#define SRV_STORE_REBUILD_H

#include "store/kvstore.h"

enum srv_rebuild_stage { SRV_REBUILD_EVENTS, SRV_REBUILD_CLASSES, SRV_REBUILD_STUDENTS, SRV_REBUILD_DONE };

struct srv_rebuild { /* {0} is the beginning */
    enum srv_rebuild_stage stage;
    uint64_t feed;          /* the last event that was done */
    char after[CM_ID_SIZE]; /* the last class or student */
    /* private */
    size_t left;
    struct srv_tx *tx;
};

/* The next part, into empty derived tables; sets tx->replay as it needs it. */
enum cm_code srv_rebuild_part(struct srv_rebuild *rebuild, struct srv_tx *tx, struct cm_err *err);

#endif
