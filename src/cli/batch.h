/* batch.h - many inputs to a folder of outputs.
 *
 * The parent finds the inputs, gives them to children, takes back a record an
 * item, and in the order of the walk names the outputs, writes the report and
 * the journal. Children read and write the messages: each output to a
 * temporary file, which the parent renames (or appends to an mbox). So names,
 * report and journal do not depend on how many children there are, and what
 * is in the journal is the beginning of the run.
 *
 * A container with many items is walked by several children at once: an item
 * belongs to the child that moves the container's counter past it.
 *
 *   batch_item.c    one input in a child: records
 *   batch_write.c   an item as bytes
 *   batch_rescue.c  the last step of the ladder, after a child's death
 *   batch_child.c   the children: processes, limits, bytes to and fro
 *   batch_run.c     the parent's loop: who gets what, what is next in order
 *   batch_place.c   an output takes its name
 *   journal.c       what is done; --resume
 *   summary.c       what was counted
 */
#ifndef CLI_BATCH_H
#define CLI_BATCH_H

#include "cli/input.h"
#include "cli/maildir.h"
#include "cli/sources.h"
#include "convert/walk.h"
#include "convert/write.h"

#include <stdatomic.h>

#define BATCH_WORK ".convoke" /* folder in the output folder, during a run */
#define BATCH_JOBS_MAX 64
#define BATCH_RING 256u /* inputs in work at once */

typedef enum batch_packing {
    BATCH_FILES,
    BATCH_MBOX,
    BATCH_MAILDIR
} batch_packing;

typedef enum batch_only {
    BATCH_ALL,
    BATCH_MEETINGS,
    BATCH_MAIL,
    BATCH_CONTACTS,
    BATCH_TASKS,
    BATCH_NOTES
} batch_only;

/* What all processes of a run know; set before the first child. */
typedef struct batch_plan {
    cv_form to;
    batch_packing packing;
    bool original, recover, split, lines;
    bool lone; /* one file was named, no folder */
    batch_only only;
    int64_t since;                       /* ticks, INT64_MIN: any time */
    cv_slice folder;                     /* empty: any */
    uint64_t child_bytes, child_seconds; /* memory; processor time an item */
    const cv_convert_options *options;   /* borrowed */
    const char *out;                     /* the output folder */
    const char *work;                    /* the folder of temporaries in it */
} batch_plan;

/* --only's values. */
bool batch_only_of(const char *name, batch_only *out);
/* The filters; obj as it was read. */
bool batch_wants(const batch_plan *plan, const cv_object *obj);
/* folder: path of folders, of the input and within it. --folder is a part of
 * it, of whole names, without case. */
bool batch_wants_folder(const batch_plan *plan, cv_slice folder);

/* -- from a child -- */

typedef enum batch_kind {
    BATCH_ITEM,
    BATCH_COUNT, /* index: how many items the container has */
    BATCH_END    /* index: how many items were met; the task is done */
} batch_kind;

typedef enum batch_outcome {
    BATCH_CONVERTED,
    BATCH_PARTIAL,
    BATCH_FAILED,
    BATCH_PASSED,   /* by a filter */
    BATCH_SKIPPED,  /* by --folder: not even read */
    BATCH_TOLD,     /* findings about a container, no item */
    BATCH_FORMLESS, /* has no such form, which is no failure here */
    BATCH_TARGET    /* the output cannot be written; error.what says why */
} batch_outcome;

/* Texts of a record. */
enum {
    BATCH_FOLDER, /* foreign path of the output's folder */
    BATCH_NAME,   /* what the output is to be called */
    BATCH_LINE,   /* of the report, with "?" for its output */
    BATCH_RULES,  /* "rule=2,other=1" */
    BATCH_TEXTS
};

typedef struct batch_record {
    batch_kind kind;
    batch_outcome outcome;
    bool repaired;  /* a finding of that severity or worse */
    bool container; /* the input may hold other items */
    uint64_t input;
    uint64_t index;              /* of the item; see batch_kind */
    uint64_t temp;               /* number of the temporary file, 0: none */
    pid_t temp_pid;              /* whose it is */
    int64_t time;                /* of the message, ticks */
    unsigned flags;              /* CLI_MAIL_... */
    cv_error error;              /* of a failure */
    cv_slice texts[BATCH_TEXTS]; /* borrowed */
} batch_record;

