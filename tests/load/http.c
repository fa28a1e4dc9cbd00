#include "load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

double load_now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int load_connect(int port)
{
    const struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int made = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (made < 0)
        load_die("socket: %s (raise ulimit -n)", strerror(errno));
    if (connect(made, (const struct sockaddr *)&address, sizeof address) < 0)
        load_die("connecting to port %d: %s", port, strerror(errno));
    const int yes = 1;
    setsockopt(made, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    return made;
}

static void send_all(int to, const void *bytes, size_t size)
{
    for (const char *at = bytes; size > 0;) {
        const ssize_t sent = send(to, at, size, MSG_NOSIGNAL);
        if (sent < 0)
            load_die("sending: %s", strerror(errno));
        at += sent;
        size -= (size_t)sent;
    }
}

static size_t content_length(const char *head)
{
    const char *at = strcasestr(head, "\r\ncontent-length:");
    return at != NULL ? strtoul(at + strlen("\r\ncontent-length:"), NULL, 10) : 0;
}

int load_post(int socket, const char *target, const char *token, const void *body, size_t size,
              struct load_answer *ret_answer)
{
    char head[1024];
    const int head_size = snprintf(head, sizeof head,
                                   "POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\n%s%s%sContent-Type: "
                                   "application/msgpack\r\nContent-Length: %zu\r\n\r\n",
                                   target, token[0] != '\0' ? "Authorization: Bearer " : "", token,
                                   token[0] != '\0' ? "\r\n" : "", size);
    send_all(socket, head, (size_t)head_size);
    send_all(socket, body, size);

    char text[4096];
    size_t have = 0;
    char *end = NULL;
    while (end == NULL) {
        const ssize_t got = recv(socket, text + have, sizeof text - 1 - have, 0);
        if (got <= 0 || have + (size_t)got >= sizeof text - 1)
            load_die("%s: no whole answer", target);
        have += (size_t)got;
        text[have] = '\0';
        end = strstr(text, "\r\n\r\n");
    }
    const size_t length = content_length(text);
    if (length > sizeof ret_answer->body)
        load_die("%s: an answer of %zu bytes", target, length);
    const size_t early = have - (size_t)(end + 4 - text);
    memcpy(ret_answer->body, end + 4, early < length ? early : length);
    for (size_t at = early; at < length;) {
        const ssize_t got = recv(socket, ret_answer->body + at, length - at, 0);
        if (got <= 0)
            load_die("%s: the answer was cut", target);
        at += (size_t)got;
    }
    ret_answer->size = length;
    return atoi(text + strlen("HTTP/1.1 "));
}
