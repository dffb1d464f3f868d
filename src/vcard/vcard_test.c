#include "vcard/vcard.h"

#include "base/datetime.h"
#include "base/limits.h"
#include "base/text.h"
#include "mapi/entryid.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

typedef struct rig {
    cv_object *obj;
    cv_report *report;
    cv_buf out;
} rig;

static int setup(void **state)
{
    rig *r = calloc(1, sizeof(*r));
    cv_buf_init(&r->out, 0);
    assert_int_equal(cv_report_new(&r->report, NULL), CV_OK);
    assert_int_equal(cv_object_new(0, &r->obj, NULL), CV_OK);
    *state = r;
    return 0;
}

static int teardown(void **state)
{
    rig *r = *state;
    cv_object_free(&r->obj);
    cv_report_free(&r->report);
    cv_buf_clear(&r->out);
    free(r);
    return 0;
}

static cv_bag *read_card(rig *r, const char *text)
{
    assert_int_equal(
        cv_vcard_read(cv_slice_cstr(text), NULL, r->obj, r->report, NULL),
        CV_OK);
    return cv_object_props(r->obj);
}

static void is_text(const cv_bag *bag, cv_tag tag, const char *want)
{
    cv_slice got = cv_bag_string_or(bag, tag, CV_S("(none)"));
    char *text = strndup((const char *)got.ptr, got.len);
    assert_string_equal(text, want);
    free(text);
}

static const char *write_card(rig *r)
{
    cv_sink sink = cv_buf_sink(&r->out);
    cv_buf_reset(&r->out);
    assert_int_equal(cv_vcard_write(r->obj, NULL, &sink, r->report, NULL),
                     CV_OK);
    cv_buf_put_byte(&r->out, 0);
    r->out.len--;
    return (const char *)r->out.data;
}

static void has(const char *text, const char *line)
{
    if (!strstr(text, line))
        fail_msg("no \"%s\" in:\n%s", line, text);
}

static void a_card_of_3_0_becomes_a_contact(void **state)
{
    rig *r = *state;
    cv_bag *b = read_card(
        r, "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Ann Example\r\n"
           "N:Example;Ann;Maria;Dr.;Jr.\r\nORG:Contoso\\, Ltd.;Sales\r\n"
           "TITLE:Head of\r\n  Sales\r\nEMAIL;TYPE=INTERNET,PREF:ann@a.example"
           "\r\nitem1.EMAIL:mailto:ann@home.example\r\n"
           "TEL;TYPE=WORK,VOICE:1\r\nTEL;TYPE=work:2\r\nTEL;TYPE=CELL:3\r\n"
           "TEL;TYPE=HOME,FAX:4\r\nTEL:5\r\n"
           "ADR;TYPE=WORK,PREF:box;Room 4;1 Main St;Town;ST;123;Land\r\n"
           "NOTE:one\\ntwo\\; three\r\nCATEGORIES:red,blue\\,green\r\n"
           "CLASS:PRIVATE\r\nURL;TYPE=WORK:https://a.example\r\n"
           "END:VCARD\r\n");
    is_text(b, CV_PidTagMessageClass, "IPM.Contact");
    is_text(b, CV_PidTagDisplayName, "Ann Example");
    is_text(b, CV_PidTagSubject, "Ann Example");
    is_text(b, CV_PidTagSurname, "Example");
    is_text(b, CV_PidTagMiddleName, "Maria");
    is_text(b, CV_PidTagDisplayNamePrefix, "Dr.");
    is_text(b, CV_PidTagGeneration, "Jr.");
    is_text(b, CV_PidLidFileUnder, "Example, Ann Maria");
    is_text(b, CV_PidTagCompanyName, "Contoso, Ltd.");
    is_text(b, CV_PidTagDepartmentName, "Sales");
    is_text(b, CV_PidTagTitle, "Head of Sales");
    is_text(b, CV_PidLidEmail1EmailAddress, "ann@a.example");
    is_text(b, CV_PidLidEmail1AddressType, "SMTP");
    is_text(b, CV_PidLidEmail1DisplayName, "Ann Example (ann@a.example)");
    is_text(b, CV_PidLidEmail2EmailAddress, "ann@home.example");
    is_text(b, CV_PidTagBusinessTelephoneNumber, "1");
    is_text(b, CV_PidTagBusiness2TelephoneNumber, "2");
    is_text(b, CV_PidTagMobileTelephoneNumber, "3");
    is_text(b, CV_PidTagHomeFaxNumber, "4");
    is_text(b, CV_PidTagOtherTelephoneNumber, "5");
    is_text(b, CV_PidLidWorkAddressStreet, "1 Main St");
    is_text(b, CV_PidTagOfficeLocation, "Room 4");
    is_text(b, CV_PidTagStreetAddress, "1 Main St");
    is_text(b, CV_PidLidWorkAddress, "box\r\n1 Main St\r\nTown ST 123\r\nLand");
    is_text(b, CV_PidTagBody, "one\r\ntwo; three");
    is_text(b, CV_PidTagBusinessHomePage, "https://a.example");
    assert_int_equal(cv_bag_i32_or(b, CV_PidLidPostalAddressId, 0), 2);
    assert_int_equal(cv_bag_i32_or(b, CV_PidTagSensitivity, 0), 2);
    assert_int_equal(cv_bag_i32_or(b, CV_PidLidAddressBookProviderArrayType, 0),
                     3);
    const cv_slice *words;
    size_t count;
    assert_true(cv_bag_strings(b, CV_PidNameKeywords, &words, &count));
    assert_int_equal(count, 2);
    assert_true(cv_slice_eq(words[1], CV_S("blue,green")));
    assert_int_equal(cv_report_count(r->report), 0);
}

