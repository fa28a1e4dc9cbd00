/*
 * Settings: a table says which there are; they come from an INI file and from the environment into the
 * caller's struct.
 *
 *     struct stn_settings { char camera[128]; int32_t port; enum policy policy; };
 *
 *     static const char *const policies[] = {"strict", "pad", "basic", NULL}; // in the order of enum policy
 *     static const struct cm_option options[] = {
 *         CM_OPTION_STRING(struct stn_settings, camera, "camera", "source", "pattern", "Where frames come from"),
 *         CM_OPTION_INT(struct stn_settings, port, "server", "port", "8080", 1, 65535, "Port to listen on"),
 *         CM_OPTION_CHOICE(struct stn_settings, policy, "liveness", "policy", "strict", policies, "What proves life"),
 *     };
 *     static const struct cm_config_schema schema = CM_CONFIG_SCHEMA(struct stn_settings, options);
 *
 *     struct stn_settings settings = {0};
 *     const struct cm_config_source source = {.path = path, .path_required = given, .environment = environ};
 *     if (cm_config_load(&schema, &source, &settings, &err) != CM_OK) …       // err.msg is ready to print
 *     cm_config_set(&schema, &settings, "camera", "source", optarg, "--camera", &err); // the command line wins
 *
 * The file: [section], key = value, comments from # or ; at the start of a line, or from " ;" after a value.
 * A key outside its section, given twice or unknown, a value that breaks its rule and a line that is too long
 * are errors (CM_INVALID) that read "FILE:LINE: what is wrong, and what is allowed". The environment comes
 * after the file: ROLLCALL_<SECTION>_<KEY>, in capitals, '-' written as '_'. A variable that begins like one
 * of ours (its section is known) and names no key is an error too; other ROLLCALL_ variables are not ours to
 * judge.
 *
 * Values: text is UTF-8 without control characters. bool: yes no, true false, on off, 1 0. Minutes: 90, 90m,
 * 2h, 1h30m, 7d. Path: in the file, one that is not absolute is relative to the file's folder; elsewhere it
 * is kept as given; empty stays empty.
 *
 * Numbers have a decimal point: the program leaves LC_NUMERIC alone (setlocale(LC_CTYPE, ""), not LC_ALL).
 *
 * Nothing here is kept: no memory outlives a call. Any thread, as long as two do not share `settings`.
 */
#ifndef CM_CONFIG_H
#define CM_CONFIG_H

#include "base/err.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum {
    CM_CONFIG_OPTIONS_MAX = 256,
    CM_CONFIG_FILE_MAX = 256 * 1024,
    CM_CONFIG_LINE_MAX = 190, /* bytes, comments aside; what every build of the INI reader takes whole */
};

enum cm_option_type {
    CM_OPTION_TYPE_STRING,  /* char[N] */
    CM_OPTION_TYPE_PATH,    /* char[N] */
    CM_OPTION_TYPE_INT,     /* int32_t */
    CM_OPTION_TYPE_MINUTES, /* int32_t */
    CM_OPTION_TYPE_CHOICE,  /* an enum or int32_t: the index into choices */
    CM_OPTION_TYPE_BOOL,    /* bool */
    CM_OPTION_TYPE_REAL,    /* double, finite */
};

struct cm_option { /* made by the macros below, which check the member's size */
    const char *section, *key;
    enum cm_option_type type;
    size_t offset, size;
    const char *default_text; /* in its usual form: yes, 30d, 0.001 */
    double min, max;          /* int, minutes, real */
    const char *const *choices;
    const char *help; /* one line; what it does and when to change it */
};

struct cm_config_schema {
    const struct cm_option *options;
    size_t option_count;
    size_t settings_size;
};

#define CM_CONFIG_SCHEMA(settings_type, table)                                                               \
    {                                                                                                        \
        table, sizeof(table) / sizeof((table)[0]), sizeof(settings_type)                                     \
    }

