/*
 * Something that a person types into a box: his name, a reason, a word that confirms, a student's id and PIN. Part of the
 * interface's state (state.h); plain values, pure.
 */
#ifndef STN_ENTRY_H
#define STN_ENTRY_H

#include "record/record.h"
#include <stdbool.h>
#include <stdint.h>

enum stn_entry_kind {
    STN_ENTRY_NONE,
    STN_ENTRY_NAME,
    STN_ENTRY_REASON,
    STN_ENTRY_CONFIRM, /* the class's id, typed out */
    STN_ENTRY_PIN,     /* two fields: id, PIN */
};
enum { STN_ENTRY_FIELDS = 2, STN_ENTRY_PIN_US = 20 * 1000 * 1000 };

struct stn_entry {
    enum stn_entry_kind kind;
    int field;
    char text[STN_ENTRY_FIELDS][CM_TEXT_SIZE];
    char said[96];     /* what was wrong with it */
    uint32_t sent;     /* the request that waits for its answer; 0: none */
    int64_t closes_us; /* when it is given up by itself; 0: never */
};

void stn_entry_open(struct stn_entry *entry, enum stn_entry_kind kind);
void stn_entry_close(struct stn_entry *entry); /* what was typed is wiped */
/* A character that was typed: false when it cannot be part of the text. */
bool stn_entry_type(struct stn_entry *entry, int32_t character);
void stn_entry_erase(struct stn_entry *entry);
/* Bytes that the field may hold, with the NUL. */
int stn_entry_size(const struct stn_entry *entry);

#endif
