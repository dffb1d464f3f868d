/* batch_private.h - a run under way: for the parent's files. */
#ifndef CLI_BATCH_PRIVATE_H
#define CLI_BATCH_PRIVATE_H

#include "cli/batch_child.h"
#include "cli/batch_place.h"
#include "cli/journal.h"
#include "cli/progress.h"
#include "cli/summary.h"

#define QUEUE 4 /* tasks a child is given ahead */
#define WHY_BYTES 96

/* A record that waits for earlier ones. */
typedef struct held {
    struct held *next;
    batch_record record; /* texts: behind this struct */
} held;

/* An input in work. */
typedef struct entry {
    char *path, *folder, *name; /* owned */
    bool in_maildir;
    uint64_t size;
    int64_t mtime_ns;
    uint64_t next;  /* item that is to be settled next */
    uint64_t end;   /* items there are, when ended */
    uint64_t count; /* items there will be, 0: not known */
    bool begun;     /* in the journal */
    bool ended;     /* a walk came to its end, or there will be no other */
    bool many;      /* worth more than one child */
    unsigned walkers, rescues, deaths; /* deaths between items */
    held *first;                       /* by index */
} entry;

typedef struct task {
    batch_task_kind kind;
    uint64_t input, index;
    char why[WHY_BYTES];
} task;

typedef struct task_list {
    task *rows; /* owned */
    size_t count, room;
} task_list;

typedef struct worker {
    batch_child child;
    task queue[QUEUE];
    unsigned queued;
} worker;

typedef struct run {
    batch_config *config;
    const batch_plan *plan;
    batch_shared *shared; /* mapped, shared with the children */
    batch_placer *placer;
    journal *journal;
    cli_sources *sources;
    bool sources_end;
    entry ring[BATCH_RING];
    uint64_t head, tail; /* inputs in work: [head, tail) */
    task_list waiting;   /* rescues, and walks whose child died */
    worker workers[BATCH_JOBS_MAX];
    FILE *report; /* NULL: none */
    uint64_t report_bytes;
    cli_summary summary;
    cli_progress progress;
    uint64_t weight, weight_done, weight_before;
    int64_t began_ms, flushed_ms, synced_ms;
    bool stopped; /* the target failed; a message was given */
} run;

int64_t batch_now_ms(void);
entry *batch_entry(run *r, uint64_t input);
uint64_t batch_weight(uint64_t size);

/* batch_settle.c */

/* A record of worker number `from`; keeps a copy, or drops it when the item
 * has one. */
void batch_hold(run *r, const batch_record *record);
/* A failure that no child could tell. */
void batch_hold_death(run *r, uint64_t input, uint64_t index, const char *why);
/* What is next in order, as far as it is there. */
void batch_settle(run *r);
/* Report and journal to the disk, when it is time to or `now`. */
void batch_flush(run *r, bool now);
void batch_entry_clear(entry *e);
/* The target cannot be written: says so and ends the run. */
void batch_stop(run *r, const char *what, const char *at);

#endif
