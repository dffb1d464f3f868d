#include "mime/mbox.h"

#include "base/datetime.h"
#include "base/text.h"

#include <string.h>

#define FROM_LINE_MAX 1000 /* bytes of a line that may be a separator */

/* The line at pos without its end; *next: where the next one begins. */
static cv_slice line_at(cv_slice in, size_t pos, size_t *next)
{
    const uint8_t *end =
        pos < in.len ? memchr(in.ptr + pos, '\n', in.len - pos) : NULL;
    size_t stop = end ? (size_t)(end - in.ptr) : in.len;
    *next = end ? stop + 1 : stop;
    if (stop > pos && in.ptr[stop - 1] == '\r')
        stop--;
    return cv_slice_sub(in, pos, stop - pos);
}

static bool is_field(cv_slice line)
{
    size_t colon = cv_slice_find_byte(line, ':', 0);
    if (colon == CV_NPOS || colon == 0 || colon > 76)
        return false;
    for (size_t i = 0; i < colon; i++)
        if (line.ptr[i] <= 0x20 || line.ptr[i] > 0x7E)
            return false;
    return true;
}

/* -- the From_ line -- */

static bool is_weekday(cv_slice s)
{
    static const char *const names[] = { "Sun", "Mon", "Tue", "Wed",
                                         "Thu", "Fri", "Sat" };
    for (size_t i = 0; i < CV_LEN(names); i++)
        if (cv_slice_istarts(s, cv_slice_cstr(names[i])))
            return true;
    return false;
}

/* "Mon Jan 01 10:00:00 +0000 2018" (Gmail): the zone goes behind the year. */
static bool parse_zone_first(cv_slice date, int64_t *ticks)
{
    char text[80];
    size_t n = date.len;
    if (n < 12 || n >= sizeof(text) || date.ptr[n - 5] != ' ' ||
        (date.ptr[n - 10] != '+' && date.ptr[n - 10] != '-'))
        return false;
    memcpy(text, date.ptr, n - 10);
    memcpy(text + n - 10, date.ptr + n - 4, 4);
    text[n - 6] = ' ';
    memcpy(text + n - 5, date.ptr + n - 10, 5);
    return cv_rfc5322_date_parse(cv_slice_of(text, n), ticks) == CV_OK;
}

static size_t count_words(cv_slice text)
{
    size_t words = 0;
    for (size_t i = 0; i < text.len; i++)
        words += text.ptr[i] != ' ' && (i == 0 || text.ptr[i - 1] == ' ');
    return words;
}

/* "Mon Jan  2 03:04:05 MET DST 2006" and shorter. */
static bool parse_date(cv_slice date, int64_t *ticks)
{
    size_t remote = cv_slice_find(date, CV_S(" remote from "), 0);
    date = cv_slice_trim(cv_slice_sub(date, 0, remote));
    return count_words(date) <= 7 &&
           cv_slice_find_byte(date, ':', 0) != CV_NPOS &&
           (parse_zone_first(date, ticks) ||
            cv_rfc5322_date_parse(date, ticks) == CV_OK);
}

/* A sender, which may hold blanks, and a date; *date stays when it has none. */
static bool is_from_line(cv_slice line, int64_t *date)
{
    if (!cv_slice_starts(line, CV_S("From ")) || line.len > FROM_LINE_MAX)
        return false;
    if (cv_slice_eq(cv_slice_trim(line), CV_S("From -"))) /* Mozilla */
        return true;
    for (size_t i = 4; i + 4 < line.len; i++)
        if (line.ptr[i] == ' ' &&
            is_weekday(cv_slice_sub(line, i + 1, CV_NPOS)) &&
            parse_date(cv_slice_sub(line, i + 1, CV_NPOS), date))
            return true;
    return false;
}

/* A separator stands at pos. The first line of the file is one whatever its
 * date. */
