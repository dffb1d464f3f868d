#include "mapi/decode.h"

#include "mapi/recurrence.h"
#include "mapi/timezone.h"

#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static cv_arena *arena;

static int setup(void **state)
{
    (void)state;
    return cv_arena_new(0, &arena, NULL);
}

static int teardown(void **state)
{
    (void)state;
    cv_arena_free(&arena);
    return 0;
}

static cv_slice unhex(const char *hex)
{
    cv_slice out = { NULL, 0 };
    assert_int_equal(cv_hex_decode(arena, cv_slice_cstr(hex), &out, NULL),
                     CV_OK);
    return out;
}

static void assert_decoded(cv_tag tag, cv_slice blob, const char *want)
{
    cv_prop prop = {
        .tag = tag, .value = { .type = CV_T_BINARY, .count = 1, .bytes = blob }
    };
    cv_buf buf;
    cv_buf_init(&buf, 0);
    cv_json_writer w = cv_json_writer_of(&buf, false);
    cv_json_begin_object(&w, NULL);
    cv_decode_put_json(&w, &prop, 0);
    cv_json_end_object(&w);
    cv_buf_put_byte(&buf, 0);
    assert_string_equal((const char *)buf.data, want);
    cv_buf_clear(&buf);
}

/* property-types.md 5: 2020-05-18 12:54:02 UTC and a reply 217 s later. */
static const char classic[] = "01d62d13679d44332211665577889"
                              "9aabbccddeeff00000020555f";

#define LEVEL \
    "\"levels\":[{\"deltaCode\":0,\"timeDelta\":" \
    "8277,\"random\":5,\"level\":15}"

static void a_classic_conversation_index_has_times(void **state)
{
    cv_conversation_index ci;
    (void)state;
    assert_int_equal(cv_conversation_index_parse(unhex(classic), &ci), CV_OK);
    assert_false(ci.modern);
    assert_true(ci.time == UINT64_C(0x01D62D13679D0000));
    assert_int_equal(ci.replies.len, 5);
    assert_true(cv_conversation_reply_delta(&ci, 0) == 0x2055ULL << 18);
    assert_decoded(CV_PidTagConversationIndex, unhex(classic),
                   "{\"decoded\":{\"time\":\"2020-05-18T12:54:01.9979264Z\","
                   "\"guid\":\"{44332211-6655-7788-99AA-BBCCDDEEFF00}\","
                   "\"replies\":[\"2020-05-18T12:57:38.9745152Z\"]," LEVEL
                   "]}}");
}

static void deltas_add_up_and_may_be_coarse(void **state)
{
    (void)state;
    cv_slice two = cv_arena_printf(arena, "%s%s", classic, "800000015f");
    cv_slice blob = unhex((const char *)two.ptr);
    cv_conversation_index ci;
    assert_int_equal(cv_conversation_index_parse(blob, &ci), CV_OK);
    assert_true(cv_conversation_reply_delta(&ci, 1) == 1ULL << 23);
    assert_decoded(CV_PidTagConversationIndex, blob,
                   "{\"decoded\":{\"time\":\"2020-05-18T12:54:01.9979264Z\","
                   "\"guid\":\"{44332211-6655-7788-99AA-BBCCDDEEFF00}\","
                   "\"replies\":[\"2020-05-18T12:57:38.9745152Z\","
                   "\"2020-05-18T12:57:39.813376Z\"]," LEVEL ","
                   "{\"deltaCode\":1,\"timeDelta\":1,\"random\":5,"
                   "\"level\":15}]}}");
}

static void a_modern_conversation_index_is_told_apart(void **state)
{
    cv_conversation_index ci;
    cv_slice blob =
        unhex("0101d62d1367443322116655778899aabbccddeeff00000020555f");
    (void)state;
    assert_int_equal(cv_conversation_index_parse(blob, &ci), CV_OK);
    assert_true(ci.modern);
    assert_true(ci.time == UINT64_C(0x01D62D1367000000));
    assert_decoded(CV_PidTagConversationIndex, blob,
                   "{\"decoded\":{\"time\":\"2020-05-18T12:54:00.9690112Z\","
                   "\"guid\":\"{44332211-6655-7788-99AA-BBCCDDEEFF00}\","
                   "\"replies\":[null]," LEVEL "]}}");
}

