#include "sync/sync.h"

#include "base/buf.h"
#include "crypt/seal.h"
#include "store/store_sync.h"
#include "sync/transport.h"
#include <sodium.h>
#include <stdlib.h>

struct stn_sync {
    struct stn_sync_setup setup;
    struct stn_sync_client *client;
    struct stn_transport *transport;
    uv_timer_t due; /* when a channel wants to be asked again */
};

struct stn_sync_now stn_sync_now(const struct cm_clock *clock)
{
    return (struct stn_sync_now){.mono_us = cm_mono_us(clock), .wall_ms = cm_wall_ms(clock)};
}

struct stn_sync_client *stn_sync_client_of(struct stn_sync *sync)
{
    return sync->client;
}

static void on_answer(void *arg, enum stn_sync_channel channel, const struct stn_sync_answer *answer)
{
    struct stn_sync *sync = arg;
    struct stn_sync_effects effects;
    stn_sync_answer(sync->client, channel, answer, stn_sync_now(sync->setup.clock), &effects);
    if (sync->setup.on_effects != NULL)
        sync->setup.on_effects(sync->setup.arg, &effects);
    stn_sync_kick(sync);
}

static void on_due(uv_timer_t *timer)
{
    stn_sync_kick(timer->data);
}

static void start_timer(struct stn_sync *sync)
{
    int64_t due_us = INT64_MAX, now_us = cm_mono_us(sync->setup.clock);
    for (int i = 0; i < STN_SYNC_CHANNELS; i++) {
        int64_t channel_us = stn_sync_due_us(sync->client, (enum stn_sync_channel)i);
        due_us = channel_us < due_us ? channel_us : due_us;
    }
    if (due_us == INT64_MAX) {
        uv_timer_stop(&sync->due);
        return;
    }
    uint64_t wait_ms = due_us > now_us ? (uint64_t)(due_us - now_us) / 1000 + 1 : 1;
    uv_update_time(sync->setup.loop);
    uv_timer_start(&sync->due, on_due, wait_ms, 0);
}

void stn_sync_kick(struct stn_sync *sync)
{
    struct stn_sync_now now = stn_sync_now(sync->setup.clock);
    struct stn_sync_request request;
    for (int i = 0; i < STN_SYNC_CHANNELS; i++)
        if (stn_sync_next(sync->client, (enum stn_sync_channel)i, now, &request))
            stn_transport_send(sync->transport, &request, on_answer, sync);
    start_timer(sync);
}

static enum cm_code open_transport(struct stn_sync *sync, struct cm_err *err)
{
    struct stn_pairing pairing;
    struct cm_buf pem;
    cm_buf_init(&pem, STN_CA_MAX);
    enum cm_code code = stn_store_get_pairing(sync->setup.store, &pairing, err);
    if (code == CM_OK)
        code = stn_store_get_ca(sync->setup.store, &pem, err);
    if (code == CM_OK) {
        struct stn_transport_options options = {.loop = sync->setup.loop,
                                                .url = pairing.url,
                                                .token = pairing.token,
                                                .ca_pem = (const char *)pem.data,
                                                .pin = pairing.pin,
                                                .allow_plain = sync->setup.allow_plain};
        code = stn_transport_open(&options, &sync->transport, err);
    }
    cm_wipe(&pairing, sizeof pairing);
    cm_buf_finish(&pem);
    return code;
}

enum cm_code stn_sync_open(const struct stn_sync_setup *setup, struct stn_sync **ret_sync, struct cm_err *err)
{
    struct stn_sync *sync = calloc(1, sizeof *sync);
    if (sync == NULL)
        return cm_fail(err, CM_NOMEM, "no memory for sync");
    sync->setup = *setup;
    struct stn_sync_options options = {
        .store = setup->store, .version = setup->version, .wait_s = setup->wait_s, .no_jobs = setup->no_jobs};
    randombytes_buf(&options.seed, sizeof options.seed);
    enum cm_code code = stn_sync_client_create(&options, &sync->client, err);
    if (code == CM_OK)
        code = open_transport(sync, err);
    if (code != CM_OK) {
        stn_sync_client_destroy(sync->client);
        free(sync);
        return code;
    }
    uv_timer_init(setup->loop, &sync->due);
    sync->due.data = sync;
    *ret_sync = sync;
    return CM_OK;
}

static void on_closed(uv_handle_t *handle)
{
    struct stn_sync *sync = handle->data;
    stn_sync_client_destroy(sync->client);
    free(sync);
}

void stn_sync_close(struct stn_sync *sync)
{
    if (sync == NULL)
        return;
    stn_transport_close(sync->transport);
    uv_close((uv_handle_t *)&sync->due, on_closed);
}
