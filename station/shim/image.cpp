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

static cv::Mat decode(const char *path)
{
    const std::vector<uint8_t> bytes = read_file(path);
    require_believable(path, read_image_header(bytes.data(), bytes.size()));
    const cv::Mat picture = cv::imdecode(bytes, cv::IMREAD_COLOR);
    if (picture.empty())
        throw Failure(CM_INVALID, std::string(path) + ": the image is damaged");
    return picture;
}

cm_code stn_image_read(const char *path, struct stn_frame_pool *pool, struct stn_frame **ret_frame,
                       struct cm_err *err)
{
    return guarded(err, [&] {
        const cv::Mat picture = decode(path);
        stn_frame *frame = acquire_frame(pool, picture.cols, picture.rows);
        picture.copyTo(view(*frame));
        *ret_frame = frame;
    });
}
