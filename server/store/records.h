/*
 * The rows of the roster, of users and of stations as bytes: a msgpack record (record/table.h), and behind it the list of
 * classes where there is one. Private to this folder. Pure.
 */
#ifndef SRV_RECORDS_H
#define SRV_RECORDS_H

#include "store/kvstore.h"

enum { SRV_ROW_MAX = 6 * 1024 };

enum cm_code srv_student_encode(const struct srv_student *student, uint8_t bytes[SRV_ROW_MAX],
                                size_t *ret_size, struct cm_err *err);
enum cm_code srv_student_decode(struct cm_bytes row, struct srv_student *ret_student, struct cm_err *err);
enum cm_code srv_user_encode(const struct srv_user *user, uint8_t bytes[SRV_ROW_MAX], size_t *ret_size,
                             struct cm_err *err);
enum cm_code srv_user_decode(struct cm_bytes row, struct srv_user *ret_user, struct cm_err *err);
/* Without the log's fields. */
enum cm_code srv_station_encode(const struct srv_station *station, uint32_t log, uint8_t bytes[SRV_ROW_MAX],
                                size_t *ret_size, struct cm_err *err);
enum cm_code srv_station_decode(struct cm_bytes row, struct srv_station *ret_station, uint32_t *ret_log,
                                struct cm_err *err);
enum cm_code srv_login_encode(const struct srv_session *session, uint8_t bytes[SRV_ROW_MAX], size_t *ret_size,
                              struct cm_err *err);
enum cm_code srv_login_decode(struct cm_bytes row, struct srv_session *ret_session, struct cm_err *err);
enum cm_code srv_code_encode(const struct srv_code *code, uint8_t bytes[SRV_ROW_MAX], size_t *ret_size,
                             struct cm_err *err);
enum cm_code srv_code_decode(struct cm_bytes row, struct srv_code *ret_code, struct cm_err *err);
enum cm_code srv_review_encode(const struct srv_review *review, uint8_t bytes[SRV_ROW_MAX], size_t *ret_size,
                               struct cm_err *err);
enum cm_code srv_review_decode(struct cm_bytes row, struct srv_review *ret_review, struct cm_err *err);
enum cm_code srv_log_encode(const struct srv_log *log, uint8_t bytes[SRV_ROW_MAX], size_t *ret_size,
                            struct cm_err *err);
enum cm_code srv_log_decode(struct cm_bytes row, struct srv_log *ret_log, struct cm_err *err);

#endif
