/*
 * Rows of alerts, messages and cursors as bytes: a record (record/table.h), and behind it the records of its lists, each
 * with its size before it. Private to this folder. Pure.
 */
#ifndef SRV_ALERT_ROWS_H
#define SRV_ALERT_ROWS_H

#include "store/kvstore.h"

enum { SRV_ALERT_ROW_MAX = 40 * 1024 }; /* all days and notes of an alert, with the longest names */

enum cm_code srv_alert_encode(const struct srv_alert *alert, uint8_t bytes[SRV_ALERT_ROW_MAX],
                              size_t *ret_size, struct cm_err *err);
enum cm_code srv_alert_decode(struct cm_bytes row, struct srv_alert *ret_alert, struct cm_err *err);
enum cm_code srv_message_encode(const struct srv_message *message, uint8_t bytes[SRV_ALERT_ROW_MAX],
                                size_t *ret_size, struct cm_err *err);
enum cm_code srv_message_decode(struct cm_bytes row, struct srv_message *ret_message, struct cm_err *err);
enum cm_code srv_cursor_encode(const struct srv_alert_cursor *cursor, uint8_t bytes[SRV_ALERT_ROW_MAX],
                               size_t *ret_size, struct cm_err *err);
enum cm_code srv_cursor_decode(struct cm_bytes row, struct srv_alert_cursor *ret_cursor, struct cm_err *err);

#endif