static void an_irregular_conversation_index_is_left_alone(void **state)
{
    cv_slice blob = unhex(classic);
    cv_conversation_index ci;
    (void)state;
    for (size_t len = 0; len < blob.len; len++) {
        cv_slice cut = cv_slice_sub(blob, 0, len);
        cv_status want = len < 22 ? CV_ERR_TRUNC : CV_ERR_SYNTAX;
        if (len == 22)
            continue;
        assert_int_equal(cv_conversation_index_parse(cut, &ci), want);
        assert_decoded(CV_PidTagConversationIndex, cut, "{}");
    }
}

static void a_global_id_shows_uid_and_instance(void **state)
{
    (void)state;
    assert_decoded(
        CV_PidLidGlobalObjectId,
        unhex("040000008200E00074C5B7101A82E00807D40910E040C9C12685C401"
              "0000000000000000100000000BF0ED4B6E4EE94E9E39E3867B378EF3"),
        "{\"decoded\":{\"uid\":\"040000008200E00074C5B7101A82E00800000000"
        "E040C9C12685C4010000000000000000100000000BF0ED4B6E4EE94E9E39E3867B"
        "378EF3\",\"instance\":\"2004-09-16\","
        "\"created\":\"2004-08-18T13:24:57.966Z\"}}");
    assert_decoded(
        CV_PidLidCleanGlobalObjectId,
        unhex("040000008200E00074C5B7101A82E00800000000000000000000000000"
              "000000000000000D0000007643616C2D5569640100000061"),
        "{\"decoded\":{\"uid\":\"a\"}}");
    assert_decoded(CV_PidLidGlobalObjectId, unhex("0400"), "{}");
}

static void entry_ids_are_known_by_their_provider(void **state)
{
    static const char ex[] = "00000000dca740c8c042101ab4b908002b2fe182"
                             "01000000010000002f6f3d782f636e3d7900";
    static const char one_off[] =
        "00000000812b1fa4bea310199d6e00dd010f540200000100"
        "416e6e00534d5450006140622e6578616d706c6500";
    (void)state;
    assert_decoded(
        CV_PidTagSenderEntryId, unhex(ex),
        "{\"decoded\":{\"kind\":\"exchange\",\"version\":1,\"type\":1,"
        "\"addressType\":\"EX\",\"address\":\"/o=x/cn=y\","
        "\"provider\":\"{C840A7DC-42C0-1A10-B4B9-08002B2FE182}\"}}");
    assert_decoded(CV_TAG(0x7001, 0), unhex(one_off),
                   "{\"decoded\":{\"kind\":\"oneOff\",\"name\":\"Ann\","
                   "\"addressType\":\"SMTP\",\"address\":\"a@b.example\","
                   "\"richInfo\":false,"
                   "\"provider\":\"{A41F2B81-A3BE-1910-9D6E-00DD010F5402}\"}}");
    assert_decoded(CV_PidTagSenderEntryId,
                   unhex("000000000102030405060708090a0b0c0d0e0f10"), "{}");
    assert_decoded(CV_PidTagSenderEntryId, unhex(""), "{}");
}

static void a_list_of_entry_ids_shows_each(void **state)
{
    (void)state;
    assert_decoded(
        CV_PidTagReplyRecipientEntries,
        unhex("0200000034000000"
              "2600000000000000dca740c8c042101ab4b908002b2fe182"
              "01000000010000002f6f3d782f636e3d7900"
              "0000"
              "0200000061620000"),
        "{\"decoded\":[{\"kind\":\"exchange\",\"version\":1,\"type\":1,"
        "\"addressType\":\"EX\",\"address\":\"/o=x/cn=y\","
        "\"provider\":\"{C840A7DC-42C0-1A10-B4B9-08002B2FE182}\"},"
        "null]}");
    assert_decoded(CV_PidTagReplyRecipientEntries, unhex("02000000"), "{}");
}

static void assert_blob(const char *kind, const char *hex, const char *want)
{
    cv_buf out;
    cv_buf_init(&out, 0);
    assert_int_equal(cv_decode_blob(kind, unhex(hex), 0, &out), CV_OK);
    cv_buf_put_byte(&out, 0);
    if (!strstr((const char *)out.data, want))
        fail_msg("\"%s\" is not in %s", want, (const char *)out.data);
    cv_buf_clear(&out);
}

