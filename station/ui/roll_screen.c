#include "ui/roll_screen.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct stn_request *stn_outbox_add(struct stn_outbox *outbox, enum stn_request_kind kind)
{
    if (outbox->count == STN_OUTBOX_MAX)
        return NULL;
    struct stn_request *request = &outbox->list[outbox->count++];
    memset(request, 0, sizeof *request);
    if (++outbox->last_number == 0) /* 0 says "none" */
        outbox->last_number = 1;
    request->kind = kind;
    request->number = outbox->last_number;
    return request;
}

__attribute__((format(printf, 3, 4))) static void say(struct stn_roll_screen *roll, enum stn_tone tone,
                                                      const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(roll->said, sizeof roll->said, format, args);
    va_end(args);
    roll->tone = tone;
}

static void copy(char *to, size_t size, const char *from)
{
    snprintf(to, size, "%s", from);
}

/* ---- what is shown ---- */

struct stn_roll_tally stn_roll_screen_count(const struct stn_roll_screen *roll)
{
    struct stn_roll_tally counts = {0};
    for (int i = 0; i < roll->count; i++)
        switch (roll->rows[i].status) {
        case CM_ROLL_NONE:
            counts.not_yet++;
            break;
        case CM_ROLL_PRESENT:
            counts.present++;
            break;
        case CM_ROLL_LATE:
            counts.late++;
            break;
        case CM_ROLL_EXCUSED:
            counts.excused++;
            break;
        case CM_ROLL_ABSENT:
            counts.absent++;
            break;
        case CM_ROLL_UNJUDGED:
            counts.unjudged++;
            break;
        case CM_ROLL_PENDING:
            counts.look++;
            break;
        }
    return counts;
}

bool stn_roll_screen_shows(const struct stn_roll_screen *roll, int index)
{
    enum cm_roll_status status = roll->rows[index].status;
    return !roll->not_yet_only || status == CM_ROLL_NONE || status == CM_ROLL_PENDING;
}

int stn_roll_screen_chosen(const struct stn_roll_screen *roll)
{
    for (int i = roll->chosen; i >= 0 && i < roll->count; i++) /* the next one, where it was filtered out */
        if (stn_roll_screen_shows(roll, i))
            return i;
    for (int i = roll->count - 1; i >= 0; i--)
        if (stn_roll_screen_shows(roll, i))
            return i;
    return -1;
}

static void move(struct stn_roll_screen *roll, int by)
{
    int at = stn_roll_screen_chosen(roll), step = by < 0 ? -1 : 1;
    if (at < 0)
        return;
    for (int i = at + step, left = by * step; i >= 0 && i < roll->count && left > 0; i += step)
        if (stn_roll_screen_shows(roll, i)) {
            at = i;
            left--;
        }
    roll->chosen = at;
}

/* ---- the list ---- */

void stn_roll_screen_outdate(struct stn_roll_screen *roll)
{
    roll->stale = true;
}

void stn_roll_screen_forget(struct stn_roll_screen *roll)
{
    roll->have = false;
    roll->stale = true;
    roll->count = roll->coming_count = 0;
    memset(roll->rows, 0, sizeof roll->rows);
    memset(roll->coming, 0, sizeof roll->coming);
    memset(&roll->done, 0, sizeof roll->done);
    roll->said[0] = '\0';
}

void stn_roll_screen_follow(struct stn_roll_screen *roll, struct stn_outbox *outbox, int64_t now_us)
{
    bool late = now_us - roll->asked_us >= STN_ROLL_REFRESH_US;
    if (roll->asked != 0 && late) /* an answer that does not come is not waited for */
        roll->asked = 0;
    if (roll->asked != 0 || !(roll->stale || !roll->have || late))
        return;
    struct stn_request *request = stn_outbox_add(outbox, STN_REQ_ROLL);
    if (request == NULL)
        return;
    copy(request->u.roll.class_id, sizeof request->u.roll.class_id, roll->head.class_id);
    request->u.roll.next = roll->next_class;
    roll->asked = request->number;
    roll->asked_us = now_us;
    roll->stale = roll->next_class = false;
    roll->coming_count = 0;
}

