#include "mime/write_private.h"

#include <stdio.h>
#include <string.h>

/* Text that begins every boundary of one message, and the parts' numbers. */
typedef struct writer {
    cv_mime_out out;
    unsigned flags;
    char stem[24];
    size_t ordinal;
    cv_report *report;
    cv_arena *arena;
} writer;

typedef enum encoding { E_7BIT, E_8BIT, E_QP, E_BASE64 } encoding;

static cv_status write_node(writer *w, const cv_mime_node *node, bool message,
                            unsigned depth);

static bool is_type(const cv_mime_node *node, const char *type,
                    const char *subtype)
{
    return cv_slice_ieq(node->type, cv_slice_cstr(type)) &&
           (!subtype || cv_slice_ieq(node->subtype, cv_slice_cstr(subtype)));
}

static bool is_multipart(const cv_mime_node *node)
{
    return node->content != CV_MIME_ENTITY && is_type(node, "multipart", NULL);
}

static encoding encoding_of(const cv_mime_node *node, unsigned flags)
{
    const cv_mime_stats *s = &node->stats;
    if (node->content == CV_MIME_BLOB)
        return E_BASE64;
    if (is_type(node, "message", "rfc822") ||
        is_type(node, "message", "global"))
        return s->eight_bit ? E_8BIT : E_7BIT;
    if (!is_type(node, "text", NULL) && !is_type(node, "message", NULL) &&
        node->bytes.len)
        return E_BASE64;
    if (!s->odd && s->longest <= CV_MIME_LINE_MAX) {
        if (!s->eight_bit)
            return E_7BIT;
        if (flags & CV_MIME_8BIT)
            return E_8BIT;
    }
    return s->escapes <= node->bytes.len / 6 ? E_QP : E_BASE64;
}

/* What stands in the output as it is, so that a boundary might occur in it. */
static bool is_verbatim(const cv_mime_node *node, unsigned flags)
{
    if (node->content == CV_MIME_ENTITY)
        return true;
    return node->content != CV_MIME_BLOB && encoding_of(node, flags) <= E_8BIT;
}

/* Does the test hold for the node or for one below it? */
static bool any_node(const cv_mime_node *node, unsigned flags, unsigned depth,
                     bool (*test)(const cv_mime_node *, unsigned, const void *),
                     const void *ctx)
{
    if (test(node, flags, ctx))
        return true;
    for (const cv_mime_node *c = node->children;
         c && depth < CV_LIMIT_MIME_DEPTH; c = c->next)
        if (any_node(c, flags, depth + 1, test, ctx))
            return true;
    return false;
}

static bool holds_stem(const cv_mime_node *node, unsigned flags,
                       const void *stem)
{
    return is_verbatim(node, flags) &&
           cv_slice_find(node->bytes, cv_slice_cstr(stem), 0) != CV_NPOS;
}

static bool holds_8bit(const cv_mime_node *node, unsigned flags,
                       const void *ctx)
{
    (void)ctx;
    return is_verbatim(node, flags) && node->stats.eight_bit;
}

/* "=_" never occurs in base64 and quoted-printable. */
static void choose_stem(writer *w, const cv_mime_node *root, cv_slice seed)
{
    for (unsigned attempt = 0;; attempt++) {
        uint8_t hash[32];
        cv_buf text;
        cv_buf_init(&text, 0);
        cv_buf_put_slice(&text, seed);
        cv_buf_printf(&text, "/%u", attempt);
        cv_sha256(cv_buf_slice(&text), hash);
        cv_buf_clear(&text);
        memcpy(w->stem, "=_", 3);
        for (size_t i = 0; i < 8; i++)
            snprintf(w->stem + 2 + 2 * i, 3, "%02x", hash[i]);
        if (!any_node(root, w->flags, 0, holds_stem, w->stem))
            return;
    }
}

/* -- header block -- */

static const cv_mime_pair *find_param(const cv_mime_pair *p, const char *name)
{
    while (p && !cv_slice_ieq(p->name, cv_slice_cstr(name)))
        p = p->next;
    return p;
}

