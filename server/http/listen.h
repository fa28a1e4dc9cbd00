/* Listening sockets. */
#ifndef SRV_LISTEN_H
#define SRV_LISTEN_H

#include "base/err.h"

/* Binds `count` sockets to one address and port (0: any free one, the same for all); they are not yet listening. They share
 * the port (SO_REUSEPORT) only among themselves. CM_EXISTS: somebody else has it. CM_INVALID: no address. */
enum cm_code srv_listen_bind(const char *address, int port, int count, int *ret_fds, int *ret_port,
                             struct cm_err *err);

#endif
