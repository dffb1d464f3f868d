/* Character sets of text.h. UTF-8, ASCII, Latin-1 and windows-1252 are done
 * here; ICU does the others and iconv what ICU lacks. Opening an ICU
 * converter costs 0.2 us once its table is loaded, so none is kept. */
#include "base/text.h"

#include "base/icu_private.h"
#include "base/text_private.h"

#include <errno.h>
#include <iconv.h>
#include <string.h>

#define CP_UTF8 65001
#define CP_ASCII 20127
#define CP_LATIN1 28591
#define CP_1252 1252
#define CP_UTF7 65000

typedef enum engine { OWN, ICU, ICONV } engine;

typedef struct codepage {
    uint32_t number;
    const char *mime;
    engine engine;
    const char *decoder; /* the engine's name for it */
    const char *encoder; /* empty: as decoder */
    bool ascii;          /* bytes below 0x80 are ASCII */
} codepage;

static const codepage codepages[] = {
#define CODEPAGE(number, mime, engine, decoder, encoder, ascii) \
    { number, mime, engine, decoder, encoder, ascii },
#include "base/codepages.def"
#undef CODEPAGE
};

static const struct {
    const char *name;
    uint32_t number;
} aliases[] = {
#define CHARSET_ALIAS(name, number) { name, number },
#include "base/charset_aliases.def"
#undef CHARSET_ALIAS
};

/* Labels that say "I do not know": the bytes decide, nothing is reported. */
static const char *const shrugs[] = {
    "x-user-defined", "unknown-8bit", "8bit", "x-unknown", "unknown", "none"
};

static const codepage *find_codepage(uint32_t number)
{
    for (size_t i = 0; i < CV_LEN(codepages); i++) {
        if (codepages[i].number == number)
            return &codepages[i];
    }
    return NULL;
}

/* -- names -- */

/* Lower-case letter or digit at *i or behind, 0 at the end. */
static uint8_t name_char(cv_slice s, size_t *i)
{
    while (*i < s.len) {
        uint8_t c = s.ptr[(*i)++];
        if (c != '-' && c != '_' && c != ' ')
            return (uint8_t)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
    }
    return 0;
}

static bool name_eq(cv_slice name, const char *known)
{
    cv_slice k = cv_slice_cstr(known);
    size_t i = 0, j = 0;
    uint8_t a, b;
    do {
        a = name_char(name, &i);
        b = name_char(k, &j);
    } while (a == b && a != 0);
    return a == b;
}

static cv_slice unquote(cv_slice name)
{
    name = cv_slice_trim(name);
    while (name.len && (name.ptr[0] == '"' || name.ptr[0] == '\''))
        name = cv_slice_sub(name, 1, name.len);
    while (name.len &&
           (name.ptr[name.len - 1] == '"' || name.ptr[name.len - 1] == '\''))
        name.len--;
    return cv_slice_trim(name);
}

/* "cp850", "windows-1251", "437": the number of a known code page or 0. */
static uint32_t numbered_codepage(cv_slice name)
{
    static const char *const prefixes[] = { "windows", "x-cp", "cp",  "ibm",
                                            "dos",     "ms",   "oem", "" };
    uint32_t number;
    for (size_t i = 0; i < CV_LEN(prefixes); i++) {
        cv_slice prefix = cv_slice_cstr(prefixes[i]);
        if (!cv_slice_istarts(name, prefix))
            continue;
        cv_slice rest = cv_slice_sub(name, prefix.len, name.len);
        if (rest.len && (rest.ptr[0] == '-' || rest.ptr[0] == '_'))
            rest = cv_slice_sub(rest, 1, rest.len);
        if (rest.len == 0 || rest.ptr[0] < '0' || rest.ptr[0] > '9')
            continue;
        if (cv_parse_u32(rest, &number) != CV_OK)
            return 0;
        return find_codepage(number) ? number : 0;
    }
    return 0;
}

uint32_t cv_codepage_of_charset(cv_slice charset)
{
    cv_slice name = unquote(charset);
    if (name.len == 0 || name.len > 64)
        return 0;
    for (size_t i = 0; i < CV_LEN(codepages); i++) {
        if (name_eq(name, codepages[i].mime))
            return codepages[i].number;
    }
    for (size_t i = 0; i < CV_LEN(aliases); i++) {
        if (name_eq(name, aliases[i].name))
            return aliases[i].number;
    }
    return numbered_codepage(name);
}

const char *cv_charset_of_codepage(uint32_t number)
{
    const codepage *page = find_codepage(number);
    return page ? page->mime : NULL;
}

bool cv_codepage_is_8bit(uint32_t number)
{
    return number != 1200 && number != 1201 && number != 12000 &&
           number != 12001 && find_codepage(number) != NULL;
}

/* -- windows-1252 and its kin -- */

