#include "ui/view.h"
#include <stdio.h>
#include <string.h>

enum stn_tone stn_view_track_tone(const struct stn_track_view *track)
{
    switch (track->state) {
    case STN_LIVE_LIVE:
        return track->match == STN_CHECK_FAILED ? STN_TONE_UNKNOWN : STN_TONE_OK;
    case STN_LIVE_ATTACK:
        return STN_TONE_WARN;
    case STN_LIVE_UNDECIDED:
        return STN_TONE_UNKNOWN;
    case STN_LIVE_NO_FACE:
    case STN_LIVE_SETTLING:
    case STN_LIVE_WATCHING:
    case STN_LIVE_CHALLENGE:
        break;
    }
    return track->match == STN_CHECK_FAILED ? STN_TONE_UNKNOWN : STN_TONE_WAIT;
}

static void build_title(const struct stn_ui_state *state, const struct stn_ui_clock *clock,
                        struct stn_view *view)
{
    const char *class_id =
        state->have_roll && state->roll.class_id[0] ? state->roll.class_id : state->started.class_id;
    const char *name = view->under == STN_PLACE_LIVE ? "Rollcall · Operator" : "Rollcall";
    if (view->under == STN_PLACE_ROLL) {
        snprintf(view->title, sizeof view->title, "%s", view->roll_title);
        snprintf(view->clock, sizeof view->clock, "%.5s", clock->time);
        return;
    }
    snprintf(view->title, sizeof view->title, "%s%s%.40s · %s", name, class_id[0] ? " · " : "", class_id,
             clock->date);
    snprintf(view->clock, sizeof view->clock, "%s", clock->time);
    if (view->under == STN_PLACE_KIOSK)
        view->clock[5] = '\0'; /* seconds only make a waiting person nervous */
    if (state->have_roll && state->roll.total > 0)
        snprintf(view->counters, sizeof view->counters, "%d/%d ✓",
                 (int)(state->roll.present + state->roll.late), (int)state->roll.total);
    view->store_fails = state->have_started && state->store.text[0] != '\0' && !state->store.ok;
    if (strcmp(state->started.policy, stn_policy_name(STN_POLICY_BASIC)) == 0)
        snprintf(view->policy, sizeof view->policy, "%s",
                 view->under == STN_PLACE_LIVE ? "basic: blink only, stops held photos, not videos"
                                               : "demo policy: blink only");
}

/* Does nothing as things stand: not worth its place among the keys. */
static bool is_idle(const struct stn_ui_state *state, enum stn_ui_action action)
{
    const struct stn_ev_roll_page *head = &state->roll_screen.head;
    bool settled = head->closed || head->word == CM_WORD_NO_SESSION;
    switch (action) {
    case STN_UI_ACTION_NEXT_CLASS:
        return head->class_count < 2;
    case STN_UI_ACTION_REOPEN:
        return !settled;
    case STN_UI_ACTION_CLOSE_ROLL:
    case STN_UI_ACTION_NO_SESSION:
        return settled;
    case STN_UI_ACTION_UNDO:
        return !state->roll_screen.done.any;
    case STN_UI_ACTION_WHO:
        return state->roll_screen.by[0] == '\0';
    default:
        return false;
    }
}

static void build_keys(const struct stn_ui_state *state, struct stn_view *view)
{
    size_t count;
    const struct stn_key_binding *bindings = stn_keymap(&count);
    for (size_t i = 0; i < count && view->key_count < STN_VIEW_KEYS; i++) {
        bool here = (bindings[i].places & view->place) && !is_idle(state, bindings[i].action);
        bool explained = view->place == STN_PLACE_HELP && bindings[i].help;
        if (!bindings[i].name || (!here && !explained))
            continue;
        struct stn_view_key *key = &view->keys[view->key_count++];
        *key = (struct stn_view_key){bindings[i].name, here ? bindings[i].label : NULL, bindings[i].help};
        if (here && bindings[i].action == STN_UI_ACTION_NO_IMAGE && state->no_image)
            key->label = "picture";
        if (here && bindings[i].action == STN_UI_ACTION_QUIT && state->have_stopped)
            key->label = "leave";
        if (here && bindings[i].action == STN_UI_ACTION_FILTER && state->roll_screen.not_yet_only)
            key->label = "all";
    }
}

/* A position in the picture as a share; what is not a number stays so and is kept inside by the drawing. */
static float share(float value, int whole)
{
    return whole > 0 ? value / (float)whole : 0;
}

static void build_boxes(const struct stn_ui_state *state, struct stn_view *view)
{
    const struct stn_ev_frame *frame = &state->frame;
    for (int i = 0; i < frame->track_count; i++) {
        const struct stn_track_view *track = &frame->tracks[i];
        struct stn_face_box *box = &view->boxes[view->box_count++];
        *box = (struct stn_face_box){
            .x = share(track->box.x, frame->width),
            .y = share(track->box.y, frame->height),
            .width = share(track->box.width, frame->width),
            .height = share(track->box.height, frame->height),
            .tone = stn_view_track_tone(track),
        };
        for (int eye = 0; eye < 2; eye++) {
            box->eye_x[eye] = share(track->eyes[eye].x, frame->width);
            box->eye_y[eye] = share(track->eyes[eye].y, frame->height);
        }
        if (view->under == STN_PLACE_LIVE)
            snprintf(box->label, sizeof box->label, "#%u", (unsigned)track->track_id);
    }
}

/* No old picture stays on the screen once it says nothing about now. */
static void build_picture(const struct stn_ui_state *state, const struct stn_preview *preview,
                          struct stn_view *view)
{
    enum stn_camera_state camera = state->camera.state;
    bool gone = camera == STN_CAMERA_LOST || camera == STN_CAMERA_ENDED || state->have_stopped;
    view->picture_width = state->have_frame ? state->frame.width : 0;
    view->picture_height = state->have_frame ? state->frame.height : 0;
    view->mirror = view->under == STN_PLACE_KIOSK;
    if (gone || !state->have_frame)
        snprintf(view->no_picture, sizeof view->no_picture, "%s",
                 gone ? "no camera picture" : "waiting for the camera");
    else if (state->no_image)
        view->eyes = true;
    else if (!preview || preview->width <= 0)
        snprintf(view->no_picture, sizeof view->no_picture, "no picture yet");
    else
        view->preview = preview;
    if (!gone && state->have_frame)
        build_boxes(state, view);
}

void stn_view_build(const struct stn_ui_state *state, const struct stn_preview *preview,
                    const struct stn_ui_caps *caps, const struct stn_ui_clock *clock,
                    struct stn_view *ret_view)
{
    memset(ret_view, 0, sizeof *ret_view);
    ret_view->caps = *caps;
    ret_view->place = stn_ui_place(state);
    ret_view->under = state->screen;
    if (state->screen == STN_PLACE_ROLL)
        stn_view_build_roll(state, ret_view);
    if (ret_view->place == STN_PLACE_SURE)
        stn_view_build_question(state, ret_view);
    if (ret_view->place == STN_PLACE_ENTRY)
        stn_view_build_entry(state, ret_view);
    build_title(state, clock, ret_view);
    build_keys(state, ret_view);
    if (clock->now_us < state->notice_until_us)
        snprintf(ret_view->notice, sizeof ret_view->notice, "%s", state->notice);
    build_picture(state, preview, ret_view);
    stn_view_build_kiosk(state, clock, ret_view); /* headline and banners: the operator reads them too */
    if (state->screen == STN_PLACE_LIVE)
        stn_view_build_live(state, ret_view);
}
