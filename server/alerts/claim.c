#include "alerts/claim.h"

#include "alerts/decide.h"
#include "alerts/put_back.h"
#include "http/http.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- taking an alert back ---- */

struct messages { /* of one alert */
    struct srv_message *list;
    size_t count, room;
    struct cm_err *err;
    enum cm_code code;
};

static bool take_message(void *arg, const struct srv_message *message)
{
    struct messages *messages = arg;
    if (messages->count == messages->room) {
        size_t room = messages->room > 0 ? messages->room * 2 : 4;
        struct srv_message *list = realloc(messages->list, room * sizeof *list);
        if (list == NULL) {
            messages->code = cm_fail(messages->err, CM_NOMEM, "no memory for the messages of an alert");
            return false;
        }
        messages->list = list;
        messages->room = room;
    }
    messages->list[messages->count++] = *message;
    return true;
}

static enum cm_code load_messages(struct srv_store *store, const uint8_t alert_id[16],
                                  struct messages *messages, struct cm_err *err)
{
    messages->err = err;
    enum cm_code code = srv_store_each_message_of_alert(store, alert_id, take_message, messages, err);
    return code == CM_OK ? messages->code : code;
}

/* Also of what is queued again, or was then taken back: it may have left before, unless it is known that it failed. */
static bool may_have_left(const struct srv_message *message)
{
    if (message->state == SRV_MESSAGE_SENDING)
        return true;
    for (int i = message->step_count; i > 0; i--) {
        switch (message->steps[i - 1].state) {
        case SRV_MESSAGE_SENT:
        case SRV_MESSAGE_DELIVERED:
        case SRV_MESSAGE_READ:
        case SRV_MESSAGE_UNKNOWN:
            return true;
        case SRV_MESSAGE_FAILED:
            if (i > 1 && message->steps[i - 2].state == SRV_MESSAGE_QUEUED)
                break; /* it had nowhere to go this time, which says nothing of the tries before */
            return false;
        case SRV_MESSAGE_QUEUED:
        case SRV_MESSAGE_SENDING: /* what came back from it was not sent */
        case SRV_MESSAGE_CANCELLED:
            break;
        }
    }
    return false;
}

static enum cm_code take_back_messages(struct srv_store *store, const uint8_t alert_id[16],
                                       const char *reason, int64_t now_ms, size_t *ret_taken_back,
                                       bool *ret_left, struct cm_err *err)
{
    struct messages messages = {0};
    enum cm_code code = load_messages(store, alert_id, &messages, err);
    *ret_taken_back = 0;
    *ret_left = false;
    for (size_t i = 0; i < messages.count && code == CM_OK; i++) {
        struct srv_message *message = &messages.list[i];
        *ret_left |= may_have_left(message);
        if (srv_outbox_apply(message, SRV_OUTBOX_TAKEN_BACK, now_ms) != SRV_OUTBOX_MOVES)
            continue;
        snprintf(message->error_text, sizeof message->error_text, "%s", reason);
        code = srv_store_put_message(store, message, err);
        ++*ret_taken_back;
    }
    free(messages.list);
    return code;
}

static enum cm_code withdraw(struct srv_store *store, struct srv_alert *alert, const char *reason,
                             int64_t now_ms, struct cm_err *err)
{
    size_t taken_back;
    bool left;
    enum cm_code code = take_back_messages(store, alert->id, reason, now_ms, &taken_back, &left, err);
    if (code != CM_OK)
        return code;
    left |= alert->acknowledged_wall_ms != 0 && taken_back == 0; /* all failed: it was told by a letter */
    alert->acknowledged_wall_ms = 0;
    alert->state = left ? SRV_ALERT_CONTRADICTED : SRV_ALERT_WITHDRAWN;
    srv_alert_add_note(alert, left ? SRV_ALERT_WAS_CONTRADICTED : SRV_ALERT_WAS_WITHDRAWN, now_ms, NULL,
                       reason);
    return srv_store_put_alert(store, alert, err);
}

/* Alerts are switched off: nothing waits to be sent. What nobody was told of counts as never made, so that a run that
 * still goes on when they are switched on again is told then. */
