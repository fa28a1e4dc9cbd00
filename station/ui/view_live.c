/* What the operator reads: the numbers behind the sentences. */
#include "ui/view.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

/* "name 0.38", or "name -" when it was not measured. */
static int put_number(char *out, size_t size, const char *name, float value, int decimals)
{
    int length = isfinite(value) ? snprintf(out, size, "%s %.*f", name, decimals, (double)value)
                                 : snprintf(out, size, "%s –", name);
    return length < 0 ? 0 : length < (int)size ? length : (int)size - 1;
}

static void build_scores(const struct stn_track_view *track, char *out, size_t size)
{
    const struct {
        const char *name;
        float value;
        int decimals;
    } scores[] = {
        {"d", track->distance, 2},
        {"  margin", track->margin, 2},
        {"  eye", track->ear_ratio, 2},
        {"  yaw", track->yaw_deg, 0},
    };
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; i < sizeof scores / sizeof scores[0]; i++)
        used +=
            (size_t)put_number(out + used, size - used, scores[i].name, scores[i].value, scores[i].decimals);
}

static const char *check_shape(enum stn_check check)
{
    static const enum stn_tone tones[] = {STN_TONE_WAIT, STN_TONE_OK, STN_TONE_WARN};
    return stn_tone_shape(tones[check]);
}

static void build_cues(const struct stn_ui_state *state, const struct stn_track_view *track, char *out,
                       size_t size)
{
    char blink[32] = "";
    for (int i = 0; i < STN_FACES_MAX; i++)
        if (state->blinks[i].track_id == track->track_id && track->track_id)
            snprintf(blink, sizeof blink, " %d ms%s", (int)state->blinks[i].duration_ms,
                     state->blinks[i].clean ? "" : " unclean");
    snprintf(out, size, "blink %s%s  looking %s  match %s", check_shape(track->blink), blink,
             check_shape(track->looking), check_shape(track->match));
}

static void upper(char *word)
{
    for (; *word; word++) {
        if (*word >= 'a' && *word <= 'z')
            *word = (char)(*word - 'a' + 'A');
        else if (*word == '_')
            *word = ' ';
    }
}

static void build_track(const struct stn_ui_state *state, const struct stn_track_view *track,
                        struct stn_view_track *out)
{
    const char *who = track->student_name[0]   ? track->student_name
                      : track->student_id[0]   ? track->student_id
                      : isnan(track->distance) ? "not compared yet"
                                               : "unknown";
    snprintf(out->title, sizeof out->title, "#%u %s", (unsigned)track->track_id, who);
    snprintf(out->state, sizeof out->state, "%s", stn_live_state_name(track->state));
    upper(out->state);
    snprintf(out->reason, sizeof out->reason, "%s", stn_live_reason_text(track->reason));
    out->tone = stn_view_track_tone(track);
    build_scores(track, out->scores, sizeof out->scores);
    build_cues(state, track, out->cues, sizeof out->cues);
}

static void build_rates(const struct stn_ui_state *state, struct stn_view *view)
{
    const struct stn_ev_frame *frame = &state->frame;
    if (!state->have_frame) {
        snprintf(view->camera, sizeof view->camera, "camera %s", stn_camera_state_name(state->camera.state));
        snprintf(view->times, sizeof view->times, "no frame yet");
        return;
    }
    snprintf(view->camera, sizeof view->camera, "%dx%d %.1f fps drop %llu", frame->width, frame->height,
             (double)frame->camera_fps, (unsigned long long)frame->dropped);
    snprintf(view->times, sizeof view->times,
             "frame %.1f ms: scene %.1f  detect %.1f  landmarks %.1f   embed %.0f ms   queue %d",
             frame->times.total_us / 1e3, frame->times.scene_us / 1e3, frame->times.detect_us / 1e3,
             frame->times.landmarks_us / 1e3, frame->embed_us / 1e3, (int)frame->queue);
}

static void set_status(struct stn_view_line *line, const char *label, enum stn_tone tone, const char *text)
{
    line->tone = tone;
    snprintf(line->label, sizeof line->label, "%s", label);
    snprintf(line->text, sizeof line->text, "%s", text);
}

