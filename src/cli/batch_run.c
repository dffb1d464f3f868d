/* The parent of a batch: who gets what, and what becomes of a child's death.
 */
#include "cli/batch_private.h"

#include "cli/args.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define TICK_MS 200
#define MANY_ITEMS 16     /* from here on other children help */
#define FILE_WEIGHT 4096u /* of an input, besides its bytes */
#define WALK_DEATHS 2     /* then a container's rest is given up */
#define IDLE_DEATHS 8     /* of children that had not even begun */

static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
    interrupted = number;
}

int64_t batch_now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

entry *batch_entry(run *r, uint64_t input)
{
    return &r->ring[input % BATCH_RING];
}

uint64_t batch_weight(uint64_t size)
{
    return size + FILE_WEIGHT;
}

/* -- tasks -- */

static bool add_task(run *r, batch_task_kind kind, uint64_t input,
                     uint64_t index, const char *why)
{
    task_list *l = &r->waiting;
    if (l->count == l->room) {
        size_t room = l->room ? 2 * l->room : 16;
        task *rows = realloc(l->rows, room * sizeof *rows);
        if (!rows) {
            batch_stop(r, "out of memory", batch_entry(r, input)->path);
            return false;
        }
        l->rows = rows;
        l->room = room;
    }
    task *t = &l->rows[l->count++];
    *t = (task){ .kind = kind, .input = input, .index = index };
    snprintf(t->why, sizeof t->why, "%s", why);
    if (kind != BATCH_WALK)
        batch_entry(r, input)->rescues++;
    return true;
}

static bool take_waiting(run *r, task *out)
{
    if (r->waiting.count == 0)
        return false;
    *out = r->waiting.rows[0];
    r->waiting.count--;
    memmove(r->waiting.rows, r->waiting.rows + 1,
            r->waiting.count * sizeof *r->waiting.rows);
    return true;
}

static bool is_on(const worker *w, uint64_t input)
{
    for (unsigned i = 0; i < w->queued; i++)
        if (w->queue[i].input == input)
            return true;
    return false;
}

/* A container that is worth another child. */
static bool take_help(const run *r, const worker *w, task *out)
{
    for (uint64_t i = r->head; i < r->tail; i++) {
        const entry *e = &r->ring[i % BATCH_RING];
        if (e->many && !e->ended && !is_on(w, i)) {
            *out = (task){ .kind = BATCH_WALK, .input = i };
            return true;
        }
    }
    return false;
}

static bool fill_entry(entry *e, const cli_source *source, uint64_t done)
{
    *e = (entry){ .path = strdup(source->path),
                  .folder = strdup(source->folder),
                  .name = strdup(source->name),
                  .in_maildir = source->in_maildir,
                  .size = source->size,
                  .mtime_ns = source->mtime_ns,
                  .next = done };
    return e->path && e->folder && e->name;
}

/* The next input that is not done. */
static bool take_source(run *r, task *out)
{
    cv_error err;
    cli_source source;
    bool found = true;
    while (!r->sources_end && r->tail - r->head < BATCH_RING) {
        if (cli_sources_next(r->sources, &source, &found, &err) != CV_OK) {
            batch_stop(r, err.what, "the list of inputs");
            return false;
        }
        r->sources_end = !found;
        if (!found)
            return false;
        uint64_t done = journal_done(r->journal, &source);
        if (done == UINT64_MAX) {
            r->weight_done += batch_weight(source.size);
            r->weight_before += batch_weight(source.size);
            continue;
        }
        if (!fill_entry(batch_entry(r, r->tail), &source, done)) {
            batch_stop(r, "out of memory", source.path);
            return false;
        }
        atomic_store(&r->shared->next[r->tail % BATCH_RING], done);
        *out = (task){ .kind = BATCH_WALK, .input = r->tail++ };
        return true;
    }
    return false;
}

static bool choose(run *r, const worker *w, task *out)
{
    return take_waiting(r, out) || (w->queued == 0 && take_help(r, w, out)) ||
           take_source(r, out);
}

static batch_task full_task(run *r, const task *t)
{
    const entry *e = batch_entry(r, t->input);
    return (batch_task){ .kind = t->kind,
                         .input = t->input,
                         .index = t->index,
                         .in_maildir = e->in_maildir,
                         .path = e->path,
                         .folder = e->folder,
                         .name = e->name,
                         .why = t->why };
}

