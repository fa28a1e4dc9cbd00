#include "ui/state.h"
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { MARKED_US = 2500000, ALREADY_US = 2000000, REFUSED_US = 3000000, NOTICE_US = 2000000 };

void stn_ui_init(struct stn_ui_state *state, enum stn_place first_screen)
{
    memset(state, 0, sizeof *state);
    state->screen = first_screen;
    state->camera.state = STN_CAMERA_STARTING;
    state->lane.open = true;
    state->store.ok = true;
    state->drawn_us = -1;
    state->dirty = true;
}

/* ---- rings ---- */

static void add_feed(struct stn_ui_state *state, const struct stn_ui_feed_item *item)
{
    state->feed[state->feed_next] = *item;
    state->feed_next = (state->feed_next + 1) % STN_UI_FEED;
    state->feed_count += state->feed_count < STN_UI_FEED;
}

const struct stn_ui_feed_item *stn_ui_feed(const struct stn_ui_state *state, int n)
{
    if (n < 0 || n >= state->feed_count)
        return NULL;
    return &state->feed[(state->feed_next + STN_UI_FEED - 1 - n) % STN_UI_FEED];
}

const struct stn_ui_log_item *stn_ui_log(const struct stn_ui_state *state, int n)
{
    if (n < 0 || n >= state->log_count)
        return NULL;
    return &state->log[(state->log_next + STN_UI_LOG - 1 - n) % STN_UI_LOG];
}

__attribute__((format(printf, 5, 6))) static void add_log(struct stn_ui_state *state,
                                                          const struct stn_ui_clock *at, enum stn_tone tone,
                                                          const char *what, const char *format, ...)
{
    struct stn_ui_log_item item = {.tone = tone, .times = 1};
    va_list args;
    va_start(args, format);
    vsnprintf(item.text, sizeof item.text, format, args);
    va_end(args);
    snprintf(item.what, sizeof item.what, "%s", what);
    memcpy(item.time, at->time, sizeof item.time);
    item.time[sizeof item.time - 1] = '\0';

    struct stn_ui_log_item *last = &state->log[(state->log_next + STN_UI_LOG - 1) % STN_UI_LOG];
    if (state->log_count && strcmp(last->what, item.what) == 0 && strcmp(last->text, item.text) == 0) {
        item.times = last->times < 9999 ? last->times + 1 : last->times;
        *last = item;
        return;
    }
    state->log[state->log_next] = item;
    state->log_next = (state->log_next + 1) % STN_UI_LOG;
    state->log_count += state->log_count < STN_UI_LOG;
}

/* ---- events ---- */

static void greet(struct stn_ui_state *state, const struct stn_ui_feed_item *item,
                  const struct stn_ui_clock *at)
{
    static const int64_t shown_us[] = {0, MARKED_US, ALREADY_US, REFUSED_US};
    /* A mark is what the student waits for: nothing but another mark takes it off the screen early. */
    const struct stn_ui_greeting *now = stn_ui_greeting(state, at->now_us);
    if (now && now->item.outcome < item->outcome)
        return;
    state->greeting.item = *item;
    state->greeting.minutes = at->minutes;
    state->greeting.until_us = at->now_us + shown_us[item->outcome];
}

static void apply_outcome(struct stn_ui_state *state, enum stn_ui_outcome outcome,
                          enum stn_ui_refusal refusal, const struct stn_ev_marked *mark,
                          const struct stn_ui_clock *at)
{
    struct stn_ui_feed_item item = {.outcome = outcome};
    memcpy(item.time, at->time, sizeof item.time);
    item.time[sizeof item.time - 1] = '\0';
    if (mark) {
        item.status = mark->status;
        item.points = mark->points;
        snprintf(item.name, sizeof item.name, "%s",
                 mark->student_name[0] ? mark->student_name : mark->student_id);
    }
    item.refusal = refusal;
    if (outcome != STN_UI_ALREADY) /* who is marked already stands in the list already */
        add_feed(state, &item);
    greet(state, &item, at);
}

