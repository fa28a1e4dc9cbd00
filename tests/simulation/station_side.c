#include "simulation/station_side.h"

#include "crypt/seal.h"
#include "simulation/chance.h"
#include "simulation/death.h"
#include "simulation/world.h"
#include "store/store_roll.h"
#include "store/store_sync.h"
#include "sync/client.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct cm_consent given = {.state = CM_CONSENT_GIVEN, .given_by = "Latha Nair"};

_Static_assert((int)SIM_CHANNELS == (int)STN_SYNC_CHANNELS, "the client's channels");

struct sim_station {
    int process;
    const struct cm_clock *clock;
    struct cm_zone *zone;
    struct stn_store *store;
    struct stn_sync_client *client; /* NULL: not paired */
    struct cm_keys *new_keys;       /* of a renewal under way */
    char id[CM_SYNC_STATION_ID_SIZE];
};

static struct stn_sync_now now_of(const struct sim_station *station, int64_t now_us)
{
    return (struct stn_sync_now){.mono_us = now_us, .wall_ms = cm_wall_ms(station->clock)};
}

/* ---- life ---- */

static bool start_client(struct sim_station *station, struct cm_err *err)
{
    struct stn_sync_options options = {
        .store = station->store, .version = "1", .seed = (uint64_t)sim_draw(1 << 30), .wait_s = 25};
    struct stn_pairing pairing;
    stn_sync_client_destroy(station->client);
    station->client = NULL;
    if (!stn_store_is_paired(station->store))
        return true;
    if (stn_store_get_pairing(station->store, &pairing, err) != CM_OK)
        return false;
    memcpy(station->id, pairing.station_id, sizeof station->id);
    cm_wipe(&pairing, sizeof pairing);
    return stn_sync_client_create(&options, &station->client, err) == CM_OK;
}

bool sim_station_open(int process, const char *dir, const struct cm_clock *clock,
                      struct sim_station **ret_station, bool *ret_broken)
{
    struct sim_station *station = calloc(1, sizeof *station);
    struct stn_store_options options = {.dir = dir, .clock = clock, .map_bytes_first = 1 << 20};
    struct cm_err err = CM_ERR_INIT;
    sim_process(process);
    *ret_broken = false;
    station->process = process;
    station->clock = clock;
    if (cm_zone_open("Asia/Kolkata", &station->zone, &err) == CM_OK &&
        stn_store_open(&options, &station->store, &err) == CM_OK && start_client(station, &err) &&
        !sim_is_dead(process)) {
        *ret_station = station;
        return true;
    }
    *ret_broken = !sim_is_dead(process);
    if (*ret_broken)
        fprintf(stderr, "station %d does not start: %s\n", process, err.msg);
    sim_station_close(station);
    return false;
}

void sim_station_close(struct sim_station *station)
{
    if (station == NULL)
        return;
    sim_process(station->process);
    stn_sync_client_destroy(station->client);
    cm_keys_destroy(station->new_keys);
    stn_store_close(station->store);
    cm_zone_close(station->zone);
    free(station);
}

void sim_station_public_key(struct sim_station *station, uint8_t ret_key[32])
{
    memcpy(ret_key, stn_store_public_key(station->store), 32);
}

static struct stn_pairing make_pairing(const struct sim_station *station, const char *id, const char *token,
                                       const uint8_t server_key[32])
{
    struct stn_pairing pairing = {.url = "http://server", .paired_wall_ms = cm_wall_ms(station->clock)};
    snprintf(pairing.station_id, sizeof pairing.station_id, "%s", id);
    snprintf(pairing.token, sizeof pairing.token, "%s", token);
    memcpy(pairing.server_key, server_key, sizeof pairing.server_key);
    return pairing;
}

