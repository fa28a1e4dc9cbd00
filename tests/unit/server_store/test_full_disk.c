/* A full disk: one student after another can be erased, whoever must do it can sign in, everything else is refused. */
#include "unit.h"

#include "store/ballast.h"
#include "world.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

enum { EXIT_SKIP = 77, DISK_BYTES = 24 * 1024 * 1024, STUDENTS = 12 };

/* CHECK ends the child with the line that failed: cmocka's own assertions belong to the parent. */
#define CHECK(condition)                                                                                     \
    do {                                                                                                     \
        if (!(condition)) {                                                                                  \
            fprintf(stderr, "line %d: %s\n", __LINE__, #condition);                                          \
            _exit(1);                                                                                        \
        }                                                                                                    \
    } while (0)

static bool mount_small_disk(const char *dir)
{
    char options[64];
    snprintf(options, sizeof options, "size=%d,mode=0700", DISK_BYTES);
    return unshare(CLONE_NEWNS) == 0 && mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount("tmpfs", dir, "tmpfs", 0, options) == 0;
}

static void fill_disk(const struct world *w)
{
    static uint8_t block[4096];
    char path[400];
    snprintf(path, sizeof path, "%s/filler", w->dir);
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
    while (fd >= 0 && write(fd, block, sizeof block) == (ssize_t)sizeof block)
        continue;
    close(fd);
}

static bool ballast_is_there(const struct world *w)
{
    char path[400];
    snprintf(path, sizeof path, "%s/data/ballast", w->dir);
    return access(path, F_OK) == 0;
}

static enum cm_code enrol(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct cm_template template_ = {.model = "dlib", .quality = 0.9F, .created_wall_ms = 1};
    snprintf(template_.student_id, sizeof template_.student_id, "%s", (const char *)arg);
    template_.embedding[0] = 1;
    enum cm_code code = give_consent(store, arg, err);
    return code == CM_OK ? srv_store_put_templates(store, arg, &template_, 1, err) : code;
}

static enum cm_code unenrol(struct srv_store *store, void *arg, struct cm_err *err)
{
    return srv_store_put_templates(store, arg, NULL, 0, err);
}

static enum cm_code erase(struct srv_store *store, void *arg, struct cm_err *err)
{
    return srv_store_erase_student(store, arg, "admin", err);
}

struct sign_in {
    uint8_t number;
    bool out;
};

static enum cm_code sign(struct srv_store *store, void *arg, struct cm_err *err)
{
    const struct sign_in *in = arg;
    struct srv_session session = {
        .id = {in->number}, .user = "admin", .created_wall_ms = 1, .expires_wall_ms = INT64_MAX};
    return in->out ? srv_store_delete_session(store, session.id, err)
                   : srv_store_put_session(store, &session, err);
}

static enum cm_code put_note(struct srv_store *store, void *arg, struct cm_err *err)
{
    static uint8_t bytes[2048];
    char name[16];
    snprintf(name, sizeof name, "note%d", ++*(int *)arg);
    return srv_store_put_meta(store, name, bytes, sizeof bytes, err);
}

static enum cm_code note_and_erase(struct srv_store *store, void *arg, struct cm_err *err)
{
    int number = 10000;
    enum cm_code code = CM_OK;
    for (int i = 0; i < 600 && code == CM_OK; i++) /* more than is free within the file */
        code = put_note(store, &number, err);
    return code == CM_OK ? erase(store, arg, err) : code;
}

static void id_of(int i, char out[16])
{
    snprintf(out, 16, "S-%02d", i);
}

static void live_on_a_full_disk(struct world *w)
{
    char id[16];
    int notes = 0;
    put_class(w->store, "T1", 9 * 60);
    for (int i = 0; i < STUDENTS; i++) {
        id_of(i, id);
        put_student(w->store, id, "T1", WORLD_MONDAY);
        if (i % 2 == 0)
            CHECK(srv_store_write(w->store, enrol, id, NULL) == CM_OK);
    }
    CHECK(ballast_is_there(w));
    fill_disk(w);
    enum cm_code code;
    while ((code = srv_store_write(w->store, put_note, &notes, NULL)) == CM_OK)
        CHECK(notes < 5000); /* free pages within the file */
    CHECK(code == CM_NOSPACE);
    CHECK(ballast_is_there(w));
    CHECK(srv_store_write(w->store, note_and_erase, "S-01", NULL) == CM_NOSPACE);
    CHECK(ballast_is_there(w)); /* not for what comes along with an erasure */

    CHECK(srv_store_write(w->store, sign, &(struct sign_in){.number = 1}, NULL) == CM_OK);
    CHECK(srv_store_write(w->store, sign, &(struct sign_in){.number = 2}, NULL) == CM_OK);
    CHECK(srv_store_write(w->store, sign, &(struct sign_in){.number = 1, .out = true}, NULL) == CM_OK);
    for (int i = 1; i < STUDENTS; i++) { /* without a face, with one, … */
        id_of(i, id);
        CHECK(srv_store_write(w->store, erase, id, NULL) == CM_OK);
    }
    CHECK(srv_store_write(w->store, unenrol, "S-00", NULL) == CM_OK);
    CHECK(!ballast_is_there(w));
    CHECK(srv_store_write(w->store, put_note, &notes, NULL) == CM_NOSPACE);

    world_reopen(w); /* a restart gives the room away to nobody either */
    CHECK(srv_store_write(w->store, put_note, &notes, NULL) == CM_NOSPACE);
    CHECK(srv_store_write(w->store, erase, "S-00", NULL) == CM_OK);
    CHECK(srv_store_write(w->store, sign, &(struct sign_in){.number = 2, .out = true}, NULL) == CM_OK);
    fill_disk(w); /* to the last byte: what sessions leave alone is gone too */
    CHECK(srv_store_write(w->store, sign, &(struct sign_in){.number = 3}, NULL) == CM_NOSPACE);

    char filler[400];
    snprintf(filler, sizeof filler, "%s/filler", w->dir);
    CHECK(unlink(filler) == 0);
    CHECK(srv_store_write(w->store, put_note, &notes, NULL) == CM_OK);
    CHECK(ballast_is_there(w));
    check(w->store);
    world_close(w);
}

static void erasures_and_logins_go_through(void **state)
{
    struct world w;
    char dir[] = "/tmp/rollcall-full-XXXXXX";
    int status;
    (void)state;
    assert_non_null(mkdtemp(dir));
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (!mount_small_disk(dir) || setenv("TMPDIR", dir, 1) != 0)
            _exit(EXIT_SKIP);
        world_init(&w, "lmdb:");
        live_on_a_full_disk(&w);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    rmdir(dir);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == EXIT_SKIP)
        skip(); /* no mount namespaces here */
    assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(erasures_and_logins_go_through),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
