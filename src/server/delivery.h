/* delivery.h - the threads that run delivery attempts. */
#ifndef SERVER_DELIVERY_H
#define SERVER_DELIVERY_H

#include "transport/transport.h"

typedef struct delivery delivery;

/* Errors: CV_ERR_NOMEM, CV_ERR_IO (a thread cannot be made). */
CV_NODISCARD cv_status delivery_start(transport *t, const cv_env *env,
                                      unsigned threads, delivery **out,
                                      cv_error *err);
/* There may be work: any thread, takes NULL. */
void delivery_wake(delivery *d);
/* Waits for running attempts. Takes NULL. */
void delivery_stop(delivery **d);

#endif
