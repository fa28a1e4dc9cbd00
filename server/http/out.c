#include "http/out.h"

#include "http/conn.h"
#include "http/loop.h"
#include "http/tls.h"
#include <assert.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    BATCH = 16,             /* pieces handed to the kernel at once */
    TLS_SLICE = 128 * 1024, /* encrypted at once, so that a large body is never there twice */
};

struct srv_piece {
    struct srv_piece *next;
    const uint8_t *bytes;
    size_t size;
    void *owned;
    size_t wipe; /* bytes of what is owned */
    struct srv_chunk *chunk;
    uint8_t copy[];
};

/* ---- chunks ---- */

struct srv_chunk *srv_chunk_create(const void *bytes, size_t size)
{
    char line[24];
    int length = snprintf(line, sizeof line, "%zx\r\n", size);
    struct srv_chunk *chunk = malloc(sizeof *chunk + (size_t)length + size + 2);
    if (chunk == NULL)
        return NULL;
    atomic_init(&chunk->refs, 1);
    chunk->size = size;
    chunk->plain_from = (size_t)length;
    chunk->framed = (size_t)length + size + 2;
    memcpy(chunk->bytes, line, (size_t)length);
    if (size > 0)
        memcpy(chunk->bytes + length, bytes, size);
    memcpy(chunk->bytes + (size_t)length + size, "\r\n", 2);
    return chunk;
}

struct srv_chunk *srv_chunk_ref(struct srv_chunk *chunk)
{
    atomic_fetch_add_explicit(&chunk->refs, 1, memory_order_relaxed);
    return chunk;
}

void srv_chunk_unref(struct srv_chunk *chunk)
{
    if (chunk != NULL && atomic_fetch_sub_explicit(&chunk->refs, 1, memory_order_acq_rel) == 1)
        free(chunk);
}

/* ---- the queue ---- */

static void free_piece(struct srv_piece *piece)
{
    if (piece->wipe > 0)
        explicit_bzero(piece->owned, piece->wipe);
    free(piece->owned);
    srv_chunk_unref(piece->chunk);
    free(piece);
}

void srv_out_release(const struct srv_part *part)
{
    if (part->kind == SRV_PART_SECRET && part->size > 0)
        explicit_bzero(part->owner, part->size);
    if (part->kind == SRV_PART_OWNED || part->kind == SRV_PART_SECRET)
        free(part->owner);
}

/* Queues what is left of a part after the first `sent` bytes of it. False: no memory. */
static bool queue_part(struct srv_out *out, const struct srv_part *part, size_t sent)
{
    size_t left = part->size - sent, copied = part->kind == SRV_PART_COPY ? left : 0;
    const uint8_t *bytes = (const uint8_t *)part->bytes + sent;
    struct srv_piece *piece = malloc(sizeof *piece + copied);
    if (piece == NULL)
        return false;
    *piece = (struct srv_piece){.bytes = bytes, .size = left};
    if (part->kind == SRV_PART_COPY) {
        memcpy(piece->copy, bytes, left);
        piece->bytes = piece->copy;
    } else if (part->kind == SRV_PART_OWNED || part->kind == SRV_PART_SECRET) {
        piece->owned = part->owner;
        piece->wipe = part->kind == SRV_PART_SECRET ? part->size : 0;
    } else if (part->kind == SRV_PART_CHUNK) {
        piece->chunk = srv_chunk_ref(part->owner);
    }
    if (out->last != NULL)
        out->last->next = piece;
    else
        out->first = piece;
    out->last = piece;
    out->waiting += left;
    return true;
}

static void flush(struct srv_conn *conn);

static void drop_sent(struct srv_out *out)
{
    for (; out->in_flight > 0; out->in_flight--) {
        struct srv_piece *piece = out->first;
        out->first = piece->next;
        out->waiting -= piece->size;
        free_piece(piece);
    }
    if (out->first == NULL)
        out->last = NULL;
}

static void on_written(uv_write_t *write, int status)
{
    struct srv_conn *conn = write->data;
    size_t sent = 0;
    int pieces = conn->out.in_flight;
    for (struct srv_piece *p = conn->out.first; p != NULL && pieces > 0; p = p->next, pieces--)
        sent += p->size;
    drop_sent(&conn->out);
    srv_wait_end(&conn->write_wait);
    if (status != 0) {
        srv_conn_abort(conn);
        return;
    }
    srv_count(&conn->loop->stats.bytes_out, (int64_t)sent);
    if (conn->out.first != NULL)
        flush(conn);
    else
        srv_conn_drained(conn);
}

