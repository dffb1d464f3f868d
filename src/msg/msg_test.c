#include "msg/msg.h"

#include "base/limits.h"
#include "base/reader.h"
#include "base/text.h"
#include "mapi/entryid.h"
#include "msg/msg_private.h"
#include "msg/pieces_test.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MEETING "IPM.Schedule.Meeting.Request"

static cv_object *new_object(const char *source)
{
    cv_object *obj = NULL;
    assert_int_equal(cv_object_new(0, &obj, NULL), CV_OK);
    cv_object_set_source(obj, source);
    return obj;
}

/* The file of an object; the caller clears it. */
static cv_buf write_object(const cv_object *obj)
{
    cv_buf out;
    cv_buf_init(&out, 0);
    cv_sink sink = cv_buf_sink(&out);
    cv_error err = { 0 };
    assert_int_equal(cv_msg_write(obj, &sink, NULL, &err), CV_OK);
    return out;
}

static cv_object *read_slice(cv_slice in, cv_report *report)
{
    cv_object *obj = NULL;
    assert_int_equal(cv_msg_read(in, &obj, report, NULL), CV_OK);
    return obj;
}

/* Written and read again, the object is the same. */
static void assert_survives(const cv_object *obj)
{
    cv_report *report;
    assert_int_equal(cv_report_new(&report, NULL), CV_OK);
    cv_buf file = write_object(obj);
    cv_object *again = read_slice(cv_buf_slice(&file), report);
    assert_true(cv_object_eq(obj, again));
    assert_int_equal(cv_report_count(report), 0);
    assert_string_equal(cv_object_source(again), "msg");
    cv_object_free(&again);
    cv_report_free(&report);
    cv_buf_clear(&file);
}

static void done(cv_object *obj, cv_buf *file, cv_report *report)
{
    cv_object_free(&obj);
    cv_report_free(&report);
    cv_buf_clear(file);
}

static void put(cv_bag *bag, uint16_t id, cv_value value)
{
    assert_int_equal(cv_bag_put(bag, CV_TAG(id, value.type), &value, NULL),
                     CV_OK);
}

static void set_text(cv_bag *bag, cv_tag tag, const char *text)
{
    cv_bag_set_string(bag, tag, cv_slice_cstr(text));
}

static cv_object *unicode_object(void)
{
    cv_object *obj = new_object("msg");
    cv_bag_set_i32(cv_object_props(obj), CV_PidTagStoreSupportMask, 0x00040E79);
    return obj;
}

static void put_several(cv_bag *bag)
{
    static const int64_t ints[] = { 1, -2, 3 };
    static const uint64_t times[] = { 0, UINT64_MAX };
    static const double reals[] = { 0.5, -1e300 };
    static const cv_guid guids[] = { { { 1 } }, { { 2 } } };
    static const cv_slice texts[] = { CV_S("a"), CV_S(""),
                                      CV_S("\xE2\x82\xAC") };
    static const cv_slice blobs[] = { CV_S("\0\1"), CV_S("") };
#define SEVERAL(t, n, field, array) \
    ((cv_value){ .type = CV_T_MULTI | (t), .count = (n), .field = (array) })
    put(bag, 0x6700, SEVERAL(CV_T_I16, 3, i64s, ints));
    put(bag, 0x6701, SEVERAL(CV_T_I32, 3, i64s, ints));
    put(bag, 0x6702, SEVERAL(CV_T_I64, 3, i64s, ints));
    put(bag, 0x6703, SEVERAL(CV_T_CURRENCY, 2, i64s, ints));
    put(bag, 0x6704, SEVERAL(CV_T_TIME, 2, times, times));
    put(bag, 0x6705, SEVERAL(CV_T_F64, 2, f64s, reals));
    put(bag, 0x6706, SEVERAL(CV_T_F32, 1, f64s, reals));
    put(bag, 0x6707, SEVERAL(CV_T_FLOATTIME, 2, f64s, reals));
    put(bag, 0x6708, SEVERAL(CV_T_GUID, 2, guids, guids));
    put(bag, 0x6709, SEVERAL(CV_T_STRING, 3, slices, texts));
    put(bag, 0x670A, SEVERAL(CV_T_BINARY, 2, slices, blobs));
    put(bag, 0x670B, SEVERAL(CV_T_STRING, 0, slices, texts));
}

