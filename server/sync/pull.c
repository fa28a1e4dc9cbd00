#include "sync/pull.h"

#include "sync/items.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EPOCH_SIZE = 16, EPOCH_TEXT = 2 * EPOCH_SIZE };

struct position {
    bool reset;      /* nothing the station has counts: from the start */
    uint64_t number; /* everything up to here is known to it */
    uint64_t until;  /* of what is passed over in silence when it is gone: a first pull; 0: nothing */
};

struct look {
    struct srv_pull *pull;
    struct srv_items items;
    struct position at;
    uint8_t epoch[EPOCH_SIZE];
    uint64_t last; /* the newest change */
    int count;
    struct srv_change found[SRV_PULL_SCAN_MAX];
};

/* ---- cursors: EPOCH "." NUMBER, and "." UNTIL while everything is sent; hexadecimal ---- */

static char *epoch_text(const uint8_t epoch[EPOCH_SIZE], char out[static EPOCH_TEXT + 1])
{
    for (int i = 0; i < EPOCH_SIZE; i++)
        snprintf(out + 2 * i, 3, "%02x", epoch[i]);
    return out;
}

static void write_cursor(const struct look *look, char out[CM_SYNC_CURSOR_SIZE])
{
    char text[EPOCH_TEXT + 1];
    epoch_text(look->epoch, text);
    if (look->at.until > look->at.number)
        snprintf(out, CM_SYNC_CURSOR_SIZE, "%s.%" PRIx64 ".%" PRIx64, text, look->at.number, look->at.until);
    else
        snprintf(out, CM_SYNC_CURSOR_SIZE, "%s.%" PRIx64, text, look->at.number);
}

/* A hexadecimal number of at most 16 digits; moves *at past it. */
static bool read_hex(const char **at, uint64_t *ret_number)
{
    int digits = 0;
    uint64_t number = 0;
    for (; digits <= 16; digits++, (*at)++) {
        char c = **at;
        if (c >= '0' && c <= '9')
            number = number << 4 | (uint64_t)(c - '0');
        else if (c >= 'a' && c <= 'f')
            number = number << 4 | (uint64_t)(c - 'a' + 10);
        else
            break;
    }
    *ret_number = number;
    return digits > 0 && digits <= 16;
}

/* False: not a cursor of ours at all. One of another epoch, or of a number that we have not reached (a store that went
 * back without a new epoch), begins anew; what that station has may be from before, so it is told also whom it is not to
 * have. A station without a cursor has nothing of ours. */
static bool read_cursor(const struct look *look, const char *text, struct position *ret)
{
    char epoch[EPOCH_TEXT + 1];
    struct position position = {.reset = true, .until = look->last};
    *ret = position;
    if (text[0] == '\0')
        return true;
    if (strspn(text, "0123456789abcdef") != EPOCH_TEXT || text[EPOCH_TEXT] != '.')
        return false;
    const char *at = text + EPOCH_TEXT + 1;
    position = (struct position){.reset = false};
    if (!read_hex(&at, &position.number))
        return false;
    if (*at == '.' && (at++, !read_hex(&at, &position.until)))
        return false;
    if (*at != '\0')
        return false;
    if (strncmp(text, epoch_text(look->epoch, epoch), EPOCH_TEXT) == 0 && position.number <= look->last)
        *ret = position;
    else
        ret->until = 0;
    return true;
}

/* ---- looking ---- */

static bool collect(void *arg, const struct srv_change *change)
{
    struct look *look = arg;
    look->found[look->count++] = *change;
    return look->count < SRV_PULL_SCAN_MAX;
}

static bool is_full(const struct look *look)
{
    return look->items.changes->count + 2 > CM_SYNC_ITEMS_MAX ||
           look->items.bodies.size >= CM_SYNC_ITEMS_BYTES;
}

