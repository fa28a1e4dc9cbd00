/*
 * The records that station and server share, and nothing about how they are stored or sent. One codec
 * (record/codec.h) turns each into msgpack and back; store, sync and control socket use that one.
 *
 * Records are plain values with bounded strings (UTF-8, NUL terminated). Fields that this version does not know are
 * kept as bytes in `extra` and written back, so that an older program passes on what a newer one said.
 * Instants are UTC milliseconds of the years 1970 to 9999. Local dates are of the school's zone, as year * 10000 + month * 100 + day.
 */
#ifndef CM_RECORD_H
#define CM_RECORD_H

#include <stdbool.h>
#include <stdint.h>

enum {
    CM_ID_SIZE = 64,     /* student and class ids, with the NUL */
    CM_NAME_CHARS = 120, /* a name has at most so many characters (base/utf8.h), in whatever script */
    CM_NAME_SIZE = 4 * CM_NAME_CHARS + 1, /* bytes of a name, with the NUL */
    CM_LABEL_SIZE = 128,                  /* what a day without school is called, with the NUL */
    CM_TEXT_SIZE = 256,                   /* reasons and notes, with the NUL */
    CM_EXTRA_SIZE = 256,                  /* unknown fields of one record */
    CM_EMBEDDING_DIM = 128,
    CM_CARD_TAG_SIZE = 16,
    CM_PIN_HASH_SIZE = 128,
    CM_BODY_MAX = 4096,  /* encoded body of one event */
    CM_EVENT_MAX = 8192, /* encoded event with its envelope */
};

#define CM_INSTANT_LAST_MS INT64_C(253402300799999) /* 9999-12-31T23:59:59.999Z */

struct cm_extra { /* unknown fields: `count` pairs of key and value, as msgpack */
    uint16_t count, size;
    uint8_t bytes[CM_EXTRA_SIZE];
};

struct cm_class {
    char id[CM_ID_SIZE]; /* "10-B" */
    char coordinator[CM_NAME_SIZE];
    int32_t start_minute;    /* local minutes since midnight */
    int32_t late_after_min;  /* minutes from the start after which a mark is late */
    int32_t close_after_min; /* minutes from the start at which the session closes */
    uint32_t weekdays;       /* bit 0 Monday … bit 6 Sunday */
    struct cm_extra extra;
};

enum cm_consent_state {
    CM_CONSENT_NONE = 0, /* nobody was asked; in no event */
    CM_CONSENT_GIVEN = 1,
    CM_CONSENT_REFUSED = 2,
    CM_CONSENT_WITHDRAWN = 3,
    CM_CONSENT_STATES
};

struct cm_student {
    char id[CM_ID_SIZE];
    char name[CM_NAME_SIZE];
    char class_id[CM_ID_SIZE];
    /* Since version 3. Which lanes are open to him follows by lane/rule.h. */
    enum cm_consent_state consent;
    int64_t consent_wall_ms;            /* of the word that counts; 0: nobody was asked */
    bool accommodation;                 /* noted by the school: card and PIN are for him whatever else */
    uint8_t card_tag[CM_CARD_TAG_SIZE]; /* lane/card.h; all zero: no card */
    char pin_hash[CM_PIN_HASH_SIZE];    /* lane/pin.h; empty: no PIN */
    struct cm_extra extra;
};

struct cm_template { /* one face embedding; only ever stored sealed */
    char student_id[CM_ID_SIZE];
    char model[32];
    float quality; /* 0…1, from the enrolment's gates */
    int64_t created_wall_ms;
    float embedding[CM_EMBEDDING_DIM];
    struct cm_extra extra;
};

/* ---- events: what the log holds ---- */
enum cm_event_type {
    CM_EVENT_MARK = 1,
    CM_EVENT_CORRECTION = 2,
    CM_EVENT_ACTIVITY = 3,
    CM_EVENT_ENROLLED = 4,
    CM_EVENT_ROSTER = 5,   /* a roster import */
    CM_EVENT_COVERAGE = 6, /* a span in which the station could, or could not, judge */
    CM_EVENT_SESSION = 7,  /* a person's word about a session; since version 3 */
    CM_EVENT_CONSENT = 8,  /* since version 3 */
};

enum cm_method { CM_METHOD_FACE = 1, CM_METHOD_CARD = 2, CM_METHOD_PIN = 3, CM_METHOD_MANUAL = 4 };

enum cm_roll_status {
    CM_ROLL_NONE = 0, /* not yet seen */
    CM_ROLL_PRESENT = 1,
    CM_ROLL_LATE = 2,
    CM_ROLL_EXCUSED = 3,
    CM_ROLL_ABSENT = 4,
    CM_ROLL_UNJUDGED = 5,
    CM_ROLL_PENDING =
        6, /* marked while the clock was suspect: waits for a person, never becomes late by itself */
};

struct cm_mark { /* evidence; immutable */
    char student_id[CM_ID_SIZE];
    char class_id[CM_ID_SIZE];
    int32_t date; /* of the session */
    int64_t captured_wall_ms;
    enum cm_method method;
    char policy[16]; /* liveness policy in force */
    char live_reason[32];
    float distance, margin, threshold; /* recognition; NaN for other methods */
    int32_t blink_ms;                  /* duration of the accepted blink; 0 none */
    bool first_try;                    /* live on the first attempt */
    bool eye_contact;                  /* looked at the camera at the blink */
    bool clock_suspect;
    /* Whose id it was: when the last who had it was erased, of whom the station knew when it wrote this; 0: of none. The
     * store sets it. Since version 3. */
    int64_t erased_wall_ms;
    char by[CM_NAME_SIZE];     /* of method manual: who saw him; since version 3 */
    char reason[CM_TEXT_SIZE]; /* and why it was not by face; may be empty */
    struct cm_extra extra;
};

