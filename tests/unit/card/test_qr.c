/* Codes drawn into pictures: what a camera sees well is read, whatever is read is right, and nothing is read out of nothing. */
#include "unit.h"

#include "card/qr.h"
#include "crypt/seal.h"
#include "drawing.h"
#include "lane/card.h"
#include "qr/qr.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char card[] = "RC1-000G40R40M30E209185GR38E1WHB";

static struct stn_qr_reader *reader;

static int open_reader(void **state)
{
    (void)state;
    bool ready = cm_crypt_init(NULL) == CM_OK && stn_qr_reader_create(&reader, NULL) == CM_OK;
    return ready ? 0 : -1;
}

static int close_reader(void **state)
{
    (void)state;
    stn_qr_reader_destroy(reader);
    return 0;
}

/* True: it was read. What is read is what was drawn, or the test fails. */
static bool reads(struct drawing drawing)
{
    struct stn_frame frame;
    char text[STN_QR_TEXT_SIZE] = "untouched";
    uint8_t *pixels = draw_frame(&drawing, &frame);
    assert_non_null(pixels);
    bool read = stn_qr_reader_run(reader, &frame, text);
    assert_string_equal(text, read ? drawing.text : "untouched");
    free(pixels);
    return read;
}

static struct drawing plain(const char *text, double side)
{
    return (struct drawing){
        .text = text, .width = 640, .height = 480, .side = side, .level = 1, .noise = 4, .seed = 1};
}

static void a_card_held_up_is_read(void **state)
{
    (void)state;
    for (int angle = 0; angle < 360; angle += 41)
        for (double side = 100; side <= 380; side += 140) {
            struct drawing drawing = plain(card, side);
            drawing.angle = angle;
            drawing.seed = (uint64_t)angle;
            if (!reads(drawing))
                fail_msg("%d degrees, %.0f px", angle, side);
        }
}

/* Misses may happen here, and are counted; a wrong read fails in reads(). */
static void a_bad_picture_is_missed_not_misread(void **state)
{
    (void)state;
    int read = 0, drawn = 0;
    for (int seed = 0; seed < 60; seed++) {
        struct drawing drawing = plain(card, 40 + seed % 17 * 10);
        drawing.angle = seed * 37 % 360;
        drawing.slant = seed % 5 * 0.06;
        drawing.blur = seed % 3 == 0 ? 0 : 1 + seed % 4 * 2;
        drawing.noise = seed % 7 * 4;
        drawing.seed = (uint64_t)seed;
        drawing.x = 0.2 + seed % 13 * 0.05;
        drawn++;
        read += reads(drawing);
    }
    printf("read %d of %d bad pictures\n", read, drawn);
    assert_true(read > drawn / 3); /* the cases are bad, not hopeless */
}

