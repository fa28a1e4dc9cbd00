/*
 * A calendar as iCalendar. The file is cut into its events here, so that a problem has its line and one event cannot spoil the
 * next; libical reads each of them.
 *
 * What is known of libical 3 and guarded against: a rule that never matches is looked for up to the year 20000 (so rules that
 * cannot match are refused before: expandable), one with COUNT is walked from its beginning however long ago that is (steps are
 * counted), an error of a property that does not matter is noted in the component (so only what we need is asked for), and a
 * rule that does not parse disappears (so it is counted in the text).
 */
#include "calendar/plan.h"

#include "base/utf8.h"
#include <libical/ical.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    EVENT_BYTES_MAX = 64 * 1024,
    SPAN_DAYS_MAX = 366,
    OVERRIDES_MAX = 5000,
    YEAR_FIRST = 1970,
    YEAR_LAST = 2200
};

struct override { /* an occurrence that has an event of its own, or was cancelled */
    uint64_t uid;
    int32_t date;
};

struct reading {
    const struct srv_calendar_options *options;
    struct srv_calendar_plan *plan;
    struct override *overrides;
    size_t override_count;
    size_t events, steps;
    struct cm_zone *zone; /* the last one that an event named */
    struct cm_zone *utc;
    char block[EVENT_BYTES_MAX + 1];
};

struct event { /* one component */
    icalcomponent *component;
    const char *block;
    size_t line;
    const struct cm_zone *zone; /* of its times; NULL: whole days */
    struct icaltimetype start;
    int32_t days;
};

/* ---- times ---- */

static int32_t date_of(const struct icaltimetype *time)
{
    return time->year * 10000 + time->month * 100 + time->day;
}

static bool is_sane(const struct icaltimetype *time)
{
    return !icaltime_is_null_time(*time) && time->year >= YEAR_FIRST && time->year <= YEAR_LAST &&
           cm_date_valid(date_of(time)) && time->hour >= 0 && time->hour < 24 && time->minute >= 0 &&
           time->minute < 60 && time->second >= 0 && time->second <= 60;
}

static int64_t instant_of(const struct event *event, const struct icaltimetype *time,
                          const struct cm_zone *utc)
{
    const struct cm_zone *zone = icaltime_is_utc(*time) ? utc : event->zone;
    return cm_zone_instant(zone, date_of(time), time->hour * 60 + time->minute) + time->second * 1000;
}

/* The zone of the property's times: UTC, the one that it names, else the school's. NULL: nobody knows it. */
static const struct cm_zone *zone_of(struct reading *r, icalproperty *property,
                                     const struct icaltimetype *time)
{
    icalparameter *parameter = icalproperty_get_first_parameter(property, ICAL_TZID_PARAMETER);
    const char *name = parameter != NULL ? icalparameter_get_tzid(parameter) : NULL;
    if (icaltime_is_utc(*time))
        return r->utc;
    if (name == NULL)
        return r->options->zone;
    if (r->zone != NULL && strcmp(cm_zone_name(r->zone), name) == 0)
        return r->zone;
    cm_zone_close(r->zone);
    r->zone = NULL;
    return cm_zone_open(name, &r->zone, NULL) == CM_OK ? r->zone : NULL;
}

/* ---- one event ---- */

static bool problem(const struct reading *r, const struct event *event, const char *text)
{
    srv_calendar_remark(&r->plan->problems, event->line, "%s", text);
    return false;
}

static bool pass_over(const struct reading *r, const struct event *event, const char *text)
{
    srv_calendar_remark(&r->plan->notes, event->line, "%s", text);
    return false;
}

/* How many lines of the block begin so: what libical could not read is missing in its count. */
static int count_lines(const char *block, const char *name)
{
    int count = 0;
    size_t length = strlen(name);
    for (const char *at = block; at != NULL && *at != '\0'; at = strchr(at, '\n'), at += at != NULL)
        count += strncasecmp(at, name, length) == 0 && (at[length] == ':' || at[length] == ';');
    return count;
}

static bool read_whole_days(const struct reading *r, struct event *event)
{
    icalproperty *end = icalcomponent_get_first_property(event->component, ICAL_DTEND_PROPERTY);
    icalproperty *duration = icalcomponent_get_first_property(event->component, ICAL_DURATION_PROPERTY);
    event->days = 1;
    if (end != NULL) {
        struct icaltimetype time = icalproperty_get_dtend(end);
        if (!is_sane(&time) || !time.is_date)
            return problem(r, event, "the end of the event cannot be read as a day");
        event->days =
            cm_date_days_between(date_of(&event->start), date_of(&time)); /* DTEND is the day after */
        event->days = event->days == 0 ? 1 : event->days;
    } else if (duration != NULL) {
        struct icaldurationtype length = icalproperty_get_duration(duration);
        if (icaldurationtype_is_bad_duration(length) || length.is_neg || length.weeks > 60 ||
            length.days > 400)
            return problem(r, event, "the duration of the event cannot be read");
        event->days = (int32_t)(length.weeks * 7 + length.days);
        event->days = event->days == 0 ? 1 : event->days;
    }
    if (event->days < 1 || event->days > SPAN_DAYS_MAX)
        return problem(r, event, "the event ends before it begins, or lasts longer than a year");
    return true;
}

