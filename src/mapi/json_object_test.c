#include "mapi/json.h"

#include "mapi/random_object_test.h"

#include "base/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static cv_object *make(void)
{
    cv_object *obj = NULL;
    assert_int_equal(cv_object_new(0, &obj, NULL), CV_OK);
    return obj;
}

static cv_buf to_json(const cv_object *obj, unsigned flags)
{
    cv_buf buf;
    cv_buf_init(&buf, 0);
    cv_sink sink = cv_buf_sink(&buf);
    assert_int_equal(cv_object_to_json(obj, flags, &sink, NULL), CV_OK);
    return buf;
}

static cv_object *from_json(cv_slice text)
{
    cv_object *obj = NULL;
    cv_error err = { 0 };
    cv_status status = cv_object_from_json(text, &obj, NULL, &err);
    assert_string_equal(err.what, "");
    assert_int_equal(status, CV_OK);
    return obj;
}

/* A property in the form's own words. */
typedef struct row {
    cv_tag tag;
    cv_value value;
    const char *json;
} row;

#define I64(v) \
    { \
        .i64 = (v) \
    }
#define F64(v) \
    { \
        .f64 = (v) \
    }
#define TEXT(v) \
    { \
        .bytes = CV_S(v) \
    }

static const int64_t numbers[] = { 1, -2 };
static const uint64_t times[] = { 0, UINT64_C(0x019DB1DED53E8000) };
static const double reals[] = { 0.5, -1 };
static const cv_guid guids[] = { { { 0x02, 0x20, 6, 0, 0, 0, 0, 0, 0xC0, 0, 0,
                                     0, 0, 0, 0, 0x46 } } };
static const cv_slice slices[] = { { (const uint8_t *)"a", 1 },
                                   { (const uint8_t *)"", 0 } };

