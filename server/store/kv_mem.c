/*
 * The seam in memory, for tests and for deriving anew: a skip list per table, and a journal of what a write changed, from
 * which it is undone. Readers and the writer take turns at a lock, so a read sees one state.
 */
#include "store/kv.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { LEVELS = 18 };

struct node {
    uint8_t *value;
    size_t value_size;
    struct node *back; /* level 0 */
    uint16_t key_size;
    uint8_t levels;
    struct node *next[]; /* `levels`, and behind them the key */
};

struct list {
    struct node *head; /* of LEVELS, without a key */
    int levels;        /* that a node has had, or 1: above them there is nothing to look at */
    size_t count;
};

struct change { /* how a key was before */
    int table;
    uint8_t *key, *value; /* value NULL: it was not there */
    size_t key_size, value_size;
};

struct mem {
    struct srv_kv base;
    pthread_rwlock_t lock;
    int table_count;
    uint32_t random;
    struct change *journal;
    size_t changes, room;
    uint64_t bytes;
    _Atomic uint64_t version;
    struct list tables[];
};

static const struct srv_kv_ops ops;

static const uint8_t *key_of(const struct node *node)
{
    return (const uint8_t *)&node->next[node->levels];
}

static struct node *new_node(int levels, const void *key, size_t key_size)
{
    struct node *node = calloc(1, sizeof *node + (size_t)levels * sizeof(struct node *) + key_size);
    if (node == NULL)
        return NULL;
    node->levels = (uint8_t)levels;
    node->key_size = (uint16_t)key_size;
    if (key_size > 0)
        memcpy(&node->next[levels], key, key_size);
    return node;
}

static uint8_t *copy_bytes(const void *bytes, size_t size)
{
    uint8_t *copy = malloc(size > 0 ? size : 1);
    if (copy != NULL && size > 0)
        memcpy(copy, bytes, size);
    return copy;
}

static int compare(const struct node *node, const void *key, size_t size)
{
    size_t common = node->key_size < size ? node->key_size : size;
    int order = common > 0 ? memcmp(key_of(node), key, common) : 0;
    if (order != 0)
        return order;
    return node->key_size < size ? -1 : node->key_size > size;
}

/* The last node of each level of the list that comes before the key; returns the one that may be the key's. */
static struct node *seek(const struct list *list, const void *key, size_t size, struct node *before[LEVELS])
{
    struct node *node = list->head;
    for (int level = list->levels - 1; level >= 0; level--) {
        while (node->next[level] != NULL && compare(node->next[level], key, size) < 0)
            node = node->next[level];
        before[level] = node;
    }
    return node->next[0];
}

static struct node *find(const struct list *list, const void *key, size_t size)
{
    struct node *before[LEVELS];
    struct node *node = seek(list, key, size, before);
    return node != NULL && compare(node, key, size) == 0 ? node : NULL;
}

static int draw_levels(struct mem *mem)
{
    int levels = 1;
    mem->random ^= mem->random << 13; /* xorshift32: the shape of the list is all that hangs on it */
    mem->random ^= mem->random >> 17;
    mem->random ^= mem->random << 5;
    for (uint32_t bits = mem->random; (bits & 3) == 0 && levels < LEVELS; bits >>= 2)
        levels++;
    return levels;
}

/* ---- changing, without a journal ---- */

static enum cm_code set(struct mem *mem, int table, const void *key, size_t key_size, const void *value,
                        size_t value_size)
{
    struct list *list = &mem->tables[table];
    struct node *before[LEVELS];
    struct node *node = seek(list, key, key_size, before);
    uint8_t *copy = copy_bytes(value, value_size);
    if (copy == NULL)
        return CM_NOMEM;
    if (node == NULL || compare(node, key, key_size) != 0) {
        node = new_node(draw_levels(mem), key, key_size);
        if (node == NULL) {
            free(copy);
            return CM_NOMEM;
        }
        for (; list->levels < node->levels; list->levels++)
            before[list->levels] = list->head;
        for (int level = 0; level < node->levels; level++) {
            node->next[level] = before[level]->next[level];
            before[level]->next[level] = node;
        }
        node->back = before[0] != list->head ? before[0] : NULL;
        if (node->next[0] != NULL)
            node->next[0]->back = node;
        list->count++;
        mem->bytes += key_size;
    }
    mem->bytes += value_size - node->value_size;
    free(node->value);
    node->value = copy;
    node->value_size = value_size;
    return CM_OK;
}

