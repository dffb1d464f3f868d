/* store.h - mailboxes, messages, blobs, queue, settings, events: one API for
 * every database driver.
 *
 * A store job is one transaction; when a call that writes returns CV_OK the
 * data is on disk. Calls are safe from any thread; one thread writes at a time
 * (group commit: waiting callers share a flush). Ids are 64-bit, never
 * reused. Times are ticks. Results live in the caller's arena; an id that is
 * not there gives CV_ERR_NOTFOUND.
 * Errors everywhere: CV_ERR_IO (database, full disk), CV_ERR_NOMEM,
 * CV_ERR_LIMIT (the caller's arena). No call takes a lock across another.
 * Source: DESIGN "The server".
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "base/env.h"
#include "base/report.h"
#include "mapi/object.h"

typedef struct store store;
typedef int64_t store_id;

/* Opens (and makes, when absent) the store in a directory, which is locked:
 * a second opener gets CV_ERR_CONFLICT. env is borrowed.
 * Errors: CV_ERR_UNSUP when a newer program wrote it. */
CV_NODISCARD cv_status store_open(const char *dir, const cv_env *env,
                                  store **out, cv_error *err);
void store_close(store **s);
/* GUID of the database: MDB in events. */
const cv_guid *store_mdb(const store *s);

/* -- accounts -- */

typedef struct store_account {
    store_id id;
    cv_slice address;   /* primary SMTP address, lower case */
    cv_slice name;      /* display name */
    cv_slice legacy_dn; /* legacyExchangeDN */
    cv_slice time_zone; /* IANA or Windows name, may be empty */
    cv_slice language;  /* BCP 47, may be empty */
    cv_slice *aliases;  /* proxy addresses without the primary */
    size_t alias_count;
} store_account;

/* Makes account, its mailbox and its default folders.
 * Errors: CV_ERR_CONFLICT when an address is taken. */
CV_NODISCARD cv_status store_account_add(store *s, const store_account *a,
                                         store_id *id, cv_error *err);
CV_NODISCARD cv_status store_account_get(store *s, store_id id, cv_arena *arena,
                                         store_account *out, cv_error *err);
/* By any of its SMTP addresses (no case) or its legacy DN (no case).
 * Errors: CV_ERR_NOTFOUND. */
CV_NODISCARD cv_status store_account_find(store *s, cv_slice address,
                                          cv_arena *arena, store_account *out,
                                          cv_error *err);
CV_NODISCARD cv_status store_account_list(store *s, cv_arena *arena,
                                          store_account **out, size_t *count,
                                          cv_error *err);
CV_NODISCARD cv_status store_account_alias(store *s, store_id id,
                                           cv_slice address, bool add,
                                           cv_error *err);
/* Credential row (scheme, value), such as "yescrypt". */
CV_NODISCARD cv_status store_credential_set(store *s, store_id account,
                                            cv_slice scheme, cv_slice value,
                                            cv_error *err);
CV_NODISCARD cv_status store_credential_get(store *s, store_id account,
                                            cv_slice scheme, cv_arena *arena,
                                            cv_slice *value, cv_error *err);

/* -- folders and messages -- */

typedef struct store_folder {
    store_id id; /* FID */
    store_id account;
    cv_slice name; /* "Inbox", "Sent Items", "Calendar", "Deleted Items", ... */
    uint32_t count, unread;
    uint32_t uid_validity, uid_next;
} store_folder;

CV_NODISCARD cv_status store_folder_list(store *s, store_id account,
                                         cv_arena *arena, store_folder **out,
                                         size_t *count, cv_error *err);
CV_NODISCARD cv_status store_folder_find(store *s, store_id account,
                                         cv_slice name, cv_arena *arena,
                                         store_folder *out, cv_error *err);

