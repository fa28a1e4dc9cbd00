#include "cli/cli.h"

#include "store/store_roll.h"
#include "store/store_sync.h"

#include <stdio.h>
#include <string.h>

enum { MEBIBYTE = 1 << 20 };

struct counters {
    int present, late, pending, other;
};

struct counting {
    const struct stn_cli *cli;
    struct stn_store *store;
    int32_t date;
    struct counters *counters;
    struct cm_err *err;
};

static bool count_class(void *arg, const struct cm_class *class_)
{
    const struct counting *counting = arg;
    struct stn_session session;
    struct counters *counters = counting->counters;
    if (stn_roll_read(counting->store, counting->cli->zone, class_, counting->date, NULL, NULL, &session,
                      counting->err) != CM_OK)
        return false;
    counters->present += session.counts.present;
    counters->late += session.counts.late;
    counters->pending += session.counts.pending;
    counters->other += session.counts.excused + session.counts.absent + session.counts.unjudged;
    return true;
}

static enum cm_code count_roll(const struct stn_cli *cli, struct stn_store *store, int32_t date,
                               struct counters *counters, struct cm_err *err)
{
    struct counting counting = {cli, store, date, counters, err};
    enum cm_code code = stn_store_each_class(store, count_class, &counting, err);
    return code == CM_OK ? err->code : code;
}

struct server {
    bool paired;
    struct stn_pairing pairing; /* without a token */
    struct stn_sync_note note;  /* trouble empty: never in contact */
    uint64_t acked, waiting;
    int uploads_waiting, uploads_unknown, uploads_duplicate, uploads_no_consent;
    size_t own_students;
};

static bool count_upload(void *arg, const struct stn_upload *upload)
{
    struct server *server = arg;
    server->uploads_waiting += upload->state == STN_UPLOAD_WAITING;
    server->uploads_unknown += upload->state == STN_UPLOAD_UNKNOWN;
    server->uploads_duplicate += upload->state == STN_UPLOAD_DUPLICATE;
    server->uploads_no_consent += upload->state == STN_UPLOAD_NO_CONSENT;
    return true;
}

static enum cm_code look_at_server(struct stn_store *store, uint64_t last_seq, struct server *server,
                                   struct cm_err *err)
{
    struct stn_sync_marks marks;
    if (!stn_store_is_paired(store))
        return CM_OK;
    enum cm_code code = stn_store_get_pairing(store, &server->pairing, err);
    explicit_bzero(server->pairing.token, sizeof server->pairing.token);
    if (code == CM_OK)
        code = stn_store_get_sync_marks(store, &marks, err);
    if (code == CM_OK)
        code = stn_store_each_upload(store, count_upload, server, err);
    if (code == CM_OK)
        code = stn_store_count_own_students(store, &server->own_students, err);
    if (code != CM_OK)
        return code;
    (void)stn_store_get_sync_note(store, &server->note, NULL);
    if (server->note.last_contact_wall_ms < server->pairing.paired_wall_ms)
        server->note.last_contact_wall_ms = server->pairing.paired_wall_ms;
    server->paired = true;
    server->acked = marks.acked_seq;
    server->waiting = last_seq > marks.acked_seq ? last_seq - marks.acked_seq : 0;
    return CM_OK;
}

static json_t *server_json(const struct server *server)
{
    if (!server->paired)
        return json_null();
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:i, s:i, s:i, s:i, s:i}", "url",
                     server->pairing.url, "station", server->pairing.station_id, "name", server->pairing.name,
                     "trouble", server->note.trouble[0] != '\0' ? server->note.trouble : "connecting", "text",
                     server->note.text, "acked", (json_int_t)server->acked, "waiting",
                     (json_int_t)server->waiting, "since_ms", (json_int_t)server->note.since_wall_ms,
                     "last_contact_ms", (json_int_t)server->note.last_contact_wall_ms, "uploads_waiting",
                     server->uploads_waiting, "uploads_unknown", server->uploads_unknown, "uploads_duplicate",
                     server->uploads_duplicate, "uploads_no_consent", server->uploads_no_consent,
                     "own_students", (int)server->own_students);
}

