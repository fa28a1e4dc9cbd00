/* What a server would send, made by hand: pages of changes and answers, encoded as on the wire. */
#ifndef TEST_SERVER_DOUBLE_H
#define TEST_SERVER_DOUBLE_H

#include "base/buf.h"
#include "store/store_sync.h"
#include "store_fixture.h"
#include "sync/message.h"

struct page { /* large: keep it off small stacks */
    struct cm_changes changes;
    struct cm_buf bodies[CM_SYNC_ITEMS_MAX];
};

void double_pair(struct fixture *f);    /* with https://school.example, paired at the fixture's time */
extern const struct cm_box *double_box; /* the server's key pair */

struct page *page_create(const char *cursor);
void page_destroy(struct page *page);
void page_class(struct page *page, const char *id);
void page_student(struct page *page, const char *id, const char *class_id);
/* With a word of consent that was said at that instant. */
void page_consent(struct page *page, const char *id, const char *class_id, enum cm_consent_state state,
                  int64_t wall_ms);
void page_gone(struct page *page, enum cm_item_kind kind, const char *id, bool erased);
/* count 0: an empty body. `key` is the station's, NULL: of somebody else, so that it does not open. */
void page_templates(struct page *page, const char *id, size_t count, const uint8_t *public_key);
void page_closure(struct page *page, int32_t date, const char *class_id, const char *label);
void page_short(struct page *page, int32_t date, const char *class_id, int32_t start_minute,
                int32_t close_after_min);
void page_points(struct page *page, const char *points);
void page_roll(struct page *page, const char *class_id, const struct cm_roll_news *news);
void page_station(struct page *page, const char *only_class); /* NULL: every class */

/* Applies it and requires success; frees the page. */
struct stn_applied page_apply(struct fixture *f, struct page *page);

size_t count_templates(struct fixture *f, const char *student_id); /* NULL: of all */
bool has_student(struct fixture *f, const char *id);

#endif