/* Every row of the table of object-json.md, and its edges. */
static const row rows[] = {
    { 0x70000000, { 0 }, "\"type\":\"PtypUnspecified\",\"value\":null" },
    { 0x70000001, { 0 }, "\"type\":\"PtypNull\",\"value\":null" },
    { 0x70000002, I64(-32768), "\"type\":\"PtypInteger16\",\"value\":-32768" },
    { 0x70000003, I64(INT32_MAX),
      "\"type\":\"PtypInteger32\",\"value\":2147483647" },
    { 0x70000004, F64(0.1F), "\"type\":\"PtypFloating32\",\"value\":0.1" },
    { 0x70000004, F64(NAN), "\"type\":\"PtypFloating32\",\"value\":\"NaN\"" },
    { 0x70000005, F64(0.1), "\"type\":\"PtypFloating64\",\"value\":0.1" },
    { 0x70000005, F64(-INFINITY),
      "\"type\":\"PtypFloating64\",\"value\":\"-Infinity\"" },
    { 0x70000006, I64(-10001),
      "\"type\":\"PtypCurrency\",\"value\":\"-1.0001\"" },
    { 0x70000006, I64(INT64_MIN),
      "\"type\":\"PtypCurrency\",\"value\":\"-922337203685477.5808\"" },
    { 0x70000007, F64(36526.5),
      "\"type\":\"PtypFloatingTime\",\"value\":\"2000-01-01T12:00:00\"" },
    { 0x70000007, F64(1e9),
      "\"type\":\"PtypFloatingTime\",\"value\":\"oledate:1000000000\"" },
    { 0x70000007, F64(NAN),
      "\"type\":\"PtypFloatingTime\",\"value\":\"oledate:NaN\"" },
    { 0x7000000A,
      { .error = 0x8004010F },
      "\"type\":\"PtypErrorCode\",\"value\":\"error:0x8004010F\"" },
    { 0x7000000B, I64(1), "\"type\":\"PtypBoolean\",\"value\":true" },
    { 0x7000000D, TEXT(""), "\"type\":\"PtypObject\",\"value\":null" },
    { 0x7000000D, TEXT("x"), "\"type\":\"PtypObject\",\"value\":\"78\"" },
    { 0x70000014, I64(INT64_C(1) << 53),
      "\"type\":\"PtypInteger64\",\"value\":9007199254740992" },
    { 0x70000014, I64((INT64_C(1) << 53) + 1),
      "\"type\":\"PtypInteger64\",\"value\":\"9007199254740993\"" },
    { 0x70000014, I64(INT64_MIN),
      "\"type\":\"PtypInteger64\",\"value\":\"-9223372036854775808\"" },
    { 0x7000001E, TEXT("\xC3\xA4"),
      "\"type\":\"PtypString8\",\"value\":\"\xC3\xA4\"" },
    { 0x7000001F,
      { .bytes = { (const uint8_t *)"a\xEF\xBF\xBD", 4 },
        .lossy = true,
        .raw = { (const uint8_t *)"a\0\0\xD8", 4 } },
      "\"type\":\"PtypString\",\"value\":\"a\xEF\xBF\xBD\","
      "\"raw\":\"610000d8\"" },
    { 0x70000040,
      { .time = 0 },
      "\"type\":\"PtypTime\",\"value\":\"1601-01-01T00:00:00Z\"" },
    { 0x70000040,
      { .time = UINT64_C(0x019DB1DED53E8001) },
      "\"type\":\"PtypTime\",\"value\":\"1970-01-01T00:00:00.0000001Z\"" },
    { 0x70000040,
      { .time = UINT64_C(0x24C85A5ED1C03FFF) },
      "\"type\":\"PtypTime\",\"value\":\"9999-12-31T23:59:59.9999999Z\"" },
    { 0x70000040,
      { .time = UINT64_C(0x24C85A5ED1C04000) },
      "\"type\":\"PtypTime\",\"value\":\"filetime:0x24C85A5ED1C04000\"" },
    { 0x70000040,
      { .time = UINT64_MAX },
      "\"type\":\"PtypTime\",\"value\":\"filetime:0xFFFFFFFFFFFFFFFF\"" },
    { 0x70000048,
      { .guid = { { 0x02, 0x20, 6, 0, 0, 0, 0, 0, 0xC0, 0, 0, 0, 0, 0, 0,
                    0x46 } } },
      "\"type\":\"PtypGuid\",\"value\":"
      "\"{00062002-0000-0000-C000-000000000046}\"" },
    { 0x700000FB, TEXT("x"), "\"type\":\"PtypServerId\",\"value\":\"78\"" },
    { 0x700000FD, TEXT("x"), "\"type\":\"PtypRestriction\",\"value\":\"78\"" },
    { 0x700000FE, TEXT("x"), "\"type\":\"PtypRuleAction\",\"value\":\"78\"" },
    { 0x70000102, TEXT("\x01\xAB"),
      "\"type\":\"PtypBinary\",\"value\":\"01ab\"" },
    { 0x70000102, TEXT(""), "\"type\":\"PtypBinary\",\"value\":\"\"" },
    { 0x70000099, TEXT("x"), "\"type\":\"0x0099\",\"value\":\"78\"" },
    { 0x70001003,
      { .count = 2, .i64s = numbers },
      "\"type\":\"PtypMultipleInteger32\",\"value\":[1,-2]" },
    { 0x70001003,
      { .count = 0, .i64s = numbers },
      "\"type\":\"PtypMultipleInteger32\",\"value\":[]" },
    { 0x70001006,
      { .count = 2, .i64s = numbers },
      "\"type\":\"PtypMultipleCurrency\",\"value\":[\"0.0001\",\"-0.0002\"]" },
    { 0x70001005,
      { .count = 2, .f64s = reals },
      "\"type\":\"PtypMultipleFloating64\",\"value\":[0.5,-1]" },
    { 0x70001040,
      { .count = 2, .times = times },
      "\"type\":\"PtypMultipleTime\",\"value\":"
      "[\"1601-01-01T00:00:00Z\",\"1970-01-01T00:00:00Z\"]" },
    { 0x70001048,
      { .count = 1, .guids = guids },
      "\"type\":\"PtypMultipleGuid\",\"value\":"
      "[\"{00062002-0000-0000-C000-000000000046}\"]" },
    { 0x7000101F,
      { .count = 2, .slices = slices },
      "\"type\":\"PtypMultipleString\",\"value\":[\"a\",\"\"]" },
    { 0x70001102,
      { .count = 2, .slices = slices },
      "\"type\":\"PtypMultipleBinary\",\"value\":[\"61\",\"\"]" },
};

