#include "mapi/tags.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void every_type_has_a_name_that_parses_back(void **state)
{
    unsigned known = 0;
    (void)state;
    for (unsigned t = 0; t <= 0xFFFF; t++) {
        uint16_t type = (uint16_t)t;
        uint16_t back = 0xFFFF;
        assert_true(cv_type_is_known(type) == (cv_type_name(type) != NULL));
        if (!cv_type_is_known(type))
            continue;
        known++;
        assert_int_equal(
            cv_type_parse(cv_slice_cstr(cv_type_name(type)), &back), CV_OK);
        assert_int_equal(back, type);
    }
    assert_int_equal(known, 32);
    assert_string_equal(cv_type_name(0x001F), "PtypString");
    assert_string_equal(cv_type_name(0x1102), "PtypMultipleBinary");
    assert_null(cv_type_name(0x100B));
}

static void an_unknown_type_name_is_a_syntax_error(void **state)
{
    uint16_t type = 7;
    (void)state;
    assert_int_equal(cv_type_parse(CV_S("PtypStrin"), &type), CV_ERR_SYNTAX);
    assert_int_equal(cv_type_parse(CV_S(""), &type), CV_ERR_SYNTAX);
    assert_int_equal(type, 7);
}

static void types_know_size_and_storage(void **state)
{
    (void)state;
    assert_int_equal(cv_type_size(CV_T_I16), 2);
    assert_int_equal(cv_type_size(CV_T_BOOL), 2);
    assert_int_equal(cv_type_size(CV_T_MULTI | CV_T_GUID), 16);
    assert_int_equal(cv_type_size(CV_T_STRING), 0);
    assert_int_equal(cv_type_size(0x0099), 0);
    assert_int_equal(cv_type_storage(CV_T_CURRENCY), CV_STORE_INT);
    assert_int_equal(cv_type_storage(CV_T_MULTI | CV_T_TIME), CV_STORE_TIME);
    assert_int_equal(cv_type_storage(0x0099), CV_STORE_BYTES);
    assert_true(cv_type_is_multi(0x1003));
    assert_false(cv_type_is_multi(0x0003));
    assert_false(cv_type_is_multi(0x100A));
}

static void canonical_names_by_id_and_type(void **state)
{
    static const struct {
        cv_tag tag;
        const char *name;
    } rows[] = {
        { 0x0037001F, "PidTagSubject" },
        { 0x0037001E, "PidTagSubject" },
        { 0x0E060040, "PidTagMessageDeliveryTime" },
        { 0x0050001F, "PidTagReplyRecipientNames" },
        { 0x5FFB0040, "PidTagRecipientTrackStatusTime" },
        { 0x5FFB000A, "PidTagRecipientTrackStatusTime" }, /* any type */
        { 0x37010102, "PidTagAttachDataBinary" },
        { 0x3701000D, "PidTagAttachDataObject" },
        { CV_PidLidLocation, "PidLidLocation" },
        { CV_PidNameContentClass, "PidNameContentClass" },
    };
    (void)state;
    for (size_t i = 0; i < CV_LEN(rows); i++) {
        assert_non_null(cv_tag_name(rows[i].tag));
        assert_string_equal(cv_tag_name(rows[i].tag), rows[i].name);
    }
    assert_null(cv_tag_name(0x7ABC0003));
    assert_null(cv_tag_name(0xFFFF0003));
}

static void tags_by_canonical_and_classic_name(void **state)
{
    (void)state;
    assert_int_equal(cv_tag_by_name(CV_S("PidTagSubject")), 0x0037001F);
    assert_int_equal(cv_tag_by_name(CV_S("PR_SUBJECT")), 0x0037001F);
    assert_int_equal(cv_tag_by_name(CV_S("PR_RECIPIENT_TRACKSTATUS_TIME")),
                     0x5FFB0040);
    assert_int_equal(cv_tag_by_name(CV_S("PidLidLocation")), CV_PidLidLocation);
    assert_int_equal(cv_tag_by_name(CV_S("PidTagSubjec")), 0);
    assert_int_equal(cv_tag_by_name(CV_S("")), 0);
}

/* Guards the order of the rows in proptags.def, too. */
static void every_row_is_found_by_id_and_by_name(void **state)
{
    static const struct {
        cv_tag tag;
        const char *name;
    } rows[] = {
#define TAG(id, type, name, classic) { CV_TAG(id, type), #name },
#define ALIAS(id, type, classic)
#include "mapi/proptags.def"
#undef TAG
#undef ALIAS
    };
    (void)state;
    for (size_t i = 0; i < CV_LEN(rows); i++) {
        assert_string_equal(cv_tag_name(rows[i].tag), rows[i].name);
        assert_int_equal(cv_tag_by_name(cv_slice_cstr(rows[i].name)),
                         rows[i].tag);
    }
}

