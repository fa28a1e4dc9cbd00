#include "base/clock.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int64_t system_wall_ms(const struct cm_clock *clock)
{
    (void)clock;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t system_mono_us(const struct cm_clock *clock)
{
    (void)clock;
    struct timespec now;
    clock_gettime(CLOCK_BOOTTIME, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return -1;
}

/* "c3b1…-…": 32 hex digits, dashes between them. */
static bool parse_boot_id(const char *text, uint8_t id[16])
{
    size_t digits = 0;
    for (; *text != '\0' && *text != '\n'; text++) {
        if (*text == '-')
            continue;
        int value = hex_value(*text);
        if (value < 0 || digits == 32)
            return false;
        id[digits / 2] = (uint8_t)(digits % 2 == 0 ? value << 4 : id[digits / 2] | value);
        digits++;
    }
    return digits == 32;
}

static void read_boot_id(uint8_t ret_id[16])
{
    char text[64] = "";
    int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    ssize_t size = read(fd, text, sizeof text - 1);
    close(fd);
    uint8_t id[16];
    if (size > 0 && parse_boot_id(text, id))
        memcpy(ret_id, id, sizeof id);
}

static struct cm_clock system_clock = {.wall_ms = system_wall_ms, .mono_us = system_mono_us};

static void init_system_clock(void)
{
    read_boot_id(system_clock.boot_id); /* stays zero where the kernel does not tell */
}

const struct cm_clock *cm_clock_system(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, init_system_clock);
    return &system_clock;
}

static int64_t manual_wall_ms(const struct cm_clock *clock)
{
    return ((const struct cm_clock_manual *)clock)->now_wall_ms;
}

static int64_t manual_mono_us(const struct cm_clock *clock)
{
    return ((const struct cm_clock_manual *)clock)->now_mono_us;
}

void cm_clock_manual_init(struct cm_clock_manual *clock, int64_t wall_ms, int64_t mono_us)
{
    *clock = (struct cm_clock_manual){
        .base = {.wall_ms = manual_wall_ms, .mono_us = manual_mono_us, .boot_id = {1}},
        .now_wall_ms = wall_ms,
        .now_mono_us = mono_us,
    };
}

/* Both clocks are derived from one running count, so that many short steps lose no milliseconds. */
void cm_clock_manual_advance(struct cm_clock_manual *clock, int64_t by_us)
{
    int64_t before_ms = clock->now_mono_us / 1000;
    clock->now_mono_us += by_us;
    clock->now_wall_ms += clock->now_mono_us / 1000 - before_ms;
}
