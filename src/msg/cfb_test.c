#include "msg/cfb.h"

#include "base/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A compound file with sectors of 512 bytes, made by hand: sector 0 is the
 * FAT, sector 1 the directory (entries 0 to 3), the rest is the test's. */
#define SECTOR 512
#define SECTORS 16
#define FILE_BYTES ((SECTORS + 1) * SECTOR)
#define END UINT32_C(0xFFFFFFFE)
#define FREE UINT32_C(0xFFFFFFFF)
#define NONE UINT32_C(0xFFFFFFFF)
#define BIG 4096 /* bytes from which a stream has sectors of its own */

static uint8_t file[FILE_BYTES];
static cv_arena *arena;
static cv_report *report;

static void put16(size_t at, uint16_t v)
{
    file[at] = (uint8_t)(v & 0xFF);
    file[at + 1] = (uint8_t)(v >> 8);
}

static void put32(size_t at, uint32_t v)
{
    put16(at, (uint16_t)(v & 0xFFFF));
    put16(at + 2, (uint16_t)(v >> 16));
}

static size_t sector_at(uint32_t sector)
{
    return ((size_t)sector + 1) * SECTOR;
}

static void fat(uint32_t sector, uint32_t next)
{
    put32(sector_at(0) + 4 * (size_t)sector, next);
}

static size_t entry_at(uint32_t index)
{
    return sector_at(1) + 128 * (size_t)index;
}

static void entry(uint32_t index, const char *name, uint8_t type,
                  uint32_t start, uint32_t size)
{
    size_t at = entry_at(index);
    for (size_t i = 0; name[i]; i++)
        put16(at + 2 * i, (uint16_t)name[i]);
    put16(at + 64, (uint16_t)(2 * strlen(name) + 2));
    file[at + 66] = type;
    file[at + 67] = 1;
    for (size_t i = 68; i < 80; i += 4)
        put32(at + i, NONE);
    put32(at + 116, start);
    put32(at + 120, size);
}

static void link_entry(uint32_t index, uint32_t left, uint32_t right,
                       uint32_t child)
{
    put32(entry_at(index) + 68, left);
    put32(entry_at(index) + 72, right);
    put32(entry_at(index) + 76, child);
}

/* One stream "s" of 8 sectors from sector 2 on, in one piece; byte i is
 * i / 512 + 1. */
static void make_file(void)
{
    static const uint8_t signature[8] = { 0xD0, 0xCF, 0x11, 0xE0,
                                          0xA1, 0xB1, 0x1A, 0xE1 };
    memset(file, 0, sizeof file);
    memcpy(file, signature, sizeof signature);
    put16(26, 3);
    put16(28, 0xFFFE);
    put16(30, 9);
    put16(32, 6);
    put32(44, 1);
    put32(48, 1);
    put32(56, BIG);
    put32(60, END);
    put32(68, END);
    for (size_t i = 0; i < 109; i++)
        put32(76 + 4 * i, i ? FREE : 0);
    for (uint32_t i = 0; i < 128; i++)
        fat(i, FREE);
    fat(0, UINT32_C(0xFFFFFFFD));
    fat(1, END);
    entry(0, "Root Entry", CV_CFB_ROOT, END, 0);
    entry(1, "s", CV_CFB_STREAM, 2, 8 * SECTOR);
    entry(2, "", 0, 0, 0);
    entry(3, "", 0, 0, 0);
    link_entry(0, NONE, NONE, 1);
    for (uint32_t i = 0; i < 8; i++) {
        fat(2 + i, i == 7 ? END : 3 + i);
        memset(file + sector_at(2 + i), (int)i + 1, SECTOR);
    }
}

static int begin(void **state)
{
    (void)state;
    make_file();
    return cv_arena_new(0, &arena, NULL) || cv_report_new(&report, NULL);
}

static int end(void **state)
{
    (void)state;
    cv_arena_free(&arena);
    cv_report_free(&report);
    return 0;
}

static cv_cfb *open_file(size_t len)
{
    cv_cfb *cfb = NULL;
    assert_int_equal(
        cv_cfb_open(cv_slice_of(file, len), arena, report, &cfb, NULL), CV_OK);
    return cfb;
}

