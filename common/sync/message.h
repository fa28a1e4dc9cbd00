/*
 * What a station and the server say to each other: the bodies of /sync/v1/… as plain structs, and one codec for all.
 *
 * Form: a canonical msgpack map with small integer keys (record/scan.h checks before anything is read). Keys that a newer
 * program added are skipped; a key that came later and is missing is zero, any other that is missing is CM_INVALID.
 * Encoding appends to the caller's buffer, whose maximum is the bound of the body. Decoding copies texts into the struct
 * and leaves bytes where they are: every struct cm_span of a decoded message points into the input and is valid as long
 * as that is. Some structs are large (struct cm_changes about 27 KiB, struct cm_calendar about 170 KiB, struct cm_roll_news about 150 KiB): not for small stacks.
 *
 * Answers with another status than the message names (401, 404, 413, 429, 503 …) have the JSON body of the HTTP server:
 * decide by the status, read a body only where its media type is application/msgpack (CM_SYNC_TYPE).
 *
 * Instants are UTC milliseconds. Pure functions, any thread; sealing needs cm_crypt_init().
 */
#ifndef CM_MESSAGE_H
#define CM_MESSAGE_H

#include "base/buf.h"
#include "base/err.h"
#include "crypt/box.h"
#include "crypt/chain.h"
#include "record/record.h"
#include "roll/calendar.h"
#include "roll/evidence.h"
#include "roll/judge.h"
#include "roll/points.h"
#include "roll/standing.h"
#include "roll/word.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CM_SYNC_TYPE "application/msgpack"

enum {
    CM_SYNC_EVENTS_MAX = 500,          /* of one push */
    CM_SYNC_PUSH_MAX = 1024 * 1024,    /* bytes of one push */
    CM_SYNC_PUSH_OVERHEAD = 512,       /* of a push without its events … */
    CM_SYNC_EVENT_OVERHEAD = 5,        /* … and of each event */
    CM_SYNC_ITEMS_MAX = 200,           /* of one answer to a pull */
    CM_SYNC_ITEMS_BYTES = 256 * 1024,  /* items are added until their bodies reach this */
    CM_SYNC_CHANGES_MAX = 1024 * 1024, /* bytes of one answer to a pull */
    CM_SYNC_JOBS_MAX = 8,              /* of one answer to a pull */
    CM_SYNC_TEMPLATES_MAX = 32,        /* of one student */
    CM_SYNC_SEALED_MAX = 60 * 1024,   /* bytes of sealed templates; the body around them stays below 64 KiB */
    CM_SYNC_CLOSURES_MAX = 400,       /* of the calendar, the nearest ones first */
    CM_SYNC_CALENDAR_BACK_DAYS = 60,  /* it begins so many days ago */
    CM_SYNC_ROLL_MAX = 500,           /* students of one session */
    CM_SYNC_CLASSES_MAX = 32,         /* of one station */
    CM_SYNC_WAIT_MAX_S = 30,          /* of a long poll */
    CM_SYNC_PREVIEW_MAX = 256 * 1024, /* bytes of a camera frame */
    CM_SYNC_PHOTO_MAX = 5 * 1024 * 1024,
    CM_SYNC_SMALL_MAX = 64 * 1024, /* bytes of every other message */
    CM_SYNC_CURSOR_SIZE = 80,      /* text with the NUL */
    CM_SYNC_STATION_ID_SIZE = 40,
    CM_SYNC_TOKEN_SIZE = 64,
    CM_SYNC_JOB_ID_SIZE = 40,
    CM_SYNC_VERSION_SIZE = 16,
    CM_SYNC_CAMERA_SIZE = 32,
    CM_SYNC_CLOCK_SUSPECT_MS = 120 * 1000, /* a clock that is off by more marks as pending */
};

struct cm_span { /* borrowed */
    const uint8_t *data;
    size_t size;
};

