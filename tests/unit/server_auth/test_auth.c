#include "served.h"

#include "http_json/json.h"
#include "unit.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct reply reply;

static int status_of(const char *method, const char *path, const char *headers, const char *body)
{
    served_ask(method, path, headers, body, &reply);
    return reply.status;
}

static void expect_at(int line, int status, const char *method, const char *path, const char *headers,
                      const char *body)
{
    if (status_of(method, path, headers, body) != status)
        fail_msg("line %d, %s %s: %d, not %d: %s", line, method, path, reply.status, status, reply.body);
}
#define expect(...) expect_at(__LINE__, __VA_ARGS__)

static void expect_code(const char *code)
{
    char text[64];
    reply_text(&reply, "code", text, sizeof(text));
    assert_string_equal(text, code);
}

static const char *login_body(const char *name, const char *password)
{
    static char body[512];
    snprintf(body, sizeof(body), "{\"username\":\"%s\",\"password\":\"%s\"}", name, password);
    return body;
}

/* The cookie that the last reply set, as a header line. */
static void take_cookie(char out[BEARER_SIZE])
{
    char cookie[1200];
    assert_true(reply_header(&reply, "set-cookie", cookie, sizeof(cookie)));
    snprintf(out, BEARER_SIZE, "cookie: %.*s\r\n", (int)strcspn(cookie, ";"), cookie);
}

/* ---- logging in ---- */
static void login_gives_token_and_cookie(void **state)
{
    (void)state;
    char cookie[BEARER_SIZE], text[1200], line[2600];
    served_add_user("anna", SRV_ROLE_COORDINATOR, "10-A", "");
    expect(200, "POST", "/api/auth/login", "", login_body("Anna", PASSWORD));
    reply_text(&reply, "expires", text, sizeof(text));
    assert_string_equal(text, "2026-11-23T20:51:40.000+05:30");
    reply_text(&reply, "role", text, sizeof(text));
    assert_string_equal(text, "coordinator");
    assert_true(reply_header(&reply, "set-cookie", text, sizeof(text)));
    assert_non_null(strstr(text, "rollcall=ey"));
    assert_non_null(strstr(text, "; Path=/; Max-Age=43200; HttpOnly; SameSite=Strict"));
    assert_null(strstr(text, "Secure")); /* plain HTTP: a browser would drop it */
    take_cookie(cookie);
    expect(200, "GET", "/api/me", cookie, NULL);
    reply_text(&reply, "username", text, sizeof(text));
    assert_string_equal(text, "anna");
    assert_non_null(strstr(reply.body, "\"classes\":[\"10-A\"]"));
    assert_non_null(strstr(reply.body, "\"today\":\"2026-11-23\""));
    expect(401, "GET", "/api/me", "", NULL);
    expect_code("not_logged_in");
    assert_true(reply_header(&reply, "www-authenticate", text, sizeof(text)));
    /* a bearer wins over the cookie, also a wrong one */
    snprintf(line, sizeof(line), "%sauthorization: Bearer x.y.z\r\n", cookie);
    expect(401, "GET", "/api/me", line, NULL);
    expect_code("session_over");
    /* what a proxy in front asks for is not ours */
    snprintf(line, sizeof(line), "%sauthorization: Basic eA==\r\n", cookie);
    expect(200, "GET", "/api/me", line, NULL);
}

static enum cm_code make_unusable(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct srv_user user;
    (void)arg;
    enum cm_code code = srv_store_get_user(store, "off", &user, err);
    user.disabled = true;
    if (code == CM_OK)
        code = srv_store_put_user(store, &user, err);
    if (code == CM_OK)
        code = srv_store_get_user(store, "late", &user, err);
    user.must_change_password = true;
    user.password_expires_ms = WALL_MS;
    if (code == CM_OK)
        code = srv_store_put_user(store, &user, err);
    if (code == CM_OK)
        code = srv_store_get_user(store, "none", &user, err);
    user.password_hash[0] = '\0';
    return code == CM_OK ? srv_store_put_user(store, &user, err) : code;
}

