/*
 * Keys to actions, as one table: what works where, and the words for the footer and the help page. Pure.
 */
#ifndef STN_KEYMAP_H
#define STN_KEYMAP_H

#include <stddef.h>
#include <stdint.h>

/* A key is the character that it types, or one of these. */
enum {
    STN_KEY_NONE = -1,   /* nothing was pressed */
    STN_KEY_HANGUP = -2, /* the terminal is gone */
    STN_KEY_OTHER = -3,  /* a key without a character that means nothing to us: function keys */
    STN_KEY_UP = -4,
    STN_KEY_DOWN = -5,
    STN_KEY_PAGE_UP = -6,
    STN_KEY_PAGE_DOWN = -7,
    STN_KEY_CTRL_C = 3,
    STN_KEY_TAB = 9,
    STN_KEY_ENTER = 10,
    STN_KEY_ESC = 27,
    STN_KEY_BACKSPACE = 127,
};

enum stn_ui_action {
    STN_UI_ACTION_NONE, /* the key does nothing here: the interface says so */
    STN_UI_ACTION_KIOSK,
    STN_UI_ACTION_LIVE,
    STN_UI_ACTION_SWITCH, /* the other view */
    STN_UI_ACTION_NO_IMAGE,
    STN_UI_ACTION_HELP,
    STN_UI_ACTION_QUIT,  /* asks */
    STN_UI_ACTION_BACK,  /* closes help or the question */
    STN_UI_ACTION_LEAVE, /* the question answered with yes, or the terminal gone */
    STN_UI_ACTION_PIN,   /* a student types his id and PIN */
    STN_UI_ACTION_ROLL,
    STN_UI_ACTION_UP,
    STN_UI_ACTION_DOWN,
    STN_UI_ACTION_PAGE_UP,
    STN_UI_ACTION_PAGE_DOWN,
    STN_UI_ACTION_PRESENT,
    STN_UI_ACTION_LATE,
    STN_UI_ACTION_EXCUSED,
    STN_UI_ACTION_ABSENT,
    STN_UI_ACTION_UNDO,
    STN_UI_ACTION_FILTER,     /* those who were not seen, or all */
    STN_UI_ACTION_NEXT_CLASS, /* of several */
    STN_UI_ACTION_WHO,        /* another person uses the roll now */
    STN_UI_ACTION_CLOSE_ROLL,
    STN_UI_ACTION_NO_SESSION,
    STN_UI_ACTION_REOPEN,
    STN_UI_ACTION_YES, /* to what the roll asks */
    STN_UI_ACTION_NEXT_FIELD,
    STN_UI_ACTION_DONE, /* with typing */
    STN_UI_ACTION_ERASE,
};

enum stn_place { /* bits */
                 STN_PLACE_NONE = 0,
                 STN_PLACE_KIOSK = 1,
                 STN_PLACE_LIVE = 2,
                 STN_PLACE_HELP = 4,
                 STN_PLACE_QUIT = 8,
                 STN_PLACE_ROLL = 16,
                 STN_PLACE_SURE = 32,  /* the roll asks before it closes */
                 STN_PLACE_ENTRY = 64, /* somebody types: characters are text there, not keys */
};

struct stn_key_binding {
    int32_t key;
    unsigned places; /* of enum stn_place */
    enum stn_ui_action action;
    const char *name;  /* "Tab"; NULL: works, is not shown */
    const char *label; /* one or two words for the footer; NULL: on the help page only */
    const char *help;  /* for the help page; NULL: not there */
};

enum stn_ui_action stn_keymap_action(int32_t key, enum stn_place place);
/* The whole table, in the order in which keys are shown. */
const struct stn_key_binding *stn_keymap(size_t *ret_count);

#endif
