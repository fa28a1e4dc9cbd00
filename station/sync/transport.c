#include "sync/transport.h"

#include "base/buf.h"
#include "crypt/seal.h"
#include "sync/message.h"
#include <arpa/inet.h>
#include <assert.h>
#include <curl/curl.h>
#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CONNECT_MS = 10000, TEXT_MAX = 160 };

struct lane { /* of one channel */
    CURL *easy;
    struct curl_slist *headers;
    struct cm_buf body;
    size_t body_max;
    bool too_large, active, refused; /* refused: it could not even begin */
    char error[CURL_ERROR_SIZE];
    stn_transport_answer_fn *on_answer;
    void *arg;
};

struct stn_transport {
    uv_loop_t *loop;
    CURLM *multi;
    uv_timer_t timer; /* curl's */
    uv_timer_t refusals;
    int handles; /* uv's: the last one that closes frees everything */
    bool closing;
    char *url, *authorization, *ca_pem, *pin;
    struct lane lanes[STN_SYNC_CHANNELS];
};

struct watch { /* a socket of curl's */
    uv_poll_t poll;
    struct stn_transport *transport;
    curl_socket_t socket;
};

static void start_curl(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT); /* a failure shows when the first handle is made */
}

/* ---- what a person types ---- */

static bool is_loopback(const char *host)
{
    struct in_addr address; /* a name may begin like an address: 127.0.0.1.example */
    bool numbers = inet_pton(AF_INET, host, &address) == 1;
    return (numbers && ntohl(address.s_addr) >> 24 == 127) || strcmp(host, "localhost") == 0 ||
           strcmp(host, "[::1]") == 0;
}

static enum cm_code check_parts(CURLU *url, bool allow_plain, struct cm_err *err)
{
    static const CURLUPart unwanted[] = {CURLUPART_USER, CURLUPART_PASSWORD, CURLUPART_QUERY,
                                         CURLUPART_FRAGMENT};
    char *scheme = NULL, *host = NULL, *part = NULL;
    enum cm_code code = CM_OK;
    if (curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
        curl_url_get(url, CURLUPART_HOST, &host, 0) != CURLUE_OK)
        code = cm_fail(err, CM_INVALID, "that is no URL of a server: https://HOST");
    else if (strcmp(scheme, "https") != 0 && strcmp(scheme, "http") != 0)
        code = cm_fail(err, CM_INVALID, "%.20s:// is not spoken: use https://", scheme);
    else if (strcmp(scheme, "http") == 0 && !allow_plain && !is_loopback(host))
        code = cm_fail(err, CM_INVALID,
                       "http:// would send everything unprotected: use https://, or set [sync] allow_plain");
    for (size_t i = 0; i < sizeof unwanted / sizeof unwanted[0] && code == CM_OK; i++)
        if (curl_url_get(url, unwanted[i], &part, 0) == CURLUE_OK) {
            code = cm_fail(err, CM_INVALID, "the URL must have no name, password, query or fragment");
            curl_free(part);
        }
    curl_free(scheme);
    curl_free(host);
    return code;
}

enum cm_code stn_transport_check_url(const char *typed, bool allow_plain, char *ret_url, size_t size,
                                     struct cm_err *err)
{
    CURLU *url = curl_url();
    char *whole = NULL, full[1024];
    if (url == NULL)
        return cm_fail(err, CM_NOMEM, "no memory for a URL");
    int length = snprintf(full, sizeof full, "%s%s", strstr(typed, "://") == NULL ? "https://" : "", typed);
    enum cm_code code = CM_OK;
    if (length >= (int)sizeof full || curl_url_set(url, CURLUPART_URL, full, 0) != CURLUE_OK)
        code = cm_fail(err, CM_INVALID, "%.100s is no URL of a server: https://HOST", typed);
    if (code == CM_OK)
        code = check_parts(url, allow_plain, err);
    if (code == CM_OK && curl_url_get(url, CURLUPART_URL, &whole, 0) != CURLUE_OK)
        code = cm_fail(err, CM_INVALID, "%.100s is no URL of a server: https://HOST", typed);
    size_t end = whole != NULL ? strlen(whole) : 0;
    while (end > 0 && whole[end - 1] == '/')
        end--;
    if (code == CM_OK && end >= size)
        code = cm_fail(err, CM_INVALID, "the URL is longer than %zu bytes", size - 1);
    if (code == CM_OK) {
        memcpy(ret_url, whole, end);
        ret_url[end] = '\0';
    }
    curl_free(whole);
    curl_url_cleanup(url);
    return code;
}

