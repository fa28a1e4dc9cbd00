#include "http/http.h"

#include "http/answer.h"
#include "http/call.h"
#include "http/text.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { TAG_MAX = 96 };

/* The packed bytes are another representation: its own strong tag, "abc" → "abc-gz". */
static void packed_tag(const char *tag, char ret_tag[TAG_MAX])
{
    static const char end[] = "-gz\"";
    size_t size = strnlen(tag, TAG_MAX - sizeof end);
    size -= size > 0; /* the quote */
    memcpy(ret_tag, tag, size);
    memcpy(ret_tag + size, end, sizeof end);
}

static void describe(struct srv_call *call, const struct srv_asset *asset, const char *tag)
{
    bool lasting = asset->immutable && srv_call_query(call, "v") != NULL;
    srv_answer_header(call, "ETag", tag);
    srv_answer_header(call, "Cache-Control", lasting ? "public, max-age=31536000, immutable" : "no-cache");
    if (asset->gzip != NULL)
        srv_answer_header(call, "Vary", "Accept-Encoding");
}

/* The range that is asked for; not when If-Range names another version. */
static enum srv_range_result wanted_range(struct srv_call *call, const struct srv_asset *asset,
                                          uint64_t *ret_first, uint64_t *ret_last)
{
    const char *range = srv_call_header(call, "range"), *if_range = srv_call_header(call, "if-range");
    if (range == NULL || (if_range != NULL && strcmp(if_range, asset->etag) != 0))
        return SRV_RANGE_NONE;
    return srv_text_range(range, asset->size, ret_first, ret_last);
}

static void answer_part(struct srv_call *call, const struct srv_asset *asset, uint64_t first, uint64_t last)
{
    char text[80];
    snprintf(text, sizeof text, "bytes %" PRIu64 "-%" PRIu64 "/%zu", first, last, asset->size);
    srv_answer_header(call, "Content-Range", text);
    srv_answer_send(
        call, 206, asset->type,
        &(struct srv_part){asset->bytes + first, (size_t)(last - first + 1), SRV_PART_STATIC, NULL});
}

static void answer_beyond(struct srv_call *call, const struct srv_asset *asset)
{
    char text[48];
    snprintf(text, sizeof text, "bytes */%zu", asset->size);
    srv_answer_header(call, "Content-Range", text);
    srv_answer_error(call, 416, "range", "There are only %zu bytes.", asset->size);
}

static void answer_whole(struct srv_call *call, const struct srv_asset *asset, bool packed)
{
    struct srv_part part = {asset->bytes, asset->size, SRV_PART_STATIC, NULL};
    if (packed) {
        srv_answer_header(call, "Content-Encoding", "gzip");
        part.bytes = asset->gzip;
        part.size = asset->gzip_size;
    } else {
        srv_answer_header(call, "Accept-Ranges", "bytes");
    }
    srv_answer_send(call, 200, asset->type, &part);
}

void srv_asset_answer(struct srv_call *call, const struct srv_asset *asset)
{
    const char *known = srv_call_header(call, "if-none-match");
    const char *encodings = srv_call_header(call, "accept-encoding");
    bool packed = asset->gzip != NULL && encodings != NULL && srv_text_takes_gzip(encodings);
    uint64_t first = 0, last = 0;
    enum srv_range_result range = wanted_range(call, asset, &first, &last);
    char tag_packed[TAG_MAX];
    packed = packed && range == SRV_RANGE_NONE; /* ranges are of the plain bytes */
    packed_tag(asset->etag, tag_packed);
    describe(call, asset, packed ? tag_packed : asset->etag);
    if (known != NULL && (srv_text_names_tag(known, asset->etag) ||
                          (asset->gzip != NULL && srv_text_names_tag(known, tag_packed))))
        srv_answer_send(call, 304, NULL, &(struct srv_part){"", 0, SRV_PART_STATIC, NULL});
    else if (range == SRV_RANGE_PART)
        answer_part(call, asset, first, last);
    else if (range == SRV_RANGE_BEYOND)
        answer_beyond(call, asset);
    else
        answer_whole(call, asset, packed);
}
