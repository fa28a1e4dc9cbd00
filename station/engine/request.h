/*
 * What a person at the station wants: from the interface (in this process; the same over the control socket) to the engine
 * thread, which alone touches the store. Values only. Each request is answered by an event: STN_EV_ANSWER with its number,
 * for STN_REQ_ROLL besides by STN_EV_ROLL_PAGE. An answer of "done" comes after the commit.
 */
#ifndef STN_REQUEST_H
#define STN_REQUEST_H

#include "lane/pin.h"
#include "record/record.h"
#include <stdint.h>

enum stn_request_kind {
    STN_REQ_ROLL = 1, /* list today's roll of a class */
    STN_REQ_STATUS,   /* a student is present, late, excused, absent */
    STN_REQ_SESSION,  /* a word about the session */
    STN_REQ_PIN,      /* a student typed his id and his PIN */
};

struct stn_request {
    enum stn_request_kind kind;
    uint32_t number; /* the asker's; comes back with the answer */
    union {
        struct {
            char class_id[CM_ID_SIZE]; /* empty: the station's own, or the first */
            bool next;                 /* the one after it */
        } roll;
        struct
        { /* present without a reason: a tick, which is a mark of now and refused where that would say otherwise */
            char student_id[CM_ID_SIZE], class_id[CM_ID_SIZE];
            int32_t date;
            enum cm_roll_status status; /* CM_ROLL_NONE: takes back what a person said */
            char by[CM_NAME_SIZE], reason[CM_TEXT_SIZE];
        } status;
        struct {
            char class_id[CM_ID_SIZE];
            int32_t date;
            enum cm_session_word word;
            char by[CM_NAME_SIZE], reason[CM_TEXT_SIZE];
        } session;
        struct {
            char student_id[CM_ID_SIZE], pin[CM_PIN_SIZE]; /* wiped by whoever had it */
        } pin;
    } u;
};

#endif
