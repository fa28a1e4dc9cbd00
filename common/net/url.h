/* Addresses of servers as people type them. Pure. */
#ifndef CM_NET_URL_H
#define CM_NET_URL_H

#include "base/err.h"
#include <stdbool.h>
#include <stddef.h>

/* Which schemes a URL may have: the protected one, and the plain one for this machine or where the settings allow it. */
struct cm_url_rule {
    const char *safe, *plain; /* "https", "http" */
    bool allow_plain;         /* the plain one also beyond this machine */
    const char *how_to_allow; /* ", or set [sync] allow_plain"; "" where nothing does */
};

/* What a person typed into "scheme://host[:port][/path]" without a slash at its end; the safe scheme is assumed where none is
 * given. CM_INVALID with what is wrong: another scheme, the plain one where it is not allowed, a password or query in it. */
enum cm_code cm_url_check(const char *typed, const struct cm_url_rule *rule, char *ret_url, size_t size,
                          struct cm_err *err);

#endif
