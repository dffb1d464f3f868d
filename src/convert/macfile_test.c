/* Files of the Macintosh, read from every form and written again. */
#include "convert/macfile.h"
#include "convert/test_util.h"

#include "base/text.h"

static const cv_slice finder = { (const uint8_t *)"TEXTttxt\1\2\0\0\0\0\0\0",
                                 16 };

static cv_mac_file example(void)
{
    return (cv_mac_file){ .name = CV_S("Read Me"),
                          .resource = CV_S("RSRC"),
                          .finder = finder };
}

static void a_header_is_read_as_it_was_written(void **state)
{
    rig *r = *state;
    cv_arena *arena = NULL;
    cv_mac_file in = example(), out;
    (void)r;
    assert_int_equal(cv_arena_new(0, &arena, NULL), CV_OK);
    cv_slice bytes = cv_mac_double(arena, &in);
    assert_true(cv_mac_of_apple(bytes, &out));
    assert_text(out.name, "Read Me");
    assert_text(out.resource, "RSRC");
    assert_true(cv_slice_eq(out.finder, finder));
    assert_false(out.has_data);
    for (size_t n = 0; n < bytes.len; n++)
        assert_false(cv_mac_of_apple(cv_slice_sub(bytes, 0, n), &out));
    cv_arena_free(&arena);
}

/* The header of a MacBinary II file and its two forks. */
static size_t macbinary(uint8_t *out, const char *data, const char *resource)
{
    size_t data_len = strlen(data), resource_len = strlen(resource);
    memset(out, 0, 512);
    out[1] = 7;
    memcpy(out + 2, "Read Me", 7);
    memcpy(out + 65, finder.ptr, 9);
    out[86] = (uint8_t)data_len;
    out[90] = (uint8_t)resource_len;
    memcpy(out + 128, data, data_len);
    memcpy(out + 256, resource, resource_len);
    return 384;
}

static void macbinary_is_cut_into_its_forks(void **state)
{
    uint8_t file[512];
    cv_mac_file out;
    (void)state;
    size_t len = macbinary(file, "DATA", "RSRC");
    assert_true(cv_mac_of_macbinary(cv_slice_of(file, len), &out));
    assert_text(out.name, "Read Me");
    assert_text(out.data, "DATA");
    assert_text(out.resource, "RSRC");
    assert_false(cv_mac_of_macbinary(cv_slice_of(file, 256), &out));
    assert_false(cv_mac_of_macbinary(cv_slice_of(file, 100), &out));
    file[83] = 0x7F; /* a fork that is not there */
    assert_false(cv_mac_of_macbinary(cv_slice_of(file, len), &out));
    file[83] = 0;
    file[0] = 1;
    assert_false(cv_mac_of_macbinary(cv_slice_of(file, len), &out));
}

/* Writes BinHex as its definition says, without runs but for the letter
 * that begins them. */
static void put_binhex(cv_buf *out, const uint8_t *bytes, size_t len)
{
    static const char letters[] = "!\"#$%&'()*+,-012345689@ABCDEFGHIJKLMNPQRSTU"
                                  "VXYZ[`abcdefhijklmpqr";
    uint32_t bits = 0;
    unsigned have = 0;
    cv_buf_put_str(out,
                   "(This file must be converted with BinHex 4.0)\r\n\r\n:");
    for (size_t i = 0; i < len; i++) {
        bits = bits << 8 | bytes[i];
        for (have += 8; have >= 6; have -= 6)
            cv_buf_put_byte(out, (uint8_t)letters[bits >> (have - 6) & 63]);
        if (i % 40 == 39)
            cv_buf_put_str(out, "\r\n");
    }
    if (have)
        cv_buf_put_byte(out, (uint8_t)letters[bits << (6 - have) & 63]);
    cv_buf_put_str(out, ":\r\n");
}

static const uint8_t hqx[] = { 4,   'f', 'i', 'l',  'e', 0,   'T', 'E',
                               'X', 'T', 't', 't',  'x', 't', 0,   0,
                               0,   0,   0,   6,    0,   0,   0,   4,
                               0,   0,   'A', 0x90, 5,   'B', 0,   0,
                               'R', 'S', 'R', 'C',  0,   0 };

static void binhex_is_decoded_with_its_runs(void **state)
{
    rig *r = *state;
    cv_arena *arena = NULL;
    cv_mac_file out;
    assert_int_equal(cv_arena_new(0, &arena, NULL), CV_OK);
    put_binhex(&r->out, hqx, sizeof hqx);
    assert_true(cv_mac_of_binhex(arena, cv_buf_slice(&r->out), &out));
    assert_text(out.name, "file");
    assert_text(out.data, "AAAAAB");
    assert_text(out.resource, "RSRC");
    for (size_t n = 0; n + 4 < r->out.len; n++)
        assert_false(cv_mac_of_binhex(
            arena, cv_slice_sub(cv_buf_slice(&r->out), 0, n), &out));
    assert_false(cv_mac_of_binhex(arena, CV_S("DATA"), &out));
    cv_arena_free(&arena);
}