#define MAILBOX_ID "00000000112233445566778899aabbccddeeff00"

static void lone_blobs_are_decoded_by_kind(void **state)
{
    (void)state;
    assert_blob("entry-id",
                MAILBOX_ID "0100000102030405060708090a0b0c0d0e0f"
                           "0000000123450000",
                "\"kind\": \"folder\"");
    assert_blob("entry-id",
                MAILBOX_ID "0700000102030405060708090a0b0c0d0e0f"
                           "0000000123450000000102030405060708090a0b0c0d0e0f"
                           "0000000678900000",
                "\"counter\": \"000000067890\"");
    assert_blob("entry-id", "112233", "\"unread\": 3");
    /* A person of a contact folder: a message's id within. */
    assert_blob("entry-id",
                "00000000fe42aa0a18c71a10e8850b651c240000"
                "03000000040000000000000014000000" MAILBOX_ID,
                "\"entry\": {");
    assert_blob("recipient-rows",
                "01000000"
                "01000000"
                "02000000"
                "00000000"
                "0300150c"
                "02000000"
                "1f000130"
                "0600"
                "420062000000",
                "\"value\": \"Bb\"");
    assert_blob("property-definitions",
                "0201"
                "01000000"
                "45000000"
                "0800"
                "00000000"
                "0100"
                "6600"
                "0166"
                "00"
                "00"
                "00"
                "00",
                "\"property\": \"f\"");
    assert_blob("report-tag",
                "504344464542303900"
                "01000200"
                "00000000"
                "00000000"
                "00000000"
                "00000000"
                "02000000"
                "abcd"
                "01000000"
                "00",
                "\"messageSearchKey\": \"abcd\"");
}

static void blobs_that_end_early_show_what_was_there(void **state)
{
    (void)state;
    assert_blob("recipient-rows",
                "01000000"
                "05000000"
                "02000000"
                "00000000",
                "\"count\": 5");
    assert_blob("property-definitions",
                "0301"
                "ffffffff"
                "4500",
                "\"unread\": ");
    cv_buf out;
    cv_buf_init(&out, 0);
    assert_int_equal(cv_decode_blob("report-tag", unhex("5043"), 0, &out),
                     CV_ERR_SYNTAX);
    assert_int_equal(cv_decode_blob("nonsense", unhex("00"), 0, &out),
                     CV_ERR_NOTFOUND);
    assert_int_equal(out.len, 0);
    cv_buf_clear(&out);
}

/* Ids within ids within ids. */
static void nested_entry_ids_end(void **state)
{
    cv_buf id;
    (void)state;
    cv_buf_init(&id, 0);
    for (int i = 0; i < 20; i++)
        cv_buf_put_str(&id, "00000000fe42aa0a18c71a10e8850b651c240000"
                            "030000000400000000000000ffff0000");
    cv_buf_put_byte(&id, 0);
    assert_blob("entry-id", (const char *)id.data, "\"kind\": \"other\"");
    cv_buf_clear(&id);
}

static cv_slice weekly_series(void)
{
    uint32_t monday;
    uint32_t deleted[1];
    cv_buf buf;
    cv_recur_exception moved = { .flags = CV_OVERRIDE_SUBJECT |
                                          CV_OVERRIDE_BUSY_STATUS,
                                 .subject = CV_S("Moved"),
                                 .busy_status = 1 };
    cv_recurrence r = { .frequency = CV_RECUR_WEEKLY,
                        .pattern = CV_PATTERN_WEEK,
                        .period = 1,
                        .day_mask = 2,
                        .end_type = CV_RECUR_END_COUNT,
                        .count = 4,
                        .has_appointment = true,
                        .start_offset = 540,
                        .end_offset = 570,
                        .exceptions = &moved,
                        .exception_count = 1 };
    /* Monday 2026-11-23 */
    assert_int_equal(cv_ticks_to_minutes1601(cv_days_from_civil(2026, 11, 23) *
                                                 86400 * CV_TICKS_PER_SEC,
                                             &monday),
                     CV_OK);
    deleted[0] = monday + 7 * 1440;
    uint32_t modified[] = { deleted[0] + 1440 };
    r.start_date = monday;
    r.deleted = deleted;
    r.deleted_count = 1;
    r.modified = modified;
    r.modified_count = 1;
    moved.original = deleted[0] + 540;
    moved.start = modified[0] + 600;
    moved.end = modified[0] + 660;
    r.first = cv_recurrence_first(&r);
    cv_recurrence_finish(&r);
    cv_buf_init(&buf, 0);
    cv_recurrence_put(&buf, &r);
    cv_slice blob = cv_buf_dup(&buf, arena);
    cv_buf_clear(&buf);
    return blob;
}

