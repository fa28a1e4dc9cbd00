/*
 * rollcall-attack: makes the recordings that the tests hold before the station: photos of a face, held still or waved,
 * cuts, and one person swapped for another. Motion JPEG in AVI, which needs no encoder beyond libjpeg.
 * The same arguments and seed make the same recording.
 *
 *   rollcall-attack frame OUT.png PICTURE
 *   rollcall-attack still OUT.avi PICTURE [--seconds S --fps F --noise SIGMA --width W --seed N]
 *   rollcall-attack wave  OUT.avi PICTURE [the same]
 *   rollcall-attack cut   OUT.avi VIDEO FIRST LAST
 *   rollcall-attack card  OUT.avi PART TEXT [--side PX --angle DEGREES --blur PX --slant SHARE --x SHARE --y SHARE]
 *   rollcall-attack join  OUT.avi PART… [--noise SIGMA --fps F]     PART: VIDEO:FIRST-LAST or PICTURE*FRAMES[@MAP]
 *
 * PICTURE is an image file or VIDEO:FRAME. MAP is "x,y,w,h>x,y,w,h": the first box of the picture comes to lie on the
 * second one, so that a photo's face takes the place of a live one.
 */
#include "avi_writer.hpp"
#include "card_picture.hpp"
#include "photo_motion.hpp"

#include <cstdio>
#include <functional>
#include <map>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <opencv2/videoio.hpp>
#include <stdexcept>
#include <string>
#include <vector>

static constexpr int jpeg_quality = 80, cut_quality = 97;

struct Options {
    double seconds = 60, fps = 24, noise = 5;
    int width = 0; /* of a still's or a wave's picture; 0: as it is */
    uint64_t seed = 1;
    CardPlace card; /* where and how it is held */
    std::vector<std::string> words;
};

static std::runtime_error wrong(const std::string &what)
{
    return std::runtime_error(what);
}

/* ---- reading ---- */

using Visit = std::function<void(const cv::Mat &)>;

static double each_frame(const std::string &path, int first, int last, const Visit &visit)
{
    cv::VideoCapture video(path);
    cv::Mat frame;
    int index = 0;
    for (; index <= last && video.read(frame); index++)
        if (index >= first)
            visit(frame);
    if (index <= last)
        throw wrong(path + ": has no frame " + std::to_string(last));
    return video.get(cv::CAP_PROP_FPS);
}

static cv::Mat read_picture(const std::string &name)
{
    const size_t colon = name.rfind(':');
    cv::Mat picture;
    if (colon == std::string::npos) {
        picture = cv::imread(name);
    } else {
        const int frame = std::stoi(name.substr(colon + 1));
        each_frame(name.substr(0, colon), frame, frame, [&](const cv::Mat &seen) { picture = seen.clone(); });
    }
    if (picture.empty())
        throw wrong(name + ": cannot be read");
    return picture;
}

/* ---- writing ---- */

class Film
{
  public:
    Film(const std::string &path, double fps, int quality, const Options &options)
        : avi(path, fps), jpeg{cv::IMWRITE_JPEG_QUALITY, quality}, noise(options.noise),
          rng(options.seed * 7919 + 17)
    {
    }

    void add(const cv::Mat &frame)
    {
        std::vector<uchar> bytes;
        if (!cv::imencode(".jpg", noise > 0 ? with_noise(frame) : frame, bytes, jpeg))
            throw wrong("a picture cannot be encoded");
        avi.add(bytes, frame.cols, frame.rows);
    }

  private:
    /* A window, chosen anew each time, of one large field of grain: drawing it for every frame takes too long. */
    cv::Mat with_noise(const cv::Mat &frame)
    {
        if (grain.empty()) {
            grain.create(frame.rows * 2, frame.cols * 2, CV_16SC3);
            rng.fill(grain, cv::RNG::NORMAL, 0, noise);
        }
        const cv::Rect window(rng.uniform(0, frame.cols), rng.uniform(0, frame.rows), frame.cols, frame.rows);
        cv::Mat sum;
        cv::add(frame, grain(window), sum, cv::noArray(), CV_8U);
        return sum;
    }

    AviWriter avi;
    std::vector<int> jpeg;
    double noise;
    cv::RNG rng;
    cv::Mat grain;
};

/* ---- the kinds ---- */

static void make_frame(const Options &options)
{
    if (!cv::imwrite(options.words.at(1), read_picture(options.words.at(2))))
        throw wrong(options.words.at(1) + ": cannot be written");
}

static cv::Mat read_photo(const Options &options)
{
    cv::Mat picture = read_picture(options.words.at(2));
    if (options.width > 0)
        cv::resize(picture, picture, {options.width, picture.rows * options.width / picture.cols}, 0, 0,
                   cv::INTER_AREA);
    return picture;
}

static void make_still(const Options &options)
{
    const cv::Mat picture = read_photo(options);
    Film film(options.words.at(1), options.fps, jpeg_quality, options);
    for (int i = 0; i < options.seconds * options.fps; i++)
        film.add(picture);
}

static void make_wave(const Options &options)
{
    const WavedPhoto photo(read_photo(options), {}, options.seed);
    Film film(options.words.at(1), options.fps, jpeg_quality, options);
    for (int i = 0; i < options.seconds * options.fps; i++)
        film.add(photo.at(i / options.fps));
}

static void make_cut(const Options &options)
{
    Options clean = options;
    clean.noise = 0;
    const std::string &video = options.words.at(2);
    Film film(options.words.at(1), cv::VideoCapture(video).get(cv::CAP_PROP_FPS), cut_quality, clean);
    each_frame(video, std::stoi(options.words.at(3)), std::stoi(options.words.at(4)),
               [&](const cv::Mat &frame) { film.add(frame); });
}

