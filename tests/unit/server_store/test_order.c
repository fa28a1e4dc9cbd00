/*
 * What is derived is a function of what happened, never of the order in which the server heard of it. Random schools, each
 * told twice in different orders and in different parts; both must show the same, and what each has derived step by step
 * must be what it derives anew (srv_store_check). SEED=n runs one of them, ROUNDS=n more of them; PART=i with PARTS=n
 * every n-th, from the i-th on.
 */
#include "unit.h"
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    CLASSES = 3,
    STUDENTS = 7,
    STATIONS = 3,
    DAYS = 12,
    OPS_MAX = 400,
    ROUNDS_DEFAULT = 120,
    DUMP_MAX = 1 << 18
};

static const char *const class_ids[CLASSES + 1] = {"10-A", "10-B", "9-C", "ghost"};

enum op_kind {
    OP_PUSH,
    OP_CORRECT,
    OP_CLOSE,
    OP_REOPEN,
    OP_CLOSURE,
    OP_SHORT,
    OP_STUDENT,
    OP_ERASE,
    OP_CLASS,
    OP_PAIR,
    OP_REVOKE /* number 0: admitted again */
};

struct op {
    enum op_kind kind;
    int who; /* station or student: things of one must keep their order */
    const char *class_id;
    int32_t date, number;
    int64_t wall_ms;
    uint32_t id;
    uint64_t upto; /* PUSH */
};

struct school {
    uint32_t seed;
    struct station_log *logs[STATIONS];
    struct op ops[OPS_MAX];
    int count;
    uint32_t ids;
    bool erases;
    int stride; /* from one of its days to the next: some are spread over months */
};

static uint32_t draw(uint32_t *seed, uint32_t below)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 17;
    *seed ^= *seed << 5;
    return *seed % below;
}

static int32_t date_of(const struct school *s, int day)
{
    return cm_date_add(WORLD_MONDAY, day * s->stride);
}

static int32_t some_date(const struct school *s, uint32_t *seed)
{
    return date_of(s, (int)draw(seed, DAYS));
}

static const char *student_id(int number)
{
    static const char *const ids[] = {"S-0", "S-1", "S-2", "S-3", "S-4", "S-5", "S-6"};
    return ids[number];
}

static void add(struct school *s, struct op op)
{
    assert_true(s->count < OPS_MAX);
    s->ops[s->count++] = op;
}

/* ---- making one up ---- */

static void station_day(struct school *s, struct world *w, int station, int32_t date)
{
    struct station_log *log = s->logs[station];
    uint32_t *seed = &s->seed;
    int32_t minute = 525 + (int32_t)draw(seed, 40), end = 585 + (int32_t)draw(seed, 60);
    while (minute < end) {
        int32_t next = minute + 1 + (int32_t)draw(seed, 12);
        if (draw(seed, 3) == 0) {
            int who = (int)draw(seed, STUDENTS);
            const char *class_id =
                class_ids[draw(seed, 8) == 0 ? draw(seed, CLASSES + 1) : (uint32_t)who % 2];
            int32_t of = draw(seed, 12) == 0 ? some_date(s, seed) : date;
            station_mark(log, student_id(who), class_id, of, at(w, of, minute), ++s->ids);
        }
        if (draw(seed, 30) == 0)
            station_say(log, class_ids[draw(seed, CLASSES)], some_date(s, seed),
                        (enum cm_session_word)(1 + draw(seed, 3)), at(w, date, (int32_t)draw(seed, 1400)),
                        ++s->ids);
        if (draw(seed, 14) == 0)
            station_correct(log, student_id((int)draw(seed, STUDENTS)), class_ids[draw(seed, CLASSES)],
                            some_date(s, seed), (enum cm_roll_status)(draw(seed, 6)),
                            at(w, date, (int32_t)draw(seed, 1400)), ++s->ids);
        station_cover(log, at(w, date, minute), at(w, date, next), draw(seed, 12) != 0, ++s->ids);
        minute = next;
    }
    if (draw(seed, 6) == 0) /* the clock was set back */
        station_activity(log, CM_ACTIVITY_LOCKOUT, at(w, cm_date_add(date, -2), 700), ++s->ids);
}