/* -- what comes back -- */

static void end_task(run *r, const task *t, const batch_record *record)
{
    entry *e = batch_entry(r, t->input);
    if (t->kind != BATCH_WALK) {
        e->rescues--;
        return;
    }
    e->walkers--;
    e->ended = true;
    if (record->index > e->end)
        e->end = record->index;
}

/* Memory ran out in a child that has its bound: as if it had died. */
static bool needs_rescue(const batch_record *record, const task *t)
{
    return t->kind == BATCH_WALK && record->outcome == BATCH_FAILED &&
           record->error.code == CV_ERR_NOMEM;
}

static void take_item(run *r, const batch_record *record, const task *t)
{
    entry *e = batch_entry(r, record->input);
    if (needs_rescue(record, t))
        (void)add_task(
            r, record->container ? BATCH_RESCUE_OBJECT : BATCH_RESCUE_BYTES,
            record->input, record->index,
            "the converting process ran out of memory");
    else
        batch_hold(r, record);
    if (record->index >= MANY_ITEMS && strcmp(e->path, "-") != 0)
        e->many = true;
}

/* What worker w has sent. */
typedef struct from {
    run *run;
    worker *worker;
} from;

static void take_record(void *ctx, const batch_record *record)
{
    const from *f = ctx;
    worker *w = f->worker;
    batch_slot *slot = &f->run->shared->slots[w->child.number];
    if (record->kind == BATCH_ITEM) {
        take_item(f->run, record, &w->queue[0]);
        atomic_fetch_add(&slot->settled, 1);
        atomic_fetch_add(&slot->settled_bytes, batch_record_bytes(record));
    } else if (record->kind == BATCH_COUNT) {
        batch_entry(f->run, record->input)->count = record->index;
    } else {
        end_task(f->run, &w->queue[0], record);
        w->queued--;
        memmove(w->queue, w->queue + 1, w->queued * sizeof *w->queue);
    }
}

/* -- death -- */

/* An item that was being read or written. */
static void lose_item(run *r, const task *t, const batch_slot *slot,
                      const char *why)
{
    entry *e = batch_entry(r, t->input);
    uint64_t index = atomic_load(&slot->index);
    bool container = atomic_load(&slot->container);
    bool written = atomic_load(&slot->stage) == BATCH_WRITING;
    if (container && written)
        (void)add_task(r, BATCH_RESCUE_OBJECT, t->input, index, why);
    else if (container)
        batch_hold_death(r, t->input, index, why);
    else
        (void)add_task(r, written ? BATCH_RESCUE_OBJECT : BATCH_RESCUE_BYTES,
                       t->input, index, why);
    if (container) {
        (void)add_task(r, BATCH_WALK, t->input, 0, "");
    } else {
        e->ended = true;
        e->end = 1;
    }
}

/* Between two items, or before the first. */
static void lose_walk(run *r, const task *t, const batch_slot *slot,
                      const char *why)
{
    entry *e = batch_entry(r, t->input);
    _Atomic uint64_t *next = &r->shared->next[t->input % BATCH_RING];
    uint64_t taken = atomic_load(next);
    if (!atomic_load(&slot->container) && taken == 0) {
        atomic_store(next, 1);
        (void)add_task(r, BATCH_RESCUE_BYTES, t->input, 0, why);
        e->ended = true;
        e->end = 1;
    } else if (++e->deaths < WALK_DEATHS) {
        (void)add_task(r, BATCH_WALK, t->input, 0, "");
    } else {
        atomic_store(next, taken + 1);
        batch_hold_death(r, t->input, taken, why);
        e->ended = true;
        e->end = taken + 1;
    }
}

/* Was this item given up for lost, or did its record arrive? */
static bool is_known(const entry *e, uint64_t index)
{
    if (index < e->next)
        return true;
    for (const held *h = e->first; h; h = h->next)
        if (h->record.index == index)
            return true;
    return false;
}

