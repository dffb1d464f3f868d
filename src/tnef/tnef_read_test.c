/* Whole streams and single attributes. Vectors: spec tnef.md 10. */
#include "tnef/tnef_test_kit.h"

#include "base/datetime.h"
#include "base/limits.h"

/* The stream of the specification's section 10, typed in as it stands there. */
static const char whole[] = "789f3e22010001069008000400000000000100010001079006"
                            "0008000000e404000000000000e800"
                            "01088007001800000049504d2e4d6963726f736f6674204d61"
                            "696c2e4e6f74650031080104800100"
                            "03000000486900b100010d8004000200000002000200010390"
                            "0600d8000000070000000300170001"
                            "0000001f003700010000000600000048006900000000000b00"
                            "1f0e01000000030000800820060000"
                            "000000c00000000000004600000000018500000f0000001e00"
                            "01808603020000000000c000000000"
                            "000046010000000e00000058002d0054006500730074000000"
                            "000001000000030000007631000002"
                            "0171000100000003000000010203001f100280290302000000"
                            "0000c0000000000000460100000012"
                            "0000004b006500790077006f00720064007300000000000200"
                            "000004000000410000000600000042"
                            "00430000000000640f";

static void put_hex(kit *k, const char *hex)
{
    cv_arena *arena = NULL;
    cv_slice bytes;
    assert_int_equal(cv_arena_new(0, &arena, NULL), CV_OK);
    assert_int_equal(cv_hex_decode(arena, cv_slice_cstr(hex), &bytes, NULL),
                     CV_OK);
    cv_buf_put_slice(&k->in, bytes);
    cv_arena_free(&arena);
}

static void the_sample_stream_is_read_whole(void **state)
{
    kit *k = *state;
    cv_slice bytes;
    const cv_slice *texts;
    size_t count = 0;
    put_hex(k, whole);
    assert_int_equal(k->in.len, 329);
    kit_read(k);
    assert_int_equal(cv_report_count(k->report), 0);
    assert_string_equal(cv_object_source(k->obj), "tnef");
    cv_bag *props = kit_props(k);
    assert_string_prop(props, CV_PidTagMessageClass, "IPM.Note");
    assert_string_prop(props, CV_PidTagSubject, "Hi");
    assert_int_equal(cv_bag_i32_or(props, CV_PidTagImportance, -1), 1);
    assert_true(cv_bag_bool_or(props, CV_PidTagRtfInSync, false));
    assert_int_equal(cv_bag_i32_or(props, CV_PidTagMessageCodepage, 0), 1252);
    assert_true(cv_bag_binary(props, CV_PidTagConversationIndex, &bytes));
    assert_bytes(bytes, CV_S("\1\2\3"));
    cv_name lid = { .set = *cv_set_guid(CV_SET_PSETID_Common), .lid = 0x8501 };
    assert_int_equal(
        cv_bag_i32_or(props, cv_names_find(cv_object_names(k->obj), &lid), 0),
        15);
    cv_name header = { .set = *cv_set_guid(CV_SET_PS_INTERNET_HEADERS),
                       .is_string = true,
                       .string = CV_S("X-Test") };
    const cv_prop *prop =
        cv_bag_find(props, cv_names_find(cv_object_names(k->obj), &header));
    assert_non_null(prop);
    assert_int_equal(prop->value.type, CV_T_STRING8);
    assert_text(prop->value.bytes, "v1");
    assert_true(cv_bag_strings(props, CV_PidNameKeywords, &texts, &count));
    assert_int_equal(count, 2);
    assert_text(texts[0], "A");
    assert_text(texts[1], "BC");
    assert_int_equal(cv_bag_count(props), 9);
}

