#include "mime/test_util.h"

#include "base/limits.h"
#include "base/text.h"

static cv_slice write_flags(fixture *f, const cv_mime_node *root,
                            unsigned flags)
{
    cv_error err;
    cv_buf buf;
    cv_buf_init(&buf, 0);
    cv_sink sink = cv_buf_sink(&buf);
    assert_int_equal(
        cv_mime_write(root, CV_S("seed"), flags, &sink, f->report, &err),
        CV_OK);
    cv_slice out = cv_buf_dup(&buf, f->arena);
    cv_buf_clear(&buf);
    return out;
}

static cv_slice write_tree(fixture *f, const cv_mime_node *root)
{
    return write_flags(f, root, 0);
}

static cv_mime_node *text_node(fixture *f, cv_slice text)
{
    cv_mime_node *n = cv_mime_node_new(f->arena, "text", "plain");
    cv_mime_node_set_text(n, text);
    return n;
}

/* No line is longer than `max`, none is blank within the header block. */
static void assert_lines(cv_slice text, size_t max)
{
    size_t start = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] != '\n')
            continue;
        assert_true(i > start && text.ptr[i - 1] == '\r');
        assert_true(i - 1 - start <= max);
        start = i + 1;
    }
    assert_int_equal(start, text.len);
}

static void a_text_is_written_as_it_is_when_it_can_be(void **state)
{
    fixture *f = *state;
    cv_mime_node *n = text_node(f, CV_S("one\ntwo\r\n"));
    cv_mime_node_text_field(n, "Subject", CV_S("Budget 2008"));
    assert_slice(write_tree(f, n),
                 "Subject: Budget 2008\r\nMIME-Version: 1.0\r\n"
                 "Content-Type: text/plain; charset=utf-8\r\n\r\n"
                 "one\r\ntwo\r\n");
}

static void the_transfer_encoding_follows_the_text(void **state)
{
    fixture *f = *state;
    cv_mime_node *n = text_node(f, CV_S("caf\xC3\xA9 and some more words \n"
                                        "From me\n.\n=\n"));
    cv_slice out = write_tree(f, n);
    assert_true(cv_slice_ends(
        out, CV_S("Content-Transfer-Encoding: quoted-printable\r\n\r\n"
                  "caf=C3=A9 and some more words=20\r\n=46rom me\r\n=2E\r\n"
                  "=3D\r\n")));
    out = write_flags(f, n, CV_MIME_8BIT);
    assert_true(cv_slice_find(out, CV_S("Encoding: 8bit\r\n"), 0) != CV_NPOS);
    n = text_node(f, CV_S("\xD0\x9F\xD1\x80\xD0\xB8"));
    out = write_tree(f, n);
    assert_true(cv_slice_ends(out, CV_S("base64\r\n\r\n0J/RgNC4\r\n")));
}

static void a_line_of_998_is_the_longest_that_stays(void **state)
{
    fixture *f = *state;
    uint8_t line[999];
    memset(line, 'x', sizeof line);
    cv_slice out = write_tree(f, text_node(f, cv_slice_of(line, 998)));
    assert_true(cv_slice_find(out, CV_S("Encoding"), 0) == CV_NPOS);
    out = write_tree(f, text_node(f, cv_slice_of(line, 999)));
    assert_true(cv_slice_find(out, CV_S("quoted-printable"), 0) != CV_NPOS);
    assert_lines(out, 76);
    read_slice(f, out);
    assert_int_equal(part_bytes(f, f->root).len, 999 + 2);
}

static void bytes_come_back_as_they_were(void **state)
{
    fixture *f = *state;
    static const char html[] = "<p>\nlone\rends \xE9\xE9 and a NUL \0 too,"
                               " in a text of some length \r\n</p>";
    cv_slice bytes = cv_slice_of(html, sizeof html - 1);
    cv_mime_node *root = cv_mime_node_new(f->arena, "multipart", "mixed");
    cv_mime_node *n = cv_mime_node_new(f->arena, "text", "html");
    cv_mime_node_param(n, "charset", CV_S("iso-8859-1"));
    cv_mime_node_set_bytes(n, bytes);
    cv_mime_node_add(root, n);
    n = cv_mime_node_new(f->arena, "image", "png");
    cv_mime_node_set_bytes(n, bytes);
    cv_mime_node_add(root, n);
    cv_slice out = write_tree(f, root);
    assert_lines(out, 78);
    read_slice(f, out);
    assert_int_equal(f->root->child_count, 2);
    for (size_t i = 0; i < 2; i++)
        assert_true(cv_slice_eq(part_bytes(f, f->root->children[i]), bytes));
    assert_slice(f->root->children[0]->encoding, "quoted-printable");
    assert_slice(f->root->children[1]->encoding, "base64");
    assert_int_equal(cv_report_count(f->report), 0);
}

