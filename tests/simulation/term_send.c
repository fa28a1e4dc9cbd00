/* The sender as the product's rules for it say, a provider that is not to be relied on, and people who look after alerts. */
#include "simulation/term.h"

#include "simulation/chance.h"
#include <stdio.h>
#include <string.h>

enum { DUE_MAX = 400 };

struct ref_alert *term_ref_alert(struct term *term, int student, int trigger, int generation)
{
    for (int i = 0; i < term->ref->alert_counts[student]; i++) {
        struct ref_alert *alert = &term->ref->alerts[student][i];
        if (alert->trigger == trigger && alert->generation == generation)
            return alert;
    }
    return NULL;
}

/* ---- the provider ---- */

static struct term_call *call_of(struct term *term, const struct term_message *message)
{
    for (int i = 0; i < term->call_count; i++)
        if (memcmp(term->calls[i].id, message->id, sizeof message->id) == 0)
            return &term->calls[i];
    if (term->call_count == TERM_CALLS) {
        term_wrong(term, message->student, "more messages than a term can have");
        return &term->calls[0];
    }
    struct term_call *call = &term->calls[term->call_count++];
    *call = (struct term_call){
        .key = {message->student, message->trigger, message->generation, message->recipient}};
    memcpy(call->id, message->id, sizeof call->id);
    return call;
}

static void add_hook(struct term *term, const struct term_call *call, enum ref_news news, int64_t at_ms)
{
    if (term->hook_count == TERM_HOOKS)
        return;
    struct term_hook *hook = &term->hooks[term->hook_count++];
    *hook = (struct term_hook){.at_ms = at_ms, .key = call->key, .news = news};
    memcpy(hook->id, call->id, sizeof hook->id);
}

/* What becomes of what was taken: told in no order, twice, late, or never. */
static void plan_hooks(struct term *term, const struct term_call *call)
{
    static const enum ref_news good[] = {REF_TOLD_SENT, REF_TOLD_DELIVERED, REF_TOLD_READ};
    int count = sim_draw(4), wait = sim_happens(30) ? 3 * 1440 : 60;
    if (sim_happens(12)) {
        add_hook(term, call, REF_TOLD_FAILED, term->now_ms + sim_draw(wait) * 60000);
        return;
    }
    for (int i = 0; i < count; i++) {
        add_hook(term, call, good[i], term->now_ms + sim_draw(wait) * 60000);
        if (sim_happens(20))
            add_hook(term, call, good[i], term->now_ms + sim_draw(wait) * 60000);
    }
}

static void hear(struct term *term, const struct term_hook *hook)
{
    struct ref_alert *alert =
        term_ref_alert(term, hook->key.student, hook->key.trigger, hook->key.generation);
    bool known = term_news(term->server, hook->id, hook->news, sim_happens(50) ? "" : NULL, 0, term->now_ms);
    term_tell(term, "webhook %d about S-%02d's message to %d", (int)hook->news, hook->key.student,
              hook->key.recipient);
    term->totals->hooks++;
    if (known != (alert != NULL))
        term_wrong(term, hook->key.student, "a webhook found %s message", known ? "an erased" : "no");
    if (alert != NULL)
        ref_news(alert, hook->key.recipient, hook->news, 0);
    for (int i = 0; i < term->call_count && hook->news == REF_TOLD_FAILED; i++)
        if (memcmp(term->calls[i].id, hook->id, sizeof hook->id) == 0)
            term->calls[i].out = false;
}

void term_hooks(struct term *term, bool all)
{
    for (int i = term->hook_count; i > 0 && !term->broken; i--) { /* the newest first: out of order */
        if (term->hooks[i - 1].at_ms > term->now_ms && !all)
            continue;
        struct term_hook hook = term->hooks[i - 1];
        term->hooks[i - 1] = term->hooks[--term->hook_count];
        hear(term, &hook);
    }
}

/* ---- one message ---- */

static void crash_and_restart(struct term *term)
{
    term->totals->crashes++;
    term_tell(term, "the sender dies");
    term_server_restart(term->server);
    term_recover(term->server, term->now_ms);
    ref_recover(term->ref);
}

static void answer(struct term *term, struct ref_alert *alert, const struct term_message *message,
                   enum ref_news news)
{
    char id[40];
    int64_t next_ms = term->now_ms + (1 + sim_draw(90)) * 60000;
    snprintf(id, sizeof id, "wamid.%02d%06d%02d%02d", message->student, message->trigger, message->generation,
             message->recipient);
    bool known =
        term_news(term->server, message->id, news, news == REF_TAKEN ? id : NULL, next_ms, term->now_ms);
    if (!known)
        term_wrong(term, message->student, "an answer of the provider is not taken");
    ref_news(alert, message->recipient, news, next_ms);
}

static void ask_provider(struct term *term, struct ref_alert *alert, const struct term_message *message)
{
    struct term_call *call = call_of(term, message);
    int what = sim_draw(100), calm = term->trouble < 30;
    bool taken = calm ? what < 95 : what < 70;
    bool lost = !taken && what % 3 == 0; /* the answer, and it may have come there */
    if (lost)
        taken = sim_happens(50);
    term->totals->sends++;
    term_judge_call(term, alert);
    if (call->out && !call->allowed)
        term_wrong(term, message->student, "a message is sent once more, and nobody said so");
    call->allowed = call->allowed && !taken && !lost; /* who was told that it was not taken may try on */
    call->asked++;
    call->taken += taken;
    call->out |= taken;
    call->last_ms = term->now_ms;
    term_tell(term, "S-%02d's message to %d is sent: %s%s", message->student, message->recipient,
              taken ? "taken" : "not taken", lost ? ", no answer" : "");
    if (taken)
        plan_hooks(term, call);
    if (taken && sim_happens(10))
        term_hooks(term, true); /* before the answer */
    if (sim_happens(term->trouble / 20)) {
        crash_and_restart(term);
        return;
    }
    term->totals->lost += lost;
    if (lost)
        answer(term, alert, message, REF_LOST);
    else if (taken)
        answer(term, alert, message, REF_TAKEN);
    else
        answer(term, alert, message, what % 3 == 1 ? REF_AGAIN : REF_REFUSED);
}