static void apply_marked(struct stn_ui_state *state, const struct stn_ev_marked *mark,
                         const struct stn_ui_clock *at)
{
    char how[32];
    apply_outcome(state, STN_UI_MARKED, STN_UI_SEE_TEACHER, mark, at);
    if (mark->method == CM_METHOD_FACE)
        snprintf(how, sizeof how, "d %.2f", (double)mark->distance);
    else
        snprintf(how, sizeof how, "by %s", cm_method_name(mark->method));
    add_log(state, at, STN_TONE_OK, "marked", "%s  %s  %+d  receipt %s  %s",
            mark->student_name[0] ? mark->student_name : mark->student_id,
            mark->status == CM_ROLL_PRESENT ? "on time" : cm_roll_status_name(mark->status),
            (int)mark->points, mark->receipt, how);
    stn_roll_screen_outdate(&state->roll_screen);
}

static enum stn_ui_refusal refusal_of(const char *reason)
{
    static const struct {
        const char *reason;
        enum stn_ui_refusal refusal;
    } known[] = {{"use_face", STN_UI_USE_FACE},
                 {"card_unknown", STN_UI_CARD_UNKNOWN},
                 {"not_a_card", STN_UI_CARD_UNKNOWN},
                 {"card_damaged", STN_UI_CARD_UNREADABLE}};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strcmp(known[i].reason, reason) == 0)
            return known[i].refusal;
    return STN_UI_SEE_TEACHER;
}

static void apply_refused(struct stn_ui_state *state, const struct stn_ev_refused *refused,
                          const struct stn_ui_clock *at)
{
    apply_outcome(state, STN_UI_REFUSED, refusal_of(refused->reason), NULL, at);
    const char *text = refused->text[0] ? refused->text : refused->reason;
    if (isnan(refused->distance))
        add_log(state, at, STN_TONE_WARN, "refused", "%s", text);
    else
        add_log(state, at, STN_TONE_WARN, "refused", "%s  d %.2f limit %.2f", text, (double)refused->distance,
                (double)refused->threshold);
}

static void apply_blink(struct stn_ui_state *state, const struct stn_ev_blink *blink)
{
    int at = state->blink_next;
    for (int i = 0; i < STN_FACES_MAX; i++)
        if (state->blinks[i].track_id == blink->track_id)
            at = i;
    if (at == state->blink_next)
        state->blink_next = (at + 1) % STN_FACES_MAX;
    state->blinks[at] = (struct stn_ui_blink){blink->track_id, blink->duration_ms, blink->clean};
}

static void apply_frame(struct stn_ui_state *state, const struct stn_ev_frame *frame)
{
    state->frame = *frame;
    state->have_frame = true;
    if (state->frame.track_count < 0)
        state->frame.track_count = 0;
    if (state->frame.track_count > STN_FACES_MAX)
        state->frame.track_count = STN_FACES_MAX;
}

static void apply_ready(struct stn_ui_state *state, const struct stn_ev_ready *ready,
                        const struct stn_ui_clock *at)
{
    state->ready = *ready;
    state->have_ready = true;
    state->loading = false;
    if (ready->face_lane)
        add_log(state, at, STN_TONE_OK, "models", "loaded in %lld ms", (long long)ready->loading_ms);
    else
        add_log(state, at, STN_TONE_BAD, "models", "no marking by face: %s", ready->reason);
}

static void apply_condition(struct stn_ui_state *state, const struct stn_event *event,
                            const struct stn_ui_clock *at)
{
    bool clear;
    switch (event->kind) {
    case STN_EV_CAMERA:
        state->camera = event->u.camera;
        clear = event->u.camera.state == STN_CAMERA_CLEAR;
        add_log(state, at, clear ? STN_TONE_OK : STN_TONE_WARN, "camera", "%s%s%s",
                stn_camera_state_name(event->u.camera.state), event->u.camera.text[0] ? ": " : "",
                event->u.camera.text);
        break;
    case STN_EV_LANE:
        state->lane = event->u.lane;
        add_log(state, at, event->u.lane.open ? STN_TONE_OK : STN_TONE_WARN, "lane", "%s%s%s",
                event->u.lane.open ? "open" : "closed", event->u.lane.reason[0] ? ": " : "",
                event->u.lane.reason);
        break;
    case STN_EV_STORE:
        state->store = event->u.store;
        add_log(state, at, event->u.store.ok ? STN_TONE_OK : STN_TONE_BAD, "store", "%s%s%s",
                event->u.store.ok ? "works" : "marks cannot be saved", event->u.store.text[0] ? ": " : "",
                event->u.store.text);
        break;
    default:
        break;
    }
}

