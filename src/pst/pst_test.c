#include "pst/pst.h"

#include "pst/pst_test_kit.h"

#define TIME_BYTES "\x00\x40\xDD\xA3\x57\x45\xB3\x0C"

static cv_arena *arena;
static cv_report *report;
static kit made; /* large: not on the stack */

static int setup(void **state)
{
    (void)state;
    return cv_arena_new(0, &arena, NULL) || cv_report_new(&report, NULL) ? -1
                                                                         : 0;
}

static int teardown(void **state)
{
    (void)state;
    kit_clear(&made);
    cv_report_free(&report);
    cv_arena_free(&arena);
    return 0;
}

#define W(text) kit_wide(arena, text)

/* -- reading what was made -- */

typedef struct seen {
    char lines[4096]; /* "folder|node|subject" or "-" */
    cv_pst *pst;
    uint32_t wanted; /* node to keep the look of, 0: none */
    void (*look)(const cv_object *obj);
    unsigned looked;
} seen;

static void note(seen *s, const cv_pst_item *item, const cv_object *obj)
{
    cv_slice subject = CV_S("-");
    size_t len = strlen(s->lines);
    if (obj)
        subject =
            cv_bag_string_or(cv_object_props(obj), CV_PidTagSubject, CV_S("?"));
    snprintf(s->lines + len, sizeof s->lines - len, "%.*s|%X|%.*s%s\n",
             CV_FMT(item->folder), (unsigned)item->node, CV_FMT(subject),
             item->recovered ? "|recovered" : "");
}

static cv_status each(void *ctx, const cv_pst_item *item, cv_error *err)
{
    seen *s = ctx;
    cv_object *obj = NULL;
    cv_status status = cv_pst_read(s->pst, item, &obj, report, err);
    note(s, item, obj);
    if (obj && s->look && (!s->wanted || item->node == s->wanted)) {
        s->look(obj);
        s->looked++;
    }
    cv_object_free(&obj);
    return status == CV_ERR_SYNTAX ? CV_OK : status;
}

static cv_status walk_all(cv_slice in, bool recover, seen *s, cv_error *err)
{
    CV_TRY(cv_pst_open(in, &s->pst, report, err));
    cv_pst_walker walker = { .recover = recover, .each = each, .ctx = s };
    cv_status status = cv_pst_walk(s->pst, &walker, report, err);
    cv_pst_close(&s->pst);
    return status;
}

static void print_findings(void)
{
    for (size_t i = 0; i < cv_report_count(report); i++) {
        const cv_finding *f = cv_report_get(report, i);
        print_message("%s: %.*s %.*s: %.*s\n", cv_rule_get(f->rule)->id,
                      CV_FMT(f->path), CV_FMT(f->property), CV_FMT(f->done));
    }
}

static void assert_walk(cv_slice in, bool recover, const char *lines)
{
    seen s = { .lines = "" };
    cv_error err = { .what = "" };
    cv_status status = walk_all(in, recover, &s, &err);
    if (status != CV_OK)
        print_error("%s\n", err.what);
    assert_int_equal(status, CV_OK);
    if (strcmp(s.lines, lines) != 0)
        print_findings();
    assert_string_equal(s.lines, lines);
}

static void assert_one(cv_slice in, void (*look)(const cv_object *obj))
{
    seen s = { .lines = "", .look = look };
    cv_error err = { .what = "" };
    cv_status status = walk_all(in, false, &s, &err);
    if (status != CV_OK)
        print_error("%s\n", err.what);
    print_findings();
    assert_int_equal(status, CV_OK);
    assert_int_equal(s.looked, 1);
}

static void assert_refused(cv_slice in, cv_status code, const char *what)
{
    cv_pst *pst = NULL;
    cv_error err = { .what = "" };
    assert_int_equal(cv_pst_open(in, &pst, report, &err), code);
    assert_string_equal(err.what, what);
    assert_null(pst);
}

/* -- files -- */

#define INBOX 0x8022
#define SENT 0x8042
#define MAIL 0x200024
#define MAIL_2 0x200044

static void begin(kit_form form, uint8_t crypt)
{
    static const uint32_t folders[] = { INBOX };
    kit_value store[] = { { CV_PidTagDisplayName, W("Store") }, { 0 } };
    kit_begin(&made, form, crypt);
    kit_message(&made, KIT_STORE, 0, store);
    kit_folder(&made, arena, KIT_ROOT, KIT_ROOT, "");
    kit_list(&made, KIT_ROOT, KIT_TABLE_FOLDERS, folders, 1);
    kit_folder(&made, arena, INBOX, KIT_ROOT, "Inbox");
}

