#include "shim/model_file.hpp"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

namespace stn_shim
{

static constexpr off_t model_bytes_max = 256 << 20;

void require_model_file(const char *path)
{
    struct stat status;
    if (stat(path, &status) != 0 || access(path, R_OK) != 0) {
        const cm_code code = errno == ENOENT || errno == ENOTDIR ? CM_NOTFOUND : CM_BACKEND;
        throw Failure(code, std::string(path) + ": " + std::strerror(errno));
    }
    if (!S_ISREG(status.st_mode))
        throw Failure(CM_CORRUPT, std::string(path) + ": not a file");
    if (status.st_size == 0 || status.st_size > model_bytes_max)
        throw Failure(CM_CORRUPT, std::string(path) + ": " + std::to_string(status.st_size) +
                                      " bytes cannot be a model; fetch the models again");
}

std::vector<uint8_t> read_model_file(const char *path)
{
    std::ifstream file(path, std::ios::binary | std::ios::ate);
    std::vector<uint8_t> bytes(file ? static_cast<size_t>(file.tellg()) : 0);
    file.seekg(0);
    if (!file.read(reinterpret_cast<char *>(bytes.data()), static_cast<std::streamsize>(bytes.size())))
        throw Failure(CM_BACKEND, std::string(path) + ": cannot be read");
    return bytes;
}

} // namespace stn_shim
