/* Frames as OpenCV sees them: views without a copy where possible, never longer lived than the frame. */
#ifndef STN_SHIM_PICTURE_HPP
#define STN_SHIM_PICTURE_HPP

#include "shim/guard.hpp"

#include <opencv2/core.hpp>

namespace stn_shim
{

/* The frame's own pixels, CV_8UC3 (BGR) or CV_8UC1. */
cv::Mat view(const stn_frame &frame);

/* Pixels of the frame that lie in the box; empty when they do not meet. */
cv::Rect clip(const stn_box &box, const cv::Mat &picture);

/* A grey copy or, when the picture is grey already, the picture. */
cv::Mat to_gray(const cv::Mat &picture);

/* Throws CM_INVALID unless all four numbers are finite and the box has an area. */
void require_box(const stn_box &box);

} // namespace stn_shim

#endif
