#include "school.h"
#include "lane/rule.h"

#include "base/uuid.h"
#include "crypt/chain.h"
#include "doubles.h"
#include "record/codec.h"
#include "routes/routes.h"
#include "schema.h"
#include "unit.h"
#include <math.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct school school;
struct answer answer;

const struct srv_identity the_admin = {.role = SRV_ROLE_ADMIN, .user = "admin", .name = "Anna Admin"};
const struct srv_identity the_coordinator = {.role = SRV_ROLE_COORDINATOR,
                                             .user = "cora",
                                             .name = "Cora Coordinator",
                                             .class_count = 1,
                                             .classes = {"10-B"}};
const struct srv_identity s1 = {
    .role = SRV_ROLE_STUDENT, .user = "s1", .name = "Asha Rao", .student_id = "s1"};
const struct srv_identity s4 = {.role = SRV_ROLE_STUDENT, .user = "s4", .name = "Imran", .student_id = "s4"};
const struct srv_identity nobody = {.role = 0};

int64_t school_at(int hour, int minute)
{
    return cm_zone_instant(school.zone, SCHOOL_TODAY, hour * 60 + minute);
}

/* ---- filling ---- */

static enum cm_code fill(struct srv_store *store, void *arg, struct cm_err *err)
{
    static const struct {
        const char *id, *name, *class_id, *roll_number;
    } students[] = {{"s1", "Asha Rao", "10-B", "1"},
                    {"s2", "Ravi Sen", "10-B", "2"},
                    {"s3", "Meena <b>", "10-B", "3"},
                    {"s4", "Imran Khan", "9-A", "1"}};
    static const char *const classes[] = {"10-B", "9-A"};
    (void)arg;
    for (size_t i = 0; i < 2; i++) {
        struct cm_class class_ = {
            .start_minute = 540, .late_after_min = 10, .close_after_min = 60, .weekdays = 0x3f};
        strcpy(class_.id, classes[i]);
        strcpy(class_.coordinator, "Cora Coordinator");
        assert_int_equal(srv_store_put_class(store, &class_, err), CM_OK);
    }
    for (size_t i = 0; i < sizeof students / sizeof students[0]; i++) {
        struct srv_student student = {.joined_date = 20261101, .created_wall_ms = 1, .changed_wall_ms = 1};
        strcpy(student.base.id, students[i].id);
        strcpy(student.base.name, students[i].name);
        strcpy(student.base.class_id, students[i].class_id);
        strcpy(student.roll_number, students[i].roll_number);
        assert_int_equal(srv_store_put_student(store, &student, err), CM_OK);
    }
    return CM_OK;
}

static void write_with(srv_store_fn *fn, void *arg)
{
    struct cm_err err = CM_ERR_INIT;
    if (srv_store_write(school.app.store, fn, arg, &err) != CM_OK)
        fail_msg("%s", err.msg);
}

int school_open(void **state)
{
    (void)state;
    struct cm_err err = CM_ERR_INIT;
    assert_true(sodium_init() >= 0);
    assert_int_equal(cm_zone_open("Asia/Kolkata", &school.zone, &err), CM_OK);
    cm_clock_manual_init(&school.clock, 0, 1000000);
    school.clock.now_wall_ms = school_at(12, 0);
    school.app = (struct srv_app){
        .clock = &school.clock.base, .zone = school.zone, .started_wall_ms = school_at(11, 0)};
    const struct srv_store_options options = {
        .url = "memory:", .clock = &school.clock.base, .zone = school.zone};
    if (srv_store_open(&options, &school.app.store, &err) != CM_OK)
        fail_msg("%s", err.msg);
    assert_int_equal(srv_api_create(&school.app.api, &err), CM_OK);
    write_with(fill, NULL);
    call_from("127.0.0.1", NULL, NULL);
    return 0;
}

int school_close(void **state)
{
    (void)state;
    free(answer.text);
    json_decref(answer.json);
    answer = (struct answer){.status = 0};
    srv_api_destroy(school.app.api);
    srv_store_close(school.app.store);
    cm_zone_close(school.zone);
    return 0;
}

/* ---- events of a station ---- */

static const char station_id[] = "0190b7a0-0000-7000-8000-000000000001";

struct event_job {
    struct cm_event event;
    uint64_t feed;
};

static enum cm_code append_event(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct event_job *job = arg;
    struct srv_station station = {.paired = true, .created_wall_ms = 1, .paired_wall_ms = 1};
    uint8_t bytes[CM_EVENT_MAX], previous[CM_HASH_SIZE];
    struct srv_append append;
    size_t size;
    if (srv_store_get_station(store, station_id, &station, NULL) == CM_NOTFOUND) {
        strcpy(station.id, station_id);
        strcpy(station.name, "door");
        randombytes_buf(station.public_key, sizeof station.public_key);
        assert_int_equal(srv_store_put_station(store, &station, err), CM_OK);
        assert_int_equal(srv_store_get_station(store, station_id, &station, err), CM_OK);
    }
    job->event.seq = station.acked_seq + 1;
    assert_int_equal(cm_event_encode(&job->event, bytes, sizeof bytes, &size, err), CM_OK);
    assert_int_equal(srv_store_hash_at(store, station_id, station.acked_seq, previous, err), CM_OK);
    struct srv_event_bytes one = {bytes, size};
    enum cm_code code =
        srv_store_append_events(store, station_id, job->event.seq, previous, &one, 1, &append, err);
    job->feed = append.feed;
    return code;
}