enum cm_code stn_transport_check_pin(const char *pin, struct cm_err *err)
{
    static const char prefix[] = "sha256//";
    uint8_t bytes[32];
    size_t size = 0;
    const char *end = NULL;
    if (strncmp(pin, prefix, sizeof prefix - 1) != 0 ||
        sodium_base642bin(bytes, sizeof bytes, pin + sizeof prefix - 1, strlen(pin) - (sizeof prefix - 1),
                          NULL, &size, &end, sodium_base64_VARIANT_ORIGINAL) != 0 ||
        size != sizeof bytes || *end != '\0')
        return cm_fail(err, CM_INVALID,
                       "the pin is sha256// and the base64 of the SHA-256 of the server's public key");
    return CM_OK;
}

/* ---- libcurl on libuv ---- */

static void free_transport(struct stn_transport *transport)
{
    if (transport->authorization != NULL)
        cm_wipe(transport->authorization, strlen(transport->authorization));
    free(transport->authorization);
    free(transport->url);
    free(transport->ca_pem);
    free(transport->pin);
    free(transport);
}

static void forget_handle(struct stn_transport *transport)
{
    if (--transport->handles == 0 && transport->closing)
        free_transport(transport);
}

static void on_watch_closed(uv_handle_t *handle)
{
    struct watch *watch = handle->data;
    struct stn_transport *transport = watch->transport;
    free(watch);
    forget_handle(transport);
}

static void on_timer_closed(uv_handle_t *handle)
{
    forget_handle(handle->data);
}

static enum stn_sync_failure failure_of(CURLcode result, const struct lane *lane)
{
    switch (result) {
    case CURLE_OK:
        return STN_SYNC_ANSWERED;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
        return STN_SYNC_UNTRUSTED;
    case CURLE_WRITE_ERROR: /* our own callback's, or memory */
        return lane->too_large ? STN_SYNC_GARBLED : STN_SYNC_AWAY;
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_BAD_CONTENT_ENCODING:
    case CURLE_FILESIZE_EXCEEDED:
        return STN_SYNC_GARBLED;
    default:
        return STN_SYNC_AWAY;
    }
}

