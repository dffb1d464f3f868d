/* Streams as broken writers, gateways and attackers leave them: what can be
 * read is read, and the report tells the rest. Rows: spec tnef.md 9. */
#include "tnef/tnef_test_kit.h"

#include "base/limits.h"

/* A stream with a class and a file behind whatever is put in between. */
static void put_class(kit *k)
{
    put_attr(&k->in, TNEF_MESSAGE_CLASS, TEXT0("IPM.Note.Own"));
}

static void put_file(kit *k)
{
    put_attr(&k->in, TNEF_RENDER_DATA, RENDER_FILE);
    put_attr(&k->in, TNEF_ATTACH_TITLE, TEXT0("a.txt"));
    put_attr(&k->in, TNEF_ATTACH_DATA, CV_S("one"));
}

static void assert_class_and_file(kit *k)
{
    assert_string_prop(kit_props(k), CV_PidTagMessageClass, "IPM.Note.Own");
    assert_int_equal(cv_object_attachment_count(k->obj), 1);
    assert_data(cv_object_attachment(k->obj, 0), "one");
}

static void assert_refused(kit *k)
{
    k->obj = NULL;
    assert_int_equal(
        cv_tnef_read(cv_buf_slice(&k->in), &k->obj, k->report, &k->err),
        CV_ERR_SYNTAX);
    assert_null(k->obj);
}

static void the_signature_is_searched_for(void **state)
{
    kit *k = *state;
    cv_buf_put_str(&k->in, "\r\n\r\n");
    put_head(&k->in);
    put_class(k);
    put_file(k);
    assert_true(cv_tnef_is(cv_buf_slice(&k->in)));
    kit_read(k);
    assert_class_and_file(k);
    assert_findings(k, CV_RULE_TNEF_JUNK, 1);
}

/* A flipped bit is no reason to lose a message. */
static void a_damaged_signature_before_a_first_attribute_is_read(void **state)
{
    kit *k = *state;
    for (int i = 0; i < 2; i++) {
        cv_buf_reset(&k->in);
        cv_object_free(&k->obj);
        cv_buf_put_u32le(&k->in, 0x323E9F78);
        cv_buf_put_u16le(&k->in, 1);
        if (i)
            put_codepage(&k->in, 1252);
        else
            put_attr(&k->in, TNEF_VERSION, CV_S("\0\0\1\0"));
        put_class(k);
        put_file(k);
        assert_true(cv_tnef_is(cv_buf_slice(&k->in)));
        kit_read(k);
        assert_class_and_file(k);
        assert_findings(k, CV_RULE_TNEF_SIGNATURE, 1);
    }
    k->in.data[7] ^= 1;
    assert_false(cv_tnef_is(cv_buf_slice(&k->in)));
}

static void a_signature_further_in_is_none(void **state)
{
    kit *k = *state;
    for (int i = 0; i < 65; i++)
        cv_buf_put_byte(&k->in, ' ');
    put_head(&k->in);
    put_class(k);
    assert_false(cv_tnef_is(cv_buf_slice(&k->in)));
    assert_refused(k);
}

static void a_stream_without_attributes_is_none(void **state)
{
    kit *k = *state;
    assert_refused(k);
    cv_buf_put_u32le(&k->in, 0x223E9F78);
    assert_refused(k);
    cv_buf_put_u16le(&k->in, 0);
    assert_refused(k);
    assert_string_equal(k->err.what, "no attribute behind the TNEF signature");
}

static void a_wrong_sum_is_told_and_the_data_used(void **state)
{
    kit *k = *state;
    put_head(&k->in);
    put_class(k);
    put_file(k);
    k->in.data[k->in.len - 1] ^= 0xFF;
    kit_read(k);
    assert_class_and_file(k);
    assert_findings(k, CV_RULE_TNEF_CHECKSUM, 1);
    assert_int_equal(cv_report_count(k->report), 1);
}

static void a_length_beyond_the_end_is_clipped(void **state)
{
    kit *k = *state;
    put_head(&k->in);
    put_class(k);
    put_file(k);
    k->in.len -= 3; /* the sum and the last byte */
    kit_read(k);
    assert_data(cv_object_attachment(k->obj, 0), "on");
    assert_findings(k, CV_RULE_TNEF_TRUNCATED, 1);
}

