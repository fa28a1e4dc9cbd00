/* What is asked of a person, in a box over the screen: a question with yes and no, or something to type. */
#include "ui/draw.h"
#include "ui/text.h"

enum { BOX_COLS = 60, LABEL_COLS = 5 };

static struct stn_rect open_box(struct stn_grid *grid, int rows)
{
    int cols = BOX_COLS < grid->cols ? BOX_COLS : grid->cols;
    rows = rows < grid->rows ? rows : grid->rows;
    struct stn_rect box = {(grid->rows - rows) / 2, (grid->cols - cols) / 2, rows, cols};
    stn_grid_fill(grid, box, stn_style(STN_ROLE_TEXT), ' ');
    if (rows < 5) /* no room for a frame */
        return box;
    struct stn_rect inside = stn_grid_box(grid, box, stn_style_bold(STN_ROLE_WARN), NULL);
    stn_rect_left(&inside, 1);
    inside.cols -= 1;
    return inside;
}

static int lines_of(const char *text, int cols)
{
    char line[256];
    int lines = 0;
    for (; text && lines < 8; lines++)
        text = stn_text_wrap(text, cols > 0 ? cols : 1, line, sizeof line);
    return lines;
}

static void draw_text(struct stn_grid *grid, struct stn_rect *area, struct stn_style style, const char *text)
{
    while (text && text[0] && area->rows > 0) {
        char line[256];
        struct stn_rect row = stn_rect_top(area, 1);
        text = stn_text_wrap(text, row.cols > 0 ? row.cols : 1, line, sizeof line);
        stn_grid_put(grid, row.row, row.col, row.cols, style, line);
    }
}

static int box_cols(const struct stn_grid *grid)
{
    return (BOX_COLS < grid->cols ? BOX_COLS : grid->cols) - 4;
}

void stn_draw_question(const struct stn_view *view, struct stn_grid *grid)
{
    struct stn_rect inside = open_box(grid, 6 + lines_of(view->consequence, box_cols(grid)));
    struct stn_rect keys = stn_rect_bottom(&inside, 1);
    draw_text(grid, &inside, stn_style_bold(STN_ROLE_TEXT), view->question);
    stn_rect_top(&inside, inside.rows > 4 ? 1 : 0);
    draw_text(grid, &inside, stn_style(STN_ROLE_TEXT), view->consequence);
    stn_draw_keys(view, grid, keys);
}

/* The end of a long text is what is being typed. */
static const char *end_of(const char *text, int cols)
{
    while (stn_text_columns(text) > cols && *text)
        (void)stn_text_next(&text);
    return text;
}

static void draw_field(const struct stn_view *view, struct stn_grid *grid, struct stn_rect row, int field)
{
    bool active = field == view->entry_field;
    if (row.rows < 1)
        return;
    if (view->entry_fields > 1)
        stn_grid_put(grid, row.row, row.col, LABEL_COLS, stn_style(STN_ROLE_DIM), view->entry_labels[field]);
    stn_rect_left(&row, view->entry_fields > 1 ? LABEL_COLS : 0);
    struct stn_style style = active ? stn_style_bold(STN_ROLE_KEY) : stn_style(STN_ROLE_TEXT);
    const char *text = end_of(view->entry_text[field], row.cols - 3);
    int col = row.col + stn_grid_put(grid, row.row, row.col, 2, style, active ? "> " : "  ");
    col += stn_grid_put(grid, row.row, row.col + 2, row.cols - 3, stn_style(STN_ROLE_TEXT), text);
    if (active)
        stn_grid_put(grid, row.row, col + (active ? 1 : 0), 1, style, "_");
}

void stn_draw_entry(const struct stn_view *view, struct stn_grid *grid)
{
    int hint_rows = lines_of(view->entry_hint, box_cols(grid));
    struct stn_rect inside = open_box(grid, 6 + hint_rows + view->entry_fields);
    struct stn_rect keys = stn_rect_bottom(&inside, inside.rows >= 3 ? 1 : 0);
    struct stn_rect said = stn_rect_bottom(&inside, inside.rows >= 3 ? 1 : 0);
    bool roomy = inside.rows >= 1 + hint_rows + view->entry_fields;
    struct stn_rect title = stn_rect_top(&inside, inside.rows > view->entry_fields ? 1 : 0);
    draw_text(grid, &title, stn_style_bold(STN_ROLE_TEXT), view->entry_title);
    if (roomy) {
        struct stn_rect hint = stn_rect_top(&inside, hint_rows);
        draw_text(grid, &hint, stn_style(STN_ROLE_DIM), view->entry_hint);
    }
    for (int field = 0; field < view->entry_fields; field++)
        draw_field(view, grid, stn_rect_top(&inside, 1), field);
    draw_text(grid, &said, stn_style(STN_ROLE_WARN), view->entry_said);
    stn_draw_keys(view, grid, keys);
}