static void say_result(const struct lane *lane, CURLcode result, struct stn_sync_answer *answer)
{
    long status = 0;
    curl_off_t retry_after_s = 0;
    answer->failure = lane->refused ? STN_SYNC_AWAY : failure_of(result, lane);
    if (answer->failure != STN_SYNC_ANSWERED)
        return;
    curl_easy_getinfo(lane->easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(lane->easy, CURLINFO_RETRY_AFTER, &retry_after_s);
    answer->status = (int)status;
    answer->retry_after_s = retry_after_s > INT32_MAX ? INT32_MAX : (int32_t)retry_after_s;
    answer->body = lane->body.data;
    answer->size = lane->body.size;
}

static void finish(struct stn_transport *transport, enum stn_sync_channel channel, CURLcode result)
{
    struct lane *lane = &transport->lanes[channel];
    struct stn_sync_answer answer = {0};
    say_result(lane, result, &answer);
    char text[TEXT_MAX];
    snprintf(text, sizeof text, "%s",
             lane->refused            ? "the request could not be made"
             : lane->too_large        ? "the answer is too large"
             : lane->error[0] != '\0' ? lane->error
                                      : curl_easy_strerror(result));
    answer.text = text;
    if (!lane->refused)
        curl_multi_remove_handle(transport->multi, lane->easy);
    curl_slist_free_all(lane->headers);
    lane->headers = NULL;
    lane->active = lane->refused = false;
    struct cm_buf body = lane->body; /* the callback may send the channel's next request */
    cm_buf_init(&lane->body, STN_SYNC_PHOTO_MAX);
    lane->on_answer(lane->arg, channel, &answer);
    if (body.data != NULL)
        cm_wipe(body.data, body.size);
    cm_buf_finish(&body);
}

static void take_finished(struct stn_transport *transport)
{
    CURLMsg *message;
    int left;
    while (!transport->closing && (message = curl_multi_info_read(transport->multi, &left)) != NULL) {
        char *number = NULL;
        if (message->msg != CURLMSG_DONE)
            continue;
        CURLcode result = message->data.result;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &number);
        finish(transport, (enum stn_sync_channel)(intptr_t)number, result);
    }
}

static void on_socket_event(uv_poll_t *poll, int status, int events)
{
    struct watch *watch = poll->data;
    struct stn_transport *transport = watch->transport; /* curl may give the watch up within the call */
    int flags = status < 0 ? CURL_CSELECT_ERR : 0, running;
    flags |= events & UV_READABLE ? CURL_CSELECT_IN : 0;
    flags |= events & UV_WRITABLE ? CURL_CSELECT_OUT : 0;
    curl_multi_socket_action(transport->multi, watch->socket, flags, &running);
    take_finished(transport);
}

static void on_timeout(uv_timer_t *timer)
{
    struct stn_transport *transport = timer->data;
    int running;
    curl_multi_socket_action(transport->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    take_finished(transport);
}

static void on_refusals(uv_timer_t *timer)
{
    struct stn_transport *transport = timer->data;
    for (int i = 0; i < STN_SYNC_CHANNELS && !transport->closing; i++)
        if (transport->lanes[i].active && transport->lanes[i].refused)
            finish(transport, (enum stn_sync_channel)i, CURLE_FAILED_INIT);
}

static int set_timer(CURLM *multi, long timeout_ms, void *arg)
{
    struct stn_transport *transport = arg;
    (void)multi;
    if (transport->closing)
        return 0;
    if (timeout_ms < 0) {
        uv_timer_stop(&transport->timer);
        return 0;
    }
    uv_update_time(transport->loop);
    uv_timer_start(&transport->timer, on_timeout, timeout_ms > 0 ? (uint64_t)timeout_ms : 1, 0);
    return 0;
}

static struct watch *make_watch(struct stn_transport *transport, curl_socket_t socket)
{
    struct watch *watch = calloc(1, sizeof *watch);
    if (watch == NULL)
        return NULL;
    watch->transport = transport;
    watch->socket = socket;
    watch->poll.data = watch;
    if (uv_poll_init_socket(transport->loop, &watch->poll, socket) != 0) {
        free(watch);
        return NULL;
    }
    transport->handles++;
    curl_multi_assign(transport->multi, socket, watch);
    return watch;
}

static int set_socket(CURL *easy, curl_socket_t socket, int what, void *arg, void *socket_arg)
{
    struct stn_transport *transport = arg;
    struct watch *watch = socket_arg;
    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        if (watch == NULL)
            return 0;
        uv_poll_stop(&watch->poll);
        uv_close((uv_handle_t *)&watch->poll, on_watch_closed);
        curl_multi_assign(transport->multi, socket, NULL);
        return 0;
    }
    if (watch == NULL && (watch = make_watch(transport, socket)) == NULL)
        return -1;
    int events = (what & CURL_POLL_IN ? UV_READABLE : 0) | (what & CURL_POLL_OUT ? UV_WRITABLE : 0);
    return uv_poll_start(&watch->poll, events, on_socket_event) == 0 ? 0 : -1;
}

