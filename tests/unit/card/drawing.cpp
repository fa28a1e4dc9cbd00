#include "drawing.h"

#include "card_picture.hpp"

#include <cstdlib>
#include <cstring>
#include <opencv2/core.hpp>

/* A wall with a shadow across it, and grain. */
static cv::Mat make_wall(int width, int height)
{
    cv::Mat wall(height, width, CV_8UC3);
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
            wall.at<cv::Vec3b>(y, x) = cv::Vec3b::all(static_cast<uchar>(80 + x * 90 / width + y % 3));
    return wall;
}

uint8_t *draw_frame(const struct drawing *drawing, struct stn_frame *ret_frame)
{
    cv::Mat picture = make_wall(drawing->width, drawing->height);
    CardPlace place;
    place.side = drawing->side;
    place.angle = drawing->angle;
    place.slant = drawing->slant;
    place.blur = drawing->blur;
    place.level = drawing->level;
    place.x = drawing->x > 0 ? drawing->x : 0.5;
    place.y = drawing->y > 0 ? drawing->y : 0.5;
    try {
        draw_card(picture, drawing->text, place);
    } catch (const std::exception &) {
        return nullptr;
    }
    cv::RNG rng(drawing->seed + 1);
    if (drawing->noise > 0) {
        cv::Mat grain(picture.size(), CV_16SC3);
        rng.fill(grain, cv::RNG::NORMAL, 0, drawing->noise);
        cv::add(picture, grain, picture, cv::noArray(), CV_8U);
    }
    if (drawing->grey)
        cv::extractChannel(picture, picture, 1);
    const size_t row = static_cast<size_t>(picture.cols) * picture.elemSize();
    const size_t stride = row + 5; /* rows with something behind them */
    auto *pixels = static_cast<uint8_t *>(std::malloc(stride * static_cast<size_t>(picture.rows)));
    if (pixels == nullptr)
        return nullptr;
    for (int y = 0; y < picture.rows; y++)
        std::memcpy(pixels + stride * static_cast<size_t>(y), picture.ptr(y), row);
    *ret_frame = {};
    ret_frame->width = picture.cols;
    ret_frame->height = picture.rows;
    ret_frame->stride = static_cast<int>(stride);
    ret_frame->format = drawing->grey ? STN_PIXEL_GRAY8 : STN_PIXEL_BGR24;
    ret_frame->pixels = pixels;
    return pixels;
}
