/*
 * The writer: one thread that commits what the loops ask for, many requests in one synced commit.
 *
 * A job's `run` is called on the writer thread within a write of the store; when the commit is durable, or when it failed,
 * `done` is called on the loop that asked. A run that fails with CM_INVALID, CM_NOTFOUND or CM_EXISTS and had written nothing
 * fails alone. Any other failure undoes the whole group, whose jobs are then run again one by one: nobody fails for another,
 * and of a job that fails nothing stays. A job that refuses but wants something kept (a counted try) returns CM_OK.
 *
 * A job that has to look far before it knows what to write (a file to read, faces to compare) has a `prepare`: it is called
 * first, on a thread of its own, within a read of the store, while other jobs are committed. Its `run` then checks again
 * only what may have changed since.
 */
#ifndef SRV_WRITER_H
#define SRV_WRITER_H

#include "http/http.h"
#include "store/store.h"

struct srv_writer;
enum { SRV_WRITER_QUEUE_MAX = 4096, SRV_WRITER_GROUP_MAX = 256 };

struct srv_write {         /* the caller's, first member of its own struct; must live until done */
    srv_store_fn *prepare; /* once, before run; may be NULL. When it fails that is the job's end */
    srv_store_fn
        *run; /* may run more than once; arg is the srv_write itself. NULL: nothing is to be written */
    void (*done)(struct srv_write *write, enum cm_code code, const struct cm_err *err); /* loop thread */
    struct srv_loop *loop;
    /* private */
    struct srv_write *next;
    struct srv_post post;
    enum cm_code code;
    struct cm_err err;
};

enum cm_code srv_writer_create(struct srv_store *store, struct srv_writer **ret_writer, struct cm_err *err);
/* Any thread. CM_AGAIN: the queue is full (answer 503 with Retry-After); done is not called. */
enum cm_code srv_writer_submit(struct srv_writer *writer, struct srv_write *write);
/* Commits what waits, posts every done, ends the thread; what is submitted from then on gets CM_AGAIN. Before
 * srv_http_close, within which the last dones run: they may still submit, so the writer is destroyed after it. */
void srv_writer_stop(struct srv_writer *writer);
/* Stops it when it was not, and frees it. */
void srv_writer_destroy(struct srv_writer *writer);

struct srv_writer_stats {
    uint64_t commits, jobs;
    uint64_t good; /* of the commits, those that changed something and are durable */
    int32_t waiting;
    int64_t last_commit_us;
};
void srv_writer_stats(const struct srv_writer *writer, struct srv_writer_stats *ret_stats);

#endif
