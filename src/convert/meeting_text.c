/* A meeting in words, for a mail without text of its own. Source:
 * meeting-flow.md 13 (body text must describe the meeting). */
#include "convert/to_mime.h"

#include "base/datetime.h"
#include "base/text.h"

typedef struct zone {
    cv_timezone tz;
    const char *label; /* when tz has no name */
} zone;

static zone zone_of(const cv_bag *props, const cv_convert_options *options,
                    cv_arena *arena)
{
    static const cv_tag tags[] = {
        CV_PidLidAppointmentTimeZoneDefinitionStartDisplay,
        CV_PidLidAppointmentTimeZoneDefinitionRecur,
    };
    zone z = { .label = "UTC" };
    cv_slice blob;
    for (size_t i = 0; i < CV_LEN(tags); i++)
        if (cv_bag_binary(props, tags[i], &blob) && blob.len &&
            cv_tzdef_parse(arena, blob, &z.tz) == CV_OK)
            return z;
    const cv_timezone *set = cv_opt_zone(options, arena);
    z.tz = set ? *set : cv_timezone_utc(arena);
    return z;
}

static void put_clock(cv_buf *buf, const cv_civil *c)
{
    cv_buf_printf(buf, "%02u:%02u", c->hour, c->minute);
}

static void put_moment(cv_buf *buf, const cv_civil *c)
{
    static const char *const days[] = { "Sunday",    "Monday",   "Tuesday",
                                        "Wednesday", "Thursday", "Friday",
                                        "Saturday" };
    int64_t day = cv_days_from_civil(c->year, c->month, c->day);
    cv_buf_printf(buf, "%s, %04d-%02u-%02u ", days[cv_weekday_of_days(day)],
                  c->year, c->month, c->day);
    put_clock(buf, c);
}

static void put_when(cv_buf *buf, const cv_bag *props,
                     const cv_convert_options *options, cv_arena *arena)
{
    int64_t start = 0, end = 0;
    if (!cv_bag_ticks(props, CV_PidLidAppointmentStartWhole, &start) &&
        !cv_bag_ticks(props, CV_PidTagStartDate, &start))
        return;
    zone z = zone_of(props, options, arena);
    cv_civil from = cv_civil_of_ticks(cv_timezone_to_local(&z.tz, start));
    cv_buf_put_str(buf, "When: ");
    put_moment(buf, &from);
    if (cv_bag_ticks(props, CV_PidLidAppointmentEndWhole, &end) ||
        cv_bag_ticks(props, CV_PidTagEndDate, &end)) {
        cv_civil to = cv_civil_of_ticks(cv_timezone_to_local(&z.tz, end));
        cv_buf_put_str(buf, " - ");
        if (to.year == from.year && to.month == from.month &&
            to.day == from.day)
            put_clock(buf, &to);
        else
            put_moment(buf, &to);
    }
    if (z.tz.key_name.len)
        cv_buf_printf(buf, " (%.*s)", CV_FMT(z.tz.key_name));
    else
        cv_buf_printf(buf, " (%s)", z.label);
    cv_buf_put_str(buf, "\r\n");
}

static void put_line(cv_buf *buf, cv_arena *arena, const char *label,
                     cv_slice value)
{
    cv_slice line =
        cv_slice_trim(cv_text_one_line(arena, cv_utf8_repair(arena, value)));
    if (!line.len)
        return;
    cv_buf_put_str(buf, label);
    cv_buf_put_slice(buf, line);
    cv_buf_put_str(buf, "\r\n");
}

static const char *sentence(const cv_object *obj)
{
    static const struct {
        const char *message_class, *text;
    } rows[] = {
        { "IPM.Schedule.Meeting.Canceled", "This meeting is canceled." },
        { "IPM.Schedule.Meeting.Resp.Pos", "The invitation is accepted." },
        { "IPM.Schedule.Meeting.Resp.Tent",
          "The invitation is accepted tentatively." },
        { "IPM.Schedule.Meeting.Resp.Neg", "The invitation is declined." },
        { "IPM.Schedule.Meeting.Request", "You are invited to a meeting." },
    };
    for (size_t i = 0; i < CV_LEN(rows); i++)
        if (cv_object_is_class(obj, cv_slice_cstr(rows[i].message_class)))
            return rows[i].text;
    return NULL;
}

cv_slice cv_meeting_text(const cv_object *obj,
                         const cv_convert_options *options, cv_arena *arena)
{
    const cv_bag *props = cv_object_props(obj);
    const char *first = sentence(obj);
    cv_slice where = CV_S("");
    cv_buf buf;
    cv_buf_init(&buf, 0);
    if (first) {
        cv_buf_put_str(&buf, first);
        cv_buf_put_str(&buf, "\r\n\r\n");
    }
    put_line(
        &buf, arena, "What: ",
        cv_bag_string_or(props, CV_PidTagNormalizedSubject,
                         cv_bag_string_or(props, CV_PidTagSubject, CV_S(""))));
    put_when(&buf, props, options, arena);
    if (!cv_bag_string(props, CV_PidLidLocation, &where) || !where.len)
        where = cv_bag_string_or(props, CV_PidLidWhere, CV_S(""));
    put_line(&buf, arena, "Where: ", where);
    cv_slice text = cv_buf_dup(&buf, arena);
    cv_buf_clear(&buf);
    return text.ptr ? text : CV_S("");
}
