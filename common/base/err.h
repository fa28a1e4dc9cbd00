/*
 * The one error type. A function that can fail returns enum cm_code and takes a `struct cm_err *` as its
 * last argument: the code is for the caller to branch on, the sentence for a person to act on.
 *
 * - err may be NULL where the caller does not want the sentence.
 * - Out-parameters are named ret_… and stay untouched on failure.
 * - The sentence says what failed and, where it can, what to do. It never holds a secret, a template or a
 *   pixel.
 * - common/ and the shims return errors; station/cli and station/engine report them (once).
 */
#ifndef CM_ERR_H
#define CM_ERR_H

enum cm_code {
    CM_OK = 0,
    CM_NOMEM = -1,     /* memory or a bound of ours is exhausted */
    CM_NOTFOUND = -2,  /* the named thing is not there */
    CM_INVALID = -3,   /* input that breaks its rules: a file, a message, a setting */
    CM_BACKEND = -4,   /* a library or the operating system refused, for a reason in msg */
    CM_NOSPACE = -5,   /* disk full: nothing was written, everything written before is intact */
    CM_NEWER = -6,     /* data written by a newer version of the program */
    CM_EXISTS = -7,    /* it is there already */
    CM_CORRUPT = -8,   /* stored data that fails its checksum, hash or signature */
    CM_EOF = -9,       /* the end of a stream; not an error to report */
    CM_AGAIN = -10,    /* nothing yet; ask again */
    CM_CANCELED = -11, /* the caller asked for the end */
};

struct cm_err {
    enum cm_code code;
    char msg[256];
};

#define CM_ERR_INIT                                                                                          \
    {                                                                                                        \
        CM_OK, ""                                                                                            \
    }

/* Fills err (when not NULL) and returns code, so that `return cm_fail(err, CM_INVALID, "…")` reads well.
 * err->msg may be among the arguments: cm_fail(err, err->code, "%s: %s", path, err->msg) prefixes a message.
 */
enum cm_code cm_fail(struct cm_err *err, enum cm_code code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* A stable lower-case word for logs and JSON: "not_found", "no_space", … */
const char *cm_code_name(enum cm_code code);

#endif
