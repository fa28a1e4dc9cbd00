/* Real ncurses on a pseudo terminal. What the grid says is tested elsewhere; here: it arrives, keys come back, a
 * terminal that misbehaves costs nothing, and the line is as it was afterwards. */
#include "unit.h"

#include "scene.h"
#include "ui/term.h"
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <pty.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { OUTPUT_MAX = 4 << 20 };

struct terminal { /* the far end of the pseudo terminal: what a person would look at */
    int master, slave;
    struct termios before;
    pthread_t reader;
    bool reading;
    atomic_bool stop;
    pthread_mutex_t lock;
    char *output;
    size_t length;
};

static void *read_all(void *arg)
{
    struct terminal *t = arg;
    char bytes[4096];
    while (!atomic_load(&t->stop)) {
        struct pollfd in = {.fd = t->master, .events = POLLIN};
        if (poll(&in, 1, 5) <= 0 || !(in.revents & POLLIN))
            continue;
        ssize_t n = read(t->master, bytes, sizeof bytes);
        pthread_mutex_lock(&t->lock);
        for (ssize_t i = 0; i < n && t->length < OUTPUT_MAX - 1; i++)
            t->output[t->length++] = bytes[i];
        pthread_mutex_unlock(&t->lock);
    }
    return NULL;
}

static void start_reading(struct terminal *t)
{
    pthread_create(&t->reader, NULL, read_all, t);
    t->reading = true;
}

static struct terminal *terminal_create(int rows, int cols)
{
    struct terminal *t = calloc(1, sizeof *t);
    struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)cols};
    t->output = calloc(1, OUTPUT_MAX);
    pthread_mutex_init(&t->lock, NULL);
    if (openpty(&t->master, &t->slave, NULL, NULL, &size) != 0)
        skip(); /* a machine without pseudo terminals */
    tcgetattr(t->slave, &t->before);
    return t;
}

static void terminal_destroy(struct terminal *t)
{
    atomic_store(&t->stop, true);
    if (t->reading)
        pthread_join(t->reader, NULL);
    if (t->master >= 0)
        close(t->master);
    close(t->slave);
    pthread_mutex_destroy(&t->lock);
    free(t->output);
    free(t);
}

