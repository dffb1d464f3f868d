/* winmail.dat in mail, both ways. Cases: kb-cases.md, TNEF. */
#include "convert/meeting_rig.h"

#include "base/text.h"
#include "tnef/tnef.h"

#include <stdio.h>

/* -- streams and mails made by hand -- */

static uint16_t sum_of(cv_slice bytes)
{
    uint32_t sum = 0;
    for (size_t i = 0; i < bytes.len; i++)
        sum += bytes.ptr[i];
    return (uint16_t)(sum & 0xFFFF);
}

static void put_attr(cv_buf *to, uint8_t level, uint32_t id, cv_slice data)
{
    cv_buf_put_byte(to, level);
    cv_buf_put_u32le(to, id);
    cv_buf_put_u32le(to, (uint32_t)data.len);
    cv_buf_put_slice(to, data);
    cv_buf_put_u16le(to, sum_of(data));
}

#define TEXT0(lit) cv_slice_of("" lit, sizeof(lit))
#define ATT_CODEPAGE 0x00069007
#define ATT_CLASS 0x00078008
#define ATT_SUBJECT 0x00018004
#define ATT_START 0x00030006
#define ATT_END 0x00030007
#define ATT_PROPS 0x00069003
#define ATT_RENDER 0x00069002
#define ATT_TITLE 0x00018010
#define ATT_DATA 0x0006800F
#define ATT_ATTACHMENT 0x00069005
#define RENDER CV_S("\1\0\xFF\xFF\xFF\xFF\x20\0\x20\0\0\0\0\0")

static void put_head(cv_buf *to, cv_slice class)
{
    cv_buf_put_u32le(to, 0x223E9F78);
    cv_buf_put_u16le(to, 1);
    put_attr(to, 1, ATT_CLASS, class);
}

static void put_file(cv_buf *to, cv_slice title, cv_slice data)
{
    put_attr(to, 2, ATT_RENDER, RENDER);
    put_attr(to, 2, ATT_TITLE, title);
    put_attr(to, 2, ATT_DATA, data);
}

static void put_prop(cv_buf *to, cv_tag tag, cv_slice bytes)
{
    cv_buf_put_u32le(to, tag);
    cv_buf_put_u32le(to, 1);
    cv_buf_put_u32le(to, (uint32_t)bytes.len);
    cv_buf_put_slice(to, bytes);
    while (to->len & 3)
        cv_buf_put_byte(to, 0);
}

/* A list of one property. */
static void put_list(cv_buf *to, uint8_t level, uint32_t id, cv_tag tag,
                     cv_slice bytes)
{
    cv_buf list;
    cv_buf_init(&list, 0);
    cv_buf_put_u32le(&list, 1);
    put_prop(&list, tag, bytes);
    put_attr(to, level, id, cv_buf_slice(&list));
    cv_buf_clear(&list);
}

static const char people[] = "From: Alice <alice@north.example>\r\n"
                             "To: bob@south.example\r\n"
                             "Date: Sun, 22 Nov 2026 12:00:00 +0000\r\n"
                             "Message-ID: <1@north.example>\r\n"
                             "MIME-Version: 1.0\r\n";

/* A mail with a text and the stream; headers: further fields. */
static void put_mail(cv_buf *out, const char *headers, cv_slice stream,
                     const char *type)
{
    cv_buf_put_str(out, people);
    cv_buf_put_str(out, headers);
    cv_buf_put_str(out, "Content-Type: multipart/mixed; boundary=b\r\n\r\n"
                        "--b\r\nContent-Type: text/plain\r\n\r\nplain\r\n"
                        "--b\r\nContent-Type: ");
    cv_buf_put_str(out, type);
    cv_buf_put_str(out, "\r\nContent-Transfer-Encoding: base64\r\n\r\n");
    cv_base64_put(out, stream, 76);
    cv_buf_put_str(out, "--b--\r\n");
}

#define MS_TNEF "application/ms-tnef; name=winmail.dat"

