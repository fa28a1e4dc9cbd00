/* Which states of a message may follow which. */
#include "unit.h"

#include "alerts/outbox.h"
#include <string.h>

enum { WRONG = -1 };

static const struct {
    const char *what;
    enum srv_message_state from;
    enum srv_outbox_event event;
    int to;
} cases[] = {
    {"the usual way, claimed", SRV_MESSAGE_QUEUED, SRV_OUTBOX_CLAIMED, SRV_MESSAGE_SENDING},
    {"the usual way, taken", SRV_MESSAGE_SENDING, SRV_OUTBOX_TAKEN, SRV_MESSAGE_SENT},
    {"the usual way, delivered", SRV_MESSAGE_SENT, SRV_OUTBOX_TOLD_DELIVERED, SRV_MESSAGE_DELIVERED},
    {"the usual way, read", SRV_MESSAGE_DELIVERED, SRV_OUTBOX_TOLD_READ, SRV_MESSAGE_READ},
    {"nobody claims twice", SRV_MESSAGE_SENDING, SRV_OUTBOX_CLAIMED, WRONG},
    {"what was sent is not sent again", SRV_MESSAGE_SENT, SRV_OUTBOX_CLAIMED, WRONG},
    {"unknown is not sent again by itself", SRV_MESSAGE_UNKNOWN, SRV_OUTBOX_CLAIMED, WRONG},
    {"unknown does not queue itself", SRV_MESSAGE_UNKNOWN, SRV_OUTBOX_AGAIN, WRONG},
    {"an answer that was lost", SRV_MESSAGE_SENDING, SRV_OUTBOX_LOST, SRV_MESSAGE_UNKNOWN},
    {"put back to a backup", SRV_MESSAGE_QUEUED, SRV_OUTBOX_LOST, SRV_MESSAGE_UNKNOWN},
    {"no connection", SRV_MESSAGE_SENDING, SRV_OUTBOX_AGAIN, SRV_MESSAGE_QUEUED},
    {"refused", SRV_MESSAGE_SENDING, SRV_OUTBOX_REFUSED, SRV_MESSAGE_FAILED},
    {"webhook before the send's answer", SRV_MESSAGE_SENDING, SRV_OUTBOX_TOLD_DELIVERED,
     SRV_MESSAGE_DELIVERED},
    {"the answer after its webhook", SRV_MESSAGE_DELIVERED, SRV_OUTBOX_TAKEN, SRV_MESSAGE_DELIVERED},
    {"the answer was lost after its webhook", SRV_MESSAGE_DELIVERED, SRV_OUTBOX_LOST, SRV_MESSAGE_DELIVERED},
    {"read before delivered", SRV_MESSAGE_SENT, SRV_OUTBOX_TOLD_READ, SRV_MESSAGE_READ},
    {"delivered after read", SRV_MESSAGE_READ, SRV_OUTBOX_TOLD_DELIVERED, SRV_MESSAGE_READ},
    {"sent after delivered", SRV_MESSAGE_DELIVERED, SRV_OUTBOX_TOLD_SENT, SRV_MESSAGE_DELIVERED},
    {"failed after sent", SRV_MESSAGE_SENT, SRV_OUTBOX_TOLD_FAILED, SRV_MESSAGE_FAILED},
    {"failed after delivered", SRV_MESSAGE_DELIVERED, SRV_OUTBOX_TOLD_FAILED, SRV_MESSAGE_DELIVERED},
    {"failed after read", SRV_MESSAGE_READ, SRV_OUTBOX_TOLD_FAILED, SRV_MESSAGE_READ},
    {"sent after failed", SRV_MESSAGE_FAILED, SRV_OUTBOX_TOLD_SENT, SRV_MESSAGE_FAILED},
    {"unknown resolved by a webhook", SRV_MESSAGE_UNKNOWN, SRV_OUTBOX_TOLD_SENT, SRV_MESSAGE_SENT},
    {"unknown resolved by a webhook: failed", SRV_MESSAGE_UNKNOWN, SRV_OUTBOX_TOLD_FAILED,
     SRV_MESSAGE_FAILED},
    {"unknown resolved by a person: sent", SRV_MESSAGE_UNKNOWN, SRV_OUTBOX_WAS_SENT, SRV_MESSAGE_SENT},
    {"unknown resolved by a person: again", SRV_MESSAGE_UNKNOWN, SRV_OUTBOX_RETRIED, SRV_MESSAGE_QUEUED},
    {"queued again, and the first try arrives", SRV_MESSAGE_QUEUED, SRV_OUTBOX_TOLD_DELIVERED,
     SRV_MESSAGE_DELIVERED},
    {"queued again, and the first try failed", SRV_MESSAGE_QUEUED, SRV_OUTBOX_TOLD_FAILED,
     SRV_MESSAGE_QUEUED},
    {"a person tries again", SRV_MESSAGE_FAILED, SRV_OUTBOX_RETRIED, SRV_MESSAGE_QUEUED},
    {"what arrived is not tried again", SRV_MESSAGE_DELIVERED, SRV_OUTBOX_RETRIED, WRONG},
    {"what was cancelled is not tried again", SRV_MESSAGE_CANCELLED, SRV_OUTBOX_RETRIED, WRONG},
    {"what is being sent is not tried again", SRV_MESSAGE_SENDING, SRV_OUTBOX_RETRIED, WRONG},
    {"taken back", SRV_MESSAGE_QUEUED, SRV_OUTBOX_TAKEN_BACK, SRV_MESSAGE_CANCELLED},
    {"too late to take back", SRV_MESSAGE_SENDING, SRV_OUTBOX_TAKEN_BACK, SRV_MESSAGE_SENDING},
    {"a cancelled one that arrived is not hidden", SRV_MESSAGE_CANCELLED, SRV_OUTBOX_TOLD_DELIVERED,
     SRV_MESSAGE_DELIVERED},
    {"cancelled is not claimed", SRV_MESSAGE_CANCELLED, SRV_OUTBOX_CLAIMED, WRONG},
    {"no address", SRV_MESSAGE_QUEUED, SRV_OUTBOX_NO_ADDRESS, SRV_MESSAGE_FAILED},
};

