/*
 * The engine's event stream: what happens, as it happens, for whoever watches: the interface (in this process or
 * attached), `--events -`, the summary at the end. Values only; an event owns no memory.
 *
 * The stream is for people and scripts; the store's log (record/record.h) is the evidence. A `marked` event is
 * published only after its commit. A consumer that falls behind loses `frame` events; one that stands still for minutes
 * loses others too, counted (cli/event_queue.h): the store has them all.
 */
#ifndef STN_EVENT_H
#define STN_EVENT_H

#include "frame/observation.h"
#include "liveness/camera_state.h"
#include "liveness/liveness.h"
#include "record/record.h"
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

enum stn_event_kind {
    STN_EV_STARTED = 1, /* engine: what it runs with */
    STN_EV_LOADING,     /* models are being read */
    STN_EV_READY,       /* models are there (or the face lane is closed: reason) */
    STN_EV_FRAME,       /* one per analysed frame: faces, rates; droppable */
    STN_EV_BLINK,       /* a blink was completed on a track */
    STN_EV_MARKED,      /* committed */
    STN_EV_ALREADY,     /* recognised and live, but marked before */
    STN_EV_REFUSED,     /* an attempt ended without a mark: reason */
    STN_EV_ACTIVITY,    /* written to the log for an admin */
    STN_EV_CAMERA,      /* the camera's state changed */
    STN_EV_LANE,        /* the face lane opened or closed: reason */
    STN_EV_STORE,       /* the store failed or works again */
    STN_EV_ROLL,        /* counters of the session */
    STN_EV_SYNC,        /* how sync with the server stands, and what came from it */
    STN_EV_ANSWER,      /* to a request (request.h) */
    STN_EV_ROLL_PAGE,   /* a part of a roll that was asked for */
    STN_EV_STOPPED,     /* the last event */
};

enum stn_check { STN_CHECK_WAITING, STN_CHECK_OK, STN_CHECK_FAILED };

struct stn_track_view { /* one face as the screen needs it */
    uint32_t track_id;
    struct stn_box box;
    struct stn_point eyes[2];
    enum stn_live_state state;
    enum stn_live_reason reason;
    enum stn_prompt prompt;
    enum stn_check face_ok, looking, blink, match;
    char student_id[CM_ID_SIZE]; /* best match, empty when none is close enough; operator views only */
    char student_name[CM_NAME_SIZE];
    float distance, margin; /* NaN before the first embedding */
    float ear_ratio;        /* EAR over the person's own open eye; NaN before the baseline */
    float yaw_deg;
};

