#include "mapi/object.h"

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

static void a_new_object_is_empty(void **state)
{
    cv_object *obj = make();
    (void)state;
    assert_int_equal(cv_object_depth(obj), 0);
    assert_int_equal(cv_bag_count(cv_object_props(obj)), 0);
    assert_int_equal(cv_object_recipient_count(obj), 0);
    assert_int_equal(cv_object_attachment_count(obj), 0);
    assert_string_equal(cv_object_source(obj), "");
    assert_int_equal(cv_object_original(obj).len, 0);
    cv_object_free(&obj);
    assert_null(obj);
    cv_object_free(&obj);
}

static void rows_keep_order_and_place(void **state)
{
    cv_object *obj = make();
    cv_bag *third = NULL;
    (void)state;
    for (int i = 0; i < 100; i++) {
        cv_bag *row = cv_object_add_recipient(obj);
        assert_int_equal(cv_bag_set_i32(row, CV_PidTagRowid, i), CV_OK);
        if (i == 2)
            third = row;
        cv_attachment *att = cv_object_add_attachment(obj);
        assert_int_equal(cv_bag_set_i32(att->props, CV_PidTagAttachNumber, i),
                         CV_OK);
        assert_false(att->has_data);
        assert_null(att->embedded);
    }
    assert_ptr_equal(cv_object_recipient(obj, 2), third);
    cv_object_remove_recipient(obj, 0);
    cv_object_remove_attachment(obj, 99);
    assert_int_equal(cv_object_recipient_count(obj), 99);
    assert_ptr_equal(cv_object_recipient(obj, 1), third);
    assert_int_equal(cv_object_attachment_count(obj), 99);
    for (size_t i = 0; i < 99; i++) {
        assert_int_equal(
            cv_bag_i32_or(cv_object_recipient(obj, i), CV_PidTagRowid, -1),
            i + 1);
        assert_int_equal(cv_bag_i32_or(cv_object_attachment(obj, i)->props,
                                       CV_PidTagAttachNumber, -1),
                         i);
    }
    cv_object_free(&obj);
}

static void the_limits_of_rows_are_exact(void **state)
{
    cv_object *obj = make();
    (void)state;
    for (size_t i = 0; i < CV_LIMIT_RECIPIENTS; i++)
        assert_non_null(cv_object_add_recipient(obj));
    assert_null(cv_object_add_recipient(obj));
    assert_int_equal(cv_object_recipient_count(obj), CV_LIMIT_RECIPIENTS);
    for (size_t i = 0; i < CV_LIMIT_ATTACHMENTS; i++)
        assert_non_null(cv_object_add_attachment(obj));
    assert_null(cv_object_add_attachment(obj));
    assert_int_equal(cv_object_attachment_count(obj), CV_LIMIT_ATTACHMENTS);
    cv_object_free(&obj);
}

static void embedding_ends_at_its_depth(void **state)
{
    cv_object *obj = make();
    cv_object *inner = obj;
    (void)state;
    for (unsigned i = 1; i <= CV_LIMIT_EMBED_DEPTH; i++) {
        inner = cv_object_new_embedded(inner);
        assert_non_null(inner);
        assert_int_equal(cv_object_depth(inner), i);
        assert_ptr_equal(cv_object_arena(inner), cv_object_arena(obj));
        assert_ptr_equal(cv_object_names(inner), cv_object_names(obj));
    }
    assert_null(cv_object_new_embedded(inner));
    cv_object_free(&obj);
}

static void the_message_class_has_a_default(void **state)
{
    static const struct {
        const char *given, *seen;
    } rows[] = { { "IPM.Schedule.Meeting.Request",
                   "IPM.Schedule.Meeting.Request" },
                 { "IPM.Note..", "IPM.Note" },
                 { "IPM.Appointment.", "IPM.Appointment" },
                 { "", "IPM.Note" },
                 { "...", "IPM.Note" },
                 { "IPM.\xC3\xA4", "IPM.Note" },
                 { "IPM.\n", "IPM.Note" } };
    cv_object *obj = make();
    (void)state;
    assert_true(cv_slice_eq(cv_object_class(obj), CV_S("IPM.Note")));
    for (size_t i = 0; i < CV_LEN(rows); i++) {
        assert_int_equal(cv_bag_set_string(cv_object_props(obj),
                                           CV_PidTagMessageClass,
                                           cv_slice_cstr(rows[i].given)),
                         CV_OK);
        assert_true(
            cv_slice_eq(cv_object_class(obj), cv_slice_cstr(rows[i].seen)));
    }
    cv_object_free(&obj);
}