static void put_single(cv_bag *bag)
{
#define ONE(t, ...) ((cv_value){ .type = (t), .count = 1, __VA_ARGS__ })
    put(bag, 0x6600, ONE(CV_T_I16, .i64 = -1));
    put(bag, 0x6601, ONE(CV_T_I32, .i64 = INT32_MIN));
    put(bag, 0x6602, ONE(CV_T_F32, .f64 = 0.25));
    put(bag, 0x6603, ONE(CV_T_F64, .f64 = 1e-300));
    put(bag, 0x6604, ONE(CV_T_CURRENCY, .i64 = INT64_MIN));
    put(bag, 0x6605, ONE(CV_T_FLOATTIME, .f64 = 25569.5));
    put(bag, 0x6606, ONE(CV_T_ERROR, .error = UINT32_C(0x8004010F)));
    put(bag, 0x6607, ONE(CV_T_BOOL, .i64 = 1));
    put(bag, 0x6608, ONE(CV_T_I64, .i64 = -5));
    put(bag, 0x6609, ONE(CV_T_TIME, .time = 0));
    put(bag, 0x660A, ONE(CV_T_TIME, .time = UINT64_MAX));
    put(bag, 0x660B, ONE(CV_T_GUID, .guid = { { 1, 2, 3 } }));
    put(bag, 0x660C, ONE(CV_T_BINARY, .bytes = CV_S("")));
    put(bag, 0x660D, ONE(CV_T_SERVERID, .bytes = CV_S("\1\0x")));
    put(bag, 0x660E, ONE(CV_T_RESTRICTION, .bytes = CV_S("r")));
    put(bag, 0x660F, ONE(CV_T_ACTIONS, .bytes = CV_S("a")));
    put(bag, 0x6610, ONE(CV_T_STRING, .bytes = CV_S("")));
    put(bag, 0x6611, ONE(CV_T_STRING, .bytes = CV_S("\xF0\x9F\x93\x85")));
    put(bag, 0x6612, ONE(CV_T_NULL, .i64 = 0));
}

static void every_property_type_survives(void **state)
{
    (void)state;
    cv_object *obj = unicode_object();
    put_single(cv_object_props(obj));
    put_several(cv_object_props(obj));
    put_single(cv_object_add_recipient(obj));
    put_several(cv_object_add_attachment(obj)->props);
    assert_survives(obj);
    cv_object_free(&obj);
}

static cv_tag intern(cv_object *obj, cv_set set, uint32_t lid,
                     const char *string)
{
    cv_name name = { .set = *cv_set_guid(set),
                     .is_string = string != NULL,
                     .lid = lid,
                     .string = cv_slice_cstr(string) };
    cv_tag tag = 0;
    assert_int_equal(cv_names_intern(cv_object_names(obj), &name, &tag, NULL),
                     CV_OK);
    return tag;
}

static void named_properties_survive_whoever_holds_them(void **state)
{
    (void)state;
    cv_object *obj = unicode_object();
    cv_bag *bag = cv_object_props(obj);
    cv_tag own = intern(obj, CV_SET_PS_PUBLIC_STRINGS, 0, "Caf\xC3\xA9");
    cv_tag header = intern(obj, CV_SET_PS_INTERNET_HEADERS, 0, "X-Test");
    cv_tag lid = intern(obj, CV_SET_PSETID_Task, 0xFFFF0001, NULL);
    set_text(bag, CV_PidLidLocation, "Room 1");
    set_text(bag, own | CV_T_STRING, "x");
    set_text(cv_object_add_recipient(obj), header | CV_T_STRING, "y");
    cv_bag_set_i32(cv_object_add_attachment(obj)->props, lid | CV_T_I32, 7);
    cv_object *inner = cv_object_new_embedded(obj);
    cv_object_add_attachment(obj)->embedded = inner;
    cv_bag_set_i32(cv_object_props(inner), lid | CV_T_I32, 8);
    cv_bag_set_i32(cv_object_attachment(obj, 1)->props, CV_PidTagAttachMethod,
                   5);
    assert_survives(obj);
    cv_object_free(&obj);
}

/* The order in which names were met differs; the files do not. */
static void equal_objects_give_equal_files(void **state)
{
    (void)state;
    cv_buf files[2];
    for (int i = 0; i < 2; i++) {
        cv_object *obj = unicode_object();
        const char *first = i ? "beta" : "alpha";
        intern(obj, CV_SET_PS_PUBLIC_STRINGS, 0, first);
        cv_set sets[] = { CV_SET_PSETID_Task, CV_SET_PSETID_Log };
        cv_tag c = intern(obj, sets[i], 0xFFF0, NULL);
        cv_tag d = intern(obj, sets[!i], 0xFFF0, NULL);
        cv_bag_set_i32(cv_object_props(obj), (i ? d : c) | CV_T_I32, 3);
        cv_bag_set_i32(cv_object_props(obj), (i ? c : d) | CV_T_I32, 4);
        cv_tag a = intern(obj, CV_SET_PS_PUBLIC_STRINGS, 0, "alpha");
        cv_tag b = intern(obj, CV_SET_PS_PUBLIC_STRINGS, 0, "beta");
        set_text(cv_object_props(obj), a | CV_T_STRING, "1");
        set_text(cv_object_props(obj), b | CV_T_STRING, "2");
        files[i] = write_object(obj);
        cv_object_free(&obj);
    }
    assert_true(cv_slice_eq(cv_buf_slice(&files[0]), cv_buf_slice(&files[1])));
    cv_buf_clear(&files[0]);
    cv_buf_clear(&files[1]);
}

