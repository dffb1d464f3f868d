#include "cli/names.h"

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
static cli_names *names;

static int begin(void **state)
{
    (void)state;
    snprintf(dir, sizeof dir, "/tmp/convoke-names-XXXXXX");
    return mkdtemp(dir) && cli_names_new(dir, &names, NULL) == CV_OK ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    cli_names_free(&names);
    return rmdir(dir);
}

static void a_file_keeps_what_it_can_of_its_name(void **state)
{
    static const struct {
        const char *input, *name;
    } rows[] = {
        { "a/b/Budget.msg", "Budget" },
        { "Budget.MSG", "Budget" },
        { "a.b.c", "a.b.c" },
        { "-", "stdin" },
        { ".msg", "_msg" },
        { "x/..", "_." },
        { "a:b\n\"c\".ics", "a_b__c_" },
        { "Caf\xC3\xA9.eml", "Caf\xC3\xA9" },
        { "Caf\xE9.eml", "Caf_" },
        { "nul.eml", "_nul" },
        { "LPT1.txt.eml", "_LPT1.txt" },
        { "COM\xC2\xB9", "_COM\xC2\xB9" },
        { "console", "console" },
        { " .eml", "untitled" },
        { "e\xCC\x81", "\xC3\xA9" }, /* decomposed, as macOS has */
        { "gpj.\xE2\x80\xAE"
          "eml.msg",
          "gpj._eml" }, /* turns direction */
        { "\x01\xC2\x85", "__" },
        { "tail  .eml", "tail" },
    };
    (void)state;
    for (size_t i = 0; i < CV_LEN(rows); i++) {
        char *name = cli_name_clean(cli_stem(rows[i].input), false);
        assert_string_equal(name, rows[i].name);
        free(name);
    }
}

static void a_folder_has_no_dot_or_blank_at_its_end(void **state)
{
    static const char *const rows[][2] = {
        { "Plans. .", "Plans" }, { "...", "untitled" }, { "aux.d", "_aux.d" },
        { "v1.2", "v1.2" },      { "", "untitled" },
    };
    (void)state;
    for (size_t i = 0; i < CV_LEN(rows); i++) {
        char *name = cli_name_clean(cv_slice_cstr(rows[i][0]), true);
        assert_string_equal(name, rows[i][1]);
        free(name);
    }
}

static void no_name_is_longer_than_the_limit(void **state)
{
    char text[601], *name;
    (void)state;
    for (size_t i = 0; i < 600; i += 3)
        memcpy(text + i, "\xE4\xBA\xBA", 4);
    name = cli_name_clean(cv_slice_cstr(text), false);
    assert_int_equal(strlen(name), 180);
    assert_string_equal(name + 177, "\xE4\xBA\xBA");
    free(name);
}

static const char *file_in(const char *folder, const char *name)
{
    static char got[256];
    cv_buf out;
    cv_buf_init(&out, 0);
    assert_int_equal(cli_names_file(names, cv_slice_cstr(folder),
                                    cv_slice_cstr(name), ".eml", &out, NULL),
                     CV_OK);
    snprintf(got, sizeof got, "%.*s", CV_FMT(cv_buf_slice(&out)));
    cv_buf_clear(&out);
    return got;
}

static const char *folder_for(const char *foreign)
{
    static char got[256];
    cv_buf out;
    cv_buf_init(&out, 0);
    assert_int_equal(
        cli_names_folder(names, cv_slice_cstr(foreign), &out, NULL), CV_OK);
    snprintf(got, sizeof got, "%.*s", CV_FMT(cv_buf_slice(&out)));
    cv_buf_clear(&out);
    return got;
}

static void files_of_one_name_get_numbers(void **state)
{
    (void)state;
    assert_string_equal(file_in("", "x"), "x.eml");
    assert_string_equal(file_in("", "X"), "X-2.eml");
    assert_string_equal(file_in("", "x-2"), "x-2-2.eml");
    assert_string_equal(file_in("", "x"), "x-3.eml");
    assert_string_equal(file_in("in", "x"), "in/x.eml");
    assert_string_equal(file_in("", "\xC3\xA9"), "\xC3\xA9.eml");
    assert_string_equal(file_in("", "E\xCC\x81"), "\xC3\x89-2.eml");
    assert_int_equal(cli_names_take(names, CV_S("y.eml"), NULL), CV_OK);
    assert_string_equal(file_in("", "y"), "y-2.eml");
}

