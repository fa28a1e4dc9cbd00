/* The sender's thread: a timer and a wake-up, and in each turn the same four steps. */
#include "notify/private.h"

#include "base/log.h"
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LOOK_MS = 250, VERIFY_MS = 60 * 1000, GRACE_MS = 10 * 1000 };

/* ---- turns ---- */

static bool is_stopping(struct srv_notify *notify)
{
    pthread_mutex_lock(&notify->lock);
    bool stopping = notify->stopping;
    pthread_mutex_unlock(&notify->lock);
    return stopping;
}

static bool any_flying(const struct srv_notify *notify)
{
    for (int i = 0; i < SRV_PROVIDER_FLIGHTS_MAX; i++)
        if (notify->flights[i].state == SRV_FLIGHT_FLYING)
            return true;
    return false;
}

static void finish_now(struct srv_notify *notify)
{
    const struct srv_carriage lost = {
        .what = SRV_CARRIED_UNKNOWN, .id = "", .text = "the server stopped before the answer came"};
    for (int i = 0; i < SRV_PROVIDER_FLIGHTS_MAX; i++)
        if (notify->flights[i].state == SRV_FLIGHT_FLYING)
            srv_flight_land(&notify->flights[i], &lost);
    srv_outbox_record(notify);
    srv_posts_drop(notify);
    srv_provider_close(notify->by_phone);
    srv_provider_close(notify->by_email);
    notify->by_phone = notify->by_email = NULL;
    uv_close((uv_handle_t *)&notify->timer, NULL);
    uv_close((uv_handle_t *)&notify->wake, NULL);
    notify->finishing = true;
}

static void work(struct srv_notify *notify)
{
    int64_t now_ms = srv_notify_now(notify).mono_ms;
    if (notify->finishing)
        return;
    srv_outbox_record(notify);
    srv_posts_take(notify);
    if (is_stopping(notify)) {
        notify->grace_mono_ms = notify->grace_mono_ms == 0 ? now_ms + GRACE_MS : notify->grace_mono_ms;
        if (!any_flying(notify) || now_ms >= notify->grace_mono_ms)
            finish_now(notify);
        return;
    }
    srv_posts_begin(notify);
    if (now_ms >= notify->verify_mono_ms) {
        notify->verify_mono_ms = now_ms + VERIFY_MS;
        srv_outbox_verify(notify);
    }
    srv_outbox_look(notify);
}

static void on_timer(uv_timer_t *timer)
{
    struct srv_notify *notify = timer->data;
    uv_timer_start(timer, on_timer, LOOK_MS, 0); /* work may ask for sooner */
    work(notify);
}

static void on_wake(uv_async_t *wake)
{
    struct srv_notify *notify = wake->data;
    notify->look_mono_ms = 0;
    work(notify);
}

void srv_notify_soon(struct srv_notify *notify, int64_t ms)
{
    uv_update_time(&notify->loop);
    if (!notify->finishing && (uint64_t)ms < uv_timer_get_due_in(&notify->timer))
        uv_timer_start(&notify->timer, on_timer, ms > 0 ? (uint64_t)ms : 1, 0);
}

void srv_notify_wake(struct srv_notify *notify)
{
    uv_async_send(&notify->wake);
}

static void *run(void *arg)
{
    struct srv_notify *notify = arg;
    uv_timer_start(&notify->timer, on_timer, 1, 0);
    uv_run(&notify->loop, UV_RUN_DEFAULT);
    return NULL;
}

/* ---- life ---- */

static bool copy_text(char *to, size_t size, const char *from)
{
    return snprintf(to, size, "%s", from != NULL ? from : "") < (int)size;
}

static bool copy_templates(struct srv_notify *notify, const struct srv_notify_options *options)
{
    bool fits = true;
    for (int i = 0; i < SRV_LETTER_KINDS && options->channel == SRV_CHANNEL_WHATSAPP; i++) {
        const struct srv_template_options *from = &options->whatsapp.templates[i];
        struct srv_notify_template *to = &notify->templates[i];
        fits = fits && copy_text(to->name, sizeof to->name, from->name) &&
               copy_text(to->language, sizeof to->language, from->language);
    }
    return fits;
}

static enum cm_code copy_options(struct srv_notify *notify, const struct srv_notify_options *options,
                                 struct cm_err *err)
{
    notify->channel = notify->status.channel = options->channel;
    notify->retry_ms = options->retry_s * INT64_C(1000);
    notify->max_age_ms = options->max_age_h * INT64_C(3600000);
    notify->max_tries = options->max_tries;
    if (!copy_text(notify->coordinator_phone, sizeof notify->coordinator_phone, options->coordinator_phone) ||
        !copy_text(notify->app_secret, sizeof notify->app_secret, options->app_secret) ||
        !copy_text(notify->verify_token, sizeof notify->verify_token, options->verify_token) ||
        !copy_text(notify->phone_id, sizeof notify->phone_id, options->whatsapp.phone_id))
        return cm_fail(err, CM_INVALID, "a secret or a number of the messages is too long");
    if (!copy_templates(notify, options))
        return cm_fail(err, CM_INVALID, "[whatsapp] the name or the language of a template is too long");
    const struct srv_pace_limits limits = {options->rate_per_s, options->people_per_day, 6000};
    return srv_pace_create(&limits, &notify->pace, err);
}

