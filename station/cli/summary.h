/* What a headless run says at its end: who was marked when, with which scores; what was refused, and why. */
#ifndef STN_SUMMARY_H
#define STN_SUMMARY_H

#include "base/localdate.h"
#include "engine/event.h"
#include <jansson.h>
#include <stdio.h>

enum { STN_SUMMARY_MARKS = 256, STN_SUMMARY_REFUSALS = 256, STN_SUMMARY_NOTES = 64 };

struct stn_summary { /* plain values; too large for a stack */
    struct stn_ev_started started;
    struct stn_ev_stopped stopped;
    struct stn_event marks[STN_SUMMARY_MARKS]; /* MARKED and ALREADY */
    int mark_count;
    struct { /* refusals of one reason together */
        struct stn_ev_refused first;
        int64_t first_wall_ms;
        int times;
    } refusals[STN_SUMMARY_REFUSALS];
    int refusal_count;
    struct stn_event notes[STN_SUMMARY_NOTES]; /* activity, camera, lane, store */
    int note_count;
    uint64_t frames, dropped, not_shown;
};

void stn_summary_add(struct stn_summary *summary, const struct stn_event *event);
void stn_summary_print(const struct stn_summary *summary, const struct cm_zone *zone, FILE *out);
json_t *stn_summary_json(const struct stn_summary *summary);

#endif
