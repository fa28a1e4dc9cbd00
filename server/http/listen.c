#include "http/listen.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

static bool parse_address(const char *address, int port, struct sockaddr_storage *ret_address,
                          socklen_t *ret_size)
{
    if (port < 0 || port > 65535)
        return false;
    if (uv_ip4_addr(address, port, (struct sockaddr_in *)ret_address) == 0)
        *ret_size = sizeof(struct sockaddr_in);
    else if (uv_ip6_addr(address, port, (struct sockaddr_in6 *)ret_address) == 0)
        *ret_size = sizeof(struct sockaddr_in6);
    else
        return false;
    return true;
}

static void set_port(struct sockaddr_storage *address, int port)
{
    if (address->ss_family == AF_INET)
        ((struct sockaddr_in *)address)->sin_port = htons((uint16_t)port);
    else
        ((struct sockaddr_in6 *)address)->sin6_port = htons((uint16_t)port);
}

static int port_of(int fd)
{
    struct sockaddr_storage address;
    socklen_t size = sizeof address;
    if (getsockname(fd, (struct sockaddr *)&address, &size) != 0)
        return 0;
    return ntohs(address.ss_family == AF_INET ? ((struct sockaddr_in *)&address)->sin_port
                                              : ((struct sockaddr_in6 *)&address)->sin6_port);
}

/* -1 with errno. */
static int bound_socket(const struct sockaddr_storage *address, socklen_t size, bool shared)
{
    int on = 1, off = 0;
    int fd = socket(address->ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -1;
    bool good = setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0;
    if (good && shared)
        good = setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) == 0;
    if (good && address->ss_family == AF_INET6) /* "::" means IPv4 too, whatever the system's default */
        good = setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off) == 0;
    if (good && bind(fd, (const struct sockaddr *)address, size) == 0)
        return fd;
    int reason = errno;
    close(fd);
    errno = reason;
    return -1;
}

/* With SO_REUSEPORT a second server of the same user would be let in beside us: one bind and listen without it tells. */
static bool port_is_free(const struct sockaddr_storage *address, socklen_t size)
{
    int fd = bound_socket(address, size, false);
    if (fd < 0)
        return errno != EADDRINUSE;
    bool is_free = listen(fd, 1) == 0 || errno != EADDRINUSE;
    close(fd);
    return is_free;
}

enum cm_code srv_listen_bind(const char *address, int port, int count, int *ret_fds, int *ret_port,
                             struct cm_err *err)
{
    struct sockaddr_storage at;
    socklen_t size = 0;
    int made = 0, bound_port = port;
    memset(&at, 0, sizeof at);
    if (!parse_address(address, port, &at, &size))
        return cm_fail(err, CM_INVALID, "%s port %d is no address to listen on", address, port);
    if (port != 0 && !port_is_free(&at, size))
        return cm_fail(err, CM_EXISTS, "%s port %d is in use by another program", address, port);
    for (; made < count; made++) {
        int fd = bound_socket(&at, size, count > 1);
        if (fd < 0)
            break;
        ret_fds[made] = fd;
        bound_port = port_of(fd);
        set_port(&at, bound_port);
    }
    if (made == count) {
        *ret_port = bound_port;
        return CM_OK;
    }
    int reason = errno;
    while (made > 0)
        close(ret_fds[--made]);
    return cm_fail(err, reason == EADDRINUSE ? CM_EXISTS : CM_BACKEND, "%s port %d cannot be used: %s",
                   address, port, strerror(reason));
}
