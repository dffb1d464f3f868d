#include "server/worker.h"

#include "base/reader.h"
#include "base/text.h"
#include "base/wintime.h"
#include "mapi/json.h"
#include "mapi/pack.h"

/* -- wire: numbers little-endian, texts as u32 length and bytes -- */

static void put_text(cv_buf *buf, cv_slice s)
{
    cv_buf_put_u32le(buf, (uint32_t)s.len);
    cv_buf_put_slice(buf, s);
}

static cv_status get_text(cv_reader *r, cv_slice *out)
{
    uint32_t len;

    CV_TRY(cv_read_u32le(r, &len));
    return cv_read_bytes(r, len, out);
}

cv_status worker_encode(const worker_request *q, cv_buf *out, cv_error *err)
{
    if (q->payload.len > UINT32_MAX)
        return cv_fail(err, CV_ERR_LIMIT, "message of 4 GB or more");
    cv_buf_put_byte(out, (uint8_t)q->op);
    cv_buf_put_u64le(out, (uint64_t)q->now);
    cv_buf_put_u64le(out, (uint64_t)q->received);
    put_text(out, q->settings);
    put_text(out, q->domain);
    put_text(out, q->address_map);
    put_text(out, q->responses);
    put_text(out, q->name);
    put_text(out, q->payload);
    return cv_buf_status(out, err);
}

static cv_status decode_request(cv_slice bytes, worker_request *q)
{
    cv_reader r = cv_reader_of(bytes);
    uint8_t op;
    uint64_t now, received;

    (void)cv_read_u8(&r, &op);
    (void)cv_read_u64le(&r, &now);
    (void)cv_read_u64le(&r, &received);
    (void)get_text(&r, &q->settings);
    (void)get_text(&r, &q->domain);
    (void)get_text(&r, &q->address_map);
    (void)get_text(&r, &q->responses);
    (void)get_text(&r, &q->name);
    (void)get_text(&r, &q->payload);
    q->op = (worker_op)op;
    q->now = (int64_t)now;
    q->received = (int64_t)received;
    return r.status;
}

/* -- in the child -- */

typedef struct run {
    worker_request q;
    cv_convert_options *options; /* owned */
    cv_report *report;           /* owned */
    cv_test_env clock;           /* a clock that stands at the request's time */
    cv_env env;
} run;

static bool response_time(void *ctx, cv_slice clean_global_id, cv_slice smtp,
                          int64_t *ticks)
{
    run *r = ctx;
    cv_slice rest = r->q.responses;

    (void)clean_global_id; /* the list is of this meeting alone */
    while (rest.ptr && rest.len > 0) {
        cv_slice line = cv_slice_cut(&rest, '\n');
        cv_slice address = cv_slice_cut(&line, ' ');
        if (cv_slice_ieq(address, smtp))
            return cv_parse_i64(line, ticks) == CV_OK;
    }
    return false;
}

static cv_status set_options(run *r, cv_error *err)
{
    cv_slice rest = r->q.settings;

    CV_TRY(cv_convert_options_new(&r->env, &r->options, err));
    while (rest.ptr && rest.len > 0) {
        cv_slice value = cv_slice_cut(&rest, '\n');
        cv_slice name = cv_slice_cut(&value, '=');
        CV_TRY(cv_convert_set(r->options, name, value, err));
    }
    if (r->q.address_map.len > 0)
        CV_TRY(cv_convert_set_address_map(r->options, r->q.address_map, err));
    cv_convert_set_domain(r->options, r->q.domain);
    cv_convert_set_responses(r->options, response_time, r);
    if (r->q.received != INT64_MIN)
        cv_convert_set_received(r->options, r->q.received);
    return CV_OK;
}

static cv_status to_mime(run *r, cv_buf *result, cv_error *err)
{
    cv_object *obj = NULL;
    cv_sink sink = cv_buf_sink(result);

    CV_TRY(cv_object_unpack(r->q.payload, &obj, err));
    cv_status st = cv_to_mime(obj, r->options, &sink, r->report, err);
    cv_object_free(&obj);
    return st;
}

static cv_status to_object(run *r, cv_buf *result, cv_error *err)
{
    cv_object *obj = NULL;
    cv_status st =
        r->q.op == WORKER_READ
            ? cv_read(r->q.payload, r->q.name, r->options, &obj, r->report, err)
            : cv_from_mime(r->q.payload, r->options, &obj, r->report, err);

    if (st == CV_OK)
        st = cv_object_pack(obj, result, err);
    cv_object_free(&obj);
    return st;
}

static cv_status convert(run *r, cv_slice request, cv_buf *result,
                         cv_error *err)
{
    CV_TRY(cv_report_new(&r->report, err));
    if (decode_request(request, &r->q) != CV_OK)
        return cv_fail(err, CV_ERR_SYNTAX, "conversion request");
    r->clock.now = r->q.now;
    r->env = cv_env_test(&r->clock);
    CV_TRY(set_options(r, err));
    return r->q.op == WORKER_TO_MIME ? to_mime(r, result, err)
                                     : to_object(r, result, err);
}

cv_status worker_handle(void *ctx, cv_slice request, cv_buf *response)
{
    run r = { 0 };
    cv_error err = { .what = "" };
    cv_buf result, findings;

    (void)ctx;
    cv_buf_init(&result, 0);
    cv_buf_init(&findings, 0);
    cv_status st = convert(&r, request, &result, &err);
    if (r.report)
        cv_report_put_json(r.report, &findings);
    cv_buf_put_u32le(response, (uint32_t)st);
    put_text(response, cv_slice_cstr(err.what));
    put_text(response, cv_buf_slice(&findings));
    put_text(response, st == CV_OK ? cv_buf_slice(&result) : CV_S(""));
    cv_buf_clear(&findings);
    cv_buf_clear(&result);
    cv_convert_options_free(&r.options);
    cv_report_free(&r.report);
    return cv_buf_status(response, NULL);
}

cv_status worker_decode(cv_slice response, cv_slice *result, cv_report *report,
                        cv_error *err)
{
    cv_reader r = cv_reader_of(response);
    uint32_t code;
    cv_slice what, findings;

    (void)cv_read_u32le(&r, &code);
    (void)get_text(&r, &what);
    (void)get_text(&r, &findings);
    (void)get_text(&r, result);
    if (r.status != CV_OK)
        return cv_fail(err, CV_ERR_SYNTAX, "no answer of a conversion");
    if (report && findings.len > 0)
        CV_TRY(cv_report_from_json(findings, report, err));
    if (code == CV_OK)
        return CV_OK;
    return cv_fail(err, (cv_status)(int32_t)code, "%.*s", CV_FMT(what));
}
