/* The verbs as this backend has them, one file per family. Private to this folder. */
#ifndef SRV_KVSTORE_VERBS_H
#define SRV_KVSTORE_VERBS_H

#include "store/store.h"

enum cm_code srv_kvs_write(struct srv_store *store, srv_store_fn *fn, void *arg, struct cm_err *err);
enum cm_code srv_kvs_read(struct srv_store *store, srv_store_fn *fn, void *arg, struct cm_err *err);
enum cm_code srv_kvs_get_setting(struct srv_store *store, const char *name, char ret_value[SRV_SETTING_SIZE],
                                 struct cm_err *err);
enum cm_code srv_kvs_put_setting(struct srv_store *store, const char *name, const char *value,
                                 struct cm_err *err);
enum cm_code srv_kvs_get_meta(struct srv_store *store, const char *name, uint8_t *ret_bytes, size_t capacity,
                              size_t *ret_size, struct cm_err *err);
enum cm_code srv_kvs_put_meta(struct srv_store *store, const char *name, const uint8_t *bytes, size_t size,
                              struct cm_err *err);
enum cm_code srv_kvs_get_stopped(struct srv_store *store, const char *phone, int64_t *ret_wall_ms,
                                 struct cm_err *err);
enum cm_code srv_kvs_put_stopped(struct srv_store *store, const char *phone, int64_t wall_ms,
                                 struct cm_err *err);
enum cm_code srv_kvs_delete_stopped(struct srv_store *store, const char *phone, struct cm_err *err);
enum cm_code srv_kvs_get_class(struct srv_store *store, const char *id, struct cm_class *ret_class,
                               struct cm_err *err);
enum cm_code srv_kvs_put_class(struct srv_store *store, const struct cm_class *class_, struct cm_err *err);
enum cm_code srv_kvs_delete_class(struct srv_store *store, const char *id, struct cm_err *err);
enum cm_code srv_kvs_each_class(struct srv_store *store, srv_class_visit_fn *visit, void *arg,
                                struct cm_err *err);
enum cm_code srv_kvs_put_closure(struct srv_store *store, const struct cm_closure *closure,
                                 struct cm_err *err);
enum cm_code srv_kvs_delete_closure(struct srv_store *store, int32_t date, const char *class_id,
                                    struct cm_err *err);
enum cm_code srv_kvs_each_closure(struct srv_store *store, int32_t from, int32_t to,
                                  srv_closure_visit_fn *visit, void *arg, struct cm_err *err);
enum cm_code srv_kvs_get_student(struct srv_store *store, const char *id, struct srv_student *ret_student,
                                 struct cm_err *err);
enum cm_code srv_kvs_put_student(struct srv_store *store, const struct srv_student *student,
                                 struct cm_err *err);
enum cm_code srv_kvs_each_student(struct srv_store *store, const char *class_id, const char *after,
                                  srv_student_visit_fn *visit, void *arg, struct cm_err *err);
enum cm_code srv_kvs_erase_student(struct srv_store *store, const char *id, const char *by,
                                   struct cm_err *err);
enum cm_code srv_kvs_count(struct srv_store *store, size_t *ret_students, size_t *ret_classes,
                           size_t *ret_enrolled, struct cm_err *err);
enum cm_code srv_kvs_each_membership(struct srv_store *store, const char *student_id,
                                     srv_membership_visit_fn *visit, void *arg, struct cm_err *err);
enum cm_code srv_kvs_put_templates(struct srv_store *store, const char *student_id,
                                   const struct cm_template *templates, size_t count, struct cm_err *err);
enum cm_code srv_kvs_each_template(struct srv_store *store, const char *student_id,
                                   srv_template_visit_fn *visit, void *arg, struct cm_err *err);
enum cm_code srv_kvs_get_user(struct srv_store *store, const char *name, struct srv_user *ret_user,
                              struct cm_err *err);
enum cm_code srv_kvs_user_of_student(struct srv_store *store, const char *student_id,
                                     struct srv_user *ret_user, struct cm_err *err);
enum cm_code srv_kvs_put_user(struct srv_store *store, const struct srv_user *user, struct cm_err *err);
enum cm_code srv_kvs_delete_user(struct srv_store *store, const char *name, struct cm_err *err);
enum cm_code srv_kvs_each_user(struct srv_store *store, const char *after, srv_user_visit_fn *visit,
                               void *arg, struct cm_err *err);
enum cm_code srv_kvs_get_session(struct srv_store *store, const uint8_t id[16],
                                 struct srv_session *ret_session, struct cm_err *err);
enum cm_code srv_kvs_put_session(struct srv_store *store, const struct srv_session *session,
                                 struct cm_err *err);
