#include "mime/mbox.h"

#include "base/datetime.h"
#include "base/text.h"
#include "mime/emlx.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define FROM "From a@b.example Mon Jan  2 03:04:05 2006"

/* Up to eight mails of a box, as NUL-ended copies. */
typedef struct mails {
    char *text[8];
    cv_mbox_mail mail[8];
    size_t count, garbage;
} mails;

static void read_box(mails *m, cv_slice in)
{
    cv_mbox box;
    cv_mbox_mail mail;
    *m = (mails){ 0 };
    cv_mbox_init(&box, in);
    m->garbage = box.garbage;
    while (cv_mbox_next(&box, &mail)) {
        cv_arena *arena;
        assert_true(m->count < CV_LEN(m->text));
        assert_int_equal(cv_arena_new(0, &arena, NULL), CV_OK);
        cv_slice text = cv_mbox_unquote(arena, &mail);
        m->mail[m->count] = mail;
        m->text[m->count++] = strndup((const char *)text.ptr, text.len);
        cv_arena_free(&arena);
    }
}

static void free_mails(mails *m)
{
    for (size_t i = 0; i < m->count; i++)
        free(m->text[i]);
}

/* The box holds these mails; up to the first NULL. */
static void holds(const char *box, const char *first, const char *second,
                  const char *third)
{
    const char *const want[] = { first, second, third };
    mails m;
    size_t count = 0;
    read_box(&m, cv_slice_cstr(box));
    while (count < CV_LEN(want) && want[count])
        count++;
    if (m.count != count)
        fail_msg("%zu mails in:\n%s", m.count, box);
    for (size_t i = 0; i < count; i++)
        assert_string_equal(m.text[i], want[i]);
    free_mails(&m);
}

static void mails_are_cut_at_their_lines(void **state)
{
    (void)state;
    holds(FROM "\nA: 1\n\nx\n\n" FROM "\nA: 2\n\ny\n\n", "A: 1\n\nx\n",
          "A: 2\n\ny\n\n", NULL);
    holds(FROM "\r\nA: 1\r\n\r\nx\r\n\r\n" FROM "\r\nA: 2\r\n\r\ny",
          "A: 1\r\n\r\nx\r\n", "A: 2\r\n\r\ny", NULL);
    holds(FROM "\nA: 1\n\n" FROM "\nA: 2\n" FROM "\nA: 3", "A: 1\n\n", "A: 2\n",
          "A: 3");
    holds(FROM "\nA: 1\n\nno empty line\n" FROM "\nA: 2\n\n",
          "A: 1\n\nno empty line\n", "A: 2\n\n", NULL);
    holds("From - \nA: 1\n\nx\nFrom - \nA: 2\n\n", "A: 1\n\nx\n", "A: 2\n\n",
          NULL);
    holds("", NULL, NULL, NULL);
    holds("just text\n", NULL, NULL, NULL);
}

static void from_in_a_body_does_not_cut(void **state)
{
    (void)state;
    holds(FROM "\nA: 1\n\nx\n\nFrom here to there: at 10:00\n", /* no date */
          "A: 1\n\nx\n\nFrom here to there: at 10:00\n", NULL, NULL);
    holds(FROM "\nA: 1\n\nhe wrote:\n\n" FROM "\nand so on\n",
          "A: 1\n\nhe wrote:\n\n" FROM "\nand so on\n", NULL, NULL);
    holds(FROM "\nA: 1\n\n" FROM " is how it began\nSo: yes\n",
          "A: 1\n\n" FROM " is how it began\nSo: yes\n", NULL, NULL);
}

static void quoted_lines_lose_one_quote(void **state)
{
    (void)state;
    holds(FROM "\nA: 1\n\n>From x\n>>From y\n> From z\n>>>\n",
          "A: 1\n\nFrom x\n>From y\n> From z\n>>>\n", NULL, NULL);
}

static void content_length_counts_where_it_fits(void **state)
{
    (void)state;
    holds(FROM "\nContent-Length: 47\n\n" FROM "\nA: b\n\n" FROM
               "\nContent-Length: 8\n\n>From x\n",
          "Content-Length: 47\n\n" FROM "\nA: b\n",
          "Content-Length: 8\n\n>From x\n", NULL);
    holds(FROM "\nContent-Length: 3\n\n>From x\n\n" FROM
               "\nContent-Length: 4000000000\n\ny\n",
          "Content-Length: 3\n\nFrom x\n", "Content-Length: 4000000000\n\ny\n",
          NULL);
}

static void garbage_before_the_first_mail_is_told(void **state)
{
    mails m;
    (void)state;
    read_box(&m, CV_S("*mbx*\nrubbish\n\n" FROM "\nA: 1\n\nx\n"));
    assert_int_equal(m.count, 1);
    assert_int_equal(m.garbage, 15);
    assert_true(m.mail[0].offset == 15);
    assert_string_equal(m.text[0], "A: 1\n\nx\n");
    free_mails(&m);
    read_box(&m, CV_S("\n\n" FROM "\nA: 1\n\nx\n"));
    assert_int_equal(m.count, 1);
    assert_int_equal(m.garbage, 0);
    free_mails(&m);
}

