/* POST /api/alerts/:id/cancel, …/acknowledge, …/retry, …/messages/:message/resolve */
#include "alerts/claim.h"
#include "api/alert.h"
#include "api/handlers.h"
#include "base/uuid.h"
#include "http_json/json.h"
#include "live/live.h"
#include <stdio.h>
#include <string.h>

struct alert_write {
    struct srv_call_write base;
    struct srv_alert alert; /* as it is before, and as it is answered */
    uint8_t message_id[16];
    char by[CM_NAME_SIZE], reason[CM_TEXT_SIZE];
    bool was_sent;
    int64_t now_ms;
};

/* What the rules refuse came too late: another person, the sender or a webhook was first. */
static enum cm_code refused(struct alert_write *write, enum cm_code code)
{
    if (code == CM_INVALID)
        write->base.refusal = (struct srv_refusal){409, "too_late", NULL};
    return code;
}

static enum cm_code run_cancel(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct alert_write *write = arg;
    return refused(write,
                   srv_alerts_cancel(store, write->alert.id, write->by, write->reason, write->now_ms, err));
}

static enum cm_code run_acknowledge(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct alert_write *write = arg;
    return srv_alerts_acknowledge(store, write->alert.id, write->by, write->now_ms, err);
}

static enum cm_code run_retry(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct alert_write *write = arg;
    return refused(write, srv_alerts_retry(store, write->alert.id, write->by, write->now_ms, err));
}

static enum cm_code run_resolve(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct alert_write *write = arg;
    return refused(write, srv_alerts_resolve(store, write->alert.id, write->message_id, write->was_sent,
                                             write->by, write->now_ms, err));
}

static void answer(struct srv_call_write *base)
{
    struct alert_write *write = (struct alert_write *)base;
    srv_live_changed(base->app->live, "alerts", write->alert.class_id, NULL);
    if (srv_api_find_alert(base->call, &write->alert)) /* as it is now */
        srv_api_answer_alert(base->call, &write->alert);
}

static struct alert_write *create(struct srv_call *call, srv_store_fn *run)
{
    struct srv_alert alert;
    const struct srv_identity *who = srv_call_identity(call);
    if (!srv_api_find_alert(call, &alert))
        return NULL;
    struct alert_write *write = srv_call_write_create(call, sizeof *write, run, answer);
    if (write == NULL)
        return NULL;
    write->alert = alert;
    write->now_ms = srv_api_now(write->base.app);
    snprintf(write->by, sizeof write->by, "%s", who->name[0] != '\0' ? who->name : who->user);
    return write;
}

static void submit_if(struct alert_write *write, bool read)
{
    if (read)
        srv_call_write_submit(&write->base);
    else
        srv_call_write_drop(&write->base);
}

void srv_api_alert_cancel(struct srv_call *call)
{
    struct alert_write *write = create(call, run_cancel);
    if (write == NULL)
        return;
    const struct srv_json_field fields[] = {
        {.name = "reason",
         .type = SRV_JSON_LINE,
         .required = true,
         .min = 1,
         .ret = write->reason,
         .size = sizeof write->reason},
    };
    submit_if(write, SRV_JSON_BODY(call, fields));
}

void srv_api_alert_acknowledge(struct srv_call *call)
{
    struct alert_write *write = create(call, run_acknowledge);
    if (write != NULL)
        srv_call_write_submit(&write->base);
}

void srv_api_alert_retry(struct srv_call *call)
{
    struct alert_write *write = create(call, run_retry);
    if (write != NULL)
        srv_call_write_submit(&write->base);
}

void srv_api_alert_resolve(struct srv_call *call)
{
    struct alert_write *write = create(call, run_resolve);
    if (write == NULL)
        return;
    if (cm_uuid_parse(srv_call_param(call, "message"), write->message_id, NULL) != CM_OK) {
        srv_api_not_found(call, "message");
        srv_call_write_drop(&write->base);
        return;
    }
    const struct srv_json_field fields[] = {
        {.name = "was_sent", .type = SRV_JSON_BOOL, .required = true, .ret = &write->was_sent},
    };
    submit_if(write, SRV_JSON_BODY(call, fields));
}
