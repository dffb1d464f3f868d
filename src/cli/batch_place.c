#include "cli/batch_place.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PART ((size_t)64 << 10)

/* An mbox being filled: a temporary until the run is complete. */
typedef struct mbox {
    char *output; /* owned: below the output folder */
    uint64_t end; /* bytes that count */
} mbox;

struct batch_placer {
    const batch_plan *plan;
    cli_names *names;
    char *folder; /* owned: the one that was made last */
    mbox *mboxes; /* owned */
    size_t mbox_count, mbox_room;
    size_t open_mbox; /* whose descriptor fd is */
    int fd;
};

cv_status batch_placer_new(const batch_plan *plan, batch_placer **out,
                           cv_error *err)
{
    batch_placer *p = calloc(1, sizeof *p);
    if (!p)
        return cv_fail(err, CV_ERR_NOMEM, "out of memory");
    p->plan = plan;
    p->fd = -1;
    *out = p;
    return cli_names_new(plan->out, &p->names, err);
}

void batch_placer_free(batch_placer **placer)
{
    batch_placer *p = *placer;
    if (!p)
        return;
    for (size_t i = 0; i < p->mbox_count; i++)
        free(p->mboxes[i].output);
    if (p->fd >= 0)
        close(p->fd);
    free(p->mboxes);
    free(p->folder);
    cli_names_free(&p->names);
    free(p);
    *placer = NULL;
}

cv_status batch_place_keep(batch_placer *p, cli_file_id input, cv_error *err)
{
    return cli_names_keep(p->names, input, err);
}

static cv_status no_memory(cv_error *err)
{
    return cv_fail(err, CV_ERR_NOMEM, "out of memory");
}

/* An item that is too big or too deep for the file system costs itself;
 * anything else would meet the next item as well. */
static cv_status system_error(const char *path, bool *fatal, cv_error *err)
{
    *fatal = errno != EFBIG && errno != ENAMETOOLONG;
    return cv_fail(err, CV_ERR_IO, "%s: %s", path, strerror(errno));
}

static char *full_path(const batch_placer *p, cv_slice output)
{
    const char *out = p->plan->out;
    char *path = NULL;
    size_t len = strlen(out);
    const char *slash = len && out[len - 1] == '/' ? "" : "/";
    return asprintf(&path, "%s%s%.*s", out, slash, CV_FMT(output)) < 0 ? NULL
                                                                       : path;
}

/* -- folders -- */

/* Makes the folders of a path below the output folder. */
static cv_status make_folders(batch_placer *p, cv_slice folder, bool *fatal,
                              cv_error *err)
{
    if (!folder.len ||
        (p->folder && cv_slice_eq(folder, cv_slice_cstr(p->folder))))
        return CV_OK;
    for (size_t end = 1; end <= folder.len; end++) {
        if (end < folder.len && folder.ptr[end] != '/')
            continue;
        char *path = full_path(p, cv_slice_sub(folder, 0, end));
        if (!path)
            return no_memory(err);
        cv_status st = CV_OK;
        if (mkdir(path, 0777) != 0 && errno != EEXIST)
            st = system_error(path, fatal, err);
        free(path);
        CV_TRY(st);
    }
    free(p->folder);
    p->folder = strndup((const char *)folder.ptr, folder.len);
    return CV_OK;
}

static cv_slice folder_of(cv_slice path)
{
    size_t i = path.len;
    while (i && path.ptr[i - 1] != '/')
        i--;
    return cv_slice_sub(path, 0, i ? i - 1 : 0);
}

/* -- Maildir -- */

static cv_status maildir_folder(batch_placer *p, cv_slice foreign, cv_buf *out,
                                cv_error *err)
{
    cv_buf name;
    cv_status st = CV_OK;
    cv_buf_init(&name, 0);
    cli_maildir_put_folder(foreign, &name);
    if (name.len)
        st = cli_names_fixed_folder(p->names, foreign, cv_buf_slice(&name), out,
                                    err);
    cv_buf_clear(&name);
    return st;
}

/* The last folder made was this Maildir's last part. */
static bool is_made(const char *last, cv_slice folder)
{
    cv_slice made = cv_slice_cstr(last);
    return made.len == folder.len + (folder.len ? 4 : 3) &&
           cv_slice_starts(made, folder) && cv_slice_ends(made, CV_S("tmp"));
}

static cv_status make_maildir(batch_placer *p, cv_slice folder, bool *fatal,
                              cv_error *err)
{
    static const char *const parts[] = { "cur", "new", "tmp" };
    cv_status st = CV_OK;
    for (size_t i = 0; i < CV_LEN(parts) && st == CV_OK; i++) {
        cv_buf part;
        cv_buf_init(&part, 0);
        if (p->folder && is_made(p->folder, folder))
            return CV_OK;
        cv_buf_printf(&part, "%.*s%s%s", CV_FMT(folder), folder.len ? "/" : "",
                      parts[i]);
        st = make_folders(p, cv_buf_slice(&part), fatal, err);
        cv_buf_clear(&part);
    }
    if (st != CV_OK || !folder.len)
        return st;
    cv_buf mark;
    cv_buf_init(&mark, 0);
    cv_buf_printf(&mark, "%.*s/maildirfolder", CV_FMT(folder));
    char *path = full_path(p, cv_buf_slice(&mark));
    int fd = path ? open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666) : -1;
    if (fd < 0)
        st = path ? system_error(path, fatal, err) : no_memory(err);
    else
        close(fd);
    free(path);
    cv_buf_clear(&mark);
    return st;
}

