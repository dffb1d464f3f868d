/* An item's output as bytes: its form, and what packs it. */
#include "cli/batch.h"
#include "cli/mbox.h"

#include "base/text.h"

bool batch_is_partial(const cv_report *report)
{
    return cv_report_worst(report) >= CV_LOST ||
           cv_report_step(report) > CV_LADDER_FULL;
}

int64_t batch_time_of(const cv_object *obj)
{
    static const cv_tag tags[] = { CV_PidTagMessageDeliveryTime,
                                   CV_PidTagClientSubmitTime,
                                   CV_PidTagLastModificationTime,
                                   CV_PidTagCreationTime };
    int64_t ticks = 0;
    for (size_t i = 0; i < CV_LEN(tags); i++)
        if (cv_bag_ticks(cv_object_props(obj), tags[i], &ticks))
            return ticks;
    return 0;
}

void batch_explain(const batch_plan *plan, const cv_object *obj, cv_error *err)
{
    if (err->code == CV_ERR_UNSUP && plan->to == CV_FORM_ICS)
        cv_fail(err, CV_ERR_UNSUP,
                "%.*s is no single calendar item; use --to eml, or -o "
                "FOLDER/ for each event of a calendar",
                CV_FMT(cv_utf8_clip(cv_object_class(obj), 40)));
}

/* Passes bytes on in pieces; memory does not grow with what was read for
 * them, be they a mapped attachment in one. */
static cv_status write_relaxing(void *ctx, const void *bytes, size_t len,
                                cv_error *err)
{
    batch_writing *w = ctx;
    cv_slice rest = cv_slice_of(bytes, len);
    while (rest.len) {
        cv_slice piece = cv_slice_sub(rest, 0, CV_RELAX_BYTES);
        CV_TRY(w->out.write(w->out.ctx, piece.ptr, piece.len, err));
        rest = cv_slice_sub(rest, piece.len, rest.len);
        w->written += piece.len;
        if (w->written < CV_RELAX_BYTES)
            continue;
        w->written = 0;
        cli_input_relax(w->input);
    }
    return CV_OK;
}

static bool copies_original(const batch_writing *w)
{
    return w->plan->original && w->plan->to == CV_FORM_EML && !w->nested &&
           cv_detect(w->input->bytes, cv_slice_cstr(w->path)) == CV_INPUT_MIME;
}

static cv_status write_form(batch_writing *w, const cv_object *obj, cv_sink to,
                            cv_report *report, cv_error *err)
{
    cv_sink sink = { write_relaxing, w };
    w->out = to;
    return copies_original(w) ? cv_sink_put(&sink, w->input->bytes, err)
                              : cv_write(obj, w->plan->to, w->plan->options,
                                         &sink, report, err);
}

cv_status batch_write(batch_writing *w, const cv_object *obj, cv_sink to,
                      cv_report *report, cv_error *err)
{
    cli_mbox mbox;
    if (w->plan->packing == BATCH_FILES)
        return write_form(w, obj, to, report, err);
    CV_TRY(cli_mbox_begin(&mbox, to, w->plan->packing == BATCH_MBOX,
                          batch_time_of(obj), cli_mail_flags_of(obj), err));
    cv_status st = write_form(w, obj, cli_mbox_sink(&mbox), report, err);
    cv_error ignored;
    cv_status end = cli_mbox_end(&mbox, st == CV_OK ? err : &ignored);
    return st == CV_OK ? end : st;
}
