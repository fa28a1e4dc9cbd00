/*
 * One event of the feed as pages get it: made once, shared by every stream that may see it. Counted; any thread.
 */
#ifndef SRV_LIVE_ENTRY_H
#define SRV_LIVE_ENTRY_H

#include "app/app.h"
#include "live/viewer.h"

#include <stdatomic.h>

struct srv_entry {
    atomic_int refs;
    uint64_t feed;
    struct srv_chunk *chunk; /* the event as it goes out; NULL: nothing that pages show */
    char student_id[CM_ID_SIZE];
    char class_id[CM_ID_SIZE]; /* empty: see the station */
    bool of_students;          /* the student himself may see it */
    bool every_class;          /* of a station that serves all */
    int class_count;
    char classes[][CM_ID_SIZE]; /* of a station that serves these */
};

enum { SRV_ENTRIES_MAX = 64 };
/* Entries of feed numbers after + 1 … last, at most SRV_ENTRIES_MAX of them, each with a reference for the caller. How many
 * goes to ret_count; 0 when after is the last. Reads the store. */
enum cm_code srv_entries_load(struct srv_app *app, uint64_t after, uint64_t last,
                              struct srv_entry *ret_entries[static SRV_ENTRIES_MAX], size_t *ret_count,
                              struct cm_err *err);
void srv_entry_ref(struct srv_entry *entry);
void srv_entry_unref(struct srv_entry *entry); /* NULL is fine */

bool srv_entry_seen_by(const struct srv_entry *entry, const struct srv_viewer *viewer);

#endif
