#include "net/password.h"

#include <crypt.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Verified in place of a missing hash; nobody's password. */
#define NOBODY \
    "$y$j9T$ZyVDHXMt9E3KXe8NYJlJ0.$" \
    "OfYqXb7pwvLQ2FQ6i8kgJdKjtY8pO5KD5PXv3IaWkm4"

static bool usable(cv_slice password)
{
    return password.len > 0 && password.len <= NET_PASSWORD_MAX &&
           cv_slice_find_byte(password, 0, 0) == CV_NPOS;
}

/* crypt() text of password under setting, into the crypt_data. */
static const char *run(cv_slice password, const char *setting,
                       struct crypt_data *data)
{
    char text[NET_PASSWORD_MAX + 1];
    memcpy(text, password.ptr, password.len);
    text[password.len] = '\0';
    const char *hash = crypt_r(text, setting, data);
    explicit_bzero(text, sizeof(text));
    return hash && hash[0] != '*' ? hash : NULL;
}

cv_status net_password_hash(const cv_env *env, cv_slice password,
                            cv_arena *arena, cv_slice *hash, cv_error *err)
{
    char salt[16];
    char setting[CRYPT_GENSALT_OUTPUT_SIZE];
    if (!usable(password))
        return cv_fail(err, CV_ERR_RANGE,
                       "a password has 1 to %d bytes, none of them NUL",
                       NET_PASSWORD_MAX);
    env->random(env->ctx, salt, sizeof(salt));
    if (!crypt_gensalt_rn("$y$", 0, salt, sizeof(salt), setting,
                          sizeof(setting)))
        return cv_fail(err, CV_ERR_UNSUP, "yescrypt: %s", strerror(errno));
    struct crypt_data *data = calloc(1, sizeof(*data));
    const char *text = data ? run(password, setting, data) : NULL;
    if (text)
        *hash = cv_arena_dup(arena, cv_slice_cstr(text));
    free(data);
    if (!text)
        return cv_fail(err, CV_ERR_NOMEM, "password hash");
    return hash->ptr ? CV_OK : cv_arena_fail(arena, err);
}

/* In constant time for equal lengths. */
static bool same(const char *a, const char *b)
{
    size_t len = strlen(a);
    unsigned char diff = 0;
    if (len != strlen(b))
        return false;
    for (size_t i = 0; i < len; i++)
        diff |= (unsigned char)(a[i] ^ b[i]);
    return diff == 0;
}

cv_status net_password_verify(cv_slice password, cv_slice hash, cv_error *err)
{
    char setting[CRYPT_OUTPUT_SIZE] = NOBODY;
    if (!usable(password))
        return cv_fail(err, CV_ERR_DENIED, "wrong user name or password");
    /* crypt() would take weaker ones too: "ab" is a salt of old DES. */
    if (hash.len >= sizeof(setting) ||
        (hash.len > 0 && !cv_slice_starts(hash, CV_S("$y$"))))
        return cv_fail(err, CV_ERR_SYNTAX, "password hash");
    if (hash.len > 0) {
        memcpy(setting, hash.ptr, hash.len);
        setting[hash.len] = '\0';
    }
    struct crypt_data *data = calloc(1, sizeof(*data));
    if (!data)
        return cv_fail(err, CV_ERR_NOMEM, "password hash");
    const char *text = run(password, setting, data);
    bool valid = text != NULL;
    bool right = valid && hash.len > 0 && same(text, setting);
    explicit_bzero(data, sizeof(*data));
    free(data);
    if (!valid)
        return cv_fail(err, CV_ERR_SYNTAX, "password hash");
    return right ? CV_OK
                 : cv_fail(err, CV_ERR_DENIED, "wrong user name or password");
}
