/* The calendar part of a mail makes it a meeting message. Source: spec
 * mime-mapping.md B3, meeting-flow.md 13; kb-cases.md C048. */
#include "convert/from_mime.h"

#include "ical/ical.h"

static cv_ical_context context_of(cv_from *c, const cv_mime_part *part)
{
    return (cv_ical_context){
        .method_param = cv_mime_param_get(part, CV_S("method")),
        .from_address = c->from.address,
        .from_name = c->from.name,
        .subject = cv_bag_string_or(c->props, CV_PidTagSubject, CV_S("")),
        .date_ticks = c->date,
        .received_ticks = c->options->received_ticks,
        .zone = cv_opt_zone(c->options, c->arena),
        .env = &c->options->env,
    };
}

/* METHOD of the text, else of the part: what the sender wants done. */
static bool is_scheduling(const cv_ical_item *item, cv_slice param)
{
    static const char *const methods[] = { "REQUEST", "REPLY", "CANCEL",
                                           "COUNTER", "ADD" };
    const cv_ical_prop *p = cv_ical_prop_get(item->calendar, "METHOD");
    cv_slice method = p && p->value.len ? cv_slice_trim(p->value) : param;
    for (size_t i = 0; i < CV_LEN(methods); i++)
        if (cv_slice_ieq(method, cv_slice_cstr(methods[i])))
            return true;
    return false;
}

cv_status cv_calendar_from_mime(cv_from *c, const cv_parts *parts, bool *used,
                                bool *keep)
{
    cv_ical_comp *root = NULL;
    cv_ical_item *items = NULL;
    size_t count = 0;
    cv_slice text = CV_S("");
    *used = false;
    *keep = true;
    if (!parts->calendar)
        return CV_OK;
    CV_TRY(cv_mime_part_text(parts->calendar, c->arena, &text, NULL, c->report,
                             c->err));
    cv_status st = cv_ical_parse(c->arena, text, &root, c->report, c->err);
    if (st == CV_OK)
        st = cv_ical_items(c->arena, root, &items, &count, c->report, c->err);
    if (st == CV_ERR_NOMEM || st == CV_ERR_LIMIT)
        return st;
    cv_ical_context ctx = context_of(c, parts->calendar);
    if (st == CV_OK && count &&
        (parts->calendar_rank == CV_CAL_PROPER ||
         is_scheduling(&items[0], ctx.method_param)))
        CV_TRY(cv_ical_to_object(&items[0], &ctx, c->obj, used, c->report,
                                 c->err));
    else if (parts->calendar_rank == CV_CAL_PROPER)
        cv_report_say(c->report, CV_RULE_ICAL_UNUSABLE, CV_S(""), CV_S(""),
                      CV_S(""), "kept as a file");
    *keep = !*used || count > 1;
    if (*used && count > 1)
        cv_report_say(c->report, CV_RULE_ICAL_KEPT, CV_S(""), CV_S(""),
                      CV_S(""), "%zu more events: the calendar stays as a file",
                      count - 1);
    return CV_OK;
}