static void every_known_name_leads_to_its_tag_and_back(void **state)
{
    (void)state;
    for (unsigned i = 0; i < CV_NAMED_KNOWN; i++) {
        cv_tag tag = CV_TAG(CV_NAMED_FIRST + i, 0);
        const cv_name *name = cv_name_of_tag(tag);
        assert_non_null(name);
        assert_int_equal(CV_TAG_ID(cv_tag_of_name(name)), CV_TAG_ID(tag));
        assert_non_null(cv_set_name(&name->set));
        assert_non_null(cv_tag_name(tag));
        assert_int_equal(
            CV_TAG_ID(cv_tag_by_name(cv_slice_cstr(cv_tag_name(tag)))),
            CV_TAG_ID(tag));
    }
    assert_null(cv_name_of_tag(CV_PidTagSubject));
    assert_null(cv_name_of_tag(CV_TAG(CV_NAMED_FIRST + CV_NAMED_KNOWN, 0)));
}

static void a_number_is_looked_up_within_its_set(void **state)
{
    cv_name name = { .set = *cv_set_guid(CV_SET_PSETID_Appointment),
                     .lid = 0x8208 };
    (void)state;
    assert_int_equal(cv_tag_of_name(&name), CV_PidLidLocation);
    name.set = *cv_set_guid(CV_SET_PSETID_Meeting);
    assert_int_equal(cv_tag_of_name(&name), 0);
    name.lid = 0x0003;
    assert_int_equal(cv_tag_of_name(&name), CV_PidLidGlobalObjectId);
    assert_string_equal(cv_set_name(&name.set), "PSETID_Meeting");
    name.set.b[0] ^= 1;
    assert_null(cv_set_name(&name.set));
}

static void header_names_compare_without_case_others_with_it(void **state)
{
    cv_name name = { .set = *cv_set_guid(CV_SET_PS_INTERNET_HEADERS),
                     .is_string = true,
                     .string = CV_S("content-CLASS") };
    (void)state;
    assert_int_equal(cv_tag_of_name(&name), CV_PidNameContentClass);
    name.set = *cv_set_guid(CV_SET_PS_PUBLIC_STRINGS);
    name.string = CV_S("AppName");
    assert_int_equal(cv_tag_of_name(&name), CV_PidNameApplicationName);
    name.string = CV_S("APPNAME");
    assert_int_equal(cv_tag_of_name(&name), 0);
}

static void names_have_a_total_order(void **state)
{
    const cv_guid *headers = cv_set_guid(CV_SET_PS_INTERNET_HEADERS);
    const cv_guid *strings = cv_set_guid(CV_SET_PS_PUBLIC_STRINGS);
    const cv_name rows[] = {
        { .set = *strings, .lid = 1 },
        { .set = *strings, .lid = 0x8000 },
        { .set = *strings, .is_string = true, .string = CV_S("") },
        { .set = *strings, .is_string = true, .string = CV_S("A") },
        { .set = *strings, .is_string = true, .string = CV_S("a") },
        { .set = *headers, .is_string = true, .string = CV_S("a") },
        { .set = *strings, .is_string = true, .string = CV_S("aB") },
        { .set = *strings, .is_string = true, .string = CV_S("ac") },
    };
    (void)state;
    for (size_t i = 0; i < CV_LEN(rows); i++) {
        for (size_t k = 0; k < CV_LEN(rows); k++) {
            int diff = cv_name_cmp(&rows[i], &rows[k]);
            assert_int_equal((diff > 0) - (diff < 0), (i > k) - (i < k));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_has_a_name_that_parses_back),
        cmocka_unit_test(an_unknown_type_name_is_a_syntax_error),
        cmocka_unit_test(types_know_size_and_storage),
        cmocka_unit_test(canonical_names_by_id_and_type),
        cmocka_unit_test(tags_by_canonical_and_classic_name),
        cmocka_unit_test(every_row_is_found_by_id_and_by_name),
        cmocka_unit_test(every_known_name_leads_to_its_tag_and_back),
        cmocka_unit_test(a_number_is_looked_up_within_its_set),
        cmocka_unit_test(header_names_compare_without_case_others_with_it),
        cmocka_unit_test(names_have_a_total_order),
    };
    return cmocka_run_group_tests_name("tags", tests, NULL, NULL);
}
