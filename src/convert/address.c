/* Who is meant: the SMTP address and the name of a person of a message.
 *
 * Order of sources: spec property-types.md 3 and kb-cases.md C009. The
 * transport headers of a received message know the addresses its Exchange
 * properties have lost, so they come before the directory.
 */
#include "convert/private.h"

#include "base/text.h"
#include "mime/mime.h"

const cv_person_tags cv_person_row = {
    .name = CV_PidTagDisplayName,
    .address_type = CV_PidTagAddressType,
    .address = CV_PidTagEmailAddress,
    .smtp = CV_PidTagSmtpAddress,
    .entryid = CV_PidTagEntryId,
    .search_key = CV_PidTagSearchKey,
};

/* Where one person is looked for. */
typedef struct lookup {
    const cv_bag *bag;
    const cv_person_tags *tags;
    const cv_convert_options *options;
    cv_arena *arena;
    const cv_dn_row *known; /* names of the transport headers, sorted */
    size_t known_count;
    cv_slice writer; /* address of their From, empty when not asked for */
    cv_slice path;   /* of findings */
    cv_report *report;
    /* what was found */
    cv_slice type, raw, name;
} lookup;

int32_t cv_row_type(const cv_bag *row)
{
    int32_t type = cv_bag_i32_or(row, CV_PidTagRecipientType, CV_RECIP_TO);
    type &= 0x0F;
    return type >= CV_RECIP_TO && type <= CV_RECIP_BCC ? type : CV_RECIP_TO;
}

cv_slice cv_index_path(cv_arena *arena, const char *table, size_t index)
{
    return cv_arena_printf(arena, "%s[%zu]", table, index);
}

/* "SMTP:", "mailto:", angle brackets, quotes and blanks around an address. */
static cv_slice strip_address(cv_slice s)
{
    s = cv_slice_trim(s);
    if (cv_slice_istarts(s, CV_S("smtp:")))
        s = cv_slice_trim(cv_slice_sub(s, 5, s.len));
    if (cv_slice_istarts(s, CV_S("mailto:")))
        s = cv_slice_trim(cv_slice_sub(s, 7, s.len));
    while (s.len >= 2) {
        uint8_t a = s.ptr[0], z = s.ptr[s.len - 1];
        if (!((a == '<' && z == '>') || (a == '\'' && z == '\'') ||
              (a == '"' && z == '"')))
            break;
        s = cv_slice_trim(cv_slice_sub(s, 1, s.len - 2));
    }
    while (s.len && s.ptr[s.len - 1] == 0)
        s.len--;
    return s;
}

static bool take(cv_slice s, cv_slice *out)
{
    s = strip_address(s);
    /* A distinguished name may hold an '@', a mailbox holds no "/o=". */
    if (!cv_address_is_smtp(s) || s.ptr[0] == '/')
        return false;
    *out = s;
    return true;
}

static cv_slice text_of(const lookup *l, cv_tag tag)
{
    return cv_bag_string_or(l->bag, tag, CV_S(""));
}

static bool from_entryid(lookup *l, cv_slice *out)
{
    cv_slice blob;
    cv_entryid id;
    if (!cv_bag_binary(l->bag, l->tags->entryid, &blob) ||
        cv_entryid_parse(l->arena, blob, &id) != CV_OK)
        return false;
    if (!l->raw.len && id.address.len) {
        l->type = id.address_type;
        l->raw = id.address;
    }
    if (!l->name.len)
        l->name = id.name;
    return id.kind == CV_ENTRYID_ONE_OFF &&
           cv_slice_ieq(id.address_type, CV_S("SMTP")) && take(id.address, out);
}

static bool from_headers(const lookup *l, cv_slice *out)
{
    if (l->writer.len)
        return take(l->writer, out);
    const cv_dn_row *row = l->name.len
                               ? cv_dn_find(l->known, l->known_count,
                                            cv_ascii_lower(l->arena, l->name))
                               : NULL;
    return row && take(row->smtp, out);
}

static bool from_search_key(const lookup *l, cv_slice *out)
{
    cv_slice key;
    if (!cv_bag_binary(l->bag, l->tags->search_key, &key) ||
        !cv_slice_istarts(key, CV_S("SMTP:")) || !take(key, out))
        return false;
    *out = cv_ascii_lower(l->arena, *out);
    return true;
}

static bool from_imcea(const lookup *l, cv_slice *out)
{
    if (!l->type.len || !l->raw.len || cv_slice_ieq(l->type, CV_S("MAPIPDL")) ||
        cv_slice_ieq(l->type, CV_S("SMTP")))
        return false;
    cv_slice made =
        cv_imcea_encode(l->arena, l->type, l->raw, cv_opt_domain(l->options));
    return made.ptr && take(made, out);
}

static void say(const lookup *l, cv_rule_id rule, cv_slice found)
{
    const char *tag = cv_tag_name(l->tags->address);
    cv_report_say(l->report, rule, l->path, cv_slice_cstr(tag),
                  cv_utf8_clip(l->raw.len ? l->raw : l->name, 200), "%.*s",
                  CV_FMT(cv_utf8_clip(found, 200)));
}

