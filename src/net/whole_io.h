/* whole_io.h - blocking reads and writes that take all bytes or fail: between
 * a process and its children, over a socket pair.
 */
#ifndef NET_WHOLE_IO_H
#define NET_WHOLE_IO_H

#include <stdbool.h>
#include <stddef.h>

/* False at the end of the stream or on an error (errno). */
bool net_read_all(int fd, void *to, size_t len);
/* False on an error (errno); a peer that is gone raises no signal. */
bool net_write_all(int fd, const void *from, size_t len);

#endif
