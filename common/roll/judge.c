#include "roll/judge.h"

#include <stdlib.h>

static const int64_t minute_ms = 60 * 1000;

/* ---- coverage ---- */

static int by_time(const void *a, const void *b)
{
    const struct cm_edge *x = a, *y = b;
    return x->wall_ms < y->wall_ms ? -1 : x->wall_ms > y->wall_ms;
}

static int64_t within(int64_t wall_ms, int64_t from, int64_t to)
{
    return wall_ms < from ? from : wall_ms > to ? to : wall_ms;
}

int64_t cm_able_ms(struct cm_edge *edges, size_t count, int64_t from_wall_ms, int64_t to_wall_ms)
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

static bool has_begun(const struct cm_judge_station *station, int64_t close_wall_ms)
{
    return station->reach_wall_ms != 0 && station->first_wall_ms < close_wall_ms;
}

bool cm_judge_awaits(const struct cm_judge_station *station, int64_t close_wall_ms)
{
    bool was_paired = station->paired_wall_ms != 0 && station->paired_wall_ms < close_wall_ms;
    return !station->revoked && (was_paired || has_begun(station, close_wall_ms)) &&
           station->reach_wall_ms < close_wall_ms;
}

struct cm_judgement cm_judge_session(const struct cm_judge_facts *facts,
                                     const struct cm_judge_station *stations, size_t count)
{
    int64_t window = facts->close_wall_ms - facts->start_wall_ms, best = 0;
    bool spoke = false, awaited = false, covered = false;
    for (size_t i = 0; i < count; i++) {
        const struct cm_judge_station *station = &stations[i];
        awaited = awaited || cm_judge_awaits(station, facts->close_wall_ms);
        if (!has_begun(station, facts->close_wall_ms) || station->reach_wall_ms < facts->start_wall_ms)
            continue;
        best = station->able_ms > best ? station->able_ms : best;
        spoke = true;
        covered = covered || station->able_ms * 100 >= window * facts->coverage_percent;
    }
    struct cm_judgement judgement = {
        .verdict = CM_VERDICT_OPEN,
        .able_min = (int32_t)(best / minute_ms),
        .window_min = (int32_t)(window / minute_ms),
    };
    if (facts->word == CM_WORD_CLOSED)
        judgement.verdict = CM_VERDICT_CLOSED;
    else if (facts->word == 0 && facts->school && spoke && !awaited)
        judgement.verdict = covered ? CM_VERDICT_CLOSED : CM_VERDICT_UNJUDGED;
    return judgement;
}
