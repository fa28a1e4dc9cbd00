#include "store/settings.h"

#include <stdio.h>

enum cm_code srv_setting_or(struct srv_store *store, const char *name, const char *otherwise,
                            char ret_value[SRV_SETTING_SIZE], struct cm_err *err)
{
    enum cm_code code = srv_store_get_setting(store, name, ret_value, err);
    if (code == CM_NOTFOUND)
        snprintf(ret_value, SRV_SETTING_SIZE, "%s", otherwise);
    return code == CM_NOTFOUND ? CM_OK : code;
}

void srv_setting_phone_country(struct srv_store *store, char ret_country[4])
{
    char value[SRV_SETTING_SIZE];
    if (srv_setting_or(store, SRV_SETTING_PHONE_COUNTRY, SRV_PHONE_COUNTRY_DEFAULT, value, NULL) != CM_OK)
        snprintf(value, sizeof value, "%s", SRV_PHONE_COUNTRY_DEFAULT);
    snprintf(ret_country, 4, "%.3s", value);
}
