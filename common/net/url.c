#include "net/url.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <stdio.h>
#include <string.h>

static bool is_loopback(const char *host)
{
    struct in_addr address; /* a name may begin like an address: 127.0.0.1.example */
    bool numbers = inet_pton(AF_INET, host, &address) == 1;
    return (numbers && ntohl(address.s_addr) >> 24 == 127) || strcmp(host, "localhost") == 0 ||
           strcmp(host, "[::1]") == 0;
}

static enum cm_code check_scheme(const char *scheme, const char *host, const struct cm_url_rule *rule,
                                 struct cm_err *err)
{
    if (strcmp(scheme, rule->safe) == 0)
        return CM_OK;
    if (strcmp(scheme, rule->plain) != 0)
        return cm_fail(err, CM_INVALID, "%.20s:// is not spoken: use %s://", scheme, rule->safe);
    if (!rule->allow_plain && !is_loopback(host))
        return cm_fail(err, CM_INVALID, "%s:// would send everything unprotected: use %s://%s", rule->plain,
                       rule->safe, rule->how_to_allow);
    return CM_OK;
}

static enum cm_code check_parts(CURLU *url, const struct cm_url_rule *rule, struct cm_err *err)
{
    static const CURLUPart unwanted[] = {CURLUPART_USER, CURLUPART_PASSWORD, CURLUPART_QUERY,
                                         CURLUPART_FRAGMENT};
    char *scheme = NULL, *host = NULL, *part = NULL;
    enum cm_code code = CM_OK;
    if (curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
        curl_url_get(url, CURLUPART_HOST, &host, 0) != CURLUE_OK)
        code = cm_fail(err, CM_INVALID, "that is no URL of a server: %s://HOST", rule->safe);
    else
        code = check_scheme(scheme, host, rule, err);
    for (size_t i = 0; i < sizeof unwanted / sizeof unwanted[0] && code == CM_OK; i++)
        if (curl_url_get(url, unwanted[i], &part, 0) == CURLUE_OK) {
            code = cm_fail(err, CM_INVALID, "the URL must have no name, password, query or fragment");
            curl_free(part);
        }
    curl_free(scheme);
    curl_free(host);
    return code;
}

static enum cm_code no_url(const char *typed, const struct cm_url_rule *rule, struct cm_err *err)
{
    return cm_fail(err, CM_INVALID, "%.100s is no URL of a server: %s://HOST", typed, rule->safe);
}

enum cm_code cm_url_check(const char *typed, const struct cm_url_rule *rule, char *ret_url, size_t size,
                          struct cm_err *err)
{
    CURLU *url = curl_url();
    char *whole = NULL, full[1024];
    if (url == NULL)
        return cm_fail(err, CM_NOMEM, "no memory for a URL");
    bool bare = strstr(typed, "://") == NULL;
    int length = snprintf(full, sizeof full, "%s%s%s", bare ? rule->safe : "", bare ? "://" : "", typed);
    enum cm_code code = CM_OK;
    if (length >= (int)sizeof full || curl_url_set(url, CURLUPART_URL, full, 0) != CURLUE_OK)
        code = no_url(typed, rule, err);
    if (code == CM_OK)
        code = check_parts(url, rule, err);
    if (code == CM_OK && curl_url_get(url, CURLUPART_URL, &whole, 0) != CURLUE_OK)
        code = no_url(typed, rule, err);
    size_t end = whole != NULL ? strlen(whole) : 0;
    while (end > 0 && whole[end - 1] == '/')
        end--;
    if (code == CM_OK && end >= size)
        code = cm_fail(err, CM_INVALID, "the URL is longer than %zu bytes", size - 1);
    if (code == CM_OK) {
        memcpy(ret_url, whole, end);
        ret_url[end] = '\0';
    }
    curl_free(whole);
    curl_url_cleanup(url);
    return code;
}
