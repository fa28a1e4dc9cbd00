/*
 * Who looks at a stream: as much of his identity as is needed for as long as the stream lasts, because the call's own is
 * gone by then. Plain values; loop thread.
 */
#ifndef SRV_LIVE_VIEWER_H
#define SRV_LIVE_VIEWER_H

#include "http/http.h"
#include "live/seats.h"
#include "store/store.h"

struct srv_viewer {
    uint32_t role;
    char user[64];
    char student_id[CM_ID_SIZE]; /* of a student */
    uint8_t session[16];
    int class_count;             /* of a coordinator: his; of a student: the one he is in */
    char (*classes)[CM_ID_SIZE]; /* ours */
    struct srv_seats *seats;     /* where he has one of his streams; NULL: nowhere */
};

enum cm_code srv_viewer_init(struct srv_viewer *viewer, const struct srv_identity *who,
                             struct srv_store *store, struct cm_err *err);
/* Of the caller, who takes a seat for a stream until finish. False: the call was answered, with 429 where he has as many as
 * he may. */
bool srv_viewer_seat(struct srv_viewer *viewer, struct srv_seats *seats, struct srv_call *call);
void srv_viewer_finish(struct srv_viewer *viewer);

/* Staff: a class that he may see; a student: his own. */
bool srv_viewer_has_class(const struct srv_viewer *viewer, const char *class_id);
/* Staff: a station that serves a class which he may see. */
bool srv_viewer_has_station(const struct srv_viewer *viewer, const struct srv_station *station);
/* Session and user are still what they were when the stream began. A store that does not answer says no: the page comes back
 * by itself, and is let in when there is somebody who can say so. */
bool srv_viewer_still(const struct srv_viewer *viewer, struct srv_store *store, int64_t now_wall_ms);

/* The same question for a call. */
bool srv_live_sees_station(const struct srv_identity *who, const struct srv_station *station);

#endif
