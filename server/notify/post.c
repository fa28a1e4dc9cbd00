/* Letters that are in no outbox: codes and tests. A list under a lock takes them over to the sender's thread. */
#include "notify/private.h"

#include "base/log.h"
#include "store/settings.h"
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEADLINE_MS = 120 * 1000, FIRST_WAIT_MS = 2000, WAIT_CAP_MS = 20 * 1000, LOOK_AGAIN_MS = 200 };

static void wipe_post(struct srv_notify *notify, struct srv_notify_post *post)
{
    pthread_mutex_lock(&notify->lock);
    notify->post_count--;
    pthread_mutex_unlock(&notify->lock);
    sodium_memzero(post, sizeof *post);
    free(post);
}

enum cm_code srv_notify_post(struct srv_notify *notify, const struct srv_letter *letter,
                             struct srv_loop *loop, srv_notify_posted_fn *posted, void *arg,
                             struct cm_err *err)
{
    if (notify->channel == SRV_CHANNEL_NONE)
        return cm_fail(err, CM_NOTFOUND, "no provider of messages is set up: [alerts] provider");
    struct srv_notify_post *post = calloc(1, sizeof *post);
    if (post == NULL)
        return cm_fail(err, CM_NOMEM, "no memory for a message");
    post->letter = *letter;
    randombytes_buf(post->letter.id, sizeof post->letter.id);
    post->letter.id[6] = (uint8_t)((post->letter.id[6] & 0x0f) | 0x40); /* a UUID of version 4 */
    post->letter.id[8] = (uint8_t)((post->letter.id[8] & 0x3f) | 0x80);
    post->loop = loop;
    post->posted = posted;
    post->arg = arg;
    post->deadline_mono_ms = srv_notify_now(notify).mono_ms + DEADLINE_MS;
    pthread_mutex_lock(&notify->lock);
    bool full = notify->post_count >= SRV_NOTIFY_POSTS_MAX || notify->stopping;
    if (!full) {
        notify->post_count++;
        post->next = notify->posts;
        notify->posts = post;
    }
    pthread_mutex_unlock(&notify->lock);
    if (full) {
        sodium_memzero(post, sizeof *post);
        free(post);
        return cm_fail(err, CM_AGAIN, "too many messages wait: try again in a minute");
    }
    srv_notify_wake(notify);
    return CM_OK;
}

void srv_posts_take(struct srv_notify *notify)
{
    struct srv_notify_post **end = &notify->waiting, *came, *turned = NULL;
    pthread_mutex_lock(&notify->lock);
    came = notify->posts;
    notify->posts = NULL;
    pthread_mutex_unlock(&notify->lock);
    while (came != NULL) { /* the oldest first */
        struct srv_notify_post *next = came->next;
        came->next = turned;
        turned = came;
        came = next;
    }
    while (*end != NULL)
        end = &(*end)->next;
    *end = turned;
}

/* ---- what became of it ---- */

static void tell_posted(void *arg)
{
    struct srv_notify_post *post = arg;
    struct srv_carriage carriage = post->carriage;
    carriage.id = post->id;
    carriage.text = post->text;
    post->posted(post->arg, &carriage);
    sodium_memzero(post, sizeof *post);
    free(post);
}

static void end_post(struct srv_notify *notify, struct srv_notify_post *post,
                     const struct srv_carriage *carriage)
{
    if (post->posted == NULL) {
        wipe_post(notify, post);
        return;
    }
    post->carriage = *carriage;
    snprintf(post->id, sizeof post->id, "%s", carriage->id);
    snprintf(post->text, sizeof post->text, "%s", carriage->text);
    pthread_mutex_lock(&notify->lock);
    notify->post_count--;
    pthread_mutex_unlock(&notify->lock);
    srv_loop_post_node(post->loop, &post->node, tell_posted, post);
}

void srv_post_landed(struct srv_notify *notify, struct srv_notify_post *post,
                     const struct srv_carriage *carriage)
{
    bool again = carriage->what == SRV_CARRIED_RETRY || carriage->what == SRV_CARRIED_NOT_SENT;
    int64_t wait_ms = srv_backoff_ms(++post->tries, FIRST_WAIT_MS, WAIT_CAP_MS, randombytes_random());
    post->not_before_mono_ms =
        srv_notify_now(notify).mono_ms + (wait_ms > carriage->after_ms ? wait_ms : carriage->after_ms);
    if (!again || post->posted != NULL || post->not_before_mono_ms >= post->deadline_mono_ms) {
        end_post(notify, post, carriage);
        return;
    }
    post->next = notify->waiting;
    notify->waiting = post;
}