/* Only from midnight to midnight where the school is. */
static bool read_times(struct reading *r, struct event *event, icalproperty *start)
{
    event->zone = zone_of(r, start, &event->start);
    if (event->zone == NULL)
        return pass_over(r, event, "the event's time zone is not known: it was left out");
    struct icaltimetype end = icalcomponent_get_dtend(event->component);
    if (!is_sane(&end) || end.is_date)
        return pass_over(r, event, "an event with a time of day is no day without school: it was left out");
    struct cm_local from = cm_zone_local(r->options->zone, instant_of(event, &event->start, r->utc));
    struct cm_local to = cm_zone_local(r->options->zone, instant_of(event, &end, r->utc));
    event->days = cm_date_days_between(from.date, to.date);
    if (from.minute != 0 || from.second != 0 || to.minute != 0 || to.second != 0 || event->days < 1)
        return pass_over(r, event, "an event with a time of day is no day without school: it was left out");
    if (event->days > SPAN_DAYS_MAX)
        return problem(r, event, "the event lasts longer than a year");
    return true;
}

static bool read_event(struct reading *r, struct event *event)
{
    icalproperty *start = icalcomponent_get_first_property(event->component, ICAL_DTSTART_PROPERTY);
    if (start == NULL)
        return problem(r, event, "the event has no beginning that can be read (DTSTART)");
    event->start = icalproperty_get_dtstart(start);
    if (!is_sane(&event->start))
        return problem(r, event, "the beginning of the event cannot be read, or is too long ago (DTSTART)");
    return event->start.is_date ? read_whole_days(r, event) : read_times(r, event, start);
}

/* ---- recurrence ---- */

static bool is_used(const short *list)
{
    return list[0] != ICAL_RECURRENCE_ARRAY_MAX;
}

