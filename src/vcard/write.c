/* A contact or a list into a card. Source: RFC 2426; [MS-OXVCARD] 2.1.3. */
#include "vcard/vcard_private.h"

#include "base/datetime.h"

#define PHOTO_MAX ((size_t)8 << 20) /* bytes; half a line when encoded */
#define DAY (INT64_C(1440) * 60 * CV_TICKS_PER_SEC)
#define YEAR_UNKNOWN 1604

static bool text_of(const vcard_out *out, cv_tag tag, cv_slice *text)
{
    return cv_bag_string(out->bag, tag, text) && text->len;
}

cv_slice cv_vcard_resolve(vcard_out *out, cv_slice type, cv_slice address,
                          const char *property)
{
    cv_slice smtp = CV_S("");
    if (cv_slice_ieq(type, CV_S("SMTP")) || cv_address_is_smtp(address))
        return address;
    if (out->options && out->options->resolve &&
        out->options->resolve(out->options->resolve_ctx, out->arena, type,
                              address, &smtp)) {
        cv_report_say(out->report, CV_RULE_ADDRESS_RESOLVED, CV_S(""),
                      cv_slice_cstr(property), address, "%.*s", CV_FMT(smtp));
        return smtp;
    }
    cv_report_say(out->report, CV_RULE_ADDRESS_MISSING, CV_S(""),
                  cv_slice_cstr(property), address,
                  "no SMTP address is known; it travels as it is");
    return CV_S("");
}

/* -- names -- */

static void put_parts(vcard_out *out, const cv_slice *parts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (i)
            cv_buf_put_byte(&out->w.line, ';');
        cv_line_text(&out->w, parts[i]);
    }
    cv_line_end(&out->w);
}

static void put_tags(vcard_out *out, const char *name, const cv_tag *tags,
                     size_t count)
{
    cv_slice parts[8] = { 0 };
    for (size_t i = 0; i < count; i++)
        parts[i] = cv_bag_string_or(out->bag, tags[i], CV_S(""));
    cv_line_begin(&out->w, name);
    cv_line_colon(&out->w);
    put_parts(out, parts, count);
}

static void write_names(vcard_out *out)
{
    static const cv_tag name[] = { CV_PidTagSurname, CV_PidTagGivenName,
                                   CV_PidTagMiddleName,
                                   CV_PidTagDisplayNamePrefix,
                                   CV_PidTagGeneration };
    static const cv_tag org[] = { CV_PidTagCompanyName,
                                  CV_PidTagDepartmentName };
    static const cv_tag instead[] = { CV_PidLidDistributionListName,
                                      CV_PidTagNormalizedSubject,
                                      CV_PidLidFileUnder, CV_PidTagCompanyName,
                                      CV_PidLidEmail1EmailAddress };
    cv_slice text = CV_S("");
    put_tags(out, "N", name, CV_LEN(name));
    if (!text_of(out, CV_PidTagDisplayName, &text)) { /* 3.0 asks for FN */
        for (size_t i = 0; !text.len && i < CV_LEN(instead); i++)
            (void)text_of(out, instead[i], &text);
        cv_line_put_text(&out->w, "FN", text);
    }
    if (text_of(out, org[0], &text) || text_of(out, org[1], &text))
        put_tags(out, "ORG", org, text_of(out, org[1], &text) ? 2 : 1);
}

/* -- rows of fields.def -- */

static void begin_typed(vcard_out *out, const char *name, const char *types)
{
    cv_slice rest = cv_slice_cstr(types);
    cv_line_begin(&out->w, name);
    while (rest.len)
        cv_line_param(&out->w, "TYPE", cv_slice_cut(&rest, ' '));
}

static void put_field(vcard_out *out, const vcard_field *f, cv_slice text)
{
    begin_typed(out, f->name, f->types);
    cv_line_colon(&out->w);
    cv_line_text(&out->w, text);
    cv_line_end(&out->w);
}

static void write_fields(vcard_out *out)
{
    const vcard_field *f;
    for (size_t i = 0; (f = cv_vcard_field_at(i)); i++) {
        const cv_slice *texts = NULL;
        size_t count = 0;
        cv_slice text;
        if (f->alias)
            continue;
        if (text_of(out, f->tag, &text))
            put_field(out, f, text);
        else if (cv_bag_strings(out->bag, f->tag, &texts, &count))
            for (size_t k = 0; k < count; k++) /* several business numbers */
                put_field(out, f, texts[k]);
    }
}

