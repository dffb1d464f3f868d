#include "rtf/rtf_read.h"

#include "base/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define HEAD \
    "{\\rtf1\\ansi\\ansicpg1252\\deff0{\\fonttbl{\\f0\\fswiss Arial;}" \
    "{\\f1\\fnil\\fcharset2 Symbol;}{\\f2\\fnil\\fcharset2 Wingdings;}" \
    "{\\f3\\froman\\fcharset0 Times New Roman;}}" \
    "{\\colortbl ;\\red255\\green0\\blue0;\\red0\\green0\\blue0;" \
    "\\red255\\green255\\blue0;}\\uc1\\pard\\plain\\f0\\fs20 "

static cv_arena *arena;
static cv_rtf_html made;

static int set_up(void **state)
{
    (void)state;
    return cv_arena_new(0, &arena, NULL);
}

static int tear_down(void **state)
{
    (void)state;
    cv_arena_free(&arena);
    return 0;
}

/* What stands within the body. */
static cv_slice body_of(cv_slice rtf)
{
    assert_int_equal(cv_rtf_to_html(arena, rtf, &made, NULL), CV_OK);
    size_t from = cv_slice_find(made.html, CV_S("<body"), 0);
    from = cv_slice_find(made.html, CV_S(">\r\n"), from) + 3;
    assert_true(cv_slice_ends(made.html, CV_S("</body></html>\r\n")));
    return cv_slice_sub(made.html, from, made.html.len - 16 - from);
}

static void expect(const char *rtf, const char *want)
{
    cv_slice got = body_of(cv_slice_cstr(rtf));
    if (!cv_slice_eq(got, cv_slice_cstr(want)))
        fail_msg("got \"%.*s\"", CV_FMT(got));
    assert_false(made.cut);
}

static void text_has_its_looks(void **state)
{
    (void)state;
    expect(HEAD "a \\b bold \\i both\\b0  it\\i0 \\ul u\\ulnone "
                "\\strike s\\strike0 {\\super 2}{\\sub 3}\\par}",
           "<div>a <b>bold </b><b><i>both</i></b><i> it</i><u>u</u><s>s</s>"
           "<sup>2</sup><sub>3</sub></div>\r\n");
    expect(HEAD "{\\b\\plain no}{\\b0 x}\\par}",
           "<div>no<span style=\"font-size:10pt;\">x</span></div>\r\n");
}

static void colours_sizes_and_fonts_are_styles(void **state)
{
    (void)state;
    expect(HEAD "a{\\cf1 red}{\\cf2 black}{\\highlight3 marked}{\\fs21 big}"
                "{\\f3 roman}\\par}",
           "<div>a<span style=\"color:#ff0000;\">red</span>black"
           "<span style=\"background:#ffff00;\">marked</span>"
           "<span style=\"font-size:10.5pt;\">big</span>"
           "<span style=\"font-family:'Times New Roman';\">roman</span>"
           "</div>\r\n");
    assert_true(cv_slice_find(made.html,
                              CV_S("<body style=\"font-family:'Arial';"
                                   "font-size:10pt;\">"),
                              0) != CV_NPOS);
}

static void paragraphs_keep_alignment_and_blanks(void **state)
{
    (void)state;
    expect(HEAD
           "\\qc mid\\par\\pard\\qr right\\par\\pard\\qj j\\par\\pard\\par"
           "\\li720 in\\par\\pard\\rtlpar r\\par\\pard  a  b\\line\\tab c}",
           "<div style=\"text-align:center;\">mid</div>\r\n"
           "<div style=\"text-align:right;\">right</div>\r\n"
           "<div style=\"text-align:justify;\">j</div>\r\n"
           "<div><br></div>\r\n"
           "<div style=\"margin-left:48px;\">in</div>\r\n"
           "<div dir=\"rtl\">r</div>\r\n"
           "<div>&nbsp;a&nbsp; b<br>\r\n&nbsp;&nbsp;&nbsp; c</div>\r\n");
}

