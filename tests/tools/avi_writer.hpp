/* Pictures that are JPEG already, one after the other, as a Motion JPEG film in an AVI file. */
#ifndef AVI_WRITER_HPP
#define AVI_WRITER_HPP

#include <cstdint>
#include <fstream>
#include <string>
#include <vector>

class AviWriter
{
  public:
    AviWriter(const std::string &path, double fps);
    ~AviWriter(); /* writes the index and the sizes that the header left open */
    AviWriter(const AviWriter &) = delete;
    AviWriter &operator=(const AviWriter &) = delete;
    /* All pictures are of one size. */
    void add(const std::vector<unsigned char> &jpeg, int width, int height);

  private:
    void tag(const char *four);
    void number(uint32_t value);
    uint32_t here();
    void fill_in(uint32_t at, uint32_t value);
    void header(int width, int height);

    struct Picture {
        uint32_t offset, size; /* from the "movi" tag */
    };
    std::ofstream file;
    std::string name;
    double rate;
    uint32_t movi_at = 0, frame_counts_at[2] = {0, 0};
    std::vector<Picture> pictures;
};

#endif