static bool separates(cv_slice in, size_t pos, bool blank_before, int64_t *date)
{
    size_t next, after;
    int64_t found = INT64_MIN;
    if (in.len - pos < 5 || memcmp(in.ptr + pos, "From ", 5) != 0)
        return false;
    cv_slice line = line_at(in, pos, &next);
    bool is_line = is_from_line(line, &found);
    *date = found;
    if (pos == 0)
        return true;
    if (!is_line)
        return false;
    cv_slice follows = line_at(in, next, &after);
    return is_field(follows) ||
           (blank_before &&
            (follows.len == 0 || cv_slice_starts(follows, CV_S(">From "))));
}

/* The next separator at or after pos, which begins a line; in.len for none. */
static size_t find_separator(cv_slice in, size_t pos, bool blank_before,
                             int64_t *date)
{
    while (pos < in.len) {
        size_t next;
        if (in.ptr[pos] == 'F' && separates(in, pos, blank_before, date))
            return pos;
        blank_before = line_at(in, pos, &next).len == 0;
        pos = next;
    }
    return in.len;
}

/* -- headers -- */

typedef struct head {
    size_t end; /* where the body begins */
    bool has_length;
    uint32_t length;
    bool has_flags;
    unsigned flags;
} head;

/* Letters of Status and X-Status. */
static unsigned flags_of_letters(cv_slice value)
{
    static const struct {
        char letter;
        unsigned flag;
    } letters[] = { { 'R', CV_MBOX_SEEN },
                    { 'A', CV_MBOX_ANSWERED },
                    { 'F', CV_MBOX_FLAGGED },
                    { 'T', CV_MBOX_DRAFT } };
    unsigned flags = 0;
    for (size_t i = 0; i < value.len; i++)
        for (size_t k = 0; k < CV_LEN(letters); k++)
            if (value.ptr[i] == letters[k].letter)
                flags |= letters[k].flag;
    return flags;
}

static unsigned flags_of_mozilla(cv_slice value)
{
    static const struct {
        unsigned bit, flag;
    } bits[] = { { 0x0001, CV_MBOX_SEEN },
                 { 0x0002, CV_MBOX_ANSWERED },
                 { 0x0004, CV_MBOX_FLAGGED },
                 { 0x0008, CV_MBOX_DELETED },
                 { 0x1000, CV_MBOX_FORWARDED } };
    unsigned v = 0, flags = 0;
    for (size_t i = 0; i < value.len && i < 4; i++) {
        int digit = cv_hex_digit(value.ptr[i]);
        v = v * 16 + (unsigned)(digit < 0 ? 0 : digit);
    }
    for (size_t i = 0; i < CV_LEN(bits); i++)
        if (v & bits[i].bit)
            flags |= bits[i].flag;
    return flags;
}

static void look_at_field(head *h, cv_slice line)
{
    cv_slice value = line;
    cv_slice name = cv_slice_cut(&value, ':');
    value = cv_slice_trim(value);
    if (cv_slice_ieq(name, CV_S("Content-Length"))) {
        h->has_length = cv_parse_u32(value, &h->length) == CV_OK;
    } else if (cv_slice_ieq(name, CV_S("Status")) ||
               cv_slice_ieq(name, CV_S("X-Status"))) {
        h->has_flags = true;
        h->flags |= flags_of_letters(value);
    } else if (cv_slice_ieq(name, CV_S("X-Mozilla-Status"))) {
        h->has_flags = true;
        h->flags |= flags_of_mozilla(value);
    }
}

/* The header block from pos up to its empty line, or to the next mail. */
static head read_head(cv_slice in, size_t pos)
{
    head h = { .end = pos };
    int64_t date;
    while (h.end < in.len) {
        size_t next;
        cv_slice line = line_at(in, h.end, &next);
        if (line.len && in.ptr[h.end] == 'F' &&
            separates(in, h.end, false, &date))
            break; /* no body at all */
        h.end = next;
        if (line.len == 0)
            break;
        look_at_field(&h, line);
    }
    return h;
}

