#include "base/limits.h"
#include "base/report.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static int setup(void **state)
{
    cv_report *r = NULL;
    if (cv_report_new(&r, NULL) != CV_OK)
        return -1;
    *state = r;
    return 0;
}

static int teardown(void **state)
{
    cv_report *r = *state;
    cv_report_free(&r);
    return r != NULL;
}

#define WITH_REPORT(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

static void rules_have_unique_ids_and_sentences(void **state)
{
    (void)state;
    for (size_t i = 0; i < CV_RULE_COUNT; i++) {
        const cv_rule *rule = cv_rule_get((cv_rule_id)i);
        cv_slice text = cv_slice_cstr(rule->text);
        assert_true(cv_slice_ends(text, CV_S(".")));
        assert_true(rule->reference[0] != 0);
        assert_true(rule->severity <= CV_ERROR);
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(rule->id, cv_rule_get((cv_rule_id)j)->id);
    }
    assert_string_equal(cv_rule_get(CV_RULE_TRACK_TIME)->id,
                        "recipient-track-status-time");
    assert_string_equal(cv_rule_get(CV_RULE_TRACK_TIME)->setting,
                        "content-conversion.fix-recipient-track-status-time");
}

static void finding_is_kept_with_copies_of_its_text(void **state)
{
    char path[] = "recipient[2]";
    cv_report_say(*state, CV_RULE_TRACK_TIME, cv_slice_cstr(path),
                  CV_S("PidTagRecipientTrackStatusTime"),
                  CV_S("1601-01-01T00:00:00Z"), "%s from %s", "2008",
                  "PidLidAttendeeCriticalChange");
    memset(path, 'x', sizeof(path) - 1);
    assert_int_equal(cv_report_count(*state), 1);
    const cv_finding *f = cv_report_get(*state, 0);
    assert_int_equal(f->rule, CV_RULE_TRACK_TIME);
    assert_int_equal(f->severity, CV_REPAIRED);
    assert_true(cv_slice_eq(f->path, CV_S("recipient[2]")));
    assert_true(
        cv_slice_eq(f->property, CV_S("PidTagRecipientTrackStatusTime")));
    assert_true(cv_slice_eq(f->found, CV_S("1601-01-01T00:00:00Z")));
    assert_true(
        cv_slice_eq(f->done, CV_S("2008 from PidLidAttendeeCriticalChange")));
    assert_true(f->offset == UINT64_MAX && f->line == 0);
    assert_null(cv_report_get(*state, 1));
    assert_true(cv_report_has(*state, CV_RULE_TRACK_TIME));
    assert_false(cv_report_has(*state, CV_RULE_LIMIT));
}

static void severity_is_the_rules_unless_given(void **state)
{
    assert_int_equal(cv_report_worst(*state), CV_NOTE);
    cv_report_add(*state, CV_FINDING(.rule = CV_RULE_ICAL_KEPT));
    assert_int_equal(cv_report_worst(*state), CV_NOTE);
    cv_report_add(*state,
                  CV_FINDING(.rule = CV_RULE_ICAL_KEPT, .severity = CV_LOST));
    assert_int_equal(cv_report_get(*state, 0)->severity, CV_NOTE);
    assert_int_equal(cv_report_get(*state, 1)->severity, CV_LOST);
    assert_int_equal(cv_report_worst(*state), CV_LOST);
}

static void prefixes_nest_and_end(void **state)
{
    cv_slice none = { NULL, 0 };
    cv_report_push(*state, "attachment[%d].embedded", 1);
    cv_report_say(*state, CV_RULE_LIMIT, none, none, none, "a");
    cv_report_push(*state, "attachment[%d]", 0);
    cv_report_say(*state, CV_RULE_LIMIT, CV_S("recipient[3]"), none, none, "b");
    cv_report_pop(*state);
    cv_report_pop(*state);
    cv_report_say(*state, CV_RULE_LIMIT, CV_S("recipient[0]"), none, none, "c");
    assert_true(cv_slice_eq(cv_report_get(*state, 0)->path,
                            CV_S("attachment[1].embedded")));
    assert_true(
        cv_slice_eq(cv_report_get(*state, 1)->path,
                    CV_S("attachment[1].embedded.attachment[0].recipient[3]")));
    assert_true(
        cv_slice_eq(cv_report_get(*state, 2)->path, CV_S("recipient[0]")));
}

