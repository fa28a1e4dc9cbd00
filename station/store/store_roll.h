/*
 * The roll of a session as it is known at the station: what the server said of it last (CM_ITEM_ROLL), and what this station's
 * own log holds beyond that, merged by the functions by which the server derives too (common/roll). So, once everything is
 * synced, it is the server's roll: with another station at the other door, with corrections on a page, with a session that
 * somebody closed elsewhere.
 *
 * - Of this station's own events the server has everything up to a number that comes with each pull: those are the server's
 *   to judge, and are left out here where it says what counts. Later ones are added.
 * - A session is settled by the latest word of a person, said here or there; else by what the server says, as soon as it has
 *   this station's log up to the session's end; until then (and at a station without a server) by this station's own coverage.
 * - The server speaks of the last two weeks (STN_ROLL_DAYS). Of older sessions only the own log is known.
 *
 * Reading: within the rules of store.h; nothing is written.
 */
#ifndef STN_STORE_ROLL_H
#define STN_STORE_ROLL_H

#include "base/localdate.h"
#include "roll/calendar.h"
#include "roll/evidence.h"
#include "roll/judge.h"
#include "roll/standing.h"
#include "roll/word.h"
#include "store/store.h"

enum { STN_ROLL_DAYS = 14 }; /* as SRV_ROLL_BACK_DAYS */

struct stn_roll_counts { /* students */
    int32_t present, late, excused, absent, unjudged, pending, none;
};
struct stn_session { /* one class on one date */
    struct cm_day day;
    char label[CM_NAME_SIZE]; /* of the calendar's entry, or the reason why there is no session */
    enum cm_verdict verdict;
    struct cm_word word;
    int32_t able_min; /* as this station, or the server, saw it */
    struct stn_roll_counts counts;
    struct cm_points_rules points; /* by which the lines were made */
    struct cm_closure closure;     /* the calendar's entry that counts; date 0: none */
};
struct stn_roll_line { /* one student in it */
    char student_id[CM_ID_SIZE];
    bool member; /* else a guest */
    enum cm_roll_status status;
    int32_t points;
    struct cm_evidence evidence;       /* that counts, of whichever station */
    uint64_t mark_seq, correction_seq; /* this station's own events of him; 0: none */
    bool standing_known;               /* the server said it once: points and streak over all days */
    struct cm_standing standing;
};
typedef bool stn_roll_line_fn(void *arg, const struct stn_roll_line *line); /* false ends the walk */

/* The session, and its lines in order of student id; visit may be NULL. It must not call the store. */
enum cm_code stn_roll_read(struct stn_store *store, const struct cm_zone *zone, const struct cm_class *class_,
                           int32_t date, stn_roll_line_fn *visit, void *arg, struct stn_session *ret_session,
                           struct cm_err *err);
/* The line of one student; CM_NOTFOUND: he is not on that roll. */
enum cm_code stn_roll_read_line(struct stn_store *store, const struct cm_zone *zone,
                                const struct cm_class *class_, int32_t date, const char *student_id,
                                struct stn_roll_line *ret_line, struct cm_err *err);

/* What a person says of a session, into the log. */
enum cm_code stn_store_append_session(struct stn_store *store, const struct cm_session_said *said,
                                      struct cm_err *err);

/* The calendar, for cm_session_at and its like: as the server sent it, and the days from `from` on of which somebody said
 * that there is no session. free(*ret_list). */
enum cm_code stn_store_get_calendar(struct stn_store *store, int32_t from, struct cm_closure **ret_list,
                                    struct cm_closures *ret_calendar, struct cm_err *err);
/* The school's rules for points; the default ones as long as no server said others. */
struct cm_points_rules stn_store_points(struct stn_store *store);

#endif
