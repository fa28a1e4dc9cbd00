/* An alert and its messages; why a class is held. */
#include "alerts/night_private.h"

#include "alerts/decide.h"
#include "alerts/outbox.h"
#include "alerts/put_back.h"
#include "http/http.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum cm_code srv_night_grow(void **list, size_t count, size_t *room, size_t item_size, struct cm_err *err)
{
    if (count < *room)
        return CM_OK;
    size_t more = *room > 0 ? *room * 2 : 32;
    void *grown = realloc(*list, more * item_size);
    if (grown == NULL)
        return cm_fail(err, CM_NOMEM, "no memory for the nightly job");
    *list = grown;
    *room = more;
    return CM_OK;
}

void srv_night_work_free(struct srv_night_work *work)
{
    free(work->coordinators);
    work->coordinators = NULL;
}

/* ---- whom it is told ---- */

static bool take_coordinator(void *arg, const struct srv_user *user)
{
    struct srv_night_work *work = arg;
    if (user->role != SRV_ROLE_COORDINATOR || user->disabled ||
        (user->phone[0] == '\0' && user->email[0] == '\0'))
        return true;
    work->code = srv_night_grow((void **)&work->coordinators, work->coordinator_count,
                                &work->coordinator_room, sizeof *user, work->err);
    if (work->code == CM_OK)
        work->coordinators[work->coordinator_count++] = *user;
    return work->code == CM_OK;
}

static enum cm_code read_coordinators(struct srv_night_work *work, struct cm_err *err)
{
    if (work->coordinators_read)
        return CM_OK;
    work->err = err;
    work->code = CM_OK;
    enum cm_code code = srv_store_each_user(work->store, "", take_coordinator, work, err);
    if (code == CM_OK)
        code = work->code;
    work->coordinators_read = code == CM_OK;
    return code;
}

static bool has_class(const struct srv_user *user, const char *class_id)
{
    for (int i = 0; i < user->class_count; i++)
        if (strcmp(user->classes[i], class_id) == 0)
            return true;
    return false;
}

static struct srv_message message_for(const struct srv_alert *alert, enum srv_recipient recipient,
                                      const char *user, int64_t now_ms)
{
    struct srv_message message = {
        .recipient = recipient,
        .state = SRV_MESSAGE_QUEUED,
        .next_try_wall_ms = now_ms,
        .created_wall_ms = now_ms,
        .changed_wall_ms = now_ms,
        .step_count = 1,
        .steps = {{SRV_MESSAGE_QUEUED, now_ms}},
    };
    memcpy(message.alert_id, alert->id, sizeof message.alert_id);
    snprintf(message.student_id, sizeof message.student_id, "%s", alert->student_id);
    snprintf(message.user, sizeof message.user, "%s", user);
    srv_message_id(alert->id, recipient, user, message.id);
    return message;
}

/* By an alert that went when the store was put back to a backup. */
static bool may_be_told(const struct srv_night_work *work, int32_t trigger_date)
{
    return work->put_back_wall_ms != 0 &&
           trigger_date < cm_zone_date(work->options->zone, work->put_back_wall_ms);
}

static enum cm_code put_message(struct srv_night_work *work, struct srv_message *message,
                                int32_t trigger_date, struct cm_err *err)
{
    if (message->phone[0] == '\0' && message->email[0] == '\0') {
        srv_outbox_apply(message, SRV_OUTBOX_NO_ADDRESS, message->created_wall_ms);
        snprintf(message->error_text, sizeof message->error_text, "no_address");
    }
    if (message->state == SRV_MESSAGE_QUEUED && may_be_told(work, trigger_date)) {
        srv_outbox_apply(message, SRV_OUTBOX_LOST, message->created_wall_ms);
        snprintf(message->error_text, sizeof message->error_text, "%s", SRV_PUT_BACK_TEXT);
    }
    work->totals.messages++;
    return srv_store_put_message(work->store, message, err);
}

