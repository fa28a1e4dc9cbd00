/* Doubles of the HTTP server, the writer and the live streams: everything happens at once, on one thread. */
#include "doubles.h"

#include "auth/auth.h"
#include "live/live.h"
#include "school.h"
#include "store/writer.h"
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the request ---- */

void *srv_call_app(const struct srv_call *call_)
{
    return call_->app;
}
struct srv_loop *srv_call_loop(const struct srv_call *call_)
{
    (void)call_;
    return NULL;
}
const struct srv_route *srv_call_route(const struct srv_call *call_)
{
    return call_->match.route;
}
const struct srv_identity *srv_call_identity(const struct srv_call *call_)
{
    return call_->who;
}
const char *srv_call_path(const struct srv_call *call_)
{
    return call_->path;
}
const char *srv_call_param(const struct srv_call *call_, const char *name)
{
    for (int i = 0; i < call_->match.param_count; i++)
        if (strlen(name) == call_->match.params[i].name_size &&
            memcmp(name, call_->match.params[i].name, strlen(name)) == 0)
            return call_->match.params[i].value;
    assert(!"the route has such a parameter");
    return "";
}
const char *srv_call_query(const struct srv_call *call_, const char *name)
{
    for (int i = 0; i < call_->query_count; i++)
        if (strcmp(call_->query_names[i], name) == 0)
            return call_->query_values[i];
    return NULL;
}
const char *srv_call_header(const struct srv_call *call_, const char *name)
{
    return call_->header_name != NULL && strcmp(call_->header_name, name) == 0 ? call_->header_value : NULL;
}
const char *srv_call_cookie(const struct srv_call *call_, const char *name)
{
    (void)call_, (void)name;
    return NULL;
}
const uint8_t *srv_call_body(const struct srv_call *call_, size_t *ret_size)
{
    *ret_size = call_->body != NULL ? strlen(call_->body) : 0;
    return (const uint8_t *)(call_->body != NULL ? call_->body : "");
}
const char *srv_call_peer(const struct srv_call *call_)
{
    return call_->peer;
}
bool srv_call_secure(const struct srv_call *call_)
{
    (void)call_;
    return false;
}
const char *srv_call_host(const struct srv_call *call_)
{
    (void)call_;
    return "localhost";
}

void srv_call_ref(struct srv_call *call_)
{
    call_->references++;
}
void srv_call_unref(struct srv_call *call_)
{
    assert(call_->references > 0);
    call_->references--;
}
bool srv_call_gone(const struct srv_call *call_)
{
    (void)call_;
    return false;
}
void srv_call_deny(struct srv_call *call_, const char *code, const char *message, int retry_after_s)
{
    (void)call_, (void)code, (void)message, (void)retry_after_s;
}

/* ---- the answer ---- */

int answered_from_kept;

static void append(struct srv_call *call_, const void *bytes, size_t size)
{
    if (call_->size + size + 1 > call_->capacity) {
        call_->capacity = (call_->size + size + 1) * 2;
        call_->text = realloc(call_->text, call_->capacity);
        assert(call_->text != NULL);
    }
    if (size > 0)
        memcpy(call_->text + call_->size, bytes, size);
    call_->size += size;
    call_->text[call_->size] = '\0';
}

void srv_answer_header(struct srv_call *call_, const char *name, const char *value)
{
    size_t used = strlen(call_->headers);
    snprintf(call_->headers + used, HEADERS_MAX - used, "%s: %s\n", name, value);
}
void srv_answer(struct srv_call *call_, int status, const char *type, const void *body, size_t size)
{
    assert(!call_->answered);
    call_->answered = true;
    call_->status = status;
    snprintf(call_->type, sizeof call_->type, "%s", type != NULL ? type : "");
    append(call_, body, size);
}
void srv_answer_take(struct srv_call *call_, int status, const char *type, uint8_t *body, size_t size)
{
    srv_answer(call_, status, type, body, size);
    free(body);
}

struct srv_chunk {
    int refs;
    size_t size;
    uint8_t bytes[];
};
struct srv_chunk *srv_chunk_create(const void *bytes, size_t size)
{
    struct srv_chunk *chunk = malloc(sizeof *chunk + size);
    assert(chunk != NULL);
    chunk->refs = 1;
    chunk->size = size;
    memcpy(chunk->bytes, bytes, size);
    return chunk;
}
struct srv_chunk *srv_chunk_ref(struct srv_chunk *chunk)
{
    chunk->refs++;
    return chunk;
}
void srv_chunk_unref(struct srv_chunk *chunk)
{
    if (chunk != NULL && --chunk->refs == 0)
        free(chunk);
}
void srv_answer_chunk(struct srv_call *call_, int status, const char *type, struct srv_chunk *chunk)
{
    answered_from_kept++;
    srv_answer(call_, status, type, chunk->bytes, chunk->size);
}
void srv_answer_secret(struct srv_call *call_, int status, const char *type, uint8_t *body, size_t size)
{
    srv_answer_take(call_, status, type, body, size);
}
void srv_answer_error(struct srv_call *call_, int status, const char *code, const char *fmt, ...)
{
    char message[512];
    va_list arguments;
    va_start(arguments, fmt);
    vsnprintf(message, sizeof message, fmt, arguments);
    va_end(arguments);
    json_t *error = json_pack("{s:{s:s, s:s}}", "error", "code", code, "message", message);
    char *text = json_dumps(error, JSON_COMPACT);
    json_decref(error);
    srv_answer(call_, status, "application/json", text, strlen(text));
    free(text);
}