/* -- header text -- */

static cv_slice subject_line(fixture *f, cv_slice text)
{
    cv_mime_node *n = text_node(f, CV_S(""));
    cv_mime_node_text_field(n, "Subject", text);
    cv_slice out = write_tree(f, n);
    return cv_slice_sub(out, 0, cv_slice_find(out, CV_S("MIME-Version"), 0));
}

static void only_the_words_that_need_it_are_encoded(void **state)
{
    fixture *f = *state;
    assert_slice(
        subject_line(f, CV_S("plain caf\xC3\xA9 at  \xC3\xA9t\xC3\xA9"
                             " end")),
        "Subject: plain =?utf-8?Q?caf=C3=A9_at__=C3=A9t=C3=A9?= end\r\n");
    assert_slice(subject_line(f, CV_S("is =?this?= a word")),
                 "Subject: is =?utf-8?Q?=3D=3Fthis=3F=3D?= a word\r\n");
    assert_slice(subject_line(f, CV_S("")), "Subject:\r\n");
}

static void header_text_comes_back_as_it_was(void **state)
{
    fixture *f = *state;
    static const char *const rows[] = {
        "x",
        " leading",
        "trailing ",
        "two  blanks",
        "=?utf-8?Q?x?=",
        "a=?b",
        "\xC3\xA4",
        "a \xC3\xA4",
        "\xC3\xA4 a",
        "a  \xC3\xA4  b",
        "\xF0\x9F\x98\x81\xF0\x9F\x98\x81\xF0\x9F\x98\x81\xF0\x9F\x98\x81"
        "\xF0\x9F\x98\x81\xF0\x9F\x98\x81\xF0\x9F\x98\x81\xF0\x9F\x98\x81"
        "\xF0\x9F\x98\x81\xF0\x9F\x98\x81\xF0\x9F\x98\x81\xF0\x9F\x98\x81",
        "a long text of many words that has to be folded at least one or two "
        "times, and that says nothing: at all; really, \"nothing\" (at all)",
        "a long text of many words with \xC3\xA4\xC3\xB6\xC3\xBC in the middle "
        "and then so many words that \xC3\xA9 follows only in a second line",
    };
    for (size_t i = 0; i < CV_LEN(rows); i++) {
        cv_slice line = subject_line(f, cv_slice_cstr(rows[i]));
        assert_lines(line, 78);
        read_slice(f, line);
        assert_slice(field_text(f, f->root, "subject"), rows[i]);
    }
}

/* RFC 2047 5: each word holds whole characters, for readers that decode them
 * one by one. */
static void no_encoded_word_cuts_a_character(void **state)
{
    fixture *f = *state;
    static const char *const rows[] = {
        "a\xF0\x9F\x98\x81\xF0\x9F\x98\x81\xF0\x9F\x98\x81\xF0\x9F\x98\x81"
        "\xF0\x9F\x98\x81\xF0\x9F\x98\x81\xF0\x9F\x98\x81\xF0\x9F\x98\x81"
        "\xF0\x9F\x98\x81\xF0\x9F\x98\x81\xF0\x9F\x98\x81\xF0\x9F\x98\x81",
        "many plain letters, so that it is Q: \xE2\x82\xAC\xE2\x82\xAC\xE2\x82"
        "\xAC\xE2\x82\xAC and then many more letters \xE2\x82\xAC\xE2\x82\xAC",
    };
    for (size_t i = 0; i < CV_LEN(rows); i++) {
        cv_slice rest = subject_line(f, cv_slice_cstr(rows[i]));
        size_t words = 0;
        for (cv_error err; rest.ptr; words++) {
            cv_slice text, word = cv_slice_trim(cv_slice_cut(&rest, ' '));
            assert_true(word.len <= 75);
            assert_int_equal(
                cv_mime_decode_text(f->arena, word, CV_S(""), &text, &err),
                CV_OK);
            assert_true(cv_slice_find(text, CV_S("\xEF\xBF\xBD"), 0) ==
                        CV_NPOS);
        }
        assert_true(words > 2);
    }
}