static void add_mail(uint32_t node, uint32_t folder, const char *subject)
{
    kit_value values[] = { { CV_PidTagMessageClass, W("IPM.Note") },
                           { CV_PidTagSubject, W(subject) },
                           { 0 } };
    kit_message(&made, node, folder, values);
}

static cv_slice one_mail(kit_form form, uint8_t crypt)
{
    static const uint32_t mails[] = { MAIL };
    begin(form, crypt);
    kit_list(&made, INBOX, KIT_TABLE_MESSAGES, mails, 1);
    add_mail(MAIL, INBOX, "Hello");
    return kit_finish(&made);
}

/* A file of one message with a class and these properties; sub-nodes were
 * added. */
static cv_slice one_message(const kit_value *values)
{
    static const uint32_t mails[] = { MAIL };
    kit_value all[KIT_VALUES] = { { CV_PidTagMessageClass, W("IPM.Note") } };
    for (size_t i = 0; values[i].tag; i++)
        all[i + 1] = values[i];
    kit_list(&made, INBOX, KIT_TABLE_MESSAGES, mails, 1);
    kit_message(&made, MAIL, INBOX, all);
    return kit_finish(&made);
}

/* -- forms of files -- */

static void c096_every_form_and_encryption_is_read(void **state)
{
    (void)state;
    for (int form = KIT_ANSI; form <= KIT_4K; form++)
        for (uint8_t crypt = 0; crypt <= 2; crypt++) {
            cv_slice in = one_mail((kit_form)form, crypt);
            print_message("form %d, encryption %d\n", form, crypt);
            assert_walk(in, false, "Inbox|200024|Hello\n");
            kit_clear(&made);
        }
}

static void c096_what_is_not_supported_is_said_before_reading(void **state)
{
    cv_slice in = one_mail(KIT_UNICODE, 0);
    (void)state;
    made.file.data[513] = 0x10;
    assert_refused(in, CV_ERR_UNSUP,
                   "the file is encrypted by Windows Information Protection; "
                   "Outlook can export it");
    made.file.data[513] = 7;
    assert_refused(in, CV_ERR_UNSUP, "encryption method 7 is not known");
    made.file.data[513] = 0;
    made.file.data[10] = 50;
    assert_refused(in, CV_ERR_UNSUP, "version 50 of PST files is not known");
    made.file.data[10] = 17;
    assert_refused(in, CV_ERR_UNSUP, "version 17 of PST files is not known");
}

static void a_file_that_ends_in_its_header_is_refused(void **state)
{
    cv_slice in = one_mail(KIT_UNICODE, 0);
    (void)state;
    assert_refused(cv_slice_sub(in, 0, 40), CV_ERR_SYNTAX,
                   "the PST ends inside its header, after 40 bytes");
    assert_refused(CV_S("!BDN"), CV_ERR_SYNTAX,
                   "the PST ends inside its header, after 4 bytes");
    assert_refused(CV_S("BDN!"), CV_ERR_SYNTAX, "no PST signature");
    assert_refused(CV_S(""), CV_ERR_SYNTAX, "no PST signature");
}

static void a_header_with_a_wrong_checksum_is_read(void **state)
{
    cv_slice in = one_mail(KIT_UNICODE, 0);
    (void)state;
    made.file.data[4] ^= 0xFF;
    assert_walk(in, false, "Inbox|200024|Hello\n");
    assert_true(cv_report_has(report, CV_RULE_PST_HEADER));
}

/* -- folders -- */

static void folders_nest_and_their_names_are_safe(void **state)
{
    static const uint32_t in_inbox[] = { SENT };
    static const uint32_t mails[] = { MAIL };
    (void)state;
    begin(KIT_UNICODE, 0);
    kit_list(&made, INBOX, KIT_TABLE_FOLDERS, in_inbox, 1);
    kit_folder(&made, arena, SENT, INBOX, "a/b");
    kit_list(&made, SENT, KIT_TABLE_MESSAGES, mails, 1);
    add_mail(MAIL, SENT, "deep");
    assert_walk(kit_finish(&made), false,
                "Inbox/a\xE2\x88\x95"
                "b|200024|deep\n");
}