/* Content-Length, where it ends at a separator or at the file's end. */
static bool trusted_end(cv_slice in, const head *h, size_t *end, int64_t *date)
{
    size_t pos;
    if (!h->has_length || !cv_add(h->end, h->length, &pos) || pos > in.len)
        return false;
    *end = pos;
    for (int i = 0;
         i < 4 && pos < in.len && (in.ptr[pos] == '\n' || in.ptr[pos] == '\r');
         i++)
        pos++;
    return pos == in.len || (pos > 0 && in.ptr[pos - 1] == '\n' &&
                             separates(in, pos, true, date));
}

/* -- the walk -- */

void cv_mbox_init(cv_mbox *box, cv_slice in)
{
    int64_t date;
    *box = (cv_mbox){ .in = in };
    box->garbage = find_separator(in, 0, true, &date);
    box->pos = box->garbage;
    /* Blank lines before the first mail are no garbage. */
    if (cv_slice_trim(cv_slice_sub(in, 0, box->garbage)).len == 0)
        box->garbage = 0;
}

/* Without the empty line that belongs to the separator. */
static size_t without_blank(cv_slice in, size_t from, size_t end)
{
    if (end - from >= 2 && in.ptr[end - 1] == '\n' && in.ptr[end - 2] == '\n')
        return end - 1;
    if (end - from >= 4 && memcmp(in.ptr + end - 4, "\r\n\r\n", 4) == 0)
        return end - 2;
    return end;
}

bool cv_mbox_next(cv_mbox *box, cv_mbox_mail *out)
{
    size_t from, end, next = box->in.len;
    int64_t date = INT64_MIN;
    if (box->pos >= box->in.len)
        return false;
    *out = (cv_mbox_mail){ .offset = box->pos, .date = INT64_MIN };
    if (!is_from_line(line_at(box->in, box->pos, &from), &out->date))
        out->date = INT64_MIN;
    head h = read_head(box->in, from);
    if (trusted_end(box->in, &h, &end, &date)) {
        next = find_separator(box->in, end, true, &date);
    } else {
        next = find_separator(box->in, h.end, true, &date);
        end = next < box->in.len ? without_blank(box->in, h.end, next) : next;
        out->quoted = true;
    }
    out->bytes = cv_slice_sub(box->in, from, end - from);
    out->has_flags = h.has_flags;
    out->flags = h.flags;
    box->pos = next;
    return true;
}

bool cv_mbox_has_several(cv_slice in)
{
    cv_mbox box;
    cv_mbox_mail mail;
    cv_mbox_init(&box, in);
    return cv_mbox_next(&box, &mail) && box.pos < in.len;
}

/* -- quoting -- */

/* ">>From " and the like at pos, the beginning of a line. */
static bool is_quoted(cv_slice in, size_t pos)
{
    size_t at = pos;
    while (at < in.len && in.ptr[at] == '>')
        at++;
    return at > pos && in.len - at >= 5 && memcmp(in.ptr + at, "From ", 5) == 0;
}

cv_slice cv_mbox_unquote(cv_arena *arena, const cv_mbox_mail *mail)
{
    cv_slice in = mail->bytes;
    uint8_t *out = NULL;
    size_t len = 0, from = 0, pos = 0, next;
    if (!mail->quoted)
        return in;
    for (; pos < in.len; pos = next) {
        (void)line_at(in, pos, &next);
        if (in.ptr[pos] != '>' || !is_quoted(in, pos))
            continue;
        if (!out)
            out = cv_arena_alloc(arena, in.len);
        if (!out)
            return (cv_slice){ 0 };
        memcpy(out + len, in.ptr + from, pos - from);
        len += pos - from;
        from = pos + 1;
    }
    if (!out)
        return in;
    memcpy(out + len, in.ptr + from, in.len - from);
    return cv_slice_of(out, len + in.len - from);
}
