#include "card_picture.hpp"

#include <cmath>
#include <opencv2/imgproc.hpp>
#include <opencv2/objdetect.hpp>
#include <stdexcept>

static cv::Mat make_code(const std::string &text, int level)
{
    cv::QRCodeEncoder::Params params;
    params.correction_level = static_cast<cv::QRCodeEncoder::CorrectionLevel>(level);
    cv::Mat code;
    cv::QRCodeEncoder::create(params)->encode(text, code);
    if (code.empty())
        throw std::runtime_error("the text does not fit into a code");
    return code;
}

void draw_card(cv::Mat &picture, const std::string &text, const CardPlace &place)
{
    const cv::Mat modules = make_code(text, place.level);
    cv::Mat code, card;
    constexpr int scale = 12, white = 230;
    cv::resize(modules, code, {}, scale, scale, cv::INTER_NEAREST);
    cv::copyMakeBorder(code, card, 4 * scale, 4 * scale, 4 * scale, 4 * scale, cv::BORDER_CONSTANT, white);
    cv::max(card, 25, card);
    cv::cvtColor(card, card, cv::COLOR_GRAY2BGR);
    const auto width = static_cast<float>(card.cols);
    const double half = place.side * card.cols / code.cols / 2, turn = place.angle * CV_PI / 180;
    const cv::Point2f from[4] = {{0, 0}, {width, 0}, {width, width}, {0, width}};
    cv::Point2f to[4];
    for (int i = 0; i < 4; i++) {
        const bool far_edge = i < 2;
        const double across = (from[i].x > 0 ? half : -half) * (far_edge ? 1 - place.slant : 1);
        const double down = from[i].y > 0 ? half : -half;
        to[i].x =
            static_cast<float>(picture.cols * place.x + across * std::cos(turn) - down * std::sin(turn));
        to[i].y =
            static_cast<float>(picture.rows * place.y + across * std::sin(turn) + down * std::cos(turn));
    }
    /* Reduced in one step the pattern would alias, and no lens does that: first to about the size, softly. */
    const double shrink = place.side / code.cols;
    if (shrink < 0.7)
        cv::GaussianBlur(card, card, {}, 0.35 / shrink);
    cv::warpPerspective(card, picture, cv::getPerspectiveTransform(from, to), picture.size(),
                        cv::INTER_LINEAR, cv::BORDER_TRANSPARENT);
    if (place.blur > 0)
        cv::GaussianBlur(picture, picture, {place.blur, place.blur}, 0);
}
