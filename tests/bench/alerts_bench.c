/*
 * How long a night of alerts takes on a store that `rollcall-server demo-data` has filled.
 *
 *     alerts_bench FOLDER LAST-DATE [NIGHTS]
 *
 * FOLDER is the store's (its data folder's "store"), LAST-DATE the last school day in it. First everything up to NIGHTS
 * school days before it is evaluated, then each of the last NIGHTS (3) school days in a night of its own, whose time, longest
 * write and memory are printed. Alerts are made in the store: copy it for another measurement. ZONE names another zone than
 * the default.
 */
#include "alerts/night.h"
#include "base/clock.h"
#include "base/localdate.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { NIGHTS_MAX = 50 };

static void stop(const char *what, const struct cm_err *err)
{
    fprintf(stderr, "alerts_bench: %s: %s\n", what, err->msg);
    exit(1);
}

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* The most memory since the last call. */
static double peak_mib(void)
{
    char line[256];
    double kib = 0;
    FILE *status = fopen("/proc/self/status", "r");
    while (status != NULL && fgets(line, sizeof line, status) != NULL)
        if (strncmp(line, "VmHWM:", 6) == 0)
            kib = strtod(line + 6, NULL);
    if (status != NULL)
        fclose(status);
    FILE *refs = fopen("/proc/self/clear_refs", "w");
    if (refs != NULL) {
        fputs("5", refs);
        fclose(refs);
    }
    return kib / 1024;
}

struct night {
    double ms, longest_ms, mib;
    struct srv_night_totals totals;
};

static struct night run(struct srv_store *store, const struct cm_zone *zone, int32_t date)
{
    const struct srv_night_options options = {.zone = zone,
                                              .now_ms = cm_zone_instant(zone, cm_date_add(date, 1), 0),
                                              .coordinator_phone = "+919999999999"};
    struct cm_err err = CM_ERR_INIT;
    struct srv_night *night;
    struct night result = {.ms = now_ms()};
    peak_mib();
    if (srv_night_begin(store, &options, &night, &err) != CM_OK)
        stop("begin", &err);
    while (!srv_night_is_done(night)) {
        double began = now_ms();
        if (srv_store_write(store, srv_night_part, night, &err) != CM_OK)
            stop("part", &err);
        srv_night_committed(night);
        double took = now_ms() - began;
        result.longest_ms = took > result.longest_ms ? took : result.longest_ms;
    }
    result.ms = now_ms() - result.ms;
    result.mib = peak_mib();
    result.totals = srv_night_totals_of(night);
    srv_night_destroy(night);
    return result;
}

static void print(const char *name, int32_t date, const struct night *n)
{
    printf(
        "%s %d: %.0f ms, longest write %.0f ms, %.0f MiB; %d classes (%d held), %d on rolls, %d alerts, %d "
        "messages\n",
        name, (int)date, n->ms, n->longest_ms, n->mib, (int)n->totals.classes, (int)n->totals.held,
        (int)n->totals.students, (int)n->totals.alerts, (int)n->totals.messages);
}

static int by_time(const void *a, const void *b)
{
    double left = ((const struct night *)a)->ms, right = ((const struct night *)b)->ms;
    return (left > right) - (left < right);
}

int main(int argc, char **argv)
{
    const char *zone_name = getenv("ZONE");
    struct night nights[NIGHTS_MAX];
    struct cm_err err = CM_ERR_INIT;
    struct cm_zone *zone;
    struct srv_store *store;
    char url[1024];
    int32_t last;
    int count = argc > 3 ? atoi(argv[3]) : 3;
    if (argc < 3 || cm_date_parse(argv[2], &last, &err) != CM_OK || count < 1 || count > NIGHTS_MAX) {
        fputs("usage: alerts_bench FOLDER LAST-DATE [NIGHTS]\n", stderr);
        return 2;
    }
    if (cm_zone_open(zone_name != NULL ? zone_name : CM_ZONE_DEFAULT, &zone, &err) != CM_OK)
        stop("zone", &err);
    snprintf(url, sizeof url, "lmdb:%s", argv[1]);
    const struct srv_store_options options = {.url = url, .clock = cm_clock_system(), .zone = zone};
    if (srv_store_open(&options, &store, &err) != CM_OK)
        stop("open", &err);
    int32_t dates[NIGHTS_MAX], before = last;
    for (int i = count - 1; i >= 0; i--) { /* Mondays to Saturdays */
        while (cm_date_weekday(before) == 6)
            before = cm_date_add(before, -1);
        dates[i] = before;
        before = cm_date_add(before, -1);
    }
    struct night first = run(store, zone, before);
    print("up to", before, &first);
    for (int i = 0; i < count; i++) {
        nights[i] = run(store, zone, dates[i]);
        print("night", dates[i], &nights[i]);
    }
    struct night again = run(store, zone, dates[count - 1]);
    print("again", dates[count - 1], &again);
    qsort(nights, (size_t)count, sizeof nights[0], by_time);
    printf("a night: median %.0f ms (%.0f to %.0f, %d nights)\n", nights[count / 2].ms, nights[0].ms,
           nights[count - 1].ms, count);
    srv_store_close(store);
    cm_zone_close(zone);
    return 0;
}
