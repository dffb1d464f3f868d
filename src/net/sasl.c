#include "net/sasl.h"

#include <stdlib.h>
#include <string.h>

#include <gsasl.h>

#define NAMES_ROOM 128

struct net_sasl {
    Gsasl *library;         /* owned */
    char names[NAMES_ROOM]; /* allow-list, one blank between */
};

struct net_sasl_exchange {
    Gsasl_session *session; /* owned */
    const net_sasl_verifier *verifier;
    cv_status verdict; /* of the verifier */
    cv_error detail;
};

/* GNU SASL asks here; PLAIN is the only mechanism that leads to it. */
static int answer(Gsasl *library, Gsasl_session *session,
                  Gsasl_property property)
{
    net_sasl_exchange *x = gsasl_session_hook_get(session);
    (void)library;
    if (property != GSASL_VALIDATE_SIMPLE || !x)
        return GSASL_NO_CALLBACK;
    cv_slice user = cv_slice_cstr(gsasl_property_fast(session, GSASL_AUTHID));
    cv_slice authzid =
        cv_slice_cstr(gsasl_property_fast(session, GSASL_AUTHZID));
    cv_slice password =
        cv_slice_cstr(gsasl_property_fast(session, GSASL_PASSWORD));
    /* GNU SASL repeats the user where the client left authzid out. */
    if (cv_slice_eq(user, authzid))
        authzid = cv_slice_of(NULL, 0);
    if (user.len == 0 || user.len > 255 || password.len > 255)
        x->verdict = cv_fail(&x->detail, CV_ERR_DENIED, "credentials' size");
    else
        x->verdict = x->verifier->password(x->verifier->ctx, user, authzid,
                                           password, &x->detail);
    return x->verdict == CV_OK ? GSASL_OK : GSASL_AUTHENTICATION_ERROR;
}

/* Is name one of the blank-separated names? */
static bool listed(cv_slice names, cv_slice name)
{
    while (names.ptr) {
        cv_slice one = cv_slice_cut(&names, ' ');
        if (one.len > 0 && cv_slice_ieq(one, name))
            return true;
    }
    return false;
}

cv_status net_sasl_new(const char *allow, net_sasl **out, cv_error *err)
{
    net_sasl *sasl = calloc(1, sizeof(*sasl));
    if (!sasl || gsasl_init(&sasl->library) != GSASL_OK) {
        free(sasl);
        return cv_fail(err, CV_ERR_NOMEM, "GNU SASL");
    }
    gsasl_callback_set(sasl->library, answer);
    cv_slice rest = cv_slice_cstr(allow);
    size_t used = 0;
    while (rest.ptr) {
        char name[32] = "";
        cv_slice one = cv_slice_cut(&rest, ' ');
        if (one.len == 0)
            continue;
        if (one.len < sizeof(name))
            memcpy(name, one.ptr, one.len);
        if (!gsasl_server_support_p(sasl->library, name) ||
            used + one.len + 2 > NAMES_ROOM) {
            net_sasl_free(&sasl);
            return cv_fail(err, CV_ERR_UNSUP, "SASL mechanism %.*s",
                           CV_FMT(one));
        }
        if (used > 0)
            sasl->names[used++] = ' ';
        memcpy(sasl->names + used, one.ptr, one.len);
        used += one.len;
    }
    *out = sasl;
    return CV_OK;
}

void net_sasl_free(net_sasl **sasl)
{
    if (!sasl || !*sasl)
        return;
    gsasl_done((*sasl)->library);
    free(*sasl);
    *sasl = NULL;
}

cv_slice net_sasl_mechanisms(const net_sasl *sasl)
{
    return cv_slice_cstr(sasl->names);
}

cv_status net_sasl_start(net_sasl *sasl, cv_slice mechanism,
                         const net_sasl_verifier *verifier,
                         net_sasl_exchange **out, cv_error *err)
{
    char name[32] = "";
    if (mechanism.len >= sizeof(name) ||
        !listed(net_sasl_mechanisms(sasl), mechanism))
        return cv_fail(err, CV_ERR_UNSUP, "SASL mechanism not offered");
    for (size_t i = 0; i < mechanism.len; i++) {
        uint8_t c = mechanism.ptr[i];
        name[i] = (char)(c >= 'a' && c <= 'z' ? c - 32 : c);
    }
    net_sasl_exchange *x = calloc(1, sizeof(*x));
    if (!x)
        return cv_fail(err, CV_ERR_NOMEM, "SASL exchange");
    x->verifier = verifier;
    if (gsasl_server_start(sasl->library, name, &x->session) != GSASL_OK) {
        free(x);
        return cv_fail(err, CV_ERR_NOMEM, "SASL exchange");
    }
    gsasl_session_hook_set(x->session, x);
    *out = x;
    return CV_OK;
}

/* What a failed step means. */
static cv_status judge(const net_sasl_exchange *x, int code, cv_error *err)
{
    if (x->verdict != CV_OK) {
        if (err)
            *err = x->detail;
        return x->verdict;
    }
    if (code == GSASL_MALLOC_ERROR)
        return cv_fail(err, CV_ERR_NOMEM, "SASL");
    if (code == GSASL_AUTHENTICATION_ERROR)
        return cv_fail(err, CV_ERR_DENIED, "SASL: %s", gsasl_strerror(code));
    return cv_fail(err, CV_ERR_SYNTAX, "SASL: %s", gsasl_strerror(code));
}

cv_status net_sasl_step(net_sasl_exchange *exchange, cv_slice in, cv_buf *out,
                        bool *done, cv_error *err)
{
    char *text = malloc(in.len + 1);
    char *answer_text = NULL;
    if (!text)
        return cv_fail(err, CV_ERR_NOMEM, "SASL");
    if (in.len > 0)
        memcpy(text, in.ptr, in.len);
    text[in.len] = '\0';
    int code = gsasl_step64(exchange->session, text, &answer_text);
    explicit_bzero(text, in.len);
    free(text);
    if (answer_text && (code == GSASL_OK || code == GSASL_NEEDS_MORE))
        cv_buf_put_str(out, answer_text);
    gsasl_free(answer_text);
    *done = code == GSASL_OK;
    if (code == GSASL_OK || code == GSASL_NEEDS_MORE)
        return CV_OK;
    return judge(exchange, code, err);
}

void net_sasl_end(net_sasl_exchange **exchange)
{
    if (!exchange || !*exchange)
        return;
    gsasl_finish((*exchange)->session);
    free(*exchange);
    *exchange = NULL;
}