static void every_type_has_its_form_both_ways(void **state)
{
    (void)state;
    for (size_t i = 0; i < CV_LEN(rows); i++) {
        cv_object *obj = make();
        cv_value value = rows[i].value;
        value.type = CV_TAG_TYPE(rows[i].tag);
        assert_int_equal(
            cv_bag_put(cv_object_props(obj), rows[i].tag, &value, NULL), CV_OK);
        cv_buf buf = to_json(obj, CV_JSON_FULL);
        assert_true(cv_slice_find(cv_buf_slice(&buf),
                                  cv_slice_cstr(rows[i].json), 0) != CV_NPOS);
        cv_object *back = from_json(cv_buf_slice(&buf));
        assert_true(cv_object_eq(obj, back));
        cv_object_free(&back);
        cv_object_free(&obj);
        cv_buf_clear(&buf);
    }
}

static void any_object_comes_back_and_prints_the_same(void **state)
{
    static const unsigned flags[] = { CV_JSON_FULL,
                                      CV_JSON_FULL | CV_JSON_PRETTY };
    (void)state;
    for (uint64_t seed = 1; seed <= 400; seed++) {
        cv_object *obj = random_object(seed);
        cv_buf first = to_json(obj, flags[seed % 2]);
        cv_object *back = from_json(cv_buf_slice(&first));
        cv_buf second = to_json(back, flags[seed % 2]);
        assert_true(cv_object_eq(obj, back));
        assert_string_equal(cv_object_source(obj), cv_object_source(back));
        assert_true(cv_slice_eq(cv_buf_slice(&first), cv_buf_slice(&second)));
        cv_object_free(&back);
        cv_object_free(&obj);
        cv_buf_clear(&first);
        cv_buf_clear(&second);
    }
}

static void properties_are_ordered_and_named(void **state)
{
    cv_object *obj = make();
    cv_bag *props = cv_object_props(obj);
    cv_value v = { .type = CV_T_I32, .count = 1, .i64 = 1 };
    cv_name lid = { .set = *cv_set_guid(CV_SET_PS_PUBLIC_STRINGS), .lid = 9 };
    cv_tag tag = 0;
    (void)state;
    cv_object_set_source(obj, "msg");
    assert_int_equal(cv_bag_set_string(props, CV_PidTagSubject, CV_S("Hi")),
                     CV_OK);
    assert_int_equal(
        cv_bag_put_from(props, CV_PidLidAppointmentSequence, &v, 0x8005, NULL),
        CV_OK);
    assert_int_equal(cv_object_set_named_string(obj, props,
                                                CV_SET_PS_INTERNET_HEADERS,
                                                CV_S("x-mailer"), CV_S("C")),
                     CV_OK);
    assert_int_equal(cv_names_intern(cv_object_names(obj), &lid, &tag, NULL),
                     CV_OK);
    assert_int_equal(cv_bag_put_from(props, tag, &v, 0x8001, NULL), CV_OK);
    assert_int_equal(cv_names_unnamed(cv_object_names(obj), 0x8003, &tag, NULL),
                     CV_OK);
    assert_int_equal(cv_bag_put_from(props, tag, &v, 0x8003, NULL), CV_OK);
    assert_int_equal(cv_bag_set_i32(props, CV_TAG(0x7FF0, CV_T_I32), 2), CV_OK);
    cv_buf buf = to_json(obj, CV_JSON_PRETTY);
    cv_buf_put_byte(&buf, 0);
    assert_string_equal(
        (const char *)buf.data,
        "{\n"
        "  \"format\": \"convoke-object/1\",\n"
        "  \"source\": \"msg\",\n"
        "  \"messageClass\": \"IPM.Note\",\n"
        "  \"properties\": [\n"
        "    {\"tag\":\"0x0037001F\",\"name\":\"PidTagSubject\","
        "\"type\":\"PtypString\",\"value\":\"Hi\"},\n"
        "    {\"tag\":\"0x7FF00003\",\"type\":\"PtypInteger32\",\"value\":2},\n"
        "    {\"tag\":\"0x80010003\","
        "\"set\":\"{00020329-0000-0000-C000-000000000046}\","
        "\"lid\":\"0x0009\",\"type\":\"PtypInteger32\",\"value\":1},\n"
        "    {\"set\":\"{00020386-0000-0000-C000-000000000046}\","
        "\"string\":\"x-mailer\",\"type\":\"PtypString\",\"value\":\"C\"},\n"
        "    {\"tag\":\"0x80050003\","
        "\"set\":\"{00062002-0000-0000-C000-000000000046}\","
        "\"lid\":\"0x8201\",\"name\":\"PidLidAppointmentSequence\","
        "\"type\":\"PtypInteger32\",\"value\":1},\n"
        "    {\"tag\":\"0x80030003\",\"type\":\"PtypInteger32\","
        "\"value\":1}\n"
        "  ],\n"
        "  \"recipients\": [],\n"
        "  \"attachments\": []\n"
        "}\n");
    cv_buf_clear(&buf);
    cv_object_free(&obj);
}

