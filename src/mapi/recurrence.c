#include "mapi/recurrence.h"

#include "base/limits.h"
#include "base/reader.h"
#include "base/text.h"

#include <stdlib.h>

#define DAY 1440u
#define ENDLESS_FROM UINT32_C(0x5AE6D29F) /* 4500-08-31 23:59 */
#define MIN_EXCEPTION_BYTES 14

#define OVERRIDE_TEXT (CV_OVERRIDE_SUBJECT | CV_OVERRIDE_LOCATION)

typedef struct reading {
    cv_arena *arena;
    cv_reader r;
    uint32_t codepage;
    uint32_t writer; /* WriterVersion2 */
    bool damaged;
    uint32_t *late; /* arena; NULL: none */
    size_t late_count;
} reading;

/* -- reading: the pattern -- */

static int compare_minutes(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

/* Whole days, ascending, each once. */
static size_t tidy_dates(uint32_t *dates, size_t count, bool *damaged)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (dates[i] % DAY)
            *damaged = true;
        dates[i] -= dates[i] % DAY;
        if (i && dates[i] <= dates[i - 1])
            *damaged = true;
    }
    if (count > 1)
        qsort(dates, count, sizeof(*dates), compare_minutes);
    for (size_t i = 0; i < count; i++)
        if (i == 0 || dates[i] != dates[kept - 1])
            dates[kept++] = dates[i];
    return kept;
}

/* Days of dates from noon on, which may mean the next midnight. */
static cv_status note_late(reading *in, const uint32_t *dates, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (dates[i] % DAY < DAY / 2)
            continue;
        if (!in->late)
            in->late = cv_arena_array(in->arena, count, sizeof(*in->late));
        if (!in->late)
            return cv_arena_status(in->arena);
        in->late[in->late_count++] = dates[i] - dates[i] % DAY;
    }
    return CV_OK;
}

/* Midnights of a zone to the east: the next day is meant when it is an
 * instance and the day itself is none (C154). */
static void round_deleted(const reading *in, cv_recurrence *r)
{
    if (in->late_count == 0 || !cv_recurrence_is_computable(r))
        return;
    for (size_t i = 0; i < in->late_count; i++) {
        uint32_t *found = bsearch(&in->late[i], r->deleted, r->deleted_count,
                                  sizeof(*r->deleted), compare_minutes);
        if (found && !cv_recurrence_is_instance(r, *found) &&
            cv_recurrence_is_instance(r, *found + DAY))
            *found += DAY;
    }
}

static cv_status read_dates(reading *in, uint32_t **dates, size_t *count)
{
    uint32_t n;

    CV_TRY(cv_read_u32le(&in->r, &n));
    if (n > CV_LIMIT_RECUR_DATES)
        return CV_ERR_LIMIT;
    if ((size_t)n * 4 > cv_reader_left(&in->r))
        return CV_ERR_TRUNC;
    *dates = cv_arena_array(in->arena, n, sizeof(**dates));
    if (!*dates)
        return cv_arena_status(in->arena);
    for (size_t i = 0; i < n; i++)
        (void)cv_read_u32le(&in->r, &(*dates)[i]);
    if (!in->late)
        CV_TRY(note_late(in, *dates, n));
    *count = tidy_dates(*dates, n, &in->damaged);
    return in->r.status;
}

static cv_status read_specific(reading *in, cv_recurrence *out)
{
    switch (out->pattern) {
    case CV_PATTERN_DAY:
        return CV_OK;
    case CV_PATTERN_WEEK:
        return cv_read_u32le(&in->r, &out->day_mask);
    case CV_PATTERN_MONTH:
    case CV_PATTERN_MONTH_END:
    case CV_PATTERN_HJ_MONTH:
    case CV_PATTERN_HJ_MONTH_END:
        return cv_read_u32le(&in->r, &out->day);
    case CV_PATTERN_MONTH_NTH:
    case CV_PATTERN_HJ_MONTH_NTH:
        (void)cv_read_u32le(&in->r, &out->day_mask);
        return cv_read_u32le(&in->r, &out->nth);
    default:
        return CV_ERR_SYNTAX;
    }
}