static cv_slice stream(const cv_cfb *cfb, const char *name)
{
    cv_slice bytes;
    const cv_cfb_entry *e =
        cv_cfb_child(cfb, cv_cfb_root(cfb), name, CV_CFB_STREAM);
    assert_non_null(e);
    assert_int_equal(cv_cfb_bytes(cfb, e, &bytes, NULL), CV_OK);
    return bytes;
}

static size_t children(const cv_cfb *cfb)
{
    size_t count = 0;
    const cv_cfb_entry *e = cv_cfb_first(cfb, cv_cfb_root(cfb));
    for (; e; e = cv_cfb_next(cfb, e))
        count++;
    return count;
}

static void a_stream_in_one_piece_is_borrowed_from_the_input(void **state)
{
    (void)state;
    cv_slice bytes = stream(open_file(FILE_BYTES), "S");
    assert_ptr_equal(bytes.ptr, file + sector_at(2));
    assert_int_equal(bytes.len, 8 * SECTOR);
    assert_int_equal(cv_report_count(report), 0);
}

/* Sectors 2 and 3 change places. */
static void scatter(void)
{
    put32(entry_at(1) + 116, 3);
    fat(3, 2);
    fat(2, 4);
}

static void a_scattered_stream_is_joined(void **state)
{
    (void)state;
    scatter();
    cv_slice bytes = stream(open_file(FILE_BYTES), "s");
    assert_int_equal(bytes.len, 8 * SECTOR);
    assert_int_equal(bytes.ptr[0], 2);
    assert_int_equal(bytes.ptr[SECTOR], 1);
    assert_int_equal(bytes.ptr[8 * SECTOR - 1], 8);
}

static void a_scattered_blob_is_pumped_from_its_sectors(void **state)
{
    (void)state;
    scatter();
    put32(entry_at(1) + 120, 8 * SECTOR - 5);
    put32(56, 64); /* still no mini stream */
    cv_cfb *cfb = open_file(FILE_BYTES);
    cv_blob blob;
    assert_int_equal(
        cv_cfb_blob(cfb, cv_cfb_first(cfb, cv_cfb_root(cfb)), &blob, NULL),
        CV_OK);
    assert_null(blob.mem.ptr);
    assert_int_equal(blob.size_bytes, 8 * SECTOR - 5);
    cv_buf got;
    cv_buf_init(&got, 0);
    cv_sink sink = cv_buf_sink(&got);
    assert_int_equal(cv_blob_pump(&blob, &sink, NULL), CV_OK);
    assert_true(cv_slice_eq(cv_buf_slice(&got), stream(cfb, "s")));
    cv_buf_clear(&got);
}

static void a_cyclic_chain_gives_the_bytes_before_the_repeat(void **state)
{
    (void)state;
    for (uint32_t back = 2; back < 6; back++) {
        make_file();
        fat(5, back);
        cv_slice bytes = stream(open_file(FILE_BYTES), "s");
        assert_int_equal(bytes.len, 4 * SECTOR);
        assert_int_equal(bytes.ptr[4 * SECTOR - 1], 4);
    }
    assert_true(cv_report_has(report, CV_RULE_CFB_CHAIN));
}

static void a_chain_that_leaves_the_file_gives_what_is_there(void **state)
{
    (void)state;
    fat(4, 1000000);
    assert_int_equal(stream(open_file(FILE_BYTES), "s").len, 3 * SECTOR);
    assert_true(cv_report_has(report, CV_RULE_CFB_TRUNCATED));
}

static void sizes_beyond_the_file_are_bounded_by_the_chain(void **state)
{
    (void)state;
    put32(entry_at(1) + 120, UINT32_C(0xFFFFFFFF));
    assert_int_equal(stream(open_file(FILE_BYTES), "s").len, 8 * SECTOR);
    assert_true(cv_report_has(report, CV_RULE_CFB_TRUNCATED));
}

static void garbage_in_the_upper_half_of_a_size_is_ignored(void **state)
{
    (void)state;
    put32(entry_at(1) + 124, UINT32_C(0xDEADBEEF));
    assert_int_equal(stream(open_file(FILE_BYTES), "s").len, 8 * SECTOR);
    assert_int_equal(cv_report_count(report), 0);
}

