/*
 * A message to a person, before it takes the form of a provider: what it is about, to whom, and the words that it is made of.
 * Pure.
 */
#ifndef SRV_LETTER_H
#define SRV_LETTER_H

#include "base/buf.h"
#include "record/record.h"
#include <stdbool.h>
#include <stdint.h>

enum srv_letter_kind {
    SRV_LETTER_ABSENCE,       /* to a parent */
    SRV_LETTER_ABSENCE_STAFF, /* to a coordinator */
    SRV_LETTER_CODE,          /* of a password reset: a secret */
    SRV_LETTER_TEST,
    SRV_LETTER_KINDS
};
const char *srv_letter_kind_name(enum srv_letter_kind kind); /* for logs and the API */

enum srv_word {                     /* by the names that settings use */
                SRV_WORD_RECIPIENT, /* "recipient": who is written to */
                SRV_WORD_STUDENT,   /* "student" */
                SRV_WORD_CLASS,     /* "class" */
                SRV_WORD_DAYS,      /* "days": how many */
                SRV_WORD_DATES,     /* "dates": which, in short */
                SRV_WORD_SCHOOL,    /* "school" */
                SRV_WORD_CODE,      /* "code" */
                SRV_WORDS
};
enum { SRV_WORD_SIZE = 256, SRV_WORD_LIST_MAX = 10 };

struct srv_letter {
    uint8_t id[16]; /* ours: providers hand it back with what they say later */
    enum srv_letter_kind kind;
    char to[128]; /* E.164, or an e-mail address */
    char words[SRV_WORDS][SRV_WORD_SIZE];
};

/* A word of a letter: in one line, without tabs and runs of spaces, never empty ("-"), as templates want it. Cut between
 * characters where it is too long. */
void srv_letter_set(struct srv_letter *letter, enum srv_word word, const char *text);

/* "recipient, student,days" as an order of words. False: a name that is none, or too many. An empty list has none. */
bool srv_word_list(const char *text, enum srv_word ret_words[SRV_WORD_LIST_MAX], int *ret_count);

/* The text that is submitted for approval, and the one of mails, with {{word}}s (README). */
struct srv_letter_text {
    const char *subject, *body;
};
extern const struct srv_letter_text srv_letter_texts[SRV_LETTER_KINDS];
/* The text with the letter's words. CM_NOMEM. */
enum cm_code srv_letter_fill(const struct srv_letter *letter, const char *text, struct cm_buf *out);

#endif
