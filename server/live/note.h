/* "changed" and "reset": what pages are told without a number. Counted with the message that carries them. */
#ifndef SRV_LIVE_NOTE_H
#define SRV_LIVE_NOTE_H

#include "live/viewer.h"
#include <jansson.h>

struct srv_note {
    char what[16];
    char class_id[CM_ID_SIZE];   /* empty: all */
    json_t *detail;              /* NULL: none; only before it is made */
    struct srv_chunk *for_staff; /* with detail */
    struct srv_chunk *for_students;
};

/* CM_NOMEM. detail is borrowed and copied. */
enum cm_code srv_note_init(struct srv_note *note, const char *what, const char *class_id,
                           const json_t *detail, struct cm_err *err);
void srv_note_finish(struct srv_note *note);
/* Makes the chunks. */
enum cm_code srv_note_render(struct srv_note *note, struct cm_err *err);
/* The chunk that this viewer gets; NULL: it is not for him. */
struct srv_chunk *srv_note_for(const struct srv_note *note, const struct srv_viewer *viewer);
bool srv_note_same(const struct srv_note *note, const char *what, const char *class_id);

#endif
