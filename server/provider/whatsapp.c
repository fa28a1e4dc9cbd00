/* Letters as template messages of the WhatsApp Business Cloud API. */
#include "provider/provider.h"

#include "base/log.h"
#include "base/uuid.h"
#include "http_json/json.h"
#include "net/net.h"
#include "net/url.h"
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    ANSWER_MAX = 64 * 1024,
    TIMEOUT_MS = 30000,
    NAME_SIZE = 128,
    PAIR_MS = 6000, /* between two messages to one person */
    HOUR_MS = 3600 * 1000,
    DAY_MS = 24 * HOUR_MS,
};

struct template
{ /* of one kind of letter */
    char name[NAME_SIZE], language[16];
    enum srv_word words[SRV_WORD_LIST_MAX];
    int count;
};

struct flight {
    struct cm_transfer transfer; /* first */
    char *body;                  /* ours; holds a number, a name, a code: wiped */
    srv_carried_fn *carried;
    void *arg;
};

struct whatsapp {
    struct srv_provider base; /* first */
    struct cm_net *net;
    char url[512], *authorization;
    struct template templates[SRV_LETTER_KINDS];
    struct flight flights[SRV_PROVIDER_FLIGHTS_MAX];
};

/* ---- what errors are ---- */

static const struct rule {
    int32_t first, last;
    enum srv_carried what;
    enum srv_carried_scope scope;
    bool admin;
    int64_t after_ms;
} rules[] = {
    /* passes by itself */
    {1, 1, SRV_CARRIED_RETRY, SRV_SCOPE_MESSAGE, false, 0},
    {2, 2, SRV_CARRIED_RETRY, SRV_SCOPE_ALL, false, 0},
    {4, 4, SRV_CARRIED_RETRY, SRV_SCOPE_ALL, false, 0},
    {80007, 80007, SRV_CARRIED_RETRY, SRV_SCOPE_ALL, false, 0},
    {130429, 130429, SRV_CARRIED_RETRY, SRV_SCOPE_ALL, false, 0},
    {131000, 131000, SRV_CARRIED_RETRY, SRV_SCOPE_MESSAGE, false, 0},
    {131016, 131016, SRV_CARRIED_RETRY, SRV_SCOPE_ALL, false, 0},
    {131056, 131056, SRV_CARRIED_RETRY, SRV_SCOPE_MESSAGE, false, PAIR_MS},
    {131057, 131057, SRV_CARRIED_RETRY, SRV_SCOPE_ALL, false, 0},
    {133004, 133004, SRV_CARRIED_RETRY, SRV_SCOPE_ALL, false, 0},
    {131049, 131049, SRV_CARRIED_RETRY, SRV_SCOPE_MESSAGE, false,
     DAY_MS}, /* Meta chose not to deliver it today */
    /* somebody has to mend it */
    {0, 0, SRV_CARRIED_RETRY, SRV_SCOPE_ALL, true, HOUR_MS}, /* the token */
    {190, 190, SRV_CARRIED_RETRY, SRV_SCOPE_ALL, true, HOUR_MS},
    {3, 3, SRV_CARRIED_RETRY, SRV_SCOPE_ALL, true, HOUR_MS}, /* permission */
    {10, 10, SRV_CARRIED_RETRY, SRV_SCOPE_ALL, true, HOUR_MS},
    {200, 299, SRV_CARRIED_RETRY, SRV_SCOPE_ALL, true, HOUR_MS},
    {368, 368, SRV_CARRIED_RETRY, SRV_SCOPE_ALL, true, HOUR_MS}, /* the account */
    {131031, 131031, SRV_CARRIED_RETRY, SRV_SCOPE_ALL, true, HOUR_MS},
    {131042, 131042, SRV_CARRIED_RETRY, SRV_SCOPE_ALL, true, HOUR_MS}, /* payment */
    {131048, 131048, SRV_CARRIED_RETRY, SRV_SCOPE_ALL, true, HOUR_MS}, /* taken for spam */
    {132001, 132001, SRV_CARRIED_RETRY, SRV_SCOPE_KIND, true,
     HOUR_MS}, /* no such template, or not yet approved */
    {132015, 132016, SRV_CARRIED_RETRY, SRV_SCOPE_KIND, true, HOUR_MS}, /* paused, disabled */
    /* never: this person (131026, 131021, 131030, 131050, 131009), or this message (100, 131008, 131047, 1320…), and what
     * nobody knows: it was refused, and sending it again by itself would not be right */
};