static void a_folder_without_name_is_known_by_its_node(void **state)
{
    static const uint32_t in_inbox[] = { SENT };
    (void)state;
    begin(KIT_UNICODE, 0);
    kit_list(&made, INBOX, KIT_TABLE_FOLDERS, in_inbox, 1);
    kit_folder(&made, arena, SENT, INBOX, "");
    add_mail(MAIL, SENT, "lost");
    assert_walk(kit_finish(&made), false, "Inbox/folder-8042|200024|lost\n");
}

static void c095_a_folder_without_table_gives_its_items(void **state)
{
    (void)state;
    begin(KIT_UNICODE, 0);
    add_mail(MAIL, INBOX, "one");
    add_mail(MAIL_2, INBOX, "two");
    kit_folder(&made, arena, SENT, INBOX, "Sent");
    add_mail(0x200064, SENT, "three");
    assert_walk(kit_finish(&made), false,
                "Inbox|200024|one\nInbox|200044|two\n"
                "Inbox/Sent|200064|three\n");
}

static void c095_a_damaged_table_costs_nothing_but_a_finding(void **state)
{
    static const uint32_t mails[] = { MAIL };
    (void)state;
    begin(KIT_UNICODE, 0);
    uint64_t junk = kit_block(&made, CV_S("\xFF\xFF\xEC\x7C junk"), false);
    kit_node(&made, INBOX + KIT_TABLE_MESSAGES, 0, junk, 0);
    kit_folder(&made, arena, SENT, INBOX, "Sent");
    kit_list(&made, SENT, KIT_TABLE_MESSAGES, mails, 1);
    add_mail(MAIL, SENT, "sound");
    add_mail(MAIL_2, INBOX, "without table");
    assert_walk(kit_finish(&made), false,
                "Inbox|200044|without table\nInbox/Sent|200024|sound\n");
    assert_true(cv_report_has(report, CV_RULE_PST_FOLDER));
}

/* Enough nodes for three pages of the index; the folders stand in the first,
 * which is zeroed. */
static cv_slice many_mails_and_a_zeroed_page(void)
{
    begin(KIT_UNICODE, 0);
    for (uint32_t i = 0; i < 40; i++)
        add_mail(MAIL + i * 0x20, INBOX, "orphan");
    cv_slice in = kit_finish(&made);
    memset(made.file.data + made.nbt_at, 0, 512);
    return in;
}

static unsigned count_of(const char *text, const char *word)
{
    unsigned count = 0;
    for (; (text = strstr(text, word)); text++)
        count++;
    return count;
}

static void c095_a_zeroed_index_page_leaves_the_orphans(void **state)
{
    seen s = { .lines = "" };
    (void)state;
    cv_slice in = many_mails_and_a_zeroed_page();
    cv_error err;
    if (walk_all(in, true, &s, &err) != CV_OK)
        print_error("%s\n", err.what);
    assert_int_equal(count_of(s.lines, "|orphan|recovered\n"), 29);
    assert_true(cv_report_has(report, CV_RULE_PST_FOLDER));
}

static void c095_orphans_nobody_asked_for_are_told(void **state)
{
    seen s = { .lines = "" };
    (void)state;
    cv_slice in = many_mails_and_a_zeroed_page();
    assert_int_equal(walk_all(in, false, &s, NULL), CV_OK);
    assert_string_equal(s.lines, "");
    assert_true(cv_report_has(report, CV_RULE_PST_DAMAGED));
}

static void c095_a_root_page_that_is_gone_is_looked_for(void **state)
{
    (void)state;
    one_mail(KIT_UNICODE, 1);
    /* The whole index again at the end; the header's root is overwritten. */
    size_t at = (made.file.len + 511) / 512 * 512;
    cv_slice page =
        cv_arena_dup(arena, cv_slice_of(made.file.data + made.nbt_at, 512));
    memset(made.file.data + made.nbt_at, 0xAA, 512);
    kit_pad(&made.file, at);
    cv_buf_put_slice(&made.file, page);
    kit_set(&made.file, at + 498, kit_sig(at, 0x7000), 2);
    kit_set(&made.file, at + 504, 0x7000, 8);
    assert_walk(cv_buf_slice(&made.file), false, "Inbox|200024|Hello\n");
    assert_true(cv_report_has(report, CV_RULE_PST_DAMAGED));
}

