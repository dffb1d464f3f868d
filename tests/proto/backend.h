/* backend.h - what the server of the dialogues knows: two mailboxes and one
 * password, small limits, and a memory of the last message.
 *
 *   local domain  mail.example: alice (also info@), bob, postmaster;
 *                 later@ answers "try later"
 *   password      alice: secret; away: the database cannot be asked
 *   limits        500 bytes a message, 3 recipients, 4 Received fields
 *   submit        fails as the message's field "X-Fail: io|nomem|limit|denied"
 *                 says
 */
#ifndef TESTS_PROTO_BACKEND_H
#define TESTS_PROTO_BACKEND_H

#include "smtp/smtp.h"

#include <pthread.h>

typedef struct proto_backend {
    smtp_backend backend;
    cv_test_env clock;
    cv_env env;
    net_sasl *sasl;
    smtp_door incoming, submission;
    uint64_t max_size;
    const char *save_dir; /* messages are written there, or NULL */
    pthread_mutex_t lock; /* guards what is below */
    unsigned messages;
    char last[1000]; /* the last message's envelope and body */
} proto_backend;

void proto_backend_init(proto_backend *b);
void proto_backend_clear(proto_backend *b);
/* Takes the last message: "" when none came since. */
void proto_backend_take(proto_backend *b, char *text, size_t size);

#endif
