#include "base/log.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/localdate.h"
#include "base/utf8.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- a line, built in memory ---- */

static const char cut_mark[] = "...";

enum { ROOM = CM_LOG_LINE_MAX - (int)sizeof cut_mark }; /* the rest is for the mark and the newline */

struct line {
    char text[CM_LOG_LINE_MAX];
    size_t size;
    bool cut;
};

/* Whole or not at all: a piece is never split, so neither is a character. */
static void put(struct line *line, const char *piece, size_t size)
{
    if (line->cut || size > ROOM - line->size) {
        line->cut = true;
        return;
    }
    memcpy(line->text + line->size, piece, size);
    line->size += size;
}

static void put_text(struct line *line, const char *text)
{
    put(line, text, strlen(text));
}

/* Character by character, each escaped where it must be. */
static void put_escaped(struct line *line, const char *text, bool quoted)
{
    uint32_t c;
    for (size_t left = strlen(text), length; left > 0 && !line->cut; text += length, left -= length) {
        char piece[16];
        length = cm_utf8_decode(text, left, &c);
        if (length == 0)
            length = 1;
        if (quoted && (*text == '"' || *text == '\\')) {
            piece[0] = '\\';
            piece[1] = *text;
            put(line, piece, 2);
        } else {
            put(line, piece, cm_utf8_escape(text, length, piece, sizeof piece));
        }
    }
}

static bool needs_quotes(const char *value)
{
    size_t size = strlen(value);
    return size == 0 || strpbrk(value, " =\"\\") != NULL || !cm_utf8_printable(value, size);
}

static void put_value(struct line *line, const char *value)
{
    bool quoted = needs_quotes(value);
    if (quoted)
        put(line, "\"", 1);
    put_escaped(line, value, quoted);
    if (quoted)
        put(line, "\"", 1);
}

static void put_field(struct line *line, const struct cm_log_field *field)
{
    char number[32];
    put(line, " ", 1);
    put_text(line, field->key);
    put(line, "=", 1);
    switch (field->type) {
    case CM_LOG_FIELD_STR:
        put_value(line, field->value.str != NULL ? field->value.str : "");
        return;
    case CM_LOG_FIELD_INT:
        snprintf(number, sizeof number, "%lld", (long long)field->value.integer);
        break;
    case CM_LOG_FIELD_REAL:
        snprintf(number, sizeof number, "%.6g", field->value.real);
        break;
    }
    put_text(line, number);
}

static void finish_line(struct line *line)
{
    if (line->cut) {
        memcpy(line->text + line->size, cut_mark, sizeof cut_mark - 1);
        line->size += sizeof cut_mark - 1;
    }
    line->text[line->size++] = '\n';
}

/* ---- where it goes ---- */

static struct {
    pthread_mutex_t lock; /* of fd and what belongs to it */
    int fd;
    bool owned;
    enum cm_log_style style;
    atomic_int level;
    pthread_once_t once;
    const char *trace; /* of the environment; NULL none */
} sink = {
    .lock = PTHREAD_MUTEX_INITIALIZER,
    .fd = STDERR_FILENO,
    .style = CM_LOG_STYLE_AUTO,
    .level = CM_LOG_INFO,
    .once = PTHREAD_ONCE_INIT,
};

const char *const cm_log_level_names[] = {"error", "warn", "info", "debug", NULL};

/* $JOURNAL_STREAM is "device:inode" of the stream that the journal reads; a redirected stderr is another one.
 */
static enum cm_log_style resolve_style(int fd, enum cm_log_style style)
{
    if (style != CM_LOG_STYLE_AUTO)
        return style;
    const char *journal = getenv("JOURNAL_STREAM");
    struct stat info;
    char own[64];
    if (journal == NULL || fstat(fd, &info) != 0)
        return CM_LOG_STYLE_TIMED;
    snprintf(own, sizeof own, "%llu:%llu", (unsigned long long)info.st_dev, (unsigned long long)info.st_ino);
    return strcmp(own, journal) == 0 ? CM_LOG_STYLE_JOURNAL : CM_LOG_STYLE_TIMED;
}