/* ---- streams and the loop: a stream takes a little, then makes its writer wait for a turn of the loop ---- */

struct srv_stream {
    struct srv_call *call_;
    const struct srv_stream_events *events;
    void *arg;
    size_t waiting;
    bool ended;
};
static struct srv_stream stream;

static struct {
    srv_loop_fn *fn;
    void *arg;
} posted[16];
static int posted_count;

enum cm_code srv_loop_post(struct srv_loop *loop, srv_loop_fn *fn, void *arg)
{
    (void)loop;
    assert(posted_count < 16);
    posted[posted_count].fn = fn;
    posted[posted_count++].arg = arg;
    return CM_OK;
}

static void stream_turn(void)
{
    if (stream.call_ == NULL)
        return;
    if (stream.waiting > 0 && !stream.ended) {
        stream.waiting = 0;
        stream.events->drained(stream.arg);
    }
    if (stream.ended) {
        const struct srv_stream_events *events = stream.events;
        stream.call_ = NULL;
        events->closed(stream.arg);
    }
}

void pump(void)
{
    for (int turns = 0; turns < 100000 && (posted_count > 0 || stream.call_ != NULL); turns++) {
        int count = posted_count;
        for (int i = 0; i < count; i++)
            posted[i].fn(posted[i].arg);
        memmove(posted, posted + count, (size_t)(posted_count - count) * sizeof posted[0]);
        posted_count -= count;
        stream_turn();
    }
}

struct srv_stream *srv_stream_begin(struct srv_call *call_, int status, const char *type,
                                    const struct srv_stream_events *events, void *arg)
{
    srv_answer(call_, status, type, "", 0);
    stream = (struct srv_stream){.call_ = call_, .events = events, .arg = arg};
    return &stream;
}
enum cm_code srv_stream_send(struct srv_stream *stream_, const void *bytes, size_t size)
{
    static int sends;
    assert(!stream_->ended && stream_->waiting == 0); /* nothing is made before what was has left */
    append(stream_->call_, bytes, size);
    stream_->waiting = ++sends % 3 == 0 ? 0 : size; /* now and then it leaves at once */
    return CM_OK;
}
size_t srv_stream_waiting(const struct srv_stream *stream_)
{
    return stream_->waiting;
}
void srv_stream_end(struct srv_stream *stream_)
{
    stream_->ended = true;
}
void srv_stream_cut(struct srv_stream *stream_)
{
    stream_->call_->status = -1;
    stream_->ended = true;
}

void srv_http_stats(const struct srv_http *http, struct srv_http_stats *ret_stats)
{
    (void)http;
    *ret_stats = (struct srv_http_stats){.requests = 7, .status_class = {[2] = 5, [4] = 2}};
}

/* ---- throttling: never ---- */

int srv_auth_try(struct srv_auth *auth, const char *door, const char *account, const char *address)
{
    (void)auth;
    (void)door;
    (void)account;
    (void)address;
    return 0;
}
void srv_auth_succeeded(struct srv_auth *auth, const char *door, const char *account, const char *address)
{
    (void)auth;
    (void)door;
    (void)account;
    (void)address;
}

/* ---- the writer: at once; a run may be run twice, so it is ---- */

bool writer_is_full, writer_stands_still;
static struct srv_write *kept;

static enum cm_code run_first_in_vain(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct srv_write *write = arg;
    enum cm_code code = write->run(store, write, err);
    return code == CM_OK ? cm_fail(err, CM_BACKEND, "undone, to be run again") : code;
}

static enum cm_code run(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct srv_write *write = arg;
    return write->run(store, write, err);
}

void writer_goes_on(void)
{
    struct srv_write *write = kept;
    kept = NULL;
    writer_stands_still = false;
    srv_writer_submit(NULL, write);
}

enum cm_code srv_writer_submit(struct srv_writer *writer, struct srv_write *write)
{
    (void)writer;
    struct cm_err err = CM_ERR_INIT;
    if (writer_is_full)
        return CM_AGAIN;
    if (writer_stands_still) {
        assert(kept == NULL);
        kept = write;
        return CM_OK;
    }
    enum cm_code code =
        write->prepare != NULL ? srv_store_read(school.app.store, write->prepare, write, &err) : CM_OK;
    if (code == CM_OK && write->run != NULL) {
        (void)srv_store_write(school.app.store, run_first_in_vain, write, &err);
        err = (struct cm_err)CM_ERR_INIT;
        code = srv_store_write(school.app.store, run, write, &err);
    }
    write->done(write, code, &err);
    return CM_OK;
}
void srv_writer_stats(const struct srv_writer *writer, struct srv_writer_stats *ret_stats)
{
    (void)writer;
    *ret_stats = (struct srv_writer_stats){.commits = 3};
}

/* ---- live ---- */

struct told told;

void srv_live_feed(struct srv_live *live, uint64_t last)
{
    (void)live, (void)last;
    told.feed++;
}
void srv_live_changed(struct srv_live *live, const char *what, const char *class_id, json_t *detail)
{
    (void)live, (void)detail;
    told.changed++;
    snprintf(told.what, sizeof told.what, "%s", what);
    snprintf(told.class_id, sizeof told.class_id, "%s", class_id != NULL ? class_id : "");
}
void srv_live_changes(struct srv_live *live)
{
    (void)live;
    told.changes++;
}
