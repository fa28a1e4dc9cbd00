/*
 * How fast the server's store takes marks and answers, on the disk of FOLDER (real, synced commits).
 *
 *     store_bench FOLDER [STUDENTS [DAYS]]
 *
 * Stations of 500 students each push one batch of 500 events a school day: 475 marks and 25 spans of coverage. As many
 * batches as there are stations share a commit, as they do behind the server's writer. Then single things are read at
 * random. The folder is left for a look with rollcall-server check.
 */
#include "base/localdate.h"
#include "crypt/chain.h"
#include "crypt/keyfile.h"
#include "record/codec.h"
#include "store/store.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { CLASS_SIZE = 38, STATION_STUDENTS = 500, BATCH = 500, SPANS = 25, EVENT_MAX = 512, READS = 20000 };

struct batch {
    uint8_t bytes[BATCH][EVENT_MAX];
    struct srv_event_bytes events[BATCH];
    uint8_t previous[CM_HASH_SIZE];
    uint64_t first_seq;
};

struct station {
    struct srv_station row;
    uint8_t hash[CM_HASH_SIZE];
    uint64_t seq;
    struct batch batch;
};

struct bench {
    struct srv_store *store;
    struct cm_zone *zone;
    int students, days, stations, classes;
    struct station *list;
    uint32_t random;
    int step; /* of setting up */
    struct srv_append append;
};

static void stop(const char *what, const struct cm_err *err)
{
    fprintf(stderr, "store_bench: %s: %s\n", what, err->msg);
    exit(1);
}

static uint32_t draw(struct bench *b, uint32_t below)
{
    b->random = b->random * 1664525u + 1013904223u;
    return (b->random >> 8) % below;
}

static int64_t now_us(void)
{
    return cm_mono_us(cm_clock_system());
}

static int64_t cpu_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void class_id(int number, char out[static CM_ID_SIZE])
{
    snprintf(out, CM_ID_SIZE, "%d-%c", number / 10 + 1, 'A' + number % 10);
}

static void student_id(int number, char out[static CM_ID_SIZE])
{
    snprintf(out, CM_ID_SIZE, "S%06d", number);
}

static int32_t date_of(int day) /* five a week */
{
    return cm_date_add(20250602, day / 5 * 7 + day % 5);
}

/* ---- setting up ---- */

static enum cm_code put_classes(struct srv_store *store, void *arg, struct cm_err *err)
{
    const struct bench *b = arg;
    enum cm_code code = CM_OK;
    for (int i = 0; i < b->classes && code == CM_OK; i++) {
        struct cm_class class_ = {
            .start_minute = 540, .late_after_min = 10, .close_after_min = 60, .weekdays = 0x1f};
        class_id(i, class_.id);
        code = srv_store_put_class(store, &class_, err);
    }
    for (int i = 0; i < b->stations && code == CM_OK; i++)
        code = srv_store_put_station(store, &b->list[i].row, err);
    return code;
}

static enum cm_code put_students(struct srv_store *store, void *arg, struct cm_err *err)
{
    const struct bench *b = arg;
    enum cm_code code = CM_OK;
    for (int i = b->step; i < b->students && i < b->step + 1000 && code == CM_OK; i++) {
        struct srv_student student = {.joined_date = 20250601};
        student_id(i, student.base.id);
        class_id(i / CLASS_SIZE, student.base.class_id);
        snprintf(student.base.name, sizeof student.base.name, "Student %d", i);
        code = srv_store_put_student(store, &student, err);
    }
    return code;
}

static void make_stations(struct bench *b)
{
    struct cm_err err = CM_ERR_INIT;
    b->list = calloc((size_t)b->stations, sizeof *b->list);
    for (int i = 0; i < b->stations; i++) {
        struct station *station = &b->list[i];
        struct cm_keys *keys;
        if (cm_keys_create(&keys, &err) != CM_OK)
            stop("keys", &err);
        snprintf(station->row.id, sizeof station->row.id, "station-%d", i);
        memcpy(station->row.public_key, cm_keys_public(keys), CM_PUBLIC_KEY_SIZE);
        cm_keys_destroy(keys);
        station->row.paired = true;
        station->row.created_wall_ms = cm_zone_instant(b->zone, 20250601, 0);
        station->row.token_hash[0] = (uint8_t)(i + 1);
        int first = i * STATION_STUDENTS / CLASS_SIZE, last = (i + 1) * STATION_STUDENTS / CLASS_SIZE;
        for (int c = first; c <= last && c < b->classes && station->row.class_count < 32; c++)
            class_id(c, station->row.classes[station->row.class_count++]);
        cm_chain_start(station->row.public_key, station->hash);
    }
}

