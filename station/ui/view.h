/*
 * A screen's contents as plain values, ready to show: every string is formatted, every choice made. Drawing
 * (draw.h) only places them. Pure; the view borrows the preview until it is built anew. Some 100 kB: not for stacks.
 */
#ifndef STN_VIEW_H
#define STN_VIEW_H

#include "ui/halfblock.h"
#include "ui/preview.h"
#include "ui/state.h"
#include "ui/style.h"

enum {
    STN_VIEW_BANNERS = 4,
    STN_VIEW_CHECKS = 4,
    STN_VIEW_KEYS = 24,
    STN_VIEW_STATUS = 5,
    STN_VIEW_COUNTS = 7
};

struct stn_view_line { /* "✓ blink  seen", "! camera covered …" */
    enum stn_tone tone;
    char label[16];
    char text[256];
};

struct stn_view_feed {
    enum stn_tone tone;
    char time[6];
    char name[CM_NAME_SIZE];
    char text[48];
};

struct stn_view_log {
    enum stn_tone tone;
    char time[9], what[12];
    char text[224];
};

struct stn_view_track {
    enum stn_tone tone;
    char title[CM_NAME_SIZE + 16]; /* "#41 Asha Verma" */
    char state[16];                /* "LIVE" */
    char scores[64];               /* "d 0.38  margin 0.21  eye 0.97  yaw +4" */
    char cues[96];                 /* "blink ✓ 184 ms  looking ✓  match ✓" */
    char reason[160];              /* one sentence */
};

struct stn_view_row { /* of the roll */
    enum stn_tone tone;
    const char *shape;
    char id[CM_ID_SIZE], name[CM_NAME_SIZE];
    char status[32]; /* "08:51 face", "excused" */
};

struct stn_view_key {
    const char *name, *label, *help;
};

struct stn_view {
    enum stn_place place; /* what covers the screen: kiosk, live, help, the quit question */
    enum stn_place under; /* kiosk or live: what help and the question stand on */
    struct stn_ui_caps caps;

    char title[96]; /* "Rollcall · 10-B · Mon 23 Nov" */
    char clock[9];
    char counters[32]; /* "31/38" */
    char policy[64];   /* empty unless the policy is one that must be shown */
    char notice[64];
    bool store_fails; /* marks may be waiting in memory */
    struct stn_view_key keys[STN_VIEW_KEYS];
    int key_count;
    struct stn_view_line banners[STN_VIEW_BANNERS]; /* the severest first */
    int banner_count;

    /* kiosk */
    enum stn_tone headline_tone;
    char headline[CM_NAME_SIZE];     /* the one large sentence */
    char detail[CM_NAME_SIZE + 128]; /* below it, in place of the checks, where something has just happened */
    enum stn_tone detail_tone;
    struct stn_view_line checks[STN_VIEW_CHECKS];
    int check_count;
    char faces[32]; /* "3 faces" */
    struct stn_view_feed feed[STN_UI_FEED];
    int feed_count;

    /* picture */
    const struct stn_preview *preview; /* NULL: not shown, for the reason in no_picture */
    char no_picture[48];
    int picture_width, picture_height; /* for the shape of the place */
    struct stn_face_box boxes[STN_FACES_MAX];
    int box_count;
    bool mirror, eyes;

    /* live */
    char camera[64]; /* "camera 640x480  29.9 fps  drop 0" */
    struct stn_view_track tracks[STN_FACES_MAX];
    int track_count;
    char counts[96];                              /* "present 28   late 3   not yet 7   of 38" */
    char rate[24];                                /* "24.0 frames/s" analysed */
    char times[128];                              /* "frame 11.2 ms: …" */
    struct stn_view_line status[STN_VIEW_STATUS]; /* policy, store, lane, camera, server */
    int status_count;
    struct stn_view_log log[STN_UI_LOG];
    int log_count;

    /* roll */
    char roll_title[80]; /* "Roll · 10-B · Mon 23 Nov" */
    struct stn_view_line roll_session, roll_said;
    struct stn_view_line roll_counts[STN_VIEW_COUNTS]; /* label: the shape */
    int roll_count_count;
    struct stn_view_row rows[STN_ROLL_MAX];
    int row_count, row_chosen; /* -1: none */
    char no_rows[64];

    /* asked, or typed */
    char question[80], consequence[320];
    char entry_title[128], entry_hint[160], entry_said[96];
    char entry_labels[STN_ENTRY_FIELDS][8], entry_text[STN_ENTRY_FIELDS][CM_TEXT_SIZE];
    int entry_fields, entry_field;
};

/* preview may be NULL. */
void stn_view_build(const struct stn_ui_state *state, const struct stn_preview *preview,
                    const struct stn_ui_caps *caps, const struct stn_ui_clock *clock,
                    struct stn_view *ret_view);

/* Parts that are files of their own: what the class reads, what the operator reads, the roll. */
void stn_view_build_kiosk(const struct stn_ui_state *state, const struct stn_ui_clock *clock,
                          struct stn_view *view);
void stn_view_build_live(const struct stn_ui_state *state, struct stn_view *view);
void stn_view_build_roll(const struct stn_ui_state *state, struct stn_view *view);
void stn_view_build_question(const struct stn_ui_state *state, struct stn_view *view);
void stn_view_build_entry(const struct stn_ui_state *state, struct stn_view *view);

/* How a track stands. */
enum stn_tone stn_view_track_tone(const struct stn_track_view *track);

#endif
