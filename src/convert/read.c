/* Any single message, whatever its form, as an object. */
#include "convert/private.h"

#include "mapi/json.h"
#include "mapi/pack.h"
#include "msg/msg.h"
#include "tnef/tnef.h"

/* Not an error of the input: it is something we do not read. */
static cv_status not_read(cv_input_type type, cv_report *report, cv_error *err)
{
    static const char *const why[] = {
        [CV_INPUT_UNKNOWN] = "neither .msg, mail, iCalendar nor object JSON",
        [CV_INPUT_PST] = "a PST is a container of messages, not one message",
        [CV_INPUT_MBOX] = "a mailbox of several mails, not one message",
        [CV_INPUT_ARCHIVE] = "an archive of files, not one message",
    };
    cv_report_say(report, CV_RULE_NOT_A_MESSAGE, CV_S(""), CV_S(""),
                  cv_slice_cstr(cv_input_type_name(type)), "%s", why[type]);
    return cv_fail(err, type == CV_INPUT_UNKNOWN ? CV_ERR_SYNTAX : CV_ERR_UNSUP,
                   "%s", why[type]);
}

static void say_unreadable(cv_report *report, cv_input_type type,
                           const cv_error *err)
{
    cv_report_say(report, CV_RULE_NOT_A_MESSAGE, CV_S(""), CV_S(""),
                  cv_slice_cstr(cv_input_type_name(type)), "%s",
                  err ? err->what : "");
}

/* The last step of the ladder for what is no mail: a message that says why,
 * with the input as its file. */
static cv_status read_minimal(cv_slice in, cv_input_type type,
                              const cv_convert_options *options,
                              cv_object **out, cv_report *report, cv_error *err)
{
    cv_object *obj = NULL;
    cv_error why = *err;
    CV_TRY(cv_object_new(0, &obj, err));
    cv_bag *props = cv_object_props(obj);
    cv_bag_set_string(props, CV_PidTagMessageClass, CV_S("IPM.Note"));
    cv_bag_set_string(props, CV_PidTagSubject,
                      CV_S("A message that could not be read"));
    cv_bag_set_string(props, CV_PidTagBody,
                      CV_S("The original is attached.\r\n"));
    cv_bag_set_ticks(props, CV_PidTagClientSubmitTime, cv_opt_now(options));
    cv_status st = cv_add_file(obj, CV_S("original.dat"),
                               "application/octet-stream", in, err);
    if (st == CV_OK && cv_arena_status(cv_object_arena(obj)) != CV_OK)
        st = cv_arena_fail(cv_object_arena(obj), err);
    if (st != CV_OK) {
        cv_object_free(&obj);
        return st;
    }
    cv_report_say(report, CV_RULE_LIMIT, CV_S(""), CV_S(""),
                  cv_slice_cstr(cv_input_type_name(type)), "%s", why.what);
    cv_report_say(report, CV_RULE_LADDER_MINIMAL, CV_S(""), CV_S(""), CV_S(""),
                  "original.dat is attached");
    cv_report_reach(report, CV_LADDER_MINIMAL);
    *out = obj;
    return CV_OK;
}

/* A mailbox with one mail is that mail. */
static bool is_mailbox(cv_slice in, cv_slice file_name)
{
    return cv_slice_starts(in, CV_S("From ")) ||
           cv_slice_iends(file_name, CV_S(".mbox"));
}

cv_status cv_read(cv_slice in, cv_slice file_name,
                  const cv_convert_options *options, cv_object **out,
                  cv_report *report, cv_error *err)
{
    cv_error local;
    cv_error *e = err ? err : &local;
    cv_input_type type = cv_detect(in, file_name);
    cv_status st = CV_OK;
    switch (type) {
    case CV_INPUT_MSG:
        st = cv_msg_read(in, out, report, e);
        break;
    case CV_INPUT_MIME:
        st = is_mailbox(in, file_name)
                 ? cv_from_mbox(in, options, out, report, e)
                 : cv_from_mime(in, options, out, report, e);
        break;
    case CV_INPUT_EMLX:
        st = cv_from_emlx(in, file_name, options, out, report, e);
        break;
    case CV_INPUT_VCARD:
        st = cv_from_vcard(in, options, out, report, e);
        break;
    case CV_INPUT_ICAL:
        st = cv_from_ical(in, file_name, options, out, report, e);
        break;
    case CV_INPUT_TNEF:
        st = cv_tnef_read(in, out, report, e);
        break;
    case CV_INPUT_JSON:
        st = cv_object_from_json(in, out, report, e);
        break;
    case CV_INPUT_PACKED:
        st = cv_object_unpack(in, out, e);
        break;
    default:
        return not_read(type, report, err);
    }
    if (st == CV_ERR_LIMIT)
        return read_minimal(in, type, options, out, report, e);
    if (st == CV_ERR_SYNTAX || st == CV_ERR_UNSUP || st == CV_ERR_TRUNC)
        say_unreadable(report, type, e);
    return st == CV_ERR_TRUNC ? CV_ERR_SYNTAX : st;
}
