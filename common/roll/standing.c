#include "roll/standing.h"

static bool is_there(enum cm_roll_status status)
{
    return status == CM_ROLL_PRESENT || status == CM_ROLL_LATE;
}

static bool is_settled(enum cm_roll_status status)
{
    return status != CM_ROLL_NONE && status != CM_ROLL_PENDING;
}

/* Excused and unjudged days neither count nor break. */
static struct cm_run step(struct cm_run run, enum cm_roll_status status)
{
    if (is_there(status))
        run.streak++;
    else if (status == CM_ROLL_ABSENT)
        run.streak = 0;
    if (run.streak > run.best)
        run.best = run.streak;
    return run;
}

static void count(struct cm_standing *standing, const struct cm_day_fact *day, int sign)
{
    standing->points += sign * day->points;
    standing->counts[day->status] += sign;
}

static void see(struct cm_standing *standing, int64_t captured_wall_ms)
{
    if (captured_wall_ms == 0)
        return;
    if (standing->first_seen_wall_ms == 0 || captured_wall_ms < standing->first_seen_wall_ms)
        standing->first_seen_wall_ms = captured_wall_ms;
    if (standing->last_seen_wall_ms == 0 || captured_wall_ms > standing->last_seen_wall_ms)
        standing->last_seen_wall_ms = captured_wall_ms;
}

void cm_standing_add(struct cm_standing *standing, int32_t date, bool school, const struct cm_day_fact *day)
{
    if (day->status == CM_ROLL_NONE)
        return;
    count(standing, day, 1);
    see(standing, day->captured_wall_ms);
    if (!school || !is_settled(day->status) || date == standing->last_date)
        return;
    standing->before = standing->now;
    standing->now = step(standing->now, day->status);
    standing->last_date = date;
}

bool cm_standing_change(struct cm_standing *standing, int32_t date, bool school,
                        const struct cm_day_fact *old, const struct cm_day_fact *new_)
{
    bool was = school && is_settled(old->status), is = school && is_settled(new_->status);
    if (old->captured_wall_ms != 0 && old->captured_wall_ms != new_->captured_wall_ms)
        return false; /* it may have been the first or the last sight */
    if (was && !is)
        return false;
    if ((was || is) && date < standing->last_date)
        return false;
    if (was && date != standing->last_date)
        return false; /* not as it was summed up: never guess */
    if (old->status != CM_ROLL_NONE)
        count(standing, old, -1);
    if (new_->status != CM_ROLL_NONE)
        count(standing, new_, 1);
    see(standing, new_->captured_wall_ms);
    if (!is)
        return true;
    if (date != standing->last_date) {
        standing->before = standing->now;
        standing->last_date = date;
    }
    standing->now = step(standing->before, new_->status);
    return true;
}