static void sums_are_those_of_the_specification(void **state)
{
    static const struct {
        cv_slice bytes;
        uint16_t sum;
    } rows[] = {
        { { (const uint8_t *)"\0\0\1\0", 4 }, 0x0001 },
        { { (const uint8_t *)"\xE4\4\0\0\0\0\0\0", 8 }, 0x00E8 },
        { { (const uint8_t *)"IPM.Microsoft Mail.Note", 24 }, 0x0831 },
        { { (const uint8_t *)"\2\0", 2 }, 0x0002 },
        { { (const uint8_t *)"Simple subject", 15 }, 0x057A },
        { { (const uint8_t *)"\xD4\7\2\0\x11\0\xB\0\x19\0\x23\0\2\0", 14 },
          0x0137 },
        { { (const uint8_t *)"757BB19CDE936A4087D90BB784C58E3B", 33 }, 0x0751 },
    };
    uint8_t many[5000];
    (void)state;
    for (size_t i = 0; i < CV_LEN(rows); i++)
        assert_int_equal(cv_tnef_sum(rows[i].bytes), rows[i].sum);
    memset(many, 0xFF, sizeof many);
    for (size_t n = 0; n <= sizeof many; n += 7)
        assert_int_equal(cv_tnef_sum(cv_slice_of(many, n)), n * 255 % 65536);
}

/* An old client's stream: attributes alone. */
static void put_legacy(kit *k, cv_slice class)
{
    put_head(&k->in);
    put_attr(&k->in, TNEF_VERSION, CV_S("\0\0\1\0"));
    put_codepage(&k->in, 1252);
    put_attr(&k->in, TNEF_MESSAGE_CLASS, class);
}

static void legacy_attributes_become_properties(void **state)
{
    kit *k = *state;
    cv_slice key;
    int64_t ticks = 0;
    put_legacy(k, TEXT0("IPM.Microsoft Mail.Note"));
    put_attr(&k->in, TNEF_FROM,
             CV_S("\4\0\x27\0\4\0\x13\0Ann\0SMTP:ann@a.example\0"
                  "\0\0\0\0\0\0\0\0"));
    put_attr(&k->in, TNEF_SUBJECT, TEXT0("Caf\xE9"));
    put_attr(&k->in, TNEF_DATE_SENT,
             CV_S("\xD4\7\2\0\x11\0\xB\0\x19\0\x23\0\2\0"));
    put_attr(&k->in, TNEF_DATE_RECEIVED, CV_S("\0\0\0\0\0\0\0\0\0\0\0\0\0\0"));
    put_attr(&k->in, TNEF_MESSAGE_ID,
             TEXT0("757BB19CDE936A4087D90BB784C58E3B"));
    put_attr(&k->in, TNEF_BODY, CV_S("no NUL"));
    put_attr(&k->in, TNEF_PRIORITY, CV_S("\1\0"));
    put_attr(&k->in, TNEF_STATUS, CV_S("\x22"));
    put_attr(&k->in, TNEF_AID_OWNER, CV_S("\x78\x56\x34\x12"));
    put_attr(&k->in, TNEF_REQUEST_RES, CV_S("\1\0"));
    put_attr(&k->in, TNEF_DELEGATE, CV_S("id"));
    put_attr(&k->in, TNEF_ORIGINAL_CLASS,
             TEXT0("IPM.Microsoft Schedule.MtgReq"));
    kit_read(k);
    assert_int_equal(cv_report_count(k->report), 0);
    cv_bag *props = kit_props(k);
    assert_string_prop(props, CV_PidTagSenderName, "Ann");
    assert_string_prop(props, CV_PidTagSenderAddressType, "SMTP");
    assert_string_prop(props, CV_PidTagSenderEmailAddress, "ann@a.example");
    assert_string_prop(props, CV_PidTagSubject, "Caf\xC3\xA9");
    assert_true(cv_bag_ticks(props, CV_PidTagClientSubmitTime, &ticks));
    cv_civil at = cv_civil_of_ticks(ticks);
    assert_int_equal(at.year * 10000 + at.month * 100 + at.day, 20040217);
    assert_int_equal(at.hour * 10000 + at.minute * 100 + at.second, 112535);
    assert_false(cv_bag_has(props, CV_PidTagMessageDeliveryTime));
    assert_true(cv_bag_binary(props, CV_PidTagSearchKey, &key));
    assert_int_equal(key.len, 16);
    assert_int_equal(key.ptr[0], 0x75);
    assert_string_prop(props, CV_PidTagBody, "no NUL");
    assert_int_equal(cv_bag_i32_or(props, CV_PidTagImportance, -1), 2);
    assert_false(cv_bag_has(props, CV_PidTagMessageFlags)); /* not embedded */
    assert_int_equal(cv_bag_i32_or(props, CV_PidTagOwnerAppointmentId, 0),
                     0x12345678);
    assert_true(cv_bag_bool_or(props, CV_PidTagResponseRequested, false));
    assert_string_prop(props, CV_PidTagOriginalMessageClass,
                       "IPM.Schedule.Meeting.Request");
}

