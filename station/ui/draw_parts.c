#include "ui/bigtext.h"
#include "ui/draw.h"
#include "ui/text.h"

void stn_draw(const struct stn_view *view, struct stn_grid *grid)
{
    grid->ascii = !view->caps.utf8;
    stn_grid_clear(grid);
    if (view->under == STN_PLACE_LIVE)
        stn_draw_live(view, grid);
    else if (view->under == STN_PLACE_ROLL)
        stn_draw_roll(view, grid);
    else
        stn_draw_kiosk(view, grid);
    if (view->place == STN_PLACE_HELP)
        stn_draw_help(view, grid);
    else if (view->place == STN_PLACE_SURE)
        stn_draw_question(view, grid);
    else if (view->place == STN_PLACE_ENTRY)
        stn_draw_entry(view, grid);
    else if (view->place == STN_PLACE_QUIT)
        stn_draw_quit(view, grid);
}

void stn_draw_title(const struct stn_view *view, struct stn_grid *grid, struct stn_rect row)
{
    if (row.rows < 1)
        return;
    struct stn_style style = stn_style_bold(STN_ROLE_TITLE);
    int end = row.col + row.cols - 1;
    stn_grid_fill(grid, row, style, ' ');
    if (view->counters[0])
        end = stn_grid_put_right(grid, row.row, end, row.cols / 2, style, view->counters) - 2;
    if (view->clock[0])
        end = stn_grid_put_right(grid, row.row, end, 8, style, view->clock) - 2;
    stn_grid_put(grid, row.row, row.col + 1, end - row.col - 1, style, view->title);
}

static int put_key(struct stn_grid *grid, int row, int col, int end, const struct stn_view_key *key)
{
    int width = stn_text_columns(key->name) + 1 + stn_text_columns(key->label);
    if (col + width > end)
        return end; /* nor any of those behind it: what is shown is always the beginning of the list */
    col += stn_grid_put(grid, row, col, end - col, stn_style_bold(STN_ROLE_KEY), key->name) + 1;
    return col + stn_grid_put(grid, row, col, end - col, stn_style(STN_ROLE_DIM), key->label) + 2;
}

void stn_draw_keys(const struct stn_view *view, struct stn_grid *grid, struct stn_rect rows)
{
    int end = rows.col + rows.cols, col = rows.col + 1, row = 0;
    for (int i = 0; i < view->key_count && row < rows.rows; i++) {
        if (!view->keys[i].label)
            continue;
        int next = put_key(grid, rows.row + row, col, end, &view->keys[i]);
        if (next == end && ++row < rows.rows) /* no room: it begins the next row */
            next = put_key(grid, rows.row + row, rows.col + 1, end, &view->keys[i]);
        col = next;
    }
}

void stn_draw_footer(const struct stn_view *view, struct stn_grid *grid, struct stn_rect row)
{
    if (row.rows < 1)
        return;
    int end = row.col + row.cols, col = row.col + 1;
    if (view->policy[0] && view->under == STN_PLACE_KIOSK) {
        end = stn_grid_put_right(grid, row.row, end - 1, row.cols - 1, stn_style_bold(STN_ROLE_WARN),
                                 view->policy) -
              1;
        stn_grid_put(grid, row.row, end - 1, 1, stn_style_bold(STN_ROLE_WARN), stn_tone_shape(STN_TONE_WARN));
        end -= 2;
    }
    if (view->notice[0]) {
        stn_grid_put(grid, row.row, col, end - col, stn_style(STN_ROLE_WARN), view->notice);
        return;
    }
    row.cols = end - row.col;
    stn_draw_keys(view, grid, row);
}

int stn_draw_line(struct stn_grid *grid, int row, int col, int width, const struct stn_view_line *line,
                  int label_width)
{
    struct stn_style style = stn_style_bold(stn_tone_role(line->tone));
    int at = col, end = col + width;
    if (line->label[0]) {
        int used = stn_grid_put(grid, row, at, end - at, stn_style(STN_ROLE_TEXT), line->label);
        at += (used < label_width ? label_width : used) + 1;
    }
    if (at < end)
        at += stn_grid_put(grid, row, at, end - at, style, stn_tone_shape(line->tone));
    if (at + 1 < end && line->text[0])
        at += 1 + stn_grid_put(grid, row, at + 1, end - at - 1, stn_style(STN_ROLE_TEXT), line->text);
    return at - col;
}

