/* Short words for the tables of rows (record/table.h). Private to records.c and alert_rows.c. */
#ifndef SRV_ROW_TABLE_H
#define SRV_ROW_TABLE_H

#include "record/table.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define TABLE(name_, struct_, rows_)                                                                         \
    {                                                                                                        \
        .name = (name_), .fields = (rows_), .count = COUNT(rows_), .size = sizeof(struct_),                  \
        .extra = offsetof(struct_, extra)                                                                    \
    }
#define INSTANT(struct_, key_, member_) CM_ROW_RANGE(struct_, key_, 1, INTEGER, member_, INT64_MIN, INT64_MAX)
#define NUMBER(struct_, key_, member_)  CM_ROW_RANGE(struct_, key_, 1, INTEGER, member_, INT32_MIN, INT32_MAX)
#define TEXT(struct_, key_, member_)    CM_ROW(struct_, key_, 1, TEXT, member_)
#define BYTES(struct_, key_, member_)   CM_ROW(struct_, key_, 1, BYTES, member_)
#define FLAG(struct_, key_, member_)    CM_ROW(struct_, key_, 1, BOOL, member_)

#endif
