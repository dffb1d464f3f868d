/* env.h - what the program may not take from the air: clock and chance.
 *
 * Below server/ and cli/ nobody asks the system for the time or for random
 * bytes; both come in through this struct, so that every schedule, boundary
 * and expiry can be tested.
 */
#ifndef CV_BASE_ENV_H
#define CV_BASE_ENV_H

#include "base/error.h"

typedef struct cv_env {
    int64_t (*now)(void *ctx);                      /* ticks, wintime.h */
    void (*random)(void *ctx, void *out, size_t n); /* fills n bytes */
    void *ctx;                                      /* borrowed */
} cv_env;

/* The system's clock and random source; for server/ and cli/ only. */
cv_env cv_env_system(void);

/* A clock that stands still until it is set, and a counting random source;
 * for tests. Each request counts seed up by one and gives its eight bytes,
 * most significant first, again and again. */
typedef struct cv_test_env {
    int64_t now; /* ticks */
    uint64_t seed;
} cv_test_env;
cv_env cv_env_test(cv_test_env *state);

/* Kill points: a name at each moment where a crash would hurt most. In normal
 * use a call costs one load and a compare. cv_kill_point_arm("name", n) makes
 * the n-th pass of that name raise SIGKILL. Only the command line arms one
 * (CONVOKE_KILL_AT=name:n, for tests/crash). All names: base/killpoints.def; an
 * unknown one cannot be armed (false) and, once any is armed, fails an assert.
 */
void cv_kill_point(const char *name);
bool cv_kill_point_arm(const char *name, unsigned nth_pass);

#endif
