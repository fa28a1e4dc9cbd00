#include "base/utf8.h"

#include <stdio.h>
#include <string.h>

enum { ZERO_WIDTH_NON_JOINER = 0x200C, ZERO_WIDTH_JOINER = 0x200D };

size_t cm_utf8_decode(const char *text, size_t size, uint32_t *ret_char)
{
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800,
                                        0x10000}; /* by length: what is below is overlong */
    if (size == 0)
        return 0;
    const unsigned char *bytes = (const unsigned char *)text;
    size_t length = bytes[0] < 0x80             ? 1
                    : (bytes[0] & 0xE0) == 0xC0 ? 2
                    : (bytes[0] & 0xF0) == 0xE0 ? 3
                    : (bytes[0] & 0xF8) == 0xF0 ? 4
                                                : 0;
    if (length == 0 || length > size)
        return 0;
    uint32_t c = length == 1 ? bytes[0] : bytes[0] & (0x7Fu >> length);
    for (size_t i = 1; i < length; i++) {
        if ((bytes[i] & 0xC0) != 0x80)
            return 0;
        c = c << 6 | (bytes[i] & 0x3F);
    }
    if (c < smallest[length] || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF))
        return 0;
    if (ret_char != NULL)
        *ret_char = c;
    return length;
}

bool cm_utf8_valid(const char *text, size_t size)
{
    for (size_t at = 0; at < size;) {
        size_t length = cm_utf8_decode(text + at, size - at, NULL);
        if (length == 0)
            return false;
        at += length;
    }
    return true;
}

size_t cm_utf8_count_fitting(const char *text, size_t size, size_t room)
{
    size_t count = 0;
    for (size_t at = 0; at < size; count++) {
        size_t length = cm_utf8_decode(text + at, size - at, NULL);
        at += length > 0 ? length : 1;
        if (at > room)
            break;
    }
    return count;
}

size_t cm_utf8_count(const char *text, size_t size)
{
    return cm_utf8_count_fitting(text, size, size);
}

/* Ordered; what a person cannot see, or what changes how the text around it is seen. */
static bool is_hidden(uint32_t c)
{
    static const struct {
        uint32_t first, last;
    } ranges[] = {
        {0x0000, 0x001F},   /* C0 */
        {0x007F, 0x009F},   /* DEL and C1 */
        {0x00AD, 0x00AD},   /* soft hyphen */
        {0x034F, 0x034F},   /* combining grapheme joiner */
        {0x061C, 0x061C},   /* Arabic letter mark */
        {0x115F, 0x1160},   /* Hangul fillers */
        {0x17B4, 0x17B5},   /* invisible Khmer vowels */
        {0x180B, 0x180F},   /* Mongolian selectors and vowel separator */
        {0x200B, 0x200F},   /* zero width, direction marks */
        {0x2028, 0x202E},   /* separators, embeddings, overrides */
        {0x2060, 0x206F},   /* word joiner, invisible operators, isolates */
        {0x3164, 0x3164},   /* Hangul filler */
        {0xFDD0, 0xFDEF},   /* noncharacters */
        {0xFE00, 0xFE0F},   /* variation selectors */
        {0xFEFF, 0xFEFF},   /* byte order mark */
        {0xFFA0, 0xFFA0},   /* Hangul filler */
        {0xFFF0, 0xFFFB},   /* unassigned, interlinear annotation */
        {0xE0000, 0xE0FFF}, /* tags, more selectors */
    };
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0] && c >= ranges[i].first; i++)
        if (c <= ranges[i].last)
            return true;
    return (c & 0xFFFE) == 0xFFFE; /* the last two of each plane */
}

static bool is_virama(uint32_t c)
{
    static const uint32_t viramas[] = {0x094D, 0x09CD, 0x0A4D, 0x0ACD, 0x0B4D,
                                       0x0BCD, 0x0C4D, 0x0CCD, 0x0D4D, 0x0DCA};
    for (size_t i = 0; i < sizeof viramas / sizeof viramas[0]; i++)
        if (c == viramas[i])
            return true;
    return false;
}

