#include "cli/input.h"

#include "base/buf.h"
#include "base/limits.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define SMALL_BYTES ((size_t)512 << 10)
#define FOLDER_DEPTH 64 /* folders within folders; also ends link loops */

static cv_status system_error(cv_error *err)
{
    return cv_fail(err, CV_ERR_IO, "%s", strerror(errno));
}

/* A pipe or device: read to its end. */
static cv_status read_all(int fd, cli_input *out, cv_error *err)
{
    cv_buf buf;
    uint8_t part[65536];
    ssize_t n;
    cv_buf_init(&buf, CV_LIMIT_INPUT_BYTES);
    while ((n = read(fd, part, sizeof part)) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            break;
        cv_buf_put(&buf, part, (size_t)n);
    }
    cv_status status = n < 0 ? system_error(err) : cv_buf_status(&buf, err);
    if (status != CV_OK) {
        cv_buf_clear(&buf);
        return status;
    }
    out->heap = buf.data;
    out->bytes = buf.len ? cv_slice_of(buf.data, buf.len) : CV_S("");
    return CV_OK;
}

/* Mapping a small file, and faulting in its pages, takes longer than reading
 * it into memory that the file before has left. */
static cv_status read_file(int fd, size_t size, cli_input *out, cv_error *err)
{
    uint8_t *bytes = malloc(size);
    if (!bytes)
        return cv_fail(err, CV_ERR_NOMEM, "out of memory");
    size_t have = 0;
    ssize_t n = 1;
    while (have < size && n > 0) {
        n = read(fd, bytes + have, size - have);
        if (n < 0 && errno == EINTR)
            n = 1;
        else if (n > 0)
            have += (size_t)n;
    }
    if (n < 0) {
        cv_status status = system_error(err);
        free(bytes);
        return status;
    }
    out->heap = bytes;
    out->bytes = cv_slice_of(bytes, have);
    return CV_OK;
}

static cv_status map_file(int fd, size_t size, cli_input *out, cv_error *err)
{
    out->bytes = CV_S("");
    if (size == 0)
        return CV_OK;
    if (size <= SMALL_BYTES)
        return read_file(fd, size, out, err);
    if (size > CV_LIMIT_INPUT_BYTES)
        return cv_fail(err, CV_ERR_LIMIT,
                       "CV_LIMIT_INPUT_BYTES: larger than %zu",
                       CV_LIMIT_INPUT_BYTES);
    void *map = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (map == MAP_FAILED)
        return system_error(err);
    out->map = map;
    out->size = size;
    out->bytes = cv_slice_of(map, size);
    return CV_OK;
}

cv_status cli_input_open(const char *path, cli_input *out, cv_error *err)
{
    struct stat st;
    bool is_stdin = strcmp(path, "-") == 0;
    *out = (cli_input){ 0 };
    int fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0)
        return system_error(err);
    cv_status status;
    if (S_ISREG(st.st_mode) && !is_stdin)
        status = map_file(fd, (size_t)st.st_size, out, err);
    else
        status = read_all(fd, out, err);
    if (!is_stdin)
        close(fd);
    return status;
}

void cli_input_relax(const cli_input *input)
{
    if (input->map)
        (void)madvise(input->map, input->size, MADV_DONTNEED);
}

void cli_input_close(cli_input *input)
{
    if (input->map)
        munmap(input->map, input->size);
    free(input->heap);
    *input = (cli_input){ 0 };
}

static cv_status append(cli_paths *paths, const char *path, cv_error *err)
{
    if (paths->count == paths->room) {
        size_t room = paths->room ? 2 * paths->room : 16;
        char **rows = realloc(paths->rows, room * sizeof *rows);
        if (!rows)
            return cv_fail(err, CV_ERR_NOMEM, "out of memory");
        paths->rows = rows;
        paths->room = room;
    }
    char *copy = strdup(path);
    if (!copy)
        return cv_fail(err, CV_ERR_NOMEM, "out of memory");
    paths->rows[paths->count++] = copy;
    return CV_OK;
}

static int visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* depth counts down. */
static cv_status add_below(cli_paths *paths, const char *folder, unsigned depth,
                           cv_error *err)
{
    struct dirent **list = NULL;
    int count = scandir(folder, &list, visible, alphasort);
    if (count < 0)
        return system_error(err);
    cv_status status = CV_OK;
    for (int i = 0; i < count; i++) {
        char *path = NULL;
        struct stat st;
        if (status == CV_OK &&
            asprintf(&path, "%s/%s", folder, list[i]->d_name) < 0)
            status = cv_fail(err, CV_ERR_NOMEM, "out of memory");
        else if (status == CV_OK && stat(path, &st) == 0) {
            if (S_ISREG(st.st_mode))
                status = append(paths, path, err);
            else if (S_ISDIR(st.st_mode) && depth > 0)
                status = add_below(paths, path, depth - 1, err);
        }
        free(path);
        free(list[i]);
    }
    free(list);
    return status;
}

cv_status cli_paths_add(cli_paths *paths, const char *path, cv_error *err)
{
    struct stat st;
    if (strcmp(path, "-") == 0 || stat(path, &st) != 0 || !S_ISDIR(st.st_mode))
        return append(paths, path, err);
    paths->had_folder = true;
    return add_below(paths, path, FOLDER_DEPTH, err);
}

void cli_paths_clear(cli_paths *paths)
{
    for (size_t i = 0; i < paths->count; i++)
        free(paths->rows[i]);
    free(paths->rows);
    *paths = (cli_paths){ 0 };
}