static void print_server(const struct stn_cli *cli, const struct server *server)
{
    char at[CM_INSTANT_TEXT_SIZE] = "never";
    if (!server->paired) {
        puts("server    none: rollcall-station pair URL CODE");
        return;
    }
    if (server->note.last_contact_wall_ms != 0)
        cm_instant_local(cli->zone, server->note.last_contact_wall_ms, at);
    printf("server    %s as \"%s\": %llu events waiting, last contact noted %s\n", server->pairing.url,
           server->pairing.name, (unsigned long long)server->waiting, at);
    if (server->note.text[0] != '\0')
        printf("          %s\n", server->note.text);
    if (server->uploads_waiting > 0)
        printf("          the faces of %d students are to go up\n", server->uploads_waiting);
    if (server->uploads_unknown > 0)
        printf("          the faces of %d students wait until the server knows these students\n",
               server->uploads_unknown);
    if (server->uploads_duplicate > 0)
        printf("          the faces of %d students were refused: others of the school have them\n",
               server->uploads_duplicate);
    if (server->uploads_no_consent > 0)
        printf("          the faces of %d students wait for consent: note it at the server\n",
               server->uploads_no_consent);
    if (server->own_students > 0)
        printf("          %zu students are on this station's roster alone\n", server->own_students);
}

static void print_json(const struct stn_cli *cli, const struct stn_store_summary *summary,
                       const struct counters *counters, const struct server *server, const char *date,
                       const char *last)
{
    stn_cli_print_json(json_pack(
        "{s:s, s:s, s:s, s:I, s:s, s:i, s:i, s:i, s:i, s:{s:s, s:i, s:i, s:i, s:i}, s:I, s:I, s:s, s:o}",
        "station", summary->station_id, "version", ROLLCALL_VERSION, "data", cli->settings.data_dir,
        "last_seq", (json_int_t)summary->last_seq, "last_event", last, "classes", (int)summary->classes,
        "students", (int)summary->students, "enrolled", (int)summary->students_with_templates, "templates",
        (int)summary->templates, "today", "date", date, "present", counters->present, "late", counters->late,
        "pending", counters->pending, "other", counters->other, "bytes_used", (json_int_t)summary->bytes_used,
        "bytes_free", (json_int_t)summary->bytes_free_on_disk, "policy",
        stn_policy_name(cli->settings.policy), "server", server_json(server)));
}

static void print_plain(const struct stn_cli *cli, const struct stn_store_summary *summary,
                        const struct counters *counters, const struct server *server, const char *date,
                        const char *last)
{
    printf("station   %s\ndata      %s\n", summary->station_id, cli->settings.data_dir);
    printf("roster    %zu classes, %zu students, %zu of them enrolled with %zu templates\n", summary->classes,
           summary->students, summary->students_with_templates, summary->templates);
    printf("log       %llu events, the last one %s\n", (unsigned long long)summary->last_seq,
           last[0] != '\0' ? last : "never");
    printf("today     %s: present %d, late %d, waiting for a person %d, other %d\n", date, counters->present,
           counters->late, counters->pending, counters->other);
    printf("store     %llu MiB used, %llu MiB free on the disk\n",
           (unsigned long long)(summary->bytes_used / MEBIBYTE),
           (unsigned long long)(summary->bytes_free_on_disk / MEBIBYTE));
    print_server(cli, server);
    printf("policy    %s\n", stn_policy_name(cli->settings.policy));
}

int stn_cmd_status(struct stn_cli *cli)
{
    struct cm_err err = CM_ERR_INIT;
    struct stn_store *store = NULL;
    struct stn_store_summary summary;
    struct counters counters = {0};
    struct server server = {0};
    if (cli->argc != 0)
        return stn_cli_usage("status takes no %s", cli->argv[0]);
    if (stn_cli_open_store(cli, true, &store, &err) != CM_OK)
        return stn_cli_fail(&err);
    int32_t today = cm_zone_date(cli->zone, cm_wall_ms(cli->clock));
    enum cm_code code = stn_store_summary(store, &summary, &err);
    if (code == CM_OK)
        code = count_roll(cli, store, today, &counters, &err);
    if (code == CM_OK)
        code = look_at_server(store, summary.last_seq, &server, &err);
    stn_store_close(store);
    if (code != CM_OK)
        return stn_cli_fail(&err);
    char date[CM_DATE_ISO_SIZE], last[CM_INSTANT_TEXT_SIZE] = "";
    cm_date_iso(today, date);
    if (summary.last_wall_ms != 0)
        cm_instant_local(cli->zone, summary.last_wall_ms, last);
    if (cli->json)
        print_json(cli, &summary, &counters, &server, date, last);
    else
        print_plain(cli, &summary, &counters, &server, date, last);
    return STN_EXIT_OK;
}
