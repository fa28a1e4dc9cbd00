/* A roster file from anywhere. */
#include "base/csv.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cm_csv csv;
    struct cm_err err;
    enum cm_code code;
    size_t line = 0, records = 0;
    cm_csv_init(&csv, (const char *)data, size);
    while ((code = cm_csv_next(&csv, &err)) == CM_OK) {
        if (csv.line <= line || csv.field_count == 0 || csv.field_count > CM_CSV_FIELDS_MAX)
            abort();
        line = csv.line;
        if (++records > size)
            abort();
        for (size_t i = 0; i < csv.field_count; i++)
            if (strlen(csv.field[i].text) != csv.field[i].length ||
                csv.field[i].length > CM_CSV_FIELD_LENGTH_MAX)
                abort();
        (void)cm_csv_column(&csv, "student_id");
    }
    if (code != CM_EOF && code != CM_INVALID)
        abort();
    cm_csv_finish(&csv);
    return 0;
}
