/*
 * MediaPipe Face Mesh (Google, Apache-2.0) in OpenCV's dnn: 468 points with depth from a square of 1.5 times the face.
 * It tracks itself: the hull of the last mesh is the next region for as long as its own flag says "face".
 *
 * The model was trained on upright faces. On a head that leans by 20 degrees the eyes of a tilted crop close to 0.73
 * of their open ratio in a blink, of an upright one to 0.57 (median over one recording): so the square is turned with
 * the eye line of the previous mesh, and where there is none the model runs twice.
 */
#include "shim/landmarker.hpp"
#include "shim/model_file.hpp"
#include "shim/onnx_file.hpp"
#include "shim/picture.hpp"
#include "shim/pose.hpp"

#include <array>
#include <cmath>
#include <limits>
#include <opencv2/dnn.hpp>
#include <opencv2/imgproc.hpp>
#include <vector>

namespace stn_shim
{

static constexpr int input_side = 192;
static constexpr int mesh_points = 468;
static constexpr float region_scale = 1.5F;

using Mesh = std::array<cv::Point3f, mesh_points>;

/* Indices in the mesh; corner, two on the upper lid, corner, two on the lower lid, as the EAR formula counts them. */
static constexpr int right_eye[6] = {33, 160, 158, 133, 153, 144};
static constexpr int left_eye[6] = {362, 385, 387, 263, 373, 380};
static constexpr int nose_bridge = 168, nose_tip = 1;

/* dlib's network learned from chips cut by dlib's 5-point model, which puts the outer eye corners further in, the inner
 * ones further out and the nose base lower than the mesh: a share of the way towards a second point of the mesh makes
 * up for the mean difference (697 faces). By enum stn_align_point. */
struct AlignPoint {
    int from, towards;
    float share;
};
static constexpr AlignPoint align_points[STN_ALIGN_POINTS] = {
    {263, 362, 0.085F}, {362, 263, 0.045F}, {33, 133, 0.085F}, {133, 33, 0.045F}, {2, 164, 0.32F},
};

namespace
{

class MeshLandmarker : public stn_landmarker
{
  public:
    explicit MeshLandmarker(const char *path);
    void find(const cv::Mat &picture, const stn_box &region, bool tracking, stn_face &ret_face) override;

  private:
    struct Remembered {
        stn_box box;
        double roll;
    };

    float run(const cv::Mat &picture, const cv::Matx23d &crop_to_picture, Mesh &ret_mesh);
    const Remembered *recall(const stn_box &region) const;
    void remember(const stn_box &box, double roll);

