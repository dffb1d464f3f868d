#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static int arena_setup(void **state)
{
    cv_arena *a = NULL;
    if (cv_arena_new(0, &a, NULL) != CV_OK)
        return -1;
    *state = a;
    return 0;
}

static int arena_teardown(void **state)
{
    cv_arena *a = *state;
    cv_arena_free(&a);
    return 0;
}

#define WITH_ARENA(test) \
    cmocka_unit_test_setup_teardown(test, arena_setup, arena_teardown)

static const uint32_t known[] = {
#define CODEPAGE(number, mime, engine, decoder, encoder, ascii) number,
#include "base/codepages.def"
#undef CODEPAGE
};

static void every_codepage_has_its_engine(void **state)
{
    for (size_t i = 0; i < CV_LEN(known); i++) {
        cv_slice name = cv_slice_cstr(cv_charset_of_codepage(known[i]));
        cv_slice plain = CV_S("Plain Text 0123"), bytes;
        bool lossy = true;
        if (known[i] == 65000)
            continue; /* UTF-7 is only read */
        assert_int_equal(cv_utf8_to_charset(*state, plain, name, &bytes, NULL),
                         CV_OK);
        cv_slice back = cv_codepage_to_utf8(*state, known[i], bytes, &lossy);
        assert_true(cv_slice_eq(back, plain));
        assert_false(lossy);
        /* A letter beyond ASCII asks the engine, which must be there. */
        cv_status status =
            cv_utf8_to_charset(*state, CV_S("\xd0\x96"), name, &bytes, NULL);
        assert_true(status == CV_OK || status == CV_ERR_RANGE);
    }
}

static void codepage_numbers_and_names_are_unique(void **state)
{
    (void)state;
    for (size_t i = 0; i < CV_LEN(known); i++) {
        const char *name = cv_charset_of_codepage(known[i]);
        uint32_t back = cv_codepage_of_charset(cv_slice_cstr(name));
        assert_string_equal(cv_charset_of_codepage(back), name);
        for (size_t j = 0; j < i; j++)
            assert_int_not_equal(known[i], known[j]);
    }
}

static void charset_names_are_found_in_any_spelling(void **state)
{
    static const struct {
        const char *name;
        uint32_t number;
    } rows[] = {
        { "utf-8", 65001 },
        { "UTF8", 65001 },
        { " \"Utf-8\" ", 65001 },
        { "'utf-8'", 65001 },
        { "us-ascii", 20127 },
        { "ANSI_X3.4-1968", 20127 },
        { "iso-8859-1", 28591 },
        { "ISO8859-1", 28591 },
        { "iso_8859-1", 28591 },
        { "latin1", 28591 },
        { "ansi", 1252 },
        { "cp1252", 1252 },
        { "windows-1252", 1252 },
        { "CP-850", 850 },
        { "ibm037", 37 },
        { "437", 437 },
        { "baltic", 1257 },
        { "unicodebig", 1201 },
        { "utf-16le", 1200 },
        { "iso-8859-9", 28599 },
        { "iso-8859-11", 874 },
        { "tis-620", 874 },
        { "ks_c_5601", 949 },
        { "euc-kr", 51949 },
        { "gb2312", 936 },
        { "x-gbk", 936 },
        { "gb18030", 54936 },
        { "shift-jis", 932 },
        { "sjis", 932 },
        { "x-sjis", 932 },
        { "windows-31j", 932 },
        { "iso-2022-jp", 50220 },
        { "unicode-1-1-utf-7", 65000 },
        { "windows-99999", 0 },
        { "99999999999", 0 },
        { "utf-8-purple", 0 },
        { "x-unknown", 0 },
        { "", 0 },
        { "\"\"", 0 },
        { "---", 0 },
    };
    (void)state;
    for (size_t i = 0; i < CV_LEN(rows); i++)
        assert_int_equal(cv_codepage_of_charset(cv_slice_cstr(rows[i].name)),
                         rows[i].number);
    assert_string_equal(cv_charset_of_codepage(1252), "windows-1252");
    assert_string_equal(cv_charset_of_codepage(50222), "iso-2022-jp");
    assert_null(cv_charset_of_codepage(0));
    assert_null(cv_charset_of_codepage(99999));
}

typedef struct row {
    const char *charset, *bytes, *text;
    bool lossy;
} row;

