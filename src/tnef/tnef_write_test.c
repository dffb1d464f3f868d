/* What is written is read again. */
#include "tnef/tnef_test_kit.h"

#include "base/reader.h"
#include "mapi/random_object_test.h"

#include <stdio.h>

/* The object's stream, in k->in. */
static void write_object(kit *k, const cv_object *obj, bool recipients)
{
    cv_tnef_write_options options = { .recipients = recipients };
    cv_sink sink = cv_buf_sink(&k->in);
    cv_buf_reset(&k->in);
    if (cv_tnef_write(obj, &options, &sink, k->report, &k->err) != CV_OK)
        fail_msg("%s", k->err.what);
}

static cv_object *read_object(kit *k)
{
    cv_object *obj = NULL;
    assert_int_equal(
        cv_tnef_read(cv_buf_slice(&k->in), &obj, k->report, &k->err), CV_OK);
    return obj;
}

static cv_object *new_object(void)
{
    cv_object *obj = NULL;
    assert_int_equal(cv_object_new(0, &obj, NULL), CV_OK);
    return obj;
}

static void set_text(cv_bag *bag, cv_tag tag, const char *text)
{
    cv_bag_set_string(bag, tag, cv_slice_cstr(text));
}

/* The attributes of the stream in k->in, in order: "id id id". */
static const char *attributes(kit *k, char out[512])
{
    cv_slice in = cv_buf_slice(&k->in);
    size_t used = 0;
    out[0] = '\0';
    for (size_t at = 6; at + 9 <= in.len;) {
        size_t len = cv_peek_u32le(in, at + 5);
        assert_int_equal(cv_tnef_sum(cv_slice_sub(in, at + 9, len)),
                         cv_peek_u16le(in, at + 9 + len));
        used += (size_t)snprintf(
            out + used, 512 - used, "%s%u:%04X", used ? " " : "", in.ptr[at],
            (unsigned)(cv_peek_u32le(in, at + 1) & 0xFFFF));
        at += 9 + len + 2;
    }
    return out;
}

/* The data of an attribute in the stream. */
static cv_slice attribute(kit *k, tnef_attr attr)
{
    cv_slice in = cv_buf_slice(&k->in);
    for (size_t at = 6; at + 9 <= in.len;) {
        size_t len = cv_peek_u32le(in, at + 5);
        if (cv_peek_u32le(in, at + 1) == cv_tnef_attrs[attr].id)
            return cv_slice_sub(in, at + 9, len);
        at += 9 + len + 2;
    }
    fail_msg("no %s", cv_tnef_attrs[attr].name);
    return CV_S("");
}

