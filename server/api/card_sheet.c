#include "api/card_sheet.h"

#include "api/consent.h"
#include "crypt/seal.h"
#include "qr/qr.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct gathering {
    struct srv_store *store;
    const struct srv_card_wish *wish;
    struct srv_card_sheet *sheet;
    struct cm_lane_facts school; /* the settings alone */
    enum cm_code code;
    struct cm_err *err;
};

static bool gets_one(const struct gathering *g, const struct srv_student *student)
{
    struct cm_lane_facts facts = g->school;
    if (g->wish->student_id != NULL)
        return true;
    if (student->archived)
        return false;
    facts.consent = student->base.consent;
    facts.has_templates = student->template_count > 0;
    facts.accommodation = student->base.accommodation;
    if (!g->wish->everybody && cm_lane_card_open(&facts) == CM_LANE_CLOSED) {
        g->sheet->closed++;
        return false;
    }
    if (!g->wish->replace && cm_card_tag_given(student->base.card_tag)) {
        g->sheet->kept++;
        return false;
    }
    return true;
}

static enum cm_code make_room(struct srv_card_sheet *sheet, struct cm_err *err)
{
    if (sheet->count == SRV_CARDS_MAX)
        return cm_fail(err, CM_INVALID, "more than %d cards at once", SRV_CARDS_MAX);
    if (sheet->items != NULL)
        return CM_OK;
    sheet->items = calloc(SRV_CARDS_MAX, sizeof *sheet->items); /* never moves: nothing stays behind */
    return sheet->items != NULL ? CM_OK : cm_fail(err, CM_NOMEM, "out of memory for cards");
}

static bool add_student(void *arg, const struct srv_student *student)
{
    struct gathering *g = arg;
    if (!gets_one(g, student))
        return true;
    g->code = make_room(g->sheet, g->err);
    if (g->code != CM_OK)
        return false;
    struct srv_card_item *item = &g->sheet->items[g->sheet->count++];
    memcpy(item->student_id, student->base.id, sizeof item->student_id);
    memcpy(item->name, student->base.name, sizeof item->name);
    memcpy(item->class_id, student->base.class_id, sizeof item->class_id);
    memcpy(item->roll_number, student->roll_number, sizeof item->roll_number);
    cm_card_new(&item->card);
    cm_card_text(&item->card, item->text);
    cm_buf_init(&item->svg, CM_QR_SVG_MAX);
    g->code = cm_qr_svg(item->text, &item->svg, g->err);
    return g->code == CM_OK;
}

static enum cm_code gather(struct gathering *g, struct cm_err *err)
{
    static const struct srv_student nobody;
    struct srv_student student;
    const struct srv_card_wish *wish = g->wish;
    enum cm_code code = srv_consent_facts(g->store, &nobody, &g->school, err);
    if (code != CM_OK)
        return code;
    if (wish->student_id == NULL) {
        code = srv_store_each_student(g->store, wish->class_id, "", add_student, g, err);
    } else {
        code = srv_store_get_student(g->store, wish->student_id, &student, err);
        if (code == CM_OK)
            add_student(g, &student);
    }
    return code == CM_OK ? g->code : code;
}

enum cm_code srv_card_sheet_prepare(struct srv_store *store, const struct srv_card_wish *wish,
                                    struct srv_card_sheet *ret_sheet, struct cm_err *err)
{
    struct srv_card_sheet sheet = {.count = 0};
    struct gathering g = {.store = store, .wish = wish, .sheet = &sheet, .code = CM_OK, .err = err};
    enum cm_code code = gather(&g, err);
    if (code == CM_OK)
        *ret_sheet = sheet;
    else
        srv_card_sheet_finish(&sheet);
    return code;
}

static void finish_item(struct srv_card_item *item)
{
    if (item->svg.data != NULL)
        cm_wipe(item->svg.data, item->svg.capacity);
    cm_buf_finish(&item->svg);
    cm_wipe(item, sizeof *item);
}

