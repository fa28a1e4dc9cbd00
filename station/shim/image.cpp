/* Image files: their size is believed only after the header was read, and before anything is decoded. */
#include "shim/guard.hpp"

#include "shim/image_header.hpp"
#include "shim/media_path.hpp"
#include "shim/media_shim.h"
#include "shim/picture.hpp"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <opencv2/imgcodecs.hpp>
#include <utility>
#include <vector>

using namespace stn_shim;

static constexpr std::streamoff file_bytes_max = 64 << 20;

static std::vector<uint8_t> read_file(const char *path)
{
    std::ifstream file(require_media_file(path), std::ios::binary | std::ios::ate);
    if (!file)
        throw Failure(CM_BACKEND, std::string(path) + ": " + std::strerror(errno));
    const std::streamoff size = file.tellg();
    if (size > file_bytes_max)
        throw Failure(CM_INVALID, std::string(path) + ": larger than 64 MiB");
    std::vector<uint8_t> bytes(static_cast<size_t>(size));
    file.seekg(0);
    if (!file.read(reinterpret_cast<char *>(bytes.data()), size))
        throw Failure(CM_BACKEND, std::string(path) + ": cannot be read");
    return bytes;
}

static void require_believable(const char *path, const ImageHeader &header)
{
    if (header.kind == ImageKind::unknown)
        throw Failure(CM_INVALID, std::string(path) + ": not a JPEG, PNG, BMP or PGM image");
    if (header.width == 0 || header.height == 0)
        throw Failure(CM_INVALID, std::string(path) + ": the image's header is damaged or cut off");
    require_picture_size(path, header.width, header.height);
    if (!header.complete)
        throw Failure(CM_INVALID, std::string(path) + ": the image is cut off");
}

/* Pixels of a person do not stay in freed memory. */
class Wiped
{
  public:
    explicit Wiped(cv::Mat pixels) : picture(std::move(pixels))
    {
    }
    ~Wiped()
    {
        if (!picture.empty() && picture.isContinuous())
            explicit_bzero(picture.data, picture.total() * picture.elemSize());
    }
    Wiped(const Wiped &) = delete;
    Wiped &operator=(const Wiped &) = delete;
    const cv::Mat picture;
};

static stn_frame *decode(const char *name, const uint8_t *bytes, size_t size, stn_frame_pool *pool)
{
    require_believable(name, read_image_header(bytes, size));
    const cv::Mat whole(1, static_cast<int>(size), CV_8UC1, const_cast<uint8_t *>(bytes));
    const Wiped decoded(cv::imdecode(whole, cv::IMREAD_COLOR));
    if (decoded.picture.empty())
        throw Failure(CM_INVALID, std::string(name) + ": the image is damaged");
    stn_frame *frame = acquire_frame(pool, decoded.picture.cols, decoded.picture.rows);
    decoded.picture.copyTo(view(*frame));
    return frame;
}

cm_code stn_image_read(const char *path, struct stn_frame_pool *pool, struct stn_frame **ret_frame,
                       struct cm_err *err)
{
    return guarded(err, [&] {
        const std::vector<uint8_t> bytes = read_file(path);
        *ret_frame = decode(path, bytes.data(), bytes.size(), pool);
    });
}

cm_code stn_image_decode(const uint8_t *bytes, size_t size, const char *name, struct stn_frame_pool *pool,
                         struct stn_frame **ret_frame, struct cm_err *err)
{
    return guarded(err, [&] {
        if (size > static_cast<size_t>(file_bytes_max))
            throw Failure(CM_INVALID, std::string(name) + ": larger than 64 MiB");
        *ret_frame = decode(name, bytes, size, pool);
    });
}
