#include "msg/cfb_write.h"

#include "base/reader.h"
#include "msg/cfb.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

static cv_arena *arena;
static cv_cfb_writer *writer;
static cv_buf out;

static int set_up(void **state)
{
    (void)state;
    cv_buf_init(&out, 0);
    if (cv_arena_new(0, &arena, NULL) != CV_OK)
        return -1;
    return cv_cfb_writer_new(arena, &writer, NULL) == CV_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    cv_arena_free(&arena);
    cv_buf_clear(&out);
    return 0;
}

static void stream(uint32_t dir, const char *name, cv_slice bytes)
{
    cv_blob blob = cv_blob_mem(bytes);
    assert_int_equal(cv_cfb_add_stream(writer, dir, name, &blob, NULL, NULL),
                     CV_OK);
}

static uint32_t storage(uint32_t dir, const char *name)
{
    uint32_t id = 0;
    assert_int_equal(cv_cfb_add_storage(writer, dir, name, &id, NULL), CV_OK);
    return id;
}

static cv_slice pattern(size_t len)
{
    uint8_t *bytes = cv_arena_alloc(arena, len);
    assert_non_null(bytes);
    for (size_t i = 0; i < len; i++)
        bytes[i] = (uint8_t)(i * 7 + i / 251);
    return cv_slice_of(bytes, len);
}

/* Writes and opens; the size must be the one that was told before. */
static cv_cfb *written(void)
{
    cv_blob file;
    cv_cfb *cfb = NULL;
    cv_sink sink = cv_buf_sink(&out);
    cv_report *report = NULL;
    assert_int_equal(cv_report_new(&report, NULL), CV_OK);
    assert_int_equal(cv_cfb_writer_blob(writer, &file, NULL), CV_OK);
    assert_int_equal(cv_blob_pump(&file, &sink, NULL), CV_OK);
    assert_int_equal(out.len, file.size_bytes);
    assert_int_equal(cv_cfb_open(cv_buf_slice(&out), arena, report, &cfb, NULL),
                     CV_OK);
    assert_int_equal(cv_report_count(report), 0);
    cv_report_free(&report);
    return cfb;
}

static void assert_stream(const cv_cfb *cfb, const cv_cfb_entry *dir,
                          const char *name, cv_slice want)
{
    const cv_cfb_entry *e = cv_cfb_child(cfb, dir, name, CV_CFB_STREAM);
    cv_slice got;
    assert_non_null(e);
    assert_int_equal(e->size, want.len);
    assert_int_equal(cv_cfb_bytes(cfb, e, &got, NULL), CV_OK);
    assert_true(cv_slice_eq(got, want));
}

static void an_empty_file_has_header_fat_and_directory(void **state)
{
    (void)state;
    cv_cfb *cfb = written();
    assert_int_equal(out.len, 1536);
    assert_null(cv_cfb_first(cfb, cv_cfb_root(cfb)));
    assert_memory_equal(out.data + 24, "\x3E\0\3\0\xFE\xFF\x09\0\6\0", 10);
}

static void streams_of_every_size_come_back(void **state)
{
    static const size_t sizes[] = { 0,    1,    63,   64,   65,    4095,
                                    4096, 4097, 4608, 5120, 70000, 200000 };
    char name[16];
    (void)state;
    uint32_t dir = storage(CV_CFB_ROOT_ID, "dir");
    for (size_t i = 0; i < CV_LEN(sizes); i++) {
        snprintf(name, sizeof name, "s%zu", i);
        stream(i % 2 ? dir : CV_CFB_ROOT_ID, name, pattern(sizes[i]));
    }
    cv_cfb *cfb = written();
    const cv_cfb_entry *root = cv_cfb_root(cfb);
    const cv_cfb_entry *sub = cv_cfb_child(cfb, root, "dir", CV_CFB_STORAGE);
    for (size_t i = 0; i < CV_LEN(sizes); i++) {
        snprintf(name, sizeof name, "s%zu", i);
        assert_stream(cfb, i % 2 ? sub : root, name, pattern(sizes[i]));
    }
}

static void large_files_are_of_version_4(void **state)
{
    (void)state;
    stream(CV_CFB_ROOT_ID, "small", CV_S("bytes"));
    stream(CV_CFB_ROOT_ID, "large", pattern(9000));
    cv_cfb_writer_set_limit_v3(writer, 8000);
    cv_cfb *cfb = written();
    assert_memory_equal(out.data + 26, "\4\0\xFE\xFF\x0C\0\6\0", 8);
    assert_int_equal(cv_peek_u32le(cv_buf_slice(&out), 40), 1);
    assert_int_equal(out.len % 4096, 0);
    assert_stream(cfb, cv_cfb_root(cfb), "small", CV_S("bytes"));
    assert_stream(cfb, cv_cfb_root(cfb), "large", pattern(9000));
}

