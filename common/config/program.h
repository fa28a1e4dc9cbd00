/*
 * How a program of ours finds its settings, the same for all: the file that it was told, else NAME.conf in its data folder,
 * else /etc/rollcall/NAME.conf, else none; then the environment, then --data. Data are where --data or the settings say, else
 * in the user's folder.
 */
#ifndef CM_CONFIG_PROGRAM_H
#define CM_CONFIG_PROGRAM_H

#include "config/config.h"

struct cm_config_program {
    const struct cm_config_schema *schema;
    const char *name;   /* of its section, whose PATH option "data" is the folder, and of its file */
    const char *folder; /* in $XDG_DATA_HOME or ~/.local/share */
};

/* path NULL: none was told. data_dir NULL: no --data. Codes as cm_config_load, and CM_INVALID
 * where no folder can be told; after a failure settings are anything. */
enum cm_code cm_config_load_program(const struct cm_config_program *program, const char *path,
                                    const char *data_dir, void *settings, struct cm_err *err);

/* $variable/tail, or $HOME/home_tail/tail where the variable is not set. CM_INVALID: nor is HOME, or it is too long. */
enum cm_code cm_config_user_folder(const char *variable, const char *home_tail, const char *tail, char *out,
                                   size_t size, struct cm_err *err);

#endif
