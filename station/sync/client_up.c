/* Up: events in batches, then templates that were made here. */
#include "sync/client_private.h"

#include "crypt/seal.h"
#include <stdio.h>
#include <string.h>

enum { GAPS_MAX = 3 };

static bool next_push(struct stn_sync_client *client, struct stn_sync_now now)
{
    struct channel *c = &client->channels[STN_SYNC_UP];
    struct cm_err err = CM_ERR_INIT;
    client->first_seq = client->status.acked_seq + 1;
    snprintf(client->push.version, sizeof client->push.version, "%s", client->version);
    snprintf(client->push.camera, sizeof client->push.camera, "%s", client->camera);
    client->push.wall_ms = now.wall_ms;
    cm_buf_reset(&c->body);
    enum cm_code code = stn_store_encode_push(client->store, client->first_seq, &client->push, &c->body,
                                              &client->sent_seq, &err);
    if (code == CM_EOF)
        return false;
    if (code != CM_OK) {
        client_stop(client, STN_SYNC_UP, STN_SYNC_STORE, now, "events cannot be sent: %.200s", err.msg);
        return false;
    }
    client->pushing = true;
    snprintf(c->path, sizeof c->path, "/sync/v1/events");
    return true;
}

static bool next_templates(struct stn_sync_client *client, struct stn_sync_now now)
{
    struct channel *c = &client->channels[STN_SYNC_UP];
    struct cm_templates_push push = {.student_id = ""};
    struct cm_err err = CM_ERR_INIT;
    struct cm_buf sealed;
    size_t count = 0;
    enum cm_code code =
        stn_store_next_upload(client->store, &client->upload, client->templates, &count, &err);
    if (code == CM_NOTFOUND) {
        if (client->status.uploads_waiting > 0) /* counted before another program settled it */
            client_count_uploads(client);
        return false;
    }
    cm_buf_init(&sealed, CM_SYNC_SEALED_MAX);
    cm_buf_reset(&c->body);
    if (code == CM_OK)
        code = cm_templates_seal(client->server_key, client->templates, count, &sealed, &err);
    cm_wipe(client->templates, sizeof client->templates);
    if (code == CM_OK) {
        snprintf(push.student_id, sizeof push.student_id, "%s", client->upload.student_id);
        push.sealed = (struct cm_span){sealed.data, sealed.size};
        push.erased_ms = client->upload.erased_ms;
        push.unenrolled_ms = client->upload.unenrolled_ms;
        push.consent_ms = client->upload.consent_ms;
        code = cm_message_encode(CM_MESSAGE_TEMPLATES_PUSH, &push, &c->body, &err);
    }
    cm_buf_finish(&sealed);
    if (code != CM_OK) {
        client_stop(client, STN_SYNC_UP, STN_SYNC_STORE, now, "the templates of %.60s cannot be sent: %.150s",
                    client->upload.student_id, err.msg);
        return false;
    }
    client->pushing = false;
    snprintf(c->path, sizeof c->path, "/sync/v1/templates");
    return true;
}

bool up_next(struct stn_sync_client *client, struct stn_sync_now now, struct stn_sync_request *request)
{
    struct channel *c = &client->channels[STN_SYNC_UP];
    client_count_events(client);
    bool any = client->status.waiting > 0 ? next_push(client, now) : next_templates(client, now);
    if (!any)
        return false;
    if (!client->pushing && client->status.uploads_waiting == 0) /* another program enrolled meanwhile */
        client_count_uploads(client);
    request->post = true;
    request->content_type = CM_SYNC_TYPE;
    request->body = c->body.data;
    request->size = c->body.size;
    return true;
}

/* ---- answers ---- */

void client_forked(struct stn_sync_client *client, uint64_t seq, struct stn_sync_now now)
{
    client->status.forked_seq = seq;
    client_stop(
        client, STN_SYNC_UP, STN_SYNC_FORKED, now,
        "refused: the server has other events of this station from number %llu on. This device was restored "
        "from a backup, or is a copy. Its events are kept. Way out: a code of a new station, then "
        "rollcall-station pair --renew URL CODE",
        (unsigned long long)seq);
}

/* The number in the store is for the next start: one that is too small costs a batch that the server has already. */
static void set_acked(struct stn_sync_client *client, uint64_t acked)
{
    if (acked == client->status.acked_seq)
        return;
    client->status.acked_seq = acked;
    (void)stn_store_set_acked(client->store, acked, NULL);
}

static void pushed(struct stn_sync_client *client, uint64_t acked, struct stn_sync_now now)
{
    client_count_events(client);
    if (acked > client->status.last_seq) {
        client_forked(client, client->status.last_seq + 1, now);
        return;
    }
    if (acked < client->sent_seq) {
        client_back_off(client, STN_SYNC_UP, STN_SYNC_REFUSED, 0, now,
                        "the server took events and does not say so: it has %llu, not %llu",
                        (unsigned long long)acked, (unsigned long long)client->sent_seq);
        return;
    }
    client->gaps = 0;
    client_succeeded(client, STN_SYNC_UP, now);
    set_acked(client, acked);
    client_count_events(client);
}

