#include "live/hub_private.h"

#include "base/log.h"

#include <stdlib.h>
#include <string.h>

/* ---- life ---- */

enum cm_code srv_hub_create(struct srv_app *app, struct srv_seats *seats, struct srv_hub **ret_hub,
                            struct cm_err *err)
{
    struct srv_hub *hub = calloc(1, sizeof *hub);
    struct srv_chunk *heartbeat = srv_chunk_create(":\n\n", 3);
    if (hub == NULL || heartbeat == NULL) {
        cm_fail(err, CM_NOMEM, "out of memory");
        goto out;
    }
    hub->app = app;
    hub->seats = seats;
    hub->heartbeat = heartbeat;
    pthread_mutex_init(&hub->mutex, NULL);
    if (srv_store_feed_last(app->store, &hub->target, err) != CM_OK) {
        pthread_mutex_destroy(&hub->mutex);
        goto out;
    }
    hub->announced = hub->target;
    *ret_hub = hub;
    return CM_OK;
out:
    srv_chunk_unref(heartbeat);
    free(hub);
    return err != NULL ? err->code : CM_NOMEM;
}

enum cm_code srv_hub_start(struct srv_hub *hub, struct cm_err *err)
{
    int count = srv_http_loops(hub->app->http);
    hub->loops = calloc((size_t)count, sizeof *hub->loops);
    if (hub->loops == NULL)
        return cm_fail(err, CM_NOMEM, "out of memory");
    for (int i = 0; i < count; i++) {
        struct srv_hub_loop *loop = &hub->loops[i];
        loop->hub = hub;
        loop->loop = srv_http_loop(hub->app->http, i);
        loop->sent = hub->announced;
        if (srv_loop_every(loop->loop, SRV_HUB_HEARTBEAT_MS, srv_hub_tick, loop) != CM_OK ||
            srv_loop_every(loop->loop, SRV_HUB_CHECK_MS, srv_hub_check, loop) != CM_OK)
            return cm_fail(err, CM_NOMEM, "out of memory for a timer");
    }
    hub->loop_count = count;
    return CM_OK;
}

void srv_hub_destroy(struct srv_hub *hub)
{
    if (hub == NULL)
        return;
    for (size_t i = 0; i < SRV_LIVE_REPLAY_MAX; i++)
        srv_entry_unref(hub->cache[i]);
    for (int i = 0; i < hub->note_count; i++)
        srv_note_finish(&hub->notes[i]);
    srv_chunk_unref(hub->heartbeat);
    pthread_mutex_destroy(&hub->mutex);
    free(hub->loops);
    free(hub);
}

/* ---- telling ---- */

void srv_hub_tell(struct srv_hub *hub, uint64_t last_feed)
{
    pthread_mutex_lock(&hub->mutex);
    if (last_feed > hub->target)
        hub->target = last_feed;
    pthread_mutex_unlock(&hub->mutex);
}

void srv_hub_forget(struct srv_hub *hub)
{
    pthread_mutex_lock(&hub->mutex);
    for (int i = 0; i < SRV_LIVE_REPLAY_MAX; i++) {
        srv_entry_unref(hub->cache[i]);
        hub->cache[i] = NULL;
    }
    hub->forgotten++;
    pthread_mutex_unlock(&hub->mutex);
}

static bool is_noted(const struct srv_hub *hub, const char *what, const char *class_id)
{
    for (int i = 0; i < hub->note_count; i++)
        if (srv_note_same(&hub->notes[i], what, class_id))
            return true;
    return false;
}

void srv_hub_note(struct srv_hub *hub, const char *what, const char *class_id, const json_t *detail)
{
    if (srv_hub_clients(hub) == 0)
        return;
    pthread_mutex_lock(&hub->mutex);
    if (detail != NULL || !is_noted(hub, what, class_id)) {
        if (hub->note_count < SRV_HUB_NOTES_MAX &&
            srv_note_init(&hub->notes[hub->note_count], what, class_id, detail, NULL) == CM_OK)
            hub->note_count++;
        else
            hub->too_many_notes = true;
    }
    pthread_mutex_unlock(&hub->mutex);
}

bool srv_hub_has_work(struct srv_hub *hub)
{
    pthread_mutex_lock(&hub->mutex);
    bool work = hub->target > hub->announced || hub->note_count > 0 || hub->too_many_notes;
    pthread_mutex_unlock(&hub->mutex);
    return work;
}

uint64_t srv_hub_announced(struct srv_hub *hub)
{
    pthread_mutex_lock(&hub->mutex);
    uint64_t announced = hub->announced;
    pthread_mutex_unlock(&hub->mutex);
    return announced;
}

int srv_hub_clients(const struct srv_hub *hub)
{
    int count = 0;
    for (int i = 0; i < hub->loop_count; i++)
        count += atomic_load(&hub->loops[i].count);
    return count;
}

/* ---- entries ---- */

