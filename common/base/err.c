#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum cm_code cm_fail(struct cm_err *err, enum cm_code code, const char *fmt, ...)
{
    if (err == NULL)
        return code;
    char msg[sizeof err->msg];
    va_list args;
    va_start(args, fmt);
    vsnprintf(msg, sizeof msg, fmt, args);
    va_end(args);
    err->code = code;
    memcpy(err->msg, msg, sizeof msg);
    return code;
}

const char *cm_code_name(enum cm_code code)
{
    switch (code) {
    case CM_OK:
        return "ok";
    case CM_NOMEM:
        return "no_memory";
    case CM_NOTFOUND:
        return "not_found";
    case CM_INVALID:
        return "invalid";
    case CM_BACKEND:
        return "backend";
    case CM_NOSPACE:
        return "no_space";
    case CM_NEWER:
        return "newer_version";
    case CM_EXISTS:
        return "exists";
    case CM_CORRUPT:
        return "corrupt";
    case CM_EOF:
        return "end";
    case CM_AGAIN:
        return "again";
    case CM_CANCELED:
        return "canceled";
    }
    return "unknown";
}
