/* What the two landmark models have in common: each finds the geometry of one face; the rest is measured alike. */
#ifndef STN_SHIM_LANDMARKER_HPP
#define STN_SHIM_LANDMARKER_HPP

#include "shim/guard.hpp"

#include "shim/face_shim.h"

#include <memory>
#include <opencv2/core.hpp>

struct stn_landmarker {
    virtual ~stn_landmarker() = default;
    /* Fills box, presence, points, ear and angles of ret_face; picture is BGR or grey. */
    virtual void find(const cv::Mat &picture, const stn_box &region, bool tracking, stn_face &ret_face) = 0;
};

namespace stn_shim
{

std::unique_ptr<stn_landmarker> load_mesh_landmarker(const char *path);
std::unique_ptr<stn_landmarker> load_dlib68_landmarker(const char *path);

/* EAR = (|p2-p6| + |p3-p5|) / (2 |p1-p4|) (Soukupova & Cech 2016): the sum of both openings of the lids, and the
 * distance of the corners. NaN when the corners coincide. */
float ear_of(double opening_sum, double width);

inline stn_point to_point(const cv::Point2f &point)
{
    return {point.x, point.y};
}

/* Sharpness and exposure of the pixels in face.box. */
void measure_quality(const cv::Mat &picture, stn_face &face);

} // namespace stn_shim

#endif
