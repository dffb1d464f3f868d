#include "cli/journal.h"

#include "base/text.h"
#include "cli/input.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define FIELDS 8

/* An input that was begun. */
typedef struct known {
    uint64_t key;
    uint64_t done; /* items; UINT64_MAX: all */
} known;

struct journal {
    const batch_plan *plan;
    int fd;
    cv_buf lines;
    size_t waiting;
    known *known; /* owned, sorted by key */
    size_t known_count, known_room;
    bool changed; /* an input is not what it was */
};

char journal_letter(batch_outcome outcome)
{
    static const char letters[] = {
        [BATCH_CONVERTED] = 'c', [BATCH_PARTIAL] = 'p', [BATCH_FAILED] = 'f',
        [BATCH_PASSED] = 'n',    [BATCH_TOLD] = 't',    [BATCH_FORMLESS] = 's'
    };
    return letters[outcome];
}

static cv_status system_error(const char *path, cv_error *err)
{
    return cv_fail(err, CV_ERR_IO, "%s: %s", path, strerror(errno));
}

/* -- fields -- */

static void put_field(cv_buf *out, cv_slice text)
{
    cv_buf_put_byte(out, '\t');
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] < 0x20 || text.ptr[i] == '%' || text.ptr[i] == 0x7F)
            cv_buf_printf(out, "%%%02X", text.ptr[i]);
        else
            cv_buf_put_byte(out, text.ptr[i]);
}

static void put_number(cv_buf *out, uint64_t number)
{
    cv_buf_printf(out, "\t%" PRIu64, number);
}

static int hex(uint8_t c)
{
    const char *digits = "0123456789ABCDEF";
    const char *at = c ? strchr(digits, c) : NULL;
    return at ? (int)(at - digits) : -1;
}

/* The text of a field, appended. */
static void get_field(cv_slice field, cv_buf *out)
{
    for (size_t i = 0; i < field.len; i++) {
        int high = field.ptr[i] == '%' && i + 2 < field.len
                       ? hex(field.ptr[i + 1])
                       : -1;
        if (high >= 0 && hex(field.ptr[i + 2]) >= 0) {
            cv_buf_put_byte(out, (uint8_t)(high << 4 | hex(field.ptr[i + 2])));
            i += 2;
        } else {
            cv_buf_put_byte(out, field.ptr[i]);
        }
    }
}

static uint64_t number_of(cv_slice field)
{
    int64_t v = 0;
    return cv_parse_i64(field, &v) == CV_OK && v >= 0 ? (uint64_t)v : 0;
}

static uint64_t key_of(const char *path, uint64_t size, int64_t mtime_ns)
{
    uint64_t h = UINT64_C(0xCBF29CE484222325);
    for (; *path; path++)
        h = (h ^ (uint8_t)*path) * UINT64_C(0x100000001B3);
    h = (h ^ size) * UINT64_C(0x9E3779B97F4A7C15);
    return (h ^ (h >> 31) ^ (uint64_t)mtime_ns) * UINT64_C(0xBF58476D1CE4E5B9);
}

/* -- reading an earlier run's -- */

/* A journal being read. */
typedef struct reading {
    journal *j;
    const journal_start *start;
    bool accepted;   /* the input is what it was */
    bool missing;    /* an output is gone: what follows is done again */
    uint64_t report; /* of the last item */
} reading;

static bool is_unchanged(const char *path, uint64_t size, int64_t mtime_ns)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return size == 0 && mtime_ns == 0;
    int64_t now =
        (int64_t)st.st_mtim.tv_sec * INT64_C(1000000000) + st.st_mtim.tv_nsec;
    return (uint64_t)st.st_size == size && now == mtime_ns;
}

static cv_status add_known(journal *j, uint64_t key, cv_error *err)
{
    if (j->known_count == j->known_room) {
        size_t room = j->known_room ? 2 * j->known_room : 256;
        known *rows = realloc(j->known, room * sizeof *rows);
        if (!rows)
            return cv_fail(err, CV_ERR_NOMEM, "out of memory");
        j->known = rows;
        j->known_room = room;
    }
    j->known[j->known_count++] = (known){ .key = key };
    return CV_OK;
}

