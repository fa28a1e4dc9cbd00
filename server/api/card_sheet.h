/*
 * Cards for the lane without a face, in the making: of one student or a class, with their QR codes. They are seen once: the
 * store keeps tags alone (lane/card.h), and making a card voids the one before.
 *
 *     srv_card_sheet_prepare(store, &wish, &sheet, &err);     // within a read; takes long: not on a loop thread
 *     srv_card_sheet_store(store, &sheet, &err);              // within a write
 *     …                                                       // the answer, or a page
 *     srv_card_sheet_finish(&sheet);                          // wipes
 */
#ifndef SRV_CARD_SHEET_H
#define SRV_CARD_SHEET_H

#include "base/buf.h"
#include "lane/card.h"
#include "store/store.h"

enum { SRV_CARDS_MAX = 500, SRV_CARDS_HTML_MAX = 8 * 1024 * 1024 };

struct srv_card_wish {
    const char *student_id; /* of him, whatever else; NULL: of the class */
    const char *class_id;
    bool everybody; /* also of whom the lane is closed to; they are told to use their face (lane/rule.h) */
    bool replace;   /* also of who has a card: it is void then */
};

struct srv_card_item {
    char student_id[CM_ID_SIZE], name[CM_NAME_SIZE], class_id[CM_ID_SIZE], roll_number[16];
    struct cm_card card;
    char text[CM_CARD_TEXT_SIZE];
    struct cm_buf svg;
};
struct srv_card_sheet {
    struct srv_card_item *items;
    size_t count, room;
    size_t kept;   /* have a card, and keep it */
    size_t closed; /* are to use their face */
};

/* CM_NOTFOUND: no such student. CM_INVALID: more than SRV_CARDS_MAX. */
enum cm_code srv_card_sheet_prepare(struct srv_store *store, const struct srv_card_wish *wish,
                                    struct srv_card_sheet *ret_sheet, struct cm_err *err);
/* Whoever was erased meanwhile gets none: his is taken off the sheet. */
enum cm_code srv_card_sheet_store(struct srv_store *store, struct srv_card_sheet *sheet, struct cm_err *err);
/* A page for the printer that needs nothing else. */
enum cm_code srv_card_sheet_html(const struct srv_card_sheet *sheet, const char *school, struct cm_buf *html,
                                 struct cm_err *err);
void srv_card_sheet_finish(struct srv_card_sheet *sheet);

#endif
