#include "archive/archive_private.h"

#include "base/lazy.h"
#include "base/limits.h"

#include <archive.h>
#include <archive_entry.h>
#include <string.h>

/* libarchive is opened at the first archive. */
/* Formats and compressions that need no program of their own: a filter that
 * libarchive would run a program for answers ARCHIVE_WARN. */
#define ARCHIVE_KINDS(F) \
    F(archive_read_support_format_zip) \
    F(archive_read_support_format_tar) \
    F(archive_read_support_format_7zip) \
    F(archive_read_support_format_rar) \
    F(archive_read_support_format_rar5) \
    F(archive_read_support_format_cab) \
    F(archive_read_support_format_empty) \
    F(archive_read_support_format_raw) \
    F(archive_read_support_filter_gzip) \
    F(archive_read_support_filter_bzip2) \
    F(archive_read_support_filter_xz) \
    F(archive_read_support_filter_zstd) \
    F(archive_read_support_filter_lz4) \
    F(archive_read_support_filter_compress)
#define ARCHIVE_FUNCTIONS(F) \
    ARCHIVE_KINDS(F) \
    F(archive_error_string) \
    F(archive_read_new) \
    F(archive_read_open_memory) \
    F(archive_entry_pathname_utf8) \
    F(archive_entry_pathname) \
    F(archive_format) \
    F(archive_read_data) \
    F(archive_entry_is_encrypted) \
    F(archive_entry_filetype) \
    F(archive_entry_hardlink) \
    F(archive_read_next_header) \
    F(archive_read_free)
CV_LAZY_TYPE(archive_library, ARCHIVE_FUNCTIONS);
static const archive_library *lib(void);
CV_LAZY_GET(archive_library, ARCHIVE_FUNCTIONS, "libarchive.so.13", lib)

#define CHUNK ((size_t)128 << 10)
#define RETRIES 4 /* of a call that asks for it */

/* -- what is one -- */

static bool starts_at(cv_slice in, size_t at, cv_slice what)
{
    return cv_slice_starts(cv_slice_sub(in, at, CV_NPOS), what);
}

/* Documents that are zips begin with these entries. */
static bool is_document(cv_slice in)
{
    static const char *const first[] = {
        "[Content_Types].xml", "mimetype",           "META-INF/", "_rels/",
        "docProps/",           "AndroidManifest.xml"
    };
    for (size_t i = 0; i < CV_LEN(first); i++)
        if (starts_at(in, 30, cv_slice_cstr(first[i])))
            return true;
    return false;
}

static bool has_tar_sum(cv_slice in)
{
    uint32_t sum = 8 * ' ', stored = 0;
    if (in.len < 512 || in.ptr[0] == 0)
        return false;
    for (size_t i = 0; i < 512; i++)
        sum += i < 148 || i >= 156 ? in.ptr[i] : 0;
    for (size_t i = 148; i < 156; i++)
        if (in.ptr[i] >= '0' && in.ptr[i] <= '7')
            stored = stored * 8 + (uint32_t)(in.ptr[i] - '0');
    return sum == stored;
}

bool cv_archive_is(cv_slice in)
{
    static const struct {
        const char *bytes;
        size_t len;
    } begins[] = {
        { "PK\5\6", 4 },
        { "7z\xBC\xAF\x27\x1C", 6 },
        { "Rar!\x1A\x07", 6 },
        { "MSCF\0\0\0\0", 8 },
        { "\x1F\x8B\x08", 3 },
        { "\xFD"
          "7zXZ\0",
          6 },
        { "\x28\xB5\x2F\xFD", 4 },
        { "\x04\x22\x4D\x18", 4 },
        { "\x1F\x9D", 2 },
        { "PK00PK\3\4", 8 },
    };
    for (size_t i = 0; i < CV_LEN(begins); i++)
        if (cv_slice_starts(in, cv_slice_of(begins[i].bytes, begins[i].len)))
            return true;
    if (cv_slice_starts(in, CV_S("PK\3\4")))
        return !is_document(in);
    if (cv_slice_starts(in, CV_S("BZh")))
        return starts_at(in, 4, CV_S("1AY&SY"));
    return has_tar_sum(in);
}

