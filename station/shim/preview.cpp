#include "shim/guard.hpp"

#include "shim/face_shim.h"
#include "shim/picture.hpp"

#include <opencv2/imgproc.hpp>

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