static void make_up(struct school *s, struct world *w)
{
    static const char *const served[STATIONS][3] = {{NULL}, {"10-A", "9-C", NULL}, {"10-B", NULL}};
    uint32_t *seed = &s->seed;
    for (int i = 0; i < STATIONS; i++) {
        char id[24];
        snprintf(id, sizeof id, "st-%d", i);
        s->logs[i] = station_create(NULL, id, served[i]);
    }
    for (int32_t day = 0; day < DAYS; day++) {
        for (int i = 0; i < STATIONS; i++) {
            uint64_t before = s->logs[i]->last;
            if (s->erases) /* some know of the erasures by then */
                s->logs[i]->erased_ms = draw(seed, 2) == 0 ? cm_wall_ms(&w->clock.base) : 0;
            if (draw(seed, 4) != 0)
                station_day(s, w, i, date_of(s, day));
            uint64_t last = s->logs[i]->last;
            uint64_t middle = before + (last > before ? draw(seed, (uint32_t)(last - before) + 1) : 0);
            add(s, (struct op){.kind = OP_PUSH, .who = i, .upto = middle});
            add(s, (struct op){.kind = OP_PUSH, .who = i, .upto = last});
        }
    }
    for (int i = 0; i < STATIONS; i++) {
        if (draw(seed, 2) == 0)
            add(s, (struct op){.kind = OP_PAIR,
                               .who = i,
                               .wall_ms = at(w, some_date(s, seed), (int32_t)draw(seed, 1400))});
        if (draw(seed, 3) == 0)
            add(s, (struct op){.kind = OP_REVOKE, .who = i, .number = 1});
        if (draw(seed, 6) == 0)
            add(s, (struct op){.kind = OP_REVOKE, .who = i});
    }
    for (int i = 0; i < STUDENTS; i++) {
        for (uint32_t n = 1 + draw(seed, 3); n > 0; n--)
            add(s,
                (struct op){.kind = OP_STUDENT,
                            .who = STATIONS + i,
                            .class_id = class_ids[draw(seed, 3) == 0 ? draw(seed, CLASSES) : (uint32_t)i % 2],
                            .date = some_date(s, seed)});
        if (s->erases && draw(seed, 3) == 0)
            add(s, (struct op){.kind = OP_ERASE, .who = STATIONS + i});
    }
    for (int i = 0; i < 12; i++)
        add(s, (struct op){.kind = OP_CORRECT,
                           .who = -1,
                           .number = (int32_t)draw(seed, STUDENTS) * 8 + (int32_t)draw(seed, 7),
                           .class_id = class_ids[draw(seed, CLASSES)],
                           .date = some_date(s, seed),
                           .wall_ms = at(w, WORLD_MONDAY, (int32_t)draw(seed, 5) * 100),
                           .id = ++s->ids});
    for (int i = 0; i < 10; i++)
        add(s, (struct op){.kind = draw(seed, 3) == 0 ? OP_REOPEN : OP_CLOSE,
                           .who = -1,
                           .class_id = class_ids[draw(seed, CLASSES)],
                           .date = some_date(s, seed),
                           .wall_ms = at(w, WORLD_MONDAY, (int32_t)draw(seed, 5) * 100)});
    add(s, (struct op){.kind = OP_SHORT, .who = -1, .class_id = class_ids[0], .date = date_of(s, 0)});
    for (int i = 0; i < 3; i++)
        add(s, (struct op){.kind = OP_CLOSURE,
                           .who = -1,
                           .class_id = draw(seed, 2) == 0 ? "" : class_ids[1 + draw(seed, CLASSES - 1)],
                           .date = some_date(s, seed)});
    add(s,
        (struct op){.kind = OP_CLASS, .who = -1, .class_id = class_ids[draw(seed, CLASSES)], .number = 535});
    if (draw(seed, 2) == 0)
        add(s, (struct op){.kind = OP_CLASS, .who = -1, .class_id = class_ids[CLASSES], .number = 540});
}