cv_archive_budget cv_archive_budget_of(size_t input_bytes)
{
    return (cv_archive_budget){ .bytes = CV_LIMIT_ARCHIVE_FREE_BYTES +
                                         (uint64_t)input_bytes *
                                             CV_LIMIT_ARCHIVE_RATIO,
                                .entries = CV_LIMIT_ARCHIVE_ENTRIES,
                                .entry_bytes = CV_LIMIT_ARCHIVE_ENTRY_BYTES };
}

/* -- reading -- */

typedef struct reader {
    struct archive *archive;
    cv_slice file_name;
    cv_archive_budget *budget;
    const cv_archive_walker *walker;
    cv_report *report;
    cv_arena *arena; /* of the entry at hand */
    cv_buf data;
    uint64_t seen;
} reader;

static void say(const reader *r, cv_rule_id rule, cv_slice path, cv_slice found,
                const char *done)
{
    cv_report_say(r->report, rule, path, CV_S(""), found, "%s", done);
}

static const char *reason(const reader *r)
{
    const char *text = lib()->archive_error_string(r->archive);
    return text ? text : "it is damaged";
}

static cv_status open_archive(reader *r, cv_slice in, cv_error *err)
{
    if (!lib())
        return cv_fail(err, CV_ERR_UNSUP, "libarchive is not there");
    r->archive = lib()->archive_read_new();
    if (!r->archive)
        return cv_fail(err, CV_ERR_NOMEM, "archive");
#define SUPPORT(function) (void)lib()->function(r->archive);
    ARCHIVE_KINDS(SUPPORT)
#undef SUPPORT
    if (lib()->archive_read_open_memory(r->archive, in.ptr, in.len) !=
        ARCHIVE_OK)
        return cv_fail(err, CV_ERR_SYNTAX, "archive: %s", reason(r));
    return CV_OK;
}

static cv_slice path_of(const reader *r, struct archive_entry *entry)
{
    const char *path = lib()->archive_entry_pathname_utf8(entry);
    if (!path)
        path = lib()->archive_entry_pathname(entry);
    if (lib()->archive_format(r->archive) == ARCHIVE_FORMAT_RAW)
        return cv_archive_inner_name(r->file_name);
    return path ? cv_slice_cstr(path) : CV_S("");
}

/* The bytes of the entry at hand into r->data. why: NULL, or what stopped it.
 */
static cv_status read_data(reader *r, const char **why)
{
    uint8_t *chunk = cv_arena_alloc(r->arena, CHUNK);
    int retries = 0;
    *why = NULL;
    if (!chunk)
        return CV_ERR_NOMEM;
    for (;;) {
        la_ssize_t got = lib()->archive_read_data(r->archive, chunk, CHUNK);
        if (got == 0)
            return CV_OK;
        if (got == ARCHIVE_RETRY && retries++ < RETRIES)
            continue;
        if (got < 0) {
            *why = reason(r);
            return CV_OK;
        }
        if ((uint64_t)got > r->budget->bytes ||
            r->data.len + (size_t)got > r->budget->entry_bytes)
            return CV_ERR_LIMIT;
        r->budget->bytes -= (uint64_t)got;
        cv_buf_put(&r->data, chunk, (size_t)got);
        if (r->data.status != CV_OK)
            return r->data.status;
    }
}

/* A limit: which, and whether the walk goes on. */
static bool tell_limit(reader *r, cv_slice path)
{
    bool one = r->data.len + CHUNK > r->budget->entry_bytes;
    say(r, CV_RULE_LIMIT, path,
        one ? CV_S("CV_LIMIT_ARCHIVE_ENTRY_BYTES")
            : CV_S("CV_LIMIT_ARCHIVE_RATIO"),
        one ? "the entry is too large; the next one follows"
            : "the archive unpacks to too much: the rest was left out");
    return one;
}