static cv_status read_head(reading *in, cv_recurrence *out)
{
    uint16_t reader, writer;

    (void)cv_read_u16le(&in->r, &reader);
    (void)cv_read_u16le(&in->r, &writer);
    (void)cv_read_u16le(&in->r, &out->frequency);
    (void)cv_read_u16le(&in->r, &out->pattern);
    (void)cv_read_u16le(&in->r, &out->calendar);
    (void)cv_read_u32le(&in->r, &out->first);
    (void)cv_read_u32le(&in->r, &out->period);
    CV_TRY(cv_read_u32le(&in->r, &out->sliding));
    if (reader < 0x3004 || reader > 0x3009 || out->frequency < CV_RECUR_DAILY ||
        out->frequency > CV_RECUR_YEARLY)
        return CV_ERR_SYNTAX;
    CV_TRY(read_specific(in, out));
    (void)cv_read_u32le(&in->r, &out->end_type);
    (void)cv_read_u32le(&in->r, &out->count);
    return cv_read_u32le(&in->r, &out->first_dow);
}

static cv_status read_pattern(reading *in, cv_recurrence *out)
{
    CV_TRY(read_head(in, out));
    CV_TRY(read_dates(in, &out->deleted, &out->deleted_count));
    CV_TRY(read_dates(in, &out->modified, &out->modified_count));
    (void)cv_read_u32le(&in->r, &out->start_date);
    return cv_read_u32le(&in->r, &out->end_date);
}

/* -- reading: exceptions -- */

static void read_i32(reading *in, uint16_t flags, unsigned flag, int32_t *out)
{
    if (flags & flag)
        (void)cv_read_i32le(&in->r, out);
}

static void read_narrow(reading *in, uint16_t flags, unsigned flag,
                        cv_slice *out)
{
    uint16_t with_nul, len;
    cv_slice bytes;

    if (!(flags & flag))
        return;
    (void)cv_read_u16le(&in->r, &with_nul);
    (void)cv_read_u16le(&in->r, &len);
    if (cv_read_bytes(&in->r, len, &bytes) == CV_OK)
        *out = cv_codepage_to_utf8(in->arena, in->codepage, bytes, NULL);
}

static cv_status read_exception(reading *in, cv_recur_exception *e)
{
    (void)cv_read_u32le(&in->r, &e->start);
    (void)cv_read_u32le(&in->r, &e->end);
    (void)cv_read_u32le(&in->r, &e->original);
    (void)cv_read_u16le(&in->r, &e->flags);
    read_narrow(in, e->flags, CV_OVERRIDE_SUBJECT, &e->subject);
    read_i32(in, e->flags, CV_OVERRIDE_MEETING_TYPE, &e->meeting_type);
    read_i32(in, e->flags, CV_OVERRIDE_REMINDER_DELTA, &e->reminder_delta);
    read_i32(in, e->flags, CV_OVERRIDE_REMINDER_SET, &e->reminder_set);
    read_narrow(in, e->flags, CV_OVERRIDE_LOCATION, &e->location);
    read_i32(in, e->flags, CV_OVERRIDE_BUSY_STATUS, &e->busy_status);
    read_i32(in, e->flags, CV_OVERRIDE_ATTACHMENT, &e->attachment);
    read_i32(in, e->flags, CV_OVERRIDE_SUB_TYPE, &e->sub_type);
    read_i32(in, e->flags, CV_OVERRIDE_COLOR, &e->color);
    return in->r.status;
}

static cv_status skip_block(reading *in)
{
    uint32_t size;
    CV_TRY(cv_read_u32le(&in->r, &size));
    return cv_read_skip(&in->r, size);
}

static void read_wide(reading *in, uint16_t flags, unsigned flag, cv_slice *out)
{
    uint16_t units;
    cv_slice bytes;

    if (!(flags & flag))
        return;
    (void)cv_read_u16le(&in->r, &units);
    if (cv_read_bytes(&in->r, (size_t)units * 2, &bytes) == CV_OK)
        *out = cv_utf16le_to_utf8(in->arena, bytes, false, NULL);
}

static cv_status read_extended(reading *in, cv_recur_exception *e)
{
    uint32_t size;

    if (in->writer >= 0x3009) {
        CV_TRY(cv_read_u32le(&in->r, &size));
        if (size >= 4)
            (void)cv_read_u32le(&in->r, &e->change_highlight);
        if (size > 4)
            (void)cv_read_skip(&in->r, size - 4);
    }
    CV_TRY(skip_block(in));
    if (!(e->flags & OVERRIDE_TEXT))
        return CV_OK;
    (void)cv_read_skip(&in->r, 12); /* the three dates again */
    read_wide(in, e->flags, CV_OVERRIDE_SUBJECT, &e->subject);
    read_wide(in, e->flags, CV_OVERRIDE_LOCATION, &e->location);
    return skip_block(in);
}

