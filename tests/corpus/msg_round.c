/* msg_round.c - .msg -> object -> .msg -> object over a folder of real files.
 *
 * usage: msg_round FOLDER EXCEPTIONS
 *
 * Objects must be equal, the second file must be what a third pass writes,
 * and the file must be read without a finding. EXCEPTIONS lists files that
 * are not, one a line: name, tab, reason; one that is no longer needed fails.
 * Exit code 77 (skipped) without the folder.
 */
#include "base/text.h"
#include "msg/msg.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static cv_slice exceptions;
static unsigned passed, failed, excused, unreadable;

static bool load(const char *path, cv_buf *out)
{
    uint8_t piece[65536];
    size_t len;
    cv_buf_init(out, 0);
    FILE *file = fopen(path, "rb");
    if (!file)
        return false;
    while ((len = fread(piece, 1, sizeof piece, file)) > 0)
        cv_buf_put(out, piece, len);
    bool ok = !ferror(file) && out->status == CV_OK;
    fclose(file);
    return ok;
}

static bool write_msg(const cv_object *obj, cv_buf *out)
{
    cv_buf_init(out, 0);
    cv_sink sink = cv_buf_sink(out);
    return cv_msg_write(obj, &sink, NULL, NULL) == CV_OK;
}

/* What is wrong with the second reading, NULL when nothing is. */
static const char *judge(const cv_object *first, cv_slice file)
{
    cv_object *again = NULL;
    cv_report *report = NULL;
    cv_buf third;
    const char *wrong = NULL;
    cv_buf_init(&third, 0);
    if (cv_report_new(&report, NULL) != CV_OK ||
        cv_msg_read(file, &again, report, NULL) != CV_OK)
        wrong = "cannot be read again";
    else if (!cv_object_eq(first, again))
        wrong = "differs";
    else if (cv_report_count(report) > 0)
        wrong = "has findings when it is read again";
    else if (!write_msg(again, &third) ||
             !cv_slice_eq(cv_buf_slice(&third), file))
        wrong = "is written differently the second time";
    cv_buf_clear(&third);
    cv_object_free(&again);
    cv_report_free(&report);
    return wrong;
}

/* The line of exceptions that begins with the name; empty when none does. */
static cv_slice exception_of(const char *name)
{
    cv_slice rest = exceptions;
    while (rest.len) {
        size_t end = cv_slice_find_byte(rest, '\n', 0);
        end = end == CV_NPOS ? rest.len : end;
        cv_slice line = cv_slice_sub(rest, 0, end);
        size_t tab = cv_slice_find_byte(line, '\t', 0);
        if (tab != CV_NPOS &&
            cv_slice_eq(cv_slice_sub(line, 0, tab), cv_slice_cstr(name)))
            return line;
        rest = cv_slice_sub(rest, end + 1, rest.len);
    }
    return CV_S("");
}

static void tell(const char *name, const char *wrong)
{
    cv_slice exception = exception_of(name);
    if (!wrong && !exception.len) {
        passed++;
    } else if (wrong && exception.len) {
        excused++;
    } else {
        failed++;
        printf("%s: %s\n", name,
               wrong ? wrong : "is equal, but listed as an exception");
    }
}

static void try_file(const char *folder, const char *name)
{
    char path[PATH_MAX];
    cv_buf in, file;
    cv_object *obj = NULL;
    cv_buf_init(&file, 0);
    snprintf(path, sizeof path, "%s/%s", folder, name);
    if (!load(path, &in))
        tell(name, "cannot be loaded");
    else if (cv_msg_read(cv_buf_slice(&in), &obj, NULL, NULL) != CV_OK)
        unreadable++;
    else if (!write_msg(obj, &file))
        tell(name, "cannot be written");
    else
        tell(name, judge(obj, cv_buf_slice(&file)));
    cv_object_free(&obj);
    cv_buf_clear(&file);
    cv_buf_clear(&in);
}

static int is_file(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

int main(int argc, char **argv)
{
    struct dirent **names = NULL;
    cv_buf list;
    if (argc != 3 || !load(argv[2], &list))
        return 2;
    exceptions = cv_buf_slice(&list);
    int count = scandir(argv[1], &names, is_file, alphasort);
    if (count < 0) {
        printf("no folder %s\n", argv[1]);
        return errno == ENOENT ? 77 : 2;
    }
    for (int i = 0; i < count; i++) {
        try_file(argv[1], names[i]->d_name);
        free(names[i]);
    }
    free(names);
    cv_buf_clear(&list);
    printf("%u equal, %u exceptions, %u are no compound files\n", passed,
           excused, unreadable);
    printf("%u passed, %u failed, %u skipped\n", passed + excused, failed, 0U);
    return failed ? 1 : 0;
}
