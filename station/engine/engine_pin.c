/*
 * The PIN lane. Hashing takes long by design, so it runs on libuv's pool, one PIN at a time. Whoever types an id that does not
 * exist waits as long and gets the same answer as with a wrong PIN.
 */
#include "engine/engine_private.h"

#include "crypt/seal.h"
#include "lane/pin.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct pin_job {
    uv_work_t work;
    struct stn_engine *engine;
    uint32_t number;
    char student_id[CM_ID_SIZE], pin[CM_PIN_SIZE], hash[CM_PIN_HASH_SIZE];
    bool right;
};

static void work(uv_work_t *request)
{
    struct pin_job *job = request->data;
    char unused[CM_PIN_HASH_SIZE];
    if (job->hash[0] != '\0')
        job->right = cm_pin_fits(job->pin, job->hash);
    else
        cm_pin_hash(job->pin, unused, NULL); /* nobody, or without a PIN: the same time goes by */
}

static void drop(struct pin_job *job)
{
    job->engine->pin_job = NULL;
    cm_wipe(job, sizeof *job);
    free(job);
}

static void say_wrong(struct stn_engine *engine, const struct pin_job *job)
{
    bool locked =
        stn_pin_gate_result(&engine->pin_gate, job->student_id, false, cm_mono_us(engine->options.clock));
    if (locked)
        engine_activity(engine, CM_ACTIVITY_LOCKOUT, "too many wrong PINs: the entry waits", NAN);
    engine_answer(engine, job->number, false, "id or PIN is wrong");
}

/* He is who he says. */
static void take_pin(struct stn_engine *engine, const struct pin_job *job)
{
    stn_pin_gate_result(&engine->pin_gate, job->student_id, true, cm_mono_us(engine->options.clock));
    if (!engine_card_open(engine, job->student_id)) {
        engine_answer(engine, job->number, false, "please use your face: look at the camera and blink");
        return;
    }
    struct stn_claim claim =
        stn_claim_without_face(CM_METHOD_PIN, cm_wall_ms(engine->options.clock), engine->clock_watch.suspect);
    engine_answer(engine, job->number, true, ""); /* what comes of the mark is an event of its own */
    engine_mark(engine, job->student_id, &claim);
}

static void after_work(uv_work_t *request, int status)
{
    struct pin_job *job = request->data;
    bool right = status == 0 && job->right;
    if (!job->engine->over && right) /* else nobody listens any more, and nothing may be written */
        take_pin(job->engine, job);
    else if (!job->engine->over)
        say_wrong(job->engine, job);
    drop(job);
}

static bool may_try(struct stn_engine *engine, uint32_t number, const char *student_id)
{
    if (engine->pin_job != NULL) {
        engine_answer(engine, number, false, "one moment, please");
        return false;
    }
    switch (stn_pin_gate_ask(&engine->pin_gate, student_id, cm_mono_us(engine->options.clock))) {
    case STN_PIN_TRY:
        return true;
    case STN_PIN_ID_LOCKED:
        engine_answer(engine, number, false, "too many wrong tries with this id: wait 10 minutes");
        return false;
    case STN_PIN_ALL_LOCKED:
        break;
    }
    engine_answer(engine, number, false, "too many wrong tries: wait 30 seconds");
    return false;
}

void engine_pin(struct stn_engine *engine, uint32_t number, const char *student_id, const char *pin)
{
    struct cm_student student;
    if (!may_try(engine, number, student_id))
        return;
    struct pin_job *job = calloc(1, sizeof *job);
    if (job == NULL) {
        engine_answer(engine, number, false, "not enough memory: try again");
        return;
    }
    *job = (struct pin_job){.engine = engine, .number = number};
    job->work.data = job;
    snprintf(job->student_id, sizeof job->student_id, "%s", student_id);
    snprintf(job->pin, sizeof job->pin, "%s", pin);
    if (stn_store_get_student(engine->options.store, student_id, &student, NULL) == CM_OK)
        memcpy(job->hash, student.pin_hash, sizeof job->hash);
    cm_wipe(&student, sizeof student);
    engine->pin_job = job;
    if (uv_queue_work(&engine->loop, &job->work, work, after_work) != 0)
        drop(job);
}