static enum cm_code call_off(struct srv_store *store, struct srv_alert *alert, int64_t now_ms,
                             struct cm_err *err)
{
    static const char reason[] = "alerts were switched off";
    size_t taken_back;
    bool left;
    enum cm_code code = take_back_messages(store, alert->id, reason, now_ms, &taken_back, &left, err);
    if (code != CM_OK || left)
        return code;
    alert->acknowledged_wall_ms = 0;
    alert->state = SRV_ALERT_WITHDRAWN;
    srv_alert_add_note(alert, SRV_ALERT_WAS_WITHDRAWN, now_ms, NULL, reason);
    return srv_store_put_alert(store, alert, err);
}

/* Withdraws what is not so any more, or not to be told. *ret_stands: it is. */
static enum cm_code verify(struct srv_store *store, const struct srv_alert_terms *terms,
                           struct srv_alert *alert, int64_t now_ms, bool *ret_stands, struct cm_err *err)
{
    char reason[CM_TEXT_SIZE];
    size_t taken_back;
    bool left;
    *ret_stands = false;
    if (alert->state != SRV_ALERT_ACTIVE)
        return take_back_messages(store, alert->id, "the alert was taken back", now_ms, &taken_back, &left,
                                  err);
    enum cm_code code = srv_still_true(store, alert, ret_stands, reason, err);
    if (code == CM_OK && !*ret_stands)
        return withdraw(store, alert, reason, now_ms, err);
    if (code != CM_OK || terms->enabled)
        return code;
    *ret_stands = false;
    return call_off(store, alert, now_ms, err);
}

/* ---- claiming ---- */

static bool has_class(const struct srv_user *user, const char *class_id)
{
    for (int i = 0; i < user->class_count; i++)
        if (strcmp(user->classes[i], class_id) == 0)
            return true;
    return false;
}

/* The address as it is now; none of a coordinator who does not have the class any more. */
static enum cm_code refresh_address(struct srv_store *store, const struct srv_claim_options *options,
                                    struct srv_claim *claim, struct cm_err *err)
{
    struct srv_message *message = &claim->message;
    struct srv_student student;
    struct srv_user user;
    enum cm_code code = srv_store_get_student(store, message->student_id, &student, err);
    if (code != CM_OK)
        return code;
    memcpy(claim->student_name, student.base.name, sizeof claim->student_name);
    memset(message->email, 0, sizeof message->email);
    memset(message->phone, 0, sizeof message->phone);
    if (message->recipient == SRV_RECIPIENT_PARENT) {
        memcpy(message->name, student.parent_name, sizeof message->name);
        memcpy(message->phone, student.parent_phone, sizeof message->phone);
        memcpy(message->email, student.parent_email, sizeof message->email);
        return CM_OK;
    }
    if (message->user[0] == '\0') {
        snprintf(message->phone, sizeof message->phone, "%s",
                 options->coordinator_phone != NULL ? options->coordinator_phone : "");
        return CM_OK;
    }
    code = srv_store_get_user(store, message->user, &user, err);
    if (code == CM_NOTFOUND)
        return CM_OK;
    if (code == CM_OK && user.role == SRV_ROLE_COORDINATOR && !user.disabled &&
        has_class(&user, claim->alert.class_id)) {
        memcpy(message->name, user.full_name, sizeof message->name);
        memcpy(message->phone, user.phone, sizeof message->phone);
        memcpy(message->email, user.email, sizeof message->email);
    }
    return code;
}

/* The way that it goes: the provider for the address that there is. NULL: none. */
static const char *choose_provider(const struct srv_claim_options *options, const struct srv_message *message)
{
    if (options->phone_provider != NULL && message->phone[0] != '\0')
        return options->phone_provider;
    return options->email_provider != NULL && message->email[0] != '\0' ? options->email_provider : NULL;
}

/* By the number to which it would go. */
static enum cm_code has_stopped(struct srv_store *store, const struct srv_claim_options *options,
                                const char *provider, const struct srv_message *message, bool *ret_stopped,
                                struct cm_err *err)
{
    int64_t since_ms;
    *ret_stopped = false;
    if (provider == NULL || provider != options->phone_provider)
        return CM_OK;
    enum cm_code code = srv_store_get_stopped(store, message->phone, &since_ms, err);
    *ret_stopped = code == CM_OK;
    return code == CM_NOTFOUND ? CM_OK : code;
}

