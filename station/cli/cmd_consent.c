/* consent, card, pin: who may be recognised by his face, and the lane of who is not. */
#include "cli/cli.h"

#include "base/utf8.h"
#include "crypt/seal.h"
#include "lane/card.h"
#include "lane/pin.h"
#include "qr/qr.h"
#include "store/store_sync.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* ---- consent ---- */

static bool take_words(const struct stn_cli *cli, enum stn_option option, const char *what, char *ret,
                       size_t size)
{
    const char *value = stn_cli_value(cli, option);
    ret[0] = '\0';
    if (value == NULL)
        return true;
    if (value[0] != '\0' && strlen(value) < size && cm_utf8_printable(value, strlen(value))) {
        strcpy(ret, value);
        return true;
    }
    stn_cli_usage("%s is empty, longer than %zu bytes, or holds characters that cannot be shown", what,
                  size - 1);
    return false;
}

bool stn_cli_consent(const struct stn_cli *cli, enum stn_option by, enum cm_consent_state state,
                     struct cm_consent *ret_consent)
{
    *ret_consent = (struct cm_consent){.state = state};
    return take_words(cli, by, "the name", ret_consent->given_by, sizeof ret_consent->given_by) &&
           take_words(cli, STN_OPT_TEXT, "the version of the text", ret_consent->text_version,
                      sizeof ret_consent->text_version) &&
           take_words(cli, STN_OPT_REASON, "the reason", ret_consent->words, sizeof ret_consent->words);
}

static bool find_state(const char *word, enum cm_consent_state *ret_state)
{
    for (int state = CM_CONSENT_GIVEN; state < CM_CONSENT_STATES; state++)
        if (strcmp(word, cm_consent_name((enum cm_consent_state)state)) == 0) {
            *ret_state = (enum cm_consent_state)state;
            return true;
        }
    return false;
}

static const char *what_follows(enum cm_consent_state state, bool paired)
{
    if (state == CM_CONSENT_GIVEN)
        return "the face may be enrolled";
    return paired
               ? "the face is destroyed here, at the server and its other stations with the next sync; card "
                 "and PIN are open"
               : "the face is destroyed; card and PIN are open";
}

int stn_cmd_consent(struct stn_cli *cli)
{
    struct cm_err err = CM_ERR_INIT;
    struct cm_consent consent;
    struct cm_student student;
    struct stn_store *store = NULL;
    enum cm_consent_state state;
    if (cli->argc != 2 || !find_state(cli->argv[1], &state) || stn_cli_value(cli, STN_OPT_BY) == NULL)
        return stn_cli_usage("consent ID given|refused|withdrawn --by NAME [--text VERSION]");
    if (!stn_cli_consent(cli, STN_OPT_BY, state, &consent))
        return STN_EXIT_USAGE;
    if (stn_cli_open_store(cli, false, &store, &err) != CM_OK)
        return stn_cli_fail(&err);
    enum cm_code code = stn_store_get_student(store, cli->argv[0], &student, &err);
    if (code == CM_OK) {
        memcpy(consent.student_id, student.id, sizeof consent.student_id);
        code = stn_store_say_consents(store, &consent, 1, &err);
    }
    bool paired = stn_store_is_paired(store);
    stn_store_close(store);
    if (code != CM_OK)
        return stn_cli_fail(&err);
    if (cli->json)
        stn_cli_print_json(json_pack("{s:s, s:s, s:s}", "id", student.id, "consent", cm_consent_name(state),
                                     "by", consent.given_by));
    else
        printf("consent of %s (%s): %s by %s; %s\n", student.name, student.id, cm_consent_name(state),
               consent.given_by, what_follows(state, paired));
    return STN_EXIT_OK;
}

/* ---- card ---- */