static bool has_output(struct terminal *t, const char *text)
{
    pthread_mutex_lock(&t->lock);
    bool found = memmem(t->output, t->length, text, strlen(text)) != NULL;
    pthread_mutex_unlock(&t->lock);
    return found;
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Waits for output, with a deadline. */
static void expect_output(struct terminal *t, struct stn_term *term, const char *text)
{
    for (int64_t end = now_ms() + 5000; now_ms() < end;) {
        if (term)
            stn_term_flush(term);
        if (has_output(t, text))
            return;
        poll(NULL, 0, 2);
    }
    fail_msg("the terminal never got \"%s\"", text);
}

static struct stn_term *open_term(struct terminal *t, const char *type)
{
    struct stn_term_options options = {.type = type, .in_fd = t->slave, .out_fd = t->slave};
    struct stn_term *term = NULL;
    struct cm_err err = CM_ERR_INIT;
    if (stn_term_open(&options, &term, &err) != CM_OK)
        fail_msg("%s: %s", type, err.msg);
    return term;
}

static void expect_modes_restored(struct terminal *t)
{
    struct termios after;
    tcgetattr(t->slave, &after);
    assert_int_equal(after.c_lflag, t->before.c_lflag);
    assert_int_equal(after.c_iflag, t->before.c_iflag);
    assert_int_equal(after.c_oflag, t->before.c_oflag);
}

static void test_types(void **state)
{
    (void)state;
    static const struct {
        const char *type;
        int colours;
        const char *leaves; /* what it gets at the end, NULL: no alternate screen */
    } cases[] = {
        {"xterm-256color", 256, "\x1b[?1049l"},
        {"screen-256color", 256, "\x1b[?1049l"},
        {"linux", 8, NULL},
        {"vt100", 0, NULL},
        {"screen", 8, "\x1b[?1049l"},
        {"xterm", 8, "\x1b[?1049l"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct terminal *t = terminal_create(24, 80);
        struct scene *scene = scene_create();
        start_reading(t);
        struct stn_term *term = open_term(t, cases[i].type);
        int rows, cols;
        stn_term_resize(term, &rows, &cols);
        assert_int_equal(rows, 24);
        assert_int_equal(cols, 80);
        scene->caps = stn_term_caps(term);
        assert_true(scene->caps.utf8);
        assert_int_equal(scene->caps.colours, cases[i].colours);
        scene_frame(scene, STN_PROMPT_BLINK, "b");
        scene_draw(scene, rows, cols);
        assert_int_equal(stn_term_show(term, &scene->grid, NULL), CM_OK);
        expect_output(t, term, "Rollcall");
        expect_output(t, term, "Asha");
        expect_output(t, term, "✓");
        uint64_t first = stn_term_bytes(term);
        assert_int_equal(stn_term_show(term, &scene->grid, NULL), CM_OK);
        assert_true(stn_term_bytes(term) - first < 16); /* the same again costs nothing */
        stn_term_redraw(term);
        assert_int_equal(stn_term_show(term, &scene->grid, NULL), CM_OK);
        stn_term_close(term);
        if (cases[i].leaves)
            expect_output(t, NULL, cases[i].leaves);
        expect_modes_restored(t);
        scene_destroy(scene);
        terminal_destroy(t);
    }
}

static void test_refused_types(void **state)
{
    (void)state;
    static const struct {
        const char *type, *says;
    } cases[] = {
        {"no-such-terminal", "\"no-such-terminal\" is not known here"},
        {"", "TERM is not set"},
        {"dumb", "cannot move its cursor"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct terminal *t = terminal_create(24, 80);
        struct stn_term_options options = {.type = cases[i].type, .in_fd = t->slave, .out_fd = t->slave};
        struct stn_term *term = NULL;
        struct cm_err err = CM_ERR_INIT;
        assert_int_equal(stn_term_open(&options, &term, &err), CM_INVALID);
        assert_non_null(strstr(err.msg, cases[i].says));
        assert_null(term);
        expect_modes_restored(t);
        terminal_destroy(t);
    }
    int pipe_fds[2];
    assert_int_equal(pipe(pipe_fds), 0);
    struct stn_term_options options = {.type = "xterm", .in_fd = pipe_fds[0], .out_fd = pipe_fds[1]};
    struct stn_term *term = NULL;
    struct cm_err err = CM_ERR_INIT;
    assert_int_equal(stn_term_open(&options, &term, &err), CM_INVALID);
    assert_non_null(strstr(err.msg, "--headless"));
    close(pipe_fds[0]);
    close(pipe_fds[1]);
}

static int32_t wait_key(struct stn_term *term)
{
    for (int64_t end = now_ms() + 5000; now_ms() < end;) {
        int32_t key = stn_term_key(term);
        if (key != STN_KEY_NONE)
            return key;
        struct pollfd in = {.fd = stn_term_in_fd(term), .events = POLLIN};
        poll(&in, 1, 10);
    }
    return STN_KEY_NONE;
}

static void expect_keys_not_echoed(struct terminal *t, struct stn_term *term)
{
    struct scene *scene = scene_create();
    scene_draw(scene, 24, 80);
    assert_int_equal(stn_term_show(term, &scene->grid, NULL), CM_OK);
    uint64_t before = stn_term_bytes(term);
    assert_int_equal(write(t->master, "Z", 1), 1);
    assert_int_equal(wait_key(term), 'Z');
    assert_int_equal(stn_term_show(term, &scene->grid, NULL), CM_OK);
    assert_true(stn_term_bytes(term) - before < 16);
    scene_destroy(scene);
}

static void test_keys(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        int32_t key;
    } cases[] = {
        {"2", '2'},
        {"?", '?'},
        {"\x03", STN_KEY_CTRL_C},
        {"\t", STN_KEY_TAB},
        {"é", 0xe9},
        {"\x1bOA", STN_KEY_UP},
        {"\x1bOB", STN_KEY_DOWN},
        {"\x1b[5~", STN_KEY_PAGE_UP},
        {"\x1b[6~", STN_KEY_PAGE_DOWN},
        {"\r", STN_KEY_ENTER},
        {"\b", STN_KEY_BACKSPACE},
        {"\x1bOP", STN_KEY_OTHER}, /* F1 */
        {"\x1b", STN_KEY_ESC},
        {"\x1a", 0x1a},
    };
    struct terminal *t = terminal_create(24, 80);
    start_reading(t);
    struct stn_term *term = open_term(t, "xterm-256color");
    assert_int_equal(stn_term_key(term), STN_KEY_NONE);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(write(t->master, cases[i].bytes, strlen(cases[i].bytes)), strlen(cases[i].bytes));
        int64_t start = now_ms();
        assert_int_equal(wait_key(term), cases[i].key);
        assert_true(now_ms() - start < 900); /* a lone Esc by default takes a second */
        assert_int_equal(stn_term_key(term), STN_KEY_NONE);
    }
    expect_keys_not_echoed(t, term);
    stn_term_close(term);
    terminal_destroy(t);
}

static void test_resizes(void **state)
{
    (void)state;
    static const int sizes[][2] = {{1, 1}, {24, 80}, {2, 5}, {60, 200}, {1, 250}, {80, 1}, {24, 80}};
    struct terminal *t = terminal_create(24, 80);
    struct scene *scene = scene_create();
    scene_frame(scene, STN_PROMPT_BLINK, "bufl");
    start_reading(t);
    struct stn_term *term = open_term(t, "xterm-256color");
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct winsize size = {.ws_row = (unsigned short)sizes[i][0], .ws_col = (unsigned short)sizes[i][1]};
        assert_int_equal(ioctl(t->slave, TIOCSWINSZ, &size), 0);
        int rows, cols;
        stn_term_resize(term, &rows, &cols);
        assert_int_equal(rows, sizes[i][0]);
        assert_int_equal(cols, sizes[i][1]);
        scene_draw(scene, rows, cols);
        enum cm_code code = CM_AGAIN;
        for (int64_t end = now_ms() + 5000; code == CM_AGAIN && now_ms() < end; poll(NULL, 0, 1))
            code = stn_term_show(term, &scene->grid, NULL);
        assert_int_equal(code, CM_OK);
        assert_int_equal(stn_term_key(term), STN_KEY_NONE);
    }
    stn_term_close(term);
    scene_destroy(scene);
    terminal_destroy(t);
}

