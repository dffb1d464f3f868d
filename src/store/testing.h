/* testing.h - what the store's test programs share: a store in a directory of
 * its own, a clock that stands still, an arena. For tests only.
 */
#ifndef STORE_TESTING_H
#define STORE_TESTING_H

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/wintime.h"
#include "store/store.h"

#define NOON INT64_C(12190824000000000) /* 2008-08-18 10:00 UTC or so */
#define MINUTE (60 * CV_TICKS_PER_SEC)

typedef struct fixture {
    char dir[64];
    cv_test_env clock;
    cv_env env;
    store *s;
    cv_arena *arena;
    cv_error err;
} fixture;

static inline void open_store(fixture *f)
{
    cv_status st = store_open(f->dir, &f->env, &f->s, &f->err);

    if (st != CV_OK)
        fail_msg("%s", f->err.what);
}

static inline int set_up(void **state)
{
    fixture *f = calloc(1, sizeof(*f));

    snprintf(f->dir, sizeof(f->dir), "/tmp/convoke-store-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    f->clock.now = NOON;
    f->env = cv_env_test(&f->clock);
    assert_int_equal(cv_arena_new(0, &f->arena, NULL), CV_OK);
    open_store(f);
    *state = f;
    return 0;
}

static inline void remove_dir(const char *dir)
{
    char path[512];
    DIR *d = opendir(dir);

    for (struct dirent *e = d ? readdir(d) : NULL; e; e = readdir(d)) {
        snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
        unlink(path);
    }
    if (d)
        closedir(d);
    rmdir(dir);
}

static inline int tear_down(void **state)
{
    fixture *f = *state;

    store_close(&f->s);
    cv_arena_free(&f->arena);
    remove_dir(f->dir);
    free(f);
    return 0;
}

static inline void reopen(fixture *f)
{
    store_close(&f->s);
    open_store(f);
}

#define WITH_STORE(test) \
    cmocka_unit_test_setup_teardown(test, set_up, tear_down)

/* With the words of f->err when it fails. */
#define OK(f, call) \
    do { \
        if ((call) != CV_OK) \
            fail_msg("%s: %s", #call, (f)->err.what); \
    } while (0)

#define TEXT_IS(slice, text) \
    do { \
        assert_int_equal((slice).len, strlen(text)); \
        assert_memory_equal((slice).ptr, text, strlen(text)); \
    } while (0)

static inline store_id add_account(fixture *f, const char *address)
{
    store_account a = { .address = cv_slice_cstr(address) };
    store_id id = 0;

    OK(f, store_account_add(f->s, &a, &id, &f->err));
    return id;
}

#endif
