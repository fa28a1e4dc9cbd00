#include "api/cache_private.h"

#include <stdlib.h>

enum cm_code srv_api_create(struct srv_api **ret_api, struct cm_err *err)
{
    struct srv_api *api = calloc(1, sizeof *api);
    if (api == NULL || pthread_mutex_init(&api->lock, NULL) != 0) {
        free(api);
        return cm_fail(err, CM_NOMEM, "out of memory for the API");
    }
    *ret_api = api;
    return CM_OK;
}

void srv_api_destroy(struct srv_api *api)
{
    if (api == NULL)
        return;
    for (int i = 0; i < SRV_BOARDS_MAX; i++)
        free(api->boards[i].rows);
    for (int i = 0; i < SRV_KEPT_MAX; i++)
        srv_api_kept_free(api->kept[i]);
    free(api->census_classes.list);
    free(api->census);
    pthread_mutex_destroy(&api->lock);
    free(api);
}
