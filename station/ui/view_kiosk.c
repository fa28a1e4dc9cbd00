/*
 * What the class reads. A child understands every sentence; no sentence tells how to cheat, names anybody but the
 * student who was just marked, or calls anyone a cheat.
 */
#include "ui/view.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char see_teacher[] = "Please see your teacher";

/* ---- banners: what is wrong or unusual, the severest first ---- */

__attribute__((format(printf, 3, 4))) static void add_banner(struct stn_view *view, enum stn_tone tone,
                                                             const char *format, ...)
{
    if (view->banner_count == STN_VIEW_BANNERS)
        return;
    struct stn_view_line *banner = &view->banners[view->banner_count++];
    va_list args;
    va_start(args, format);
    vsnprintf(banner->text, sizeof banner->text, format, args);
    va_end(args);
    banner->tone = tone;
}

static bool camera_in_trouble(enum stn_camera_state state)
{
    return state != STN_CAMERA_CLEAR && state != STN_CAMERA_STARTING && state != STN_CAMERA_ENDED;
}

static void add_lane_banner(const struct stn_ui_state *state, const struct stn_ui_clock *clock,
                            struct stn_view *view)
{
    int64_t left_s = (state->lane.until_ms - clock->wall_ms + 999) / 1000;
    if (state->lane.until_ms > 0 && left_s > 0 && left_s < 3600)
        add_banner(view, STN_TONE_WARN, "Please wait %d s: %s", (int)left_s, state->lane.reason);
    else
        add_banner(view, STN_TONE_WARN, "Marking by face is closed: %s", state->lane.reason);
}

static void build_banners(const struct stn_ui_state *state, const struct stn_ui_clock *clock,
                          struct stn_view *view)
{
    if (state->have_stopped)
        add_banner(view, STN_TONE_WARN, "The station has stopped: %s", state->stopped.reason);
    if (!state->store.ok)
        add_banner(view, STN_TONE_BAD, "Marks cannot be saved: %s", state->store.text);
    if (camera_in_trouble(state->camera.state))
        add_banner(view, STN_TONE_WARN, "%s",
                   state->camera.text[0] ? state->camera.text : stn_camera_state_text(state->camera.state));
    if (state->have_ready && !state->ready.face_lane)
        add_banner(view, STN_TONE_BAD, "Marking by face is closed: %s", state->ready.reason);
    else if (!state->lane.open && !camera_in_trouble(state->camera.state))
        add_lane_banner(state, clock, view);
    if (state->loading)
        add_banner(view, STN_TONE_WAIT, "Loading the face models");
    if (state->camera.state == STN_CAMERA_ENDED && !state->have_stopped)
        add_banner(view, STN_TONE_PLAIN, "The recording has ended");
    if (state->have_started && state->started.students == 0)
        add_banner(view, STN_TONE_WARN, "No students yet: rollcall-station roster import FILE.csv");
    else if (state->have_started && state->started.enrolled == 0)
        add_banner(view, STN_TONE_WARN, "Nobody is enrolled yet: rollcall-station enrol ID IMAGE");
    if (state->have_roll && !state->roll.session_open)
        add_banner(view, STN_TONE_PLAIN, "No session now: marks do not count");
}

/* ---- the large sentence ---- */

/* The word to call somebody by: the first of the name, unless that is an initial. */
static void given_name(const char *name, char *out, size_t size)
{
    size_t length = strcspn(name, " ");
    if (length <= 2 || name[length - 1] == '.')
        length = strlen(name);
    snprintf(out, size, "%.*s", (int)length, name);
}

static const char *part_of_day(int minutes)
{
    return minutes < 12 * 60 ? "morning" : minutes < 17 * 60 ? "afternoon" : "evening";
}

static void status_words(enum cm_roll_status status, int32_t points, char *out, size_t size)
{
    if (status == CM_ROLL_PENDING)
        snprintf(out, size, "noted, your teacher will check the time");
    else if (status == CM_ROLL_PRESENT || status == CM_ROLL_LATE)
        snprintf(out, size, "%s, %+d", status == CM_ROLL_LATE ? "late" : "on time", (int)points);
    else
        snprintf(out, size, "%s", cm_roll_status_name(status));
}

