/* The operator's view: the same picture with the numbers beside it, and what happened below. */
#include "ui/draw.h"
#include "ui/text.h"

enum { PICTURE_COLS_MIN = 64, TRACKS_COLS = 46, TRACK_ROWS = 4 };

static void draw_track(struct stn_grid *grid, struct stn_rect area, const struct stn_view_track *track)
{
    struct stn_style style = stn_style_bold(stn_tone_role(track->tone));
    int end = area.col + area.cols;
    if (area.rows < 1)
        return;
    stn_grid_put(grid, area.row, area.col, 1, style, stn_tone_shape(track->tone));
    int state_col = stn_grid_put_right(grid, area.row, end, 12, style, track->state);
    stn_grid_put(grid, area.row, area.col + 2, state_col - area.col - 3, stn_style_bold(STN_ROLE_TEXT),
                 track->title);
    const char *rows[] = {track->scores, track->cues, track->reason};
    for (int i = 0; i < 3 && i + 1 < area.rows; i++)
        stn_grid_put(grid, area.row + 1 + i, area.col + 4, area.cols - 4,
                     stn_style(i == 2 ? STN_ROLE_DIM : STN_ROLE_TEXT), rows[i]);
}

/* All tracks with as many of their rows as there is room for; the last row says what is left out. */
static void draw_tracks(const struct stn_view *view, struct stn_grid *grid, struct stn_rect area)
{
    if (view->track_count == 0) {
        stn_grid_put(grid, area.row, area.col, area.cols, stn_style(STN_ROLE_DIM), "no face in view");
        return;
    }
    int rows_each = area.rows / view->track_count;
    rows_each = rows_each > TRACK_ROWS ? TRACK_ROWS : rows_each < 1 ? 1 : rows_each;
    for (int i = 0; i < view->track_count && area.rows > 0; i++)
        draw_track(grid, stn_rect_top(&area, rows_each), &view->tracks[i]);
}

static void draw_top(const struct stn_view *view, struct stn_grid *grid, struct stn_rect area)
{
    if (area.cols >= PICTURE_COLS_MIN && area.rows >= 6) {
        int cols = stn_draw_picture_cols(view, area.rows, area.cols - TRACKS_COLS - 2);
        stn_draw_picture(view, grid, stn_rect_left(&area, cols), view->camera);
        stn_rect_left(&area, 2);
        area.cols -= 1;
    } else {
        struct stn_rect row = stn_rect_top(&area, 1);
        stn_grid_put(grid, row.row, row.col + 1, row.cols - 1, stn_style(STN_ROLE_DIM), view->camera);
        stn_rect_left(&area, 1);
    }
    if (area.rows > 0)
        draw_tracks(view, grid, area);
}

static void draw_log(const struct stn_view *view, struct stn_grid *grid, struct stn_rect area)
{
    for (int i = 0; i < view->log_count && i < area.rows; i++) {
        const struct stn_view_log *line = &view->log[i];
        int row = area.row + i, col = area.col + 1, end = area.col + area.cols - 1;
        stn_grid_put(grid, row, col, end - col, stn_style(STN_ROLE_DIM), line->time);
        stn_grid_put(grid, row, col + 9, 1, stn_style_bold(stn_tone_role(line->tone)),
                     stn_tone_shape(line->tone));
        stn_grid_put(grid, row, col + 11, end - col - 11, stn_style_bold(STN_ROLE_TEXT), line->what);
        stn_grid_put(grid, row, col + 21, end - col - 21, stn_style(STN_ROLE_TEXT), line->text);
    }
}

static void draw_status(const struct stn_view *view, struct stn_grid *grid, struct stn_rect row)
{
    int col = row.col + 1, end = row.col + row.cols - 1;
    for (int i = 0; i < view->status_count && row.rows > 0 && col < end; i++)
        col += stn_draw_line(grid, row.row, col, end - col, &view->status[i], 0) + 2;
}

static void draw_counts(const struct stn_view *view, struct stn_grid *grid, struct stn_rect area)
{
    if (area.rows > 0) {
        int col = stn_grid_put_right(grid, area.row, area.col + area.cols - 1, area.cols,
                                     stn_style(STN_ROLE_TEXT), view->rate);
        stn_grid_put(grid, area.row, area.col + 1, col - area.col - 3, stn_style_bold(STN_ROLE_TEXT),
                     view->counts);
    }
    if (area.rows > 1)
        stn_grid_put(grid, area.row + 1, area.col + 1, area.cols - 2, stn_style(STN_ROLE_TEXT), view->times);
}

void stn_draw_live(const struct stn_view *view, struct stn_grid *grid)
{
    struct stn_rect area = stn_grid_all(grid);
    if (area.rows < 4 || area.cols < 20) {
        stn_draw_tiny(view, grid);
        return;
    }
    stn_draw_title(view, grid, stn_rect_top(&area, 1));
    stn_draw_footer(view, grid, stn_rect_bottom(&area, 1));
    int rows = area.rows;
    draw_status(view, grid, stn_rect_bottom(&area, rows >= 3 ? 1 : 0));
    draw_log(view, grid, stn_rect_bottom(&area, rows >= 16 ? rows * 3 / 10 : rows / 5));
    int banner_rows = rows >= 8 ? stn_draw_banner_rows(view, area.cols, rows >= 16 ? 2 : 1) : 0;
    stn_draw_banners(view, grid, stn_rect_bottom(&area, banner_rows));
    draw_counts(view, grid, stn_rect_bottom(&area, rows >= 10 ? 2 : rows >= 5 ? 1 : 0));
    draw_top(view, grid, area);
}
