/*
 * The server as a process of the simulation: its store in a folder, and the part of it that answers stations, without HTTP.
 * It opens, dies, opens again; what it was asked when it died is not answered.
 */
#ifndef SIM_SERVER_SIDE_H
#define SIM_SERVER_SIDE_H

#include "base/buf.h"
#include "base/clock.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SIM_SERVER_PROCESS = 0, SIM_PATH_SIZE = 512 };

struct sim_request {
    char station_id[40]; /* as whom: what the token says */
    bool post;
    char path[SIM_PATH_SIZE];
    uint8_t *body; /* malloc */
    size_t size;
};
struct sim_reply {
    int status;
    uint8_t *body; /* malloc */
    size_t size;
};

struct sim_server;
/* False: it died while it started, or (then it says so on stderr) it cannot start at all. */
bool sim_server_open(const char *dir, const struct cm_clock *clock, struct sim_server **ret_server,
                     bool *ret_broken);
void sim_server_close(struct sim_server *server);

enum sim_answered {
    SIM_ANSWERED,
    SIM_DIED,  /* no answer */
    SIM_WAITS, /* a pull without news: ask again when something changed; `must` when its time is over */
};
/* free(ret_reply->body). A body that is cut short must be refused like any other nonsense. */
enum sim_answered sim_server_answer(struct sim_server *server, const struct sim_request *request, bool must,
                                    struct sim_reply *ret_reply);

/* Adds a station and pairs it with that key, both at once. False: it died. */
bool sim_server_pair(struct sim_server *server, const char *name, const uint8_t public_key[32],
                     char ret_station_id[40], char ret_token[64], uint8_t ret_server_key[32]);
void sim_server_revoke(struct sim_server *server, const char *station_id);
/* Something that an admin does, drawn at random; in words, until the next call. */
const char *sim_server_edit(struct sim_server *server, const char *const *station_ids, int station_count);
/* A photo waits for a station. */
void sim_server_make_job(struct sim_server *server);

/* A backup into a new folder; and a server that was made of it, in dir (closed, and emptied before). */
bool sim_server_backup(struct sim_server *server, const char *to);
bool sim_server_restore(const char *backup, const char *dir);

/* ---- to compare ---- */
/* What the station should have: appended. */
void sim_server_view(struct sim_server *server, const char *station_id, struct cm_buf *view);
struct sim_fact { /* of an event: what must never change */
    uint8_t id[16];
    int type;
    uint64_t seq;
    int64_t wall_ms, captured_wall_ms;
    char student_id[16];    /* whom it names; "" nobody. At the server: as it is shown */
    int64_t said_wall_ms;   /* when that was so */
    bool says_whose;        /* a mark or a correction: it says which erasure of the id its station knew … */
    int64_t erased_wall_ms; /* … */
    int64_t received_wall_ms; /* at the server */
};
typedef void sim_fact_fn(void *arg, const char *station_id, const struct sim_fact *fact);
/* Every event that the server has, in the order of its feed. */
void sim_server_each_fact(struct sim_server *server, sim_fact_fn *visit, void *arg);
/* Walks and verifies everything; says on stderr what is wrong. */
bool sim_server_check(struct sim_server *server);
/* Is the event's student, as its station named him, shown as it must be? Somebody who was erased never, whoever has the id now
 * from then on. By what the simulation itself knows of erasures. */
bool sim_server_shows_rightly(struct sim_server *server, const struct sim_fact *made,
                              const struct sim_fact *shown);
/* Nothing is left of those who were erased: no standing, no history, no templates. */
bool sim_server_forgot_the_erased(struct sim_server *server);
/* Nobody has templates without consent. Said where somebody has. */
bool sim_server_obeys_consent(struct sim_server *server);
/* A new run; the backup that was just made; the store that was just made of it. */
void sim_server_people_begin(void);
/* Lines "student ID " of everybody whom the server knows, whatever class. */
void sim_server_known(struct sim_server *server, struct cm_buf *text);
void sim_server_settle(struct sim_server *server, const char *station_id);
bool sim_server_is_forked(struct sim_server *server, const char *station_id);

#endif
