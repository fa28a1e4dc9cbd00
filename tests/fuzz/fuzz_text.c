/* Small texts from anywhere, each given to every parser of one: dates, times, ids, phone numbers, weekdays, what a pull asks
 * for, and (after a first byte 'T') a time zone's file. Whatever is taken must come out again the same. */
#include "base/date.h"
#include "base/tzif.h"
#include "base/utf8.h"
#include "base/uuid.h"
#include "roster/roster_csv.h"
#include "sync/message.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void try_times(const char *text)
{
    int32_t date, minute, again;
    char iso[CM_DATE_ISO_SIZE], clock[CM_MINUTE_TEXT_SIZE];
    if (cm_date_parse(text, &date, NULL) == CM_OK)
        must(cm_date_valid(date) && strcmp(cm_date_iso(date, iso), text) == 0 &&
             cm_date_of_day(cm_date_day_number(date)) == date);
    if (cm_minute_parse(text, &minute, NULL) == CM_OK)
        must(minute >= 0 && minute < CM_MINUTES_PER_DAY &&
             cm_minute_parse(cm_minute_text(minute, clock), &again, NULL) == CM_OK && again == minute);
}

static void try_ids(const char *text)
{
    uint8_t id[16];
    char again[CM_UUID_TEXT_SIZE], phone[CM_PHONE_SIZE];
    uint32_t weekdays;
    if (cm_uuid_parse(text, id, NULL) == CM_OK)
        must(strcasecmp(cm_uuid_text(id, again), text) == 0);
    if (cm_phone_normal(text, "91", phone) || cm_phone_normal(text, "", phone))
        must(cm_phone_fine(phone));
    if (cm_roster_id_fine(text))
        must(cm_utf8_printable(text, strlen(text)) && strlen(text) < CM_ID_SIZE &&
             cm_roster_class_fine(text));
    if (cm_roster_class_fine(text))
        must(cm_utf8_printable(text, strlen(text)) && strlen(text) < CM_ID_SIZE);
    if (cm_weekdays_parse(text, &weekdays, NULL) == CM_OK)
        must(weekdays > 0 && weekdays <= 0x7f);
}

static void try_shown(const char *text, size_t size)
{
    char out[64];
    size_t length = cm_utf8_escape(text, size, out, sizeof out);
    must(length < sizeof out && strlen(out) == length && cm_utf8_printable(out, length));
}

static void try_pull(const char *text)
{
    for (int i = 0; i < CM_PULL_NAMES; i++) {
        struct cm_pull pull = {.wait_s = 0};
        enum cm_code code = cm_pull_set(&pull, cm_pull_names[i], text, NULL);
        must(code == CM_OK || code == CM_INVALID);
        must(pull.wait_s >= 0 && pull.wait_s <= CM_SYNC_WAIT_MAX_S && pull.wall_ms >= 0);
        must(memchr(pull.cursor, '\0', sizeof pull.cursor) && memchr(pull.camera, '\0', sizeof pull.camera));
    }
}

static void try_zone(const char *data, size_t size)
{
    struct cm_tzif tzif;
    enum cm_code code = cm_tzif_parse(data, size, &tzif, NULL);
    must(code == CM_OK || code == CM_CORRUPT || code == CM_INVALID);
    if (code != CM_OK)
        return;
    for (size_t i = 1; i < tzif.change_count; i++)
        must(tzif.changes[i - 1].at_s < tzif.changes[i].at_s);
    for (int64_t at_s = -62135596800; at_s < 253402300800; at_s += 86400 * 3651)
        (void)cm_tzif_offset_s(&tzif, at_s);
    cm_tzif_finish(&tzif);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    must(text != NULL);
    if (size > 0)
        memcpy(text, data, size);
    text[size] = '\0';
    if (text[0] == 'T')
        try_zone(text + 1, size - 1);
    try_times(text);
    try_ids(text);
    try_shown(text, size);
    try_pull(text);
    free(text);
    return 0;
}
