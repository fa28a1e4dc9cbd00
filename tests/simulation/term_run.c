/* A term of a small school, as chance has it: who comes, what the stations see and when it arrives, what people say and change,
 * and the nights. */
#include "simulation/term.h"

#include "simulation/chance.h"
#include "store/settings.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const int64_t minute_ms = 60000, day_ms = INT64_C(86400000);

static bool trouble(const struct term *term, int percent)
{
    return sim_happens(percent) && sim_happens(term->trouble);
}

/* Instants of what people say: no two are equal. */
static int64_t said_now(struct term *term)
{
    return term->now_ms + ++term->said % 50000;
}

static int real_class(struct term *term)
{
    return term->first_real + sim_draw(term->real_classes);
}

/* ---- setting up ---- */

static int pick_first_day(const char *zone)
{
    int day = 19750 + sim_draw(1000); /* 2024, 2025, 2026 */
    setenv("TZ", zone, 1);
    if (sim_happens(40))
        return day;
    for (int i = 0; i < 200; i++) /* before the clocks change */
        if (ref_instant(day + i + 1, 0) - ref_instant(day + i, 0) != day_ms)
            return day + i - sim_draw(20);
    return day;
}

static void set_class(struct term *term, int class_)
{
    static const int starts[] = {10, 45, 360, 480, 540, 540, 540, 570, 780, 1110, 1290};
    static const unsigned weekdays[] = {0x1f, 0x1f, 0x1f, 0x1f, 0x3f, 0x7f, 0x5f, 0x2a};
    struct ref_class *c = &term->ref->classes[class_];
    c->start_minute = starts[sim_draw((int)(sizeof starts / sizeof starts[0]))];
    c->close_after_min = c->start_minute == 10 ? 45 : 30 + 15 * sim_draw(7);
    c->weekdays = weekdays[sim_draw(8)];
    term_put_class(term->server, class_, c);
    term->ref->stale = true;
}

static void set_coordinator(struct term *term, int number)
{
    struct ref_coordinator *c = &term->ref->coordinators[number];
    *c = (struct ref_coordinator){
        .enabled = sim_happens(85), .phone = sim_happens(70), .email = sim_happens(40)};
    for (int i = 0; i < term->class_count; i++)
        c->has[i] = i >= term->first_real && i < term->first_real + term->real_classes && sim_happens(50);
    term_put_coordinator(term->server, number, c, term->class_count);
}

static void save_pupil(struct term *term, int student)
{
    struct term_pupil *p = &term->pupils[student];
    term_put_student(term->server, student, &p->as);
    term->ref->students[student].parent_phone = p->as.parent_phone;
}

static void admit(struct term *term, int student, int day)
{
    struct term_pupil *p = &term->pupils[student];
    *p = (struct term_pupil){.exists = true};
    p->as = (struct term_student){.class_ = real_class(term), .joined = day, .parent_phone = sim_happens(90)};
    save_pupil(term, student);
    term->ref->students[student].exists = true;
    ref_move(term->ref, student, day, p->as.class_);
    term_tell(term, "S-%02d joins C-%02d on %d", student, p->as.class_, term_date(day));
}

static void put_duty(struct term *term, int number)
{
    const struct term_device *d = &term->devices[number];
    const struct term_duty duty = {.classes = d->every_class ? NULL : d->serves,
                                   .class_count = term->class_count,
                                   .paired_ms = d->paired_ms,
                                   .revoked = d->revoked};
    term_put_station(term->server, number, &d->log, &duty);
}

static void pair_device(struct term *term, int number)
{
    struct term_device *d = &term->devices[number];
    d->paired_ms = term->now_ms;
    put_duty(term, number);
    ref_pair(term->ref, number, term->now_ms);
    term_tell(term, "station %d is paired", number);
}

/* Some are paired long before anybody switches them on, or work alone before they are paired. */
static void set_habits(struct term *term, struct term_device *d)
{
    d->pairs_from = term->today + (sim_happens(20) ? 1 + sim_draw(5) : 0);
    d->runs_from = term->today + (sim_happens(15) ? 1 + sim_draw(20) : 0);
}

