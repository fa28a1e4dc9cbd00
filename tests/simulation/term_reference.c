#include "simulation/term_reference.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static _Noreturn void too_much(const char *where)
{
    fprintf(stderr, "%s: no room in the reference\n", where);
    abort();
}

static const int64_t minute_ms = 60000, day_ms = INT64_C(86400000);

struct ref *ref_create(const char *zone, int first_day)
{
    struct ref *ref = calloc(1, sizeof *ref);
    setenv("TZ", zone, 1);
    tzset();
    if (ref == NULL)
        too_much(__func__);
    ref->first_day = first_day;
    ref->stale = true;
    for (int i = 0; i < REF_CLASSES; i++)
        ref->cursors[i].held_day = -1;
    for (int i = 0; i < REF_STUDENTS; i++) {
        ref->students[i].marks = calloc(REF_TERM_DAYS, sizeof(struct ref_facts));
        ref->students[i].corrections = calloc(REF_TERM_DAYS, sizeof(struct ref_facts));
        if (ref->students[i].marks == NULL || ref->students[i].corrections == NULL)
            too_much(__func__);
    }
    for (int i = 0; i < REF_STATIONS; i++) {
        ref->stations[i].able = calloc(REF_MINUTES, 1);
        ref->stations[i].unable = calloc(REF_MINUTES, 1);
        if (ref->stations[i].able == NULL || ref->stations[i].unable == NULL)
            too_much(__func__);
    }
    return ref;
}

void ref_destroy(struct ref *ref)
{
    if (ref == NULL)
        return;
    for (int i = 0; i < REF_STUDENTS; i++) {
        free(ref->students[i].marks);
        free(ref->students[i].corrections);
    }
    for (int i = 0; i < REF_STATIONS; i++) {
        free(ref->stations[i].able);
        free(ref->stations[i].unable);
    }
    free(ref);
}

/* ---- time ---- */

int64_t ref_instant(int day, int minute)
{
    struct tm tm = {.tm_year = 70, .tm_mday = 1 + day, .tm_min = minute, .tm_isdst = -1};
    return (int64_t)mktime(&tm) * 1000;
}

static struct tm local(int64_t wall_ms)
{
    time_t seconds = (time_t)(wall_ms / 1000);
    struct tm tm;
    localtime_r(&seconds, &tm);
    return tm;
}

int ref_day_of(int64_t wall_ms)
{
    struct tm tm = local(wall_ms);
    struct tm same = {.tm_year = tm.tm_year, .tm_mon = tm.tm_mon, .tm_mday = tm.tm_mday};
    return (int)(timegm(&same) / 86400);
}

int ref_minute_of(int64_t wall_ms)
{
    struct tm tm = local(wall_ms);
    return tm.tm_hour * 60 + tm.tm_min;
}

/* ---- what arrives ---- */

static bool in_term(const struct ref *ref, int day)
{
    return day >= ref->first_day && day < ref->first_day + REF_TERM_DAYS;
}

void ref_today(struct ref *ref, int day)
{
    ref->last_day = day + 2;
    ref->stale = true;
    if (!in_term(ref, ref->last_day))
        too_much(__func__);
}

void ref_move(struct ref *ref, int student, int day, int class_)
{
    struct ref_student *s = &ref->students[student];
    if (s->move_count == REF_MOVES)
        too_much(__func__);
    s->moves[s->move_count++] = (struct ref_move){day, class_};
    ref->stale = true;
}

static void add_fact(struct ref *ref, struct ref_facts *days, int day, const struct ref_fact *fact)
{
    if (!in_term(ref, day))
        return;
    struct ref_facts *facts = &days[day - ref->first_day];
    if (facts->count == REF_FACTS)
        too_much(__func__);
    facts->list[facts->count++] = *fact;
    ref->stale = true;
}

/* A mark is of its day or of one beside it; nothing is from a day after it came. Else it counts for nothing. */
void ref_mark(struct ref *ref, int student, int class_, int day, int64_t captured_ms, uint32_t id,
              bool suspect, int64_t arrived_ms)
{
    int off = ref_day_of(captured_ms) - day;
    struct ref_fact fact = {.class_ = class_, .wall_ms = captured_ms, .id = id, .suspect = suspect};
    if (captured_ms <= arrived_ms + day_ms && off >= -1 && off <= 1)
        add_fact(ref, ref->students[student].marks, day, &fact);
}

