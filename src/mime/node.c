#include "mime/write_private.h"

#include <string.h>

cv_mime_node *cv_mime_node_new(cv_arena *arena, const char *type,
                               const char *subtype)
{
    cv_mime_node *n = cv_arena_alloc(arena, sizeof *n);
    if (!n)
        return NULL;
    n->arena = arena;
    n->type = cv_arena_dup(arena, cv_slice_cstr(type));
    n->subtype = cv_arena_dup(arena, cv_slice_cstr(subtype));
    if (!cv_mime_is_token(n->type) || !cv_mime_is_token(n->subtype)) {
        n->type = CV_S("application");
        n->subtype = CV_S("octet-stream");
    }
    n->fields_end = &n->fields;
    n->params_end = &n->params;
    n->disposition_params_end = &n->disposition_params;
    n->children_end = &n->children;
    return n;
}

void cv_mime_node_add(cv_mime_node *parent, cv_mime_node *child)
{
    if (!parent || !child)
        return;
    *parent->children_end = child;
    parent->children_end = &child->next;
}

static bool is_field_name(const char *name)
{
    size_t n = 0;
    for (; name[n]; n++)
        if (name[n] < 33 || name[n] > 126 || name[n] == ':')
            return false;
    return n > 0 && n < 200;
}

static void add_field(cv_mime_node *node, const char *name, const cv_buf *buf)
{
    cv_mime_header *f = cv_arena_alloc(node->arena, sizeof *f);
    cv_slice line = cv_buf_dup(buf, node->arena);
    cv_slice copy = cv_arena_dup(node->arena, cv_slice_cstr(name));
    if (!f || !line.ptr || !copy.ptr)
        return;
    f->name = copy;
    f->line = line;
    *node->fields_end = f;
    node->fields_end = &f->next;
}

static cv_slice clean(cv_arena *arena, cv_slice text)
{
    cv_slice s = cv_utf8_repair(arena, text);
    return s.ptr ? cv_text_one_line(arena, s) : s;
}

static void put_field(cv_mime_node *node, const char *name, cv_slice value,
                      bool unstructured)
{
    if (!node || !is_field_name(name))
        return;
    cv_buf buf;
    cv_buf_init(&buf, 0);
    cv_mime_fold f = cv_mime_fold_begin(&buf, name);
    cv_slice text = clean(node->arena, value);
    if (unstructured || !cv_is_ascii(text))
        cv_mime_fold_text(&f, text);
    else
        cv_mime_fold_words(&f, CV_S(" "), cv_slice_trim(text));
    cv_mime_fold_end(&f);
    add_field(node, name, &buf);
    cv_buf_clear(&buf);
}

void cv_mime_node_field(cv_mime_node *node, const char *name, cv_slice value)
{
    put_field(node, name, value, false);
}

void cv_mime_node_text_field(cv_mime_node *node, const char *name,
                             cv_slice text)
{
    put_field(node, name, text, true);
}

void cv_mime_node_address_field(cv_mime_node *node, const char *name,
                                const cv_mime_address *list, size_t count)
{
    if (!node || !is_field_name(name))
        return;
    cv_buf buf;
    cv_buf_init(&buf, 0);
    cv_mime_fold f = cv_mime_fold_begin(&buf, name);
    size_t empty = buf.len;
    cv_mime_fold_addresses(&f, list, count, node->arena);
    bool any = buf.len > empty;
    cv_mime_fold_end(&f);
    if (any)
        add_field(node, name, &buf);
    cv_buf_clear(&buf);
}

static void add_param(cv_mime_node *node, cv_mime_pair ***end, const char *name,
                      cv_slice value)
{
    cv_mime_pair *p = cv_arena_alloc(node->arena, sizeof *p);
    cv_slice text = clean(node->arena, value);
    cv_slice copy = cv_arena_dup(node->arena, cv_slice_cstr(name));
    if (!p || !copy.ptr || !cv_mime_is_token(copy))
        return;
    p->name = copy;
    p->value = cv_arena_dup(node->arena, text);
    **end = p;
    *end = &p->next;
}

/* Parameters that say something of the file are Content-Disposition's. */
static bool is_disposition_param(const char *name)
{
    static const char *const names[] = { "filename", "size", "creation-date",
                                         "modification-date", "read-date" };
    for (size_t i = 0; i < CV_LEN(names); i++)
        if (cv_slice_ieq(cv_slice_cstr(name), cv_slice_cstr(names[i])))
            return true;
    return false;
}

void cv_mime_node_param(cv_mime_node *node, const char *name, cv_slice value)
{
    if (node && is_disposition_param(name))
        add_param(node, &node->disposition_params_end, name, value);
    else if (node)
        add_param(node, &node->params_end, name, value);
}

void cv_mime_node_disposition(cv_mime_node *node, const char *disposition)
{
    cv_slice s = cv_slice_cstr(disposition);
    if (node && cv_mime_is_token(s))
        node->disposition = cv_arena_dup(node->arena, s);
}

void cv_mime_node_disposition_param(cv_mime_node *node, const char *name,
                                    cv_slice value)
{
    if (node)
        add_param(node, &node->disposition_params_end, name, value);
}

static void set_content(cv_mime_node *node, cv_mime_content content,
                        cv_slice bytes)
{
    node->content = content;
    node->bytes = bytes;
    if (content != CV_MIME_BLOB)
        node->stats = cv_mime_stats_of(bytes);
}

/* The same with CRLF at the end of every line. */
static void set_lines(cv_mime_node *node, cv_mime_content content,
                      cv_slice text)
{
    set_content(node, content, text);
    if (node->stats.odd)
        set_content(node, content, cv_text_eol(node->arena, text, "\r\n"));
}

void cv_mime_node_set_text(cv_mime_node *node, cv_slice utf8)
{
    if (!node)
        return;
    set_lines(node, CV_MIME_TEXT, cv_utf8_repair(node->arena, utf8));
}

void cv_mime_node_set_bytes(cv_mime_node *node, cv_slice bytes)
{
    if (!node)
        return;
    /* A message may not be encoded, so its line ends must be right. */
    if (cv_slice_ieq(node->type, CV_S("message")))
        set_lines(node, CV_MIME_BYTES, bytes);
    else
        set_content(node, CV_MIME_BYTES, bytes);
}

void cv_mime_node_set_blob(cv_mime_node *node, const cv_blob *blob)
{
    if (!node)
        return;
    node->blob = blob;
    set_content(node, CV_MIME_BLOB, (cv_slice){ NULL, 0 });
}

void cv_mime_node_set_entity(cv_mime_node *node, cv_slice entity)
{
    if (node)
        set_content(node, CV_MIME_ENTITY, entity);
}
