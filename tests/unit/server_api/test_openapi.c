/* The description of the API against the table of routes. */
#include "unit.h"

#include "routes/routes.h"
#include "schema.h"
#include <stdio.h>
#include <string.h>

static const char *const methods[] = {[SRV_GET] = "get",
                                      [SRV_POST] = "post",
                                      [SRV_PUT] = "put",
                                      [SRV_PATCH] = "patch",
                                      [SRV_DELETE] = "delete"};

static void every_route_is_described(void **state)
{
    (void)state;
    for (size_t i = 0; i < srv_route_count; i++) {
        char path[256];
        openapi_path(srv_routes[i].pattern, path, sizeof path);
        if (openapi_operation(methods[srv_routes[i].method], path) == NULL)
            fail_msg("%s %s is not described", methods[srv_routes[i].method], path);
    }
}

static void nothing_else_is(void **state)
{
    (void)state;
    const char *path, *method;
    json_t *item, *operation;
    size_t count = 0;
    json_object_foreach(json_object_get(openapi(), "paths"), path, item)
        json_object_foreach(item, method, operation) count++;
    assert_int_equal(count, srv_route_count);
}

static void roles_as_text(uint32_t roles, char *ret_text, size_t size)
{
    static const struct {
        uint32_t role;
        const char *word;
    } words[] = {{SRV_ROLE_ANYONE, "anyone"},
                 {SRV_ROLE_ADMIN, "admin"},
                 {SRV_ROLE_COORDINATOR, "coordinator"},
                 {SRV_ROLE_STUDENT, "student"},
                 {SRV_ROLE_STATION, "station"}};
    ret_text[0] = '\0';
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (roles & words[i].role) {
            size_t used = strlen(ret_text);
            snprintf(ret_text + used, size - used, "%s%s", used > 0 ? ", " : "", words[i].word);
        }
}

static void check_body(const struct srv_route *route, const json_t *operation)
{
    const json_t *content = json_object_get(json_object_get(operation, "requestBody"), "content");
    bool may_have_none = route->method == SRV_DELETE && route->body_max == 0;
    if (route->body_max == 0 || may_have_none)
        assert_null(content);
    else if (route->body_type != NULL)
        assert_non_null(json_object_get(content, route->body_type));
    else
        assert_true(json_object_size(content) > 0);
}

static void check_parameters(const struct srv_route *route, const json_t *operation)
{
    size_t i, in_path = 0, in_pattern = 0, in_query = 0, names = 0;
    json_t *parameter;
    const char *query = strchr(route->pattern, '?');
    bool any = query != NULL && strcmp(query, "?*") == 0; /* a page */
    assert_true(!any || strncmp(route->pattern, "/api/", 5) != 0);
    json_array_foreach(json_object_get(operation, "parameters"), i, parameter)
    {
        const char *name = json_string_value(json_object_get(parameter, "name"));
        char segment[64];
        if (strcmp(json_string_value(json_object_get(parameter, "in")), "query") == 0) {
            size_t length = strlen(name);
            const char *at = query != NULL ? strstr(query, name) : NULL;
            while (at != NULL && (strchr("?&", at[-1]) == NULL || strchr("&", at[length]) == NULL))
                at = strstr(at + 1, name);
            if (at == NULL)
                fail_msg("%s: the table does not have the parameter %s", route->pattern, name);
            in_query++;
            continue;
        }
        if (strcmp(json_string_value(json_object_get(parameter, "in")), "path") != 0)
            continue;
        snprintf(segment, sizeof segment, ":%s", name);
        assert_non_null(strstr(route->pattern, segment));
        in_path++;
    }
    for (const char *at = route->pattern; *at != '\0'; at++) {
        in_pattern += *at == ':';
        names += strchr("?&", *at) != NULL;
    }
    assert_int_equal(in_query, any ? 0 : names);
    assert_int_equal(in_path, in_pattern);
}