static cv_status read_exceptions(reading *in, cv_recurrence *out,
                                 uint16_t count)
{
    size_t room = cv_reader_left(&in->r) / MIN_EXCEPTION_BYTES;
    if (count > room || count != out->modified_count)
        in->damaged = true;
    if (count > room)
        count = (uint16_t)room;
    out->exceptions =
        cv_arena_array(in->arena, count, sizeof(*out->exceptions));
    if (!out->exceptions)
        return cv_arena_status(in->arena);
    while (out->exception_count < count) {
        cv_recur_exception *e = &out->exceptions[out->exception_count];
        if (read_exception(in, e) != CV_OK)
            break;
        out->exception_count++;
    }
    /* From here on everything may be missing: keep what there is. */
    if (in->r.status != CV_OK || skip_block(in) != CV_OK) {
        in->damaged = true;
        return CV_OK;
    }
    for (size_t i = 0; i < out->exception_count; i++)
        if (read_extended(in, &out->exceptions[i]) != CV_OK)
            in->damaged = true;
    if (in->r.status != CV_OK || skip_block(in) != CV_OK)
        in->damaged = true;
    return CV_OK;
}

static cv_status read_appointment(reading *in, cv_recurrence *out)
{
    uint32_t reader;
    uint16_t count;

    if (cv_reader_left(&in->r) == 0)
        return CV_OK;
    (void)cv_read_u32le(&in->r, &reader);
    (void)cv_read_u32le(&in->r, &in->writer);
    (void)cv_read_u32le(&in->r, &out->start_offset);
    if (cv_read_u32le(&in->r, &out->end_offset) != CV_OK) {
        in->damaged = true;
        out->start_offset = out->end_offset = 0;
        return CV_OK;
    }
    out->has_appointment = true;
    if (cv_read_u16le(&in->r, &count) != CV_OK) {
        in->damaged = true;
        return CV_OK;
    }
    return read_exceptions(in, out, count);
}

/* -- repairs, by recurrence.md 1.6 -- */

static void repair_u32(uint32_t *field, bool bad, uint32_t value, bool *damaged)
{
    if (bad) {
        *field = value;
        *damaged = true;
    }
}

static void repair_specific(cv_recurrence *r, bool *damaged)
{
    int64_t days = cv_days_from_civil(1601, 1, 1) + r->start_date / DAY;
    int32_t year;
    uint8_t month, day;

    cv_civil_from_days(days, &year, &month, &day);
    repair_u32(&r->period, r->period == 0,
               r->pattern == CV_PATTERN_DAY ? DAY : 1, damaged);
    if (r->pattern == CV_PATTERN_DAY)
        repair_u32(&r->period, r->period < DAY, DAY, damaged);
    switch (r->pattern) {
    case CV_PATTERN_MONTH_NTH:
    case CV_PATTERN_HJ_MONTH_NTH:
        repair_u32(&r->nth, r->nth == 0 || r->nth > 5, (day + 6u) / 7, damaged);
        /* fall through */
    case CV_PATTERN_WEEK:
        repair_u32(&r->day_mask, (r->day_mask & 0x7F) == 0,
                   1u << cv_weekday_of_days(days), damaged);
        r->day_mask &= 0x7F;
        break;
    case CV_PATTERN_DAY:
        break;
    default:
        repair_u32(&r->day, r->day == 0 || r->day > 31, day, damaged);
    }
}

static void repair_end(cv_recurrence *r, bool *damaged)
{
    if (r->end_type == UINT32_MAX)
        r->end_type = CV_RECUR_END_NEVER;
    if (r->end_type < CV_RECUR_END_DATE || r->end_type > CV_RECUR_END_NEVER) {
        r->end_type = r->end_date >= ENDLESS_FROM ? CV_RECUR_END_NEVER
                                                  : CV_RECUR_END_DATE;
        *damaged = true;
    }
    if (r->end_type == CV_RECUR_END_COUNT && r->count == 0) {
        r->end_type = CV_RECUR_END_DATE;
        *damaged = true;
    }
}

