/*
 * ncurses, and nothing of ours that could be tested without it.
 *
 * ncurses believes that it writes to the terminal and loops over EAGAIN, so a terminal that stops taking bytes would
 * hold us for ever. Therefore its output is a memory file, emptied after every refresh into `pending`, which goes to the
 * terminal by non-blocking writes. What ncurses cannot do through a memory file, we do: terminal modes and its size.
 */
#include "ui/keymap.h"
#include "ui/palette.h"
#include "ui/term.h"
#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <ncurses.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <term.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>
#include <wchar.h>

enum {
    PENDING_MAX =
        4 * 1024 * 1024, /* one screen of the largest grid, every cell in new colours, is about 3 MB */
    RESTORE_MAX = 256,
    CLOSE_WAIT_MS = 200,
};

struct stn_term {
    SCREEN *screen;
    FILE *memory_file, *in_file; /* what ncurses knows */
    int memory_fd, in_fd, out_fd;
    bool own_in, own_out;
    struct termios modes;
    struct stn_ui_caps caps;
    struct stn_grid shown; /* what ncurses was told last: only changed cells go through it */
    bool hung_up;
    char *pending;
    size_t pending_size, pending_sent;
    uint64_t bytes;
};

/* For the handler of fatal signals: everything it needs, without a pointer into the heap. */
static struct {
    volatile sig_atomic_t armed;
    int fd;
    struct termios modes;
    char text[RESTORE_MAX];
    size_t length;
} emergency;

void stn_term_emergency_restore(void)
{
    int saved = errno;
    if (emergency.armed) {
        emergency.armed = 0;
        ssize_t ignored = write(emergency.fd, emergency.text, emergency.length);
        (void)ignored;
        tcsetattr(emergency.fd, TCSANOW, &emergency.modes);
    }
    errno = saved;
}

/* ---- opening ---- */

/* A description of our own for a terminal: its flags are ours to change, whoever else holds the terminal. */
static int reopen(int fd, int flags)
{
    char path[64];
    if (ttyname_r(fd, path, sizeof path) != 0)
        return -1;
    return open(path, flags | O_NOCTTY | O_CLOEXEC);
}

static enum cm_code open_descriptors(struct stn_term *term, const struct stn_term_options *options,
                                     struct cm_err *err)
{
    term->out_fd = options->out_fd >= 0 ? options->out_fd : STDOUT_FILENO;
    if (!isatty(term->out_fd))
        return cm_fail(err, CM_INVALID, "the output is not a terminal: use --headless");
    int own_out = reopen(term->out_fd, O_WRONLY | O_NONBLOCK);
    if (own_out >= 0) {
        term->out_fd = own_out;
        term->own_out = true;
    }
    term->in_fd = options->in_fd;
    if (term->in_fd < 0) {
        term->in_fd = open("/dev/tty", O_RDONLY | O_NOCTTY | O_CLOEXEC);
        term->own_in = term->in_fd >= 0;
        if (term->in_fd < 0)
            term->in_fd = STDIN_FILENO;
    }
    if (!isatty(term->in_fd))
        return cm_fail(err, CM_INVALID, "there is no terminal to take keys from: use --headless");
    return CM_OK;
}

static enum cm_code open_memory(struct stn_term *term, struct cm_err *err)
{
    term->memory_fd = memfd_create("rollcall-screen", MFD_CLOEXEC);
    if (term->memory_fd < 0)
        return cm_fail(err, CM_BACKEND, "memfd_create: %s", strerror(errno));
    term->memory_file = fdopen(dup(term->memory_fd), "w");
    term->in_file = fdopen(dup(term->in_fd), "r");
    if (!term->memory_file || !term->in_file)
        return cm_fail(err, CM_BACKEND, "cannot prepare the terminal: %s", strerror(errno));
    return CM_OK;
}

