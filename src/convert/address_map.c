/* The address map: distinguished names and their SMTP addresses, as CSV
 * ("dn,smtp", fields may be quoted) or as a directory's LDIF export. */
#include "convert/private.h"

#include "base/text.h"

#include <stdlib.h>

#define MAX_MAP_ROWS 1000000 /* names one map may hold */

typedef struct map_builder {
    cv_arena *arena;
    cv_dn_row *rows; /* arena */
    size_t count, room;
} map_builder;

static cv_status add(map_builder *b, cv_slice dn, cv_slice smtp, cv_error *err)
{
    if (b->count == MAX_MAP_ROWS)
        return cv_fail(err, CV_ERR_LIMIT, "more than %d names", MAX_MAP_ROWS);
    if (b->count == b->room) {
        size_t room = b->room ? b->room * 2 : 64;
        cv_dn_row *rows = cv_arena_array(b->arena, room, sizeof *rows);
        if (!rows)
            return cv_arena_fail(b->arena, err);
        for (size_t i = 0; i < b->count; i++)
            rows[i] = b->rows[i];
        b->rows = rows;
        b->room = room;
    }
    cv_dn_row *row = &b->rows[b->count];
    row->dn = cv_ascii_lower(b->arena, dn);
    row->smtp = cv_arena_dup(b->arena, smtp);
    if (!row->dn.ptr || !row->smtp.ptr)
        return cv_arena_fail(b->arena, err);
    b->count++;
    return CV_OK;
}

/* One field of a CSV line; quotes are undone only where nothing is doubled,
 * as names and addresses hold none. */
static cv_slice csv_field(cv_slice *rest)
{
    cv_slice line = cv_slice_trim(*rest);
    if (line.len && line.ptr[0] == '"') {
        size_t end = cv_slice_find_byte(line, '"', 1);
        if (end != CV_NPOS) {
            cv_slice field = cv_slice_sub(line, 1, end - 1);
            *rest = cv_slice_sub(line, end + 1, line.len);
            cv_slice_cut(rest, ',');
            return field;
        }
    }
    return cv_slice_trim(cv_slice_cut(rest, ','));
}

static cv_status csv_line(map_builder *b, cv_slice line, uint64_t number,
                          cv_error *err)
{
    cv_slice rest = line;
    cv_slice dn = csv_field(&rest);
    cv_slice smtp = rest.ptr ? csv_field(&rest) : CV_S("");
    if (number == 1 && cv_slice_ieq(dn, CV_S("dn")))
        return CV_OK;
    if (!dn.len || !cv_address_is_smtp(smtp))
        return cv_fail_at(err, CV_ERR_SYNTAX, number,
                          "line %llu of the address map is not \"dn,smtp\"",
                          (unsigned long long)number);
    return add(b, dn, smtp, err);
}

/* Value of "name: text" or "name:: base64". */
static bool ldif_value(map_builder *b, cv_slice line, cv_slice name,
                       cv_slice *value)
{
    if (!cv_slice_istarts(line, name) || line.len <= name.len ||
        line.ptr[name.len] != ':')
        return false;
    cv_slice rest = cv_slice_sub(line, name.len + 1, line.len);
    if (rest.len && rest.ptr[0] == ':')
        *value = cv_base64_decode(
            b->arena, cv_slice_trim(cv_slice_sub(rest, 1, rest.len)), NULL);
    else
        *value = cv_slice_trim(rest);
    return value->len != 0;
}

typedef struct ldif_entry {
    cv_slice dns[16]; /* legacyExchangeDN and X500 addresses */
    size_t dn_count;
    cv_slice smtp;
} ldif_entry;

static cv_status ldif_end(map_builder *b, ldif_entry *e, cv_error *err)
{
    for (size_t i = 0; i < e->dn_count && e->smtp.len; i++)
        CV_TRY(add(b, e->dns[i], e->smtp, err));
    *e = (ldif_entry){ .dn_count = 0 };
    return CV_OK;
}

