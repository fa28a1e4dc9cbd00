/* What a session is judged by: classes, services, the reach of logs, coverage, a person's word. */
#include "store/derive_work.h"

#include "record/codec.h"
#include "store/records.h"
#include <stdlib.h>
#include <string.h>

static const int64_t hour_ms = 60 * 60 * 1000;

enum cm_code srv_grow(void **list, size_t count, size_t *room, size_t item_size, struct cm_err *err)
{
    if (count < *room)
        return CM_OK;
    size_t larger = *room > 0 ? *room * 2 : 64;
    void *moved = realloc(*list, larger * item_size);
    if (moved == NULL)
        return cm_fail(err, CM_NOMEM, "no memory for what must be derived");
    *list = moved;
    *room = larger;
    return CM_OK;
}

/* ---- reading them ---- */

static enum cm_code take_class(void *arg, struct cm_bytes key, struct cm_bytes value, struct cm_err *err)
{
    struct srv_work *work = arg;
    struct cm_err why = CM_ERR_INIT;
    (void)key;
    enum cm_code code =
        srv_grow((void **)&work->rules, work->rule_count, &work->rule_room, sizeof work->rules[0], err);
    if (code != CM_OK)
        return code;
    struct srv_rules *rules = &work->rules[work->rule_count];
    rules->date = 0;
    if (cm_record_decode(CM_RECORD_CLASS, value.data, value.size, &rules->class_, &why) != CM_OK)
        return cm_fail(err, CM_CORRUPT, "a class of the store does not decode: %s", why.msg);
    strcpy(rules->id, rules->class_.id);
    work->rule_count++;
    return CM_OK;
}

static enum cm_code take_service(void *arg, struct cm_bytes key, struct cm_bytes value, struct cm_err *err)
{
    struct srv_work *work = arg;
    const uint8_t *at = key.data, *end = at + key.size;
    const char *class_id = srv_take_text(&at, end, CM_ID_SIZE);
    if (class_id == NULL || end - at != 12 || value.size != 8)
        return srv_damaged("a station's service does not decode", err);
    enum cm_code code = srv_grow((void **)&work->services, work->service_count, &work->service_room,
                                 sizeof work->services[0], err);
    if (code != CM_OK)
        return code;
    struct srv_service *service = &work->services[work->service_count++];
    strcpy(service->class_id, class_id);
    service->log = srv_get_u32(at);
    service->from_wall_ms = srv_get_instant(at + 4);
    service->to_wall_ms = srv_get_instant(value.data);
    return CM_OK;
}

static enum cm_code take_log(void *arg, struct cm_bytes key, struct cm_bytes value, struct cm_err *err)
{
    struct srv_tx *tx = arg;
    struct srv_work *work = tx->store->work;
    struct srv_log log;
    struct srv_station station = {.revoked = false};
    uint32_t number;
    if (key.size != 4)
        return srv_damaged("a log's key has the wrong size", err);
    enum cm_code code = srv_log_decode(value, &log, err);
    if (code == CM_OK && log.station_id[0] != '\0')
        code = srv_load_station(tx, log.station_id, &station, &number, err);
    if (code == CM_OK)
        code = srv_grow((void **)&work->reaches, work->reach_count, &work->reach_room,
                        sizeof work->reaches[0], err);
    if (code != CM_OK || (log.acked_seq == 0 && station.paired_wall_ms == 0))
        return code;
    work->reaches[work->reach_count++] = (struct srv_reach){.log = srv_get_u32(key.data),
                                                            .first_wall_ms = log.first_wall_ms,
                                                            .reach_wall_ms = log.reach_wall_ms,
                                                            .latest_wall_ms = log.latest_wall_ms,
                                                            .paired_wall_ms = station.paired_wall_ms,
                                                            .revoked = station.revoked};
    return CM_OK;
}

enum cm_code srv_rules_read(struct srv_tx *tx, struct cm_err *err)
{
    struct srv_work *work = tx->store->work;
    struct srv_key all = {0};
    if (work->rules_read)
        return CM_OK;
    work->rule_count = work->service_count = work->reach_count = 0;
    enum cm_code code = srv_walk(tx, SRV_T_CLASSES, &all, 0, take_class, work, err);
    if (code == CM_OK)
        code = srv_walk(tx, SRV_T_SERVICES, &all, 0, take_service, work, err);
    if (code == CM_OK)
        code = srv_walk(tx, SRV_T_LOGS, &all, 0, take_log, tx, err);
    if (code == CM_OK)
        code = srv_coverage_percent(tx, &work->coverage_percent, err);
    if (code == CM_OK)
        code = srv_points_rules(tx, &work->points, err);
    work->rules_read = code == CM_OK;
    return code;
}

static int by_id(const void *a, const void *b)
{
    return strcmp(a, ((const struct srv_rules *)b)->id);
}

struct srv_rules *srv_rules_of(struct srv_work *work, const char *class_id)
{
    return work->rule_count > 0
               ? bsearch(class_id, work->rules, work->rule_count, sizeof work->rules[0], by_id)
               : NULL;
}

enum cm_code srv_rules_day(struct srv_tx *tx, struct srv_rules *rules, int32_t date,
                           const struct cm_day **ret_day, struct cm_err *err)
{
    struct srv_school_day day;
    *ret_day = &rules->day;
    if (rules->date == date)
        return CM_OK;
    enum cm_code code = srv_school_day(tx, &rules->class_, date, &day, err);
    if (code != CM_OK)
        return code;
    rules->day = day.day;
    rules->date = date;
    return CM_OK;
}

void srv_rules_forget_day(struct srv_work *work, const char *class_id)
{
    for (size_t i = 0; i < work->rule_count; i++)
        if (class_id[0] == '\0' || strcmp(work->rules[i].id, class_id) == 0)
            work->rules[i].date = 0;
}