static void a_class_is_its_own_and_its_prefixes(void **state)
{
    cv_object *obj = make();
    (void)state;
    assert_int_equal(cv_bag_set_string(cv_object_props(obj),
                                       CV_PidTagMessageClass,
                                       CV_S("IPM.Schedule.Meeting.Resp.Pos")),
                     CV_OK);
    assert_true(cv_object_is_class(obj, CV_S("ipm.schedule.meeting")));
    assert_true(cv_object_is_class(obj, CV_S("IPM.Schedule.Meeting.Resp.Pos")));
    assert_false(cv_object_is_class(obj, CV_S("IPM.Schedule.Meeting.Re")));
    assert_false(
        cv_object_is_class(obj, CV_S("IPM.Schedule.Meeting.Resp.Pos.x")));
    cv_object_free(&obj);
}

static cv_name text_name(const char *text)
{
    return (cv_name){ .set = *cv_set_guid(CV_SET_PS_PUBLIC_STRINGS),
                      .is_string = true,
                      .string = cv_slice_cstr(text) };
}

static void a_known_name_keeps_its_tag(void **state)
{
    cv_object *obj = make();
    cv_tag tag = 0;
    (void)state;
    cv_name name = *cv_name_of_tag(CV_PidLidLocation);
    assert_int_equal(cv_names_intern(cv_object_names(obj), &name, &tag, NULL),
                     CV_OK);
    assert_int_equal(tag, CV_TAG(CV_TAG_ID(CV_PidLidLocation), 0));
    assert_int_equal(cv_names_find(cv_object_names(obj), &name), tag);
    assert_ptr_equal(cv_names_get(cv_object_names(obj), CV_PidLidLocation),
                     cv_name_of_tag(CV_PidLidLocation));
    cv_object_free(&obj);
}

static void a_new_name_gets_one_tag_of_its_own(void **state)
{
    cv_object *obj = make();
    cv_names *names = cv_object_names(obj);
    char text[] = "x-convoke";
    cv_name name = text_name(text);
    cv_tag first = 0;
    cv_tag second = 0;
    (void)state;
    assert_int_equal(cv_names_find(names, &name), 0);
    assert_int_equal(cv_names_intern(names, &name, &first, NULL), CV_OK);
    assert_true(CV_TAG_ID(first) >= CV_NAMED_FIRST + CV_NAMED_KNOWN);
    assert_int_equal(cv_names_intern(names, &name, &second, NULL), CV_OK);
    assert_int_equal(first, second);
    text[0] = 'y'; /* the name was copied */
    cv_name same = text_name("x-convoke");
    assert_int_equal(cv_names_find(names, &same), first);
    assert_true(
        cv_slice_eq(cv_names_get(names, first)->string, CV_S("x-convoke")));
    name = text_name("X-CONVOKE");
    assert_int_equal(cv_names_intern(names, &name, &second, NULL), CV_OK);
    assert_int_not_equal(first, second);
    assert_null(cv_names_get(names, CV_TAG(0xFFFE, 0)));
    assert_null(cv_names_get(names, CV_PidTagSubject));
    cv_object_free(&obj);
}

