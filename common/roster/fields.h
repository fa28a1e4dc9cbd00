/*
 * Rules for ids and telephone numbers of a school's roster. Pure.
 */
#ifndef CM_ROSTER_FIELDS_H
#define CM_ROSTER_FIELDS_H

#include <stdbool.h>

/* An id that can stand in an address, a file name and a CSV: printable (base/utf8.h), shorter than CM_ID_SIZE, of ASCII
 * only letters, digits, ".", "_" and "-", not only dots. */
bool cm_roster_id_fine(const char *id);
/* The same for a class, which is called what its school calls it: single spaces and slashes inside as well ("10/B"), and
 * no part between slashes is only dots. It stands in an address with its slash escaped, and in no file name. */
bool cm_roster_class_fine(const char *id);

/* E.164: "+", then 8 to 15 digits of which the first is not 0. */
bool cm_phone_fine(const char *phone);

enum { CM_PHONE_SIZE = 20, CM_EMAIL_SIZE = 128 };
/* As people write it ("+91 98765-43210", "0091 (98765) 43210") in E.164. A number without a country code ("098765 43210") is
 * of `country` ("91"; "": such a number is none); of India it has ten digits, of which the first is 6 to 9, as mobiles have.
 * False: it is no number, or nobody knows of which country. */
bool cm_phone_normal(const char *text, const char *country, char ret_phone[CM_PHONE_SIZE]);

/* A country code: 1 to 3 digits, the first of which is not 0. */
bool cm_phone_country_fine(const char *country);

/* "name@host.example": what every mail server takes as it is, without quotes, comments or anything that could end a header;
 * at most 127 bytes. */
bool cm_email_fine(const char *email);

/* For logs: enough to find it, too little to call it ("+91*****3210"). Returns out. */
char *cm_phone_shown(const char *phone, char out[static CM_PHONE_SIZE]);

#endif
