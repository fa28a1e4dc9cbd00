#include "live/pulls.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct wait {
    struct wait *next;
    uint64_t ticket;
    char station_id[40];
    struct srv_loop *loop;
    srv_live_wake_fn *wake;
    void *arg;
    bool due;
};

enum { LOOPS_MAX = 64 };

struct srv_pulls {
    pthread_mutex_t mutex;
    struct wait *first;
    size_t count;
    uint64_t last_ticket;
    bool stopped;
    bool posted[LOOPS_MAX]; /* a run of wake_due is on its way to this loop */
};

struct post {
    struct srv_pulls *pulls;
    struct srv_loop *loop;
};

enum cm_code srv_pulls_create(struct srv_pulls **ret_pulls, struct cm_err *err)
{
    struct srv_pulls *pulls = calloc(1, sizeof *pulls);
    if (pulls == NULL)
        return cm_fail(err, CM_NOMEM, "out of memory");
    pthread_mutex_init(&pulls->mutex, NULL);
    *ret_pulls = pulls;
    return CM_OK;
}

void srv_pulls_destroy(struct srv_pulls *pulls)
{
    if (pulls == NULL)
        return;
    while (pulls->first != NULL) {
        struct wait *wait = pulls->first;
        pulls->first = wait->next;
        free(wait);
    }
    pthread_mutex_destroy(&pulls->mutex);
    free(pulls);
}

uint64_t srv_pulls_add(struct srv_pulls *pulls, const char *station_id, struct srv_loop *loop,
                       srv_live_wake_fn *wake, void *arg)
{
    struct wait *wait = calloc(1, sizeof *wait);
    uint64_t ticket = 0;
    if (wait == NULL || strlen(station_id) >= sizeof wait->station_id) {
        free(wait);
        return 0;
    }
    *wait = (struct wait){.loop = loop, .wake = wake, .arg = arg};
    strcpy(wait->station_id, station_id);
    pthread_mutex_lock(&pulls->mutex);
    if (pulls->count < SRV_PULLS_MAX) {
        ticket = wait->ticket = ++pulls->last_ticket;
        wait->next = pulls->first;
        pulls->first = wait;
        pulls->count++;
    }
    pthread_mutex_unlock(&pulls->mutex);
    if (ticket == 0)
        free(wait);
    return ticket;
}

void srv_pulls_remove(struct srv_pulls *pulls, uint64_t ticket)
{
    struct wait *found = NULL;
    pthread_mutex_lock(&pulls->mutex);
    for (struct wait **at = &pulls->first; *at != NULL; at = &(*at)->next)
        if ((*at)->ticket == ticket) {
            found = *at;
            *at = found->next;
            pulls->count--;
            break;
        }
    pthread_mutex_unlock(&pulls->mutex);
    free(found);
}

/* The first due wait of the loop, out of the list. */
static struct wait *take_due(struct srv_pulls *pulls, const struct srv_loop *loop)
{
    struct wait *found = NULL;
    pthread_mutex_lock(&pulls->mutex);
    for (struct wait **at = &pulls->first; *at != NULL; at = &(*at)->next)
        if ((*at)->due && (*at)->loop == loop) {
            found = *at;
            *at = found->next;
            pulls->count--;
            break;
        }
    pthread_mutex_unlock(&pulls->mutex);
    return found;
}

/* Loop thread: here nobody can be in the middle of srv_pulls_remove for a wait of this loop. */
static void wake_due(void *arg)
{
    struct post *post = arg;
    struct srv_pulls *pulls = post->pulls;
    pthread_mutex_lock(&pulls->mutex);
    pulls->posted[srv_loop_index(post->loop)] = false;
    pthread_mutex_unlock(&pulls->mutex);
    for (struct wait *wait = take_due(pulls, post->loop); wait != NULL; wait = take_due(pulls, post->loop)) {
        wait->wake(wait->arg);
        free(wait);
    }
    free(post);
}

static void post_wake(struct srv_pulls *pulls, struct srv_loop *loop)
{
    struct post *post = malloc(sizeof *post);
    if (post == NULL)
        return; /* the poll ends by itself after its time */
    *post = (struct post){pulls, loop};
    if (srv_loop_post(loop, wake_due, post) == CM_OK)
        pulls->posted[srv_loop_index(loop)] = true;
    else
        free(post);
}

void srv_pulls_wake(struct srv_pulls *pulls, const char *station_id)
{
    pthread_mutex_lock(&pulls->mutex);
    for (struct wait *wait = pulls->first; wait != NULL && !pulls->stopped; wait = wait->next) {
        if (station_id != NULL && strcmp(wait->station_id, station_id) != 0)
            continue;
        wait->due = true;
        if (!pulls->posted[srv_loop_index(wait->loop)])
            post_wake(pulls, wait->loop);
    }
    pthread_mutex_unlock(&pulls->mutex);
}

void srv_pulls_stop(struct srv_pulls *pulls)
{
    pthread_mutex_lock(&pulls->mutex);
    pulls->stopped = true;
    pthread_mutex_unlock(&pulls->mutex);
}