static bool may_begin(struct srv_notify *notify, const struct srv_notify_post *post, struct srv_pace_now now)
{
    return now.mono_ms >= post->not_before_mono_ms && srv_flight_free(notify) != NULL &&
           srv_pace_may(notify->pace, post->letter.to, now) == SRV_PACE_GO;
}

static void begin(struct srv_notify *notify, struct srv_notify_post *post)
{
    struct srv_flight *flight = srv_flight_free(notify);
    flight->post = post;
    srv_pace_begin(notify->pace, post->letter.to, srv_notify_now(notify));
    srv_flight_begin(flight, &post->letter);
}

void srv_posts_begin(struct srv_notify *notify)
{
    struct srv_pace_now now = srv_notify_now(notify);
    struct srv_notify_post *list = notify->waiting;
    notify->waiting = NULL; /* what begins may end at once, and wait again */
    while (list != NULL) {
        struct srv_notify_post *post = list;
        list = post->next;
        if (may_begin(notify, post, now)) {
            begin(notify, post);
        } else if (now.mono_ms >= post->deadline_mono_ms) {
            const struct srv_carriage late = {
                .what = SRV_CARRIED_NOT_SENT, .id = "", .text = "it could not be sent in time"};
            end_post(notify, post, &late);
        } else {
            post->next = notify->waiting;
            notify->waiting = post;
        }
    }
    if (notify->waiting != NULL)
        srv_notify_soon(notify, LOOK_AGAIN_MS);
}

void srv_posts_drop(struct srv_notify *notify)
{
    const struct srv_carriage none = {.what = SRV_CARRIED_NOT_SENT, .id = "", .text = "the server stops"};
    srv_posts_take(notify);
    while (notify->waiting != NULL) {
        struct srv_notify_post *post = notify->waiting;
        notify->waiting = post->next;
        end_post(notify, post, &none);
    }
}

/* ---- codes ---- */

/* Where a code goes: to the user himself; of a student without an address, to his parent. */
static enum cm_code address_for(struct srv_notify *notify, const struct srv_user *user, char *ret_address,
                                size_t size, struct cm_err *err)
{
    struct srv_student student;
    snprintf(ret_address, size, "%s", srv_notify_address(notify, user->phone, user->email));
    if (ret_address[0] == '\0' && user->role == SRV_ROLE_STUDENT &&
        srv_store_get_student(notify->app->store, user->student_id, &student, NULL) == CM_OK)
        snprintf(ret_address, size, "%s",
                 srv_notify_address(notify, student.parent_phone, student.parent_email));
    return ret_address[0] != '\0'
               ? CM_OK
               : cm_fail(
                     err, CM_NOTFOUND,
                     "there is no number or address to send a code to: an admin gives a one-time password");
}

enum cm_code srv_notify_deliver_code(void *arg, const struct srv_user *user, const char *code,
                                     struct cm_err *err)
{
    struct srv_notify *notify = arg;
    struct srv_letter letter = {.kind = SRV_LETTER_CODE};
    char school[SRV_SETTING_SIZE];
    enum cm_code result = address_for(notify, user, letter.to, sizeof letter.to, err);
    if (result == CM_OK)
        result = srv_setting_or(notify->app->store, SRV_SETTING_SCHOOL_NAME, "", school, err);
    if (result != CM_OK)
        return result;
    for (int i = 0; i < SRV_WORDS; i++)
        srv_letter_set(&letter, (enum srv_word)i, "");
    srv_letter_set(&letter, SRV_WORD_RECIPIENT, user->full_name);
    srv_letter_set(&letter, SRV_WORD_SCHOOL, school);
    srv_letter_set(&letter, SRV_WORD_CODE, code);
    result = srv_notify_post(notify, &letter, srv_http_loop(notify->app->http, 0), NULL, NULL, err);
    sodium_memzero(&letter, sizeof letter);
    return result;
}
