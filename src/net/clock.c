#include "net/clock.h"

#include <limits.h>
#include <time.h>

int64_t net_clock_ms(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int net_clock_left(int64_t deadline_ms)
{
    int64_t left = deadline_ms - net_clock_ms();
    if (left < 0)
        return 0;
    return left > INT_MAX ? INT_MAX : (int)left;
}
