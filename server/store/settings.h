/*
 * The words of the school's settings (srv_store_get_setting). A setting that was never put has its default.
 */
#ifndef SRV_STORE_SETTINGS_H
#define SRV_STORE_SETTINGS_H

#include "roll/judge.h"
#include "store/store.h"

#define SRV_SETTING_SCHOOL_NAME "school_name" /* stations are told */
#define SRV_SETTING_TIMEZONE    "timezone"    /* IANA name; stations are told; another one needs a restart */
#define SRV_SETTING_LEADERBOARD "leaderboard" /* "1" shown, "0" not */
/* The rules for points (roll/points.h); stations are told, and what is derived is made anew when it changes. */
#define SRV_SETTING_POINTS "points"
/* From how much of its window on a session closes by itself, 1 … 100; what is derived is made anew when it changes. */
#define SRV_SETTING_COVERAGE_PERCENT "coverage_percent"
#define SRV_SETTING_CONSENT_REQUIRED                                                                         \
    "consent_required" /* "0": templates also of whom nobody asked (lane/rule.h) */
#define SRV_SETTING_CONSENT_TEXT "consent_text_version" /* of the text that is shown now: "2026-1" */
#define SRV_SETTING_CARD_FOR_ALL "card_for_all"         /* "1": card and PIN are open to everybody */

/* Alerts (server/alerts). */
#define SRV_SETTING_ALERTS_ENABLED                                                                           \
    "alerts_enabled"                        /* "1", "0": nobody is told (alerts/night.h) */
#define SRV_SETTING_ALERT_DAYS "alert_days" /* days absent in a row from which it is told, 2 … 30 */
#define SRV_SETTING_ALERT_REPEAT                                                                             \
    "alert_repeat_days"                   /* further days absent after which it is told again, 1 … 60 */
#define SRV_SETTING_SEND_FROM "send_from" /* "07:00": messages leave from then on … */
#define SRV_SETTING_SEND_TO   "send_to"   /* "20:00": … and before that, by the school's clock */

enum {
    SRV_COVERAGE_PERCENT_DEFAULT = CM_COVERAGE_PERCENT_DEFAULT,
    SRV_ALERT_DAYS_DEFAULT = 3,
    SRV_ALERT_REPEAT_DEFAULT = 7,
    SRV_SEND_FROM_DEFAULT = 7 * 60, /* minutes */
    SRV_SEND_TO_DEFAULT = 20 * 60,
};

/* Code of the country of telephone numbers that people type without one: "91" (roster/fields.h). */
#define SRV_SETTING_PHONE_COUNTRY "phone_country"
#define SRV_PHONE_COUNTRY_DEFAULT "91"

/* The setting's value, or `otherwise` where it was never put. */
enum cm_code srv_setting_or(struct srv_store *store, const char *name, const char *otherwise,
                            char ret_value[SRV_SETTING_SIZE], struct cm_err *err);
/* As the setting says; its default where it cannot be read. */
void srv_setting_phone_country(struct srv_store *store, char ret_country[4]);
/* A setting that is "1" or "0"; `otherwise` where it was never put. *ret_flag is untouched on failure. */
enum cm_code srv_setting_flag(struct srv_store *store, const char *name, bool otherwise, bool *ret_flag,
                              struct cm_err *err);

#endif
