#include "shim/onnx_file.hpp"

#include <stdexcept>

namespace stn_shim
{

static constexpr unsigned wire_varint = 0, wire_bytes = 2;
static constexpr uint64_t model_graph_field = 7; /* ModelProto.graph in onnx.proto */

static uint64_t read_varint(const std::vector<uint8_t> &bytes, size_t &at)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && at < bytes.size(); shift += 7) {
        const uint8_t byte = bytes[at++];
        value |= static_cast<uint64_t>(byte & 0x7f) << shift;
        if (!(byte & 0x80))
            return value;
    }
    throw std::runtime_error("truncated");
}

void require_onnx_framing(const std::vector<uint8_t> &bytes)
{
    bool has_graph = false;
    for (size_t at = 0; at < bytes.size();) {
        const uint64_t key = read_varint(bytes, at);
        const uint64_t amount = read_varint(bytes, at); /* a number, or a length */
        if ((key & 7) == wire_bytes) {
            if (amount > bytes.size() - at)
                throw std::runtime_error("truncated");
            at += amount;
            has_graph = has_graph || key >> 3 == model_graph_field;
        } else if ((key & 7) != wire_varint) {
            throw std::runtime_error("not an ONNX file");
        }
    }
    if (!has_graph)
        throw std::runtime_error("not an ONNX file");
}

} // namespace stn_shim