static void repair_offsets(cv_recurrence *r, bool *damaged)
{
    if (!r->has_appointment)
        return;
    repair_u32(&r->start_offset, r->start_offset >= DAY, r->start_offset % DAY,
               damaged);
    repair_u32(&r->end_offset, r->end_offset < r->start_offset,
               r->end_offset + DAY, damaged);
    repair_u32(&r->end_offset, r->end_offset < r->start_offset, r->start_offset,
               damaged);
}

/* The original of each exception must be among the deleted dates. */
static cv_status repair_deleted(reading *in, cv_recurrence *r)
{
    size_t total = r->deleted_count + r->exception_count;
    bool tidy = false;
    uint32_t *all;

    for (size_t i = 0; i < r->exception_count; i++)
        if (!cv_recurrence_is_deleted(r, r->exceptions[i].original))
            tidy = true;
    if (!tidy)
        return CV_OK;
    in->damaged = true;
    all = cv_arena_array(in->arena, total, sizeof(*all));
    if (!all)
        return cv_arena_status(in->arena);
    for (size_t i = 0; i < r->deleted_count; i++)
        all[i] = r->deleted[i];
    for (size_t i = 0; i < r->exception_count; i++)
        all[r->deleted_count + i] = r->exceptions[i].original;
    r->deleted = all;
    r->deleted_count = tidy_dates(all, total, &tidy);
    return CV_OK;
}

static void repair_start(cv_recurrence *r, bool *damaged)
{
    uint32_t first;

    repair_u32(&r->start_date, r->start_date % DAY != 0,
               r->start_date - r->start_date % DAY, damaged);
    if (!cv_recurrence_is_computable(r) ||
        cv_recurrence_is_instance(r, r->start_date))
        return;
    if (cv_recurrence_expand(r, r->start_date, &first, 1) == 1) {
        r->start_date = first;
        *damaged = true;
    }
}

cv_status cv_recurrence_parse(cv_arena *arena, cv_slice blob, uint32_t codepage,
                              cv_recurrence *out, bool *damaged, cv_error *err)
{
    reading in = { .arena = arena,
                   .r = cv_reader_of(blob),
                   .codepage = codepage };
    cv_recurrence r = { 0 };
    cv_status status = read_pattern(&in, &r);

    if (status == CV_OK)
        status = read_appointment(&in, &r);
    if (status == CV_OK) {
        repair_specific(&r, &in.damaged);
        repair_end(&r, &in.damaged);
        repair_u32(&r.first_dow, r.first_dow > 6, 0, &in.damaged);
        repair_offsets(&r, &in.damaged);
        repair_start(&r, &in.damaged);
        round_deleted(&in, &r);
        status = repair_deleted(&in, &r);
    }
    if (status != CV_OK)
        return cv_fail_at(err, status, in.r.pos, "recurrence pattern");
    *out = r;
    *damaged = in.damaged;
    return CV_OK;
}

/* -- writing -- */

static void put_dates(cv_buf *buf, const uint32_t *dates, size_t count)
{
    cv_buf_put_u32le(buf, (uint32_t)count);
    for (size_t i = 0; i < count; i++)
        cv_buf_put_u32le(buf, dates[i]);
}

static void put_specific(cv_buf *buf, const cv_recurrence *r)
{
    switch (r->pattern) {
    case CV_PATTERN_DAY:
        break;
    case CV_PATTERN_WEEK:
        cv_buf_put_u32le(buf, r->day_mask);
        break;
    case CV_PATTERN_MONTH_NTH:
    case CV_PATTERN_HJ_MONTH_NTH:
        cv_buf_put_u32le(buf, r->day_mask);
        cv_buf_put_u32le(buf, r->nth);
        break;
    default:
        cv_buf_put_u32le(buf, r->day);
    }
}

static void put_pattern(cv_buf *buf, const cv_recurrence *r)
{
    cv_buf_put_u16le(buf, 0x3004);
    cv_buf_put_u16le(buf, 0x3004);
    cv_buf_put_u16le(buf, r->frequency);
    cv_buf_put_u16le(buf, r->pattern);
    cv_buf_put_u16le(buf, r->calendar);
    cv_buf_put_u32le(buf, r->first);
    cv_buf_put_u32le(buf, r->period);
    cv_buf_put_u32le(buf, r->sliding);
    put_specific(buf, r);
    cv_buf_put_u32le(buf, r->end_type);
    cv_buf_put_u32le(buf, r->count);
    cv_buf_put_u32le(buf, r->first_dow);
    put_dates(buf, r->deleted, r->deleted_count);
    put_dates(buf, r->modified, r->modified_count);
    cv_buf_put_u32le(buf, r->start_date);
    cv_buf_put_u32le(buf, r->end_date);
}

