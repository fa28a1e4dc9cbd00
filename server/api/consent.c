/* POST /api/students/:id/consent, POST /api/consents */
#include "api/consent.h"

#include "api/handlers.h"
#include "api/student.h"
#include "auth/auth.h"
#include "http_json/json.h"
#include "lane/rule.h"
#include "live/live.h"
#include "store/settings.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- a word of consent into the store ---- */

static bool same_words(const struct cm_consent *a, const struct cm_consent *b)
{
    return a->state == b->state && strcmp(a->given_by, b->given_by) == 0 &&
           strcmp(a->text_version, b->text_version) == 0 && strcmp(a->words, b->words) == 0;
}

struct latest {
    const struct cm_consent *said;
    int64_t counts_ms; /* the instant of the word that counts */
    bool same;
};

static bool compare_word(void *arg, const struct srv_feed_item *item)
{
    struct latest *latest = arg;
    const struct cm_consent *word = &item->event->body.consent;
    if (word->said_wall_ms == latest->counts_ms)
        latest->same = same_words(word, latest->said);
    return true;
}

static enum cm_code fill_text(struct srv_store *store, struct cm_consent *consent, struct cm_err *err)
{
    char value[SRV_SETTING_SIZE];
    if (consent->text_version[0] != '\0' || consent->state != CM_CONSENT_GIVEN)
        return CM_OK;
    enum cm_code code = srv_store_get_setting(store, SRV_SETTING_CONSENT_TEXT, value, err);
    if (code == CM_OK)
        snprintf(consent->text_version, sizeof consent->text_version, "%.31s", value);
    return code == CM_NOTFOUND ? CM_OK : code;
}

enum cm_code srv_consent_say(struct srv_store *store, const struct srv_student *student,
                             struct cm_event *event, bool *ret_changed, struct cm_err *err)
{
    struct cm_consent *consent = &event->body.consent;
    struct latest latest = {.said = consent, .counts_ms = student->base.consent_wall_ms};
    *ret_changed = false;
    enum cm_code code = fill_text(store, consent, err);
    if (code == CM_OK && student->base.consent == consent->state)
        code = srv_store_each_consent(store, student->base.id, compare_word, &latest, err);
    if (code != CM_OK || latest.same)
        return code;
    memcpy(consent->student_id, student->base.id, sizeof consent->student_id);
    consent->said_wall_ms = cm_consent_instant(event->wall_ms, student->base.consent_wall_ms);
    *ret_changed = true;
    return srv_store_append_own(store, event, NULL, err);
}

/* ---- what is said ---- */

struct consent_write {
    struct srv_call_write base;
    struct cm_event event;        /* what is said of each; ids follow */
    struct srv_identity who;      /* bulk: of whom he may speak */
    char class_id[CM_ID_SIZE];    /* bulk: everybody of it; "": those of the list */
    int count;                    /* of the list */
    char (*students)[CM_ID_SIZE]; /* SRV_CONSENTS_MAX */
    uint8_t (*ids)[16];           /* of the events, as many */
    int64_t changed, unchanged;   /* set by run */
    char class_now[CM_ID_SIZE];   /* set by run: of a single one */
};

static bool parse_state(const char *word, enum cm_consent_state *ret_state)
{
    for (int state = CM_CONSENT_GIVEN; state < CM_CONSENT_STATES; state++)
        if (strcmp(word, cm_consent_name((enum cm_consent_state)state)) == 0) {
            *ret_state = (enum cm_consent_state)state;
            return true;
        }
    return false;
}

enum { WORD_FIELDS = 4 };
#define LINE(name_, member_) .name = name_, .type = SRV_JSON_LINE, .ret = member_, .size = sizeof(member_)

/* The fields of both bodies, and `more` behind them. */
static bool read_words(struct srv_call *call, struct cm_consent *consent, const struct srv_json_field *more,
                       size_t more_count)
{
    char state[16] = "";
    struct srv_json_field fields[WORD_FIELDS + 2] = {
        {LINE("state", state), .required = true},
        {LINE("by", consent->given_by), .required = true, .min = 1},
        {LINE("text_version", consent->text_version), .nullable = true},
        {LINE("note", consent->words), .nullable = true},
    };
    for (size_t i = 0; i < more_count; i++)
        fields[WORD_FIELDS + i] = more[i];
    if (!srv_json_body(call, fields, WORD_FIELDS + more_count))
        return false;
    if (parse_state(state, &consent->state))
        return true;
    srv_json_invalid(call, "state", "the state is given, refused or withdrawn");
    return false;
}

