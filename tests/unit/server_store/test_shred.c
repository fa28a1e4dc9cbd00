/* Several students lose their templates in one write: the others' must open afterwards, whether it was committed or not. */
#include "unit.h"

#include "world.h"

#include <stdio.h>
#include <string.h>

static struct world world;

static enum cm_code enrol(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct cm_template template_ = {.model = "dlib", .quality = 0.9F, .created_wall_ms = 1};
    snprintf(template_.student_id, sizeof template_.student_id, "%s", (const char *)arg);
    template_.embedding[0] = 1;
    enum cm_code code = give_consent(store, arg, err);
    return code == CM_OK ? srv_store_put_templates(store, arg, &template_, 1, err) : code;
}

static enum cm_code shred_two(struct srv_store *store, void *arg, struct cm_err *err)
{
    const bool *fails = arg;
    enum cm_code code = srv_store_put_templates(store, "a", NULL, 0, err);
    if (code == CM_OK)
        code = srv_store_put_templates(store, "b", NULL, 0, err);
    return code == CM_OK && *fails ? cm_fail(err, CM_BACKEND, "on purpose") : code;
}

static bool count(void *arg, const struct cm_template *template_)
{
    (void)template_;
    ++*(int *)arg;
    return true;
}

static int templates(void)
{
    int found = 0;
    assert_int_equal(srv_store_each_template(world.store, NULL, count, &found, NULL), CM_OK);
    return found;
}

static int set_up(void **state)
{
    (void)state;
    world_init(&world, "lmdb:");
    put_class(world.store, "T1", 9 * 60);
    for (const char *const *id = (const char *const[]){"a", "b", "c", NULL}; *id != NULL; id++) {
        put_student(world.store, *id, "T1", WORLD_MONDAY);
        assert_int_equal(srv_store_write(world.store, enrol, (void *)*id, NULL), CM_OK);
    }
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    world_finish(&world);
    return 0;
}

static void undone(void **state)
{
    (void)state;
    bool fails = true;
    assert_int_equal(srv_store_write(world.store, shred_two, &fails, NULL), CM_BACKEND);
    assert_int_equal(templates(), 3);
    world_reopen(&world);
    assert_int_equal(templates(), 3);
    check(world.store);
}

static void done(void **state)
{
    (void)state;
    bool fails = false;
    assert_int_equal(srv_store_write(world.store, shred_two, &fails, NULL), CM_OK);
    assert_int_equal(templates(), 1);
    world_reopen(&world);
    assert_int_equal(templates(), 1);
    check(world.store);
}

static void undone_then_done(void **state)
{
    (void)state;
    bool fails = true;
    assert_int_equal(srv_store_write(world.store, shred_two, &fails, NULL), CM_BACKEND);
    fails = false;
    assert_int_equal(srv_store_write(world.store, shred_two, &fails, NULL), CM_OK);
    assert_int_equal(templates(), 1);
    world_reopen(&world);
    assert_int_equal(templates(), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(undone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(done, set_up, tear_down),
        cmocka_unit_test_setup_teardown(undone_then_done, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