static void put_line(writer *w, cv_buf *buf)
{
    cv_mime_out_put(&w->out, cv_buf_slice(buf));
    cv_buf_clear(buf);
}

static void put_content_type(writer *w, const cv_mime_node *node,
                             const char *boundary)
{
    cv_buf buf;
    cv_buf_init(&buf, 0);
    cv_mime_fold f = cv_mime_fold_begin(&buf, "Content-Type");
    cv_buf_printf(&buf, " %.*s/%.*s", CV_FMT(node->type),
                  CV_FMT(node->subtype));
    f.column = buf.len;
    f.started = true;
    for (const cv_mime_pair *p = node->params; p; p = p->next)
        if (!boundary || !cv_slice_ieq(p->name, CV_S("boundary")))
            cv_mime_fold_param(&f, p->name, p->value, w->flags);
    if (node->content == CV_MIME_TEXT && !find_param(node->params, "charset"))
        cv_mime_fold_param(&f, CV_S("charset"), CV_S("utf-8"), 0);
    if (boundary)
        cv_mime_fold_param(&f, CV_S("boundary"), cv_slice_cstr(boundary), 0);
    /* Old readers look here for the name (C014). */
    const cv_mime_pair *file = find_param(node->disposition_params, "filename");
    if (file && !find_param(node->params, "name") &&
        (node->disposition.len == 0 || (w->flags & CV_MIME_NAME_2047)))
        cv_mime_fold_param(&f, CV_S("name"), file->value, w->flags);
    cv_mime_fold_end(&f);
    put_line(w, &buf);
}

static void put_disposition(writer *w, const cv_mime_node *node)
{
    if (node->disposition.len == 0)
        return;
    cv_buf buf;
    cv_buf_init(&buf, 0);
    cv_mime_fold f = cv_mime_fold_begin(&buf, "Content-Disposition");
    cv_buf_printf(&buf, " %.*s", CV_FMT(node->disposition));
    f.column = buf.len;
    f.started = true;
    for (const cv_mime_pair *p = node->disposition_params; p; p = p->next)
        cv_mime_fold_param(&f, p->name, p->value, w->flags);
    cv_mime_fold_end(&f);
    put_line(w, &buf);
}

static void put_encoding(writer *w, const cv_mime_node *node, encoding e)
{
    static const char *const names[] = { "7bit", "8bit", "quoted-printable",
                                         "base64" };
    if (node->children || is_multipart(node))
        e = any_node(node, w->flags, 0, holds_8bit, NULL) ? E_8BIT : E_7BIT;
    if (e == E_7BIT)
        return;
    cv_mime_out_put(&w->out, CV_S("Content-Transfer-Encoding: "));
    cv_mime_out_put(&w->out, cv_slice_cstr(names[e]));
    cv_mime_out_put(&w->out, CV_S("\r\n"));
}

/* An entity brings its own header fields. */
static bool entity_has(const cv_mime_node *node, const char *name)
{
    cv_mime_lines lines = cv_mime_lines_of(node->bytes);
    cv_slice wanted = cv_slice_cstr(name);
    for (size_t pos = 0, next; pos < node->bytes.len; pos = next) {
        size_t value;
        cv_slice line = cv_mime_line(&lines, pos, &next);
        if (line.len == 0)
            return false;
        size_t n = cv_mime_header_name(line, &value);
        if (cv_slice_ieq(cv_slice_sub(line, 0, n), wanted))
            return true;
    }
    return false;
}

static void put_fields(writer *w, const cv_mime_node *node, bool message)
{
    bool version = !message;
    for (const cv_mime_header *f = node->fields; f; f = f->next) {
        cv_mime_out_put(&w->out, f->line);
        version |= cv_slice_ieq(f->name, CV_S("MIME-Version"));
    }
    /* An entity without fields of ours goes out untouched. */
    if (node->content == CV_MIME_ENTITY && !version)
        version = !node->fields || entity_has(node, "MIME-Version");
    if (!version)
        cv_mime_out_put(&w->out, CV_S("MIME-Version: 1.0\r\n"));
}

/* -- bodies -- */