static void set_device(struct term *term, int number)
{
    struct term_device *d = &term->devices[number];
    memset(d, 0, sizeof *d);
    term_log_begin(&d->log, number);
    d->every_class = term->class_count == term->real_classes && sim_happens(30);
    for (int i = 0; i < term->real_classes; i++)
        d->serves[term->first_real + i] = number == 0 || sim_happens(40);
    bool any = d->every_class;
    for (int i = 0; i < term->class_count; i++)
        any |= d->serves[i];
    d->serves[term->first_real] |= !any;
    bool knows = sim_happens(50); /* by a roster of its own, before it is paired */
    for (int i = 0; i < REF_STUDENTS; i++)
        d->believes[i] = knows ? ref_class_on(term->ref, i, term->today) : REF_NO_CLASS;
    term->ref->stations[number].created_ms = term->now_ms;
    set_habits(term, d);
    put_duty(term, number);
    if (d->pairs_from <= term->today)
        pair_device(term, number);
    if (d->every_class)
        ref_serve(term->ref, number, REF_NO_CLASS, INT64_MIN);
    for (int i = 0; i < term->class_count && !d->every_class; i++)
        if (d->serves[i])
            ref_serve(term->ref, number, i, INT64_MIN);
}

static struct ref_entry any_entry(void)
{
    struct ref_entry entry = {.kind = REF_OFF};
    if (sim_happens(40))
        entry = (struct ref_entry){REF_HALF, 480 + 30 * sim_draw(8), 20 + 10 * sim_draw(6)};
    return entry;
}

static void set_closure(struct term *term, int class_, int day, struct ref_entry entry)
{
    int index = day - term->ref->first_day;
    struct ref_entry *is =
        class_ == REF_NO_CLASS ? &term->ref->entries[index] : &term->ref->classes[class_].entries[index];
    if (is->kind == REF_AS_EVER && entry.kind == REF_AS_EVER)
        return;
    *is = entry;
    term_put_closure(term->server, class_, day, &entry);
    term->ref->stale = true;
    term_tell(term, "%d is %s for class %d", term_date(day),
              entry.kind == REF_OFF    ? "closed"
              : entry.kind == REF_HALF ? "a half day"
                                       : "as ever",
              class_);
}

static void set_rules(struct term *term)
{
    struct ref *ref = term->ref;
    ref->alert_days = sim_happens(75) ? 3 : 2 + sim_draw(4);
    ref->repeat_days = sim_happens(60) ? 7 : 1 + sim_draw(9);
    ref->coverage_percent = sim_happens(75) ? 80 : 50 + sim_draw(51);
    ref->send_from = 7 * 60;
    ref->send_to = 20 * 60;
    if (ref->alert_days != 3)
        term_put_number(term->server, SRV_SETTING_ALERT_DAYS, ref->alert_days);
    if (ref->repeat_days != 7)
        term_put_number(term->server, SRV_SETTING_ALERT_REPEAT, ref->repeat_days);
    if (ref->coverage_percent != 80)
        term_put_number(term->server, SRV_SETTING_COVERAGE_PERCENT, ref->coverage_percent);
}

static void set_up(struct term *term, const char *dir)
{
    static const char *const zones[] = {"Asia/Kolkata", "Europe/Berlin", "America/New_York",
                                        "Australia/Lord_Howe"};
    char url[256] = "memory:";
    bool large = sim_happens(3);
    int length = sim_draw(10);
    term->zone = zones[sim_draw(4)];
    term->first = pick_first_day(term->zone);
    term->day_count = length < 7 || large ? 10 + sim_draw(15)
                      : length < 9        ? 25 + sim_draw(25)
                                          : 55 + sim_draw(35);
    term->trouble = sim_happens(25) ? 10 : 40 + sim_draw(61);
    term->habit = sim_happens(50) ? sim_draw(30) : 50 + sim_draw(50);
    term->ref = ref_create(term->zone, term->first - 8);
    ref_today(term->ref, term->first);
    term->today = term->first;
    term->now_ms = ref_instant(term->first, 0) - 60 * minute_ms;
    if (dir != NULL)
        snprintf(url, sizeof url, "lmdb:%s/term-%llu", dir, term->seed);
    term->server = term_server_open(url, term->zone, term->now_ms);
    set_rules(term);
    term->first_real = large ? 63 : 0; /* one of them in the job's first part, the others in its second */
    term->real_classes = large ? 3 : 1 + sim_draw(3);
    term->class_count = term->ref->class_count = term->first_real + term->real_classes;
    for (int i = 0; i < term->class_count; i++)
        set_class(term, i);
    term->coordinator_count = term->ref->coordinator_count = sim_draw(REF_COORDINATORS + 1);
    for (int i = 0; i < term->coordinator_count; i++)
        set_coordinator(term, i);
    term->ref->school_number = sim_happens(60);
    term->ref->email_way = sim_happens(50);
    term->device_count = term->ref->station_count = 1 + sim_draw(REF_STATIONS);
    for (int i = 0; i < term->device_count; i++)
        set_device(term, i);
    term->student_count = term->ref->student_count = 2 + sim_draw(5);
    for (int i = 0; i < term->student_count; i++)
        if (i < 2 || sim_happens(85))
            admit(term, i, term->first);
    for (int i = sim_draw(5); i > 0; i--)
        set_closure(term, sim_happens(60) ? REF_NO_CLASS : real_class(term),
                    term->first + sim_draw(term->day_count), any_entry());
}

