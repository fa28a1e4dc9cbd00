/* The streams of one loop: joining, delivery, catching up, the heartbeat. Everything here is of the loop's thread. */
#include "live/hub_private.h"

#include "base/log.h"
#include "http_json/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- sending ---- */

/* False: he lags now, and takes the rest when what waits has left. */
static bool send_chunk(struct srv_hub_client *client, struct srv_chunk *chunk)
{
    if (!client->gone && !client->lags && srv_stream_waiting(client->stream) < SRV_HUB_CLIENT_BYTES &&
        srv_stream_send_chunk(client->stream, chunk) == CM_OK)
        return true;
    client->lags = true;
    return false;
}

static void send_entries(struct srv_hub_client *client, struct srv_entry *const *entries, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (srv_entry_seen_by(entries[i], &client->viewer) && !send_chunk(client, entries[i]->chunk))
            return;
        client->sent = entries[i]->feed;
    }
}

/* Too much was missed, or it cannot be read: the page loads anew, and listens on from now. */
static void send_reset(struct srv_hub_client *client)
{
    char text[80];
    int size = snprintf(text, sizeof text, "id: %llu\nevent: reset\ndata: {}\n\n",
                        (unsigned long long)client->loop->sent);
    if (client->gone)
        return;
    if (srv_stream_send(client->stream, text, (size_t)size) != CM_OK) {
        client->lags = client->missed_notes = true;
        return;
    }
    client->sent = client->loop->sent;
    client->missed_notes = false;
}

static void catch_up(struct srv_hub_client *client)
{
    struct srv_hub_loop *loop = client->loop;
    struct srv_entry *entries[SRV_ENTRIES_MAX];
    if (client->sent > loop->sent || loop->sent - client->sent > SRV_LIVE_REPLAY_MAX) {
        send_reset(client);
        return;
    }
    while (client->sent < loop->sent && !client->lags && !client->gone) {
        size_t count = 0;
        if (srv_hub_entries(loop->hub, client->sent, loop->sent, entries, &count) != CM_OK || count == 0) {
            send_reset(client);
            return;
        }
        send_entries(client, entries, count);
        for (size_t i = 0; i < count; i++)
            srv_entry_unref(entries[i]);
    }
}

/* ---- walking over clients, some of whom may go meanwhile ---- */

static void begin_walk(struct srv_hub_loop *loop)
{
    loop->walking++;
}

static void end_walk(struct srv_hub_loop *loop)
{
    if (--loop->walking > 0)
        return;
    while (loop->graveyard != NULL) {
        struct srv_hub_client *client = loop->graveyard;
        loop->graveyard = client->next;
        srv_viewer_finish(&client->viewer);
        free(client);
    }
}

/* ---- delivery ---- */

static void deliver_entries(struct srv_hub_loop *loop, struct srv_entry *const *entries, size_t count)
{
    for (struct srv_hub_client *client = loop->clients, *next; client != NULL; client = next) {
        next = client->next;
        if (!client->lags && client->sent == loop->sent)
            send_entries(client, entries, count);
    }
}

static void deliver_feed(struct srv_hub_loop *loop)
{
    struct srv_entry *entries[SRV_ENTRIES_MAX];
    uint64_t announced = srv_hub_announced(loop->hub);
    if (announced > loop->sent && announced - loop->sent > SRV_LIVE_REPLAY_MAX)
        loop->sent = announced; /* whoever was there is too far behind now: catch_up resets him */
    while (loop->sent < announced) {
        size_t count = 0;
        if (srv_hub_entries(loop->hub, loop->sent, announced, entries, &count) != CM_OK || count == 0) {
            loop->sent = announced;
            break;
        }
        deliver_entries(loop, entries, count);
        loop->sent = entries[count - 1]->feed;
        for (size_t i = 0; i < count; i++)
            srv_entry_unref(entries[i]);
    }
    for (struct srv_hub_client *client = loop->clients, *next; client != NULL; client = next) {
        next = client->next;
        if (!client->lags && client->sent != loop->sent)
            catch_up(client);
    }
}

static void deliver_notes(struct srv_hub_client *client, const struct srv_hub_message *message)
{
    for (int i = 0; i < message->note_count && !message->reset; i++) {
        struct srv_chunk *chunk = srv_note_for(&message->notes[i], &client->viewer);
        if (chunk != NULL && !send_chunk(client, chunk))
            client->missed_notes = true;
    }
    if (message->reset && !client->lags)
        send_reset(client);
    client->missed_notes |= message->reset && client->lags;
}

void srv_hub_deliver(struct srv_hub_loop *loop, const struct srv_hub_message *message)
{
    begin_walk(loop);
    deliver_feed(loop);
    for (struct srv_hub_client *client = loop->clients, *next; message != NULL && client != NULL;
         client = next) {
        next = client->next;
        deliver_notes(client, message);
    }
    end_walk(loop);
}

static void on_drained(void *arg)
{
    struct srv_hub_client *client = arg;
    struct srv_hub_loop *loop = client->loop;
    if (!client->lags || client->gone)
        return;
    begin_walk(loop);
    client->lags = false;
    if (client->missed_notes)
        send_reset(client);
    else
        catch_up(client);
    end_walk(loop);
}