struct cm_correction {
    char student_id[CM_ID_SIZE];
    char class_id[CM_ID_SIZE];
    int32_t date;
    enum cm_roll_status status; /* what the person says it is */
    char by[CM_NAME_SIZE];
    char reason[CM_TEXT_SIZE];
    int64_t corrected_wall_ms;
    int64_t erased_wall_ms; /* as of a mark */
    struct cm_extra extra;
};

enum cm_activity_kind {
    CM_ACTIVITY_UNKNOWN_FACE = 1,
    CM_ACTIVITY_SPOOF_SUSPECTED,
    CM_ACTIVITY_CAMERA_COVERED,
    CM_ACTIVITY_CAMERA_DARK,
    CM_ACTIVITY_CAMERA_UNFOCUSED,
    CM_ACTIVITY_CAMERA_FROZEN,
    CM_ACTIVITY_CAMERA_LOST,
    CM_ACTIVITY_DUPLICATE_FACE,
    CM_ACTIVITY_LOCKOUT,
    CM_ACTIVITY_CLOCK_SUSPECT,
    CM_ACTIVITY_MODEL_DAMAGED,
    CM_ACTIVITY_LOOK_ALIKE,
    CM_ACTIVITY_DISPUTE,    /* a student says that a day is wrong; the reason begins with the date */
    CM_ACTIVITY_LOG_BROKEN, /* a station's batch with a broken chain or signature */
    CM_ACTIVITY_LOG_FORKED, /* a station that was restored from an old backup, or cloned */
    CM_ACTIVITY_OPTED_OUT,  /* who has the number of a student's parent wrote that he wants no messages */
    CM_ACTIVITY_KINDS
};

struct cm_activity { /* one per episode */
    enum cm_activity_kind kind;
    int64_t started_wall_ms;
    int64_t ended_wall_ms;       /* 0: still going on when it was written */
    char student_id[CM_ID_SIZE]; /* where one is concerned (duplicate, look-alike), else empty */
    char other_id[CM_ID_SIZE];
    float distance; /* NaN when there is none */
    char reason[CM_TEXT_SIZE];
    char station_id[CM_ID_SIZE]; /* that it is about, where the server wrote it; since version 2 */
    struct cm_extra extra;
};

struct cm_enrolled {
    char student_id[CM_ID_SIZE];
    char model[32];
    int32_t template_count;
    struct cm_extra extra;
};

struct cm_roster_change {
    int32_t students, classes; /* how many the import wrote */
    char source[CM_NAME_SIZE]; /* file name without its folder */
    struct cm_extra extra;
};

struct cm_coverage {
    int64_t from_wall_ms, to_wall_ms;
    bool able;       /* camera clear, clock trusted, engine up */
    char reason[32]; /* why not */
    struct cm_extra extra;
};

enum cm_session_word {
    CM_WORD_CLOSED = 1,     /* the roll is complete: who was not seen is absent */
    CM_WORD_REOPENED = 2,   /* takes back either of the others */
    CM_WORD_NO_SESSION = 3, /* there was no school for the class on that date */
    CM_WORD_KINDS
};

struct cm_session_said { /* of several about one session the latest instant counts (roll/word.h) */
    char class_id[CM_ID_SIZE];
    int32_t date;
    enum cm_session_word word;
    char by[CM_NAME_SIZE];
    char reason[CM_TEXT_SIZE];
    int64_t said_wall_ms;
    struct cm_extra extra;
};

struct cm_consent { /* whether a face template of the student may be made and kept */
    char student_id[CM_ID_SIZE];
    enum cm_consent_state state;
    char by[CM_NAME_SIZE];       /* who wrote it down */
    char given_by[CM_NAME_SIZE]; /* who decided: "Latha Nair, mother" */
    char text_version[32];       /* of the text that was shown: "2026-1" */
    char words[CM_TEXT_SIZE];    /* a note; empty: none */
    int64_t said_wall_ms;        /* lane/rule.h: cm_consent_instant */
    int64_t erased_wall_ms;      /* as of a mark */
    struct cm_extra extra;
};

struct cm_event {     /* the envelope, and the body by type */
    uint32_t version; /* of the record format: CM_RECORD_VERSION when written by us */
    uint8_t id[16];   /* UUIDv7 */
    uint64_t seq;     /* 1, 2, 3 … in one station's log */
    enum cm_event_type type;
    int64_t wall_ms; /* when it was written */
    int64_t mono_us;
    uint8_t boot_id[16];
    union {
        struct cm_mark mark;
        struct cm_correction correction;
        struct cm_activity activity;
        struct cm_enrolled enrolled;
        struct cm_roster_change roster;
        struct cm_coverage coverage;
        struct cm_session_said session;
        struct cm_consent consent;
    } body;
    struct cm_extra extra;
};
enum {
    CM_RECORD_VERSION = 3,
    CM_RECORD_SAYS_WHOSE = 3, /* since this version marks, corrections and consents have erased_wall_ms */
};

const char *cm_method_name(enum cm_method method);
const char *cm_roll_status_name(enum cm_roll_status status);
const char *cm_activity_name(enum cm_activity_kind kind);
const char *cm_event_type_name(enum cm_event_type type);
const char *cm_session_word_name(enum cm_session_word word);
const char *cm_consent_name(enum cm_consent_state state);

#endif
