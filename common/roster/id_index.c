#include "roster/id_index.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { CAPACITY_FIRST = 256 };

void cm_id_index_init(struct cm_id_index *index)
{
    *index = (struct cm_id_index){.slots = NULL};
}

void cm_id_index_finish(struct cm_id_index *index)
{
    free(index->slots);
    cm_id_index_init(index);
}

/* FNV-1a. Whoever wrote the file could make ids collide, and then waits for his own import: rows are bounded. */
static size_t hash(const char *id)
{
    uint64_t value = 14695981039346656037u;
    for (; *id != '\0'; id++)
        value = (value ^ (unsigned char)*id) * 1099511628211u;
    return (size_t)(value ^ value >> 32);
}

/* The slot that holds the id, or the free one where it belongs. */
static struct cm_id_slot *find(struct cm_id_slot *slots, size_t capacity, const char *id)
{
    size_t at = hash(id) & (capacity - 1);
    while (slots[at].id[0] != '\0' && strcmp(slots[at].id, id) != 0)
        at = (at + 1) & (capacity - 1);
    return &slots[at];
}

static enum cm_code grow(struct cm_id_index *index)
{
    size_t capacity = index->capacity > 0 ? index->capacity * 2 : CAPACITY_FIRST;
    struct cm_id_slot *slots = calloc(capacity, sizeof *slots);
    if (slots == NULL)
        return CM_NOMEM;
    for (size_t i = 0; i < index->capacity; i++)
        if (index->slots[i].id[0] != '\0')
            *find(slots, capacity, index->slots[i].id) = index->slots[i];
    free(index->slots);
    index->slots = slots;
    index->capacity = capacity;
    return CM_OK;
}

enum cm_code cm_id_index_add(struct cm_id_index *index, const char *id, size_t line, size_t *ret_first_line)
{
    assert(id[0] != '\0' && strlen(id) < CM_ID_SIZE);
    if (index->count >= index->capacity / 2 && grow(index) != CM_OK)
        return CM_NOMEM;
    struct cm_id_slot *slot = find(index->slots, index->capacity, id);
    if (slot->id[0] != '\0') {
        *ret_first_line = slot->line;
        return CM_OK;
    }
    strcpy(slot->id, id);
    slot->line = line;
    index->count++;
    *ret_first_line = 0;
    return CM_OK;
}

size_t cm_id_index_find(const struct cm_id_index *index, const char *id)
{
    if (index->count == 0 || id[0] == '\0' || strlen(id) >= CM_ID_SIZE)
        return 0;
    const struct cm_id_slot *slot = find(index->slots, index->capacity, id);
    return slot->id[0] != '\0' ? slot->line : 0;
}
