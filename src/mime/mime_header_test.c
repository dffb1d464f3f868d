#include "mime/test_util.h"

#include "base/limits.h"

/* -- encoded words -- */

static cv_slice decoded(fixture *f, const char *raw, const char *charset)
{
    cv_error err;
    cv_slice out;
    assert_int_equal(cv_mime_decode_text(f->arena, cv_slice_cstr(raw),
                                         cv_slice_cstr(charset), &out, &err),
                     CV_OK);
    return out;
}

static void encoded_words_are_undone(void **state)
{
    fixture *f = *state;
    static const struct {
        const char *raw, *text;
    } rows[] = {
        { "", "" },
        { "plain", "plain" },
        { "=?utf-8?Q?a_b=3D?=", "a b=" },
        { "=?UTF-8*en?b?w6k=?=", "\xC3\xA9" },
        { "a =?utf-8?Q?b?= c", "a b c" },
        { "a=?utf-8?Q?b?=c", "abc" },
        { "=?utf-8?Q?a b?=", "a b" },
        { "=?utf-8?Q?a=ZZ=4?=", "a=ZZ=4" },
        { "=?utf-8?X?a?=", "=?utf-8?X?a?=" },
        { "=?utf-8?Q?a", "=?utf-8?Q?a" },
        { "=??Q?a?=", "=??Q?a?=" },
        { "=?", "=?" },
        { "=?utf-8?B?not base64!?=", "=?utf-8?B?not base64!?=" },
        { "=?utf-8?Q?a?=\r\n b", "a b" },
        { "=?utf-8?Q?a=0D=0Ab=00c?=", "a b c" },
        { "=?utf-8?Q?=C3=A9?= =?x-none?Q?y?=", "\xC3\xA9=?x-none?Q?y?=" },
    };
    for (size_t i = 0; i < CV_LEN(rows); i++)
        assert_slice(decoded(f, rows[i].raw, ""), rows[i].text);
}

static void eight_bit_header_text_is_decoded(void **state)
{
    fixture *f = *state;
    assert_slice(decoded(f, "caf\xC3\xA9", ""), "caf\xC3\xA9");
    assert_slice(decoded(f, "caf\xE9", ""), "caf\xC3\xA9");
    assert_slice(decoded(f, "\xE1", "windows-1251"), "\xD0\xB1");
    assert_slice(decoded(f, "\xE9 =?utf-8?Q?=C3=A9?=", ""),
                 "\xC3\xA9 \xC3\xA9");
    assert_slice(decoded(f, "\x1b$BF|K\\\x1b(B", ""),
                 "\xE6\x97\xA5\xE6\x9C\xAC");
}

static void C018_each_word_in_its_own_charset(void **state)
{
    fixture *f = *state;
    assert_slice(decoded(f,
                         "=?US-ASCII?Q?Re=3A?= =?ISO-2022-JP?B?GyRCRnxLXBsoQg="
                         "=?= =?ISO-8859-1?Q?=E9t=E9?=",
                         ""),
                 "Re:\xE6\x97\xA5\xE6\x9C\xAC\xC3\xA9t\xC3\xA9");
}

static void C019_adjacent_words_are_joined_as_bytes(void **state)
{
    fixture *f = *state;
    assert_slice(decoded(f,
                         "=?utf-8?Q?one_?=\r\n =?utf-8?Q?two_?=\r\n\t"
                         "=?utf-8?B?dGhyZWUg?=\r\n =?UTF-8?q?four?=",
                         ""),
                 "one two three four");
    assert_slice(decoded(f, "=?utf-8?Q?=E2=82?= =?utf-8?Q?=AC?=", ""),
                 "\xE2\x82\xAC");
    /* Escape sequences that end one word and begin the next. */
    assert_slice(decoded(f,
                         "=?ISO-2022-JP?B?GyRCRnwbKEI=?= "
                         "=?ISO-2022-JP?B?GyRCS1wbKEI=?=",
                         ""),
                 "\xE6\x97\xA5\xE6\x9C\xAC");
    /* Base64 without padding, with a letter too much, cut in mid-quantum. */
    assert_slice(decoded(f, "=?utf-8?B?w6k?=", ""), "\xC3\xA9");
    assert_slice(decoded(f, "=?utf-8?B?YWJjZ?=", ""), "abcZ");
    assert_slice(decoded(f, "=?utf-8?B?YWJjZ?= =?utf-8?B?GVm?=", ""), "abcdef");
}

