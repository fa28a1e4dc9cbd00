/* POST /api/students/import */
#include "api/handlers.h"

#include "api/api.h"
#include "api/import.h"
#include "http_json/json.h"
#include "live/live.h"
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Reading megabytes of CSV takes a while: it is done beside the writer, and all of a dry run. */
struct import_write {
    struct srv_call_write base;
    json_t *files; /* holds the texts */
    struct srv_import import;
};

static void finish(struct srv_call_write *base)
{
    struct import_write *write = (struct import_write *)base;
    srv_import_finish(&write->import);
    json_decref(write->files);
}

static enum cm_code read_files(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct import_write *write = arg;
    return srv_import_read(store, &write->import, err);
}

static enum cm_code write_roster(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct import_write *write = arg;
    return srv_import_write(store, &write->import, err);
}

static void put_problem(struct srv_reply *out, const struct srv_import_remark *remark)
{
    srv_reply_begin(out, NULL);
    srv_reply_text(out, "file", remark->file);
    srv_reply_int(out, "line", (int64_t)remark->line);
    srv_reply_text(out, "message", remark->text);
    srv_reply_end(out);
}

static void put_note(struct srv_reply *out, const struct srv_import_remark *remark)
{
    char line[32] = "", text[CM_ROSTER_REMARK_SIZE + 96];
    if (remark->line > 0)
        snprintf(line, sizeof line, "line %zu: ", remark->line);
    snprintf(text, sizeof text, "%s: %s%s", remark->file, line, remark->text);
    srv_reply_text(out, NULL, text);
}

static void put_remarks(struct srv_reply *out, const char *name, const struct srv_import_remarks *remarks,
                        void (*put)(struct srv_reply *, const struct srv_import_remark *))
{
    size_t shown = remarks->count < SRV_IMPORT_REMARKS_MAX ? remarks->count : SRV_IMPORT_REMARKS_MAX;
    srv_reply_list(out, name);
    for (size_t i = 0; i < shown; i++)
        put(out, &remarks->list[i]);
    srv_reply_list_end(out);
}

static void answer_with(const struct import_write *write, int status)
{
    const struct srv_import *import = &write->import;
    struct srv_reply out;
    srv_reply_init(&out);
    srv_reply_begin(&out, NULL);
    if (status == 422) {
        srv_reply_begin(&out, "error");
        srv_reply_text(&out, "code", import->removals_refused ? "too_many_removals" : "invalid");
        srv_reply_text(&out, "message",
                       import->removals_refused ? import->problems.list[0].text
                                                : "nothing was imported: the files have problems");
        srv_reply_text(&out, "field", "files");
        srv_reply_end(&out);
    }
    srv_reply_bool(&out, "dry_run", import->dry_run);
    srv_reply_begin(&out, "classes");
    srv_reply_int(&out, "added", import->classes.added);
    srv_reply_int(&out, "changed", import->classes.changed);
    srv_reply_end(&out);
    srv_reply_begin(&out, "students");
    srv_reply_int(&out, "added", import->students.added);
    srv_reply_int(&out, "changed", import->students.changed);
    srv_reply_int(&out, "removed", import->students.removed);
    srv_reply_int(&out, "unchanged", import->students.unchanged);
    srv_reply_end(&out);
    put_remarks(&out, "problems", &import->problems, put_problem);
    srv_reply_int(&out, "problem_count", (int64_t)import->problems.count);
    put_remarks(&out, "notes", &import->notes, put_note);
    srv_reply_end(&out);
    srv_reply_answer(write->base.call, status, &out);
}

static void answer(struct srv_call_write *base)
{
    const struct import_write *write = (const struct import_write *)base;
    if (!write->import.dry_run) {
        srv_live_changes(base->app->live);
        srv_live_changed(base->app->live, "classes", NULL, NULL);
        srv_live_changed(base->app->live, "students", NULL, NULL);
    }
    answer_with(write, 200);
}

static void failed(struct srv_call_write *base, enum cm_code code, const struct cm_err *err)
{
    const struct import_write *write = (const struct import_write *)base;
    if (code == CM_INVALID && write->import.problems.count > 0)
        answer_with(write, write->import.dry_run ? 200 : 422);
    else
        srv_call_write_failed(base, code, err);
}

/* {files:[{name,text}]} */
static bool take_files(struct srv_call *call, struct import_write *write)
{
    struct srv_import *import = &write->import;
    size_t i, count = json_array_size(write->files);
    json_t *item;
    if (!json_is_array(write->files) || count == 0 || count > SRV_IMPORT_FILES_MAX) {
        srv_json_invalid(call, "files", "files is a list of 1 to %d files", SRV_IMPORT_FILES_MAX);
        return false;
    }
    json_array_foreach(write->files, i, item)
    {
        const char *name = NULL, *text = NULL;
        size_t name_size = 0, size = 0;
        if (json_unpack(item, "{s:s%, s:s%!}", "name", &name, &name_size, "text", &text, &size) != 0 ||
            strlen(name) != name_size) {
            srv_json_invalid(call, "files", "each file has a name and a text");
            return false;
        }
        import->files[import->file_count++] =
            (struct srv_import_file){.name = name, .text = text, .size = size};
    }
    return true;
}

static bool read_body(struct srv_call *call, struct import_write *write)
{
    struct srv_import *import = &write->import;
    const struct srv_json_field fields[] = {
        {.name = "files", .type = SRV_JSON_VALUE, .required = true, .ret = &write->files},
        {.name = "allow_removals", .type = SRV_JSON_BOOL, .ret = &import->allow_removals},
    };
    return srv_json_query_bool(call, "dry_run", false, &import->dry_run) && SRV_JSON_BODY(call, fields) &&
           take_files(call, write);
}

void srv_api_students_import(struct srv_call *call)
{
    struct import_write *write = srv_call_write_create(call, sizeof *write, write_roster, answer);
    if (write == NULL)
        return;
    write->base.write.prepare = read_files;
    write->base.failed = failed;
    write->base.finish = finish;
    write->import.removals_option = "allow_removals";
    write->import.now_ms = srv_api_now(write->base.app);
    write->import.today = srv_api_today(write->base.app);
    if (!read_body(call, write)) {
        srv_call_write_drop(&write->base);
        return;
    }
    if (write->import.dry_run)
        write->base.write.run = NULL;
    srv_call_write_submit(&write->base);
}
