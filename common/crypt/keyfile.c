#include "crypt/keyfile.h"

#include "base/file.h"
#include "crypt/box.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    FORMAT_VERSION = 1,
    MAGIC_SIZE = 12,
    AT_VERSION = MAGIC_SIZE,
    AT_GENERATION = AT_VERSION + 4,
    AT_HAS_PREVIOUS = AT_GENERATION + 4,
    AT_SEED = AT_HAS_PREVIOUS + 4,
    AT_MASTER = AT_SEED + crypto_sign_SEEDBYTES,
    AT_PREVIOUS = AT_MASTER + CM_KEY_SIZE,
    AT_CHECKSUM = AT_PREVIOUS + CM_KEY_SIZE,
    CHECKSUM_SIZE = 32,
    FILE_SIZE = AT_CHECKSUM + CHECKSUM_SIZE,
};
_Static_assert(FILE_SIZE == 152, "the header tells the size");
_Static_assert(CM_PUBLIC_KEY_SIZE == crypto_sign_PUBLICKEYBYTES && CM_SIGNATURE_SIZE == crypto_sign_BYTES,
               "libsodium's sizes");

static const uint8_t magic[MAGIC_SIZE] = "rollcall.key";

struct cm_keys {
    uint8_t file[FILE_SIZE]; /* as on disk; the checksum is made when it is saved */
    uint8_t public_key[crypto_sign_PUBLICKEYBYTES];
    uint8_t secret_key[crypto_sign_SECRETKEYBYTES];
};

static uint32_t get_number(const struct cm_keys *keys, int at)
{
    const uint8_t *b = keys->file + at;
    return (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

static void set_number(struct cm_keys *keys, int at, uint32_t number)
{
    for (int i = 0; i < 4; i++)
        keys->file[at + i] = (uint8_t)(number >> (8 * i));
}

static void checksum(const uint8_t *file, uint8_t sum[CHECKSUM_SIZE])
{
    crypto_generichash(sum, CHECKSUM_SIZE, file, AT_CHECKSUM, NULL, 0);
}

static enum cm_code allocate(struct cm_keys **ret_keys, struct cm_err *err)
{
    enum cm_code code = cm_crypt_init(err);
    if (code != CM_OK)
        return code;
    struct cm_keys *keys = sodium_malloc(sizeof *keys);
    if (keys == NULL)
        return cm_fail(err, CM_NOMEM, "no memory for the keys");
    memset(keys, 0, sizeof *keys);
    *ret_keys = keys;
    return CM_OK;
}

enum cm_code cm_keys_create(struct cm_keys **ret_keys, struct cm_err *err)
{
    struct cm_keys *keys;
    enum cm_code code = allocate(&keys, err);
    if (code != CM_OK)
        return code;
    memcpy(keys->file, magic, MAGIC_SIZE);
    set_number(keys, AT_VERSION, FORMAT_VERSION);
    set_number(keys, AT_GENERATION, 1);
    randombytes_buf(keys->file + AT_SEED, crypto_sign_SEEDBYTES);
    cm_key_random(keys->file + AT_MASTER);
    crypto_sign_seed_keypair(keys->public_key, keys->secret_key, keys->file + AT_SEED);
    *ret_keys = keys;
    return CM_OK;
}

static enum cm_code open_private(const char *path, int *ret_fd, struct cm_err *err)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0 && errno == ENOENT)
        return cm_fail(err, CM_NOTFOUND, "%s is missing", path);
    if (fd < 0)
        return cm_fail(err, CM_INVALID, "cannot read the key file %s: %s", path, strerror(errno));
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        close(fd);
        return cm_fail(err, CM_INVALID, "the key file %s is not a plain file", path);
    }
    if ((st.st_mode & 0077) != 0) {
        close(fd);
        return cm_fail(
            err, CM_INVALID,
            "the key file %s is open to others (mode %04o): find out who read it, then chmod 600 it", path,
            (unsigned)st.st_mode & 07777);
    }
    *ret_fd = fd;
    return CM_OK;
}

