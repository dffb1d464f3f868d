#include "ical/ical_test_kit.h"

#include "ical/ical_private.h"

static cv_ical_comp *parse(cv_slice text)
{
    cv_ical_comp *root;
    assert_int_equal(cv_ical_parse(arena, text, &root, report, NULL), 0);
    return root;
}

/* The only event of a text. */
static const cv_ical_comp *event_of(const char *text)
{
    cv_ical_comp *root = parse(cv_slice_cstr(text));
    assert_int_equal(root->child_count, 1);
    assert_int_equal(root->children[0]->child_count, 1);
    return root->children[0]->children[0];
}

static const char *value(const cv_ical_comp *comp, const char *name)
{
    const cv_ical_prop *prop = cv_ical_prop_get(comp, name);
    assert_non_null(prop);
    return (const char *)cv_arena_dup(arena, prop->value).ptr;
}

static const char *param(const cv_ical_comp *comp, const char *name,
                         const char *which)
{
    cv_slice v = cv_line_param_get(cv_ical_prop_get(comp, name), which);
    return (const char *)cv_arena_dup(arena, v).ptr;
}

static void lines_of_every_kind_are_read(void **state)
{
    const cv_ical_comp *e =
        event_of("\xEF\xBB\xBF"
                 "BEGIN:VCALENDAR\r\nbegin:vevent\r\n"
                 "summary;Language=de;X=\"a;b\",c:Bud\r\n get\r\n"
                 "LOCATION:one\n two\r"
                 "X-A;P=:v\r\n\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n");
    (void)state;
    assert_string_equal(value(e, "SUMMARY"), "Budget");
    assert_string_equal(param(e, "SUMMARY", "LANGUAGE"), "de");
    assert_string_equal(param(e, "SUMMARY", "X"), "a;b,c");
    assert_string_equal(value(e, "LOCATION"), "onetwo");
    assert_string_equal(value(e, "X-A"), "v");
    assert_int_equal(cv_ical_prop_get(e, "X-A")->line, 7);
}

/* C056: a quote inside an unquoted value is an ordinary character. */
static void C056_stray_quotes_are_characters(void **state)
{
    const cv_ical_comp *e =
        event_of("BEGIN:VEVENT\r\n"
                 "ATTENDEE;CN=A > \" t22;RSVP=TRUE:mailto:one@example.org\r\n"
                 "ORGANIZER;CN=\"open:mailto:two@example.org\r\n"
                 "CONTACT;CN=\"a^'b^^c^nd\":x\r\nEND:VEVENT\r\n");
    (void)state;
    assert_string_equal(param(e, "ATTENDEE", "CN"), "A > \" t22");
    assert_string_equal(param(e, "ATTENDEE", "RSVP"), "TRUE");
    assert_string_equal(value(e, "ATTENDEE"), "mailto:one@example.org");
    assert_string_equal(value(e, "ORGANIZER"), "mailto:two@example.org");
    assert_string_equal(param(e, "CONTACT", "CN"), "a\"b^c\nd");
}

static void zone_names_with_colons_are_mended(void **state)
{
    const cv_ical_comp *e =
        event_of("BEGIN:VEVENT\r\n"
                 "DTSTART;TZID=(UTC-05:00) Eastern Time:20261123T090000\r\n"
                 "DTEND;TZID=\"(UTC-05:00) Eastern Time\":20261123T100000\r\n"
                 "END:VEVENT\r\n");
    (void)state;
    assert_string_equal(param(e, "DTSTART", "TZID"),
                        "(UTC-05:00) Eastern Time");
    assert_string_equal(value(e, "DTSTART"), "20261123T090000");
    assert_string_equal(value(e, "DTEND"), "20261123T100000");
}

