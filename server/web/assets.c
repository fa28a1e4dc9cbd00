#include "web/assets.h"

#include "assets_list.h"
#include <string.h>

#define ASSET(symbol, path, type, etag, size, gzip_size) extern const uint8_t symbol[], symbol##_gzip[];
ASSET_LIST
#undef ASSET

const char srv_web_asset_version[] = ASSET_VERSION;

#define ASSET(symbol, path, type, etag, size, gzip_size)                                                     \
    {path, type, etag, symbol, size, (gzip_size) > 0 ? symbol##_gzip : NULL, gzip_size, false},
static const struct srv_asset assets[] = {ASSET_LIST};
#undef ASSET

#define ASSET(symbol, path, type, etag, size, gzip_size)                                                     \
    {path, type, etag, symbol, size, (gzip_size) > 0 ? symbol##_gzip : NULL, gzip_size, true},
static const struct srv_asset assets_for_ever[] = {ASSET_LIST};
#undef ASSET

enum { ASSET_COUNT = sizeof(assets) / sizeof(assets[0]) };

const struct srv_asset *srv_web_asset_find(const char *path, const char *version)
{
    bool for_ever = version && strcmp(version, srv_web_asset_version) == 0;
    for (size_t i = 0; i < ASSET_COUNT; i++)
        if (strcmp(assets[i].path, path) == 0)
            return for_ever ? &assets_for_ever[i] : &assets[i];
    return NULL;
}

const struct srv_asset *srv_web_assets(size_t *ret_count)
{
    *ret_count = ASSET_COUNT;
    return assets;
}
