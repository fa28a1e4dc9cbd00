#include "sync/transport.h"

#include "net/net.h"
#include "net/url.h"
#include "sync/message.h"
#include <assert.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct lane {                    /* of one channel */
    struct cm_transfer transfer; /* first */
    enum stn_sync_channel channel;
    stn_transport_answer_fn *on_answer;
    void *arg;
};

struct stn_transport {
    struct cm_net *net;
    char *url, *authorization, *ca_pem, *pin;
    struct lane lanes[STN_SYNC_CHANNELS];
};

/* ---- what a person types ---- */

enum cm_code stn_transport_check_url(const char *typed, bool allow_plain, char *ret_url, size_t size,
                                     struct cm_err *err)
{
    const struct cm_url_rule rule = {"https", "http", allow_plain, ", or set [sync] allow_plain"};
    return cm_url_check(typed, &rule, ret_url, size, err);
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

/* ---- answers ---- */

static enum stn_sync_failure failure_of(const struct cm_transfer_end *end)
{
    if (end->refused)
        return STN_SYNC_AWAY;
    switch (end->result) {
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
        return end->too_large ? STN_SYNC_GARBLED : STN_SYNC_AWAY;
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_BAD_CONTENT_ENCODING:
    case CURLE_FILESIZE_EXCEEDED:
        return STN_SYNC_GARBLED;
    default:
        return STN_SYNC_AWAY;
    }
}

static void on_done(struct cm_transfer *transfer, const struct cm_transfer_end *end)
{
    struct lane *lane = (struct lane *)transfer;
    struct stn_sync_answer answer = {.failure = failure_of(end), .text = end->text};
    if (answer.failure == STN_SYNC_ANSWERED) {
        answer.status = end->status;
        answer.retry_after_s = end->retry_after_s;
        answer.body = end->body;
        answer.size = end->size;
    }
    lane->on_answer(lane->arg, lane->channel, &answer);
}

/* ---- life ---- */

/* False: no memory, which must not look like "none". */
static bool copy(const char *text, char **ret_copy)
{
    if (text == NULL || text[0] == '\0')
        return true;
    *ret_copy = strdup(text);
    return *ret_copy != NULL;
}

static void free_transport(struct stn_transport *transport)
{
    if (transport->authorization != NULL)
        sodium_memzero(transport->authorization, strlen(transport->authorization));
    free(transport->authorization);
    free(transport->url);
    free(transport->ca_pem);
    free(transport->pin);
    free(transport);
}

static bool copy_options(struct stn_transport *transport, const struct stn_transport_options *options)
{
    if (!copy(options->url, &transport->url) || !copy(options->ca_pem, &transport->ca_pem) ||
        !copy(options->pin, &transport->pin))
        return false;
    if (options->token == NULL || options->token[0] == '\0')
        return true;
    size_t size = sizeof "Authorization: Bearer " + strlen(options->token);
    transport->authorization = malloc(size);
    if (transport->authorization != NULL)
        snprintf(transport->authorization, size, "Authorization: Bearer %s", options->token);
    return transport->authorization != NULL;
}

enum cm_code stn_transport_open(const struct stn_transport_options *options,
                                struct stn_transport **ret_transport, struct cm_err *err)
{
    char url[512];
    enum cm_code code = stn_transport_check_url(options->url, options->allow_plain, url, sizeof url, err);
    if (code != CM_OK)
        return code;
    struct stn_transport *transport = calloc(1, sizeof *transport);
    if (transport == NULL || !copy_options(transport, options)) {
        if (transport != NULL)
            free_transport(transport);
        return cm_fail(err, CM_NOMEM, "no memory for the connection to the server");
    }
    code = cm_net_open(options->loop, STN_SYNC_CHANNELS, &transport->net, err);
    if (code != CM_OK) {
        free_transport(transport);
        return code;
    }
    for (int i = 0; i < STN_SYNC_CHANNELS; i++)
        transport->lanes[i] = (struct lane){.transfer.done = on_done, .channel = (enum stn_sync_channel)i};
    *ret_transport = transport;
    return CM_OK;
}

void stn_transport_close(struct stn_transport *transport)
{
    if (transport == NULL)
        return;
    cm_net_close(transport->net);
    free_transport(transport);
}

/* ---- a request ---- */

static void set_headers(const struct stn_transport *transport, struct lane *lane,
                        const struct stn_sync_request *request)
{
    char type[128];
    cm_transfer_header(&lane->transfer, "Expect:");
    cm_transfer_header(&lane->transfer, "Accept: " CM_SYNC_TYPE ", */*");
    if (transport->authorization != NULL)
        cm_transfer_header(&lane->transfer, transport->authorization);
    if (request->content_type != NULL) {
        snprintf(type, sizeof type, "Content-Type: %s", request->content_type);
        cm_transfer_header(&lane->transfer, type);
    }
}

/* A pinned key says exactly whose the certificate must be; who signed it, and for which name, then adds nothing, and a
 * school's own certificate has no signer that this machine knows. */
static void set_trust(const struct stn_transport *transport, struct cm_transfer *transfer)
{
    if (transport->pin != NULL && transport->ca_pem == NULL) {
        cm_transfer_set(transfer, CURLOPT_SSL_VERIFYPEER, 0L);
        cm_transfer_set(transfer, CURLOPT_SSL_VERIFYHOST, 0L);
    }
    if (transport->pin != NULL)
        cm_transfer_set(transfer, CURLOPT_PINNEDPUBLICKEY, transport->pin);
    if (transport->ca_pem != NULL) {
        struct curl_blob blob = {transport->ca_pem, strlen(transport->ca_pem), CURL_BLOB_COPY};
        cm_transfer_set(transfer, CURLOPT_CAINFO_BLOB, &blob);
    }
}

static void set_request(const struct stn_transport *transport, struct lane *lane,
                        const struct stn_sync_request *request)
{
    struct cm_transfer *transfer = &lane->transfer;
    char url[STN_SYNC_PATH_SIZE + 512];
    bool plain = strncmp(transport->url, "http:", 5) == 0;
    snprintf(url, sizeof url, "%s%s", transport->url, request->path);
    cm_transfer_set(transfer, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    cm_transfer_set(transfer, CURLOPT_USERAGENT, "rollcall-station/" ROLLCALL_VERSION);
    cm_transfer_set(transfer, CURLOPT_LOW_SPEED_LIMIT, 1L);
    cm_transfer_set(transfer, CURLOPT_LOW_SPEED_TIME,
                    (long)(request->stall_ms > 0 ? request->stall_ms : request->timeout_ms) / 1000 + 1);
    if (request->post) {
        cm_transfer_set(transfer, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->size);
        cm_transfer_set(transfer, CURLOPT_POSTFIELDS, request->size > 0 ? (const char *)request->body : "");
    } else {
        cm_transfer_set(transfer, CURLOPT_HTTPGET, 1L);
    }
    set_trust(transport, transfer);
    set_headers(transport, lane, request);
    cm_transfer_set(transfer, CURLOPT_PROTOCOLS_STR, plain ? "http" : "https");
    cm_transfer_set(transfer, CURLOPT_URL, url);
}

void stn_transport_send(struct stn_transport *transport, const struct stn_sync_request *request,
                        stn_transport_answer_fn *on_answer, void *arg)
{
    struct lane *lane = &transport->lanes[request->channel];
    assert(!lane->transfer.active);
    lane->on_answer = on_answer;
    lane->arg = arg;
    cm_net_prepare(transport->net, &lane->transfer, request->answer_max, request->timeout_ms);
    set_request(transport, lane, request);
    cm_net_start(transport->net, &lane->transfer);
}
