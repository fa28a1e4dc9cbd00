#include "unit.h"

#include "ui/grid.h"
#include <string.h>

static struct stn_grid grid;

static int setup(void **state)
{
    (void)state;
    stn_grid_init(&grid);
    return stn_grid_resize(&grid, 2, 8, NULL);
}

static int teardown(void **state)
{
    (void)state;
    stn_grid_finish(&grid);
    return 0;
}

static void expect(const char *text)
{
    char out[256];
    size_t length = stn_grid_to_text(&grid, out, sizeof out);
    assert_string_equal(out, text);
    assert_int_equal(length, strlen(text));
}

static void test_put_clips(void **state)
{
    (void)state;
    static const struct {
        int row, col, width;
        const char *text;
        int used;
        const char *screen;
    } cases[] = {
        {0, 0, 8, "abc", 3, "abc\n\n"},
        {1, 6, 8, "abc", 2, "\n      a…\n"},
        {0, 0, 2, "abc", 2, "a…\n\n"},
        {0, 0, 0, "abc", 0, "\n\n"},
        {0, 0, -5, "abc", 0, "\n\n"},
        {0, 8, 8, "abc", 0, "\n\n"},
        {2, 0, 8, "abc", 0, "\n\n"},
        {-1, 0, 8, "abc", 0, "\n\n"},
        {0, -1, 8, "abc", 0, "\n\n"},
        {0, 0, 8, "王小明", 6, "王小明\n\n"},
        {0, 0, 5, "王小明", 5, "王小…\n\n"},
        {0, 0, 4, "王小明", 3, "王…\n\n"}, /* half a character is not shown */
        {0, 0, 1, "王", 1, "…\n\n"},
        {0, 0, 8, "e\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81x", 2, "e\xcc\x81\xcc\x81\xcc\x81x\n\n"},
        {0, 0, 8, "\xcc\x81x", 1, "x\n\n"}, /* a mark with nothing to stand on */
        {0, 0, 8, "a\tb\x1b[m", 6,
         "a\xef\xbf\xbd"
         "b\xef\xbf\xbd[m\n\n"},
        {0, 0, 2147483647, "abc", 3, "abc\n\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        stn_grid_clear(&grid);
        int used = stn_grid_put(&grid, cases[i].row, cases[i].col, cases[i].width, stn_style(STN_ROLE_TEXT),
                                cases[i].text);
        assert_int_equal(used, cases[i].used);
        expect(cases[i].screen);
    }
}

/* Writing over half of a wide character leaves no other half behind. */
static void test_wide_characters_are_never_torn(void **state)
{
    (void)state;
    struct stn_style style = stn_style(STN_ROLE_TEXT);
    stn_grid_put(&grid, 0, 0, 8, style, "王小");
    stn_grid_set(&grid, 0, 1, style, 'x');
    expect(" x小\n\n");
    stn_grid_set(&grid, 0, 2, style, 'y');
    expect(" xy\n\n");
    stn_grid_put(&grid, 0, 0, 8, style, "王小");
    stn_grid_put(&grid, 0, 1, 2, style, "明");
    expect(" 明\n\n");
}

static void test_ascii_keeps_the_columns(void **state)
{
    (void)state;
    grid.ascii = true;
    stn_grid_put(&grid, 0, 0, 8, stn_style(STN_ROLE_TEXT), "é✓王x");
    stn_grid_box(&grid, (struct stn_rect){1, 0, 1, 3}, stn_style(STN_ROLE_FRAME), NULL);
    expect("ev??x\n\n");
}

static void test_box_and_parts(void **state)
{
    (void)state;
    struct stn_rect all = stn_grid_all(&grid);
    struct stn_rect inside = stn_grid_box(&grid, all, stn_style(STN_ROLE_FRAME), "long title");
    expect("┌ lon… ┐\n└──────┘\n");
    assert_int_equal(inside.rows, 0);
    assert_int_equal(inside.cols, 6);
    struct stn_rect top = stn_rect_top(&all, 1), rest = stn_rect_bottom(&all, 7),
                    none = stn_rect_top(&all, 3);
    assert_int_equal(top.row, 0);
    assert_int_equal(rest.row, 1);
    assert_int_equal(rest.rows, 1);
    assert_int_equal(none.rows, 0);
    assert_int_equal(stn_rect_left(&top, -2).cols, 0);
    stn_grid_box(&grid, (struct stn_rect){-3, -3, 40, 40}, stn_style(STN_ROLE_FRAME), "x");
    stn_grid_fill(&grid, (struct stn_rect){-3, -3, 40, 40}, stn_style(STN_ROLE_FRAME), '#');
    expect("########\n########\n");
}

static void test_size_is_bounded(void **state)
{
    (void)state;
    assert_int_equal(stn_grid_resize(&grid, 100000, 100000, NULL), CM_OK);
    assert_int_equal(grid.rows, STN_GRID_ROWS_MAX);
    assert_int_equal(grid.cols, STN_GRID_COLS_MAX);
    assert_int_equal(stn_grid_resize(&grid, 0, -4, NULL), CM_OK);
    assert_int_equal(grid.rows * grid.cols, 1);
    stn_grid_put(&grid, 0, 0, 8, stn_style(STN_ROLE_TEXT), "王");
    expect("…\n");
}

static void test_text_that_is_longer_than_the_buffer(void **state)
{
    (void)state;
    char out[4];
    stn_grid_put(&grid, 0, 0, 8, stn_style(STN_ROLE_TEXT), "abcdef");
    assert_int_equal(stn_grid_to_text(&grid, out, sizeof out), 8);
    assert_string_equal(out, "abc");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_put_clips, setup, teardown),
        cmocka_unit_test_setup_teardown(test_wide_characters_are_never_torn, setup, teardown),
        cmocka_unit_test_setup_teardown(test_ascii_keeps_the_columns, setup, teardown),
        cmocka_unit_test_setup_teardown(test_box_and_parts, setup, teardown),
        cmocka_unit_test_setup_teardown(test_size_is_bounded, setup, teardown),
        cmocka_unit_test_setup_teardown(test_text_that_is_longer_than_the_buffer, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