/* The mail's object; `out` of the rig keeps its bytes. */
static void read_mail(rig *r, const char *headers, cv_buf *stream)
{
    cv_buf_reset(&r->out);
    put_mail(&r->out, headers, cv_buf_slice(stream), MS_TNEF);
    cv_object_free(&r->obj);
    rig_new_report(r);
    assert_int_equal(cv_from_mime(cv_buf_slice(&r->out), r->options, &r->obj,
                                  r->report, &r->err),
                     CV_OK);
}

static const cv_attachment *attachment(rig *r, size_t index)
{
    assert_true(index < cv_object_attachment_count(r->obj));
    return cv_object_attachment(r->obj, index);
}

static void assert_data(rig *r, const cv_attachment *a, const char *want)
{
    cv_slice got;
    assert_int_equal(
        cv_blob_get(&a->data, SIZE_MAX, cv_object_arena(r->obj), &got, &r->err),
        CV_OK);
    assert_text(got, want);
}

/* The object as mail, in a buffer of its own: what was read from r->out
 * borrows from it. */
static const char *written(rig *r, cv_buf *mail)
{
    cv_sink sink = cv_buf_sink(mail);
    cv_buf_init(mail, 0);
    if (cv_to_mime(r->obj, r->options, &sink, r->report, &r->err) != CV_OK)
        fail_msg("%s", r->err.what);
    cv_buf_put_byte(mail, 0);
    return (const char *)mail->data;
}

/* -- reading -- */

static void a_stream_is_unpacked_where_it_stands(void **state)
{
    rig *r = *state;
    cv_buf s, mail;
    cv_buf_init(&s, 0);
    put_head(&s, TEXT0("IPM.Note.Custom"));
    put_attr(&s, 1, ATT_SUBJECT, TEXT0("not this one"));
    put_list(&s, 1, ATT_PROPS, CV_PidTagHtml, CV_S("<p>rich</p>"));
    put_file(&s, TEXT0("a.txt"), CV_S("one"));
    read_mail(r, "Subject: this one\r\n", &s);
    assert_int_equal(cv_report_count(r->report), 0);
    assert_string_prop(rig_props(r), CV_PidTagMessageClass, "IPM.Note.Custom");
    assert_string_prop(rig_props(r), CV_PidTagSubject, "this one");
    assert_string_prop(rig_props(r), CV_PidTagSenderEmailAddress,
                       "alice@north.example");
    assert_string_prop(rig_props(r), CV_PidTagBody, "plain");
    assert_int_equal(cv_bag_i32_or(rig_props(r), CV_PidTagNativeBody, 0), 3);
    assert_int_equal(cv_object_attachment_count(r->obj), 1);
    assert_data(r, attachment(r, 0), "one");
    assert_true(cv_bag_bool_or(rig_props(r), CV_PidTagHasAttachments, false));
    assert_true(cv_slice_eq(cv_object_original(r->obj), cv_buf_slice(&r->out)));
    const char *out = written(r, &mail);
    assert_has(out, "rich");
    assert_has(out, "filename=a.txt");
    assert_has_not(out, "winmail");
    assert_has_not(out, "ms-tnef");
    cv_buf_clear(&mail);
    cv_buf_clear(&s);
}

static void with_key(cv_buf *s, cv_slice key)
{
    cv_buf_reset(s);
    put_head(s, TEXT0("IPM.Note.Ours"));
    put_list(s, 1, ATT_PROPS, CV_PidTagTnefCorrelationKey, key);
    put_file(s, TEXT0("a.txt"), CV_S("one"));
}

static void c070_a_correlator_is_compared_without_blanks(void **state)
{
    rig *r = *state;
    cv_buf s;
    cv_buf_init(&s, 0);
    static const char *const headers[] = {
        "X-MS-TNEF-Correlator:  <1@north.example> \r\n",
        "", /* no contradiction */
    };
    for (size_t i = 0; i < CV_LEN(headers); i++) {
        with_key(&s, TEXT0("<1@north.example>"));
        read_mail(r, headers[i], &s);
        assert_string_prop(rig_props(r), CV_PidTagMessageClass,
                           "IPM.Note.Ours");
        assert_data(r, attachment(r, 0), "one");
        assert_false(cv_bag_has(rig_props(r), CV_PidTagTnefCorrelationKey));
    }
    cv_buf_clear(&s);
}

