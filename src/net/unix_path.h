/* unix_path.h - the address of a Unix socket whose path may be longer than
 * the 107 bytes that sockaddr_un has room for.
 */
#ifndef NET_UNIX_PATH_H
#define NET_UNIX_PATH_H

#include "base/error.h"

#include <sys/socket.h>
#include <sys/un.h>

typedef struct net_unix_path {
    union {
        struct sockaddr any;
        struct sockaddr_un un;
    } address;
    socklen_t length;
    int directory; /* owned; -1 when the path was short enough */
} net_unix_path;

/* Errors: CV_ERR_NOTFOUND no such directory, CV_ERR_IO. */
CV_NODISCARD cv_status net_unix_path_open(const char *path, net_unix_path *out,
                                          cv_error *err);
void net_unix_path_close(net_unix_path *where);

#endif