/* ---- telling it ---- */

/* Things of one station or student keep their order among themselves: each place takes the next of its owner. */
static void shuffle(const struct school *s, uint32_t seed, struct op ops[OPS_MAX])
{
    int order[OPS_MAX], next[STATIONS + STUDENTS] = {0};
    for (int i = 0; i < s->count; i++)
        order[i] = i;
    for (int i = s->count - 1; i > 0; i--) {
        int j = (int)draw(&seed, (uint32_t)i + 1), kept = order[i];
        order[i] = order[j];
        order[j] = kept;
    }
    for (int i = 0; i < s->count; i++) {
        int who = s->ops[order[i]].who;
        if (who < 0) {
            ops[i] = s->ops[order[i]];
            continue;
        }
        while (s->ops[next[who]].who != who)
            next[who]++;
        ops[i] = s->ops[next[who]++];
    }
}

static enum cm_code put_station(struct srv_store *store, void *arg, struct cm_err *err)
{
    return srv_store_put_station(store, arg, err);
}

static void tell(struct school *s, struct srv_store *store, const struct op *op)
{
    struct srv_append result;
    struct srv_station station;
    switch (op->kind) {
    case OP_PUSH:
        assert_int_equal(srv_store_get_station(store, s->logs[op->who]->station.id, &station, NULL), CM_OK);
        if (op->upto > station.acked_seq)
            assert_int_equal(push(store, s->logs[op->who], station.acked_seq + 1, op->upto, &result, NULL),
                             CM_OK);
        break;
    case OP_CORRECT:
        correct(store, student_id(op->number / 8), op->class_id, op->date,
                (enum cm_roll_status)(op->number % 8), op->wall_ms, op->id);
        break;
    case OP_CLOSE:
        close_session(store, op->class_id, op->date, op->wall_ms);
        break;
    case OP_REOPEN:
        reopen_session(store, op->class_id, op->date, op->wall_ms);
        break;
    case OP_CLOSURE:
        put_closure(store, op->date, op->class_id);
        break;
    case OP_SHORT:
        put_short(store, op->date, op->class_id, 530, 40);
        break;
    case OP_STUDENT:
        put_student(store, student_id(op->who - STATIONS), op->class_id, op->date);
        break;
    case OP_ERASE:
        erase_student(store, student_id(op->who - STATIONS));
        break;
    case OP_CLASS:
        put_class(store, op->class_id, op->number);
        break;
    case OP_PAIR:
    case OP_REVOKE:
        assert_int_equal(srv_store_get_station(store, s->logs[op->who]->station.id, &station, NULL), CM_OK);
        if (op->kind == OP_PAIR)
            station.paired_wall_ms = op->wall_ms;
        else
            station.revoked = op->number != 0;
        assert_int_equal(srv_store_write(store, put_station, &station, NULL), CM_OK);
        break;
    }
}

/* ---- looking at it ---- */

struct dump {
    char *text;
    size_t size;
    const char *what;
};