static void text_is_escaped_and_decoded(void **state)
{
    (void)state;
    expect(HEAD "<b> & \"q\" \\'fc\\u8364?\\u-10179?\\u-8704?\\~\\_\\emdash "
                "\\lquote x\\rquote\\par}",
           "<div>&lt;b&gt; &amp; &quot;q&quot; \xC3\xBC\xE2\x82\xAC"
           "\xF0\x9F\x98\x80\xC2\xA0\xC2\xAD\xE2\x80\x94\xE2\x80\x98x"
           "\xE2\x80\x99</div>\r\n");
}

static void symbol_fonts_show_what_they_mean(void **state)
{
    (void)state;
    expect(HEAD "x{\\f1 a\\'b7}{\\f2 J\\'e0}\\u-3913?\\par}",
           "<div>x\xCE\xB1\xE2\x80\xA2\xE2\x98\xBA\xE2\x86\x92\xE2\x80\xA2"
           "</div>\r\n");
}

static void bullets_and_numbers_become_lists(void **state)
{
    (void)state;
    expect(HEAD "x\\par{\\pntext\\f1\\'b7\\tab}{\\*\\pn\\pnlvlblt\\pnf1"
                "{\\pntxtb\\'b7}}one\\par{\\pntext\\f1\\'b7\\tab}two\\par"
                "\\pard y\\par}",
           "<div>x</div>\r\n<ul><li>one</li>\r\n<li>two</li></ul>\r\n"
           "<div>y</div>\r\n");
    expect(HEAD "{\\listtext 3.\\tab}\\ls1 c\\par{\\listtext 4.\\tab}d\\par"
                "{\\listtext a)\\tab}\\ilvl1 sub\\par"
                "{\\listtext 7.\\tab}\\ilvl0 e\\par}",
           "<ol start=\"3\"><li>c</li>\r\n<li>d<ol type=\"a\"><li>sub"
           "</li></ol>\r\n</li>\r\n<li value=\"7\">e</li></ol>\r\n");
    expect(HEAD "{\\listtext i.\\tab}\\ls1 a\\par{\\listtext ii.\\tab}b\\par}",
           "<ol type=\"i\"><li>a</li>\r\n<li>b</li></ol>\r\n");
    expect(HEAD "{\\listtext 1.2.1\\tab}\\ls1 outline\\par}",
           "<div>1.2.1&nbsp; outline</div>\r\n");
}

/* Without a marker's text the list table says what it is. */
static void the_list_table_tells_the_kind(void **state)
{
    (void)state;
    expect(HEAD "{\\*\\listtable{\\list\\listtemplateid1{\\listlevel"
                "\\levelnfc23{\\leveltext\\'01;}{\\levelnumbers;}}"
                "{\\listlevel\\levelnfc4}\\listid77}}"
                "{\\*\\listoverridetable{\\listoverride\\listid77"
                "\\listoverridecount0\\ls5}}"
                "\\ls5\\ilvl0 a\\par\\ilvl1 b\\par\\pard c\\par}",
           "<ul><li>a<ol type=\"a\"><li>b</li></ol>\r\n</li></ul>\r\n"
           "<div>c</div>\r\n");
}

#define TABLE "<table border=\"1\" cellspacing=\"0\" cellpadding=\"3\">\r\n"

static void tables_have_rows_and_cells(void **state)
{
    (void)state;
    expect(HEAD "\\trowd\\cellx100\\cellx200\\intbl a\\cell{\\b b}\\cell\\row"
                "\\trowd\\cellx100\\cellx200\\intbl c\\par d\\cell\\cell\\row"
                "\\pard after\\par}",
           TABLE "<tr><td>a</td><td><b>b</b></td></tr>\r\n"
                 "<tr><td><div>c</div>\r\n<div>d</div>\r\n</td><td></td></tr>"
                 "\r\n</table>\r\n<div>after</div>\r\n");
    expect(HEAD "\\trowd\\clmgf\\cellx1\\clmrg\\cellx2\\cellx3\\intbl w\\cell"
                "\\cell z\\cell\\row\\pard}",
           TABLE "<tr><td colspan=\"2\">w</td><td>z</td></tr>\r\n"
                 "</table>\r\n");
}

