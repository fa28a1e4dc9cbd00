#include "scene.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NOON_WALL_MS = 1000000 };

static void set_time(struct scene *scene, const char *time)
{
    snprintf(scene->clock.time, sizeof scene->clock.time, "%s", time);
    scene->clock.minutes = atoi(time) * 60 + atoi(time + 3);
}

/* A ramp with a disc in it: enough to see that it is scaled and coloured right. */
static void paint(struct stn_preview *preview)
{
    preview->width = 80;
    preview->height = 60;
    for (int y = 0; y < preview->height; y++) {
        for (int x = 0; x < preview->width; x++) {
            uint8_t *pixel = &preview->rgb[(y * preview->width + x) * 3];
            int dx = x - 40, dy = y - 30;
            bool disc = dx * dx + dy * dy < 18 * 18;
            pixel[0] = (uint8_t)(disc ? 220 : x * 2);
            pixel[1] = (uint8_t)(disc ? 170 : x * 2);
            pixel[2] = (uint8_t)(disc ? 140 : 60 + y);
        }
    }
}

struct scene *scene_create_empty(void)
{
    struct scene *scene = calloc(1, sizeof *scene);
    stn_ui_init(&scene->state, STN_PLACE_KIOSK);
    stn_grid_init(&scene->grid);
    scene->caps = (struct stn_ui_caps){.utf8 = true, .colours = 256};
    scene->clock.now_us = 60000000;
    scene->clock.wall_ms = NOON_WALL_MS;
    snprintf(scene->clock.date, sizeof scene->clock.date, "Mon 23 Nov");
    set_time(scene, "08:49:58");
    paint(&scene->preview);
    return scene;
}

void scene_destroy(struct scene *scene)
{
    stn_grid_finish(&scene->grid);
    free(scene);
}

void scene_apply(struct scene *scene, const struct stn_event *event)
{
    stn_ui_apply(&scene->state, event, &scene->clock);
}

void scene_advance(struct scene *scene, int64_t by_us)
{
    scene->clock.now_us += by_us;
    scene->clock.wall_ms += by_us / 1000;
}

static void begin(struct scene *scene)
{
    struct stn_event event = {.kind = STN_EV_STARTED};
    event.u.started = (struct stn_ev_started){
        .version = "0.1.0",
        .camera = "replay:demo.mp4?loop=1",
        .policy = "basic",
        .class_id = "10-B",
        .students = 38,
        .enrolled = 37,
        .timezone = "Asia/Kolkata",
    };
    scene_apply(scene, &event);
    event = (struct stn_event){.kind = STN_EV_LOADING};
    scene_apply(scene, &event);
    event = (struct stn_event){.kind = STN_EV_READY};
    event.u.ready = (struct stn_ev_ready){.face_lane = true, .loading_ms = 840};
    scene_apply(scene, &event);
    event = (struct stn_event){.kind = STN_EV_ROLL};
    event.u.roll = (struct stn_ev_roll){
        .present = 28, .late = 3, .pending = 0, .total = 38, .class_id = "10-B", .session_open = true};
    scene_apply(scene, &event);
}

struct scene *scene_create(void)
{
    struct scene *scene = scene_create_empty();
    begin(scene);
    scene_camera(scene, STN_CAMERA_CLEAR, "The picture is clear.");
    set_time(scene, "08:50:12");
    scene_refused(scene, "Nobody of this class is close enough.");
    set_time(scene, "08:51:02");
    scene_marked(scene, STN_EV_MARKED, "Imran Khan", CM_ROLL_PRESENT, 15);
    set_time(scene, "08:51:40");
    scene_marked(scene, STN_EV_MARKED, "Asha Verma", CM_ROLL_PRESENT, 17);
    scene_advance(scene, 10000000);
    return scene;
}

