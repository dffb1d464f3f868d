/* Where a list of properties goes on behind one that cannot be read: how long
 * a value of an unknown type is, or one whose count is wrong, is told by what
 * stands behind it. Source: spec tnef.md 6; kb-cases.md R2, C074. */
#include "tnef/tnef_private.h"

#include "base/reader.h"

/* What a value of a type without known length takes; of all in one trial.
 * First of all: there are no more of them. */
enum { GUESS_NONE = 1, GUESS_SIZED = 2, MOST_TRIED = 65536 };
static const uint8_t guesses[] = { GUESS_NONE, 0, 4, 8, 16, GUESS_SIZED };

typedef struct trial {
    cv_reader r;
    uint32_t *steps; /* that may still be taken; of the stream */
    uint8_t guess;
} trial;

static cv_status skip_padded(trial *t, size_t len)
{
    CV_TRY(cv_read_skip(&t->r, len));
    size_t pad = -len & 3, left = cv_reader_left(&t->r);
    return cv_read_skip(&t->r, pad < left ? pad : left);
}

static cv_status step(trial *t)
{
    if (*t->steps == 0)
        return CV_ERR_LIMIT;
    --*t->steps;
    return CV_OK;
}

/* count, then size and bytes of each. */
static cv_status skip_sized(trial *t)
{
    uint32_t count, size;
    CV_TRY(cv_read_u32le(&t->r, &count));
    for (uint32_t i = 0; i < count; i++) {
        CV_TRY(step(t));
        CV_TRY(cv_read_u32le(&t->r, &size));
        CV_TRY(skip_padded(t, size));
    }
    return CV_OK;
}

static cv_status skip_guess(trial *t)
{
    if (t->guess == GUESS_NONE)
        return CV_ERR_SYNTAX;
    return t->guess == GUESS_SIZED ? skip_sized(t)
                                   : cv_read_skip(&t->r, t->guess);
}

static cv_status skip_value(trial *t, uint16_t type)
{
    uint16_t base = type & (uint16_t)~CV_T_MULTI;
    size_t size = (cv_type_size(base) + 3) & ~(size_t)3;
    uint32_t count = 1;
    if (base == CV_T_STRING || base == CV_T_STRING8 || base == CV_T_BINARY ||
        type == CV_T_OBJECT)
        return skip_sized(t);
    if (!cv_type_is_known(type) || size == 0)
        return skip_guess(t);
    if (cv_type_is_multi(type))
        CV_TRY(cv_read_u32le(&t->r, &count));
    if (count > cv_reader_left(&t->r) / size)
        return CV_ERR_TRUNC;
    return cv_read_skip(&t->r, count * size);
}

static cv_status skip_name(trial *t)
{
    uint32_t kind, size = 0;
    CV_TRY(cv_read_skip(&t->r, sizeof(cv_guid)));
    CV_TRY(cv_read_u32le(&t->r, &kind));
    CV_TRY(cv_read_u32le(&t->r, &size)); /* or the id itself */
    if (kind > 1)
        return CV_ERR_SYNTAX;
    return kind == 1 ? skip_padded(t, size) : CV_OK;
}

static cv_status skip_properties(trial *t, uint32_t count)
{
    uint32_t tag;
    for (uint32_t i = 0; i < count; i++) {
        CV_TRY(step(t));
        CV_TRY(cv_read_u32le(&t->r, &tag));
        if (CV_TAG_ID(tag) == 0)
            return CV_ERR_SYNTAX;
        if (CV_TAG_ID(tag) >= CV_NAMED_FIRST)
            CV_TRY(skip_name(t));
        CV_TRY(skip_value(t, CV_TAG_TYPE(tag)));
    }
    return CV_OK;
}

/* What is left is as many properties and lists as it must be, and no more. */
static bool goes_on(trial t, uint32_t more, uint32_t lists)
{
    uint32_t count;
    if (skip_properties(&t, more) != CV_OK)
        return false;
    for (uint32_t i = 0; i < lists; i++)
        if (cv_read_u32le(&t.r, &count) != CV_OK ||
            skip_properties(&t, count) != CV_OK)
            return false;
    return cv_reader_left(&t.r) < 4;
}

bool cv_tnef_resume(cv_slice in, size_t *pos, uint32_t more, uint32_t lists,
                    uint32_t *steps)
{
    if (more == 0 && lists == 0)
        return false;
    for (size_t i = 0; i < CV_LEN(guesses); i++) {
        size_t at = *pos;
        for (; at < in.len && at - *pos <= MOST_TRIED && *steps; at += 4) {
            trial t = { .r = cv_reader_of(cv_slice_sub(in, at, in.len)),
                        .steps = steps,
                        .guess = guesses[i] };
            if (goes_on(t, more, lists)) {
                *pos = at;
                return true;
            }
        }
    }
    return false;
}
