/* cards: new cards of a class as a page for the printer. */
#include "cli/cli.h"

#include "api/card_sheet.h"
#include "crypt/seal.h"
#include "store/settings.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct making {
    struct srv_card_wish wish;
    struct srv_card_sheet sheet;
    char school[SRV_SETTING_SIZE];
};

static enum cm_code gather(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct making *making = arg;
    struct cm_class class_;
    enum cm_code code = srv_store_get_class(store, making->wish.class_id, &class_, NULL);
    if (code != CM_OK)
        return cm_fail(err, code, "there is no class %.60s", making->wish.class_id);
    code = srv_store_get_setting(store, SRV_SETTING_SCHOOL_NAME, making->school, err);
    if (code != CM_OK && code != CM_NOTFOUND)
        return code;
    return srv_card_sheet_prepare(store, &making->wish, &making->sheet, err);
}

static enum cm_code keep_tags(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct making *making = arg;
    return srv_card_sheet_store(store, &making->sheet, err);
}

static enum cm_code write_all(int fd, const uint8_t *bytes, size_t size)
{
    while (size > 0) {
        ssize_t written = write(fd, bytes, size);
        if (written <= 0)
            return CM_BACKEND;
        bytes += written;
        size -= (size_t)written;
    }
    return CM_OK;
}

/* A new file that nobody else may read: what is in it are the cards. */
static enum cm_code write_page(const struct making *making, int fd, const char *path, struct cm_err *err)
{
    struct cm_buf html;
    cm_buf_init(&html, SRV_CARDS_HTML_MAX);
    enum cm_code code = srv_card_sheet_html(&making->sheet, making->school, &html, err);
    if (code == CM_OK && (write_all(fd, html.data, html.size) != CM_OK || fsync(fd) != 0))
        code = cm_fail(err, CM_BACKEND, "%.200s cannot be written", path);
    if (html.data != NULL)
        cm_wipe(html.data, html.capacity);
    cm_buf_finish(&html);
    return code;
}

/* The page is on the disk before its cards count: a card that was voided has another. */
static enum cm_code make(struct srv_store *store, struct making *making, const char *path, struct cm_err *err)
{
    enum cm_code code = srv_store_read(store, gather, making, err);
    if (code != CM_OK || making->sheet.count == 0)
        return code;
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return cm_fail(err, CM_BACKEND, "%.200s cannot be made, or is there already", path);
    code = write_page(making, fd, path, err);
    if (close(fd) != 0 && code == CM_OK)
        code = cm_fail(err, CM_BACKEND, "%.200s cannot be written", path);
    if (code == CM_OK)
        code = srv_store_write(store, keep_tags, making, err);
    if (code != CM_OK)
        unlink(path);
    return code;
}

static void print_result(const struct srv_cli *cli, const struct srv_card_sheet *sheet, const char *path)
{
    if (cli->json)
        srv_cli_print_json(json_pack("{s:I, s:I, s:I}", "cards", (json_int_t)sheet->count, "kept",
                                     (json_int_t)sheet->kept, "closed", (json_int_t)sheet->closed));
    else if (sheet->count > 0)
        printf("%zu cards are in %s: print it, then remove the file; %zu have a card already, %zu are to use "
               "their face\n",
               sheet->count, path, sheet->kept, sheet->closed);
    else
        printf(
            "no card is needed: %zu have one already (--replace makes new ones), %zu are to use their face "
            "(--everybody makes cards for them too)\n",
            sheet->kept, sheet->closed);
}

int srv_cmd_cards(struct srv_cli *cli)
{
    struct cm_err err = CM_ERR_INIT;
    struct srv_store *store = NULL;
    const char *path = srv_cli_value(cli, SRV_OPT_OUT);
    if (cli->argc != 0 || cli->class_count != 1 || path == NULL)
        return srv_cli_usage("cards --class C --out FILE.html [--everybody] [--replace]");
    struct making making = {.wish = {.class_id = cli->classes[0],
                                     .everybody = srv_cli_value(cli, SRV_OPT_EVERYBODY) != NULL,
                                     .replace = srv_cli_value(cli, SRV_OPT_REPLACE) != NULL}};
    enum cm_code code = srv_cli_open_store(cli, false, &store, &err);
    if (code == CM_OK)
        code = make(store, &making, path, &err);
    if (code == CM_OK)
        print_result(cli, &making.sheet, path);
    srv_card_sheet_finish(&making.sheet);
    srv_store_close(store);
    return code == CM_OK ? SRV_EXIT_OK : srv_cli_fail(&err);
}