/* -- addresses -- */

static void put_address(vcard_out *out, const vcard_address *a,
                        const cv_tag *tags, bool preferred)
{
    static const int8_t place[] = { VCARD_BOX,    -1,          VCARD_STREET,
                                    VCARD_CITY,   VCARD_STATE, VCARD_CODE,
                                    VCARD_COUNTRY };
    cv_slice parts[CV_LEN(place)];
    bool any = false;
    for (size_t i = 0; i < CV_LEN(place); i++) {
        cv_tag tag = place[i] >= 0 ? tags[place[i]] : CV_PidTagOfficeLocation;
        parts[i] = place[i] >= 0 || a->id == 2
                       ? cv_bag_string_or(out->bag, tag, CV_S(""))
                       : CV_S("");
        any = any || parts[i].len;
    }
    if (!any)
        return;
    begin_typed(out, "ADR", a->type);
    if (preferred)
        cv_line_param(&out->w, "TYPE", CV_S("PREF"));
    cv_line_colon(&out->w);
    put_parts(out, parts, CV_LEN(parts));
}

static bool has_any(const vcard_out *out, const cv_tag *tags)
{
    cv_slice text;
    for (size_t i = 0; i < VCARD_ADDRESS_PARTS; i++)
        if (text_of(out, tags[i], &text))
            return true;
    return false;
}

/* A contact of a program that knows one address only has the mailing one. */
static void write_addresses(vcard_out *out)
{
    int32_t id = cv_bag_i32_or(out->bag, CV_PidLidPostalAddressId, 0);
    bool three = false;
    for (size_t i = 0; i < CV_LEN(cv_vcard_addresses); i++)
        three = three || has_any(out, cv_vcard_addresses[i].parts);
    for (size_t i = 0; i < CV_LEN(cv_vcard_addresses); i++) {
        const vcard_address *a = &cv_vcard_addresses[i];
        put_address(out, a, !three && a->id == 2 ? cv_vcard_mailing : a->parts,
                    a->id == id);
    }
}

/* -- electronic mail -- */

static bool is_default_name(const vcard_out *out, cv_slice name,
                            cv_slice address)
{
    cv_slice fn = cv_bag_string_or(out->bag, CV_PidTagDisplayName, CV_S(""));
    return cv_slice_eq(name, address) ||
           cv_slice_eq(name, cv_arena_printf(out->arena, "%.*s (%.*s)",
                                             CV_FMT(fn), CV_FMT(address)));
}

static void put_email(vcard_out *out, const vcard_email *e, bool preferred)
{
    cv_slice address = CV_S(""), original = CV_S(""), name = CV_S("");
    cv_slice type = cv_bag_string_or(out->bag, e->type, CV_S("SMTP"));
    (void)text_of(out, e->original_name, &original);
    if (!text_of(out, e->address, &address))
        return;
    cv_slice smtp =
        !cv_slice_ieq(type, CV_S("SMTP")) && cv_address_is_smtp(original)
            ? original /* where Outlook has it for EX */
            : cv_vcard_resolve(out, type, address, "PidLidEmail1EmailAddress");
    cv_line_begin(&out->w, "EMAIL");
    cv_line_param(&out->w, "TYPE", smtp.len ? CV_S("INTERNET") : type);
    if (preferred)
        cv_line_param(&out->w, "TYPE", CV_S("PREF"));
    if (text_of(out, e->display, &name) &&
        !is_default_name(out, name, smtp.len ? smtp : address))
        cv_line_param(&out->w, "X-CN", name);
    cv_line_colon(&out->w);
    cv_line_text(&out->w, smtp.len ? smtp : address);
    cv_line_end(&out->w);
}

static void write_emails(vcard_out *out)
{
    cv_slice text;
    for (size_t i = 0; i < CV_LEN(cv_vcard_emails); i++)
        put_email(out, &cv_vcard_emails[i], i == 0);
    if (text_of(out, CV_PidTagTelexNumber, &text)) {
        begin_typed(out, "EMAIL", "TLX");
        cv_line_colon(&out->w);
        cv_line_text(&out->w, text);
        cv_line_end(&out->w);
    }
}

