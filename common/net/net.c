#include "net/net.h"

#include "crypt/seal.h"
#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CONNECT_MS = 10000 };

struct cm_net {
    uv_loop_t *loop;
    CURLM *multi;
    uv_timer_t timer; /* curl's */
    uv_timer_t refusals;
    int handles; /* uv's: the last one that closes frees everything */
    bool closing;
    struct cm_transfer *transfers; /* those that were prepared once */
};

struct watch { /* a socket of curl's */
    uv_poll_t poll;
    struct cm_net *net;
    curl_socket_t socket;
};

static void start_curl(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT); /* a failure shows when the first handle is made */
}

static void forget_handle(struct cm_net *net)
{
    if (--net->handles == 0 && net->closing)
        free(net);
}

static void on_watch_closed(uv_handle_t *handle)
{
    struct watch *watch = handle->data;
    struct cm_net *net = watch->net;
    free(watch);
    forget_handle(net);
}

static void on_timer_closed(uv_handle_t *handle)
{
    forget_handle(handle->data);
}

/* ---- ends ---- */

static void wipe_body(struct cm_buf *body)
{
    if (body->data != NULL)
        cm_wipe(body->data, body->size);
    cm_buf_finish(body);
}

static void ask_curl(CURL *easy, struct cm_transfer_end *end)
{
    long status = 0, sent = 0;
    curl_off_t retry_after_s = 0, uploaded = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(easy, CURLINFO_RETRY_AFTER, &retry_after_s);
    curl_easy_getinfo(easy, CURLINFO_REQUEST_SIZE, &sent);
    curl_easy_getinfo(easy, CURLINFO_SIZE_UPLOAD_T, &uploaded);
    end->status = (int)status;
    end->retry_after_s = retry_after_s > INT32_MAX ? INT32_MAX : (int32_t)retry_after_s;
    end->left = sent > 0 || uploaded > 0 || status != 0;
}

static void finish(struct cm_transfer *transfer, CURLcode result)
{
    struct cm_transfer_end end = {
        .refused = transfer->refused, .too_large = transfer->too_large, .result = result};
    char text[CM_NET_TEXT_SIZE];
    snprintf(text, sizeof text, "%s",
             transfer->refused            ? "the request could not be made"
             : transfer->too_large        ? "the answer is too large"
             : transfer->error[0] != '\0' ? transfer->error
                                          : curl_easy_strerror(result));
    end.text = text;
    if (!transfer->refused) {
        ask_curl(transfer->easy, &end);
        curl_multi_remove_handle(transfer->net->multi, transfer->easy);
    }
    struct cm_buf body = transfer->body; /* the callback may begin the next request */
    cm_buf_init(&transfer->body, body.max);
    end.body = body.data;
    end.size = body.size;
    curl_slist_free_all(transfer->headers);
    transfer->headers = NULL;
    transfer->active = transfer->refused = false;
    transfer->done(transfer, &end);
    wipe_body(&body);
}

static void take_finished(struct cm_net *net)
{
    CURLMsg *message;
    int left;
    while (!net->closing && (message = curl_multi_info_read(net->multi, &left)) != NULL) {
        char *owner = NULL;
        if (message->msg != CURLMSG_DONE)
            continue;
        CURLcode result = message->data.result;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &owner);
        finish((struct cm_transfer *)owner, result);
    }
}

/* ---- libcurl on libuv ---- */

static void on_socket_event(uv_poll_t *poll, int status, int events)
{
    struct watch *watch = poll->data;
    struct cm_net *net = watch->net; /* curl may give the watch up within the call */
    int flags = status < 0 ? CURL_CSELECT_ERR : 0, running;
    flags |= events & UV_READABLE ? CURL_CSELECT_IN : 0;
    flags |= events & UV_WRITABLE ? CURL_CSELECT_OUT : 0;
    curl_multi_socket_action(net->multi, watch->socket, flags, &running);
    take_finished(net);
}

