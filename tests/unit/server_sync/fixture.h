/* A server's store in memory with one paired station, and what that station says. */
#ifndef TEST_SYNC_FIXTURE_H
#define TEST_SYNC_FIXTURE_H

#include "unit.h"

#include "crypt/keyfile.h"
#include "sync/pull.h"
#include "sync/work.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOW_MS INT64_C(1795405800000) /* 2026-11-23 09:20 in India */

struct fixture {
    struct cm_clock_manual clock;
    struct cm_zone *zone;
    struct srv_store *store;
    struct srv_sync_core core;
    struct cm_keys *keys; /* the station's */
    struct srv_station station;
};

int fixture_setup(void **state); /* *state: a struct fixture */
int fixture_teardown(void **state);

/* Within one write each; they must succeed. */
void put_class(struct fixture *f, const char *id);
void put_student(struct fixture *f, const char *id, const char *class_id); /* with consent */
void say_consent(struct fixture *f, const char *id, enum cm_consent_state state);
void put_faces(struct fixture *f, const char *id, int face);
void take_faces(struct fixture *f, const char *id); /* un-enrolled */
void erase(struct fixture *f, const char *id);
void put_station(struct fixture *f);
void set_classes(struct fixture *f, const char *a, const char *b); /* NULL: none; touches them */

struct log { /* the station's, as bytes */
    uint8_t bytes[64][512];
    size_t sizes[64];
    uint8_t hashes[65][CM_HASH_SIZE]; /* [n]: after event n */
    int count;
};
void log_begin(struct log *log, const struct fixture *f);
void log_add(struct log *log, const char *reason); /* an activity */
/* The body of a push of first … last. */
void encode_push(const struct fixture *f, const struct log *log, int first, int last, struct cm_buf *body);

/* What happens once, in the next work, between looking and writing: another request came first. NULL: nothing. */
extern void (*between)(struct fixture *f);
/* Gives it to the core as the handlers do. status of the reply; the reply in *work, finish it. */
int do_work(struct fixture *f, struct srv_work *work, enum srv_work_verb verb, const struct cm_buf *body);
/* Pushes, and reads the answer. */
int push(struct fixture *f, const struct log *log, int first, int last, struct cm_push_answer *ret_answer,
         struct srv_effects *ret_effects);

int count_activities(struct fixture *f, enum cm_activity_kind kind);
void make_face(int face, const char *student_id, struct cm_template *ret_template);

/* Pulls from the cursor, which moves on. The message is borrowed until the next call. */
const struct cm_changes *pull(struct fixture *f, char cursor[CM_SYNC_CURSOR_SIZE]);
/* NULL: it is not in there. */
const struct cm_item *find_item(const struct cm_changes *changes, enum cm_item_kind kind, const char *id);

#endif
