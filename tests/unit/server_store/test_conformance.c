/* What every backend of the store must do, on each. */
#include "conformance.h"

static void run_all(const char *kind)
{
    static const struct conformance_case *const domains[] = {conformance_people,   conformance_roster,
                                                             conformance_events,   conformance_rolls,
                                                             conformance_sessions, conformance_erased};
    for (size_t i = 0; i < sizeof domains / sizeof domains[0]; i++)
        for (const struct conformance_case *one = domains[i]; one->name != NULL; one++) {
            struct world world;
            print_message("%s %s\n", kind, one->name);
            world_init(&world, kind);
            one->run(&world);
            world_finish(&world);
        }
}

static void in_memory(void **state)
{
    (void)state;
    run_all("memory:");
}

static void in_lmdb(void **state)
{
    (void)state;
    run_all("lmdb:");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_memory),
        cmocka_unit_test(in_lmdb),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