/* 109 FAT sectors, the header's, list 109 * 128 sectors of 512 bytes. */
static void more_fat_than_the_header_lists_goes_into_a_difat(void **state)
{
    static const size_t beyond[] = { 6900 << 10, 7300 << 10, 16 << 20 };
    (void)state;
    for (size_t i = 0; i < CV_LEN(beyond); i++) {
        cv_buf_reset(&out);
        assert_int_equal(cv_cfb_writer_new(arena, &writer, NULL), CV_OK);
        stream(CV_CFB_ROOT_ID, "large", pattern(beyond[i]));
        stream(CV_CFB_ROOT_ID, "last", pattern(5000));
        cv_cfb *cfb = written();
        assert_int_equal(cv_peek_u32le(cv_buf_slice(&out), 72),
                         i ? i == 2 ? 2 : 1 : 0);
        assert_stream(cfb, cv_cfb_root(cfb), "large", pattern(beyond[i]));
        assert_stream(cfb, cv_cfb_root(cfb), "last", pattern(5000));
    }
}

static cv_status give_less(void *ctx, const cv_sink *to, cv_error *err)
{
    (void)ctx;
    return cv_sink_put(to, CV_S("abc"), err);
}

static void a_stream_that_only_pumping_can_measure_is_written(void **state)
{
    (void)state;
    cv_blob blob = { .size_bytes = UINT64_MAX, .pump = give_less };
    uint64_t size = 0;
    assert_int_equal(
        cv_cfb_add_stream(writer, CV_CFB_ROOT_ID, "x", &blob, &size, NULL),
        CV_OK);
    assert_int_equal(size, 3);
    cv_cfb *cfb = written();
    assert_stream(cfb, cv_cfb_root(cfb), "x", CV_S("abc"));
}

static void a_stream_of_another_size_than_it_told_is_an_error(void **state)
{
    (void)state;
    cv_error err;
    cv_blob blob = { .size_bytes = 4, .pump = give_less };
    cv_sink sink = cv_buf_sink(&out);
    assert_int_equal(
        cv_cfb_add_stream(writer, CV_CFB_ROOT_ID, "x", &blob, NULL, NULL),
        CV_OK);
    assert_int_equal(cv_cfb_write(writer, &sink, &err), CV_ERR_IO);
    assert_string_equal(err.what, "a stream of 4 bytes gave 3");
}

static void of_equal_names_the_first_is_written(void **state)
{
    (void)state;
    stream(CV_CFB_ROOT_ID, "Name", CV_S("first"));
    uint32_t dir = storage(CV_CFB_ROOT_ID, "name");
    stream(dir, "inner", CV_S("lost"));
    stream(CV_CFB_ROOT_ID, "NAME", CV_S("third"));
    stream(CV_CFB_ROOT_ID, "other", CV_S("kept"));
    cv_cfb *cfb = written();
    const cv_cfb_entry *root = cv_cfb_root(cfb);
    assert_stream(cfb, root, "name", CV_S("first"));
    assert_stream(cfb, root, "other", CV_S("kept"));
    assert_null(cv_cfb_child(cfb, root, "name", CV_CFB_STORAGE));
}

static void names_that_are_too_long_are_refused(void **state)
{
    (void)state;
    uint32_t id;
    cv_error err;
    assert_int_equal(cv_cfb_add_storage(writer, CV_CFB_ROOT_ID,
                                        "a name of thirty-one characters", &id,
                                        NULL),
                     CV_OK);
    assert_int_equal(cv_cfb_add_storage(writer, CV_CFB_ROOT_ID,
                                        "a name of thirty-two  characters", &id,
                                        &err),
                     CV_ERR_LIMIT);
}

static uint32_t field(const cv_cfb_entry *e, size_t at)
{
    return cv_peek_u32le(e->raw, at);
}

/* Checks the rules of a red-black tree and gives its number of black levels;
 * depth bounds the recursion. */
static unsigned black_levels(const cv_cfb_entry *first, uint32_t at,
                             bool parent_is_red, unsigned depth)
{
    assert_true(depth < 16);
    if (at == UINT32_MAX)
        return 0;
    bool red = first[at].raw.ptr[67] == 0;
    assert_false(red && parent_is_red);
    unsigned left = black_levels(first, field(&first[at], 68), red, depth + 1);
    unsigned right = black_levels(first, field(&first[at], 72), red, depth + 1);
    assert_int_equal(left, right);
    return left + !red;
}

static void every_number_of_children_gives_a_red_black_tree(void **state)
{
    (void)state;
    for (unsigned count = 1; count < 70; count++) {
        char name[16];
        cv_buf_reset(&out);
        assert_int_equal(cv_cfb_writer_new(arena, &writer, NULL), CV_OK);
        for (unsigned i = 0; i < count; i++) {
            snprintf(name, sizeof name, "%u%c", i * 37 % 71,
                     'a' + (int)(i % 3));
            stream(CV_CFB_ROOT_ID, name, CV_S("x"));
        }
        cv_cfb *cfb = written();
        const cv_cfb_entry *root = cv_cfb_root(cfb);
        black_levels(root, field(root, 76), false, 0);
        unsigned seen = 0;
        const cv_cfb_entry *e = cv_cfb_first(cfb, root), *before = NULL;
        for (; e; before = e, e = cv_cfb_next(cfb, e), seen++)
            assert_true(!before || before->name_len < e->name_len ||
                        (before->name_len == e->name_len &&
                         strcasecmp(before->name, e->name) < 0));
        assert_int_equal(seen, count);
    }
}

