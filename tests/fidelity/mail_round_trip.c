/* mail_round_trip.c - objects by chance go to mail and come back equal.
 *
 * mail_round_trip EXCEPTIONS [SEED [OBJECTS]]
 *
 * Each object carries a random choice of the properties of
 * src/convert/fidelity.def with random values, within another message now and
 * then. The lines of EXCEPTIONS ("mime<TAB>property<TAB>reason") are counted;
 * none may name a property of the table.
 */
#include "base/text.h"
#include "convert/convert.h"
#include "mapi/json.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef enum kind {
    TEXT,
    TEXTS,
    LINES,
    HTML,
    WORD,
    ID,
    IDS,
    URL,
    TIME,
    FLAG,
    SMALL,
    SENSITIVITY,
    PRIORITY,
    SUPPRESS,
    LANGUAGE,
    NUMBER,
    BLOB,
    INDEX,
    ADDRESS,
    NAME,
    TYPE,
    RECIPIENT,
    MADE
} kind;

enum { MESSAGE = 1, ROW = 2, FILES = 4 };

typedef struct mapped {
    unsigned places;
    cv_tag tag;
    const char *name;
    kind values;
    unsigned tried, differed;
} mapped;

static mapped table[] = {
#define FIDELITY(property, values, places) \
    { places, CV_##property, #property, values, 0, 0 },
#include "convert/fidelity.def"
#undef FIDELITY
};

static uint64_t seed = 0x9E3779B97F4A7C15;

static size_t below(size_t limit)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (size_t)(seed % limit);
}

static _Noreturn void die(const char *what)
{
    fprintf(stderr, "mail_round_trip: %s\n", what);
    exit(2);
}

/* -- values -- */

static cv_slice pieces(cv_arena *arena, const char *const *list, size_t count,
                       size_t most)
{
    cv_buf buf;
    cv_buf_init(&buf, 0);
    for (size_t i = 1 + below(most); i > 0; i--)
        cv_buf_put_str(&buf, list[below(count)]);
    cv_slice out = cv_buf_dup(&buf, arena);
    cv_buf_clear(&buf);
    return out;
}

static cv_slice one_line(cv_arena *arena)
{
    static const char *const list[] = { "Budget",
                                        " ",
                                        "x",
                                        "\"",
                                        "\\",
                                        ": ",
                                        ",",
                                        ";",
                                        "(a)",
                                        "<b>",
                                        "@",
                                        "=?utf-8?Q?x?=",
                                        "=",
                                        "?",
                                        "'",
                                        "\xC3\xA4",
                                        "\xE2\x82\xAC",
                                        "\xE5\xB1\xB1\xE7\x94\xB0",
                                        "\xF0\x9F\x98\x80",
                                        "a word that makes it long " };
    cv_slice text =
        cv_slice_trim(pieces(arena, list, CV_LEN(list), below(8) ? 8 : 200));
    return text.len ? text : CV_S("x");
}

static cv_slice word(cv_arena *arena)
{
    static const char *const list[] = { "a", "B", "7", "-", ".", "x_y" };
    return cv_arena_printf(arena, "w%.*s",
                           CV_FMT(pieces(arena, list, CV_LEN(list), 12)));
}

static cv_slice without(cv_arena *arena, cv_slice text, const char *letters)
{
    cv_slice copy = cv_arena_dup(arena, text);
    uint8_t *p = (uint8_t *)copy.ptr;
    for (size_t i = 0; i < copy.len; i++)
        if (strchr(letters, p[i]))
            p[i] = '_';
    return copy;
}

static cv_slice file_name(cv_arena *arena)
{
    static const char *const ends[] = { "", ".bin", ".PDF", ".tar.gz" };
    cv_slice stem = without(arena, one_line(arena), "\"/:<>|\\*?.");
    return cv_arena_printf(arena, "%.*s%s",
                           CV_FMT(cv_slice_trim(cv_utf8_clip(stem, 150))),
                           ends[below(CV_LEN(ends))]);
}

static cv_slice bytes(cv_arena *arena, size_t least, size_t most)
{
    size_t len = least + below(most - least + 1);
    uint8_t *p = cv_arena_alloc(arena, len);
    for (size_t i = 0; p && i < len; i++)
        p[i] = (uint8_t)below(256);
    return cv_slice_of(p, len);
}

