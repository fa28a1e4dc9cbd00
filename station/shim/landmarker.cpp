#include "shim/landmarker.hpp"

#include "shim/picture.hpp"

#include <cmath>
#include <limits>

using namespace stn_shim;

namespace stn_shim
{

float ear_of(double opening_sum, double width)
{
    if (!(width > 0))
        return std::numeric_limits<float>::quiet_NaN();
    return static_cast<float>(opening_sum / (2 * width));
}

} // namespace stn_shim

static std::unique_ptr<stn_landmarker> load(stn_landmark_model model, const char *path)
{
    switch (model) {
    case STN_LANDMARKS_MESH:
        return load_mesh_landmarker(path);
    case STN_LANDMARKS_DLIB68:
        return load_dlib68_landmarker(path);
    }
    throw Failure(CM_INVALID, "unknown landmark model " + std::to_string(static_cast<int>(model)));
}

cm_code stn_landmarker_open(enum stn_landmark_model model, const char *path,
                            struct stn_landmarker **ret_landmarker, struct cm_err *err)
{
    return guarded(err, [&] { *ret_landmarker = load(model, path).release(); });
}

void stn_landmarker_close(struct stn_landmarker *landmarker)
{
    delete landmarker;
}

cm_code stn_landmarker_run(struct stn_landmarker *landmarker, const struct stn_frame *frame,
                           const struct stn_box *region, bool tracking, struct stn_face *ret_face,
                           struct cm_err *err)
{
    return guarded(err, [&] {
        const cv::Mat picture = view(*frame);
        require_box(*region);
        if (clip(*region, picture).empty())
            throw Failure(CM_NOTFOUND, "the face region lies outside of the picture");
        stn_face face = {};
        landmarker->find(picture, *region, tracking, face);
        face.eye_span_px = std::hypot(face.eye_outer[STN_LEFT_EYE].x - face.eye_outer[STN_RIGHT_EYE].x,
                                      face.eye_outer[STN_LEFT_EYE].y - face.eye_outer[STN_RIGHT_EYE].y);
        measure_quality(picture, face);
        face.track_id = ret_face->track_id;
        *ret_face = face;
    });
}