/* The server has less than we thought (it was restored from a backup) or more (our note of it was lost). */
static void gap(struct stn_sync_client *client, uint64_t acked, struct stn_sync_now now)
{
    client_count_events(client);
    if (acked > client->status.last_seq) {
        client_forked(client, client->status.last_seq + 1, now);
        return;
    }
    if (acked + 1 == client->first_seq || ++client->gaps > GAPS_MAX) {
        client->gaps = 0;
        client_back_off(client, STN_SYNC_UP, STN_SYNC_REFUSED, 0, now,
                        "the server asks for event %llu again and again", (unsigned long long)acked + 1);
        return;
    }
    client_succeeded(client, STN_SYNC_UP, now);
    set_acked(client, acked);
    client_count_events(client);
}

static void push_answer(struct stn_sync_client *client, const struct stn_sync_answer *answer,
                        struct stn_sync_now now, struct stn_sync_effects *effects)
{
    struct cm_push_answer said;
    bool meant = answer->status == 200 || answer->status == 409 || answer->status == 422;
    if (!meant ||
        cm_message_decode(CM_MESSAGE_PUSH_ANSWER, answer->body, answer->size, &said, NULL) != CM_OK) {
        client_failed(client, STN_SYNC_UP, answer, now);
        return;
    }
    client_compare_clocks(client, STN_SYNC_UP, said.time_ms, false, now, effects);
    if (answer->status == 200 && said.problem == CM_SYNC_FINE)
        pushed(client, said.acked, now);
    else if (answer->status == 409 && said.problem == CM_SYNC_GAP)
        gap(client, said.acked, now);
    else if (answer->status == 409 && said.problem == CM_SYNC_FORKED)
        client_forked(client, said.forked_seq, now);
    else if (answer->status == 422)
        client_stop(client, STN_SYNC_UP, STN_SYNC_REFUSED, now,
                    "the server says that the log of this station is damaged: rollcall-station doctor");
    else
        client_failed(client, STN_SYNC_UP, answer, now);
}

static void settle(struct stn_sync_client *client, enum stn_upload_state state, const char *other_id,
                   struct stn_sync_now now)
{
    struct cm_err err = CM_ERR_INIT;
    client_succeeded(client, STN_SYNC_UP, now);
    if (stn_store_settle_upload(client->store, &client->upload, state, other_id, &err) != CM_OK)
        client_back_off(client, STN_SYNC_UP, STN_SYNC_STORE, 0, now, "%s", err.msg);
    client_count_uploads(client);
}

static void refused(struct stn_sync_client *client, const struct cm_templates_answer *said,
                    struct stn_sync_now now, struct stn_sync_effects *effects)
{
    struct cm_err err = CM_ERR_INIT;
    client_succeeded(client, STN_SYNC_UP, now);
    if (stn_store_refuse_upload(client->store, &client->upload, said->other_id, said->sealed, &err) != CM_OK)
        client_back_off(client, STN_SYNC_UP, STN_SYNC_STORE, 0, now, "%s", err.msg);
    client_count_uploads(client);
    effects->templates = true;
    if (said->problem == CM_SYNC_WITHDRAWN)
        snprintf(
            effects->text, sizeof effects->text,
            "the server refused the face of %.60s, who was un-enrolled there: enrol again if that is wanted",
            client->upload.student_id);
    else
        snprintf(effects->text, sizeof effects->text,
                 "the server refused the face of %.60s: %.60s has it already", client->upload.student_id,
                 said->other_id);
}

static void templates_answer(struct stn_sync_client *client, const struct stn_sync_answer *answer,
                             struct stn_sync_now now, struct stn_sync_effects *effects)
{
    struct cm_templates_answer said;
    const char *id = client->upload.student_id;
    bool meant = answer->status == 200 || answer->status == 404 || answer->status == 409;
    if (!meant ||
        cm_message_decode(CM_MESSAGE_TEMPLATES_ANSWER, answer->body, answer->size, &said, NULL) != CM_OK) {
        client_failed(client, STN_SYNC_UP, answer, now);
        return;
    }
    client_compare_clocks(client, STN_SYNC_UP, said.time_ms, false, now, effects);
    if (answer->status == 200 && said.problem == CM_SYNC_FINE) {
        if (said.unenrolled_ms > 0) /* not stored: it comes with a pull, too */
            (void)stn_store_note_unenrolled(client->store, id, said.unenrolled_ms, NULL);
        settle(client, STN_UPLOAD_DONE, NULL, now);
    } else if (answer->status == 404 && said.problem == CM_SYNC_UNKNOWN) {
        settle(client, STN_UPLOAD_UNKNOWN, NULL, now);
        snprintf(effects->text, sizeof effects->text,
                 "the server does not know %.60s: add the student there, the face goes up then", id);
    } else if (answer->status == 409 &&
               (said.problem == CM_SYNC_DUPLICATE || said.problem == CM_SYNC_WITHDRAWN)) {
        refused(client, &said, now, effects);
    } else if (answer->status == 409 && said.problem == CM_SYNC_NO_CONSENT) {
        settle(client, STN_UPLOAD_NO_CONSENT, NULL, now);
        snprintf(effects->text, sizeof effects->text,
                 "the server knows of no consent for %.60s: note it there, the face goes up then", id);
    } else {
        client_failed(client, STN_SYNC_UP, answer, now);
    }
}

void up_answer(struct stn_sync_client *client, const struct stn_sync_answer *answer, struct stn_sync_now now,
               struct stn_sync_effects *effects)
{
    if (client->pushing)
        push_answer(client, answer, now, effects);
    else
        templates_answer(client, answer, now, effects);
}