static void tables_stand_within_tables(void **state)
{
    (void)state;
    expect(HEAD "\\trowd\\cellx9\\intbl\\itap1 o\\par\\intbl\\itap2 i\\nestcell"
                "{\\*\\nesttableprops\\trowd\\cellx5\\nestrow}"
                "{\\nonesttables\\par}\\itap1 p\\cell\\row\\pard}",
           TABLE "<tr><td><div>o</div>\r\n" TABLE
                 "<tr><td>i</td></tr>\r\n</table>\r\n<div>p</div>\r\n"
                 "</td></tr>\r\n</table>\r\n");
}

static void links_lead_to_places_only(void **state)
{
    (void)state;
    expect(HEAD "{\\field{\\*\\fldinst{HYPERLINK "
                "\"http://x.example/?a=1&b=2\" \\\\o \"tip\"}}"
                "{\\fldrslt{\\ul\\cf1 he\\b re}}} on\\par}",
           "<div><a href=\"http://x.example/?a=1&amp;b=2\">he</a>"
           "<a href=\"http://x.example/?a=1&amp;b=2\"><b>re</b></a> on"
           "</div>\r\n");
    expect(HEAD "{\\field{\\*\\fldinst HYPERLINK \"javascript:x()\"}"
                "{\\fldrslt js}}{\\field{\\*\\fldinst PAGE}{\\fldrslt 7}}"
                "{\\field{\\*\\fldinst HYPERLINK \\\\l \"top\"}"
                "{\\fldrslt up}}\\par}",
           "<div>js7<a href=\"#top\">up</a></div>\r\n");
}

static void what_is_not_shown_is_left_out(void **state)
{
    (void)state;
    expect(HEAD "{\\header h\\par}{\\footer f}{\\info{\\title t}}"
                "{\\*\\unknown u}{\\v hidden}{\\*\\generator g;}"
                "{\\stylesheet{\\s0 Normal;}}seen\\par}",
           "<div>seen</div>\r\n");
}

static void notes_stand_at_the_end(void **state)
{
    (void)state;
    expect(HEAD "a{\\super\\chftn}{\\footnote\\pard\\plain{\\super\\chftn} "
                "one\\par two}b{\\footnote x}\\par}",
           "<div>a<sup>[1]</sup>b<sup>[2]</sup></div>\r\n<hr>\r\n"
           "<div><sup>[1]</sup>  one</div>\r\n<div>two</div>\r\n"
           "<div><sup>[2]</sup> x</div>\r\n");
}

/* -- pictures -- */

static void expect_file(size_t i, const char *name, const char *type,
                        cv_slice data)
{
    assert_true(i < made.file_count);
    const cv_rtf_file *f = &made.files[i];
    assert_true(cv_slice_eq(f->name, cv_slice_cstr(name)));
    assert_string_equal(f->type, type);
    assert_true(cv_slice_eq(f->data, data));
}