static void a_card_of_2_1_is_decoded(void **state)
{
    rig *r = *state;
    cv_bag *b = read_card(
        r, "BEGIN:VCARD\nVERSION:2.1\n"
           "N;ENCODING=QUOTED-PRINTABLE;CHARSET=ISO-8859-1:M=FCller=3B;J=\n"
           "=F6rg\nTEL;HOME;VOICE:030\nTEL;WORK;FAX:031\n"
           "NOTE;QUOTED-PRINTABLE:a=0D=0Ab\n"
           "PHOTO;JPEG;ENCODING=BASE64:\n /9j/\nAAAA\n\nEND:VCARD\n");
    is_text(b, CV_PidTagSurname, "M\xC3\xBCller;");
    is_text(b, CV_PidTagGivenName, "J\xC3\xB6rg");
    is_text(b, CV_PidTagDisplayName, "J\xC3\xB6rg M\xC3\xBCller;");
    is_text(b, CV_PidTagHomeTelephoneNumber, "030");
    is_text(b, CV_PidTagBusinessFaxNumber, "031");
    is_text(b, CV_PidTagBody, "a\r\nb");
    assert_true(cv_bag_bool_or(b, CV_PidLidHasPicture, false));
    const cv_attachment *a = cv_object_attachment(r->obj, 0);
    is_text(a->props, CV_PidTagAttachLongFilename, "ContactPicture.jpg");
    assert_int_equal(a->data.mem.len, 6);
    assert_memory_equal(a->data.mem.ptr, "\xFF\xD8\xFF\0\0\0", 6);
}

static void text_that_is_not_utf8_is_read_as_its_charset_or_windows(void **s)
{
    rig *r = *s;
    cv_bag *b = read_card(r, "BEGIN:VCARD\nFN:J\xF6rg \x80\n"
                             "TITLE;CHARSET=ISO-8859-2:\xA3\nEND:VCARD\n");
    is_text(b, CV_PidTagDisplayName, "J\xC3\xB6rg \xE2\x82\xAC");
    is_text(b, CV_PidTagTitle, "\xC5\x81");
}

static void days_are_not_shifted(void **state)
{
    rig *r = *state;
    cv_bag *b = read_card(r, "BEGIN:VCARD\nFN:A\nBDAY:1985-04-12\n"
                             "ANNIVERSARY:20090808T143000-0500\nEND:VCARD\n");
    cv_civil day = { .year = 1985, .month = 4, .day = 12 };
    int64_t ticks = 0;
    assert_true(cv_bag_ticks(b, CV_PidLidBirthdayLocal, &ticks));
    assert_true(ticks == cv_civil_to_ticks(&day));
    day.hour = 11;
    day.minute = 59;
    assert_true(cv_bag_ticks(b, CV_PidTagBirthday, &ticks));
    assert_true(ticks == cv_civil_to_ticks(&day));
    const char *text = write_card(r);
    has(text, "\r\nBDAY;VALUE=date:1985-04-12\r\n");
    has(text, "\r\nX-MS-ANNIVERSARY;VALUE=date:2009-08-08\r\n");
}

