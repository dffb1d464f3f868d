#include "cli/sources.h"

#include "cli/maildir.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define FOLDER_DEPTH 64 /* folders within folders; also ends link loops */

typedef enum frame_kind {
    FRAME_FOLDER,
    FRAME_MAILDIR,  /* holds cur, new and folders; its own files are indexes */
    FRAME_MESSAGES, /* cur or new */
} frame_kind;

/* A folder whose files are being given. */
typedef struct frame {
    frame_kind kind;
    char *path, *folder; /* owned; folder: as in cli_source */
    char **names;        /* owned, sorted */
    size_t count, next;
} frame;

struct cli_sources {
    const char *const *operands; /* borrowed */
    size_t count, next;
    bool several;
    cli_file_id not_here;
    frame frames[FOLDER_DEPTH];
    unsigned depth;
    char *path, *folder; /* owned: of the source that was given last */
};

cv_status cli_sources_open(const char *const *operands, size_t count,
                           bool several, cli_file_id not_here,
                           cli_sources **out, cv_error *err)
{
    cli_sources *s = calloc(1, sizeof *s);
    if (!s)
        return cv_fail(err, CV_ERR_NOMEM, "out of memory");
    s->operands = operands;
    s->count = count;
    s->several = several;
    s->not_here = not_here;
    *out = s;
    return CV_OK;
}

static void leave(cli_sources *s)
{
    frame *f = &s->frames[--s->depth];
    for (size_t i = 0; i < f->count; i++)
        free(f->names[i]);
    free(f->names);
    free(f->path);
    free(f->folder);
    *f = (frame){ 0 };
}

