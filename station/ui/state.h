/*
 * What the interface knows: a reducer over the engine's event stream and the keys. The same code whether the stream
 * comes from this process or from a socket. Plain values of fixed size; pure: time comes in.
 *
 *   event ──stn_ui_apply──▶ ┌───────┐ ──view.h──▶ view ──draw.h──▶ grid ──term.h──▶ terminal
 *   key ─────stn_ui_key───▶ │ state │
 *                           └───────┘
 *
 * What the person wants of the engine comes out as requests (stn_ui_request).
 * The caller's loop: drain events, drain keys, stn_ui_follow, send the requests, and when stn_ui_due says so build the view,
 * draw, show, stn_ui_drawn.
 * stn_ui_due holds redraws to ten a second (a key is answered at once), however many events come. Not thread safe: one thread owns the state.
 */
#ifndef STN_UI_STATE_H
#define STN_UI_STATE_H

#include "engine/event.h"
#include "engine/request.h"
#include "ui/entry.h"
#include "ui/keymap.h"
#include "ui/roll_screen.h"
#include "ui/style.h"
#include <stdbool.h>
#include <stdint.h>

enum {
    STN_UI_FEED = 50, /* last marks and refusals */
    STN_UI_LOG = 50,  /* last events, for the operator */
    STN_UI_REDRAW_US = 100000,
    STN_UI_IDLE_REDRAW_US = 1000000, /* the clock on the screen */
};

/* The time, made ready by the caller, who knows the school's zone. With an event: when that happened (marks: the
 * capture time); with keys and views: now. */
struct stn_ui_clock {
    int64_t now_us;  /* monotonic, always of now: deadlines on the screen */
    int64_t wall_ms; /* UTC, always of now: against event times */
    char time[9];    /* local, "08:51:40" */
    char date[16];   /* local, "Mon 23 Nov" */
    int minutes;     /* local, since midnight: morning, afternoon, evening */
};

enum stn_ui_outcome { STN_UI_NOTHING, STN_UI_MARKED, STN_UI_ALREADY, STN_UI_REFUSED };
/* What the class is told of a refusal; most are the teacher's business alone. */
enum stn_ui_refusal { STN_UI_SEE_TEACHER, STN_UI_USE_FACE, STN_UI_CARD_UNKNOWN, STN_UI_CARD_UNREADABLE };

struct stn_ui_feed_item {
    enum stn_ui_outcome outcome;
    enum stn_ui_refusal refusal;
    enum cm_roll_status status;
    int32_t points;
    char time[9];
    char name[CM_NAME_SIZE]; /* empty for refusals: they name nobody */
};

struct stn_ui_log_item {
    enum stn_tone tone;
    int times; /* the same thing again and again is one line */
    char time[9];
    char what[12];
    char text[192];
};

struct stn_ui_greeting { /* what just happened, large, for a moment */
    struct stn_ui_feed_item item;
    int minutes;
    int64_t until_us;
};

struct stn_ui_blink {
    uint32_t track_id; /* 0: free */
    int32_t duration_ms;
    bool clean;
};

struct stn_ui_state {
    enum stn_place screen;  /* STN_PLACE_KIOSK, STN_PLACE_LIVE or STN_PLACE_ROLL */
    enum stn_place overlay; /* STN_PLACE_HELP, STN_PLACE_QUIT, or none */
    struct stn_entry entry; /* over the others while its kind is not STN_ENTRY_NONE */
    struct stn_roll_screen roll_screen;
    struct stn_outbox outbox;
    bool no_image;
    bool leave;      /* the person wants out: the caller ends the interface */
    char notice[64]; /* answer to a key that does nothing */
    int64_t notice_until_us;

    bool have_started, have_frame, have_roll, loading, have_ready, have_stopped;
    struct stn_ev_started started;
    struct stn_ev_ready ready;
    struct stn_ev_frame frame;
    struct stn_ev_camera camera;
    struct stn_ev_lane lane;
    struct stn_ev_store store;
    struct stn_ev_roll roll;
    struct stn_ev_sync sync;
    char sync_since[6]; /* local time since when the server is as it is */
    struct stn_ev_stopped stopped;

    struct stn_ui_blink blinks[STN_FACES_MAX]; /* last blink of each track, a ring */
    int blink_next;
    struct stn_ui_feed_item feed[STN_UI_FEED]; /* rings: newest at next - 1 */
    int feed_next, feed_count;
    struct stn_ui_log_item log[STN_UI_LOG];
    int log_next, log_count;
    struct stn_ui_greeting greeting;

    bool dirty, urgent;
    int64_t drawn_us; /* -1: never */
};

void stn_ui_init(struct stn_ui_state *state, enum stn_place first_screen);
void stn_ui_apply(struct stn_ui_state *state, const struct stn_event *event, const struct stn_ui_clock *at);
void stn_ui_key(struct stn_ui_state *state, int32_t key, int64_t now_us);

/* Time goes by: an entry that nobody finishes is closed, the roll is asked for again. */
void stn_ui_follow(struct stn_ui_state *state, int64_t now_us);
/* The next request for the engine; false: none. Wipe it after sending: it may hold a PIN. */
bool stn_ui_request(struct stn_ui_state *state, struct stn_request *ret_request);

/* Where keys go now: an entry, else what the roll asks, else the overlay if there is one, else the screen. */
enum stn_place stn_ui_place(const struct stn_ui_state *state);
/* The greeting while it lasts, else NULL. */
const struct stn_ui_greeting *stn_ui_greeting(const struct stn_ui_state *state, int64_t now_us);
/* The nth newest item, 0 the newest; NULL past the end. */
const struct stn_ui_feed_item *stn_ui_feed(const struct stn_ui_state *state, int n);
const struct stn_ui_log_item *stn_ui_log(const struct stn_ui_state *state, int n);

/* Is it time to draw? And: it was drawn (a terminal that took nothing: do not call it, the next turn tries again). */
bool stn_ui_due(const struct stn_ui_state *state, int64_t now_us);
void stn_ui_drawn(struct stn_ui_state *state, int64_t now_us);
/* The terminal changed its size: draw at once. */
void stn_ui_touch(struct stn_ui_state *state);

#endif
