#include "api/attendance_csv.h"

#include "api/show.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a spreadsheet may take for the beginning of a formula; some do so with the wide forms of East Asia too. */
static bool is_formula(const char *text)
{
    static const char *const wide[] = {"\uff1d", "\uff0b", "\uff0d", "\uff20"}; /* = + - @ */
    if (text[0] != '\0' && strchr("=+-@\t\r", text[0]) != NULL)
        return true;
    for (size_t i = 0; i < sizeof wide / sizeof wide[0]; i++)
        if (strncmp(text, wide[i], strlen(wide[i])) == 0)
            return true;
    return false;
}

/* Where ";" separates lists, spreadsheets split there whatever is quoted: behind it a cell begins too. */
static enum cm_code put_text(struct cm_buf *buf, const char *text)
{
    enum cm_code code = CM_OK;
    bool begins = true;
    while (code == CM_OK && *text != '\0') {
        if (begins && is_formula(text))
            code = cm_buf_append_text(buf, "'");
        size_t plain = strcspn(text, "\";");
        begins = begins && strspn(text, " ") == plain;
        if (code == CM_OK)
            code = cm_buf_append(buf, text, plain);
        text += plain;
        if (code != CM_OK || *text == '\0')
            break;
        code = cm_buf_append_text(buf, *text == '"' ? "\"\"" : ";");
        begins = begins || *text == ';';
        text++;
        size_t spaces = strspn(text, " ");
        if (code == CM_OK)
            code = cm_buf_append(buf, text, spaces);
        text += spaces;
    }
    return code;
}

enum cm_code srv_csv_cell(struct cm_buf *buf, const char *text, const char *separator)
{
    bool quoted = strpbrk(text, ",;\"\r\n\t") != NULL;
    enum cm_code code = cm_buf_append(buf, "\"", quoted ? 1 : 0);
    if (code == CM_OK)
        code = put_text(buf, text);
    if (code == CM_OK && quoted)
        code = cm_buf_append_text(buf, "\"");
    return code == CM_OK ? cm_buf_append_text(buf, separator) : code;
}

struct piece {
    struct srv_attendance_csv *csv;
    struct cm_buf *buf;
    const struct cm_class *class_;
    struct cm_session session;
    struct srv_day *days;
    size_t count, room;
    bool failed;
};

static bool take_day(void *arg, const struct srv_day *day)
{
    struct piece *piece = arg;
    if (piece->count == piece->room) {
        size_t room = piece->room > 0 ? piece->room * 2 : 64;
        struct srv_day *days = realloc(piece->days, room * sizeof *days);
        piece->failed = days == NULL;
        if (piece->failed)
            return false;
        piece->days = days;
        piece->room = room;
    }
    piece->days[piece->count++] = *day;
    return true;
}

static enum cm_code put_line(struct piece *piece, const struct srv_day *day,
                             const struct srv_evidence *evidence, const char *name)
{
    const struct cm_mark *mark = evidence->has_mark ? &evidence->mark : NULL;
    const struct cm_correction *correction = evidence->has_correction ? &evidence->correction : NULL;
    char date[CM_DATE_ISO_SIZE], captured[CM_INSTANT_TEXT_SIZE] = "", points[16];
    if (mark != NULL)
        cm_instant_local(piece->csv->zone, mark->captured_wall_ms, captured);
    snprintf(points, sizeof points, "%d", (int)day->roll.points);
    const char *const cells[] = {
        cm_date_iso(day->roll.date, date),
        piece->class_->id,
        day->roll.student_id,
        name,
        cm_roll_status_name(srv_show_status_at(day, &piece->session, piece->csv->now_ms)),
        captured,
        mark != NULL ? cm_method_name(mark->method) : "",
        points,
        correction != NULL ? correction->by : "",
        correction != NULL ? correction->reason : "",
    };
    enum { CELLS = sizeof cells / sizeof cells[0] };
    enum cm_code code = CM_OK;
    for (int i = 0; i < CELLS && code == CM_OK; i++)
        code = srv_csv_cell(piece->buf, cells[i], i + 1 < CELLS ? "," : "\r\n");
    return code;
}

static enum cm_code put_day(struct piece *piece, const struct srv_day *day, struct cm_err *err)
{
    struct srv_evidence evidence;
    struct srv_student student = {.template_count = 0};
    struct srv_store *store = piece->csv->store;
    enum cm_code code = srv_store_get_student(store, day->roll.student_id, &student, err);
    if (code == CM_OK || code == CM_NOTFOUND)
        code = srv_show_evidence(store, &day->roll, &evidence, err);
    if (code != CM_OK)
        return code;
    code = put_line(piece, day, &evidence, student.base.name);
    return code == CM_OK ? CM_OK : cm_fail(err, code, "out of memory for the export");
}

static enum cm_code put_class(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct piece *piece = arg;
    piece->count = 0;
    enum cm_code code = srv_store_each_roll(store, piece->class_->id, piece->csv->date, take_day, piece, err);
    if (code == CM_OK && piece->failed)
        code = cm_fail(err, CM_NOMEM, "out of memory for the export");
    for (size_t i = 0; i < piece->count && code == CM_OK; i++)
        code = put_day(piece, &piece->days[i], err);
    return code;
}

static enum cm_code put_header(struct srv_attendance_csv *csv, struct cm_buf *buf)
{
    csv->begun = true;
    csv->date = csv->from;
    csv->next_class = 0;
    return cm_buf_append_text(
        buf, "date,class,student_id,name,status,captured,method,points,corrected_by,reason\r\n");
}

enum cm_code srv_attendance_csv_next(struct srv_attendance_csv *csv, struct cm_buf *buf, struct cm_err *err)
{
    if (!csv->begun)
        return put_header(csv, buf);
    if (csv->next_class == csv->class_count) {
        if (csv->class_count == 0 || csv->date >= csv->to)
            return CM_EOF;
        csv->next_class = 0;
        csv->date = cm_date_add(csv->date, 1);
    }
    struct piece piece = {.csv = csv, .buf = buf, .class_ = &csv->classes[csv->next_class++]};
    piece.session = srv_show_times(csv->store, csv->zone, piece.class_, csv->date);
    enum cm_code code = srv_store_read(csv->store, put_class, &piece, err);
    free(piece.days);
    return code;
}
