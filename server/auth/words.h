/* The words that one-time passwords are made of. */
#ifndef SRV_AUTH_WORDS_H
#define SRV_AUTH_WORDS_H

#include <stddef.h>

extern const char *const srv_words[];
extern const size_t srv_word_count;
enum { SRV_WORD_MAX = 6 }; /* letters of the longest */

#endif
