/*
 * What the class sees, from two metres. 80x24 is the size that it is designed for:
 *
 *   title                                    clock, counters
 *   ┌ picture ─────────┐   the large sentence
 *   │                  │
 *   └──────────────────┘   the four checks
 *   banner
 *   last marks
 *   keys                                     policy, if it must be shown
 *
 * Narrow and high (a phone held upright) the picture moves above the sentence; small, it goes.
 */
#include "ui/bigtext.h"
#include "ui/draw.h"
#include "ui/text.h"

enum {
    BESIDE_COLS = 64, /* from here the picture stands beside the sentence */
    BESIDE_ROWS = 10,
    STACKED_ROWS = 18, /* from here above it */

    LABEL_COLS = 8,
};

static void draw_checks_in_a_row(const struct stn_view *view, struct stn_grid *grid, struct stn_rect row)
{
    int col = row.col;
    for (int i = 0; i < view->check_count && col < row.col + row.cols; i++) {
        struct stn_view_line check = view->checks[i];
        check.text[0] = '\0'; /* the shape has to do */
        col += stn_draw_line(grid, row.row, col, row.col + row.cols - col, &check, 0) + 1;
    }
}

static void draw_checks(const struct stn_view *view, struct stn_grid *grid, struct stn_rect area)
{
    if (area.rows >= view->check_count)
        for (int i = 0; i < view->check_count; i++)
            stn_draw_line(grid, area.row + i, area.col, area.cols, &view->checks[i], LABEL_COLS);
    else if (area.rows > 0)
        draw_checks_in_a_row(view, grid, area);
}

static void draw_detail(const struct stn_view *view, struct stn_grid *grid, struct stn_rect area)
{
    struct stn_style style = stn_style_bold(stn_tone_role(view->detail_tone));
    const char *text = view->detail;
    if (view->detail_tone != STN_TONE_PLAIN && area.rows > 0 && area.cols > 2) {
        stn_grid_put(grid, area.row, area.col, 1, style, stn_tone_shape(view->detail_tone));
        stn_rect_left(&area, 2);
    }
    for (int row = 0; text && row < area.rows && area.cols > 0; row++) {
        char line[256];
        text = stn_text_wrap(text, area.cols, line, sizeof line);
        stn_grid_put(grid, area.row + row, area.col, area.cols, style, line);
    }
}

/* The large sentence with the checks below it, or what is to be said instead of them. */
static void draw_sentence(const struct stn_view *view, struct stn_grid *grid, struct stn_rect area)
{
    int check_rows = area.rows >= 9 ? STN_VIEW_CHECKS : area.rows >= 3 ? 1 : 0;
    if (view->detail[0] && check_rows == 1 && area.rows >= 4)
        check_rows = 2;
    struct stn_rect below = stn_rect_bottom(&area, check_rows);
    stn_rect_top(&area, area.rows >= 12 ? 1 : 0);
    stn_bigtext_draw(grid, area, stn_style(stn_tone_role(view->headline_tone)), view->headline);
    if (view->detail[0])
        draw_detail(view, grid, below);
    else
        draw_checks(view, grid, below);
}

static void draw_body(const struct stn_view *view, struct stn_grid *grid, struct stn_rect body)
{
    const char *title = view->faces[0] ? view->faces : NULL;
    if (body.cols >= BESIDE_COLS && body.rows >= BESIDE_ROWS) {
        int sentence_cols = body.cols / 2 - 1; /* what is to be read gets no less than what is to be seen */
        int cols = stn_draw_picture_cols(view, body.rows, body.cols - sentence_cols - 2);
        stn_draw_picture(view, grid, stn_rect_left(&body, cols), title);
        stn_rect_left(&body, 2);
    } else if (body.cols < BESIDE_COLS && body.rows >= STACKED_ROWS) {
        stn_draw_picture(view, grid, stn_rect_top(&body, body.rows / 2), title);
        stn_rect_left(&body, 1);
    } else {
        stn_rect_left(&body, 1);
    }
    draw_sentence(view, grid, body);
}

static void draw_feed(const struct stn_view *view, struct stn_grid *grid, struct stn_rect area)
{
    for (int i = 0; i < view->feed_count && i < area.rows; i++) {
        const struct stn_view_feed *line = &view->feed[i];
        int row = area.row + i, col = area.col + 1, end = area.col + area.cols - 1;
        int text_cols = stn_text_columns(line->text);
        int name_cols = end - col - 8 - (text_cols ? text_cols + 2 : 0);
        if (name_cols > 28)
            name_cols = 28;
        stn_grid_put(grid, row, col, 1, stn_style_bold(stn_tone_role(line->tone)),
                     stn_tone_shape(line->tone));
        stn_grid_put(grid, row, col + 2, end - col - 2, stn_style(STN_ROLE_DIM), line->time);
        stn_grid_put(grid, row, col + 8, name_cols, stn_style(STN_ROLE_TEXT), line->name);
        if (text_cols && name_cols > 4)
            stn_grid_put(grid, row, col + 8 + name_cols + 2, text_cols, stn_style(STN_ROLE_TEXT), line->text);
    }
}

void stn_draw_kiosk(const struct stn_view *view, struct stn_grid *grid)
{
    struct stn_rect area = stn_grid_all(grid);
    if (area.rows < 4 || area.cols < 20) {
        stn_draw_tiny(view, grid);
        return;
    }
    stn_draw_title(view, grid, stn_rect_top(&area, 1));
    stn_draw_footer(view, grid, stn_rect_bottom(&area, 1));
    int feed_rows = area.rows / 4 < 12 ? area.rows / 4 : 12;
    int banner_rows = 0;
    if (area.rows >= 5) { /* one row is theirs always: more come out of the list, nothing else moves */
        int wanted = stn_draw_banner_rows(view, area.cols, feed_rows < 3 ? feed_rows : 3);
        banner_rows = wanted > 1 ? wanted : 1;
        feed_rows -= banner_rows - 1;
    }
    draw_feed(view, grid, stn_rect_bottom(&area, feed_rows));
    stn_draw_banners(view, grid, stn_rect_bottom(&area, banner_rows));
    draw_body(view, grid, area);
}
