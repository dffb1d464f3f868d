/* Pictures and objects that stand within RTF become whole files. */
#include "base/limits.h"
#include "base/reader.h"
#include "rtf/lzfu.h"
#include "rtf/rtf_native.h"

#include <string.h>

#define TWIPS_A_PIXEL 15
#define MAX_PIXELS 10000
#define BMP_HEAD 14
#define WMF_HEAD 22

static const struct {
    rtf_picture kind;
    const char *extension, *type;
    bool shown; /* by common readers of HTML mail */
} forms[] = {
    { RTF_P_PNG, "png", "image/png", true },
    { RTF_P_JPEG, "jpg", "image/jpeg", true },
    { RTF_P_EMF, "emf", "image/x-emf", true },
    { RTF_P_WMF, "wmf", "image/x-wmf", true },
    { RTF_P_DIB, "bmp", "image/bmp", true },
    { RTF_P_PICT, "pct", "image/x-pict", false },
    { RTF_P_DDB, "bin", "application/octet-stream", false },
};

void cv_rtf_pict_begin(rtf_pict *pict)
{
    cv_buf data = pict->data;
    cv_buf_reset(&data);
    *pict = (rtf_pict){ .scale_x = 100, .scale_y = 100, .data = data };
    pict->high = -1;
}

void cv_rtf_pict_word(rtf_pict *pict, const rtf_word *w, int32_t value)
{
    switch (w->value) {
    case RTF_L_PIC_KIND:
        pict->kind = (rtf_picture)w->extra;
        break;
    case RTF_L_PIC_W:
        pict->w = value;
        break;
    case RTF_L_PIC_H:
        pict->h = value;
        break;
    case RTF_L_PIC_GOAL_W:
        pict->goal_w = value;
        break;
    case RTF_L_PIC_GOAL_H:
        pict->goal_h = value;
        break;
    case RTF_L_PIC_SCALE_X:
        pict->scale_x = value;
        break;
    case RTF_L_PIC_SCALE_Y:
        pict->scale_y = value;
        break;
    default:
        break;
    }
}

