/*
 * Whatever comes in whatever order, at whatever size: no write outside the grid (the sanitizers watch), only characters
 * that a terminal may be given, no torn wide character. Random with a fixed seed.
 */
#include "unit.h"

#include "scene.h"
#include "ui/text.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t random_state = 0x9e3779b97f4a7c15;

static uint32_t random_below(uint32_t n)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint32_t)(random_state >> 32) % n;
}

static void random_text(char *out, size_t size)
{
    static const char *const parts[] = {
        "Asha",
        " ",
        "\x1b[2J",
        "\n",
        "王小明",
        "आशा वर्मा",
        "\xff",
        "\xcc\x81",
        "\xe2\x80\xae",
        "🙂",
        "x",
        "…",
        "\xef\xbb\xbf",
        "עברית",
        "\x7f",
        "\xe0\xa4",
        "averylongwordwithoutanyspaceinit",
        "\t",
        "한글",
        "\xf0\x9f\x87\xae",
    };
    size_t length = 0;
    for (uint32_t n = random_below(40); n > 0; n--) {
        const char *part = parts[random_below(sizeof parts / sizeof parts[0])];
        size_t more = strlen(part) < size - 1 - length ? strlen(part) : size - 1 - length;
        memcpy(out + length, part, more); /* may cut a character: that is wanted */
        length += more;
    }
    out[length] = '\0';
}

static float random_float(void)
{
    static const float odd[] = {NAN, INFINITY, -INFINITY, 0, -1, 1e30f, -1e30f};
    uint32_t pick = random_below(20);
    return pick < 7 ? odd[pick] : (float)random_below(1000) - 100;
}

static void random_track(struct stn_track_view *track)
{
    *track = (struct stn_track_view){
        .track_id = random_below(20),
        .box = {random_float(), random_float(), random_float(), random_float()},
        .eyes = {{random_float(), random_float()}, {random_float(), random_float()}},
        .state = (enum stn_live_state)random_below(STN_LIVE_UNDECIDED + 1),
        .reason = (enum stn_live_reason)random_below(STN_REASON_COUNT),
        .prompt = (enum stn_prompt)random_below(STN_PROMPT_SEE_TEACHER + 1),
        .face_ok = (enum stn_check)random_below(3),
        .looking = (enum stn_check)random_below(3),
        .blink = (enum stn_check)random_below(3),
        .match = (enum stn_check)random_below(3),
        .distance = random_float(),
        .margin = random_float(),
        .ear_ratio = random_float(),
        .yaw_deg = random_float(),
    };
    random_text(track->student_name, sizeof track->student_name);
    random_text(track->student_id, sizeof track->student_id);
}

static void random_frame(struct stn_ev_frame *frame)
{
    *frame = (struct stn_ev_frame){
        .dropped = random_state,
        .width = (int)random_below(5000) - 10,
        .height = (int)random_below(5000) - 10,
        .fps = random_float(),
        .camera_fps = random_float(),
        .times = {.total_us = (int32_t)random_state},
        .prompt = (enum stn_prompt)random_below(STN_PROMPT_SEE_TEACHER + 1),
        .track_count = (int)random_below(STN_FACES_MAX + 3) - 1,
    };
    for (int i = 0; i < STN_FACES_MAX; i++)
        random_track(&frame->tracks[i]);
}

static void random_page(struct stn_ev_roll_page *page)
{
    page->number = 1 + random_below(200);
    random_text(page->class_id, sizeof page->class_id);
    random_text(page->word_by, sizeof page->word_by);
    page->session = random_below(2);
    page->open = random_below(2);
    page->closed = random_below(2);
    page->word = (enum cm_session_word)random_below(CM_WORD_KINDS);
    page->now = (enum cm_roll_status)random_below(3);
    page->class_count = (int)random_below(3);
    page->total = (int)random_below(300);
    page->first = (int)random_below(2) * 8;
    page->count = (int)random_below(STN_ROLL_PAGE_ROWS + 1);
    for (int i = 0; i < page->count; i++) {
        struct stn_roll_row *row = &page->rows[i];
        random_text(row->student_id, sizeof row->student_id);
        random_text(row->name, sizeof row->name);
        row->status = (enum cm_roll_status)random_below(CM_ROLL_PENDING + 1);
        row->method = (enum cm_method)random_below(CM_METHOD_MANUAL + 1);
        row->corrected = random_below(2);
        snprintf(row->time, sizeof row->time, "%s", random_below(2) ? "08:51" : "");
    }
}

