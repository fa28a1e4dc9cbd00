#include "http/waits.h"

void srv_waits_init(struct srv_waits *waits, const int64_t length_ms[SRV_WAIT_KINDS])
{
    for (int kind = 0; kind < SRV_WAIT_KINDS; kind++) {
        struct srv_wait *list = &waits->lists[kind];
        *list = (struct srv_wait){.next = list, .prev = list};
        waits->length_ms[kind] = length_ms[kind] > 0 ? length_ms[kind] : 1; /* or looking would never end */
    }
}

void srv_wait_end(struct srv_wait *wait)
{
    if (wait->next == NULL)
        return;
    wait->next->prev = wait->prev;
    wait->prev->next = wait->next;
    wait->next = wait->prev = NULL;
}

void srv_wait_begin(struct srv_waits *waits, struct srv_wait *wait, enum srv_wait_kind kind, int64_t now_ms)
{
    struct srv_wait *list = &waits->lists[kind];
    srv_wait_end(wait);
    wait->kind = kind;
    wait->until_ms = now_ms + waits->length_ms[kind];
    wait->prev = list->prev;
    wait->next = list;
    list->prev->next = wait;
    list->prev = wait;
}

struct srv_wait *srv_waits_over(struct srv_waits *waits, int64_t now_ms)
{
    for (int kind = 0; kind < SRV_WAIT_KINDS; kind++) {
        struct srv_wait *first = waits->lists[kind].next;
        if (first != &waits->lists[kind] && first->until_ms <= now_ms) {
            srv_wait_end(first);
            return first;
        }
    }
    return NULL;
}