#define FORM(props) \
    "{\"format\":\"convoke-object/1\",\"properties\":[" props "]}"

static void an_object_may_be_broken_in_any_way(void **state)
{
    cv_object *obj = from_json(CV_S(
        FORM("{\"tag\":\"0x5FFB000A\",\"value\":\"error:0x8004010F\"},"
             "{\"tag\":\"0x0039001F\",\"value\":\"a String for a Time\"},"
             "{\"tag\":\"0x1013001F\",\"value\":\"<p>\"},"
             "{\"tag\":\"0x0E060040\",\"type\":\"PtypTime\","
             "\"value\":\"error:0x80040102\"},"
             "{\"tag\":\"0x00170003\",\"value\":null},"
             "{\"name\":\"PidLidLocation\",\"type\":\"PtypNull\"},"
             "{\"name\":\"PR_SUBJECT\",\"value\":\"by name\"},"
             "{\"set\":\"{6ED8DA90-450B-101B-98DA-00AA003F1305}\",\"lid\":3,"
             "\"type\":\"PtypString\",\"value\":\"String for a Binary\"}")));
    cv_bag *props = cv_object_props(obj);
    (void)state;
    assert_int_equal(
        cv_bag_find(props, CV_PidTagRecipientTrackStatusTime)->value.error,
        0x8004010F);
    assert_int_equal(cv_bag_find(props, CV_PidTagClientSubmitTime)->value.type,
                     CV_T_STRING);
    assert_int_equal(cv_bag_find(props, CV_TAG(0x0E06, 0))->tag,
                     CV_TAG(0x0E06, CV_T_ERROR));
    assert_int_equal(cv_bag_find(props, CV_TAG(0x0E06, 0))->value.error,
                     0x80040102);
    assert_int_equal(cv_bag_find(props, CV_PidTagImportance)->value.type,
                     CV_T_NULL);
    assert_int_equal(cv_bag_find(props, CV_PidLidLocation)->value.type,
                     CV_T_NULL);
    assert_true(cv_slice_eq(cv_bag_string_or(props, CV_PidTagSubject, CV_S("")),
                            CV_S("by name")));
    assert_int_equal(cv_bag_find(props, CV_PidLidGlobalObjectId)->value.type,
                     CV_T_STRING);
    assert_int_equal(cv_bag_count(props), 8);
    cv_object_free(&obj);
}

