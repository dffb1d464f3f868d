/* order.c - which message is newer. Pure. Source: meeting-flow.md 2.3, 2.4;
 * [MS-OXOCAL] 3.1.5.2. */
#include "meeting/meeting_private.h"

#include "base/wintime.h"

#define SKEW_TICKS (24 * 3600 * CV_TICKS_PER_SEC)

/* Compared by the second: an iCalendar round trip loses the fraction. */
static int64_t whole_seconds(int64_t ticks)
{
    int64_t rest = ticks % CV_TICKS_PER_SEC;

    return ticks - (rest < 0 ? rest + CV_TICKS_PER_SEC : rest);
}

static bool moment(const cv_bag *bag, cv_tag tag, int64_t *out)
{
    if (!cv_bag_ticks(bag, tag, out))
        return false;
    *out = whole_seconds(*out);
    return true;
}

meeting_order meeting_order_update(const cv_bag *message, const cv_bag *item)
{
    int64_t m, o;
    int32_t mseq = cv_bag_i32_or(message, CV_PidLidAppointmentSequence, 0);
    int32_t oseq = cv_bag_i32_or(item, CV_PidLidAppointmentSequence, 0);

    if (cv_bag_i32_or(message, CV_PidLidMeetingType, 0) &
        MEETING_TYPE_OUT_OF_DATE)
        return MEETING_OUT_OF_DATE;
    if (mseq != oseq)
        return mseq < oseq ? MEETING_OUT_OF_DATE : MEETING_NEWER;
    if (!moment(message, CV_PidLidOwnerCriticalChange, &m) ||
        !moment(item, CV_PidLidOwnerCriticalChange, &o))
        return MEETING_NEWER;
    if (m < o)
        return MEETING_OUT_OF_DATE;
    return m == o ? MEETING_SAME : MEETING_NEWER;
}

/* When the version that `item` stands for was sent. */
static bool request_time(const cv_bag *item, int64_t *out)
{
    return moment(item, CV_PidLidAppointmentSequenceTime, out) ||
           moment(item, CV_PidLidOwnerCriticalChange, out);
}

static bool answers_older_version(const cv_bag *reply, const cv_bag *item,
                                  bool strict)
{
    int32_t rseq, oseq = cv_bag_i32_or(item, CV_PidLidAppointmentSequence, 0);
    int64_t r, o;

    if (!cv_bag_i32(reply, CV_PidLidAppointmentSequence, &rseq))
        return false;
    if (rseq < oseq) {
        /* RFC 5546 2.1.5: an answer still counts when nothing that matters to
         * it has changed since. */
        int32_t since = cv_bag_i32_or(
            item, CV_PidNameConvokeSignificantSequence, strict ? oseq : 0);
        return strict || rseq < since;
    }
    return rseq == oseq && moment(reply, CV_PidLidOwnerCriticalChange, &r) &&
           request_time(item, &o) && r < o;
}

static bool recorded_time(const cv_bag *row, int64_t *out)
{
    return row && moment(row, CV_PidTagRecipientTrackStatusTime, out);
}

meeting_reply_order meeting_order_reply(const cv_bag *reply, const cv_bag *item,
                                        const cv_bag *row, int64_t now,
                                        bool strict)
{
    int64_t answered, recorded;

    if (answers_older_version(reply, item, strict))
        return MEETING_REPLY_OUT_OF_DATE;
    if (!recorded_time(row, &recorded) || recorded > now + SKEW_TICKS ||
        !moment(reply, CV_PidLidAttendeeCriticalChange, &answered))
        return MEETING_REPLY_RECORD;
    return answered < recorded ? MEETING_REPLY_STALE : MEETING_REPLY_RECORD;
}

bool meeting_banner(const cv_bag *reply, const cv_bag *row)
{
    int64_t answered, recorded;

    return recorded_time(row, &recorded) &&
           moment(reply, CV_PidLidAttendeeCriticalChange, &answered) &&
           answered < recorded;
}
