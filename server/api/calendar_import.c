/* POST /api/calendar/import */
#include "api/handlers.h"

#include "api/api.h"
#include "calendar/calendar.h"
#include "http_json/json.h"
#include "live/live.h"
#include <jansson.h>
#include <string.h>

/* The text is read beside the writer, and all of a dry run. */
struct calendar_write {
    struct srv_call_write base;
    json_t *text;
    char class_id[CM_ID_SIZE];
    bool dry_run;
    struct srv_calendar_options options;
    struct srv_calendar_plan plan;
};

static void finish(struct srv_call_write *base)
{
    struct calendar_write *write = (struct calendar_write *)base;
    srv_calendar_finish(&write->plan);
    json_decref(write->text);
}

static enum cm_code read_calendar(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct calendar_write *write = arg;
    srv_calendar_finish(&write->plan);
    enum cm_code code = srv_calendar_read(json_string_value(write->text), json_string_length(write->text),
                                          &write->options, &write->plan, err);
    write->base.refusal = (struct srv_refusal){422, "invalid", "text"};
    if (code == CM_OK)
        code = srv_calendar_compare(store, &write->plan, err);
    if (code == CM_OK && write->plan.problems.count > 0)
        code = cm_fail(err, CM_INVALID, "nothing was imported: the calendar has problems");
    return code;
}

static enum cm_code write_calendar(struct srv_store *store, void *arg, struct cm_err *err)
{
    return srv_calendar_write(store, &((struct calendar_write *)arg)->plan, err);
}

static void put_remarks(struct srv_reply *out, const char *name, const struct srv_calendar_remarks *remarks)
{
    srv_reply_list(out, name);
    for (size_t i = 0; i < remarks->count && i < SRV_CALENDAR_REMARKS_MAX; i++) {
        srv_reply_begin(out, NULL);
        srv_reply_int(out, "line", (int64_t)remarks->list[i].line);
        srv_reply_text(out, "message", remarks->list[i].text);
        srv_reply_end(out);
    }
    srv_reply_list_end(out);
}

static void put_changes(struct srv_reply *out, const struct srv_calendar_plan *plan)
{
    static const char *const words[] = {
        [SRV_CALENDAR_SAME] = "same", [SRV_CALENDAR_ADDED] = "added", [SRV_CALENDAR_CHANGED] = "changed"};
    srv_reply_list(out, "changes");
    for (size_t i = 0; i < plan->count; i++) {
        const struct srv_calendar_entry *entry = &plan->entries[i];
        if (entry->change == SRV_CALENDAR_SAME)
            continue;
        srv_reply_begin(out, NULL);
        srv_reply_text(out, "change", words[entry->change]);
        srv_reply_date(out, "date", entry->closure.date);
        srv_reply_words(out, "class_id", entry->closure.class_id);
        srv_reply_text(out, "label", entry->closure.label);
        srv_reply_text(out, "kind", cm_closure_kind_name(entry->closure.kind));
        srv_reply_end(out);
    }
    srv_reply_list_end(out);
}

static void answer_with(const struct calendar_write *write, int status)
{
    const struct srv_calendar_plan *plan = &write->plan;
    struct srv_reply out;
    srv_reply_init(&out);
    srv_reply_begin(&out, NULL);
    if (status == 422) {
        srv_reply_begin(&out, "error");
        srv_reply_text(&out, "code", "invalid");
        srv_reply_text(&out, "message", "nothing was imported: the calendar has problems");
        srv_reply_text(&out, "field", "text");
        srv_reply_end(&out);
    }
    srv_reply_bool(&out, "dry_run", write->dry_run);
    srv_reply_int(&out, "days", (int64_t)plan->count);
    srv_reply_int(&out, "added", (int64_t)plan->added);
    srv_reply_int(&out, "changed", (int64_t)plan->changed);
    put_changes(&out, plan);
    put_remarks(&out, "problems", &plan->problems);
    srv_reply_int(&out, "problem_count", (int64_t)plan->problems.count);
    put_remarks(&out, "notes", &plan->notes);
    srv_reply_int(&out, "note_count", (int64_t)plan->notes.count);
    srv_reply_end(&out);
    srv_reply_answer(write->base.call, status, &out);
}

static void answer(struct srv_call_write *base)
{
    const struct calendar_write *write = (const struct calendar_write *)base;
    if (!write->dry_run) {
        srv_live_changes(base->app->live);
        srv_live_changed(base->app->live, "calendar", NULL, NULL);
    }
    answer_with(write, 200);
}

static void failed(struct srv_call_write *base, enum cm_code code, const struct cm_err *err)
{
    const struct calendar_write *write = (const struct calendar_write *)base;
    if (code == CM_INVALID && write->plan.problems.count > 0)
        answer_with(write, write->dry_run ? 200 : 422);
    else
        srv_call_write_failed(base, code, err);
}

static bool read_body(struct srv_call *call, struct calendar_write *write)
{
    char format[16] = "";
    const struct srv_json_field fields[] = {
        {.name = "text", .type = SRV_JSON_VALUE, .required = true, .ret = &write->text},
        {.name = "format", .type = SRV_JSON_LINE, .ret = format, .size = sizeof format},
        {.name = "class",
         .type = SRV_JSON_LINE,
         .nullable = true,
         .ret = write->class_id,
         .size = sizeof write->class_id},
        {.name = "dry_run", .type = SRV_JSON_BOOL, .ret = &write->dry_run},
    };
    if (!SRV_JSON_BODY(call, fields))
        return false;
    if (!json_is_string(write->text)) {
        srv_json_invalid(call, "text", "the text of the file is missing");
        return false;
    }
    if (format[0] == '\0')
        write->options.format =
            srv_calendar_guess(json_string_value(write->text), json_string_length(write->text));
    else if (strcmp(format, "csv") == 0 || strcmp(format, "icalendar") == 0)
        write->options.format = format[0] == 'c' ? SRV_CALENDAR_CSV : SRV_CALENDAR_ICALENDAR;
    else {
        srv_json_invalid(call, "format", "the format is csv or icalendar");
        return false;
    }
    return true;
}

void srv_api_calendar_import(struct srv_call *call)
{
    struct calendar_write *write = srv_call_write_create(call, sizeof *write, write_calendar, answer);
    if (write == NULL)
        return;
    write->base.write.prepare = read_calendar;
    write->base.failed = failed;
    write->base.finish = finish;
    write->options.zone = write->base.app->zone;
    write->options.today = srv_api_today(write->base.app);
    write->options.class_id = write->class_id;
    if (!read_body(call, write)) {
        srv_call_write_drop(&write->base);
        return;
    }
    if (write->dry_run)
        write->base.write.run = NULL;
    srv_call_write_submit(&write->base);
}
