/*
 * From a false-accept budget to a distance. The budget is the chance that somebody who is not in the class comes nearer
 * than the threshold to *anyone* in its gallery in one attempt. The larger the gallery, the stricter the distance.
 *
 * Method: for n templates and budget B the per-comparison rate is f = 1 - (1 - B)^(1/n), and the threshold is the distance
 * below which a share f of all pairs of strangers lies: mean + deviation * probit(f), a line fitted to the measured tail
 * (threshold.c says on what). Never above STN_THRESHOLD_CEILING, and never below STN_THRESHOLD_FLOOR: below it the
 * students themselves are refused; then the gallery is too large for the budget, which stn_false_accept tells.
 *
 * What the figure does not promise: among people who look alike to this network (of one origin and sex, relatives) the
 * rate is higher, see threshold.c. The margin to the second-best student and the agreement of frames (identity.h) come
 * on top and are not counted in.
 */
#ifndef STN_THRESHOLD_H
#define STN_THRESHOLD_H

#include <stddef.h>

extern const float STN_THRESHOLD_CEILING, STN_THRESHOLD_FLOOR;

/* budget in (0, 1), templates >= 0; anything else gives the floor. Pure. */
float stn_threshold(double budget, size_t templates);

/* The other way round: the chance of a false accept per attempt at this threshold. Above the budget that was asked for
 * when the floor was reached. Pure. */
double stn_false_accept(float threshold, size_t templates);

#endif