static cv_slice ids(cv_arena *arena, size_t count)
{
    cv_buf buf;
    cv_buf_init(&buf, 0);
    for (size_t i = 0; i < count; i++)
        cv_buf_printf(&buf, "%s<%.*s@north.example>", i ? " " : "",
                      CV_FMT(word(arena)));
    cv_slice out = cv_buf_dup(&buf, arena);
    cv_buf_clear(&buf);
    return out;
}

static cv_slice body(cv_arena *arena, bool html)
{
    cv_buf buf;
    cv_buf_init(&buf, 0);
    cv_buf_put_str(&buf, html ? "<html><body>\r\n" : "");
    for (size_t i = 1 + below(20); i > 0; i--) {
        cv_slice line = one_line(arena);
        cv_buf_printf(&buf, "%s%.*s%s\r\n", html ? "<p>" : "", CV_FMT(line),
                      html ? "</p>" : "");
    }
    cv_buf_put_str(&buf, html ? "</body></html>\r\n" : "");
    cv_slice out = cv_buf_dup(&buf, arena);
    cv_buf_clear(&buf);
    return out;
}

/* Whole seconds from 1900 to 9999 but for what means "none". */
static int64_t moment(void)
{
    static const int64_t years[] = { -70, -1, 0, 30, 56, 200, 2400, 2529 };
    int64_t days = years[below(CV_LEN(years))] * 365 + (int64_t)below(365);
    return (days * 86400 + (int64_t)below(86400)) * CV_TICKS_PER_SEC;
}

static void set_texts(cv_bag *bag, cv_tag tag, cv_arena *arena)
{
    cv_slice list[5];
    size_t count = 1 + below(CV_LEN(list));
    for (size_t i = 0; i < count; i++) {
        cv_slice text = without(arena, one_line(arena), ",;");
        list[i] = cv_slice_trim(cv_utf8_clip(text, 200));
    }
    cv_bag_set_strings(bag, tag, list, count);
}

static cv_slice text_value(cv_arena *arena, kind k)
{
    static const char *const types[] = { "application/pdf", "image/png",
                                         "application/octet-stream",
                                         "audio/x-any", "text/csv" };
    switch (k) {
    case TEXT:
        return one_line(arena);
    case LINES:
        return body(arena, false);
    case ID:
        return ids(arena, 1);
    case IDS:
        return ids(arena, 1 + below(30));
    case URL:
        return cv_arena_printf(arena, "<http://x.example/%.*s>",
                               CV_FMT(word(arena)));
    case ADDRESS:
        return cv_arena_printf(arena, "%.*sz@%s",
                               CV_FMT(without(arena, word(arena), ".")),
                               below(2) ? "south.example" : "north.example");
    case NAME:
        return file_name(arena);
    case TYPE:
        return cv_slice_cstr(types[below(CV_LEN(types))]);
    default:
        return word(arena);
    }
}

static int32_t number_value(kind k)
{
    static const int32_t languages[] = { 1031, 1033, 1036, 1041, 2057 };
    switch (k) {
    case SMALL:
        return (int32_t)below(3);
    case SENSITIVITY:
        return (int32_t)below(4);
    case PRIORITY:
        return below(2) ? 1 : -1; /* 0 is what a missing one means */
    case SUPPRESS:
        return below(4) ? (int32_t)below(63) + 1 : -1;
    case LANGUAGE:
        return languages[below(CV_LEN(languages))];
    case RECIPIENT:
        return 1 + (int32_t)below(2);
    default:
        return (int32_t)below(INT32_MAX);
    }
}

