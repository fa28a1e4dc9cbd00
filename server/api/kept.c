#include "api/cache_private.h"

#include <stdlib.h>
#include <string.h>

enum { MINUTE_MS = 60 * 1000 };

/* FNV-1a. Two answers of one place drive each other out, and that is all. */
static struct srv_kept *place_of(struct srv_api *api, const char *key)
{
    uint64_t hash = 14695981039346656037u;
    for (; *key != '\0'; key++)
        hash = (hash ^ (unsigned char)*key) * 1099511628211u;
    return &api->kept[(hash ^ hash >> 32) % SRV_KEPT_MAX];
}

bool srv_api_answer_kept(struct srv_call *call, const char *key)
{
    const struct srv_app *app = srv_app_of(call);
    struct srv_api *api = app->api;
    if (api == NULL)
        return false;
    uint64_t version = srv_store_version(app->store);
    pthread_mutex_lock(&api->lock);
    const struct srv_kept *kept = place_of(api, key);
    bool here = kept->version == version && kept->minute == srv_api_now(app) / MINUTE_MS &&
                strcmp(kept->key, key) == 0;
    if (here)
        srv_answer(call, 200, "application/json", kept->bytes, kept->size);
    pthread_mutex_unlock(&api->lock);
    return here;
}

static void keep(struct srv_api *api, const char *key, uint64_t version, int64_t minute,
                 const struct cm_buf *buf)
{
    struct srv_kept *kept = place_of(api, key);
    uint8_t *bytes = realloc(kept->bytes, buf->size);
    if (bytes == NULL)
        return;
    memcpy(bytes, buf->data, buf->size);
    *kept = (struct srv_kept){.version = version, .minute = minute, .bytes = bytes, .size = buf->size};
    strcpy(kept->key, key);
}

void srv_api_answer_and_keep(struct srv_call *call, const char *key, uint64_t version,
                             struct srv_reply *reply)
{
    const struct srv_app *app = srv_app_of(call);
    struct srv_api *api = app->api;
    if (api != NULL && !reply->failed && reply->buf.size <= SRV_KEPT_BYTES_MAX) {
        pthread_mutex_lock(&api->lock);
        keep(api, key, version, srv_api_now(app) / MINUTE_MS, &reply->buf);
        pthread_mutex_unlock(&api->lock);
    }
    srv_reply_answer(call, 200, reply);
}
