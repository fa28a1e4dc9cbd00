/*
 * UTF-8, and which text may be shown to a person as a name.
 *
 * Names come from files that others wrote and end up on a terminal, in a log and on a web page. A control
 * character there moves the cursor, a direction override makes one name look like another, an invisible
 * character makes two names look the same. So importers ask cm_utf8_printable, and whoever shows text that
 * was not asked (a device's name, a bad line of a file) shows cm_utf8_escape of it.
 *
 * Not printable: C0 and C1 controls (tab and line breaks too), line and paragraph separators, direction
 * marks, embeddings, overrides and isolates, zero-width and other invisible characters, tags, noncharacters.
 * Zero-width joiner and non-joiner are printable only where a script spells with them (Unicode Standard Annex #31,
 * rules A1, A2 and B): right after a virama, also at the end of a word (Malayalam); between an Indic letter and a
 * virama (Kannada, Bengali); a non-joiner also between two Arabic letters, joining or not, as Persian names are
 * typed. Never first, never two together, never in a script without them.
 *
 * Pure functions, any thread.
 */
#ifndef CM_UTF8_H
#define CM_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Decodes the first character of text. Returns its length in bytes (1 to 4), or 0 where the bytes are not
 * UTF-8 (overlong, surrogate, above U+10FFFF, cut short, size 0). ret_char may be NULL. */
size_t cm_utf8_decode(const char *text, size_t size, uint32_t *ret_char);

bool cm_utf8_valid(const char *text, size_t size);

/* How many characters; a byte that is not UTF-8 counts as one. */
size_t cm_utf8_count(const char *text, size_t size);
/* How many of them, from the first on, fit whole into so many bytes. */
size_t cm_utf8_count_fitting(const char *text, size_t size, size_t room);

/* Valid UTF-8 without any of the characters above. The empty text is printable. */
bool cm_utf8_printable(const char *text, size_t size);
/* Where the first character stands that is not printable; size when all are. */
size_t cm_utf8_printable_length(const char *text, size_t size);

/* Copies text into out, of out_size bytes with the NUL, with each byte that is not UTF-8 as \xNN and each
 * character that is not printable as \n, \r, \t or \u{N}. Stops before what does not fit, never inside a
 * character or an escape. Returns the length written. out_size must be at least 1. */
size_t cm_utf8_escape(const char *text, size_t size, char *out, size_t out_size);

#endif