/* What is listed without opening the object (promoted columns). */
typedef struct store_message {
    store_id id; /* MID */
    store_id account, folder;
    uint32_t uid;
    uint64_t version; /* of the object, grows with each update */
    int64_t received; /* ticks */
    cv_slice message_class, subject, from, message_id;
    cv_slice clean_global_id; /* binary, may be empty */
    int64_t start, end;       /* of a calendar object, INT64_MIN when none */
    uint64_t size_bytes;
    uint32_t flags; /* STORE_READ ... */
    bool has_mime;  /* MIME-born: original bytes are kept */
} store_message;

enum { STORE_READ = 1, STORE_PROCESSED = 2, STORE_STALE = 4 };

/* A write transaction: everything between begin and commit becomes visible
 * and durable at once, or not at all. Use from one thread. */
typedef struct store_tx store_tx;
/* Waits for its turn; callers come in order of arrival. Between begin and its
 * end, reads of the same thread see what the transaction has written, and
 * calls that write by themselves (store_event_add ...) join it. A second begin
 * of the thread on this store gives CV_ERR_CONFLICT. */
CV_NODISCARD cv_status store_begin(store *s, store_tx **out, cv_error *err);
/* Waits until the data is on disk; threads that wait share one flush. After a
 * failure nothing was kept. *tx becomes NULL in every case. */
CV_NODISCARD cv_status store_commit(store_tx **tx, cv_error *err);
void store_rollback(store_tx **tx); /* takes NULL */
/* begin, job, and commit when the job gives CV_OK, else rollback; what the
 * job gave comes back. Inside the thread's own transaction: part of it. */
typedef cv_status (*store_job)(store_tx *tx, void *ctx, cv_error *err);
CV_NODISCARD cv_status store_write(store *s, store_job job, void *ctx,
                                   cv_error *err);
/* As store_write(), but a crash of the machine may undo it, always in the
 * order of all writes: the next commit that is flushed takes it along. For
 * what a restart would do again anyway. */
CV_NODISCARD cv_status store_write_soon(store *s, store_job job, void *ctx,
                                        cv_error *err);

/* Content above 256 KB (MIME, a packed object) goes to disk in small
 * transactions before the one that needs it: call it before store_begin().
 * Leaving it out costs only a longer transaction. */
CV_NODISCARD cv_status store_stage(store *s, cv_slice content, cv_error *err);
/* Drops content that nothing needs and that was last used before a time,
 * which is moved back to at least an hour ago; *removed may be NULL. Call it
 * now and then. */
CV_NODISCARD cv_status store_sweep(store *s, int64_t before, size_t *removed,
                                   cv_error *err);
/* Looks for damage: the database's own check, counts of folders, content that
 * is missing. Errors: CV_ERR_IO with the first complaint. */
CV_NODISCARD cv_status store_check(store *s, cv_error *err);

/* Puts a message into a folder. mime: original bytes of a MIME-born message,
 * else empty. delivery_id (may be empty): when the mailbox has a message that
 * was put with it, *out is that message's id, nothing is written and
 * *duplicate becomes true. */
CV_NODISCARD cv_status store_put_message(store_tx *tx, store_id folder,
                                         const cv_object *obj, cv_slice mime,
                                         cv_slice delivery_id, int64_t received,
                                         store_id *out, bool *duplicate,
                                         cv_error *err);
/* Replaces a message's object in place (a calendar item); version guards.
 * Original MIME bytes stay as they came; without them what IMAP shows changes,
 * so the message gets a new uid. Errors: CV_ERR_CONFLICT. */
CV_NODISCARD cv_status store_update_message(store_tx *tx, store_id message,
                                            uint64_t version,
                                            const cv_object *obj,
                                            cv_error *err);
CV_NODISCARD cv_status store_set_flags(store_tx *tx, store_id message,
                                       uint32_t set, uint32_t clear,
                                       cv_error *err);
CV_NODISCARD cv_status store_move_message(store_tx *tx, store_id message,
                                          store_id folder, cv_error *err);
CV_NODISCARD cv_status store_delete_message(store_tx *tx, store_id message,
                                            cv_error *err);

CV_NODISCARD cv_status store_message_list(store *s, store_id folder,
                                          cv_arena *arena, store_message **out,
                                          size_t *count, cv_error *err);
