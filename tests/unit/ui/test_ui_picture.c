/* Colours, the picture in cells, large letters. */
#include "unit.h"

#include "ui/bigtext.h"
#include "ui/halfblock.h"
#include "ui/palette.h"
#include <math.h>
#include <string.h>

static void test_palette(void **state)
{
    (void)state;
    static const struct {
        uint8_t rgb[3];
        int of_256, of_16;
    } cases[] = {
        {{0, 0, 0}, 16, 0},        {{255, 255, 255}, 231, 15}, {{255, 0, 0}, 196, 8},
        {{0, 255, 0}, 46, 7},      {{0, 0, 255}, 21, 0},       {{128, 128, 128}, 244, 8},
        {{8, 8, 8}, 232, 0},       {{238, 238, 238}, 255, 15}, {{220, 170, 140}, 180, 7},
        {{200, 200, 200}, 251, 7}, {{95, 135, 175}, 67, 8},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(stn_palette_256(cases[i].rgb), cases[i].of_256);
        assert_int_equal(stn_palette_16(cases[i].rgb), cases[i].of_16);
    }
    for (int r = 0; r < 256; r += 5)
        for (int g = 0; g < 256; g += 5)
            for (int b = 0; b < 256; b += 5) {
                const uint8_t rgb[3] = {(uint8_t)r, (uint8_t)g, (uint8_t)b};
                int colour = stn_palette_256(rgb);
                assert_true(colour >= 16 && colour < 256);
                assert_true(stn_palette_direct(rgb) >= 8 && stn_palette_direct(rgb) < 1 << 24);
            }
}

static void test_fit(void **state)
{
    (void)state;
    static const struct {
        int width, height, rows, cols, fit_rows, fit_cols;
    } cases[] = {
        {640, 480, 14, 38, 14, 37}, {640, 480, 14, 20, 8, 20},     {480, 640, 14, 38, 14, 21},
        {0, 0, 12, 100, 12, 32},    {1920, 1080, 20, 200, 20, 71}, {4096, 1, 10, 10, 0, 10},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int rows, cols;
        stn_halfblock_fit(cases[i].width, cases[i].height, cases[i].rows, cases[i].cols, &rows, &cols);
        assert_int_equal(rows, cases[i].fit_rows);
        assert_int_equal(cols, cases[i].fit_cols);
    }
}

static struct stn_preview preview;

static void put_pixel(int x, int y, uint8_t r, uint8_t g, uint8_t b)
{
    uint8_t *pixel = &preview.rgb[(y * preview.width + x) * 3];
    pixel[0] = r;
    pixel[1] = g;
    pixel[2] = b;
}

static void test_halfblocks(void **state)
{
    (void)state;
    struct stn_grid grid;
    stn_grid_init(&grid);
    stn_grid_resize(&grid, 1, 2, NULL);
    preview.width = preview.height = 2;
    put_pixel(0, 0, 255, 0, 0);
    put_pixel(1, 0, 0, 255, 0);
    put_pixel(0, 1, 0, 0, 255);
    put_pixel(1, 1, 255, 255, 255);

    struct stn_ui_caps caps = {.utf8 = true, .colours = 256};
    stn_halfblock_draw(&grid, stn_grid_all(&grid), &preview, &caps, false);
    assert_int_equal(grid.cells[0].base, 0x2580);
    assert_memory_equal(grid.cells[0].style.fg, ((const uint8_t[]){255, 0, 0}), 3);
    assert_memory_equal(grid.cells[0].style.bg, ((const uint8_t[]){0, 0, 255}), 3);
    assert_memory_equal(grid.cells[1].style.bg, ((const uint8_t[]){255, 255, 255}), 3);
    stn_halfblock_draw(&grid, stn_grid_all(&grid), &preview, &caps, true);
    assert_memory_equal(grid.cells[1].style.fg, ((const uint8_t[]){255, 0, 0}), 3);

    caps.utf8 = false; /* one pixel a cell, behind a space */
    grid.ascii = true;
    stn_halfblock_draw(&grid, stn_grid_all(&grid), &preview, &caps, false);
    assert_int_equal(grid.cells[0].base, ' ');
    assert_memory_equal(grid.cells[0].style.bg, ((const uint8_t[]){127, 0, 127}), 3);
    caps.colours = 0;
    stn_halfblock_draw(&grid, stn_grid_all(&grid), &preview, &caps, false);
    assert_int_equal(grid.cells[0].base, ':');
    assert_int_equal(grid.cells[1].base, '#');

    stn_grid_clear(&grid);
    preview.width = 100000; /* a lie about the size is no picture */
    stn_halfblock_draw(&grid, stn_grid_all(&grid), &preview, &caps, false);
    assert_int_equal(grid.cells[0].base, ' ');
    stn_grid_finish(&grid);
}

