#include "cli/commands.h"

#include <malloc.h>

/* Messages come one after another: what one of them needed is kept for the
 * next, instead of going back to the kernel each time (a third of the time of
 * a small conversion). */
void cli_keep_freed_memory(void)
{
    (void)mallopt(M_TRIM_THRESHOLD, 4 << 20);
    (void)mallopt(M_MMAP_THRESHOLD, 1 << 20);
}
