/*
 * What the sender does with the outbox: looks for what is due and may leave, claims it, and records what has landed. Each of
 * these is one commit, however many messages it is about.
 */
#include "notify/private.h"

#include "base/log.h"
#include "live/live.h"
#include "store/settings.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LOOK_MAX = 512, LOOK_AGAIN_MS = 5000 };

struct candidate {
    uint8_t id[16], alert_id[16];
    char address[SRV_ADDRESS_SIZE];
    enum srv_letter_kind kind;
    int64_t created_wall_ms;
    bool due;
    bool repeat;
    bool stopped; /* its address has written STOP */
    int place;    /* among those that wait */
};

struct look {
    struct srv_notify *notify;
    int64_t now_ms;
    bool quiet;
    int count;
    struct candidate list[LOOK_MAX];
};

static void tell(const struct srv_notify *notify)
{
    if (notify->app->live != NULL)
        srv_live_changed(notify->app->live, "alerts", NULL, NULL);
}

/* ---- looking ---- */

static const char *address_of(const struct srv_notify *notify, const struct srv_message *message)
{
    return srv_notify_address(notify, message->phone, message->email);
}

static bool take_candidate(void *arg, const struct srv_message *message)
{
    struct look *look = arg;
    struct candidate *candidate = &look->list[look->count];
    *candidate = (struct candidate){
        .kind = message->recipient == SRV_RECIPIENT_PARENT ? SRV_LETTER_ABSENCE : SRV_LETTER_ABSENCE_STAFF,
        .created_wall_ms = message->created_wall_ms,
        .due = message->next_try_wall_ms <= look->now_ms,
        .place = look->count};
    memcpy(candidate->id, message->id, sizeof candidate->id);
    memcpy(candidate->alert_id, message->alert_id, sizeof candidate->alert_id);
    snprintf(candidate->address, sizeof candidate->address, "%s", address_of(look->notify, message));
    return ++look->count < LOOK_MAX;
}

static int by_urgency(const void *left, const void *right)
{
    const struct candidate *a = left, *b = right;
    return a->repeat != b->repeat ? a->repeat - b->repeat : a->place - b->place;
}

static enum cm_code read_outbox(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct look *look = arg;
    struct srv_alert_terms terms;
    struct srv_alert alert;
    int64_t since_ms;
    look->count = 0;
    enum cm_code code = srv_alert_terms_load(store, &terms, err);
    if (code != CM_OK)
        return code;
    look->quiet = !srv_alerts_may_leave(&terms.hours, look->notify->app->zone, look->now_ms, NULL);
    code = srv_store_each_message_in_state(store, SRV_MESSAGE_QUEUED, take_candidate, look, err);
    for (int i = 0; i < look->count && code == CM_OK; i++) {
        struct candidate *candidate = &look->list[i];
        if (srv_store_get_alert(store, candidate->alert_id, &alert, NULL) == CM_OK)
            candidate->repeat = alert.repeat;
        candidate->stopped = candidate->address[0] != '\0' &&
                             srv_store_get_stopped(store, candidate->address, &since_ms, NULL) == CM_OK;
    }
    qsort(look->list, (size_t)look->count, sizeof look->list[0], by_urgency);
    return code;
}

/* ---- claiming ---- */

enum verdict { LEAVE_IT, CLAIM_IT, STOPPED, TOO_LATE };

struct claims {
    struct srv_notify *notify;
    int64_t now_ms;
    int count;
    struct {
        struct candidate candidate;
        enum verdict verdict;
        struct srv_claim claim; /* result: what came of it */
        bool done;
    } list[SRV_PROVIDER_FLIGHTS_MAX];
};

/* It fails where it is: nothing was sent, so it is as if there were nowhere to send it. */
static enum cm_code fail_here(struct srv_store *store, const uint8_t id[16], const char *why, int64_t now_ms,
                              struct cm_err *err)
{
    const struct srv_outcome outcome = {.event = SRV_OUTBOX_NO_ADDRESS, .error_text = why, .wall_ms = now_ms};
    return srv_alerts_record(store, id, &outcome, NULL, err);
}