void cli_sources_close(cli_sources **sources)
{
    cli_sources *s = *sources;
    if (!s)
        return;
    while (s->depth)
        leave(s);
    free(s->path);
    free(s->folder);
    free(s);
    *sources = NULL;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool add_name(frame *f, size_t *room, const char *name)
{
    if (f->count == *room) {
        size_t more = *room ? 2 * *room : 64;
        char **names = realloc(f->names, more * sizeof *names);
        if (!names)
            return false;
        f->names = names;
        *room = more;
    }
    f->names[f->count] = strdup(name);
    return f->names[f->count] && ++f->count;
}

/* Takes path and folder. *entered false: it cannot be read. */
static cv_status enter(cli_sources *s, frame_kind kind, char *path,
                       char *folder, bool *entered, cv_error *err)
{
    DIR *dir = path && folder ? opendir(path) : NULL;
    bool sound = path && folder;
    *entered = dir != NULL;
    if (!dir) {
        free(path);
        free(folder);
        return sound ? CV_OK : cv_fail(err, CV_ERR_NOMEM, "out of memory");
    }
    frame *f = &s->frames[s->depth++];
    size_t room = 0;
    *f = (frame){ .kind = kind, .path = path, .folder = folder };
    for (const struct dirent *d = readdir(dir); d && sound; d = readdir(dir)) {
        bool dots = strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0;
        if (!dots && (d->d_name[0] != '.' || kind == FRAME_MAILDIR))
            sound = add_name(f, &room, d->d_name);
    }
    closedir(dir);
    if (f->count)
        qsort(f->names, f->count, sizeof *f->names, by_name);
    return sound ? CV_OK : cv_fail(err, CV_ERR_NOMEM, "out of memory");
}

static char *joined(const char *left, const char *right)
{
    char *out = NULL;
    if (!*left || !*right)
        return strdup(*left ? left : right);
    return asprintf(&out, "%s/%s", left, right) < 0 ? NULL : out;
}

/* The name of an operand that is a folder. */
static char *folder_name(const char *operand)
{
    size_t len = strlen(operand);
    while (len > 1 && operand[len - 1] == '/')
        len--;
    size_t start = len;
    while (start && operand[start - 1] != '/')
        start--;
    char *name = strndup(operand + start, len - start);
    if (name && (strcmp(name, ".") == 0 || strcmp(name, "..") == 0))
        name[0] = '\0';
    return name;
}

static void give(cli_sources *s, const struct stat *st, bool in_maildir,
                 cli_source *out)
{
    const char *slash = strrchr(s->path, '/');
    *out = (cli_source){ .path = s->path,
                         .folder = s->folder,
                         .name = slash && slash[1] ? slash + 1 : s->path,
                         .in_maildir = in_maildir,
                         .absent = !st };
    if (!st)
        return;
    out->size = (uint64_t)st->st_size;
    out->mtime_ns =
        (int64_t)st->st_mtim.tv_sec * INT64_C(1000000000) + st->st_mtim.tv_nsec;
    out->id = (cli_file_id){ st->st_dev, st->st_ino };
}

/* Sets path and folder of the next source; takes both. */
static cv_status stand_on(cli_sources *s, char *path, char *folder,
                          cv_error *err)
{
    free(s->path);
    free(s->folder);
    s->path = path;
    s->folder = folder;
    return path && folder ? CV_OK : cv_fail(err, CV_ERR_NOMEM, "out of memory");
}

static cv_status next_operand(cli_sources *s, cli_source *out, bool *found,
                              cv_error *err)
{
    const char *operand = s->operands[s->next++];
    struct stat st;
    bool entered = false;
    bool there = strcmp(operand, "-") != 0 && stat(operand, &st) == 0;
    if (there && S_ISDIR(st.st_mode)) {
        frame_kind kind =
            cli_maildir_is(operand) ? FRAME_MAILDIR : FRAME_FOLDER;
        CV_TRY(enter(s, kind, strdup(operand),
                     s->several ? folder_name(operand) : strdup(""), &entered,
                     err));
    }
    if (entered)
        return CV_OK;
    CV_TRY(stand_on(s, strdup(operand), strdup(""), err));
    give(s, there ? &st : NULL, false, out);
    *found = true;
    return CV_OK;
}

/* What a folder within f is. *folder: what stands for it, owned. */
static frame_kind kind_of(const frame *f, const char *name, const char *path,
                          char **folder)
{
    bool messages = strcmp(name, "cur") == 0 || strcmp(name, "new") == 0;
    if (f->kind == FRAME_MAILDIR && messages) {
        *folder = strdup(f->folder);
        return FRAME_MESSAGES;
    }
    if (f->kind == FRAME_MAILDIR && name[0] == '.') {
        char *decoded = cli_maildir_folder(name);
        *folder = decoded ? joined(f->folder, decoded) : NULL;
        free(decoded);
    } else {
        *folder = joined(f->folder, name);
    }
    return cli_maildir_is(path) ? FRAME_MAILDIR : FRAME_FOLDER;
}

static bool is_passed_over(const cli_sources *s, const frame *f,
                           const char *name, const char *path,
                           const struct stat *st)
{
    if (S_ISREG(st->st_mode))
        return f->kind == FRAME_MAILDIR;
    if (!S_ISDIR(st->st_mode) || f->kind == FRAME_MESSAGES)
        return true;
    bool hidden = name[0] == '.' && !cli_maildir_is(path);
    bool unfinished = f->kind == FRAME_MAILDIR && strcmp(name, "tmp") == 0;
    bool output =
        st->st_ino == s->not_here.inode && st->st_dev == s->not_here.device;
    return hidden || unfinished || output;
}

/* One entry of the innermost folder. */
static cv_status next_entry(cli_sources *s, cli_source *out, bool *found,
                            cv_error *err)
{
    frame *f = &s->frames[s->depth - 1];
    const char *name = f->names[f->next++];
    char *path = joined(f->path, name), *folder = NULL;
    struct stat st;
    bool entered = false;
    if (!path)
        return cv_fail(err, CV_ERR_NOMEM, "out of memory");
    size_t len = strlen(f->path);
    if (len && f->path[len - 1] == '/') { /* "in/" + "/" + "a" */
        free(path);
        if (asprintf(&path, "%s%s", f->path, name) < 0)
            return cv_fail(err, CV_ERR_NOMEM, "out of memory");
    }
    if (stat(path, &st) != 0 || is_passed_over(s, f, name, path, &st)) {
        free(path);
        return CV_OK;
    }
    bool in_maildir = f->kind == FRAME_MESSAGES;
    if (S_ISDIR(st.st_mode) && s->depth < FOLDER_DEPTH) {
        frame_kind kind = kind_of(f, name, path, &folder);
        char *copy = strdup(path);
        cv_status status = enter(s, kind, copy, folder, &entered, err);
        if (status != CV_OK || entered) {
            free(path);
            return status;
        }
        f = &s->frames[s->depth - 1];
    } else if (S_ISDIR(st.st_mode)) {
        free(path);
        return CV_OK;
    }
    CV_TRY(stand_on(s, path, strdup(f->folder), err));
    give(s, &st, in_maildir, out);
    *found = true;
    return CV_OK;
}

cv_status cli_sources_next(cli_sources *s, cli_source *out, bool *found,
                           cv_error *err)
{
    *found = false;
    while (!*found) {
        if (s->depth &&
            s->frames[s->depth - 1].next == s->frames[s->depth - 1].count)
            leave(s);
        else if (s->depth)
            CV_TRY(next_entry(s, out, found, err));
        else if (s->next < s->count)
            CV_TRY(next_operand(s, out, found, err));
        else
            break;
    }
    return CV_OK;
}