static void send_one(struct term *term, const struct term_message *message)
{
    static const char *const names[] = {"send", "not due", "quiet", "withdrawn", "no address"};
    struct ref_alert *alert = term_ref_alert(term, message->student, message->trigger, message->generation);
    bool crash = sim_happens(term->trouble / 25);
    if (alert == NULL || !alert->messages[message->recipient].exists) {
        term_wrong(term, message->student, "a message of which the rules know nothing");
        return;
    }
    enum ref_claim got = term_claim(term->server, message->id, term->now_ms, term->ref->school_number,
                                    term->ref->email_way, crash);
    if (crash) {
        crash_and_restart(term);
        return;
    }
    enum ref_claim wanted = ref_claim(term->ref, alert, message->recipient, term->now_ms);
    term_tell(term, "S-%02d's message to %d is claimed: %s", message->student, message->recipient,
              names[got]);
    if (got != wanted)
        term_wrong(term, message->student, "the claim of a message says %s; by the rules: %s", names[got],
                   names[wanted]);
    if (sim_happens(5) &&
        term_claim(term->server, message->id, term->now_ms, term->ref->school_number, term->ref->email_way,
                   false) == REF_CLAIM_SEND &&
        got == REF_CLAIM_SEND)
        term_wrong(term, message->student, "a message is claimed twice");
    if (got == REF_CLAIM_SEND && sim_happens(term->trouble / 30))
        crash_and_restart(term); /* before the provider is asked */
    else if (got == REF_CLAIM_SEND && !term->broken)
        ask_provider(term, alert, message);
}

static int ref_due(struct term *term)
{
    int count = 0;
    for (int s = 0; s < term->student_count; s++)
        for (int i = 0; i < term->ref->alert_counts[s]; i++)
            for (int r = 0; r < REF_RECIPIENTS; r++) {
                const struct ref_message *m = &term->ref->alerts[s][i].messages[r];
                count += m->exists && m->way == REF_QUEUED && m->next_try_ms <= term->now_ms;
            }
    return count;
}

void term_send(struct term *term)
{
    struct term_message due[DUE_MAX];
    if (sim_happens(50)) {
        term_verify(term->server, term->now_ms);
        ref_verify_queued(term->ref, term->now_ms);
    }
    int count = term_due(term->server, term->now_ms, due, DUE_MAX), wanted = ref_due(term);
    if (count != wanted)
        term_wrong(term, count > 0 ? due[0].student : 0, "%d messages are due; by the rules: %d", count,
                   wanted);
    for (int i = 0; i < count && !term->broken; i++)
        send_one(term, &due[i]);
}

/* ---- people ---- */

static void allow_again(struct term *term, const struct term_message *message)
{
    for (int i = 0; i < term->call_count; i++)
        if (memcmp(term->calls[i].id, message->id, sizeof message->id) == 0)
            term->calls[i].allowed = true;
}

static bool do_one(struct term *term, struct ref_alert *wanted, const struct term_alert *alert, int what)
{
    const struct term_message *message = &alert->messages[sim_draw(alert->message_count)];
    bool was_sent = sim_happens(50), got = false, should = false;
    switch (what) {
    case 0:
        should = ref_cancel(wanted);
        got = term_cancel(term->server, alert->id, term->now_ms);
        break;
    case 1:
        for (int i = 0; i < alert->message_count; i++)
            if (wanted->state == REF_ACTIVE && alert->messages[i].way == REF_UNKNOWN)
                allow_again(term, &alert->messages[i]);
        should = ref_retry(term->ref, wanted, term->now_ms);
        got = term_retry(term->server, alert->id, term->now_ms);
        break;
    case 2:
        term_acknowledge(term->server, alert->id, term->now_ms);
        wanted->seen = true;
        break;
    default:
        should = ref_resolve(wanted, message->recipient, was_sent, term->now_ms);
        got = term_resolve(term->server, alert->id, message->id, was_sent, term->now_ms);
        if (got && !was_sent)
            allow_again(term, message);
        break;
    }
    term_tell(term, "a person: %d about S-%02d's alert: %s", what, wanted->student, got ? "done" : "no");
    return got == should;
}

void term_people_and_alerts(struct term *term)
{
    struct term_alert alerts[REF_ALERTS];
    int student = sim_draw(term->student_count);
    if (!term->pupils[student].exists || term->pupils[student].erased)
        return;
    int count = term_alerts(term->server, student, alerts, REF_ALERTS);
    if (count == 0)
        return;
    const struct term_alert *alert = &alerts[sim_draw(count)];
    struct ref_alert *wanted = term_ref_alert(term, student, alert->trigger, alert->generation);
    if (wanted == NULL)
        return; /* the judge will say so */
    static const int chances[] = {0, 1, 1, 2, 3, 3, 3};
    if (!do_one(term, wanted, alert, chances[sim_draw(7)]))
        term_wrong(term, student, "what a person may do with an alert differs");
}
