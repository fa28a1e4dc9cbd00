#include "shim/picture.hpp"

#include <cmath>
#include <opencv2/imgproc.hpp>

namespace stn_shim
{

cv::Mat view(const stn_frame &frame)
{
    const int type = frame.format == STN_PIXEL_GRAY8 ? CV_8UC1 : CV_8UC3;
    return cv::Mat(frame.height, frame.width, type, frame.pixels, static_cast<size_t>(frame.stride));
}

/* In double: a box may be far outside, where an int would overflow. */
cv::Rect clip(const stn_box &box, const cv::Mat &picture)
{
    const double left = std::max(0.0, std::floor(static_cast<double>(box.x)));
    const double top = std::max(0.0, std::floor(static_cast<double>(box.y)));
    const double right = std::min<double>(picture.cols, std::ceil(static_cast<double>(box.x) + box.width));
    const double bottom = std::min<double>(picture.rows, std::ceil(static_cast<double>(box.y) + box.height));
    if (left >= right || top >= bottom)
        return cv::Rect();
    return cv::Rect(static_cast<int>(left), static_cast<int>(top), static_cast<int>(right - left),
                    static_cast<int>(bottom - top));
}

cv::Mat to_gray(const cv::Mat &picture)
{
    if (picture.channels() == 1)
        return picture;
    cv::Mat gray;
    cv::cvtColor(picture, gray, cv::COLOR_BGR2GRAY);
    return gray;
}

void require_box(const stn_box &box)
{
    const bool finite =
        std::isfinite(box.x) && std::isfinite(box.y) && std::isfinite(box.width) && std::isfinite(box.height);
    if (!finite || box.width <= 0 || box.height <= 0)
        throw Failure(CM_INVALID, "the face region is not a box");
}

} // namespace stn_shim
