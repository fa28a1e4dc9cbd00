/*
 * Reports: what is added up over a span of days, of the classes that the caller sees, as JSON or ("?format=csv") as CSV.
 *
 * A report is made in turns of one class and a month at most, each a read of the store; between them the loop serves others.
 * What it gathers is a row for each student (report_students.c) or for each class, station and week (report_stations.c); it is
 * written when all classes were looked at. All of it is of the instant at which the call came, but a change between two turns
 * may show in one class and not yet in another.
 */
#ifndef SRV_REPORT_H
#define SRV_REPORT_H

#include "api/api.h"
#include "api/sheet.h"
#include "api/show.h"

enum {
    SRV_REPORT_TURN_DAYS = 31,
    SRV_REPORT_DAYS_MAX = 366,         /* of students */
    SRV_REPORT_STATION_DAYS_MAX = 100, /* of stations */
    SRV_REPORT_ROWS_MAX = 200 * 1000,  /* more: CM_NOMEM */
    SRV_REPORT_GAPS_MAX = 32,          /* of one class, station and week; the first are listed */
    SRV_REPORT_ABSENT_PERCENT = 10,
};

struct srv_report_row { /* a student */
    char student_id[CM_ID_SIZE];
    int class_; /* place in the classes: the one in which most of his days were */
    struct srv_counts counts;
    int64_t arrivals, arrival_ms; /* how many are known, and their sum from the start of the session */
    uint8_t cells
        [SRV_REPORT_TURN_DAYS]; /* of a month: status + 1 by place in `days`, 0: he was not on the roll */
};
struct srv_report_gap { /* the station could not judge */
    int64_t from_wall_ms, to_wall_ms;
    char reason[32]; /* its word; "" nothing is known of that time */
};
struct srv_report_week { /* a station in the sessions of one class */
    int class_, station, sessions;
    int32_t monday;
    int64_t window_ms, able_ms;
    int gap_count, listed_count;
    struct srv_report_gap gaps[SRV_REPORT_GAPS_MAX];
};

struct srv_report;
struct srv_report_kind {
    const char *name; /* of the file */
    /* From one class, from … to (both dates). */
    enum cm_code (*take)(struct srv_report *report, int32_t from, int32_t to, struct cm_err *err);
    enum cm_code (*put)(struct srv_report *report, struct srv_sheet *sheet, struct cm_err *err);
};
extern const struct srv_report_kind srv_report_month_kind, srv_report_absence_kind,
    srv_report_punctuality_kind, srv_report_stations_kind;

struct srv_report {
    struct srv_call *call;
    const struct srv_app *app;
    const struct srv_report_kind *kind;
    struct srv_api_classes classes;
    int32_t from, to;
    int64_t now_ms, percent;
    bool csv;
    /* where it is */
    int class_;
    int32_t date;
    /* what was gathered */
    struct srv_report_row *rows;
    size_t row_count, row_room, class_first; /* class_first: the first row of the class under way */
    struct srv_session_info days[SRV_REPORT_TURN_DAYS]; /* of the turn: sessions of school days */
    int day_count;
    struct srv_station *stations;
    int station_count;
    struct srv_report_week *weeks;
    size_t week_count, week_room;
};

const struct cm_class *srv_report_class(const struct srv_report *report);
/* The school days of the class under way, into report->days. */
enum cm_code srv_report_load_days(struct srv_report *report, int32_t from, int32_t to, struct cm_err *err);

#endif
