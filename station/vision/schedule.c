#include "vision/schedule.h"

enum {
    SEARCH_US = 100000,
    FOCUS_US = 1000000,
    CARD_US = 333000,
    CARD_LATE_US = 1000000,
    HALF_SIDE_MIN = 400, /* a face of 160 px would fill most of anything smaller */
};

void stn_schedule_init(struct stn_schedule *schedule, int64_t check_us)
{
    *schedule = (struct stn_schedule){
        .check_us = check_us, .last_scan_us = -1, .last_regions_us = -1, .last_focus_us = -1};
}

/* Never yet, long enough ago, or the time went back (a new source). */
static bool due(int64_t last_us, int64_t now_us, int64_t wait_us)
{
    return last_us < 0 || now_us < last_us || now_us - last_us >= wait_us;
}

/* One microsecond per pixel looked at: three times what it costs on a slow core. */
static int64_t search_wait_us(const struct stn_schedule_input *in, const struct stn_plan *plan)
{
    int64_t pixels = (int64_t)in->width * in->height;
    int64_t wait_us = pixels / (plan->scan_shrink * plan->scan_shrink) + (plan->then_full ? pixels : 0);
    return wait_us > SEARCH_US ? wait_us : SEARCH_US;
}

static struct stn_plan search(struct stn_schedule *schedule, const struct stn_schedule_input *in, bool large)
{
    struct stn_plan plan = {0};
    /* Where a track has just ended there is most likely a face. */
    if (!due(schedule->last_scan_us, in->now_us, in->ended ? SEARCH_US : schedule->scan_wait_us))
        return plan;
    plan.scan_shrink = large && !schedule->full_next ? 2 : 1;
    /* The first frame may be the only one: a still picture. */
    plan.then_full = schedule->last_scan_us < 0 && plan.scan_shrink == 2;
    schedule->full_next = plan.scan_shrink == 2 && !plan.then_full;
    schedule->scan_wait_us = search_wait_us(in, &plan);
    schedule->last_scan_us = in->now_us;
    return plan;
}

struct stn_plan stn_schedule_next(struct stn_schedule *schedule, const struct stn_schedule_input *in)
{
    bool large = (in->width < in->height ? in->width : in->height) >= HALF_SIDE_MIN;
    struct stn_plan plan = {0};
    if (in->tracked == 0)
        return search(schedule, in, large);
    if (due(schedule->last_scan_us, in->now_us, schedule->check_us)) {
        plan.scan_shrink = large ? 2 : 1;
        plan.regions = true;
        schedule->last_scan_us = in->now_us;
        schedule->full_next = false;
        schedule->scan_wait_us = SEARCH_US;
    } else if (in->unseen > 0 && due(schedule->last_regions_us, in->now_us, SEARCH_US)) {
        plan.regions = true;
    }
    if (plan.regions)
        schedule->last_regions_us = in->now_us;
    return plan;
}

bool stn_schedule_focus(struct stn_schedule *schedule, int64_t now_us)
{
    if (!due(schedule->last_focus_us, now_us, FOCUS_US))
        return false;
    schedule->last_focus_us = now_us;
    return true;
}

void stn_card_schedule_init(struct stn_card_schedule *schedule)
{
    schedule->last_us = -1;
}

bool stn_card_schedule_next(struct stn_card_schedule *schedule, int64_t now_us, bool late)
{
    if (!due(schedule->last_us, now_us, late ? CARD_LATE_US : CARD_US))
        return false;
    schedule->last_us = now_us;
    return true;
}
