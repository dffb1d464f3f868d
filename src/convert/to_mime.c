/* A message object as a mail. Source: spec mime-mapping.md A; DESIGN "The
 * ladder". */
#include "convert/to_mime.h"

#include "base/limits.h"
#include "base/text.h"
#include "vcard/vcard.h"

/* The parts of an ordinary message before they are put together. */
typedef struct pieces {
    cv_mime_node *plain, *html, *calendar;
    cv_mime_node **inlines, **files; /* arena */
    size_t inline_count, file_count;
} pieces;

/* What the part with the body is called by others. */
static void put_body_ids(cv_to *t, cv_mime_node *n)
{
    cv_slice id = cv_slice_trim(cv_text_one_line(
        t->arena,
        cv_bag_string_or(t->props, CV_PidTagBodyContentId, CV_S(""))));
    cv_slice where = cv_slice_trim(cv_text_one_line(
        t->arena,
        cv_bag_string_or(t->props, CV_PidTagBodyContentLocation, CV_S(""))));
    if (id.len > 1 && id.ptr[0] == '<')
        id = cv_slice_sub(id, 1, id.len - 2);
    if (id.len && id.len < 900 && cv_is_ascii(id) &&
        cv_slice_find_byte(id, ' ', 0) == CV_NPOS)
        cv_mime_node_field(n, "Content-ID",
                           cv_arena_printf(t->arena, "<%.*s>", CV_FMT(id)));
    if (where.len && cv_is_ascii(where))
        cv_mime_node_field(n, "Content-Location", where);
}

static cv_status make_text(cv_to *t, const cv_body *body, pieces *p)
{
    if (body->has_html) {
        p->html = cv_mime_node_new(t->arena, "text", "html");
        if (!p->html)
            return cv_arena_fail(t->arena, t->err);
        if (body->html_charset) {
            cv_mime_node_param(p->html, "charset",
                               cv_slice_cstr(body->html_charset));
            cv_mime_node_set_bytes(p->html, body->html_bytes);
        } else {
            cv_mime_node_set_text(p->html, body->html);
        }
        put_body_ids(t, p->html);
    }
    p->plain = cv_mime_node_new(t->arena, "text", "plain");
    if (!p->plain)
        return cv_arena_fail(t->arena, t->err);
    cv_mime_node_set_text(p->plain,
                          body->plain.len ? body->plain : CV_S("\r\n"));
    return CV_OK;
}

static cv_status make_attachments(cv_to *t, const cv_body *body, pieces *p)
{
    size_t count = cv_object_attachment_count(t->obj);
    size_t room = count + body->file_count + 3;
    p->inlines = cv_arena_array(t->arena, room, sizeof *p->inlines);
    p->files = cv_arena_array(t->arena, room, sizeof *p->files);
    if (!p->inlines || !p->files)
        return cv_arena_fail(t->arena, t->err);
    for (size_t i = 0; i < count; i++) {
        cv_mime_node *n = NULL;
        cv_attach_place place = CV_PLACE_NONE;
        CV_TRY(cv_attachment_to_mime(t, i, body, &n, &place));
        if (place == CV_PLACE_INLINE)
            p->inlines[p->inline_count++] = n;
        else if (place == CV_PLACE_FILE)
            p->files[p->file_count++] = n;
    }
    return CV_OK;
}

/* "image/png" */
static cv_mime_node *node_of_type(cv_arena *arena, const char *type)
{
    cv_slice rest = cv_slice_cstr(type);
    const char *major = cv_arena_cstr(arena, cv_slice_cut(&rest, '/'));
    const char *minor = cv_arena_cstr(arena, rest);
    return major && minor ? cv_mime_node_new(arena, major, minor) : NULL;
}

/* A picture or an object out of the RTF body. */
static cv_status make_rtf_file(cv_to *t, const cv_rtf_file *f, pieces *p)
{
    cv_mime_node *n = node_of_type(t->arena, f->type);
    cv_blob *data = cv_arena_alloc(t->arena, sizeof *data);
    if (!n || !data)
        return cv_arena_fail(t->arena, t->err);
    *data = cv_blob_mem(f->data);
    cv_mime_node_disposition(n, f->content_id.len ? "inline" : "attachment");
    cv_mime_node_param(n, "name", f->name);
    cv_mime_node_disposition_param(n, "filename", f->name);
    cv_mime_node_set_blob(n, data);
    if (f->content_id.len) {
        cv_mime_node_field(
            n, "Content-ID",
            cv_arena_printf(t->arena, "<%.*s>", CV_FMT(f->content_id)));
        p->inlines[p->inline_count++] = n;
    } else {
        p->files[p->file_count++] = n;
    }
    return CV_OK;
}

