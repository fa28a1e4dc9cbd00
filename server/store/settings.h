/*
 * The words of the school's settings (srv_store_get_setting). A setting that was never put has its default.
 */
#ifndef SRV_STORE_SETTINGS_H
#define SRV_STORE_SETTINGS_H

#include "roll/judge.h"

#define SRV_SETTING_SCHOOL_NAME "school_name" /* stations are told */
#define SRV_SETTING_TIMEZONE    "timezone"    /* IANA name; stations are told; another one needs a restart */
#define SRV_SETTING_LEADERBOARD "leaderboard" /* "1" shown, "0" not */
/* The rules for points (roll/points.h); stations are told, and what is derived is made anew when it changes. */
#define SRV_SETTING_POINTS "points"
/* From how much of its window on a session closes by itself, 1 … 100; what is derived is made anew when it changes. */
#define SRV_SETTING_COVERAGE_PERCENT "coverage_percent"

enum { SRV_COVERAGE_PERCENT_DEFAULT = CM_COVERAGE_PERCENT_DEFAULT };

#endif