static void midnight_of_a_zone_is_its_day(void **state)
{
    static const struct {
        int day, hour;
    } rows[] = { { 11, 22 }, { 12, 0 }, { 12, 8 }, { 12, 11 }, { 11, 13 } };
    rig *r = *state;
    cv_bag *b = read_card(r, "BEGIN:VCARD\nFN:A\nEND:VCARD\n");
    for (size_t i = 0; i < CV_LEN(rows); i++) {
        cv_civil c = { .year = 1985,
                       .month = 4,
                       .day = (uint8_t)rows[i].day,
                       .hour = (uint8_t)rows[i].hour };
        cv_bag_set_ticks(b, CV_PidTagBirthday, cv_civil_to_ticks(&c));
        has(write_card(r), "BDAY;VALUE=date:1985-04-12\r\n");
    }
}

static void a_birthday_without_year_stays_one(void **state)
{
    rig *r = *state;
    cv_bag *b = read_card(r, "BEGIN:VCARD\nFN:A\nBDAY:--0229\nEND:VCARD\n");
    assert_true(cv_bag_has(b, CV_PidTagBirthday));
    has(write_card(r), "BDAY;VALUE=date;X-APPLE-OMIT-YEAR=1604:1604-02-29\r\n");
}

static void lines_without_counterpart_are_kept(void **state)
{
    rig *r = *state;
    (void)read_card(r, "BEGIN:VCARD\nVERSION:2.1\nFN:A\nUID:1-2\n"
                       "item2.X-ABLABEL:Boat\nGEO:1.0;2.0\n"
                       "X-SECRET;HOME;ENCODING=QUOTED-PRINTABLE:a=0Ab\n"
                       "BDAY:soon\nEMAIL:1@a.example\nEMAIL:2@a.example\n"
                       "EMAIL:3@a.example\nEMAIL;TYPE=HOME:4@a.example\n"
                       "END:VCARD\n");
    assert_true(cv_report_has(r->report, CV_RULE_VCARD_KEPT));
    const char *text = write_card(r);
    has(text, "\r\nUID:1-2\r\n");
    has(text, "\r\nitem2.X-ABLABEL:Boat\r\n");
    has(text, "\r\nGEO:1.0;2.0\r\n");
    has(text, "\r\nX-SECRET;TYPE=HOME:a\\nb\r\n");
    has(text, "\r\nBDAY:soon\r\n");
    has(text, "\r\nEMAIL;TYPE=HOME:4@a.example\r\n");
}

static void kept_lines_cannot_end_the_card(void **state)
{
    rig *r = *state;
    cv_bag *b = read_card(r, "BEGIN:VCARD\nFN:A\nEND:VCARD\n");
    cv_bag_set_string(b, CV_PidNameConvokeVcardLines,
                      CV_S("X-A:1\nEND:VCARD\nBEGIN:VCARD\nX-B:2\nno line\n"));
    const char *text = write_card(r);
    assert_null(strstr(strstr(text, "BEGIN:VCARD") + 1, "BEGIN:VCARD"));
    has(text, "X-A:1\r\n");
}

static void broken_lines_cost_themselves(void **state)
{
    rig *r = *state;
    cv_bag *b = read_card(r, "BEGIN:VCARD\nnothing\nFN:Ann\n Ex\nample\n"
                             "TEL;TYPE=:\nTITLE:x\nEMAIL:nobody");
    is_text(b, CV_PidTagDisplayName, "AnnEx\r\nample");
    is_text(b, CV_PidTagTitle, "x");
    is_text(b, CV_PidLidEmail1EmailAddress, "nobody");
    assert_true(cv_report_has(r->report, CV_RULE_VCARD_SYNTAX));
    assert_true(cv_report_has(r->report, CV_RULE_ADDRESS_BAD));
}

static void an_empty_card_is_no_card(void **state)
{
    rig *r = *state;
    cv_error err;
    assert_int_equal(cv_vcard_read(CV_S("BEGIN:VCARD\nEND:VCARD\n"), NULL,
                                   r->obj, r->report, &err),
                     CV_ERR_SYNTAX);
    assert_string_equal(err.what, "an empty vCard");
}

/* -- several cards -- */

