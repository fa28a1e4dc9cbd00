/*
 * Text that can be read from two metres: the largest of these that fits its place.
 *   letters of 5 rows of blocks, doubled or tripled where there is room    █   █
 *   letters of 3 rows (half blocks; UTF-8 only)
 *   P L E A S E   B L I N K
 *   Please blink
 * A character that the block letters do not have (another script) leads to the last two. Pure.
 */
#ifndef STN_BIGTEXT_H
#define STN_BIGTEXT_H

#include "ui/grid.h"

/* Draws from rect's top left corner, broken at spaces. Returns the rows used. Never writes outside rect. */
int stn_bigtext_draw(struct stn_grid *grid, struct stn_rect rect, struct stn_style style, const char *text);

/* One letter as five rows of pixels, bit 4 the leftmost of five; NULL when there is none. Lower case is upper case. */
struct stn_big_letter {
    char character;
    int8_t width; /* pixels */
    uint8_t rows[5];
};
const struct stn_big_letter *stn_big_letter(uint32_t codepoint);

#endif
