/* Calendars from anywhere: CSV and iCalendar, told apart as an import does. Whatever is read is within its bounds, in order,
 * and makes sense as entries of the store. The seeds in corpus/calendar are whole files of each kind. */
#include "calendar/calendar.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int order(const struct cm_closure *a, const struct cm_closure *b)
{
    return a->date != b->date ? (a->date < b->date ? -1 : 1) : strcmp(a->class_id, b->class_id);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct cm_zone *zone;
    if (zone == NULL && cm_zone_open("Asia/Kolkata", &zone, NULL) != CM_OK)
        abort();
    char *text = malloc(size + 1); /* exact: the sanitizer sees a read past its end */
    if (text == NULL)
        return 0;
    memcpy(text, data, size);
    struct srv_calendar_plan plan = {.count = 0};
    const struct srv_calendar_options options = {
        .format = srv_calendar_guess(text, size), .zone = zone, .today = 20260601, .class_id = ""};
    enum cm_code code = srv_calendar_read(text, size, &options, &plan, NULL);
    if (plan.count > SRV_CALENDAR_DAYS_MAX)
        abort();
    for (size_t i = 0; code == CM_OK && i < plan.count; i++) {
        const struct cm_closure *closure = &plan.entries[i].closure;
        if (cm_closure_check(closure, NULL) != CM_OK || closure->label[0] == '\0' ||
            (i > 0 && order(&plan.entries[i - 1].closure, closure) >= 0))
            abort();
    }
    srv_calendar_finish(&plan);
    free(text);
    return 0;
}
