#include "recognition/threshold.h"

#include <math.h>

const float STN_THRESHOLD_CEILING = 0.52f, STN_THRESHOLD_FLOOR = 0.36f;

/* Provisional: see below. */
static const double impostor_mean = 0.83, impostor_deviation = 0.09;

/* The normal quantile, by bisection of erfc: exact to 1e-9, no table to mistype. p in (0, 1). */
static double probit(double p)
{
    double low = -9, high = 9;
    for (int i = 0; i < 60; i++) {
        double middle = (low + high) / 2;
        if (0.5 * erfc(-middle / sqrt(2)) < p)
            low = middle;
        else
            high = middle;
    }
    return (low + high) / 2;
}

float stn_threshold(double budget, size_t templates)
{
    if (!(budget > 0 && budget < 1))
        return STN_THRESHOLD_FLOOR;
    double comparisons = templates > 0 ? (double)templates : 1;
    double rate = -expm1(log1p(-budget) / comparisons);
    double distance = impostor_mean + impostor_deviation * probit(rate);
    return fminf(STN_THRESHOLD_CEILING, fmaxf(STN_THRESHOLD_FLOOR, (float)distance));
}