static void name_hashes_are_those_of_outlook(void **state)
{
    static const struct {
        cv_set set;
        uint32_t lid;
        const char *string;
        unsigned bucket;
    } rows[] = {
        { CV_SET_PSETID_Appointment, 0x820D, NULL, 0x1C },
        { CV_SET_PSETID_Appointment, 0x8501, NULL, 0x11 },
        { CV_SET_PS_PUBLIC_STRINGS, 0, "Keywords", 0x15 },
        { CV_SET_PS_INTERNET_HEADERS, 0, "content-class", 0x18 },
        { CV_SET_PS_INTERNET_HEADERS, 0, "X-Test", 0x1E },
    };
    cv_arena *arena;
    (void)state;
    assert_int_equal(cv_msg_crc(CV_S("123456789")), 0x2DFD2D88);
    assert_int_equal(cv_arena_new(0, &arena, NULL), CV_OK);
    for (size_t i = 0; i < CV_LEN(rows); i++) {
        msg_name_streams streams;
        cv_name name = { .set = *cv_set_guid(rows[i].set),
                         .is_string = rows[i].string != NULL,
                         .lid = rows[i].lid,
                         .string = cv_slice_cstr(rows[i].string) };
        cv_msg_name_streams_init(&streams);
        cv_msg_name_streams_add(&streams, &name, arena);
        assert_int_equal(streams.entries.len, 8);
        assert_int_equal(streams.buckets[rows[i].bucket].len, 8);
        cv_msg_name_streams_clear(&streams);
    }
    cv_arena_free(&arena);
}

static uint8_t large[100000];

static void attachments_of_every_kind_survive(void **state)
{
    (void)state;
    cv_object *obj = unicode_object();
    memset(large, 'x', sizeof large);
    static const struct {
        int32_t method;
        bool has_data;
        cv_slice data;
    } rows[] = {
        { 1, true, CV_S("small") },
        { 1, true, CV_S("") },
        { 1, true, { large, sizeof large } },
        { 6, true, CV_S("no compound file") },
        { 7, false, { 0 } },
    };
    for (size_t i = 0; i < CV_LEN(rows); i++) {
        cv_attachment *att = cv_object_add_attachment(obj);
        cv_bag_set_i32(att->props, CV_PidTagAttachMethod, rows[i].method);
        att->has_data = rows[i].has_data;
        att->data = cv_blob_mem(rows[i].data);
    }
    assert_survives(obj);
    cv_object_free(&obj);
}

static void embedded_messages_survive_with_their_rows(void **state)
{
    (void)state;
    cv_object *obj = unicode_object();
    cv_object *at = obj;
    for (unsigned i = 0; i < CV_LIMIT_EMBED_DEPTH; i++) {
        cv_attachment *att = cv_object_add_attachment(at);
        cv_bag_set_i32(att->props, CV_PidTagAttachMethod, 5);
        att->embedded = cv_object_new_embedded(at);
        if (!att->embedded) /* the depth is used up */
            break;
        at = att->embedded;
        cv_bag_set_i32(cv_object_props(at), CV_PidTagStoreSupportMask,
                       0x00040E79);
        set_text(cv_object_add_recipient(at), CV_PidTagDisplayName, "Bob");
    }
    assert_true(cv_object_depth(at) >= CV_LIMIT_EMBED_DEPTH - 1);
    assert_survives(obj);
    cv_object_free(&obj);
}

/* An 8-bit file stays one, byte for byte where it cannot be decoded. */
static void eight_bit_text_stays_eight_bit(void **state)
{
    (void)state;
    cv_object *obj = new_object("msg");
    cv_bag *bag = cv_object_props(obj);
    cv_bag_set_i32(bag, CV_PidTagMessageCodepage, 1251);
    put(bag, 0x0037,
        ONE(CV_T_STRING8, .bytes = CV_S("\xD0\x9F\xD1\x80\xD0\xB8")));
    cv_buf file = write_object(obj);
    const char bytes[] = "\xCF\xF0\xE8";
    assert_true(cv_slice_find(cv_buf_slice(&file), cv_slice_cstr(bytes), 0) !=
                CV_NPOS);
    cv_buf_clear(&file);
    assert_survives(obj);
    cv_object_free(&obj);
}

static void undecodable_text_keeps_its_bytes(void **state)
{
    (void)state;
    cv_object *obj = unicode_object();
    put(cv_object_props(obj), 0x0037,
        ONE(CV_T_STRING, .bytes = CV_S("a\xEF\xBF\xBD"), .lossy = true,
            .raw = CV_S("a\0\0\xD8")));
    cv_buf file = write_object(obj);
    cv_object *again = read_slice(cv_buf_slice(&file), NULL);
    const cv_prop *p = cv_bag_find(cv_object_props(again), CV_PidTagSubject);
    assert_true(p->value.lossy);
    assert_true(cv_slice_eq(p->value.raw, CV_S("a\0\0\xD8")));
    assert_true(cv_slice_eq(p->value.bytes, CV_S("a\xEF\xBF\xBD")));
    cv_object_free(&again);
    cv_object_free(&obj);
    cv_buf_clear(&file);
}

/* Outlook expects these; an object that came from a .msg is left alone. */
static void what_outlook_expects_is_added_to_other_objects(void **state)
{
    (void)state;
    cv_object *obj = new_object("mime");
    put(cv_object_props(obj), 0x0037, ONE(CV_T_STRING8, .bytes = CV_S("s")));
    cv_object_add_recipient(obj);
    cv_object_add_recipient(obj);
    cv_object_add_attachment(obj);
    cv_buf file = write_object(obj);
    cv_object *got = read_slice(cv_buf_slice(&file), NULL);
    cv_bag *bag = cv_object_props(got);
    assert_true(cv_slice_eq(cv_object_class(got), CV_S("IPM.Note")));
    assert_int_equal(cv_bag_i32_or(bag, CV_PidTagStoreSupportMask, 0),
                     0x00040E79);
    assert_int_equal(cv_bag_find(bag, CV_PidTagSubject)->value.type,
                     CV_T_STRING);
    bag = cv_object_recipient(got, 1);
    assert_int_equal(cv_bag_i32_or(bag, CV_PidTagRowid, -1), 1);
    assert_int_equal(cv_bag_i32_or(bag, CV_PidTagRecipientType, -1), 1);
    assert_int_equal(cv_bag_i32_or(bag, CV_PidTagObjectType, -1), 6);
    bag = cv_object_attachment(got, 0)->props;
    assert_int_equal(cv_bag_i32_or(bag, CV_PidTagAttachNumber, -1), 0);
    assert_int_equal(cv_bag_i32_or(bag, CV_PidTagRenderingPosition, 0), -1);
    cv_object_free(&got);
    cv_object_free(&obj);
    cv_buf_clear(&file);
}