static void put(struct dump *dump, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void put(struct dump *dump, const char *fmt, ...)
{
    va_list arguments;
    va_start(arguments, fmt);
    dump->size += (size_t)vsnprintf(dump->text + dump->size, DUMP_MAX - dump->size, fmt, arguments);
    va_end(arguments);
    assert_true(dump->size < DUMP_MAX);
}

static bool dump_day(void *arg, const struct srv_day *day)
{
    put(arg, "%s %s %s %d: %s %d %lld %d%d %d\n", ((struct dump *)arg)->what, day->roll.class_id,
        day->roll.student_id, (int)day->roll.date, cm_roll_status_name(day->roll.status),
        (int)day->roll.points, (long long)day->roll.captured_wall_ms, day->roll.mark_seq != 0,
        day->roll.correction_seq != 0, (int)day->session);
    return true;
}

static bool dump_info(void *arg, const struct srv_session_info *info)
{
    put(arg, "session %s %d: word %d %s, school %d\n", info->class_id, (int)info->date, (int)info->word.word,
        info->word.by, info->school);
    put(arg, "session %s %d: %d %s %lld %d/%d p%d l%d e%d a%d u%d ?%d -%d\n", info->class_id, (int)info->date,
        (int)info->state, info->closed_by, (long long)info->closed_wall_ms, (int)info->able_min,
        (int)info->window_min, (int)info->present, (int)info->late, (int)info->excused, (int)info->absent,
        (int)info->unjudged, (int)info->pending, (int)info->none);
    return true;
}

static bool dump_standing(void *arg, const struct srv_standing *s)
{
    put(arg, "standing %s %s: %d p%d l%d e%d a%d u%d ?%d %d/%d %lld %lld\n", s->student_id, s->class_id,
        (int)s->points, (int)s->present, (int)s->late, (int)s->excused, (int)s->absent, (int)s->unjudged,
        (int)s->pending, (int)s->streak, (int)s->best_streak, (long long)s->first_seen_wall_ms,
        (long long)s->last_seen_wall_ms);
    return true;
}

static bool count_item(void *arg, const struct srv_feed_item *item)
{
    (void)item;
    ++*(int *)arg;
    return true;
}

static void dump_all(const struct school *s, struct srv_store *store, struct dump *dump)
{
    dump->size = 0;
    for (int c = 0; c < CLASSES; c++) {
        assert_int_equal(
            srv_store_each_session_info(store, class_ids[c], 20260101, 20261231, dump_info, dump, NULL),
            CM_OK);
        dump->what = "roll";
        for (int32_t day = -3; day < DAYS + 3; day++)
            assert_int_equal(srv_store_each_roll(store, class_ids[c], date_of(s, day), dump_day, dump, NULL),
                             CM_OK);
        assert_int_equal(srv_store_each_standing(store, class_ids[c], dump_standing, dump, NULL), CM_OK);
    }
    dump->what = "day";
    for (int i = 0; i < STUDENTS; i++)
        assert_int_equal(srv_store_each_day(store, student_id(i), 20260101, 20261231, dump_day, dump, NULL),
                         CM_OK);
    for (int i = 0; i < STUDENTS; i++) {
        struct srv_standing standing;
        if (srv_store_get_standing(store, student_id(i), &standing, NULL) == CM_OK)
            dump_standing(dump, &standing);
    }
    for (int i = 0; i < STUDENTS; i++) { /* its order within a date is that of arrival: how much there is */
        int count = 0;
        assert_int_equal(srv_store_each_history(store, student_id(i), 0, count_item, &count, NULL), CM_OK);
        put(dump, "history %s: %d\n", student_id(i), count);
    }
}

static void fail_at_first_difference(uint32_t seed, const char *a, const char *b)
{
    while (*a == *b) {
        a++;
        b++;
    }
    fail_msg("SEED=%u: the orders differ at\n  %.160s\n  %.160s", (unsigned)seed, a - 20, b - 20);
}

static void tell_all(struct school *s, struct world *w, uint32_t order)
{
    struct op ops[OPS_MAX];
    for (int c = 0; c < CLASSES; c++)
        put_class(w->store, class_ids[c], 540);
    for (int i = 0; i < STATIONS; i++)
        station_add_to(s->logs[i], w->store);
    shuffle(s, order, ops);
    for (int i = 0; i < s->count; i++)
        tell(s, w->store, &ops[i]);
}

static void run_school(uint32_t seed, bool erases)
{
    static char texts[2][DUMP_MAX];
    struct school school = {.seed = seed, .erases = erases, .stride = seed & 1 ? 1 : 15};
    for (int i = 0; i < 2; i++) {
        struct world w;
        struct dump dump = {.text = texts[i]};
        struct cm_err err = CM_ERR_INIT;
        uint64_t events;
        world_init(&w, "memory:");
        if (i == 0)
            make_up(&school, &w);
        tell_all(&school, &w, seed * 31u + (uint32_t)i * 17u + 1u);
        if (srv_store_check(w.store, NULL, NULL, &events, &err) != CM_OK)
            fail_msg("SEED=%u%s: %s", (unsigned)seed, erases ? " with erasures" : "", err.msg);
        dump_all(&school, w.store, &dump);
        assert_int_equal(srv_store_rebuild(w.store, NULL, NULL, NULL), CM_OK);
        assert_int_equal(srv_store_check(w.store, NULL, NULL, &events, &err), CM_OK);
        world_finish(&w);
    }
    if (!erases && strcmp(texts[0], texts[1]) != 0)
        fail_at_first_difference(seed, texts[0], texts[1]);
    for (int i = 0; i < STATIONS; i++)
        free(school.logs[i]);
}

static uint32_t number_from(const char *name, uint32_t otherwise)
{
    const char *text = getenv(name);
    return text != NULL ? (uint32_t)strtoul(text, NULL, 10) : otherwise;
}

static void run_schools(uint32_t rounds, uint32_t stride, bool erases)
{
    if (getenv("SEED") != NULL) {
        run_school(number_from("SEED", 1), erases);
        return;
    }
    for (uint32_t i = number_from("PART", 0); i < rounds; i += number_from("PARTS", 1))
        run_school((i + 1) * stride, erases);
}

static void order_never_matters(void **state)
{
    (void)state;
    run_schools(number_from("ROUNDS", ROUNDS_DEFAULT), 2654435761u, false);
}

/* An erasure takes what was known at its time, so there the order does matter; what is left must agree with itself. */
static void erasures_agree_with_themselves(void **state)
{
    (void)state;
    run_schools(number_from("ROUNDS", ROUNDS_DEFAULT) / 2, 2246822519u, true);
}

/* What one station settled waits for another whose log turns out to have begun before, and does not reach as far yet. */
static void the_first_of_a_log_opens_what_others_settled(void **state)
{
    struct world w;
    (void)state;
    world_init(&w, "memory:");
    put_class(w.store, "10-A", 540);
    put_student(w.store, "S-1", "10-A", WORLD_MONDAY);
    struct station_log *fast = station_create(&w, "fast", NULL), *slow = station_create(&w, "slow", NULL);
    for (int i = 0; i < 3; i++) {
        int32_t date = cm_date_add(WORLD_MONDAY, i);
        station_cover(fast, at(&w, date, 530), at(&w, date, 601), true, 10 + (uint32_t)i);
        station_cover(slow, at(&w, date, 530), at(&w, date, 601), true, 20 + (uint32_t)i);
    }
    push_all(w.store, fast);
    assert_int_equal(info_of(w.store, "10-A", cm_date_add(WORLD_MONDAY, 2)).state, SRV_SESSION_CLOSED);
    assert_int_equal(push(w.store, slow, 1, 1, NULL, NULL), CM_OK); /* Monday's alone */
    assert_int_equal(info_of(w.store, "10-A", WORLD_MONDAY).state, SRV_SESSION_CLOSED);
    assert_int_equal(info_of(w.store, "10-A", cm_date_add(WORLD_MONDAY, 1)).state, SRV_SESSION_OPEN);
    assert_int_equal(info_of(w.store, "10-A", cm_date_add(WORLD_MONDAY, 2)).state, SRV_SESSION_OPEN);
    check(w.store);
    push_all(w.store, slow);
    assert_int_equal(info_of(w.store, "10-A", cm_date_add(WORLD_MONDAY, 2)).state, SRV_SESSION_CLOSED);
    check(w.store);
    free(fast);
    free(slow);
    world_finish(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order_never_matters),
        cmocka_unit_test(erasures_agree_with_themselves),
        cmocka_unit_test(the_first_of_a_log_opens_what_others_settled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