static void nobody_learns_why_not(void **state)
{
    (void)state;
    static const char *const names[] = {"anna", "nobody", "off", "late", "none", "an/na"};
    char first[1024] = "";
    for (int i = 0; i < 5; i++) {
        if (i != 1)
            served_add_user(names[i], SRV_ROLE_ADMIN, "", "");
    }
    served_write(make_unusable, NULL);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        expect(401, "POST", "/api/auth/login", "", login_body(names[i], i == 0 ? "wrong wrong" : PASSWORD));
        expect_code("bad_credentials");
        if (i == 0)
            snprintf(first, sizeof(first), "%.1000s", reply.body);
        assert_string_equal(reply.body, first);
        assert_false(reply_header(&reply, "set-cookie", first + 512, 100));
    }
}

static void bad_bodies_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        int status;
    } cases[] = {
        {"", 422},
        {"[]", 400},
        {"{", 400},
        {"{\"username\":\"a\"}", 422},
        {"{\"username\":1,\"password\":\"x\"}", 422},
        {"{\"username\":\"a\",\"password\":\"x\",\"role\":\"admin\"}", 422},
        {"{\"username\":\"a\",\"password\":\"x\",\"password\":\"y\"}", 400},
        {"{\"username\":\"a\",\"password\":\"x\\u0000y\"}", 400},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        expect(cases[i].status, "POST", "/api/auth/login", "", cases[i].body);
}

static void tries_slow_down(void **state)
{
    (void)state;
    char wait[16], bearer[BEARER_SIZE];
    served_add_user("anna", SRV_ROLE_ADMIN, "", "");
    for (int i = 0; i < 4; i++)
        expect(401, "POST", "/api/auth/login", "", login_body("anna", "wrong wrong"));
    expect(429, "POST", "/api/auth/login", "", login_body("anna", PASSWORD));
    expect_code("too_many_tries");
    assert_true(reply_header(&reply, "retry-after", wait, sizeof(wait)));
    assert_string_equal(wait, "2");
    served_advance_s(2);
    served_login("anna", PASSWORD, bearer);
    for (int i = 0; i < 4; i++) /* success forgot them */
        expect(401, "POST", "/api/auth/login", "", login_body("anna", "wrong wrong"));
}

/* The server ends while passwords are being judged: what is in flight is given back, and nothing of it is left. */
static void a_stop_gives_back_what_waits(void **state)
{
    (void)state;
    int sockets[20];
    served_add_user("anna", SRV_ROLE_ADMIN, "", "");
    for (int i = 0; i < 20; i++)
        sockets[i] = served_send("POST", "/api/auth/login", "", login_body(i % 2 ? "anna" : "ben", PASSWORD));
    expect(200, "GET", "/probe/anyone", "", NULL); /* they were read by now, or are in what the stop cuts */
    served_stop(state);
    for (int i = 0; i < 20; i++)
        close(sockets[i]);
    assert_int_equal(served_start(state), 0);
}