void srv_whatsapp_error(int32_t code, int status, struct srv_carriage *carriage)
{
    carriage->code = code;
    carriage->what = SRV_CARRIED_FINAL;
    carriage->scope = SRV_SCOPE_MESSAGE;
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        const struct rule *rule = &rules[i];
        if (code < rule->first || code > rule->last)
            continue;
        carriage->what = rule->what;
        carriage->scope = rule->scope;
        carriage->admin = rule->admin;
        carriage->after_ms = rule->after_ms;
        return;
    }
    if (status >= 500) {
        carriage->what = SRV_CARRIED_RETRY;
        carriage->scope = SRV_SCOPE_ALL;
    }
}

/* An answer without an error that can be read. A gateway that gave up waiting does not know whether the message was sent. */
static void judge_status(int status, struct srv_carriage *carriage)
{
    carriage->code = status;
    carriage->what = SRV_CARRIED_FINAL;
    if (status == 401 || status == 403) {
        carriage->what = SRV_CARRIED_RETRY;
        carriage->scope = SRV_SCOPE_ALL;
        carriage->admin = true;
        carriage->after_ms = HOUR_MS;
    } else if (status == 429 || status == 500 || status == 503) {
        carriage->what = SRV_CARRIED_RETRY;
        carriage->scope = SRV_SCOPE_ALL;
    } else if (status < 300 || status == 408 || status >= 500) {
        carriage->what = SRV_CARRIED_UNKNOWN;
    }
}

/* ---- answers ---- */

static const char *text_at(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text != NULL ? text : "";
}

static void log_error(const json_t *error, int32_t code)
{
    cm_log(CM_LOG_WARN, "whatsapp", "a message was refused", CM_INT("code", code),
           CM_STR("message", text_at(error, "message")),
           CM_STR("details", text_at(json_object_get(error, "error_data"), "details")),
           CM_STR("trace", text_at(error, "fbtrace_id")));
}

static void judge_error(const json_t *error, const struct cm_transfer_end *end, struct srv_carriage *carriage)
{
    json_int_t number = json_integer_value(json_object_get(error, "code"));
    int32_t code = number >= INT32_MIN && number <= INT32_MAX ? (int32_t)number : -1;
    srv_whatsapp_error(code, end->status, carriage);
    const char *details = text_at(json_object_get(error, "error_data"), "details");
    carriage->text = details[0] != '\0' ? details : text_at(error, "message");
    log_error(error, code);
}

static void judge_answer(const json_t *root, const struct cm_transfer_end *end, struct srv_carriage *carriage)
{
    const json_t *error = json_object_get(root, "error");
    const char *id = text_at(json_array_get(json_object_get(root, "messages"), 0), "id");
    if (json_is_integer(json_object_get(error, "code"))) {
        judge_error(error, end, carriage);
    } else if (end->status >= 200 && end->status < 300 && id[0] != '\0') {
        carriage->what = SRV_CARRIED_SENT;
        carriage->id = strlen(id) < SRV_PROVIDER_ID_SIZE ? id : "";
    } else {
        judge_status(end->status, carriage);
        carriage->text = "WhatsApp's answer could not be read";
    }
}

/* No answer: did it leave? */
static void judge_failure(const struct cm_transfer_end *end, struct srv_carriage *carriage)
{
    carriage->what = end->left ? SRV_CARRIED_UNKNOWN : SRV_CARRIED_NOT_SENT;
    carriage->scope = SRV_SCOPE_ALL;
    carriage->text = end->text;
}

static void on_done(struct cm_transfer *transfer, const struct cm_transfer_end *end)
{
    struct flight *flight = (struct flight *)transfer;
    struct srv_carriage carriage = {.id = "", .text = ""};
    json_t *root = NULL;
    sodium_memzero(flight->body, flight->body != NULL ? strlen(flight->body) : 0);
    free(flight->body);
    flight->body = NULL;
    if (end->refused || end->result != CURLE_OK) {
        judge_failure(end, &carriage);
    } else {
        if (end->size > 0)
            srv_json_load(end->body, end->size, &root, NULL);
        judge_answer(root, end, &carriage);
    }
    if (carriage.what == SRV_CARRIED_RETRY && (int64_t)end->retry_after_s * 1000 > carriage.after_ms)
        carriage.after_ms = (int64_t)end->retry_after_s * 1000;
    flight->carried(flight->arg, &carriage);
    json_decref(root);
}