/* The lists do not say who is in them by anything but the name, and the name may be another's too: all of it goes. */
static void forget_people(struct stn_ui_state *state)
{
    memset(state->feed, 0, sizeof state->feed);
    memset(state->log, 0, sizeof state->log);
    memset(&state->greeting, 0, sizeof state->greeting);
    stn_roll_screen_forget(&state->roll_screen);
    state->feed_next = state->feed_count = state->log_next = state->log_count = 0;
}

static void apply_sync(struct stn_ui_state *state, const struct stn_ev_sync *sync,
                       const struct stn_ui_clock *at)
{
    bool changed = strcmp(sync->trouble, state->sync.trouble) != 0;
    if (sync->erased)
        forget_people(state);
    state->sync = *sync;
    if (changed)
        snprintf(state->sync_since, sizeof state->sync_since, "%.5s", at->time);
    if (sync->news[0])
        add_log(state, at, STN_TONE_PLAIN, "server", "%s", sync->news);
    if (changed && sync->paired)
        add_log(state, at, sync->online ? STN_TONE_OK : STN_TONE_WARN, "server", "%s",
                sync->online    ? "connected"
                : sync->text[0] ? sync->text
                                : "connecting");
}

static void apply_pin_answer(struct stn_ui_state *state, const struct stn_ev_answer *answer, int64_t now_us)
{
    struct stn_entry *entry = &state->entry;
    if (entry->kind != STN_ENTRY_PIN || entry->sent == 0 || entry->sent != answer->number)
        return;
    if (answer->done) { /* what comes of the mark is shown large */
        stn_entry_close(entry);
        return;
    }
    entry->sent = 0;
    entry->closes_us = now_us + STN_ENTRY_PIN_US;
    snprintf(entry->said, sizeof entry->said, "%.95s", answer->text);
}

void stn_ui_apply(struct stn_ui_state *state, const struct stn_event *event, const struct stn_ui_clock *at)
{
    state->dirty = true;
    switch (event->kind) {
    case STN_EV_STARTED:
        state->started = event->u.started;
        state->have_started = true;
        add_log(state, at, STN_TONE_PLAIN, "station", "version %s, camera %s, policy %s",
                event->u.started.version, event->u.started.camera, event->u.started.policy);
        break;
    case STN_EV_LOADING:
        state->loading = true;
        add_log(state, at, STN_TONE_WAIT, "models", "loading");
        break;
    case STN_EV_READY:
        apply_ready(state, &event->u.ready, at);
        break;
    case STN_EV_FRAME:
        apply_frame(state, &event->u.frame);
        break;
    case STN_EV_BLINK:
        apply_blink(state, &event->u.blink);
        break;
    case STN_EV_MARKED:
        apply_marked(state, &event->u.marked, at);
        break;
    case STN_EV_ALREADY:
        apply_outcome(state, STN_UI_ALREADY, STN_UI_SEE_TEACHER, &event->u.marked, at);
        add_log(state, at, STN_TONE_PLAIN, "again", "%s is marked already", event->u.marked.student_name);
        break;
    case STN_EV_REFUSED:
        apply_refused(state, &event->u.refused, at);
        break;
    case STN_EV_ACTIVITY:
        add_log(state, at, STN_TONE_WARN, "activity", "%s: %s", cm_activity_name(event->u.activity.kind),
                event->u.activity.reason);
        break;
    case STN_EV_CAMERA:
    case STN_EV_LANE:
    case STN_EV_STORE:
        apply_condition(state, event, at);
        break;
    case STN_EV_ROLL:
        state->roll = event->u.roll;
        state->have_roll = true;
        stn_roll_screen_outdate(&state->roll_screen);
        break;
    case STN_EV_ANSWER:
        if (!stn_roll_screen_answer(&state->roll_screen, &event->u.answer))
            apply_pin_answer(state, &event->u.answer, at->now_us);
        break;
    case STN_EV_ROLL_PAGE:
        stn_roll_screen_page(&state->roll_screen, &event->u.roll_page);
        break;
    case STN_EV_SYNC:
        apply_sync(state, &event->u.sync, at);
        break;
    case STN_EV_STOPPED:
        state->stopped = event->u.stopped;
        state->have_stopped = true;
        add_log(state, at, STN_TONE_PLAIN, "station", "stopped: %s", event->u.stopped.reason);
        break;
    }
}

