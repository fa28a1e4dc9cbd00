#include "config/config.h"

#include "base/file.h"
#include "base/utf8.h"
#include "config/option.h"
#include <assert.h>
#include <ini.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_SIZE = 64, INI_BUFFER_LEAST = CM_CONFIG_LINE_MAX + 2 /* newline and NUL */ };

/* One reading of a file's text. inih is asked for one line at a time: it does not tell its handler the line's
 * number, and it would take a long line as two and an unknown section without keys as nothing at all. */
struct reading {
    const struct cm_config_schema *schema;
    void *settings;
    const char *name;   /* of the file, for messages */
    const char *folder; /* of the file, for relative paths */
    const char *next, *end;
    int line;
    bool seen[CM_CONFIG_OPTIONS_MAX];
    enum cm_code code;
    struct cm_err *err;
};

static enum cm_code stop(struct reading *reading, const char *why)
{
    reading->code = cm_fail(reading->err, CM_INVALID, "%s:%d: %s", reading->name, reading->line, why);
    return reading->code;
}

/* ---- names ---- */

/* The sections of the table, or the keys of one section. Returns how many. */
static size_t list_names(const struct cm_config_schema *schema, const char *section,
                         const char *names[CM_CONFIG_OPTIONS_MAX])
{
    size_t count = 0;
    for (size_t i = 0; i < schema->option_count; i++) {
        const struct cm_option *option = &schema->options[i];
        const char *name = section == NULL ? option->section : option->key;
        if (section != NULL && strcmp(option->section, section) != 0)
            continue;
        bool listed = false;
        for (size_t j = 0; j < count && !listed; j++)
            listed = strcmp(names[j], name) == 0;
        if (!listed)
            names[count++] = name;
    }
    return count;
}

/* `no key "prot" in [server]; did you mean port?`, or all there are. section NULL: about the section `name`.
 */
static void explain_unknown(const struct cm_config_schema *schema, const char *section, const char *name,
                            struct cm_err *ret_why)
{
    const char *names[CM_CONFIG_OPTIONS_MAX];
    size_t count = list_names(schema, section, names);
    char shown[NAME_SIZE], what[2 * NAME_SIZE + 32], all[160] = "";
    cm_utf8_escape(name, strlen(name), shown, sizeof shown);
    if (section == NULL)
        snprintf(what, sizeof what, "there is no section [%s]", shown);
    else
        snprintf(what, sizeof what, "there is no setting \"%s\" in [%s]", shown, section);
    const char *nearest = cm_option_nearest(name, names, count);
    if (nearest != NULL) {
        cm_fail(ret_why, CM_INVALID, "%s; did you mean \"%s\"?", what, nearest);
        return;
    }
    size_t used = 0;
    for (size_t i = 0; i < count && used < sizeof all; i++)
        used += (size_t)snprintf(all + used, sizeof all - used, "%s%s", i == 0 ? "" : ", ", names[i]);
    cm_fail(ret_why, CM_INVALID, "%s; there are: %s%s", what, all, used >= sizeof all ? " …" : "");
}

static bool has_section(const struct cm_config_schema *schema, const char *section)
{
    for (size_t i = 0; i < schema->option_count; i++)
        if (strcmp(schema->options[i].section, section) == 0)
            return true;
    return false;
}

/* ---- the file ---- */

/* line begins with '['. inih takes what stands before the first ']' and ignores the rest. */
static void check_section_line(struct reading *reading, const char *line)
{
    char section[NAME_SIZE];
    struct cm_err why;
    size_t length = strcspn(line + 1, "]");
    if (line[1 + length] == '\0')
        return; /* inih reports it */
    const char *rest = line + length + 2;
    rest += strspn(rest, " \t\r\n");
    if (*rest != '\0' && *rest != ';' && *rest != '#') {
        stop(reading, "text after a section; put the setting on a line of its own");
        return;
    }
    snprintf(section, sizeof section, "%.*s", (int)(length < NAME_SIZE ? length : NAME_SIZE), line + 1);
    if (!has_section(reading->schema, section)) {
        explain_unknown(reading->schema, NULL, section, &why);
        stop(reading, why.msg);
    }
}

/* The bytes of the next line, without its line break. */
static size_t take_line(struct reading *reading, const char **ret_line)
{
    const char *start = reading->next;
    size_t left = (size_t)(reading->end - start);
    const char *newline = memchr(start, '\n', left);
    reading->next = newline != NULL ? newline + 1 : reading->end;
    reading->line++;
    *ret_line = start;
    return newline != NULL ? (size_t)(newline - start) : left;
}

/* ini_reader: the next line, without leading spaces (inih would take an indented line as more of the value before) and
 * without what is all comment (which may be as long as it likes). */
