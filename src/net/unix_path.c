#include "net/unix_path.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A long path is reached through its opened directory in /proc. */
static cv_status open_directory(const char *path, const char *base, int *out,
                                cv_error *err)
{
    char *directory = strndup(path, (size_t)(base - path));
    if (!directory)
        return cv_fail(err, CV_ERR_NOMEM, "path");
    *out = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
    cv_status status = CV_OK;
    if (*out < 0)
        status = cv_fail(err, errno == ENOENT ? CV_ERR_NOTFOUND : CV_ERR_IO,
                         "%s: %s", directory, strerror(errno));
    free(directory);
    return status;
}

cv_status net_unix_path_open(const char *path, net_unix_path *out,
                             cv_error *err)
{
    struct sockaddr_un *un = &out->address.un;
    memset(out, 0, sizeof(*out));
    out->directory = -1;
    out->length = sizeof(*un);
    un->sun_family = AF_UNIX;
    if (strlen(path) < sizeof(un->sun_path)) {
        (void)snprintf(un->sun_path, sizeof(un->sun_path), "%s", path);
        return CV_OK;
    }
    const char *slash = strrchr(path, '/');
    if (!slash)
        return cv_fail(err, CV_ERR_IO, "socket's name too long");
    CV_TRY(open_directory(path, slash + 1, &out->directory, err));
    int n = snprintf(un->sun_path, sizeof(un->sun_path), "/proc/self/fd/%d/%s",
                     out->directory, slash + 1);
    if (n < 0 || (size_t)n >= sizeof(un->sun_path)) {
        net_unix_path_close(out);
        return cv_fail(err, CV_ERR_IO, "socket's name too long");
    }
    return CV_OK;
}

void net_unix_path_close(net_unix_path *where)
{
    if (where->directory >= 0)
        (void)close(where->directory);
    where->directory = -1;
}