/* ---- keys ---- */

enum stn_place stn_ui_place(const struct stn_ui_state *state)
{
    if (state->entry.kind != STN_ENTRY_NONE)
        return STN_PLACE_ENTRY;
    if (state->roll_screen.asks)
        return STN_PLACE_SURE;
    return state->overlay ? state->overlay : state->screen;
}

/* ---- typing ---- */

static void begin_pin(struct stn_ui_state *state, int64_t now_us)
{
    stn_entry_open(&state->entry, STN_ENTRY_PIN);
    state->entry.closes_us = now_us + STN_ENTRY_PIN_US;
}

static void send_pin(struct stn_ui_state *state)
{
    struct stn_entry *entry = &state->entry;
    struct stn_request *request = NULL;
    if (entry->sent != 0)
        return;
    if (entry->text[0][0] != '\0' && entry->text[1][0] != '\0')
        request = stn_outbox_add(&state->outbox, STN_REQ_PIN);
    else
        snprintf(entry->said, sizeof entry->said, "id and PIN, please");
    if (request == NULL)
        return;
    snprintf(request->u.pin.student_id, sizeof request->u.pin.student_id, "%.63s", entry->text[0]);
    snprintf(request->u.pin.pin, sizeof request->u.pin.pin, "%.8s", entry->text[1]);
    explicit_bzero(entry->text[1], sizeof entry->text[1]);
    entry->sent = request->number;
    snprintf(entry->said, sizeof entry->said, "one moment");
}

static void finish_typing(struct stn_ui_state *state)
{
    struct stn_entry *entry = &state->entry;
    if (entry->kind != STN_ENTRY_PIN)
        stn_roll_screen_entered(&state->roll_screen, entry, &state->outbox);
    else if (entry->field == 0)
        entry->field = 1;
    else
        send_pin(state);
}

static void give_up_typing(struct stn_ui_state *state)
{
    stn_entry_close(&state->entry);
    stn_roll_screen_give_up(&state->roll_screen);
}

static void act(struct stn_ui_state *state, enum stn_ui_action action, int64_t now_us)
{
    switch (action) {
    case STN_UI_ACTION_NONE:
        break;
    case STN_UI_ACTION_KIOSK:
    case STN_UI_ACTION_LIVE:
    case STN_UI_ACTION_ROLL:
        state->screen = action == STN_UI_ACTION_KIOSK  ? STN_PLACE_KIOSK
                        : action == STN_UI_ACTION_LIVE ? STN_PLACE_LIVE
                                                       : STN_PLACE_ROLL;
        state->overlay = STN_PLACE_NONE;
        stn_roll_screen_outdate(&state->roll_screen);
        break;
    case STN_UI_ACTION_SWITCH:
        state->screen = state->screen == STN_PLACE_KIOSK ? STN_PLACE_LIVE : STN_PLACE_KIOSK;
        break;
    case STN_UI_ACTION_PIN:
        begin_pin(state, now_us);
        break;
    case STN_UI_ACTION_NEXT_FIELD:
        if (state->entry.kind == STN_ENTRY_PIN)
            state->entry.field = 1 - state->entry.field;
        break;
    case STN_UI_ACTION_DONE:
        finish_typing(state);
        break;
    case STN_UI_ACTION_ERASE:
        stn_entry_erase(&state->entry);
        break;
    case STN_UI_ACTION_NO_IMAGE:
        state->no_image = !state->no_image;
        break;
    case STN_UI_ACTION_HELP:
        state->overlay = STN_PLACE_HELP;
        break;
    case STN_UI_ACTION_QUIT:
        if (state->have_stopped) /* nothing is left that could be stopped by mistake */
            state->leave = true;
        state->overlay = STN_PLACE_QUIT;
        break;
    case STN_UI_ACTION_BACK:
        if (state->entry.kind != STN_ENTRY_NONE || state->roll_screen.asks)
            give_up_typing(state);
        else
            state->overlay = STN_PLACE_NONE;
        break;
    case STN_UI_ACTION_LEAVE:
        state->leave = true;
        break;
    default:
        stn_roll_screen_act(&state->roll_screen, action, &state->entry, &state->outbox);
        break;
    }
}

