#include "alerts/rule.h"

#include <stdio.h>
#include <string.h>

/* ---- what one day means ---- */

enum meaning { NOTHING, ENDS, COUNTS, HELD_OPEN, HELD_PENDING };

static enum meaning meaning_of(const struct srv_day *day)
{
    if (!day->school)
        return NOTHING;
    switch (day->roll.status) {
    case CM_ROLL_PRESENT:
    case CM_ROLL_LATE:
        return ENDS;
    case CM_ROLL_EXCUSED:
        return NOTHING;
    case CM_ROLL_PENDING:
        return HELD_PENDING;
    case CM_ROLL_ABSENT:
        if (day->session == SRV_SESSION_UNJUDGED)
            return NOTHING;
        return day->session == SRV_SESSION_CLOSED ? COUNTS : HELD_OPEN;
    case CM_ROLL_UNJUDGED:
        return day->session == SRV_SESSION_OPEN ? HELD_OPEN : NOTHING;
    case CM_ROLL_NONE:
        break;
    }
    return HELD_OPEN; /* a day of which the roll says nothing is not settled, whatever its session says */
}

/* ---- the run ---- */

void srv_rule_begin(struct srv_rule *rule, const struct srv_rule_settings *settings, int32_t told_date)
{
    *rule = (struct srv_rule){.settings = *settings, .told_date = told_date};
}

static void count_day(struct srv_rule *rule, const struct srv_day *day)
{
    struct srv_decision *d = &rule->decision;
    if (d->first_date == day->roll.date)
        return; /* a date counts once */
    if (d->date_count < SRV_ALERT_DAYS_MAX) {
        struct srv_rule_date *date = &d->dates[d->date_count++];
        date->date = day->roll.date;
        memcpy(date->class_id, day->roll.class_id, sizeof date->class_id);
    }
    if (d->count == 0)
        d->trigger_date = day->roll.date;
    d->first_date = day->roll.date;
    d->count++;
    d->count_after += day->roll.date > rule->told_date;
}

static void hold(struct srv_rule *rule, const struct srv_day *day, enum srv_rule_verdict verdict)
{
    rule->decision.verdict = verdict;
    rule->decision.held_date = day->roll.date;
    memcpy(rule->decision.held_class_id, day->roll.class_id, sizeof rule->decision.held_class_id);
    rule->ended = true;
}

bool srv_rule_day(struct srv_rule *rule, const struct srv_day *day)
{
    if (rule->ended)
        return false;
    switch (meaning_of(day)) {
    case NOTHING:
        break;
    case ENDS:
        rule->ended = true;
        break;
    case COUNTS:
        count_day(rule, day);
        break;
    case HELD_OPEN:
        hold(rule, day, SRV_RULE_OPEN);
        break;
    case HELD_PENDING:
        hold(rule, day, SRV_RULE_PENDING);
        break;
    }
    return !rule->ended;
}

void srv_rule_end(struct srv_rule *rule, struct srv_decision *ret_decision)
{
    struct srv_decision *d = &rule->decision;
    d->told = d->count > 0 && rule->told_date >= d->first_date;
    d->told_date = d->told ? rule->told_date : 0;
    if (d->held_date == 0) {
        int32_t counted = d->told ? d->count_after : d->count;
        int32_t needed = d->told ? rule->settings.repeat_days : rule->settings.alert_days;
        if (d->count == 0)
            d->verdict = SRV_RULE_THERE;
        else if (counted >= needed)
            d->verdict = SRV_RULE_DUE;
        else
            d->verdict = d->told ? SRV_RULE_TOLD : SRV_RULE_SHORT;
    }
    *ret_decision = *d;
}

/* ---- what an alert says ---- */

void srv_claim_check_begin(struct srv_claim_check *check, const struct srv_alert *alert)
{
    *check = (struct srv_claim_check){.alert = alert};
}

static void contradict(struct srv_claim_check *check, const char *what, int32_t date)
{
    char iso[CM_DATE_ISO_SIZE];
    snprintf(check->reason, sizeof check->reason, "%s: %s", cm_date_iso(date, iso), what);
    check->contradicted = check->done = true;
}

static bool lists(const struct srv_alert *alert, const struct srv_day *day)
{
    for (int i = 0; i < alert->day_count; i++)
        if (alert->days[i].date == day->roll.date && strcmp(alert->days[i].class_id, day->roll.class_id) == 0)
            return true;
    return false;
}

static int32_t oldest_listed(const struct srv_alert *alert)
{
    return alert->day_count > 0 ? alert->days[0].date : alert->trigger_date;
}

