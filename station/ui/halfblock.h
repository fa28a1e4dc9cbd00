/*
 * The camera's picture in cells. "▀" shows two pixels a cell: the upper one as its colour, the lower one as the
 * colour behind it; such pixels are nearly square. With fewer colours or without UTF-8 the picture comes as
 * coloured spaces or as a ramp of characters by brightness. Face boxes are lines over it. Pure.
 */
#ifndef STN_HALFBLOCK_H
#define STN_HALFBLOCK_H

#include "ui/grid.h"
#include "ui/preview.h"

struct stn_face_box { /* in shares of the picture, 0…1; kept inside by the drawing */
    float x, y, width, height;
    float eye_x[2], eye_y[2]; /* drawn in no-image mode; negative: not known */
    enum stn_tone tone;
    char label[24]; /* at the box's top; may be empty */
};

/* The largest rectangle of cells within rows x cols that keeps the picture's sides in proportion. */
void stn_halfblock_fit(int width, int height, int rows, int cols, int *ret_rows, int *ret_cols);

/* Draws preview (NULL or empty: nothing) scaled to rect. mirror: as in a mirror, which is how people find themselves. */
void stn_halfblock_draw(struct stn_grid *grid, struct stn_rect rect, const struct stn_preview *preview,
                        const struct stn_ui_caps *caps, bool mirror);

/* Boxes over rect. The tone's shape stands in the top left corner of each. */
void stn_face_boxes_draw(struct stn_grid *grid, struct stn_rect rect, const struct stn_face_box *boxes,
                         int count, bool mirror, bool eyes);

#endif
