/* converting.h - what convert, inspect and check share: conversion options
 * from the command line, and texts about findings and failures.
 */
#ifndef CLI_CONVERTING_H
#define CLI_CONVERTING_H

#include "cli/args.h"
#include "convert/convert.h"

/* Rows of a command's option table. */
#define CLI_CONVERT_OPTIONS \
    { 0, "set", "KEY=VALUE", "a conversion setting; may be repeated" }, \
    { \
        0, "address-map", "FILE", \
            "EX addresses to SMTP: CSV (dn,smtp) or LDIF" \
    }

/* Options from --set and --address-map. Returns the exit code: CLI_OK, or
 * CLI_USAGE / CLI_FAILED after a message on standard error. */
int cli_convert_options(const cli_args *args, cv_convert_options **out);

/* "convoke: FILE: byte 30: what; what to do" on standard error. */
void cli_say_failure(const char *file, const cv_error *err);
/* What to do about a failure of this kind; "" when nothing is known. */
const char *cli_advice(cv_status code);

/* "note", "repaired", "lost", "error" */
const char *cli_severity_name(cv_severity severity);
/* One finding for people, two lines: what and where it is, what was or would
 * be done. */
void cli_put_finding(const cv_finding *finding, FILE *to);

#endif
