#include "cli/server_call.h"

#include <stdio.h>
#include <string.h>

static void take_answer(void *arg, enum stn_sync_channel channel, const struct stn_sync_answer *answer)
{
    struct stn_server_call *call = arg;
    (void)channel;
    call->failure = answer->failure;
    call->status = answer->status;
    call->retry_after_s = answer->retry_after_s;
    snprintf(call->text, sizeof call->text, "%s", answer->text != NULL ? answer->text : "");
    if (answer->size > 0 && cm_buf_append(&call->body, answer->body, answer->size) != CM_OK)
        call->failure = STN_SYNC_GARBLED;
}

enum cm_code stn_server_call(const struct stn_transport_options *options,
                             const struct stn_sync_request *request, struct stn_server_call *ret_call,
                             struct cm_err *err)
{
    uv_loop_t loop;
    struct stn_transport *transport = NULL;
    struct stn_transport_options with_loop = *options;
    *ret_call = (struct stn_server_call){.failure = STN_SYNC_CANCELED};
    cm_buf_init(&ret_call->body, STN_SYNC_ANSWER_MAX);
    if (uv_loop_init(&loop) != 0)
        return cm_fail(err, CM_BACKEND, "cannot make an event loop: too many open files?");
    with_loop.loop = &loop;
    enum cm_code code = stn_transport_open(&with_loop, &transport, err);
    if (code == CM_OK) {
        stn_transport_send(transport, request, take_answer, ret_call);
        while (ret_call->failure == STN_SYNC_CANCELED)
            uv_run(&loop, UV_RUN_ONCE); /* the request has a time limit */
    }
    stn_transport_close(transport);
    uv_run(&loop, UV_RUN_DEFAULT);
    uv_loop_close(&loop);
    return code;
}

void stn_server_call_finish(struct stn_server_call *call)
{
    if (call->body.data != NULL)
        explicit_bzero(call->body.data, call->body.size);
    cm_buf_finish(&call->body);
}
