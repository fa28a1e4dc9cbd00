/*
 * A nickname stands on the board in place of a name, before a whole class: it may not be what a classmate is called.
 *
 * Names are compared as people see them: folded (fold.h), with one kind of space, and with letters that look alike in Latin,
 * Greek and Cyrillic taken as one.
 *
 * Names are the school's and are never refused for a nickname: where one comes later that equals a nickname, the board
 * shows the name of who had the nickname, for as long as the two are in one class.
 */
#ifndef SRV_API_NICKNAME_H
#define SRV_API_NICKNAME_H

#include "api/cache.h"

/* What is compared of a name, cut where it is too long; "" where nothing of it can be seen. Pure. */
void srv_nickname_key(const char *name, char ret_key[CM_NAME_SIZE]);

/* Within a write: CM_INVALID when somebody else of his class, as the student is now, goes by his nickname already. */
enum cm_code srv_nickname_check(struct srv_store *store, const struct srv_student *student,
                                struct cm_err *err);

/* Takes the nicknames from the rows of a class that another one of them goes by. CM_NOMEM. */
enum cm_code srv_nicknames_settle(struct srv_board_row *rows, int count, struct cm_err *err);

#endif