static void a_missing_last_sum_is_nothing(void **state)
{
    kit *k = *state;
    put_head(&k->in);
    put_class(k);
    put_file(k);
    for (int cut = 1; cut <= 2; cut++) {
        k->in.len--;
        kit_read(k);
        assert_class_and_file(k);
        assert_int_equal(cv_report_count(k->report), 0);
    }
}

static void bytes_behind_the_last_attribute_are_a_note(void **state)
{
    kit *k = *state;
    put_head(&k->in);
    put_class(k);
    put_file(k);
    size_t end = k->in.len;
    cv_buf_put_str(&k->in, "\r\n");
    kit_read(k);
    assert_class_and_file(k);
    assert_findings(k, CV_RULE_TNEF_JUNK, 1);
    assert_int_equal(cv_report_worst(k->report), CV_NOTE);
    k->in.len = end;
    for (int i = 0; i < 4096; i++)
        cv_buf_put_byte(&k->in, 0);
    kit_read(k);
    assert_class_and_file(k);
    assert_int_equal(cv_report_worst(k->report), CV_NOTE);
}

static void a_level_that_is_none_ends_the_stream(void **state)
{
    kit *k = *state;
    put_head(&k->in);
    put_class(k);
    size_t at = k->in.len;
    for (int i = 0; i < 10; i++)
        put_file(k);
    k->in.data[at] = 7;
    kit_read(k);
    assert_string_prop(kit_props(k), CV_PidTagMessageClass, "IPM.Note.Own");
    assert_int_equal(cv_object_attachment_count(k->obj), 0);
    assert_findings(k, CV_RULE_TNEF_TRUNCATED, 1);
    assert_int_equal(cv_report_worst(k->report), CV_LOST);
}

static void a_length_of_four_gigabytes_ends_the_stream(void **state)
{
    static const uint32_t lengths[] = { 0x80000000, 0xFFFFFFFF };
    kit *k = *state;
    for (size_t i = 0; i < CV_LEN(lengths); i++) {
        cv_buf_reset(&k->in);
        put_head(&k->in);
        put_class(k);
        put_file(k);
        cv_buf_put_byte(&k->in, 1);
        cv_buf_put_u32le(&k->in, cv_tnef_attrs[TNEF_SUBJECT].id);
        cv_buf_put_u32le(&k->in, lengths[i]);
        cv_buf_put_str(&k->in, "text and more text");
        kit_read(k);
        assert_class_and_file(k);
        assert_false(cv_bag_has(kit_props(k), CV_PidTagSubject));
        assert_findings(k, CV_RULE_TNEF_TRUNCATED, 1);
    }
}

static void an_unknown_attribute_is_passed_over(void **state)
{
    kit *k = *state;
    put_head(&k->in);
    put_class(k);
    put_attr_id(&k->in, 1, 0x00067777, CV_S("what?"));
    put_file(k);
    kit_read(k);
    assert_class_and_file(k);
    assert_findings(k, CV_RULE_TNEF_ATTRIBUTE, 1);
}

/* Writers have left the wire type out. */
static void an_id_without_its_type_is_understood(void **state)
{
    kit *k = *state;
    put_head(&k->in);
    put_class(k);
    put_attr_id(&k->in, 2, 0x00009002, RENDER_FILE);
    put_attr_id(&k->in, 2, 0x0000800F, CV_S("one"));
    kit_read(k);
    assert_class_and_file(k);
    assert_int_equal(cv_report_count(k->report), 0);
}

static void both_ids_of_the_original_class_are_read(void **state)
{
    static const tnef_attr ids[] = { TNEF_ORIGINAL_CLASS,
                                     TNEF_ORIGINAL_CLASS_2 };
    kit *k = *state;
    for (size_t i = 0; i < CV_LEN(ids); i++) {
        cv_buf_reset(&k->in);
        put_head(&k->in);
        put_attr(&k->in, ids[i], TEXT0("IPM.Microsoft Mail.Note"));
        kit_read(k);
        assert_string_prop(kit_props(k), CV_PidTagOriginalMessageClass,
                           "IPM.Note");
    }
}