static void a_stream_of_another_message_is_attached(void **state)
{
    rig *r = *state;
    cv_buf s, mail;
    cv_buf_init(&s, 0);
    with_key(&s, TEXT0("<2@north.example>"));
    read_mail(r, "X-MS-TNEF-Correlator: <1@north.example>\r\n", &s);
    assert_int_equal(rig_count(r, CV_RULE_TNEF_FOREIGN), 1);
    assert_string_prop(rig_props(r), CV_PidTagMessageClass, "IPM.Note");
    assert_string_prop(rig_props(r), CV_PidTagBody, "plain");
    assert_int_equal(cv_object_attachment_count(r->obj), 1);
    const cv_object *inner = attachment(r, 0)->embedded;
    assert_non_null(inner);
    assert_string_prop(cv_object_props(inner), CV_PidTagMessageClass,
                       "IPM.Note.Ours");
    assert_data(r, cv_object_attachment(inner, 0), "one");
    const char *out = written(r, &mail);
    assert_has(out, "message/rfc822");
    assert_has(out, "filename=a.txt");
    assert_has_not(out, "winmail");
    cv_buf_clear(&mail);
    cv_buf_clear(&s);
}

/* What gateways and mailers make of application/ms-tnef; name=winmail.dat. */
static void a_stream_is_known_by_its_content(void **state)
{
    static const char *const types[] = {
        "application/octet-stream; name=winmail.dat",
        "application/octet-stream; name=forward.tnef",
        "application/octet-stream",
        "application/octet-stream; name=ATT00001.dat",
        "application/vnd.ms-tnef",
        "image/x-icon; name=\"x\"",
    };
    rig *r = *state;
    cv_buf s;
    cv_buf_init(&s, 0);
    put_head(&s, TEXT0("IPM.Note.Ours"));
    put_file(&s, TEXT0("a.txt"), CV_S("one"));
    for (size_t i = 0; i < CV_LEN(types); i++) {
        cv_object_free(&r->obj);
        cv_buf_reset(&r->out);
        put_mail(&r->out, "", cv_buf_slice(&s), types[i]);
        assert_int_equal(cv_from_mime(cv_buf_slice(&r->out), r->options,
                                      &r->obj, r->report, &r->err),
                         CV_OK);
        assert_string_prop(rig_props(r), CV_PidTagMessageClass,
                           "IPM.Note.Ours");
        assert_int_equal(cv_object_attachment_count(r->obj), 1);
        assert_data(r, attachment(r, 0), "one");
    }
    cv_buf_clear(&s);
}

static void a_part_that_is_no_stream_stays_a_file(void **state)
{
    rig *r = *state;
    cv_buf s;
    cv_buf_init(&s, 0);
    cv_buf_put_str(&s, "x\x9F>\x32 no signature");
    read_mail(r, "Subject: s\r\n", &s);
    assert_int_equal(rig_count(r, CV_RULE_TNEF_UNUSABLE), 1);
    assert_string_prop(rig_props(r), CV_PidTagBody, "plain");
    assert_string_prop(attachment(r, 0)->props, CV_PidTagAttachMimeTag,
                       "application/octet-stream");
    cv_buf_clear(&s);
}

static void c071_a_stream_without_subject_takes_the_header_s(void **state)
{
    rig *r = *state;
    cv_buf s, mail;
    cv_buf_init(&s, 0);
    put_head(&s, TEXT0("IPM.Note"));
    read_mail(r, "Subject: Budget\r\n", &s);
    assert_string_prop(rig_props(r), CV_PidTagSubject, "Budget");
    read_mail(r, "", &s);
    assert_has(written(r, &mail), "From: Alice");
    cv_buf_clear(&mail);
    cv_buf_clear(&s);
}

