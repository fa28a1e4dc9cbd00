#include "ui/draw.h"
#include "ui/text.h"

static const char question[] = "Stop the station?";
static const char consequence[] = "Nobody is marked by face while it is stopped. Marks made so far are safe.";
static const char loss[] = "The store cannot write: students recognised meanwhile wait in memory and would "
                           "be lost. Make room first.";

/* The box in the middle, or as much of it as there is room for. */
static struct stn_rect middle(const struct stn_grid *grid, int rows, int cols)
{
    rows = rows < grid->rows ? rows : grid->rows;
    cols = cols < grid->cols ? cols : grid->cols;
    return (struct stn_rect){(grid->rows - rows) / 2, (grid->cols - cols) / 2, rows, cols};
}

void stn_draw_quit(const struct stn_view *view, struct stn_grid *grid)
{
    struct stn_style bold = stn_style_bold(STN_ROLE_TEXT);
    if (grid->rows < 6 || grid->cols < 24) {
        stn_grid_clear(grid);
        stn_grid_put(grid, 0, 0, grid->cols, bold,
                     grid->cols < 24 ? "Stop? y/n" : "Stop the station?  y / n");
        return;
    }
    struct stn_rect box = middle(grid, 8, 54);
    stn_grid_fill(grid, box, stn_style(STN_ROLE_TEXT), ' ');
    struct stn_rect inside = stn_grid_box(grid, box, stn_style_bold(STN_ROLE_WARN), NULL);
    stn_rect_left(&inside, 2);
    inside.cols -= 1;
    struct stn_rect keys = stn_rect_bottom(&inside, 1);
    stn_rect_top(&inside, inside.rows > 4 ? 1 : 0);
    struct stn_rect row = stn_rect_top(&inside, 1);
    stn_grid_put(grid, row.row, row.col, row.cols, bold, question);
    const char *text = view->store_fails ? loss : consequence;
    while (text && inside.rows > 0) {
        char line[128];
        row = stn_rect_top(&inside, 1);
        text = stn_text_wrap(text, row.cols, line, sizeof line);
        stn_grid_put(grid, row.row, row.col, row.cols, stn_style(STN_ROLE_TEXT), line);
    }
    int col = keys.col;
    for (int i = 0; i < view->key_count; i++) {
        const struct stn_view_key *key = &view->keys[i];
        if (!key->label)
            continue;
        col += stn_grid_put(grid, keys.row, col, keys.col + keys.cols - col, stn_style_bold(STN_ROLE_KEY),
                            key->name) +
               1;
        col += stn_grid_put(grid, keys.row, col, keys.col + keys.cols - col, stn_style(STN_ROLE_TEXT),
                            key->label) +
               3;
    }
}
