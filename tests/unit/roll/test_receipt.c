#include "unit.h"

#include "roll/receipt.h"
#include <string.h>

static void codes_are_read_from_the_ids_end(void **state)
{
    (void)state;
    static const struct {
        uint8_t end[4];
        const char *code;
    } cases[] = {
        {{0x00, 0x00, 0x00, 0x00}, "000-000"}, {{0x00, 0x00, 0x00, 0x01}, "000-001"},
        {{0x00, 0x00, 0x00, 0x20}, "000-010"}, {{0x3f, 0xff, 0xff, 0xff}, "ZZZ-ZZZ"},
        {{0xff, 0xff, 0xff, 0xff}, "ZZZ-ZZZ"}, /* the two bits above do not show */
        {{0x0e, 0x62, 0xdd, 0x2d}, "765-Q9D"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t id[16] = {0x01, 0x93, 0x55, 0xaa};
        memcpy(id + 12, cases[i].end, 4);
        char code[CM_RECEIPT_SIZE];
        assert_string_equal(cm_receipt(id, code), cases[i].code);
    }
}

static void no_letter_looks_like_another(void **state)
{
    (void)state;
    uint8_t id[16] = {0};
    for (int i = 0; i < 32; i++) {
        char code[CM_RECEIPT_SIZE];
        id[15] = (uint8_t)i;
        assert_null(strpbrk(cm_receipt(id, code), "ILOUilou"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codes_are_read_from_the_ids_end),
        cmocka_unit_test(no_letter_looks_like_another),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
