/* The RFC 5322 dates of datetime.h. */
#include "base/datetime_private.h"

#include <inttypes.h>

static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
static const char weekdays[] = "SunMonTueWedThuFriSat";

void cv_rfc5322_date_put(cv_buf *buf, int64_t ticks, int32_t offset_minutes)
{
    int64_t local = ticks + offset_minutes * 60 * CV_TICKS_PER_SEC;
    cv_civil c = cv_civil_of_ticks(local);
    unsigned weekday =
        cv_weekday_of_days(cv_days_from_civil(c.year, c.month, c.day));
    unsigned off = offset_minutes < 0 ? 0 - (unsigned)offset_minutes
                                      : (unsigned)offset_minutes;
    cv_buf_printf(buf, "%.3s, %u %.3s %04" PRId32 " %02u:%02u:%02u %c%02u%02u",
                  weekdays + 3 * weekday, c.day, months + 3 * (c.month - 1),
                  c.year, c.hour, c.minute, c.second,
                  offset_minutes < 0 ? '-' : '+', off / 60, off % 60);
}

/* What was found so far; the order of day, month, year and time is free, so
 * that asctime() and IMAP forms are read too. */
typedef struct found {
    unsigned day, month, year, hour, minute, second;
    int32_t zone_minutes;
    bool has_day, has_month, has_year, has_time, has_zone;
    bool zone_is_utc; /* GMT and the like, an offset may follow */
} found;

/* Skips a comment that has just been opened, nested ones included. */
static void skip_comment(cv_cursor *c)
{
    size_t depth = 1;
    while (depth && c->pos < c->text.len) {
        uint8_t byte = c->text.ptr[c->pos++];
        if (byte == '\\')
            c->pos += c->pos < c->text.len;
        else if (byte == '(')
            depth++;
        else if (byte == ')')
            depth--;
    }
}