static void cards_are_cut_also_when_they_are_not_closed(void **state)
{
    static const char text[] = "junk\r\nBEGIN:VCARD\r\nFN:A\r\n"
                               "begin:vcard\r\nFN:B\r\nAGENT:\r\n"
                               "BEGIN:VCARD\r\nFN:agent\r\nEND:VCARD\r\n"
                               "TITLE:t\r\nEND:VCARD\r\n\r\n"
                               "BEGIN:VCARD\r\nFN:C";
    static const char *const names[] = { "A", "B", "C" };
    cv_vcards cards;
    cv_slice card;
    cv_arena *arena;
    size_t count = 0;
    (void)state;
    assert_int_equal(cv_arena_new(0, &arena, NULL), CV_OK);
    assert_int_equal(cv_vcards_init(&cards, arena, cv_slice_cstr(text), NULL),
                     CV_OK);
    while (cv_vcards_next(&cards, &card)) {
        cv_object *obj;
        assert_int_equal(cv_object_new(0, &obj, NULL), CV_OK);
        assert_int_equal(cv_vcard_read(card, NULL, obj, NULL, NULL), CV_OK);
        is_text(cv_object_props(obj), CV_PidTagDisplayName, names[count++]);
        cv_object_free(&obj);
    }
    assert_int_equal(count, 3);
    cv_arena_free(&arena);
}

static void utf16_is_read(void **state)
{
    static const uint8_t bytes[] = "\xFF\xFE"
                                   "B\0E\0G\0I\0N\0:\0V\0C\0A\0R\0D\0\n\0"
                                   "F\0N\0:\0\xE4\0\n\0";
    rig *r = *state;
    cv_vcards cards;
    cv_slice card;
    assert_int_equal(cv_vcards_init(&cards, cv_object_arena(r->obj),
                                    cv_slice_of(bytes, sizeof(bytes) - 1),
                                    NULL),
                     CV_OK);
    assert_true(cv_vcards_next(&cards, &card));
    assert_int_equal(cv_vcard_read(card, NULL, r->obj, NULL, NULL), CV_OK);
    is_text(cv_object_props(r->obj), CV_PidTagDisplayName, "\xC3\xA4");
}

/* -- groups -- */

static void a_group_becomes_a_distribution_list(void **state)
{
    static const char file[] =
        "BEGIN:VCARD\nUID:urn:uuid:AA-1\nFN:Ann\nEMAIL:ann@a.example\n"
        "END:VCARD\nBEGIN:VCARD\nFN:Team\nX-ADDRESSBOOKSERVER-KIND:group\n"
        "X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:aa-1\n"
        "MEMBER;X-CN=Bob B:mailto:bob@b.example\n"
        "MEMBER:urn:uuid:unknown\nEND:VCARD\n";
    rig *r = *state;
    cv_vcard_book *book;
    cv_vcards cards;
    cv_slice card;
    cv_arena *arena = cv_object_arena(r->obj);
    assert_int_equal(cv_vcard_book_new(arena, cv_slice_cstr(file), &book, NULL),
                     CV_OK);
    assert_int_equal(cv_vcards_init(&cards, arena, cv_slice_cstr(file), NULL),
                     CV_OK);
    assert_true(cv_vcards_next(&cards, &card));
    assert_false(cv_vcard_is_group(card));
    assert_true(cv_vcards_next(&cards, &card));
    assert_true(cv_vcard_is_group(card));
    assert_int_equal(cv_vcard_read(card, book, r->obj, r->report, NULL), CV_OK);
    cv_bag *b = cv_object_props(r->obj);
    is_text(b, CV_PidTagMessageClass, "IPM.DistList");
    is_text(b, CV_PidLidDistributionListName, "Team");
    const cv_prop *p = cv_bag_find(b, CV_PidLidDistributionListOneOffMembers);
    assert_int_equal(p->value.count, 3);
    cv_entryid id;
    assert_int_equal(cv_entryid_parse(arena, p->value.slices[0], &id), CV_OK);
    assert_true(cv_slice_eq(id.name, CV_S("Ann")));
    assert_true(cv_slice_eq(id.address, CV_S("ann@a.example")));
    assert_true(cv_report_has(r->report, CV_RULE_ADDRESS_MISSING));
    const char *text = write_card(r);
    has(text, "\r\nFN:Team\r\n");
    has(text, "\r\nX-ADDRESSBOOKSERVER-KIND:group\r\n");
    has(text, "\r\nX-ADDRESSBOOKSERVER-MEMBER;X-CN=Ann:mailto:ann@a.example");
    has(text, "MEMBER;X-CN=Bob B:mailto:bob@b.example");
}

