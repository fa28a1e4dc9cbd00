/* The report about stations: in how much of the sessions of a class could each judge, week by week, and why not. */
#include "api/report.h"

#include "roll/session.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * A station is looked at for the classes that it serves now, in sessions that are over; of those before it was added
 * only where it says something of them. That it could not judge wins over that it could (two spans at once), as where rolls are
 * judged.
 */
enum { SPANS_MAX = 1024, GAP_MIN_MS = 60 * 1000 };

struct spans { /* that touch one session, cut to it */
    const struct cm_session *session;
    struct srv_span list[SPANS_MAX];
    int64_t points[2 * SPANS_MAX + 2]; /* where something begins or ends */
    size_t count, point_count;
};

static bool take_station(void *arg, const struct srv_station *station)
{
    struct srv_report *report = arg;
    if (station->revoked)
        return true;
    if ((report->station_count & (report->station_count - 1)) == 0) { /* room doubles at the powers of two */
        size_t room = report->station_count > 0 ? (size_t)report->station_count * 2 : 1;
        struct srv_station *list = realloc(report->stations, room * sizeof *list);
        if (list == NULL) {
            report->station_count = -1;
            return false;
        }
        report->stations = list;
    }
    report->stations[report->station_count++] = *station;
    return true;
}

static enum cm_code load_stations(struct srv_report *report, struct cm_err *err)
{
    if (report->stations != NULL)
        return CM_OK;
    enum cm_code code = srv_store_each_station(report->app->store, take_station, report, err);
    if (code == CM_OK && report->station_count < 0)
        code = cm_fail(err, CM_NOMEM, "out of memory for the stations");
    return code;
}

static bool take_span(void *arg, const struct srv_span *span)
{
    struct spans *spans = arg;
    struct srv_span *cut = &spans->list[spans->count++];
    *cut = *span;
    if (cut->from_wall_ms < spans->session->start_wall_ms)
        cut->from_wall_ms = spans->session->start_wall_ms;
    if (cut->to_wall_ms > spans->session->close_wall_ms)
        cut->to_wall_ms = spans->session->close_wall_ms;
    spans->points[spans->point_count++] = cut->from_wall_ms;
    spans->points[spans->point_count++] = cut->to_wall_ms;
    return spans->count < SPANS_MAX;
}

static int by_instant(const void *a, const void *b)
{
    int64_t one = *(const int64_t *)a, other = *(const int64_t *)b;
    return (one > other) - (one < other);
}

/* What held from one point to the next: the span that says so, NULL nothing is known. */
static const struct srv_span *span_at(const struct spans *spans, int64_t wall_ms)
{
    const struct srv_span *able = NULL;
    for (size_t i = 0; i < spans->count; i++) {
        const struct srv_span *span = &spans->list[i];
        if (wall_ms < span->from_wall_ms || wall_ms >= span->to_wall_ms)
            continue;
        if (!span->able)
            return span;
        able = span;
    }
    return able;
}

static void add_gap(struct srv_report_week *week, const struct srv_report_gap *gap)
{
    if (gap->to_wall_ms - gap->from_wall_ms < GAP_MIN_MS)
        return;
    week->gap_count++;
    if (week->listed_count < SRV_REPORT_GAPS_MAX)
        week->gaps[week->listed_count++] = *gap;
}

static void add_session(struct srv_report_week *week, struct spans *spans)
{
    const struct cm_session *session = spans->session;
    struct srv_report_gap gap = {.from_wall_ms = session->start_wall_ms,
                                 .to_wall_ms = session->start_wall_ms};
    spans->points[spans->point_count++] = session->start_wall_ms;
    spans->points[spans->point_count++] = session->close_wall_ms;
    qsort(spans->points, spans->point_count, sizeof spans->points[0], by_instant);
    for (size_t i = 0; i + 1 < spans->point_count; i++) {
        int64_t from = spans->points[i], to = spans->points[i + 1];
        const struct srv_span *span = from < to ? span_at(spans, from) : NULL;
        if (from == to)
            continue;
        if (span != NULL && span->able) {
            week->able_ms += to - from;
            continue;
        }
        const char *reason = span != NULL ? span->reason : "";
        if (gap.to_wall_ms != from || strcmp(gap.reason, reason) != 0) {
            add_gap(week, &gap);
            gap = (struct srv_report_gap){.from_wall_ms = from};
            snprintf(gap.reason, sizeof gap.reason, "%s", reason);
        }
        gap.to_wall_ms = to;
    }
    add_gap(week, &gap);
    week->sessions++;
    week->window_ms += session->close_wall_ms - session->start_wall_ms;
}

/* The row of class, station and week. NULL: no room. */
static struct srv_report_week *week_of(struct srv_report *report, int station, int32_t date)
{
    int32_t monday = cm_date_add(date, -cm_date_weekday(date));
    for (size_t i = report->week_count; i > 0; i--) {
        struct srv_report_week *week = &report->weeks[i - 1];
        if (week->class_ != report->class_)
            break;
        if (week->station == station && week->monday == monday)
            return week;
    }
    if (report->week_count == SRV_REPORT_ROWS_MAX / SRV_REPORT_GAPS_MAX)
        return NULL;
    if (report->week_count == report->week_room) {
        size_t room = report->week_room > 0 ? report->week_room * 2 : 16;
        struct srv_report_week *weeks = realloc(report->weeks, room * sizeof *weeks);
        if (weeks == NULL)
            return NULL;
        report->weeks = weeks;
        report->week_room = room;
    }
    struct srv_report_week *week = &report->weeks[report->week_count++];
    *week = (struct srv_report_week){.class_ = report->class_, .station = station, .monday = monday};
    return week;
}