static void unset(struct mem *mem, int table, const void *key, size_t key_size)
{
    struct list *list = &mem->tables[table];
    struct node *before[LEVELS];
    struct node *node = seek(list, key, key_size, before);
    if (node == NULL || compare(node, key, key_size) != 0)
        return;
    for (int level = 0; level < node->levels; level++)
        before[level]->next[level] = node->next[level];
    if (node->next[0] != NULL)
        node->next[0]->back = node->back;
    list->count--;
    mem->bytes -= node->key_size + node->value_size;
    free(node->value);
    free(node);
}

/* ---- the journal ---- */

static enum cm_code note(struct mem *mem, int table, const void *key, size_t key_size, struct cm_err *err)
{
    const struct node *node = find(&mem->tables[table], key, key_size);
    if (mem->changes == mem->room) {
        size_t room = mem->room > 0 ? mem->room * 2 : 64;
        struct change *journal = realloc(mem->journal, room * sizeof *journal);
        if (journal == NULL)
            return cm_fail(err, CM_NOMEM, "no memory for the store");
        mem->journal = journal;
        mem->room = room;
    }
    struct change change = {.table = table, .key = copy_bytes(key, key_size), .key_size = key_size};
    if (node != NULL) {
        change.value = copy_bytes(node->value, node->value_size);
        change.value_size = node->value_size;
    }
    if (change.key == NULL || (node != NULL && change.value == NULL)) {
        free(change.key);
        free(change.value);
        return cm_fail(err, CM_NOMEM, "no memory for the store");
    }
    mem->journal[mem->changes++] = change;
    return CM_OK;
}

static void forget_change(struct change *change)
{
    free(change->key);
    free(change->value);
}

static void undo(struct mem *mem)
{
    while (mem->changes > 0) {
        struct change *change = &mem->journal[--mem->changes];
        if (change->value == NULL)
            unset(mem, change->table, change->key, change->key_size);
        else
            (void)set(mem, change->table, change->key, change->key_size, change->value, change->value_size);
        forget_change(change);
    }
}

static void keep(struct mem *mem)
{
    while (mem->changes > 0)
        forget_change(&mem->journal[--mem->changes]);
    atomic_fetch_add(&mem->version, 1);
}

/* ---- transactions ---- */

static enum cm_code kv_write(struct srv_kv *kv, srv_kv_fn *fn, void *arg, struct cm_err *err)
{
    struct mem *mem = (struct mem *)kv;
    struct srv_kv_txn txn = {&ops, mem};
    pthread_rwlock_wrlock(&mem->lock);
    enum cm_code code = fn(&txn, arg, err);
    if (code == CM_OK)
        keep(mem);
    else
        undo(mem);
    pthread_rwlock_unlock(&mem->lock);
    return code;
}

static enum cm_code read_begin(struct srv_kv *kv, struct srv_kv_txn *ret_txn, struct cm_err *err)
{
    (void)err;
    struct mem *mem = (struct mem *)kv;
    pthread_rwlock_rdlock(&mem->lock);
    *ret_txn = (struct srv_kv_txn){&ops, mem};
    return CM_OK;
}

static void read_end(struct srv_kv_txn *txn)
{
    struct mem *mem = txn->impl;
    pthread_rwlock_unlock(&mem->lock);
}

/* ---- calls within one ---- */

static enum cm_code check_key(size_t size, struct cm_err *err)
{
    if (size == 0 || size > CM_DB_KEY_MAX)
        return cm_fail(err, CM_INVALID, "a key of %zu bytes; it must have 1 to %d", size, CM_DB_KEY_MAX);
    return CM_OK;
}