static cv_slice data_at(rig *r, size_t i)
{
    cv_slice data;
    assert_true(i < cv_object_attachment_count(r->obj));
    assert_int_equal(cv_blob_get(&cv_object_attachment(r->obj, i)->data,
                                 1 << 20, cv_object_arena(r->obj), &data, NULL),
                     CV_OK);
    return data;
}

static void assert_file(rig *r, size_t i, const char *name, const char *data)
{
    assert_string_prop(cv_object_attachment(r->obj, i)->props,
                       CV_PidTagAttachLongFilename, name);
    if (data)
        assert_text(data_at(r, i), data);
}

/* mail: lives as long as the object. */
static void read_part(rig *r, const char *type, cv_slice bytes, cv_buf *mail)
{
    cv_buf_init(mail, 0);
    cv_buf_printf(mail,
                  "MIME-Version: 1.0\r\nContent-Type: %s\r\n"
                  "Content-Transfer-Encoding: base64\r\n\r\n",
                  type);
    cv_base64_put(mail, bytes, 76);
    cv_buf_put_byte(mail, 0);
    rig_read(r, (const char *)mail->data);
}

/* C021: whatever form it came in, the data fork is the file; what else there
 * is stands beside it and both leave as AppleDouble. */
static void c021_the_data_fork_is_the_file(void **state)
{
    rig *r = *state;
    cv_buf text, came;
    cv_buf_init(&text, 0);
    put_binhex(&text, hqx, sizeof hqx);
    read_part(r, "application/mac-binhex40; name=file.hqx", cv_buf_slice(&text),
              &came);
    cv_buf_clear(&text);
    assert_int_equal(cv_object_attachment_count(r->obj), 2);
    assert_file(r, 0, "file", "AAAAAB");
    assert_file(r, 1, "._file", NULL);
    assert_true(cv_bag_bool_or(cv_object_attachment(r->obj, 1)->props,
                               CV_PidTagAttachmentHidden, false));
    cv_slice before = cv_arena_dup(cv_object_arena(r->obj), data_at(r, 1));
    const char *mail = rig_write(r);
    assert_has(mail, "multipart/appledouble");
    assert_has(mail, "application/applefile");
    cv_buf_clear(&came);
    char *copy = strdup(mail);
    cv_object *first = r->obj;
    r->obj = NULL;
    rig_read(r, copy);
    free(copy);
    assert_int_equal(cv_object_attachment_count(r->obj), 2);
    assert_file(r, 1, "file", "AAAAAB");
    assert_file(r, 0, "._file", NULL);
    assert_true(cv_slice_eq(data_at(r, 0), before));
    cv_object_free(&first);
}

static void c021_single_files_are_split(void **state)
{
    rig *r = *state;
    cv_buf came;
    static const uint8_t single[] = { 0, 5, 0x16, 0,   0,   2,  0,  0, 0,
                                      0, 0, 0,    0,   0,   0,  0,  0, 0,
                                      0, 0, 0,    0,   0,   0,  0,  1, 0,
                                      0, 0, 1,    0,   0,   0,  38, 0, 0,
                                      0, 4, 'D',  'A', 'T', 'A' };
    read_part(r, "application/applefile; name=\"a.bin\"",
              cv_slice_of(single, sizeof single), &came);
    assert_int_equal(cv_object_attachment_count(r->obj), 1);
    assert_file(r, 0, "a.bin", "DATA");
    cv_buf_clear(&came);
}

static void macbinary_leaves_as_appledouble(void **state)
{
    rig *r = *state;
    static const uint8_t oid[] = { 0x2A, 0x86, 0x48, 0x86, 0xF7,
                                   0x14, 0x03, 0x0B, 0x01 };
    uint8_t file[512];
    const bool sound[] = { true, false };
    for (size_t i = 0; i < CV_LEN(sound); i++) {
        size_t len = macbinary(file, "DATA", "RSRC");
        file[0] = !sound[i];
        cv_object_free(&r->obj);
        assert_int_equal(cv_object_new(0, &r->obj, NULL), CV_OK);
        cv_attachment *a = cv_object_add_attachment(r->obj);
        cv_bag_set_i32(a->props, CV_PidTagAttachMethod, CV_ATTACH_BY_VALUE);
        cv_bag_set_string(a->props, CV_PidTagAttachLongFilename, CV_S("Read"));
        cv_bag_set_binary(a->props, CV_PidTagAttachEncoding,
                          cv_slice_of(oid, sizeof oid));
        a->has_data = true;
        a->data = cv_blob_mem(cv_slice_of(file, len));
        const char *mail = rig_write(r);
        if (sound[i]) {
            assert_has(mail, "multipart/appledouble");
            assert_has(mail, "\r\nREFUQQ==\r\n");
        } else { /* as a file */
            assert_has_not(mail, "multipart/appledouble");
            assert_has(mail, "filename=Read");
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG(a_header_is_read_as_it_was_written),
        RIG(macbinary_is_cut_into_its_forks),
        RIG(binhex_is_decoded_with_its_runs),
        RIG(c021_the_data_fork_is_the_file),
        RIG(c021_single_files_are_split),
        RIG(macbinary_leaves_as_appledouble),
    };
    return cmocka_run_group_tests_name("macfile", tests, NULL, NULL);
}
