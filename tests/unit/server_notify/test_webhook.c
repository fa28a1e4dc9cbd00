#include "unit.h"

#include "notify/webhook.h"
#include <sodium.h>
#include <stdio.h>
#include <string.h>

static struct srv_webhook webhook;

static void signatures(void **state)
{
    (void)state;
    static const char body[] = "{\"a\":1}", secret[] = "Jefe";
    /* RFC 4231, test case 2 */
    static const char data[] = "what do ya want for nothing?",
                      mac[] = "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
    char header[80];
    assert_true(srv_webhook_signed(secret, mac, (const uint8_t *)data, sizeof data - 1));
    assert_false(srv_webhook_signed(secret, mac, (const uint8_t *)data, sizeof data - 2));
    assert_false(srv_webhook_signed("jefe", mac, (const uint8_t *)data, sizeof data - 1));
    assert_false(srv_webhook_signed("", mac, (const uint8_t *)data, sizeof data - 1));
    assert_false(srv_webhook_signed(secret, NULL, (const uint8_t *)data, sizeof data - 1));
    for (size_t i = 0; i < sizeof mac - 1; i++) {
        snprintf(header, sizeof header, "%s", mac);
        header[i] ^= 1;
        assert_false(srv_webhook_signed(secret, header, (const uint8_t *)data, sizeof data - 1));
        snprintf(header, sizeof header, "%.*s", (int)i, mac);
        assert_false(srv_webhook_signed(secret, header, (const uint8_t *)data, sizeof data - 1));
    }
    snprintf(header, sizeof header, "%s0", mac);
    assert_false(srv_webhook_signed(secret, header, (const uint8_t *)data, sizeof data - 1));
    assert_false(srv_webhook_signed(secret, "sha256=", (const uint8_t *)body, sizeof body - 1));
    /* an empty secret would sign with what everybody knows */
    assert_false(srv_webhook_signed("",
                                    "sha256=b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad",
                                    (const uint8_t *)"", 0));
}

static void wishes(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int wish;
    } cases[] = {
        {"STOP", SRV_WISH_STOP},
        {"stop", SRV_WISH_STOP},
        {"  Stop. ", SRV_WISH_STOP},
        {"\"STOP\"!", SRV_WISH_STOP},
        {"बंद करें", SRV_WISH_STOP},
        {"बंद  करें।", SRV_WISH_STOP},
        {"रोको", SRV_WISH_STOP},
        {"Band Karo", SRV_WISH_STOP},
        {"START", SRV_WISH_START},
        {"शुरू करें।", SRV_WISH_START},
        {"", 0},
        {" . ", 0},
        {"stop the bus at eight", 0},
        {"don't stop", 0},
        {"why?", 0},
        {"।", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        print_message("case \"%s\"\n", cases[i].text);
        assert_int_equal(srv_webhook_wish_of(cases[i].text), cases[i].wish);
    }
}

static enum cm_code read_text(const char *text)
{
    return srv_webhook_read((const uint8_t *)text, strlen(text), "1234", &webhook, NULL);
}

#define VALUE(value)                                                                                         \
    "{\"object\":\"whatsapp_business_account\",\"entry\":[{\"id\":\"1\",\"changes\":[{\"field\":"            \
    "\"messages\","                                                                                          \
    "\"value\":{\"messaging_product\":\"whatsapp\",\"metadata\":{\"phone_number_id\":\"1234\"}," value       \
    "}}]}]}"