static void a_page_with_a_wrong_id_is_read(void **state)
{
    (void)state;
    cv_slice in = one_mail(KIT_UNICODE, 1);
    kit_set(&made.file, made.nbt_at + 504, 0x5555, 8);
    assert_walk(in, false, "Inbox|200024|Hello\n");
    assert_true(cv_report_has(report, CV_RULE_PST_DAMAGED));
}

static void what_a_table_leaves_out_is_recovered_on_request(void **state)
{
    static const uint32_t mails[] = { MAIL };
    (void)state;
    begin(KIT_UNICODE, 0);
    kit_list(&made, INBOX, KIT_TABLE_MESSAGES, mails, 1);
    add_mail(MAIL, INBOX, "listed");
    add_mail(MAIL_2, INBOX, "deleted");
    cv_slice in = kit_finish(&made);
    assert_walk(in, false, "Inbox|200024|listed\n");
    assert_walk(in, true,
                "Inbox|200024|listed\nInbox|200044|deleted|recovered\n");
}

static void an_item_that_is_not_there_costs_itself(void **state)
{
    static const uint32_t mails[] = { MAIL_2, MAIL };
    (void)state;
    begin(KIT_UNICODE, 0);
    kit_list(&made, INBOX, KIT_TABLE_MESSAGES, mails, 2);
    add_mail(MAIL, INBOX, "there");
    assert_walk(kit_finish(&made), false, "Inbox|0|-\nInbox|200024|there\n");
}

static void an_item_whose_block_is_gone_costs_itself(void **state)
{
    static const uint32_t mails[] = { MAIL, MAIL_2 };
    (void)state;
    begin(KIT_UNICODE, 0);
    kit_list(&made, INBOX, KIT_TABLE_MESSAGES, mails, 2);
    kit_node(&made, MAIL, INBOX, 0x9990, 0);
    add_mail(MAIL_2, INBOX, "next");
    assert_walk(kit_finish(&made), false,
                "Inbox|200024|-\nInbox|200044|next\n");
}

static void folders_deeper_than_the_limit_are_left_out(void **state)
{
    uint32_t node = INBOX;
    (void)state;
    begin(KIT_UNICODE, 0);
    for (int i = 0; i < CV_LIMIT_PST_DEPTH + 2; i++) {
        kit_folder(&made, arena, node + 0x20, node, "f");
        node += 0x20;
    }
    add_mail(MAIL, node, "too deep");
    assert_walk(kit_finish(&made), false, "");
    if (!cv_report_has(report, CV_RULE_LIMIT))
        print_findings();
    assert_true(cv_report_has(report, CV_RULE_LIMIT));
}

/* -- values -- */

static void look_at_values(const cv_object *obj)
{
    const cv_bag *bag = cv_object_props(obj);
    int32_t i = 0;
    int64_t big = 0;
    double real = 0;
    uint64_t time = 0;
    cv_slice bytes;
    assert_true(cv_bag_i32(bag, CV_PidTagImportance, &i) && i == 2);
    assert_true(cv_bag_i32(bag, CV_TAG(0x6601, 0), &i) && i == -2);
    assert_true(cv_bag_bool_or(bag, CV_PidTagReadReceiptRequested, false));
    assert_true(cv_bag_i64(bag, CV_TAG(0x6602, 0), &big) && big == -3);
    assert_true(cv_bag_f64(bag, CV_TAG(0x6603, 0), &real) && real == 1.5);
    assert_true(cv_bag_time(bag, CV_PidTagClientSubmitTime, &time) &&
                time == UINT64_C(0x0CB34557A3DD4000));
    assert_true(cv_bag_binary(bag, CV_PidTagSearchKey, &bytes) &&
                cv_slice_eq(bytes, CV_S("\x00\x01\x02")));
    assert_true(cv_bag_binary(bag, CV_PidTagRtfCompressed, &bytes) &&
                bytes.len == 20000 && bytes.ptr[19999] == 'x');
    assert_int_equal(cv_bag_find(bag, CV_TAG(0x6604, 0))->value.type,
                     CV_T_GUID);
    assert_string_equal(cv_object_source(obj), "pst");
}