static cv_status give(reader *r, struct archive_entry *entry,
                      cv_archive_entry *e, cv_slice path, bool *more,
                      cv_error *err)
{
    const char *why = NULL;
    cv_status st = CV_OK;
    if (lib()->archive_entry_is_encrypted(entry)) {
        e->why = "it is encrypted";
    } else {
        st = read_data(r, &why);
        if (st == CV_ERR_NOMEM)
            return cv_fail(err, st, "an entry of an archive");
        if (st == CV_ERR_LIMIT) {
            *more = tell_limit(r, path);
            e->why = "it is larger than what is unpacked";
        } else if (why && r->data.len == 0) {
            e->why = why;
        }
    }
    if (e->why && st != CV_ERR_LIMIT)
        say(r, CV_RULE_ARCHIVE_ENTRY, path, CV_S(""), e->why);
    else if (why)
        say(r, CV_RULE_ARCHIVE_DAMAGED, path, CV_S(""), why);
    e->bytes = e->why ? CV_S("") : cv_buf_slice(&r->data);
    if (!e->why && !e->bytes.ptr)
        e->bytes = CV_S("");
    return r->walker->each(r->walker->ctx, e, err);
}

/* Folders are in their files' names; links and devices hold no message. */
static bool is_file(reader *r, struct archive_entry *entry, cv_slice path)
{
    unsigned type = lib()->archive_entry_filetype(entry);
    if (type == AE_IFREG && !lib()->archive_entry_hardlink(entry))
        return true;
    if (type == 0 && lib()->archive_format(r->archive) == ARCHIVE_FORMAT_RAW)
        return true;
    if (type != AE_IFDIR)
        say(r, CV_RULE_ARCHIVE_ENTRY, path, CV_S(""), "a link or no file");
    return false;
}

static cv_status take_entry(reader *r, struct archive_entry *entry, bool *more,
                            cv_error *err)
{
    cv_archive_entry e = { 0 };
    cv_slice path = path_of(r, entry);
    bool changed;
    cv_buf_reset(&r->data);
    if (!is_file(r, entry, path))
        return CV_OK;
    if (!cv_archive_clean_path(r->arena, path, &e.folder, &e.name, &changed)) {
        if (cv_arena_status(r->arena) != CV_OK)
            return cv_arena_fail(r->arena, err);
        e.name = CV_S("unnamed");
        changed = true;
    }
    if (changed)
        say(r, CV_RULE_ARCHIVE_NAME, e.name, cv_slice_sub(path, 0, 200),
            "made safe");
    return give(r, entry, &e, path, more, err);
}

/* One entry with an arena of its own: an archive may have a million. */
static cv_status next_entry(reader *r, bool *more, cv_error *err)
{
    struct archive_entry *entry = NULL;
    int got = lib()->archive_read_next_header(r->archive, &entry);
    for (int i = 0; got == ARCHIVE_RETRY && i < RETRIES; i++)
        got = lib()->archive_read_next_header(r->archive, &entry);
    *more = got == ARCHIVE_OK || got == ARCHIVE_WARN;
    if (!*more) {
        if (got == ARCHIVE_EOF)
            return CV_OK;
        if (r->seen == 0)
            return cv_fail(err, CV_ERR_SYNTAX, "archive: %s", reason(r));
        say(r, CV_RULE_ARCHIVE_DAMAGED, CV_S(""), CV_S(""), reason(r));
        return CV_OK;
    }
    if (r->budget->entries == 0) {
        say(r, CV_RULE_LIMIT, CV_S(""), CV_S("CV_LIMIT_ARCHIVE_ENTRIES"),
            "the rest was left out");
        *more = false;
        return CV_OK;
    }
    r->budget->entries--;
    r->seen++;
    CV_TRY(cv_arena_new(0, &r->arena, err));
    cv_status st = take_entry(r, entry, more, err);
    cv_arena_free(&r->arena);
    return st;
}

cv_status cv_archive_walk(cv_slice in, cv_slice file_name,
                          cv_archive_budget *budget,
                          const cv_archive_walker *walker, cv_report *report,
                          cv_error *err)
{
    reader r = { .file_name = file_name,
                 .budget = budget,
                 .walker = walker,
                 .report = report };
    bool more = true;
    cv_buf_init(&r.data, budget->entry_bytes);
    cv_status st = open_archive(&r, in, err);
    while (st == CV_OK && more)
        st = next_entry(&r, &more, err);
    if (r.archive)
        (void)lib()->archive_read_free(r.archive);
    cv_buf_clear(&r.data);
    return st;
}
