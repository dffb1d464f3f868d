#include "rtf/lzfu.h"

#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const struct {
    const char *rtf, *hex;
} vectors[] = {
    /* spec rtf.md 7 */
    { "{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n",
      "2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af32068656c"
      "090020627705b06c647d0a800fa0" },
    { "{\\rtf1 WXYZWXYZWXYZWXYZWXYZ}",
      "1a0000001c0000004c5a4675e2d44b51410004205758595a0d6e7d010eb0" },
    { "", "0f000000000000004c5a467527d7ca10010cf0" },
    { "{\\rtf1}", "12000000070000004c5a4675f2e29a7b0500047d0d60" },
    { "{\\rtf1\\ansi\\fromtext Hi}",
      "1c000000180000004c5a4675dbbb60f023000a035274657805404869027d0e70" },
    { "{\\rtf1}", "13000000070000004d454c41000000007b5c727466317d" },
};

static cv_slice value_of(cv_arena *arena, size_t i)
{
    cv_slice v;
    assert_int_equal(
        cv_hex_decode(arena, cv_slice_cstr(vectors[i].hex), &v, NULL), CV_OK);
    return v;
}

static void published_samples_decompress(void **state)
{
    (void)state;
    for (size_t i = 0; i < CV_LEN(vectors); i++) {
        cv_arena *arena = NULL;
        cv_slice rtf;
        bool damaged = true;
        assert_int_equal(cv_arena_new(0, &arena, NULL), CV_OK);
        assert_int_equal(
            cv_lzfu_decompress(arena, value_of(arena, i), &rtf, &damaged, NULL),
            CV_OK);
        assert_int_equal(rtf.len, strlen(vectors[i].rtf));
        assert_memory_equal(rtf.ptr, vectors[i].rtf, rtf.len);
        assert_false(damaged);
        cv_arena_free(&arena);
    }
}

static void checksum_vectors(void **state)
{
    (void)state;
    assert_int_equal(cv_lzfu_crc(CV_S("123456789")), 0x2DFD2D88);
    assert_int_equal(cv_lzfu_crc(CV_S("a")), 0x3AB551CE);
}

/* Every prefix and every flipped byte: what comes out is bounded, and the
 * damage is told. */
static void damaged_values_give_what_can_be_had(void **state)
{
    cv_arena *arena = NULL;
    cv_slice whole, rtf;
    (void)state;
    assert_int_equal(cv_arena_new(0, &arena, NULL), CV_OK);
    whole = value_of(arena, 0);
    for (size_t n = 0; n < whole.len; n++) {
        bool damaged = false;
        cv_status st = cv_lzfu_decompress(arena, cv_slice_sub(whole, 0, n),
                                          &rtf, &damaged, NULL);
        assert_int_equal(st, n < 16 ? CV_ERR_TRUNC : CV_OK);
        assert_true(st != CV_OK || (damaged && rtf.len < 60));
    }
    uint8_t *bytes = (uint8_t *)cv_arena_dup(arena, whole).ptr;
    for (size_t i = 16; i < whole.len; i++) {
        bool damaged = false;
        bytes[i] ^= 0x80;
        assert_int_equal(cv_lzfu_decompress(arena,
                                            cv_slice_of(bytes, whole.len), &rtf,
                                            &damaged, NULL),
                         CV_OK);
        assert_true(damaged && rtf.len < 400);
        bytes[i] ^= 0x80;
    }
    cv_arena_free(&arena);
}

static void other_forms(void **state)
{
    cv_arena *arena = NULL;
    cv_slice rtf;
    (void)state;
    assert_int_equal(cv_arena_new(0, &arena, NULL), CV_OK);
    assert_int_equal(
        cv_lzfu_decompress(arena, CV_S("{\\rtf1 x}\0\0"), &rtf, NULL, NULL),
        CV_OK);
    assert_int_equal(rtf.len, 9);
    assert_int_equal(
        cv_lzfu_decompress(arena, CV_S("0123456789abcdefgh"), &rtf, NULL, NULL),
        CV_ERR_SYNTAX);
    cv_arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_samples_decompress),
        cmocka_unit_test(checksum_vectors),
        cmocka_unit_test(damaged_values_give_what_can_be_had),
        cmocka_unit_test(other_forms),
    };
    return cmocka_run_group_tests_name("lzfu", tests, NULL, NULL);
}
