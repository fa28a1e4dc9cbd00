/*
 * Templates that a station made, on their way into the store: opened, checked, compared with the faces of all classes.
 */
#ifndef SRV_SYNC_FACES_H
#define SRV_SYNC_FACES_H

#include "sync/work.h"

/* Opens the box into faces->templates, of faces->student_id. CM_CORRUPT, CM_INVALID: not ours, damaged, of another model or
 * another student. */
enum cm_code srv_faces_open(const struct srv_sync_core *core, struct cm_span sealed, struct srv_faces *faces,
                            struct cm_err *err);

/* Within srv_store_read: looks for the nearest face among those of all classes, which takes long. */
enum cm_code srv_faces_compare(struct srv_store *store, struct srv_faces *faces, struct cm_err *err);
/* Within srv_store_write; compares with what changed since srv_faces_compare alone, or with all when that was not called.
 * The verdict, and with FINE the templates are stored (none: he is not enrolled any more). UNKNOWN:
 * not there, archived, of no class that the station serves, or another than the one whose faces they are. DUPLICATE:
 * faces->other_id is within the limit. WITHDRAWN: the student was un-enrolled, and whoever made them did not know. NO_CONSENT: that, or
 * nobody was asked (lane/rule.h). With DUPLICATE and WITHDRAWN faces->own is what the store has of the student. */
enum cm_code srv_faces_put(struct srv_store *store, const struct srv_station *station,
                           struct srv_faces *faces, struct cm_err *err);

#endif
