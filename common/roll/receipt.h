/*
 * The receipt: a short code that a student can read from the screen and a teacher can type, for one event.
 * Made from the random end of the event's id (the front of a UUIDv7 is the time and alike for neighbours): 30
 * bits, so that in a school with 1,000 marks a day two of one day share a code about once in 2,000 days. A
 * code is a pointer to look with, no key.
 */
#ifndef CM_RECEIPT_H
#define CM_RECEIPT_H

#include <stdint.h>

enum { CM_RECEIPT_SIZE = 8 }; /* "7K2-Q9D" and its NUL */

/* Letters as in Crockford's base 32: no I, L, O or U. Returns out. */
char *cm_receipt(const uint8_t event_id[static 16], char out[static CM_RECEIPT_SIZE]);

#endif
