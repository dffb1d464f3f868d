#include "archive/archive_private.h"

#include "base/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <archive.h>
#include <archive_entry.h>
#include <cmocka.h>

#define ROOM ((size_t)4 << 20)

typedef int (*setting)(struct archive *);

typedef struct rig {
    uint8_t *bytes;
    size_t len;
    struct archive *out;
    cv_report *report;
    cv_buf seen; /* "folder|name|bytes;" for each entry */
} rig;

static int setup(void **state)
{
    rig *r = calloc(1, sizeof(*r));
    r->bytes = malloc(ROOM);
    cv_buf_init(&r->seen, 0);
    assert_int_equal(cv_report_new(&r->report, NULL), CV_OK);
    *state = r;
    return 0;
}

static int teardown(void **state)
{
    rig *r = *state;
    cv_report_free(&r->report);
    cv_buf_clear(&r->seen);
    free(r->bytes);
    free(r);
    return 0;
}

/* -- archives made here -- */

static void begin(rig *r, setting format, setting filter)
{
    r->out = archive_write_new();
    assert_int_equal(format(r->out), ARCHIVE_OK);
    if (filter)
        assert_int_equal(filter(r->out), ARCHIVE_OK);
    assert_int_equal(archive_write_open_memory(r->out, r->bytes, ROOM, &r->len),
                     ARCHIVE_OK);
}

static void add(rig *r, const char *path, const void *bytes, size_t len)
{
    struct archive_entry *e = archive_entry_new();
    archive_entry_set_pathname(e, path);
    archive_entry_set_filetype(e, AE_IFREG);
    archive_entry_set_perm(e, 0644);
    archive_entry_set_size(e, (la_int64_t)len);
    assert_int_equal(archive_write_header(r->out, e), ARCHIVE_OK);
    assert_true(archive_write_data(r->out, bytes, len) == (la_ssize_t)len);
    archive_entry_free(e);
}

static void add_text(rig *r, const char *path, const char *text)
{
    add(r, path, text, strlen(text));
}

static cv_slice finish(rig *r)
{
    assert_int_equal(archive_write_close(r->out), ARCHIVE_OK);
    archive_write_free(r->out);
    return cv_slice_of(r->bytes, r->len);
}

/* -- reading them -- */

static cv_status each(void *ctx, const cv_archive_entry *e, cv_error *err)
{
    rig *r = ctx;
    (void)err;
    cv_buf_put_slice(&r->seen, e->folder);
    cv_buf_put_byte(&r->seen, '|');
    cv_buf_put_slice(&r->seen, e->name);
    cv_buf_put_byte(&r->seen, '|');
    cv_buf_put_str(&r->seen, e->why ? "!" : "");
    cv_buf_put_slice(&r->seen, cv_slice_sub(e->bytes, 0, 10));
    cv_buf_put_byte(&r->seen, ';');
    return CV_OK;
}

static cv_status walk_with(rig *r, cv_slice in, cv_archive_budget *budget)
{
    cv_archive_walker walker = { each, r };
    return cv_archive_walk(in, CV_S("dir/box.eml.gz"), budget, &walker,
                           r->report, NULL);
}

static cv_status walk(rig *r, cv_slice in)
{
    cv_archive_budget budget = cv_archive_budget_of(in.len);
    return walk_with(r, in, &budget);
}

static void saw(rig *r, const char *want)
{
    cv_buf_put_byte(&r->seen, 0);
    assert_string_equal((const char *)r->seen.data, want);
    cv_buf_reset(&r->seen);
}

static void files_come_in_order_with_their_folders(void **state)
{
    static const struct {
        setting format, filter;
    } rows[] = {
        { archive_write_set_format_zip, NULL },
        { archive_write_set_format_7zip, NULL },
        { archive_write_set_format_ustar, NULL },
        { archive_write_set_format_pax, archive_write_add_filter_gzip },
        { archive_write_set_format_gnutar, archive_write_add_filter_bzip2 },
        { archive_write_set_format_ustar, archive_write_add_filter_xz },
        { archive_write_set_format_ustar, archive_write_add_filter_zstd },
        { archive_write_set_format_ustar, archive_write_add_filter_lz4 },
    };
    rig *r = *state;
    for (size_t i = 0; i < CV_LEN(rows); i++) {
        begin(r, rows[i].format, rows[i].filter);
        add_text(r, "b.eml", "one");
        add_text(r, "in/box/a.msg", "two");
        add_text(r, "in/c.ics", "");
        cv_slice in = finish(r);
        assert_true(cv_archive_is(in));
        assert_int_equal(walk(r, in), CV_OK);
        saw(r, "|b.eml|one;in/box|a.msg|two;in|c.ics|;");
    }
    assert_int_equal(cv_report_count(r->report), 0);
}

