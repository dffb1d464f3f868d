/* ical_calendars.c - prints calendars that went through message objects, for
 * cv_line_writer.py: each as a line "NAME LENGTH" and then its bytes. */
#include "ical/ical.h"

#include <stdio.h>
#include <stdlib.h>

#define ZONE "BEGIN:VTIMEZONE\r\nTZID:Europe/Berlin\r\nEND:VTIMEZONE\r\n"
#define PEOPLE \
    "ORGANIZER;CN=\"Alice \xC3\x9C, \":mailto:alice@north.example\r\n" \
    "ATTENDEE;CN=\"B;o:b\";DELEGATED-TO=\"mailto:d@x.example\":" \
    "mailto:bob@south.example\r\n" \
    "ATTENDEE;CUTYPE=ROOM;CN=Room:mailto:room@south.example\r\n"
#define SPAN \
    "DTSTART;TZID=Europe/Berlin:20261123T090000\r\n" \
    "DTEND;TZID=Europe/Berlin:20261123T100000\r\n"
#define TEXT \
    "SUMMARY:Budget\\, \xE2\x82\xAC and more\\; again\r\n" \
    "DESCRIPTION:one\\ntwo " \
    "\xC3\xA4\xC3\xB6\xC3\xBC\xC3\xA4\xC3\xB6\xC3\xBC\xC3\xA4\xC3\xB6\xC3\xBC" \
    "\xC3\xA4\xC3\xB6\xC3\xBC\xC3\xA4\xC3\xB6\xC3\xBC\xC3\xA4\xC3\xB6\xC3\xBC" \
    "\xC3\xA4\xC3\xB6\xC3\xBC\xC3\xA4\xC3\xB6\xC3\xBC\xC3\xA4\xC3\xB6\xC3\xBC" \
    "\r\n"
#define EVENT(more) \
    "BEGIN:VEVENT\r\nUID:u1@x.example\r\nDTSTAMP:20261120T080000Z\r\n" more \
    "END:VEVENT\r\n"
#define CALENDAR(method, events) \
    "BEGIN:VCALENDAR\r\nMETHOD:" method "\r\n" ZONE events "END:VCALENDAR\r\n"

static const struct {
    const char *name, *text;
} calendars[] = {
    { "request", CALENDAR("REQUEST", EVENT(PEOPLE SPAN TEXT "SEQUENCE:1\r\n"
                                                            "X-A;B=\"c:d\":e"
                                                            "\r\n")) },
    { "reply",
      CALENDAR("REPLY", EVENT("ORGANIZER:mailto:alice@north.example\r\n"
                              "ATTENDEE;PARTSTAT=ACCEPTED:mailto:b@x.example"
                              "\r\n" SPAN)) },
    { "cancel", CALENDAR("CANCEL", EVENT(PEOPLE SPAN "SEQUENCE:2\r\n")) },
    { "all-day",
      CALENDAR("PUBLISH", EVENT("DTSTART;VALUE=DATE:20261123\r\n"
                                "RRULE:FREQ=MONTHLY;BYMONTHDAY=-1;COUNT=3\r\n"
                                "BEGIN:VALARM\r\nACTION:DISPLAY\r\n"
                                "TRIGGER:-PT15M\r\nEND:VALARM\r\n")) },
    { "series",
      CALENDAR("PUBLISH",
               EVENT(SPAN TEXT "RRULE:FREQ=WEEKLY;COUNT=10;BYDAY=MO,WE\r\n"
                               "EXDATE;TZID=Europe/Berlin:20261202T090000\r\n")
                   EVENT("RECURRENCE-ID;TZID=Europe/Berlin:20261209T090000\r\n"
                         "DTSTART;TZID=Europe/Berlin:20261210T140000\r\n"
                         "DTEND;TZID=Europe/Berlin:20261210T150000\r\n")) },
    { "no-pattern",
      CALENDAR("PUBLISH", EVENT(SPAN "RRULE:FREQ=MONTHLY;BYMONTHDAY=5,20\r\n"
                                     "RDATE:20261130T080000Z\r\n")) },
};

/* The text read into an object and written again. */
static cv_status through_object(cv_object *obj, cv_slice text, cv_buf *out)
{
    cv_arena *arena = cv_object_arena(obj);
    const cv_ical_context context = { .date_ticks = INT64_MIN,
                                      .received_ticks = INT64_MIN };
    const cv_ical_options options = { .attendee_critical_change = true,
                                      .owner_critical_change = true,
                                      .reply_time = true,
                                      .appt_sequence = true };
    cv_ical_comp *root;
    cv_ical_item *items;
    size_t count;
    bool usable;

    CV_TRY(cv_ical_parse(arena, text, &root, NULL, NULL));
    CV_TRY(cv_ical_items(arena, root, &items, &count, NULL, NULL));
    if (count != 1)
        return CV_ERR_SYNTAX;
    CV_TRY(cv_ical_to_object(&items[0], &context, obj, &usable, NULL, NULL));
    return usable ? cv_ical_write(obj, NULL, &options, out, NULL, NULL)
                  : CV_ERR_SYNTAX;
}

int main(void)
{
    for (size_t i = 0; i < CV_LEN(calendars); i++) {
        cv_object *obj;
        cv_buf out;
        if (cv_object_new(0, &obj, NULL) != CV_OK)
            return 1;
        cv_buf_init(&out, 0);
        if (through_object(obj, cv_slice_cstr(calendars[i].text), &out) !=
            CV_OK) {
            fprintf(stderr, "%s failed\n", calendars[i].name);
            return 1;
        }
        printf("%s %zu\n", calendars[i].name, out.len);
        fwrite(out.data, 1, out.len, stdout);
        cv_buf_clear(&out);
        cv_object_free(&obj);
    }
    return 0;
}
