/* `pair`: begins with a server; `pair --renew`: the way out when the server has other events of this station. */
#include "cli/cli.h"

#include "base/file.h"
#include "cli/server_call.h"
#include "store/store_sync.h"
#include "sync/message.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CALL_MS = 20000 };

struct pairing_work {
    struct stn_cli *cli;
    struct stn_store *store;
    struct stn_pairing pairing;
    char *ca_pem; /* NULL: none */
    struct stn_transport_options transport;
};

/* ---- what the command line says ---- */

static enum cm_code read_ca(struct pairing_work *work, const char *path, struct cm_err *err)
{
    enum cm_code code = cm_file_read(path, STN_CA_MAX, &work->ca_pem, NULL, err);
    if (code == CM_OK && strstr(work->ca_pem, "-----BEGIN CERTIFICATE-----") == NULL)
        code = cm_fail(err, CM_INVALID, "%.150s holds no certificate (PEM)", path);
    return code;
}

static enum cm_code prepare(struct pairing_work *work, struct cm_err *err)
{
    const char *ca = stn_cli_value(work->cli, STN_OPT_CA), *pin = stn_cli_value(work->cli, STN_OPT_PIN);
    bool allow_plain = work->cli->settings.allow_plain;
    enum cm_code code = stn_transport_check_url(work->cli->argv[0], allow_plain, work->pairing.url,
                                                sizeof work->pairing.url, err);
    if (code == CM_OK && ca != NULL)
        code = read_ca(work, ca, err);
    if (code == CM_OK && pin != NULL)
        code = stn_transport_check_pin(pin, err);
    if (code == CM_OK && pin != NULL)
        snprintf(work->pairing.pin, sizeof work->pairing.pin, "%s", pin);
    work->transport = (struct stn_transport_options){.url = work->pairing.url,
                                                     .ca_pem = work->ca_pem,
                                                     .pin = work->pairing.pin,
                                                     .allow_plain = allow_plain};
    return code;
}

/* ---- the server's word ---- */

static enum cm_code explain(const struct pairing_work *work, const struct stn_server_call *call,
                            struct cm_err *err)
{
    const char *url = work->pairing.url;
    if (call->failure == STN_SYNC_UNTRUSTED)
        return cm_fail(
            err, CM_BACKEND,
            "the certificate of %.80s is not to be trusted (%.80s): add --ca FILE or --pin sha256//…", url,
            call->text);
    if (call->failure != STN_SYNC_ANSWERED)
        return cm_fail(err, CM_BACKEND, "%.100s cannot be reached: %.120s", url, call->text);
    if (call->status == 401)
        return cm_fail(err, CM_INVALID,
                       "the code is not right, or is over: on the server, station add prints a new one");
    if (call->status == 429)
        return cm_fail(err, CM_AGAIN, "too many tries: wait %d s",
                       call->retry_after_s > 0 ? call->retry_after_s : 60);
    if (call->status == 409)
        return cm_fail(
            err, CM_EXISTS,
            "the server knows the log of this device as another station's: use a code of that station "
            "(station code NAME), or take a new identity by --renew");
    return cm_fail(err, CM_BACKEND, "%.100s answers %d: is that a Rollcall server, and of this version?", url,
                   call->status);
}

static enum cm_code ask(struct pairing_work *work, const uint8_t public_key[CM_PUBLIC_KEY_SIZE],
                        struct cm_err *err)
{
    struct cm_pair_request request = {.version = ROLLCALL_VERSION};
    struct cm_pair_answer answer;
    struct stn_server_call call = {0};
    struct cm_buf body;
    if (snprintf(request.code, sizeof request.code, "%s", work->cli->argv[1]) >= (int)sizeof request.code)
        return cm_fail(err, CM_INVALID, "the code is too long");
    memcpy(request.public_key, public_key, sizeof request.public_key);
    cm_buf_init(&body, CM_SYNC_SMALL_MAX);
    enum cm_code code = cm_message_encode(CM_MESSAGE_PAIR_REQUEST, &request, &body, err);
    struct stn_sync_request http = {.channel = STN_SYNC_UP,
                                    .post = true,
                                    .path = "/sync/v1/pair",
                                    .content_type = CM_SYNC_TYPE,
                                    .body = body.data,
                                    .size = body.size,
                                    .timeout_ms = CALL_MS,
                                    .answer_max = CM_SYNC_SMALL_MAX};
    if (code == CM_OK)
        code = stn_server_call(&work->transport, &http, &call, err);
    if (code == CM_OK &&
        (call.failure != STN_SYNC_ANSWERED || call.status != 200 ||
         cm_message_decode(CM_MESSAGE_PAIR_ANSWER, call.body.data, call.body.size, &answer, NULL) != CM_OK))
        code = explain(work, &call, err);
    if (code == CM_OK) {
        memcpy(work->pairing.station_id, answer.station_id, sizeof work->pairing.station_id);
        memcpy(work->pairing.token, answer.token, sizeof work->pairing.token);
        memcpy(work->pairing.name, answer.name, sizeof work->pairing.name);
        memcpy(work->pairing.server_key, answer.server_key, sizeof work->pairing.server_key);
        work->pairing.paired_wall_ms = cm_wall_ms(work->cli->clock);
    }
    explicit_bzero(&answer, sizeof answer);
    stn_server_call_finish(&call);
    cm_buf_finish(&body);
    return code;
}

