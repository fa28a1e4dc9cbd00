/* Copies of a store: made while it is in use, and stores made of them. */
#include "store/kvstore.h"
#include "store/kvstore_verbs.h"

#include "base/file.h"
#include "crypt/seal.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- backup ---- */

enum { KEY_FILE_MAX = 4096, TRIES = 3 };

static enum cm_code copy_file(const char *from, const char *to, struct cm_err *err)
{
    char *data;
    size_t size;
    enum cm_code code = cm_file_read(from, KEY_FILE_MAX, &data, &size, err);
    if (code != CM_OK)
        return code;
    code = cm_file_write(to, data, size, 0600, err);
    cm_wipe(data, size);
    free(data);
    return code;
}

static enum cm_code make_new_folder(const char *dir, struct cm_err *err)
{
    char parent[1024];
    snprintf(parent, sizeof parent, "%s", dir);
    char *slash = strrchr(parent, '/');
    if (slash != NULL && slash != parent) {
        *slash = '\0';
        enum cm_code code = cm_file_make_folders(parent, err);
        if (code != CM_OK)
            return code;
    }
    if (mkdir(dir, 0700) == 0)
        return CM_OK;
    if (errno == EEXIST)
        return cm_fail(err, CM_EXISTS, "%s is there already: name a new folder", dir);
    return cm_fail(err, cm_file_code(errno), "cannot make %s: %s", dir, strerror(errno));
}

/* What failed halfway leaves nothing, so that the next try finds its place free: files of a store, in a folder that was made for it. */
static void remove_copy(const char *dir)
{
    static const char *const files[] = {"store/data.mdb", "store/lock.mdb", "server.key"};
    char path[1100];
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", dir, files[i]);
        unlink(path);
    }
    snprintf(path, sizeof path, "%s/store", dir);
    rmdir(path);
    rmdir(dir);
}

/* Opening it is the test: the key file must serve what the copy holds. An erasure meanwhile turns the key. */
static enum cm_code opens(const struct srv_kvstore *store, const char *dir, struct cm_err *err)
{
    char url[1100];
    struct srv_store *copy;
    snprintf(url, sizeof url, "lmdb:%s", dir);
    struct srv_store_options options = {
        .url = url, .clock = store->clock, .zone = store->zone, .read_only = true};
    enum cm_code code = srv_kvstore_open(&options, &copy, err);
    if (code != CM_OK)
        return code;
    struct srv_tx own, *tx;
    code = srv_tx_begin(&own, copy, &tx, err);
    if (code == CM_OK) {
        code = cm_keyvault_ready(&((struct srv_kvstore *)copy)->vault, &tx->primary, err);
        srv_tx_end(&own);
    }
    srv_store_close(copy);
    return code;
}

/* Into the new folder `dir`. */
static enum cm_code copy_store(struct srv_kvstore *store, const char *dir, struct cm_err *err)
{
    char db_dir[1100], data[1120], lock[1120], key_path[1100];
    snprintf(db_dir, sizeof db_dir, "%s/store", dir);
    snprintf(data, sizeof data, "%s/data.mdb", db_dir);
    snprintf(lock, sizeof lock, "%s/lock.mdb", db_dir);
    snprintf(key_path, sizeof key_path, "%s/server.key", dir);
    enum cm_code code = cm_file_make_folders(db_dir, err);
    for (int i = 0; code == CM_OK; i++) {
        code = copy_file(store->key_path, key_path, err);
        if (code == CM_OK)
            code = store->kv->ops->copy(store->kv, db_dir, err);
        if (code != CM_OK)
            return code;
        code = opens(store, dir, err);
        unlink(lock);
        if (code != CM_CORRUPT || i + 1 == TRIES)
            break;
        unlink(data);
        code = CM_OK;
    }
    return code;
}

enum cm_code srv_kvs_backup(struct srv_store *base, const char *dir, struct cm_err *err)
{
    struct srv_kvstore *store = (struct srv_kvstore *)base;
    if (store->in_memory)
        return cm_fail(err, CM_INVALID, "a store in memory has no backup");
    if (strlen(dir) >= 1000)
        return cm_fail(err, CM_INVALID, "the path of the backup is too long");
    enum cm_code code = make_new_folder(dir, err);
    if (code != CM_OK)
        return code;
    code = copy_store(store, dir, err);
    if (code != CM_OK)
        remove_copy(dir);
    return code;
}

/* ---- restoring ---- */

static enum cm_code copy_data(const char *from, const char *to, struct cm_err *err)
{
    static const char *const tables[] = {"meta"};
    struct cm_db *db;
    struct cm_db_options options = {.dir = from,
                                    .tables = tables,
                                    .table_count = 1,
                                    .version = SRV_KVS_VERSION,
                                    .map_bytes_first = (size_t)1 << 20,
                                    .map_bytes_max = (size_t)1 << 40,
                                    .read_only = true};
    enum cm_code code = cm_db_open(&options, &db, err);
    if (code != CM_OK)
        return code;
    code = cm_db_copy(db, to, err);
    cm_db_close(db);
    return code;
}

/* Who logged out since, or used his code, must not be let in by what the backup has of that. */
static enum cm_code begin_anew(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct srv_tx *tx;
    enum cm_code code = srv_new_epoch(store, arg, err);
    if (code == CM_OK)
        code = srv_tx_writing(store, &tx, err);
    return code == CM_OK ? srv_forget_logins(tx, err) : code;
}

static enum cm_code renew(const char *url, struct cm_err *err)
{
    struct srv_store *store;
    struct cm_zone *zone;
    enum cm_code code = cm_zone_open("UTC", &zone, err);
    if (code != CM_OK)
        return code;
    struct srv_store_options options = {.url = url, .clock = cm_clock_system(), .zone = zone};
    code = srv_kvstore_open_as_it_is(&options, &store, err);
    if (code == CM_OK) {
        code = srv_kvs_write(store, begin_anew, NULL, err);
        srv_store_close(store);
    }
    cm_zone_close(zone);
    return code;
}

enum cm_code srv_kvstore_restore(const char *backup_dir, const char *url, struct cm_err *err)
{
    static const char lmdb[] = "lmdb:";
    char from[1100], to[1100], key_from[1100], key_to[1100];
    if (strncmp(url, lmdb, sizeof lmdb - 1) != 0 || url[sizeof lmdb - 1] == '\0')
        return cm_fail(err, CM_INVALID, "a backup is restored to lmdb:FOLDER, not to \"%s\"", url);
    const char *dir = url + sizeof lmdb - 1;
    if (strlen(dir) >= 1000 || strlen(backup_dir) >= 1000)
        return cm_fail(err, CM_INVALID, "the path of the store is too long");
    snprintf(from, sizeof from, "%s/store", backup_dir);
    snprintf(to, sizeof to, "%s/store", dir);
    snprintf(key_from, sizeof key_from, "%s/server.key", backup_dir);
    snprintf(key_to, sizeof key_to, "%s/server.key", dir);
    if (access(from, R_OK) != 0)
        return cm_fail(err, CM_NOTFOUND, "there is no backup in %s", backup_dir);
    enum cm_code code = make_new_folder(dir, err);
    if (code != CM_OK)
        return code;
    code = cm_file_make_folders(to, err);
    if (code == CM_OK)
        code = copy_data(from, to, err);
    if (code == CM_OK)
        code = copy_file(key_from, key_to, err);
    if (code == CM_OK)
        code = renew(url, err);
    if (code != CM_OK)
        remove_copy(dir);
    return code;
}
