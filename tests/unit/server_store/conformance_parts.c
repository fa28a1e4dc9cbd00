#include "conformance.h"

#include <stdio.h>
#include <string.h>

enum cm_code put_setting(struct srv_store *store, void *arg, struct cm_err *err)
{
    const struct pair *pair = arg;
    return srv_store_put_setting(store, pair->name, pair->value, err);
}

void set_up_class(struct world *w)
{
    put_class(w->store, "10-A", 540);
    put_student(w->store, "S-1", "10-A", WORLD_MONDAY);
    put_student(w->store, "S-2", "10-A", WORLD_MONDAY);
    put_student(w->store, "S-3", "10-A", WORLD_MONDAY);
}

static bool add_day(void *arg, const struct srv_day *day)
{
    struct spans *spans = arg;
    size_t size = strlen(spans->text);
    snprintf(spans->text + size, sizeof spans->text - size, "%s=%s ", day->roll.student_id,
             cm_roll_status_name(day->roll.status));
    return true;
}

const char *roll_of(struct srv_store *store, const char *class_id, int32_t date)
{
    static struct spans spans;
    struct cm_err err = CM_ERR_INIT;
    spans.text[0] = '\0';
    if (srv_store_each_roll(store, class_id, date, add_day, &spans, &err) != CM_OK)
        fail_msg("%s", err.msg);
    return spans.text;
}

enum cm_code append_event(struct srv_store *store, void *arg, struct cm_err *err)
{
    return srv_store_append_own(store, arg, NULL, err);
}

static bool add_change(void *arg, const struct srv_change *change)
{
    struct spans *spans = arg;
    size_t size = strlen(spans->text);
    char date[16] = "";
    if (change->date != 0)
        snprintf(date, sizeof date, "@%d", (int)change->date);
    snprintf(spans->text + size, sizeof spans->text - size, "%d%s:%s%s ", (int)change->kind,
             change->erased ? "!" : "", change->id, date);
    return true;
}

const char *changes_after(struct srv_store *store, uint64_t after)
{
    static struct spans spans;
    spans.text[0] = '\0';
    assert_int_equal(srv_store_each_change(store, after, add_change, &spans, NULL), CM_OK);
    return spans.text;
}
