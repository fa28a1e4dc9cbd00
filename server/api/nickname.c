#include "api/nickname.h"

#include "api/fold.h"
#include "base/utf8.h"
#include <stdlib.h>
#include <string.h>

/* ---- what people see ---- */

/* Letters that look alike, after srv_fold. */
static const struct {
    uint16_t from;
    char to;
} alike[] = {
    /* Latin with a stroke, which is no accent to Unicode */
    {0xf0, 'd'},
    {0xf8, 'o'},
    {0x111, 'd'},
    {0x127, 'h'},
    {0x131, 'i'},
    {0x138, 'k'},
    {0x142, 'i'},
    {0x14b, 'n'},
    {0x167, 't'},
    /* Greek */
    {0x3b1, 'a'},
    {0x3b2, 'b'},
    {0x3b5, 'e'},
    {0x3b6, 'z'},
    {0x3b7, 'h'},
    {0x3b9, 'i'},
    {0x3ba, 'k'},
    {0x3bc, 'm'},
    {0x3bd, 'n'},
    {0x3bf, 'o'},
    {0x3c1, 'p'},
    {0x3c4, 't'},
    {0x3c5, 'y'},
    {0x3c7, 'x'},
    /* Cyrillic */
    {0x430, 'a'},
    {0x432, 'b'},
    {0x435, 'e'},
    {0x43a, 'k'},
    {0x43c, 'm'},
    {0x43d, 'h'},
    {0x43e, 'o'},
    {0x440, 'p'},
    {0x441, 'c'},
    {0x442, 't'},
    {0x443, 'y'},
    {0x445, 'x'},
    {0x455, 's'},
    {0x456, 'i'},
    {0x458, 'j'},
    /* within one script */
    {'l', 'i'},
    {'1', 'i'},
    {'|', 'i'},
    {'0', 'o'},
};

static uint32_t seen_as(uint32_t c)
{
    for (size_t i = 0; i < sizeof alike / sizeof alike[0]; i++)
        if (alike[i].from == c)
            return (unsigned char)alike[i].to;
    return c;
}

void srv_nickname_key(const char *name, char ret_key[CM_NAME_SIZE])
{
    char folded[SRV_FOLD_SIZE];
    size_t size = 0, length;
    bool space = false;
    srv_fold(name, folded);
    for (const char *at = folded; *at != '\0' && size + 5 < CM_NAME_SIZE; at += length) {
        uint32_t c = 0;
        length = cm_utf8_decode(at, strlen(at), &c);
        if (c == ' ' || c == 0x1680) { /* the others have become the first */
            space = size > 0;
            continue;
        }
        if (space)
            ret_key[size++] = ' ';
        space = false;
        uint32_t seen = seen_as(c);
        if (seen < 0x80) {
            ret_key[size++] = (char)seen;
        } else {
            memcpy(ret_key + size, at, length);
            size += length;
        }
    }
    ret_key[size] = '\0';
}

/* ---- one nickname ---- */

struct search {
    const char *id;
    char key[CM_NAME_SIZE];
    bool taken;
};

static bool goes_by(const struct search *search, const char *name)
{
    char key[CM_NAME_SIZE];
    srv_nickname_key(name, key);
    return strcmp(key, search->key) == 0;
}

static bool compare_student(void *arg, const struct srv_student *other)
{
    struct search *search = arg;
    if (!other->archived && strcmp(other->base.id, search->id) != 0)
        search->taken = goes_by(search, other->base.name) || goes_by(search, other->nickname);
    return !search->taken;
}

enum cm_code srv_nickname_check(struct srv_store *store, const struct srv_student *student,
                                struct cm_err *err)
{
    struct search search = {.id = student->base.id};
    if (student->nickname[0] == '\0')
        return CM_OK;
    srv_nickname_key(student->nickname, search.key);
    if (search.key[0] == '\0')
        return cm_fail(err, CM_INVALID, "a nickname needs letters that can be read");
    enum cm_code code =
        srv_store_each_student(store, student->base.class_id, "", compare_student, &search, err);
    if (code == CM_OK && search.taken)
        code = cm_fail(err, CM_INVALID, "somebody else in the class is called that: choose another nickname");
    return code;
}

/* ---- those of a class ---- */

struct called { /* what one of them goes by */
    char key[CM_NAME_SIZE];
    int row;
    bool nickname;
};

static int by_key(const void *a, const void *b)
{
    return strcmp(((const struct called *)a)->key, ((const struct called *)b)->key);
}

/* Of those that are called the same, when they are not one person. */
static void settle_equals(struct srv_board_row *rows, const struct called *called, size_t count)
{
    bool one_person = true;
    for (size_t i = 1; i < count; i++)
        one_person = one_person && called[i].row == called[0].row;
    for (size_t i = 0; i < count && !one_person; i++)
        if (called[i].nickname)
            rows[called[i].row].nickname[0] = '\0';
}

static size_t collect(const struct srv_board_row *rows, int count, struct called *ret_called)
{
    size_t names = 0;
    for (int i = 0; i < count; i++) {
        struct called *called = &ret_called[names++];
        *called = (struct called){.row = i};
        srv_nickname_key(rows[i].name, called->key);
        if (rows[i].nickname[0] == '\0')
            continue;
        called = &ret_called[names++];
        *called = (struct called){.row = i, .nickname = true};
        srv_nickname_key(rows[i].nickname, called->key);
    }
    return names;
}

enum cm_code srv_nicknames_settle(struct srv_board_row *rows, int count, struct cm_err *err)
{
    size_t nicknames = 0;
    for (int i = 0; i < count; i++)
        nicknames += rows[i].nickname[0] != '\0';
    if (nicknames == 0)
        return CM_OK;
    struct called *called = malloc(((size_t)count + nicknames) * sizeof *called);
    if (called == NULL)
        return cm_fail(err, CM_NOMEM, "out of memory for the board");
    size_t names = collect(rows, count, called);
    qsort(called, names, sizeof *called, by_key);
    for (size_t first = 0, next; first < names; first = next) {
        for (next = first + 1; next < names && strcmp(called[first].key, called[next].key) == 0; next++)
            ;
        settle_equals(rows, called + first, next - first);
    }
    free(called);
    return CM_OK;
}