static void values_of_every_kind_are_read(void **state)
{
    uint8_t *large = cv_arena_array(arena, 20000, 1);
    (void)state;
    memset(large, 'x', 20000);
    kit_value values[] = {
        { CV_PidTagImportance, CV_S("\x02\0\0\0") },
        { CV_TAG(0x6601, CV_T_I16), CV_S("\xFE\xFF\0\0") },
        { CV_PidTagReadReceiptRequested, CV_S("\x01\0\0\0") },
        { CV_TAG(0x6602, CV_T_I64), CV_S("\xFD\xFF\xFF\xFF\xFF\xFF\xFF\xFF") },
        { CV_TAG(0x6603, CV_T_F64), CV_S("\0\0\0\0\0\0\xF8\x3F") },
        { CV_PidTagClientSubmitTime, CV_S(TIME_BYTES) },
        { CV_PidTagSearchKey, CV_S("\x00\x01\x02") },
        { CV_PidTagRtfCompressed, cv_slice_of(large, 20000) },
        { CV_TAG(0x6604, CV_T_GUID), CV_S("0123456789abcdef") },
        { 0 }
    };
    begin(KIT_UNICODE, 0);
    assert_one(one_message(values), look_at_values);
    assert_int_equal(cv_report_count(report), 0);
}

static void look_at_arrays(const cv_object *obj)
{
    const cv_bag *bag = cv_object_props(obj);
    const cv_slice *texts;
    size_t count = 0;
    const cv_prop *numbers = cv_bag_find(bag, CV_TAG(0x6610, 0));
    const cv_prop *blobs = cv_bag_find(bag, CV_TAG(0x6612, 0));
    assert_true(cv_bag_strings(bag, CV_TAG(0x6611, 0), &texts, &count));
    assert_int_equal(count, 2);
    assert_true(cv_slice_eq(texts[0], CV_S("a")));
    assert_true(cv_slice_eq(texts[1], CV_S("bc")));
    assert_int_equal(numbers->value.count, 2);
    assert_true(numbers->value.i64s[1] == 7);
    assert_int_equal(blobs->value.count, 2);
    assert_int_equal(blobs->value.slices[0].len, 0);
    assert_true(cv_slice_eq(blobs->value.slices[1], CV_S("\x09")));
    assert_false(cv_bag_has(bag, CV_TAG(0x6613, 0)));
}

static void several_values_are_read_and_lying_offsets_left_out(void **state)
{
    (void)state;
    kit_value values[] = { { CV_TAG(0x6610, CV_T_MULTI | CV_T_I32),
                             CV_S("\x06\0\0\0\x07\0\0\0") },
                           { CV_TAG(0x6611, CV_T_MULTI | CV_T_STRING),
                             CV_S("\x02\0\0\0\x0C\0\0\0\x0E\0\0\0a\0b\0c\0") },
                           { CV_TAG(0x6612, CV_T_MULTI | CV_T_BINARY),
                             CV_S("\x02\0\0\0\x0C\0\0\0\x0C\0\0\0\x09") },
                           { CV_TAG(0x6613, CV_T_MULTI | CV_T_BINARY),
                             CV_S("\x02\0\0\0\xFF\0\0\0\x0C\0\0\0\x09") },
                           { 0 } };
    begin(KIT_UNICODE, 0);
    assert_one(one_message(values), look_at_arrays);
    assert_true(cv_report_has(report, CV_RULE_PST_BAD_PROPERTY));
}

static void look_at_text(const cv_object *obj)
{
    const cv_bag *bag = cv_object_props(obj);
    cv_slice none = CV_S("?");
    assert_true(cv_slice_eq(cv_bag_string_or(bag, CV_PidTagSubject, none),
                            CV_S("RE: \xD0\x9F")));
    assert_true(cv_slice_eq(cv_bag_string_or(bag, CV_PidTagSubjectPrefix, none),
                            CV_S("RE: ")));
    assert_true(
        cv_slice_eq(cv_bag_string_or(bag, CV_PidTagNormalizedSubject, none),
                    CV_S("\xD0\x9F")));
}

static void text_of_a_code_page_and_a_subject_with_prefix_are_read(void **state)
{
    (void)state;
    kit_value values[] = {
        { CV_TAG(0x0037, CV_T_STRING8), CV_S("\x01\x05RE: \xCF") },
        { CV_PidTagMessageCodepage, CV_S("\xE3\x04\0\0") }, /* 1251 */
        { 0 }
    };
    begin(KIT_ANSI, 0);
    assert_one(one_message(values), look_at_text);
}