static int digit(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 32;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

void cv_rtf_pict_hex(rtf_pict *pict, cv_slice digits)
{
    uint8_t bytes[512];
    size_t count = 0;
    for (size_t i = 0; i < digits.len; i++) {
        int d = digit(digits.ptr[i]);
        if (d < 0)
            continue;
        if (pict->high < 0) {
            pict->high = d;
            continue;
        }
        bytes[count++] = (uint8_t)(pict->high << 4 | d);
        pict->high = -1;
        if (count == sizeof bytes) {
            cv_buf_put(&pict->data, bytes, count);
            count = 0;
        }
    }
    cv_buf_put(&pict->data, bytes, count);
}

/* The bytes know better than the control word. */
static rtf_picture kind_of(const rtf_pict *pict)
{
    cv_slice data = cv_buf_slice(&pict->data);
    if (cv_slice_starts(data, CV_S("\x89PNG\r\n\x1A\n")))
        return RTF_P_PNG;
    if (cv_slice_starts(data, CV_S("\xFF\xD8\xFF")))
        return RTF_P_JPEG;
    if (cv_slice_starts(cv_slice_sub(data, 40, 4), CV_S(" EMF")))
        return RTF_P_EMF;
    return pict->kind;
}

static void put_u16(uint8_t *to, uint32_t v)
{
    to[0] = (uint8_t)v;
    to[1] = (uint8_t)(v >> 8);
}

static void put_u32(uint8_t *to, uint32_t v)
{
    put_u16(to, v);
    put_u16(to + 2, v >> 16);
}

/* A file's head before a bare bitmap: where the pixels begin follows from
 * the number of colours. Source: [MS-WMF] 2.2.2.9. */
static size_t bmp_head(cv_slice dib, uint8_t *to)
{
    if (dib.len < 40 || cv_slice_starts(dib, CV_S("BM")))
        return 0;
    uint32_t head = cv_peek_u32le(dib, 0), colors = cv_peek_u32le(dib, 32);
    uint32_t bits = cv_peek_u16le(dib, 14);
    uint32_t masks = cv_peek_u32le(dib, 16) == 3 && head == 40 ? 12 : 0;
    if (!colors && bits <= 8)
        colors = UINT32_C(1) << bits;
    memcpy(to, "BM", 2);
    put_u32(to + 2, (uint32_t)(dib.len + BMP_HEAD));
    put_u32(to + 6, 0);
    put_u32(to + 10, BMP_HEAD + head + masks + colors * 4);
    return BMP_HEAD;
}

/* The "placeable" head tells a metafile's size. Source: [MS-WMF] 2.3.2.3. */
static size_t wmf_head(const rtf_pict *pict, uint8_t *to)
{
    cv_slice data = cv_buf_slice(&pict->data);
    uint32_t sum = 0;
    if (data.len < 18 || cv_peek_u32le(data, 0) == UINT32_C(0x9AC6CDD7))
        return 0;
    memset(to, 0, WMF_HEAD);
    put_u32(to, UINT32_C(0x9AC6CDD7));
    put_u16(to + 10, (uint32_t)(pict->goal_w > 0 ? pict->goal_w : pict->w));
    put_u16(to + 12, (uint32_t)(pict->goal_h > 0 ? pict->goal_h : pict->h));
    put_u16(to + 14, 1440); /* units an inch */
    for (size_t i = 0; i < 20; i += 2)
        sum ^= (uint32_t)to[i] | (uint32_t)to[i + 1] << 8;
    put_u16(to + 20, sum);
    return WMF_HEAD;
}

static cv_rtf_file *new_file(rtf_native *n)
{
    if (n->file_count == CV_LIMIT_RTF_FILES) {
        n->cut = true;
        return NULL;
    }
    if (n->file_count == n->file_room) {
        size_t room = n->file_room ? n->file_room * 2 : 8;
        cv_rtf_file *files = cv_arena_array(n->arena, room, sizeof *files);
        if (!files)
            return NULL;
        if (n->file_count)
            memcpy(files, n->files, n->file_count * sizeof *files);
        n->files = files;
        n->file_room = room;
    }
    return &n->files[n->file_count];
}

/* head bytes and the data as one file; NULL when it cannot be had. */
static cv_rtf_file *add_file(rtf_native *n, const uint8_t *head, size_t len,
                             const char *stem, const char *extension,
                             const char *type)
{
    cv_slice data = cv_buf_slice(&n->pict.data);
    if (n->pict.data.status != CV_OK ||
        data.len > CV_LIMIT_RTF_BYTES - n->file_bytes) {
        n->cut = true;
        return NULL;
    }
    cv_rtf_file *f = data.len ? new_file(n) : NULL;
    uint8_t *bytes = f ? cv_arena_alloc(n->arena, len + data.len) : NULL;
    if (!bytes)
        return NULL;
    memcpy(bytes, head, len);
    memcpy(bytes + len, data.ptr, data.len);
    n->file_bytes += data.len;
    f->data = cv_slice_of(bytes, len + data.len);
    f->type = type;
    f->content_id = CV_S("");
    f->name = cv_arena_printf(n->arena, "%s%03zu.%s", stem, n->file_count + 1,
                              extension);
    n->file_count++;
    return f;
}

static unsigned pixels(int32_t goal, int32_t scale)
{
    int64_t px = (int64_t)goal * scale / (100 * TWIPS_A_PIXEL);
    return px > 0 && px <= MAX_PIXELS ? (unsigned)px : 0;
}

static void show(rtf_native *n, const cv_rtf_file *f)
{
    unsigned w = pixels(n->pict.goal_w, n->pict.scale_x);
    unsigned h = pixels(n->pict.goal_h, n->pict.scale_y);
    cv_slice size =
        w && h ? cv_arena_printf(n->arena, " width=\"%u\" height=\"%u\"", w, h)
               : CV_S("");
    cv_slice html =
        cv_arena_printf(n->arena, "<img src=\"cid:%.*s\"%.*s alt=\"\">",
                        CV_FMT(f->content_id), CV_FMT(size));
    if (html.ptr)
        cv_rtf_flow_html(n, (const char *)html.ptr);
}

void cv_rtf_pict_end(rtf_native *n)
{
    uint8_t head[WMF_HEAD];
    rtf_picture kind = kind_of(&n->pict);
    size_t len = kind == RTF_P_DIB ? bmp_head(cv_buf_slice(&n->pict.data), head)
                 : kind == RTF_P_WMF ? wmf_head(&n->pict, head)
                                     : 0;
    size_t form = 0;
    while (form + 1 < CV_LEN(forms) && forms[form].kind != kind)
        form++;
    cv_rtf_file *f = add_file(n, head, len, "image", forms[form].extension,
                              forms[form].type);
    if (!f || !forms[form].shown)
        return;
    f->content_id =
        cv_arena_printf(n->arena, "%.*s@%08x.%08zx", CV_FMT(f->name),
                        cv_lzfu_crc(f->data), f->data.len);
    show(n, f);
}

void cv_rtf_object_end(rtf_native *n)
{
    (void)add_file(n, (const uint8_t *)"", 0, "object", "ole",
                   "application/octet-stream");
}
