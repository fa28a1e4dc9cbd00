#include "config/program.h"

#include "config/option.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FOLDER_SIZE = 512 };

extern char **environ;

enum cm_code cm_config_user_folder(const char *variable, const char *home_tail, const char *tail, char *out,
                                   size_t size, struct cm_err *err)
{
    const char *base = getenv(variable), *home = getenv("HOME");
    int length;
    if (base != NULL && base[0] == '/')
        length = snprintf(out, size, "%s/%s", base, tail);
    else if (home != NULL && home[0] == '/')
        length = snprintf(out, size, "%s/%s/%s", home, home_tail, tail);
    else
        return cm_fail(err, CM_INVALID,
                       "HOME is not set: name the folder with --data DIR or in the configuration");
    return (size_t)length < size ? CM_OK : cm_fail(err, CM_INVALID, "the path under $HOME is too long");
}

static const char *find_file(const char *name, const char *data_dir, char *out, size_t size)
{
    int length = snprintf(out, size, "%s/%s.conf", data_dir, name);
    if (data_dir[0] != '\0' && (size_t)length < size && access(out, F_OK) == 0)
        return out;
    snprintf(out, size, "/etc/rollcall/%s.conf", name);
    return access(out, F_OK) == 0 ? out : NULL;
}

enum cm_code cm_config_load_program(const struct cm_config_program *program, const char *path,
                                    const char *data_dir, void *settings, struct cm_err *err)
{
    const struct cm_option *data = cm_option_find(program->schema, program->name, "data");
    assert(data != NULL && data->type == CM_OPTION_TYPE_PATH);
    char *folder = (char *)settings + data->offset;
    char usual[FOLDER_SIZE], found[FOLDER_SIZE + 64];
    struct cm_err no_home = CM_ERR_INIT;
    if (cm_config_user_folder("XDG_DATA_HOME", ".local/share", program->folder, usual, sizeof usual,
                              &no_home) != CM_OK)
        usual[0] = '\0';
    struct cm_config_source source = {.path = path, .path_required = path != NULL, .environment = environ};
    if (path == NULL)
        source.path = find_file(program->name, data_dir != NULL ? data_dir : usual, found, sizeof found);
    enum cm_code code = cm_config_load(program->schema, &source, settings, err);
    if (code == CM_OK && data_dir != NULL)
        code = cm_config_set(program->schema, settings, program->name, "data", data_dir, "--data", err);
    if (code != CM_OK || folder[0] != '\0')
        return code;
    if (usual[0] == '\0' || strlen(usual) >= data->size)
        return cm_fail(err, CM_INVALID, "%s",
                       usual[0] == '\0' ? no_home.msg : "the path under $HOME is too long");
    strcpy(folder, usual);
    return CM_OK;
}
