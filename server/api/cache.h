/*
 * What the API keeps between calls, all of it worth nothing when the store has moved on: how many students the classes
 * have, the boards of classes, and when the writer last gave a sign of life. One for the program, made by server/cli and
 * reached by srv_app.api; without it (NULL) everything is counted anew at each call.
 *
 * Any thread: a mutex guards it, held while an entry is made anew (some milliseconds for thousands of students).
 */
#ifndef SRV_API_CACHE_H
#define SRV_API_CACHE_H

#include "api/api.h"

struct srv_api;
enum cm_code srv_api_create(struct srv_api **ret_api, struct cm_err *err);
void srv_api_destroy(struct srv_api *api);

/* ---- students of each class who are there (census.c) ---- */
struct srv_census {
    int64_t students, enrolled;
};
/* One for each of the classes, in their order. */
enum cm_code srv_api_census(const struct srv_app *app, const struct srv_api_classes *classes,
                            struct srv_census *ret_census, struct cm_err *err);

/* ---- boards (board.c) ---- */
enum { SRV_BOARD_ROWS_MAX = 2000 };
struct srv_board_row { /* best first */
    char id[CM_ID_SIZE], name[CM_NAME_SIZE], nickname[64];
    bool hidden;
    int32_t rank; /* among those who are not hidden; one who is has the rank that he would have */
    int32_t points, streak;
    double rate; /* NaN: none yet */
};
struct srv_board {
    char class_id[CM_ID_SIZE];
    uint64_t version; /* of the store; 0: nothing here */
    int count;
    struct srv_board_row *rows; /* free() */
};
typedef void srv_board_visit_fn(void *arg, const struct srv_board *board);
/* The visit runs with the mutex held. */
enum cm_code srv_api_board(const struct srv_app *app, const char *class_id, srv_board_visit_fn *visit,
                           void *arg, struct cm_err *err);

/* ---- whole answers (kept.c) ---- */
/* An answer is the same for the same question of the same eyes until the store changes, or the minute: sessions begin and
 * end with one. The eyes are what a caller's rights follow from (role, and his student id or classes), so a kept answer goes
 * only to one who would get it anew, and nothing of the store is read for it. */
enum { SRV_KEPT_KEY_SIZE = 512, SRV_KEPT_BYTES_MAX = 32 * 1024 };
struct srv_kept_key {
    uint8_t bytes[SRV_KEPT_KEY_SIZE];
    size_t size;      /* 0: longer than that, so it is not kept */
    uint64_t version; /* of the store, before anything of it is read for the answer */
    int64_t now_ms;   /* the instant that the answer is of */
};
/* query: what the answer depends on beside the path, in a form of the handler's own ("" nothing). Answers if it can; else
 * the key is made, and the answer shall go through srv_api_answer_and_keep. */
bool srv_api_answer_kept(struct srv_call *call, const char *query, struct srv_kept_key *ret_key);
/* Answers with 200, and keeps it for the next one. */
void srv_api_answer_and_keep(struct srv_call *call, const struct srv_kept_key *key, struct srv_reply *reply);

/* ---- is the writer alive? (health.c) ---- */
/* Asks the writer for a sign of life unless one is on its way. False: it gave none within 5 s. */
bool srv_api_writer_alive(struct srv_call *call);

#endif
