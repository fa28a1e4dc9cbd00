/* `roll`: who is present. `correct`: a person changes what a mark means. */
#include "cli/cli.h"

#include "engine/clock_watch.h"
#include "engine/marking.h"
#include "roll/roll.h"
#include "store/store_roll.h"
#include "store/store_sync.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- roll ---- */

struct roll_row {
    char class_id[CM_ID_SIZE];
    struct stn_roll_line line;
};

struct roll_listing {
    const struct stn_cli *cli;
    struct stn_store *store;
    const char *class_id; /* NULL: all */
    int32_t date;
    struct cm_class class_; /* under way */
    struct roll_row *rows;
    size_t count, room;
    struct cm_err *err;
};

/* Of a guest whom the station does not know only the id is there. */
static const char *name_of(const struct roll_listing *listing, const char *id, char out[CM_NAME_SIZE])
{
    struct cm_student student;
    bool known = stn_store_get_student(listing->store, id, &student, NULL) == CM_OK;
    snprintf(out, CM_NAME_SIZE, "%s", known ? student.name : "");
    return out;
}

static json_t *row_json(const struct roll_listing *listing, const struct roll_row *row, const char *name,
                        const char *status)
{
    const struct stn_roll_line *line = &row->line;
    char date[CM_DATE_ISO_SIZE], instant[CM_INSTANT_TEXT_SIZE] = "";
    if (line->evidence.has_mark)
        cm_instant_local(listing->cli->zone, line->evidence.captured_wall_ms, instant);
    json_t *object = json_pack("{s:s, s:s, s:s, s:s, s:s, s:i, s:s, s:I, s:b}", "id", line->student_id,
                               "name", name, "class", row->class_id, "date", cm_date_iso(listing->date, date),
                               "status", status, "points", (int)line->points, "captured", instant, "mark_seq",
                               (json_int_t)line->mark_seq, "corrected", line->evidence.has_correction);
    if (object != NULL && line->standing_known) {
        json_object_set_new(object, "points_total", json_integer(line->standing.points));
        json_object_set_new(object, "streak", json_integer(line->standing.now.streak));
    }
    return object;
}

static void print_row(const struct roll_listing *listing, const struct roll_row *row)
{
    const struct stn_roll_line *line = &row->line;
    char at[CM_MINUTE_TEXT_SIZE] = "", name[CM_NAME_SIZE];
    const char *status = line->status == CM_ROLL_NONE ? "not yet" : cm_roll_status_name(line->status);
    name_of(listing, line->student_id, name);
    if (line->evidence.has_mark)
        cm_minute_text(cm_zone_local(listing->cli->zone, line->evidence.captured_wall_ms).minute, at);
    if (listing->cli->json)
        stn_cli_print_json(row_json(listing, row, name, status));
    else
        printf("%-16s %-32s %-10s %-9s %-5s %3d%s\n", line->student_id, name, row->class_id, status, at,
               (int)line->points, line->evidence.has_correction ? "  corrected" : "");
}

static bool take_line(void *arg, const struct stn_roll_line *line)
{
    struct roll_listing *listing = arg;
    if (listing->count == listing->room) {
        size_t room = listing->room > 0 ? listing->room * 2 : 64;
        struct roll_row *rows = realloc(listing->rows, room * sizeof *rows);
        if (rows == NULL) {
            cm_fail(listing->err, CM_NOMEM, "no memory for the roll");
            return false;
        }
        listing->rows = rows;
        listing->room = room;
    }
    struct roll_row *row = &listing->rows[listing->count++];
    strcpy(row->class_id, listing->class_.id);
    row->line = *line;
    return true;
}

/* Why it is settled, or that there is none: for people, before the lines of the class that was asked for. */
static void print_session(const struct stn_cli *cli, const struct cm_class *class_,
                          const struct stn_session *session)
{
    char by[CM_NAME_SIZE + 16] = "";
    if (session->word.word != 0)
        snprintf(by, sizeof by, " by %s", session->word.by);
    if (cli->json)
        return;
    if (session->day.kind == CM_DAY_CLOSED)
        printf("%s has no session: %s%s\n", class_->id,
               session->label[0] != '\0' ? session->label : "no school", by);
    else if (session->verdict == CM_VERDICT_CLOSED)
        printf("%s is closed%s\n", class_->id, by[0] != '\0' ? by : " by itself");
    else if (session->verdict == CM_VERDICT_UNJUDGED)
        printf("%s is over, but the station could not see enough of it: nobody is absent\n", class_->id);
}