void ref_correct(struct ref *ref, int student, int class_, int day, enum ref_status status, int64_t said_ms,
                 uint32_t id, int64_t arrived_ms)
{
    struct ref_fact fact = {.class_ = class_, .wall_ms = said_ms, .id = id, .status = status};
    if (said_ms <= arrived_ms + day_ms)
        add_fact(ref, ref->students[student].corrections, day, &fact);
}

/* A span of more than a day, or in the future, says nothing to rely on. */
void ref_cover(struct ref *ref, int station, int64_t from_ms, int64_t to_ms, bool able, int64_t arrived_ms)
{
    int64_t zero = (int64_t)(ref->first_day - 1) * day_ms;
    if (to_ms <= from_ms || to_ms > arrived_ms + day_ms || to_ms - from_ms > day_ms)
        return;
    for (int64_t at = from_ms; at < to_ms; at += minute_ms) {
        int64_t minute = (at - zero) / minute_ms;
        if (minute >= 0 && minute < REF_MINUTES)
            (able ? ref->stations[station].able : ref->stations[station].unable)[minute] = 1;
    }
    ref->stale = true;
}

/* Times are believed from 400 days before the station came to a day from now. */
static int64_t believed(const struct ref_station *station, int64_t wall_ms, int64_t arrived_ms)
{
    int64_t least = station->created_ms - 400 * day_ms, most = arrived_ms + day_ms;
    return wall_ms < least ? least : wall_ms > most ? most : wall_ms;
}

void ref_reach(struct ref *ref, int station, int64_t wall_ms, int64_t from_ms, int64_t arrived_ms)
{
    struct ref_station *s = &ref->stations[station];
    int64_t wall = believed(s, wall_ms, arrived_ms), from = believed(s, from_ms, arrived_ms);
    if (!s->any)
        s->first_ms = from < wall ? from : wall;
    s->any = true;
    s->reach_ms = wall;
    ref->stale = true;
}

void ref_say(struct ref *ref, int class_, int day, enum ref_said said, int64_t said_ms, int64_t arrived_ms)
{
    if (said_ms > arrived_ms + day_ms)
        return;
    if (ref->word_count == REF_WORDS)
        too_much(__func__);
    ref->words[ref->word_count++] = (struct ref_word){class_, day, said, said_ms};
    ref->stale = true;
}

void ref_pair(struct ref *ref, int station, int64_t wall_ms)
{
    ref->stations[station].paired_ms = wall_ms;
    ref->stale = true;
}

void ref_revoke(struct ref *ref, int station)
{
    ref->stations[station].revoked = true;
    ref->stale = true;
}

void ref_serve(struct ref *ref, int station, int class_, int64_t from_ms)
{
    if (ref->service_count == REF_SERVICES)
        too_much(__func__);
    ref->services[ref->service_count++] = (struct ref_service){station, class_, from_ms, INT64_MAX};
    ref->stale = true;
}

void ref_serve_end(struct ref *ref, int station, int class_, int64_t to_ms)
{
    for (int i = 0; i < ref->service_count; i++) {
        struct ref_service *s = &ref->services[i];
        if (s->station == station && s->class_ == class_ && s->to_ms == INT64_MAX)
            s->to_ms = to_ms;
    }
    ref->stale = true;
}

/* ---- a class's day ---- */

/* What people said last of a session; NULL: nothing. */
static const struct ref_word *last_word(const struct ref *ref, int class_, int day)
{
    const struct ref_word *last = NULL;
    for (int i = 0; i < ref->word_count; i++) {
        const struct ref_word *word = &ref->words[i];
        if (word->class_ == class_ && word->day == day && (last == NULL || word->wall_ms >= last->wall_ms))
            last = word;
    }
    return last;
}

