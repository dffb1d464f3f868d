/* Numbers and bullets of paragraphs: what a writer put there as text decides,
 * the list table says which of several forms it is. */
#include "rtf/rtf_native.h"

#include "base/text.h"

#include <string.h>

enum { NFC_BULLET = 23, NFC_NONE = 255 };

void cv_rtf_list_begin(rtf_lists *lists)
{
    if (lists->list_count < RTF_MAX_LISTS)
        lists->lists[lists->list_count++] = (rtf_list){ .id = 0 };
}

void cv_rtf_override_begin(rtf_lists *lists)
{
    if (lists->override_count < RTF_MAX_LISTS)
        lists->overrides[lists->override_count++] = (rtf_override){ 0, 0 };
}

void cv_rtf_list_id(rtf_lists *lists, rtf_dest dest, int32_t id)
{
    if (dest == RTF_D_OVERRIDE && lists->override_count)
        lists->overrides[lists->override_count - 1].id = id;
    else if (lists->list_count)
        lists->lists[lists->list_count - 1].id = id;
}

static int32_t nfc_of(const rtf_lists *lists, const rtf_para *para)
{
    size_t level = para->level < 0 ? 0 : (size_t)para->level;
    for (size_t i = 0; i < lists->override_count; i++) {
        if (lists->overrides[i].ls != para->ls)
            continue;
        for (size_t k = 0; k < lists->list_count; k++)
            if (lists->lists[k].id == lists->overrides[i].id)
                return level < lists->lists[k].levels
                           ? lists->lists[k].nfc[level]
                           : NFC_NONE;
    }
    return NFC_NONE;
}

static char kind_of_nfc(int32_t nfc)
{
    static const char kinds[] = "1IiAa";
    return nfc == NFC_BULLET                             ? '*'
           : nfc >= 0 && nfc + 1 < (int32_t)sizeof kinds ? kinds[nfc]
                                                         : 0;
}

static int32_t roman_digit(uint8_t c)
{
    static const char digits[] = "ivxlcdm";
    static const int32_t values[] = { 1, 5, 10, 50, 100, 500, 1000 };
    const char *at = c ? strchr(digits, c | 32) : NULL;
    return at ? values[at - digits] : 0;
}

/* -1 when it is no roman number. */
static int32_t roman_value(cv_slice s)
{
    int32_t sum = 0;
    if (!s.len || s.len > 15)
        return -1;
    for (size_t i = 0; i < s.len; i++) {
        int32_t v = roman_digit(s.ptr[i]);
        int32_t next = i + 1 < s.len ? roman_digit(s.ptr[i + 1]) : 0;
        if (!v)
            return -1;
        sum += v < next ? -v : v;
    }
    return sum;
}

static bool is_upper(uint8_t c)
{
    return c >= 'A' && c <= 'Z';
}

/* Letters before a point: a roman number or the alphabet's place. */
static rtf_item letters(cv_slice s, int32_t nfc, const rtf_open_list *open)
{
    rtf_item item = { 0, -1, 0 };
    bool upper = is_upper(s.ptr[0]);
    int32_t roman = roman_value(s);
    int32_t place = (s.ptr[0] | 32) - 'a' + 1;
    bool alphabet = s.len == 1;
    /* "i." after "h." is a letter; "v." after "iv." is not. */
    if (roman > 0 && alphabet) {
        bool follows = open && (open->kind | 32) == 'a' && open->next == place;
        alphabet = nfc == 3 || nfc == 4 || follows ||
                   (nfc != 1 && nfc != 2 && roman != 1 &&
                    !(open && (open->kind | 32) == 'i'));
    }
    if (alphabet)
        item = (rtf_item){ upper ? 'A' : 'a', place, 0 };
    else if (roman > 0)
        item = (rtf_item){ upper ? 'I' : 'i', roman, 0 };
    return item;
}

/* The form of "3.", "(b)", "iv)"; kind 0 when it is no such thing. */
static rtf_item number(cv_slice s, int32_t nfc, const rtf_open_list *open)
{
    rtf_item item = { 0, -1, 0 };
    size_t n = 0;
    bool bracket = s.len && s.ptr[0] == '(';
    s = cv_slice_sub(s, bracket, s.len);
    bool point = s.len && (s.ptr[s.len - 1] == '.' || s.ptr[s.len - 1] == ')');
    s.len -= point;
    while (n < s.len && s.ptr[n] >= '0' && s.ptr[n] <= '9')
        n++;
    if (s.len && n == s.len && n < 7) {
        uint32_t value = 0;
        if (cv_parse_u32(s, &value) == CV_OK)
            item = (rtf_item){ '1', (int32_t)value, 0 };
        return item;
    }
    for (n = 0; n < s.len; n++)
        if ((s.ptr[n] | 32) < 'a' || (s.ptr[n] | 32) > 'z' ||
            is_upper(s.ptr[n]) != is_upper(s.ptr[0]))
            return item;
    return s.len && point ? letters(s, nfc, open) : item;
}

/* One sign that is no digit, or the "o" of a typewriter font. */
static bool is_bullet(cv_slice s)
{
    size_t pos = 0;
    uint32_t c = s.len ? cv_utf8_next(s, &pos) : 0;
    return c && pos == s.len && !(c >= '0' && c <= '9') &&
           !(c != 'o' && c < 0x80 && ((c | 32) >= 'a' && (c | 32) <= 'z'));
}

static cv_slice trim_marker(cv_slice s)
{
    s = cv_slice_trim(s);
    while (cv_slice_ends(s, CV_S("\xC2\xA0")))
        s = cv_slice_trim(cv_slice_sub(s, 0, s.len - 2));
    return s;
}

rtf_item cv_rtf_item_of(const rtf_native *n, const rtf_para *para,
                        const rtf_open_list *open)
{
    cv_slice marker = trim_marker(cv_buf_slice(&n->marker));
    int32_t nfc = para->ls > 0 ? nfc_of(&n->lists, para) : para->pn;
    rtf_item item = { 0, -1, 0 };
    if (!marker.len)
        item.kind = para->ls > 0 || para->pn >= 0 ? kind_of_nfc(nfc) : (char)0;
    else if (is_bullet(marker))
        item.kind = '*';
    else
        item = number(marker, nfc, open);
    if (marker.len && !item.kind)
        item.kind = '=';
    item.level = para->level < 0                 ? 0
                 : para->level < RTF_LIST_LEVELS ? para->level
                                                 : RTF_LIST_LEVELS - 1;
    return item;
}