/* The whole list at once, when its last page is there: half a list would be a lie. */
static void take_list(struct stn_roll_screen *roll, const struct stn_ev_roll_page *page)
{
    char chosen[CM_ID_SIZE] = "";
    int at = stn_roll_screen_chosen(roll);
    bool same_class = strcmp(roll->head.class_id, page->class_id) == 0;
    if (at >= 0 && same_class)
        copy(chosen, sizeof chosen, roll->rows[at].student_id);
    roll->head = *page;
    memset(roll->head.rows, 0, sizeof roll->head.rows);
    memcpy(roll->rows, roll->coming, sizeof roll->rows);
    roll->count = roll->coming_count;
    roll->have = true;
    roll->chosen = same_class ? roll->chosen : 0;
    for (int i = 0; i < roll->count && chosen[0] != '\0'; i++)
        if (strcmp(roll->rows[i].student_id, chosen) == 0)
            roll->chosen = i;
}

void stn_roll_screen_page(struct stn_roll_screen *roll, const struct stn_ev_roll_page *page)
{
    if (page->number != roll->asked || page->first != roll->coming_count || page->count < 0 ||
        page->count > STN_ROLL_PAGE_ROWS)
        return;
    for (int i = 0; i < page->count && roll->coming_count < STN_ROLL_MAX; i++)
        roll->coming[roll->coming_count++] = page->rows[i];
    if (page->first + page->count >= page->total || roll->coming_count == STN_ROLL_MAX)
        take_list(roll, page);
}

/* ---- wishes ---- */

static const char *status_words(enum cm_roll_status status)
{
    return status == CM_ROLL_NONE ? "not yet seen" : cm_roll_status_name(status);
}

static void send_wish(struct stn_roll_screen *roll, struct stn_outbox *outbox)
{
    struct stn_request *request = stn_outbox_add(outbox, roll->wish.kind);
    if (request == NULL) {
        say(roll, STN_TONE_WARN, "too much at once: try again");
        stn_roll_screen_give_up(roll);
        return;
    }
    request->u = roll->wish.u;
    if (request->kind == STN_REQ_STATUS)
        copy(request->u.status.by, sizeof request->u.status.by, roll->by);
    else
        copy(request->u.session.by, sizeof request->u.session.by, roll->by);
    roll->sent = request->number;
    say(roll, STN_TONE_WAIT, "saving");
    memset(&roll->wish, 0, sizeof roll->wish);
    roll->sure = roll->asks = false;
}

static bool wants_reason(const struct stn_roll_screen *roll)
{
    const struct stn_request *wish = &roll->wish;
    if (wish->kind == STN_REQ_SESSION)
        return wish->u.session.reason[0] == '\0' && wish->u.session.word != CM_WORD_CLOSED;
    int at = stn_roll_screen_chosen(roll);
    bool tick = wish->u.status.status == CM_ROLL_PRESENT && roll->head.now == CM_ROLL_PRESENT && at >= 0 &&
                roll->rows[at].status == CM_ROLL_NONE && !roll->rows[at].corrected;
    return wish->u.status.reason[0] == '\0' && !tick;
}

/* Asks for what the wish lacks; sends it when it lacks nothing. */
static void go_on(struct stn_roll_screen *roll, struct stn_entry *entry, struct stn_outbox *outbox)
{
    bool session = roll->wish.kind == STN_REQ_SESSION;
    roll->asks = false;
    stn_entry_close(entry);
    if (roll->by[0] == '\0')
        stn_entry_open(entry, STN_ENTRY_NAME);
    else if (wants_reason(roll))
        stn_entry_open(entry, STN_ENTRY_REASON);
    else if (session && !roll->sure && roll->wish.u.session.word == CM_WORD_NO_SESSION)
        stn_entry_open(entry, STN_ENTRY_CONFIRM);
    else if (session && !roll->sure)
        roll->asks = true;
    else
        send_wish(roll, outbox);
}

void stn_roll_screen_give_up(struct stn_roll_screen *roll)
{
    memset(&roll->wish, 0, sizeof roll->wish);
    roll->sure = roll->asks = false;
}

