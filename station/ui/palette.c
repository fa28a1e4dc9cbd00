#include "ui/palette.h"

static int cube_step(int value) /* the cube's levels are 0, 95, 135, 175, 215, 255 */
{
    return value < 48 ? 0 : value < 115 ? 1 : (value - 35) / 40;
}

static int distance(const uint8_t rgb[3], int red, int green, int blue)
{
    int r = rgb[0] - red, g = rgb[1] - green, b = rgb[2] - blue;
    return r * r + g * g + b * b;
}

int stn_palette_256(const uint8_t rgb[3])
{
    static const int level[6] = {0, 95, 135, 175, 215, 255};
    int r = cube_step(rgb[0]), g = cube_step(rgb[1]), b = cube_step(rgb[2]);
    int mean = (rgb[0] + rgb[1] + rgb[2]) / 3;
    int grey = mean < 3 ? 0 : mean > 238 ? 23 : (mean - 3) / 10; /* the ramp is 8, 18, … 238 */
    int shade = 8 + 10 * grey;
    if (distance(rgb, shade, shade, shade) < distance(rgb, level[r], level[g], level[b]))
        return 232 + grey;
    return 16 + 36 * r + 6 * g + b;
}

int stn_palette_luma(const uint8_t rgb[3])
{
    return (299 * rgb[0] + 587 * rgb[1] + 114 * rgb[2]) / 1000;
}

int stn_palette_16(const uint8_t rgb[3])
{
    int luma = stn_palette_luma(rgb);
    return luma < 52 ? 0 : luma < 140 ? 8 : luma < 220 ? 7 : 15;
}

int stn_palette_direct(const uint8_t rgb[3])
{
    int colour = (rgb[0] & 0xf8) << 16 | (rgb[1] & 0xf8) << 8 | (rgb[2] & 0xf8);
    return colour < 8 ? 8 : colour;
}
