/*
 * Whole screens compared with tests/golden/ui/NAME-COLSxROWS[-ascii].txt. UPDATE_GOLDEN=1 rewrites them: read that diff
 * like code. A screen's text is followed by its roles, one letter a cell, where colour carries the meaning too.
 */
#include "unit.h"

#include "scene.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void waiting(struct scene *scene)
{
    scene_frame(scene, STN_PROMPT_LOOK_AT_CAMERA, "");
}

static void blink(struct scene *scene)
{
    scene_frame(scene, STN_PROMPT_BLINK, "b");
}

static void faces(struct scene *scene)
{
    scene_frame(scene, STN_PROMPT_BLINK, "bufl");
}

static void too_far(struct scene *scene)
{
    scene_frame(scene, STN_PROMPT_COME_CLOSER, "f");
}

static void greeting(struct scene *scene)
{
    scene_frame(scene, STN_PROMPT_NONE, "l");
    scene_marked(scene, STN_EV_MARKED, "Asha Verma", CM_ROLL_PRESENT, 17);
}

static void greeting_devanagari(struct scene *scene)
{
    scene_frame(scene, STN_PROMPT_NONE, "l");
    scene_marked(scene, STN_EV_MARKED, "आशा वर्मा", CM_ROLL_LATE, 7);
}

static void already(struct scene *scene)
{
    scene_frame(scene, STN_PROMPT_NONE, "l");
    scene_marked(scene, STN_EV_ALREADY, "Asha Verma", CM_ROLL_PRESENT, 0);
}

static void refusal(struct scene *scene)
{
    scene_frame(scene, STN_PROMPT_SEE_TEACHER, "a");
    scene_refused(scene, "A check says that this is not a live face.");
}

static void covered(struct scene *scene)
{
    scene_frame(scene, STN_PROMPT_NONE, "");
    scene_camera(scene, STN_CAMERA_COVERED, "The camera is covered: take away what is in front of it.");
}

static void lost(struct scene *scene)
{
    scene_frame(scene, STN_PROMPT_NONE, "");
    scene_camera(scene, STN_CAMERA_LOST, "The camera gives no pictures: check its cable.");
    struct stn_event event = {.kind = STN_EV_STORE};
    event.u.store = (struct stn_ev_store){.ok = false, .text = "the disk is full"};
    scene_apply(scene, &event);
}

static void lane_closed(struct scene *scene)
{
    struct stn_event event = {.kind = STN_EV_READY};
    event.u.ready = (struct stn_ev_ready){
        .face_lane = false, .reason = "facemesh.bin is damaged: run packaging/run to fetch it again"};
    scene_frame(scene, STN_PROMPT_NONE, "s");
    scene_apply(scene, &event);
}

static void locked(struct scene *scene)
{
    scene_frame(scene, STN_PROMPT_NONE, "u");
    scene_lane(scene, false, "five tries failed", scene->clock.wall_ms + 24000);
}

static void hostile(struct scene *scene)
{
    scene_frame(scene, STN_PROMPT_BLINK, "b");
    snprintf(scene->state.frame.tracks[0].student_name, CM_NAME_SIZE,
             "\x1b[2J\x1b]0;x\a\nAs\xcc\x81\xcc\x81\xcc\x81\xcc\x81ha");
    scene_marked(scene, STN_EV_MARKED,
                 "\x1b[31mRed\x1b[0m \xe2\x80\xae"
                 "drawkcab\xe2\x80\xac \xff\xfe\r\n\t王小明 z\xe2\x80\x8bw",
                 CM_ROLL_PRESENT, 10);
    scene_marked(
        scene, STN_EV_MARKED,
        "A name that never ends and goes on and on and on over every border that there is in this screen, "
        "王小明王小明王小明",
        CM_ROLL_LATE, 7);
    scene_advance(scene, 5000000);
}

static void loading(struct scene *scene)
{
    struct stn_event event = {.kind = STN_EV_LOADING};
    scene_apply(scene, &event);
}

static void empty_class(struct scene *scene)
{
    struct stn_event event = {.kind = STN_EV_STARTED};
    event.u.started = (struct stn_ev_started){.version = "0.1.0", .camera = "pattern", .policy = "strict"};
    scene_apply(scene, &event);
    event = (struct stn_event){.kind = STN_EV_READY};
    event.u.ready.face_lane = true;
    scene_apply(scene, &event);
    scene_camera(scene, STN_CAMERA_CLEAR, "");
    scene_frame(scene, STN_PROMPT_LOOK_AT_CAMERA, "");
}