static void check_decoding(cv_arena *a, const row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        bool lossy = !rows[i].lossy;
        cv_slice s = cv_charset_to_utf8(a, cv_slice_cstr(rows[i].charset),
                                        cv_slice_cstr(rows[i].bytes), &lossy);
        if (!cv_slice_eq(s, cv_slice_cstr(rows[i].text)))
            print_message("%s: %.*s\n", rows[i].charset, CV_FMT(s));
        assert_true(cv_slice_eq(s, cv_slice_cstr(rows[i].text)));
        assert_int_equal(lossy, rows[i].lossy);
    }
}

static void bytes_of_known_charsets(void **state)
{
    static const row rows[] = {
        { "windows-1252", "\x80\x93\xe9\x94",
          "\xe2\x82\xac\xe2\x80\x9c"
          "\xc3\xa9\xe2\x80\x9d",
          false },
        { "windows-1252", "\x81", "\xc2\x81", false },
        { "iso-8859-2", "\xb1", "\xc4\x85", false },
        { "iso-8859-9", "\xfd", "\xc4\xb1", false },
        { "iso-8859-15", "\xa4", "\xe2\x82\xac", false },
        { "iso-8859-16", "\xa4", "\xe2\x82\xac", false }, /* iconv */
        { "windows-1251", "\xcf", "\xd0\x9f", false },
        { "koi8-r", "\xf0", "\xd0\x9f", false },
        { "shift_jis", "\x93\xfa\x96\x7b", "\xe6\x97\xa5\xe6\x9c\xac", false },
        { "shift_jis", "\\~", "\\~", false },
        { "euc-jp", "\xc6\xfc\xcb\xdc", "\xe6\x97\xa5\xe6\x9c\xac", false },
        { "iso-2022-jp", "\x1b$BF|K\\\x1b(B!", "\xe6\x97\xa5\xe6\x9c\xac!",
          false },
        { "gb2312", "\xc4\xe3", "\xe4\xbd\xa0", false },
        { "gb2312", "\x81\x40", "\xe4\xb8\x82", false }, /* GBK's */
        { "hz-gb-2312", "~{Dc~}!", "\xe4\xbd\xa0!", false },
        { "big5", "\xa7\x41", "\xe4\xbd\xa0", false },
        { "euc-kr", "\xb0\xa1", "\xea\xb0\x80", false },
        { "euc-kr", "\x81\x41", "\xea\xb0\x82", false }, /* cp949's */
        { "johab", "\x88\x61", "\xea\xb0\x80", false },  /* iconv */
        { "utf-7", "A+AOk-", "A\xc3\xa9", false },
        { "macintosh", "\x8e", "\xc3\xa9", false },
        { "ibm850", "\x82", "\xc3\xa9", false },
        { "ibm037", "\xc1\xc2", "AB", false },
    };
    check_decoding(*state, rows, CV_LEN(rows));
}

static void labels_that_lie_are_seen_through(void **state)
{
    static const row rows[] = {
        { "us-ascii", "caf\xc3\xa9", "caf\xc3\xa9", false },
        { "us-ascii", "caf\xe9", "caf\xc3\xa9", false },
        { "iso-8859-1", "\x93\xe9", "\xe2\x80\x9c\xc3\xa9", false },
        { "iso-8859-1", "\xc3\xa9", "\xc3\x83\xc2\xa9", false },
        { "", "caf\xc3\xa9", "caf\xc3\xa9", false },
        { "", "caf\xe9", "caf\xc3\xa9", false },
        { "unknown-8bit", "caf\xe9", "caf\xc3\xa9", false },
        { "x-user-defined", "caf\xe9", "caf\xc3\xa9", false },
        { "utf-8-purple", "caf\xc3\xa9", "caf\xc3\xa9", true },
        { "utf-8-purple", "caf\xe9", "caf\xc3\xa9", true },
        { "utf-8-purple", "cafe", "cafe", true },
    };
    check_decoding(*state, rows, CV_LEN(rows));
}

static void bytes_that_are_none_become_replacements(void **state)
{
    static const row rows[] = {
        { "utf-8", "caf\xe9!", "caf\xef\xbf\xbd!", true },
        { "shift_jis", "a\x93", "a\xef\xbf\xbd", true },
        { "shift_jis", "a\xff!", "a\xef\xbf\xbd!", true },
        { "euc-jp", "\xc6\xff!", "\xef\xbf\xbd!", true },
        { "windows-1253", "\xd2", "\xef\xbf\xbd", true },
        { "johab", "\xff!", "\xef\xbf\xbd!", true },
    };
    for (size_t i = 0; i < CV_LEN(rows); i++) {
        bool lossy = false;
        cv_slice s = cv_charset_to_utf8(*state, cv_slice_cstr(rows[i].charset),
                                        cv_slice_cstr(rows[i].bytes), &lossy);
        assert_true(lossy);
        assert_true(cv_utf8_valid(s));
        assert_true(cv_slice_find(s, CV_S("\xef\xbf\xbd"), 0) != CV_NPOS);
        assert_true(cv_slice_find(s, CV_S("\x1a"), 0) == CV_NPOS);
    }
    check_decoding(*state, rows, 1);
}

