/* What a station said of when it could judge. */
#include "store/derive_kv.h"
#include "store/kvstore.h"
#include "store/kvstore_verbs.h"
#include <stdio.h>

/* Spans are stored cut at the hours (SRV_T_COVERAGE), so those of the hours between two instants are all that touch them. */
enum { KEY_SIZE = 4 + 4 + 8 + 8, VALUE_SIZE = 8 + 1 };
static const int64_t hour_ms = 60 * 60 * 1000;

struct spans {
    struct srv_tx *tx;
    uint32_t log;
    int64_t from_wall_ms, to_wall_ms;
    srv_span_visit_fn *visit;
    void *arg;
    struct srv_span span;
};

static bool take_reason(void *arg, const struct srv_feed_item *item)
{
    struct srv_span *span = arg;
    if (item->event->type == CM_EVENT_COVERAGE)
        snprintf(span->reason, sizeof span->reason, "%s", item->event->body.coverage.reason);
    return true;
}

/* Only the event knows why. */
static enum cm_code load_reason(struct spans *spans, uint64_t seq, struct cm_err *err)
{
    const struct srv_place place = {.log = spans->log, .seq = seq};
    bool more;
    return srv_show_event(spans->tx, 0, &place, take_reason, &spans->span, &more, err);
}

static enum cm_code take_piece(void *arg, struct cm_bytes key, struct cm_bytes value, struct cm_err *err)
{
    struct spans *spans = arg;
    const uint8_t *at = key.data;
    if (key.size != KEY_SIZE || value.size != VALUE_SIZE)
        return srv_damaged("a span of coverage does not decode", err);
    if (srv_get_u32(at + 4) > (uint32_t)(spans->to_wall_ms / hour_ms))
        return CM_EOF;
    spans->span = (struct srv_span){.from_wall_ms = srv_get_instant(at + 8),
                                    .to_wall_ms = srv_get_instant(value.data),
                                    .able = ((const uint8_t *)value.data)[8] != 0};
    if (spans->span.from_wall_ms >= spans->to_wall_ms || spans->span.to_wall_ms <= spans->from_wall_ms)
        return CM_OK;
    enum cm_code code = spans->span.able ? CM_OK : load_reason(spans, srv_get_u64(at + 16), err);
    if (code != CM_OK)
        return code;
    return spans->visit(spans->arg, &spans->span) ? CM_OK : CM_EOF;
}

enum cm_code srv_kvs_each_span(struct srv_store *store, const char *station_id, int64_t from_wall_ms,
                               int64_t to_wall_ms, srv_span_visit_fn *visit, void *arg, struct cm_err *err)
{
    struct srv_tx own, *tx;
    struct srv_station station;
    struct srv_key first = {0};
    struct spans spans = {.from_wall_ms = from_wall_ms, .to_wall_ms = to_wall_ms, .visit = visit, .arg = arg};
    if (from_wall_ms < 0 || to_wall_ms < from_wall_ms)
        return cm_fail(err, CM_INVALID, "the end is before the beginning");
    enum cm_code code = srv_tx_begin(&own, store, &tx, err);
    if (code != CM_OK)
        return code;
    spans.tx = tx;
    code = srv_load_station(tx, station_id, &station, &spans.log, err);
    if (code == CM_OK) {
        srv_key_u32(&first, spans.log);
        srv_key_u32(&first, (uint32_t)(from_wall_ms / hour_ms));
        code = srv_walk(tx, SRV_T_COVERAGE, &first, sizeof(uint32_t), take_piece, &spans, err);
    }
    srv_tx_end(&own);
    return code == CM_EOF ? CM_OK : code;
}
