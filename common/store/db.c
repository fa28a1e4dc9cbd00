#include "store/db.h"

#include "base/file.h"
#include "base/mapped.h"
#include "store/db_private.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum {
    OPEN_MAX = 16, /* environments of one process */
    READERS_MAX = 64,
    READER_CHECK_EVERY = 1024, /* writes between two looks for readers that died */
    PROBE_SIZE = 4096,
    LOCK_BYTES = 8192, /* what READERS_MAX readers need, in whole pages */
};

static const char own_table[] = "db", version_key[] = "version";

/* ---- which folders are open in this process ---- */

static pthread_mutex_t open_lock = PTHREAD_MUTEX_INITIALIZER;
static const struct cm_db *open_list[OPEN_MAX];

static enum cm_code claim_folder(struct cm_db *db, struct cm_err *err)
{
    struct stat st;
    enum cm_code code = CM_OK;
    int place = -1;
    if (stat(db->dir, &st) != 0)
        return cm_fail(err, cm_file_code(errno), "cannot open the store %s: %s", db->dir, strerror(errno));
    db->device = st.st_dev;
    db->inode = st.st_ino;
    pthread_mutex_lock(&open_lock);
    for (int i = 0; i < OPEN_MAX; i++) {
        const struct cm_db *other = open_list[i];
        if (other == NULL)
            place = place < 0 ? i : place;
        else if (other->device == db->device && other->inode == db->inode)
            code = cm_fail(err, CM_EXISTS, "the store %s is already open in this program", db->dir);
    }
    if (code == CM_OK && place < 0)
        code = cm_fail(err, CM_NOMEM, "more than %d stores are open", OPEN_MAX);
    if (code == CM_OK)
        open_list[place] = db;
    pthread_mutex_unlock(&open_lock);
    return code;
}

static void release_folder(const struct cm_db *db)
{
    pthread_mutex_lock(&open_lock);
    for (int i = 0; i < OPEN_MAX; i++) {
        if (open_list[i] == db)
            open_list[i] = NULL;
    }
    pthread_mutex_unlock(&open_lock);
}

/* ---- errors ---- */

/* LMDB reports a write that was cut short as EIO, and the usual reason is a disk that just filled up. Trying to write a
 * little behind the file's end tells; what that leaves there is in no page that the database knows. */
static bool disk_refuses_more(const struct cm_db *db)
{
    static const uint8_t zeros[PROBE_SIZE];
    struct stat st;
    mdb_filehandle_t fd;
    if (db->env == NULL || db->options.read_only || mdb_env_get_fd(db->env, &fd) != MDB_SUCCESS ||
        fstat(fd, &st) != 0)
        return false;
    ssize_t n = pwrite(fd, zeros, sizeof zeros, st.st_size);
    return n >= 0 ? n < (ssize_t)sizeof zeros : errno == ENOSPC || errno == EDQUOT || errno == EFBIG;
}

enum cm_code cm_db_fail(const struct cm_db *db, int status, const char *what, struct cm_err *err)
{
    enum cm_code code = CM_BACKEND;
    if (status == EIO && disk_refuses_more(db))
        status = ENOSPC;
    switch (status) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        return cm_fail(err, CM_NOSPACE, "the disk of %s is full: nothing was written; make room", db->dir);
    case ENOMEM:
        code = CM_NOMEM;
        break;
    case ENOENT:
        code = CM_NOTFOUND;
        break;
    case MDB_CORRUPTED:
    case MDB_PAGE_NOTFOUND:
    case MDB_INVALID:
    case MDB_VERSION_MISMATCH:
    case MDB_INCOMPATIBLE:
        return cm_fail(err, CM_CORRUPT, "the store %s is damaged (%s): put it back from a backup", db->dir,
                       mdb_strerror(status));
    }
    return cm_fail(err, code, "cannot %s the store %s: %s", what, db->dir, mdb_strerror(status));
}

/* ---- transactions ---- */

static enum cm_code open_env(struct cm_db *db, struct cm_err *err);
static enum cm_code open_tables(struct cm_db *db, struct cm_err *err);
static void close_env(struct cm_db *db);

static void lock_write(struct cm_db *db)
{
    if (db->options.threads)
        pthread_mutex_lock(&db->write_lock);
}

