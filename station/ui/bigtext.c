#include "ui/bigtext.h"
#include "ui/text.h"
#include <string.h>

enum { LETTER_ROWS = 5, SPACE_WIDTH = 2, LINES_MAX = 8, LINE_SIZE = 160 };

struct layout {
    int count;
    char lines[LINES_MAX][LINE_SIZE];
};

/* Pixels of the first `length` bytes, 1 between letters; -1 when a letter is missing. */
static int pixel_width(const char *text, size_t length)
{
    int width = 0;
    for (const char *at = text; at < text + length;) {
        uint32_t codepoint = stn_text_next(&at);
        const struct stn_big_letter *letter = stn_big_letter(codepoint);
        if (!letter && codepoint != ' ')
            return -1;
        width += (letter ? letter->width : SPACE_WIDTH) + 1;
    }
    return width > 0 ? width - 1 : 0;
}

/* Breaks text into lines of at most `pixels`, words whole. False when a word or the text does not fit. */
static bool lay_out(const char *text, int pixels, int lines_max, struct layout *layout)
{
    layout->count = 0;
    while (*text) {
        size_t best = 0, at = 0;
        while (text[at]) {
            size_t end = at + strcspn(text + at, " ");
            int width = pixel_width(text, end);
            if (width < 0)
                return false;
            if (width > pixels)
                break;
            best = end;
            at = end + strspn(text + end, " ");
        }
        if (best == 0 || best >= LINE_SIZE || layout->count == lines_max || layout->count == LINES_MAX)
            return false;
        memcpy(layout->lines[layout->count], text, best);
        layout->lines[layout->count++][best] = '\0';
        text += best + strspn(text + best, " ");
    }
    return layout->count > 0;
}

static bool pixel(const struct stn_big_letter *letter, int x, int y)
{
    return y >= 0 && y < LETTER_ROWS && (letter->rows[y] >> (4 - x) & 1);
}

static void draw_letter(struct stn_grid *grid, int row, int col, struct stn_style style,
                        const struct stn_big_letter *letter, int scale)
{
    for (int y = 0; y < LETTER_ROWS * scale; y++)
        for (int x = 0; x < letter->width * scale; x++)
            if (pixel(letter, x / scale, y / scale))
                stn_grid_set(grid, row + y, col + x, style, 0x2588);
}

static void draw_half_letter(struct stn_grid *grid, int row, int col, struct stn_style style,
                             const struct stn_big_letter *letter)
{
    static const uint32_t halves[4] = {' ', 0x2580, 0x2584, 0x2588};
    for (int y = 0; y < (LETTER_ROWS + 1) / 2; y++) {
        for (int x = 0; x < letter->width; x++) {
            int both = (pixel(letter, x, 2 * y) ? 1 : 0) | (pixel(letter, x, 2 * y + 1) ? 2 : 0);
            if (both)
                stn_grid_set(grid, row + y, col + x, style, halves[both]);
        }
    }
}

static void draw_line(struct stn_grid *grid, int row, int col, struct stn_style style, const char *text,
                      int scale)
{
    for (uint32_t c = stn_text_next(&text); c; c = stn_text_next(&text)) {
        const struct stn_big_letter *letter = stn_big_letter(c);
        if (letter && scale == 0)
            draw_half_letter(grid, row, col, style, letter);
        else if (letter)
            draw_letter(grid, row, col, style, letter, scale);
        col += ((letter ? letter->width : SPACE_WIDTH) + 1) * (scale ? scale : 1);
    }
}

/* scale 0: half blocks, whose third row is half empty and so keeps lines apart by itself. */
static int draw_blocks(struct stn_grid *grid, struct stn_rect rect, struct stn_style style, const char *text,
                       int scale)
{
    int height = scale ? LETTER_ROWS * scale : (LETTER_ROWS + 1) / 2;
    int gap = scale;
    struct layout layout;
    int lines_max = (rect.rows + gap) / (height + gap);
    if (!lay_out(text, rect.cols / (scale ? scale : 1), lines_max, &layout))
        return 0;
    for (int i = 0; i < layout.count; i++)
        draw_line(grid, rect.row + i * (height + gap), rect.col, style, layout.lines[i], scale);
    return layout.count * (height + gap) - gap;
}

/* "Please blink" as "P L E A S E   B L I N K". Other scripts do not like gaps within words: ASCII only. */
static bool space_out(const char *text, char *out, size_t size)
{
    size_t length = 0;
    for (; *text; text++) {
        if ((unsigned char)*text >= 0x80 || length + 3 >= size)
            return false;
        char c = *text >= 'a' && *text <= 'z' ? (char)(*text - 'a' + 'A') : *text;
        if (length)
            out[length++] = ' ';
        out[length++] = c;
    }
    out[length] = '\0';
    return true;
}

static bool words_fit(const char *text, size_t columns)
{
    while (*text) {
        size_t word = strcspn(text, " ");
        if (word > columns)
            return false;
        text += word + strspn(text + word, " ");
    }
    return true;
}

/* 0 when it does not fit: then nothing was drawn. */
static int draw_spaced(struct stn_grid *grid, struct stn_rect rect, struct stn_style style, const char *text)
{
    char lines[LINES_MAX][2 * LINE_SIZE], line[LINE_SIZE];
    int count = 0, columns = (rect.cols + 1) / 2;
    if (!words_fit(text, (size_t)columns))
        return 0;
    while (text) {
        text = stn_text_wrap(text, columns, line, sizeof line);
        if (count == LINES_MAX || count == rect.rows || !space_out(line, lines[count++], sizeof lines[0]))
            return 0;
    }
    for (int i = 0; i < count; i++)
        stn_grid_put(grid, rect.row + i, rect.col, rect.cols, style, lines[i]);
    return count;
}

static int draw_plain(struct stn_grid *grid, struct stn_rect rect, struct stn_style style, const char *text)
{
    int row = 0;
    while (text && row < rect.rows) {
        char line[LINE_SIZE];
        const char *rest = stn_text_wrap(text, rect.cols, line, sizeof line);
        if (rest && row == rect.rows - 1) /* the last row says that there is more */
            stn_grid_put(grid, rect.row + row, rect.col, rect.cols, style, text);
        else
            stn_grid_put(grid, rect.row + row, rect.col, rect.cols, style, line);
        text = rest;
        row++;
    }
    return row;
}

int stn_bigtext_draw(struct stn_grid *grid, struct stn_rect rect, struct stn_style style, const char *text)
{
    style.bold = 1;
    if (rect.rows < 1 || rect.cols < 1 || !*text)
        return 0;
    for (int scale = 3; scale >= (grid->ascii ? 1 : 0); scale--) {
        int rows = draw_blocks(grid, rect, style, text, scale);
        if (rows)
            return rows;
    }
    int rows = draw_spaced(grid, rect, style, text);
    return rows ? rows : draw_plain(grid, rect, style, text);
}
