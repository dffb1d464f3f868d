/* client.h - pieces of the client that tests take by themselves; smtp.h has
 * the part that transport sees.
 */
#ifndef SMTP_CLIENT_H
#define SMTP_CLIENT_H

#include "smtp/smtp.h"

/* mime as DATA has it: every CR, LF and CRLF a CRLF, dots doubled at a line's
 * start, ended by CRLF.CRLF; written to the sink in blocks. */
CV_NODISCARD cv_status smtp_dot_stuff(cv_slice mime, const cv_sink *to,
                                      cv_error *err);

#endif