static char *next_line(char *out, int out_size, void *stream)
{
    struct reading *reading = stream;
    if (reading->code != CM_OK || reading->next == reading->end)
        return NULL;
    if (out_size < INI_BUFFER_LEAST) {
        reading->code =
            cm_fail(reading->err, CM_BACKEND, "%s: the INI reader takes only short lines", reading->name);
        return NULL;
    }
    const char *line;
    size_t length = take_line(reading, &line);
    if (memchr(line, '\0', length) != NULL || !cm_utf8_valid(line, length)) {
        stop(reading, "this is not UTF-8 text");
        return NULL;
    }
    for (; length > 0 && (*line == ' ' || *line == '\t'); line++)
        length--;
    if (length > 0 && (*line == '#' || *line == ';'))
        length = 0;
    if (length > CM_CONFIG_LINE_MAX) {
        stop(reading, "the line is too long (190 bytes at most; the environment takes longer values)");
        return NULL;
    }
    memcpy(out, line, length);
    memcpy(out + length, "\n", 2);
    if (out[0] == '[')
        check_section_line(reading, out);
    return reading->code == CM_OK ? out : NULL;
}

/* ini_handler: 0 is failure. */
static int take_setting(void *user, const char *section, const char *key, const char *value)
{
    struct reading *reading = user;
    struct cm_err why;
    if (reading->code != CM_OK)
        return 0;
    if (section[0] == '\0') {
        stop(reading, "a setting before the first [section]");
        return 0;
    }
    const struct cm_option *option = cm_option_find(reading->schema, section, key);
    if (option == NULL) {
        explain_unknown(reading->schema, section, key, &why);
        stop(reading, why.msg);
        return 0;
    }
    size_t index = (size_t)(option - reading->schema->options);
    if (reading->seen[index]) {
        snprintf(why.msg, sizeof why.msg, "%s: set before in this file", option->key);
        stop(reading, why.msg);
        return 0;
    }
    reading->seen[index] = true;
    if (!cm_option_store(option, value, reading->folder, reading->settings, &why)) {
        stop(reading, why.msg);
        return 0;
    }
    return 1;
}

static void folder_of(const char *name, char out[PATH_MAX])
{
    const char *slash = strrchr(name, '/');
    if (slash == NULL)
        snprintf(out, PATH_MAX, ".");
    else
        snprintf(out, PATH_MAX, "%.*s", (int)(slash - name), name);
}

static enum cm_code read_text(const struct cm_config_schema *schema, const char *name, const char *text,
                              size_t size, void *settings, struct cm_err *err)
{
    char folder[PATH_MAX];
    folder_of(name, folder);
    struct reading reading = {
        .schema = schema,
        .settings = settings,
        .name = name,
        .folder = folder,
        .next = text,
        .end = text + size,
        .err = err,
    };
    if (size >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0)
        reading.next += 3;
    int result = ini_parse_stream(next_line, &reading, take_setting, &reading);
    if (result > 0 && (reading.code == CM_OK || result < reading.line)) {
        reading.line = result;
        stop(&reading, "expected [section], key = value or a comment");
    } else if (result < 0 && reading.code == CM_OK) {
        reading.code = cm_fail(err, CM_NOMEM, "%s: out of memory", name);
    }
    return reading.code;
}

static enum cm_code read_file(const struct cm_config_schema *schema, const struct cm_config_source *source,
                              void *settings, struct cm_err *err)
{
    char *text;
    size_t size;
    enum cm_code code = cm_file_read(source->path, CM_CONFIG_FILE_MAX, &text, &size, err);
    if (code == CM_NOTFOUND && !source->path_required)
        return CM_OK;
    if (code != CM_OK)
        return code;
    code = read_text(schema, source->path, text, size, settings, err);
    free(text);
    return code;
}

/* ---- the environment ---- */

/* name=value, of which name may be longer than any of ours. */
static bool is_variable(const char *entry, const char *name)
{
    size_t length = strlen(name);
    return strncmp(entry, name, length) == 0 && entry[length] == '=';
}

static const struct cm_option *option_of_variable(const struct cm_config_schema *schema, const char *entry)
{
    char name[3 * NAME_SIZE];
    for (size_t i = 0; i < schema->option_count; i++) {
        cm_option_variable(schema->options[i].section, schema->options[i].key, name, sizeof name);
        if (is_variable(entry, name))
            return &schema->options[i];
    }
    return NULL;
}

/* The section that a variable speaks of when it begins with ROLLCALL_<SECTION>_. */
static const char *section_of_variable(const struct cm_config_schema *schema, const char *entry)
{
    char name[2 * NAME_SIZE];
    for (size_t i = 0; i < schema->option_count; i++) {
        cm_option_variable(schema->options[i].section, "", name, sizeof name);
        size_t length = strlen(name);
        if (strncmp(entry, name, length) == 0 && entry[length] == '_')
            return schema->options[i].section;
    }
    return NULL;
}

