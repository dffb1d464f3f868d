#include "rtf/lzfu.h"

#include "base/limits.h"
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

/* The last vector is the stored form, which is not written. */
static void published_samples_compress_to_the_same_bytes(void **state)
{
    (void)state;
    for (size_t i = 0; i + 1 < CV_LEN(vectors); i++) {
        cv_arena *arena = NULL;
        cv_slice out;
        assert_int_equal(cv_arena_new(0, &arena, NULL), CV_OK);
        assert_int_equal(
            cv_lzfu_compress(arena, cv_slice_cstr(vectors[i].rtf), &out, NULL),
            CV_OK);
        cv_slice want = value_of(arena, i);
        assert_int_equal(out.len, want.len);
        assert_memory_equal(out.ptr, want.ptr, out.len);
        cv_arena_free(&arena);
    }
}

/* spec rtf.md 3 */
static const char preset[] =
    "{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil "
    "\\froman \\fswiss \\fmodern \\fscript \\fdecor MS Sans SerifSymbolArial"
    "Times New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par \\pard"
    "\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx";

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 16;
}

/* What section 5 says, word for word: every candidate, oldest first. */
static void plain_search(const uint8_t *all, size_t len, size_t pos,
                         size_t *from, size_t *best)
{
    size_t oldest = pos < 4096 ? 0 : pos - 4095;
    *best = 1;
    for (size_t c = oldest; c < pos; c++) {
        size_t n = 0;
        while (n < 17 && pos + n < len && all[c + n] == all[pos + n])
            n++;
        if (n > *best) {
            *best = n;
            *from = c % 4096;
        }
    }
}

/* Reads the tokens of a value and holds each against the plain search. */
static void check_choices(cv_slice value, const uint8_t *all, size_t len)
{
    size_t pos = 207, in = 16;
    while (pos < len) {
        uint8_t control = value.ptr[in++];
        for (unsigned bit = 0; bit < 8 && pos < len; bit++) {
            size_t from = 0, best = 1;
            plain_search(all, len, pos, &from, &best);
            assert_int_equal(control >> bit & 1, best > 1);
            if (best > 1) {
                assert_int_equal(value.ptr[in] << 4 | value.ptr[in + 1] >> 4,
                                 from);
                assert_int_equal((value.ptr[in + 1] & 15) + 2, best);
            }
            in += best > 1 ? 2 : 1;
            pos += best;
        }
    }
}

/* Texts of few letters, past the point where the ring wraps. */
static void the_oldest_longest_reference_is_taken(void **state)
{
    static uint8_t all[207 + 12000];
    uint32_t seed = 7;
    (void)state;
    for (unsigned letters = 1; letters < 200; letters = letters * 3 + 1) {
        cv_arena *arena = NULL;
        cv_slice value, back;
        bool damaged = true;
        cv_slice text = cv_slice_of(all + 207, sizeof all - 207);
        assert_int_equal(cv_arena_new(0, &arena, NULL), CV_OK);
        memcpy(all, preset, sizeof preset - 1);
        for (size_t i = 0; i < text.len; i++)
            all[207 + i] = (uint8_t)(0x5C + next_random(&seed) % letters);
        assert_int_equal(cv_lzfu_compress(arena, text, &value, NULL), CV_OK);
        check_choices(value, all, sizeof all);
        assert_int_equal(
            cv_lzfu_decompress(arena, value, &back, &damaged, NULL), CV_OK);
        assert_false(damaged);
        assert_int_equal(back.len, text.len);
        assert_memory_equal(back.ptr, text.ptr, text.len);
        cv_arena_free(&arena);
    }
}

static void sizes_in_the_header_are_hints(void **state)
{
    static const int32_t off[] = { -100, 100, -43, 0x7FFFFFFF };
    cv_arena *arena = NULL;
    (void)state;
    assert_int_equal(cv_arena_new(0, &arena, NULL), CV_OK);
    uint8_t *bytes = (uint8_t *)cv_arena_dup(arena, value_of(arena, 0)).ptr;
    for (size_t i = 0; i < CV_LEN(off); i++) {
        cv_slice rtf;
        bool damaged = false;
        uint32_t raw = (uint32_t)(43 + (int64_t)off[i]);
        for (size_t k = 0; k < 4; k++)
            bytes[4 + k] = (uint8_t)(raw >> 8 * k);
        assert_int_equal(cv_lzfu_decompress(arena, cv_slice_of(bytes, 49), &rtf,
                                            &damaged, NULL),
                         CV_OK);
        assert_int_equal(rtf.len, 43);
        assert_true(damaged);
    }
    cv_arena_free(&arena);
}

/* A bomb of references: 17 bytes of text each. */
static void more_than_the_limit_is_refused(void **state)
{
    cv_arena *arena = NULL;
    cv_slice rtf = { NULL, 0 };
    (void)state;
    assert_int_equal(cv_arena_new(0, &arena, NULL), CV_OK);
    size_t len = 16 + CV_LIMIT_RTF_BYTES / 8 + 100;
    uint8_t *bytes = cv_arena_alloc(arena, len);
    assert_non_null(bytes);
    memset(bytes + 16, 0xFF, len - 16);
    /* Each a reference to the byte before it: never the end token. */
    for (size_t i = 16, at = 207; i < len; i++)
        for (size_t bit = 0; bit < 8 && i + 2 < len; bit++, at += 17) {
            bytes[++i] = (uint8_t)((at - 1) % 4096 >> 4);
            bytes[++i] = (uint8_t)((at - 1) % 16 << 4 | 15);
        }
    memcpy(bytes + 8, "LZFu", 4);
    assert_int_equal(
        cv_lzfu_decompress(arena, cv_slice_of(bytes, len), &rtf, NULL, NULL),
        CV_ERR_LIMIT);
    assert_null(rtf.ptr);
    assert_int_equal(
        cv_lzfu_compress(arena, cv_slice_of(bytes, CV_LIMIT_RTF_BYTES + 1),
                         &rtf, NULL),
        CV_ERR_LIMIT);
    cv_arena_free(&arena);
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
        cmocka_unit_test(published_samples_compress_to_the_same_bytes),
        cmocka_unit_test(the_oldest_longest_reference_is_taken),
        cmocka_unit_test(sizes_in_the_header_are_hints),
        cmocka_unit_test(more_than_the_limit_is_refused),
        cmocka_unit_test(checksum_vectors),
        cmocka_unit_test(damaged_values_give_what_can_be_had),
        cmocka_unit_test(other_forms),
    };
    return cmocka_run_group_tests_name("lzfu", tests, NULL, NULL);
}