/* Why an answer other than 200 was given; 0 with 200. */
enum cm_sync_problem {
    CM_SYNC_FINE = 0,
    CM_SYNC_GAP = 1,       /* 409: events between acked and first_seq are not here: push from acked + 1 */
    CM_SYNC_FORKED = 2,    /* 409: the server has other events under these numbers, from forked_seq on */
    CM_SYNC_BROKEN = 3,    /* 422: chain, signature or a record is wrong; nothing was taken */
    CM_SYNC_UNKNOWN = 4,   /* 404: no such student, or not the one who had the id before */
    CM_SYNC_DUPLICATE = 5, /* 409: other_id has this face */
    CM_SYNC_WITHDRAWN =
        6, /* 409: the student was un-enrolled, and the station had not been told when it made these */
    CM_SYNC_NO_CONSENT = 7, /* 409: nobody gave consent, as far as the server knows by now */
    CM_SYNC_PROBLEMS
};

/* ---- POST /sync/v1/pair ---- */
struct cm_pair_request {
    char code[32]; /* as typed */
    uint8_t public_key[CM_PUBLIC_KEY_SIZE];
    char version[CM_SYNC_VERSION_SIZE];
};
struct cm_pair_answer {
    char station_id[CM_SYNC_STATION_ID_SIZE];
    char token[CM_SYNC_TOKEN_SIZE];
    char name[CM_NAME_SIZE];
    uint8_t server_key[CM_BOX_KEY_SIZE]; /* what only the server may read is sealed to it */
    int64_t time_ms;
};

/* ---- POST /sync/v1/events ---- */
struct cm_push {
    uint64_t first_seq;                   /* events are first_seq, first_seq + 1, … */
    uint8_t previous_hash[CM_HASH_SIZE];  /* of the chain before the first */
    uint8_t signature[CM_SIGNATURE_SIZE]; /* cm_head_sign over the last */
    int count;                            /* 1 … */
    struct cm_span events[CM_SYNC_EVENTS_MAX];
    uint64_t backlog; /* left after these */
    char version[CM_SYNC_VERSION_SIZE], camera[CM_SYNC_CAMERA_SIZE];
    int64_t wall_ms; /* its clock; 0 … CM_INSTANT_LAST_MS */
};
struct cm_push_answer {
    enum cm_sync_problem problem;
    uint64_t acked; /* the last event that the server has durably; of FINE, GAP and FORKED */
    uint64_t forked_seq;
    int64_t time_ms;
};

/* ---- GET /sync/v1/hash?seq=N: 200, or 404 when the server has no such event ---- */
struct cm_hash_answer {
    uint64_t seq;
    uint8_t hash[CM_HASH_SIZE];
};

/* ---- GET /sync/v1/changes?… ---- */
struct cm_pull {
    char cursor[CM_SYNC_CURSOR_SIZE]; /* of the last answer; "" from the start */
    int wait_s;
    uint64_t last_seq; /* the newest event of its log: what waits follows from what the server has by then */
    char camera[CM_SYNC_CAMERA_SIZE], version[CM_SYNC_VERSION_SIZE];
    bool frames; /* it sends camera frames now */
    int64_t wall_ms;
    bool rolls; /* it takes CM_ITEM_ROLL */
};
enum cm_item_kind {
    CM_ITEM_CLASS = 1, /* body: class record */
    CM_ITEM_STUDENT =
        2, /* body: student record; gone: left this station's classes or archived; erased: destroy the key */
    CM_ITEM_TEMPLATES = 3, /* id: student; body: sealed to the station's key, all he has; empty: none */
    CM_ITEM_CALENDAR = 4,  /* body: struct cm_calendar, the whole */
    CM_ITEM_SETTINGS = 5,  /* body: struct cm_school */
    CM_ITEM_STATION = 6,   /* body: struct cm_station_info: of this station */
    CM_ITEM_ROLL = 7,      /* id: class; body: struct cm_roll_news. Only to who asks for them (cm_pull) */
    CM_ITEM_KINDS
};
struct cm_item {
    enum cm_item_kind kind;
    char id[CM_ID_SIZE];
    bool gone, erased;
    struct cm_span body; /* empty when gone */
    int64_t
        at_ms; /* STUDENT, erased: when, so that a station knows one that it has done already. TEMPLATES: when any were last
                    * taken away from him; 0: never */
};
struct cm_job { /* a photo that waits for this station's vision */
    char id[CM_SYNC_JOB_ID_SIZE];
    char student_id[CM_ID_SIZE];
    char name[CM_NAME_SIZE];
};
struct cm_changes {
    char cursor[CM_SYNC_CURSOR_SIZE]; /* keep it together with the items, in one commit */
    int64_t time_ms;
    bool more;  /* ask again at once */
    bool reset; /* what follows from here to the answer without `more` is everything: the rest is stale */
    bool frames;
    int count;
    struct cm_item items[CM_SYNC_ITEMS_MAX];
    int job_count;
    struct cm_job jobs[CM_SYNC_JOBS_MAX];
    uint64_t
        acked; /* of the station's events, as the server has them: less than the station thinks after the server was
                     * restored (push again), more than the station has after the station was (forked) */
};
/* bodies of items */
/* Days without school, and half days in a list of their own: a station that does not know them yet takes them for days like
 * any other, and marks; never for days without school. */
