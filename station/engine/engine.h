/*
 * The engine: camera, vision, face lane and store wired together, with its threads. It owns all of them.
 *
 *   capture thread ──newest frame──▶ vision thread ──observations──▶ engine thread ──events──▶ subscriber
 *                                                     embed thread ◀─chips─┘ ├─commits─▶ store
 *                                                     photo thread ◀─photos──┴─sync──▶ server
 *
 * - The engine thread alone touches the lane and the store; everything it is told arrives by queue and wake-up.
 * - Models are read on the threads that use them: nothing waits for them, the first event comes at once.
 * - Real speed: the newest frame wins, drops are counted. A source at max speed is in lockstep instead: every frame is
 *   analysed, and the next one is taken when this one and its embeddings are decided. Same input, same result.
 * - Sync runs on the engine's loop without ever waiting for the network; the marking path does not know of it.
 * - The subscriber is called on the engine thread and must return quickly.
 */
#ifndef STN_ENGINE_H
#define STN_ENGINE_H

#include "base/clock.h"
#include "base/localdate.h"
#include "engine/event.h"
#include "engine/lane.h"
#include "engine/request.h"
#include "shim/face_shim.h"
#include "store/store.h"

struct stn_engine;

typedef void stn_engine_event_fn(void *arg, const struct stn_event *event);
/* A frame that was analysed, at most every preview_every_us; borrowed until the call returns. */
typedef void stn_engine_preview_fn(void *arg, const struct stn_frame *frame);

struct stn_engine_options {
    const struct cm_clock *clock;
    const struct cm_zone *zone;
    const char *camera_spec;
    enum stn_landmark_model landmarks;
    const char *landmarks_path, *embedder_path;
    enum stn_policy policy;
    double false_accept_budget;
    const char *class_id;    /* the class that is shown; NULL: the first of the roster */
    const char *data_dir;    /* for the started event */
    struct stn_store *store; /* borrowed, used by the engine thread alone from start to join */
    bool sync;               /* with the server, when the station is paired */
    bool allow_plain;        /* http:// to a server on another machine */
    bool until_eof;          /* a recording's end stops the engine; else the camera state says "ended" */
    stn_engine_event_fn *on_event;
    stn_engine_preview_fn *on_preview; /* NULL: none */
    int64_t preview_every_us;
    void *arg;
};

/* Starts the threads and returns at once. Strings are copied. */
enum cm_code stn_engine_start(const struct stn_engine_options *options, struct stn_engine **ret_engine,
                              struct cm_err *err);
/* A person's wish; any thread. False: too many wait already, or the engine ends; the request was not taken. */
bool stn_engine_request(struct stn_engine *engine, const struct stn_request *request);
/* Asks for the end; any thread, any number of times, also from a subscriber. */
void stn_engine_stop(struct stn_engine *engine);
/* Waits for the end and frees everything; the exit code: 0, or 1 when the source failed for good under until_eof, or when
 * recognised students could not be stored until the end. */
int stn_engine_join(struct stn_engine *engine);

#endif