static struct stn_track_view make_track(char kind, int index)
{
    struct stn_track_view track = {
        .track_id = (uint32_t)(41 + index),
        .box = {.x = (float)(240 - 170 * index), .y = (float)(110 + 20 * index), .width = 160, .height = 220},
        .face_ok = STN_CHECK_OK,
        .looking = STN_CHECK_OK,
        .distance = NAN,
        .margin = NAN,
        .ear_ratio = 0.97f,
        .yaw_deg = 4,
    };
    if (track.box.x < 0)
        track.box.x = 480;
    track.eyes[0] = (struct stn_point){track.box.x + 45, track.box.y + 90};
    track.eyes[1] = (struct stn_point){track.box.x + 115, track.box.y + 90};
    switch (kind) {
    case 'b':
        track.state = STN_LIVE_CHALLENGE;
        track.reason = STN_REASON_WAITING_FOR_BLINK;
        track.prompt = STN_PROMPT_BLINK;
        track.match = STN_CHECK_OK;
        track.distance = 0.38f;
        track.margin = 0.21f;
        snprintf(track.student_id, sizeof track.student_id, "1001");
        snprintf(track.student_name, sizeof track.student_name, "Asha Verma");
        break;
    case 'l':
        track = make_track('b', index);
        track.state = STN_LIVE_LIVE;
        track.reason = STN_REASON_CLEAN_BLINK;
        track.prompt = STN_PROMPT_NONE;
        track.blink = STN_CHECK_OK;
        break;
    case 'u':
        track.state = STN_LIVE_WATCHING;
        track.reason = STN_REASON_WAITING_FOR_BLINK;
        track.match = STN_CHECK_FAILED;
        track.distance = 0.71f;
        track.margin = 0.03f;
        break;
    case 'a':
        track.state = STN_LIVE_ATTACK;
        track.reason = STN_REASON_VETO;
        track.prompt = STN_PROMPT_SEE_TEACHER;
        break;
    case 'f':
        track.state = STN_LIVE_SETTLING;
        track.reason = STN_REASON_TOO_SMALL;
        track.prompt = STN_PROMPT_COME_CLOSER;
        track.face_ok = STN_CHECK_FAILED;
        track.box.width = 50;
        track.box.height = 70;
        track.ear_ratio = NAN;
        break;
    default:
        track.state = STN_LIVE_SETTLING;
        track.reason = STN_REASON_SETTLING;
        break;
    }
    return track;
}

void scene_frame(struct scene *scene, enum stn_prompt prompt, const char *tracks)
{
    struct stn_event event = {.kind = STN_EV_FRAME};
    struct stn_ev_frame *frame = &event.u.frame;
    *frame = (struct stn_ev_frame){
        .number = 4711,
        .dropped = 2,
        .width = 640,
        .height = 480,
        .fps = 24.0f,
        .camera_fps = 29.9f,
        .times =
            {.scene_us = 400, .detect_us = 6100, .landmarks_us = 4200, .quality_us = 300, .total_us = 11200},
        .embed_us = 19000,
        .prompt = prompt,
    };
    for (; tracks[frame->track_count] && frame->track_count < STN_FACES_MAX; frame->track_count++)
        frame->tracks[frame->track_count] = make_track(tracks[frame->track_count], frame->track_count);
    scene_apply(scene, &event);
}

void scene_marked(struct scene *scene, enum stn_event_kind kind, const char *name, enum cm_roll_status status,
                  int points)
{
    struct stn_event event = {.kind = kind};
    event.u.marked = (struct stn_ev_marked){
        .track_id = 41,
        .student_id = "1001",
        .class_id = "10-B",
        .status = status,
        .points = points,
        .method = CM_METHOD_FACE,
        .receipt = "7K2-Q9D",
        .distance = 0.38f,
        .margin = 0.21f,
        .threshold = 0.46f,
        .blink_ms = 184,
    };
    snprintf(event.u.marked.student_name, sizeof event.u.marked.student_name, "%s", name);
    scene_apply(scene, &event);
}

void scene_refused(struct scene *scene, const char *text)
{
    struct stn_event event = {.kind = STN_EV_REFUSED};
    event.u.refused = (struct stn_ev_refused){
        .track_id = 42, .reason = "unknown_face", .distance = 0.71f, .margin = 0.03f, .threshold = 0.46f};
    snprintf(event.u.refused.text, sizeof event.u.refused.text, "%s", text);
    scene_apply(scene, &event);
}

void scene_camera(struct scene *scene, enum stn_camera_state camera, const char *text)
{
    struct stn_event event = {.kind = STN_EV_CAMERA};
    event.u.camera.state = camera;
    snprintf(event.u.camera.text, sizeof event.u.camera.text, "%s", text);
    scene_apply(scene, &event);
}

void scene_lane(struct scene *scene, bool open, const char *reason, int64_t until_ms)
{
    struct stn_event event = {.kind = STN_EV_LANE};
    event.u.lane.open = open;
    event.u.lane.until_ms = until_ms;
    snprintf(event.u.lane.reason, sizeof event.u.lane.reason, "%s", reason);
    scene_apply(scene, &event);
}

/* ---- the roll ---- */

struct stn_request scene_request;

enum { STUDENTS = 13 };
static struct stn_ev_roll_page head;
static struct stn_roll_row students[STUDENTS];

struct stn_ev_roll_page *scene_roll_head(void)
{
    return &head;
}

struct stn_roll_row *scene_roll_row(int index)
{
    return &students[index];
}

