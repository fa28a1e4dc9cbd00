#include "avi_writer.hpp"

#include <cmath>
#include <stdexcept>

static constexpr uint32_t has_index = 0x10, key_frame = 0x10, rate_scale = 1000;

AviWriter::AviWriter(const std::string &path, double fps)
    : file(path, std::ios::binary | std::ios::trunc), name(path), rate(fps)
{
}

void AviWriter::tag(const char *four)
{
    file.write(four, 4);
}

void AviWriter::number(uint32_t value)
{
    const char bytes[4] = {static_cast<char>(value), static_cast<char>(value >> 8),
                           static_cast<char>(value >> 16), static_cast<char>(value >> 24)};
    file.write(bytes, 4);
}

uint32_t AviWriter::here()
{
    return static_cast<uint32_t>(file.tellp());
}

void AviWriter::fill_in(uint32_t at, uint32_t value)
{
    file.seekp(at);
    number(value);
    file.seekp(0, std::ios::end);
}

/* "RIFF" with the lists "hdrl" (one video stream) and "movi"; sizes and counts are filled in at the end. */
void AviWriter::header(int width, int height)
{
    const uint32_t w = static_cast<uint32_t>(width), h = static_cast<uint32_t>(height);
    const uint32_t per_1000_s = static_cast<uint32_t>(std::lround(rate * rate_scale));
    tag("RIFF"), number(0), tag("AVI ");
    tag("LIST"), number(4 + 8 + 56 + 12 + 8 + 56 + 8 + 40), tag("hdrl");
    tag("avih"), number(56), number(static_cast<uint32_t>(std::lround(1e6 / rate))), number(0), number(0);
    number(has_index);
    frame_counts_at[0] = here();
    number(0), number(0), number(1), number(0), number(w), number(h);
    for (int i = 0; i < 4; i++)
        number(0);
    tag("LIST"), number(4 + 8 + 56 + 8 + 40), tag("strl");
    tag("strh"), number(56), tag("vids"), tag("MJPG"), number(0), number(0), number(0), number(rate_scale);
    number(per_1000_s), number(0);
    frame_counts_at[1] = here();
    number(0), number(0), number(UINT32_MAX), number(0), number(0), number(w | h << 16);
    tag("strf"), number(40), number(40), number(w), number(h), number(1 | 24 << 16), tag("MJPG");
    number(w * h * 3), number(0), number(0), number(0), number(0);
    tag("LIST"), number(0);
    movi_at = here();
    tag("movi");
}

void AviWriter::add(const std::vector<unsigned char> &jpeg, int width, int height)
{
    if (movi_at == 0)
        header(width, height);
    const uint32_t size = static_cast<uint32_t>(jpeg.size());
    pictures.push_back({here() - movi_at, size});
    tag("00dc"), number(size);
    file.write(reinterpret_cast<const char *>(jpeg.data()), static_cast<std::streamsize>(jpeg.size()));
    if (size % 2 != 0)
        file.put('\0');
    if (!file)
        throw std::runtime_error(name + ": cannot be written");
}

AviWriter::~AviWriter()
{
    if (movi_at == 0)
        return;
    const uint32_t movi_size = here() - movi_at;
    tag("idx1"), number(static_cast<uint32_t>(pictures.size()) * 16);
    for (const Picture &picture : pictures)
        tag("00dc"), number(key_frame), number(picture.offset), number(picture.size);
    const uint32_t end = here();
    fill_in(4, end - 8);
    fill_in(movi_at - 4, movi_size);
    for (const uint32_t at : frame_counts_at)
        fill_in(at, static_cast<uint32_t>(pictures.size()));
}