static void assert_text(const cv_bag *bag, cv_tag tag, const char *want)
{
    cv_slice got = cv_bag_string_or(bag, tag, CV_S("(absent)"));
    assert_true(cv_slice_eq(got, cv_slice_cstr(want)));
}

static void lists_names_and_ids_are_completed(void **state)
{
    static const struct {
        const char *name, *short_name, *extension;
    } files[] = {
        { "a.txt", "a.txt", ".txt" },
        { "Budget of the year.xlsx", "Budget~1.xls", ".xlsx" },
        { "\xE4\xBA\x88\xE7\xAE\x97.pdf", "~1.pdf", ".pdf" },
        { "Makefile", "Makefile", "(absent)" },
    };
    (void)state;
    cv_object *obj = new_object("mime");
    set_text(cv_object_props(obj), CV_PidTagSubject, "AW: Budget");
    cv_row_set_smtp(cv_object_add_recipient(obj), CV_S("Bob"),
                    CV_S("bob@south.example"), 1);
    cv_bag *row = cv_object_add_recipient(obj);
    set_text(row, CV_PidTagAddressType, "SMTP");
    set_text(row, CV_PidTagEmailAddress, "eve@south.example");
    for (size_t i = 0; i < CV_LEN(files); i++) {
        cv_attachment *att = cv_object_add_attachment(obj);
        set_text(att->props, CV_PidTagAttachLongFilename, files[i].name);
        att->has_data = true;
        att->data = cv_blob_mem(CV_S("data"));
    }
    cv_buf file = write_object(obj);
    cv_object *got = read_slice(cv_buf_slice(&file), NULL);
    const cv_bag *bag = cv_object_props(got);
    assert_text(bag, CV_PidTagDisplayTo, "Bob; eve@south.example");
    assert_text(bag, CV_PidTagDisplayCc, "");
    assert_text(bag, CV_PidTagSubjectPrefix, "AW: ");
    assert_text(bag, CV_PidTagNormalizedSubject, "Budget");
    assert_int_equal(cv_bag_i32_or(bag, CV_PidTagMessageFlags, 0), 0x11);
    bag = cv_object_recipient(got, 1);
    assert_text(bag, CV_PidTagSmtpAddress, "eve@south.example");
    cv_slice id;
    cv_entryid parsed;
    assert_true(cv_bag_binary(bag, CV_PidTagEntryId, &id));
    assert_int_equal(cv_entryid_parse(cv_object_arena(got), id, &parsed),
                     CV_OK);
    assert_true(cv_slice_eq(parsed.address, CV_S("eve@south.example")));
    assert_true(cv_bag_binary(bag, CV_PidTagSearchKey, &id));
    assert_true(cv_slice_eq(id, CV_S("SMTP:EVE@SOUTH.EXAMPLE\0")));
    for (size_t i = 0; i < CV_LEN(files); i++) {
        bag = cv_object_attachment(got, i)->props;
        assert_text(bag, CV_PidTagAttachFilename, files[i].short_name);
        assert_text(bag, CV_PidTagAttachExtension, files[i].extension);
        assert_int_equal(cv_bag_i32_or(bag, CV_PidTagAttachSize, 0), 4);
    }
    done(got, &file, NULL);
    cv_object_free(&obj);
}

/* -- files that no writer of ours makes -- */

/* Reads a file of pieces; the caller frees. */
static cv_object *read_pieces(const piece *rows, size_t count, cv_buf *file,
                              cv_report **report)
{
    assert_int_equal(cv_report_new(report, NULL), CV_OK);
    *file = pieces_file(rows, count);
    return read_slice(cv_buf_slice(file), *report);
}

static void streams_are_read_without_a_property_stream(void **state)
{
    static const piece rows[] = {
        { SUBJECT, CV_S("H\0i\0") },
        { "__recip_version1.0_#00000005/__substg1.0_3001001e", CV_S("B") },
        { "__recip_version1.0_#0000000a/__SUBSTG1.0_3001001E", CV_S("C") },
        { "__recip_version1.0_#00000002/__substg1.0_3001001E", CV_S("A") },
    };
    cv_buf file;
    cv_report *report;
    (void)state;
    cv_object *obj = read_pieces(rows, CV_LEN(rows), &file, &report);
    cv_slice s =
        cv_bag_string_or(cv_object_props(obj), CV_PidTagSubject, CV_S("-"));
    assert_true(cv_slice_eq(s, CV_S("Hi")));
    assert_int_equal(cv_object_recipient_count(obj), 3);
    for (size_t i = 0; i < 3; i++) { /* by number, gaps do not matter */
        s = cv_bag_string_or(cv_object_recipient(obj, i), CV_PidTagDisplayName,
                             CV_S("-"));
        assert_int_equal(s.ptr[0], 'A' + i);
    }
    done(obj, &file, report);
}

