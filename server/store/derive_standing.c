/*
 * Standings summed up from all days. A station that was away brings marks of days that others have gone past, of whole
 * classes at once, and again with each batch. So it is kept what a student's days come to some weeks before the change, where
 * the next sum begins; and the days of a class are read once, in order, for all of it who are concerned.
 */
#include "store/derive_work.h"

#include <stdlib.h>
#include <string.h>

enum {
    TOGETHER_MIN =
        4, /* so many of a class read its days together: a row in order costs a quarter of one by key */
    BACK_DAYS = 40, /* before a change: the stations of a class are seldom further apart */
};

/* ---- what is kept ---- */

static struct srv_prefix *place_of(struct srv_work *work, const char *student_id)
{
    uint32_t hash = 2166136261u; /* FNV-1a */
    for (const char *at = student_id; *at != '\0'; at++)
        hash = (hash ^ (uint8_t)*at) * 16777619u;
    return &work->prefixes[(hash ^ hash >> 15) % SRV_PREFIXES];
}

void srv_prefix_touch(struct srv_work *work, const char *student_id, int32_t date)
{
    struct srv_prefix *prefix = work->prefixes != NULL ? place_of(work, student_id) : NULL;
    if (prefix != NULL && prefix->date > date && strcmp(prefix->student_id, student_id) == 0)
        memset(prefix, 0, sizeof *prefix);
}

void srv_prefixes_forget(struct srv_work *work)
{
    free(work->prefixes);
    work->prefixes = NULL;
}

/* ---- a sum ---- */

struct sum {
    char class_id[CM_ID_SIZE]; /* all his rows are there; "": not in one class alone */
    char student_id[CM_ID_SIZE];
    int32_t from, mark; /* where it begins; and the date of the prefix to keep, 0 none */
    bool marked;
    struct cm_standing at_mark, standing;
};

static void add_day(struct sum *sum, int32_t date, bool school, const struct srv_day_row *row)
{
    struct cm_day_fact fact = srv_day_fact_of(row);
    if (date < sum->from)
        return;
    if (!sum->marked && date >= sum->mark) {
        sum->at_mark = sum->standing;
        sum->marked = true;
    }
    cm_standing_add(&sum->standing, date, school, &fact);
}

static void begin(struct srv_work *work, struct sum *sum, int32_t changed)
{
    const struct srv_prefix *prefix = place_of(work, sum->student_id);
    if (strcmp(prefix->student_id, sum->student_id) == 0) {
        sum->from = prefix->date;
        sum->standing = prefix->standing;
    }
    if (cm_date_valid(changed))
        sum->mark = cm_date_add(changed, -BACK_DAYS);
}

static enum cm_code finish(struct srv_tx *tx, const struct sum *sum, struct cm_err *err)
{
    if (sum->mark > sum->from) {
        struct srv_prefix *prefix = place_of(tx->store->work, sum->student_id);
        *prefix =
            (struct srv_prefix){.date = sum->mark, .standing = sum->marked ? sum->at_mark : sum->standing};
        strcpy(prefix->student_id, sum->student_id);
    }
    return srv_standing_save(tx, sum->student_id, &sum->standing, err);
}

/* ---- one ---- */

static enum cm_code sum_day(void *arg, const struct srv_student_day *day, struct cm_err *err)
{
    (void)err;
    add_day(arg, day->date, day->school, day->row);
    return CM_OK;
}

static enum cm_code sum_alone(struct srv_tx *tx, struct sum *sum, struct cm_err *err)
{
    enum cm_code code = srv_each_student_day(tx, sum->student_id, sum->from, INT32_MAX, sum_day, sum, err);
    return code == CM_OK ? finish(tx, sum, err) : code;
}

enum cm_code srv_sum_up(struct srv_tx *tx, const char *student_id, struct cm_err *err)
{
    struct sum sum = {.from = 0};
    enum cm_code code = srv_each_student_day(tx, student_id, 0, INT32_MAX, sum_day, &sum, err);
    return code == CM_OK ? srv_standing_save(tx, student_id, &sum.standing, err) : code;
}

/* ---- those of a class ---- */

struct together {
    struct srv_tx *tx;
    struct sum *sums; /* in order of student */
    size_t count, next;
    int32_t date; /* of the session under way; 0 none yet */
    bool held;    /* it has a row */
    bool school;
};

static enum cm_code begin_session(struct together *all, int32_t date, struct cm_err *err)
{
    struct srv_key key;
    struct cm_bytes value;
    all->date = date;
    all->next = 0;
    srv_session_key(all->sums[0].class_id, date, &key);
    enum cm_code code = srv_get(all->tx, SRV_T_SESSIONS, &key, &value, err);
    all->held = code == CM_OK;
    all->school = all->held && srv_session_meets(value);
    return code == CM_NOTFOUND ? CM_OK : code;
}

