/* A card into a contact. Source: [MS-OXVCARD] 2.1.3, [MS-OXOCNTC] 2.2.1. */
#include "vcard/vcard_private.h"

#include "base/datetime.h"

#define ICON_CONTACT 0x200
#define ICON_LIST 0x202
#define FILE_AS_TYPED (-1)        /* PidLidFileUnderId: as the user typed */
#define FILE_AS_LAST_FIRST 0x8017 /* "Last, First Middle" */
#define ATTACH_BY_VALUE 1
#define YEAR_UNKNOWN 1604 /* what Apple and Exchange put there */

void cv_vcard_say(vcard_in *in, cv_rule_id rule, const vcard_line *l,
                  const char *done)
{
    cv_report_add(in->report,
                  CV_FINDING(.rule = rule, .line = l->line.line,
                             .property = l->line.name,
                             .found = cv_slice_sub(l->line.value, 0, 80),
                             .done = cv_slice_cstr(done)));
}

static void set(vcard_in *in, cv_tag tag, cv_slice text)
{
    if (text.len)
        cv_bag_set_string(in->bag, tag, text);
}

/* -- lines that fields.def lists -- */

/* A fax number never becomes the number of a telephone. */
static bool is_row_of(const vcard_field *f, const vcard_line *l)
{
    static const char *const strict[] = { "FAX", "PAGER" };
    if (!cv_slice_eq(l->line.name, cv_slice_cstr(f->name)) ||
        !cv_vcard_has_types(l, f->types))
        return false;
    for (size_t i = 0; i < CV_LEN(strict); i++)
        if (cv_vcard_has_type(l, cv_slice_cstr(strict[i])) &&
            cv_slice_find(cv_slice_cstr(f->types), cv_slice_cstr(strict[i]),
                          0) == CV_NPOS)
            return false;
    return true;
}

static bool read_field(vcard_in *in, const vcard_line *l)
{
    const vcard_field *f;
    for (size_t i = 0; (f = cv_vcard_field_at(i)); i++) {
        if (!is_row_of(f, l) || cv_bag_has(in->bag, f->tag))
            continue;
        cv_slice text = cv_vcard_text(in->arena, l);
        if (cv_slice_eq(l->line.name, CV_S("TEL")) &&
            cv_slice_istarts(text, CV_S("tel:")))
            text = cv_slice_sub(text, 4, CV_NPOS);
        set(in, f->tag, text);
        return true;
    }
    return false;
}

/* -- names -- */

static bool read_name(vcard_in *in, const vcard_line *l)
{
    static const cv_tag tags[] = { CV_PidTagSurname, CV_PidTagGivenName,
                                   CV_PidTagMiddleName,
                                   CV_PidTagDisplayNamePrefix,
                                   CV_PidTagGeneration };
    cv_slice parts[CV_LEN(tags)];
    if (cv_bag_has(in->bag, CV_PidTagSurname) ||
        cv_bag_has(in->bag, CV_PidTagGivenName))
        return false;
    (void)cv_vcard_parts(in->arena, l, ';', parts, CV_LEN(tags));
    for (size_t i = 0; i < CV_LEN(tags); i++)
        set(in, tags[i], parts[i]);
    return true;
}

static bool read_org(vcard_in *in, const vcard_line *l)
{
    cv_slice parts[3];
    size_t count = cv_vcard_parts(in->arena, l, ';', parts, CV_LEN(parts));
    if (cv_bag_has(in->bag, CV_PidTagCompanyName))
        return false;
    set(in, CV_PidTagCompanyName, parts[0]);
    set(in, CV_PidTagDepartmentName, parts[1]);
    return count < 3; /* the units below travel in the kept line */
}

static cv_slice join_name(vcard_in *in)
{
    static const cv_tag tags[] = { CV_PidTagDisplayNamePrefix,
                                   CV_PidTagGivenName, CV_PidTagMiddleName,
                                   CV_PidTagSurname, CV_PidTagGeneration };
    cv_slice name = CV_S("");
    for (size_t i = 0; i < CV_LEN(tags); i++) {
        cv_slice part = cv_bag_string_or(in->bag, tags[i], CV_S(""));
        if (part.len && name.len)
            name = cv_arena_printf(in->arena, "%.*s %.*s", CV_FMT(name),
                                   CV_FMT(part));
        else if (part.len)
            name = part;
    }
    return name;
}

