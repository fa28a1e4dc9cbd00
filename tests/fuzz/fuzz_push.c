/* What a station says, behind the decoder: the server's side of sync on a store in memory. The first byte of the input
 * chooses:
 *
 * - LOG: the rest is a list of events (size as two bytes, little endian, then the event). They are numbered, chained, signed
 *   and sent as a station would, in batches of the size that the second byte says; then once more in another cut, and as a
 *   bundle. What was taken once must stay as it is, and the store must agree with what is derived anew from its events.
 * - FACES, RESULT: the rest is what a box of templates holds; it is sealed to the server's key and sent.
 * - CURSOR: the rest is where a pull says that it stands.
 * - RAW: a body as it comes, for the verb that the second byte says.
 *
 * Never may the server fail by itself (500): what it does not like it refuses. */
#include "fixture.h"

#include "record/codec.h"
#include "sync/bundle.h"
#include "sync/import.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LOG, FACES, RESULT, CURSOR, RAW, KINDS, EVENTS_MAX = 24 };

static void must(bool holds)
{
    if (!holds)
        abort();
}

/* ---- a log of any events ---- */

struct any_log {
    uint8_t bytes[EVENTS_MAX][CM_EVENT_MAX];
    size_t sizes[EVENTS_MAX];
    uint8_t hashes[EVENTS_MAX + 1][CM_HASH_SIZE];
    int count;
};

/* A seed cannot know its place in the log; what does not decode goes as it is. */
static void add(struct any_log *log, const uint8_t *data, size_t size)
{
    static struct cm_event event;
    int i = log->count;
    uint8_t *bytes = log->bytes[i];
    if (size > CM_EVENT_MAX)
        size = CM_EVENT_MAX;
    memcpy(bytes, data, size);
    log->sizes[i] = size;
    if (cm_event_decode(data, size, &event, NULL) == CM_OK) {
        event.seq = (uint64_t)i + 1;
        must(cm_event_encode(&event, bytes, CM_EVENT_MAX, &log->sizes[i], NULL) == CM_OK);
    }
    cm_chain_next(log->hashes[i], bytes, log->sizes[i], log->hashes[i + 1]);
    log->count++;
}

static void read_log(const struct fixture *f, const uint8_t *data, size_t size, struct any_log *log)
{
    log->count = 0;
    cm_chain_start(cm_keys_public(f->keys), log->hashes[0]);
    for (size_t at = 0; at + 2 < size && log->count < EVENTS_MAX;) {
        size_t length = data[at] | (size_t)data[at + 1] << 8;
        at += 2;
        if (length > size - at)
            length = size - at;
        if (length > 0)
            add(log, data + at, length);
        at += length;
    }
}

static void encode(const struct fixture *f, const struct any_log *log, int first, int count,
                   struct cm_buf *body)
{
    static struct cm_push push;
    memset(&push, 0, sizeof push);
    push.first_seq = (uint64_t)first + 1;
    push.count = count;
    push.wall_ms = NOW_MS;
    memcpy(push.previous_hash, log->hashes[first], CM_HASH_SIZE);
    for (int i = 0; i < count; i++)
        push.events[i] = (struct cm_span){log->bytes[first + i], log->sizes[first + i]};
    cm_head_sign(f->keys, (uint64_t)(first + count), log->hashes[first + count], push.signature);
    must(cm_message_encode(CM_MESSAGE_PUSH, &push, body, NULL) == CM_OK);
}

static int send_body(struct fixture *f, enum srv_work_verb verb, const struct cm_buf *body)
{
    static struct srv_work work;
    int status = do_work(f, &work, verb, body);
    must(status >= 200 && status < 500);
    srv_work_finish(&work);
    return status;
}

static uint64_t acked(struct fixture *f)
{
    struct srv_station station;
    must(srv_store_get_station(f->store, f->station.id, &station, NULL) == CM_OK);
    must(!station.forked);
    return station.acked_seq;
}

/* Until the first that is refused. */
static void send_log(struct fixture *f, const struct any_log *log, int batch)
{
    int status = 200;
    for (int first = 0; first < log->count && status == 200; first += batch) {
        struct cm_buf body;
        cm_buf_init(&body, CM_SYNC_PUSH_MAX);
        encode(f, log, first, first + batch < log->count ? batch : log->count - first, &body);
        status = send_body(f, SRV_WORK_EVENTS, &body);
        cm_buf_finish(&body);
    }
}

