/* admin.h - the commands of the control socket and the command line, one row a
 * command (admin.def): JSON object in, JSON object out.
 *
 * Request:  {"cmd": "queue.show", ...arguments}
 * Response: {"ok": true, "result": ...}
 *           {"ok": false, "status": "CV_ERR_NOTFOUND", "error": "one line"}
 */
#ifndef SERVER_ADMIN_H
#define SERVER_ADMIN_H

#include "server/core.h"

/* Runs one request; the response is appended to out. Never fails: errors are
 * part of the response. */
void admin_run(core *c, cv_slice request, cv_buf *out);

#endif
