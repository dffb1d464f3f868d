#include "mapi/timezone.h"

#include "base/limits.h"
#include "base/reader.h"
#include "base/text.h"

#include <string.h>

#define MINUTE (60 * CV_TICKS_PER_SEC)
#define DAY (INT64_C(1440) * MINUTE)
#define TZREG_BYTES 48
#define TZRULE_BYTES 66
#define TZRULE_TAIL 62 /* of a rule, after its size field */
#define BIAS_MAX 1440  /* more than a day of bias is garbage */

enum { TZDEF_HAS_GUID = 1, TZDEF_HAS_KEY_NAME = 2 };

/* -- blobs -- */

static void read_date(cv_reader *r, cv_tz_date *d)
{
    uint16_t *fields[] = { &d->year, &d->month,  &d->weekday, &d->day,
                           &d->hour, &d->minute, &d->second,  &d->ms };
    for (size_t i = 0; i < CV_LEN(fields); i++)
        (void)cv_read_u16le(r, fields[i]);
}

static void put_date(cv_buf *buf, const cv_tz_date *d)
{
    const uint16_t fields[] = { d->year, d->month,  d->weekday, d->day,
                                d->hour, d->minute, d->second,  d->ms };
    for (size_t i = 0; i < CV_LEN(fields); i++)
        cv_buf_put_u16le(buf, fields[i]);
}

static void read_biases(cv_reader *r, cv_tz_rule *rule)
{
    (void)cv_read_i32le(r, &rule->bias);
    (void)cv_read_i32le(r, &rule->standard_bias);
    (void)cv_read_i32le(r, &rule->daylight_bias);
}

static void put_biases(cv_buf *buf, const cv_tz_rule *rule)
{
    cv_buf_put_u32le(buf, (uint32_t)rule->bias);
    cv_buf_put_u32le(buf, (uint32_t)rule->standard_bias);
    cv_buf_put_u32le(buf, (uint32_t)rule->daylight_bias);
}

static bool biases_are_sane(const cv_tz_rule *rule)
{
    const int32_t all[] = { rule->bias, rule->standard_bias,
                            rule->daylight_bias };
    for (size_t i = 0; i < CV_LEN(all); i++)
        if (all[i] < -BIAS_MAX || all[i] > BIAS_MAX)
            return false;
    return true;
}

cv_status cv_tzreg_parse(cv_arena *arena, cv_slice blob, cv_timezone *out)
{
    cv_tz_rule rule = { .from_year = 1601, .flags = 3 };
    cv_reader r = cv_reader_of(blob);
    uint16_t year;

    if (blob.len < TZREG_BYTES)
        return CV_ERR_TRUNC;
    read_biases(&r, &rule);
    (void)cv_read_u16le(&r, &year);
    read_date(&r, &rule.standard);
    (void)cv_read_u16le(&r, &year);
    read_date(&r, &rule.daylight);
    if (!biases_are_sane(&rule))
        return CV_ERR_SYNTAX;

    cv_tz_rule *kept = cv_arena_alloc(arena, sizeof(*kept));
    if (!kept)
        return cv_arena_status(arena);
    *kept = rule;
    *out =
        (cv_timezone){ .key_name = CV_S(""), .rules = kept, .rule_count = 1 };
    return CV_OK;
}

void cv_tzreg_put(cv_buf *buf, const cv_tz_rule *rule)
{
    put_biases(buf, rule);
    cv_buf_put_u16le(buf, rule->standard.year);
    put_date(buf, &rule->standard);
    cv_buf_put_u16le(buf, rule->daylight.year);
    put_date(buf, &rule->daylight);
}

/* The header up to the first rule. */
static cv_status read_header(cv_arena *arena, cv_reader *r, cv_slice *name,
                             uint16_t *count)
{
    uint8_t major, minor;
    uint16_t header_len, flags, chars = 0;
    cv_slice wide = { 0 };

    (void)cv_read_u8(r, &major);
    (void)cv_read_u8(r, &minor);
    (void)cv_read_u16le(r, &header_len);
    (void)cv_read_u16le(r, &flags);
    CV_TRY(r->status);
    if (major != 2)
        return CV_ERR_SYNTAX;
    if (flags & TZDEF_HAS_GUID)
        (void)cv_read_skip(r, 16);
    /* A header of 4 bytes has room for flags and count only. */
    if ((flags & TZDEF_HAS_KEY_NAME) || header_len != 4)
        (void)cv_read_u16le(r, &chars);
    (void)cv_read_bytes(r, (size_t)chars * 2, &wide);
    CV_TRY(cv_read_u16le(r, count));
    *name = cv_utf16le_to_utf8(arena, wide, true, NULL);
    if (!name->ptr)
        return cv_arena_status(arena);
    /* Later minor versions may have more in the header. */
    if ((size_t)4 + header_len > r->pos && (size_t)4 + header_len < r->in.len)
        r->pos = (size_t)4 + header_len;
    return CV_OK;
}

