#include "shim/media_path.hpp"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <sys/stat.h>

namespace stn_shim
{

std::string require_media_file(const char *path)
{
    const std::unique_ptr<char, decltype(&std::free)> absolute(realpath(path, nullptr), std::free);
    struct stat status;
    if (absolute == nullptr || stat(absolute.get(), &status) != 0) {
        const cm_code code = errno == ENOENT || errno == ENOTDIR ? CM_NOTFOUND : CM_BACKEND;
        throw Failure(code, std::string(path) + ": " + std::strerror(errno));
    }
    if (!S_ISREG(status.st_mode))
        throw Failure(CM_INVALID, std::string(path) + ": not a file");
    return absolute.get();
}

void require_picture_size(const char *path, int64_t width, int64_t height)
{
    if (width < 1 || height < 1 || width > STN_FRAME_SIDE_MAX || height > STN_FRAME_SIDE_MAX)
        throw Failure(CM_INVALID, std::string(path) + ": a picture of " + std::to_string(width) + " x " +
                                      std::to_string(height) + " pixels is not accepted (largest side " +
                                      std::to_string(STN_FRAME_SIDE_MAX) + ")");
}

stn_frame *acquire_frame(stn_frame_pool *pool, int width, int height)
{
    stn_frame *frame = nullptr;
    cm_err err = CM_ERR_INIT;
    const cm_code code = stn_frame_acquire(pool, width, height, STN_PIXEL_BGR24, &frame, &err);
    if (code != CM_OK)
        throw Failure(code, err.msg);
    return frame;
}

} // namespace stn_shim
