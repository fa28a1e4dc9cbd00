#include "shim/image_header.hpp"

#include <algorithm>
#include <cstring>

namespace stn_shim
{

namespace
{

/* Reads past the end give 0: a cut-off header ends as a picture without a size. */
class Bytes
{
  public:
    Bytes(const uint8_t *bytes, size_t size) : data(bytes), length(size)
    {
    }
    uint32_t at(size_t i) const
    {
        return i < length ? data[i] : 0;
    }
    uint32_t big16(size_t i) const
    {
        return at(i) << 8 | at(i + 1);
    }
    uint32_t big32(size_t i) const
    {
        return big16(i) << 16 | big16(i + 2);
    }
    uint32_t little32(size_t i) const
    {
        return at(i) | at(i + 1) << 8 | at(i + 2) << 16 | at(i + 3) << 24;
    }
    bool starts_with(const char *magic, size_t count) const
    {
        return length >= count && std::memcmp(data, magic, count) == 0;
    }
    size_t size() const
    {
        return length;
    }

  private:
    const uint8_t *data;
    size_t length;
};

} // namespace

/* SOF0…SOF15 without DHT, JPG and DAC, which share the range. */
static bool is_start_of_frame(uint32_t marker)
{
    return marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
}

/* Within the compressed data every FF is followed by 00 or a marker, so FF D9 can only be the end. */
static bool has_end_of_image(const Bytes &file, size_t from)
{
    for (size_t i = from; i + 1 < file.size(); i++)
        if (file.at(i) == 0xFF && file.at(i + 1) == 0xD9)
            return true;
    return false;
}

static ImageHeader jpeg_header(const Bytes &file)
{
    ImageHeader header = {ImageKind::jpeg, 0, 0, false};
    size_t i = 2;
    while (i + 4 <= file.size() && file.at(i) == 0xFF) {
        const uint32_t marker = file.at(i + 1);
        if (marker == 0xFF) { /* fill byte */
            i++;
            continue;
        }
        if (is_start_of_frame(marker)) {
            header.height = file.big16(i + 5);
            header.width = file.big16(i + 7);
        }
        const size_t next = i + 2 + file.big16(i + 2);
        if (marker == 0xDA) { /* start of scan: no header follows */
            header.complete = has_end_of_image(file, next);
            break;
        }
        i = next;
    }
    return header;
}

static bool has_png_end(const Bytes &file)
{
    const uint32_t end_chunk = 0x49454E44; /* IEND */
    for (size_t i = 8; i + 12 <= file.size(); i += size_t{12} + file.big32(i))
        if (file.big32(i + 4) == end_chunk)
            return true;
    return false;
}

static ImageHeader bmp_header(const Bytes &file)
{
    const bool complete = file.little32(2) <= file.size();
    if (file.little32(14) < 40) /* the OS/2 header of 1987 has 16-bit sides; nobody sends those */
        return {ImageKind::bmp, 0, 0, complete};
    const int64_t height = static_cast<int32_t>(file.little32(22)); /* negative: top row first */
    return {ImageKind::bmp, static_cast<int32_t>(file.little32(18)), height < 0 ? -height : height, complete};
}

/* A number of a PGM header: spaces and comments before it are skipped. */
static int64_t pgm_number(const Bytes &file, size_t &i)
{
    for (; i < file.size(); i++) {
        if (file.at(i) == '#')
            while (i < file.size() && file.at(i) != '\n')
                i++;
        else if (file.at(i) > ' ')
            break;
    }
    int64_t number = 0;
    for (; file.at(i) >= '0' && file.at(i) <= '9'; i++)
        number = std::min<int64_t>(number * 10 + (file.at(i) - '0'), INT32_MAX);
    return number;
}

/* After one space P5 holds one or two bytes a pixel, P2 at least a digit and a space. */
static ImageHeader pgm_header(const Bytes &file)
{
    size_t i = 2;
    const int64_t width = pgm_number(file, i), height = pgm_number(file, i), white = pgm_number(file, i);
    const int64_t pixel_bytes = file.at(1) == '5' && white < 256 ? 1 : 2;
    const bool complete =
        width * height <= (static_cast<int64_t>(file.size()) - static_cast<int64_t>(i) - 1) / pixel_bytes;
    return {ImageKind::pgm, width, height, complete};
}

ImageHeader read_image_header(const uint8_t *bytes, size_t size)
{
    const Bytes file(bytes, size);
    if (file.starts_with("\xFF\xD8\xFF", 3))
        return jpeg_header(file);
    if (file.starts_with("\x89PNG\r\n\x1A\n\0\0\0\rIHDR", 16))
        return {ImageKind::png, file.big32(16), file.big32(20), has_png_end(file)};
    if (file.starts_with("BM", 2))
        return bmp_header(file);
    if (file.starts_with("P5", 2) || file.starts_with("P2", 2))
        return pgm_header(file);
    return {ImageKind::unknown, 0, 0, false};
}

} // namespace stn_shim