/* What stands for a name that is missing. */
static cv_slice next_best_name(vcard_in *in)
{
    static const cv_tag tags[] = { CV_PidTagNickname, CV_PidTagCompanyName,
                                   CV_PidLidEmail1EmailAddress };
    cv_slice name = join_name(in);
    for (size_t i = 0; !name.len && i < CV_LEN(tags); i++)
        name = cv_bag_string_or(in->bag, tags[i], CV_S(""));
    return name;
}

static cv_slice last_first(vcard_in *in)
{
    cv_slice last = cv_bag_string_or(in->bag, CV_PidTagSurname, CV_S(""));
    cv_slice first = cv_bag_string_or(in->bag, CV_PidTagGivenName, CV_S(""));
    cv_slice middle = cv_bag_string_or(in->bag, CV_PidTagMiddleName, CV_S(""));
    if (!last.len || !first.len)
        return CV_S("");
    return cv_arena_printf(in->arena, "%.*s, %.*s%s%.*s", CV_FMT(last),
                           CV_FMT(first), middle.len ? " " : "",
                           CV_FMT(middle));
}

/* What else a contact's name stands in. */
static void finish_names(vcard_in *in)
{
    cv_slice name;
    if (!cv_bag_string(in->bag, CV_PidTagDisplayName, &name)) {
        name = next_best_name(in);
        set(in, CV_PidTagDisplayName, name);
        cv_report_say(in->report, CV_RULE_VCARD_SYNTAX, CV_S(""), CV_S("FN"),
                      CV_S(""), "missing: made from what is there");
    }
    set(in, CV_PidTagSubject, name);
    set(in, CV_PidTagNormalizedSubject, name);
    int32_t how = FILE_AS_TYPED;
    if (!cv_bag_has(in->bag, CV_PidLidFileUnder)) {
        cv_slice file_as = last_first(in);
        how = file_as.len ? FILE_AS_LAST_FIRST : FILE_AS_TYPED;
        set(in, CV_PidLidFileUnder, file_as.len ? file_as : name);
    }
    cv_bag_set_i32(in->bag, CV_PidLidFileUnderId, how);
}

/* -- addresses -- */

static const vcard_address *free_address(vcard_in *in, const vcard_line *l)
{
    const vcard_address *a = &cv_vcard_addresses[2];
    for (size_t i = 0; i < 2; i++)
        if (cv_vcard_has_type(l, cv_slice_cstr(cv_vcard_addresses[i].type)))
            a = &cv_vcard_addresses[i];
    for (size_t i = 0; i < VCARD_ADDRESS_PARTS; i++)
        if (cv_bag_has(in->bag, a->parts[i]))
            return NULL;
    return a;
}

static bool read_address(vcard_in *in, const vcard_line *l)
{
    static const uint8_t place[] = { VCARD_BOX,    0,           VCARD_STREET,
                                     VCARD_CITY,   VCARD_STATE, VCARD_CODE,
                                     VCARD_COUNTRY };
    cv_slice parts[CV_LEN(place)];
    const vcard_address *a = free_address(in, l);
    if (!a)
        return false;
    (void)cv_vcard_parts(in->arena, l, ';', parts, CV_LEN(place));
    for (size_t i = 0; i < CV_LEN(place); i++)
        if (i != 1)
            set(in, a->parts[place[i]], parts[i]);
    if (a->id == 2)
        set(in, CV_PidTagOfficeLocation, parts[1]);
    else if (parts[1].len)
        set(in, a->parts[VCARD_STREET],
            cv_arena_printf(in->arena, "%.*s\r\n%.*s", CV_FMT(parts[1]),
                            CV_FMT(parts[2])));
    cv_slice label = cv_line_param_get(&l->line, "LABEL");
    if (label.len)
        set(in, a->label, cv_text_eol(in->arena, label, "\r\n"));
    if (cv_vcard_has_type(l, CV_S("PREF")))
        cv_bag_set_i32(in->bag, CV_PidLidPostalAddressId, a->id);
    return true;
}

static void put_with(cv_buf *buf, const char *between, cv_slice text)
{
    if (buf->len && text.len)
        cv_buf_put_str(buf, between);
    cv_buf_put_slice(buf, text);
}

