#include "http_json/json.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

bool srv_json_page_begin_of(struct srv_call *call, int limit, int limit_max, struct srv_json_page *page)
{
    memset(page, 0, sizeof(*page));
    int64_t number;
    if (!srv_json_query_int(call, "limit", 1, limit_max, limit, &number))
        return false;
    page->limit = (int)number;
    const char *after = srv_call_query(call, "after");
    if (after != NULL && strlen(after) >= sizeof(page->after)) {
        srv_json_invalid(call, "after", "after is the \"next\" of the page before");
        return false;
    }
    snprintf(page->after, sizeof(page->after), "%s", after != NULL ? after : "");
    page->items = json_array();
    page->failed = page->items == NULL;
    return true;
}

bool srv_json_page_begin(struct srv_call *call, struct srv_json_page *page)
{
    return srv_json_page_begin_of(call, SRV_PAGE_LIMIT, SRV_PAGE_LIMIT_MAX, page);
}

bool srv_json_page_full(struct srv_json_page *page)
{
    if (json_array_size(page->items) < (size_t)page->limit)
        return false;
    page->more = true;
    return true;
}

bool srv_json_page_add(struct srv_json_page *page, const char *key, json_t *item)
{
    assert(strlen(key) < sizeof(page->last));
    if (page->failed || json_array_append_new(page->items, item) != 0) {
        page->failed = true;
        return false;
    }
    snprintf(page->last, sizeof(page->last), "%s", key);
    return true;
}

void srv_json_page_answer(struct srv_call *call, struct srv_json_page *page)
{
    json_t *answer = NULL;
    if (!page->failed)
        answer = json_pack("{s:O,s:s?}", "items", page->items, "next", page->more ? page->last : NULL);
    srv_json_page_finish(page);
    srv_json_answer(call, 200, answer);
}

void srv_json_page_finish(struct srv_json_page *page)
{
    json_decref(page->items);
    page->items = NULL;
}