/* ---- one-time passwords ---- */
static void the_first_admin_chooses_a_password(void **state)
{
    (void)state;
    char password[SRV_ONE_TIME_SIZE], again[SRV_ONE_TIME_SIZE], bearer[BEARER_SIZE], body[512], token[1024],
        fresh[BEARER_SIZE];
    struct srv_app *app = served_app();
    assert_int_equal(srv_auth_first_admin(app->store, app->clock, password, NULL), CM_OK);
    assert_int_equal(srv_auth_first_admin(app->store, app->clock, again, NULL), CM_EXISTS);
    served_login("admin", password, bearer);
    expect(200, "GET", "/api/me", bearer, NULL);
    assert_non_null(strstr(reply.body, "\"must_change_password\":true"));
    expect(403, "GET", "/probe/admin", bearer, NULL);
    expect_code("password_must_change");
    snprintf(body, sizeof(body), "{\"current\":\"%s\",\"new\":\"short\"}", password);
    expect(422, "POST", "/api/auth/change-password", bearer, body);
    expect_code("weak_password");
    snprintf(body, sizeof(body), "{\"current\":\"%s\",\"new\":\"%s\"}", password, password);
    expect(422, "POST", "/api/auth/change-password", bearer, body);
    expect(401, "POST", "/api/auth/change-password", bearer,
           "{\"current\":\"not this one\",\"new\":\"blossom river 12\"}");
    expect_code("bad_credentials");
    snprintf(body, sizeof(body), "{\"current\":\"%s\",\"new\":\"blossom river 12\"}", password);
    expect(200, "POST", "/api/auth/change-password", bearer, body);
    assert_non_null(strstr(reply.body, "\"must_change_password\":false"));
    reply_text(&reply, "token", token, sizeof(token));
    snprintf(fresh, sizeof(fresh), "authorization: Bearer %s\r\n", token);
    expect(200, "GET", "/probe/admin", fresh, NULL);
    expect(401, "GET", "/probe/admin", bearer, NULL); /* other sessions have ended */
    expect(401, "POST", "/api/auth/login", "", login_body("admin", password));
    expect(200, "POST", "/api/auth/login", "", login_body("admin", "blossom river 12"));
}

static void a_one_time_password_ends_in_time(void **state)
{
    (void)state;
    char admin[BEARER_SIZE], password[64], path[64];
    served_add_user("root", SRV_ROLE_ADMIN, "", "");
    served_add_user("anna", SRV_ROLE_ADMIN, "", "");
    served_login("root", PASSWORD, admin);
    snprintf(path, sizeof(path), "/api/users/%s/reset", "anna");
    expect(200, "POST", path, admin, "{}");
    reply_text(&reply, "one_time_password", password, sizeof(password));
    expect(200, "POST", "/api/auth/login", "", login_body("anna", password));
    served_advance_s(7 * 86400 - 1);
    expect(200, "POST", "/api/auth/login", "", login_body("anna", password));
    served_advance_s(1);
    expect(401, "POST", "/api/auth/login", "", login_body("anna", password));
}

/* ---- what ends a session ---- */
static void sessions_end_at_once(void **state)
{
    (void)state;
    static const struct {
        const char *what, *method, *path, *body;
        int status;
        bool by_himself;
    } cases[] = {
        {"logout", "POST", "/api/auth/logout", "{}", 204, true},
        {"disabled", "PATCH", "/api/users/anna", "{\"disabled\":true}", 200, false},
        {"reset", "POST", "/api/users/anna/reset", "{}", 200, false},
        {"deleted", "DELETE", "/api/users/anna", NULL, 204, false},
    };
    char admin[BEARER_SIZE], anna[BEARER_SIZE], other[BEARER_SIZE];
    served_add_user("root", SRV_ROLE_ADMIN, "", "");
    served_login("root", PASSWORD, admin);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        served_add_user("anna", SRV_ROLE_COORDINATOR, "10-A", "");
        served_login("anna", PASSWORD, anna);
        served_login("anna", PASSWORD, other);
        expect(200, "GET", "/probe/staff", anna, NULL);
        expect(200, "GET", "/probe/staff", anna, NULL);
        expect(cases[i].status, cases[i].method, cases[i].path, cases[i].by_himself ? anna : admin,
               cases[i].body);
        if (status_of("GET", "/probe/staff", anna, NULL) != 401)
            fail_msg("after %s: %d", cases[i].what, reply.status);
        expect(cases[i].by_himself ? 200 : 401, "GET", "/probe/staff", other, NULL);
    }
}

