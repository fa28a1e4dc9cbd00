/* One request to the server and its answer, while the command waits; for pair and doctor. Private to cli/. */
#ifndef STN_SERVER_CALL_H
#define STN_SERVER_CALL_H

#include "base/buf.h"
#include "sync/transport.h"

struct stn_server_call { /* stn_server_call_finish after use */
    enum stn_sync_failure failure;
    int status;
    int32_t retry_after_s;
    char text[160]; /* of a failure */
    struct cm_buf body;
};

/* CM_OK when it was answered, or not: `failure` says. Other codes: it could not even be asked. options->loop is not used. */
enum cm_code stn_server_call(const struct stn_transport_options *options,
                             const struct stn_sync_request *request, struct stn_server_call *ret_call,
                             struct cm_err *err);
void stn_server_call_finish(struct stn_server_call *call);

#endif
