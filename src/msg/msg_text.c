/* 8-bit text of .msg files: which code page, and what else is tried when the
 * bytes are none of it. */
#include "base/text.h"
#include "mapi/stored.h"
#include "msg/msg_private.h"

#define UTF8_PAGE 65001
#define LAST_RESORT 1252

/* ANSI code pages of languages; a language without a row has 1252. */
typedef struct language {
    uint16_t lcid; /* whole locale id, or primary language below 0x400 */
    uint16_t page;
} language;

static const language languages[] = {
    { 0x0C1A, 1251 }, { 0x1C1A, 1251 }, { 0x201A, 1251 }, { 0x281A, 1251 },
    { 0x301A, 1251 }, { 0x0804, 936 },  { 0x1004, 936 },  { 0x082C, 1251 },
    { 0x0843, 1251 }, { 0x01, 1256 },   { 0x02, 1251 },   { 0x04, 950 },
    { 0x05, 1250 },   { 0x08, 1253 },   { 0x0D, 1255 },   { 0x0E, 1250 },
    { 0x11, 932 },    { 0x12, 949 },    { 0x15, 1250 },   { 0x18, 1250 },
    { 0x19, 1251 },   { 0x1A, 1250 },   { 0x1B, 1250 },   { 0x1C, 1250 },
    { 0x1E, 874 },    { 0x1F, 1254 },   { 0x20, 1256 },   { 0x22, 1251 },
    { 0x23, 1251 },   { 0x24, 1250 },   { 0x25, 1257 },   { 0x26, 1257 },
    { 0x27, 1257 },   { 0x29, 1256 },   { 0x2A, 1258 },   { 0x2C, 1254 },
    { 0x2F, 1251 },   { 0x3F, 1251 },   { 0x40, 1251 },   { 0x43, 1254 },
    { 0x44, 1251 },   { 0x50, 1251 },
};

static uint32_t page_of_locale(uint32_t lcid)
{
    for (size_t i = 0; i < CV_LEN(languages); i++) {
        uint16_t want = languages[i].lcid;
        if (want == (want < 0x400 ? lcid & 0x3FF : lcid & 0xFFFF))
            return languages[i].page;
    }
    return LAST_RESORT;
}

/* A code page that a property names and that we know; 0 otherwise. */
static uint32_t named_page(const cv_bag *props, cv_tag tag)
{
    int32_t page = 0;
    if (cv_bag_i32(props, tag, &page) && page > 0 &&
        cv_codepage_is_8bit((uint32_t)page))
        return (uint32_t)page;
    return 0;
}

msg_pages cv_msg_pages(const cv_bag *props, msg_pages inherited)
{
    msg_pages pages = {
        .strings = named_page(props, CV_PidTagMessageCodepage),
        .internet = named_page(props, CV_PidTagInternetCodepage),
    };
    int32_t lcid = cv_bag_i32_or(props, CV_PidTagMessageLocaleId, 0);
    pages.locale = lcid > 0 ? page_of_locale((uint32_t)lcid) : inherited.locale;
    if (!pages.strings && !pages.internet) {
        pages.strings = inherited.strings;
        pages.internet = inherited.internet;
    }
    return pages;
}

static uint32_t first_page(const msg_pages *pages)
{
    if (pages->strings)
        return pages->strings;
    return pages->internet ? pages->internet : pages->locale;
}

uint32_t cv_msg_page_to_write(const msg_pages *pages)
{
    uint32_t page = first_page(pages);
    return page ? page : UTF8_PAGE;
}

/* The page to read these bytes with. */
static uint32_t page_of_bytes(const msg_pages *pages, cv_slice bytes)
{
    uint32_t page = first_page(pages);
    if (page)
        return page;
    return cv_utf8_valid(bytes) ? UTF8_PAGE : LAST_RESORT;
}

/* Another page that the message names and whose text the bytes are. That they
 * are UTF-8 by chance is next to impossible; of a page with two-byte
 * characters they hold nothing that the locale's page could tell better. */
static uint32_t other_page(const msg_pages *pages, uint32_t failed,
                           cv_slice bytes, cv_arena *arena)
{
    const uint32_t others[] = {
        pages->internet,
        UTF8_PAGE,
        failed == UTF8_PAGE ? pages->locale : 0,
    };
    for (size_t i = 0; i < CV_LEN(others); i++) {
        bool lossy = true;
        if (others[i] == 0 || others[i] == failed)
            continue;
        if (others[i] == UTF8_PAGE && !cv_utf8_valid(bytes))
            continue;
        cv_slice text =
            cv_stored_text(CV_T_STRING8, bytes, others[i], arena, &lossy);
        if (text.ptr && !lossy)
            return others[i];
    }
    return 0;
}

cv_slice cv_msg_text(const msg_pages *pages, uint16_t type, cv_slice bytes,
                     cv_arena *arena, bool *lossy, uint32_t *instead)
{
    *instead = 0;
    if (type != CV_T_STRING8)
        return cv_stored_text(type, bytes, 0, arena, lossy);
    uint32_t page = page_of_bytes(pages, bytes);
    cv_slice text = cv_stored_text(type, bytes, page, arena, lossy);
    if (!text.ptr || !*lossy)
        return text;
    *instead = other_page(pages, page, bytes, arena);
    return *instead ? cv_stored_text(type, bytes, *instead, arena, lossy)
                    : text;
}
