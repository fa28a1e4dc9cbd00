/*
 * From a false-accept budget to a distance. The budget is the chance that somebody who is not in the class comes nearer
 * than the threshold to *anyone* in its gallery in one attempt. The larger the gallery, the stricter the distance.
 *
 * Method: distances between different people under this embedding are close to normal in the tail that matters; mean
 * and deviation were measured (threshold.c says on what, with which command to repeat it). For n templates and budget
 * B the per-comparison rate is f = 1 - (1 - B)^(1/n), and the threshold is mean + deviation * probit(f), never above
 * STN_THRESHOLD_CEILING and never below STN_THRESHOLD_FLOOR (below it the person himself is refused; then the gallery is
 * too large for the budget, which `doctor` says).
 */
#ifndef STN_THRESHOLD_H
#define STN_THRESHOLD_H

#include <stddef.h>

extern const float STN_THRESHOLD_CEILING, STN_THRESHOLD_FLOOR;

/* budget in (0, 1), templates >= 0. Pure. */
float stn_threshold(double budget, size_t templates);

#endif