/* ---- requests ---- */

static json_t *parameters(const struct template *template_, const struct srv_letter *letter)
{
    json_t *list = json_array();
    for (int i = 0; i < template_->count; i++)
        json_array_append_new(
            list, json_pack("{s:s,s:s}", "type", "text", "text", letter->words[template_->words[i]]));
    return list;
}

/* An authentication template has a button that copies the code, and wants the code there too. */
static void add_button(json_t *components, const struct srv_letter *letter)
{
    json_array_append_new(components, json_pack("{s:s,s:s,s:s,s:[{s:s,s:s}]}", "type", "button", "sub_type",
                                                "url", "index", "0", "parameters", "type", "text", "text",
                                                letter->words[SRV_WORD_CODE]));
}

/* malloc'ed; NULL: no memory. */
static char *body_of(const struct template *template_, const struct srv_letter *letter)
{
    char id[CM_UUID_TEXT_SIZE];
    json_t *components = json_array();
    if (template_->count > 0)
        json_array_append_new(
            components, json_pack("{s:s,s:o}", "type", "body", "parameters", parameters(template_, letter)));
    if (letter->kind == SRV_LETTER_CODE)
        add_button(components, letter);
    json_t *root =
        json_pack("{s:s,s:s,s:s,s:s,s:s,s:{s:s,s:{s:s},s:o}}", "messaging_product", "whatsapp",
                  "recipient_type", "individual", "to", letter->to + 1, "type", "template",
                  "biz_opaque_callback_data", cm_uuid_text(letter->id, id), "template", "name",
                  template_->name, "language", "code", template_->language, "components", components);
    char *text = root != NULL ? json_dumps(root, JSON_COMPACT) : NULL;
    json_decref(root);
    return text;
}

static struct flight *free_flight(struct whatsapp *whatsapp)
{
    for (int i = 0; i < SRV_PROVIDER_FLIGHTS_MAX; i++)
        if (!whatsapp->flights[i].transfer.active)
            return &whatsapp->flights[i];
    abort(); /* the caller's promise */
}