static void a_session_ends_in_time(void **state)
{
    (void)state;
    char anna[BEARER_SIZE];
    served_add_user("anna", SRV_ROLE_ADMIN, "", "");
    served_login("anna", PASSWORD, anna);
    served_advance_s(12 * 3600 - 1);
    expect(200, "GET", "/probe/admin", anna, NULL);
    served_advance_s(1);
    expect(401, "GET", "/probe/admin", anna, NULL);
}

/* A renewal is committed behind the answer: until it is, further requests ask for it again. */
static void wait_until_renewed(const char *cookie)
{
    char text[1200];
    int tries = 0;
    do {
        expect(200, "GET", "/probe/admin", cookie, NULL);
        assert_true(tries++ < 2000);
    } while (reply_header(&reply, "set-cookie", text, sizeof(text)));
}

static void a_browser_in_use_is_renewed(void **state)
{
    (void)state;
    char cookie[BEARER_SIZE], renewed[BEARER_SIZE], bearer[BEARER_SIZE], text[1200];
    served_add_user("anna", SRV_ROLE_ADMIN, "", "");
    expect(200, "POST", "/api/auth/login", "", login_body("anna", PASSWORD));
    take_cookie(cookie);
    served_login("anna", PASSWORD, bearer);
    served_advance_s(6 * 3600 - 1);
    expect(200, "GET", "/probe/admin", cookie, NULL);
    assert_false(reply_header(&reply, "set-cookie", text, sizeof(text)));
    served_advance_s(2);
    expect(200, "GET", "/probe/admin", cookie, NULL);
    take_cookie(renewed);
    assert_string_not_equal(renewed, cookie);
    wait_until_renewed(renewed);
    expect(200, "GET", "/probe/admin", bearer, NULL);
    assert_false(reply_header(&reply, "set-cookie", text, sizeof(text)));
    served_advance_s(11 * 3600);
    expect(401, "GET", "/probe/admin", bearer, NULL); /* programs log in again */
    expect(401, "GET", "/probe/admin", cookie, NULL); /* the old token's own time is over */
    int hours = 17;
    while (status_of("GET", "/probe/admin", renewed, NULL) == 200) { /* not for ever */
        if (reply_header(&reply, "set-cookie", text, sizeof(text))) {
            take_cookie(renewed);
            wait_until_renewed(renewed);
        }
        served_advance_s(7 * 3600);
        hours += 7;
        assert_true(hours < 32 * 24);
    }
    if (hours <= 30 * 24)
        fail_msg("it ended after %d h", hours);
}

/* A renewal that was asked for before a logout must not bring the session back. */
static void a_renewal_revives_nothing(void **state)
{
    (void)state;
    char cookie[BEARER_SIZE], renewed[BEARER_SIZE], line[1400];
    served_add_user("anna", SRV_ROLE_ADMIN, "", "");
    expect(200, "POST", "/api/auth/login", "", login_body("anna", PASSWORD));
    take_cookie(cookie);
    served_advance_s(7 * 3600);
    expect(200, "GET", "/probe/admin", cookie, NULL);
    take_cookie(renewed);
    snprintf(line, sizeof(line), "%ssec-fetch-site: same-origin\r\n", renewed);
    expect(204, "POST", "/api/auth/logout", line, "{}");
    expect(401, "GET", "/probe/admin", renewed, NULL);
    expect(401, "GET", "/probe/admin", cookie, NULL);
}

