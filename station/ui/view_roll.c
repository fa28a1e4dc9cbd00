/* The roll and what is typed or asked on top of it, as words. */
#include "ui/view.h"

#include "ui/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct look { /* of a status; the shapes differ without colour */
    const char *shape, *words, *counted;
    enum stn_tone tone;
} looks[] = {
    [CM_ROLL_NONE] = {"…", "not yet", "not yet", STN_TONE_WAIT},
    [CM_ROLL_PRESENT] = {"✓", "present", "present", STN_TONE_OK},
    [CM_ROLL_LATE] = {"!", "late", "late", STN_TONE_WARN},
    [CM_ROLL_EXCUSED] = {"–", "excused", "excused", STN_TONE_PLAIN},
    [CM_ROLL_ABSENT] = {"✗", "absent", "absent", STN_TONE_BAD},
    [CM_ROLL_UNJUDGED] = {"?", "not judged", "not judged", STN_TONE_UNKNOWN},
    [CM_ROLL_PENDING] = {"?", "please look", "please look", STN_TONE_UNKNOWN},
};

static void build_row(const struct stn_roll_row *row, struct stn_view_row *out)
{
    const struct look *look = &looks[row->status];
    out->tone = look->tone;
    out->shape = look->shape;
    snprintf(out->id, sizeof out->id, "%s", row->student_id);
    snprintf(out->name, sizeof out->name, "%s", row->name[0] ? row->name : row->student_id);
    bool by_mark =
        row->time[0] && !row->corrected && (row->status == CM_ROLL_PRESENT || row->status == CM_ROLL_LATE);
    if (by_mark)
        snprintf(out->status, sizeof out->status, "%.5s%s%s %s", row->time,
                 row->status == CM_ROLL_PRESENT ? "" : " ", row->status == CM_ROLL_PRESENT ? "" : look->words,
                 row->method != 0 ? cm_method_name(row->method) : "");
    else
        snprintf(out->status, sizeof out->status, "%s", look->words);
}

static void add_count(struct stn_view *view, enum cm_roll_status status, int count, bool always)
{
    if (count == 0 && !always)
        return;
    struct stn_view_line *line = &view->roll_counts[view->roll_count_count++];
    line->tone = looks[status].tone;
    snprintf(line->label, sizeof line->label, "%s", looks[status].shape);
    snprintf(line->text, sizeof line->text, "%s %d", looks[status].counted, count);
}

static void build_counts(const struct stn_roll_screen *roll, struct stn_view *view)
{
    struct stn_roll_tally counts = stn_roll_screen_count(roll);
    add_count(view, CM_ROLL_PRESENT, counts.present, true);
    add_count(view, CM_ROLL_LATE, counts.late, true);
    add_count(view, CM_ROLL_NONE, counts.not_yet, true);
    add_count(view, CM_ROLL_PENDING, counts.look, false);
    add_count(view, CM_ROLL_EXCUSED, counts.excused, false);
    add_count(view, CM_ROLL_ABSENT, counts.absent, false);
    add_count(view, CM_ROLL_UNJUDGED, counts.unjudged, false);
}

__attribute__((format(printf, 3, 4))) static void set(struct stn_view_line *line, enum stn_tone tone,
                                                      const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(line->text, sizeof line->text, format, args);
    va_end(args);
    line->tone = tone;
}

static void build_session(const struct stn_roll_screen *roll, struct stn_view_line *line)
{
    const struct stn_ev_roll_page *head = &roll->head;
    if (head->word == CM_WORD_CLOSED)
        set(line, STN_TONE_OK, "closed by %s", head->word_by);
    else if (head->word == CM_WORD_NO_SESSION)
        set(line, STN_TONE_PLAIN, "no session today, says %s: nobody is absent", head->word_by);
    else if (head->closed)
        set(line, STN_TONE_OK, "closed by itself: the station saw enough of it");
    else if (!head->session)
        set(line, STN_TONE_PLAIN, "no session today");
    else if (head->open)
        set(line, STN_TONE_WAIT, "open until %s", head->close);
    else
        set(line, STN_TONE_WAIT, "not open now: %s–%s", head->start, head->close);
}

static void build_list(const struct stn_roll_screen *roll, struct stn_view *view)
{
    int chosen = stn_roll_screen_chosen(roll);
    for (int i = 0; i < roll->count; i++) {
        if (!stn_roll_screen_shows(roll, i))
            continue;
        if (i == chosen)
            view->row_chosen = view->row_count;
        build_row(&roll->rows[i], &view->rows[view->row_count++]);
    }
    if (view->row_count > 0)
        return;
    const char *why = !roll->have          ? "reading the roll"
                      : roll->not_yet_only ? "everybody was seen: f shows all"
                                           : "no students in this class";
    snprintf(view->no_rows, sizeof view->no_rows, "%s", why);
}

void stn_view_build_roll(const struct stn_ui_state *state, struct stn_view *view)
{
    const struct stn_roll_screen *roll = &state->roll_screen;
    view->row_chosen = -1;
    snprintf(view->roll_title, sizeof view->roll_title, "Roll%s%.40s%s%s", roll->have ? " · " : "",
             roll->have ? roll->head.class_id : "", roll->have ? " · " : "", roll->head.day);
    if (roll->have) {
        build_session(roll, &view->roll_session);
        build_counts(roll, view);
    }
    build_list(roll, view);
    if (roll->head.total > roll->count && roll->have)
        set(&view->roll_said, STN_TONE_WARN, "only the first %d of %d students: use the page for the others",
            roll->count, roll->head.total);
    if (roll->said[0])
        set(&view->roll_said, roll->tone, "%.250s", roll->said);
    else if (roll->not_yet_only && view->roll_said.text[0] == '\0')
        set(&view->roll_said, STN_TONE_PLAIN, "only those who were not seen: f shows all");
}