/* The address as one text, where no LABEL gave it. */
static void make_label(vcard_in *in, const vcard_address *a)
{
    cv_slice p[VCARD_ADDRESS_PARTS];
    cv_buf buf;
    if (cv_bag_has(in->bag, a->label))
        return;
    for (size_t i = 0; i < VCARD_ADDRESS_PARTS; i++)
        p[i] = cv_bag_string_or(in->bag, a->parts[i], CV_S(""));
    cv_buf_init(&buf, 0);
    cv_buf_put_slice(&buf, p[VCARD_BOX]);
    put_with(&buf, "\r\n", p[VCARD_STREET]);
    put_with(&buf, "\r\n", p[VCARD_CITY]);
    put_with(&buf, p[VCARD_CITY].len ? " " : "\r\n", p[VCARD_STATE]);
    put_with(&buf, p[VCARD_CITY].len || p[VCARD_STATE].len ? " " : "\r\n",
             p[VCARD_CODE]);
    put_with(&buf, "\r\n", p[VCARD_COUNTRY]);
    set(in, a->label, cv_buf_slice(&buf));
    cv_buf_clear(&buf);
}

static void finish_addresses(vcard_in *in)
{
    int32_t id = cv_bag_i32_or(in->bag, CV_PidLidPostalAddressId, 0);
    for (size_t i = 0; i < CV_LEN(cv_vcard_addresses); i++) {
        const vcard_address *a = &cv_vcard_addresses[i];
        make_label(in, a);
        if (a->id != id)
            continue;
        for (size_t k = 0; k < VCARD_ADDRESS_PARTS; k++)
            set(in, cv_vcard_mailing[k],
                cv_bag_string_or(in->bag, a->parts[k], CV_S("")));
        set(in, CV_PidTagPostalAddress,
            cv_bag_string_or(in->bag, a->label, CV_S("")));
    }
}

/* -- electronic mail -- */

cv_slice cv_vcard_smtp(cv_slice value)
{
    value = cv_slice_trim(value);
    if (cv_slice_istarts(value, CV_S("mailto:")))
        value = cv_slice_sub(value, 7, CV_NPOS);
    size_t open = cv_slice_find_byte(value, '<', 0);
    size_t close =
        open == CV_NPOS ? CV_NPOS : cv_slice_find_byte(value, '>', open);
    if (close != CV_NPOS)
        value = cv_slice_sub(value, open + 1, close - open - 1);
    return cv_slice_trim(value);
}

static const vcard_email *free_email(vcard_in *in)
{
    for (size_t i = 0; i < CV_LEN(cv_vcard_emails); i++)
        if (!cv_bag_has(in->bag, cv_vcard_emails[i].address))
            return &cv_vcard_emails[i];
    return NULL;
}

static bool read_email(vcard_in *in, const vcard_line *l)
{
    const vcard_email *e = free_email(in);
    cv_slice text = cv_vcard_text(in->arena, l);
    bool ex = cv_vcard_has_type(l, CV_S("EX"));
    cv_slice address = ex ? text : cv_vcard_smtp(text);
    if (cv_vcard_has_type(l, CV_S("TLX"))) {
        set(in, CV_PidTagTelexNumber, text);
        return true;
    }
    if (!e)
        return false;
    if (!address.len)
        return true;
    if (!ex && !cv_address_is_smtp(address))
        cv_vcard_say(in, CV_RULE_ADDRESS_BAD, l, "kept as it is");
    cv_slice type = ex ? CV_S("EX") : CV_S("SMTP");
    cv_slice name = cv_line_param_get(&l->line, "X-CN");
    set(in, e->type, type);
    set(in, e->address, address);
    set(in, e->original_name, address);
    set(in, e->display, name);
    cv_bag_set_binary(in->bag, e->original_id,
                      cv_entryid_one_off(in->arena, name.len ? name : address,
                                         type, address));
    return true;
}