static enum cm_code get(void *impl, int table, const void *key, size_t key_size, struct cm_bytes *ret_value,
                        struct cm_err *err)
{
    struct mem *mem = impl;
    enum cm_code code = check_key(key_size, err);
    if (code != CM_OK)
        return code;
    const struct node *node = find(&mem->tables[table], key, key_size);
    if (node == NULL)
        return CM_NOTFOUND;
    *ret_value = (struct cm_bytes){node->value, node->value_size};
    return CM_OK;
}

static enum cm_code put(void *impl, int table, const void *key, size_t key_size, const void *value,
                        size_t value_size, struct cm_err *err)
{
    struct mem *mem = impl;
    enum cm_code code = check_key(key_size, err);
    if (code == CM_OK)
        code = note(mem, table, key, key_size, err);
    if (code == CM_OK && set(mem, table, key, key_size, value, value_size) != CM_OK)
        code = cm_fail(err, CM_NOMEM, "no memory for the store");
    return code;
}

static enum cm_code delete_(void *impl, int table, const void *key, size_t key_size, struct cm_err *err)
{
    struct mem *mem = impl;
    enum cm_code code = check_key(key_size, err);
    if (code != CM_OK)
        return code;
    if (find(&mem->tables[table], key, key_size) == NULL)
        return CM_NOTFOUND;
    code = note(mem, table, key, key_size, err);
    if (code == CM_OK)
        unset(mem, table, key, key_size);
    return code;
}

static bool has_prefix(const struct node *node, const void *prefix, size_t size)
{
    return node->key_size >= size && (size == 0 || memcmp(key_of(node), prefix, size) == 0);
}

static enum cm_code delete_prefix(void *impl, int table, const void *prefix, size_t prefix_size,
                                  size_t *ret_count, struct cm_err *err)
{
    struct mem *mem = impl;
    struct node *before[LEVELS];
    size_t deleted = 0;
    enum cm_code code = CM_OK;
    for (;;) {
        const struct node *node = seek(&mem->tables[table], prefix, prefix_size, before);
        if (node == NULL || !has_prefix(node, prefix, prefix_size))
            break;
        uint8_t key[CM_DB_KEY_MAX];
        size_t key_size = node->key_size;
        memcpy(key, key_of(node), key_size);
        if ((code = note(mem, table, key, key_size, err)) != CM_OK)
            return code;
        unset(mem, table, key, key_size);
        deleted++;
    }
    *ret_count = deleted;
    return CM_OK;
}

static struct node *last_node(const struct list *list)
{
    struct node *node = list->head;
    for (int level = LEVELS - 1; level >= 0; level--) {
        while (node->next[level] != NULL)
            node = node->next[level];
    }
    return node != list->head ? node : NULL;
}

static enum cm_code last(void *impl, int table, struct cm_bytes *ret_key, struct cm_bytes *ret_value,
                         struct cm_err *err)
{
    (void)err;
    const struct mem *mem = impl;
    const struct node *node = last_node(&mem->tables[table]);
    if (node == NULL)
        return CM_NOTFOUND;
    *ret_key = (struct cm_bytes){key_of(node), node->key_size};
    *ret_value = (struct cm_bytes){node->value, node->value_size};
    return CM_OK;
}

static enum cm_code count(void *impl, int table, size_t *ret_count, struct cm_err *err)
{
    (void)err;
    const struct mem *mem = impl;
    *ret_count = mem->tables[table].count;
    return CM_OK;
}

static enum cm_code visit_node(const struct node *node, cm_txn_visit_fn *visit, void *arg, struct cm_err *err)
{
    return visit(arg, (struct cm_bytes){key_of(node), node->key_size},
                 (struct cm_bytes){node->value, node->value_size}, err);
}

