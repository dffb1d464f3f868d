#include "mapi/entryid.h"

#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static cv_arena *arena;

static int setup(void **state)
{
    (void)state;
    return cv_arena_new(0, &arena, NULL);
}

static int teardown(void **state)
{
    (void)state;
    cv_arena_free(&arena);
    return 0;
}

static cv_slice unhex(const char *hex)
{
    cv_slice out = { NULL, 0 };
    assert_int_equal(cv_hex_decode(arena, cv_slice_cstr(hex), &out, NULL),
                     CV_OK);
    return out;
}

static void assert_text(cv_slice got, const char *want)
{
    assert_non_null(got.ptr);
    assert_true(cv_slice_eq(got, cv_slice_cstr(want)));
}

/* The vectors of property-types.md 2. */
static const char one_off_wide[] =
    "00000000812b1fa4bea310199d6e00dd010f540200000180"
    "41006e006e000000"
    "53004d00540050000000"
    "6100400062002e006500780061006d0070006c0065000000";
static const char one_off_narrow[] =
    "00000000812b1fa4bea310199d6e00dd010f540200000100"
    "416e6e00534d5450006140622e6578616d706c6500";
static const char ex[] = "00000000dca740c8c042101ab4b908002b2fe182"
                         "01000000000000002f6f3d782f636e3d7900";

static void one_off_ids_are_read_in_both_widths(void **state)
{
    const char *const rows[] = { one_off_wide, one_off_narrow };
    (void)state;
    for (size_t i = 0; i < CV_LEN(rows); i++) {
        cv_entryid id;
        assert_int_equal(cv_entryid_parse(arena, unhex(rows[i]), &id), CV_OK);
        assert_int_equal(id.kind, CV_ENTRYID_ONE_OFF);
        assert_true(id.no_rich_info);
        assert_text(id.name, "Ann");
        assert_text(id.address_type, "SMTP");
        assert_text(id.address, "a@b.example");
    }
}

static void a_one_off_id_is_written_as_the_vector(void **state)
{
    (void)state;
    assert_true(cv_slice_eq(cv_entryid_one_off(arena, CV_S("Ann"), CV_S("SMTP"),
                                               CV_S("a@b.example")),
                            unhex(one_off_wide)));
}

static void an_ex_id_holds_a_distinguished_name(void **state)
{
    cv_entryid id;
    (void)state;
    assert_int_equal(cv_entryid_parse(arena, unhex(ex), &id), CV_OK);
    assert_int_equal(id.kind, CV_ENTRYID_EX);
    assert_int_equal(id.ex_type, 0);
    assert_text(id.address_type, "EX");
    assert_text(id.address, "/o=x/cn=y");
}

static void a_wrapped_id_is_unwrapped_to_a_bound(void **state)
{
    static const char wrap[] = "00000000c091add3519dcf11a4a900aa0047faa4b0";
    cv_entryid id;
    (void)state;
    cv_slice blob = cv_arena_printf(arena, "%s%s", wrap, one_off_narrow);
    blob = unhex((const char *)blob.ptr);
    assert_int_equal(cv_entryid_parse(arena, blob, &id), CV_OK);
    assert_text(id.address, "a@b.example");
    blob = cv_arena_printf(arena, "%s%s%s%s%s", wrap, wrap, wrap, wrap,
                           one_off_narrow);
    blob = unhex((const char *)blob.ptr);
    assert_int_equal(cv_entryid_parse(arena, blob, &id), CV_ERR_SYNTAX);
}

static void other_providers_are_told_apart(void **state)
{
    cv_entryid id;
    (void)state;
    assert_int_equal(
        cv_entryid_parse(arena,
                         unhex("00000000fe42aa0a18c71a10e8850b651c240000"
                               "0300000004000000"),
                         &id),
        CV_OK);
    assert_int_equal(id.kind, CV_ENTRYID_CONTACT);
    assert_int_equal(
        cv_entryid_parse(
            arena, unhex("000000000102030405060708090a0b0c0d0e0f10"), &id),
        CV_OK);
    assert_int_equal(id.kind, CV_ENTRYID_OTHER);
    assert_int_equal(id.address.len, 0);
}

