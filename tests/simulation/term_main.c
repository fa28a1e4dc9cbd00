/*
 * term-simulation [--runs N] [--seed N] [--tell] [SEED ...]
 *
 * --runs N   so many school terms, with the seeds from --seed on (default 200 from 1)
 * --seed N   the first seed; without --runs this one alone
 * --tell     what happens, on stderr
 * SEED ...   these, instead of a range
 *
 * Exit 0: in every term the alerts, the messages and the classes that are held were those that the rules demand. Else it
 * tells the days of the student with whom they were not, and the seed.
 */
#include "simulation/term.h"

#include "base/file.h"
#include "base/log.h"
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <getopt.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { DEFAULT_RUNS = 200, ON_DISK_EACH = 24 };

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

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *walk)
{
    (void)info;
    (void)type;
    (void)walk;
    return remove(path);
}

/* In memory where there is such a folder: thousands of synced commits. */
static char *make_folder(char *out, size_t size)
{
    const char *base = getenv("TMPDIR");
    if (base == NULL && access("/dev/shm", W_OK) == 0)
        base = "/dev/shm";
    snprintf(out, size, "%s/term-simulation-XXXXXX", base != NULL ? base : "/tmp");
    return mkdtemp(out);
}

static void print_totals(const struct term_totals *t)
{
    printf("%ld terms, %ld days, %ld marks (%ld came a day late or later), %ld corrections, %ld nights, %ld "
           "crashes: %ld "
           "alerts (%ld again, %ld withdrawn, %ld contradicted), %ld messages sent (%ld answers lost), %ld "
           "webhooks, %ld "
           "classes held at the end: none wrong, none missing, none twice\n",
           t->terms, t->days, t->marks, t->late_syncs, t->corrections, t->nights, t->crashes, t->alerts,
           t->repeats, t->withdrawn, t->contradicted, t->sends, t->lost, t->hooks, t->held);
}

int main(int argc, char **argv)
{
    struct arguments arguments;
    struct term_totals totals = {.terms = 0};
    char dir[200];
    if (!read_arguments(argc, argv, &arguments)) {
        fprintf(stderr, "usage: term-simulation [--runs N] [--seed N] [--tell] [SEED ...]\n");
        return 2;
    }
    if (sodium_init() < 0 || make_folder(dir, sizeof dir) == NULL) {
        fprintf(stderr, "cannot make a folder: %s\n", strerror(errno));
        return 1;
    }
    if (!arguments.tell)
        cm_log_to_fd(open("/dev/null", O_WRONLY | O_CLOEXEC), CM_LOG_STYLE_TIMED);
    bool good = true;
    for (unsigned long long i = 0; i < arguments.runs && good; i++) {
        unsigned long long seed =
            arguments.seeds != NULL ? strtoull(arguments.seeds[i], NULL, 10) : arguments.seed + i;
        good = term_run(seed, seed % ON_DISK_EACH == 0 ? dir : NULL, arguments.tell, &totals);
        if (!good)
            fprintf(stderr, "FAILED: term-simulation --seed %llu\n", seed);
    }
    nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    if (good)
        print_totals(&totals);
    return good ? 0 : 1;
}
