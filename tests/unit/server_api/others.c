/* The table of routes names the handlers of other folders too; no test here calls them. */
#include "auth/handlers.h"
#include "live/handlers.h"
#include "notify/handlers.h"
#include "sync/handlers.h"
#include "web/handlers.h"
#include <stdlib.h>

#define OTHER(name)                                                                                          \
    void name(struct srv_call *call)                                                                         \
    {                                                                                                        \
        (void)call;                                                                                          \
        abort();                                                                                             \
    }
OTHER(srv_auth_login)
OTHER(srv_auth_logout)
OTHER(srv_auth_change_password)
OTHER(srv_auth_reset_request)
OTHER(srv_auth_reset_confirm)
OTHER(srv_auth_me)
OTHER(srv_auth_users)
OTHER(srv_auth_user_post)
OTHER(srv_auth_user_patch)
OTHER(srv_auth_user_delete)
OTHER(srv_auth_user_reset)
OTHER(srv_notify_test)
OTHER(srv_webhook_verify)
OTHER(srv_webhook_take)
OTHER(srv_live_photo)
OTHER(srv_live_enrolment)
OTHER(srv_live_stations)
OTHER(srv_live_station_post)
OTHER(srv_live_station_patch)
OTHER(srv_live_station_code)
OTHER(srv_live_station_revoke)
OTHER(srv_live_station_settle)
OTHER(srv_live_camera)
OTHER(srv_live_video)
OTHER(srv_live_events)
OTHER(srv_sync_pair)
OTHER(srv_sync_events)
OTHER(srv_sync_hash)
OTHER(srv_sync_changes)
OTHER(srv_sync_templates)
OTHER(srv_sync_preview)
OTHER(srv_sync_job_photo)
OTHER(srv_sync_job_result)
OTHER(srv_web_login)
OTHER(srv_web_admin)
OTHER(srv_web_student)
OTHER(srv_web_asset)
OTHER(srv_web_icon)
