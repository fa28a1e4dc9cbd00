/* Records from anywhere. The first byte of the input chooses the kind, the rest is the record.
 *
 * Whatever decodes must be msgpack for another reader too, and must encode to the same bytes again, for hashes rely on
 * there being one form (but for the version of records that do not hold one: those come out as ours).
 *
 * The seeds in corpus/record: valid-<kind> is what cm_record_encode writes for one record of that kind or event type with
 * all its fields set; newer-<kind> has a later version and unknown fields; hostile-<what> is by hand and says so. */
#include "record/codec.h"
#include "record/scan.h"
#include <msgpack.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

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

static void expect_same_again(enum cm_record_kind kind, const void *record, const uint8_t *bytes, size_t size)
{
    static uint8_t again[1 << 16];
    size_t again_size;
    if (cm_record_encode(kind, record, again, sizeof again, &again_size, NULL) != CM_OK)
        abort();
    bool version_1 = size > 2 && bytes[1] == 0 && bytes[2] == CM_RECORD_VERSION;
    if ((version_1 || kind == CM_RECORD_EVENT) && (again_size != size || memcmp(again, bytes, size) != 0))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    union {
        struct cm_class class_;
        struct cm_student student;
        struct cm_template template_;
        struct cm_event event;
    } record;
    if (size == 0)
        return 0;
    enum cm_record_kind kind = (enum cm_record_kind)(data[0] % CM_RECORD_KINDS);
    const uint8_t *bytes = data + 1;
    if (cm_scan_message(bytes, size - 1, CM_SCAN_OBJECTS_MAX, NULL) == CM_OK)
        expect_msgpack(bytes, size - 1);
    if (cm_record_decode(kind, bytes, size - 1, &record, NULL) == CM_OK)
        expect_same_again(kind, &record, bytes, size - 1);
    return 0;
}
