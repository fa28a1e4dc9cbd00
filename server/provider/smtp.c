/* Letters as plain mails, handed to a school's mail server. */
#include "provider/provider.h"

#include "base/buf.h"
#include "base/log.h"
#include "base/uuid.h"
#include "net/net.h"
#include "net/url.h"
#include "roster/fields.h"
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    MAIL_MAX = 32 * 1024,
    ANSWER_MAX = 16 * 1024,
    TIMEOUT_MS = 60000,
    LINE_BYTES = 57, /* of base64: 76 characters */
    WORD_BYTES = 42, /* of an encoded word: 56 characters and its frame */
    HOUR_MS = 3600 * 1000,
};

struct flight {
    struct cm_transfer transfer; /* first */
    struct curl_slist *to;
    struct cm_buf mail;
    size_t at;  /* how much was read */
    bool whole; /* all was handed over, and its end said: it may have been taken */
    char id[CM_UUID_TEXT_SIZE];
    srv_carried_fn *carried;
    void *arg;
};

struct smtp {
    struct srv_provider base; /* first */
    struct cm_net *net;
    const struct cm_clock *clock;
    char url[256], from[SRV_EMAIL_SIZE], user[128], password[256];
    bool loopback;
    struct flight flights[SRV_PROVIDER_FLIGHTS_MAX];
};

/* ---- the mail ---- */

static enum cm_code append_base64(struct cm_buf *out, const uint8_t *bytes, size_t size)
{
    char text[sodium_base64_ENCODED_LEN(LINE_BYTES, sodium_base64_VARIANT_ORIGINAL)];
    sodium_bin2base64(text, sizeof text, bytes, size, sodium_base64_VARIANT_ORIGINAL);
    enum cm_code code = cm_buf_append_text(out, text);
    sodium_memzero(text, sizeof text);
    return code;
}

/* Always as encoded words (RFC 2047): nothing of the text can end the header. Words end between characters. */
static enum cm_code append_header(struct cm_buf *out, const char *name, const char *text)
{
    size_t left = strlen(text);
    enum cm_code code = cm_buf_appendf(out, "%s:", name);
    while (left > 0 && code == CM_OK) {
        size_t size = left < WORD_BYTES ? left : WORD_BYTES;
        while (size < left && size > 1 && ((unsigned char)text[size] & 0xc0) == 0x80)
            size--;
        code = cm_buf_append_text(out, " =?utf-8?B?");
        if (code == CM_OK)
            code = append_base64(out, (const uint8_t *)text, size);
        text += size;
        left -= size;
        if (code == CM_OK)
            code = cm_buf_append_text(out, left > 0 ? "?=\r\n" : "?=");
    }
    return code == CM_OK ? cm_buf_append_text(out, "\r\n") : code;
}

static enum cm_code append_body(struct cm_buf *out, const struct cm_buf *text)
{
    enum cm_code code = CM_OK;
    for (size_t at = 0; at < text->size && code == CM_OK; at += LINE_BYTES) {
        size_t size = text->size - at < LINE_BYTES ? text->size - at : LINE_BYTES;
        code = append_base64(out, text->data + at, size);
        if (code == CM_OK)
            code = cm_buf_append_text(out, "\r\n");
    }
    return code;
}

static enum cm_code append_date(struct cm_buf *out, int64_t now_ms)
{
    static const char days[] = "SunMonTueWedThuFriSat", months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    time_t seconds = (time_t)(now_ms / 1000);
    struct tm tm;
    if (gmtime_r(&seconds, &tm) == NULL)
        return CM_OK; /* the mail server will say when */
    return cm_buf_appendf(out, "Date: %.3s, %02d %.3s %d %02d:%02d:%02d +0000\r\n", days + 3 * tm.tm_wday,
                          tm.tm_mday, months + 3 * tm.tm_mon, tm.tm_year + 1900, tm.tm_hour, tm.tm_min,
                          tm.tm_sec);
}

static enum cm_code append_heads(const struct srv_letter *letter, const char *from, int64_t now_ms,
                                 const char *subject, struct cm_buf *mail)
{
    char id[CM_UUID_TEXT_SIZE];
    enum cm_code code = cm_buf_appendf(mail, "From: <%s>\r\nTo: <%s>\r\n", from, letter->to);
    if (code == CM_OK)
        code = append_date(mail, now_ms);
    if (code == CM_OK)
        code = append_header(mail, "Subject", subject);
    if (code == CM_OK)
        code = cm_buf_appendf(mail,
                              "Message-ID: <%s@%s>\r\nAuto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
                              "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: "
                              "base64\r\n\r\n",
                              cm_uuid_text(letter->id, id), strchr(from, '@') + 1);
    return code;
}