static void a_recurrence_is_spelled_out(void **state)
{
    cv_recurrence r;
    bool damaged;
    cv_slice blob = weekly_series();
    (void)state;
    assert_int_equal(cv_recurrence_parse(arena, blob, 0, &r, &damaged, NULL),
                     CV_OK);
    cv_slice text = cv_recurrence_describe(arena, &r);
    cv_slice want = cv_arena_printf(
        arena,
        "{\"decoded\":{\"text\":\"%.*s\",\"frequency\":\"weekly\","
        "\"pattern\":\"week\",\"calendar\":0,\"period\":1,"
        "\"weekdays\":[\"MO\"],\"endType\":\"count\",\"count\":4,"
        "\"firstDayOfWeek\":0,\"startDate\":\"2026-11-23\","
        "\"endDate\":\"2026-12-14\",\"deleted\":[\"2026-11-30\"],"
        "\"modified\":[\"2026-12-01\"],\"startMinute\":540,"
        "\"endMinute\":570,\"exceptions\":[{"
        "\"start\":\"2026-12-01T10:00:00\",\"end\":\"2026-12-01T11:00:00\","
        "\"original\":\"2026-11-30T09:00:00\",\"subject\":\"Moved\","
        "\"busyStatus\":1}]}}",
        CV_FMT(text));
    assert_decoded(CV_PidLidAppointmentRecur, blob, (const char *)want.ptr);
    assert_decoded(CV_PidLidAppointmentRecur, unhex("04300430"), "{}");
}

static void time_zones_are_spelled_out(void **state)
{
    cv_tz_rule rule = { .from_year = 1601,
                        .flags = 2,
                        .bias = -60,
                        .daylight_bias = -60,
                        .standard = { .month = 10, .day = 5, .hour = 3 },
                        .daylight = { .month = 3, .day = 5, .hour = 2 } };
    cv_timezone tz = { .key_name = CV_S("W. Europe Standard Time"),
                       .rules = &rule,
                       .rule_count = 1 };
    cv_buf buf;
    (void)state;
    cv_buf_init(&buf, 0);
    cv_tzreg_put(&buf, &rule);
    assert_decoded(
        CV_PidLidTimeZoneStruct, cv_buf_slice(&buf),
        "{\"decoded\":{\"rules\":[{\"bias\":-60,\"standardBias\":0,"
        "\"daylightBias\":-60,\"standard\":{\"year\":0,\"month\":10,"
        "\"weekday\":0,\"day\":5,\"hour\":3,\"minute\":0},"
        "\"daylight\":{\"year\":0,\"month\":3,\"weekday\":0,\"day\":5,"
        "\"hour\":2,\"minute\":0}}]}}");
    cv_buf_reset(&buf);
    rule.daylight.month = 0;
    rule.standard.month = 0;
    cv_tzdef_put(&buf, &tz, 2);
    assert_decoded(CV_PidLidAppointmentTimeZoneDefinitionStartDisplay,
                   cv_buf_slice(&buf),
                   "{\"decoded\":{\"keyName\":\"W. Europe Standard Time\","
                   "\"effective\":0,\"rules\":[{\"fromYear\":1601,\"flags\":2,"
                   "\"bias\":-60,\"standardBias\":0,\"daylightBias\":-60,"
                   "\"standard\":null,\"daylight\":null}]}}");
    cv_buf_clear(&buf);
}