/* Nobody reads the terminal: every call returns at once, and when somebody reads again the newest screen comes. */
static void test_blocked_terminal_never_blocks_us(void **state)
{
    (void)state;
    struct terminal *t = terminal_create(60, 200);
    struct scene *scene = scene_create();
    struct stn_term *term = open_term(t, "xterm-256color");
    enum cm_code code = CM_OK;
    int64_t start = now_ms();
    for (int i = 0; i < 400; i++) {
        scene->preview.rgb[0] = (uint8_t)i;
        for (size_t k = 0; k < sizeof scene->preview.rgb; k += 7)
            scene->preview.rgb[k] = (uint8_t)(scene->preview.rgb[k] + 61);
        scene_frame(scene, STN_PROMPT_BLINK, "b");
        scene_draw(scene, 60, 200);
        code = stn_term_show(term, &scene->grid, NULL);
        if (code == CM_AGAIN)
            break;
        assert_int_equal(code, CM_OK);
    }
    assert_int_equal(code, CM_AGAIN);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(stn_term_show(term, &scene->grid, NULL), CM_AGAIN);
        assert_false(stn_term_flush(term));
    }
    assert_true(now_ms() - start < 5000);
    start_reading(t);
    for (int64_t end = now_ms() + 5000; !stn_term_flush(term) && now_ms() < end;)
        poll(NULL, 0, 1);
    scene_marked(scene, STN_EV_MARKED, "Zuletzt", CM_ROLL_PRESENT, 17);
    scene_draw(scene, 60, 200);
    assert_int_equal(stn_term_show(term, &scene->grid, NULL), CM_OK);
    expect_output(t, term, "Zuletzt");
    stn_term_close(term);
    expect_modes_restored(t);
    scene_destroy(scene);
    terminal_destroy(t);
}

static void test_closing_a_blocked_terminal_gives_up(void **state)
{
    (void)state;
    struct terminal *t = terminal_create(60, 200);
    struct scene *scene = scene_create();
    struct stn_term *term = open_term(t, "xterm-256color");
    scene_frame(scene, STN_PROMPT_BLINK, "b");
    for (int i = 0; i < 400; i++) {
        scene->preview.rgb[i] ^= 255;
        stn_term_redraw(term);
        scene_draw(scene, 60, 200);
        if (stn_term_show(term, &scene->grid, NULL) == CM_AGAIN)
            break;
    }
    int64_t start = now_ms();
    stn_term_close(term);
    assert_true(now_ms() - start < 2000);
    expect_modes_restored(t);
    scene_destroy(scene);
    terminal_destroy(t);
}