static void unicode_text_wins_over_8_bit_text(void **state)
{
    static const piece rows[] = {
        { SUBJECT8, CV_S("?") },
        { SUBJECT, CV_S("H\0i\0\0\0x\0") },
    };
    cv_buf file;
    cv_report *report;
    (void)state;
    cv_object *obj = read_pieces(rows, CV_LEN(rows), &file, &report);
    cv_slice s =
        cv_bag_string_or(cv_object_props(obj), CV_PidTagSubject, CV_S("-"));
    assert_true(cv_slice_eq(s, CV_S("Hi"))); /* cut at the NUL */
    done(obj, &file, report);
}

#define ENTRY_CLASS "\x1F\x00\x1A\x00\x06\0\0\0\x02\0\0\0\0\0\0\0"
#define ENTRY_FLAGS "\x03\x00\x07\x0E\x06\0\0\0\x11\0\0\0\0\0\0\0"
#define ENTRY_BAD "\x77\x00\x07\x0F\x06\0\0\0\x11\0\0\0\0\0\0\0"
#define ZEROS8 "\0\0\0\0\0\0\0\0"

static void any_header_size_is_understood(void **state)
{
    static const piece rows[][1] = {
        { { PROPS, CV_S(ZEROS8 ZEROS8 ZEROS8 ZEROS8 ENTRY_FLAGS) } },
        { { PROPS, CV_S(ZEROS8 ZEROS8 ZEROS8 ENTRY_FLAGS) } },
        { { PROPS, CV_S(ZEROS8 ENTRY_FLAGS) } },
        { { PROPS, CV_S(ZEROS8 ENTRY_FLAGS "tail") } },
    };
    (void)state;
    for (size_t i = 0; i < CV_LEN(rows); i++) {
        cv_buf file;
        cv_report *report;
        cv_object *obj = read_pieces(rows[i], 1, &file, &report);
        assert_int_equal(
            cv_bag_i32_or(cv_object_props(obj), CV_PidTagMessageFlags, -1),
            0x11);
        done(obj, &file, report);
    }
}

static void entries_without_stream_and_bad_types_are_findings(void **state)
{
    static const piece rows[] = {
        { PROPS,
          CV_S(ZEROS8 ZEROS8 ZEROS8 ZEROS8 ENTRY_FLAGS ENTRY_CLASS ENTRY_BAD) },
        { "__substg1.0_66000005", CV_S("abc") },
    };
    cv_buf file;
    cv_report *report;
    (void)state;
    cv_object *obj = read_pieces(rows, CV_LEN(rows), &file, &report);
    assert_int_equal(cv_bag_count(cv_object_props(obj)), 1);
    assert_true(cv_report_has(report, CV_RULE_MSG_NO_ENTRY));
    assert_true(cv_report_has(report, CV_RULE_MSG_BAD_PROPERTY));
    assert_int_equal(cv_report_count(report), 2);
    done(obj, &file, report);
}

/* The length stream only says how many there are; the values speak. */
static void several_strings_are_read_without_lengths_and_with_gaps(void **state)
{
    static const piece rows[] = {
        { "__substg1.0_6700101F-00000002", CV_S("c\0\0\0") },
        { "__substg1.0_6700101F-00000000", CV_S("a\0") },
        { "__substg1.0_67011102", CV_S("\1\0\0\0\0\0\0\0"
                                       "\1\0\0\0\0\0\0\0") },
        { "__substg1.0_67011102-00000000", CV_S("x") },
    };
    cv_buf file;
    cv_report *report;
    (void)state;
    cv_object *obj = read_pieces(rows, CV_LEN(rows), &file, &report);
    const cv_slice *got = NULL;
    size_t count = 0;
    assert_true(cv_bag_strings(cv_object_props(obj),
                               CV_TAG(0x6700, CV_T_MULTI | CV_T_STRING), &got,
                               &count));
    assert_int_equal(count, 3);
    assert_true(cv_slice_eq(got[0], CV_S("a")));
    assert_true(cv_slice_eq(got[1], CV_S("")));
    assert_true(cv_slice_eq(got[2], CV_S("c")));
    const cv_prop *p = cv_bag_find(cv_object_props(obj), CV_TAG(0x6701, 0));
    assert_int_equal(p->value.count, 2);
    assert_true(cv_slice_eq(p->value.slices[0], CV_S("x")));
    assert_int_equal(p->value.slices[1].len, 0);
    assert_survives(obj);
    done(obj, &file, report);
}

static void properties_without_a_name_keep_their_number(void **state)
{
    static const piece rows[] = {
        { "__substg1.0_8005001F", CV_S("x\0") },
    };
    cv_buf file;
    cv_report *report;
    (void)state;
    cv_object *obj = read_pieces(rows, CV_LEN(rows), &file, &report);
    const cv_prop *p = cv_bag_at(cv_object_props(obj), 0);
    const cv_name *name = cv_names_get(cv_object_names(obj), p->tag);
    assert_int_equal(p->container_id, 0x8005);
    assert_true(cv_guid_is_zero(&name->set));
    assert_int_equal(name->lid, 0x8005);
    assert_true(cv_report_has(report, CV_RULE_MSG_NO_NAMES));
    assert_survives(obj);
    done(obj, &file, report);
}