/* 0x80 to 0x9F. The five unassigned ones are C1 controls, as in WHATWG. */
static const uint16_t high_1252[32] = {
    0x20ac, 0x0081, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021,
    0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0x008d, 0x017d, 0x008f,
    0x0090, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
    0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0x009d, 0x017e, 0x0178
};

static uint32_t of_1252(uint8_t c)
{
    return c >= 0x80 && c < 0xa0 ? high_1252[c - 0x80] : c;
}

static cv_slice decode_1252(cv_arena *arena, cv_slice bytes)
{
    uint8_t scratch[4];
    size_t size = 0;
    for (size_t i = 0; i < bytes.len; i++)
        size += bytes.ptr[i] < 0x80
                    ? 1
                    : cv_utf8_encode(scratch, of_1252(bytes.ptr[i]));
    uint8_t *out = cv_arena_alloc(arena, size), *to = out;
    if (!out)
        return (cv_slice){ NULL, 0 };
    for (size_t i = 0; i < bytes.len; i++)
        to += cv_utf8_encode(to, of_1252(bytes.ptr[i]));
    return (cv_slice){ out, size };
}

/* The byte of code_point in ASCII, Latin-1 or windows-1252; -1: none. */
static int single_byte_of(uint32_t code_point, uint32_t number)
{
    if (code_point < 0x80)
        return (int)code_point;
    if (number == CP_ASCII)
        return -1;
    if (number == CP_LATIN1)
        return code_point <= 0xff ? (int)code_point : -1;
    if (code_point >= 0xa0 && code_point <= 0xff)
        return (int)code_point;
    for (int i = 0; i < 32; i++) {
        if (high_1252[i] == code_point)
            return 0x80 + i;
    }
    return -1;
}

/* -- decoding -- */

/* ICU would put U+001A for some bytes and U+FFFD for others; this puts U+FFFD
 * for all and remembers it. */
static void on_bad_bytes(const void *context, UConverterToUnicodeArgs *args,
                         const char *bytes, int32_t len,
                         UConverterCallbackReason reason, UErrorCode *code)
{
    static const UChar replacement = 0xfffd;
    (void)bytes;
    (void)len;
    if (reason > UCNV_IRREGULAR)
        return;
    *(bool *)(uintptr_t)context = true;
    *code = U_ZERO_ERROR;
    cv_icu_converters_get()->ucnv_cbToUWriteUChars(args, &replacement, 1, 0,
                                                   code);
}

/* Appends units as UTF-8. *high holds half of a pair between calls. */
static void put_units(cv_buf *buf, const UChar *units, size_t count,
                      UChar *high)
{
    uint8_t out[3 * 512];
    size_t used = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t c = units[i];
        if (c >= 0xdc00 && c <= 0xdfff && *high) {
            c = 0x10000 + ((uint32_t)(*high - 0xd800) << 10) + (c - 0xdc00);
        } else if (c >= 0xd800 && c <= 0xdbff) {
            *high = (UChar)c;
            continue;
        }
        *high = 0;
        if (used + 4 > sizeof(out)) {
            cv_buf_put(buf, out, used);
            used = 0;
        }
        used += cv_utf8_encode(out + used, c);
    }
    cv_buf_put(buf, out, used);
}

static bool icu_decode(const char *name, cv_slice bytes, cv_buf *buf,
                       bool *lost)
{
    const cv_icu_converters *icu = cv_icu_converters_get();
    UErrorCode code = U_ZERO_ERROR;
    if (!icu)
        return false;
    UConverter *cnv = icu->ucnv_open(name, &code);
    if (U_FAILURE(code))
        return false;
    icu->ucnv_setToUCallBack(cnv, on_bad_bytes, lost, NULL, NULL, &code);
    const char *from = (const char *)bytes.ptr, *end = from + bytes.len;
    UChar units[512], high = 0;
    do {
        UChar *to = units;
        code = U_ZERO_ERROR;
        icu->ucnv_toUnicode(cnv, &to, units + CV_LEN(units), &from, end, NULL,
                            true, &code);
        put_units(buf, units, (size_t)(to - units), &high);
    } while (code == U_BUFFER_OVERFLOW_ERROR && buf->status == CV_OK);
    icu->ucnv_close(cnv);
    return U_SUCCESS(code) || buf->status != CV_OK;
}

static bool iconv_decode(const char *name, cv_slice bytes, cv_buf *buf,
                         bool *lost)
{
    iconv_t cd = iconv_open("UTF-8", name);
    if (cd == (iconv_t)-1)
        return false;
    char *from = (char *)(uintptr_t)bytes.ptr;
    size_t left = bytes.len;
    while (left && buf->status == CV_OK) {
        char out[1024], *to = out;
        size_t room = sizeof(out);
        size_t done = iconv(cd, &from, &left, &to, &room);
        cv_buf_put(buf, out, sizeof(out) - room);
        if (done == (size_t)-1 && errno != E2BIG) {
            cv_utf8_put(buf, 0xfffd);
            *lost = true;
            from++;
            left--;
        }
    }
    char out[64], *to = out;
    size_t room = sizeof(out);
    (void)iconv(cd, NULL, NULL, &to, &room);
    cv_buf_put(buf, out, sizeof(out) - room);
    iconv_close(cd);
    return true;
}