static void test_boxes_stay_inside(void **state)
{
    (void)state;
    static const float values[] = {-1e30f, -1, 0, 0.5f, 1, 2, 1e30f, INFINITY, NAN};
    struct stn_grid grid;
    stn_grid_init(&grid);
    stn_grid_resize(&grid, 7, 9, NULL);
    struct stn_rect rect = {1, 1, 5, 7};
    enum { N = sizeof values / sizeof values[0] };
    for (int i = 0; i < N * N * N; i++) {
        struct stn_face_box box = {.x = values[i % N],
                                   .y = values[i / N % N],
                                   .width = values[i / N / N],
                                   .height = values[i % N],
                                   .eye_x = {values[i % N], 0.3f},
                                   .eye_y = {values[i / N % N], 0.3f},
                                   .tone = STN_TONE_OK,
                                   .label = "#1"};
        stn_face_boxes_draw(&grid, rect, &box, 1, i & 1, true);
    }
    for (int row = 0; row < grid.rows; row++)
        for (int col = 0; col < grid.cols; col++)
            if (row == 0 || row == 6 || col == 0 || col == 8)
                assert_int_equal(grid.cells[row * grid.cols + col].base, ' ');
    stn_grid_finish(&grid);
}

static void test_preview_from_frame(void **state)
{
    (void)state;
    static const struct {
        int width, height, expected_width, expected_height;
    } cases[] = {
        {640, 480, 160, 120}, {80, 60, 80, 60}, {480, 640, 90, 120}, {1, 1, 1, 1}, {1000, 2, 160, 1}};
    static uint8_t pixels[640 * 480 * 3], grey[4] = {99, 99, 99, 99};
    for (size_t i = 0; i < sizeof pixels; i += 3) {
        pixels[i] = 10; /* blue */
        pixels[i + 1] = 20;
        pixels[i + 2] = 30;
    }
    struct stn_frame frame = {.format = STN_PIXEL_BGR24, .number = 7, .pixels = pixels};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        frame.width = cases[i].width;
        frame.height = cases[i].height;
        frame.stride = cases[i].width * 3;
        stn_preview_from_frame(&frame, &preview);
        assert_int_equal(preview.width, cases[i].expected_width);
        assert_int_equal(preview.height, cases[i].expected_height);
        assert_int_equal(preview.number, 7);
        assert_memory_equal(preview.rgb, ((const uint8_t[]){30, 20, 10}), 3);
    }
    frame =
        (struct stn_frame){.width = 2, .height = 2, .stride = 2, .format = STN_PIXEL_GRAY8, .pixels = grey};
    stn_preview_from_frame(&frame, &preview);
    assert_memory_equal(preview.rgb, ((const uint8_t[]){99, 99, 99}), 3);
}

static void expect_big(const char *text, bool ascii, int rows, int cols, const char *expected)
{
    struct stn_grid grid;
    char out[4096];
    stn_grid_init(&grid);
    stn_grid_resize(&grid, rows, cols, NULL);
    grid.ascii = ascii;
    stn_bigtext_draw(&grid, stn_grid_all(&grid), stn_style(STN_ROLE_TEXT), text);
    stn_grid_to_text(&grid, out, sizeof out);
    assert_string_equal(out, expected);
    stn_grid_finish(&grid);
}

static void test_bigtext(void **state)
{
    (void)state;
    expect_big("Hi!", false, 5, 10, "█  █ ███ █\n█  █  █  █\n████  █  █\n█  █  █\n█  █ ███ █\n");
    expect_big("Hi!", true, 5, 10, "#  # ### #\n#  #  #  #\n####  #  #\n#  #  #\n#  # ### #\n");
    expect_big("Hi!", false, 3, 10, "█  █ ▀█▀ █\n█▀▀█  █  ▀\n▀  ▀ ▀▀▀ ▀\n");
    expect_big("Hi!", true, 3, 10, "H I !\n\n\n");
    expect_big("Hi you", false, 2, 7, "H I\nY O U\n");
    expect_big("Hi you", false, 1, 6, "Hi you\n");
    expect_big("Hi you", false, 1, 4, "Hi …\n");
    expect_big("आशा", false, 5, 10, "आशा\n\n\n\n\n");
    expect_big("", false, 1, 4, "\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_palette),
        cmocka_unit_test(test_fit),
        cmocka_unit_test(test_halfblocks),
        cmocka_unit_test(test_boxes_stay_inside),
        cmocka_unit_test(test_preview_from_frame),
        cmocka_unit_test(test_bigtext),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