static void set_value(cv_bag *bag, const mapped *m, cv_arena *arena)
{
    switch (m->values) {
    case TEXTS:
        set_texts(bag, m->tag, arena);
        break;
    case HTML:
        cv_bag_set_binary(bag, m->tag, body(arena, true));
        cv_bag_set_i32(bag, CV_PidTagInternetCodepage, 65001);
        break;
    case TIME:
        cv_bag_set_ticks(bag, m->tag, moment());
        break;
    case FLAG:
        cv_bag_set_bool(bag, m->tag, true);
        break;
    case BLOB:
        cv_bag_set_binary(bag, m->tag, bytes(arena, 1, 3000));
        break;
    case INDEX:
        cv_bag_set_binary(bag, m->tag, bytes(arena, 22, 22 + 5 * below(40)));
        break;
    default:
        if (CV_TAG_TYPE(m->tag) == CV_T_I32)
            cv_bag_set_i32(bag, m->tag, number_value(m->values));
        else
            cv_bag_set_string(bag, m->tag, text_value(arena, m->values));
    }
}

/* -- objects -- */

static void fill(cv_bag *bag, unsigned place, cv_arena *arena)
{
    for (size_t i = 0; i < CV_LEN(table); i++)
        if ((table[i].places & place) && below(3) && table[i].values != MADE &&
            table[i].tag != CV_PidTagAttachDataBinary)
            set_value(bag, &table[i], arena);
}

/* A person has an address whenever a name. */
static void complete_person(cv_bag *bag, const cv_person_tags *tags,
                            cv_arena *arena, bool always)
{
    cv_slice name = cv_bag_string_or(bag, tags->name, CV_S(""));
    cv_slice smtp = cv_bag_string_or(bag, tags->smtp, CV_S(""));
    if (!name.len && !smtp.len && !always)
        return;
    cv_bag_set_person(bag, tags, name.len ? name : CV_S("Alice"),
                      smtp.len ? smtp : text_value(arena, ADDRESS));
}

static bool same_prop_of(const cv_bag *bag, cv_tag x, cv_tag y)
{
    return cv_slice_ieq(cv_bag_string_or(bag, x, CV_S("")),
                        cv_bag_string_or(bag, y, CV_S("")));
}

/* What one property says about another. */
static void agree(cv_bag *p, cv_arena *arena)
{
    complete_person(p, &cv_person_sent_representing, arena, true);
    complete_person(p, &cv_person_sender, arena, true);
    /* One mailbox is one person: Sender is not written then. */
    if (same_prop_of(p, CV_PidTagSenderSmtpAddress,
                     CV_PidTagSentRepresentingSmtpAddress))
        cv_bag_set_person(
            p, &cv_person_sender,
            cv_bag_string_or(p, CV_PidTagSentRepresentingName, CV_S("")),
            cv_bag_string_or(p, CV_PidTagSenderSmtpAddress, CV_S("")));
    if (cv_bag_bool_or(p, CV_PidTagReadReceiptRequested, false))
        complete_person(p, &cv_person_read_receipt, arena, true);
    else {
        cv_bag_remove(p, CV_PidTagReadReceiptName);
        cv_bag_remove(p, CV_PidTagReadReceiptSmtpAddress);
    }
    if (!cv_bag_has(p, CV_PidLidFlagRequest))
        cv_bag_remove(p, CV_PidTagReplyTime);
    if (!cv_bag_has(p, CV_PidTagHtml)) {
        cv_bag_remove(p, CV_PidTagBodyContentId);
        cv_bag_remove(p, CV_PidTagBodyContentLocation);
    }
    if (!cv_bag_has(p, CV_PidTagHtml) && !cv_bag_has(p, CV_PidTagBody))
        cv_bag_set_string(p, CV_PidTagBody, body(arena, false));
    if (cv_bag_bool_or(p, CV_PidLidClassified, false))
        return;
    cv_bag_remove(p, CV_PidLidClassification);
    cv_bag_remove(p, CV_PidLidClassificationDescription);
    cv_bag_remove(p, CV_PidLidClassificationGuid);
    cv_bag_remove(p, CV_PidLidClassificationKeep);
}

static void add_rows(cv_object *obj, cv_arena *arena)
{
    size_t count = 1 + below(6), cc = below(count);
    for (size_t i = 0; i < count; i++) {
        cv_bag *row = cv_object_add_recipient(obj);
        if (!row)
            die("no row");
        cv_row_set_smtp(row, one_line(arena), text_value(arena, ADDRESS),
                        i <= cc ? 1 : 2);
    }
}