/* Moves and scales the picture so that one box of it lies on another; what stays open is filled with its edge. */
static cv::Mat place(const cv::Mat &picture, const std::string &map, cv::Size size)
{
    double from[4], to[4];
    if (std::sscanf(map.c_str(), "%lf,%lf,%lf,%lf>%lf,%lf,%lf,%lf", &from[0], &from[1], &from[2], &from[3],
                    &to[0], &to[1], &to[2], &to[3]) != 8)
        throw wrong(map + ": is not x,y,w,h>x,y,w,h");
    const double scale = to[2] / from[2];
    const cv::Matx23d move(scale, 0, to[0] + to[2] / 2 - scale * (from[0] + from[2] / 2), 0, scale,
                           to[1] + to[3] / 2 - scale * (from[1] + from[3] / 2));
    cv::Mat placed;
    cv::warpAffine(picture, placed, move, size, cv::INTER_LINEAR, cv::BORDER_REPLICATE);
    return placed;
}

static void add_photo(Film &film, const std::string &part, size_t star, cv::Size size)
{
    const size_t at = part.find('@', star);
    const int frames = std::stoi(part.substr(star + 1));
    cv::Mat picture = read_picture(part.substr(0, star));
    if (at != std::string::npos)
        picture = place(picture, part.substr(at + 1), size);
    else if (picture.size() != size)
        cv::resize(picture, picture, size, 0, 0, cv::INTER_AREA);
    for (int i = 0; i < frames; i++)
        film.add(picture);
}

/* The size of all is that of the first video among the parts. */
static cv::Size size_of_first_video(const Options &options)
{
    for (size_t i = 2; i < options.words.size(); i++) {
        const std::string &part = options.words[i];
        if (part.find('*') == std::string::npos)
            return read_picture(part.substr(0, part.rfind('-'))).size();
    }
    throw wrong("join needs at least one VIDEO:FIRST-LAST");
}

static void make_join(const Options &options)
{
    const cv::Size size = size_of_first_video(options);
    Film film(options.words.at(1), options.fps, jpeg_quality, options);
    for (size_t i = 2; i < options.words.size(); i++) {
        const std::string &part = options.words[i];
        const size_t star = part.find('*'), colon = part.rfind(':'), dash = part.rfind('-');
        if (star != std::string::npos) {
            add_photo(film, part, star, size);
            continue;
        }
        each_frame(part.substr(0, colon), std::stoi(part.substr(colon + 1)), std::stoi(part.substr(dash + 1)),
                   [&](const cv::Mat &frame) { film.add(frame); });
    }
}

/* A card held into a recording, or into a picture that stands still. */
static void make_card(const Options &options)
{
    const std::string &part = options.words.at(2), &text = options.words.at(3);
    const size_t star = part.find('*'), colon = part.rfind(':'), dash = part.rfind('-');
    Film film(options.words.at(1), options.fps, cut_quality, options);
    const auto add = [&](const cv::Mat &frame) {
        cv::Mat with_card = frame.clone();
        draw_card(with_card, text, options.card);
        film.add(with_card);
    };
    if (star == std::string::npos) {
        each_frame(part.substr(0, colon), std::stoi(part.substr(colon + 1)), std::stoi(part.substr(dash + 1)),
                   add);
        return;
    }
    const cv::Mat picture = read_picture(part.substr(0, star));
    for (int i = std::stoi(part.substr(star + 1)); i > 0; i--)
        add(picture);
}

/* ---- the command line ---- */

static bool read_card_option(const std::string &word, const char *value, CardPlace &card)
{
    const std::map<std::string, double CardPlace::*> numbers = {{"--side", &CardPlace::side},
                                                                {"--angle", &CardPlace::angle},
                                                                {"--slant", &CardPlace::slant},
                                                                {"--x", &CardPlace::x},
                                                                {"--y", &CardPlace::y}};
    const auto number = numbers.find(word);
    if (number != numbers.end())
        card.*number->second = std::stod(value);
    else if (word == "--blur")
        card.blur = std::stoi(value);
    else
        return false;
    return true;
}

static Options read_options(int argc, char **argv)
{
    Options options;
    for (int i = 1; i < argc; i++) {
        const std::string word = argv[i];
        if (word.compare(0, 2, "--") != 0) {
            options.words.push_back(word);
            continue;
        }
        if (++i == argc)
            throw wrong(word + ": needs a value");
        if (word == "--seconds")
            options.seconds = std::stod(argv[i]);
        else if (word == "--fps")
            options.fps = std::stod(argv[i]);
        else if (word == "--noise")
            options.noise = std::stod(argv[i]);
        else if (word == "--width")
            options.width = std::stoi(argv[i]);
        else if (word == "--seed")
            options.seed = std::stoull(argv[i]);
        else if (!read_card_option(word, argv[i], options.card))
            throw wrong(word + ": is not an option");
    }
    return options;
}

int main(int argc, char **argv)
{
    static const std::map<std::string, void (*)(const Options &)> kinds = {
        {"frame", make_frame}, {"still", make_still}, {"wave", make_wave},
        {"cut", make_cut},     {"card", make_card},   {"join", make_join}};
    try {
        cv::setNumThreads(1);
        const Options options = read_options(argc, argv);
        const auto kind = kinds.find(options.words.empty() ? "" : options.words[0]);
        if (kind == kinds.end())
            throw wrong("frame, still, wave, cut, card or join, then the output");
        kind->second(options);
        return 0;
    } catch (const std::out_of_range &) {
        std::fprintf(stderr, "rollcall-attack: too few words\n");
    } catch (const std::exception &e) {
        std::fprintf(stderr, "rollcall-attack: %s\n", e.what());
    }
    return 1;
}
