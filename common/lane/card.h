/*
 * The card of a student: a secret of 128 random bits, as text in a QR code. It says nothing about who he is, so a card that is
 * found tells a name to nobody; station and server keep its tag alone, from which the card cannot be made.
 *
 * Text: "RC1-", 26 characters of Crockford's base 32 (no I, L, O, U), 2 check characters: 32 in all, upper case, which a QR
 * code holds in its small alphanumeric form. Typed by hand, small letters, blanks and dashes between, and O, I and L for 0 and
 * 1 will do; a slip of the finger is told from a card that is not known (1,023 of 1,024 are).
 *
 * Comparing takes the same time whatever is compared. cm_crypt_init() must have been called. Any thread. Wipe secrets and
 * texts after use (cm_wipe).
 */
#ifndef CM_CARD_H
#define CM_CARD_H

#include "base/err.h"
#include "record/record.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CM_CARD_SECRET_SIZE = 16, CM_CARD_TEXT_SIZE = 4 + 26 + 2 + 1 };

struct cm_card {
    uint8_t secret[CM_CARD_SECRET_SIZE];
};

void cm_card_new(struct cm_card *ret_card);
void cm_card_text(const struct cm_card *card, char ret_text[CM_CARD_TEXT_SIZE]);
/* CM_NOTFOUND: this is no card of ours at all (another QR code). CM_INVALID: it begins like one, and is damaged or mistyped. */
enum cm_code cm_card_parse(const char *text, size_t size, struct cm_card *ret_card, struct cm_err *err);

void cm_card_tag(const struct cm_card *card, uint8_t ret_tag[CM_CARD_TAG_SIZE]);
/* Never true of the tag that says that there is no card (all zero). */
bool cm_card_fits(const struct cm_card *card, const uint8_t tag[CM_CARD_TAG_SIZE]);
bool cm_card_tag_given(const uint8_t tag[CM_CARD_TAG_SIZE]); /* a student has a card */

#endif