enum cm_code srv_kvs_delete_session(struct srv_store *store, const uint8_t id[16], struct cm_err *err);
enum cm_code srv_kvs_delete_sessions(struct srv_store *store, const char *user, const uint8_t *keep,
                                     struct cm_err *err);
enum cm_code srv_kvs_purge(struct srv_store *store, int64_t now_ms, size_t *ret_purged, struct cm_err *err);
enum cm_code srv_kvs_put_code(struct srv_store *store, const struct srv_code *code, struct cm_err *err);
enum cm_code srv_kvs_get_code(struct srv_store *store, const uint8_t hash[32], struct srv_code *ret_code,
                              struct cm_err *err);
enum cm_code srv_kvs_delete_code(struct srv_store *store, const uint8_t hash[32], struct cm_err *err);
enum cm_code srv_kvs_get_station(struct srv_store *store, const char *id, struct srv_station *ret_station,
                                 struct cm_err *err);
enum cm_code srv_kvs_station_of_token(struct srv_store *store, const uint8_t token_hash[32],
                                      struct srv_station *ret_station, struct cm_err *err);
enum cm_code srv_kvs_put_station(struct srv_store *store, const struct srv_station *station,
                                 struct cm_err *err);
enum cm_code srv_kvs_each_station(struct srv_store *store, srv_station_visit_fn *visit, void *arg,
                                  struct cm_err *err);
enum cm_code srv_kvs_append_events(struct srv_store *store, const char *station_id, uint64_t first_seq,
                                   const uint8_t previous_hash[CM_HASH_SIZE],
                                   const struct srv_event_bytes *events, size_t count,
                                   struct srv_append *ret_append, struct cm_err *err);
enum cm_code srv_kvs_put_fork(struct srv_store *store, const char *station_id, const struct srv_fork *fork,
                              struct cm_err *err);
enum cm_code srv_kvs_erased_when(struct srv_store *store, const char *student_id, int64_t *ret_wall_ms,
                                 struct cm_err *err);
enum cm_code srv_kvs_hash_at(struct srv_store *store, const char *station_id, uint64_t seq,
                             uint8_t ret_hash[CM_HASH_SIZE], struct cm_err *err);
enum cm_code srv_kvs_append_own(struct srv_store *store, struct cm_event *event, uint64_t *ret_feed,
                                struct cm_err *err);
enum cm_code srv_kvs_each_feed(struct srv_store *store, uint64_t after, srv_feed_visit_fn *visit, void *arg,
                               struct cm_err *err);
enum cm_code srv_kvs_feed_last(struct srv_store *store, uint64_t *ret_feed, struct cm_err *err);
enum cm_code srv_kvs_get_feed(struct srv_store *store, uint64_t feed, srv_feed_visit_fn *visit, void *arg,
                              struct cm_err *err);
enum cm_code srv_kvs_each_activity(struct srv_store *store, uint64_t before, srv_activity_visit_fn *visit,
                                   void *arg, struct cm_err *err);
enum cm_code srv_kvs_put_review(struct srv_store *store, uint64_t feed, const struct srv_review *review,
                                struct cm_err *err);
enum cm_code srv_kvs_each_consent(struct srv_store *store, const char *student_id, srv_feed_visit_fn *visit,
                                  void *arg, struct cm_err *err);
enum cm_code srv_kvs_put_credentials(struct srv_store *store, const char *student_id, const uint8_t *card_tag,
                                     const char *pin_hash, struct cm_err *err);
enum cm_code srv_kvs_each_history(struct srv_store *store, const char *student_id, int32_t before,
                                  srv_feed_visit_fn *visit, void *arg, struct cm_err *err);
enum cm_code srv_kvs_get_session_info(struct srv_store *store, const char *class_id, int32_t date,
                                      struct srv_session_info *ret_info, struct cm_err *err);
enum cm_code srv_kvs_each_session_info(struct srv_store *store, const char *class_id, int32_t from,
                                       int32_t to, srv_session_info_visit_fn *visit, void *arg,
                                       struct cm_err *err);
enum cm_code srv_kvs_say_session(struct srv_store *store, const struct cm_session_said *said,
                                 struct cm_err *err);
enum cm_code srv_kvs_get_school_day(struct srv_store *store, const struct cm_class *class_, int32_t date,
                                    struct srv_school_day *ret_day, struct cm_err *err);
enum cm_code srv_kvs_each_evidence(struct srv_store *store, const char *class_id, int32_t date,
                                   srv_day_evidence_visit_fn *visit, void *arg, struct cm_err *err);
