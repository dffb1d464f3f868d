#include "mapi/json.h"

#include "base/limits.h"
#include "base/text.h"

#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* -- writing -------------------------------------------------------------- */

cv_json_writer cv_json_writer_of(cv_buf *buf, bool pretty)
{
    return (cv_json_writer){ .buf = buf, .pretty = pretty };
}

static void put_newline(cv_json_writer *w)
{
    static const char blanks[] = "                                ";
    size_t left = 2 * (size_t)w->depth;
    cv_buf_put_byte(w->buf, '\n');
    while (left > 0) {
        size_t part = left < sizeof(blanks) - 1 ? left : sizeof(blanks) - 1;
        cv_buf_put(w->buf, blanks, part);
        left -= part;
    }
}

/* A character that JSON wants escaped. */
static void put_escape(cv_buf *buf, uint8_t c)
{
    static const char names[] = "\"\"\\\\\bb\ff\nn\rr\tt";
    for (size_t i = 0; i + 1 < sizeof(names); i += 2) {
        if ((uint8_t)names[i] == c) {
            cv_buf_put_byte(buf, '\\');
            cv_buf_put_byte(buf, (uint8_t)names[i + 1]);
            return;
        }
    }
    cv_buf_printf(buf, "\\u%04x", c);
}

static bool is_plain(uint8_t c)
{
    return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

static void put_quoted(cv_buf *buf, cv_slice text)
{
    size_t pos = 0;
    cv_buf_put_byte(buf, '"');
    while (pos < text.len) {
        size_t run = pos;
        while (run < text.len && is_plain(text.ptr[run]))
            run++;
        if (run > pos)
            cv_buf_put(buf, text.ptr + pos, run - pos);
        pos = run;
        if (pos < text.len && text.ptr[pos] < 0x80)
            put_escape(buf, text.ptr[pos++]);
        else if (pos < text.len)
            cv_utf8_put(buf, cv_utf8_next(text, &pos));
    }
    cv_buf_put_byte(buf, '"');
}

/* Everything before a value. */
static void put_key(cv_json_writer *w, const char *key)
{
    if (w->comma)
        cv_buf_put_byte(w->buf, ',');
    if (w->pretty && w->depth > 0)
        put_newline(w);
    if (key) {
        put_quoted(w->buf, cv_slice_cstr(key));
        cv_buf_put_str(w->buf, w->pretty ? ": " : ":");
    }
    w->comma = true;
}

static void put_begin(cv_json_writer *w, const char *key, char bracket)
{
    put_key(w, key);
    cv_buf_put_byte(w->buf, (uint8_t)bracket);
    w->comma = false;
    w->depth++;
}

static void put_end(cv_json_writer *w, char bracket)
{
    bool filled = w->comma;
    cv_assert(w->depth > 0);
    w->depth--;
    if (w->pretty && filled)
        put_newline(w);
    cv_buf_put_byte(w->buf, (uint8_t)bracket);
    w->comma = true;
}

void cv_json_begin_object(cv_json_writer *w, const char *key)
{
    put_begin(w, key, '{');
}

void cv_json_end_object(cv_json_writer *w)
{
    put_end(w, '}');
}

void cv_json_begin_array(cv_json_writer *w, const char *key)
{
    put_begin(w, key, '[');
}

void cv_json_end_array(cv_json_writer *w)
{
    put_end(w, ']');
}

void cv_json_put_text(cv_json_writer *w, const char *key, cv_slice text)
{
    put_key(w, key);
    put_quoted(w->buf, text);
}

void cv_json_put_str(cv_json_writer *w, const char *key, const char *text)
{
    cv_json_put_text(w, key, cv_slice_cstr(text));
}

void cv_json_put_int(cv_json_writer *w, const char *key, int64_t v)
{
    put_key(w, key);
    cv_buf_printf(w->buf, "%" PRId64, v);
}

void cv_json_put_real(cv_json_writer *w, const char *key, double v)
{
    char text[CV_REAL_TEXT];
    static const char *const formats[] = { "%.15g", "%.16g", "%.17g" };
    if (isnan(v)) {
        cv_json_put_str(w, key, "NaN");
        return;
    }
    if (isinf(v)) {
        cv_json_put_str(w, key, v > 0 ? "Infinity" : "-Infinity");
        return;
    }
    put_key(w, key);
    if (v == 0.0) {
        cv_buf_put_str(w->buf, signbit(v) ? "-0.0" : "0");
        return;
    }
    for (size_t i = 0; i < CV_LEN(formats); i++) {
        cv_real_put(text, formats[i], v);
        if (cv_real_parse(text, NULL) == v)
            break;
    }
    cv_buf_put_str(w->buf, text);
}

void cv_json_put_hex(cv_json_writer *w, const char *key, cv_slice bytes)
{
    put_key(w, key);
    cv_buf_put_byte(w->buf, '"');
    cv_hex_put(w->buf, bytes, false);
    cv_buf_put_byte(w->buf, '"');
}

void cv_json_put_bool(cv_json_writer *w, const char *key, bool v)
{
    put_key(w, key);
    cv_buf_put_str(w->buf, v ? "true" : "false");
}

void cv_json_put_null(cv_json_writer *w, const char *key)
{
    put_key(w, key);
    cv_buf_put_str(w->buf, "null");
}

void cv_json_put_raw(cv_json_writer *w, const char *key, cv_slice json)
{
    put_key(w, key);
    cv_buf_put_slice(w->buf, json);
}

/* -- reading -------------------------------------------------------------- */

/* jansson recurses into arrays and objects and takes memory for each value:
 * both are bounded here, before it sees the text. */
static cv_status scan(cv_slice text, cv_error *err)
{
    unsigned depth = 0;
    size_t values = 0;
    bool quoted = false;
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.ptr[i];
        if (quoted) {
            if (c == '\\')
                i++;
            quoted = c != '"';
            continue;
        }
        quoted = c == '"';
        bool opens = c == '[' || c == '{';
        if (opens && ++depth > CV_LIMIT_JSON_DEPTH)
            return cv_fail_at(err, CV_ERR_LIMIT, i,
                              "CV_LIMIT_JSON_DEPTH: nested deeper than %d",
                              CV_LIMIT_JSON_DEPTH);
        if ((c == ']' || c == '}') && depth > 0)
            depth--;
        if ((opens || c == ',') && ++values > CV_LIMIT_JSON_VALUES)
            return cv_fail_at(err, CV_ERR_LIMIT, i,
                              "CV_LIMIT_JSON_VALUES: more than %d values",
                              CV_LIMIT_JSON_VALUES);
    }
    return CV_OK;
}