CV_NODISCARD cv_status store_message_get(store *s, store_id message,
                                         cv_arena *arena, store_message *out,
                                         cv_error *err);
/* The object; free with cv_object_free() (it owns its bytes). */
CV_NODISCARD cv_status store_message_open(store *s, store_id message,
                                          cv_object **out, cv_error *err);
/* Original MIME bytes; empty for a MAPI-born message. */
CV_NODISCARD cv_status store_message_mime(store *s, store_id message,
                                          cv_arena *arena, cv_slice *out,
                                          cv_error *err);
/* Messages of a mailbox with this clean global id, newest first; class_prefix
 * may be empty ("IPM.Appointment", "IPM.Schedule.Meeting.Resp"). */
CV_NODISCARD cv_status store_find_meeting(store *s, store_id account,
                                          cv_slice clean_global_id,
                                          cv_slice class_prefix,
                                          cv_arena *arena, store_message **out,
                                          size_t *count, cv_error *err);
/* Small facts by key within a mailbox, such as a cancelled meeting's UID and
 * sequence, or a number that only grows. Value empty: removed. */
CV_NODISCARD cv_status store_fact_set(store_tx *tx, store_id account,
                                      cv_slice key, cv_slice value,
                                      cv_error *err);
CV_NODISCARD cv_status store_fact_get(store *s, store_id account, cv_slice key,
                                      cv_arena *arena, cv_slice *value,
                                      cv_error *err);

/* Drops facts whose key begins with prefix and that were set before a time
 * (the memory of duplicate suppression); *count may be NULL. */
CV_NODISCARD cv_status store_fact_forget(store_tx *tx, cv_slice key_prefix,
                                         int64_t before, size_t *count,
                                         cv_error *err);

/* -- queue -- */

typedef enum store_queue_state {
    STORE_QUEUE_READY, /* due at next_try */
    STORE_QUEUE_RETRY, /* failed at least once; due at next_try */
    STORE_QUEUE_HELD   /* by an administrator */
} store_queue_state;

typedef struct store_queue_rcpt {
    store_id id;
    cv_slice address;
    cv_slice orcpt;  /* DSN, may be empty */
    uint32_t notify; /* DSN bits, 0 default */
    bool done;       /* delivered, or reported as failed */
    cv_slice status; /* last enhanced status, "4.4.1" */
    cv_slice reply;  /* last answer in words */
    cv_slice remote; /* host that gave it */
} store_queue_rcpt;

typedef struct store_queue_entry {
    store_id id;
    cv_slice from; /* envelope, empty for a report */
    store_queue_rcpt *rcpts;
    size_t rcpt_count;
    cv_slice destination; /* "local" or the domain it goes to; one entry each */
    cv_slice message_id, subject, message_class;
    bool is_mime; /* content is MIME; else a packed object */
    store_id account, folder, message; /* of the sender's copy (MDB/FID/MID) */
    int64_t submitted, next_try, expires; /* ticks */
    uint32_t attempts;
    store_queue_state state;
    cv_slice failure_class; /* "legacy-tracking-time", "connect", ... */
    cv_slice last_error;    /* one line */
    uint64_t failed_epoch;  /* settings epoch at the last failure */
    bool delay_reported;
    cv_slice envid, ret; /* DSN */
    uint64_t size_bytes; /* of the content; set by the store */
    uint64_t lease;      /* set by store_queue_lease(), else 0 */
} store_queue_entry;

/* Queues content for the recipients; content is MIME or a packed object.
 * Recipients get the ids 1, 2, ... of the entry; ids in *entry don't count. */
CV_NODISCARD cv_status store_queue_put(store_tx *tx,
                                       const store_queue_entry *entry,
                                       cv_slice content, store_id *id,
                                       cv_error *err);
CV_NODISCARD cv_status store_queue_content(store *s, store_id id,
                                           cv_arena *arena, cv_slice *out,
                                           cv_error *err);
CV_NODISCARD cv_status store_queue_list(store *s, cv_arena *arena,
                                        store_queue_entry **out, size_t *count,
                                        cv_error *err);
