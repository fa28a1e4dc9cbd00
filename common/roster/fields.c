#include "roster/fields.h"

#include "base/utf8.h"
#include "record/record.h"
#include <stdio.h>
#include <string.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_word(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (unsigned char)c >= 0x80 ||
           c == '.' || c == '_' || c == '-';
}

static bool may_be_id(const char *id, size_t size)
{
    return size > 0 && size < CM_ID_SIZE && cm_utf8_printable(id, size);
}

/* Of these characters, with others than dots among them? */
static bool is_words(const char *text, size_t size)
{
    bool other = false;
    for (size_t i = 0; i < size; i++) {
        if (!is_word(text[i]))
            return false;
        other = other || text[i] != '.';
    }
    return other;
}

bool cm_roster_id_fine(const char *id)
{
    size_t size = strlen(id);
    return may_be_id(id, size) && is_words(id, size);
}

bool cm_roster_class_fine(const char *id)
{
    if (!may_be_id(id, strlen(id)))
        return false;
    for (;;) {
        size_t size = strcspn(id, " /");
        if (!is_words(id, size))
            return false;
        if (id[size] == '\0')
            return true;
        id += size + 1;
    }
}

bool cm_phone_fine(const char *phone)
{
    if (phone[0] != '+' || phone[1] == '0')
        return false;
    size_t digits = strspn(phone + 1, "0123456789");
    return digits >= 8 && digits <= 15 && phone[1 + digits] == '\0';
}

bool cm_phone_country_fine(const char *country)
{
    size_t digits = strspn(country, "0123456789");
    return digits >= 1 && digits <= 3 && country[0] != '0' && country[digits] == '\0';
}

/* The digits of text, without what people put between them. False: something else is among them, or too many. */
static bool take_digits(const char *text, char ret_digits[CM_PHONE_SIZE])
{
    size_t size = 0;
    for (; *text != '\0'; text++) {
        if (strchr(" -.()/", *text) != NULL)
            continue;
        if (!is_digit(*text) || size + 1 >= CM_PHONE_SIZE)
            return false;
        ret_digits[size++] = *text;
    }
    ret_digits[size] = '\0';
    return true;
}

static bool is_indian_mobile(const char *digits)
{
    return strlen(digits) == 10 && digits[0] >= '6';
}

/* The digits with the country's code in front. */
static bool add_country(char digits[CM_PHONE_SIZE], const char *country)
{
    char all[2 * CM_PHONE_SIZE];
    const char *national =
        digits[0] == '0' ? digits + 1 : digits; /* the 0 that is dialled within the country */
    if (!cm_phone_country_fine(country) || national[0] == '0')
        return false;
    if (strcmp(country, "91") == 0) {
        bool has_code = strncmp(digits, "91", 2) == 0 && is_indian_mobile(digits + 2);
        if (has_code)
            return true;
        if (!is_indian_mobile(national))
            return false;
    }
    int size = snprintf(all, sizeof all, "%s%s", country, national);
    if (size >= CM_PHONE_SIZE)
        return false;
    memcpy(digits, all, (size_t)size + 1);
    return true;
}

bool cm_phone_normal(const char *text, const char *country, char ret_phone[CM_PHONE_SIZE])
{
    char phone[1 + CM_PHONE_SIZE] = "+", *digits = phone + 1;
    bool whole = *text == '+' || strncmp(text, "00", 2) == 0;
    if (!take_digits(text + (whole ? (*text == '+' ? 1 : 2) : 0), digits) ||
        (!whole && !add_country(digits, country)) || !cm_phone_fine(phone))
        return false;
    strcpy(ret_phone, phone);
    return true;
}

char *cm_phone_shown(const char *phone, char out[static CM_PHONE_SIZE])
{
    size_t size = strnlen(phone, CM_PHONE_SIZE - 1);
    for (size_t i = 0; i < size; i++)
        out[i] = i < 3 || i + 4 >= size ? phone[i] : '*';
    out[size] = '\0';
    return out;
}

static bool is_atom(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c != '\0' && strchr("!#$%&'*+/=?^_`{|}~-", c) != NULL);
}

/* Words of the characters that `fine` lets through, with single dots between them. */
static bool is_dotted(const char *text, size_t size, bool (*fine)(char))
{
    if (size == 0 || text[0] == '.' || text[size - 1] == '.')
        return false;
    for (size_t i = 0; i < size; i++)
        if (!(text[i] == '.' ? text[i + 1] != '.' : fine(text[i])))
            return false;
    return true;
}

static bool is_host(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
}

bool cm_email_fine(const char *email)
{
    enum { LOCAL_MAX = 64, EMAIL_MAX = 127 };
    const char *at = strchr(email, '@');
    if (at == NULL || at - email > LOCAL_MAX || strlen(email) > EMAIL_MAX)
        return false;
    return is_dotted(email, (size_t)(at - email), is_atom) && is_dotted(at + 1, strlen(at + 1), is_host);
}
