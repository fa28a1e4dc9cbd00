#include "capture/spec.h"
#include "unit.h"

#include <string.h>

static void good_specs(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        struct stn_capture_spec want;
    } cases[] = {
        {"pattern", {.kind = STN_CAPTURE_PATTERN}},
        {"pattern?fps=10&frames=3", {.kind = STN_CAPTURE_PATTERN, .fps = 10, .frames = 3}},
        {"replay:a.mp4", {.path = "a.mp4"}},
        {"replay:/x/y z/", {.path = "/x/y z/"}},
        {"replay:a.mp4?speed=max", {.path = "a.mp4", .max_speed = true}},
        {"replay:a.mp4?speed=real&loop=1", {.path = "a.mp4", .loop = true}},
        {"replay:a?loop=0&fps=12.5&speed=max", {.path = "a", .max_speed = true, .fps = 12.5}},
        {"replay:what?.mp4?loop=1", {.path = "what?.mp4", .loop = true}},
        {"replay:a.mp4?", {.path = "a.mp4"}},
        {"replay:a:b", {.path = "a:b"}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct stn_capture_spec spec;
        struct cm_err err = CM_ERR_INIT;
        const struct stn_capture_spec *want = &cases[i].want;
        enum cm_code code = stn_capture_spec_parse(cases[i].text, &spec, &err);
        if (code != CM_OK)
            fail_msg("%s: %s", cases[i].text, err.msg);
        assert_int_equal(spec.kind, want->kind);
        assert_string_equal(spec.path, want->path);
        assert_int_equal(spec.max_speed, want->max_speed);
        assert_int_equal(spec.loop, want->loop);
        assert_int_equal(spec.frames, want->frames);
        assert_true(spec.fps == want->fps);
    }
}

static void bad_specs_name_the_fault(void **state)
{
    (void)state;
    static const struct {
        const char *text, *mentions;
    } cases[] = {
        {"", "is no source; known: replay:PATH"},
        {"webcam", "\"webcam\" is no source; known: replay:PATH"},
        {"replay", "pattern[?fps"},
        {"patterns", "is no source"},
        {"pattern:x", "is no source"},
        {"libcamera", "is no source"},
        {"replay:", "names no file or folder"},
        {"replay:?loop=1", "names no file or folder"},
        {"replay:a?lop=1", "unknown source option \"lop\""},
        {"replay:a?frames=3", "unknown source option \"frames\""},
        {"pattern?loop=1", "unknown source option \"loop\""},
        {"replay:a?loop", "\"loop\" has no value"},
        {"replay:a?loop=yes", "loop=yes: it takes 1 or 0"},
        {"replay:a?speed=2", "speed=2: it takes max or real"},
        {"replay:a?fps=0", "fps=0: it takes"},
        {"replay:a?fps=-1", "fps=-1: it takes"},
        {"replay:a?fps=nan", "fps=nan: it takes"},
        {"replay:a?fps=inf", "fps=inf: it takes"},
        {"replay:a?fps=24x", "fps=24x: it takes"},
        {"replay:a?fps=", "fps=: it takes"},
        {"pattern?frames=0", "frames=0: it takes"},
        {"pattern?frames=99999999999999999999", "it takes a whole number"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct stn_capture_spec spec = {.fps = 42};
        struct cm_err err = CM_ERR_INIT;
        assert_int_equal(stn_capture_spec_parse(cases[i].text, &spec, &err), CM_INVALID);
        if (strstr(err.msg, cases[i].mentions) == NULL)
            fail_msg("%s: \"%s\" does not mention \"%s\"", cases[i].text, err.msg, cases[i].mentions);
        assert_true(spec.fps == 42);
    }
}

static void lengths_are_bounded(void **state)
{
    (void)state;
    char text[4000];
    struct stn_capture_spec spec;
    memset(text, 'a', sizeof text);
    text[sizeof text - 1] = '\0';
    assert_int_equal(stn_capture_spec_parse(text, &spec, NULL), CM_INVALID);
    memcpy(text, "replay:", 7);
    assert_int_equal(stn_capture_spec_parse(text, &spec, NULL), CM_INVALID);
    memcpy(text, "replay:b?", 9);
    assert_int_equal(stn_capture_spec_parse(text, &spec, NULL), CM_INVALID);
    text[7 + STN_CAPTURE_PATH_MAX - 1] = '\0';
    text[8] = 'b';
    assert_int_equal(stn_capture_spec_parse(text, &spec, NULL), CM_OK);
    assert_int_equal(strlen(spec.path), STN_CAPTURE_PATH_MAX - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_specs),
        cmocka_unit_test(bad_specs_name_the_fault),
        cmocka_unit_test(lengths_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