bool sim_station_pair(struct sim_station *station, const char *id, const char *token,
                      const uint8_t server_key[32])
{
    struct stn_pairing pairing = make_pairing(station, id, token, server_key);
    struct cm_err err = CM_ERR_INIT;
    sim_process(station->process);
    bool paired =
        stn_store_put_pairing(station->store, &pairing, NULL, &err) == CM_OK && start_client(station, &err);
    if (!paired && !sim_is_dead(station->process))
        fprintf(stderr, "pairing: %s\n", err.msg);
    return paired;
}

bool sim_station_new_key(struct sim_station *station, uint8_t ret_key[32])
{
    struct cm_err err = CM_ERR_INIT;
    sim_process(station->process);
    cm_keys_destroy(station->new_keys);
    station->new_keys = NULL;
    if (stn_store_new_keys(station->store, &station->new_keys, &err) != CM_OK) {
        fprintf(stderr, "renewal: %s\n", err.msg);
        return false;
    }
    memcpy(ret_key, cm_keys_public(station->new_keys), 32);
    return true;
}

bool sim_station_renew(struct sim_station *station, uint64_t first_seq, const char *id, const char *token,
                       const uint8_t server_key[32])
{
    struct stn_pairing pairing = make_pairing(station, id, token, server_key);
    struct stn_renewal renewal = {.new_keys = station->new_keys, .first_seq = first_seq, .pairing = &pairing};
    struct cm_err err = CM_ERR_INIT;
    uint64_t events;
    sim_process(station->process);
    bool done =
        stn_store_renew(station->store, &renewal, &events, &err) == CM_OK && start_client(station, &err);
    if (!done && !sim_is_dead(station->process))
        fprintf(stderr, "renewal: %s\n", err.msg);
    return done;
}

/* ---- what happens at the door ---- */

struct roster {
    struct cm_student students[SIM_STUDENTS];
    int count;
};

static bool keep_student(void *arg, const struct cm_student *student)
{
    struct roster *roster = arg;
    if (roster->count < SIM_STUDENTS)
        roster->students[roster->count++] = *student;
    return true;
}

static enum cm_code mark(struct sim_station *station, const struct cm_student *student, struct cm_err *err)
{
    struct cm_mark mark = {.date = 20261123 + sim_draw(4),
                           .captured_wall_ms = cm_wall_ms(station->clock) - sim_draw(5000),
                           .clock_suspect = sim_happens(5),
                           .method = CM_METHOD_FACE,
                           .policy = "basic",
                           .live_reason = "blink",
                           .distance = 0.3f,
                           .margin = 0.2f,
                           .threshold = 0.5f};
    struct cm_roll_entry entry = {.date = mark.date,
                                  .status = CM_ROLL_PRESENT,
                                  .points = 10,
                                  .captured_wall_ms = mark.captured_wall_ms};
    memcpy(mark.student_id, student->id, sizeof mark.student_id);
    memcpy(mark.class_id, student->class_id, sizeof mark.class_id);
    memcpy(entry.student_id, student->id, sizeof entry.student_id);
    memcpy(entry.class_id, student->class_id, sizeof entry.class_id);
    return stn_store_append_mark(station->store, &mark, &entry, NULL, err);
}

static enum cm_code correct(struct sim_station *station, const struct cm_student *student, struct cm_err *err)
{
    struct cm_correction correction = {.date = 20261123 + sim_draw(4),
                                       .status = (enum cm_roll_status)(1 + sim_draw(4)),
                                       .by = "teacher",
                                       .reason = "was there",
                                       .corrected_wall_ms = cm_wall_ms(station->clock)};
    struct cm_roll_entry entry = {.date = correction.date, .status = correction.status};
    memcpy(correction.student_id, student->id, sizeof correction.student_id);
    memcpy(correction.class_id, student->class_id, sizeof correction.class_id);
    memcpy(entry.student_id, student->id, sizeof entry.student_id);
    memcpy(entry.class_id, student->class_id, sizeof entry.class_id);
    return stn_store_append_correction(station->store, &correction, &entry, NULL, err);
}