/* ---- a day ---- */

static void make_event(struct bench *b, int number, int day, int i, struct cm_event *event)
{
    int32_t date = date_of(day);
    int64_t start = cm_zone_instant(b->zone, date, 540);
    memset(event, 0, sizeof *event);
    event->version = CM_RECORD_VERSION;
    for (int k = 0; k < 16; k++)
        event->id[k] = (uint8_t)draw(b, 256);
    if (i % (BATCH / SPANS) == 0) {
        int64_t from = start + (int64_t)(i / (BATCH / SPANS)) * 3 * 60000 - 300000;
        event->type = CM_EVENT_COVERAGE;
        event->body.coverage =
            (struct cm_coverage){.from_wall_ms = from, .to_wall_ms = from + 180000, .able = true};
        event->wall_ms = from + 180000;
        return;
    }
    int student = number * STATION_STUDENTS + i;
    struct cm_mark *mark = &event->body.mark;
    event->type = CM_EVENT_MARK;
    *mark = (struct cm_mark){.date = date,
                             .captured_wall_ms = start - 300000 + (int64_t)draw(b, 1500) * 1000,
                             .method = CM_METHOD_FACE,
                             .policy = "strict",
                             .live_reason = "clean_blink",
                             .distance = 0.31f,
                             .margin = 0.22f,
                             .threshold = 0.5f,
                             .blink_ms = 180,
                             .first_try = true};
    student_id(student, mark->student_id);
    class_id(student / CLASS_SIZE, mark->class_id);
    event->wall_ms = mark->captured_wall_ms;
}

static void make_batch(struct bench *b, int number, int day)
{
    struct station *station = &b->list[number];
    struct batch *batch = &station->batch;
    struct cm_err err = CM_ERR_INIT;
    memcpy(batch->previous, station->hash, CM_HASH_SIZE);
    batch->first_seq = station->seq + 1;
    for (int i = 0; i < BATCH; i++) {
        struct cm_event event;
        size_t size;
        make_event(b, number, day, i, &event);
        event.seq = ++station->seq;
        if (i + 1 == BATCH) /* behind the end of the session */
            event.wall_ms = cm_zone_instant(b->zone, date_of(day), 600);
        if (cm_event_encode(&event, batch->bytes[i], EVENT_MAX, &size, &err) != CM_OK)
            stop("encode", &err);
        cm_chain_next(station->hash, batch->bytes[i], size, station->hash);
        batch->events[i] = (struct srv_event_bytes){batch->bytes[i], size};
    }
}

static enum cm_code push_day(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct bench *b = arg;
    enum cm_code code = CM_OK;
    for (int i = 0; i < b->stations && code == CM_OK; i++) {
        const struct batch *batch = &b->list[i].batch;
        code = srv_store_append_events(store, b->list[i].row.id, batch->first_seq, batch->previous,
                                       batch->events, BATCH, &b->append, err);
    }
    return code;
}

/* ---- reading ---- */

static bool count_day(void *arg, const struct srv_day *day)
{
    *(int64_t *)arg += day->roll.points;
    return true;
}

static bool count_standing(void *arg, const struct srv_standing *standing)
{
    *(int64_t *)arg += standing->points;
    return true;
}

static enum cm_code read_one(struct bench *b, int what, int64_t *sum, struct cm_err *err)
{
    char student[CM_ID_SIZE], class_[CM_ID_SIZE];
    struct srv_standing standing;
    struct srv_session_info info;
    student_id((int)draw(b, (uint32_t)b->students), student);
    class_id((int)draw(b, (uint32_t)(b->students / CLASS_SIZE)), class_);
    int32_t date = date_of((int)draw(b, (uint32_t)b->days));
    switch (what) {
    case 0:
        return srv_store_each_day(b->store, student, date / 100 * 100 + 1, date / 100 * 100 + 28, count_day,
                                  sum, err);
    case 1:
        return srv_store_get_standing(b->store, student, &standing, err);
    case 2:
        return srv_store_each_roll(b->store, class_, date, count_day, sum, err);
    case 3:
        return srv_store_each_standing(b->store, class_, count_standing, sum, err);
    default:
        return srv_store_get_session_info(b->store, class_, date, &info, err);
    }
}