static enum cm_code set_out(struct srv_store *store, const struct srv_claim_options *options, int64_t now_ms,
                            struct srv_claim *claim, struct cm_err *err)
{
    struct srv_message *message = &claim->message;
    enum cm_code code = refresh_address(store, options, claim, err);
    if (code != CM_OK)
        return code;
    const char *provider = choose_provider(options, message), *why = "no_address";
    bool stopped;
    code = has_stopped(store, options, provider, message, &stopped, err);
    if (code != CM_OK)
        return code;
    if (stopped) {
        provider = NULL;
        why = SRV_OPTED_OUT_TEXT;
    }
    claim->result = provider != NULL ? SRV_CLAIM_SEND : SRV_CLAIM_NO_ADDRESS;
    srv_outbox_apply(message, provider != NULL ? SRV_OUTBOX_CLAIMED : SRV_OUTBOX_NO_ADDRESS, now_ms);
    snprintf(message->provider, sizeof message->provider, "%s", provider != NULL ? provider : "");
    snprintf(message->error_text, sizeof message->error_text, "%s", provider != NULL ? "" : why);
    message->error_code = 0;
    return srv_store_put_message(store, message, err);
}

enum cm_code srv_alerts_claim(struct srv_store *store, const struct srv_claim_options *options,
                              const uint8_t message_id[16], int64_t now_ms, struct srv_claim *ret_claim,
                              struct cm_err *err)
{
    struct srv_alert_terms terms;
    bool stands;
    memset(ret_claim, 0, sizeof *ret_claim);
    ret_claim->result = SRV_CLAIM_NOT_DUE;
    enum cm_code code = srv_store_get_message(store, message_id, &ret_claim->message, err);
    if (code == CM_NOTFOUND)
        return cm_fail(err, CM_NOTFOUND, "there is no such message any more");
    if (code == CM_OK)
        code = srv_alert_terms_load(store, &terms, err);
    if (code != CM_OK || ret_claim->message.state != SRV_MESSAGE_QUEUED ||
        ret_claim->message.next_try_wall_ms > now_ms)
        return code;
    code = srv_store_get_alert(store, ret_claim->message.alert_id, &ret_claim->alert, err);
    if (code == CM_OK)
        code = verify(store, &terms, &ret_claim->alert, now_ms, &stands, err);
    if (code != CM_OK)
        return code;
    if (!stands) {
        ret_claim->result = SRV_CLAIM_WITHDRAWN;
        return srv_store_get_message(store, message_id, &ret_claim->message, err);
    }
    if (!srv_alerts_may_leave(&terms.hours, options->zone, now_ms, &ret_claim->from_wall_ms)) {
        ret_claim->result = SRV_CLAIM_QUIET;
        return CM_OK;
    }
    return set_out(store, options, now_ms, ret_claim, err);
}

/* ---- what became of it ---- */

static void note_outcome(struct srv_message *message, const struct srv_outcome *outcome, bool moved)
{
    if (outcome->provider_id != NULL && outcome->provider_id[0] != '\0')
        snprintf(message->provider_id, sizeof message->provider_id, "%s", outcome->provider_id);
    if (!moved)
        return;
    if (outcome->event == SRV_OUTBOX_AGAIN)
        message->next_try_wall_ms = outcome->next_try_wall_ms;
    message->error_code = outcome->error_code;
    snprintf(message->error_text, sizeof message->error_text, "%s",
             outcome->error_text != NULL ? outcome->error_text : "");
}

/* Somebody got it after all: what was withdrawn as never sent was told. */
static enum cm_code note_told(struct srv_store *store, const struct srv_message *message, int64_t wall_ms,
                              struct cm_err *err)
{
    struct srv_alert alert;
    enum cm_code code = srv_store_get_alert(store, message->alert_id, &alert, err);
    if (code != CM_OK || alert.state != SRV_ALERT_WITHDRAWN || !may_have_left(message))
        return code;
    alert.state = SRV_ALERT_CONTRADICTED;
    srv_alert_add_note(&alert, SRV_ALERT_WAS_CONTRADICTED, wall_ms, NULL,
                       "a message that was taken back had been sent before");
    return srv_store_put_alert(store, &alert, err);
}