static cv_status read_rule(cv_reader *r, cv_tz_rule *rule)
{
    uint8_t major, minor;
    uint16_t size;

    (void)cv_read_u8(r, &major);
    (void)cv_read_u8(r, &minor);
    (void)cv_read_u16le(r, &size);
    (void)cv_read_u16le(r, &rule->flags);
    (void)cv_read_u16le(r, &rule->from_year);
    (void)cv_read_skip(r, 14);
    read_biases(r, rule);
    read_date(r, &rule->standard);
    read_date(r, &rule->daylight);
    CV_TRY(r->status);
    if (!biases_are_sane(rule))
        return CV_ERR_SYNTAX;
    if (size > TZRULE_TAIL)
        (void)cv_read_skip(r, (size_t)size - TZRULE_TAIL);
    return CV_OK;
}

/* By year; files have them in order, so this is one pass as a rule. */
static void sort_rules(cv_tz_rule *rules, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        cv_tz_rule rule = rules[i];
        size_t at = i;
        for (; at > 0 && rules[at - 1].from_year > rule.from_year; at--)
            rules[at] = rules[at - 1];
        rules[at] = rule;
    }
}

static size_t effective_rule(const cv_tz_rule *rules, size_t count)
{
    for (size_t i = count; i > 0; i--)
        if (rules[i - 1].flags & 2)
            return i - 1;
    return count - 1;
}

cv_status cv_tzdef_parse(cv_arena *arena, cv_slice blob, cv_timezone *out)
{
    cv_reader r = cv_reader_of(blob);
    cv_slice name;
    uint16_t count;

    CV_TRY(read_header(arena, &r, &name, &count));
    if (count == 0)
        return CV_ERR_SYNTAX;
    if (count > CV_LIMIT_TZ_RULES)
        return CV_ERR_LIMIT;
    /* A count beyond the bytes there costs the rules that are missing. */
    size_t there = cv_reader_left(&r) / TZRULE_BYTES;
    if (there == 0)
        return CV_ERR_TRUNC;
    if (there < count)
        count = (uint16_t)there;

    cv_tz_rule *rules = cv_arena_array(arena, count, sizeof(*rules));
    if (!rules)
        return cv_arena_status(arena);
    size_t got = 0;
    while (got < count && read_rule(&r, &rules[got]) == CV_OK)
        got++;
    if (got == 0)
        return CV_ERR_SYNTAX;
    sort_rules(rules, got);
    *out = (cv_timezone){ .key_name = name,
                          .rules = rules,
                          .rule_count = got,
                          .effective = effective_rule(rules, got) };
    return CV_OK;
}

static void put_rule(cv_buf *buf, const cv_tz_rule *rule, uint16_t flags)
{
    static const uint8_t unused[14];

    cv_buf_put_byte(buf, 2);
    cv_buf_put_byte(buf, 1);
    cv_buf_put_u16le(buf, TZRULE_TAIL);
    cv_buf_put_u16le(buf, flags);
    cv_buf_put_u16le(buf, rule->from_year);
    cv_buf_put(buf, unused, sizeof(unused));
    put_biases(buf, rule);
    put_date(buf, &rule->standard);
    put_date(buf, &rule->daylight);
}

/* UTF-16 units of a text. */
static size_t utf16_units(cv_slice text)
{
    size_t units = 0;
    for (size_t pos = 0; pos < text.len;)
        units += cv_utf8_next(text, &pos) > 0xFFFF ? 2 : 1;
    return units;
}

void cv_tzdef_put(cv_buf *buf, const cv_timezone *tz, uint16_t effective_flags)
{
    /* Readers take a name of 255 units at most. */
    cv_slice name = cv_utf8_clip(tz->key_name, 255);
    uint16_t units = (uint16_t)utf16_units(name);

    cv_buf_put_byte(buf, 2);
    cv_buf_put_byte(buf, 1);
    cv_buf_put_u16le(buf, (uint16_t)(6 + 2 * units));
    cv_buf_put_u16le(buf, TZDEF_HAS_KEY_NAME);
    cv_buf_put_u16le(buf, units);
    cv_utf8_to_utf16le(buf, name);
    cv_buf_put_u16le(buf, (uint16_t)tz->rule_count);
    for (size_t i = 0; i < tz->rule_count; i++)
        put_rule(buf, &tz->rules[i], i == tz->effective ? effective_flags : 0);
}

/* -- dates of rules -- */

/* "23:59:59" is Windows' way to say the end of that day. */
static int64_t time_of_day(const cv_tz_date *d)
{
    if (d->hour == 23 && d->minute == 59 && d->second == 59)
        return DAY;
    return (d->hour * INT64_C(60) + d->minute) * MINUTE +
           d->second * CV_TICKS_PER_SEC;
}

static bool date_is_usable(const cv_tz_date *d)
{
    if (d->year > 9999 || d->month < 1 || d->month > 12 || d->hour > 23 ||
        d->minute > 59 || d->second > 59)
        return false;
    if (d->year)
        return d->day >= 1 && d->day <= 31;
    return d->weekday <= 6 && d->day >= 1 && d->day <= 5;
}

