/*
 * The whole picture in eight numbers (observation.h), from small grey copies: 160x120 for light, flatness and change,
 * and 320 px wide for focus, where the small one would hide the blur.
 */
#include "shim/guard.hpp"

#include "shim/face_shim.h"
#include "shim/picture.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <opencv2/imgproc.hpp>

using namespace stn_shim;

static const cv::Size small_size(160, 120);
static constexpr int block_side = 8;
static constexpr double flat_below = 4; /* standard deviation of a block of one surface, noise included */
static constexpr int bright_above = 245;
static constexpr int focus_width = 320;
static constexpr int reblur_taps = 9;

struct stn_scene_meter {
    cv::Mat previous; /* the last small picture; empty before the first */
};

using Histogram = std::array<int, 256>;

static Histogram count_levels(const cv::Mat &small)
{
    Histogram levels = {};
    for (int y = 0; y < small.rows; y++)
        for (const uint8_t *pixel = small.ptr(y), *end = pixel + small.cols; pixel < end; pixel++)
            levels[*pixel]++;
    return levels;
}

/* The lowest level that has at least this share of the pixels at or below it. */
static int percentile(const Histogram &levels, int total, double share)
{
    int below = 0;
    for (int level = 0; level < 256; level++) {
        below += levels[level];
        if (below >= share * total)
            return level;
    }
    return 255;
}

static float flat_share(const cv::Mat &small)
{
    int flat = 0, blocks = 0;
    for (int y = 0; y + block_side <= small.rows; y += block_side) {
        for (int x = 0; x + block_side <= small.cols; x += block_side) {
            cv::Scalar mean, deviation;
            cv::meanStdDev(small(cv::Rect(x, y, block_side, block_side)), mean, deviation);
            flat += deviation[0] < flat_below;
            blocks++;
        }
    }
    return static_cast<float>(flat) / static_cast<float>(blocks);
}

/* FNV-1a: only equality matters, and the previous pictures are our own. */
static uint64_t hash_pixels(const cv::Mat &small)
{
    uint64_t hash = 14695981039346656037U;
    for (const uint8_t *pixel = small.data, *end = pixel + small.total(); pixel < end; pixel++)
        hash = (hash ^ *pixel) * 1099511628211U;
    return hash;
}

static void measure_light(const cv::Mat &small, stn_scene &scene)
{
    const Histogram levels = count_levels(small);
    const auto total = static_cast<int>(small.total());
    scene.luma_mean = static_cast<float>(cv::mean(small)[0]);
    scene.luma_range = static_cast<float>(percentile(levels, total, 0.99) - percentile(levels, total, 0.01));
    int bright = 0;
    for (int level = bright_above + 1; level < 256; level++)
        bright += levels[level];
    scene.bright_share = static_cast<float>(bright) / static_cast<float>(total);
}

/*
 * How much of the picture's variation from pixel to pixel, along one axis, is lost by blurring it again (Crete et al.,
 * The blur effect, SPIE 6492, 2007). A sharp picture loses much (0), a blurred one has nothing left to lose (1).
 */
static double blur_along(const cv::Mat &gray, bool horizontal)
{
    const cv::Size window = horizontal ? cv::Size(reblur_taps, 1) : cv::Size(1, reblur_taps);
    cv::Mat blurred;
    cv::blur(gray, blurred, window, cv::Point(-1, -1), cv::BORDER_REPLICATE);
    const cv::Rect all(0, 0, gray.cols, gray.rows);
    const cv::Point step = horizontal ? cv::Point(1, 0) : cv::Point(0, 1);
    const cv::Rect here = all & (all + step), before = here - step;
    cv::Mat variation, variation_blurred, lost;
    cv::absdiff(gray(here), gray(before), variation);
    cv::absdiff(blurred(here), blurred(before), variation_blurred);
    cv::subtract(variation, variation_blurred, lost); /* saturates at 0, as the paper wants */
    const double total = cv::sum(variation)[0];
    return total > 0 ? (total - cv::sum(lost)[0]) / total : 1;
}

static void measure_focus(const cv::Mat &gray, stn_scene &scene)
{
    cv::Mat picture, edges;
    const int height = std::max(2, cvRound(static_cast<double>(gray.rows) * focus_width / gray.cols));
    cv::resize(gray, picture, cv::Size(focus_width, height), 0, 0, cv::INTER_AREA);
    scene.reblur = static_cast<float>(std::max(blur_along(picture, true), blur_along(picture, false)));
    cv::Laplacian(picture, edges, CV_16S);
    cv::Scalar mean, deviation;
    cv::meanStdDev(edges, mean, deviation);
    scene.laplacian = static_cast<float>(deviation[0] * deviation[0]);
}

static stn_scene measure(stn_scene_meter &meter, const cv::Mat &picture, bool with_focus)
{
    stn_scene scene = {};
    scene.change = scene.reblur = scene.laplacian = std::numeric_limits<float>::quiet_NaN();
    const cv::Mat gray = to_gray(picture);
    cv::Mat small;
    cv::resize(gray, small, small_size, 0, 0, cv::INTER_AREA);
    measure_light(small, scene);
    scene.flat_share = flat_share(small);
    scene.hash = hash_pixels(small);
    if (!meter.previous.empty())
        scene.change = static_cast<float>(cv::norm(small, meter.previous, cv::NORM_L1) /
                                          static_cast<double>(small.total()));
    if (with_focus)
        measure_focus(gray, scene);
    meter.previous = small;
    return scene;
}

cm_code stn_scene_meter_open(struct stn_scene_meter **ret_meter, struct cm_err *err)
{
    return guarded(err, [&] { *ret_meter = new stn_scene_meter; });
}

void stn_scene_meter_close(struct stn_scene_meter *meter)
{
    delete meter;
}

cm_code stn_scene_meter_run(struct stn_scene_meter *meter, const struct stn_frame *frame, bool with_focus,
                            struct stn_scene *ret_scene, struct cm_err *err)
{
    return guarded(err, [&] { *ret_scene = measure(*meter, view(*frame), with_focus); });
}