static bool is_alpha(uint8_t c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static void read_zone_name(cv_slice word, found *f)
{
    static const struct {
        cv_slice name;
        int32_t minutes;
    } zones[] = {
        { { (const uint8_t *)"EST", 3 }, -300 },
        { { (const uint8_t *)"EDT", 3 }, -240 },
        { { (const uint8_t *)"CST", 3 }, -360 },
        { { (const uint8_t *)"CDT", 3 }, -300 },
        { { (const uint8_t *)"MST", 3 }, -420 },
        { { (const uint8_t *)"MDT", 3 }, -360 },
        { { (const uint8_t *)"PST", 3 }, -480 },
        { { (const uint8_t *)"PDT", 3 }, -420 },
    };
    f->has_zone = true;
    f->zone_is_utc = true; /* unknown ones as well: RFC 5322 4.3 */
    for (size_t i = 0; i < CV_LEN(zones); i++) {
        if (cv_slice_ieq(word, zones[i].name)) {
            f->zone_minutes = zones[i].minutes;
            f->zone_is_utc = false;
        }
    }
}

/* A word is a month, a weekday (skipped) or, behind the time, a zone. */
static void read_word(cv_cursor *c, found *f)
{
    size_t start = c->pos;
    while (is_alpha(cv_cursor_peek(c)))
        c->pos++;
    cv_slice word = cv_slice_sub(c->text, start, c->pos - start);
    /* "mardi, 22 Nov": a word with a comma before the day is a weekday. */
    if (!f->has_day && cv_cursor_peek(c) == ',')
        return;
    for (unsigned i = 0; i < 12 && word.len >= 3 && !f->has_month; i++) {
        if (cv_slice_istarts(word, cv_slice_of(months + 3 * i, 3))) {
            f->month = i + 1;
            f->has_month = true;
            return;
        }
    }
    if (f->has_time && !f->has_zone)
        read_zone_name(word, f);
}

/* ":58:53.5" behind the hour. */
static cv_status read_clock(cv_cursor *c, unsigned hour, found *f)
{
    uint32_t ignored;
    size_t digits = 0;
    f->hour = hour;
    c->pos++;
    digits = cv_cursor_digits(c);
    if (digits < 1 || digits > 2 || !cv_cursor_number(c, digits, &f->minute))
        return CV_ERR_SYNTAX;
    if (cv_cursor_take(c, ':')) {
        digits = cv_cursor_digits(c);
        if (digits < 1 || digits > 2 ||
            !cv_cursor_number(c, digits, &f->second))
            return CV_ERR_SYNTAX;
        if (cv_cursor_take(c, '.') && !cv_cursor_fraction(c, &ignored))
            return CV_ERR_SYNTAX;
    }
    f->has_time = true;
    return CV_OK;
}

/* RFC 5322 4.3: two digits mean 1950 to 2049, three count from 1900. */
static cv_status read_year(unsigned value, size_t digits, found *f)
{
    if (digits == 2)
        value += value < 50 ? 2000 : 1900;
    else if (digits == 3)
        value += 1900;
    else if (digits != 4)
        return CV_ERR_SYNTAX;
    f->year = value;
    f->has_year = true;
    return CV_OK;
}

static cv_status read_number(cv_cursor *c, found *f)
{
    size_t digits = cv_cursor_digits(c);
    unsigned value;
    if (digits > 9 || !cv_cursor_number(c, digits, &value))
        return CV_ERR_SYNTAX;
    if (!f->has_time && cv_cursor_peek(c) == ':')
        return read_clock(c, value, f);
    if (!f->has_day && digits <= 2) {
        f->day = value;
        f->has_day = true;
        return CV_OK;
    }
    return f->has_year ? CV_OK : read_year(value, digits, f);
}

/* "+0100", "+01:00", "-5" behind the time; before it a hyphen only joins. */
static cv_status read_sign(cv_cursor *c, found *f)
{
    bool negative = c->text.ptr[c->pos++] == '-';
    size_t digits = cv_cursor_digits(c);
    unsigned value, minutes;
    if (!f->has_time || digits == 0 || (f->has_zone && !f->zone_is_utc))
        return CV_OK;
    if (digits > 4 || !cv_cursor_number(c, digits, &value))
        return CV_ERR_SYNTAX;
    if (digits <= 2) {
        minutes = 0;
        if (cv_cursor_take(c, ':') && !cv_cursor_number(c, 2, &minutes))
            return CV_ERR_SYNTAX;
        value = value * 100 + minutes;
    }
    if (value / 100 > 23 || value % 100 > 59)
        return CV_ERR_RANGE;
    f->zone_minutes = (int32_t)(value / 100 * 60 + value % 100);
    if (negative)
        f->zone_minutes = -f->zone_minutes;
    f->has_zone = true;
    f->zone_is_utc = false;
    return CV_OK;
}

static cv_status read_all(cv_cursor *c, found *f)
{
    while (c->pos < c->text.len) {
        uint8_t byte = cv_cursor_peek(c);
        if (cv_is_digit(byte)) {
            CV_TRY(read_number(c, f));
        } else if (is_alpha(byte)) {
            read_word(c, f);
        } else if (byte == '+' || byte == '-') {
            CV_TRY(read_sign(c, f));
        } else {
            c->pos++;
            if (byte == '(')
                skip_comment(c);
        }
    }
    return CV_OK;
}

cv_status cv_rfc5322_date_parse(cv_slice text, int64_t *ticks)
{
    cv_cursor c = { text, 0 };
    found f = { 0 };
    cv_civil at;
    CV_TRY(read_all(&c, &f));
    if (!f.has_day || !f.has_month || !f.has_year || !f.has_time)
        return CV_ERR_SYNTAX;
    if (f.year < 1900)
        return CV_ERR_RANGE;
    CV_TRY(cv_civil_of_fields(f.year, f.month, f.day, f.hour, f.minute,
                              f.second, &at));
    *ticks = cv_civil_to_ticks(&at) - f.zone_minutes * 60 * CV_TICKS_PER_SEC;
    return CV_OK;
}