/* Path of a temporary. Owned by the caller; NULL without memory. */
char *batch_temp_path(const batch_plan *plan, pid_t pid, uint64_t temp);

/* -- to a child -- */

typedef enum batch_task_kind {
    BATCH_WALK,
    BATCH_RESCUE_OBJECT, /* the minimal message of one item */
    BATCH_RESCUE_BYTES   /* the minimal message around a file's bytes */
} batch_task_kind;

typedef struct batch_task {
    batch_task_kind kind;
    uint64_t input;
    uint64_t index; /* of a rescue */
    bool in_maildir;
    const char *path, *folder, *name; /* as in cli_source */
    const char *why;                  /* of a rescue */
} batch_task;

/* -- shared by all processes of a run -- */

typedef enum batch_stage {
    BATCH_IDLE,
    BATCH_WALKING, /* between items */
    BATCH_READING,
    BATCH_WRITING
} batch_stage;

typedef struct batch_slot {
    _Atomic int stage;
    _Atomic bool container;         /* the input may hold several items */
    _Atomic uint64_t input, index;  /* where the child stands */
    _Atomic uint64_t sent, settled; /* records; settled by the parent */
    _Atomic uint64_t sent_bytes, settled_bytes;
} batch_slot;

typedef struct batch_shared {
    _Atomic uint64_t next[BATCH_RING]; /* item no child has yet */
    batch_slot slots[BATCH_JOBS_MAX];
} batch_shared;

/* -- one worker: a child, or the parent with --jobs 0 -- */

typedef struct batch_worker {
    const batch_plan *plan;
    batch_shared *shared;
    batch_slot *slot;
    void (*emit)(void *ctx, const batch_record *record);
    void (*before_item)(void); /* waits its turn; may be NULL */
    void (*item_begins)(void); /* limits anew; may be NULL */
    void *ctx;
    uint64_t temps; /* made so far */
} batch_worker;

void batch_work(batch_worker *w, const batch_task *task);

/* For batch_item.c and batch_rescue.c: an output being written. */
typedef struct batch_output {
    const batch_plan *plan;
    char *path; /* owned */
    int fd;
    int problem; /* errno of the first failed write */
    cv_buf block;
} batch_output;
CV_NODISCARD cv_status batch_output_open(batch_worker *w, batch_output *out,
                                         cv_error *err);
cv_sink batch_output_sink(batch_output *out);
/* Done, or with keep false removed. */
CV_NODISCARD cv_status batch_output_close(batch_output *out, bool keep,
                                          cv_error *err);

/* For batch_item.c and cmd_convert.c: items of an input being written. */
typedef struct batch_writing {
    const batch_plan *plan;
    const char *path; /* of the input */
    cli_input *input; /* borrowed */
    bool nested;      /* the input is a container */
    size_t written;   /* since the input's memory was given back */
    cv_sink out;
} batch_writing;

/* One item in the plan's form and packing.
 * Errors: `to`'s; cv_write()'s. */
CV_NODISCARD cv_status batch_write(batch_writing *w, const cv_object *obj,
                                   cv_sink to, cv_report *report,
                                   cv_error *err);
/* Says what to do about an item that has no such form. */
void batch_explain(const batch_plan *plan, const cv_object *obj, cv_error *err);
/* Of delivery, submission or change, ticks; 0 when it has none. */
int64_t batch_time_of(const cv_object *obj);
bool batch_is_partial(const cv_report *report);

/* Fills in a record's line and rules from a report; buffers are the
 * caller's. */
void batch_describe(const batch_worker *w, const batch_task *task,
                    cv_slice item, cv_message_ids about,
                    const cv_report *report, batch_record *r, cv_buf *line,
                    cv_buf *rules);
void batch_rescue(batch_worker *w, const batch_task *task);

/* "in/box.pst#Inbox/7"; appended. */
void batch_put_item_name(const char *path, cv_slice folder, cv_slice name,
                         cv_buf *out);

/* -- the run -- */

typedef struct batch_config {
    batch_plan plan; /* work is set by the run */
    const char *const *operands;
    size_t operand_count;
    bool several;  /* operands: folders keep their names */
    unsigned jobs; /* children; 0: none, all in this process */
    bool resume;
    const char *options;     /* for the journal: what must not change */
    const char *report_name; /* NULL: none, "-": standard output */
} batch_config;

/* Returns the exit code, after the summary. */
int batch_run(batch_config *config);

#endif