static void read_environment(void)
{
    static char trace[256];
    const char *value = getenv("CM_TRACE");
    if (value != NULL) {
        snprintf(trace, sizeof trace, "%s", value);
        sink.trace = trace;
    }
}

static bool list_has(const char *list, const char *word)
{
    size_t length = strlen(word);
    while (*list != '\0') {
        size_t item = strcspn(list, ",");
        if (item == length && memcmp(list, word, length) == 0)
            return true;
        list += item + (list[item] == ',');
    }
    return false;
}

void cm_log_set_level(enum cm_log_level level)
{
    atomic_store(&sink.level, (int)level);
}

static void replace_sink(int fd, bool owned, enum cm_log_style style)
{
    pthread_mutex_lock(&sink.lock);
    int old = sink.owned ? sink.fd : -1;
    sink.fd = fd;
    sink.owned = owned;
    sink.style = style;
    pthread_mutex_unlock(&sink.lock);
    if (old >= 0)
        close(old);
}

void cm_log_to_fd(int fd, enum cm_log_style style)
{
    replace_sink(fd, false, resolve_style(fd, style));
}

enum cm_code cm_log_to_file(const char *path, struct cm_err *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW, 0600);
    if (fd < 0) {
        int error = errno;
        return cm_fail(err, cm_file_code(error), "cannot open the log %s: %s", path, strerror(error));
    }
    replace_sink(fd, true, CM_LOG_STYLE_TIMED);
    return CM_OK;
}

bool cm_log_enabled(enum cm_log_level level, const char *component)
{
    pthread_once(&sink.once, read_environment);
    if ((int)level <= atomic_load(&sink.level))
        return true;
    return sink.trace != NULL && (list_has(sink.trace, component) || list_has(sink.trace, "all"));
}

static void put_prefix(struct line *line, enum cm_log_level level, enum cm_log_style style)
{
    static const char *const priorities[] = {"<3>", "<4>", "<6>", "<7>"}; /* of sd-daemon(3) */
    char instant[CM_INSTANT_TEXT_SIZE];
    if (style == CM_LOG_STYLE_JOURNAL) {
        put_text(line, priorities[level]);
        return;
    }
    put_text(line, cm_instant_utc(cm_wall_ms(cm_clock_system()), instant));
    put(line, " ", 1);
    put_text(line, cm_log_level_names[level]);
    put(line, " ", 1);
}

static void write_line(const struct line *line)
{
    ssize_t written;
    do {
        written = write(sink.fd, line->text, line->size);
    } while (written < 0 && errno == EINTR);
}

void cm_log_write(enum cm_log_level level, const char *component, const char *event,
                  const struct cm_log_field *fields, size_t count)
{
    if (!cm_log_enabled(level, component))
        return;
    int saved_errno = errno;
    struct line line = {.size = 0, .cut = false};
    pthread_mutex_lock(&sink.lock); /* from the time stamp on: lines are in the order of their times */
    put_prefix(&line, level,
               sink.style == CM_LOG_STYLE_AUTO ? resolve_style(sink.fd, sink.style) : sink.style);
    put_text(&line, component);
    put_text(&line, ": ");
    put_escaped(&line, event, false);
    for (size_t i = 0; i < count; i++)
        if (fields[i].key != NULL)
            put_field(&line, &fields[i]);
    finish_line(&line);
    write_line(&line);
    pthread_mutex_unlock(&sink.lock);
    errno = saved_errno;
}

void cm_log_err(enum cm_log_level level, const char *component, const char *event, const struct cm_err *err)
{
    cm_log(level, component, event, CM_STR("code", cm_code_name(err->code)), CM_STR("reason", err->msg));
}
