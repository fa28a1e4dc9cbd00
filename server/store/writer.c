#include "store/writer.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

struct queue { /* under the lock */
    struct srv_write *first, **last;
    pthread_cond_t filled;
    bool ending; /* nothing comes any more */
};

struct srv_writer {
    struct srv_store *store;
    pthread_t thread, preparer;
    pthread_mutex_t lock;
    struct queue to_prepare, to_write;
    int waiting; /* in both, and the one that is being prepared */
    bool ending;
    _Atomic uint64_t commits, good, jobs;
    _Atomic int64_t last_commit_us;
};

struct group { /* jobs that share a commit */
    struct srv_write *writes[SRV_WRITER_GROUP_MAX];
    int count;
};

/* A job that failed and had written nothing leaves the transaction as it was; any other failure spoils it. */
static bool fails_alone(enum cm_code code)
{
    return code == CM_INVALID || code == CM_NOTFOUND || code == CM_EXISTS;
}

static enum cm_code run_group(struct srv_store *store, void *arg, struct cm_err *err)
{
    const struct group *group = arg;
    for (int i = 0; i < group->count; i++) {
        struct srv_write *write = group->writes[i];
        write->err = (struct cm_err)CM_ERR_INIT;
        const uint64_t written = srv_store_written(store);
        write->code = write->run(store, write, &write->err);
        if (write->code != CM_OK && (!fails_alone(write->code) || srv_store_written(store) != written)) {
            if (err != NULL)
                *err = write->err;
            return write->code;
        }
    }
    return CM_OK;
}

static void commit(struct srv_writer *writer, struct group *group)
{
    struct cm_err err = CM_ERR_INIT;
    const int64_t began_us = cm_mono_us(cm_clock_system());
    const enum cm_code code = srv_store_write(writer->store, run_group, group, &err);
    atomic_store_explicit(&writer->last_commit_us, cm_mono_us(cm_clock_system()) - began_us,
                          memory_order_relaxed);
    atomic_fetch_add_explicit(&writer->commits, 1, memory_order_relaxed);
    if (code == CM_OK) {
        if (srv_store_written(writer->store) > 0)
            atomic_fetch_add_explicit(&writer->good, 1, memory_order_relaxed);
        return;
    }
    if (group->count == 1) {
        group->writes[0]->code = code;
        group->writes[0]->err = err;
        return;
    }
    for (int i = 0; i < group->count; i++) /* whose fault it was shows when each has a commit of its own */
        commit(writer, &(struct group){.writes = {group->writes[i]}, .count = 1});
}

static void done_on_loop(void *arg)
{
    struct srv_write *write = arg;
    write->done(write, write->code, &write->err);
}

static void give_back(struct srv_write *write)
{
    srv_loop_post_node(write->loop, &write->post, done_on_loop, write);
}

/* ---- queues; with the lock held ---- */

static void queue_init(struct queue *queue)
{
    queue->last = &queue->first;
    pthread_cond_init(&queue->filled, NULL);
}

static void queue_put(struct queue *queue, struct srv_write *write)
{
    write->next = NULL;
    *queue->last = write;
    queue->last = &write->next;
    pthread_cond_signal(&queue->filled);
}

static struct srv_write *queue_take(struct queue *queue)
{
    struct srv_write *write = queue->first;
    if (write == NULL)
        return NULL;
    queue->first = write->next;
    if (queue->first == NULL)
        queue->last = &queue->first;
    return write;
}

static void queue_wait(struct queue *queue, pthread_mutex_t *lock)
{
    while (queue->first == NULL && !queue->ending)
        pthread_cond_wait(&queue->filled, lock);
}

static void queue_end(struct srv_writer *writer, struct queue *queue)
{
    pthread_mutex_lock(&writer->lock);
    queue->ending = true;
    pthread_cond_signal(&queue->filled);
    pthread_mutex_unlock(&writer->lock);
}

/* ---- the threads ---- */

/* Takes what waits, up to a group; waits for the first. False: the end, and nothing is left. */
static bool take_group(struct srv_writer *writer, struct group *ret_group)
{
    struct srv_write *write;
    pthread_mutex_lock(&writer->lock);
    queue_wait(&writer->to_write, &writer->lock);
    ret_group->count = 0;
    while (ret_group->count < SRV_WRITER_GROUP_MAX && (write = queue_take(&writer->to_write)) != NULL) {
        writer->waiting--;
        ret_group->writes[ret_group->count++] = write;
    }
    pthread_mutex_unlock(&writer->lock);
    return ret_group->count > 0;
}