static void a_written_class_counts_without_its_property(void **state)
{
    (void)state;
    cv_object *obj = from_json(CV_S("{\"format\":\"convoke-object/1\","
                                    "\"messageClass\":\"IPM.Appointment\"}"));
    assert_true(cv_slice_eq(cv_object_class(obj), CV_S("IPM.Appointment")));
    assert_string_equal(cv_object_source(obj), "json");
    cv_object_free(&obj);
    obj = from_json(CV_S("{\"format\":\"convoke-object/1\","
                         "\"source\":\"elsewhere\","
                         "\"messageClass\":\"IPM.Note\"}"));
    assert_int_equal(cv_bag_count(cv_object_props(obj)), 0);
    assert_string_equal(cv_object_source(obj), "json");
    cv_object_free(&obj);
}

static void what_does_not_fit_is_a_syntax_error(void **state)
{
    static const char *const texts[] = {
        "",
        "[]",
        "{}",
        "{\"format\":\"convoke-object/2\"}",
        "{\"format\":\"convoke-object/1\",\"properties\":{}}",
        "{\"format\":\"convoke-object/1\",\"recipients\":1}",
        "{\"format\":\"convoke-object/1\",\"attachments\":[{\"data\":1}]}",
        "{\"format\":\"convoke-object/1\",\"attachments\":[{\"data\":\"x\"}]}",
        "{\"format\":\"convoke-object/1\",\"attachments\":[{\"embedded\":1}]}",
        FORM("1"),
        FORM("{}"),
        FORM("{\"name\":\"PidTagNoSuch\",\"value\":1}"),
        FORM("{\"tag\":\"0037001F\",\"value\":\"x\"}"),
        FORM("{\"tag\":\"0x100000000\",\"value\":\"x\"}"),
        FORM("{\"tag\":\"0x\",\"value\":\"x\"}"),
        FORM("{\"tag\":\"0x0037001F\",\"type\":\"PtypWrong\",\"value\":1}"),
        FORM("{\"tag\":\"0x0037001F\",\"type\":\"0x10000\",\"value\":1}"),
        FORM("{\"tag\":\"0x0037001F\",\"value\":1}"),
        FORM("{\"tag\":\"0x0037001F\",\"value\":\"x\",\"raw\":\"0\"}"),
        FORM("{\"tag\":\"0x0037001F\",\"value\":\"x\",\"raw\":1}"),
        FORM("{\"tag\":\"0x70000002\",\"value\":32768}"),
        FORM("{\"tag\":\"0x70000003\",\"value\":2147483648}"),
        FORM("{\"tag\":\"0x70000003\",\"value\":1.5}"),
        FORM("{\"tag\":\"0x7000000B\",\"value\":2}"),
        FORM("{\"tag\":\"0x70000014\",\"value\":\"9223372036854775808\"}"),
        FORM("{\"tag\":\"0x70000006\",\"value\":1}"),
        FORM("{\"tag\":\"0x70000006\",\"value\":\"1.00001\"}"),
        FORM("{\"tag\":\"0x70000006\",\"value\":\"1.x\"}"),
        FORM("{\"tag\":\"0x70000006\",\"value\":\".5\"}"),
        FORM("{\"tag\":\"0x70000006\",\"value\":\"922337203685477.5808\"}"),
        FORM("{\"tag\":\"0x70000004\",\"value\":1e300}"),
        FORM("{\"tag\":\"0x70000005\",\"value\":\"five\"}"),
        FORM("{\"tag\":\"0x70000007\",\"value\":\"oledate:\"}"),
        FORM("{\"tag\":\"0x70000007\",\"value\":\"2000-13-01T00:00:00\"}"),
        FORM("{\"tag\":\"0x7000000A\",\"value\":\"error:0x100000000\"}"),
        FORM("{\"tag\":\"0x70000040\",\"value\":\"filetime:0xZ\"}"),
        FORM("{\"tag\":\"0x70000040\",\"value\":\"1600-01-01T00:00:00Z\"}"),
        FORM("{\"tag\":\"0x70000040\",\"value\":12}"),
        FORM("{\"tag\":\"0x70000048\",\"value\":\"{}\"}"),
        FORM("{\"tag\":\"0x70000102\",\"value\":\"abc\"}"),
        FORM("{\"tag\":\"0x70001003\",\"value\":1}"),
        FORM("{\"tag\":\"0x70001003\",\"value\":[1,\"x\"]}"),
        FORM("{\"set\":\"x\",\"lid\":1}"),
        FORM("{\"set\":\"{6ED8DA90-450B-101B-98DA-00AA003F1305}\"}"),
        FORM("{\"set\":\"{6ED8DA90-450B-101B-98DA-00AA003F1305}\","
             "\"lid\":-1}"),
        FORM("{\"set\":\"{6ED8DA90-450B-101B-98DA-00AA003F1305}\","
             "\"lid\":4294967296}"),
        FORM("{\"set\":\"{6ED8DA90-450B-101B-98DA-00AA003F1305}\","
             "\"string\":1}"),
    };
    (void)state;
    for (size_t i = 0; i < CV_LEN(texts); i++) {
        cv_object *obj = NULL;
        cv_error err;
        assert_int_equal(
            cv_object_from_json(cv_slice_cstr(texts[i]), &obj, NULL, &err),
            CV_ERR_SYNTAX);
        assert_null(obj);
        assert_int_not_equal(err.what[0], 0);
    }
}

