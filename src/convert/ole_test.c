/* Objects of other programs leave as the files they are. */
#include "convert/ole.h"
#include "convert/test_util.h"

#include "msg/cfb_write.h"

#include <stdio.h>

typedef struct stream {
    const char *name;
    cv_slice bytes;
} stream;

static cv_slice compound(cv_arena *arena, const stream *streams, size_t count)
{
    cv_cfb_writer *w = NULL;
    cv_buf buf;
    cv_buf_init(&buf, 0);
    assert_int_equal(cv_cfb_writer_new(arena, &w, NULL), CV_OK);
    for (size_t i = 0; i < count; i++) {
        cv_blob *blob = cv_arena_alloc(arena, sizeof *blob);
        assert_non_null(blob);
        *blob = cv_blob_mem(streams[i].bytes);
        assert_int_equal(cv_cfb_add_stream(w, CV_CFB_ROOT_ID, streams[i].name,
                                           blob, NULL, NULL),
                         CV_OK);
    }
    cv_sink sink = cv_buf_sink(&buf);
    assert_int_equal(cv_cfb_write(w, &sink, NULL), CV_OK);
    cv_slice out = cv_buf_dup(&buf, arena);
    cv_buf_clear(&buf);
    return out;
}

#define PACKAGE \
    "\x2A\0\0\0\x02\0plan.txt\0C:\\x\\plan.txt\0\0\0\x03\0\x04\0\0" \
    "\0C:\\\0\x05\0\0\0hello"
#define PNG "\x89PNG\r\n\x1A\nrest"

static const struct {
    const char *stream;
    cv_slice bytes;
    const char *name, *data, *type; /* of the part; data in base64 */
} rows[] = {
    { "\001Ole10Native",
      { (const uint8_t *)PACKAGE, sizeof PACKAGE - 1 },
      "plan.txt",
      "aGVsbG8=",
      "text/plain" },
    { "CONTENTS",
      { (const uint8_t *)PNG, sizeof PNG - 1 },
      "Picture.png",
      "iVBORw0KGgpyZXN0",
      "image/png" },
    { "\001Ole10Native",
      { (const uint8_t *)"\x0C\0\0\0" PNG, 4 + sizeof PNG - 1 },
      "Picture.png",
      "iVBORw0KGgpyZXN0",
      "image/png" },
    { "WordDocument",
      { (const uint8_t *)"doc", 3 },
      "Picture.doc",
      "0M8R4KGxGuE",
      "application/msword" },
    { "Package",
      { (const uint8_t *)"PK\3\4zip", 7 },
      "Picture.zip",
      "UEsDBHppcA==",
      "application/zip" },
    /* what nobody knows goes as it is */
    { "Equation Native",
      { (const uint8_t *)"eq", 2 },
      "Picture.ole",
      "0M8R4KGxGuE",
      "application/octet-stream" },
    { "\001Ole10Native",
      { (const uint8_t *)"\x02\0\0\0\x02\0plan", 10 },
      "Picture.ole",
      "0M8R4KGxGuE",
      "application/octet-stream" },
};

static void make_object(rig *r, size_t i)
{
    cv_object_free(&r->obj);
    assert_int_equal(cv_object_new(0, &r->obj, NULL), CV_OK);
    cv_attachment *a = cv_object_add_attachment(r->obj);
    cv_bag_set_i32(a->props, CV_PidTagAttachMethod, CV_ATTACH_OLE);
    cv_bag_set_string(a->props, CV_PidTagDisplayName, CV_S("Picture"));
    stream s = { rows[i].stream, rows[i].bytes };
    a->has_data = true;
    a->data = cv_blob_mem(compound(cv_object_arena(r->obj), &s, 1));
}

static void an_object_leaves_as_the_file_in_it(void **state)
{
    rig *r = *state;
    for (size_t i = 0; i < CV_LEN(rows); i++) {
        char text[100];
        make_object(r, i);
        const char *mail = rig_write(r);
        snprintf(text, sizeof text, "Content-Type: %s", rows[i].type);
        assert_has(mail, text);
        snprintf(text, sizeof text, "filename=\"%s\"", rows[i].name);
        if (!strstr(mail, text)) {
            snprintf(text, sizeof text, "filename=%s", rows[i].name);
            assert_has(mail, text);
        }
        assert_has(mail, rows[i].data);
    }
}

/* C011: an object that is gone leaves its picture, or its name. */
static void c011_an_object_without_data_is_its_picture(void **state)
{
    rig *r = *state;
    for (int picture = 0; picture < 2; picture++) {
        cv_object_free(&r->obj);
        rig_new_report(r);
        assert_int_equal(cv_object_new(0, &r->obj, NULL), CV_OK);
        cv_attachment *a = cv_object_add_attachment(r->obj);
        cv_bag_set_i32(a->props, CV_PidTagAttachMethod, CV_ATTACH_OLE);
        cv_bag_set_string(a->props, CV_PidTagDisplayName, CV_S("Chart"));
        if (picture)
            cv_bag_set_binary(a->props, CV_PidTagAttachRendering,
                              CV_S("\xD7\xCD\xC6\x9A"));
        const char *mail = rig_write(r);
        assert_has(mail, "Chart");
        if (picture)
            assert_has(mail, "Content-Type: image/wmf");
        assert_int_equal(rig_count(r, CV_RULE_ATTACHMENT_DATA), !picture);
    }
}

/* Every prefix of a compound file is unpacked or left alone. */
static void a_damaged_object_costs_itself(void **state)
{
    rig *r = *state;
    cv_arena *arena = NULL;
    stream s = { rows[0].stream, rows[0].bytes };
    (void)r;
    assert_int_equal(cv_arena_new(0, &arena, NULL), CV_OK);
    cv_slice whole = compound(arena, &s, 1);
    for (size_t n = 0; n <= whole.len; n += 7) {
        cv_ole_file file;
        if (cv_ole_unpack(arena, cv_slice_sub(whole, 0, n), &file))
            assert_true(file.data.len <= n);
    }
    cv_arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG(an_object_leaves_as_the_file_in_it),
        RIG(c011_an_object_without_data_is_its_picture),
        RIG(a_damaged_object_costs_itself),
    };
    return cmocka_run_group_tests_name("ole", tests, NULL, NULL);
}