/* Before newterm, which loses memory when it refuses. */
static enum cm_code check_type(const struct stn_term *term, const char *type, struct cm_err *err)
{
    int why;
    if (setupterm(type, term->memory_fd, &why) != OK)
        return cm_fail(err, CM_INVALID,
                       "the terminal type \"%.60s\" is not known here: set TERM=xterm-256color (or vt100), "
                       "or use --headless",
                       type);
    bool usable = cursor_address != NULL;
    del_curterm(cur_term);
    if (!usable)
        return cm_fail(err, CM_INVALID, "a terminal of type \"%.60s\" cannot move its cursor: use --headless",
                       type);
    return CM_OK;
}

enum { OWN_SIGNALS = 4 };
static const int own_signals[OWN_SIGNALS] = {SIGINT, SIGTERM, SIGTSTP, SIGWINCH};

static enum cm_code start_curses(struct stn_term *term, const char *type, struct cm_err *err)
{
    struct sigaction before[OWN_SIGNALS];
    for (int i = 0; i < OWN_SIGNALS; i++)
        sigaction(own_signals[i], NULL, &before[i]);
    term->screen = newterm(type, term->memory_file, term->in_file);
    for (int i = 0; i < OWN_SIGNALS; i++) /* its handlers write to the terminal, which may be blocked */
        sigaction(own_signals[i], &before[i], NULL);
    if (!term->screen)
        return cm_fail(err, CM_BACKEND, "ncurses does not start on a terminal of type \"%.60s\"", type);
    set_escdelay(25);
    typeahead(-1); /* a refresh that stops because a key was pressed would be half a screen */
    noecho();      /* or ncurses itself would draw every key that it gives us */
    keypad(stdscr, TRUE);
    nodelay(stdscr, TRUE);
    scrollok(stdscr, FALSE);
    leaveok(stdscr, TRUE);
    curs_set(0);
    return CM_OK;
}

/* Keys come one by one, unechoed, Ctrl-C and Ctrl-Z as characters; what we send goes out as it is. */
static enum cm_code set_modes(struct stn_term *term, struct cm_err *err)
{
    if (tcgetattr(term->in_fd, &term->modes) != 0)
        return cm_fail(err, CM_BACKEND, "cannot read the terminal's modes: %s", strerror(errno));
    struct termios raw = term->modes;
    cfmakeraw(&raw);
    if (tcsetattr(term->in_fd, TCSADRAIN, &raw) != 0)
        return cm_fail(err, CM_BACKEND, "cannot set the terminal's modes: %s", strerror(errno));
    return CM_OK;
}

static void find_caps(struct stn_term *term, const struct stn_term_options *options)
{
    const char *no_colour = getenv("NO_COLOR");
    term->caps.utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    if (options->no_colour || (no_colour && *no_colour) || !has_colors())
        return;
    start_color();
    use_default_colors();
    term->caps.colours = COLORS >= 1 << 24 ? 1 << 24
                         : COLORS >= 256   ? 256
                         : COLORS >= 16    ? 16
                         : COLORS >= 8     ? 8
                                           : 0;
}

static int keep_restore_byte(int byte)
{
    if (emergency.length < sizeof emergency.text)
        emergency.text[emergency.length++] = (char)byte;
    return byte;
}

static void arm_emergency(const struct stn_term *term)
{
    const char *strings[] = {exit_attribute_mode, keypad_local, cursor_normal, exit_ca_mode};
    emergency.length = 0;
    for (size_t i = 0; i < sizeof strings / sizeof strings[0]; i++)
        if (strings[i])
            tputs(strings[i], 1, keep_restore_byte);
    keep_restore_byte('\r');
    keep_restore_byte('\n');
    emergency.fd = term->out_fd;
    emergency.modes = term->modes;
    emergency.armed = 1;
}

static void release(struct stn_term *term)
{
    if (term->screen)
        delscreen(term->screen);
    if (term->memory_file)
        fclose(term->memory_file);
    if (term->in_file)
        fclose(term->in_file);
    if (term->memory_fd >= 0)
        close(term->memory_fd);
    if (term->own_in)
        close(term->in_fd);
    if (term->own_out)
        close(term->out_fd);
    stn_grid_finish(&term->shown);
    free(term->pending);
    free(term);
}

