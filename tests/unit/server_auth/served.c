#include "served.h"

#include "auth/handlers.h"
#include "auth/password.h"
#include "crypt/seal.h"
#include "http_json/json.h"
#include "unit.h"
#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- a clock for several threads ---- */
static _Atomic int64_t wall_ms_now, mono_us_now;
static int64_t read_wall(const struct cm_clock *clock)
{
    (void)clock;
    return wall_ms_now;
}
static int64_t read_mono(const struct cm_clock *clock)
{
    (void)clock;
    return mono_us_now;
}
static const struct cm_clock hand_clock = {.wall_ms = read_wall, .mono_us = read_mono};

void served_advance_s(int64_t seconds)
{
    wall_ms_now += seconds * 1000;
    mono_us_now += seconds * 1000000;
}

/* ---- routes ---- */
static void probe(struct srv_call *call)
{
    const struct srv_identity *who = srv_call_identity(call);
    srv_json_answer(call, 200,
                    json_pack("{s:s,s:s,s:s,s:i}", "user", who->user, "name", who->name, "student",
                              who->student_id, "classes", who->class_count));
}

/* A route for anyone that wants to know who comes. */
static void probe_anyone(struct srv_call *call)
{
    struct srv_identity who;
    int status = srv_auth_authorize(srv_call_app(call), call, srv_call_route(call), &who);
    srv_json_answer(call, 200, json_pack("{s:i,s:s}", "status", status, "user", who.user));
}

enum { BODY = 8192 };
#define JSON "application/json"
static const struct srv_route routes[] = {
    {SRV_POST, "/api/auth/login", srv_auth_login, SRV_ROLE_ANYONE, BODY, JSON, 0},
    {SRV_POST, "/api/auth/logout", srv_auth_logout, SRV_ROLE_PERSON, BODY, JSON, SRV_PASSWORD_MAY_BE_OLD},
    {SRV_POST, "/api/auth/change-password", srv_auth_change_password, SRV_ROLE_PERSON, BODY, JSON,
     SRV_PASSWORD_MAY_BE_OLD},
    {SRV_POST, "/api/auth/reset/request", srv_auth_reset_request, SRV_ROLE_ANYONE, BODY, JSON, 0},
    {SRV_POST, "/api/auth/reset/confirm", srv_auth_reset_confirm, SRV_ROLE_ANYONE, BODY, JSON, 0},
    {SRV_GET, "/api/me", srv_auth_me, SRV_ROLE_PERSON, 0, NULL, SRV_PASSWORD_MAY_BE_OLD},
    {SRV_GET, "/api/users?after&limit", srv_auth_users, SRV_ROLE_ADMIN, 0, NULL, 0},
    {SRV_POST, "/api/users", srv_auth_user_post, SRV_ROLE_ADMIN, BODY, JSON, 0},
    {SRV_PATCH, "/api/users/:name", srv_auth_user_patch, SRV_ROLE_ADMIN, BODY, JSON, 0},
    {SRV_DELETE, "/api/users/:name", srv_auth_user_delete, SRV_ROLE_ADMIN, BODY, JSON, 0},
    {SRV_POST, "/api/users/:name/reset", srv_auth_user_reset, SRV_ROLE_ADMIN, BODY, JSON, 0},
    {SRV_GET, "/probe/admin", probe, SRV_ROLE_ADMIN, 0, NULL, 0},
    {SRV_GET, "/probe/staff", probe, SRV_ROLE_STAFF, 0, NULL, 0},
    {SRV_GET, "/probe/student", probe, SRV_ROLE_STUDENT, 0, NULL, 0},
    {SRV_GET, "/probe/person", probe, SRV_ROLE_PERSON, 0, NULL, 0},
    {SRV_GET, "/probe/station", probe, SRV_ROLE_STATION, 0, NULL, 0},
    {SRV_POST, "/probe/person", probe, SRV_ROLE_PERSON, BODY, JSON, 0},
    {SRV_POST, "/probe/open", probe, SRV_ROLE_PERSON, BODY, JSON, SRV_ORIGIN_ANY},
    {SRV_GET, "/probe/anyone", probe_anyone, SRV_ROLE_ANYONE, 0, NULL, 0},
};

