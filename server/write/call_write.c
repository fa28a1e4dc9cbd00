#include "write/call_write.h"

#include "http_json/json.h"
#include <sodium.h>
#include <stdlib.h>

static void end(struct srv_call_write *write, enum cm_code code, const struct cm_err *err)
{
    if (code == CM_OK)
        write->answer(write);
    else if (write->failed != NULL)
        write->failed(write, code, err);
    else
        srv_call_write_failed(write, code, err);
    srv_call_write_drop(write);
}

static void write_done(struct srv_write *base, enum cm_code code, const struct cm_err *err)
{
    end((struct srv_call_write *)base, code, err);
}

/* A write may run again: what an earlier run refused says nothing of this one. */
static enum cm_code run_anew(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct srv_call_write *write = arg;
    write->refusal = (struct srv_refusal){.status = 0};
    return write->run(store, arg, err);
}

void *srv_call_write_create(struct srv_call *call, size_t size, srv_store_fn *run,
                            void (*answer)(struct srv_call_write *write))
{
    struct srv_call_write *write = calloc(1, size);
    if (write == NULL) {
        srv_answer_error(call, 500, "internal", "out of memory");
        return NULL;
    }
    write->write = (struct srv_write){.run = run_anew, .done = write_done, .loop = srv_call_loop(call)};
    write->run = run;
    write->call = call;
    write->app = srv_app_of(call);
    write->answer = answer;
    write->size = size;
    srv_call_ref(call);
    return write;
}

void srv_call_write_submit(struct srv_call_write *write)
{
    struct cm_err err = CM_ERR_INIT;
    if (srv_writer_submit(write->app->writer, &write->write) == CM_OK)
        return;
    cm_fail(&err, CM_AGAIN, "the writer takes nothing now");
    end(write, CM_AGAIN, &err);
}

void srv_call_write_drop(struct srv_call_write *write)
{
    if (write->finish != NULL)
        write->finish(write);
    srv_call_unref(write->call);
    sodium_memzero(write, write->size); /* codes, names, what people wrote */
    free(write);
}

void srv_call_write_failed(struct srv_call_write *write, enum cm_code code, const struct cm_err *err)
{
    const struct srv_refusal *refusal = &write->refusal;
    if (refusal->status == 0 || (code != CM_INVALID && code != CM_EXISTS))
        srv_json_failed(write->call, code, err);
    else if (refusal->field != NULL)
        srv_json_invalid(write->call, refusal->field, "%s", err->msg);
    else
        srv_answer_error(write->call, refusal->status, refusal->code, "%s", err->msg);
}