static void a_compressed_file_is_an_archive_of_one(void **state)
{
    rig *r = *state;
    begin(r, archive_write_set_format_raw, archive_write_add_filter_gzip);
    add_text(r, "any", "mail");
    cv_slice in = finish(r);
    assert_true(cv_archive_is(in));
    assert_int_equal(walk(r, in), CV_OK);
    saw(r, "|box.eml|mail;");
}

static void names_cannot_leave_the_archive(void **state)
{
    static const struct {
        const char *path, *folder, *name;
        bool changed;
    } rows[] = {
        { "a/b.eml", "a", "b.eml", false },
        { "./a//b.eml", "a", "b.eml", false },
        { "../../etc/passwd", "etc", "passwd", true },
        { "/root/x", "root", "x", true },
        { "C:\\mail\\x.msg", "mail", "x.msg", true },
        { "a\n/b", "a ", "b", true },
        { "caf\xE9/x", "caf\xC3\xA9", "x", true },
        { "..", "", "", true },
    };
    cv_arena *arena;
    (void)state;
    assert_int_equal(cv_arena_new(0, &arena, NULL), CV_OK);
    for (size_t i = 0; i < CV_LEN(rows); i++) {
        cv_slice folder, name;
        bool changed;
        bool any = cv_archive_clean_path(arena, cv_slice_cstr(rows[i].path),
                                         &folder, &name, &changed);
        assert_int_equal(any, rows[i].name[0] != 0);
        assert_true(cv_slice_eq(folder, cv_slice_cstr(rows[i].folder)));
        assert_true(cv_slice_eq(name, cv_slice_cstr(rows[i].name)));
        assert_int_equal(changed, rows[i].changed);
    }
    cv_arena_free(&arena);
}

static void an_unsafe_name_is_told(void **state)
{
    rig *r = *state;
    begin(r, archive_write_set_format_ustar, NULL);
    add_text(r, "../up.eml", "x");
    assert_int_equal(walk(r, finish(r)), CV_OK);
    saw(r, "|up.eml|x;");
    assert_true(cv_report_has(r->report, CV_RULE_ARCHIVE_NAME));
}

static void links_are_told_and_left_out(void **state)
{
    rig *r = *state;
    begin(r, archive_write_set_format_ustar, NULL);
    struct archive_entry *e = archive_entry_new();
    archive_entry_set_pathname(e, "link");
    archive_entry_set_filetype(e, AE_IFLNK);
    archive_entry_set_symlink(e, "/etc/passwd");
    assert_int_equal(archive_write_header(r->out, e), ARCHIVE_OK);
    archive_entry_free(e);
    add_text(r, "a", "x");
    assert_int_equal(walk(r, finish(r)), CV_OK);
    saw(r, "|a|x;");
    assert_true(cv_report_has(r->report, CV_RULE_ARCHIVE_ENTRY));
}

/* In the place of a filter. */
static int lock(struct archive *a)
{
    assert_int_equal(archive_write_set_passphrase(a, "secret"), ARCHIVE_OK);
    return archive_write_set_options(a, "zip:encryption=zipcrypt");
}

static void an_encrypted_entry_costs_itself(void **state)
{
    rig *r = *state;
    begin(r, archive_write_set_format_zip, lock);
    add_text(r, "a.eml", "one");
    add_text(r, "b.eml", "two");
    assert_int_equal(walk(r, finish(r)), CV_OK);
    saw(r, "|a.eml|!;|b.eml|!;");
    assert_int_equal(cv_report_count(r->report), 2);
    assert_true(cv_report_has(r->report, CV_RULE_ARCHIVE_ENTRY));
}

static void a_cut_archive_gives_what_is_there(void **state)
{
    rig *r = *state;
    begin(r, archive_write_set_format_ustar, NULL);
    add_text(r, "a.eml", "one");
    add_text(r, "b.eml", "two");
    cv_slice in = finish(r);
    assert_int_equal(walk(r, cv_slice_sub(in, 0, 512 + 512 + 100)), CV_OK);
    saw(r, "|a.eml|one;");
    assert_true(cv_report_has(r->report, CV_RULE_ARCHIVE_DAMAGED));
}

static void what_cannot_be_opened_is_an_error(void **state)
{
    rig *r = *state;
    assert_int_equal(walk(r, CV_S("7z\xBC\xAF\x27\x1C garbage")),
                     CV_ERR_SYNTAX);
    saw(r, "");
}