enum { BANNER_INDENT = 3 }; /* for the shape */

static int banner_lines(const struct stn_view_line *banner, int cols)
{
    char line[sizeof banner->text];
    int lines = 0;
    for (const char *text = banner->text; text; lines++)
        text = stn_text_wrap(text, cols > 1 ? cols : 1, line, sizeof line);
    return lines;
}

int stn_draw_banner_rows(const struct stn_view *view, int cols, int rows_max)
{
    int rows = 0;
    for (int i = 0; i < view->banner_count && rows < rows_max; i++)
        rows += banner_lines(&view->banners[i], cols - BANNER_INDENT - 1);
    return rows < rows_max ? rows : rows_max;
}

static void draw_banner(struct stn_grid *grid, struct stn_rect rows, const struct stn_view_line *banner)
{
    struct stn_style style = stn_style_bold(stn_tone_role(banner->tone));
    int cols = rows.cols - BANNER_INDENT - 1;
    const char *text = banner->text;
    if (rows.rows > 0)
        stn_grid_put(grid, rows.row, rows.col + 1, 1, style, stn_tone_shape(banner->tone));
    for (int row = 0; text && row < rows.rows && cols > 0; row++) {
        char line[sizeof banner->text];
        const char *rest = stn_text_wrap(text, cols, line, sizeof line);
        bool last = row == rows.rows - 1; /* shows by its ellipsis that there is more */
        stn_grid_put(grid, rows.row + row, rows.col + BANNER_INDENT, cols, style, last ? text : line);
        text = rest;
    }
}

void stn_draw_banners(const struct stn_view *view, struct stn_grid *grid, struct stn_rect rows)
{
    for (int i = 0; i < view->banner_count && rows.rows > 0; i++) {
        int left = view->banner_count - i - 1; /* each of the others keeps a row, if there are enough */
        int lines = banner_lines(&view->banners[i], rows.cols - BANNER_INDENT - 1);
        int most = rows.rows - left > 1 ? rows.rows - left : 1;
        draw_banner(grid, stn_rect_top(&rows, lines < most ? lines : most), &view->banners[i]);
    }
}

int stn_draw_picture_cols(const struct stn_view *view, int rows, int cols_max)
{
    int fit_rows, fit_cols;
    if (rows < 3 || cols_max < 3)
        return 0;
    stn_halfblock_fit(view->picture_width, view->picture_height, rows - 2, cols_max - 2, &fit_rows,
                      &fit_cols);
    return fit_cols + 2;
}

void stn_draw_picture(const struct stn_view *view, struct stn_grid *grid, struct stn_rect area,
                      const char *title)
{
    struct stn_rect inside = stn_grid_box(grid, area, stn_style(STN_ROLE_FRAME), title);
    int rows, cols;
    if (inside.rows < 1 || inside.cols < 1)
        return;
    stn_halfblock_fit(view->picture_width, view->picture_height, inside.rows, inside.cols, &rows, &cols);
    if (view->no_picture[0]) {
        int width = stn_text_columns(view->no_picture);
        int col = width < inside.cols ? (inside.cols - width) / 2 : 0;
        stn_grid_put(grid, inside.row + inside.rows / 2, inside.col + col, inside.cols - col,
                     stn_style(STN_ROLE_DIM), view->no_picture);
        return;
    }
    struct stn_rect picture = {inside.row + (inside.rows - rows) / 2, inside.col + (inside.cols - cols) / 2,
                               rows, cols};
    stn_halfblock_draw(grid, picture, view->preview, &view->caps, view->mirror);
    stn_face_boxes_draw(grid, picture, view->boxes, view->box_count, view->mirror, view->eyes);
}

void stn_draw_tiny(const struct stn_view *view, struct stn_grid *grid)
{
    const char *text = view->headline[0]    ? view->headline
                       : view->banner_count ? view->banners[0].text
                                            : view->title;
    stn_bigtext_draw(grid, stn_grid_all(grid), stn_style(stn_tone_role(view->headline_tone)), text);
}
