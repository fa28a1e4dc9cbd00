#include "api/cache_private.h"

#include <stdlib.h>
#include <string.h>

static int compare_id(const void *id, const void *class_)
{
    return strcmp(id, ((const struct cm_class *)class_)->id);
}

/* The place of the class in the list, which is in order of id; -1: not there. */
static int place_of(const struct srv_api_classes *classes, const char *id)
{
    const struct cm_class *found = classes->count > 0 ? bsearch(id, classes->list, (size_t)classes->count,
                                                                sizeof *classes->list, compare_id)
                                                      : NULL;
    return found != NULL ? (int)(found - classes->list) : -1;
}

struct count {
    const struct srv_api_classes *classes;
    struct srv_census *census;
};

static bool count_student(void *arg, const struct srv_student *student)
{
    struct count *count = arg;
    int place = student->archived ? -1 : place_of(count->classes, student->base.class_id);
    if (place >= 0) {
        count->census[place].students++;
        count->census[place].enrolled += student->template_count > 0;
    }
    return true;
}

static enum cm_code count_all(struct srv_store *store, const struct srv_api_classes *classes,
                              struct srv_census *census, struct cm_err *err)
{
    struct count count = {.classes = classes, .census = census};
    memset(census, 0, (size_t)classes->count * sizeof *census);
    return srv_store_each_student(store, NULL, "", count_student, &count, err);
}

/* With the lock held. */
static enum cm_code refresh(const struct srv_app *app, struct srv_api *api, struct cm_err *err)
{
    static const struct srv_identity everybody = {.role = SRV_ROLE_ADMIN};
    struct srv_api_classes classes = {.list = NULL};
    uint64_t change = 0;
    enum cm_code code = srv_store_last_change(app->store, &change, err);
    if (code != CM_OK || (api->census_known && api->census_change == change))
        return code;
    code = srv_api_load_classes(app->store, &everybody, NULL, &classes, err);
    struct srv_census *census = code == CM_OK ? calloc((size_t)classes.count + 1, sizeof *census) : NULL;
    if (code == CM_OK && census == NULL)
        code = cm_fail(err, CM_NOMEM, "out of memory for the census");
    if (code == CM_OK)
        code = count_all(app->store, &classes, census, err);
    if (code != CM_OK) {
        free(census);
        free(classes.list);
        return code;
    }
    free(api->census_classes.list);
    free(api->census);
    api->census_classes = classes;
    api->census = census;
    api->census_change = change;
    api->census_known = true;
    return CM_OK;
}

enum cm_code srv_api_census(const struct srv_app *app, const struct srv_api_classes *classes,
                            struct srv_census *ret_census, struct cm_err *err)
{
    struct srv_api *api = app->api;
    if (api == NULL)
        return count_all(app->store, classes, ret_census, err);
    pthread_mutex_lock(&api->lock);
    enum cm_code code = refresh(app, api, err);
    for (int i = 0; code == CM_OK && i < classes->count; i++) {
        int place = place_of(&api->census_classes, classes->list[i].id);
        ret_census[i] = place >= 0 ? api->census[place] : (struct srv_census){.students = 0};
    }
    pthread_mutex_unlock(&api->lock);
    return code;
}
