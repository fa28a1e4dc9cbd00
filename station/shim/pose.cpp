/*
 * The reference head is the face mesh model's own: its mean output over 697 press photographs, turned to look straight
 * ahead, mirrored and averaged, scaled to 90 mm between the outer eye corners. x grows to the image right, y down, z
 * away from the camera.
 */
#include "shim/pose.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <opencv2/calib3d.hpp>

namespace stn_shim
{

/* Larger misfits, in distances of the outer eye corners: not a head, or not found. */
static constexpr double misfit_max = 0.12;

static constexpr float unknown = std::numeric_limits<float>::quiet_NaN();
static constexpr HeadPose no_pose = {unknown, unknown, unknown};

/* A point of the head's right half and its mirror image in the left half; one and the same on the midline. */
struct ReferencePair {
    int right, left;
    float x, y, z; /* mm, of the left one */
};

/* Only points that neither speaking, blinking nor frowning moves: forehead, temples, eye corners, nose, cheekbones. */
static constexpr ReferencePair rigid_head[] = {
    {109, 338, 18.9F, -85.3F, 0.9F},  {67, 297, 35.0F, -82.0F, 7.0F},   {103, 332, 49.8F, -75.1F, 17.4F},
    {54, 284, 59.7F, -65.1F, 29.2F},  {21, 251, 66.0F, -52.8F, 40.3F},  {162, 389, 69.4F, -39.6F, 51.8F},
    {127, 356, 70.5F, -23.5F, 60.4F}, {234, 454, 69.8F, -8.6F, 63.7F},  {33, 263, 45.0F, -31.8F, 12.1F},
    {133, 362, 17.5F, -31.0F, 6.7F},  {98, 327, 17.4F, 9.4F, -10.4F},   {48, 278, 19.2F, 2.4F, -17.7F},
    {64, 294, 19.4F, 5.2F, -14.5F},   {50, 280, 48.8F, -0.4F, 3.7F},    {117, 346, 52.5F, -15.4F, 11.0F},
    {123, 352, 63.0F, -1.0F, 20.5F},  {116, 345, 63.4F, -14.1F, 23.1F}, {118, 347, 44.6F, -13.7F, 5.3F},
    {10, 10, 0.0F, -86.1F, -0.8F},    {151, 151, 0.0F, -70.3F, -5.8F},  {9, 9, 0.0F, -53.2F, -10.0F},
    {8, 8, 0.0F, -44.7F, -9.5F},      {168, 168, 0.0F, -37.7F, -9.5F},  {6, 6, 0.0F, -30.6F, -14.5F},
    {197, 197, 0.0F, -24.0F, -20.0F}, {195, 195, 0.0F, -17.9F, -25.9F}, {5, 5, 0.0F, -11.3F, -32.0F},
    {4, 4, 0.0F, -2.9F, -35.1F},      {1, 1, 0.0F, 3.8F, -33.6F},       {19, 19, 0.0F, 7.4F, -30.7F},
    {94, 94, 0.0F, 9.3F, -23.1F},     {2, 2, 0.0F, 11.3F, -18.8F},
};
static constexpr int right_eye_outer = 33, left_eye_outer = 263;

/* R maps the reference head to the camera. The nose of the reference points to -z. */
static HeadPose angles_of(const cv::Matx33d &rotation)
{
    const cv::Vec3d nose = rotation * cv::Vec3d(0, 0, -1);
    const cv::Vec3d ear_to_ear = rotation * cv::Vec3d(1, 0, 0);
    const double degrees = 180 / CV_PI;
    return {static_cast<float>(std::atan2(nose[0], -nose[2]) * degrees),
            static_cast<float>(-std::asin(std::clamp(nose[1], -1.0, 1.0)) * degrees),
            static_cast<float>(std::atan2(ear_to_ear[1], ear_to_ear[0]) * degrees)};
}

static void pair_up(const cv::Point3f *mesh, std::vector<cv::Vec3d> &reference,
                    std::vector<cv::Vec3d> &measured)
{
    for (const ReferencePair &pair : rigid_head) {
        reference.emplace_back(pair.x, pair.y, pair.z);
        measured.emplace_back(mesh[pair.left].x, mesh[pair.left].y, mesh[pair.left].z);
        if (pair.right == pair.left)
            continue;
        reference.emplace_back(-pair.x, pair.y, pair.z);
        measured.emplace_back(mesh[pair.right].x, mesh[pair.right].y, mesh[pair.right].z);
    }
}

static void center(std::vector<cv::Vec3d> &points)
{
    cv::Vec3d mean;
    for (const cv::Vec3d &point : points)
        mean += point;
    mean *= 1.0 / static_cast<double>(points.size());
    for (cv::Vec3d &point : points)
        point -= mean;
}

/* The rotation and scale between two sets of points in least squares (Kabsch 1976, Umeyama 1991). */
HeadPose pose_of_mesh(const cv::Point3f *mesh)
{
    std::vector<cv::Vec3d> reference, measured;
    pair_up(mesh, reference, measured);
    center(reference);
    center(measured);
    cv::Matx33d covariance = cv::Matx33d::zeros();
    double spread = 0;
    for (size_t i = 0; i < reference.size(); i++) {
        covariance += measured[i] * reference[i].t();
        spread += reference[i].dot(reference[i]);
    }
    cv::Matx33d u, vt;
    cv::Vec3d w;
    cv::SVD::compute(covariance, w, u, vt);
    const cv::Matx33d rotation = u * vt;
    if (!(cv::determinant(rotation) > 0)) /* a mirrored head: points that are no face */
        return no_pose;
    const double scale = (w[0] + w[1] + w[2]) / spread;
    double squares = 0;
    for (size_t i = 0; i < reference.size(); i++) {
        const cv::Vec3d misfit = rotation * reference[i] * scale - measured[i];
        squares += misfit.dot(misfit);
    }
    const double misfit = std::sqrt(squares / static_cast<double>(reference.size()));
    const double eye_span = cv::norm(mesh[left_eye_outer] - mesh[right_eye_outer]);
    return misfit < misfit_max * eye_span ? angles_of(rotation) : no_pose;
}

struct PosePoint {
    int index; /* of the 68 */
    double x, y, z;
};

/* Eye corners, bridge, tip, nostrils, base of the nose, mouth corners, chin; and the jaw ends, whose depth steadies the
 * yaw. */
static constexpr PosePoint pose_points[] = {
    {36, -45.0, -31.8, 12.1}, {39, -17.5, -31.0, 6.8}, {42, 17.5, -31.0, 6.8},  {45, 45.0, -31.8, 12.1},
    {27, 0.0, -37.7, -9.5},   {30, 0.0, -2.9, -35.1},  {31, -17.4, 9.4, -10.4}, {35, 17.4, 9.4, -10.4},
    {33, 0.0, 11.3, -18.8},   {48, -27.2, 34.2, 1.0},  {54, 27.2, 34.2, 1.0},   {8, 0.0, 83.0, -0.8},
    {0, -70.4, -23.5, 60.4},  {16, 70.4, -23.5, 60.4},
};
static constexpr int dlib_right_eye_outer = 36, dlib_left_eye_outer = 45;

/* SQPNP, because the iterative solver ends behind the camera in one case of ten; focal length = picture width. */
HeadPose pose_of_dlib68(const cv::Point2f *points, cv::Size picture)
{
    std::vector<cv::Point3d> reference;
    std::vector<cv::Point2d> measured;
    for (const PosePoint &point : pose_points) {
        reference.emplace_back(point.x, point.y, point.z);
        measured.emplace_back(points[point.index]);
    }
    const double focal = picture.width;
    const cv::Matx33d camera(focal, 0, picture.width / 2.0, 0, focal, picture.height / 2.0, 0, 0, 1);
    cv::Vec3d turn, place;
    try {
        if (!cv::solvePnP(reference, measured, camera, cv::noArray(), turn, place, false, cv::SOLVEPNP_SQPNP))
            return no_pose;
    } catch (const cv::Exception &) { /* it asserts that the points are not all in one place */
        return no_pose;
    }
    std::vector<cv::Point2d> projected;
    cv::projectPoints(reference, turn, place, camera, cv::noArray(), projected);
    double squares = 0;
    for (size_t i = 0; i < projected.size(); i++)
        squares += (projected[i] - measured[i]).dot(projected[i] - measured[i]);
    const double misfit = std::sqrt(squares / static_cast<double>(projected.size()));
    const double eye_span = cv::norm(points[dlib_left_eye_outer] - points[dlib_right_eye_outer]);
    if (!(place[2] > 0) || !(misfit < misfit_max * eye_span))
        return no_pose;
    cv::Matx33d rotation;
    cv::Rodrigues(turn, rotation);
    return angles_of(rotation);
}

} // namespace stn_shim
