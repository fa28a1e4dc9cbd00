/* A student's card in a picture: a QR code drawn as a camera would see it. */
#ifndef CARD_PICTURE_HPP
#define CARD_PICTURE_HPP

#include <opencv2/core.hpp>
#include <string>

struct CardPlace {
    double x = 0.5, y = 0.5; /* of its middle, as a share of the picture */
    double side = 160;       /* of the code without its margin, in pixels */
    double angle = 0;        /* degrees, clockwise */
    double slant = 0;        /* how much shorter the far edge is: 0 … 0.3 */
    int blur = 0;            /* an odd number of pixels; 0: sharp */
    int level = 1;           /* of correction: 0 L, 1 M, 2 Q, 3 H */
};

/* Throws when the text does not fit into a code. */
void draw_card(cv::Mat &picture, const std::string &text, const CardPlace &place);

#endif
