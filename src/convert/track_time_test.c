/* KB 938650, case C001: the reply time of a recipient row. */
#include "convert/meeting_rig.h"

static const char fix[] = "content-conversion.fix-recipient-track-status-time";

static const struct {
    uint16_t type;
    uint64_t value;
    const char *found;
} fixtures[] = {
    { CV_T_TIME, 0, "1601-01-01T00:00:00Z" },
    { CV_T_TIME, UINT64_C(0x0CB34557A3DD4000), "4501-01-01T00:00:00Z" },
    { CV_T_TIME, UINT64_C(0x7FFFFFFFFFFFFFFF), "filetime:0x7FFFFFFFFFFFFFFF" },
    { CV_T_TIME, UINT64_C(0x24C85A5ED1C04000),
      "filetime:0x24C85A5ED1C04000" }, /* year 10000 */
    { CV_T_TIME, UINT64_C(0xFFFFFFF79E3B9800),
      "filetime:0xFFFFFFF79E3B9800" }, /* FILETIME 0 an hour west */
    { CV_T_TIME, 1, "1601-01-01T00:00:00.0000001Z" },
    { CV_T_NULL, 0, "null" },
    { CV_T_ERROR, 0x8004010F, "error:0x8004010F" },
    { CV_T_I32, 7, "type PtypInteger32" },
    { CV_T_STRING, 0, "type PtypString" },
};

static const char *const classes[] = { "IPM.Schedule.Meeting.Request",
                                       "IPM.Schedule.Meeting.Canceled",
                                       "IPM.Appointment" };

static cv_status write_status(rig *r)
{
    cv_sink sink = cv_buf_sink(&r->out);
    cv_buf_reset(&r->out);
    return cv_to_mime(r->obj, r->options, &sink, r->report, &r->err);
}

static cv_bag *bob(rig *r)
{
    return cv_object_recipient(r->obj, 1);
}

/* One finding for Bob's row, the mail is complete, the object unchanged. */
static void expect_repaired(rig *r, const char *found, const char *done)
{
    const char *mail = rig_write(r);
    assert_has(mail, "text/calendar");
    assert_has(mail, "bob@south.example");
    assert_has(mail, "eve@east.example");
    assert_has_not(mail, "1601");
    assert_has_not(mail, "4501");
    assert_int_equal(rig_count(r, CV_RULE_TRACK_TIME), 1);
    const cv_finding *f = rig_finding(r, CV_RULE_TRACK_TIME);
    assert_text(f->path, "recipient[1]");
    assert_text(f->property, "PidTagRecipientTrackStatusTime");
    assert_text(f->found, found);
    assert_text(f->done, done);
    assert_int_equal(f->severity, CV_REPAIRED);
    assert_int_equal(cv_report_step(r->report), CV_LADDER_FULL);
}

static void c001_fix_on_every_fixture_leaves_at_the_first_try(void **state)
{
    rig *r = *state;
    for (size_t c = 0; c < CV_LEN(classes); c++) {
        for (size_t i = 0; i < CV_LEN(fixtures); i++) {
            rig_new_report(r);
            meeting_make(r, classes[c]);
            put_value(bob(r), CV_PidTagRecipientTrackStatusTime,
                      fixtures[i].type, fixtures[i].value);
            expect_repaired(r, fixtures[i].found,
                            "2026-11-22T11:00:00Z from "
                            "PidLidOwnerCriticalChange");
            const cv_prop *p =
                cv_bag_find(bob(r), CV_PidTagRecipientTrackStatusTime);
            assert_int_equal(p->value.type, fixtures[i].type);
        }
    }
}

static void c001_fix_off_every_fixture_fails_as_in_2008(void **state)
{
    rig *r = *state;
    rig_set(r, fix, "false");
    for (size_t c = 0; c < CV_LEN(classes); c++) {
        for (size_t i = 0; i < CV_LEN(fixtures); i++) {
            rig_new_report(r);
            meeting_make(r, classes[c]);
            put_value(bob(r), CV_PidTagRecipientTrackStatusTime,
                      fixtures[i].type, fixtures[i].value);
            assert_int_equal(write_status(r), CV_ERR_LEGACY);
            assert_int_equal(r->out.len, 0);
            assert_has(r->err.what, "0x80004005 (-2147467259)");
            assert_has(r->err.what, "recipient[1]");
            assert_int_equal(r->err.tag, CV_PidTagRecipientTrackStatusTime);
            assert_int_equal(rig_count(r, CV_RULE_LEGACY_TRACK_TIME), 1);
            assert_text(rig_finding(r, CV_RULE_LEGACY_TRACK_TIME)->path,
                        "recipient[1]");
            cv_sink sink = cv_buf_sink(&r->out);
            assert_int_equal(
                cv_to_ical(r->obj, r->options, &sink, r->report, &r->err),
                CV_ERR_LEGACY);
        }
    }
}