static uint64_t append_now(struct event_job *job, enum cm_event_type type)
{
    static struct cm_uuid_generator generator;
    job->event.version = CM_RECORD_VERSION;
    job->event.type = type;
    job->event.wall_ms = school.clock.now_wall_ms;
    cm_uuid7(&generator, job->event.wall_ms, job->event.id);
    write_with(append_event, job);
    return job->feed;
}

uint64_t school_mark(const char *student_id, const char *class_id, int32_t date, int64_t captured_ms)
{
    struct event_job job = {.feed = 0};
    struct cm_mark *mark = &job.event.body.mark;
    *mark = (struct cm_mark){.date = date,
                             .captured_wall_ms = captured_ms,
                             .method = CM_METHOD_FACE,
                             .policy = "strict",
                             .live_reason = "blink",
                             .distance = 0.31f,
                             .margin = 0.22f,
                             .threshold = 0.46f,
                             .blink_ms = 180,
                             .first_try = true};
    strcpy(mark->student_id, student_id);
    strcpy(mark->class_id, class_id);
    return append_now(&job, CM_EVENT_MARK);
}

void school_coverage(int64_t from_ms, int64_t to_ms, bool able)
{
    struct event_job job = {.feed = 0};
    job.event.body.coverage =
        (struct cm_coverage){.from_wall_ms = from_ms, .to_wall_ms = to_ms, .able = able};
    strcpy(job.event.body.coverage.reason, able ? "" : "covered");
    append_now(&job, CM_EVENT_COVERAGE);
}

uint64_t school_activity(enum cm_activity_kind kind, const char *student_id, const char *other_id)
{
    struct event_job job = {.feed = 0};
    struct cm_activity *activity = &job.event.body.activity;
    *activity = (struct cm_activity){.kind = kind,
                                     .started_wall_ms = school.clock.now_wall_ms,
                                     .ended_wall_ms = school.clock.now_wall_ms + 1000,
                                     .distance = NAN,
                                     .reason = "seen <b>"};
    strcpy(activity->student_id, student_id);
    strcpy(activity->other_id, other_id);
    return append_now(&job, CM_EVENT_ACTIVITY);
}

static enum cm_code give_consent(struct srv_store *store, const char *student_id, struct cm_err *err)
{
    static uint8_t number;
    struct srv_student student;
    struct cm_event event = {
        .version = CM_RECORD_VERSION, .type = CM_EVENT_CONSENT, .wall_ms = school.clock.now_wall_ms};
    if (srv_store_get_student(store, student_id, &student, NULL) != CM_OK ||
        student.base.consent == CM_CONSENT_GIVEN)
        return CM_OK;
    event.id[0] = 0xc0;
    event.id[15] = ++number;
    event.body.consent = (struct cm_consent){.state = CM_CONSENT_GIVEN, .given_by = "Latha Nair, mother"};
    snprintf(event.body.consent.student_id, CM_ID_SIZE, "%s", student_id);
    event.body.consent.said_wall_ms = cm_consent_instant(event.wall_ms, student.base.consent_wall_ms);
    return srv_store_append_own(store, &event, NULL, err);
}

static enum cm_code enrol(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct cm_template template_ = {.model = "test", .quality = 0.9f, .created_wall_ms = 1};
    strcpy(template_.student_id, arg);
    for (int i = 0; i < CM_EMBEDDING_DIM; i++)
        template_.embedding[i] = 0.01f * (float)i;
    enum cm_code code = give_consent(store, arg, err);
    return code == CM_OK ? srv_store_put_templates(store, arg, &template_, 1, err) : code;
}

void school_enrol(const char *student_id)
{
    write_with(enrol, (void *)student_id);
}

/* ---- calls ---- */

static const char *call_peer, *call_header_name, *call_header_value;

void call_from(const char *peer, const char *header_name, const char *header_value)
{
    call_peer = peer;
    call_header_name = header_name;
    call_header_value = header_value;
}

static void decode(const char *from, size_t size, char *to, size_t to_size)
{
    size_t used = 0;
    for (size_t i = 0; i < size; i++) {
        unsigned code;
        assert_true(used + 1 < to_size);
        if (from[i] == '%' && i + 2 < size && sscanf(from + i + 1, "%2x", &code) == 1) {
            to[used++] = (char)code;
            i += 2;
        } else {
            to[used++] = from[i] == '+' ? ' ' : from[i];
        }
    }
    to[used] = '\0';
}

