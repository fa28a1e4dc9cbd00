#include "auth/private.h"

struct srv_task *srv_task_create(struct srv_call *call)
{
    struct srv_task *task = srv_call_write_create(call, sizeof(*task), NULL, NULL);
    if (task == NULL)
        return NULL;
    task->auth = task->base.app->auth;
    task->job.loop = task->base.write.loop;
    return task;
}

void srv_task_password(struct srv_task *task, void (*done)(struct srv_password_job *job))
{
    task->job.done = done;
    if (srv_passwords_submit(task->auth->passwords, &task->job) == CM_OK)
        return;
    srv_answer_wait(task->base.call, 3);
    srv_call_write_drop(&task->base);
}

void srv_task_write(struct srv_task *task, srv_store_fn *run, void (*answer)(struct srv_call_write *write))
{
    task->base.write.run = run;
    task->base.answer = answer;
    srv_call_write_submit(&task->base);
}

enum cm_code srv_task_refuse(struct srv_task *task, struct srv_refusal refusal, struct cm_err *err,
                             const char *message)
{
    task->base.refusal = refusal;
    return cm_fail(err, CM_INVALID, "%s", message);
}
