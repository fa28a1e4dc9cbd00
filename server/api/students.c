/* GET /api/students, GET /api/students/:id */
#include "api/handlers.h"

#include "api/cache.h"
#include "api/fold.h"
#include "api/student.h"
#include "auth/auth.h"
#include "base/utf8.h"
#include "http_json/json.h"
#include <string.h>

void srv_api_student(struct srv_call *call)
{
    struct srv_kept_key key;
    struct srv_student student;
    struct cm_err err = CM_ERR_INIT;
    struct srv_reply out;
    if (srv_api_answer_kept(call, "", &key) || !srv_api_find_student(call, &student))
        return;
    srv_reply_init(&out);
    enum cm_code code =
        srv_student_whole(&out, NULL, srv_app_of(call), &student, srv_api_is_student(call), &err);
    if (code == CM_OK)
        srv_api_answer_and_keep(call, &key, &out);
    else
        srv_json_failed(call, code, &err);
    srv_reply_finish(&out);
}

/* ---- the list ---- */

struct list {
    const struct srv_identity *who;
    struct srv_reply *out;
    char query[SRV_FOLD_SIZE];      /* cut into its words */
    char *words[SRV_FOLD_SIZE / 2]; /* each is somewhere in who is found; none: everybody */
    int word_count;
    bool archived;
    int64_t count, limit;
    bool more;
    char last[CM_ID_SIZE];
};

static bool is_found(const struct list *list, const struct srv_student *student)
{
    char name[SRV_FOLD_SIZE], id[SRV_FOLD_SIZE], roll_number[SRV_FOLD_SIZE];
    if (list->word_count == 0)
        return true;
    srv_fold(student->base.name, name);
    srv_fold(student->base.id, id);
    srv_fold(student->roll_number, roll_number);
    for (int i = 0; i < list->word_count; i++) {
        const char *word = list->words[i];
        if (strstr(name, word) == NULL && strstr(id, word) == NULL && strstr(roll_number, word) == NULL)
            return false;
    }
    return true;
}

static bool wanted(const struct list *list, const struct srv_student *student)
{
    return student->archived == list->archived && srv_auth_sees_student(list->who, student) &&
           is_found(list, student);
}

static bool take_student(void *arg, const struct srv_student *student)
{
    struct list *list = arg;
    if (!wanted(list, student))
        return true;
    if (list->count == list->limit) {
        list->more = true;
        return false;
    }
    list->count++;
    strcpy(list->last, student->base.id);
    srv_reply_begin(list->out, NULL);
    srv_student_row(list->out, student);
    srv_reply_end(list->out);
    return true;
}

static void split_query(struct list *list)
{
    char *rest;
    for (char *word = strtok_r(list->query, " \t\r\n", &rest); word != NULL;
         word = strtok_r(NULL, " \t\r\n", &rest))
        list->words[list->word_count++] = word;
}

static bool read_query(struct srv_call *call, struct list *list, const char **ret_after)
{
    const char *query = srv_call_query(call, "q"), *after = srv_call_query(call, "after");
    if (query != NULL && (strlen(query) >= CM_NAME_SIZE || !cm_utf8_valid(query, strlen(query)))) {
        srv_json_invalid(call, "q", "what is searched for is too long, or no text");
        return false;
    }
    if (after != NULL && strlen(after) >= CM_ID_SIZE) {
        srv_json_invalid(call, "after", "\"after\" is the \"next\" of the page before");
        return false;
    }
    if (query != NULL)
        srv_fold(query, list->query);
    split_query(list);
    *ret_after = after != NULL ? after : "";
    return srv_json_query_bool(call, "archived", false, &list->archived) &&
           srv_json_query_int(call, "limit", 1, SRV_PAGE_LIMIT_MAX, SRV_PAGE_LIMIT, &list->limit);
}

static void answer_list(struct srv_call *call, struct list *list, const char *class_id, const char *after)
{
    struct cm_err err = CM_ERR_INIT;
    struct srv_reply out;
    srv_reply_init(&out);
    list->out = &out;
    srv_reply_begin(&out, NULL);
    srv_reply_list(&out, "items");
    enum cm_code code =
        srv_store_each_student(srv_app_of(call)->store, class_id, after, take_student, list, &err);
    srv_reply_list_end(&out);
    srv_reply_text(&out, "next", list->more ? list->last : NULL);
    srv_reply_end(&out);
    if (code == CM_OK) {
        srv_reply_answer(call, 200, &out);
        return;
    }
    srv_reply_finish(&out);
    srv_json_failed(call, code, &err);
}

void srv_api_students(struct srv_call *call)
{
    struct list list = {.who = srv_call_identity(call)};
    struct cm_class class_;
    const char *after, *class_id = srv_call_query(call, "class");
    if (!read_query(call, &list, &after))
        return;
    if (class_id != NULL && class_id[0] == '\0')
        class_id = NULL;
    if (class_id != NULL && !srv_api_find_class(call, class_id, &class_))
        return;
    answer_list(call, &list, class_id, after);
}
