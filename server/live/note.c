#include "live/note.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum cm_code srv_note_init(struct srv_note *note, const char *what, const char *class_id,
                           const json_t *detail, struct cm_err *err)
{
    *note = (struct srv_note){0};
    snprintf(note->what, sizeof note->what, "%s", what);
    snprintf(note->class_id, sizeof note->class_id, "%s", class_id != NULL ? class_id : "");
    if (detail != NULL)
        note->detail = json_deep_copy(detail);
    return detail == NULL || note->detail != NULL ? CM_OK : cm_fail(err, CM_NOMEM, "out of memory");
}

void srv_note_finish(struct srv_note *note)
{
    json_decref(note->detail);
    srv_chunk_unref(note->for_staff);
    srv_chunk_unref(note->for_students);
    *note = (struct srv_note){0};
}

bool srv_note_same(const struct srv_note *note, const char *what, const char *class_id)
{
    return note->detail == NULL && strcmp(note->what, what) == 0 &&
           strcmp(note->class_id, class_id != NULL ? class_id : "") == 0;
}

static struct srv_chunk *chunk_of(json_t *data)
{
    char *text = data != NULL ? json_dumps(data, JSON_COMPACT) : NULL, *line = NULL;
    struct srv_chunk *chunk = NULL;
    int size = text != NULL ? asprintf(&line, "event: changed\ndata: %s\n\n", text) : -1;
    if (size > 0) {
        chunk = srv_chunk_create(line, (size_t)size);
        free(line);
    }
    free(text);
    json_decref(data);
    return chunk;
}

enum cm_code srv_note_render(struct srv_note *note, struct cm_err *err)
{
    json_t *staff = json_object();
    if (note->detail != NULL && json_is_object(note->detail))
        json_object_update(staff, note->detail);
    json_object_set_new(staff, "what", json_string(note->what));
    if (note->class_id[0] != '\0')
        json_object_set_new(staff, "class_id", json_string(note->class_id));
    note->for_staff = chunk_of(staff);
    note->for_students = chunk_of(json_pack("{s:s}", "what", note->what));
    return note->for_staff != NULL && note->for_students != NULL ? CM_OK
                                                                 : cm_fail(err, CM_NOMEM, "out of memory");
}

static bool is_one_of(const char *what, const char *const *names)
{
    while (*names != NULL && strcmp(*names, what) != 0)
        names++;
    return *names != NULL;
}

/* What a student's pages show; what is an admin's alone; the rest is for staff. */
static bool of_role(const struct srv_note *note, uint32_t role)
{
    static const char *const of_students[] = {"roll", "students", "classes", "calendar", "settings", NULL};
    static const char *const of_admins[] = {"users", "enrolment", NULL};
    switch (role) {
    case SRV_ROLE_ADMIN:
        return true;
    case SRV_ROLE_COORDINATOR:
        return !is_one_of(note->what, of_admins);
    case SRV_ROLE_STUDENT:
        return is_one_of(note->what, of_students);
    default:
        return false;
    }
}

struct srv_chunk *srv_note_for(const struct srv_note *note, const struct srv_viewer *viewer)
{
    if (!of_role(note, viewer->role))
        return NULL;
    if (note->class_id[0] != '\0' && !srv_viewer_has_class(viewer, note->class_id))
        return NULL;
    return viewer->role == SRV_ROLE_STUDENT ? note->for_students : note->for_staff;
}