static void ended(struct scene *scene)
{
    scene_frame(scene, STN_PROMPT_NONE, "");
    scene_camera(scene, STN_CAMERA_ENDED, "");
}

static void live(struct scene *scene)
{
    struct stn_event event = {.kind = STN_EV_BLINK};
    event.u.blink = (struct stn_ev_blink){.track_id = 44, .clean = true, .duration_ms = 184};
    scene_apply(scene, &event);
    scene_frame(scene, STN_PROMPT_BLINK, "bufl");
    stn_ui_key(&scene->state, '2', scene->clock.now_us);
}

static void live_one(struct scene *scene)
{
    scene_frame(scene, STN_PROMPT_BLINK, "b");
    stn_ui_key(&scene->state, STN_KEY_TAB, scene->clock.now_us);
}

static void live_trouble(struct scene *scene)
{
    lost(scene);
    stn_ui_key(&scene->state, '2', scene->clock.now_us);
}

static void live_empty(struct scene *scene)
{
    stn_ui_key(&scene->state, '2', scene->clock.now_us);
}

static void sync_event(struct scene *scene, const char *trouble, const char *text, uint64_t waiting,
                       const char *news)
{
    struct stn_event event = {.kind = STN_EV_SYNC};
    event.u.sync = (struct stn_ev_sync){.paired = true,
                                        .online = strcmp(trouble, "fine") == 0,
                                        .waiting = waiting,
                                        .server = "https://school.example"};
    snprintf(event.u.sync.trouble, sizeof event.u.sync.trouble, "%s", trouble);
    snprintf(event.u.sync.text, sizeof event.u.sync.text, "%s", text);
    snprintf(event.u.sync.news, sizeof event.u.sync.news, "%s", news);
    scene_apply(scene, &event);
}

static void live_server(struct scene *scene)
{
    live(scene);
    sync_event(scene, "fine", "", 0, "");
    sync_event(scene, "fine", "", 0, "from the server: 1 student, 1 enrolment");
}

static void live_server_away(struct scene *scene)
{
    live(scene);
    sync_event(scene, "fine", "", 0, "");
    sync_event(scene, "server_away", "https://school.example: connection refused", 31, "");
}

static void live_forked(struct scene *scene)
{
    live(scene);
    sync_event(scene, "forked",
               "refused: the server has other events of this station from number 17 on. This device was "
               "restored from a backup, or is a copy. Its events are kept. Way out: a code of a new station, "
               "then rollcall-station pair --renew URL CODE",
               4, "");
}

static void no_image(struct scene *scene)
{
    scene_frame(scene, STN_PROMPT_BLINK, "bu");
    stn_ui_key(&scene->state, 'n', scene->clock.now_us);
}

static void help(struct scene *scene)
{
    blink(scene);
    stn_ui_key(&scene->state, '?', scene->clock.now_us);
}

static void quit(struct scene *scene)
{
    blink(scene);
    stn_ui_key(&scene->state, 'q', scene->clock.now_us);
}

static void wrong_key(struct scene *scene)
{
    blink(scene);
    stn_ui_key(&scene->state, 'x', scene->clock.now_us);
}

static void roll(struct scene *scene)
{
    scene_roll(scene);
    stn_ui_key(&scene->state, STN_KEY_DOWN, scene->clock.now_us);
    stn_ui_key(&scene->state, STN_KEY_DOWN, scene->clock.now_us);
}

static void roll_not_yet(struct scene *scene)
{
    scene_roll(scene);
    scene_type(scene, "f");
}

static void roll_name(struct scene *scene)
{
    roll(scene);
    scene_type(scene, "pMeera Na");
}

static void roll_reason(struct scene *scene)
{
    roll(scene);
    scene_type(scene, "eMeera Nair\nfever, her mother called");
}

static void roll_saved(struct scene *scene)
{
    roll(scene);
    scene_type(scene, "pMeera Nair\n");
    scene_roll_row(2)->status = CM_ROLL_PRESENT;
    scene_roll_row(2)->method = CM_METHOD_MANUAL;
    snprintf(scene_roll_row(2)->time, 6, "08:58");
    scene_answer(scene, true, "present");
}

