/* admin_client.h - one admin command: to the running server through its
 * control socket, or, when none runs, on the store itself. */
#ifndef CLI_ADMIN_CLIENT_H
#define CLI_ADMIN_CLIENT_H

#include "cli/args.h"
#include "mapi/json.h"

/* Rows every admin command has in its option table. */
#define CLI_ADMIN_OPTIONS \
    { 0, "data", "DIR", \
      "data directory (default: $CONVOKE_DATA, else /var/lib/convoke)" }, \
    { \
        0, "json", NULL, "print the result as JSON" \
    }

typedef struct cli_call {
    cv_buf request;        /* owned */
    cv_json_writer json;   /* writes request */
    cv_arena *arena;       /* owned */
    const cv_json *result; /* after cli_call_run(); arena */
} cli_call;

/* {"cmd": name, ... ; the caller adds arguments. */
void cli_call_init(cli_call *call, const char *name);
/* Runs it. CLI_OK: result is there (and printed, with --json; then *printed,
 * which may be NULL, is true). Else the message is printed. */
int cli_call_run(cli_call *call, const cli_args *args, bool *printed);
void cli_call_clear(cli_call *call);
/* For commands that only say whether it worked: run, print `done`, clear. */
int cli_call_simple(cli_call *call, const cli_args *args, const char *done);

/* Lower: one request text to the server of a data directory. The response is
 * appended. Errors: those of the way, not of the command. */
CV_NODISCARD cv_status cli_admin_request(const char *dir, cv_slice request,
                                         cv_buf *response, cv_error *err);
const char *cli_data_dir(const cli_args *args);

/* Argument helpers: nothing is written for NULL. */
void cli_call_text(cli_call *call, const char *key, const char *value);
/* File content in base64 under "data", its name under "name". */
int cli_call_file(cli_call *call, const char *path);

/* Prints a JSON tree, two blanks an indent. */
void cli_print_json(const cv_json *node, FILE *out);

/* Text of a member, as a C string in the call's arena; "" when absent. */
const char *cli_str(cli_call *call, const cv_json *node, const char *key);

#endif