/* ---- where a write comes from ---- */
static void writes_with_a_cookie_come_from_our_pages(void **state)
{
    (void)state;
    static const struct {
        const char *headers;
        int status;
    } cases[] = {
        {"", 403},
        {"sec-fetch-site: same-origin\r\n", 200},
        {"sec-fetch-site: none\r\n", 200},
        {"sec-fetch-site: same-site\r\n", 403},
        {"sec-fetch-site: cross-site\r\n", 403},
        {"sec-fetch-site: cross-site\r\norigin: http://school.example\r\n", 403},
        {"origin: http://school.example\r\n", 200},
        {"origin: https://school.example\r\n", 403},
        {"origin: http://evil.example\r\n", 403},
        {"origin: null\r\n", 403},
        {"referer: http://school.example/\r\n", 403},
    };
    char cookie[BEARER_SIZE], bearer[BEARER_SIZE], line[2600];
    served_add_user("anna", SRV_ROLE_ADMIN, "", "");
    expect(200, "POST", "/api/auth/login", "", login_body("anna", PASSWORD));
    take_cookie(cookie);
    served_login("anna", PASSWORD, bearer);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        snprintf(line, sizeof(line), "%s%s", cookie, cases[i].headers);
        expect(cases[i].status, "POST", "/probe/person", line, "{}");
        expect(200, "GET", "/probe/person", line, NULL); /* reading changes nothing */
        expect(200, "POST", "/probe/open", line, "{}");
        snprintf(line, sizeof(line), "%s%s", bearer, cases[i].headers);
        expect(200, "POST", "/probe/person", line, "{}"); /* no page of another site can send this header */
        snprintf(line, sizeof(line), "%s%s%s", bearer, cookie, cases[i].headers);
        expect(200, "POST", "/probe/person", line, "{}");
    }
    /* nobody is logged in as somebody else by another site's page */
    expect(403, "POST", "/api/auth/login", "sec-fetch-site: cross-site\r\n", login_body("anna", PASSWORD));
    expect_code("wrong_origin");
    expect(403, "POST", "/api/auth/login", "origin: http://evil.example\r\n", login_body("anna", PASSWORD));
    expect(403, "POST", "/api/auth/reset/request", "origin: http://evil.example\r\n",
           "{\"username\":\"anna\"}");
    expect(200, "POST", "/api/auth/login", "origin: http://school.example\r\n", login_body("anna", PASSWORD));
}

/* ---- roles ---- */
static enum cm_code put_station(struct srv_store *store, void *arg, struct cm_err *err)
{
    return srv_store_put_station(store, arg, err);
}

static void each_role_opens_its_doors(void **state)
{
    (void)state;
    static const char *const doors[] = {"/probe/admin", "/probe/staff", "/probe/student", "/probe/person",
                                        "/probe/station"};
    static const struct {
        const char *who;
        int status[5];
    } cases[] = {
        {"", {401, 401, 401, 401, 401}},
        {"root", {200, 200, 403, 200, 403}},
        {"coordinator", {403, 200, 403, 200, 403}},
        {"student", {403, 403, 200, 200, 403}},
        {"station", {403, 403, 403, 403, 200}},
    };
    char token[SRV_TOKEN_TEXT_SIZE], bearer[BEARER_SIZE];
    struct srv_station station = {
        .id = "0190a0a0-0000-7000-8000-000000000001", .name = "Door", .paired = true};
    srv_auth_make_token(token, station.token_hash);
    served_write(put_station, &station);
    served_add_user("root", SRV_ROLE_ADMIN, "", "");
    served_add_user("coordinator", SRV_ROLE_COORDINATOR, "10-A", "");
    served_add_user("student", SRV_ROLE_STUDENT, "", "s1");
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bearer[0] = '\0';
        if (strcmp(cases[i].who, "station") == 0)
            snprintf(bearer, sizeof(bearer), "authorization: Bearer %s\r\n", token);
        else if (cases[i].who[0] != '\0')
            served_login(cases[i].who, PASSWORD, bearer);
        for (int k = 0; k < 5; k++)
            expect(cases[i].status[k], "GET", doors[k], bearer, NULL);
    }
    assert_non_null(strstr(reply.body, "0190a0a0-0000-7000-8000-000000000001"));
    station.revoked = true;
    served_write(put_station, &station);
    expect(401, "GET", "/probe/station", bearer, NULL);
    snprintf(bearer, sizeof(bearer), "cookie: rollcall=%s\r\n", token); /* not by cookie */
    station.revoked = false;
    served_write(put_station, &station);
    expect(401, "GET", "/probe/station", bearer, NULL);
}

