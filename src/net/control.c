#include "net/control.h"
#include "net/clock.h"
#include "net/unix_path.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONNECTIONS 64
/* Longer than any pause of a tool that is at work. */
#define IDLE_MS 60000
#define ANSWER_MAX ((size_t)512 << 20)

/* -- server -- */

typedef struct control_state {
    cv_buf json; /* the request while it is answered */
    uint64_t cursor;
} control_state;

void net_control_send(net_control_request *request, cv_slice json)
{
    cv_assert(json.len > 0 && json.len <= UINT32_MAX);
    cv_buf_put_u32le(request->out, (uint32_t)json.len);
    cv_buf_put_slice(request->out, json);
}

static void serve(net_turn *turn)
{
    const net_control_service *service = turn->listener_ctx;
    control_state *state = turn->state;
    net_control_request request = {
        .json = cv_buf_slice(&state->json),
        .uid = turn->peer->uid,
        .cursor = state->cursor,
        .out = turn->out,
    };
    service->handle(service->ctx, &request);
    state->cursor = request.cursor;
    if (request.again) {
        turn->next = NET_NEXT_MORE;
        turn->again_ms = request.again_ms;
        return;
    }
    cv_buf_clear(&state->json);
    cv_buf_put_u32le(turn->out, 0);
}

static void on_open(net_turn *turn)
{
    turn->state = calloc(1, sizeof(control_state));
    if (!turn->state)
        turn->next = NET_NEXT_CLOSE;
}

static void on_frame(net_turn *turn, cv_slice frame)
{
    control_state *state = turn->state;
    cv_buf_init(&state->json, frame.len + 1);
    cv_buf_put_slice(&state->json, frame);
    state->cursor = 0;
    if (state->json.status != CV_OK)
        turn->next = NET_NEXT_CLOSE;
    else
        serve(turn);
}

static void on_close(net_turn *turn)
{
    control_state *state = turn->state;
    if (state)
        cv_buf_clear(&state->json);
    free(state);
    turn->state = NULL;
}

static const net_protocol control_protocol = {
    .name = "control",
    .frames = true,
    .on_open = on_open,
    .on_frame = on_frame,
    .on_more = serve,
    .on_close = on_close,
};

cv_status net_control_listen(net_server *server, const char *path,
                             const net_control_service *service, cv_error *err)
{
    net_listen where = {
        .unix_path = path,
        .protocol = &control_protocol,
        .limits = { .connections = CONNECTIONS, .idle_ms = IDLE_MS },
        .ctx = (void *)(uintptr_t)service,
    };
    return net_server_listen(server, &where, NULL, err);
}

/* -- client -- */

static cv_status connect_to(const char *path, int *out, cv_error *err)
{
    net_unix_path where;
    CV_TRY(net_unix_path_open(path, &where, err));
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int code = fd < 0 ? -1 : connect(fd, &where.address.any, where.length);
    int saved = errno;
    net_unix_path_close(&where);
    if (code == 0) {
        *out = fd;
        return CV_OK;
    }
    if (fd >= 0)
        (void)close(fd);
    if (saved == ENOENT || saved == ECONNREFUSED)
        return cv_fail(err, CV_ERR_NOTFOUND, "no server listens at %s", path);
    if (saved == EACCES || saved == EPERM)
        return cv_fail(err, CV_ERR_DENIED, "%s: %s", path, strerror(saved));
    return cv_fail(err, CV_ERR_IO, "%s: %s", path, strerror(saved));
}

static cv_status wait_for(int fd, short events, uint32_t timeout_ms,
                          cv_error *err)
{
    int64_t deadline = net_clock_ms() + timeout_ms;
    for (;;) {
        struct pollfd p = { .fd = fd, .events = events };
        int n = poll(&p, 1, timeout_ms ? net_clock_left(deadline) : -1);
        if (n > 0)
            return CV_OK;
        if (n == 0)
            return cv_fail(err, CV_ERR_TIMEOUT, "the server does not answer");
        if (errno != EINTR)
            return cv_fail(err, CV_ERR_IO, "poll: %s", strerror(errno));
    }
}

static cv_status send_all(int fd, cv_slice bytes, uint32_t timeout_ms,
                          cv_error *err)
{
    while (bytes.len > 0) {
        CV_TRY(wait_for(fd, POLLOUT, timeout_ms, err));
        ssize_t n = send(fd, bytes.ptr, bytes.len, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (n < 0 && (errno == EPIPE || errno == ECONNRESET))
            return cv_fail(err, CV_ERR_DENIED,
                           "the server refused the connection");
        if (n < 0)
            return cv_fail(err, CV_ERR_IO, "send: %s", strerror(errno));
        bytes = cv_slice_sub(bytes, (size_t)n, CV_NPOS);
    }
    return CV_OK;
}

/* Exactly len bytes into buf, which is emptied first. */
static cv_status receive(int fd, size_t len, uint32_t timeout_ms, cv_buf *buf,
                         cv_error *err)
{
    uint8_t block[16384];
    cv_buf_reset(buf);
    while (buf->len < len && buf->status == CV_OK) {
        size_t wanted = len - buf->len;
        CV_TRY(wait_for(fd, POLLIN, timeout_ms, err));
        ssize_t n =
            recv(fd, block, wanted < sizeof(block) ? wanted : sizeof(block),
                 MSG_DONTWAIT);
        if (n < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (n < 0)
            return cv_fail(err, CV_ERR_IO, "recv: %s", strerror(errno));
        if (n == 0)
            return cv_fail(err, CV_ERR_IO, "the server closed the connection");
        cv_buf_put(buf, block, (size_t)n);
    }
    return cv_buf_status(buf, err);
}

static cv_status
receive_answers(int fd, uint32_t timeout_ms, cv_buf *frame,
                cv_status (*on_answer)(void *ctx, cv_slice json, cv_error *err),
                void *ctx, cv_error *err)
{
    for (;;) {
        CV_TRY(receive(fd, 4, timeout_ms, frame, err));
        const uint8_t *p = frame->data;
        size_t len = (size_t)p[0] | (size_t)p[1] << 8 | (size_t)p[2] << 16 |
                     (size_t)p[3] << 24;
        if (len == 0)
            return CV_OK;
        if (len > ANSWER_MAX)
            return cv_fail(err, CV_ERR_LIMIT, "answer of %zu bytes", len);
        CV_TRY(receive(fd, len, timeout_ms, frame, err));
        CV_TRY(on_answer(ctx, cv_buf_slice(frame), err));
    }
}

cv_status net_control_call(const char *path, cv_slice request,
                           uint32_t timeout_ms,
                           cv_status (*on_answer)(void *ctx, cv_slice json,
                                                  cv_error *err),
                           void *ctx, cv_error *err)
{
    uint8_t head[4];
    cv_buf frame;
    int fd = -1;
    if (request.len > UINT32_MAX)
        return cv_fail(err, CV_ERR_LIMIT, "request of %zu bytes", request.len);
    CV_TRY(connect_to(path, &fd, err));
    for (int i = 0; i < 4; i++)
        head[i] = (uint8_t)(request.len >> (8 * i));
    cv_buf_init(&frame, ANSWER_MAX);
    cv_status status = send_all(fd, cv_slice_of(head, 4), timeout_ms, err);
    if (status == CV_OK)
        status = send_all(fd, request, timeout_ms, err);
    if (status == CV_OK)
        status = receive_answers(fd, timeout_ms, &frame, on_answer, ctx, err);
    cv_buf_clear(&frame);
    (void)close(fd);
    return status;
}
