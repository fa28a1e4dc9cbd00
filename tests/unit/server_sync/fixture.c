#include "fixture.h"

#include "base/uuid.h"
#include "crypt/seal.h"
#include "lane/rule.h"
#include "record/codec.h"
#include "record/embedding.h"
#include <math.h>

static enum cm_code put_station_within(struct srv_store *store, void *arg, struct cm_err *err)
{
    return srv_store_put_station(store, arg, err);
}

void put_station(struct fixture *f)
{
    assert_int_equal(srv_store_write(f->store, put_station_within, &f->station, NULL), CM_OK);
}

int fixture_setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    cm_clock_manual_init(&f->clock, NOW_MS, 1000000);
    assert_int_equal(cm_zone_open("Asia/Kolkata", &f->zone, NULL), CM_OK);
    struct srv_store_options options = {.url = "memory:", .clock = &f->clock.base, .zone = f->zone};
    assert_int_equal(srv_store_open(&options, &f->store, NULL), CM_OK);
    assert_int_equal(srv_sync_core_init(&f->core, f->store, &f->clock.base, f->zone, NULL), CM_OK);
    assert_int_equal(cm_keys_create(&f->keys, NULL), CM_OK);
    f->station = (struct srv_station){.id = "0190a000-0000-7000-8000-000000000001",
                                      .name = "Gate",
                                      .class_count = 1,
                                      .classes = {"A"},
                                      .paired = true,
                                      .created_wall_ms = NOW_MS};
    memcpy(f->station.public_key, cm_keys_public(f->keys), CM_PUBLIC_KEY_SIZE);
    put_station(f);
    *state = f;
    return 0;
}

int fixture_teardown(void **state)
{
    struct fixture *f = *state;
    srv_sync_core_finish(&f->core);
    srv_store_close(f->store);
    cm_zone_close(f->zone);
    cm_keys_destroy(f->keys);
    free(f);
    return 0;
}

/* ---- what people do ---- */

struct edit {
    const char *id, *class_id, *a, *b;
    int face;
    enum cm_consent_state consent;
    struct fixture *f;
};

static enum cm_code put_class_within(struct srv_store *store, void *arg, struct cm_err *err)
{
    const struct edit *edit = arg;
    struct cm_class class_ = {
        .start_minute = 540, .late_after_min = 10, .close_after_min = 60, .weekdays = 31};
    snprintf(class_.id, sizeof class_.id, "%s", edit->id);
    return srv_store_put_class(store, &class_, err);
}

void put_class(struct fixture *f, const char *id)
{
    struct edit edit = {.id = id};
    assert_int_equal(srv_store_write(f->store, put_class_within, &edit, NULL), CM_OK);
}

static enum cm_code say_consent_within(struct srv_store *store, void *arg, struct cm_err *err)
{
    static uint8_t number;
    const struct edit *edit = arg;
    struct srv_student student;
    struct cm_event event = {.version = CM_RECORD_VERSION,
                             .type = CM_EVENT_CONSENT,
                             .id = {[0] = 0xc0, [15] = ++number},
                             .wall_ms = cm_wall_ms(edit->f->core.clock)};
    enum cm_code code = srv_store_get_student(store, edit->id, &student, err);
    if (code != CM_OK)
        return code;
    event.body.consent = (struct cm_consent){.state = edit->consent, .given_by = "Latha Nair, mother"};
    snprintf(event.body.consent.student_id, CM_ID_SIZE, "%s", edit->id);
    event.body.consent.said_wall_ms = cm_consent_instant(event.wall_ms, student.base.consent_wall_ms);
    return srv_store_append_own(store, &event, NULL, err);
}

void say_consent(struct fixture *f, const char *id, enum cm_consent_state state)
{
    struct edit edit = {.f = f, .id = id, .consent = state};
    assert_int_equal(srv_store_write(f->store, say_consent_within, &edit, NULL), CM_OK);
}

static enum cm_code put_student_within(struct srv_store *store, void *arg, struct cm_err *err)
{
    const struct edit *edit = arg;
    struct srv_student student = {.joined_date = 20261101};
    snprintf(student.base.id, sizeof student.base.id, "%s", edit->id);
    snprintf(student.base.name, sizeof student.base.name, "name of %s", edit->id);
    snprintf(student.base.class_id, sizeof student.base.class_id, "%s", edit->class_id);
    return srv_store_put_student(store, &student, err);
}

void put_student(struct fixture *f, const char *id, const char *class_id)
{
    struct edit edit = {.id = id, .class_id = class_id};
    assert_int_equal(srv_store_write(f->store, put_student_within, &edit, NULL), CM_OK);
    say_consent(f, id, CM_CONSENT_GIVEN);
}