static const struct {
    const char *headline, *detail;
} refusals[] = {
    [STN_UI_SEE_TEACHER] = {see_teacher, "You can still be marked by your teacher."},
    [STN_UI_USE_FACE] = {"Use your face", "Look at the camera and blink: you need no card."},
    [STN_UI_CARD_UNKNOWN] = {"Card not known", "Please see your teacher: you may need a new card."},
    [STN_UI_CARD_UNREADABLE] = {"Hold the card still",
                                "Flat, clean, and as large as your hand in the picture."},
};

static void build_greeting(const struct stn_ui_greeting *greeting, struct stn_view *view)
{
    char name[CM_NAME_SIZE], words[64];
    given_name(greeting->item.name, name, sizeof name);
    switch (greeting->item.outcome) {
    case STN_UI_NOTHING:
        break;
    case STN_UI_MARKED:
        status_words(greeting->item.status, greeting->item.points, words, sizeof words);
        snprintf(view->headline, sizeof view->headline, "%s", name);
        snprintf(view->detail, sizeof view->detail, "Good %s, %s — %s", part_of_day(greeting->minutes), name,
                 words);
        view->headline_tone = view->detail_tone = STN_TONE_OK;
        break;
    case STN_UI_ALREADY:
        snprintf(view->headline, sizeof view->headline, "%s", name);
        snprintf(view->detail, sizeof view->detail, "Hello again, %s — you are marked already", name);
        view->headline_tone = view->detail_tone = STN_TONE_OK;
        break;
    case STN_UI_REFUSED:
        snprintf(view->headline, sizeof view->headline, "%s", refusals[greeting->item.refusal].headline);
        snprintf(view->detail, sizeof view->detail, "%s", refusals[greeting->item.refusal].detail);
        view->headline_tone = STN_TONE_WARN;
        view->detail_tone = STN_TONE_PLAIN;
        break;
    }
}

static const char *camera_headline(enum stn_camera_state state)
{
    switch (state) {
    case STN_CAMERA_COVERED:
        return "Uncover the camera";
    case STN_CAMERA_DARK:
        return "More light, please";
    case STN_CAMERA_ENDED:
        return "Recording ended";
    case STN_CAMERA_FROZEN:
    case STN_CAMERA_LOST:
        return see_teacher;
    case STN_CAMERA_STARTING:
    case STN_CAMERA_CLEAR:
        break;
    }
    return NULL;
}

/* Shorter than stn_prompt_text, which is for reading: these are for two metres. */
static const char *prompt_headline(enum stn_prompt prompt)
{
    switch (prompt) {
    case STN_PROMPT_NONE:
        break;
    case STN_PROMPT_LOOK_AT_CAMERA:
        return "Look at the camera";
    case STN_PROMPT_COME_CLOSER:
        return "Come closer";
    case STN_PROMPT_STEP_BACK:
        return "Step back";
    case STN_PROMPT_MORE_LIGHT:
        return "Turn to the light";
    case STN_PROMPT_HOLD_STILL:
        return "Hold still and blink";
    case STN_PROMPT_BLINK:
        return "Please blink";
    case STN_PROMPT_ONE_AT_A_TIME:
        return "One at a time";
    case STN_PROMPT_TRY_AGAIN:
        return "Try again";
    case STN_PROMPT_SEE_TEACHER:
        return see_teacher;
    }
    return "";
}

static enum stn_tone prompt_tone(enum stn_prompt prompt)
{
    bool stop = prompt == STN_PROMPT_SEE_TEACHER || prompt == STN_PROMPT_TRY_AGAIN;
    return stop ? STN_TONE_WARN : STN_TONE_PLAIN;
}

static void build_headline(const struct stn_ui_state *state, const struct stn_ui_clock *clock,
                           struct stn_view *view)
{
    const struct stn_ui_greeting *greeting = stn_ui_greeting(state, clock->now_us);
    const char *camera = camera_headline(state->camera.state);
    bool waiting = !state->lane.open && state->lane.until_ms > clock->wall_ms;
    bool closed =
        !state->store.ok || (state->have_ready && !state->ready.face_lane) || (!state->lane.open && !camera);
    const char *text;
    view->headline_tone = STN_TONE_WARN;
    if (greeting) {
        build_greeting(greeting, view);
        return;
    }
    if (state->have_stopped) {
        text = "Station stopped";
    } else if (closed) {
        text = waiting && state->store.ok ? "Please wait" : see_teacher;
    } else if (camera) {
        text = camera;
    } else if (state->loading || !state->have_frame) {
        text = "Starting";
        view->headline_tone = STN_TONE_WAIT;
    } else {
        enum stn_prompt prompt = state->frame.prompt;
        if (prompt == STN_PROMPT_NONE && state->frame.track_count == 0)
            prompt = STN_PROMPT_LOOK_AT_CAMERA;
        text = prompt_headline(prompt);
        view->headline_tone = prompt_tone(prompt);
    }
    snprintf(view->headline, sizeof view->headline, "%s", text);
}

