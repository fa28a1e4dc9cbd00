#include "routes/routes.h"

#include "api/handlers.h"
#include "auth/handlers.h"
#include "live/handlers.h"
#include "notify/handlers.h"
#include "sync/handlers.h"
#include "web/handlers.h"

#define KIB(n)    ((size_t)(n)*1024)
#define JSON      "application/json"
#define MSGPACK   "application/msgpack"
#define JSON_BODY KIB(64), JSON
#define NO_BODY   0, NULL

enum {
    ANYONE = SRV_ROLE_ANYONE,
    ADMIN = SRV_ROLE_ADMIN,
    STAFF = SRV_ROLE_STAFF,
    STUDENT = SRV_ROLE_STUDENT,
    PERSON = SRV_ROLE_PERSON,
    STATION = SRV_ROLE_STATION,
};

/* Which classes and students of his role's view a caller sees is the handler's to ask (auth/auth.h). */
const struct srv_route srv_routes[] = {
    /* pages */
    {SRV_GET, "/?*", srv_web_login, ANYONE, NO_BODY, 0},
    {SRV_GET, "/admin?*", srv_web_admin, ANYONE, NO_BODY, 0},
    {SRV_GET, "/student-dashboard?*", srv_web_student, ANYONE, NO_BODY, 0},
    {SRV_GET, "/assets/:file?v", srv_web_asset, ANYONE, NO_BODY, 0},
    {SRV_GET, "/favicon.ico?*", srv_web_icon, ANYONE, NO_BODY, 0},

    /* who am I */
    {SRV_POST, "/api/auth/login", srv_auth_login, ANYONE, KIB(4), JSON, SRV_SECRET},
    {SRV_POST, "/api/auth/logout", srv_auth_logout, PERSON, JSON_BODY, SRV_PASSWORD_MAY_BE_OLD},
    {SRV_POST, "/api/auth/change-password", srv_auth_change_password, PERSON, KIB(4), JSON,
     SRV_PASSWORD_MAY_BE_OLD | SRV_SECRET},
    {SRV_POST, "/api/auth/reset/request", srv_auth_reset_request, ANYONE, KIB(4), JSON, 0},
    {SRV_POST, "/api/auth/reset/confirm", srv_auth_reset_confirm, ANYONE, KIB(4), JSON, SRV_SECRET},
    {SRV_GET, "/api/me", srv_auth_me, PERSON, NO_BODY, SRV_PASSWORD_MAY_BE_OLD},
    {SRV_PATCH, "/api/me/profile", srv_api_profile_patch, STUDENT, JSON_BODY, 0},

    /* numbers */
    {SRV_GET, "/api/stats?date&class", srv_api_stats, STAFF, NO_BODY, 0},
    {SRV_GET, "/api/leaderboard?class", srv_api_leaderboard, PERSON, NO_BODY, 0},

    /* students */
    {SRV_GET, "/api/students?q&class&archived&after&limit", srv_api_students, STAFF, NO_BODY, 0},
    {SRV_POST, "/api/students", srv_api_student_post, ADMIN, JSON_BODY, 0},
    {SRV_POST, "/api/students/import?dry_run", srv_api_students_import, ADMIN, KIB(4096), JSON, 0},
    {SRV_GET, "/api/students/:id", srv_api_student, PERSON, NO_BODY, 0},
    {SRV_PATCH, "/api/students/:id", srv_api_student_patch, ADMIN, JSON_BODY, 0},
    {SRV_DELETE, "/api/students/:id", srv_api_student_delete, ADMIN, JSON_BODY, 0},
    {SRV_GET, "/api/students/:id/attendance?month", srv_api_student_attendance, PERSON, NO_BODY, 0},
    {SRV_GET, "/api/students/:id/trend?months", srv_api_student_trend, PERSON, NO_BODY, 0},
    {SRV_GET, "/api/students/:id/history?after&limit", srv_api_student_history, PERSON, NO_BODY, 0},
    {SRV_GET, "/api/students/:id/export", srv_api_student_export, PERSON, NO_BODY, 0},
    {SRV_POST, "/api/students/:id/disputes", srv_api_student_dispute, STUDENT, JSON_BODY, 0},
    {SRV_POST, "/api/students/:id/photo", srv_live_photo, ADMIN, KIB(5 * 1024), NULL, SRV_SECRET},
    {SRV_DELETE, "/api/students/:id/templates", srv_api_student_unenrol, ADMIN, NO_BODY, 0},
    {SRV_POST, "/api/students/:id/consent", srv_api_student_consent, STAFF, JSON_BODY, 0},
    {SRV_POST, "/api/students/:id/card", srv_api_student_card, STAFF, KIB(4), JSON, SRV_SECRET},
    {SRV_POST, "/api/students/:id/pin", srv_api_student_pin, STAFF, KIB(4), JSON, SRV_SECRET},
    {SRV_POST, "/api/consents", srv_api_consents, STAFF, JSON_BODY, 0},
    {SRV_GET, "/api/enrolments/:job", srv_live_enrolment, ADMIN, NO_BODY, 0},

    /* classes, calendar, settings, users */
    {SRV_GET, "/api/classes?class", srv_api_classes, STAFF, NO_BODY, 0},
    {SRV_PUT, "/api/classes/:class", srv_api_class_put, ADMIN, JSON_BODY, 0},
    {SRV_DELETE, "/api/classes/:class", srv_api_class_delete, ADMIN, NO_BODY, 0},
    {SRV_POST, "/api/classes/:class/cards", srv_api_class_cards, STAFF, KIB(4), JSON, SRV_SECRET},
    {SRV_GET, "/api/calendar?from&to", srv_api_calendar, PERSON, NO_BODY, 0},
    {SRV_POST, "/api/calendar/import", srv_api_calendar_import, ADMIN, KIB(4096), JSON, 0},
    {SRV_PUT, "/api/calendar/:date", srv_api_closure_put, ADMIN, JSON_BODY, 0},
    {SRV_DELETE, "/api/calendar/:date?class", srv_api_closure_delete, ADMIN, NO_BODY, 0},
    {SRV_GET, "/api/settings", srv_api_settings, STAFF, NO_BODY, 0},
    {SRV_PATCH, "/api/settings", srv_api_settings_patch, ADMIN, JSON_BODY, 0},
    {SRV_POST, "/api/settings/test-message", srv_notify_test, ADMIN, JSON_BODY, 0},
    {SRV_GET, "/api/users?after&limit", srv_auth_users, ADMIN, NO_BODY, 0},
    {SRV_POST, "/api/users", srv_auth_user_post, ADMIN, JSON_BODY, SRV_SECRET},
    {SRV_PATCH, "/api/users/:name", srv_auth_user_patch, ADMIN, JSON_BODY, SRV_SECRET},
    {SRV_DELETE, "/api/users/:name", srv_auth_user_delete, ADMIN, NO_BODY, 0},
    {SRV_POST, "/api/users/:name/reset", srv_auth_user_reset, ADMIN, JSON_BODY, 0},

    /* rolls */
    {SRV_GET, "/api/rolls?date&class", srv_api_roll, STAFF, NO_BODY, 0},
    {SRV_POST, "/api/rolls/:class/:date/corrections", srv_api_roll_correct, STAFF, JSON_BODY, 0},
    {SRV_POST, "/api/rolls/:class/:date/close", srv_api_roll_close, STAFF, JSON_BODY, 0},
    {SRV_POST, "/api/rolls/:class/:date/reopen", srv_api_roll_reopen, STAFF, JSON_BODY, 0},
    {SRV_POST, "/api/rolls/:class/:date/no-session", srv_api_roll_no_session, STAFF, JSON_BODY, 0},
    {SRV_GET, "/api/export/attendance?from&to&class", srv_api_export_attendance, STAFF, NO_BODY, SRV_LONG},

    /* reports */
    {SRV_GET, "/api/reports/month?class&month&format", srv_api_report_month, STAFF, NO_BODY, 0},
    {SRV_GET, "/api/reports/absence?from&to&class&percent&format", srv_api_report_absence, STAFF, NO_BODY, 0},
    {SRV_GET, "/api/reports/punctuality?from&to&class&format", srv_api_report_punctuality, STAFF, NO_BODY, 0},
    {SRV_GET, "/api/reports/stations?from&to&class&format", srv_api_report_stations, STAFF, NO_BODY, 0},

    /* activity, alerts */
    {SRV_GET, "/api/activity?state&kind&station&before&limit", srv_api_activity, STAFF, NO_BODY, 0},
    {SRV_POST, "/api/activity/:feed/review", srv_api_activity_review, STAFF, JSON_BODY, 0},
    {SRV_GET, "/api/alerts?state&message&class&before&limit", srv_api_alerts, STAFF, NO_BODY, 0},
    {SRV_GET, "/api/alerts/held", srv_api_alerts_held, STAFF, NO_BODY, 0},
    {SRV_GET, "/api/alerts/why?student&date", srv_api_alerts_why, STAFF, NO_BODY, 0},
    {SRV_GET, "/api/alerts/:id", srv_api_alert, STAFF, NO_BODY, 0},
    {SRV_POST, "/api/alerts/:id/cancel", srv_api_alert_cancel, STAFF, JSON_BODY, 0},
    {SRV_POST, "/api/alerts/:id/acknowledge", srv_api_alert_acknowledge, STAFF, JSON_BODY, 0},
    {SRV_POST, "/api/alerts/:id/retry", srv_api_alert_retry, STAFF, JSON_BODY, 0},
    {SRV_POST, "/api/alerts/:id/messages/:message/resolve", srv_api_alert_resolve, STAFF, JSON_BODY, 0},

    /* stations, live */
    {SRV_GET, "/api/stations", srv_live_stations, STAFF, NO_BODY, 0},
    {SRV_POST, "/api/stations", srv_live_station_post, ADMIN, JSON_BODY, 0},
    {SRV_PATCH, "/api/stations/:id", srv_live_station_patch, ADMIN, JSON_BODY, 0},
    {SRV_POST, "/api/stations/:id/code", srv_live_station_code, ADMIN, JSON_BODY, 0},
    {SRV_POST, "/api/stations/:id/revoke", srv_live_station_revoke, ADMIN, JSON_BODY, 0},
    {SRV_POST, "/api/stations/:id/settle", srv_live_station_settle, ADMIN, JSON_BODY, 0},
    {SRV_POST, "/api/stations/:id/camera", srv_live_camera, STAFF, JSON_BODY, 0},
    {SRV_GET, "/api/stations/:id/live", srv_live_video, STAFF, NO_BODY, SRV_LONG},
    {SRV_GET, "/api/events", srv_live_events, PERSON, NO_BODY, SRV_LONG},

    /* sync */
    {SRV_POST, "/sync/v1/pair", srv_sync_pair, ANYONE, KIB(4), MSGPACK, SRV_ORIGIN_ANY | SRV_SECRET},
    {SRV_POST, "/sync/v1/events", srv_sync_events, STATION, KIB(1024), MSGPACK, 0},
    {SRV_GET, "/sync/v1/hash?seq", srv_sync_hash, STATION, NO_BODY, 0},
    {SRV_GET, "/sync/v1/changes?cursor&wait&last&camera&version&frames&wall_ms&rolls", srv_sync_changes,
     STATION, NO_BODY, SRV_LONG},
    {SRV_POST, "/sync/v1/templates", srv_sync_templates, STATION, KIB(64), MSGPACK, SRV_SECRET},
    {SRV_POST, "/sync/v1/preview", srv_sync_preview, STATION, KIB(256), "image/jpeg", SRV_SECRET},
    {SRV_GET, "/sync/v1/jobs/:job/photo", srv_sync_job_photo, STATION, NO_BODY, 0},
    {SRV_POST, "/sync/v1/jobs/:job/result", srv_sync_job_result, STATION, KIB(64), MSGPACK, SRV_SECRET},

    /* what WhatsApp tells; the handler wants a signature */
    {SRV_GET, "/webhooks/whatsapp?hub.mode&hub.verify_token&hub.challenge", srv_webhook_verify, ANYONE,
     NO_BODY, 0},
    {SRV_POST, "/webhooks/whatsapp", srv_webhook_take, ANYONE, KIB(1024), JSON, SRV_ORIGIN_ANY},

    /* for machines */
    {SRV_GET, "/healthz", srv_api_health, ANYONE, NO_BODY, 0},
    {SRV_GET, "/metrics", srv_api_metrics, ANYONE, NO_BODY, 0},
    {SRV_GET, "/api/openapi.json", srv_api_openapi, ANYONE, NO_BODY, 0},
};
const size_t srv_route_count = sizeof(srv_routes) / sizeof(srv_routes[0]);