static void wide_charsets_heed_their_mark(void **state)
{
    static const struct {
        const char *charset;
        cv_slice bytes;
    } rows[] = {
        { "utf-16", { (const uint8_t *)"\xe9\0!\0", 4 } },
        { "utf-16", { (const uint8_t *)"\xff\xfe\xe9\0!\0", 6 } },
        { "utf-16", { (const uint8_t *)"\xfe\xff\0\xe9\0!", 6 } },
        { "utf-16be", { (const uint8_t *)"\0\xe9\0!", 4 } },
        { "utf-16be", { (const uint8_t *)"\xff\xfe\xe9\0!\0", 6 } },
        { "utf-32", { (const uint8_t *)"\xff\xfe\0\0\xe9\0\0\0!\0\0\0", 12 } },
        { "utf-32", { (const uint8_t *)"\0\0\xfe\xff\0\0\0\xe9\0\0\0!", 12 } },
        { "utf-32be", { (const uint8_t *)"\0\0\0\xe9\0\0\0!", 8 } },
    };
    for (size_t i = 0; i < CV_LEN(rows); i++) {
        bool lossy = true;
        cv_slice s = cv_charset_to_utf8(*state, cv_slice_cstr(rows[i].charset),
                                        rows[i].bytes, &lossy);
        assert_true(cv_slice_eq(s, CV_S("\xc3\xa9!")));
        assert_false(lossy);
    }
}

static void codepage_zero_and_unknown_ones_are_guessed(void **state)
{
    bool lossy = false;
    cv_slice s = cv_codepage_to_utf8(*state, 0, CV_S("caf\xe9"), &lossy);
    assert_true(cv_slice_eq(s, CV_S("caf\xc3\xa9")));
    assert_true(lossy);
    s = cv_codepage_to_utf8(*state, 20001, CV_S("caf\xc3\xa9"), NULL);
    assert_true(cv_slice_eq(s, CV_S("caf\xc3\xa9")));
    s = cv_codepage_to_utf8(*state, 1252, (cv_slice){ NULL, 0 }, &lossy);
    assert_non_null(s.ptr);
    assert_int_equal(s.len, 0);
    assert_false(lossy);
}

static void long_text_passes_every_engine(void **state)
{
    static const char *const charsets[] = { "shift_jis", "iso-2022-jp",
                                            "gb18030",   "utf-16be",
                                            "euc-jp",    "utf-32" };
    cv_buf b;
    cv_buf_init(&b, 0);
    for (uint32_t i = 0; i < 3000; i++) {
        cv_utf8_put(&b, 'a' + i % 26);
        cv_utf8_put(&b, 0x3041 + i % 80);
    }
    cv_slice text = cv_buf_slice(&b);
    for (size_t i = 0; i < CV_LEN(charsets); i++) {
        cv_slice name = cv_slice_cstr(charsets[i]), bytes;
        bool lossy = true;
        assert_int_equal(cv_utf8_to_charset(*state, text, name, &bytes, NULL),
                         CV_OK);
        cv_slice back = cv_charset_to_utf8(*state, name, bytes, &lossy);
        assert_true(cv_slice_eq(back, text));
        assert_false(lossy);
    }
    cv_buf_reset(&b);
    for (uint32_t i = 0; i < 3000; i++)
        cv_utf8_put(&b, 0x1f600 + i % 64);
    text = cv_buf_slice(&b);
    cv_slice bytes;
    assert_int_equal(
        cv_utf8_to_charset(*state, text, CV_S("gb18030"), &bytes, NULL), CV_OK);
    assert_true(cv_slice_eq(
        cv_charset_to_utf8(*state, CV_S("gb18030"), bytes, NULL), text));
    cv_buf_clear(&b);
}

static void long_text_passes_iconv(void **state)
{
    cv_buf b;
    cv_slice bytes;
    cv_buf_init(&b, 0);
    for (uint32_t i = 0; i < 3000; i++)
        cv_utf8_put(&b, 0xac00 + 28 * (i % 100));
    cv_slice text = cv_buf_slice(&b);
    assert_int_equal(
        cv_utf8_to_charset(*state, text, CV_S("johab"), &bytes, NULL), CV_OK);
    assert_int_equal(bytes.len, 6000);
    assert_true(cv_slice_eq(
        cv_charset_to_utf8(*state, CV_S("johab"), bytes, NULL), text));
    cv_buf_clear(&b);
}