/* ---- the day as it will be ---- */

static void plan(struct term *term, int64_t at_ms, enum term_what what, int a, int b, int c)
{
    if (term->act_count == TERM_ACTS)
        return;
    int i = term->act_count++;
    while (i > 0 && term->acts[i - 1].at_ms > at_ms) {
        term->acts[i] = term->acts[i - 1];
        i--;
    }
    term->acts[i] = (struct term_act){at_ms, what, a, b, c};
}

static bool serves(const struct term_device *device, int class_)
{
    return device->every_class || device->serves[class_];
}

static void plan_coverage(struct term *term, int number)
{
    const struct term_device *d = &term->devices[number];
    int from = 1440, to = 0, step = 20 + 10 * sim_draw(3);
    for (int c = term->first_real; c < term->first_real + term->real_classes; c++) {
        int start, length;
        if (!serves(d, c) || !ref_school(term->ref, c, term->today))
            continue;
        ref_times(term->ref, c, term->today, &start, &length);
        from = start < from ? start : from;
        to = start + length > to ? start + length : to;
    }
    if (from > to)
        return;
    int64_t start = ref_instant(term->today, from) - 20 * minute_ms;
    int64_t end = ref_instant(term->today, to) + 70 * minute_ms; /* the clocks may go forward meanwhile */
    for (int64_t at = start; at < end; at += step * minute_ms)
        plan(term, at + step * minute_ms, TERM_COVER, number, step, 0);
}

static void wake_device(struct term *term, int number)
{
    static const int64_t jumps_min[] = {-3, 4, 50, -70, 600, -900, 1440, -1440, 525600, -525600};
    struct term_device *d = &term->devices[number];
    if (d->offset_ms != 0 && term->today >= d->clock_until) {
        d->offset_ms = 0;
        d->suspect = false;
    }
    if (trouble(term, 3)) {
        d->offset_ms = jumps_min[sim_draw(10)] * minute_ms;
        d->suspect = d->offset_ms < 0 || sim_happens(60); /* that it ran backwards it sees by itself */
        d->disturbed = true;
        d->clock_until = term->today + 1 + sim_draw(3);
        term_tell(term, "station %d's clock is wrong by %lld minutes%s", number,
                  (long long)(d->offset_ms / minute_ms), d->suspect ? ", and it knows" : "");
    }
    if (trouble(term, 6)) {
        d->offline_until = term->today + 1 + sim_draw(6);
        term_tell(term, "station %d has no network until %d", number, term_date(d->offline_until));
    }
    if (d->paired_ms == 0 && term->today >= d->pairs_from)
        plan(term, ref_instant(term->today, sim_draw(1440)), TERM_PAIR, number, 0, 0);
    d->on = term->today >= d->runs_from && !trouble(term, 8);
    d->cut = trouble(term, 5) ? sim_draw(1440) : 1440;
    d->dark_from = d->dark_to = 0;
    if (trouble(term, 20)) {
        const struct ref_class *c = &term->ref->classes[real_class(term)];
        d->dark_from = c->start_minute + sim_draw(c->close_after_min);
        d->dark_to = d->dark_from + 10 + sim_draw(90);
        d->dark_says = sim_happens(50);
    }
    if (!d->on)
        return;
    plan_coverage(term, number);
    for (int i = 1 + sim_draw(3); i > 0; i--)
        plan(term, ref_instant(term->today, sim_draw(1440)), TERM_SYNC, number, 0, 0);
    plan(term, ref_instant(term->today, 1380 + sim_draw(59)), TERM_SYNC, number, 0, 0);
}