static void class_ids_are_those_that_were_set(void **state)
{
    (void)state;
    cv_slice id = CV_S("0123456789abcdef");
    cv_cfb_set_clsid(writer, storage(CV_CFB_ROOT_ID, "dir"), id);
    cv_cfb *cfb = written();
    const cv_cfb_entry *dir =
        cv_cfb_child(cfb, cv_cfb_root(cfb), "dir", CV_CFB_STORAGE);
    assert_true(cv_slice_eq(cv_cfb_clsid(dir), id));
    assert_true(cv_slice_eq(cv_cfb_clsid(cv_cfb_root(cfb)),
                            CV_S("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0")));
}

/* -- above 2 GiB: a file of holes -- */

enum { PIECE = 1 << 18 };

static cv_status give_zeros(void *ctx, const cv_sink *to, cv_error *err)
{
    static const uint8_t zeros[PIECE];
    uint64_t left = *(uint64_t *)ctx;
    for (; left > PIECE; left -= PIECE)
        CV_TRY(cv_sink_put(to, cv_slice_of(zeros, PIECE), err));
    CV_TRY(cv_sink_put(to, cv_slice_of(zeros, (size_t)left - 3), err));
    return cv_sink_put(to, CV_S("end"), err);
}

/* Skips what is zero. */
static cv_status write_sparse(void *ctx, const void *bytes, size_t len,
                              cv_error *err)
{
    int fd = *(int *)ctx;
    if (len == PIECE)
        return lseek(fd, PIECE, SEEK_CUR) < 0 ? cv_fail(err, CV_ERR_IO, "seek")
                                              : CV_OK;
    return write(fd, bytes, len) == (ssize_t)len
               ? CV_OK
               : cv_fail(err, CV_ERR_IO, "write");
}

static void the_range_lock_sector_holds_no_data(void **state)
{
    (void)state;
    uint64_t size = (UINT64_C(2) << 30) + 12345;
    int fd = memfd_create("cfb", 0);
    cv_blob large = { .size_bytes = size, .pump = give_zeros, .ctx = &size };
    cv_blob file;
    cv_sink sink = { write_sparse, &fd };
    cv_cfb *cfb;
    assert_true(fd >= 0);
    assert_int_equal(
        cv_cfb_add_stream(writer, CV_CFB_ROOT_ID, "large", &large, NULL, NULL),
        CV_OK);
    stream(CV_CFB_ROOT_ID, "last", pattern(5000));
    assert_int_equal(cv_cfb_writer_blob(writer, &file, NULL), CV_OK);
    assert_int_equal(cv_blob_pump(&file, &sink, NULL), CV_OK);
    assert_int_equal(lseek(fd, 0, SEEK_END), file.size_bytes);
    void *map = mmap(NULL, file.size_bytes, PROT_READ, MAP_PRIVATE, fd, 0);
    assert_true(map != MAP_FAILED);
    cv_slice in = cv_slice_of(map, file.size_bytes);
    assert_int_equal(cv_cfb_open(in, arena, NULL, &cfb, NULL), CV_OK);
    assert_stream(cfb, cv_cfb_root(cfb), "last", pattern(5000));
    cv_blob again;
    assert_int_equal(
        cv_cfb_blob(cfb,
                    cv_cfb_child(cfb, cv_cfb_root(cfb), "large", CV_CFB_STREAM),
                    &again, NULL),
        CV_OK);
    assert_int_equal(again.size_bytes, size);
    assert_null(again.mem.ptr); /* the lock lies within */
    /* Its entry; the FAT follows the header and one sector of the DIFAT. */
    uint64_t lock = (0x7FFFFF00 >> 12) - 1;
    assert_int_equal(cv_peek_u32le(in, 8192 + 4 * lock), 0xFFFFFFFE);
    assert_int_equal(cv_peek_u32le(in, 8192 + 4 * (lock - 1)), lock + 1);
    munmap(map, file.size_bytes);
    close(fd);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_empty_file_has_header_fat_and_directory),
        TEST(streams_of_every_size_come_back),
        TEST(large_files_are_of_version_4),
        TEST(more_fat_than_the_header_lists_goes_into_a_difat),
        TEST(a_stream_that_only_pumping_can_measure_is_written),
        TEST(a_stream_of_another_size_than_it_told_is_an_error),
        TEST(of_equal_names_the_first_is_written),
        TEST(names_that_are_too_long_are_refused),
        TEST(every_number_of_children_gives_a_red_black_tree),
        TEST(class_ids_are_those_that_were_set),
        TEST(the_range_lock_sector_holds_no_data),
    };
    return cmocka_run_group_tests_name("cfb_write", tests, NULL, NULL);
}