/* Outlook's lists of which of the three there are. */
static void finish_emails(vcard_in *in)
{
    cv_slice name = cv_bag_string_or(in->bag, CV_PidTagDisplayName, CV_S(""));
    int64_t *list =
        cv_arena_array(in->arena, CV_LEN(cv_vcard_emails), sizeof(*list));
    uint32_t count = 0;
    int32_t bits = 0;
    for (size_t i = 0; list && i < CV_LEN(cv_vcard_emails); i++) {
        const vcard_email *e = &cv_vcard_emails[i];
        cv_slice address;
        if (!cv_bag_string(in->bag, e->address, &address))
            continue;
        if (!cv_bag_has(in->bag, e->display))
            set(in, e->display,
                cv_arena_printf(in->arena, "%.*s (%.*s)", CV_FMT(name),
                                CV_FMT(address)));
        list[count++] = (int64_t)i;
        bits |= 1 << i;
    }
    cv_bag_set_i32(in->bag, CV_PidLidAddressBookProviderArrayType, bits);
    if (count) {
        cv_value v = { .type = CV_T_I32 | CV_T_MULTI,
                       .count = count,
                       .i64s = list };
        CV_IGNORE(cv_bag_put(in->bag, CV_PidLidAddressBookProviderEmailList, &v,
                             NULL)); /* the arena's status tells */
    }
}

/* -- dates -- */

static bool digits(cv_slice s, size_t from, size_t len, int *out)
{
    *out = 0;
    if (s.len < from + len)
        return false;
    for (size_t i = from; i < from + len; i++) {
        if (s.ptr[i] < '0' || s.ptr[i] > '9')
            return false;
        *out = *out * 10 + (s.ptr[i] - '0');
    }
    return true;
}

/* 1985-04-12, 19850412, --0412, --04-12; a time behind it is not read. */
static bool parse_date(cv_slice s, cv_civil *out)
{
    int year = YEAR_UNKNOWN, month, day;
    size_t at = 2;
    if (!cv_slice_starts(s, CV_S("--"))) {
        if (!digits(s, 0, 4, &year))
            return false;
        at = s.len > 4 && s.ptr[4] == '-' ? 5 : 4;
    }
    if (!digits(s, at, 2, &month))
        return false;
    at += 2;
    if (at < s.len && s.ptr[at] == '-')
        at++;
    if (!digits(s, at, 2, &day))
        return false;
    *out = (cv_civil){ .year = year,
                       .month = (uint8_t)month,
                       .day = (uint8_t)day };
    return cv_civil_is_valid(out);
}

/* A day without a zone: at 0:00 in the local property, near noon UTC in the
 * other, so that no zone moves it to another day. */
static bool read_date(vcard_in *in, const vcard_line *l, cv_tag day,
                      cv_tag local)
{
    cv_civil c;
    uint64_t filetime;
    if (cv_bag_has(in->bag, day))
        return false;
    if (!parse_date(cv_vcard_text(in->arena, l), &c) ||
        cv_ticks_to_filetime(cv_civil_to_ticks(&c), &filetime, NULL) != CV_OK) {
        cv_vcard_say(in, CV_RULE_VCARD_SYNTAX, l, "no date: kept as it came");
        return false;
    }
    cv_bag_set_time(in->bag, local, filetime);
    c.hour = 11;
    c.minute = 59;
    cv_bag_set_ticks(in->bag, day, cv_civil_to_ticks(&c));
    return true;
}

static bool read_birthday(vcard_in *in, const vcard_line *l)
{
    return read_date(in, l, CV_PidTagBirthday, CV_PidLidBirthdayLocal);
}

static bool read_anniversary(vcard_in *in, const vcard_line *l)
{
    return read_date(in, l, CV_PidTagWeddingAnniversary,
                     CV_PidLidWeddingAnniversaryLocal);
}

static bool read_changed(vcard_in *in, const vcard_line *l)
{
    cv_ical_time t;
    cv_slice text = cv_vcard_text(in->arena, l);
    int64_t ticks;
    if (cv_ical_time_parse(text, &t) == CV_OK)
        ticks = cv_civil_to_ticks(&t.at);
    else if (cv_iso_parse(text, &ticks) != CV_OK)
        return false;
    cv_bag_set_ticks(in->bag, CV_PidTagLastModificationTime, ticks);
    return true;
}

/* -- lists and codes -- */

static bool read_list(vcard_in *in, const vcard_line *l, cv_tag tag)
{
    enum { ROOM = 1000 };
    const cv_slice *before = NULL;
    size_t had = 0, count = 0;
    (void)cv_bag_strings(in->bag, tag, &before, &had);
    if (had > ROOM)
        return false;
    cv_slice *all = cv_arena_array(in->arena, had + ROOM, sizeof(*all));
    if (!all)
        return false;
    for (size_t i = 0; i < had; i++)
        all[count++] = before[i];
    size_t more = cv_vcard_parts(in->arena, l, ',', all + had, ROOM);
    for (size_t i = 0; i < more; i++)
        if (all[had + i].len)
            all[count++] = all[had + i];
    if (count)
        cv_bag_set_strings(in->bag, tag, all, count);
    return more < ROOM;
}

