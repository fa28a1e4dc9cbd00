/*
 * A roster from files into the store: what would change, and changing it. For the API and for `roster import`.
 *
 * All files are taken together or not at all: first they are read and compared with the store, which takes a while and needs
 * no write, then, when nothing is wrong with any of them, written. Students who left are archived, never erased.
 */
#ifndef SRV_API_IMPORT_H
#define SRV_API_IMPORT_H

#include "roster/oneroster.h"
#include "store/store.h"
#include <stdbool.h>
#include <stddef.h>

enum {
    SRV_IMPORT_FILES_MAX = CM_ONEROSTER_FILES_MAX,
    SRV_IMPORT_REMARKS_MAX = 100, /* of each kind, word by word */
    SRV_IMPORT_REMOVED_PERCENT = 20,
};

struct srv_import_file { /* borrowed */
    const char *name;
    const char *text;
    size_t size;
};

struct srv_import_remark {
    char file[64];
    size_t line; /* 0: of the whole file */
    char text[CM_ROSTER_REMARK_SIZE];
};

struct srv_import_remarks {
    struct srv_import_remark list[SRV_IMPORT_REMARKS_MAX];
    size_t count; /* all; only the first SRV_IMPORT_REMARKS_MAX have a text */
};

struct srv_import {
    /* what is to be done */
    struct srv_import_file files[SRV_IMPORT_FILES_MAX];
    size_t file_count;
    bool dry_run, allow_removals;
    const char *removals_option; /* how whoever asks says allow_removals */
    int64_t now_ms;
    int32_t today;
    struct srv_import_plan *plan; /* private: what the files say */
    /* what was found */
    struct {
        int64_t added, changed;
    } classes;
    struct {
        int64_t added, changed, removed, unchanged;
    } students;
    struct srv_import_remarks problems, notes;
    bool removals_refused; /* the one problem: more would be removed than is allowed without a word */
};

/* Within srv_store_read: reads the files, compares them with the store and counts; that is all of a dry run. CM_INVALID: there
 * are problems. Once. */
enum cm_code srv_import_read(struct srv_store *store, struct srv_import *import, struct cm_err *err);
/* Within srv_store_write, after it: counts again, since the store may have changed, and writes. May run more than once.
 * CM_INVALID: there are problems now, and the write is to be undone. */
enum cm_code srv_import_write(struct srv_store *store, struct srv_import *import, struct cm_err *err);
void srv_import_finish(struct srv_import *import); /* what was read; not the files */

#endif