static void on_closed(void *arg)
{
    struct srv_hub_client *client = arg;
    struct srv_hub_loop *loop = client->loop;
    begin_walk(loop);
    client->gone = true;
    *(client->previous != NULL ? &client->previous->next : &loop->clients) = client->next;
    if (client->next != NULL)
        client->next->previous = client->previous;
    client->next = loop->graveyard;
    loop->graveyard = client;
    atomic_fetch_sub(&loop->count, 1);
    end_walk(loop);
}

static const struct srv_stream_events stream_events = {
    .drained = on_drained, .closed = on_closed, .endless = true};

/* ---- heartbeat ---- */

struct walk {
    struct srv_hub_loop *loop;
    bool heartbeat; /* for those who stay */
};

static enum cm_code walk_all(struct srv_store *store, void *arg, struct cm_err *err)
{
    const struct walk *walk = arg;
    const struct srv_hub *hub = walk->loop->hub;
    int64_t now_ms = cm_wall_ms(hub->app->clock);
    (void)err;
    for (struct srv_hub_client *client = walk->loop->clients, *next; client != NULL; client = next) {
        next = client->next;
        if (!srv_viewer_still(&client->viewer, store, now_ms))
            srv_stream_end(client->stream);
        else if (walk->heartbeat && !client->lags)
            send_chunk(client, hub->heartbeat);
    }
    return CM_OK;
}

static void end_all(struct srv_hub_loop *loop)
{
    for (struct srv_hub_client *client = loop->clients, *next; client != NULL; client = next) {
        next = client->next;
        srv_stream_end(client->stream);
    }
}

static void walk_clients(struct srv_hub_loop *loop, bool heartbeat)
{
    struct walk walk = {loop, heartbeat};
    struct cm_err err = CM_ERR_INIT;
    begin_walk(loop);
    if (srv_store_read(loop->hub->app->store, walk_all, &walk, &err) != CM_OK) {
        cm_log_err(CM_LOG_WARN, "live", "the sessions of open pages cannot be checked: their streams end",
                   &err);
        end_all(loop);
    }
    end_walk(loop);
}

void srv_hub_check(void *arg)
{
    struct srv_hub_loop *loop = arg;
    uint64_t version = loop->clients != NULL ? srv_store_version(loop->hub->app->store) : loop->checked;
    if (version == loop->checked)
        return;
    loop->checked = version;
    walk_clients(loop, false);
}

void srv_hub_tick(void *arg)
{
    struct srv_hub_loop *loop = arg;
    if (loop->clients != NULL)
        walk_clients(loop, true);
}

/* ---- joining ---- */

/* Where he was; what is no number of ours is as if he had none. */
static bool last_event(struct srv_call *call, uint64_t *ret_feed)
{
    const char *text = srv_call_header(call, "last-event-id");
    if (text == NULL || text[0] == '\0' || strlen(text) > 18 || text[strspn(text, "0123456789")] != '\0')
        return false;
    *ret_feed = strtoull(text, NULL, 10);
    return true;
}

static bool send_hello(struct srv_hub_client *client)
{
    const struct srv_app *app = client->loop->hub->app;
    char now[CM_INSTANT_TEXT_SIZE], text[200];
    int size = snprintf(text, sizeof text, "id: %llu\nevent: hello\ndata: {\"feed\":%llu,\"now\":\"%s\"}\n\n",
                        (unsigned long long)client->sent, (unsigned long long)client->loop->sent,
                        cm_instant_local(app->zone, cm_wall_ms(app->clock), now));
    return srv_stream_send(client->stream, text, (size_t)size) == CM_OK;
}

/* NULL: the call was answered. */
static struct srv_hub_client *make_client(struct srv_hub_loop *loop, struct srv_call *call)
{
    struct srv_hub_client *client = calloc(1, sizeof *client);
    if (client == NULL) {
        srv_answer_error(call, 500, "internal", "out of memory");
        return NULL;
    }
    client->loop = loop;
    if (srv_viewer_seat(&client->viewer, loop->hub->seats, call))
        return client;
    free(client);
    return NULL;
}

static void enter(struct srv_hub_loop *loop, struct srv_hub_client *client)
{
    client->next = loop->clients;
    if (client->next != NULL)
        client->next->previous = client;
    loop->clients = client;
}

void srv_hub_join(struct srv_hub *hub, struct srv_call *call)
{
    struct srv_hub_loop *loop = &hub->loops[srv_loop_index(srv_call_loop(call))];
    if (srv_hub_clients(hub) >= SRV_LIVE_CLIENTS_MAX) {
        srv_answer_header(call, "retry-after", "60");
        srv_answer_error(call, 503, "busy", "too many pages listen already");
        return;
    }
    struct srv_hub_client *client = make_client(loop, call);
    if (client == NULL)
        return;
    uint64_t last = 0;
    bool returns = last_event(call, &last);
    srv_answer_header(call, "cache-control", "no-store");
    srv_answer_header(call, "x-accel-buffering", "no"); /* nginx in front must not hold it back */
    client->stream = srv_stream_begin(call, 200, "text/event-stream; charset=utf-8", &stream_events, client);
    if (client->stream == NULL) {
        srv_viewer_finish(&client->viewer);
        free(client);
        return;
    }
    atomic_fetch_add(&loop->count, 1); /* before deliver_feed reads what is announced: see srv_hub_pump */
    begin_walk(loop);
    client->lags = true; /* until it was greeted */
    enter(loop, client);
    deliver_feed(loop);
    client->lags = false;
    client->sent = returns ? last : loop->sent;
    if (!send_hello(client))
        srv_stream_cut(client->stream);
    else
        catch_up(client);
    end_walk(loop);
}