static void import_again(struct fixture *f, const struct any_log *log, int count)
{
    struct srv_bundle_import import;
    struct cm_buf body;
    struct cm_err err = CM_ERR_INIT;
    char *bytes = NULL;
    size_t size;
    if (count == 0)
        return;
    cm_buf_init(&body, CM_SYNC_PUSH_MAX);
    encode(f, log, 0, count, &body);
    FILE *out = open_memstream(&bytes, &size);
    must(out != NULL && cm_bundle_write_head(out, f->station.id, NULL) == CM_OK &&
         cm_bundle_write_push(out, f->core.box.public_key, body.data, body.size, NULL) == CM_OK &&
         cm_bundle_write_end(out, 1, NULL) == CM_OK);
    fclose(out);
    FILE *in = fmemopen(bytes, size, "rb");
    must(in != NULL && srv_bundle_import(&f->core, in, NULL, NULL, &import, &err) == CM_OK);
    must(import.events == (uint64_t)count && import.new_events == 0);
    fclose(in);
    free(bytes);
    cm_buf_finish(&body);
}

static void try_log(struct fixture *f, const uint8_t *data, size_t size)
{
    static struct any_log log;
    struct cm_err err = CM_ERR_INIT;
    uint64_t events;
    int batch = 1 + data[0] % EVENTS_MAX;
    read_log(f, data + 1, size - 1, &log);
    send_log(f, &log, batch);
    uint64_t taken = acked(f);
    send_log(f, &log, batch > 1 ? 1 : 2);
    must(acked(f) >= taken); /* a batch is refused whole, so smaller ones may bring more */
    taken = acked(f);
    import_again(f, &log, (int)taken);
    must(acked(f) == taken);
    enum cm_code code = srv_store_check(f->store, NULL, NULL, &events, &err);
    if (code != CM_OK)
        fprintf(stderr, "%s\n", err.msg);
    must(code == CM_OK);
}

/* ---- templates ---- */

static void try_faces(struct fixture *f, int kind, const uint8_t *data, size_t size)
{
    static uint8_t sealed[CM_SYNC_SEALED_MAX];
    struct cm_templates_push push = {.student_id = "S1"};
    struct cm_job_result result = {.ok = true, .quality = 0.9f, .template_count = 1};
    struct cm_buf body;
    if (size > CM_SYNC_SEALED_MAX - CM_BOX_OVERHEAD)
        return;
    must(cm_box_seal(f->core.box.public_key, data, size, sealed, NULL) == CM_OK);
    push.sealed = result.sealed = (struct cm_span){sealed, size + CM_BOX_OVERHEAD};
    cm_buf_init(&body, CM_SYNC_SMALL_MAX);
    if (kind == FACES)
        must(cm_message_encode(CM_MESSAGE_TEMPLATES_PUSH, &push, &body, NULL) == CM_OK);
    else
        must(cm_message_encode(CM_MESSAGE_JOB_RESULT, &result, &body, NULL) == CM_OK);
    (void)send_body(f, kind == FACES ? SRV_WORK_TEMPLATES : SRV_WORK_ENROL, &body);
    cm_buf_finish(&body);
}

/* ---- the rest ---- */

static void try_cursor(struct fixture *f, const uint8_t *data, size_t size)
{
    struct srv_pull ask = {.core = &f->core, .station_id = f->station.id};
    struct srv_sync_reply reply;
    struct cm_err err = CM_ERR_INIT;
    bool news;
    if (size >= CM_SYNC_CURSOR_SIZE)
        return;
    memcpy(ask.asked.cursor, data, size);
    srv_sync_reply_init(&reply);
    enum cm_code code = srv_pull_answer(&ask, &reply, &news, &err);
    must(code == CM_OK || code == CM_INVALID);
    srv_sync_reply_finish(&reply);
}

static void try_raw(struct fixture *f, const uint8_t *data, size_t size)
{
    static const enum srv_work_verb verbs[] = {SRV_WORK_PAIR, SRV_WORK_EVENTS, SRV_WORK_TEMPLATES,
                                               SRV_WORK_ENROL};
    struct cm_buf body;
    cm_buf_init(&body, CM_SYNC_PUSH_MAX);
    if (cm_buf_append(&body, data + 1, size - 1) == CM_OK)
        (void)send_body(f, verbs[data[0] % 4], &body);
    cm_buf_finish(&body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    void *state;
    if (size < 2)
        return 0;
    must(fixture_setup(&state) == 0);
    struct fixture *f = state;
    put_class(f, "A");
    put_student(f, "S1", "A");
    put_class(f, "10-B");
    put_student(f, "s1", "10-B"); /* whom the events of the seeds speak of */
    put_student(f, "s2", "10-B");
    put_faces(f, "s2", 1);
    int kind = data[0] % KINDS;
    if (kind == LOG)
        try_log(f, data + 1, size - 1);
    else if (kind == FACES || kind == RESULT)
        try_faces(f, kind, data + 1, size - 1);
    else if (kind == CURSOR)
        try_cursor(f, data + 1, size - 1);
    else
        try_raw(f, data + 1, size - 1);
    fixture_teardown(&state);
    return 0;
}