static void roll_refused(struct scene *scene)
{
    roll(scene);
    scene_type(scene, "pMeera Nair\n");
    scene_answer(scene, false, "the disk is full: make room, then try again");
}

static void roll_close(struct scene *scene)
{
    roll_saved(scene);
    scene_type(scene, "\n");
}

static void roll_no_session(struct scene *scene)
{
    roll_saved(scene);
    scene_type(scene, "nheavy rain\n10-");
}

static void roll_closed(struct scene *scene)
{
    roll_close(scene);
    scene_type(scene, "y");
    scene_roll_head()->word = CM_WORD_CLOSED;
    scene_roll_head()->closed = true;
    snprintf(scene_roll_head()->word_by, CM_NAME_SIZE, "Meera Nair");
    for (int i = 0; i < 13; i++)
        if (scene_roll_row(i)->status == CM_ROLL_NONE)
            scene_roll_row(i)->status = CM_ROLL_ABSENT;
    scene_answer(scene, true, "the roll is closed");
}

static void pin_entry(struct scene *scene)
{
    waiting(scene);
    scene_type(scene, "p1003\n4711");
}

static void pin_wrong(struct scene *scene)
{
    pin_entry(scene);
    scene_type(scene, "\n");
    scene_answer(scene, false, "id or PIN is wrong");
}

static void card_refused(struct scene *scene, const char *reason)
{
    waiting(scene);
    struct stn_event event = {.kind = STN_EV_REFUSED};
    snprintf(event.u.refused.reason, sizeof event.u.refused.reason, "%s", reason);
    snprintf(event.u.refused.text, sizeof event.u.refused.text, "why, for staff");
    scene_apply(scene, &event);
}

static void card_use_face(struct scene *scene)
{
    card_refused(scene, "use_face");
}

static void card_unknown(struct scene *scene)
{
    card_refused(scene, "card_unknown");
}

enum { ASCII = 1, FEW_COLOURS = 2, EMPTY = 4, BIG = 8, SMALL = 16, COMMON = BIG | SMALL };

static const struct {
    const char *name;
    void (*prepare)(struct scene *scene);
    int flags; /* besides 80x24, which every one has */
} cases[] = {
    {"kiosk-waiting", waiting, COMMON | ASCII},
    {"kiosk-blink", blink, COMMON | ASCII | FEW_COLOURS},
    {"kiosk-faces", faces, COMMON},
    {"kiosk-too-far", too_far, 0},
    {"kiosk-greeting", greeting, COMMON | ASCII},
    {"kiosk-greeting-devanagari", greeting_devanagari, SMALL | ASCII},
    {"kiosk-already", already, SMALL},
    {"kiosk-refusal", refusal, COMMON | ASCII},
    {"kiosk-covered", covered, COMMON | ASCII},
    {"kiosk-lost", lost, SMALL},
    {"kiosk-lane-closed", lane_closed, COMMON},
    {"kiosk-locked", locked, SMALL},
    {"kiosk-loading", loading, EMPTY | COMMON},
    {"kiosk-empty", empty_class, EMPTY | COMMON},
    {"kiosk-ended", ended, 0},
    {"kiosk-hostile", hostile, COMMON | ASCII},
    {"kiosk-no-image", no_image, COMMON | ASCII},
    {"kiosk-wrong-key", wrong_key, 0},
    {"live", live, COMMON | ASCII},
    {"live-one", live_one, COMMON},
    {"live-trouble", live_trouble, COMMON},
    {"live-server", live_server, COMMON | ASCII},
    {"live-server-away", live_server_away, COMMON},
    {"live-forked", live_forked, COMMON},
    {"live-empty", live_empty, EMPTY | SMALL},
    {"roll", roll, COMMON | ASCII},
    {"roll-not-yet", roll_not_yet, SMALL},
    {"roll-name", roll_name, SMALL},
    {"roll-reason", roll_reason, SMALL | ASCII},
    {"roll-saved", roll_saved, SMALL},
    {"roll-refused", roll_refused, SMALL},
    {"roll-close", roll_close, COMMON | ASCII},
    {"roll-closed", roll_closed, SMALL},
    {"roll-no-session", roll_no_session, SMALL | ASCII},
    {"pin", pin_entry, SMALL | ASCII},
    {"pin-wrong", pin_wrong, SMALL},
    {"card-use-face", card_use_face, SMALL},
    {"card-unknown", card_unknown, SMALL},
    {"help", help, COMMON | ASCII},
    {"quit", quit, COMMON | ASCII},
};