static void ldif_line(map_builder *b, ldif_entry *e, cv_slice line)
{
    cv_slice v = CV_S("");
    if (ldif_value(b, line, CV_S("legacyExchangeDN"), &v)) {
        if (e->dn_count < CV_LEN(e->dns))
            e->dns[e->dn_count++] = v;
    } else if (ldif_value(b, line, CV_S("mail"), &v)) {
        if (cv_address_is_smtp(v))
            e->smtp = v;
    } else if (ldif_value(b, line, CV_S("proxyAddresses"), &v)) {
        if (cv_slice_istarts(v, CV_S("x500:")) && e->dn_count < CV_LEN(e->dns))
            e->dns[e->dn_count++] = cv_slice_sub(v, 5, v.len);
        else if (cv_slice_starts(v, CV_S("SMTP:")) && !e->smtp.len)
            e->smtp = cv_slice_sub(v, 5, v.len);
    }
}

/* Folded LDIF lines: a continuation begins with one blank. */
static cv_slice ldif_unfold(map_builder *b, cv_slice line, cv_slice *rest)
{
    while (rest->ptr && rest->len && rest->ptr[0] == ' ') {
        cv_slice more = cv_slice_cut(rest, '\n');
        if (more.len && more.ptr[more.len - 1] == '\r')
            more.len--;
        line = cv_arena_printf(b->arena, "%.*s%.*s", CV_FMT(line),
                               CV_FMT(cv_slice_sub(more, 1, more.len)));
    }
    return line;
}

static cv_status parse_ldif(map_builder *b, cv_slice text, cv_error *err)
{
    ldif_entry entry = { .dn_count = 0 };
    cv_slice rest = text;
    while (rest.ptr) {
        cv_slice line = cv_slice_cut(&rest, '\n');
        if (line.len && line.ptr[line.len - 1] == '\r')
            line.len--;
        if (!line.len) {
            CV_TRY(ldif_end(b, &entry, err));
            continue;
        }
        ldif_line(b, &entry, ldif_unfold(b, line, &rest));
    }
    return ldif_end(b, &entry, err);
}

static cv_status parse_csv(map_builder *b, cv_slice text, cv_error *err)
{
    cv_slice rest = text;
    for (uint64_t number = 1; rest.ptr; number++) {
        cv_slice line = cv_slice_trim(cv_slice_cut(&rest, '\n'));
        if (line.len && line.ptr[0] != '#')
            CV_TRY(csv_line(b, line, number, err));
    }
    return CV_OK;
}

static int cmp_rows(const void *a, const void *b)
{
    return cv_slice_cmp(((const cv_dn_row *)a)->dn, ((const cv_dn_row *)b)->dn);
}

void cv_dn_sort(cv_dn_row *rows, size_t count)
{
    if (count > 1)
        qsort(rows, count, sizeof *rows, cmp_rows);
}

const cv_dn_row *cv_dn_find(const cv_dn_row *rows, size_t count, cv_slice dn)
{
    cv_dn_row key = { .dn = dn };
    return count ? bsearch(&key, rows, count, sizeof *rows, cmp_rows) : NULL;
}

cv_status cv_address_map_parse(cv_arena *arena, cv_slice text, cv_dn_row **rows,
                               size_t *count, cv_error *err)
{
    map_builder b = { .arena = arena };
    if (cv_slice_starts(text, CV_S("\xEF\xBB\xBF")))
        text = cv_slice_sub(text, 3, text.len);
    bool ldif = cv_slice_istarts(text, CV_S("dn:")) ||
                cv_slice_istarts(text, CV_S("version:")) ||
                cv_slice_ifind(text, CV_S("\ndn:"), 0) != CV_NPOS;
    CV_TRY(ldif ? parse_ldif(&b, text, err) : parse_csv(&b, text, err));
    cv_dn_sort(b.rows, b.count);
    *rows = b.rows;
    *count = b.count;
    return CV_OK;
}
