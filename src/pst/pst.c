#include "pst/pst_private.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

CV_LAZY_GET(pst_pff_library, PST_PFF, "libpff.so.1", cv_pst_pff)
CV_LAZY_GET(pst_bfio_library, PST_BFIO, "libbfio.so.1", cv_pst_bfio)

bool cv_pst_is(cv_slice in)
{
    return cv_slice_starts(in, CV_S("!BDN"));
}

cv_status cv_pst_fail(libpff_error_t **why, cv_error *err, const char *what)
{
    char trace[2048] = "";
    if (why && *why) {
        CV_IGNORE(cv_pst_pff()->libpff_error_backtrace_sprint(*why, trace,
                                                              sizeof trace) < 0
                      ? CV_OK
                      : CV_OK); /* no text, no reason */
        cv_pst_pff()->libpff_error_free(why);
    }
    /* The first line is the innermost reason: "function: reason." */
    trace[strcspn(trace, "\n")] = '\0';
    char *reason = strstr(trace, ": ");
    reason = reason ? reason + 2 : trace;
    size_t len = strlen(reason);
    if (len && reason[len - 1] == '.')
        reason[len - 1] = '\0';
    return cv_fail(err, CV_ERR_SYNTAX, "%s%s%s", what, *reason ? ": " : "",
                   reason);
}

static cv_status open_file(cv_pst *pst, cv_error *err)
{
    libpff_error_t *why = NULL;
    CV_TRY(cv_pst_view_open(&pst->view, &pst->io, err));
    if (cv_pst_pff()->libpff_file_initialize(&pst->file, &why) != 1 ||
        cv_pst_pff()->libpff_file_open_file_io_handle(
            pst->file, pst->io, LIBPFF_OPEN_READ, &why) != 1)
        return cv_pst_fail(&why, err, "the PST cannot be opened");
    return CV_OK;
}

static void tell_damage(const cv_pst *pst, cv_report *report)
{
    libpff_error_t *why = NULL;
    if (cv_pst_pff()->libpff_file_is_corrupted(pst->file, &why) == 1)
        cv_report_say(report, CV_RULE_PST_DAMAGED, CV_S(""), CV_S(""), CV_S(""),
                      "what can be reached is read");
    cv_pst_pff()->libpff_error_free(&why);
}

cv_status cv_pst_open(cv_slice in, cv_pst **out, cv_report *report,
                      cv_error *err)
{
    const cv_pst_layout *layout = NULL;
    if (!cv_pst_pff() || !cv_pst_bfio())
        return cv_fail(err, CV_ERR_UNSUP, "libpff is not there");
    cv_pst *pst = calloc(1, sizeof *pst);
    if (!pst)
        return cv_fail(err, CV_ERR_NOMEM, "no memory for a PST");
    pst->view.in = in;
    cv_status status = cv_pst_check_header(in, &layout, err);
    if (status == CV_OK)
        status = cv_pst_mend_index(&pst->view, layout, report, err);
    if (status == CV_OK)
        status = cv_pst_mend_header(&pst->view, report, err);
    if (status == CV_OK)
        status = open_file(pst, err);
    if (status != CV_OK) {
        cv_pst_close(&pst);
        return status;
    }
    tell_damage(pst, report);
    *out = pst;
    return CV_OK;
}

void cv_pst_close(cv_pst **pst)
{
    if (!*pst)
        return;
    libpff_error_t *why = NULL;
    libbfio_error_t *io_why = NULL;
    if ((*pst)->file &&
        cv_pst_pff()->libpff_file_free(&(*pst)->file, &why) != 1)
        cv_pst_pff()->libpff_error_free(&why);
    if ((*pst)->io &&
        cv_pst_bfio()->libbfio_handle_free(&(*pst)->io, &io_why) != 1)
        cv_pst_bfio()->libbfio_error_free(&io_why);
    cv_pst_view_clear(&(*pst)->view);
    free(*pst);
    *pst = NULL;
}