CV_NODISCARD cv_status store_queue_get(store *s, store_id id, cv_arena *arena,
                                       store_queue_entry *out, cv_error *err);
/* Takes one due entry (state ready or retry, next_try <= now, not leased) for
 * lease_ticks, the longest due first. CV_ERR_NOTFOUND when none is due. */
CV_NODISCARD cv_status store_queue_lease(store *s, int64_t now,
                                         int64_t lease_ticks, cv_arena *arena,
                                         store_queue_entry *out, cv_error *err);
/* When the next entry is due; INT64_MAX when the queue is empty. */
CV_NODISCARD cv_status store_queue_next(store *s, int64_t *due, cv_error *err);
/* Marks recipients and writes state, next_try, attempts, failure class, last
 * error, epoch and delay_reported back. An entry whose recipients are all done
 * is deleted; a recipient that was done stays so.
 * By the holder of the lease (entry->lease): releases it; a hold that came
 * meanwhile stays. Errors: CV_ERR_CONFLICT when the lease ran out and somebody
 * else has the entry. With lease 0, an administrator's change: a lease that
 * somebody has goes on. Errors: CV_ERR_NOTFOUND. */
CV_NODISCARD cv_status store_queue_update(store_tx *tx,
                                          const store_queue_entry *entry,
                                          cv_error *err);
/* Marks one recipient done inside a delivery's own transaction; the lease and
 * the other columns stay as they are. */
CV_NODISCARD cv_status store_queue_rcpt_done(store_tx *tx, store_id entry,
                                             store_id rcpt, cv_error *err);
CV_NODISCARD cv_status store_queue_delete(store_tx *tx, store_id id,
                                          cv_error *err);
/* Makes every waiting entry of a failure class due now (not held ones);
 * *count says how many. */
CV_NODISCARD cv_status store_queue_wake(store_tx *tx, cv_slice failure_class,
                                        int64_t now, size_t *count,
                                        cv_error *err);
/* Releases the leases of a server that died, and makes entries due whose last
 * failure is older than a change of settings, since the server may have died
 * before it could wake them. Called once at start. */
CV_NODISCARD cv_status store_queue_recover(store *s, cv_error *err);

/* -- settings -- */

/* scope: "" for the server, else a remote domain's policy. Value ptr NULL
 * removes. Every change raises the epoch. */
CV_NODISCARD cv_status store_setting_set(store *s, cv_slice scope,
                                         cv_slice name, cv_slice value,
                                         uint64_t *epoch, cv_error *err);
CV_NODISCARD cv_status store_setting_get(store *s, cv_slice scope,
                                         cv_slice name, cv_arena *arena,
                                         cv_slice *value, cv_error *err);
typedef struct store_setting {
    cv_slice scope, name, value;
    uint64_t epoch;
    int64_t changed;
} store_setting;
CV_NODISCARD cv_status store_setting_list(store *s, cv_arena *arena,
                                          store_setting **out, size_t *count,
                                          cv_error *err);
uint64_t store_epoch(store *s);

/* -- events -- */

typedef struct store_event {
    store_id id;
    int64_t at;
    cv_slice source;   /* "MSExchangeTransport" */
    cv_slice category; /* "Exchange Store Driver" */
    int32_t number;    /* 327; 0 when Exchange has none */
    cv_slice severity; /* "Error" "Warning" "Information" */
    cv_slice text;     /* one line */
    cv_slice fields;   /* JSON object */
} store_event;

CV_NODISCARD cv_status store_event_add(store *s, const store_event *e,
                                       cv_error *err);
/* Drops events from before a time; *count may be NULL. */
CV_NODISCARD cv_status store_event_forget(store *s, int64_t before,
                                          size_t *count, cv_error *err);
/* Events with id > after, oldest first, at most max. */
CV_NODISCARD cv_status store_event_list(store *s, store_id after, size_t max,
                                        cv_arena *arena, store_event **out,
                                        size_t *count, cv_error *err);

#endif