enum cm_code stn_term_open(const struct stn_term_options *options, struct stn_term **ret_term,
                           struct cm_err *err)
{
    const char *type = options->type ? options->type : getenv("TERM");
    enum cm_code code;
    struct stn_term *term = calloc(1, sizeof *term);
    if (!term)
        return cm_fail(err, CM_NOMEM, "out of memory for the terminal");
    term->memory_fd = -1;
    stn_grid_init(&term->shown);
    setlocale(LC_CTYPE, "");
    if (!type || !*type)
        code = cm_fail(err, CM_INVALID,
                       "TERM is not set: set TERM=xterm-256color (or vt100), or use --headless");
    else
        code = open_descriptors(term, options, err);
    if (code == CM_OK)
        code = open_memory(term, err);
    if (code == CM_OK)
        code = check_type(term, type, err);
    if (code == CM_OK)
        code = start_curses(term, type, err);
    if (code == CM_OK)
        code = set_modes(term, err);
    if (code != CM_OK) {
        release(term);
        return code;
    }
    find_caps(term, options);
    arm_emergency(term);
    int rows, cols;
    stn_term_resize(term, &rows, &cols); /* a memory file has no size that ncurses could have asked for */
    *ret_term = term;
    return CM_OK;
}

/* ---- output ---- */

bool stn_term_flush(struct stn_term *term)
{
    while (term->pending_sent < term->pending_size && !term->hung_up) {
        size_t left = term->pending_size - term->pending_sent;
        struct pollfd out = {.fd = term->out_fd, .events = POLLOUT};
        if (!term->own_out) {
            /* The description is somebody else's and may block: small pieces, each only when there is room. */
            if (poll(&out, 1, 0) <= 0 || !(out.revents & POLLOUT))
                return false;
            left = left < 256 ? left : 256;
        }
        ssize_t sent = write(term->out_fd, term->pending + term->pending_sent, left);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0 && errno == EAGAIN)
            return false;
        if (sent <= 0) {
            term->hung_up = true;
            break;
        }
        term->pending_sent += (size_t)sent;
        term->bytes += (uint64_t)sent;
    }
    free(term->pending);
    term->pending = NULL;
    term->pending_size = term->pending_sent = 0;
    return true;
}

/* Moves what ncurses wrote into the memory file to `pending`, which is empty. */
static enum cm_code collect(struct stn_term *term, struct cm_err *err)
{
    off_t size = lseek(term->memory_fd, 0, SEEK_CUR);
    if (size <= 0)
        return CM_OK;
    char *bytes = size <= PENDING_MAX ? malloc((size_t)size) : NULL;
    bool whole = bytes && pread(term->memory_fd, bytes, (size_t)size, 0) == size;
    bool emptied = lseek(term->memory_fd, 0, SEEK_SET) == 0 && ftruncate(term->memory_fd, 0) == 0;
    if (!whole || !emptied) {
        free(bytes);
        stn_term_redraw(term);
        return cm_fail(err, CM_NOMEM, "a screen of %lld bytes could not be sent", (long long)size);
    }
    term->pending = bytes;
    term->pending_size = (size_t)size;
    term->pending_sent = 0;
    return CM_OK;
}

struct look {
    int colour_256, colour_8;
    attr_t attributes;
};

/* Roles in colours. The 256 are from the cube, so that a theme of the terminal cannot make them unreadable. */
static const struct look looks[STN_ROLE_COUNT] = {
    [STN_ROLE_TEXT] = {-1, -1, A_NORMAL},          [STN_ROLE_TITLE] = {-1, -1, A_REVERSE},
    [STN_ROLE_FRAME] = {244, -1, A_NORMAL},        [STN_ROLE_DIM] = {248, -1, A_NORMAL},
    [STN_ROLE_KEY] = {81, COLOR_CYAN, A_BOLD},     [STN_ROLE_OK] = {77, COLOR_GREEN, A_NORMAL},
    [STN_ROLE_WAIT] = {110, COLOR_CYAN, A_NORMAL}, [STN_ROLE_WARN] = {220, COLOR_YELLOW, A_NORMAL},
    [STN_ROLE_BAD] = {203, COLOR_RED, A_NORMAL},   [STN_ROLE_PICTURE] = {-1, -1, A_NORMAL},
};