static void make_roll(void)
{
    static const struct {
        const char *name, *time;
        enum cm_roll_status status;
        enum cm_method method;
        bool corrected;
    } made[STUDENTS] = {
        {"Asha Verma", "08:51", CM_ROLL_PRESENT, CM_METHOD_FACE, false},
        {"Imran Khan", "08:51", CM_ROLL_PRESENT, CM_METHOD_FACE, false},
        {"Meena Rao", "", CM_ROLL_NONE, 0, false},
        {"Neha Gupta", "", CM_ROLL_EXCUSED, 0, true},
        {"Ravi Patel", "09:04", CM_ROLL_LATE, CM_METHOD_CARD, false},
        {"आशा वर्मा", "08:47", CM_ROLL_PRESENT, CM_METHOD_PIN, false},
        {"Venkatanarasimharajuvaripeta Subramaniam", "08:55", CM_ROLL_PENDING, CM_METHOD_FACE, false},
        {"Sita Devi", "", CM_ROLL_NONE, 0, false},
        {"Tariq Ali", "", CM_ROLL_ABSENT, 0, true},
        {"Uma Iyer", "08:44", CM_ROLL_PRESENT, CM_METHOD_MANUAL, false},
        {"Vikram Singh", "", CM_ROLL_NONE, 0, false},
        {"Yasmin Sheikh", "08:52", CM_ROLL_LATE, CM_METHOD_FACE, true},
        {"Zoya Khan", "", CM_ROLL_NONE, 0, false},
    };
    head = (struct stn_ev_roll_page){.class_id = "10-B",
                                     .date = 20261123,
                                     .class_count = 2,
                                     .session = true,
                                     .open = true,
                                     .now = CM_ROLL_PRESENT,
                                     .day = "Mon 23 Nov",
                                     .start = "08:45",
                                     .close = "09:10",
                                     .total = STUDENTS};
    memset(students, 0, sizeof students);
    for (int i = 0; i < STUDENTS; i++) {
        snprintf(students[i].student_id, sizeof students[i].student_id, "%d", 1001 + i);
        snprintf(students[i].name, sizeof students[i].name, "%s", made[i].name);
        snprintf(students[i].time, sizeof students[i].time, "%s", made[i].time);
        students[i].status = made[i].status;
        students[i].method = made[i].method;
        students[i].corrected = made[i].corrected;
    }
}

static void answer(struct scene *scene, uint32_t number, bool done, const char *text)
{
    struct stn_event event = {.kind = STN_EV_ANSWER, .u.answer = {.number = number, .done = done}};
    snprintf(event.u.answer.text, sizeof event.u.answer.text, "%s", text);
    scene_apply(scene, &event);
}

static void list_roll(struct scene *scene, uint32_t number)
{
    for (int first = 0; first < STUDENTS; first += STN_ROLL_PAGE_ROWS) {
        struct stn_event event = {.kind = STN_EV_ROLL_PAGE, .u.roll_page = head};
        struct stn_ev_roll_page *page = &event.u.roll_page;
        page->number = number;
        page->first = first;
        for (; page->count < STN_ROLL_PAGE_ROWS && first + page->count < STUDENTS; page->count++)
            page->rows[page->count] = students[first + page->count];
        scene_apply(scene, &event);
    }
    answer(scene, number, true, "");
}

static void serve(struct scene *scene)
{
    struct stn_request request;
    stn_ui_follow(&scene->state, scene->clock.now_us);
    while (stn_ui_request(&scene->state, &request))
        if (request.kind == STN_REQ_ROLL)
            list_roll(scene, request.number);
        else
            scene_request = request;
}

void scene_type(struct scene *scene, const char *keys)
{
    for (; *keys; keys++) {
        stn_ui_key(&scene->state, *keys, scene->clock.now_us);
        serve(scene);
    }
}

void scene_answer(struct scene *scene, bool done, const char *text)
{
    answer(scene, scene_request.number, done, text);
    serve(scene);
}

void scene_roll(struct scene *scene)
{
    memset(&scene_request, 0, sizeof scene_request);
    make_roll();
    scene_type(scene, "r");
}

void scene_draw(struct scene *scene, int rows, int cols)
{
    if (stn_grid_resize(&scene->grid, rows, cols, NULL) != CM_OK)
        abort();
    stn_view_build(&scene->state, &scene->preview, &scene->caps, &scene->clock, &scene->view);
    stn_draw(&scene->view, &scene->grid);
}

char *scene_text(struct scene *scene)
{
    size_t size = stn_grid_to_text(&scene->grid, NULL, 0) + 1;
    char *text = malloc(size);
    stn_grid_to_text(&scene->grid, text, size);
    return text;
}