static size_t on_body(char *bytes, size_t one, size_t size, void *arg)
{
    struct lane *lane = arg;
    (void)one;
    if (size > lane->body_max - lane->body.size) {
        lane->too_large = true;
        return size + 1; /* ends the transfer */
    }
    return cm_buf_append(&lane->body, bytes, size) == CM_OK ? size : size + 1;
}

/* ---- life ---- */

static char *copy(const char *text)
{
    return text != NULL && text[0] != '\0' ? strdup(text) : NULL;
}

static bool copy_options(struct stn_transport *transport, const struct stn_transport_options *options)
{
    transport->loop = options->loop;
    transport->url = copy(options->url);
    transport->ca_pem = copy(options->ca_pem);
    transport->pin = copy(options->pin);
    if (options->token == NULL || options->token[0] == '\0')
        return transport->url != NULL;
    size_t size = sizeof "Authorization: Bearer " + strlen(options->token);
    transport->authorization = malloc(size);
    if (transport->authorization != NULL)
        snprintf(transport->authorization, size, "Authorization: Bearer %s", options->token);
    return transport->url != NULL && transport->authorization != NULL;
}

enum cm_code stn_transport_open(const struct stn_transport_options *options,
                                struct stn_transport **ret_transport, struct cm_err *err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    char url[512];
    pthread_once(&once, start_curl);
    enum cm_code code = stn_transport_check_url(options->url, options->allow_plain, url, sizeof url, err);
    if (code != CM_OK)
        return code;
    struct stn_transport *transport = calloc(1, sizeof *transport);
    if (transport == NULL)
        return cm_fail(err, CM_NOMEM, "no memory for the connection to the server");
    if (!copy_options(transport, options) || (transport->multi = curl_multi_init()) == NULL) {
        free_transport(transport);
        return cm_fail(err, CM_NOMEM, "no memory for the connection to the server");
    }
    for (int i = 0; i < STN_SYNC_CHANNELS; i++)
        cm_buf_init(&transport->lanes[i].body, STN_SYNC_PHOTO_MAX);
    curl_multi_setopt(transport->multi, CURLMOPT_SOCKETFUNCTION, set_socket);
    curl_multi_setopt(transport->multi, CURLMOPT_SOCKETDATA, transport);
    curl_multi_setopt(transport->multi, CURLMOPT_TIMERFUNCTION, set_timer);
    curl_multi_setopt(transport->multi, CURLMOPT_TIMERDATA, transport);
    curl_multi_setopt(transport->multi, CURLMOPT_MAXCONNECTS, (long)STN_SYNC_CHANNELS);
    uv_timer_init(transport->loop, &transport->timer);
    uv_timer_init(transport->loop, &transport->refusals);
    transport->timer.data = transport->refusals.data = transport;
    transport->handles = 2;
    *ret_transport = transport;
    return CM_OK;
}

void stn_transport_close(struct stn_transport *transport)
{
    if (transport == NULL)
        return;
    transport->closing = true;
    for (int i = 0; i < STN_SYNC_CHANNELS; i++) {
        struct lane *lane = &transport->lanes[i];
        if (lane->active && !lane->refused)
            curl_multi_remove_handle(transport->multi, lane->easy);
        curl_easy_cleanup(lane->easy);
        curl_slist_free_all(lane->headers);
        if (lane->body.data != NULL)
            cm_wipe(lane->body.data, lane->body.size);
        cm_buf_finish(&lane->body);
    }
    curl_multi_cleanup(transport->multi);
    uv_close((uv_handle_t *)&transport->timer, on_timer_closed);
    uv_close((uv_handle_t *)&transport->refusals, on_timer_closed);
}

/* ---- a request ---- */