static void attributes_are_those_of_the_specification(void **state)
{
    kit *k = *state;
    char ids[512];
    cv_object *obj = new_object();
    cv_bag *props = cv_object_props(obj);
    const uint8_t key[] = { 0x75, 0x7B, 0xB1 };
    set_text(props, CV_PidTagMessageClass, "IPM.Schedule.Meeting.Request");
    set_text(props, CV_PidTagSubject, "Simple subject");
    set_text(props, CV_PidTagBody, "text");
    cv_bag_set_i32(props, CV_PidTagImportance, 1);
    cv_bag_set_binary(props, CV_PidTagSearchKey, cv_slice_of(key, 3));
    /* 2004-02-17 11:25:35 */
    cv_bag_set_time(props, CV_PidTagClientSubmitTime,
                    UINT64_C(127214907350000000));
    static const cv_tag people[][3] = {
        { CV_PidTagSenderName, CV_PidTagSenderAddressType,
          CV_PidTagSenderEmailAddress },
        { CV_PidTagSentRepresentingName, CV_PidTagSentRepresentingAddressType,
          CV_PidTagSentRepresentingEmailAddress },
    };
    for (size_t i = 0; i < CV_LEN(people); i++) {
        set_text(props, people[i][0], "Ann");
        set_text(props, people[i][1], "SMTP");
        set_text(props, people[i][2], "ann@a.example");
    }
    write_object(k, obj, false);
    assert_string_equal(attributes(k, ids),
                        "1:9006 1:9007 1:8008 1:8000 1:8004 1:8005 1:8009 "
                        "1:800D 1:0001 1:0000 1:9003");
    assert_bytes(attribute(k, TNEF_VERSION), CV_S("\0\0\1\0"));
    assert_bytes(attribute(k, TNEF_OEM_CODEPAGE), CV_S("\xE4\4\0\0\0\0\0\0"));
    assert_bytes(attribute(k, TNEF_MESSAGE_CLASS),
                 TEXT0("IPM.Microsoft Schedule.MtgReq"));
    assert_bytes(attribute(k, TNEF_FROM),
                 CV_S("\4\0\x27\0\4\0\x13\0Ann\0SMTP:ann@a.example\0"
                      "\0\0\0\0\0\0\0\0"));
    assert_int_equal(cv_tnef_sum(attribute(k, TNEF_FROM)), 0x07D5);
    assert_int_equal(cv_tnef_sum(attribute(k, TNEF_SUBJECT)), 0x057A);
    assert_bytes(attribute(k, TNEF_DATE_SENT),
                 CV_S("\xD4\7\2\0\x11\0\xB\0\x19\0\x23\0\2\0"));
    assert_bytes(attribute(k, TNEF_MESSAGE_ID), TEXT0("757BB1"));
    assert_bytes(attribute(k, TNEF_PRIORITY), CV_S("\2\0"));
    assert_bytes(attribute(k, TNEF_OWNER),
                 CV_S("\4\0Ann\0\x13\0SMTP:ann@a.example\0"));
    cv_object *again = read_object(k);
    assert_int_equal(cv_bag_count(cv_object_props(again)),
                     cv_bag_count(props) + 1); /* its code page */
    cv_object_free(&again);
    cv_object_free(&obj);
}

/* An object with all that a stream can hold. */
static cv_object *rich_object(void)
{
    static const char cfb[] = "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1 file";
    cv_object *obj = new_object();
    cv_bag *props = cv_object_props(obj);
    set_text(props, CV_PidTagMessageClass, "IPM.Note");
    set_text(props, CV_PidTagSubject, "\xE2\x82\xAC \xE6\x97\xA5");
    cv_bag_set_i32(props, CV_PidTagMessageCodepage, 932);
    cv_bag_set_time(props, CV_PidTagMessageDeliveryTime, 0);
    cv_bag_set_i32(props, CV_PidLidBusyStatus, 2);
    assert_int_equal(cv_object_set_named_string(obj, props,
                                                CV_SET_PS_INTERNET_HEADERS,
                                                CV_S("x-own"), CV_S("v")),
                     CV_OK);
    const cv_value text8 = { .type = CV_T_STRING8,
                             .count = 1,
                             .bytes = CV_S("\xE6\x97\xA5") };
    assert_int_equal(cv_bag_put(props, CV_TAG(0x6600, 0), &text8, NULL), CV_OK);
    for (int i = 0; i < 2; i++) {
        cv_bag *row = cv_object_add_recipient(obj);
        cv_bag_set_i32(row, CV_PidTagRecipientType, i ? 3 : 1);
        set_text(row, CV_PidTagDisplayName, i ? "Blind" : "Bob");
    }
    static const struct {
        int32_t method;
        cv_slice data;
    } files[] = { { 1, { (const uint8_t *)"one", 3 } },
                  { 1, { (const uint8_t *)"", 0 } },
                  { 6, { (const uint8_t *)cfb, sizeof cfb } },
                  { 6, { (const uint8_t *)"ole1", 4 } } };
    for (size_t i = 0; i < CV_LEN(files); i++) {
        cv_attachment *a = cv_object_add_attachment(obj);
        cv_bag_set_i32(a->props, CV_PidTagAttachMethod, files[i].method);
        cv_bag_set_i32(a->props, CV_PidTagRenderingPosition, -1);
        set_text(a->props, CV_PidTagAttachLongFilename, "long name.txt");
        set_text(a->props, CV_PidTagAttachFilename, "LONGNA~1.TXT");
        a->has_data = true;
        a->data = cv_blob_mem(files[i].data);
    }
    cv_attachment *a = cv_object_add_attachment(obj);
    cv_bag_set_i32(a->props, CV_PidTagAttachMethod, 5);
    cv_bag_set_i32(a->props, CV_PidTagRenderingPosition, -1);
    a->embedded = cv_object_new_embedded(obj);
    cv_bag *inner = cv_object_props(a->embedded);
    set_text(inner, CV_PidTagMessageClass, "IPM.Appointment");
    cv_bag_set_i32(inner, CV_PidTagMessageFlags, 9);
    cv_bag_set_i32(inner, CV_PidTagMessageCodepage, 1252);
    cv_bag *row = cv_object_add_recipient(a->embedded);
    cv_bag_set_i32(row, CV_PidTagRecipientType, 2);
    return obj;
}

