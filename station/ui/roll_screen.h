/*
 * The roll screen: today's students of one class, and what a person says about them. Part of the interface's state (state.h):
 * a reducer over answers of the engine and keys. It changes nothing by itself: it sends requests (engine/request.h), and shows a
 * change when the engine has said that it is durable. Plain values of fixed size; pure.
 *
 * A wish goes through what it lacks, one question at a time: who says it (asked once), why, and for a session: sure? Esc gives
 * it up.
 */
#ifndef STN_ROLL_SCREEN_H
#define STN_ROLL_SCREEN_H

#include "engine/event.h"
#include "engine/request.h"
#include "ui/entry.h"
#include "ui/keymap.h"
#include "ui/style.h"

enum {
    STN_ROLL_MAX = 256, /* students of a class that are shown; the page shows more */
    STN_OUTBOX_MAX = 4,
    STN_ROLL_REFRESH_US = 5 * 1000 * 1000, /* others may change it too: the server, a command */
};

struct stn_roll_tally {
    int present, late, look, excused, absent, unjudged, not_yet;
};

struct stn_outbox { /* requests on their way to the engine */
    struct stn_request list[STN_OUTBOX_MAX];
    int count;
    uint32_t last_number;
};

struct stn_roll_screen {
    struct stn_ev_roll_page head; /* its rows are below */
    struct stn_roll_row rows[STN_ROLL_MAX];
    struct stn_roll_row coming[STN_ROLL_MAX]; /* of the list that is under way */
    int count, coming_count;
    bool have, stale, next_class;
    uint32_t asked; /* the list under way; 0: none */
    int64_t asked_us;
    int chosen; /* index in rows */
    bool not_yet_only;

    char by[CM_NAME_SIZE];   /* who uses it; empty: not said yet */
    struct stn_request wish; /* kind 0: none */
    bool sure;               /* the wish was confirmed */
    bool asks;               /* "sure?" is on the screen */
    uint32_t sent;           /* the change under way; 0: none */

    struct stn_roll_change { /* the last one of one's own */
        bool any;
        char student_id[CM_ID_SIZE], name[CM_NAME_SIZE], class_id[CM_ID_SIZE];
        int32_t date;
        enum cm_roll_status before;
    } done, doing;
    char said[320];
    enum stn_tone tone;
};

struct stn_roll_tally stn_roll_screen_count(const struct stn_roll_screen *roll);
/* The row is among those that are shown. */
bool stn_roll_screen_shows(const struct stn_roll_screen *roll, int index);
/* The row that keys act on; -1: none is shown. */
int stn_roll_screen_chosen(const struct stn_roll_screen *roll);

/* Somebody came, or something was erased: what is shown is old. */
void stn_roll_screen_outdate(struct stn_roll_screen *roll);
void stn_roll_screen_forget(struct stn_roll_screen *roll);
/* Asks for the list when it is time. */
void stn_roll_screen_follow(struct stn_roll_screen *roll, struct stn_outbox *outbox, int64_t now_us);
void stn_roll_screen_page(struct stn_roll_screen *roll, const struct stn_ev_roll_page *page);
/* True: the answer was to something of the roll's. */
bool stn_roll_screen_answer(struct stn_roll_screen *roll, const struct stn_ev_answer *answer);

/* A key of the roll's; it may open the entry. */
void stn_roll_screen_act(struct stn_roll_screen *roll, enum stn_ui_action action, struct stn_entry *entry,
                         struct stn_outbox *outbox);
/* The entry was finished: an answer to what the roll asked. */
void stn_roll_screen_entered(struct stn_roll_screen *roll, struct stn_entry *entry,
                             struct stn_outbox *outbox);
/* What was asked is given up. */
void stn_roll_screen_give_up(struct stn_roll_screen *roll);

/* A place for a request with its number; NULL: too many wait. */
struct stn_request *stn_outbox_add(struct stn_outbox *outbox, enum stn_request_kind kind);

#endif
