/* The verbs of store.h, each handed to the backend that the url named. */
#include "store/store.h"

#include "store/settings.h"
#include "store/store_ops.h"
#include <string.h>

enum cm_code srv_store_open(const struct srv_store_options *options, struct srv_store **ret_store,
                            struct cm_err *err)
{
    return srv_kvstore_open(options, ret_store, err);
}

void srv_store_close(struct srv_store *store)
{
    if (store != NULL)
        store->ops->close(store);
}

uint64_t srv_store_version(const struct srv_store *store)
{
    return store->ops->version(store);
}

uint64_t srv_store_written(const struct srv_store *store)
{
    return store->ops->written(store);
}

enum cm_code srv_store_restore(const char *backup_dir, const char *url, struct cm_err *err)
{
    return srv_kvstore_restore(backup_dir, url, err);
}

enum cm_code srv_store_write(struct srv_store *store, srv_store_fn *fn, void *arg, struct cm_err *err)
{
    return store->ops->write(store, fn, arg, err);
}

enum cm_code srv_store_read(struct srv_store *store, srv_store_fn *fn, void *arg, struct cm_err *err)
{
    return store->ops->read(store, fn, arg, err);
}

enum cm_code srv_store_get_setting(struct srv_store *store, const char *name,
                                   char ret_value[SRV_SETTING_SIZE], struct cm_err *err)
{
    return store->ops->get_setting(store, name, ret_value, err);
}

enum cm_code srv_store_put_setting(struct srv_store *store, const char *name, const char *value,
                                   struct cm_err *err)
{
    return store->ops->put_setting(store, name, value, err);
}

enum cm_code srv_store_get_stopped(struct srv_store *store, const char *phone, int64_t *ret_wall_ms,
                                   struct cm_err *err)
{
    return store->ops->get_stopped(store, phone, ret_wall_ms, err);
}

enum cm_code srv_store_put_stopped(struct srv_store *store, const char *phone, int64_t wall_ms,
                                   struct cm_err *err)
{
    return store->ops->put_stopped(store, phone, wall_ms, err);
}

enum cm_code srv_store_delete_stopped(struct srv_store *store, const char *phone, struct cm_err *err)
{
    return store->ops->delete_stopped(store, phone, err);
}

enum cm_code srv_store_get_meta(struct srv_store *store, const char *name, uint8_t *ret_bytes,
                                size_t capacity, size_t *ret_size, struct cm_err *err)
{
    return store->ops->get_meta(store, name, ret_bytes, capacity, ret_size, err);
}

enum cm_code srv_store_put_meta(struct srv_store *store, const char *name, const uint8_t *bytes, size_t size,
                                struct cm_err *err)
{
    return store->ops->put_meta(store, name, bytes, size, err);
}

enum cm_code srv_store_get_class(struct srv_store *store, const char *id, struct cm_class *ret_class,
                                 struct cm_err *err)
{
    return store->ops->get_class(store, id, ret_class, err);
}

enum cm_code srv_store_put_class(struct srv_store *store, const struct cm_class *class_, struct cm_err *err)
{
    return store->ops->put_class(store, class_, err);
}

enum cm_code srv_store_delete_class(struct srv_store *store, const char *id, struct cm_err *err)
{
    return store->ops->delete_class(store, id, err);
}

enum cm_code srv_store_each_class(struct srv_store *store, srv_class_visit_fn *visit, void *arg,
                                  struct cm_err *err)
{
    return store->ops->each_class(store, visit, arg, err);
}

enum cm_code srv_store_put_closure(struct srv_store *store, const struct cm_closure *closure,
                                   struct cm_err *err)
{
    return store->ops->put_closure(store, closure, err);
}

enum cm_code srv_store_delete_closure(struct srv_store *store, int32_t date, const char *class_id,
                                      struct cm_err *err)
{
    return store->ops->delete_closure(store, date, class_id, err);
}

enum cm_code srv_store_each_closure(struct srv_store *store, int32_t from, int32_t to,
                                    srv_closure_visit_fn *visit, void *arg, struct cm_err *err)
{
    return store->ops->each_closure(store, from, to, visit, arg, err);
}

enum cm_code srv_store_get_school_day(struct srv_store *store, const struct cm_class *class_, int32_t date,
                                      struct srv_school_day *ret_day, struct cm_err *err)
{
    return store->ops->get_school_day(store, class_, date, ret_day, err);
}