/* Now and then it is the face of somebody else: the server refuses that. */
static enum cm_code enrol(struct sim_station *station, const struct cm_student *student, struct cm_err *err)
{
    struct cm_template templates[3];
    int face = sim_happens(15) ? sim_draw(SIM_STUDENTS) : atoi(student->id + 1);
    int count = sim_enrol(face, student->id, cm_wall_ms(station->clock), templates);
    return stn_store_put_templates(station->store, student->id, templates, (size_t)count, &given, err);
}

static enum cm_code withdraw(struct sim_station *station, const struct cm_student *student, struct cm_err *err)
{
    struct cm_consent consent = {.state = CM_CONSENT_WITHDRAWN, .given_by = "Latha Nair"};
    memcpy(consent.student_id, student->id, sizeof consent.student_id);
    return stn_store_say_consents(station->store, &consent, 1, err);
}

/* A person closes a roll, opens it again, or says that there is no session. */
static enum cm_code say(struct sim_station *station, const struct cm_student *student, struct cm_err *err)
{
    struct cm_session_said said = {.date = 20261123 + sim_draw(4),
                                   .word = (enum cm_session_word)(1 + sim_draw(3)),
                                   .by = "teacher",
                                   .said_wall_ms = cm_wall_ms(station->clock)};
    memcpy(said.class_id, student->class_id, sizeof said.class_id);
    return stn_store_append_session(station->store, &said, err);
}

static enum cm_code note(struct sim_station *station, bool coverage, struct cm_err *err)
{
    int64_t now_ms = cm_wall_ms(station->clock);
    struct cm_coverage span = {.from_wall_ms = now_ms - 60000, .to_wall_ms = now_ms, .able = sim_happens(80)};
    struct cm_activity activity = {.kind = CM_ACTIVITY_UNKNOWN_FACE,
                                   .started_wall_ms = now_ms,
                                   .ended_wall_ms = now_ms,
                                   .distance = NAN};
    return coverage ? stn_store_append_coverage(station->store, &span, err)
                    : stn_store_append_activity(station->store, &activity, err);
}

const char *sim_station_edit(struct sim_station *station)
{
    static char text[300];
    struct roster roster = {.count = 0};
    struct cm_err err = CM_ERR_INIT;
    sim_process(station->process);
    int what = sim_draw(100), who = sim_draw(SIM_STUDENTS);
    stn_store_each_student(station->store, keep_student, &roster, NULL);
    const struct cm_student *student = &roster.students[roster.count > 0 ? who % roster.count : 0];
    const char *word = "note";
    enum cm_code code = CM_OK;
    if (what >= 96 && roster.count > 0)
        word = "say", code = say(station, student, &err);
    else if (what >= 85 || roster.count == 0)
        code = note(station, what % 2 == 0, &err);
    else if (what < 50)
        word = "mark", code = mark(station, student, &err);
    else if (what < 65)
        word = "correct", code = correct(station, student, &err);
    else if (what < 80)
        word = "enrol", code = enrol(station, student, &err);
    else if (what < 82)
        word = "withdraw consent", code = withdraw(station, student, &err);
    else
        word = "erase templates", code = stn_store_erase_templates(station->store, student->id, &err);
    if (code != CM_OK && code != CM_EXISTS && code != CM_NOTFOUND && !sim_is_dead(station->process))
        fprintf(stderr, "station %d could not write: %s\n", station->process, err.msg);
    snprintf(text, sizeof text, "%s %s: %s", word, student->id, cm_code_name(code));
    return text;
}

/* ---- sync ---- */

bool sim_station_next(struct sim_station *station, int channel, int64_t now_us,
                      struct sim_request *ret_request, int32_t *ret_timeout_ms)
{
    struct stn_sync_request request;
    sim_process(station->process);
    if (station->client == NULL ||
        !stn_sync_next(station->client, (enum stn_sync_channel)channel, now_of(station, now_us), &request))
        return false;
    *ret_request = (struct sim_request){.post = request.post, .size = request.size};
    snprintf(ret_request->path, sizeof ret_request->path, "%s", request.path);
    memcpy(ret_request->station_id, station->id, sizeof ret_request->station_id);
    ret_request->body = malloc(request.size + 1);
    if (request.size > 0)
        memcpy(ret_request->body, request.body, request.size);
    *ret_timeout_ms = request.stall_ms > 0 ? request.stall_ms : request.timeout_ms; /* no byte comes */
    return true;
}