/* False: nothing may be begun now, and it was said. */
static bool may_begin(struct stn_roll_screen *roll)
{
    if (roll->sent != 0)
        say(roll, STN_TONE_WAIT, "one moment: the last change is being saved");
    else if (!roll->have)
        say(roll, STN_TONE_WAIT, "one moment: the roll is being read");
    else
        return true;
    return false;
}

static void begin_status(struct stn_roll_screen *roll, enum cm_roll_status status, struct stn_entry *entry,
                         struct stn_outbox *outbox)
{
    int at = stn_roll_screen_chosen(roll);
    if (!may_begin(roll))
        return;
    if (at < 0) {
        say(roll, STN_TONE_PLAIN, "nobody is chosen");
        return;
    }
    const struct stn_roll_row *row = &roll->rows[at];
    if (row->status == status) {
        say(roll, STN_TONE_PLAIN, "%s is %s already", row->name, status_words(status));
        return;
    }
    roll->chosen = at;
    roll->said[0] = '\0';
    roll->wish.kind = STN_REQ_STATUS;
    roll->wish.u.status.status = status;
    roll->wish.u.status.date = roll->head.date;
    copy(roll->wish.u.status.student_id, sizeof roll->wish.u.status.student_id, row->student_id);
    copy(roll->wish.u.status.class_id, sizeof roll->wish.u.status.class_id, roll->head.class_id);
    roll->doing = (struct stn_roll_change){.any = true, .date = roll->head.date, .before = row->status};
    copy(roll->doing.student_id, sizeof roll->doing.student_id, row->student_id);
    copy(roll->doing.name, sizeof roll->doing.name, row->name);
    copy(roll->doing.class_id, sizeof roll->doing.class_id, roll->head.class_id);
    go_on(roll, entry, outbox);
}

static void begin_undo(struct stn_roll_screen *roll, struct stn_entry *entry, struct stn_outbox *outbox)
{
    const struct stn_roll_change *done = &roll->done;
    if (!may_begin(roll))
        return;
    if (!done->any) {
        say(roll, STN_TONE_PLAIN, "there is nothing of yours to undo");
        return;
    }
    roll->wish.kind = STN_REQ_STATUS;
    roll->wish.u.status.status = done->before;
    roll->wish.u.status.date = done->date;
    copy(roll->wish.u.status.student_id, sizeof roll->wish.u.status.student_id, done->student_id);
    copy(roll->wish.u.status.class_id, sizeof roll->wish.u.status.class_id, done->class_id);
    copy(roll->wish.u.status.reason, sizeof roll->wish.u.status.reason, "undone: it was a mistake");
    roll->doing = (struct stn_roll_change){.any = false};
    copy(roll->doing.name, sizeof roll->doing.name, done->name);
    go_on(roll, entry, outbox);
}

static void begin_session(struct stn_roll_screen *roll, enum cm_session_word word, struct stn_entry *entry,
                          struct stn_outbox *outbox)
{
    enum cm_session_word said = roll->head.word;
    bool settled = roll->head.closed || said == CM_WORD_NO_SESSION;
    if (!may_begin(roll))
        return;
    if (word == CM_WORD_REOPENED && !settled) {
        say(roll, STN_TONE_PLAIN, "the roll is open");
        return;
    }
    if (word == CM_WORD_CLOSED && roll->head.closed && said != CM_WORD_CLOSED) {
        say(roll, STN_TONE_PLAIN, "the roll closed by itself: o opens it again");
        return;
    }
    if (word == said) {
        say(roll, STN_TONE_PLAIN, "%s said so already: o opens it again", roll->head.word_by);
        return;
    }
    if (word == CM_WORD_CLOSED && !roll->head.session) {
        say(roll, STN_TONE_PLAIN, "%s has no session today", roll->head.class_id);
        return;
    }
    roll->said[0] = '\0';
    roll->wish.kind = STN_REQ_SESSION;
    roll->wish.u.session.word = word;
    roll->wish.u.session.date = roll->head.date;
    copy(roll->wish.u.session.class_id, sizeof roll->wish.u.session.class_id, roll->head.class_id);
    roll->doing = (struct stn_roll_change){.any = false};
    go_on(roll, entry, outbox);
}

/* ---- answers ---- */