static void documents_are_no_archives(void **state)
{
    rig *r = *state;
    begin(r, archive_write_set_format_zip, NULL);
    add_text(r, "[Content_Types].xml", "<x/>");
    assert_false(cv_archive_is(finish(r)));
    assert_false(cv_archive_is(CV_S("")));
    assert_false(cv_archive_is(CV_S("From: a@b\r\n\r\n")));
}

/* -- limits -- */

static cv_slice bomb(rig *r)
{
    static const char zeros[1 << 20];
    begin(r, archive_write_set_format_zip, NULL);
    add_text(r, "a", "one");
    add(r, "big", zeros, sizeof(zeros));
    add_text(r, "z", "two");
    return finish(r);
}

static void a_large_entry_is_left_out_and_the_next_one_follows(void **state)
{
    rig *r = *state;
    cv_slice in = bomb(r);
    cv_archive_budget budget = { (size_t)1 << 30, 100, (size_t)1 << 19 };
    assert_int_equal(walk_with(r, in, &budget), CV_OK);
    saw(r, "|a|one;|big|!;|z|two;");
    assert_true(cv_report_has(r->report, CV_RULE_LIMIT));
}

static void a_bomb_ends_the_walk(void **state)
{
    rig *r = *state;
    cv_slice in = bomb(r);
    cv_archive_budget budget = { (size_t)1 << 19, 100, (size_t)1 << 30 };
    assert_int_equal(walk_with(r, in, &budget), CV_OK);
    saw(r, "|a|one;|big|!;");
    assert_true(cv_report_has(r->report, CV_RULE_LIMIT));
    assert_string_equal((const char *)cv_report_get(r->report, 0)->found.ptr,
                        "CV_LIMIT_ARCHIVE_RATIO");
}

static void entries_are_counted(void **state)
{
    rig *r = *state;
    cv_slice in = bomb(r);
    cv_archive_budget budget = { (size_t)1 << 30, 1, (size_t)1 << 30 };
    assert_int_equal(walk_with(r, in, &budget), CV_OK);
    saw(r, "|a|one;");
    assert_true(cv_report_has(r->report, CV_RULE_LIMIT));
}

static void the_budget_is_that_of_the_limits(void **state)
{
    cv_archive_budget b = cv_archive_budget_of(10);
    (void)state;
    assert_true(b.bytes ==
                CV_LIMIT_ARCHIVE_FREE_BYTES + 10 * CV_LIMIT_ARCHIVE_RATIO);
    assert_true(b.entries == CV_LIMIT_ARCHIVE_ENTRIES);
    assert_true(b.entry_bytes == CV_LIMIT_ARCHIVE_ENTRY_BYTES);
}

static void damaged_archives_do_no_harm(void **state)
{
    static const uint8_t flips[] = { 0x01, 0x80, 0xFF };
    static const setting formats[] = { archive_write_set_format_zip,
                                       archive_write_set_format_7zip };
    rig *r = *state;
    for (size_t k = 0; k < CV_LEN(formats); k++) {
        begin(r, formats[k], NULL);
        add_text(r, "a/b.eml", "one");
        add_text(r, "c.eml", "two");
        cv_slice in = finish(r);
        for (size_t i = 0; i < in.len * 4; i++) {
            cv_archive_budget budget = { 1 << 20, 100, 1 << 20 };
            size_t size = i < in.len ? i : in.len;
            uint8_t flip = i < in.len ? 0 : flips[i / in.len - 1];
            r->bytes[i % in.len] ^= flip;
            cv_status st = walk_with(r, cv_slice_of(r->bytes, size), &budget);
            assert_true(st == CV_OK || st == CV_ERR_SYNTAX);
            r->bytes[i % in.len] ^= flip;
        }
    }
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(files_come_in_order_with_their_folders),
        T(a_compressed_file_is_an_archive_of_one),
        T(names_cannot_leave_the_archive),
        T(an_unsafe_name_is_told),
        T(links_are_told_and_left_out),
        T(an_encrypted_entry_costs_itself),
        T(a_cut_archive_gives_what_is_there),
        T(what_cannot_be_opened_is_an_error),
        T(documents_are_no_archives),
        T(a_large_entry_is_left_out_and_the_next_one_follows),
        T(a_bomb_ends_the_walk),
        T(entries_are_counted),
        T(the_budget_is_that_of_the_limits),
        T(damaged_archives_do_no_harm),
    };
    return cmocka_run_group_tests_name("archive", tests, NULL, NULL);
}
