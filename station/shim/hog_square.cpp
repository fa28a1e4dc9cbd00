#include "shim/hog_square.hpp"

namespace stn_shim
{

/* The hull of the face mesh in units of the square: medians over 697 faces of LFW, the left edge made symmetric. */
static constexpr float hull_left = 0.04F, hull_top = -0.065F, hull_width = 0.92F, hull_height = 1.09F;

stn_box box_of_hog_square(const HogSquare &square)
{
    return {square.x + hull_left * square.side, square.y + hull_top * square.side, hull_width * square.side,
            hull_height * square.side};
}

HogSquare hog_square_of_box(const stn_box &box)
{
    const float side = 0.5F * (box.width / hull_width + box.height / hull_height);
    const float center_x = box.x + 0.5F * box.width + (0.5F - hull_left - 0.5F * hull_width) * side;
    const float center_y = box.y + 0.5F * box.height + (0.5F - hull_top - 0.5F * hull_height) * side;
    return {center_x - 0.5F * side, center_y - 0.5F * side, side};
}

} // namespace stn_shim
