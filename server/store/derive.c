#include "store/derive.h"

void srv_derive_day(struct srv_day_row *row, const struct cm_evidence *counts,
                    const struct cm_outcome *outcome)
{
    row->status = outcome->status;
    row->points = outcome->points;
    row->captured_wall_ms = counts->has_mark ? counts->captured_wall_ms : 0;
    row->mark_feed = counts->has_mark ? counts->mark_number : 0;
    row->correction_feed = counts->has_correction ? counts->correction_number : 0;
}