static void missing_ends_are_closed(void **state)
{
    cv_ical_comp *root = parse(CV_S(
        "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:a\nBEGIN:VALARM\nACTION:DISPLAY\n"
        "BEGIN:VEVENT\nUID:b\nEND:VCALENDAR\nBEGIN:VCALENDAR\n"
        "BEGIN:VEVENT\nUID:c\n"));
    (void)state;
    assert_int_equal(root->child_count, 2);
    assert_int_equal(root->children[0]->child_count, 2);
    assert_string_equal(value(root->children[0]->children[1], "UID"), "b");
    assert_string_equal(value(root->children[1]->children[0], "UID"), "c");
    assert_true(cv_report_has(report, CV_RULE_ICAL_MISSING_END));
}

static void stray_ends_and_bare_components_are_taken(void **state)
{
    cv_ical_comp *root = parse(CV_S("junk\nEND:VEVENT\nBEGIN:VEVENT\nUID:a\n"
                                    "END:VEVENT\nBEGIN:VEVENT\nUID:b\n"
                                    "END:VEVENT\n"));
    (void)state;
    assert_int_equal(root->child_count, 1);
    assert_int_equal(root->children[0]->child_count, 2);
}

static void broken_folding_is_joined(void **state)
{
    const cv_ical_comp *e = event_of(
        "BEGIN:VEVENT\r\nDESCRIPTION:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
        "aaaaaaaaaaaaaaaaaaaaaa\r\nbbb\r\nX-B:short\r\nnext line\r\n"
        "third\r\nEND:VEVENT\r\n");
    (void)state;
    assert_non_null(strstr(value(e, "DESCRIPTION"), "aabbb"));
    assert_string_equal(value(e, "X-B"), "short\\nnext line\\nthird");
    assert_true(cv_report_has(report, CV_RULE_ICAL_SYNTAX));
}

static void text_without_component_is_refused(void **state)
{
    cv_ical_comp *root = NULL;
    (void)state;
    assert_int_equal(cv_ical_parse(arena, CV_S(""), &root, report, NULL),
                     CV_ERR_SYNTAX);
    assert_int_equal(cv_ical_parse(arena, CV_S("UID:a\n"), &root, report, NULL),
                     CV_ERR_SYNTAX);
    assert_null(root);
}

static void other_encodings_are_decoded(void **state)
{
    const cv_ical_comp *e = event_of("BEGIN:VEVENT\r\nSUMMARY:M\xFCller\r\n"
                                     "END:VEVENT\r\n");
    (void)state;
    assert_string_equal(value(e, "SUMMARY"), "M\xC3\xBCller");
    assert_true(cv_report_has(report, CV_RULE_TEXT_DECODING));
    e = event_of("BEGIN:VEVENT\r\nSUMMARY;ENCODING=QUOTED-PRINTABLE;"
                 "CHARSET=UTF-8:M=C3=BCl=\r\nler\r\nEND:VEVENT\r\n");
    cv_slice text = cv_line_value_text(arena, cv_ical_prop_get(e, "SUMMARY"));
    assert_true(cv_slice_eq(text, CV_S("M\xC3\xBCller")));
}

/* C067 */
static void C067_escapes_are_undone_once(void **state)
{
    (void)state;
    assert_true(cv_slice_eq(
        cv_line_unescape(arena, CV_S("Hello\\,\\n\\Nsee\\; C:\\\\new \\x")),
        CV_S("Hello,\n\nsee; C:\\new \\x")));
}

/* -- limits -- */

static cv_slice repeated(const char *head, const char *line, size_t times,
                         const char *tail)
{
    cv_buf buf;
    cv_buf_init(&buf, 0);
    cv_buf_put_str(&buf, head);
    for (size_t i = 0; i < times; i++)
        cv_buf_put_str(&buf, line);
    cv_buf_put_str(&buf, tail);
    cv_slice s = cv_buf_dup(&buf, arena);
    cv_buf_clear(&buf);
    return s;
}

