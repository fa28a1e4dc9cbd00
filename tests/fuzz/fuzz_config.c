/* A settings file from anywhere, on a table with every type. What is accepted must be within its rules, and must read
 * back the same from its own description. */
#include "config/config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct settings {
    char camera[32];
    int32_t port;
    bool headless;
    int32_t policy;
    double budget;
    char data[64];
    int32_t keep_min;
};

static const char *const policies[] = {"strict", "pad", "basic", NULL};
static const struct cm_option options[] = {
    CM_OPTION_STRING(struct settings, camera, "camera", "source", "pattern", "Where frames come from"),
    CM_OPTION_INT(struct settings, port, "server", "port", "8080", 1, 65535, "Port to listen on"),
    CM_OPTION_BOOL(struct settings, headless, "ui", "headless", "no", "Run without the interface"),
    CM_OPTION_CHOICE(struct settings, policy, "liveness", "policy", "strict", policies, "What proves life"),
    CM_OPTION_REAL(struct settings, budget, "liveness", "budget", "0.001", 0.0, 0.5, "False accepts allowed"),
    CM_OPTION_PATH(struct settings, data, "store", "data", "/var/lib/rollcall", "Folder of the data"),
    CM_OPTION_MINUTES(struct settings, keep_min, "store", "keep", "30d", 0, 527040, "Age that logs reach"),
};
static const struct cm_config_schema schema = CM_CONFIG_SCHEMA(struct settings, options);

static void check(const struct settings *settings)
{
    struct settings again;
    char *text = NULL;
    size_t size = 0;
    if (settings->port < 1 || settings->port > 65535 || settings->policy < 0 || settings->policy > 2 ||
        !(settings->budget >= 0 && settings->budget <= 0.5) || settings->keep_min < 0 ||
        settings->keep_min > 527040 || memchr(settings->camera, '\0', sizeof settings->camera) == NULL ||
        memchr(settings->data, '\0', sizeof settings->data) == NULL)
        abort();
    FILE *out = open_memstream(&text, &size);
    if (out == NULL)
        abort();
    cm_config_describe(&schema, settings, out);
    fclose(out);
    memset(&again, 0, sizeof again);
    if (cm_config_parse(&schema, "again", text, size, &again, NULL) == CM_OK &&
        (again.port != settings->port || again.headless != settings->headless ||
         again.policy != settings->policy || again.budget != settings->budget ||
         again.keep_min != settings->keep_min))
        abort();
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct settings settings;
    struct cm_err err;
    memset(&settings, 0, sizeof settings);
    enum cm_code code =
        cm_config_parse(&schema, "folder/fuzz.ini", (const char *)data, size, &settings, &err);
    if (code == CM_OK)
        check(&settings);
    else if (code != CM_INVALID || strncmp(err.msg, "folder/fuzz.ini:", 16) != 0)
        abort();
    return 0;
}
