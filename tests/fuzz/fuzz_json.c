/* JSON bodies and queries from anywhere, in front of the real handlers with their real tables of fields. The first byte of
 * the input chooses what the rest is for: a body of one of the routes below, srv_json_read with a field of each type, or the
 * end of an address.
 *
 * What is read must keep the promises of http_json/json.h; what a handler answers must be one of the answers that it may
 * give, in the form that openapi.json describes (call() holds every answer against it). */
#include "base/utf8.h"
#include "doubles.h"
#include "http/text.h"
#include "http_json/json.h"
#include "routes/routes.h"
#include "school.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct {
    const struct srv_identity *who;
    const char *method, *target;
} routes[] = {
    {&the_admin, "POST", "/api/students"},
    {&the_admin, "PATCH", "/api/students/s1"},
    {&the_admin, "DELETE", "/api/students/s3"},
    {&the_admin, "POST", "/api/students/import?dry_run=1"},
    {&the_admin, "POST", "/api/students/import"},
    {&the_admin, "PUT", "/api/classes/10-B"},
    {&the_admin, "PUT", "/api/calendar/2026-11-24"},
    {&the_admin, "PATCH", "/api/settings"},
    {&the_coordinator, "POST", "/api/rolls/10-B/2026-11-23/corrections"},
    {&the_coordinator, "POST", "/api/rolls/10-B/2026-11-23/close"},
    {&the_coordinator, "POST", "/api/activity/1/review"},
    {&s1, "PATCH", "/api/me/profile"},
    {&s1, "POST", "/api/students/s1/disputes"},
};
enum { ROUTES = sizeof routes / sizeof routes[0] };

static const struct {
    const struct srv_identity *who;
    const char *begin;
} addresses[] = {
    {&the_admin, "/api/students?"},
    {&the_admin, "/api/students/"},
    {&the_coordinator, "/api/students?class="},
    {&the_coordinator, "/api/activity?"},
    {&the_coordinator, "/api/stats?"},
    {&the_coordinator, "/api/rolls?"},
    {&the_admin, "/api/export/attendance?"},
    {&the_admin, "/api/calendar?"},
    {&s1, "/api/leaderboard?"},
    {&s1, "/api/students/s1/attendance?"},
    {&s1, "/api/students/s1/trend?"},
    {&s1, "/api/students/s1/history?"},
};
enum { ADDRESSES = sizeof addresses / sizeof addresses[0] };

/* ---- one field of each type ---- */

struct every {
    char line[24], note[40], secret[16], lines[4][8];
    bool flag, line_given;
    int64_t number;
    int32_t date, minute;
    int line_count;
    json_t *value;
};