static void plan_pupil(struct term *term, int student)
{
    struct term_pupil *p = &term->pupils[student];
    if (!p->exists || p->erased || p->as.left)
        return;
    int class_ = ref_class_on(term->ref, student, term->today);
    if (class_ == REF_NO_CLASS)
        return;
    if (p->spell == 0 && sim_happens(9))
        p->spell = sim_happens(12) ? 10 + sim_draw(40) : 1 + sim_draw(7);
    if (p->spell > 0) {
        p->spell--;
        return;
    }
    int start_minute, length;
    ref_times(term->ref, class_, term->today, &start_minute, &length);
    int64_t start = ref_instant(term->today, start_minute);
    for (int i = sim_happens(15) ? 2 : 1; i > 0; i--) {
        int64_t at = start + (sim_draw(length + 25) - 25) * minute_ms + sim_draw(60000);
        plan(term, at < ref_instant(term->today, 0) ? start : at, TERM_SEE, sim_draw(term->device_count),
             student, 0);
    }
}

static void plan_day(struct term *term)
{
    static const int ticks[] = {30, 360, 419, 420, 421, 540, 600, 780, 1020, 1199, 1200, 1380};
    int64_t midnight = ref_instant(term->today, 0);
    term->act_count = 0;
    if (term->today >= term->down_until && trouble(term, 4))
        term->down_until = term->today + 1 + sim_draw(3);
    plan(term, midnight + sim_draw(300000), TERM_NIGHT, 0, 0, 0);
    if (sim_happens(15)) /* by hand, or as the server starts */
        plan(term, ref_instant(term->today, sim_draw(1440)), TERM_NIGHT, 0, 0, 0);
    if (term->stale != NULL)
        plan(term, midnight + sim_draw(600000), TERM_STALE_NIGHT, 0, 0, 0);
    for (int i = 0; i < term->device_count; i++)
        wake_device(term, i);
    for (int i = 0; i < term->student_count; i++)
        plan_pupil(term, i);
    for (int c = term->first_real; c < term->first_real + term->real_classes; c++) {
        int start, length;
        ref_times(term->ref, c, term->today, &start, &length);
        if (ref_school(term->ref, c, term->today) && sim_happens(term->habit))
            plan(term, ref_instant(term->today, start) + (length - 5 + sim_draw(60)) * minute_ms, TERM_CLOSE,
                 c, 0, 0);
    }
    plan(term, ref_instant(term->today, 420), TERM_SEND, 0, 0, 0);
    for (int i = 1 + sim_draw(3); i > 0; i--)
        plan(term, ref_instant(term->today, ticks[sim_draw(12)]), TERM_SEND, 0, 0, 0);
    for (int i = sim_draw(2 + term->trouble / 25); i > 0; i--) {
        /* often a minute before or after messages leave */
        int minute = sim_happens(40) ? ticks[sim_draw(12)] + sim_draw(3) - 1 : sim_draw(1440);
        plan(term, ref_instant(term->today, minute), TERM_PEOPLE, 0, 0, 0);
    }
    plan(term, ref_instant(term->today, sim_draw(1440)), TERM_HOOK, 0, 0, 0);
}

/* ---- stations ---- */

static void log_event(struct term *term, int number, struct term_event event)
{
    struct term_device *d = &term->devices[number];
    event.id = ++term->ids;
    term_log_append(&d->log, &event);
}

static bool is_dark(const struct term_device *d, int from, int to)
{
    return from < d->dark_to && to > d->dark_from;
}

static void cover(struct term *term, int number, int length)
{
    struct term_device *d = &term->devices[number];
    int minute = ref_minute_of(term->now_ms);
    bool dark = is_dark(d, minute - length, minute);
    if (minute >= d->cut || (dark && !d->dark_says))
        return;
    log_event(term, number,
              (struct term_event){.kind = TERM_COVERAGE,
                                  .wall_ms = term->now_ms + d->offset_ms,
                                  .from_ms = term->now_ms + d->offset_ms - length * minute_ms,
                                  .able = !dark && !d->suspect});
}

static void note_seen(struct term *term, int student, int class_, int station)
{
    int start_minute, length;
    ref_times(term->ref, class_, term->today, &start_minute, &length);
    int64_t start = ref_instant(term->today, start_minute);
    const struct term_device *d = &term->devices[station];
    if (d->disturbed || d->paired_ms == 0 || d->revoked || !serves(d, class_) ||
        !ref_school(term->ref, class_, term->today) || term->now_ms >= start + length * minute_ms ||
        term->seen_count == TERM_SEEN)
        return;
    if (class_ == ref_class_on(term->ref, student, term->today))
        term->seen[term->seen_count++] = (struct term_seen){student, class_, term->today, station};
}

