#include "auth/token.h"

#include "crypt/seal.h"
#include "unit.h"
#include <jwt.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NOW_S = 1795404000 };
static const char secret[] = "0123456789abcdef0123456789abcdef-secret";
static const char old_secret[] = "fedcba9876543210fedcba9876543210-before";
static struct srv_jwt_keys keys;

static int start(void **state)
{
    (void)state;
    return cm_crypt_init(NULL) != CM_OK || srv_jwt_add_key(&keys, secret, strlen(secret), NULL) != CM_OK ||
           srv_jwt_add_key(&keys, old_secret, strlen(old_secret), NULL) != CM_OK;
}

static struct srv_claims claims(void)
{
    return (struct srv_claims){.user = "anna",
                               .role = SRV_ROLE_COORDINATOR,
                               .session = {1, 2, 3, 255},
                               .issued_s = NOW_S,
                               .expires_s = NOW_S + 3600};
}

static enum cm_code verify(const char *token, int64_t now_s)
{
    struct srv_claims out;
    struct cm_err err = CM_ERR_INIT;
    return srv_jwt_verify(&keys, token, now_s, &out, &err);
}

static void ours_comes_back(void **state)
{
    (void)state;
    struct srv_claims in = claims(), out = {.role = 0};
    char token[SRV_JWT_SIZE];
    struct cm_err err = CM_ERR_INIT;
    assert_int_equal(srv_jwt_make(&keys, &in, token, &err), CM_OK);
    if (srv_jwt_verify(&keys, token, NOW_S, &out, &err) != CM_OK)
        fail_msg("%s: %s", err.msg, token);
    assert_string_equal(out.user, "anna");
    assert_int_equal(out.role, SRV_ROLE_COORDINATOR);
    assert_memory_equal(out.session, in.session, 16);
    assert_int_equal(out.issued_s, NOW_S);
    assert_int_equal(out.expires_s, NOW_S + 3600);
    assert_int_equal(verify(token, NOW_S + 3599), CM_OK);
    assert_int_equal(verify(token, NOW_S + 3600), CM_INVALID);
    assert_int_equal(verify(token, NOW_S - 60), CM_OK); /* the clock was set back a little */
    assert_int_equal(verify(token, NOW_S - 61), CM_INVALID);
}

static void every_changed_character_is_noticed(void **state)
{
    (void)state;
    struct srv_claims in = claims();
    char token[SRV_JWT_SIZE];
    assert_int_equal(srv_jwt_make(&keys, &in, token, NULL), CM_OK);
    for (size_t i = 0; token[i] != '\0'; i++) {
        char was = token[i];
        for (const char *c = "A_9.= %"; *c != '\0'; c++) {
            token[i] = *c;
            if (*c != was && verify(token, NOW_S) == CM_OK)
                fail_msg("character %zu as %c", i, *c);
        }
        token[i] = was;
    }
    for (size_t size = strlen(token); size-- > 0;) {
        char was = token[size];
        token[size] = '\0';
        assert_int_equal(verify(token, NOW_S), CM_INVALID);
        token[size] = was;
    }
}