static void an_attachment_may_begin_with_its_properties(void **state)
{
    kit *k = *state;
    cv_buf list;
    cv_buf_init(&list, 0);
    cv_buf_put_u32le(&list, 1);
    put_sized_prop(&list, CV_PidTagAttachLongFilename, CV_S("b\0\0\0"));
    put_head(&k->in);
    put_class(k);
    put_attr(&k->in, TNEF_ATTACHMENT, cv_buf_slice(&list));
    put_file(k);
    kit_read(k);
    assert_class_and_file(k);
    assert_string_prop(cv_object_attachment(k->obj, 0)->props,
                       CV_PidTagAttachLongFilename, "b");
    cv_buf_clear(&list);
}

static void files_may_share_a_name(void **state)
{
    kit *k = *state;
    put_head(&k->in);
    put_file(k);
    put_file(k);
    kit_read(k);
    assert_int_equal(cv_object_attachment_count(k->obj), 2);
    for (size_t i = 0; i < 2; i++)
        assert_string_prop(cv_object_attachment(k->obj, i)->props,
                           CV_PidTagAttachFilename, "a.txt");
}

static void data_that_is_there_twice_is_the_property_s(void **state)
{
    kit *k = *state;
    for (int filled = 0; filled < 2; filled++) {
        cv_buf list;
        cv_buf_init(&list, 0);
        cv_buf_put_u32le(&list, 1);
        put_sized_prop(&list, CV_PidTagAttachDataBinary,
                       filled ? CV_S("two") : CV_S(""));
        cv_buf_reset(&k->in);
        put_head(&k->in);
        put_file(k);
        put_attr(&k->in, TNEF_ATTACHMENT, cv_buf_slice(&list));
        kit_read(k);
        assert_data(cv_object_attachment(k->obj, 0), filled ? "two" : "one");
        cv_buf_clear(&list);
    }
}

/* -- lists of properties -- */

/* attMsgProps of `count` properties, of which `bytes` hold the last. */
static void read_list(kit *k, uint32_t count, cv_slice bytes)
{
    cv_buf list;
    cv_buf_init(&list, 0);
    cv_buf_put_u32le(&list, count);
    put_sized_prop(&list, CV_PidTagSubject, CV_S("H\0i\0\0\0"));
    cv_buf_put_slice(&list, bytes);
    cv_buf_reset(&k->in);
    put_head(&k->in);
    put_attr(&k->in, TNEF_MSG_PROPS, cv_buf_slice(&list));
    put_class(k);
    put_file(k);
    cv_buf_clear(&list);
    kit_read(k);
    assert_class_and_file(k); /* what follows a list is not lost with it */
    assert_string_prop(kit_props(k), CV_PidTagSubject, "Hi");
}

static void a_list_that_breaks_off_keeps_what_came_before(void **state)
{
    static const struct {
        uint32_t count;
        cv_slice bytes;
    } rows[] = {
#define ROW(count, text) \
    { \
        count, \
        { \
            (const uint8_t *)text, sizeof(text) - 1 \
        } \
    }
        ROW(2, ""),
        ROW(UINT32_MAX, ""),
        ROW(70000, ""),
        ROW(2, "\x1F\0\0"),                            /* half a tag */
        ROW(2, "\x99\0\x01\x66\1\0\0\0\1\0\0\0"),      /* unknown type */
        ROW(2, "\0\0\x01\x66\1\0\0\0\1\0\0\0"),        /* no type */
        ROW(2, "\x02\x01\x01\x66\1\0\0\0\xFF\0\0\0x"), /* size beyond */
        ROW(2, "\x02\x01\x01\x66\1\0\0\0\xFF\xFF\xFF\xFFx"),
        ROW(2, "\x02\x01\x01\x66\xFF\xFF\xFF\xFF\0\0\0\0"), /* 2^32 values */
        ROW(2, "\x03\x10\x01\x66\xFF\xFF\xFF\xFF\0\0\0\0"),
        ROW(2, "\x1F\x10\x01\x66\xFF\xFF\xFF\x7F\0\0\0\0"),
        ROW(2, "\x03\0\x01\x80zzzzzzzzzzzzzzzz\2\0\0\0\0\0\0\0"), /* kind 2 */
        ROW(2, "\x03\0\x01\x80zzzzzzzzzzzzzzzz\1\0\0\0\xFF\xFF\xFF\xFF"),
        ROW(2, "\x48\0\x01\x66short"),
    };
    kit *k = *state;
    for (size_t i = 0; i < CV_LEN(rows); i++) {
        read_list(k, rows[i].count, rows[i].bytes);
        assert_findings(k, CV_RULE_TNEF_PROPERTY, 1);
        assert_false(cv_bag_has(kit_props(k), CV_TAG(0x6601, 0)));
    }
}