static enum cm_code open_providers(struct srv_notify *notify, const struct srv_notify_options *options,
                                   struct cm_err *err)
{
    bool whatsapp = options->channel == SRV_CHANNEL_WHATSAPP;
    bool has_url = options->smtp.url != NULL && options->smtp.url[0] != '\0';
    enum cm_code code = CM_OK;
    if (whatsapp)
        code = srv_whatsapp_open(&notify->loop, &options->whatsapp, &notify->by_phone, err);
    if (code == CM_OK && (options->channel == SRV_CHANNEL_SMTP || (whatsapp && has_url)))
        code = srv_smtp_open(&notify->loop, &options->smtp, &notify->by_email, err);
    return code;
}

static enum cm_code open_loop(struct srv_notify *notify, struct cm_err *err)
{
    int result = uv_loop_init(&notify->loop);
    if (result != 0)
        return cm_fail(err, CM_BACKEND, "the sender's loop: %s", uv_strerror(result));
    uv_timer_init(&notify->loop, &notify->timer);
    result = uv_async_init(&notify->loop, &notify->wake, on_wake);
    if (result != 0) {
        uv_close((uv_handle_t *)&notify->timer, NULL);
        uv_run(&notify->loop, UV_RUN_DEFAULT);
        uv_loop_close(&notify->loop);
        return cm_fail(err, CM_BACKEND, "the sender's loop: %s", uv_strerror(result));
    }
    notify->timer.data = notify->wake.data = notify;
    notify->has_loop = true;
    return CM_OK;
}

enum cm_code srv_notify_open(struct srv_app *app, const struct srv_notify_options *options,
                             struct srv_notify **ret_notify, struct cm_err *err)
{
    struct srv_notify *notify = calloc(1, sizeof *notify);
    if (notify == NULL)
        return cm_fail(err, CM_NOMEM, "no memory for the sender");
    notify->app = app;
    pthread_mutex_init(&notify->lock, NULL);
    for (int i = 0; i < SRV_PROVIDER_FLIGHTS_MAX; i++)
        notify->flights[i].notify = notify;
    enum cm_code code = copy_options(notify, options, err);
    if (code == CM_OK)
        code = open_loop(notify, err);
    if (code == CM_OK)
        code = open_providers(notify, options, err);
    if (code != CM_OK) {
        srv_notify_close(notify);
        return code;
    }
    *ret_notify = notify;
    return CM_OK;
}

struct recovery {
    int64_t now_ms;
    size_t count;
};

static enum cm_code recover(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct recovery *recovery = arg;
    return srv_alerts_recover(store, recovery->now_ms, &recovery->count, err);
}

enum cm_code srv_notify_start(struct srv_notify *notify, struct cm_err *err)
{
    struct recovery recovery = {.now_ms = srv_notify_now(notify).wall_ms};
    enum cm_code code = srv_store_write(notify->app->store, recover, &recovery, err);
    if (code == CM_OK)
        code = srv_outbox_restore_pace(notify, err);
    if (code != CM_OK)
        return code;
    if (recovery.count > 0)
        cm_log(CM_LOG_WARN, "notify",
               "messages were being sent when the server ended: a person says whether they were",
               CM_INT("messages", recovery.count));
    int result = pthread_create(&notify->thread, NULL, run, notify);
    if (result != 0)
        return cm_fail(err, CM_BACKEND, "a thread could not be started: %s", strerror(result));
    notify->has_thread = true;
    cm_log(CM_LOG_INFO, "notify", "messages", CM_STR("provider", srv_notify_channel_name(notify->channel)));
    return CM_OK;
}

void srv_notify_stop(struct srv_notify *notify)
{
    if (notify == NULL || !notify->has_thread)
        return;
    pthread_mutex_lock(&notify->lock);
    notify->stopping = true;
    pthread_mutex_unlock(&notify->lock);
    srv_notify_wake(notify);
    pthread_join(notify->thread, NULL);
    notify->has_thread = false;
}

void srv_notify_close(struct srv_notify *notify)
{
    if (notify == NULL)
        return;
    srv_notify_stop(notify);
    if (notify->has_loop && !notify->finishing) /* it never ran */
        finish_now(notify);
    if (notify->has_loop) {
        uv_run(&notify->loop, UV_RUN_DEFAULT);
        uv_loop_close(&notify->loop);
    }
    srv_pace_destroy(notify->pace);
    pthread_mutex_destroy(&notify->lock);
    sodium_memzero(notify, sizeof *notify);
    free(notify);
}
