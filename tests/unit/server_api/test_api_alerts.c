#include "unit.h"

#include "alerts/claim.h"
#include "alerts/night.h"
#include "base/uuid.h"
#include "school.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Thursday to Saturday are closed; s1 and s4 were never there, s2 and s3 always. */
static const int32_t days[] = {20261119, 20261120, 20261121};

static enum cm_code close_days(struct srv_store *store, void *arg, struct cm_err *err)
{
    enum cm_code code = CM_OK;
    (void)arg;
    for (size_t i = 0; i < 3 && code == CM_OK; i++) {
        int64_t now = cm_zone_instant(school.zone, days[i], 11 * 60);
        code = srv_store_close_session(store, "10-B", days[i], "Cora Coordinator", now, err);
        if (code == CM_OK)
            code = srv_store_close_session(store, "9-A", days[i], "Anna Admin", now, err);
    }
    return code;
}

static void run_night(void)
{
    const struct srv_night_options options = {
        .zone = school.zone, .now_ms = school.clock.now_wall_ms, .coordinator_phone = "+919999999999"};
    struct cm_err err = CM_ERR_INIT;
    if (srv_night_run(school.app.store, &options, NULL, &err) != CM_OK)
        fail_msg("%s", err.msg);
}

static void three_days_absent(void)
{
    for (size_t i = 0; i < 3; i++) {
        int64_t nine = cm_zone_instant(school.zone, days[i], 540);
        school_mark("s2", "10-B", days[i], nine);
        school_mark("s3", "10-B", days[i], nine);
    }
    assert_int_equal(srv_store_write(school.app.store, close_days, NULL, NULL), CM_OK);
    run_night();
}

static struct find {
    const char *student;
    struct srv_alert alert;
    struct srv_message parents;
} found;

static bool take_alert(void *arg, const struct srv_alert *alert)
{
    (void)arg;
    found.alert = *alert;
    return false;
}

static bool take_parents(void *arg, const struct srv_message *message)
{
    (void)arg;
    if (message->recipient == SRV_RECIPIENT_PARENT)
        found.parents = *message;
    return true;
}

static const char *target(const char *student, const char *rest)
{
    static char text[160];
    char id[CM_UUID_TEXT_SIZE];
    memset(&found, 0, sizeof found);
    assert_int_equal(srv_store_each_alert_of_student(school.app.store, student, take_alert, NULL, NULL),
                     CM_OK);
    assert_int_equal(
        srv_store_each_message_of_alert(school.app.store, found.alert.id, take_parents, NULL, NULL), CM_OK);
    snprintf(text, sizeof text, "/api/alerts/%s%s", cm_uuid_text(found.alert.id, id), rest);
    return text;
}

static const char *message_target(const char *student)
{
    static char text[200];
    char id[CM_UUID_TEXT_SIZE];
    target(student, "");
    snprintf(text, sizeof text, "%s", target(student, "/messages/"));
    size_t used = strlen(text);
    snprintf(text + used, sizeof text - used, "%s/resolve", cm_uuid_text(found.parents.id, id));
    return text;
}

static void who_sees_what(void **state)
{
    (void)state;
    three_days_absent();
    assert_int_equal(call(&the_admin, "GET", "/api/alerts", NULL), 200);
    assert_int_equal(size_at("items"), 2);
    assert_int_equal(call(&the_coordinator, "GET", "/api/alerts", NULL), 200);
    assert_int_equal(size_at("items"), 1);
    assert_string_equal(text_at("items.0.student_id"), "s1");
    assert_string_equal(text_at("items.0.student"), "Asha Rao");
    assert_string_equal(text_at("items.0.class_id"), "10-B");
    assert_string_equal(text_at("items.0.trigger_date"), "2026-11-21");
    assert_string_equal(text_at("items.0.first_date"), "2026-11-19");
    assert_int_equal(int_at("items.0.absent"), 3);
    assert_string_equal(text_at("items.0.state"), "active");
    assert_int_equal(size_at("items.0.messages"), 2);
    assert_int_equal(call(&s1, "GET", "/api/alerts", NULL), 403);
    assert_int_equal(call(&nobody, "GET", "/api/alerts", NULL), 401);
    assert_int_equal(call(&the_coordinator, "GET", target("s4", ""), NULL), 404);
    assert_int_equal(call(&s1, "GET", target("s1", ""), NULL), 403);
    assert_int_equal(call(&the_coordinator, "POST", target("s4", "/cancel"), "{\"reason\":\"x\"}"), 404);
    assert_int_equal(call(&the_coordinator, "POST", target("s4", "/acknowledge"), "{}"), 404);
    assert_int_equal(call(&the_coordinator, "POST", target("s4", "/retry"), "{}"), 404);
    assert_int_equal(call(&the_coordinator, "POST", message_target("s4"), "{\"was_sent\":true}"), 404);
    assert_int_equal(call(&the_coordinator, "GET", "/api/alerts?class=9-A", NULL), 404);
    assert_int_equal(call(&the_admin, "GET", "/api/alerts?class=9-A", NULL), 200);
    assert_int_equal(size_at("items"), 1);
    assert_int_equal(call(&the_admin, "GET", "/api/alerts/nothing", NULL), 404);
    assert_int_equal(call(&the_admin, "GET", "/api/alerts/0190b7a0-0000-8000-8000-0000000000ff", NULL), 404);
}