struct cm_calendar {
    int count, short_count;
    struct cm_closure closures[CM_SYNC_CLOSURES_MAX], shorts[CM_SYNC_CLOSURES_MAX];
};
struct cm_school {
    char name[CM_NAME_SIZE];
    char timezone[64];
    char points[CM_POINTS_SETTING_SIZE]; /* the rules; empty: the default ones */
    int32_t coverage_percent;            /* from which a session closes by itself; 0: the default */
    bool consent_optional; /* templates also of students whom nobody asked */
    bool card_for_all;     /* card and PIN are open to everybody */
    char consent_text[32]; /* version of the text that is shown to parents now; empty: none is named */
};
/* What the server has of one session, for a station to merge with what it has itself (roll/evidence.h, roll/word.h): then its
 * roll is the server's, also where there is another station, or a page. Everything that the server took of this station's
 * log up to `acked` of the answer is in it, or counts for nothing. Sent for the last SRV_ROLL_BACK_DAYS, the newest state
 * only; date 0: standings alone. A class of more than CM_SYNC_ROLL_MAX has none. */
struct cm_roll_line {
    char student_id[CM_ID_SIZE];
    bool member;                 /* of the class on that date */
    struct cm_evidence evidence; /* its numbers are not sent */
    struct cm_standing standing; /* points, runs and last_date alone */
};
struct cm_roll_news {
    int32_t date;
    enum cm_verdict verdict;
    int32_t able_min;
    struct cm_word word;
    int count;
    struct cm_roll_line lines[CM_SYNC_ROLL_MAX];
};
struct cm_station_info {
    char name[CM_NAME_SIZE];
    bool revoked;
    int class_count; /* 0: every class */
    char classes[CM_SYNC_CLASSES_MAX][CM_ID_SIZE];
};

/* ---- POST /sync/v1/templates ---- */
struct cm_templates_push {
    char student_id[CM_ID_SIZE];
    struct cm_span
        sealed; /* cm_templates_seal to the server's key; of no templates: he is not enrolled any more */
    int64_t
        erased_ms; /* at_ms of the last erasure of this id that the station has carried out; 0: none. What it made before
                        * that is gone there, so this says whose face it is, where somebody else had the id */
    int64_t
        unenrolled_ms; /* at_ms of the last TEMPLATES item of this student that the station had taken when it made these:
                            * what was made without knowledge of a withdrawal does not undo it */
    int64_t consent_ms; /* the instant of the word of consent under which they were made; 0: there was none */
};
struct cm_templates_answer {
    enum cm_sync_problem problem; /* FINE, UNKNOWN, DUPLICATE, WITHDRAWN, NO_CONSENT, BROKEN */
    char other_id[CM_ID_SIZE];    /* of DUPLICATE */
    struct cm_span
        sealed; /* of DUPLICATE and WITHDRAWN: what the server has of the student instead, sealed to the station's key; empty: none */
    int64_t time_ms;
    int64_t unenrolled_ms; /* of FINE: as of a TEMPLATES item, after this */
};