static void lines_beyond_the_limit_are_left_out(void **state)
{
    cv_slice text = repeated("BEGIN:VEVENT\n", "X:1\n",
                             CV_LIMIT_ICAL_LINES + 10, "END:VEVENT\n");
    (void)state;
    cv_ical_comp *root = parse(text);
    assert_int_equal(root->children[0]->children[0]->prop_count,
                     CV_LIMIT_ICAL_LINES - 1);
    assert_true(cv_report_has(report, CV_RULE_LIMIT));
}

static void a_folded_line_beyond_the_limit_is_left_out(void **state)
{
    static const char fold[] = "\n xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
                               "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";
    cv_slice text = repeated("BEGIN:VEVENT\nSUMMARY:kept\nX-BIG:", fold,
                             CV_LIMIT_LINE_BYTES / 80 + 1, "\nEND:VEVENT\n");
    (void)state;
    cv_ical_comp *root = parse(text);
    assert_string_equal(value(root->children[0]->children[0], "SUMMARY"),
                        "kept");
    assert_null(cv_ical_prop_get(root->children[0]->children[0], "X-BIG"));
    assert_true(cv_report_has(report, CV_RULE_LIMIT));
}

static void depth_beyond_the_limit_is_left_out(void **state)
{
    cv_buf buf;
    (void)state;
    cv_buf_init(&buf, 0);
    cv_buf_put_str(&buf, "BEGIN:VCALENDAR\n");
    for (int i = 0; i < CV_LIMIT_ICAL_DEPTH + 5; i++)
        cv_buf_printf(&buf, "BEGIN:X-%d\nA:%d\n", i, i);
    for (int i = CV_LIMIT_ICAL_DEPTH + 4; i >= 0; i--)
        cv_buf_printf(&buf, "END:X-%d\n", i);
    cv_buf_put_str(&buf, "BEGIN:VEVENT\nUID:u\nEND:VEVENT\nEND:VCALENDAR\n");
    cv_ical_comp *comp = parse(cv_buf_slice(&buf))->children[0];
    assert_int_equal(comp->child_count, 2);
    unsigned depth = 1;
    for (comp = comp->children[0]; comp->child_count; depth++)
        comp = comp->children[0];
    assert_int_equal(depth, CV_LIMIT_ICAL_DEPTH - 1);
    assert_true(cv_report_has(report, CV_RULE_LIMIT));
    cv_buf_clear(&buf);
}

static void parameters_beyond_the_limit_are_left_out(void **state)
{
    cv_slice text = repeated("BEGIN:VEVENT\nX-A", ";P=1",
                             CV_LIMIT_LINE_PARAMS + 5, ":v\nEND:VEVENT\n");
    (void)state;
    const cv_ical_comp *e = parse(text)->children[0]->children[0];
    assert_int_equal(e->props[0].param_count, CV_LIMIT_LINE_PARAMS);
    assert_string_equal(value(e, "X-A"), "v");
    assert_true(cv_report_has(report, CV_RULE_LIMIT));
}

static void line_beyond_the_limit_is_left_out(void **state)
{
    size_t each = 1 << 20;
    char *part = cv_arena_alloc(arena, each + 1);
    (void)state;
    part[0] = ' ';
    memset(part + 1, 'x', each - 2);
    part[each - 1] = '\n';
    cv_slice text =
        repeated("BEGIN:VEVENT\nX-LONG:1\n", part, 17, "UID:u\nEND:VEVENT\n");
    const cv_ical_comp *e = parse(text)->children[0]->children[0];
    assert_string_equal(value(e, "UID"), "u");
    assert_null(cv_ical_prop_get(e, "X-LONG"));
    assert_true(cv_report_has(report, CV_RULE_LIMIT));
}

