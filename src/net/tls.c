#include "net/tls.h"
#include "base/buf.h"
#include "base/wintime.h"
#include "net/tls_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gnutls/x509.h>

#define DAY_SECONDS 86400
#define VALID_DAYS 3650
#define PATH_ROOM 4096

static cv_status tls_error(cv_error *err, const char *what, int code)
{
    return cv_fail(err, CV_ERR_IO, "%s: %s", what, gnutls_strerror(code));
}

/* Writes the file at once, under a temporary name first. */
static cv_status write_file(const char *path, mode_t mode,
                            const gnutls_datum_t *text, cv_error *err)
{
    char temporary[PATH_ROOM + 8];
    (void)snprintf(temporary, sizeof(temporary), "%s.new", path);
    int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    if (fd < 0)
        return cv_fail(err, CV_ERR_IO, "%s: %s", path, strerror(errno));
    ssize_t put = write(fd, text->data, text->size);
    bool ok =
        put == (ssize_t)text->size && fchmod(fd, mode) == 0 && fsync(fd) == 0;
    ok = close(fd) == 0 && ok;
    if (!ok || rename(temporary, path) != 0) {
        cv_status status =
            cv_fail(err, CV_ERR_IO, "%s: %s", path, strerror(errno));
        (void)unlink(temporary);
        return status;
    }
    return CV_OK;
}

/* The key of a file that exists. */
static cv_status read_key(const char *path, gnutls_x509_privkey_t key,
                          cv_error *err)
{
    gnutls_datum_t pem = { NULL, 0 };
    int code = gnutls_load_file(path, &pem);
    if (code == 0)
        code = gnutls_x509_privkey_import(key, &pem, GNUTLS_X509_FMT_PEM);
    gnutls_memset(pem.data, 0, pem.size);
    gnutls_free(pem.data);
    return code == 0 ? CV_OK : tls_error(err, path, code);
}

static cv_status make_key(const char *path, gnutls_x509_privkey_t key,
                          cv_error *err)
{
    gnutls_datum_t pem = { NULL, 0 };
    int code = gnutls_x509_privkey_generate(
        key, GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1),
        0);
    if (code == 0)
        code = gnutls_x509_privkey_export2(key, GNUTLS_X509_FMT_PEM, &pem);
    cv_status status = code == 0 ? write_file(path, 0600, &pem, err)
                                 : tls_error(err, "making a key", code);
    gnutls_memset(pem.data, 0, pem.size);
    gnutls_free(pem.data);
    return status;
}

/* First error of several calls in a row. */
static void keep(int *first, int code)
{
    if (*first == 0 && code < 0)
        *first = code;
}

static int fill_certificate(gnutls_x509_crt_t cert, gnutls_x509_privkey_t key,
                            const char *hostname, const cv_env *env)
{
    static const char org[] = "Convoke (self-signed)";
    unsigned char serial[16];
    time_t now = (time_t)(env->now(env->ctx) / CV_TICKS_PER_SEC);
    int first = 0;
    env->random(env->ctx, serial, sizeof(serial));
    serial[0] = (unsigned char)((serial[0] & 0x3F) | 0x40);
    keep(&first, gnutls_x509_crt_set_version(cert, 3));
    keep(&first, gnutls_x509_crt_set_serial(cert, serial, sizeof(serial)));
    keep(&first, gnutls_x509_crt_set_activation_time(cert, now - DAY_SECONDS));
    keep(&first, gnutls_x509_crt_set_expiration_time(
                     cert, now + (time_t)VALID_DAYS * DAY_SECONDS));
    keep(&first,
         gnutls_x509_crt_set_dn_by_oid(cert, GNUTLS_OID_X520_ORGANIZATION_NAME,
                                       0, org, sizeof(org) - 1));
    /* A common name holds 64 characters; the full name is below. */
    size_t length = strlen(hostname);
    keep(&first, gnutls_x509_crt_set_dn_by_oid(
                     cert, GNUTLS_OID_X520_COMMON_NAME, 0, hostname,
                     (unsigned)(length > 64 ? 64 : length)));
    keep(&first, gnutls_x509_crt_set_subject_alt_name(
                     cert, GNUTLS_SAN_DNSNAME, hostname, (unsigned)length,
                     GNUTLS_FSAN_SET));
    keep(&first, gnutls_x509_crt_set_subject_alt_name(cert, GNUTLS_SAN_DNSNAME,
                                                      "localhost", 9,
                                                      GNUTLS_FSAN_APPEND));
    keep(&first, gnutls_x509_crt_set_key_purpose_oid(
                     cert, GNUTLS_KP_TLS_WWW_SERVER, 0));
    keep(&first, gnutls_x509_crt_set_key(cert, key));
    keep(&first, gnutls_x509_crt_set_basic_constraints(cert, 0, -1));
    keep(&first, gnutls_x509_crt_sign2(cert, cert, key, GNUTLS_DIG_SHA256, 0));
    return first;
}

