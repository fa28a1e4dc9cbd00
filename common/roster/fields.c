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

bool cm_roster_id_fine(const char *id, bool spaces_too)
{
    size_t size = strlen(id);
    if (size == 0 || size >= CM_ID_SIZE || strspn(id, ".") == size || !cm_utf8_printable(id, size))
        return false;
    for (size_t i = 0; i < size; i++) {
        bool lone_space = spaces_too && id[i] == ' ' && i > 0 && id[i - 1] != ' ' && id[i + 1] != '\0';
        if (!is_word(id[i]) && !lone_space)
            return false;
    }
    return true;
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
