/* Reports about students: a class by month, who is absent too often, who comes late. */
#include "api/report.h"

#include "roll/roll.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- gathering ---- */

struct roll { /* a visit of one session */
    struct srv_report *report;
    struct cm_session session;
    int day;     /* its place in the report's days */
    size_t near; /* where the row of the next student probably is: rolls go in order of id */
    bool failed;
};

/* The student's row of this class, which stands in order of id. NULL: no room. */
static struct srv_report_row *row_of(struct roll *roll, const char *student_id)
{
    struct srv_report *report = roll->report;
    size_t place = roll->near;
    int order = -1;
    while (place < report->row_count && (order = strcmp(report->rows[place].student_id, student_id)) < 0)
        place++;
    if (place == report->row_count || order != 0) {
        if (report->row_count == SRV_REPORT_ROWS_MAX)
            return NULL;
        if (report->row_count == report->row_room) {
            size_t room = report->row_room > 0 ? report->row_room * 2 : 64;
            struct srv_report_row *rows = realloc(report->rows, room * sizeof *rows);
            if (rows == NULL)
                return NULL;
            report->rows = rows;
            report->row_room = room;
        }
        struct srv_report_row *row = &report->rows[place];
        memmove(row + 1, row, (report->row_count++ - place) * sizeof *row);
        *row = (struct srv_report_row){.class_ = report->class_};
        strcpy(row->student_id, student_id);
    }
    roll->near = place + 1;
    return &report->rows[place];
}

static bool take_student(void *arg, const struct srv_day *day)
{
    struct roll *roll = arg;
    struct srv_report_row *row = row_of(roll, day->roll.student_id);
    roll->failed = row == NULL;
    if (roll->failed)
        return false;
    enum cm_roll_status status = srv_show_status_at(day, &roll->session, roll->report->now_ms);
    srv_counts_add(&row->counts, status);
    row->cells[roll->day] = (uint8_t)(status + 1);
    if (day->roll.captured_wall_ms > 0 && (status == CM_ROLL_PRESENT || status == CM_ROLL_LATE)) {
        row->arrivals++;
        row->arrival_ms += day->roll.captured_wall_ms - roll->session.start_wall_ms;
    }
    return true;
}

static enum cm_code take_students(struct srv_report *report, int32_t from, int32_t to, struct cm_err *err)
{
    const struct cm_class *class_ = srv_report_class(report);
    enum cm_code code = srv_report_load_days(report, from, to, err);
    for (int i = 0; i < report->day_count && code == CM_OK; i++) {
        int32_t date = report->days[i].date;
        struct roll roll = {.report = report, .day = i, .near = report->class_first};
        roll.session = srv_show_times(report->app->store, report->app->zone, class_, date);
        code = srv_store_each_roll(report->app->store, class_->id, date, take_student, &roll, err);
        if (code == CM_OK && roll.failed)
            code = cm_fail(err, CM_NOMEM, "out of memory for the report: ask for fewer days, or for a class");
    }
    return code;
}

/* ---- those of several classes are one ---- */

static int by_id(const void *a, const void *b)
{
    const struct srv_report_row *one = a, *other = b;
    int order = strcmp(one->student_id, other->student_id);
    return order != 0 ? order : one->class_ - other->class_;
}

static void fold_rows(struct srv_report *report)
{
    size_t kept = 0;
    if (report->row_count == 0)
        return;
    qsort(report->rows, report->row_count, sizeof *report->rows, by_id);
    for (size_t i = 1; i < report->row_count; i++) {
        struct srv_report_row *into = &report->rows[kept], *row = &report->rows[i];
        if (strcmp(into->student_id, row->student_id) != 0) {
            report->rows[++kept] = *row;
            continue;
        }
        if (row->counts.students > into->counts.students)
            into->class_ = row->class_;
        srv_counts_sum(&into->counts, &row->counts);
        into->arrivals += row->arrivals;
        into->arrival_ms += row->arrival_ms;
    }
    report->row_count = kept + 1;
}

/* Who is not at the school any more is in no list of those whom somebody should see. */
static enum cm_code load_present(struct srv_report *report, const struct srv_report_row *row,
                                 struct srv_student *ret_student, bool *ret_there, struct cm_err *err)
{
    enum cm_code code = srv_store_get_student(report->app->store, row->student_id, ret_student, err);
    *ret_there = code == CM_OK && !ret_student->archived;
    return code == CM_NOTFOUND ? CM_OK : code;
}

static void put_student(struct srv_sheet *sheet, const struct srv_report *report,
                        const struct srv_report_row *row, const struct srv_student *student)
{
    srv_sheet_text(sheet, "student_id", row->student_id);
    srv_sheet_text(sheet, "name", student->base.name);
    srv_sheet_text(sheet, "class_id", report->classes.list[row->class_].id);
}

