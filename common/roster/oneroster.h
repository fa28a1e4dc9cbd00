/*
 * A school's roster in the OneRoster CSV format, 1.1 or 1.2: a set of files that speak of each other. Pure: bytes in,
 * records and remarks out. The whole set is taken or nothing of it.
 *
 * - A file is known by its header line, whatever its name. Used are users, roles (1.2), classes, enrollments and the
 *   manifest; others of the format are passed over.
 * - Our classes are those of type "homeroom"; a class's id is its classCode, else its title. A student's id is his
 *   sourcedId, which never changes; his roll number is the `identifier` where it is short enough.
 * - A student belongs to the homeroom in which he is enrolled today. Two are a problem, not a guess; without one he is
 *   left out with a note. The teacher of a homeroom (the primary one first) becomes its coordinator.
 * - The first parent or guardian among a student's agents gives the parent's name, phone (`sms`, then `phone`) and
 *   `email`; a number without a country code, or what is no address, is left out with a note. Who has no such agent keeps what the school wrote itself.
 * - Bulk: the set is the whole school, who is not in it is gone (ret->whole). Delta: only what is there changed;
 *   `tobedeleted` is gone. Which of the two is told by the manifest, else by whether rows have a status.
 * - Passwords are not read.
 */
#ifndef CM_ONEROSTER_H
#define CM_ONEROSTER_H

#include "base/err.h"
#include "roster/roster_csv.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CM_ONEROSTER_FILES_MAX = 32 };

enum cm_oneroster_kind {
    CM_ONEROSTER_NONE, /* no file of the format */
    CM_ONEROSTER_MANIFEST,
    CM_ONEROSTER_USERS,
    CM_ONEROSTER_ROLES,
    CM_ONEROSTER_CLASSES,
    CM_ONEROSTER_ENROLLMENTS,
    CM_ONEROSTER_OTHER, /* of the format, not used */
    CM_ONEROSTER_KINDS
};
enum cm_oneroster_kind cm_oneroster_kind_of(const char *data, size_t size);

struct cm_oneroster_file {
    const char *data; /* borrowed */
    size_t size;
    struct cm_roster_report report; /* what was said of this file */
};

/* Which class of ours a sourcedId stands for: from one import to the next, since a delta names classes that it does not
 * hold. */
struct cm_oneroster_class {
    char sourced_id[CM_ID_SIZE];
    char id[CM_ID_SIZE];
};

struct cm_oneroster_known { /* what is there already; functions may be NULL: nothing */
    bool (*student)(void *arg, const char *id);
    bool (*class_of)(void *arg, const char *sourced_id, char ret_id[CM_ID_SIZE]);
    void *arg;
    int32_t today;
    const char *country; /* of telephone numbers without one (fields.h) */
};

struct cm_oneroster {        /* ours: cm_oneroster_finish */
    struct cm_roster roster; /* with details; a class's times are the defaults, for those that are new */
    bool whole;              /* who is not in it is gone */
    struct cm_oneroster_class *classes;
    size_t class_count;
};

/* The reports are written in any case. CM_INVALID with the number of problems; CM_NOMEM. */
enum cm_code cm_oneroster_parse(struct cm_oneroster_file *files, size_t count,
                                const struct cm_oneroster_known *known, struct cm_oneroster *ret_set,
                                struct cm_err *err);
void cm_oneroster_finish(struct cm_oneroster *set);

#endif
