/* demo.h - the founding case (KB 938650) played between two servers.
 *
 * demo_servers.c starts and stops them, demo_play.c plays, cmd_demo.c is the
 * command.
 */
#ifndef CLI_DEMO_H
#define CLI_DEMO_H

#include "mapi/json.h"

#include <stdint.h>
#include <sys/types.h>

/* One organization: a `convoke serve` of its own on free loopback ports. */
typedef struct demo_org {
    const char *name;    /* "north" */
    const char *domain;  /* "north.example" */
    const char *profile; /* "exchange2003" */
    const char *user;    /* "alice" */
    const char *display; /* "Alice" */
    char dir[128];       /* data directory */
    pid_t pid;
    int out; /* read end of its standard output, -1 when closed */
    uint16_t smtp_port;
    uint16_t submission_port;
} demo_org;

/* Writes convoke.conf, starts the server, waits for "ready" and makes the
 * account. base: the demo's directory. Errors: CV_ERR_IO, CV_ERR_TIMEOUT. */
CV_NODISCARD cv_status demo_org_start(demo_org *org, const char *base,
                                      cv_error *err);
/* SIGTERM, then SIGKILL after five seconds. */
void demo_org_stop(demo_org *org);

/* One admin command: "text" is the JSON request. The result lives in the
 * arena. Errors: the command's own. */
CV_NODISCARD cv_status demo_ask(demo_org *org, cv_arena *arena, cv_slice text,
                                const cv_json **result, cv_error *err);

/* Plays every scene; prints the time line unless `json` is given, which then
 * gets the steps. *failed counts expectations that were not observed. */
CV_NODISCARD cv_status demo_play(demo_org *north, demo_org *south,
                                 cv_json_writer *json, unsigned *failed,
                                 cv_error *err);

#endif
