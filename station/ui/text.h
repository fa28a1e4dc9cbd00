/*
 * Text on its way to the screen: UTF-8 read character by character, measured in columns, made harmless.
 *
 * What a name may hold is nobody's promise: escape sequences, line breaks, broken UTF-8, direction overrides, a
 * thousand accents on one letter. stn_text_next gives out only what may stand in a cell: a control or a broken byte
 * comes as U+FFFD, invisible format characters (zero width, direction, variation) do not come at all.
 * Pure, no locale, thread safe.
 */
#ifndef STN_TEXT_H
#define STN_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { STN_TEXT_BAD = 0xfffd }; /* stands for what cannot be shown */

/* The next character; moves *text behind it. 0 at the end of the string. */
uint32_t stn_text_next(const char **text);

/* Columns of one character: 0 (stands on the one before), 1 or 2. */
int stn_text_width(uint32_t codepoint);

/* Columns of a whole string. */
int stn_text_columns(const char *text);

/* The ASCII character that takes a character's place where there is no UTF-8; '?' when none fits. */
char stn_text_ascii(uint32_t codepoint);

/* The codepoint as UTF-8 into out (at least 5 bytes, gets a NUL); its length. */
size_t stn_text_encode(uint32_t codepoint, char out[5]);

/* One line of at most `columns` from a longer text, broken at a space where there is one: copies it into `line`
 * (cut at `size`), and returns where the next line starts, NULL after the last. columns >= 1. */
const char *stn_text_wrap(const char *text, int columns, char *line, size_t size);

#endif
