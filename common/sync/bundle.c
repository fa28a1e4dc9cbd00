#include "sync/bundle.h"

#include "base/file.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { MAGIC_SIZE = 15, VERSION = 1, HEAD_SIZE = MAGIC_SIZE + 1 + CM_SYNC_STATION_ID_SIZE };

static const char magic[MAGIC_SIZE + 1] = "rollcall.bundle";

static void put_number(uint8_t out[4], uint32_t number)
{
    for (int i = 0; i < 4; i++)
        out[i] = (uint8_t)(number >> (8 * i));
}

static uint32_t get_number(const uint8_t in[4])
{
    return (uint32_t)in[0] | (uint32_t)in[1] << 8 | (uint32_t)in[2] << 16 | (uint32_t)in[3] << 24;
}

static enum cm_code write_all(FILE *file, const void *bytes, size_t size, struct cm_err *err)
{
    errno = 0;
    if (fwrite(bytes, 1, size, file) == size)
        return CM_OK;
    return cm_fail(err, cm_file_code(errno), "cannot write the bundle: %s", strerror(errno));
}

enum cm_code cm_bundle_write_head(FILE *file, const char *station_id, struct cm_err *err)
{
    uint8_t head[HEAD_SIZE] = {0};
    memcpy(head, magic, MAGIC_SIZE);
    head[MAGIC_SIZE] = VERSION;
    snprintf((char *)head + MAGIC_SIZE + 1, CM_SYNC_STATION_ID_SIZE, "%s", station_id);
    return write_all(file, head, sizeof head, err);
}

enum cm_code cm_bundle_write_push(FILE *file, const uint8_t server_key[CM_BOX_KEY_SIZE], const uint8_t *push,
                                  size_t size, struct cm_err *err)
{
    if (size > CM_SYNC_PUSH_MAX)
        return cm_fail(err, CM_INVALID, "a push larger than %d bytes", CM_SYNC_PUSH_MAX);
    uint8_t *sealed = malloc(4 + size + CM_BOX_OVERHEAD);
    if (sealed == NULL)
        return cm_fail(err, CM_NOMEM, "out of memory for the bundle");
    put_number(sealed, (uint32_t)(size + CM_BOX_OVERHEAD));
    enum cm_code code = cm_box_seal(server_key, push, size, sealed + 4, err);
    if (code == CM_OK)
        code = write_all(file, sealed, 4 + size + CM_BOX_OVERHEAD, err);
    free(sealed);
    return code;
}

enum cm_code cm_bundle_write_end(FILE *file, uint32_t pushes, struct cm_err *err)
{
    uint8_t end[8] = {0};
    put_number(end + 4, pushes);
    return write_all(file, end, sizeof end, err);
}

static enum cm_code read_all(FILE *file, void *bytes, size_t size, struct cm_err *err)
{
    errno = 0;
    if (fread(bytes, 1, size, file) == size)
        return CM_OK;
    if (ferror(file))
        return cm_fail(err, CM_BACKEND, "cannot read the bundle: %s", strerror(errno));
    return cm_fail(err, CM_CORRUPT, "the bundle is cut short: export it again");
}

enum cm_code cm_bundle_read_head(FILE *file, char ret_station_id[CM_SYNC_STATION_ID_SIZE], struct cm_err *err)
{
    uint8_t head[HEAD_SIZE];
    enum cm_code code = read_all(file, head, sizeof head, err);
    if (code == CM_BACKEND)
        return code;
    if (code != CM_OK || memcmp(head, magic, MAGIC_SIZE) != 0)
        return cm_fail(err, CM_INVALID, "this file is not a bundle");
    if (head[MAGIC_SIZE] > VERSION)
        return cm_fail(err, CM_NEWER, "the bundle was written by a newer version");
    const char *id = (const char *)head + MAGIC_SIZE + 1;
    if (head[MAGIC_SIZE] == 0 || memchr(id, '\0', CM_SYNC_STATION_ID_SIZE) == NULL)
        return cm_fail(err, CM_INVALID, "this file is not a bundle");
    memcpy(ret_station_id, id, CM_SYNC_STATION_ID_SIZE);
    return CM_OK;
}

static enum cm_code read_end(FILE *file, uint32_t pushes, struct cm_err *err)
{
    uint8_t count[4];
    enum cm_code code = read_all(file, count, sizeof count, err);
    if (code != CM_OK)
        return code;
    if (get_number(count) != pushes)
        return cm_fail(err, CM_CORRUPT, "the bundle lacks a part of what it held: export it again");
    return CM_EOF;
}

enum cm_code cm_bundle_read_push(FILE *file, struct cm_buf *sealed, uint32_t *pushes, struct cm_err *err)
{
    uint8_t head[4];
    enum cm_code code = read_all(file, head, sizeof head, err);
    if (code != CM_OK)
        return code;
    uint32_t size = get_number(head);
    if (size == 0)
        return read_end(file, *pushes, err);
    if (size > CM_SYNC_PUSH_MAX + CM_BOX_OVERHEAD || *pushes == CM_BUNDLE_PUSHES_MAX)
        return cm_fail(err, CM_CORRUPT, "the bundle is damaged: export it again");
    uint8_t *bytes = malloc(size);
    if (bytes == NULL)
        return cm_fail(err, CM_NOMEM, "out of memory for the bundle");
    code = read_all(file, bytes, size, err);
    cm_buf_reset(sealed);
    if (code == CM_OK && cm_buf_append(sealed, bytes, size) != CM_OK)
        code = cm_fail(err, CM_NOMEM, "out of memory for the bundle");
    free(bytes);
    if (code == CM_OK)
        (*pushes)++;
    return code;
}
