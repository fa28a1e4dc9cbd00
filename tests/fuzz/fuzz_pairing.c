/* What a person types when he pairs a station: the server's address, its pin. The answers of a server that was reached so
 * are fuzz_sync's. An address that is taken must be taken again, unchanged, and be of a scheme that is spoken. */
#include "sync/transport.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void try_url(const char *typed, bool allow_plain)
{
    char url[512], again[512];
    struct cm_err err = CM_ERR_INIT;
    enum cm_code code = stn_transport_check_url(typed, allow_plain, url, sizeof url, &err);
    must(code == CM_OK || code == CM_INVALID);
    if (code != CM_OK)
        return;
    bool secure = strncmp(url, "https://", 8) == 0;
    must(secure || strncmp(url, "http://", 7) == 0);
    const char *host = strstr(url, "://") + 3;
    must(memchr(host, '@', strcspn(host, "/")) == NULL); /* no user, no password */
    must(strpbrk(url, "\r\n?# ") == NULL && url[strlen(url) - 1] != '/');
    must(stn_transport_check_url(url, allow_plain, again, sizeof again, &err) == CM_OK);
    must(strcmp(url, again) == 0);
    if (!secure && !allow_plain)
        must(strncmp(url, "http://127.", 11) == 0 || strncmp(url, "http://localhost", 16) == 0 ||
             strncmp(url, "http://[::1]", 12) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cm_err err = CM_ERR_INIT;
    char *text = malloc(size + 1);
    must(text != NULL);
    if (size > 0)
        memcpy(text, data, size);
    text[size] = '\0';
    try_url(text, false);
    try_url(text, true);
    if (stn_transport_check_pin(text, &err) == CM_OK)
        must(strlen(text) == strlen("sha256//") + 44);
    free(text);
    return 0;
}