static void look_at_subject(const cv_object *obj)
{
    const cv_bag *bag = cv_object_props(obj);
    cv_slice none = CV_S("?");
    assert_true(
        cv_slice_eq(cv_bag_string_or(bag, CV_PidTagSubject, none), CV_S("ab")));
    assert_true(cv_slice_eq(
        cv_bag_string_or(bag, CV_PidTagNormalizedSubject, none), CV_S("")));
}

static void a_prefix_longer_than_the_subject_ends_with_it(void **state)
{
    (void)state;
    kit_value values[] = { { CV_PidTagSubject, W("\x01\x7F"
                                                 "ab") },
                           { 0 } };
    begin(KIT_UNICODE, 0);
    assert_one(one_message(values), look_at_subject);
}

static void look_at_names(const cv_object *obj)
{
    const cv_bag *bag = cv_object_props(obj);
    cv_slice none = CV_S("?");
    cv_name own = { .is_string = true, .string = CV_S("Own") };
    own.set = *cv_set_guid(CV_SET_PS_PUBLIC_STRINGS);
    assert_true(cv_slice_eq(cv_bag_string_or(bag, CV_PidLidLocation, none),
                            CV_S("here")));
    cv_tag tag = cv_names_find(cv_object_names(obj), &own);
    assert_true(tag != 0);
    assert_true(cv_slice_eq(cv_bag_string_or(bag, tag, none), CV_S("mine")));
}

/* The map of names: PidLidLocation as 8000, "Own" of PS_PUBLIC_STRINGS as
 * 8001. Source: [MS-PST] 2.4.7. */
static void add_names(void)
{
    kit_value map[] = {
        { CV_TAG(0x0001, CV_T_I32), CV_S("\xFB\0\0\0") },
        { CV_TAG(0x0002, CV_T_BINARY),
          cv_slice_of(cv_set_guid(CV_SET_PSETID_Appointment)->b, 16) },
        { CV_TAG(0x0003, CV_T_BINARY), CV_S("\x08\x82\0\0\x06\0\0\0"
                                            "\0\0\0\0\x05\0\x01\0") },
        { CV_TAG(0x0004, CV_T_BINARY), CV_S("\x06\0\0\0O\0w\0n\0\0\0") },
        { 0 }
    };
    kit_message(&made, KIT_NAMES, 0, map);
}

static void named_properties_get_their_names(void **state)
{
    (void)state;
    kit_value values[] = { { CV_TAG(0x8000, CV_T_STRING), W("here") },
                           { CV_TAG(0x8001, CV_T_STRING), W("mine") },
                           { 0 } };
    begin(KIT_UNICODE, 0);
    add_names();
    assert_one(one_message(values), look_at_names);
    assert_int_equal(cv_report_count(report), 0);
}

static void look_at_number(const cv_object *obj)
{
    cv_name name = { .lid = 0x8005 };
    cv_tag tag = cv_names_find(cv_object_names(obj), &name);
    assert_true(tag && cv_bag_has(cv_object_props(obj), tag));
}

static void a_name_the_map_does_not_know_stays_a_number(void **state)
{
    (void)state;
    kit_value values[] = { { CV_TAG(0x8005, CV_T_STRING), W("x") }, { 0 } };
    begin(KIT_UNICODE, 0);
    add_names();
    assert_one(one_message(values), look_at_number);
    assert_true(cv_report_has(report, CV_RULE_PST_NO_NAMES));
}

/* -- rows -- */

static const uint32_t person_tags[] = { CV_PidTagRecipientType,
                                        CV_PidTagDisplayName,
                                        CV_PidTagEmailAddress };

static void add_recipients(void)
{
    static const uint32_t ids[] = { 0, 1 };
    cv_slice cells[] = { CV_S("\x01\0\0\0"), W("Ann"), W("ann@a.example"),
                         CV_S("\x02\0\0\0"), W("Bob"), W("bob@b.example") };
    kit_sub(&made, KIT_RECIPIENTS, kit_tc(&made, person_tags, 3, cells, ids, 2),
            0);
}

/* The table that names the attachments' nodes. */
static void add_attachment_table(const uint32_t *nodes, size_t count)
{
    static const uint32_t size_tag[] = { CV_PidTagAttachSize };
    cv_slice cells[8];
    for (size_t i = 0; i < count; i++)
        cells[i] = CV_S("\x05\0\0\0");
    kit_sub(&made, KIT_ATTACHMENTS,
            kit_tc(&made, size_tag, 1, cells, nodes, count), 0);
}

