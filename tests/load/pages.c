/* Open pages: server-sent events at rest, and how fast one event reaches all of them. */
#include "load.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

struct page {
    int socket;
    bool greeted, reached;
    char tail[64]; /* of what came last: a word may be cut between two reads */
    size_t tail_size;
};

static bool holds(struct page *page, const char *bytes, size_t size, const char *word)
{
    char joined[sizeof page->tail + 16 * 1024];
    memcpy(joined, page->tail, page->tail_size);
    memcpy(joined + page->tail_size, bytes, size);
    const size_t all = page->tail_size + size;
    const bool found = memmem(joined, all, word, strlen(word)) != NULL;
    page->tail_size = all < sizeof page->tail ? all : sizeof page->tail;
    memcpy(page->tail, joined + all - page->tail_size, page->tail_size);
    return found;
}

/* Reads until `word` has come to every page. Returns the seconds between the first and the last. */
static double wait_for(int poll, struct page *pages, int count, const char *word, bool greeting)
{
    double first = 0, last = 0;
    const double deadline = load_now_s() + 60;
    for (int missing = count; missing > 0;) {
        struct epoll_event events[256];
        const int ready = epoll_wait(poll, events, 256, 1000);
        if (load_now_s() > deadline)
            load_die("%d of %d pages did not get \"%s\"", missing, count, word);
        for (int i = 0; i < ready; i++) {
            struct page *page = &pages[events[i].data.u32];
            char bytes[16 * 1024];
            const ssize_t got = recv(page->socket, bytes, sizeof bytes, MSG_DONTWAIT);
            if (got < 0 && errno == EAGAIN)
                continue;
            if (got <= 0)
                load_die("a page was cut off");
            bool *have = greeting ? &page->greeted : &page->reached;
            if (holds(page, bytes, (size_t)got, word) && !*have) {
                *have = true;
                last = load_now_s();
                first = first > 0 ? first : last;
                missing--;
            }
        }
    }
    return last - first;
}

int load_pages(int port, int clients, const char *token)
{
    struct page *pages = calloc((size_t)clients, sizeof *pages);
    const int poll = epoll_create1(0);
    if (pages == NULL || poll < 0)
        load_die("out of memory");
    char request[2048];
    const int size =
        snprintf(request, sizeof request,
                 "GET /api/events HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer %s\r\n\r\n", token);
    for (int i = 0; i < clients; i++) {
        pages[i].socket = load_connect(port);
        if (send(pages[i].socket, request, (size_t)size, MSG_NOSIGNAL) != size)
            load_die("sending: %s", strerror(errno));
        epoll_ctl(poll, EPOLL_CTL_ADD, pages[i].socket,
                  &(struct epoll_event){.events = EPOLLIN, .data.u32 = (uint32_t)i});
    }
    wait_for(poll, pages, clients, "event: hello", true);
    printf("{\"connected\":%d}\n", clients);
    fflush(stdout);
    const double seconds = wait_for(poll, pages, clients, "event: correction", false);
    printf("{\"clients\":%d,\"last_ms\":%.1f}\n", clients, seconds * 1000);
    return 0;
}