static void large_binaries_show_a_digest_unless_full(void **state)
{
    static const uint8_t zeros[4097] = { 0 };
    cv_object *obj = make();
    cv_bag *props = cv_object_props(obj);
    (void)state;
    assert_int_equal(cv_bag_set_binary(props, CV_TAG(0x7000, CV_T_BINARY),
                                       cv_slice_of(zeros, 4096)),
                     CV_OK);
    assert_int_equal(cv_bag_set_binary(props, CV_TAG(0x7001, CV_T_BINARY),
                                       cv_slice_of(zeros, 4097)),
                     CV_OK);
    cv_buf buf = to_json(obj, 0);
    cv_slice text = cv_buf_slice(&buf);
    assert_true(cv_slice_find(text, CV_S("\"value\":\"00000000"), 0) !=
                CV_NPOS);
    assert_true(cv_slice_find(text,
                              CV_S("\"value\":{\"size\":4097,\"sha256\":\""
                                   "b587fa297299ce9c602e58292b513794"
                                   "02bf7b1074f6b18679c2fb871c917ca8\"}"),
                              0) != CV_NPOS);

    cv_report *report = NULL;
    cv_object *back = NULL;
    assert_int_equal(cv_report_new(&report, NULL), CV_OK);
    assert_int_equal(cv_object_from_json(text, &back, report, NULL), CV_OK);
    assert_true(cv_report_has(report, CV_RULE_BAD_BLOB));
    cv_slice bytes = CV_S("x");
    assert_true(
        cv_bag_binary(cv_object_props(back), CV_TAG(0x7001, 0), &bytes));
    assert_int_equal(bytes.len, 0);
    cv_report_free(&report);
    cv_object_free(&back);
    cv_object_free(&obj);
    cv_buf_clear(&buf);
}

static cv_status pump_abc(void *ctx, const cv_sink *to, cv_error *err)
{
    (void)ctx;
    CV_TRY(cv_sink_put(to, CV_S("a"), err));
    return cv_sink_put(to, CV_S("bc"), err);
}