static enum cm_code claim_all(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct claims *claims = arg;
    const struct srv_notify *notify = claims->notify;
    const char *dry = notify->channel == SRV_CHANNEL_DRY_RUN ? "dry-run" : NULL;
    const struct srv_claim_options options = {
        .zone = notify->app->zone,
        .coordinator_phone = notify->coordinator_phone,
        .phone_provider = notify->by_phone != NULL ? notify->by_phone->class_->name : dry,
        .email_provider = notify->by_email != NULL ? notify->by_email->class_->name : dry};
    enum cm_code code = CM_OK;
    for (int i = 0; i < claims->count && code == CM_OK; i++) {
        const struct candidate *candidate = &claims->list[i].candidate;
        if (claims->list[i].verdict == STOPPED)
            code = fail_here(store, candidate->id, SRV_OPTED_OUT_TEXT,
                             claims->now_ms, err);
        else if (claims->list[i].verdict == TOO_LATE)
            code = fail_here(store, candidate->id, "too late to be sent", claims->now_ms, err);
        else
            code =
                srv_alerts_claim(store, &options, candidate->id, claims->now_ms, &claims->list[i].claim, err);
        claims->list[i].done = code == CM_OK;
        if (code == CM_NOTFOUND || code == CM_INVALID) /* erased, or changed, since it was looked for */
            code = CM_OK;
    }
    return code;
}

static void name_days(const struct srv_alert *alert, char *out, size_t size)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    enum { SHOWN = 7 };
    size_t length = 0;
    int first = alert->day_count > SHOWN ? alert->day_count - SHOWN : 0;
    out[0] = '\0';
    if (alert->absent_count > alert->day_count - first)
        length = (size_t)snprintf(out, size, "…, ");
    for (int i = first; i < alert->day_count && length < size; i++) {
        int32_t date = alert->days[i].date;
        length += (size_t)snprintf(out + length, size - length, "%s%d %.3s", i > first ? ", " : "",
                                   date % 100, months + 3 * (date / 100 % 100 - 1));
    }
}

void srv_notify_letter(const struct srv_claim *claim, const char *school, const char *address,
                       struct srv_letter *ret_letter)
{
    const struct srv_message *message = &claim->message;
    bool parent = message->recipient == SRV_RECIPIENT_PARENT;
    char days[16], dates[SRV_WORD_SIZE];
    *ret_letter = (struct srv_letter){.kind = parent ? SRV_LETTER_ABSENCE : SRV_LETTER_ABSENCE_STAFF};
    memcpy(ret_letter->id, message->id, sizeof ret_letter->id);
    snprintf(ret_letter->to, sizeof ret_letter->to, "%s", address);
    snprintf(days, sizeof days, "%d", (int)claim->alert.absent_count);
    name_days(&claim->alert, dates, sizeof dates);
    srv_letter_set(ret_letter, SRV_WORD_RECIPIENT,
                   message->name[0] != '\0' ? message->name
                   : parent                 ? "parent"
                                            : "colleague");
    srv_letter_set(ret_letter, SRV_WORD_STUDENT, claim->student_name);
    srv_letter_set(ret_letter, SRV_WORD_CLASS, claim->alert.class_id);
    srv_letter_set(ret_letter, SRV_WORD_DAYS, days);
    srv_letter_set(ret_letter, SRV_WORD_DATES, dates);
    srv_letter_set(ret_letter, SRV_WORD_SCHOOL, school);
    srv_letter_set(ret_letter, SRV_WORD_CODE, "");
}

/* The address may be another by now. */
static void begin_claimed(struct srv_notify *notify, const struct candidate *candidate,
                          const struct srv_claim *claim, const char *school)
{
    struct srv_flight *flight = srv_flight_free(notify);
    struct srv_letter letter;
    srv_notify_letter(claim, school, address_of(notify, &claim->message), &letter);
    flight->tries = claim->message.tries;
    flight->created_wall_ms = claim->message.created_wall_ms;
    if (strcmp(letter.to, candidate->address) != 0) {
        srv_pace_take_back(notify->pace, candidate->address);
        srv_pace_begin(notify->pace, letter.to, srv_notify_now(notify));
    }
    srv_flight_begin(flight, &letter);
}

static void begin_all(struct srv_notify *notify, const struct claims *claims, const char *school)
{
    for (int i = 0; i < claims->count; i++) {
        const struct candidate *candidate = &claims->list[i].candidate;
        if (claims->list[i].verdict != CLAIM_IT)
            continue;
        if (claims->list[i].done && claims->list[i].claim.result == SRV_CLAIM_SEND)
            begin_claimed(notify, candidate, &claims->list[i].claim, school);
        else
            srv_pace_take_back(notify->pace, candidate->address);
    }
}