static void C013_control_characters_never_make_a_header(void **state)
{
    fixture *f = *state;
    static const struct {
        const char *text;
        size_t len;
    } rows[] = { { "a\rb", 3 },
                 { "a\nb", 3 },
                 { "a\r\nBcc: x@e", 11 },
                 { "a\0b", 3 },
                 { "a\xC2\x85"
                   "b",
                   4 },
                 { "a\xE2\x80\xA8"
                   "b",
                   5 },
                 { "a\r\n\r\nb", 6 } };
    for (size_t i = 0; i < CV_LEN(rows); i++) {
        cv_slice text = cv_slice_of(rows[i].text, rows[i].len);
        cv_mime_address who = { .name = text, .address = text };
        cv_mime_node *n = text_node(f, CV_S("x"));
        cv_mime_node_text_field(n, "Subject", text);
        cv_mime_node_field(n, "X-A", text);
        cv_mime_node_address_field(n, "To", &who, 1);
        cv_mime_node_disposition(n, "attachment");
        cv_mime_node_param(n, "filename", text);
        read_slice(f, write_tree(f, n));
        assert_int_equal(f->root->field_count, 6);
        assert_null(cv_mime_field_get(f->root, CV_S("Bcc")));
        assert_true(cv_slice_starts(f->root->fields[0].text, CV_S("a ")));
        assert_true(cv_slice_starts(f->root->filename, CV_S("a ")));
    }
}

static void C015_references_are_folded_between_ids(void **state)
{
    fixture *f = *state;
    cv_buf ids;
    cv_buf_init(&ids, 0);
    for (int i = 0; i < 60; i++)
        cv_buf_printf(&ids, "%s<%060d@thread.example.org>", i ? " " : "", i);
    cv_mime_node *n = text_node(f, CV_S("x"));
    cv_mime_node_field(n, "References", cv_buf_slice(&ids));
    cv_slice out = write_tree(f, n);
    assert_lines(out, 12 + 81);
    read_slice(f, out);
    assert_true(cv_slice_eq(f->root->fields[0].text, cv_buf_slice(&ids)));
    cv_buf_clear(&ids);
}

static void no_line_is_longer_than_998(void **state)
{
    fixture *f = *state;
    uint8_t word[5000];
    memset(word, 'w', sizeof word);
    cv_slice text = cv_slice_of(word, sizeof word);
    cv_mime_address who = { .name = text, .address = text };
    cv_mime_node *n = text_node(f, CV_S("x"));
    cv_mime_node_field(n, "Message-ID", text);
    cv_mime_node_text_field(n, "Subject", text);
    cv_mime_node_address_field(n, "To", &who, 1);
    cv_mime_node_param(n, "name", text);
    cv_slice out = write_tree(f, n);
    assert_lines(out, 998);
    read_slice(f, out);
    assert_true(cv_slice_eq(field_text(f, f->root, "Subject"), text));
    assert_true(cv_slice_eq(f->root->filename, text));
}

/* -- addresses -- */

static cv_slice to_line(fixture *f, const cv_mime_address *list, size_t count)
{
    cv_mime_node *n = text_node(f, CV_S(""));
    cv_mime_node_address_field(n, "To", list, count);
    cv_slice out = write_tree(f, n);
    return cv_slice_sub(out, 0, cv_slice_find(out, CV_S("MIME-Version"), 0));
}

static cv_slice to_one(fixture *f, const char *name, const char *address)
{
    cv_mime_address a = { .name = cv_slice_cstr(name),
                          .address = cv_slice_cstr(address) };
    return to_line(f, &a, 1);
}

static void C002_a_name_with_comma_and_umlaut_is_one_mailbox(void **state)
{
    fixture *f = *state;
    cv_slice line = to_one(f, "M\xC3\xBCller, J\xC3\xB6rg", "j@example.org");
    assert_slice(line, "To: =?utf-8?Q?M=C3=BCller=2C_J=C3=B6rg?= "
                       "<j@example.org>\r\n");
    cv_error err;
    cv_mime_address *list;
    size_t count;
    read_slice(f, line);
    assert_int_equal(cv_mime_addresses(f->arena, f->root->fields[0].raw,
                                       CV_S(""), &list, &count, f->report,
                                       &err),
                     CV_OK);
    assert_int_equal(count, 1);
    assert_slice(list[0].name, "M\xC3\xBCller, J\xC3\xB6rg");
    assert_slice(list[0].address, "j@example.org");
}