static void many_starts_without_an_end_stay_cheap(void **state)
{
    fixture *f = *state;
    enum { TIMES = 60000 };
    cv_buf buf;
    cv_buf_init(&buf, 0);
    for (int i = 0; i < TIMES; i++)
        cv_buf_put_str(&buf, "=?a?Q?");
    cv_error err;
    cv_slice out;
    assert_int_equal(
        cv_mime_decode_text(f->arena, cv_buf_slice(&buf), CV_S(""), &out, &err),
        CV_OK);
    assert_int_equal(out.len, 6 * TIMES);
    cv_buf_clear(&buf);
}

/* -- parameters -- */

static const cv_mime_part *typed(fixture *f, const char *value)
{
    return read_slice(
        f, cv_arena_printf(f->arena, "Content-Type: %s\r\n\r\n", value));
}

static cv_slice param(fixture *f, const char *value, const char *name)
{
    return cv_mime_param_get(typed(f, value), cv_slice_cstr(name));
}

static void parameters_are_read(void **state)
{
    fixture *f = *state;
    assert_slice(param(f, "text/plain; CharSet=UTF-8", "charset"), "UTF-8");
    assert_slice(param(f, "text/plain;charset=\"a b\";x=y", "x"), "y");
    assert_slice(param(f, "text/plain; charset = x ;", "charset"), "x");
    assert_slice(param(f, "text/plain; charset=us-ascii (Plain)", "charset"),
                 "us-ascii");
    assert_slice(param(f, "text/plain (c); charset=x", "charset"), "x");
    assert_slice(param(f, "text/plain charset=x", "charset"), "x");
    assert_slice(param(f, "text/plain; a=\"1\" charset=x", "charset"), "x");
    assert_slice(param(f, "a/b; name=My (1) file.pdf; x=y", "name"),
                 "My (1) file.pdf");
    assert_slice(param(f, "a/b; name=\"a\\\"b\\\\c\"", "name"), "a\"b\\c");
    assert_slice(param(f, "a/b; name=\"C:\\temp\\x\"", "name"), "C:\\temp\\x");
    assert_slice(param(f, "a/b; name=one; name=two", "name"), "one");
    assert_int_equal(cv_report_count(f->report), 0);
    assert_type(typed(f, "TEXT/HTML"), "text/html");
    assert_type(typed(f, "text / html; a=b"), "text/html");
    assert_slice(param(f, "text/ html; a=b", "a"), "b");
    assert_slice(param(f, "charset=utf-8", "charset"), "utf-8");
    assert_type(typed(f, "charset=utf-8"), "text/plain");
    assert_type(typed(f, "text"), "text/plain");
}

static void C029_odd_parameters_cost_only_themselves(void **state)
{
    fixture *f = *state;
    cv_slice big = cv_arena_printf(f->arena, "a/b; x=%010240d; y=z", 7);
    assert_slice(param(f, (const char *)big.ptr, "y"), "z");
    assert_int_equal(cv_mime_param_get(f->root, CV_S("x")).len, 10240);
    assert_int_equal(cv_report_count(f->report), 0);
    assert_slice(param(f, "a/b;; x=y;;", "x"), "y");
    assert_int_equal(cv_report_count(f->report), 0);
    assert_slice(param(f, "a/b; name=; x=y", "x"), "y");
    assert_null(cv_mime_param_get(f->root, CV_S("name")).ptr);
    assert_int_equal(cv_report_count(f->report), 1);
    assert_slice(param(f, "a/b; name=\"open; x=y", "name"), "open");
    assert_slice(cv_mime_param_get(f->root, CV_S("x")), "y");
    assert_int_equal(cv_report_count(f->report), 2);
    assert_slice(param(f, "a/b; junk; =; \"; x=y", "x"), "y");
    assert_int_equal(cv_report_count(f->report), 3);
}

