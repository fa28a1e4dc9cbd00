/*
 * The thread that looks at photos which the server sent to enrol from: decode, gates, embedding; the result goes to the
 * inbox. It reads the models when the first photo comes and gives their memory back after a minute without one. One photo at
 * a time. The photo is wiped as soon as it was decoded or refused.
 */
#ifndef STN_PHOTO_WORKER_H
#define STN_PHOTO_WORKER_H

#include "engine/inbox.h"
#include "shim/face_shim.h"
#include "sync/client.h"

struct stn_photo_worker;

struct stn_photo_worker_options {
    enum stn_landmark_model landmarks;
    const char *landmarks_path, *embedder_path; /* copied */
    struct stn_inbox *inbox;                    /* outlives the worker */
};

enum cm_code stn_photo_worker_start(const struct stn_photo_worker_options *options,
                                    struct stn_photo_worker **ret_worker, struct cm_err *err);
/* Copies the photo. False: it is at another one, going away, or there is no memory. */
bool stn_photo_worker_post(struct stn_photo_worker *worker, const struct stn_sync_photo *photo);
/* Ends the thread after the photo at which it is, and frees; NULL is fine. */
void stn_photo_worker_join(struct stn_photo_worker *worker);

#endif