int64_t sim_station_due_us(struct sim_station *station, int channel)
{
    return station->client != NULL ? stn_sync_due_us(station->client, (enum stn_sync_channel)channel)
                                   : INT64_MAX;
}

/* What a station's vision makes of the photo. */
static void compute(struct sim_station *station, const struct stn_sync_photo *photo)
{
    struct cm_template templates[3];
    int face = sim_happens(15) ? sim_draw(SIM_STUDENTS) : atoi(photo->student_id + 1);
    struct stn_sync_job_result result = {.ok = sim_happens(80), .reason = "ok", .quality = 0.5f};
    memcpy(result.job_id, photo->job_id, sizeof result.job_id);
    if (result.ok) {
        result.count = (size_t)sim_enrol(face, photo->student_id, cm_wall_ms(station->clock), templates);
        result.templates = templates;
    } else {
        snprintf(result.reason, sizeof result.reason, "no_face");
    }
    stn_sync_put_result(station->client, &result);
}

void sim_station_answer(struct sim_station *station, int channel, int64_t now_us,
                        const struct sim_reply *reply)
{
    struct stn_sync_answer answer = {.failure = reply->status == 0 ? STN_SYNC_AWAY : STN_SYNC_ANSWERED,
                                     .status = reply->status,
                                     .body = reply->body,
                                     .size = reply->size};
    struct stn_sync_effects effects;
    sim_process(station->process);
    stn_sync_answer(station->client, (enum stn_sync_channel)channel, &answer, now_of(station, now_us),
                    &effects);
    if (effects.photo && !sim_is_dead(station->process))
        compute(station, &effects.job);
}

/* Nothing is left to do; a long poll under way is no work. */
bool sim_station_idle(struct sim_station *station)
{
    if (station->client == NULL)
        return true;
    const struct stn_sync_status *status = stn_sync_status(station->client);
    return status->trouble == STN_SYNC_FINE && status->caught_up && status->waiting == 0 &&
           status->uploads_waiting == 0;
}

bool sim_station_forked(struct sim_station *station, uint64_t *ret_seq)
{
    if (station->client == NULL)
        return false;
    const struct stn_sync_status *status = stn_sync_status(station->client);
    *ret_seq = status->forked_seq;
    return status->trouble == STN_SYNC_FORKED;
}

/* ---- to compare ---- */

static bool view_class(void *arg, const struct cm_class *class_)
{
    sim_view_class(arg, class_);
    return true;
}

struct viewing {
    const char *served;
    struct cm_buf *view;
    size_t left_out;
};

static bool is_left_out(const struct viewing *viewing, const char *student_id)
{
    char line[CM_ID_SIZE + 16];
    snprintf(line, sizeof line, "student %s ", student_id);
    return viewing->served != NULL && strstr(viewing->served, line) == NULL;
}

static bool view_student(void *arg, const struct cm_student *student)
{
    struct viewing *viewing = arg;
    if (is_left_out(viewing, student->id))
        viewing->left_out++;
    else
        sim_view_student(viewing->view, student);
    return true;
}

static bool view_template(void *arg, const struct cm_template *template_)
{
    struct viewing *viewing = arg;
    if (!is_left_out(viewing, template_->student_id))
        sim_view_template(viewing->view, template_);
    return true;
}

/* ---- rolls ---- */

struct roll_lines {
    struct stn_roll_line lines[SIM_STUDENTS + 8];
    int count;
};

static bool keep_line(void *arg, const struct stn_roll_line *line)
{
    struct roll_lines *lines = arg;
    if (line->status != CM_ROLL_NONE && lines->count < SIM_STUDENTS + 8)
        lines->lines[lines->count++] = *line;
    return true;
}

