#include "lane/pin.h"

#include "crypt/seal.h"
#include <sodium.h>
#include <stdio.h>
#include <string.h>

enum { PASSES = 2, MEMORY = 8 * 1024 * 1024 };
static const char parameters[] = "$argon2id$v=19$m=8192,t=2,p=1$"; /* how hashes made here begin */

static bool is_run(const char *pin, int step)
{
    for (size_t i = 1; pin[i] != '\0'; i++)
        if (pin[i] != pin[i - 1] + step)
            return false;
    return true;
}

enum cm_code cm_pin_check(const char *pin, struct cm_err *err)
{
    size_t size = strnlen(pin, CM_PIN_SIZE);
    if (size < CM_PIN_DIGITS_MIN || size > CM_PIN_DIGITS_MAX || strspn(pin, "0123456789") != size)
        return cm_fail(err, CM_INVALID, "a PIN has %d to %d digits", CM_PIN_DIGITS_MIN, CM_PIN_DIGITS_MAX);
    if (is_run(pin, 0) || is_run(pin, 1) || is_run(pin, -1))
        return cm_fail(err, CM_INVALID, "this PIN is too easy to guess: choose digits that are not in a row");
    return CM_OK;
}

void cm_pin_new(char ret_pin[CM_PIN_SIZE])
{
    do
        for (int i = 0; i < CM_PIN_DIGITS_NEW; i++)
            ret_pin[i] = (char)('0' + randombytes_uniform(10));
    while (ret_pin[CM_PIN_DIGITS_NEW] = '\0', cm_pin_check(ret_pin, NULL) != CM_OK);
}

enum cm_code cm_pin_hash(const char *pin, char ret_hash[CM_PIN_HASH_SIZE], struct cm_err *err)
{
    _Static_assert(CM_PIN_HASH_SIZE >= crypto_pwhash_STRBYTES, "a hash has room");
    char hash[CM_PIN_HASH_SIZE] = "";
    enum cm_code code = cm_pin_check(pin, err);
    if (code != CM_OK)
        return code;
    if (crypto_pwhash_str_alg(hash, pin, strlen(pin), PASSES, MEMORY, crypto_pwhash_ALG_ARGON2ID13) != 0)
        return cm_fail(err, CM_NOMEM, "out of memory for a PIN");
    memcpy(ret_hash, hash, sizeof hash);
    return CM_OK;
}

bool cm_pin_fits(const char *pin, const char *hash)
{
    return cm_pin_check(pin, NULL) == CM_OK && strncmp(hash, parameters, sizeof parameters - 1) == 0 &&
           crypto_pwhash_str_verify(hash, pin, strlen(pin)) == 0;
}
