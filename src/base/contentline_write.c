/* Content lines, written: quoted, escaped and folded. */
#include "base/contentline.h"

#include "base/datetime.h"
#include "base/text.h"

#define FOLD_AT 75 /* octets of a physical line without its end */

void cv_line_writer_init(cv_line_writer *w, cv_buf *out)
{
    w->out = out;
    cv_buf_init(&w->line, 0);
}

void cv_line_writer_clear(cv_line_writer *w)
{
    cv_buf_clear(&w->line);
}

void cv_line_begin_slice(cv_line_writer *w, cv_slice name)
{
    cv_buf_reset(&w->line);
    cv_buf_put_slice(&w->line, name);
}

void cv_line_begin(cv_line_writer *w, const char *name)
{
    cv_line_begin_slice(w, cv_slice_cstr(name));
}

static bool needs_quotes(cv_slice value)
{
    for (size_t i = 0; i < value.len; i++)
        if (value.ptr[i] == ':' || value.ptr[i] == ';' || value.ptr[i] == ',')
            return true;
    return false;
}

void cv_line_param(cv_line_writer *w, const char *name, cv_slice value)
{
    cv_buf_printf(&w->line, ";%s", name);
    cv_line_param_value(w, value);
}

void cv_line_param_value(cv_line_writer *w, cv_slice value)
{
    bool quotes = needs_quotes(value);

    cv_buf_put_byte(&w->line, '=');
    if (quotes)
        cv_buf_put_byte(&w->line, '"');
    for (size_t i = 0; i < value.len; i++) {
        uint8_t c = value.ptr[i];
        if (c == '"')
            cv_buf_put_str(&w->line, "^'");
        else if (c == '^')
            cv_buf_put_str(&w->line, "^^");
        else if (c == '\n')
            cv_buf_put_str(&w->line, "^n");
        else if (c >= 0x20 && c != 0x7F)
            cv_buf_put_byte(&w->line, c);
    }
    if (quotes)
        cv_buf_put_byte(&w->line, '"');
}

void cv_line_colon(cv_line_writer *w)
{
    cv_buf_put_byte(&w->line, ':');
}

void cv_line_text(cv_line_writer *w, cv_slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.ptr[i];
        if (c == '\r' && i + 1 < text.len && text.ptr[i + 1] == '\n')
            continue;
        if (c == '\n' || c == '\r') {
            cv_buf_put_str(&w->line, "\\n");
        } else if (c == '\\' || c == ';' || c == ',') {
            cv_buf_put_byte(&w->line, '\\');
            cv_buf_put_byte(&w->line, c);
        } else if ((c >= 0x20 && c != 0x7F) || c == '\t') {
            cv_buf_put_byte(&w->line, c);
        }
    }
}

void cv_line_raw(cv_line_writer *w, cv_slice text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((text.ptr[i] >= 0x20 && text.ptr[i] != 0x7F) || text.ptr[i] == '\t')
            cv_buf_put_byte(&w->line, text.ptr[i]);
}

void cv_line_end(cv_line_writer *w)
{
    cv_slice rest = cv_buf_slice(&w->line);
    size_t room = FOLD_AT;

    while (rest.len > room) {
        cv_slice part = cv_utf8_clip(rest, room);
        if (part.len == 0)
            part = cv_slice_sub(rest, 0, room);
        cv_buf_put_slice(w->out, part);
        cv_buf_put_str(w->out, "\r\n ");
        rest = cv_slice_sub(rest, part.len, CV_NPOS);
        room = FOLD_AT - 1; /* the blank counts */
    }
    cv_buf_put_slice(w->out, rest);
    cv_buf_put_str(w->out, "\r\n");
}

void cv_line_put_literal(cv_line_writer *w, const char *line)
{
    cv_line_begin(w, line);
    cv_line_end(w);
}

void cv_line_put_text(cv_line_writer *w, const char *name, cv_slice text)
{
    cv_line_begin(w, name);
    cv_line_colon(w);
    cv_line_text(w, text);
    cv_line_end(w);
}

void cv_line_put_word(cv_line_writer *w, const char *name, const char *word)
{
    cv_line_begin(w, name);
    cv_line_colon(w);
    cv_buf_put_str(&w->line, word);
    cv_line_end(w);
}

void cv_line_put_int(cv_line_writer *w, const char *name, int64_t value)
{
    cv_line_begin(w, name);
    cv_buf_printf(&w->line, ":%lld", (long long)value);
    cv_line_end(w);
}

void cv_line_put_utc(cv_line_writer *w, const char *name, int64_t ticks)
{
    cv_line_begin(w, name);
    cv_line_colon(w);
    cv_ical_time_put(&w->line, ticks, false);
    cv_buf_put_byte(&w->line, 'Z');
    cv_line_end(w);
}
