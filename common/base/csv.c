#include "base/csv.h"

#include "base/utf8.h"
#include <stdbool.h>
#include <string.h>
#include <strings.h>

/* Each field with its NUL, all of one record. */
enum { TEXT_MAX = CM_CSV_FIELDS_MAX * (CM_CSV_FIELD_LENGTH_MAX + 1) };

static bool has_prefix(const char *data, size_t size, const char *prefix, size_t prefix_size)
{
    return size >= prefix_size && memcmp(data, prefix, prefix_size) == 0;
}

void cm_csv_init(struct cm_csv *csv, const char *data, size_t size)
{
    *csv = (struct cm_csv){.next = data, .end = data + size, .next_line = 1};
    cm_buf_init(&csv->text, TEXT_MAX);
    if (has_prefix(data, size, "\xEF\xBB\xBF", 3))
        csv->next += 3;
}

void cm_csv_finish(struct cm_csv *csv)
{
    cm_buf_finish(&csv->text);
    *csv = (struct cm_csv){.failed = CM_EOF};
}

static bool at_line_break(const struct cm_csv *csv)
{
    const char *at = csv->next;
    return at < csv->end && (*at == '\n' || (*at == '\r' && csv->end - at >= 2 && at[1] == '\n'));
}

static void skip_line_break(struct cm_csv *csv)
{
    csv->next += *csv->next == '\r' ? 2 : 1;
    csv->next_line++;
}

static enum cm_code append(struct cm_csv *csv, const char *bytes, size_t size, struct cm_err *err)
{
    size_t so_far = csv->text.size - csv->starts[csv->field_count];
    if (so_far + size > CM_CSV_FIELD_LENGTH_MAX)
        return cm_fail(err, CM_INVALID, "line %zu: a field is longer than %d bytes", csv->line,
                       CM_CSV_FIELD_LENGTH_MAX);
    if (cm_buf_append(&csv->text, bytes, size) != CM_OK)
        return cm_fail(err, CM_NOMEM, "line %zu: out of memory", csv->line);
    return CM_OK;
}

static enum cm_code read_plain(struct cm_csv *csv, struct cm_err *err)
{
    const char *start = csv->next;
    while (csv->next < csv->end && *csv->next != ',' && *csv->next != '\n') {
        if (*csv->next == '\r') {
            if (at_line_break(csv))
                break;
            return cm_fail(err, CM_INVALID, "line %zu: a carriage return without a line feed", csv->line);
        }
        if (*csv->next == '"')
            return cm_fail(
                err, CM_INVALID,
                "line %zu: a quote inside an unquoted field (quote the field, and double the quote)",
                csv->line);
        csv->next++;
    }
    return append(csv, start, (size_t)(csv->next - start), err);
}

/* From the opening quote past the closing one. */
static enum cm_code read_quoted(struct cm_csv *csv, struct cm_err *err)
{
    csv->next++;
    for (;;) {
        const char *start = csv->next;
        while (csv->next < csv->end && *csv->next != '"') {
            if (*csv->next == '\n')
                csv->next_line++;
            csv->next++;
        }
        if (csv->next == csv->end)
            return cm_fail(err, CM_INVALID, "line %zu: a quoted field is never closed", csv->line);
        bool doubled = csv->end - csv->next >= 2 && csv->next[1] == '"';
        enum cm_code code = append(csv, start, (size_t)(csv->next - start) + (doubled ? 1 : 0), err);
        if (code != CM_OK)
            return code;
        csv->next += doubled ? 2 : 1;
        if (!doubled)
            return CM_OK;
    }
}

static enum cm_code check_text(const struct cm_csv *csv, const char *text, size_t size, struct cm_err *err)
{
    if (memchr(text, '\0', size) != NULL)
        return cm_fail(err, CM_INVALID, "line %zu: a NUL byte (is this a CSV file?)", csv->line);
    if (!cm_utf8_valid(text, size))
        return cm_fail(err, CM_INVALID, "line %zu: text that is not UTF-8 (save the file as \"CSV UTF-8\")",
                       csv->line);
    return CM_OK;
}

static enum cm_code read_field(struct cm_csv *csv, struct cm_err *err)
{
    if (csv->field_count == CM_CSV_FIELDS_MAX)
        return cm_fail(err, CM_INVALID, "line %zu: more than %d fields", csv->line, CM_CSV_FIELDS_MAX);
    size_t start = csv->text.size;
    csv->starts[csv->field_count] = start;
    bool quoted = csv->next < csv->end && *csv->next == '"';
    enum cm_code code = quoted ? read_quoted(csv, err) : read_plain(csv, err);
    if (code != CM_OK)
        return code;
    if (quoted && csv->next < csv->end && *csv->next != ',' && !at_line_break(csv))
        return cm_fail(err, CM_INVALID, "line %zu: text after the closing quote of a field", csv->next_line);
    csv->field[csv->field_count].length = csv->text.size - start;
    code = check_text(csv, (const char *)csv->text.data + start, csv->text.size - start, err);
    if (code != CM_OK)
        return code;
    if (cm_buf_append(&csv->text, "", 1) != CM_OK)
        return cm_fail(err, CM_NOMEM, "line %zu: out of memory", csv->line);
    csv->field_count++;
    return CM_OK;
}

static enum cm_code read_record(struct cm_csv *csv, struct cm_err *err)
{
    for (;;) {
        enum cm_code code = read_field(csv, err);
        if (code != CM_OK)
            return code;
        if (csv->next == csv->end)
            return CM_OK;
        if (*csv->next != ',') {
            skip_line_break(csv);
            return CM_OK;
        }
        csv->next++;
    }
}

enum cm_code cm_csv_next(struct cm_csv *csv, struct cm_err *err)
{
    if (csv->failed != CM_OK)
        return csv->failed == CM_EOF ? CM_EOF : cm_fail(err, csv->failed, "line %zu: not read", csv->line);
    csv->field_count = 0;
    cm_buf_reset(&csv->text);
    while (at_line_break(csv))
        skip_line_break(csv);
    csv->line = csv->next_line;
    size_t left = (size_t)(csv->end - csv->next);
    if (left == 0)
        csv->failed = CM_EOF;
    else if (csv->line == 1 &&
             (has_prefix(csv->next, left, "\xFF\xFE", 2) || has_prefix(csv->next, left, "\xFE\xFF", 2)))
        csv->failed = cm_fail(err, CM_INVALID, "line 1: the file is UTF-16 (save it as \"CSV UTF-8\")");
    else
        csv->failed = read_record(csv, err);
    if (csv->failed != CM_OK)
        csv->field_count = 0;
    for (size_t i = 0; i < csv->field_count; i++) /* the text has moved while it grew */
        csv->field[i].text = (const char *)csv->text.data + csv->starts[i];
    return csv->failed;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t';
}

static bool same_name(struct cm_csv_field field, const char *name)
{
    const char *start = field.text, *end = field.text + field.length;
    while (start < end && is_space(*start))
        start++;
    while (end > start && is_space(end[-1]))
        end--;
    size_t length = (size_t)(end - start);
    return length == strlen(name) && strncasecmp(start, name, length) == 0;
}

int cm_csv_column(const struct cm_csv *csv, const char *name)
{
    for (size_t i = 0; i < csv->field_count; i++)
        if (same_name(csv->field[i], name))
            return (int)i;
    return -1;
}