static void c077_old_class_names_map_to_the_new(void **state)
{
    static const struct {
        cv_slice legacy;
        const char *mapi;
    } rows[] = {
        { { (const uint8_t *)"IPM.Microsoft Mail.Note", 24 }, "IPM.Note" },
        { { (const uint8_t *)"IPM.Microsoft Mail.Read Receipt", 32 },
          "Report.IPM.Note.IPNRN" },
        { { (const uint8_t *)"IPM.Microsoft Mail.Non-Delivery", 32 },
          "Report.IPM.Note.NDR" },
        { { (const uint8_t *)"IPM.Microsoft Schedule.MtgReq", 30 },
          "IPM.Schedule.Meeting.Request" },
        { { (const uint8_t *)"IPM.Microsoft Schedule.MtgRespP", 32 },
          "IPM.Schedule.Meeting.Resp.Pos" },
        { { (const uint8_t *)"IPM.Microsoft Schedule.MtgRespN", 32 },
          "IPM.Schedule.Meeting.Resp.Neg" },
        { { (const uint8_t *)"IPM.Microsoft Schedule.MtgRespA", 32 },
          "IPM.Schedule.Meeting.Resp.Tent" },
        { { (const uint8_t *)"IPM.Microsoft Schedule.MtgCncl", 31 },
          "IPM.Schedule.Meeting.Canceled" },
        { { (const uint8_t *)"IPM.Task", 9 }, "IPM.Task" },
    };
    kit *k = *state;
    for (size_t i = 0; i < CV_LEN(rows); i++) {
        cv_buf_reset(&k->in);
        put_legacy(k, rows[i].legacy);
        kit_read(k);
        assert_string_prop(kit_props(k), CV_PidTagMessageClass, rows[i].mapi);
        assert_true(cv_slice_eq(
            cv_tnef_legacy_of_class(cv_slice_cstr(rows[i].mapi)),
            cv_slice_sub(rows[i].legacy, 0, rows[i].legacy.len - 1)));
    }
}

static const char person[] = "\4\0Ann\0\x13\0SMTP:ann@a.example";

static void the_owner_depends_on_the_class(void **state)
{
    kit *k = *state;
    cv_slice bytes = cv_slice_of(person, sizeof person);
    put_legacy(k, TEXT0("IPM.Microsoft Schedule.MtgReq"));
    put_attr(&k->in, TNEF_OWNER, bytes);
    kit_read(k);
    assert_string_prop(kit_props(k), CV_PidTagSentRepresentingEmailAddress,
                       "ann@a.example");
    assert_false(
        cv_bag_has(kit_props(k), CV_PidTagReceivedRepresentingEmailAddress));
    cv_buf_reset(&k->in);
    /* The owner before the class, as some write it. */
    put_head(&k->in);
    put_attr(&k->in, TNEF_OWNER, bytes);
    put_attr(&k->in, TNEF_MESSAGE_CLASS,
             TEXT0("IPM.Microsoft Schedule.MtgRespP"));
    kit_read(k);
    assert_string_prop(kit_props(k), CV_PidTagReceivedRepresentingName, "Ann");
    assert_false(
        cv_bag_has(kit_props(k), CV_PidTagSentRepresentingEmailAddress));
    cv_buf_reset(&k->in);
    put_legacy(k, TEXT0("IPM.Microsoft Schedule.MtgRespP"));
    put_attr(&k->in, TNEF_SENT_FOR, bytes);
    kit_read(k);
    assert_string_prop(kit_props(k), CV_PidTagSentRepresentingAddressType,
                       "SMTP");
}

/* attMsgProps first, a contradicting attribute behind it. */
static void a_property_wins_over_its_attribute(void **state)
{
    kit *k = *state;
    cv_buf list;
    cv_buf_init(&list, 0);
    cv_buf_put_u32le(&list, 1);
    put_sized_prop(&list, CV_PidTagSubject, CV_S("N\0e\0w\0\0\0"));
    put_head(&k->in);
    put_attr(&k->in, TNEF_MSG_PROPS, cv_buf_slice(&list));
    put_attr(&k->in, TNEF_SUBJECT, TEXT0("Old"));
    cv_buf_clear(&list);
    kit_read(k);
    assert_string_prop(kit_props(k), CV_PidTagSubject, "New");
}