static void see(struct term *term, int number, int student)
{
    struct term_device *d = &term->devices[number];
    struct term_pupil *p = &term->pupils[student];
    int minute = ref_minute_of(term->now_ms);
    int class_ = d->believes[student];
    int64_t captured = term->now_ms + d->offset_ms;
    if (!d->on || minute >= d->cut || is_dark(d, minute, minute + 1) || class_ == REF_NO_CLASS || p->erased)
        return;
    if (!serves(d, class_) || !ref_school(term->ref, class_, term->today))
        return; /* there is no session that it would mark him in */
    int day = ref_day_of(captured);
    log_event(term, number,
              (struct term_event){.kind = TERM_MARK,
                                  .student = student,
                                  .class_ = class_,
                                  .day = d->offset_ms != 0 && sim_happens(50) ? day : term->today,
                                  .wall_ms = captured,
                                  .suspect = d->suspect});
    term->totals->marks++;
    if (d->offset_ms == 0)
        note_seen(term, student, class_, number);
}

static void arrive(struct term *term, int number, const struct term_event *e)
{
    struct ref *ref = term->ref;
    bool erased = (e->kind == TERM_MARK || e->kind == TERM_CORRECTION) && term->pupils[e->student].erased;
    switch (e->kind) {
    case TERM_MARK:
        if (!erased)
            ref_mark(ref, e->student, e->class_, e->day, e->wall_ms, e->id, e->suspect, term->now_ms);
        term->totals->late_syncs += e->day < term->today;
        break;
    case TERM_CORRECTION:
        if (!erased)
            ref_correct(ref, e->student, e->class_, e->day, e->status, e->wall_ms, e->id, term->now_ms);
        break;
    case TERM_WORD:
        ref_say(ref, e->class_, e->day, e->word, e->wall_ms, term->now_ms);
        break;
    case TERM_COVERAGE:
        ref_cover(ref, number, e->from_ms, e->wall_ms, e->able, term->now_ms);
        break;
    }
    ref_reach(ref, number, e->wall_ms, e->kind == TERM_COVERAGE ? e->from_ms : e->wall_ms, term->now_ms);
}

static void sync(struct term *term, int number)
{
    struct term_device *d = &term->devices[number];
    if (term->today < d->offline_until || d->paired_ms == 0 || d->revoked)
        return;
    int before = d->log.acked, first = before + 1, count = d->log.count - before;
    if (first > 1 && sim_happens(15)) { /* the answer of the last push was lost */
        int again = 1 + sim_draw(first - 1 > 4 ? 4 : first - 1);
        first -= again;
        count += again;
    }
    if (count > 1 && sim_happens(15))
        count = 1 + sim_draw(count);
    if (count > 0)
        term_push(term->server, number, &d->log, first, count);
    for (int i = before; i < d->log.acked; i++)
        arrive(term, number, &d->log.events[i]);
    for (int s = 0; s < term->student_count; s++)
        d->believes[s] = ref_class_on(term->ref, s, term->today);
    term_tell(term, "station %d syncs %d events", number, d->log.acked - before);
}

/* ---- people ---- */

static void correct(struct term *term, int student, int day, enum ref_status status)
{
    int class_ = ref_class_on(term->ref, student, day);
    const struct ref_facts *facts = &term->ref->students[student].corrections[day - term->ref->first_day];
    if (class_ == REF_NO_CLASS || facts->count > REF_FACTS - 6)
        return;
    if (sim_happens(3))
        class_ = real_class(term);
    term->totals->corrections++;
    term_tell(term, "S-%02d of %d is said to be %d", student, term_date(day), (int)status);
    int number = sim_draw(term->device_count);
    struct term_device *d = &term->devices[number];
    if (sim_happens(30) && d->on && serves(d, class_)) { /* at the station */
        log_event(term, number,
                  (struct term_event){.kind = TERM_CORRECTION,
                                      .student = student,
                                      .class_ = class_,
                                      .day = day,
                                      .wall_ms = said_now(term) + d->offset_ms,
                                      .status = status});
        return;
    }
    int64_t said_ms = said_now(term);
    uint32_t id = ++term->ids;
    term_correct(term->server, student, class_, day, status, said_ms, id);
    ref_correct(term->ref, student, class_, day, status, said_ms, id, term->now_ms);
}

static void correct_any(struct term *term)
{
    static const enum ref_status what[] = {REF_THERE,  REF_THERE,  REF_EXCUSED, REF_EXCUSED,
                                           REF_ABSENT, REF_ABSENT, REF_UNJUDGED};
    int student = sim_draw(term->student_count), day = term->today - sim_draw(8);
    if (term->pupils[student].exists && !term->pupils[student].erased && day >= term->first)
        correct(term, student, day, what[sim_draw(7)]);
}

