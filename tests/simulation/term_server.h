/*
 * The product's side of the simulated term: the real store, the real nightly job, the real claiming, with the time passed in.
 * Classes, students, stations and coordinators are numbers here as in the reference; days are numbered alike.
 */
#ifndef TERM_SERVER_H
#define TERM_SERVER_H

#include "simulation/term_reference.h"
#include <stddef.h>

enum term_kind { TERM_MARK, TERM_CORRECTION, TERM_COVERAGE, TERM_WORD };
struct term_event { /* of a station's log */
    enum term_kind kind;
    int student, class_, day;
    int64_t
        wall_ms; /* when it was written, by the station's clock; of a mark: captured; of a correction: said */
    int64_t from_ms; /* of coverage, which ends at wall_ms */
    bool suspect, able;
    enum ref_status status;
    enum ref_said word;
    uint32_t id;
    size_t size;
    uint8_t *bytes; /* as encoded */
    uint8_t hash[32];
};
struct term_log {
    uint8_t key[32], start[32];
    struct term_event *events; /* [seq - 1] */
    int count, room, acked;
};

struct term_student {
    int class_, joined, left_day;
    bool left, parent_phone;
};

struct term_server;
/* kind: "memory:" or "lmdb:DIR". Whatever fails that should not ends the program. */
struct term_server *term_server_open(const char *url, const char *zone, int64_t now_ms);
void term_server_close(struct term_server *server);
void term_server_restart(struct term_server *server); /* of a store on disk: closed and opened */
void term_server_at(struct term_server *server, int64_t now_ms);

void term_put_class(struct term_server *server, int class_, const struct ref_class *as);
/* REF_NO_CLASS: of all; REF_AS_EVER: there is none any more. */
void term_put_closure(struct term_server *server, int class_, int day, const struct ref_entry *entry);
void term_put_student(struct term_server *server, int student, const struct term_student *as);
void term_erase_student(struct term_server *server, int student);
void term_put_coordinator(struct term_server *server, int coordinator, const struct ref_coordinator *as,
                          int class_count);
struct term_duty {
    const bool *classes; /* NULL: every class */
    int class_count;
    int64_t paired_ms; /* 0: not yet */
    bool revoked;
};
void term_put_station(struct term_server *server, int station, const struct term_log *log,
                      const struct term_duty *duty);
void term_put_number(struct term_server *server, const char *setting, int number);

void term_log_begin(struct term_log *log, int station);
void term_log_append(struct term_log *log, const struct term_event *event);
void term_log_free(struct term_log *log);
/* From seq `first` (1 …) so many; the server has `log->acked` afterwards. */
void term_push(struct term_server *server, int station, struct term_log *log, int first, int count);
void term_correct(struct term_server *server, int student, int class_, int day, enum ref_status status,
                  int64_t said_ms, uint32_t id);
void term_say(struct term_server *server, int class_, int day, enum ref_said said, int64_t said_ms);

/* ---- the night ---- */
struct term_night;
struct term_night *term_night_begin(struct term_server *server, int64_t now_ms, bool school_number);
/* The next part; crash: its write does not come to be. False: it is done. */
bool term_night_part(struct term_server *server, struct term_night *night, bool crash);
int term_night_end(struct term_night *night); /* how many alerts it made */

/* ---- sending ---- */
struct term_message {
    uint8_t id[16];
    int student, trigger, generation, recipient;
    enum ref_way way;
    int64_t next_try_ms;
};
struct term_alert {
    uint8_t id[16];
    int student, class_, trigger, generation, count, listed_count;
    struct ref_listed listed[REF_LISTED]; /* the newest first */
    bool repeat;
    enum ref_alert_state state;
    int message_count;
    struct term_message messages[REF_RECIPIENTS + 1];
};
int term_due(struct term_server *server, int64_t now_ms, struct term_message *ret_list, int room);
void term_recover(struct term_server *server, int64_t now_ms);
void term_verify(struct term_server *server, int64_t now_ms);
/* crash: it does not come to be. */
enum ref_claim term_claim(struct term_server *server, const uint8_t id[16], int64_t now_ms,
                          bool school_number, bool email_way, bool crash);
/* False: there is no such message any more, or it cannot be. */
bool term_news(struct term_server *server, const uint8_t id[16], enum ref_news news, const char *provider_id,
               int64_t next_try_ms, int64_t now_ms);
bool term_cancel(struct term_server *server, const uint8_t alert[16], int64_t now_ms);
bool term_retry(struct term_server *server, const uint8_t alert[16], int64_t now_ms);
bool term_resolve(struct term_server *server, const uint8_t alert[16], const uint8_t message[16],
                  bool was_sent, int64_t now_ms);
void term_acknowledge(struct term_server *server, const uint8_t alert[16], int64_t now_ms);

/* ---- reading ---- */
/* Of a student, in order of trigger day and generation. */
int term_alerts(struct term_server *server, int student, struct term_alert *ret_list, int room);
bool term_cursor(struct term_server *server, int class_, struct ref_cursor *ret_cursor);
/* False: there is no such session. */
bool term_session(struct term_server *server, int class_, int day, enum ref_state *ret_state,
                  bool *ret_school);
/* Of first … last, in the class that he was in; [day - first]. */
void term_days(struct term_server *server, int student, int first, int last, enum ref_status *ret_status);
/* What the product says of why nobody was told of that day. */
void term_why(struct term_server *server, int student, int day, char *out, size_t size);
void term_check(struct term_server *server);

int term_date(int day); /* 20260105 */
int term_day(int date);

#endif