static bool add_header(struct lane *lane, const char *header)
{
    struct curl_slist *longer = curl_slist_append(lane->headers, header);
    lane->headers = longer != NULL ? longer : lane->headers;
    return longer != NULL;
}

static bool set_headers(struct stn_transport *transport, struct lane *lane,
                        const struct stn_sync_request *request)
{
    char type[128];
    bool good = add_header(lane, "Expect:") && add_header(lane, "Accept: " CM_SYNC_TYPE ", */*");
    if (good && transport->authorization != NULL)
        good = add_header(lane, transport->authorization);
    if (good && request->content_type != NULL) {
        snprintf(type, sizeof type, "Content-Type: %s", request->content_type);
        good = add_header(lane, type);
    }
    return good && curl_easy_setopt(lane->easy, CURLOPT_HTTPHEADER, lane->headers) == CURLE_OK;
}

/* A pinned key says exactly whose the certificate must be; who signed it, and for which name, then adds nothing, and a
 * school's own certificate has no signer that this machine knows. */
static bool set_trust(const struct stn_transport *transport, CURL *easy)
{
    bool pin_alone = transport->pin != NULL && transport->ca_pem == NULL;
    bool good = curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) == CURLE_OK &&
                curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, pin_alone ? 0L : 1L) == CURLE_OK &&
                curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, pin_alone ? 0L : 2L) == CURLE_OK;
    if (good && transport->pin != NULL)
        good = curl_easy_setopt(easy, CURLOPT_PINNEDPUBLICKEY, transport->pin) == CURLE_OK;
    if (good && transport->ca_pem != NULL) {
        struct curl_blob blob = {transport->ca_pem, strlen(transport->ca_pem), CURL_BLOB_COPY};
        good = curl_easy_setopt(easy, CURLOPT_CAINFO_BLOB, &blob) == CURLE_OK;
    }
    return good;
}

static bool set_request(struct stn_transport *transport, struct lane *lane,
                        const struct stn_sync_request *request)
{
    CURL *easy = lane->easy;
    char url[STN_SYNC_PATH_SIZE + 300];
    bool plain = strncmp(transport->url, "http:", 5) == 0;
    if (snprintf(url, sizeof url, "%s%s", transport->url, request->path) >= (int)sizeof url)
        return false;
    curl_easy_setopt(easy, CURLOPT_PRIVATE, (char *)(intptr_t)request->channel);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "rollcall-station/" ROLLCALL_VERSION);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)request->timeout_ms);
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME,
                     (long)(request->stall_ms > 0 ? request->stall_ms : request->timeout_ms) / 1000 + 1);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, lane->error);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, lane);
    curl_easy_setopt(easy, CURLOPT_PROXY, ""); /* the environment of a service decides nothing */
    if (request->post) {
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->size);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request->size > 0 ? (const char *)request->body : "");
    } else {
        curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
    }
    return set_trust(transport, easy) && set_headers(transport, lane, request) &&
           curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, plain ? "http" : "https") == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_URL, url) == CURLE_OK;
}

void stn_transport_send(struct stn_transport *transport, const struct stn_sync_request *request,
                        stn_transport_answer_fn *on_answer, void *arg)
{
    struct lane *lane = &transport->lanes[request->channel];
    assert(!lane->active && !transport->closing);
    lane->on_answer = on_answer;
    lane->arg = arg;
    lane->body_max = request->answer_max;
    lane->too_large = false;
    lane->error[0] = '\0';
    lane->active = true;
    if (lane->easy == NULL)
        lane->easy = curl_easy_init();
    else
        curl_easy_reset(lane->easy); /* keeps the connection */
    lane->refused = lane->easy == NULL || !set_request(transport, lane, request) ||
                    curl_multi_add_handle(transport->multi, lane->easy) != CURLM_OK;
    if (lane->refused)
        uv_timer_start(&transport->refusals, on_refusals, 1, 0);
}
