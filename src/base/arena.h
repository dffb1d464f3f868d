/* arena.h - one lifetime, one arena.
 *
 * Everything that hangs on a message object, a command or a queue attempt is
 * allocated in its arena and dies with it. The budget is the bound on what
 * hostile input may cost. Not safe for use by two threads at once.
 */
#ifndef CV_BASE_ARENA_H
#define CV_BASE_ARENA_H

#include "base/error.h"

typedef struct cv_arena cv_arena;

/* budget_bytes: the most that may ever be allocated; 0 for
 * CV_LIMIT_ARENA_BYTES.
 * Errors: CV_ERR_NOMEM. */
CV_NODISCARD cv_status cv_arena_new(size_t budget_bytes, cv_arena **out,
                                    cv_error *err);
/* Runs the cv_arena_on_clear() functions, last first, then frees all. Takes
 * NULL; sets *arena to NULL. */
void cv_arena_free(cv_arena **arena);

/* size bytes set to zero, aligned for any type; size 0 gives a valid pointer.
 * NULL when the budget or the memory is exhausted: cv_arena_status() says
 * which (CV_ERR_LIMIT, CV_ERR_NOMEM) and stays so. */
void *cv_arena_alloc(cv_arena *arena, size_t size);
/* count * size, checked for overflow. */
void *cv_arena_array(cv_arena *arena, size_t count, size_t size);
cv_status cv_arena_status(const cv_arena *arena);
/* Fills err from the arena's status. For `return cv_arena_fail(arena, err)`
 * after an allocation gave NULL. */
cv_status cv_arena_fail(const cv_arena *arena, cv_error *err);
size_t cv_arena_used(const cv_arena *arena);

/* Copy of s in the arena, followed by a NUL that len does not count. The
 * result has a NULL ptr when the allocation failed. */
cv_slice cv_arena_dup(cv_arena *arena, cv_slice s);
/* NUL-ended copy for a third-party call; NULL when the allocation failed. */
char *cv_arena_cstr(cv_arena *arena, cv_slice s);
/* Formatted text in the arena; ptr NULL on failure. */
cv_slice cv_arena_printf(cv_arena *arena, const char *fmt, ...) CV_PRINTF(2, 3);

/* fn(ptr) runs when the arena is freed. When even this cannot be recorded,
 * fn(ptr) runs at once and the arena's status becomes CV_ERR_NOMEM. */
CV_NODISCARD cv_status cv_arena_on_clear(cv_arena *arena, void (*fn)(void *),
                                         void *ptr);

#endif