static void flush(struct srv_conn *conn)
{
    struct srv_out *out = &conn->out;
    uv_buf_t bufs[BATCH];
    unsigned count = 0;
    if (out->in_flight > 0 || conn->state == SRV_CONN_CLOSING)
        return;
    for (struct srv_piece *p = out->first; p != NULL && count < BATCH; p = p->next)
        bufs[count++] = uv_buf_init((char *)p->bytes, (unsigned)p->size);
    if (count == 0)
        return;
    out->write.data = conn;
    out->in_flight = (int)count;
    if (uv_write(&out->write, &conn->uv.stream, bufs, count, on_written) != 0) {
        out->in_flight = 0;
        srv_conn_abort(conn);
        return;
    }
    out->seen_by_timeout = uv_stream_get_write_queue_size(&conn->uv.stream);
    srv_wait_begin(&conn->loop->waits, &conn->write_wait, SRV_WAIT_WRITE, srv_loop_now(conn->loop));
}

/* How many bytes the kernel took at once; 0 when something waits already; -1: broken. */
static long try_now(struct srv_conn *conn, const struct srv_part *parts, int count)
{
    uv_buf_t bufs[SRV_PARTS_MAX] = {0};
    if (conn->out.first != NULL)
        return 0;
    for (int i = 0; i < count; i++)
        bufs[i] = uv_buf_init((char *)parts[i].bytes, (unsigned)parts[i].size);
    int sent = uv_try_write(&conn->uv.stream, bufs, (unsigned)count);
    if (sent == UV_EAGAIN)
        return 0;
    if (sent < 0)
        return -1;
    srv_count(&conn->loop->stats.bytes_out, sent);
    return sent;
}

static bool send_raw(struct srv_conn *conn, const struct srv_part *parts, int count)
{
    long sent = try_now(conn, parts, count);
    bool good = sent >= 0;
    size_t skip = good ? (size_t)sent : 0;
    for (int i = 0; i < count; i++) {
        if (good && skip < parts[i].size) {
            if (queue_part(&conn->out, &parts[i], skip))
                skip = 0;
            else
                good = false;
            if (!good)
                srv_out_release(&parts[i]);
        } else {
            skip -= skip < parts[i].size ? skip : parts[i].size;
            srv_out_release(&parts[i]);
        }
    }
    if (good)
        flush(conn);
    else
        srv_conn_abort(conn);
    return conn->state != SRV_CONN_CLOSING;
}

static bool send_encrypted(struct srv_conn *conn, const struct srv_part *parts, int count)
{
    struct cm_buf *sealed = &conn->loop->tls_out;
    bool good = true;
    for (int i = 0; i < count && good; i++)
        for (size_t at = 0; at < parts[i].size && good;) {
            size_t size = parts[i].size - at < TLS_SLICE ? parts[i].size - at : TLS_SLICE;
            good = srv_tls_seal(conn->tls, (const uint8_t *)parts[i].bytes + at, size, sealed);
            at += size;
            bool last = i + 1 == count && at == parts[i].size;
            if (good && (sealed->size >= TLS_SLICE || last))
                good = srv_out_send_sealed(conn);
        }
    for (int i = 0; i < count; i++)
        srv_out_release(&parts[i]);
    if (!good)
        srv_conn_abort(conn);
    return conn->state != SRV_CONN_CLOSING;
}

bool srv_out_send_sealed(struct srv_conn *conn)
{
    struct cm_buf *sealed = &conn->loop->tls_out;
    if (sealed->size == 0)
        return true;
    struct srv_part part = {.bytes = sealed->data, .size = sealed->size, .kind = SRV_PART_COPY};
    bool good = send_raw(conn, &part, 1);
    cm_buf_reset(sealed);
    return good;
}

bool srv_out_send(struct srv_conn *conn, const struct srv_part *parts, int count)
{
    assert(count <= SRV_PARTS_MAX);
    if (conn->state == SRV_CONN_CLOSING) {
        for (int i = 0; i < count; i++)
            srv_out_release(&parts[i]);
        return false;
    }
    return conn->tls != NULL ? send_encrypted(conn, parts, count) : send_raw(conn, parts, count);
}

void srv_out_finish(struct srv_out *out)
{
    while (out->first != NULL) {
        struct srv_piece *piece = out->first;
        out->first = piece->next;
        free_piece(piece);
    }
    *out = (struct srv_out){0};
}