const struct srv_reach *srv_reach_of(const struct srv_work *work, uint32_t log)
{
    for (size_t i = 0; i < work->reach_count; i++) {
        if (work->reaches[i].log == log)
            return &work->reaches[i];
    }
    return NULL;
}

static bool names(const struct srv_service *service, const char *class_id)
{
    return service->class_id[0] == '\0' || strcmp(service->class_id, class_id) == 0;
}

bool srv_log_serves(const struct srv_work *work, uint32_t log, const char *class_id)
{
    for (size_t i = 0; i < work->service_count; i++) {
        if (work->services[i].log == log && names(&work->services[i], class_id))
            return true;
    }
    return false;
}

/* ---- judging ---- */

static enum cm_code take_span(void *arg, struct cm_bytes key, struct cm_bytes value, struct cm_err *err)
{
    struct srv_work *work = arg;
    if (key.size != 24 || value.size != 9)
        return srv_damaged("a span of coverage does not decode", err);
    bool able = ((const uint8_t *)value.data)[8] != 0;
    const int64_t at[2] = {srv_get_instant((const uint8_t *)key.data + 8), srv_get_instant(value.data)};
    for (int i = 0; i < 2; i++) {
        enum cm_code code =
            srv_grow((void **)&work->edges, work->edge_count, &work->edge_room, sizeof work->edges[0], err);
        if (code != CM_OK)
            return code;
        int sign = i == 0 ? 1 : -1;
        work->edges[work->edge_count++] = (struct cm_edge){at[i], able ? sign : 0, able ? 0 : sign};
    }
    return CM_OK;
}

/* Spans are cut at the hours, so those of the window's hours are all that touch it. */
static enum cm_code able_ms(struct srv_tx *tx, uint32_t log, const struct cm_session *times, int64_t *ret_ms,
                            struct cm_err *err)
{
    struct srv_work *work = tx->store->work;
    int64_t first = times->start_wall_ms / hour_ms, last = times->close_wall_ms / hour_ms;
    enum cm_code code = CM_OK;
    work->edge_count = 0;
    for (int64_t hour = first; hour <= last && code == CM_OK; hour++) {
        struct srv_key prefix = {0};
        srv_key_u32(&prefix, log);
        srv_key_u32(&prefix, (uint32_t)hour);
        code = srv_walk(tx, SRV_T_COVERAGE, &prefix, prefix.size, take_span, work, err);
    }
    if (code == CM_OK)
        *ret_ms = cm_able_ms(work->edges, work->edge_count, times->start_wall_ms, times->close_wall_ms);
    return code;
}

static enum cm_code read_word(struct srv_tx *tx, struct srv_slot *slot, struct cm_err *err)
{
    struct srv_session_info *info = &slot->info;
    enum cm_code code = srv_word_load(tx, slot->class_id, slot->date, &info->word, err);
    info->closed_by[0] = '\0';
    info->closed_wall_ms = 0;
    if (code == CM_OK && info->word.word == CM_WORD_CLOSED) {
        strcpy(info->closed_by, info->word.by);
        info->closed_wall_ms = info->word.said_wall_ms;
    }
    return code;
}

static bool served(const struct srv_service *service, const struct srv_slot *slot)
{
    return names(service, slot->class_id) && slot->times.start_wall_ms >= service->from_wall_ms &&
           slot->times.start_wall_ms < service->to_wall_ms;
}

static enum cm_code read_serving(struct srv_tx *tx, const struct srv_slot *slot, struct cm_err *err)
{
    struct srv_work *work = tx->store->work;
    enum cm_code code = CM_OK;
    work->serving_count = 0;
    for (size_t i = 0; code == CM_OK && i < work->service_count; i++) {
        const struct srv_service *service = &work->services[i];
        const struct srv_reach *reach = served(service, slot) ? srv_reach_of(work, service->log) : NULL;
        if (reach == NULL)
            continue;
        code = srv_grow((void **)&work->serving, work->serving_count, &work->serving_room,
                        sizeof work->serving[0], err);
        if (code != CM_OK)
            return code;
        struct cm_judge_station *station = &work->serving[work->serving_count++];
        *station = (struct cm_judge_station){.paired_wall_ms = reach->paired_wall_ms,
                                             .first_wall_ms = reach->first_wall_ms,
                                             .reach_wall_ms = reach->reach_wall_ms,
                                             .revoked = reach->revoked};
        if (reach->reach_wall_ms != 0 && reach->first_wall_ms < slot->times.close_wall_ms)
            code = able_ms(tx, service->log, &slot->times, &station->able_ms, err);
    }
    return code;
}

enum cm_code srv_judge(struct srv_tx *tx, struct srv_slot *slot, struct cm_err *err)
{
    struct srv_work *work = tx->store->work;
    const bool school = slot->day == CM_DAY_SCHOOL;
    struct cm_judge_facts facts = {.school = school,
                                   .coverage_percent = work->coverage_percent,
                                   .start_wall_ms = slot->times.start_wall_ms,
                                   .close_wall_ms = slot->times.close_wall_ms};
    enum cm_code code = read_word(tx, slot, err);
    facts.word = slot->info.word.word;
    work->serving_count = 0;
    if (code == CM_OK && school)
        code = read_serving(tx, slot, err);
    if (code != CM_OK)
        return code;
    struct cm_judgement judgement = cm_judge_session(&facts, work->serving, work->serving_count);
    slot->info.school = school;
    slot->info.state = (enum srv_session_state)judgement.verdict;
    slot->info.able_min = judgement.able_min;
    slot->info.window_min = judgement.window_min;
    return CM_OK;
}
