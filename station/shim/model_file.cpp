#include "shim/model_file.hpp"

#include "known_models.hpp"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

namespace stn_shim
{

static constexpr off_t model_bytes_max = 256 << 20;

static void require_known_bytes(const char *path);

void require_model_file(const char *path)
{
    struct stat status;
    if (stat(path, &status) != 0 || access(path, R_OK) != 0) {
        if (errno == ENOENT || errno == ENOTDIR)
            throw Failure(CM_NOTFOUND, std::string(path) + ": missing; packaging/fetch-models gets it");
        throw Failure(CM_BACKEND, std::string(path) + ": " + std::strerror(errno));
    }
    if (!S_ISREG(status.st_mode))
        throw Failure(CM_CORRUPT, std::string(path) + ": not a file");
    if (status.st_size == 0 || status.st_size > model_bytes_max)
        throw Failure(CM_CORRUPT, std::string(path) + ": " + std::to_string(status.st_size) +
                                      " bytes cannot be a model; fetch the models again");
    require_known_bytes(path);
}

static std::string sha512_of(const char *path)
{
    std::ifstream file(path, std::ios::binary);
    crypto_hash_sha512_state state;
    crypto_hash_sha512_init(&state);
    std::vector<char> block(1 << 16);
    do {
        file.read(block.data(), static_cast<std::streamsize>(block.size()));
        crypto_hash_sha512_update(&state, reinterpret_cast<unsigned char *>(block.data()),
                                  static_cast<unsigned long long>(file.gcount()));
    } while (file);
    if (!file.eof())
        throw Failure(CM_BACKEND, std::string(path) + ": cannot be read");
    unsigned char hash[crypto_hash_sha512_BYTES];
    char text[2 * sizeof hash + 1];
    crypto_hash_sha512_final(&state, hash);
    return sodium_bin2hex(text, sizeof text, hash, sizeof hash);
}

/* A model of ours must be ours to the last bit: one that was bent would still load, and recognise nobody or anybody. */
static void require_known_bytes(const char *path)
{
    const char *slash = std::strrchr(path, '/');
    const char *name = slash != nullptr ? slash + 1 : path;
    for (const KnownModel &model : known_models)
        if (std::strcmp(model.name, name) == 0 && sha512_of(path) != model.sha512)
            throw Failure(CM_CORRUPT,
                          std::string(path) + ": damaged, its checksum is wrong; fetch the models again");
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