static void dates_of_many_writers_are_read(void **state)
{
    static const char *const lines[] = {
        "From a@b.example Mon Jan  2 03:04:05 2006",
        "From a@b.example  Mon Jan 02 03:04:05 2006",
        "From - Mon Jan 02 03:04:05 2006",
        "From \"a b\"@c.example Mon Jan 2 03:04:05 2006",
        "From 123@xxx Mon Jan 02 03:04:05 +0000 2006",
        "From a@b.example Mon Jan  2 04:04:05 2006 +0100",
        "From a@b.example Mon, 2 Jan 2006 03:04:05 +0000",
        "From a!b Mon Jan  2 03:04:05 2006 remote from c",
        "From MAILER-DAEMON Mon Jan  2 03:04:05 GMT 2006",
    };
    cv_civil want = { 2006, 1, 2, 3, 4, 5, 0 };
    (void)state;
    for (size_t i = 0; i < CV_LEN(lines); i++) {
        char box[200];
        mails m;
        (void)snprintf(box, sizeof(box), "x\n\n%s\nA: 1\n\n", lines[i]);
        read_box(&m, cv_slice_cstr(box));
        if (m.count != 1 || m.mail[0].date != cv_civil_to_ticks(&want))
            fail_msg("%s", lines[i]);
        free_mails(&m);
    }
}

static void the_first_line_needs_no_date(void **state)
{
    mails m;
    (void)state;
    read_box(&m, CV_S("From somebody\nA: 1\n\nx\n"));
    assert_int_equal(m.count, 1);
    assert_true(m.mail[0].date == INT64_MIN);
    assert_false(m.mail[0].has_flags);
    free_mails(&m);
}

static void status_headers_are_flags(void **state)
{
    static const struct {
        const char *lines;
        unsigned flags;
    } rows[] = {
        { "Status: O\n", 0 },
        { "Status: RO\nX-Status: AF\n",
          CV_MBOX_SEEN | CV_MBOX_ANSWERED | CV_MBOX_FLAGGED },
        { "X-Status: T\n", CV_MBOX_DRAFT },
        { "X-Mozilla-Status: 0001\n", CV_MBOX_SEEN },
        { "X-Mozilla-Status: 100B\n", CV_MBOX_SEEN | CV_MBOX_ANSWERED |
                                          CV_MBOX_DELETED | CV_MBOX_FORWARDED },
        { "x-mozilla-status: zz\n", 0 },
    };
    (void)state;
    for (size_t i = 0; i < CV_LEN(rows); i++) {
        char box[200];
        mails m;
        (void)snprintf(box, sizeof(box), FROM "\n%s\nStatus: R\n",
                       rows[i].lines);
        read_box(&m, cv_slice_cstr(box));
        assert_int_equal(m.count, 1);
        assert_true(m.mail[0].has_flags);
        assert_int_equal(m.mail[0].flags, rows[i].flags);
        free_mails(&m);
    }
}

static void several_are_more_than_one(void **state)
{
    (void)state;
    assert_false(cv_mbox_has_several(CV_S("")));
    assert_false(cv_mbox_has_several(CV_S(FROM "\nA: 1\n\n")));
    assert_true(cv_mbox_has_several(CV_S(FROM "\nA: 1\n\n" FROM "\nA: 2\n")));
}

/* -- .emlx -- */

#define PLIST \
    "<?xml version=\"1.0\"?>\n<plist><dict>\n<key>date-received</key>\n" \
    "\t<real>1136171045.5</real>\n<key>flags</key>\n" \
    "\t<integer>8590195713</integer>\n</dict></plist>\n"

static void emlx_is_a_mail_between_length_and_list(void **state)
{
    cv_emlx e;
    cv_slice in = CV_S("10        \nA: 1\n\nx\ny\n" PLIST);
    (void)state;
    assert_true(cv_emlx_is(in));
    cv_emlx_read(in, &e);
    assert_true(e.length_fits && e.has_flags);
    assert_true(cv_slice_eq(e.mail, CV_S("A: 1\n\nx\ny\n")));
    assert_true(e.flags & CV_EMLX_READ);
    assert_false(e.flags & CV_EMLX_DELETED);
    assert_true(e.received == INT64_C(1136171045) * CV_TICKS_PER_SEC);
}

static void emlx_with_a_wrong_length_ends_at_its_list(void **state)
{
    static const char *const texts[] = { "5\nA: 1\n\nx\n" PLIST,
                                         "5000000\nA: 1\n\nx\n" PLIST };
    (void)state;
    for (size_t i = 0; i < CV_LEN(texts); i++) {
        cv_emlx e;
        cv_emlx_read(cv_slice_cstr(texts[i]), &e);
        assert_false(e.length_fits);
        assert_true(cv_slice_eq(e.mail, CV_S("A: 1\n\nx\n")));
        assert_true(e.has_flags);
    }
}

static void other_texts_are_no_emlx(void **state)
{
    (void)state;
    assert_false(cv_emlx_is(CV_S("")));
    assert_false(cv_emlx_is(CV_S("A: 1\n\nx")));
    assert_false(cv_emlx_is(CV_S("12\nno field\n")));
    assert_false(cv_emlx_is(CV_S("99999999999999999999999\nA: 1\n")));
    assert_false(cv_emlx_is(CV_S("-1\nA: 1\n")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mails_are_cut_at_their_lines),
        cmocka_unit_test(from_in_a_body_does_not_cut),
        cmocka_unit_test(quoted_lines_lose_one_quote),
        cmocka_unit_test(content_length_counts_where_it_fits),
        cmocka_unit_test(garbage_before_the_first_mail_is_told),
        cmocka_unit_test(dates_of_many_writers_are_read),
        cmocka_unit_test(the_first_line_needs_no_date),
        cmocka_unit_test(status_headers_are_flags),
        cmocka_unit_test(several_are_more_than_one),
        cmocka_unit_test(emlx_is_a_mail_between_length_and_list),
        cmocka_unit_test(emlx_with_a_wrong_length_ends_at_its_list),
        cmocka_unit_test(other_texts_are_no_emlx),
    };
    return cmocka_run_group_tests_name("mbox", tests, NULL, NULL);
}