/* ---- the server ---- */
static struct srv_app app;
static struct cm_zone *zone;
static pthread_t thread;
static char password_hash[SRV_PASSWORD_HASH_SIZE];
static pthread_mutex_t code_lock = PTHREAD_MUTEX_INITIALIZER;
static char delivered[SRV_CODE_TEXT_SIZE];

struct srv_app *served_app(void)
{
    return &app;
}

static enum cm_code deliver(void *arg, const struct srv_user *user, const char *code, struct cm_err *err)
{
    (void)arg;
    (void)user;
    (void)err;
    pthread_mutex_lock(&code_lock);
    snprintf(delivered, sizeof(delivered), "%s", code);
    pthread_mutex_unlock(&code_lock);
    return CM_OK;
}

void served_take_code(char out[SRV_CODE_TEXT_SIZE])
{
    pthread_mutex_lock(&code_lock);
    memcpy(out, delivered, sizeof(delivered));
    delivered[0] = '\0';
    pthread_mutex_unlock(&code_lock);
}

static void *serve(void *arg)
{
    struct cm_err err = CM_ERR_INIT;
    (void)arg;
    if (srv_http_run(app.http, &err) != CM_OK)
        fprintf(stderr, "%s\n", err.msg);
    return NULL;
}

static enum cm_code open_all(struct cm_err *err)
{
    const struct srv_store_options store = {.url = "memory:", .clock = &hand_clock, .zone = zone};
    struct srv_http_options http = {.address = "127.0.0.1",
                                    .threads = 1,
                                    .routes = routes,
                                    .route_count = sizeof(routes) / sizeof(routes[0]),
                                    .limits = &srv_limits_default,
                                    .app = &app,
                                    .authorize = srv_auth_authorize};
    enum cm_code code = srv_store_open(&store, &app.store, err);
    if (code == CM_OK)
        code = srv_writer_create(app.store, &app.writer, err);
    struct srv_auth_options auth = {
        .store = app.store, .writer = app.writer, .clock = &hand_clock, .secret_key = SECRET};
    if (code == CM_OK)
        code = srv_auth_open(&auth, &app.auth, err);
    return code == CM_OK ? srv_http_open(&http, &app.http, err) : code;
}

int served_start(void **state)
{
    (void)state;
    struct cm_err err = CM_ERR_INIT;
    signal(SIGPIPE, SIG_IGN);
    wall_ms_now = WALL_MS;
    mono_us_now = 3600 * INT64_C(1000000);
    if (cm_crypt_init(&err) != CM_OK || cm_zone_open("Asia/Kolkata", &zone, &err) != CM_OK)
        return -1;
    if (password_hash[0] == '\0' && srv_password_hash(PASSWORD, password_hash, &err) != CM_OK)
        return -1;
    app = (struct srv_app){.clock = &hand_clock, .zone = zone, .started_wall_ms = WALL_MS};
    if (open_all(&err) != CM_OK) {
        fprintf(stderr, "%s\n", err.msg);
        return -1;
    }
    srv_auth_set_delivery(app.auth, deliver, NULL);
    delivered[0] = '\0';
    return pthread_create(&thread, NULL, serve, NULL);
}

int served_stop(void **state)
{
    (void)state;
    srv_http_stop(app.http);
    pthread_join(thread, NULL);
    srv_auth_stop(app.auth);
    srv_writer_stop(app.writer);
    srv_http_close(app.http);
    srv_writer_destroy(app.writer);
    srv_auth_close(app.auth);
    srv_store_close(app.store);
    cm_zone_close(zone);
    return 0;
}

/* ---- users ---- */
void served_write(srv_store_fn *fn, void *arg)
{
    struct cm_err err = CM_ERR_INIT;
    if (srv_store_write(app.store, fn, arg, &err) != CM_OK)
        fail_msg("%s", err.msg);
}

static enum cm_code put_user(struct srv_store *store, void *arg, struct cm_err *err)
{
    return srv_store_put_user(store, arg, err);
}