static void an_incomplete_last_sector_is_read_as_far_as_it_goes(void **state)
{
    (void)state;
    cv_slice bytes = stream(open_file(sector_at(9) + 100), "s");
    assert_int_equal(bytes.len, 7 * SECTOR + 100);
    assert_true(cv_report_has(report, CV_RULE_CFB_TRUNCATED));
}

static void self_linked_entries_are_visited_once(void **state)
{
    (void)state;
    link_entry(1, 1, 1, NONE);
    assert_int_equal(children(open_file(FILE_BYTES)), 1);
    assert_true(cv_report_has(report, CV_RULE_CFB_DIRECTORY));
}

static void a_storage_that_holds_its_parent_does_not_loop(void **state)
{
    (void)state;
    entry(2, "dir", CV_CFB_STORAGE, 0, 0);
    link_entry(1, NONE, 2, NONE);
    link_entry(2, 0, 2000, 0);
    cv_cfb *cfb = open_file(FILE_BYTES);
    assert_int_equal(children(cfb), 2);
    assert_null(cv_cfb_first(
        cfb, cv_cfb_child(cfb, cv_cfb_root(cfb), "DIR", CV_CFB_STORAGE)));
    assert_true(cv_report_has(report, CV_RULE_CFB_DIRECTORY));
}

static void entries_that_no_storage_holds_are_reported(void **state)
{
    (void)state;
    entry(3, "lost", CV_CFB_STREAM, 2, 4096);
    assert_int_equal(children(open_file(FILE_BYTES)), 1);
    assert_true(cv_report_has(report, CV_RULE_CFB_DIRECTORY));
}

static void a_directory_whose_chain_loops_is_read_once(void **state)
{
    (void)state;
    fat(1, 1);
    assert_int_equal(children(open_file(FILE_BYTES)), 1);
    assert_true(cv_report_has(report, CV_RULE_CFB_CHAIN));
}

static void absurd_counts_in_the_header_do_not_matter(void **state)
{
    (void)state;
    for (size_t at = 40; at < 76; at += 4) {
        if (at == 48 || at == 56)
            continue; /* directory and cutoff are used */
        make_file();
        put32(at, UINT32_C(0xFFFFFFF0));
        assert_int_equal(stream(open_file(FILE_BYTES), "s").len, 8 * SECTOR);
    }
}

static void a_difat_chain_that_loops_ends(void **state)
{
    (void)state;
    /* A larger file needs more FAT sectors than this chain ever names. */
    size_t len = (size_t)120 * 128 * SECTOR;
    uint8_t *large = calloc(1, len);
    assert_non_null(large);
    for (size_t i = 0; i < 109; i++)
        put32(76 + 4 * i, 0);
    put32(68, 3);
    for (size_t i = 0; i < 127; i++)
        put32(sector_at(3) + 4 * i, FREE);
    put32(sector_at(3), 0);
    put32(sector_at(3) + 4 * 127, 3);
    memcpy(large, file, sizeof file);
    cv_cfb *cfb = NULL;
    assert_int_equal(
        cv_cfb_open(cv_slice_of(large, len), arena, report, &cfb, NULL), CV_OK);
    free(large);
}

static void a_fat_sector_behind_the_end_counts_as_free(void **state)
{
    (void)state;
    put32(76, 1000);
    assert_int_equal(stream(open_file(FILE_BYTES), "s").len, SECTOR);
}

static void mini_streams_without_a_mini_stream_are_empty(void **state)
{
    (void)state;
    put32(entry_at(1) + 120, 100);
    assert_int_equal(stream(open_file(FILE_BYTES), "s").len, 0);
    assert_true(cv_report_has(report, CV_RULE_CFB_TRUNCATED));
}

static void mini_streams_are_read_through_the_mini_fat(void **state)
{
    (void)state;
    put32(entry_at(0) + 116, 10); /* mini stream: sectors 10 and 12 */
    put32(entry_at(0) + 120, 2 * SECTOR);
    fat(10, 12);
    fat(12, END);
    put32(60, 11);
    fat(11, END);
    for (size_t i = 0; i < 128; i++)
        put32(sector_at(11) + 4 * i, FREE);
    put32(sector_at(11) + 4 * 7, 8); /* over the gap */
    put32(sector_at(11) + 4 * 8, END);
    memset(file + sector_at(10) + 7 * 64, 'a', 64);
    memset(file + sector_at(12), 'b', 64);
    put32(entry_at(1) + 116, 7);
    put32(entry_at(1) + 120, 70);
    cv_slice bytes = stream(open_file(FILE_BYTES), "s");
    assert_int_equal(bytes.len, 70);
    assert_int_equal(bytes.ptr[63], 'a');
    assert_int_equal(bytes.ptr[64], 'b');
}