static const cv_prop *only_prop(kit *k, cv_slice bytes)
{
    read_list(k, 2, bytes);
    assert_int_equal(cv_report_count(k->report), 0);
    const cv_prop *prop = cv_bag_find(kit_props(k), CV_TAG(0x6601, 0));
    assert_non_null(prop);
    return prop;
}

static void of_several_single_values_the_first_counts(void **state)
{
    kit *k = *state;
    const cv_prop *p = only_prop(
        k, CV_S("\x02\x01\x01\x66\2\0\0\0\1\0\0\0a\0\0\0\1\0\0\0b\0\0\0"));
    assert_text(p->value.bytes, "a");
    p = only_prop(k, CV_S("\x1E\0\x01\x66\0\0\0\0"));
    assert_text(p->value.bytes, "");
}

static void text_needs_neither_nul_nor_even_length(void **state)
{
    kit *k = *state;
    assert_text(
        only_prop(k, CV_S("\x1E\0\x01\x66\1\0\0\0\2\0\0\0ab\0\0"))->value.bytes,
        "ab");
    assert_text(
        only_prop(k, CV_S("\x1F\0\x01\x66\1\0\0\0\5\0\0\0a\0b\0c\0\0\0"))
            ->value.bytes,
        "ab");
}

static void the_instance_flag_of_tables_is_dropped(void **state)
{
    kit *k = *state;
    const cv_prop *p =
        only_prop(k, CV_S("\x03\x30\x01\x66\2\0\0\0\1\0\0\0\2\0\0\0"));
    assert_int_equal(p->value.type, CV_T_MULTI | CV_T_I32);
    assert_int_equal(p->value.count, 2);
    assert_int_equal(p->value.i64s[1], 2);
}

/* The last padding of a list is not missed. */
static void the_end_of_a_list_needs_no_padding(void **state)
{
    kit *k = *state;
    assert_text(
        only_prop(k, CV_S("\x02\x01\x01\x66\1\0\0\0\1\0\0\0a"))->value.bytes,
        "a");
}

static void two_entries_of_one_name_are_one_property(void **state)
{
    kit *k = *state;
    /* number 0x8001 and 0x8002: PSETID_Common, 0x8501 */
    read_list(k, 3,
              CV_S("\x03\0\x01\x80\x08\x20\6\0\0\0\0\0\xC0\0\0\0\0\0\0\x46"
                   "\0\0\0\0\1\x85\0\0\5\0\0\0"
                   "\x03\0\x02\x80\x08\x20\6\0\0\0\0\0\xC0\0\0\0\0\0\0\x46"
                   "\0\0\0\0\1\x85\0\0\6\0\0\0"));
    assert_int_equal(cv_bag_i32_or(kit_props(k), CV_PidLidReminderDelta, 0), 5);
    /* subject, the name, the class: no third one under another number */
    assert_int_equal(cv_bag_count(kit_props(k)), 3);
}

static void times_are_kept_as_they_are(void **state)
{
    kit *k = *state;
    const cv_prop *p = only_prop(k, CV_S("\x40\0\x01\x66\0\0\0\0\0\0\0\0"));
    assert_int_equal(p->value.time, 0);
    assert_false(
        cv_bag_ticks(kit_props(k), CV_TAG(0x6601, CV_T_TIME), &(int64_t){ 0 }));
}

static void a_date_that_does_not_exist_is_left_out(void **state)
{
    kit *k = *state;
    put_head(&k->in);
    put_class(k);
    put_attr(&k->in, TNEF_DATE_SENT,
             CV_S("\xD4\7\2\0\x1E\0\xB\0\x19\0\x23\0\2\0")); /* 30 February */
    put_attr(&k->in, TNEF_DATE_START, CV_S("\xD4\7"));
    put_attr(&k->in, TNEF_DATE_END, CV_S("\xD4\7\0\1\1\0\0\0\0\0\0\0\0\0"));
    put_file(k);
    kit_read(k);
    assert_class_and_file(k);
    assert_findings(k, CV_RULE_TNEF_ATTRIBUTE, 3);
    assert_int_equal(cv_bag_count(kit_props(k)), 1);
}

