#include "ui/halfblock.h"
#include "ui/palette.h"
#include "ui/text.h"
#include <string.h>

enum picture_mode { HALF_BLOCKS, COLOURED_SPACES, RAMP };

static enum picture_mode picture_mode(const struct stn_ui_caps *caps)
{
    if (caps->utf8 && caps->colours >= 16)
        return HALF_BLOCKS;
    return caps->colours >= 256 ? COLOURED_SPACES : RAMP;
}

void stn_halfblock_fit(int width, int height, int rows, int cols, int *ret_rows, int *ret_cols)
{
    if (width <= 0 || height <= 0) { /* no picture yet: the shape that cameras usually have */
        width = 4;
        height = 3;
    }
    int64_t wanted = ((int64_t)rows * 2 * width + height / 2) / height; /* a cell is two pixels high */
    if (wanted > cols) {
        *ret_cols = cols;
        *ret_rows = (int)(((int64_t)cols * height + width) / (2 * (int64_t)width));
    } else {
        *ret_cols = (int)wanted;
        *ret_rows = rows;
    }
}

/* Mean colour of the part of the picture that falls on pixel (x, y) of a raster of cols x rows. */
static void sample(const struct stn_preview *preview, int x, int y, int cols, int rows, uint8_t ret_rgb[3])
{
    int x0 = x * preview->width / cols, x1 = (x + 1) * preview->width / cols;
    int y0 = y * preview->height / rows, y1 = (y + 1) * preview->height / rows;
    x1 = x1 > x0 ? x1 : x0 + 1;
    y1 = y1 > y0 ? y1 : y0 + 1;
    int sum[3] = {0, 0, 0}, count = (x1 - x0) * (y1 - y0);
    for (int py = y0; py < y1; py++) {
        const uint8_t *pixel = &preview->rgb[(py * preview->width + x0) * 3];
        for (int px = x0; px < x1; px++, pixel += 3)
            for (int channel = 0; channel < 3; channel++)
                sum[channel] += pixel[channel];
    }
    for (int channel = 0; channel < 3; channel++)
        ret_rgb[channel] = (uint8_t)(sum[channel] / count);
}

static uint32_t ramp_character(const uint8_t rgb[3], bool utf8)
{
    static const uint32_t shades[] = {' ', 0x2591, 0x2592, 0x2593, 0x2588};
    static const char ascii[] = " .:-=+*#%@";
    int luma = stn_palette_luma(rgb);
    return utf8 ? shades[luma * 5 / 256] : (uint32_t)ascii[luma * 10 / 256];
}

static bool preview_usable(const struct stn_preview *preview)
{
    return preview && preview->width > 0 && preview->height > 0 && preview->width <= STN_PREVIEW_WIDTH_MAX &&
           preview->height <= STN_PREVIEW_HEIGHT_MAX;
}

void stn_halfblock_draw(struct stn_grid *grid, struct stn_rect rect, const struct stn_preview *preview,
                        const struct stn_ui_caps *caps, bool mirror)
{
    if (!preview_usable(preview))
        return;
    enum picture_mode mode = picture_mode(caps);
    for (int row = 0; row < rect.rows; row++) {
        for (int col = 0; col < rect.cols; col++) {
            int x = mirror ? rect.cols - 1 - col : col;
            struct stn_style style = stn_style(mode == RAMP ? STN_ROLE_TEXT : STN_ROLE_PICTURE);
            uint32_t character = ' ';
            if (mode == HALF_BLOCKS) {
                sample(preview, x, 2 * row, rect.cols, 2 * rect.rows, style.fg);
                sample(preview, x, 2 * row + 1, rect.cols, 2 * rect.rows, style.bg);
                character = 0x2580;
            } else {
                uint8_t rgb[3];
                sample(preview, x, row, rect.cols, rect.rows, rgb);
                if (mode == RAMP)
                    character = ramp_character(rgb, caps->utf8);
                else
                    memcpy(style.bg, rgb, sizeof style.bg);
            }
            stn_grid_set(grid, rect.row + row, rect.col + col, style, character);
        }
    }
}

/* A share of n cells as an index 0…n-1; NaN becomes 0. */
static int cell_index(float share, int n)
{
    if (!(share > 0))
        return 0;
    return share >= 1 ? n - 1 : (int)(share * (float)n);
}

static void draw_eyes(struct stn_grid *grid, struct stn_rect rect, const struct stn_face_box *box,
                      bool mirror)
{
    for (int i = 0; i < 2; i++) {
        if (!(box->eye_x[i] >= 0) || !(box->eye_y[i] >= 0))
            continue;
        float x = mirror ? 1 - box->eye_x[i] : box->eye_x[i];
        stn_grid_set(grid, rect.row + cell_index(box->eye_y[i], rect.rows),
                     rect.col + cell_index(x, rect.cols), stn_style_bold(STN_ROLE_TEXT), 0x2022);
    }
}

static void draw_face_box(struct stn_grid *grid, struct stn_rect rect, const struct stn_face_box *box,
                          bool mirror, bool eyes)
{
    float left = mirror ? 1 - box->x - box->width : box->x;
    int col = cell_index(left, rect.cols), row = cell_index(box->y, rect.rows);
    int last_col = cell_index(left + box->width, rect.cols);
    int last_row = cell_index(box->y + box->height, rect.rows);
    struct stn_rect area = {rect.row + row, rect.col + col, last_row - row + 1, last_col - col + 1};
    struct stn_style style = stn_style_bold(stn_tone_role(box->tone));
    if (eyes)
        draw_eyes(grid, rect, box, mirror);
    stn_grid_box(grid, area, style, NULL);
    stn_grid_put(grid, area.row, area.col, 1, style, stn_tone_shape(box->tone));
    if (box->label[0] && area.cols > 4)
        stn_grid_put(grid, area.row, area.col + 2, area.cols - 3, style, box->label);
}

void stn_face_boxes_draw(struct stn_grid *grid, struct stn_rect rect, const struct stn_face_box *boxes,
                         int count, bool mirror, bool eyes)
{
    if (rect.rows < 1 || rect.cols < 1)
        return;
    for (int i = count - 1; i >= 0; i--) /* the first is the largest: it ends on top */
        draw_face_box(grid, rect, &boxes[i], mirror, eyes);
}