static enum cm_code take_session(struct srv_report *report, const struct cm_session *session,
                                 struct spans *spans, struct cm_err *err)
{
    for (int i = 0; i < report->station_count; i++) {
        const struct srv_station *station = &report->stations[i];
        if (!srv_station_serves(station, srv_report_class(report)->id))
            continue;
        spans->session = session;
        spans->count = spans->point_count = 0;
        enum cm_code code = srv_store_each_span(report->app->store, station->id, session->start_wall_ms,
                                                session->close_wall_ms, take_span, spans, err);
        if (code != CM_OK)
            return code;
        if (spans->count == 0 && station->created_wall_ms > session->start_wall_ms)
            continue; /* it was not there yet */
        struct srv_report_week *week = week_of(report, i, session->date);
        if (week == NULL)
            return cm_fail(err, CM_NOMEM, "too much for one report: ask for fewer days, or for a class");
        add_session(week, spans);
    }
    return CM_OK;
}

static enum cm_code take_stations(struct srv_report *report, int32_t from, int32_t to, struct cm_err *err)
{
    struct spans *spans = malloc(sizeof *spans);
    if (spans == NULL)
        return cm_fail(err, CM_NOMEM, "out of memory for the report");
    enum cm_code code = load_stations(report, err);
    if (code == CM_OK)
        code = srv_report_load_days(report, from, to, err);
    for (int i = 0; i < report->day_count && code == CM_OK; i++) {
        struct cm_session session = srv_show_times(report->app->store, report->app->zone,
                                                   srv_report_class(report), report->days[i].date);
        if (session.close_wall_ms <= report->now_ms)
            code = take_session(report, &session, spans, err);
    }
    free(spans);
    return code;
}

/* ---- as it is shown ---- */

static int64_t minutes(int64_t ms)
{
    return (ms + 30 * 1000) / (60 * 1000);
}

static void put_gaps(struct srv_reply *out, const struct srv_report *report,
                     const struct srv_report_week *week)
{
    srv_reply_int(out, "gap_count", week->gap_count);
    srv_reply_list(out, "gaps");
    for (int i = 0; i < week->listed_count; i++) {
        srv_reply_begin(out, NULL);
        srv_reply_instant(out, "from", report->app->zone, week->gaps[i].from_wall_ms);
        srv_reply_instant(out, "to", report->app->zone, week->gaps[i].to_wall_ms);
        srv_reply_words(out, "reason", week->gaps[i].reason);
        srv_reply_end(out);
    }
    srv_reply_list_end(out);
}

/* "2026-11-23 08:50-09:00 covered, …" in one cell */
static void put_gap_cell(struct srv_sheet *sheet, const struct srv_report *report,
                         const struct srv_report_week *week)
{
    char text[SRV_REPORT_GAPS_MAX * 64] = "", from[CM_INSTANT_TEXT_SIZE], to[CM_INSTANT_TEXT_SIZE];
    for (int i = 0, size = 0; i < week->listed_count; i++) {
        const struct srv_report_gap *gap = &week->gaps[i];
        cm_instant_local(report->app->zone, gap->from_wall_ms, from);
        cm_instant_local(report->app->zone, gap->to_wall_ms, to);
        size += snprintf(text + size, sizeof text - (size_t)size, "%s%.10s %.5s-%.5s %s", i > 0 ? ", " : "",
                         from, from + 11, to + 11, gap->reason[0] != '\0' ? gap->reason : "no_record");
    }
    srv_sheet_text(sheet, NULL, text);
}

static void put_week(struct srv_sheet *sheet, const struct srv_report *report,
                     const struct srv_report_week *week)
{
    const struct srv_station *station = &report->stations[week->station];
    double percent =
        week->window_ms > 0 ? 100.0 * (double)week->able_ms / (double)week->window_ms : (double)NAN;
    srv_sheet_row(sheet);
    srv_sheet_text(sheet, "class_id", report->classes.list[week->class_].id);
    srv_sheet_text(sheet, "station_id", station->id);
    srv_sheet_text(sheet, "station", station->name);
    srv_sheet_date(sheet, "week", week->monday);
    srv_sheet_int(sheet, "sessions", week->sessions);
    srv_sheet_int(sheet, "able_min", minutes(week->able_ms));
    srv_sheet_int(sheet, "window_min", minutes(week->window_ms));
    srv_sheet_real(sheet, "percent", percent, 1);
    if (sheet->csv)
        put_gap_cell(sheet, report, week);
    else
        put_gaps(&sheet->json, report, week);
    srv_sheet_row_end(sheet);
}

static enum cm_code put_stations(struct srv_report *report, struct srv_sheet *sheet, struct cm_err *err)
{
    static const char *const names[] = {"class",    "station_id", "station", "week", "sessions",
                                        "able_min", "window_min", "percent", "gaps"};
    (void)err;
    if (sheet->csv) {
        srv_sheet_row(sheet);
        srv_sheet_cells(sheet, names, sizeof names / sizeof names[0]);
        srv_sheet_row_end(sheet);
    }
    srv_reply_begin(&sheet->json, NULL);
    srv_reply_date(&sheet->json, "from", report->from);
    srv_reply_date(&sheet->json, "to", report->to);
    srv_reply_list(&sheet->json, "items");
    for (size_t i = 0; i < report->week_count; i++)
        put_week(sheet, report, &report->weeks[i]);
    srv_reply_list_end(&sheet->json);
    srv_reply_end(&sheet->json);
    return CM_OK;
}

const struct srv_report_kind srv_report_stations_kind = {"stations", take_stations, put_stations};
