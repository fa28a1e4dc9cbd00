/*
 * The verbs of store.h as a table: what a backend implements. One file of one backend fills one. Private to this folder.
 */
#ifndef SRV_STORE_OPS_H
#define SRV_STORE_OPS_H

#include "store/store.h"

struct srv_store_ops {
    enum cm_code (*write)(struct srv_store *store, srv_store_fn *fn, void *arg, struct cm_err *err);
    enum cm_code (*read)(struct srv_store *store, srv_store_fn *fn, void *arg, struct cm_err *err);
    enum cm_code (*get_setting)(struct srv_store *store, const char *name, char ret_value[SRV_SETTING_SIZE],
                                struct cm_err *err);
    enum cm_code (*put_setting)(struct srv_store *store, const char *name, const char *value,
                                struct cm_err *err);
    enum cm_code (*get_stopped)(struct srv_store *store, const char *phone, int64_t *ret_wall_ms,
                                struct cm_err *err);
    enum cm_code (*put_stopped)(struct srv_store *store, const char *phone, int64_t wall_ms,
                                struct cm_err *err);
    enum cm_code (*delete_stopped)(struct srv_store *store, const char *phone, struct cm_err *err);
    enum cm_code (*get_meta)(struct srv_store *store, const char *name, uint8_t *ret_bytes, size_t capacity,
                             size_t *ret_size, struct cm_err *err);
    enum cm_code (*put_meta)(struct srv_store *store, const char *name, const uint8_t *bytes, size_t size,
                             struct cm_err *err);
    enum cm_code (*get_class)(struct srv_store *store, const char *id, struct cm_class *ret_class,
                              struct cm_err *err);
    enum cm_code (*put_class)(struct srv_store *store, const struct cm_class *class_, struct cm_err *err);
    enum cm_code (*delete_class)(struct srv_store *store, const char *id, struct cm_err *err);
    enum cm_code (*each_class)(struct srv_store *store, srv_class_visit_fn *visit, void *arg,
                               struct cm_err *err);
    enum cm_code (*put_closure)(struct srv_store *store, const struct cm_closure *closure,
                                struct cm_err *err);
    enum cm_code (*delete_closure)(struct srv_store *store, int32_t date, const char *class_id,
                                   struct cm_err *err);
    enum cm_code (*each_closure)(struct srv_store *store, int32_t from, int32_t to,
                                 srv_closure_visit_fn *visit, void *arg, struct cm_err *err);
    enum cm_code (*get_student)(struct srv_store *store, const char *id, struct srv_student *ret_student,
                                struct cm_err *err);
    enum cm_code (*put_student)(struct srv_store *store, const struct srv_student *student,
                                struct cm_err *err);
    enum cm_code (*each_student)(struct srv_store *store, const char *class_id, const char *after,
                                 srv_student_visit_fn *visit, void *arg, struct cm_err *err);
    enum cm_code (*erase_student)(struct srv_store *store, const char *id, const char *by,
                                  struct cm_err *err);
    enum cm_code (*count)(struct srv_store *store, size_t *ret_students, size_t *ret_classes,
                          size_t *ret_enrolled, struct cm_err *err);
    enum cm_code (*each_membership)(struct srv_store *store, const char *student_id,
                                    srv_membership_visit_fn *visit, void *arg, struct cm_err *err);
    enum cm_code (*put_templates)(struct srv_store *store, const char *student_id,
                                  const struct cm_template *templates, size_t count, struct cm_err *err);
    enum cm_code (*each_template)(struct srv_store *store, const char *student_id,
                                  srv_template_visit_fn *visit, void *arg, struct cm_err *err);
    enum cm_code (*get_user)(struct srv_store *store, const char *name, struct srv_user *ret_user,
                             struct cm_err *err);
    enum cm_code (*user_of_student)(struct srv_store *store, const char *student_id,
                                    struct srv_user *ret_user, struct cm_err *err);
    enum cm_code (*put_user)(struct srv_store *store, const struct srv_user *user, struct cm_err *err);
    enum cm_code (*delete_user)(struct srv_store *store, const char *name, struct cm_err *err);
    enum cm_code (*each_user)(struct srv_store *store, const char *after, srv_user_visit_fn *visit, void *arg,
                              struct cm_err *err);
    enum cm_code (*get_session)(struct srv_store *store, const uint8_t id[16],
                                struct srv_session *ret_session, struct cm_err *err);
    enum cm_code (*put_session)(struct srv_store *store, const struct srv_session *session,
                                struct cm_err *err);
    enum cm_code (*delete_session)(struct srv_store *store, const uint8_t id[16], struct cm_err *err);
    enum cm_code (*delete_sessions)(struct srv_store *store, const char *user, const uint8_t *keep,
                                    struct cm_err *err);
    enum cm_code (*purge)(struct srv_store *store, int64_t now_ms, size_t *ret_purged, struct cm_err *err);
    enum cm_code (*put_code)(struct srv_store *store, const struct srv_code *code, struct cm_err *err);
    enum cm_code (*get_code)(struct srv_store *store, const uint8_t hash[32], struct srv_code *ret_code,
                             struct cm_err *err);
    enum cm_code (*delete_code)(struct srv_store *store, const uint8_t hash[32], struct cm_err *err);
    enum cm_code (*get_station)(struct srv_store *store, const char *id, struct srv_station *ret_station,
                                struct cm_err *err);
    enum cm_code (*station_of_token)(struct srv_store *store, const uint8_t token_hash[32],
                                     struct srv_station *ret_station, struct cm_err *err);
    enum cm_code (*put_station)(struct srv_store *store, const struct srv_station *station,
                                struct cm_err *err);
    enum cm_code (*each_station)(struct srv_store *store, srv_station_visit_fn *visit, void *arg,
                                 struct cm_err *err);
    enum cm_code (*append_events)(struct srv_store *store, const char *station_id, uint64_t first_seq,
                                  const uint8_t previous_hash[CM_HASH_SIZE],
                                  const struct srv_event_bytes *events, size_t count,
                                  struct srv_append *ret_append, struct cm_err *err);
    enum cm_code (*put_fork)(struct srv_store *store, const char *station_id, const struct srv_fork *fork,
                             struct cm_err *err);
    enum cm_code (*erased_when)(struct srv_store *store, const char *student_id, int64_t *ret_wall_ms,
                                struct cm_err *err);
    enum cm_code (*hash_at)(struct srv_store *store, const char *station_id, uint64_t seq,
                            uint8_t ret_hash[CM_HASH_SIZE], struct cm_err *err);
    enum cm_code (*append_own)(struct srv_store *store, struct cm_event *event, uint64_t *ret_feed,
                               struct cm_err *err);
    enum cm_code (*each_feed)(struct srv_store *store, uint64_t after, srv_feed_visit_fn *visit, void *arg,
                              struct cm_err *err);
    enum cm_code (*feed_last)(struct srv_store *store, uint64_t *ret_feed, struct cm_err *err);
    enum cm_code (*get_feed)(struct srv_store *store, uint64_t feed, srv_feed_visit_fn *visit, void *arg,
                             struct cm_err *err);
    enum cm_code (*each_activity)(struct srv_store *store, uint64_t before, srv_activity_visit_fn *visit,
                                  void *arg, struct cm_err *err);
    enum cm_code (*put_review)(struct srv_store *store, uint64_t feed, const struct srv_review *review,
                               struct cm_err *err);
    enum cm_code (*each_consent)(struct srv_store *store, const char *student_id, srv_feed_visit_fn *visit,
                                 void *arg, struct cm_err *err);
    enum cm_code (*put_credentials)(struct srv_store *store, const char *student_id, const uint8_t *card_tag,
                                    const char *pin_hash, struct cm_err *err);
    enum cm_code (*each_history)(struct srv_store *store, const char *student_id, int32_t before,
                                 srv_feed_visit_fn *visit, void *arg, struct cm_err *err);
    enum cm_code (*get_session_info)(struct srv_store *store, const char *class_id, int32_t date,
                                     struct srv_session_info *ret_info, struct cm_err *err);
    enum cm_code (*each_session_info)(struct srv_store *store, const char *class_id, int32_t from, int32_t to,
                                      srv_session_info_visit_fn *visit, void *arg, struct cm_err *err);
    enum cm_code (*say_session)(struct srv_store *store, const struct cm_session_said *said,
                                struct cm_err *err);
    enum cm_code (*get_school_day)(struct srv_store *store, const struct cm_class *class_, int32_t date,
                                   struct srv_school_day *ret_day, struct cm_err *err);
    enum cm_code (*each_evidence)(struct srv_store *store, const char *class_id, int32_t date,
                                  srv_day_evidence_visit_fn *visit, void *arg, struct cm_err *err);
    enum cm_code (*each_awaited)(struct srv_store *store, const char *class_id, int32_t date,
                                 srv_station_visit_fn *visit, void *arg, struct cm_err *err);
    enum cm_code (*each_span)(struct srv_store *store, const char *station_id, int64_t from_wall_ms,
                              int64_t to_wall_ms, srv_span_visit_fn *visit, void *arg, struct cm_err *err);
    enum cm_code (*each_roll)(struct srv_store *store, const char *class_id, int32_t date,
                              srv_day_visit_fn *visit, void *arg, struct cm_err *err);
    enum cm_code (*each_day)(struct srv_store *store, const char *student_id, int32_t from, int32_t to,
                             srv_day_visit_fn *visit, void *arg, struct cm_err *err);
    enum cm_code (*get_standing)(struct srv_store *store, const char *student_id,
                                 struct srv_standing *ret_standing, struct cm_err *err);
    enum cm_code (*each_standing)(struct srv_store *store, const char *class_id, srv_standing_visit_fn *visit,
                                  void *arg, struct cm_err *err);
    enum cm_code (*get_alert)(struct srv_store *store, const uint8_t id[16], struct srv_alert *ret_alert,
                              struct cm_err *err);
    enum cm_code (*put_alert)(struct srv_store *store, const struct srv_alert *alert, struct cm_err *err);
    enum cm_code (*each_alert)(struct srv_store *store, const struct srv_alert_filter *filter,
                               srv_alert_visit_fn *visit, void *arg, struct cm_err *err);
    enum cm_code (*each_alert_by_student)(struct srv_store *store, const struct srv_alert_place *after,
                                          int32_t from, srv_alert_visit_fn *visit, void *arg,
                                          struct cm_err *err);
    enum cm_code (*each_alert_of_student)(struct srv_store *store, const char *student_id,
                                          srv_alert_visit_fn *visit, void *arg, struct cm_err *err);
    enum cm_code (*get_message)(struct srv_store *store, const uint8_t id[16],
                                struct srv_message *ret_message, struct cm_err *err);
    enum cm_code (*put_message)(struct srv_store *store, const struct srv_message *message,
                                struct cm_err *err);
    enum cm_code (*message_of_provider_id)(struct srv_store *store, const char *provider_id,
                                           struct srv_message *ret_message, struct cm_err *err);
    enum cm_code (*each_message_of_alert)(struct srv_store *store, const uint8_t alert_id[16],
                                          srv_message_visit_fn *visit, void *arg, struct cm_err *err);
    enum cm_code (*each_due_message)(struct srv_store *store, int64_t now_ms, srv_message_visit_fn *visit,
                                     void *arg, struct cm_err *err);
    enum cm_code (*each_message_in_state)(struct srv_store *store, enum srv_message_state state,
                                          srv_message_visit_fn *visit, void *arg, struct cm_err *err);
    enum cm_code (*get_alert_cursor)(struct srv_store *store, const char *class_id,
                                     struct srv_alert_cursor *ret_cursor, struct cm_err *err);
    enum cm_code (*put_alert_cursor)(struct srv_store *store, const struct srv_alert_cursor *cursor,
                                     struct cm_err *err);
    enum cm_code (*each_alert_cursor)(struct srv_store *store, srv_alert_cursor_visit_fn *visit, void *arg,
                                      struct cm_err *err);
    enum cm_code (*each_change)(struct srv_store *store, uint64_t after, srv_change_visit_fn *visit,
                                void *arg, struct cm_err *err);
    enum cm_code (*last_change)(struct srv_store *store, uint64_t *ret_number, struct cm_err *err);
    enum cm_code (*touch_class)(struct srv_store *store, const char *class_id, struct cm_err *err);
    enum cm_code (*epoch)(struct srv_store *store, uint8_t ret_epoch[16], struct cm_err *err);
    enum cm_code (*rebuild)(struct srv_store *store, srv_store_progress_fn *progress, void *arg,
                            struct cm_err *err);
    enum cm_code (*check)(struct srv_store *store, srv_store_progress_fn *progress, void *arg,
                          uint64_t *ret_events, struct cm_err *err);
    enum cm_code (*backup)(struct srv_store *store, const char *dir, struct cm_err *err);
    enum cm_code (*stats)(struct srv_store *store, struct srv_store_stats *ret_stats, struct cm_err *err);
    void (*trim)(struct srv_store *store);
    uint64_t (*version)(const struct srv_store *store);
    uint64_t (*written)(const struct srv_store *store);
    void (*close)(struct srv_store *store);
};

struct srv_store { /* first member of a backend's struct */
    const struct srv_store_ops *ops;
};

/* Opens what the url names. */
enum cm_code srv_kvstore_open(const struct srv_store_options *options, struct srv_store **ret_store,
                              struct cm_err *err);
enum cm_code srv_kvstore_restore(const char *backup_dir, const char *url, struct cm_err *err);

#endif
