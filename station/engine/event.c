#include "engine/event.h"

#include <math.h>
#include <stdlib.h>

static const char *const kind_names[] = {
    [STN_EV_STARTED] = "started",     [STN_EV_LOADING] = "loading", [STN_EV_READY] = "ready",
    [STN_EV_FRAME] = "frame",         [STN_EV_BLINK] = "blink",     [STN_EV_MARKED] = "marked",
    [STN_EV_ALREADY] = "already",     [STN_EV_REFUSED] = "refused", [STN_EV_ACTIVITY] = "activity",
    [STN_EV_CAMERA] = "camera",       [STN_EV_LANE] = "lane",       [STN_EV_STORE] = "store",
    [STN_EV_ROLL] = "roll",           [STN_EV_SYNC] = "sync",       [STN_EV_ANSWER] = "answer",
    [STN_EV_ROLL_PAGE] = "roll_page", [STN_EV_STOPPED] = "stopped",
};

const char *stn_event_kind_name(enum stn_event_kind kind)
{
    size_t count = sizeof kind_names / sizeof kind_names[0];
    if ((size_t)kind >= count || kind_names[kind] == NULL)
        return "unknown";
    return kind_names[kind];
}

/* JSON has no NaN: a score that was not measured is null. Rounded, so that the text is short and stable. */
static json_t *number(double value)
{
    return isfinite(value) ? json_real(round(value * 1000.0) / 1000.0) : json_null();
}

static json_t *text(const char *value)
{
    json_t *string = json_string(value);
    return string != NULL ? string : json_string("?"); /* not UTF-8: never lose the event for a name */
}

static json_t *text_or_null(const char *value)
{
    return value[0] != '\0' ? text(value) : json_null();
}

static const char *check_name(enum stn_check check)
{
    return check == STN_CHECK_OK ? "ok" : check == STN_CHECK_FAILED ? "failed" : "waiting";
}

static json_t *times_json(const struct stn_stage_times *times, int32_t embed_us)
{
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "scene", number(times->scene_us / 1000.0),
                     "detect", number(times->detect_us / 1000.0), "landmarks",
                     number(times->landmarks_us / 1000.0), "quality", number(times->quality_us / 1000.0),
                     "card", number(times->card_us / 1000.0), "total", number(times->total_us / 1000.0),
                     "embed", number(embed_us / 1000.0));
}

static json_t *track_json(const struct stn_track_view *track)
{
    return json_pack("{s:i, s:[o,o,o,o], s:s, s:s, s:s, s:{s:s, s:s, s:s, s:s}, s:o, s:o, s:o, s:o, s:o}",
                     "track", (int)track->track_id, "box", number(track->box.x), number(track->box.y),
                     number(track->box.width), number(track->box.height), "state",
                     stn_live_state_name(track->state), "reason", stn_live_reason_name(track->reason),
                     "prompt", stn_prompt_name(track->prompt), "checks", "face", check_name(track->face_ok),
                     "looking", check_name(track->looking), "blink", check_name(track->blink), "match",
                     check_name(track->match), "student", text_or_null(track->student_id), "distance",
                     number(track->distance), "margin", number(track->margin), "ear_ratio",
                     number(track->ear_ratio), "yaw", number(track->yaw_deg));
}

static json_t *frame_json(const struct stn_ev_frame *frame)
{
    json_t *tracks = json_array();
    for (int i = 0; i < frame->track_count; i++)
        json_array_append_new(tracks, track_json(&frame->tracks[i]));
    return json_pack("{s:I, s:I, s:i, s:i, s:o, s:o, s:s, s:i, s:o, s:o}", "frame", (json_int_t)frame->number,
                     "dropped", (json_int_t)frame->dropped, "width", frame->width, "height", frame->height,
                     "fps", number(frame->fps), "camera_fps", number(frame->camera_fps), "prompt",
                     stn_prompt_name(frame->prompt), "queue", frame->queue, "ms",
                     times_json(&frame->times, frame->embed_us), "tracks", tracks);
}

static json_t *marked_json(const struct stn_ev_marked *marked)
{
    return json_pack(
        "{s:i, s:o, s:o, s:o, s:s, s:i, s:I, s:i, s:s, s:s, s:s, s:o, s:o, s:o, s:i, s:I, s:i}", "track",
        (int)marked->track_id, "student", text(marked->student_id), "name", text(marked->student_name),
        "class", text(marked->class_id), "status", cm_roll_status_name(marked->status), "points",
        marked->points, "captured_ms", (json_int_t)marked->captured_wall_ms, "date", marked->date, "method",
        cm_method_name(marked->method), "policy", marked->policy, "receipt", marked->receipt, "distance",
        number(marked->distance), "margin", number(marked->margin), "threshold", number(marked->threshold),
        "blink_ms", marked->blink_ms, "seq", (json_int_t)marked->seq, "latency_ms", marked->latency_ms);
}

static json_t *sync_json(const struct stn_ev_sync *sync)
{
    return json_pack(
        "{s:b, s:b, s:s, s:o, s:o, s:I, s:i, s:i, s:I, s:I, s:o, s:b, s:I, s:o}", "paired", sync->paired,
        "online", sync->online, "trouble", sync->trouble, "text", text_or_null(sync->text), "server",
        text_or_null(sync->server), "waiting", (json_int_t)sync->waiting, "uploads_waiting",
        sync->uploads_waiting, "uploads_refused", sync->uploads_refused, "since_ms",
        (json_int_t)sync->since_wall_ms, "last_contact_ms", (json_int_t)sync->last_contact_wall_ms,
        "clock_offset_ms", sync->clock_known ? json_integer(sync->clock_offset_ms) : json_null(), "watched",
        sync->watched, "forked_seq", (json_int_t)sync->forked_seq, "news", text_or_null(sync->news));
}

