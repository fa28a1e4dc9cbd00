/*
 * The roll. 80x24 is the size that it is designed for:
 *
 *   title                                    clock, counters
 *   session
 *   counts
 *   students, in columns: down first
 *   what was said last                       page
 *   keys, two rows
 */
#include "ui/draw.h"
#include "ui/text.h"

#include <stdio.h>

enum { COLUMN_COLS = 38, STATUS_COLS = 17, ID_COLS = 6, WIDTH_MAX = 64 };

static void draw_row(struct stn_grid *grid, struct stn_rect at, const struct stn_view_row *row, bool chosen)
{
    struct stn_style style = stn_style(STN_ROLE_TEXT), tone = stn_style_bold(stn_tone_role(row->tone));
    int end = at.col + at.cols, status_cols = at.cols / 2 < STATUS_COLS ? at.cols / 2 : STATUS_COLS;
    if (chosen) {
        style = tone = stn_style_bold(STN_ROLE_KEY);
        stn_grid_put(grid, at.row, at.col, 1, style, ">");
    }
    int status_col = end - status_cols, name_col = at.col + 2;
    if (at.cols >= COLUMN_COLS) {
        stn_grid_put(grid, at.row, name_col, ID_COLS, chosen ? style : stn_style(STN_ROLE_DIM), row->id);
        name_col += ID_COLS + 1;
    }
    stn_grid_put(grid, at.row, name_col, status_col - name_col - 1, style, row->name);
    stn_grid_put(grid, at.row, status_col, 1, tone, row->shape);
    stn_grid_put(grid, at.row, status_col + 2, end - status_col - 2, style, row->status);
}

/* The page of students on which the chosen one stands. */
static void draw_students(const struct stn_view *view, struct stn_grid *grid, struct stn_rect area,
                          int *ret_page, int *ret_pages)
{
    int columns = area.cols / COLUMN_COLS > 0 ? area.cols / COLUMN_COLS : 1;
    int needed = area.rows > 0 ? (view->row_count + area.rows - 1) / area.rows : 1;
    if (needed < columns && needed > 0) /* fewer and wider: names are long */
        columns = needed;
    int a_page = columns * area.rows,
        width = area.cols / columns < WIDTH_MAX ? area.cols / columns : WIDTH_MAX;
    *ret_page = *ret_pages = 1;
    if (view->row_count == 0) {
        stn_grid_put(grid, area.row, area.col + 1, area.cols - 1, stn_style(STN_ROLE_DIM), view->no_rows);
        return;
    }
    if (a_page < 1)
        return;
    int page = view->row_chosen > 0 ? view->row_chosen / a_page : 0;
    *ret_page = page + 1;
    *ret_pages = (view->row_count + a_page - 1) / a_page;
    for (int i = page * a_page; i < view->row_count && i < (page + 1) * a_page; i++) {
        int place = i - page * a_page;
        struct stn_rect at = {area.row + place % area.rows, area.col + place / area.rows * width, 1,
                              width - 1};
        draw_row(grid, at, &view->rows[i], i == view->row_chosen);
    }
}

static void draw_counts(const struct stn_view *view, struct stn_grid *grid, struct stn_rect row)
{
    int col = row.col + 1, end = row.col + row.cols - 1;
    for (int i = 0; i < view->roll_count_count && row.rows > 0; i++) {
        const struct stn_view_line *count = &view->roll_counts[i];
        int width = 2 + stn_text_columns(count->text);
        if (col + width > end)
            break;
        stn_grid_put(grid, row.row, col, 1, stn_style_bold(stn_tone_role(count->tone)), count->label);
        stn_grid_put(grid, row.row, col + 2, end - col - 2, stn_style_bold(STN_ROLE_TEXT), count->text);
        col += width + 3;
    }
}

static void draw_said(const struct stn_view *view, struct stn_grid *grid, struct stn_rect row, int page,
                      int pages)
{
    char text[32] = "";
    int end = row.col + row.cols - 1;
    if (row.rows < 1)
        return;
    if (pages > 1)
        snprintf(text, sizeof text, "page %d of %d", page, pages);
    if (pages > 1)
        end = stn_grid_put_right(grid, row.row, end, row.cols / 2, stn_style(STN_ROLE_DIM), text) - 2;
    if (view->roll_said.text[0])
        stn_draw_line(grid, row.row, row.col + 1, end - row.col - 1, &view->roll_said, 0);
}

void stn_draw_roll(const struct stn_view *view, struct stn_grid *grid)
{
    struct stn_rect area = stn_grid_all(grid);
    int page, pages;
    if (area.rows < 4 || area.cols < 20) {
        stn_draw_tiny(view, grid);
        return;
    }
    stn_draw_title(view, grid, stn_rect_top(&area, 1));
    stn_draw_footer(view, grid, stn_rect_bottom(&area, area.rows >= 10 ? 2 : 1));
    struct stn_rect said = stn_rect_bottom(&area, area.rows >= 3 ? 1 : 0);
    if (area.rows >= 4) {
        struct stn_rect row = stn_rect_top(&area, 1);
        stn_draw_line(grid, row.row, row.col + 1, row.cols - 2, &view->roll_session, 0);
    }
    draw_counts(view, grid, stn_rect_top(&area, area.rows >= 3 ? 1 : 0));
    stn_rect_top(&area, area.rows >= 14 ? 1 : 0);
    stn_rect_left(&area, 1);
    draw_students(view, grid, area, &page, &pages);
    draw_said(view, grid, said, page, pages);
}