/* A day that an alert names. */
static void correct_told(struct term *term)
{
    int student = sim_draw(term->student_count);
    int count = term->ref->alert_counts[student];
    if (count == 0 || term->pupils[student].erased)
        return;
    const struct ref_alert *alert = &term->ref->alerts[student][count - 1];
    static const enum ref_status what[] = {REF_THERE, REF_EXCUSED, REF_THERE, REF_ABSENT};
    correct(term, student, alert->listed[sim_draw(alert->listed_count)].day, what[sim_draw(4)]);
}

static void say(struct term *term, int class_, int day, enum ref_said said)
{
    static const char *const words[] = {"closed", "opened again", "without session"};
    int number = sim_draw(term->device_count);
    struct term_device *d = &term->devices[number];
    if (term->word_count > REF_WORDS - 8 || day < term->first)
        return;
    term->word_count++;
    term_tell(term, "C-%02d of %d is said to be %s", class_, term_date(day), words[said]);
    int64_t at = said_now(term);
    if (sim_happens(30) && d->on && serves(d, class_)) { /* at the station */
        log_event(
            term, number,
            (struct term_event){
                .kind = TERM_WORD, .class_ = class_, .day = day, .wall_ms = at + d->offset_ms, .word = said});
        return;
    }
    term_say(term->server, class_, day, said, at);
    ref_say(term->ref, class_, day, said, at, term->now_ms);
}

static void say_any(struct term *term)
{
    static const enum ref_said words[] = {REF_SAID_CLOSED, REF_SAID_REOPENED, REF_SAID_NO_SESSION};
    say(term, real_class(term), term->today - sim_draw(6), words[sim_draw(3)]);
}

static void close_held(struct term *term)
{
    for (int c = term->first_real; c < term->first_real + term->real_classes; c++) {
        int day = term->ref->cursors[c].held_day;
        if (day >= 0 && sim_happens(50))
            say(term, c, day, REF_SAID_CLOSED);
    }
}

static void move(struct term *term)
{
    int student = sim_draw(term->student_count);
    struct term_pupil *p = &term->pupils[student];
    int class_ = real_class(term), day = term->today + sim_draw(6) - 3;
    if (!p->exists) {
        admit(term, student, term->today);
        return;
    }
    struct ref_student *r = &term->ref->students[student];
    if (p->erased || p->as.left || class_ == p->as.class_ || day <= p->as.joined ||
        r->move_count > REF_MOVES - 2)
        return;
    p->as.class_ = class_;
    p->as.joined = day;
    save_pupil(term, student);
    ref_move(term->ref, student, day, class_);
    term_tell(term, "S-%02d moves to C-%02d from %d on", student, class_, term_date(day));
}

static void leave(struct term *term)
{
    int student = sim_draw(term->student_count);
    struct term_pupil *p = &term->pupils[student];
    if (!p->exists || p->erased || p->as.left || p->as.joined >= term->today)
        return;
    if (sim_happens(30)) {
        p->erased = true;
        term_erase_student(term->server, student);
        ref_erase(term->ref, student);
        term_tell(term, "S-%02d is erased", student);
        return;
    }
    p->as.left = true;
    p->as.left_day = term->today;
    save_pupil(term, student);
    term->ref->students[student].left = true;
    term->ref->students[student].left_day = term->today;
    term->ref->stale = true;
    term_tell(term, "S-%02d leaves", student);
}

static void change_duty(struct term *term)
{
    int number = sim_draw(term->device_count), class_ = real_class(term);
    struct term_device *d = &term->devices[number];
    if (d->every_class || d->revoked || term->ref->service_count > REF_SERVICES - 4)
        return;
    int others = 0;
    for (int i = 0; i < term->class_count; i++)
        others += d->serves[i] && i != class_;
    if (d->serves[class_] && others == 0)
        return; /* none would mean every class */
    d->serves[class_] = !d->serves[class_];
    put_duty(term, number);
    if (d->serves[class_])
        ref_serve(term->ref, number, class_, term->now_ms);
    else
        ref_serve_end(term->ref, number, class_, term->now_ms);
    term_tell(term, "station %d %s C-%02d", number, d->serves[class_] ? "serves" : "does not serve", class_);
}

