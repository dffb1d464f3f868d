/* datetime_private.h - shared by the readers of dates in base/. */
#ifndef CV_BASE_DATETIME_PRIVATE_H
#define CV_BASE_DATETIME_PRIVATE_H

#include "base/datetime.h"

/* A place in a text that is read from left to right. */
typedef struct cv_cursor {
    cv_slice text;
    size_t pos;
} cv_cursor;

/* The byte at the cursor, 0 at the end. */
static inline uint8_t cv_cursor_peek(const cv_cursor *c)
{
    return c->pos < c->text.len ? c->text.ptr[c->pos] : 0;
}

/* Takes the byte when it is `byte`. */
static inline bool cv_cursor_take(cv_cursor *c, uint8_t byte)
{
    if (c->pos >= c->text.len || c->text.ptr[c->pos] != byte)
        return false;
    c->pos++;
    return true;
}

static inline bool cv_is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

/* Number of digits at the cursor. */
static inline size_t cv_cursor_digits(const cv_cursor *c)
{
    size_t n = 0;
    while (c->pos + n < c->text.len && cv_is_digit(c->text.ptr[c->pos + n]))
        n++;
    return n;
}

/* Exactly n digits (at most 9); false, without moving, when they are not
 * there. More digits may follow. */
static inline bool cv_cursor_number(cv_cursor *c, size_t n, unsigned *out)
{
    unsigned v = 0;
    if (cv_cursor_digits(c) < n)
        return false;
    for (size_t i = 0; i < n; i++)
        v = v * 10 + (unsigned)(c->text.ptr[c->pos + i] - '0');
    c->pos += n;
    *out = v;
    return true;
}

/* Digits of a fraction, the dot already taken, as units of 100 ns; what is
 * finer is dropped. At least one digit must be there. */
bool cv_cursor_fraction(cv_cursor *c, uint32_t *nanos100);

/* Fields as they were written, to a time: second 60 is read as 59, 24:00:00
 * is the next day's midnight. Errors: CV_ERR_RANGE. */
CV_NODISCARD cv_status cv_civil_of_fields(unsigned year, unsigned month,
                                          unsigned day, unsigned hour,
                                          unsigned minute, unsigned second,
                                          cv_civil *out);

#endif
