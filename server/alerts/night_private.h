/* What night.c and make.c share. Private to this folder. */
#ifndef SRV_NIGHT_PRIVATE_H
#define SRV_NIGHT_PRIVATE_H

#include "alerts/night.h"
#include "alerts/terms.h"

struct srv_night_work { /* of one part: what it has read, and what it has done so far */
    struct srv_store *store;
    const struct srv_night_options *options;
    struct srv_alert_terms terms;
    int64_t put_back_wall_ms; /* when the store was put back to a backup; 0: never */
    struct srv_night_totals totals;
    struct srv_user *coordinators; /* read when the first alert is made */
    size_t coordinator_count, coordinator_room;
    bool coordinators_read;
    struct cm_err *err; /* of a visit under way */
    enum cm_code code;
};

/* Makes the alert that the decision says, and its messages (make.c). */
enum cm_code srv_night_make_alert(struct srv_night_work *work, const char *class_id,
                                  const struct srv_student *student, const struct srv_decision *decision,
                                  struct cm_err *err);
/* Fills why and by whom the class is held at its session, which is open (make.c). */
enum cm_code srv_night_find_hold(struct srv_night_work *work, const struct srv_session_info *info,
                                 struct srv_alert_cursor *cursor, struct cm_err *err);
void srv_night_work_free(struct srv_night_work *work);
/* Room for one more. */
enum cm_code srv_night_grow(void **list, size_t count, size_t *room, size_t item_size, struct cm_err *err);

#endif
