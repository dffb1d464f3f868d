/* cmd_demo.c - plays the founding case between two servers. */
#include "cli/admin_client.h"
#include "cli/commands.h"
#include "cli/demo.h"

#include <errno.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int remove_one(const char *path, const struct stat *st, int type,
                      struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static cv_status play(demo_org *north, demo_org *south, const char *base,
                      bool as_json, unsigned *failed, cv_error *err)
{
    cv_buf buf;
    cv_json_writer json = cv_json_writer_of(&buf, true);

    CV_TRY(demo_org_start(north, base, err));
    CV_TRY(demo_org_start(south, base, err));
    if (!as_json) {
        printf("north.example (Exchange 2003's ways) on port %u, "
               "south.example (Exchange 2007's ways) on port %u\n",
               north->smtp_port, south->smtp_port);
        return demo_play(north, south, NULL, failed, err);
    }
    cv_buf_init(&buf, 0);
    cv_json_begin_object(&json, NULL);
    cv_json_begin_array(&json, "steps");
    cv_status st = demo_play(north, south, &json, failed, err);
    cv_json_end_array(&json);
    cv_json_put_int(&json, "failed", *failed);
    cv_json_end_object(&json);
    fwrite(buf.data, 1, buf.len, stdout);
    putchar('\n');
    cv_buf_clear(&buf);
    return st;
}

static int run(const cli_args *args)
{
    char base[] = "/tmp/convoke-demo-XXXXXX";
    cv_error err = { .what = "" };
    unsigned failed = 0;
    demo_org north = { .name = "north",
                       .domain = "north.example",
                       .profile = "exchange2003",
                       .user = "alice",
                       .display = "Alice",
                       .out = -1 };
    demo_org south = { .name = "south",
                       .domain = "south.example",
                       .profile = "exchange2007",
                       .user = "bob",
                       .display = "Bob",
                       .out = -1 };

    if (!mkdtemp(base))
        return cli_error("%s: %s", base, strerror(errno));
    cv_status st =
        play(&north, &south, base, cli_has(args, "json"), &failed, &err);
    demo_org_stop(&north);
    demo_org_stop(&south);
    if (cli_has(args, "keep") || st != CV_OK || failed)
        fprintf(stderr, "convoke: the servers' data is in %s\n", base);
    else
        nftw(base, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    if (st != CV_OK)
        return cli_error("%s", err.what);
    return failed ? CLI_FAILED : CLI_OK;
}

static const cli_option options[] = {
    { 0, "json", NULL, "print the steps as JSON" },
    { 0, "keep", NULL, "leave the servers' data where it is" },
    { 0 },
};

const cli_command cli_cmd_demo = {
    .name = "demo",
    .operands = "",
    .summary = "Play the case of KB 938650 between two servers.",
    .more = "Both servers run on free loopback ports, in a time scale of "
            "seconds. Exit code 0 only when each expectation was observed.\n",
    .options = options,
    .run = run,
};