static void a_door_for_anyone_knows_who_comes(void **state)
{
    (void)state;
    char bearer[BEARER_SIZE];
    served_add_user("anna", SRV_ROLE_ADMIN, "", "");
    served_login("anna", PASSWORD, bearer);
    expect(200, "GET", "/probe/anyone", bearer, NULL);
    assert_string_equal(reply.body, "{\"status\":0,\"user\":\"anna\"}");
    expect(200, "GET", "/probe/anyone", "authorization: Bearer x.y.z\r\n", NULL);
    assert_string_equal(reply.body, "{\"status\":0,\"user\":\"\"}");
    expect(200, "GET", "/probe/anyone", "", NULL);
}

/* ---- a forgotten password ---- */
static void wait_for_code(char out[SRV_CODE_TEXT_SIZE])
{
    out[0] = '\0';
    for (int i = 0; i < 2000 && out[0] == '\0'; i++) {
        expect(200, "GET", "/probe/anyone", "", NULL); /* the loop has run what was posted before */
        served_take_code(out);
    }
    assert_string_not_equal(out, "");
}

static int confirm(const char *name, const char *code)
{
    char body[256];
    snprintf(body, sizeof(body), "{\"username\":\"%s\",\"code\":\"%s\",\"new\":\"blossom river 12\"}", name,
             code);
    return status_of("POST", "/api/auth/reset/confirm", "", body);
}

static void a_code_gives_a_new_password(void **state)
{
    (void)state;
    char code[SRV_CODE_TEXT_SIZE], bearer[BEARER_SIZE], first[256];
    served_add_user("anna", SRV_ROLE_STUDENT, "", "s1");
    served_login("anna", PASSWORD, bearer);
    expect(202, "POST", "/api/auth/reset/request", "", "{\"username\":\"nobody\"}");
    snprintf(first, sizeof(first), "%.250s", reply.body);
    expect(202, "POST", "/api/auth/reset/request", "", "{\"username\":\"Anna\"}");
    assert_string_equal(reply.body, first);
    wait_for_code(code);
    assert_int_equal(confirm("nobody", code), 401);
    expect_code("bad_code");
    assert_int_equal(confirm("anna", "12345"), 401);
    expect(422, "POST", "/api/auth/reset/confirm", "",
           "{\"username\":\"anna\",\"code\":\"0\",\"new\":\"short\"}");
    expect_code("weak_password");
    assert_int_equal(confirm("Anna", code), 204);
    expect(401, "GET", "/api/me", bearer, NULL);
    assert_int_equal(confirm("anna", code), 401); /* once */
    expect(401, "POST", "/api/auth/login", "", login_body("anna", PASSWORD));
    expect(200, "POST", "/api/auth/login", "", login_body("anna", "blossom river 12"));
}

static void guessing_a_code_voids_it(void **state)
{
    (void)state;
    char code[SRV_CODE_TEXT_SIZE];
    served_add_user("anna", SRV_ROLE_STUDENT, "", "s1");
    expect(202, "POST", "/api/auth/reset/request", "", "{\"username\":\"anna\"}");
    wait_for_code(code);
    for (int i = 0; i < 5; i++) {
        served_advance_s(30);
        assert_int_equal(confirm("anna", "12345"), 401);
    }
    served_advance_s(60);
    assert_int_equal(confirm("anna", code), 401);
    expect(202, "POST", "/api/auth/reset/request", "", "{\"username\":\"anna\"}");
    wait_for_code(code);
    served_advance_s(10 * 60);
    assert_int_equal(confirm("anna", code), 401); /* over */
}