/* ---- the four checks, for the one who is asked ---- */

static const struct stn_track_view *asked_track(const struct stn_ev_frame *frame)
{
    const struct stn_track_view *best = NULL;
    for (int i = 0; i < frame->track_count; i++) {
        const struct stn_track_view *track = &frame->tracks[i];
        bool asked = track->prompt == frame->prompt && frame->prompt != STN_PROMPT_NONE;
        bool best_asked = best && best->prompt == frame->prompt && frame->prompt != STN_PROMPT_NONE;
        float area = track->box.width * track->box.height;
        if (!best || asked > best_asked || (asked == best_asked && area > best->box.width * best->box.height))
            best = track;
    }
    return best;
}

static const char *face_word(const struct stn_track_view *track)
{
    switch (track->reason) {
    case STN_REASON_TOO_SMALL:
        return "come closer";
    case STN_REASON_TOO_NEAR:
        return "step back";
    case STN_REASON_TOO_DARK:
        return "too dark";
    case STN_REASON_BLURRED:
        return "hold still";
    case STN_REASON_TURNED_AWAY:
        return "turned away";
    case STN_REASON_EYES_NOT_MEASURABLE:
        return "eyes not clear";
    default:
        return track->face_ok == STN_CHECK_OK ? "clear, close enough" : "one moment";
    }
}

static void set_check(struct stn_view *view, const char *label, enum stn_check check, const char *word)
{
    static const enum stn_tone tones[] = {STN_TONE_WAIT, STN_TONE_OK, STN_TONE_WARN};
    struct stn_view_line *line = &view->checks[view->check_count++];
    line->tone = tones[check];
    snprintf(line->label, sizeof line->label, "%s", label);
    snprintf(line->text, sizeof line->text, "%s", word);
}

static const char *check_word(enum stn_check check, const char *waiting, const char *ok, const char *failed)
{
    return check == STN_CHECK_OK ? ok : check == STN_CHECK_FAILED ? failed : waiting;
}

static void build_checks(const struct stn_ui_state *state, struct stn_view *view)
{
    static const struct stn_track_view nobody;
    const struct stn_ev_frame *frame = &state->frame;
    const struct stn_track_view *track = state->have_frame ? asked_track(frame) : NULL;
    bool someone = track != NULL;
    if (!someone)
        track = &nobody;
    set_check(view, "face", track->face_ok, someone ? face_word(track) : "waiting");
    set_check(view, "looking", track->looking,
              check_word(track->looking, someone ? "look here" : "waiting", "at the camera", "look here"));
    set_check(view, "blink", track->blink, check_word(track->blink, "waiting", "seen", "once more"));
    set_check(view, "match", track->match, check_word(track->match, "waiting", "one student", "not sure"));
    if (someone && frame->track_count > 1)
        snprintf(view->faces, sizeof view->faces, "%d faces", frame->track_count);
}

/* ---- the last marks ---- */

static void build_feed(const struct stn_ui_state *state, struct stn_view *view)
{
    for (const struct stn_ui_feed_item *item; (item = stn_ui_feed(state, view->feed_count)) != NULL;) {
        struct stn_view_feed *line = &view->feed[view->feed_count++];
        snprintf(line->time, sizeof line->time, "%.5s", item->time);
        if (item->outcome == STN_UI_REFUSED) {
            line->tone = STN_TONE_WARN;
            snprintf(line->name, sizeof line->name, "%s", refusals[item->refusal].headline);
            continue;
        }
        line->tone = STN_TONE_OK;
        snprintf(line->name, sizeof line->name, "%s", item->name);
        if (item->status == CM_ROLL_PRESENT || item->status == CM_ROLL_LATE)
            snprintf(line->text, sizeof line->text, "%-8s %+4d",
                     item->status == CM_ROLL_LATE ? "late" : "on time", (int)item->points);
        else
            snprintf(line->text, sizeof line->text, "noted");
    }
}

void stn_view_build_kiosk(const struct stn_ui_state *state, const struct stn_ui_clock *clock,
                          struct stn_view *view)
{
    build_banners(state, clock, view);
    build_headline(state, clock, view);
    build_checks(state, view);
    build_feed(state, view);
}