/* ---- the question before a word about the session ---- */

/* "Asha Verma, Ravi Rao and 3 more" */
static void name_some(const struct stn_roll_screen *roll, enum cm_roll_status status, char *out, size_t size)
{
    enum { NAMED = 3 };
    int found = 0;
    size_t used = 0;
    out[0] = '\0';
    for (int i = 0; i < roll->count; i++) {
        if (roll->rows[i].status != status)
            continue;
        if (found < NAMED && used < size)
            used += (size_t)snprintf(out + used, size - used, "%s%.40s", found > 0 ? ", " : "",
                                     roll->rows[i].name);
        found++;
    }
    if (found > NAMED && used < size)
        snprintf(out + used, size - used, " and %d more", found - NAMED);
}

static void build_close(const struct stn_roll_screen *roll, struct stn_view *view)
{
    struct stn_roll_tally counts = stn_roll_screen_count(roll);
    char names[200], look[96] = "";
    snprintf(view->question, sizeof view->question, "Close the roll of %.40s?", roll->head.class_id);
    if (counts.look > 0)
        snprintf(look, sizeof look, " %d wait%s for your word.", counts.look, counts.look == 1 ? "s" : "");
    if (counts.not_yet == 0) {
        snprintf(view->consequence, sizeof view->consequence, "Nobody becomes absent.%s", look);
        return;
    }
    name_some(roll, CM_ROLL_NONE, names, sizeof names);
    snprintf(view->consequence, sizeof view->consequence, "%d become%s absent: %s.%s", counts.not_yet,
             counts.not_yet == 1 ? "s" : "", names, look);
}

void stn_view_build_question(const struct stn_ui_state *state, struct stn_view *view)
{
    const struct stn_roll_screen *roll = &state->roll_screen;
    if (roll->wish.u.session.word == CM_WORD_CLOSED) {
        build_close(roll, view);
        return;
    }
    snprintf(view->question, sizeof view->question, "Open the roll of %.40s again?", roll->head.class_id);
    snprintf(view->consequence, sizeof view->consequence,
             "Nobody is absent by it until it is closed again, and nobody is told meanwhile.");
}

/* ---- what is typed ---- */

static const char *status_word(enum cm_roll_status status)
{
    return looks[status].words;
}

static void build_reason(const struct stn_roll_screen *roll, struct stn_view *view)
{
    if (roll->wish.kind == STN_REQ_SESSION)
        snprintf(view->entry_title, sizeof view->entry_title, "%s: why?",
                 roll->wish.u.session.word == CM_WORD_REOPENED ? "Open the roll again" : "No session today");
    else
        snprintf(view->entry_title, sizeof view->entry_title, "%.60s is %s: why?", roll->doing.name,
                 status_word(roll->wish.u.status.status));
    snprintf(view->entry_hint, sizeof view->entry_hint, "It is kept with your name, %.80s.", roll->by);
}

static void build_pin(const struct stn_entry *entry, struct stn_view *view)
{
    snprintf(view->entry_title, sizeof view->entry_title, "Your number and your PIN");
    snprintf(view->entry_hint, sizeof view->entry_hint,
             "For who cannot use the camera. Your teacher helps, too.");
    snprintf(view->entry_labels[0], sizeof view->entry_labels[0], "id");
    snprintf(view->entry_labels[1], sizeof view->entry_labels[1], "PIN");
    view->entry_fields = 2;
    for (size_t i = 0; entry->text[1][i] != '\0'; i++) /* how many, and no more */
        snprintf(view->entry_text[1] + i, 2, "*");
}

void stn_view_build_entry(const struct stn_ui_state *state, struct stn_view *view)
{
    const struct stn_entry *entry = &state->entry;
    view->entry_fields = 1;
    view->entry_field = entry->field;
    snprintf(view->entry_text[0], sizeof view->entry_text[0], "%s", entry->text[0]);
    snprintf(view->entry_said, sizeof view->entry_said, "%s", entry->said);
    switch (entry->kind) {
    case STN_ENTRY_NONE:
        break;
    case STN_ENTRY_NAME:
        snprintf(view->entry_title, sizeof view->entry_title, "Who are you?");
        snprintf(view->entry_hint, sizeof view->entry_hint,
                 "Asked once. Whatever you change on the roll is kept with your name.");
        break;
    case STN_ENTRY_REASON:
        build_reason(&state->roll_screen, view);
        break;
    case STN_ENTRY_CONFIRM:
        snprintf(view->entry_title, sizeof view->entry_title, "No session today for %.40s?",
                 state->roll_screen.head.class_id);
        snprintf(view->entry_hint, sizeof view->entry_hint,
                 "Nobody is absent then, and marks of today do not count. Type %.40s to say yes.",
                 state->roll_screen.head.class_id);
        break;
    case STN_ENTRY_PIN:
        build_pin(entry, view);
        break;
    }
}
