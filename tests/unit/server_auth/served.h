/* A server of the identity's routes and of some probes, over a store in memory, with a clock that is moved by hand; and a
 * client that says what it gets. */
#ifndef TEST_SERVED_H
#define TEST_SERVED_H

#include "auth/auth.h"

#define WALL_MS  INT64_C(1795404100000) /* 2026-11-23 08:51:40 in Kolkata */
#define PASSWORD "kolam tiger rain"
#define SECRET   "0123456789abcdef0123456789abcdef-secret"

/* For cmocka's setup and teardown; state is not used. */
int served_start(void **state);
int served_stop(void **state);

struct srv_app *served_app(void);
void served_advance_s(int64_t seconds);
/* A user with PASSWORD; what is not given is empty. */
void served_add_user(const char *name, uint32_t role, const char *class_id, const char *student_id);
void served_write(srv_store_fn *fn, void *arg);
struct srv_user served_user(const char *name);
/* The code that was delivered last; "" when none was since it was asked for last. */
void served_take_code(char out[SRV_CODE_TEXT_SIZE]);

struct reply {
    int status;
    char head[8192]; /* lower-case names as they came */
    char body[16384];
};
/* headers: whole lines with CRLF, or "". body NULL: none. */
void served_ask(const char *method, const char *path, const char *headers, const char *body,
                struct reply *ret_reply);
/* Sends and does not wait; the socket. */
int served_send(const char *method, const char *path, const char *headers, const char *body);
/* The value of a text member "name" of the body. Fails the test when there is none. */
void reply_text(const struct reply *reply, const char *name, char *out, size_t size);
bool reply_header(const struct reply *reply, const char *name, char *out, size_t size);

/* Logs in; the header line "authorization: Bearer …\r\n". */
enum { BEARER_SIZE = 1200 };
void served_login(const char *name, const char *password, char out[BEARER_SIZE]);

#endif