static uint64_t hash(const char *text)
{
    uint64_t h = UINT64_C(0xCBF29CE484222325);
    for (; *text; text++)
        h = (h ^ (uint8_t)*text) * UINT64_C(0x100000001B3);
    return h;
}

/* The same for the same item of the same input. */
static cv_status maildir_name(batch_placer *p, const batch_record *r,
                              const char *path, cv_buf *output, bool *fatal,
                              cv_error *err)
{
    cv_buf folder;
    int64_t seconds = r->time > 0 ? r->time / CV_TICKS_PER_SEC : 0;
    cv_buf_init(&folder, 0);
    cv_status st = maildir_folder(p, r->texts[BATCH_FOLDER], &folder, err);
    if (st == CV_OK)
        st = make_maildir(p, cv_buf_slice(&folder), fatal, err);
    if (st == CV_OK) {
        cv_buf_printf(output,
                      "%.*s%scur/%" PRId64 ".I%" PRIu64 "H%016" PRIx64
                      ".convoke:2,",
                      CV_FMT(cv_buf_slice(&folder)), folder.len ? "/" : "",
                      seconds, r->index, hash(path));
        cli_maildir_put_flags(r->flags, output);
    }
    cv_buf_clear(&folder);
    return st == CV_OK ? cv_buf_status(output, err) : st;
}

/* -- mbox -- */

static char *mbox_path(const batch_placer *p, const mbox *m)
{
    char *path = NULL;
    return asprintf(&path, "%s/m%016" PRIx64, p->plan->work, hash(m->output)) <
                   0
               ? NULL
               : path;
}

/* The row of an output; it is made when absent. SIZE_MAX without memory. */
static size_t mbox_of(batch_placer *p, cv_slice output)
{
    for (size_t i = p->mbox_count; i-- > 0;) /* mostly the last ones */
        if (cv_slice_eq(output, cv_slice_cstr(p->mboxes[i].output)))
            return i;
    if (p->mbox_count == p->mbox_room) {
        size_t room = p->mbox_room ? 2 * p->mbox_room : 16;
        mbox *rows = realloc(p->mboxes, room * sizeof *rows);
        if (!rows)
            return SIZE_MAX;
        p->mboxes = rows;
        p->mbox_room = room;
    }
    char *copy = strndup((const char *)output.ptr, output.len);
    if (!copy)
        return SIZE_MAX;
    p->mboxes[p->mbox_count] = (mbox){ .output = copy };
    return p->mbox_count++;
}

static cv_status open_mbox(batch_placer *p, size_t row, bool *fatal,
                           cv_error *err)
{
    if (p->fd >= 0 && p->open_mbox == row)
        return CV_OK;
    if (p->fd >= 0 && close(p->fd) != 0)
        return system_error(p->mboxes[p->open_mbox].output, fatal, err);
    char *path = mbox_path(p, &p->mboxes[row]);
    p->open_mbox = row;
    p->fd = path ? open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666) : -1;
    cv_status st = CV_OK;
    if (p->fd < 0)
        st = path ? system_error(path, fatal, err) : no_memory(err);
    else if (lseek(p->fd, (off_t)p->mboxes[row].end, SEEK_SET) < 0)
        st = system_error(path, fatal, err);
    free(path);
    return st;
}

static cv_status copy(int from, int to, uint64_t *copied)
{
    static char part[PART];
    ssize_t n;
    while ((n = read(from, part, sizeof part)) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return CV_ERR_IO;
        for (ssize_t at = 0; at < n;) {
            ssize_t w = write(to, part + at, (size_t)(n - at));
            if (w < 0 && errno == EINTR)
                continue;
            if (w <= 0)
                return CV_ERR_IO;
            at += w;
        }
        *copied += (uint64_t)n;
    }
    return CV_OK;
}

static cv_status append_to_mbox(batch_placer *p, cv_slice output,
                                const char *temp, uint64_t *end, bool *fatal,
                                cv_error *err)
{
    uint64_t copied = 0;
    size_t row = mbox_of(p, output);
    if (row == SIZE_MAX)
        return no_memory(err);
    CV_TRY(open_mbox(p, row, fatal, err));
    mbox *m = &p->mboxes[row];
    int from = open(temp, O_RDONLY | O_CLOEXEC);
    if (from < 0)
        return system_error(temp, fatal, err);
    cv_status st = copy(from, p->fd, &copied);
    if (st != CV_OK) {
        st = system_error(m->output, fatal, err);
        *fatal = true;
        if (ftruncate(p->fd, (off_t)m->end) != 0)
            m->end += 0; /* the journal says where it ends */
    } else {
        m->end += copied;
        *end = m->end;
        (void)unlink(temp);
    }
    close(from);
    return st;
}

