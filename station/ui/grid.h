/*
 * A screen as plain data: rows and columns of cells. Views are drawn into it, the terminal shows it, tests print it.
 * Whatever is put is clipped to the grid: no position, length or text can write outside or tear a wide character.
 * Memory: the caller owns the struct, the grid its cells (init/resize/finish). Not thread safe.
 */
#ifndef STN_GRID_H
#define STN_GRID_H

#include "base/err.h"
#include "ui/style.h"
#include <stddef.h>
#include <stdint.h>

enum {
    STN_GRID_ROWS_MAX = 256, /* a larger terminal is drawn to in its top left corner */
    STN_GRID_COLS_MAX = 512,
    STN_CELL_MARKS = 3, /* combining characters kept on one cell; more are dropped */
};

struct stn_cell {
    uint32_t base; /* 0: the right half of the wide character before it */
    uint32_t marks[STN_CELL_MARKS];
    struct stn_style style;
};

struct stn_grid {
    int rows, cols;
    bool ascii; /* put replaces everything else by its ASCII stand-in */
    struct stn_cell *cells;
};

struct stn_rect {
    int row, col, rows, cols;
};

void stn_grid_init(struct stn_grid *grid);
/* Sets the size (kept within 1…max) and blanks everything. CM_NOMEM leaves the grid as it was. */
enum cm_code stn_grid_resize(struct stn_grid *grid, int rows, int cols, struct cm_err *err);
void stn_grid_finish(struct stn_grid *grid);
void stn_grid_clear(struct stn_grid *grid);

static inline struct stn_rect stn_grid_all(const struct stn_grid *grid)
{
    return (struct stn_rect){0, 0, grid->rows, grid->cols};
}

/* Text from (row, col), at most `width` columns; what does not fit ends in "…". Returns the columns used. */
int stn_grid_put(struct stn_grid *grid, int row, int col, int width, struct stn_style style,
                 const char *text);
/* The same, ending at column `end` (exclusive). Returns the column where it starts. */
int stn_grid_put_right(struct stn_grid *grid, int row, int end, int width, struct stn_style style,
                       const char *text);
/* One single-width character. */
void stn_grid_set(struct stn_grid *grid, int row, int col, struct stn_style style, uint32_t codepoint);
void stn_grid_fill(struct stn_grid *grid, struct stn_rect rect, struct stn_style style, uint32_t codepoint);
/* A frame along the inner edge of rect, with a title in its top line (NULL: none). Returns the space inside. */
struct stn_rect stn_grid_box(struct stn_grid *grid, struct stn_rect rect, struct stn_style style,
                             const char *title);

/* The characters as UTF-8 lines, spaces at line ends cut. Returns the length that it has or would have. */
size_t stn_grid_to_text(const struct stn_grid *grid, char *out, size_t size);

/* ---- parts of a rectangle: cut n rows or columns off (as many as there are) and return them ---- */
struct stn_rect stn_rect_top(struct stn_rect *rect, int n);
struct stn_rect stn_rect_bottom(struct stn_rect *rect, int n);
struct stn_rect stn_rect_left(struct stn_rect *rect, int n);

#endif