static void c072_a_file_beside_the_stream_keeps_its_bytes(void **state)
{
    rig *r = *state;
    cv_buf s;
    for (int named = 0; named < 2; named++) {
        cv_buf_init(&s, 0);
        put_head(&s, TEXT0("IPM.Note"));
        put_attr(&s, 2, ATT_RENDER, RENDER);
        if (named)
            put_attr(&s, 2, ATT_TITLE, TEXT0("TEST.DOC"));
        put_attr(&s, 2, ATT_DATA, CV_S(""));
        put_list(&s, 2, ATT_ATTACHMENT, CV_PidTagAttachContentId,
                 CV_S("c\0i\0d\0\0\0"));
        cv_buf_reset(&r->out);
        cv_buf_put_str(&r->out, people);
        cv_buf_put_str(
            &r->out,
            "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
            "Content-Type: text/plain; charset=iso-8859-2\r\n"
            "Content-Transfer-Encoding: quoted-printable\r\n\r\n=A3\r\n"
            "--b\r\nContent-Type: application/octet-stream; name=test.doc\r\n"
            "Content-Transfer-Encoding: base64\r\n\r\nZG9j\r\n"
            "--b\r\nContent-Type: application/ms-tnef; name=WINMAIL.DAT\r\n"
            "Content-Transfer-Encoding: base64\r\n\r\n");
        cv_base64_put(&r->out, cv_buf_slice(&s), 76);
        cv_buf_put_str(&r->out, "--b--\r\n");
        cv_object_free(&r->obj);
        assert_int_equal(cv_from_mime(cv_buf_slice(&r->out), r->options,
                                      &r->obj, r->report, &r->err),
                         CV_OK);
        assert_string_prop(rig_props(r), CV_PidTagBody, "\xC5\x81");
        assert_int_equal(cv_object_attachment_count(r->obj), 1);
        assert_data(r, attachment(r, 0), "doc");
        assert_string_prop(attachment(r, 0)->props, CV_PidTagAttachLongFilename,
                           "test.doc");
        assert_string_prop(attachment(r, 0)->props, CV_PidTagAttachContentId,
                           "cid");
        cv_buf_clear(&s);
    }
}

static void c073_no_stream_goes_out_where_none_is_wanted(void **state)
{
    rig *r = *state;
    cv_buf mail;
    cv_buf_init(&mail, 0);
    assert_int_equal(cv_object_new(0, &r->obj, NULL), CV_OK);
    cv_bag_set_bool(rig_props(r), CV_TAG(0x3A40, CV_T_BOOL), true);
    cv_bag_set_bool(rig_props(r), CV_PidLidUseTnef, true);
    /* "{\rtf1 hi}" stored without compression */
    cv_bag_set_binary(rig_props(r), CV_PidTagRtfCompressed,
                      CV_S("\x16\0\0\0\x0A\0\0\0MELA\0\0\0\0{\\rtf1 hi}"));
    assert_int_equal(cv_add_file(r->obj, CV_S("a.bin"),
                                 "application/octet-stream", CV_S("abc"),
                                 &r->err),
                     CV_OK);
    const char *out = written(r, &mail);
    assert_has_not(out, "tnef");
    assert_has(out, "hi");
    assert_has(out, "YWJj");
    cv_buf_clear(&mail);
    rig_set(r, "content-conversion.rich-format", "tnef");
    out = written(r, &mail);
    assert_has(out, "application/ms-tnef");
    assert_has(out, "Content-Type: text/plain");
    assert_has(out, "hi");
    cv_buf_clear(&mail);
}

/* Three message/rfc822 deep, no files, bytes behind the last attribute. */
static void c076_depth_and_trailing_bytes_make_no_difference(void **state)
{
    rig *r = *state;
    cv_buf s;
    cv_buf_init(&s, 0);
    put_head(&s, TEXT0("IPM.Note.Deep"));
    put_list(&s, 1, ATT_PROPS, CV_PidTagHtml, CV_S("<p>deep</p>"));
    cv_buf_put_str(&s, "\r\n\r\n");
    cv_buf_reset(&r->out);
    for (int i = 0; i < 3; i++)
        cv_buf_put_str(&r->out, "From: a@north.example\r\n"
                                "Content-Type: message/rfc822\r\n\r\n");
    put_mail(&r->out, "Subject: in\r\n", cv_buf_slice(&s), MS_TNEF);
    assert_int_equal(cv_from_mime(cv_buf_slice(&r->out), r->options, &r->obj,
                                  r->report, &r->err),
                     CV_OK);
    const cv_object *inner = r->obj;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(cv_object_attachment_count(inner), 1);
        inner = cv_object_attachment(inner, 0)->embedded;
        assert_non_null(inner);
    }
    assert_string_prop(cv_object_props(inner), CV_PidTagMessageClass,
                       "IPM.Note.Deep");
    assert_true(cv_bag_has(cv_object_props(inner), CV_PidTagHtml));
    assert_int_equal(rig_count(r, CV_RULE_TNEF_JUNK), 1);
    cv_buf_clear(&s);
}