static cv_status make_rtf(cv_to *t, const cv_body *body, pieces *p)
{
    for (size_t i = 0; i < body->file_count; i++)
        CV_TRY(make_rtf_file(t, &body->files[i], p));
    if (!body->rtf_name)
        return CV_OK;
    cv_mime_node *n = cv_mime_node_new(t->arena, "application", body->rtf_type);
    cv_blob *data = cv_arena_alloc(t->arena, sizeof *data);
    if (!n || !data)
        return cv_arena_fail(t->arena, t->err);
    *data = cv_blob_mem(body->rtf);
    cv_mime_node_disposition(n, "attachment");
    cv_mime_node_param(n, "name", cv_slice_cstr(body->rtf_name));
    cv_mime_node_disposition_param(n, "filename",
                                   cv_slice_cstr(body->rtf_name));
    cv_mime_node_set_blob(n, data);
    p->files[p->file_count++] = n;
    return CV_OK;
}

/* A contact or a list of people travels as a card beside its text. */
static cv_status make_card(cv_to *t, pieces *p)
{
    const cv_vcard_options options = { .resolve = cv_people_resolve,
                                       .resolve_ctx = &t->people };
    cv_buf buf;
    if (!cv_vcard_has_form(t->obj))
        return CV_OK;
    cv_buf_init(&buf, 0);
    cv_sink sink = cv_buf_sink(&buf);
    cv_status st = cv_vcard_write(t->obj, &options, &sink, t->report, t->err);
    cv_slice text = st == CV_OK ? cv_buf_dup(&buf, t->arena) : CV_S("");
    cv_buf_clear(&buf);
    if (st != CV_OK) {
        cv_report_say(t->report, CV_RULE_LADDER_PARTIAL, CV_S(""), CV_S(""),
                      CV_S(""), "no card could be made: %s",
                      cv_status_name(st));
        return cv_arena_status(t->arena);
    }
    cv_slice who = cv_utf8_clip(
        cv_slice_trim(cv_text_one_line(
            t->arena,
            cv_bag_string_or(t->props, CV_PidTagDisplayName,
                             cv_bag_string_or(t->props, CV_PidTagSubject,
                                              CV_S("contact"))))),
        200);
    cv_slice name = cv_arena_printf(t->arena, "%.*s.vcf", CV_FMT(who));
    cv_mime_node *n = cv_mime_node_new(t->arena, "text", "vcard");
    if (!n || !text.ptr || !name.ptr)
        return cv_arena_fail(t->arena, t->err);
    cv_mime_node_disposition(n, "attachment");
    cv_mime_node_param(n, "name", name);
    cv_mime_node_disposition_param(n, "filename", name);
    cv_mime_node_set_text(n, text);
    p->files[p->file_count++] = n;
    return CV_OK;
}

/* first with the others behind it in a new multipart. */
static cv_mime_node *wrap(cv_to *t, const char *subtype, cv_mime_node *first,
                          cv_mime_node *const *others, size_t count)
{
    cv_mime_node *n = cv_mime_node_new(t->arena, "multipart", subtype);
    if (!n)
        return NULL;
    cv_mime_node_add(n, first);
    for (size_t i = 0; i < count; i++)
        cv_mime_node_add(n, others[i]);
    return n;
}

static cv_mime_node *related(cv_to *t, const pieces *p, cv_mime_node *root,
                             const char *type)
{
    if (!p->inline_count)
        return root;
    cv_mime_node *n = wrap(t, "related", root, p->inlines, p->inline_count);
    if (n)
        cv_mime_node_param(n, "type", cv_slice_cstr(type));
    return n;
}

/* Calendar last, as Exchange and Outlook want it; pictures then belong to
 * the HTML alone. */
static cv_mime_node *assemble_text(cv_to *t, const pieces *p)
{
    cv_mime_node *others[2];
    size_t n = 0;
    if (!p->calendar) {
        cv_mime_node *text =
            p->html ? wrap(t, "alternative", p->plain, &p->html, 1) : p->plain;
        return text ? related(t, p, text,
                              p->html ? "multipart/alternative" : "text/plain")
                    : NULL;
    }
    if (p->html) {
        others[n] = related(t, p, p->html, "text/html");
        if (!others[n++])
            return NULL;
    }
    others[n++] = p->calendar;
    return wrap(t, "alternative", p->plain, others, n);
}

cv_status cv_body_to_mime(cv_to *t, const cv_body *body, cv_mime_node **node)
{
    pieces p = { .plain = NULL };
    CV_TRY(make_text(t, body, &p));
    *node = assemble_text(t, &p);
    return *node ? CV_OK : cv_arena_fail(t->arena, t->err);
}

static int64_t rich_format(const cv_to *t)
{
    return cv_opt_int(t->options, CV_OPT_RICH_FORMAT);
}

