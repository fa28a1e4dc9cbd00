#include "record/scan.h"

#include "unit.h"
#include <msgpack.h>
#include <stdlib.h>
#include <string.h>

struct scan_case {
    const char *bytes;
    size_t size;
    const char *problem; /* a part of the sentence; NULL: fine */
};
#define BYTES(text) text, sizeof text - 1

static const struct scan_case cases[] = {
    {BYTES("\xc0"), NULL},
    {BYTES("\xc2"), NULL},
    {BYTES("\xc3"), NULL},
    {BYTES("\x00"), NULL},
    {BYTES("\x7f"), NULL},
    {BYTES("\xe0"), NULL},
    {BYTES("\xcc\x80"), NULL},
    {BYTES("\xcd\x01\x00"), NULL},
    {BYTES("\xce\x00\x01\x00\x00"), NULL},
    {BYTES("\xcf\x00\x00\x00\x01\x00\x00\x00\x00"), NULL},
    {BYTES("\xcf\xff\xff\xff\xff\xff\xff\xff\xff"), NULL},
    {BYTES("\xd0\xdf"), NULL},
    {BYTES("\xd0\x80"), NULL},
    {BYTES("\xd1\xff\x7f"), NULL},
    {BYTES("\xd2\xff\xff\x7f\xff"), NULL},
    {BYTES("\xd3\xff\xff\xff\xff\x7f\xff\xff\xff"), NULL},
    {BYTES("\xd3\x80\x00\x00\x00\x00\x00\x00\x00"), NULL},
    {BYTES("\xa3\xe0\xa4\x95"), NULL},
    {BYTES("\xc4\x02\x00\xff"), NULL},
    {BYTES("\x90"), NULL},
    {BYTES("\x80"), NULL},
    {BYTES("\x82\x01\xc0\x02\x81\x00\x00"), NULL},
    {BYTES("\x91\x91\x91\x91\x91\x91\x91\x90"), NULL}, /* eight levels */

    {BYTES(""), "cut short"},
    {BYTES("\xcc"), "cut short"},
    {BYTES("\xcf\x00\x00\x00"), "cut short"},
    {BYTES("\xa3\x61\x62"), "cut short"},
    {BYTES("\xc6\x7f\xff\xff\xff\x00"), "cut short"}, /* 2 GiB of bytes */
    {BYTES("\xdb\xff\xff\xff\xff"), "cut short"},
    {BYTES("\x92\x01"), "claims more elements"},
    {BYTES("\xdd\x10\x00\x00\x00"), "claims more elements"}, /* 6 GiB of objects */
    {BYTES("\xdf\xff\xff\xff\xff\x00\x00"), "claims more elements"},
    {BYTES("\x81\x01"), "claims more elements"},
    {BYTES("\xc0\xc0"), "1 bytes follow"},
    {BYTES("\xcc\x7f"), "shortest"},
    {BYTES("\xcd\x00\xff"), "shortest"},
    {BYTES("\xce\x00\x00\xff\xff"), "shortest"},
    {BYTES("\xcf\x00\x00\x00\x00\xff\xff\xff\xff"), "shortest"},
    {BYTES("\xd0\xe0"), "shortest"},
    {BYTES("\xd0\x05"), "shortest"}, /* a positive number in a signed form */
    {BYTES("\xd1\xff\x80"), "shortest"},
    {BYTES("\xd2\xff\xff\x80\x00"), "shortest"},
    {BYTES("\xd3\xff\xff\xff\xff\x80\x00\x00\x00"), "shortest"},
    {BYTES("\xd9\x01\x61"), "shortest"},
    {BYTES("\xc5\x00\x01\x00"), "shortest"},
    {BYTES("\xdc\x00\x01\x00"), "shortest"},
    {BYTES("\xde\x00\x01\x00\x00"), "shortest"},
    {BYTES("\xc1"), "type that records do not use"},
    {BYTES("\xca\x3f\x80\x00\x00"), "type that records do not use"}, /* float32 */
    {BYTES("\xcb\x3f\xf0\x00\x00\x00\x00\x00\x00"), "type that records do not use"},
    {BYTES("\xd4\x01\x00"), "type that records do not use"}, /* ext */
    {BYTES("\xc7\x01\x01\x00"), "type that records do not use"},
    {BYTES("\xa1\xff"), "not UTF-8"},
    {BYTES("\xa2\xc0\x80"), "not UTF-8"}, /* an overlong NUL */
    {BYTES("\xa3\xed\xa0\x80"), "not UTF-8"},
    {BYTES("\xa3\x61\x00\x62"), "NUL"},
    {BYTES("\x82\x01\xc0\x01\xc0"), "key 1 comes twice"},
    {BYTES("\x82\x02\xc0\x01\xc0"), "ascending"},
    {BYTES("\x91\x82\x05\xc0\x05\xc0"), "key 5 comes twice"},
    {BYTES("\x81\xa1\x61\x01"), "key is not a number"},
    {BYTES("\x81\xff\x01"), "key is not a number"},
    {BYTES("\x81\x80\x01"), "key is not a number"},
    {BYTES("\x91\x91\x91\x91\x91\x91\x91\x91\x90"), "deeper than 8"},
    {BYTES("\x81\x00\x81\x00\x81\x00\x81\x00\x81\x00\x81\x00\x81\x00\x81\x00\x81\x00\x00"), "deeper than 8"},
};