static enum stn_tone camera_tone(enum stn_camera_state state)
{
    return state == STN_CAMERA_CLEAR                                   ? STN_TONE_OK
           : state == STN_CAMERA_STARTING || state == STN_CAMERA_ENDED ? STN_TONE_WAIT
                                                                       : STN_TONE_WARN;
}

/* What a person must mend stands out from what passes by itself. */
static void build_server(const struct stn_ui_state *state, struct stn_view_line *line)
{
    const struct stn_ev_sync *sync = &state->sync;
    unsigned long long waiting = sync->waiting;
    bool away = strcmp(sync->trouble, "server_away") == 0,
         connecting = strcmp(sync->trouble, "connecting") == 0;
    char text[96];
    if (sync->online)
        snprintf(text, sizeof text, "%llu waiting%s", waiting, sync->watched ? ", camera watched" : "");
    else
        snprintf(text, sizeof text, "%s%s%s, %llu waiting", away ? "away" : sync->trouble,
                 connecting ? "" : " since ", connecting ? "" : state->sync_since, waiting);
    set_status(line, "server",
               sync->online ? STN_TONE_OK
               : connecting ? STN_TONE_WAIT
               : away       ? STN_TONE_WARN
                            : STN_TONE_BAD,
               text);
}

static void build_status(const struct stn_ui_state *state, struct stn_view *view)
{
    bool models_missing = state->have_ready && !state->ready.face_lane;
    bool lane_open = state->lane.open && state->have_ready && !models_missing;
    int count = 0;
    if (view->policy[0]) /* first: whatever is cut off on a narrow screen, this is not */
        set_status(&view->status[count++], "", STN_TONE_WARN, view->policy);
    if (state->sync.paired)
        build_server(state, &view->status[count++]);
    set_status(&view->status[count++], "store", state->store.ok ? STN_TONE_OK : STN_TONE_BAD,
               state->store.ok ? "" : "failed");
    set_status(&view->status[count++], "lane",
               lane_open        ? STN_TONE_OK
               : models_missing ? STN_TONE_BAD
                                : STN_TONE_WARN,
               lane_open ? "" : "closed");
    set_status(&view->status[count++], "camera", camera_tone(state->camera.state),
               state->camera.state == STN_CAMERA_CLEAR ? "" : stn_camera_state_name(state->camera.state));
    if (!view->policy[0] && state->have_started)
        set_status(&view->status[count++], "policy", STN_TONE_OK, state->started.policy);
    view->status_count = count;
}

static void build_log(const struct stn_ui_state *state, struct stn_view *view)
{
    for (const struct stn_ui_log_item *item; (item = stn_ui_log(state, view->log_count)) != NULL;) {
        struct stn_view_log *line = &view->log[view->log_count++];
        line->tone = item->tone;
        memcpy(line->time, item->time, sizeof line->time);
        memcpy(line->what, item->what, sizeof line->what);
        if (item->times > 1)
            snprintf(line->text, sizeof line->text, "%d times: %s", item->times, item->text);
        else
            snprintf(line->text, sizeof line->text, "%s", item->text);
    }
}

static void build_counts(const struct stn_ui_state *state, struct stn_view *view)
{
    if (!state->have_roll)
        return;
    const struct stn_ev_roll *roll = &state->roll;
    char waiting[32] = "";
    if (roll->pending > 0)
        snprintf(waiting, sizeof waiting, "   to look at %d", (int)roll->pending);
    snprintf(view->counts, sizeof view->counts, "present %d   late %d%s   not yet %d   of %d   session %s",
             (int)roll->present, (int)roll->late, waiting,
             (int)(roll->total - roll->present - roll->late - roll->pending), (int)roll->total,
             roll->session_open ? "open" : "closed");
    if (state->have_frame)
        snprintf(view->rate, sizeof view->rate, "%.1f frames/s", (double)state->frame.fps);
}

void stn_view_build_live(const struct stn_ui_state *state, struct stn_view *view)
{
    build_rates(state, view);
    for (int i = 0; state->have_frame && i < state->frame.track_count; i++)
        build_track(state, &state->frame.tracks[i], &view->tracks[view->track_count++]);
    build_counts(state, view);
    build_status(state, view);
    build_log(state, view);
}