static void an_alert_says_why(void **state)
{
    (void)state;
    three_days_absent();
    assert_int_equal(call(&the_coordinator, "GET", target("s1", ""), NULL), 200);
    assert_int_equal(size_at("days"), 3);
    assert_string_equal(text_at("days.0.date"), "2026-11-19");
    assert_string_equal(text_at("days.0.closed_by"), "Cora Coordinator");
    assert_string_equal(text_at("days.0.closed_at"), "2026-11-19T11:00:00.000+05:30");
    assert_int_equal(size_at("history"), 1);
    assert_string_equal(text_at("history.0.what"), "made");
    assert_true(null_at("history.0.by"));
    assert_int_equal(size_at("messages.0.steps"),
                     strcmp(text_at("messages.0.recipient"), "parent") == 0 ? 2 : 1); /* no number: failed */
}

static void filters_and_pages(void **state)
{
    (void)state;
    three_days_absent();
    assert_int_equal(call(&the_admin, "GET", "/api/alerts?limit=1", NULL), 200);
    assert_int_equal(size_at("items"), 1);
    char first[64], next[160];
    snprintf(first, sizeof first, "%s", text_at("items.0.id"));
    snprintf(next, sizeof next, "/api/alerts?limit=1&before=%s", text_at("next"));
    assert_int_equal(call(&the_admin, "GET", next, NULL), 200);
    assert_int_equal(size_at("items"), 1);
    assert_string_not_equal(text_at("items.0.id"), first);
    assert_true(null_at("next"));
    assert_int_equal(call(&the_admin, "GET", "/api/alerts?message=failed", NULL), 200);
    assert_int_equal(size_at("items"), 2); /* parents without a number: for letters */
    assert_int_equal(call(&the_admin, "GET", "/api/alerts?message=sent", NULL), 200);
    assert_int_equal(size_at("items"), 0);
    assert_int_equal(call(&the_admin, "POST", target("s1", "/acknowledge"), "{}"), 200);
    assert_string_equal(text_at("history.1.by"), "Anna Admin");
    assert_string_equal(told.what, "alerts");
    assert_string_equal(told.class_id, "10-B");
    static const struct {
        const char *query;
        int status;
        size_t count;
    } cases[] = {
        {"state=open", 200, 1},      {"state=acknowledged", 200, 1},
        {"state=active", 200, 2},    {"state=all", 200, 2},
        {"state=withdrawn", 200, 0}, {"state=strange", 422, 0},
        {"message=strange", 422, 0}, {"before=x", 422, 0},
        {"before=5.x", 422, 0},      {"before=-5.0190b7a0-0000-7000-8000-0000000000ff", 422, 0},
        {"limit=0", 422, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char where[128];
        snprintf(where, sizeof where, "/api/alerts?%s", cases[i].query);
        assert_int_equal(call(&the_admin, "GET", where, NULL), cases[i].status);
        if (cases[i].status == 200)
            assert_int_equal(size_at("items"), cases[i].count);
    }
}

static void what_people_do(void **state)
{
    (void)state;
    three_days_absent();
    assert_int_equal(call(&the_coordinator, "POST", target("s1", "/cancel"), "{}"), 422);
    assert_int_equal(call(&the_coordinator, "POST", target("s1", "/retry"), "{}"),
                     200); /* the parent's failed */
    assert_string_equal(text_at("history.1.what"), "retried");
    assert_string_equal(text_at("history.1.by"), "Cora Coordinator");
    assert_int_equal(call(&the_coordinator, "POST", target("s1", "/cancel"), "{\"reason\":\"I rang <b>\"}"),
                     200);
    assert_string_equal(text_at("state"), "cancelled");
    assert_string_equal(text_at("history.2.reason"), "I rang <b>");
    assert_string_equal(text_at("messages.0.state"), "cancelled");
    assert_int_equal(call(&the_coordinator, "POST", target("s1", "/cancel"), "{\"reason\":\"again\"}"), 409);
    assert_string_equal(text_at("error.code"), "too_late");
    assert_int_equal(call(&the_coordinator, "POST", target("s1", "/retry"), "{}"), 409);
}

static enum cm_code lose_answer(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct srv_claim claim;
    const struct srv_claim_options options = {
        .zone = school.zone, .coordinator_phone = "+919999999999", .phone_provider = "whatsapp"};
    const struct srv_outcome lost = {.event = SRV_OUTBOX_LOST, .wall_ms = school.clock.now_wall_ms};
    enum cm_code code = srv_alerts_claim(store, &options, arg, school.clock.now_wall_ms, &claim, err);
    assert_int_equal(claim.result, SRV_CLAIM_SEND);
    return code == CM_OK ? srv_alerts_record(store, arg, &lost, NULL, err) : code;
}

static bool take_coordinators(void *arg, const struct srv_message *message)
{
    (void)arg;
    if (message->recipient == SRV_RECIPIENT_COORDINATOR)
        found.parents = *message;
    return true;
}

static void an_unknown_message_is_resolved(void **state)
{
    char where[200], id[CM_UUID_TEXT_SIZE];
    (void)state;
    three_days_absent();
    snprintf(where, sizeof where, "%s", target("s1", "/messages/"));
    assert_int_equal(
        srv_store_each_message_of_alert(school.app.store, found.alert.id, take_coordinators, NULL, NULL),
        CM_OK);
    assert_int_equal(srv_store_write(school.app.store, lose_answer, found.parents.id, NULL), CM_OK);
    size_t used = strlen(where);
    snprintf(where + used, sizeof where - used, "%s/resolve", cm_uuid_text(found.parents.id, id));
    assert_int_equal(call(&the_coordinator, "POST", where, "{}"), 422);
    assert_int_equal(call(&the_coordinator, "POST", where, "{\"was_sent\":true}"), 200);
    assert_string_equal(text_at("history.1.what"), "resolved");
    assert_int_equal(call(&the_coordinator, "POST", where, "{\"was_sent\":true}"), 409);
    assert_int_equal(call(&the_coordinator, "POST", message_target("s1"), "{\"was_sent\":false}"), 409);
    assert_int_equal(
        call(&the_coordinator, "POST", target("s1", "/messages/x/resolve"), "{\"was_sent\":true}"), 404);
}

static enum cm_code reopen(struct srv_store *store, void *arg, struct cm_err *err)
{
    (void)arg;
    return srv_store_reopen_session(store, "10-B", days[1], "Cora", school_at(9, 0), err);
}

static void held_classes(void **state)
{
    (void)state;
    assert_int_equal(call(&the_admin, "GET", "/api/alerts/held", NULL), 200);
    assert_int_equal(size_at("items"), 0);
    assert_int_equal(srv_store_write(school.app.store, close_days, NULL, NULL), CM_OK);
    assert_int_equal(srv_store_write(school.app.store, reopen, NULL, NULL), CM_OK);
    run_night();
    assert_int_equal(call(&the_coordinator, "GET", "/api/alerts/held", NULL), 200);
    assert_int_equal(size_at("items"), 1);
    assert_string_equal(text_at("items.0.class_id"), "10-B");
    assert_string_equal(text_at("items.0.date"), "2026-11-20");
    assert_string_equal(text_at("items.0.why"), "reopened");
    assert_string_equal(text_at("items.0.since"), "2026-11-23T12:00:00.000+05:30");
    assert_int_equal(call(&s1, "GET", "/api/alerts/held", NULL), 403);
    assert_int_equal(call(&the_coordinator, "GET", "/api/alerts/why?student=s1&date=2026-11-21", NULL), 200);
    assert_string_equal(text_at("verdict"), "open");
    assert_string_equal(text_at("held_date"), "2026-11-20");
}

static enum cm_code pair_a_station(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct srv_station station = {
        .paired = true, .paired_wall_ms = cm_zone_instant(school.zone, days[0], 300), .created_wall_ms = 1};
    (void)arg;
    strcpy(station.id, "0190b7a0-0000-7000-8000-00000000000b");
    strcpy(station.name, "Gym");
    station.public_key[0] = 1;
    return srv_store_put_station(store, &station, err);
}

static void held_by_a_station(void **state)
{
    (void)state;
    assert_int_equal(srv_store_write(school.app.store, pair_a_station, NULL, NULL), CM_OK);
    school_mark("s2", "10-B", days[0], cm_zone_instant(school.zone, days[0], 540));
    run_night();
    assert_int_equal(call(&the_coordinator, "GET", "/api/alerts/held", NULL), 200);
    assert_int_equal(size_at("items"), 1);
    assert_string_equal(text_at("items.0.date"), "2026-11-19");
    assert_string_equal(text_at("items.0.why"), "stations");
    assert_int_equal(int_at("items.0.station_count"), 1);
    assert_string_equal(text_at("items.0.stations.0.name"), "Gym");
    assert_true(null_at("items.0.stations.0.last_event"));
}

static void why(void **state)
{
    (void)state;
    three_days_absent();
    assert_int_equal(call(&the_coordinator, "GET", "/api/alerts/why?student=s1&date=2026-11-20", NULL), 200);
    assert_string_equal(text_at("verdict"), "short");
    assert_string_equal(text_at("text"), "Absent on 2 school days in a row; it is told from 3 on.");
    assert_int_equal(size_at("days"), 2);
    assert_string_equal(text_at("days.0.date"), "2026-11-19");
    assert_int_equal(call(&the_coordinator, "GET", "/api/alerts/why?student=s1", NULL), 200);
    assert_string_equal(text_at("verdict"), "told");
    assert_string_equal(text_at("date"), "2026-11-22");
    assert_int_equal(size_at("alerts"), 1);
    assert_int_equal(call(&the_coordinator, "GET", "/api/alerts/why?student=s2", NULL), 200);
    assert_string_equal(text_at("verdict"), "there");
    assert_int_equal(call(&the_coordinator, "GET", "/api/alerts/why?student=s4", NULL), 404);
    assert_int_equal(call(&the_admin, "GET", "/api/alerts/why?student=nobody", NULL), 404);
    assert_int_equal(call(&the_admin, "GET", "/api/alerts/why", NULL), 404);
    assert_int_equal(call(&the_admin, "GET", "/api/alerts/why?student=s1&date=tomorrow", NULL), 422);
    assert_int_equal(call(&s1, "GET", "/api/alerts/why?student=s1", NULL), 403);
}

static void settings(void **state)
{
    (void)state;
    assert_int_equal(call(&the_admin, "GET", "/api/settings", NULL), 200);
    assert_int_equal(int_at("alert_days"), 3);
    assert_int_equal(int_at("alert_repeat_days"), 7);
    assert_string_equal(text_at("send_from"), "07:00");
    assert_string_equal(text_at("send_to"), "20:00");
    assert_true(json_is_true(at("alerts_enabled")));
    assert_int_equal(
        call(&the_admin, "PATCH", "/api/settings",
             "{\"alert_days\":4,\"alert_repeat_days\":5,\"send_from\":\"08:30\",\"send_to\":\"19:00\","
             "\"alerts_enabled\":false}"),
        200);
    assert_int_equal(int_at("alert_days"), 4);
    assert_string_equal(text_at("send_from"), "08:30");
    assert_false(json_is_true(at("alerts_enabled")));
    static const char *const wrong[] = {
        "{\"alert_days\":1}",        "{\"alert_days\":31}",
        "{\"alert_repeat_days\":0}", "{\"send_from\":\"19:00\"}",
        "{\"send_to\":\"08:30\"}",   "{\"send_to\":\"25:00\"}",
        "{\"send_from\":\"soon\"}",  "{\"send_from\":\"20:00\",\"send_to\":\"07:00\"}"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_int_equal(call(&the_admin, "PATCH", "/api/settings", wrong[i]), 422);
    assert_int_equal(call(&the_coordinator, "PATCH", "/api/settings", "{\"alert_days\":4}"), 403);
    assert_int_equal(call(&the_admin, "GET", "/api/settings", NULL), 200);
    assert_string_equal(text_at("send_to"), "19:00");
}

#define SCHOOL_TEST(test) cmocka_unit_test_setup_teardown(test, school_open, school_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCHOOL_TEST(who_sees_what),
        SCHOOL_TEST(an_alert_says_why),
        SCHOOL_TEST(filters_and_pages),
        SCHOOL_TEST(what_people_do),
        SCHOOL_TEST(an_unknown_message_is_resolved),
        SCHOOL_TEST(held_classes),
        SCHOOL_TEST(held_by_a_station),
        SCHOOL_TEST(why),
        SCHOOL_TEST(settings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
