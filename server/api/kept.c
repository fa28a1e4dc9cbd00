#include "api/cache_private.h"

#include <stdlib.h>
#include <string.h>

enum { MINUTE_MS = 60 * 1000 };

void srv_api_kept_free(struct srv_kept *kept)
{
    if (kept == NULL)
        return;
    srv_chunk_unref(kept->bytes);
    free(kept);
}

/* ---- keys: texts, each with its NUL, which stands in none ---- */

static bool add_text(struct srv_kept_key *key, const char *text)
{
    size_t size = strlen(text) + 1;
    if (size > sizeof key->bytes - key->size)
        return false;
    memcpy(key->bytes + key->size, text, size);
    key->size += size;
    return true;
}

static bool add_eyes(struct srv_kept_key *key, const struct srv_identity *who)
{
    bool fits = add_text(key, who->student_id);
    for (int i = 0; i < who->class_count && fits; i++)
        fits = add_text(key, who->classes[i]);
    return fits;
}

static void make_key(const struct srv_call *call, const char *query, struct srv_kept_key *key)
{
    const struct srv_app *app = srv_app_of(call);
    const struct srv_identity *who = srv_call_identity(call);
    key->version = srv_store_version(app->store);
    key->now_ms = srv_api_now(app);
    key->bytes[0] = (uint8_t)who->role;
    key->bytes[1] = (uint8_t)who->class_count;
    key->size = 2;
    if (!add_eyes(key, who) || !add_text(key, srv_call_path(call)) || !add_text(key, query))
        key->size = 0;
}

/* FNV-1a. Two answers of one place drive each other out, and that is all. */
static struct srv_kept **place_of(struct srv_api *api, const struct srv_kept_key *key)
{
    uint64_t hash = 14695981039346656037u;
    for (size_t i = 0; i < key->size; i++)
        hash = (hash ^ key->bytes[i]) * 1099511628211u;
    return &api->kept[(hash ^ hash >> 32) % SRV_KEPT_MAX];
}

/* ---- the answers ---- */

static bool answers(const struct srv_kept *kept, const struct srv_kept_key *key)
{
    return kept != NULL && kept->version == key->version && kept->minute == key->now_ms / MINUTE_MS &&
           kept->key_size == key->size && memcmp(kept->key, key->bytes, key->size) == 0;
}

bool srv_api_answer_kept(struct srv_call *call, const char *query, struct srv_kept_key *ret_key)
{
    struct srv_api *api = srv_app_of(call)->api;
    struct srv_chunk *bytes = NULL;
    make_key(call, query, ret_key);
    if (api == NULL || ret_key->size == 0)
        return false;
    pthread_mutex_lock(&api->lock);
    const struct srv_kept *kept = *place_of(api, ret_key);
    if (answers(kept, ret_key))
        bytes = srv_chunk_ref(kept->bytes);
    pthread_mutex_unlock(&api->lock);
    if (bytes == NULL)
        return false;
    srv_answer_chunk(call, 200, "application/json", bytes);
    srv_chunk_unref(bytes);
    return true;
}

static struct srv_kept *make(const struct srv_kept_key *key, const struct cm_buf *buf)
{
    struct srv_kept *kept = malloc(sizeof *kept + key->size);
    struct srv_chunk *bytes = srv_chunk_create(buf->data, buf->size);
    if (kept == NULL || bytes == NULL) {
        srv_chunk_unref(bytes);
        free(kept);
        return NULL;
    }
    *kept = (struct srv_kept){
        .version = key->version, .minute = key->now_ms / MINUTE_MS, .bytes = bytes, .key_size = key->size};
    memcpy(kept->key, key->bytes, key->size);
    return kept;
}

static void keep(struct srv_api *api, const struct srv_kept_key *key, const struct cm_buf *buf)
{
    struct srv_kept *kept = make(key, buf);
    if (kept == NULL)
        return;
    pthread_mutex_lock(&api->lock);
    struct srv_kept **place = place_of(api, key);
    struct srv_kept *before = *place;
    *place = kept;
    pthread_mutex_unlock(&api->lock);
    srv_api_kept_free(before);
}

void srv_api_answer_and_keep(struct srv_call *call, const struct srv_kept_key *key, struct srv_reply *reply)
{
    struct srv_api *api = srv_app_of(call)->api;
    if (api != NULL && key->size > 0 && !reply->failed && reply->buf.size <= SRV_KEPT_BYTES_MAX)
        keep(api, key, &reply->buf);
    srv_reply_answer(call, 200, reply);
}