static bool read_categories(vcard_in *in, const vcard_line *l)
{
    return read_list(in, l, CV_PidNameKeywords);
}

static bool read_child(vcard_in *in, const vcard_line *l)
{
    return read_list(in, l, CV_PidTagChildrensNames);
}

static bool read_class(vcard_in *in, const vcard_line *l)
{
    static const char *const words[] = { "PUBLIC", "", "PRIVATE",
                                         "CONFIDENTIAL" };
    cv_slice text = cv_vcard_text(in->arena, l);
    for (size_t i = 0; i < CV_LEN(words); i++)
        if (text.len && cv_slice_ieq(text, cv_slice_cstr(words[i]))) {
            cv_bag_set_i32(in->bag, CV_PidTagSensitivity, (int32_t)i);
            cv_bag_set_bool(in->bag, CV_PidLidPrivate, i == 2);
            return true;
        }
    return false;
}

/* GENDER:F, X-GENDER:Female, X-WAB-GENDER:1 */
static bool read_gender(vcard_in *in, const vcard_line *l)
{
    cv_slice text = cv_vcard_text(in->arena, l);
    uint8_t c = text.len ? (uint8_t)(text.ptr[0] | 0x20) : 0;
    bool female = c == 'f' || text.ptr[0] == '1';
    if (!female && c != 'm' && (!text.len || text.ptr[0] != '2'))
        return false;
    cv_bag_set_i32(in->bag, CV_PidTagGender, female ? 1 : 2);
    return true;
}

static bool read_postal_id(vcard_in *in, const vcard_line *l)
{
    uint32_t id;
    if (cv_parse_u32(cv_vcard_text(in->arena, l), &id) != CV_OK || id > 3)
        return false;
    cv_bag_set_i32(in->bag, CV_PidLidPostalAddressId, (int32_t)id);
    return true;
}

static bool skip(vcard_in *in, const vcard_line *l)
{
    (void)in;
    (void)l;
    return true;
}

/* -- the picture -- */

static bool has_picture(vcard_in *in)
{
    return cv_bag_bool_or(in->bag, CV_PidLidHasPicture, false);
}

static bool read_photo(vcard_in *in, const vcard_line *l)
{
    cv_slice bytes, type;
    if (has_picture(in) || !cv_vcard_bytes(in->arena, l, &bytes, &type))
        return false;
    cv_attachment *a = cv_object_add_attachment(in->obj);
    if (!a)
        return false;
    bool png = cv_slice_ifind(type, CV_S("PNG"), 0) != CV_NPOS;
    bool gif = cv_slice_ifind(type, CV_S("GIF"), 0) != CV_NPOS;
    cv_slice name = CV_S("ContactPicture.jpg"); /* whatever it is: Outlook */
    cv_bag_set_i32(a->props, CV_PidTagAttachMethod, ATTACH_BY_VALUE);
    cv_bag_set_i32(a->props, CV_PidTagRenderingPosition, -1);
    cv_bag_set_string(a->props, CV_PidTagAttachLongFilename, name);
    cv_bag_set_string(a->props, CV_PidTagDisplayName, name);
    cv_bag_set_string(a->props, CV_PidTagAttachExtension, CV_S(".jpg"));
    cv_bag_set_string(a->props, CV_PidTagAttachMimeTag,
                      png   ? CV_S("image/png")
                      : gif ? CV_S("image/gif")
                            : CV_S("image/jpeg"));
    cv_bag_set_bool(a->props, CV_PidTagAttachmentContactPhoto, true);
    a->has_data = true;
    a->data = cv_blob_mem(bytes);
    cv_bag_set_bool(in->bag, CV_PidLidHasPicture, true);
    return true;
}

/* -- the card -- */