static void names_and_addresses_are_quoted_where_they_must(void **state)
{
    fixture *f = *state;
    static const struct {
        const char *name, *address, *line;
    } rows[] = {
        { "", "a@b", "To: a@b\r\n" },
        { "A@B", "a@b", "To: a@b\r\n" },
        { "Ann Bee", "a@b", "To: Ann Bee <a@b>\r\n" },
        { "Bee, Ann", "a@b", "To: \"Bee, Ann\" <a@b>\r\n" },
        { "Q \"x\" \\", "a@b", "To: \"Q \\\"x\\\" \\\\\" <a@b>\r\n" },
        { "=?x?=", "a@b", "To: =?utf-8?B?PT94Pz0=?= <a@b>\r\n" },
        { "", "john doe@b", "To: \"john doe\"@b\r\n" },
        { "", "a..b@c", "To: \"a..b\"@c\r\n" },
        { "", "\"a b\"@c", "To: \"a b\"@c\r\n" },
        { "", "a@[192.0.2.1]", "To: a@[192.0.2.1]\r\n" },
        { "", "\"a@b>\"@c", "To: \"a@b>\"@c\r\n" },
        { "Ann", "", "To: Ann:;\r\n" },
        { "J\xC3\xB6rg", "", "To: =?utf-8?Q?J=C3=B6rg?= :;\r\n" },
        { "", "no domain", "To: no domain:;\r\n" },
        { "Ann", "a@b c", "To: \"Ann a@b c\":;\r\n" },
        { "Ann", "@b", "To: \"Ann @b\":;\r\n" },
    };
    for (size_t i = 0; i < CV_LEN(rows); i++)
        assert_slice(to_one(f, rows[i].name, rows[i].address), rows[i].line);
    assert_slice(to_one(f, "", ""), "");
}

static void a_long_list_is_folded(void **state)
{
    fixture *f = *state;
    enum { COUNT = 500 };
    cv_mime_address *list = cv_arena_array(f->arena, COUNT, sizeof *list);
    for (int i = 0; i < COUNT; i++) {
        list[i].name = cv_arena_printf(f->arena, "Person, %d \xC3\xA9", i);
        list[i].address = cv_arena_printf(f->arena, "p%d@example.org", i);
    }
    cv_slice line = to_line(f, list, COUNT);
    assert_lines(line, 78);
    cv_error err;
    cv_mime_address *back;
    size_t count;
    read_slice(f, line);
    assert_int_equal(cv_mime_addresses(f->arena, f->root->fields[0].raw,
                                       CV_S(""), &back, &count, f->report,
                                       &err),
                     CV_OK);
    assert_int_equal(count, COUNT);
    for (int i = 0; i < COUNT; i++) {
        assert_true(cv_slice_eq(back[i].name, list[i].name));
        assert_true(cv_slice_eq(back[i].address, list[i].address));
    }
}

/* -- parameters -- */

#define UMLAUT \
    "\xC3\x9C" \
    "bersicht 2024 \xE2\x80\x93 M\xC3\xA4rz.pdf"

static cv_mime_node *file_node(fixture *f, cv_slice name)
{
    static const cv_blob blob = { .size_bytes = 1,
                                  .mem = { (const uint8_t *)"x", 1 } };
    cv_mime_node *n = cv_mime_node_new(f->arena, "application", "pdf");
    cv_mime_node_disposition(n, "attachment");
    cv_mime_node_param(n, "filename", name);
    cv_mime_node_set_blob(n, &blob);
    return n;
}

