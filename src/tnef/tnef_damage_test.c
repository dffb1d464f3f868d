/* Every prefix of a rich stream and each of its bytes changed three ways is
 * read, or refused; what was read is written again. The bytes stand in memory
 * of their exact size, so that sanitizers see a read beyond. */
#include "tnef/tnef_test_kit.h"

static void put_rich_stream(cv_buf *out)
{
    cv_object *obj = NULL;
    cv_sink sink = cv_buf_sink(out);
    assert_int_equal(cv_object_new(0, &obj, NULL), CV_OK);
    cv_bag *props = cv_object_props(obj);
    const cv_slice words[] = { CV_S("A"), CV_S("BC") };
    cv_bag_set_string(props, CV_PidTagMessageClass,
                      CV_S("IPM.Schedule.Meeting.Request"));
    cv_bag_set_string(props, CV_PidTagSubject, CV_S("Budget \xE2\x82\xAC"));
    cv_bag_set_string(props, CV_PidTagSenderName, CV_S("Ann"));
    cv_bag_set_string(props, CV_PidTagSenderAddressType, CV_S("SMTP"));
    cv_bag_set_string(props, CV_PidTagSenderEmailAddress, CV_S("a@a.example"));
    cv_bag_set_strings(props, CV_PidNameKeywords, words, CV_LEN(words));
    cv_bag_set_time(props, CV_PidTagClientSubmitTime,
                    UINT64_C(127214907350000000));
    cv_bag_set_i32(props, CV_PidLidBusyStatus, 2);
    cv_bag_set_string(cv_object_add_recipient(obj), CV_PidTagDisplayName,
                      CV_S("Bob"));
    cv_attachment *a = cv_object_add_attachment(obj);
    cv_bag_set_string(a->props, CV_PidTagAttachFilename, CV_S("a.txt"));
    a->has_data = true;
    a->data = cv_blob_mem(CV_S("one"));
    a = cv_object_add_attachment(obj);
    a->embedded = cv_object_new_embedded(obj);
    cv_bag_set_string(cv_object_props(a->embedded), CV_PidTagSubject,
                      CV_S("within"));
    const cv_tnef_write_options whole = { .recipients = true };
    assert_int_equal(cv_tnef_write(obj, &whole, &sink, NULL, NULL), CV_OK);
    cv_object_free(&obj);
}

static void go_through(const uint8_t *bytes, size_t len)
{
    const cv_tnef_write_options whole = { .recipients = true };
    cv_object *obj = NULL;
    cv_report *report = NULL;
    cv_buf out;
    cv_buf_init(&out, 0);
    cv_sink sink = cv_buf_sink(&out);
    assert_int_equal(cv_report_new(&report, NULL), CV_OK);
    cv_status st = cv_tnef_read(cv_slice_of(bytes, len), &obj, report, NULL);
    assert_true(st == CV_OK || st == CV_ERR_SYNTAX);
    if (st == CV_OK)
        assert_int_equal(cv_tnef_write(obj, &whole, &sink, NULL, NULL), CV_OK);
    cv_object_free(&obj);
    cv_report_free(&report);
    cv_buf_clear(&out);
}

static void every_prefix_is_read_or_refused(void **state)
{
    kit *k = *state;
    put_rich_stream(&k->in);
    for (size_t len = 0; len <= k->in.len; len++) {
        uint8_t *copy = malloc(len ? len : 1);
        assert_non_null(copy);
        memcpy(copy, k->in.data, len);
        go_through(copy, len);
        free(copy);
    }
}

static void every_changed_byte_is_read_or_refused(void **state)
{
    static const uint8_t masks[] = { 0x01, 0x80, 0xFF };
    kit *k = *state;
    put_rich_stream(&k->in);
    uint8_t *copy = malloc(k->in.len);
    assert_non_null(copy);
    memcpy(copy, k->in.data, k->in.len);
    for (size_t i = 0; i < k->in.len; i++) {
        for (size_t m = 0; m < CV_LEN(masks); m++) {
            copy[i] ^= masks[m];
            go_through(copy, k->in.len);
            copy[i] ^= masks[m];
        }
    }
    free(copy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        KIT(every_prefix_is_read_or_refused),
        KIT(every_changed_byte_is_read_or_refused),
    };
    return cmocka_run_group_tests_name("tnef_damage", tests, NULL, NULL);
}