static void the_description_says_what_the_table_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < srv_route_count; i++) {
        const struct srv_route *route = &srv_routes[i];
        char path[256], roles[128];
        openapi_path(route->pattern, path, sizeof path);
        json_t *operation = openapi_operation(methods[route->method], path);
        print_message("route %s\n", path);
        roles_as_text(route->roles, roles, sizeof roles);
        assert_string_equal(json_string_value(json_object_get(operation, "x-roles")), roles);
        assert_int_equal(json_array_size(json_object_get(operation, "security")) == 0,
                         (route->roles & SRV_ROLE_ANYONE) != 0);
        assert_non_null(json_object_get(operation, "summary"));
        check_body(route, operation);
        check_parameters(route, operation);
        if (strchrnul(route->pattern, '?')[0] == '\0' || strcmp(strchr(route->pattern, '?'), "?*") != 0)
            assert_non_null(json_object_get(json_object_get(operation, "responses"), "400"));
    }
}

/* Every $ref leads somewhere, and objects say that there is nothing else in them. */
static void check_references(const json_t *value)
{
    const char *name, *reference = json_string_value(json_object_get(value, "$ref"));
    json_t *part;
    size_t i;
    char word[128];
    if (reference != NULL) {
        const json_t *found = openapi();
        for (const char *at = reference + 2; *at != '\0';) {
            size_t size = strcspn(at, "/");
            snprintf(word, sizeof word, "%.*s", (int)size, at);
            found = json_object_get(found, word);
            at += size + (at[size] == '/');
        }
        if (found == NULL)
            fail_msg("%s leads nowhere", reference);
    }
    if (json_object_get(value, "properties") != NULL)
        assert_true(json_is_false(json_object_get(value, "additionalProperties")));
    json_object_foreach((json_t *)value, name, part) check_references(part);
    json_array_foreach(value, i, part) check_references(part);
}

static void references_lead_somewhere(void **state)
{
    (void)state;
    check_references(openapi());
}

/* The checker itself: it finds what is wrong. */
static void the_checker_checks(void **state)
{
    (void)state;
    static const struct {
        const char *schema, *value;
        bool fits;
    } cases[] = {
        {"{\"type\":\"integer\",\"minimum\":1}", "1", true},
        {"{\"type\":\"integer\",\"minimum\":1}", "0", false},
        {"{\"type\":\"integer\"}", "1.5", false},
        {"{\"type\":[\"string\",\"null\"]}", "null", true},
        {"{\"type\":[\"string\",\"null\"]}", "1", false},
        {"{\"type\":\"string\",\"enum\":[\"a\",\"b\"]}", "\"c\"", false},
        {"{\"type\":\"string\",\"format\":\"date\"}", "\"2026-02-30\"", false},
        {"{\"type\":\"string\",\"format\":\"date-time\"}", "\"2026-11-23T08:51:40.123+05:30\"", true},
        {"{\"type\":\"string\",\"format\":\"date-time\"}", "\"2026-11-23 08:51\"", false},
        {"{\"type\":\"object\",\"properties\":{\"a\":{}},\"required\":[\"a\"]}", "{}", false},
        {"{\"type\":\"object\",\"properties\":{},\"additionalProperties\":false}", "{\"a\":1}", false},
        {"{\"type\":\"array\",\"items\":{\"type\":\"boolean\"}}", "[true,1]", false},
        {"{\"oneOf\":[{\"$ref\":\"#/components/schemas/Counts\"},{\"type\":\"null\"}]}", "null", true},
        {"{\"oneOf\":[{\"$ref\":\"#/components/schemas/Counts\"},{\"type\":\"null\"}]}", "{}", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char why[256];
        json_t *schema = json_loads(cases[i].schema, 0, NULL);
        json_t *value = json_loads(cases[i].value, JSON_DECODE_ANY, NULL);
        print_message("case %zu\n", i);
        assert_int_equal(schema_holds(schema, value, why, sizeof why), cases[i].fits);
        json_decref(schema);
        json_decref(value);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_route_is_described),
        cmocka_unit_test(nothing_else_is),
        cmocka_unit_test(the_description_says_what_the_table_says),
        cmocka_unit_test(references_lead_somewhere),
        cmocka_unit_test(the_checker_checks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