static void add_attachment(uint32_t node, const kit_value *values)
{
    size_t first = made.sub_count;
    uint64_t data = kit_pc(&made, values);
    uint64_t sub = kit_subs(&made, first);
    kit_sub(&made, node, data, sub);
}

#define FILE_1 0x8025
#define FILE_2 0x8045

static void look_at_people(const cv_object *obj)
{
    assert_int_equal(cv_object_recipient_count(obj), 2);
    const cv_bag *bob = cv_object_recipient(obj, 1);
    assert_int_equal(cv_bag_i32_or(bob, CV_PidTagRecipientType, 0), 2);
    assert_true(
        cv_slice_eq(cv_bag_string_or(bob, CV_PidTagEmailAddress, CV_S("")),
                    CV_S("bob@b.example")));
}

static void recipients_are_rows(void **state)
{
    (void)state;
    kit_value values[] = { { CV_PidTagSubject, W("s") }, { 0 } };
    begin(KIT_UNICODE, 0);
    add_recipients();
    assert_one(one_message(values), look_at_people);
}

static void look_at_files(const cv_object *obj)
{
    cv_slice bytes;
    assert_int_equal(cv_object_attachment_count(obj), 2);
    cv_attachment *small = cv_object_attachment(obj, 0);
    cv_attachment *large = cv_object_attachment(obj, 1);
    assert_true(small->has_data && large->has_data);
    assert_true(cv_slice_eq(small->data.mem, CV_S("tiny")));
    assert_false(cv_bag_has(small->props, CV_PidTagAttachDataBinary));
    assert_null(large->data.mem.ptr);
    for (int again = 0; again < 2; again++) {
        assert_int_equal(
            cv_blob_get(&large->data, 1 << 20, arena, &bytes, NULL), CV_OK);
        assert_int_equal(bytes.len, 70000);
        assert_int_equal(bytes.ptr[69999], 'y');
    }
}

static void data_of_attachments_is_copied_or_pumped(void **state)
{
    static const uint32_t nodes[] = { FILE_1, FILE_2 };
    uint8_t *large = cv_arena_array(arena, 70000, 1);
    (void)state;
    memset(large, 'y', 70000);
    kit_value first[] = { { CV_PidTagAttachMethod, CV_S("\x01\0\0\0") },
                          { CV_PidTagAttachDataBinary, CV_S("tiny") },
                          { 0 } };
    kit_value second[] = { { CV_PidTagAttachMethod, CV_S("\x01\0\0\0") },
                           { CV_PidTagAttachDataBinary,
                             cv_slice_of(large, 70000) },
                           { 0 } };
    kit_value values[] = { { CV_PidTagSubject, W("s") }, { 0 } };
    begin(KIT_UNICODE, 0);
    add_attachment_table(nodes, 2);
    add_attachment(FILE_1, first);
    add_attachment(FILE_2, second);
    assert_one(one_message(values), look_at_files);
    assert_int_equal(cv_report_count(report), 0);
}

static void look_at_embedded(const cv_object *obj)
{
    cv_attachment *att = cv_object_attachment(obj, 0);
    assert_non_null(att->embedded);
    assert_true(cv_slice_eq(cv_bag_string_or(cv_object_props(att->embedded),
                                             CV_PidTagSubject, CV_S("")),
                            CV_S("inner")));
}

static void look_at_object(const cv_object *obj)
{
    cv_attachment *att = cv_object_attachment(obj, 0);
    assert_true(att->has_data);
    assert_true(cv_slice_eq(att->data.mem, CV_S("OLE bytes")));
}

#define INNER 0x200104

/* method: PidTagAttachMethod; the object's data. */
static cv_slice with_object(cv_slice method, uint64_t data)
{
    static const uint32_t nodes[] = { FILE_1 };
    kit_value file[] = { { CV_PidTagAttachMethod, method },
                         { CV_TAG(0x3701, CV_T_OBJECT),
                           CV_S("\x04\x01\x20\0\x09\0\0\0") },
                         { 0 } };
    kit_value values[] = { { CV_PidTagSubject, W("outer") }, { 0 } };
    size_t first = made.sub_count;
    kit_sub(&made, INNER, data, 0);
    uint64_t context = kit_pc(&made, file);
    uint64_t sub = kit_subs(&made, first);
    kit_sub(&made, FILE_1, context, sub);
    add_attachment_table(nodes, 1);
    return one_message(values);
}

