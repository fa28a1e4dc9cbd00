/* What a person at the station wants, done on the engine thread and answered by events. */
#include "engine/engine_private.h"

#include "base/log.h"
#include "store/store_roll.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void engine_answer(struct stn_engine *engine, uint32_t number, bool done, const char *text)
{
    struct stn_event event = {.kind = STN_EV_ANSWER, .u.answer = {.number = number, .done = done}};
    snprintf(event.u.answer.text, sizeof event.u.answer.text, "%s", text);
    engine_publish(engine, &event);
}

/* ---- the roll as a list ---- */

struct choice { /* of a class among those that are here, in order of id */
    const char *wanted;
    bool next, found, take_this;
    int count, index;
    struct cm_class class_, first;
};

static bool choose(void *arg, const struct cm_class *class_)
{
    struct choice *choice = arg;
    if (choice->count == 0)
        choice->first = *class_;
    bool this_one = choice->take_this || (strcmp(class_->id, choice->wanted) == 0 && !choice->next);
    if (!choice->found && this_one) {
        choice->found = true;
        choice->class_ = *class_;
        choice->index = choice->count;
    }
    choice->take_this = choice->next && !choice->found && strcmp(class_->id, choice->wanted) == 0;
    choice->count++;
    return true;
}

/* The wanted class, or the one after it; else the first. False: there is none. */
static bool find_class(struct stn_engine *engine, const struct stn_request *request, struct choice *ret)
{
    const char *wanted = request->u.roll.class_id[0] != '\0' ? request->u.roll.class_id : engine->class_id;
    *ret = (struct choice){.wanted = wanted, .next = request->u.roll.next};
    stn_store_each_class(engine->options.store, choose, ret, NULL);
    if (!ret->found)
        ret->class_ = ret->first;
    return ret->count > 0;
}

static void local_time(const struct stn_engine *engine, int64_t wall_ms, char ret[CM_MINUTE_TEXT_SIZE])
{
    cm_minute_text(cm_zone_local(engine->options.zone, wall_ms).minute, ret);
}

struct lines { /* of a roll; reading it and the rest of the store at once is not allowed */
    struct stn_roll_line *list;
    size_t count, room;
    bool full; /* no memory for more */
};

static bool collect_line(void *arg, const struct stn_roll_line *line)
{
    struct lines *lines = arg;
    if (lines->count == lines->room) {
        size_t room = lines->room > 0 ? lines->room * 2 : 64;
        struct stn_roll_line *list = realloc(lines->list, room * sizeof *list);
        lines->full = list == NULL;
        if (list == NULL)
            return false;
        lines->list = list;
        lines->room = room;
    }
    lines->list[lines->count++] = *line;
    return true;
}

static void describe_session(struct stn_engine *engine, const struct stn_session *session,
                             struct stn_ev_roll_page *page)
{
    const struct cm_session *times = &session->day.times;
    page->session = session->day.kind == CM_DAY_SCHOOL;
    page->word = session->word.word;
    page->closed = session->verdict == CM_VERDICT_CLOSED;
    snprintf(page->word_by, sizeof page->word_by, "%s", session->word.by);
    cm_date_short(times->date, page->day);
    local_time(engine, times->start_wall_ms, page->start);
    local_time(engine, times->close_wall_ms, page->close);
}

static bool take_method(void *arg, const struct cm_event *event)
{
    if (event->type == CM_EVENT_MARK)
        *(enum cm_method *)arg = event->body.mark.method;
    return false;
}

static void fill_row(struct stn_engine *engine, const struct stn_roll_line *line, struct stn_roll_row *row)
{
    struct cm_student student;
    memset(row, 0, sizeof *row);
    snprintf(row->student_id, sizeof row->student_id, "%s", line->student_id);
    if (stn_store_get_student(engine->options.store, line->student_id, &student, NULL) == CM_OK)
        snprintf(row->name, sizeof row->name, "%s", student.name);
    row->status = line->status;
    row->corrected = line->evidence.has_correction;
    if (line->evidence.has_mark) {
        row->captured_wall_ms = line->evidence.captured_wall_ms;
        local_time(engine, row->captured_wall_ms, row->time);
    }
    if (line->mark_seq != 0)
        stn_store_each_event(engine->options.store, line->mark_seq, take_method, &row->method, NULL);
}