static void C029_parameters_above_the_limit_are_left_out(void **state)
{
    fixture *f = *state;
    for (int extra = 0; extra < 2; extra++) {
        cv_buf buf;
        cv_buf_init(&buf, 0);
        cv_buf_put_str(&buf, "Content-Type: a/b");
        for (int i = 0; i < CV_LIMIT_MIME_PARAMS + extra; i++)
            cv_buf_printf(&buf, "; p%d=v%d", i, i);
        read_slice(f, cv_buf_dup(&buf, f->arena));
        cv_buf_clear(&buf);
        assert_int_equal(f->root->param_count, CV_LIMIT_MIME_PARAMS);
        assert_slice(cv_mime_param_get(f->root, CV_S("p199")), "v199");
        assert_int_equal(cv_report_has(f->report, CV_RULE_LIMIT), extra);
    }
}

static void C032_two_headers_on_one_line(void **state)
{
    fixture *f = *state;
    static const char *const rows[] = {
        "text/plain; charset = \"iso-8859-1\" Content-Transfer-Encoding: "
        "quoted-printable",
        "text/plain; charset=iso-8859-1 Content-Transfer-Encoding: "
        "quoted-printable",
        "text/plain Content-Transfer-Encoding: quoted-printable",
    };
    for (size_t i = 0; i < CV_LEN(rows); i++) {
        read_slice(f, cv_arena_printf(
                          f->arena, "Content-Type: %s\r\n\r\ncaf=E9", rows[i]));
        assert_type(f->root, "text/plain");
        assert_slice(f->root->encoding, "quoted-printable");
        assert_slice(part_text(f, f->root, NULL), "caf\xC3\xA9");
    }
    assert_true(cv_report_has(f->report, CV_RULE_MIME_HEADER_SYNTAX));
}

static cv_slice file_name(fixture *f, const char *params)
{
    READ(f, "x");
    read_slice(f, cv_arena_printf(f->arena,
                                  "Content-Disposition: attachment; %s"
                                  "\r\n\r\n",
                                  params));
    return f->root->filename;
}

static void C033_bad_percent_escapes_stay(void **state)
{
    fixture *f = *state;
    assert_slice(param(f, "application/pdf; name*0*=UTF-8''%%E4%B8%AA", "name"),
                 "%\xE4\xB8\xAA");
    assert_slice(param(f, "a/b; name*=UTF-8''x%E4%B8", "name"),
                 "x\xEF\xBF\xBD\xEF\xBF\xBD");
    assert_slice(param(f, "a/b; name*=UTF-8''100%", "name"), "100%");
}

static void C039_unknown_parameters_are_kept(void **state)
{
    fixture *f = *state;
    assert_slice(file_name(f, "filename=msg.wav; VOICE=yes"), "msg.wav");
    assert_int_equal(f->root->disposition_param_count, 2);
    assert_slice(f->root->disposition_params[1].name, "voice");
    assert_slice(f->root->disposition_params[1].value, "yes");
    assert_int_equal(cv_report_count(f->report), 0);
}

static void C040_continuations_with_a_fold_inside(void **state)
{
    fixture *f = *state;
    static const char both[] = "a/b; name*0=\"Report\r\n 09-20-2022.x\";\r\n"
                               " name*1=lsx";
    assert_slice(param(f, both, "name"), "Report 09-20-2022.xlsx");
    assert_slice(file_name(f, "filename*0=\"Report\r\n 09-20-2022.x\";\r\n"
                              " filename*1=lsx"),
                 "Report 09-20-2022.xlsx");
}

static void C041_segments_of_both_kinds_are_joined(void **state)
{
    fixture *f = *state;
    assert_slice(param(f,
                       "a/b; title*0*=us-ascii'en'Quarterly%20;\r\n"
                       " title*1*=%2Adraft%2A%20;\r\n title*2=\"isn't it\"",
                       "title"),
                 "Quarterly *draft* isn't it");
    assert_slice(param(f, "a/b; x*2=c; x*0=a; x*1=b; x*10=d", "x"), "abcd");
}

