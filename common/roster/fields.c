#include "roster/fields.h"

#include "base/utf8.h"
#include "record/record.h"
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

bool cm_phone_normal(const char *text, char ret_phone[CM_PHONE_SIZE])
{
    char phone[CM_PHONE_SIZE] = "+";
    size_t size = 1;
    const char *at = text;
    if (*at == '+')
        at++;
    else if (strncmp(at, "00", 2) == 0)
        at += 2;
    else
        return false;
    for (; *at != '\0'; at++) {
        if (strchr(" -.()/", *at) != NULL)
            continue;
        if (!is_digit(*at) || size + 1 >= CM_PHONE_SIZE)
            return false;
        phone[size++] = *at;
    }
    phone[size] = '\0';
    if (!cm_phone_fine(phone))
        return false;
    strcpy(ret_phone, phone);
    return true;
}
