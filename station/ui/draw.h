/*
 * Views into the grid: where things stand. Pure: no clock, no module, nothing but the view. Every screen works from
 * 1x1 up; what must be read goes in first, what is nice to have where room is left.
 */
#ifndef STN_DRAW_H
#define STN_DRAW_H

#include "ui/grid.h"
#include "ui/view.h"

/* Clears the grid and draws whatever the view's place says, help and question over what is under them. */
void stn_draw(const struct stn_view *view, struct stn_grid *grid);

/* One file each; each takes the whole grid. */
void stn_draw_kiosk(const struct stn_view *view, struct stn_grid *grid);
void stn_draw_live(const struct stn_view *view, struct stn_grid *grid);
void stn_draw_roll(const struct stn_view *view, struct stn_grid *grid);
void stn_draw_question(const struct stn_view *view, struct stn_grid *grid);
void stn_draw_entry(const struct stn_view *view, struct stn_grid *grid);
void stn_draw_help(const struct stn_view *view, struct stn_grid *grid);
void stn_draw_quit(const struct stn_view *view, struct stn_grid *grid);

/* ---- parts that several screens share (draw_parts.c) ---- */
void stn_draw_title(const struct stn_view *view, struct stn_grid *grid, struct stn_rect row);
/* The keys that work, and at the right the policy where it must be shown. A notice takes the keys' place. */
void stn_draw_footer(const struct stn_view *view, struct stn_grid *grid, struct stn_rect rows);
/* The keys alone, from the first on, over as many rows as there are. */
void stn_draw_keys(const struct stn_view *view, struct stn_grid *grid, struct stn_rect rows);
/* The rows that the banners would fill, at most rows_max. */
int stn_draw_banner_rows(const struct stn_view *view, int cols, int rows_max);
/* The severest first, each over as many rows as it needs while the others keep one. */
void stn_draw_banners(const struct stn_view *view, struct stn_grid *grid, struct stn_rect rows);
/* Frame, picture, boxes. */
void stn_draw_picture(const struct stn_view *view, struct stn_grid *grid, struct stn_rect area,
                      const char *title);
/* The width that the picture's frame takes at this height, at most cols_max. */
int stn_draw_picture_cols(const struct stn_view *view, int rows, int cols_max);
/* "✓ label  text"; returns the columns used. */
int stn_draw_line(struct stn_grid *grid, int row, int col, int width, const struct stn_view_line *line,
                  int label_width);
/* Screens too small for parts: the large sentence, else the first banner. */
void stn_draw_tiny(const struct stn_view *view, struct stn_grid *grid);

#endif
