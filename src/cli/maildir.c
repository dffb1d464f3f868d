#include "cli/maildir.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define MSGFLAG_READ 0x01
#define MSGFLAG_UNSENT 0x08
#define FLAG_FOLLOW_UP 2
#define VERB_REPLY 102
#define VERB_REPLY_ALL 103
#define VERB_FORWARD 104

static const struct {
    char letter;
    unsigned flag;
} letters[] = {
    { 'D', CLI_MAIL_DRAFT },  { 'F', CLI_MAIL_FLAGGED },
    { 'P', CLI_MAIL_PASSED }, { 'R', CLI_MAIL_REPLIED },
    { 'S', CLI_MAIL_READ },
};

bool cli_maildir_is(const char *path)
{
    static const char *const parts[] = { "cur", "new", "tmp" };
    bool all = true;
    for (size_t i = 0; i < CV_LEN(parts) && all; i++) {
        char *part = NULL;
        struct stat st;
        all = asprintf(&part, "%s/%s", path, parts[i]) >= 0 &&
              stat(part, &st) == 0 && S_ISDIR(st.st_mode);
        free(part);
    }
    return all;
}

/* -- modified UTF-7: UTF-16 between '&' and '-', in base64 with ',' -- */

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                             "abcdefghijklmnopqrstuvwxyz0123456789+,";

/* A character that cannot stand for itself in one part of a name. */
static void put_character(uint32_t c, cv_buf *out)
{
    cv_utf8_put(out, c == '/' || c == 0 ? '_' : c);
}

/* What stands between '&' and '-'. */
static void put_shifted(cv_slice coded, cv_buf *out)
{
    uint32_t bits = 0, have = 0, high = 0;
    for (size_t i = 0; i < coded.len; i++) {
        const char *digit = strchr(digits, coded.ptr[i]);
        bits = bits << 6 | (uint32_t)(digit - digits);
        have += 6;
        if (have < 16)
            continue;
        have -= 16;
        uint32_t unit = bits >> have & 0xFFFF;
        if (unit >= 0xD800 && unit < 0xDC00) {
            high = unit;
        } else if (unit >= 0xDC00 && unit < 0xE000) {
            put_character(high ? 0x10000 + ((high - 0xD800) << 10) +
                                     (unit - 0xDC00)
                               : 0xFFFD,
                          out);
            high = 0;
        } else {
            put_character(unit, out);
        }
    }
}

/* The length of a shifted run behind '&', without its '-'; CV_NPOS when it
 * is none. */
static size_t shifted_len(cv_slice text)
{
    size_t i = 0;
    while (i < text.len && text.ptr[i] && strchr(digits, text.ptr[i]))
        i++;
    return i < text.len && text.ptr[i] == '-' ? i : CV_NPOS;
}

char *cli_maildir_folder(const char *name)
{
    cv_slice in = cv_slice_cstr(name + (*name == '.'));
    cv_buf out;
    cv_buf_init(&out, 0);
    for (size_t i = 0; i < in.len; i++) {
        size_t run = in.ptr[i] == '&'
                         ? shifted_len(cv_slice_sub(in, i + 1, in.len))
                         : CV_NPOS;
        if (run == 0)
            cv_buf_put_byte(&out, '&');
        else if (run != CV_NPOS)
            put_shifted(cv_slice_sub(in, i + 1, run), &out);
        else
            cv_buf_put_byte(&out, in.ptr[i] == '.' ? '/' : in.ptr[i]);
        if (run != CV_NPOS)
            i += run + 1;
    }
    cv_buf_put_byte(&out, '\0');
    if (out.status == CV_OK)
        return (char *)out.data;
    cv_buf_clear(&out);
    return NULL;
}

static void put_units(const uint16_t *units, size_t count, cv_buf *out)
{
    uint32_t bits = 0, have = 0;
    cv_buf_put_byte(out, '&');
    for (size_t i = 0; i < count; i++) {
        bits = bits << 16 | units[i];
        for (have += 16; have >= 6; have -= 6)
            cv_buf_put_byte(out, (uint8_t)digits[bits >> (have - 6) & 63]);
        bits &= (1u << have) - 1;
    }
    if (have)
        cv_buf_put_byte(out, (uint8_t)digits[bits << (6 - have) & 63]);
    cv_buf_put_byte(out, '-');
}