static void unlock_write(struct cm_db *db)
{
    if (db->options.threads)
        pthread_mutex_unlock(&db->write_lock);
}

static void lock_map(struct cm_db *db, bool exclusive)
{
    if (!db->options.threads)
        return;
    if (exclusive)
        pthread_rwlock_wrlock(&db->map_lock);
    else
        pthread_rwlock_rdlock(&db->map_lock);
}

static void unlock_map(struct cm_db *db)
{
    if (db->options.threads)
        pthread_rwlock_unlock(&db->map_lock);
}

/* After a failed write of its header page LMDB refuses everything until the environment is opened again. */
static enum cm_code reopen(struct cm_db *db, struct cm_err *err)
{
    close_env(db);
    enum cm_code code = open_env(db, err);
    if (code == CM_OK)
        code = open_tables(db, err);
    if (code != CM_OK)
        close_env(db);
    return code;
}

/* Makes usable again what answered `status`. The write lock is held and this thread reads nothing. */
static enum cm_code repair(struct cm_db *db, int status, struct cm_err *err)
{
    enum cm_code code = CM_OK;
    lock_map(db, true);
    if (db->env == NULL || status == MDB_PANIC) {
        code = reopen(db, err);
    } else { /* another process made the map larger */
        status = mdb_env_set_mapsize(db->env, 0);
        code = status == MDB_SUCCESS ? CM_OK : cm_db_fail(db, status, "use", err);
    }
    unlock_map(db);
    return code;
}

static bool repairable(const struct cm_db *db, int status)
{
    return db->reading == 0 && (status == MDB_PANIC || status == MDB_MAP_RESIZED);
}

static enum cm_code begin_write(struct cm_db *db, MDB_txn **ret_txn, struct cm_err *err)
{
    int status = db->env != NULL ? mdb_txn_begin(db->env, NULL, 0, ret_txn) : MDB_PANIC;
    if (repairable(db, status)) {
        enum cm_code code = repair(db, status, err);
        if (code != CM_OK)
            return code;
        status = mdb_txn_begin(db->env, NULL, 0, ret_txn);
    }
    return status == MDB_SUCCESS ? CM_OK : cm_db_fail(db, status, "use", err);
}

static uint64_t bytes_claimed(const struct cm_db *db)
{
    MDB_envinfo info;
    MDB_stat stat;
    if (mdb_env_info(db->env, &info) != MDB_SUCCESS || mdb_env_stat(db->env, &stat) != MDB_SUCCESS)
        return 0;
    return ((uint64_t)info.me_last_pgno + 1) * stat.ms_psize;
}

static bool data_is_short(const struct cm_db *db, mdb_filehandle_t *ret_fd, uint64_t *ret_size)
{
    struct stat st;
    if (mdb_env_get_fd(db->env, ret_fd) != MDB_SUCCESS || fstat(*ret_fd, &st) != 0)
        return false;
    *ret_size = (uint64_t)st.st_size;
    return *ret_size < bytes_claimed(db);
}

/* Pages that a transaction took and gave back at the end of the file are never written, so a sound file may be shorter
 * than it claims. Making it as long (with a hole, which takes no room) keeps every reader from SIGBUS, and a file that
 * lost its end then shows empty pages, which LMDB reports. */
static void make_full_length(const struct cm_db *db)
{
    mdb_filehandle_t fd;
    uint64_t size;
    if (data_is_short(db, &fd, &size) && ftruncate(fd, (off_t)bytes_claimed(db)) != 0)
        return; /* the next commit or the next start tries again */
}

static enum cm_code grow(struct cm_db *db, struct cm_err *err)
{
    size_t size =
        db->map_bytes > db->options.map_bytes_max / 2 ? db->options.map_bytes_max : db->map_bytes * 2;
    if (db->map_bytes >= db->options.map_bytes_max)
        return cm_fail(err, CM_NOSPACE, "the store %s has reached its limit of %zu MiB: nothing was written",
                       db->dir, db->map_bytes >> 20);
    lock_map(db, true);
    int status = mdb_env_set_mapsize(db->env, size);
    if (status == MDB_SUCCESS)
        db->map_bytes = size;
    unlock_map(db);
    return status == MDB_SUCCESS ? CM_OK : cm_db_fail(db, status, "enlarge", err);
}