/* jansson's lexer reports a failed allocation as a wrong token. A document
 * must not count as broken because memory was short, so its allocations are
 * watched, for the duration of one call in this thread. */
static pthread_once_t watch_once = PTHREAD_ONCE_INIT;
static _Thread_local bool allocation_failed;

static void *watched_malloc(size_t size)
{
    void *ptr = malloc(size);
    allocation_failed = allocation_failed || !ptr;
    return ptr;
}

static void watch_allocations(void)
{
    json_set_alloc_funcs(watched_malloc, free);
}

/* Feeds the lexer, which would try an allocation for each character that is
 * left, after one has failed. */
static size_t feed(void *buffer, size_t room, void *ctx)
{
    cv_slice *rest = ctx;
    if (allocation_failed)
        return (size_t)-1;
    cv_slice piece = cv_slice_sub(*rest, 0, room);
    if (piece.len)
        memcpy(buffer, piece.ptr, piece.len);
    *rest = cv_slice_sub(*rest, piece.len, rest->len);
    return piece.len;
}

static cv_status load(cv_slice text, json_t **out, cv_error *err)
{
    json_error_t why;
    pthread_once(&watch_once, watch_allocations);
    allocation_failed = false;
    *out =
        json_load_callback(feed, &text, JSON_DECODE_ANY | JSON_ALLOW_NUL, &why);
    if (*out)
        return CV_OK;
    if (allocation_failed)
        return cv_fail(err, CV_ERR_NOMEM, "no memory for JSON");
    return cv_fail_at(err, CV_ERR_SYNTAX, (uint64_t)why.position,
                      "JSON, line %d: %s", why.line, why.text);
}

static cv_status copy_node(cv_arena *arena, const json_t *from, cv_json *to,
                           cv_error *err);

static cv_status copy_text(cv_arena *arena, const char *text, size_t len,
                           cv_slice *out, cv_error *err)
{
    *out = cv_arena_dup(arena, cv_slice_of(text, len));
    return out->ptr ? CV_OK : cv_arena_fail(arena, err);
}

static cv_status copy_items(cv_arena *arena, const json_t *from, cv_json *to,
                            cv_error *err)
{
    bool is_object = json_is_object(from);
    size_t i = 0;
    to->type = is_object ? CV_JSON_OBJECT : CV_JSON_ARRAY;
    to->count = is_object ? json_object_size(from) : json_array_size(from);
    to->items = cv_arena_array(arena, to->count, sizeof(*to->items));
    if (!to->items)
        return cv_arena_fail(arena, err);
    if (!is_object) {
        for (; i < to->count; i++)
            CV_TRY(
                copy_node(arena, json_array_get(from, i), &to->items[i], err));
        return CV_OK;
    }
    /* jansson's iterator wants a pointer without const and only reads. */
    json_t *object = (json_t *)(uintptr_t)from;
    const char *key;
    json_t *value;
    json_object_foreach(object, key, value)
    {
        cv_json *item = &to->items[i++];
        CV_TRY(copy_text(arena, key, strlen(key), &item->key, err));
        CV_TRY(copy_node(arena, value, item, err));
    }
    return CV_OK;
}

