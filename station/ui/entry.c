#include "ui/entry.h"

#include "lane/pin.h"
#include "ui/text.h"

#include <string.h>

void stn_entry_close(struct stn_entry *entry)
{
    explicit_bzero(entry, sizeof *entry);
}

void stn_entry_open(struct stn_entry *entry, enum stn_entry_kind kind)
{
    stn_entry_close(entry);
    entry->kind = kind;
}

int stn_entry_size(const struct stn_entry *entry)
{
    if (entry->kind == STN_ENTRY_NAME)
        return CM_NAME_SIZE;
    if (entry->kind == STN_ENTRY_REASON)
        return 120; /* a line that is read, not a letter */
    return entry->kind == STN_ENTRY_PIN && entry->field == 1 ? CM_PIN_SIZE : CM_ID_SIZE;
}

static bool is_printable(const struct stn_entry *entry, int32_t character)
{
    if (entry->kind == STN_ENTRY_PIN && entry->field == 1)
        return character >= '0' && character <= '9';
    /* No controls, surrogates, private or unassigned ends; what has no width of its own stays with the one before it. */
    return character >= ' ' && character != 0x7f && (character < 0x80 || character >= 0xa0) &&
           (character < 0xd800 || character > 0xf8ff) && character < 0x10ffff && character != 0xfffd &&
           stn_text_width((uint32_t)character) >= 0;
}

bool stn_entry_type(struct stn_entry *entry, int32_t character)
{
    char *text = entry->text[entry->field], bytes[5];
    size_t used = strlen(text);
    if (!is_printable(entry, character) || (character == ' ' && used == 0))
        return false;
    size_t count = stn_text_encode((uint32_t)character, bytes);
    if (used + count >= (size_t)stn_entry_size(entry))
        return false;
    memcpy(text + used, bytes, count + 1);
    entry->said[0] = '\0';
    return true;
}

void stn_entry_erase(struct stn_entry *entry)
{
    char *text = entry->text[entry->field];
    size_t used = strlen(text);
    while (used > 0 && ((uint8_t)text[used - 1] & 0xc0) == 0x80)
        used--;
    if (used > 0)
        used--;
    explicit_bzero(text + used, CM_TEXT_SIZE - used);
}
