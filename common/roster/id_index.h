/*
 * A set of ids, each with the line on which it was first seen. For files in which an id must not come twice.
 */
#ifndef CM_ID_INDEX_H
#define CM_ID_INDEX_H

#include "base/err.h"
#include "record/record.h"
#include <stdbool.h>
#include <stddef.h>

struct cm_id_slot {
    char id[CM_ID_SIZE]; /* empty: free */
    size_t line;
};

struct cm_id_index {
    struct cm_id_slot *slots;
    size_t count, capacity; /* capacity is a power of two */
};

void cm_id_index_init(struct cm_id_index *index);
void cm_id_index_finish(struct cm_id_index *index);

/* Adds the id, which is not empty and fits CM_ID_SIZE. *ret_first_line is 0 when it is new, else the line given with it
 * the first time. CM_NOMEM. */
enum cm_code cm_id_index_add(struct cm_id_index *index, const char *id, size_t line, size_t *ret_first_line);

/* The line given with the id; 0: it is not there. */
size_t cm_id_index_find(const struct cm_id_index *index, const char *id);

#endif