void make_face(int face, const char *student_id, struct cm_template *ret_template)
{
    *ret_template =
        (struct cm_template){.model = CM_EMBEDDING_MODEL, .quality = 0.5f, .created_wall_ms = NOW_MS};
    snprintf(ret_template->student_id, sizeof ret_template->student_id, "%s", student_id);
    ret_template->embedding[face] = 1.35f;
}

static enum cm_code put_faces_within(struct srv_store *store, void *arg, struct cm_err *err)
{
    const struct edit *edit = arg;
    struct cm_template template_;
    make_face(edit->face, edit->id, &template_);
    return srv_store_put_templates(store, edit->id, &template_, 1, err);
}

void put_faces(struct fixture *f, const char *id, int face)
{
    struct edit edit = {.id = id, .face = face};
    assert_int_equal(srv_store_write(f->store, put_faces_within, &edit, NULL), CM_OK);
}

static enum cm_code take_faces_within(struct srv_store *store, void *arg, struct cm_err *err)
{
    const struct edit *edit = arg;
    return srv_store_put_templates(store, edit->id, NULL, 0, err);
}

void take_faces(struct fixture *f, const char *id)
{
    struct edit edit = {.id = id};
    assert_int_equal(srv_store_write(f->store, take_faces_within, &edit, NULL), CM_OK);
}

static enum cm_code erase_within(struct srv_store *store, void *arg, struct cm_err *err)
{
    const struct edit *edit = arg;
    return srv_store_erase_student(store, edit->id, "admin", err);
}

void erase(struct fixture *f, const char *id)
{
    struct edit edit = {.id = id};
    assert_int_equal(srv_store_write(f->store, erase_within, &edit, NULL), CM_OK);
}

static enum cm_code set_classes_within(struct srv_store *store, void *arg, struct cm_err *err)
{
    const struct edit *edit = arg;
    enum cm_code code = srv_store_put_station(store, &edit->f->station, err);
    if (code == CM_OK && edit->a != NULL)
        code = srv_store_touch_class(store, edit->a, err);
    if (code == CM_OK && edit->b != NULL)
        code = srv_store_touch_class(store, edit->b, err);
    return code;
}

void set_classes(struct fixture *f, const char *a, const char *b)
{
    struct edit edit = {.a = a, .b = b, .f = f};
    f->station.class_count = 0;
    if (a != NULL)
        snprintf(f->station.classes[f->station.class_count++], CM_ID_SIZE, "%s", a);
    if (b != NULL)
        snprintf(f->station.classes[f->station.class_count++], CM_ID_SIZE, "%s", b);
    assert_int_equal(srv_store_write(f->store, set_classes_within, &edit, NULL), CM_OK);
}

/* ---- the station's log ---- */

void log_begin(struct log *log, const struct fixture *f)
{
    memset(log, 0, sizeof *log);
    cm_chain_start(cm_keys_public(f->keys), log->hashes[0]);
}

void log_add(struct log *log, const char *reason)
{
    int i = log->count++;
    struct cm_uuid_generator generator = {0};
    struct cm_event event = {.version = CM_RECORD_VERSION,
                             .seq = (uint64_t)i + 1,
                             .type = CM_EVENT_ACTIVITY,
                             .wall_ms = NOW_MS + i,
                             .body.activity = {.kind = CM_ACTIVITY_UNKNOWN_FACE,
                                               .started_wall_ms = NOW_MS,
                                               .ended_wall_ms = NOW_MS,
                                               .distance = NAN}};
    cm_uuid7(&generator, NOW_MS, event.id);
    snprintf(event.body.activity.reason, sizeof event.body.activity.reason, "%s", reason);
    assert_int_equal(cm_event_encode(&event, log->bytes[i], sizeof log->bytes[i], &log->sizes[i], NULL),
                     CM_OK);
    cm_chain_next(log->hashes[i], log->bytes[i], log->sizes[i], log->hashes[i + 1]);
}

void encode_push(const struct fixture *f, const struct log *log, int first, int last, struct cm_buf *body)
{
    struct cm_push push = {.first_seq = (uint64_t)first,
                           .count = last - first + 1,
                           .version = "1",
                           .camera = "clear",
                           .backlog = 3,
                           .wall_ms = cm_wall_ms(f->core.clock)};
    memcpy(push.previous_hash, log->hashes[first - 1], CM_HASH_SIZE);
    for (int i = first; i <= last; i++)
        push.events[i - first] = (struct cm_span){log->bytes[i - 1], log->sizes[i - 1]};
    cm_head_sign(f->keys, (uint64_t)last, log->hashes[last], push.signature);
    assert_int_equal(cm_message_encode(CM_MESSAGE_PUSH, &push, body, NULL), CM_OK);
}

