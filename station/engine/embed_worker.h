/*
 * The embedding thread: chips in, embeddings out to the inbox. It owns the network, so that the eye loop never waits for
 * an embedding. The queue is bounded; a chip that does not fit is answered at once as failed.
 */
#ifndef STN_EMBED_WORKER_H
#define STN_EMBED_WORKER_H

#include "base/clock.h"
#include "engine/inbox.h"
#include "shim/face_shim.h"

enum { STN_EMBED_QUEUE_MAX = 24 };

struct stn_embed_worker;

/* Starts the thread, which reads the model and posts STN_MSG_EMBEDDER_LOADED. path is copied; clock and inbox must
 * outlive the worker. */
enum cm_code stn_embed_worker_start(const char *path, const struct cm_clock *clock, struct stn_inbox *inbox,
                                    struct stn_embed_worker **ret_worker, struct cm_err *err);
/* Copies the chip. False: the queue is full or the worker is going away. */
bool stn_embed_worker_post(struct stn_embed_worker *worker, uint32_t track_id, int64_t captured_us,
                           const struct stn_chip *chip);
int stn_embed_worker_waiting(struct stn_embed_worker *worker);
/* Ends the thread and frees; NULL is fine. */
void stn_embed_worker_join(struct stn_embed_worker *worker);

#endif
