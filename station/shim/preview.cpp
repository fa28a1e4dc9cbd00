#include "shim/guard.hpp"

#include "shim/face_shim.h"
#include "shim/media_shim.h"
#include "shim/picture.hpp"

#include <algorithm>
#include <cstring>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <vector>

using namespace stn_shim;

cm_code stn_preview_scale(const struct stn_frame *frame, int width, int height, uint8_t *rgb,
                          struct cm_err *err)
{
    return guarded(err, [&] {
        if (width < 1 || height < 1 || width > STN_FRAME_SIDE_MAX || height > STN_FRAME_SIDE_MAX)
            throw Failure(CM_INVALID, "a preview of " + std::to_string(width) + "x" + std::to_string(height) +
                                          " is not possible");
        cv::Mat scaled, preview(height, width, CV_8UC3, rgb);
        cv::resize(view(*frame), scaled, preview.size(), 0, 0, cv::INTER_AREA);
        cv::cvtColor(scaled, preview, scaled.channels() == 1 ? cv::COLOR_GRAY2RGB : cv::COLOR_BGR2RGB);
    });
}

cm_code stn_jpeg_encode(const struct stn_frame *frame, int width_max, int quality, uint8_t *bytes,
                        size_t capacity, size_t *ret_size, struct cm_err *err)
{
    return guarded(err, [&] {
        if (width_max < 1 || quality < 1 || quality > 100)
            throw Failure(CM_INVALID, "a JPEG of that width or quality is not possible");
        cv::Mat picture = view(*frame);
        if (picture.cols > width_max) {
            const int height = std::max(1, picture.rows * width_max / picture.cols);
            cv::Mat scaled;
            cv::resize(picture, scaled, cv::Size(width_max, height), 0, 0, cv::INTER_AREA);
            picture = scaled;
        }
        std::vector<uint8_t> jpeg;
        if (!cv::imencode(".jpg", picture, jpeg, {cv::IMWRITE_JPEG_QUALITY, quality}))
            throw Failure(CM_BACKEND, "a frame could not be made a JPEG");
        if (jpeg.size() > capacity)
            throw Failure(CM_NOMEM, "a frame of " + std::to_string(jpeg.size()) + " bytes as a JPEG");
        std::memcpy(bytes, jpeg.data(), jpeg.size());
        *ret_size = jpeg.size();
    });
}