static const char *calendar_of(rig *r, cv_buf *out)
{
    cv_sink sink = cv_buf_sink(out);
    cv_buf_init(out, 0);
    if (cv_to_ical(r->obj, r->options, &sink, r->report, &r->err) != CV_OK)
        fail_msg("%s", r->err.what);
    cv_buf_put_byte(out, 0);
    return (const char *)out->data;
}

/* Old clients' names and dates alone. */
static void
c077_peer_tnef_a_meeting_in_winmail_becomes_a_calendar_part(void **state)
{
    static const struct {
        cv_slice class;
        const char *method, *partstat;
    } rows[] = {
        { { (const uint8_t *)"IPM.Microsoft Schedule.MtgReq", 30 },
          "REQUEST",
          "" },
        { { (const uint8_t *)"IPM.Schedule.Meeting.Request", 29 },
          "REQUEST",
          "" },
        { { (const uint8_t *)"IPM.Microsoft Schedule.MtgRespP", 32 },
          "REPLY",
          "PARTSTAT=ACCEPTED" },
        { { (const uint8_t *)"IPM.Microsoft Schedule.MtgRespN", 32 },
          "REPLY",
          "PARTSTAT=DECLINED" },
        { { (const uint8_t *)"IPM.Microsoft Schedule.MtgRespA", 32 },
          "REPLY",
          "PARTSTAT=TENTATIVE" },
        { { (const uint8_t *)"IPM.Microsoft Schedule.MtgCncl", 31 },
          "CANCEL",
          "" },
    };
    rig *r = *state;
    cv_buf s, out;
    cv_buf_init(&s, 0);
    for (size_t i = 0; i < CV_LEN(rows); i++) {
        char method[32];
        cv_buf_reset(&s);
        put_head(&s, rows[i].class);
        /* 2026-12-01, 10:00 to 11:00 */
        put_attr(&s, 1, ATT_START, CV_S("\xEA\7\xC\0\1\0\xA\0\0\0\0\0\2\0"));
        put_attr(&s, 1, ATT_END, CV_S("\xEA\7\xC\0\1\0\xB\0\0\0\0\0\2\0"));
        read_mail(r, "Subject: Budget\r\n", &s);
        (void)snprintf(method, sizeof method, "METHOD:%s", rows[i].method);
        const char *text = calendar_of(r, &out);
        assert_has(text, method);
        assert_has(text, rows[i].partstat);
        assert_has(text, "DTSTART:20261201T100000Z");
        assert_has(text, "DTEND:20261201T110000Z");
        assert_has(text, "SUMMARY:Budget");
        cv_buf_clear(&out);
        text = written(r, &out);
        assert_has(text, "text/calendar");
        assert_has_not(text, "winmail");
        cv_buf_clear(&out);
    }
    cv_buf_clear(&s);
}

