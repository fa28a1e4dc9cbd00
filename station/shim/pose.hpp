/* Which way a head points, by the signs of observation.h; all NaN when the points do not fit a head. */
#ifndef STN_SHIM_POSE_HPP
#define STN_SHIM_POSE_HPP

#include <opencv2/core.hpp>
#include <vector>

namespace stn_shim
{

struct HeadPose {
    float yaw_deg, pitch_deg, roll_deg;
};

/* From the face mesh: 468 points, x and y in pixels, z in the same unit, growing away from the camera. */
HeadPose pose_of_mesh(const cv::Point3f *mesh);

/* From the 68 points of dlib, in pixels of a picture of this size. */
HeadPose pose_of_dlib68(const cv::Point2f *points, cv::Size picture);

} // namespace stn_shim

#endif
