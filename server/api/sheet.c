#include "api/sheet.h"

#include "api/attendance_csv.h"
#include "base/date.h"
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

void srv_sheet_init(struct srv_sheet *sheet, bool csv)
{
    *sheet = (struct srv_sheet){.csv = csv};
    srv_reply_init(&sheet->json);
    cm_buf_init(&sheet->text, SRV_REPLY_MAX);
}

void srv_sheet_finish(struct srv_sheet *sheet)
{
    srv_reply_finish(&sheet->json);
    cm_buf_finish(&sheet->text);
}

static void put_cell(struct srv_sheet *sheet, const char *text)
{
    if (sheet->comma)
        sheet->failed |= cm_buf_append_text(&sheet->text, ",") != CM_OK;
    sheet->failed |= srv_csv_cell(&sheet->text, text, "") != CM_OK;
    sheet->comma = true;
}

void srv_sheet_row(struct srv_sheet *sheet)
{
    sheet->comma = false;
    if (!sheet->csv)
        srv_reply_begin(&sheet->json, NULL);
}

void srv_sheet_row_end(struct srv_sheet *sheet)
{
    if (sheet->csv)
        sheet->failed |= cm_buf_append_text(&sheet->text, "\r\n") != CM_OK;
    else
        srv_reply_end(&sheet->json);
}

void srv_sheet_text(struct srv_sheet *sheet, const char *name, const char *text)
{
    if (sheet->csv)
        put_cell(sheet, text);
    else
        srv_reply_text(&sheet->json, name, text);
}

/* Numbers are ours: a minus before them is no formula. */
static void put_number(struct srv_sheet *sheet, const char *text)
{
    sheet->failed |= cm_buf_appendf(&sheet->text, "%s%s", sheet->comma ? "," : "", text) != CM_OK;
    sheet->comma = true;
}

void srv_sheet_int(struct srv_sheet *sheet, const char *name, int64_t value)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRId64, value);
    if (sheet->csv)
        put_number(sheet, text);
    else
        srv_reply_int(&sheet->json, name, value);
}

void srv_sheet_real(struct srv_sheet *sheet, const char *name, double value, int decimals)
{
    char text[40] = "";
    if (isfinite(value))
        snprintf(text, sizeof text, "%.*f", decimals, value);
    if (sheet->csv)
        put_number(sheet, text);
    else
        srv_reply_real(&sheet->json, name, value, decimals);
}

void srv_sheet_date(struct srv_sheet *sheet, const char *name, int32_t date)
{
    char text[CM_DATE_ISO_SIZE];
    if (sheet->csv)
        put_cell(sheet, cm_date_iso(date, text));
    else
        srv_reply_date(&sheet->json, name, date);
}

void srv_sheet_cells(struct srv_sheet *sheet, const char *const *cells, size_t count)
{
    for (size_t i = 0; i < count && sheet->csv; i++)
        put_cell(sheet, cells[i]);
}

void srv_sheet_answer(struct srv_call *call, struct srv_sheet *sheet, const char *file)
{
    char header[160];
    size_t size;
    if (!sheet->csv) {
        srv_reply_answer(call, 200, &sheet->json);
    } else if (sheet->failed) {
        srv_answer_error(call, 500, "internal", "out of memory for the file");
    } else {
        snprintf(header, sizeof header, "attachment; filename=\"%s.csv\"", file);
        srv_answer_header(call, "content-disposition", header);
        uint8_t *bytes = cm_buf_take(&sheet->text, &size);
        srv_answer_take(call, 200, "text/csv; charset=utf-8", bytes, size);
    }
    srv_sheet_finish(sheet);
}
