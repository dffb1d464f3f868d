/* batch_child.h - the children of a batch.
 *
 * A child does its tasks one after the other and answers with records over a
 * socket. It has bounded memory and bounded processor time for an item; its
 * death is the parent's news, and its only loss. A child whose records wait
 * for an earlier item's stops until that is done.
 * Other than net/children.h's, these answer a task with any number of records
 * and know the folder their outputs go to.
 */
#ifndef CLI_BATCH_CHILD_H
#define CLI_BATCH_CHILD_H

#include "cli/batch.h"

typedef struct batch_child {
    pid_t pid; /* 0: not running */
    int fd;
    unsigned number; /* its slot */
    cv_buf in;       /* records not yet taken apart */
} batch_child;

/* not_these: descriptors of the parent that the child closes, ended by -1.
 * Errors: CV_ERR_IO. */
CV_NODISCARD cv_status batch_child_start(const batch_plan *plan,
                                         batch_shared *shared, unsigned number,
                                         const int *not_these,
                                         batch_child *child, cv_error *err);
/* False: the child is gone. */
bool batch_child_send(const batch_child *child, const batch_task *task);
/* Reads what is there and gives each whole record. False: the child is gone.
 */
bool batch_child_receive(batch_child *child,
                         void (*take)(void *ctx, const batch_record *record),
                         void *ctx);
/* Kills it if it lives; *why (at least 80 bytes): what it died of. */
void batch_child_reap(batch_child *child, bool kill_it, char *why,
                      size_t why_size);
/* The size a record counts with in settled_bytes. */
uint64_t batch_record_bytes(const batch_record *record);

#endif
