#include "base/arena.h"

#include "base/limits.h"
#include "base/sanitizer.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A conversion of an ordinary meeting message stays within the first chunk or
 * two; later chunks double, so that big objects need few of them. */
#define FIRST_CHUNK ((size_t)16 << 10)
#define LARGEST_CHUNK ((size_t)1 << 20)
#define ALIGN _Alignof(max_align_t)

/* Chunks that a thread keeps for its next arena: one of each of the first
 * sizes. Given back to malloc they would lie at the top of the heap, which
 * glibc returns to the kernel for every object: half the time of reading one.
 * Sanitizers must see each chunk freed. */
#define KEPT_SIZES 5
#define KEEPS_CHUNKS (!CV_HAS_ASAN)

typedef struct chunk {
    struct chunk *next; /* owned; older ones */
    size_t size;        /* of data */
    _Alignas(max_align_t) uint8_t data[];
} chunk;

typedef struct cleanup {
    struct cleanup *next; /* arena; registered before this one */
    void (*fn)(void *);
    void *ptr; /* borrowed */
} cleanup;

struct cv_arena {
    uint8_t *at;  /* next free byte of the newest chunk */
    size_t left;  /* bytes free there */
    size_t used;  /* bytes handed out, alignment included */
    size_t taken; /* bytes of all chunks: what the budget counts */
    size_t budget;
    size_t next_size;
    chunk *chunks;     /* owned, newest first */
    cleanup *cleanups; /* arena, newest first */
    cv_status status;
};

/* -- the chunks a thread keeps -- */

static _Thread_local chunk *kept[KEPT_SIZES]; /* owned */
static pthread_key_t thread_end;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool has_thread_end;

static void free_kept(void *chunks)
{
    chunk **own = chunks;
    for (size_t i = 0; i < KEPT_SIZES; i++)
        free(own[i]);
}

static void watch_thread_end(void)
{
    has_thread_end = pthread_key_create(&thread_end, free_kept) == 0;
}

/* Where a chunk of this size is kept, NULL for sizes that are not. */
static chunk **place_of(size_t size)
{
    for (size_t i = 0; KEEPS_CHUNKS && i < KEPT_SIZES; i++)
        if (size == FIRST_CHUNK << i)
            return &kept[i];
    return NULL;
}

static void release(chunk *c)
{
    chunk **place = place_of(c->size);
    if (!place || *place) {
        free(c);
        return;
    }
    (void)pthread_once(&once, watch_thread_end);
    if (has_thread_end && pthread_setspecific(thread_end, kept) == 0)
        *place = c;
    else
        free(c);
}

static chunk *obtain(size_t size)
{
    chunk **place = place_of(size);
    chunk *c = place ? *place : NULL;
    if (!c)
        return malloc(sizeof(*c) + size);
    *place = NULL;
    return c;
}

/* -- arenas -- */

cv_status cv_arena_new(size_t budget_bytes, cv_arena **out, cv_error *err)
{
    cv_arena *a = calloc(1, sizeof(*a));
    if (!a)
        return cv_fail(err, CV_ERR_NOMEM, "no memory for an arena");
    a->budget = budget_bytes ? budget_bytes : CV_LIMIT_ARENA_BYTES;
    if (a->budget > SIZE_MAX / 2)
        a->budget = SIZE_MAX / 2; /* rounding up must not wrap */
    a->next_size = FIRST_CHUNK;
    *out = a;
    return CV_OK;
}

void cv_arena_free(cv_arena **arena)
{
    cv_arena *a = *arena;
    if (!a)
        return;
    *arena = NULL;
    for (cleanup *c = a->cleanups; c; c = c->next)
        c->fn(c->ptr);
    while (a->chunks) {
        chunk *old = a->chunks;
        a->chunks = old->next;
        release(old);
    }
    free(a);
}

static void *stop(cv_arena *a, cv_status why)
{
    if (a->status == CV_OK)
        a->status = why;
    return NULL;
}

/* A chunk of `size` bytes, counted against the budget. */
static chunk *take_chunk(cv_arena *a, size_t size)
{
    if (size > a->budget - a->taken)
        return stop(a, CV_ERR_LIMIT);
    chunk *c = obtain(size);
    if (!c)
        return stop(a, CV_ERR_NOMEM);
    c->size = size;
    a->taken += size;
    return c;
}

