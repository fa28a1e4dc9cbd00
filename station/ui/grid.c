#include "ui/grid.h"
#include "ui/text.h"
#include <stdlib.h>
#include <string.h>

static const struct stn_cell blank = {.base = ' '};

static int clamp(int value, int low, int high)
{
    return value < low ? low : value > high ? high : value;
}

void stn_grid_init(struct stn_grid *grid)
{
    memset(grid, 0, sizeof *grid);
}

void stn_grid_finish(struct stn_grid *grid)
{
    free(grid->cells);
    stn_grid_init(grid);
}

void stn_grid_clear(struct stn_grid *grid)
{
    for (int i = 0; i < grid->rows * grid->cols; i++)
        grid->cells[i] = blank;
}

enum cm_code stn_grid_resize(struct stn_grid *grid, int rows, int cols, struct cm_err *err)
{
    rows = clamp(rows, 1, STN_GRID_ROWS_MAX);
    cols = clamp(cols, 1, STN_GRID_COLS_MAX);
    if (!grid->cells || rows * cols != grid->rows * grid->cols) {
        struct stn_cell *cells = calloc((size_t)rows * (size_t)cols, sizeof *cells);
        if (!cells)
            return cm_fail(err, CM_NOMEM, "out of memory for a screen of %dx%d", cols, rows);
        free(grid->cells);
        grid->cells = cells;
    }
    grid->rows = rows;
    grid->cols = cols;
    stn_grid_clear(grid);
    return CM_OK;
}

/* Makes one cell free to be written: if it is half of a wide character, the other half becomes a space. */
static struct stn_cell *take_cell(struct stn_grid *grid, int row, int col)
{
    struct stn_cell *cell = &grid->cells[row * grid->cols + col];
    if (cell->base == 0 && col > 0)
        cell[-1] = blank;
    if (col + 1 < grid->cols && cell[1].base == 0)
        cell[1] = blank;
    *cell = blank;
    return cell;
}

void stn_grid_set(struct stn_grid *grid, int row, int col, struct stn_style style, uint32_t codepoint)
{
    if (row < 0 || row >= grid->rows || col < 0 || col >= grid->cols)
        return;
    struct stn_cell *cell = take_cell(grid, row, col);
    cell->base = grid->ascii ? (uint32_t)stn_text_ascii(codepoint) : codepoint;
    cell->style = style;
}

static void add_mark(struct stn_cell *cell, uint32_t codepoint)
{
    for (int i = 0; i < STN_CELL_MARKS; i++) {
        if (cell->marks[i] == 0) {
            cell->marks[i] = codepoint;
            return;
        }
    }
}

static void set_wide(struct stn_grid *grid, int row, int col, struct stn_style style, uint32_t codepoint)
{
    struct stn_cell *left = take_cell(grid, row, col);
    struct stn_cell *right = take_cell(grid, row, col + 1);
    *left = (struct stn_cell){.base = codepoint, .style = style};
    *right = (struct stn_cell){.base = 0, .style = style};
}

int stn_grid_put(struct stn_grid *grid, int row, int col, int width, struct stn_style style, const char *text)
{
    if (row < 0 || row >= grid->rows || col < 0 || col >= grid->cols)
        return 0;
    int end = width < grid->cols - col ? col + width : grid->cols;
    bool cut = stn_text_columns(text) > end - col;
    int limit = cut ? end - 1 : end; /* the last column is the ellipsis' */
    int at = col, last = -1;
    for (uint32_t c = stn_text_next(&text); c; c = stn_text_next(&text)) {
        int columns = stn_text_width(c);
        if (columns == 0) {
            if (last >= 0 && !grid->ascii)
                add_mark(&grid->cells[row * grid->cols + last], c);
            continue;
        }
        if (at + columns > limit)
            break;
        last = at;
        if (columns == 1 || grid->ascii)
            stn_grid_set(grid, row, at, style, c);
        else
            set_wide(grid, row, at, style, c);
        if (columns == 2 && grid->ascii) /* keep the columns: layout must not depend on the character set */
            stn_grid_set(grid, row, at + 1, style, c);
        at += columns;
    }
    if (cut && at < end)
        stn_grid_set(grid, row, at++, style, 0x2026);
    return at - col;
}

