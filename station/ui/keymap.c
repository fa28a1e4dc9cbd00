#include "ui/keymap.h"

enum { VIEWS = STN_PLACE_KIOSK | STN_PLACE_LIVE, CALM = VIEWS | STN_PLACE_HELP };

static const struct stn_key_binding bindings[] = {
    {'y', STN_PLACE_QUIT, STN_UI_ACTION_LEAVE, "y", "stop the station", NULL},
    {'n', STN_PLACE_QUIT, STN_UI_ACTION_BACK, "n", "go on", NULL},
    {STN_KEY_ESC, STN_PLACE_HELP, STN_UI_ACTION_BACK, "Esc", "back", "closes this page"},
    {STN_KEY_ESC, STN_PLACE_QUIT, STN_UI_ACTION_BACK, NULL, NULL, NULL},
    {'?', VIEWS, STN_UI_ACTION_HELP, "?", "help", "this page"},
    {'?', STN_PLACE_HELP, STN_UI_ACTION_BACK, NULL, NULL, NULL},
    {'q', CALM, STN_UI_ACTION_QUIT, "q", "quit", "stops the station; asks first"},
    {'1', STN_PLACE_LIVE, STN_UI_ACTION_KIOSK, "1", "class view", "what the class sees"},
    {'2', STN_PLACE_KIOSK, STN_UI_ACTION_LIVE, "2", "operator", "faces, distances, times, the last events"},
    {'1', STN_PLACE_KIOSK | STN_PLACE_HELP, STN_UI_ACTION_KIOSK, NULL, NULL, NULL},
    {'2', STN_PLACE_LIVE | STN_PLACE_HELP, STN_UI_ACTION_LIVE, NULL, NULL, NULL},
    {STN_KEY_TAB, VIEWS, STN_UI_ACTION_SWITCH, "Tab", NULL, "from one view to the other"},
    {'n', VIEWS, STN_UI_ACTION_NO_IMAGE, "n", "no image", "boxes and eyes only, or the picture again"},
    {STN_KEY_CTRL_C, CALM, STN_UI_ACTION_QUIT, NULL, NULL, NULL},
    {STN_KEY_CTRL_C, STN_PLACE_QUIT, STN_UI_ACTION_LEAVE, NULL, NULL, NULL},
    {STN_KEY_HANGUP, CALM | STN_PLACE_QUIT, STN_UI_ACTION_LEAVE, NULL, NULL, NULL},
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
