/* Prints the server's table of routes, one JSON line each: tests go through it, so that no new route can be forgotten. */
#include "routes/routes.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const method_names[] = {[SRV_GET] = "GET",
                                           [SRV_POST] = "POST",
                                           [SRV_PUT] = "PUT",
                                           [SRV_PATCH] = "PATCH",
                                           [SRV_DELETE] = "DELETE"};

struct word {
    uint32_t bit;
    const char *name;
};
static const struct word roles[] = {{SRV_ROLE_ADMIN, "admin"},
                                    {SRV_ROLE_COORDINATOR, "coordinator"},
                                    {SRV_ROLE_STUDENT, "student"},
                                    {SRV_ROLE_STATION, "station"},
                                    {SRV_ROLE_ANYONE, "anyone"}};
static const struct word flags[] = {{SRV_PASSWORD_MAY_BE_OLD, "password_may_be_old"},
                                    {SRV_ORIGIN_ANY, "origin_any"},
                                    {SRV_LONG, "long"},
                                    {SRV_SECRET, "secret"}};
enum { ROLES = sizeof roles / sizeof roles[0], FLAGS = sizeof flags / sizeof flags[0] };

/* A bit without a name ends the program: a role or flag that the tests do not know. */
static json_t *words_of(uint32_t bits, const struct word *words, size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) {
        if (bits & words[i].bit)
            json_array_append_new(list, json_string(words[i].name));
        bits &= ~words[i].bit;
    }
    if (bits != 0) {
        fprintf(stderr, "rollcall-routes: bits 0x%x have no name here\n", (unsigned)bits);
        exit(EXIT_FAILURE);
    }
    return list;
}

int main(void)
{
    for (size_t i = 0; i < srv_route_count; i++) {
        const struct srv_route *route = &srv_routes[i];
        size_t path_size = strcspn(route->pattern, "?");
        json_t *line =
            json_pack("{s:s,s:s%,s:s,s:o,s:I,s:s?,s:o}", "method", method_names[route->method], "pattern",
                      route->pattern, path_size, "query", route->pattern + path_size, "roles",
                      words_of(route->roles, roles, ROLES), "body_max", (json_int_t)route->body_max,
                      "body_type", route->body_type, "flags", words_of(route->flags, flags, FLAGS));
        if (line == NULL || json_dumpf(line, stdout, JSON_COMPACT) != 0)
            return EXIT_FAILURE;
        putchar('\n');
        json_decref(line);
    }
    return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