/* Nobody else may read it: it is the card. */
static enum cm_code write_svg(const char *path, const char *text, struct cm_err *err)
{
    struct cm_buf svg;
    cm_buf_init(&svg, CM_QR_SVG_MAX);
    enum cm_code code = cm_qr_svg(text, &svg, err);
    int fd = code == CM_OK ? open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600) : -1;
    if (code == CM_OK && fd < 0)
        code = cm_fail(err, CM_BACKEND, "%.200s cannot be made, or is there already", path);
    if (code == CM_OK && write(fd, svg.data, svg.size) != (ssize_t)svg.size)
        code = cm_fail(err, CM_BACKEND, "%.200s cannot be written", path);
    if (fd >= 0 && close(fd) != 0 && code == CM_OK)
        code = cm_fail(err, CM_BACKEND, "%.200s cannot be written", path);
    if (svg.data != NULL)
        cm_wipe(svg.data, svg.size);
    cm_buf_finish(&svg);
    return code;
}

static enum cm_code show_card(const struct stn_cli *cli, const char *id, const char *text, struct cm_err *err)
{
    const char *path = stn_cli_value(cli, STN_OPT_OUT);
    struct cm_buf lines;
    enum cm_code code = path != NULL ? write_svg(path, text, err) : CM_OK;
    if (code != CM_OK)
        return code;
    if (cli->json) {
        stn_cli_print_json(json_pack("{s:s, s:s}", "id", id, "card", text));
        return CM_OK;
    }
    if (path != NULL) {
        printf("the card of %s is in %s: print it, then remove the file\n", id, path);
        return CM_OK;
    }
    cm_buf_init(&lines, CM_QR_LINES_MAX);
    code = cm_qr_lines(text, &lines, err);
    if (code == CM_OK)
        printf("%s%s\nthe card of %s, shown this once; the one before is void\n", (const char *)lines.data,
               text, id);
    if (lines.data != NULL)
        cm_wipe(lines.data, lines.size);
    cm_buf_finish(&lines);
    return code;
}

/* One that could not be shown is void like the one before: a third is made. */
int stn_cmd_card(struct stn_cli *cli)
{
    struct cm_err err = CM_ERR_INIT;
    struct stn_store *store = NULL;
    struct cm_student student;
    struct cm_card card;
    char text[CM_CARD_TEXT_SIZE];
    uint8_t tag[CM_CARD_TAG_SIZE];
    if (cli->argc != 1)
        return stn_cli_usage("card ID [--out FILE.svg]");
    if (stn_cli_open_store(cli, false, &store, &err) != CM_OK)
        return stn_cli_fail(&err);
    cm_card_new(&card);
    cm_card_text(&card, text);
    cm_card_tag(&card, tag);
    enum cm_code code = stn_store_get_student(store, cli->argv[0], &student, &err);
    if (code == CM_OK)
        code = stn_store_put_credentials(store, student.id, tag, NULL, &err);
    if (code == CM_OK)
        code = show_card(cli, student.id, text, &err);
    cm_wipe(&card, sizeof card);
    cm_wipe(text, sizeof text);
    stn_store_close(store);
    return code == CM_OK ? STN_EXIT_OK : stn_cli_fail(&err);
}

/* ---- PIN ---- */

int stn_cmd_pin(struct stn_cli *cli)
{
    struct cm_err err = CM_ERR_INIT;
    struct stn_store *store = NULL;
    char pin[CM_PIN_SIZE] = "", hash[CM_PIN_HASH_SIZE];
    const char *given = stn_cli_value(cli, STN_OPT_PIN);
    if (cli->argc != 1)
        return stn_cli_usage("pin ID [--pin DIGITS]");
    if (given != NULL && cm_pin_check(given, &err) != CM_OK)
        return stn_cli_fail(&err);
    if (given != NULL)
        strcpy(pin, given);
    else
        cm_pin_new(pin);
    enum cm_code code = cm_pin_hash(pin, hash, &err);
    if (code == CM_OK)
        code = stn_cli_open_store(cli, false, &store, &err);
    if (code == CM_OK)
        code = stn_store_put_credentials(store, cli->argv[0], NULL, hash, &err);
    stn_store_close(store);
    if (code == CM_OK && cli->json)
        stn_cli_print_json(json_pack("{s:s, s:s}", "id", cli->argv[0], "pin", pin));
    else if (code == CM_OK)
        printf("the PIN of %s is %s, shown this once\n", cli->argv[0], pin);
    cm_wipe(pin, sizeof pin);
    cm_wipe(hash, sizeof hash);
    return code == CM_OK ? STN_EXIT_OK : stn_cli_fail(&err);
}
