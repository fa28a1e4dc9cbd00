#include "ui/text.h"
#include "base/utf8.h"
#include <string.h>

/* Characters that show nothing themselves but change what stands around them. */
static bool is_format(uint32_t c)
{
    return c == 0xad || c == 0x61c || c == 0x180e || (c >= 0x200b && c <= 0x200f) ||
           (c >= 0x202a && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || (c >= 0xfe00 && c <= 0xfe0f) ||
           c == 0xfeff || (c >= 0xfff9 && c <= 0xfffb) || (c >= 0x1f3fb && c <= 0x1f3ff) ||
           (c >= 0xe0000 && c <= 0xe0fff);
}

static bool is_unshowable(uint32_t c)
{
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029 || (c >= 0xe000 && c < 0xf900) ||
           (c & 0xfffe) == 0xfffe || c >= 0xf0000;
}

uint32_t stn_text_next(const char **text)
{
    while (**text) {
        uint32_t codepoint = STN_TEXT_BAD;
        size_t length = cm_utf8_decode(*text, strnlen(*text, 4), &codepoint);
        *text += length ? length : 1; /* a byte that is no UTF-8 costs one place */
        if (is_format(codepoint))
            continue;
        return is_unshowable(codepoint) ? STN_TEXT_BAD : codepoint;
    }
    return 0;
}

int stn_text_columns(const char *text)
{
    int columns = 0;
    for (uint32_t c = stn_text_next(&text); c; c = stn_text_next(&text))
        columns += stn_text_width(c);
    return columns;
}

char stn_text_ascii(uint32_t c)
{
    static const struct {
        uint32_t codepoint;
        char ascii;
    } table[] = {
        {0x2713, 'v'}, {0x2717, 'x'},  {0x2026, '.'},  {0xb7, '-'},   {0x2013, '-'},
        {0x2014, '-'}, {0x2018, '\''}, {0x2019, '\''}, {0x201c, '"'}, {0x201d, '"'},
        {0x2500, '-'}, {0x2502, '|'},  {0x250c, '+'},  {0x2510, '+'}, {0x2514, '+'},
        {0x2518, '+'}, {0x2588, '#'},  {0x2022, 'o'},  {0x2264, '<'}, {0xa0, ' '},
    };
    /* Letters of Latin-1 from U+00C0 without their accents: names stay readable. */
    static const char latin[] = "AAAAAAACEEEEIIIIDNOOOOO*OUUUUYTsaaaaaaaceeeeiiiidnooooo/ouuuuyty";
    if (c < 0x80)
        return (char)c;
    if (c >= 0xc0 && c <= 0xff)
        return latin[c - 0xc0];
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (table[i].codepoint == c)
            return table[i].ascii;
    return '?';
}

size_t stn_text_encode(uint32_t c, char out[5])
{
    size_t length = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    static const unsigned char lead[5] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t i = length - 1; i > 0; i--) {
        out[i] = (char)(0x80 | (c & 0x3f));
        c >>= 6;
    }
    out[0] = (char)(lead[length] | c);
    out[length] = '\0';
    return length;
}

const char *stn_text_wrap(const char *text, int columns, char *line, size_t size)
{
    while (*text == ' ')
        text++;
    const char *at = text, *end = text, *space = NULL;
    int used = 0;
    while (*at) {
        if (*at == ' ')
            space = at;
        const char *next = at;
        uint32_t codepoint = stn_text_next(&next);
        used += codepoint ? stn_text_width(codepoint) : 0;
        if (used > columns)
            break;
        at = next;
    }
    if (!*at)
        end = at;
    else if (space && space > text)
        end = space;
    else
        end = at;
    const char *rest = end;
    if (end == text && *text) /* not even one character fits: skip it, or this would never end */
        (void)stn_text_next(&rest);
    size_t length = (size_t)(end - text);
    length = length < size ? length : size - 1;
    memcpy(line, text, length);
    line[length] = '\0';
    while (*rest == ' ')
        rest++;
    return *rest ? rest : NULL;
}
