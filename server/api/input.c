#include "api/input.h"

#include "roster/fields.h"
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

bool srv_input_phone(struct srv_call *call, const char *field, const char *phone)
{
    if (phone[0] == '\0' || cm_phone_fine(phone))
        return true;
    srv_json_invalid(call, field, "%s is a number with its country code, such as +919876543210", field);
    return false;
}
