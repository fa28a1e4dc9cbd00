/*
 * Rules for what people type, beyond what the table of a body says (http_json/json.h).
 *
 * Ids stand in addresses, file names and CSV: letters and digits of any script, and of the other ASCII characters only
 * ".", "_", "-"; a class's may have single spaces and slashes inside. Never only dots.
 * Phones are kept as E.164: "+" and 8 to 15 digits, the first of which is not 0.
 */
#ifndef SRV_API_INPUT_H
#define SRV_API_INPUT_H

#include "http_json/json.h"
#include "record/record.h"
#include "store/store.h"

/* Answer 422 naming the field when they return false. */
bool srv_input_student_id(struct srv_call *call, const char *field, const char *id);
bool srv_input_class_id(struct srv_call *call, const char *field, const char *id);
/* As people write it into E.164; a number without a country code is of the school's country. "" is fine. */
bool srv_input_phone(struct srv_call *call, const char *field, const char *typed,
                     char ret_phone[SRV_PHONE_SIZE]);
bool srv_input_email(struct srv_call *call, const char *field, const char *email); /* "" is fine */

#endif