static void put_names(struct srv_sheet *sheet, const char *const *names, size_t count)
{
    if (!sheet->csv)
        return;
    srv_sheet_row(sheet);
    srv_sheet_cells(sheet, names, count);
    srv_sheet_row_end(sheet);
}
#define PUT_NAMES(sheet, names) put_names(sheet, names, sizeof(names) / sizeof((names)[0]))

static void open_span(struct srv_sheet *sheet, const struct srv_report *report)
{
    srv_reply_begin(&sheet->json, NULL);
    srv_reply_date(&sheet->json, "from", report->from);
    srv_reply_date(&sheet->json, "to", report->to);
}

static void close_list(struct srv_sheet *sheet)
{
    srv_reply_list_end(&sheet->json);
    srv_reply_end(&sheet->json);
}

/* ---- who is absent too often ---- */

static int64_t judged_days(const struct srv_report_row *row)
{
    return row->counts.present + row->counts.late + row->counts.absent;
}

static bool is_chronic(const struct srv_report *report, const struct srv_report_row *row)
{
    return row->counts.absent > 0 && row->counts.absent * 100 >= report->percent * judged_days(row);
}

static int by_absence(const void *a, const void *b)
{
    const struct srv_report_row *one = a, *other = b;
    int64_t left = one->counts.absent * judged_days(other), right = other->counts.absent * judged_days(one);
    return left != right ? (left < right ? 1 : -1) : strcmp(one->student_id, other->student_id);
}

static enum cm_code put_absence(struct srv_report *report, struct srv_sheet *sheet, struct cm_err *err)
{
    static const char *const names[] = {"student_id", "name",    "class",    "absent", "judged",
                                        "percent",    "excused", "unjudged", "late"};
    enum cm_code code = CM_OK;
    fold_rows(report);
    if (report->row_count > 0)
        qsort(report->rows, report->row_count, sizeof *report->rows, by_absence);
    PUT_NAMES(sheet, names);
    open_span(sheet, report);
    srv_reply_int(&sheet->json, "percent", report->percent);
    srv_reply_list(&sheet->json, "items");
    for (size_t i = 0; i < report->row_count && code == CM_OK; i++) {
        const struct srv_report_row *row = &report->rows[i];
        struct srv_student student;
        bool there = false;
        if (is_chronic(report, row))
            code = load_present(report, row, &student, &there, err);
        if (!there)
            continue;
        srv_sheet_row(sheet);
        put_student(sheet, report, row, &student);
        srv_sheet_int(sheet, "absent", row->counts.absent);
        srv_sheet_int(sheet, "judged", judged_days(row));
        srv_sheet_real(sheet, "percent", 100.0 * (double)row->counts.absent / (double)judged_days(row), 1);
        srv_sheet_int(sheet, "excused", row->counts.excused);
        srv_sheet_int(sheet, "unjudged", row->counts.unjudged);
        srv_sheet_int(sheet, "late", row->counts.late);
        srv_sheet_row_end(sheet);
    }
    close_list(sheet);
    return code;
}

const struct srv_report_kind srv_report_absence_kind = {"absence", take_students, put_absence};

/* ---- who comes late ---- */

static int by_lateness(const void *a, const void *b)
{
    const struct srv_report_row *one = a, *other = b;
    if (one->counts.late != other->counts.late)
        return one->counts.late < other->counts.late ? 1 : -1;
    return strcmp(one->student_id, other->student_id);
}

static enum cm_code put_punctuality(struct srv_report *report, struct srv_sheet *sheet, struct cm_err *err)
{
    static const char *const names[] = {"student_id", "name",         "class",    "late",
                                        "seen",       "late_percent", "arrivals", "mean_arrival_min"};
    enum cm_code code = CM_OK;
    fold_rows(report);
    if (report->row_count > 0)
        qsort(report->rows, report->row_count, sizeof *report->rows, by_lateness);
    PUT_NAMES(sheet, names);
    open_span(sheet, report);
    srv_reply_list(&sheet->json, "items");
    for (size_t i = 0; i < report->row_count && code == CM_OK; i++) {
        const struct srv_report_row *row = &report->rows[i];
        int64_t seen = row->counts.present + row->counts.late;
        struct srv_student student;
        bool there = false;
        if (seen > 0)
            code = load_present(report, row, &student, &there, err);
        if (!there)
            continue;
        srv_sheet_row(sheet);
        put_student(sheet, report, row, &student);
        srv_sheet_int(sheet, "late", row->counts.late);
        srv_sheet_int(sheet, "seen", seen);
        srv_sheet_real(sheet, "late_percent", 100.0 * (double)row->counts.late / (double)seen, 1);
        srv_sheet_int(sheet, "arrivals", row->arrivals);
        srv_sheet_real(
            sheet, "mean_arrival_min",
            row->arrivals > 0 ? (double)row->arrival_ms / (double)row->arrivals / 60000.0 : (double)NAN, 1);
        srv_sheet_row_end(sheet);
    }
    close_list(sheet);
    return code;
}

const struct srv_report_kind srv_report_punctuality_kind = {"punctuality", take_students, put_punctuality};

