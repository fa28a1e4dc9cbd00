/* The seam: random changes on both backends against each other, undone writes among them. */
#include "unit.h"

#include "store/kv.h"
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TABLES = 2, ROUNDS = 400, CHANGES = 40, NAMES = 64 };

struct script {
    uint32_t seed;
    bool fail;
};

static uint32_t draw(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

static size_t make_key(uint32_t number, char key[16])
{
    return (size_t)snprintf(key, 16, "%c%u", 'a' + (char)(number % 4), (unsigned)(number / 4));
}

static enum cm_code run_script(struct srv_kv_txn *txn, void *arg, struct cm_err *err)
{
    const struct script *script = arg;
    uint32_t seed = script->seed;
    enum cm_code code = CM_OK;
    for (int i = 0; i < CHANGES && code == CM_OK; i++) {
        char key[16], value[64];
        int table = (int)(draw(&seed) % TABLES);
        size_t key_size = make_key(draw(&seed) % NAMES, key), count;
        size_t value_size = draw(&seed) % sizeof value;
        memset(value, (int)draw(&seed), sizeof value);
        switch (draw(&seed) % 8) {
        case 0:
        case 1:
            code = txn->ops->delete (txn->impl, table, key, key_size, err);
            code = code == CM_NOTFOUND ? CM_OK : code;
            break;
        case 2:
            code =
                draw(&seed) % 8 == 0 ? txn->ops->delete_prefix(txn->impl, table, key, 1, &count, err) : CM_OK;
            break;
        default:
            code = txn->ops->put(txn->impl, table, key, key_size, value, value_size, err);
        }
    }
    return code == CM_OK && script->fail ? CM_EXISTS : code;
}

struct dump {
    char text[64 * 1024];
    size_t size;
};

static enum cm_code add_row(void *arg, struct cm_bytes key, struct cm_bytes value, struct cm_err *err)
{
    struct dump *dump = arg;
    (void)err;
    dump->size += (size_t)snprintf(dump->text + dump->size, sizeof dump->text - dump->size, "%.*s=%zu:%d ",
                                   (int)key.size, (const char *)key.data, value.size,
                                   value.size > 0 ? ((const uint8_t *)value.data)[value.size - 1] : -1);
    return CM_OK;
}

static void dump_all(struct srv_kv *kv, uint32_t seed, struct dump *dump)
{
    struct srv_kv_txn txn;
    char key[16];
    size_t size = make_key(seed % NAMES, key), count;
    assert_int_equal(kv->ops->read_begin(kv, &txn, NULL), CM_OK);
    dump->size = 0;
    for (int table = 0; table < TABLES; table++) {
        const struct cm_bytes none = {NULL, 0}, some = {key, size};
        assert_int_equal(txn.ops->walk(txn.impl, table, none, 0, add_row, dump, NULL), CM_OK);
        assert_int_equal(txn.ops->walk(txn.impl, table, some, 1, add_row, dump, NULL), CM_OK);
        assert_int_equal(txn.ops->walk_back(txn.impl, table, none, 0, add_row, dump, NULL), CM_OK);
        assert_int_equal(txn.ops->walk_back(txn.impl, table, some, 1, add_row, dump, NULL), CM_OK);
        assert_int_equal(txn.ops->walk_back(txn.impl, table, some, 0, add_row, dump, NULL), CM_OK);
        assert_int_equal(txn.ops->count(txn.impl, table, &count, NULL), CM_OK);
        dump->size +=
            (size_t)snprintf(dump->text + dump->size, sizeof dump->text - dump->size, "#%zu ", count);
    }
    txn.ops->read_end(&txn);
}

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *walk)
{
    (void)info;
    (void)type;
    (void)walk;
    return remove(path);
}

static void backends_agree(void **state)
{
    (void)state;
    static const char *const tables[TABLES] = {"one", "two"};
    static struct dump a, b;
    char dir[] = "/tmp/rollcall-kv-XXXXXX";
    struct srv_kv *mem, *lmdb;
    assert_non_null(mkdtemp(dir));
    struct cm_db_options options = {.dir = dir,
                                    .tables = tables,
                                    .table_count = TABLES,
                                    .version = 1,
                                    .map_bytes_first = (size_t)64 << 10,
                                    .map_bytes_max = (size_t)64 << 20,
                                    .threads = true};
    assert_int_equal(srv_kv_open_mem(TABLES, &mem, NULL), CM_OK);
    assert_int_equal(srv_kv_open_lmdb(&options, &lmdb, NULL), CM_OK);
    for (uint32_t round = 0; round < ROUNDS; round++) {
        struct script script = {.seed = round * 7919u + 1, .fail = round % 5 == 4};
        enum cm_code wanted = script.fail ? CM_EXISTS : CM_OK;
        assert_int_equal(mem->ops->write(mem, run_script, &script, NULL), wanted);
        assert_int_equal(lmdb->ops->write(lmdb, run_script, &script, NULL), wanted);
        dump_all(mem, round, &a);
        dump_all(lmdb, round, &b);
        assert_string_equal(a.text, b.text);
    }
    mem->ops->close(mem);
    lmdb->ops->close(lmdb);
    nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(backends_agree)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