static void c001_fix_off_absent_and_valid_values_pass(void **state)
{
    rig *r = *state;
    rig_set(r, fix, "false");
    for (size_t c = 0; c < CV_LEN(classes); c++) {
        meeting_make(r, classes[c]);
        assert_has(rig_write(r), "text/calendar");
        cv_bag_set_ticks(bob(r), CV_PidTagRecipientTrackStatusTime, TEST_NOW);
        assert_has(rig_write(r), "text/calendar");
    }
    assert_int_equal(rig_count(r, CV_RULE_TRACK_TIME), 0);
    assert_int_equal(rig_count(r, CV_RULE_LEGACY_TRACK_TIME), 0);
}

/* The values of C001 in other properties are repaired in either state. */
static void c001_other_properties_ignore_the_setting(void **state)
{
    rig *r = *state;
    static const struct {
        bool row;
        cv_tag tag;
    } places[] = {
        { false, CV_PidLidAttendeeCriticalChange },
        { false, CV_PidLidOwnerCriticalChange },
        { true, CV_PidTagRecipientProposedStartTime },
    };
    for (size_t k = 0; k < 2 * CV_LEN(places); k++) {
        rig_set(r, fix, k & 1 ? "false" : "true");
        for (size_t i = 0; i < CV_LEN(fixtures); i++) {
            rig_new_report(r);
            meeting_make(r, classes[0]);
            put_value(places[k / 2].row ? bob(r) : rig_props(r),
                      places[k / 2].tag, fixtures[i].type, fixtures[i].value);
            const char *mail = rig_write(r);
            assert_has(mail, "text/calendar");
            assert_has_not(mail, "1601");
            const cv_finding *f = rig_finding(r, CV_RULE_BAD_TIME);
            assert_text(f->property, cv_tag_name(places[k / 2].tag));
            assert_text(f->found, fixtures[i].found);
            assert_text(f->path, places[k / 2].row ? "recipient[1]" : "");
            assert_int_equal(rig_count(r, CV_RULE_TRACK_TIME), 0);
        }
    }
}

static void c001_only_the_one_row_changes(void **state)
{
    rig *r = *state;
    meeting_make(r, classes[0]);
    char *plain = strdup(rig_write(r));
    rig_new_report(r);
    put_value(bob(r), CV_PidTagRecipientTrackStatusTime, CV_T_TIME, 0);
    const char *repaired = rig_write(r);
    assert_string_equal(plain, repaired);
    free(plain);
}

/* -- the ladder of meeting-flow.md 17 -- */

static bool response(void *ctx, cv_slice clean, cv_slice smtp, int64_t *ticks)
{
    int64_t *answer = ctx;
    if (clean.len != 56 || !cv_slice_eq(smtp, CV_S("bob@south.example")))
        return false;
    *ticks = *answer;
    return true;
}

static void estimate_prefers_the_stored_response(void **state)
{
    rig *r = *state;
    int64_t answer = TEST_NOW - HOUR / 2;
    meeting_make(r, classes[0]);
    cv_bag_set_ticks(rig_props(r), CV_PidTagLastModificationTime,
                     TEST_NOW - HOUR / 4);
    cv_convert_set_responses(r->options, response, &answer);
    put_value(bob(r), CV_PidTagRecipientTrackStatusTime, CV_T_TIME, 0);
    expect_repaired(r, "1601-01-01T00:00:00Z",
                    "2026-11-22T11:30:00Z from the stored response");
}

static void estimate_skips_a_response_without_moment(void **state)
{
    rig *r = *state;
    int64_t answer = INT64_C(-116444736000000000); /* 1601 */
    meeting_make(r, classes[0]);
    cv_convert_set_responses(r->options, response, &answer);
    put_value(bob(r), CV_PidTagRecipientTrackStatusTime, CV_T_TIME, 0);
    expect_repaired(r, "1601-01-01T00:00:00Z",
                    "2026-11-22T11:00:00Z from PidLidOwnerCriticalChange");
}

static void estimate_takes_the_modification_within_bounds(void **state)
{
    rig *r = *state;
    static const struct {
        int64_t modified;
        const char *done;
    } rows[] = {
        { TEST_NOW - HOUR / 4,
          "2026-11-22T11:45:00Z from PidTagLastModificationTime" },
        { TEST_NOW - HOUR,
          "2026-11-22T11:00:00Z from PidTagLastModificationTime" },
        { TEST_NOW - 2 * HOUR,
          "2026-11-22T11:00:00Z from PidLidOwnerCriticalChange" },
        { TEST_NOW, "2026-11-22T12:00:00Z from PidTagLastModificationTime" },
        { TEST_NOW + 1, "2026-11-22T11:00:00Z from PidLidOwnerCriticalChange" },
    };
    for (size_t i = 0; i < CV_LEN(rows); i++) {
        rig_new_report(r);
        meeting_make(r, classes[0]);
        cv_bag_set_ticks(rig_props(r), CV_PidTagLastModificationTime,
                         rows[i].modified);
        put_value(bob(r), CV_PidTagRecipientTrackStatusTime, CV_T_TIME, 0);
        expect_repaired(r, "1601-01-01T00:00:00Z", rows[i].done);
    }
}