/* ---- renewal ---- */

/* Does the server have our event of this number? Asked with the old token. */
static enum cm_code server_has(const struct stn_transport_options *old, struct stn_store *store, uint64_t seq,
                               bool *ret_same, struct cm_err *err)
{
    struct cm_hash_answer answer;
    struct stn_server_call call = {0};
    uint8_t hash[CM_HASH_SIZE];
    char path[64];
    snprintf(path, sizeof path, "/sync/v1/hash?seq=%llu", (unsigned long long)seq);
    struct stn_sync_request http = {
        .channel = STN_SYNC_UP, .path = path, .timeout_ms = CALL_MS, .answer_max = CM_SYNC_SMALL_MAX};
    enum cm_code code = stn_store_hash_at(store, seq, hash, err);
    if (code == CM_OK)
        code = stn_server_call(old, &http, &call, err);
    if (code == CM_OK && call.status == 404)
        *ret_same = false;
    else if (code == CM_OK && call.status == 200 &&
             cm_message_decode(CM_MESSAGE_HASH_ANSWER, call.body.data, call.body.size, &answer, NULL) ==
                 CM_OK)
        *ret_same = memcmp(answer.hash, hash, sizeof hash) == 0;
    else if (code == CM_OK)
        code = cm_fail(err, CM_NOTFOUND, "the server does not say");
    stn_server_call_finish(&call);
    return code;
}

/* The first event that the server does not have: a chain that is the same up to n is the same up to everything before n.
 * Where the server does not answer (the old token was revoked), what it once acknowledged was the same. */
static uint64_t first_missing(struct pairing_work *work, uint64_t last_seq)
{
    struct stn_pairing old;
    struct stn_sync_marks marks = {0};
    struct cm_buf pem;
    bool same = false;
    cm_buf_init(&pem, STN_CA_MAX);
    if (stn_store_get_pairing(work->store, &old, NULL) != CM_OK ||
        stn_store_get_ca(work->store, &pem, NULL) != CM_OK ||
        stn_store_get_sync_marks(work->store, &marks, NULL) != CM_OK)
        return 1;
    struct stn_transport_options transport = {.url = old.url,
                                              .token = old.token,
                                              .ca_pem = (const char *)pem.data,
                                              .pin = old.pin,
                                              .allow_plain = work->cli->settings.allow_plain};
    uint64_t known = 0, unknown = last_seq + 1;
    enum cm_code code = CM_OK;
    while (code == CM_OK && unknown - known > 1) {
        uint64_t middle = known + (unknown - known) / 2;
        cm_progress("looking for the first event that the server does not have", known, last_seq);
        code = server_has(&transport, work->store, middle, &same, NULL);
        if (code == CM_OK && same)
            known = middle;
        else if (code == CM_OK)
            unknown = middle;
    }
    cm_progress_end();
    explicit_bzero(&old, sizeof old);
    cm_buf_finish(&pem);
    return code == CM_OK ? known + 1 : marks.acked_seq < last_seq ? marks.acked_seq + 1 : last_seq + 1;
}