static void read_target(struct srv_call *call_, const char *target)
{
    size_t path_size = strcspn(target, "?");
    assert_true(path_size < sizeof call_->path);
    memcpy(call_->path, target, path_size);
    for (const char *pair = target + path_size; *pair != '\0';) {
        pair++;
        size_t size = strcspn(pair, "&"), name_size = strcspn(pair, "=&");
        int i = call_->query_count++;
        assert_true(i < QUERIES_MAX);
        decode(pair, name_size, call_->query_names[i], sizeof call_->query_names[i]);
        if (name_size < size)
            decode(pair + name_size + 1, size - name_size - 1, call_->query_values[i],
                   sizeof call_->query_values[i]);
        pair += size;
    }
}

static enum srv_method method_of(const char *word)
{
    static const char *const words[] = {"", "GET", "POST", "PUT", "PATCH", "DELETE"};
    for (int i = 1; i <= SRV_DELETE; i++)
        if (strcmp(words[i], word) == 0)
            return (enum srv_method)i;
    fail_msg("no method %s", word);
    return SRV_GET;
}

/* What the description has for this status of this operation; NULL: nothing as JSON. */
static json_t *schema_of(const char *method, const char *pattern, int status)
{
    char path[256], word[16], lower[16] = "";
    openapi_path(pattern, path, sizeof path);
    for (size_t i = 0; method[i] != '\0'; i++)
        lower[i] = (char)(method[i] | 0x20);
    json_t *operation = openapi_operation(lower, path);
    if (operation == NULL)
        fail_msg("%s %s is not described", method, path);
    snprintf(word, sizeof word, "%d", status);
    json_t *response = json_object_get(json_object_get(operation, "responses"), word);
    if (response == NULL && status != 507 && status != 503 && status != 500)
        fail_msg("%s %s: the status %d is not described", method, path, status);
    if (json_object_get(response, "$ref") != NULL)
        response = json_object_get(
            json_object_get(json_object_get(json_object_get(openapi(), "components"), "responses"),
                            "Refused"),
            "content");
    else
        response = json_object_get(response, "content");
    return json_object_get(json_object_get(response, "application/json"), "schema");
}

static void check_answer(const char *method, const struct srv_call *call_)
{
    char why[512] = "";
    json_t *schema = schema_of(method, call_->match.route->pattern, answer.status);
    if (answer.status == 204) {
        assert_int_equal(answer.size, 0);
        return;
    }
    if (strcmp(answer.type, "application/json") != 0)
        return;
    if (answer.json == NULL)
        fail_msg("this is no JSON: %s", answer.text);
    /* the import refuses in two ways */
    bool plain_error = answer.status >= 400 && json_object_size(answer.json) == 1;
    json_t *error =
        json_object_get(json_object_get(json_object_get(openapi(), "components"), "schemas"), "Error");
    if (schema != NULL && !schema_holds(plain_error ? error : schema, answer.json, why, sizeof why))
        fail_msg("%s %s → %d: %s\n%s", method, call_->path, answer.status, why, answer.text);
}

int call(const struct srv_identity *who, const char *method, const char *target, const char *body)
{
    struct srv_call call_ = {.app = &school.app,
                             .who = who,
                             .body = body,
                             .peer = call_peer,
                             .header_name = call_header_name,
                             .header_value = call_header_value,
                             .references = 1};
    told = (struct told){.changes = 0};
    read_target(&call_, target);
    srv_route_match(srv_routes, srv_route_count, method_of(method), call_.path, strlen(call_.path),
                    &call_.match);
    assert_int_equal(call_.match.status, 200);
    const struct srv_route *route = call_.match.route;
    if ((route->roles & SRV_ROLE_ANYONE) == 0 && (route->roles & who->role) == 0)
        srv_answer_error(&call_, who->role == 0 ? 401 : 403, "forbidden", "not for this role");
    else
        route->handler(&call_);
    pump();
    assert_true(call_.answered);
    assert_int_equal(call_.references, 1);
    free(answer.text);
    json_decref(answer.json);
    answer = (struct answer){.status = call_.status, .text = call_.text, .size = call_.size};
    strcpy(answer.type, call_.type);
    strcpy(answer.headers, call_.headers);
    answer.json = call_.size > 0 ? json_loadb(call_.text, call_.size, JSON_REJECT_DUPLICATES, NULL) : NULL;
    check_answer(method, &call_);
    return answer.status;
}

/* ---- parts of an answer ---- */

const json_t *at(const char *path)
{
    const json_t *value = answer.json;
    while (*path != '\0' && value != NULL) {
        char name[64] = "";
        size_t size = strcspn(path, ".");
        memcpy(name, path, size);
        value =
            json_is_array(value) ? json_array_get(value, (size_t)atoi(name)) : json_object_get(value, name);
        path += size + (path[size] == '.');
    }
    return value;
}

const char *text_at(const char *path)
{
    const char *text = json_string_value(at(path));
    return text != NULL ? text : "(none)";
}

int64_t int_at(const char *path)
{
    return json_is_integer(at(path)) ? json_integer_value(at(path)) : -999;
}

double real_at(const char *path)
{
    return json_is_number(at(path)) ? json_number_value(at(path)) : (double)NAN;
}

bool null_at(const char *path)
{
    return json_is_null(at(path));
}

size_t size_at(const char *path)
{
    return json_array_size(at(path));
}
