/* The client's machine: what it sends, what each answer means, how long it waits. No network, no clock but the test's. */
#include "unit.h"

#include "record/codec.h"
#include "server_double.h"
#include "sync/client.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct cm_consent given = {.state = CM_CONSENT_GIVEN, .given_by = "Latha Nair"};

enum { SECOND_US = 1000000 };

struct talk {
    struct fixture f;
    struct stn_sync_client *client;
    struct stn_sync_now now;
    struct stn_sync_effects effects;
};

static void begin(struct talk *talk, int32_t wait_s, uint64_t seed)
{
    struct stn_sync_options options = {
        .store = talk->f.store, .version = "0.1.0", .seed = seed, .wait_s = wait_s};
    struct cm_err err = CM_ERR_INIT;
    if (stn_sync_client_create(&options, &talk->client, &err) != CM_OK)
        fail_msg("%s", err.msg);
}

static void talk_init(struct talk *talk, int32_t wait_s)
{
    memset(talk, 0, sizeof *talk);
    fixture_init(&talk->f);
    fixture_open(&talk->f);
    double_pair(&talk->f);
    talk->now =
        (struct stn_sync_now){.mono_us = 1000 * (int64_t)SECOND_US, .wall_ms = talk->f.clock.now_wall_ms};
    begin(talk, wait_s, 1);
}

static void talk_finish(struct talk *talk)
{
    stn_sync_client_destroy(talk->client);
    fixture_finish(&talk->f);
}

static void pass(struct talk *talk, int64_t us)
{
    talk->now.mono_us += us;
    talk->now.wall_ms += us / 1000;
}

static void log_events(struct talk *talk, int count)
{
    struct cm_activity activity = fixture_activity("somebody");
    for (int i = 0; i < count; i++)
        assert_int_equal(stn_store_append_activity(talk->f.store, &activity, NULL), CM_OK);
}

static bool next(struct talk *talk, enum stn_sync_channel channel, struct stn_sync_request *request)
{
    return stn_sync_next(talk->client, channel, talk->now, request);
}

static void expect_request(struct talk *talk, enum stn_sync_channel channel, const char *path)
{
    struct stn_sync_request request;
    if (!next(talk, channel, &request))
        fail_msg("no request on channel %d, expected %s", channel, path);
    if (strncmp(request.path, path, strlen(path)) != 0)
        fail_msg("%s, expected %s", request.path, path);
}

static void expect_nothing(struct talk *talk, enum stn_sync_channel channel)
{
    struct stn_sync_request request;
    if (next(talk, channel, &request))
        fail_msg("%s, expected nothing", request.path);
}

static void answer_bytes(struct talk *talk, enum stn_sync_channel channel, int status, const void *bytes,
                         size_t size)
{
    struct stn_sync_answer answer = {.status = status, .body = bytes, .size = size};
    stn_sync_answer(talk->client, channel, &answer, talk->now, &talk->effects);
}

static void answer(struct talk *talk, enum stn_sync_channel channel, int status, enum cm_message_kind kind,
                   const void *message)
{
    struct cm_buf body;
    cm_buf_init(&body, 2 << 20);
    assert_int_equal(cm_message_encode(kind, message, &body, NULL), CM_OK);
    answer_bytes(talk, channel, status, body.data, body.size);
    cm_buf_finish(&body);
}

static void no_answer(struct talk *talk, enum stn_sync_channel channel, enum stn_sync_failure failure,
                      const char *text)
{
    struct stn_sync_answer none = {.failure = failure, .text = text};
    stn_sync_answer(talk->client, channel, &none, talk->now, &talk->effects);
}

static void say_acked(struct talk *talk, uint64_t acked)
{
    struct cm_push_answer said = {.acked = acked, .time_ms = talk->now.wall_ms};
    answer(talk, STN_SYNC_UP, 200, CM_MESSAGE_PUSH_ANSWER, &said);
}

static void say_page(struct talk *talk, struct page *page)
{
    page->changes.time_ms = talk->now.wall_ms;
    answer(talk, STN_SYNC_DOWN, 200, CM_MESSAGE_CHANGES, &page->changes);
    page_destroy(page);
}

static const struct stn_sync_status *status(const struct talk *talk)
{
    return stn_sync_status(talk->client);
}

static void expect_trouble(const struct talk *talk, enum stn_sync_trouble trouble)
{
    if (status(talk)->trouble != trouble)
        fail_msg("%s (%s), expected %s", stn_sync_trouble_name(status(talk)->trouble), status(talk)->text,
                 stn_sync_trouble_name(trouble));
    assert_int_equal(status(talk)->text[0] != '\0', trouble > STN_SYNC_CONNECTING);
}

/* ---- up ---- */

static void events_go_up_until_none_is_left(void **state)
{
    (void)state;
    struct talk talk;
    struct stn_sync_marks marks;
    talk_init(&talk, 25);
    expect_nothing(&talk, STN_SYNC_UP);
    log_events(&talk, CM_SYNC_EVENTS_MAX + 3);
    expect_request(&talk, STN_SYNC_UP, "/sync/v1/events");
    expect_nothing(&talk, STN_SYNC_UP); /* one at a time */
    say_acked(&talk, CM_SYNC_EVENTS_MAX);
    assert_int_equal(status(&talk)->waiting, 3);
    expect_request(&talk, STN_SYNC_UP, "/sync/v1/events");
    log_events(&talk, 1); /* meanwhile */
    say_acked(&talk, CM_SYNC_EVENTS_MAX + 3);
    assert_int_equal(status(&talk)->waiting, 1);
    expect_request(&talk, STN_SYNC_UP, "/sync/v1/events");
    say_acked(&talk, CM_SYNC_EVENTS_MAX + 4);
    assert_int_equal(status(&talk)->waiting, 0);
    expect_nothing(&talk, STN_SYNC_UP);
    expect_trouble(&talk, STN_SYNC_FINE);
    assert_int_equal(stn_store_get_sync_marks(talk.f.store, &marks, NULL), CM_OK);
    assert_int_equal(marks.acked_seq, CM_SYNC_EVENTS_MAX + 4);
    talk_finish(&talk);
}