/* ---- users ---- */
static enum cm_code put_school(struct srv_store *store, void *arg, struct cm_err *err)
{
    const struct cm_class class_ = {
        .id = "10-A", .start_minute = 530, .late_after_min = 10, .close_after_min = 60, .weekdays = 31};
    const struct srv_student student = {.base = {.id = "s1", .name = "Asha", .class_id = "10-A"},
                                        .joined_date = 20260601};
    (void)arg;
    enum cm_code code = srv_store_put_class(store, &class_, err);
    return code == CM_OK ? srv_store_put_student(store, &student, err) : code;
}

static void users_are_made_by_rule(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        int status;
        const char *field; /* NULL: none */
    } cases[] = {
        {"{\"name\":\"Ben\",\"full_name\":\"Ben B\",\"role\":\"coordinator\",\"classes\":[\"10-A\"]}", 201,
         NULL},
        {"{\"name\":\"ben\",\"full_name\":\"Ben B\",\"role\":\"coordinator\"}", 409, NULL},
        {"{\"name\":\"c\",\"full_name\":\"C\",\"role\":\"coordinator\",\"classes\":[\"9-Z\"]}", 422,
         "classes"},
        {"{\"name\":\"c\",\"full_name\":\"C\",\"role\":\"admin\",\"classes\":[\"10-A\"]}", 422, "classes"},
        {"{\"name\":\"c\",\"full_name\":\"C\",\"role\":\"station\"}", 422, "role"},
        {"{\"name\":\"c\",\"full_name\":\"C\",\"role\":\"root\"}", 422, "role"},
        {"{\"name\":\"c d\",\"full_name\":\"C\",\"role\":\"admin\"}", 422, "name"},
        {"{\"name\":\"c\",\"full_name\":\"\",\"role\":\"admin\"}", 422, "full_name"},
        {"{\"name\":\"c\",\"full_name\":\"C\",\"role\":\"student\"}", 422, "student_id"},
        {"{\"name\":\"c\",\"full_name\":\"C\",\"role\":\"student\",\"student_id\":\"s9\"}", 422,
         "student_id"},
        {"{\"name\":\"c\",\"full_name\":\"C\",\"role\":\"admin\",\"student_id\":\"s1\"}", 422, "student_id"},
        {"{\"name\":\"c\",\"full_name\":\"C\",\"role\":\"admin\",\"disabled\":false}", 422, "disabled"},
        {"{\"name\":\"c\",\"full_name\":\"C\",\"role\":\"admin\",\"phone\":\"98765 4321\"}", 422, "phone"},
        {"{\"name\":\"c\",\"full_name\":\"C\",\"role\":\"admin\",\"email\":\"c at school\"}", 422, "email"},
        {"{\"name\":\"asha\",\"full_name\":\"Asha\",\"role\":\"student\",\"student_id\":\"s1\"}", 201, NULL},
        {"{\"name\":\"asha2\",\"full_name\":\"Asha\",\"role\":\"student\",\"student_id\":\"s1\"}", 409, NULL},
    };
    char admin[BEARER_SIZE], text[64], bearer[BEARER_SIZE];
    served_add_user("root", SRV_ROLE_ADMIN, "", "");
    served_write(put_school, NULL);
    served_login("root", PASSWORD, admin);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        expect(cases[i].status, "POST", "/api/users", admin, cases[i].body);
        if (cases[i].field != NULL) {
            reply_text(&reply, "field", text, sizeof(text));
            assert_string_equal(text, cases[i].field);
        }
        if (i == 0) {
            reply_text(&reply, "one_time_password", text, sizeof(text));
            served_login("ben", text, bearer);
        }
    }
    expect(200, "GET", "/api/users?limit=2", admin, NULL);
    assert_non_null(strstr(reply.body, "\"next\":\"ben\""));
    assert_null(strstr(reply.body, "hash"));
    expect(200, "GET", "/api/users?limit=2&after=ben", admin, NULL);
    assert_non_null(strstr(reply.body, "\"next\":null"));
    assert_non_null(strstr(reply.body, "\"root\""));
    expect(422, "GET", "/api/users?limit=0", admin, NULL);
}