static void say_no_such_key(struct stn_ui_state *state, int32_t key, int64_t now_us)
{
    const char *where = stn_ui_place(state) == STN_PLACE_QUIT   ? "y stops the station, n goes on"
                        : stn_ui_place(state) == STN_PLACE_HELP ? "Esc closes this page"
                        : stn_ui_place(state) == STN_PLACE_SURE ? "y says yes, n goes back"
                                                                : "? shows the keys";
    if (key > ' ' && key < 0x7f)
        snprintf(state->notice, sizeof state->notice, "%c does nothing here: %s", (char)key, where);
    else
        snprintf(state->notice, sizeof state->notice, "that key does nothing here: %s", where);
    state->notice_until_us = now_us + NOTICE_US;
}

void stn_ui_key(struct stn_ui_state *state, int32_t key, int64_t now_us)
{
    if (key == STN_KEY_NONE)
        return;
    enum stn_place place = stn_ui_place(state);
    enum stn_ui_action action = stn_keymap_action(key, place);
    state->notice_until_us = 0;
    if (place == STN_PLACE_ENTRY && state->entry.closes_us != 0)
        state->entry.closes_us = now_us + STN_ENTRY_PIN_US;
    if (action == STN_UI_ACTION_NONE && place == STN_PLACE_ENTRY)
        stn_entry_type(&state->entry, key);
    else if (action == STN_UI_ACTION_NONE)
        say_no_such_key(state, key, now_us);
    act(state, action, now_us);
    stn_ui_touch(state);
}

void stn_ui_follow(struct stn_ui_state *state, int64_t now_us)
{
    if (state->entry.closes_us != 0 && now_us >= state->entry.closes_us) {
        give_up_typing(state);
        stn_ui_touch(state);
    }
    if (state->screen == STN_PLACE_ROLL && !state->have_stopped)
        stn_roll_screen_follow(&state->roll_screen, &state->outbox, now_us);
}

bool stn_ui_request(struct stn_ui_state *state, struct stn_request *ret_request)
{
    struct stn_outbox *outbox = &state->outbox;
    if (outbox->count == 0)
        return false;
    *ret_request = outbox->list[0];
    outbox->count--;
    memmove(outbox->list, outbox->list + 1, (size_t)outbox->count * sizeof outbox->list[0]);
    explicit_bzero(&outbox->list[outbox->count], sizeof outbox->list[0]);
    return true;
}

/* ---- drawing ---- */

const struct stn_ui_greeting *stn_ui_greeting(const struct stn_ui_state *state, int64_t now_us)
{
    bool shown = state->greeting.item.outcome != STN_UI_NOTHING && now_us < state->greeting.until_us;
    return shown ? &state->greeting : NULL;
}

void stn_ui_touch(struct stn_ui_state *state)
{
    state->dirty = true;
    state->urgent = true;
}

static bool passed(int64_t deadline_us, int64_t drawn_us, int64_t now_us)
{
    return deadline_us > drawn_us && deadline_us <= now_us;
}

bool stn_ui_due(const struct stn_ui_state *state, int64_t now_us)
{
    if (state->drawn_us < 0 || state->urgent)
        return true;
    int64_t since_us = now_us - state->drawn_us;
    if (since_us < STN_UI_REDRAW_US)
        return false;
    return state->dirty || since_us >= STN_UI_IDLE_REDRAW_US ||
           passed(state->greeting.until_us, state->drawn_us, now_us) ||
           passed(state->notice_until_us, state->drawn_us, now_us);
}

void stn_ui_drawn(struct stn_ui_state *state, int64_t now_us)
{
    state->dirty = false;
    state->urgent = false;
    state->drawn_us = now_us;
}