static void prefixes_of_any_depth_stay_balanced(void **state)
{
    for (int i = 0; i < 10000; i++)
        cv_report_push(*state, "attachment[%d].embedded", i);
    for (int i = 0; i < 9999; i++)
        cv_report_pop(*state);
    cv_report_add(*state, CV_FINDING(.rule = CV_RULE_LIMIT));
    cv_report_pop(*state);
    cv_report_add(*state, CV_FINDING(.rule = CV_RULE_LIMIT));
    assert_true(cv_slice_eq(cv_report_get(*state, 0)->path,
                            CV_S("attachment[0].embedded")));
    assert_int_equal(cv_report_get(*state, 1)->path.len, 0);
}

static void findings_beyond_the_limit_are_counted(void **state)
{
    for (size_t i = 0; i < CV_LIMIT_FINDINGS; i++)
        cv_report_add(*state, CV_FINDING(.rule = CV_RULE_ICAL_KEPT));
    assert_int_equal(cv_report_count(*state), CV_LIMIT_FINDINGS);
    assert_int_equal(cv_report_dropped(*state), 0);
    cv_report_add(*state, CV_FINDING(.rule = CV_RULE_ICAL_KEPT));
    assert_int_equal(cv_report_count(*state), CV_LIMIT_FINDINGS);
    assert_int_equal(cv_report_dropped(*state), 1);
    /* Notes do not hide what is worse, of which there is a limit, too. */
    for (size_t i = 0; i < 102; i++)
        cv_report_add(*state, CV_FINDING(.rule = CV_RULE_IO));
    assert_int_equal(cv_report_count(*state), CV_LIMIT_FINDINGS + 100);
    assert_int_equal(cv_report_dropped(*state), 3);
    assert_true(cv_report_has(*state, CV_RULE_IO));
    assert_int_equal(cv_report_worst(*state), CV_ERROR);
}

static void long_and_broken_text_is_clipped_and_repaired(void **state)
{
    uint8_t text[CV_LIMIT_FINDING_BYTES + 100];
    memset(text, 'a', sizeof(text));
    cv_report_add(*state, CV_FINDING(.rule = CV_RULE_IO,
                                     .found = cv_slice_of(text, sizeof(text)),
                                     .done = CV_S("\xff")));
    cv_report_say(*state, CV_RULE_IO, CV_S(""), CV_S(""), CV_S(""), "%.*s",
                  (int)sizeof(text), (const char *)text);
    assert_int_equal(cv_report_get(*state, 0)->found.len,
                     CV_LIMIT_FINDING_BYTES);
    assert_true(
        cv_slice_eq(cv_report_get(*state, 0)->done, CV_S("\xef\xbf\xbd")));
    assert_int_equal(cv_report_get(*state, 1)->done.len,
                     CV_LIMIT_FINDING_BYTES - 1);
}

static void memory_of_a_report_is_bounded(void **state)
{
    static uint8_t text[CV_LIMIT_FINDING_BYTES];
    memset(text, 0xff, sizeof(text)); /* three bytes each when repaired */
    cv_slice bad = cv_slice_of(text, sizeof(text));
    for (size_t i = 0; i < CV_LIMIT_FINDINGS; i++)
        cv_report_add(*state,
                      CV_FINDING(.rule = CV_RULE_IO, .path = bad,
                                 .property = bad, .found = bad, .done = bad));
    assert_true(cv_report_dropped(*state) > 0);
    assert_int_equal(cv_report_count(*state) + cv_report_dropped(*state),
                     CV_LIMIT_FINDINGS);
    assert_true(cv_report_count(*state) > 500);
    size_t bytes = 0;
    for (size_t i = 0; i < cv_report_count(*state); i++) {
        const cv_finding *f = cv_report_get(*state, i);
        bytes += f->path.len + f->property.len + f->found.len + f->done.len;
    }
    assert_true(bytes < CV_LIMIT_REPORT_BYTES);
}

static void ladder_keeps_the_lowest_step(void **state)
{
    assert_int_equal(cv_report_step(*state), CV_LADDER_FULL);
    cv_report_reach(*state, CV_LADDER_MINIMAL);
    cv_report_reach(*state, CV_LADDER_PARTIAL);
    assert_int_equal(cv_report_step(*state), CV_LADDER_MINIMAL);
}

