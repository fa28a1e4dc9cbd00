/*
 * What a set of roster files that was read without a problem does to the store. Private to the import.
 */
#ifndef SRV_API_IMPORT_PLAN_H
#define SRV_API_IMPORT_PLAN_H

#include "api/import.h"
#include "base/buf.h"

/* Which OneRoster class is which of ours: kept from one import to the next, as lines "sourcedId TAB id". */
enum { SRV_CLASS_MAP_MAX = 256 * 1024 };
struct srv_class_map {
    struct cm_buf text;
};
enum cm_code srv_class_map_load(struct srv_store *store, struct srv_class_map *ret_map, struct cm_err *err);
bool srv_class_map_find(const struct srv_class_map *map, const char *sourced_id, char ret_id[CM_ID_SIZE]);

struct srv_import_plan {
    struct cm_roster rosters[SRV_IMPORT_FILES_MAX]; /* of plain files, classes first */
    size_t roster_count;
    struct cm_oneroster oneroster;
    struct srv_class_map class_map;
};
void srv_import_plan_finish(struct srv_import_plan *plan);

/* Counts (write: false) or writes what changes. *ret_active: students who were there before. */
enum cm_code srv_import_plan_run(struct srv_store *store, struct srv_import *import,
                                 struct srv_import_plan *plan, bool write, int64_t *ret_active,
                                 struct cm_err *err);

#endif
