#include "cli/input.h"

#include "base/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char dir[64];

static void make(const char *name, const char *text)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static int begin(void **state)
{
    (void)state;
    char path[128];
    snprintf(dir, sizeof dir, "/tmp/convoke-test-XXXXXX");
    if (!mkdtemp(dir))
        return -1;
    snprintf(path, sizeof path, "%s/sub", dir);
    return mkdir(path, 0700);
}

static int end(void **state)
{
    static const char *const names[] = { "sub/c", "b",   ".hidden", "a",
                                         "loop",  "sub", "" };
    char path[128];
    (void)state;
    for (size_t i = 0; i < CV_LEN(names); i++) {
        snprintf(path, sizeof path, "%s/%s", dir, names[i]);
        remove(path);
    }
    return 0;
}

/* Nothing of it is read; on disk it is a hole. */
static void a_file_beyond_the_limit_is_refused(void **state)
{
    cli_input input;
    cv_error err = { 0 };
    char path[128];
    (void)state;
    make("b", "");
    snprintf(path, sizeof path, "%s/b", dir);
    assert_int_equal(truncate(path, (off_t)CV_LIMIT_INPUT_BYTES + 1), 0);
    assert_int_equal(cli_input_open(path, &input, &err), CV_ERR_LIMIT);
    assert_non_null(strstr(err.what, "CV_LIMIT_INPUT_BYTES"));
    cli_input_close(&input);
}

static void a_file_is_its_bytes(void **state)
{
    cli_input input;
    char path[128];
    (void)state;
    make("a", "text");
    make("b", "");
    snprintf(path, sizeof path, "%s/a", dir);
    assert_int_equal(cli_input_open(path, &input, NULL), CV_OK);
    assert_true(cv_slice_eq(input.bytes, CV_S("text")));
    cli_input_close(&input);
    snprintf(path, sizeof path, "%s/b", dir);
    assert_int_equal(cli_input_open(path, &input, NULL), CV_OK);
    assert_int_equal(input.bytes.len, 0);
    cli_input_close(&input);
}

static void a_missing_file_says_why(void **state)
{
    cli_input input;
    cv_error err;
    (void)state;
    assert_int_equal(cli_input_open("/nowhere/at/all", &input, &err),
                     CV_ERR_IO);
    assert_string_equal(err.what, "No such file or directory");
    cli_input_close(&input);
}

static void a_folder_is_the_files_below_it_in_order(void **state)
{
    static const char *const expected[] = { "a", "b", "sub/c" };
    cli_paths paths = { 0 };
    char link[128];
    (void)state;
    make("b", "");
    make("a", "");
    make(".hidden", "");
    make("sub/c", "");
    snprintf(link, sizeof link, "%s/loop", dir);
    assert_int_equal(symlink("nowhere", link), 0);
    assert_int_equal(cli_paths_add(&paths, dir, NULL), CV_OK);
    assert_true(paths.had_folder);
    assert_int_equal(paths.count, CV_LEN(expected));
    for (size_t i = 0; i < paths.count; i++)
        assert_string_equal(paths.rows[i] + strlen(dir) + 1, expected[i]);
    cli_paths_clear(&paths);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_file_beyond_the_limit_is_refused),
        TEST(a_file_is_its_bytes),
        TEST(a_missing_file_says_why),
        TEST(a_folder_is_the_files_below_it_in_order),
    };
    return cmocka_run_group_tests_name("input", tests, NULL, NULL);
}