static void revoke(struct term *term)
{
    int number = sim_draw(term->device_count);
    struct term_device *d = &term->devices[number];
    if (d->revoked || d->paired_ms == 0)
        return;
    d->revoked = true;
    put_duty(term, number);
    ref_revoke(term->ref, number);
    term_tell(term, "station %d is revoked", number);
}

static void new_device(struct term *term)
{
    if (term->device_count == REF_STATIONS || term->ref->service_count > REF_SERVICES - 8)
        return;
    term_tell(term, "station %d is new", term->device_count);
    term->ref->station_count = ++term->device_count;
    set_device(term, term->device_count - 1);
}

static void change_address(struct term *term)
{
    int student = sim_draw(term->student_count);
    struct term_pupil *p = &term->pupils[student];
    if (term->coordinator_count > 0 && sim_happens(40)) {
        set_coordinator(term, sim_draw(term->coordinator_count));
    } else if (p->exists && !p->erased) {
        p->as.parent_phone = !p->as.parent_phone;
        save_pupil(term, student);
    }
}

static void change_calendar(struct term *term)
{
    int day = term->today + sim_draw(9) - 4;
    struct ref_entry entry = {.kind = REF_AS_EVER};
    if (sim_happens(60))
        entry = any_entry();
    if (day < term->first || day >= term->first + term->day_count)
        return;
    set_closure(term, sim_happens(40) ? REF_NO_CLASS : real_class(term), day, entry);
    term->classes_changed |= day <= term->today;
}

static void change_rules(struct term *term)
{
    if (sim_happens(60)) {
        term->ref->alert_days = 2 + sim_draw(4);
        term->ref->repeat_days = 1 + sim_draw(9);
        term_put_number(term->server, SRV_SETTING_ALERT_DAYS, term->ref->alert_days);
        term_put_number(term->server, SRV_SETTING_ALERT_REPEAT, term->ref->repeat_days);
    } else {
        set_class(term, real_class(term));
        term->classes_changed = true;
    }
    term_tell(term, "the settings change");
}

static void switch_alerts(struct term *term)
{
    term->ref->alerts_off = !term->ref->alerts_off;
    term_put_number(term->server, SRV_SETTING_ALERTS_ENABLED, !term->ref->alerts_off);
    term_tell(term, "alerts are switched %s", term->ref->alerts_off ? "off" : "on");
}

static void people(struct term *term)
{
    int what = sim_draw(106);
    if (term->ref->alerts_off && sim_happens(30))
        what = 105;
    if (what < 20)
        correct_any(term);
    else if (what < 38)
        correct_told(term);
    else if (what < 50)
        close_held(term);
    else if (what < 58)
        say_any(term);
    else if (what < 65)
        change_calendar(term);
    else if (what < 69)
        move(term);
    else if (what < 71)
        leave(term);
    else if (what < 76)
        change_address(term);
    else if (what < 79)
        change_duty(term);
    else if (what < 80)
        change_rules(term);
    else if (what >= 104)
        switch_alerts(term);
    else if (what >= 102)
        revoke(term);
    else if (what >= 100)
        new_device(term);
    else
        term_people_and_alerts(term);
}

/* ---- nights ---- */

static void finish(struct term *term, struct term_night *night)
{
    while (term_night_part(term->server, night, false))
        ;
    term->made += term_night_end(night);
}

static void night(struct term *term)
{
    int64_t now = term->now_ms + (trouble(term, 2) ? day_ms : 0) - (trouble(term, 2) ? 2 * 3600000 : 0);
    bool number = term->ref->school_number;
    term_server_at(term->server, now);
    struct term_night *night = term_night_begin(term->server, now, number);
    term->totals->nights++;
    if (trouble(term, 6) && term->stale == NULL) { /* it hangs, and goes on tomorrow */
        term->stale = night;
        term->stale_ms = now;
        return;
    }
    if (trouble(term, 12)) {
        bool some = sim_happens(50);
        term->totals->crashes++;
        if (some && !term_night_part(term->server, night, false)) {
            term->made += term_night_end(night); /* it was done */
        } else {
            term_night_part(term->server, night, true);
            term->made += term_night_end(night);
            if (!some && sim_happens(50))
                return; /* nobody starts it again before the next night */
            finish(term, term_night_begin(term->server, now, number));
        }
    } else if (trouble(term, 12)) { /* two at once */
        struct term_night *other = term_night_begin(term->server, now, number);
        for (bool more = true; more;) {
            more = term_night_part(term->server, night, false);
            more |= term_night_part(term->server, other, sim_happens(20));
        }
        term->made += term_night_end(night);
        finish(term, other);
    } else {
        finish(term, night);
    }
    ref_night(term->ref, ref_day_of(now) - 1, now);
    term_tell(term, "the night's job ran");
    if (sim_happens(20))
        finish(term, term_night_begin(term->server, now, number)); /* once more changes nothing */
    term_judge(term, false);
}

