#include "unit.h"

#include "scene.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void test_keys(void **state)
{
    (void)state;
    static const struct {
        const char *keys;
        enum stn_place place;
        bool no_image, leave, notice;
    } cases[] = {
        {"", STN_PLACE_KIOSK, false, false, false},
        {"2", STN_PLACE_LIVE, false, false, false},
        {"21", STN_PLACE_KIOSK, false, false, false},
        {"\t", STN_PLACE_LIVE, false, false, false},
        {"\t\t", STN_PLACE_KIOSK, false, false, false},
        {"n", STN_PLACE_KIOSK, true, false, false},
        {"nn", STN_PLACE_KIOSK, false, false, false},
        {"?", STN_PLACE_HELP, false, false, false},
        {"?\x1b", STN_PLACE_KIOSK, false, false, false},
        {"2??", STN_PLACE_LIVE, false, false, false},
        {"?2", STN_PLACE_LIVE, false, false, false},
        {"?n", STN_PLACE_HELP, false, false, true}, /* not here: nothing behind the page may change unseen */
        {"q", STN_PLACE_QUIT, false, false, false},
        {"qn", STN_PLACE_KIOSK, false, false, false},
        {"q\x1b", STN_PLACE_KIOSK, false, false, false},
        {"qy", STN_PLACE_QUIT, false, true, false},
        {"qq", STN_PLACE_QUIT, false, false, true}, /* a key held down is no answer */
        {"q2", STN_PLACE_QUIT, false, false, true},
        {"?qn", STN_PLACE_KIOSK, false, false, false},
        {"y", STN_PLACE_KIOSK, false, false, true},
        {"\x03", STN_PLACE_QUIT, false, false, false},
        {"\x03\x03", STN_PLACE_QUIT, false, true, false},
        {"x", STN_PLACE_KIOSK, false, false, true},
        {"x?", STN_PLACE_HELP, false, false, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct scene *scene = scene_create();
        for (const char *key = cases[i].keys; *key; key++)
            stn_ui_key(&scene->state, *key, scene->clock.now_us);
        assert_int_equal(stn_ui_place(&scene->state), cases[i].place);
        assert_int_equal(scene->state.no_image, cases[i].no_image);
        assert_int_equal(scene->state.leave, cases[i].leave);
        assert_int_equal(scene->clock.now_us < scene->state.notice_until_us, cases[i].notice);
        scene_destroy(scene);
    }
}

static void test_hangup_and_stopped_leave_without_asking(void **state)
{
    (void)state;
    struct scene *scene = scene_create();
    stn_ui_key(&scene->state, STN_KEY_HANGUP, 0);
    assert_true(scene->state.leave);
    scene->state.leave = false;
    struct stn_event event = {.kind = STN_EV_STOPPED};
    scene_apply(scene, &event);
    stn_ui_key(&scene->state, 'q', 0);
    assert_true(scene->state.leave);
    scene_destroy(scene);
}

/* Every key that a screen shows does something there; every place has a way out. */
static void test_keymap(void **state)
{
    (void)state;
    size_t count;
    const struct stn_key_binding *bindings = stn_keymap(&count);
    for (size_t i = 0; i < count; i++) {
        assert_true(bindings[i].action != STN_UI_ACTION_NONE && bindings[i].places);
        assert_true(bindings[i].name || !bindings[i].label);
        for (size_t k = 0; k < i; k++) /* one meaning for a key in a place */
            assert_true(bindings[k].key != bindings[i].key || !(bindings[k].places & bindings[i].places));
    }
    assert_int_equal(stn_keymap_action('q', STN_PLACE_KIOSK), STN_UI_ACTION_QUIT);
    assert_int_equal(stn_keymap_action('q', STN_PLACE_LIVE), STN_UI_ACTION_QUIT);
    assert_int_equal(stn_keymap_action(STN_KEY_ESC, STN_PLACE_HELP), STN_UI_ACTION_BACK);
    assert_int_equal(stn_keymap_action('n', STN_PLACE_QUIT), STN_UI_ACTION_BACK);
    assert_int_equal(stn_keymap_action('z', STN_PLACE_KIOSK), STN_UI_ACTION_NONE);
}

static enum stn_ui_outcome shown(const struct scene *scene)
{
    const struct stn_ui_greeting *greeting = stn_ui_greeting(&scene->state, scene->clock.now_us);
    return greeting ? greeting->item.outcome : STN_UI_NOTHING;
}

static void test_greetings(void **state)
{
    (void)state;
    struct scene *scene = scene_create();
    assert_int_equal(shown(scene), STN_UI_NOTHING);
    scene_refused(scene, "x");
    assert_int_equal(shown(scene), STN_UI_REFUSED);
    scene_marked(scene, STN_EV_MARKED, "Asha", CM_ROLL_PRESENT, 17);
    assert_int_equal(shown(scene), STN_UI_MARKED);
    scene_refused(scene, "x"); /* does not take the mark off the screen */
    scene_marked(scene, STN_EV_ALREADY, "Ravi", CM_ROLL_PRESENT, 17);
    assert_int_equal(shown(scene), STN_UI_MARKED);
    scene_marked(scene, STN_EV_MARKED, "Meena", CM_ROLL_LATE, 7);
    assert_string_equal(stn_ui_greeting(&scene->state, scene->clock.now_us)->item.name, "Meena");
    scene_advance(scene, 2499999);
    assert_int_equal(shown(scene), STN_UI_MARKED);
    scene_advance(scene, 1);
    assert_int_equal(shown(scene), STN_UI_NOTHING);
    scene_destroy(scene);
}

static void test_nobody_erased_stays_on_the_screen(void **state)
{
    (void)state;
    struct scene *scene = scene_create();
    scene_marked(scene, STN_EV_MARKED, "Asha", CM_ROLL_PRESENT, 17);
    assert_non_null(stn_ui_feed(&scene->state, 0));
    struct stn_event event = {.kind = STN_EV_SYNC,
                              .u.sync = {.paired = true, .online = true, .erased = true}};
    stn_ui_apply(&scene->state, &event, &scene->clock);
    assert_null(stn_ui_feed(&scene->state, 0));
    assert_int_equal(shown(scene), STN_UI_NOTHING);
    for (int i = 0; stn_ui_log(&scene->state, i) != NULL; i++)
        assert_null(strstr(stn_ui_log(&scene->state, i)->text, "Asha"));
    scene_destroy(scene);
}

static void test_greeting_words(void **state)
{
    (void)state;
    static const struct {
        int minutes;
        const char *name;
        enum stn_event_kind kind;
        enum cm_roll_status status;
        const char *headline, *detail;
    } cases[] = {
        {0, "Asha Verma", STN_EV_MARKED, CM_ROLL_PRESENT, "Asha", "Good morning, Asha — on time, +17"},
        {719, "Asha Verma", STN_EV_MARKED, CM_ROLL_LATE, "Asha", "Good morning, Asha — late, +17"},
        {720, "M. Rao", STN_EV_MARKED, CM_ROLL_PRESENT, "M. Rao", "Good afternoon, M. Rao — on time, +17"},
        {1020, "Jo", STN_EV_MARKED, CM_ROLL_PRESENT, "Jo", "Good evening, Jo — on time, +17"},
        {500, "", STN_EV_MARKED, CM_ROLL_PRESENT, "1001", "Good morning, 1001 — on time, +17"},
        {500, "Asha Verma", STN_EV_MARKED, CM_ROLL_PENDING, "Asha",
         "Good morning, Asha — noted, your teacher will check the time"},
        {500, "Asha Verma", STN_EV_ALREADY, CM_ROLL_PRESENT, "Asha",
         "Hello again, Asha — you are marked already"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct scene *scene = scene_create();
        scene->clock.minutes = cases[i].minutes;
        scene_marked(scene, cases[i].kind, cases[i].name, cases[i].status, 17);
        scene_draw(scene, 24, 80);
        assert_string_equal(scene->view.headline, cases[i].headline);
        assert_string_equal(scene->view.detail, cases[i].detail);
        scene_destroy(scene);
    }
}

static void test_rings_are_bounded(void **state)
{
    (void)state;
    struct scene *scene = scene_create_empty();
    assert_null(stn_ui_feed(&scene->state, 0));
    assert_null(stn_ui_log(&scene->state, 0));
    for (int i = 0; i < 3 * STN_UI_FEED; i++) {
        char name[16];
        snprintf(name, sizeof name, "n%d", i);
        scene_marked(scene, STN_EV_MARKED, name, CM_ROLL_PRESENT, 17);
    }
    assert_string_equal(stn_ui_feed(&scene->state, 0)->name, "n149");
    assert_string_equal(stn_ui_feed(&scene->state, STN_UI_FEED - 1)->name, "n100");
    assert_null(stn_ui_feed(&scene->state, STN_UI_FEED));
    assert_null(stn_ui_feed(&scene->state, -1));
    for (int i = 0; i < 20; i++)
        scene_refused(scene, "the same again");
    assert_int_equal(stn_ui_log(&scene->state, 0)->times, 20);
    assert_int_equal(stn_ui_log(&scene->state, 1)->times, 1);
    scene_destroy(scene);
}

/* However many events come: ten screens a second. A key: at once. Nothing: one a second, for the clock. */
static void test_due(void **state)
{
    (void)state;
    struct scene *scene = scene_create();
    int64_t *now = &scene->clock.now_us;
    assert_true(stn_ui_due(&scene->state, *now));
    int drawn = 0;
    for (int ms = 0; ms < 1000; ms++) {
        scene_frame(scene, STN_PROMPT_BLINK, "b");
        if (stn_ui_due(&scene->state, *now)) {
            stn_ui_drawn(&scene->state, *now);
            drawn++;
        }
        scene_advance(scene, 1000);
    }
    assert_int_equal(drawn, 10);
    stn_ui_drawn(&scene->state, *now);
    assert_false(stn_ui_due(&scene->state, *now + STN_UI_IDLE_REDRAW_US - 1));
    assert_true(stn_ui_due(&scene->state, *now + STN_UI_IDLE_REDRAW_US));
    stn_ui_key(&scene->state, 'x', *now);
    assert_true(stn_ui_due(&scene->state, *now));
    stn_ui_drawn(&scene->state, *now);
    assert_false(stn_ui_due(&scene->state, *now));
    stn_ui_key(&scene->state, STN_KEY_NONE, *now);
    assert_false(stn_ui_due(&scene->state, *now));
    scene_marked(scene, STN_EV_MARKED, "Asha", CM_ROLL_PRESENT, 17);
    scene_advance(scene, 2400000);
    stn_ui_drawn(&scene->state, *now);
    assert_false(stn_ui_due(&scene->state, *now + 99000));
    assert_true(stn_ui_due(&scene->state, *now + 100000)); /* the greeting ends here */
    scene_destroy(scene);
}

/* The one large sentence, by what matters most. */
static void test_headlines(void **state)
{
    (void)state;
    struct scene *scene = scene_create();
    scene_draw(scene, 24, 80);
    assert_string_equal(scene->view.headline, "Starting");
    scene_frame(scene, STN_PROMPT_NONE, "");
    scene_draw(scene, 24, 80);
    assert_string_equal(scene->view.headline, "Look at the camera");
    scene_frame(scene, STN_PROMPT_NONE, "l");
    scene_draw(scene, 24, 80);
    assert_string_equal(scene->view.headline, "");
    scene_frame(scene, STN_PROMPT_BLINK, "b");
    scene_draw(scene, 24, 80);
    assert_string_equal(scene->view.headline, "Please blink");
    scene_camera(scene, STN_CAMERA_DARK, "");
    scene_draw(scene, 24, 80);
    assert_string_equal(scene->view.headline, "More light, please");
    scene_lane(scene, false, "the camera is dark",
               0); /* the lane closes with the camera: the camera says more */
    scene_draw(scene, 24, 80);
    assert_string_equal(scene->view.headline, "More light, please");
    assert_int_equal(scene->view.banner_count, 1);
    scene_camera(scene, STN_CAMERA_CLEAR, "");
    scene_draw(scene, 24, 80);
    assert_string_equal(scene->view.headline, "Please see your teacher");
    scene_lane(scene, false, "five tries failed", scene->clock.wall_ms + 30000);
    scene_draw(scene, 24, 80);
    assert_string_equal(scene->view.headline, "Please wait");
    assert_string_equal(scene->view.banners[0].text, "Please wait 30 s: five tries failed");
    scene_lane(scene, true, "", 0);
    struct stn_event event = {.kind = STN_EV_STORE};
    scene_apply(scene, &event);
    scene_draw(scene, 24, 80);
    assert_string_equal(scene->view.headline, "Please see your teacher");
    event = (struct stn_event){.kind = STN_EV_STOPPED, .u.stopped.reason = "end of the recording"};
    scene_apply(scene, &event);
    scene_draw(scene, 24, 80);
    assert_string_equal(scene->view.headline, "Station stopped");
    scene_destroy(scene);
}

/* An old picture is not shown once it says nothing about now. */
static void test_no_stale_picture(void **state)
{
    (void)state;
    static const enum stn_camera_state gone[] = {STN_CAMERA_LOST, STN_CAMERA_ENDED};
    for (size_t i = 0; i < 2; i++) {
        struct scene *scene = scene_create();
        scene_frame(scene, STN_PROMPT_BLINK, "b");
        scene_draw(scene, 24, 80);
        assert_non_null(scene->view.preview);
        scene_camera(scene, gone[i], "");
        scene_draw(scene, 24, 80);
        assert_null(scene->view.preview);
        assert_int_equal(scene->view.box_count, 0);
        scene_destroy(scene);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_hangup_and_stopped_leave_without_asking),
        cmocka_unit_test(test_keymap),
        cmocka_unit_test(test_greetings),
        cmocka_unit_test(test_greeting_words),
        cmocka_unit_test(test_nobody_erased_stays_on_the_screen),
        cmocka_unit_test(test_rings_are_bounded),
        cmocka_unit_test(test_due),
        cmocka_unit_test(test_headlines),
        cmocka_unit_test(test_no_stale_picture),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
