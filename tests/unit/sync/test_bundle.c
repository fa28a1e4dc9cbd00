#include "unit.h"

#include "crypt/seal.h"
#include "sync/bundle.h"
#include <stdlib.h>
#include <string.h>

static struct cm_box box;

static int setup(void **state)
{
    (void)state;
    assert_int_equal(cm_crypt_init(NULL), CM_OK);
    cm_box_create(&box);
    return 0;
}

/* Three pushes; free() what it returns. */
static char *make_bundle(size_t *ret_size)
{
    char *bytes = NULL;
    FILE *file = open_memstream(&bytes, ret_size);
    assert_non_null(file);
    assert_int_equal(cm_bundle_write_head(file, "station-1", NULL), CM_OK);
    for (int i = 0; i < 3; i++) {
        uint8_t push[100] = {(uint8_t)i};
        assert_int_equal(cm_bundle_write_push(file, box.public_key, push, sizeof push, NULL), CM_OK);
    }
    assert_int_equal(cm_bundle_write_end(file, 3, NULL), CM_OK);
    fclose(file);
    return bytes;
}

/* How reading ends, after so many pushes. */
static enum cm_code read_bundle(char *bytes, size_t size, uint32_t *pushes)
{
    char station_id[CM_SYNC_STATION_ID_SIZE];
    struct cm_buf sealed;
    *pushes = 0;
    FILE *file = fmemopen(bytes, size, "rb");
    assert_non_null(file);
    cm_buf_init(&sealed, CM_SYNC_PUSH_MAX + CM_BOX_OVERHEAD);
    enum cm_code code = cm_bundle_read_head(file, station_id, NULL);
    if (code == CM_OK)
        assert_string_equal(station_id, "station-1");
    while (code == CM_OK) {
        uint32_t before = *pushes;
        code = cm_bundle_read_push(file, &sealed, pushes, NULL);
        if (code != CM_OK)
            break;
        uint8_t push[100];
        assert_int_equal(sealed.size, sizeof push + CM_BOX_OVERHEAD);
        assert_int_equal(cm_box_open(&box, sealed.data, sealed.size, push, NULL), CM_OK);
        assert_int_equal(push[0], before);
    }
    cm_buf_finish(&sealed);
    fclose(file);
    return code;
}

static void a_bundle_is_read_to_its_end(void **state)
{
    uint32_t pushes;
    size_t size;
    char *bytes = make_bundle(&size);
    (void)state;
    assert_int_equal(read_bundle(bytes, size, &pushes), CM_EOF);
    assert_int_equal(pushes, 3);
    free(bytes);
}

static void a_bundle_that_is_cut_short_is_known(void **state)
{
    uint32_t pushes;
    size_t size;
    char *bytes = make_bundle(&size);
    (void)state;
    for (size_t part = 1; part < size; part++) {
        enum cm_code code = read_bundle(bytes, part, &pushes);
        assert_true(code == CM_CORRUPT || (part < 56 && code == CM_INVALID));
    }
    free(bytes);
}

static void other_files_are_told(void **state)
{
    uint32_t pushes;
    size_t size;
    char *bytes = make_bundle(&size);
    (void)state;
    bytes[15] = 2;
    assert_int_equal(read_bundle(bytes, size, &pushes), CM_NEWER);
    bytes[15] = 0;
    assert_int_equal(read_bundle(bytes, size, &pushes), CM_INVALID);
    bytes[15] = 1;
    bytes[0] = 'x';
    assert_int_equal(read_bundle(bytes, size, &pushes), CM_INVALID);
    bytes[0] = 'r';
    bytes[size - 4] = 2; /* another count */
    assert_int_equal(read_bundle(bytes, size, &pushes), CM_CORRUPT);
    bytes[size - 4] = 3;
    memset(bytes + 56, 0xff, 4); /* a push of 4 GiB */
    assert_int_equal(read_bundle(bytes, size, &pushes), CM_CORRUPT);
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bundle_is_read_to_its_end),
        cmocka_unit_test(a_bundle_that_is_cut_short_is_known),
        cmocka_unit_test(other_files_are_told),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
