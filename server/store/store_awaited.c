/* Which stations a session waits for. */
#include "store/derive_kv.h"
#include "store/kvstore.h"
#include "store/kvstore_verbs.h"

#include "roll/judge.h"

struct awaited {
    struct srv_tx *tx;
    struct cm_session times;
    srv_station_visit_fn *visit;
    void *arg;
};

static enum cm_code show_awaited(const struct awaited *a, uint32_t log, struct cm_err *err)
{
    struct srv_log row;
    struct srv_station station;
    uint32_t number;
    enum cm_code code = srv_load_log(a->tx, log, &row, err);
    if (code == CM_OK)
        code = srv_load_station(a->tx, row.station_id, &station, &number, err);
    if (code != CM_OK)
        return code;
    const struct cm_judge_station judged = {.paired_wall_ms = station.paired_wall_ms,
                                            .first_wall_ms = row.first_wall_ms,
                                            .reach_wall_ms = row.acked_seq > 0 ? row.reach_wall_ms : 0,
                                            .revoked = station.revoked};
    if (!cm_judge_awaits(&judged, a->times.close_wall_ms))
        return CM_OK;
    return a->visit(a->arg, &station) ? CM_OK : CM_EOF;
}

/* The key ends with the log and from when on it serves; the value says until when. */
static enum cm_code take_service(void *arg, struct cm_bytes key, struct cm_bytes value, struct cm_err *err)
{
    const struct awaited *a = arg;
    if (key.size < 12 || value.size != 8)
        return srv_damaged("a station's service does not decode", err);
    const uint8_t *end = (const uint8_t *)key.data + key.size;
    bool served = a->times.start_wall_ms >= srv_get_instant(end - 8) &&
                  a->times.start_wall_ms < srv_get_instant(value.data);
    return served ? show_awaited(a, srv_get_u32(end - 12), err) : CM_OK;
}

static enum cm_code each_awaited(struct awaited *a, const char *class_id, int32_t date, struct cm_err *err)
{
    const char *const served[] = {class_id, ""}; /* the class, every class */
    struct cm_class class_;
    struct srv_school_day day;
    enum cm_code code = srv_load_class(a->tx, class_id, &class_, err);
    if (code == CM_OK)
        code = srv_school_day(a->tx, &class_, date, &day, err);
    if (code != CM_OK || day.day.kind != CM_DAY_SCHOOL)
        return code;
    a->times = day.day.times;
    for (int i = 0; i < 2 && code == CM_OK; i++) {
        struct srv_key prefix = {0};
        srv_key_text(&prefix, served[i]);
        code = srv_walk(a->tx, SRV_T_SERVICES, &prefix, prefix.size, take_service, a, err);
    }
    return code;
}

enum cm_code srv_kvs_each_awaited(struct srv_store *store, const char *class_id, int32_t date,
                                  srv_station_visit_fn *visit, void *arg, struct cm_err *err)
{
    struct srv_tx own;
    struct awaited a = {.visit = visit, .arg = arg};
    enum cm_code code = srv_check_session(class_id, date, err);
    if (code == CM_OK)
        code = srv_tx_begin(&own, store, &a.tx, err);
    if (code != CM_OK)
        return code;
    code = each_awaited(&a, class_id, date, err);
    srv_tx_end(&own);
    return code == CM_EOF ? CM_OK : code;
}
