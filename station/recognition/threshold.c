#include "recognition/threshold.h"

#include <math.h>

const float STN_THRESHOLD_CEILING = 0.52f, STN_THRESHOLD_FLOOR = 0.36f;

/*
 * Evidence: our detector, face mesh, chip and dlib's network on LFW (grey press photos of 250 px, view 2 pairs and more),
 * pictures that show exactly one face: 600 people, one picture each, 179,700 pairs of strangers; and all 1,108 pictures,
 * 611,854 pairs. Distances between strangers: mean 0.799, deviation 0.089, and at the share of pairs below
 *
 *      share         1e-2   1e-3   1e-4   5e-5   2e-5   1e-5
 *      one each      0.594  0.528  0.466  0.442  0.432
 *      all           0.594  0.529  0.471  0.451  0.433  0.404
 *      normal        0.591  0.523  0.466  0.451  0.431  0.418   of that mean and deviation
 *      this line     0.609  0.529  0.463  0.445  0.422  0.405   and at 1e-6 0.354
 *
 * Below 1e-4 the tail is heavier than normal, because pairs who look alike to this network begin to count. So the line is
 * fitted, by least squares, to the quantiles from 1e-3 to 1e-5 against the normal quantile. Above 1e-2 it is too generous;
 * the ceiling is far below.
 *
 * Who looks alike: people of one sex and origin. Mean and deviation among 25 East Asian men 0.605 and 0.072, 10 East Asian
 * women 0.596 and 0.063, 11 South Asian men 0.711 and 0.070 (LFW); 9 white men 0.760 and 0.068, 14 white women 0.747 and
 * 0.055 (studio portraits in colour). At 0.405 the share is then 3e-3, 1e-3, 6e-6, 1e-7 and 1e-9 instead of 1e-5: a class
 * of one origin can have a rate hundreds of times its budget. All are adults; children are said to be harder.
 *
 * Refused, nearest of five templates, press photos years apart: 54 % at 0.36, 34 at 0.40, 16 at 0.44, 7 at 0.48, 2 at 0.52.
 * One session, one camera (ORL, small grey pictures; nearest of nine): 2.9 % at 0.36, 0.7 from 0.40 on. Studio portraits,
 * neutral against smiling: the largest distance of 34 people is 0.31.
 */
static const double tail_mean = 0.853, tail_deviation = 0.105;

static double normal_below(double z)
{
    return 0.5 * erfc(-z / sqrt(2));
}

/* The normal quantile, by bisection: exact to 1e-9, no table to mistype. p in (0, 1). */
static double probit(double p)
{
    double low = -9, high = 9;
    for (int i = 0; i < 60; i++) {
        double middle = (low + high) / 2;
        if (normal_below(middle) < p)
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
    double distance = tail_mean + tail_deviation * probit(rate);
    return fminf(STN_THRESHOLD_CEILING, fmaxf(STN_THRESHOLD_FLOOR, (float)distance));
}

double stn_false_accept(float threshold, size_t templates)
{
    double rate = normal_below(((double)threshold - tail_mean) / tail_deviation);
    return -expm1(log1p(-rate) * (double)templates);
}
