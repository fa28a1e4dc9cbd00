/*
 * A station as a process of the simulation: its store in a folder, and its sync client, without network.
 */
#ifndef SIM_STATION_SIDE_H
#define SIM_STATION_SIDE_H

#include "simulation/server_side.h"

enum { SIM_CHANNELS = 4 };

struct sim_station;
/* Process is its number (1 …). False: it died while it started, or (*ret_broken) cannot start. Not paired: no requests. */
bool sim_station_open(int process, const char *dir, const struct cm_clock *clock,
                      struct sim_station **ret_station, bool *ret_broken);
void sim_station_close(struct sim_station *station);

void sim_station_public_key(struct sim_station *station, uint8_t ret_key[32]);
bool sim_station_pair(struct sim_station *station, const char *id, const char *token,
                      const uint8_t server_key[32]);
/* The way out of a fork: a new key and log for the events from first_seq on. Step 1 gives the key to pair with. */
bool sim_station_new_key(struct sim_station *station, uint8_t ret_key[32]);
bool sim_station_renew(struct sim_station *station, uint64_t first_seq, const char *id, const char *token,
                       const uint8_t server_key[32]);

/* Something that happens at the door, drawn at random: mostly a mark. In words, until the next call. */
const char *sim_station_edit(struct sim_station *station);

/* ---- sync ---- */
/* False: nothing to send on this channel now. free(ret_request->body). */
bool sim_station_next(struct sim_station *station, int channel, int64_t now_us,
                      struct sim_request *ret_request, int32_t *ret_timeout_ms);
int64_t sim_station_due_us(struct sim_station *station, int channel);
/* status 0: no answer came. */
void sim_station_answer(struct sim_station *station, int channel, int64_t now_us,
                        const struct sim_reply *reply);
bool sim_station_idle(struct sim_station *station);
bool sim_station_forked(struct sim_station *station, uint64_t *ret_seq);

/* ---- to compare ---- */
/* served (may be NULL): what the server has for it. Who is not in it is left out, and must be one of the station's own. */
void sim_station_view(struct sim_station *station, const char *served, struct cm_buf *view);
/* Of the log from first_seq on. */
void sim_station_each_fact(struct sim_station *station, uint64_t first_seq, sim_fact_fn *visit, void *arg);
bool sim_station_check(struct sim_station *station);
void sim_station_describe(struct sim_station *station, char *text, size_t size);

#endif