static void name_of(const struct srv_identity *who, char ret_by[CM_NAME_SIZE])
{
    snprintf(ret_by, CM_NAME_SIZE, "%s", who->name[0] != '\0' ? who->name : who->user);
}

static void finish(struct srv_call_write *base)
{
    struct consent_write *write = (struct consent_write *)base;
    free(write->students);
    free(write->ids);
}

static struct consent_write *create(struct srv_call *call, srv_store_fn *run,
                                    void (*answer)(struct srv_call_write *))
{
    struct consent_write *write = srv_call_write_create(call, sizeof *write, run, answer);
    if (write == NULL)
        return NULL;
    write->base.finish = finish;
    write->who = *srv_call_identity(call);
    srv_api_stamp(write->base.app, CM_EVENT_CONSENT, &write->event);
    name_of(&write->who, write->event.body.consent.by);
    return write;
}

static void tell(const struct consent_write *write, const char *class_id)
{
    srv_live_changes(write->base.app->live);
    srv_live_changed(write->base.app->live, "students", class_id, NULL);
}

/* ---- one student ---- */

static enum cm_code run_one(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct consent_write *write = arg;
    struct srv_student student;
    struct cm_event event = write->event;
    bool changed;
    enum cm_code code = srv_store_get_student(store, event.body.consent.student_id, &student, err);
    if (code != CM_OK)
        return code;
    memcpy(write->class_now, student.base.class_id, sizeof write->class_now);
    return srv_consent_say(store, &student, &event, &changed, err);
}

static void answer_one(struct srv_call_write *base)
{
    const struct consent_write *write = (struct consent_write *)base;
    tell(write, write->class_now);
    srv_student_answer(base->call, 200, write->event.body.consent.student_id);
}

void srv_api_student_consent(struct srv_call *call)
{
    struct srv_student student;
    if (!srv_api_find_student(call, &student))
        return;
    struct consent_write *write = create(call, run_one, answer_one);
    if (write == NULL)
        return;
    struct cm_consent *consent = &write->event.body.consent;
    memcpy(consent->student_id, student.base.id, sizeof consent->student_id);
    if (read_words(call, consent, NULL, 0))
        srv_call_write_submit(&write->base);
    else
        srv_call_write_drop(&write->base);
}

/* ---- many ---- */

static enum cm_code say_of(struct srv_store *store, struct consent_write *write, int i, struct cm_err *err)
{
    struct srv_student student;
    struct cm_event event = write->event;
    bool changed;
    enum cm_code code = srv_store_get_student(store, write->students[i], &student, err);
    if (code != CM_OK)
        return code;
    memcpy(event.id, write->ids[i], sizeof event.id);
    code = srv_consent_say(store, &student, &event, &changed, err);
    write->changed += changed;
    write->unchanged += !changed;
    return code;
}

static bool add_student(void *arg, const struct srv_student *student)
{
    struct consent_write *write = arg;
    if (student->archived)
        return true;
    if (write->count == SRV_CONSENTS_MAX) {
        write->count++; /* too many */
        return false;
    }
    memcpy(write->students[write->count++], student->base.id, CM_ID_SIZE);
    return true;
}

static enum cm_code check_all(struct srv_store *store, struct consent_write *write, struct cm_err *err)
{
    struct srv_student student;
    for (int i = 0; i < write->count; i++)
        if (srv_store_get_student(store, write->students[i], &student, NULL) != CM_OK ||
            !srv_auth_sees_student(&write->who, &student)) {
            write->base.refusal = (struct srv_refusal){422, "invalid", "students"};
            return cm_fail(err, CM_INVALID, "there is no student %.60s", write->students[i]);
        }
    return CM_OK;
}

/* All or nothing: who is not there is found before the first word. */
static enum cm_code run_many(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct consent_write *write = arg;
    enum cm_code code = CM_OK;
    write->changed = write->unchanged = 0;
    if (write->class_id[0] != '\0') {
        write->count = 0;
        code = srv_store_each_student(store, write->class_id, "", add_student, write, err);
        if (code == CM_OK && write->count > SRV_CONSENTS_MAX)
            code = cm_fail(err, CM_INVALID, "the class has more than %d students", SRV_CONSENTS_MAX);
    }
    if (code == CM_OK)
        code = check_all(store, write, err);
    for (int i = 0; i < write->count && code == CM_OK; i++)
        code = say_of(store, write, i, err);
    return code;
}