static void addresses_with_wrong_lengths_are_left_out(void **state)
{
    kit *k = *state;
    put_head(&k->in);
    put_class(k);
    put_attr(&k->in, TNEF_FROM, CV_S("\4\0\0\0\xFF\xFF\1\0x"));
    put_attr(&k->in, TNEF_SENT_FOR, CV_S("\xFF\xFFx\0"));
    put_attr(&k->in, TNEF_OWNER, CV_S("\2"));
    put_file(k);
    kit_read(k);
    assert_class_and_file(k);
    assert_findings(k, CV_RULE_TNEF_ATTRIBUTE, 3);
}

/* No colon, no trailer, a wrong total. */
static void an_address_is_read_leniently(void **state)
{
    kit *k = *state;
    put_head(&k->in);
    put_attr(&k->in, TNEF_FROM, CV_S("\4\0\0\0\4\0\x0E\0Ann\0ann@a.example"));
    kit_read(k);
    assert_string_prop(kit_props(k), CV_PidTagSenderAddressType, "SMTP");
    assert_string_prop(kit_props(k), CV_PidTagSenderEmailAddress,
                       "ann@a.example");
    assert_int_equal(cv_report_count(k->report), 0);
}

static void a_recipient_table_that_breaks_off_keeps_its_rows(void **state)
{
    kit *k = *state;
    cv_buf table;
    cv_buf_init(&table, 0);
    cv_buf_put_u32le(&table, 0xFFFFFFFF);
    cv_buf_put_u32le(&table, 1);
    put_sized_prop(&table, CV_PidTagDisplayName, CV_S("B\0\0\0"));
    put_head(&k->in);
    put_class(k);
    put_attr(&k->in, TNEF_RECIP_TABLE, cv_buf_slice(&table));
    put_file(k);
    kit_read(k);
    assert_class_and_file(k);
    assert_int_equal(cv_object_recipient_count(k->obj), 1);
    assert_findings(k, CV_RULE_TNEF_PROPERTY, 1);
    cv_buf_clear(&table);
}

/* -- cases -- */

/* Objects, class ids, several texts, no values at all. */
static void c074_values_of_every_type_are_read(void **state)
{
    static const struct {
        cv_slice bytes;
        uint16_t type;
        uint32_t count;
    } rows[] = {
#define VALUE(type, count, text) \
    { { (const uint8_t *)text, sizeof(text) - 1 }, type, count }
        VALUE(CV_T_I16, 1, "\x02\0\x01\x66\1\0zz"),
        VALUE(CV_T_I32, 1, "\x03\0\x01\x66\1\0\0\0"),
        VALUE(CV_T_F32, 1, "\x04\0\x01\x66\0\0\0\0"),
        VALUE(CV_T_F64, 1, "\x05\0\x01\x66\0\0\0\0\0\0\0\0"),
        VALUE(CV_T_CURRENCY, 1, "\x06\0\x01\x66\0\0\0\0\0\0\0\0"),
        VALUE(CV_T_FLOATTIME, 1, "\x07\0\x01\x66\0\0\0\0\0\0\0\0"),
        VALUE(CV_T_ERROR, 1, "\x0A\0\x01\x66\x0F\1\4\x80"),
        VALUE(CV_T_BOOL, 1, "\x0B\0\x01\x66\1\0zz"),
        VALUE(CV_T_I64, 1, "\x14\0\x01\x66\0\0\0\0\0\0\0\0"),
        VALUE(CV_T_OBJECT, 1, "\x0D\0\x01\x66\1\0\0\0\1\0\0\0o\0\0\0"),
        VALUE(CV_T_GUID, 1, "\x48\0\x01\x66zzzzzzzzzzzzzzzz"),
        VALUE(CV_T_MULTI | CV_T_STRING, 2,
              "\x1F\x10\x01\x66\2\0\0\0\4\0\0\0a\0\0\0\2\0\0\0\0\0\0\0"),
        VALUE(CV_T_MULTI | CV_T_STRING8, 1,
              "\x1E\x10\x01\x66\1\0\0\0\2\0\0\0a\0\0\0"),
        VALUE(CV_T_MULTI | CV_T_BINARY, 1,
              "\x02\x11\x01\x66\1\0\0\0\1\0\0\0a\0\0\0"),
        VALUE(CV_T_MULTI | CV_T_GUID, 1,
              "\x48\x10\x01\x66\1\0\0\0zzzzzzzzzzzzzzzz"),
        VALUE(CV_T_MULTI | CV_T_TIME, 1,
              "\x40\x10\x01\x66\1\0\0\0\0\0\0\0\0\0\0\0"),
        VALUE(CV_T_MULTI | CV_T_I16, 2, "\x02\x10\x01\x66\2\0\0\0\1\0zz\2\0zz"),
        VALUE(CV_T_MULTI | CV_T_I32, 0, "\x03\x10\x01\x66\0\0\0\0"),
        VALUE(CV_T_MULTI | CV_T_STRING, 0, "\x1F\x10\x01\x66\0\0\0\0"),
        VALUE(CV_T_MULTI | CV_T_BINARY, 0, "\x02\x11\x01\x66\0\0\0\0"),
        VALUE(CV_T_OBJECT, 1, "\x0D\0\x01\x66\0\0\0\0"),
    };
    kit *k = *state;
    for (size_t i = 0; i < CV_LEN(rows); i++) {
        const cv_prop *p = only_prop(k, rows[i].bytes);
        assert_int_equal(p->value.type, rows[i].type);
        assert_int_equal(p->value.count, rows[i].count);
    }
}