/* The old log, as it would have gone up: pushes of message.h, each with its size (4 bytes little endian) before it. */
static enum cm_code save_old_log(struct pairing_work *work, uint64_t last_seq, char *path, size_t path_size,
                                 struct cm_err *err)
{
    struct cm_push *push = calloc(1, sizeof *push);
    struct cm_buf body;
    snprintf(path, path_size, "%s/old-log-%lld.pushes", work->cli->settings.data_dir,
             (long long)cm_wall_ms(work->cli->clock));
    FILE *file = push != NULL ? fopen(path, "wbx") : NULL;
    if (file == NULL) {
        free(push);
        return cm_fail(err, CM_BACKEND, "cannot write %.200s", path);
    }
    cm_buf_init(&body, CM_SYNC_PUSH_MAX);
    enum cm_code code = CM_OK;
    bool written = fchmod(fileno(file), 0600) == 0;
    for (uint64_t seq = 1; seq <= last_seq && code == CM_OK && written;) {
        cm_buf_reset(&body);
        uint64_t up_to = 0;
        code = stn_store_encode_push(work->store, seq, push, &body, &up_to, err);
        uint8_t size[4] = {(uint8_t)body.size, (uint8_t)(body.size >> 8), (uint8_t)(body.size >> 16),
                           (uint8_t)(body.size >> 24)};
        written = code != CM_OK ||
                  (fwrite(size, sizeof size, 1, file) == 1 && fwrite(body.data, body.size, 1, file) == 1);
        seq = up_to + 1;
    }
    written = written && fflush(file) == 0 && fsync(fileno(file)) == 0;
    written = fclose(file) == 0 && written;
    if (code == CM_OK && !written)
        code = cm_fail(err, CM_NOSPACE, "cannot write %.200s: is the disk full?", path);
    if (code != CM_OK)
        unlink(path);
    cm_buf_finish(&body);
    free(push);
    return code;
}

static int renew(struct pairing_work *work)
{
    struct cm_err err = CM_ERR_INIT;
    struct cm_keys *keys = NULL;
    uint64_t last_seq = 0, events = 0;
    char path[700] = "";
    enum cm_code code = stn_store_last_seq(work->store, &last_seq, &err);
    if (code == CM_OK && !stn_store_is_paired(work->store))
        code = cm_fail(&err, CM_INVALID, "this station is not paired: leave out --renew");
    uint64_t first_seq = code == CM_OK ? first_missing(work, last_seq) : 1;
    if (code == CM_OK)
        code = save_old_log(work, last_seq, path, sizeof path, &err);
    if (code == CM_OK)
        code = stn_store_new_keys(work->store, &keys, &err);
    if (code == CM_OK)
        code = ask(work, cm_keys_public(keys), &err);
    if (code != CM_OK && path[0] != '\0')
        unlink(path);
    struct stn_renewal renewal = {
        .new_keys = keys, .first_seq = first_seq, .pairing = &work->pairing, .ca_pem = work->ca_pem};
    if (code == CM_OK)
        code = stn_store_renew(work->store, &renewal, &events, &err);
    cm_keys_destroy(keys);
    if (code != CM_OK)
        return stn_cli_fail(&err);
    if (work->cli->json)
        stn_cli_print_json(json_pack("{s:s, s:s, s:s, s:I, s:s}", "server", work->pairing.url, "station",
                                     work->pairing.station_id, "name", work->pairing.name, "events",
                                     (json_int_t)events, "old_log", path));
    else
        printf("paired with %s as \"%s\", with a new log of %llu events that the server did not have\nthe "
               "old log is kept "
               "in %s\n",
               work->pairing.url, work->pairing.name, (unsigned long long)events, path);
    return STN_EXIT_OK;
}

/* ---- pair ---- */

static int begin(struct pairing_work *work)
{
    struct cm_err err = CM_ERR_INIT;
    size_t students = 0;
    enum cm_code code = ask(work, stn_store_public_key(work->store), &err);
    if (code == CM_OK)
        code = stn_store_put_pairing(work->store, &work->pairing, work->ca_pem, &err);
    if (code == CM_OK)
        code = stn_store_count_own_students(work->store, &students, &err);
    if (code != CM_OK)
        return stn_cli_fail(&err);
    if (work->cli->json) {
        stn_cli_print_json(json_pack("{s:s, s:s, s:s, s:i}", "server", work->pairing.url, "station",
                                     work->pairing.station_id, "name", work->pairing.name, "own_students",
                                     (int)students));
        return STN_EXIT_OK;
    }
    printf("paired with %s as \"%s\"; the roster now comes from there\n", work->pairing.url,
           work->pairing.name);
    if (students > 0)
        printf("%zu students are on this station's roster so far: those that the server knows by the same id "
               "keep "
               "their faces\n",
               students);
    return STN_EXIT_OK;
}

int stn_cmd_pair(struct stn_cli *cli)
{
    struct pairing_work work = {.cli = cli};
    struct cm_err err = CM_ERR_INIT;
    if (cli->argc != 2)
        return stn_cli_usage("pair URL CODE [--ca FILE | --pin sha256//…] [--renew]");
    int status = STN_EXIT_FAILED;
    if (prepare(&work, &err) != CM_OK || stn_cli_open_store(cli, false, &work.store, &err) != CM_OK)
        stn_cli_fail(&err);
    else
        status = stn_cli_value(cli, STN_OPT_RENEW) != NULL ? renew(&work) : begin(&work);
    stn_store_close(work.store);
    explicit_bzero(&work.pairing, sizeof work.pairing);
    free(work.ca_pem);
    return status;
}