static enum cm_code scan(const struct scan_case *c, struct cm_err *err)
{
    uint8_t *exact = malloc(c->size > 0 ? c->size : 1); /* so that the sanitizer sees a step too far */
    assert_non_null(exact);
    memcpy(exact, c->bytes, c->size);
    enum cm_code code = cm_scan_message(exact, c->size, CM_SCAN_OBJECTS_MAX, err);
    free(exact);
    return code;
}

static void each_case_is_judged(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cm_err err = CM_ERR_INIT;
        enum cm_code code = scan(&cases[i], &err);
        if (code != (cases[i].problem == NULL ? CM_OK : CM_INVALID))
            fail_msg("case %zu: %s %s", i, cm_code_name(code), err.msg);
        if (cases[i].problem != NULL && strstr(err.msg, cases[i].problem) == NULL)
            fail_msg("case %zu: \"%s\" does not say \"%s\"", i, err.msg, cases[i].problem);
    }
}

static void what_passes_is_msgpack(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0] && cases[i].problem == NULL; i++) {
        msgpack_unpacked unpacked;
        size_t offset = 0;
        msgpack_unpacked_init(&unpacked);
        assert_int_equal(msgpack_unpack_next(&unpacked, cases[i].bytes, cases[i].size, &offset),
                         MSGPACK_UNPACK_SUCCESS);
        assert_int_equal(offset, cases[i].size);
        msgpack_unpacked_destroy(&unpacked);
    }
}

static void values_are_bounded_in_number(void **state)
{
    (void)state;
    static uint8_t bytes[3 + 200] = {0xdc, 0, 200};
    struct cm_err err = CM_ERR_INIT;
    assert_int_equal(cm_scan_message(bytes, sizeof bytes, 201, &err), CM_OK);
    assert_int_equal(cm_scan_message(bytes, sizeof bytes, 200, &err), CM_INVALID);
    assert_non_null(strstr(err.msg, "more than 200 values"));
}

static void tokens_carry_their_values(void **state)
{
    (void)state;
    static const uint8_t bytes[] = {0xcd, 0x12, 0x34, 0xd1, 0xfe, 0x00, 0xa2, 'o', 'k', 0x93};
    struct cm_cursor cursor = {bytes, bytes + sizeof bytes};
    struct cm_token token;
    assert_int_equal(cm_scan_next(&cursor, &token, NULL), CM_OK);
    assert_int_equal(token.kind, CM_TOKEN_UNSIGNED);
    assert_int_equal(token.number, 0x1234);
    assert_int_equal(cm_scan_next(&cursor, &token, NULL), CM_OK);
    assert_int_equal(token.kind, CM_TOKEN_NEGATIVE);
    assert_int_equal(token.negative, -512);
    assert_int_equal(cm_scan_next(&cursor, &token, NULL), CM_OK);
    assert_int_equal(token.kind, CM_TOKEN_TEXT);
    assert_memory_equal(token.bytes, "ok", 2);
    assert_int_equal(cm_scan_next(&cursor, &token, NULL), CM_INVALID); /* three elements, no bytes */
    assert_memory_equal(token.bytes, "ok", 2);                         /* untouched */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_case_is_judged),
        cmocka_unit_test(what_passes_is_msgpack),
        cmocka_unit_test(values_are_bounded_in_number),
        cmocka_unit_test(tokens_carry_their_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
