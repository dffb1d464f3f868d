/* core.h - everything of a server but its doors: store, settings, events,
 * conversion, queue and meetings, wired together.
 *
 * `convoke serve` opens a core and puts listeners, threads and children
 * around it; a command without a running server opens one, does its work and
 * closes it.
 */
#ifndef SERVER_CORE_H
#define SERVER_CORE_H

#include "meeting/meeting.h"
#include "net/children.h"
#include "server/settings.h"
#include "transport/transport.h"

typedef struct core {
    cv_env env;
    store *store;           /* owned */
    settings *settings;     /* owned */
    transport *transport;   /* owned */
    meeting_desk *desk;     /* owned */
    net_children *children; /* borrowed; NULL: conversion in this process */
    cv_channel channel;     /* to other hosts; set before core_open() */
    /* There may be work for the delivery threads, or an event to show. May be
     * NULL. */
    void (*on_wake)(void *ctx);
    void (*on_event)(void *ctx, const store_event *event);
    void *ctx;
} core;

/* dir: the data directory, made when absent. overrides as in settings_new().
 * The caller has set children, channel, on_wake, on_event and ctx.
 * Errors: CV_ERR_CONFLICT when another process has the store open. */
CV_NODISCARD cv_status core_open(core *c, const char *dir,
                                 const char *const *overrides,
                                 size_t override_count, cv_error *err);
void core_close(core *c);

/* -- convert_calls.c: conversion, in a child when there are children -- */

CV_NODISCARD cv_status core_to_mime(core *c, cv_slice packed, cv_slice domain,
                                    cv_buf *mime, cv_report *report,
                                    cv_error *err);
CV_NODISCARD cv_status core_from_mime(core *c, cv_slice mime, int64_t received,
                                      cv_object **obj, cv_report *report,
                                      cv_error *err);
/* Any file an administrator hands in. Errors: CV_ERR_SYNTAX, CV_ERR_UNSUP. */
CV_NODISCARD cv_status core_read(core *c, cv_slice file, cv_slice name,
                                 cv_object **obj, cv_report *report,
                                 cv_error *err);

/* -- events.c -- */

/* Writes an event when the level of its category allows it. */
void core_emit(core *c, const transport_event *event);
/* Setting that holds a category's level, such as
 * "MSExchangeTransport/Exchange Store Driver"; NULL when unknown. */
const char *core_level_setting(cv_slice category);
/* Name of the n-th category, NULL past the end. */
const char *core_category_at(size_t index);

/* -- */

/* Applies a changed setting: wakes what waited for it. *woken may be NULL. */
CV_NODISCARD cv_status core_setting_changed(core *c, cv_slice name,
                                            size_t *woken, cv_error *err);
/* The server's first local domain. Arena. */
cv_slice core_domain(core *c, cv_arena *arena);
/* Who gets what nobody else can get. Arena. */
cv_slice core_postmaster(core *c, cv_arena *arena);
bool core_is_local_domain(core *c, cv_slice domain);

#endif