void srv_card_sheet_finish(struct srv_card_sheet *sheet)
{
    for (size_t i = 0; i < sheet->count; i++)
        finish_item(&sheet->items[i]);
    free(sheet->items);
    *sheet = (struct srv_card_sheet){.count = 0};
}

enum cm_code srv_card_sheet_store(struct srv_store *store, struct srv_card_sheet *sheet, struct cm_err *err)
{
    for (size_t i = 0; i < sheet->count;) {
        uint8_t tag[CM_CARD_TAG_SIZE];
        cm_card_tag(&sheet->items[i].card, tag);
        enum cm_code code = srv_store_put_credentials(store, sheet->items[i].student_id, tag, NULL, err);
        if (code == CM_OK) {
            i++;
        } else if (code == CM_NOTFOUND) {
            finish_item(&sheet->items[i]);
            sheet->count--;
            memmove(&sheet->items[i], &sheet->items[i + 1], (sheet->count - i) * sizeof sheet->items[0]);
            cm_wipe(&sheet->items[sheet->count], sizeof sheet->items[0]);
        } else {
            return code;
        }
    }
    return CM_OK;
}

/* ---- for the printer ---- */

static const char style[] =
    "body{font:10pt sans-serif;margin:10mm;display:flex;flex-wrap:wrap;gap:4mm}"
    ".card{width:85mm;height:54mm;border:.2mm dashed #888;padding:3mm;box-sizing:border-box;display:flex;"
    "gap:3mm;break-inside:avoid}.card svg{width:38mm;height:38mm;flex:none}.card b{font-size:12pt}"
    ".card p{margin:0 0 2mm;overflow-wrap:anywhere}.card small{font:6pt monospace}";

static enum cm_code put_escaped(struct cm_buf *html, const char *text)
{
    enum cm_code code = CM_OK;
    for (; *text != '\0' && code == CM_OK; text++) {
        const char *entity = *text == '&'    ? "&amp;"
                             : *text == '<'  ? "&lt;"
                             : *text == '>'  ? "&gt;"
                             : *text == '"'  ? "&quot;"
                             : *text == '\'' ? "&#39;"
                                             : NULL;
        code = entity != NULL ? cm_buf_append_text(html, entity) : cm_buf_append(html, text, 1);
    }
    return code;
}

static enum cm_code put_line(struct cm_buf *html, const char *before, const char *text, const char *after)
{
    enum cm_code code = cm_buf_append_text(html, before);
    if (code == CM_OK)
        code = put_escaped(html, text);
    return code == CM_OK ? cm_buf_append_text(html, after) : code;
}

static enum cm_code put_card(struct cm_buf *html, const struct srv_card_item *item, const char *school)
{
    enum cm_code code = cm_buf_append_text(html, "<div class=\"card\">");
    if (code == CM_OK)
        code = cm_buf_append(html, item->svg.data, item->svg.size);
    if (code == CM_OK)
        code = put_line(html, "<div><p>", school, "</p>");
    if (code == CM_OK)
        code = put_line(html, "<p><b>", item->name, "</b></p>");
    if (code == CM_OK)
        code = put_line(html, "<p>", item->class_id, "");
    if (code == CM_OK && item->roll_number[0] != '\0')
        code = put_line(html, ", no. ", item->roll_number, "");
    if (code == CM_OK)
        code = put_line(html, "</p><small>", item->text, "</small></div></div>\n");
    return code;
}

enum cm_code srv_card_sheet_html(const struct srv_card_sheet *sheet, const char *school, struct cm_buf *html,
                                 struct cm_err *err)
{
    enum cm_code code = cm_buf_appendf(html,
                                       "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
                                       "<title>Cards</title><style>%s</style></head><body>\n",
                                       style);
    for (size_t i = 0; i < sheet->count && code == CM_OK; i++)
        code = put_card(html, &sheet->items[i], school);
    if (code == CM_OK)
        code = cm_buf_append_text(html, "</body></html>\n");
    return code == CM_OK ? CM_OK : cm_fail(err, CM_NOMEM, "the cards do not fit into one page");
}
