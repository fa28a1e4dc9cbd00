/*
 * How a cell looks, by what it means. The terminal alone knows which colours it has for a role (term_curses.c);
 * no meaning hangs on colour: every role that matters comes with a word and a shape.
 */
#ifndef STN_STYLE_H
#define STN_STYLE_H

#include <stdbool.h>
#include <stdint.h>

enum stn_role {
    STN_ROLE_TEXT,
    STN_ROLE_TITLE,
    STN_ROLE_FRAME, /* lines round things */
    STN_ROLE_DIM,   /* there when looked for */
    STN_ROLE_KEY,   /* a key one can press */
    STN_ROLE_OK,
    STN_ROLE_WAIT, /* going on, no fault */
    STN_ROLE_WARN,
    STN_ROLE_BAD,
    STN_ROLE_PICTURE, /* fg and bg are the camera's colours */
    STN_ROLE_COUNT
};

struct stn_style { /* bytes only: cells are compared with memcmp */
    uint8_t role;  /* enum stn_role */
    uint8_t bold;
    uint8_t fg[3], bg[3]; /* red, green, blue; for STN_ROLE_PICTURE alone */
};

static inline struct stn_style stn_style(enum stn_role role)
{
    return (struct stn_style){.role = (uint8_t)role};
}
static inline struct stn_style stn_style_bold(enum stn_role role)
{
    return (struct stn_style){.role = (uint8_t)role, .bold = 1};
}

/* What the terminal can show; asked once (term.h), passed to whoever prepares a screen. */
struct stn_ui_caps {
    bool utf8;
    int colours; /* 0 none, 8, 16, 256, or 1 << 24 */
};

/* How well something stands, with the shape that says so without colour: ✓ … ! ✗ ? */
enum stn_tone { STN_TONE_PLAIN, STN_TONE_OK, STN_TONE_WAIT, STN_TONE_WARN, STN_TONE_BAD, STN_TONE_UNKNOWN };

static inline const char *stn_tone_shape(enum stn_tone tone)
{
    static const char *const shapes[] = {" ", "✓", "…", "!", "✗", "?"};
    return shapes[tone];
}
static inline enum stn_role stn_tone_role(enum stn_tone tone)
{
    static const enum stn_role roles[] = {STN_ROLE_TEXT, STN_ROLE_OK,  STN_ROLE_WAIT,
                                          STN_ROLE_WARN, STN_ROLE_BAD, STN_ROLE_WARN};
    return roles[tone];
}

#endif