static void c078_text_is_read_by_the_stream_s_code_page(void **state)
{
    static const struct {
        int32_t codepage; /* -1: no attOemCodepage */
        const char *bytes, *charset, *want;
    } rows[] = {
        { 932, "\x93\xFA\x96\x7B", "us-ascii", "\xE6\x97\xA5\xE6\x9C\xAC" },
        { 949, "\xC7\xD1", "us-ascii", "\xED\x95\x9C" },
        { 0, "\xB3", "iso-8859-2", "\xC5\x82" },
        { -1, "\xB3", "iso-8859-2", "\xC5\x82" },
        { 0, "\x80", "us-ascii", "\xE2\x82\xAC" },
        { -1, "\x80", "us-ascii", "\xE2\x82\xAC" },
    };
    rig *r = *state;
    for (size_t i = 0; i < CV_LEN(rows); i++) {
        cv_buf s, data;
        cv_buf_init(&s, 0);
        cv_buf_init(&data, 0);
        put_head(&s, TEXT0("IPM.Note"));
        cv_buf_put_u32le(&data, (uint32_t)rows[i].codepage);
        cv_buf_put_u32le(&data, 0);
        if (rows[i].codepage >= 0)
            put_attr(&s, 1, ATT_CODEPAGE, cv_buf_slice(&data));
        put_attr(&s, 1, ATT_SUBJECT,
                 cv_slice_of(rows[i].bytes, strlen(rows[i].bytes) + 1));
        put_file(&s, cv_slice_of(rows[i].bytes, strlen(rows[i].bytes) + 1),
                 CV_S("x"));
        cv_buf_reset(&r->out);
        cv_buf_put_str(&r->out, people);
        cv_buf_printf(&r->out,
                      "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
                      "Content-Type: text/plain; charset=%s\r\n\r\nx\r\n--b\r\n"
                      "Content-Type: " MS_TNEF "\r\n"
                      "Content-Transfer-Encoding: base64\r\n\r\n",
                      rows[i].charset);
        cv_base64_put(&r->out, cv_buf_slice(&s), 76);
        cv_buf_put_str(&r->out, "--b--\r\n");
        cv_object_free(&r->obj);
        assert_int_equal(cv_from_mime(cv_buf_slice(&r->out), r->options,
                                      &r->obj, r->report, &r->err),
                         CV_OK);
        assert_string_prop(rig_props(r), CV_PidTagSubject, rows[i].want);
        assert_string_prop(attachment(r, 0)->props, CV_PidTagAttachFilename,
                           rows[i].want);
        cv_buf_clear(&data);
        cv_buf_clear(&s);
    }
}

/* An inner stream as a file, and as an object with its interface id. */
static void c080_a_stream_in_a_stream_is_an_embedded_message(void **state)
{
    rig *r = *state;
    cv_buf inner, s, object, mail;
    cv_buf_init(&inner, 0);
    cv_buf_init(&s, 0);
    cv_buf_init(&object, 0);
    put_head(&inner, TEXT0("IPM.Note"));
    put_attr(&inner, 1, ATT_SUBJECT, TEXT0("within"));
    put_file(&inner, TEXT0("a.txt"), CV_S("one"));
    cv_buf_put(&object, "\x07\x03\x02\0\0\0\0\0\xC0\0\0\0\0\0\0\x46", 16);
    cv_buf_put_slice(&object, cv_buf_slice(&inner));
    put_head(&s, TEXT0("IPM.Note"));
    put_file(&s, TEXT0("winmail.dat"), cv_buf_slice(&inner));
    put_attr(&s, 2, ATT_RENDER, RENDER);
    put_list(&s, 2, ATT_ATTACHMENT, CV_PidTagAttachDataObject,
             cv_buf_slice(&object));
    read_mail(r, "", &s);
    assert_int_equal(cv_object_attachment_count(r->obj), 2);
    for (size_t i = 0; i < 2; i++) {
        const cv_object *in = attachment(r, i)->embedded;
        assert_non_null(in);
        assert_string_prop(cv_object_props(in), CV_PidTagSubject, "within");
        assert_data(r, cv_object_attachment(in, 0), "one");
    }
    const char *out = written(r, &mail);
    assert_has(out, "message/rfc822");
    assert_has(out, "Subject: within");
    assert_has_not(out, "winmail");
    cv_buf_clear(&mail);
    cv_buf_clear(&object);
    cv_buf_clear(&s);
    cv_buf_clear(&inner);
}

/* PidTagAttachMethod 5 with the message among the bytes of a file. */
static void c081_a_forwarded_mail_becomes_message_rfc822(void **state)
{
    rig *r = *state;
    cv_buf inner, s, list, mail;
    cv_buf_init(&inner, 0);
    cv_buf_init(&s, 0);
    cv_buf_init(&list, 0);
    cv_buf_put(&inner, "\x07\x03\x02\0\0\0\0\0\xC0\0\0\0\0\0\0\x46", 16);
    put_head(&inner, TEXT0("IPM.Note"));
    put_attr(&inner, 1, ATT_SUBJECT, TEXT0("forwarded"));
    cv_buf_put_u32le(&list, 2);
    cv_buf_put_u32le(&list, CV_PidTagAttachMethod);
    cv_buf_put_u32le(&list, 5);
    put_prop(&list, CV_PidTagAttachDataBinary, cv_buf_slice(&inner));
    put_head(&s, TEXT0("IPM.Note"));
    put_attr(&s, 2, ATT_RENDER, RENDER);
    put_attr(&s, 2, ATT_ATTACHMENT, cv_buf_slice(&list));
    read_mail(r, "", &s);
    assert_non_null(attachment(r, 0)->embedded);
    const char *out = written(r, &mail);
    assert_has(out, "message/rfc822");
    assert_has(out, "Subject: forwarded");
    cv_buf_clear(&mail);
    cv_buf_clear(&list);
    cv_buf_clear(&s);
    cv_buf_clear(&inner);
}