static json_t *row_json(const struct stn_roll_row *row)
{
    return json_pack(
        "{s:o, s:o, s:s, s:I, s:o, s:b}", "student", text(row->student_id), "name", text(row->name), "status",
        cm_roll_status_name(row->status), "captured_ms", (json_int_t)row->captured_wall_ms, "method",
        text_or_null(row->method != 0 ? cm_method_name(row->method) : ""), "corrected", row->corrected);
}

static json_t *page_json(const struct stn_ev_roll_page *page)
{
    json_t *rows = json_array();
    for (int i = 0; i < page->count; i++)
        json_array_append_new(rows, row_json(&page->rows[i]));
    return json_pack("{s:I, s:o, s:i, s:b, s:b, s:s, s:o, s:i, s:i, s:o}", "number", (json_int_t)page->number,
                     "class", text(page->class_id), "date", page->date, "session", page->session, "open",
                     page->open, "now", cm_roll_status_name(page->now), "word",
                     text_or_null(page->word != 0 ? cm_session_word_name(page->word) : ""), "total",
                     page->total, "first", page->first, "rows", rows);
}

static json_t *body_json(const struct stn_event *event)
{
    switch (event->kind) {
    case STN_EV_STARTED: {
        const struct stn_ev_started *s = &event->u.started;
        return json_pack("{s:s, s:o, s:s, s:s, s:o, s:o, s:i, s:i, s:s}", "version", s->version, "camera",
                         text(s->camera), "policy", s->policy, "landmarks", s->landmarks, "data",
                         text(s->data_dir), "class", text_or_null(s->class_id), "students", s->students,
                         "enrolled", s->enrolled, "timezone", s->timezone);
    }
    case STN_EV_LOADING:
        return json_object();
    case STN_EV_READY:
        return json_pack("{s:b, s:o, s:I}", "face_lane", event->u.ready.face_lane, "reason",
                         text_or_null(event->u.ready.reason), "loading_ms",
                         (json_int_t)event->u.ready.loading_ms);
    case STN_EV_FRAME:
        return frame_json(&event->u.frame);
    case STN_EV_BLINK:
        return json_pack("{s:i, s:b, s:i, s:I, s:I}", "track", (int)event->u.blink.track_id, "clean",
                         event->u.blink.clean, "duration_ms", event->u.blink.duration_ms, "first_frame",
                         (json_int_t)event->u.blink.first_frame, "last_frame",
                         (json_int_t)event->u.blink.last_frame);
    case STN_EV_MARKED:
    case STN_EV_ALREADY:
        return marked_json(&event->u.marked);
    case STN_EV_REFUSED:
        return json_pack("{s:i, s:s, s:o, s:o, s:o, s:o}", "track", (int)event->u.refused.track_id, "reason",
                         event->u.refused.reason, "text", text(event->u.refused.text), "distance",
                         number(event->u.refused.distance), "margin", number(event->u.refused.margin),
                         "threshold", number(event->u.refused.threshold));
    case STN_EV_ACTIVITY:
        return json_pack("{s:s, s:o}", "activity", cm_activity_name(event->u.activity.kind), "reason",
                         text(event->u.activity.reason));
    case STN_EV_CAMERA:
        return json_pack("{s:s, s:o}", "state", stn_camera_state_name(event->u.camera.state), "text",
                         text(event->u.camera.text));
    case STN_EV_LANE:
        return json_pack("{s:b, s:o, s:I}", "open", event->u.lane.open, "reason",
                         text_or_null(event->u.lane.reason), "until_ms", (json_int_t)event->u.lane.until_ms);
    case STN_EV_STORE:
        return json_pack("{s:b, s:o}", "ok", event->u.store.ok, "text", text(event->u.store.text));
    case STN_EV_ROLL:
        return json_pack("{s:o, s:i, s:b, s:i, s:i, s:i, s:i, s:i, s:i, s:i}", "class",
                         text(event->u.roll.class_id), "date", event->u.roll.date, "session_open",
                         event->u.roll.session_open, "present", event->u.roll.present, "late",
                         event->u.roll.late, "pending", event->u.roll.pending, "excused",
                         event->u.roll.excused, "absent", event->u.roll.absent, "unjudged",
                         event->u.roll.unjudged, "total", event->u.roll.total);
    case STN_EV_SYNC:
        return sync_json(&event->u.sync);
    case STN_EV_ANSWER:
        return json_pack("{s:I, s:b, s:o}", "number", (json_int_t)event->u.answer.number, "done",
                         event->u.answer.done, "text", text(event->u.answer.text));
    case STN_EV_ROLL_PAGE:
        return page_json(&event->u.roll_page);
    case STN_EV_STOPPED:
        return json_pack("{s:o, s:i}", "reason", text(event->u.stopped.reason), "exit_code",
                         event->u.stopped.exit_code);
    }
    return NULL;
}

json_t *stn_event_to_json(const struct stn_event *event)
{
    json_t *head = json_pack("{s:s, s:I}", "event", stn_event_kind_name(event->kind), "at_ms",
                             (json_int_t)event->wall_ms);
    json_t *body = body_json(event);
    if (head == NULL || body == NULL || json_object_update(head, body) != 0) {
        json_decref(head);
        head = NULL;
    }
    json_decref(body);
    return head;
}
