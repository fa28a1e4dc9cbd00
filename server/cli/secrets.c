#include "cli/secrets.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_MAX = 16 * 1024 };

#define SECRET(name_, member_)                                                                               \
    {                                                                                                        \
        name_, offsetof(struct srv_secrets, member_), sizeof(((struct srv_secrets *)0)->member_)             \
    }
static const struct {
    const char *name;
    size_t offset, size;
} names[] = {
    SECRET("WHATSAPP_TOKEN", whatsapp_token),      SECRET("WHATSAPP_APP_SECRET", app_secret),
    SECRET("WHATSAPP_VERIFY_TOKEN", verify_token), SECRET("WHATSAPP_PHONE_ID", phone_id),
    SECRET("SMTP_PASSWORD", smtp_password),
};
enum { NAMES = sizeof names / sizeof names[0] };

static bool put(struct srv_secrets *secrets, int which, const char *value, size_t size)
{
    char *to = (char *)secrets + names[which].offset;
    if (size >= names[which].size)
        return false;
    memcpy(to, value, size);
    to[size] = '\0';
    return true;
}

/* One line without its end: NAME=value, the value in quotes or not; nothing, or a comment. */
static enum cm_code take_line(struct srv_secrets *secrets, const char *path, int number, const char *line,
                              size_t size, struct cm_err *err)
{
    const char *equals = memchr(line, '=', size), *end = line + size;
    if (size == 0 || line[0] == '#')
        return CM_OK;
    for (int i = 0; i < NAMES && equals != NULL; i++) {
        size_t length = strlen(names[i].name);
        if ((size_t)(equals - line) != length || memcmp(line, names[i].name, length) != 0)
            continue;
        const char *value = equals + 1;
        if (end - value >= 2 && (*value == '"' || *value == '\'') && end[-1] == *value) {
            value++;
            end--;
        }
        return put(secrets, i, value, (size_t)(end - value))
                   ? CM_OK
                   : cm_fail(err, CM_INVALID, "%.150s:%d: the value is too long", path, number);
    }
    return cm_fail(err, CM_INVALID, "%.150s:%d: lines are NAME=value, of names such as WHATSAPP_TOKEN", path,
                   number);
}

static enum cm_code take_lines(struct srv_secrets *secrets, const char *path, const char *text,
                               struct cm_err *err)
{
    enum cm_code code = CM_OK;
    for (int number = 1; *text != '\0' && code == CM_OK; number++) {
        size_t size = strcspn(text, "\n"), kept = size;
        while (kept > 0 && strchr(" \t\r", text[kept - 1]) != NULL)
            kept--;
        code = take_line(secrets, path, number, text, kept, err);
        text += size + (text[size] == '\n');
    }
    return code;
}

static enum cm_code check_file(int fd, const char *path, struct cm_err *err)
{
    struct stat stat;
    if (fstat(fd, &stat) != 0)
        return cm_fail(err, cm_file_code(errno), "%.150s: %s", path, strerror(errno));
    if (!S_ISREG(stat.st_mode) || stat.st_size > FILE_MAX)
        return cm_fail(err, CM_INVALID, "%.150s is no file of credentials", path);
    if ((stat.st_mode & 077) != 0)
        return cm_fail(err, CM_INVALID, "%.150s can be read by others: chmod 600", path);
    return CM_OK;
}

static enum cm_code read_file(const char *path, struct srv_secrets *secrets, struct cm_err *err)
{
    char text[FILE_MAX + 1];
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return cm_fail(err, cm_file_code(errno), "%.150s: %s", path, strerror(errno));
    enum cm_code code = check_file(fd, path, err);
    ssize_t size = code == CM_OK ? read(fd, text, FILE_MAX) : 0;
    if (size < 0)
        code = cm_fail(err, cm_file_code(errno), "%.150s: %s", path, strerror(errno));
    text[size > 0 ? size : 0] = '\0';
    if (code == CM_OK)
        code = take_lines(secrets, path, text, err);
    sodium_memzero(text, sizeof text);
    close(fd);
    return code;
}

enum cm_code srv_secrets_load(const char *path, struct srv_secrets *ret_secrets, struct cm_err *err)
{
    struct srv_secrets secrets = {0};
    enum cm_code code = path != NULL && path[0] != '\0' ? read_file(path, &secrets, err) : CM_OK;
    for (int i = 0; i < NAMES && code == CM_OK; i++) {
        const char *value = getenv(names[i].name);
        if (value != NULL && !put(&secrets, i, value, strlen(value)))
            code = cm_fail(err, CM_INVALID, "%s is too long", names[i].name);
    }
    if (code == CM_OK)
        *ret_secrets = secrets;
    srv_secrets_wipe(&secrets);
    return code;
}

void srv_secrets_wipe(struct srv_secrets *secrets)
{
    sodium_memzero(secrets, sizeof *secrets);
}
