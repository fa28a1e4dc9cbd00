#include "cli/cli.h"

#include "base/utf8.h"
#include "enrol/enrol.h"
#include "roster/roster_csv.h"
#include "store/store_sync.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The student as the roster has him, or made from --name and --class. *ret_changed: the roster has to be written. */
static enum cm_code find_student(struct stn_cli *cli, struct stn_store *store, struct cm_student *ret_student,
                                 bool *ret_changed, struct cm_err *err)
{
    const char *id = cli->argv[0], *name = stn_cli_value(cli, STN_OPT_NAME);
    const char *class_id = stn_cli_value(cli, STN_OPT_CLASS);
    struct cm_student student = {0};
    struct cm_err why = CM_ERR_INIT;
    enum cm_code code = stn_store_get_student(store, id, &student, &why);
    if (code != CM_OK && code != CM_NOTFOUND)
        return cm_fail(err, code, "%s", why.msg);
    struct stn_pairing pairing;
    if ((name != NULL || class_id != NULL || code == CM_NOTFOUND) &&
        stn_store_get_pairing(store, &pairing, NULL) == CM_OK) {
        cm_fail(
            err, CM_INVALID,
            "%.60s is not to be changed here: the roster comes from %.100s; add students there, then enrol",
            id, pairing.url);
        explicit_bzero(&pairing, sizeof pairing);
        return err->code;
    }
    if (code == CM_NOTFOUND && (name == NULL || class_id == NULL))
        return cm_fail(err, CM_NOTFOUND, "%.60s is not on the roster: add --name NAME --class CLASS", id);
    snprintf(student.id, sizeof student.id, "%s", id);
    if (name != NULL)
        snprintf(student.name, sizeof student.name, "%s", name);
    if (class_id != NULL)
        snprintf(student.class_id, sizeof student.class_id, "%s", class_id);
    *ret_student = student;
    *ret_changed = name != NULL || class_id != NULL;
    return CM_OK;
}

/* A class that is not known gets the defaults. */
static enum cm_code write_roster(struct stn_store *store, const struct cm_student *student,
                                 struct cm_err *err)
{
    struct cm_class class_;
    size_t new_classes = 0;
    if (stn_store_get_class(store, student->class_id, &class_, NULL) != CM_OK) {
        class_ = (struct cm_class){.start_minute = CM_ROSTER_START_MINUTE,
                                   .late_after_min = CM_ROSTER_LATE_AFTER_MIN,
                                   .close_after_min = CM_ROSTER_CLOSE_AFTER_MIN,
                                   .weekdays = CM_ROSTER_WEEKDAYS};
        snprintf(class_.id, sizeof class_.id, "%s", student->class_id);
        new_classes = 1;
    }
    return stn_store_put_roster(store, &class_, new_classes, student, 1, "enrol", err);
}

static bool good_id(const char *what, const char *word)
{
    if (word == NULL)
        return true;
    if (word[0] != '\0' && strlen(word) < CM_ID_SIZE && cm_utf8_printable(word, strlen(word)))
        return true;
    stn_cli_usage("the %s is empty, longer than %d bytes, or holds characters that cannot be shown", what,
                  CM_ID_SIZE - 1);
    return false;
}

static bool good_name(const char *name)
{
    if (name == NULL)
        return true;
    size_t size = strlen(name);
    if (size > 0 && cm_utf8_count(name, size) <= CM_NAME_CHARS && cm_utf8_printable(name, size))
        return true;
    stn_cli_usage("the name is empty, longer than %d characters, or holds characters that cannot be shown",
                  CM_NAME_CHARS);
    return false;
}

static void on_image(void *arg, const struct stn_enrol_image *image, int done, int count)
{
    const struct stn_cli *cli = arg;
    cm_progress_end();
    if (!cli->json) {
        if (image->accepted)
            printf("  ok       %s (quality %.2f)\n", image->source, (double)image->score);
        else
            printf("  left out %s: %s\n", image->source, image->text);
        fflush(stdout);
    }
    cm_progress("enrol", (uint64_t)done, (uint64_t)count);
}

static json_t *neighbour_json(const struct stn_enrol_neighbour *neighbour)
{
    if (neighbour->id[0] == '\0')
        return json_null();
    return json_pack("{s:s, s:s, s:f}", "id", neighbour->id, "name", neighbour->name, "distance",
                     round((double)neighbour->distance * 1000) / 1000);
}

