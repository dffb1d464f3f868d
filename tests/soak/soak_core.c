#include "soak_core.h"

#include <string.h>

#define EACH_MOST 8 /* messages of one input that are written */

/* splitmix64: https://prng.di.unimi.it/splitmix64.c. */
static uint64_t next(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9E3779B97F4A7C15));
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

soak_change soak_damage(const uint8_t *in, size_t size, uint64_t seed,
                        uint8_t *out)
{
    enum { PREFIX, CHANGE, BOTH, KINDS };
    uint64_t state = seed;
    soak_change c = { size, SIZE_MAX, 0 };
    unsigned kind = (unsigned)(next(&state) % KINDS);
    if (kind != CHANGE && size)
        c.size = (size_t)(next(&state) % size);
    memcpy(out, in, c.size);
    if (kind == PREFIX || !c.size)
        return c;
    c.bytes = 1U << (next(&state) % 5);
    for (unsigned i = 0; i < c.bytes; i++) {
        size_t at = (size_t)(next(&state) % c.size);
        out[at] ^= (uint8_t)(1 + next(&state) % 255);
        if (at < c.offset)
            c.offset = at;
    }
    return c;
}

static convoke_status count_bytes(void *ctx, const void *bytes, size_t size)
{
    (void)bytes;
    *(size_t *)ctx += size;
    return CONVOKE_OK;
}

/* A bound that was hit may end a form; memory and defaults may not. */
static const char *judge(convoke_form form, convoke_status status, size_t size)
{
    static const char *const what[] = {
        [CONVOKE_FORM_EML] = "a message that was read has no mail",
        [CONVOKE_FORM_ICS] = "calendar text fails without saying it is none",
        [CONVOKE_FORM_MSG] = "a message that was read has no .msg",
        [CONVOKE_FORM_JSON] = "a message that was read has no JSON",
        [CONVOKE_FORM_TNEF] = "a message that was read has no TNEF",
    };
    if (status == CONVOKE_OK)
        return size ? NULL : "an output is empty";
    if (status == CONVOKE_NO_MEMORY)
        return "writing used up the memory";
    if (form == CONVOKE_FORM_ICS && status == CONVOKE_UNSUPPORTED)
        return NULL;
    return form != CONVOKE_FORM_EML && status == CONVOKE_LIMIT ? NULL
                                                               : what[form];
}

static const char *write_all(const convoke_message *message)
{
    const char *wrong = NULL;
    for (int form = CONVOKE_FORM_EML; !wrong && form <= CONVOKE_FORM_TNEF;
         form++) {
        size_t size = 0;
        convoke_status status = convoke_write(message, (convoke_form)form, NULL,
                                              count_bytes, &size, NULL, NULL);
        wrong = judge((convoke_form)form, status, size);
    }
    return wrong;
}

typedef struct walk {
    const char *wrong;
    unsigned messages;
} walk;

static convoke_status visit(void *ctx, const convoke_item *item,
                            const convoke_message *message,
                            const convoke_report *report)
{
    walk *w = ctx;
    (void)item;
    (void)report;
    if (message)
        w->wrong = write_all(message);
    return w->wrong || ++w->messages == EACH_MOST ? CONVOKE_IO : CONVOKE_OK;
}

static bool may_hold_several(convoke_type type)
{
    return type == CONVOKE_TYPE_ICAL || type == CONVOKE_TYPE_PST ||
           type == CONVOKE_TYPE_MBOX || type == CONVOKE_TYPE_VCARD ||
           type == CONVOKE_TYPE_ARCHIVE;
}

static const char *judge_read(convoke_status status)
{
    switch (status) {
    case CONVOKE_OK:
    case CONVOKE_SYNTAX:
    case CONVOKE_UNSUPPORTED:
    case CONVOKE_LIMIT:
        return NULL;
    case CONVOKE_NO_MEMORY:
        return "reading used up the memory";
    default:
        return "reading fails with a status that is not promised";
    }
}

const char *soak_convert(const uint8_t *bytes, size_t size, const char *name,
                         unsigned *messages)
{
    convoke_message *message = NULL;
    walk w = { NULL, 0 };
    convoke_walker walker = {
        .recover = true, .split = true, .each = visit, .ctx = &w
    };
    convoke_status status =
        convoke_read(bytes, size, name, NULL, &message, NULL, NULL);
    const char *wrong = judge_read(status);
    if (status == CONVOKE_OK) {
        ++*messages;
        wrong = write_all(message);
    }
    convoke_message_free(&message);
    /* Others have no more than the one that was just written. */
    if (wrong || !may_hold_several(convoke_detect(bytes, size, name)))
        return wrong;
    status = convoke_walk(bytes, size, name, NULL, &walker, NULL, NULL);
    *messages += w.messages;
    if (w.wrong || status == CONVOKE_IO)
        return w.wrong;
    return judge_read(status);
}
