/*
 * The rows of a OneRoster set, read and checked, before they are put together. Private to the OneRoster parser.
 */
#ifndef CM_ONEROSTER_SET_H
#define CM_ONEROSTER_SET_H

#include "roster/id_index.h"
#include "roster/oneroster.h"
#include "roster/roster_row.h"

enum { CM_AGENTS_MAX = 6 };

enum cm_person_role { CM_PERSON_STUDENT = 1, CM_PERSON_PARENT = 2, CM_PERSON_TEACHER = 4 };

struct cm_person {
    char id[CM_ID_SIZE];
    char name[CM_NAME_SIZE];
    char identifier[16];
    char phone[CM_PHONE_SIZE], email[CM_EMAIL_SIZE];
    char agents[CM_AGENTS_MAX][CM_ID_SIZE];
    uint32_t roles; /* bits */
    bool gone;
    size_t line;
    /* of a student: the homeroom */
    size_t homeroom; /* index + 1 among the set's; 0: none */
    size_t homeroom_line;
    bool left_homeroom; /* an enrolment of his was taken back */
};

struct cm_homeroom {
    struct cm_oneroster_class names;
    bool gone, of_this_set;
    char teacher[CM_ID_SIZE]; /* sourcedId */
    bool teacher_is_primary;
};

struct cm_oneroster_set {
    const struct cm_oneroster_known *known;
    struct cm_oneroster_file *of[CM_ONEROSTER_KINDS]; /* NULL: not there */
    bool delta, delta_said;                           /* told by the manifest or a status */
    struct cm_person *people;
    size_t person_count, person_room;
    struct cm_id_index person_at; /* sourcedId → index + 1 */
    struct cm_homeroom *homerooms;
    size_t homeroom_count, homeroom_room;
    struct cm_id_index homeroom_at; /* the same */
    struct cm_id_index other_classes;
    struct cm_id_index class_ids; /* of ours → line: two homerooms must not be one */
};

/* Each reads one file into the set; problems go to its report. CM_OK or CM_NOMEM. */
enum cm_code cm_oneroster_read_manifest(struct cm_oneroster_set *set, struct cm_err *err);
enum cm_code cm_oneroster_read_users(struct cm_oneroster_set *set, struct cm_err *err);
enum cm_code cm_oneroster_read_roles(struct cm_oneroster_set *set, struct cm_err *err);
enum cm_code cm_oneroster_read_classes(struct cm_oneroster_set *set, struct cm_err *err);
enum cm_code cm_oneroster_read_enrollments(struct cm_oneroster_set *set, struct cm_err *err);

/* NULL: not in the set. */
struct cm_person *cm_oneroster_person(struct cm_oneroster_set *set, const char *id);
/* An array with room for one more, or NULL without memory. */
void *cm_oneroster_room(void *records, size_t count, size_t *room, size_t record_size);

#endif