static void put_blob(writer *w, const cv_mime_node *node)
{
    cv_status status;
    cv_error err = { .what = "" };
    cv_mime_out_base64(&w->out, node->blob, &status, &err);
    if (status == CV_OK || w->out.status != CV_OK)
        return;
    const cv_mime_pair *file = find_param(node->disposition_params, "filename");
    cv_report_say(w->report, CV_RULE_ATTACHMENT_DATA, CV_S(""), CV_S(""),
                  file ? file->value : CV_S(""),
                  "its data cannot be read to the end: %s", err.what);
}

static void put_leaf(writer *w, const cv_mime_node *node, encoding e)
{
    if (node->content == CV_MIME_BLOB) {
        put_blob(w, node);
    } else if (e == E_BASE64) {
        cv_blob blob = cv_blob_mem(node->bytes);
        cv_status status;
        cv_mime_out_base64(&w->out, &blob, &status, NULL);
    } else if (e == E_QP) {
        cv_mime_out_qp(&w->out, node->bytes);
    } else {
        cv_mime_out_put(&w->out, node->bytes);
    }
}

static void put_delimiter(writer *w, const char *boundary, const char *end)
{
    cv_mime_out_put(&w->out, CV_S("--"));
    cv_mime_out_put(&w->out, cv_slice_cstr(boundary));
    cv_mime_out_put(&w->out, cv_slice_cstr(end));
}

static cv_status write_children(writer *w, const cv_mime_node *node,
                                const char *boundary, unsigned depth)
{
    for (const cv_mime_node *c = node->children; c; c = c->next) {
        put_delimiter(w, boundary, "\r\n");
        CV_TRY(write_node(w, c, false, depth + 1));
        cv_mime_out_put(&w->out, CV_S("\r\n"));
    }
    if (!node->children) /* a multipart has one part at least */
        put_delimiter(w, boundary, "\r\n\r\n\r\n");
    put_delimiter(w, boundary, "--\r\n");
    return w->out.status;
}

static cv_status write_node(writer *w, const cv_mime_node *node, bool message,
                            unsigned depth)
{
    if (depth > CV_LIMIT_MIME_DEPTH)
        return cv_fail(w->out.err, CV_ERR_LIMIT, "parts nested deeper than %d",
                       CV_LIMIT_MIME_DEPTH);
    char boundary[64];
    bool multipart = is_multipart(node);
    encoding e = encoding_of(node, w->flags);
    put_fields(w, node, message);
    if (node->content == CV_MIME_ENTITY) {
        cv_mime_out_put(&w->out, node->bytes);
        return w->out.status;
    }
    if (multipart)
        snprintf(boundary, sizeof boundary, "%s_%04zx", w->stem, w->ordinal++);
    put_content_type(w, node, multipart ? boundary : NULL);
    put_encoding(w, node, e);
    put_disposition(w, node);
    cv_mime_out_put(&w->out, CV_S("\r\n"));
    if (multipart)
        return write_children(w, node, boundary, depth);
    if (node->children && is_type(node, "message", NULL))
        return write_node(w, node->children, true, depth + 1);
    put_leaf(w, node, e);
    return w->out.status;
}

cv_status cv_mime_write(const cv_mime_node *root, cv_slice seed, unsigned flags,
                        const cv_sink *out, cv_report *report, cv_error *err)
{
    if (!root)
        return cv_fail(err, CV_ERR_NOMEM, "no MIME tree");
    if (cv_arena_status(root->arena) != CV_OK)
        return cv_arena_fail(root->arena, err);
    writer w = { .flags = flags, .report = report, .arena = root->arena };
    w.out.to = out;
    w.out.err = err;
    cv_buf_init(&w.out.buf, 0);
    choose_stem(&w, root, seed);
    cv_status status = write_node(&w, root, true, 0);
    /* The last line of a message has an end; an entity stays as it is. */
    if (status == CV_OK && root->content != CV_MIME_ENTITY &&
        !(w.out.last[0] == '\r' && w.out.last[1] == '\n'))
        cv_mime_out_put(&w.out, CV_S("\r\n"));
    cv_mime_out_flush(&w.out);
    cv_buf_clear(&w.out.buf);
    return status == CV_OK ? w.out.status : status;
}