/* All listed days after the date count as they should: none of them is no school day by now. */
static bool found_later(const struct srv_claim_check *check, int32_t date)
{
    int later = 0;
    for (int i = 0; i < check->alert->day_count; i++)
        later += check->alert->days[i].date > date;
    return check->listed == later;
}

bool srv_claim_check_day(struct srv_claim_check *check, const struct srv_day *day)
{
    const struct srv_alert *alert = check->alert;
    int32_t date = day->roll.date;
    if (check->done || date > alert->trigger_date)
        return !check->done;
    switch (meaning_of(day)) {
    case NOTHING:
        if (lists(alert, day))
            contradict(check, day->roll.status == CM_ROLL_EXCUSED ? "excused by now" : "not judged by now",
                       date);
        break;
    case ENDS:
        if (date >= oldest_listed(alert))
            contradict(check, "the student was there, as the roll says now", date);
        check->done = true;
        break;
    case HELD_OPEN:
        contradict(check, "the session is not closed any more", date);
        check->doubtful = found_later(check, date);
        break;
    case HELD_PENDING:
        contradict(check, "a mark waits for a person", date);
        check->doubtful = found_later(check, date);
        break;
    case COUNTS:
        check->counted++;
        check->listed += lists(alert, day);
        if (date >= oldest_listed(alert) && !lists(alert, day)) {
            contradict(check, "the student counts as absent now, which the alert does not say", date);
            check->doubtful = found_later(check, date);
        }
        check->done |= check->counted == alert->absent_count;
        break;
    }
    return !check->done;
}

bool srv_claim_check_end(struct srv_claim_check *check)
{
    const struct srv_alert *alert = check->alert;
    if (!check->contradicted &&
        (check->listed != alert->day_count || check->counted != alert->absent_count)) {
        check->contradicted = true;
        snprintf(check->reason, sizeof check->reason,
                 "only %d of the %d days absent count any more, by what the rolls say now",
                 (int)check->counted, (int)alert->absent_count);
    }
    return !check->contradicted;
}

/* ---- for people ---- */

const char *srv_rule_verdict_name(enum srv_rule_verdict verdict)
{
    static const char *const names[] = {
        [SRV_RULE_DUE] = "due",   [SRV_RULE_THERE] = "there", [SRV_RULE_SHORT] = "short",
        [SRV_RULE_TOLD] = "told", [SRV_RULE_OPEN] = "open",   [SRV_RULE_PENDING] = "pending",
    };
    return names[verdict];
}

static const char *days_text(int32_t count)
{
    return count == 1 ? "day" : "days";
}

char *srv_decision_text(const struct srv_decision *d, const struct srv_rule_settings *settings,
                        char out[static SRV_RULE_TEXT_SIZE])
{
    char a[CM_DATE_ISO_SIZE], b[CM_DATE_ISO_SIZE];
    switch (d->verdict) {
    case SRV_RULE_DUE:
        snprintf(out, SRV_RULE_TEXT_SIZE, "Absent on %d school %s in a row, from %s to %s: to be told%s.",
                 (int)d->count, days_text(d->count), cm_date_iso(d->first_date, a),
                 cm_date_iso(d->trigger_date, b), d->told ? " again" : "");
        break;
    case SRV_RULE_THERE:
        snprintf(out, SRV_RULE_TEXT_SIZE, "No day absent since the student was last there.");
        break;
    case SRV_RULE_SHORT:
        snprintf(out, SRV_RULE_TEXT_SIZE, "Absent on %d school %s in a row; it is told from %d on.",
                 (int)d->count, days_text(d->count), (int)settings->alert_days);
        break;
    case SRV_RULE_TOLD:
        snprintf(out, SRV_RULE_TEXT_SIZE,
                 "Told already, for %s. %d %s absent since then; it is told again after %d.",
                 cm_date_iso(d->told_date, a), (int)d->count_after, days_text(d->count_after),
                 (int)settings->repeat_days);
        break;
    case SRV_RULE_OPEN:
        snprintf(out, SRV_RULE_TEXT_SIZE,
                 "Held: the session of %s on %s is not settled. Close its roll, or wait for its station.",
                 d->held_class_id, cm_date_iso(d->held_date, a));
        break;
    case SRV_RULE_PENDING:
        snprintf(out, SRV_RULE_TEXT_SIZE,
                 "Held: a mark of %s on %s waits for a person. Accept or correct it in the roll.",
                 d->held_class_id, cm_date_iso(d->held_date, a));
        break;
    }
    return out;
}