static void c075_a_value_may_have_any_size(void **state)
{
    static const size_t sizes[] = { 100001, 245264, 5000000 };
    kit *k = *state;
    for (size_t i = 0; i < CV_LEN(sizes); i++) {
        cv_slice got;
        cv_buf list;
        cv_buf_init(&list, 0);
        cv_buf_put_u32le(&list, 1);
        cv_buf_put_u32le(&list, CV_PidTagHtml);
        cv_buf_put_u32le(&list, 1);
        cv_buf_put_u32le(&list, (uint32_t)sizes[i]);
        for (size_t n = 0; n < sizes[i]; n++)
            cv_buf_put_byte(&list, (uint8_t)n);
        put_padding(&list);
        cv_buf_reset(&k->in);
        put_head(&k->in);
        put_attr(&k->in, TNEF_MSG_PROPS, cv_buf_slice(&list));
        cv_buf_clear(&list);
        kit_read(k);
        assert_int_equal(cv_report_count(k->report), 0);
        assert_true(cv_bag_binary(kit_props(k), CV_PidTagHtml, &got));
        assert_int_equal(got.len, sizes[i]);
        assert_int_equal(got.ptr[sizes[i] - 1], (uint8_t)(sizes[i] - 1));
    }
}

/* -- limits -- */

/* A stream within a stream, and so on; without data the innermost. */
static void nest(kit *k, unsigned depth)
{
    put_head(&k->in);
    put_class(k);
    for (unsigned i = 0; i < depth; i++) {
        cv_buf inner = k->in;
        cv_buf_init(&k->in, 0);
        put_head(&k->in);
        put_class(k);
        put_attr(&k->in, TNEF_RENDER_DATA, RENDER_FILE);
        put_attr(&k->in, TNEF_ATTACH_DATA, cv_buf_slice(&inner));
        cv_buf_clear(&inner);
    }
}

static void streams_nest_up_to_a_limit(void **state)
{
    kit *k = *state;
    for (unsigned over = 0; over < 2; over++) {
        unsigned depth = 0;
        cv_buf_reset(&k->in);
        nest(k, CV_LIMIT_EMBED_DEPTH + over);
        kit_read(k);
        const cv_object *obj = k->obj;
        while (cv_object_attachment_count(obj) &&
               cv_object_attachment(obj, 0)->embedded) {
            obj = cv_object_attachment(obj, 0)->embedded;
            depth++;
        }
        assert_int_equal(depth, CV_LIMIT_EMBED_DEPTH);
        assert_findings(k, CV_RULE_LIMIT, over);
        assert_int_equal(cv_object_attachment_count(obj), over);
        if (over) /* deeper ones stay files */
            assert_true(cv_object_attachment(obj, 0)->has_data);
    }
}

