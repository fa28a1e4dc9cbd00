#include "cli/cli.h"

#include "api/import.h"
#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_BYTES_MAX = 16 << 20 };

/* ---- the files ---- */

static const char *name_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

static enum cm_code add_file(struct srv_import *import, const char *path, struct cm_err *err)
{
    char *text = NULL;
    size_t size = 0;
    if (import->file_count == SRV_IMPORT_FILES_MAX)
        return cm_fail(err, CM_INVALID, "more than %d files at once", SRV_IMPORT_FILES_MAX);
    if (cm_file_read(path, FILE_BYTES_MAX, &text, &size, err) != CM_OK)
        return err->code;
    char *name = strdup(name_of(path));
    if (name == NULL) {
        free(text);
        return cm_fail(err, CM_NOMEM, "out of memory");
    }
    import->files[import->file_count++] = (struct srv_import_file){.name = name, .text = text, .size = size};
    return CM_OK;
}

static int is_csv(const struct dirent *entry)
{
    size_t length = strlen(entry->d_name);
    return length > 4 && entry->d_name[0] != '.' && strcmp(entry->d_name + length - 4, ".csv") == 0;
}

/* All *.csv of a folder, in order of name. */
static enum cm_code add_folder(struct srv_import *import, const char *dir, struct cm_err *err)
{
    struct dirent **entries = NULL;
    enum cm_code code = CM_OK;
    int count = scandir(dir, &entries, is_csv, alphasort);
    if (count < 0)
        return cm_fail(err, cm_file_code(errno), "%.160s: %s", dir, strerror(errno));
    if (count == 0)
        code = cm_fail(err, CM_NOTFOUND, "%.160s holds no .csv file", dir);
    for (int i = 0; i < count; i++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", dir, entries[i]->d_name);
        if (code == CM_OK)
            code = add_file(import, path, err);
        free(entries[i]);
    }
    free(entries);
    return code;
}

static enum cm_code add_path(struct srv_import *import, const char *path, struct cm_err *err)
{
    DIR *dir = opendir(path);
    if (dir == NULL)
        return add_file(import, path, err);
    closedir(dir);
    return add_folder(import, path, err);
}

static void free_files(struct srv_import *import)
{
    for (size_t i = 0; i < import->file_count; i++) {
        free((char *)import->files[i].name);
        free((char *)import->files[i].text);
    }
}

/* ---- what came of it ---- */

static void print_remarks(const char *kind, const struct srv_import_remarks *remarks)
{
    size_t shown = remarks->count < SRV_IMPORT_REMARKS_MAX ? remarks->count : SRV_IMPORT_REMARKS_MAX;
    for (size_t i = 0; i < shown; i++) {
        const struct srv_import_remark *remark = &remarks->list[i];
        fprintf(stderr, "%s%s%s", kind, remark->file, remark->file[0] != '\0' ? ": " : "");
        if (remark->line > 0)
            fprintf(stderr, "line %zu: ", remark->line);
        fprintf(stderr, "%s\n", remark->text);
    }
    if (remarks->count > shown)
        fprintf(stderr, "%sand %zu more\n", kind, remarks->count - shown);
}

static void print_result(const struct srv_cli *cli, const struct srv_import *import)
{
    if (cli->json)
        srv_cli_print_json(json_pack(
            "{s:b, s:{s:I, s:I}, s:{s:I, s:I, s:I, s:I}}", "dry_run", import->dry_run, "classes", "added",
            (json_int_t)import->classes.added, "changed", (json_int_t)import->classes.changed, "students",
            "added", (json_int_t)import->students.added, "changed", (json_int_t)import->students.changed,
            "removed", (json_int_t)import->students.removed, "unchanged",
            (json_int_t)import->students.unchanged));
    else
        printf("%s: classes %lld new, %lld changed; students %lld new, %lld changed, %lld gone, %lld as they "
               "were\n",
               import->dry_run ? "would import" : "imported", (long long)import->classes.added,
               (long long)import->classes.changed, (long long)import->students.added,
               (long long)import->students.changed, (long long)import->students.removed,
               (long long)import->students.unchanged);
}

static enum cm_code read_files(struct srv_store *store, void *arg, struct cm_err *err)
{
    return srv_import_read(store, arg, err);
}

static enum cm_code write_roster(struct srv_store *store, void *arg, struct cm_err *err)
{
    return srv_import_write(store, arg, err);
}

static int import_path(struct srv_cli *cli, const char *path)
{
    struct cm_err err = CM_ERR_INIT;
    struct srv_store *store = NULL;
    struct srv_import *import = calloc(1, sizeof *import);
    if (import == NULL)
        return srv_cli_fail(&(struct cm_err){CM_NOMEM, "out of memory"});
    import->dry_run = srv_cli_value(cli, SRV_OPT_DRY_RUN) != NULL;
    import->allow_removals = srv_cli_value(cli, SRV_OPT_FORCE) != NULL;
    import->removals_option = "--force";
    import->now_ms = cm_wall_ms(cli->clock);
    import->today = cm_zone_date(cli->zone, import->now_ms);
    enum cm_code code = add_path(import, path, &err);
    if (code == CM_OK)
        code = srv_cli_open_store(cli, false, &store, &err);
    if (code == CM_OK) {
        code = srv_store_read(store, read_files, import, &err);
        if (code == CM_OK && !import->dry_run)
            code = srv_store_write(store, write_roster, import, &err);
        print_remarks("note: ", &import->notes);
        print_remarks("", &import->problems);
    }
    if (code == CM_OK)
        print_result(cli, import);
    srv_store_close(store);
    srv_import_finish(import);
    free_files(import);
    free(import);
    return code == CM_OK ? SRV_EXIT_OK : srv_cli_fail(&err);
}

int srv_cmd_roster(struct srv_cli *cli)
{
    if (cli->argc != 2 || strcmp(cli->argv[0], "import") != 0)
        return srv_cli_usage("roster takes import FILE-or-FOLDER");
    return import_path(cli, cli->argv[1]);
}