/* -- dates, lists, codes -- */

/* The day a FILETIME means: the local form is that day's midnight; the other
 * is midnight in a zone nobody knows, or noon UTC: half a day later it is
 * within the day that was meant. */
static bool day_of(const vcard_out *out, cv_tag day, cv_tag local, cv_civil *c)
{
    uint64_t filetime;
    int64_t ticks;
    bool is_local = cv_bag_time(out->bag, local, &filetime) && filetime;
    if ((!is_local && !cv_bag_time(out->bag, day, &filetime)) ||
        cv_filetime_to_ticks(filetime, &ticks, NULL) != CV_OK)
        return false;
    *c = cv_civil_of_ticks(is_local ? ticks : ticks + DAY / 2);
    return c->year == YEAR_UNKNOWN || cv_filetime_is_valid(filetime);
}

static void write_date(vcard_out *out, const char *name, cv_tag day,
                       cv_tag local)
{
    cv_civil c;
    if (!day_of(out, day, local, &c))
        return;
    cv_line_begin(&out->w, name);
    cv_buf_printf(&out->w.line, ";VALUE=date");
    if (c.year == YEAR_UNKNOWN)
        cv_buf_printf(&out->w.line, ";X-APPLE-OMIT-YEAR=%d", YEAR_UNKNOWN);
    cv_buf_printf(&out->w.line, ":%04d-%02u-%02u", c.year, c.month, c.day);
    cv_line_end(&out->w);
}

static void write_list(vcard_out *out, const char *name, cv_tag tag)
{
    const cv_slice *texts = NULL;
    size_t count = 0;
    if (!cv_bag_strings(out->bag, tag, &texts, &count) || !count)
        return;
    cv_line_begin(&out->w, name);
    cv_line_colon(&out->w);
    for (size_t i = 0; i < count; i++) {
        if (i)
            cv_buf_put_byte(&out->w.line, ',');
        cv_line_text(&out->w, texts[i]);
    }
    cv_line_end(&out->w);
}

static void write_codes(vcard_out *out)
{
    static const char *const class[] = { NULL, NULL, "PRIVATE",
                                         "CONFIDENTIAL" };
    static const char *const gender[] = { NULL, "Female", "Male" };
    int32_t v = cv_bag_i32_or(out->bag, CV_PidTagSensitivity, 0);
    int64_t ticks;
    if (v > 0 && (size_t)v < CV_LEN(class) && class[v])
        cv_line_put_word(&out->w, "CLASS", class[v]);
    v = cv_bag_i32_or(out->bag, CV_PidTagGender, 0);
    if (v > 0 && (size_t)v < CV_LEN(gender))
        cv_line_put_word(&out->w, "X-GENDER", gender[v]);
    v = cv_bag_i32_or(out->bag, CV_PidLidPostalAddressId, 0);
    if (v > 0 && v <= 3)
        cv_line_put_int(&out->w, "X-MS-OL-DEFAULT-POSTAL-ADDRESS", v);
    if (cv_bag_ticks(out->bag, CV_PidTagLastModificationTime, &ticks))
        cv_line_put_utc(&out->w, "REV", ticks);
}

/* -- the picture -- */

static bool is_picture(const cv_attachment *a)
{
    cv_slice name =
        cv_bag_string_or(a->props, CV_PidTagAttachLongFilename, CV_S(""));
    return a->has_data &&
           (cv_bag_bool_or(a->props, CV_PidTagAttachmentContactPhoto, false) ||
            cv_slice_ieq(name, CV_S("ContactPicture.jpg")));
}

static const char *kind_of_picture(cv_slice bytes)
{
    if (cv_slice_starts(bytes, CV_S("\x89PNG")))
        return "PNG";
    return cv_slice_starts(bytes, CV_S("GIF8")) ? "GIF" : "JPEG";
}