static void C014_file_names_in_both_forms(void **state)
{
    fixture *f = *state;
    cv_mime_node *n = file_node(f, CV_S(UMLAUT));
    assert_slice(write_tree(f, n),
                 "MIME-Version: 1.0\r\nContent-Type: application/pdf\r\n"
                 "Content-Transfer-Encoding: base64\r\n"
                 "Content-Disposition: attachment;\r\n"
                 " filename*=utf-8''%C3%9Cbersicht%202024%20%E2%80%93%20M"
                 "%C3%A4rz.pdf\r\n\r\neA==\r\n");
    cv_slice out = write_flags(f, n, CV_MIME_NAME_2047);
    assert_true(cv_slice_find(out,
                              CV_S("Content-Type: application/pdf;\r\n"
                                   " name=\"=?utf-8?"),
                              0) != CV_NPOS);
    assert_true(cv_slice_find(out, CV_S("filename*=utf-8''"), 0) != CV_NPOS);
    read_slice(f, out);
    assert_slice(f->root->filename, UMLAUT);
    assert_slice(cv_mime_param_get(f->root, CV_S("name")), UMLAUT);
    /* RFC 2231 wins over a name that says something else. */
    READ(f, "Content-Disposition: attachment; filename=wrong.dat;\r\n"
            " filename*=utf-8''right.pdf\r\n\r\n");
    assert_slice(f->root->filename, "right.pdf");
}

static void parameters_come_back_as_they_were(void **state)
{
    fixture *f = *state;
    static const char *const rows[] = {
        "x",
        "a b",
        "a\"b\\c",
        "a;b",
        "=?utf-8?Q?x?=",
        "100%.txt",
        "it's",
        "\xF0\x9F\x98\x81",
        UMLAUT UMLAUT UMLAUT UMLAUT,
        ("a name of more than seventy characters, \"with quotes\", in ASCII"
         " only, which takes two lines.doc"),
    };
    for (size_t i = 0; i < CV_LEN(rows); i++)
        for (unsigned flags = 0; flags < 2; flags++) {
            cv_mime_node *n = file_node(f, cv_slice_cstr(rows[i]));
            cv_mime_node_param(n, "name", cv_slice_cstr(rows[i]));
            cv_slice out = write_flags(f, n, flags);
            assert_lines(out, 78);
            read_slice(f, out);
            assert_slice(f->root->filename, rows[i]);
            assert_slice(cv_mime_param_get(f->root, CV_S("name")), rows[i]);
        }
    assert_int_equal(cv_report_count(f->report), 0);
}

/* -- structure -- */

static void a_tree_comes_back_as_it_was(void **state)
{
    fixture *f = *state;
    cv_mime_node *root = cv_mime_node_new(f->arena, "multipart", "mixed");
    cv_mime_node *alt = cv_mime_node_new(f->arena, "multipart", "alternative");
    cv_mime_node *msg = cv_mime_node_new(f->arena, "message", "rfc822");
    cv_mime_node *in = text_node(f, CV_S("inner \xC3\xA9"));
    cv_mime_node_text_field(in, "Subject", CV_S("in"));
    cv_mime_node_add(alt, text_node(f, CV_S("plain")));
    cv_mime_node_add(alt, text_node(f, CV_S("other\n")));
    cv_mime_node_add(msg, in);
    cv_mime_node_add(root, alt);
    cv_mime_node_add(root, msg);
    read_slice(f, write_tree(f, root));
    assert_int_equal(f->root->child_count, 2);
    assert_slice(part_bytes(f, f->root->children[0]->children[0]), "plain");
    assert_slice(part_bytes(f, f->root->children[0]->children[1]), "other\r\n");
    const cv_mime_part *inner = f->root->children[1]->children[0];
    assert_slice(field_text(f, inner, "subject"), "in");
    assert_non_null(cv_mime_field_get(inner, CV_S("MIME-Version")));
    assert_null(cv_mime_field_get(f->root->children[0], CV_S("MIME-Version")));
    assert_slice(part_text(f, inner, NULL), "inner \xC3\xA9");
    assert_int_equal(cv_report_count(f->report), 0);
    cv_slice out = write_flags(f, root, CV_MIME_8BIT);
    read_slice(f, out);
    assert_slice(f->root->encoding, "8bit");
    assert_slice(f->root->children[1]->encoding, "8bit");
    assert_slice(f->root->children[0]->encoding, "7bit");
}

static cv_slice boundary_of(fixture *f, cv_slice out)
{
    read_slice(f, out);
    return cv_mime_param_get(f->root, CV_S("boundary"));
}