static bool list_class(void *arg, const struct cm_class *class_)
{
    struct roll_listing *listing = arg;
    struct stn_session session;
    if (listing->class_id != NULL && strcmp(listing->class_id, class_->id) != 0)
        return true;
    listing->class_ = *class_;
    if (stn_roll_read(listing->store, listing->cli->zone, class_, listing->date, take_line, listing, &session,
                      listing->err) != CM_OK)
        return false;
    if (listing->class_id != NULL)
        print_session(listing->cli, class_, &session);
    return listing->err->code == CM_OK;
}

static int by_student(const void *a, const void *b)
{
    return strcmp(((const struct roll_row *)a)->line.student_id,
                  ((const struct roll_row *)b)->line.student_id);
}

/* --date, else today in the school's zone. */
static enum cm_code wanted_date(const struct stn_cli *cli, int32_t *ret_date, struct cm_err *err)
{
    const char *text = stn_cli_value(cli, STN_OPT_DATE);
    if (text != NULL)
        return cm_date_parse(text, ret_date, err);
    *ret_date = cm_zone_date(cli->zone, cm_wall_ms(cli->clock));
    return CM_OK;
}

static int list_roll(struct stn_cli *cli)
{
    struct cm_err err = CM_ERR_INIT;
    struct roll_listing listing = {.cli = cli, .class_id = stn_cli_value(cli, STN_OPT_CLASS), .err = &err};
    if (wanted_date(cli, &listing.date, &err) != CM_OK)
        return stn_cli_usage("%s", err.msg);
    if (stn_cli_open_store(cli, true, &listing.store, &err) != CM_OK)
        return stn_cli_fail(&err);
    enum cm_code code = stn_store_each_class(listing.store, list_class, &listing, &err);
    code = code == CM_OK ? err.code : code;
    if (code == CM_OK && listing.count > 1)
        qsort(listing.rows, listing.count, sizeof listing.rows[0], by_student);
    for (size_t i = 0; i < listing.count && code == CM_OK; i++)
        print_row(&listing, &listing.rows[i]);
    free(listing.rows);
    stn_store_close(listing.store);
    if (code != CM_OK)
        return stn_cli_fail(&err);
    if (listing.count == 0 && !cli->json)
        puts("no students here");
    return STN_EXIT_OK;
}

/* ---- roll close, reopen, no-session ---- */

static bool parse_word(const char *text, enum cm_session_word *ret_word)
{
    static const struct {
        const char *text;
        enum cm_session_word word;
    } words[] = {{"close", CM_WORD_CLOSED}, {"reopen", CM_WORD_REOPENED}, {"no-session", CM_WORD_NO_SESSION}};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcmp(text, words[i].text) == 0) {
            *ret_word = words[i].word;
            return true;
        }
    return false;
}

static void print_said(const struct stn_cli *cli, const struct cm_session_said *said,
                       const struct stn_session *session)
{
    static const char *const done[] = {[CM_WORD_CLOSED] = "the roll is closed",
                                       [CM_WORD_REOPENED] = "the roll is open again",
                                       [CM_WORD_NO_SESSION] = "there is no session"};
    const struct stn_roll_counts *counts = &session->counts;
    char date[CM_DATE_ISO_SIZE];
    cm_date_iso(said->date, date);
    if (cli->json)
        stn_cli_print_json(json_pack(
            "{s:s, s:s, s:s, s:s, s:i, s:i, s:i, s:i}", "class", said->class_id, "date", date, "word",
            cm_session_word_name(session->word.word), "by", session->word.by, "present", (int)counts->present,
            "late", (int)counts->late, "absent", (int)counts->absent, "not_yet", (int)counts->none));
    else if (session->word.word != said->word)
        printf("recorded, but what %s said later stands\n", session->word.by);
    else if (said->word == CM_WORD_CLOSED)
        printf("%s on %s: %s; present %d, late %d, absent %d\n", said->class_id, date, done[said->word],
               (int)counts->present, (int)counts->late, (int)counts->absent);
    else
        printf("%s on %s: %s\n", said->class_id, date, done[said->word]);
}

static enum cm_code say(struct stn_cli *cli, struct stn_store *store, const struct cm_session_said *said,
                        struct cm_err *err)
{
    struct stn_marking marking = {.store = store, .zone = cli->zone};
    struct stn_session session;
    enum cm_code code = stn_marking_say(&marking, said, &session, err);
    if (code == CM_OK)
        print_said(cli, said, &session);
    return code;
}