/* Of the entries of a day the class's own counts. */
static const struct ref_entry *entry_of(const struct ref *ref, int class_, int day)
{
    const struct ref_entry *own = &ref->classes[class_].entries[day - ref->first_day];
    return own->kind != REF_AS_EVER ? own : &ref->entries[day - ref->first_day];
}

bool ref_school(const struct ref *ref, int class_, int day)
{
    int weekday = (day + 3) % 7; /* 1970-01-01 was a Thursday */
    if (!in_term(ref, day) || (ref->classes[class_].weekdays >> weekday & 1) == 0 ||
        entry_of(ref, class_, day)->kind == REF_OFF)
        return false;
    const struct ref_word *word = last_word(ref, class_, day);
    return word == NULL || word->said != REF_SAID_NO_SESSION;
}

void ref_times(const struct ref *ref, int class_, int day, int *ret_start_minute, int *ret_close_after_min)
{
    const struct ref_entry *entry = entry_of(ref, class_, day);
    bool half = entry->kind == REF_HALF;
    *ret_start_minute = half ? entry->start_minute : ref->classes[class_].start_minute;
    *ret_close_after_min = half ? entry->close_after_min : ref->classes[class_].close_after_min;
}

static int able_minutes(const struct ref *ref, const struct ref_station *station, int64_t from_ms,
                        int64_t to_ms)
{
    int64_t zero = (int64_t)(ref->first_day - 1) * day_ms;
    int count = 0;
    for (int64_t minute = (from_ms - zero) / minute_ms; minute < (to_ms - zero) / minute_ms; minute++)
        if (minute >= 0 && minute < REF_MINUTES)
            count += station->able[minute] && !station->unable[minute];
    return count;
}

/* It was there before the session's end, and what it has to say of it may be still to come. */
static bool is_awaited(const struct ref_station *station, int64_t close_ms)
{
    bool was_paired = station->paired_ms != 0 && station->paired_ms < close_ms;
    bool has_begun = station->any && station->first_ms < close_ms;
    bool has_come = station->any && station->reach_ms >= close_ms;
    return !station->revoked && (was_paired || has_begun) && !has_come;
}

static enum ref_state by_stations(const struct ref *ref, int class_, int day)
{
    int start_minute, close_after_min;
    int64_t start = 0, close = 0;
    bool spoke = false, awaited = false, covered = false;
    for (int i = 0; i < ref->service_count; i++) {
        const struct ref_service *service = &ref->services[i];
        const struct ref_station *station = &ref->stations[service->station];
        if (service->class_ != REF_NO_CLASS && service->class_ != class_)
            continue;
        if (start == 0) {
            ref_times(ref, class_, day, &start_minute, &close_after_min);
            start = ref_instant(day, start_minute);
            close = start + close_after_min * minute_ms;
        }
        if (start < service->from_ms || start >= service->to_ms)
            continue;
        awaited |= is_awaited(station, close);
        if (!station->any || station->first_ms >= close || station->reach_ms < start)
            continue; /* it says nothing about this session */
        spoke = true;
        covered |= able_minutes(ref, station, start, close) * 100 >= close_after_min * ref->coverage_percent;
    }
    if (!spoke || awaited)
        return REF_OPEN;
    return covered ? REF_CLOSED : REF_NOT_JUDGED;
}

static enum ref_state find_state(const struct ref *ref, int class_, int day)
{
    const struct ref_word *word = last_word(ref, class_, day);
    if (word != NULL)
        return word->said == REF_SAID_CLOSED ? REF_CLOSED : REF_OPEN;
    return ref_school(ref, class_, day) ? by_stations(ref, class_, day) : REF_OPEN;
}

/* ---- a student's day ---- */

int ref_class_on(const struct ref *ref, int student, int day)
{
    const struct ref_student *s = &ref->students[student];
    int class_ = REF_NO_CLASS;
    if (!s->exists || s->erased || (s->left && day >= s->left_day))
        return REF_NO_CLASS;
    for (int i = 0; i < s->move_count; i++) /* the last word on where he is from some day on */
        if (s->moves[i].day <= day)
            class_ = s->moves[i].class_;
    return class_;
}