static void *writer_thread(void *arg)
{
    struct srv_writer *writer = arg;
    struct group group;
    while (take_group(writer, &group)) {
        commit(writer, &group);
        atomic_fetch_add_explicit(&writer->jobs, (uint64_t)group.count, memory_order_relaxed);
        for (int i = 0; i < group.count; i++)
            give_back(group.writes[i]);
    }
    return NULL;
}

static struct srv_write *take_one(struct srv_writer *writer)
{
    pthread_mutex_lock(&writer->lock);
    queue_wait(&writer->to_prepare, &writer->lock);
    struct srv_write *write = queue_take(&writer->to_prepare);
    pthread_mutex_unlock(&writer->lock);
    return write;
}

/* It has its place among the waiting already: the queue of the writer is never too full for it. */
static void pass_on(struct srv_writer *writer, struct srv_write *write)
{
    bool more = write->code == CM_OK && write->run != NULL;
    pthread_mutex_lock(&writer->lock);
    if (more)
        queue_put(&writer->to_write, write);
    else
        writer->waiting--;
    pthread_mutex_unlock(&writer->lock);
    if (!more)
        give_back(write);
}

static void *preparer_thread(void *arg)
{
    struct srv_writer *writer = arg;
    struct srv_write *write;
    while ((write = take_one(writer)) != NULL) {
        write->err = (struct cm_err)CM_ERR_INIT;
        write->code = srv_store_read(writer->store, write->prepare, write, &write->err);
        pass_on(writer, write);
    }
    return NULL;
}

/* ---- for everyone ---- */

static void destroy(struct srv_writer *writer)
{
    pthread_cond_destroy(&writer->to_prepare.filled);
    pthread_cond_destroy(&writer->to_write.filled);
    pthread_mutex_destroy(&writer->lock);
    free(writer);
}

enum cm_code srv_writer_create(struct srv_store *store, struct srv_writer **ret_writer, struct cm_err *err)
{
    struct srv_writer *writer = calloc(1, sizeof *writer);
    if (writer == NULL)
        return cm_fail(err, CM_NOMEM, "out of memory");
    writer->store = store;
    queue_init(&writer->to_prepare);
    queue_init(&writer->to_write);
    pthread_mutex_init(&writer->lock, NULL);
    bool started = pthread_create(&writer->thread, NULL, writer_thread, writer) == 0;
    if (!started || pthread_create(&writer->preparer, NULL, preparer_thread, writer) != 0) {
        queue_end(writer, &writer->to_write);
        if (started)
            pthread_join(writer->thread, NULL);
        destroy(writer);
        return cm_fail(err, CM_BACKEND, "the writer's threads could not be started");
    }
    *ret_writer = writer;
    return CM_OK;
}

enum cm_code srv_writer_submit(struct srv_writer *writer, struct srv_write *write)
{
    enum cm_code code = CM_AGAIN;
    pthread_mutex_lock(&writer->lock);
    if (writer->waiting < SRV_WRITER_QUEUE_MAX && !writer->ending) {
        queue_put(write->prepare != NULL ? &writer->to_prepare : &writer->to_write, write);
        writer->waiting++;
        code = CM_OK;
    }
    pthread_mutex_unlock(&writer->lock);
    return code;
}

void srv_writer_stop(struct srv_writer *writer)
{
    if (writer == NULL || writer->ending) /* only this function sets it */
        return;
    pthread_mutex_lock(&writer->lock);
    writer->ending = true;
    pthread_mutex_unlock(&writer->lock);
    queue_end(writer, &writer->to_prepare);
    pthread_join(writer->preparer, NULL); /* what it prepared is to be written */
    queue_end(writer, &writer->to_write);
    pthread_join(writer->thread, NULL);
}

void srv_writer_destroy(struct srv_writer *writer)
{
    if (writer == NULL)
        return;
    srv_writer_stop(writer);
    destroy(writer);
}

void srv_writer_stats(const struct srv_writer *writer, struct srv_writer_stats *ret_stats)
{
    struct srv_writer *mutable = (struct srv_writer *)writer;
    pthread_mutex_lock(&mutable->lock);
    ret_stats->waiting = writer->waiting;
    pthread_mutex_unlock(&mutable->lock);
    ret_stats->commits = atomic_load_explicit(&writer->commits, memory_order_relaxed);
    ret_stats->good = atomic_load_explicit(&writer->good, memory_order_relaxed);
    ret_stats->jobs = atomic_load_explicit(&writer->jobs, memory_order_relaxed);
    ret_stats->last_commit_us = atomic_load_explicit(&writer->last_commit_us, memory_order_relaxed);
}
