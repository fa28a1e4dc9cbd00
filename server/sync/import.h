/*
 * A bundle (common/sync/bundle.h) into the store: the same as if its station had sent the pushes, each verified and
 * committed on its own. Idempotent: what the server has already is passed over.
 */
#ifndef SRV_SYNC_IMPORT_H
#define SRV_SYNC_IMPORT_H

#include "sync/core.h"
#include <stdio.h>

struct srv_bundle_import {
    struct srv_station station; /* whose it is */
    uint32_t pushes;
    uint64_t events, new_events; /* of those that were read */
};

/* progress may be NULL. CM_NOTFOUND: of a station that this server does not have. CM_CORRUPT: cut short, changed, or not
 * sealed to this server. CM_INVALID: not a bundle, of a revoked station, or one whose events do not follow those that the
 * server has. What was imported before a failure stays, and *ret_import counts it. */
enum cm_code srv_bundle_import(struct srv_sync_core *core, FILE *file,
                               void (*progress)(void *arg, const struct srv_bundle_import *import), void *arg,
                               struct srv_bundle_import *ret_import, struct cm_err *err);

#endif