static enum cm_code read_exactly(int fd, const char *path, uint8_t *bytes, struct cm_err *err)
{
    uint8_t more;
    size_t size = 0;
    while (size < FILE_SIZE) {
        ssize_t n = read(fd, bytes + size, FILE_SIZE - size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return cm_fail(err, CM_BACKEND, "cannot read the key file %s: %s", path, strerror(errno));
        if (n == 0)
            break;
        size += (size_t)n;
    }
    if (size < FILE_SIZE || read(fd, &more, 1) != 0)
        return cm_fail(err, CM_CORRUPT, "the key file %s has the wrong size: put it back from a backup",
                       path);
    return CM_OK;
}

static enum cm_code verify(const struct cm_keys *keys, const char *path, struct cm_err *err)
{
    uint8_t sum[CHECKSUM_SIZE];
    if (memcmp(keys->file, magic, MAGIC_SIZE) != 0)
        return cm_fail(err, CM_CORRUPT, "%s is not a key file: put it back from a backup", path);
    if (get_number(keys, AT_VERSION) > FORMAT_VERSION)
        return cm_fail(err, CM_NEWER, "the key file %s was written by a newer version", path);
    checksum(keys->file, sum);
    if (sodium_memcmp(sum, keys->file + AT_CHECKSUM, CHECKSUM_SIZE) != 0)
        return cm_fail(err, CM_CORRUPT, "the key file %s is damaged: put it back from a backup", path);
    return CM_OK;
}

enum cm_code cm_keys_load(const char *path, struct cm_keys **ret_keys, struct cm_err *err)
{
    struct cm_keys *keys = NULL;
    int fd = -1;
    enum cm_code code = open_private(path, &fd, err);
    if (code == CM_OK)
        code = allocate(&keys, err);
    if (code == CM_OK)
        code = read_exactly(fd, path, keys->file, err);
    if (code == CM_OK)
        code = verify(keys, path, err);
    if (fd >= 0)
        close(fd);
    if (code != CM_OK) {
        cm_keys_destroy(keys);
        return code;
    }
    crypto_sign_seed_keypair(keys->public_key, keys->secret_key, keys->file + AT_SEED);
    *ret_keys = keys;
    return CM_OK;
}

/* Overwrites what the open file holds: it has no name any more, or is about to lose it. */
static void overwrite_and_close(int fd)
{
    static const uint8_t zeros[FILE_SIZE];
    if (fd < 0)
        return;
    if (pwrite(fd, zeros, sizeof zeros, 0) == (ssize_t)sizeof zeros)
        (void)fsync(fd);
    close(fd);
}

static enum cm_code new_path(const char *path, char out[PATH_MAX], struct cm_err *err)
{
    if (snprintf(out, PATH_MAX, "%s.new", path) >= PATH_MAX)
        return cm_fail(err, CM_INVALID, "the path of the key file is too long");
    return CM_OK;
}

static bool sync_folder_of(const char *path)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    if (slash == NULL)
        snprintf(folder, sizeof folder, ".");
    else
        snprintf(folder, sizeof folder, "%.*s/", (int)(slash - path), path);
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return false;
    bool synced = fsync(fd) == 0;
    close(fd);
    return synced;
}

static bool write_new(const char *path, const uint8_t file[FILE_SIZE])
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return false;
    errno = 0; /* a short write sets none */
    bool written = fchmod(fd, 0600) == 0 && write(fd, file, FILE_SIZE) == FILE_SIZE && fsync(fd) == 0;
    int error = errno != 0 ? errno : ENOSPC;
    if (close(fd) != 0)
        written = false;
    errno = error;
    return written;
}

enum cm_code cm_keys_save(const struct cm_keys *keys, const char *path, struct cm_err *err)
{
    uint8_t file[FILE_SIZE];
    char temporary[PATH_MAX];
    enum cm_code code = new_path(path, temporary, err);
    if (code == CM_OK)
        code = cm_keys_clean(path, err);
    if (code != CM_OK)
        return code;
    int replaced = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    memcpy(file, keys->file, AT_CHECKSUM);
    checksum(file, file + AT_CHECKSUM);
    bool written = write_new(temporary, file) && rename(temporary, path) == 0;
    int error = errno;
    cm_wipe(file, sizeof file);
    if (!written) {
        if (replaced >= 0)
            close(replaced);
        (void)cm_keys_clean(path, NULL);
        return cm_fail(err, cm_file_code(error), "cannot write the key file %s: %s", path, strerror(error));
    }
    if (!sync_folder_of(path)) { /* after a power cut the old file may be back: it must stay whole */
        if (replaced >= 0)
            close(replaced);
        return cm_fail(err, CM_BACKEND, "cannot sync the folder of %s", path);
    }
    overwrite_and_close(replaced);
    return CM_OK;
}

bool cm_keys_left_over(const char *path)
{
    char temporary[PATH_MAX];
    return new_path(path, temporary, NULL) == CM_OK && access(temporary, F_OK) == 0;
}

