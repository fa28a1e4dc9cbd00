#include "api/cache_private.h"

#include "api/nickname.h"
#include "api/show.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct fill {
    struct srv_board_row *rows;
    int count;
};

static bool take_student(void *arg, const struct srv_student *student)
{
    struct fill *fill = arg;
    if (student->archived)
        return true;
    struct srv_board_row *row = &fill->rows[fill->count++];
    *row = (struct srv_board_row){.hidden = student->board_hidden, .rate = (double)NAN};
    snprintf(row->id, sizeof row->id, "%s", student->base.id);
    snprintf(row->name, sizeof row->name, "%s", student->base.name);
    snprintf(row->nickname, sizeof row->nickname, "%s", student->nickname);
    return fill->count < SRV_BOARD_ROWS_MAX;
}

static int compare_id(const void *id, const void *row)
{
    return strcmp(id, ((const struct srv_board_row *)row)->id);
}

/* The rows are in order of id until they are ranked. */
static bool take_standing(void *arg, const struct srv_standing *standing)
{
    struct fill *fill = arg;
    struct srv_board_row *row =
        bsearch(standing->student_id, fill->rows, (size_t)fill->count, sizeof *row, compare_id);
    if (row != NULL) {
        row->points = standing->points;
        row->streak = standing->streak;
        row->rate = srv_show_rate(standing->present, standing->late, standing->absent);
    }
    return true;
}

/* Below 0: a is better. By points, then by rate; who has no rate yet comes behind one who has. */
static int compare_merit(const struct srv_board_row *a, const struct srv_board_row *b)
{
    if (a->points != b->points)
        return a->points > b->points ? -1 : 1;
    double a_rate = isnan(a->rate) ? -1 : a->rate, b_rate = isnan(b->rate) ? -1 : b->rate;
    return a_rate == b_rate ? 0 : a_rate > b_rate ? -1 : 1;
}

static int compare_rows(const void *a, const void *b)
{
    int merit = compare_merit(a, b);
    if (merit != 0)
        return merit;
    return strcmp(((const struct srv_board_row *)a)->name, ((const struct srv_board_row *)b)->name);
}

static void rank(struct srv_board_row *rows, int count)
{
    qsort(rows, (size_t)count, sizeof *rows, compare_rows);
    int32_t shown = 0;
    for (int i = 0; i < count; i++) {
        bool equal = i > 0 && compare_merit(&rows[i], &rows[i - 1]) == 0;
        rows[i].rank = equal ? rows[i - 1].rank : shown + 1;
        shown += !rows[i].hidden;
    }
}

struct making {
    const char *class_id;
    struct fill fill;
};

static enum cm_code read_both(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct making *making = arg;
    making->fill.count = 0;
    enum cm_code code = srv_store_each_student(store, making->class_id, "", take_student, &making->fill, err);
    return code == CM_OK ? srv_store_each_standing(store, making->class_id, take_standing, &making->fill, err)
                         : code;
}

/* Into *board, whose rows it replaces. */
static enum cm_code make(const struct srv_app *app, const char *class_id, struct srv_board *board,
                         struct cm_err *err)
{
    uint64_t version = srv_store_version(app->store); /* before the reading: at worst made once too often */
    struct making making = {.class_id = class_id};
    making.fill.rows = malloc(SRV_BOARD_ROWS_MAX * sizeof *making.fill.rows);
    if (making.fill.rows == NULL)
        return cm_fail(err, CM_NOMEM, "out of memory for the board");
    enum cm_code code = srv_store_read(app->store, read_both, &making, err);
    if (code == CM_OK)
        code = srv_nicknames_settle(making.fill.rows, making.fill.count, err);
    if (code != CM_OK) {
        free(making.fill.rows);
        return code;
    }
    rank(making.fill.rows, making.fill.count);
    size_t size = (size_t)(making.fill.count > 0 ? making.fill.count : 1) * sizeof *making.fill.rows;
    struct srv_board_row *fitting = realloc(making.fill.rows, size);
    free(board->rows);
    board->rows = fitting != NULL ? fitting : making.fill.rows;
    board->count = making.fill.count;
    board->version = version + 1; /* so that 0 is none */
    snprintf(board->class_id, sizeof board->class_id, "%s", class_id);
    return CM_OK;
}

/* The class's place, or the one that makes room for it. */
static struct srv_board *place_for(struct srv_api *api, const char *class_id)
{
    for (int i = 0; i < SRV_BOARDS_MAX; i++)
        if (strcmp(api->boards[i].class_id, class_id) == 0)
            return &api->boards[i];
    return &api->boards[api->next_board++ % SRV_BOARDS_MAX];
}

enum cm_code srv_api_board(const struct srv_app *app, const char *class_id, srv_board_visit_fn *visit,
                           void *arg, struct cm_err *err)
{
    struct srv_api *api = app->api;
    struct srv_board alone = {.version = 0};
    if (api != NULL)
        pthread_mutex_lock(&api->lock);
    struct srv_board *board = api != NULL ? place_for(api, class_id) : &alone;
    enum cm_code code = CM_OK;
    if (strcmp(board->class_id, class_id) != 0 || board->version != srv_store_version(app->store) + 1)
        code = make(app, class_id, board, err);
    if (code == CM_OK)
        visit(arg, board);
    if (api != NULL)
        pthread_mutex_unlock(&api->lock);
    free(alone.rows);
    return code;
}