static cv_mime_node *around(fixture *f, cv_slice text)
{
    cv_mime_node *root = cv_mime_node_new(f->arena, "multipart", "mixed");
    cv_mime_node_add(root, text_node(f, text));
    return root;
}

static void boundaries_follow_the_seed_and_avoid_the_content(void **state)
{
    fixture *f = *state;
    cv_mime_node *root = around(f, CV_S("x"));
    cv_slice first = write_tree(f, root);
    assert_true(cv_slice_eq(first, write_tree(f, root)));
    cv_slice boundary = boundary_of(f, first);
    /* A text that holds the boundary itself moves it. */
    cv_slice evil =
        cv_arena_printf(f->arena, "--%.*s--\r\nx", CV_FMT(boundary));
    cv_slice second = write_tree(f, around(f, evil));
    assert_false(cv_slice_eq(boundary_of(f, second), boundary));
    assert_int_equal(f->root->child_count, 1);
    assert_true(cv_slice_eq(part_bytes(f, f->root->children[0]), evil));
}

static void an_entity_goes_out_untouched(void **state)
{
    fixture *f = *state;
    cv_slice entity = CV_S("Content-Type: multipart/signed; boundary=\"s\"\n"
                           "\n--s\n\nlone LF, 8-bit \xE9 \n--s--\n trailer");
    cv_mime_node *n = cv_mime_node_new(f->arena, "multipart", "signed");
    cv_mime_node_set_entity(n, entity);
    assert_true(cv_slice_eq(write_tree(f, n), entity));
    cv_mime_node_text_field(n, "Subject", CV_S("x"));
    cv_slice out = write_tree(f, n);
    assert_true(cv_slice_ends(out, entity));
    assert_true(
        cv_slice_starts(out, CV_S("Subject: x\r\nMIME-Version: 1.0\r\nC")));
    cv_mime_node *root = cv_mime_node_new(f->arena, "multipart", "mixed");
    cv_mime_node *inner = cv_mime_node_new(f->arena, "multipart", "signed");
    cv_mime_node_set_entity(inner, entity);
    cv_mime_node_add(root, inner);
    read_slice(f, write_tree(f, root));
    assert_slice(f->root->encoding, "8bit");
    assert_true(cv_slice_eq(f->root->children[0]->entity_bytes, entity));
}

typedef struct pumped {
    size_t total, fail_at;
} pumped;

static cv_status pump(void *ctx, const cv_sink *to, cv_error *err)
{
    const pumped *p = ctx;
    uint8_t chunk[1000];
    for (size_t i = 0; i < p->total; i += sizeof chunk) {
        if (i >= p->fail_at)
            return cv_fail(err, CV_ERR_IO, "sector gone");
        memset(chunk, (int)(i / sizeof chunk), sizeof chunk);
        CV_TRY(cv_sink_put(to, cv_slice_of(chunk, sizeof chunk), err));
    }
    return CV_OK;
}

static void a_blob_is_streamed(void **state)
{
    fixture *f = *state;
    pumped p = { 200000, SIZE_MAX };
    cv_blob blob = { .size_bytes = UINT64_MAX, .pump = pump, .ctx = &p };
    cv_mime_node *n = cv_mime_node_new(f->arena, "image", "png");
    cv_mime_node_set_blob(n, &blob);
    cv_slice out = write_tree(f, n);
    assert_lines(out, 76);
    read_slice(f, out);
    assert_true(f->root->data.pump != NULL); /* not decoded while reading */
    assert_int_equal(f->root->data.size_bytes, 200000);
    cv_slice back = part_bytes(f, f->root);
    assert_int_equal(back.len, 200000);
    for (size_t i = 0; i < back.len; i++)
        assert_int_equal(back.ptr[i], (uint8_t)(i / 1000));
}

static void a_blob_that_breaks_off_gives_what_came(void **state)
{
    fixture *f = *state;
    pumped p = { 200000, 3000 };
    cv_blob blob = { .size_bytes = UINT64_MAX, .pump = pump, .ctx = &p };
    cv_mime_node *n = cv_mime_node_new(f->arena, "image", "png");
    cv_mime_node_set_blob(n, &blob);
    read_slice(f, write_tree(f, n));
    assert_int_equal(part_bytes(f, f->root).len, 3000);
    assert_int_equal(cv_report_count(f->report), 1);
    assert_int_equal(cv_report_get(f->report, 0)->rule,
                     CV_RULE_ATTACHMENT_DATA);
}