static void wipe(struct cm_buf *buf)
{
    if (buf->data != NULL)
        sodium_memzero(buf->data, buf->size);
    cm_buf_finish(buf);
}

enum cm_code srv_mail_text(const struct srv_letter *letter, const char *from, int64_t now_ms,
                           struct cm_buf *mail, struct cm_err *err)
{
    struct cm_buf subject, body;
    if (!cm_email_fine(letter->to) || !cm_email_fine(from))
        return cm_fail(err, CM_INVALID, "that is no e-mail address");
    cm_buf_init(&subject, MAIL_MAX / 4);
    cm_buf_init(&body, MAIL_MAX / 2);
    enum cm_code code = srv_letter_fill(letter, srv_letter_texts[letter->kind].subject, &subject);
    if (code == CM_OK)
        code = srv_letter_fill(letter, srv_letter_texts[letter->kind].body, &body);
    if (code == CM_OK)
        code = cm_buf_append_text(&body, "\r\n");
    if (code == CM_OK)
        code = append_heads(letter, from, now_ms, (const char *)subject.data, mail);
    if (code == CM_OK)
        code = append_body(mail, &body);
    wipe(&subject);
    wipe(&body);
    return code == CM_OK ? CM_OK : cm_fail(err, code, "no memory for a mail");
}

/* ---- what becomes of it ---- */

/* 2xx took it; 4xx and 5xx did not, whenever they came. Without either, what was not handed over to its end was not taken
 * (RFC 5321, 4.1.1.4). */
static void judge(const struct flight *flight, const struct cm_transfer_end *end,
                  struct srv_carriage *carriage)
{
    int status = end->status;
    carriage->text = end->text;
    carriage->code = status >= 400 ? status : 0;
    if (!end->refused && end->result == CURLE_OK) {
        carriage->what = SRV_CARRIED_SENT;
        carriage->id = flight->id;
        carriage->text = "";
    } else if (end->result == CURLE_LOGIN_DENIED || status == 530 || status == 535) {
        carriage->what = SRV_CARRIED_RETRY;
        carriage->scope = SRV_SCOPE_ALL;
        carriage->admin = true;
        carriage->after_ms = HOUR_MS;
    } else if (status >= 500 && status < 600) {
        carriage->what = SRV_CARRIED_FINAL;
    } else if (status >= 400 && status < 500) {
        carriage->what = SRV_CARRIED_RETRY;
        carriage->scope = status == 421 ? SRV_SCOPE_ALL : SRV_SCOPE_MESSAGE;
    } else {
        carriage->what = flight->whole ? SRV_CARRIED_UNKNOWN : SRV_CARRIED_NOT_SENT;
        carriage->scope = SRV_SCOPE_ALL;
    }
}

static void on_done(struct cm_transfer *transfer, const struct cm_transfer_end *end)
{
    struct flight *flight = (struct flight *)transfer;
    struct srv_carriage carriage = {.id = "", .text = ""};
    judge(flight, end, &carriage);
    wipe(&flight->mail);
    curl_slist_free_all(flight->to);
    flight->to = NULL;
    if (carriage.what != SRV_CARRIED_SENT)
        cm_log(CM_LOG_WARN, "smtp", "a mail was not taken", CM_INT("code", carriage.code),
               CM_STR("reason", end->text));
    flight->carried(flight->arg, &carriage);
}

/* ---- sending ---- */

static size_t give_bytes(char *to, size_t one, size_t size, void *arg)
{
    struct flight *flight = arg;
    size_t left = flight->mail.size - flight->at;
    size *= one;
    size = size < left ? size : left;
    if (size == 0) {
        flight->whole = true;
        return 0;
    }
    memcpy(to, flight->mail.data + flight->at, size);
    flight->at += size;
    return size;
}

static struct flight *free_flight(struct smtp *smtp)
{
    for (int i = 0; i < SRV_PROVIDER_FLIGHTS_MAX; i++)
        if (!smtp->flights[i].transfer.active)
            return &smtp->flights[i];
    abort(); /* the caller's promise */
}

static void begin_flight(struct smtp *smtp, struct flight *flight, const struct srv_letter *letter)
{
    char to[SRV_EMAIL_SIZE + 2];
    flight->at = 0;
    flight->whole = false;
    cm_uuid_text(letter->id, flight->id);
    cm_buf_init(&flight->mail, MAIL_MAX);
    snprintf(to, sizeof to, "<%s>", letter->to);
    flight->to = curl_slist_append(NULL, to);
    if (flight->to == NULL ||
        srv_mail_text(letter, smtp->from, cm_wall_ms(smtp->clock), &flight->mail, NULL) != CM_OK)
        flight->transfer.bad = true;
}

