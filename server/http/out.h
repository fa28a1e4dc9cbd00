/*
 * What a connection has to send. First it is tried to hand everything to the kernel in one call; only what does not fit is
 * queued (copied, or kept by its owner) and written when the client takes more. With TLS the bytes are encrypted here.
 * Loop thread.
 */
#ifndef SRV_OUT_H
#define SRV_OUT_H

#include "http/http.h"
#include <uv.h>

struct srv_conn;
struct srv_piece;

enum srv_part_kind {
    SRV_PART_COPY,   /* copied when it has to wait */
    SRV_PART_STATIC, /* lives as long as the program */
    SRV_PART_OWNED,  /* bytes from malloc, freed when sent, also on failure */
    SRV_PART_SECRET, /* as OWNED, and wiped before; the bytes begin where the owner does */
    SRV_PART_CHUNK,  /* a reference to the chunk is held while it waits */
};

struct srv_part {
    const void *bytes;
    size_t size;
    enum srv_part_kind kind;
    void *owner; /* of OWNED and SECRET: what to free; of CHUNK: the chunk */
};

struct srv_out {
    struct srv_piece *first, *last; /* waiting, in order */
    size_t waiting;                 /* bytes in them */
    int in_flight;                  /* pieces that a write is under way for */
    size_t seen_by_timeout;         /* libuv's queue size when the write limit began */
    uv_write_t write;
};

enum { SRV_PARTS_MAX = 4 };

/* False: the connection is broken (it is being closed). Owned parts are taken in any case. */
bool srv_out_send(struct srv_conn *conn, const struct srv_part *parts, int count);
void srv_out_release(const struct srv_part *part); /* of one that is not sent */
void srv_out_finish(struct srv_out *out);          /* frees what still waits; no write is under way */

struct srv_chunk {
    _Atomic int refs;
    size_t size;       /* of the plain bytes */
    size_t framed;     /* with the length line before and CR LF after */
    size_t plain_from; /* where the plain bytes begin */
    uint8_t bytes[];
};

#endif
