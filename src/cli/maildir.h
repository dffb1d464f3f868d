/* maildir.h - Maildir and Maildir++: names of folders, flags of messages.
 * Source: the Maildir and Maildir++ pages of their authors; RFC 3501 5.1.3
 * (folder names in modified UTF-7).
 */
#ifndef CLI_MAILDIR_H
#define CLI_MAILDIR_H

#include "mapi/object.h"

/* What Maildir and mbox can say about a message. */
#define CLI_MAIL_READ 1u
#define CLI_MAIL_REPLIED 2u
#define CLI_MAIL_FLAGGED 4u
#define CLI_MAIL_DRAFT 8u
#define CLI_MAIL_PASSED 16u /* forwarded */

/* A folder that holds cur, new and tmp. */
bool cli_maildir_is(const char *path);

/* ".Sent.2008" -> "Sent/2008"; a '/' in a name becomes '_'. Owned by the
 * caller, NULL without memory. */
char *cli_maildir_folder(const char *name);
/* "box.pst/Inbox" -> ".box&AC4-pst.Inbox"; appended. */
void cli_maildir_put_folder(cv_slice folder, cv_buf *out);

/* The flags of a message's name ("...:2,FS"), as CLI_MAIL_... */
unsigned cli_maildir_flags(const char *name);
/* "FRS", in order of letter. */
void cli_maildir_put_flags(unsigned flags, cv_buf *out);

/* From and into PidTagMessageFlags, PidTagFlagStatus and
 * PidTagLastVerbExecuted. */
unsigned cli_mail_flags_of(const cv_object *obj);
CV_NODISCARD cv_status cli_mail_flags_set(cv_object *obj, unsigned flags);

#endif
