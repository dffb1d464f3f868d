/* What the bytes of an input are. Content decides; a file's name only breaks
 * ties between forms of text. */
#include "convert/convert.h"

#include "archive/archive_read.h"
#include "base/text.h"
#include "mapi/json.h"
#include "mime/emlx.h"
#include "mime/mbox.h"
#include "msg/msg.h"
#include "tnef/tnef.h"

#define LOOK_BYTES 4096 /* how far text is looked into */

static bool is_pst(cv_slice in)
{
    return cv_slice_starts(in, CV_S("!BDN"));
}

static cv_slice skip_blank(cv_slice in)
{
    if (cv_slice_starts(in, CV_S("\xEF\xBB\xBF")))
        in = cv_slice_sub(in, 3, in.len);
    size_t i = 0;
    while (i < in.len && (in.ptr[i] == ' ' || in.ptr[i] == '\t' ||
                          in.ptr[i] == '\r' || in.ptr[i] == '\n'))
        i++;
    return cv_slice_sub(in, i, in.len);
}

static bool is_calendar(cv_slice in)
{
    static const char *const names[] = { "BEGIN:VCALENDAR", "BEGIN:VEVENT",
                                         "BEGIN:VTODO",     "BEGIN:VJOURNAL",
                                         "BEGIN:VFREEBUSY", "BEGIN:VTIMEZONE" };
    for (size_t i = 0; i < CV_LEN(names); i++)
        if (cv_slice_istarts(in, cv_slice_cstr(names[i])))
            return true;
    return false;
}

/* A file that other programs left text in before its first mail is known by
 * its name only. */
static bool is_mbox(cv_slice text, cv_slice file_name)
{
    return (cv_slice_starts(text, CV_S("From ")) ||
            cv_slice_iends(file_name, CV_S(".mbox"))) &&
           cv_mbox_has_several(text);
}

/* "Name:" with a name of printable characters without blanks. */
static bool is_field(cv_slice line)
{
    size_t colon = cv_slice_find_byte(line, ':', 0);
    if (colon == CV_NPOS || colon == 0 || colon > 76)
        return false;
    for (size_t i = 0; i < colon; i++)
        if (line.ptr[i] <= 0x20 || line.ptr[i] > 0x7E)
            return false;
    return true;
}

/* A header field within the first lines; an mbox line and garbage before it
 * are what other programs leave there. */
static bool is_mail(cv_slice in)
{
    cv_slice rest = cv_slice_sub(in, 0, LOOK_BYTES);
    if (cv_slice_starts(rest, CV_S("From ")))
        return true;
    for (unsigned i = 0; i < 3 && rest.ptr; i++)
        if (is_field(cv_slice_cut(&rest, '\n')))
            return true;
    return false;
}

static cv_input_type by_name(cv_slice name)
{
    static const struct {
        const char *end;
        cv_input_type type;
    } names[] = {
        { ".eml", CV_INPUT_MIME },  { ".mime", CV_INPUT_MIME },
        { ".mbox", CV_INPUT_MIME }, { ".mhtml", CV_INPUT_MIME },
        { ".mht", CV_INPUT_MIME },  { ".txt", CV_INPUT_MIME },
        { ".ics", CV_INPUT_ICAL },  { ".ical", CV_INPUT_ICAL },
        { ".vcs", CV_INPUT_ICAL },  { ".ifb", CV_INPUT_ICAL },
    };
    for (size_t i = 0; i < CV_LEN(names); i++)
        if (cv_slice_iends(name, cv_slice_cstr(names[i].end)))
            return names[i].type;
    return CV_INPUT_UNKNOWN;
}

cv_input_type cv_detect(cv_slice in, cv_slice file_name)
{
    if (cv_msg_is(in))
        return CV_INPUT_MSG;
    if (is_pst(in))
        return CV_INPUT_PST;
    if (cv_slice_starts(in, CV_S("CVOB")))
        return CV_INPUT_PACKED;
    if (cv_tnef_is(in))
        return CV_INPUT_TNEF;
    if (cv_archive_is(in))
        return CV_INPUT_ARCHIVE;
    cv_slice text = skip_blank(in);
    cv_input_type named = by_name(file_name);
    if (!text.len)
        return named == CV_INPUT_MIME ? CV_INPUT_MIME : CV_INPUT_UNKNOWN;
    if (text.ptr[0] == '{' && cv_json_is_object_form(text))
        return CV_INPUT_JSON;
    if (is_calendar(text))
        return CV_INPUT_ICAL;
    if (named == CV_INPUT_ICAL &&
        cv_slice_ifind(text, CV_S("BEGIN:V"), 0) != CV_NPOS)
        return CV_INPUT_ICAL;
    if (cv_slice_istarts(text, CV_S("BEGIN:VCARD")))
        return CV_INPUT_VCARD;
    if (is_mbox(text, file_name))
        return CV_INPUT_MBOX;
    if (cv_emlx_is(text))
        return CV_INPUT_EMLX;
    if (is_mail(text))
        return CV_INPUT_MIME;
    return named == CV_INPUT_ICAL ? CV_INPUT_UNKNOWN : named;
}

const char *cv_input_type_name(cv_input_type type)
{
    static const char *const names[] = {
        [CV_INPUT_UNKNOWN] = "unknown", [CV_INPUT_MSG] = "msg",
        [CV_INPUT_MIME] = "mime",       [CV_INPUT_ICAL] = "ical",
        [CV_INPUT_JSON] = "json",       [CV_INPUT_TNEF] = "tnef",
        [CV_INPUT_PST] = "pst",         [CV_INPUT_PACKED] = "packed",
        [CV_INPUT_MBOX] = "mbox",       [CV_INPUT_EMLX] = "emlx",
        [CV_INPUT_VCARD] = "vcard",     [CV_INPUT_ARCHIVE] = "archive",
    };
    return names[type];
}