static void null_report_takes_everything(void **state)
{
    cv_report *none = NULL;
    (void)state;
    cv_report_add(NULL, CV_FINDING(.rule = CV_RULE_IO));
    cv_report_say(NULL, CV_RULE_IO, CV_S(""), CV_S(""), CV_S(""), "%d", 1);
    cv_report_push(NULL, "x");
    cv_report_pop(NULL);
    cv_report_reach(NULL, CV_LADDER_MINIMAL);
    cv_report_merge(NULL, NULL);
    cv_report_free(&none);
}

static void merge_puts_findings_under_the_prefix(void **state)
{
    cv_report *src = NULL;
    assert_int_equal(cv_report_new(&src, NULL), CV_OK);
    cv_report_add(src, CV_FINDING(.rule = CV_RULE_CFB_CHAIN, .offset = 512));
    cv_report_add(src, CV_FINDING(.rule = CV_RULE_BAD_TIME,
                                  .path = CV_S("recipient[1]"),
                                  .severity = CV_NOTE));
    cv_report_reach(src, CV_LADDER_PARTIAL);
    cv_report_push(*state, "attachment[0].embedded");
    cv_report_merge(*state, src);
    cv_report_pop(*state);
    cv_report_free(&src);
    const cv_finding *f = cv_report_get(*state, 0);
    assert_true(cv_slice_eq(f->path, CV_S("attachment[0].embedded")));
    assert_true(f->offset == 512);
    f = cv_report_get(*state, 1);
    assert_true(
        cv_slice_eq(f->path, CV_S("attachment[0].embedded.recipient[1]")));
    assert_int_equal(f->severity, CV_NOTE);
    assert_int_equal(cv_report_step(*state), CV_LADDER_PARTIAL);
    assert_int_equal(cv_report_worst(*state), CV_LOST);
    assert_true(cv_report_has(*state, CV_RULE_CFB_CHAIN));
}

static void json_form_is_the_contract(void **state)
{
    cv_buf b;
    cv_buf_init(&b, 0);
    cv_report_put_json(*state, &b);
    assert_true(cv_slice_eq(cv_buf_slice(&b), CV_S("[]")));
    cv_report_say(*state, CV_RULE_TRACK_TIME, CV_S("recipient[2]"),
                  CV_S("PidTagRecipientTrackStatusTime"),
                  CV_S("\"1601\"\\\n\xc3\xa9"), "left out");
    cv_report_add(*state, CV_FINDING(.rule = CV_RULE_CFB_CHAIN, .line = 12,
                                     .offset = 3456));
    cv_buf_reset(&b);
    cv_report_put_json(*state, &b);
    cv_buf_put_byte(&b, 0);
    assert_string_equal(
        b.data,
        "[{\"rule\": \"recipient-track-status-time\", \"severity\": "
        "\"repaired\", \"path\": \"recipient[2]\", \"property\": "
        "\"PidTagRecipientTrackStatusTime\", \"found\": "
        "\"\\\"1601\\\"\\\\\\u000a\xc3\xa9\", \"done\": \"left out\", "
        "\"reference\": \"KB938650\"}, "
        "{\"rule\": \"cfb-chain\", \"severity\": \"lost\", \"path\": \"\", "
        "\"property\": \"\", \"found\": \"\", \"done\": \"\", \"line\": 12, "
        "\"offset\": 3456, \"reference\": \"[MS-CFB] 2.3\"}]");
    cv_buf_clear(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules_have_unique_ids_and_sentences),
        WITH_REPORT(finding_is_kept_with_copies_of_its_text),
        WITH_REPORT(severity_is_the_rules_unless_given),
        WITH_REPORT(prefixes_nest_and_end),
        WITH_REPORT(prefixes_of_any_depth_stay_balanced),
        WITH_REPORT(findings_beyond_the_limit_are_counted),
        WITH_REPORT(long_and_broken_text_is_clipped_and_repaired),
        WITH_REPORT(memory_of_a_report_is_bounded),
        WITH_REPORT(ladder_keeps_the_lowest_step),
        cmocka_unit_test(null_report_takes_everything),
        WITH_REPORT(merge_puts_findings_under_the_prefix),
        WITH_REPORT(json_form_is_the_contract),
    };
    return cmocka_run_group_tests_name("report", tests, NULL, NULL);
}
