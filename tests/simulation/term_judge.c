/* Both sides beside each other, and a readable story of a student's days when they differ. */
#include "simulation/term.h"

#include "simulation/chance.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *const status_names[] = {"-", "there", "excused", "absent", "unjudged", "pending"};
static const char *const state_names[] = {"open", "closed", "unjudged"};
static const char *const way_names[] = {"queued", "sending", "sent",      "delivered",
                                        "read",   "failed",  "cancelled", "unknown"};
static const char *const alert_names[] = {"active", "withdrawn", "contradicted", "cancelled"};

void term_tell(const struct term *term, const char *format, ...)
{
    va_list list;
    if (!term->tell)
        return;
    fprintf(stderr, "%d %02d:%02d  ", term_date(ref_day_of(term->now_ms)), ref_minute_of(term->now_ms) / 60,
            ref_minute_of(term->now_ms) % 60);
    va_start(list, format);
    vfprintf(stderr, format, list);
    va_end(list);
    fputc('\n', stderr);
}

/* ---- the story ---- */

static void story_day(struct term *term, int student, int day, enum ref_status shown)
{
    static const char *const weekdays[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    const struct ref_student *s = &term->ref->students[student];
    int class_ = ref_class_on(term->ref, student, day), index = day - term->ref->first_day;
    enum ref_state state = REF_OPEN;
    bool school = false, known;
    if (class_ == REF_NO_CLASS) {
        fprintf(stderr, "  %d %s in no class\n", term_date(day), weekdays[(day + 3) % 7]);
        return;
    }
    known = term_session(term->server, class_, day, &state, &school);
    fprintf(stderr, "  %d %s C-%02d %-9s session %s (rules: %s)  %s (rules: %s)  %d marks, %d corrections\n",
            term_date(day), weekdays[(day + 3) % 7], class_,
            ref_school(term->ref, class_, day) ? "school" : "no school", known ? state_names[state] : "none",
            state_names[ref_state(term->ref, class_, day)], status_names[shown],
            status_names[ref_status(term->ref, student, day)], s->marks[index].count,
            s->corrections[index].count);
}

/* What the product says of the last days. */
static void story_why(struct term *term, int student)
{
    char text[600];
    for (int day = term->today - 3; day < term->today; day++) {
        if (day < term->first)
            continue;
        term_why(term->server, student, day, text, sizeof text);
        fprintf(stderr, "  of %d it says: %s\n", term_date(day), text);
    }
}

static void story_listed(const struct ref_listed *listed, int count)
{
    for (int i = count; i > 0; i--)
        fprintf(stderr, " %d/C-%02d", term_date(listed[i - 1].day), listed[i - 1].class_);
    fputc('\n', stderr);
}

static void story_alerts(struct term *term, int student)
{
    struct term_alert alerts[REF_ALERTS];
    int count = term_alerts(term->server, student, alerts, REF_ALERTS);
    for (int i = 0; i < count; i++) {
        const struct term_alert *a = &alerts[i];
        fprintf(stderr, "  alert of %d (%d) in C-%02d, %d days%s, %s:", term_date(a->trigger), a->generation,
                a->class_, a->count, a->repeat ? ", again" : "", alert_names[a->state]);
        for (int m = 0; m < a->message_count; m++)
            fprintf(stderr, " %d=%s", a->messages[m].recipient, way_names[a->messages[m].way]);
        story_listed(a->listed, a->listed_count);
    }
    for (int i = 0; i < term->ref->alert_counts[student]; i++) {
        const struct ref_alert *a = &term->ref->alerts[student][i];
        fprintf(stderr, "  by the rules: of %d (%d) in C-%02d, %d days%s, %s:", term_date(a->trigger),
                a->generation, a->class_, a->count, a->repeat ? ", again" : "", alert_names[a->state]);
        for (int r = 0; r < REF_RECIPIENTS; r++)
            if (a->messages[r].exists)
                fprintf(stderr, " %d=%s", r, way_names[a->messages[r].way]);
        story_listed(a->listed, a->listed_count);
    }
}

static const char *moment(int64_t wall_ms, char out[32])
{
    int minute = ref_minute_of(wall_ms);
    snprintf(out, 32, "%d %02d:%02d", term_date(ref_day_of(wall_ms)), minute / 60, minute % 60);
    return out;
}

static void story_stations(struct term *term)
{
    char paired[32], first[32], reach[32];
    for (int i = 0; i < term->device_count; i++) {
        const struct ref_station *s = &term->ref->stations[i];
        fprintf(stderr, "  station %d, %s%s%s%s%s: log from %s to %s; serves", i,
                s->paired_ms != 0 ? "paired " : "not paired",
                s->paired_ms != 0 ? moment(s->paired_ms, paired) : "", s->revoked ? ", revoked," : "",
                term->devices[i].disturbed ? ", whose clock was wrong," : "",
                term->devices[i].offset_ms != 0 ? " and is" : "", s->any ? moment(s->first_ms, first) : "-",
                s->any ? moment(s->reach_ms, reach) : "-");
        for (int k = 0; k < term->ref->service_count; k++) {
            const struct ref_service *service = &term->ref->services[k];
            if (service->station == i)
                fprintf(stderr, " %s%02d%s", service->class_ == REF_NO_CLASS ? "every " : "C-",
                        service->class_ == REF_NO_CLASS ? 0 : service->class_,
                        service->to_ms == INT64_MAX ? "" : " (no more)");
        }
        fputc('\n', stderr);
    }
}

void term_wrong(struct term *term, int student, const char *format, ...)
{
    enum ref_status shown[REF_TERM_DAYS];
    va_list list;
    if (term->broken)
        return;
    term->broken = true;
    fprintf(stderr, "WRONG in term %llu (%s), %d %02d:%02d: ", term->seed, term->zone,
            term_date(ref_day_of(term->now_ms)), ref_minute_of(term->now_ms) / 60,
            ref_minute_of(term->now_ms) % 60);
    va_start(list, format);
    vfprintf(stderr, format, list);
    va_end(list);
    fprintf(stderr, "\nS-%02d, told after %d days and again after %d:\n", student, term->ref->alert_days,
            term->ref->repeat_days);
    if (term->pupils[student].exists && !term->pupils[student].erased) {
        term_days(term->server, student, term->first, term->today, shown);
        for (int day = term->first; day <= term->today; day++)
            story_day(term, student, day, shown[day - term->first]);
        story_why(term, student);
        story_alerts(term, student);
    }
    story_stations(term);
    for (int c = 0; c < term->class_count; c++) {
        struct ref_cursor cursor = {0}, *wanted = &term->ref->cursors[c];
        if (c < term->first_real || c >= term->first_real + term->real_classes)
            continue;
        bool known = term_cursor(term->server, c, &cursor);
        fprintf(stderr, "  C-%02d from %02d:%02d, %d minutes\n", c, term->ref->classes[c].start_minute / 60,
                term->ref->classes[c].start_minute % 60, term->ref->classes[c].close_after_min);
        fprintf(stderr, "  C-%02d is evaluated to %d, held at %d (rules: %d, %d)\n", c,
                known ? term_date(cursor.day) : 0,
                known && cursor.held_day >= 0 ? term_date(cursor.held_day) : 0,
                wanted->known ? term_date(wanted->day) : 0,
                wanted->held_day >= 0 ? term_date(wanted->held_day) : 0);
    }
}

/* ---- judging ---- */

/* The job made another number of alerts than the rules demand: with whom is what the story is about. */
static void judge_count(struct term *term)
{
    struct term_alert alerts[REF_ALERTS];
    for (int s = 0; s < term->student_count; s++) {
        if (!term->pupils[s].exists || term->pupils[s].erased)
            continue;
        int count = term_alerts(term->server, s, alerts, REF_ALERTS);
        if (count != term->ref->alert_counts[s])
            term_wrong(term, s, "there are %d alerts; by the rules: %d", count, term->ref->alert_counts[s]);
    }
    term_wrong(term, 0, "the job made %d alerts so far; by the rules: %d", term->made, term->ref->made);
}

static bool same_alert(const struct term_alert *a, const struct ref_alert *b)
{
    bool same = a->class_ == b->class_ && a->count == b->count && a->listed_count == b->listed_count &&
                a->repeat == b->repeat && a->state == b->state;
    for (int i = 0; i < a->listed_count && same; i++)
        same = a->listed[i].day == b->listed[i].day && a->listed[i].class_ == b->listed[i].class_;
    return same;
}

static void judge_messages(struct term *term, const struct term_alert *a, const struct ref_alert *b)
{
    int wanted = 0;
    for (int i = 0; i < REF_RECIPIENTS; i++)
        wanted += b->messages[i].exists;
    if (a->message_count != wanted)
        term_wrong(term, a->student, "an alert has %d messages; by the rules: %d", a->message_count, wanted);
    for (int i = 0; i < a->message_count; i++) {
        const struct term_message *m = &a->messages[i];
        const struct ref_message *should = &b->messages[m->recipient];
        if (!should->exists || should->way != m->way)
            term_wrong(term, a->student, "the message to %d is %s; by the rules: %s", m->recipient,
                       way_names[m->way], should->exists ? way_names[should->way] : "not there");
    }
}

static void judge_alerts(struct term *term, int student)
{
    struct term_alert alerts[REF_ALERTS];
    if (!term->pupils[student].exists || term->pupils[student].erased)
        return;
    int count = term_alerts(term->server, student, alerts, REF_ALERTS);
    for (int i = 0; i < count; i++) {
        const struct ref_alert *wanted =
            term_ref_alert(term, student, alerts[i].trigger, alerts[i].generation);
        if (wanted == NULL)
            term_wrong(term, student, "there is an alert of %d that the rules do not demand",
                       term_date(alerts[i].trigger));
        else if (!same_alert(&alerts[i], wanted))
            term_wrong(term, student, "the alert of %d says something else than the rules",
                       term_date(alerts[i].trigger));
        else
            judge_messages(term, &alerts[i], wanted);
    }
    if (count != term->ref->alert_counts[student])
        term_wrong(term, student, "there are %d alerts; by the rules: %d", count,
                   term->ref->alert_counts[student]);
}

/* Somebody to tell a class's story of. */
static int member_of(const struct term *term, int class_)
{
    int student = 0;
    for (int s = 0; s < term->student_count; s++)
        if (ref_class_on(term->ref, s, term->today) == class_)
            student = s;
    return student;
}

static void judge_class(struct term *term, int class_)
{
    struct ref_cursor cursor = {.held_day = -1}, *wanted = &term->ref->cursors[class_];
    bool known = term_cursor(term->server, class_, &cursor);
    if (known != wanted->known)
        term_wrong(term, member_of(term, class_), "C-%02d was%s evaluated", class_, known ? "" : " not");
    else if (known && cursor.day != wanted->day)
        term_wrong(term, member_of(term, class_), "C-%02d is evaluated to another day", class_);
    else if (known && cursor.held_day != wanted->held_day)
        term_wrong(term, member_of(term, class_), "C-%02d is held otherwise", class_);
}

static void judge_days(struct term *term, int student)
{
    enum ref_status shown[REF_TERM_DAYS];
    if (!term->pupils[student].exists || term->pupils[student].erased)
        return;
    term_days(term->server, student, term->first, term->today, shown);
    for (int day = term->first; day <= term->today && !term->broken; day++)
        if (ref_class_on(term->ref, student, day) != REF_NO_CLASS &&
            ref_school(term->ref, ref_class_on(term->ref, student, day), day) &&
            shown[day - term->first] != ref_status(term->ref, student, day))
            term_wrong(term, student, "his day of %d is %s; by the rules: %s", term_date(day),
                       status_names[shown[day - term->first]],
                       status_names[ref_status(term->ref, student, day)]);
}

static void judge_session(struct term *term, int class_, int day)
{
    enum ref_state state;
    bool school, known = term_session(term->server, class_, day, &state, &school);
    if ((known && school) != ref_school(term->ref, class_, day))
        term_wrong(term, 0, "%d is%s a school day of C-%02d", term_date(day), known && school ? "" : " not",
                   class_);
    else if (known && school && ref_anybody(term->ref, class_, day) &&
             state != ref_state(term->ref, class_, day))
        term_wrong(term, 0, "the session of C-%02d on %d is %s; by the rules: %s", class_, term_date(day),
                   state_names[state], state_names[ref_state(term->ref, class_, day)]);
}

/* How many alerts there are is looked at each night; what they say, and the messages, now and then and at the end. */
void term_judge(struct term *term, bool whole)
{
    bool closely = whole || sim_happens(25);
    if (term->made != term->ref->made) {
        closely = true;
        judge_count(term);
    }
    for (int s = 0; closely && s < term->student_count && !term->broken; s++)
        judge_alerts(term, s);
    for (int c = 0; c < term->class_count && !term->broken; c++)
        judge_class(term, c);
    if (!whole && !term->broken)
        judge_days(term, sim_draw(term->student_count));
    for (int s = 0; whole && s < term->student_count && !term->broken; s++)
        judge_days(term, s);
    for (int c = term->first_real; whole && c < term->first_real + term->real_classes; c++)
        for (int day = term->first; day <= term->today && !term->broken; day++)
            judge_session(term, c, day);
}

/* Did a person say anything about the session, or the day? */
static bool was_said(const struct term *term, int student, const struct ref_listed *listed)
{
    const struct ref *ref = term->ref;
    bool said = ref->students[student].corrections[listed->day - ref->first_day].count > 0;
    for (int i = 0; i < ref->word_count; i++)
        said |= ref->words[i].day == listed->day && ref->words[i].class_ == listed->class_;
    return said;
}

/* A station that was paired, and whose clock was right, saw him in that session. What a revoked one did not send by then is
 * not waited for. */
static bool was_seen(const struct term *term, int student, const struct ref_listed *listed)
{
    for (int i = 0; i < term->seen_count; i++) {
        const struct term_seen *seen = &term->seen[i];
        if (seen->student == student && seen->day == listed->day && seen->class_ == listed->class_ &&
            !term->devices[seen->station].disturbed && !term->devices[seen->station].revoked)
            return true;
    }
    return false;
}

/* What leaves is true, it leaves in time, and nobody is told to have stayed away whom a station of his class saw: such a
 * session is not settled before that station has sent what it saw. */
void term_judge_call(struct term *term, const struct ref_alert *alert)
{
    int minute = ref_minute_of(term->now_ms), student = alert->student;
    if (minute < 7 * 60 || minute >= 20 * 60)
        term_wrong(term, student, "a message leaves at night");
    if (term->ref->alerts_off)
        term_wrong(term, student, "a message leaves while alerts are switched off");
    if (alert->state != REF_ACTIVE || !ref_still_true(term->ref, alert))
        term_wrong(term, student, "a message leaves that is not true any more");
    for (int i = 0; i < alert->listed_count && !term->classes_changed; i++) {
        const struct ref_listed *listed = &alert->listed[i];
        if (!was_said(term, student, listed) && was_seen(term, student, listed))
            term_wrong(term, student, "told to be absent on %d, and a station saw him",
                       term_date(listed->day));
    }
}