static enum cm_code write_once(struct cm_db *db, cm_db_fn *fn, void *arg, bool *ret_full, struct cm_err *err)
{
    struct cm_txn txn = {.db = db};
    enum cm_code code = begin_write(db, &txn.txn, err);
    if (code != CM_OK)
        return code;
    code = fn(&txn, arg, err);
    if (code != CM_OK || txn.map_full) {
        mdb_txn_abort(txn.txn);
        *ret_full = txn.map_full;
        return code;
    }
    int status = mdb_txn_commit(txn.txn);
    if (status == MDB_MAP_FULL)
        *ret_full = true;
    else if (status != MDB_SUCCESS)
        return cm_db_fail(db, status, "write to", err);
    return CM_OK;
}

static enum cm_code write_until_it_fits(struct cm_db *db, cm_db_fn *fn, void *arg, struct cm_err *err)
{
    bool full;
    enum cm_code code;
    do {
        full = false;
        code = write_once(db, fn, arg, &full, err);
        if (full && (code = grow(db, err)) != CM_OK)
            return code;
    } while (full);
    if (code == CM_OK)
        make_full_length(db);
    return code;
}

enum cm_code cm_db_write(struct cm_db *db, cm_db_fn *fn, void *arg, struct cm_err *err)
{
    int dead;
    if (db->options.read_only)
        return cm_fail(err, CM_BACKEND, "the store %s is open for reading only", db->dir);
    if (db->reading > 0)
        return cm_fail(err, CM_BACKEND, "the store %s is being read: write after that", db->dir);
    lock_write(db);
    if (db->env != NULL && db->writes++ % READER_CHECK_EVERY == 0)
        mdb_reader_check(db->env, &dead);
    enum cm_code code = write_until_it_fits(db, fn, arg, err);
    unlock_write(db);
    return code;
}

/* ---- reading ---- */

static struct cm_txn *take_pooled(struct cm_db *db)
{
    struct cm_txn *txn = NULL;
    if (!db->options.threads)
        return NULL;
    pthread_mutex_lock(&db->pool_lock);
    if (db->pooled > 0)
        txn = db->pool[--db->pooled];
    pthread_mutex_unlock(&db->pool_lock);
    return txn;
}

static bool give_pooled(struct cm_db *db, struct cm_txn *txn)
{
    bool room = false;
    if (!db->options.threads)
        return false;
    mdb_txn_reset(txn->txn);
    pthread_mutex_lock(&db->pool_lock);
    if (db->pooled < CM_DB_POOL) {
        db->pool[db->pooled++] = txn;
        room = true;
    }
    pthread_mutex_unlock(&db->pool_lock);
    return room;
}

static void drop_txn(struct cm_txn *txn)
{
    mdb_txn_abort(txn->txn);
    free(txn);
}

/* What LMDB says; with MDB_SUCCESS *ret_txn reads. */
static int start_reading(struct cm_db *db, struct cm_txn **ret_txn)
{
    struct cm_txn *txn = take_pooled(db);
    if (txn != NULL) {
        int status = mdb_txn_renew(txn->txn);
        if (status == MDB_SUCCESS)
            *ret_txn = txn;
        else
            drop_txn(txn);
        return status;
    }
    if ((txn = calloc(1, sizeof *txn)) == NULL)
        return ENOMEM;
    txn->db = db;
    int status = mdb_txn_begin(db->env, NULL, MDB_RDONLY, &txn->txn);
    if (status == MDB_SUCCESS)
        *ret_txn = txn;
    else
        free(txn);
    return status;
}

enum cm_code cm_db_read_begin(struct cm_db *db, struct cm_txn **ret_txn, struct cm_err *err)
{
    for (bool again = true;; again = false) {
        lock_map(db, false);
        int status = db->env != NULL ? start_reading(db, ret_txn) : MDB_PANIC;
        if (status == MDB_SUCCESS) {
            if (!db->options.threads)
                db->reading++;
            return CM_OK;
        }
        unlock_map(db);
        if (!again || !repairable(db, status))
            return cm_db_fail(db, status, "use", err);
        lock_write(db);
        enum cm_code code = repair(db, status, err);
        unlock_write(db);
        if (code != CM_OK)
            return code;
    }
}

