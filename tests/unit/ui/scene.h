/* Scenes for the tests of the interface: a state brought about by events alone, a picture without a person in it. */
#ifndef TEST_UI_SCENE_H
#define TEST_UI_SCENE_H

#include "ui/draw.h"
#include "ui/state.h"
#include "ui/view.h"

struct scene {
    struct stn_ui_state state;
    struct stn_ui_clock clock;
    struct stn_preview preview;
    struct stn_ui_caps caps;
    struct stn_view view;
    struct stn_grid grid;
};

/* A station of class 10-B at 08:51:40, models loaded, camera clear, two marks and a refusal in the past. */
struct scene *scene_create(void);
/* The same before its first event. */
struct scene *scene_create_empty(void);
void scene_destroy(struct scene *scene);

void scene_apply(struct scene *scene, const struct stn_event *event);
void scene_advance(struct scene *scene, int64_t by_us);
/* A frame event with tracks of the kinds named by letters: b asked to blink, s settling, l live, u unknown, a attack,
 * f too far away. */
void scene_frame(struct scene *scene, enum stn_prompt prompt, const char *tracks);
void scene_marked(struct scene *scene, enum stn_event_kind kind, const char *name, enum cm_roll_status status,
                  int points);
void scene_refused(struct scene *scene, const char *text);
void scene_camera(struct scene *scene, enum stn_camera_state camera, const char *text);
void scene_lane(struct scene *scene, bool open, const char *reason, int64_t until_ms);

/* Goes to the roll of 10-B with 13 students of all kinds, and answers what the interface asks for. */
void scene_roll(struct scene *scene);
/* Types; \n is Enter, \x1b Esc. Commands are taken, and lists answered. */
void scene_type(struct scene *scene, const char *keys);
/* The last request that was no list; kind 0: none. */
extern struct stn_request scene_request;
/* Answers scene_request. */
void scene_answer(struct scene *scene, bool done, const char *text);
/* As the next list will have it. */
struct stn_ev_roll_page *scene_roll_head(void);
struct stn_roll_row *scene_roll_row(int index);

/* Builds the view and draws it at this size. */
void scene_draw(struct scene *scene, int rows, int cols);
/* The screen as text, in memory of the test (free). */
char *scene_text(struct scene *scene);

#endif