/* Recursion is bounded by scan(). */
static cv_status copy_node(cv_arena *arena, const json_t *from, cv_json *to,
                           cv_error *err)
{
    switch (json_typeof(from)) {
    case JSON_NULL:
        to->type = CV_JSON_NULL;
        return CV_OK;
    case JSON_TRUE:
    case JSON_FALSE:
        to->type = CV_JSON_BOOL;
        to->boolean = json_is_true(from);
        return CV_OK;
    case JSON_INTEGER:
        to->type = CV_JSON_INT;
        to->i64 = json_integer_value(from);
        to->real = (double)to->i64;
        return CV_OK;
    case JSON_REAL:
        to->type = CV_JSON_REAL;
        to->real = json_real_value(from);
        return CV_OK;
    case JSON_STRING:
        to->type = CV_JSON_TEXT;
        return copy_text(arena, json_string_value(from),
                         json_string_length(from), &to->text, err);
    case JSON_ARRAY:
    case JSON_OBJECT:
        break;
    }
    return copy_items(arena, from, to, err);
}

cv_status cv_json_parse(cv_arena *arena, cv_slice text, cv_json **out,
                        cv_error *err)
{
    if (text.len > CV_LIMIT_JSON_BYTES)
        return cv_fail(err, CV_ERR_LIMIT, "CV_LIMIT_JSON_BYTES: %zu bytes",
                       text.len);
    if (cv_slice_starts(text, CV_S("\xEF\xBB\xBF")))
        text = cv_slice_sub(text, 3, text.len);
    CV_TRY(scan(text, err));

    json_t *root;
    CV_TRY(load(text, &root, err));
    cv_json *node = cv_arena_alloc(arena, sizeof(*node));
    cv_status status =
        node ? copy_node(arena, root, node, err) : cv_arena_fail(arena, err);
    json_decref(root);
    if (status == CV_OK)
        *out = node;
    return status;
}

const cv_json *cv_json_get(const cv_json *node, const char *key)
{
    cv_slice want = cv_slice_cstr(key);
    if (!node || node->type != CV_JSON_OBJECT)
        return NULL;
    for (size_t i = 0; i < node->count; i++) {
        if (cv_slice_eq(node->items[i].key, want))
            return &node->items[i];
    }
    return NULL;
}

cv_slice cv_json_text_or(const cv_json *node, const char *key,
                         cv_slice otherwise)
{
    const cv_json *item = cv_json_get(node, key);
    return item && item->type == CV_JSON_TEXT ? item->text : otherwise;
}

int64_t cv_json_int_or(const cv_json *node, const char *key, int64_t otherwise)
{
    const cv_json *item = cv_json_get(node, key);
    return item && item->type == CV_JSON_INT ? item->i64 : otherwise;
}

bool cv_json_bool_or(const cv_json *node, const char *key, bool otherwise)
{
    const cv_json *item = cv_json_get(node, key);
    return item && item->type == CV_JSON_BOOL ? item->boolean : otherwise;
}

/* -- reports -------------------------------------------------------------- */

static bool rule_by_id(cv_slice id, cv_rule_id *rule)
{
    for (int i = 0; i < CV_RULE_COUNT; i++) {
        if (cv_slice_eq(id, cv_slice_cstr(cv_rule_get((cv_rule_id)i)->id))) {
            *rule = (cv_rule_id)i;
            return true;
        }
    }
    return false;
}

static bool severity_by_name(cv_slice name, cv_severity *severity)
{
    static const char *const names[] = { "note", "repaired", "lost", "error" };
    for (size_t i = 0; i < CV_LEN(names); i++) {
        if (cv_slice_eq(name, cv_slice_cstr(names[i]))) {
            *severity = (cv_severity)i;
            return true;
        }
    }
    return false;
}

static cv_status read_finding(const cv_json *node, cv_report *report,
                              cv_error *err)
{
    cv_finding f = { .path = cv_json_text_or(node, "path", CV_S("")),
                     .property = cv_json_text_or(node, "property", CV_S("")),
                     .found = cv_json_text_or(node, "found", CV_S("")),
                     .done = cv_json_text_or(node, "done", CV_S("")),
                     .line = (uint64_t)cv_json_int_or(node, "line", 0),
                     .offset = (uint64_t)cv_json_int_or(node, "offset", -1) };
    cv_slice id = cv_json_text_or(node, "rule", CV_S(""));
    cv_slice severity = cv_json_text_or(node, "severity", CV_S(""));
    if (!rule_by_id(id, &f.rule))
        return cv_fail(err, CV_ERR_SYNTAX, "unknown rule in a finding");
    if (!severity_by_name(severity, &f.severity))
        return cv_fail(err, CV_ERR_SYNTAX, "unknown severity in a finding");
    cv_report_add(report, &f);
    return CV_OK;
}

cv_status cv_report_from_json(cv_slice json, cv_report *report, cv_error *err)
{
    cv_arena *arena = NULL;
    cv_json *root = NULL;
    CV_TRY(cv_arena_new(0, &arena, err));
    cv_status status = cv_json_parse(arena, json, &root, err);
    const cv_json *list = root;
    if (status == CV_OK && root->type == CV_JSON_OBJECT)
        list = cv_json_get(root, "findings");
    if (status == CV_OK && (!list || list->type != CV_JSON_ARRAY))
        status = cv_fail(err, CV_ERR_SYNTAX, "no array of findings");
    for (size_t i = 0; status == CV_OK && i < list->count; i++)
        status = read_finding(&list->items[i], report, err);
    cv_arena_free(&arena);
    return status;
}
