/*
 * How long a night of alerts takes.
 *
 *     alerts_bench fill FOLDER STUDENTS DAYS     makes the store; its last day is 2026-11-27
 *     alerts_bench FOLDER LAST-DATE [NIGHTS]     measures; also on what `rollcall-server demo-data` has filled
 *
 * `fill` puts the students through the verbs of the store, and then the rows of days and sessions as they are derived, without
 * the events behind them (which would take an hour for 20 million): a night reads those rows alone. Nine of ten students are
 * there, some are ill for days, a tenth of the sessions is closed by a person.
 *
 * FOLDER is the store's (its data folder's "store"), LAST-DATE the last school day in it. First everything up to NIGHTS
 * school days before it is evaluated, then each of the last NIGHTS (3) school days in a night of its own, whose time, longest
 * write and memory are printed. Pages of the store that are mapped are the system's cache: it maps sixteen for one that is
 * read, and takes them back when it needs them; the server gives them back after each part. Alerts are made in the store: copy it for another measurement. ZONE names another zone than
 * the default.
 */
#include "alerts/night.h"
#include "base/clock.h"
#include "base/localdate.h"
#include "store/derive_kv.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
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

/* A line of /proc/self/status in MiB. */
static double status_mib(const char *name)
{
    char line[256];
    double kib = 0;
    FILE *status = fopen("/proc/self/status", "r");
    while (status != NULL && fgets(line, sizeof line, status) != NULL)
        if (strncmp(line, name, strlen(name)) == 0)
            kib = strtod(line + strlen(name), NULL);
    if (status != NULL)
        fclose(status);
    return kib / 1024;
}

/* What VmHWM says from now on is the most since now. */
static void reset_peak(void)
{
    FILE *refs = fopen("/proc/self/clear_refs", "w");
    if (refs != NULL) {
        fputs("5", refs);
        fclose(refs);
    }
}

static double cpu_ms(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e3 +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e3;
}

struct night {
    double ms, cpu_ms, longest_ms, own_mib, with_map_mib;
    struct srv_night_totals totals;
};

static struct night run(struct srv_store *store, const struct cm_zone *zone, int32_t date)
{
    const struct srv_night_options options = {.zone = zone,
                                              .now_ms = cm_zone_instant(zone, cm_date_add(date, 1), 0),
                                              .coordinator_phone = "+919999999999"};
    struct cm_err err = CM_ERR_INIT;
    struct srv_night *night;
    reset_peak();
    struct night result = {.ms = now_ms(), .cpu_ms = cpu_ms()};
    if (srv_night_begin(store, &options, &night, &err) != CM_OK)
        stop("begin", &err);
    while (!srv_night_is_done(night)) {
        double began = now_ms();
        if (srv_store_write(store, srv_night_part, night, &err) != CM_OK)
            stop("part", &err);
        srv_night_committed(night);
        srv_store_trim(store); /* as the server does */
        double took = now_ms() - began;
        result.longest_ms = took > result.longest_ms ? took : result.longest_ms;
    }
    result.ms = now_ms() - result.ms;
    result.cpu_ms = cpu_ms() - result.cpu_ms;
    result.own_mib = status_mib("RssAnon:");
    result.with_map_mib = status_mib("VmHWM:");
    result.totals = srv_night_totals_of(night);
    srv_night_destroy(night);
    return result;
}

static void print(const char *name, int32_t date, const struct night *n)
{
    printf("%s %d: %.0f ms (%.0f of the processor), longest write %.0f ms; %.0f MiB of its own, at most %.0f "
           "with "
           "the pages of the store that are mapped; %d classes (%d held), "
           "%d on rolls, %d alerts, %d "
           "messages\n",
           name, (int)date, n->ms, n->cpu_ms, n->longest_ms, n->own_mib, n->with_map_mib,
           (int)n->totals.classes, (int)n->totals.held, (int)n->totals.students, (int)n->totals.alerts,
           (int)n->totals.messages);
}

static int by_time(const void *a, const void *b)
{
    double left = ((const struct night *)a)->ms, right = ((const struct night *)b)->ms;
    return (left > right) - (left < right);
}

static void measure(struct srv_store *store, const struct cm_zone *zone, int32_t last, int count,
                    struct night *nights)
{
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
}

/* ---- filling ---- */

enum { CLASS_SIZE = 38, CLASSES_A_WRITE = 4, LAST_DAY = 20261127 };

struct fill {
    const struct cm_zone *zone;
    int students, days, next_class;
    int32_t *dates; /* in order */
    uint32_t random;
    char ids[CLASS_SIZE][CM_ID_SIZE];
    int ill[CLASS_SIZE];
};

static int draw(struct fill *f, int below)
{
    f->random = f->random * 1664525u + 1013904223u;
    return (int)((f->random >> 8) % (uint32_t)below);
}

static enum cm_code put_people(struct fill *f, struct srv_store *store, int index, int count,
                               struct cm_err *err)
{
    struct cm_class class_ = {
        .start_minute = 525, .late_after_min = 10, .close_after_min = 60, .weekdays = 0x3f};
    snprintf(class_.id, sizeof class_.id, "C%04d", index);
    enum cm_code code = srv_store_put_class(store, &class_, err);
    for (int i = 0; i < count && code == CM_OK; i++) {
        struct srv_student student = {.joined_date = f->dates[0], .parent_phone = "+919876543210"};
        snprintf(f->ids[i], sizeof f->ids[i], "S%06d", index * CLASS_SIZE + i);
        f->ill[i] = 0;
        memcpy(student.base.id, f->ids[i], sizeof student.base.id);
        memcpy(student.base.class_id, class_.id, sizeof student.base.class_id);
        snprintf(student.base.name, sizeof student.base.name, "Student %06d", index * CLASS_SIZE + i);
        code = srv_store_put_student(store, &student, err);
    }
    return code;
}