static cv_status ordinary(cv_to *t, cv_mime_node **root)
{
    pieces p = { .plain = NULL };
    cv_body body;
    const char *method = NULL;
    CV_TRY(cv_body_choose(t, &body));
    CV_TRY(cv_content_ids_settle(t, &body));
    CV_TRY(make_text(t, &body, &p));
    CV_TRY(cv_calendar_to_mime(t, &p.calendar, &method));
    CV_TRY(make_attachments(t, &body, &p));
    CV_TRY(make_rtf(t, &body, &p));
    CV_TRY(make_card(t, &p));
    if (rich_format(t) == CV_RICH_BOTH)
        CV_TRY(cv_tnef_beside_mime(t, &p.files[p.file_count++]));
    *root = assemble_text(t, &p);
    if (*root && p.file_count)
        *root = wrap(t, "mixed", *root, p.files, p.file_count);
    return *root ? CV_OK : cv_arena_fail(t->arena, t->err);
}

static cv_status build(cv_to *t, cv_mime_node **root)
{
    CV_TRY(cv_people_read(t->obj, t->options, t->arena, &t->people, t->report,
                          t->err));
    cv_headers_decide(t);
    CV_TRY(cv_smime_to_mime(t, root));
    if (!*root)
        CV_TRY(cv_report_to_mime(t, root));
    bool rich = !*root && rich_format(t) != CV_RICH_MIME;
    if (!*root && rich_format(t) == CV_RICH_TNEF)
        CV_TRY(cv_tnef_to_mime(t, root));
    else if (!*root)
        CV_TRY(ordinary(t, root));
    cv_headers_to_mime(t, *root);
    if (rich)
        cv_mime_node_field(*root, "X-MS-TNEF-Correlator", t->message_id);
    return cv_arena_status(t->arena) == CV_OK ? CV_OK
                                              : cv_arena_fail(t->arena, t->err);
}

static void free_object(void *ptr)
{
    cv_object *obj = ptr;
    cv_object_free(&obj);
}

cv_status cv_message_to_mime(const cv_to *outer, const cv_object *obj,
                             cv_mime_node **root, cv_slice *id)
{
    cv_to t = { .options = outer->options,
                .report = outer->report,
                .err = outer->err,
                .arena = outer->arena,
                .obj = obj,
                .props = cv_object_props(obj) };
    cv_object *made = NULL;
    cv_say_types(obj, t.arena, t.report);
    CV_TRY(cv_repair(obj, t.options, &t.view, &made, t.report, t.err));
    /* The tree borrows from the copy until it has been written. */
    if (made)
        CV_TRY(cv_arena_on_clear(t.arena, free_object, made));
    CV_TRY(build(&t, root));
    if (id)
        *id = t.message_id;
    return CV_OK;
}

/* -- the ladder -- */

/* Remembers whether anything went out: only then is there no way back. */
typedef struct guard {
    const cv_sink *to;
    bool written;
    cv_status failed; /* of the sink itself */
} guard;

static cv_status guard_write(void *ctx, const void *bytes, size_t len,
                             cv_error *err)
{
    guard *g = ctx;
    g->written = true;
    cv_status st = cv_sink_put(g->to, cv_slice_of(bytes, len), err);
    if (st != CV_OK)
        g->failed = st;
    return st;
}

static cv_status full(const cv_object *obj, const cv_convert_options *options,
                      const cv_sink *out, cv_report *report, cv_error *err)
{
    cv_arena *arena = NULL;
    cv_mime_node *root = NULL;
    cv_slice id = CV_S("");
    unsigned flags = 0;
    if (cv_opt_bool(options, CV_OPT_NAME_2047))
        flags |= CV_MIME_NAME_2047;
    if (cv_opt_bool(options, CV_OPT_ALLOW_8BIT))
        flags |= CV_MIME_8BIT;
    CV_TRY(cv_arena_new(cv_opt_budget(options), &arena, err));
    cv_to t = {
        .options = options, .report = report, .err = err, .arena = arena
    };
    cv_status st = cv_message_to_mime(&t, obj, &root, &id);
    if (st == CV_OK)
        st = cv_mime_write(root, id, flags, out, report, err);
    cv_arena_free(&arena);
    return st;
}

cv_status cv_to_mime(const cv_object *obj, const cv_convert_options *options,
                     const cv_sink *out, cv_report *report, cv_error *err)
{
    guard g = { .to = out, .failed = CV_OK };
    cv_sink guarded = { .write = guard_write, .ctx = &g };
    cv_error why = { .code = CV_OK };
    CV_TRY(cv_check_legacy(obj, options, report, err));
    cv_status st = full(obj, options, &guarded, report, &why);
    if (st == CV_OK)
        return CV_OK;
    if (g.written || g.failed != CV_OK) {
        if (err)
            *err = why;
        return st;
    }
    return cv_write_minimal(obj, options, why.what, out, report, err);
}