static bool is_joiner(uint32_t c)
{
    return c == ZERO_WIDTH_JOINER || c == ZERO_WIDTH_NON_JOINER;
}

static bool is_indic(uint32_t c)
{
    return c >= 0x0900 && c <= 0x0DFF; /* Devanagari to Sinhala */
}

/* Letters and the marks on them; no digits, no punctuation. */
static bool is_arabic(uint32_t c)
{
    return (c >= 0x0620 && c <= 0x065F && c != 0x0640) || (c >= 0x066E && c <= 0x06D3) || c == 0x06D5 ||
           (c >= 0x06FA && c <= 0x06FC) || c == 0x06FF || (c >= 0x0750 && c <= 0x077F) ||
           (c >= 0x08A0 && c <= 0x08C7);
}

/* A joiner between these two; after is 0 at the end. */
static bool joins(uint32_t before, uint32_t joiner, uint32_t after)
{
    if (is_virama(before))
        return true;
    if (is_virama(after))
        return is_indic(before);
    return joiner == ZERO_WIDTH_NON_JOINER && is_arabic(before) && is_arabic(after);
}

static uint32_t first_char(const char *text, size_t size)
{
    uint32_t c = 0;
    return cm_utf8_decode(text, size, &c) > 0 ? c : 0;
}

static bool is_printable_between(uint32_t before, uint32_t c, uint32_t after)
{
    return is_joiner(c) ? joins(before, c, after) : !is_hidden(c);
}

size_t cm_utf8_printable_length(const char *text, size_t size)
{
    uint32_t before = 0;
    size_t at = 0;
    while (at < size) {
        uint32_t c;
        size_t length = cm_utf8_decode(text + at, size - at, &c);
        if (length == 0 ||
            !is_printable_between(before, c, first_char(text + at + length, size - at - length)))
            break;
        before = c;
        at += length;
    }
    return at;
}

bool cm_utf8_printable(const char *text, size_t size)
{
    return cm_utf8_printable_length(text, size) == size;
}

static size_t write_escape(uint32_t c, char out[16])
{
    const char *short_form = c == '\n' ? "\\n" : c == '\r' ? "\\r" : c == '\t' ? "\\t" : NULL;
    if (short_form != NULL)
        return (size_t)snprintf(out, 16, "%s", short_form);
    return (size_t)snprintf(out, 16, "\\u{%x}", (unsigned)c);
}

/* What stands for the first character of text, in ret_piece of 16 bytes unless it is printable as it is. */
static const char *piece_of(const char *text, size_t size, uint32_t before, char ret_piece[16],
                            size_t *ret_size, size_t *ret_length, uint32_t *ret_char)
{
    *ret_char = 0;
    *ret_length = cm_utf8_decode(text, size, ret_char);
    if (*ret_length == 0) {
        *ret_length = 1;
        *ret_size = (size_t)snprintf(ret_piece, 16, "\\x%02x", (unsigned)(unsigned char)text[0]);
        return ret_piece;
    }
    if (!is_printable_between(before, *ret_char, first_char(text + *ret_length, size - *ret_length))) {
        *ret_size = write_escape(*ret_char, ret_piece);
        return ret_piece;
    }
    *ret_size = *ret_length;
    return text;
}

size_t cm_utf8_escape(const char *text, size_t size, char *out, size_t out_size)
{
    size_t written = 0;
    uint32_t before = 0;
    for (size_t at = 0; at < size;) {
        char escape[16];
        size_t piece_size, length;
        uint32_t c;
        const char *piece = piece_of(text + at, size - at, before, escape, &piece_size, &length, &c);
        if (piece_size > out_size - 1 - written)
            break;
        memcpy(out + written, piece, piece_size);
        written += piece_size;
        before = c;
        at += length;
    }
    written = cm_utf8_printable_length(out, written); /* not a joiner whose second letter does not fit */
    out[written] = '\0';
    return written;
}