static void estimate_prefers_the_sequence_time(void **state)
{
    rig *r = *state;
    meeting_make(r, classes[0]);
    cv_bag_set_ticks(rig_props(r), CV_PidLidAppointmentSequenceTime,
                     TEST_NOW - 3 * HOUR);
    put_value(bob(r), CV_PidTagRecipientTrackStatusTime, CV_T_TIME, 0);
    expect_repaired(r, "1601-01-01T00:00:00Z",
                    "2026-11-22T09:00:00Z from PidLidAppointmentSequenceTime");
}

static void without_any_source_the_time_is_left_out(void **state)
{
    rig *r = *state;
    meeting_make(r, classes[0]);
    cv_bag_remove(rig_props(r), CV_PidLidOwnerCriticalChange);
    put_value(bob(r), CV_PidTagRecipientTrackStatusTime, CV_T_TIME, 0);
    expect_repaired(r, "1601-01-01T00:00:00Z",
                    "left out: no estimate can be had");
}

static void a_row_without_answer_gets_no_estimate(void **state)
{
    rig *r = *state;
    static const int32_t statuses[] = { 0, 1, 5, 99 };
    for (size_t i = 0; i < CV_LEN(statuses); i++) {
        rig_new_report(r);
        meeting_make(r, classes[0]);
        cv_bag_set_i32(bob(r), CV_PidTagRecipientTrackStatus, statuses[i]);
        put_value(bob(r), CV_PidTagRecipientTrackStatusTime, CV_T_TIME, 0);
        expect_repaired(r, "1601-01-01T00:00:00Z",
                        "left out: the row records no answer");
    }
}

static void one_finding_for_each_bad_row(void **state)
{
    rig *r = *state;
    meeting_make(r, classes[0]);
    for (int i = 0; i < 47; i++) {
        cv_bag *row =
            meeting_row(r, "More", "more@west.example", CV_RECIP_TO, 1);
        cv_bag_set_i32(row, CV_PidTagRecipientTrackStatus, 2 + i % 3);
        put_value(row, CV_PidTagRecipientTrackStatusTime, CV_T_TIME, 0);
    }
    assert_has(rig_write(r), "more@west.example");
    assert_int_equal(rig_count(r, CV_RULE_TRACK_TIME), 47);
}

/* A report about a stuck message has it attached: it must leave. */
static void an_embedded_meeting_never_fails_its_message(void **state)
{
    rig *r = *state;
    cv_object *inner = NULL, *outer = NULL, *copy = NULL;
    rig_set(r, fix, "false");
    meeting_make(r, classes[0]);
    put_value(bob(r), CV_PidTagRecipientTrackStatusTime, CV_T_TIME, 0);
    inner = r->obj;
    assert_int_equal(cv_object_new(0, &outer, NULL), CV_OK);
    r->obj = outer;
    assert_int_equal(cv_object_embed(outer, inner, &copy, NULL), CV_OK);
    cv_attachment *a = cv_object_add_attachment(outer);
    cv_bag_set_i32(a->props, CV_PidTagAttachMethod, CV_ATTACH_EMBEDDED);
    a->embedded = copy;
    assert_has(rig_write(r), "message/rfc822");
    assert_text(rig_finding(r, CV_RULE_TRACK_TIME)->path,
                "attachment[0].embedded.recipient[1]");
    cv_object_free(&inner);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG(c001_fix_on_every_fixture_leaves_at_the_first_try),
        RIG(c001_fix_off_every_fixture_fails_as_in_2008),
        RIG(c001_fix_off_absent_and_valid_values_pass),
        RIG(c001_other_properties_ignore_the_setting),
        RIG(c001_only_the_one_row_changes),
        RIG(estimate_prefers_the_stored_response),
        RIG(estimate_skips_a_response_without_moment),
        RIG(estimate_takes_the_modification_within_bounds),
        RIG(estimate_prefers_the_sequence_time),
        RIG(without_any_source_the_time_is_left_out),
        RIG(a_row_without_answer_gets_no_estimate),
        RIG(one_finding_for_each_bad_row),
        RIG(an_embedded_meeting_never_fails_its_message),
    };
    return cmocka_run_group_tests_name("track_time", tests, NULL, NULL);
}
