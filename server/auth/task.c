#include "auth/private.h"

#include "http_json/json.h"
#include <sodium.h>
#include <stdlib.h>

struct srv_task *srv_task_create(struct srv_call *call)
{
    struct srv_task *task = calloc(1, sizeof(*task));
    if (task == NULL) {
        srv_answer_error(call, 503, "busy", "out of memory; try again");
        return NULL;
    }
    srv_call_ref(call);
    task->call = call;
    task->app = srv_app_of(call);
    task->auth = task->app->auth;
    task->job.loop = task->write.loop = srv_call_loop(call);
    return task;
}

void srv_task_destroy(struct srv_task *task)
{
    if (task == NULL)
        return;
    srv_call_unref(task->call);
    sodium_memzero(task, sizeof(*task)); /* passwords, codes */
    free(task);
}

void srv_task_password(struct srv_task *task, void (*done)(struct srv_password_job *job))
{
    task->job.done = done;
    if (srv_passwords_submit(task->auth->passwords, &task->job) == CM_OK)
        return;
    srv_answer_wait(task->call, 3);
    srv_task_destroy(task);
}

void srv_task_write(struct srv_task *task, srv_store_fn *run,
                    void (*done)(struct srv_write *write, enum cm_code code, const struct cm_err *err))
{
    task->write.run = run;
    task->write.done = done;
    struct cm_err err = CM_ERR_INIT;
    /* once stopped, passwords may still come back to a loop that closes; the writer has gone then */
    enum cm_code code =
        atomic_load(&task->auth->stopped) ? CM_AGAIN : srv_writer_submit(task->auth->writer, &task->write);
    if (code == CM_OK)
        return;
    cm_fail(&err, code, "the writer takes nothing now");
    srv_json_failed(task->call, code, &err);
    srv_task_destroy(task);
}

enum cm_code srv_task_refuse(struct srv_task *task, struct srv_refusal refusal, struct cm_err *err,
                             const char *message)
{
    task->refusal = refusal;
    return cm_fail(err, CM_INVALID, "%s", message);
}

void srv_task_failed(struct srv_task *task, enum cm_code code, const struct cm_err *err)
{
    const struct srv_refusal *refusal = &task->refusal;
    if (code != CM_INVALID || refusal->status == 0)
        srv_json_failed(task->call, code, err);
    else if (refusal->field != NULL)
        srv_json_invalid(task->call, refusal->field, "%s", err->msg);
    else
        srv_answer_error(task->call, refusal->status, refusal->code, "%s", err->msg);
}