/* Texts that are ours to read, and those that are not. */
static void what_a_card_may_be(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool read;
    } cases[] = {
        {"1", true},
        {"12", true},
        {"31415926535897932384626433832795", true},
        {"A", true},
        {"HELLO WORLD $%*+-./:", true},
        {"RC1-", true},
        {"small letters, and ~", true},
        {"https://example.org/very/long/address/of/a/poster?with=a&query=too", true},
        {"0123456789012345678901234567890123456789012345678901234567890123456789012345678", true},
        {"01234567890123456789012345678901234567890123456789012345678901234567890123456789", false}, /* 80 */
        {"line\nbreak", false},
        {"caf\xc3\xa9", false},
        {"\x1b[2J", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (reads(plain(cases[i].text, 300)) != cases[i].read)
            fail_msg("\"%s\" is %s", cases[i].text, cases[i].read ? "not read" : "read");
}

static void other_pictures(void **state)
{
    (void)state;
    static const struct {
        int width, height;
        double side;
        bool grey;
    } cases[] = {{640, 480, 200, true},   {320, 240, 150, false},   {1280, 720, 300, false},
                 {1920, 1080, 500, true}, {4096, 4096, 1500, true}, {480, 640, 200, false}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct drawing drawing = plain(card, cases[i].side);
        drawing.width = cases[i].width;
        drawing.height = cases[i].height;
        drawing.grey = cases[i].grey;
        assert_true(reads(drawing));
    }
    struct drawing outside = plain(card, 200); /* a third of it is not in the picture */
    outside.x = 0.06;
    assert_false(reads(outside));
}

enum { MODULE = 7, SIDE_MAX = 64 };

/* The modules of cm_qr_lines: each character is two of them, one above the other; blocks are light. */
static int modules_of(const char *lines, bool light[SIDE_MAX][SIDE_MAX])
{
    int row = 0, col = 0, width = 0;
    while (*lines != '\0') {
        bool whole = strncmp(lines, "█", 3) == 0, upper = strncmp(lines, "▀", 3) == 0;
        bool lower = strncmp(lines, "▄", 3) == 0;
        if (*lines == '\n') {
            row += 2;
            col = 0;
            lines++;
            continue;
        }
        assert_true(row + 1 < SIDE_MAX && col < SIDE_MAX);
        light[row][col] = whole || upper;
        light[row + 1][col] = whole || lower;
        lines += whole || upper || lower ? 3 : 1;
        width = ++col > width ? col : width;
    }
    return width;
}

/* Our own cards as they are printed, so many of them beside each other. */
static bool reads_printed(int copies, char ret_text[CM_CARD_TEXT_SIZE], char ret_read[STN_QR_TEXT_SIZE])
{
    struct cm_card one;
    bool light[SIDE_MAX][SIDE_MAX] = {{false}};
    struct cm_buf lines = {0};
    cm_buf_init(&lines, CM_QR_LINES_MAX);
    cm_card_new(&one);
    cm_card_text(&one, ret_text);
    assert_int_equal(cm_qr_lines(ret_text, &lines, NULL), CM_OK);
    assert_int_equal(cm_buf_append(&lines, "", 1), CM_OK);
    int side = modules_of((const char *)lines.data, light) * MODULE, width = side * copies;
    struct stn_frame frame = {.width = width, .height = side, .stride = width, .format = STN_PIXEL_GRAY8};
    frame.pixels = malloc((size_t)width * (size_t)side);
    assert_non_null(frame.pixels);
    for (int y = 0; y < side; y++)
        for (int x = 0; x < width; x++)
            frame.pixels[y * width + x] = light[y / MODULE][x % side / MODULE] ? 220 : 30;
    bool read = stn_qr_reader_run(reader, &frame, ret_read);
    free(frame.pixels);
    cm_buf_finish(&lines);
    return read;
}

static void what_we_print_is_read(void **state)
{
    (void)state;
    for (int i = 0; i < 40; i++) {
        char text[CM_CARD_TEXT_SIZE], read[STN_QR_TEXT_SIZE];
        assert_true(reads_printed(1, text, read));
        assert_string_equal(read, text);
    }
}

static void of_two_cards_none_is_read(void **state)
{
    (void)state;
    char text[CM_CARD_TEXT_SIZE], read[STN_QR_TEXT_SIZE] = "untouched";
    assert_false(reads_printed(2, text, read));
    assert_string_equal(read, "untouched");
}

/* The second picture says nothing of the card in the first. */
static void an_answer_is_of_its_own_picture(void **state)
{
    (void)state;
    struct drawing drawing = plain(card, 200), outside = drawing;
    outside.x = 0.01;
    for (int i = 0; i < 3; i++) {
        assert_true(reads(drawing));
        assert_false(reads(outside));
    }
}

static uint32_t next(uint32_t *random)
{
    *random = *random * 1664525 + 1013904223;
    return *random >> 8;
}

/* Pictures without a code, of every size from one pixel on, the last one exact to the byte for the sanitizer. */
static void nothing_is_read_out_of_nothing(void **state)
{
    (void)state;
    uint32_t random = 7;
    for (int i = 0; i < 140; i++) {
        int width = i < 100 ? i % 10 + 1 : (int)(next(&random) % 700) + 1;
        int height = i < 100 ? i / 10 + 1 : (int)(next(&random) % 300) + 1;
        int bytes = i % 2 ? 3 : 1, block = 1 + i % 9;
        uint8_t *pixels = malloc((size_t)width * (size_t)height * (size_t)bytes);
        struct stn_frame frame = {.width = width,
                                  .height = height,
                                  .stride = width * bytes,
                                  .format = bytes == 3 ? STN_PIXEL_BGR24 : STN_PIXEL_GRAY8,
                                  .pixels = pixels};
        assert_non_null(pixels);
        for (int y = 0; y < height; y++)
            for (int x = 0; x < width * bytes; x++) { /* noise, stripes, chequers */
                uint32_t cell = (uint32_t)(x / bytes / block * 31 + (i % 3 == 1 ? 0 : y / block * 17));
                uint8_t value = (uint8_t)(i % 3 == 0 ? next(&random) : (cell & 1) * 255);
                pixels[y * width * bytes + x] = value;
            }
        char text[STN_QR_TEXT_SIZE];
        assert_false(stn_qr_reader_run(reader, &frame, text));
        free(pixels);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_card_held_up_is_read),
        cmocka_unit_test(a_bad_picture_is_missed_not_misread),
        cmocka_unit_test(what_a_card_may_be),
        cmocka_unit_test(other_pictures),
        cmocka_unit_test(what_we_print_is_read),
        cmocka_unit_test(of_two_cards_none_is_read),
        cmocka_unit_test(an_answer_is_of_its_own_picture),
        cmocka_unit_test(nothing_is_read_out_of_nothing),
    };
    return cmocka_run_group_tests(tests, open_reader, close_reader);
}
