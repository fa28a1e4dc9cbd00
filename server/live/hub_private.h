/* Within the hub: what hub.c (announcing, any thread) and hub_client.c (delivering, loop threads) share. */
#ifndef SRV_LIVE_HUB_PRIVATE_H
#define SRV_LIVE_HUB_PRIVATE_H

#include "live/hub.h"
#include "live/note.h"

#include <pthread.h>

struct srv_hub_client { /* loop thread */
    struct srv_hub_client *next, *previous;
    struct srv_hub_loop *loop;
    struct srv_stream *stream;
    struct srv_viewer viewer;
    uint64_t sent;     /* last event of the feed that he has, or that is not for him */
    bool lags;         /* waits until what was sent has left */
    bool missed_notes; /* meanwhile: he gets a "reset" */
    bool gone;
};

struct srv_hub_loop { /* loop thread, but for count */
    struct srv_hub *hub;
    struct srv_loop *loop;
    struct srv_hub_client *clients, *graveyard;
    uint64_t sent;    /* of all who do not lag */
    int walking;      /* > 0: clients that go are freed later */
    uint64_t checked; /* version of the store */
    atomic_int count;
};

struct srv_hub {
    struct srv_app *app;
    struct srv_seats *seats;
    struct srv_chunk *heartbeat;
    pthread_mutex_t mutex; /* guards what follows */
    uint64_t target;       /* the newest that was told of */
    uint64_t announced;    /* the newest that clients get */
    struct srv_entry *cache[SRV_LIVE_REPLAY_MAX];
    uint64_t forgotten; /* how often: what was read before the last time does not come into the cache */
    struct srv_note notes[SRV_HUB_NOTES_MAX];
    int note_count;
    bool too_many_notes;
    /* fixed after the start */
    int loop_count;
    struct srv_hub_loop *loops;
};

struct srv_hub_message { /* one pump's, for all loops */
    atomic_int refs;
    bool reset;
    int note_count;
    struct srv_note notes[];
};

uint64_t srv_hub_announced(struct srv_hub *hub);
/* Entries after + 1 … last from the cache or the store, as srv_entries_load gives them. */
enum cm_code srv_hub_entries(struct srv_hub *hub, uint64_t after, uint64_t last,
                             struct srv_entry *ret_entries[static SRV_ENTRIES_MAX], size_t *ret_count);

/* Loop thread: everything that was announced, and the message (NULL: none), to all clients of the loop. */
void srv_hub_deliver(struct srv_hub_loop *loop, const struct srv_hub_message *message);
/* Heartbeat, and the end of those whose session is over. */
void srv_hub_tick(void *loop);
/* Only the latter, and only when the store changed since. */
void srv_hub_check(void *loop);

#endif