enum cm_code srv_store_get_points(struct srv_store *store, struct cm_points_rules *ret_rules,
                                  struct cm_err *err)
{
    char value[SRV_SETTING_SIZE];
    enum cm_code code = srv_store_get_setting(store, SRV_SETTING_POINTS, value, err);
    if (code == CM_OK && cm_points_parse(value, ret_rules, NULL) == CM_OK)
        return CM_OK;
    if (code == CM_OK || code == CM_NOTFOUND)
        *ret_rules = cm_points_rules_default;
    return code == CM_NOTFOUND ? CM_OK : code;
}

enum cm_code srv_store_get_student(struct srv_store *store, const char *id, struct srv_student *ret_student,
                                   struct cm_err *err)
{
    return store->ops->get_student(store, id, ret_student, err);
}

enum cm_code srv_store_put_student(struct srv_store *store, const struct srv_student *student,
                                   struct cm_err *err)
{
    return store->ops->put_student(store, student, err);
}

enum cm_code srv_store_each_student(struct srv_store *store, const char *class_id, const char *after,
                                    srv_student_visit_fn *visit, void *arg, struct cm_err *err)
{
    return store->ops->each_student(store, class_id, after, visit, arg, err);
}

enum cm_code srv_store_erase_student(struct srv_store *store, const char *id, const char *by,
                                     struct cm_err *err)
{
    return store->ops->erase_student(store, id, by, err);
}

enum cm_code srv_store_count(struct srv_store *store, size_t *ret_students, size_t *ret_classes,
                             size_t *ret_enrolled, struct cm_err *err)
{
    return store->ops->count(store, ret_students, ret_classes, ret_enrolled, err);
}

enum cm_code srv_store_each_membership(struct srv_store *store, const char *student_id,
                                       srv_membership_visit_fn *visit, void *arg, struct cm_err *err)
{
    return store->ops->each_membership(store, student_id, visit, arg, err);
}

enum cm_code srv_store_put_templates(struct srv_store *store, const char *student_id,
                                     const struct cm_template *templates, size_t count, struct cm_err *err)
{
    return store->ops->put_templates(store, student_id, templates, count, err);
}

enum cm_code srv_store_each_template(struct srv_store *store, const char *student_id,
                                     srv_template_visit_fn *visit, void *arg, struct cm_err *err)
{
    return store->ops->each_template(store, student_id, visit, arg, err);
}

enum cm_code srv_store_get_user(struct srv_store *store, const char *name, struct srv_user *ret_user,
                                struct cm_err *err)
{
    return store->ops->get_user(store, name, ret_user, err);
}

enum cm_code srv_store_user_of_student(struct srv_store *store, const char *student_id,
                                       struct srv_user *ret_user, struct cm_err *err)
{
    return store->ops->user_of_student(store, student_id, ret_user, err);
}

enum cm_code srv_store_put_user(struct srv_store *store, const struct srv_user *user, struct cm_err *err)
{
    return store->ops->put_user(store, user, err);
}

enum cm_code srv_store_delete_user(struct srv_store *store, const char *name, struct cm_err *err)
{
    return store->ops->delete_user(store, name, err);
}

enum cm_code srv_store_each_user(struct srv_store *store, const char *after, srv_user_visit_fn *visit,
                                 void *arg, struct cm_err *err)
{
    return store->ops->each_user(store, after, visit, arg, err);
}

enum cm_code srv_store_get_session(struct srv_store *store, const uint8_t id[16],
                                   struct srv_session *ret_session, struct cm_err *err)
{
    return store->ops->get_session(store, id, ret_session, err);
}

enum cm_code srv_store_put_session(struct srv_store *store, const struct srv_session *session,
                                   struct cm_err *err)
{
    return store->ops->put_session(store, session, err);
}

enum cm_code srv_store_delete_session(struct srv_store *store, const uint8_t id[16], struct cm_err *err)
{
    return store->ops->delete_session(store, id, err);
}

enum cm_code srv_store_delete_sessions(struct srv_store *store, const char *user, const uint8_t *keep,
                                       struct cm_err *err)
{
    return store->ops->delete_sessions(store, user, keep, err);
}

enum cm_code srv_store_purge(struct srv_store *store, int64_t now_ms, size_t *ret_purged, struct cm_err *err)
{
    return store->ops->purge(store, now_ms, ret_purged, err);
}

enum cm_code srv_store_put_code(struct srv_store *store, const struct srv_code *code, struct cm_err *err)
{
    return store->ops->put_code(store, code, err);
}

enum cm_code srv_store_get_code(struct srv_store *store, const uint8_t hash[32], struct srv_code *ret_code,
                                struct cm_err *err)
{
    return store->ops->get_code(store, hash, ret_code, err);
}

enum cm_code srv_store_delete_code(struct srv_store *store, const uint8_t hash[32], struct cm_err *err)
{
    return store->ops->delete_code(store, hash, err);
}

