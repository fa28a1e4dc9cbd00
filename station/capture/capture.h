/*
 * A source of frames. One interface, several sources: `replay` (a recording), `pattern` (generated, no
 * faces), later a camera. A source is pulled from one thread, the capture thread, which may block in
 * stn_capture_next.
 *
 * SPEC:
 * - replay:PATH[?speed=max&loop=1&fps=F]  PATH is a video, a folder of images, or a folder of videos (played
 * in order of name); fps is the rate of an image folder (default 24)
 * - pattern[?fps=F&frames=N]  moving colour bars
 *
 * Time: with real speed a frame's captured times are the clock's at the moment it is due. With speed=max they
 * are the clock's at the start plus the recording's own time, so that decisions see the recorded pace
 * whatever the machine's. A loop goes on counting frames and time without a jump backwards. Between two
 * videos, and where a video starts over, captured time leaps by 0.4 s: more than the gap that ends every
 * track, so that no evidence reaches across the cut.
 *
 * What can go wrong is a state, not an exit: a file that cannot be opened, that lies or ends early gives an
 * error from stn_capture_next with a sentence; the caller goes on with the next call or opens again later
 * (stn_capture_open).
 */
#ifndef STN_CAPTURE_H
#define STN_CAPTURE_H

#include "base/clock.h"
#include "base/err.h"
#include "frame/frame.h"
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct stn_capture;

struct stn_capture_info {
    char name[256];      /* for people: "franck.mp4 (recording)" */
    double fps;          /* nominal; 0 unknown */
    int64_t frame_count; /* of the recording that is being read, as its file says: a hint; 0 unknown */
    bool recording;      /* true: can end; the clock may be the recording's */
    bool max_speed;      /* the reader sets the pace and gets every frame: nothing is dropped */
};

/* Parses the SPEC and makes the source; opens no file yet. CM_INVALID with what is wrong and the known forms.
 * `clock` must outlive the source. It is asked on the capture thread. */
enum cm_code stn_capture_create(const char *spec, const struct cm_clock *clock,
                                struct stn_capture **ret_capture, struct cm_err *err);
/* All frames must be back: they are the source's memory. NULL is fine. */
void stn_capture_destroy(struct stn_capture *capture);

/* Opens (or, after a failure, opens again, from the beginning) what the SPEC names. Numbers and times
 * go on. */
enum cm_code stn_capture_open(struct stn_capture *capture, struct cm_err *err);
/* Valid after a successful open. */
void stn_capture_info(const struct stn_capture *capture, struct stn_capture_info *ret_info);

/* Waits until the next frame is due and returns it with a count of 1. Real speed: a frame whose time has
 * passed by more than one period because the reader was slow is skipped and its number missing (so drops can
 * be counted).
 * - CM_EOF: the recording is over (only without loop), said again at each further call.
 * - CM_AGAIN: every frame of the pool is in use (at most 8 are out). At real speed the pictures of that time
 *   are skipped, at max speed none is lost.
 * - CM_CANCELED: *stop became true (NULL: never), asked at least every 20 ms while waiting.
 * - CM_CORRUPT: a video ended before its time (truncated); said once, after its last good frame.
 * - Other codes: a file cannot be read, or the source failed.
 *
 * After each of these, the next call goes on behind the bad place: with the next file, the loop, or CM_EOF.
 * The handle also stays valid for stn_capture_open. */
enum cm_code stn_capture_next(struct stn_capture *capture, const atomic_bool *stop,
                              struct stn_frame **ret_frame, struct cm_err *err);

/* Decodes one picture of a video: the first at or after a time from its start, for enrolment from
 * VIDEO@SECONDS. Its number is its place in the video; captured times are not filled. CM_NOTFOUND: no such
 * file, or it is shorter. */
enum cm_code stn_capture_still(const char *path, double at_s, struct stn_frame_pool *pool,
                               struct stn_frame **ret_frame, struct cm_err *err);

#endif
