#include "http/http.h"

#include "http/text.h"
#include <stdio.h>
#include <string.h>

static const char *const method_names[] = {
    [SRV_GET] = "GET, HEAD", [SRV_POST] = "POST",     [SRV_PUT] = "PUT",
    [SRV_PATCH] = "PATCH",   [SRV_DELETE] = "DELETE",
};

/* One path segment as a parameter. False: it is no value (empty, too long, a broken or dangerous escape). */
static bool take_param(struct srv_match *match, const char *name, size_t name_size, const char *segment,
                       size_t size)
{
    if (size == 0 || match->param_count == SRV_PARAMS_MAX)
        return false;
    char *value = match->params[match->param_count].value;
    if (!srv_text_unescape(segment, size, value, SRV_PARAM_SIZE) || value[0] == '\0')
        return false;
    for (const char *c = value; *c != '\0'; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            return false;
    match->params[match->param_count].name = name;
    match->params[match->param_count].name_size = name_size;
    match->param_count++;
    return true;
}

static bool path_matches(const char *pattern, const char *path, size_t path_size, struct srv_match *match)
{
    const char *end = path + path_size;
    match->param_count = 0;
    while (*pattern != '\0' && *pattern != '?') {
        if (*pattern == ':') {
            const char *name = pattern + 1;
            pattern = name + strcspn(name, "/?");
            const char *slash = memchr(path, '/', (size_t)(end - path));
            const char *segment_end = slash != NULL ? slash : end;
            if (!take_param(match, name, (size_t)(pattern - name), path, (size_t)(segment_end - path)))
                return false;
            path = segment_end;
        } else if (path < end && *path == *pattern) {
            path++;
            pattern++;
        } else {
            return false;
        }
    }
    return path == end;
}

static void add_allowed(char allow[64], enum srv_method method)
{
    const char *name = method_names[method];
    if (strstr(allow, name) != NULL)
        return;
    size_t length = strlen(allow);
    snprintf(allow + length, 64 - length, "%s%s", length > 0 ? ", " : "", name);
}

void srv_route_match(const struct srv_route *routes, size_t count, enum srv_method method, const char *path,
                     size_t path_size, struct srv_match *ret_match)
{
    ret_match->route = NULL;
    ret_match->status = 404;
    ret_match->allow[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        if (!path_matches(routes[i].pattern, path, path_size, ret_match))
            continue;
        if (routes[i].method == method) {
            ret_match->route = &routes[i];
            ret_match->status = 200;
            ret_match->allow[0] = '\0';
            return;
        }
        ret_match->status = 405;
        add_allowed(ret_match->allow, routes[i].method);
    }
    ret_match->param_count = 0;
}
