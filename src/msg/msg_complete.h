/* msg_complete.h - what Outlook expects in a .msg and other sources do not
 * hold: row numbers, types, entry ids, display lists, short file names.
 *
 * Each function gives the bag, or a copy in the arena with the missing
 * properties; what is there stays as it is. NULL when the arena is exhausted.
 * Source: spec msg.md 5; [MS-OXOABK] 2.2.3, [MS-OXCMSG] 2.2.
 */
#ifndef CV_MSG_COMPLETE_H
#define CV_MSG_COMPLETE_H

#include "mapi/object.h"

const cv_bag *cv_msg_complete_message(cv_arena *arena, const cv_object *obj);
const cv_bag *cv_msg_complete_recipient(cv_arena *arena, const cv_bag *row,
                                        size_t index);
/* The method follows from the data when none is told. */
const cv_bag *cv_msg_complete_attachment(cv_arena *arena,
                                         const cv_attachment *att,
                                         size_t index);

#endif