/* Has some month of the rule such a day at all? */
static bool days_exist(const struct icalrecurrencetype *rule)
{
    static const int longest[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int most = is_used(rule->by_month) ? 0 : 31;
    for (int i = 0; i < ICAL_BY_MONTH_SIZE && rule->by_month[i] != ICAL_RECURRENCE_ARRAY_MAX; i++) {
        if (rule->by_month[i] < 1 || rule->by_month[i] > 12)
            return false;
        most = longest[rule->by_month[i] - 1] > most ? longest[rule->by_month[i] - 1] : most;
    }
    for (int i = 0; i < ICAL_BY_MONTHDAY_SIZE && rule->by_month_day[i] != ICAL_RECURRENCE_ARRAY_MAX; i++)
        if (abs(rule->by_month_day[i]) < 1 || abs(rule->by_month_day[i]) > most)
            return false;
    for (int i = 0; i < ICAL_BY_DAY_SIZE && rule->by_day[i] != ICAL_RECURRENCE_ARRAY_MAX; i++)
        if (abs(icalrecurrencetype_day_position(rule->by_day[i])) > 5)
            return false;
    return true;
}

/* Rules that are understood and that match again and again. */
static bool expandable(const struct icalrecurrencetype *rule)
{
    bool by_day = is_used(rule->by_day), by_month_day = is_used(rule->by_month_day),
         by_month = is_used(rule->by_month);
    if (is_used(rule->by_second) || is_used(rule->by_minute) || is_used(rule->by_hour) ||
        is_used(rule->by_year_day) || is_used(rule->by_week_no) || is_used(rule->by_set_pos) ||
        rule->rscale != NULL || rule->interval < 1 || rule->interval > 1000 ||
        rule->count > SRV_CALENDAR_DAYS_MAX || (by_day && by_month_day) || !days_exist(rule))
        return false;
    switch (rule->freq) {
    case ICAL_DAILY_RECURRENCE:
        return !by_day && !by_month && !by_month_day;
    case ICAL_WEEKLY_RECURRENCE:
        return !by_month && !by_month_day;
    case ICAL_MONTHLY_RECURRENCE:
        return !by_month;
    case ICAL_YEARLY_RECURRENCE:
        /* An interval of years and 29 February may meet once in millennia. */
        return rule->interval <= 4 && (by_month || (!by_day && !by_month_day));
    default:
        return false;
    }
}

static uint64_t uid_of(icalcomponent *component)
{
    const char *uid = icalcomponent_get_uid(component);
    uint64_t hash = UINT64_C(14695981039346656037); /* FNV-1a */
    for (; uid != NULL && *uid != '\0'; uid++)
        hash = (hash ^ (uint8_t)*uid) * UINT64_C(1099511628211);
    return hash;
}

static bool is_replaced(const struct reading *r, uint64_t uid, int32_t date)
{
    for (size_t i = 0; i < r->override_count; i++)
        if (r->overrides[i].uid == uid && r->overrides[i].date == date)
            return true;
    return false;
}

static bool is_excepted(const struct reading *r, const struct event *event, const struct icaltimetype *at)
{
    for (icalproperty *property = icalcomponent_get_first_property(event->component, ICAL_EXDATE_PROPERTY);
         property != NULL;
         property = icalcomponent_get_next_property(event->component, ICAL_EXDATE_PROPERTY)) {
        struct icaltimetype except = icalproperty_get_exdate(property);
        if (!is_sane(&except))
            continue;
        if (except.is_date || event->zone == NULL
                ? date_of(&except) == date_of(at)
                : instant_of(event, &except, r->utc) == instant_of(event, at, r->utc))
            return true;
    }
    return false;
}

static enum cm_code add_occurrence(struct reading *r, const struct event *event,
                                   const struct icaltimetype *at, struct cm_err *err)
{
    struct cm_closure closure = {.kind = CM_CLOSURE_CLOSED};
    const char *summary = icalcomponent_get_summary(event->component);
    int32_t first =
        event->zone == NULL ? date_of(at) : cm_zone_date(r->options->zone, instant_of(event, at, r->utc));
    srv_calendar_label(summary != NULL && summary[0] != '\0' ? summary : "no school", closure.label);
    snprintf(closure.class_id, sizeof closure.class_id, "%s", r->options->class_id);
    return srv_calendar_add_days(r->plan, r->options, &closure, first, cm_date_add(first, event->days - 1),
                                 event->line, err);
}

static enum cm_code expand(struct reading *r, const struct event *event,
                           const struct icalrecurrencetype *rule, struct cm_err *err)
{
    uint64_t uid = uid_of(event->component);
    int32_t until = cm_date_add(r->options->today, SRV_CALENDAR_AHEAD_DAYS + 1);
    icalrecur_iterator *iterator = icalrecur_iterator_new(*rule, event->start);
    enum cm_code code = CM_OK;
    if (iterator == NULL) {
        problem(r, event, "the rule by which the event recurs cannot be read (RRULE)");
        return CM_OK;
    }
    while (code == CM_OK) {
        struct icaltimetype at = icalrecur_iterator_next(iterator);
        if (icaltime_is_null_time(at) || !is_sane(&at) || date_of(&at) > until)
            break;
        if (++r->steps > SRV_CALENDAR_STEPS_MAX)
            code =
                cm_fail(err, CM_INVALID, "line %zu: the calendar recurs too often to be read", event->line);
        else if (!is_excepted(r, event, &at) && !is_replaced(r, uid, date_of(&at)))
            code = add_occurrence(r, event, &at, err);
    }
    icalrecur_iterator_free(iterator);
    return code;
}

static enum cm_code take_event(struct reading *r, struct event *event, struct cm_err *err)
{
    int rules = icalcomponent_count_properties(event->component, ICAL_RRULE_PROPERTY);
    if (icalcomponent_get_status(event->component) == ICAL_STATUS_CANCELLED || !read_event(r, event))
        return CM_OK;
    if (count_lines(event->block, "RRULE") != rules ||
        count_lines(event->block, "EXDATE") >
            icalcomponent_count_properties(event->component, ICAL_EXDATE_PROPERTY)) {
        problem(r, event, "the rule by which the event recurs cannot be read (RRULE, EXDATE)");
        return CM_OK;
    }
    if (icalcomponent_get_first_property(event->component, ICAL_RDATE_PROPERTY) != NULL)
        (void)pass_over(r, event, "further dates of an event (RDATE) are not read");
    if (rules == 0)
        return add_occurrence(r, event, &event->start, err);
    struct icalrecurrencetype rule =
        icalproperty_get_rrule(icalcomponent_get_first_property(event->component, ICAL_RRULE_PROPERTY));
    if (strcasestr(event->block, "UNTIL=") != NULL &&
        !is_sane(&rule.until)) { /* libical takes it for "for ever" */
        problem(r, event, "the end of what recurs cannot be read (UNTIL)");
        return CM_OK;
    }
    if (rules > 1 || !expandable(&rule)) {
        (void)pass_over(r, event, "an event that recurs by such a rule is not read: it was left out");
        return CM_OK;
    }
    return expand(r, event, &rule, err);
}

static enum cm_code note_override(struct reading *r, struct event *event, struct cm_err *err)
{
    icalproperty *property = icalcomponent_get_first_property(event->component, ICAL_RECURRENCEID_PROPERTY);
    if (property == NULL)
        return CM_OK;
    struct icaltimetype at = icalproperty_get_recurrenceid(property);
    if (!is_sane(&at))
        return CM_OK;
    if (r->override_count == OVERRIDES_MAX)
        return cm_fail(err, CM_INVALID, "the calendar replaces more than %d occurrences", OVERRIDES_MAX);
    r->overrides[r->override_count++] = (struct override){uid_of(event->component), date_of(&at)};
    return CM_OK;
}

/* ---- the file ---- */

typedef enum cm_code event_fn(struct reading *r, struct event *event, struct cm_err *err);

static enum cm_code use_block(struct reading *r, size_t line, event_fn *use, struct cm_err *err)
{
    struct event event = {.block = r->block, .line = line, .component = icalparser_parse_string(r->block)};
    enum cm_code code = CM_OK;
    if (event.component != NULL && icalcomponent_isa(event.component) == ICAL_VEVENT_COMPONENT)
        code = use(r, &event, err);
    else if (use == take_event)
        problem(r, &event, "the event cannot be read");
    if (event.component != NULL)
        icalcomponent_free(event.component);
    return code;
}

static bool is_line(const char *line, size_t length, const char *text)
{
    while (length > 0 && (line[length - 1] == '\r' || line[length - 1] == ' '))
        length--;
    return length == strlen(text) && strncasecmp(line, text, length) == 0;
}

struct block { /* the event under way */
    bool open, too_long;
    size_t size, line;
};

static enum cm_code take_line(struct reading *r, struct block *block, const char *line, size_t length,
                              size_t number, event_fn *use, struct cm_err *err)
{
    if (is_line(line, length, "BEGIN:VEVENT")) {
        if (block->open && use == take_event)
            srv_calendar_remark(&r->plan->problems, block->line, "the event has no end");
        *block = (struct block){.open = true, .line = number};
        r->events += use == take_event;
        if (r->events > SRV_CALENDAR_EVENTS_MAX)
            return cm_fail(err, CM_INVALID, "the calendar has more than %d events", SRV_CALENDAR_EVENTS_MAX);
    }
    if (!block->open)
        return CM_OK;
    block->too_long = block->too_long || length + 1 > EVENT_BYTES_MAX - block->size;
    if (!block->too_long) {
        memcpy(r->block + block->size, line, length);
        r->block[block->size + length] = '\n';
        block->size += length + 1;
    }
    if (!is_line(line, length, "END:VEVENT"))
        return CM_OK;
    block->open = false;
    r->block[block->size] = '\0';
    if (!block->too_long)
        return use_block(r, block->line, use, err);
    if (use == take_event)
        srv_calendar_remark(&r->plan->problems, block->line, "the event is too long");
    return CM_OK;
}

static enum cm_code each_event(struct reading *r, const char *text, size_t size, event_fn *use,
                               struct cm_err *err)
{
    struct block block = {.open = false};
    enum cm_code code = CM_OK;
    size_t number = 0;
    for (const char *at = text, *end = text + size; at < end && code == CM_OK;) {
        const char *next = memchr(at, '\n', (size_t)(end - at));
        size_t length = (size_t)((next != NULL ? next : end) - at);
        code = take_line(r, &block, at, length, ++number, use, err);
        at += length + 1;
    }
    if (code == CM_OK && block.open && use == take_event)
        srv_calendar_remark(&r->plan->problems, block.line, "the event has no end");
    return code;
}

enum cm_code srv_calendar_read_ical(const char *text, size_t size, const struct srv_calendar_options *options,
                                    struct srv_calendar_plan *plan, struct cm_err *err)
{
    if (srv_calendar_guess(text, size) != SRV_CALENDAR_ICALENDAR)
        return cm_fail(err, CM_INVALID, "this is no iCalendar file: it does not begin with BEGIN:VCALENDAR");
    if (memchr(text, '\0', size) != NULL || !cm_utf8_valid(text, size))
        return cm_fail(err, CM_INVALID, "the file is not UTF-8 text");
    struct reading *r = calloc(1, sizeof *r);
    struct override *overrides = calloc(OVERRIDES_MAX, sizeof *overrides);
    enum cm_code code =
        r == NULL || overrides == NULL ? cm_fail(err, CM_NOMEM, "no memory for the calendar") : CM_OK;
    icalerror_set_errors_are_fatal(0);
    if (code == CM_OK) {
        r->options = options;
        r->plan = plan;
        r->overrides = overrides;
        code = cm_zone_open("UTC", &r->utc, err);
    }
    if (code == CM_OK)
        code = each_event(r, text, size, note_override, err);
    if (code == CM_OK)
        code = each_event(r, text, size, take_event, err);
    if (r != NULL) {
        cm_zone_close(r->zone);
        cm_zone_close(r->utc);
    }
    free(overrides);
    free(r);
    return code;
}