static void on_timeout(uv_timer_t *timer)
{
    struct cm_net *net = timer->data;
    int running;
    curl_multi_socket_action(net->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    take_finished(net);
}

static struct cm_transfer *next_refused(struct cm_net *net)
{
    for (struct cm_transfer *transfer = net->transfers; transfer != NULL; transfer = transfer->next)
        if (transfer->active && transfer->refused)
            return transfer;
    return NULL;
}

static void on_refusals(uv_timer_t *timer)
{
    struct cm_net *net = timer->data;
    struct cm_transfer *transfer = next_refused(net);
    if (transfer != NULL && !net->closing)
        finish(transfer, CURLE_FAILED_INIT); /* one a turn: its owner may try again at once */
    if (!net->closing && next_refused(net) != NULL)
        uv_timer_start(timer, on_refusals, 1, 0);
}

static int set_timer(CURLM *multi, long timeout_ms, void *arg)
{
    struct cm_net *net = arg;
    (void)multi;
    if (net->closing)
        return 0;
    if (timeout_ms < 0) {
        uv_timer_stop(&net->timer);
        return 0;
    }
    uv_update_time(net->loop);
    uv_timer_start(&net->timer, on_timeout, timeout_ms > 0 ? (uint64_t)timeout_ms : 1, 0);
    return 0;
}

static struct watch *make_watch(struct cm_net *net, curl_socket_t socket)
{
    struct watch *watch = calloc(1, sizeof *watch);
    if (watch == NULL)
        return NULL;
    watch->net = net;
    watch->socket = socket;
    watch->poll.data = watch;
    if (uv_poll_init_socket(net->loop, &watch->poll, socket) != 0) {
        free(watch);
        return NULL;
    }
    net->handles++;
    curl_multi_assign(net->multi, socket, watch);
    return watch;
}

static int set_socket(CURL *easy, curl_socket_t socket, int what, void *arg, void *socket_arg)
{
    struct cm_net *net = arg;
    struct watch *watch = socket_arg;
    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        if (watch == NULL)
            return 0;
        uv_poll_stop(&watch->poll);
        uv_close((uv_handle_t *)&watch->poll, on_watch_closed);
        curl_multi_assign(net->multi, socket, NULL);
        return 0;
    }
    if (watch == NULL && (watch = make_watch(net, socket)) == NULL)
        return -1;
    int events = (what & CURL_POLL_IN ? UV_READABLE : 0) | (what & CURL_POLL_OUT ? UV_WRITABLE : 0);
    return uv_poll_start(&watch->poll, events, on_socket_event) == 0 ? 0 : -1;
}

static size_t on_body(char *bytes, size_t one, size_t size, void *arg)
{
    struct cm_transfer *transfer = arg;
    (void)one;
    if (size > transfer->body.max - transfer->body.size) {
        transfer->too_large = true;
        return size + 1; /* ends the transfer */
    }
    return cm_buf_append(&transfer->body, bytes, size) == CM_OK ? size : size + 1;
}

/* ---- life ---- */

enum cm_code cm_net_open(uv_loop_t *loop, long connections, struct cm_net **ret_net, struct cm_err *err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, start_curl);
    struct cm_net *net = calloc(1, sizeof *net);
    if (net == NULL || (net->multi = curl_multi_init()) == NULL) {
        free(net);
        return cm_fail(err, CM_NOMEM, "no memory for connections to other machines");
    }
    net->loop = loop;
    curl_multi_setopt(net->multi, CURLMOPT_SOCKETFUNCTION, set_socket);
    curl_multi_setopt(net->multi, CURLMOPT_SOCKETDATA, net);
    curl_multi_setopt(net->multi, CURLMOPT_TIMERFUNCTION, set_timer);
    curl_multi_setopt(net->multi, CURLMOPT_TIMERDATA, net);
    curl_multi_setopt(net->multi, CURLMOPT_MAXCONNECTS, connections);
    uv_timer_init(loop, &net->timer);
    uv_timer_init(loop, &net->refusals);
    net->timer.data = net->refusals.data = net;
    net->handles = 2;
    *ret_net = net;
    return CM_OK;
}

