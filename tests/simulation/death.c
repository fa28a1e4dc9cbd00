#include "simulation/death.h"

#include "crypt/keyfile.h"
#include "store/db.h"
#include <errno.h>
#include <stdio.h>

struct process {
    int countdown; /* 0: lives on */
    bool after, dead;
};

static struct process processes[SIM_PROCESSES_MAX];
static int current;
static bool in_key_file; /* whose own renames are one write with it */
static long writes, deaths;

void sim_process(int process)
{
    current = process;
}

void sim_die_at(int process, int count, bool after_the_write)
{
    processes[process].countdown = count;
    processes[process].after = after_the_write;
}

bool sim_is_dead(int process)
{
    return processes[process].dead;
}

void sim_revive(int process)
{
    processes[process] = (struct process){.countdown = 0};
}

long sim_writes(void)
{
    return writes;
}

long sim_deaths(void)
{
    return deaths;
}

enum fate { LIVES, DIES_BEFORE, DIES_AFTER };

static enum fate next_fate(void)
{
    struct process *process = &processes[current];
    if (process->dead)
        return DIES_BEFORE;
    writes++;
    if (process->countdown == 0 || --process->countdown > 0)
        return LIVES;
    process->dead = true;
    deaths++;
    return process->after ? DIES_AFTER : DIES_BEFORE;
}

static enum cm_code died(struct cm_err *err)
{
    return cm_fail(err, CM_CANCELED, "this process is dead");
}

/* ---- what is wrapped ---- */

enum cm_code __real_cm_db_write(struct cm_db *db, cm_db_fn *fn, void *arg, struct cm_err *err);
enum cm_code __wrap_cm_db_write(struct cm_db *db, cm_db_fn *fn, void *arg, struct cm_err *err);
enum cm_code __real_cm_db_read(struct cm_db *db, cm_db_fn *fn, void *arg, struct cm_err *err);
enum cm_code __wrap_cm_db_read(struct cm_db *db, cm_db_fn *fn, void *arg, struct cm_err *err);
enum cm_code __real_cm_keys_save(const struct cm_keys *keys, const char *path, struct cm_err *err);
enum cm_code __wrap_cm_keys_save(const struct cm_keys *keys, const char *path, struct cm_err *err);
enum cm_code __real_cm_keys_clean(const char *path, struct cm_err *err);
enum cm_code __wrap_cm_keys_clean(const char *path, struct cm_err *err);
int __real_rename(const char *from, const char *to);
int __wrap_rename(const char *from, const char *to);
int __real_unlink(const char *path);
int __wrap_unlink(const char *path);

enum cm_code __wrap_cm_db_write(struct cm_db *db, cm_db_fn *fn, void *arg, struct cm_err *err)
{
    enum fate fate = next_fate();
    if (fate == DIES_BEFORE)
        return died(err);
    enum cm_code code = __real_cm_db_write(db, fn, arg, err);
    return fate == DIES_AFTER ? died(err) : code;
}

enum cm_code __wrap_cm_db_read(struct cm_db *db, cm_db_fn *fn, void *arg, struct cm_err *err)
{
    return processes[current].dead ? died(err) : __real_cm_db_read(db, fn, arg, err);
}

enum cm_code __wrap_cm_keys_save(const struct cm_keys *keys, const char *path, struct cm_err *err)
{
    enum fate fate = next_fate();
    if (fate == DIES_BEFORE)
        return died(err);
    in_key_file = true;
    enum cm_code code = __real_cm_keys_save(keys, path, err);
    in_key_file = false;
    return fate == DIES_AFTER ? died(err) : code;
}

enum cm_code __wrap_cm_keys_clean(const char *path, struct cm_err *err)
{
    return processes[current].dead ? died(err) : __real_cm_keys_clean(path, err);
}

int __wrap_rename(const char *from, const char *to)
{
    if (in_key_file)
        return __real_rename(from, to);
    enum fate fate = next_fate();
    int status = fate == DIES_BEFORE ? -1 : __real_rename(from, to);
    if (fate == LIVES)
        return status;
    errno = EIO;
    return -1;
}

/* Clearing away after a failure is not a write that matters; but the dead do not do it. */
int __wrap_unlink(const char *path)
{
    if (!processes[current].dead)
        return __real_unlink(path);
    errno = EIO;
    return -1;
}
