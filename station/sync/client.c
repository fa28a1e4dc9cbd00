#include "sync/client.h"

#include "crypt/seal.h"
#include "sync/client_private.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const int64_t second_us = 1000000;
enum {
    FIRST_WAIT_S = 1,
    LONGEST_WAIT_S = 300,
    RETRY_AFTER_MAX_S = 3600,
    NOTE_EVERY_S = 600,
    STALL_MS = 30000,
    LONGEST_MS = 300000,
};
static const int64_t least_wait_us = 100000;

const char *stn_sync_trouble_name(enum stn_sync_trouble trouble)
{
    static const char *const names[] = {"fine",    "connecting", "server_away", "certificate",
                                        "revoked", "forked",     "refused",     "store"};
    return (size_t)trouble < sizeof names / sizeof names[0] ? names[trouble] : "unknown";
}

/* ---- chance: splitmix64, whose every seed is a good one ---- */

static uint64_t draw(struct stn_sync_client *client)
{
    uint64_t z = client->random += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* ---- what is wrong ---- */

/* What a person must mend comes before what passes by itself. */
static int gravity(enum stn_sync_trouble trouble)
{
    static const enum stn_sync_trouble order[] = {STN_SYNC_FINE,    STN_SYNC_CONNECTING, STN_SYNC_SERVER_AWAY,
                                                  STN_SYNC_REFUSED, STN_SYNC_STORE,      STN_SYNC_CERTIFICATE,
                                                  STN_SYNC_FORKED,  STN_SYNC_REVOKED};
    for (int i = 0; i < (int)(sizeof order / sizeof order[0]); i++)
        if (order[i] == trouble)
            return i;
    return 0;
}

/* Other processes see how sync stands by a note in the store, which is not worth a commit at each contact. A store that
 * cannot write shows elsewhere. */
static void write_note(struct stn_sync_client *client, struct stn_sync_now now)
{
    struct stn_sync_note note = {.since_wall_ms = client->status.since_wall_ms,
                                 .last_contact_wall_ms = client->status.last_contact_wall_ms != 0
                                                             ? client->status.last_contact_wall_ms
                                                             : client->noted.last_contact_wall_ms};
    snprintf(note.trouble, sizeof note.trouble, "%s", stn_sync_trouble_name(client->status.trouble));
    snprintf(note.text, sizeof note.text, "%s", client->status.text);
    bool same =
        strcmp(note.trouble, client->noted.trouble) == 0 && strcmp(note.text, client->noted.text) == 0;
    if (client->status.trouble == STN_SYNC_CONNECTING ||
        (same && now.mono_us - client->noted_us < NOTE_EVERY_S * second_us))
        return;
    client->noted = note;
    client->noted_us = now.mono_us;
    (void)stn_store_put_sync_note(client->store, &note, NULL);
}

static void refresh_status(struct stn_sync_client *client, struct stn_sync_now now,
                           struct stn_sync_effects *effects)
{
    struct stn_sync_status *status = &client->status;
    const struct channel *worst = NULL;
    enum stn_sync_trouble trouble = client->answered ? STN_SYNC_FINE : STN_SYNC_CONNECTING;
    for (int i = STN_SYNC_UP; i <= STN_SYNC_DOWN; i++)
        if (gravity(client->channels[i].trouble) > gravity(trouble)) {
            worst = &client->channels[i];
            trouble = worst->trouble;
        }
    const char *text = worst != NULL ? worst->text : "";
    if (trouble != status->trouble)
        status->since_wall_ms = now.wall_ms;
    effects->status = effects->status || trouble != status->trouble || strcmp(text, status->text) != 0;
    status->trouble = trouble;
    snprintf(status->text, sizeof status->text, "%s", text);
    write_note(client, now);
}

__attribute__((format(printf, 3, 0))) static void
set_trouble(struct channel *channel, enum stn_sync_trouble trouble, const char *fmt, va_list args)
{
    channel->trouble = trouble;
    vsnprintf(channel->text, sizeof channel->text, fmt, args);
}

/* ---- waiting ---- */

void client_rest(struct stn_sync_client *client, enum stn_sync_channel channel, int64_t us,
                 struct stn_sync_now now)
{
    client->channels[channel].not_before_us = now.mono_us + us;
    client->channels[channel].waiting = WAITING_A_MOMENT;
}

void client_back_off(struct stn_sync_client *client, enum stn_sync_channel channel,
                     enum stn_sync_trouble trouble, int32_t retry_after_s, struct stn_sync_now now,
                     const char *fmt, ...)
{
    struct channel *c = &client->channels[channel];
    int64_t longest_s = c->failures < 9 ? FIRST_WAIT_S << c->failures : LONGEST_WAIT_S;
    if (longest_s > LONGEST_WAIT_S)
        longest_s = LONGEST_WAIT_S;
    if (retry_after_s > RETRY_AFTER_MAX_S)
        retry_after_s = RETRY_AFTER_MAX_S;
    int64_t wait_us = (int64_t)(draw(client) % (uint64_t)(longest_s * second_us));
    if (wait_us < least_wait_us)
        wait_us = least_wait_us;
    if (retry_after_s > 0 && wait_us < retry_after_s * second_us) /* not all stations in the same instant */
        wait_us = retry_after_s * second_us + (int64_t)(draw(client) % (uint64_t)second_us);
    c->failures += c->failures < 100;
    c->not_before_us = now.mono_us + wait_us;
    c->waiting = retry_after_s > 0 ? WAITING_A_MOMENT : WAITING_FOR_SERVER;
    va_list args;
    va_start(args, fmt);
    set_trouble(c, trouble, fmt, args);
    va_end(args);
}

void client_stop(struct stn_sync_client *client, enum stn_sync_channel channel, enum stn_sync_trouble trouble,
                 struct stn_sync_now now, const char *fmt, ...)
{
    struct channel *c = &client->channels[channel];
    c->failures += c->failures < 100;
    c->not_before_us = now.mono_us + LONGEST_WAIT_S * second_us +
                       (int64_t)(draw(client) % (uint64_t)(LONGEST_WAIT_S * second_us));
    c->waiting = WAITING_FOR_A_PERSON;
    va_list args;
    va_start(args, fmt);
    set_trouble(c, trouble, fmt, args);
    va_end(args);
}

void client_succeeded(struct stn_sync_client *client, enum stn_sync_channel channel, struct stn_sync_now now)
{
    struct channel *c = &client->channels[channel];
    c->failures = 0;
    c->not_before_us = 0;
    c->waiting = NOT_WAITING;
    c->trouble = STN_SYNC_FINE;
    c->text[0] = '\0';
    client->answered = true;
    client->status.last_contact_wall_ms = now.wall_ms;
    for (int i = 0; i < STN_SYNC_CHANNELS; i++) /* it is there again: nobody waits any longer for that */
        if (client->channels[i].waiting == WAITING_FOR_SERVER) {
            client->channels[i].not_before_us = 0;
            client->channels[i].waiting = NOT_WAITING;
        }
}

static bool passes_by_itself(int status)
{
    return status == 408 || status == 425 || status == 429 || status >= 500;
}

void client_failed(struct stn_sync_client *client, enum stn_sync_channel channel,
                   const struct stn_sync_answer *answer, struct stn_sync_now now)
{
    const char *text = answer->text != NULL ? answer->text : "no answer";
    if (channel == STN_SYNC_DOWN)
        client->status.watched = false;
    switch (answer->failure) {
    case STN_SYNC_CANCELED:
        return;
    case STN_SYNC_AWAY:
        client_back_off(client, channel, STN_SYNC_SERVER_AWAY, 0, now, "%s: %.120s", client->url, text);
        return;
    case STN_SYNC_UNTRUSTED:
        client_stop(client, channel, STN_SYNC_CERTIFICATE, now,
                    "the certificate of %.100s is not to be trusted (%.80s): pair with --ca or --pin",
                    client->url, text);
        return;
    case STN_SYNC_GARBLED:
        client_back_off(client, channel, STN_SYNC_REFUSED, 0, now,
                        "%.120s does not answer as it should: %.80s", client->url, text);
        return;
    case STN_SYNC_ANSWERED:
        break;
    }
    if (answer->status == 401 || answer->status == 403)
        client_stop(client, channel, STN_SYNC_REVOKED, now,
                    "%.100s does not know this station any more: ask for a new code of it (it may have to be "
                    "added anew) and pair it again; its events are kept",
                    client->url);
    else if (passes_by_itself(answer->status))
        client_back_off(client, channel, STN_SYNC_SERVER_AWAY, answer->retry_after_s, now,
                        "%.150s answers %d", client->url, answer->status);
    else
        client_back_off(client, channel, STN_SYNC_REFUSED, 0, now,
                        "%.120s answers %d: is that the right server, and of this version?", client->url,
                        answer->status);
}

/* ---- shared ---- */

void client_compare_clocks(struct stn_sync_client *client, enum stn_sync_channel channel, int64_t time_ms,
                           bool polled, struct stn_sync_now now, struct stn_sync_effects *effects)
{
    int64_t round_trip_ms = (now.mono_us - client->channels[channel].sent.mono_us) / 1000;
    if (polled && round_trip_ms > 1000) /* it rested at the server, which looked at its clock at the end */
        round_trip_ms = 0;
    client->status.clock_known = true;
    client->status.clock_offset_ms = time_ms + round_trip_ms / 2 - now.wall_ms;
    effects->clock = true;
}

bool client_is_current(struct stn_sync_client *client)
{
    struct stn_sync_marks marks;
    client->over = client->over || (stn_store_get_sync_marks(client->store, &marks, NULL) == CM_OK &&
                                    marks.paired_wall_ms != client->paired_wall_ms);
    return !client->over;
}

static bool count_upload(void *arg, const struct stn_upload *upload)
{
    struct stn_sync_status *status = arg;
    if (upload->state == STN_UPLOAD_WAITING)
        status->uploads_waiting++;
    else
        status->uploads_refused++;
    return true;
}

void client_count_uploads(struct stn_sync_client *client)
{
    client->status.uploads_waiting = client->status.uploads_refused = 0;
    (void)stn_store_each_upload(client->store, count_upload, &client->status, NULL);
}

void client_count_events(struct stn_sync_client *client)
{
    struct stn_sync_status *status = &client->status;
    (void)stn_store_last_seq(client->store, &status->last_seq, NULL);
    status->waiting = status->last_seq > status->acked_seq ? status->last_seq - status->acked_seq : 0;
}

/* ---- life ---- */

static enum cm_code load(struct stn_sync_client *client, struct cm_err *err)
{
    struct stn_pairing pairing;
    struct stn_sync_marks marks;
    enum cm_code code = stn_store_get_pairing(client->store, &pairing, err);
    if (code == CM_OK)
        code = stn_store_get_sync_marks(client->store, &marks, err);
    if (code == CM_OK) {
        snprintf(client->url, sizeof client->url, "%s", pairing.url);
        memcpy(client->server_key, pairing.server_key, sizeof client->server_key);
        client->status.acked_seq = marks.acked_seq;
        client->paired_wall_ms = marks.paired_wall_ms;
    }
    cm_wipe(&pairing, sizeof pairing);
    return code;
}

enum cm_code stn_sync_client_create(const struct stn_sync_options *options,
                                    struct stn_sync_client **ret_client, struct cm_err *err)
{
    struct stn_sync_client *client = calloc(1, sizeof *client);
    if (client == NULL)
        return cm_fail(err, CM_NOMEM, "no memory for sync");
    client->store = options->store;
    client->random = options->seed;
    client->no_jobs = options->no_jobs;
    client->wait_s = options->wait_s < 0                    ? 0
                     : options->wait_s > CM_SYNC_WAIT_MAX_S ? CM_SYNC_WAIT_MAX_S
                                                            : options->wait_s;
    snprintf(client->version, sizeof client->version, "%s", options->version);
    cm_buf_init(&client->channels[STN_SYNC_UP].body, CM_SYNC_PUSH_MAX);
    cm_buf_init(&client->channels[STN_SYNC_DOWN].body, STN_SYNC_PATH_SIZE);
    cm_buf_init(&client->channels[STN_SYNC_JOB].body, CM_SYNC_SMALL_MAX);
    cm_buf_init(&client->channels[STN_SYNC_PREVIEW].body, CM_SYNC_PREVIEW_MAX);
    client->status.trouble = STN_SYNC_CONNECTING;
    struct stn_sync_note before = {.last_contact_wall_ms = 0};
    (void)stn_store_get_sync_note(client->store, &before, NULL);
    client->noted.last_contact_wall_ms = before.last_contact_wall_ms; /* until there is a later one */
    enum cm_code code = load(client, err);
    if (code != CM_OK) {
        stn_sync_client_destroy(client);
        return code;
    }
    client_count_events(client);
    client_count_uploads(client);
    *ret_client = client;
    return CM_OK;
}

void stn_sync_client_destroy(struct stn_sync_client *client)
{
    if (client == NULL)
        return;
    for (int i = 0; i < STN_SYNC_CHANNELS; i++)
        cm_buf_finish(&client->channels[i].body);
    for (int i = 0; i < client->job_count; i++)
        cm_buf_finish(&client->jobs[i].result);
    cm_wipe(client->templates, sizeof client->templates);
    free(client);
}

/* ---- the turn of a channel ---- */

static bool fill(struct stn_sync_client *client, enum stn_sync_channel channel, struct stn_sync_now now,
                 struct stn_sync_request *request)
{
    switch (channel) {
    case STN_SYNC_UP:
        return up_next(client, now, request);
    case STN_SYNC_DOWN:
        return down_next(client, now, request);
    case STN_SYNC_JOB:
        return job_next(client, now, request);
    case STN_SYNC_PREVIEW:
        return preview_next(client, now, request);
    case STN_SYNC_CHANNELS:
        break;
    }
    return false;
}

bool stn_sync_next(struct stn_sync_client *client, enum stn_sync_channel channel, struct stn_sync_now now,
                   struct stn_sync_request *ret_request)
{
    struct channel *c = &client->channels[channel];
    struct stn_sync_request request = {
        .channel = channel, .timeout_ms = LONGEST_MS, .stall_ms = STALL_MS, .answer_max = CM_SYNC_SMALL_MAX};
    if (c->under_way || now.mono_us < c->not_before_us || !client_is_current(client) ||
        !fill(client, channel, now, &request))
        return false;
    c->under_way = true;
    c->sent = now;
    request.path = c->path;
    *ret_request = request;
    return true;
}

int64_t stn_sync_due_us(const struct stn_sync_client *client, enum stn_sync_channel channel)
{
    const struct channel *c = &client->channels[channel];
    if (c->under_way || client->over)
        return INT64_MAX;
    switch (channel) {
    case STN_SYNC_UP:
        return client->status.waiting > 0 || client->status.uploads_waiting > 0 ? c->not_before_us
                                                                                : INT64_MAX;
    case STN_SYNC_DOWN:
        return c->not_before_us;
    case STN_SYNC_JOB:
        return job_due_us(client);
    case STN_SYNC_PREVIEW:
        return client->frame_ready ? c->not_before_us : INT64_MAX;
    case STN_SYNC_CHANNELS:
        break;
    }
    return INT64_MAX;
}

void stn_sync_answer(struct stn_sync_client *client, enum stn_sync_channel channel,
                     const struct stn_sync_answer *answer, struct stn_sync_now now,
                     struct stn_sync_effects *ret_effects)
{
    struct channel *c = &client->channels[channel];
    struct stn_sync_status before = client->status;
    *ret_effects = (struct stn_sync_effects){0};
    if (!c->under_way)
        return;
    c->under_way = false;
    if (!client_is_current(client))
        return;
    if (answer->failure != STN_SYNC_ANSWERED) {
        client_failed(client, channel, answer, now);
        if (channel == STN_SYNC_JOB && answer->failure != STN_SYNC_CANCELED)
            job_failed(client);
        if (channel == STN_SYNC_PREVIEW)
            client->status.watched = false; /* the next pull says whether somebody still watches */
    } else if (channel == STN_SYNC_UP) {
        up_answer(client, answer, now, ret_effects);
    } else if (channel == STN_SYNC_DOWN) {
        down_answer(client, answer, now, ret_effects);
    } else if (channel == STN_SYNC_JOB) {
        job_answer(client, answer, now, ret_effects);
    } else {
        preview_answer(client, answer, now);
    }
    refresh_status(client, now, ret_effects);
    const struct stn_sync_status *after = &client->status;
    ret_effects->status = ret_effects->status || after->waiting != before.waiting ||
                          after->uploads_waiting != before.uploads_waiting ||
                          after->uploads_refused != before.uploads_refused ||
                          after->watched != before.watched || after->caught_up != before.caught_up;
}

void stn_sync_recount(struct stn_sync_client *client)
{
    client_count_events(client);
    client_count_uploads(client);
}

void stn_sync_set_camera(struct stn_sync_client *client, const char *word)
{
    snprintf(client->camera, sizeof client->camera, "%s", word);
}

const struct stn_sync_status *stn_sync_status(const struct stn_sync_client *client)
{
    return &client->status;
}

bool stn_sync_idle(const struct stn_sync_client *client)
{
    return client->status.caught_up && client->status.waiting == 0 && client->status.uploads_waiting == 0 &&
           client->job_count == 0 && !client->channels[STN_SYNC_UP].under_way &&
           !client->channels[STN_SYNC_DOWN].under_way;
}