static void stale_night(struct term *term)
{
    if (term->stale == NULL)
        return;
    finish(term, term->stale);
    term->stale = NULL;
    ref_night(term->ref, ref_day_of(term->stale_ms) - 1, term->stale_ms);
    term_tell(term, "a job that hung goes on");
    term_judge(term, false);
}

/* ---- living ---- */

static bool needs_server(enum term_what what)
{
    return what != TERM_COVER && what != TERM_SEE;
}

static void act(struct term *term, const struct term_act *act)
{
    term->now_ms = act->at_ms;
    term_server_at(term->server, act->at_ms);
    if (needs_server(act->what) && term->today < term->down_until)
        return;
    switch (act->what) {
    case TERM_NIGHT:
        night(term);
        break;
    case TERM_STALE_NIGHT:
        stale_night(term);
        break;
    case TERM_COVER:
        cover(term, act->a, act->b);
        break;
    case TERM_SEE:
        see(term, act->a, act->b);
        break;
    case TERM_SYNC:
        sync(term, act->a);
        break;
    case TERM_PAIR:
        pair_device(term, act->a);
        break;
    case TERM_SEND:
        term_send(term);
        break;
    case TERM_PEOPLE:
        people(term);
        break;
    case TERM_HOOK:
        term_hooks(term, false);
        break;
    case TERM_CLOSE:
        say(term, act->a, term->today, REF_SAID_CLOSED);
        break;
    }
}

static void live(struct term *term)
{
    ref_today(term->ref, term->today);
    if (term->down_until == term->today) { /* it starts again */
        term_server_restart(term->server);
        term_recover(term->server, term->now_ms);
        ref_recover(term->ref);
    }
    plan_day(term);
    for (int i = 0; i < term->act_count && !term->broken; i++)
        act(term, &term->acts[i]);
    term->totals->days++;
}

/* Everything comes home, what is open is closed, and the last messages leave. */
static void heal(struct term *term)
{
    term->trouble = 0;
    term->down_until = 0;
    for (int i = 0; i < term->device_count; i++) {
        term->devices[i].offline_until = 0;
        term->devices[i].runs_from = 0;
        term->devices[i].clock_until = 0;
    }
    for (int i = 0; i < 4 && !term->broken; i++) {
        term->today++;
        live(term);
        if (!sim_happens(60))
            continue;
        close_held(term);
        close_held(term);
    }
    term_hooks(term, true);
    for (int i = 0; i < 3 && !term->broken; i++) {
        term->now_ms = ref_instant(term->today, 600 + 120 * i);
        term_send(term);
    }
    term_judge(term, true);
    if (sim_happens(3))
        term_check(term->server);
}

static void count(struct term *term)
{
    for (int s = 0; s < term->student_count; s++) {
        for (int i = 0; i < term->ref->alert_counts[s]; i++) {
            const struct ref_alert *alert = &term->ref->alerts[s][i];
            term->totals->alerts++;
            term->totals->repeats += alert->repeat;
            term->totals->withdrawn += alert->state == REF_WITHDRAWN;
            term->totals->contradicted += alert->state == REF_CONTRADICTED;
        }
    }
    for (int c = 0; c < term->class_count; c++)
        term->totals->held += term->ref->cursors[c].held_day >= 0;
    term->totals->terms++;
}

bool term_run(unsigned long long seed, const char *dir, bool tell, struct term_totals *totals)
{
    struct term *term = calloc(1, sizeof *term);
    if (term == NULL)
        abort();
    term->seed = seed;
    term->tell = tell;
    term->totals = totals;
    sim_chance_begin(seed);
    set_up(term, dir);
    for (int i = 0; i < term->day_count && !term->broken; i++) {
        term->today = term->first + i;
        live(term);
    }
    if (!term->broken)
        heal(term);
    if (term->stale != NULL)
        term_night_end(term->stale);
    count(term);
    bool good = !term->broken;
    term_server_close(term->server);
    for (int i = 0; i < term->device_count; i++)
        term_log_free(&term->devices[i].log);
    ref_destroy(term->ref);
    free(term);
    return good;
}