static void c004_pictures_become_files_that_the_html_shows(void **state)
{
    (void)state;
    cv_slice body =
        body_of(CV_S(HEAD "a{\\*\\shppict{\\pict\\picwgoal1500\\pichgoal750"
                          "\\picscalex200\\pngblip 89504E47\r\n0d0a1a0a01}}"
                          "{\\nonshppict{\\pict\\wmetafile8 010203}}b\\par"
                          "{\\pict\\jpegblip\\bin4 \xFF\xD8\xFF}}}"));
    assert_int_equal(made.file_count, 2);
    expect_file(0, "image001.png", "image/png", CV_S("\x89PNG\r\n\x1A\n\x01"));
    expect_file(1, "image002.jpg", "image/jpeg", CV_S("\xFF\xD8\xFF}"));
    cv_slice tag =
        cv_arena_cstr(arena, made.files[0].content_id)
            ? cv_arena_printf(arena,
                              "<div>a<img src=\"cid:%.*s\" width=\"200\" "
                              "height=\"50\" alt=\"\">b</div>\r\n",
                              CV_FMT(made.files[0].content_id))
            : CV_S("");
    assert_true(cv_slice_starts(body, tag));
    assert_true(
        cv_slice_starts(made.files[0].content_id, CV_S("image001.png@")));
}

static void bare_bitmaps_and_metafiles_get_a_head(void **state)
{
    static const uint8_t bmp[] = { 'B', 'M', 58, 0, 0, 0, 0, 0,
                                   0,   0,   54, 0, 0, 0, 40 };
    (void)state;
    (void)body_of(CV_S(
        HEAD "{\\pict\\dibitmap0 28000000010000000100000001001800"
             "00000000000000000000000000000000000000000000000000FF0000}}"));
    assert_int_equal(made.file_count, 1);
    assert_string_equal(made.files[0].type, "image/bmp");
    assert_memory_equal(made.files[0].data.ptr, bmp, sizeof bmp);
    (void)body_of(CV_S(HEAD "{\\pict\\wmetafile8\\picwgoal1440\\pichgoal720 "
                            "010009000003160000000000050000000000}}"));
    assert_string_equal(made.files[0].type, "image/x-wmf");
    assert_int_equal(made.files[0].data.len, 40);
    assert_memory_equal(made.files[0].data.ptr, "\xD7\xCD\xC6\x9A", 4);
}

static void objects_become_files(void **state)
{
    (void)state;
    expect(HEAD "{\\object\\objemb{\\*\\objclass Package}"
                "{\\*\\objdata 01050000}{\\result{\\f0 icon}}}\\par}",
           "<div>icon</div>\r\n");
    assert_int_equal(made.file_count, 1);
    expect_file(0, "object001.ole", "application/octet-stream",
                CV_S("\x01\x05\0\0"));
    assert_int_equal(made.files[0].content_id.len, 0);
}

static void encapsulated_text_becomes_html_too(void **state)
{
    (void)state;
    expect("{\\rtf1\\ansi\\fromtext{\\fonttbl{\\f0 A;}}\\f0 a\\par <b>}",
           "<div>a</div>\r\n<div>&lt;b&gt;</div>\r\n");
}

/* -- bombs -- */

static cv_slice repeated(const char *head, const char *piece, size_t count)
{
    size_t h = strlen(head), p = strlen(piece);
    uint8_t *bytes = cv_arena_alloc(arena, h + p * count);
    assert_non_null(bytes);
    memcpy(bytes, head, h);
    for (size_t i = 0; i < count; i++)
        memcpy(bytes + h + p * i, piece, p);
    return cv_slice_of(bytes, h + p * count);
}

static void deep_groups_end_and_are_told(void **state)
{
    (void)state;
    cv_slice body = body_of(repeated(HEAD "x", "{", 100000));
    assert_true(cv_slice_eq(body, CV_S("<div>x</div>\r\n")));
    assert_true(made.cut);
    (void)body_of(repeated(HEAD "x", "{", 200));
    assert_false(made.cut);
}

static void too_many_pictures_are_cut(void **state)
{
    (void)state;
    (void)body_of(repeated(HEAD, "{\\pict 00}", CV_LIMIT_RTF_FILES));
    assert_false(made.cut);
    assert_int_equal(made.file_count, CV_LIMIT_RTF_FILES);
    (void)body_of(repeated(HEAD, "{\\pict 00}", CV_LIMIT_RTF_FILES + 1));
    assert_true(made.cut);
    assert_int_equal(made.file_count, CV_LIMIT_RTF_FILES);
}