static void C042_encoded_words_cut_by_continuations(void **state)
{
    fixture *f = *state;
    assert_slice(file_name(f, "filename*0=\"=?UTF-8?Q?*_=F0=9F=98=81=F0?= "
                              "=?UTF-8?Q?=9F=98=8\"; "
                              "filename*1=\"1.docx?=\""),
                 "* \xF0\x9F\x98\x81\xF0\x9F\x98\x81.docx");
}

static void C043_a_character_cut_by_continuations(void **state)
{
    fixture *f = *state;
    assert_slice(file_name(f, "filename*0*=UTF-8''price%20%E2%82; "
                              "filename*1*=%AC.pdf"),
                 "price \xE2\x82\xAC.pdf");
}

static void file_names_are_found_in_their_order(void **state)
{
    fixture *f = *state;
    READ(f, "Content-Type: a/b; name=type.txt\r\n"
            "Content-Disposition: attachment; filename=disp.txt\r\n\r\n");
    assert_slice(f->root->filename, "disp.txt");
    READ(f, "Content-Type: a/b; name=\"=?utf-8?Q?=C3=A9?=.txt\"\r\n\r\n");
    assert_slice(f->root->filename, "\xC3\xA9.txt");
    assert_slice(file_name(f, "filename=\"caf\xE9.txt\""), "caf\xC3\xA9.txt");
    assert_slice(file_name(f, "filename=\" \""), "");
    READ(f, "Content-Disposition: filename=x.txt\r\n\r\n");
    assert_slice(f->root->disposition, "attachment");
    assert_slice(f->root->filename, "x.txt");
}

static void C038_content_ids_lose_their_brackets(void **state)
{
    fixture *f = *state;
    READ(f, "Content-ID: <logo@x>\r\n\r\n");
    assert_slice(f->root->content_id, "logo@x");
    READ(f, "Content-ID: logo@x\r\n\r\n");
    assert_slice(f->root->content_id, "logo@x");
}

/* -- addresses -- */

typedef struct people {
    cv_mime_address *list;
    size_t count;
} people;

static people addresses(fixture *f, cv_slice raw)
{
    cv_error err;
    people p;
    assert_int_equal(cv_mime_addresses(f->arena, raw, CV_S(""), &p.list,
                                       &p.count, f->report, &err),
                     CV_OK);
    return p;
}

/* The list as "name<address>group|...". */
static cv_slice as_text(fixture *f, const char *raw)
{
    cv_buf buf;
    cv_buf_init(&buf, 0);
    people p = addresses(f, cv_slice_cstr(raw));
    for (size_t i = 0; i < p.count; i++)
        cv_buf_printf(&buf, "%s%.*s<%.*s>%.*s", i ? "|" : "",
                      CV_FMT(p.list[i].name), CV_FMT(p.list[i].address),
                      CV_FMT(p.list[i].group));
    cv_slice out = cv_buf_dup(&buf, f->arena);
    cv_buf_clear(&buf);
    return out;
}