#define NAMEID "__nameid_version1.0/__substg1.0_"

static void name_entries_that_point_outside_lose_only_their_name(void **state)
{
    static const piece rows[] = {
        { NAMEID "00020102", CV_S("") },
        { NAMEID "00030102",
          CV_S("\x08\x82\0\0\x06\0\0\0" /* GUID 3 does not exist */
               "\0\0\0\xF0\x05\0\x01\0" /* string offset */
               "\0\0\0\0\x05\0\x02\0"   /* string length */
               "\x01\x85\0\0\x04\0\x03\0") },
        { NAMEID "00040102", CV_S("\xFF\xFF\xFF\x7Fx\0") },
        { "__substg1.0_80000102", CV_S("a") },
        { "__substg1.0_80010102", CV_S("b") },
        { "__substg1.0_80020102", CV_S("c") },
        { "__substg1.0_80030102", CV_S("d") },
        { "__substg1.0_80040102", CV_S("e") },
    };
    cv_buf file;
    cv_report *report;
    (void)state;
    cv_object *obj = read_pieces(rows, CV_LEN(rows), &file, &report);
    assert_int_equal(cv_bag_count(cv_object_props(obj)), 5);
    cv_tag known = intern(obj, CV_SET_PS_PUBLIC_STRINGS, 0x8501, NULL);
    cv_slice got;
    assert_true(cv_bag_binary(cv_object_props(obj), known, &got));
    assert_true(cv_slice_eq(got, CV_S("d")));
    assert_survives(obj);
    done(obj, &file, report);
}

#define METHOD(n) ZEROS8 "\x03\x00\x05\x37\x06\0\0\0" n "\0\0\0\0\0\0\0"

static void a_file_as_data_of_an_embedded_message_is_read(void **state)
{
    (void)state;
    cv_object *inner = unicode_object();
    set_text(cv_object_props(inner), CV_PidTagSubject, "inner");
    cv_buf bytes = write_object(inner);
    const piece rows[] = {
        { ATTACH PROPS, CV_S(METHOD("\x05")) },
        { ATTACH "__substg1.0_37010102", cv_buf_slice(&bytes) },
    };
    cv_buf file;
    cv_report *report;
    cv_object *obj = read_pieces(rows, CV_LEN(rows), &file, &report);
    cv_attachment *att = cv_object_attachment(obj, 0);
    assert_non_null(att->embedded);
    assert_false(att->has_data);
    cv_slice s = cv_bag_string_or(cv_object_props(att->embedded),
                                  CV_PidTagSubject, CV_S(""));
    assert_true(cv_slice_eq(s, CV_S("inner")));
    done(obj, &file, report);
    cv_buf_clear(&bytes);
    cv_object_free(&inner);
}

static void object_data_as_a_stream_is_data(void **state)
{
    static const piece rows[] = {
        { ATTACH PROPS, CV_S(METHOD("\x05")) },
        { ATTACH "__substg1.0_3701000D", CV_S("bytes") },
    };
    cv_buf file;
    cv_report *report;
    (void)state;
    cv_object *obj = read_pieces(rows, CV_LEN(rows), &file, &report);
    cv_attachment *att = cv_object_attachment(obj, 0);
    assert_true(att->has_data);
    assert_true(cv_slice_eq(att->data.mem, CV_S("bytes")));
    assert_null(att->embedded);
    assert_survives(obj);
    done(obj, &file, report);
}

/* An OLE object becomes the bytes of a compound file, and a storage again. */
static void ole_objects_survive(void **state)
{
    static const piece rows[] = {
        { "\001Ole", CV_S("ole") },
        { "CONTENTS", { large, 5000 } },
        { "sub/\003Info", CV_S("i") },
        { "sub/Caf\xC3\xA9", CV_S("c") },
    };
    (void)state;
    cv_buf ole = pieces_file(rows, CV_LEN(rows));
    cv_object *obj = unicode_object();
    cv_attachment *att = cv_object_add_attachment(obj);
    cv_bag_set_i32(att->props, CV_PidTagAttachMethod, 6);
    att->has_data = true;
    att->data = cv_blob_mem(cv_buf_slice(&ole));
    cv_buf file = write_object(obj);
    cv_report *report;
    assert_int_equal(cv_report_new(&report, NULL), CV_OK);
    cv_cfb *cfb;
    cv_arena *arena = cv_object_arena(obj);
    assert_int_equal(
        cv_cfb_open(cv_buf_slice(&file), arena, report, &cfb, NULL), CV_OK);
    const cv_cfb_entry *dir = cv_cfb_child(
        cfb, cv_cfb_root(cfb), "__attach_version1.0_#00000000", CV_CFB_STORAGE);
    dir = cv_cfb_child(cfb, dir, "__substg1.0_3701000D", CV_CFB_STORAGE);
    assert_non_null(dir);
    assert_non_null(cv_cfb_child(cfb, dir, "CONTENTS", CV_CFB_STREAM));
    cv_object *again = read_slice(cv_buf_slice(&file), report);
    assert_survives(again); /* the bytes have their final order now */
    cv_object_free(&again);
    cv_buf_clear(&file);
    cv_buf_clear(&ole);
    cv_report_free(&report);
    cv_object_free(&obj);
}

