#include "cli/output.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char dir[64];

static const char *in_dir(const char *name)
{
    static char path[160];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    return path;
}

static int begin(void **state)
{
    (void)state;
    snprintf(dir, sizeof dir, "/tmp/convoke-test-XXXXXX");
    return mkdtemp(dir) ? 0 : -1;
}

static int end(void **state)
{
    static const char *const names[] = { "x.eml", "new", "" };
    (void)state;
    for (size_t i = 0; i < CV_LEN(names); i++)
        remove(in_dir(names[i]));
    return 0;
}

static void put(cli_file *file, const char *text)
{
    cv_sink sink = cli_file_sink(file);
    assert_int_equal(cv_sink_put(&sink, cv_slice_cstr(text), NULL), CV_OK);
}

static void assert_holds(const char *path, const char *text)
{
    char got[64] = "";
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    got[fread(got, 1, sizeof got - 1, f)] = '\0';
    fclose(f);
    assert_string_equal(got, text);
}

static void begin_file(const cli_target *target, cli_file *file)
{
    assert_int_equal(cli_target_begin(target, file, NULL), CV_OK);
}

static void a_failed_output_leaves_the_old_file(void **state)
{
    cli_target target;
    cli_file file;
    (void)state;
    assert_int_equal(cli_target_open(in_dir("x.eml"), false, &target, NULL),
                     CV_OK);
    begin_file(&target, &file);
    put(&file, "old");
    assert_int_equal(cli_file_commit(&file, NULL), CV_OK);
    cli_file_discard(&file);
    begin_file(&target, &file);
    put(&file, "half");
    cli_file_discard(&file);
    assert_holds(in_dir("x.eml"), "old");
    assert_int_equal(rmdir(dir), -1); /* the old file is the only one */
    assert_int_equal(remove(in_dir("x.eml")), 0);
    assert_int_equal(rmdir(dir), 0);
}

static void an_absent_folder_is_made(void **state)
{
    char path[200];
    struct stat st;
    cli_target target;
    (void)state;
    snprintf(path, sizeof path, "%s/", in_dir("new"));
    assert_int_equal(cli_target_open(path, false, &target, NULL), CV_OK);
    assert_true(target.kind == CLI_TO_FOLDER && target.each);
    assert_int_equal(stat(in_dir("new"), &st), 0);
    assert_true(S_ISDIR(st.st_mode));
}

static void several_outputs_do_not_go_to_standard_output(void **state)
{
    cli_target target;
    (void)state;
    assert_int_equal(cli_target_open("-", true, &target, NULL), CV_ERR_RANGE);
    assert_int_equal(cli_target_open("-", false, &target, NULL), CV_OK);
    assert_true(target.kind == CLI_TO_STDOUT);
    assert_int_equal(cli_target_open(NULL, false, &target, NULL), CV_OK);
    assert_true(target.kind == CLI_TO_STDOUT);
}

static void a_device_is_written_in_place(void **state)
{
    struct stat st;
    cli_target target;
    cli_file file;
    (void)state;
    assert_int_equal(cli_target_open("/dev/null", false, &target, NULL), CV_OK);
    begin_file(&target, &file);
    put(&file, "text");
    assert_int_equal(cli_file_commit(&file, NULL), CV_OK);
    cli_file_discard(&file);
    assert_int_equal(stat("/dev/null", &st), 0);
    assert_true(S_ISCHR(st.st_mode));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_failed_output_leaves_the_old_file),
        TEST(an_absent_folder_is_made),
        TEST(several_outputs_do_not_go_to_standard_output),
        TEST(a_device_is_written_in_place),
    };
    return cmocka_run_group_tests_name("output", tests, NULL, NULL);
}
