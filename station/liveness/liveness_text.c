/* The words of liveness.h: stable names for logs and scripts, sentences for people. */
#include "liveness/liveness.h"

#include <stddef.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* A value outside of its enumeration is a bug of ours; logs must survive it. */
static const char *lookup(const char *const *words, size_t count, int value)
{
    return value >= 0 && (size_t)value < count && words[value] != NULL ? words[value] : "?";
}

const char *stn_live_state_name(enum stn_live_state state)
{
    static const char *const words[] = {
        [STN_LIVE_NO_FACE] = "no_face",     [STN_LIVE_SETTLING] = "settling",
        [STN_LIVE_WATCHING] = "watching",   [STN_LIVE_CHALLENGE] = "challenge",
        [STN_LIVE_LIVE] = "live",           [STN_LIVE_ATTACK] = "attack",
        [STN_LIVE_UNDECIDED] = "undecided",
    };
    return lookup(words, COUNT(words), (int)state);
}

static const char *const policy_words[] = {
    [STN_POLICY_STRICT] = "strict",
    [STN_POLICY_PAD] = "pad",
    [STN_POLICY_BASIC] = "basic",
};

const char *stn_policy_name(enum stn_policy policy)
{
    return lookup(policy_words, COUNT(policy_words), (int)policy);
}

bool stn_policy_parse(const char *word, enum stn_policy *ret_policy)
{
    for (size_t i = 0; word != NULL && i < COUNT(policy_words); i++) {
        if (strcmp(word, policy_words[i]) == 0) {
            *ret_policy = (enum stn_policy)i;
            return true;
        }
    }
    return false;
}

const char *stn_verdict_name(enum stn_verdict verdict)
{
    static const char *const words[] = {
        [STN_VERDICT_UNDECIDED] = "undecided",
        [STN_VERDICT_LIVE] = "live",
        [STN_VERDICT_ATTACK] = "attack",
    };
    return lookup(words, COUNT(words), (int)verdict);
}

const char *stn_prompt_name(enum stn_prompt prompt)
{
    static const char *const words[] = {
        [STN_PROMPT_NONE] = "none",
        [STN_PROMPT_LOOK_AT_CAMERA] = "look_at_camera",
        [STN_PROMPT_COME_CLOSER] = "come_closer",
        [STN_PROMPT_STEP_BACK] = "step_back",
        [STN_PROMPT_MORE_LIGHT] = "more_light",
        [STN_PROMPT_HOLD_STILL] = "hold_still",
        [STN_PROMPT_BLINK] = "blink",
        [STN_PROMPT_ONE_AT_A_TIME] = "one_at_a_time",
        [STN_PROMPT_TRY_AGAIN] = "try_again",
        [STN_PROMPT_SEE_TEACHER] = "see_teacher",
    };
    return lookup(words, COUNT(words), (int)prompt);
}

const char *stn_prompt_text(enum stn_prompt prompt)
{
    static const char *const words[] = {
        [STN_PROMPT_NONE] = "",
        [STN_PROMPT_LOOK_AT_CAMERA] = "Please look at the camera",
        [STN_PROMPT_COME_CLOSER] = "Please come closer",
        [STN_PROMPT_STEP_BACK] = "Please step back a little",
        [STN_PROMPT_MORE_LIGHT] = "It is too dark here: please turn towards the light",
        [STN_PROMPT_HOLD_STILL] = "Please hold your head still and blink",
        [STN_PROMPT_BLINK] = "Please blink",
        [STN_PROMPT_ONE_AT_A_TIME] = "One at a time, please",
        [STN_PROMPT_TRY_AGAIN] = "Please try again",
        [STN_PROMPT_SEE_TEACHER] = "Please see your teacher",
    };
    return lookup(words, COUNT(words), (int)prompt);
}

static const struct {
    const char *name, *text;
} reasons[] = {
    [STN_REASON_NONE] = {"none", "Nothing was seen yet."},
    [STN_REASON_NO_FACE] = {"no_face", "No face is in view."},
    [STN_REASON_SETTLING] = {"settling",
                             "The face has just come into view; its open eyes are being measured."},
    [STN_REASON_TOO_SMALL] = {"too_small",
                              "The face is too small to see the eyelids: the person must come closer."},
    [STN_REASON_TOO_DARK] = {"too_dark", "The face is too dark."},
    [STN_REASON_BLURRED] = {"blurred",
                            "The face is blurred: it moves, or the lens is out of focus or dirty."},
    [STN_REASON_TURNED_AWAY] = {"turned_away", "The face is turned away from the camera."},
    [STN_REASON_LOOKING_DOWN] = {"looking_down", "The eyes are cast down or closed for long."},
    [STN_REASON_EYES_NOT_MEASURABLE] = {"eyes_not_measurable",
                                        "The eyelids cannot be measured: glare, or narrow eyes."},
    [STN_REASON_WAITING_FOR_BLINK] = {"waiting_for_blink", "No blink was seen yet."},
    [STN_REASON_BLINK_NOT_CLEAN] = {"blink_not_clean", "A blink was seen, but the head moved with it."},
    [STN_REASON_CLEAN_BLINK] = {"clean_blink",
                                "Both eyes blinked in a still face, the same person before and after."},
    [STN_REASON_TIMEOUT] = {"timeout", "No clean blink was seen in time."},
    [STN_REASON_TRACK_BROKEN] = {"track_broken", "The face was lost or jumped: it may be another person."},
    [STN_REASON_FRAME_GAP] = {"frame_gap",
                              "The camera's pictures paused; what was seen before does not count."},
    [STN_REASON_TOO_SLOW] = {"too_slow",
                             "Too few pictures a second are examined: a blink may fall between them."},
    [STN_REASON_CLOCK_BACKWARDS] = {"clock_backwards", "The pictures' times are not in order."},
    [STN_REASON_CAMERA_NOT_CLEAR] = {"camera_not_clear", "The camera's picture cannot be judged."},
    [STN_REASON_IDENTITY_CHANGED] = {"identity_changed",
                                     "The face before the blink and after it are not one person."},
    [STN_REASON_NEEDS_CHALLENGE] = {"needs_challenge",
                                    "The policy strict asks for a head turn, which this version cannot "
                                    "check: nobody is called live. A person must confirm."},
    [STN_REASON_NEEDS_PAD_MODEL] = {"needs_pad_model",
                                    "The policy pad asks for a model against presentation attacks, and "
                                    "there is none: nobody is called live. A person must confirm."},
    [STN_REASON_VETO] = {"veto", "A check says that this is not a live face."},
    [STN_REASON_EXPIRED] = {"expired", "The person was found live, but was not recognised in time."},
    [STN_REASON_USED] = {"used", "The person was found live and marked."},
    [STN_REASON_TOO_NEAR] = {"too_near", "The face fills the picture: the person must step back."},
    [STN_REASON_IDENTITY_UNSURE] = {"identity_unsure",
                                    "A clean blink was seen; whether it is one person is being checked."},
};
_Static_assert(COUNT(reasons) == STN_REASON_COUNT, "a reason has no words");

const char *stn_live_reason_name(enum stn_live_reason reason)
{
    return (unsigned)reason < COUNT(reasons) ? reasons[reason].name : "?";
}

const char *stn_live_reason_text(enum stn_live_reason reason)
{
    return (unsigned)reason < COUNT(reasons) ? reasons[reason].text : "?";
}
