#include "api/fold.h"

#include <stdbool.h>
#include <string.h>
#include <utf8proc.h>

/* Most names of most schools, and each id: without the tables. */
static bool fold_ascii(const char *text, char ret_folded[SRV_FOLD_SIZE])
{
    size_t i = 0;
    for (; text[i] != '\0' && i < SRV_FOLD_SIZE - 1; i++) {
        if ((unsigned char)text[i] >= 0x80)
            return false;
        ret_folded[i] = (char)(text[i] >= 'A' && text[i] <= 'Z' ? text[i] + 0x20 : text[i]);
    }
    ret_folded[i] = '\0';
    return text[i] == '\0';
}

/* Over, under and around letters of scripts that can do without. */
static bool is_accent(utf8proc_int32_t c)
{
    return (c >= 0x300 && c <= 0x36f) || (c >= 0x483 && c <= 0x489) || (c >= 0x1ab0 && c <= 0x1aff) ||
           (c >= 0x1dc0 && c <= 0x1dff) || (c >= 0x20d0 && c <= 0x20ff) || (c >= 0xfe20 && c <= 0xfe2f);
}

static void fold_unicode(const char *text, char ret_folded[SRV_FOLD_SIZE])
{
    utf8proc_int32_t chars[SRV_FOLD_SIZE];
    size_t size = 0;
    utf8proc_ssize_t count = utf8proc_decompose(
        (const utf8proc_uint8_t *)text, (utf8proc_ssize_t)strlen(text), chars, SRV_FOLD_SIZE,
        UTF8PROC_STABLE | UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD | UTF8PROC_IGNORE);
    for (utf8proc_ssize_t i = 0; i < count && i < SRV_FOLD_SIZE && size + 4 < SRV_FOLD_SIZE; i++)
        if (!is_accent(chars[i]))
            size += (size_t)utf8proc_encode_char(chars[i], (utf8proc_uint8_t *)ret_folded + size);
    ret_folded[size] = '\0';
}

void srv_fold(const char *text, char ret_folded[SRV_FOLD_SIZE])
{
    if (!fold_ascii(text, ret_folded))
        fold_unicode(text, ret_folded);
}
