#include "live/now.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct row {
    char station_id[40];
    struct srv_station_now seen;
    bool shown_online; /* as pages were last told */
    bool changed;      /* since srv_now_take_changed */
};

struct srv_now {
    const struct cm_clock *clock;
    pthread_mutex_t mutex;
    struct row *rows;
    size_t count, capacity;
};

enum cm_code srv_now_create(const struct cm_clock *clock, struct srv_now **ret_now, struct cm_err *err)
{
    struct srv_now *now = calloc(1, sizeof *now);
    if (now == NULL)
        return cm_fail(err, CM_NOMEM, "out of memory");
    now->clock = clock;
    pthread_mutex_init(&now->mutex, NULL);
    *ret_now = now;
    return CM_OK;
}

void srv_now_destroy(struct srv_now *now)
{
    if (now == NULL)
        return;
    pthread_mutex_destroy(&now->mutex);
    free(now->rows);
    free(now);
}

static struct row *find(const struct srv_now *now, const char *station_id)
{
    for (size_t i = 0; i < now->count; i++)
        if (strcmp(now->rows[i].station_id, station_id) == 0)
            return &now->rows[i];
    return NULL;
}

static struct row *add(struct srv_now *now, const char *station_id)
{
    if (now->count == SRV_NOW_STATIONS_MAX || strlen(station_id) >= sizeof now->rows->station_id)
        return NULL;
    if (now->count == now->capacity) {
        size_t capacity = now->capacity == 0 ? 16 : now->capacity * 2;
        struct row *rows = realloc(now->rows, capacity * sizeof *rows);
        if (rows == NULL)
            return NULL;
        now->rows = rows;
        now->capacity = capacity;
    }
    struct row *row = &now->rows[now->count++];
    memset(row, 0, sizeof *row);
    strcpy(row->station_id, station_id);
    return row;
}

static bool is_online(const struct srv_now *now, const struct row *row)
{
    int64_t age_ms = cm_wall_ms(now->clock) - row->seen.last_seen_wall_ms;
    return row->seen.last_seen_wall_ms > 0 && age_ms <= SRV_NOW_ONLINE_MS;
}

static bool is_waiting(const struct srv_station_now *seen)
{
    return seen->last_seq > seen->acked_seq;
}

bool srv_now_seen(struct srv_now *now, const char *station_id, const struct srv_station_now *seen)
{
    bool news = false;
    pthread_mutex_lock(&now->mutex);
    struct row *row = find(now, station_id);
    if (row == NULL)
        row = add(now, station_id);
    if (row != NULL) {
        news = !row->shown_online || strcmp(row->seen.camera, seen->camera) != 0 ||
               strcmp(row->seen.version, seen->version) != 0 || is_waiting(&row->seen) != is_waiting(seen);
        row->seen = *seen;
        row->seen.last_seen_wall_ms = cm_wall_ms(now->clock);
        row->shown_online = row->changed = true;
    }
    pthread_mutex_unlock(&now->mutex);
    return news;
}

bool srv_now_get(struct srv_now *now, const char *station_id, struct srv_station_now *ret_seen)
{
    pthread_mutex_lock(&now->mutex);
    const struct row *row = find(now, station_id);
    if (row != NULL) {
        *ret_seen = row->seen;
        ret_seen->online = is_online(now, row);
    }
    pthread_mutex_unlock(&now->mutex);
    return row != NULL;
}

bool srv_now_sweep(struct srv_now *now)
{
    bool went = false;
    pthread_mutex_lock(&now->mutex);
    for (size_t i = 0; i < now->count; i++)
        if (now->rows[i].shown_online && !is_online(now, &now->rows[i])) {
            now->rows[i].shown_online = false;
            went = true;
        }
    pthread_mutex_unlock(&now->mutex);
    return went;
}

size_t srv_now_take_changed(struct srv_now *now, struct srv_now_change *ret_changes, size_t capacity)
{
    size_t count = 0;
    pthread_mutex_lock(&now->mutex);
    for (size_t i = 0; i < now->count && count < capacity; i++) {
        struct row *row = &now->rows[i];
        if (!row->changed)
            continue;
        row->changed = false;
        memcpy(ret_changes[count].station_id, row->station_id, sizeof row->station_id);
        ret_changes[count++].seen = row->seen;
    }
    pthread_mutex_unlock(&now->mutex);
    return count;
}
