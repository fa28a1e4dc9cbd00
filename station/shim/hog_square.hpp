/*
 * The detector's window is a square from the eyebrows to the chin; boxes of ours reach from the forehead to the chin
 * (face_shim.h). dlib's 68-point model was trained on such squares and wants them back.
 */
#ifndef STN_SHIM_HOG_SQUARE_HPP
#define STN_SHIM_HOG_SQUARE_HPP

#include "shim/guard.hpp"

namespace stn_shim
{

struct HogSquare {
    float x, y, side;
};

stn_box box_of_hog_square(const HogSquare &square);
HogSquare hog_square_of_box(const stn_box &box);

} // namespace stn_shim

#endif