static void users_are_changed_by_rule(void **state)
{
    (void)state;
    char admin[BEARER_SIZE];
    served_add_user("root", SRV_ROLE_ADMIN, "", "");
    served_add_user("ben", SRV_ROLE_COORDINATOR, "10-A", "");
    served_write(put_school, NULL);
    served_login("root", PASSWORD, admin);
    expect(404, "PATCH", "/api/users/nobody", admin, "{\"disabled\":true}");
    expect(404, "DELETE", "/api/users/nobody", admin, NULL);
    expect(404, "POST", "/api/users/nobody/reset", admin, "{}");
    expect(422, "PATCH", "/api/users/ben", admin, "{\"role\":\"admin\"}");
    expect(422, "PATCH", "/api/users/ben", admin, "{\"phone\":\"+0123456789\"}");
    expect(422, "PATCH", "/api/users/ben", admin, "{\"email\":\"ben@\"}");
    expect(200, "PATCH", "/api/users/ben", admin,
           "{\"phone\":\"+919876543210\",\"email\":\"ben@school.example\"}");
    assert_non_null(strstr(reply.body, "\"phone\":\"+919876543210\",\"email\":\"ben@school.example\""));
    expect(200, "PATCH", "/api/users/ben", admin, "{\"phone\":null}");
    assert_non_null(strstr(reply.body, "\"phone\":null,\"email\":\"ben@school.example\""));
    expect(422, "PATCH", "/api/users/ben", admin, "{\"classes\":[\"9-Z\"]}");
    served_add_user("old", SRV_ROLE_COORDINATOR, "gone", ""); /* what he has already is not asked again */
    expect(200, "PATCH", "/api/users/old", admin, "{\"disabled\":true}");
    expect(422, "PATCH", "/api/users/root", admin, "{\"classes\":[\"10-A\"]}");
    expect(200, "PATCH", "/api/users/Ben", admin, "{\"full_name\":\"Benno\",\"classes\":[]}");
    struct srv_user ben = served_user("ben");
    assert_string_equal(ben.full_name, "Benno");
    assert_int_equal(ben.class_count, 0);
    assert_int_not_equal(ben.password_hash[0], 0);
    /* the last admin stays */
    expect(409, "DELETE", "/api/users/root", admin, NULL);
    expect_code("last_admin");
    expect(409, "PATCH", "/api/users/root", admin, "{\"disabled\":true}");
    served_add_user("second", SRV_ROLE_ADMIN, "", "");
    expect(200, "PATCH", "/api/users/second", admin, "{\"disabled\":true}");
    expect(409, "DELETE", "/api/users/root", admin, NULL); /* one who cannot log in is none */
    expect(200, "PATCH", "/api/users/second", admin, "{\"disabled\":false}");
    expect(204, "DELETE", "/api/users/root", admin, NULL);
    expect(401, "GET", "/probe/admin", admin, NULL);
}

#define SERVED(test) cmocka_unit_test_setup_teardown(test, served_start, served_stop)
int main(void)
{
    const struct CMUnitTest tests[] = {
        SERVED(login_gives_token_and_cookie),     SERVED(nobody_learns_why_not),
        SERVED(bad_bodies_are_refused),           SERVED(tries_slow_down),
        SERVED(a_stop_gives_back_what_waits),     SERVED(the_first_admin_chooses_a_password),
        SERVED(a_one_time_password_ends_in_time), SERVED(sessions_end_at_once),
        SERVED(a_session_ends_in_time),           SERVED(a_browser_in_use_is_renewed),
        SERVED(a_renewal_revives_nothing),        SERVED(writes_with_a_cookie_come_from_our_pages),
        SERVED(each_role_opens_its_doors),        SERVED(a_door_for_anyone_knows_who_comes),
        SERVED(a_code_gives_a_new_password),      SERVED(guessing_a_code_voids_it),
        SERVED(users_are_made_by_rule),           SERVED(users_are_changed_by_rule),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
