/* Messages of sync from anywhere. The first byte of the input chooses the kind, the rest is the message; behind the last
 * kind come what a box of templates holds, and a bundle.
 *
 * Whatever decodes must be msgpack for another reader too, and must encode to something that decodes to the same again.
 * The seeds in corpus/sync: <kind> is what cm_message_encode writes for a message with all its fields set; templates_box
 * and bundle hold one of each. */
#include "record/scan.h"
#include "sync/bundle.h"
#include "sync/message.h"
#include <msgpack.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

union message {
    struct cm_pair_request pair_request;
    struct cm_pair_answer pair_answer;
    struct cm_push push;
    struct cm_changes changes;
    struct cm_calendar calendar;
    struct cm_station_info station_info;
    struct cm_job_result job_result;
    struct cm_roll_news roll;
};

static void expect_msgpack(const uint8_t *bytes, size_t size)
{
    msgpack_unpacked unpacked;
    size_t offset = 0;
    msgpack_unpacked_init(&unpacked);
    if (msgpack_unpack_next(&unpacked, (const char *)bytes, size, &offset) != MSGPACK_UNPACK_SUCCESS ||
        offset != size)
        abort();
    msgpack_unpacked_destroy(&unpacked);
}

static void expect_same_again(enum cm_message_kind kind, const void *message)
{
    static union message again;
    struct cm_buf once, twice;
    cm_buf_init(&once, 4 * CM_SYNC_PUSH_MAX);
    cm_buf_init(&twice, 4 * CM_SYNC_PUSH_MAX);
    if (cm_message_encode(kind, message, &once, NULL) != CM_OK ||
        cm_message_decode(kind, once.data, once.size, &again, NULL) != CM_OK ||
        cm_message_encode(kind, &again, &twice, NULL) != CM_OK || once.size != twice.size ||
        memcmp(once.data, twice.data, once.size) != 0)
        abort();
    cm_buf_finish(&once);
    cm_buf_finish(&twice);
}

/* A box whose lock is broken: what is in it is what comes. */
static enum cm_code open_box(const void *keys, const uint8_t *sealed, size_t size, uint8_t *plain,
                             struct cm_err *err)
{
    (void)keys;
    (void)err;
    memcpy(plain, sealed + CM_BOX_OVERHEAD, size - CM_BOX_OVERHEAD);
    return CM_OK;
}

static void open_templates(const uint8_t *data, size_t size)
{
    static struct cm_template templates[CM_SYNC_TEMPLATES_MAX];
    size_t count = 0;
    if (cm_templates_open(open_box, NULL, (struct cm_span){data, size}, "S1", templates, &count, NULL) ==
            CM_OK &&
        count > CM_SYNC_TEMPLATES_MAX)
        abort();
}

static void read_bundle(const uint8_t *data, size_t size)
{
    char station_id[CM_SYNC_STATION_ID_SIZE];
    uint32_t pushes = 0;
    struct cm_buf sealed;
    FILE *file = size > 0 ? fmemopen((void *)(uintptr_t)data, size, "rb") : NULL;
    if (file == NULL)
        return;
    cm_buf_init(&sealed, CM_SYNC_PUSH_MAX + CM_BOX_OVERHEAD);
    enum cm_code code = cm_bundle_read_head(file, station_id, NULL);
    while (code == CM_OK)
        code = cm_bundle_read_push(file, &sealed, &pushes, NULL);
    cm_buf_finish(&sealed);
    fclose(file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static union message message;
    enum { TEMPLATES = CM_MESSAGE_KINDS, BUNDLE, KINDS };
    if (size == 0)
        return 0;
    if (data[0] % KINDS == TEMPLATES)
        open_templates(data + 1, size - 1);
    if (data[0] % KINDS == BUNDLE)
        read_bundle(data + 1, size - 1);
    if (data[0] % KINDS >= CM_MESSAGE_KINDS)
        return 0;
    enum cm_message_kind kind = (enum cm_message_kind)(data[0] % KINDS);
    if (cm_message_decode(kind, data + 1, size - 1, &message, NULL) != CM_OK)
        return 0;
    expect_msgpack(data + 1, size - 1);
    expect_same_again(kind, &message);
    return 0;
}
