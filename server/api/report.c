/* GET /api/reports/month, …/absence, …/punctuality, …/stations: what a call asks for, and the turns in which it is made. */
#include "api/report.h"

#include "api/handlers.h"
#include "http_json/json.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void report_free(struct srv_report *report)
{
    free(report->classes.list);
    free(report->rows);
    free(report->stations);
    free(report->weeks);
    free(report);
}

const struct cm_class *srv_report_class(const struct srv_report *report)
{
    return &report->classes.list[report->class_];
}

static bool take_day(void *arg, const struct srv_session_info *info)
{
    struct srv_report *report = arg;
    if (info->school)
        report->days[report->day_count++] = *info;
    return report->day_count < SRV_REPORT_TURN_DAYS;
}

enum cm_code srv_report_load_days(struct srv_report *report, int32_t from, int32_t to, struct cm_err *err)
{
    report->day_count = 0;
    return srv_store_each_session_info(report->app->store, srv_report_class(report)->id, from, to, take_day,
                                       report, err);
}

/* ---- turns ---- */

static enum cm_code take_turn(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct srv_report *report = arg;
    int32_t last = cm_date_add(report->date, SRV_REPORT_TURN_DAYS - 1);
    (void)store;
    return report->kind->take(report, report->date, last < report->to ? last : report->to, err);
}

static void next_turn(struct srv_report *report)
{
    report->date = cm_date_add(report->date, SRV_REPORT_TURN_DAYS);
    if (report->date > report->to || cm_date_days_between(report->from, report->to) < SRV_REPORT_TURN_DAYS) {
        report->date = report->from;
        report->class_++;
        report->class_first = report->row_count;
    }
}

static enum cm_code put_report(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct srv_report *report = arg;
    struct srv_sheet sheet;
    char from[CM_DATE_ISO_SIZE], to[CM_DATE_ISO_SIZE], file[96];
    (void)store;
    snprintf(file, sizeof file, "%s-%s-%s", report->kind->name, cm_date_iso(report->from, from),
             cm_date_iso(report->to, to));
    srv_sheet_init(&sheet, report->csv);
    enum cm_code code = report->kind->put(report, &sheet, err);
    if (code == CM_OK)
        srv_sheet_answer(report->call, &sheet, file);
    srv_sheet_finish(&sheet);
    return code;
}

static void go_on(void *arg)
{
    struct srv_report *report = arg;
    struct srv_call *call = report->call;
    struct cm_err err = CM_ERR_INIT;
    enum cm_code code = CM_OK;
    bool more = report->class_ < report->classes.count;
    if (srv_call_gone(call))
        code = cm_fail(&err, CM_CANCELED, "nobody waits for the report");
    else if (more)
        code = srv_store_read(report->app->store, take_turn, report, &err);
    else
        code = srv_store_read(report->app->store, put_report, report, &err);
    if (code == CM_OK && more) {
        next_turn(report);
        code = srv_loop_post(srv_call_loop(call), go_on, report);
        if (code == CM_OK)
            return;
    }
    if (code != CM_OK)
        srv_json_failed(call, code, &err);
    report_free(report);
    srv_call_unref(call);
}

/* ---- what is asked for ---- */

static bool read_format(struct srv_call *call, struct srv_report *report)
{
    const char *format = srv_call_query(call, "format");
    report->csv = format != NULL && strcmp(format, "csv") == 0;
    if (format == NULL || format[0] == '\0' || report->csv || strcmp(format, "json") == 0)
        return true;
    srv_json_invalid(call, "format", "the format is json or csv");
    return false;
}

static struct srv_report *create(struct srv_call *call, const struct srv_report_kind *kind)
{
    struct srv_report *report = calloc(1, sizeof *report);
    if (report == NULL) {
        srv_answer_error(call, 500, "internal", "out of memory");
        return NULL;
    }
    report->call = call;
    report->app = srv_app_of(call);
    report->kind = kind;
    report->now_ms = srv_api_now(report->app);
    report->percent = SRV_REPORT_ABSENT_PERCENT;
    return report;
}

/* The first turn is the loop's next one: the handler itself only looks at what was asked. */
static void begin(struct srv_report *report, bool fine)
{
    struct srv_call *call = report->call;
    if (!fine || !read_format(call, report) || !srv_api_find_classes(call, &report->classes)) {
        report_free(report);
        return;
    }
    report->date = report->from;
    srv_call_ref(call);
    go_on(report);
}

void srv_api_report_month(struct srv_call *call)
{
    const char *class_id = srv_call_query(call, "class");
    struct srv_report *report = create(call, &srv_report_month_kind);
    if (report == NULL)
        return;
    bool fine = srv_api_find_month(call, &report->from);
    if (fine && (class_id == NULL || class_id[0] == '\0')) {
        srv_json_invalid(call, "class", "say the month of which class");
        fine = false;
    }
    if (fine)
        report->to = srv_api_month_end(report->from);
    begin(report, fine);
}

static bool read_span(struct srv_report *report, int days, int days_max)
{
    report->to = srv_api_today(report->app);
    report->from = cm_date_add(report->to, -days);
    return srv_api_find_span(report->call, days_max, &report->from, &report->to);
}

void srv_api_report_absence(struct srv_call *call)
{
    struct srv_report *report = create(call, &srv_report_absence_kind);
    if (report != NULL)
        begin(report,
              read_span(report, 29, SRV_REPORT_DAYS_MAX) &&
                  srv_json_query_int(call, "percent", 1, 100, SRV_REPORT_ABSENT_PERCENT, &report->percent));
}

void srv_api_report_punctuality(struct srv_call *call)
{
    struct srv_report *report = create(call, &srv_report_punctuality_kind);
    if (report != NULL)
        begin(report, read_span(report, 29, SRV_REPORT_DAYS_MAX));
}

void srv_api_report_stations(struct srv_call *call)
{
    struct srv_report *report = create(call, &srv_report_stations_kind);
    if (report != NULL)
        begin(report, read_span(report, 27, SRV_REPORT_STATION_DAYS_MAX));
}