static const struct ref_fact *first_mark(const struct ref_facts *facts, int class_)
{
    const struct ref_fact *best = NULL;
    for (int i = 0; i < facts->count; i++) {
        const struct ref_fact *f = &facts->list[i];
        if (class_ != REF_NO_CLASS && f->class_ != class_)
            continue;
        if (best == NULL || f->wall_ms < best->wall_ms || (f->wall_ms == best->wall_ms && f->id < best->id))
            best = f;
    }
    return best;
}

static const struct ref_fact *last_correction(const struct ref_facts *facts, int class_)
{
    const struct ref_fact *best = NULL;
    for (int i = 0; i < facts->count; i++) {
        const struct ref_fact *f = &facts->list[i];
        if (class_ != REF_NO_CLASS && f->class_ != class_)
            continue;
        if (best == NULL || f->wall_ms > best->wall_ms || (f->wall_ms == best->wall_ms && f->id > best->id))
            best = f;
    }
    return best;
}

static enum ref_status find_status(const struct ref *ref, int student, int day)
{
    int class_ = ref_class_on(ref, student, day);
    if (class_ == REF_NO_CLASS)
        return REF_NOTHING;
    const struct ref_facts *marks = &ref->students[student].marks[day - ref->first_day];
    const struct ref_facts *corrections = &ref->students[student].corrections[day - ref->first_day];
    const struct ref_fact *mark = first_mark(marks, class_),
                          *correction = last_correction(corrections, class_);
    if (mark == NULL && correction == NULL) { /* what names another class counts, if nothing names his */
        mark = first_mark(marks, REF_NO_CLASS);
        correction = last_correction(corrections, REF_NO_CLASS);
    }
    if (correction != NULL)
        return correction->status;
    if (mark != NULL)
        return mark->suspect ? REF_PENDING : REF_THERE;
    if (!ref_school(ref, class_, day))
        return REF_NOTHING;
    switch (ref->state[class_][day - ref->first_day]) {
    case REF_CLOSED:
        return REF_ABSENT;
    case REF_NOT_JUDGED:
        return REF_UNJUDGED;
    case REF_OPEN:
        break;
    }
    return REF_NOTHING;
}

static void refresh(struct ref *ref)
{
    if (!ref->stale)
        return;
    for (int c = 0; c < ref->class_count; c++)
        for (int d = 0; d <= ref->last_day - ref->first_day; d++)
            ref->state[c][d] = find_state(ref, c, ref->first_day + d);
    for (int s = 0; s < ref->student_count; s++)
        for (int d = 0; d <= ref->last_day - ref->first_day; d++)
            ref->status[s][d] = find_status(ref, s, ref->first_day + d);
    ref->stale = false;
}

enum ref_state ref_state(struct ref *ref, int class_, int day)
{
    refresh(ref);
    return ref->state[class_][day - ref->first_day];
}

enum ref_status ref_status(struct ref *ref, int student, int day)
{
    refresh(ref);
    return ref->status[student][day - ref->first_day];
}

/* ---- what a day means to the rule ---- */

enum meaning { PASSES, ENDS, COUNTS, HOLDS };

static enum meaning meaning_of(struct ref *ref, int student, int day)
{
    int class_ = ref_class_on(ref, student, day);
    if (class_ == REF_NO_CLASS || !ref_school(ref, class_, day))
        return PASSES;
    const struct ref_cursor *cursor = &ref->cursors[class_];
    enum ref_state state = ref_state(ref, class_, day);
    if (state == REF_OPEN && ref_status(ref, student, day) == REF_NOTHING &&
        (!cursor->known || day < cursor->first_day))
        return PASSES; /* nobody watched yet */
    switch (ref_status(ref, student, day)) {
    case REF_THERE:
        return ENDS;
    case REF_EXCUSED:
        return PASSES;
    case REF_PENDING:
    case REF_NOTHING:
        return HOLDS;
    case REF_UNJUDGED:
        return state == REF_OPEN ? HOLDS : PASSES;
    case REF_ABSENT:
        break;
    }
    return state == REF_OPEN ? HOLDS : state == REF_CLOSED ? COUNTS : PASSES;
}

