#include "calendar/plan.h"

#include "base/utf8.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void srv_calendar_remark(struct srv_calendar_remarks *remarks, size_t line, const char *fmt, ...)
{
    if (remarks->count < SRV_CALENDAR_REMARKS_MAX) {
        va_list arguments;
        va_start(arguments, fmt);
        remarks->list[remarks->count].line = line;
        vsnprintf(remarks->list[remarks->count].text, sizeof remarks->list[0].text, fmt, arguments);
        va_end(arguments);
    }
    remarks->count++;
}

char *srv_calendar_label(const char *text, char out[CM_LABEL_SIZE])
{
    size_t length = strnlen(text, CM_LABEL_SIZE - 1);
    while (length > 0 && !cm_utf8_valid(text, length)) /* never half a character */
        length--;
    for (size_t i = 0; i < length; i++)
        out[i] = (unsigned char)text[i] < ' ' || text[i] == 0x7f ? ' ' : text[i];
    out[length] = '\0';
    return out;
}

static enum cm_code add_entry(struct srv_calendar_plan *plan, const struct cm_closure *closure, size_t line,
                              struct cm_err *err)
{
    if (plan->count == plan->room) {
        size_t room = plan->room > 0 ? plan->room * 2 : 64;
        struct srv_calendar_entry *entries = realloc(plan->entries, room * sizeof *entries);
        if (entries == NULL)
            return cm_fail(err, CM_NOMEM, "no memory for the calendar");
        plan->entries = entries;
        plan->room = room;
    }
    plan->entries[plan->count++] = (struct srv_calendar_entry){.closure = *closure, .line = line};
    return CM_OK;
}

enum cm_code srv_calendar_add_days(struct srv_calendar_plan *plan, const struct srv_calendar_options *options,
                                   const struct cm_closure *closure, int32_t first, int32_t last, size_t line,
                                   struct cm_err *err)
{
    int32_t from = cm_date_add(options->today, -SRV_CALENDAR_BACK_DAYS),
            to = cm_date_add(options->today, SRV_CALENDAR_AHEAD_DAYS);
    struct cm_closure day = *closure;
    enum cm_code code = CM_OK;
    for (day.date = first > from ? first : from; code == CM_OK && day.date <= last && day.date <= to;
         day.date = cm_date_add(day.date, 1)) {
        if (plan->count == SRV_CALENDAR_DAYS_MAX)
            return cm_fail(err, CM_INVALID, "the calendar has more than %d days", SRV_CALENDAR_DAYS_MAX);
        code = add_entry(plan, &day, line, err);
    }
    return code;
}

static int by_day(const void *a, const void *b)
{
    const struct srv_calendar_entry *x = a, *y = b;
    if (x->closure.date != y->closure.date)
        return x->closure.date < y->closure.date ? -1 : 1;
    int order = strcmp(x->closure.class_id, y->closure.class_id);
    return order != 0 ? order : x->line < y->line ? -1 : x->line > y->line;
}

/* Of two of one day and class the first in the file stays. */
static void sort(struct srv_calendar_plan *plan)
{
    size_t kept = 0;
    if (plan->count > 1)
        qsort(plan->entries, plan->count, sizeof plan->entries[0], by_day);
    for (size_t i = 0; i < plan->count; i++) {
        const struct cm_closure *closure = &plan->entries[i].closure;
        const struct cm_closure *before = kept > 0 ? &plan->entries[kept - 1].closure : NULL;
        if (before == NULL || before->date != closure->date ||
            strcmp(before->class_id, closure->class_id) != 0)
            plan->entries[kept++] = plan->entries[i];
    }
    plan->count = kept;
}

enum srv_calendar_format srv_calendar_guess(const char *text, size_t size)
{
    static const char bom[] = "\xef\xbb\xbf", begin[] = "BEGIN:VCALENDAR";
    if (size >= sizeof bom - 1 && memcmp(text, bom, sizeof bom - 1) == 0) {
        text += sizeof bom - 1;
        size -= sizeof bom - 1;
    }
    return size >= sizeof begin - 1 && strncasecmp(text, begin, sizeof begin - 1) == 0
               ? SRV_CALENDAR_ICALENDAR
               : SRV_CALENDAR_CSV;
}

enum cm_code srv_calendar_read(const char *text, size_t size, const struct srv_calendar_options *options,
                               struct srv_calendar_plan *plan, struct cm_err *err)
{
    if (size > SRV_CALENDAR_BYTES_MAX)
        return cm_fail(err, CM_INVALID, "the calendar is larger than %d MB", SRV_CALENDAR_BYTES_MAX >> 20);
    enum cm_code code = options->format == SRV_CALENDAR_CSV
                            ? srv_calendar_read_csv(text, size, options, plan, err)
                            : srv_calendar_read_ical(text, size, options, plan, err);
    if (code == CM_OK)
        sort(plan);
    return code;
}

void srv_calendar_finish(struct srv_calendar_plan *plan)
{
    free(plan->entries);
    *plan = (struct srv_calendar_plan){.count = 0};
}

/* ---- the store ---- */

struct find {
    const struct cm_closure *wanted;
    struct cm_closure found;
    bool any;
};

static bool take_closure(void *arg, const struct cm_closure *closure)
{
    struct find *find = arg;
    if (strcmp(closure->class_id, find->wanted->class_id) == 0) {
        find->found = *closure;
        find->any = true;
    }
    return true;
}

static bool same(const struct cm_closure *a, const struct cm_closure *b)
{
    return strcmp(a->label, b->label) == 0 && a->kind == b->kind &&
           (a->kind == CM_CLOSURE_CLOSED ||
            (a->start_minute == b->start_minute && a->close_after_min == b->close_after_min));
}

enum cm_code srv_calendar_compare(struct srv_store *store, struct srv_calendar_plan *plan, struct cm_err *err)
{
    plan->added = plan->changed = 0;
    for (size_t i = 0; i < plan->count; i++) {
        struct srv_calendar_entry *entry = &plan->entries[i];
        struct find find = {.wanted = &entry->closure};
        struct cm_class class_;
        int32_t date = entry->closure.date;
        enum cm_code code = CM_OK;
        if (entry->closure.class_id[0] != '\0')
            code = srv_store_get_class(store, entry->closure.class_id, &class_, err);
        if (code == CM_NOTFOUND) {
            srv_calendar_remark(&plan->problems, entry->line, "there is no class %.60s",
                                entry->closure.class_id);
            continue;
        }
        if (code == CM_OK)
            code = srv_store_each_closure(store, date, date, take_closure, &find, err);
        if (code != CM_OK)
            return code;
        entry->change = !find.any                            ? SRV_CALENDAR_ADDED
                        : same(&find.found, &entry->closure) ? SRV_CALENDAR_SAME
                                                             : SRV_CALENDAR_CHANGED;
        plan->added += entry->change == SRV_CALENDAR_ADDED;
        plan->changed += entry->change == SRV_CALENDAR_CHANGED;
    }
    return CM_OK;
}

enum cm_code srv_calendar_write(struct srv_store *store, struct srv_calendar_plan *plan, struct cm_err *err)
{
    size_t before = plan->problems.count;
    enum cm_code code = before == 0 ? srv_calendar_compare(store, plan, err) : CM_OK;
    if (code == CM_OK && plan->problems.count > 0)
        return cm_fail(err, CM_INVALID, "nothing was imported: the calendar has problems");
    for (size_t i = 0; i < plan->count && code == CM_OK; i++)
        if (plan->entries[i].change != SRV_CALENDAR_SAME)
            code = srv_store_put_closure(store, &plan->entries[i].closure, err);
    return code;
}