/* '.' parts folders; what starts or ends a name in a shell or on another
 * system goes coded, too. */
static bool is_direct(uint32_t c)
{
    return c >= 0x20 && c <= 0x7E && !strchr(".&:*?\"<>|\\/~", (int)c);
}

static void put_part(cv_slice part, cv_buf *out)
{
    uint16_t units[64];
    size_t count = 0;
    for (size_t i = 0; i < part.len;) {
        uint32_t c = cv_utf8_next(part, &i);
        bool direct = is_direct(c);
        if (count && (direct || c == '&' || count > CV_LEN(units) - 2)) {
            put_units(units, count, out);
            count = 0;
        }
        if (direct) {
            cv_buf_put_byte(out, (uint8_t)c);
        } else if (c == '&') {
            cv_buf_put_str(out, "&-");
        } else if (c >= 0x10000) {
            units[count++] = (uint16_t)(0xD800 + ((c - 0x10000) >> 10));
            units[count++] = (uint16_t)(0xDC00 + (c & 0x3FF));
        } else {
            units[count++] = (uint16_t)c;
        }
    }
    if (count)
        put_units(units, count, out);
}

void cli_maildir_put_folder(cv_slice folder, cv_buf *out)
{
    for (cv_slice rest = folder; rest.len;) {
        cv_slice part = cv_slice_cut(&rest, '/');
        if (!part.len)
            continue;
        cv_buf_put_byte(out, '.');
        put_part(part, out);
    }
}

/* -- flags -- */

unsigned cli_maildir_flags(const char *name)
{
    const char *info = strstr(name, ":2,");
    unsigned flags = 0;
    for (size_t i = 0; info && i < CV_LEN(letters); i++)
        if (strchr(info + 3, letters[i].letter))
            flags |= letters[i].flag;
    return flags;
}

void cli_maildir_put_flags(unsigned flags, cv_buf *out)
{
    for (size_t i = 0; i < CV_LEN(letters); i++)
        if (flags & letters[i].flag)
            cv_buf_put_byte(out, (uint8_t)letters[i].letter);
}

unsigned cli_mail_flags_of(const cv_object *obj)
{
    const cv_bag *props = cv_object_props(obj);
    int32_t state = cv_bag_i32_or(props, CV_PidTagMessageFlags, 0);
    int32_t verb = cv_bag_i32_or(props, CV_PidTagLastVerbExecuted, 0);
    unsigned flags = state & MSGFLAG_READ ? CLI_MAIL_READ : 0;
    if (state & MSGFLAG_UNSENT)
        flags |= CLI_MAIL_DRAFT;
    if (verb == VERB_REPLY || verb == VERB_REPLY_ALL)
        flags |= CLI_MAIL_REPLIED;
    if (verb == VERB_FORWARD)
        flags |= CLI_MAIL_PASSED;
    if (cv_bag_i32_or(props, CV_PidTagFlagStatus, 0) == FLAG_FOLLOW_UP)
        flags |= CLI_MAIL_FLAGGED;
    return flags;
}

cv_status cli_mail_flags_set(cv_object *obj, unsigned flags)
{
    cv_bag *props = cv_object_props(obj);
    int32_t state = cv_bag_i32_or(props, CV_PidTagMessageFlags, 0);
    state &= ~(MSGFLAG_READ | MSGFLAG_UNSENT);
    if (flags & CLI_MAIL_READ)
        state |= MSGFLAG_READ;
    if (flags & CLI_MAIL_DRAFT)
        state |= MSGFLAG_UNSENT;
    CV_TRY(cv_bag_set_i32(props, CV_PidTagMessageFlags, state));
    if (flags & CLI_MAIL_FLAGGED)
        CV_TRY(cv_bag_set_i32(props, CV_PidTagFlagStatus, FLAG_FOLLOW_UP));
    if (flags & (CLI_MAIL_REPLIED | CLI_MAIL_PASSED))
        CV_TRY(cv_bag_set_i32(props, CV_PidTagLastVerbExecuted,
                              flags & CLI_MAIL_REPLIED ? VERB_REPLY
                                                       : VERB_FORWARD));
    return CV_OK;
}