static void attachments_show_size_digest_and_data(void **state)
{
    static const char shown[] =
        "\"size\":3,\"sha256\":\"ba7816bf8f01cfea414140de5dae2223b00361a39617"
        "7a9cb410ff61f20015ad\"";
    cv_object *obj = make();
    (void)state;
    cv_attachment *att = cv_object_add_attachment(obj);
    att->has_data = true;
    att->data = (cv_blob){ .size_bytes = UINT64_MAX, .pump = pump_abc };
    cv_buf buf = to_json(obj, 0);
    assert_true(cv_slice_find(cv_buf_slice(&buf), cv_slice_cstr(shown), 0) !=
                CV_NPOS);
    assert_true(cv_slice_find(cv_buf_slice(&buf), CV_S("\"data\""), 0) ==
                CV_NPOS);

    /* Without the data only a finding is left of it. */
    cv_report *report = NULL;
    cv_object *back = NULL;
    assert_int_equal(cv_report_new(&report, NULL), CV_OK);
    assert_int_equal(
        cv_object_from_json(cv_buf_slice(&buf), &back, report, NULL), CV_OK);
    assert_int_equal(cv_report_count(report), 1);
    assert_int_equal(cv_report_get(report, 0)->rule, CV_RULE_ATTACHMENT_DATA);
    assert_true(
        cv_slice_eq(cv_report_get(report, 0)->path, CV_S("attachment[0]")));
    assert_true(cv_object_attachment(back, 0)->has_data);
    assert_int_equal(cv_object_attachment(back, 0)->data.mem.len, 0);
    cv_object_free(&back);
    cv_report_free(&report);
    cv_buf_clear(&buf);

    buf = to_json(obj, CV_JSON_FULL);
    assert_true(cv_slice_find(cv_buf_slice(&buf), CV_S("\"data\":\"616263\""),
                              0) != CV_NPOS);
    back = from_json(cv_buf_slice(&buf));
    assert_true(
        cv_slice_eq(cv_object_attachment(back, 0)->data.mem, CV_S("abc")));
    cv_object_free(&back);
    cv_object_free(&obj);
    cv_buf_clear(&buf);
}

static cv_status count_write(void *ctx, const void *bytes, size_t len,
                             cv_error *err)
{
    size_t *largest = ctx;
    (void)bytes;
    (void)err;
    if (len > *largest)
        *largest = len;
    return CV_OK;
}

static cv_status refuse_write(void *ctx, const void *bytes, size_t len,
                              cv_error *err)
{
    (void)ctx;
    (void)bytes;
    return cv_fail(err, CV_ERR_IO, "no room for %zu bytes", len);
}

static cv_status pump_megabytes(void *ctx, const cv_sink *to, cv_error *err)
{
    static uint8_t block[100000];
    (void)ctx;
    for (int i = 0; i < 40; i++)
        CV_TRY(cv_sink_put(to, cv_slice_of(block, sizeof(block)), err));
    return CV_OK;
}

static void data_streams_in_small_pieces(void **state)
{
    cv_object *obj = make();
    size_t largest = 0;
    cv_sink sink = { count_write, &largest };
    (void)state;
    cv_attachment *att = cv_object_add_attachment(obj);
    att->has_data = true;
    att->data = (cv_blob){ .size_bytes = UINT64_MAX, .pump = pump_megabytes };
    assert_int_equal(cv_object_to_json(obj, CV_JSON_FULL, &sink, NULL), CV_OK);
    assert_in_range(largest, 65536, 262144);
    sink = (cv_sink){ refuse_write, NULL };
    assert_int_equal(cv_object_to_json(obj, CV_JSON_FULL, &sink, NULL),
                     CV_ERR_IO);
    cv_object_free(&obj);
}

static void the_deepest_nesting_comes_back(void **state)
{
    cv_object *obj = make();
    cv_object *inner = obj;
    (void)state;
    for (int i = 0; i < CV_LIMIT_EMBED_DEPTH; i++) {
        cv_attachment *att = cv_object_add_attachment(inner);
        att->embedded = cv_object_new_embedded(inner);
        inner = att->embedded;
    }
    assert_int_equal(
        cv_bag_set_string(cv_object_props(inner), CV_PidTagSubject, CV_S("x")),
        CV_OK);
    cv_buf buf = to_json(obj, CV_JSON_FULL);
    cv_object *back = from_json(cv_buf_slice(&buf));
    assert_true(cv_object_eq(obj, back));
    cv_object_free(&back);
    cv_object_free(&obj);
    cv_buf_clear(&buf);
}