static void statuses(void **state)
{
    (void)state;
    assert_int_equal(
        read_text(
            VALUE("\"statuses\":["
                  "{\"id\":\"wamid.A\",\"status\":\"delivered\",\"timestamp\":\"1795404100\",\"recipient_"
                  "id\":\"91\","
                  "\"biz_opaque_callback_data\":\"01020300-0000-8000-8000-000000000000\"},"
                  "{\"id\":\"wamid.B\",\"status\":\"failed\",\"errors\":[{\"code\":131026,\"title\":\"t\","
                  "\"error_data\":{\"details\":\"d\"}}]},"
                  "{\"id\":\"wamid.C\",\"status\":\"read\",\"biz_opaque_callback_data\":\"none of ours\"},"
                  "{\"id\":\"wamid.D\",\"status\":\"deleted\"},{\"status\":\"sent\"},7,null,{\"id\":7,"
                  "\"status\":\"sent\"}]")),
        CM_OK);
    assert_int_equal(webhook.status_count, 3);
    assert_int_equal(webhook.passed_over, 5);
    assert_string_equal(webhook.statuses[0].provider_id, "wamid.A");
    assert_int_equal(webhook.statuses[0].event, SRV_OUTBOX_TOLD_DELIVERED);
    assert_int_equal(webhook.statuses[0].wall_ms, INT64_C(1795404100000));
    assert_true(webhook.statuses[0].has_message_id);
    assert_int_equal(webhook.statuses[0].message_id[2], 3);
    assert_int_equal(webhook.statuses[1].event, SRV_OUTBOX_TOLD_FAILED);
    assert_int_equal(webhook.statuses[1].error_code, 131026);
    assert_string_equal(webhook.statuses[1].error_text, "d");
    assert_int_equal(webhook.statuses[1].wall_ms, 0);
    assert_false(webhook.statuses[2].has_message_id);
}

static void replies(void **state)
{
    (void)state;
    assert_int_equal(
        read_text(VALUE("\"messages\":["
                        "{\"from\":\"919876543210\",\"timestamp\":\"1795404100\",\"type\":\"text\","
                        "\"text\":{\"body\":\"Stop\"}},"
                        "{\"from\":\"919876543211\",\"type\":\"button\",\"button\":{\"text\":\"STOP\"}},"
                        "{\"from\":\"919876543212\",\"type\":\"interactive\","
                        "\"interactive\":{\"button_reply\":{\"title\":\"Start\"}}},"
                        "{\"from\":\"919876543213\",\"text\":{\"body\":\"Thank you\"}},"
                        "{\"from\":\"0; DROP\",\"text\":{\"body\":\"stop\"}}]")),
        CM_OK);
    assert_int_equal(webhook.reply_count, 3);
    assert_string_equal(webhook.replies[0].phone, "+919876543210");
    assert_int_equal(webhook.replies[0].wish, SRV_WISH_STOP);
    assert_int_equal(webhook.replies[1].wish, SRV_WISH_STOP);
    assert_int_equal(webhook.replies[2].wish, SRV_WISH_START);
}

static void of_another_number_nothing(void **state)
{
    (void)state;
    assert_int_equal(
        read_text("{\"entry\":[{\"changes\":[{\"value\":{\"metadata\":{\"phone_number_id\":\"99\"},"
                  "\"statuses\":[{\"id\":\"w\",\"status\":\"read\"}]}}]}]}"),
        CM_OK);
    assert_int_equal(webhook.status_count, 0);
    assert_int_equal(webhook.passed_over, 1);
}

static void what_else_may_come(void **state)
{
    (void)state;
    static const char *const odd[] = {"{}", "[]", "{\"entry\":7}",
                                      "{\"entry\":[7,{\"changes\":[{\"value\":[]}]}]}"};
    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
        enum cm_code code = read_text(odd[i]);
        assert_true(code == CM_OK || code == CM_INVALID);
        assert_int_equal(webhook.status_count + webhook.reply_count, 0);
    }
    assert_int_equal(read_text(""), CM_INVALID);
    assert_int_equal(read_text("{\"entry\":"), CM_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signatures),
        cmocka_unit_test(wishes),
        cmocka_unit_test(statuses),
        cmocka_unit_test(replies),
        cmocka_unit_test(of_another_number_nothing),
        cmocka_unit_test(what_else_may_come),
    };
    return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
