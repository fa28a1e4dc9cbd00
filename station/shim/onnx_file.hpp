/* A look at an ONNX file before a parser does: protobuf reports damage on stderr, and we say it ourselves. */
#ifndef STN_SHIM_ONNX_FILE_HPP
#define STN_SHIM_ONNX_FILE_HPP

#include <cstdint>
#include <vector>

namespace stn_shim
{

/* Throws std::runtime_error unless the top-level fields fill the file exactly and one of them is a graph. */
void require_onnx_framing(const std::vector<uint8_t> &bytes);

} // namespace stn_shim

#endif