static size_t from_cache(struct srv_hub *hub, uint64_t after, uint64_t last, struct srv_entry **ret_entries,
                         uint64_t *ret_forgotten)
{
    size_t count = 0;
    pthread_mutex_lock(&hub->mutex);
    *ret_forgotten = hub->forgotten;
    while (count < SRV_ENTRIES_MAX && after + count < last) {
        uint64_t feed = after + count + 1;
        struct srv_entry *entry = hub->cache[feed % SRV_LIVE_REPLAY_MAX];
        if (entry == NULL || entry->feed != feed)
            break;
        srv_entry_ref(entry);
        ret_entries[count++] = entry;
    }
    pthread_mutex_unlock(&hub->mutex);
    return count;
}

static void into_cache(struct srv_hub *hub, struct srv_entry **entries, size_t count, uint64_t forgotten)
{
    pthread_mutex_lock(&hub->mutex);
    for (size_t i = 0; i < count && hub->forgotten == forgotten; i++) {
        struct srv_entry **slot = &hub->cache[entries[i]->feed % SRV_LIVE_REPLAY_MAX];
        if (*slot != NULL && (*slot)->feed >= entries[i]->feed)
            continue;
        srv_entry_unref(*slot);
        srv_entry_ref(entries[i]);
        *slot = entries[i];
    }
    pthread_mutex_unlock(&hub->mutex);
}

enum cm_code srv_hub_entries(struct srv_hub *hub, uint64_t after, uint64_t last,
                             struct srv_entry *ret_entries[static SRV_ENTRIES_MAX], size_t *ret_count)
{
    struct cm_err err = CM_ERR_INIT;
    uint64_t forgotten;
    *ret_count = from_cache(hub, after, last, ret_entries, &forgotten);
    if (*ret_count > 0 || after >= last)
        return CM_OK;
    enum cm_code code = srv_entries_load(hub->app, after, last, ret_entries, ret_count, &err);
    if (code == CM_OK && *ret_count > 0)
        into_cache(hub, ret_entries, *ret_count, forgotten);
    else if (code != CM_OK)
        cm_log_err(CM_LOG_ERROR, "live", "events could not be read for the pages", &err);
    return code;
}

/* ---- the pump ---- */

/* The hub's thread makes the entries, so that no loop has to read the store; what lies further back than pages are sent is left out. */
static void fill_cache(struct srv_hub *hub, uint64_t after, uint64_t last)
{
    struct srv_entry *entries[SRV_ENTRIES_MAX];
    if (last - after > SRV_LIVE_REPLAY_MAX)
        return;
    while (after < last) {
        size_t count = 0;
        if (srv_hub_entries(hub, after, last, entries, &count) != CM_OK || count == 0)
            return;
        after = entries[count - 1]->feed;
        for (size_t i = 0; i < count; i++)
            srv_entry_unref(entries[i]);
    }
}

static struct srv_hub_message *take_notes(struct srv_hub *hub)
{
    struct srv_hub_message *message = NULL;
    if (hub->note_count == 0 && !hub->too_many_notes)
        return NULL;
    message = calloc(1, sizeof *message + (size_t)hub->note_count * sizeof message->notes[0]);
    if (message == NULL)
        return NULL; /* they stay for the next pump */
    atomic_init(&message->refs, 1);
    message->reset = hub->too_many_notes;
    message->note_count = hub->note_count;
    memcpy(message->notes, hub->notes, (size_t)hub->note_count * sizeof message->notes[0]);
    memset(hub->notes, 0, sizeof hub->notes);
    hub->note_count = 0;
    hub->too_many_notes = false;
    return message;
}

static void drop_message(struct srv_hub_message *message)
{
    if (message == NULL || atomic_fetch_sub(&message->refs, 1) != 1)
        return;
    for (int i = 0; i < message->note_count; i++)
        srv_note_finish(&message->notes[i]);
    free(message);
}

struct post {
    struct srv_hub_loop *loop;
    struct srv_hub_message *message;
};

static void run_post(void *arg)
{
    struct post *post = arg;
    srv_hub_deliver(post->loop, post->message);
    drop_message(post->message);
    free(post);
}

static void post_to(struct srv_hub_loop *loop, struct srv_hub_message *message)
{
    struct post *post = malloc(sizeof *post);
    if (post == NULL)
        return; /* the feed goes out with the next pump or heartbeat */
    *post = (struct post){loop, message};
    if (message != NULL)
        atomic_fetch_add(&message->refs, 1);
    if (srv_loop_post(loop->loop, run_post, post) == CM_OK)
        return;
    drop_message(message);
    free(post);
}

void srv_hub_pump(struct srv_hub *hub)
{
    struct cm_err err = CM_ERR_INIT;
    pthread_mutex_lock(&hub->mutex);
    uint64_t after = hub->announced, target = hub->target;
    struct srv_hub_message *message = take_notes(hub);
    pthread_mutex_unlock(&hub->mutex);
    if (srv_hub_clients(hub) > 0)
        fill_cache(hub, after, target);
    for (int i = 0; message != NULL && i < message->note_count; i++)
        if (srv_note_render(&message->notes[i], &err) != CM_OK)
            message->reset = true;
    pthread_mutex_lock(&hub->mutex);
    hub->announced = target;
    pthread_mutex_unlock(&hub->mutex);
    /* After the announcement: a client that joins meanwhile either is counted here or has seen it. */
    for (int i = 0; i < hub->loop_count; i++)
        if (atomic_load(&hub->loops[i].count) > 0)
            post_to(&hub->loops[i], message);
    drop_message(message);
}