/* A mark at the start of UTF-16 and UTF-32 outweighs the label and is no
 * text. */
static const codepage *skip_mark(const codepage *page, cv_slice *bytes)
{
    static const struct {
        uint32_t number;
        cv_slice mark;
        bool wide;
    } marks[] = {
        { 12000, { (const uint8_t *)"\xff\xfe\0\0", 4 }, true },
        { 12001, { (const uint8_t *)"\0\0\xfe\xff", 4 }, true },
        { 1200, { (const uint8_t *)"\xff\xfe", 2 }, false },
        { 1201, { (const uint8_t *)"\xfe\xff", 2 }, false },
    };
    bool wide = page->number == 12000 || page->number == 12001;
    if (!wide && page->number != 1200 && page->number != 1201)
        return page;
    for (size_t i = 0; i < CV_LEN(marks); i++) {
        if (marks[i].wide == wide && cv_slice_starts(*bytes, marks[i].mark)) {
            *bytes = cv_slice_sub(*bytes, marks[i].mark.len, bytes->len);
            return find_codepage(marks[i].number);
        }
    }
    return page;
}

/* Decodes by ICU or iconv; U+FFFD sets *lost. */
static cv_slice decode_foreign(cv_arena *arena, const codepage *page,
                               cv_slice bytes, bool *lost)
{
    page = skip_mark(page, &bytes);
    if (page->number == 1200)
        return cv_utf16le_to_utf8(arena, bytes, false, lost);
    cv_buf buf;
    cv_buf_init(&buf, 0);
    bool known = page->engine == ICU
                     ? icu_decode(page->decoder, bytes, &buf, lost)
                     : iconv_decode(page->decoder, bytes, &buf, lost);
    cv_slice out;
    if (known) {
        out = cv_buf_dup(&buf, arena);
    } else {
        *lost = true; /* this system's ICU or iconv was built without it */
        out = decode_1252(arena, bytes);
    }
    cv_buf_clear(&buf);
    return out;
}

/* Without a page the bytes decide. */
static cv_slice decode(cv_arena *arena, const codepage *page, cv_slice bytes,
                       bool *lost)
{
    if ((!page || page->ascii) && cv_is_ascii(bytes))
        return cv_arena_dup(arena, bytes);
    if (page && page->number == CP_UTF8) {
        cv_slice out = cv_utf8_repair(arena, bytes);
        *lost = out.ptr != bytes.ptr;
        return *lost ? out : cv_arena_dup(arena, bytes);
    }
    if ((!page || page->number == CP_ASCII) && cv_utf8_valid(bytes))
        return cv_arena_dup(arena, bytes);
    if (!page || page->engine == OWN)
        return decode_1252(arena, bytes);
    return decode_foreign(arena, page, bytes, lost);
}

cv_slice cv_codepage_to_utf8(cv_arena *arena, uint32_t number, cv_slice bytes,
                             bool *lossy)
{
    const codepage *page = find_codepage(number);
    bool lost = false;
    cv_slice out = decode(arena, page, bytes, &lost);
    if (lossy)
        *lossy = lost || !page;
    return out;
}

static bool is_shrug(cv_slice charset)
{
    cv_slice name = unquote(charset);
    for (size_t i = 0; i < CV_LEN(shrugs); i++) {
        if (name_eq(name, shrugs[i]))
            return true;
    }
    return name.len == 0;
}

cv_slice cv_charset_to_utf8(cv_arena *arena, cv_slice charset, cv_slice bytes,
                            bool *lossy)
{
    const codepage *page = find_codepage(cv_codepage_of_charset(charset));
    bool lost = false;
    cv_slice out = decode(arena, page, bytes, &lost);
    if (lossy)
        *lossy = lost || (!page && !is_shrug(charset));
    return out;
}

/* -- encoding -- */

static cv_status no_counterpart(cv_error *err, size_t offset, cv_slice charset)
{
    return cv_fail_at(err, CV_ERR_RANGE, offset,
                      "character has no counterpart in %.*s", CV_FMT(charset));
}