static int say_roll(struct stn_cli *cli)
{
    const char *by = stn_cli_value(cli, STN_OPT_BY), *reason = stn_cli_value(cli, STN_OPT_REASON);
    struct cm_session_said said = {.said_wall_ms = cm_wall_ms(cli->clock)};
    struct cm_err err = CM_ERR_INIT;
    struct stn_store *store = NULL;
    if (cli->argc != 2 || !parse_word(cli->argv[0], &said.word))
        return stn_cli_usage("roll [close|reopen|no-session CLASS --by NAME [--reason TEXT]] [--date D]");
    if (by == NULL || by[0] == '\0')
        return stn_cli_usage("say who does it: --by NAME");
    if (strlen(by) >= sizeof said.by || (reason != NULL && strlen(reason) >= sizeof said.reason) ||
        strlen(cli->argv[1]) >= sizeof said.class_id)
        return stn_cli_usage("the class, the name or the reason is too long");
    if (wanted_date(cli, &said.date, &err) != CM_OK)
        return stn_cli_usage("%s", err.msg);
    strcpy(said.class_id, cli->argv[1]);
    strcpy(said.by, by);
    strcpy(said.reason, reason != NULL ? reason : "");
    if (stn_cli_open_store(cli, false, &store, &err) != CM_OK)
        return stn_cli_fail(&err);
    enum cm_code code = say(cli, store, &said, &err);
    stn_store_close(store);
    return code == CM_OK ? STN_EXIT_OK : stn_cli_fail(&err);
}

int stn_cmd_roll(struct stn_cli *cli)
{
    return cli->argc == 0 ? list_roll(cli) : say_roll(cli);
}

/* ---- correct ---- */

static bool parse_status(const char *word, enum cm_roll_status *ret_status)
{
    static const enum cm_roll_status allowed[] = {CM_ROLL_PRESENT, CM_ROLL_LATE, CM_ROLL_EXCUSED,
                                                  CM_ROLL_ABSENT};
    for (size_t i = 0; i < sizeof allowed / sizeof allowed[0]; i++)
        if (strcmp(word, cm_roll_status_name(allowed[i])) == 0) {
            *ret_status = allowed[i];
            return true;
        }
    return false;
}

static int correct(struct stn_cli *cli, struct stn_store *store, struct cm_correction *correction)
{
    struct cm_err err = CM_ERR_INIT;
    struct cm_student student;
    struct cm_roll_entry entry = {0};
    if (stn_store_get_student(store, correction->student_id, &student, &err) != CM_OK)
        return stn_cli_fail(&err);
    snprintf(correction->class_id, sizeof correction->class_id, "%s", student.class_id);
    struct stn_marking marking = {.store = store, .zone = cli->zone};
    if (stn_marking_correct(&marking, correction, &entry, &err) != CM_OK)
        return stn_cli_fail(&err);
    char date[CM_DATE_ISO_SIZE];
    cm_date_iso(correction->date, date);
    if (cli->json)
        stn_cli_print_json(json_pack("{s:s, s:s, s:s, s:i, s:s}", "id", student.id, "date", date, "status",
                                     cm_roll_status_name(entry.status), "points", (int)entry.points, "by",
                                     correction->by));
    else
        printf("%s%s is %s on %s, %d points (%s: %s)%s\n",
               entry.status != correction->status ? "recorded, but a later correction stands: " : "",
               student.name, cm_roll_status_name(entry.status), date, (int)entry.points, correction->by,
               correction->reason, entry.mark_seq != 0 ? "; the mark stays in the log" : "");
    return STN_EXIT_OK;
}

int stn_cmd_correct(struct stn_cli *cli)
{
    const char *by = stn_cli_value(cli, STN_OPT_BY), *reason = stn_cli_value(cli, STN_OPT_REASON);
    struct cm_correction correction = {.corrected_wall_ms = cm_wall_ms(cli->clock)};
    struct cm_err err = CM_ERR_INIT;
    if (cli->argc != 2 || !parse_status(cli->argv[1], &correction.status))
        return stn_cli_usage("correct ID present|late|excused|absent --by NAME --reason TEXT [--date D]");
    if (by == NULL || by[0] == '\0' || reason == NULL || reason[0] == '\0')
        return stn_cli_usage("a correction says who and why: --by NAME --reason TEXT");
    if (strlen(by) >= sizeof correction.by || strlen(reason) >= sizeof correction.reason ||
        strlen(cli->argv[0]) >= sizeof correction.student_id)
        return stn_cli_usage("the name or the reason is too long");
    if (wanted_date(cli, &correction.date, &err) != CM_OK)
        return stn_cli_usage("%s", err.msg);
    strcpy(correction.student_id, cli->argv[0]);
    strcpy(correction.by, by);
    strcpy(correction.reason, reason);
    struct stn_store *store = NULL;
    if (stn_cli_open_store(cli, false, &store, &err) != CM_OK)
        return stn_cli_fail(&err);
    int status = correct(cli, store, &correction);
    stn_store_close(store);
    return status;
}

/* ---- mark ---- */