/* -- any -- */

static cv_status name_output(batch_placer *p, const batch_record *r,
                             const char *path, cv_buf *output, bool *fatal,
                             cv_error *err)
{
    cv_buf folder;
    cv_slice foreign = r->texts[BATCH_FOLDER];
    if (p->plan->packing == BATCH_MAILDIR)
        return maildir_name(p, r, path, output, fatal, err);
    if (p->plan->packing == BATCH_MBOX)
        return cli_names_folder_file(p->names,
                                     foreign.len ? foreign : CV_S("messages"),
                                     ".mbox", output, err);
    cv_buf_init(&folder, 0);
    cv_status st = cli_names_folder(p->names, foreign, &folder, err);
    if (st == CV_OK)
        st = cli_names_file(p->names, cv_buf_slice(&folder),
                            r->texts[BATCH_NAME],
                            cv_form_extension(p->plan->to), output, err);
    cv_buf_clear(&folder);
    if (st == CV_OK)
        st = make_folders(p, folder_of(cv_buf_slice(output)), fatal, err);
    return st;
}

cv_status batch_place(batch_placer *p, const batch_record *r, const char *path,
                      cv_buf *output, uint64_t *end, bool *fatal, cv_error *err)
{
    *fatal = true;
    *end = 0;
    CV_TRY(name_output(p, r, path, output, fatal, err));
    char *temp = batch_temp_path(p->plan, r->temp_pid, r->temp);
    char *to = full_path(p, cv_buf_slice(output));
    cv_status st = temp && to ? CV_OK : no_memory(err);
    if (st == CV_OK && p->plan->packing == BATCH_MBOX)
        st = append_to_mbox(p, cv_buf_slice(output), temp, end, fatal, err);
    else if (st == CV_OK && rename(temp, to) != 0)
        st = system_error(to, fatal, err);
    free(to);
    free(temp);
    return st;
}

cv_status batch_place_again(batch_placer *p, const journal_item *item,
                            cv_error *err)
{
    cv_buf folder;
    cv_buf_init(&folder, 0);
    cv_status st = CV_OK;
    cv_slice foreign = item->folder;
    if (!item->output.len)
        return CV_OK;
    if (p->plan->packing == BATCH_FILES) {
        st = cli_names_folder(p->names, foreign, &folder, err);
        if (st == CV_OK)
            st = cli_names_take(p->names, item->output, err);
    } else if (p->plan->packing == BATCH_MAILDIR) {
        st = maildir_folder(p, foreign, &folder, err);
    } else {
        st = cli_names_folder_file(p->names,
                                   foreign.len ? foreign : CV_S("messages"),
                                   ".mbox", &folder, err);
        size_t row = mbox_of(p, item->output);
        if (row == SIZE_MAX)
            st = no_memory(err);
        else
            p->mboxes[row].end = item->end;
    }
    cv_buf_clear(&folder);
    return st;
}

cv_status batch_place_resume(batch_placer *p, cv_error *err)
{
    for (size_t i = 0; i < p->mbox_count; i++) {
        struct stat st;
        mbox *m = &p->mboxes[i];
        char *part = mbox_path(p, m);
        char *whole = full_path(p, cv_slice_cstr(m->output));
        bool sound = part && whole;
        /* A crash between the last item and the end: already renamed. */
        if (sound && stat(part, &st) != 0)
            sound = stat(whole, &st) == 0 && (uint64_t)st.st_size == m->end &&
                    rename(whole, part) == 0;
        else if (sound)
            sound = (uint64_t)st.st_size >= m->end &&
                    truncate(part, (off_t)m->end) == 0;
        free(part);
        free(whole);
        if (!sound)
            return cv_fail(err, CV_ERR_CONFLICT,
                           "%s/%s: what the unfinished run wrote is gone; "
                           "leave out --resume to begin again",
                           p->plan->out, m->output);
    }
    return CV_OK;
}

cv_status batch_place_finish(batch_placer *p, cv_error *err)
{
    bool fatal;
    cv_status st = CV_OK;
    if (p->fd >= 0 && close(p->fd) != 0)
        st = system_error(p->mboxes[p->open_mbox].output, &fatal, err);
    p->fd = -1;
    for (size_t i = 0; i < p->mbox_count && st == CV_OK; i++) {
        mbox *m = &p->mboxes[i];
        st = make_folders(p, folder_of(cv_slice_cstr(m->output)), &fatal, err);
        char *part = mbox_path(p, m);
        char *whole = full_path(p, cv_slice_cstr(m->output));
        if (st == CV_OK && (!part || !whole))
            st = no_memory(err);
        else if (st == CV_OK && rename(part, whole) != 0)
            st = system_error(whole, &fatal, err);
        free(part);
        free(whole);
    }
    return st;
}
