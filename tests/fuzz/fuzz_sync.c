/* Messages of sync from anywhere. The first byte of the input chooses the kind, the rest is the message.
 *
 * Whatever decodes must be msgpack for another reader too, and must encode to something that decodes to the same again.
 * The seeds in corpus/sync: <kind> is what cm_message_encode writes for a message with all its fields set. */
#include "record/scan.h"
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static union message message;
    if (size == 0)
        return 0;
    enum cm_message_kind kind = (enum cm_message_kind)(data[0] % CM_MESSAGE_KINDS);
    if (cm_message_decode(kind, data + 1, size - 1, &message, NULL) != CM_OK)
        return 0;
    expect_msgpack(data + 1, size - 1);
    expect_same_again(kind, &message);
    return 0;
}