static void an_embedded_message_is_an_object(void **state)
{
    kit_value inner[] = { { CV_PidTagMessageClass, W("IPM.Note") },
                          { CV_PidTagSubject, W("inner") },
                          { 0 } };
    (void)state;
    begin(KIT_UNICODE, 0);
    uint64_t data = kit_pc(&made, inner);
    assert_one(with_object(CV_S("\x05\0\0\0"), data), look_at_embedded);
    assert_int_equal(cv_report_count(report), 0);
}

static void look_at_one_attachment(const cv_object *of)
{
    assert_int_equal(cv_object_attachment_count(of), 1);
}

/* libpff deciphers an object's data even where nothing is encrypted: with the
 * encryption that Outlook uses it is right. */
static void an_ole_object_is_its_bytes(void **state)
{
    (void)state;
    begin(KIT_UNICODE, 1);
    uint64_t data = kit_data(&made, CV_S("OLE bytes"));
    assert_one(with_object(CV_S("\x06\0\0\0"), data), look_at_object);
    assert_false(cv_report_has(report, CV_RULE_ATTACHMENT_DATA));
}

static void an_ole_object_that_is_not_encrypted_is_told(void **state)
{
    (void)state;
    begin(KIT_UNICODE, 0);
    uint64_t data = kit_data(&made, CV_S("OLE bytes"));
    assert_one(with_object(CV_S("\x06\0\0\0"), data), look_at_one_attachment);
    assert_true(cv_report_has(report, CV_RULE_ATTACHMENT_DATA));
}

static void look_at_one_file(const cv_object *obj)
{
    assert_int_equal(cv_object_attachment_count(obj), 1);
    assert_true(
        cv_slice_eq(cv_object_attachment(obj, 0)->data.mem, CV_S("tiny")));
}

static void an_attachment_without_node_leaves_those_before_it(void **state)
{
    static const uint32_t nodes[] = { FILE_1, FILE_2 };
    (void)state;
    kit_value file[] = { { CV_PidTagAttachMethod, CV_S("\x01\0\0\0") },
                         { CV_PidTagAttachDataBinary, CV_S("tiny") },
                         { 0 } };
    kit_value values[] = { { CV_PidTagSubject, W("s") }, { 0 } };
    begin(KIT_UNICODE, 0);
    add_attachment_table(nodes, 2);
    add_attachment(FILE_1, file);
    assert_one(one_message(values), look_at_one_file);
    assert_true(cv_report_count(report) > 0);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(c096_every_form_and_encryption_is_read),
        T(c096_what_is_not_supported_is_said_before_reading),
        T(a_file_that_ends_in_its_header_is_refused),
        T(a_header_with_a_wrong_checksum_is_read),
        T(folders_nest_and_their_names_are_safe),
        T(a_folder_without_name_is_known_by_its_node),
        T(c095_a_folder_without_table_gives_its_items),
        T(c095_a_damaged_table_costs_nothing_but_a_finding),
        T(c095_a_zeroed_index_page_leaves_the_orphans),
        T(c095_orphans_nobody_asked_for_are_told),
        T(c095_a_root_page_that_is_gone_is_looked_for),
        T(a_page_with_a_wrong_id_is_read),
        T(what_a_table_leaves_out_is_recovered_on_request),
        T(an_item_that_is_not_there_costs_itself),
        T(an_item_whose_block_is_gone_costs_itself),
        T(folders_deeper_than_the_limit_are_left_out),
        T(values_of_every_kind_are_read),
        T(several_values_are_read_and_lying_offsets_left_out),
        T(text_of_a_code_page_and_a_subject_with_prefix_are_read),
        T(a_prefix_longer_than_the_subject_ends_with_it),
        T(named_properties_get_their_names),
        T(a_name_the_map_does_not_know_stays_a_number),
        T(recipients_are_rows),
        T(data_of_attachments_is_copied_or_pumped),
        T(an_embedded_message_is_an_object),
        T(an_ole_object_is_its_bytes),
        T(an_ole_object_that_is_not_encrypted_is_told),
        T(an_attachment_without_node_leaves_those_before_it),
    };
    return cmocka_run_group_tests_name("pst", tests, NULL, NULL);
}
