/* Down: what changed at the server, and who watches the camera. */
#include "sync/client_private.h"

#include <stdio.h>
#include <string.h>

static const int64_t poll_us = 1000000; /* where nothing rests at the server */
enum { GRACE_MS = 15000, LONGEST_MS = 300000 };

bool down_next(struct stn_sync_client *client, struct stn_sync_now now, struct stn_sync_request *request)
{
    struct channel *c = &client->channels[STN_SYNC_DOWN];
    struct stn_sync_marks marks;
    struct cm_err err = CM_ERR_INIT;
    if (stn_store_get_sync_marks(client->store, &marks, &err) != CM_OK) {
        client_back_off(client, STN_SYNC_DOWN, STN_SYNC_STORE, 0, now, "%s", err.msg);
        return false;
    }
    client_count_events(client);
    struct cm_pull pull = {
        .last_seq = client->status.last_seq, .frames = client->status.watched, .wall_ms = now.wall_ms, .rolls = true};
    client->acked_when_asked = client->status.acked_seq;
    client->polled = client->status.caught_up && !client->more && c->failures == 0 && client->wait_s > 0;
    pull.wait_s = client->polled ? client->wait_s : 0;
    memcpy(pull.cursor, marks.cursor, sizeof pull.cursor);
    snprintf(pull.camera, sizeof pull.camera, "%s", client->camera);
    snprintf(pull.version, sizeof pull.version, "%s", client->version);
    cm_buf_reset(&c->body);
    if (cm_pull_query(&pull, &c->body) != CM_OK) {
        client_stop(client, STN_SYNC_DOWN, STN_SYNC_STORE, now, "the cursor in the store is damaged");
        return false;
    }
    snprintf(c->path, sizeof c->path, "/sync/v1/changes?%s", (const char *)c->body.data);
    request->stall_ms = pull.wait_s * 1000 + GRACE_MS;
    request->timeout_ms = pull.wait_s * 1000 + LONGEST_MS;
    request->answer_max = CM_SYNC_CHANGES_MAX;
    return true;
}

static void count(char *text, size_t size, size_t number, const char *one, const char *many)
{
    size_t used = strlen(text);
    if (number > 0)
        snprintf(text + used, size - used, "%s%zu %s", used > 0 ? ", " : "", number,
                 number == 1 ? one : many);
}

static void describe(const struct stn_applied *applied, char text[192])
{
    char list[150] = "";
    count(list, sizeof list, applied->students, "student", "students");
    count(list, sizeof list, applied->classes, "class", "classes");
    count(list, sizeof list, applied->enrolments, "enrolment", "enrolments");
    count(list, sizeof list, applied->gone, "removal", "removals");
    count(list, sizeof list, applied->erased, "erasure", "erasures");
    count(list, sizeof list, applied->kept, "enrolment that it lacks", "enrolments that it lacks");
    if (applied->calendar)
        count(list, sizeof list, 1, "calendar", "calendars");
    count(list, sizeof list, applied->damaged, "enrolment that does not open", "enrolments that do not open");
    if (list[0] != '\0')
        snprintf(text, 192, "from the server: %s", list);
}

/* The server has less than it had said before it was asked: it was put back to a backup, and what it lost goes up again.
 * Every answer is compared, not the first of a new epoch alone: the late answer to a push from before may come after that
 * one. What was said while this one was asked for may be newer than it; the next answer shows. */
static enum cm_code compare_logs(struct stn_sync_client *client, struct stn_sync_now now, struct cm_err *err)
{
    const struct cm_changes *changes = &client->changes;
    client_count_events(client);
    if (changes->acked > client->status.last_seq)
        client_forked(client, client->status.last_seq + 1, now);
    if (changes->acked >= client->acked_when_asked || changes->acked >= client->status.acked_seq)
        return CM_OK;
    enum cm_code code = stn_store_set_acked(client->store, changes->acked, err);
    if (code == CM_OK)
        client->status.acked_seq = changes->acked;
    client_count_events(client);
    return code;
}

static void apply(struct stn_sync_client *client, struct stn_sync_now now, struct stn_sync_effects *effects)
{
    const struct cm_changes *changes = &client->changes;
    struct stn_applied applied;
    struct cm_err err = CM_ERR_INIT;
    enum cm_code code = compare_logs(client, now, &err);
    if (code == CM_OK)
        code = stn_store_apply_changes(client->store, changes, &applied, &err);
    if (code != CM_OK) {
        enum stn_sync_trouble trouble = code == CM_INVALID ? STN_SYNC_REFUSED : STN_SYNC_STORE;
        client_back_off(client, STN_SYNC_DOWN, trouble, 0, now, "%s", err.msg);
        return;
    }
    client->more = changes->more;
    client->status.caught_up = client->status.caught_up || !changes->more;
    effects->roster =
        applied.classes + applied.students + applied.gone + applied.erased > 0 || applied.calendar;
    effects->templates = applied.enrolments > 0;
    effects->erased = applied.erased > 0;
    describe(&applied, effects->text);
    client_count_uploads(client);
    if (applied.revoked)
        client_stop(
            client, STN_SYNC_DOWN, STN_SYNC_REVOKED, now,
            "%.120s does not want this station any more: ask for a new code of it and pair it again; its "
            "events are kept",
            client->url);
}

/* A server that answers at once and says nothing new must not be asked in a circle. */
static void pause_if_idle(struct stn_sync_client *client, bool news, struct stn_sync_now now)
{
    const struct channel *c = &client->channels[STN_SYNC_DOWN];
    bool rested = client->polled && now.mono_us - c->sent.mono_us >= poll_us;
    if (c->waiting == NOT_WAITING && !client->more && !news && !rested &&
        (client->polled || client->wait_s == 0))
        client_rest(client, STN_SYNC_DOWN, poll_us, now);
}

void down_answer(struct stn_sync_client *client, const struct stn_sync_answer *answer,
                 struct stn_sync_now now, struct stn_sync_effects *effects)
{
    const struct cm_changes *changes = &client->changes;
    struct cm_err err = CM_ERR_INIT;
    if (answer->status != 200) {
        client_failed(client, STN_SYNC_DOWN, answer, now);
        return;
    }
    if (cm_message_decode(CM_MESSAGE_CHANGES, answer->body, answer->size, &client->changes, &err) != CM_OK) {
        struct stn_sync_answer garbled = {.failure = STN_SYNC_GARBLED, .text = err.msg};
        client_failed(client, STN_SYNC_DOWN, &garbled, now);
        return;
    }
    bool news = changes->count > 0 || changes->job_count > 0 || changes->frames != client->status.watched;
    int failures = client->channels[STN_SYNC_DOWN].failures;
    client_succeeded(client, STN_SYNC_DOWN, now);
    client->channels[STN_SYNC_DOWN].failures = failures; /* until its items are in the store too */
    client_compare_clocks(client, STN_SYNC_DOWN, changes->time_ms, client->polled, now, effects);
    client->status.watched = changes->frames;
    for (int i = 0; i < changes->job_count; i++)
        job_add(client, &changes->jobs[i]);
    apply(client, now, effects);
    if (client->channels[STN_SYNC_DOWN].waiting == NOT_WAITING)
        client->channels[STN_SYNC_DOWN].failures = 0;
    pause_if_idle(client, news, now);
}
