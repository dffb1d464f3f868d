/* Sorts a tree of MIME parts into the text a reader sees, the calendar, and
 * files. Source: spec mime-mapping.md B4, meeting-flow.md 13. */
#include "convert/from_mime.h"

#include "base/limits.h"
#include "base/text.h"

typedef struct walk {
    cv_from *c;
    cv_parts *out;
    unsigned depth;
    bool alternative;    /* within multipart/alternative */
    bool related;        /* beside the root of multipart/related */
    bool lone;           /* the whole message */
    cv_segment *segment; /* of the alternative around, or NULL */
} walk;

static cv_status walk_part(walk w, const cv_mime_part *part);

cv_status cv_parts_add_file(cv_from *c, cv_parts *parts,
                            const cv_mime_part *part, bool related)
{
    if (parts->file_count == parts->file_room) {
        size_t room = parts->file_room ? parts->file_room * 2 : 16;
        cv_file_part *files = cv_arena_array(c->arena, room, sizeof *files);
        if (!files)
            return cv_arena_fail(c->arena, c->err);
        for (size_t i = 0; i < parts->file_count; i++)
            files[i] = parts->files[i];
        parts->files = files;
        parts->file_room = room;
    }
    parts->files[parts->file_count++] =
        (cv_file_part){ .part = part, .related = related };
    return CV_OK;
}

static bool is_attached(const cv_mime_part *part)
{
    return cv_slice_eq(part->disposition, CV_S("attachment"));
}

static cv_segment *new_segment(cv_parts *out)
{
    if (out->segment_count == CV_MAX_SEGMENTS)
        return NULL;
    return &out->segments[out->segment_count++];
}

/* Text outside an alternative is body when nothing says it is a file: the
 * first text may have a name, later ones may not. */
static bool is_body_text(const walk *w, const cv_mime_part *part)
{
    if (is_attached(part) || w->related)
        return false;
    if (!cv_mime_is(part, "text", "plain") &&
        !cv_mime_is(part, "text", "html") &&
        !cv_mime_is(part, "text", "enriched") &&
        !cv_mime_is(part, "text", "richtext"))
        return false;
    return !part->filename.len || w->alternative || w->lone ||
           (w->out->segment_count == 0 &&
            !cv_slice_iends(part->filename, CV_S(".ics")));
}

static cv_status add_text(walk *w, const cv_mime_part *part)
{
    bool html = cv_mime_is(part, "text", "html");
    cv_segment *s = w->segment;
    if (s && html && s->html) {
        /* Alternatives with several HTML texts around a file. */
        s = new_segment(w->out);
        if (s)
            s->html_only = true;
    } else if (!s || (!html && s->plain)) {
        s = new_segment(w->out);
    }
    if (!s)
        return cv_parts_add_file(w->c, w->out, part, false);
    if (html)
        s->html = part;
    else
        s->plain = part;
    return CV_OK;
}

/* Rank of a calendar part; CV_CAL_NONE for what is none. */
static unsigned calendar_rank(const walk *w, const cv_mime_part *part)
{
    bool text = cv_mime_is(part, "text", "calendar");
    bool file = cv_mime_is(part, "application", "ics") ||
                cv_slice_iends(part->filename, CV_S(".ics"));
    if (!text)
        return file ? CV_CAL_FILE : CV_CAL_NONE;
    if (is_attached(part))
        return CV_CAL_FILE;
    return w->alternative || w->lone ? CV_CAL_PROPER : CV_CAL_PART;
}

/* A calendar that is better than the one known takes its place. All but a
 * proper one stay files, too: only its METHOD will tell. */
static cv_status add_calendar(walk *w, const cv_mime_part *part, unsigned rank)
{
    cv_parts *out = w->out;
    if (rank > out->calendar_rank) {
        const cv_mime_part *old = out->calendar;
        unsigned old_rank = out->calendar_rank;
        out->calendar = part;
        out->calendar_rank = rank;
        if (old && old_rank == CV_CAL_PROPER)
            return cv_parts_add_file(w->c, out, old, false);
        if (rank == CV_CAL_PROPER)
            return CV_OK;
    }
    return cv_parts_add_file(w->c, out, part, false);
}

