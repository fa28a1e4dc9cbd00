/* POST /api/students/:id/card, POST /api/students/:id/pin, POST /api/classes/:class/cards */
#include "api/card_sheet.h"
#include "api/handlers.h"

#include "api/api.h"
#include "base/log.h"
#include "crypt/seal.h"
#include "http_json/json.h"
#include "lane/pin.h"
#include "live/live.h"
#include <stdio.h>
#include <string.h>

/* ---- cards ---- */

struct card_write {
    struct srv_call_write base;
    char student_id[CM_ID_SIZE]; /* "": of the class */
    char class_id[CM_ID_SIZE];
    bool everybody, replace;
    struct srv_card_sheet sheet; /* set by prepare */
};

/* Takes long for a class: beside the writer. */
static enum cm_code prepare_cards(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct card_write *write = arg;
    struct srv_card_wish wish = {.student_id = write->student_id[0] != '\0' ? write->student_id : NULL,
                                 .class_id = write->class_id,
                                 .everybody = write->everybody,
                                 .replace = write->replace};
    return srv_card_sheet_prepare(store, &wish, &write->sheet, err);
}

static enum cm_code run_cards(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct card_write *write = arg;
    return srv_card_sheet_store(store, &write->sheet, err);
}

static void finish_cards(struct srv_call_write *base)
{
    srv_card_sheet_finish(&((struct card_write *)base)->sheet);
}

static json_t *card_json(const struct srv_card_item *item)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "student_id", item->student_id, "name", item->name,
                     "class_id", item->class_id, "roll_number", item->roll_number, "card", item->text, "svg",
                     (const char *)item->svg.data);
}

/* Stations get the new tags; who made cards stays in the log. */
static void tell(struct srv_call_write *base, const char *what, const char *id, size_t count)
{
    cm_log(CM_LOG_INFO, "api", what, CM_STR("of", id), CM_INT("count", count),
           CM_STR("by", srv_call_identity(base->call)->user));
    srv_live_changes(base->app->live);
    srv_live_changed(base->app->live, "students", NULL, NULL);
}

static void answer_card(struct srv_call_write *base)
{
    const struct card_write *write = (struct card_write *)base;
    if (write->sheet.count == 0) {
        srv_api_not_found(base->call, "student");
        return;
    }
    tell(base, "a card was made", write->student_id, 1);
    srv_json_answer_secret(base->call, 201, card_json(&write->sheet.items[0]));
}

static void answer_cards(struct srv_call_write *base)
{
    const struct card_write *write = (struct card_write *)base;
    const struct srv_card_sheet *sheet = &write->sheet;
    json_t *cards = json_array();
    for (size_t i = 0; i < sheet->count; i++)
        json_array_append_new(cards, card_json(&sheet->items[i]));
    tell(base, "cards were made", write->class_id, sheet->count);
    srv_json_answer_secret(base->call, 201,
                           json_pack("{s:o, s:I, s:I}", "cards", cards, "kept", (json_int_t)sheet->kept,
                                     "closed", (json_int_t)sheet->closed));
}

static struct card_write *create_cards(struct srv_call *call, void (*answer)(struct srv_call_write *))
{
    struct card_write *write = srv_call_write_create(call, sizeof *write, run_cards, answer);
    if (write == NULL)
        return NULL;
    write->base.write.prepare = prepare_cards;
    write->base.finish = finish_cards;
    return write;
}

void srv_api_student_card(struct srv_call *call)
{
    struct srv_student student;
    if (!srv_api_find_student(call, &student) || !srv_json_body(call, NULL, 0))
        return;
    struct card_write *write = create_cards(call, answer_card);
    if (write == NULL)
        return;
    memcpy(write->student_id, student.base.id, sizeof write->student_id);
    srv_call_write_submit(&write->base);
}

void srv_api_class_cards(struct srv_call *call)
{
    struct cm_class class_;
    if (!srv_api_find_class(call, srv_call_param(call, "class"), &class_))
        return;
    struct card_write *write = create_cards(call, answer_cards);
    if (write == NULL)
        return;
    const struct srv_json_field fields[] = {
        {.name = "everybody", .type = SRV_JSON_BOOL, .ret = &write->everybody},
        {.name = "replace", .type = SRV_JSON_BOOL, .ret = &write->replace},
    };
    memcpy(write->class_id, class_.id, sizeof write->class_id);
    if (SRV_JSON_BODY(call, fields))
        srv_call_write_submit(&write->base);
    else
        srv_call_write_drop(&write->base);
}

/* ---- PIN ---- */

struct pin_write {
    struct srv_call_write base; /* the whole is wiped when it was answered */
    char student_id[CM_ID_SIZE];
    char pin[CM_PIN_SIZE];
    char hash[CM_PIN_HASH_SIZE]; /* set by prepare */
};

static enum cm_code prepare_pin(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct pin_write *write = arg;
    (void)store;
    return cm_pin_hash(write->pin, write->hash, err);
}

static enum cm_code run_pin(struct srv_store *store, void *arg, struct cm_err *err)
{
    const struct pin_write *write = arg;
    return srv_store_put_credentials(store, write->student_id, NULL, write->hash, err);
}

static void answer_pin(struct srv_call_write *base)
{
    const struct pin_write *write = (struct pin_write *)base;
    tell(base, "a PIN was made", write->student_id, 1);
    srv_json_answer_secret(base->call, 201,
                           json_pack("{s:s, s:s}", "student_id", write->student_id, "pin", write->pin));
}

/* The PIN that is wanted, or a new one. */
static bool read_pin(struct srv_call *call, struct pin_write *write)
{
    struct cm_err err = CM_ERR_INIT;
    bool given = false;
    const struct srv_json_field fields[] = {{.name = "pin",
                                             .type = SRV_JSON_SECRET,
                                             .ret = write->pin,
                                             .size = sizeof write->pin,
                                             .ret_given = &given}};
    if (!SRV_JSON_BODY(call, fields))
        return false;
    if (!given)
        cm_pin_new(write->pin);
    if (cm_pin_check(write->pin, &err) == CM_OK)
        return true;
    srv_json_invalid(call, "pin", "%s", err.msg);
    return false;
}

void srv_api_student_pin(struct srv_call *call)
{
    struct srv_student student;
    if (!srv_api_find_student(call, &student))
        return;
    struct pin_write *write = srv_call_write_create(call, sizeof *write, run_pin, answer_pin);
    if (write == NULL)
        return;
    write->base.write.prepare = prepare_pin;
    memcpy(write->student_id, student.base.id, sizeof write->student_id);
    if (read_pin(call, write))
        srv_call_write_submit(&write->base);
    else
        srv_call_write_drop(&write->base);
}