/* Another place for a sender's SMTP address, which has no public name; some
 * senders have it only there. */
#define SENDER_OTHER_SMTP CV_TAG(0x5D0A, CV_T_STRING)

/* The sources that need no finding: they hold the address itself. */
static bool from_properties(lookup *l, cv_slice *out)
{
    if (take(text_of(l, l->tags->smtp), out) ||
        (l->tags == &cv_person_sender &&
         take(text_of(l, SENDER_OTHER_SMTP), out)))
        return true;
    if ((!l->type.len || cv_slice_ieq(l->type, CV_S("SMTP"))) &&
        take(l->raw, out))
        return true;
    return from_entryid(l, out);
}

static void find_address(lookup *l, cv_person *p)
{
    if (from_properties(l, &p->address))
        return;
    if (from_headers(l, &p->address) ||
        (l->raw.len &&
         cv_opt_resolve(l->options, l->arena, l->type, l->raw, &p->address) &&
         take(p->address, &p->address)) ||
        from_search_key(l, &p->address)) {
        say(l, CV_RULE_ADDRESS_RESOLVED, p->address);
        return;
    }
    if (take(l->raw, &p->address) || take(l->name, &p->address))
        return;
    p->encapsulated = from_imcea(l, &p->address);
    if (p->encapsulated) {
        say(l, CV_RULE_ADDRESS_ENCAPSULATED, p->address);
        return;
    }
    p->address = CV_S("");
    if (cv_slice_ieq(l->type, CV_S("SMTP")) && l->raw.len)
        say(l, CV_RULE_ADDRESS_BAD, CV_S("left out of the envelope"));
    else if (l->name.len || l->raw.len)
        say(l, CV_RULE_ADDRESS_MISSING, CV_S("left out of the envelope"));
}

/* A name in one line; one that is only the address again is no name. */
static cv_slice clean_name(const lookup *l, cv_slice name, cv_slice address)
{
    cv_slice line = cv_slice_trim(cv_text_one_line(l->arena, name));
    if (cv_slice_ieq(strip_address(line), address))
        return CV_S("");
    return line;
}

/* Without control characters, which some writers put before an address; NULs
 * at the end are no more than untidy. */
static cv_slice without_controls(const lookup *l, cv_slice address)
{
    size_t controls = 0, at = 0;
    while (address.len && address.ptr[address.len - 1] == 0)
        address.len--;
    for (size_t i = 0; i < address.len; i++)
        controls += address.ptr[i] < 0x20 || address.ptr[i] == 0x7F;
    uint8_t *clean =
        controls ? cv_arena_alloc(l->arena, address.len - controls) : NULL;
    if (!clean)
        return address;
    for (size_t i = 0; i < address.len; i++)
        if (address.ptr[i] >= 0x20 && address.ptr[i] != 0x7F)
            clean[at++] = address.ptr[i];
    cv_report_say(l->report, CV_RULE_ADDRESS_BAD, l->path,
                  cv_slice_cstr(cv_tag_name(l->tags->address)), CV_S(""),
                  "read without %zu control characters", controls);
    return cv_slice_of(clean, at);
}

static void find_person(lookup *l, cv_person *p)
{
    *p = (cv_person){ .name = CV_S(""), .address = CV_S(""), .ex = CV_S("") };
    l->type = cv_slice_trim(text_of(l, l->tags->address_type));
    l->raw = cv_slice_trim(without_controls(l, text_of(l, l->tags->address)));
    l->name = text_of(l, l->tags->name);
    if (!l->name.len && l->tags == &cv_person_row)
        l->name = text_of(l, CV_PidTagRecipientDisplayName);
    find_address(l, p);
    p->name = clean_name(l, l->name, p->address);
    if (!cv_slice_ieq(l->type, CV_S("SMTP")))
        p->ex = cv_ascii_lower(l->arena, l->raw);
}

void cv_person_address(const cv_bag *bag, const cv_person_tags *person,
                       const cv_convert_options *options, cv_arena *arena,
                       cv_slice *name, cv_slice *address, cv_report *report)
{
    lookup l = { .bag = bag,
                 .tags = person,
                 .options = options,
                 .arena = arena,
                 .path = CV_S(""),
                 .report = report };
    cv_person p;
    find_person(&l, &p);
    *name = p.name;
    *address = p.address;
}

void cv_row_address(const cv_bag *row, const cv_convert_options *options,
                    cv_arena *arena, cv_slice *name, cv_slice *address,
                    cv_report *report)
{
    cv_person_address(row, &cv_person_row, options, arena, name, address,
                      report);
}

/* -- a message's people -- */

typedef struct header_people {
    cv_slice writer;   /* the one address of From, or empty */
    cv_dn_row *others; /* lower-case name -> address, of To and Cc; arena */
    size_t other_count;
} header_people;