/* ---- the rule ---- */

static bool has_address(const struct ref *ref, const struct ref_alert *alert, int recipient)
{
    if (recipient == REF_TO_PARENT)
        return ref->students[alert->student].parent_phone;
    if (recipient == REF_TO_NUMBER)
        return ref->school_number;
    const struct ref_coordinator *c = &ref->coordinators[recipient - REF_TO_COORDINATOR];
    return c->phone || c->email;
}

static void address_alert(const struct ref *ref, struct ref_alert *alert, int64_t now_ms)
{
    bool any = false;
    alert->messages[REF_TO_PARENT].exists = true;
    for (int i = 0; i < ref->coordinator_count; i++) {
        const struct ref_coordinator *c = &ref->coordinators[i];
        if (c->enabled && c->has[alert->class_] && (c->phone || c->email))
            alert->messages[REF_TO_COORDINATOR + i].exists = any = true;
    }
    alert->messages[REF_TO_NUMBER].exists = !any;
    for (int i = 0; i < REF_RECIPIENTS; i++) {
        struct ref_message *m = &alert->messages[i];
        if (m->exists && !has_address(ref, alert, i))
            m->way = REF_FAILED;
        m->next_try_ms = now_ms;
    }
}

static const struct ref_alert *told_of(const struct ref *ref, int student, int from, int to)
{
    const struct ref_alert *latest = NULL;
    for (int i = 0; i < ref->alert_counts[student]; i++) {
        const struct ref_alert *a = &ref->alerts[student][i];
        if (a->state == REF_WITHDRAWN || a->trigger < from || a->trigger > to)
            continue;
        if (latest == NULL || a->trigger > latest->trigger)
            latest = a;
    }
    return latest;
}

static void consider(struct ref *ref, int class_, int student, int day, int64_t now_ms)
{
    struct ref_alert alert = {.student = student, .class_ = class_};
    int first = 0, after = 0;
    for (int d = day; d >= ref->first_day; d--) {
        enum meaning meaning = meaning_of(ref, student, d);
        if (meaning == HOLDS)
            return;
        if (meaning == ENDS)
            break;
        if (meaning != COUNTS)
            continue;
        if (alert.count++ == 0)
            alert.trigger = d;
        first = d;
        if (alert.listed_count < REF_LISTED)
            alert.listed[alert.listed_count++] = (struct ref_listed){d, ref_class_on(ref, student, d)};
    }
    if (alert.count == 0)
        return;
    const struct ref_alert *told = told_of(ref, student, first, day);
    for (int d = day; told != NULL && d > told->trigger; d--)
        after += meaning_of(ref, student, d) == COUNTS;
    if (told == NULL ? alert.count < ref->alert_days : after < ref->repeat_days)
        return;
    alert.repeat = told != NULL;
    alert.made_ms = now_ms;
    for (int i = 0; i < ref->alert_counts[student]; i++)
        alert.generation += ref->alerts[student][i].trigger == alert.trigger;
    address_alert(ref, &alert, now_ms);
    if (ref->alert_counts[student] == REF_ALERTS)
        too_much(__func__);
    ref->alerts[student][ref->alert_counts[student]++] = alert;
    ref->made++;
}

/* ---- the night ---- */

static void evaluate(struct ref *ref, int class_, int day, int64_t now_ms)
{
    for (int s = 0; s < ref->student_count; s++) {
        const struct ref_student *student = &ref->students[s];
        if (student->left || ref_class_on(ref, s, day) != class_ || ref_status(ref, s, day) == REF_THERE)
            continue;
        consider(ref, class_, s, day, now_ms);
    }
}

static bool is_guest(const struct ref *ref, int class_, int student, int day)
{
    const struct ref_student *s = &ref->students[student];
    return s->exists && !s->erased && ref_class_on(ref, student, day) == REF_NO_CLASS &&
           (first_mark(&s->marks[day - ref->first_day], class_) != NULL ||
            last_correction(&s->corrections[day - ref->first_day], class_) != NULL);
}