/* -- addresses of Exchange -- */

static bool resolve(void *ctx, cv_arena *arena, cv_slice type, cv_slice address,
                    cv_slice *smtp)
{
    (void)ctx;
    (void)arena;
    if (!cv_slice_eq(type, CV_S("EX")) ||
        !cv_slice_eq(address, CV_S("/o=A/cn=ann")))
        return false;
    *smtp = CV_S("ann@a.example");
    return true;
}

static void exchange_addresses_are_resolved_or_kept(void **state)
{
    rig *r = *state;
    cv_vcard_options options = { .resolve = resolve };
    cv_sink sink = cv_buf_sink(&r->out);
    cv_bag *b = cv_object_props(r->obj);
    cv_bag_set_string(b, CV_PidTagMessageClass, CV_S("IPM.Contact"));
    cv_bag_set_string(b, CV_PidLidEmail1AddressType, CV_S("EX"));
    cv_bag_set_string(b, CV_PidLidEmail1EmailAddress, CV_S("/o=A/cn=ann"));
    cv_bag_set_string(b, CV_PidLidEmail2AddressType, CV_S("EX"));
    cv_bag_set_string(b, CV_PidLidEmail2EmailAddress, CV_S("/o=A/cn=bob"));
    assert_int_equal(cv_vcard_write(r->obj, &options, &sink, r->report, NULL),
                     CV_OK);
    cv_buf_put_byte(&r->out, 0);
    const char *text = (const char *)r->out.data;
    has(text, "\r\nEMAIL;TYPE=INTERNET;TYPE=PREF:ann@a.example\r\n");
    has(text, "\r\nEMAIL;TYPE=EX:/o=A/cn=bob\r\n");
    assert_true(cv_report_has(r->report, CV_RULE_ADDRESS_RESOLVED));
    assert_true(cv_report_has(r->report, CV_RULE_ADDRESS_MISSING));
}

/* -- there and back -- */

static const cv_tag texts[] = {
#define FIELD(name, types, tag) CV_##tag,
#define ALIAS(name, types, tag)
#include "vcard/fields.def"
#undef FIELD
#undef ALIAS
    CV_PidTagSurname,
    CV_PidTagGivenName,
    CV_PidTagMiddleName,
    CV_PidTagDisplayNamePrefix,
    CV_PidTagGeneration,
    CV_PidTagCompanyName,
    CV_PidTagDepartmentName,
    CV_PidTagTelexNumber,
    CV_PidTagOfficeLocation,
    CV_PidTagHomeAddressPostOfficeBox,
    CV_PidTagHomeAddressStreet,
    CV_PidTagHomeAddressCity,
    CV_PidTagHomeAddressStateOrProvince,
    CV_PidTagHomeAddressPostalCode,
    CV_PidTagHomeAddressCountry,
    CV_PidLidWorkAddressPostOfficeBox,
    CV_PidLidWorkAddressStreet,
    CV_PidLidWorkAddressCity,
    CV_PidLidWorkAddressState,
    CV_PidLidWorkAddressPostalCode,
    CV_PidLidWorkAddressCountry,
    CV_PidTagOtherAddressPostOfficeBox,
    CV_PidTagOtherAddressStreet,
    CV_PidTagOtherAddressCity,
    CV_PidTagOtherAddressStateOrProvince,
    CV_PidTagOtherAddressPostalCode,
    CV_PidTagOtherAddressCountry,
    CV_PidLidEmail1DisplayName,
    CV_PidLidEmail2DisplayName,
    CV_PidLidEmail3DisplayName,
};
static const cv_tag addresses[] = { CV_PidLidEmail1EmailAddress,
                                    CV_PidLidEmail2EmailAddress,
                                    CV_PidLidEmail3EmailAddress };