/* Exchange's own form: nothing but the stream. */
static void a_mail_that_is_all_stream_is_read(void **state)
{
    rig *r = *state;
    cv_buf s;
    cv_buf_init(&s, 0);
    put_head(&s, TEXT0("IPM.Note.Custom"));
    put_list(&s, 1, ATT_PROPS, CV_PidTagBody, CV_S("h\0i\0\0\0"));
    cv_buf_reset(&r->out);
    cv_buf_put_str(&r->out, people);
    cv_buf_put_str(&r->out, "Content-Type: application/ms-tnef\r\n"
                            "Content-Transfer-Encoding: base64\r\n\r\n");
    cv_base64_put(&r->out, cv_buf_slice(&s), 76);
    assert_int_equal(cv_from_mime(cv_buf_slice(&r->out), r->options, &r->obj,
                                  r->report, &r->err),
                     CV_OK);
    assert_string_prop(rig_props(r), CV_PidTagMessageClass, "IPM.Note.Custom");
    assert_string_prop(rig_props(r), CV_PidTagBody, "hi");
    assert_int_equal(cv_object_attachment_count(r->obj), 0);
    cv_buf_clear(&s);
}

static void a_second_stream_is_an_attached_message(void **state)
{
    rig *r = *state;
    cv_buf s;
    cv_buf_init(&s, 0);
    put_head(&s, TEXT0("IPM.Note.First"));
    cv_buf_reset(&r->out);
    cv_buf_put_str(&r->out, people);
    cv_buf_put_str(&r->out,
                   "Content-Type: multipart/mixed; boundary=b\r\n\r\n");
    for (int i = 0; i < 2; i++) {
        cv_buf_put_str(&r->out,
                       "--b\r\nContent-Type: application/octet-stream; "
                       "name=WinMail.dat\r\n"
                       "Content-Transfer-Encoding: base64\r\n\r\n");
        cv_base64_put(&r->out, cv_buf_slice(&s), 76);
    }
    cv_buf_put_str(&r->out, "--b--\r\n");
    assert_int_equal(cv_from_mime(cv_buf_slice(&r->out), r->options, &r->obj,
                                  r->report, &r->err),
                     CV_OK);
    assert_string_prop(rig_props(r), CV_PidTagMessageClass, "IPM.Note.First");
    assert_int_equal(cv_object_attachment_count(r->obj), 1);
    assert_non_null(attachment(r, 0)->embedded);
    assert_int_equal(rig_count(r, CV_RULE_TNEF_FOREIGN), 1);
    cv_buf_clear(&s);
}

/* -- writing -- */

/* What MIME has no place for. */
static void put_rich_properties(rig *r)
{
    cv_bag *props = rig_props(r);
    cv_bag_set_i32(props, CV_PidTagIconIndex, 0x404);
    cv_bag_set_binary(props, CV_PidLidVerbStream, CV_S("\2\1verbs"));
    const cv_name own = { .set = { { 1, 2, 3 } }, .lid = 7 };
    cv_tag tag;
    assert_int_equal(cv_names_intern(cv_object_names(r->obj), &own, &tag, NULL),
                     CV_OK);
    cv_bag_set_string(props, tag, CV_S("mine"));
    assert_int_equal(cv_add_file(r->obj, CV_S("a.bin"), "application/x-own",
                                 CV_S("abc"), &r->err),
                     CV_OK);
    cv_attachment *a =
        cv_object_attachment(r->obj, cv_object_attachment_count(r->obj) - 1);
    cv_bag_set_i32(a->props, CV_PidTagRenderingPosition, 17);
}