static cv_status read_input(reading *r, const cv_slice *fields, cv_error *err)
{
    cv_buf path;
    uint64_t size = number_of(fields[2]);
    int64_t mtime = 0;
    cv_buf_init(&path, 0);
    get_field(fields[1], &path);
    cv_buf_put_byte(&path, '\0');
    cv_status st = cv_buf_status(&path, err);
    if (cv_parse_i64(fields[3], &mtime) != CV_OK)
        mtime = 0;
    r->missing = false;
    r->accepted =
        st == CV_OK && is_unchanged((const char *)path.data, size, mtime);
    if (!r->accepted)
        r->j->changed = true;
    else
        st = add_known(r->j, key_of((const char *)path.data, size, mtime), err);
    cv_buf_clear(&path);
    return st;
}

static bool stands(const reading *r, cv_slice output)
{
    char *path = NULL;
    struct stat st;
    if (!output.len || !r->start->outputs_stand)
        return true;
    bool yes =
        asprintf(&path, "%s/%.*s", r->j->plan->out, CV_FMT(output)) >= 0 &&
        stat(path, &st) == 0;
    free(path);
    return yes;
}

static cv_status read_item(reading *r, const cv_slice *fields, cv_error *err)
{
    cv_buf folder, output;
    if (fields[5].ptr)
        r->report = number_of(fields[5]);
    if (!r->accepted || r->missing || !fields[7].ptr || !fields[2].len)
        return CV_OK;
    cv_buf_init(&folder, 0);
    cv_buf_init(&output, 0);
    get_field(fields[3], &folder);
    get_field(fields[4], &output);
    journal_item item = { .index = number_of(fields[1]),
                          .outcome = (char)fields[2].ptr[0],
                          .repaired = fields[2].len > 1,
                          .folder = cv_buf_slice(&folder),
                          .output = cv_buf_slice(&output),
                          .report = r->report,
                          .end = number_of(fields[6]),
                          .rules = fields[7] };
    cv_status st = CV_OK;
    if (!stands(r, item.output)) {
        r->missing = true;
    } else {
        st = r->start->replay(r->start->ctx, &item, err);
        r->j->known[r->j->known_count - 1].done = item.index + 1;
    }
    cv_buf_clear(&folder);
    cv_buf_clear(&output);
    return st;
}

static cv_status read_line(reading *r, cv_slice line, cv_error *err)
{
    cv_slice fields[FIELDS] = { 0 };
    for (size_t i = 0; i < FIELDS && line.ptr; i++)
        fields[i] = cv_slice_cut(&line, '\t');
    if (fields[0].len != 1)
        return CV_OK;
    switch (fields[0].ptr[0]) {
    case 'F':
        return fields[3].ptr ? read_input(r, fields, err) : CV_OK;
    case 'I':
        return read_item(r, fields, err);
    case 'E':
        if (r->accepted && !r->missing)
            r->j->known[r->j->known_count - 1].done = UINT64_MAX;
        return CV_OK;
    default:
        return CV_OK;
    }
}

static int by_key(const void *a, const void *b)
{
    const known *x = a, *y = b;
    return x->key != y->key ? (x->key < y->key ? -1 : 1) : 0;
}