static void a_nameless_property_keeps_its_number(void **state)
{
    cv_object *obj = make();
    cv_names *names = cv_object_names(obj);
    cv_tag a = 0;
    cv_tag b = 0;
    (void)state;
    assert_int_equal(cv_names_unnamed(names, 0x8005, &a, NULL), CV_OK);
    assert_int_equal(cv_names_unnamed(names, 0x8005, &b, NULL), CV_OK);
    assert_int_equal(a, b);
    assert_int_equal(cv_names_unnamed(names, 0x8006, &b, NULL), CV_OK);
    assert_int_not_equal(a, b);
    assert_int_equal(cv_name_unnamed_id(cv_names_get(names, a)), 0x8005);
    assert_true(cv_guid_is_zero(&cv_names_get(names, a)->set));
    assert_int_equal(cv_name_unnamed_id(cv_name_of_tag(CV_PidLidLocation)), 0);
    assert_int_equal(cv_name_unnamed_id(NULL), 0);
    cv_name low = { .lid = 0x7FFF };
    assert_int_equal(cv_name_unnamed_id(&low), 0);
    cv_object_free(&obj);
}

static void the_limit_of_names_is_exact(void **state)
{
    cv_object *obj = make();
    cv_names *names = cv_object_names(obj);
    cv_name name = { .set = *cv_set_guid(CV_SET_PSETID_Log) };
    cv_tag tag = 0;
    (void)state;
    for (uint32_t i = 0; i < CV_LIMIT_NAMES; i++) {
        name.lid = 0x10000 + i * 7919 % CV_LIMIT_NAMES;
        assert_int_equal(cv_names_intern(names, &name, &tag, NULL), CV_OK);
    }
    name.lid = 1;
    assert_int_equal(cv_names_intern(names, &name, &tag, NULL), CV_ERR_LIMIT);
    name.lid = 0x10000;
    assert_int_equal(cv_names_intern(names, &name, &tag, NULL), CV_OK);
    cv_object_free(&obj);
}

static void a_header_is_set_by_name(void **state)
{
    cv_object *obj = make();
    cv_bag *props = cv_object_props(obj);
    cv_name name = text_name("X-Mailer");
    (void)state;
    assert_int_equal(
        cv_object_set_named_string(obj, props, CV_SET_PS_INTERNET_HEADERS,
                                   CV_S("x-mailer"), CV_S("Convoke")),
        CV_OK);
    name.set = *cv_set_guid(CV_SET_PS_INTERNET_HEADERS);
    cv_tag tag = cv_names_find(cv_object_names(obj), &name);
    assert_int_not_equal(tag, 0);
    assert_true(
        cv_slice_eq(cv_bag_string_or(props, tag, CV_S("")), CV_S("Convoke")));
    cv_object_free(&obj);
}

static void a_copy_is_equal_and_outlives_its_source(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 100; seed++) {
        cv_object *obj = random_object(seed);
        cv_object *twin = random_object(seed);
        cv_object *copy = NULL;
        cv_object_set_original(obj, CV_S("raw"));
        assert_int_equal(cv_object_dup(obj, &copy, NULL), CV_OK);
        assert_true(cv_object_eq(obj, copy));
        assert_string_equal(cv_object_source(obj), cv_object_source(copy));
        cv_object_free(&obj);
        assert_true(cv_object_eq(twin, copy));
        assert_true(cv_slice_eq(cv_object_original(copy), CV_S("raw")));
        cv_object_free(&copy);
        cv_object_free(&twin);
    }
}

/* The trees number their own names differently. */
static void an_embedded_copy_translates_names(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 100; seed++) {
        cv_object *obj = random_object(seed);
        cv_object *parent = random_object(seed + 1000);
        cv_object *copy = NULL;
        assert_int_equal(cv_object_embed(parent, obj, &copy, NULL), CV_OK);
        assert_true(cv_object_eq(obj, copy));
        assert_true(cv_object_eq(copy, obj));
        assert_int_equal(cv_object_depth(copy), 1);
        cv_object_free(&obj);
        cv_object_free(&parent);
    }
}