void served_add_user(const char *name, uint32_t role, const char *class_id, const char *student_id)
{
    struct srv_user user = {.role = role, .created_wall_ms = WALL_MS, .class_count = class_id[0] != '\0'};
    snprintf(user.name, sizeof(user.name), "%s", name);
    snprintf(user.full_name, sizeof(user.full_name), "Full %s", name);
    snprintf(user.classes[0], sizeof(user.classes[0]), "%s", class_id);
    snprintf(user.student_id, sizeof(user.student_id), "%s", student_id);
    memcpy(user.password_hash, password_hash, sizeof(password_hash));
    served_write(put_user, &user);
}

struct srv_user served_user(const char *name)
{
    struct srv_user user;
    struct cm_err err = CM_ERR_INIT;
    if (srv_store_get_user(app.store, name, &user, &err) != CM_OK)
        fail_msg("%s", err.msg);
    return user;
}

/* ---- the client ---- */
static int connect_to_server(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)srv_http_port(app.http))};
    struct timeval limit = {.tv_sec = 20};
    inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(fd >= 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

static size_t read_all(int fd, char *out, size_t size)
{
    size_t used = 0;
    for (;;) {
        ssize_t got = recv(fd, out + used, size - 1 - used, 0);
        if (got < 0 && errno == EINTR) /* a read with a time limit is not begun anew by the kernel */
            continue;
        if (got < 0)
            fail_msg("no answer in time");
        if (got == 0)
            break;
        used += (size_t)got;
        assert_true(used < size - 1);
    }
    out[used] = '\0';
    return used;
}

int served_send(const char *method, const char *path, const char *headers, const char *body)
{
    static char text[32768];
    int size =
        snprintf(text, sizeof(text), "%s %s HTTP/1.1\r\nhost: school.example\r\nconnection: close\r\n%s",
                 method, path, headers);
    if (body != NULL)
        size += snprintf(text + size, sizeof(text) - (size_t)size,
                         "content-type: application/json\r\ncontent-length: %zu\r\n", strlen(body));
    size += snprintf(text + size, sizeof(text) - (size_t)size, "\r\n%s", body != NULL ? body : "");
    assert_true((size_t)size < sizeof(text));
    int fd = connect_to_server();
    assert_int_equal(send(fd, text, (size_t)size, 0), size);
    return fd;
}

void served_ask(const char *method, const char *path, const char *headers, const char *body,
                struct reply *ret_reply)
{
    static char text[32768];
    int fd = served_send(method, path, headers, body);
    read_all(fd, text, sizeof(text));
    close(fd);
    char *end = strstr(text, "\r\n\r\n");
    if (end == NULL)
        fail_msg("not an answer: %s", text);
    *end = '\0';
    snprintf(ret_reply->head, sizeof(ret_reply->head), "%.*s\r\n", (int)sizeof(ret_reply->head) - 3, text);
    snprintf(ret_reply->body, sizeof(ret_reply->body), "%.*s", (int)sizeof(ret_reply->body) - 1, end + 4);
    ret_reply->status = 0;
    sscanf(text, "HTTP/1.1 %d", &ret_reply->status);
}

void reply_text(const struct reply *reply, const char *name, char *out, size_t size)
{
    json_t *body = json_loads(reply->body, 0, NULL);
    const char *value = json_string_value(json_object_get(body, name));
    if (value == NULL)
        value = json_string_value(json_object_get(json_object_get(body, "error"), name));
    if (value == NULL)
        fail_msg("no \"%s\" in %d %s", name, reply->status, reply->body);
    snprintf(out, size, "%s", value);
    json_decref(body);
}

bool reply_header(const struct reply *reply, const char *name, char *out, size_t size)
{
    char key[64];
    snprintf(key, sizeof(key), "\r\n%s: ", name);
    const char *at = strcasestr(reply->head, key);
    if (at == NULL)
        return false;
    at += strlen(key);
    snprintf(out, size, "%.*s", (int)strcspn(at, "\r"), at);
    return true;
}

void served_login(const char *name, const char *password, char out[BEARER_SIZE])
{
    struct reply reply;
    char body[512], token[1024];
    snprintf(body, sizeof(body), "{\"username\":\"%s\",\"password\":\"%s\"}", name, password);
    served_ask("POST", "/api/auth/login", "", body, &reply);
    if (reply.status != 200)
        fail_msg("login: %d %s", reply.status, reply.body);
    reply_text(&reply, "token", token, sizeof(token));
    snprintf(out, BEARER_SIZE, "authorization: Bearer %s\r\n", token);
}
