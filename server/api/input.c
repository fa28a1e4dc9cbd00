#include "api/input.h"

#include "app/app.h"
#include "roster/fields.h"
#include "store/settings.h"
#include <string.h>

bool srv_input_student_id(struct srv_call *call, const char *field, const char *id)
{
    if (cm_roster_id_fine(id))
        return true;
    srv_json_invalid(call, field, "%s may have letters, digits, \".\", \"_\" and \"-\"", field);
    return false;
}

bool srv_input_class_id(struct srv_call *call, const char *field, const char *id)
{
    if (cm_roster_class_fine(id))
        return true;
    if (strlen(id) >= CM_ID_SIZE) {
        srv_json_invalid(call, field, "%s is too long: choose a shorter one", field);
        return false;
    }
    srv_json_invalid(
        call, field,
        "%s may have letters, digits, \".\", \"_\" and \"-\", and single spaces and \"/\" between them",
        field);
    return false;
}

bool srv_input_phone(struct srv_call *call, const char *field, const char *typed,
                     char ret_phone[SRV_PHONE_SIZE])
{
    char country[4];
    ret_phone[0] = '\0';
    srv_setting_phone_country(srv_app_of(call)->store, country);
    if (typed[0] == '\0' || cm_phone_normal(typed, country, ret_phone))
        return true;
    srv_json_invalid(call, field, "%s is a telephone number, best with its country code: +919876543210",
                     field);
    return false;
}

bool srv_input_email(struct srv_call *call, const char *field, const char *email)
{
    if (email[0] == '\0' || cm_email_fine(email))
        return true;
    srv_json_invalid(call, field, "%s is an e-mail address, such as name@example.org", field);
    return false;
}