static void an_object_survives_with_its_recipients(void **state)
{
    kit *k = *state;
    cv_object *obj = rich_object();
    write_object(k, obj, true);
    cv_object *again = read_object(k);
    assert_true(cv_object_eq(obj, again));
    assert_int_equal(cv_report_count(k->report), 0);
    cv_object_free(&again);
    cv_object_free(&obj);
}

static void in_mail_only_embedded_messages_have_recipients(void **state)
{
    kit *k = *state;
    cv_object *obj = rich_object();
    cv_object *inner = cv_object_attachment(obj, 4)->embedded;
    cv_bag_set_i32(cv_object_add_recipient(inner), CV_PidTagRecipientType, 3);
    write_object(k, obj, false);
    cv_object *again = read_object(k);
    assert_int_equal(cv_object_recipient_count(again), 0);
    inner = cv_object_attachment(again, 4)->embedded;
    assert_int_equal(cv_object_recipient_count(inner), 1);
    assert_int_equal(
        cv_bag_i32_or(cv_object_recipient(inner, 0), CV_PidTagRecipientType, 0),
        2);
    cv_object_free(&again);
    cv_object_free(&obj);
}

/* The stream of an object in a buffer of its own, which what is read from it
 * borrows from. */
static cv_buf stream_of(kit *k, const cv_object *obj)
{
    write_object(k, obj, true);
    cv_buf stream = k->in;
    cv_buf_init(&k->in, 0);
    return stream;
}

static cv_object *object_of(kit *k, const cv_buf *stream)
{
    cv_object *obj = NULL;
    assert_int_equal(
        cv_tnef_read(cv_buf_slice(stream), &obj, k->report, &k->err), CV_OK);
    return obj;
}

/* After the first time nothing changes any more, to the byte. */
static void random_objects_settle_at_once(void **state)
{
    kit *k = *state;
    for (uint64_t seed = 1; seed <= 300; seed++) {
        cv_object *obj = random_object(seed);
        assert_non_null(obj);
        cv_buf a = stream_of(k, obj);
        cv_object *first = object_of(k, &a);
        assert_int_equal(cv_object_recipient_count(first),
                         cv_object_recipient_count(obj));
        assert_int_equal(cv_object_attachment_count(first),
                         cv_object_attachment_count(obj));
        cv_buf b = stream_of(k, first);
        cv_object *second = object_of(k, &b);
        if (!cv_object_eq(first, second))
            fail_msg("seed %u", (unsigned)seed);
        cv_buf c = stream_of(k, second);
        assert_bytes(cv_buf_slice(&c), cv_buf_slice(&b));
        cv_object_free(&second);
        cv_object_free(&first);
        cv_object_free(&obj);
        cv_buf_clear(&a);
        cv_buf_clear(&b);
        cv_buf_clear(&c);
    }
}

/* A blob that only pumping can tell about, in pieces of a given size. */
typedef struct pump {
    size_t len, said, calls;
} pump;

static uint8_t pattern(size_t i)
{
    return (uint8_t)(i * 7 + i / 251);
}

static cv_status pump_out(void *ctx, const cv_sink *to, cv_error *err)
{
    pump *p = ctx;
    uint8_t piece[4096];
    p->calls++;
    for (size_t at = 0; at < p->len;) {
        size_t n = p->len - at < sizeof piece ? p->len - at : sizeof piece;
        for (size_t i = 0; i < n; i++)
            piece[i] = pattern(at + i);
        CV_TRY(cv_sink_put(to, cv_slice_of(piece, n), err));
        at += n;
    }
    return CV_OK;
}