enum cm_code srv_kvs_each_awaited(struct srv_store *store, const char *class_id, int32_t date,
                                  srv_station_visit_fn *visit, void *arg, struct cm_err *err);
enum cm_code srv_kvs_each_span(struct srv_store *store, const char *station_id, int64_t from_wall_ms,
                               int64_t to_wall_ms, srv_span_visit_fn *visit, void *arg, struct cm_err *err);
enum cm_code srv_kvs_each_roll(struct srv_store *store, const char *class_id, int32_t date,
                               srv_day_visit_fn *visit, void *arg, struct cm_err *err);
enum cm_code srv_kvs_each_day(struct srv_store *store, const char *student_id, int32_t from, int32_t to,
                              srv_day_visit_fn *visit, void *arg, struct cm_err *err);
enum cm_code srv_kvs_get_standing(struct srv_store *store, const char *student_id,
                                  struct srv_standing *ret_standing, struct cm_err *err);
enum cm_code srv_kvs_each_standing(struct srv_store *store, const char *class_id,
                                   srv_standing_visit_fn *visit, void *arg, struct cm_err *err);
enum cm_code srv_kvs_get_alert(struct srv_store *store, const uint8_t id[16], struct srv_alert *ret_alert,
                               struct cm_err *err);
enum cm_code srv_kvs_put_alert(struct srv_store *store, const struct srv_alert *alert, struct cm_err *err);
enum cm_code srv_kvs_each_alert(struct srv_store *store, const struct srv_alert_filter *filter,
                                srv_alert_visit_fn *visit, void *arg, struct cm_err *err);
enum cm_code srv_kvs_each_alert_by_student(struct srv_store *store, const struct srv_alert_place *after,
                                           int32_t from, srv_alert_visit_fn *visit, void *arg,
                                           struct cm_err *err);
enum cm_code srv_kvs_each_alert_of_student(struct srv_store *store, const char *student_id,
                                           srv_alert_visit_fn *visit, void *arg, struct cm_err *err);
enum cm_code srv_kvs_get_message(struct srv_store *store, const uint8_t id[16],
                                 struct srv_message *ret_message, struct cm_err *err);
enum cm_code srv_kvs_put_message(struct srv_store *store, const struct srv_message *message,
                                 struct cm_err *err);
enum cm_code srv_kvs_message_of_provider_id(struct srv_store *store, const char *provider_id,
                                            struct srv_message *ret_message, struct cm_err *err);
enum cm_code srv_kvs_each_message_of_alert(struct srv_store *store, const uint8_t alert_id[16],
                                           srv_message_visit_fn *visit, void *arg, struct cm_err *err);
enum cm_code srv_kvs_each_due_message(struct srv_store *store, int64_t now_ms, srv_message_visit_fn *visit,
                                      void *arg, struct cm_err *err);
enum cm_code srv_kvs_each_message_in_state(struct srv_store *store, enum srv_message_state state,
                                           srv_message_visit_fn *visit, void *arg, struct cm_err *err);
enum cm_code srv_kvs_get_alert_cursor(struct srv_store *store, const char *class_id,
                                      struct srv_alert_cursor *ret_cursor, struct cm_err *err);
enum cm_code srv_kvs_put_alert_cursor(struct srv_store *store, const struct srv_alert_cursor *cursor,
                                      struct cm_err *err);
enum cm_code srv_kvs_each_alert_cursor(struct srv_store *store, srv_alert_cursor_visit_fn *visit, void *arg,
                                       struct cm_err *err);
enum cm_code srv_kvs_each_change(struct srv_store *store, uint64_t after, srv_change_visit_fn *visit,
                                 void *arg, struct cm_err *err);
enum cm_code srv_kvs_last_change(struct srv_store *store, uint64_t *ret_number, struct cm_err *err);
enum cm_code srv_kvs_touch_class(struct srv_store *store, const char *class_id, struct cm_err *err);
enum cm_code srv_kvs_epoch(struct srv_store *store, uint8_t ret_epoch[16], struct cm_err *err);
enum cm_code srv_kvs_rebuild(struct srv_store *store, srv_store_progress_fn *progress, void *arg,
                             struct cm_err *err);
enum cm_code srv_kvs_check(struct srv_store *store, srv_store_progress_fn *progress, void *arg,
                           uint64_t *ret_events, struct cm_err *err);
enum cm_code srv_kvs_backup(struct srv_store *store, const char *dir, struct cm_err *err);
void srv_kvs_trim(struct srv_store *store);
enum cm_code srv_kvs_stats(struct srv_store *store, struct srv_store_stats *ret_stats, struct cm_err *err);

#endif
