#include "net/core.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Feeds text in blocks of `step` bytes and writes what was found:
 * "L<line>|", with ! when not whole, ^ when too long; "D<data>|" with ~ for a
 * bare newline and + when too big. DATA starts after a line "DATA". */
static void digest(cv_slice text, size_t step, uint64_t data_max, cv_buf *out)
{
    net_framer f;
    cv_slice bytes;
    net_framer_init(&f, 20, 0, "/tmp", 8);
    for (size_t at = 0; at < text.len; at += step) {
        cv_slice block = cv_slice_sub(text, at, step);
        net_input input;
        net_framer_put(&f, block.ptr, block.len);
        while ((input = net_framer_next(&f)) != NET_INPUT_NONE) {
            assert_true(input == NET_INPUT_LINE || input == NET_INPUT_DATA);
            if (input == NET_INPUT_LINE) {
                cv_buf_printf(out, "L%.*s%s%s|", CV_FMT(f.item),
                              f.whole ? "" : "!", f.too_long ? "^" : "");
                if (cv_slice_eq(f.item, CV_S("DATA")))
                    net_framer_start_data(&f, CV_S("P:"), data_max);
                continue;
            }
            assert_int_equal(net_spool_bytes(&f.spool, &bytes, NULL), CV_OK);
            cv_buf_printf(out, "D");
            cv_buf_put_slice(out, bytes);
            cv_buf_printf(out, "%s%s|", f.bare_newline ? "~" : "",
                          f.spool.discarded ? "+" : "");
        }
    }
    net_framer_clear(&f);
}

static void check(cv_slice text, uint64_t data_max, const char *expected)
{
    for (size_t step = 1; step <= text.len; step++) {
        cv_buf out;
        cv_buf_init(&out, 0);
        digest(text, step, data_max, &out);
        cv_buf_put_byte(&out, 0);
        assert_string_equal((const char *)out.data, expected);
        cv_buf_clear(&out);
    }
}

static void lines_come_whole_at_any_cut(void **state)
{
    (void)state;
    check(CV_S("one\r\n\r\ntwo\r\nrest"), 0, "Lone|L|Ltwo|");
    check(CV_S("bare\nnext\r\n"), 0, "Lbare!|Lnext|");
    check(CV_S("cr\rinside\r\n"), 0, "Lcr\rinside|");
    check(CV_S("123456789012345678\r\n"), 0, "L123456789012345678|");
    check(CV_S("1234567890123456789\r\nx\r\n"), 0, "L!^|Lx|");
    check(CV_S("1234567890123456789012345678901234567890\r\nx\r\n"), 0,
          "L!^|Lx|");
}

static void data_ends_only_at_crlf_dot_crlf(void **state)
{
    (void)state;
    check(CV_S("DATA\r\n.\r\nnext\r\n"), 99, "LDATA|DP:|Lnext|");
    check(CV_S("DATA\r\na\r\n..b\r\n.c\r\n.\r\nnext\r\n"), 99,
          "LDATA|DP:a\r\n.b\r\nc\r\n|Lnext|");
    check(CV_S("DATA\r\n...\r\n.\r\n"), 99, "LDATA|DP:..\r\n|");
    check(CV_S("DATA\r\nno dot yet\r\n.\r"), 99, "LDATA|");
}

/* The forms that "SMTP smuggling" has used. */
static void bare_newlines_never_end_data_and_are_noticed(void **state)
{
    static const struct {
        const char *end, *kept;
    } rows[] = {
        { "\n.\n", "\n.\n" },
        { "\n.\r\n", "\n.\r\n" },
        { "\r\n.\n", "\r\n\n" },
        { "\r.\r", "\r.\r" },
        { "\r\n.\r", "\r\n\r" },
        { "\r\n.\rx", "\r\n\rx" },
        { "\r\r\n.\r\r\n", "\r\r\n\r\r\n" },
    };
    (void)state;
    for (size_t i = 0; i < CV_LEN(rows); i++) {
        char text[64], expected[64];
        (void)snprintf(text, sizeof(text), "DATA\r\na%sb\r\n.\r\n",
                       rows[i].end);
        (void)snprintf(expected, sizeof(expected), "LDATA|DP:a%sb\r\n~|",
                       rows[i].kept);
        check(cv_slice_cstr(text), 99, expected);
    }
}

static void data_above_the_size_is_cut_and_read_to_its_end(void **state)
{
    (void)state;
    check(CV_S("DATA\r\n12345\r\n.\r\nx\r\n"), 7, "LDATA|DP:12345\r\n|Lx|");
    check(CV_S("DATA\r\n12345\r\n.\r\nx\r\n"), 6, "LDATA|DP:12345\r+|Lx|");
}

static void data_without_end_is_given_up(void **state)
{
    net_framer f;
    size_t put = 0;
    static char block[16384];
    (void)state;
    memset(block, 'x', sizeof(block));
    net_framer_init(&f, 20, 0, "/tmp", 8);
    net_framer_start_data(&f, CV_S(""), 1);
    net_input input = NET_INPUT_NONE;
    while (input == NET_INPUT_NONE && put < 4 * NET_SPOOL_EXCESS_MIN) {
        net_framer_put(&f, block, sizeof(block));
        put += sizeof(block);
        input = net_framer_next(&f);
    }
    assert_int_equal(input, NET_INPUT_DATA);
    assert_true(net_spool_is_hopeless(&f.spool));
    assert_int_equal(f.spool.size, 1);
    assert_in_range(put, NET_SPOOL_EXCESS_MIN,
                    NET_SPOOL_EXCESS_MIN + 2 * sizeof(block));
    net_framer_clear(&f);
}

