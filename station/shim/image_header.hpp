/* What an image file says about itself in its first bytes; nothing is decoded. */
#ifndef STN_SHIM_IMAGE_HEADER_HPP
#define STN_SHIM_IMAGE_HEADER_HPP

#include <cstddef>
#include <cstdint>

namespace stn_shim
{

enum class ImageKind { unknown, jpeg, png, bmp, pgm };

struct ImageHeader {
    ImageKind kind;
    int64_t width, height; /* 0 when the header is damaged or cut off */
    bool complete;         /* the end is there too: a picture is not half a picture */
};

ImageHeader read_image_header(const uint8_t *bytes, size_t size);

} // namespace stn_shim

#endif
