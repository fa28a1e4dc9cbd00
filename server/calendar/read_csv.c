/* A calendar as CSV. */
#include "calendar/plan.h"

#include "base/csv.h"
#include "base/utf8.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum column { DATE, TO, LABEL, CLASS, KIND, START, CLOSE_AFTER, COLUMNS };
static const char *const names[COLUMNS] = {"date", "to", "label", "class", "kind", "start", "close_after"};
enum { SPAN_DAYS_MAX = 366 };

struct reading {
    struct cm_csv csv;
    int columns[COLUMNS];
    const struct srv_calendar_options *options;
    struct srv_calendar_plan *plan;
};

static const char *cell(const struct reading *r, enum column column)
{
    int at = r->columns[column];
    return at >= 0 && (size_t)at < r->csv.field_count ? r->csv.field[at].text : "";
}

static enum cm_code read_times(const struct reading *r, struct cm_closure *closure, struct cm_err *err)
{
    const char *kind = cell(r, KIND), *start = cell(r, START), *minutes = cell(r, CLOSE_AFTER);
    char *end;
    if (strcmp(kind, "") == 0 || strcmp(kind, "closed") == 0)
        return CM_OK;
    if (strcmp(kind, "short") != 0)
        return cm_fail(err, CM_INVALID, "the kind is closed or short, not \"%.20s\"", kind);
    closure->kind = CM_CLOSURE_SHORT;
    if (cm_minute_parse(start, &closure->start_minute, err) != CM_OK)
        return CM_INVALID;
    long number = strtol(minutes, &end, 10);
    if (minutes[0] == '\0' || *end != '\0' || number < 1 || number > 1440)
        return cm_fail(err, CM_INVALID, "close_after is the minutes that a short day has");
    closure->close_after_min = (int32_t)number;
    return CM_OK;
}

static enum cm_code read_row(const struct reading *r, struct cm_closure *closure, int32_t *ret_last,
                             struct cm_err *err)
{
    const char *class_id = cell(r, CLASS), *label = cell(r, LABEL);
    if (cm_date_parse(cell(r, DATE), &closure->date, err) != CM_OK)
        return CM_INVALID;
    *ret_last = closure->date;
    if (cell(r, TO)[0] != '\0' && cm_date_parse(cell(r, TO), ret_last, err) != CM_OK)
        return CM_INVALID;
    int32_t days = cm_date_days_between(closure->date, *ret_last);
    if (days < 0 || days > SPAN_DAYS_MAX)
        return cm_fail(err, CM_INVALID, "the last day is before the first, or more than a year later");
    if (label[0] == '\0' || strlen(label) >= sizeof closure->label ||
        !cm_utf8_printable(label, strlen(label)))
        return cm_fail(err, CM_INVALID, "the label has 1 to %d bytes of plain text",
                       (int)sizeof closure->label - 1);
    if (strlen(class_id) >= sizeof closure->class_id)
        return cm_fail(err, CM_INVALID, "the class is too long");
    strcpy(closure->label, label);
    strcpy(closure->class_id, class_id[0] != '\0' ? class_id : r->options->class_id);
    enum cm_code code = read_times(r, closure, err);
    return code == CM_OK ? cm_closure_check(closure, err) : code;
}

static enum cm_code read_header(struct reading *r, struct cm_err *err)
{
    enum cm_code code = cm_csv_next(&r->csv, err);
    if (code == CM_EOF)
        return cm_fail(err, CM_INVALID, "the file is empty");
    for (int i = 0; i < COLUMNS && code == CM_OK; i++)
        r->columns[i] = cm_csv_column(&r->csv, names[i]);
    if (code == CM_OK && (r->columns[DATE] < 0 || r->columns[LABEL] < 0))
        return cm_fail(err, CM_INVALID, "the first line names the columns: date and label at least");
    return code;
}

static enum cm_code read_rows(struct reading *r, struct cm_err *err)
{
    enum cm_code code;
    size_t rows = 0;
    while ((code = cm_csv_next(&r->csv, err)) == CM_OK) {
        struct cm_closure closure = {.kind = CM_CLOSURE_CLOSED};
        struct cm_err why = CM_ERR_INIT;
        int32_t last;
        if (++rows > SRV_CALENDAR_EVENTS_MAX)
            return cm_fail(err, CM_INVALID, "the calendar has more than %d lines", SRV_CALENDAR_EVENTS_MAX);
        if (read_row(r, &closure, &last, &why) != CM_OK)
            srv_calendar_remark(&r->plan->problems, r->csv.line, "%s", why.msg);
        else if ((code = srv_calendar_add_days(r->plan, r->options, &closure, closure.date, last, r->csv.line,
                                               err)) != CM_OK)
            return code;
    }
    return code == CM_EOF ? CM_OK : code;
}

enum cm_code srv_calendar_read_csv(const char *text, size_t size, const struct srv_calendar_options *options,
                                   struct srv_calendar_plan *plan, struct cm_err *err)
{
    struct reading *r = calloc(1, sizeof *r);
    if (r == NULL)
        return cm_fail(err, CM_NOMEM, "no memory for the calendar");
    r->options = options;
    r->plan = plan;
    cm_csv_init(&r->csv, text, size);
    enum cm_code code = read_header(r, err);
    if (code == CM_OK)
        code = read_rows(r, err);
    cm_csv_finish(&r->csv);
    free(r);
    return code;
}
