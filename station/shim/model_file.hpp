/* Model files: found, of a believable size, and loaded such that damage is CM_CORRUPT with the path. */
#ifndef STN_SHIM_MODEL_FILE_HPP
#define STN_SHIM_MODEL_FILE_HPP

#include "shim/guard.hpp"

#include <new>
#include <vector>

namespace stn_shim
{

/* Throws CM_NOTFOUND, CM_CORRUPT (empty, larger than any model of ours, or the name of a model of ours and other bytes
 * than packaging/models.lock says) or CM_BACKEND (cannot be read). */
void require_model_file(const char *path);

std::vector<uint8_t> read_model_file(const char *path);

/* Runs load(); whatever a library throws at a damaged file becomes CM_CORRUPT. A bad_alloc too: the sizes that a
 * damaged file claims are what makes one. */
template <class Load>
void load_model(const char *path, const char *what, Load &&load)
{
    require_model_file(path);
    try {
        std::forward<Load>(load)();
    } catch (const std::exception &exception) {
        throw Failure(CM_CORRUPT, std::string(path) + ": damaged, or not " + what +
                                      "; fetch the models again (" + exception.what() + ")");
    }
}

} // namespace stn_shim

#endif