static enum cm_roll_status draw_status(struct fill *f, int student)
{
    if (f->ill[student] == 0 && draw(f, 60) == 0)
        f->ill[student] = 1 + draw(f, 6);
    if (f->ill[student] > 0) {
        f->ill[student]--;
        return CM_ROLL_ABSENT;
    }
    return draw(f, 20) == 0 ? CM_ROLL_ABSENT : CM_ROLL_PRESENT;
}

static enum cm_code put_day(struct fill *f, struct srv_tx *tx, const char *class_id, int count, int32_t date,
                            struct cm_err *err)
{
    const int64_t start = cm_zone_instant(f->zone, date, 525);
    struct srv_session_info info = {
        .date = date, .state = SRV_SESSION_CLOSED, .school = true, .able_min = 60, .window_min = 60};
    enum cm_code code = CM_OK;
    snprintf(info.class_id, sizeof info.class_id, "%s", class_id);
    if (draw(f, 10) == 0) {
        snprintf(info.closed_by, sizeof info.closed_by, "Meera Nair");
        info.closed_wall_ms = start + 3600000;
    }
    for (int i = 0; i < count && code == CM_OK; i++) {
        struct srv_day_row row = {.status = draw_status(f, i)};
        struct srv_key key;
        bool present = row.status == CM_ROLL_PRESENT;
        if (present) {
            row.points = 17;
            row.captured_wall_ms = start - 60000 * draw(f, 20);
            row.mark_feed = (uint64_t)date;
            row.evidence.has_mark = true;
            row.evidence.captured_wall_ms = row.captured_wall_ms;
            row.evidence.mark_number = row.mark_feed;
        }
        info.present += present;
        info.absent += !present;
        srv_day_key(class_id, date, f->ids[i], &key);
        code = srv_day_save(tx, &key, &row, err);
    }
    return code == CM_OK ? srv_session_save(tx, &info, err) : code;
}

static enum cm_code fill_part(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct fill *f = arg;
    struct srv_tx *tx;
    enum cm_code code = srv_tx_writing(store, &tx, err);
    for (int c = f->next_class; code == CM_OK && c < f->next_class + CLASSES_A_WRITE; c++) {
        char class_id[CM_ID_SIZE];
        int count = f->students - c * CLASS_SIZE < CLASS_SIZE ? f->students - c * CLASS_SIZE : CLASS_SIZE;
        if (count <= 0)
            break;
        f->random = (uint32_t)c; /* the same when it is run again */
        snprintf(class_id, sizeof class_id, "C%04d", c);
        code = put_people(f, store, c, count, err);
        if (code == CM_OK)
            code = srv_work_flush(tx, err); /* before there are days, of which nothing primary speaks */
        for (int i = 0; i < f->days && code == CM_OK; i++)
            code = put_day(f, tx, class_id, count, f->dates[i], err);
    }
    return code;
}

static void fill(struct srv_store *store, const struct cm_zone *zone, int students, int days)
{
    struct fill f = {.zone = zone, .students = students, .days = days};
    struct cm_err err = CM_ERR_INIT;
    int32_t date = LAST_DAY;
    f.dates = calloc((size_t)days, sizeof *f.dates);
    for (int i = days - 1; i >= 0 && f.dates != NULL; i--) {
        f.dates[i] = date;
        date = cm_date_add(date, cm_date_weekday(date) == 0 ? -2 : -1);
    }
    for (; f.next_class * CLASS_SIZE < students; f.next_class += CLASSES_A_WRITE)
        if (srv_store_write(store, fill_part, &f, &err) != CM_OK)
            stop("fill", &err);
    free(f.dates);
}

static int usage(void)
{
    fputs("usage: alerts_bench fill FOLDER STUDENTS DAYS | alerts_bench FOLDER LAST-DATE [NIGHTS]\n", stderr);
    return 2;
}

int main(int argc, char **argv)
{
    const char *zone_name = getenv("ZONE");
    const bool fills = argc == 5 && strcmp(argv[1], "fill") == 0;
    static struct night nights[NIGHTS_MAX];
    struct cm_err err = CM_ERR_INIT;
    struct cm_zone *zone;
    struct srv_store *store;
    char url[1024];
    int32_t last = LAST_DAY;
    int count = !fills && argc > 3 ? atoi(argv[3]) : 3;
    if (argc < 3 || count < 1 || count > NIGHTS_MAX ||
        (!fills && cm_date_parse(argv[2], &last, &err) != CM_OK) ||
        (fills && (atoi(argv[3]) < 1 || atoi(argv[4]) < 1)))
        return usage();
    if (cm_zone_open(zone_name != NULL ? zone_name : CM_ZONE_DEFAULT, &zone, &err) != CM_OK)
        stop("zone", &err);
    snprintf(url, sizeof url, "lmdb:%s", argv[fills ? 2 : 1]);
    const struct srv_store_options options = {.url = url, .clock = cm_clock_system(), .zone = zone};
    if (srv_store_open(&options, &store, &err) != CM_OK)
        stop("open", &err);
    if (fills)
        fill(store, zone, atoi(argv[3]), atoi(argv[4]));
    else
        measure(store, zone, last, count, nights);
    srv_store_close(store);
    cm_zone_close(zone);
    return 0;
}