static void only_binaries_are_decoded(void **state)
{
    cv_prop prop = {
        .tag = CV_PidTagConversationIndex,
        .value = { .type = CV_T_STRING, .count = 1, .bytes = unhex(classic) }
    };
    cv_buf buf;
    (void)state;
    cv_buf_init(&buf, 0);
    cv_json_writer w = cv_json_writer_of(&buf, false);
    cv_decode_put_json(&w, &prop, 0);
    assert_int_equal(buf.len, 0);
    cv_buf_clear(&buf);
}

static void the_object_form_holds_what_was_decoded(void **state)
{
    cv_object *obj = NULL;
    cv_object *back = NULL;
    cv_buf buf;
    (void)state;
    assert_int_equal(cv_object_new(0, &obj, NULL), CV_OK);
    assert_int_equal(cv_bag_set_binary(cv_object_props(obj),
                                       CV_PidTagConversationIndex,
                                       unhex(classic)),
                     CV_OK);
    cv_buf_init(&buf, 0);
    cv_sink sink = cv_buf_sink(&buf);
    assert_int_equal(cv_object_to_json(obj, 0, &sink, NULL), CV_OK);
    assert_true(cv_slice_find(cv_buf_slice(&buf),
                              CV_S("0000020555f\",\"decoded\":{\"time\":"),
                              0) != CV_NPOS);
    assert_int_equal(cv_object_from_json(cv_buf_slice(&buf), &back, NULL, NULL),
                     CV_OK);
    assert_true(cv_object_eq(obj, back));
    cv_object_free(&back);
    cv_object_free(&obj);
    cv_buf_clear(&buf);
}

/* Every prefix of a blob under every tag: read or left alone. */
static void prefixes_do_no_harm(void **state)
{
    const cv_slice blobs[] = { weekly_series(), unhex(classic) };
    static const cv_tag tags[] = {
        CV_PidLidAppointmentRecur,
        CV_PidTagConversationIndex,
        CV_PidLidGlobalObjectId,
        CV_PidTagReplyRecipientEntries,
        CV_PidLidTimeZoneStruct,
        CV_PidTagSenderEntryId,
        CV_PidLidAppointmentTimeZoneDefinitionRecur
    };
    (void)state;
    for (size_t i = 0; i < CV_LEN(blobs) * CV_LEN(tags); i++) {
        cv_slice blob = blobs[i % CV_LEN(blobs)];
        for (size_t len = 0; len <= blob.len; len++) {
            uint8_t *exact = malloc(len + 1); /* sanitizers see its end */
            assert_non_null(exact);
            memcpy(exact + 1, blob.ptr, len);
            cv_prop prop = { .tag = tags[i / CV_LEN(blobs)],
                             .value = { .type = CV_T_BINARY,
                                        .count = 1,
                                        .bytes =
                                            cv_slice_of(exact + 1, len) } };
            cv_json *node = NULL;
            cv_buf buf;
            cv_buf_init(&buf, 0);
            cv_json_writer w = cv_json_writer_of(&buf, false);
            cv_json_begin_object(&w, NULL);
            cv_decode_put_json(&w, &prop, 1252);
            cv_json_end_object(&w);
            assert_int_equal(
                cv_json_parse(arena, cv_buf_slice(&buf), &node, NULL), CV_OK);
            free(exact);
            cv_buf_clear(&buf);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_classic_conversation_index_has_times),
        cmocka_unit_test(deltas_add_up_and_may_be_coarse),
        cmocka_unit_test(a_modern_conversation_index_is_told_apart),
        cmocka_unit_test(an_irregular_conversation_index_is_left_alone),
        cmocka_unit_test(a_global_id_shows_uid_and_instance),
        cmocka_unit_test(entry_ids_are_known_by_their_provider),
        cmocka_unit_test(a_list_of_entry_ids_shows_each),
        cmocka_unit_test(lone_blobs_are_decoded_by_kind),
        cmocka_unit_test(blobs_that_end_early_show_what_was_there),
        cmocka_unit_test(nested_entry_ids_end),
        cmocka_unit_test(a_recurrence_is_spelled_out),
        cmocka_unit_test(time_zones_are_spelled_out),
        cmocka_unit_test(only_binaries_are_decoded),
        cmocka_unit_test(the_object_form_holds_what_was_decoded),
        cmocka_unit_test(prefixes_do_no_harm),
    };
    return cmocka_run_group_tests_name("decode", tests, setup, teardown);
}
