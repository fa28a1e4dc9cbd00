#include "web/handlers.h"

#include "web/assets.h"
#include <stdio.h>

/* Pages are shells without anybody's data; scripts fetch it as the person who is signed in. What they may load is said by
 * the policy that every answer has (http/answer.c): our own files, and pictures that they made themselves. */
static void answer_page(struct srv_call *call, const char *name)
{
    srv_answer_header(call, "Permissions-Policy", "camera=(self), microphone=(), geolocation=()");
    srv_answer_header(call, "Cross-Origin-Opener-Policy", "same-origin");
    srv_asset_answer(call, srv_web_asset_find(name, NULL));
}

void srv_web_login(struct srv_call *call)
{
    answer_page(call, "login.html");
}

void srv_web_admin(struct srv_call *call)
{
    answer_page(call, "admin.html");
}

void srv_web_student(struct srv_call *call)
{
    answer_page(call, "student.html");
}

static void answer_file(struct srv_call *call, const char *path)
{
    const struct srv_asset *asset = srv_web_asset_find(path, srv_call_query(call, "v"));
    if (!asset) {
        srv_answer_error(call, 404, "not_found", "There is no such file.");
        return;
    }
    /* An SVG that is opened by itself is a document: it gets a policy too. */
    srv_answer_header(call, "Content-Security-Policy", "default-src 'none'; style-src 'self'");
    srv_answer_header(call, "Cross-Origin-Resource-Policy", "same-origin");
    srv_asset_answer(call, asset);
}

void srv_web_asset(struct srv_call *call)
{
    char path[SRV_PARAM_SIZE + 16];
    snprintf(path, sizeof path, "/assets/%s", srv_call_param(call, "file"));
    answer_file(call, path);
}

void srv_web_icon(struct srv_call *call)
{
    answer_file(call, "/assets/icon.svg");
}