void cm_db_read_end(struct cm_txn *txn)
{
    struct cm_db *db = txn->db;
    if (!db->options.threads)
        db->reading--;
    if (!give_pooled(db, txn))
        drop_txn(txn);
    unlock_map(db);
}

enum cm_code cm_db_read(struct cm_db *db, cm_db_fn *fn, void *arg, struct cm_err *err)
{
    struct cm_txn *txn;
    enum cm_code code = cm_db_read_begin(db, &txn, err);
    if (code != CM_OK)
        return code;
    code = fn(txn, arg, err);
    cm_db_read_end(txn);
    return code;
}

/* ---- copying ---- */

static enum cm_code sync_path(const char *path, struct cm_err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool synced = fd >= 0 && fsync(fd) == 0;
    enum cm_code code =
        synced ? CM_OK : cm_fail(err, cm_file_code(errno), "cannot sync %s: %s", path, strerror(errno));
    if (fd >= 0)
        close(fd);
    return code;
}

enum cm_code cm_db_copy(struct cm_db *db, const char *dir, struct cm_err *err)
{
    char path[PATH_MAX];
    if (snprintf(path, sizeof path, "%s/data.mdb", dir) >= (int)sizeof path)
        return cm_fail(err, CM_INVALID, "the path of the copy is too long");
    lock_map(db, false);
    int status = db->env != NULL ? mdb_env_copy2(db->env, dir, MDB_CP_COMPACT) : MDB_PANIC;
    unlock_map(db);
    if (status != MDB_SUCCESS)
        return cm_fail(err, status > 0 ? cm_file_code(status) : CM_BACKEND, "cannot copy the store to %s: %s",
                       dir, mdb_strerror(status));
    if (chmod(path, 0600) != 0) /* LMDB makes it for everybody */
        return cm_fail(err, cm_file_code(errno), "cannot keep %s to its owner: %s", path, strerror(errno));
    enum cm_code code = sync_path(path, err);
    return code == CM_OK ? sync_path(dir, err) : code;
}

/* ---- opening ---- */

static void close_env(struct cm_db *db)
{
    while (db->pooled > 0)
        drop_txn(db->pool[--db->pooled]);
    if (db->env != NULL)
        mdb_env_close(db->env);
    db->env = NULL;
}

static enum cm_code check_length(struct cm_db *db, struct cm_err *err)
{
    mdb_filehandle_t fd;
    uint64_t size;
    if (!data_is_short(db, &fd, &size))
        return CM_OK;
    if (db->options.read_only)
        return cm_fail(
            err, CM_CORRUPT,
            "the store %s has %llu bytes of the %llu it claims: start its program once, or put it back "
            "from a backup",
            db->dir, (unsigned long long)size, (unsigned long long)bytes_claimed(db));
    make_full_length(db);
    if (data_is_short(db, &fd, &size))
        return cm_fail(err, CM_BACKEND, "the store %s is cut short and cannot be extended", db->dir);
    return CM_OK;
}

/* LMDB maps its lock file and writes into the map: where the disk is full, the first touch of a page that has no block
 * yet would be SIGBUS. So its blocks are taken beforehand. */
static enum cm_code allocate_locks(const struct cm_db *db, struct cm_err *err)
{
    char path[PATH_MAX];
    if (snprintf(path, sizeof path, "%s/lock.mdb", db->dir) >= (int)sizeof path)
        return cm_fail(err, CM_INVALID, "the path of the store is too long");
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return cm_fail(err, cm_file_code(errno), "cannot open %s: %s", path, strerror(errno));
    int status = posix_fallocate(fd, 0, LOCK_BYTES);
    close(fd);
    return status == 0 ? CM_OK : cm_db_fail(db, status, "open", err);
}