enum cm_code srv_store_get_station(struct srv_store *store, const char *id, struct srv_station *ret_station,
                                   struct cm_err *err)
{
    return store->ops->get_station(store, id, ret_station, err);
}

enum cm_code srv_store_station_of_token(struct srv_store *store, const uint8_t token_hash[32],
                                        struct srv_station *ret_station, struct cm_err *err)
{
    return store->ops->station_of_token(store, token_hash, ret_station, err);
}

enum cm_code srv_store_put_station(struct srv_store *store, const struct srv_station *station,
                                   struct cm_err *err)
{
    return store->ops->put_station(store, station, err);
}

enum cm_code srv_store_each_station(struct srv_store *store, srv_station_visit_fn *visit, void *arg,
                                    struct cm_err *err)
{
    return store->ops->each_station(store, visit, arg, err);
}

enum cm_code srv_store_append_events(struct srv_store *store, const char *station_id, uint64_t first_seq,
                                     const uint8_t previous_hash[CM_HASH_SIZE],
                                     const struct srv_event_bytes *events, size_t count,
                                     struct srv_append *ret_append, struct cm_err *err)
{
    return store->ops->append_events(store, station_id, first_seq, previous_hash, events, count, ret_append,
                                     err);
}

enum cm_code srv_store_put_fork(struct srv_store *store, const char *station_id, const struct srv_fork *fork,
                                struct cm_err *err)
{
    return store->ops->put_fork(store, station_id, fork, err);
}

enum cm_code srv_store_erased_when(struct srv_store *store, const char *student_id, int64_t *ret_wall_ms,
                                   struct cm_err *err)
{
    return store->ops->erased_when(store, student_id, ret_wall_ms, err);
}

enum cm_code srv_store_hash_at(struct srv_store *store, const char *station_id, uint64_t seq,
                               uint8_t ret_hash[CM_HASH_SIZE], struct cm_err *err)
{
    return store->ops->hash_at(store, station_id, seq, ret_hash, err);
}

enum cm_code srv_store_append_own(struct srv_store *store, struct cm_event *event, uint64_t *ret_feed,
                                  struct cm_err *err)
{
    return store->ops->append_own(store, event, ret_feed, err);
}

const char *srv_feed_station(const char *log, const struct cm_event *event)
{
    bool own = log[0] == '\0' && event->type == CM_EVENT_ACTIVITY;
    return own ? event->body.activity.station_id : log;
}

enum cm_code srv_store_each_feed(struct srv_store *store, uint64_t after, srv_feed_visit_fn *visit, void *arg,
                                 struct cm_err *err)
{
    return store->ops->each_feed(store, after, visit, arg, err);
}

enum cm_code srv_store_feed_last(struct srv_store *store, uint64_t *ret_feed, struct cm_err *err)
{
    return store->ops->feed_last(store, ret_feed, err);
}

enum cm_code srv_store_get_feed(struct srv_store *store, uint64_t feed, srv_feed_visit_fn *visit, void *arg,
                                struct cm_err *err)
{
    return store->ops->get_feed(store, feed, visit, arg, err);
}

enum cm_code srv_store_each_activity(struct srv_store *store, uint64_t before, srv_activity_visit_fn *visit,
                                     void *arg, struct cm_err *err)
{
    return store->ops->each_activity(store, before, visit, arg, err);
}

enum cm_code srv_store_put_review(struct srv_store *store, uint64_t feed, const struct srv_review *review,
                                  struct cm_err *err)
{
    return store->ops->put_review(store, feed, review, err);
}

enum cm_code srv_setting_flag(struct srv_store *store, const char *name, bool otherwise, bool *ret_flag,
                              struct cm_err *err)
{
    char value[SRV_SETTING_SIZE];
    enum cm_code code = srv_store_get_setting(store, name, value, err);
    if (code == CM_OK)
        *ret_flag = strcmp(value, "0") != 0;
    else if (code == CM_NOTFOUND)
        *ret_flag = otherwise;
    return code == CM_NOTFOUND ? CM_OK : code;
}

enum cm_code srv_store_each_consent(struct srv_store *store, const char *student_id, srv_feed_visit_fn *visit,
                                    void *arg, struct cm_err *err)
{
    return store->ops->each_consent(store, student_id, visit, arg, err);
}

enum cm_code srv_store_put_credentials(struct srv_store *store, const char *student_id,
                                       const uint8_t *card_tag, const char *pin_hash, struct cm_err *err)
{
    return store->ops->put_credentials(store, student_id, card_tag, pin_hash, err);
}