static void add_files(cv_object *obj, cv_arena *arena)
{
    for (size_t i = below(4); i > 0; i--) {
        cv_attachment *a = cv_object_add_attachment(obj);
        if (!a)
            die("no attachment");
        fill(a->props, FILES, arena);
        if (!cv_bag_has(a->props, CV_PidTagAttachLongFilename))
            cv_bag_set_string(a->props, CV_PidTagAttachLongFilename,
                              file_name(arena));
        cv_bag_set_i32(a->props, CV_PidTagAttachMethod, 1);
        a->has_data = true;
        a->data = cv_blob_mem(bytes(arena, 0, below(4) ? 300 : 100000));
    }
}

static void fill_message(cv_object *obj, unsigned depth)
{
    cv_arena *arena = cv_object_arena(obj);
    cv_bag *p = cv_object_props(obj);
    cv_bag_set_string(p, CV_PidTagMessageClass, CV_S("IPM.Note"));
    fill(p, MESSAGE, arena);
    if (!cv_bag_has(p, CV_PidTagClientSubmitTime))
        cv_bag_set_ticks(p, CV_PidTagClientSubmitTime, moment());
    agree(p, arena);
    add_rows(obj, arena);
    add_files(obj, arena);
    if (depth == 0 || below(4))
        return;
    cv_object *inner = cv_object_new_embedded(obj);
    cv_attachment *a = inner ? cv_object_add_attachment(obj) : NULL;
    if (!a)
        die("no embedded message");
    cv_bag_set_i32(a->props, CV_PidTagAttachMethod, 5);
    a->embedded = inner;
    fill_message(inner, depth - 1);
}

/* -- comparing -- */

static bool same_prop(const cv_bag *a, const cv_bag *b, cv_tag tag)
{
    const cv_prop *x = cv_bag_find(a, tag), *y = cv_bag_find(b, tag);
    return x && y && cv_value_eq(&x->value, &y->value);
}

static void show(const cv_bag *bag, cv_tag tag, const char *word_)
{
    cv_slice text;
    int64_t ticks = 0;
    if (cv_bag_string(bag, tag, &text) || cv_bag_binary(bag, tag, &text))
        printf("    %s \"%.*s\"\n", word_, CV_FMT(cv_utf8_clip(text, 300)));
    else if (cv_bag_ticks(bag, tag, &ticks))
        printf("    %s %" PRId64 "\n", word_, ticks);
    else
        printf("    %s %d\n", word_, cv_bag_i32_or(bag, tag, -999));
}

static unsigned compare_bags(const cv_bag *a, const cv_bag *b, unsigned place)
{
    unsigned bad = 0;
    for (size_t i = 0; i < CV_LEN(table); i++) {
        mapped *m = &table[i];
        if (!(m->places & place) || !cv_bag_has(a, m->tag))
            continue;
        m->tried++;
        if (same_prop(a, b, m->tag))
            continue;
        m->differed++;
        bad++;
        if (m->differed > 3)
            continue;
        printf("%s differs\n", m->name);
        show(a, m->tag, "was");
        show(b, m->tag, "is ");
    }
    return bad;
}

static unsigned compare_data(const cv_attachment *x, const cv_attachment *y,
                             cv_arena *arena)
{
    cv_slice a = CV_S(""), b = CV_S("");
    for (size_t i = 0; i < CV_LEN(table); i++)
        if (table[i].tag == CV_PidTagAttachDataBinary)
            table[i].tried++;
    if (cv_blob_get(&x->data, SIZE_MAX, arena, &a, NULL) != CV_OK ||
        !y->has_data ||
        cv_blob_get(&y->data, SIZE_MAX, arena, &b, NULL) != CV_OK ||
        !cv_slice_eq(a, b)) {
        printf("the data of a file differs\n");
        return 1;
    }
    return 0;
}