/* ---- POST /sync/v1/preview (body: the JPEG itself) ---- */
struct cm_preview_answer {
    bool watching;
};

/* ---- POST /sync/v1/jobs/:job/result ---- */
struct cm_job_result {
    bool ok;
    char reason[32]; /* stable word of a refusal: "no_face", "blurred", … */
    char message[CM_TEXT_SIZE];
    float quality;
    int32_t template_count;
    struct cm_span sealed; /* of ok */
};
struct cm_job_answer { /* how it ended, after the server's own check and its commit */
    bool ok;
    char reason[32];
    char message[CM_TEXT_SIZE];
};

enum cm_message_kind {
    CM_MESSAGE_PAIR_REQUEST,
    CM_MESSAGE_PAIR_ANSWER,
    CM_MESSAGE_PUSH,
    CM_MESSAGE_PUSH_ANSWER,
    CM_MESSAGE_HASH_ANSWER,
    CM_MESSAGE_CHANGES,
    CM_MESSAGE_CALENDAR,
    CM_MESSAGE_SCHOOL,
    CM_MESSAGE_STATION_INFO,
    CM_MESSAGE_TEMPLATES_PUSH,
    CM_MESSAGE_TEMPLATES_ANSWER,
    CM_MESSAGE_PREVIEW_ANSWER,
    CM_MESSAGE_JOB_RESULT,
    CM_MESSAGE_JOB_ANSWER,
    CM_MESSAGE_ROLL,
    CM_MESSAGE_KINDS
};
/* `message` points to the kind's struct. Appends. CM_INVALID: a field breaks its rule (the message names it). CM_NOMEM: the
 * buffer's maximum is reached; the buffer is as before. */
enum cm_code cm_message_encode(enum cm_message_kind kind, const void *message, struct cm_buf *buf,
                               struct cm_err *err);
/* CM_INVALID: not canonical, or a field that is missing or breaks its rule. */
enum cm_code cm_message_decode(enum cm_message_kind kind, const uint8_t *bytes, size_t size,
                               void *ret_message, struct cm_err *err);

/* Appends "cursor=…&wait=…", values percent-encoded. */
enum cm_code cm_pull_query(const struct cm_pull *pull, struct cm_buf *buf);
/* Sets the field that the query names so, from its decoded value. CM_INVALID: the value breaks its rule; CM_NOTFOUND: no such
 * name. cm_pull_names are all of them. */
enum { CM_PULL_NAMES = 8 };
extern const char *const cm_pull_names[CM_PULL_NAMES];
enum cm_code cm_pull_set(struct cm_pull *pull, const char *name, const char *value, struct cm_err *err);

/* ---- templates under way: never plain outside of memory ---- */
/* Appends count (0 … CM_SYNC_TEMPLATES_MAX) templates sealed to the key. Nothing plain is left behind. */
enum cm_code cm_templates_seal(const uint8_t key[CM_BOX_KEY_SIZE], const struct cm_template *templates,
                               size_t count, struct cm_buf *sealed, struct cm_err *err);
/* Opens what is in the box: by `open` with `keys`, which are cm_keys_box_open with a struct cm_keys, or cm_box_open with a
 * struct cm_box. CM_CORRUPT: not sealed to this key, or changed. CM_INVALID: not templates, of another student than
 * student_id, or more than fit. On failure nothing plain is left; wipe ret_templates after use. */
typedef enum cm_code cm_box_open_fn(const void *keys, const uint8_t *sealed, size_t size, uint8_t *plain,
                                    struct cm_err *err);
enum cm_code cm_templates_open(cm_box_open_fn *open, const void *keys, struct cm_span sealed,
                               const char *student_id,
                               struct cm_template ret_templates[CM_SYNC_TEMPLATES_MAX], size_t *ret_count,
                               struct cm_err *err);

#endif
