#include "store/derive.h"

#include <stdlib.h>
#include <string.h>

static const int64_t minute_ms = 60 * 1000;

/* ---- coverage ---- */

static int by_time(const void *a, const void *b)
{
    const struct srv_edge *x = a, *y = b;
    return x->wall_ms < y->wall_ms ? -1 : x->wall_ms > y->wall_ms;
}

static int64_t within(int64_t wall_ms, int64_t from, int64_t to)
{
    return wall_ms < from ? from : wall_ms > to ? to : wall_ms;
}

int64_t srv_able_ms(struct srv_edge *edges, size_t count, int64_t from_wall_ms, int64_t to_wall_ms)
{
    int64_t sum = 0, last = from_wall_ms;
    int64_t able = 0, unable = 0;
    if (count > 0)
        qsort(edges, count, sizeof edges[0], by_time);
    for (size_t i = 0; i < count; i++) {
        int64_t at = within(edges[i].wall_ms, from_wall_ms, to_wall_ms);
        if (able > 0 && unable == 0)
            sum += at - last;
        last = at;
        able += edges[i].able;
        unable += edges[i].unable;
    }
    return sum;
}

/* ---- sessions ---- */

struct srv_judgement srv_judge_session(const struct srv_session_facts *facts,
                                       const struct srv_station_facts *stations, size_t count)
{
    int64_t window = facts->close_wall_ms - facts->start_wall_ms, best = 0;
    bool spoke = false, awaited = false, covered = false;
    for (size_t i = 0; i < count; i++) {
        const struct srv_station_facts *station = &stations[i];
        if (station->reach_wall_ms == 0 || station->first_wall_ms >= facts->close_wall_ms)
            continue;
        best = station->able_ms > best ? station->able_ms : best;
        spoke = true;
        awaited = awaited || station->reach_wall_ms < facts->close_wall_ms;
        covered = covered || station->able_ms * 100 >= window * facts->coverage_percent;
    }
    struct srv_judgement judgement = {
        .state = SRV_SESSION_OPEN,
        .able_min = (int32_t)(best / minute_ms),
        .window_min = (int32_t)(window / minute_ms),
    };
    if (facts->person == SRV_PERSON_CLOSED)
        judgement.state = SRV_SESSION_CLOSED;
    else if (facts->person == SRV_PERSON_NOBODY && facts->school && spoke && !awaited)
        judgement.state = covered ? SRV_SESSION_CLOSED : SRV_SESSION_UNJUDGED;
    return judgement;
}

/* ---- days ---- */

static enum cm_roll_status unseen(enum srv_session_state state, bool school, bool member)
{
    if (!school || !member || state == SRV_SESSION_OPEN)
        return CM_ROLL_NONE;
    return state == SRV_SESSION_CLOSED ? CM_ROLL_ABSENT : CM_ROLL_UNJUDGED;
}

void srv_derive_day(struct srv_day_row *row, const struct cm_evidence *counts,
                    const struct cm_session *session, enum srv_session_state state, bool school, bool member)
{
    struct cm_points_facts facts = cm_evidence_facts(counts, session);
    row->status = facts.status != CM_ROLL_NONE ? facts.status : unseen(state, school, member);
    row->points = cm_points(&cm_points_rules_default, &facts);
    row->captured_wall_ms = counts->has_mark ? counts->captured_wall_ms : 0;
    row->mark_feed = counts->has_mark ? counts->mark_number : 0;
    row->correction_feed = counts->has_correction ? counts->correction_number : 0;
}

/* ---- standings ---- */

static bool is_there(enum cm_roll_status status)
{
    return status == CM_ROLL_PRESENT || status == CM_ROLL_LATE;
}

static bool is_settled(enum cm_roll_status status)
{
    return status != CM_ROLL_NONE && status != CM_ROLL_PENDING;
}

/* Excused and unjudged days neither count nor break. */
static struct srv_run step(struct srv_run run, enum cm_roll_status status)
{
    if (is_there(status))
        run.streak++;
    else if (status == CM_ROLL_ABSENT)
        run.streak = 0;
    if (run.streak > run.best)
        run.best = run.streak;
    return run;
}

static void count(struct srv_standing_row *standing, const struct srv_day_fact *day, int sign)
{
    standing->points += sign * day->points;
    standing->counts[day->status] += sign;
}

static void see(struct srv_standing_row *standing, int64_t captured_wall_ms)
{
    if (captured_wall_ms == 0)
        return;
    if (standing->first_seen_wall_ms == 0 || captured_wall_ms < standing->first_seen_wall_ms)
        standing->first_seen_wall_ms = captured_wall_ms;
    if (standing->last_seen_wall_ms == 0 || captured_wall_ms > standing->last_seen_wall_ms)
        standing->last_seen_wall_ms = captured_wall_ms;
}

void srv_standing_add(struct srv_standing_row *standing, int32_t date, bool school,
                      const struct srv_day_fact *day)
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

bool srv_standing_change(struct srv_standing_row *standing, int32_t date, bool school,
                         const struct srv_day_fact *old, const struct srv_day_fact *new_)
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
