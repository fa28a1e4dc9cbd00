#include "lane/card.h"

#include "crypt/seal.h"
#include <sodium.h>
#include <string.h>

enum { PREFIX = 4, DIGITS = 26, CHECKS = 2, TEXT = PREFIX + DIGITS + CHECKS, BITS = 5 };

static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
static const char start[] = "RC1-";

void cm_card_new(struct cm_card *ret_card)
{
    randombytes_buf(ret_card->secret, sizeof ret_card->secret);
}

/* BLAKE2b under a word of its own for each use, so that the check characters say nothing about the tag. */
static void digest(const struct cm_card *card, const char *use, uint8_t ret[16])
{
    crypto_generichash(ret, 16, card->secret, sizeof card->secret, (const uint8_t *)use, strlen(use));
}

void cm_card_tag(const struct cm_card *card, uint8_t ret_tag[CM_CARD_TAG_SIZE])
{
    _Static_assert(CM_CARD_TAG_SIZE == 16, "a tag is a digest");
    digest(card, "rollcall card, tag", ret_tag);
}

static void check_characters(const struct cm_card *card, char ret[CHECKS])
{
    uint8_t hash[16];
    digest(card, "rollcall card, check", hash);
    ret[0] = alphabet[hash[0] & 31];
    ret[1] = alphabet[hash[1] & 31];
    cm_wipe(hash, sizeof hash);
}

/* The digit at `index`: five bits, the first ones highest; the last digit has three and then zeros. */
static unsigned digit_of(const uint8_t secret[CM_CARD_SECRET_SIZE], int index)
{
    unsigned value = 0;
    for (int i = index * BITS; i < (index + 1) * BITS; i++) {
        unsigned bit = i < CM_CARD_SECRET_SIZE * 8 ? secret[i / 8] >> (7 - i % 8) & 1u : 0;
        value = value << 1 | bit;
    }
    return value;
}

void cm_card_text(const struct cm_card *card, char ret_text[CM_CARD_TEXT_SIZE])
{
    memcpy(ret_text, start, PREFIX);
    for (int i = 0; i < DIGITS; i++)
        ret_text[PREFIX + i] = alphabet[digit_of(card->secret, i)];
    check_characters(card, ret_text + PREFIX + DIGITS);
    ret_text[TEXT] = '\0';
}

/* ---- reading ---- */

static char upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

/* -1: not a digit. */
static int value_of(char c)
{
    c = upper(c);
    c = c == 'O' ? '0' : c == 'I' || c == 'L' ? '1' : c;
    const char *at = c != '\0' ? memchr(alphabet, c, sizeof alphabet - 1) : NULL;
    return at != NULL ? (int)(at - alphabet) : -1;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '-';
}

/* Digits and check characters as numbers, without what stands between. False: something else, or not as many. */
static bool read_digits(const char *text, size_t size, uint8_t ret[DIGITS + CHECKS])
{
    int count = 0;
    for (size_t i = 0; i < size; i++) {
        int value = value_of(text[i]);
        if (is_blank(text[i]))
            continue;
        if (value < 0 || count == DIGITS + CHECKS)
            return false;
        ret[count++] = (uint8_t)value;
    }
    return count == DIGITS + CHECKS;
}

/* False: bits are set behind the last of the secret. */
static bool pack(const uint8_t digits[DIGITS], struct cm_card *ret_card)
{
    *ret_card = (struct cm_card){{0}};
    for (int i = 0; i < DIGITS * BITS; i++) {
        unsigned bit = digits[i / BITS] >> (BITS - 1 - i % BITS) & 1u;
        if (i < CM_CARD_SECRET_SIZE * 8)
            ret_card->secret[i / 8] |= (uint8_t)(bit << (7 - i % 8));
        else if (bit != 0)
            return false;
    }
    return true;
}

static bool starts_like_a_card(const char *text, size_t size)
{
    for (size_t i = 0; i < PREFIX; i++)
        if (i == size || upper(text[i]) != start[i])
            return false;
    return true;
}

enum cm_code cm_card_parse(const char *text, size_t size, struct cm_card *ret_card, struct cm_err *err)
{
    uint8_t digits[DIGITS + CHECKS];
    char checks[CHECKS];
    struct cm_card card;
    while (size > 0 && is_blank(*text))
        text++, size--;
    if (!starts_like_a_card(text, size))
        return cm_fail(err, CM_NOTFOUND, "this is not a card of this school");
    bool fine = read_digits(text + PREFIX, size - PREFIX, digits) && pack(digits, &card);
    if (fine) {
        check_characters(&card, checks);
        fine = checks[0] == alphabet[digits[DIGITS]] && checks[1] == alphabet[digits[DIGITS + 1]];
    }
    if (fine)
        *ret_card = card;
    cm_wipe(digits, sizeof digits);
    cm_wipe(&card, sizeof card);
    return fine ? CM_OK : cm_fail(err, CM_INVALID, "the card is damaged or mistyped: try again");
}

/* ---- comparing ---- */

bool cm_card_tag_given(const uint8_t tag[CM_CARD_TAG_SIZE])
{
    return !sodium_is_zero(tag, CM_CARD_TAG_SIZE);
}

bool cm_card_fits(const struct cm_card *card, const uint8_t tag[CM_CARD_TAG_SIZE])
{
    uint8_t own[CM_CARD_TAG_SIZE];
    cm_card_tag(card, own);
    bool same = sodium_memcmp(own, tag, sizeof own) == 0;
    return same && cm_card_tag_given(tag);
}
