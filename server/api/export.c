/* GET /api/export/attendance */
#include "api/handlers.h"

#include "api/api.h"
#include "api/attendance_csv.h"
#include "base/log.h"
#include "http_json/json.h"
#include <stdio.h>
#include <stdlib.h>

/*
 * The next piece is made when the one before has left: a client that is slow, or never reads, costs one piece. Between
 * pieces of a fast one the loop serves others, since a piece is put into a turn of its own.
 */
enum { EXPORT_DAYS_MAX = 800, TURN_BYTES = 64 * 1024, TURN_PIECES = 32 };

struct export
{
    struct srv_attendance_csv csv;
    struct srv_api_classes classes;
    struct srv_stream *stream;
    struct srv_loop *loop;
    struct cm_buf buf;
    bool closed, posted;
};

static void go_on(void *arg);

static void export_free(struct export *export)
{
    cm_buf_finish(&export->buf);
    free(export->classes.list);
    free(export);
}

static void post(struct export *export)
{
    if (!export->posted && srv_loop_post(export->loop, go_on, export) == CM_OK)
        export->posted = true;
    else if (!export->posted)
        srv_stream_cut(export->stream);
}

/* Pieces until there is enough for one turn. */
static enum cm_code fill(struct export *export, struct cm_err *err)
{
    enum cm_code code = CM_OK;
    cm_buf_reset(&export->buf);
    for (int i = 0; i < TURN_PIECES && code == CM_OK && export->buf.size < TURN_BYTES; i++)
        code = srv_attendance_csv_next(&export->csv, &export->buf, err);
    return code;
}

static void go_on(void *arg)
{
    struct export *export = arg;
    struct cm_err err = CM_ERR_INIT;
    export->posted = false;
    if (export->closed) {
        export_free(export);
        return;
    }
    enum cm_code code = fill(export, &err);
    if (code != CM_OK && code != CM_EOF) { /* an answer that is cut short must not look whole */
        cm_log_err(CM_LOG_ERROR, "api", "an export ended early", &err);
        srv_stream_cut(export->stream);
        return;
    }
    enum cm_code sent = CM_OK;
    if (export->buf.size > 0)
        sent = srv_stream_send(export->stream, export->buf.data, export->buf.size);
    if (sent == CM_CANCELED)
        return;
    if (sent != CM_OK)
        srv_stream_cut(export->stream);
    else if (code == CM_EOF)
        srv_stream_end(export->stream);
    else if (srv_stream_waiting(export->stream) == 0)
        post(export); /* nothing had to wait: `drained` does not come */
}

static void on_drained(void *arg)
{
    struct export *export = arg;
    if (!export->closed)
        post(export);
}

static void on_closed(void *arg)
{
    struct export *export = arg;
    export->closed = true;
    if (!export->posted)
        export_free(export);
}

static void begin(struct srv_call *call, struct export *export)
{
    static const struct srv_stream_events events = {.drained = on_drained, .closed = on_closed};
    char header[128], from[CM_DATE_ISO_SIZE], to[CM_DATE_ISO_SIZE];
    snprintf(header, sizeof header, "attachment; filename=\"attendance-%s-%s.csv\"",
             cm_date_iso(export->csv.from, from), cm_date_iso(export->csv.to, to));
    srv_answer_header(call, "content-disposition", header);
    export->loop = srv_call_loop(call);
    export->stream = srv_stream_begin(call, 200, "text/csv; charset=utf-8", &events, export);
    if (export->stream == NULL)
        export_free(export);
    else
        post(export);
}

void srv_api_export_attendance(struct srv_call *call)
{
    const struct srv_app *app = srv_app_of(call);
    struct srv_api_classes classes = {.list = NULL};
    int32_t today = srv_api_today(app), from = today, to = today;
    if (!srv_api_find_span(call, EXPORT_DAYS_MAX, &from, &to) || !srv_api_find_classes(call, &classes))
        return;
    struct export *export = calloc(1, sizeof *export);
    if (export == NULL) {
        free(classes.list);
        srv_answer_error(call, 500, "internal", "out of memory");
        return;
    }
    export->classes = classes;
    export->csv = (struct srv_attendance_csv){
        .store = app->store,
        .zone = app->zone,
        .classes = classes.list,
        .class_count = classes.count,
        .from = from,
        .to = to,
        .now_ms = srv_api_now(app),
    };
    cm_buf_init(&export->buf, SRV_CSV_PIECE_MAX);
    begin(call, export);
}
