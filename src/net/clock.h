/* clock.h - the monotonic clock, for deadlines only.
 *
 * Times that are stored or shown come from cv_env; a deadline must not jump
 * when somebody sets the clock.
 */
#ifndef NET_CLOCK_H
#define NET_CLOCK_H

#include <stdint.h>

/* Milliseconds since some moment in the past. */
int64_t net_clock_ms(void);
/* Milliseconds from now to the deadline, 0 when it has passed, at most
 * INT_MAX: what poll() takes. */
int net_clock_left(int64_t deadline_ms);

#endif