/* offsetof, and no compilation when the member has not the size that the type of option writes */
#define CM_OPTION_AT(type, member, want)                                                                     \
    (offsetof(type, member) + 0 * sizeof(char[sizeof(((type *)0)->member) == (want) ? 1 : -1]))
#define CM_OPTION_SIZE(type, member) sizeof(((type *)0)->member)

#define CM_OPTION_STRING(type, member, section, key, default_text, help)                                     \
    {                                                                                                        \
        section, key, CM_OPTION_TYPE_STRING, offsetof(type, member), CM_OPTION_SIZE(type, member),           \
            default_text, 0, 0, NULL, help                                                                   \
    }
#define CM_OPTION_PATH(type, member, section, key, default_text, help)                                       \
    {                                                                                                        \
        section, key, CM_OPTION_TYPE_PATH, offsetof(type, member), CM_OPTION_SIZE(type, member),             \
            default_text, 0, 0, NULL, help                                                                   \
    }
#define CM_OPTION_INT(type, member, section, key, default_text, min, max, help)                              \
    {                                                                                                        \
        section, key, CM_OPTION_TYPE_INT, CM_OPTION_AT(type, member, sizeof(int32_t)), sizeof(int32_t),      \
            default_text, min, max, NULL, help                                                               \
    }
#define CM_OPTION_MINUTES(type, member, section, key, default_text, min, max, help)                          \
    {                                                                                                        \
        section, key, CM_OPTION_TYPE_MINUTES, CM_OPTION_AT(type, member, sizeof(int32_t)), sizeof(int32_t),  \
            default_text, min, max, NULL, help                                                               \
    }
#define CM_OPTION_CHOICE(type, member, section, key, default_text, choices, help)                            \
    {                                                                                                        \
        section, key, CM_OPTION_TYPE_CHOICE, CM_OPTION_AT(type, member, sizeof(int32_t)), sizeof(int32_t),   \
            default_text, 0, 0, choices, help                                                                \
    }
#define CM_OPTION_BOOL(type, member, section, key, default_text, help)                                       \
    {                                                                                                        \
        section, key, CM_OPTION_TYPE_BOOL, CM_OPTION_AT(type, member, sizeof(bool)), sizeof(bool),           \
            default_text, 0, 0, NULL, help                                                                   \
    }
#define CM_OPTION_REAL(type, member, section, key, default_text, min, max, help)                             \
    {                                                                                                        \
        section, key, CM_OPTION_TYPE_REAL, CM_OPTION_AT(type, member, sizeof(double)), sizeof(double),       \
            default_text, min, max, NULL, help                                                               \
    }

struct cm_config_source {
    const char *path;         /* NULL: no file */
    bool path_required;       /* the user named it: a missing file is an error */
    char *const *environment; /* as `environ`; NULL: none */
};

/* Defaults, then the file, then the environment. settings is untouched on failure; members that no option
 * names are never touched. CM_INVALID as above; CM_NOTFOUND: a required file is missing; CM_BACKEND: it
 * cannot be read. */
enum cm_code cm_config_load(const struct cm_config_schema *schema, const struct cm_config_source *source,
                            void *settings, struct cm_err *err);

/* The defaults, then the text of a file already in memory; `name` is what messages call it, and relative
 * paths are relative to its folder. settings is untouched on failure. */
enum cm_code cm_config_parse(const struct cm_config_schema *schema, const char *name, const char *text,
                             size_t size, void *settings, struct cm_err *err);

/* One value from elsewhere, such as the command line; `where` is what messages call it ("--camera"). */
enum cm_code cm_config_set(const struct cm_config_schema *schema, void *settings, const char *section,
                           const char *key, const char *text, const char *where, struct cm_err *err);

/* Every option with its meaning, rule, default and variable, as a file in which all is commented out: for
 * --help and for the example that packages install. With settings, those that differ from the default are
 * written uncommented. */
void cm_config_describe(const struct cm_config_schema *schema, const void *settings, FILE *out);

#endif
