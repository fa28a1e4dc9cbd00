/* What the files of this folder share; nobody else includes it. */
#ifndef SRV_DEMO_PRIVATE_H
#define SRV_DEMO_PRIVATE_H

#include "base/uuid.h"
#include "demo/demo.h"
#include "record/codec.h"

enum {
    DEMO_CLASSES_PER_STATION = 4,
    DEMO_EVENTS_MAX = 512, /* of one station on one day */
    DEMO_ILL_DAYS_MAX = 6,
};

struct demo_random {
    uint64_t state;
};
uint64_t demo_random(struct demo_random *random);
bool demo_chance(struct demo_random *random, int of_thousand);
int demo_below(struct demo_random *random, int count); /* 0 … count - 1 */

struct demo_student {
    uint8_t consent_id[16]; /* of the event */
    struct srv_student record;
    int absent_of_thousand, late_of_thousand;
    int ill_days; /* still to come */
    bool note;    /* the parents wrote: these days are excused */
};

struct demo_station {
    struct srv_station record;
    struct cm_keys *keys;
    uint64_t seq;
    uint8_t hash[CM_HASH_SIZE];
    int first_class, class_count;
};

struct demo {
    const struct srv_demo_options *options;
    struct demo_random random;
    struct cm_uuid_generator uuids;
    struct cm_class *classes;
    int class_count;
    struct demo_student *students;
    struct demo_station *stations;
    int station_count;
};

/* demo_people.c */
void demo_name(struct demo_random *random, char *name, size_t size);
void demo_class(int index, struct cm_class *ret_class);

/* demo_day.c: one school day of one station, within a write. Draws from demo->random: not to be run twice. */
struct demo_day {
    int32_t date;
    uint64_t first_seq;
    uint8_t first_hash[CM_HASH_SIZE];
    int count; /* events of the station, in order */
    uint8_t bytes[DEMO_EVENTS_MAX][512];
    struct srv_event_bytes events[DEMO_EVENTS_MAX];
    int own_count; /* corrections by people */
    struct cm_event own[DEMO_EVENTS_MAX];
    int close_count;
    const char *closed_by[DEMO_CLASSES_PER_STATION];
};
enum cm_code demo_day_make(struct demo *demo, struct demo_station *station, int32_t date,
                           struct demo_day *ret_day, struct cm_err *err);

#endif