/* ---- a class by month ---- */

/* What stands in a cell of the file; pages have words and shapes of their own. */
static const char *letter_of(uint8_t cell)
{
    static const char *const letters[] = {
        [CM_ROLL_NONE] = "",    [CM_ROLL_PRESENT] = "P",  [CM_ROLL_LATE] = "L",    [CM_ROLL_EXCUSED] = "E",
        [CM_ROLL_ABSENT] = "A", [CM_ROLL_UNJUDGED] = "U", [CM_ROLL_PENDING] = "W",
    };
    return cell == 0 ? "" : letters[cell - 1];
}

static void put_month_names(struct srv_sheet *sheet, const struct srv_report *report)
{
    static const char *const first[] = {"student_id", "name", "roll_number"};
    static const char *const last[] = {"present", "late", "excused", "absent", "unjudged", "rate"};
    if (!sheet->csv)
        return;
    srv_sheet_row(sheet);
    srv_sheet_cells(sheet, first, sizeof first / sizeof first[0]);
    for (int i = 0; i < report->day_count; i++)
        srv_sheet_date(sheet, NULL, report->days[i].date);
    srv_sheet_cells(sheet, last, sizeof last / sizeof last[0]);
    srv_sheet_row_end(sheet);
}

static void put_month_days(struct srv_reply *out, const struct srv_report *report)
{
    const struct cm_class *class_ = &report->classes.list[0];
    srv_reply_list(out, "days");
    for (int i = 0; i < report->day_count; i++) {
        const struct srv_session_info *info = &report->days[i];
        struct srv_school_day day;
        if (srv_store_get_school_day(report->app->store, class_, info->date, &day, NULL) != CM_OK)
            day = (struct srv_school_day){.day.times = cm_session_of(class_, report->app->zone, info->date)};
        srv_reply_begin(out, NULL);
        srv_reply_date(out, "date", info->date);
        srv_reply_text(out, "state",
                       srv_show_state(srv_show_state_at(info->state, &day.day.times, report->now_ms)));
        srv_show_half_day(out, &day);
        srv_reply_end(out);
    }
    srv_reply_list_end(out);
}

static void put_cells(struct srv_sheet *sheet, const struct srv_report *report,
                      const struct srv_report_row *row)
{
    srv_reply_list(&sheet->json, "days");
    for (int i = 0; i < report->day_count; i++) {
        if (sheet->csv)
            srv_sheet_text(sheet, NULL, letter_of(row->cells[i]));
        else if (row->cells[i] == 0)
            srv_reply_null(&sheet->json, NULL);
        else
            srv_reply_text(&sheet->json, NULL, cm_roll_status_name((enum cm_roll_status)(row->cells[i] - 1)));
    }
    srv_reply_list_end(&sheet->json);
}

static void put_month_row(struct srv_sheet *sheet, const struct srv_report *report,
                          const struct srv_report_row *row, const struct srv_student *student)
{
    const struct srv_counts *counts = &row->counts;
    srv_sheet_row(sheet);
    srv_sheet_text(sheet, "student_id", row->student_id);
    srv_sheet_text(sheet, "name", student->base.name);
    srv_sheet_text(sheet, "roll_number", student->roll_number);
    put_cells(sheet, report, row);
    srv_sheet_int(sheet, "present", counts->present);
    srv_sheet_int(sheet, "late", counts->late);
    srv_sheet_int(sheet, "excused", counts->excused);
    srv_sheet_int(sheet, "absent", counts->absent);
    srv_sheet_int(sheet, "unjudged", counts->unjudged);
    srv_sheet_real(sheet, "rate", srv_show_rate(counts->present, counts->late, counts->absent), 4);
    srv_sheet_row_end(sheet);
}

/* Of one class; who was erased keeps his row, with his id and without a name. */
static enum cm_code put_month(struct srv_report *report, struct srv_sheet *sheet, struct cm_err *err)
{
    char month[CM_DATE_ISO_SIZE];
    enum cm_code code = CM_OK;
    cm_date_iso(report->from, month)[7] = '\0';
    put_month_names(sheet, report);
    srv_reply_begin(&sheet->json, NULL);
    srv_reply_text(&sheet->json, "class_id", report->classes.list[0].id);
    srv_reply_text(&sheet->json, "month", month);
    put_month_days(&sheet->json, report);
    srv_reply_list(&sheet->json, "items");
    for (size_t i = 0; i < report->row_count && code == CM_OK; i++) {
        struct srv_student student = {.template_count = 0};
        code = srv_store_get_student(report->app->store, report->rows[i].student_id, &student, err);
        if (code == CM_NOTFOUND) {
            student = (struct srv_student){.template_count = 0};
            code = CM_OK;
        }
        if (code == CM_OK)
            put_month_row(sheet, report, &report->rows[i], &student);
    }
    close_list(sheet);
    return code;
}

const struct srv_report_kind srv_report_month_kind = {"month", take_students, put_month};