bool ref_anybody(const struct ref *ref, int class_, int day)
{
    for (int s = 0; s < ref->student_count; s++)
        if (ref_class_on(ref, s, day) == class_ || is_guest(ref, class_, s, day))
            return true;
    return false;
}

static bool is_named(const struct ref *ref, int class_, int day)
{
    for (int i = 0; i < ref->student_count; i++) {
        const struct ref_student *s = &ref->students[i];
        if (!s->erased && (first_mark(&s->marks[day - ref->first_day], class_) != NULL ||
                           last_correction(&s->corrections[day - ref->first_day], class_) != NULL))
            return true;
    }
    return false;
}

static bool anything_known(struct ref *ref, int class_, int day)
{
    bool known = ref_state(ref, class_, day) != REF_OPEN &&
                 (ref_anybody(ref, class_, day) || is_named(ref, class_, day));
    for (int s = 0; s < ref->student_count; s++)
        known |= is_guest(ref, class_, s, day) ||
                 (ref_class_on(ref, s, day) == class_ && ref_status(ref, s, day) != REF_NOTHING);
    return known;
}

static void night_of_class(struct ref *ref, int class_, int through, int64_t now_ms)
{
    struct ref_cursor *cursor = &ref->cursors[class_];
    bool is_new = !cursor->known;
    for (int d = through - 60; is_new && !cursor->known && d <= through; d++) {
        if (ref_school(ref, class_, d) && anything_known(ref, class_, d)) {
            cursor->known = true;
            cursor->first_day = d;
            cursor->day = d - 1;
        }
    }
    if (!cursor->known || cursor->day > through)
        return;
    if (ref->alerts_off) { /* nobody is told, also not later of what was meanwhile */
        cursor->day = through;
        cursor->held_day = -1;
        return;
    }
    for (int d = cursor->day; !is_new && d >= cursor->day - 30 && d >= cursor->first_day;
         d--) { /* the last session once more */
        if (ref_school(ref, class_, d)) {
            evaluate(ref, class_, d, now_ms);
            break;
        }
    }
    cursor->held_day = -1;
    for (int d = cursor->day + 1; d <= through; d++) {
        bool school = ref_school(ref, class_, d);
        if (school && ref_state(ref, class_, d) == REF_OPEN && ref_anybody(ref, class_, d)) {
            cursor->held_day = d;
            return;
        }
        if (school)
            evaluate(ref, class_, d, now_ms);
        cursor->day = d;
    }
}

/* ---- sending ---- */

/* The days that count up to the trigger day must be those that are listed; of a run with more days than can be listed
 * there must still be as many. */
bool ref_still_true(struct ref *ref, const struct ref_alert *alert)
{
    const struct ref_student *student = &ref->students[alert->student];
    int found = 0;
    if (student->left || student->erased)
        return false;
    for (int d = alert->trigger; d >= ref->first_day && found < alert->count; d--) {
        switch (meaning_of(ref, alert->student, d)) {
        case HOLDS:
        case ENDS:
            return false;
        case PASSES:
            break;
        case COUNTS:
            if (found < alert->listed_count &&
                (alert->listed[found].day != d ||
                 alert->listed[found].class_ != ref_class_on(ref, alert->student, d)))
                return false;
            found++;
            break;
        }
    }
    return found == alert->count;
}

static void take_back(struct ref_alert *alert)
{
    bool left = false, waited = false;
    for (int i = 0; i < REF_RECIPIENTS; i++) {
        struct ref_message *m = &alert->messages[i];
        if (!m->exists)
            continue;
        left |= m->may_have_left || m->way == REF_SENDING;
        waited |= m->way == REF_QUEUED;
        if (m->way == REF_QUEUED)
            m->way = REF_CANCELLED;
    }
    left |= alert->seen && !waited; /* all failed: it was told by a letter */
    if (alert->state == REF_ACTIVE)
        alert->state = left ? REF_CONTRADICTED : REF_WITHDRAWN;
}

/* While alerts are switched off nothing waits to be sent. What nobody was told of counts as never made. */
static void call_off(struct ref_alert *alert)
{
    struct ref_alert after = *alert;
    take_back(&after);
    if (after.state == REF_CONTRADICTED)
        after.state = REF_ACTIVE;
    *alert = after;
}