enum cm_code srv_store_each_history(struct srv_store *store, const char *student_id, int32_t before,
                                    srv_feed_visit_fn *visit, void *arg, struct cm_err *err)
{
    return store->ops->each_history(store, student_id, before, visit, arg, err);
}

enum cm_code srv_store_get_session_info(struct srv_store *store, const char *class_id, int32_t date,
                                        struct srv_session_info *ret_info, struct cm_err *err)
{
    return store->ops->get_session_info(store, class_id, date, ret_info, err);
}

enum cm_code srv_store_each_session_info(struct srv_store *store, const char *class_id, int32_t from,
                                         int32_t to, srv_session_info_visit_fn *visit, void *arg,
                                         struct cm_err *err)
{
    return store->ops->each_session_info(store, class_id, from, to, visit, arg, err);
}

enum cm_code srv_store_each_awaited(struct srv_store *store, const char *class_id, int32_t date,
                                    srv_station_visit_fn *visit, void *arg, struct cm_err *err)
{
    return store->ops->each_awaited(store, class_id, date, visit, arg, err);
}

enum cm_code srv_store_each_span(struct srv_store *store, const char *station_id, int64_t from_wall_ms,
                                 int64_t to_wall_ms, srv_span_visit_fn *visit, void *arg, struct cm_err *err)
{
    return store->ops->each_span(store, station_id, from_wall_ms, to_wall_ms, visit, arg, err);
}

enum cm_code srv_store_say_session(struct srv_store *store, const struct cm_session_said *said,
                                   struct cm_err *err)
{
    return store->ops->say_session(store, said, err);
}

static enum cm_code say(struct srv_store *store, enum cm_session_word word, const char *class_id,
                        int32_t date, const char *by, int64_t wall_ms, struct cm_err *err)
{
    struct cm_session_said said = {.date = date, .word = word, .said_wall_ms = wall_ms};
    if (strlen(class_id) >= sizeof said.class_id || strlen(by) >= sizeof said.by)
        return cm_fail(err, CM_INVALID, "the class or the name is too long");
    strcpy(said.class_id, class_id);
    strcpy(said.by, by);
    return srv_store_say_session(store, &said, err);
}

enum cm_code srv_store_close_session(struct srv_store *store, const char *class_id, int32_t date,
                                     const char *by, int64_t wall_ms, struct cm_err *err)
{
    return say(store, CM_WORD_CLOSED, class_id, date, by, wall_ms, err);
}

enum cm_code srv_store_reopen_session(struct srv_store *store, const char *class_id, int32_t date,
                                      const char *by, int64_t wall_ms, struct cm_err *err)
{
    return say(store, CM_WORD_REOPENED, class_id, date, by, wall_ms, err);
}

enum cm_code srv_store_each_evidence(struct srv_store *store, const char *class_id, int32_t date,
                                     srv_day_evidence_visit_fn *visit, void *arg, struct cm_err *err)
{
    return store->ops->each_evidence(store, class_id, date, visit, arg, err);
}

enum cm_code srv_store_each_roll(struct srv_store *store, const char *class_id, int32_t date,
                                 srv_day_visit_fn *visit, void *arg, struct cm_err *err)
{
    return store->ops->each_roll(store, class_id, date, visit, arg, err);
}

enum cm_code srv_store_each_day(struct srv_store *store, const char *student_id, int32_t from, int32_t to,
                                srv_day_visit_fn *visit, void *arg, struct cm_err *err)
{
    return store->ops->each_day(store, student_id, from, to, visit, arg, err);
}

enum cm_code srv_store_get_standing(struct srv_store *store, const char *student_id,
                                    struct srv_standing *ret_standing, struct cm_err *err)
{
    return store->ops->get_standing(store, student_id, ret_standing, err);
}

enum cm_code srv_store_each_standing(struct srv_store *store, const char *class_id,
                                     srv_standing_visit_fn *visit, void *arg, struct cm_err *err)
{
    return store->ops->each_standing(store, class_id, visit, arg, err);
}

enum cm_code srv_store_get_alert(struct srv_store *store, const uint8_t id[16], struct srv_alert *ret_alert,
                                 struct cm_err *err)
{
    return store->ops->get_alert(store, id, ret_alert, err);
}

enum cm_code srv_store_put_alert(struct srv_store *store, const struct srv_alert *alert, struct cm_err *err)
{
    return store->ops->put_alert(store, alert, err);
}

enum cm_code srv_store_each_alert(struct srv_store *store, const struct srv_alert_filter *filter,
                                  srv_alert_visit_fn *visit, void *arg, struct cm_err *err)
{
    return store->ops->each_alert(store, filter, visit, arg, err);
}