static enum cm_code fail_variable(const struct cm_config_schema *schema, const char *section,
                                  const char *entry, struct cm_err *err)
{
    char prefix[2 * NAME_SIZE], key[NAME_SIZE], shown[NAME_SIZE];
    struct cm_err why;
    cm_option_variable(section, "", prefix, sizeof prefix);
    snprintf(key, sizeof key, "%.*s", (int)strcspn(entry + strlen(prefix) + 1, "="),
             entry + strlen(prefix) + 1);
    for (char *c = key; *c != '\0'; c++)
        *c = *c >= 'A' && *c <= 'Z' ? (char)(*c - 'A' + 'a') : *c;
    explain_unknown(schema, section, key, &why);
    cm_utf8_escape(entry, strcspn(entry, "="), shown, sizeof shown);
    return cm_fail(err, CM_INVALID, "environment variable %s: %s", shown, why.msg);
}

static enum cm_code read_environment(const struct cm_config_schema *schema, char *const *environment,
                                     void *settings, struct cm_err *err)
{
    for (; *environment != NULL; environment++) {
        const char *entry = *environment;
        if (strncmp(entry, "ROLLCALL_", 9) != 0 || strchr(entry, '=') == NULL)
            continue;
        const struct cm_option *option = option_of_variable(schema, entry);
        const char *section = section_of_variable(schema, entry);
        struct cm_err why;
        if (option == NULL && section != NULL)
            return fail_variable(schema, section, entry, err);
        if (option != NULL && !cm_option_store(option, strchr(entry, '=') + 1, NULL, settings, &why))
            return cm_fail(err, CM_INVALID, "environment variable %.*s: %s", (int)strcspn(entry, "="), entry,
                           why.msg);
    }
    return CM_OK;
}

/* ---- all together ---- */

/* Good and in its usual form, as cm_config_describe would write it: that finds what differs from the default by it. */
static bool store_default(const struct cm_option *option, void *settings)
{
    char text[4096];
    struct cm_err why;
    if (!cm_option_store(option, option->default_text, NULL, settings, &why))
        return false;
    cm_option_text(option, settings, text, sizeof text);
    return strcmp(text, option->default_text) == 0;
}

static void set_defaults(const struct cm_config_schema *schema, void *settings)
{
    assert(schema->option_count <= CM_CONFIG_OPTIONS_MAX);
    for (size_t i = 0; i < schema->option_count; i++) {
        bool good = store_default(&schema->options[i], settings);
        assert(good && "the table has a default that breaks its own rule or is not in its usual form");
        (void)good;
    }
}

/* Works on a copy, so that a failure leaves the caller's settings as they were. */
static void *begin_copy(const struct cm_config_schema *schema, const void *settings, struct cm_err *err)
{
    void *copy = malloc(schema->settings_size);
    if (copy == NULL) {
        cm_fail(err, CM_NOMEM, "out of memory for the settings");
        return NULL;
    }
    memcpy(copy, settings, schema->settings_size);
    set_defaults(schema, copy);
    return copy;
}

static enum cm_code end_copy(const struct cm_config_schema *schema, enum cm_code code, void *copy,
                             void *settings)
{
    if (code == CM_OK)
        memcpy(settings, copy, schema->settings_size);
    free(copy);
    return code;
}

enum cm_code cm_config_load(const struct cm_config_schema *schema, const struct cm_config_source *source,
                            void *settings, struct cm_err *err)
{
    void *copy = begin_copy(schema, settings, err);
    if (copy == NULL)
        return CM_NOMEM;
    enum cm_code code = CM_OK;
    if (source->path != NULL)
        code = read_file(schema, source, copy, err);
    if (code == CM_OK && source->environment != NULL)
        code = read_environment(schema, source->environment, copy, err);
    return end_copy(schema, code, copy, settings);
}

enum cm_code cm_config_parse(const struct cm_config_schema *schema, const char *name, const char *text,
                             size_t size, void *settings, struct cm_err *err)
{
    void *copy = begin_copy(schema, settings, err);
    if (copy == NULL)
        return CM_NOMEM;
    return end_copy(schema, read_text(schema, name, text, size, copy, err), copy, settings);
}

enum cm_code cm_config_set(const struct cm_config_schema *schema, void *settings, const char *section,
                           const char *key, const char *text, const char *where, struct cm_err *err)
{
    struct cm_err why;
    const struct cm_option *option = cm_option_find(schema, section, key);
    if (option == NULL)
        explain_unknown(schema, has_section(schema, section) ? section : NULL,
                        has_section(schema, section) ? key : section, &why);
    else if (cm_option_store(option, text, NULL, settings, &why))
        return CM_OK;
    return cm_fail(err, CM_INVALID, "%s: %s", where, why.msg);
}