/* ---- tokens that are forged with care: header and payload as given, signed as the case says ---- */
static void encode(const char *text, char *out, size_t size)
{
    sodium_bin2base64(out, size, (const unsigned char *)text, strlen(text),
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

static void forge(const char *header, const char *payload, const char *key, char *out, size_t size)
{
    char head[512], body[6000], mac_text[64];
    unsigned char mac[crypto_auth_hmacsha256_BYTES];
    crypto_auth_hmacsha256_state hmac;
    encode(header, head, sizeof(head));
    encode(payload, body, sizeof(body));
    snprintf(out, size, "%s.%s", head, body);
    crypto_auth_hmacsha256_init(&hmac, (const unsigned char *)key, strlen(key));
    crypto_auth_hmacsha256_update(&hmac, (const unsigned char *)out, strlen(out));
    crypto_auth_hmacsha256_final(&hmac, mac);
    sodium_bin2base64(mac_text, sizeof(mac_text), mac, sizeof(mac), sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    snprintf(out + strlen(out), size - strlen(out), ".%s", mac_text);
}

#define SID  "\"sid\":\"AQID_wAAAAAAAAAAAAAAAA\""
#define WHO  "\"sub\":\"anna\",\"role\":\"admin\"," SID
#define GOOD "{" WHO ",\"iat\":1795404000,\"exp\":1795407600}"

static void forged_with_the_right_key(void **state)
{
    (void)state;
    static const struct {
        const char *header; /* %s: our key's id; NULL: the ordinary one */
        const char *payload;
        bool good;
    } cases[] = {
        {NULL, GOOD, true}, /* the forger knows how: what follows fails for its own reason */
        {"{\"alg\":\"HS256\",\"kid\":\"%s\"}", GOOD, true},
        {"{\"alg\":\"none\",\"kid\":\"%s\"}", GOOD, false},
        {"{\"alg\":\"NoNe\",\"kid\":\"%s\"}", GOOD, false},
        {"{\"alg\":\"HS512\",\"kid\":\"%s\"}", GOOD, false},
        {"{\"alg\":\"RS256\",\"kid\":\"%s\"}", GOOD, false},
        {"{\"alg\":\"hs256\",\"kid\":\"%s\"}", GOOD, false},
        {"{\"alg\":\"HS256\"}", GOOD, false},
        {"{\"kid\":\"%s\"}", GOOD, false},
        {"{\"alg\":\"HS256\",\"kid\":\"other\"}", GOOD, false},
        {"{\"alg\":\"HS256\",\"kid\":\"../../dev/null\"}", GOOD, false},
        {"{\"alg\":\"HS256\",\"alg\":\"none\",\"kid\":\"%s\"}", GOOD, false},
        {"{\"alg\":\"HS256\",\"kid\":\"%s\",\"crit\":[\"x\"],\"x\":1}", GOOD, false},
        {"{\"alg\":\"HS256\",\"kid\":\"%s\",\"jwk\":{}}", GOOD, false},
        {"{\"alg\":[\"HS256\"],\"kid\":\"%s\"}", GOOD, false},
        {"[]", GOOD, false},
        {NULL, "{" WHO ",\"iat\":1795404000}", false},
        {NULL, "{" WHO ",\"exp\":1795407600}", false},
        {NULL, "{" WHO ",\"iat\":1795404000,\"exp\":1795403999}", false},
        {NULL, "{" WHO ",\"iat\":1795404000,\"exp\":1795404000}", false},
        {NULL, "{" WHO ",\"iat\":1795404061,\"exp\":1795407600}", false},
        {NULL, "{" WHO ",\"iat\":1795404060,\"exp\":1795407600}", true},
        {NULL, "{" WHO ",\"iat\":1795404000,\"exp\":1795407600,\"nbf\":1795404000}", true},
        {NULL, "{" WHO ",\"iat\":1795404000,\"exp\":1795407600,\"nbf\":1795405000}", false},
        {NULL, "{" WHO ",\"iat\":1795404000,\"exp\":1795407600.0}", false},
        {NULL, "{" WHO ",\"iat\":1795404000,\"exp\":1e12}", false},
        {NULL, "{" WHO ",\"iat\":1795404000,\"exp\":\"1795407600\"}", false},
        {NULL, "{" WHO ",\"iat\":1795404000,\"exp\":null}", false},
        {NULL, "{" WHO ",\"iat\":1795404000,\"exp\":99999999999999}", false},
        {NULL, "{" WHO ",\"iat\":-5,\"exp\":1795407600}", false},
        {NULL, "{" WHO ",\"iat\":0,\"exp\":1795407600}", false},
        {NULL, "{" WHO ",\"iat\":1795404000,\"exp\":1,\"exp\":1795407600}", false},
        {NULL, "{" WHO ",\"sub\":\"admin\",\"iat\":1795404000,\"exp\":1795407600}", false},
        {NULL, "{" WHO ",\"x\":1,\"iat\":1795404000,\"exp\":1795407600}", false},
        {NULL, "{\"sub\":\"anna\",\"role\":\"station\"," SID ",\"iat\":1795404000,\"exp\":1795407600}",
         false},
        {NULL, "{\"sub\":\"anna\",\"role\":\"root\"," SID ",\"iat\":1795404000,\"exp\":1795407600}", false},
        {NULL, "{\"sub\":\"\",\"role\":\"admin\"," SID ",\"iat\":1795404000,\"exp\":1795407600}", false},
        {NULL, "{\"sub\":\"anna\",\"role\":\"admin\",\"sid\":\"AQID\",\"iat\":1795404000,\"exp\":1795407600}",
         false},
        {NULL, "{\"role\":\"admin\"," SID ",\"iat\":1795404000,\"exp\":1795407600}", false},
        {NULL, "[]", false},
        {NULL, "{\"a\":[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]}", false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char header[256], token[8192];
        const char *form =
            cases[i].header != NULL ? cases[i].header : "{\"alg\":\"HS256\",\"kid\":\"%s\",\"typ\":\"JWT\"}";
        const char *at = strstr(form, "%s");
        if (at != NULL)
            snprintf(header, sizeof(header), "%.*s%s%s", (int)(at - form), form, keys.keys[0].id, at + 2);
        else
            snprintf(header, sizeof(header), "%s", form);
        forge(header, cases[i].payload, secret, token, sizeof(token));
        if ((verify(token, NOW_S) == CM_OK) != cases[i].good)
            fail_msg("case %zu: %s %s", i, header, cases[i].payload);
    }
}

static void other_keys(void **state)
{
    (void)state;
    char header[128], token[2048], first_id[16];
    memcpy(first_id, keys.keys[0].id, sizeof(first_id));
    snprintf(header, sizeof(header), "{\"alg\":\"HS256\",\"kid\":\"%s\"}", first_id);
    forge(header, GOOD, "another secret of more than thirty-two bytes", token, sizeof(token));
    assert_int_equal(verify(token, NOW_S), CM_INVALID);
    forge(header, GOOD, old_secret, token, sizeof(token)); /* a key of ours under the other's name */
    assert_int_equal(verify(token, NOW_S), CM_INVALID);
    snprintf(header, sizeof(header), "{\"alg\":\"HS256\",\"kid\":\"%s\"}", keys.keys[1].id);
    forge(header, GOOD, old_secret, token, sizeof(token)); /* the secret before this one is still believed */
    assert_int_equal(verify(token, NOW_S), CM_OK);
    assert_string_not_equal(keys.keys[0].id, keys.keys[1].id);
}

/* As libjwt itself makes them with our key: HS512, and none. */
static void made_by_libjwt(void **state)
{
    (void)state;
    static const jwt_alg_t algs[] = {JWT_ALG_HS384, JWT_ALG_HS512, JWT_ALG_NONE, JWT_ALG_HS256};
    for (size_t i = 0; i < 4; i++) {
        jwt_t *jwt;
        assert_int_equal(jwt_new(&jwt), 0);
        assert_int_equal(jwt_add_header(jwt, "kid", keys.keys[0].id), 0);
        assert_int_equal(jwt_add_grants_json(jwt, GOOD), 0);
        bool none = algs[i] == JWT_ALG_NONE;
        assert_int_equal(jwt_set_alg(jwt, algs[i], none ? NULL : (const unsigned char *)secret,
                                     none ? 0 : (int)strlen(secret)),
                         0);
        char *token = jwt_encode_str(jwt);
        assert_non_null(token);
        assert_int_equal(verify(token, NOW_S), algs[i] == JWT_ALG_HS256 ? CM_OK : CM_INVALID);
        free(token);
        jwt_free(jwt);
    }
}

static void what_is_no_token_at_all(void **state)
{
    (void)state;
    static const char *const texts[] = {"",
                                        ".",
                                        "..",
                                        "...",
                                        "a.b",
                                        "a.b.c.d",
                                        "a.b.c",
                                        "e30.e30.",
                                        "e30.e30.e30",
                                        "eyJhbGciOiJub25lIn0.e30.",
                                        " a.b.c",
                                        "a.b.c\n",
                                        "\xff.\xff.\xff"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        assert_int_equal(verify(texts[i], NOW_S), CM_INVALID);
    char header[128], payload[4000], token[8192];
    snprintf(header, sizeof(header), "{\"alg\":\"HS256\",\"kid\":\"%s\"}", keys.keys[0].id);
    snprintf(payload, sizeof(payload), "%s%*s", GOOD, 3000, ""); /* well signed, and too long by its spaces */
    forge(header, payload, secret, token, sizeof(token));
    assert_true(strlen(token) > SRV_JWT_MAX);
    assert_int_equal(verify(token, NOW_S), CM_INVALID);
    snprintf(payload, sizeof(payload), "%s%*s", GOOD, 2500, "");
    forge(header, payload, secret, token, sizeof(token));
    assert_true(strlen(token) < SRV_JWT_MAX);
    assert_int_equal(verify(token, NOW_S), CM_OK);
}

static void short_secrets_are_refused(void **state)
{
    (void)state;
    struct srv_jwt_keys some = {.count = 0};
    struct cm_err err = CM_ERR_INIT;
    assert_int_equal(srv_jwt_add_key(&some, "0123456789abcdef0123456789abcde", 31, &err), CM_INVALID);
    assert_non_null(strstr(err.msg, "SECRET_KEY"));
    assert_null(strstr(err.msg, "0123456789"));
    assert_int_equal(srv_jwt_add_key(&some, "", 0, &err), CM_INVALID);
    assert_int_equal(srv_jwt_add_key(&some, "0123456789abcdef0123456789abcdef", 32, &err), CM_OK);
    assert_int_equal(some.count, 1);
}

static void names_of_the_longest_fit(void **state)
{
    (void)state;
    struct srv_claims in = claims();
    char token[SRV_JWT_SIZE];
    memset(in.user, '@', sizeof(in.user) - 1);
    assert_int_equal(srv_jwt_make(&keys, &in, token, NULL), CM_OK);
    assert_int_equal(verify(token, NOW_S), CM_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ours_comes_back),
        cmocka_unit_test(every_changed_character_is_noticed),
        cmocka_unit_test(forged_with_the_right_key),
        cmocka_unit_test(other_keys),
        cmocka_unit_test(made_by_libjwt),
        cmocka_unit_test(what_is_no_token_at_all),
        cmocka_unit_test(short_secrets_are_refused),
        cmocka_unit_test(names_of_the_longest_fit),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