static void print_json(const struct cm_student *student, const struct stn_enrol_report *report,
                       const struct cm_err *err)
{
    json_t *images = json_array();
    for (int i = 0; i < report->image_count; i++) {
        const struct stn_enrol_image *image = &report->images[i];
        json_array_append_new(images,
                              json_pack("{s:s, s:b, s:s, s:f, s:s}", "image", image->source, "accepted",
                                        image->accepted, "gate", stn_gate_name(image->gate), "quality",
                                        round((double)image->score * 100) / 100, "text", image->text));
    }
    stn_cli_print_json(json_pack("{s:s, s:i, s:o, s:o, s:o, s:s}", "student", student->id, "templates",
                                 report->template_count, "duplicate", neighbour_json(&report->duplicate),
                                 "look_alike", neighbour_json(&report->look_alike), "images", images, "error",
                                 err->code == CM_OK ? "" : err->msg));
}

static int enrol(struct stn_cli *cli, struct stn_store *store, struct stn_portrait_reader *reader,
                 const struct cm_consent *consent)
{
    static struct stn_enrol_report report; /* 30 kB */
    struct cm_student student;
    struct cm_err err = CM_ERR_INIT;
    bool changed = false;
    if (find_student(cli, store, &student, &changed, &err) != CM_OK)
        return stn_cli_fail(&err);
    struct stn_enrol work = {.reader = reader,
                             .store = store,
                             .clock = cli->clock,
                             .rules = &stn_enrol_rules_default,
                             .consent = consent,
                             .progress = on_image,
                             .progress_arg = cli};
    enum cm_code code = stn_enrol_images(&work, &student, (const char *const *)cli->argv + 1,
                                         (size_t)cli->argc - 1, &report, &err);
    cm_progress_end();
    if (code == CM_OK && changed) /* after the pictures: whoever was refused does not stay on the roster */
        code = write_roster(store, &student, &err);
    if (cli->json)
        print_json(&student, &report, &err);
    if (code != CM_OK)
        return stn_cli_fail(&err);
    if (!cli->json)
        printf("%s (%s) is enrolled with %d templates%s\n", student.name, student.id, report.template_count,
               stn_store_is_paired(store) ? "; the server gets them with the next sync" : "");
    if (report.look_alike.id[0] != '\0')
        fprintf(stderr, "warning: %s looks much like %s (%s), distance %.2f: look twice at their marks\n",
                student.name, report.look_alike.name, report.look_alike.id,
                (double)report.look_alike.distance);
    return STN_EXIT_OK;
}

int stn_cmd_enrol(struct stn_cli *cli)
{
    struct cm_err err = CM_ERR_INIT;
    struct stn_store *store = NULL;
    struct stn_portrait_reader *reader = NULL;
    if (cli->argc < 2)
        return stn_cli_usage("enrol ID [--name N --class C] [--consent-by NAME] IMAGE…");
    if (cli->argc - 1 > STN_ENROL_IMAGES_MAX)
        return stn_cli_usage("at most %d images at once", STN_ENROL_IMAGES_MAX);
    if (!good_id("id", cli->argv[0]) || !good_name(stn_cli_value(cli, STN_OPT_NAME)) ||
        !good_id("class", stn_cli_value(cli, STN_OPT_CLASS)))
        return STN_EXIT_USAGE;
    struct cm_consent consent;
    bool with_consent = stn_cli_value(cli, STN_OPT_CONSENT_BY) != NULL;
    if (with_consent && !stn_cli_consent(cli, STN_OPT_CONSENT_BY, CM_CONSENT_GIVEN, &consent))
        return STN_EXIT_USAGE;
    char landmarks[1200], embedder[1200];
    stn_settings_landmarks(&cli->settings, landmarks, sizeof landmarks);
    stn_settings_model(&cli->settings, STN_EMBEDDER_FILE, embedder, sizeof embedder);
    struct stn_portrait_options options = {.landmarks = cli->settings.landmarks,
                                           .landmarks_path = landmarks,
                                           .embedder_path = embedder,
                                           .rules = &stn_quality_rules_default};
    int status = STN_EXIT_FAILED;
    if (stn_cli_open_store(cli, false, &store, &err) != CM_OK ||
        stn_portrait_open(&options, &reader, &err) != CM_OK)
        stn_cli_fail(&err);
    else
        status = enrol(cli, store, reader, with_consent ? &consent : NULL);
    stn_portrait_close(reader);
    stn_store_close(store);
    return status;
}
