/*
 * The capture thread: opens the source, hands frames to the mailbox, opens it again with growing pauses when it fails.
 * What happens to the source goes to the inbox.
 */
#ifndef STN_CAPTURE_WORKER_H
#define STN_CAPTURE_WORKER_H

#include "capture/capture.h"
#include "engine/inbox.h"
#include "engine/mailbox.h"

struct stn_capture_worker;

struct stn_capture_worker_options {
    struct stn_capture *capture; /* borrowed; its frames may outlive the worker */
    struct stn_mailbox *mailbox;
    struct stn_inbox *inbox;
    bool retry; /* false: a source that fails has ended */
};

enum cm_code stn_capture_worker_start(const struct stn_capture_worker_options *options,
                                      struct stn_capture_worker **ret_worker, struct cm_err *err);
void stn_capture_worker_join(
    struct stn_capture_worker *worker); /* the mailbox must be closed; NULL is fine */

#endif