static void a_short_id_is_truncated_a_missing_nul_is_not(void **state)
{
    const char *const rows[] = { one_off_wide, one_off_narrow, ex };
    (void)state;
    for (size_t i = 0; i < CV_LEN(rows); i++) {
        cv_slice blob = unhex(rows[i]);
        size_t least = i == 2 ? 28 : 24;
        for (size_t len = 0; len <= blob.len; len++) {
            cv_entryid id;
            cv_status want = len < least ? CV_ERR_TRUNC : CV_OK;
            uint8_t *exact = malloc(len + 1); /* sanitizers see its end */
            assert_non_null(exact);
            memcpy(exact + 1, blob.ptr, len);
            assert_int_equal(
                cv_entryid_parse(arena, cv_slice_of(exact + 1, len), &id),
                want);
            free(exact);
        }
    }
}

static void a_search_key_is_upper_case_with_a_nul(void **state)
{
    (void)state;
    assert_true(
        cv_slice_eq(cv_search_key(arena, CV_S("SMTP"), CV_S("a@b.example")),
                    unhex("534d54503a4140422e4558414d504c4500")));
}

static void imcea_encodes_and_decodes_the_vector(void **state)
{
    static const char dn[] =
        "/o=Org/ou=First Administrative Group/cn=Recipients/cn=j.doe_1";
    static const char smtp[] =
        "IMCEAEX-_o=Org_ou=First+20Administrative+20Group_cn=Recipients_cn=j"
        "+2Edoe+5F1@example.com";
    cv_slice type;
    cv_slice address;
    (void)state;
    assert_text(cv_imcea_encode(arena, CV_S("EX"), cv_slice_cstr(dn),
                                CV_S("example.com")),
                smtp);
    assert_int_equal(
        cv_imcea_decode(arena, cv_slice_cstr(smtp), &type, &address), CV_OK);
    assert_text(type, "EX");
    assert_text(address, dn);
}

static void what_is_no_imcea_address_is_refused(void **state)
{
    static const char *const rows[] = {
        "",          "IMCEA",        "IMCEAEX",     "IMCEAEX-a",
        "IMCEA-a@b", "IMCEAEX-+2@b", "IMCEAEX-+@b", "IMCEAEX-+GG@b",
        "ann@b",     "IMCEAE X-a@b",
    };
    (void)state;
    for (size_t i = 0; i < CV_LEN(rows); i++) {
        cv_slice type = CV_S("t");
        cv_slice address = CV_S("a");
        assert_int_equal(
            cv_imcea_decode(arena, cv_slice_cstr(rows[i]), &type, &address),
            CV_ERR_SYNTAX);
        assert_text(type, "t");
        assert_text(address, "a");
    }
}

static void a_flat_entry_list_goes_both_ways(void **state)
{
    const cv_slice ids[] = { CV_S("abcde"), CV_S(""), CV_S("wxyz") };
    cv_slice *back = NULL;
    size_t count = 0;
    (void)state;
    cv_slice blob = cv_flat_entries_build(arena, ids, CV_LEN(ids));
    assert_true(cv_slice_eq(blob, unhex("0300000018000000"
                                        "050000006162636465000000"
                                        "00000000"
                                        "040000007778797a")));
    assert_int_equal(cv_flat_entries_parse(arena, blob, &back, &count), CV_OK);
    assert_int_equal(count, 3);
    for (size_t i = 0; i < count; i++)
        assert_true(cv_slice_eq(back[i], ids[i]));
}

static void a_flat_entry_list_may_lack_its_last_padding(void **state)
{
    cv_slice *back = NULL;
    size_t count = 0;
    (void)state;
    assert_int_equal(
        cv_flat_entries_parse(arena,
                              unhex("01000000090000000500000061626364"
                                    "65"),
                              &back, &count),
        CV_OK);
    assert_int_equal(count, 1);
    assert_text(back[0], "abcde");
}

static void a_flat_entry_list_that_lies_is_refused(void **state)
{
    static const char *const rows[] = {
        "",
        "010000",
        "ffffffff00000000",             /* count beyond the bytes */
        "0100000008000000ffffffff6162", /* size beyond the bytes */
        "02000000080000000200000061620000",
    };
    cv_slice *back = NULL;
    size_t count = 7;
    (void)state;
    for (size_t i = 0; i < CV_LEN(rows); i++)
        assert_int_equal(
            cv_flat_entries_parse(arena, unhex(rows[i]), &back, &count),
            CV_ERR_TRUNC);
    assert_int_equal(count, 7);
}

