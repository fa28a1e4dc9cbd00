/*
 * The vision thread: takes the newest frame, looks at it, posts the observation together with the frame to the inbox.
 * It owns the pipeline and its models. While models are missing it passes frames on without faces, so that the screen
 * shows a picture and a reason; cards are read nevertheless.
 */
#ifndef STN_VISION_WORKER_H
#define STN_VISION_WORKER_H

#include "engine/inbox.h"
#include "engine/mailbox.h"
#include "vision/pipeline.h"

struct stn_vision_worker;

/* Reads the models on the thread and posts STN_MSG_VISION_LOADED. The path is copied. */
enum cm_code stn_vision_worker_start(const struct stn_pipeline_options *options, struct stn_mailbox *mailbox,
                                     struct stn_inbox *inbox, struct stn_vision_worker **ret_worker,
                                     struct cm_err *err);
/* Whether cards are looked for in the frames; at first they are. Any thread. */
void stn_vision_worker_look_for_cards(struct stn_vision_worker *worker, bool wanted);
void stn_vision_worker_join(
    struct stn_vision_worker *worker); /* mailbox and inbox must be closed; NULL is fine */

#endif
