#include "cli/journal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char dir[64], work[80], input[80], seen[400];
static batch_plan plan;

static int begin(void **state)
{
    (void)state;
    snprintf(dir, sizeof dir, "/tmp/convoke-journal-XXXXXX");
    if (!mkdtemp(dir))
        return -1;
    snprintf(work, sizeof work, "%s/.convoke", dir);
    snprintf(input, sizeof input, "%s/in put%%", dir);
    fclose(fopen(input, "w"));
    plan = (batch_plan){ .out = dir, .work = work };
    seen[0] = '\0';
    return 0;
}

static int end(void **state)
{
    static const char *const names[] = { ".convoke/journal", ".convoke",
                                         "in put%", "a\tb.eml", "" };
    char path[200];
    (void)state;
    for (size_t i = 0; i < CV_LEN(names); i++) {
        snprintf(path, sizeof path, "%s/%s", dir, names[i]);
        remove(path);
    }
    return 0;
}

static cv_status note(void *ctx, const journal_item *item, cv_error *err)
{
    char line[100];
    (void)ctx;
    (void)err;
    snprintf(line, sizeof line, "%u%c%d %.*s|%.*s|%.*s;", (unsigned)item->index,
             item->outcome, item->repaired, CV_FMT(item->folder),
             CV_FMT(item->output), CV_FMT(item->rules));
    strncat(seen, line, sizeof seen - strlen(seen) - 1);
    return CV_OK;
}

static cv_status open_it(const char *options, bool resume, journal **j,
                         bool *resumed, uint64_t *report, cv_error *err)
{
    bool unfinished;
    journal_start start = { .options = options,
                            .report = "rep",
                            .resume = resume,
                            .outputs_stand = true,
                            .replay = note };
    return journal_open(&plan, &start, j, resumed, &unfinished, report, err);
}

static cli_source source_of(const char *path)
{
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    return (cli_source){ .path = path,
                         .size = (uint64_t)st.st_size,
                         .mtime_ns =
                             (int64_t)st.st_mtim.tv_sec * INT64_C(1000000000) +
                             st.st_mtim.tv_nsec };
}

/* Two items of the input, the second without output; left unfinished. */
static void write_run(const char *options, bool ended)
{
    journal *j;
    bool resumed;
    uint64_t report;
    char path[100];
    cv_error err;
    snprintf(path, sizeof path, "%s/a\tb.eml", dir);
    fclose(fopen(path, "w"));
    assert_int_equal(open_it(options, false, &j, &resumed, &report, &err),
                     CV_OK);
    cli_source source = source_of(input);
    journal_input(j, &source);
    journal_item item = { .index = 0,
                          .outcome = 'c',
                          .repaired = true,
                          .folder = CV_S("x\ny%09"),
                          .output = CV_S("a\tb.eml"),
                          .report = 100,
                          .rules = CV_S("io=1") };
    journal_put(j, &item);
    item = (journal_item){ .index = 1, .outcome = 'f', .report = 250 };
    journal_put(j, &item);
    if (ended)
        journal_end(j);
    assert_int_equal(journal_flush(j, true, &err), CV_OK);
    journal_close(&j, false);
}

static void what_is_done_is_known_again(void **state)
{
    (void)state;
    for (int ended = 0; ended < 2; ended++) {
        journal *j;
        bool resumed;
        uint64_t report = 0;
        cv_error err;
        seen[0] = '\0';
        write_run("o\n1", ended);
        assert_int_equal(open_it("o\n1", true, &j, &resumed, &report, &err),
                         CV_OK);
        assert_true(resumed);
        assert_int_equal(report, 250);
        assert_string_equal(seen, "0c1 x\ny%09|a\tb.eml|io=1;1f0 ||;");
        cli_source source = source_of(input);
        assert_true(journal_done(j, &source) == (ended ? UINT64_MAX : 2));
        source.size = 99;
        assert_int_equal(journal_done(j, &source), 0);
        journal_close(&j, true);
        assert_int_equal(access(work, F_OK), -1);
    }
}

static void an_output_that_is_gone_is_made_again(void **state)
{
    journal *j;
    bool resumed;
    uint64_t report;
    char path[100];
    cv_error err;
    (void)state;
    write_run("o", true);
    snprintf(path, sizeof path, "%s/a\tb.eml", dir);
    unlink(path);
    assert_int_equal(open_it("o", true, &j, &resumed, &report, &err), CV_OK);
    cli_source source = source_of(input);
    assert_int_equal(journal_done(j, &source), 0);
    assert_string_equal(seen, "");
    journal_close(&j, true);
}

static void other_options_are_refused(void **state)
{
    journal *j;
    bool resumed;
    uint64_t report;
    cv_error err;
    (void)state;
    write_run("o", false);
    assert_int_equal(open_it("p", true, &j, &resumed, &report, &err),
                     CV_ERR_CONFLICT);
    assert_non_null(strstr(err.what, "other options or inputs"));
    assert_int_equal(open_it("p", false, &j, &resumed, &report, &err), CV_OK);
    assert_false(resumed);
    journal_close(&j, true);
}

static void a_second_run_into_the_folder_is_refused(void **state)
{
    journal *j, *other;
    bool resumed;
    uint64_t report;
    cv_error err;
    (void)state;
    assert_int_equal(open_it("o", false, &j, &resumed, &report, &err), CV_OK);
    assert_int_equal(open_it("o", false, &other, &resumed, &report, &err),
                     CV_ERR_CONFLICT);
    assert_null(other);
    journal_close(&j, true);
}

/* Cut anywhere, as a crash does it: what is read is a beginning. */
static void a_journal_cut_anywhere_is_a_beginning(void **state)
{
    char path[100], whole[2000];
    (void)state;
    write_run("o", true);
    snprintf(path, sizeof path, "%s/journal", work);
    FILE *f = fopen(path, "r");
    size_t len = fread(whole, 1, sizeof whole, f);
    fclose(f);
    whole[len] = '\0';
    size_t head = (size_t)(strstr(whole, "\nF") - whole) + 1;
    for (size_t cut = len; cut >= head; cut--) {
        journal *j;
        bool resumed;
        uint64_t report;
        cv_error err;
        assert_int_equal(mkdir(work, 0700) == 0 || cut == len, true);
        f = fopen(path, "w");
        fwrite(whole, 1, cut, f);
        fclose(f);
        seen[0] = '\0';
        assert_int_equal(open_it("o", true, &j, &resumed, &report, &err),
                         CV_OK);
        assert_memory_equal("0c1 x\ny%09|a\tb.eml|io=1;1f0 ||;", seen,
                            strlen(seen));
        journal_close(&j, true);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_done_is_known_again),
        TEST(an_output_that_is_gone_is_made_again),
        TEST(other_options_are_refused),
        TEST(a_second_run_into_the_folder_is_refused),
        TEST(a_journal_cut_anywhere_is_a_beginning),
    };
    return cmocka_run_group_tests_name("journal", tests, NULL, NULL);
}
