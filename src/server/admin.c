/* admin.c - finds the command, runs it, wraps its result. */
#include "server/admin_private.h"

#include "base/datetime.h"
#include "base/text.h"

static const struct {
    const char *name;
    admin_fn fn;
} commands[] = {
#define ADMIN(name, fn) { name, fn },
#include "server/admin.def"
#undef ADMIN
};

cv_status admin_text(admin_call *call, const char *key, cv_slice *out,
                     cv_error *err)
{
    *out = cv_json_text_or(cv_json_get(call->args, key) ? call->args : NULL,
                           key, CV_S(""));
    if (out->len == 0)
        return cv_fail(err, CV_ERR_SYNTAX, "argument \"%s\" is missing", key);
    return CV_OK;
}

cv_status admin_id(admin_call *call, const char *key, store_id *out,
                   cv_error *err)
{
    const cv_json *node = cv_json_get(call->args, key);

    if (node && node->type == CV_JSON_INT) {
        *out = node->i64;
        return CV_OK;
    }
    if (node && node->type == CV_JSON_TEXT &&
        cv_parse_i64(node->text, out) == CV_OK)
        return CV_OK;
    return cv_fail(err, CV_ERR_SYNTAX, "\"%s\" must be a number", key);
}

cv_status admin_account(admin_call *call, store_account *out, cv_error *err)
{
    cv_slice address;

    CV_TRY(admin_text(call, "account", &address, err));
    cv_status st =
        store_account_find(call->core->store, address, call->arena, out, err);
    if (st == CV_ERR_NOTFOUND)
        return cv_fail(err, st, "there is no account %.*s", CV_FMT(address));
    return st;
}

cv_status admin_bytes(admin_call *call, const char *key, cv_slice *out,
                      cv_error *err)
{
    cv_slice text;

    CV_TRY(admin_text(call, key, &text, err));
    *out = cv_base64_decode(call->arena, text, NULL);
    return out->ptr ? CV_OK : cv_arena_fail(call->arena, err);
}

cv_status admin_time(admin_call *call, const char *key, int64_t otherwise,
                     int64_t *out, cv_error *err)
{
    cv_slice text = cv_json_text_or(call->args, key, CV_S(""));

    *out = otherwise;
    if (text.len == 0)
        return CV_OK;
    if (cv_iso_parse(text, out) != CV_OK)
        return cv_fail(err, CV_ERR_SYNTAX,
                       "%s: \"%.*s\" is no time (2026-11-23T09:00:00Z)", key,
                       CV_FMT(text));
    return CV_OK;
}

void admin_put_time(cv_json_writer *w, const char *key, int64_t ticks)
{
    cv_buf buf;

    if (ticks == INT64_MIN || ticks == INT64_MAX) {
        cv_json_put_null(w, key);
        return;
    }
    cv_buf_init(&buf, 64);
    cv_iso_put(&buf, ticks, true);
    cv_json_put_text(w, key, cv_buf_slice(&buf));
    cv_buf_clear(&buf);
}

void admin_put_base64(cv_json_writer *w, const char *key, cv_slice bytes)
{
    cv_buf buf;

    cv_buf_init(&buf, 0);
    cv_base64_put(&buf, bytes, 0);
    cv_json_put_text(w, key, cv_buf_slice(&buf));
    cv_buf_clear(&buf);
}

void admin_put_findings(cv_json_writer *w, const char *key,
                        const cv_report *report)
{
    cv_buf buf;

    cv_buf_init(&buf, 0);
    cv_report_put_json(report, &buf);
    cv_json_put_raw(w, key, cv_buf_slice(&buf));
    cv_buf_clear(&buf);
}

cv_status admin_status(admin_call *call, cv_error *err)
{
    store_queue_entry *list;
    size_t count;
    cv_json_writer *w = call->out;

    CV_TRY(
        store_queue_list(call->core->store, call->arena, &list, &count, err));
    cv_json_begin_object(w, "result");
    cv_json_put_text(
        w, "host",
        settings_text(call->core->settings, "server.host-name", call->arena));
    cv_json_put_int(w, "queued", (int64_t)count);
    cv_json_put_int(w, "epoch", (int64_t)store_epoch(call->core->store));
    cv_json_end_object(w);
    return CV_OK;
}

static cv_status dispatch(admin_call *call, cv_error *err)
{
    cv_slice name;

    CV_TRY(admin_text(call, "cmd", &name, err));
    for (size_t i = 0; i < CV_LEN(commands); i++) {
        if (cv_slice_eq(name, cv_slice_cstr(commands[i].name)))
            return commands[i].fn(call, err);
    }
    return cv_fail(err, CV_ERR_NOTFOUND, "unknown command \"%.*s\"",
                   CV_FMT(name));
}

static cv_status run(core *c, cv_arena *arena, cv_slice request, cv_buf *result,
                     cv_error *err)
{
    cv_json *args = NULL;
    cv_json_writer w = cv_json_writer_of(result, false);
    admin_call call = { .core = c, .arena = arena, .out = &w };

    CV_TRY(cv_json_parse(arena, request, &args, err));
    call.args = args;
    cv_json_begin_object(&w, NULL);
    cv_json_put_bool(&w, "ok", true);
    CV_TRY(dispatch(&call, err));
    cv_json_end_object(&w);
    return cv_buf_status(result, err);
}

static void put_failure(cv_buf *out, cv_status st, const cv_error *err)
{
    cv_json_writer w = cv_json_writer_of(out, false);

    cv_json_begin_object(&w, NULL);
    cv_json_put_bool(&w, "ok", false);
    cv_json_put_str(&w, "status", cv_status_name(st));
    cv_json_put_str(&w, "error", err->what);
    cv_json_end_object(&w);
}

void admin_run(core *c, cv_slice request, cv_buf *out)
{
    cv_arena *arena = NULL;
    cv_error err = { .what = "" };
    cv_buf result;

    cv_buf_init(&result, 0);
    cv_status st = cv_arena_new(0, &arena, &err);
    if (st == CV_OK)
        st = run(c, arena, request, &result, &err);
    if (st == CV_OK)
        cv_buf_put_slice(out, cv_buf_slice(&result));
    else
        put_failure(out, st, &err);
    cv_buf_clear(&result);
    cv_arena_free(&arena);
}