static void send_letter(struct srv_provider *provider, const struct srv_letter *letter,
                        srv_carried_fn *carried, void *arg)
{
    struct whatsapp *whatsapp = (struct whatsapp *)provider;
    struct flight *flight = free_flight(whatsapp);
    struct cm_transfer *transfer = &flight->transfer;
    bool plain = strncmp(whatsapp->url, "http:", 5) == 0;
    flight->carried = carried;
    flight->arg = arg;
    transfer->done = on_done;
    flight->body = body_of(&whatsapp->templates[letter->kind], letter);
    cm_net_prepare(whatsapp->net, transfer, ANSWER_MAX, TIMEOUT_MS);
    cm_transfer_set(transfer, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    cm_transfer_set(transfer, CURLOPT_USERAGENT, "rollcall-server/" ROLLCALL_VERSION);
    /* On a connection that was used before, libcurl sends a request again by itself when that connection turns out to be
     * closed; the other side may have taken it. */
    cm_transfer_set(transfer, CURLOPT_FRESH_CONNECT, 1L);
    cm_transfer_set(transfer, CURLOPT_FORBID_REUSE, 1L);
    cm_transfer_set(transfer, CURLOPT_PROTOCOLS_STR, plain ? "http" : "https");
    cm_transfer_set(transfer, CURLOPT_URL, whatsapp->url);
    cm_transfer_header(transfer, "Expect:");
    cm_transfer_header(transfer, "Content-Type: application/json");
    cm_transfer_header(transfer, whatsapp->authorization);
    if (flight->body != NULL) {
        cm_transfer_set(transfer, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen(flight->body));
        cm_transfer_set(transfer, CURLOPT_POSTFIELDS, flight->body);
    } else {
        transfer->bad = true;
    }
    cm_net_start(whatsapp->net, transfer);
}

/* ---- life ---- */

static void close_whatsapp(struct srv_provider *provider)
{
    struct whatsapp *whatsapp = (struct whatsapp *)provider;
    cm_net_close(whatsapp->net);
    for (int i = 0; i < SRV_PROVIDER_FLIGHTS_MAX; i++) {
        char *body = whatsapp->flights[i].body;
        sodium_memzero(body, body != NULL ? strlen(body) : 0);
        free(body);
    }
    if (whatsapp->authorization != NULL)
        sodium_memzero(whatsapp->authorization, strlen(whatsapp->authorization));
    free(whatsapp->authorization);
    free(whatsapp);
}

static const struct srv_provider_class class_ = {"whatsapp", false, send_letter, close_whatsapp};

static bool is_segment(const char *text)
{
    return text[0] != '\0' &&
           strspn(text, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ._-") == strlen(text);
}

static enum cm_code set_templates(struct whatsapp *whatsapp, const struct srv_whatsapp_options *options,
                                  struct cm_err *err)
{
    for (int i = 0; i < SRV_LETTER_KINDS; i++) {
        const struct srv_template_options *from = &options->templates[i];
        struct template *to = &whatsapp->templates[i];
        if (!is_segment(from->name) || strlen(from->name) >= sizeof to->name || !is_segment(from->language) ||
            strlen(from->language) >= sizeof to->language)
            return cm_fail(
                err, CM_INVALID,
                "[whatsapp] a template has a name of a-z, 0-9 and _, and a language such as en_US: "
                "the one of %s",
                srv_letter_kind_name((enum srv_letter_kind)i));
        if (!srv_word_list(from->words, to->words, &to->count))
            return cm_fail(
                err, CM_INVALID,
                "[whatsapp] the words of the template %.60s: some of recipient, student, class, days, "
                "dates, school and code, with commas",
                from->name);
        strcpy(to->name, from->name);
        strcpy(to->language, from->language);
    }
    return CM_OK;
}

static enum cm_code set_address(struct whatsapp *whatsapp, const struct srv_whatsapp_options *options,
                                struct cm_err *err)
{
    const struct cm_url_rule rule = {"https", "http", false, ""};
    char base[256];
    enum cm_code code = cm_url_check(options->base_url, &rule, base, sizeof base, err);
    if (code != CM_OK)
        return cm_fail(err, code, "[whatsapp] base_url: %.200s", err->msg);
    if (!is_segment(options->api_version))
        return cm_fail(err, CM_INVALID, "[whatsapp] api_version is like v23.0");
    if (!is_segment(options->phone_id))
        return cm_fail(
            err, CM_INVALID,
            "[whatsapp] phone_id (or WHATSAPP_PHONE_ID) is missing: the id of the number that sends");
    if (options->token[0] == '\0' || strpbrk(options->token, "\r\n") != NULL)
        return cm_fail(
            err, CM_INVALID,
            "WHATSAPP_TOKEN is missing: in the environment, or in the file of [alerts] credentials");
    int size = snprintf(whatsapp->url, sizeof whatsapp->url, "%s/%.32s/%.64s/messages", base,
                        options->api_version, options->phone_id);
    return size < (int)sizeof whatsapp->url ? CM_OK
                                            : cm_fail(err, CM_INVALID, "[whatsapp] base_url is too long");
}

enum cm_code srv_whatsapp_open(uv_loop_t *loop, const struct srv_whatsapp_options *options,
                               struct srv_provider **ret_provider, struct cm_err *err)
{
    struct whatsapp *whatsapp = calloc(1, sizeof *whatsapp);
    size_t size = sizeof "Authorization: Bearer " + strlen(options->token);
    if (whatsapp == NULL || (whatsapp->authorization = malloc(size)) == NULL) {
        free(whatsapp);
        return cm_fail(err, CM_NOMEM, "no memory for the messages");
    }
    whatsapp->base.class_ = &class_;
    snprintf(whatsapp->authorization, size, "Authorization: Bearer %s", options->token);
    enum cm_code code = set_address(whatsapp, options, err);
    if (code == CM_OK)
        code = set_templates(whatsapp, options, err);
    if (code == CM_OK)
        code = cm_net_open(loop, 1, &whatsapp->net, err);
    if (code != CM_OK) {
        close_whatsapp(&whatsapp->base);
        return code;
    }
    *ret_provider = &whatsapp->base;
    return CM_OK;
}
