#include "store/writer.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

struct srv_writer {
    struct srv_store *store;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t filled;
    struct srv_write *first, **last; /* what waits, under the lock */
    int waiting;
    bool ending;
    _Atomic uint64_t commits, jobs;
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
    if (code == CM_OK)
        return;
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

/* Takes what waits, up to a group; waits for the first. False: the end, and nothing is left. */
static bool take(struct srv_writer *writer, struct group *ret_group)
{
    pthread_mutex_lock(&writer->lock);
    while (writer->first == NULL && !writer->ending)
        pthread_cond_wait(&writer->filled, &writer->lock);
    ret_group->count = 0;
    while (writer->first != NULL && ret_group->count < SRV_WRITER_GROUP_MAX) {
        struct srv_write *write = writer->first;
        writer->first = write->next;
        writer->waiting--;
        ret_group->writes[ret_group->count++] = write;
    }
    if (writer->first == NULL)
        writer->last = &writer->first;
    pthread_mutex_unlock(&writer->lock);
    return ret_group->count > 0;
}

static void *writer_thread(void *arg)
{
    struct srv_writer *writer = arg;
    struct group group;
    while (take(writer, &group)) {
        commit(writer, &group);
        atomic_fetch_add_explicit(&writer->jobs, (uint64_t)group.count, memory_order_relaxed);
        for (int i = 0; i < group.count; i++)
            srv_loop_post_node(group.writes[i]->loop, &group.writes[i]->post, done_on_loop, group.writes[i]);
    }
    return NULL;
}

enum cm_code srv_writer_create(struct srv_store *store, struct srv_writer **ret_writer, struct cm_err *err)
{
    struct srv_writer *writer = calloc(1, sizeof *writer);
    if (writer == NULL)
        return cm_fail(err, CM_NOMEM, "out of memory");
    writer->store = store;
    writer->last = &writer->first;
    pthread_mutex_init(&writer->lock, NULL);
    pthread_cond_init(&writer->filled, NULL);
    if (pthread_create(&writer->thread, NULL, writer_thread, writer) != 0) {
        pthread_cond_destroy(&writer->filled);
        pthread_mutex_destroy(&writer->lock);
        free(writer);
        return cm_fail(err, CM_BACKEND, "the writer's thread could not be started");
    }
    *ret_writer = writer;
    return CM_OK;
}

enum cm_code srv_writer_submit(struct srv_writer *writer, struct srv_write *write)
{
    enum cm_code code = CM_AGAIN;
    pthread_mutex_lock(&writer->lock);
    if (writer->waiting < SRV_WRITER_QUEUE_MAX && !writer->ending) {
        write->next = NULL;
        *writer->last = write;
        writer->last = &write->next;
        writer->waiting++;
        pthread_cond_signal(&writer->filled);
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
    pthread_cond_signal(&writer->filled);
    pthread_mutex_unlock(&writer->lock);
    pthread_join(writer->thread, NULL);
}

void srv_writer_destroy(struct srv_writer *writer)
{
    if (writer == NULL)
        return;
    srv_writer_stop(writer);
    pthread_cond_destroy(&writer->filled);
    pthread_mutex_destroy(&writer->lock);
    free(writer);
}

void srv_writer_stats(const struct srv_writer *writer, struct srv_writer_stats *ret_stats)
{
    struct srv_writer *mutable = (struct srv_writer *)writer;
    pthread_mutex_lock(&mutable->lock);
    ret_stats->waiting = writer->waiting;
    pthread_mutex_unlock(&mutable->lock);
    ret_stats->commits = atomic_load_explicit(&writer->commits, memory_order_relaxed);
    ret_stats->jobs = atomic_load_explicit(&writer->jobs, memory_order_relaxed);
    ret_stats->last_commit_us = atomic_load_explicit(&writer->last_commit_us, memory_order_relaxed);
}