static void one_message_too_deep_is_a_limit(void **state)
{
    cv_object *obj = NULL;
    cv_buf buf;
    (void)state;
    cv_buf_init(&buf, 0);
    cv_buf_put_str(&buf, "{\"format\":\"convoke-object/1\"");
    for (int i = 0; i <= CV_LIMIT_EMBED_DEPTH; i++)
        cv_buf_put_str(&buf, ",\"attachments\":[{\"embedded\":{\"x\":1");
    for (int i = 0; i <= CV_LIMIT_EMBED_DEPTH; i++)
        cv_buf_put_str(&buf, "}}]");
    cv_buf_put_str(&buf, "}");
    assert_int_equal(cv_object_from_json(cv_buf_slice(&buf), &obj, NULL, NULL),
                     CV_ERR_LIMIT);
    cv_buf_clear(&buf);
}

static void too_many_values_are_a_limit(void **state)
{
    cv_object *obj = NULL;
    cv_buf buf;
    (void)state;
    for (int more = 0; more < 2; more++) {
        cv_status want = more ? CV_ERR_LIMIT : CV_OK;
        cv_buf_init(&buf, 0);
        cv_buf_put_str(&buf, "{\"format\":\"convoke-object/1\","
                             "\"properties\":[{\"tag\":\"0x70001003\","
                             "\"value\":[0");
        for (int i = 1; i < CV_LIMIT_MULTI_VALUES + more; i++)
            cv_buf_put_str(&buf, ",0");
        cv_buf_put_str(&buf, "]}]}");
        assert_int_equal(
            cv_object_from_json(cv_buf_slice(&buf), &obj, NULL, NULL), want);
        cv_object_free(&obj);
        cv_buf_clear(&buf);
    }
}

static void every_prefix_and_flipped_byte_is_survived(void **state)
{
    static const uint8_t flips[] = { 0x01, 0x80, 0xFF };
    cv_object *obj = random_object(7);
    cv_buf buf = to_json(obj, CV_JSON_FULL);
    size_t len = buf.len < 4096 ? buf.len : 4096;
    (void)state;
    for (size_t i = 0; i + 1 < len; i++) { /* the last byte is a newline */
        cv_object *back = NULL;
        assert_int_not_equal(
            cv_object_from_json(cv_slice_of(buf.data, i), &back, NULL, NULL),
            CV_OK);
    }
    for (size_t i = 0; i < len * CV_LEN(flips); i++) {
        cv_object *back = NULL;
        buf.data[i / 3] ^= flips[i % 3];
        (void)!cv_object_from_json(cv_buf_slice(&buf), &back, NULL, NULL);
        cv_object_free(&back);
        buf.data[i / 3] ^= flips[i % 3];
    }
    cv_object_free(&obj);
    cv_buf_clear(&buf);
}

static void the_form_is_recognized(void **state)
{
    (void)state;
    assert_true(cv_json_is_object_form(
        CV_S("\xEF\xBB\xBF\r\n {\"format\": \"convoke-object/1\"")));
    assert_true(cv_json_is_object_form(
        CV_S("{\"source\":\"msg\",\"format\":\"convoke-object/1\"}")));
    assert_false(cv_json_is_object_form(CV_S("{\"a\":1}")));
    assert_false(cv_json_is_object_form(CV_S("\"convoke-object/1\"")));
    assert_false(cv_json_is_object_form(CV_S("")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_has_its_form_both_ways),
        cmocka_unit_test(any_object_comes_back_and_prints_the_same),
        cmocka_unit_test(properties_are_ordered_and_named),
        cmocka_unit_test(an_object_may_be_broken_in_any_way),
        cmocka_unit_test(a_written_class_counts_without_its_property),
        cmocka_unit_test(what_does_not_fit_is_a_syntax_error),
        cmocka_unit_test(large_binaries_show_a_digest_unless_full),
        cmocka_unit_test(attachments_show_size_digest_and_data),
        cmocka_unit_test(data_streams_in_small_pieces),
        cmocka_unit_test(the_deepest_nesting_comes_back),
        cmocka_unit_test(one_message_too_deep_is_a_limit),
        cmocka_unit_test(too_many_values_are_a_limit),
        cmocka_unit_test(every_prefix_and_flipped_byte_is_survived),
        cmocka_unit_test(the_form_is_recognized),
    };
    return cmocka_run_group_tests_name("json_object", tests, NULL, NULL);
}