static void random_event(struct stn_event *event)
{
    memset(event, 0, sizeof *event);
    event->kind = (enum stn_event_kind)(1 + random_below(STN_EV_STOPPED));
    switch (event->kind) {
    case STN_EV_STARTED:
        random_text(event->u.started.class_id, sizeof event->u.started.class_id);
        random_text(event->u.started.camera, sizeof event->u.started.camera);
        snprintf(event->u.started.policy, sizeof event->u.started.policy, "%s",
                 random_below(2) ? "basic" : "strict");
        event->u.started.students = (int32_t)random_below(2);
        break;
    case STN_EV_READY:
        event->u.ready.face_lane = random_below(3);
        random_text(event->u.ready.reason, sizeof event->u.ready.reason);
        break;
    case STN_EV_FRAME:
        random_frame(&event->u.frame);
        break;
    case STN_EV_MARKED:
    case STN_EV_ALREADY:
        random_text(event->u.marked.student_name, sizeof event->u.marked.student_name);
        event->u.marked.status = (enum cm_roll_status)random_below(CM_ROLL_PENDING + 1);
        event->u.marked.points = (int32_t)random_state;
        event->u.marked.distance = random_float();
        break;
    case STN_EV_REFUSED:
        random_text(event->u.refused.text, sizeof event->u.refused.text);
        event->u.refused.distance = random_float();
        break;
    case STN_EV_ACTIVITY:
        event->u.activity.kind = (enum cm_activity_kind)random_below(CM_ACTIVITY_KINDS);
        random_text(event->u.activity.reason, sizeof event->u.activity.reason);
        break;
    case STN_EV_CAMERA:
        event->u.camera.state = (enum stn_camera_state)random_below(STN_CAMERA_ENDED + 1);
        random_text(event->u.camera.text, sizeof event->u.camera.text);
        break;
    case STN_EV_LANE:
        event->u.lane.open = random_below(2);
        event->u.lane.until_ms = (int64_t)random_below(3000000);
        random_text(event->u.lane.reason, sizeof event->u.lane.reason);
        break;
    case STN_EV_STORE:
        event->u.store.ok = random_below(2);
        random_text(event->u.store.text, sizeof event->u.store.text);
        break;
    case STN_EV_ROLL:
        event->u.roll.total = (int32_t)random_state;
        event->u.roll.present = (int32_t)random_below(100000);
        random_text(event->u.roll.class_id, sizeof event->u.roll.class_id);
        break;
    case STN_EV_SYNC:
        event->u.sync.paired = random_below(2);
        event->u.sync.online = random_below(2);
        event->u.sync.waiting = random_state;
        random_text(event->u.sync.trouble, sizeof event->u.sync.trouble);
        random_text(event->u.sync.text, sizeof event->u.sync.text);
        random_text(event->u.sync.news, sizeof event->u.sync.news);
        break;
    case STN_EV_ANSWER:
        event->u.answer.number = 1 + random_below(200);
        event->u.answer.done = random_below(2);
        random_text(event->u.answer.text, sizeof event->u.answer.text);
        break;
    case STN_EV_ROLL_PAGE:
        random_page(&event->u.roll_page);
        break;
    case STN_EV_STOPPED:
        random_text(event->u.stopped.reason, sizeof event->u.stopped.reason);
        break;
    case STN_EV_BLINK:
        event->u.blink =
            (struct stn_ev_blink){.track_id = random_below(20), .duration_ms = (int32_t)random_state};
        break;
    case STN_EV_LOADING:
        break;
    }
}

