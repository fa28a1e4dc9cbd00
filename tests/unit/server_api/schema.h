/*
 * JSON against a JSON Schema, as far as openapi.json uses it: $ref, type, properties, required, additionalProperties
 * false, items, enum, oneOf, format, pattern (of the few kinds that are there), minimum, maximum.
 */
#ifndef TEST_SCHEMA_H
#define TEST_SCHEMA_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* The program's openapi.json; borrowed, for the life of the process. */
json_t *openapi(void);
/* What the description says of an operation ("get", "/api/students/{id}"); NULL: nothing. */
json_t *openapi_operation(const char *method, const char *path);
/* "/api/students/:id" → "/api/students/{id}" */
void openapi_path(const char *pattern, char *ret_path, size_t size);

/* False: ret_why says where and what. */
bool schema_holds(const json_t *schema, const json_t *value, char *ret_why, size_t size);

#endif
