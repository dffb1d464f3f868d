/* What --only, --since and --folder choose. */
#include "cli/batch.h"

#include "base/datetime.h"
#include "base/text.h"

#include <string.h>

static const struct {
    const char *name;
    batch_only only;
    const char *classes[5];
} kinds[] = {
    { "all", BATCH_ALL, { NULL } },
    { "meetings",
      BATCH_MEETINGS,
      { "IPM.Schedule.Meeting", "IPM.Appointment",
        "IPM.OLE.CLASS.{00061055-0000-0000-C000-000000000046}" } },
    { "mail",
      BATCH_MAIL,
      { "IPM.Note", "REPORT", "IPM.Post", "IPM.Recall.Report",
        "IPM.Outlook.Recall" } },
    { "contacts", BATCH_CONTACTS, { "IPM.Contact", "IPM.DistList" } },
    { "tasks", BATCH_TASKS, { "IPM.Task", "IPM.TaskRequest" } },
    { "notes", BATCH_NOTES, { "IPM.StickyNote", "IPM.Activity" } },
};

bool batch_only_of(const char *name, batch_only *out)
{
    for (size_t i = 0; i < CV_LEN(kinds); i++)
        if (strcmp(kinds[i].name, name) == 0) {
            *out = kinds[i].only;
            return true;
        }
    return false;
}

static bool is_of_kind(const cv_object *obj, batch_only only)
{
    if (only == BATCH_ALL)
        return true;
    for (size_t i = 0; i < CV_LEN(kinds[only].classes); i++)
        if (kinds[only].classes[i] &&
            cv_object_is_class(obj, cv_slice_cstr(kinds[only].classes[i])))
            return true;
    return false;
}

/* The last moment a message is about: the end of a calendar item (of its last
 * instance), else its delivery, submission or last change. False: it has no
 * date. */
static bool last_moment(const cv_object *obj, int64_t *ticks)
{
    static const cv_tag calendar[] = { CV_PidLidClipEnd,
                                       CV_PidLidAppointmentEndWhole,
                                       CV_PidLidAppointmentStartWhole };
    static const cv_tag mail[] = { CV_PidTagMessageDeliveryTime,
                                   CV_PidTagClientSubmitTime,
                                   CV_PidTagLastModificationTime,
                                   CV_PidTagCreationTime };
    const cv_bag *props = cv_object_props(obj);
    if (cv_object_is_class(obj, CV_S("IPM.Appointment")))
        for (size_t i = 0; i < CV_LEN(calendar); i++) {
            uint64_t time;
            if (cv_bag_time(props, calendar[i], &time) &&
                cv_filetime_class(time) >= CV_TIME_NONE) {
                *ticks = INT64_MAX; /* a series without end */
                return true;
            }
            if (cv_bag_ticks(props, calendar[i], ticks))
                return true;
        }
    for (size_t i = 0; i < CV_LEN(mail); i++)
        if (cv_bag_ticks(props, mail[i], ticks))
            return true;
    return false;
}

bool batch_wants(const batch_plan *plan, const cv_object *obj)
{
    int64_t ticks = 0;
    if (!is_of_kind(obj, plan->only))
        return false;
    return plan->since == INT64_MIN || !last_moment(obj, &ticks) ||
           ticks >= plan->since;
}

bool batch_wants_folder(const batch_plan *plan, cv_slice folder)
{
    cv_slice want = plan->folder;
    if (!want.len)
        return true;
    for (size_t at = 0; at <= folder.len; at++) {
        at = cv_slice_ifind(folder, want, at);
        if (at == CV_NPOS)
            return false;
        size_t end = at + want.len;
        if ((at == 0 || folder.ptr[at - 1] == '/') &&
            (end == folder.len || folder.ptr[end] == '/'))
            return true;
    }
    return false;
}
