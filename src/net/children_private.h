/* children_private.h - what parent, zygote and child say to each other.
 *
 * Parent and zygote: one struct a message over SOCK_SEQPACKET, one question,
 * one answer. Parent and child: a header and bytes over a stream. All of it
 * stays within one program on one machine, so structs go as they are.
 */
#ifndef NET_CHILDREN_PRIVATE_H
#define NET_CHILDREN_PRIVATE_H

#include "net/children.h"

#include <sys/types.h>

typedef struct net_zygote_question {
    pid_t kill; /* this child, and say how it ended; 0: fork a new one */
} net_zygote_question;

typedef struct net_zygote_answer {
    pid_t pid;       /* of the new child, whose socket comes along; -1: fork
                        failed */
    int wait_status; /* of the killed one */
} net_zygote_answer;

typedef struct net_child_head {
    int32_t status; /* of the handler; 0 in requests */
    uint64_t len;
} net_child_head;

/* The zygote's whole life; fd is its end of the parent's socket. */
_Noreturn void net_zygote_run(const net_children_config *config, int fd);

#endif