static void fill_contact(cv_object *obj, unsigned seed)
{
    static const cv_slice words[] = { { (const uint8_t *)"a,b", 3 },
                                      { (const uint8_t *)"c", 1 } };
    cv_bag *b = cv_object_props(obj);
    char text[120];
    cv_bag_set_string(b, CV_PidTagMessageClass, CV_S("IPM.Contact"));
    for (size_t i = 0; i < CV_LEN(texts); i++) {
        (void)snprintf(text, sizeof(text), "%zu\\%u;x,y:\"\xC3\xA4^\r\n%zu", i,
                       seed, i * 7);
        cv_bag_set_string(b, texts[i], cv_slice_cstr(text));
    }
    for (size_t i = 0; i < CV_LEN(addresses); i++) {
        (void)snprintf(text, sizeof(text), "p%zu.%u@a.example", i, seed);
        cv_bag_set_string(b, addresses[i], cv_slice_cstr(text));
    }
    cv_civil day = { .year = 1900 + (int)(seed % 120),
                     .month = 2,
                     .day = 28,
                     .hour = 11,
                     .minute = 59 };
    cv_bag_set_ticks(b, CV_PidTagBirthday, cv_civil_to_ticks(&day));
    cv_bag_set_ticks(b, CV_PidTagWeddingAnniversary, cv_civil_to_ticks(&day));
    cv_bag_set_ticks(b, CV_PidTagLastModificationTime, seed * CV_TICKS_PER_SEC);
    cv_bag_set_strings(b, CV_PidNameKeywords, words, CV_LEN(words));
    cv_bag_set_strings(b, CV_PidTagChildrensNames, words, CV_LEN(words));
    cv_bag_set_i32(b, CV_PidTagSensitivity, seed % 2 ? 2 : 3);
    cv_bag_set_i32(b, CV_PidTagGender, 1 + (int)(seed % 2));
    cv_bag_set_i32(b, CV_PidLidPostalAddressId, 1 + (int)(seed % 3));
    cv_attachment *a = cv_object_add_attachment(obj);
    cv_bag_set_bool(a->props, CV_PidTagAttachmentContactPhoto, true);
    a->has_data = true;
    a->data = cv_blob_mem(CV_S("\xFF\xD8\xFFpicture"));
}

/* Parameters have no form for a line end within them but "^n". */
static void contact_comes_back_equal(void **state)
{
    static const cv_tag others[] = {
        CV_PidTagBirthday,
        CV_PidTagWeddingAnniversary,
        CV_PidTagLastModificationTime,
        CV_PidNameKeywords,
        CV_PidTagChildrensNames,
        CV_PidTagSensitivity,
        CV_PidTagGender,
        CV_PidLidPostalAddressId,
    };
    rig *r = *state;
    for (unsigned seed = 0; seed < 12; seed++) {
        cv_object *from, *to;
        cv_sink sink = cv_buf_sink(&r->out);
        cv_buf_reset(&r->out);
        assert_int_equal(cv_object_new(0, &from, NULL), CV_OK);
        assert_int_equal(cv_object_new(0, &to, NULL), CV_OK);
        fill_contact(from, seed);
        assert_int_equal(cv_vcard_write(from, NULL, &sink, r->report, NULL),
                         CV_OK);
        assert_int_equal(
            cv_vcard_read(cv_buf_slice(&r->out), NULL, to, r->report, NULL),
            CV_OK);
        const cv_bag *a = cv_object_props(from), *b = cv_object_props(to);
        for (size_t i = 0; i < CV_LEN(texts); i++) {
            cv_slice want = cv_bag_string_or(a, texts[i], CV_S(""));
            cv_slice got = cv_bag_string_or(b, texts[i], CV_S("(none)"));
            if (!cv_slice_eq(want, got) &&
                !cv_slice_eq(cv_text_eol(cv_object_arena(to), got, "\r\n"),
                             want))
                fail_msg("%s: %.*s is not %.*s", cv_tag_name(texts[i]),
                         CV_FMT(got), CV_FMT(want));
        }
        for (size_t i = 0; i < CV_LEN(addresses); i++)
            assert_true(
                cv_slice_eq(cv_bag_string_or(a, addresses[i], CV_S("")),
                            cv_bag_string_or(b, addresses[i], CV_S("(none)"))));
        for (size_t i = 0; i < CV_LEN(others); i++)
            if (!cv_value_eq(&cv_bag_find(a, others[i])->value,
                             &cv_bag_find(b, others[i])->value))
                fail_msg("%s differs", cv_tag_name(others[i]));
        assert_int_equal(cv_object_attachment_count(to), 1);
        assert_true(cv_slice_eq(cv_object_attachment(to, 0)->data.mem,
                                CV_S("\xFF\xD8\xFFpicture")));
        cv_object_free(&from);
        cv_object_free(&to);
    }
}