static enum cm_code tell_parent(struct srv_night_work *work, const struct srv_alert *alert,
                                const struct srv_student *student, struct cm_err *err)
{
    struct srv_message message = message_for(alert, SRV_RECIPIENT_PARENT, "", work->options->now_ms);
    memcpy(message.name, student->parent_name, sizeof message.name);
    memcpy(message.phone, student->parent_phone, sizeof message.phone);
    memcpy(message.email, student->parent_email, sizeof message.email);
    return put_message(work, &message, alert->trigger_date, err);
}

static enum cm_code tell_coordinators(struct srv_night_work *work, const struct srv_alert *alert,
                                      struct cm_err *err)
{
    const char *number = work->options->coordinator_phone;
    bool any = false;
    enum cm_code code = read_coordinators(work, err);
    for (size_t i = 0; i < work->coordinator_count && code == CM_OK; i++) {
        const struct srv_user *user = &work->coordinators[i];
        if (!has_class(user, alert->class_id))
            continue;
        struct srv_message message =
            message_for(alert, SRV_RECIPIENT_COORDINATOR, user->name, work->options->now_ms);
        memcpy(message.name, user->full_name, sizeof message.name);
        memcpy(message.phone, user->phone, sizeof message.phone);
        memcpy(message.email, user->email, sizeof message.email);
        code = put_message(work, &message, alert->trigger_date, err);
        any = true;
    }
    if (code != CM_OK || any)
        return code;
    struct srv_message message = message_for(alert, SRV_RECIPIENT_COORDINATOR, "", work->options->now_ms);
    snprintf(message.phone, sizeof message.phone, "%s", number != NULL ? number : "");
    return put_message(work, &message, alert->trigger_date, err);
}

/* ---- what it says ---- */

struct generation {
    int32_t trigger_date, count;
};

static bool count_generation(void *arg, const struct srv_alert *alert)
{
    struct generation *generation = arg;
    generation->count += alert->trigger_date == generation->trigger_date;
    return alert->trigger_date >= generation->trigger_date;
}

/* What closed the session of a day that counts. */
static enum cm_code fill_evidence(struct srv_night_work *work, const struct srv_rule_date *date,
                                  struct srv_alert_day *day, struct cm_err *err)
{
    struct srv_session_info info;
    enum cm_code code = srv_store_get_session_info(work->store, date->class_id, date->date, &info, err);
    if (code != CM_OK)
        return code;
    day->date = date->date;
    memcpy(day->class_id, date->class_id, sizeof day->class_id);
    memcpy(day->closed_by, info.closed_by, sizeof day->closed_by);
    day->closed_wall_ms = info.closed_wall_ms;
    day->able_min = info.able_min;
    day->window_min = info.window_min;
    return CM_OK;
}

enum cm_code srv_night_make_alert(struct srv_night_work *work, const char *class_id,
                                  const struct srv_student *student, const struct srv_decision *decision,
                                  struct cm_err *err)
{
    struct generation generation = {decision->trigger_date, 0};
    struct srv_alert alert = {
        .trigger_date = decision->trigger_date,
        .absent_count = decision->count,
        .repeat = decision->told,
        .state = SRV_ALERT_ACTIVE,
        .created_wall_ms = work->options->now_ms,
        .day_count = decision->date_count,
    };
    snprintf(alert.student_id, sizeof alert.student_id, "%s", student->base.id);
    snprintf(alert.class_id, sizeof alert.class_id, "%s", class_id);
    enum cm_code code =
        srv_store_each_alert_of_student(work->store, student->base.id, count_generation, &generation, err);
    for (int32_t i = 0; i < alert.day_count && code == CM_OK; i++) /* the decision has the newest first */
        code = fill_evidence(work, &decision->dates[alert.day_count - 1 - i], &alert.days[i], err);
    if (code != CM_OK)
        return code;
    alert.generation = generation.count;
    srv_alert_id(alert.student_id, alert.trigger_date, alert.generation, alert.id);
    srv_alert_add_note(&alert, SRV_ALERT_MADE, work->options->now_ms, NULL, NULL);
    code = srv_store_put_alert(work->store, &alert, err);
    if (code == CM_OK)
        code = tell_parent(work, &alert, student, err);
    return code == CM_OK ? tell_coordinators(work, &alert, err) : code;
}