static void lose_task(run *r, const task *t, const batch_slot *slot,
                      const char *why)
{
    entry *e = batch_entry(r, t->input);
    int stage = atomic_load(&slot->stage);
    uint64_t index = atomic_load(&slot->index);
    if (t->kind == BATCH_WALK) {
        e->walkers--;
        bool begun =
            stage != BATCH_IDLE && atomic_load(&slot->input) == t->input;
        bool in_item = stage == BATCH_READING || stage == BATCH_WRITING;
        bool taken =
            atomic_load(&r->shared->next[t->input % BATCH_RING]) > index;
        if (!begun && ++e->deaths < IDLE_DEATHS)
            (void)add_task(r, BATCH_WALK, t->input, 0, "");
        else if (in_item && taken && !is_known(e, index))
            lose_item(r, t, slot, why);
        else
            lose_walk(r, t, slot, why);
        return;
    }
    e->rescues--;
    if (t->kind == BATCH_RESCUE_OBJECT && e->end == 1 && !e->many)
        (void)add_task(r, BATCH_RESCUE_BYTES, t->input, t->index, why);
    else
        batch_hold_death(r, t->input, t->index, why);
}

static void lose_child(run *r, worker *w)
{
    char why[WHY_BYTES];
    batch_slot *slot = &r->shared->slots[w->child.number];
    batch_child_reap(&w->child, true, why, sizeof why);
    unsigned queued = w->queued;
    w->queued = 0;
    if (r->stopped || interrupted)
        return;
    for (unsigned i = 0; i < queued; i++)
        if (i == 0) {
            lose_task(r, &w->queue[0], slot, why);
        } else if (w->queue[i].kind == BATCH_WALK) {
            batch_entry(r, w->queue[i].input)->walkers--;
            (void)add_task(r, BATCH_WALK, w->queue[i].input, 0, "");
        } else {
            batch_entry(r, w->queue[i].input)->rescues--;
            (void)add_task(r, w->queue[i].kind, w->queue[i].input,
                           w->queue[i].index, w->queue[i].why);
        }
    batch_settle(r);
}

/* -- the loop -- */

static bool start_child(run *r, worker *w)
{
    cv_error err;
    int not_these[BATCH_JOBS_MAX + 2];
    size_t count = 0;
    for (unsigned i = 0; i < r->config->jobs; i++)
        if (r->workers[i].child.pid)
            not_these[count++] = r->workers[i].child.fd;
    not_these[count++] = journal_fd(r->journal);
    not_these[count] = -1;
    unsigned number = (unsigned)(w - r->workers);
    cli_progress_clear(&r->progress);
    if (batch_child_start(r->plan, r->shared, number, not_these, &w->child,
                          &err) == CV_OK)
        return true;
    batch_stop(r, err.what, "the start of a child");
    return false;
}

static void give(run *r, worker *w, const task *t)
{
    w->queue[w->queued++] = *t;
    if (t->kind == BATCH_WALK)
        batch_entry(r, t->input)->walkers++;
    if (!w->child.pid && !start_child(r, w))
        return;
    batch_task whole = full_task(r, t);
    (void)batch_child_send(&w->child, &whole); /* its death is seen later */
}

/* One more task for each child that has fewer than QUEUE, in rounds. */
static bool feed(run *r)
{
    bool busy = false;
    for (unsigned level = 0; level < QUEUE; level++)
        for (unsigned i = 0; i < r->config->jobs && !r->stopped; i++) {
            worker *w = &r->workers[i];
            task t;
            if (w->queued == level && choose(r, w, &t))
                give(r, w, &t);
            busy = busy || w->queued > 0;
        }
    return busy && !r->stopped;
}

static void wait_and_take(run *r)
{
    struct pollfd fds[BATCH_JOBS_MAX];
    worker *who[BATCH_JOBS_MAX];
    nfds_t count = 0;
    for (unsigned i = 0; i < r->config->jobs; i++)
        if (r->workers[i].child.pid) {
            fds[count] = (struct pollfd){ .fd = r->workers[i].child.fd,
                                          .events = POLLIN };
            who[count++] = &r->workers[i];
        }
    if (poll(fds, count, TICK_MS) <= 0)
        return;
    for (nfds_t i = 0; i < count; i++) {
        from f = { r, who[i] };
        if (fds[i].revents &&
            !batch_child_receive(&who[i]->child, take_record, &f))
            lose_child(r, who[i]);
    }
}