static enum cm_code open_env(struct cm_db *db, struct cm_err *err)
{
    int dead;
    enum cm_code code = db->options.read_only ? CM_OK : allocate_locks(db, err);
    if (code != CM_OK)
        return code;
    unsigned flags = MDB_NOTLS | MDB_NORDAHEAD | (db->options.read_only ? MDB_RDONLY : 0u);
    int status = mdb_env_create(&db->env);
    if (status == MDB_SUCCESS)
        status = mdb_env_set_maxdbs(db->env, (MDB_dbi)db->options.table_count + 1);
    if (status == MDB_SUCCESS)
        status = mdb_env_set_maxreaders(db->env, READERS_MAX);
    if (status == MDB_SUCCESS)
        status = mdb_env_set_mapsize(db->env, db->map_bytes);
    if (status == MDB_SUCCESS)
        status = mdb_env_open(db->env, db->dir, flags, 0600);
    if (status == ENOENT && db->options.read_only)
        return cm_fail(err, CM_NOTFOUND, "there is no store in %s yet", db->dir);
    if (status != MDB_SUCCESS)
        return cm_db_fail(db, status, "open", err);
    mdb_reader_check(db->env, &dead);
    MDB_envinfo info;
    if (mdb_env_info(db->env, &info) == MDB_SUCCESS)
        db->map_bytes = info.me_mapsize; /* never below what the file holds */
    return check_length(db, err);
}