    cv::dnn::Net net;
    cv::Mat crop, color, blob;
    std::vector<cv::Mat> outputs;
    std::array<Remembered, STN_FACES_MAX> memory = {}; /* the last faces, oldest overwritten */
    size_t memory_next = 0;
};

} // namespace

/* The square of the picture that the model looks at, as the map from its pixels to the picture's. */
static cv::Matx23d square_around(const stn_box &box, double roll)
{
    const double side = static_cast<double>(region_scale) * std::max(box.width, box.height);
    const double across = std::cos(roll) * side / input_side, down = std::sin(roll) * side / input_side;
    const double center_x = box.x + 0.5 * box.width, center_y = box.y + 0.5 * box.height;
    const double half = 0.5 * input_side;
    return {across, -down,  center_x - (across - down) * half,
            down,   across, center_y - (down + across) * half};
}

static double roll_of(const Mesh &mesh)
{
    const cv::Point3f eye_line = mesh[left_eye[3]] - mesh[right_eye[0]];
    return std::atan2(eye_line.y, eye_line.x);
}

static cv::Point2f flat(const cv::Point3f &point)
{
    return {point.x, point.y};
}

static stn_box hull(const Mesh &mesh)
{
    cv::Point2f low = flat(mesh[0]), high = low;
    for (const cv::Point3f &point : mesh) {
        low = {std::min(low.x, point.x), std::min(low.y, point.y)};
        high = {std::max(high.x, point.x), std::max(high.y, point.y)};
    }
    return {low.x, low.y, high.x - low.x, high.y - low.y};
}

/* The width of the eye is measured with its depth: in the plane alone a turn of 40 degrees would open it by 70 %. */
static float mesh_ear(const Mesh &mesh, const int (&eye)[6])
{
    const double opening =
        cv::norm(flat(mesh[eye[1]] - mesh[eye[5]])) + cv::norm(flat(mesh[eye[2]] - mesh[eye[4]]));
    return ear_of(opening, cv::norm(mesh[eye[0]] - mesh[eye[3]]));
}

static bool same(const stn_box &a, const stn_box &b)
{
    return a.x == b.x && a.y == b.y && a.width == b.width && a.height == b.height;
}

const MeshLandmarker::Remembered *MeshLandmarker::recall(const stn_box &region) const
{
    for (const Remembered &face : memory)
        if (same(face.box, region))
            return &face;
    return nullptr;
}

void MeshLandmarker::remember(const stn_box &box, double roll)
{
    memory[memory_next] = {box, roll};
    memory_next = (memory_next + 1) % memory.size();
}

MeshLandmarker::MeshLandmarker(const char *path)
{
    load_model(path, "the converted face mesh", [&] {
        const std::vector<uint8_t> bytes = read_model_file(path);
        require_onnx_framing(bytes);
        net = cv::dnn::readNetFromONNX(bytes);
        net.setPreferableBackend(cv::dnn::DNN_BACKEND_OPENCV);
        net.setPreferableTarget(cv::dnn::DNN_TARGET_CPU);
        /* The first run allocates and fuses layers: better now than on the first face. It also shows whether the
         * file is the model that we take it for. */
        Mesh mesh;
        run(cv::Mat::zeros(input_side, input_side, CV_8UC3), cv::Matx23d(1, 0, 0, 0, 1, 0), mesh);
    });
}

float MeshLandmarker::run(const cv::Mat &picture, const cv::Matx23d &crop_to_picture, Mesh &ret_mesh)
{
    const cv::Size side(input_side, input_side);
    cv::warpAffine(picture, crop, crop_to_picture, side, cv::INTER_LINEAR | cv::WARP_INVERSE_MAP);
    if (crop.channels() == 1)
        cv::cvtColor(crop, color, cv::COLOR_GRAY2BGR);
    const bool swap_red_blue = true;
    cv::dnn::blobFromImage(crop.channels() == 1 ? color : crop, blob, 1.0 / 255, cv::Size(), cv::Scalar(),
                           swap_red_blue);
    net.setInput(blob);
    net.forward(outputs, std::vector<cv::String>{"mesh", "flag"});
    if (outputs.size() != 2 || outputs[0].total() != mesh_points * 3 || outputs[1].total() != 1)
        throw std::runtime_error("outputs of an unexpected size");
    if (!cv::checkRange(outputs[0]) || !cv::checkRange(outputs[1]))
        throw Failure(CM_BACKEND, "the face mesh gave no numbers");
    const float *values = outputs[0].ptr<float>();
    const double scale = std::hypot(crop_to_picture(0, 0), crop_to_picture(1, 0));
    for (int i = 0; i < mesh_points; i++) {
        const cv::Vec2d place = crop_to_picture * cv::Vec3d(values[3 * i], values[3 * i + 1], 1);
        ret_mesh[i] = cv::Point3f(static_cast<float>(place[0]), static_cast<float>(place[1]),
                                  static_cast<float>(values[3 * i + 2] * scale));
    }
    return *outputs[1].ptr<float>();
}

static void fill_points(const Mesh &mesh, stn_face &face)
{
    for (int i = 0; i < STN_ALIGN_POINTS; i++) {
        const AlignPoint &point = align_points[i];
        const cv::Point3f from = mesh[point.from];
        face.align[i] = to_point(flat(from + (mesh[point.towards] - from) * point.share));
    }
    face.eye_outer[STN_RIGHT_EYE] = to_point(flat(mesh[right_eye[0]]));
    face.eye_outer[STN_LEFT_EYE] = to_point(flat(mesh[left_eye[3]]));
    face.nose_bridge = to_point(flat(mesh[nose_bridge]));
    face.nose_tip = to_point(flat(mesh[nose_tip]));
    face.ear[STN_RIGHT_EYE] = mesh_ear(mesh, right_eye);
    face.ear[STN_LEFT_EYE] = mesh_ear(mesh, left_eye);
}

void MeshLandmarker::find(const cv::Mat &picture, const stn_box &region, bool tracking, stn_face &ret_face)
{
    Mesh mesh;
    const Remembered *before = tracking ? recall(region) : nullptr;
    ret_face.presence = run(picture, square_around(region, before ? before->roll : 0), mesh);
    if (!before)
        ret_face.presence = run(picture, square_around(hull(mesh), roll_of(mesh)), mesh);
    ret_face.box = hull(mesh);
    fill_points(mesh, ret_face);
    const HeadPose pose = pose_of_mesh(mesh.data());
    ret_face.yaw_deg = pose.yaw_deg;
    ret_face.pitch_deg = pose.pitch_deg;
    ret_face.roll_deg = pose.roll_deg;
    remember(ret_face.box, roll_of(mesh));
}

std::unique_ptr<stn_landmarker> load_mesh_landmarker(const char *path)
{
    return std::make_unique<MeshLandmarker>(path);
}

} // namespace stn_shim