static cv_status make_certificate(const char *path, gnutls_x509_privkey_t key,
                                  const char *hostname, const cv_env *env,
                                  cv_error *err)
{
    gnutls_x509_crt_t cert = NULL;
    gnutls_datum_t pem = { NULL, 0 };
    int code = gnutls_x509_crt_init(&cert);
    if (code == 0)
        code = fill_certificate(cert, key, hostname, env);
    if (code == 0)
        code = gnutls_x509_crt_export2(cert, GNUTLS_X509_FMT_PEM, &pem);
    cv_status status = code == 0 ? write_file(path, 0644, &pem, err)
                                 : tls_error(err, "making a certificate", code);
    gnutls_free(pem.data);
    if (cert)
        gnutls_x509_crt_deinit(cert);
    return status;
}

cv_status net_tls_make_self_signed(const char *dir, const char *hostname,
                                   const cv_env *env, cv_error *err)
{
    char cert_path[PATH_ROOM], key_path[PATH_ROOM];
    if (strlen(dir) + sizeof("/cert.pem") > PATH_ROOM)
        return cv_fail(err, CV_ERR_IO, "directory name too long");
    (void)snprintf(cert_path, sizeof(cert_path), "%s/cert.pem", dir);
    (void)snprintf(key_path, sizeof(key_path), "%s/key.pem", dir);
    bool has_cert = access(cert_path, F_OK) == 0;
    bool has_key = access(key_path, F_OK) == 0;
    if (has_cert && has_key)
        return CV_OK;
    if (has_cert)
        return cv_fail(err, CV_ERR_IO, "%s has no key.pem beside it",
                       cert_path);
    gnutls_x509_privkey_t key = NULL;
    if (gnutls_x509_privkey_init(&key) != 0)
        return cv_fail(err, CV_ERR_NOMEM, "private key");
    cv_status status =
        has_key ? read_key(key_path, key, err) : make_key(key_path, key, err);
    if (status == CV_OK)
        status = make_certificate(cert_path, key, hostname, env, err);
    gnutls_x509_privkey_deinit(key);
    return status;
}

cv_status net_tls_server_new(const char *cert_file, const char *key_file,
                             net_tls **out, cv_error *err)
{
    if (access(cert_file, R_OK) != 0 || access(key_file, R_OK) != 0)
        return cv_fail(err, CV_ERR_IO, "%s, %s: %s", cert_file, key_file,
                       strerror(errno));
    net_tls *tls = calloc(1, sizeof(*tls));
    if (!tls || gnutls_certificate_allocate_credentials(&tls->credentials)) {
        free(tls);
        return cv_fail(err, CV_ERR_NOMEM, "TLS credentials");
    }
    int code = gnutls_certificate_set_x509_key_file(
        tls->credentials, cert_file, key_file, GNUTLS_X509_FMT_PEM);
    if (code < 0) {
        net_tls_free(&tls);
        return cv_fail(err, CV_ERR_SYNTAX, "%s, %s: %s", cert_file, key_file,
                       gnutls_strerror(code));
    }
    *out = tls;
    return CV_OK;
}

void net_tls_free(net_tls **tls)
{
    if (!tls || !*tls)
        return;
    gnutls_certificate_free_credentials((*tls)->credentials);
    free(*tls);
    *tls = NULL;
}