static unsigned compare(const cv_object *a, const cv_object *b, cv_arena *arena)
{
    unsigned bad =
        compare_bags(cv_object_props(a), cv_object_props(b), MESSAGE);
    if (cv_object_recipient_count(a) != cv_object_recipient_count(b) ||
        cv_object_attachment_count(a) != cv_object_attachment_count(b)) {
        printf("rows %zu -> %zu, files %zu -> %zu\n",
               cv_object_recipient_count(a), cv_object_recipient_count(b),
               cv_object_attachment_count(a), cv_object_attachment_count(b));
        return bad + 1;
    }
    for (size_t i = 0; i < cv_object_recipient_count(a); i++)
        bad += compare_bags(cv_object_recipient(a, i),
                            cv_object_recipient(b, i), ROW);
    for (size_t i = 0; i < cv_object_attachment_count(a); i++) {
        const cv_attachment *x = cv_object_attachment(a, i),
                            *y = cv_object_attachment(b, i);
        if (!x->embedded != !y->embedded) {
            printf("an embedded message is none any more\n");
            bad++;
        } else if (x->embedded) {
            bad += compare(x->embedded, y->embedded, arena);
        } else {
            bad += compare_bags(x->props, y->props, FILES);
            bad += compare_data(x, y, arena);
        }
    }
    return bad;
}

static unsigned round_trip(const cv_convert_options *options)
{
    cv_error err;
    cv_object *a = NULL, *b = NULL;
    cv_report *report = NULL;
    cv_arena *arena = NULL;
    cv_buf mail;
    cv_buf_init(&mail, 0);
    cv_sink sink = cv_buf_sink(&mail);
    if (cv_report_new(&report, &err) != CV_OK ||
        cv_arena_new(0, &arena, &err) != CV_OK ||
        cv_object_new(0, &a, &err) != CV_OK)
        die(err.what);
    fill_message(a, 3);
    if (cv_to_mime(a, options, &sink, report, &err) != CV_OK ||
        cv_from_mime(cv_buf_slice(&mail), options, &b, report, &err) != CV_OK)
        die(err.what);
    unsigned bad = compare(a, b, arena);
    if (cv_report_step(report) != CV_LADDER_FULL) {
        printf("the ladder was needed\n");
        bad++;
    }
    cv_object_free(&a);
    cv_object_free(&b);
    cv_report_free(&report);
    cv_arena_free(&arena);
    cv_buf_clear(&mail);
    return bad;
}

/* -- exceptions -- */

static bool is_mapped(const char *property)
{
    for (size_t i = 0; i < CV_LEN(table); i++)
        if (strcmp(table[i].name, property) == 0)
            return true;
    return false;
}

static unsigned read_exceptions(const char *path, unsigned *count)
{
    char line[1000];
    unsigned bad = 0;
    FILE *f = fopen(path, "r");
    if (!f)
        die("cannot read the exceptions");
    while (fgets(line, sizeof line, f)) {
        char *rest = line;
        const char *format = strsep(&rest, "\t");
        const char *property = rest ? strsep(&rest, "\t") : NULL;
        if (line[0] == '#' || strcmp(format, "mime") != 0)
            continue;
        ++*count;
        if (!property || !rest || is_mapped(property)) {
            printf("%s: has no reason, or comes back equal\n",
                   property ? property : line);
            bad++;
        }
    }
    fclose(f);
    return bad;
}

static unsigned check_table(void)
{
    unsigned bad = 0;
    for (size_t i = 0; i < CV_LEN(table); i++) {
        if (table[i].tried)
            continue;
        printf("%s was never tried\n", table[i].name);
        bad++;
    }
    return bad;
}

int main(int argc, char **argv)
{
    cv_error err;
    cv_test_env state = { .now = INT64_C(1795348800) * CV_TICKS_PER_SEC };
    cv_env env = cv_env_test(&state);
    cv_convert_options *options = NULL;
    unsigned bad = 0, excepted = 0;
    if (argc < 2)
        die("usage: EXCEPTIONS [SEED [OBJECTS]]");
    if (argc > 2)
        seed ^= strtoull(argv[2], NULL, 0) * 0x2545F4914F6CDD1D;
    unsigned long count = argc > 3 ? strtoul(argv[3], NULL, 0) : 300;
    if (cv_convert_options_new(&env, &options, &err) != CV_OK)
        die(err.what);
    bad += read_exceptions(argv[1], &excepted);
    for (unsigned long i = 0; i < count; i++)
        bad += round_trip(options);
    bad += check_table();
    printf("mail: %zu properties mapped, %u exceptions, %lu objects, "
           "%u differences\n",
           CV_LEN(table), excepted, count, bad);
    cv_convert_options_free(&options);
    return bad != 0;
}
