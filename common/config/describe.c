#include "config/config.h"

#include "config/option.h"
#include <string.h>

static void describe_option(const struct cm_option *option, const void *settings, FILE *out)
{
    char rule[CM_OPTION_RULE_SIZE], variable[192], value[4096] = "";
    cm_option_rule(option, rule);
    cm_option_variable(option->section, option->key, variable, sizeof variable);
    if (settings != NULL)
        cm_option_text(option, settings, value, sizeof value);
    bool changed = settings != NULL && strcmp(value, option->default_text) != 0;
    fprintf(out, "\n# %s\n# %s; default %s; or %s in the environment\n", option->help, rule,
            option->default_text[0] != '\0' ? option->default_text : "empty", variable);
    fprintf(out, "%s%s = %s\n", changed ? "" : "#", option->key, changed ? value : option->default_text);
}

void cm_config_describe(const struct cm_config_schema *schema, const void *settings, FILE *out)
{
    const char *section = "";
    for (size_t i = 0; i < schema->option_count; i++) {
        const struct cm_option *option = &schema->options[i];
        if (strcmp(option->section, section) != 0)
            fprintf(out, "%s[%s]\n", i == 0 ? "" : "\n", option->section);
        section = option->section;
        describe_option(option, settings, out);
    }
}