static void smtp_addresses_are_recognized(void **state)
{
    static const char *const good[] = {
        "a@b",
        "ann.lee+x@b.example",
        "\"a b@c\"@d.example",
        "a@[10.0.0.1]",
        "a@[IPv6:::1]",
        "\xC3\xA4@b.example",
        "a@\xC3\xBC.example",
        "a..b.@docomo.example",
    };
    static const char *const bad[] = {
        "",          "a",      "a@",    "@b",        "a@b@c",
        "a b@c",     "a@b c",  "<a@b>", "a@b>",      "mailto:a@b",
        "a@.b",      "a@b..c", "a@b\n", "\"a@b",     "a@[",
        "/o=x/cn=y", "a@\xFF", "x,a@b", "\"a\n\"@b",
    };
    (void)state;
    for (size_t i = 0; i < CV_LEN(good); i++)
        assert_true(cv_address_is_smtp(cv_slice_cstr(good[i])));
    for (size_t i = 0; i < CV_LEN(bad); i++)
        assert_false(cv_address_is_smtp(cv_slice_cstr(bad[i])));
}

static void a_row_of_an_smtp_person_is_complete(void **state)
{
    cv_bag *row = cv_bag_new(arena);
    cv_slice s;
    cv_entryid id;
    (void)state;
    assert_int_equal(cv_row_set_smtp(row, CV_S("Ann"), CV_S("a@b.example"), 2),
                     CV_OK);
    assert_text(cv_bag_string_or(row, CV_PidTagDisplayName, CV_S("")), "Ann");
    assert_text(cv_bag_string_or(row, CV_PidTagRecipientDisplayName, CV_S("")),
                "Ann");
    assert_text(cv_bag_string_or(row, CV_PidTagAddressType, CV_S("")), "SMTP");
    assert_text(cv_bag_string_or(row, CV_PidTagEmailAddress, CV_S("")),
                "a@b.example");
    assert_text(cv_bag_string_or(row, CV_PidTagSmtpAddress, CV_S("")),
                "a@b.example");
    assert_int_equal(cv_bag_i32_or(row, CV_PidTagRecipientType, -1), 2);
    assert_int_equal(cv_bag_i32_or(row, CV_PidTagObjectType, -1), 6);
    assert_int_equal(cv_bag_i32_or(row, CV_PidTagDisplayType, -1), 0);
    assert_true(cv_bag_binary(row, CV_PidTagSearchKey, &s));
    assert_int_equal(s.len, 17);
    assert_true(cv_bag_binary(row, CV_PidTagEntryId, &s));
    assert_int_equal(cv_entryid_parse(arena, s, &id), CV_OK);
    assert_text(id.name, "Ann");
}

static void a_person_without_name_is_shown_by_address(void **state)
{
    cv_bag *bag = cv_bag_new(arena);
    (void)state;
    assert_int_equal(cv_bag_set_person(bag, &cv_person_sender, CV_S(""),
                                       CV_S("a@b.example")),
                     CV_OK);
    assert_text(cv_bag_string_or(bag, CV_PidTagSenderName, CV_S("")),
                "a@b.example");
    assert_int_equal(cv_bag_count(bag), 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_off_ids_are_read_in_both_widths),
        cmocka_unit_test(a_one_off_id_is_written_as_the_vector),
        cmocka_unit_test(an_ex_id_holds_a_distinguished_name),
        cmocka_unit_test(a_wrapped_id_is_unwrapped_to_a_bound),
        cmocka_unit_test(other_providers_are_told_apart),
        cmocka_unit_test(a_short_id_is_truncated_a_missing_nul_is_not),
        cmocka_unit_test(a_search_key_is_upper_case_with_a_nul),
        cmocka_unit_test(imcea_encodes_and_decodes_the_vector),
        cmocka_unit_test(what_is_no_imcea_address_is_refused),
        cmocka_unit_test(a_flat_entry_list_goes_both_ways),
        cmocka_unit_test(a_flat_entry_list_may_lack_its_last_padding),
        cmocka_unit_test(a_flat_entry_list_that_lies_is_refused),
        cmocka_unit_test(smtp_addresses_are_recognized),
        cmocka_unit_test(a_row_of_an_smtp_person_is_complete),
        cmocka_unit_test(a_person_without_name_is_shown_by_address),
    };
    return cmocka_run_group_tests_name("entryid", tests, setup, teardown);
}
