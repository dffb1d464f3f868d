/* soak - damages the real files of a folder at random and converts them, each
 * batch in a process of its own with bounded memory and time.
 *
 * soak [--seconds N] [--seed N] FOLDER...     default: 300 seconds, seed 1
 * soak --dump FILE SEED                       the damaged bytes, to stdout
 *
 * Every failure is a line `FAILED file seed=... size=... offset=...: what`.
 * The last line is `N passed, N failed, N skipped`.
 */
#include "soak_core.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define FILE_MOST ((size_t)512 << 10) /* larger ones are passed over */
#define FILES_MOST 20000
#define BATCH 25         /* inputs a process */
#define STRIDE 20011     /* prime, above FILES_MOST: all kinds from the start */
#define INPUT_SECONDS 20 /* an input may take */
#define MEMORY_MOST ((rlim_t)1 << 30)

#if defined(__has_feature) /* clang */
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define BOUND_MEMORY 0 /* its shadow needs more than any bound */
#else
#define BOUND_MEMORY 1
#endif

/* Written by a batch's process, read by its parent after its end. */
typedef struct state {
    uint64_t seed;
    soak_change change;
    const char *wrong; /* a literal: same address in parent and child */
    unsigned inputs, messages;
    double slowest; /* seconds */
    uint64_t slowest_seed;
} state;

typedef struct run {
    char **files;
    size_t count;
    double end; /* monotonic seconds */
    uint64_t seed;
    state *shared;
    unsigned long inputs, messages, failed;
    double slowest;
    uint64_t slowest_seed;
    const char *slowest_file;
} run;

static run the_run; /* nftw() hands nothing through */

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int add_file(const char *path, const struct stat *info, int type,
                    struct FTW *ftw)
{
    const char *end = strrchr(path, '.');
    (void)ftw;
    if (type != FTW_F || !end || (size_t)info->st_size > FILE_MOST ||
        the_run.count == FILES_MOST)
        return 0;
    if (strcmp(end, ".msg") && strcmp(end, ".eml") && strcmp(end, ".ics"))
        return 0;
    the_run.files[the_run.count] = strdup(path);
    return the_run.files[the_run.count++] ? 0 : -1;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Bytes of a file in memory of the caller's; NULL when it cannot be read. */
static uint8_t *read_file(const char *path, size_t *size)
{
    uint8_t *bytes = malloc(FILE_MOST + 1);
    FILE *file = bytes ? fopen(path, "rb") : NULL;
    if (!file) {
        free(bytes);
        return NULL;
    }
    *size = fread(bytes, 1, FILE_MOST, file);
    fclose(file);
    return bytes;
}

static void convert_one(state *s, const uint8_t *bytes, size_t size,
                        const char *name, uint64_t seed)
{
    /* An allocation of just this size: reading past its end is seen. */
    uint8_t *damaged = malloc(size + 1);
    if (!damaged)
        _exit(3);
    s->seed = seed;
    s->change = soak_damage(bytes, size, seed, damaged);
    uint8_t *exact = realloc(damaged, s->change.size ? s->change.size : 1);
    double begun = now();
    alarm(INPUT_SECONDS);
    s->wrong = soak_convert(exact, s->change.size, name, &s->messages);
    alarm(0);
    s->inputs++;
    if (now() - begun > s->slowest) {
        s->slowest = now() - begun;
        s->slowest_seed = seed;
    }
    free(exact);
}

static _Noreturn void child(const run *r, const char *path, uint64_t seed)
{
    size_t size = 0;
    uint8_t *bytes = read_file(path, &size);
    struct rlimit memory = { MEMORY_MOST, MEMORY_MOST }, core = { 0, 0 };
    if (!bytes || setrlimit(RLIMIT_CORE, &core) ||
        (BOUND_MEMORY && setrlimit(RLIMIT_AS, &memory)))
        _exit(3);
    for (uint64_t i = 0; i < BATCH && !r->shared->wrong && now() < r->end; i++)
        convert_one(r->shared, bytes, size, path, seed + i);
    _exit(r->shared->wrong ? 1 : 0);
}

static const char *why(int ended, const state *s)
{
    if (WIFSIGNALED(ended))
        return WTERMSIG(ended) == SIGALRM ? "no end in time"
                                          : strsignal(WTERMSIG(ended));
    if (WEXITSTATUS(ended) == 0)
        return NULL;
    return s->wrong ? s->wrong : "the process ended itself";
}

static void batch(run *r, const char *path)
{
    *r->shared = (state){ .seed = r->seed };
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0)
        child(r, path, r->seed);
    int ended = 0;
    if (pid < 0 || waitpid(pid, &ended, 0) != pid) {
        perror("soak");
        exit(2);
    }
    const state *s = r->shared;
    const char *what = why(ended, s);
    r->seed += BATCH;
    r->inputs += s->inputs;
    r->messages += s->messages;
    if (s->slowest > r->slowest) {
        r->slowest = s->slowest;
        r->slowest_seed = s->slowest_seed;
        r->slowest_file = path;
    }
    if (!what)
        return;
    r->failed++;
    printf("FAILED %s seed=%" PRIu64 " size=%zu offset=%zd bytes=%u: %s\n",
           path, s->seed, s->change.size, (ssize_t)s->change.offset,
           s->change.bytes, what);
}