static void check_cells(const struct stn_grid *grid)
{
    for (int row = 0; row < grid->rows; row++) {
        for (int col = 0; col < grid->cols; col++) {
            const struct stn_cell *cell = &grid->cells[row * grid->cols + col];
            assert_true(cell->style.role < STN_ROLE_COUNT);
            if (cell->base == 0) {
                assert_true(col > 0 && stn_text_width(cell[-1].base) == 2);
                continue;
            }
            assert_true(cell->base >= ' ' && cell->base != 0x7f && (cell->base < 0x80 || cell->base >= 0xa0));
            assert_true(!grid->ascii || cell->base < 0x7f);
            assert_int_equal(stn_text_width(cell->base) == 2, col + 1 < grid->cols && cell[1].base == 0);
            for (int i = 0; i < STN_CELL_MARKS && cell->marks[i]; i++)
                assert_int_equal(stn_text_width(cell->marks[i]), 0);
        }
    }
}

static void random_step(struct scene *scene)
{
    static const int32_t keys[] = {
        '1',      '2', '?', 'q',           'n', 'n',   'x',    STN_KEY_ESC, STN_KEY_TAB,  STN_KEY_OTHER,
        0x10ffff, 'r', 'r', 'p',           'l', 'e',   'a',    'u',         'f',          'o',
        'c',      'b', 'y', STN_KEY_ENTER, '5', 0x915, 0x20ac, STN_KEY_UP,  STN_KEY_DOWN, STN_KEY_BACKSPACE};
    static struct stn_event event;
    struct stn_request request;
    if (random_below(3) == 0)
        stn_ui_key(&scene->state, keys[random_below(sizeof keys / sizeof keys[0])], scene->clock.now_us);
    stn_ui_follow(&scene->state, scene->clock.now_us);
    random_event(&event);
    if (stn_ui_request(&scene->state, &request)) { /* answered, or not */
        if (event.kind == STN_EV_ANSWER)
            event.u.answer.number = request.number;
        if (event.kind == STN_EV_ROLL_PAGE)
            event.u.roll_page.number = request.number;
    }
    scene_apply(scene, &event);
    scene_advance(scene, random_below(1500000));
}

static void test_random_events_and_sizes(void **state)
{
    (void)state;
    static const int colours[] = {0, 8, 16, 256, 1 << 24};
    for (int round = 0; round < 40; round++) {
        struct scene *scene = round % 4 ? scene_create() : scene_create_empty();
        for (int step = 0; step < 60; step++) {
            random_step(scene);
            scene->caps = (struct stn_ui_caps){.utf8 = random_below(3), .colours = colours[random_below(5)]};
            bool small = random_below(2);
            scene_draw(scene, 1 + (int)random_below(small ? 14 : 80),
                       1 + (int)random_below(small ? 40 : 250));
            check_cells(&scene->grid);
        }
        scene_destroy(scene);
    }
}

static void test_every_small_size(void **state)
{
    (void)state;
    static const char *const keys[] = {"",  "2",  "?", "q",     "n",  "2q", "2n",
                                       "r", "rb", "p", "p1\n2", "r?", "rq"};
    for (size_t k = 0; k < sizeof keys / sizeof keys[0]; k++) {
        struct scene *scene = scene_create();
        scene_frame(scene, STN_PROMPT_BLINK, "bufl");
        if (k & 1)
            scene_marked(scene, STN_EV_MARKED, "王小明 long name", CM_ROLL_PRESENT, 17);
        for (const char *key = keys[k]; *key; key++)
            stn_ui_key(&scene->state, *key, scene->clock.now_us);
        for (int rows = 1; rows <= 26; rows++) {
            for (int cols = 1; cols <= 70; cols += rows > 12 ? 7 : 1) {
                scene_draw(scene, rows, cols);
                check_cells(&scene->grid);
            }
        }
        scene_destroy(scene);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_events_and_sizes),
        cmocka_unit_test(test_every_small_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