/* The first three lines; *same_report: the report goes on. */
static cv_status check_head(const journal *j, const journal_start *start,
                            cv_slice *rest, bool *same_report, cv_error *err)
{
    cv_buf options, report;
    cv_slice magic = cv_slice_cut(rest, '\n');
    cv_slice line = cv_slice_cut(rest, '\n');
    cv_buf_init(&options, 0);
    cv_buf_init(&report, 0);
    get_field(cv_slice_sub(line, 2, line.len), &options);
    line = cv_slice_cut(rest, '\n');
    get_field(cv_slice_sub(line, 2, line.len), &report);
    *same_report =
        cv_slice_eq(cv_buf_slice(&report), cv_slice_cstr(start->report));
    cv_status st = CV_OK;
    if (!cv_slice_eq(magic, CV_S("convoke-journal\t1")))
        st = cv_fail(err, CV_ERR_CONFLICT,
                     "%s: its journal is another version's; leave out --resume "
                     "to begin again",
                     j->plan->out);
    else if (!cv_slice_eq(cv_buf_slice(&options),
                          cv_slice_cstr(start->options)))
        st = cv_fail(err, CV_ERR_CONFLICT,
                     "%s: the unfinished run there had other options or "
                     "inputs; repeat those, or leave out --resume to begin "
                     "again",
                     j->plan->out);
    cv_buf_clear(&options);
    cv_buf_clear(&report);
    return st;
}

/* *whole: bytes of complete lines. */
static cv_status read_journal(journal *j, const journal_start *start,
                              cv_slice in, uint64_t *report, cv_error *err)
{
    reading r = { .j = j, .start = start };
    bool same_report;
    CV_TRY(check_head(j, start, &in, &same_report, err));
    while (in.len)
        CV_TRY(read_line(&r, cv_slice_cut(&in, '\n'), err));
    if (j->known_count)
        qsort(j->known, j->known_count, sizeof *j->known, by_key);
    *report = same_report ? r.report : 0;
    if (j->changed && !start->outputs_stand)
        return cv_fail(err, CV_ERR_CONFLICT,
                       "%s: inputs have changed since the unfinished run; "
                       "leave out --resume to begin again",
                       j->plan->out);
    return CV_OK;
}

/* Up to the last line's end: what a crash cut off is not read. */
static cv_slice whole_lines(cv_slice in)
{
    while (in.len && in.ptr[in.len - 1] != '\n')
        in.len--;
    return in;
}

static cv_status resume(journal *j, const journal_start *start,
                        const char *path, uint64_t *report, cv_error *err)
{
    cli_input input;
    CV_TRY(cli_input_open(path, &input, err));
    cv_slice lines = whole_lines(input.bytes);
    cv_status st = read_journal(j, start, lines, report, err);
    if (st == CV_OK && ftruncate(j->fd, (off_t)lines.len) != 0)
        st = system_error(path, err);
    cli_input_close(&input);
    if (st == CV_OK && lseek(j->fd, 0, SEEK_END) < 0)
        st = system_error(path, err);
    return st;
}

/* -- beginning and end -- */

/* keep_mboxes: those of an unfinished run go on. */
static void remove_temporaries(const batch_plan *plan, bool keep_mboxes)
{
    DIR *dir = opendir(plan->work);
    if (!dir)
        return;
    for (const struct dirent *d = readdir(dir); d; d = readdir(dir)) {
        bool temporary = d->d_name[0] >= '0' && d->d_name[0] <= '9';
        bool mbox = d->d_name[0] == 'm' && !keep_mboxes;
        if (temporary || mbox)
            (void)unlinkat(dirfd(dir), d->d_name, 0);
    }
    closedir(dir);
}

static cv_status start_lines(journal *j, const journal_start *start,
                             cv_error *err)
{
    if (ftruncate(j->fd, 0) != 0)
        return system_error(j->plan->work, err);
    cv_buf_put_str(&j->lines, "convoke-journal\t1\nO");
    put_field(&j->lines, cv_slice_cstr(start->options));
    cv_buf_put_str(&j->lines, "\nR");
    put_field(&j->lines, cv_slice_cstr(start->report));
    cv_buf_put_byte(&j->lines, '\n');
    return journal_flush(j, false, err);
}

static cv_status open_file(journal *j, const char *path, bool *unfinished,
                           cv_error *err)
{
    struct stat st;
    if (mkdir(j->plan->work, 0777) != 0 && errno != EEXIST)
        return system_error(j->plan->out, err);
    j->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (j->fd < 0)
        return system_error(j->plan->out, err);
    if (flock(j->fd, LOCK_EX | LOCK_NB) != 0)
        return cv_fail(err, CV_ERR_CONFLICT, "%s: another run is writing there",
                       j->plan->out);
    *unfinished = fstat(j->fd, &st) == 0 && st.st_size > 0;
    return CV_OK;
}