static void assert_rich_properties(const cv_object *obj)
{
    const cv_bag *props = cv_object_props(obj);
    const cv_name own = { .set = { { 1, 2, 3 } }, .lid = 7 };
    cv_slice bytes;
    assert_int_equal(cv_bag_i32_or(props, CV_PidTagIconIndex, 0), 0x404);
    assert_true(cv_bag_binary(props, CV_PidLidVerbStream, &bytes));
    assert_int_equal(bytes.len, 7);
    assert_string_prop(props, cv_names_find(cv_object_names(obj), &own),
                       "mine");
    assert_int_equal(cv_object_attachment_count(obj), 1);
    const cv_attachment *a = cv_object_attachment(obj, 0);
    assert_string_prop(a->props, CV_PidTagAttachLongFilename, "a.bin");
    assert_int_equal(cv_bag_i32_or(a->props, CV_PidTagRenderingPosition, 0),
                     17);
    assert_int_equal(a->data.size_bytes == UINT64_MAX ? 3 : a->data.size_bytes,
                     3);
}

static void a_message_comes_back_through_each_rich_form(void **state)
{
    static const char *const formats[] = { "tnef", "both" };
    rig *r = *state;
    meeting_make(r, "IPM.Schedule.Meeting.Request");
    put_rich_properties(r);
    for (size_t i = 0; i < CV_LEN(formats); i++) {
        cv_buf mail;
        cv_object *again = NULL;
        rig_set(r, "content-conversion.rich-format", formats[i]);
        const char *text = written(r, &mail);
        bool both = strcmp(formats[i], "both") == 0;
        assert_has(text, "X-MS-TNEF-Correlator: <");
        assert_has(text, "winmail.dat");
        assert_has(text, "Content-Type: multipart/mixed");
        if (both)
            assert_has(text, "text/calendar");
        else
            assert_has_not(text, "text/calendar");
        assert_int_equal(cv_from_mime(cv_slice_cstr(text), r->options, &again,
                                      r->report, &r->err),
                         CV_OK);
        assert_int_equal(rig_count(r, CV_RULE_TNEF_FOREIGN), 0);
        assert_rich_properties(again);
        assert_string_prop(cv_object_props(again), CV_PidTagMessageClass,
                           "IPM.Schedule.Meeting.Request");
        assert_int_equal(cv_object_recipient_count(again) > 0, true);
        cv_object_free(&again);
        cv_buf_clear(&mail);
    }
}

static void an_unknown_rich_format_is_refused(void **state)
{
    rig *r = *state;
    assert_int_equal(cv_convert_set(r->options,
                                    CV_S("content-conversion.rich-format"),
                                    CV_S("rtf"), &r->err),
                     CV_ERR_SYNTAX);
    assert_string_equal(r->err.what, "\"rtf\" is not mime, tnef or both");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG(a_stream_is_unpacked_where_it_stands),
        RIG(c070_a_correlator_is_compared_without_blanks),
        RIG(a_stream_of_another_message_is_attached),
        RIG(a_stream_is_known_by_its_content),
        RIG(a_part_that_is_no_stream_stays_a_file),
        RIG(c071_a_stream_without_subject_takes_the_header_s),
        RIG(c072_a_file_beside_the_stream_keeps_its_bytes),
        RIG(c073_no_stream_goes_out_where_none_is_wanted),
        RIG(c076_depth_and_trailing_bytes_make_no_difference),
        RIG(c077_peer_tnef_a_meeting_in_winmail_becomes_a_calendar_part),
        RIG(c078_text_is_read_by_the_stream_s_code_page),
        RIG(c080_a_stream_in_a_stream_is_an_embedded_message),
        RIG(c081_a_forwarded_mail_becomes_message_rfc822),
        RIG(a_mail_that_is_all_stream_is_read),
        RIG(a_second_stream_is_an_attached_message),
        RIG(a_message_comes_back_through_each_rich_form),
        RIG(an_unknown_rich_format_is_refused),
    };
    return cmocka_run_group_tests_name("tnef_mail", tests, NULL, NULL);
}