bool stn_roll_screen_answer(struct stn_roll_screen *roll, const struct stn_ev_answer *answer)
{
    if (answer->number == 0)
        return false;
    if (answer->number == roll->asked) {
        roll->asked = 0;
        if (!answer->done)
            say(roll, STN_TONE_WARN, "%s", answer->text);
        return true;
    }
    if (answer->number != roll->sent)
        return false;
    roll->sent = 0;
    roll->stale = true;
    if (answer->done) {
        roll->done = roll->doing;
        if (roll->doing.name[0] != '\0')
            say(roll, STN_TONE_OK, "%s: %s", roll->doing.name, answer->text);
        else
            say(roll, STN_TONE_OK, "%s", answer->text);
    } else {
        say(roll, STN_TONE_BAD, "not saved: %s", answer->text);
    }
    memset(&roll->doing, 0, sizeof roll->doing);
    return true;
}

/* ---- keys ---- */

enum { PAGE = 10 };

void stn_roll_screen_act(struct stn_roll_screen *roll, enum stn_ui_action action, struct stn_entry *entry,
                         struct stn_outbox *outbox)
{
    switch (action) {
    case STN_UI_ACTION_UP:
        move(roll, -1);
        break;
    case STN_UI_ACTION_DOWN:
        move(roll, 1);
        break;
    case STN_UI_ACTION_PAGE_UP:
        move(roll, -PAGE);
        break;
    case STN_UI_ACTION_PAGE_DOWN:
        move(roll, PAGE);
        break;
    case STN_UI_ACTION_FILTER:
        roll->not_yet_only = !roll->not_yet_only;
        break;
    case STN_UI_ACTION_PRESENT:
        begin_status(roll, CM_ROLL_PRESENT, entry, outbox);
        break;
    case STN_UI_ACTION_LATE:
        begin_status(roll, CM_ROLL_LATE, entry, outbox);
        break;
    case STN_UI_ACTION_EXCUSED:
        begin_status(roll, CM_ROLL_EXCUSED, entry, outbox);
        break;
    case STN_UI_ACTION_ABSENT:
        begin_status(roll, CM_ROLL_ABSENT, entry, outbox);
        break;
    case STN_UI_ACTION_UNDO:
        begin_undo(roll, entry, outbox);
        break;
    case STN_UI_ACTION_CLOSE_ROLL:
        begin_session(roll, CM_WORD_CLOSED, entry, outbox);
        break;
    case STN_UI_ACTION_NO_SESSION:
        begin_session(roll, CM_WORD_NO_SESSION, entry, outbox);
        break;
    case STN_UI_ACTION_REOPEN:
        begin_session(roll, CM_WORD_REOPENED, entry, outbox);
        break;
    case STN_UI_ACTION_YES:
        roll->sure = true;
        go_on(roll, entry, outbox);
        break;
    case STN_UI_ACTION_NEXT_CLASS:
        roll->stale = roll->next_class = true;
        break;
    case STN_UI_ACTION_WHO:
        stn_entry_open(entry, STN_ENTRY_NAME);
        break;
    default:
        break;
    }
}

void stn_roll_screen_entered(struct stn_roll_screen *roll, struct stn_entry *entry, struct stn_outbox *outbox)
{
    const char *text = entry->text[0];
    if (text[0] == '\0') {
        snprintf(entry->said, sizeof entry->said, "%s",
                 entry->kind == STN_ENTRY_NAME ? "a name, please" : "some words, please");
        return;
    }
    if (entry->kind == STN_ENTRY_CONFIRM && strcmp(text, roll->head.class_id) != 0) {
        snprintf(entry->said, sizeof entry->said, "that is not %.60s", roll->head.class_id);
        return;
    }
    if (entry->kind == STN_ENTRY_NAME)
        copy(roll->by, sizeof roll->by, text);
    else if (entry->kind == STN_ENTRY_CONFIRM)
        roll->sure = true;
    else if (roll->wish.kind == STN_REQ_STATUS)
        copy(roll->wish.u.status.reason, sizeof roll->wish.u.status.reason, text);
    else
        copy(roll->wish.u.session.reason, sizeof roll->wish.u.session.reason, text);
    if (roll->wish.kind != 0)
        go_on(roll, entry, outbox);
    else
        stn_entry_close(entry);
}