static const struct {
    const char *name;
    bool (*read)(vcard_in *in, const vcard_line *l); /* false: keep it */
} readers[] = {
    { "N", read_name },
    { "ORG", read_org },
    { "ADR", read_address },
    { "EMAIL", read_email },
    { "BDAY", read_birthday },
    { "ANNIVERSARY", read_anniversary },
    { "X-MS-ANNIVERSARY", read_anniversary },
    { "X-ANNIVERSARY", read_anniversary },
    { "X-EVOLUTION-ANNIVERSARY", read_anniversary },
    { "CATEGORIES", read_categories },
    { "X-MS-CHILD", read_child },
    { "CLASS", read_class },
    { "GENDER", read_gender },
    { "X-GENDER", read_gender },
    { "X-WAB-GENDER", read_gender },
    { "X-MS-OL-DEFAULT-POSTAL-ADDRESS", read_postal_id },
    { "PHOTO", read_photo },
    { "REV", read_changed },
    { "KIND", skip },
    { "PRODID", skip },
    { "PROFILE", skip },
};

static bool read_line(vcard_in *in, const vcard_line *l)
{
    for (size_t i = 0; i < CV_LEN(readers); i++)
        if (cv_slice_eq(l->line.name, cv_slice_cstr(readers[i].name)))
            return readers[i].read(in, l);
    return read_field(in, l);
}

static bool is_member(const vcard_line *l)
{
    return cv_slice_eq(l->line.name, CV_S("MEMBER")) ||
           cv_slice_eq(l->line.name, CV_S("X-ADDRESSBOOKSERVER-MEMBER")) ||
           cv_slice_eq(l->line.name, CV_S("X-ADDRESSBOOKSERVER-KIND"));
}

static void read_lines(vcard_in *in, bool group)
{
    cv_line_writer w;
    cv_buf kept;
    bool full = false;
    cv_buf_init(&kept, 0);
    cv_line_writer_init(&w, &kept);
    for (size_t i = 0; i < in->lines.count; i++) {
        const vcard_line *l = &in->lines.items[i];
        size_t before = kept.len;
        if ((group && is_member(l)) || read_line(in, l))
            continue;
        cv_vcard_keep(in->arena, &w, l);
        if (kept.len <= CV_LIMIT_VCARD_KEPT_BYTES) {
            cv_vcard_say(in, CV_RULE_VCARD_KEPT, l, "kept");
        } else {
            kept.len = before;
            full = true;
        }
    }
    if (full)
        cv_report_say(in->report, CV_RULE_LIMIT, CV_S(""), CV_S(""),
                      CV_S("CV_LIMIT_VCARD_KEPT_BYTES"),
                      "further lines were left out");
    set(in, CV_PidNameConvokeVcardLines, cv_buf_slice(&kept));
    cv_line_writer_clear(&w);
    cv_buf_clear(&kept);
}

static bool says_group(const vcard_lines *lines)
{
    static const char *const names[] = { "KIND", "X-ADDRESSBOOKSERVER-KIND" };
    for (size_t i = 0; i < CV_LEN(names); i++) {
        const vcard_line *l = cv_vcard_find(lines, names[i]);
        if (l && cv_slice_ieq(cv_slice_trim(l->line.value), CV_S("group")))
            return true;
    }
    return false;
}

bool cv_vcard_is_group(cv_slice card)
{
    cv_arena *arena = NULL;
    vcard_lines lines;
    if (cv_slice_ifind(card, CV_S("KIND"), 0) == CV_NPOS ||
        cv_arena_new(0, &arena, NULL) != CV_OK)
        return false;
    bool group = cv_vcard_parse(arena, card, &lines, NULL, NULL) == CV_OK &&
                 says_group(&lines);
    cv_arena_free(&arena);
    return group;
}

cv_status cv_vcard_read(cv_slice card, const cv_vcard_book *book,
                        cv_object *obj, cv_report *report, cv_error *err)
{
    vcard_in in = { .obj = obj,
                    .bag = cv_object_props(obj),
                    .arena = cv_object_arena(obj),
                    .report = report,
                    .book = book };
    CV_TRY(cv_vcard_parse(in.arena, card, &in.lines, report, err));
    bool group = says_group(&in.lines);
    cv_object_set_source(obj, "vcard");
    set(&in, CV_PidTagMessageClass,
        group ? CV_S("IPM.DistList") : CV_S("IPM.Contact"));
    cv_bag_set_i32(in.bag, CV_PidTagIconIndex,
                   group ? ICON_LIST : ICON_CONTACT);
    read_lines(&in, group);
    finish_names(&in);
    if (group) {
        cv_vcard_read_group(&in);
    } else {
        finish_emails(&in);
        finish_addresses(&in);
    }
    return cv_arena_status(in.arena) == CV_OK ? CV_OK
                                              : cv_arena_fail(in.arena, err);
}