struct stn_ev_started {
    char version[16], camera[256], policy[16], landmarks[16], data_dir[256], class_id[CM_ID_SIZE];
    int32_t students, enrolled;
    char timezone[64];
};
struct stn_ev_ready {
    bool face_lane; /* false: a model is missing or damaged; the manual lane stays */
    char reason[256];
    int64_t loading_ms;
};
struct stn_ev_frame {
    uint64_t number, dropped;
    int width, height;
    float fps; /* analysed frames a second */
    float camera_fps;
    struct stn_stage_times times;
    int32_t embed_us;       /* of the last embedding */
    int32_t queue;          /* embeddings waiting */
    enum stn_prompt prompt; /* of the lane: the one large sentence */
    int track_count;
    struct stn_track_view tracks[STN_FACES_MAX];
};
struct stn_ev_blink {
    uint32_t track_id;
    bool clean;
    int32_t duration_ms;
    uint64_t first_frame, last_frame;
};
struct stn_ev_marked { /* also ALREADY */
    uint32_t track_id;
    char student_id[CM_ID_SIZE], student_name[CM_NAME_SIZE], class_id[CM_ID_SIZE];
    enum cm_roll_status status;
    int32_t points;
    int64_t captured_wall_ms;
    int32_t date;
    enum cm_method method;
    char policy[16];
    char receipt[12]; /* "7K2-Q9D": from the event id, for the student */
    float distance, margin, threshold;
    int32_t blink_ms;
    uint64_t seq;
    int32_t latency_ms; /* from the end of the accepted blink to the commit */
};
struct stn_ev_refused {
    uint32_t track_id;
    char reason[32]; /* a stable word */
    char text[256];  /* one sentence for staff; names nobody */
    float distance, margin, threshold;
};
struct stn_ev_activity {
    enum cm_activity_kind kind;
    char reason[256];
};
struct stn_ev_camera {
    enum stn_camera_state state;
    char text[256];
};
struct stn_ev_lane {
    bool open;
    char reason[256];
    int64_t until_ms; /* wall; 0 when unknown */
};
struct stn_ev_store {
    bool ok;
    char text[256];
};
struct stn_ev_roll {
    int32_t present, late, pending, excused, absent, unjudged, total; /* the rest was not seen yet */
    int32_t date;
    char class_id[CM_ID_SIZE];
    bool session_open;
};
struct stn_ev_answer {
    uint32_t number; /* of the request */
    bool done;       /* and durable */
    char text[256];  /* what was done, or why not */
};
enum { STN_ROLL_PAGE_ROWS = 8 };
struct stn_roll_row {
    char student_id[CM_ID_SIZE], name[CM_NAME_SIZE];
    enum cm_roll_status status; /* CM_ROLL_NONE: not yet seen */
    int64_t captured_wall_ms;   /* 0: no mark */
    char time[6];               /* of the mark, local: "08:51"; empty: none */
    enum cm_method method;      /* of the mark; 0: none, or not known here */
    bool corrected;
};
struct
    stn_ev_roll_page { /* rows first … first + count - 1 of total, in order of id; what is before them is alike in all pages */
    uint32_t number; /* of the request */
    char class_id[CM_ID_SIZE];
    int32_t date;
    int class_index, class_count;     /* of the classes that are here */
    bool session;                     /* the class has one on that date */
    bool open;                        /* marks of now count */
    enum cm_roll_status now;          /* what a mark of now would mean */
    char day[16], start[6], close[6]; /* local: "Mon 23 Nov", "08:45", "09:10" */
    enum cm_session_word word;        /* what a person said last; 0: nothing */
    bool closed;                      /* by a person, or by itself */
    char word_by[CM_NAME_SIZE];
    int total, first, count;
    struct stn_roll_row rows[STN_ROLL_PAGE_ROWS];
};
struct stn_ev_sync {
    bool paired, online, watched; /* watched: camera frames are being sent */
    char trouble[16];             /* a stable word: "fine", "server_away", "forked", … (sync/client.h) */
    char text[256];               /* of a trouble: what to do */
    char server[128];
    uint64_t waiting; /* events that the server does not have yet */
    int32_t uploads_waiting, uploads_refused;
    int64_t since_wall_ms, last_contact_wall_ms; /* 0: never */
    bool clock_known;
    int64_t clock_offset_ms; /* the server's clock minus ours */
    uint64_t forked_seq;
    char news[192]; /* what just came from the server; empty: nothing to say */
    bool erased;    /* somebody was erased just now: who is named on a screen goes from it */
};
struct stn_ev_stopped {
    char reason[256];
    int exit_code;
};

struct stn_event {
    enum stn_event_kind kind;
    int64_t wall_ms;
    union {
        struct stn_ev_started started;
        struct stn_ev_ready ready;
        struct stn_ev_frame frame;
        struct stn_ev_blink blink;
        struct stn_ev_marked marked;
        struct stn_ev_refused refused;
        struct stn_ev_activity activity;
        struct stn_ev_camera camera;
        struct stn_ev_lane lane;
        struct stn_ev_store store;
        struct stn_ev_roll roll;
        struct stn_ev_sync sync;
        struct stn_ev_answer answer;
        struct stn_ev_roll_page roll_page;
        struct stn_ev_stopped stopped;
    } u;
};

const char *stn_event_kind_name(enum stn_event_kind kind);
/* The event as one JSON object (new reference), NULL when out of memory. Scores yes; embeddings and pixels never. */
json_t *stn_event_to_json(const struct stn_event *event);

#endif
