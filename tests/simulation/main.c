/*
 * sync-simulation [--runs N] [--seed N] [--tell] [SEED ...]
 *
 * --runs N   so many runs, with the seeds from --seed on (default 200 from 1)
 * --seed N   the first seed; without --runs this one alone
 * --tell     what happens, on stderr
 * SEED ...   these, instead of a range
 *
 * Exit 0: every run ended with both sides equal. Else it prints the seed of the run that did not, to be given to --seed.
 */
#include "base/log.h"
#include "simulation/run.h"
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DEFAULT_RUNS = 200 };

struct arguments {
    unsigned long long seed, runs;
    char *const *seeds; /* NULL: `runs` from `seed` on */
    bool tell;
};

static bool read_arguments(int argc, char **argv, struct arguments *ret)
{
    static const struct option options[] = {{"runs", required_argument, NULL, 'r'},
                                            {"seed", required_argument, NULL, 's'},
                                            {"tell", no_argument, NULL, 't'},
                                            {NULL, 0, NULL, 0}};
    bool seed = false, runs = false;
    *ret = (struct arguments){.seed = 1, .runs = DEFAULT_RUNS};
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (option == 's')
            ret->seed = strtoull(optarg, NULL, 10), seed = true;
        else if (option == 'r')
            ret->runs = strtoull(optarg, NULL, 10), runs = true;
        else if (option == 't')
            ret->tell = true;
        else
            return false;
    }
    if (seed && !runs)
        ret->runs = 1;
    if (optind == argc)
        return true;
    ret->seeds = argv + optind;
    ret->runs = (unsigned long long)(argc - optind);
    return !seed && !runs;
}

/* In memory where there is such a folder: thousands of synced commits. */
static char *make_folder(char *out, size_t size)
{
    const char *base = getenv("TMPDIR");
    if (base == NULL && access("/dev/shm", W_OK) == 0)
        base = "/dev/shm";
    snprintf(out, size, "%s/sync-simulation-XXXXXX", base != NULL ? base : "/tmp");
    return mkdtemp(out);
}

static void print_totals(const struct sim_totals *totals)
{
    printf("%ld runs, %.0f virtual hours: %ld events, %ld requests (%ld messages lost, %ld doubled, %ld cut "
           "short), "
           "%ld writes, %ld deaths, %ld servers and %ld stations put back to a backup, %ld copied, %ld logs "
           "renewed: "
           "both sides "
           "equal every time\n",
           totals->runs, totals->virtual_hours, totals->events, totals->requests, totals->lost,
           totals->doubled, totals->cut, totals->writes, totals->deaths, totals->restored_servers,
           totals->restored_stations, totals->copies, totals->renewed);
}

int main(int argc, char **argv)
{
    struct arguments arguments;
    struct sim_totals totals = {.runs = 0};
    char dir[200];
    if (!read_arguments(argc, argv, &arguments)) {
        fprintf(stderr, "usage: sync-simulation [--runs N] [--seed N] [--tell] [SEED ...]\n");
        return 2;
    }
    if (make_folder(dir, sizeof dir) == NULL) {
        fprintf(stderr, "cannot make a folder: %s\n", strerror(errno));
        return 1;
    }
    if (!arguments.tell) /* what dies complains */
        cm_log_to_fd(open("/dev/null", O_WRONLY | O_CLOEXEC), CM_LOG_STYLE_TIMED);
    bool good = true;
    for (unsigned long long i = 0; i < arguments.runs && good; i++) {
        unsigned long long seed =
            arguments.seeds != NULL ? strtoull(arguments.seeds[i], NULL, 10) : arguments.seed + i;
        good = sim_run(seed, dir, arguments.tell, &totals);
        if (!good)
            fprintf(stderr, "FAILED: sync-simulation --seed %llu\n", seed);
    }
    rmdir(dir);
    if (good)
        print_totals(&totals);
    return good ? 0 : 1;
}
