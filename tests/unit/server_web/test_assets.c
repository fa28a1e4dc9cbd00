/* The files in the binary: whole, packed rightly, linked with each other by the present version, and free of what the
 * content security policy or good sense forbids. */
#include "unit.h"

#include "web/assets.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool ends_with(const char *text, const char *end)
{
    size_t text_size = strlen(text), end_size = strlen(end);
    return text_size >= end_size && strcmp(text + text_size - end_size, end) == 0;
}

static bool is_page(const struct srv_asset *asset)
{
    return asset->path[0] != '/';
}

static bool is_ours(const struct srv_asset *asset)
{
    return !ends_with(asset->path, ".min.js");
}

static void test_every_asset_is_whole(void **state)
{
    (void)state;
    size_t count = 0;
    const struct srv_asset *assets = srv_web_assets(&count);
    assert_true(count > 10);
    for (size_t i = 0; i < count; i++) {
        const struct srv_asset *asset = &assets[i];
        size_t tag = strlen(asset->etag);
        assert_true(is_page(asset) || strncmp(asset->path, "/assets/", 8) == 0);
        assert_true(tag == 34 && asset->etag[0] == '"' && asset->etag[tag - 1] == '"');
        assert_true(asset->size > 0);
        assert_int_equal(asset->bytes[asset->size], 0);
        assert_non_null(strchr(asset->type, '/'));
        assert_int_equal(asset->gzip == NULL, asset->gzip_size == 0);
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(assets[k].path, asset->path);
    }
}

/* A gzip file ends with the size of what it holds. */
static void test_packed_copies_are_of_the_same_bytes(void **state)
{
    (void)state;
    size_t count = 0, packed = 0;
    const struct srv_asset *assets = srv_web_assets(&count);
    for (size_t i = 0; i < count; i++) {
        const struct srv_asset *asset = &assets[i];
        if (asset->gzip == NULL)
            continue;
        packed++;
        assert_true(asset->gzip_size > 18 && asset->gzip_size < asset->size);
        assert_int_equal(asset->gzip[0], 0x1f);
        assert_int_equal(asset->gzip[1], 0x8b);
        assert_int_equal(asset->gzip[3], 0); /* no name and no time of the build machine */
        const uint8_t *end = asset->gzip + asset->gzip_size - 4;
        size_t size = end[0] | (size_t)end[1] << 8 | (size_t)end[2] << 16 | (size_t)end[3] << 24;
        assert_int_equal(size, asset->size);
    }
    assert_true(packed > 5);
}

static void test_only_the_present_version_lasts(void **state)
{
    (void)state;
    const char *path = "/assets/style.css";
    const struct srv_asset *plain = srv_web_asset_find(path, NULL);
    const struct srv_asset *old = srv_web_asset_find(path, "0123456789ab");
    const struct srv_asset *present = srv_web_asset_find(path, srv_web_asset_version);
    assert_non_null(plain);
    assert_false(plain->immutable);
    assert_ptr_equal(plain, old);
    assert_true(present->immutable);
    assert_ptr_equal(present->bytes, plain->bytes);
    assert_null(srv_web_asset_find("/assets/../pages/login.html", NULL));
    assert_null(srv_web_asset_find("", NULL));
}

/* Each "/assets/…" and './…' of ours names a file that is there, with the version. */
static void check_link(const struct srv_asset *asset, const char *link)
{
    char path[160], name[120], version[32];
    int fields = sscanf(link, "%119[a-z0-9.-]?v=%31[0-9a-f]", name, version);
    if (fields != 2)
        fail_msg("%s: a link without a version: %.60s", asset->path, link);
    snprintf(path, sizeof path, "/assets/%s", name);
    assert_string_equal(version, srv_web_asset_version);
    if (!srv_web_asset_find(path, NULL))
        fail_msg("%s links to %s, which is not there", asset->path, path);
}

static void test_links_lead_somewhere(void **state)
{
    (void)state;
    size_t count = 0, links = 0;
    const struct srv_asset *assets = srv_web_assets(&count);
    static const char *const starts[] = {"\"/assets/", "'/assets/", "'./"};
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; is_ours(&assets[i]) && k < sizeof starts / sizeof starts[0]; k++) {
            const char *at = (const char *)assets[i].bytes;
            while ((at = strstr(at, starts[k])) != NULL) {
                at += strlen(starts[k]);
                check_link(&assets[i], at);
                links++;
            }
        }
    assert_true(links > 20);
}

static void test_nothing_forbidden_is_in_ours(void **state)
{
    (void)state;
    static const char *const in_scripts[] = {"innerHTML",      "outerHTML",  "insertAdjacentHTML",
                                             "document.write", "eval(",      "new Function",
                                             "srcdoc",         "javascript:"};
    static const char *const in_pages[] = {
        " style=", "<style", " onclick=", " onload=", "<script>", "http:", "https:"};
    size_t count = 0;
    const struct srv_asset *assets = srv_web_assets(&count);
    for (size_t i = 0; i < count; i++) {
        const char *text = (const char *)assets[i].bytes;
        const char *const *words = is_page(&assets[i]) ? in_pages : in_scripts;
        size_t word_count = is_page(&assets[i]) ? sizeof in_pages / sizeof in_pages[0]
                                                : sizeof in_scripts / sizeof in_scripts[0];
        bool looked_at = is_page(&assets[i]) || (ends_with(assets[i].path, ".js") && is_ours(&assets[i]));
        for (size_t k = 0; looked_at && k < word_count; k++)
            if (strstr(text, words[k]) != NULL)
                fail_msg("%s has %s", assets[i].path, words[k]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_asset_is_whole),
        cmocka_unit_test(test_packed_copies_are_of_the_same_bytes),
        cmocka_unit_test(test_only_the_present_version_lasts),
        cmocka_unit_test(test_links_lead_somewhere),
        cmocka_unit_test(test_nothing_forbidden_is_in_ours),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