/* Mail from before MIME carries files in its text. */
static cv_status walk_old_text(walk *w, const cv_mime_part *part)
{
    cv_mime_pieces pieces;
    CV_TRY(cv_mime_split_uu(w->c->arena, part, &pieces, w->c->err));
    for (size_t i = 0; i < pieces.count; i++) {
        const cv_mime_part *piece = pieces.parts[i];
        CV_TRY(piece->filename.len
                   ? cv_parts_add_file(w->c, w->out, piece, false)
                   : add_text(w, piece));
    }
    return pieces.count ? CV_OK : add_text(w, part);
}

static bool is_before_mime(const cv_mime_part *part)
{
    return !part->filename.len &&
           !cv_mime_field_get(part, CV_S("MIME-Version")) &&
           !cv_mime_field_get(part, CV_S("Content-Type"));
}

static cv_status walk_leaf(walk *w, const cv_mime_part *part)
{
    unsigned rank = calendar_rank(w, part);
    if (rank != CV_CAL_NONE)
        return add_calendar(w, part, rank);
    if (w->lone && is_before_mime(part))
        return walk_old_text(w, part);
    if (is_body_text(w, part))
        return add_text(w, part);
    return cv_parts_add_file(w->c, w->out, part, w->related);
}

static cv_status walk_children(walk w, const cv_mime_part *part, size_t from)
{
    w.depth++;
    w.lone = false;
    for (size_t i = from; i < part->child_count; i++)
        CV_TRY(walk_part(w, part->children[i]));
    return CV_OK;
}

static cv_status walk_alternative(walk w, const cv_mime_part *part)
{
    if (!w.segment) {
        w.segment = new_segment(w.out);
        if (!w.segment)
            return cv_parts_add_file(w.c, w.out, part, false);
    }
    w.alternative = true;
    return walk_children(w, part, 0);
}

/* The root is the child the start parameter names, else the first. */
static size_t root_of_related(const cv_mime_part *part)
{
    cv_slice start = cv_slice_trim(cv_mime_param_get(part, CV_S("start")));
    if (start.len > 2 && start.ptr[0] == '<')
        start = cv_slice_sub(start, 1, start.len - 2);
    for (size_t i = 0; start.len && i < part->child_count; i++)
        if (cv_slice_eq(part->children[i]->content_id, start))
            return i;
    return 0;
}

static cv_status walk_related(walk w, const cv_mime_part *part)
{
    size_t root = root_of_related(part);
    walk inner = w;
    inner.depth++;
    inner.lone = false;
    for (size_t i = 0; i < part->child_count; i++) {
        inner.related = i != root || w.related;
        CV_TRY(walk_part(inner, part->children[i]));
    }
    return CV_OK;
}

static cv_status walk_part(walk w, const cv_mime_part *part)
{
    if (part->kind == CV_MIME_LEAF)
        return walk_leaf(&w, part);
    if (part->kind == CV_MIME_MESSAGE || w.depth >= CV_LIMIT_MIME_DEPTH)
        return cv_parts_add_file(w.c, w.out, part, w.related);
    if (cv_mime_is(part, "multipart", "alternative"))
        return walk_alternative(w, part);
    if (cv_mime_is(part, "multipart", "related"))
        return walk_related(w, part);
    /* A mixed container within an alternative holds its own texts. */
    return walk_children(w, part, 0);
}

/* An alternative without any text leaves an empty segment behind. */
static void drop_empty(cv_parts *out)
{
    size_t n = 0;
    for (size_t i = 0; i < out->segment_count; i++)
        if (out->segments[i].plain || out->segments[i].html)
            out->segments[n++] = out->segments[i];
    out->segment_count = n;
}

cv_status cv_parts_collect(cv_from *c, const cv_mime_part *part, cv_parts *out)
{
    *out = (cv_parts){ .segment_count = 0 };
    walk w = { .c = c, .out = out, .lone = true };
    CV_TRY(walk_part(w, part));
    drop_empty(out);
    return CV_OK;
}
