#include "cli/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static cv_status system_error(const char *path, cv_error *err)
{
    return cv_fail(err, CV_ERR_IO, "%s: %s", path, strerror(errno));
}

static cv_status make_folder(const char *path, cv_error *err)
{
    if (mkdir(path, 0777) == 0 || errno == EEXIST)
        return CV_OK;
    return system_error(path, err);
}

cv_status cli_target_open(const char *out, bool several, cli_target *target,
                          cv_error *err)
{
    struct stat st;
    *target = (cli_target){ .kind = CLI_TO_STDOUT, .path = out };
    if (!out && !several)
        return CV_OK;
    if (out && strcmp(out, "-") == 0)
        return several ? cv_fail(err, CV_ERR_RANGE,
                                 "several outputs cannot go to standard "
                                 "output: give a folder with -o")
                       : CV_OK;
    size_t len = out ? strlen(out) : 0;
    target->each = len && out[len - 1] == '/';
    bool is_folder = out && stat(out, &st) == 0 && S_ISDIR(st.st_mode);
    if (out && !several && !target->each && !is_folder) {
        target->kind = CLI_TO_FILE;
        return CV_OK;
    }
    target->kind = CLI_TO_FOLDER;
    target->path = out ? out : ".";
    return make_folder(target->path, err);
}

/* Beside the place it will take, so that the rename stays in one file
 * system. */
static cv_status open_aside(cli_file *file, cv_error *err)
{
    const char *slash = strrchr(file->path, '/');
    size_t dir = slash ? (size_t)(slash - file->path) + 1 : 0;
    if (asprintf(&file->aside, "%.*s.convoke-%d-XXXXXX", (int)dir, file->path,
                 (int)getpid()) < 0) {
        file->aside = NULL;
        return cv_fail(err, CV_ERR_NOMEM, "out of memory");
    }
    int fd = mkstemp(file->aside);
    if (fd < 0) {
        free(file->aside);
        file->aside = NULL;
        return system_error(file->path, err);
    }
    mode_t mask = umask(0);
    umask(mask);
    (void)!fchmod(fd, 0666 & ~mask); /* as any other new file */
    file->stream = fdopen(fd, "wb");
    if (!file->stream) {
        close(fd);
        return system_error(file->path, err);
    }
    return CV_OK;
}

cv_status cli_target_begin(const cli_target *target, cli_file *file,
                           cv_error *err)
{
    struct stat st;
    *file = (cli_file){ 0 };
    if (target->kind == CLI_TO_STDOUT) {
        file->stream = stdout;
        return CV_OK;
    }
    file->path = strdup(target->path);
    if (!file->path)
        return cv_fail(err, CV_ERR_NOMEM, "out of memory");
    if (stat(file->path, &st) != 0 || S_ISREG(st.st_mode))
        return open_aside(file, err);
    file->stream = fopen(file->path, "wb"); /* a device or a pipe */
    return file->stream ? CV_OK : system_error(file->path, err);
}

static cv_status write_stream(void *ctx, const void *bytes, size_t len,
                              cv_error *err)
{
    const cli_file *file = ctx;
    if (fwrite(bytes, 1, len, file->stream) != len)
        return system_error(file->path ? file->path : "standard output", err);
    return CV_OK;
}

cv_sink cli_file_sink(cli_file *file)
{
    return (cv_sink){ write_stream, file };
}

cv_status cli_file_commit(cli_file *file, cv_error *err)
{
    FILE *stream = file->stream;
    const char *name = file->path ? file->path : "standard output";
    file->stream = NULL;
    int failed = stream == stdout ? fflush(stream) : fclose(stream);
    if (failed)
        return system_error(name, err);
    if (file->aside && rename(file->aside, file->path) != 0)
        return system_error(name, err);
    free(file->aside);
    file->aside = NULL;
    return CV_OK;
}

void cli_file_discard(cli_file *file)
{
    if (file->stream && file->stream != stdout)
        fclose(file->stream);
    if (file->aside)
        unlink(file->aside);
    free(file->aside);
    free(file->path);
    *file = (cli_file){ 0 };
}
