/* What video and image files share: paths, sizes and frames. */
#ifndef STN_SHIM_MEDIA_PATH_HPP
#define STN_SHIM_MEDIA_PATH_HPP

#include "shim/guard.hpp"

namespace stn_shim
{

/* The absolute path of an existing regular file. Throws CM_NOTFOUND, CM_INVALID (a folder, a pipe) or CM_BACKEND. */
std::string require_media_file(const char *path);

/* Throws CM_INVALID, with the size in the message, unless both sides are 1…STN_FRAME_SIDE_MAX. */
void require_picture_size(const char *path, int64_t width, int64_t height);

/* A BGR frame with a count of 1; throws what stn_frame_acquire() returns. */
stn_frame *acquire_frame(stn_frame_pool *pool, int width, int height);

} // namespace stn_shim

#endif