/* Rows and sums are both in order of student: one walks along with the other. */
static struct sum *sum_of(struct together *all, const char *student_id)
{
    int order = -1;
    while (all->next < all->count && (order = strcmp(all->sums[all->next].student_id, student_id)) < 0)
        all->next++;
    return all->next < all->count && order == 0 ? &all->sums[all->next] : NULL;
}

static enum cm_code take_row(void *arg, struct cm_bytes key, struct cm_bytes value, struct cm_err *err)
{
    struct together *all = arg;
    const uint8_t *at = key.data, *end = at + key.size;
    struct srv_day_row row;
    enum cm_code code = CM_OK;
    if (srv_take_text(&at, end, CM_ID_SIZE) == NULL || end - at < 6)
        return srv_damaged("a day's key does not decode", err);
    int32_t date = (int32_t)srv_get_u32(at);
    at += 4;
    const char *student_id = srv_take_text(&at, end, CM_ID_SIZE);
    if (student_id == NULL)
        return srv_damaged("a day's key does not decode", err);
    if (date != all->date)
        code = begin_session(all, date, err);
    struct sum *sum = code == CM_OK && all->held ? sum_of(all, student_id) : NULL;
    if (sum == NULL || date < sum->from)
        return code;
    code = srv_day_decode(value, &row, err);
    if (code == CM_OK)
        add_day(sum, date, all->school, &row);
    return code;
}

static enum cm_code sum_together(struct srv_tx *tx, struct sum *sums, size_t count, struct cm_err *err)
{
    struct together all = {.tx = tx, .sums = sums, .count = count};
    struct srv_key first;
    int32_t from = sums[0].from;
    for (size_t i = 1; i < count; i++)
        from = sums[i].from < from ? sums[i].from : from;
    srv_session_key(sums[0].class_id, from, &first);
    enum cm_code code = srv_walk(tx, SRV_T_DAYS, &first, strlen(sums[0].class_id) + 1, take_row, &all, err);
    for (size_t i = 0; i < count && code == CM_OK; i++)
        code = finish(tx, &sums[i], err);
    return code;
}

static enum cm_code sum_class(struct srv_tx *tx, struct sum *sums, size_t count, struct cm_err *err)
{
    enum cm_code code = CM_OK;
    if (sums[0].class_id[0] != '\0' && count >= TOGETHER_MIN)
        return sum_together(tx, sums, count, err);
    for (size_t i = 0; i < count && code == CM_OK; i++)
        code = sum_alone(tx, &sums[i], err);
    return code;
}

/* ---- all that are dirty ---- */

static int by_student_and_date(const void *a, const void *b)
{
    const struct srv_dirty *x = a, *y = b;
    int order = strcmp(x->student_id, y->student_id);
    return order != 0 ? order : x->date < y->date ? -1 : x->date > y->date;
}

static int by_class_and_student(const void *a, const void *b)
{
    const struct sum *x = a, *y = b;
    int order = strcmp(x->class_id, y->class_id);
    return order != 0 ? order : strcmp(x->student_id, y->student_id);
}

/* Sorts the dirty ones; a sum for each student, from the earliest date that changed. */
static enum cm_code begin_sums(struct srv_tx *tx, struct sum *sums, size_t *ret_count, struct cm_err *err)
{
    struct srv_work *work = tx->store->work;
    const struct srv_dirty *dirty = work->students;
    enum cm_code code = CM_OK;
    size_t count = 0;
    qsort(work->students, work->student_count, sizeof *work->students, by_student_and_date);
    for (size_t i = 0; i < work->student_count && code == CM_OK; i++) {
        if (i > 0 && strcmp(dirty[i].student_id, dirty[i - 1].student_id) == 0)
            continue;
        struct sum *sum = &sums[count++];
        strcpy(sum->student_id, dirty[i].student_id);
        begin(work, sum, dirty[i].date);
        code = srv_only_class(tx, sum->student_id, sum->class_id, err);
    }
    qsort(sums, count, sizeof *sums, by_class_and_student);
    *ret_count = count;
    return code;
}

enum cm_code srv_sum_up_dirty(struct srv_tx *tx, struct cm_err *err)
{
    struct srv_work *work = tx->store->work;
    size_t count = work->student_count;
    if (count == 0)
        return CM_OK;
    if (work->prefixes == NULL)
        work->prefixes = calloc(SRV_PREFIXES, sizeof *work->prefixes);
    struct sum *sums = calloc(count, sizeof *sums);
    if (sums == NULL || work->prefixes == NULL) {
        free(sums);
        return cm_fail(err, CM_NOMEM, "no memory for standings");
    }
    enum cm_code code = begin_sums(tx, sums, &count, err);
    for (size_t first = 0, next; first < count && code == CM_OK; first = next) {
        for (next = first + 1; next < count && strcmp(sums[next].class_id, sums[first].class_id) == 0; next++)
            ;
        code = sum_class(tx, sums + first, next - first, err);
    }
    free(sums);
    return code;
}