static void other_classes_have_no_card(void **state)
{
    rig *r = *state;
    cv_sink sink = cv_buf_sink(&r->out);
    cv_error err;
    assert_int_equal(cv_vcard_write(r->obj, NULL, &sink, r->report, &err),
                     CV_ERR_UNSUP);
    assert_string_equal(err.what, "IPM.Note is no contact");
    assert_int_equal(r->out.len, 0);
}

/* -- limits and damage -- */

static void limits_end_a_card_and_not_the_file(void **state)
{
    rig *r = *state;
    cv_buf text;
    cv_buf_init(&text, 0);
    cv_buf_put_str(&text, "BEGIN:VCARD\nFN:A\n");
    for (int i = 0; i < CV_LIMIT_VCARD_LINES; i++)
        cv_buf_put_str(&text, "X-FILLER-FILLER-FILLER:filler filler\n");
    cv_buf_put_str(&text, "TITLE:beyond\nEND:VCARD\n");
    assert_int_equal(
        cv_vcard_read(cv_buf_slice(&text), NULL, r->obj, r->report, NULL),
        CV_OK);
    cv_bag *b = cv_object_props(r->obj);
    is_text(b, CV_PidTagDisplayName, "A");
    assert_false(cv_bag_has(b, CV_PidTagTitle));
    assert_true(cv_report_has(r->report, CV_RULE_LIMIT));
    cv_slice kept;
    assert_true(cv_bag_string(b, CV_PidNameConvokeVcardLines, &kept));
    assert_true(kept.len <= CV_LIMIT_VCARD_KEPT_BYTES &&
                kept.len > CV_LIMIT_VCARD_KEPT_BYTES - 100);
    cv_buf_clear(&text);
}

static void damaged_cards_do_no_harm(void **state)
{
    static const char card[] =
        "BEGIN:VCARD\r\nVERSION:4.0\r\nKIND:group\r\nFN:A\r\nN:a;b;c\r\n"
        "i.EMAIL;PREF=1;X-CN=\"q\":a@a.example\r\nBDAY:--0412\r\n"
        "PHOTO:data:image/png;base64,AAAA\r\nGENDER:F\r\nMEMBER:mailto:b@b\r\n"
        "ADR;LABEL=\"x^ny\";TYPE=home:;;s;c;;;\r\nX-A;B=c,d:e\r\n"
        "NOTE;ENCODING=QUOTED-PRINTABLE;CHARSET=x:=E4=\r\n =3\r\nEND:VCARD\r\n";
    static const uint8_t flips[] = { 0x01, 0x80, 0xFF };
    const size_t len = sizeof(card) - 1;
    uint8_t bytes[sizeof(card)];
    (void)state;
    for (size_t i = 0; i < len * 4; i++) {
        cv_object *obj;
        size_t size = i < len ? i : len;
        memcpy(bytes, card, len);
        if (i >= len)
            bytes[i % len] ^= flips[i / len - 1];
        cv_buf out;
        cv_buf_init(&out, 0);
        cv_sink sink = cv_buf_sink(&out);
        assert_int_equal(cv_object_new((size_t)1 << 20, &obj, NULL), CV_OK);
        cv_status st =
            cv_vcard_read(cv_slice_of(bytes, size), NULL, obj, NULL, NULL);
        assert_true(st == CV_OK || st == CV_ERR_SYNTAX);
        if (st == CV_OK)
            assert_int_equal(cv_vcard_write(obj, NULL, &sink, NULL, NULL),
                             CV_OK);
        cv_object_free(&obj);
        cv_buf_clear(&out);
    }
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_card_of_3_0_becomes_a_contact),
        T(a_card_of_2_1_is_decoded),
        T(text_that_is_not_utf8_is_read_as_its_charset_or_windows),
        T(days_are_not_shifted),
        T(midnight_of_a_zone_is_its_day),
        T(a_birthday_without_year_stays_one),
        T(lines_without_counterpart_are_kept),
        T(kept_lines_cannot_end_the_card),
        T(broken_lines_cost_themselves),
        T(an_empty_card_is_no_card),
        T(cards_are_cut_also_when_they_are_not_closed),
        T(utf16_is_read),
        T(a_group_becomes_a_distribution_list),
        T(exchange_addresses_are_resolved_or_kept),
        T(contact_comes_back_equal),
        T(other_classes_have_no_card),
        T(limits_end_a_card_and_not_the_file),
        T(damaged_cards_do_no_harm),
    };
    return cmocka_run_group_tests_name("vcard", tests, NULL, NULL);
}
