#include "load.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: rollcall-load push --port P [--events N] [--batch N] [--students N] [--day D] [--seconds S] "
    "CODE…\n"
    "       rollcall-load sse --port P --clients N --token T\n"
    "\n"
    "push: one station for each pairing code; together they push N marks in batches, for S seconds at most, "
    "and "
    "wait for\n"
    "each answer. Says {\"stations\":N} when they begin.\n"
    "sse: N open pages; says {\"connected\":N}, waits for one event and says how long it took from the first "
    "page to the\n"
    "last.\n";

_Noreturn void load_die(const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    fputs("rollcall-load: ", stderr);
    vfprintf(stderr, fmt, args);
    fputc('\n', stderr);
    va_end(args);
    exit(1);
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"port", required_argument, NULL, 'p'},
        {"events", required_argument, NULL, 'e'},
        {"batch", required_argument, NULL, 'b'},
        {"students", required_argument, NULL, 's'},
        {"day", required_argument, NULL, 'd'},
        {"clients", required_argument, NULL, 'c'},
        {"token", required_argument, NULL, 't'},
        {"seconds", required_argument, NULL, 'w'},
        {NULL, 0, NULL, 0},
    };
    struct load_push push = {.events = 100000, .batch = 500, .students = 500};
    int clients = 5000;
    const char *token = "";
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        switch (option) {
        case 'p':
            push.port = atoi(optarg);
            break;
        case 'e':
            push.events = atoi(optarg);
            break;
        case 'b':
            push.batch = atoi(optarg);
            break;
        case 's':
            push.students = atoi(optarg);
            break;
        case 'd':
            push.day = atoi(optarg);
            break;
        case 'w':
            push.seconds = atoi(optarg);
            break;
        case 'c':
            clients = atoi(optarg);
            break;
        case 't':
            token = optarg;
            break;
        default:
            fputs(usage, stderr);
            return 2;
        }
    }
    const char *what = optind < argc ? argv[optind] : "";
    if (strcmp(what, "push") == 0 && optind + 1 < argc) {
        push.codes = argv + optind + 1;
        push.station_count = argc - optind - 1;
        return load_push(&push);
    }
    if (strcmp(what, "sse") == 0 && optind + 1 == argc)
        return load_pages(push.port, clients, token);
    fputs(usage, stderr);
    return 2;
}