static void events_beyond_the_limit_are_left_out(void **state)
{
    cv_ical_item *items;
    cv_slice text =
        repeated("BEGIN:VCALENDAR\n", "BEGIN:VEVENT\nSUMMARY:x\nEND:VEVENT\n",
                 CV_LIMIT_ICAL_EVENTS + 3, "END:VCALENDAR\n");
    (void)state;
    assert_int_equal(items_of(text, &items), CV_LIMIT_ICAL_EVENTS);
    assert_true(cv_report_has(report, CV_RULE_LIMIT));
}

static void kept_lines_beyond_the_limit_are_left_out(void **state)
{
    size_t len = CV_LIMIT_ICAL_KEPT_BYTES / 4;
    char *line = cv_arena_alloc(arena, len + 1);
    (void)state;
    memset(line, 'x', len);
    memcpy(line, "X-A:", 4);
    line[len - 1] = '\n';
    assert_true(import(repeated("BEGIN:VEVENT\nUID:u\n"
                                "DTSTART:20261123T120000Z\n",
                                line, 6, "END:VEVENT\n")));
    cv_slice kept =
        cv_bag_string_or(bag(), CV_PidNameConvokeIcalLines, CV_S(""));
    assert_true(kept.len > len && kept.len <= CV_LIMIT_ICAL_KEPT_BYTES);
    assert_true(cv_report_has(report, CV_RULE_LIMIT));
}

static void exclusions_beyond_the_limit_are_left_out(void **state)
{
    cv_slice text = repeated("BEGIN:VEVENT\nUID:u\nDTSTART:20261123T120000Z\n"
                             "RRULE:FREQ=DAILY\nEXDATE:20261124T120000Z",
                             ",20261125T120000Z", CV_LIMIT_RECUR_DATES + 3,
                             "\nEND:VEVENT\n");
    (void)state;
    assert_true(import(text));
    assert_true(cv_bag_has(bag(), CV_PidLidInboundICalStream));
    assert_true(cv_report_has(report, CV_RULE_ICAL_RRULE));
}

/* Many lost lines cost no more than their bytes. */
static void lost_lines_cost_their_bytes(void **state)
{
    cv_slice text = repeated("BEGIN:VEVENT\nDESCRIPTION:x\n",
                             "no content line here\n", 100000, "END:VEVENT\n");
    (void)state;
    size_t before = cv_arena_used(arena);
    parse(text);
    assert_true(cv_arena_used(arena) - before < 32 * text.len);
}

/* -- damage -- */

static const char whole[] =
    "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nBEGIN:VTIMEZONE\r\nTZID:Z\r\n"
    "BEGIN:STANDARD\r\nDTSTART:16011028T030000\r\n"
    "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\r\nTZOFFSETFROM:+0200\r\n"
    "TZOFFSETTO:+0100\r\nEND:STANDARD\r\nBEGIN:DAYLIGHT\r\n"
    "DTSTART:16010325T020000\r\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3\r\n"
    "TZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\nEND:DAYLIGHT\r\n"
    "END:VTIMEZONE\r\nBEGIN:VEVENT\r\nUID:u\r\n"
    "DTSTAMP:20261120T080000Z\r\nORGANIZER;CN=A:mailto:a@x.example\r\n"
    "ATTENDEE;PARTSTAT=ACCEPTED;X-P=\"q\":mailto:b@x.example\r\n"
    "DTSTART;TZID=Z:20261123T090000\r\nDURATION:PT1H\r\n"
    "RRULE:FREQ=WEEKLY;COUNT=5;BYDAY=MO\r\n"
    "EXDATE;TZID=Z:20261130T090000\r\nX-K;V=1:kept\r\n"
    "BEGIN:VALARM\r\nTRIGGER:-PT15M\r\nACTION:DISPLAY\r\nEND:VALARM\r\n"
    "END:VEVENT\r\nBEGIN:VEVENT\r\nUID:u\r\n"
    "RECURRENCE-ID;TZID=Z:20261207T090000\r\n"
    "DTSTART;TZID=Z:20261208T100000\r\nSUMMARY:moved\r\n"
    "END:VEVENT\r\nEND:VCALENDAR\r\n";

