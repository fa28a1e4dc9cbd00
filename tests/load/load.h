/*
 * The load program: stations that push and pages that listen, as many as are asked for, over real sockets.
 * Every function exits with a sentence when something fails: half a measurement is worth nothing.
 */
#ifndef LOAD_H
#define LOAD_H

#include <stddef.h>
#include <stdint.h>

/* ---- sockets and HTTP, blocking ---- */
int load_connect(int port);
/* Sends the request and reads the answer; returns its status. The body is in answer (whole, Content-Length). */
struct load_answer {
    uint8_t body[64 * 1024];
    size_t size;
};
int load_post(int socket, const char *target, const char *token, const void *body, size_t size,
              struct load_answer *ret_answer);
double load_now_s(void); /* monotonic */
_Noreturn void load_die(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* ---- what is measured; each prints one line of JSON ---- */
struct load_push {
    int port, events, batch, students, day;
    int seconds; /* after which they stop; 0: when all is pushed */
    int station_count;
    char *const *codes; /* of pairing, one a station */
};
int load_push(const struct load_push *options);
int load_pages(int port, int clients, const char *token);

#endif
