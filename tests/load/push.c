/* Stations that push marks: everything is encoded, chained and signed before the clock starts, so what is measured is
 * the server. */
#include "load.h"

#include "base/date.h"
#include "base/uuid.h"
#include "record/codec.h"
#include "sync/message.h"

#include <math.h>
#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct batch {
    uint8_t *bytes;
    size_t size;
    uint64_t last_seq;
};

struct sender {
    pthread_t thread;
    const struct load_push *options;
    int index, socket, batch_count;
    int pushed;     /* batches that were acknowledged */
    double until_s; /* 0: all of them */
    struct batch *batches;
    struct cm_keys *keys;
    char token[CM_SYNC_TOKEN_SIZE];
    pthread_barrier_t *barrier;
    double slowest_s;
};

static void pair(struct sender *sender)
{
    struct cm_err err = CM_ERR_INIT;
    struct cm_pair_request request = {.version = "load"};
    snprintf(request.code, sizeof request.code, "%s", sender->options->codes[sender->index]);
    memcpy(request.public_key, cm_keys_public(sender->keys), sizeof request.public_key);
    struct cm_buf body;
    cm_buf_init(&body, CM_SYNC_SMALL_MAX);
    if (cm_message_encode(CM_MESSAGE_PAIR_REQUEST, &request, &body, &err) != CM_OK)
        load_die("%s", err.msg);
    static _Thread_local struct load_answer answer;
    const int status = load_post(sender->socket, "/sync/v1/pair", "", body.data, body.size, &answer);
    struct cm_pair_answer paired;
    if (status != 200 ||
        cm_message_decode(CM_MESSAGE_PAIR_ANSWER, answer.body, answer.size, &paired, &err) != CM_OK)
        load_die("pairing: %d %.*s", status, (int)answer.size, (const char *)answer.body);
    memcpy(sender->token, paired.token, sizeof sender->token);
    cm_buf_finish(&body);
}

/* The class that demo-data puts a student into. */
static void name_class(int student, char *name, size_t size)
{
    const int index = student / 38;
    if (index < 28)
        snprintf(name, size, "%d-%c", 6 + index / 4, 'A' + index % 4);
    else
        snprintf(name, size, "X%d-%c", index / 4, 'A' + index % 4);
}

/* A mark of one student on one day; (student, day) never repeats within a run. */
static void fill_event(const struct sender *sender, struct cm_uuid_generator *uuids, uint64_t seq,
                       struct cm_event *event)
{
    const struct load_push *options = sender->options;
    const uint64_t number = (seq - 1) * (uint64_t)options->station_count + (uint64_t)sender->index;
    const int student = (int)(number % (uint64_t)options->students);
    const int32_t date =
        cm_date_add(20200101, options->day + (int32_t)(number / (uint64_t)options->students));
    *event = (struct cm_event){.version = CM_RECORD_VERSION, .seq = seq, .type = CM_EVENT_MARK};
    event->wall_ms = (int64_t)cm_date_day_number(date) * 86400000 + 3 * 3600000 + student * 1000;
    event->mono_us = (int64_t)seq * 1000;
    cm_uuid7(uuids, event->wall_ms, event->id);
    struct cm_mark *mark = &event->body.mark;
    snprintf(mark->student_id, sizeof mark->student_id, "S%04d", student + 1);
    name_class(student, mark->class_id, sizeof mark->class_id);
    mark->date = date;
    mark->captured_wall_ms = event->wall_ms;
    mark->method = CM_METHOD_FACE;
    memcpy(mark->policy, "strict", sizeof "strict");
    memcpy(mark->live_reason, "blink and turn", sizeof "blink and turn");
    mark->distance = 0.38F, mark->margin = 0.2F, mark->threshold = 0.46F;
    mark->blink_ms = 180;
}

static void make_batch(struct sender *sender, struct cm_uuid_generator *uuids, uint64_t first_seq, int count,
                       uint8_t hash[CM_HASH_SIZE], struct batch *ret_batch)
{
    static uint8_t store[CM_SYNC_EVENTS_MAX][1024]; /* one thread prepares */
    static struct cm_push push;
    struct cm_err err = CM_ERR_INIT;
    push = (struct cm_push){.first_seq = first_seq, .count = count, .version = "load", .camera = "clear"};
    memcpy(push.previous_hash, hash, CM_HASH_SIZE);
    for (int i = 0; i < count; i++) {
        struct cm_event event;
        size_t size;
        fill_event(sender, uuids, first_seq + (uint64_t)i, &event);
        if (cm_event_encode(&event, store[i], sizeof store[i], &size, &err) != CM_OK)
            load_die("%s", err.msg);
        push.events[i] = (struct cm_span){store[i], size};
        uint8_t next[CM_HASH_SIZE];
        cm_chain_next(hash, store[i], size, next);
        memcpy(hash, next, CM_HASH_SIZE);
    }
    cm_head_sign(sender->keys, first_seq + (uint64_t)count - 1, hash, push.signature);
    struct cm_buf body;
    cm_buf_init(&body, CM_SYNC_PUSH_MAX);
    if (cm_message_encode(CM_MESSAGE_PUSH, &push, &body, &err) != CM_OK)
        load_die("%s", err.msg);
    ret_batch->last_seq = first_seq + (uint64_t)count - 1;
    ret_batch->bytes = cm_buf_take(&body, &ret_batch->size);
}

