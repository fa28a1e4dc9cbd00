/* The store's database behind its back, as a failing disk or a curious person would change it. The store must be
 * closed. Failures end the test. */
#ifndef TEST_RAW_DB_H
#define TEST_RAW_DB_H

#include <stddef.h>
#include <stdint.h>

struct raw_value {
    uint8_t key[512];
    size_t key_size;
    uint8_t value[16384];
    size_t size;
};

/* The value number `index` of a table, in order of key. Returns the number of values in the table. */
size_t raw_read(const char *dir, const char *table, size_t index, struct raw_value *ret_value);
void raw_write(const char *dir, const char *table, const struct raw_value *value);
void raw_delete(const char *dir, const char *table, const struct raw_value *value);

#endif