enum cm_code srv_alerts_record(struct srv_store *store, const uint8_t message_id[16],
                               const struct srv_outcome *outcome, bool *ret_moved, struct cm_err *err)
{
    struct srv_message message;
    enum cm_code code = srv_store_get_message(store, message_id, &message, err);
    if (code == CM_NOTFOUND)
        return cm_fail(err, CM_NOTFOUND, "there is no such message any more");
    if (code != CM_OK)
        return code;
    const char *before = srv_message_state_name(message.state);
    enum srv_outbox_verdict verdict = srv_outbox_apply(&message, outcome->event, outcome->wall_ms);
    if (verdict == SRV_OUTBOX_WRONG)
        return cm_fail(err, CM_INVALID, "that cannot happen to a message that is %s", before);
    note_outcome(&message, outcome, verdict == SRV_OUTBOX_MOVES);
    if (ret_moved != NULL)
        *ret_moved = verdict == SRV_OUTBOX_MOVES;
    code = srv_store_put_message(store, &message, err);
    return code == CM_OK && verdict == SRV_OUTBOX_MOVES ? note_told(store, &message, outcome->wall_ms, err)
                                                        : code;
}

enum cm_code srv_alerts_recover(struct srv_store *store, int64_t now_ms, size_t *ret_count,
                                struct cm_err *err)
{
    struct messages messages = {.err = err};
    int64_t since_ms;
    enum cm_code code = srv_alerts_put_back(store, now_ms, &since_ms, err);
    if (code == CM_OK)
        code = srv_store_each_message_in_state(store, SRV_MESSAGE_SENDING, take_message, &messages, err);
    if (code == CM_OK)
        code = messages.code;
    for (size_t i = 0; i < messages.count && code == CM_OK; i++) {
        struct srv_message *message = &messages.list[i];
        srv_outbox_apply(message, SRV_OUTBOX_LOST, now_ms);
        snprintf(message->error_text, sizeof message->error_text,
                 "the server stopped while it was being sent: it may have left");
        code = srv_store_put_message(store, message, err);
    }
    *ret_count = messages.count;
    free(messages.list);
    return code;
}

struct ids { /* of alerts */
    uint8_t list[SRV_VERIFY_MAX][16];
    size_t count;
};

static bool take_alert_id(void *arg, const struct srv_message *message)
{
    struct ids *ids = arg;
    for (size_t i = ids->count; i > 0 && ids->count - i < 16;
         i--) /* those of one alert are queued together */
        if (memcmp(ids->list[i - 1], message->alert_id, 16) == 0)
            return true;
    memcpy(ids->list[ids->count++], message->alert_id, 16);
    return ids->count < SRV_VERIFY_MAX;
}

enum cm_code srv_alerts_verify_queued(struct srv_store *store, int64_t now_ms, size_t *ret_withdrawn,
                                      struct cm_err *err)
{
    struct ids *ids = calloc(1, sizeof *ids);
    struct srv_alert_terms terms;
    size_t withdrawn = 0;
    if (ids == NULL)
        return cm_fail(err, CM_NOMEM, "no memory to verify the alerts");
    enum cm_code code = srv_alert_terms_load(store, &terms, err);
    if (code == CM_OK)
        code = srv_store_each_message_in_state(store, SRV_MESSAGE_QUEUED, take_alert_id, ids, err);
    for (size_t i = 0; i < ids->count && code == CM_OK; i++) {
        struct srv_alert alert;
        bool stands = true;
        code = srv_store_get_alert(store, ids->list[i], &alert, err);
        if (code == CM_OK)
            code = verify(store, &terms, &alert, now_ms, &stands, err);
        withdrawn += !stands;
    }
    *ret_withdrawn = withdrawn;
    free(ids);
    return code;
}

/* ---- told, and not so any more ---- */

struct told { /* a part */
    struct srv_store *store;
    int64_t oldest_wall_ms;
    struct srv_alert_place last; /* that was looked at */
    struct wrong {
        uint8_t id[16];
        char reason[CM_TEXT_SIZE];
    } * wrong; /* room for a part; changed after the walk */
    size_t count, wrong_count;
    bool more;
    enum cm_code code;
    struct cm_err *err;
};

static void look_at_told(struct told *told, const struct srv_alert *alert)
{
    bool is_wrong = false;
    struct wrong *wrong = &told->wrong[told->wrong_count];
    told->count++;
    told->code = srv_is_wrong(told->store, alert, &is_wrong, wrong->reason, told->err);
    memcpy(wrong->id, alert->id, sizeof wrong->id);
    told->wrong_count += told->code == CM_OK && is_wrong;
}

