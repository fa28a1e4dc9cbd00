#include "api/nickname.h"

#include "base/utf8.h"
#include <stdlib.h>
#include <string.h>

/* ---- what people see ---- */

/* U+00C0 … U+017F by their letter; "." stands for those that are like no other. */
static const char latin[] = "aaaaaa.ceeeeiiiidnooooo.ouuuuy..aaaaaa.ceeeeiiiidnooooo.ouuuuy.y"
                            "aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiii..jjkkklllllll"
                            "lllnnnnnnn..oooooo..rrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzz.";
_Static_assert(sizeof latin - 1 == 0x180 - 0xC0, "one letter for each");

static const struct {
    uint16_t from;
    char to;
} alike[] = {
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

static bool is_space(uint32_t c)
{
    return c == ' ' || c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) || c == 0x202f ||
           c == 0x205f || c == 0x3000;
}

/* Marks over and under letters, and the joiners that Indic scripts spell with. */
static bool is_mark(uint32_t c)
{
    return (c >= 0x300 && c <= 0x36f) || (c >= 0x483 && c <= 0x489) || (c >= 0x1ab0 && c <= 0x1aff) ||
           (c >= 0x1dc0 && c <= 0x1dff) || (c >= 0x20d0 && c <= 0x20ff) || (c >= 0xfe20 && c <= 0xfe2f) ||
           c == 0x200c || c == 0x200d;
}

static uint32_t lower(uint32_t c)
{
    if ((c >= 'A' && c <= 'Z') || (c >= 0x391 && c <= 0x3a9) || (c >= 0x410 && c <= 0x42f))
        return c + 0x20;
    return c >= 0x400 && c <= 0x40f ? c + 0x50 : c;
}

static uint32_t seen_as(uint32_t c)
{
    if (c >= 0xff01 && c <= 0xff5e) /* full width */
        c -= 0xff01 - 0x21;
    if (c >= 0xc0 && c <= 0x17f && latin[c - 0xc0] != '.')
        c = (unsigned char)latin[c - 0xc0];
    c = lower(c);
    for (size_t i = 0; i < sizeof alike / sizeof alike[0]; i++)
        if (alike[i].from == c)
            return (unsigned char)alike[i].to;
    return c;
}

void srv_nickname_key(const char *name, char ret_key[CM_NAME_SIZE])
{
    size_t left = strnlen(name, CM_NAME_SIZE - 1), size = 0;
    bool space = false;
    while (left > 0) {
        uint32_t c = 0;
        size_t length = cm_utf8_decode(name, left, &c);
        if (length == 0)
            break;
        uint32_t seen = seen_as(c);
        if (is_space(c)) {
            space = size > 0;
        } else if (!is_mark(c)) {
            if (space)
                ret_key[size++] = ' ';
            space = false;
            if (seen < 0x80) {
                ret_key[size++] = (char)seen;
            } else if (seen == c) {
                memcpy(ret_key + size, name, length);
                size += length;
            } else { /* a capital letter of two bytes, like its small one */
                ret_key[size++] = (char)(0xc0 | seen >> 6);
                ret_key[size++] = (char)(0x80 | (seen & 0x3f));
            }
        }
        name += length;
        left -= length;
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
