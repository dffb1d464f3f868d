#include "cli/admin_client.h"

#include "base/text.h"
#include "net/control.h"
#include "server/admin.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

const char *cli_data_dir(const cli_args *args)
{
    const char *env = getenv("CONVOKE_DATA");

    return cli_value(args, "data", env && *env ? env : "/var/lib/convoke");
}

/* -- the way to the server -- */

static cv_status keep_frame(void *ctx, cv_slice json, cv_error *err)
{
    cv_buf_put_slice(ctx, json);
    return cv_buf_status(ctx, err);
}

/* Without a server the command works on the store, which it locks. */
static cv_status run_here(const char *dir, cv_slice request, cv_buf *response,
                          cv_error *err)
{
    core c = { .children = NULL };
    struct stat st;

    if (stat(dir, &st) != 0)
        return cv_fail(err, CV_ERR_NOTFOUND,
                       "%s (`convoke serve --data DIR` makes it)",
                       strerror(errno));
    CV_TRY(core_open(&c, dir, NULL, 0, err));
    admin_run(&c, request, response);
    core_close(&c);
    return CV_OK;
}

cv_status cli_admin_request(const char *dir, cv_slice request, cv_buf *response,
                            cv_error *err)
{
    cv_arena *arena = NULL;

    CV_TRY(cv_arena_new(0, &arena, err));
    cv_slice path = cv_arena_printf(arena, "%s/control", dir);
    cv_status st = net_control_call((const char *)path.ptr, request, 60000,
                                    keep_frame, response, err);
    cv_arena_free(&arena);
    if (st == CV_ERR_NOTFOUND)
        return run_here(dir, request, response, err);
    return st;
}

/* -- calls -- */

void cli_call_init(cli_call *call, const char *name)
{
    memset(call, 0, sizeof(*call));
    cv_buf_init(&call->request, 0);
    call->json = cv_json_writer_of(&call->request, false);
    cv_json_begin_object(&call->json, NULL);
    cv_json_put_str(&call->json, "cmd", name);
}

void cli_call_clear(cli_call *call)
{
    cv_buf_clear(&call->request);
    cv_arena_free(&call->arena);
}

void cli_call_text(cli_call *call, const char *key, const char *value)
{
    if (value)
        cv_json_put_str(&call->json, key, value);
}

static int read_into(FILE *f, const char *path, cv_buf *bytes)
{
    char block[65536];
    size_t n;

    while ((n = fread(block, 1, sizeof(block), f)) > 0)
        cv_buf_put(bytes, block, n);
    if (ferror(f))
        return cli_error("%s: %s", path, strerror(errno));
    if (cv_buf_status(bytes, NULL) != CV_OK)
        return cli_error("%s: the file is too big", path);
    return CLI_OK;
}

int cli_call_file(cli_call *call, const char *path)
{
    cv_buf bytes, text;
    const char *slash = strrchr(path, '/');
    FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");

    if (!f)
        return cli_error("%s: %s", path, strerror(errno));
    cv_buf_init(&bytes, 0);
    cv_buf_init(&text, 0);
    int rc = read_into(f, path, &bytes);
    if (f != stdin)
        fclose(f);
    if (rc == CLI_OK) {
        cv_base64_put(&text, cv_buf_slice(&bytes), 0);
        cv_json_put_text(&call->json, "data", cv_buf_slice(&text));
        cv_json_put_str(&call->json, "name", slash ? slash + 1 : path);
    }
    cv_buf_clear(&text);
    cv_buf_clear(&bytes);
    return rc;
}

static int take_response(cli_call *call, cv_slice response)
{
    cv_json *root = NULL;
    cv_error err = { .what = "" };

    if (cv_json_parse(call->arena, cv_arena_dup(call->arena, response), &root,
                      &err) != CV_OK)
        return cli_error("the server's answer cannot be read: %s", err.what);
    if (!cv_json_bool_or(root, "ok", false)) {
        cv_slice what = cv_json_text_or(root, "error", CV_S("no reason given"));
        return cli_error("%.*s", CV_FMT(what));
    }
    call->result = cv_json_get(root, "result");
    return CLI_OK;
}

int cli_call_run(cli_call *call, const cli_args *args, bool *printed)
{
    cv_error err = { .what = "" };
    cv_buf response;
    int rc;

    if (printed)
        *printed = false;
    cv_json_end_object(&call->json);
    cv_buf_init(&response, 0);
    cv_status st = cv_arena_new(0, &call->arena, &err);
    if (st == CV_OK)
        st = cv_buf_status(&call->request, &err);
    if (st == CV_OK)
        st = cli_admin_request(cli_data_dir(args), cv_buf_slice(&call->request),
                               &response, &err);
    if (st != CV_OK)
        rc = cli_error("%s: %s", cli_data_dir(args), err.what);
    else
        rc = take_response(call, cv_buf_slice(&response));
    cv_buf_clear(&response);
    if (rc == CLI_OK && printed && cli_has(args, "json")) {
        cli_print_json(call->result, stdout);
        *printed = true;
    }
    return rc;
}

int cli_call_simple(cli_call *call, const cli_args *args, const char *done)
{
    bool printed;
    int rc = cli_call_run(call, args, &printed);

    if (rc == CLI_OK && !printed)
        puts(done);
    cli_call_clear(call);
    return rc;
}

const char *cli_str(cli_call *call, const cv_json *node, const char *key)
{
    const char *s =
        cv_arena_cstr(call->arena, cv_json_text_or(node, key, CV_S("")));

    return s ? s : "";
}

/* -- printing JSON -- */

static void put_node(cv_json_writer *w, const char *key, const cv_json *node,
                     cv_arena *arena)
{
    switch (node->type) {
    case CV_JSON_NULL:
        cv_json_put_null(w, key);
        break;
    case CV_JSON_BOOL:
        cv_json_put_bool(w, key, node->boolean);
        break;
    case CV_JSON_INT:
        cv_json_put_int(w, key, node->i64);
        break;
    case CV_JSON_REAL:
        cv_json_put_raw(w, key, cv_arena_printf(arena, "%.17g", node->real));
        break;
    case CV_JSON_TEXT:
        cv_json_put_text(w, key, node->text);
        break;
    case CV_JSON_ARRAY:
        cv_json_begin_array(w, key);
        for (size_t i = 0; i < node->count; i++)
            put_node(w, NULL, &node->items[i], arena);
        cv_json_end_array(w);
        break;
    case CV_JSON_OBJECT:
        cv_json_begin_object(w, key);
        for (size_t i = 0; i < node->count; i++)
            put_node(w, cv_arena_cstr(arena, node->items[i].key),
                     &node->items[i], arena);
        cv_json_end_object(w);
        break;
    }
}

void cli_print_json(const cv_json *node, FILE *out)
{
    cv_arena *arena = NULL;
    cv_buf buf;

    if (!node || cv_arena_new(0, &arena, NULL) != CV_OK)
        return;
    cv_buf_init(&buf, 0);
    cv_json_writer w = cv_json_writer_of(&buf, true);
    put_node(&w, NULL, node, arena); /* depth: CV_LIMIT_JSON_DEPTH at most */
    fwrite(buf.data, 1, buf.len, out);
    fputc('\n', out);
    cv_buf_clear(&buf);
    cv_arena_free(&arena);
}
