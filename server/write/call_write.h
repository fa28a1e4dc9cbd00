/*
 * A write that a call waits for: made by its handler, taken by the writer (store/writer.h), answered when it is durable, on
 * the loop thread that made it. The call is held until then.
 *
 *     struct my_write { struct srv_call_write base; … what the handler needs … };
 *     struct my_write *write = srv_call_write_create(call, sizeof *write, run, answer);
 *     if (write == NULL)
 *         return;                              // answered
 *     …                                        // srv_call_write_drop where the handler answered by itself
 *     srv_call_write_submit(&write->base);     // answer, or failed, follows; then it is wiped and freed
 */
#ifndef SRV_CALL_WRITE_H
#define SRV_CALL_WRITE_H

#include "app/app.h"

struct srv_refusal { /* why a rule said no; status 0: none did */
    int status;
    const char *code, *field; /* field: NULL, or with 422 */
};

struct srv_call_write {
    struct srv_write write; /* first; prepare may be set before it is submitted, run taken away (NULL) */
    struct srv_call *call;
    struct srv_app *app;
    void (*answer)(struct srv_call_write *write); /* committed */
    /* Not committed. NULL: srv_call_write_failed */
    void (*failed)(struct srv_call_write *write, enum cm_code code, const struct cm_err *err);
    void (*finish)(struct srv_call_write *write); /* gives back what it owns; may be NULL */
    struct srv_refusal refusal; /* set by run or prepare with CM_INVALID or CM_EXISTS: how that is answered */
    srv_store_fn *run;          /* private, like size */
    size_t size;
};

/* size of the whole struct, whose first member it is; zeroed. NULL: answered. */
void *srv_call_write_create(struct srv_call *call, size_t size, srv_store_fn *run,
                            void (*answer)(struct srv_call_write *write));
/* Hands it to the writer; in the end it is dropped. A writer that takes nothing is a failure with CM_AGAIN. */
void srv_call_write_submit(struct srv_call_write *write);
/* Instead of submitting: gives back the call, wipes, frees. */
void srv_call_write_drop(struct srv_call_write *write);
/* Answers a failure: by the refusal where a rule said no, else by the code. */
void srv_call_write_failed(struct srv_call_write *write, enum cm_code code, const struct cm_err *err);

#endif
