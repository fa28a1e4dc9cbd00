#include "http/text.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* The byte of an escape at text[0..2], or -1. */
static int escaped_byte(const char *text, size_t size)
{
    if (size < 3 || hex_digit(text[1]) < 0 || hex_digit(text[2]) < 0)
        return -1;
    return hex_digit(text[1]) * 16 + hex_digit(text[2]);
}

bool srv_text_unescape(const char *text, size_t size, char *ret_text, size_t room)
{
    size_t length = 0;
    for (size_t i = 0; i < size; i++) {
        int byte = (unsigned char)text[i];
        if (byte == '%') {
            byte = escaped_byte(text + i, size - i);
            i += 2;
        }
        if (byte <= 0 || length + 1 >= room)
            return false;
        ret_text[length++] = (char)byte;
    }
    if (room == 0)
        return false;
    ret_text[length] = '\0';
    return true;
}

/* Printable ASCII with whole escapes, none of them %00; a fragment is not for servers. */
static bool target_ok(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c <= 0x20 || c >= 0x7f || c == '#')
            return false;
        if (c == '%' && escaped_byte(text + i, size - i) <= 0)
            return false;
    }
    return true;
}

/* Is the segment, with its escapes, only dots: "." or ".."? An escaped slash or backslash ends a segment too. */
static bool has_dot_segment(const char *path, size_t size)
{
    int dots = 0;
    bool other = false;
    for (size_t i = 0; i < size; i++) {
        int byte = (unsigned char)path[i];
        if (byte == '%') {
            byte = escaped_byte(path + i, size - i);
            i += 2;
        }
        if (byte == '/' || byte == '\\') {
            if (!other && (dots == 1 || dots == 2))
                return true;
            dots = 0;
            other = false;
        } else if (byte == '.') {
            dots++;
        } else {
            other = true;
        }
    }
    return !other && (dots == 1 || dots == 2);
}

bool srv_text_path_ok(const char *path, size_t size)
{
    return size > 0 && path[0] == '/' && target_ok(path, size) && !has_dot_segment(path, size);
}

bool srv_text_query_ok(const char *query, size_t size)
{
    return target_ok(query, size);
}

bool srv_text_host_ok(const char *host, size_t size)
{
    if (size == 0 || size > 255)
        return false;
    for (size_t i = 0; i < size; i++) {
        char c = host[i];
        bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!plain && (c == '\0' || strchr(".-_:[]", c) == NULL))
            return false;
    }
    return true;
}

bool srv_text_equal(const char *text, size_t size, const char *word)
{
    return strlen(word) == size && strncasecmp(text, word, size) == 0;
}

bool srv_text_media_is(const char *content_type, const char *type)
{
    size_t size = strcspn(content_type, "; \t");
    return srv_text_equal(content_type, size, type);
}

/* The next item of a comma-separated list, without the space around it. False: the end. */
static bool next_item(const char **list, const char **ret_item, size_t *ret_size)
{
    *list += strspn(*list, ", \t");
    if (**list == '\0')
        return false;
    *ret_item = *list;
    *ret_size = strcspn(*list, ",");
    *list += *ret_size;
    while (*ret_size > 0 && ((*ret_item)[*ret_size - 1] == ' ' || (*ret_item)[*ret_size - 1] == '\t'))
        (*ret_size)--;
    return true;
}

/* Does an item's ";q=0", ";q=0.0" … forbid it? */
static bool forbidden(const char *item, size_t size)
{
    const char *q = memmem(item, size, "q=", 2);
    if (q == NULL)
        return false;
    q += 2;
    for (; q < item + size; q++)
        if (*q != '0' && *q != '.')
            return false;
    return true;
}

bool srv_text_takes_gzip(const char *accept_encoding)
{
    const char *item;
    size_t size;
    while (next_item(&accept_encoding, &item, &size)) {
        size_t name = 0;
        while (name < size && item[name] != ';' && item[name] != ' ' && item[name] != '\t')
            name++;
        if (srv_text_equal(item, name, "gzip"))
            return !forbidden(item, size);
    }
    return false;
}

bool srv_text_names_tag(const char *if_none_match, const char *tag)
{
    const char *item;
    size_t size;
    while (next_item(&if_none_match, &item, &size)) {
        if (size == 1 && item[0] == '*')
            return true;
        if (size > 2 && strncmp(item, "W/", 2) == 0) {
            item += 2;
            size -= 2;
        }
        if (size == strlen(tag) && memcmp(item, tag, size) == 0)
            return true;
    }
    return false;
}

/* Digits up to another character; false: none, or more than can be a size. */
static bool read_number(const char **at, uint64_t *ret_number)
{
    uint64_t number = 0;
    int digits = 0;
    for (; **at >= '0' && **at <= '9'; (*at)++, digits++)
        if (digits < 18)
            number = number * 10 + (uint64_t)(**at - '0');
    *ret_number = number;
    return digits > 0 && digits <= 18;
}

enum srv_range_result srv_text_range(const char *range, uint64_t size, uint64_t *ret_first,
                                     uint64_t *ret_last)
{
    uint64_t first, last;
    if (strncmp(range, "bytes=", 6) != 0)
        return SRV_RANGE_NONE;
    range += 6;
    if (*range == '-') { /* the last n bytes */
        range++;
        if (!read_number(&range, &last) || *range != '\0')
            return SRV_RANGE_NONE;
        if (last == 0 || size == 0)
            return SRV_RANGE_BEYOND;
        first = last < size ? size - last : 0;
        last = size - 1;
    } else {
        if (!read_number(&range, &first) || *range++ != '-')
            return SRV_RANGE_NONE;
        if (*range == '\0')
            last = UINT64_MAX;
        else if (!read_number(&range, &last) || *range != '\0' || last < first)
            return SRV_RANGE_NONE;
        if (first >= size)
            return SRV_RANGE_BEYOND;
        if (last >= size)
            last = size - 1;
    }
    *ret_first = first;
    *ret_last = last;
    return SRV_RANGE_PART;
}

char *srv_text_number(char *at, uint64_t number)
{
    char digits[20];
    int count = 0;
    do {
        digits[count++] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    while (count > 0)
        *at++ = digits[--count];
    return at;
}

void srv_text_date(int64_t wall_s, char ret_date[30])
{
    static const char days[] = "SunMonTueWedThuFriSat", months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    time_t seconds = (time_t)wall_s;
    struct tm tm;
    char text[64]; /* whatever a clock may show */
    if (gmtime_r(&seconds, &tm) == NULL)
        memset(&tm, 0, sizeof tm);
    snprintf(text, sizeof text, "%.3s, %02d %.3s %04d %02d:%02d:%02d GMT", days + tm.tm_wday * 3, tm.tm_mday,
             months + tm.tm_mon * 3, (tm.tm_year + 1900) % 10000, tm.tm_hour, tm.tm_min, tm.tm_sec);
    snprintf(ret_date, 30, "%.29s", text);
}