static void claim_and_begin(struct srv_notify *notify, struct claims *claims)
{
    struct cm_err err = CM_ERR_INIT;
    char school[SRV_SETTING_SIZE] = "";
    if (srv_setting_or(notify->app->store, SRV_SETTING_SCHOOL_NAME, "", school, &err) != CM_OK ||
        srv_store_write(notify->app->store, claim_all, claims, &err) != CM_OK) {
        cm_log_err(CM_LOG_ERROR, "notify", "messages could not be claimed", &err);
        notify->look_mono_ms = srv_notify_now(notify).mono_ms + LOOK_AGAIN_MS;
        for (int i = 0; i < claims->count; i++)
            claims->list[i].done = false;
    }
    begin_all(notify, claims, school);
    tell(notify);
}

/* May it leave now? When not: in how long it is worth asking again. */
static enum verdict judge(struct srv_notify *notify, const struct look *look,
                          const struct candidate *candidate, struct srv_pace_now now, int64_t *wait_ms)
{
    enum { PAIR_WAIT_MS = 500, RATE_WAIT_MS = 50 };
    if (look->now_ms > candidate->created_wall_ms + notify->max_age_ms)
        return TOO_LATE;
    if (candidate->stopped)
        return STOPPED;
    if (!candidate->due || look->quiet || notify->channel == SRV_CHANNEL_NONE ||
        srv_notify_paused(notify, candidate->kind, now.mono_ms))
        return LEAVE_IT;
    enum srv_pace_answer answer = srv_pace_may(notify->pace, candidate->address, now);
    if (answer == SRV_PACE_BUSY && *wait_ms > PAIR_WAIT_MS)
        *wait_ms = PAIR_WAIT_MS;
    if (answer == SRV_PACE_RATE && *wait_ms > RATE_WAIT_MS)
        *wait_ms = RATE_WAIT_MS;
    return answer == SRV_PACE_GO ? CLAIM_IT : LEAVE_IT;
}

static int free_flights(const struct srv_notify *notify)
{
    int count = 0;
    for (int i = 0; i < SRV_PROVIDER_FLIGHTS_MAX; i++)
        count += notify->flights[i].state == SRV_FLIGHT_FREE;
    return count;
}

/* Of those to one address the one that was made first goes first, also when it has to wait. */
static bool is_behind(const struct look *look, const struct candidate *candidate)
{
    for (int i = 0; i < look->count && candidate->address[0] != '\0'; i++) {
        const struct candidate *other = &look->list[i];
        bool before = other->created_wall_ms != candidate->created_wall_ms
                          ? other->created_wall_ms < candidate->created_wall_ms
                          : other->place < candidate->place;
        if (before && strcmp(other->address, candidate->address) == 0)
            return true;
    }
    return false;
}

static void choose(struct srv_notify *notify, const struct look *look, struct claims *claims,
                   int64_t *wait_ms)
{
    struct srv_pace_now now = srv_notify_now(notify);
    int room = free_flights(notify), claimed = 0;
    for (int i = 0; i < look->count && claims->count < SRV_PROVIDER_FLIGHTS_MAX; i++) {
        const struct candidate *candidate = &look->list[i];
        enum verdict verdict = judge(notify, look, candidate, now, wait_ms);
        if (verdict == CLAIM_IT && (claimed >= room || is_behind(look, candidate)))
            continue;
        if (verdict == LEAVE_IT)
            continue;
        if (verdict == CLAIM_IT)
            srv_pace_begin(notify->pace, candidate->address, now); /* those behind it see that it goes */
        claimed += verdict == CLAIM_IT;
        claims->list[claims->count].candidate = *candidate;
        claims->list[claims->count].verdict = verdict;
        claims->list[claims->count++].done = false;
    }
}

void srv_outbox_look(struct srv_notify *notify)
{
    struct srv_pace_now now = srv_notify_now(notify);
    uint64_t version = srv_store_version(notify->app->store);
    struct cm_err err = CM_ERR_INIT;
    int64_t wait_ms = LOOK_AGAIN_MS;
    if (free_flights(notify) == 0 || (now.mono_ms < notify->look_mono_ms && version == notify->version))
        return;
    struct look *look = malloc(sizeof *look);
    struct claims *claims = malloc(sizeof *claims);
    if (look != NULL && claims != NULL) {
        look->notify = claims->notify = notify;
        look->now_ms = claims->now_ms = now.wall_ms;
        claims->count = 0;
        notify->version = version;
        notify->look_mono_ms = now.mono_ms + wait_ms;
        if (srv_store_read(notify->app->store, read_outbox, look, &err) != CM_OK)
            cm_log_err(CM_LOG_ERROR, "notify", "the outbox could not be read", &err);
        else
            choose(notify, look, claims, &wait_ms);
        notify->look_mono_ms = now.mono_ms + wait_ms;
        if (claims->count > 0)
            claim_and_begin(notify, claims);
        srv_notify_soon(notify, wait_ms);
    }
    free(look);
    free(claims);
}

