#include "photo_motion.hpp"

#include <cmath>
#include <opencv2/imgproc.hpp>

static constexpr double focal_widths = 1.2; /* of the camera, in picture widths */
static constexpr int grid_step = 8;

double WavedPhoto::Sway::at(double seconds) const
{
    return 0.65 * std::sin(2 * CV_PI * hertz[0] * seconds + phase[0]) +
           0.35 * std::sin(2 * CV_PI * hertz[1] * seconds + phase[1]);
}

/* A slow swing and a quicker one on top. */
WavedPhoto::Sway WavedPhoto::draw(cv::RNG &rng)
{
    Sway sway = {};
    sway.hertz[0] = rng.uniform(0.08, 0.45);
    sway.hertz[1] = rng.uniform(0.5, 1.6);
    sway.phase[0] = rng.uniform(0.0, 2 * CV_PI);
    sway.phase[1] = rng.uniform(0.0, 2 * CV_PI);
    return sway;
}

/* What stands behind the photo: soft patches, so that the camera counts as neither covered nor out of focus. */
static cv::Mat make_room(cv::Size size, cv::RNG &rng)
{
    cv::Mat coarse(12, 16, CV_8UC3), room;
    rng.fill(coarse, cv::RNG::UNIFORM, 60, 190);
    cv::resize(coarse, room, size, 0, 0, cv::INTER_NEAREST);
    cv::GaussianBlur(room, room, {}, 2);
    return room;
}

WavedPhoto::WavedPhoto(const cv::Mat &still, const PhotoMotion &how, uint64_t seed)
    : photo(still), motion(how)
{
    cv::RNG rng(seed);
    for (Sway *sway : {&pan, &tilt, &roll, &zoom, &shift_x, &shift_y, &bend})
        *sway = draw(rng);
    room = make_room(photo.size(), rng);
}

static cv::Matx33d turn(double pan_deg, double tilt_deg, double roll_deg)
{
    const double p = pan_deg * CV_PI / 180, t = tilt_deg * CV_PI / 180, r = roll_deg * CV_PI / 180;
    const cv::Matx33d about_y(std::cos(p), 0, std::sin(p), 0, 1, 0, -std::sin(p), 0, std::cos(p));
    const cv::Matx33d about_x(1, 0, 0, 0, std::cos(t), -std::sin(t), 0, std::sin(t), std::cos(t));
    const cv::Matx33d about_z(std::cos(r), -std::sin(r), 0, std::sin(r), std::cos(r), 0, 0, 0, 1);
    return about_z * about_x * about_y;
}

/* Where a ray meets the bent photo: u along its arc, v along the cylinder's axis. The photo is the part of the cylinder
 * x² + (z − radius)² = radius² near z = 0. False: it passes by. */
static bool meet(const cv::Vec3d &from, const cv::Vec3d &along, double radius, cv::Vec2d &ret_uv)
{
    const double a = along[0] * along[0] + along[2] * along[2];
    const double b = from[0] * along[0] + (from[2] - radius) * along[2];
    const double c = from[0] * from[0] + (from[2] - radius) * (from[2] - radius) - radius * radius;
    const double under_root = b * b - a * c;
    if (under_root < 0 || a <= 0)
        return false;
    const double root = std::sqrt(under_root);
    for (const double distance : {(-b - root) / a, (-b + root) / a}) {
        const cv::Vec3d hit = from + distance * along;
        if (distance > 0 && hit[2] < radius) {
            ret_uv = {radius * std::atan2(hit[0], radius - hit[2]), hit[1]};
            return true;
        }
    }
    return false;
}

cv::Mat WavedPhoto::at(double seconds) const
{
    const double width = photo.cols, focal = focal_widths * width;
    const double scale = motion.zoom_min + (motion.zoom_max - motion.zoom_min) * (1 + zoom.at(seconds)) / 2;
    const double angle = motion.bend_max * (1 + bend.at(seconds)) / 2;
    const double radius = width / 2 / std::max(angle, 1e-3);
    const cv::Matx33d rotation = turn(motion.pan_max * pan.at(seconds), motion.tilt_max * tilt.at(seconds),
                                      motion.roll_max * roll.at(seconds));
    const cv::Vec3d middle(motion.shift_max * width * shift_x.at(seconds),
                           motion.shift_max * width * shift_y.at(seconds), focal / scale);
    /* In the photo's own coordinates the camera stands at `from`. */
    const cv::Vec3d from = rotation.t() * (-middle);
    /* The map is smooth: one ray for each 8 by 8 pixels, the others between them. */
    const cv::Size grid(photo.cols / grid_step + 2, photo.rows / grid_step + 2);
    cv::Mat map(grid, CV_32FC2);
    for (int y = 0; y < grid.height; y++) {
        for (int x = 0; x < grid.width; x++) {
            const cv::Vec3d ray(x * grid_step - photo.cols / 2.0, y * grid_step - photo.rows / 2.0, focal);
            cv::Vec2d uv(-1e4, -1e4);
            meet(from, rotation.t() * ray, radius, uv);
            map.at<cv::Vec2f>(y, x) = {static_cast<float>(uv[0] + photo.cols / 2.0),
                                       static_cast<float>(uv[1] + photo.rows / 2.0)};
        }
    }
    const cv::Matx23d onto_grid(1.0 / grid_step, 0, 0, 0, 1.0 / grid_step, 0);
    cv::Mat full;
    cv::warpAffine(map, full, onto_grid, photo.size(), cv::INTER_LINEAR | cv::WARP_INVERSE_MAP);
    cv::Mat seen = room.clone();
    cv::remap(photo, seen, full, {}, cv::INTER_LINEAR, cv::BORDER_TRANSPARENT);
    return seen;
}
