#include "net/password.h"
#include "net/sasl.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static cv_slice hash_of(cv_arena *arena, cv_test_env *chance, cv_slice text)
{
    cv_env env = cv_env_test(chance);
    cv_slice hash = { 0 };
    assert_int_equal(net_password_hash(&env, text, arena, &hash, NULL), CV_OK);
    return hash;
}

static void a_hash_fits_its_password_only(void **state)
{
    cv_arena *arena = NULL;
    cv_test_env chance = { 0 };
    (void)state;
    assert_int_equal(cv_arena_new(0, &arena, NULL), CV_OK);
    cv_slice one = hash_of(arena, &chance, CV_S("correct horse"));
    cv_slice two = hash_of(arena, &chance, CV_S("correct horse"));
    assert_true(cv_slice_starts(one, CV_S("$y$")));
    assert_false(cv_slice_eq(one, two)); /* salted */
    assert_int_equal(net_password_verify(CV_S("correct horse"), one, NULL),
                     CV_OK);
    assert_int_equal(net_password_verify(CV_S("correct horsf"), one, NULL),
                     CV_ERR_DENIED);
    cv_arena_free(&arena);
}

static void unusable_passwords_and_hashes_are_told_apart(void **state)
{
    static char longest[NET_PASSWORD_MAX + 1];
    cv_arena *arena = NULL;
    cv_test_env chance = { 0 };
    cv_env env = cv_env_test(&chance);
    cv_slice hash;
    (void)state;
    memset(longest, 'p', sizeof(longest));
    assert_int_equal(cv_arena_new(0, &arena, NULL), CV_OK);
    assert_int_equal(net_password_hash(&env, CV_S(""), arena, &hash, NULL),
                     CV_ERR_RANGE);
    assert_int_equal(net_password_hash(&env, CV_S("a\0b"), arena, &hash, NULL),
                     CV_ERR_RANGE);
    assert_int_equal(net_password_hash(&env,
                                       cv_slice_of(longest, sizeof(longest)),
                                       arena, &hash, NULL),
                     CV_ERR_RANGE);
    hash = hash_of(arena, &chance, cv_slice_of(longest, NET_PASSWORD_MAX));
    assert_int_equal(
        net_password_verify(cv_slice_of(longest, NET_PASSWORD_MAX), hash, NULL),
        CV_OK);
    assert_int_equal(net_password_verify(CV_S("x"), CV_S("plain"), NULL),
                     CV_ERR_SYNTAX);
    /* No such user: takes the time of a real hash, then refuses. */
    assert_int_equal(net_password_verify(CV_S("x"), CV_S(""), NULL),
                     CV_ERR_DENIED);
    assert_int_equal(net_password_verify(CV_S(""), hash, NULL), CV_ERR_DENIED);
    cv_arena_free(&arena);
}

/* -- SASL -- */

static cv_status check(void *ctx, cv_slice user, cv_slice authzid,
                       cv_slice password, cv_error *err)
{
    if (ctx)
        return cv_fail(err, CV_ERR_IO, "database away");
    bool right = cv_slice_eq(user, CV_S("alice")) && authzid.len == 0 &&
                 cv_slice_eq(password, CV_S("secret"));
    return right ? CV_OK : cv_fail(err, CV_ERR_DENIED, "no");
}

static cv_status plain(const net_sasl_verifier *verifier, const char *in)
{
    net_sasl *sasl = NULL;
    net_sasl_exchange *x = NULL;
    cv_buf out;
    bool done = false;
    cv_buf_init(&out, 0);
    assert_int_equal(net_sasl_new("PLAIN", &sasl, NULL), CV_OK);
    assert_true(cv_slice_eq(net_sasl_mechanisms(sasl), CV_S("PLAIN")));
    assert_int_equal(net_sasl_start(sasl, CV_S("plain"), verifier, &x, NULL),
                     CV_OK);
    cv_status status = net_sasl_step(x, cv_slice_cstr(in), &out, &done, NULL);
    assert_int_equal(done, status == CV_OK);
    net_sasl_end(&x);
    net_sasl_free(&sasl);
    cv_buf_clear(&out);
    return status;
}

static void plain_asks_the_verifier(void **state)
{
    net_sasl_verifier ask = { check, NULL };
    net_sasl_verifier away = { check, &ask };
    (void)state;
    assert_int_equal(plain(&ask, "AGFsaWNlAHNlY3JldA=="), CV_OK);
    assert_int_equal(plain(&ask, "AGFsaWNlAHdyb25n"), CV_ERR_DENIED);
    assert_int_equal(plain(&ask, "Ym9iAGFsaWNlAHNlY3JldA=="), CV_ERR_DENIED);
    assert_int_equal(plain(&ask, "not base64!"), CV_ERR_SYNTAX);
    assert_int_equal(plain(&ask, "bm90aGluZw=="), CV_ERR_SYNTAX);
    assert_int_equal(plain(&away, "AGFsaWNlAHNlY3JldA=="), CV_ERR_IO);
}

static void only_allowed_mechanisms_exist(void **state)
{
    net_sasl *sasl = NULL;
    net_sasl_exchange *x = NULL;
    net_sasl_verifier ask = { check, NULL };
    (void)state;
    assert_int_equal(net_sasl_new("PLAIN NONSENSE", &sasl, NULL), CV_ERR_UNSUP);
    assert_int_equal(net_sasl_new("PLAIN", &sasl, NULL), CV_OK);
    assert_int_equal(net_sasl_start(sasl, CV_S("LOGIN"), &ask, &x, NULL),
                     CV_ERR_UNSUP);
    assert_int_equal(net_sasl_start(sasl, CV_S("ANONYMOUS"), &ask, &x, NULL),
                     CV_ERR_UNSUP);
    assert_int_equal(net_sasl_start(sasl, CV_S(""), &ask, &x, NULL),
                     CV_ERR_UNSUP);
    net_sasl_free(&sasl);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_hash_fits_its_password_only),
        cmocka_unit_test(unusable_passwords_and_hashes_are_told_apart),
        cmocka_unit_test(plain_asks_the_verifier),
        cmocka_unit_test(only_allowed_mechanisms_exist),
    };
    return cmocka_run_group_tests_name("password", tests, NULL, NULL);
}