static size_t read_field(const cv_mime_part *part, cv_arena *arena,
                         const char *name, cv_mime_address **list)
{
    size_t n = 0;
    const cv_mime_field *f = cv_mime_field_get(part, cv_slice_cstr(name));
    if (!f || cv_mime_addresses(arena, f->raw, CV_S(""), list, &n, NULL,
                                NULL) != CV_OK)
        return 0;
    return n;
}

static void index_names(header_people *h, cv_arena *arena,
                        const cv_mime_address *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        cv_slice name = cv_ascii_lower(arena, list[i].name);
        if (name.len)
            h->others[h->other_count++] =
                (cv_dn_row){ .dn = name, .smtp = list[i].address };
    }
}

/* Whether any row or sender has an address that is no SMTP one: only then
 * are the headers worth reading. */
static bool needs_headers(const cv_object *obj)
{
    const cv_bag *props = cv_object_props(obj);
    cv_slice type = cv_bag_string_or(
        props, cv_person_sent_representing.address_type, CV_S(""));
    if (!cv_slice_ieq(type, CV_S("SMTP")))
        return true;
    for (size_t i = 0; i < cv_object_recipient_count(obj); i++) {
        const cv_bag *row = cv_object_recipient(obj, i);
        type = cv_bag_string_or(row, CV_PidTagAddressType, CV_S(""));
        if (!cv_slice_ieq(type, CV_S("SMTP")) &&
            !cv_bag_has(row, CV_PidTagSmtpAddress))
            return true;
    }
    return false;
}

static header_people read_headers(const cv_object *obj, cv_arena *arena)
{
    header_people h = { .writer = CV_S("") };
    cv_mime_address *from = NULL, *to = NULL, *cc = NULL;
    cv_slice text;
    cv_mime_part *part = NULL;
    if (!cv_bag_string(cv_object_props(obj), CV_PidTagTransportMessageHeaders,
                       &text) ||
        !text.len || !needs_headers(obj) ||
        cv_mime_read(arena, text, (cv_relax){ NULL, NULL }, &part, NULL,
                     NULL) != CV_OK)
        return h;
    if (read_field(part, arena, "From", &from) == 1)
        h.writer = from[0].address;
    size_t to_count = read_field(part, arena, "To", &to);
    size_t cc_count = read_field(part, arena, "Cc", &cc);
    h.others = cv_arena_array(arena, to_count + cc_count, sizeof *h.others);
    if (!h.others)
        return h;
    index_names(&h, arena, to, to_count);
    index_names(&h, arena, cc, cc_count);
    cv_dn_sort(h.others, h.other_count);
    return h;
}

static void find_rows(const cv_object *obj, lookup *l, cv_people *out)
{
    l->tags = &cv_person_row;
    l->writer = CV_S("");
    for (size_t i = 0; i < out->row_count; i++) {
        l->bag = cv_object_recipient(obj, i);
        l->path = cv_index_path(l->arena, "recipient", i);
        find_person(l, &out->rows[i]);
    }
}

static void index_person(cv_people *p, const cv_person *person)
{
    if (person->ex.len && person->address.len && !person->encapsulated)
        p->index[p->index_count++] =
            (cv_dn_row){ .dn = person->ex, .smtp = person->address };
}

static cv_status index_people(cv_people *p, cv_arena *arena, cv_error *err)
{
    p->index = cv_arena_array(arena, p->row_count + 2, sizeof *p->index);
    if (!p->index)
        return cv_arena_fail(arena, err);
    index_person(p, &p->from);
    index_person(p, &p->sender);
    for (size_t i = 0; i < p->row_count; i++)
        index_person(p, &p->rows[i]);
    cv_dn_sort(p->index, p->index_count);
    return CV_OK;
}

cv_status cv_people_read(const cv_object *obj,
                         const cv_convert_options *options, cv_arena *arena,
                         cv_people *out, cv_report *report, cv_error *err)
{
    header_people h = read_headers(obj, arena);
    lookup l = { .bag = cv_object_props(obj),
                 .tags = &cv_person_sent_representing,
                 .options = options,
                 .arena = arena,
                 .writer = h.writer,
                 .path = CV_S(""),
                 .report = report };
    *out = (cv_people){ .options = options,
                        .row_count = cv_object_recipient_count(obj) };
    find_person(&l, &out->from);
    l.tags = &cv_person_sender;
    find_person(&l, &out->sender);
    out->rows = cv_arena_array(arena, out->row_count, sizeof *out->rows);
    if (!out->rows)
        return cv_arena_fail(arena, err);
    l.known = h.others;
    l.known_count = h.other_count;
    find_rows(obj, &l, out);
    CV_TRY(index_people(out, arena, err));
    return cv_arena_status(arena) == CV_OK ? CV_OK : cv_arena_fail(arena, err);
}

bool cv_people_resolve(void *ctx, cv_arena *arena, cv_slice address_type,
                       cv_slice address, cv_slice *smtp)
{
    const cv_people *people = ctx;
    const cv_dn_row *row = cv_dn_find(people->index, people->index_count,
                                      cv_ascii_lower(arena, address));
    if (row) {
        *smtp = row->smtp;
        return true;
    }
    return cv_opt_resolve(people->options, arena, address_type, address, smtp);
}