static enum cm_code read_every(const uint8_t *data, size_t size, struct every *every,
                               struct srv_json_problem *problem)
{
    const struct srv_json_field fields[] = {
        {.name = "line",
         .type = SRV_JSON_LINE,
         .required = true,
         .ret = every->line,
         .size = sizeof every->line,
         .min = 1,
         .max = 9,
         .ret_given = &every->line_given},
        {.name = "note",
         .type = SRV_JSON_NOTE,
         .nullable = true,
         .ret = every->note,
         .size = sizeof every->note},
        {.name = "secret", .type = SRV_JSON_SECRET, .ret = every->secret, .size = sizeof every->secret},
        {.name = "flag", .type = SRV_JSON_BOOL, .ret = &every->flag},
        {.name = "number", .type = SRV_JSON_INT, .ret = &every->number, .min = -5, .max = 5000000000},
        {.name = "date", .type = SRV_JSON_DATE, .nullable = true, .ret = &every->date},
        {.name = "minute", .type = SRV_JSON_MINUTE, .ret = &every->minute},
        {.name = "lines",
         .type = SRV_JSON_LINES,
         .nullable = true,
         .ret = every->lines,
         .size = sizeof every->lines[0],
         .max = 4,
         .ret_count = &every->line_count},
        {.name = "value", .type = SRV_JSON_VALUE, .ret = &every->value},
    };
    return srv_json_read(data, size, fields, sizeof fields / sizeof fields[0], problem);
}

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void try_every(const uint8_t *data, size_t size)
{
    struct every every, untouched;
    memset(&every, 0, sizeof every);
    memcpy(&untouched, &every, sizeof every); /* with what lies between the members */
    struct srv_json_problem problem = {.status = 0};
    enum cm_code code = read_every(data, size, &every, &problem);
    if (code != CM_OK) {
        must(memcmp(&every, &untouched, sizeof every) == 0);
        must(problem.status == 400 || problem.status == 422);
        must((problem.field[0] != '\0') <= (problem.status == 422));
        must(cm_utf8_valid(problem.message, strlen(problem.message)) &&
             cm_utf8_valid(problem.field, strlen(problem.field)));
        return;
    }
    must(every.line_given && every.line[0] != '\0' && cm_utf8_printable(every.line, strlen(every.line)));
    must(cm_utf8_valid(every.note, strlen(every.note)) && cm_utf8_valid(every.secret, strlen(every.secret)));
    must(every.number >= -5 && every.number <= 5000000000);
    must(every.minute >= 0 && every.minute < 24 * 60);
    must(every.line_count >= 0 && every.line_count <= 4);
    for (int i = 0; i < every.line_count; i++)
        must(every.lines[i][0] != '\0' && cm_utf8_printable(every.lines[i], strlen(every.lines[i])));
    json_decref(every.value);
}

/* ---- the handlers ---- */

static void must_be_known(int status, const char *method, const char *target)
{
    static const int fine[] = {200, 201, 204, 400, 404, 409, 422};
    bool known = false;
    for (size_t i = 0; i < sizeof fine / sizeof fine[0]; i++)
        known = known || status == fine[i];
    if (!known)
        fprintf(stderr, "%s %s: %d\n", method, target, status);
    must(known);
}

static void try_route(int route, const uint8_t *data, size_t size)
{
    char *body = malloc(size + 1); /* the doubles take a text */
    must(body != NULL);
    memcpy(body, data, size);
    body[size] = '\0';
    int status = call(routes[route].who, routes[route].method, routes[route].target, body);
    must_be_known(status, routes[route].method, routes[route].target);
    free(body);
}

/* Only what the HTTP server lets through (fuzz_http is about that), and what the doubles have room for. */
static bool comes_through(const char *target)
{
    size_t path_size = strcspn(target, "?"), pairs = 1;
    const char *query = target[path_size] == '?' ? target + path_size + 1 : "";
    struct srv_match match;
    for (const char *c = query; *c != '\0'; c++)
        pairs += *c == '&';
    srv_route_match(srv_routes, srv_route_count, SRV_GET, target, path_size, &match);
    return srv_text_path_ok(target, path_size) && srv_text_query_ok(query, strlen(query)) &&
           pairs <= QUERIES_MAX && match.status == 200;
}

static void try_address(int address, const uint8_t *data, size_t size)
{
    enum { MORE_MAX = 60 };
    char target[128];
    if (size > MORE_MAX || memchr(data, '\0', size) != NULL)
        return;
    snprintf(target, sizeof target, "%s%.*s", addresses[address].begin, (int)size, (const char *)data);
    if (comes_through(target))
        must_be_known(call(addresses[address].who, "GET", target, NULL), "GET", target);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    int what = data[0] % (ROUTES + 1 + ADDRESSES);
    if (what == ROUTES) {
        try_every(data + 1, size - 1);
        return 0;
    }
    must(school_open(NULL) == 0); /* a school of its own: what one input does, the next must not see */
    school_activity(CM_ACTIVITY_SPOOF_SUSPECTED, "s1", "");
    school_mark("s1", "10-B", SCHOOL_TODAY, school_at(9, 5));
    if (what < ROUTES)
        try_route(what, data + 1, size - 1);
    else
        try_address(what - ROUTES - 1, data + 1, size - 1);
    school_close(NULL);
    return 0;
}