/* ---- who holds a class ---- */

static bool take_awaited(void *arg, const struct srv_station *station)
{
    struct srv_alert_cursor *held = arg;
    held->station_count++;
    if (held->listed_count < SRV_HOLD_STATIONS_MAX)
        memcpy(held->stations[held->listed_count++], station->id, sizeof held->stations[0]);
    return true;
}

enum cm_code srv_night_find_hold(struct srv_night_work *work, const struct srv_session_info *info,
                                 struct srv_alert_cursor *cursor, struct cm_err *err)
{
    struct srv_alert_cursor held = *cursor;
    held.station_count = held.listed_count = 0;
    memset(held.stations, 0, sizeof held.stations);
    if (info->word.word == CM_WORD_REOPENED) {
        held.hold = SRV_HOLD_REOPENED;
    } else {
        enum cm_code code =
            srv_store_each_awaited(work->store, info->class_id, info->date, take_awaited, &held, err);
        if (code != CM_OK)
            return code;
        held.hold = held.station_count > 0 ? SRV_HOLD_STATIONS : SRV_HOLD_NOBODY;
    }
    if (held.held_date != info->date)
        held.held_wall_ms = work->options->now_ms;
    held.held_date = info->date;
    *cursor = held;
    return CM_OK;
}

enum { NAMED_MAX = 2 };

static size_t name_station(struct srv_store *store, const struct cm_zone *zone, const char *id, char *out,
                           size_t room)
{
    struct srv_station station = {.last_event_wall_ms = 0};
    char last[CM_INSTANT_TEXT_SIZE];
    bool known = srv_store_get_station(store, id, &station, NULL) == CM_OK;
    const char *name = known ? station.name : id;
    int length;
    if (station.acked_seq > 0)
        length = snprintf(out, room, " station %s has not reported past %s;", name,
                          cm_instant_local(zone, station.last_event_wall_ms, last));
    else
        length = snprintf(out, room, " station %s has not reported anything yet;", name);
    return length > 0 && (size_t)length < room ? (size_t)length : room - 1;
}

static void stations_text(struct srv_store *store, const struct cm_zone *zone,
                          const struct srv_alert_cursor *cursor, char out[static SRV_HOLD_TEXT_SIZE])
{
    int named = cursor->listed_count < NAMED_MAX ? cursor->listed_count : NAMED_MAX;
    size_t used = (size_t)snprintf(out, SRV_HOLD_TEXT_SIZE, "Held:");
    for (int i = 0; i < named; i++)
        used += name_station(store, zone, cursor->stations[i], out + used, SRV_HOLD_TEXT_SIZE - used);
    if (cursor->station_count > named)
        used += (size_t)snprintf(out + used, SRV_HOLD_TEXT_SIZE - used, " and %d more.",
                                 (int)cursor->station_count - named);
    else
        out[used - 1] = '.';
    snprintf(out + used, SRV_HOLD_TEXT_SIZE - used,
             " Close the roll, or revoke a station that will not report any more.");
}

char *srv_night_hold_text(struct srv_store *store, const struct cm_zone *zone,
                          const struct srv_alert_cursor *cursor, char out[static SRV_HOLD_TEXT_SIZE])
{
    switch (cursor->hold) {
    case SRV_HOLD_NONE:
        out[0] = '\0';
        break;
    case SRV_HOLD_STATIONS:
        stations_text(store, zone, cursor, out);
        break;
    case SRV_HOLD_REOPENED:
        snprintf(out, SRV_HOLD_TEXT_SIZE, "Held: the session was opened again. Close its roll.");
        break;
    case SRV_HOLD_NOBODY:
        snprintf(out, SRV_HOLD_TEXT_SIZE,
                 "Held: no station was there to judge. Close the roll, or say that there was no school.");
        break;
    }
    return out;
}
