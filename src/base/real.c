/* Numbers with a fraction, in the C locale. */
#include "base/text.h"

#include <locale.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

static locale_t c_locale; /* 0: none could be made; the program's is used */

static void make_locale(void)
{
    c_locale = newlocale(LC_NUMERIC_MASK, "C", (locale_t)0);
}

/* Sets this thread's locale; returns the one before, 0 when it stays. */
static locale_t enter(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)pthread_once(&once, make_locale);
    return c_locale ? uselocale(c_locale) : (locale_t)0;
}

static void leave(locale_t before)
{
    if (before)
        (void)uselocale(before);
}

void cv_real_put(char text[CV_REAL_TEXT], const char *format, double value)
{
    locale_t before = enter();
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    (void)snprintf(text, CV_REAL_TEXT, format, value);
#pragma GCC diagnostic pop
    leave(before);
}

double cv_real_parse(const char *text, char **end)
{
    locale_t before = enter();
    double value = strtod(text, end);
    leave(before);
    return value;
}
