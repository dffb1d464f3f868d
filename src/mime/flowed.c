/* Text whose soft line ends are undone. Source: RFC 3676 4. */
#include "mime/mime_private.h"

/* A line as format=flowed has it. */
typedef struct flowed_line {
    size_t quotes;  /* '>' at its beginning */
    cv_slice text;  /* behind them and the space that stuffs them */
    bool soft;      /* goes on in the next line */
    bool signature; /* "-- " */
} flowed_line;

static flowed_line line_of(cv_slice line)
{
    flowed_line l = { .quotes = 0 };
    while (l.quotes < line.len && line.ptr[l.quotes] == '>')
        l.quotes++;
    l.text = cv_slice_sub(line, l.quotes, line.len);
    if (l.text.len && l.text.ptr[0] == ' ')
        l.text = cv_slice_sub(l.text, 1, l.text.len);
    l.signature = cv_slice_eq(l.text, CV_S("-- "));
    l.soft = !l.signature && l.text.len && l.text.ptr[l.text.len - 1] == ' ';
    return l;
}

static void put_quotes(cv_buf *buf, size_t count)
{
    for (size_t i = 0; i < count; i++)
        cv_buf_put_byte(buf, '>');
    if (count)
        cv_buf_put_byte(buf, ' ');
}

static bool is_yes(cv_slice value)
{
    return cv_slice_ieq(cv_slice_trim(value), CV_S("yes"));
}

bool cv_mime_is_flowed(const cv_mime_part *part)
{
    return cv_mime_is(part, "text", "plain") &&
           cv_slice_ieq(cv_slice_trim(cv_mime_param_get(part, CV_S("format"))),
                        CV_S("flowed"));
}

cv_slice cv_mime_unflow(cv_arena *arena, const cv_mime_part *part,
                        cv_slice text)
{
    bool delsp = is_yes(cv_mime_param_get(part, CV_S("delsp")));
    cv_mime_lines lines = cv_mime_lines_of(text);
    flowed_line before = { .soft = false };
    cv_buf buf;
    cv_buf_init(&buf, 0);
    for (size_t pos = 0, next; pos < text.len; pos = next) {
        flowed_line l = line_of(cv_mime_line(&lines, pos, &next));
        bool joined = before.soft && before.quotes == l.quotes && !l.signature;
        if (!joined && before.soft)
            cv_buf_put_str(&buf, "\r\n"); /* soft, but nothing follows it */
        if (!joined)
            put_quotes(&buf, l.quotes);
        cv_buf_put_slice(&buf, l.soft && delsp
                                   ? cv_slice_sub(l.text, 0, l.text.len - 1)
                                   : l.text);
        bool ended = next > pos && cv_mime_is_blank(text.ptr[next - 1]) &&
                     (text.ptr[next - 1] == '\n' || text.ptr[next - 1] == '\r');
        if (!l.soft && ended)
            cv_buf_put_str(&buf, "\r\n");
        before = l;
    }
    if (before.soft)
        cv_buf_put_str(&buf, "\r\n");
    cv_slice out = cv_buf_dup(&buf, arena);
    cv_buf_clear(&buf);
    return out;
}