static void test_hangup(void **state)
{
    (void)state;
    struct terminal *t = terminal_create(24, 80);
    struct scene *scene = scene_create();
    struct stn_term *term = open_term(t, "xterm-256color");
    close(t->master);
    t->master = -1;
    assert_int_equal(wait_key(term), STN_KEY_HANGUP);
    scene_draw(scene, 24, 80);
    for (int i = 0; i < 3; i++)
        stn_term_show(term, &scene->grid, NULL); /* whatever it says, it returns */
    assert_int_equal(stn_term_show(term, &scene->grid, NULL), CM_BACKEND);
    stn_term_close(term);
    scene_destroy(scene);
    terminal_destroy(t);
}

static void on_fatal(int signal_number)
{
    stn_term_emergency_restore();
    _exit(100 + signal_number);
}

static void test_fatal_signal_restores(void **state)
{
    (void)state;
    struct terminal *t = terminal_create(24, 80);
    pid_t child = fork();
    if (child == 0) {
        struct stn_term_options options = {.type = "xterm-256color", .in_fd = t->slave, .out_fd = t->slave};
        struct stn_term *term;
        signal(SIGABRT, on_fatal);
        if (stn_term_open(&options, &term, NULL) == CM_OK)
            raise(SIGABRT);
        _exit(1);
    }
    start_reading(t);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(WEXITSTATUS(status), 100 + SIGABRT);
    expect_output(t, NULL, "\x1b[?1049l");
    expect_modes_restored(t);
    terminal_destroy(t);
    stn_term_emergency_restore(); /* not open here: does nothing */
}

static void test_signals_are_left_alone(void **state)
{
    (void)state;
    static const int signals[] = {SIGINT, SIGTERM, SIGTSTP, SIGWINCH};
    struct terminal *t = terminal_create(24, 80);
    start_reading(t);
    struct stn_term *term = open_term(t, "xterm-256color");
    for (size_t i = 0; i < 4; i++) {
        struct sigaction action;
        sigaction(signals[i], NULL, &action);
        assert_true(action.sa_handler == SIG_DFL);
    }
    stn_term_close(term);
    terminal_destroy(t);
}

static void test_without_utf8_and_colour(void **state)
{
    (void)state;
    struct terminal *t = terminal_create(24, 80);
    struct scene *scene = scene_create();
    start_reading(t);
    setenv("LC_ALL", "C", 1);
    setenv("NO_COLOR", "1", 1);
    struct stn_term *term = open_term(t, "xterm-256color");
    scene->caps = stn_term_caps(term);
    assert_false(scene->caps.utf8);
    assert_int_equal(scene->caps.colours, 0);
    scene_frame(scene, STN_PROMPT_BLINK, "b");
    scene_draw(scene, 24, 80);
    assert_int_equal(stn_term_show(term, &scene->grid, NULL), CM_OK);
    expect_output(t, term, "one student");
    stn_term_close(term);
    setenv("LC_ALL", "C.UTF-8", 1);
    unsetenv("NO_COLOR");
    pthread_mutex_lock(&t->lock);
    for (size_t i = 0; i < t->length; i++)
        assert_true((unsigned char)t->output[i] < 0x80);
    assert_null(memmem(t->output, t->length, "38;5;", 5));
    pthread_mutex_unlock(&t->lock);
    scene_destroy(scene);
    terminal_destroy(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_types),
        cmocka_unit_test(test_refused_types),
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_resizes),
        cmocka_unit_test(test_blocked_terminal_never_blocks_us),
        cmocka_unit_test(test_closing_a_blocked_terminal_gives_up),
        cmocka_unit_test(test_hangup),
        cmocka_unit_test(test_fatal_signal_restores),
        cmocka_unit_test(test_signals_are_left_alone),
        cmocka_unit_test(test_without_utf8_and_colour),
    };
    setenv("LC_ALL", "C.UTF-8", 1);
    unsetenv("NO_COLOR");
    unsetenv("LINES");
    unsetenv("COLUMNS");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
