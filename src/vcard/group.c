/* Groups: their members are entry ids of a distribution list.
 * Source: RFC 6350 6.1.4, 6.6.5; [MS-OXOCNTC] 2.2.2.
 */
#include "vcard/vcard_private.h"

/* -- reading -- */

static bool is_member(const vcard_line *l)
{
    return cv_slice_eq(l->line.name, CV_S("MEMBER")) ||
           cv_slice_eq(l->line.name, CV_S("X-ADDRESSBOOKSERVER-MEMBER"));
}

static cv_slice member_id(vcard_in *in, const vcard_line *l)
{
    cv_slice text = cv_vcard_text(in->arena, l);
    cv_slice name = cv_line_param_get(&l->line, "X-CN");
    cv_slice address = cv_vcard_smtp(text), type = CV_S("SMTP");
    if (cv_vcard_has_type(l, CV_S("EX"))) {
        type = CV_S("EX");
        address = text;
    } else if (!cv_address_is_smtp(address)) {
        if (!cv_vcard_book_find(in->book, cv_ascii_lower(in->arena, text),
                                &name, &address) ||
            !address.len) {
            cv_vcard_say(in, CV_RULE_ADDRESS_MISSING, l,
                         "no card and no address: the member has a name only");
            address = CV_S("");
            name = name.len ? name : text;
        }
    }
    return cv_entryid_one_off(in->arena, name.len ? name : address, type,
                              address);
}

void cv_vcard_read_group(vcard_in *in)
{
    cv_slice name = cv_bag_string_or(in->bag, CV_PidTagDisplayName, CV_S(""));
    cv_slice *ids = cv_arena_array(in->arena, in->lines.count, sizeof(*ids));
    uint32_t count = 0;
    cv_bag_set_string(in->bag, CV_PidLidDistributionListName, name);
    for (size_t i = 0; ids && i < in->lines.count; i++) {
        const vcard_line *l = &in->lines.items[i];
        if (is_member(l))
            ids[count++] = member_id(in, l);
    }
    if (!count)
        return;
    cv_value v = { .type = CV_T_BINARY | CV_T_MULTI,
                   .count = count,
                   .slices = ids };
    /* The arena's status tells of a failure. */
    CV_IGNORE(cv_bag_put(in->bag, CV_PidLidDistributionListMembers, &v, NULL));
    CV_IGNORE(
        cv_bag_put(in->bag, CV_PidLidDistributionListOneOffMembers, &v, NULL));
}

/* -- writing -- */

static void write_member(vcard_out *out, cv_slice id)
{
    cv_entryid e = { 0 };
    if (cv_entryid_parse(out->arena, id, &e) != CV_OK ||
        (e.kind != CV_ENTRYID_ONE_OFF && e.kind != CV_ENTRYID_EX)) {
        cv_report_say(out->report, CV_RULE_ADDRESS_MISSING, CV_S(""),
                      CV_S("PidLidDistributionListMembers"), CV_S(""),
                      "a member is an entry of an address book: left out");
        return;
    }
    cv_slice smtp = cv_vcard_resolve(out, e.address_type, e.address,
                                     "PidLidDistributionListMembers");
    cv_line_begin(&out->w, "X-ADDRESSBOOKSERVER-MEMBER");
    if (e.name.len && !cv_slice_eq(e.name, smtp))
        cv_line_param(&out->w, "X-CN", e.name);
    if (!smtp.len && e.address.len)
        cv_line_param(&out->w, "TYPE", e.address_type);
    cv_line_colon(&out->w);
    if (smtp.len)
        cv_buf_put_str(&out->w.line, "mailto:");
    cv_line_text(&out->w, smtp.len ? smtp : e.address);
    cv_line_end(&out->w);
}

void cv_vcard_write_group(vcard_out *out)
{
    static const cv_tag tags[] = { CV_PidLidDistributionListOneOffMembers,
                                   CV_PidLidDistributionListMembers };
    const cv_prop *p = NULL;
    cv_line_put_literal(&out->w, "X-ADDRESSBOOKSERVER-KIND:group");
    for (size_t i = 0; i < CV_LEN(tags) && !p; i++) {
        p = cv_bag_find(out->bag, tags[i]);
        if (p && p->value.type != (CV_T_BINARY | CV_T_MULTI))
            p = NULL;
    }
    for (uint32_t i = 0; p && i < p->value.count; i++)
        write_member(out, p->value.slices[i]);
}