/* Reads and writes whatever comes; what is written can be read. */
static void try_text(cv_slice text)
{
    cv_arena *own;
    cv_object *o;
    cv_ical_comp *root;
    cv_ical_item *items;
    size_t count;
    bool usable;
    cv_buf out;

    assert_int_equal(cv_arena_new(0, &own, NULL), 0);
    assert_int_equal(cv_object_new(0, &o, NULL), 0);
    cv_buf_init(&out, 0);
    if (cv_ical_parse(own, text, &root, NULL, NULL) == CV_OK) {
        assert_int_equal(cv_ical_items(own, root, &items, &count, NULL, NULL),
                         0);
        for (size_t i = 0; i < count && i < 1; i++) {
            assert_int_equal(
                cv_ical_to_object(&items[i], &context, o, &usable, NULL, NULL),
                0);
            if (usable &&
                cv_ical_write(o, NULL, &everything, &out, NULL, NULL) == CV_OK)
                assert_int_equal(
                    cv_ical_parse(own, cv_buf_slice(&out), &root, NULL, NULL),
                    0);
        }
    }
    cv_buf_clear(&out);
    cv_object_free(&o);
    cv_arena_free(&own);
}

static void every_prefix_is_survived(void **state)
{
    (void)state;
    for (size_t len = 0; len < sizeof(whole); len++)
        try_text(cv_slice_of(whole, len));
}

static void every_damaged_byte_is_survived(void **state)
{
    static const uint8_t flips[] = { 0x01, 0x80, 0xFF };
    static uint8_t bytes[sizeof(whole)];
    (void)state;
    for (size_t i = 0; i < (sizeof(whole) - 1) * CV_LEN(flips); i++) {
        memcpy(bytes, whole, sizeof(whole));
        bytes[i / CV_LEN(flips)] ^= flips[i % CV_LEN(flips)];
        try_text(cv_slice_of(bytes, sizeof(whole) - 1));
    }
}

/* Each line missing, each line twice. */
static void every_missing_or_doubled_line_is_survived(void **state)
{
    static char text[2 * sizeof(whole)];
    (void)state;
    for (const char *line = whole; *line;) {
        const char *end = strstr(line, "\r\n") + 2;
        size_t before = (size_t)(line - whole), len = (size_t)(end - line);
        memcpy(text, whole, before);
        strncpy(text + before, end, sizeof(text) - before - 1);
        try_text(cv_slice_of(text, strlen(text)));
        memcpy(text, whole, before + len);
        strncpy(text + before + len, line, sizeof(text) - before - len - 1);
        try_text(cv_slice_of(text, strlen(text)));
        line = end;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(lines_of_every_kind_are_read),
        TEST(C056_stray_quotes_are_characters),
        TEST(zone_names_with_colons_are_mended),
        TEST(missing_ends_are_closed),
        TEST(stray_ends_and_bare_components_are_taken),
        TEST(broken_folding_is_joined),
        TEST(text_without_component_is_refused),
        TEST(other_encodings_are_decoded),
        TEST(C067_escapes_are_undone_once),
        TEST(lines_beyond_the_limit_are_left_out),
        TEST(a_folded_line_beyond_the_limit_is_left_out),
        TEST(depth_beyond_the_limit_is_left_out),
        TEST(parameters_beyond_the_limit_are_left_out),
        TEST(line_beyond_the_limit_is_left_out),
        TEST(events_beyond_the_limit_are_left_out),
        TEST(kept_lines_beyond_the_limit_are_left_out),
        TEST(exclusions_beyond_the_limit_are_left_out),
        TEST(lost_lines_cost_their_bytes),
        TEST(every_prefix_is_survived),
        TEST(every_damaged_byte_is_survived),
        TEST(every_missing_or_doubled_line_is_survived),
    };
    return cmocka_run_group_tests_name("ical parse", tests, NULL, NULL);
}