static void large_data_lies_in_a_file_and_comes_back_whole(void **state)
{
    net_spool spool;
    cv_slice bytes;
    uint8_t block[1000];
    (void)state;
    net_spool_init(&spool, "/tmp", 2500);
    net_spool_start(&spool, CV_S("head"), 10000);
    for (int i = 0; i < 10; i++) {
        memset(block, 'a' + i, sizeof(block));
        net_spool_put(&spool, block, sizeof(block));
    }
    assert_true(spool.fd >= 0);
    assert_int_equal(spool.discarded, 0);
    assert_int_equal(net_spool_bytes(&spool, &bytes, NULL), CV_OK);
    assert_int_equal(bytes.len, 10004);
    assert_memory_equal(bytes.ptr, "head", 4);
    for (size_t i = 0; i < 10000; i++)
        assert_int_equal(bytes.ptr[4 + i], 'a' + i / 1000);
    net_spool_clear(&spool);
}

static void a_spool_without_directory_says_so(void **state)
{
    net_spool spool;
    cv_slice bytes;
    cv_error err;
    (void)state;
    net_spool_init(&spool, "/nonexistent", 2);
    net_spool_start(&spool, CV_S(""), 100);
    net_spool_put(&spool, (const uint8_t *)"abc", 3);
    assert_int_equal(net_spool_bytes(&spool, &bytes, &err), CV_ERR_IO);
    net_spool_clear(&spool);
}

static void frames_come_whole_and_a_huge_one_is_refused(void **state)
{
    static const uint8_t bytes[] = { 3, 0, 0, 0,  'a', 'b', 'c', 0,
                                     0, 0, 0, 11, 0,   0,   0 };
    (void)state;
    for (size_t step = 1; step <= sizeof(bytes); step++) {
        net_framer f;
        char found[64] = "";
        net_framer_init(&f, 0, 10, "/tmp", 8);
        f.framing = NET_FRAMING_FRAME;
        for (size_t at = 0; at < sizeof(bytes); at += step) {
            cv_slice all = cv_slice_of(bytes, sizeof(bytes));
            cv_slice block = cv_slice_sub(all, at, step);
            net_input input = NET_INPUT_NONE;
            net_framer_put(&f, block.ptr, block.len);
            while ((input = net_framer_next(&f)) == NET_INPUT_FRAME)
                (void)snprintf(found + strlen(found),
                               sizeof(found) - strlen(found), "%.*s|",
                               CV_FMT(f.item));
            if (input == NET_INPUT_BROKEN)
                (void)strncat(found, "!", sizeof(found) - strlen(found) - 1);
        }
        assert_string_equal(found, "abc||!");
        net_framer_clear(&f);
    }
}

/* -- core -- */

static void answer_long(net_turn *turn, cv_slice line, bool whole,
                        bool too_long)
{
    static char block[100000];
    (void)whole;
    (void)too_long;
    memset(block, line.ptr[0], sizeof(block));
    cv_buf_put(turn->out, block, sizeof(block));
}

static void pipelined_commands_wait_while_output_is_high(void **state)
{
    static const net_protocol protocol = { .name = "long",
                                           .on_line = answer_long };
    const net_limits limits = { 0 };
    net_core core;
    (void)state;
    net_core_init(&core, 1, &protocol, &limits, "/tmp");
    net_framer_put(&core.framer, "a\r\nb\r\nc\r\nd\r\ne\r\n", 15);
    assert_true(net_core_look(&core));
    net_core_run(&core, NET_CALL_INPUT);
    assert_int_equal(core.out.len, 300000);
    assert_int_equal(core.turn.next, NET_NEXT_LINE);
    core.out_pos = core.out.len; /* the peer has taken it */
    assert_true(net_core_look(&core));
    net_core_run(&core, NET_CALL_INPUT);
    assert_int_equal(core.out.len, 500000);
    assert_int_equal(core.out.data[499999], 'e');
    assert_false(net_core_look(&core));
    net_core_clear(&core);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_come_whole_at_any_cut),
        cmocka_unit_test(data_ends_only_at_crlf_dot_crlf),
        cmocka_unit_test(bare_newlines_never_end_data_and_are_noticed),
        cmocka_unit_test(data_above_the_size_is_cut_and_read_to_its_end),
        cmocka_unit_test(data_without_end_is_given_up),
        cmocka_unit_test(large_data_lies_in_a_file_and_comes_back_whole),
        cmocka_unit_test(a_spool_without_directory_says_so),
        cmocka_unit_test(frames_come_whole_and_a_huge_one_is_refused),
        cmocka_unit_test(pipelined_commands_wait_while_output_is_high),
    };
    return cmocka_run_group_tests_name("framer", tests, NULL, NULL);
}