enum cm_code cm_keys_clean(const char *path, struct cm_err *err)
{
    char temporary[PATH_MAX];
    enum cm_code code = new_path(path, temporary, err);
    if (code != CM_OK)
        return code;
    overwrite_and_close(open(temporary, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    if (unlink(temporary) != 0 && errno != ENOENT)
        return cm_fail(err, cm_file_code(errno), "cannot remove %s: %s", temporary, strerror(errno));
    return CM_OK;
}

void cm_keys_destroy(struct cm_keys *keys)
{
    sodium_free(keys); /* wipes; accepts NULL */
}

const uint8_t *cm_keys_public(const struct cm_keys *keys)
{
    return keys->public_key;
}

void cm_keys_sign(const struct cm_keys *keys, const uint8_t *message, size_t size,
                  uint8_t ret_signature[CM_SIGNATURE_SIZE])
{
    crypto_sign_detached(ret_signature, NULL, message, size, keys->secret_key);
}

enum cm_code cm_keys_box_open(const void *keys, const uint8_t *sealed, size_t size, uint8_t *plain,
                              struct cm_err *err)
{
    const struct cm_keys *own = keys;
    uint8_t secret[crypto_box_SECRETKEYBYTES];
    struct cm_box box;
    if (crypto_sign_ed25519_sk_to_curve25519(secret, own->secret_key) != 0)
        return cm_fail(err, CM_CORRUPT, "the signing key is damaged");
    cm_box_from_secret(secret, &box);
    enum cm_code code = cm_box_open(&box, sealed, size, plain, err);
    cm_wipe(secret, sizeof secret);
    cm_wipe(&box, sizeof box);
    return code;
}

void cm_keys_renew(struct cm_keys *keys)
{
    randombytes_buf(keys->file + AT_SEED, crypto_sign_SEEDBYTES);
    crypto_sign_seed_keypair(keys->public_key, keys->secret_key, keys->file + AT_SEED);
}

uint32_t cm_keys_generation(const struct cm_keys *keys)
{
    return get_number(keys, AT_GENERATION);
}

bool cm_keys_has_previous(const struct cm_keys *keys)
{
    return get_number(keys, AT_HAS_PREVIOUS) != 0;
}

void cm_keys_rotate(struct cm_keys *keys)
{
    memcpy(keys->file + AT_PREVIOUS, keys->file + AT_MASTER, CM_KEY_SIZE);
    cm_key_random(keys->file + AT_MASTER);
    set_number(keys, AT_HAS_PREVIOUS, 1);
    set_number(keys, AT_GENERATION, cm_keys_generation(keys) + 1);
}

void cm_keys_drop_previous(struct cm_keys *keys)
{
    cm_wipe(keys->file + AT_PREVIOUS, CM_KEY_SIZE);
    set_number(keys, AT_HAS_PREVIOUS, 0);
}

static enum cm_code master_of(const struct cm_keys *keys, uint32_t generation, const uint8_t **ret_master,
                              struct cm_err *err)
{
    uint32_t current = cm_keys_generation(keys);
    if (generation == current)
        *ret_master = keys->file + AT_MASTER;
    else if (cm_keys_has_previous(keys) && generation + 1 == current)
        *ret_master = keys->file + AT_PREVIOUS;
    else
        return cm_fail(err, CM_CORRUPT,
                       "the key file is of another time than the store (generation %u, not %u)",
                       (unsigned)current, (unsigned)generation);
    return CM_OK;
}

enum cm_code cm_keys_wrap(const struct cm_keys *keys, uint32_t generation, const char *owner,
                          const uint8_t key[CM_KEY_SIZE], uint8_t ret_wrapped[CM_WRAPPED_SIZE],
                          struct cm_err *err)
{
    const uint8_t *master;
    enum cm_code code = master_of(keys, generation, &master, err);
    if (code == CM_OK)
        cm_key_wrap(master, owner, key, ret_wrapped);
    return code;
}

enum cm_code cm_keys_unwrap(const struct cm_keys *keys, uint32_t generation, const char *owner,
                            const uint8_t wrapped[CM_WRAPPED_SIZE], uint8_t ret_key[CM_KEY_SIZE],
                            struct cm_err *err)
{
    const uint8_t *master;
    enum cm_code code = master_of(keys, generation, &master, err);
    return code == CM_OK ? cm_key_unwrap(master, owner, wrapped, ret_key, err) : code;
}
