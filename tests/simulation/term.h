/* What the files of the simulated term share: the school as it really is, its stations, and the provider's own ledger. */
#ifndef TERM_H
#define TERM_H

#include "simulation/term_reference.h"
#include "simulation/term_server.h"
#include <stdbool.h>
#include <stdint.h>

enum { TERM_DAYS_MAX = 100, TERM_ACTS = 1024, TERM_HOOKS = 2048, TERM_CALLS = 4096, TERM_SEEN = 4096 };

struct term_totals {
    long terms, days, marks, late_syncs, nights, crashes, alerts, repeats, withdrawn, contradicted, sends,
        lost, doubted, hooks, held, corrections;
};

struct term_device { /* a station */
    struct term_log log;
    bool serves[REF_CLASSES], every_class, on;
    int64_t paired_ms;         /* 0: not yet, it works alone */
    bool revoked;              /* what it did not send by then never comes */
    int pairs_from, runs_from; /* days: from when on somebody may pair it, and switch it on */
    bool disturbed;            /* its clock was wrong at some time */
    int64_t offset_ms;         /* of its clock */
    bool suspect;              /* and it knows */
    int offline_until, clock_until;
    int dark_from, dark_to;     /* minutes of today in which it cannot judge */
    int cut;                    /* minute of today from which it has no power */
    bool dark_says;             /* and its log says so; else it says nothing */
    int believes[REF_STUDENTS]; /* in which class it thinks they are */
};
struct term_pupil {
    struct term_student as;
    bool exists, erased;
    int spell; /* days that he stays away from now on */
};
struct term_key { /* of a message */
    int student, trigger, generation, recipient;
};
struct term_hook { /* what the provider will say */
    int64_t at_ms;
    struct term_key key;
    uint8_t id[16];
    enum ref_news news;
};
struct term_call { /* the provider's ledger: one per message */
    struct term_key key;
    uint8_t id[16];
    int asked, taken;
    bool out;     /* it has it, or had it; and never said that it failed */
    bool allowed; /* a person said: send it once more */
    int64_t last_ms;
};
struct term_seen { /* a mark by a clock that was right, within the session */
    int student, class_, day, station;
};
enum term_what {
    TERM_NIGHT,
    TERM_STALE_NIGHT, /* one that began before goes on */
    TERM_COVER,       /* station, minutes, able */
    TERM_SEE,         /* station, student */
    TERM_SYNC,        /* station */
    TERM_PAIR,        /* station */
    TERM_SEND,
    TERM_PEOPLE,
    TERM_HOOK,
    TERM_CLOSE, /* class */
};
struct term_act {
    int64_t at_ms;
    enum term_what what;
    int a, b, c;
};

struct term {
    unsigned long long seed;
    bool tell, broken;
    int trouble; /* percent */
    int habit;   /* percent of sessions that a teacher closes */
    uint32_t said;
    const char *zone;
    struct ref *ref;
    struct term_server *server;
    struct term_totals *totals;
    int first, day_count, class_count, real_classes, student_count, device_count, coordinator_count;
    int first_real; /* class */
    bool classes_changed;
    struct term_pupil pupils[REF_STUDENTS];
    struct term_device devices[REF_STATIONS];
    int word_count;
    int made; /* alerts, by what the job says */
    uint32_t ids;
    int down_until;
    int today;
    int64_t now_ms;
    struct term_night *stale;
    int64_t stale_ms;
    int act_count;
    struct term_act acts[TERM_ACTS];
    int hook_count;
    struct term_hook hooks[TERM_HOOKS];
    int call_count;
    struct term_call calls[TERM_CALLS];
    int seen_count;
    struct term_seen seen[TERM_SEEN];
};

/* A whole term. False: it said on stderr what is wrong. dir: for a store on disk; NULL: in memory. */
bool term_run(unsigned long long seed, const char *dir, bool tell, struct term_totals *totals);

/* ---- term_send.c: the sender, the provider, and what it says later ---- */
void term_send(struct term *term);
void term_hooks(struct term *term, bool all);
void term_people_and_alerts(struct term *term);
struct ref_alert *term_ref_alert(struct term *term, int student, int trigger, int generation);

/* ---- term_judge.c ---- */
#if defined(__GNUC__)
__attribute__((format(printf, 3, 4)))
#endif
void term_wrong(struct term *term, int student, const char *format, ...);
void term_judge(struct term *term, bool whole);
void term_judge_call(struct term *term, const struct ref_alert *alert);

#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
void term_tell(const struct term *term, const char *format, ...);

#endif