static void send_letter(struct srv_provider *provider, const struct srv_letter *letter,
                        srv_carried_fn *carried, void *arg)
{
    struct smtp *smtp = (struct smtp *)provider;
    struct flight *flight = free_flight(smtp);
    struct cm_transfer *transfer = &flight->transfer;
    char from[SRV_EMAIL_SIZE + 2];
    flight->carried = carried;
    flight->arg = arg;
    transfer->done = on_done;
    cm_net_prepare(smtp->net, transfer, ANSWER_MAX, TIMEOUT_MS);
    begin_flight(smtp, flight, letter);
    snprintf(from, sizeof from, "<%s>", smtp->from);
    cm_transfer_set(transfer, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    cm_transfer_set(transfer, CURLOPT_URL, smtp->url);
    cm_transfer_set(transfer, CURLOPT_USE_SSL, smtp->loopback ? (long)CURLUSESSL_TRY : (long)CURLUSESSL_ALL);
    cm_transfer_set(transfer, CURLOPT_FRESH_CONNECT, 1L);
    cm_transfer_set(transfer, CURLOPT_FORBID_REUSE, 1L);
    if (smtp->user[0] != '\0') {
        cm_transfer_set(transfer, CURLOPT_USERNAME, smtp->user);
        cm_transfer_set(transfer, CURLOPT_PASSWORD, smtp->password);
    }
    cm_transfer_set(transfer, CURLOPT_MAIL_FROM, from);
    cm_transfer_set(transfer, CURLOPT_MAIL_RCPT, flight->to);
    cm_transfer_set(transfer, CURLOPT_UPLOAD, 1L);
    cm_transfer_set(transfer, CURLOPT_READFUNCTION, give_bytes);
    cm_transfer_set(transfer, CURLOPT_READDATA, flight);
    cm_net_start(smtp->net, transfer);
}

/* ---- life ---- */

static void close_smtp(struct srv_provider *provider)
{
    struct smtp *smtp = (struct smtp *)provider;
    cm_net_close(smtp->net);
    for (int i = 0; i < SRV_PROVIDER_FLIGHTS_MAX; i++) {
        wipe(&smtp->flights[i].mail);
        curl_slist_free_all(smtp->flights[i].to);
    }
    sodium_memzero(smtp->password, sizeof smtp->password);
    free(smtp);
}

static const struct srv_provider_class class_ = {"smtp", true, send_letter, close_smtp};

static bool copy(char *to, size_t size, const char *from)
{
    int length = snprintf(to, size, "%s", from != NULL ? from : "");
    return length < (int)size && strpbrk(to, "\r\n") == NULL;
}

static enum cm_code set_options(struct smtp *smtp, const struct srv_smtp_options *options, struct cm_err *err)
{
    /* smtp:// begins plain and must go on protected, but on this machine */
    const struct cm_url_rule anywhere = {"smtps", "smtp", true, ""}, here = {"smtps", "smtp", false, ""};
    char url[sizeof smtp->url];
    enum cm_code code = cm_url_check(options->url, &anywhere, smtp->url, sizeof smtp->url, err);
    if (code != CM_OK)
        return cm_fail(err, code, "[smtp] url: %.200s", err->msg);
    smtp->loopback = strncmp(smtp->url, "smtp:", 5) == 0 &&
                     cm_url_check(options->url, &here, url, sizeof url, NULL) == CM_OK;
    if (!cm_email_fine(options->from))
        return cm_fail(err, CM_INVALID, "[smtp] from must be the e-mail address that mails come from");
    if (!copy(smtp->from, sizeof smtp->from, options->from) ||
        !copy(smtp->user, sizeof smtp->user, options->user) ||
        !copy(smtp->password, sizeof smtp->password, options->password))
        return cm_fail(err, CM_INVALID, "[smtp] user or password is too long");
    if ((smtp->user[0] == '\0') != (smtp->password[0] == '\0'))
        return cm_fail(
            err, CM_INVALID,
            "[smtp] user and the password (SMTP_PASSWORD) belong together: one of them is missing");
    smtp->clock = options->clock;
    return CM_OK;
}

enum cm_code srv_smtp_open(uv_loop_t *loop, const struct srv_smtp_options *options,
                           struct srv_provider **ret_provider, struct cm_err *err)
{
    struct smtp *smtp = calloc(1, sizeof *smtp);
    if (smtp == NULL)
        return cm_fail(err, CM_NOMEM, "no memory for the mails");
    smtp->base.class_ = &class_;
    enum cm_code code = set_options(smtp, options, err);
    if (code == CM_OK)
        code = cm_net_open(loop, 1, &smtp->net, err);
    if (code != CM_OK) {
        close_smtp(&smtp->base);
        return code;
    }
    *ret_provider = &smtp->base;
    return CM_OK;
}