static enum cm_code walk(void *impl, int table, struct cm_bytes first, size_t prefix_size,
                         cm_txn_visit_fn *visit, void *arg, struct cm_err *err)
{
    const struct mem *mem = impl;
    struct node *before[LEVELS];
    const struct node *node = seek(&mem->tables[table], first.data, first.size, before);
    for (; node != NULL && has_prefix(node, first.data, prefix_size); node = node->next[0]) {
        enum cm_code code = visit_node(node, visit, arg, err);
        if (code != CM_OK)
            return code == CM_EOF ? CM_OK : code;
    }
    return CM_OK;
}

static enum cm_code walk_back(void *impl, int table, struct cm_bytes last_key, size_t prefix_size,
                              cm_txn_visit_fn *visit, void *arg, struct cm_err *err)
{
    const struct mem *mem = impl;
    const struct list *list = &mem->tables[table];
    struct node *before[LEVELS];
    const struct node *node = last_key.size > 0 ? seek(list, last_key.data, last_key.size, before) : NULL;
    if (node == NULL || compare(node, last_key.data, last_key.size) != 0)
        node = last_key.size == 0 ? last_node(list) : before[0] != list->head ? before[0] : NULL;
    for (; node != NULL && has_prefix(node, last_key.data, prefix_size); node = node->back) {
        enum cm_code code = visit_node(node, visit, arg, err);
        if (code != CM_OK)
            return code == CM_EOF ? CM_OK : code;
    }
    return CM_OK;
}

static enum cm_code clear(void *impl, int table, struct cm_err *err)
{
    size_t deleted;
    return delete_prefix(impl, table, NULL, 0, &deleted, err);
}

static uint64_t number(void *impl)
{
    return atomic_load(&((struct mem *)impl)->version) + 1;
}

static uint64_t version(struct srv_kv *kv)
{
    return atomic_load(&((struct mem *)kv)->version);
}

static enum cm_code stats(struct srv_kv *kv, struct cm_db_stats *ret_stats, struct cm_err *err)
{
    (void)err;
    struct mem *mem = (struct mem *)kv;
    pthread_rwlock_rdlock(&mem->lock);
    *ret_stats = (struct cm_db_stats){.bytes_used = mem->bytes, .bytes_free_on_disk = UINT64_MAX};
    pthread_rwlock_unlock(&mem->lock);
    return CM_OK;
}

static void kv_close(struct srv_kv *kv)
{
    struct mem *mem = (struct mem *)kv;
    for (int i = 0; i < mem->table_count; i++) {
        for (struct node *node = mem->tables[i].head, *next; node != NULL; node = next) {
            next = node->next[0];
            free(node->value);
            free(node);
        }
    }
    free(mem->journal);
    pthread_rwlock_destroy(&mem->lock);
    free(mem);
}

static const struct srv_kv_ops ops = {
    .write = kv_write,
    .read_begin = read_begin,
    .read_end = read_end,
    .get = get,
    .put = put,
    .delete = delete_,
    .delete_prefix = delete_prefix,
    .last = last,
    .count = count,
    .walk = walk,
    .walk_back = walk_back,
    .clear = clear,
    .number = number,
    .version = version,
    .stats = stats,
    .close = kv_close,
};

enum cm_code srv_kv_open_mem(int table_count, struct srv_kv **ret_kv, struct cm_err *err)
{
    struct mem *mem = calloc(1, sizeof *mem + (size_t)table_count * sizeof mem->tables[0]);
    if (mem == NULL)
        return cm_fail(err, CM_NOMEM, "no memory for the store");
    mem->base.ops = &ops;
    mem->table_count = table_count;
    mem->random = 2463534242u;
    pthread_rwlock_init(&mem->lock, NULL);
    for (int i = 0; i < table_count; i++) {
        mem->tables[i].head = new_node(LEVELS, NULL, 0);
        mem->tables[i].levels = 1;
        if (mem->tables[i].head == NULL) {
            kv_close(&mem->base);
            return cm_fail(err, CM_NOMEM, "no memory for the store");
        }
    }
    *ret_kv = &mem->base;
    return CM_OK;
}