static cv_status full_disk(void *ctx, const void *bytes, size_t len,
                           cv_error *err)
{
    (void)bytes;
    size_t *room = ctx;
    if (len > *room)
        return cv_fail(err, CV_ERR_IO, "disk full");
    *room -= len;
    return CV_OK;
}

static void a_failing_sink_ends_the_writing(void **state)
{
    fixture *f = *state;
    pumped p = { 200000, SIZE_MAX };
    cv_blob blob = { .size_bytes = UINT64_MAX, .pump = pump, .ctx = &p };
    cv_mime_node *n = cv_mime_node_new(f->arena, "image", "png");
    cv_mime_node_set_blob(n, &blob);
    for (size_t room = 0; room < 280000; room += 20000) {
        cv_error err;
        size_t left = room;
        cv_sink sink = { full_disk, &left };
        assert_int_equal(cv_mime_write(n, CV_S("s"), 0, &sink, f->report, &err),
                         room >= 280000 ? CV_OK : CV_ERR_IO);
        assert_string_equal(err.what, "disk full");
    }
    assert_int_equal(cv_report_count(f->report), 0);
}

static void a_tree_too_deep_is_refused(void **state)
{
    fixture *f = *state;
    for (int extra = 0; extra < 2; extra++) {
        cv_mime_node *root = text_node(f, CV_S("x"));
        for (int i = 0; i < CV_LIMIT_MIME_DEPTH + extra; i++) {
            cv_mime_node *n = cv_mime_node_new(f->arena, "multipart", "mixed");
            cv_mime_node_add(n, root);
            root = n;
        }
        cv_error err;
        cv_buf buf;
        cv_buf_init(&buf, 0);
        cv_sink sink = cv_buf_sink(&buf);
        assert_int_equal(
            cv_mime_write(root, CV_S("s"), 0, &sink, f->report, &err),
            extra ? CV_ERR_LIMIT : CV_OK);
        cv_buf_clear(&buf);
    }
}

static void an_exhausted_arena_shows_when_writing(void **state)
{
    fixture *f = *state;
    cv_error err;
    cv_arena *small;
    assert_int_equal(cv_arena_new(4096, &small, &err), CV_OK);
    cv_mime_node *root = cv_mime_node_new(small, "multipart", "mixed");
    for (int i = 0; i < 100; i++) {
        cv_mime_node *n = cv_mime_node_new(small, "text", "plain");
        cv_mime_node_text_field(n, "Subject", CV_S("x"));
        cv_mime_node_set_text(n, CV_S("text"));
        cv_mime_node_add(root, n);
    }
    size_t room = SIZE_MAX;
    cv_sink sink = { full_disk, &room };
    assert_int_equal(cv_mime_write(root, CV_S("s"), 0, &sink, f->report, &err),
                     CV_ERR_LIMIT);
    cv_arena_free(&small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_text_is_written_as_it_is_when_it_can_be),
        TEST(the_transfer_encoding_follows_the_text),
        TEST(a_line_of_998_is_the_longest_that_stays),
        TEST(bytes_come_back_as_they_were),
        TEST(only_the_words_that_need_it_are_encoded),
        TEST(header_text_comes_back_as_it_was),
        TEST(no_encoded_word_cuts_a_character),
        TEST(C013_control_characters_never_make_a_header),
        TEST(C015_references_are_folded_between_ids),
        TEST(no_line_is_longer_than_998),
        TEST(C002_a_name_with_comma_and_umlaut_is_one_mailbox),
        TEST(names_and_addresses_are_quoted_where_they_must),
        TEST(a_long_list_is_folded),
        TEST(C014_file_names_in_both_forms),
        TEST(parameters_come_back_as_they_were),
        TEST(a_tree_comes_back_as_it_was),
        TEST(boundaries_follow_the_seed_and_avoid_the_content),
        TEST(an_entity_goes_out_untouched),
        TEST(a_blob_is_streamed),
        TEST(a_blob_that_breaks_off_gives_what_came),
        TEST(a_failing_sink_ends_the_writing),
        TEST(a_tree_too_deep_is_refused),
        TEST(an_exhausted_arena_shows_when_writing),
    };
    return cmocka_run_group_tests_name("mime write", tests, NULL, NULL);
}