static bool is_listed(const struct ref *ref, const struct ref_alert *alert, int day)
{
    for (int i = 0; i < alert->listed_count; i++)
        if (alert->listed[i].day == day && alert->listed[i].class_ == ref_class_on(ref, alert->student, day))
            return true;
    return false;
}

static int listed_after(const struct ref_alert *alert, int day)
{
    int count = 0;
    for (int i = 0; i < alert->listed_count; i++)
        count += alert->listed[i].day > day;
    return count;
}

/* Was it wrong to tell it? What is open or pending does not say so, nor a day absent more than it lists, unless a
 * later day that it lists is none any more. */
static bool is_wrong(struct ref *ref, const struct ref_alert *alert)
{
    int found = 0, hits = 0, oldest = alert->listed[alert->listed_count - 1].day;
    for (int d = alert->trigger; d >= ref->first_day && found < alert->count; d--) {
        bool listed = is_listed(ref, alert, d);
        switch (meaning_of(ref, alert->student, d)) {
        case HOLDS:
            return hits != listed_after(alert, d);
        case ENDS:
            return true;
        case PASSES:
            if (listed && !ref_school(ref, ref_class_on(ref, alert->student, d), d))
                return true;
            if (listed)
                return ref_status(ref, alert->student, d) != REF_NOTHING; /* opened again: not settled */
            break;
        case COUNTS:
            if (d >= oldest && !listed)
                return hits != listed_after(alert, d);
            found++;
            hits += listed;
            break;
        }
    }
    return found != alert->count || hits != alert->listed_count;
}

/* What stands, of the last 60 days, is held against the days once more; then class by class. */
void ref_night(struct ref *ref, int through, int64_t now_ms)
{
    const int64_t oldest_ms = now_ms - INT64_C(60) * 24 * 3600 * 1000;
    for (int s = 0; s < ref->student_count; s++) {
        for (int i = 0; i < ref->alert_counts[s]; i++) {
            struct ref_alert *alert = &ref->alerts[s][i];
            if (alert->state == REF_ACTIVE && alert->made_ms >= oldest_ms && is_wrong(ref, alert))
                take_back(alert);
        }
    }
    for (int c = 0; c < ref->class_count; c++)
        night_of_class(ref, c, through, now_ms);
}

static bool any_way(const struct ref_alert *alert, enum ref_way way)
{
    for (int i = 0; i < REF_RECIPIENTS; i++)
        if (alert->messages[i].exists && alert->messages[i].way == way)
            return true;
    return false;
}

void ref_verify_queued(struct ref *ref, int64_t now_ms)
{
    (void)now_ms;
    for (int s = 0; s < ref->student_count; s++) {
        for (int i = 0; i < ref->alert_counts[s]; i++) {
            struct ref_alert *alert = &ref->alerts[s][i];
            if (!any_way(alert, REF_QUEUED))
                continue;
            if (alert->state != REF_ACTIVE || !ref_still_true(ref, alert))
                take_back(alert);
            else if (ref->alerts_off)
                call_off(alert);
        }
    }
}

static bool reachable(const struct ref *ref, const struct ref_alert *alert, int recipient)
{
    if (recipient == REF_TO_PARENT)
        return ref->students[alert->student].parent_phone;
    if (recipient == REF_TO_NUMBER)
        return ref->school_number;
    const struct ref_coordinator *c = &ref->coordinators[recipient - REF_TO_COORDINATOR];
    return c->enabled && c->has[alert->class_] && (c->phone || (c->email && ref->email_way));
}

enum ref_claim ref_claim(struct ref *ref, struct ref_alert *alert, int recipient, int64_t now_ms)
{
    struct ref_message *m = &alert->messages[recipient];
    int minute = ref_minute_of(now_ms);
    if (m->way != REF_QUEUED || m->next_try_ms > now_ms)
        return REF_CLAIM_NOT_DUE;
    if (alert->state != REF_ACTIVE || !ref_still_true(ref, alert)) {
        take_back(alert);
        return REF_CLAIM_WITHDRAWN;
    }
    if (ref->alerts_off) {
        call_off(alert);
        return REF_CLAIM_WITHDRAWN;
    }
    if (minute < ref->send_from || minute >= ref->send_to)
        return REF_CLAIM_QUIET;
    bool address = reachable(ref, alert, recipient);
    m->way = address ? REF_SENDING : REF_FAILED;
    return address ? REF_CLAIM_SEND : REF_CLAIM_NO_ADDRESS;
}