static cv_status encode_own(cv_arena *arena, cv_slice text, cv_slice charset,
                            uint32_t number, cv_slice *out, cv_error *err)
{
    uint8_t *bytes = cv_arena_alloc(arena, text.len);
    size_t used = 0;
    if (!bytes)
        return cv_arena_fail(arena, err);
    for (size_t i = 0; i < text.len;) {
        size_t at = i;
        int byte = single_byte_of(cv_utf8_next(text, &i), number);
        if (byte < 0)
            return no_counterpart(err, at, charset);
        bytes[used++] = (uint8_t)byte;
    }
    *out = (cv_slice){ bytes, used };
    return CV_OK;
}

/* CV_ERR_RANGE when a character has no counterpart. */
static cv_status icu_encode(const char *name, cv_slice text, cv_buf *buf)
{
    const cv_icu_converters *icu = cv_icu_converters_get();
    UErrorCode code = U_ZERO_ERROR;
    if (!icu)
        return CV_ERR_UNSUP;
    UConverter *to = icu->ucnv_open(name, &code);
    UConverter *from = icu->ucnv_open("UTF-8", &code);
    if (U_FAILURE(code)) {
        icu->ucnv_close(to);
        icu->ucnv_close(from);
        return CV_ERR_UNSUP;
    }
    icu->ucnv_setFromUCallBack(to, icu->UCNV_FROM_U_CALLBACK_STOP, NULL, NULL,
                               NULL, &code);
    UChar pivot[512], *pivot_from = pivot, *pivot_to = pivot;
    const char *in = (const char *)text.ptr;
    bool first = true;
    do {
        char out[1024], *at = out;
        code = U_ZERO_ERROR;
        icu->ucnv_convertEx(to, from, &at, out + sizeof(out), &in,
                            (const char *)text.ptr + text.len, pivot,
                            &pivot_from, &pivot_to, pivot + CV_LEN(pivot),
                            first, true, &code);
        cv_buf_put(buf, out, (size_t)(at - out));
        first = false;
    } while (code == U_BUFFER_OVERFLOW_ERROR && buf->status == CV_OK);
    icu->ucnv_close(to);
    icu->ucnv_close(from);
    return U_FAILURE(code) && code != U_BUFFER_OVERFLOW_ERROR ? CV_ERR_RANGE
                                                              : CV_OK;
}

static cv_status iconv_encode(const char *name, cv_slice text, cv_buf *buf)
{
    iconv_t cd = iconv_open(name, "UTF-8");
    if (cd == (iconv_t)-1)
        return CV_ERR_UNSUP;
    char *from = (char *)(uintptr_t)text.ptr;
    size_t left = text.len;
    cv_status status = CV_OK;
    while (left && status == CV_OK && buf->status == CV_OK) {
        char out[1024], *to = out;
        size_t room = sizeof(out);
        size_t done = iconv(cd, &from, &left, &to, &room);
        cv_buf_put(buf, out, sizeof(out) - room);
        if (done == (size_t)-1 && errno != E2BIG)
            status = CV_ERR_RANGE;
    }
    char out[64], *to = out;
    size_t room = sizeof(out);
    (void)iconv(cd, NULL, NULL, &to, &room);
    cv_buf_put(buf, out, sizeof(out) - room);
    iconv_close(cd);
    return status;
}

static cv_status encode_foreign(cv_arena *arena, cv_slice text,
                                cv_slice charset, const codepage *page,
                                cv_slice *out, cv_error *err)
{
    const char *name = page->encoder[0] ? page->encoder : page->decoder;
    cv_buf buf;
    cv_buf_init(&buf, 0);
    cv_status status = page->engine == ICU ? icu_encode(name, text, &buf)
                                           : iconv_encode(name, text, &buf);
    if (status == CV_ERR_RANGE)
        status = no_counterpart(err, UINT64_MAX, charset);
    else if (status != CV_OK)
        status = cv_fail(err, status, "no encoder for %.*s", CV_FMT(charset));
    else
        status = cv_buf_status(&buf, err);
    if (status == CV_OK) {
        *out = cv_buf_dup(&buf, arena);
        if (!out->ptr)
            status = cv_arena_fail(arena, err);
    }
    cv_buf_clear(&buf);
    return status;
}

cv_status cv_utf8_to_charset(cv_arena *arena, cv_slice text, cv_slice charset,
                             cv_slice *out, cv_error *err)
{
    const codepage *page = find_codepage(cv_codepage_of_charset(charset));
    if (!page || page->number == CP_UTF7) {
        charset = cv_utf8_clip(charset, 64);
        return cv_fail(err, CV_ERR_UNSUP, "no encoder for %.*s",
                       CV_FMT(charset));
    }
    if (page->number == CP_UTF8 || (page->ascii && cv_is_ascii(text))) {
        cv_slice copy = cv_arena_dup(arena, text);
        if (!copy.ptr)
            return cv_arena_fail(arena, err);
        *out = copy;
        return CV_OK;
    }
    if (page->engine == OWN)
        return encode_own(arena, text, charset, page->number, out, err);
    return encode_foreign(arena, text, charset, page, out, err);
}