static void unequal_objects_are_told_apart(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        cv_object *a = random_object(seed);
        cv_object *b = random_object(seed);
        cv_bag *props = cv_object_props(b);
        assert_true(cv_object_eq(a, b));
        cv_attachment *att = cv_object_add_attachment(a);
        assert_false(cv_object_eq(a, b));
        cv_attachment *other = cv_object_add_attachment(b);
        assert_true(cv_object_eq(a, b));
        att->has_data = true;
        att->data = cv_blob_mem(CV_S("x"));
        assert_false(cv_object_eq(a, b));
        other->has_data = true;
        other->data = cv_blob_mem(CV_S("y"));
        assert_false(cv_object_eq(a, b));
        other->data = cv_blob_mem(CV_S("x"));
        assert_true(cv_object_eq(a, b));
        (void)cv_object_add_recipient(b);
        assert_false(cv_object_eq(a, b));
        (void)cv_object_add_recipient(a);
        assert_true(cv_object_eq(a, b));
        assert_int_equal(cv_bag_set_i32(props, CV_PidTagImportance, 12345),
                         CV_OK);
        assert_false(cv_object_eq(a, b));
        cv_object_free(&a);
        cv_object_free(&b);
    }
}

static cv_status pump_hello(void *ctx, const cv_sink *to, cv_error *err)
{
    (void)ctx;
    return cv_sink_put(to, CV_S("hello"), err);
}

static void copies_hold_the_data_itself(void **state)
{
    cv_object *obj = make();
    cv_object *copy = NULL;
    (void)state;
    cv_attachment *att = cv_object_add_attachment(obj);
    att->has_data = true;
    att->data = (cv_blob){ .size_bytes = UINT64_MAX, .pump = pump_hello };
    assert_int_equal(cv_object_dup(obj, &copy, NULL), CV_OK);
    assert_true(cv_object_eq(obj, copy));
    att = cv_object_attachment(copy, 0);
    assert_true(cv_slice_eq(att->data.mem, CV_S("hello")));
    cv_object_free(&obj);
    assert_true(cv_slice_eq(att->data.mem, CV_S("hello")));
    cv_object_free(&copy);
}

static void a_copy_too_deep_is_a_limit(void **state)
{
    cv_object *obj = make();
    cv_object *parent = make();
    cv_object *inner = obj;
    cv_object *copy = NULL;
    (void)state;
    for (unsigned i = 0; i < CV_LIMIT_EMBED_DEPTH; i++) {
        cv_attachment *att = cv_object_add_attachment(inner);
        att->embedded = cv_object_new_embedded(inner);
        inner = att->embedded;
    }
    assert_int_equal(cv_object_dup(obj, &copy, NULL), CV_OK);
    cv_object_free(&copy);
    assert_int_equal(cv_object_embed(parent, obj, &copy, NULL), CV_ERR_LIMIT);
    assert_null(copy);
    cv_object_free(&obj);
    cv_object_free(&parent);
}

static void a_budget_bounds_the_tree(void **state)
{
    cv_object *obj = NULL;
    (void)state;
    assert_int_equal(cv_object_new(100000, &obj, NULL), CV_OK);
    size_t rows = 0;
    while (rows < 100000 && cv_object_add_recipient(obj))
        rows++;
    assert_in_range(rows, 100, 10000);
    assert_int_equal(cv_arena_status(cv_object_arena(obj)), CV_ERR_LIMIT);
    cv_object_free(&obj);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_object_is_empty),
        cmocka_unit_test(rows_keep_order_and_place),
        cmocka_unit_test(the_limits_of_rows_are_exact),
        cmocka_unit_test(embedding_ends_at_its_depth),
        cmocka_unit_test(the_message_class_has_a_default),
        cmocka_unit_test(a_class_is_its_own_and_its_prefixes),
        cmocka_unit_test(a_known_name_keeps_its_tag),
        cmocka_unit_test(a_new_name_gets_one_tag_of_its_own),
        cmocka_unit_test(a_nameless_property_keeps_its_number),
        cmocka_unit_test(the_limit_of_names_is_exact),
        cmocka_unit_test(a_header_is_set_by_name),
        cmocka_unit_test(a_copy_is_equal_and_outlives_its_source),
        cmocka_unit_test(an_embedded_copy_translates_names),
        cmocka_unit_test(unequal_objects_are_told_apart),
        cmocka_unit_test(copies_hold_the_data_itself),
        cmocka_unit_test(a_copy_too_deep_is_a_limit),
        cmocka_unit_test(a_budget_bounds_the_tree),
    };
    return cmocka_run_group_tests_name("object", tests, NULL, NULL);
}
