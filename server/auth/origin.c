#include "auth/private.h"

#include <string.h>
#include <strings.h>

static bool is_own(const char *origin, const struct srv_origin_facts *facts)
{
    const char *scheme = facts->secure ? "https://" : "http://";
    size_t size = strlen(scheme);
    return facts->host != NULL && facts->host[0] != '\0' && strncasecmp(origin, scheme, size) == 0 &&
           strcasecmp(origin + size, facts->host) == 0;
}

enum srv_origin srv_origin_of(const struct srv_origin_facts *facts)
{
    /* the browser's own word, which no page can set; sent over TLS and to loopback only */
    if (facts->sec_fetch_site != NULL)
        return strcmp(facts->sec_fetch_site, "same-origin") == 0 || strcmp(facts->sec_fetch_site, "none") == 0
                   ? SRV_ORIGIN_OWN
                   : SRV_ORIGIN_FOREIGN;
    if (facts->origin != NULL)
        return is_own(facts->origin, facts) ? SRV_ORIGIN_OWN : SRV_ORIGIN_FOREIGN;
    return SRV_ORIGIN_UNKNOWN;
}

enum srv_origin srv_call_origin(const struct srv_call *call)
{
    const struct srv_origin_facts facts = {
        .sec_fetch_site = srv_call_header(call, "sec-fetch-site"),
        .origin = srv_call_header(call, "origin"),
        .host = srv_call_host(call),
        .secure = srv_call_secure(call),
    };
    return srv_origin_of(&facts);
}