/* CM_NOTFOUND: an empty environment. Leaves our own table open. */
static enum cm_code check_version(struct cm_db *db, MDB_txn *txn, uint32_t *ret_version, struct cm_err *err)
{
    MDB_dbi *own = &db->tables[db->options.table_count];
    MDB_val key = {sizeof version_key - 1, (void *)version_key}, value;
    MDB_stat stat;
    int status = mdb_dbi_open(txn, own_table, 0, own);
    if (status == MDB_NOTFOUND) {
        status = mdb_env_stat(db->env, &stat);
        if (status == MDB_SUCCESS && stat.ms_entries > 0)
            return cm_fail(err, CM_CORRUPT, "%s holds another program's data", db->dir);
        return CM_NOTFOUND;
    }
    if (status == MDB_SUCCESS)
        status = mdb_get(txn, *own, &key, &value);
    if (status == MDB_NOTFOUND || (status == MDB_SUCCESS && value.mv_size != sizeof *ret_version))
        return cm_fail(err, CM_CORRUPT, "the store %s does not say its version: put it back from a backup",
                       db->dir);
    if (status != MDB_SUCCESS)
        return cm_db_fail(db, status, "read", err);
    const uint8_t *bytes = value.mv_data;
    uint32_t version =
        (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
    if (version > db->options.version)
        return cm_fail(err, CM_NEWER,
                       "the store %s was written by a newer version (format %u, this program knows %u)",
                       db->dir, (unsigned)version, (unsigned)db->options.version);
    *ret_version = version;
    return CM_OK;
}

static int open_each_table(struct cm_db *db, MDB_txn *txn, unsigned flags)
{
    int status = MDB_SUCCESS;
    for (int i = 0; i < db->options.table_count && status == MDB_SUCCESS; i++)
        status = mdb_dbi_open(txn, db->options.tables[i], flags, &db->tables[i]);
    return status;
}

static enum cm_code create_tables(struct cm_txn *txn, void *arg, struct cm_err *err)
{
    (void)arg;
    struct cm_db *db = txn->db;
    uint32_t version = db->options.version;
    uint8_t bytes[4] = {(uint8_t)(version >> 24), (uint8_t)(version >> 16), (uint8_t)(version >> 8),
                        (uint8_t)version};
    int status = mdb_dbi_open(txn->txn, own_table, MDB_CREATE, &db->tables[db->options.table_count]);
    if (status == MDB_SUCCESS)
        status = open_each_table(db, txn->txn, MDB_CREATE);
    if (status == MDB_MAP_FULL) {
        txn->map_full = true;
        return CM_AGAIN;
    }
    if (status != MDB_SUCCESS)
        return cm_db_fail(db, status, "set up", err);
    return cm_txn_put(txn, db->options.table_count, version_key, sizeof version_key - 1, bytes, sizeof bytes,
                      err);
}

/* Looks without writing, so that a newer store stays as it is. */
static enum cm_code open_tables(struct cm_db *db, struct cm_err *err)
{
    MDB_txn *txn;
    uint32_t version = 0;
    int status = mdb_txn_begin(db->env, NULL, MDB_RDONLY, &txn);
    if (status != MDB_SUCCESS)
        return cm_db_fail(db, status, "read", err);
    enum cm_code code = check_version(db, txn, &version, err);
    bool complete = code == CM_OK && version == db->options.version;
    if (complete && (status = open_each_table(db, txn, 0)) != MDB_SUCCESS)
        code = cm_db_fail(db, status == MDB_NOTFOUND ? MDB_CORRUPTED : status, "read", err);
    if (code == CM_OK)
        status = mdb_txn_commit(txn); /* keeps the table handles */
    else
        mdb_txn_abort(txn);
    if (code == CM_NOTFOUND && db->options.read_only)
        return cm_fail(err, CM_NOTFOUND, "there is no store in %s yet", db->dir);
    if (code != CM_OK && code != CM_NOTFOUND)
        return code;
    if (!complete && db->options.read_only)
        return cm_fail(err, CM_INVALID,
                       "the store %s is of an older version: run the program once, it brings it up to date",
                       db->dir);
    return complete ? CM_OK : write_until_it_fits(db, create_tables, NULL, err);
}

/* Writers come first: else readers that overlap all the time would keep the map from growing. */
static void init_locks(struct cm_db *db)
{
    pthread_rwlockattr_t attributes;
    pthread_mutex_init(&db->write_lock, NULL);
    pthread_mutex_init(&db->pool_lock, NULL);
    pthread_rwlockattr_init(&attributes);
    pthread_rwlockattr_setkind_np(&attributes, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
    pthread_rwlock_init(&db->map_lock, &attributes);
    pthread_rwlockattr_destroy(&attributes);
}

enum cm_code cm_db_open(const struct cm_db_options *options, struct cm_db **ret_db, struct cm_err *err)
{
    struct cm_db *db = calloc(1, sizeof *db);
    if (db == NULL || (db->dir = strdup(options->dir)) == NULL) {
        free(db);
        return cm_fail(err, CM_NOMEM, "no memory for the store");
    }
    db->options = *options;
    db->options.dir = db->dir;
    db->map_bytes = options->map_bytes_first;
    init_locks(db);
    enum cm_code code = claim_folder(db, err);
    if (code == CM_NOTFOUND && options->read_only)
        code = cm_fail(err, CM_NOTFOUND, "there is no store in %s yet", options->dir);
    if (code == CM_OK)
        code = reopen(db, err);
    if (code != CM_OK) {
        cm_db_close(db);
        return code;
    }
    *ret_db = db;
    return CM_OK;
}

void cm_db_close(struct cm_db *db)
{
    if (db == NULL)
        return;
    close_env(db);
    release_folder(db);
    pthread_rwlock_destroy(&db->map_lock);
    pthread_mutex_destroy(&db->pool_lock);
    pthread_mutex_destroy(&db->write_lock);
    free(db->dir);
    free(db);
}

uint64_t cm_db_version(struct cm_db *db)
{
    MDB_envinfo info;
    uint64_t version = 0;
    lock_map(db, false);
    if (db->env != NULL && mdb_env_info(db->env, &info) == MDB_SUCCESS)
        version = info.me_last_txnid;
    unlock_map(db);
    return version;
}

enum cm_code cm_db_stats(struct cm_db *db, struct cm_db_stats *ret_stats, struct cm_err *err)
{
    struct statvfs disk;
    if (statvfs(db->dir, &disk) != 0)
        return cm_fail(err, CM_BACKEND, "cannot look at the disk of %s: %s", db->dir, strerror(errno));
    lock_map(db, false);
    *ret_stats = (struct cm_db_stats){
        .bytes_used = db->env != NULL ? bytes_claimed(db) : 0,
        .bytes_free_on_disk = (uint64_t)disk.f_bavail * disk.f_frsize,
        .map_bytes = db->map_bytes,
    };
    unlock_map(db);
    return CM_OK;
}

void cm_db_trim(struct cm_db *db)
{
    mdb_filehandle_t fd;
    lock_map(db, false);
    if (db->env != NULL && mdb_env_get_fd(db->env, &fd) == MDB_SUCCESS)
        cm_mapped_forget(fd);
    unlock_map(db);
}