static void ten_thousand_equal_names_stay_cheap_and_apart(void **state)
{
    char last[64];
    (void)state;
    for (unsigned i = 1; i <= 10000; i++)
        snprintf(last, sizeof last, "%s", file_in("", "Weekly"));
    assert_string_equal(last, "Weekly-10000.eml");
}

static void a_folder_is_the_same_for_the_same_folder_only(void **state)
{
    (void)state;
    assert_string_equal(folder_for("Inbox/Q1: plan"), "Inbox/Q1_ plan");
    assert_string_equal(folder_for("Inbox/Q1? plan"), "Inbox/Q1_ plan-2");
    assert_string_equal(folder_for("inbox"), "inbox-2");
    assert_string_equal(folder_for("Inbox/Q1: plan"), "Inbox/Q1_ plan");
    assert_string_equal(folder_for("inbox"), "inbox-2");
    assert_string_equal(folder_for(""), "");
    assert_string_equal(folder_for("a//b"), "a/b");
}

static void a_file_and_a_folder_do_not_meet(void **state)
{
    (void)state;
    assert_string_equal(file_in("", "a"), "a.eml");
    assert_string_equal(folder_for("a.eml"), "a.eml-2");
    assert_string_equal(folder_for("b.eml"), "b.eml");
    assert_string_equal(file_in("", "b"), "b-2.eml");
}

static void an_input_is_not_written_over(void **state)
{
    char path[100];
    struct stat st;
    (void)state;
    snprintf(path, sizeof path, "%s/m.eml", dir);
    fclose(fopen(path, "w"));
    assert_int_equal(stat(path, &st), 0);
    cli_file_id id = { st.st_dev, st.st_ino };
    for (ino_t i = 1; i <= 1000; i++) /* the table grows */
        assert_int_equal(
            cli_names_keep(names, (cli_file_id){ st.st_dev + 1, i }, NULL),
            CV_OK);
    assert_string_equal(file_in("", "n"), "n.eml");
    assert_int_equal(cli_names_keep(names, id, NULL), CV_OK);
    assert_string_equal(file_in("", "m"), "m-2.eml");
    assert_string_equal(folder_for("m.eml"), "m.eml-2"); /* box.pst in place */
    unlink(path);
}

static void an_mbox_stands_for_one_folder(void **state)
{
    static const char *const rows[][2] = {
        { "box.pst/Inbox", "box.pst/Inbox.mbox" },
        { "box.pst/inbox", "box.pst/inbox-2.mbox" },
        { "box.pst/Inbox", "box.pst/Inbox.mbox" },
        { "in.mbox", "in.mbox" },
        { "messages", "messages.mbox" },
    };
    (void)state;
    for (size_t i = 0; i < CV_LEN(rows); i++) {
        cv_buf out;
        cv_buf_init(&out, 0);
        assert_int_equal(cli_names_folder_file(names, cv_slice_cstr(rows[i][0]),
                                               ".mbox", &out, NULL),
                         CV_OK);
        assert_true(cv_slice_eq(cv_buf_slice(&out), cv_slice_cstr(rows[i][1])));
        cv_buf_clear(&out);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_file_keeps_what_it_can_of_its_name),
        TEST(a_folder_has_no_dot_or_blank_at_its_end),
        TEST(no_name_is_longer_than_the_limit),
        TEST(files_of_one_name_get_numbers),
        TEST(ten_thousand_equal_names_stay_cheap_and_apart),
        TEST(a_folder_is_the_same_for_the_same_folder_only),
        TEST(a_file_and_a_folder_do_not_meet),
        TEST(an_input_is_not_written_over),
        TEST(an_mbox_stands_for_one_folder),
    };
    return cmocka_run_group_tests_name("names", tests, NULL, NULL);
}