static void attachments_are_put_together(void **state)
{
    kit *k = *state;
    cv_slice bytes;
    put_head(&k->in);
    put_attr(&k->in, TNEF_RENDER_DATA, RENDER_FILE);
    put_attr(&k->in, TNEF_ATTACH_TITLE, TEXT0("C:\\tmp\\a.txt"));
    put_attr(&k->in, TNEF_ATTACH_DATA, CV_S("one"));
    put_attr(&k->in, TNEF_ATTACH_METAFILE, CV_S("wmf"));
    put_attr(&k->in, TNEF_ATTACH_TRANSPORT, TEXT0("A.TXT"));
    put_attr(&k->in, TNEF_ATTACH_MODIFIED,
             CV_S("\xD4\7\2\0\x11\0\xB\0\x19\0\x23\0\2\0"));
    put_attr(&k->in, TNEF_RENDER_DATA,
             CV_S("\1\0\5\0\0\0\x20\0\x20\0\1\0\0\0"));
    put_attr(&k->in, TNEF_ATTACH_TITLE, TEXT0("a.txt"));
    put_attr(&k->in, TNEF_ATTACH_DATA, CV_S(""));
    put_attr(&k->in, TNEF_RENDER_DATA,
             CV_S("\2\0\xFF\xFF\xFF\xFF\x20\0\x20\0\0\0\0\0"));
    kit_read(k);
    assert_int_equal(cv_object_attachment_count(k->obj), 3);
    const cv_attachment *a = cv_object_attachment(k->obj, 0);
    assert_data(a, "one");
    assert_string_prop(a->props, CV_PidTagAttachFilename, "a.txt");
    assert_string_prop(a->props, CV_PidTagAttachTransportName, "A.TXT");
    assert_int_equal(cv_bag_i32_or(a->props, CV_PidTagAttachMethod, 0), 1);
    assert_int_equal(cv_bag_i32_or(a->props, CV_PidTagRenderingPosition, 0),
                     -1);
    assert_true(cv_bag_binary(a->props, CV_PidTagAttachRendering, &bytes));
    assert_true(cv_bag_has(a->props, CV_PidTagLastModificationTime));
    a = cv_object_attachment(k->obj, 1);
    assert_data(a, "");
    assert_int_equal(cv_bag_i32_or(a->props, CV_PidTagRenderingPosition, 0), 5);
    assert_true(cv_bag_binary(a->props, CV_PidTagAttachEncoding, &bytes));
    assert_bytes(bytes, cv_tnef_macbinary);
    a = cv_object_attachment(k->obj, 2);
    assert_false(a->has_data);
    assert_int_equal(cv_bag_i32_or(a->props, CV_PidTagAttachMethod, 0), 6);
}

/* -- values whose length nobody knows -- */

static void put_list_with(cv_buf *list, uint32_t type, cv_slice value)
{
    cv_buf_put_u32le(list, 3);
    cv_buf_put_u32le(list, CV_TAG(0x6800, 0) | type);
    cv_buf_put_slice(list, value);
    cv_buf_put_u32le(list, CV_TAG(0x6801, CV_T_I32));
    cv_buf_put_u32le(list, 7);
    put_sized_prop(list, CV_TAG(0x6802, CV_T_STRING), CV_S("a\0b\0\0\0"));
}

static const struct {
    uint32_t type;
    cv_slice value;
} strange[] = {
    { 0x0000, { (const uint8_t *)"", 0 } },
    { 0x0001, { (const uint8_t *)"", 0 } },
    { 0x0001, { (const uint8_t *)"\0\0\0\0", 4 } },
    { 0x00FB, { (const uint8_t *)"\1\0\0\0\4\0\0\0\1\2\3\4", 12 } },
    { 0x00FD, { (const uint8_t *)"\1\2\3\4\5\6\7\x08", 8 } },
    { 0x0F0F, { (const uint8_t *)"\1\2\3\4\5\6\7\x08\1\2\3\4", 12 } },
    { CV_T_BINARY, { (const uint8_t *)"\xFF\xFF\xFF\xFF", 4 } },
};

