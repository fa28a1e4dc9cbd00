#include "record/record.h"

#include <stddef.h>

#define NAME_IN(names, index) name_in(names, sizeof(names) / sizeof(names)[0], (size_t)(index))

static const char *name_in(const char *const *names, size_t count, size_t index)
{
    return index < count && names[index] != NULL ? names[index] : "unknown";
}

const char *cm_method_name(enum cm_method method)
{
    static const char *const names[] = {
        [CM_METHOD_FACE] = "face",
        [CM_METHOD_CARD] = "card",
        [CM_METHOD_PIN] = "pin",
        [CM_METHOD_MANUAL] = "manual",
    };
    return NAME_IN(names, method);
}

const char *cm_roll_status_name(enum cm_roll_status status)
{
    static const char *const names[] = {
        [CM_ROLL_NONE] = "none",       [CM_ROLL_PRESENT] = "present", [CM_ROLL_LATE] = "late",
        [CM_ROLL_EXCUSED] = "excused", [CM_ROLL_ABSENT] = "absent",   [CM_ROLL_UNJUDGED] = "unjudged",
        [CM_ROLL_PENDING] = "pending",
    };
    return NAME_IN(names, status);
}

const char *cm_activity_name(enum cm_activity_kind kind)
{
    static const char *const names[] = {
        [CM_ACTIVITY_UNKNOWN_FACE] = "unknown_face",
        [CM_ACTIVITY_SPOOF_SUSPECTED] = "spoof_suspected",
        [CM_ACTIVITY_CAMERA_COVERED] = "camera_covered",
        [CM_ACTIVITY_CAMERA_DARK] = "camera_dark",
        [CM_ACTIVITY_CAMERA_UNFOCUSED] = "camera_unfocused",
        [CM_ACTIVITY_CAMERA_FROZEN] = "camera_frozen",
        [CM_ACTIVITY_CAMERA_LOST] = "camera_lost",
        [CM_ACTIVITY_DUPLICATE_FACE] = "duplicate_face",
        [CM_ACTIVITY_LOCKOUT] = "lockout",
        [CM_ACTIVITY_CLOCK_SUSPECT] = "clock_suspect",
        [CM_ACTIVITY_MODEL_DAMAGED] = "model_damaged",
        [CM_ACTIVITY_LOOK_ALIKE] = "look_alike",
        [CM_ACTIVITY_DISPUTE] = "dispute",
        [CM_ACTIVITY_LOG_BROKEN] = "log_broken",
        [CM_ACTIVITY_LOG_FORKED] = "log_forked",
        [CM_ACTIVITY_OPTED_OUT] = "opted_out",
    };
    _Static_assert(sizeof names / sizeof names[0] == CM_ACTIVITY_KINDS, "a kind has no name");
    return NAME_IN(names, kind);
}

const char *cm_event_type_name(enum cm_event_type type)
{
    static const char *const names[] = {
        [CM_EVENT_MARK] = "mark",         [CM_EVENT_CORRECTION] = "correction",
        [CM_EVENT_ACTIVITY] = "activity", [CM_EVENT_ENROLLED] = "enrolled",
        [CM_EVENT_ROSTER] = "roster",     [CM_EVENT_COVERAGE] = "coverage",
        [CM_EVENT_SESSION] = "session",   [CM_EVENT_CONSENT] = "consent",
    };
    return NAME_IN(names, type);
}

const char *cm_session_word_name(enum cm_session_word word)
{
    static const char *const names[] = {
        [CM_WORD_CLOSED] = "closed",
        [CM_WORD_REOPENED] = "reopened",
        [CM_WORD_NO_SESSION] = "no_session",
    };
    _Static_assert(sizeof names / sizeof names[0] == CM_WORD_KINDS, "a word has no name");
    return NAME_IN(names, word);
}

const char *cm_consent_name(enum cm_consent_state state)
{
    static const char *const names[] = {
        [CM_CONSENT_NONE] = "none",
        [CM_CONSENT_GIVEN] = "given",
        [CM_CONSENT_REFUSED] = "refused",
        [CM_CONSENT_WITHDRAWN] = "withdrawn",
    };
    _Static_assert(sizeof names / sizeof names[0] == CM_CONSENT_STATES, "a state has no name");
    return NAME_IN(names, state);
}
