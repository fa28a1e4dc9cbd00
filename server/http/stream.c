#include "http/http.h"

#include "http/answer.h"
#include "http/conn.h"
#include "http/server.h"
#include <stddef.h>
#include <stdio.h>

static struct srv_conn *conn_of(const struct srv_stream *stream)
{
    return (struct srv_conn *)((char *)stream - offsetof(struct srv_conn, stream));
}

struct srv_stream *srv_stream_begin(struct srv_call *call, int status, const char *type,
                                    const struct srv_stream_events *events, void *arg)
{
    bool chunked = call->request.minor == 1, bare = call->request.head_only;
    struct srv_conn *conn = srv_answer_begin(call, status);
    if (conn == NULL)
        return NULL;
    size_t head_size =
        srv_answer_head(call, status, type, chunked ? SRV_LENGTH_CHUNKED : SRV_LENGTH_UNTIL_CLOSE, true);
    struct srv_part head = {call->loop->head_out, head_size, SRV_PART_COPY, NULL};
    bool good = srv_out_send(conn, &head, 1);
    srv_call_unref(call);
    if (bare || !good) {
        srv_conn_answered(conn, true);
        return NULL;
    }
    conn->stream = (struct srv_stream){.events = events, .arg = arg, .chunked = chunked, .open = true};
    srv_conn_streams(conn);
    return &conn->stream;
}

/* May something be queued? CM_CANCELED: the stream is at its end. */
static enum cm_code room_for(const struct srv_stream *stream, size_t size)
{
    const struct srv_conn *conn = conn_of(stream);
    if (stream->ended || conn->state != SRV_CONN_STREAMING)
        return CM_CANCELED;
    if (conn->out.waiting > 0 && conn->out.waiting + size > conn->loop->http->limits.write_queue_max)
        return CM_AGAIN;
    return CM_OK;
}

enum cm_code srv_stream_send(struct srv_stream *stream, const void *bytes, size_t size)
{
    char line[24];
    enum cm_code code = room_for(stream, size);
    if (code != CM_OK || size == 0) /* an empty chunk would be the end */
        return code;
    int length = stream->chunked ? snprintf(line, sizeof line, "%zx\r\n", size) : 0;
    struct srv_part parts[3] = {{line, (size_t)length, SRV_PART_COPY, NULL},
                                {bytes, size, SRV_PART_COPY, NULL},
                                {"\r\n", stream->chunked ? 2 : 0, SRV_PART_STATIC, NULL}};
    return srv_out_send(conn_of(stream), parts, 3) ? CM_OK : CM_CANCELED;
}

enum cm_code srv_stream_send_chunk(struct srv_stream *stream, struct srv_chunk *chunk)
{
    enum cm_code code = room_for(stream, chunk->size);
    if (code != CM_OK || chunk->size == 0)
        return code;
    struct srv_part part = {chunk->bytes, chunk->framed, SRV_PART_CHUNK, chunk};
    if (!stream->chunked) {
        part.bytes = chunk->bytes + chunk->plain_from;
        part.size = chunk->size;
    }
    return srv_out_send(conn_of(stream), &part, 1) ? CM_OK : CM_CANCELED;
}

size_t srv_stream_waiting(const struct srv_stream *stream)
{
    return conn_of(stream)->out.waiting;
}

void srv_stream_end(struct srv_stream *stream)
{
    struct srv_conn *conn = conn_of(stream);
    if (stream->ended || conn->state != SRV_CONN_STREAMING)
        return;
    stream->ended = true;
    if (stream->chunked) {
        struct srv_part part = {"0\r\n\r\n", 5, SRV_PART_STATIC, NULL};
        (void)srv_out_send(conn, &part, 1);
    }
    srv_conn_answered(conn, true);
}

void srv_stream_cut(struct srv_stream *stream)
{
    stream->ended = true;
    srv_conn_abort(conn_of(stream));
}