static void encoding_is_exact_or_fails(void **state)
{
    static const struct {
        const char *charset, *text, *bytes; /* NULL: no counterpart */
    } rows[] = {
        { "us-ascii", "abc", "abc" },
        { "us-ascii", "\xc3\xa9", NULL },
        { "iso-8859-1", "\xc3\xa9", "\xe9" },
        { "iso-8859-1", "\xe2\x82\xac", NULL },
        { "iso-8859-1", "\xc2\x80", "\x80" },
        { "windows-1252", "\xe2\x82\xac\xc3\xa9", "\x80\xe9" },
        { "windows-1252", "\xc2\x80", NULL },
        { "windows-1252", "\xd0\x9f", NULL },
        { "windows-1251", "\xd0\x9f", "\xcf" },
        { "windows-1251", "\xc3\xa9", NULL },
        { "iso-8859-9", "\xe2\x82\xac", NULL }, /* though read as 1254 */
        { "iso-2022-jp", "\xe6\x97\xa5\xe6\x9c\xac", "\x1b$BF|K\\\x1b(B" },
        { "gb2312", "\xe4\xbd\xa0", "\xc4\xe3" },
        { "gb2312", "\xf0\x9f\x98\x80", NULL },
        { "euc-kr", "\xea\xb0\x82", NULL }, /* though read as cp949 */
        { "johab", "\xf0\x9f\x98\x80", NULL },
        { "utf-8", "\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80" },
    };
    for (size_t i = 0; i < CV_LEN(rows); i++) {
        cv_slice out = CV_S("untouched");
        cv_status status =
            cv_utf8_to_charset(*state, cv_slice_cstr(rows[i].text),
                               cv_slice_cstr(rows[i].charset), &out, NULL);
        assert_int_equal(status, rows[i].bytes ? CV_OK : CV_ERR_RANGE);
        assert_true(cv_slice_eq(
            out, cv_slice_cstr(rows[i].bytes ? rows[i].bytes : "untouched")));
    }
}

static void encoding_failures_say_where_and_what(void **state)
{
    cv_error err;
    cv_slice out;
    assert_int_equal(cv_utf8_to_charset(*state, CV_S("ab\xc3\xa9"),
                                        CV_S("us-ascii"), &out, &err),
                     CV_ERR_RANGE);
    assert_true(err.offset == 2);
    assert_string_equal(err.what, "character has no counterpart in us-ascii");
    assert_int_equal(
        cv_utf8_to_charset(*state, CV_S("a"), CV_S("x-no\n"), &out, &err),
        CV_ERR_UNSUP);
    assert_string_equal(err.what, "no encoder for x-no\\x0a");
    assert_int_equal(
        cv_utf8_to_charset(*state, CV_S("a"), CV_S("utf-7"), &out, &err),
        CV_ERR_UNSUP);
}

static void any_bytes_decode_to_valid_utf8(void **state)
{
    uint8_t bytes[600];
    (void)state;
    uint32_t seed = 1;
    for (size_t i = 0; i < sizeof(bytes); i++) {
        seed = seed * 1664525 + 1013904223;
        bytes[i] = (uint8_t)(seed >> 24);
    }
    for (size_t i = 0; i < CV_LEN(known); i++) {
        cv_slice s = cv_codepage_to_utf8(
            *state, known[i], cv_slice_of(bytes, sizeof(bytes)), NULL);
        assert_non_null(s.ptr);
        assert_true(cv_utf8_valid(s));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(every_codepage_has_its_engine),
        cmocka_unit_test(codepage_numbers_and_names_are_unique),
        cmocka_unit_test(charset_names_are_found_in_any_spelling),
        WITH_ARENA(bytes_of_known_charsets),
        WITH_ARENA(labels_that_lie_are_seen_through),
        WITH_ARENA(bytes_that_are_none_become_replacements),
        WITH_ARENA(wide_charsets_heed_their_mark),
        WITH_ARENA(codepage_zero_and_unknown_ones_are_guessed),
        WITH_ARENA(long_text_passes_every_engine),
        WITH_ARENA(long_text_passes_iconv),
        WITH_ARENA(encoding_is_exact_or_fails),
        WITH_ARENA(encoding_failures_say_where_and_what),
        WITH_ARENA(any_bytes_decode_to_valid_utf8),
    };
    return cmocka_run_group_tests_name("charset", tests, NULL, NULL);
}
