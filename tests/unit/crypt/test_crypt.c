#include "crypt/chain.h"
#include "crypt/keyfile.h"
#include "crypt/seal.h"
#include "unit.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { KEY_FILE_SIZE = 152 };

struct fixture {
    char dir[256], path[300];
    struct cm_keys *keys;
};

static int setup(void **state)
{
    static struct fixture f;
    const char *base = getenv("TMPDIR");
    snprintf(f.dir, sizeof f.dir, "%s/rollcall-crypt-XXXXXX", base != NULL ? base : "/tmp");
    assert_non_null(mkdtemp(f.dir));
    snprintf(f.path, sizeof f.path, "%s/station.key", f.dir);
    assert_int_equal(cm_keys_create(&f.keys, NULL), CM_OK);
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    cm_keys_destroy(f->keys);
    unlink(f->path);
    return rmdir(f->dir); /* fails when something was left beside the file */
}

/* ---- sealing ---- */

static void a_seal_opens_only_whole_and_with_its_key(void **state)
{
    (void)state;
    static const uint8_t plain[] = "a face, as numbers";
    uint8_t key[CM_KEY_SIZE], other[CM_KEY_SIZE], sealed[sizeof plain + CM_SEAL_OVERHEAD],
        again[sizeof sealed], back[sizeof plain] = {0};
    cm_key_random(key);
    cm_key_random(other);
    cm_seal(key, plain, sizeof plain, sealed);
    cm_seal(key, plain, sizeof plain, again);
    assert_memory_not_equal(sealed, again, sizeof sealed); /* another nonce */
    assert_int_equal(cm_seal_open(key, sealed, sizeof sealed, back, NULL), CM_OK);
    assert_memory_equal(back, plain, sizeof plain);
    assert_int_equal(cm_seal_open(other, sealed, sizeof sealed, back, NULL), CM_CORRUPT);
    for (size_t size = 0; size < sizeof sealed; size++)
        assert_int_equal(cm_seal_open(key, sealed, size, back, NULL), CM_CORRUPT);
    for (size_t i = 0; i < sizeof sealed; i++) {
        sealed[i] ^= 0x10;
        assert_int_equal(cm_seal_open(key, sealed, sizeof sealed, back, NULL), CM_CORRUPT);
        sealed[i] ^= 0x10;
    }
}

static void an_empty_text_can_be_sealed(void **state)
{
    (void)state;
    uint8_t key[CM_KEY_SIZE], sealed[CM_SEAL_OVERHEAD], nothing[1];
    cm_key_random(key);
    cm_seal(key, nothing, 0, sealed);
    assert_int_equal(cm_seal_open(key, sealed, sizeof sealed, nothing, NULL), CM_OK);
}

static void a_wrapped_key_belongs_to_its_owner(void **state)
{
    (void)state;
    uint8_t master[CM_KEY_SIZE], key[CM_KEY_SIZE], wrapped[CM_WRAPPED_SIZE], back[CM_KEY_SIZE];
    struct cm_err err = CM_ERR_INIT;
    cm_key_random(master);
    cm_key_random(key);
    cm_key_wrap(master, "s1", key, wrapped);
    assert_int_equal(cm_key_unwrap(master, "s1", wrapped, back, NULL), CM_OK);
    assert_memory_equal(back, key, sizeof key);
    memset(back, 0, sizeof back);
    assert_int_equal(cm_key_unwrap(master, "s2", wrapped, back, &err), CM_CORRUPT);
    assert_non_null(strstr(err.msg, "s2"));
    assert_int_equal(cm_key_unwrap(key, "s1", wrapped, back, NULL), CM_CORRUPT);
    wrapped[CM_WRAPPED_SIZE - 1] ^= 1;
    assert_int_equal(cm_key_unwrap(master, "s1", wrapped, back, NULL), CM_CORRUPT);
    assert_memory_equal(back, (uint8_t[CM_KEY_SIZE]){0}, sizeof back); /* untouched */
}

/* ---- the chain ---- */

static void a_chain_depends_on_everything_before(void **state)
{
    struct fixture *f = *state;
    struct cm_keys *other;
    uint8_t start[CM_HASH_SIZE], other_start[CM_HASH_SIZE], one[CM_HASH_SIZE], again[CM_HASH_SIZE];
    assert_int_equal(cm_keys_create(&other, NULL), CM_OK);
    cm_chain_start(cm_keys_public(f->keys), start);
    cm_chain_start(cm_keys_public(other), other_start);
    assert_memory_not_equal(start, other_start, sizeof start);
    cm_chain_next(start, (const uint8_t *)"event", 5, one);
    cm_chain_next(start, (const uint8_t *)"event", 5, again);
    assert_memory_equal(one, again, sizeof one);
    cm_chain_next(start, (const uint8_t *)"evenT", 5, again);
    assert_memory_not_equal(one, again, sizeof one);
    cm_chain_next(other_start, (const uint8_t *)"event", 5, again);
    assert_memory_not_equal(one, again, sizeof one);
    cm_keys_destroy(other);
}