static void prepare(struct sender *sender)
{
    const struct load_push *options = sender->options;
    const int events = options->events / options->station_count;
    sender->batch_count = (events + options->batch - 1) / options->batch;
    sender->batches = calloc((size_t)sender->batch_count, sizeof *sender->batches);
    if (sender->batches == NULL)
        load_die("out of memory");
    uint8_t hash[CM_HASH_SIZE];
    cm_chain_start(cm_keys_public(sender->keys), hash);
    struct cm_uuid_generator uuids = {0};
    uint64_t seq = 1;
    for (int i = 0; i < sender->batch_count; i++, seq += (uint64_t)options->batch)
        make_batch(sender, &uuids, seq, options->batch, hash, &sender->batches[i]);
}

static void *push_all(void *arg)
{
    struct sender *sender = arg;
    struct load_answer answer;
    pthread_barrier_wait(sender->barrier);
    for (int i = 0; i < sender->batch_count; i++) {
        if (sender->options->seconds > 0 && load_now_s() > sender->until_s)
            break;
        const struct batch *batch = &sender->batches[i];
        const double began = load_now_s();
        const int status =
            load_post(sender->socket, "/sync/v1/events", sender->token, batch->bytes, batch->size, &answer);
        struct cm_push_answer pushed;
        if (status != 200 ||
            cm_message_decode(CM_MESSAGE_PUSH_ANSWER, answer.body, answer.size, &pushed, NULL) != CM_OK)
            load_die("pushing: %d %.*s", status, (int)answer.size, (const char *)answer.body);
        if (pushed.acked != batch->last_seq)
            load_die("pushed up to %llu, acknowledged %llu", (unsigned long long)batch->last_seq,
                     (unsigned long long)pushed.acked);
        const double took = load_now_s() - began;
        sender->slowest_s = took > sender->slowest_s ? took : sender->slowest_s;
        sender->pushed++;
        if (i % 90 == 89) { /* a connection serves a bounded number of requests */
            close(sender->socket);
            sender->socket = load_connect(sender->options->port);
        }
    }
    return NULL;
}

static void finish(struct sender *sender)
{
    for (int i = 0; i < sender->batch_count; i++)
        free(sender->batches[i].bytes);
    free(sender->batches);
    cm_keys_destroy(sender->keys);
    close(sender->socket);
}

int load_push(const struct load_push *options)
{
    struct cm_err err = CM_ERR_INIT;
    if (options->batch < 1 || options->batch > CM_SYNC_EVENTS_MAX || options->station_count < 1)
        load_die("a batch has 1 to %d events", CM_SYNC_EVENTS_MAX);
    if (cm_crypt_init(&err) != CM_OK)
        load_die("%s", err.msg);
    struct sender *senders = calloc((size_t)options->station_count, sizeof *senders);
    pthread_barrier_t barrier;
    pthread_barrier_init(&barrier, NULL, (unsigned)options->station_count + 1);
    for (int i = 0; i < options->station_count; i++) {
        struct sender *sender = &senders[i];
        *sender = (struct sender){.options = options, .index = i, .barrier = &barrier};
        if (cm_keys_create(&sender->keys, &err) != CM_OK)
            load_die("%s", err.msg);
        sender->socket = load_connect(options->port);
        pair(sender);
        prepare(sender);
        close(sender->socket);
        sender->socket = load_connect(options->port);
    }
    const double began = load_now_s();
    for (int i = 0; i < options->station_count; i++) {
        senders[i].until_s = began + options->seconds;
        pthread_create(&senders[i].thread, NULL, push_all, &senders[i]);
    }
    pthread_barrier_wait(&barrier);
    printf("{\"stations\":%d}\n", options->station_count);
    fflush(stdout);
    double slowest_s = 0;
    int events = 0;
    for (int i = 0; i < options->station_count; i++) {
        pthread_join(senders[i].thread, NULL);
        events += senders[i].pushed * options->batch;
        slowest_s = senders[i].slowest_s > slowest_s ? senders[i].slowest_s : slowest_s;
    }
    const double seconds = load_now_s() - began;
    for (int i = 0; i < options->station_count; i++)
        finish(&senders[i]);
    free(senders);
    pthread_barrier_destroy(&barrier);
    printf("{\"events\":%d,\"seconds\":%.3f,\"events_per_s\":%.0f,\"slowest_answer_ms\":%.1f}\n", events,
           seconds, events / seconds, slowest_s * 1000);
    return 0;
}