static char *read_whole(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return NULL;
    char *text = calloc(1, 200000);
    size_t length = fread(text, 1, 199999, file);
    text[length] = '\0';
    fclose(file);
    return text;
}

static void compare(const char *name, const char *actual)
{
    char path[512];
    snprintf(path, sizeof path, TEST_SOURCE_DIR "/golden/ui/%s.txt", name);
    if (getenv("UPDATE_GOLDEN")) {
        FILE *file = fopen(path, "wb");
        if (!file)
            fail_msg("%s: %s", path, strerror(errno));
        fputs(actual, file);
        fclose(file);
        return;
    }
    char *expected = read_whole(path);
    if (!expected)
        fail_msg("%s is missing: run with UPDATE_GOLDEN=1", path);
    if (strcmp(expected, actual) != 0)
        fail_msg("%s differs.\n--- expected\n%s--- now\n%s", path, expected, actual);
    free(expected);
}

static void check(size_t index, int rows, int cols, struct stn_ui_caps caps, const char *suffix)
{
    struct scene *scene = cases[index].flags & EMPTY ? scene_create_empty() : scene_create();
    char name[128];
    scene->caps = caps;
    cases[index].prepare(scene);
    scene_draw(scene, rows, cols);
    char *text = scene_text(scene);
    snprintf(name, sizeof name, "%s-%dx%d%s", cases[index].name, cols, rows, suffix);
    compare(name, text);
    free(text);
    scene_destroy(scene);
}

static void test_screens(void **state)
{
    (void)state;
    const struct stn_ui_caps rich = {.utf8 = true, .colours = 256}, ascii = {.utf8 = false, .colours = 0};
    const struct stn_ui_caps few = {.utf8 = true, .colours = 8};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        check(i, 24, 80, rich, "");
        if (cases[i].flags & SMALL)
            check(i, 12, 40, rich, "");
        if (cases[i].flags & BIG)
            check(i, 40, 120, rich, "");
        if (cases[i].flags & ASCII)
            check(i, 24, 80, ascii, "-ascii");
        if (cases[i].flags & FEW_COLOURS)
            check(i, 24, 80, few, "-8-colours");
    }
    check(1, 60, 200, rich, "");
    check(1, 30, 45, rich, ""); /* a phone held upright */
    for (int side = 1; side <= 5; side++)
        check(1, side, side * 3 - 2, rich, "");
}

/* What colour says, a role says: one letter a cell. */
static void test_roles(void **state)
{
    (void)state;
    static const char letters[] = " TFDKOWAXP";
    struct scene *scene = scene_create();
    refusal(scene);
    scene_draw(scene, 24, 80);
    char text[24 * 81 + 1];
    size_t length = 0;
    for (int row = 0; row < 24; row++) {
        for (int col = 0; col < 80; col++)
            text[length++] = letters[scene->grid.cells[row * 80 + col].style.role];
        while (length > 0 && text[length - 1] == ' ')
            length--;
        text[length++] = '\n';
    }
    text[length] = '\0';
    compare("kiosk-refusal-roles-80x24", text);
    scene_destroy(scene);
}

/* No screen that the class sees calls anybody a cheat or names the one who was refused. */
static void test_refusals_name_nobody(void **state)
{
    (void)state;
    struct scene *scene = scene_create_empty();
    scene_refused(scene, "Ravi Kumar is a fake: spoof attack");
    scene_draw(scene, 40, 120);
    char *text = scene_text(scene);
    static const char *const never[] = {"Ravi", "fake", "spoof", "attack"};
    for (size_t i = 0; i < sizeof never / sizeof never[0]; i++)
        assert_null(strstr(text, never[i]));
    assert_non_null(strstr(text, "Please see your teacher"));
    free(text);
    scene_destroy(scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_screens),
        cmocka_unit_test(test_roles),
        cmocka_unit_test(test_refusals_name_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