static bool take_told(void *arg, const struct srv_alert *alert)
{
    struct told *told = arg;
    told->more = told->count == SRV_TOLD_PART;
    if (told->more)
        return false;
    memcpy(told->last.student_id, alert->student_id, sizeof told->last.student_id);
    memcpy(told->last.id, alert->id, sizeof told->last.id);
    told->last.trigger_date = alert->trigger_date;
    told->last.generation = alert->generation;
    if (alert->state == SRV_ALERT_ACTIVE && alert->created_wall_ms >= told->oldest_wall_ms)
        look_at_told(told, alert);
    return told->code == CM_OK;
}

static enum cm_code withdraw_wrong(struct told *told, int64_t now_ms, struct cm_err *err)
{
    enum cm_code code = CM_OK;
    for (size_t i = 0; i < told->wrong_count && code == CM_OK; i++) {
        struct srv_alert alert;
        code = srv_store_get_alert(told->store, told->wrong[i].id, &alert, err);
        if (code == CM_OK)
            code = withdraw(told->store, &alert, told->wrong[i].reason, now_ms, err);
    }
    return code;
}

/* A class may have been held for long when an alert was made, but no longer than the rule looks back. The days here are of UTC,
 * hence the slack. */
static int32_t oldest_date(int64_t oldest_wall_ms)
{
    enum { SLACK_DAYS = 2 };
    const int64_t day_ms = INT64_C(24) * 3600 * 1000;
    return cm_date_of_day(oldest_wall_ms / day_ms - SRV_RULE_BACK_DAYS - SLACK_DAYS);
}

enum cm_code srv_alerts_check_told(struct srv_store *store, int64_t now_ms, struct srv_told_place *place,
                                   int32_t *ret_found, struct cm_err *err)
{
    const int64_t oldest_wall_ms = now_ms - SRV_TOLD_DAYS * INT64_C(24) * 3600 * 1000;
    struct told told = {.store = store, .oldest_wall_ms = oldest_wall_ms, .last = place->alert, .err = err};
    told.wrong = calloc(SRV_TOLD_PART, sizeof *told.wrong);
    if (told.wrong == NULL)
        return cm_fail(err, CM_NOMEM, "no memory to look at what was told");
    enum cm_code code = srv_store_each_alert_by_student(store, &place->alert, oldest_date(oldest_wall_ms),
                                                        take_told, &told, err);
    if (code == CM_OK)
        code = told.code;
    if (code == CM_OK)
        code = withdraw_wrong(&told, now_ms, err);
    if (code == CM_OK) {
        *place = (struct srv_told_place){.alert = told.last, .done = !told.more};
        *ret_found = (int32_t)told.wrong_count;
    }
    free(told.wrong);
    return code;
}

/* ---- what people do ---- */

static enum cm_code load_alert(struct srv_store *store, const uint8_t id[16], struct srv_alert *ret_alert,
                               struct cm_err *err)
{
    enum cm_code code = srv_store_get_alert(store, id, ret_alert, err);
    return code == CM_NOTFOUND ? cm_fail(err, CM_NOTFOUND, "there is no such alert") : code;
}

enum cm_code srv_alerts_cancel(struct srv_store *store, const uint8_t alert_id[16], const char *by,
                               const char *reason, int64_t now_ms, struct cm_err *err)
{
    struct srv_alert alert;
    size_t taken_back;
    bool left;
    enum cm_code code = load_alert(store, alert_id, &alert, err);
    if (code == CM_OK && alert.state != SRV_ALERT_ACTIVE)
        return cm_fail(err, CM_INVALID, "this alert was taken back already");
    if (code == CM_OK)
        code = take_back_messages(store, alert_id, reason, now_ms, &taken_back, &left, err);
    if (code == CM_OK && taken_back == 0)
        return cm_fail(err, CM_INVALID, "no message of this alert waits any more: nothing can be cancelled");
    if (code != CM_OK)
        return code;
    alert.state = SRV_ALERT_CANCELLED;
    srv_alert_add_note(&alert, SRV_ALERT_WAS_CANCELLED, now_ms, by, reason);
    return srv_store_put_alert(store, &alert, err);
}

