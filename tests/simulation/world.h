/*
 * What both sides of the simulation speak of: a small school, its faces, and how a roster is written down so that two can
 * be compared.
 */
#ifndef SIM_WORLD_H
#define SIM_WORLD_H

#include "base/buf.h"
#include "record/record.h"

enum { SIM_CLASSES = 4, SIM_STUDENTS = 12, SIM_VIEW_MAX = 1 << 20 };
#define SIM_START_MS INT64_C(1795405800000) /* 2026-11-23 09:20 in India, a Monday */

void sim_class_id(int class_, char out[static CM_ID_SIZE]);    /* "A" … */
void sim_student_id(int student, char out[static CM_ID_SIZE]); /* "S00" … */
void sim_random_class(int class_, struct cm_class *ret_class);
void sim_random_student(int student, int class_, struct cm_student *ret_student);

/* 1 … 3 templates of the face of student `face`, on behalf of student_id; no two students are alike, no two enrolments of one
 * the same. Returns how many. */
int sim_enrol(int face, const char *student_id, int64_t wall_ms, struct cm_template ret_templates[3]);

/* A line each. */
void sim_view_class(struct cm_buf *view, const struct cm_class *class_);
void sim_view_student(struct cm_buf *view, const struct cm_student *student);
/* A session as it is known, and a line of it; both sides write them alike, or they are not equal. */
enum { SIM_ROLL_FIRST = 20261122, SIM_ROLL_LAST = 20261128 };
void sim_view_session(struct cm_buf *view, const char *class_id, int32_t date, int verdict, int word);
void sim_view_line(struct cm_buf *view, const char *student_id, enum cm_roll_status status, int32_t points,
                   int32_t all_points, int32_t streak);
void sim_view_template(struct cm_buf *view, const struct cm_template *template_);

struct cm_event;
struct sim_fact;
/* What it says of whom, and when. */
void sim_fact_of(struct sim_fact *fact, const struct cm_event *event);

#endif