static void publish_pages(struct stn_engine *engine, const struct lines *lines, struct stn_event *event)
{
    struct stn_ev_roll_page *page = &event->u.roll_page;
    page->total = (int)lines->count;
    do { /* an empty roll is a page too */
        page->count = 0;
        for (; page->count < STN_ROLL_PAGE_ROWS && page->first + page->count < page->total; page->count++)
            fill_row(engine, &lines->list[page->first + page->count], &page->rows[page->count]);
        engine_publish(engine, event);
        page->first += page->count;
    } while (page->first < page->total);
}

static enum cm_code read_roll(struct stn_engine *engine, const struct cm_class *class_, struct lines *lines,
                              struct stn_ev_roll_page *page, struct cm_err *err)
{
    struct cm_session now;
    struct stn_session session;
    int64_t wall_ms = engine_wall_ms(engine);
    enum cm_code code = stn_marking_session(&engine->marking, class_, wall_ms, &now, &page->open, err);
    if (code != CM_OK)
        return code;
    page->date = now.date;
    page->now = stn_marking_now(&engine->marking, class_, wall_ms);
    code = stn_roll_read(engine->options.store, engine->options.zone, class_, page->date, collect_line, lines,
                         &session, err);
    if (code == CM_OK && lines->full)
        return cm_fail(err, CM_NOMEM, "not enough memory for the roll");
    if (code == CM_OK)
        describe_session(engine, &session, page);
    return code;
}

static void list_roll(struct stn_engine *engine, const struct stn_request *request)
{
    struct choice choice;
    struct lines lines = {0};
    struct cm_err err = CM_ERR_INIT;
    if (!find_class(engine, request, &choice)) {
        engine_answer(engine, request->number, false,
                      "no classes yet: rollcall-station roster import FILE.csv");
        return;
    }
    struct stn_event event = {.kind = STN_EV_ROLL_PAGE};
    struct stn_ev_roll_page *page = &event.u.roll_page;
    page->number = request->number;
    snprintf(page->class_id, sizeof page->class_id, "%s", choice.class_.id);
    page->class_index = choice.index;
    page->class_count = choice.count;
    enum cm_code code = read_roll(engine, &choice.class_, &lines, page, &err);
    engine_store_result(engine, STORE_READ, code, &err);
    if (code == CM_OK)
        publish_pages(engine, &lines, &event);
    engine_answer(engine, request->number, code == CM_OK, err.msg);
    free(lines.list);
}

/* ---- a student's status ---- */

/* Present now, seen by a person: a mark, when it says that. */
static void tick(struct stn_engine *engine, const struct stn_request *request)
{
    struct stn_event event = {.kind = STN_EV_MARKED};
    struct stn_ev_marked *marked = &event.u.marked;
    struct cm_class class_;
    struct cm_err err = CM_ERR_INIT;
    struct stn_claim claim = stn_claim_without_face(CM_METHOD_MANUAL, cm_wall_ms(engine->options.clock),
                                                    engine->clock_watch.suspect);
    claim.by = request->u.status.by;
    if (stn_store_get_class(engine->options.store, request->u.status.class_id, &class_, &err) != CM_OK ||
        stn_marking_now(&engine->marking, &class_, claim.captured_wall_ms) != CM_ROLL_PRESENT) {
        engine_answer(engine, request->number, false,
                      "a mark of now would not say \"present\": give a reason");
        return;
    }
    switch (stn_marking_mark(&engine->marking, request->u.status.student_id, &claim, marked, &err)) {
    case STN_MARKING_MARKED:
        engine_store_result(engine, STORE_MARK, CM_OK, &err);
        engine_publish(engine, &event);
        engine_update_roll(engine, false);
        engine_answer(engine, request->number, true, cm_roll_status_name(marked->status));
        return;
    case STN_MARKING_ALREADY:
        engine_answer(engine, request->number, false, "there is a mark already: give a reason to change it");
        return;
    case STN_MARKING_FAILED:
        engine_store_result(engine, STORE_MARK, err.code, &err);
        break;
    case STN_MARKING_NO_SESSION:
        break;
    }
    engine_answer(engine, request->number, false, err.msg);
}

