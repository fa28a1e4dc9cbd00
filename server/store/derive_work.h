/*
 * The scratch of a write: which sessions and standings must be made anew, and what was read of the rules meanwhile.
 * Private to derive_*.c.
 */
#ifndef SRV_DERIVE_WORK_H
#define SRV_DERIVE_WORK_H

#include "store/derive_kv.h"

struct srv_rules { /* of one class */
    char id[CM_ID_SIZE];
    struct cm_class class_;
    int32_t date; /* of `day`; 0: none yet */
    struct cm_day day;
};

struct srv_service {
    char class_id[CM_ID_SIZE]; /* "": every class */
    uint32_t log;
    int64_t from_wall_ms, to_wall_ms;
};

struct srv_reach { /* of a log that has events, or whose station was paired */
    uint32_t log;
    int64_t first_wall_ms, reach_wall_ms, latest_wall_ms; /* reach 0: no events */
    int64_t paired_wall_ms;                               /* of the station … */
    bool revoked;
};

struct srv_slot { /* one session that is concerned */
    char class_id[CM_ID_SIZE];
    int32_t date;
    bool known; /* there is such a class: times are its */
    enum cm_day_kind day;
    bool stored;  /* has a row */
    bool tell;    /* stations that serve the class get it anew */
    bool counts;  /* its numbers changed */
    bool judge;   /* its state may have changed */
    bool full;    /* every row of it must be looked at */
    bool recount; /* and the standings of all in it */
    struct cm_session times;
    struct srv_session_info info;
    int next; /* in its bucket */
};

struct srv_day_item { /* a row of the session under way */
    char student_id[CM_ID_SIZE];
    struct srv_day_row row;
};

struct srv_dirty { /* a standing that must be summed up anew */
    char student_id[CM_ID_SIZE];
    int32_t date; /* nothing before it changed */
};

/* What a student's days before `date` come to, as some write found it: later ones begin there. In memory alone, and only as
 * long as nobody else writes and no write fails. */
struct srv_prefix {
    char student_id[CM_ID_SIZE]; /* "": nothing here */
    int32_t date;
    struct cm_standing standing;
};

enum { SRV_PREFIXES = 16384 /* 2 MB, when there is a need; students of one place drive each other out */ };
enum { SRV_BUCKETS = 4096, SRV_SLOTS_MAX = 20000 };

struct srv_work {
    struct srv_slot *slots;
    size_t slot_count, slot_room;
    int buckets[SRV_BUCKETS];
    struct srv_dirty *students; /* with repetitions */
    size_t student_count, student_room;

    struct srv_prefix *prefixes; /* SRV_PREFIXES, by a hash of the id; NULL: none yet */
    bool prefixes_hold;          /* the write that made the newest is committed */
    uint64_t prefixes_number;    /* of that write */

    /* rules, as read in this write */
    bool rules_read;
    int32_t coverage_percent;
    struct cm_points_rules points;
    struct srv_rules *rules;
    size_t rule_count, rule_room;
    struct srv_service *services;
    size_t service_count, service_room;
    struct srv_reach *reaches;
    size_t reach_count, reach_room;

    /* of the session under way */
    char members_class[CM_ID_SIZE]; /* whose members are in `members`; "" none */
    struct srv_members members;
    struct srv_day_item *items;
    size_t item_count, item_room;
    struct cm_edge *edges;
    size_t edge_count, edge_room;
    struct cm_judge_station *serving;
    size_t serving_count, serving_room;
};

/* Room for one more in an array that grows. */
enum cm_code srv_grow(void **list, size_t count, size_t *room, size_t item_size, struct cm_err *err);

/* ---- rules (derive_rules.c) ---- */
enum cm_code srv_rules_read(struct srv_tx *tx, struct cm_err *err);
struct srv_rules *srv_rules_of(struct srv_work *work, const char *class_id); /* NULL: no such class */
/* The day of the class on that date; kept until another one is asked for, or srv_rules_forget_day. */
enum cm_code srv_rules_day(struct srv_tx *tx, struct srv_rules *rules, int32_t date,
                           const struct cm_day **ret_day, struct cm_err *err);
/* The calendar, or what people said, is another for the class ("" all). */
void srv_rules_forget_day(struct srv_work *work, const char *class_id);
const struct srv_reach *srv_reach_of(const struct srv_work *work, uint32_t log);
/* State and coverage of the session, by everything primary. */
enum cm_code srv_judge(struct srv_tx *tx, struct srv_slot *slot, struct cm_err *err);
bool srv_log_serves(const struct srv_work *work, uint32_t log, const char *class_id);

/* ---- slots (derive_work.c) ---- */
/* The session's slot, read when it is new. The pointer is valid until the next slot is asked for. */
enum cm_code srv_slot_of(struct srv_tx *tx, const char *class_id, int32_t date, struct srv_slot **ret_slot,
                         struct cm_err *err);
/* The rules of the slot that is there may be others. */
enum cm_code srv_slot_refresh(struct srv_tx *tx, struct srv_slot *slot, struct cm_err *err);
enum cm_code srv_dirty_student(struct srv_work *work, const char *student_id, int32_t date,
                               struct cm_err *err);

/* ---- days (derive_day.c) ---- */
/* How the student stands to the session. */
enum srv_relation { SRV_MEMBER, SRV_GUEST, SRV_LENT };
enum cm_code srv_relation_of(struct srv_tx *tx, const char *student_id, const char *class_id, int32_t date,
                             enum srv_relation *ret_relation, char ret_class_on[CM_ID_SIZE],
                             struct cm_err *err);
/* Makes the derived part of a row anew and writes it when it changed, or when `changed` says that its evidence did;
 * standings follow. *row is as stored but for the evidence, and as written afterwards. */
enum cm_code srv_rederive(struct srv_tx *tx, struct srv_slot *slot, const char *student_id,
                          enum srv_relation relation, bool changed, struct srv_day_row *row,
                          struct cm_err *err);
/* Adds it to the numbers of the session, or takes it away. */
void srv_count_day(struct srv_session_info *info, enum cm_roll_status status, int by);
/* Everything of a session, its numbers and its row. */
enum cm_code srv_derive_whole(struct srv_tx *tx, struct srv_slot *slot, struct cm_err *err);

/* ---- standings, from all days (derive_standing.c) ---- */
enum cm_code srv_sum_up(struct srv_tx *tx, const char *student_id, struct cm_err *err);
/* The same of all that are dirty. */
enum cm_code srv_sum_up_dirty(struct srv_tx *tx, struct cm_err *err);
/* Something of the student changed on that date: what was summed up beyond it is forgotten. */
void srv_prefix_touch(struct srv_work *work, const char *student_id, int32_t date);
void srv_prefixes_forget(struct srv_work *work);

#endif