static void what_is_no_compound_file_is_refused(void **state)
{
    cv_cfb *cfb = NULL;
    cv_error err;
    (void)state;
    assert_int_equal(cv_cfb_open(CV_S("From: x"), arena, report, &cfb, &err),
                     CV_ERR_SYNTAX);
    assert_string_equal(err.what, "not a compound file");
    assert_int_equal(
        cv_cfb_open(cv_slice_of(file, 511), arena, report, &cfb, &err),
        CV_ERR_SYNTAX);
    assert_int_equal(
        cv_cfb_open(cv_slice_of(file, 512), arena, report, &cfb, &err),
        CV_ERR_SYNTAX);
    put16(30, 40);
    assert_int_equal(
        cv_cfb_open(cv_slice_of(file, FILE_BYTES), arena, report, &cfb, &err),
        CV_ERR_SYNTAX);
    assert_int_equal(err.offset, 30);
    assert_null(cfb);
}

static void the_directory_is_read_up_to_its_limit(void **state)
{
    (void)state;
    /* Version 4: 32 entries a sector; one FAT sector covers 1024 sectors. */
    uint32_t sectors = CV_LIMIT_CFB_ENTRIES / 32 + 2;
    uint32_t fats = sectors / 1024 + 1;
    size_t len = ((size_t)sectors + fats + 1) << 12;
    uint8_t *large = calloc(1, len);
    assert_non_null(large);
    memcpy(large, file, 76);
    large[30] = 12;
    large[48] = (uint8_t)fats; /* the directory follows the FAT */
    for (uint32_t i = 0; i < 109; i++)
        memset(large + 76 + 4 * (size_t)i, i < fats ? 0 : 0xFF, 4);
    for (uint32_t i = 0; i < fats; i++)
        large[76 + 4 * (size_t)i] = (uint8_t)i;
    for (uint32_t i = fats; i < fats + sectors - 1; i++) {
        uint32_t next = i + 1;
        memcpy(large + 4096 + 4 * (size_t)i, &next, 4);
    }
    memset(large + 4096 + 4 * (size_t)(fats + sectors - 1), 0xFE, 4);
    memset(large + (((size_t)fats + 1) << 12) + 68, 0xFF, 12);
    cv_cfb *cfb = NULL;
    assert_int_equal(
        cv_cfb_open(cv_slice_of(large, len), arena, report, &cfb, NULL), CV_OK);
    assert_int_equal(cv_cfb_count(cfb), CV_LIMIT_CFB_ENTRIES);
    assert_true(cv_report_has(report, CV_RULE_LIMIT));
    free(large);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_stream_in_one_piece_is_borrowed_from_the_input),
        TEST(a_scattered_stream_is_joined),
        TEST(a_scattered_blob_is_pumped_from_its_sectors),
        TEST(a_cyclic_chain_gives_the_bytes_before_the_repeat),
        TEST(a_chain_that_leaves_the_file_gives_what_is_there),
        TEST(sizes_beyond_the_file_are_bounded_by_the_chain),
        TEST(garbage_in_the_upper_half_of_a_size_is_ignored),
        TEST(an_incomplete_last_sector_is_read_as_far_as_it_goes),
        TEST(self_linked_entries_are_visited_once),
        TEST(a_storage_that_holds_its_parent_does_not_loop),
        TEST(entries_that_no_storage_holds_are_reported),
        TEST(a_directory_whose_chain_loops_is_read_once),
        TEST(absurd_counts_in_the_header_do_not_matter),
        TEST(a_difat_chain_that_loops_ends),
        TEST(a_fat_sector_behind_the_end_counts_as_free),
        TEST(mini_streams_without_a_mini_stream_are_empty),
        TEST(mini_streams_are_read_through_the_mini_fat),
        TEST(what_is_no_compound_file_is_refused),
        TEST(the_directory_is_read_up_to_its_limit),
    };
    return cmocka_run_group_tests_name("cfb", tests, NULL, NULL);
}
