/*
 * The pages and their files, in the binary since the build (packaging/cmake/Assets.cmake). Read only, any thread.
 */
#ifndef SRV_WEB_ASSETS_H
#define SRV_WEB_ASSETS_H

#include "http/http.h"

/* path: "/assets/admin.js", or the bare name of a page, "admin.html". NULL: there is none. version is that of the link
 * (?v=, may be NULL): only with the present one may a browser keep the file for ever. */
const struct srv_asset *srv_web_asset_find(const char *path, const char *version);

/* All of them, for tests. */
const struct srv_asset *srv_web_assets(size_t *ret_count);
extern const char srv_web_asset_version[];

#endif
