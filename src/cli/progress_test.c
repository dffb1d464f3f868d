#include "cli/progress.h"

#include "cli/summary.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void assert_text(cli_progress_state state, int64_t elapsed_ms,
                        unsigned width, const char *expected)
{
    cv_buf out;
    cv_buf_init(&out, 0);
    cli_progress_put(&state, elapsed_ms, width, &out);
    cv_buf_put_byte(&out, '\0');
    assert_string_equal((const char *)out.data, expected);
    cv_buf_clear(&out);
}

static void it_says_rate_and_what_is_left(void **state)
{
    (void)state;
    assert_text((cli_progress_state){ .items = 1, .part = 0.1 }, 500, 0,
                "1 item, 10%");
    assert_text((cli_progress_state){ .items = 500, .failed = 2, .part = 0.25 },
                10000, 8,
                "[##......] 500 items, 2 unreadable, 25%, 50/s, 0:00:30 left");
    assert_text((cli_progress_state){ .items = 7, .part = -1 }, 7000, 8,
                "7 items, 1/s");
    assert_text((cli_progress_state){ .items = 7, .part = 1 }, 7000, 4,
                "[####] 7 items, 100%, 1/s");
}

static void a_continued_run_reckons_with_its_own_part(void **state)
{
    (void)state;
    assert_text(
        (cli_progress_state){ .items = 100, .part = 0.75, .part_before = 0.5 },
        3600000, 0, "100 items, 75%, 0/s, 1:00:00 left");
}

static void no_terminal_gets_a_line_every_few_seconds(void **state)
{
    cli_progress p;
    char text[300] = "";
    FILE *to = tmpfile();
    (void)state;
    assert_non_null(to);
    cli_progress_begin(&p, to, 0);
    for (int64_t now = 0; now <= 12000; now += 10) {
        cli_progress_state s = { .items = (uint64_t)now, .part = -1 };
        cli_progress_tick(&p, &s, now);
    }
    cli_progress_clear(&p);
    rewind(to);
    text[fread(text, 1, sizeof text - 1, to)] = '\0';
    fclose(to);
    assert_string_equal(text, "5000 items, 1000/s\n10000 items, 1000/s\n");
}

static void a_summary_counts_by_rule(void **state)
{
    cv_buf out;
    cli_summary s = { 0 };
    (void)state;
    cli_summary_add(&s, BATCH_CONVERTED, true, CV_S("date-invented=1"));
    cli_summary_add(&s, BATCH_CONVERTED, false, CV_S(""));
    cli_summary_add(&s, BATCH_PARTIAL, true,
                    CV_S("date-invented=1,child-died=7,none-such=3"));
    s.earlier = s.items;
    cli_summary_add(&s, BATCH_FAILED, true, CV_S("io=1"));
    cli_summary_add(&s, BATCH_PASSED, false, CV_S(""));
    cli_summary_add(&s, BATCH_TOLD, true, CV_S("io=1"));
    cv_buf_init(&out, 0);
    cli_summary_put(&s, 2000, &out);
    cv_buf_put_byte(&out, '\0');
    const char *rest = strchr((const char *)out.data, '\n') + 1;
    assert_memory_equal(out.data,
                        "4 items: 3 converted (1 repaired, 1 in part), "
                        "1 unreadable, 1 passed over; 3 of them done before; "
                        "2.0 s, 0/s\n",
                        rest - (const char *)out.data);
    assert_memory_equal(rest, "       7  child-died\n", 21);
    assert_non_null(strstr(rest, "       2  date-invented\n"));
    assert_non_null(strstr(rest, "       2  io\n"));
    cv_buf_clear(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_says_rate_and_what_is_left),
        cmocka_unit_test(a_continued_run_reckons_with_its_own_part),
        cmocka_unit_test(no_terminal_gets_a_line_every_few_seconds),
        cmocka_unit_test(a_summary_counts_by_rule),
    };
    return cmocka_run_group_tests_name("progress", tests, NULL, NULL);
}
