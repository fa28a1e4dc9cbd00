/* The small text rules of HTTP: escapes, tokens, media types, lists. Pure. */
#ifndef SRV_TEXT_H
#define SRV_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Percent-decodes into ret_text with a NUL. False: a broken escape, %00 (or a raw NUL), or no room; ret_text is then
 * undefined. ret_text may be text itself when room is at least size + 1. */
bool srv_text_unescape(const char *text, size_t size, char *ret_text, size_t room);

/* The path of a request: begins with '/', printable ASCII only, whole escapes, no %00, and no "." or ".." segment, written
 * plainly or escaped. */
bool srv_text_path_ok(const char *path, size_t size);
/* A query: printable ASCII, whole escapes, no %00. */
bool srv_text_query_ok(const char *query, size_t size);
/* A Host: name or address with an optional port; nothing that would break a link made from it. */
bool srv_text_host_ok(const char *host, size_t size);

bool srv_text_equal(const char *text, size_t size, const char *word); /* ASCII case does not matter */
/* Is the media type of a Content-Type (parameters ignored) this one? */
bool srv_text_media_is(const char *content_type, const char *type);
/* Does an Accept-Encoding take gzip? */
bool srv_text_takes_gzip(const char *accept_encoding);
/* Does an If-None-Match name this tag (weak comparison)? */
bool srv_text_names_tag(const char *if_none_match, const char *tag);

enum srv_range_result { SRV_RANGE_NONE, SRV_RANGE_PART, SRV_RANGE_BEYOND };
/* One "bytes=a-b", "a-" or "-n" of a body of that size. Anything else (other units, several ranges) is NONE: the whole. */
enum srv_range_result srv_text_range(const char *range, uint64_t size, uint64_t *ret_first,
                                     uint64_t *ret_last);

/* Writes a number; returns the end. */
char *srv_text_number(char *at, uint64_t number);
/* "Sun, 06 Nov 1994 08:49:37 GMT"; always 29 characters and a NUL. */
void srv_text_date(int64_t wall_s, char ret_date[30]);

#endif