static void show_progress(run *r)
{
    double done = (double)r->weight_done;
    if (r->head < r->tail) {
        const entry *e = batch_entry(r, r->head);
        if (e->count)
            done += (double)batch_weight(e->size) * (double)e->next /
                    (double)e->count;
    }
    double whole = r->weight ? (double)r->weight : 1;
    cli_progress_state state = { .items = r->summary.items - r->summary.earlier,
                                 .failed = r->summary.failed,
                                 .part = done / whole,
                                 .part_before =
                                     (double)r->weight_before / whole };
    cli_progress_tick(&r->progress, &state, batch_now_ms());
}

static void run_children(run *r)
{
    while (!interrupted && feed(r)) {
        wait_and_take(r);
        batch_settle(r);
        show_progress(r);
    }
    for (unsigned i = 0; i < r->config->jobs; i++)
        if (r->workers[i].child.pid)
            batch_child_reap(&r->workers[i].child, true, NULL, 0);
}

static void take_own(void *ctx, const batch_record *record)
{
    run *r = ctx;
    if (record->kind == BATCH_ITEM)
        batch_hold(r, record);
    else if (record->kind == BATCH_COUNT)
        batch_entry(r, record->input)->count = record->index;
    batch_settle(r);
    show_progress(r);
}

/* Without children: for a debugger. */
static void run_alone(run *r)
{
    batch_worker w = { .plan = r->plan,
                       .shared = r->shared,
                       .slot = &r->shared->slots[0],
                       .emit = take_own,
                       .ctx = r };
    task t;
    while (!interrupted && !r->stopped && take_source(r, &t)) {
        batch_task whole = full_task(r, &t);
        batch_work(&w, &whole);
        batch_entry(r, t.input)->ended = true;
        batch_settle(r);
    }
}

/* -- beginning and end -- */

/* journal_start.replay */
static cv_status replay(void *ctx, const journal_item *item, cv_error *err)
{
    run *r = ctx;
    batch_outcome outcome = BATCH_PASSED;
    for (batch_outcome o = BATCH_CONVERTED; o <= BATCH_FORMLESS; o++)
        if (o != BATCH_SKIPPED && journal_letter(o) == item->outcome)
            outcome = o;
    cli_summary_add(&r->summary, outcome, item->repaired, item->rules);
    return batch_place_again(r->placer, item, err);
}

static int open_report(run *r, bool resumed, uint64_t keep)
{
    const char *name = r->config->report_name;
    struct stat st;
    if (!name)
        return CLI_OK;
    if (strcmp(name, "-") == 0) {
        r->report = stdout;
        return CLI_OK;
    }
    bool go_on = resumed && keep && stat(name, &st) == 0 &&
                 S_ISREG(st.st_mode) && (uint64_t)st.st_size >= keep;
    r->report = fopen(name, go_on ? "r+" : "w");
    if (!r->report)
        return cli_error("%s: %m", name);
    if (go_on && (ftruncate(fileno(r->report), (off_t)keep) != 0 ||
                  fseeko(r->report, 0, SEEK_END) != 0))
        return cli_error("%s: %m", name);
    r->report_bytes = go_on ? keep : 0;
    if (resumed && !go_on)
        fprintf(stderr,
                "convoke: %s tells of this run only, not of the one it "
                "continues\n",
                name);
    return CLI_OK;
}

static int open_journal(run *r)
{
    cv_error err;
    bool resumed = false, unfinished = false;
    uint64_t report = 0;
    const char *name = r->config->report_name;
    journal_start start = { .options = r->config->options,
                            .report = name ? name : "",
                            .resume = r->config->resume,
                            .outputs_stand = r->plan->packing != BATCH_MBOX,
                            .replay = replay,
                            .ctx = r };
    cv_status st = journal_open(r->plan, &start, &r->journal, &resumed,
                                &unfinished, &report, &err);
    if (st == CV_OK && resumed)
        st = batch_place_resume(r->placer, &err);
    if (st != CV_OK)
        return cli_error("%s", err.what);
    r->summary.earlier = r->summary.items;
    if (unfinished && !resumed)
        fprintf(stderr,
                "convoke: beginning again; --resume would have gone on with "
                "the unfinished run in %s\n",
                r->plan->out);
    else if (r->config->resume && !resumed)
        fprintf(stderr,
                "convoke: no unfinished run in %s: beginning at the start\n",
                r->plan->out);
    return open_report(r, resumed, report);
}

static cli_file_id id_of(const char *path)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return (cli_file_id){ 0 };
    return (cli_file_id){ st.st_dev, st.st_ino };
}