static void view_roll(struct sim_station *station, const struct cm_class *class_, int32_t date,
                      struct cm_buf *view)
{
    struct roll_lines lines = {.count = 0};
    struct stn_session session;
    struct cm_err err = CM_ERR_INIT;
    if (stn_roll_read(station->store, station->zone, class_, date, keep_line, &lines, &session, &err) !=
        CM_OK) {
        cm_buf_appendf(view, "the roll of %s on %d: %s\n", class_->id, (int)date, err.msg);
        return;
    }
    sim_view_session(view, class_->id, date, (int)session.verdict, (int)session.word.word);
    for (int i = 0; i < lines.count; i++) {
        const struct stn_roll_line *line = &lines.lines[i];
        sim_view_line(view, line->student_id, line->status, line->points, line->standing.points,
                      line->standing.now.streak);
    }
}

struct class_list {
    struct cm_class classes[SIM_CLASSES];
    int count;
};

static bool keep_class(void *arg, const struct cm_class *class_)
{
    struct class_list *list = arg;
    list->classes[list->count++] = *class_;
    return list->count < SIM_CLASSES;
}

static void view_rolls(struct sim_station *station, struct cm_buf *view)
{
    struct class_list list = {.count = 0};
    stn_store_each_class(station->store, keep_class, &list, NULL);
    for (int i = 0; i < list.count; i++)
        for (int32_t date = SIM_ROLL_FIRST; date <= SIM_ROLL_LAST; date++)
            view_roll(station, &list.classes[i], date, view);
}

void sim_station_view(struct sim_station *station, const char *served, struct cm_buf *view)
{
    struct viewing viewing = {served, view, 0};
    size_t damaged = 0, own = 0;
    sim_process(station->process);
    stn_store_each_class(station->store, view_class, view, NULL);
    stn_store_each_student(station->store, view_student, &viewing, NULL);
    stn_store_each_template(station->store, view_template, &viewing, &damaged, NULL);
    view_rolls(station, view);
    stn_store_count_own_students(station->store, &own, NULL);
    if (own != viewing.left_out)
        cm_buf_appendf(view, "%zu students of its own, but %zu that are not the server's\n", own,
                       viewing.left_out);
    if (damaged > 0)
        cm_buf_appendf(view, "%zu templates do not open\n", damaged);
}

struct facts {
    sim_fact_fn *visit;
    void *arg;
    const char *id;
};

static bool visit_fact(void *arg, const struct cm_event *event)
{
    struct facts *facts = arg;
    struct sim_fact fact = {.type = (int)event->type, .seq = event->seq, .wall_ms = event->wall_ms};
    memcpy(fact.id, event->id, sizeof fact.id);
    sim_fact_of(&fact, event);
    facts->visit(facts->arg, facts->id, &fact);
    return true;
}

void sim_station_each_fact(struct sim_station *station, uint64_t first_seq, sim_fact_fn *visit, void *arg)
{
    struct facts facts = {visit, arg, station->id};
    sim_process(station->process);
    stn_store_each_event(station->store, first_seq, visit_fact, &facts, NULL);
}

bool sim_station_check(struct sim_station *station)
{
    struct cm_err err = CM_ERR_INIT;
    uint64_t events;
    sim_process(station->process);
    if (stn_store_check(station->store, &events, &err) == CM_OK)
        return true;
    fprintf(stderr, "station %d: %s\n", station->process, err.msg);
    return false;
}

void sim_station_describe(struct sim_station *station, char *text, size_t size)
{
    if (station->client == NULL) {
        snprintf(text, size, "not paired");
        return;
    }
    const struct stn_sync_status *status = stn_sync_status(station->client);
    snprintf(text, size, "%s (%s), events %llu, acknowledged %llu, uploads waiting %zu, refused %zu",
             stn_sync_trouble_name(status->trouble), status->text, (unsigned long long)status->last_seq,
             (unsigned long long)status->acked_seq, status->uploads_waiting, status->uploads_refused);
}