/* BLAKE2b-256 of 32 zero bytes and "abc", as `b2sum -l 256` gives it: other programs verify the log too. */
static void the_hash_is_plain_blake2b(void **state)
{
    (void)state;
    static const uint8_t zeros[CM_HASH_SIZE];
    static const uint8_t expected[CM_HASH_SIZE] = {
        0x5d, 0xb8, 0x27, 0xe5, 0xe9, 0x25, 0xe6, 0xb9, 0x33, 0xa8, 0x65, 0x96, 0xa0, 0x44, 0x6c, 0x34,
        0x5c, 0x0d, 0x74, 0xd7, 0x7f, 0x55, 0xa7, 0x51, 0xad, 0xe5, 0xd7, 0xc7, 0x16, 0x2e, 0xea, 0xd8};
    uint8_t hash[CM_HASH_SIZE];
    cm_chain_next(zeros, (const uint8_t *)"abc", 3, hash);
    assert_memory_equal(hash, expected, sizeof expected);
}

static void a_head_signature_covers_number_and_hash(void **state)
{
    struct fixture *f = *state;
    struct cm_keys *other;
    const uint8_t *public_key = cm_keys_public(f->keys);
    uint8_t hash[CM_HASH_SIZE] = {1, 2, 3}, signature[CM_SIGNATURE_SIZE];
    assert_int_equal(cm_keys_create(&other, NULL), CM_OK);
    cm_head_sign(f->keys, 41, hash, signature);
    assert_int_equal(cm_head_verify(public_key, 41, hash, signature, NULL), CM_OK);
    assert_int_equal(cm_head_verify(public_key, 42, hash, signature, NULL), CM_CORRUPT);
    assert_int_equal(cm_head_verify(cm_keys_public(other), 41, hash, signature, NULL), CM_CORRUPT);
    hash[31] ^= 1;
    assert_int_equal(cm_head_verify(public_key, 41, hash, signature, NULL), CM_CORRUPT);
    cm_keys_destroy(other);
}

/* ---- the key file ---- */

static void expect_load(struct fixture *f, enum cm_code code, const char *words)
{
    struct cm_err err = CM_ERR_INIT;
    struct cm_keys *keys = NULL;
    enum cm_code got = cm_keys_load(f->path, &keys, &err);
    cm_keys_destroy(keys);
    if (got != code || (words != NULL && strstr(err.msg, words) == NULL))
        fail_msg("%s: \"%s\" instead of \"%s\"", cm_code_name(got), err.msg, words != NULL ? words : "");
}