/* What does not fit the newest chunk: a large piece gets a chunk of its own,
 * behind the newest, so that the rest of that one is not wasted. */
static void *alloc_slow(cv_arena *a, size_t size)
{
    size_t room = a->budget - a->taken;
    if (size > a->next_size / 4 && a->chunks) {
        chunk *own = take_chunk(a, size);
        if (!own)
            return NULL;
        own->next = a->chunks->next;
        a->chunks->next = own;
        a->used += size;
        return memset(own->data, 0, size);
    }
    size_t want = a->next_size > size ? a->next_size : size;
    if (want > room && size <= room)
        want = room;
    chunk *c = take_chunk(a, want);
    if (!c)
        return NULL;
    c->next = a->chunks;
    a->chunks = c;
    a->at = c->data + size;
    a->left = want - size;
    a->used += size;
    if (a->next_size < LARGEST_CHUNK)
        a->next_size *= 2;
    return memset(c->data, 0, size);
}

void *cv_arena_alloc(cv_arena *arena, size_t size)
{
    if (arena->status != CV_OK)
        return NULL;
    if (size > arena->budget)
        return stop(arena, CV_ERR_LIMIT);
    size = size ? (size + ALIGN - 1) & ~(ALIGN - 1) : ALIGN;
    if (size > arena->left)
        return alloc_slow(arena, size);
    uint8_t *p = arena->at;
    arena->at += size;
    arena->left -= size;
    arena->used += size;
    return memset(p, 0, size);
}

void *cv_arena_array(cv_arena *arena, size_t count, size_t size)
{
    size_t total;
    if (!cv_mul(count, size, &total))
        return stop(arena, CV_ERR_LIMIT);
    return cv_arena_alloc(arena, total);
}

cv_status cv_arena_status(const cv_arena *arena)
{
    return arena->status;
}

cv_status cv_arena_fail(const cv_arena *arena, cv_error *err)
{
    if (arena->status == CV_ERR_LIMIT)
        return cv_fail(err, CV_ERR_LIMIT, "object needs more than %zu bytes",
                       arena->budget);
    return cv_fail(err, CV_ERR_NOMEM, "out of memory after %zu bytes",
                   arena->used);
}

size_t cv_arena_used(const cv_arena *arena)
{
    return arena->used;
}

cv_slice cv_arena_dup(cv_arena *arena, cv_slice s)
{
    size_t size;
    if (!cv_add(s.len, (size_t)1, &size)) {
        (void)stop(arena, CV_ERR_LIMIT);
        return (cv_slice){ NULL, 0 };
    }
    uint8_t *p = cv_arena_alloc(arena, size);
    if (!p)
        return (cv_slice){ NULL, 0 };
    if (s.len)
        memcpy(p, s.ptr, s.len);
    return (cv_slice){ p, s.len };
}

char *cv_arena_cstr(cv_arena *arena, cv_slice s)
{
    /* The one cast of const: the copy is ours and fresh. */
    return (char *)(uintptr_t)cv_arena_dup(arena, s).ptr;
}

cv_slice cv_arena_printf(cv_arena *arena, const char *fmt, ...)
{
    char small[256];
    va_list args;
    va_start(args, fmt);
    int len = vsnprintf(small, sizeof(small), fmt, args);
    va_end(args);
    if (len < 0) {
        (void)stop(arena, CV_ERR_NOMEM);
        return (cv_slice){ NULL, 0 };
    }
    if ((size_t)len < sizeof(small))
        return cv_arena_dup(arena, cv_slice_of(small, (size_t)len));
    char *p = cv_arena_alloc(arena, (size_t)len + 1);
    if (!p)
        return (cv_slice){ NULL, 0 };
    va_start(args, fmt);
    (void)vsnprintf(p, (size_t)len + 1, fmt, args);
    va_end(args);
    return cv_slice_of(p, (size_t)len);
}

cv_status cv_arena_on_clear(cv_arena *arena, void (*fn)(void *), void *ptr)
{
    cleanup *c = cv_arena_alloc(arena, sizeof(*c));
    if (!c) {
        fn(ptr);
        arena->status = CV_ERR_NOMEM;
        return CV_ERR_NOMEM;
    }
    *c = (cleanup){ arena->cleanups, fn, ptr };
    arena->cleanups = c;
    return CV_OK;
}