/* ---- the core ---- */

void (*between)(struct fixture *f);

static enum cm_code prepare(struct srv_store *store, void *arg, struct cm_err *err)
{
    (void)err;
    srv_work_prepare(store, arg);
    return CM_OK;
}

static void come_between(struct fixture *f)
{
    void (*what)(struct fixture *) = between;
    between = NULL;
    if (what != NULL)
        what(f);
}

static void give_job(struct fixture *f, struct srv_work *work)
{
    struct srv_student student = {.created_wall_ms = NOW_MS};
    (void)srv_store_get_student(f->store, "S1", &student, NULL); /* may be gone by now */
    snprintf(work->job_student_id, sizeof work->job_student_id, "S1");
    work->job_student_created_wall_ms = student.created_wall_ms;
    work->job_student_unenrolled_wall_ms = student.unenrolled_wall_ms;
}

int do_work(struct fixture *f, struct srv_work *work, enum srv_work_verb verb, const struct cm_buf *body)
{
    struct cm_err err = CM_ERR_INIT;
    struct srv_station station = f->station;
    if (verb != SRV_WORK_PAIR)
        assert_int_equal(srv_store_get_station(f->store, f->station.id, &station, NULL), CM_OK);
    srv_work_init(work, &f->core, verb, verb == SRV_WORK_PAIR ? NULL : &station, body->data, body->size);
    if (verb == SRV_WORK_ENROL)
        give_job(f, work);
    bool writes = srv_work_begin(work);
    if (writes && srv_work_prepares(verb))
        assert_int_equal(srv_store_read(f->store, prepare, work, NULL), CM_OK);
    come_between(f);
    if (writes)
        srv_work_end(work, srv_store_write(f->store, srv_work_run, work, &err), &err);
    return work->reply.status;
}

int push(struct fixture *f, const struct log *log, int first, int last, struct cm_push_answer *ret_answer,
         struct srv_effects *ret_effects)
{
    struct srv_work *work = malloc(sizeof *work);
    struct cm_buf body;
    cm_buf_init(&body, CM_SYNC_PUSH_MAX);
    encode_push(f, log, first, last, &body);
    int status = do_work(f, work, SRV_WORK_EVENTS, &body);
    if (status == 200 || status == 409 || status == 422)
        assert_int_equal(cm_message_decode(CM_MESSAGE_PUSH_ANSWER, work->reply.body.data,
                                           work->reply.body.size, ret_answer, NULL),
                         CM_OK);
    *ret_effects = work->effects;
    srv_work_finish(work);
    free(work);
    cm_buf_finish(&body);
    return status;
}

struct counting {
    enum cm_activity_kind kind;
    int count;
};

static bool count_one(void *arg, const struct srv_feed_item *item)
{
    struct counting *counting = arg;
    counting->count +=
        item->event->type == CM_EVENT_ACTIVITY && item->event->body.activity.kind == counting->kind;
    return true;
}

int count_activities(struct fixture *f, enum cm_activity_kind kind)
{
    struct counting counting = {.kind = kind};
    assert_int_equal(srv_store_each_feed(f->store, 0, count_one, &counting, NULL), CM_OK);
    return counting.count;
}

const struct cm_changes *pull(struct fixture *f, char cursor[CM_SYNC_CURSOR_SIZE])
{
    static struct cm_changes changes;
    static struct srv_sync_reply reply;
    struct srv_pull ask = {.core = &f->core, .station_id = f->station.id};
    bool news;
    srv_sync_reply_finish(&reply);
    srv_sync_reply_init(&reply);
    memcpy(ask.asked.cursor, cursor, CM_SYNC_CURSOR_SIZE);
    assert_int_equal(srv_pull_answer(&ask, &reply, &news, NULL), CM_OK);
    assert_int_equal(cm_message_decode(CM_MESSAGE_CHANGES, reply.body.data, reply.body.size, &changes, NULL),
                     CM_OK);
    assert_int_equal(news, changes.count > 0 || changes.reset || changes.more);
    memcpy(cursor, changes.cursor, CM_SYNC_CURSOR_SIZE);
    return &changes;
}

const struct cm_item *find_item(const struct cm_changes *changes, enum cm_item_kind kind, const char *id)
{
    for (int i = 0; i < changes->count; i++)
        if (changes->items[i].kind == kind && strcmp(changes->items[i].id, id) == 0)
            return &changes->items[i];
    return NULL;
}
