#include "ui/preview.h"

/* Mean of the frame's pixels x0…x1, y0…y1 (exclusive) in red, green, blue. */
static void mean_colour(const struct stn_frame *frame, int x0, int x1, int y0, int y1, uint8_t ret_rgb[3])
{
    int bytes = frame->format == STN_PIXEL_BGR24 ? 3 : 1;
    uint32_t sum[3] = {0, 0, 0}, count = (uint32_t)(x1 - x0) * (uint32_t)(y1 - y0);
    for (int y = y0; y < y1; y++) {
        const uint8_t *pixel = frame->pixels + (size_t)y * (size_t)frame->stride + (size_t)x0 * (size_t)bytes;
        for (int x = x0; x < x1; x++, pixel += bytes) {
            sum[0] += pixel[bytes - 1];
            sum[1] += pixel[bytes / 2];
            sum[2] += pixel[0];
        }
    }
    for (int i = 0; i < 3; i++)
        ret_rgb[i] = (uint8_t)(sum[i] / count);
}

void stn_preview_from_frame(const struct stn_frame *frame, struct stn_preview *ret_preview)
{
    int width = frame->width, height = frame->height;
    if (width > STN_PREVIEW_WIDTH_MAX) {
        height = (int)((int64_t)height * STN_PREVIEW_WIDTH_MAX / width);
        width = STN_PREVIEW_WIDTH_MAX;
    }
    if (height > STN_PREVIEW_HEIGHT_MAX) {
        width = (int)((int64_t)width * STN_PREVIEW_HEIGHT_MAX / height);
        height = STN_PREVIEW_HEIGHT_MAX;
    }
    ret_preview->width = width = width > 0 ? width : 1;
    ret_preview->height = height = height > 0 ? height : 1;
    ret_preview->number = frame->number;
    uint8_t *out = ret_preview->rgb;
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++, out += 3)
            mean_colour(frame, x * frame->width / width, (x + 1) * frame->width / width,
                        y * frame->height / height, (y + 1) * frame->height / height, out);
}