static void addresses_are_read(void **state)
{
    fixture *f = *state;
    static const struct {
        const char *raw, *list;
    } rows[] = {
        { "", "" },
        { "a@b", "<a@b>" },
        { "a@b, c@d", "<a@b>|<c@d>" },
        { "a@b; c@d", "<a@b>|<c@d>" },
        { "Ann Bee <a@b>", "Ann Bee<a@b>" },
        { "\"Bee, Ann\" <a@b>", "Bee, Ann<a@b>" },
        { "\"Q \\\"x\\\"\" <a@b>", "Q \"x\"<a@b>" },
        { "a@b (Ann (A.) Bee)", "Ann (A.) Bee<a@b>" },
        { "Ann (x) <a@b> (y)", "Ann<a@b>" },
        { "Ann\r\n Bee\r\n\t<a@b>", "Ann Bee<a@b>" },
        { "<@r1,@r2:a@b>", "<a@b>" },
        { "<a@[192.0.2.1]>", "<a@[192.0.2.1]>" },
        { "a@[IPv6:2001:db8::1], c@d", "<a@[IPv6:2001:db8::1]>|<c@d>" },
        { "\"john doe\"@b", "<\"john doe\"@b>" },
        { "<\"a,b\"@c>, d@e", "<\"a,b\"@c>|<d@e>" },
        { "john @ b . c", "<john@b>" },
        { "john.Q.Public@b", "<john.Q.Public@b>" },
        { "Team: a@b, Ann <c@d>;, e@f", "<a@b>Team|Ann<c@d>Team|<e@f>" },
        { "undisclosed-recipients:;", "" },
        { "mailto:a@b, <mailto:c@d>", "<a@b>|<c@d>" },
        { "=?utf-8?Q?J=C3=B6rg=2C_M?= <a@b>", "J\xC3\xB6rg, M<a@b>" },
        { "\"=?utf-8?Q?J=C3=B6rg?=\" <a@b>", "J\xC3\xB6rg<a@b>" },
        { "J\xF6rg <a@b>", "J\xC3\xB6rg<a@b>" },
        { "j\xC3\xB6rg@b\xC3\xBC.de", "<j\xC3\xB6rg@b\xC3\xBC.de>" },
        { "Doe, John <j@d>, Ann <a@b>", "Doe, John<j@d>|Ann<a@b>" },
        { "John Smith j@d", "John Smith<j@d>" },
        { "john", "<john>" },
        { "John Smith", "John Smith<>" },
        { "<a@b> Ann", "Ann<a@b>" },
    };
    for (size_t i = 0; i < CV_LEN(rows); i++)
        assert_slice(as_text(f, rows[i].raw), rows[i].list);
    assert_int_equal(cv_report_count(f->report), 0);
}

static void C030_corrupt_address_lists_are_salvaged(void **state)
{
    fixture *f = *state;
    static const struct {
        const char *raw, *list;
    } rows[] = {
        { ",,, ,", "" },
        { "x:;", "" },
        { "Ann <a@b, Bob <c@d>", "Ann<a@b>|Bob<c@d>" },
        { "Ann <a@b", "Ann<a@b>" },
        { "Ann a@b>, c@d", "Ann<a@b>|<c@d>" },
        { "(never closed a@b, c@d", "never closed<a@b>|<c@d>" },
        { "a@b), c@d", "<a@b>|<c@d>" },
        { "\"Ann <a@b>, Bob <c@d>", "Ann<a@b>|Bob<c@d>" },
        { "\"Ann <a@b>, \"Bob\" <c@d>", "Ann<a@b>|Bob<c@d>" },
        { "<a@b> <c@d>", "<a@b>|<c@d>" },
        { "<<a@b>>", "<a@b>" },
        { "<>", "" },
        { "a@b@c", "<a@b@c>" },
        { "\"", "" },
        { "\\", "<\\>" },
    };
    for (size_t i = 0; i < CV_LEN(rows); i++)
        assert_slice(as_text(f, rows[i].raw), rows[i].list);
    assert_true(cv_report_has(f->report, CV_RULE_ADDRESS_BAD));
    cv_buf buf;
    cv_buf_init(&buf, 0);
    for (int i = 0; i < 5000; i++)
        cv_buf_printf(&buf, "p%d@example.org,\r\n ", i);
    people p = addresses(f, cv_buf_slice(&buf));
    assert_int_equal(p.count, 5000);
    assert_slice(p.list[4999].address, "p4999@example.org");
    cv_buf_clear(&buf);
}

static void C034_charsets_of_names(void **state)
{
    fixture *f = *state;
    assert_slice(as_text(f, "=?iso-2022-jp?B?GyRCOzNFRBsoQg==?= "
                            "<yamada@example.jp>"),
                 "\xE5\xB1\xB1\xE7\x94\xB0<yamada@example.jp>");
    assert_slice(as_text(f, "=?x-none?Q?abc?= <a@b>"), "=?x-none?Q?abc?=<a@b>");
}