/* What a webhook says only moves forward. Who got it got it, in every state; that it merely left is no news of a message that
 * failed or was taken back, and `failed` counts for what left or may have left, until it was delivered. */
static enum ref_way way_after(enum ref_way way, enum ref_news news)
{
    bool sending = way == REF_SENDING, unclear = sending || way == REF_UNKNOWN;
    switch (news) {
    case REF_TAKEN:
        return unclear ? REF_SENT : way;
    case REF_AGAIN:
        return sending ? REF_QUEUED : way;
    case REF_REFUSED:
        return sending ? REF_FAILED : way;
    case REF_LOST:
        return sending ? REF_UNKNOWN : way;
    case REF_TOLD_SENT:
        return unclear || way == REF_QUEUED ? REF_SENT : way;
    case REF_TOLD_DELIVERED:
        return way != REF_READ ? REF_DELIVERED : way;
    case REF_TOLD_READ:
        return REF_READ;
    case REF_TOLD_FAILED:
        return unclear || way == REF_SENT ? REF_FAILED : way;
    }
    return way;
}

void ref_news(struct ref_alert *alert, int recipient, enum ref_news news, int64_t next_try_ms)
{
    struct ref_message *m = &alert->messages[recipient];
    enum ref_way before = m->way;
    m->way = way_after(before, news);
    if (m->way == before)
        return;
    if (m->way == REF_QUEUED)
        m->next_try_ms = next_try_ms;
    if (m->way == REF_FAILED)
        m->may_have_left = false;
    if (m->way == REF_SENT || m->way == REF_DELIVERED || m->way == REF_READ || m->way == REF_UNKNOWN)
        m->may_have_left = true;
    if (alert->state == REF_WITHDRAWN && m->may_have_left)
        alert->state = REF_CONTRADICTED; /* it was told after all */
}

void ref_recover(struct ref *ref)
{
    for (int s = 0; s < ref->student_count; s++)
        for (int i = 0; i < ref->alert_counts[s]; i++)
            for (int r = 0; r < REF_RECIPIENTS; r++)
                ref_news(&ref->alerts[s][i], r, REF_LOST, 0);
}

bool ref_cancel(struct ref_alert *alert)
{
    if (alert->state != REF_ACTIVE || !any_way(alert, REF_QUEUED))
        return false;
    alert->state = REF_CANCELLED_ALERT;
    take_back(alert);
    return true;
}

bool ref_retry(const struct ref *ref, struct ref_alert *alert, int64_t now_ms)
{
    bool any = false;
    for (int i = 0; i < REF_RECIPIENTS && alert->state == REF_ACTIVE && !ref->alerts_off; i++) {
        struct ref_message *m = &alert->messages[i];
        if (!m->exists || (m->way != REF_FAILED && m->way != REF_UNKNOWN))
            continue;
        m->way = REF_QUEUED;
        m->next_try_ms = now_ms;
        any = true;
    }
    return any;
}

bool ref_resolve(struct ref_alert *alert, int recipient, bool was_sent, int64_t now_ms)
{
    struct ref_message *m = &alert->messages[recipient];
    if (!m->exists || m->way != REF_UNKNOWN || (!was_sent && alert->state != REF_ACTIVE))
        return false;
    m->way = was_sent ? REF_SENT : REF_QUEUED;
    m->may_have_left = was_sent;
    m->next_try_ms = was_sent ? m->next_try_ms : now_ms;
    return true;
}

void ref_erase(struct ref *ref, int student)
{
    struct ref_student *s = &ref->students[student];
    s->erased = true;
    ref->alert_counts[student] = 0;
    ref->stale = true;
}
