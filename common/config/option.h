/*
 * One setting: its text into its value, and what may be said about it. Inside of common/config; the rest of
 * the product sees config/config.h.
 */
#ifndef CM_OPTION_H
#define CM_OPTION_H

#include "config/config.h"

enum { CM_OPTION_RULE_SIZE = 160 };

const struct cm_option *cm_option_find(const struct cm_config_schema *schema, const char *section,
                                       const char *key);

/* Writes the value of text into its member of settings, or says in ret_why what is allowed and returns false.
 * folder is put before a relative path (NULL: none). */
bool cm_option_store(const struct cm_option *option, const char *text, const char *folder, void *settings,
                     struct cm_err *ret_why);

/* The member of settings as it would be written in the file; cut where out is too small. */
void cm_option_text(const struct cm_option *option, const void *settings, char *out, size_t out_size);

/* What is allowed, for a person: "a whole number from 1 to 65535". */
void cm_option_rule(const struct cm_option *option, char out[static CM_OPTION_RULE_SIZE]);

/* ROLLCALL_SECTION_KEY; cut where out is too small. */
void cm_option_variable(const char *section, const char *key, char *out, size_t out_size);

/* Which of count names is nearest to `name`, within two slips of the finger; NULL when none is. */
const char *cm_option_nearest(const char *name, const char *const *names, size_t count);

#endif
