#include "convert/test_util.h"

static void content_decides(void **state)
{
    static const struct {
        const char *text;
        size_t len;
        const char *name;
        cv_input_type type;
    } rows[] = {
        { "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", 8, "x.eml", CV_INPUT_MSG },
        { "\x78\x9F\x3E\x22\x01\x00", 6, "x.eml", CV_INPUT_TNEF },
        { "!BDN....", 8, "x", CV_INPUT_PST },
        { "CVOB....", 8, "x", CV_INPUT_PACKED },
        { "BEGIN:VCALENDAR\r\n", 17, "x.eml", CV_INPUT_ICAL },
        { "\xEF\xBB\xBF\r\nbegin:vcalendar", 20, "", CV_INPUT_ICAL },
        { "From: a@b.example\r\n\r\n", 21, "x.ics", CV_INPUT_MIME },
        { "From a@b Sat Jan\nFrom: a@b\n", 27, "", CV_INPUT_MIME },
        { "From a\nA: 1\n\nFrom b Mon Jan  2 03:04:05 2006\nA: 2\n", 47, "",
          CV_INPUT_MBOX },
        { "12\nSubject: x\n\n", 15, "", CV_INPUT_EMLX },
        { "begin:vcard\n", 12, "x.eml", CV_INPUT_VCARD },
        { "PK\3\4............", 16, "x.eml", CV_INPUT_ARCHIVE },
        { "\x1F\x8B\x08", 3, "x.eml", CV_INPUT_ARCHIVE },
        { "garbage\r\nSubject: x\r\n\r\n", 23, "", CV_INPUT_MIME },
        { "plain words", 11, "x.eml", CV_INPUT_MIME },
        { " \n ", 3, "x.eml", CV_INPUT_MIME },
        { "plain words", 11, "x.dat", CV_INPUT_UNKNOWN },
        { "", 0, "", CV_INPUT_UNKNOWN },
        { "{\"format\": \"convoke-object/1\"}", 30, "", CV_INPUT_JSON },
    };
    (void)state;
    for (size_t i = 0; i < CV_LEN(rows); i++) {
        cv_input_type got = cv_detect(cv_slice_of(rows[i].text, rows[i].len),
                                      cv_slice_cstr(rows[i].name));
        if (got != rows[i].type)
            fail_msg("row %zu is %s", i, cv_input_type_name(got));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(content_decides) };
    return cmocka_run_group_tests_name("detect", tests, NULL, NULL);
}