static cv_status open_sources(run *r, cv_error *err)
{
    const batch_config *c = r->config;
    cli_sources_close(&r->sources);
    return cli_sources_open(c->operands, c->operand_count, c->several,
                            id_of(r->plan->out), &r->sources, err);
}

/* How much there is to do, for the progress; which files are inputs. */
static cv_status weigh(run *r, uint64_t *count, cv_error *err)
{
    bool found = true;
    *count = 0;
    CV_TRY(open_sources(r, err));
    while (found && !interrupted) {
        cli_source source;
        CV_TRY(cli_sources_next(r->sources, &source, &found, err));
        if (found) {
            CV_TRY(batch_place_keep(r->placer, source.id, err));
            r->weight += batch_weight(source.size);
            ++*count;
        }
    }
    return open_sources(r, err);
}

/* The signals that end a run in order. */
static const int endings[] = { SIGINT, SIGTERM, SIGHUP };

static void catch_signals(bool on)
{
    struct sigaction action = { .sa_handler = on ? on_signal : SIG_DFL };
    for (size_t i = 0; i < CV_LEN(endings); i++)
        (void)sigaction(endings[i], &action, NULL);
    (void)signal(SIGXFSZ, SIG_IGN);
    (void)signal(SIGPIPE, SIG_IGN);
}

static int finish(run *r)
{
    cv_error err;
    cv_buf text;
    bool complete = !r->stopped && !interrupted;
    batch_flush(r, !complete);
    complete = complete && !r->stopped;
    if (complete && batch_place_finish(r->placer, &err) != CV_OK) {
        batch_stop(r, err.what, "the end");
        complete = false;
    }
    cli_progress_clear(&r->progress);
    cv_buf_init(&text, 0);
    cli_summary_put(&r->summary, batch_now_ms() - r->began_ms, &text);
    fwrite(text.data, 1, text.len, stderr);
    cv_buf_clear(&text);
    if (!complete)
        fprintf(stderr,
                "convoke: %s; what was written is whole. The same command "
                "with --resume goes on from here.\n",
                interrupted ? "interrupted" : "not finished");
    if (r->report && r->report != stdout && fclose(r->report) != 0)
        complete = false;
    r->report = NULL;
    journal_close(&r->journal, complete);
    return complete && r->summary.failed == 0 ? CLI_OK : CLI_FAILED;
}

static int begin_and_run(run *r)
{
    cv_error err = { 0 };
    uint64_t count = 0;
    if (batch_placer_new(r->plan, &r->placer, &err) != CV_OK ||
        weigh(r, &count, &err) != CV_OK)
        return cli_error("%s", err.what);
    if (count == 0)
        return cli_error("no files there");
    int code = open_journal(r);
    if (code != CLI_OK) {
        journal_close(&r->journal, false);
        return code;
    }
    r->began_ms = r->flushed_ms = r->synced_ms = batch_now_ms();
    cli_progress_begin(&r->progress, stderr, r->began_ms);
    if (r->config->jobs)
        run_children(r);
    else
        run_alone(r);
    return finish(r);
}

int batch_run(batch_config *config)
{
    run *r = calloc(1, sizeof *r);
    char *work = NULL;
    size_t len = strlen(config->plan.out);
    bool slash = len && config->plan.out[len - 1] == '/';
    if (!r || asprintf(&work, "%s%s%s", config->plan.out, slash ? "" : "/",
                       BATCH_WORK) < 0) {
        free(r);
        return cli_error("out of memory");
    }
    config->plan.work = work;
    r->config = config;
    r->plan = &config->plan;
    r->shared = mmap(NULL, sizeof *r->shared, PROT_READ | PROT_WRITE,
                     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    catch_signals(true);
    int code =
        r->shared != MAP_FAILED ? begin_and_run(r) : cli_error("out of memory");
    catch_signals(false);
    for (size_t i = 0; i < BATCH_RING; i++)
        batch_entry_clear(&r->ring[i]);
    if (r->report && r->report != stdout)
        fclose(r->report);
    batch_placer_free(&r->placer);
    cli_sources_close(&r->sources);
    if (r->shared != MAP_FAILED)
        munmap(r->shared, sizeof *r->shared);
    free(r->waiting.rows);
    free(work);
    free(r);
    if (interrupted)
        raise(interrupted); /* as a shell expects */
    return code;
}
