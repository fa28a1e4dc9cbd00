/*
 * Rules for ids and telephone numbers of a school's roster. Pure.
 */
#ifndef CM_ROSTER_FIELDS_H
#define CM_ROSTER_FIELDS_H

#include <stdbool.h>

/* An id that can stand in an address, a file name and a CSV: printable (base/utf8.h), shorter than CM_ID_SIZE, of ASCII
 * only letters, digits, ".", "_" and "-" (with spaces_too single spaces inside as well), not only dots. */
bool cm_roster_id_fine(const char *id, bool spaces_too);

/* E.164: "+", then 8 to 15 digits of which the first is not 0. */
bool cm_phone_fine(const char *phone);

enum { CM_PHONE_SIZE = 20 };
/* As people write it ("+91 98765-43210", "0091 (98765) 43210") in E.164. False: it has no country code, or is no number. */
bool cm_phone_normal(const char *text, char ret_phone[CM_PHONE_SIZE]);

#endif