enum cm_code srv_alerts_acknowledge(struct srv_store *store, const uint8_t alert_id[16], const char *by,
                                    int64_t now_ms, struct cm_err *err)
{
    struct srv_alert alert;
    enum cm_code code = load_alert(store, alert_id, &alert, err);
    if (code != CM_OK || alert.acknowledged_wall_ms != 0) /* the first one counts */
        return code;
    alert.acknowledged_wall_ms = now_ms;
    srv_alert_add_note(&alert, SRV_ALERT_WAS_ACKNOWLEDGED, now_ms, by, NULL);
    return srv_store_put_alert(store, &alert, err);
}

static enum cm_code queue_again(struct srv_store *store, struct srv_message *message, int64_t now_ms,
                                struct cm_err *err)
{
    srv_outbox_apply(message, SRV_OUTBOX_RETRIED, now_ms);
    message->next_try_wall_ms = now_ms;
    message->error_code = 0;
    memset(message->error_text, 0, sizeof message->error_text);
    return srv_store_put_message(store, message, err);
}

enum cm_code srv_alerts_retry(struct srv_store *store, const uint8_t alert_id[16], const char *by,
                              int64_t now_ms, struct cm_err *err)
{
    struct messages messages = {0};
    struct srv_alert_terms terms;
    struct srv_alert alert;
    size_t again = 0;
    enum cm_code code = load_alert(store, alert_id, &alert, err);
    if (code == CM_OK && alert.state != SRV_ALERT_ACTIVE)
        return cm_fail(err, CM_INVALID, "this alert was taken back: it is not sent again");
    if (code == CM_OK)
        code = srv_alert_terms_load(store, &terms, err);
    if (code == CM_OK && !terms.enabled)
        return cm_fail(err, CM_INVALID,
                       "alerts are switched off: nothing is sent. Switch them on in the settings first");
    if (code == CM_OK)
        code = load_messages(store, alert_id, &messages, err);
    for (size_t i = 0; i < messages.count && code == CM_OK; i++) {
        struct srv_message *message = &messages.list[i];
        if (message->state != SRV_MESSAGE_FAILED && message->state != SRV_MESSAGE_UNKNOWN)
            continue;
        code = queue_again(store, message, now_ms, err);
        again++;
    }
    free(messages.list);
    if (code == CM_OK && again == 0)
        return cm_fail(err, CM_INVALID, "no message of this alert failed or is unknown");
    if (code != CM_OK)
        return code;
    srv_alert_add_note(&alert, SRV_ALERT_WAS_RETRIED, now_ms, by, NULL);
    return srv_store_put_alert(store, &alert, err);
}

enum cm_code srv_alerts_resolve(struct srv_store *store, const uint8_t alert_id[16],
                                const uint8_t message_id[16], bool was_sent, const char *by, int64_t now_ms,
                                struct cm_err *err)
{
    struct srv_alert alert;
    struct srv_message message;
    enum cm_code code = load_alert(store, alert_id, &alert, err);
    if (code == CM_OK)
        code = srv_store_get_message(store, message_id, &message, err);
    if (code == CM_NOTFOUND || (code == CM_OK && memcmp(message.alert_id, alert_id, 16) != 0))
        return cm_fail(err, CM_NOTFOUND, "there is no such message");
    if (code == CM_OK && message.state != SRV_MESSAGE_UNKNOWN)
        return cm_fail(err, CM_INVALID, "the message is %s: there is nothing to resolve",
                       srv_message_state_name(message.state));
    if (code == CM_OK && !was_sent && alert.state != SRV_ALERT_ACTIVE)
        return cm_fail(err, CM_INVALID, "this alert was taken back: it is not sent again");
    if (code != CM_OK)
        return code;
    if (was_sent) {
        srv_outbox_apply(&message, SRV_OUTBOX_WAS_SENT, now_ms);
        code = srv_store_put_message(store, &message, err);
    } else {
        srv_outbox_apply(&message, SRV_OUTBOX_TOLD_FAILED, now_ms); /* that is what the person knows */
        code = queue_again(store, &message, now_ms, err);
    }
    if (code != CM_OK)
        return code;
    srv_alert_add_note(&alert, SRV_ALERT_WAS_RESOLVED, now_ms, by,
                       was_sent ? "it was sent" : "it was not sent: once more");
    return srv_store_put_alert(store, &alert, err);
}