void cm_transfer_drop(struct cm_transfer *transfer)
{
    if (transfer->net == NULL)
        return;
    struct cm_transfer **at = &transfer->net->transfers;
    while (*at != transfer)
        at = &(*at)->next;
    *at = transfer->next;
    if (transfer->active && !transfer->refused)
        curl_multi_remove_handle(transfer->net->multi, transfer->easy);
    curl_easy_cleanup(transfer->easy);
    curl_slist_free_all(transfer->headers);
    wipe_body(&transfer->body);
    transfer->easy = NULL;
    transfer->headers = NULL;
    transfer->net = NULL;
    transfer->active = false;
}

void cm_net_close(struct cm_net *net)
{
    if (net == NULL)
        return;
    net->closing = true;
    while (net->transfers != NULL)
        cm_transfer_drop(net->transfers);
    curl_multi_cleanup(net->multi);
    uv_close((uv_handle_t *)&net->timer, on_timer_closed);
    uv_close((uv_handle_t *)&net->refusals, on_timer_closed);
}

/* ---- a transfer ---- */

static void adopt(struct cm_net *net, struct cm_transfer *transfer)
{
    if (transfer->net != NULL)
        return;
    transfer->net = net;
    transfer->next = net->transfers;
    net->transfers = transfer;
}

void cm_net_prepare(struct cm_net *net, struct cm_transfer *transfer, size_t body_max, long timeout_ms)
{
    assert(!transfer->active && !net->closing);
    adopt(net, transfer);
    cm_buf_finish(&transfer->body);
    cm_buf_init(&transfer->body, body_max);
    transfer->bad = transfer->too_large = false;
    transfer->error[0] = '\0';
    if (transfer->easy == NULL)
        transfer->easy = curl_easy_init();
    else
        curl_easy_reset(transfer->easy); /* keeps the connection */
    transfer->bad = transfer->easy == NULL;
    cm_transfer_set(transfer, CURLOPT_PRIVATE, (char *)transfer);
    cm_transfer_set(transfer, CURLOPT_NOSIGNAL, 1L);
    cm_transfer_set(transfer, CURLOPT_QUICK_EXIT, 1L);
    cm_transfer_set(transfer, CURLOPT_FOLLOWLOCATION, 0L);
    cm_transfer_set(transfer, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
    cm_transfer_set(transfer, CURLOPT_TIMEOUT_MS, timeout_ms);
    cm_transfer_set(transfer, CURLOPT_TCP_KEEPALIVE, 1L);
    cm_transfer_set(transfer, CURLOPT_ERRORBUFFER, transfer->error);
    cm_transfer_set(transfer, CURLOPT_WRITEFUNCTION, on_body);
    cm_transfer_set(transfer, CURLOPT_WRITEDATA, transfer);
    cm_transfer_set(transfer, CURLOPT_PROXY, ""); /* the environment of a service decides nothing */
    cm_transfer_set(transfer, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    cm_transfer_set(transfer, CURLOPT_SSL_VERIFYPEER, 1L);
    cm_transfer_set(transfer, CURLOPT_SSL_VERIFYHOST, 2L);
}

void cm_transfer_header(struct cm_transfer *transfer, const char *line)
{
    struct curl_slist *longer = curl_slist_append(transfer->headers, line);
    if (longer != NULL)
        transfer->headers = longer;
    transfer->bad |= longer == NULL;
}

void cm_net_start(struct cm_net *net, struct cm_transfer *transfer)
{
    if (transfer->headers != NULL)
        cm_transfer_set(transfer, CURLOPT_HTTPHEADER, transfer->headers);
    transfer->active = true;
    transfer->refused = transfer->bad || curl_multi_add_handle(net->multi, transfer->easy) != CURLM_OK;
    if (transfer->refused)
        uv_timer_start(&net->refusals, on_refusals, 1, 0);
}