/* Sets `more` when it stopped before the newest change. */
static enum cm_code add_items(struct look *look, struct cm_err *err)
{
    enum cm_code code = CM_OK;
    int i = 0;
    for (; i < look->count && code == CM_OK && !is_full(look); i++) {
        look->items.silent = look->found[i].number <= look->at.until;
        code = srv_items_add(&look->items, &look->found[i], err);
        if (code == CM_OK)
            look->at.number = look->found[i].number;
    }
    if (code == CM_OK && i == look->count && look->count < SRV_PULL_SCAN_MAX)
        look->at.number = look->last; /* numbers behind the last row are of rows that moved on */
    look->items.changes->more = look->at.number < look->last;
    return code;
}

static enum cm_code look_within(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct look *look = arg;
    struct cm_changes *changes = look->items.changes;
    look->count = changes->count = 0;
    cm_buf_reset(&look->items.bodies);
    enum cm_code code = srv_store_get_station(store, look->pull->station_id, &look->items.station, err);
    if (code == CM_OK)
        code = cm_box_key_of_signer(look->items.station.public_key, look->items.box_key, err);
    if (code == CM_OK)
        code = srv_store_epoch(store, look->epoch, err);
    if (code == CM_OK)
        code = srv_store_last_change(store, &look->last, err);
    if (code == CM_OK && !read_cursor(look, look->pull->asked.cursor, &look->at))
        code = cm_fail(err, CM_INVALID, "this is not a cursor");
    if (code == CM_OK)
        code = srv_store_each_change(store, look->at.number, collect, look, err);
    return code == CM_OK ? add_items(look, err) : code;
}

static void fill_answer(struct look *look, bool *ret_news)
{
    struct srv_pull *pull = look->pull;
    struct cm_changes *changes = look->items.changes;
    for (int i = 0; i < changes->count; i++)
        changes->items[i].body.data = look->items.bodies.data + look->items.offsets[i];
    changes->reset = look->at.reset;
    changes->time_ms = cm_wall_ms(pull->core->clock);
    changes->acked = look->items.station.acked_seq;
    changes->frames = pull->frames;
    changes->job_count = pull->job_count;
    for (int i = 0; i < pull->job_count; i++)
        changes->jobs[i] = pull->jobs[i];
    write_cursor(look, changes->cursor);
    *ret_news = changes->count > 0 || changes->reset || changes->more;
    pull->rolls = false;
    bool others = changes->reset || changes->more;
    for (int i = 0; i < changes->count; i++) {
        bool roll = changes->items[i].kind == CM_ITEM_ROLL;
        pull->rolls = pull->rolls || roll;
        others = others || !roll;
    }
    pull->rolls_alone = pull->rolls && !others;
}

enum cm_code srv_pull_answer(struct srv_pull *pull, struct srv_sync_reply *reply, bool *ret_news,
                             struct cm_err *err)
{
    struct look *look = calloc(1, sizeof *look);
    struct cm_changes *changes = calloc(1, sizeof *changes);
    enum cm_code code = CM_OK;
    if (look == NULL || changes == NULL)
        code = cm_fail(err, CM_NOMEM, "out of memory for an answer to a station");
    if (code == CM_OK) {
        *look = (struct look){.pull = pull,
                              .items = {.core = pull->core, .rolls = pull->asked.rolls, .changes = changes}};
        cm_buf_init(&look->items.bodies, CM_SYNC_CHANGES_MAX - CM_SYNC_SMALL_MAX);
        code = srv_store_read(pull->core->store, look_within, look, err);
    }
    if (code == CM_OK) {
        fill_answer(look, ret_news);
        srv_sync_reply_message(reply, 200, CM_MESSAGE_CHANGES, changes);
        if (!*ret_news)
            memcpy(pull->asked.cursor, changes->cursor, sizeof changes->cursor);
    }
    if (look != NULL)
        cm_buf_finish(&look->items.bodies);
    free(look);
    free(changes);
    return code;
}