cv_status journal_open(const batch_plan *plan, const journal_start *start,
                       journal **out, bool *resumed, bool *unfinished,
                       uint64_t *report, cv_error *err)
{
    char *path = NULL;
    journal *j = calloc(1, sizeof *j);
    *report = 0;
    if (!j || asprintf(&path, "%s/journal", plan->work) < 0) {
        free(j);
        return cv_fail(err, CV_ERR_NOMEM, "out of memory");
    }
    j->plan = plan;
    j->fd = -1;
    cv_buf_init(&j->lines, 0);
    cv_status st = open_file(j, path, unfinished, err);
    *resumed = st == CV_OK && start->resume && *unfinished;
    if (st == CV_OK && *resumed)
        st = resume(j, start, path, report, err);
    else if (st == CV_OK)
        st = start_lines(j, start, err);
    if (st == CV_OK)
        remove_temporaries(plan, *resumed);
    free(path);
    if (st != CV_OK)
        journal_close(&j, false);
    *out = j;
    return st;
}

void journal_close(journal **j, bool complete)
{
    if (!*j)
        return;
    const batch_plan *plan = (*j)->plan;
    char *path = NULL;
    if (complete) {
        remove_temporaries(plan, false);
        if (asprintf(&path, "%s/journal", plan->work) >= 0)
            (void)unlink(path);
        free(path);
        (void)rmdir(plan->work);
    }
    if ((*j)->fd >= 0)
        close((*j)->fd);
    cv_buf_clear(&(*j)->lines);
    free((*j)->known);
    free(*j);
    *j = NULL;
}

int journal_fd(const journal *j)
{
    return j->fd;
}

uint64_t journal_done(const journal *j, const cli_source *source)
{
    uint64_t key = key_of(source->path, source->size, source->mtime_ns);
    size_t low = 0, high = j->known_count;
    uint64_t done = 0;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (j->known[middle].key < key)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < j->known_count && j->known[low].key == key; low++)
        if (j->known[low].done > done)
            done = j->known[low].done;
    return done;
}

/* -- writing -- */

void journal_input(journal *j, const cli_source *source)
{
    cv_buf_put_byte(&j->lines, 'F');
    put_field(&j->lines, cv_slice_cstr(source->path));
    put_number(&j->lines, source->size);
    cv_buf_printf(&j->lines, "\t%" PRId64 "\n", source->mtime_ns);
    j->waiting++;
}

void journal_put(journal *j, const journal_item *item)
{
    cv_buf_put_byte(&j->lines, 'I');
    put_number(&j->lines, item->index);
    cv_buf_printf(&j->lines, "\t%c%s", item->outcome,
                  item->repaired ? "r" : "");
    put_field(&j->lines, item->folder);
    put_field(&j->lines, item->output);
    put_number(&j->lines, item->report);
    put_number(&j->lines, item->end);
    put_field(&j->lines, item->rules);
    cv_buf_put_byte(&j->lines, '\n');
    j->waiting++;
}

void journal_end(journal *j)
{
    cv_buf_put_str(&j->lines, "E\n");
    j->waiting++;
}

size_t journal_waiting(const journal *j)
{
    return j->waiting;
}

cv_status journal_flush(journal *j, bool sync, cv_error *err)
{
    CV_TRY(cv_buf_status(&j->lines, err));
    /* What the journal calls done must not be lost while it is kept. */
    if (sync && syncfs(j->fd) != 0)
        return system_error(j->plan->out, err);
    cv_slice left = cv_buf_slice(&j->lines);
    while (left.len) {
        ssize_t n = write(j->fd, left.ptr, left.len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return system_error(j->plan->out, err);
        left = cv_slice_sub(left, (size_t)n, left.len);
    }
    cv_buf_reset(&j->lines);
    j->waiting = 0;
    if (sync && fdatasync(j->fd) != 0)
        return system_error(j->plan->out, err);
    return CV_OK;
}