static void put_photo(vcard_out *out, const cv_attachment *a)
{
    cv_slice bytes;
    if (cv_blob_get(&a->data, PHOTO_MAX, out->arena, &bytes, NULL) != CV_OK) {
        cv_report_say(out->report, CV_RULE_ATTACHMENT_DATA, CV_S(""),
                      CV_S("PHOTO"), CV_S(""),
                      "the picture cannot be read or is too large: left out");
        return;
    }
    cv_line_begin(&out->w, "PHOTO");
    cv_line_param(&out->w, "ENCODING", CV_S("b"));
    cv_line_param(&out->w, "TYPE", cv_slice_cstr(kind_of_picture(bytes)));
    cv_line_colon(&out->w);
    cv_base64_put(&out->w.line, bytes, 0);
    cv_line_end(&out->w);
}

/* A card has room for one picture; other files have no place in it. */
static void write_attachments(vcard_out *out)
{
    bool done = false;
    for (size_t i = 0; i < cv_object_attachment_count(out->obj); i++) {
        const cv_attachment *a = cv_object_attachment(out->obj, i);
        if (!done && is_picture(a)) {
            put_photo(out, a);
            done = true;
            continue;
        }
        cv_report_say(
            out->report, CV_RULE_LADDER_PARTIAL, CV_S(""), CV_S("attachment"),
            cv_bag_string_or(a->props, CV_PidTagAttachLongFilename, CV_S("")),
            "a vCard holds no files: left out");
    }
}

/* -- the card -- */

/* Parsed anew: they may come from a file of anybody's. */
static void write_kept(vcard_out *out)
{
    vcard_lines lines;
    cv_slice text;
    if (!text_of(out, CV_PidNameConvokeVcardLines, &text) ||
        cv_vcard_parse(out->arena, text, &lines, NULL, NULL) != CV_OK)
        return;
    for (size_t i = 0; i < lines.count; i++)
        cv_vcard_keep(out->arena, &out->w, &lines.items[i]);
}

static void write_card(vcard_out *out)
{
    cv_line_put_literal(&out->w, "BEGIN:VCARD");
    cv_line_put_literal(&out->w, "VERSION:3.0");
    cv_line_put_literal(&out->w, "PRODID:-//Convoke//EN");
    write_names(out);
    write_fields(out);
    if (cv_object_is_class(out->obj, CV_S("IPM.DistList"))) {
        cv_vcard_write_group(out);
    } else {
        write_emails(out);
        write_addresses(out);
    }
    write_date(out, "BDAY", CV_PidTagBirthday, CV_PidLidBirthdayLocal);
    write_date(out, "X-MS-ANNIVERSARY", CV_PidTagWeddingAnniversary,
               CV_PidLidWeddingAnniversaryLocal);
    write_list(out, "CATEGORIES", CV_PidNameKeywords);
    write_list(out, "X-MS-CHILD", CV_PidTagChildrensNames);
    write_codes(out);
    write_attachments(out);
    write_kept(out);
    cv_line_put_literal(&out->w, "END:VCARD");
}

bool cv_vcard_has_form(const cv_object *obj)
{
    return cv_object_is_class(obj, CV_S("IPM.Contact")) ||
           cv_object_is_class(obj, CV_S("IPM.DistList"));
}

cv_status cv_vcard_write(const cv_object *obj, const cv_vcard_options *options,
                         const cv_sink *sink, cv_report *report, cv_error *err)
{
    vcard_out out = { .obj = obj,
                      .bag = cv_object_props(obj),
                      .options = options,
                      .report = report };
    cv_buf buf;
    if (!cv_vcard_has_form(obj))
        return cv_fail(err, CV_ERR_UNSUP, "%.*s is no contact",
                       CV_FMT(cv_utf8_clip(cv_object_class(obj), 60)));
    CV_TRY(cv_arena_new(0, &out.arena, err));
    cv_buf_init(&buf, 0);
    cv_line_writer_init(&out.w, &buf);
    write_card(&out);
    cv_status st = cv_buf_status(&out.w.line, err);
    if (st == CV_OK)
        st = cv_buf_status(&buf, err);
    if (st == CV_OK)
        st = cv_sink_put(sink, cv_buf_slice(&buf), err);
    cv_line_writer_clear(&out.w);
    cv_buf_clear(&buf);
    cv_arena_free(&out.arena);
    return st;
}