/* ---- recording ---- */

struct recording {
    struct srv_notify *notify;
    bool moved;
};

static enum cm_code record_all(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct recording *recording = arg;
    enum cm_code code = CM_OK;
    recording->moved = false;
    for (int i = 0; i < SRV_PROVIDER_FLIGHTS_MAX && code == CM_OK; i++) {
        const struct srv_flight *flight = &recording->notify->flights[i];
        bool moved = false;
        if (flight->state != SRV_FLIGHT_LANDED)
            continue;
        code = srv_alerts_record(store, flight->id, &flight->outcome, &moved, err);
        if (code == CM_EXISTS) { /* the provider gave two messages one id: then it is of no use */
            struct srv_outcome nameless = flight->outcome;
            nameless.provider_id = NULL;
            code = srv_alerts_record(store, flight->id, &nameless, &moved, err);
        }
        recording->moved |= moved;
        if (code == CM_NOTFOUND || code == CM_INVALID) /* erased meanwhile; or a webhook said it before */
            code = CM_OK;
    }
    return code;
}

void srv_outbox_record(struct srv_notify *notify)
{
    struct recording recording = {.notify = notify};
    struct cm_err err = CM_ERR_INIT;
    bool any = false;
    for (int i = 0; i < SRV_PROVIDER_FLIGHTS_MAX; i++)
        any |= notify->flights[i].state == SRV_FLIGHT_LANDED;
    if (!any)
        return;
    if (srv_store_write(notify->app->store, record_all, &recording, &err) != CM_OK) {
        /* they stay: nothing new is claimed in their places, and they are recorded when the store can */
        cm_log_err(CM_LOG_ERROR, "notify", "what became of messages could not be recorded", &err);
        return;
    }
    for (int i = 0; i < SRV_PROVIDER_FLIGHTS_MAX; i++)
        if (notify->flights[i].state == SRV_FLIGHT_LANDED)
            notify->flights[i] = (struct srv_flight){.notify = notify};
    tell(notify);
}

/* ---- every minute ---- */

struct verifying {
    int64_t now_ms;
    size_t withdrawn;
};

static enum cm_code verify(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct verifying *verifying = arg;
    return srv_alerts_verify_queued(store, verifying->now_ms, &verifying->withdrawn, err);
}

static bool note_one(void *arg, const struct srv_message *message)
{
    (void)message;
    *(bool *)arg = true;
    return false;
}

void srv_outbox_verify(struct srv_notify *notify)
{
    struct verifying verifying = {.now_ms = srv_notify_now(notify).wall_ms};
    struct cm_err err = CM_ERR_INIT;
    bool any = false;
    enum cm_code code =
        srv_store_each_message_in_state(notify->app->store, SRV_MESSAGE_QUEUED, note_one, &any, &err);
    if (code == CM_OK && any)
        code = srv_store_write(notify->app->store, verify, &verifying, &err);
    if (code != CM_OK)
        cm_log_err(CM_LOG_ERROR, "notify", "messages that wait could not be verified", &err);
    else if (verifying.withdrawn > 0)
        tell(notify);
}

/* ---- the start ---- */

static bool note_sent(void *arg, const struct srv_message *message)
{
    struct srv_notify *notify = arg;
    for (int i = message->step_count - 1; i >= 0; i--) {
        if (message->steps[i].state == SRV_MESSAGE_SENDING) {
            srv_pace_was_sent(notify->pace, address_of(notify, message), message->steps[i].wall_ms,
                              srv_notify_now(notify));
            break;
        }
    }
    return true;
}

enum cm_code srv_outbox_restore_pace(struct srv_notify *notify, struct cm_err *err)
{
    static const enum srv_message_state states[] = {SRV_MESSAGE_SENT, SRV_MESSAGE_DELIVERED, SRV_MESSAGE_READ,
                                                    SRV_MESSAGE_UNKNOWN};
    enum cm_code code = CM_OK;
    for (size_t i = 0; i < sizeof states / sizeof states[0] && code == CM_OK; i++)
        code = srv_store_each_message_in_state(notify->app->store, states[i], note_sent, notify, err);
    return code;
}