static int picture_colour(const struct stn_ui_caps *caps, const uint8_t rgb[3])
{
    if (caps->colours >= 1 << 24)
        return stn_palette_direct(rgb);
    return caps->colours >= 256 ? stn_palette_256(rgb) : stn_palette_16(rgb);
}

static int role_colour(const struct stn_ui_caps *caps, const struct look *look)
{
    if (caps->colours >= 1 << 24 && look->colour_256 >= 0)
        return look->colour_8; /* a number past 7 would be taken for red, green and blue */
    return caps->colours >= 256 ? look->colour_256 : look->colour_8;
}

/* alloc_pair keeps a cache of the pairs in use, bounded by COLOR_PAIRS, and gives out the least recently used. */
static int colour_pair(const struct stn_term *term, const struct stn_style *style, attr_t *attributes)
{
    const struct look *look = &looks[style->role < STN_ROLE_COUNT ? style->role : STN_ROLE_TEXT];
    *attributes = look->attributes | (style->bold ? A_BOLD : A_NORMAL);
    int foreground = -1, background = -1;
    if (term->caps.colours < 8)
        return 0;
    if (style->role == STN_ROLE_PICTURE) {
        foreground = picture_colour(&term->caps, style->fg);
        background = picture_colour(&term->caps, style->bg);
    } else {
        foreground = role_colour(&term->caps, look);
    }
    int pair = foreground < 0 && background < 0 ? 0 : alloc_pair(foreground, background);
    return pair < 0 ? 0 : pair;
}

/* The cell's characters, or '?' where the C library measures them differently: ncurses would lose its place. */
static void cell_text(const struct stn_cell *cell, bool wide, wchar_t text[STN_CELL_MARKS + 2])
{
    int length = 0;
    text[length++] = (wchar_t)cell->base;
    for (int i = 0; i < STN_CELL_MARKS && cell->marks[i]; i++)
        if (wcwidth((wchar_t)cell->marks[i]) == 0)
            text[length++] = (wchar_t)cell->marks[i];
    text[length] = L'\0';
    if (wcwidth(text[0]) != (wide ? 2 : 1)) {
        text[0] = L'?';
        text[1] = L'\0';
    }
}

static void put_cell(struct stn_term *term, int row, int col, const struct stn_cell *cell, bool wide)
{
    wchar_t text[STN_CELL_MARKS + 2];
    attr_t attributes;
    cchar_t character;
    int pair = colour_pair(term, &cell->style, &attributes);
    cell_text(cell, wide, text);
    if (setcchar(&character, text, attributes, 0, &pair) != OK)
        return;
    if (wide && wcwidth(text[0]) == 1) /* the stand-in is narrow: blank the other half */
        mvadd_wch(row, col + 1, &character);
    mvadd_wch(row, col, &character);
}

/* Tells ncurses the cells that differ from the last screen; it finds out by itself what that takes. */
static void put_changes(struct stn_term *term, const struct stn_grid *grid)
{
    int rows = grid->rows < LINES ? grid->rows : LINES, cols = grid->cols < COLS ? grid->cols : COLS;
    for (int row = 0; row < rows; row++) {
        for (int col = 0; col < cols; col++) {
            size_t at = (size_t)(row * grid->cols + col);
            const struct stn_cell *cell = &grid->cells[at];
            bool wide = col + 1 < grid->cols && cell[1].base == 0;
            bool same = memcmp(cell, &term->shown.cells[at], sizeof *cell) == 0;
            if (cell->base == 0 || (same && (!wide || term->shown.cells[at + 1].base == 0)))
                continue;
            if (!wide || col + 1 < cols)
                put_cell(term, row, col, cell, wide);
        }
    }
    memcpy(term->shown.cells, grid->cells, (size_t)(grid->rows * grid->cols) * sizeof *grid->cells);
}

