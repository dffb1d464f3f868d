#include "base/env.h"

#include "base/wintime.h"

#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

static int64_t system_now(void *ctx)
{
    struct timespec now;
    (void)ctx;
    cv_assert(clock_gettime(CLOCK_REALTIME, &now) == 0);
    return now.tv_sec * CV_TICKS_PER_SEC + now.tv_nsec / 100;
}

static void system_random(void *ctx, void *out, size_t n)
{
    uint8_t *to = out;
    (void)ctx;
    while (n) {
        size_t part = n < 256 ? n : 256; /* what getentropy() gives at once */
        cv_assert(getentropy(to, part) == 0);
        to += part;
        n -= part;
    }
}

cv_env cv_env_system(void)
{
    return (cv_env){ system_now, system_random, NULL };
}

static int64_t test_now(void *ctx)
{
    return ((cv_test_env *)ctx)->now;
}

/* Each request counts the seed up by one and repeats it, most significant
 * byte first: never twice the same, easily read in a failed test. */
static void test_random(void *ctx, void *out, size_t n)
{
    cv_test_env *state = ctx;
    uint64_t v = ++state->seed;
    uint8_t *to = out;
    for (size_t i = 0; i < n; i++)
        to[i] = (uint8_t)(v >> (56 - 8 * (i % 8)));
}

cv_env cv_env_test(cv_test_env *state)
{
    return (cv_env){ test_now, test_random, state };
}

static const char *const kill_points[] = {
#define KILL_POINT(name, meaning) name,
#include "base/killpoints.def"
#undef KILL_POINT
};

/* Points into kill_points[], NULL as long as nothing is armed. */
static _Atomic(const char *) armed;
static atomic_uint passes_left;

static const char *known_kill_point(const char *name)
{
    for (size_t i = 0; i < CV_LEN(kill_points); i++) {
        if (strcmp(kill_points[i], name) == 0)
            return kill_points[i];
    }
    return NULL;
}

bool cv_kill_point_arm(const char *name, unsigned nth_pass)
{
    const char *known = known_kill_point(name);
    if (!known || nth_pass == 0)
        return false;
    atomic_store(&passes_left, nth_pass);
    atomic_store(&armed, known);
    return true;
}

void cv_kill_point(const char *name)
{
    const char *target = atomic_load_explicit(&armed, memory_order_acquire);
    if (!target)
        return;
    cv_assert(known_kill_point(name) != NULL);
    if (strcmp(target, name) != 0)
        return;
    if (atomic_fetch_sub(&passes_left, 1) == 1)
        (void)raise(SIGKILL);
}
