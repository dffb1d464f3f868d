/* The ids by which HTML shows files. Source: spec mime-mapping.md A8: an id
 * that no header can carry is made anew, and the HTML says the new one. */
#include "convert/to_mime.h"

#include "base/text.h"
#include "html/html_write.h"

#include <stdlib.h>

#define MAX_ID 900         /* bytes that fit a line with the field's name */
#define MAX_REFERENCE 3000 /* bytes of an id with all of it escaped */

static cv_slice stored_id(cv_arena *arena, const cv_bag *props)
{
    cv_slice id = cv_slice_trim(cv_text_one_line(
        arena, cv_bag_string_or(props, CV_PidTagAttachContentId, CV_S(""))));
    if (id.len > 2 && id.ptr[0] == '<' && id.ptr[id.len - 1] == '>')
        id = cv_slice_sub(id, 1, id.len - 2);
    return id;
}

/* It may stand between angle brackets. */
static bool is_sound(cv_slice id)
{
    for (size_t i = 0; i < id.len; i++)
        if (id.ptr[i] <= 0x20 || id.ptr[i] >= 0x7F || id.ptr[i] == '<' ||
            id.ptr[i] == '>')
            return false;
    return id.len < MAX_ID;
}

/* The same for the same id, whoever asks and when. */
static cv_slice new_id(const cv_to *t, cv_slice id)
{
    uint8_t digest[32];
    cv_buf hex;
    cv_sha256(cv_ascii_lower(t->arena, id), digest);
    cv_buf_init(&hex, 100);
    cv_hex_put(&hex, cv_slice_of(digest, 12), false);
    cv_slice made =
        cv_arena_printf(t->arena, "file.%.*s@%.*s", CV_FMT(cv_buf_slice(&hex)),
                        CV_FMT(cv_opt_domain(t->options)));
    cv_buf_clear(&hex);
    return made;
}

cv_slice cv_content_id(const cv_to *t, const cv_bag *props)
{
    cv_slice id = stored_id(t->arena, props);
    return is_sound(id) ? id : new_id(t, id);
}

/* -- references of the HTML -- */

/* The character of `html` at *pos, perhaps written as a percent escape. */
static uint8_t next_char(cv_slice html, size_t *pos)
{
    uint8_t c = html.ptr[(*pos)++];
    int high = *pos < html.len ? cv_hex_digit(html.ptr[*pos]) : -1;
    int low = *pos + 1 < html.len ? cv_hex_digit(html.ptr[*pos + 1]) : -1;
    if (c == '%' && high >= 0 && low >= 0) {
        c = (uint8_t)(high << 4 | low);
        *pos += 2;
    }
    return c;
}

/* `html` at pos spells id. */
static bool spells(cv_slice html, size_t pos, cv_slice id)
{
    for (size_t i = 0; i < id.len; i++) {
        if (pos >= html.len)
            return false;
        if ((next_char(html, &pos) | 32) != (id.ptr[i] | 32))
            return false;
    }
    return true;
}

bool cv_html_shows_id(cv_slice html, cv_slice id)
{
    for (size_t at = 0; id.len; at += 4) {
        at = cv_slice_ifind(html, CV_S("cid:"), at);
        if (at == CV_NPOS)
            return false;
        if (spells(html, at + 4, id))
            return true;
    }
    return false;
}

/* -- new ids -- */

typedef struct renamed {
    cv_slice old, now; /* old in lower case */
} renamed;

static int compare(const void *a, const void *b)
{
    const renamed *x = a, *y = b;
    return cv_slice_cmp(x->old, y->old);
}

/* End of the reference that begins at pos, behind "cid:": the quote that it
 * stands in, else what no word has. */
static size_t end_of_reference(cv_slice html, size_t pos)
{
    uint8_t quote = pos > 4 ? html.ptr[pos - 5] : 0;
    bool quoted = quote == '"' || quote == '\'';
    for (size_t i = pos; i < html.len && i - pos < MAX_REFERENCE; i++) {
        uint8_t c = html.ptr[i];
        if (quoted ? c == quote
                   : c <= ' ' || c == '>' || c == ')' || c == '"' || c == '\'')
            return i;
    }
    return pos;
}

static const renamed *find_new(const renamed *list, size_t count, cv_slice html,
                               size_t pos, size_t end)
{
    uint8_t text[MAX_REFERENCE];
    size_t len = 0;
    cv_slice part = cv_slice_sub(html, 0, end);
    while (pos < end && len < sizeof text) {
        uint8_t c = next_char(part, &pos);
        text[len++] = c >= 'A' && c <= 'Z' ? (uint8_t)(c | 32) : c;
    }
    renamed key = { .old = cv_slice_trim(cv_slice_of(text, len)) };
    return bsearch(&key, list, count, sizeof *list, compare);
}

static void say_new_id(cv_to *t, size_t index, cv_slice id, cv_slice now)
{
    cv_report_say(t->report, CV_RULE_BAD_VALUE,
                  cv_index_path(t->arena, "attachment", index),
                  CV_S("PidTagAttachContentId"), cv_utf8_clip(id, 200), "%.*s",
                  CV_FMT(now));
}

static cv_status find_unsound(cv_to *t, renamed **list, size_t *count)
{
    size_t all = cv_object_attachment_count(t->obj);
    *list = NULL;
    *count = 0;
    for (size_t i = 0; i < all; i++) {
        const cv_bag *props = cv_object_attachment(t->obj, i)->props;
        cv_slice id = stored_id(t->arena, props);
        if (is_sound(id))
            continue;
        if (!*list)
            *list = cv_arena_array(t->arena, all, sizeof **list);
        if (!*list)
            return cv_arena_fail(t->arena, t->err);
        cv_slice now = new_id(t, id);
        (*list)[(*count)++] = (renamed){ cv_ascii_lower(t->arena, id), now };
        say_new_id(t, i, id, now);
    }
    return CV_OK;
}

static void rewrite(cv_to *t, const renamed *list, size_t count, cv_body *body)
{
    cv_slice html = body->html;
    size_t from = 0;
    cv_buf buf;
    cv_buf_init(&buf, 0);
    for (size_t at = 0;; at += 4) {
        at = cv_slice_ifind(html, CV_S("cid:"), at);
        if (at == CV_NPOS)
            break;
        size_t end = end_of_reference(html, at + 4);
        const renamed *found = find_new(list, count, html, at + 4, end);
        if (!found)
            continue;
        cv_buf_put_slice(&buf, cv_slice_sub(html, from, at + 4 - from));
        cv_buf_put_slice(&buf, found->now);
        from = end;
        at = end - 4;
    }
    if (from) {
        cv_buf_put_slice(&buf, cv_slice_sub(html, from, html.len));
        body->html = cv_html_say_utf8(t->arena, cv_buf_dup(&buf, t->arena));
        body->html_charset = NULL;
    }
    cv_buf_clear(&buf);
}

cv_status cv_content_ids_settle(cv_to *t, cv_body *body)
{
    renamed *list;
    size_t count;
    CV_TRY(find_unsound(t, &list, &count));
    if (!count)
        return CV_OK;
    qsort(list, count, sizeof *list, compare);
    if (body->has_html)
        rewrite(t, list, count, body);
    return cv_arena_status(t->arena) == CV_OK ? CV_OK
                                              : cv_arena_fail(t->arena, t->err);
}