static const cv_attachment *through(kit *k, pump *p, uint64_t said)
{
    cv_object *obj = new_object();
    cv_attachment *a = cv_object_add_attachment(obj);
    a->has_data = true;
    a->data = (cv_blob){ .size_bytes = said, .pump = pump_out, .ctx = p };
    write_object(k, obj, false);
    cv_object_free(&obj);
    kit_read(k);
    return cv_object_attachment(k->obj, 0);
}

static void c079_data_of_any_size_arrives_unharmed(void **state)
{
    static const size_t sizes[] = { 0,     1,     4095,    4096,   4097,
                                    65535, 65536, 1 << 20, 900000, 900001 };
    kit *k = *state;
    for (size_t i = 0; i < CV_LEN(sizes); i++) {
        pump p = { .len = sizes[i] };
        for (int known = 0; known < 2; known++) {
            p.calls = 0;
            const cv_attachment *a =
                through(k, &p, known ? sizes[i] : UINT64_MAX);
            assert_int_equal(p.calls, known ? 1 : 2); /* counted, written */
            assert_int_equal(a->data.mem.len, sizes[i]);
            for (size_t n = 0; n < sizes[i]; n++)
                if (a->data.mem.ptr[n] != pattern(n))
                    fail_msg("byte %zu of %zu", n, sizes[i]);
            assert_int_equal(cv_report_count(k->report), 0);
        }
    }
}

static void data_that_misstates_its_size_leaves_a_sound_stream(void **state)
{
    kit *k = *state;
    pump p = { .len = 10 };
    const cv_attachment *a = through(k, &p, 12);
    assert_int_equal(a->data.mem.len, 12);
    assert_int_equal(a->data.mem.ptr[9], pattern(9));
    assert_int_equal(a->data.mem.ptr[11], 0);
    assert_int_equal(cv_report_count(k->report), 0);
    a = through(k, &p, 8);
    assert_int_equal(a->data.mem.len, 8);
    assert_int_equal(cv_report_count(k->report), 0);
}

static void data_beyond_two_gibibytes_is_left_out(void **state)
{
    kit *k = *state;
    cv_object *obj = new_object();
    pump p = { .len = 1 };
    cv_attachment *a = cv_object_add_attachment(obj);
    set_text(a->props, CV_PidTagAttachFilename, "big");
    a->has_data = true;
    a->data = (cv_blob){ .size_bytes = UINT64_C(1) << 31,
                         .pump = pump_out,
                         .ctx = &p };
    write_object(k, obj, false);
    assert_findings(k, CV_RULE_LIMIT, 1);
    kit_read(k);
    assert_false(cv_object_attachment(k->obj, 0)->has_data);
    assert_string_prop(cv_object_attachment(k->obj, 0)->props,
                       CV_PidTagAttachFilename, "big");
    cv_object_free(&obj);
}

static cv_status refuse(void *ctx, const cv_sink *to, cv_error *err)
{
    (void)ctx;
    (void)to;
    return cv_fail(err, CV_ERR_IO, "gone");
}

static void data_that_cannot_be_had_costs_itself(void **state)
{
    kit *k = *state;
    cv_object *obj = new_object();
    cv_attachment *a = cv_object_add_attachment(obj);
    set_text(a->props, CV_PidTagAttachFilename, "x");
    a->has_data = true;
    a->data = (cv_blob){ .size_bytes = UINT64_MAX, .pump = refuse };
    write_object(k, obj, false);
    assert_findings(k, CV_RULE_ATTACHMENT_DATA, 1);
    kit_read(k);
    assert_int_equal(cv_object_attachment_count(k->obj), 1);
    cv_object_free(&obj);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        KIT(attributes_are_those_of_the_specification),
        KIT(an_object_survives_with_its_recipients),
        KIT(in_mail_only_embedded_messages_have_recipients),
        KIT(random_objects_settle_at_once),
        KIT(c079_data_of_any_size_arrives_unharmed),
        KIT(data_that_misstates_its_size_leaves_a_sound_stream),
        KIT(data_beyond_two_gibibytes_is_left_out),
        KIT(data_that_cannot_be_had_costs_itself),
    };
    return cmocka_run_group_tests_name("tnef_write", tests, NULL, NULL);
}