enum cm_code srv_store_each_alert_by_student(struct srv_store *store, const struct srv_alert_place *after,
                                             int32_t from, srv_alert_visit_fn *visit, void *arg,
                                             struct cm_err *err)
{
    return store->ops->each_alert_by_student(store, after, from, visit, arg, err);
}

enum cm_code srv_store_each_alert_of_student(struct srv_store *store, const char *student_id,
                                             srv_alert_visit_fn *visit, void *arg, struct cm_err *err)
{
    return store->ops->each_alert_of_student(store, student_id, visit, arg, err);
}

enum cm_code srv_store_get_message(struct srv_store *store, const uint8_t id[16],
                                   struct srv_message *ret_message, struct cm_err *err)
{
    return store->ops->get_message(store, id, ret_message, err);
}

enum cm_code srv_store_put_message(struct srv_store *store, const struct srv_message *message,
                                   struct cm_err *err)
{
    return store->ops->put_message(store, message, err);
}

enum cm_code srv_store_message_of_provider_id(struct srv_store *store, const char *provider_id,
                                              struct srv_message *ret_message, struct cm_err *err)
{
    return store->ops->message_of_provider_id(store, provider_id, ret_message, err);
}

enum cm_code srv_store_each_message_of_alert(struct srv_store *store, const uint8_t alert_id[16],
                                             srv_message_visit_fn *visit, void *arg, struct cm_err *err)
{
    return store->ops->each_message_of_alert(store, alert_id, visit, arg, err);
}

enum cm_code srv_store_each_due_message(struct srv_store *store, int64_t now_ms, srv_message_visit_fn *visit,
                                        void *arg, struct cm_err *err)
{
    return store->ops->each_due_message(store, now_ms, visit, arg, err);
}

enum cm_code srv_store_each_message_in_state(struct srv_store *store, enum srv_message_state state,
                                             srv_message_visit_fn *visit, void *arg, struct cm_err *err)
{
    return store->ops->each_message_in_state(store, state, visit, arg, err);
}

enum cm_code srv_store_get_alert_cursor(struct srv_store *store, const char *class_id,
                                        struct srv_alert_cursor *ret_cursor, struct cm_err *err)
{
    return store->ops->get_alert_cursor(store, class_id, ret_cursor, err);
}

enum cm_code srv_store_put_alert_cursor(struct srv_store *store, const struct srv_alert_cursor *cursor,
                                        struct cm_err *err)
{
    return store->ops->put_alert_cursor(store, cursor, err);
}

enum cm_code srv_store_each_alert_cursor(struct srv_store *store, srv_alert_cursor_visit_fn *visit, void *arg,
                                         struct cm_err *err)
{
    return store->ops->each_alert_cursor(store, visit, arg, err);
}

enum cm_code srv_store_each_change(struct srv_store *store, uint64_t after, srv_change_visit_fn *visit,
                                   void *arg, struct cm_err *err)
{
    return store->ops->each_change(store, after, visit, arg, err);
}

enum cm_code srv_store_last_change(struct srv_store *store, uint64_t *ret_number, struct cm_err *err)
{
    return store->ops->last_change(store, ret_number, err);
}

enum cm_code srv_store_touch_class(struct srv_store *store, const char *class_id, struct cm_err *err)
{
    return store->ops->touch_class(store, class_id, err);
}

enum cm_code srv_store_epoch(struct srv_store *store, uint8_t ret_epoch[16], struct cm_err *err)
{
    return store->ops->epoch(store, ret_epoch, err);
}

enum cm_code srv_store_rebuild(struct srv_store *store, srv_store_progress_fn *progress, void *arg,
                               struct cm_err *err)
{
    return store->ops->rebuild(store, progress, arg, err);
}

enum cm_code srv_store_check(struct srv_store *store, srv_store_progress_fn *progress, void *arg,
                             uint64_t *ret_events, struct cm_err *err)
{
    return store->ops->check(store, progress, arg, ret_events, err);
}

enum cm_code srv_store_backup(struct srv_store *store, const char *dir, struct cm_err *err)
{
    return store->ops->backup(store, dir, err);
}

enum cm_code srv_store_stats(struct srv_store *store, struct srv_store_stats *ret_stats, struct cm_err *err)
{
    return store->ops->stats(store, ret_stats, err);
}

void srv_store_trim(struct srv_store *store)
{
    store->ops->trim(store);
}

bool srv_station_serves(const struct srv_station *station, const char *class_id)
{
    for (int i = 0; i < station->class_count; i++)
        if (strcmp(station->classes[i], class_id) == 0)
            return true;
    return station->class_count == 0;
}
