/* A picture's file from anywhere, as far as we read it ourselves: its header, which decides whether OpenCV may see it. */
#include "shim/image_header.hpp"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const stn_shim::ImageHeader header = stn_shim::read_image_header(data, size);
    if (header.width < INT32_MIN || header.width > UINT32_MAX || header.height < 0 ||
        header.height > UINT32_MAX)
        abort();
    if (header.kind == stn_shim::ImageKind::unknown && (header.width != 0 || header.complete))
        abort();
    return 0;
}