static void many_groups_are_bounded(void **state)
{
    fixture *f = *state;
    for (int extra = 0; extra < 2; extra++) {
        cv_buf buf;
        cv_buf_init(&buf, 0);
        for (int i = 0; i < CV_LIMIT_MIME_GROUPS + extra; i++)
            cv_buf_put_str(&buf, "g: ");
        cv_buf_put_str(&buf, "a@b");
        people p = addresses(f, cv_buf_slice(&buf));
        cv_buf_clear(&buf);
        assert_int_equal(p.count, 1);
        assert_slice(p.list[0].address, "a@b");
        assert_int_equal(cv_report_has(f->report, CV_RULE_LIMIT), extra);
    }
}

static void many_addresses_are_bounded(void **state)
{
    fixture *f = *state;
    for (int extra = 0; extra < 2; extra++) {
        cv_buf buf;
        cv_buf_init(&buf, 0);
        for (int i = 0; i < CV_LIMIT_ADDRESSES + extra; i++)
            cv_buf_put_str(&buf, "a@b,");
        people p = addresses(f, cv_buf_slice(&buf));
        cv_buf_clear(&buf);
        assert_int_equal(p.count, CV_LIMIT_ADDRESSES);
        assert_int_equal(cv_report_has(f->report, CV_RULE_LIMIT), extra);
    }
}

/* Inputs that make a naive reader look ahead again and again. */
static void hostile_lists_take_linear_time(void **state)
{
    fixture *f = *state;
    static const char *const units[] = { "(",     "((x) ", "\"",   "<",
                                         "<@",    "@[",    "g: ",  "a,",
                                         "\"a\\", "(a",    "x (y)" };
    for (size_t i = 0; i < CV_LEN(units); i++) {
        cv_buf buf;
        cv_buf_init(&buf, 0);
        while (buf.len < CV_LIMIT_MIME_HEADER_BYTES)
            cv_buf_put_str(&buf, units[i]);
        addresses(f, cv_buf_slice(&buf));
        cv_buf_clear(&buf);
    }
}

/* The name is quoted as it should be, whatever it looks like. */
static void a_quoted_name_may_look_like_addresses(void **state)
{
    fixture *f = *state;
    cv_mime_address *list = NULL;
    size_t count = 0;
    assert_int_equal(
        cv_mime_addresses(f->arena,
                          CV_S("\"<b@c>,@\" <x@south.example>, y@east.example"),
                          CV_S(""), &list, &count, f->report, NULL),
        CV_OK);
    assert_int_equal(count, 2);
    assert_slice(list[0].name, "<b@c>,@");
    assert_slice(list[0].address, "x@south.example");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(encoded_words_are_undone),
        TEST(eight_bit_header_text_is_decoded),
        TEST(C018_each_word_in_its_own_charset),
        TEST(C019_adjacent_words_are_joined_as_bytes),
        TEST(many_starts_without_an_end_stay_cheap),
        TEST(parameters_are_read),
        TEST(C029_odd_parameters_cost_only_themselves),
        TEST(C029_parameters_above_the_limit_are_left_out),
        TEST(C032_two_headers_on_one_line),
        TEST(C033_bad_percent_escapes_stay),
        TEST(C039_unknown_parameters_are_kept),
        TEST(C040_continuations_with_a_fold_inside),
        TEST(C041_segments_of_both_kinds_are_joined),
        TEST(C042_encoded_words_cut_by_continuations),
        TEST(C043_a_character_cut_by_continuations),
        TEST(file_names_are_found_in_their_order),
        TEST(C038_content_ids_lose_their_brackets),
        TEST(addresses_are_read),
        TEST(C030_corrupt_address_lists_are_salvaged),
        TEST(C034_charsets_of_names),
        TEST(many_groups_are_bounded),
        TEST(many_addresses_are_bounded),
        TEST(hostile_lists_take_linear_time),
        TEST(a_quoted_name_may_look_like_addresses),
    };
    return cmocka_run_group_tests_name("mime header", tests, NULL, NULL);
}