/* Storages deeper than the limit stay as the bytes of a file. */
static void embedding_beyond_the_limit_is_kept_as_bytes(void **state)
{
    (void)state;
    cv_buf inner = { 0 };
    for (int i = 0; i < CV_LIMIT_EMBED_DEPTH + 2; i++) {
        const piece rows[] = {
            { ATTACH PROPS, CV_S(METHOD("\x05")) },
            { ATTACH "__substg1.0_37010102",
              i ? cv_buf_slice(&inner) : CV_S("core") },
        };
        cv_buf outer = pieces_file(rows, CV_LEN(rows));
        cv_buf_clear(&inner);
        inner = outer;
    }
    cv_object *obj = read_slice(cv_buf_slice(&inner), NULL);
    cv_object *at = obj;
    while (cv_object_attachment(at, 0)->embedded)
        at = cv_object_attachment(at, 0)->embedded;
    assert_true(cv_object_depth(at) <= CV_LIMIT_EMBED_DEPTH);
    assert_true(cv_object_attachment(at, 0)->has_data);
    assert_true(cv_cfb_is(cv_object_attachment(at, 0)->data.mem));
    cv_object_free(&obj);
    cv_buf_clear(&inner);
}

static void put_le(uint8_t *at, uint32_t v, size_t size)
{
    for (size_t i = 0; i < size; i++)
        at[i] = (uint8_t)(v >> (8 * i) & 0xFF);
}

/* A directory of `rows` empty recipient storages, each the right sibling of
 * the one before; sectors of 4096 bytes. */
static uint8_t *file_of_recipients(size_t rows, size_t *len)
{
    size_t sectors = rows / 32 + 1;
    *len = (sectors + 2) << 12;
    uint8_t *file = calloc(1, *len);
    assert_non_null(file);
    memcpy(file, "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", 8);
    put_le(file + 30, 12, 2);
    put_le(file + 48, 1, 4);
    put_le(file + 56, 4096, 4);
    put_le(file + 60, UINT32_MAX, 4);
    put_le(file + 80, UINT32_MAX, 4); /* one FAT sector, number 0 */
    for (size_t i = 1; i <= sectors; i++)
        put_le(file + 4096 + 4 * i,
               i < sectors ? (uint32_t)i + 1 : UINT32_MAX - 1, 4);
    for (size_t i = 0; i <= rows; i++) {
        uint8_t *entry = file + 8192 + 128 * i;
        char name[32];
        snprintf(name, sizeof name, MSG_RECIPIENT "%08X", (unsigned)i);
        for (size_t k = 0; i && name[k]; k++)
            entry[2 * k] = (uint8_t)name[k];
        entry[66] = i ? CV_CFB_STORAGE : CV_CFB_ROOT;
        memset(entry + 68, 0xFF, 12);
        if (i && i < rows)
            put_le(entry + 72, (uint32_t)i + 1, 4);
    }
    put_le(file + 8192 + 76, 1, 4);
    put_le(file + 8192 + 116, UINT32_MAX, 4);
    return file;
}

static void more_recipients_than_the_limit_are_a_finding(void **state)
{
    (void)state;
    size_t len;
    cv_report *report;
    uint8_t *file = file_of_recipients(CV_LIMIT_RECIPIENTS + 1, &len);
    assert_int_equal(cv_report_new(&report, NULL), CV_OK);
    cv_object *obj = read_slice(cv_slice_of(file, len), report);
    assert_int_equal(cv_object_recipient_count(obj), CV_LIMIT_RECIPIENTS);
    assert_true(cv_report_has(report, CV_RULE_LIMIT));
    cv_object_free(&obj);
    cv_report_free(&report);
    free(file);
}

/* Peers that walk the directory by recursion or by binary search. */
static void each_directory_is_a_balanced_tree(void **state)
{
    (void)state;
    cv_object *obj = unicode_object();
    for (int i = 0; i < 1000; i++)
        set_text(cv_object_add_recipient(obj), CV_PidTagDisplayName, "x");
    cv_buf file = write_object(obj);
    cv_cfb *cfb;
    assert_int_equal(cv_cfb_open(cv_buf_slice(&file), cv_object_arena(obj),
                                 NULL, &cfb, NULL),
                     CV_OK);
    const cv_cfb_entry *root = cv_cfb_root(cfb);
    uint32_t at = cv_peek_u32le(root->raw, 76);
    unsigned depth = 0;
    for (; at != UINT32_MAX; depth++)
        at = cv_peek_u32le((root + at)->raw, 72);
    assert_true(depth <= 10);
    /* In order: a short name before a long one, then by letters. */
    const cv_cfb_entry *e = cv_cfb_first(cfb, root);
    for (const cv_cfb_entry *n; (n = cv_cfb_next(cfb, e)); e = n)
        assert_true(
            e->name_len < n->name_len ||
            (e->name_len == n->name_len && strcasecmp(e->name, n->name) < 0));
    cv_buf_clear(&file);
    cv_object_free(&obj);
}

/* -- damaged files -- */