/* Each row opens and closes eight tables: output grows far faster. */
static void output_is_bounded_and_whole(void **state)
{
    (void)state;
    cv_slice body =
        body_of(repeated(HEAD, "\\itap8 x\\par\\itap0 y\\par", 200000));
    assert_true(made.cut);
    assert_true(body.len < CV_LIMIT_RTF_BYTES + 10000);
    assert_true(cv_slice_ends(body, CV_S("</table>\r\n")) ||
                cv_slice_ends(body, CV_S("</div>\r\n")));
}

static void many_fonts_colours_and_lists_end(void **state)
{
    (void)state;
    cv_slice fonts = repeated("{\\rtf1{\\fonttbl", "{\\f7 A;}", 100000);
    (void)body_of(fonts);
    (void)body_of(repeated("{\\rtf1{\\colortbl", "\\red1;", 100000));
    (void)body_of(repeated("{\\rtf1{\\*\\listtable",
                           "{\\list{\\listlevel}\\listid1}", 10000));
    (void)body_of(repeated("{\\rtf1 ", "\\bin2147483647 ", 100));
    (void)body_of(repeated("{\\rtf1 ", "\\cell", 1000));
    (void)body_of(repeated("{\\rtf1 ", "\\row\\nestrow\\nestcell", 1000));
    assert_false(made.cut);
}

/* Every prefix, and each byte changed: it ends, and the document is whole. */
static void damaged_rtf_gives_whole_html(void **state)
{
    static const char text[] = HEAD
        "{\\listtext 1.\\tab}\\ls1 a\\par\\trowd\\cellx1\\intbl{\\b b}\\cell"
        "\\row\\pard{\\field{\\*\\fldinst HYPERLINK \"http://x/\"}{\\fldrslt "
        "l}}{\\pict\\pngblip 00}{\\footnote n}\\'83\\u8364?\\par}";
    static const uint8_t flips[] = { 0x01, 0x80, 0xFF };
    char *copy = test_malloc(sizeof text);
    (void)state;
    memcpy(copy, text, sizeof text);
    for (size_t i = 0; i < sizeof text - 1; i++) {
        cv_arena_free(&arena);
        assert_int_equal(cv_arena_new(0, &arena, NULL), CV_OK);
        if (i > 6)
            (void)body_of(cv_slice_of(text, i));
        for (size_t k = 0; k < sizeof flips && i > 6; k++) {
            copy[i] = (char)(text[i] ^ flips[k]);
            (void)body_of(cv_slice_of(copy, sizeof text - 1));
            assert_non_null(
                cv_rtf_to_text(arena, cv_slice_of(copy, sizeof text - 1)).ptr);
        }
        copy[i] = text[i];
    }
    test_free(copy);
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(text_has_its_looks),
        T(colours_sizes_and_fonts_are_styles),
        T(paragraphs_keep_alignment_and_blanks),
        T(text_is_escaped_and_decoded),
        T(symbol_fonts_show_what_they_mean),
        T(bullets_and_numbers_become_lists),
        T(the_list_table_tells_the_kind),
        T(tables_have_rows_and_cells),
        T(tables_stand_within_tables),
        T(links_lead_to_places_only),
        T(what_is_not_shown_is_left_out),
        T(notes_stand_at_the_end),
        T(c004_pictures_become_files_that_the_html_shows),
        T(bare_bitmaps_and_metafiles_get_a_head),
        T(objects_become_files),
        T(encapsulated_text_becomes_html_too),
        T(deep_groups_end_and_are_told),
        T(too_many_pictures_are_cut),
        T(output_is_bounded_and_whole),
        T(many_fonts_colours_and_lists_end),
        T(damaged_rtf_gives_whole_html),
    };
    return cmocka_run_group_tests_name("rtf_native", tests, NULL, NULL);
}
