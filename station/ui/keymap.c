#include "ui/keymap.h"

enum {
    PICTURES = STN_PLACE_KIOSK | STN_PLACE_LIVE,
    ROLL = STN_PLACE_ROLL,
    VIEWS = PICTURES | ROLL,
    CALM = VIEWS | STN_PLACE_HELP,
    ASKED = STN_PLACE_SURE | STN_PLACE_ENTRY,
};

static const struct stn_key_binding bindings[] = {
    {'y', STN_PLACE_QUIT, STN_UI_ACTION_LEAVE, "y", "stop the station", NULL},
    {'n', STN_PLACE_QUIT, STN_UI_ACTION_BACK, "n", "go on", NULL},
    {STN_KEY_ESC, STN_PLACE_HELP, STN_UI_ACTION_BACK, "Esc", "back", "closes this page"},
    {STN_KEY_ESC, STN_PLACE_QUIT, STN_UI_ACTION_BACK, NULL, NULL, NULL},
    {'y', STN_PLACE_SURE, STN_UI_ACTION_YES, "y", "yes", NULL},
    {'n', STN_PLACE_SURE, STN_UI_ACTION_BACK, "n", "no", NULL},
    {STN_KEY_ENTER, STN_PLACE_ENTRY, STN_UI_ACTION_DONE, "Enter", "done", NULL},
    {STN_KEY_TAB, STN_PLACE_ENTRY, STN_UI_ACTION_NEXT_FIELD, NULL, NULL, NULL},
    {STN_KEY_BACKSPACE, STN_PLACE_ENTRY, STN_UI_ACTION_ERASE, NULL, NULL, NULL},
    {STN_KEY_ESC, ASKED, STN_UI_ACTION_BACK, "Esc", "back", NULL},
    {'p', ROLL, STN_UI_ACTION_PRESENT, "p", "present", NULL},
    {'l', ROLL, STN_UI_ACTION_LATE, "l", "late", NULL},
    {'e', ROLL, STN_UI_ACTION_EXCUSED, "e", "excused", NULL},
    {'a', ROLL, STN_UI_ACTION_ABSENT, "a", "absent", NULL},
    {'u', ROLL, STN_UI_ACTION_UNDO, "u", "undo", NULL},
    {'f', ROLL, STN_UI_ACTION_FILTER, "f", "not yet", NULL},
    {STN_KEY_ENTER, ROLL, STN_UI_ACTION_CLOSE_ROLL, "Enter", "close", NULL},
    {'n', ROLL, STN_UI_ACTION_NO_SESSION, "n", "no session", NULL},
    {'o', ROLL, STN_UI_ACTION_REOPEN, "o", "open again", NULL},
    {'c', ROLL, STN_UI_ACTION_NEXT_CLASS, "c", "next class", NULL},
    {'b', ROLL, STN_UI_ACTION_WHO, "b", "who", NULL},
    {STN_KEY_UP, ROLL, STN_UI_ACTION_UP, NULL, NULL, NULL},
    {STN_KEY_DOWN, ROLL, STN_UI_ACTION_DOWN, NULL, NULL, NULL},
    {'k', ROLL, STN_UI_ACTION_UP, NULL, NULL, NULL},
    {'j', ROLL, STN_UI_ACTION_DOWN, NULL, NULL, NULL},
    {STN_KEY_PAGE_UP, ROLL, STN_UI_ACTION_PAGE_UP, NULL, NULL, NULL},
    {STN_KEY_PAGE_DOWN, ROLL, STN_UI_ACTION_PAGE_DOWN, NULL, NULL, NULL},
    {STN_KEY_ESC, ROLL, STN_UI_ACTION_KIOSK, NULL, NULL, NULL},
    {'?', VIEWS, STN_UI_ACTION_HELP, "?", "help", "this page"},
    {'?', STN_PLACE_HELP, STN_UI_ACTION_BACK, NULL, NULL, NULL},
    {'q', CALM, STN_UI_ACTION_QUIT, "q", "quit", "stops the station; asks first"},
    {'1', STN_PLACE_LIVE | ROLL, STN_UI_ACTION_KIOSK, "1", "class view", "what the class sees"},
    {'2', STN_PLACE_KIOSK | ROLL, STN_UI_ACTION_LIVE, "2", "operator",
     "faces, distances, times, the last events"},
    {'r', PICTURES, STN_UI_ACTION_ROLL, "r", "roll",
     "the roll: p l e a say what a student is, Enter closes it"},
    {'r', STN_PLACE_HELP, STN_UI_ACTION_ROLL, NULL, NULL, NULL},
    {'p', PICTURES, STN_UI_ACTION_PIN, "p", "PIN", "marks a student by his id and PIN"},
    {'1', STN_PLACE_KIOSK | STN_PLACE_HELP, STN_UI_ACTION_KIOSK, NULL, NULL, NULL},
    {'2', STN_PLACE_LIVE | STN_PLACE_HELP, STN_UI_ACTION_LIVE, NULL, NULL, NULL},
    {STN_KEY_TAB, VIEWS, STN_UI_ACTION_SWITCH, "Tab", NULL, "from one view to the other"},
    {'n', PICTURES, STN_UI_ACTION_NO_IMAGE, "n", "no image", "boxes and eyes only, or the picture again"},
    {STN_KEY_CTRL_C, CALM, STN_UI_ACTION_QUIT, NULL, NULL, NULL},
    {STN_KEY_CTRL_C, STN_PLACE_QUIT, STN_UI_ACTION_LEAVE, NULL, NULL, NULL},
    {STN_KEY_CTRL_C, ASKED, STN_UI_ACTION_BACK, NULL, NULL, NULL},
    {STN_KEY_HANGUP, CALM | STN_PLACE_QUIT | ASKED, STN_UI_ACTION_LEAVE, NULL, NULL, NULL},
};

enum stn_ui_action stn_keymap_action(int32_t key, enum stn_place place)
{
    for (size_t i = 0; i < sizeof bindings / sizeof bindings[0]; i++)
        if (bindings[i].key == key && (bindings[i].places & place))
            return bindings[i].action;
    return STN_UI_ACTION_NONE;
}

const struct stn_key_binding *stn_keymap(size_t *ret_count)
{
    *ret_count = sizeof bindings / sizeof bindings[0];
    return bindings;
}
