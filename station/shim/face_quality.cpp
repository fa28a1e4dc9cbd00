/* Focus and exposure of a face, at a size that does not depend on how near it is. */
#include "shim/landmarker.hpp"
#include "shim/picture.hpp"

#include <limits>
#include <opencv2/imgproc.hpp>

namespace stn_shim
{

static constexpr int measured_width = 128;
static constexpr int clipped_above = 245;

static double laplacian_variance(const cv::Mat &gray)
{
    const double scale = static_cast<double>(measured_width) / gray.cols;
    const int height = std::max(1, cvRound(gray.rows * scale));
    cv::Mat face, edges;
    cv::resize(gray, face, cv::Size(measured_width, height), 0, 0,
               scale < 1 ? cv::INTER_AREA : cv::INTER_LINEAR);
    cv::Laplacian(face, edges, CV_16S);
    cv::Scalar mean, deviation;
    cv::meanStdDev(edges, mean, deviation);
    return deviation[0] * deviation[0];
}

void measure_quality(const cv::Mat &picture, stn_face &face)
{
    const cv::Rect area = clip(face.box, picture);
    if (area.empty()) {
        face.sharpness = face.luma = face.luma_clipped = std::numeric_limits<float>::quiet_NaN();
        return;
    }
    const cv::Mat gray = to_gray(picture(area));
    face.luma = static_cast<float>(cv::mean(gray)[0]);
    face.luma_clipped =
        static_cast<float>(cv::countNonZero(gray > clipped_above)) / static_cast<float>(gray.total());
    face.sharpness = static_cast<float>(laplacian_variance(gray));
}

} // namespace stn_shim
