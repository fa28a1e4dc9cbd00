#include "base/uuid.h"

#include <sodium.h>
#include <stdbool.h>
#include <string.h>

enum { RANDOM_TOP = 6 }; /* first byte of the random part that has no version bits above it */

static void set_time(uint8_t id[16], uint64_t ms)
{
    for (int i = 0; i < 6; i++)
        id[i] = (uint8_t)(ms >> (40 - 8 * i));
}

/* The two fixed fields; the random bits around them stay. */
static void stamp_version(uint8_t id[16])
{
    id[6] = (uint8_t)(0x70 | (id[6] & 0x0F));
    id[8] = (uint8_t)(0x80 | (id[8] & 0x3F));
}

/* Adds step to the 74 random bits, around version and variant. False when they overflow. */
static bool add_to_random(uint8_t id[16], uint64_t step)
{
    for (int i = 15; i >= RANDOM_TOP && step > 0; i--) {
        uint8_t mask = i == 6 ? 0x0F : i == 8 ? 0x3F : 0xFF;
        uint64_t sum = (id[i] & mask) + (step & mask);
        id[i] = (uint8_t)((id[i] & ~mask) | (sum & mask));
        int bits = i == 6 ? 4 : i == 8 ? 6 : 8;
        step = (step >> bits) + (sum >> bits);
    }
    return step == 0;
}

static void start_fresh(uint8_t id[16], int64_t ms, const uint8_t random[CM_UUID_RANDOM_SIZE])
{
    set_time(id, (uint64_t)ms);
    memcpy(id + RANDOM_TOP, random, CM_UUID_RANDOM_SIZE);
    id[RANDOM_TOP] &= 0x07; /* the top random bit starts at 0: room to count up within the millisecond */
    stamp_version(id);
}

void cm_uuid7_from(struct cm_uuid_generator *generator, int64_t wall_ms,
                   const uint8_t random[CM_UUID_RANDOM_SIZE], uint8_t ret_id[16])
{
    const int64_t ms_max = ((int64_t)1 << 48) - 1;
    int64_t ms = wall_ms < 0 ? 0 : wall_ms > ms_max ? ms_max : wall_ms;
    bool used = generator->last[8] != 0; /* the variant is never zero in an id */
    uint64_t step = 1 + (((uint64_t)random[0] << 24) | ((uint64_t)random[1] << 16) |
                         ((uint64_t)random[2] << 8) | random[3]);
    if (!used || ms != generator->last_ms || !add_to_random(generator->last, step))
        start_fresh(generator->last, ms, random);
    generator->last_ms = ms;
    memcpy(ret_id, generator->last, 16);
}

void cm_uuid7(struct cm_uuid_generator *generator, int64_t wall_ms, uint8_t ret_id[16])
{
    uint8_t random[CM_UUID_RANDOM_SIZE];
    randombytes_buf(random, sizeof random);
    cm_uuid7_from(generator, wall_ms, random, ret_id);
}

static bool dash_before(int byte)
{
    return byte == 4 || byte == 6 || byte == 8 || byte == 10;
}

char *cm_uuid_text(const uint8_t id[16], char out[static CM_UUID_TEXT_SIZE])
{
    static const char digits[] = "0123456789abcdef";
    char *to = out;
    for (int i = 0; i < 16; i++) {
        if (dash_before(i))
            *to++ = '-';
        *to++ = digits[id[i] >> 4];
        *to++ = digits[id[i] & 15];
    }
    *to = '\0';
    return out;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

enum cm_code cm_uuid_parse(const char *text, uint8_t ret_id[16], struct cm_err *err)
{
    uint8_t id[16];
    const char *at = text;
    for (int i = 0; i < 16; i++) {
        if (dash_before(i) && *at++ != '-')
            return cm_fail(err, CM_INVALID, "not a UUID: expected 8-4-4-4-12 hexadecimal digits");
        int high = hex_value(at[0]);
        int low = high < 0 ? -1 : hex_value(at[1]); /* never past the NUL */
        if (low < 0)
            return cm_fail(err, CM_INVALID, "not a UUID: expected 8-4-4-4-12 hexadecimal digits");
        id[i] = (uint8_t)(high << 4 | low);
        at += 2;
    }
    if (*at != '\0')
        return cm_fail(err, CM_INVALID, "not a UUID: text after its 36 characters");
    memcpy(ret_id, id, sizeof id);
    return CM_OK;
}