/* A meeting request with a row of each kind, below 4 KB. */
static cv_buf small_file(void)
{
    cv_object *obj = new_object("msg");
    cv_bag *bag = cv_object_props(obj);
    put(bag, 0x001A, ONE(CV_T_STRING8, .bytes = CV_S(MEETING)));
    put(bag, 0x0037, ONE(CV_T_STRING, .bytes = CV_S("Hi")));
    cv_bag_set_time(bag, CV_PidLidAppointmentStartWhole, 0);
    cv_tag header = intern(obj, CV_SET_PS_INTERNET_HEADERS, 0, "x");
    put(bag, CV_TAG_ID(header), ONE(CV_T_STRING8, .bytes = CV_S("y")));
    cv_bag_set_i32(cv_object_add_recipient(obj), CV_PidTagRecipientType, 1);
    cv_attachment *att = cv_object_add_attachment(obj);
    att->has_data = true;
    att->data = cv_blob_mem(CV_S("data"));
    cv_buf file = write_object(obj);
    cv_object_free(&obj);
    return file;
}

/* A message or a clear error; what was read can be written. */
static void try_bytes(cv_slice in, bool write)
{
    cv_object *obj = NULL;
    cv_report *report;
    cv_error err = { 0 };
    assert_int_equal(cv_report_new(&report, NULL), CV_OK);
    cv_status status = cv_msg_read(in, &obj, report, &err);
    if (status != CV_OK) {
        assert_int_equal(status, CV_ERR_SYNTAX);
        assert_true(err.what[0] != '\0');
        assert_null(obj);
    } else if (write) {
        cv_buf again = write_object(obj);
        cv_buf_clear(&again);
    }
    cv_object_free(&obj);
    cv_report_free(&report);
}

/* The bytes in memory of their own, so that a sanitizer sees the end. */
static void every_prefix_is_a_message_or_an_error(void **state)
{
    (void)state;
    cv_buf file = small_file();
    assert_true(file.len <= 6144);
    for (size_t len = 0; len < file.len && len <= 4096; len++) {
        uint8_t *copy = malloc(len ? len : 1);
        assert_non_null(copy);
        memcpy(copy, file.data, len);
        try_bytes(cv_slice_of(copy, len), len % 64 == 0);
        free(copy);
    }
    cv_buf_clear(&file);
}

static void every_damaged_byte_is_a_message_or_an_error(void **state)
{
    static const uint8_t flips[] = { 0x01, 0x80, 0xFF };
    (void)state;
    cv_buf file = small_file();
    for (size_t at = 0; at < file.len && at < 4096; at++) {
        for (size_t i = 0; i < CV_LEN(flips); i++) {
            file.data[at] ^= flips[i];
            try_bytes(cv_buf_slice(&file), at % 32 == 0);
            file.data[at] ^= flips[i];
        }
    }
    cv_buf_clear(&file);
}

static void what_is_no_compound_file_is_an_error(void **state)
{
    cv_object *obj = NULL;
    cv_error err;
    (void)state;
    assert_false(cv_msg_is(CV_S("From: a@b")));
    assert_int_equal(cv_msg_read(CV_S(""), &obj, NULL, &err), CV_ERR_SYNTAX);
    assert_int_equal(
        cv_msg_read(CV_S("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"), &obj, NULL, &err),
        CV_ERR_SYNTAX);
    assert_null(obj);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_property_type_survives),
        cmocka_unit_test(named_properties_survive_whoever_holds_them),
        cmocka_unit_test(equal_objects_give_equal_files),
        cmocka_unit_test(name_hashes_are_those_of_outlook),
        cmocka_unit_test(attachments_of_every_kind_survive),
        cmocka_unit_test(embedded_messages_survive_with_their_rows),
        cmocka_unit_test(eight_bit_text_stays_eight_bit),
        cmocka_unit_test(undecodable_text_keeps_its_bytes),
        cmocka_unit_test(what_outlook_expects_is_added_to_other_objects),
        cmocka_unit_test(lists_names_and_ids_are_completed),
        cmocka_unit_test(streams_are_read_without_a_property_stream),
        cmocka_unit_test(unicode_text_wins_over_8_bit_text),
        cmocka_unit_test(any_header_size_is_understood),
        cmocka_unit_test(entries_without_stream_and_bad_types_are_findings),
        cmocka_unit_test(
            several_strings_are_read_without_lengths_and_with_gaps),
        cmocka_unit_test(properties_without_a_name_keep_their_number),
        cmocka_unit_test(name_entries_that_point_outside_lose_only_their_name),
        cmocka_unit_test(a_file_as_data_of_an_embedded_message_is_read),
        cmocka_unit_test(object_data_as_a_stream_is_data),
        cmocka_unit_test(ole_objects_survive),
        cmocka_unit_test(embedding_beyond_the_limit_is_kept_as_bytes),
        cmocka_unit_test(more_recipients_than_the_limit_are_a_finding),
        cmocka_unit_test(each_directory_is_a_balanced_tree),
        cmocka_unit_test(every_prefix_is_a_message_or_an_error),
        cmocka_unit_test(every_damaged_byte_is_a_message_or_an_error),
        cmocka_unit_test(what_is_no_compound_file_is_an_error),
    };
    return cmocka_run_group_tests_name("msg", tests, NULL, NULL);
}