static int dump(const char *path, const char *seed)
{
    size_t size = 0;
    uint8_t *bytes = read_file(path, &size);
    uint8_t *damaged = bytes ? malloc(size + 1) : NULL;
    if (!damaged) {
        fprintf(stderr, "soak: %s: %s\n", path, strerror(errno));
        return 2;
    }
    soak_change c = soak_damage(bytes, size, strtoull(seed, NULL, 10), damaged);
    bool done = fwrite(damaged, 1, c.size, stdout) == c.size;
    free(damaged);
    free(bytes);
    return done ? 0 : 1;
}

static int soak(run *r, double seconds)
{
    double begun = now();
    qsort(r->files, r->count, sizeof(*r->files), by_name);
    r->shared = mmap(NULL, sizeof(*r->shared), PROT_READ | PROT_WRITE,
                     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (r->shared == MAP_FAILED || !r->count) {
        fprintf(stderr, "soak: no .msg, .eml or .ics file to damage\n");
        return 2;
    }
    r->end = begun + seconds;
    size_t batches = 0;
    for (; now() < r->end; batches++)
        batch(r, r->files[batches * STRIDE % r->count]);
    printf("%zu files, %.1f rounds, %lu inputs, %lu messages written in 4 "
           "forms, %.0f seconds\n",
           r->count, (double)batches / (double)r->count, r->inputs, r->messages,
           now() - begun);
    if (r->slowest_file)
        printf("slowest: %.2f s, %s seed=%" PRIu64 "\n", r->slowest,
               r->slowest_file, r->slowest_seed);
    printf("%lu passed, %lu failed, 0 skipped\n", r->inputs, r->failed);
    return r->failed ? 1 : 0;
}

int main(int argc, char **argv)
{
    double seconds = 300;
    run *r = &the_run;
    r->seed = 1;
    r->files = calloc(FILES_MOST, sizeof(*r->files));
    if (argc == 4 && strcmp(argv[1], "--dump") == 0)
        return dump(argv[2], argv[3]);
    for (int i = 1; r->files && i < argc; i++) {
        if (i + 1 < argc && strcmp(argv[i], "--seconds") == 0)
            seconds = strtod(argv[++i], NULL);
        else if (i + 1 < argc && strcmp(argv[i], "--seed") == 0)
            r->seed = strtoull(argv[++i], NULL, 10);
        else if (nftw(argv[i], add_file, 20, FTW_PHYS) != 0)
            perror(argv[i]);
    }
    return r->files ? soak(r, seconds) : 2;
}
