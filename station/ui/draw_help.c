#include "ui/draw.h"
#include "ui/text.h"

enum { PAGE_COLS = 64 };

static const struct {
    enum stn_tone tone;
    const char *meaning;
} shapes[] = {
    {STN_TONE_OK, "done, clear"},
    {STN_TONE_WAIT, "waiting, going on"},
    {STN_TONE_WARN, "needs somebody"},
    {STN_TONE_BAD, "does not work"},
    {STN_TONE_UNKNOWN, "could not be decided"},
};

static void draw_keys(const struct stn_view *view, struct stn_grid *grid, struct stn_rect *area)
{
    for (int i = 0; i < view->key_count && area->rows > 0; i++) {
        const struct stn_view_key *key = &view->keys[i];
        if (!key->help)
            continue;
        struct stn_rect row = stn_rect_top(area, 1);
        stn_grid_put(grid, row.row, row.col, row.cols, stn_style_bold(STN_ROLE_KEY), key->name);
        stn_grid_put(grid, row.row, row.col + 6, row.cols - 6, stn_style(STN_ROLE_TEXT), key->help);
    }
}

static void draw_shapes(struct stn_grid *grid, struct stn_rect *area)
{
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0] && area->rows > 0; i++) {
        struct stn_rect row = stn_rect_top(area, 1);
        stn_grid_put(grid, row.row, row.col, row.cols, stn_style_bold(stn_tone_role(shapes[i].tone)),
                     stn_tone_shape(shapes[i].tone));
        stn_grid_put(grid, row.row, row.col + 6, row.cols - 6, stn_style(STN_ROLE_TEXT), shapes[i].meaning);
    }
}

static void draw_notes(struct stn_grid *grid, struct stn_rect *area)
{
    const char *text = "A mark needs a blink and a face that is known here. Who is not recognised can be "
                       "marked by a teacher. The picture is shown here and kept nowhere.";
    while (text && area->rows > 0) {
        char line[256];
        struct stn_rect row = stn_rect_top(area, 1);
        text = stn_text_wrap(text, row.cols > 0 ? row.cols : 1, line, sizeof line);
        stn_grid_put(grid, row.row, row.col, row.cols, stn_style(STN_ROLE_DIM), line);
    }
}

void stn_draw_help(const struct stn_view *view, struct stn_grid *grid)
{
    struct stn_rect area = stn_grid_all(grid);
    stn_grid_clear(grid);
    if (area.rows >= 3)
        stn_draw_footer(view, grid, stn_rect_bottom(&area, 1));
    if (area.rows >= 2) {
        struct stn_rect row = stn_rect_top(&area, 1);
        stn_grid_fill(grid, row, stn_style_bold(STN_ROLE_TITLE), ' ');
        stn_grid_put(grid, row.row, 1, row.cols - 1, stn_style_bold(STN_ROLE_TITLE),
                     "Rollcall · Help · keys and shapes");
    }
    bool roomy = area.rows >= 18;
    stn_rect_left(&area, area.cols > 30 ? 3 : 0);
    area.cols = area.cols > PAGE_COLS ? PAGE_COLS : area.cols;
    stn_rect_top(&area, roomy ? 1 : 0);
    draw_keys(view, grid, &area);
    stn_rect_top(&area, roomy ? 1 : 0);
    draw_shapes(grid, &area);
    stn_rect_top(&area, roomy ? 1 : 0);
    draw_notes(grid, &area);
}
