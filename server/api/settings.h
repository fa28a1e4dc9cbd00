/* Settings of the school that handlers of this folder need. */
#ifndef SRV_API_SETTINGS_H
#define SRV_API_SETTINGS_H

#include "store/store.h"
#include <stdbool.h>

/* Do classes have a board? They do unless somebody turned it off. */
enum cm_code srv_settings_leaderboard(struct srv_store *store, bool *ret_enabled, struct cm_err *err);

#endif
