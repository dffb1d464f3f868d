/* admin_private.h - for the admin_*.c files only. */
#ifndef SERVER_ADMIN_PRIVATE_H
#define SERVER_ADMIN_PRIVATE_H

#include "mapi/json.h"
#include "server/admin.h"

/* One command: writes exactly one value under the key "result". */
typedef struct admin_call {
    core *core;
    cv_arena *arena;
    const cv_json *args;
    cv_json_writer *out;
} admin_call;

typedef cv_status (*admin_fn)(admin_call *call, cv_error *err);
#define ADMIN(name, fn) cv_status fn(admin_call *call, cv_error *err);
#include "server/admin.def"
#undef ADMIN

/* Text argument; must be there and not empty unless *_or.
 * Errors: CV_ERR_SYNTAX "argument NAME is missing". */
CV_NODISCARD cv_status admin_text(admin_call *call, const char *key,
                                  cv_slice *out, cv_error *err);
/* A decimal id argument, as number or text. */
CV_NODISCARD cv_status admin_id(admin_call *call, const char *key,
                                store_id *out, cv_error *err);
/* The account that argument "account" names. */
CV_NODISCARD cv_status admin_account(admin_call *call, store_account *out,
                                     cv_error *err);
/* Base64 argument, decoded. */
CV_NODISCARD cv_status admin_bytes(admin_call *call, const char *key,
                                   cv_slice *out, cv_error *err);
/* ISO 8601 time argument; `otherwise` when absent. */
CV_NODISCARD cv_status admin_time(admin_call *call, const char *key,
                                  int64_t otherwise, int64_t *out,
                                  cv_error *err);

void admin_put_time(cv_json_writer *w, const char *key, int64_t ticks);
void admin_put_base64(cv_json_writer *w, const char *key, cv_slice bytes);
/* {"name": {"findings": [...]}} is a report's array. */
void admin_put_findings(cv_json_writer *w, const char *key,
                        const cv_report *report);

#endif