static void answer_many(struct srv_call_write *base)
{
    const struct consent_write *write = (struct consent_write *)base;
    tell(write, write->class_id[0] != '\0' ? write->class_id : NULL);
    srv_json_answer(base->call, 200,
                    json_pack("{s:I, s:I}", "changed", (json_int_t)write->changed, "unchanged",
                              (json_int_t)write->unchanged));
}

static bool read_many(struct srv_call *call, struct consent_write *write)
{
    struct cm_class class_;
    const struct srv_json_field more[] = {
        {LINE("class_id", write->class_id), .min = 1},
        {.name = "students",
         .type = SRV_JSON_LINES,
         .ret = write->students,
         .size = CM_ID_SIZE,
         .max = SRV_CONSENTS_MAX,
         .ret_count = &write->count},
    };
    if (!read_words(call, &write->event.body.consent, more, 2))
        return false;
    if ((write->class_id[0] != '\0') == (write->count > 0)) {
        srv_json_invalid(call, "students", "say either which class or which students");
        return false;
    }
    return write->class_id[0] == '\0' || srv_api_find_class(call, write->class_id, &class_);
}

void srv_api_consents(struct srv_call *call)
{
    struct consent_write *write = create(call, run_many, answer_many);
    if (write == NULL)
        return;
    write->students = calloc(SRV_CONSENTS_MAX, sizeof *write->students);
    write->ids = calloc(SRV_CONSENTS_MAX, sizeof *write->ids);
    if (write->students == NULL || write->ids == NULL) {
        srv_answer_error(call, 503, "busy", "out of memory: try again");
        srv_call_write_drop(&write->base);
        return;
    }
    for (int i = 0; i < SRV_CONSENTS_MAX; i++) {
        struct cm_event event = {.version = 0};
        srv_api_stamp(write->base.app, CM_EVENT_CONSENT, &event);
        memcpy(write->ids[i], event.id, sizeof event.id);
    }
    if (read_many(call, write))
        srv_call_write_submit(&write->base);
    else
        srv_call_write_drop(&write->base);
}

/* ---- out ---- */

struct out {
    struct srv_reply *reply;
    const struct srv_app *app;
};

static bool put_word(void *arg, const struct srv_feed_item *item)
{
    const struct out *out = arg;
    const struct cm_consent *consent = &item->event->body.consent;
    srv_reply_begin(out->reply, NULL);
    srv_reply_text(out->reply, "state", cm_consent_name(consent->state));
    srv_reply_instant(out->reply, "at", out->app->zone, consent->said_wall_ms);
    srv_reply_words(out->reply, "by", consent->given_by);
    srv_reply_words(out->reply, "recorded_by", consent->by);
    srv_reply_words(out->reply, "station", item->station_id);
    srv_reply_words(out->reply, "text_version", consent->text_version);
    srv_reply_words(out->reply, "note", consent->words);
    srv_reply_end(out->reply);
    return true;
}

static enum cm_code put_lane(struct srv_reply *reply, const struct srv_app *app,
                             const struct srv_student *student, struct cm_err *err)
{
    struct cm_lane_facts facts;
    enum cm_code code = srv_consent_facts(app->store, student, &facts, err);
    enum cm_lane_reason reason = code == CM_OK ? cm_lane_card_open(&facts) : CM_LANE_CLOSED;
    srv_reply_bool(reply, "accommodation", student->base.accommodation);
    srv_reply_text(reply, "card_lane", cm_lane_reason_name(reason));
    return code;
}

enum cm_code srv_consent_facts(struct srv_store *store, const struct srv_student *student,
                               struct cm_lane_facts *ret_facts, struct cm_err *err)
{
    *ret_facts = (struct cm_lane_facts){.consent = student->base.consent,
                                        .consent_required = true,
                                        .has_templates = student->template_count > 0,
                                        .accommodation = student->base.accommodation};
    enum cm_code code =
        srv_setting_flag(store, SRV_SETTING_CONSENT_REQUIRED, true, &ret_facts->consent_required, err);
    return code == CM_OK
               ? srv_setting_flag(store, SRV_SETTING_CARD_FOR_ALL, false, &ret_facts->card_for_all, err)
               : code;
}

enum cm_code srv_consent_out(struct srv_reply *reply, const struct srv_app *app,
                             const struct srv_student *student, struct cm_err *err)
{
    struct out out = {reply, app};
    srv_reply_instant(reply, "consent_at", app->zone, student->base.consent_wall_ms);
    enum cm_code code = put_lane(reply, app, student, err);
    srv_reply_list(reply, "consent_history");
    if (code == CM_OK)
        code = srv_store_each_consent(app->store, student->base.id, put_word, &out, err);
    srv_reply_list_end(reply);
    return code;
}