static void transitions(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        enum srv_message_state to;
        enum srv_outbox_verdict verdict = srv_outbox_next(cases[i].from, cases[i].event, &to);
        int wanted = cases[i].to == WRONG ? (int)cases[i].from : cases[i].to;
        if ((verdict == SRV_OUTBOX_WRONG) != (cases[i].to == WRONG) || (int)to != wanted ||
            (verdict == SRV_OUTBOX_MOVES) != (to != cases[i].from))
            fail_msg("%s: %s to %s", cases[i].what, srv_message_state_name(cases[i].from),
                     srv_message_state_name(to));
    }
}

/* From no state does any event lead back from "he has it" to something that would be sent. */
static void nothing_that_arrived_is_sent_again(void **state)
{
    (void)state;
    for (int event = 0; event < SRV_OUTBOX_EVENTS; event++) {
        enum srv_message_state to;
        srv_outbox_next(SRV_MESSAGE_DELIVERED, (enum srv_outbox_event)event, &to);
        assert_true(to == SRV_MESSAGE_DELIVERED || to == SRV_MESSAGE_READ);
        srv_outbox_next(SRV_MESSAGE_READ, (enum srv_outbox_event)event, &to);
        assert_int_equal(to, SRV_MESSAGE_READ);
    }
    enum srv_message_state to;
    assert_int_equal(srv_outbox_next((enum srv_message_state)0, SRV_OUTBOX_CLAIMED, &to), SRV_OUTBOX_WRONG);
    assert_int_equal(srv_outbox_next((enum srv_message_state)99, SRV_OUTBOX_CLAIMED, &to), SRV_OUTBOX_WRONG);
    assert_int_equal(srv_outbox_next(SRV_MESSAGE_QUEUED, SRV_OUTBOX_EVENTS, &to), SRV_OUTBOX_WRONG);
}

static void every_step_keeps_its_time(void **state)
{
    struct srv_message message = {
        .state = SRV_MESSAGE_QUEUED, .step_count = 1, .steps = {{SRV_MESSAGE_QUEUED, 1}}};
    (void)state;
    assert_int_equal(srv_outbox_apply(&message, SRV_OUTBOX_CLAIMED, 2), SRV_OUTBOX_MOVES);
    assert_int_equal(srv_outbox_apply(&message, SRV_OUTBOX_CLAIMED, 3), SRV_OUTBOX_WRONG);
    assert_int_equal(message.step_count, 2);
    assert_int_equal(message.tries, 1);
    assert_int_equal(message.changed_wall_ms, 2);
    for (int64_t t = 3; t < 200; t += 2) {
        assert_int_equal(srv_outbox_apply(&message, SRV_OUTBOX_AGAIN, t), SRV_OUTBOX_MOVES);
        assert_int_equal(srv_outbox_apply(&message, SRV_OUTBOX_CLAIMED, t + 1), SRV_OUTBOX_MOVES);
    }
    assert_int_equal(message.step_count, SRV_MESSAGE_STEPS_MAX);
    assert_int_equal(message.steps[0].wall_ms, 1);
    assert_int_equal(message.steps[SRV_MESSAGE_STEPS_MAX - 1].wall_ms, 200);
    assert_int_equal(message.steps[SRV_MESSAGE_STEPS_MAX - 2].wall_ms, 199);
}

static void names(void **state)
{
    (void)state;
    for (int s = SRV_MESSAGE_QUEUED; s <= SRV_MESSAGE_UNKNOWN; s++) {
        enum srv_message_state found;
        assert_int_equal(
            srv_message_state_parse(srv_message_state_name((enum srv_message_state)s), &found, NULL), CM_OK);
        assert_int_equal(found, s);
    }
    enum srv_message_state found;
    assert_int_equal(srv_message_state_parse("lost", &found, NULL), CM_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(transitions),
        cmocka_unit_test(nothing_that_arrived_is_sent_again),
        cmocka_unit_test(every_step_keeps_its_time),
        cmocka_unit_test(names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