static void a_key_file_gives_the_same_keys_again(void **state)
{
    struct fixture *f = *state;
    struct cm_keys *again;
    struct stat st;
    uint8_t key[CM_KEY_SIZE], back[CM_KEY_SIZE], wrapped[CM_WRAPPED_SIZE];
    assert_int_equal(cm_keys_save(f->keys, f->path, NULL), CM_OK);
    assert_int_equal(stat(f->path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(st.st_size, KEY_FILE_SIZE);
    assert_int_equal(cm_keys_load(f->path, &again, NULL), CM_OK);
    assert_memory_equal(cm_keys_public(f->keys), cm_keys_public(again), CM_PUBLIC_KEY_SIZE);
    assert_int_equal(cm_keys_generation(again), 1);
    cm_key_random(key);
    assert_int_equal(cm_keys_wrap(f->keys, 1, "s1", key, wrapped, NULL), CM_OK);
    assert_int_equal(cm_keys_unwrap(again, 1, "s1", wrapped, back, NULL), CM_OK);
    assert_memory_equal(key, back, sizeof key);
    cm_keys_destroy(again);
}

static void bad_key_files_are_refused(void **state)
{
    struct fixture *f = *state;
    uint8_t file[KEY_FILE_SIZE + 1] = {0};
    expect_load(f, CM_NOTFOUND, "is missing");
    assert_int_equal(cm_keys_save(f->keys, f->path, NULL), CM_OK);
    static const mode_t modes[] = {0604, 0640, 0660, 0644, 0601};
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        assert_int_equal(chmod(f->path, modes[i]), 0);
        expect_load(f, CM_INVALID, "chmod 600");
    }
    assert_int_equal(chmod(f->path, 0600), 0);
    FILE *stream = fopen(f->path, "r+b");
    assert_non_null(stream);
    assert_int_equal(fread(file, 1, KEY_FILE_SIZE, stream), KEY_FILE_SIZE);
    for (size_t i = 0; i < KEY_FILE_SIZE; i++) {
        file[i] ^= 1;
        rewind(stream);
        assert_int_equal(fwrite(file, 1, KEY_FILE_SIZE, stream), KEY_FILE_SIZE);
        fflush(stream);
        expect_load(f, i >= 13 && i < 16 ? CM_NEWER : CM_CORRUPT, NULL); /* 13 to 15: a large version */
        file[i] ^= 1;
    }
    rewind(stream);
    fwrite(file, 1, KEY_FILE_SIZE + 1, stream);
    fflush(stream);
    expect_load(f, CM_CORRUPT, "wrong size");
    assert_int_equal(ftruncate(fileno(stream), KEY_FILE_SIZE), 0);
    expect_load(f, CM_OK, NULL);
    assert_int_equal(ftruncate(fileno(stream), KEY_FILE_SIZE - 1), 0);
    expect_load(f, CM_CORRUPT, "wrong size");
    assert_int_equal(ftruncate(fileno(stream), 0), 0);
    expect_load(f, CM_CORRUPT, "wrong size");
    fclose(stream);
}

static void what_is_no_plain_file_is_refused(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(mkdir(f->path, 0700), 0);
    expect_load(f, CM_INVALID, NULL);
    assert_int_equal(rmdir(f->path), 0);
    assert_int_equal(mkfifo(f->path, 0600), 0);
    expect_load(f, CM_INVALID, "plain file"); /* and does not wait for a writer */
    assert_int_equal(unlink(f->path), 0);
    assert_int_equal(symlink("/dev/null", f->path), 0);
    expect_load(f, CM_INVALID, NULL);
}

static void a_rotated_master_key_keeps_the_one_before(void **state)
{
    struct fixture *f = *state;
    uint8_t key[CM_KEY_SIZE] = {7}, back[CM_KEY_SIZE], old[CM_WRAPPED_SIZE], wrapped[CM_WRAPPED_SIZE];
    assert_int_equal(cm_keys_wrap(f->keys, 1, "s1", key, old, NULL), CM_OK);
    cm_keys_rotate(f->keys);
    assert_int_equal(cm_keys_generation(f->keys), 2);
    assert_true(cm_keys_has_previous(f->keys));
    assert_int_equal(cm_keys_unwrap(f->keys, 1, "s1", old, back, NULL), CM_OK);
    assert_int_equal(cm_keys_unwrap(f->keys, 2, "s1", old, back, NULL), CM_CORRUPT);
    assert_int_equal(cm_keys_wrap(f->keys, 2, "s1", key, wrapped, NULL), CM_OK);
    assert_int_equal(cm_keys_wrap(f->keys, 3, "s1", key, wrapped, NULL), CM_CORRUPT);
    cm_keys_drop_previous(f->keys);
    assert_int_equal(cm_keys_unwrap(f->keys, 1, "s1", old, back, NULL), CM_CORRUPT);
    assert_int_equal(cm_keys_save(f->keys, f->path, NULL), CM_OK);
    expect_load(f, CM_OK, NULL);
}

/* A second name keeps the replaced file's content in sight. */
static void a_replaced_key_file_is_overwritten(void **state)
{
    struct fixture *f = *state;
    char witness[320];
    uint8_t content[KEY_FILE_SIZE] = {1};
    snprintf(witness, sizeof witness, "%s.witness", f->path);
    assert_int_equal(cm_keys_save(f->keys, f->path, NULL), CM_OK);
    assert_int_equal(link(f->path, witness), 0);
    cm_keys_rotate(f->keys);
    assert_int_equal(cm_keys_save(f->keys, f->path, NULL), CM_OK);
    FILE *stream = fopen(witness, "rb");
    assert_non_null(stream);
    assert_int_equal(fread(content, 1, sizeof content, stream), sizeof content);
    fclose(stream);
    unlink(witness);
    assert_memory_equal(content, (uint8_t[KEY_FILE_SIZE]){0}, sizeof content);
    expect_load(f, CM_OK, NULL);
}

static void an_interrupted_save_is_cleaned_up(void **state)
{
    struct fixture *f = *state;
    char left[320];
    snprintf(left, sizeof left, "%s.new", f->path);
    assert_false(cm_keys_left_over(f->path));
    assert_int_equal(cm_keys_clean(f->path, NULL), CM_OK);
    for (int save = 0; save < 2; save++) {
        FILE *stream = fopen(left, "wb");
        assert_non_null(stream);
        fputs("half a key", stream);
        fclose(stream);
        assert_true(cm_keys_left_over(f->path));
        assert_int_equal(save ? cm_keys_save(f->keys, f->path, NULL) : cm_keys_clean(f->path, NULL), CM_OK);
        assert_false(cm_keys_left_over(f->path));
    }
    expect_load(f, CM_OK, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_seal_opens_only_whole_and_with_its_key, setup, teardown),
        cmocka_unit_test_setup_teardown(an_empty_text_can_be_sealed, setup, teardown),
        cmocka_unit_test_setup_teardown(a_wrapped_key_belongs_to_its_owner, setup, teardown),
        cmocka_unit_test_setup_teardown(a_chain_depends_on_everything_before, setup, teardown),
        cmocka_unit_test_setup_teardown(the_hash_is_plain_blake2b, setup, teardown),
        cmocka_unit_test_setup_teardown(a_head_signature_covers_number_and_hash, setup, teardown),
        cmocka_unit_test_setup_teardown(a_key_file_gives_the_same_keys_again, setup, teardown),
        cmocka_unit_test_setup_teardown(bad_key_files_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_no_plain_file_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(a_rotated_master_key_keeps_the_one_before, setup, teardown),
        cmocka_unit_test_setup_teardown(a_replaced_key_file_is_overwritten, setup, teardown),
        cmocka_unit_test_setup_teardown(an_interrupted_save_is_cleaned_up, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