static void attachments_beyond_the_limit_are_told(void **state)
{
    kit *k = *state;
    put_head(&k->in);
    for (unsigned i = 0; i < CV_LIMIT_ATTACHMENTS + 3; i++)
        put_attr(&k->in, TNEF_RENDER_DATA, RENDER_FILE);
    kit_read(k);
    assert_int_equal(cv_object_attachment_count(k->obj), CV_LIMIT_ATTACHMENTS);
    assert_findings(k, CV_RULE_LIMIT, 1);
}

static void recipients_beyond_the_limit_are_told(void **state)
{
    kit *k = *state;
    cv_buf table;
    cv_buf_init(&table, 0);
    cv_buf_put_u32le(&table, CV_LIMIT_RECIPIENTS + 3);
    for (unsigned i = 0; i < CV_LIMIT_RECIPIENTS + 3; i++)
        cv_buf_put_u32le(&table, 0);
    put_head(&k->in);
    put_attr(&k->in, TNEF_RECIP_TABLE, cv_buf_slice(&table));
    kit_read(k);
    assert_int_equal(cv_object_recipient_count(k->obj), CV_LIMIT_RECIPIENTS);
    assert_findings(k, CV_RULE_LIMIT, 1);
    cv_buf_clear(&table);
}

static void properties_and_values_beyond_the_limit_are_told(void **state)
{
    kit *k = *state;
    cv_buf list;
    cv_buf_init(&list, 0);
    cv_buf_put_u32le(&list, CV_LIMIT_PROPS + 4);
    cv_buf_put_u32le(&list, CV_TAG(0x6601, CV_T_MULTI | CV_T_I32));
    cv_buf_put_u32le(&list, CV_LIMIT_MULTI_VALUES + 1);
    for (unsigned i = 0; i <= CV_LIMIT_MULTI_VALUES; i++)
        cv_buf_put_u32le(&list, i);
    for (unsigned i = 0; i < CV_LIMIT_PROPS + 3; i++) {
        cv_buf_put_u32le(&list, CV_TAG(1 + i, CV_T_I32));
        cv_buf_put_u32le(&list, i);
    }
    put_head(&k->in);
    put_attr(&k->in, TNEF_MSG_PROPS, cv_buf_slice(&list));
    kit_read(k);
    assert_int_equal(cv_bag_count(kit_props(k)), CV_LIMIT_PROPS);
    assert_findings(k, CV_RULE_TNEF_PROPERTY, 1);
    cv_buf_clear(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        KIT(the_signature_is_searched_for),
        KIT(a_damaged_signature_before_a_first_attribute_is_read),
        KIT(a_signature_further_in_is_none),
        KIT(a_stream_without_attributes_is_none),
        KIT(a_wrong_sum_is_told_and_the_data_used),
        KIT(a_length_beyond_the_end_is_clipped),
        KIT(a_missing_last_sum_is_nothing),
        KIT(bytes_behind_the_last_attribute_are_a_note),
        KIT(a_level_that_is_none_ends_the_stream),
        KIT(a_length_of_four_gigabytes_ends_the_stream),
        KIT(an_unknown_attribute_is_passed_over),
        KIT(an_id_without_its_type_is_understood),
        KIT(both_ids_of_the_original_class_are_read),
        KIT(an_attachment_may_begin_with_its_properties),
        KIT(files_may_share_a_name),
        KIT(data_that_is_there_twice_is_the_property_s),
        KIT(a_list_that_breaks_off_keeps_what_came_before),
        KIT(of_several_single_values_the_first_counts),
        KIT(text_needs_neither_nul_nor_even_length),
        KIT(the_instance_flag_of_tables_is_dropped),
        KIT(the_end_of_a_list_needs_no_padding),
        KIT(two_entries_of_one_name_are_one_property),
        KIT(times_are_kept_as_they_are),
        KIT(a_date_that_does_not_exist_is_left_out),
        KIT(addresses_with_wrong_lengths_are_left_out),
        KIT(an_address_is_read_leniently),
        KIT(a_recipient_table_that_breaks_off_keeps_its_rows),
        KIT(c074_values_of_every_type_are_read),
        KIT(c075_a_value_may_have_any_size),
        KIT(streams_nest_up_to_a_limit),
        KIT(attachments_beyond_the_limit_are_told),
        KIT(recipients_beyond_the_limit_are_told),
        KIT(properties_and_values_beyond_the_limit_are_told),
    };
    return cmocka_run_group_tests_name("tnef_defects", tests, NULL, NULL);
}
