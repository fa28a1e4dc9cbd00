/* POST /api/settings/test-message: does it work? The answer waits for the provider's. */
#include "notify/handlers.h"
#include "notify/private.h"

#include "base/log.h"
#include "http_json/json.h"
#include "roster/fields.h"
#include "store/settings.h"
#include <stdio.h>

static void posted(void *arg, const struct srv_carriage *carriage)
{
    static const char *const outcomes[] = {[SRV_CARRIED_SENT] = "sent",
                                           [SRV_CARRIED_RETRY] = "not_now",
                                           [SRV_CARRIED_FINAL] = "refused",
                                           [SRV_CARRIED_UNKNOWN] = "unknown",
                                           [SRV_CARRIED_NOT_SENT] = "not_sent"};
    struct srv_call *call = arg;
    srv_json_answer(call, 200,
                    json_pack("{s:s,s:o,s:o,s:o}", "outcome", outcomes[carriage->what], "provider_id",
                              srv_json_text(carriage->id), "code",
                              carriage->code != 0 ? json_integer(carriage->code) : json_null(), "message",
                              srv_json_text(carriage->text)));
    srv_call_unref(call);
}

static bool read_address(struct srv_call *call, struct srv_letter *letter)
{
    char typed[SRV_EMAIL_SIZE] = "", phone[SRV_PHONE_SIZE], country[4];
    const struct srv_json_field fields[] = {
        {.name = "phone",
         .type = SRV_JSON_LINE,
         .required = true,
         .min = 1,
         .ret = typed,
         .size = sizeof typed},
    };
    const struct srv_app *app = srv_app_of(call);
    if (!SRV_JSON_BODY(call, fields))
        return false;
    srv_setting_phone_country(app->store, country);
    bool is_phone = cm_phone_normal(typed, country, phone), is_email = cm_email_fine(typed);
    snprintf(letter->to, sizeof letter->to, "%s",
             srv_notify_address(app->notify, is_phone ? phone : "", is_email ? typed : ""));
    if (!is_phone && !is_email)
        srv_json_invalid(call, "phone", "that is neither a telephone number nor an e-mail address");
    else if (letter->to[0] == '\0')
        srv_json_invalid(call, "phone", "no provider for %s is set up", is_phone ? "numbers" : "e-mail");
    return letter->to[0] != '\0';
}

void srv_notify_test(struct srv_call *call)
{
    struct srv_app *app = srv_app_of(call);
    struct srv_letter letter = {.kind = SRV_LETTER_TEST};
    char school[SRV_SETTING_SIZE];
    struct cm_err err = CM_ERR_INIT;
    if (app->notify == NULL || app->notify->channel == SRV_CHANNEL_NONE) {
        srv_answer_error(call, 409, "no_provider",
                         "no provider of messages is set up in server.conf: [alerts] provider");
        return;
    }
    if (!read_address(call, &letter))
        return;
    enum cm_code code = srv_setting_or(app->store, SRV_SETTING_SCHOOL_NAME, "", school, &err);
    for (int i = 0; i < SRV_WORDS; i++)
        srv_letter_set(&letter, (enum srv_word)i, "");
    srv_letter_set(&letter, SRV_WORD_SCHOOL, school);
    srv_call_ref(call);
    if (code == CM_OK)
        code = srv_notify_post(app->notify, &letter, srv_call_loop(call), posted, call, &err);
    if (code != CM_OK) {
        srv_json_failed(call, code, &err);
        srv_call_unref(call);
        return;
    }
    cm_log(CM_LOG_INFO, "notify", "a test message", CM_STR("by", srv_call_identity(call)->user));
}
