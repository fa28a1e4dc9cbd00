#include "cli/summary.h"

#include "cli/cli.h"

#include <math.h>
#include <string.h>

static void add_refusal(struct stn_summary *summary, const struct stn_event *event)
{
    const struct stn_ev_refused *refused = &event->u.refused;
    for (int i = 0; i < summary->refusal_count; i++)
        if (strcmp(summary->refusals[i].first.reason, refused->reason) == 0) {
            summary->refusals[i].times++;
            return;
        }
    if (summary->refusal_count == STN_SUMMARY_REFUSALS) {
        summary->not_shown++;
        return;
    }
    summary->refusals[summary->refusal_count].first = *refused;
    summary->refusals[summary->refusal_count].first_wall_ms = event->wall_ms;
    summary->refusals[summary->refusal_count++].times = 1;
}

static void add_to(struct stn_event *list, int *count, int max, const struct stn_event *event,
                   struct stn_summary *summary)
{
    if (*count < max)
        list[(*count)++] = *event;
    else
        summary->not_shown++;
}

void stn_summary_add(struct stn_summary *summary, const struct stn_event *event)
{
    switch (event->kind) {
    case STN_EV_STARTED:
        summary->started = event->u.started;
        break;
    case STN_EV_STOPPED:
        summary->stopped = event->u.stopped;
        break;
    case STN_EV_FRAME:
        summary->frames = event->u.frame.number + 1;
        summary->dropped = event->u.frame.dropped;
        break;
    case STN_EV_MARKED:
    case STN_EV_ALREADY:
        add_to(summary->marks, &summary->mark_count, STN_SUMMARY_MARKS, event, summary);
        break;
    case STN_EV_REFUSED:
        add_refusal(summary, event);
        break;
    case STN_EV_CAMERA:
        if (event->u.camera.state != STN_CAMERA_LOST && event->u.camera.state != STN_CAMERA_COVERED &&
            event->u.camera.state != STN_CAMERA_DARK && event->u.camera.state != STN_CAMERA_FROZEN)
            break;
        add_to(summary->notes, &summary->note_count, STN_SUMMARY_NOTES, event, summary);
        break;
    case STN_EV_READY:
        if (!event->u.ready.face_lane)
            add_to(summary->notes, &summary->note_count, STN_SUMMARY_NOTES, event, summary);
        break;
    case STN_EV_ACTIVITY:
    case STN_EV_STORE:
        add_to(summary->notes, &summary->note_count, STN_SUMMARY_NOTES, event, summary);
        break;
    default:
        break;
    }
}

static void print_mark(const struct stn_event *event, const struct cm_zone *zone, FILE *out)
{
    const struct stn_ev_marked *marked = &event->u.marked;
    char at[STN_CLOCK_TEXT_SIZE], margin[32] = "nobody else is enrolled";
    stn_clock_text(zone, marked->captured_wall_ms, at);
    if (event->kind == STN_EV_ALREADY) {
        fprintf(out, "  =  %s  %s  was marked before, receipt %s: nothing changed\n", at,
                marked->student_name, marked->receipt);
        return;
    }
    if (isfinite(marked->margin))
        snprintf(margin, sizeof margin, "%.2f to the next", (double)marked->margin);
    fprintf(out,
            "  +  %s  %s (%s)  %s, %d points, receipt %s\n"
            "               distance %.2f (at most %.2f), margin %s, clean blink of %d ms, policy %s\n",
            at, marked->student_name, marked->student_id, cm_roll_status_name(marked->status),
            (int)marked->points, marked->receipt, (double)marked->distance, (double)marked->threshold, margin,
            (int)marked->blink_ms, marked->policy);
}

static void print_note(const struct stn_event *event, const struct cm_zone *zone, FILE *out)
{
    char at[STN_CLOCK_TEXT_SIZE];
    stn_clock_text(zone, event->wall_ms, at);
    switch (event->kind) {
    case STN_EV_CAMERA:
        fprintf(out, "  !  %s  camera %s: %s\n", at, stn_camera_state_name(event->u.camera.state),
                event->u.camera.text);
        break;
    case STN_EV_READY:
        fprintf(out, "  !  %s  the face lane is closed: %s\n", at, event->u.ready.reason);
        break;
    case STN_EV_ACTIVITY:
        fprintf(out, "  !  %s  %s: %s\n", at, cm_activity_name(event->u.activity.kind),
                event->u.activity.reason);
        break;
    default:
        fprintf(out, "  !  %s  store: %s\n", at, event->u.store.text);
        break;
    }
}

void stn_summary_print(const struct stn_summary *summary, const struct cm_zone *zone, FILE *out)
{
    char at[STN_CLOCK_TEXT_SIZE];
    fprintf(out, "\n%s: %llu frames, %llu dropped. Liveness policy: %s%s\n", summary->stopped.reason,
            (unsigned long long)summary->frames, (unsigned long long)summary->dropped,
            summary->started.policy,
            strcmp(summary->started.policy, "basic") == 0
                ? " (a blink only: it stops photos that are held or waved, no video and no trick at the eyes)"
                : "");
    fprintf(out, "Marked:%s\n", summary->mark_count == 0 ? " nobody" : "");
    for (int i = 0; i < summary->mark_count; i++)
        print_mark(&summary->marks[i], zone, out);
    fprintf(out, "Refused:%s\n", summary->refusal_count == 0 ? " nothing" : "");
    for (int i = 0; i < summary->refusal_count; i++)
        fprintf(out, "  -  %s  %s: %s (%d %s)\n",
                stn_clock_text(zone, summary->refusals[i].first_wall_ms, at),
                summary->refusals[i].first.reason, summary->refusals[i].first.text,
                summary->refusals[i].times, summary->refusals[i].times == 1 ? "time" : "times");
    if (summary->note_count > 0)
        fputs("Noted:\n", out);
    for (int i = 0; i < summary->note_count; i++)
        print_note(&summary->notes[i], zone, out);
    if (summary->not_shown > 0)
        fprintf(out, "and %llu more, which are in the log\n", (unsigned long long)summary->not_shown);
    fprintf(out, "Data: %s\n", summary->started.data_dir);
}

static json_t *list(const struct stn_event *events, int count, enum stn_event_kind kind)
{
    json_t *array = json_array();
    for (int i = 0; i < count; i++)
        if (events[i].kind == kind)
            json_array_append_new(array, stn_event_to_json(&events[i]));
    return array;
}

json_t *stn_summary_json(const struct stn_summary *summary)
{
    json_t *refused = json_array();
    for (int i = 0; i < summary->refusal_count; i++)
        json_array_append_new(
            refused, json_pack("{s:s, s:s, s:i}", "reason", summary->refusals[i].first.reason, "text",
                               summary->refusals[i].first.text, "times", summary->refusals[i].times));
    return json_pack("{s:s, s:s, s:I, s:I, s:o, s:o, s:o, s:o}", "policy", summary->started.policy, "ended",
                     summary->stopped.reason, "frames", (json_int_t)summary->frames, "dropped",
                     (json_int_t)summary->dropped, "marked",
                     list(summary->marks, summary->mark_count, STN_EV_MARKED), "already",
                     list(summary->marks, summary->mark_count, STN_EV_ALREADY), "refused", refused,
                     "activity", list(summary->notes, summary->note_count, STN_EV_ACTIVITY));
}