static void an_answer_that_comes_twice_or_late_is_passed_over(void **state)
{
    (void)state;
    struct talk talk;
    talk_init(&talk, 25);
    log_events(&talk, 2);
    expect_request(&talk, STN_SYNC_UP, "/sync/v1/events");
    say_acked(&talk, 2);
    say_acked(&talk, 1);
    assert_int_equal(status(&talk)->acked_seq, 2);
    talk_finish(&talk);
}

/* What each answer to a push of events 1 … 4 means. */
static void answers_to_a_push(void **state)
{
    (void)state;
    static const struct {
        int status;
        struct cm_push_answer said;
        const char *raw; /* instead of `said` */
        enum stn_sync_trouble trouble;
        uint64_t acked;
        bool soon; /* the next push comes without waiting */
    } cases[] = {
        {200, {.acked = 4}, NULL, STN_SYNC_FINE, 4, false},
        {200, {.acked = 3}, NULL, STN_SYNC_REFUSED, 0, false},
        {200, {.acked = 9}, NULL, STN_SYNC_FORKED, 0, false}, /* more than we ever had */
        {409, {.problem = CM_SYNC_GAP, .acked = 2}, NULL, STN_SYNC_FINE, 2, true},
        {409,
         {.problem = CM_SYNC_GAP, .acked = 0},
         NULL,
         STN_SYNC_REFUSED,
         0,
         false}, /* that is what we sent */
        {409, {.problem = CM_SYNC_GAP, .acked = 9}, NULL, STN_SYNC_FORKED, 0, false},
        {409, {.problem = CM_SYNC_FORKED, .acked = 1, .forked_seq = 2}, NULL, STN_SYNC_FORKED, 0, false},
        {422, {.problem = CM_SYNC_BROKEN}, NULL, STN_SYNC_REFUSED, 0, false},
        {200, {0}, "", STN_SYNC_REFUSED, 0, false},
        {200, {0}, "\xc1garbage", STN_SYNC_REFUSED, 0, false},
        {200, {0}, "{\"acked\":4}", STN_SYNC_REFUSED, 0, false},
        {409, {0}, "{\"error\":{}}", STN_SYNC_REFUSED, 0, false},
        {301, {0}, "", STN_SYNC_REFUSED, 0, false},
        {400, {0}, "", STN_SYNC_REFUSED, 0, false},
        {401, {0}, "{}", STN_SYNC_REVOKED, 0, false},
        {403, {0}, "", STN_SYNC_REVOKED, 0, false},
        {404, {0}, "not here", STN_SYNC_REFUSED, 0, false},
        {413, {0}, "", STN_SYNC_REFUSED, 0, false},
        {408, {0}, "", STN_SYNC_SERVER_AWAY, 0, false},
        {429, {0}, "", STN_SYNC_SERVER_AWAY, 0, false},
        {500, {0}, "", STN_SYNC_SERVER_AWAY, 0, false},
        {503, {0}, "", STN_SYNC_SERVER_AWAY, 0, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct talk talk;
        struct cm_push_answer said = cases[i].said;
        talk_init(&talk, 25);
        said.time_ms = talk.now.wall_ms;
        log_events(&talk, 4);
        expect_request(&talk, STN_SYNC_UP, "/sync/v1/events");
        if (cases[i].raw != NULL)
            answer_bytes(&talk, STN_SYNC_UP, cases[i].status, cases[i].raw, strlen(cases[i].raw));
        else
            answer(&talk, STN_SYNC_UP, cases[i].status, CM_MESSAGE_PUSH_ANSWER, &said);
        expect_trouble(&talk, cases[i].trouble);
        assert_int_equal(status(&talk)->acked_seq, cases[i].acked);
        if (cases[i].soon)
            expect_request(&talk, STN_SYNC_UP, "/sync/v1/events");
        else
            expect_nothing(&talk, STN_SYNC_UP);
        talk_finish(&talk);
    }
}

static void a_fork_is_kept_in_mind_and_the_pull_goes_on(void **state)
{
    (void)state;
    struct talk talk;
    struct cm_push_answer said = {.problem = CM_SYNC_FORKED, .acked = 1, .forked_seq = 2};
    talk_init(&talk, 25);
    log_events(&talk, 4);
    expect_request(&talk, STN_SYNC_UP, "/sync/v1/events");
    said.time_ms = talk.now.wall_ms;
    answer(&talk, STN_SYNC_UP, 409, CM_MESSAGE_PUSH_ANSWER, &said);
    assert_int_equal(status(&talk)->forked_seq, 2);
    assert_non_null(strstr(status(&talk)->text, "pair --renew"));
    expect_request(&talk, STN_SYNC_DOWN, "/sync/v1/changes?");
    say_page(&talk, page_create("e.1"));
    expect_trouble(&talk, STN_SYNC_FORKED); /* another channel's success does not cover it */
    pass(&talk, 299 * (int64_t)SECOND_US);
    expect_nothing(&talk, STN_SYNC_UP);
    pass(&talk, 301 * (int64_t)SECOND_US);
    expect_request(&talk, STN_SYNC_UP, "/sync/v1/events"); /* rarely, it may have been mended */
    struct stn_sync_note note;
    assert_int_equal(stn_store_get_sync_note(talk.f.store, &note, NULL), CM_OK);
    assert_string_equal(note.trouble, "forked");
    talk_finish(&talk);
}

static void say_changes(struct talk *talk, bool reset, uint64_t acked)
{
    struct page *page = page_create("e.1");
    page->changes.reset = reset;
    page->changes.acked = acked;
    say_page(talk, page);
}

static void what_a_server_lost_goes_up_again_also_when_an_old_answer_comes_late(void **state)
{
    (void)state;
    struct talk talk;
    struct stn_sync_marks marks;
    talk_init(&talk, 25);
    log_events(&talk, 2);
    expect_request(&talk, STN_SYNC_UP, "/sync/v1/events");
    say_acked(&talk, 2);
    log_events(&talk, 1);
    expect_request(&talk, STN_SYNC_DOWN, "/sync/v1/changes?");
    expect_request(&talk, STN_SYNC_UP, "/sync/v1/events");
    say_changes(&talk, true, 2); /* it was put back meanwhile, to where it had two */
    say_acked(&talk, 3);         /* from before that */
    assert_int_equal(status(&talk)->waiting, 0);
    pass(&talk, SECOND_US);
    expect_request(&talk, STN_SYNC_DOWN, "/sync/v1/changes?");
    say_changes(&talk, false, 2);
    assert_int_equal(status(&talk)->waiting, 1);
    assert_int_equal(stn_store_get_sync_marks(talk.f.store, &marks, NULL), CM_OK);
    assert_int_equal(marks.acked_seq, 2);
    expect_request(&talk, STN_SYNC_UP, "/sync/v1/events");
    say_acked(&talk, 3);
    assert_int_equal(status(&talk)->waiting, 0);
    talk_finish(&talk);
}

static void an_answer_that_was_asked_for_before_a_push_says_nothing_of_it(void **state)
{
    (void)state;
    struct talk talk;
    talk_init(&talk, 25);
    log_events(&talk, 2);
    expect_request(&talk, STN_SYNC_DOWN, "/sync/v1/changes?");
    expect_request(&talk, STN_SYNC_UP, "/sync/v1/events");
    say_acked(&talk, 2);
    say_changes(&talk, false, 0);
    assert_int_equal(status(&talk)->acked_seq, 2);
    expect_nothing(&talk, STN_SYNC_UP);
    talk_finish(&talk);
}

/* ---- waiting ---- */

static int64_t wait_after_failure(struct talk *talk, enum stn_sync_failure failure)
{
    expect_request(talk, STN_SYNC_UP, "/sync/v1/events");
    no_answer(talk, STN_SYNC_UP, failure, "connection refused");
    int64_t due_us = stn_sync_due_us(talk->client, STN_SYNC_UP);
    expect_nothing(talk, STN_SYNC_UP);
    return due_us - talk->now.mono_us;
}

static void backoff_is_full_jitter_within_bounds(void **state)
{
    (void)state;
    int64_t first_min = INT64_MAX, first_max = 0, late_min = INT64_MAX, late_max = 0;
    struct talk talk;
    talk_init(&talk, 25);
    log_events(&talk, 1);
    for (uint64_t seed = 1; seed <= 200; seed++) {
        stn_sync_client_destroy(talk.client);
        begin(&talk, 25, seed);
        for (int failure = 0; failure < 14; failure++) {
            int64_t wait_us = wait_after_failure(&talk, STN_SYNC_AWAY);
            int64_t longest_us = failure < 9 ? (int64_t)SECOND_US << failure : 300 * (int64_t)SECOND_US;
            longest_us = longest_us > 300 * (int64_t)SECOND_US ? 300 * (int64_t)SECOND_US : longest_us;
            if (wait_us < 100000 || wait_us > longest_us)
                fail_msg("seed %d, failure %d: %lld us", (int)seed, failure, (long long)wait_us);
            if (failure == 0) {
                first_min = wait_us < first_min ? wait_us : first_min;
                first_max = wait_us > first_max ? wait_us : first_max;
            } else if (failure > 10) {
                late_min = wait_us < late_min ? wait_us : late_min;
                late_max = wait_us > late_max ? wait_us : late_max;
            }
            pass(&talk, wait_us);
        }
    }
    assert_true(first_min < 200000 && first_max > 900000); /* the whole range is used */
    assert_true(late_min < 10 * (int64_t)SECOND_US && late_max > 280 * (int64_t)SECOND_US);
    talk_finish(&talk);
}

static void one_seed_gives_one_sequence(void **state)
{
    (void)state;
    struct talk talk;
    int64_t waits[2][5];
    talk_init(&talk, 25);
    log_events(&talk, 1);
    for (int run = 0; run < 2; run++) {
        stn_sync_client_destroy(talk.client);
        begin(&talk, 25, 4711);
        for (int i = 0; i < 5; i++) {
            waits[run][i] = wait_after_failure(&talk, STN_SYNC_AWAY);
            pass(&talk, waits[run][i]);
        }
    }
    assert_memory_equal(waits[0], waits[1], sizeof waits[0]);
    talk_finish(&talk);
}

static void the_server_may_say_how_long(void **state)
{
    (void)state;
    static const struct {
        int32_t said_s;
        int64_t least_s, most_s;
    } cases[] = {{7, 7, 8}, {120, 120, 121}, {1000000, 3600, 3601}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct talk talk;
        talk_init(&talk, 25);
        log_events(&talk, 1);
        expect_request(&talk, STN_SYNC_UP, "/sync/v1/events");
        struct stn_sync_answer busy = {.status = 503, .retry_after_s = cases[i].said_s};
        stn_sync_answer(talk.client, STN_SYNC_UP, &busy, talk.now, &talk.effects);
        int64_t wait_us = stn_sync_due_us(talk.client, STN_SYNC_UP) - talk.now.mono_us;
        assert_in_range(wait_us, cases[i].least_s * SECOND_US, cases[i].most_s * SECOND_US);
        talk_finish(&talk);
    }
}

static void the_first_success_ends_the_waiting_of_the_others(void **state)
{
    (void)state;
    struct talk talk;
    talk_init(&talk, 25);
    log_events(&talk, 1);
    for (int i = 0; i < 12; i++) {
        wait_after_failure(&talk, STN_SYNC_AWAY);
        pass(&talk, 300 * (int64_t)SECOND_US);
    }
    wait_after_failure(&talk, STN_SYNC_AWAY);
    expect_trouble(&talk, STN_SYNC_SERVER_AWAY);
    expect_request(&talk, STN_SYNC_DOWN, "/sync/v1/changes?");
    say_page(&talk, page_create("e.1"));
    expect_request(&talk, STN_SYNC_UP, "/sync/v1/events");
    say_acked(&talk, 1);
    expect_trouble(&talk, STN_SYNC_FINE);
    talk_finish(&talk);
}

static void failures_without_an_answer(void **state)
{
    (void)state;
    static const struct {
        enum stn_sync_failure failure;
        enum stn_sync_trouble trouble;
        int64_t least_s; /* of waiting */
    } cases[] = {
        {STN_SYNC_AWAY, STN_SYNC_SERVER_AWAY, 0},
        {STN_SYNC_UNTRUSTED, STN_SYNC_CERTIFICATE, 300},
        {STN_SYNC_GARBLED, STN_SYNC_REFUSED, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct talk talk;
        talk_init(&talk, 25);
        log_events(&talk, 1);
        assert_true(wait_after_failure(&talk, cases[i].failure) >= cases[i].least_s * SECOND_US);
        expect_trouble(&talk, cases[i].trouble);
        talk_finish(&talk);
    }
    struct talk talk; /* given up by ourselves: nothing is wrong */
    talk_init(&talk, 25);
    log_events(&talk, 1);
    expect_request(&talk, STN_SYNC_UP, "/sync/v1/events");
    no_answer(&talk, STN_SYNC_UP, STN_SYNC_CANCELED, NULL);
    expect_trouble(&talk, STN_SYNC_CONNECTING);
    expect_request(&talk, STN_SYNC_UP, "/sync/v1/events");
    talk_finish(&talk);
}

/* ---- down ---- */

static void pages_come_until_there_is_no_more(void **state)
{
    (void)state;
    struct talk talk;
    talk_init(&talk, 25);
    expect_request(&talk, STN_SYNC_DOWN, "/sync/v1/changes?cursor=&wait=0&");
    struct page *page = page_create("e.1");
    page->changes.reset = page->changes.more = true;
    page_class(page, "10-B");
    page_student(page, "s1", "10-B");
    say_page(&talk, page);
    assert_true(talk.effects.roster && !talk.effects.templates);
    assert_string_equal(talk.effects.text, "from the server: 1 student, 1 class");
    assert_false(status(&talk)->caught_up);
    expect_request(&talk, STN_SYNC_DOWN, "/sync/v1/changes?cursor=e.1&wait=0&");
    page = page_create("e.2");
    page_templates(page, "s1", 2, stn_store_public_key(talk.f.store));
    say_page(&talk, page);
    assert_true(!talk.effects.roster && talk.effects.templates);
    assert_true(status(&talk)->caught_up);
    expect_request(&talk, STN_SYNC_DOWN, "/sync/v1/changes?cursor=e.2&wait=25&");
    talk_finish(&talk);
}

static void a_poll_that_rests_is_followed_at_once_and_one_that_does_not_is_not(void **state)
{
    (void)state;
    struct talk talk;
    talk_init(&talk, 25);
    expect_request(&talk, STN_SYNC_DOWN, "/sync/v1/changes?");
    say_page(&talk, page_create("e.1"));
    expect_request(&talk, STN_SYNC_DOWN, "/sync/v1/changes?");
    pass(&talk, 25 * (int64_t)SECOND_US);
    say_page(&talk, page_create("e.1"));
    expect_request(&talk, STN_SYNC_DOWN, "/sync/v1/changes?");
    say_page(&talk, page_create("e.1")); /* at once, and nothing new */
    expect_nothing(&talk, STN_SYNC_DOWN);
    pass(&talk, SECOND_US);
    expect_request(&talk, STN_SYNC_DOWN, "/sync/v1/changes?");
    talk_finish(&talk);
}

static void a_page_that_cannot_be_taken_comes_again(void **state)
{
    (void)state;
    struct talk talk;
    talk_init(&talk, 25);
    for (int i = 0; i < 4; i++) {
        expect_request(&talk, STN_SYNC_DOWN, "/sync/v1/changes?cursor=&");
        struct page *page = page_create("e.1");
        page_student(page, "s1", "10-B");
        page->changes.items[0].body.size--; /* cut short */
        say_page(&talk, page);
        expect_trouble(&talk, STN_SYNC_REFUSED);
        expect_nothing(&talk, STN_SYNC_DOWN); /* not in a circle */
        pass(&talk, 300 * (int64_t)SECOND_US);
    }
    talk_finish(&talk);
}

static void garbage_instead_of_changes(void **state)
{
    (void)state;
    static const char *const bodies[] = {"", "<html>", "\x80", "\xdd\xff\xff\xff\xff", "\x81\x00"};
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        struct talk talk;
        talk_init(&talk, 25);
        expect_request(&talk, STN_SYNC_DOWN, "/sync/v1/changes?");
        answer_bytes(&talk, STN_SYNC_DOWN, 200, bodies[i], strlen(bodies[i]));
        expect_trouble(&talk, STN_SYNC_REFUSED);
        expect_nothing(&talk, STN_SYNC_DOWN);
        talk_finish(&talk);
    }
}

static void the_clocks_are_compared(void **state)
{
    (void)state;
    static const struct {
        int64_t round_trip_ms, server_ahead_ms, expected_ms;
        bool poll;
    } cases[] = {
        {0, 0, 0, false},
        {200, 0, 0, false},
        {200, 300000, 300000, false},
        {200, -90000, -90000, false},
        {25000, 5000, 5000, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct talk talk;
        talk_init(&talk, 25);
        if (cases[i].poll) {
            expect_request(&talk, STN_SYNC_DOWN, "/sync/v1/changes?");
            say_page(&talk, page_create("e.1"));
        }
        expect_request(&talk, STN_SYNC_DOWN, "/sync/v1/changes?");
        pass(&talk, cases[i].round_trip_ms * 1000);
        struct page *page = page_create("e.1");
        page->changes.time_ms =
            talk.now.wall_ms + cases[i].server_ahead_ms - (cases[i].poll ? 0 : cases[i].round_trip_ms / 2);
        answer(&talk, STN_SYNC_DOWN, 200, CM_MESSAGE_CHANGES, &page->changes);
        page_destroy(page);
        assert_true(talk.effects.clock && status(&talk)->clock_known);
        assert_int_equal(status(&talk)->clock_offset_ms, cases[i].expected_ms);
        talk_finish(&talk);
    }
}

static void a_station_that_is_revoked(void **state)
{
    (void)state;
    struct talk talk;
    talk_init(&talk, 25);
    expect_request(&talk, STN_SYNC_DOWN, "/sync/v1/changes?");
    answer_bytes(&talk, STN_SYNC_DOWN, 401, "{}", 2);
    expect_trouble(&talk, STN_SYNC_REVOKED);
    log_events(&talk, 1); /* it goes on working */
    pass(&talk, 299 * (int64_t)SECOND_US);
    expect_nothing(&talk, STN_SYNC_DOWN);
    pass(&talk, 302 * (int64_t)SECOND_US);
    expect_request(&talk, STN_SYNC_DOWN, "/sync/v1/changes?");
    say_page(&talk, page_create("e.1"));
    expect_trouble(&talk, STN_SYNC_FINE);
    talk_finish(&talk);
}

/* Both ways are answered 401 for an hour while events come in: it asks a few times, and its screen says what to do. */
static void a_revoked_station_does_not_ask_in_a_circle(void **state)
{
    (void)state;
    struct talk talk;
    int requests[STN_SYNC_CHANNELS] = {0};
    talk_init(&talk, 25);
    for (int second = 0; second < 3600; second++) {
        if (second % 60 == 0)
            log_events(&talk, 1);
        for (int channel = STN_SYNC_UP; channel <= STN_SYNC_DOWN; channel++) {
            struct stn_sync_request request;
            if (!stn_sync_next(talk.client, (enum stn_sync_channel)channel, talk.now, &request))
                continue;
            requests[channel]++;
            answer_bytes(&talk, (enum stn_sync_channel)channel, 401, "{}", 2);
        }
        pass(&talk, SECOND_US);
    }
    for (int channel = STN_SYNC_UP; channel <= STN_SYNC_DOWN; channel++)
        assert_in_range(requests[channel], 6, 13);
    expect_trouble(&talk, STN_SYNC_REVOKED);
    assert_non_null(strstr(status(&talk)->text, "pair it again"));
    stn_sync_recount(talk.client);
    assert_int_equal(status(&talk)->waiting, 60);
    talk_finish(&talk);
}

static void a_new_pairing_ends_the_client(void **state)
{
    (void)state;
    struct talk talk;
    talk_init(&talk, 25);
    log_events(&talk, 1);
    expect_request(&talk, STN_SYNC_DOWN, "/sync/v1/changes?");
    talk.f.clock.now_wall_ms += 1000;
    double_pair(&talk.f);
    struct page *page = page_create("old.9");
    page_student(page, "s1", "10-B");
    say_page(&talk, page); /* of the old pairing: its cursor must not become the new one's */
    assert_false(has_student(&talk.f, "s1"));
    expect_nothing(&talk, STN_SYNC_DOWN);
    expect_nothing(&talk, STN_SYNC_UP);
    talk_finish(&talk);
}

/* ---- templates, jobs, frames ---- */

static void enrol(struct talk *talk, const char *id)
{
    struct cm_template templates[2];
    fixture_templates(id, templates, 2);
    assert_int_equal(stn_store_put_templates(talk->f.store, id, templates, 2, &given, NULL), CM_OK);
}

static void templates_follow_the_events(void **state)
{
    (void)state;
    static const struct {
        int status;
        struct cm_templates_answer said;
        size_t waiting, refused;
        enum stn_sync_trouble trouble;
    } cases[] = {
        {200, {.problem = CM_SYNC_FINE}, 0, 0, STN_SYNC_FINE},
        {404, {.problem = CM_SYNC_UNKNOWN}, 0, 1, STN_SYNC_FINE},
        {409, {.problem = CM_SYNC_DUPLICATE, .other_id = "z"}, 0, 1, STN_SYNC_FINE},
        {409, {.problem = CM_SYNC_WITHDRAWN}, 0, 0, STN_SYNC_FINE},
        {409, {.problem = CM_SYNC_NO_CONSENT}, 0, 1, STN_SYNC_FINE},
        {422, {.problem = CM_SYNC_BROKEN}, 1, 0, STN_SYNC_REFUSED},
        {500, {0}, 1, 0, STN_SYNC_SERVER_AWAY},
        {401, {0}, 1, 0, STN_SYNC_REVOKED},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct talk talk;
        struct cm_templates_answer said = cases[i].said;
        talk_init(&talk, 25);
        enrol(&talk, "a");
        expect_request(&talk, STN_SYNC_UP, "/sync/v1/events");
        say_acked(&talk, 2);
        struct stn_sync_request request;
        assert_true(next(&talk, STN_SYNC_UP, &request));
        assert_string_equal(request.path, "/sync/v1/templates");
        struct cm_templates_push push;
        struct cm_template opened[CM_SYNC_TEMPLATES_MAX];
        size_t count;
        assert_int_equal(
            cm_message_decode(CM_MESSAGE_TEMPLATES_PUSH, request.body, request.size, &push, NULL), CM_OK);
        assert_int_equal(cm_templates_open(cm_box_open, double_box, push.sealed, "a", opened, &count, NULL),
                         CM_OK);
        assert_int_equal(count, 2);
        said.time_ms = talk.now.wall_ms;
        answer(&talk, STN_SYNC_UP, cases[i].status, CM_MESSAGE_TEMPLATES_ANSWER, &said);
        assert_int_equal(status(&talk)->uploads_waiting, cases[i].waiting);
        assert_int_equal(status(&talk)->uploads_refused, cases[i].refused);
        expect_trouble(&talk, cases[i].trouble);
        expect_nothing(&talk, STN_SYNC_UP);
        assert_int_equal(talk.effects.text[0] != '\0', cases[i].status == 404 || cases[i].status == 409);
        assert_int_equal(talk.effects.templates,
                         cases[i].status == 409 && said.problem != CM_SYNC_NO_CONSENT);
        if (said.problem == CM_SYNC_NO_CONSENT) { /* it goes up when the server says that there is consent */
            struct page *page = page_create("e.1");
            page->changes.acked = 2;
            page_consent(page, "a", "10-B", CM_CONSENT_GIVEN, talk.now.wall_ms);
            expect_request(&talk, STN_SYNC_DOWN, "/sync/v1/changes?");
            say_page(&talk, page);
            expect_request(&talk, STN_SYNC_UP, "/sync/v1/templates");
        }
        talk_finish(&talk);
    }
}

/* What is enrolled after the server's word says so, also if no pull brought it. */
static void an_unenrolment_here_is_known_by_its_answer(void **state)
{
    (void)state;
    struct talk talk;
    struct stn_sync_request request;
    struct cm_templates_push push;
    struct cm_templates_answer said = {.problem = CM_SYNC_FINE, .unenrolled_ms = 5000};
    talk_init(&talk, 25);
    said.time_ms = talk.now.wall_ms;
    enrol(&talk, "a");
    assert_int_equal(stn_store_erase_templates(talk.f.store, "a", NULL), CM_OK);
    expect_request(&talk, STN_SYNC_UP, "/sync/v1/events");
    say_acked(&talk, 3);
    expect_request(&talk, STN_SYNC_UP, "/sync/v1/templates");
    answer(&talk, STN_SYNC_UP, 200, CM_MESSAGE_TEMPLATES_ANSWER, &said);
    enrol(&talk, "a");
    expect_request(&talk, STN_SYNC_UP, "/sync/v1/events");
    say_acked(&talk, 5);
    assert_true(next(&talk, STN_SYNC_UP, &request));
    assert_int_equal(cm_message_decode(CM_MESSAGE_TEMPLATES_PUSH, request.body, request.size, &push, NULL),
                     CM_OK);
    assert_true(push.sealed.size > 0);
    assert_int_equal(push.unenrolled_ms, 5000);
    talk_finish(&talk);
}

static void name_job(struct talk *talk, const char *id)
{
    struct page *page = page_create("e.1");
    page->changes.job_count = 1;
    snprintf(page->changes.jobs[0].id, sizeof page->changes.jobs[0].id, "%s", id);
    snprintf(page->changes.jobs[0].student_id, CM_ID_SIZE, "s1");
    snprintf(page->changes.jobs[0].name, CM_NAME_SIZE, "Asha Verma");
    pass(talk, SECOND_US);
    expect_request(talk, STN_SYNC_DOWN, "/sync/v1/changes?");
    say_page(talk, page);
}

static void a_photo_becomes_templates(void **state)
{
    (void)state;
    struct talk talk;
    struct cm_template template_;
    struct cm_job_answer said = {.ok = true};
    talk_init(&talk, 25);
    expect_nothing(&talk, STN_SYNC_JOB);
    name_job(&talk, "j1");
    name_job(&talk, "j1"); /* named again while it is there */
    expect_request(&talk, STN_SYNC_JOB, "/sync/v1/jobs/j1/photo");
    answer_bytes(&talk, STN_SYNC_JOB, 200, "JPEG", 4);
    assert_true(talk.effects.photo);
    assert_string_equal(talk.effects.job.student_id, "s1");
    assert_memory_equal(talk.effects.job.bytes, "JPEG", 4);
    expect_nothing(&talk, STN_SYNC_JOB); /* somebody is at it */
    fixture_templates("s1", &template_, 1);
    struct stn_sync_job_result result = {
        .job_id = "j1", .ok = true, .reason = "ok", .quality = 0.75f, .count = 1, .templates = &template_};
    stn_sync_put_result(talk.client, &result);
    struct stn_sync_request request;
    assert_true(next(&talk, STN_SYNC_JOB, &request));
    assert_string_equal(request.path, "/sync/v1/jobs/j1/result");
    struct cm_job_result sent;
    struct cm_template opened[CM_SYNC_TEMPLATES_MAX];
    size_t count;
    assert_int_equal(cm_message_decode(CM_MESSAGE_JOB_RESULT, request.body, request.size, &sent, NULL),
                     CM_OK);
    assert_true(sent.ok && sent.template_count == 1);
    assert_int_equal(cm_templates_open(cm_box_open, double_box, sent.sealed, "s1", opened, &count, NULL),
                     CM_OK);
    no_answer(&talk, STN_SYNC_JOB, STN_SYNC_AWAY, "cut off"); /* sent again */
    pass(&talk, SECOND_US);
    expect_request(&talk, STN_SYNC_JOB, "/sync/v1/jobs/j1/result");
    answer(&talk, STN_SYNC_JOB, 200, CM_MESSAGE_JOB_ANSWER, &said);
    assert_string_equal(talk.effects.text, "Asha Verma was enrolled from a photo");
    name_job(&talk, "j1"); /* an older answer still names it */
    expect_nothing(&talk, STN_SYNC_JOB);
    talk_finish(&talk);
}

static void a_result_that_never_comes_is_reported_after_a_minute(void **state)
{
    (void)state;
    struct talk talk;
    struct cm_job_answer said = {.ok = false};
    struct stn_sync_request request;
    struct cm_job_result sent;
    talk_init(&talk, 25);
    name_job(&talk, "j1");
    name_job(&talk, "j2");
    expect_request(&talk, STN_SYNC_JOB, "/sync/v1/jobs/j1/photo");
    answer_bytes(&talk, STN_SYNC_JOB, 200, "JPEG", 4);
    int64_t due_us = stn_sync_due_us(talk.client, STN_SYNC_JOB);
    assert_int_equal(due_us, talk.now.mono_us + 60 * (int64_t)SECOND_US);
    pass(&talk, 59 * (int64_t)SECOND_US);
    expect_nothing(&talk, STN_SYNC_JOB);
    pass(&talk, SECOND_US);
    assert_true(next(&talk, STN_SYNC_JOB, &request));
    assert_string_equal(request.path, "/sync/v1/jobs/j1/result");
    assert_int_equal(cm_message_decode(CM_MESSAGE_JOB_RESULT, request.body, request.size, &sent, NULL),
                     CM_OK);
    assert_false(sent.ok);
    assert_string_equal(sent.reason, "station_failed");
    struct stn_sync_job_result late = {.job_id = "j1", .reason = "blurred"};
    stn_sync_put_result(talk.client, &late); /* while the report is under way: passed over */
    answer(&talk, STN_SYNC_JOB, 200, CM_MESSAGE_JOB_ANSWER, &said);
    expect_request(&talk, STN_SYNC_JOB, "/sync/v1/jobs/j2/photo");
    talk_finish(&talk);
}

static void a_client_that_is_over_wants_nothing_more(void **state)
{
    (void)state;
    struct talk talk;
    struct stn_pairing pairing;
    talk_init(&talk, 25);
    log_events(&talk, 1);
    assert_int_equal(stn_store_get_pairing(talk.f.store, &pairing, NULL), CM_OK);
    pairing.paired_wall_ms++;
    assert_int_equal(stn_store_put_pairing(talk.f.store, &pairing, NULL, NULL), CM_OK);
    for (int i = STN_SYNC_UP; i < STN_SYNC_CHANNELS; i++) {
        expect_nothing(&talk, (enum stn_sync_channel)i);
        assert_true(stn_sync_due_us(talk.client, (enum stn_sync_channel)i) == INT64_MAX);
    }
    talk_finish(&talk);
}

/* A count from before another program took the upload back must not make the timer go round. */
static void an_upload_that_is_gone_is_not_waited_for(void **state)
{
    (void)state;
    struct talk talk;
    struct stn_upload upload;
    static struct cm_template templates[CM_SYNC_TEMPLATES_MAX];
    size_t count;
    talk_init(&talk, 25);
    enrol(&talk, "a");
    expect_request(&talk, STN_SYNC_UP, "/sync/v1/events");
    say_acked(&talk, 2);
    stn_sync_recount(talk.client);
    assert_int_equal(status(&talk)->uploads_waiting, 1);
    assert_int_equal(stn_store_next_upload(talk.f.store, &upload, templates, &count, NULL), CM_OK);
    assert_int_equal(stn_store_settle_upload(talk.f.store, &upload, STN_UPLOAD_DONE, NULL, NULL), CM_OK);
    expect_nothing(&talk, STN_SYNC_UP);
    assert_true(stn_sync_due_us(talk.client, STN_SYNC_UP) == INT64_MAX);
    talk_finish(&talk);
}

static void a_job_that_is_over_or_cannot_be_had_ends(void **state)
{
    (void)state;
    struct talk talk;
    talk_init(&talk, 25);
    name_job(&talk, "j1");
    expect_request(&talk, STN_SYNC_JOB, "/sync/v1/jobs/j1/photo");
    answer_bytes(&talk, STN_SYNC_JOB, 404, "{}", 2);
    expect_nothing(&talk, STN_SYNC_JOB);
    name_job(&talk, "j2");
    for (int i = 0; i < 8; i++) {
        pass(&talk, 300 * (int64_t)SECOND_US);
        expect_request(&talk, STN_SYNC_JOB, "/sync/v1/jobs/j2/photo");
        no_answer(&talk, STN_SYNC_JOB, STN_SYNC_AWAY, "stalled");
    }
    pass(&talk, 300 * (int64_t)SECOND_US);
    expect_nothing(&talk, STN_SYNC_JOB);
    talk_finish(&talk);
}

static void say_watched(struct talk *talk, bool watched)
{
    struct page *page = page_create("e.1");
    page->changes.frames = watched;
    pass(talk, SECOND_US);
    expect_request(talk, STN_SYNC_DOWN, "/sync/v1/changes?");
    say_page(talk, page);
}

static void frames_are_sent_only_while_somebody_watches(void **state)
{
    (void)state;
    struct talk talk;
    struct cm_preview_answer said = {.watching = true};
    uint8_t jpeg[100] = {0xff, 0xd8};
    talk_init(&talk, 25);
    assert_false(stn_sync_wants_frame(talk.client, talk.now));
    assert_int_equal(stn_sync_put_frame(talk.client, jpeg, sizeof jpeg, NULL), CM_INVALID);
    say_watched(&talk, true);
    assert_true(stn_sync_wants_frame(talk.client, talk.now));
    assert_int_equal(stn_sync_put_frame(talk.client, jpeg, sizeof jpeg, NULL), CM_OK);
    expect_request(&talk, STN_SYNC_PREVIEW, "/sync/v1/preview");
    assert_false(stn_sync_wants_frame(talk.client, talk.now));
    pass(&talk, 150000);
    answer(&talk, STN_SYNC_PREVIEW, 200, CM_MESSAGE_PREVIEW_ANSWER, &said);
    assert_false(stn_sync_wants_frame(talk.client, talk.now)); /* five a second */
    pass(&talk, 50000);
    assert_true(stn_sync_wants_frame(talk.client, talk.now));
    assert_int_equal(stn_sync_put_frame(talk.client, jpeg, sizeof jpeg, NULL), CM_OK);
    expect_request(&talk, STN_SYNC_PREVIEW, "/sync/v1/preview");
    said.watching = false;
    answer(&talk, STN_SYNC_PREVIEW, 200, CM_MESSAGE_PREVIEW_ANSWER, &said);
    pass(&talk, SECOND_US);
    assert_false(stn_sync_wants_frame(talk.client, talk.now));
    talk_finish(&talk);
}

static void nothing_of_the_camera_leaves_after_the_end_of_watching(void **state)
{
    (void)state;
    static const enum stn_sync_failure failures[] = {STN_SYNC_AWAY, STN_SYNC_GARBLED, STN_SYNC_UNTRUSTED};
    uint8_t jpeg[100] = {0xff, 0xd8};
    for (size_t i = 0; i < sizeof failures / sizeof failures[0]; i++) {
        struct talk talk;
        talk_init(&talk, 25);
        say_watched(&talk, true);
        assert_int_equal(stn_sync_put_frame(talk.client, jpeg, sizeof jpeg, NULL), CM_OK);
        expect_request(&talk, STN_SYNC_DOWN, "/sync/v1/changes?");
        no_answer(&talk, STN_SYNC_DOWN, failures[i], "away"); /* who knows whether somebody watches */
        expect_nothing(&talk, STN_SYNC_PREVIEW);
        talk_finish(&talk);
    }
}

static void idle_means_that_both_have_everything(void **state)
{
    (void)state;
    struct talk talk;
    talk_init(&talk, 0);
    enrol(&talk, "a");
    assert_false(stn_sync_idle(talk.client));
    expect_request(&talk, STN_SYNC_DOWN, "/sync/v1/changes?");
    say_page(&talk, page_create("e.1"));
    assert_false(stn_sync_idle(talk.client));
    expect_request(&talk, STN_SYNC_UP, "/sync/v1/events");
    say_acked(&talk, 2);
    assert_false(stn_sync_idle(talk.client));
    expect_request(&talk, STN_SYNC_UP, "/sync/v1/templates");
    struct cm_templates_answer said = {.time_ms = talk.now.wall_ms};
    answer(&talk, STN_SYNC_UP, 200, CM_MESSAGE_TEMPLATES_ANSWER, &said);
    assert_true(stn_sync_idle(talk.client));
    talk_finish(&talk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_go_up_until_none_is_left),
        cmocka_unit_test(an_answer_that_comes_twice_or_late_is_passed_over),
        cmocka_unit_test(answers_to_a_push),
        cmocka_unit_test(a_fork_is_kept_in_mind_and_the_pull_goes_on),
        cmocka_unit_test(what_a_server_lost_goes_up_again_also_when_an_old_answer_comes_late),
        cmocka_unit_test(an_answer_that_was_asked_for_before_a_push_says_nothing_of_it),
        cmocka_unit_test(backoff_is_full_jitter_within_bounds),
        cmocka_unit_test(one_seed_gives_one_sequence),
        cmocka_unit_test(the_server_may_say_how_long),
        cmocka_unit_test(the_first_success_ends_the_waiting_of_the_others),
        cmocka_unit_test(failures_without_an_answer),
        cmocka_unit_test(pages_come_until_there_is_no_more),
        cmocka_unit_test(a_poll_that_rests_is_followed_at_once_and_one_that_does_not_is_not),
        cmocka_unit_test(a_page_that_cannot_be_taken_comes_again),
        cmocka_unit_test(garbage_instead_of_changes),
        cmocka_unit_test(the_clocks_are_compared),
        cmocka_unit_test(a_station_that_is_revoked),
        cmocka_unit_test(a_revoked_station_does_not_ask_in_a_circle),
        cmocka_unit_test(a_new_pairing_ends_the_client),
        cmocka_unit_test(templates_follow_the_events),
        cmocka_unit_test(an_unenrolment_here_is_known_by_its_answer),
        cmocka_unit_test(a_photo_becomes_templates),
        cmocka_unit_test(a_result_that_never_comes_is_reported_after_a_minute),
        cmocka_unit_test(a_client_that_is_over_wants_nothing_more),
        cmocka_unit_test(an_upload_that_is_gone_is_not_waited_for),
        cmocka_unit_test(a_job_that_is_over_or_cannot_be_had_ends),
        cmocka_unit_test(frames_are_sent_only_while_somebody_watches),
        cmocka_unit_test(nothing_of_the_camera_leaves_after_the_end_of_watching),
        cmocka_unit_test(idle_means_that_both_have_everything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