/* Latin-1 with '?' for the rest: the wide text beside it is what counts. */
static void put_narrow(cv_buf *buf, uint16_t flags, unsigned flag,
                       cv_slice text)
{
    uint16_t len = 0;

    if (!(flags & flag))
        return;
    text = cv_utf8_clip(text, 1020);
    for (size_t pos = 0; pos < text.len; len++)
        (void)cv_utf8_next(text, &pos);
    cv_buf_put_u16le(buf, (uint16_t)(len + 1));
    cv_buf_put_u16le(buf, len);
    for (size_t pos = 0; pos < text.len;) {
        uint32_t c = cv_utf8_next(text, &pos);
        bool plain = c < 0x80 || (c >= 0xA0 && c <= 0xFF);
        cv_buf_put_byte(buf, plain ? (uint8_t)c : '?');
    }
}

static void put_wide(cv_buf *buf, uint16_t flags, unsigned flag, cv_slice text)
{
    uint16_t units = 0;

    if (!(flags & flag))
        return;
    text = cv_utf8_clip(text, 1020);
    for (size_t pos = 0; pos < text.len;)
        units = (uint16_t)(units + (cv_utf8_next(text, &pos) > 0xFFFF ? 2 : 1));
    cv_buf_put_u16le(buf, units);
    cv_utf8_to_utf16le(buf, text);
}

static void put_i32(cv_buf *buf, uint16_t flags, unsigned flag, int32_t value)
{
    if (flags & flag)
        cv_buf_put_u32le(buf, (uint32_t)value);
}

static void put_times(cv_buf *buf, const cv_recur_exception *e)
{
    cv_buf_put_u32le(buf, e->start);
    cv_buf_put_u32le(buf, e->end);
    cv_buf_put_u32le(buf, e->original);
}

static void put_exception(cv_buf *buf, const cv_recur_exception *e)
{
    put_times(buf, e);
    cv_buf_put_u16le(buf, e->flags);
    put_narrow(buf, e->flags, CV_OVERRIDE_SUBJECT, e->subject);
    put_i32(buf, e->flags, CV_OVERRIDE_MEETING_TYPE, e->meeting_type);
    put_i32(buf, e->flags, CV_OVERRIDE_REMINDER_DELTA, e->reminder_delta);
    put_i32(buf, e->flags, CV_OVERRIDE_REMINDER_SET, e->reminder_set);
    put_narrow(buf, e->flags, CV_OVERRIDE_LOCATION, e->location);
    put_i32(buf, e->flags, CV_OVERRIDE_BUSY_STATUS, e->busy_status);
    put_i32(buf, e->flags, CV_OVERRIDE_ATTACHMENT, e->attachment);
    put_i32(buf, e->flags, CV_OVERRIDE_SUB_TYPE, e->sub_type);
    put_i32(buf, e->flags, CV_OVERRIDE_COLOR, e->color);
}

static void put_extended(cv_buf *buf, const cv_recur_exception *e)
{
    cv_buf_put_u32le(buf, 4);
    cv_buf_put_u32le(buf, e->change_highlight);
    cv_buf_put_u32le(buf, 0);
    if (!(e->flags & OVERRIDE_TEXT))
        return;
    put_times(buf, e);
    put_wide(buf, e->flags, CV_OVERRIDE_SUBJECT, e->subject);
    put_wide(buf, e->flags, CV_OVERRIDE_LOCATION, e->location);
    cv_buf_put_u32le(buf, 0);
}

void cv_recurrence_put(cv_buf *buf, const cv_recurrence *r)
{
    put_pattern(buf, r);
    if (!r->has_appointment)
        return;
    cv_buf_put_u32le(buf, 0x3006);
    cv_buf_put_u32le(buf, 0x3009);
    cv_buf_put_u32le(buf, r->start_offset);
    cv_buf_put_u32le(buf, r->end_offset);
    cv_buf_put_u16le(buf, (uint16_t)r->exception_count);
    for (size_t i = 0; i < r->exception_count; i++)
        put_exception(buf, &r->exceptions[i]);
    cv_buf_put_u32le(buf, 0);
    for (size_t i = 0; i < r->exception_count; i++)
        put_extended(buf, &r->exceptions[i]);
    cv_buf_put_u32le(buf, 0);
}