static void correct(struct stn_engine *engine, const struct stn_request *request)
{
    struct cm_correction correction = {.date = request->u.status.date,
                                       .status = request->u.status.status,
                                       .corrected_wall_ms = cm_wall_ms(engine->options.clock)};
    struct cm_roll_entry entry = {0};
    struct cm_err err = CM_ERR_INIT;
    snprintf(correction.student_id, sizeof correction.student_id, "%s", request->u.status.student_id);
    snprintf(correction.class_id, sizeof correction.class_id, "%s", request->u.status.class_id);
    snprintf(correction.by, sizeof correction.by, "%s", request->u.status.by);
    snprintf(correction.reason, sizeof correction.reason, "%s", request->u.status.reason);
    enum cm_code code = stn_marking_correct(&engine->marking, &correction, &entry, &err);
    if (code != CM_NOTFOUND && code != CM_INVALID) /* those are no trouble of the store's */
        engine_store_result(engine, STORE_MARK, code, &err);
    if (code != CM_OK) {
        engine_answer(engine, request->number, false, err.msg);
        return;
    }
    engine_update_roll(engine, false);
    bool stands = entry.status == correction.status;
    engine_answer(engine, request->number, true,
                  stands ? cm_roll_status_name(entry.status) : "recorded, but a later correction stands");
}

static void set_status(struct stn_engine *engine, const struct stn_request *request)
{
    if (request->u.status.by[0] == '\0')
        engine_answer(engine, request->number, false, "say who you are");
    else if (request->u.status.status == CM_ROLL_PRESENT && request->u.status.reason[0] == '\0')
        tick(engine, request);
    else if (request->u.status.reason[0] == '\0')
        engine_answer(engine, request->number, false, "say why");
    else
        correct(engine, request);
}

/* ---- the session ---- */

static void say_session(struct stn_engine *engine, const struct stn_request *request)
{
    static const char *const words[] = {[CM_WORD_CLOSED] = "the roll is closed",
                                        [CM_WORD_REOPENED] = "the roll is open again",
                                        [CM_WORD_NO_SESSION] = "there is no session today"};
    struct cm_session_said said = {.date = request->u.session.date,
                                   .word = request->u.session.word,
                                   .said_wall_ms = cm_wall_ms(engine->options.clock)};
    struct stn_session session;
    struct cm_err err = CM_ERR_INIT;
    if (request->u.session.by[0] == '\0') {
        engine_answer(engine, request->number, false, "say who you are");
        return;
    }
    snprintf(said.class_id, sizeof said.class_id, "%s", request->u.session.class_id);
    snprintf(said.by, sizeof said.by, "%s", request->u.session.by);
    snprintf(said.reason, sizeof said.reason, "%s", request->u.session.reason);
    enum cm_code code = stn_marking_say(&engine->marking, &said, &session, &err);
    if (code != CM_INVALID) /* that is no trouble of the store's */
        engine_store_result(engine, STORE_MARK, code, &err);
    if (code != CM_OK) {
        engine_answer(engine, request->number, false, err.msg);
        return;
    }
    engine_update_roll(engine, false);
    engine_answer(engine, request->number, true,
                  session.word.word == said.word ? words[said.word] : "recorded, but a later word stands");
}

void engine_request(struct stn_engine *engine, struct stn_request *request)
{
    switch (request->kind) {
    case STN_REQ_ROLL:
        list_roll(engine, request);
        break;
    case STN_REQ_STATUS:
        set_status(engine, request);
        break;
    case STN_REQ_SESSION:
        say_session(engine, request);
        break;
    case STN_REQ_PIN:
        engine_pin(engine, request->number, request->u.pin.student_id, request->u.pin.pin);
        break;
    }
    explicit_bzero(request, sizeof *request);
}