static void read_all(struct bench *b)
{
    static const char *const names[] = {"a student's month", "a student's standing",
                                        "a class's roll of a day", "a class's standings", "a session"};
    struct cm_err err = CM_ERR_INIT;
    int64_t sum = 0;
    for (int what = 0; what < 5; what++) {
        int64_t began = now_us(), cpu = cpu_us();
        for (int i = 0; i < READS; i++) {
            if (read_one(b, what, &sum, &err) != CM_OK)
                stop(names[what], &err);
        }
        printf("%-24s %7.2f us, %.2f of the processor's\n", names[what], (double)(now_us() - began) / READS,
               (double)(cpu_us() - cpu) / READS);
    }
}

static void fill(struct bench *b)
{
    struct cm_err err = CM_ERR_INIT;
    if (srv_store_write(b->store, put_classes, b, &err) != CM_OK)
        stop("classes", &err);
    for (b->step = 0; b->step < b->students; b->step += 1000) {
        if (srv_store_write(b->store, put_students, b, &err) != CM_OK)
            stop("students", &err);
    }
}

static void push_all(struct bench *b)
{
    struct cm_err err = CM_ERR_INIT;
    int64_t spent = 0, worst = 0, cpu = 0;
    for (int day = 0; day < b->days; day++) {
        for (int i = 0; i < b->stations; i++)
            make_batch(b, i, day);
        int64_t began = now_us(), cpu_began = cpu_us();
        if (srv_store_write(b->store, push_day, b, &err) != CM_OK)
            stop("push", &err);
        int64_t took = now_us() - began;
        spent += took;
        cpu += cpu_us() - cpu_began;
        worst = took > worst ? took : worst;
    }
    double events = (double)b->days * b->stations * BATCH;
    printf("%.0f events in batches of %d, %d batches a commit: %.0f events/s, slowest commit %.1f ms, "
           "%.2f us of the processor's an event\n",
           events, BATCH, b->stations, events * 1e6 / (double)spent, (double)worst / 1000,
           (double)cpu / events);
}

static void care(struct bench *b)
{
    struct cm_err err = CM_ERR_INIT;
    uint64_t events;
    int64_t began = now_us();
    if (srv_store_rebuild(b->store, NULL, NULL, &err) != CM_OK)
        stop("rebuild", &err);
    printf("rebuild %.1f s", (double)(now_us() - began) / 1e6);
    began = now_us();
    if (srv_store_check(b->store, NULL, NULL, &events, &err) != CM_OK)
        stop("check", &err);
    printf(", check %.1f s\n", (double)(now_us() - began) / 1e6);
}

int main(int argc, char **argv)
{
    struct bench b = {.random = 1};
    struct cm_err err = CM_ERR_INIT;
    char url[1024];
    if (argc < 2) {
        fprintf(stderr, "usage: store_bench FOLDER [STUDENTS [DAYS]]\n");
        return 2;
    }
    b.students = argc > 2 ? atoi(argv[2]) : 5000;
    b.days = argc > 3 ? atoi(argv[3]) : 200;
    b.stations = (b.students + STATION_STUDENTS - 1) / STATION_STUDENTS;
    b.students = b.stations * STATION_STUDENTS;
    b.classes = (b.students + CLASS_SIZE - 1) / CLASS_SIZE;
    snprintf(url, sizeof url, "lmdb:%s", argv[1]);
    if (cm_zone_open(CM_ZONE_DEFAULT, &b.zone, &err) != CM_OK)
        stop("zone", &err);
    struct srv_store_options options = {.url = url, .clock = cm_clock_system(), .zone = b.zone};
    if (srv_store_open(&options, &b.store, &err) != CM_OK)
        stop("open", &err);
    make_stations(&b);
    int64_t began = now_us();
    fill(&b);
    printf("%d students in %d classes: %.2f s\n", b.students, b.classes, (double)(now_us() - began) / 1e6);
    push_all(&b);
    read_all(&b);
    care(&b);
    struct srv_store_stats stats;
    if (srv_store_stats(b.store, &stats, &err) == CM_OK)
        printf("%.0f MB on disk\n", (double)stats.bytes_used / 1e6);
    srv_store_close(b.store);
    free(b.list);
    cm_zone_close(b.zone);
    return 0;
}