/* kb-cases.md R2: one bad property costs itself. */
static void c074_a_type_nobody_knows_costs_that_property(void **state)
{
    kit *k = *state;
    cv_buf list;
    cv_buf_init(&list, 0);
    for (size_t i = 0; i < CV_LEN(strange); i++) {
        cv_object_free(&k->obj);
        cv_buf_reset(&k->in);
        cv_buf_reset(&list);
        put_list_with(&list, strange[i].type, strange[i].value);
        put_head(&k->in);
        put_attr(&k->in, TNEF_MSG_PROPS, cv_buf_slice(&list));
        kit_read(k);
        assert_int_equal(cv_bag_count(kit_props(k)), 2);
        assert_string_prop(kit_props(k), CV_TAG(0x6802, CV_T_STRING), "ab");
        assert_findings(k, CV_RULE_TNEF_PROPERTY, 1);
    }
    cv_buf_clear(&list);
}

static void c074_a_row_with_a_strange_type_keeps_the_next(void **state)
{
    kit *k = *state;
    cv_buf table;
    cv_buf_init(&table, 0);
    for (size_t i = 0; i < CV_LEN(strange); i++) {
        cv_object_free(&k->obj);
        cv_buf_reset(&k->in);
        cv_buf_reset(&table);
        cv_buf_put_u32le(&table, 2);
        for (int row = 0; row < 2; row++)
            put_list_with(&table, row ? CV_T_I32 : strange[i].type,
                          row ? CV_S("\1\0\0\0") : strange[i].value);
        put_head(&k->in);
        put_attr(&k->in, TNEF_RECIP_TABLE, cv_buf_slice(&table));
        kit_read(k);
        assert_int_equal(cv_object_recipient_count(k->obj), 2);
        for (size_t row = 0; row < 2; row++)
            assert_string_prop(cv_object_recipient(k->obj, row),
                               CV_TAG(0x6802, CV_T_STRING), "ab");
    }
    cv_buf_clear(&table);
}

/* Looking for the end of each may not take for ever. */
static void many_strange_types_are_given_up(void **state)
{
    enum { MANY = 60000 };
    kit *k = *state;
    cv_buf list;
    cv_buf_init(&list, 0);
    cv_buf_put_u32le(&list, MANY);
    for (int i = 0; i < MANY; i++)
        cv_buf_put_u32le(&list, CV_TAG(0x6800, 0x0F0F));
    put_head(&k->in);
    put_attr(&k->in, TNEF_MSG_PROPS, cv_buf_slice(&list));
    kit_read(k);
    assert_int_equal(cv_bag_count(kit_props(k)), 0);
    assert_true(cv_report_count(k->report) > 0);
    cv_buf_clear(&list);
}

static void c078_a_unicode_code_page_is_none_of_8_bit_text(void **state)
{
    static const uint32_t pages[] = { 1200, 1201, 12000, 12001, 99999 };
    kit *k = *state;
    for (size_t i = 0; i < CV_LEN(pages); i++) {
        cv_object_free(&k->obj);
        cv_buf_reset(&k->in);
        put_head(&k->in);
        put_codepage(&k->in, pages[i]);
        put_attr(&k->in, TNEF_SUBJECT, TEXT0("\xFC b"));
        kit_read(k);
        assert_string_prop(kit_props(k), CV_PidTagSubject, "\xC3\xBC b");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        KIT(the_sample_stream_is_read_whole),
        KIT(sums_are_those_of_the_specification),
        KIT(legacy_attributes_become_properties),
        KIT(c077_old_class_names_map_to_the_new),
        KIT(the_owner_depends_on_the_class),
        KIT(a_property_wins_over_its_attribute),
        KIT(attachments_are_put_together),
        KIT(c074_a_type_nobody_knows_costs_that_property),
        KIT(c074_a_row_with_a_strange_type_keeps_the_next),
        KIT(many_strange_types_are_given_up),
        KIT(c078_a_unicode_code_page_is_none_of_8_bit_text),
    };
    return cmocka_run_group_tests_name("tnef_read", tests, NULL, NULL);
}