int stn_grid_put_right(struct stn_grid *grid, int row, int end, int width, struct stn_style style,
                       const char *text)
{
    int columns = stn_text_columns(text);
    columns = columns < width ? columns : width;
    int col = end - columns > 0 ? end - columns : 0;
    stn_grid_put(grid, row, col, end - col, style, text);
    return col;
}

void stn_grid_fill(struct stn_grid *grid, struct stn_rect rect, struct stn_style style, uint32_t codepoint)
{
    for (int row = 0; row < rect.rows; row++)
        for (int col = 0; col < rect.cols; col++)
            stn_grid_set(grid, rect.row + row, rect.col + col, style, codepoint);
}

struct stn_rect stn_grid_box(struct stn_grid *grid, struct stn_rect rect, struct stn_style style,
                             const char *title)
{
    if (rect.rows < 2 || rect.cols < 2)
        return (struct stn_rect){rect.row, rect.col, 0, 0};
    int bottom = rect.row + rect.rows - 1, right = rect.col + rect.cols - 1;
    for (int col = rect.col + 1; col < right; col++) {
        stn_grid_set(grid, rect.row, col, style, 0x2500);
        stn_grid_set(grid, bottom, col, style, 0x2500);
    }
    for (int row = rect.row + 1; row < bottom; row++) {
        stn_grid_set(grid, row, rect.col, style, 0x2502);
        stn_grid_set(grid, row, right, style, 0x2502);
    }
    stn_grid_set(grid, rect.row, rect.col, style, 0x250c);
    stn_grid_set(grid, rect.row, right, style, 0x2510);
    stn_grid_set(grid, bottom, rect.col, style, 0x2514);
    stn_grid_set(grid, bottom, right, style, 0x2518);
    if (title && *title && rect.cols > 6) {
        stn_grid_set(grid, rect.row, rect.col + 1, style, ' ');
        int used = stn_grid_put(grid, rect.row, rect.col + 2, rect.cols - 4, style, title);
        stn_grid_set(grid, rect.row, rect.col + 2 + used, style, ' ');
    }
    return (struct stn_rect){rect.row + 1, rect.col + 1, rect.rows - 2, rect.cols - 2};
}

struct writer {
    char *out;
    size_t size, length;
};

static void write_codepoint(struct writer *w, uint32_t codepoint)
{
    char bytes[5];
    size_t length = stn_text_encode(codepoint, bytes);
    if (w->length + length < w->size)
        memcpy(w->out + w->length, bytes, length + 1);
    w->length += length;
}

static int used_columns(const struct stn_grid *grid, int row)
{
    const struct stn_cell *cells = &grid->cells[row * grid->cols];
    int used = grid->cols;
    while (used > 0 && cells[used - 1].base == ' ' && cells[used - 1].marks[0] == 0)
        used--;
    return used;
}

size_t stn_grid_to_text(const struct stn_grid *grid, char *out, size_t size)
{
    struct writer w = {out, size, 0};
    if (size)
        out[0] = '\0';
    for (int row = 0; row < grid->rows; row++) {
        int used = used_columns(grid, row);
        for (int col = 0; col < used; col++) {
            const struct stn_cell *cell = &grid->cells[row * grid->cols + col];
            if (cell->base == 0)
                continue;
            write_codepoint(&w, cell->base);
            for (int i = 0; i < STN_CELL_MARKS && cell->marks[i]; i++)
                write_codepoint(&w, cell->marks[i]);
        }
        write_codepoint(&w, '\n');
    }
    return w.length;
}

static int portion(int n, int available)
{
    return clamp(n, 0, available > 0 ? available : 0);
}

struct stn_rect stn_rect_top(struct stn_rect *rect, int n)
{
    n = portion(n, rect->rows);
    struct stn_rect part = {rect->row, rect->col, n, rect->cols};
    rect->row += n;
    rect->rows -= n;
    return part;
}

struct stn_rect stn_rect_bottom(struct stn_rect *rect, int n)
{
    n = portion(n, rect->rows);
    rect->rows -= n;
    return (struct stn_rect){rect->row + rect->rows, rect->col, n, rect->cols};
}

struct stn_rect stn_rect_left(struct stn_rect *rect, int n)
{
    n = portion(n, rect->cols);
    struct stn_rect part = {rect->row, rect->col, rect->rows, n};
    rect->col += n;
    rect->cols -= n;
    return part;
}