static int64_t relative_day(const cv_tz_date *d, int64_t year)
{
    int64_t first = cv_days_from_civil(year, d->month, 1);
    int64_t last = first + cv_days_in_month(year, d->month) - 1;
    unsigned skip = (d->weekday + 7 - cv_weekday_of_days(first)) % 7;
    int64_t day = first + skip + 7 * (d->day - 1);
    while (day > last)
        day -= 7;
    return day;
}

/* The onset nearest to a year's: an absolute date has one only, whatever the
 * year; year 1 stands for "this day of every year". */
static int64_t onset_near(const cv_tz_date *d, int64_t year)
{
    if (!d->year)
        return relative_day(d, year) * DAY + time_of_day(d);
    if (d->year > 1)
        year = d->year;
    unsigned day = cv_days_in_month(year, d->month);
    if (d->day < day)
        day = d->day;
    return cv_days_from_civil(year, d->month, day) * DAY + time_of_day(d);
}

bool cv_tz_date_onset(const cv_tz_date *date, int64_t year, int64_t *local)
{
    if (!date_is_usable(date) || (date->year > 1 && date->year != year))
        return false;
    *local = onset_near(date, year);
    return true;
}

bool cv_tz_rule_has_dst(const cv_tz_rule *rule)
{
    const cv_tz_date *s = &rule->standard, *d = &rule->daylight;

    return date_is_usable(s) && date_is_usable(d) &&
           memcmp(s, d, sizeof(*s)) != 0 &&
           rule->standard_bias != rule->daylight_bias;
}

/* -- offsets -- */

const cv_tz_rule *cv_timezone_rule(const cv_timezone *tz, int64_t year)
{
    size_t low = 0, high = tz->rule_count;

    while (high - low > 1) {
        size_t mid = low + (high - low) / 2;
        if (tz->rules[mid].from_year <= year)
            low = mid;
        else
            high = mid;
    }
    return &tz->rules[low];
}

static int64_t year_of(int64_t ticks)
{
    return cv_civil_of_ticks(ticks).year;
}

static bool is_daylight(const cv_tz_rule *rule, int64_t year, int64_t utc)
{
    int64_t begins = onset_near(&rule->daylight, year) +
                     (rule->bias + rule->standard_bias) * MINUTE;
    int64_t ends = onset_near(&rule->standard, year) +
                   (rule->bias + rule->daylight_bias) * MINUTE;
    if (begins < ends)
        return utc >= begins && utc < ends;
    return utc >= begins || utc < ends; /* southern: over the new year */
}

/* The years 1 to 9999: no zone is asked for beyond, and nothing overflows. */
static bool is_in_range(int64_t ticks)
{
    return ticks >= INT64_C(-719162) * DAY && ticks < INT64_C(2932897) * DAY;
}

int32_t cv_timezone_offset_at(const cv_timezone *tz, int64_t utc_ticks)
{
    if (!is_in_range(utc_ticks))
        return 0;
    const cv_tz_rule *rule = cv_timezone_rule(tz, year_of(utc_ticks));
    int64_t standard = (rule->bias + rule->standard_bias) * MINUTE;
    int64_t year = year_of(utc_ticks - standard);

    rule = cv_timezone_rule(tz, year);
    int32_t bias = rule->bias + rule->standard_bias;
    if (cv_tz_rule_has_dst(rule) && is_daylight(rule, year, utc_ticks))
        bias = rule->bias + rule->daylight_bias;
    return -60 * bias;
}

int64_t cv_timezone_to_utc(const cv_timezone *tz, int64_t local_ticks)
{
    /* Far enough to lie on either side of a change near local_ticks. */
    const int64_t apart = DAY + DAY / 2;

    if (!is_in_range(local_ticks))
        return local_ticks;
    int64_t before = cv_timezone_offset_at(tz, local_ticks - apart);
    int64_t after = cv_timezone_offset_at(tz, local_ticks + apart);
    int64_t early = local_ticks - before * CV_TICKS_PER_SEC;
    int64_t late = local_ticks - after * CV_TICKS_PER_SEC;

    /* Overlap: both hold, the old offset is the first one. Gap: none does. */
    if (cv_timezone_offset_at(tz, early) != before &&
        cv_timezone_offset_at(tz, late) == after)
        return late;
    return early;
}

int64_t cv_timezone_to_local(const cv_timezone *tz, int64_t utc_ticks)
{
    return utc_ticks + cv_timezone_offset_at(tz, utc_ticks) * CV_TICKS_PER_SEC;
}

cv_timezone cv_timezone_utc(cv_arena *arena)
{
    static cv_tz_rule shared = { .from_year = 1601, .flags = 2 };
    cv_tz_rule *rule = cv_arena_alloc(arena, sizeof(*rule));

    if (rule)
        *rule = shared;
    return (cv_timezone){ .key_name = CV_S("UTC"),
                          .rules = rule ? rule : &shared,
                          .rule_count = 1 };
}