static int mark(struct stn_cli *cli, const struct stn_marking *marking, const struct stn_claim *claim)
{
    struct stn_ev_marked marked;
    struct cm_err err = CM_ERR_INIT;
    enum stn_marking_outcome outcome = stn_marking_mark(marking, cli->argv[0], claim, &marked, &err);
    if (outcome == STN_MARKING_NO_SESSION || outcome == STN_MARKING_FAILED)
        return stn_cli_fail(&err);
    bool already = outcome == STN_MARKING_ALREADY;
    if (cli->json)
        stn_cli_print_json(json_pack("{s:s, s:s, s:i, s:b, s:s, s:s}", "id", marked.student_id, "status",
                                     cm_roll_status_name(marked.status), "points", (int)marked.points,
                                     "already", already, "receipt", marked.receipt, "by", claim->by));
    else
        printf("%s %s %s, %d points%s%s\n", marked.student_name,
               already ? "was marked before:" : "is marked:", cm_roll_status_name(marked.status),
               (int)marked.points, marked.receipt[0] != '\0' ? ", receipt " : "", marked.receipt);
    return STN_EXIT_OK;
}

/* The clock is behind what the log has seen: `run` would say so, too. */
static bool clock_is_suspect(const struct stn_cli *cli, struct stn_store *store)
{
    struct stn_store_summary summary;
    struct stn_clock_watch watch;
    int64_t wall_ms = cm_wall_ms(cli->clock);
    if (stn_store_summary(store, &summary, NULL) != CM_OK)
        return true;
    stn_clock_watch_init(&watch, summary.latest_wall_ms);
    stn_clock_watch_step(&watch, wall_ms, cm_mono_us(cli->clock) / 1000);
    return watch.suspect;
}

int stn_cmd_mark(struct stn_cli *cli)
{
    const char *by = stn_cli_value(cli, STN_OPT_BY), *reason = stn_cli_value(cli, STN_OPT_REASON);
    struct cm_err err = CM_ERR_INIT;
    struct stn_store *store = NULL;
    if (cli->argc != 1 || by == NULL || by[0] == '\0')
        return stn_cli_usage("mark ID --by NAME [--reason TEXT]");
    if (strlen(by) >= CM_NAME_SIZE || (reason != NULL && strlen(reason) >= CM_TEXT_SIZE))
        return stn_cli_usage("the name or the reason is too long");
    if (stn_cli_open_store(cli, false, &store, &err) != CM_OK)
        return stn_cli_fail(&err);
    struct stn_marking marking = {.store = store, .zone = cli->zone};
    struct stn_claim claim =
        stn_claim_without_face(CM_METHOD_MANUAL, cm_wall_ms(cli->clock), clock_is_suspect(cli, store));
    claim.by = by;
    claim.reason = reason;
    int status = mark(cli, &marking, &claim);
    stn_store_close(store);
    return status;
}

int stn_cmd_erase(struct stn_cli *cli)
{
    struct cm_err err = CM_ERR_INIT;
    struct stn_store *store = NULL;
    if (cli->argc != 1)
        return stn_cli_usage("erase ID");
    if (stn_cli_open_store(cli, false, &store, &err) != CM_OK)
        return stn_cli_fail(&err);
    enum cm_code code = stn_store_erase_templates(store, cli->argv[0], &err);
    bool paired = stn_store_is_paired(store);
    stn_store_close(store);
    if (code != CM_OK)
        return stn_cli_fail(&err);
    if (cli->json)
        stn_cli_print_json(json_pack("{s:s, s:b}", "id", cli->argv[0], "erased", true));
    else
        printf("the templates of %s and their key are destroyed; marks stay%s\n", cli->argv[0],
               paired ? "; the server and its other stations do the same with the next sync" : "");
    return STN_EXIT_OK;
}

int stn_cmd_trust_clock(struct stn_cli *cli)
{
    struct cm_err err = CM_ERR_INIT;
    struct stn_store *store = NULL;
    const char *by = stn_cli_value(cli, STN_OPT_BY);
    if (cli->argc != 0 || by == NULL || by[0] == '\0' || strlen(by) >= CM_NAME_SIZE)
        return stn_cli_usage("trust-clock --by NAME");
    if (stn_cli_open_store(cli, false, &store, &err) != CM_OK)
        return stn_cli_fail(&err);
    enum cm_code code = stn_store_trust_clock(store, by, &err);
    stn_store_close(store);
    if (code != CM_OK)
        return stn_cli_fail(&err);
    puts("the clock is trusted from now on; marks that waited still wait: rollcall-station correct");
    return STN_EXIT_OK;
}

int stn_cmd_settings(struct stn_cli *cli)
{
    (void)cli;
    stn_settings_describe(stdout);
    return STN_EXIT_OK;
}
