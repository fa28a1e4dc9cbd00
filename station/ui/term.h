/*
 * The terminal: shows a grid, gives keys. The only thing that knows ncurses (term_curses.c).
 *
 * It never waits. ncurses writes into memory; what it wrote goes to the terminal as fast as that takes it, and while
 * some of it is still on its way no new screen is prepared. A stopped, slow or dead terminal therefore costs redraws
 * (the newest state is shown as soon as it takes bytes again), never the caller's time.
 *
 * Signals are the caller's: none of ncurses' handlers stays installed. On SIGWINCH call stn_term_resize; on SIGTERM,
 * SIGHUP end the loop and close; in a handler of fatal signals call stn_term_emergency_restore.
 * Anything else that writes to the terminal tears the screen: while it is open, point stderr elsewhere.
 * One terminal per process, one thread.
 */
#ifndef STN_TERM_H
#define STN_TERM_H

#include "base/err.h"
#include "ui/grid.h"
#include <stdbool.h>
#include <stdint.h>

struct stn_term;

struct stn_term_options {
    const char *type; /* NULL: $TERM */
    int in_fd;      /* -1: /dev/tty opened anew, so that polling it leaves stdout's flags alone; else stdin */
    int out_fd;     /* -1: stdout */
    bool no_colour; /* also by $NO_COLOR */
};

/* Takes the screen. CM_INVALID: not a terminal, or of a type that is not known; the sentence says what to do.
 * Calls setlocale(LC_CTYPE, ""): UTF-8 or not is the environment's word. */
enum cm_code stn_term_open(const struct stn_term_options *options, struct stn_term **ret_term,
                           struct cm_err *err);
/* Gives the screen back as it was, waiting at most 200 ms for a slow terminal. NULL is fine. */
void stn_term_close(struct stn_term *term);

struct stn_ui_caps stn_term_caps(const struct stn_term *term);

/* Asks the terminal for its size: for a grid to be resized to. Also after SIGWINCH. */
void stn_term_resize(struct stn_term *term, int *ret_rows, int *ret_cols);

/* CM_AGAIN: the terminal has not taken the last screen yet; show a newer one later. CM_BACKEND: it is gone. */
enum cm_code stn_term_show(struct stn_term *term, const struct stn_grid *grid, struct cm_err *err);
/* Draw everything again at the next show: something else wrote to the terminal, or the process was stopped. */
void stn_term_redraw(struct stn_term *term);
/* Sends what is still on its way; true when nothing is. Call it when out_fd can be written, or now and then. */
bool stn_term_flush(struct stn_term *term);

/* To be polled for reading; then take keys until STN_KEY_NONE. */
int stn_term_in_fd(const struct stn_term *term);
/* The next key (keymap.h) or STN_KEY_NONE. Takes up to 25 ms to tell a lone Esc from a longer sequence. */
int32_t stn_term_key(struct stn_term *term);

/* Bytes sent to the terminal so far. */
uint64_t stn_term_bytes(const struct stn_term *term);

/* Async-signal-safe: leaves the alternate screen, shows the cursor, restores the line's modes. Harmless when closed. */
void stn_term_emergency_restore(void);

#endif