enum cm_code stn_term_show(struct stn_term *term, const struct stn_grid *grid, struct cm_err *err)
{
    if (!stn_term_flush(term))
        return cm_fail(err, CM_AGAIN, "the terminal has not taken the last screen yet");
    if (term->hung_up)
        return cm_fail(err, CM_BACKEND, "the terminal is gone");
    if (grid->rows != term->shown.rows || grid->cols != term->shown.cols) {
        if (stn_grid_resize(&term->shown, grid->rows, grid->cols, err) != CM_OK)
            return CM_NOMEM;
        erase();
        clearok(stdscr, TRUE); /* a terminal that changed its size shows who knows what */
    }
    put_changes(term, grid);
    refresh();
    enum cm_code code = collect(term, err);
    stn_term_flush(term);
    return code;
}

void stn_term_redraw(struct stn_term *term)
{
    clearok(stdscr, TRUE);
    stn_grid_clear(&term->shown);
    erase();
}

void stn_term_resize(struct stn_term *term, int *ret_rows, int *ret_cols)
{
    struct winsize size;
    if (ioctl(term->out_fd, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0 &&
        (size.ws_row != LINES || size.ws_col != COLS))
        resizeterm(size.ws_row, size.ws_col);
    *ret_rows = LINES;
    *ret_cols = COLS;
}

/* ---- input ---- */

int stn_term_in_fd(const struct stn_term *term)
{
    return term->in_fd;
}

static bool input_gone(const struct stn_term *term)
{
    struct pollfd in = {.fd = term->in_fd, .events = POLLIN};
    return poll(&in, 1, 0) > 0 && (in.revents & (POLLHUP | POLLERR | POLLNVAL));
}

static int32_t function_key(wint_t code)
{
    switch (code) {
    case KEY_UP:
        return STN_KEY_UP;
    case KEY_DOWN:
        return STN_KEY_DOWN;
    case KEY_PPAGE:
        return STN_KEY_PAGE_UP;
    case KEY_NPAGE:
        return STN_KEY_PAGE_DOWN;
    case KEY_ENTER:
        return STN_KEY_ENTER;
    case KEY_BACKSPACE:
        return STN_KEY_BACKSPACE;
    default:
        return STN_KEY_OTHER;
    }
}

/* Terminals disagree about what Enter and Backspace send. */
static int32_t plain_key(wint_t character)
{
    return character == '\r' ? STN_KEY_ENTER : character == '\b' ? STN_KEY_BACKSPACE : (int32_t)character;
}

int32_t stn_term_key(struct stn_term *term)
{
    for (int tries = 0; tries < 16; tries++) {
        wint_t character;
        int kind = get_wch(&character);
        if (kind == ERR)
            return input_gone(term) || term->hung_up ? STN_KEY_HANGUP : STN_KEY_NONE;
        if (kind == KEY_CODE_YES && character == KEY_RESIZE)
            continue; /* our own resizeterm put it there */
        return kind == KEY_CODE_YES ? function_key(character) : plain_key(character);
    }
    return STN_KEY_NONE;
}

/* ---- closing ---- */

struct stn_ui_caps stn_term_caps(const struct stn_term *term)
{
    return term->caps;
}

uint64_t stn_term_bytes(const struct stn_term *term)
{
    return term->bytes;
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Sends what is pending, waiting until the deadline. */
static bool drain(struct stn_term *term, int64_t deadline_ms)
{
    while (!stn_term_flush(term)) {
        int64_t left = deadline_ms - now_ms();
        struct pollfd out = {.fd = term->out_fd, .events = POLLOUT};
        if (left <= 0 || poll(&out, 1, (int)left) < 0)
            return false;
    }
    return true;
}

void stn_term_close(struct stn_term *term)
{
    if (!term)
        return;
    int64_t deadline_ms = now_ms() + CLOSE_WAIT_MS;
    if (drain(term, deadline_ms)) {
        endwin();
        if (collect(term, NULL) == CM_OK)
            drain(term, deadline_ms);
    }
    emergency.armed = 0;
    tcsetattr(term->in_fd, TCSANOW, &term->modes);
    release(term);
}
