#include "simulation/world.h"

#include "simulation/server_side.h"

#include "record/embedding.h"
#include "simulation/chance.h"
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

void sim_class_id(int class_, char out[static CM_ID_SIZE])
{
    snprintf(out, CM_ID_SIZE, "%c", 'A' + class_);
}

void sim_student_id(int student, char out[static CM_ID_SIZE])
{
    snprintf(out, CM_ID_SIZE, "S%02d", student);
}

void sim_random_class(int class_, struct cm_class *ret_class)
{
    *ret_class = (struct cm_class){.start_minute = 480 + sim_draw(60),
                                   .late_after_min = sim_draw(20),
                                   .close_after_min = 30 + sim_draw(30),
                                   .weekdays = 0x1f};
    sim_class_id(class_, ret_class->id);
    snprintf(ret_class->coordinator, sizeof ret_class->coordinator, "coordinator %d", sim_draw(100));
}

void sim_random_student(int student, int class_, struct cm_student *ret_student)
{
    *ret_student = (struct cm_student){.id = ""};
    sim_student_id(student, ret_student->id);
    sim_class_id(class_, ret_student->class_id);
    snprintf(ret_student->name, sizeof ret_student->name, "name %d", sim_draw(1000));
}

/* Orthogonal directions are 1.9 apart; the noise within one face stays below 0.1. */
int sim_enrol(int face, const char *student_id, int64_t wall_ms, struct cm_template ret_templates[3])
{
    int count = 1 + sim_draw(3);
    for (int i = 0; i < count; i++) {
        struct cm_template *template_ = &ret_templates[i];
        *template_ = (struct cm_template){
            .model = CM_EMBEDDING_MODEL, .quality = (float)sim_draw(100) / 100, .created_wall_ms = wall_ms};
        snprintf(template_->student_id, sizeof template_->student_id, "%s", student_id);
        for (int k = 0; k < CM_EMBEDDING_DIM; k++)
            template_->embedding[k] = (k == face ? 1.35f : 0) + (float)(sim_part() - 0.5) * 0.01f;
    }
    return count;
}

void sim_view_class(struct cm_buf *view, const struct cm_class *class_)
{
    cm_buf_appendf(view, "class %s %s %d %d %d %u\n", class_->id, class_->coordinator,
                   (int)class_->start_minute, (int)class_->late_after_min, (int)class_->close_after_min,
                   (unsigned)class_->weekdays);
}

void sim_view_student(struct cm_buf *view, const struct cm_student *student)
{
    cm_buf_appendf(view, "student %s %s %s consent %s\n", student->id, student->class_id, student->name,
                   cm_consent_name(student->consent));
}

void sim_view_session(struct cm_buf *view, const char *class_id, int32_t date, int verdict, int word)
{
    cm_buf_appendf(view, "session %s %d: verdict %d word %d\n", class_id, (int)date, verdict, word);
}

void sim_view_line(struct cm_buf *view, const char *student_id, enum cm_roll_status status, int32_t points,
                   int32_t all_points, int32_t streak)
{
    cm_buf_appendf(view, "  %s %s %d of %d, streak %d\n", student_id, cm_roll_status_name(status),
                   (int)points, (int)all_points, (int)streak);
}

void sim_view_template(struct cm_buf *view, const struct cm_template *template_)
{
    cm_buf_appendf(view, "template %s %" PRId64 " %.2f %.6f %.6f\n", template_->student_id,
                   template_->created_wall_ms, (double)template_->quality, (double)template_->embedding[0],
                   (double)template_->embedding[100]);
}

void sim_fact_of(struct sim_fact *fact, const struct cm_event *event)
{
    const char *id = "";
    fact->said_wall_ms = event->wall_ms;
    if (event->type == CM_EVENT_MARK) {
        id = event->body.mark.student_id;
        fact->captured_wall_ms = event->body.mark.captured_wall_ms;
        fact->says_whose = true;
        fact->erased_wall_ms = event->body.mark.erased_wall_ms;
    } else if (event->type == CM_EVENT_CORRECTION) {
        id = event->body.correction.student_id;
        fact->says_whose = true;
        fact->erased_wall_ms = event->body.correction.erased_wall_ms;
    } else if (event->type == CM_EVENT_ENROLLED) {
        id = event->body.enrolled.student_id;
    } else if (event->type == CM_EVENT_CONSENT) {
        id = event->body.consent.student_id;
        fact->says_whose = true;
        fact->erased_wall_ms = event->body.consent.erased_wall_ms;
    }
    snprintf(fact->student_id, sizeof fact->student_id, "%.15s", id);
}
